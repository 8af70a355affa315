"""CRS and ICANS from the columns of a row: a flag, a grade, days or a grade for each day."""

from __future__ import annotations

import math

from helpers.importing.mapping import ColumnMap
from helpers.importing.row_cells import RowCells
from helpers.importing.units import TIME_UNITS


def note_syndrome(here: RowCells, column: ColumnMap) -> None:
    """Note what one column says of a syndrome; :func:`keep_syndromes` puts it together."""
    _, event, what = column.to.split(".")
    if what == "on_day":
        if (grade := here.coded(column)) is not None:
            here.syndromes[event].setdefault("daily", {})[column.day] = int(grade)
    elif what in ("flag", "grade"):
        here.syndromes[event][what] = here.coded(column)
    elif what == "duration":
        here.syndromes[event][what] = here.number(column, TIME_UNITS)
    else:
        here.syndromes[event][what] = here.day(column)[0]


def keep_syndromes(here: RowCells) -> None:
    """Make an interval of what the columns say of a syndrome, or a status where no day is known."""
    for event, found in here.syndromes.items():
        for start, end, grade in _spells(found.get("daily", {})):
            here.once("toxicity", {"patient_id": here.patient, "event": event, "day_from": start, "day_to": end, "grade": grade})  # fmt: skip
        if {"flag", "grade"} & set(found):
            here.work.ask(event.lower(), here.patient, found.get("flag") or found.get("grade"))
        if found.get("daily"):
            worst = max(found["daily"].values())
            here.work.set_value(
                "status",
                here.patient,
                event.lower(),
                "yes" if worst else "no",
                here.sheet.file,
                here.row,
            )
            continue
        grade = int(found["grade"]) if found.get("grade") not in (None, "") else None
        start, end = found.get("day_from"), found.get("day_to")
        if end is None and start is not None and found.get("duration"):
            end = start + found["duration"] - 1
        flag = found.get("flag") or (None if grade is None else "yes" if grade else "no")
        if start is not None and grade:
            row = {"patient_id": here.patient, "event": event, "day_from": float(math.floor(start)), "grade": grade}
            here.once("toxicity", row | ({"day_to": float(math.floor(end))} if end is not None else {}))
            continue
        here.work.set_value("status", here.patient, event.lower(), flag, here.sheet.file, here.row)
        if grade is not None:
            here.work.set_value("status", here.patient, f"{event.lower()}_grade_max", grade, here.sheet.file, here.row)


def _spells(daily: dict[float, int]) -> list[tuple[float, float, int]]:
    """Join days in a row at one grade: first day, last day, grade; days without the syndrome or without a grade end them.

    Examples
    --------
    >>> _spells({1: 0, 2: 1, 3: 2, 4: 2, 6: 2})
    [(2, 2, 1), (3, 4, 2), (6, 6, 2)]
    """
    found: list[tuple[float, float, int]] = []
    for day, grade in sorted(daily.items()):
        if found and found[-1][1] == day - 1 and found[-1][2] == grade:
            found[-1] = (found[-1][0], day, grade)
        elif grade:
            found.append((day, day, grade))
    return found
