"""Whose each row is: the patients of some sheets, their infusions and their days 0."""

from __future__ import annotations

import math
from collections.abc import Iterator

from helpers.importing.account import Work
from helpers.importing.cdisc import ARMS
from helpers.importing.cells import is_missing, read_number
from helpers.importing.dates import date_as_mapped
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patients import cut, key_of, loose
from helpers.importing.sheet import code_text
from helpers.importing.table import SourceColumn, Table
from helpers.problems import Problem


def _row_keys(sheet: SheetMap, table: Table) -> list[str | None]:
    """Find the patient of each row: by the key's column, filled down and cut as the mapping says, else the row's number."""
    at = next((column.at for column in sheet.columns if column.to == "patient"), None)
    if at is None:
        return [f"row {row}" for row in range(1, len(table.rows) + 1)]
    keys, above = [], None
    for cell in columns_by_place(table)[at].cells:
        key = cut(key_of(cell), sheet) or None
        if key is None and sheet.fill_down:
            key = above
        above = key or above
        keys.append(key)
    return keys


def _kept_rows(sheet: SheetMap, table: Table) -> list[bool]:
    """Tell of each row whether its codes keep it."""
    kept = [True] * len(table.rows)
    for column in (one for one in sheet.columns if one.to == "rows"):
        for i, cell in enumerate(columns_by_place(table)[column.at].cells):
            kept[i] = kept[i] and column.codes.get(code_text(cell or "")) != "leave out"
    return kept


def collect_patients(work: Work, sheets: list[tuple[SheetMap, Table]]) -> None:
    """Make the list of patients: those of the sheets with a row per patient, else of all."""
    base = [(s, t) for s, t in sheets if s.row_is in ("patient", "infusion")] or sheets
    largest = max(base, key=lambda pair: len(set(_row_keys(*pair))))
    for sheet, table in [largest] if work.mapping.unjoined else base:
        kept = _kept_rows(sheet, table)
        for key, keep in zip(_row_keys(sheet, table), kept, strict=True):
            if key is not None and keep:
                work.everyone.setdefault(
                    loose(key),
                    work.keys.of(key) if not key.startswith("row ") else work.keys.of(key.removeprefix("row ")),
                )
    for sheet, table in base:  # who was not treated is no patient, whatever other domains hold of them
        if any(column.to == "rows" and column.column.upper() in ARMS for column in sheet.columns):
            for key, keep in zip(_row_keys(sheet, table), _kept_rows(sheet, table), strict=True):
                if key is not None and not keep:
                    work.everyone.pop(loose(key), None)


def columns_by_place(table: Table) -> dict[int, SourceColumn]:
    """Find the columns of a table by their places."""
    return {column.at: column for column in table.columns}


def patient_rows(work: Work, sheet: SheetMap, table: Table, count: bool = False) -> Iterator[tuple[int, int, str]]:
    """Go through the rows: place in the table, row in the file, patient; count those that are left out, with the reason."""
    left_out = {
        column.at: {code for code, what in column.codes.items() if what == "leave out"}
        for column in sheet.columns
        if column.to == "rows"
    }
    cells = {at: column.cells for at, column in columns_by_place(table).items()}
    for i, key in enumerate(_row_keys(sheet, table)):
        patient = work.everyone.get(loose(key)) if key is not None else None
        why = ""
        if any(code_text(cells[at][i] or "") in codes for at, codes in left_out.items()):
            why = "left out: by the code of the row"
        elif patient is None:
            why = "left out: no patient in the row" if key is None else "left out: a patient of no sheet of patients"
        if why and count:
            work.rows[sheet.place, why] += 1
        if not why:
            yield i, table.rows[i], patient


def collect_infusions(work: Work, sheet: SheetMap, table: Table) -> None:
    """Make the list of each patient's infusions: number, date and row, in their order."""
    number, origin = _one_of(sheet, "infusion"), _one_of(sheet, "origin")
    cells = columns_by_place(table)
    for i, row, patient in patient_rows(work, sheet, table):
        moment = None
        if origin is not None and not is_missing(cells[origin.at].cells[i]):
            moment = date_as_mapped(cells[origin.at].cells[i], origin.order, origin.exchange)
        read = read_number(cells[number.at].cells[i]) if number is not None else None
        work.infusions[patient].append(
            (read.value if read and read.value is not None else math.nan, moment.date if moment else None, row)
        )
    for patient, found in work.infusions.items():
        if all(when is not None for _, when, _ in found):
            found.sort(key=lambda one: one[1])
        elif all(not math.isnan(how) for how, _, _ in found):
            found.sort(key=lambda one: one[0])
        elif len(found) > 1:
            allowed = "a date or a number in each row of a patient with several infusions"
            work.problems.append(Problem("import", found[0][2], "", "infusions without an order", allowed, sheet.file))
        for rank, (how, _, _) in enumerate(found, 1):
            # a gap in the numbers is kept: the first row of a patient may be the second infusion
            written = how if not math.isnan(how) else rank
            work.many["screening"].append(
                {"patient_id": patient, "infusion_number": int(written), "excluded_reason": None if rank == 1 else "repeat infusion"}
            )  # fmt: skip


def _one_of(sheet: SheetMap, to: str) -> ColumnMap | None:
    return next((column for column in sheet.columns if column.to == to), None)


def is_later_infusion(work: Work, sheet: SheetMap, row: int, patient: str) -> bool:
    """Tell whether a row is an infusion of a patient after the first."""
    return sheet.row_is == "infusion" and row != work.infusions[patient][0][2]


def collect_origins(work: Work, sheet: SheetMap, table: Table) -> None:
    """Note each patient's day 0; another one of the same patient is a problem."""
    column = next((column for column in sheet.columns if column.to == "origin"), None)
    if column is None:
        return
    cells = columns_by_place(table)[column.at].cells
    for i, row, patient in patient_rows(work, sheet, table):
        moment = None if is_missing(cells[i]) else date_as_mapped(cells[i], column.order, column.exchange)
        if moment is None or is_later_infusion(work, sheet, row, patient):
            continue
        if work.origin.setdefault(patient, moment.date) != moment.date:
            work.problems.append(
                Problem("import", row, column.column, "another day 0 of the same patient", "one day 0", sheet.file)
            )
        work.set_value("patients", patient, "infusion_year", moment.date.year, sheet.file, row)
