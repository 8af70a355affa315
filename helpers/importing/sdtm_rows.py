"""Domains of SDTM that hold a row per finding: vital signs, and the relapses among responses, laid out with a row per patient."""

from __future__ import annotations

from dataclasses import replace

from helpers.importing.cells import is_missing
from helpers.importing.dates import order_of, read_date
from helpers.importing.event_words import kinds_in
from helpers.importing.sheet import Cell, Sheet, code_text
from helpers.importing.table import SourceColumn, find_table

SIGNS = {"WEIGHT": "Weight", "HEIGHT": "Height"}
VITAL = "vital signs became weight and height of each patient: the row that is marked as baseline, else the last up to day 0 or 1, else the first; others are not read"  # fmt: skip
EVENTS = {"relapse": "Relapse date", "progression": "Progression date"}
RELAPSES = "the first row of each patient that tells of a relapse or a progression gives its date"


def by_vital_sign(sheet: Sheet) -> list[Sheet]:
    """Lay the domain VS out with a row per patient.

    Examples
    --------
    >>> rows = [["USUBJID", "VSTESTCD", "VSSTRESN", "VSSTRESU", "VSBLFL"], ["1", "WEIGHT", 30.7, "kg", None], ["1", "WEIGHT", 31.3, "kg", "Y"],
    ...     ["1", "HEIGHT", 130, "cm", "Y"], ["1", "TEMP", 37, "C", "Y"]]
    >>> by_vital_sign(Sheet("vs.csv", "", rows))[0].cells
    [['USUBJID', 'Weight (kg)', 'Height (cm)'], ['1', 31.3, 130]]
    """
    cells, first = _columns(sheet, "USUBJID", "VSTESTCD")
    result = cells.get("VSSTRESN") or cells.get("VSSTRESC") or cells.get("VSORRES")
    if not result:
        return [sheet]
    units = cells.get("VSSTRESU") or cells.get("VSORRESU") or [None] * len(result)
    unit_of = {
        code: {code_text(unit) for unit, test in zip(units, cells["VSTESTCD"], strict=True) if code_text(test or "").upper() == code and unit}
        for code in SIGNS
    }  # fmt: skip
    if any(len(found) > 1 for found in unit_of.values()):
        return [sheet]
    rows: dict[str, dict[str, tuple[int, Cell]]] = {}
    for i, (key, test) in enumerate(zip(cells["USUBJID"], cells["VSTESTCD"], strict=True)):
        name, rank = SIGNS.get(code_text(test or "").upper()), _rank(cells, i)
        if name is None or is_missing(key) or is_missing(result[i]):
            continue
        here = rows.setdefault(code_text(key), {})
        if name not in here or rank > here[name][0]:
            here[name] = (rank, result[i])
    if not rows:
        return [sheet]
    names = [name for name in SIGNS.values() if any(name in here for here in rows.values())]
    heads = [f"{name} ({min(unit_of[code])})" if unit_of[code] else name for code, name in SIGNS.items() if name in names]  # fmt: skip
    body = [[key, *(here.get(name, (0, None))[1] for name in names)] for key, here in rows.items()]
    return [_laid_out(sheet, [["USUBJID", *heads], *body], VITAL, [first[key] for key in rows])]


def _rank(cells: dict[str, list[Cell]], i: int) -> int:
    """Rank a row: marked as baseline, up to day 1 (the later the better), after."""
    if code_text((cells.get("VSBLFL") or {i: None})[i] or "").upper() == "Y":
        return 10**6
    try:
        day = int(float((cells.get("VSDY") or {i: "999"})[i]))
    except (TypeError, ValueError):
        return -(10**6)
    return day if day <= 1 else -day


def with_relapses(sheet: Sheet) -> list[Sheet]:
    """Put the dates of relapse and progression that the domain RS tells beside it, a row per patient.

    Examples
    --------
    >>> rows = [["USUBJID", "RSSTRESC", "RSDTC"], ["1", "CR", "2022-03-23"], ["1", "RELAPSED DISEASE", "2022-09-01"], ["2", "CR", "2022-04-01"]]
    >>> [one.cells for one in with_relapses(Sheet("rs.csv", "", rows))][1]
    [['USUBJID', 'Relapse date'], ['1', '2022-09-01']]
    """
    cells, first = _columns(sheet, "USUBJID", "RSDTC")
    said = cells.get("RSSTRESC") or cells.get("RSORRES")
    if not said:
        return [sheet]
    order, rows = order_of(cells["RSDTC"])[0], {}
    for key, text, when in zip(cells["USUBJID"], said, cells["RSDTC"], strict=True):
        kind = next((kind for kind in EVENTS if kind in kinds_in(code_text(text or ""))[0]), "")
        moment = read_date(when, order)
        if not kind or is_missing(key) or moment is None:
            continue
        here = rows.setdefault(code_text(key), {})
        known = here.get(kind)
        if known is None or moment.date < read_date(known, order).date:
            here[kind] = when
    kinds = [kind for kind in EVENTS if any(kind in here for here in rows.values())]
    if not kinds:
        return [sheet]
    body = [[key, *(here.get(kind) for kind in kinds)] for key, here in rows.items()]
    events = _laid_out(sheet, [["USUBJID", *(EVENTS[kind] for kind in kinds)], *body], RELAPSES, [first[key] for key in rows])  # fmt: skip
    return [sheet, replace(events, name=f"{sheet.name} relapses".strip())]


def _columns(sheet: Sheet, *needed: str) -> tuple[dict[str, list[Cell]], dict[str, int]]:
    """Find the cells of each column of a domain, and the first row of each patient; nothing where one that is needed is not there."""
    table = find_table(sheet)
    found: dict[str, SourceColumn] = {} if table is None else {one.name.upper(): one for one in table.columns}
    if table is None or not set(needed) <= set(found):
        return {}, {}
    first: dict[str, int] = {}
    for key, row in zip(found["USUBJID"].cells, table.rows, strict=True):
        first.setdefault(code_text(key or ""), row)
    return {name: list(one.cells) for name, one in found.items()}, first


def _laid_out(sheet: Sheet, cells: list[list[Cell]], note: str, rows: list[int]) -> Sheet:
    heading = sheet.numbers[0] if sheet.numbers else 1
    return replace(sheet, cells=cells, notes=(*sheet.notes, note), numbers=(heading, *rows), merged=(), labels={}, titles={}, missing={}, short=())  # fmt: skip
