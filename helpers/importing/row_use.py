"""What becomes of each row: what it is used for, or why it is left out."""

from __future__ import annotations

import math
from collections.abc import Callable

from helpers.importing.account import Work
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patient_rows import columns_by_place, is_later_infusion, patient_rows
from helpers.importing.row_cells import RowCells
from helpers.importing.row_columns import keep_column, keep_dated
from helpers.importing.row_records import administration, measurement, parameter, toxic_event
from helpers.importing.row_syndromes import keep_syndromes
from helpers.importing.shown_codes import ranks_of
from helpers.importing.table import Table


def collect_rows(work: Work, sheet: SheetMap, table: Table) -> None:
    """Read the rows of a sheet, and count what became of them."""
    cells = {at: column.cells for at, column in columns_by_place(table).items()}
    by_at = {column.at: column for column in sheet.columns}
    ranks = {column.at: ranks_of(cells[column.at]) for column in sheet.columns if column.hidden}
    for column in sheet.columns:
        _recorded(work, column)
    for i, row, patient in patient_rows(work, sheet, table, count=True):
        here = RowCells(work, sheet, by_at, {at: column[i] for at, column in cells.items()}, row, patient, ranks)
        work.rows[sheet.place, read_row(here)] += 1


ONE_DRUG = ("tocilizumab", "ruxolitinib", "anakinra")


def _recorded(work: Work, column: ColumnMap) -> None:
    """Note what the files looked for in everybody."""
    head, _, tail = column.to.partition(".")
    if head == "toxicity" and tail.split(".")[0] in ("CRS", "ICANS"):
        work.recorded["toxicity"].add(tail.split(".")[0])
    elif column.to in ("status.gc", "status.tcz", "status.rux"):
        work.recorded["treatments"].add({"gc": "glucocorticoids", "tcz": "tocilizumab", "rux": "ruxolitinib"}[tail])
    elif column.to == "lab":
        work.recorded["labs"].add(column.name)
    elif column.to == "first dose" or column.to == "daily dose":
        work.recorded["treatments"].add(column.name if column.name in ONE_DRUG else "glucocorticoids")
    elif column.to == "exposure":
        work.recorded["exposures"].add(column.name)
    elif column.to == "followup.death_date" or (
        column.to in ("status", "time", "status.death") and column.name == "death"
    ):
        work.recorded["followup"].add("death")
    elif column.to in ("followup.relapse_date",) or (column.to in ("status", "time") and column.name == "relapse"):
        work.recorded["followup"].add("relapse")
    elif column.to == "followup.progression_date" or (
        column.to in ("status", "time") and column.name.startswith("progression")
    ):
        work.recorded["followup"].add("progression")
    elif column.to == "status" and column.name == "first event":
        work.recorded["followup"] |= {
            what for what in ("relapse", "progression", "death") if what in column.codes.values()
        }
    elif column.to == "followup.transplant_date":
        work.recorded["followup"].add("transplantation")


def read_row(here: RowCells) -> str:
    """Read the row, and say what became of it."""
    if is_later_infusion(here.work, here.sheet, here.row, here.patient):
        for column in here.by_at.values():
            if column.to in ("followup.death_date", "followup.contact_date"):
                keep_dated(here, column)
        return "used: a later infusion, of which only follow-up dates and the screening are kept"
    number = here.mapped("infusion")
    if number is not None and here.sheet.row_is != "infusion" and (nth := here.number(number)) is not None:
        first = here.work.infusions.get(here.patient)
        if nth != (first[0][0] if first and not math.isnan(first[0][0]) else 1):
            return "left out: it belongs to a later infusion"
    one: Callable[[RowCells], str] | None = {
        "measurement": measurement, "administration": administration, "event": toxic_event,
        "parameter": parameter,
    }.get(here.sheet.row_is)  # fmt: skip
    why = one(here) if one is not None else ""
    for column in here.by_at.values():
        keep_column(here, column)
    keep_syndromes(here)
    return f"left out: {why}" if why else "used"
