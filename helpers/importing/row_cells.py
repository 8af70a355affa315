"""One row of a file as it is mapped: its cells read as numbers, codes and days."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from helpers.importing.account import Work, is_plain_code
from helpers.importing.cells import is_missing, read_number
from helpers.importing.code_words import meaning_within
from helpers.importing.dates import date_as_mapped, read_date
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patients import DAY_IN_KEY
from helpers.importing.sheet import Cell, code_text
from helpers.importing.units import TIME_UNITS
from helpers.importing.word_lists import CODES_OF
from helpers.problems import Problem


@dataclass
class RowCells:
    """One row of a file that belongs to a patient, and how its cells are read."""

    work: Work
    sheet: SheetMap
    by_at: dict[int, ColumnMap]
    cells: dict[int, Cell]
    row: int
    patient: str
    ranks: dict[int, dict[str, str]] = field(default_factory=dict)
    syndromes: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))

    def note(self, column: ColumnMap, rule: str, found: object, became: object) -> None:
        """Write a line of the log about a cell of this row."""
        self.work.note(self.sheet.file, self.row, column, rule, found, became)

    def refuse(self, column: ColumnMap, allowed: str) -> None:
        """Make a cell that cannot be read a problem."""
        cell = self.cells[column.at]
        found = (
            cell if isinstance(cell, (int, float)) or is_plain_code(cell) else f"text of {len(str(cell))} characters"
        )
        self.work.problems.append(
            Problem("import", self.row, column.column or str(column.at), found, allowed, self.sheet.file)
        )

    def filled(self, column: ColumnMap) -> bool:
        """Tell whether the cell holds something; marks for missing do not."""
        cell = self.cells.get(column.at)
        if is_missing(cell, column.missing) and not (cell is not None and code_text(cell) in column.codes):
            if cell is not None and code_text(cell):
                self.note(
                    column, "a mark for missing left empty", code_text(cell) if len(code_text(cell)) <= 12 else cell, ""
                )
            return False
        return True

    def number(self, column: ColumnMap, unit: dict[str, float] | None = None) -> float | None:
        """Read a number, in the unit that *unit* has factors to."""
        if not self.filled(column):
            return None
        cell = self.cells[column.at]
        read = read_number(cell, column.decimal or ".")
        if read is None and column.other_text:
            self.note(column, "text that is no number: left empty", cell, "")
            return None
        if read is None or read.value is None:
            self.refuse(column, "a number")
            return None
        if column.never is not None and read.value == column.never:
            self.note(column, "never", cell, "")
            return None
        value = read.value * (unit or {}).get(column.unit, 1.0) * (column.factor or 1.0)
        if isinstance(cell, str) and code_text(cell) != code_text(read.value):
            self.note(column, "a number as its country writes it", cell, read.value)
        return value

    def coded(self, column: ColumnMap) -> str | None:
        """Read a code as the mapping has it; a box without a tick is no only where that is known."""
        if not self.filled(column):
            return column.empty_means or None
        code = code_text(self.cells[column.at])
        code = self.ranks[column.at].get(code, "") if column.hidden else code
        if code not in column.codes and column.other_text:
            within = meaning_within(code, CODES_OF.get(column.to, "")) if column.other_text == "words" else ""
            self.note(
                column, "read by a known word in it" if within else "no code of the mapping: left empty", code, within
            )
            return within or None
        if code not in column.codes:
            self.refuse(column, "a code of the mapping")
            return None
        became = column.codes[code]
        if became == "no" and column.unknown_at is not None and code_text(self.cells[column.unknown_at] or "0") == "1":
            self.note(column, "a box that is not ticked beside one for not known: not known", code, "")
            return None
        if (
            became == "no"
            and column.complete_at is not None
            and code_text(self.cells[column.complete_at] or "0") not in ("2", "Complete")
        ):
            self.note(column, "a box that is not ticked in a form that is not complete: not known", code, "")
            return None
        if became != code:
            self.note(column, "code", code, became)
        return became or None

    def day(self, column: ColumnMap) -> tuple[float | None, str]:
        """Read a day, as a date against day 0 or as a number of days; with it the time of day."""
        if not self.filled(column):
            return None, ""
        cell = self.cells[column.at]
        if column.to == "patient":
            found = re.search(DAY_IN_KEY, code_text(cell))
            return (float(found.group(1)) if found else None), ""
        if column.codes:
            written = self.coded(column)
            return (float(written) if written else None), ""
        moment = (
            date_as_mapped(cell, column.order, column.exchange) if column.order or isinstance(cell, datetime) else None
        )
        if moment is None:
            if column.order and not isinstance(cell, (int, float)):
                self.note(column, "no date: left empty", cell, "")
                return None, ""
            if isinstance(cell, str) and read_number(cell) is None and read_date(cell) is not None:
                self.refuse(column, "a number of days; for dates write their `order` (dmy, mdy or ymd) in the mapping")
                return None, ""
            value = self.number(column, TIME_UNITS)
            if value is not None and column.unit == "hours":
                value = float(math.floor(value))
                self.note(column, "hours became a day", cell, f"{value:g}")
            if value is not None and column.first_day and value > 0:
                value -= 1
            return value, ""
        start = self.work.origin.get(self.patient)
        if start is None:
            self.note(column, "a date of a patient without day 0: left out", cell, "")
            return None, ""
        day = float((moment.date - start).days)
        self.note(column, "a date became a day", datetime(1, 1, 1), f"{day:g}")
        return day, moment.clock

    def mapped(self, to: str) -> ColumnMap | None:
        """Find the column that is mapped to *to*."""
        return next((column for column in self.by_at.values() if column.to == to), None)

    def when(self) -> tuple[float | None, str]:
        """Read the day and the time of day of a row that is one record."""
        column = self.mapped("date") or self.mapped("day")
        if column is None and self.sheet.strip_suffix == DAY_IN_KEY:
            column = self.mapped("patient")  # the day stands at the end of the sample's name
        day, clock = self.day(column) if column is not None else (None, "")
        time = self.mapped("time")
        if time is not None and not clock and isinstance(self.cells[time.at], str):
            found = re.match(r"\s*(\d{1,2}):(\d{2})", self.cells[time.at])
            clock = f"{int(found.group(1)):02d}:{found.group(2)}" if found else ""
        return day, clock

    def once(self, table: str, row: dict) -> None:
        """Keep what columns say of the patient once, however many rows of the patient repeat it."""
        if (kept := (table, *((key, value) for key, value in row.items() if key != "place"))) not in self.work.kept:
            self.work.kept.add(kept)
            self.work.many[table].append(row)
