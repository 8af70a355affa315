"""Files of SPSS, Stata and SAS: labels, declared missing values, dates without a format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from helpers.importing.sheet import CATALOGUE, NUMBERS_AS_DATES, Cell, Sheet, code_text, plain_cell


def read_statistics(path: Path, catalogues: Sequence[Path] = ()) -> list[Sheet]:
    """Read a file of SPSS, Stata or SAS, with its labels and declared missing values."""
    import pyreadstat

    kind = path.suffix.lower()
    read: Callable = {
        ".sav": pyreadstat.read_sav, ".zsav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat, ".xpt": pyreadstat.read_xport,
    }[kind]  # fmt: skip
    frame, meta = read(str(path), **({"user_missing": True} if kind in (".sav", ".zsav", ".dta", ".sas7bdat") else {}))
    names = list(frame.columns)
    cells: list[list[Cell]] = [list(names)]
    cells += [[_statistic(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    labels = {
        names.index(name): {code_text(code): str(label) for code, label in found.items()}
        for name, found in meta.variable_value_labels.items()
        if name in names
    }
    notes: list[str] = []
    if kind in (".sas7bdat", ".xpt"):
        formats = {i: _format(meta.original_variable_types.get(name)) for i, name in enumerate(names)}
        known = _catalogue_labels(path, catalogues)
        labels |= {i: known[name] for i, name in formats.items() if name in known}
        unknown = [name for name in formats.values() if name and name not in known and not SAS_FORMATS.fullmatch(name)]
        if unknown:
            notes.append(
                f"value labels of {len(unknown)} columns stand in a catalogue of formats ({CATALOGUE}): name it too"
            )
        notes += _sas_dates(cells, formats, meta.column_names_to_labels)
    titles = {
        i: meta.column_names_to_labels[name] for i, name in enumerate(names) if meta.column_names_to_labels.get(name)
    }
    missing = {
        names.index(name): _declared_missing(frame[name], ranges)
        for name, ranges in (meta.missing_ranges or {}).items()
        if name in names
    }
    for name, codes in (meta.missing_user_values or {}).items():
        missing[names.index(name)] = tuple(map(code_text, codes))
    return [Sheet(path.name, "", cells, labels=labels, titles=titles, missing=missing, notes=tuple(notes))]


def _sas_dates(cells: list[list[Cell]], formats: Mapping[int, str], labels: Mapping[str, str | None]) -> list[str]:
    """Turn numbers without a format, whose name or label says date, into the dates that SAS means by them; say so."""
    turned = 0
    for j, name in enumerate(cells[0]):
        numbers = [row[j] for row in cells[1:] if row[j] is not None]
        dated = re.search(r"D(A?TE?|AT)$|^D(OB|OD)$", str(name).upper()) or re.search(
            r"(?i)\bdate\b", labels.get(name) or ""
        )
        if (
            dated
            and not formats.get(j)
            and numbers
            and all(isinstance(n, (int, float)) and 7305 <= n <= 29220 for n in numbers)
        ):
            turned += 1
            for row in cells[1:]:
                row[j] = None if row[j] is None else datetime(1960, 1, 1) + timedelta(days=int(row[j]))
    return [f"{turned} columns of numbers {NUMBERS_AS_DATES}"] if turned else []


SAS_FORMATS = re.compile(
    r"\$?(BEST|CHAR|F|COMMA|DOLLAR|E|PERCENT|Z|NUMX|HEX|BINARY|ROMAN|WORDS|YEAR|MONTH|MONYY|YYMM\w*|YYMMDD\w*|DDMMYY\w*|MMDDYY\w*|"
    r"[A-Z]*DATE\w*|[A-Z]*TIME\w*|[BEI]\d{4}\w*|WEEK\w*|JUL\w*|HHMM|MMSS|QTR\w*|NL\w*|UPCASE|QUOTE|D)?"
)


def _format(name: str | None) -> str:
    """Take the width off the name of a format, as SAS does: ``SEXF8.`` is ``SEXF``."""
    return re.sub(r"\d*\.?\d*$", "", (name or "").upper())


def _catalogue_labels(path: Path, catalogues: Sequence[Path]) -> dict[str, dict[str, str]]:
    import pyreadstat

    found: dict[str, dict[str, str]] = {}
    for catalogue in catalogues:
        _, meta = pyreadstat.read_sas7bdat(str(path), catalog_file=str(catalogue), metadataonly=True)
        for name, labels in meta.value_labels.items():
            found[_format(name)] = {code_text(code): str(label) for code, label in labels.items()}
    return found


def _declared_missing(series: object, ranges: list[dict]) -> tuple[str, ...]:
    found = set()
    for value in set(series.dropna()):
        for one in ranges:
            if isinstance(value, str) == isinstance(one["lo"], str) and one["lo"] <= value <= one["hi"]:
                found.add(code_text(value))
    return tuple(sorted(found))


def _statistic(value: object) -> Cell:
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return plain_cell(value)
