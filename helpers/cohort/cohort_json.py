"""Read and check cohort.json: what the cohort is, which columns and analytes it declares, what it recorded."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.cohort.recorded import RECORDABLE
from helpers.cohort.safe_words import did_you_mean, safe_content
from helpers.cohort.schema import TABLES, UNSAID, Column
from helpers.cohort.units import ANALYTE_UNIT
from helpers.problems import Problem

FILE = "cohort.json"
LARGEST_BYTES = 1_000_000
LONGEST, LONGEST_LABEL = 400, 80
STAND_INS = ("", "zhang2025")  # papers that a cohort can have been made to stand for
META: Mapping[str, type] = {"name": str, "origin": str, "synthetic": bool, "source": str, "licence": str}
DEFAULTS: Mapping[str, Any] = {
    "name": "unnamed",
    "origin": UNSAID,
    "synthetic": False,
    "source": "not stated",
    "licence": "not stated",
    "stands_for": "",
}
KEYS = (*META, "stands_for", "recorded", "columns", "analytes")
OWN_KINDS = ("text", "category", "integer", "number", "boolean")
SPEC_KEYS = ("kind", "meaning", "unit", "allowed", "low", "high", "required")


@dataclass(frozen=True)
class Declaration:
    """What cohort.json says.

    Attributes
    ----------
    meta : mapping
        name, origin, synthetic, source, licence, stands_for.
    declared : mapping of str to mapping of str to Column
        Own columns, by table.
    recorded : mapping of str to tuple of str
    analytes : mapping of str to str
        Own analytes and their units.
    """

    meta: Mapping[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    declared: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    recorded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    analytes: Mapping[str, str] = field(default_factory=dict)


def read_declaration(folder: Path) -> tuple[Declaration, list[Problem]]:
    """Read ``cohort.json`` of *folder*; without the file everything has its default.

    Returns
    -------
    declaration : Declaration
        What is wrong is left at its default.
    problems : list of Problem
        Of cells nothing, of texts their length: no content but keys, codes, numbers and words of the dictionary.
    """
    problems: list[Problem] = []
    stored = _load(folder / FILE, problems)
    meta = dict(DEFAULTS)
    for key in stored:
        if key not in KEYS:
            close = did_you_mean(key, KEYS)
            problems += [_wrong("", "an unknown key", f"{' / '.join(KEYS)}; did you mean {close}?")] if close else []
    for key, kind in META.items():
        if key not in stored:
            continue
        if not isinstance(stored[key], kind):
            problems.append(_wrong(key, _kind_of(stored[key]), "true or false" if kind is bool else "text"))
        elif kind is str and (why := _bad_text(stored[key], LONGEST)):
            problems.append(_wrong(key, why, f"text of 1 to {LONGEST} characters in one line"))
        else:
            meta[key] = stored[key]
    stands_for = stored.get("stands_for", "")
    if not isinstance(stands_for, str) or stands_for not in STAND_INS:
        problems.append(_wrong("stands_for", "another text", '"zhang2025", or leave it out'))
    else:
        meta["stands_for"] = stands_for
    declared = dict(_columns(stored.get("columns", {}), problems))
    analytes = dict(_analytes(stored.get("analytes", {}), problems))
    return Declaration(meta, declared, dict(_recorded(stored.get("recorded", {}), problems)), analytes), problems


def declaration_json(declaration: Declaration) -> dict[str, Any]:
    """Return what :func:`read_declaration` reads as *declaration* again, ready to be written."""
    columns = {
        table: {name: _spec(column) for name, column in columns.items()}
        for table, columns in declaration.declared.items()
    }
    out = {key: declaration.meta[key] for key in META} | {"columns": columns}
    out |= (
        {"recorded": {table: list(words) for table, words in declaration.recorded.items()}}
        if declaration.recorded
        else {}
    )
    out |= {"analytes": dict(declaration.analytes)} if declaration.analytes else {}
    return out | ({"stands_for": declaration.meta["stands_for"]} if declaration.meta["stands_for"] else {})


def _spec(column: Column) -> dict[str, Any]:
    values = {key: getattr(column, key) for key in SPEC_KEYS}
    return {key: value for key, value in values.items() if value is not False and value not in ("", (), None)}


def _wrong(column: str, found: str, allowed: str) -> Problem:
    return Problem("cohort", "", column, found, allowed, FILE)


def _load(path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not path.exists():
        return {}
    allowed = "a JSON object in UTF-8"
    if not path.is_file():
        problems.append(_wrong("", "not an ordinary file", allowed))
        return {}
    if path.stat().st_size > LARGEST_BYTES:
        problems.append(_wrong("", "a file of more than 1 MB", allowed))
        return {}
    content = path.read_bytes()
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "UTF-16")
        stored = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        found = "text in UTF-16" if error.reason == "UTF-16" else "another encoding, or a binary file"
        problems.append(_wrong("", found, allowed))
    except json.JSONDecodeError as error:
        problems.append(Problem("cohort", error.lineno, "", "no JSON from here on", allowed, FILE))
    except (ValueError, RecursionError) as error:
        found = str(error) if isinstance(error, _Refused) else "a number of too many digits, or too many brackets"
        problems.append(_wrong("", found, allowed))
    else:
        if isinstance(stored, dict):
            return stored
        problems.append(_wrong("", _kind_of(stored), "a JSON object, { ... }"))
    return {}


class _Refused(ValueError):
    """What JSON can hold and cohort.json may not."""


def _no_constant(_: str) -> None:
    raise _Refused("NaN or Infinity, which JSON does not have")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise _Refused("a key twice in one object")
    return dict(pairs)


def _kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    if isinstance(value, str):
        return safe_content(value)
    return "nothing" if value is None else names.get(type(value), "something else")


def _bad_text(text: str, longest: int) -> str:
    if not text.strip():
        return "an empty text"
    if len(text) > longest:
        return f"text of {len(text)} characters"
    return "" if text.isprintable() else "text with line breaks or signs that cannot be printed"


def _columns(stored: object, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Column]]]:
    example = 'an object such as {"patients": {"ward": {"kind": "category", "meaning": "ward", "allowed": ["A", "B"]}}}'
    if not isinstance(stored, dict):
        problems.append(_wrong("columns", _kind_of(stored), example))
        return
    for table, columns in stored.items():
        if table not in TABLES:
            problems.append(_wrong("columns", "another table", " / ".join(TABLES)))
        elif not isinstance(columns, dict):
            problems.append(_wrong("columns", f"{table}: {_kind_of(columns)}", example))
        else:
            made = {name: _column(table, name, spec, problems) for name, spec in columns.items()}
            yield table, {name: column for name, column in made.items() if column is not None}


def _column(table: str, name: str, spec: object, problems: list[Problem]) -> Column | None:
    """Check one declared column; None, and at least one problem, if it cannot be used."""
    place = name if len(name) <= LONGEST_LABEL and name.isprintable() else "columns"

    def refuse(found: str, allowed: str) -> None:
        problems.append(_wrong(place, found, allowed))

    if place != name or not name.strip() or name != name.strip():
        return refuse(
            "the name of a column", f"1 to {LONGEST_LABEL} characters in one line, without blanks at the ends"
        )
    if name in TABLES[table] or name == "synthetic":
        return refuse("a column of the dictionary, declared again", f"a name that table {table} does not have yet")
    if not isinstance(spec, dict):
        return refuse(_kind_of(spec), "an object with kind, meaning, unit, allowed, low, high")
    before = len(problems)
    if set(spec) - set(SPEC_KEYS):
        refuse("an unknown key", " / ".join(SPEC_KEYS))
    kind = spec.get("kind")
    if kind not in OWN_KINDS:
        refuse(f"kind: {_kind_of(kind)}", " / ".join(OWN_KINDS))
    for key in ("meaning", "unit"):
        text = spec.get(key, "" if key == "unit" else None)
        if not isinstance(text, str) or (text and _bad_text(text, LONGEST)) or (key == "meaning" and not text):
            refuse(f"{key}: {_kind_of(text)}", f"{key}: text of at most {LONGEST} characters in one line")
    _check_allowed(spec, kind, refuse)
    _check_bounds(spec, refuse)
    if not isinstance(spec.get("required", False), bool):
        refuse(f"required: {_kind_of(spec['required'])}", "required: true or false")
    if len(problems) > before:
        return None
    return Column(**{**spec, "allowed": tuple(spec.get("allowed", ()))})


def _check_allowed(spec: Mapping[str, Any], kind: object, refuse) -> None:
    allowed = spec.get("allowed", [])
    if not isinstance(allowed, list) or not all(isinstance(word, str) for word in allowed):
        refuse(f'"allowed": {_kind_of(allowed)}', 'a list of texts, such as ["yes", "no"]')
    elif why := next(filter(None, map(_bad_label, allowed)), ""):
        refuse(f'"allowed": {why}', f"texts of 1 to {LONGEST_LABEL} characters in one line, without blanks at the ends")
    elif len(set(allowed)) < len(allowed):
        refuse('"allowed": a text twice', "each text once")
    elif kind == "category" and not allowed:
        refuse('"allowed": nothing', "the list of categories, the reference first")
    elif kind != "category" and allowed:
        refuse(f'"allowed", of kind {kind}', '"allowed" only of kind category')


def _bad_label(text: str) -> str:
    """Say what is wrong with a level's text, without the text.

    Examples
    --------
    >>> _bad_label("yes"), _bad_label(" yes"), _bad_label("x" * 300), _bad_label("a" + chr(10))
    ('', 'a text with blanks at an end', 'text of 300 characters', 'text with line breaks or signs that cannot be printed')
    """
    return _bad_text(text, LONGEST_LABEL) or ("" if text == text.strip() else "a text with blanks at an end")


def _check_bounds(spec: Mapping[str, Any], refuse) -> None:
    for key in ("low", "high"):
        value = spec.get(key)
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
        if value is not None and not (number and math.isfinite(value)):
            refuse(f"{key}: {_kind_of(value)}", f"{key}: a number")
            return
    low, high = spec.get("low"), spec.get("high")
    if low is not None and high is not None and low > high:
        refuse("low above high", "low: at most high")


def _analytes(stored: object, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    example = 'an object such as {"sIL-2R": "U/mL"}'
    if not isinstance(stored, dict):
        problems.append(_wrong("analytes", _kind_of(stored), example))
        return
    for name, unit in stored.items():
        if _bad_text(name, LONGEST_LABEL) or name != name.strip():
            problems.append(
                _wrong("analytes", "the name of an analyte", f"1 to {LONGEST_LABEL} characters in one line")
            )
        elif name in ANALYTE_UNIT:
            problems.append(_wrong("analytes", f"{name}, which the dictionary has", "an analyte beyond the dictionary"))
        elif not isinstance(unit, str) or _bad_text(unit, 20):
            problems.append(
                _wrong("analytes", f"unit: {_kind_of(unit)}", "a unit of at most 20 characters, such as U/mL")
            )
        else:
            yield name, unit


def _recorded(stored: object, problems: list[Problem]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Read what the cohort says that it recorded: a list of words for each table."""
    if not isinstance(stored, dict):
        example = 'an object such as {"toxicity": ["CRS", "ICANS"]}'
        problems.append(_wrong("recorded", _kind_of(stored), example))
        return
    for table, words in stored.items():
        allowed = RECORDABLE.get(table)
        if table not in RECORDABLE:
            problems.append(_wrong("recorded", "another table", " / ".join(RECORDABLE)))
        elif not isinstance(words, list) or not all(
            isinstance(w, str) and not _bad_text(w, LONGEST_LABEL) for w in words
        ):
            problems.append(
                _wrong("recorded", f"{table}: {_kind_of(words)}", " / ".join(allowed or ["a list of texts"]))
            )
        elif allowed and set(words) - set(allowed):
            problems.append(_wrong("recorded", f"{table}: another word", " / ".join(allowed)))
        else:
            yield table, tuple(words)
