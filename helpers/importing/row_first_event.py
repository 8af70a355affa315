"""The first event of a patient, of the column that names it and its time."""

from __future__ import annotations

from helpers.importing.mapping import ColumnMap
from helpers.importing.row_cells import RowCells

FIRST_DEATH = "death as the first event"
KEPT = ("relapse", "progression", "treatment_failure", "death")


def keep_first_event(here: RowCells, column: ColumnMap, day: float) -> None:
    """Keep the event on its day; where none came, the patient was free of all until then."""
    status = next(other for other in here.by_at.values() if other.to == "status" and other.time_at == column.at)
    what, ends = here.coded(status), here.work.ends[here.patient]
    for kind in ("relapse", "death"):
        here.work.ask(
            kind, here.patient, "event" if what == kind else what if what in (*KEPT, "censored") else "unknown"
        )
    if what in KEPT:
        kind = FIRST_DEATH if what == "death" else what  # a date or a survival time says the day better
        ends += [(kind, day, f"row {here.row}"), ("followed", day, f"row {here.row}")]
    elif what == "censored":
        ends.append(("first event, censored", day, f"row {here.row}"))
    elif what is not None and what != "unknown":
        here.refuse(status, ", ".join((*KEPT, "censored", "unknown")))
