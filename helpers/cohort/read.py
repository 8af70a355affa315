"""Read a cohort's folder, checking everything before anything is computed, and write one.

A cohort on disk is a folder with ``cohort.json`` (name, origin, synthetic, source, licence, columns declared beyond the
dictionary) and one ``<table>.csv`` for each table of :data:`helpers.cohort.schema.TABLES` that it has.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers import paths
from helpers.cohort.recorded import RECORDABLE
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.problems import InputError, Problem

ONE_ROW_PER_PATIENT = {"patients", "response", "followup", "status"}
OPTIONAL = {"status"}  # its absence says nothing
STAND_INS = ("", "zhang2025")  # papers that a cohort can have been made to stand for
TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
META = {"name": str, "origin": str, "synthetic": bool, "source": str, "licence": str}


def read_cohort(folder: str | Path = "") -> Cohort:
    """Read and check the cohort in *folder* (empty: the default synthetic cohort).

    Only ``patients.csv`` with a column ``patient_id`` is required. Each absent table or column becomes one plain line of
    ``cohort.notes``. A column that is neither in the dictionary nor declared in ``cohort.json`` is left out, so that a
    name or a record number standing in it cannot travel into an output.

    Raises
    ------
    InputError
        Every problem of every file at once (file, row as counted with the header as row 1, column, found, allowed).
        Patient identifiers are never shown.

    Examples
    --------
    >>> read_cohort("no/such/folder")
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      cohort folder: found 'folder'; allowed: an existing folder with patients.csv
    """
    folder = Path(folder or paths.COHORT)
    if not folder.is_dir():
        raise InputError([Problem("cohort folder", "", "", folder.name, "an existing folder with patients.csv")])
    problems: list[Problem] = []
    meta = _read_meta(folder, problems)
    declared = _declared(meta, problems)
    recorded = _recorded(meta, problems)
    tables, notes = {}, []
    problems += _unknown_files(folder)
    for table, columns in TABLES.items():
        known = {**columns, **declared.get(table, {})}
        raw = _read_text(folder / f"{table}.csv", table, problems)
        if raw is None:
            notes += [f"table {table} is absent"] * (table not in OPTIONAL)
            continue
        problems += _synthetic_problems(raw, table, meta)
        tables[table], found = _typed(raw.drop(columns="synthetic", errors="ignore"), table, known)
        problems += found
        absent = [column for column in columns if column not in raw]
        left_out = [column for column in raw if column not in known and column != "synthetic"]
        notes += [f"table {table}: column {column} is absent" for column in absent if table not in OPTIONAL]
        notes += [
            f"table {table}: column {column} is not declared in cohort.json and was left out" for column in left_out
        ]
    problems += _across(tables)
    if problems:
        raise InputError(problems)
    notes += _unseen(recorded, tables)
    return Cohort(
        **{key: meta[key] for key in META},
        tables=tables,
        declared=declared,
        notes=tuple(notes),
        recorded=recorded,
        stands_for=meta["stands_for"],
    )


def write_cohort(cohort: Cohort, folder: str | Path) -> Path:
    """Write *cohort* to *folder* so that :func:`read_cohort` returns it again; each table says whether it is synthetic."""
    folder = Path(folder)
    for table, frame in cohort.tables.items():
        text = frame.copy()
        for column in text:
            if text[column].dtype == "boolean":
                text[column] = text[column].map({True: "true", False: "false"})
        text["synthetic"] = str(cohort.synthetic).lower()
        paths.write_csv(folder / f"{table}.csv", text)
    declared = {
        table: {
            name: {k: v for k, v in asdict(column).items() if v is not False and v not in ("", (), None)}
            for name, column in columns.items()
        }
        for table, columns in cohort.declared.items()
    }
    meta = {key: getattr(cohort, key) for key in META} | {"columns": declared}
    meta |= {"recorded": {table: list(words) for table, words in cohort.recorded.items()}} if cohort.recorded else {}
    meta |= {"stands_for": cohort.stands_for} if cohort.stands_for else {}
    paths.write_json(folder / "cohort.json", meta)
    return folder


def _read_meta(folder: Path, problems: list[Problem]) -> dict[str, Any]:
    meta = {
        "name": folder.resolve().name,
        "origin": "day 0",
        "synthetic": False,
        "source": "not stated",
        "licence": "not stated",
        "stands_for": "",
    }
    path = folder / "cohort.json"
    if not path.exists():
        return meta
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        problems.append(Problem("cohort", "", "", type(error).__name__, "a JSON object in UTF-8", path.name))
        return meta
    if not isinstance(stored, dict):
        problems.append(Problem("cohort", "", "", type(stored).__name__, "a JSON object", path.name))
        return meta
    for key, kind in META.items():
        if key in stored and not isinstance(stored[key], kind):
            allowed = "true or false" if kind is bool else "text"
            problems.append(Problem("cohort", "", key, stored.pop(key), allowed, path.name))
    if stored.get("stands_for", "") not in STAND_INS:
        problems.append(Problem("cohort", "", "stands_for", "another text", '"zhang2025", or nothing', path.name))
        stored.pop("stands_for")
    return meta | stored


def _recorded(meta: Mapping[str, Any], problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """Read what the cohort says that it recorded: a list of words for each table."""
    stored = meta.get("recorded", {})
    recorded: dict[str, tuple[str, ...]] = {}

    def refuse(found: str, allowed: str) -> None:
        problems.append(Problem("cohort", "", "recorded", found, allowed, "cohort.json"))

    if not isinstance(stored, dict):
        refuse(type(stored).__name__, 'an object such as {"toxicity": ["CRS", "ICANS"]}')
        return recorded
    for table, words in stored.items():
        allowed = RECORDABLE.get(table)
        if table not in RECORDABLE:
            refuse("another table", " / ".join(RECORDABLE))
        elif not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            refuse(f"{table}: not a list of texts", " / ".join(allowed or ["a list of texts"]))
        elif allowed and set(words) - set(allowed):
            refuse(f"{table}: another word", " / ".join(allowed))
        else:
            recorded[table] = tuple(words)
    return recorded


def _unseen(recorded: Mapping[str, tuple[str, ...]], tables: Mapping[str, pd.DataFrame]) -> list[str]:
    return [
        f"cohort.json lists what table {table} recorded, but the table is absent: who had it is unknown"
        for table in recorded
        if table not in tables
    ]


def _declared(meta: Mapping[str, Any], problems: list[Problem]) -> dict[str, dict[str, Column]]:
    declared: dict[str, dict[str, Column]] = {}
    for table, columns in (meta.get("columns") or {}).items():
        if table not in TABLES:
            problems.append(Problem("cohort", "", "columns", table, " / ".join(TABLES), "cohort.json"))
            continue
        for name, spec in columns.items():
            try:
                declared.setdefault(table, {})[name] = Column(**{**spec, "allowed": tuple(spec.get("allowed", ()))})
                _ = declared[table][name].dtype
            except (TypeError, KeyError, AttributeError):
                declared.get(table, {}).pop(name, None)
                allowed = "kind (text, category, integer, number or boolean), meaning, unit, allowed, low, high"
                problems.append(Problem("cohort", "", name, spec, allowed, "cohort.json"))
    return declared


def _unknown_files(folder: Path) -> list[Problem]:
    allowed = " / ".join(f"{table}.csv" for table in TABLES)
    return [
        Problem(
            "cohort folder",
            "",
            "",
            path.name,
            (f"did you mean {close[0]}.csv? " if (close := _close(path)) else "") + allowed,
        )
        for path in sorted(folder.glob("*.csv"))
        if path.stem not in TABLES
    ]


def _close(path: Path) -> list[str]:
    return difflib.get_close_matches(path.stem, TABLES, n=1)


def _read_text(path: Path, table: str, problems: list[Problem]) -> pd.DataFrame | None:
    """Read a CSV as text; None if it is absent or cannot be read (then a problem is noted)."""

    def refuse(found: str, allowed: str) -> None:
        problems.append(Problem(table, "", "", found, allowed, path.name))

    if not path.exists():
        if table == "patients":
            refuse("no such file", "the one table that is required, with a column patient_id")
        return None
    try:
        content = path.read_bytes()
        if b"\0" in content:
            raise UnicodeDecodeError("utf-8", b"", 0, 0, "binary")
        text = content.decode("utf-8-sig")
        frame = pd.read_csv(
            path, dtype="string", keep_default_na=False, na_values=[""], encoding="utf-8-sig", skip_blank_lines=False
        )
    except UnicodeDecodeError:
        return refuse("not text in UTF-8 (a binary file or another encoding)", "a CSV file in UTF-8")
    except pd.errors.EmptyDataError:
        return refuse("an empty file", "a CSV file with a header row")
    except pd.errors.ParserError as error:
        return refuse(str(error).split("C error: ")[-1].strip(), "as many cells in each row as the header has")
    header = text.splitlines()[0].split(",")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    for name in doubled:
        problems.append(Problem(table, 1, name, "the column twice", "each column once", path.name))
    if "patient_id" not in frame:
        refuse("no column patient_id", "a column patient_id")
        return None
    padded = [name for name in frame if any(cell != cell.strip() for cell in _different(frame[name]))]
    return frame.assign(**{name: frame[name].str.strip().replace("", pd.NA) for name in padded})


def _different(cells: pd.Series) -> list[str]:
    return [cell for cell in cells.unique() if isinstance(cell, str)]


def _synthetic_problems(raw: pd.DataFrame, table: str, meta: Mapping[str, Any]) -> list[Problem]:
    """A fabricated patient must not pass for a real one: flag, ids and cohort.json have to agree."""
    flagged = "synthetic" in raw and any(cell.lower() == "true" for cell in _different(raw["synthetic"]))
    named = any(cell.upper().startswith("SYN-") for cell in _different(raw["patient_id"]))
    if (flagged or named) and not meta["synthetic"]:
        what = "synthetic = true" if flagged else "SYN- identifiers"
        return [Problem(table, "", "synthetic", what, 'a cohort.json with "synthetic": true', f"{table}.csv")]
    return []


def _typed(raw: pd.DataFrame, table: str, known: Mapping[str, Column]) -> tuple[pd.DataFrame, list[Problem]]:
    """Turn text into the dictionary's types, listing every cell that does not fit."""
    problems: list[Problem] = []
    typed = {}
    for name, column in known.items():
        if name not in raw:
            continue
        typed[name], bad = _convert(raw[name], column)
        if column.required:
            bad = bad | raw[name].isna().to_numpy()
        for row in raw.index[bad] if bad.any() else ():
            cell = raw.loc[row, name]
            found = "an empty cell" if pd.isna(cell) else "an identifier" if column.kind == "id" else cell
            problems.append(Problem(table, row + 2, name, found, column.allowed_text(), f"{table}.csv"))
    if table in ONE_ROW_PER_PATIENT:
        first = {}
        for row, identifier in raw["patient_id"].dropna().items():
            if identifier in first:
                found = f"the patient of row {first[identifier]} again"
                problems.append(Problem(table, row + 2, "patient_id", found, "each patient once", f"{table}.csv"))
            first.setdefault(identifier, row + 2)
    return pd.DataFrame(typed, index=raw.index), problems


def _convert(text: pd.Series, column: Column) -> tuple[pd.Series, np.ndarray]:
    """Convert one column of text; the array marks the cells that do not fit."""
    if column.kind in ("integer", "number"):
        numbers = pd.to_numeric(text, errors="coerce").to_numpy("float64", na_value=np.nan)
        bad = text.notna().to_numpy() & ~np.isfinite(numbers)
        if column.low is not None:
            bad |= numbers < column.low
        if column.high is not None:
            bad |= numbers > column.high
        if column.kind == "integer":
            bad |= np.isfinite(numbers) & (np.floor(numbers) != numbers)
            numbers = np.where(bad, np.nan, numbers)
        return pd.Series(numbers, text.index).astype(column.dtype), bad
    if column.kind == "boolean":
        truth = text.str.lower().map(TRUTH).astype("boolean")
        return truth, (text.notna() & truth.isna()).to_numpy(bool)
    if column.kind == "category":
        return text, (text.notna() & ~text.isin(column.allowed)).to_numpy(bool)
    if column.kind == "time":
        return text, text.isin([cell for cell in _different(text) if not CLOCK.fullmatch(cell)]).to_numpy(bool)
    return text, np.zeros(len(text), bool)


def _across(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check what no single cell shows: unknown patients, intervals that end before they begin, events after death."""
    if "patients" not in tables:
        return
    everyone = set(tables["patients"]["patient_id"].dropna())
    for table, frame in tables.items():
        if table in ("patients", "screening"):
            continue
        for row in frame.index[frame["patient_id"].notna() & ~frame["patient_id"].isin(everyone)]:
            yield Problem(
                table,
                row + 2,
                "patient_id",
                "a patient unknown to patients.csv",
                "a patient of patients.csv",
                f"{table}.csv",
            )
    yield from _ordered(tables, "toxicity", "day_from", "day_to", "the day it began, or later")
    for column in ("relapse_day", "progression_day", "treatment_failure_day", "transplant_day", "last_assessment_day"):
        yield from _ordered(tables, "followup", column, "death_day", f"a day not before {column}")


def _ordered(tables: Mapping[str, pd.DataFrame], table: str, first: str, then: str, allowed: str) -> Iterator[Problem]:
    frame = tables.get(table)
    if frame is None or first not in frame or then not in frame:
        return
    for row in frame.index[(frame[then] < frame[first]).fillna(False)]:
        found = f"{frame.loc[row, then]:g}, with {first} {frame.loc[row, first]:g}"
        yield Problem(table, row + 2, then, found, allowed, f"{table}.csv")
