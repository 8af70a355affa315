"""Apply a mapping: files in, a cohort out, each changed value and each row accounted for."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES
from helpers.importing.cells import date_as_mapped, is_half_date, is_missing, read_age, read_number
from helpers.importing.described import read_files
from helpers.importing.grid import Cell, code_text
from helpers.importing.mapping import NAME, ColumnMap, Mapping, SheetMap
from helpers.importing.patients import DAY_IN_KEY, Keys, cut, key_of, loose
from helpers.importing.recognise import DATELESS
from helpers.importing.table import SourceColumn, Table, find_table
from helpers.importing.vocabulary import (
    ADTTE,
    ANALYTE_UNITS,
    CODES,
    CODES_OF,
    DOSE_UNITS,
    TIME_UNITS,
    TO_UNIT,
    agent_of,
    analyte_of,
    bare,
    dose_unit_of,
    meaning,
    time_unit_of,
    unit_of,
)
from helpers.problems import InputError, Problem

ONE_ROW = ("patients", "response", "followup", "status")
SCHEMA_UNITS = {
    "patients.age_years": {"": 1.0, "years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25}
}
LOG = ["file", "row", "column", "rule", "found", "became"]


@dataclass
class Import:
    """What applying gave: the folder, how many patients, rows by what became of them, how many values were changed, and where the keys are."""

    folder: Path
    patients: int
    rows: pd.DataFrame
    changed: int
    keys: Path


@dataclass
class _Work:
    """The tables while they grow, and the account of what was done."""

    mapping: Mapping
    keys: Keys
    single: dict[str, dict[str, dict[str, tuple[object, str]]]] = field(
        default_factory=lambda: {table: defaultdict(dict) for table in ONE_ROW}
    )
    many: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    origin: dict[str, datetime] = field(default_factory=dict)
    ends: dict[str, list[tuple[str, float, str]]] = field(default_factory=lambda: defaultdict(list))
    declared: dict[str, dict] = field(default_factory=dict)
    analytes: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    infusions: dict[str, list[tuple[float, datetime | None, int]]] = field(default_factory=lambda: defaultdict(list))
    everyone: dict[str, str] = field(default_factory=dict)
    kept: set[tuple] = field(default_factory=set)
    log: list[tuple] = field(default_factory=list)
    rows: Counter = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, place: str, row: int, column: ColumnMap, rule: str, found: object, became: object) -> None:
        """Write a line of the log; text shows as its length only, dates not at all."""
        shown = (
            found if isinstance(found, (int, float)) or _plain_code(found) else f"text of {len(str(found))} characters"
        )
        self.log.append(
            (place, row, column.column or column.at, rule, "a date" if isinstance(found, datetime) else shown, became)
        )


def _plain_code(found: object) -> bool:
    if not isinstance(found, str):
        return False
    return re.fullmatch(r"[<>≤≥*]?\s*[-+]?[\d.,]{1,12}", found.strip()) is not None or any(
        meaning(found, kind) for kind in CODES
    )


def apply(mapping: Mapping, files: Sequence[str | Path], folder: str | Path, key_file: str | Path) -> Import:
    """Apply a mapping to its files and write the cohort.

    Parameters
    ----------
    mapping : Mapping
        Without an open question.
    files : sequence of paths
        The files of the mapping, found by their names.
    folder : path
        Folder of the cohort; its tables appear only when all is done and the cohort reads without a problem.
    key_file : path
        Where the random keys stand; outside *folder*.

    Returns
    -------
    Import

    Raises
    ------
    InputError
        If a question is open, a file or column is not as the mapping says, a value cannot be read, values of one
        patient differ between rows, or the cohort would not be valid.
    """
    folder, key_file = Path(folder), Path(key_file)
    if questions := mapping.open_questions():
        raise InputError(
            [
                Problem("import", "", "", question, "an answer in mapping.yaml, and no line decide", NAME)
                for question in questions
            ]
        )
    if folder.resolve() in key_file.resolve().parents:
        raise InputError(
            [Problem("import", "", "", "a key file inside the cohort", "a place outside it", key_file.name)]
        )
    tables = _tables(files)
    work = _Work(mapping, Keys(key_file, mapping.ids == "keep"))
    sheets = [(sheet, _find(sheet, tables)) for sheet in mapping.sheets if sheet.row_is != "leave out"]
    _collect_patients(work, sheets)
    for sheet, table in sheets:
        if sheet.row_is == "infusion":
            _collect_infusions(work, sheet, table)
    for sheet, table in sheets:
        _collect_origins(work, sheet, table)
    for sheet, table in sheets:
        _collect(work, sheet, table)
    if work.problems:
        raise InputError(work.problems)
    return _write(work, folder)


def _tables(files: Sequence[str | Path]) -> dict[tuple[str, str], Table]:
    sheets, _ = read_files(files)
    tables = {(sheet.file, sheet.name): find_table(sheet) for sheet in sheets}
    return {place: table for place, table in tables.items() if table is not None}


def _find(sheet: SheetMap, tables: dict[tuple[str, str], Table]) -> Table:
    table = tables.get((sheet.file, sheet.sheet))
    place = f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file
    if table is None:
        raise InputError([Problem("import", "", "", "no such file or sheet among those given", place, sheet.file)])
    names = {column.at: column.name for column in table.columns}
    wrong = [c for c in sheet.columns if c.to != "leave out" and names.get(c.at) != c.column]
    if wrong:
        raise InputError(
            [Problem("import", "", c.at, "another heading than in the mapping", c.column, sheet.file) for c in wrong]
        )
    return table


# -------------------------------------------------------------------------------------------------------- patients


def _row_keys(sheet: SheetMap, table: Table) -> list[str | None]:
    """Find the patient of each row: by the key's column, filled down and cut as the mapping says, else the row's number."""
    at = next((column.at for column in sheet.columns if column.to == "patient"), None)
    if at is None:
        return [f"row {row}" for row in range(1, len(table.rows) + 1)]
    keys, above = [], None
    for cell in _by_at(table)[at].cells:
        key = cut(key_of(cell), sheet) or None
        if key is None and sheet.fill_down:
            key = above
        above = key or above
        keys.append(key)
    return keys


def _collect_patients(work: _Work, sheets: list[tuple[SheetMap, Table]]) -> None:
    """Make the list of patients: those of the sheets with a row per patient, else of all."""
    base = [(s, t) for s, t in sheets if s.row_is in ("patient", "infusion")] or sheets
    largest = max(base, key=lambda pair: len(set(_row_keys(*pair))))
    for sheet, table in [largest] if work.mapping.unjoined else base:
        for key in _row_keys(sheet, table):
            if key is not None:
                work.everyone.setdefault(
                    loose(key),
                    work.keys.of(key) if not key.startswith("row ") else work.keys.of(key.removeprefix("row ")),
                )


def _by_at(table: Table) -> dict[int, SourceColumn]:
    return {column.at: column for column in table.columns}


def _patient_rows(work: _Work, sheet: SheetMap, table: Table, count: bool = False) -> Iterator[tuple[int, int, str]]:
    """Go through the rows: place in the table, row in the file, patient; count those that are left out, with the reason."""
    left_out = {
        column.at: {code for code, what in column.codes.items() if what == "leave out"}
        for column in sheet.columns
        if column.to == "rows"
    }
    cells = {at: column.cells for at, column in _by_at(table).items()}
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


def _collect_infusions(work: _Work, sheet: SheetMap, table: Table) -> None:
    """Make the list of each patient's infusions: number, date and row, in their order."""
    number, origin = _one_of(sheet, "infusion"), _one_of(sheet, "origin")
    cells = _by_at(table)
    for i, row, patient in _patient_rows(work, sheet, table):
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


def _is_later(work: _Work, sheet: SheetMap, row: int, patient: str) -> bool:
    """Tell whether a row is an infusion of a patient after the first."""
    return sheet.row_is == "infusion" and row != work.infusions[patient][0][2]


def _collect_origins(work: _Work, sheet: SheetMap, table: Table) -> None:
    column = next((column for column in sheet.columns if column.to == "origin"), None)
    if column is None:
        return
    cells = _by_at(table)[column.at].cells
    for i, row, patient in _patient_rows(work, sheet, table):
        moment = None if is_missing(cells[i]) else date_as_mapped(cells[i], column.order, column.exchange)
        if moment is None or _is_later(work, sheet, row, patient):
            continue
        if work.origin.setdefault(patient, moment.date) != moment.date:
            work.problems.append(
                Problem("import", row, column.column, "another day 0 of the same patient", "one day 0", sheet.file)
            )
        _set(work, "patients", patient, "infusion_year", moment.date.year, sheet.file, row)


# ------------------------------------------------------------------------------------------------------------ rows


def _collect(work: _Work, sheet: SheetMap, table: Table) -> None:
    cells = {at: column.cells for at, column in _by_at(table).items()}
    by_at = {column.at: column for column in sheet.columns}
    for column in sheet.columns:
        _recorded(work, column)
    for i, row, patient in _patient_rows(work, sheet, table, count=True):
        here = _Row(work, sheet, by_at, {at: column[i] for at, column in cells.items()}, row, patient)
        work.rows[sheet.place, here.use()] += 1


def _recorded(work: _Work, column: ColumnMap) -> None:
    """Note what the files looked for in everybody."""
    head, _, tail = column.to.partition(".")
    if head == "toxicity" and tail.split(".")[0] in ("CRS", "ICANS"):
        work.recorded["toxicity"].add(tail.split(".")[0])
    elif column.to in ("status.gc", "status.tcz", "status.rux"):
        work.recorded["treatments"].add({"gc": "glucocorticoids", "tcz": "tocilizumab", "rux": "ruxolitinib"}[tail])
    elif column.to == "lab":
        work.recorded["labs"].add(column.name)
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
    elif column.to == "followup.transplant_date":
        work.recorded["followup"].add("transplantation")


def _set(work: _Work, table: str, patient: str, column: str, value: object, file: str, row: int) -> None:
    """Set a patient's value; another value for the same patient is a problem, not a choice."""
    if value is None:
        return
    known = work.single[table][patient].get(column)
    if known is not None and known[0] != value:
        work.problems.append(
            Problem(table, row, column, f"another value than in {known[1]}", "one value for each patient", file)
        )
        return
    work.single[table][patient][column] = (value, f"row {row}")


@dataclass
class _Row:
    """One row of a file that belongs to a patient."""

    work: _Work
    sheet: SheetMap
    by_at: dict[int, ColumnMap]
    cells: dict[int, Cell]
    row: int
    patient: str
    drawn: tuple[float | None, str] | None = None
    syndromes: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))

    def use(self) -> str:
        """Read the row, and say what became of it."""
        if _is_later(self.work, self.sheet, self.row, self.patient):
            for column in self.by_at.values():
                if column.to in ("followup.death_date", "followup.contact_date"):
                    self.dated(column)
            return "used: a later infusion, of which only follow-up dates and the screening are kept"
        number = self._one("infusion")
        if number is not None and self.sheet.row_is != "infusion" and (nth := self.number(number)) is not None:
            first = self.work.infusions.get(self.patient)
            if nth != (first[0][0] if first and not math.isnan(first[0][0]) else 1):
                return "left out: it belongs to a later infusion"
        one: Callable[[], str] | None = {
            "measurement": self.measurement, "administration": self.administration, "event": self.toxic_event,
            "parameter": self.parameter,
        }.get(self.sheet.row_is)  # fmt: skip
        why = one() if one is not None else ""
        for column in self.by_at.values():
            self.column(column)
        self.finish()
        return f"left out: {why}" if why else "used"

    # -- reading

    def note(self, column: ColumnMap, rule: str, found: object, became: object) -> None:
        self.work.note(self.sheet.file, self.row, column, rule, found, became)

    def refuse(self, column: ColumnMap, allowed: str) -> None:
        cell = self.cells[column.at]
        found = cell if isinstance(cell, (int, float)) or _plain_code(cell) else f"text of {len(str(cell))} characters"
        self.work.problems.append(
            Problem("import", self.row, column.column or str(column.at), found, allowed, self.sheet.file)
        )

    def filled(self, column: ColumnMap) -> bool:
        cell = self.cells.get(column.at)
        if is_missing(cell, column.missing) and not (cell is not None and code_text(cell) in column.codes):
            if cell is not None and code_text(cell):
                self.note(
                    column, "a mark for missing left empty", code_text(cell) if len(code_text(cell)) <= 12 else cell, ""
                )
            return False
        return True

    def number(self, column: ColumnMap, unit: dict[str, float] | None = None) -> float | None:
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
        if not self.filled(column):
            return column.empty_means or None
        code = code_text(self.cells[column.at])
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
            value = self.number(column, TIME_UNITS)
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

    # -- columns

    def column(self, column: ColumnMap) -> None:
        to = column.to
        if to in ("leave out", "patient", "origin", "true day", "status", "rows", "until") or to.startswith(
            ("labs.", "treatments.", "adtte.", "toxicity.event", "toxicity.grade")
        ):
            return
        handler: Callable[[ColumnMap], None] | None = {
            "lab": self.lab, "time": self.time, "exposure": self.exposure, "declared": self.declared, "birth": self.birth,
        }.get(to)  # fmt: skip
        if handler is not None:
            handler(column)
        elif to.startswith("toxicity."):
            self.syndrome(column)
        elif to.startswith("followup.") and to.endswith("_date"):
            self.dated(column)
        elif to not in ("date", "day", "infusion", "age unit"):
            self.known(column)

    def known(self, column: ColumnMap) -> None:
        table, _, name = column.to.partition(".")
        if table not in ONE_ROW or name not in TABLES[table]:
            raise InputError(
                [
                    Problem(
                        "import",
                        "",
                        column.column,
                        column.to,
                        "a column of the dictionary, or one of the words at the head of mapping.yaml",
                        NAME,
                    )
                ]
            )
        if column.codes or column.to in CODES_OF:
            value: object = self.coded(column)
            if value is not None and TABLES[table][name].kind == "boolean":
                value = {"yes": True, "no": False}.get(str(value))
        else:
            value = self.age(column) if column.unit == "in words" else self.number(column, SCHEMA_UNITS.get(column.to))
            unit = self._one("age unit") if column.to == "patients.age_years" and not column.unit else None
            if value is not None and unit is not None and self.filled(unit):
                written = unit.codes.get(code_text(self.cells[unit.at]), "")
                if not written:
                    self.refuse(unit, " / ".join(TIME_UNITS))
                value = round(value * SCHEMA_UNITS[column.to].get(written, 1.0), 4)
            if value is not None and TABLES[table][name].kind == "integer":
                value = int(value)
            elif value is not None and column.unit:
                value = round(value, 4)
        _set(self.work, table, self.patient, name, value, self.sheet.file, self.row)

    def age(self, column: ColumnMap) -> float | None:
        """Read an age in words; a bare number counts years, what is none is left empty."""
        if not self.filled(column):
            return None
        cell = self.cells[column.at]
        read, years = read_number(cell), read_age(cell)
        value = years if years is not None else read.value if read is not None else None
        self.note(
            column,
            "an age in words became years" if value is not None else "no age: left empty",
            cell,
            "" if value is None else f"{value:g}",
        )
        return value

    def birth(self, column: ColumnMap) -> None:
        day, _ = self.day(column)
        if day is not None and not any(other.to == "patients.age_years" for other in self.by_at.values()):
            _set(self.work, "patients", self.patient, "age_years", round(-day / 365.25, 2), self.sheet.file, self.row)

    def dated(self, column: ColumnMap) -> None:
        day, _ = self.day(column)
        name = column.to.removeprefix("followup.").removesuffix("_date")
        if day is None:
            if name in DATELESS and is_half_date(self.cells[column.at]):
                _set(self.work, "status", self.patient, name, "yes", self.sheet.file, self.row)
            return
        if name == "contact":
            status = next(
                (other for other in self.by_at.values() if other.to == "status" and other.time_at == column.at), None
            )
            what = self.coded(status) if status is not None else "censored"
            if what not in ("event", "censored"):
                self.note(column, "a last contact of a patient whose status is not known: left out", "", "")
                return
            self.work.ends[self.patient].append(
                ("death" if status and what == "event" else "end of follow-up", day, f"row {self.row}")
            )
        elif name == "assessment":
            _set(self.work, "followup", self.patient, "last_assessment_day", day, self.sheet.file, self.row)
        elif name == "transplant":
            _set(self.work, "followup", self.patient, "transplant_day", day, self.sheet.file, self.row)
        else:
            self.work.ends[self.patient].append((name, day, f"row {self.row}"))

    def time(self, column: ColumnMap) -> None:
        value = self.number(column, TIME_UNITS)
        status = next(
            (other for other in self.by_at.values() if other.to == "status" and other.time_at == column.at), None
        )
        what = "event" if status is None else self.coded(status)
        if value is None:
            return
        if column.unit not in TIME_UNITS:
            raise InputError([Problem("import", "", column.column, column.unit, " / ".join(TIME_UNITS), NAME)])
        value = _whole_days(value, column)
        if column.unit != "days":
            self.note(column, f"{column.unit} became days", self.cells[column.at], f"{value:g}")
        if column.name == "end of follow-up":
            self.work.ends[self.patient].append(("end of follow-up", value, f"row {self.row}"))
        elif what == "event":
            self.work.ends[self.patient].append((column.name, value, f"row {self.row}"))
            if status is not None:
                self.work.ends[self.patient].append(("followed", value, f"row {self.row}"))
        elif what == "censored":
            kind = "end of follow-up" if column.name == "death" else f"{column.name}, censored"
            self.work.ends[self.patient].append((kind, value, f"row {self.row}"))

    def exposure(self, column: ColumnMap) -> None:
        day, _ = self.day(column)
        if day is not None and (column.never is None or day != column.never):
            self.once("exposures", {"patient_id": self.patient, "exposure": column.name, "day": day})

    def once(self, table: str, row: dict) -> None:
        """Keep what columns say of the patient once, however many rows of the patient repeat it."""
        if (kept := (table, *row.items())) not in self.work.kept:
            self.work.kept.add(kept)
            self.work.many[table].append(row)

    def declared(self, column: ColumnMap) -> None:
        value: object = self.number(column) if column.kind == "number" else self.coded(column)
        if column.kind == "boolean":
            value = {"yes": True, "no": False}.get(str(value))
        about = {"kind": column.kind, "meaning": column.name.replace("_", " ")}
        if column.kind == "category":
            about["allowed"] = sorted({what for what in column.codes.values() if what})
        self.work.declared[column.name] = about
        _set(self.work, "patients", self.patient, column.name, value, self.sheet.file, self.row)

    def lab(self, column: ColumnMap) -> None:
        if not self.filled(column):
            return
        day, clock = (column.day, "")
        if column.day_at is not None:
            day, clock = self.day(self.by_at[column.day_at])
        self.measured(column, column.name, self.cells[column.at], column.unit, day, clock)

    def measured(self, column: ColumnMap, analyte: str, cell: Cell, unit: str, day: float | None, clock: str) -> str:
        """Keep a measurement; say why it is left out, if it is."""
        if day is None:
            self.note(column, "a measurement without a day: left out", "", "")
            return "a measurement without a day"
        read = read_number(cell, column.decimal or ".")
        left, right = column.left_of.get(analyte, column.left_at), column.right_of.get(analyte, column.right_at)
        limit = {"left": left, "right": right}
        if read is None or (read.value is None and limit[read.side] is None):
            if read is None and column.other_text:
                self.note(column, "text that is no number: left empty", cell, "")
            elif read is not None:
                self.note(column, "beyond a limit that is not told: left out", "a limit", "")
            else:
                self.refuse(column, "a number, or a limit such as <2.5")
            return "beyond a limit that is not told"
        value, side = (read.value if read.value is not None else limit[read.side]), read.side
        if not side and left is not None and value <= left:
            side, value = "left", left
        if not side and right is not None and value >= right:
            side, value = "right", right
        wanted, factor = _unit(analyte, unit, self.work.analytes)
        if factor is None:
            self.work.problems.append(
                Problem(
                    "import",
                    self.row,
                    column.column,
                    f"unit {unit}",
                    f"a unit that converts to {wanted}",
                    self.sheet.file,
                )
            )
            return "a unit that does not convert"
        value = float(f"{value * factor:.12g}")
        if side:
            self.note(column, f"{side}-censored", cell, f"{value:g}")
        if analyte not in (TABLES["labs"]["analyte"].allowed or ()):
            self.work.analytes.setdefault(analyte, wanted)
        self.work.recorded["labs"].add(analyte)
        row = {"patient_id": self.patient, "day": float(math.floor(day)), "time": clock or _clock(day), "analyte": analyte, "value": value, "unit": wanted,
               "censored": side or "no", "limit": value if side else None}  # fmt: skip
        self.work.many["labs"].append(row)
        return ""

    # -- rows that are one measurement, administration, event or parameter

    def _one(self, to: str) -> ColumnMap | None:
        return next((column for column in self.by_at.values() if column.to == to), None)

    def _when(self) -> tuple[float | None, str]:
        column = self._one("date") or self._one("day")
        day, clock = self.day(column) if column is not None else (None, "")
        time = self._one("time")
        if time is not None and not clock and isinstance(self.cells[time.at], str):
            found = re.match(r"\s*(\d{1,2}):(\d{2})", self.cells[time.at])
            clock = f"{int(found.group(1)):02d}:{found.group(2)}" if found else ""
        return day, clock

    def measurement(self) -> str:
        name, value = self._one("labs.analyte"), self._one("labs.value")
        if name is None or value is None or not self.filled(name) or not self.filled(value):
            return "no analyte or no value"
        text = code_text(self.cells[name.at])
        analyte = name.codes.get(text, "") if name.codes else analyte_of(text)
        if not analyte:
            self.note(name, "an analyte that is not known here: left out", text, "")
            return "an analyte that is not kept"
        unit = self._lab_unit(value, text) or ANALYTE_UNITS.get(analyte, "")
        if not unit and analyte not in TABLES["labs"]["analyte"].allowed:
            return "an analyte beyond the dictionary without a unit"
        day, clock = self._when()
        return self.measured(value, analyte, self.cells[value.at], unit or "pg/mL", day, clock)

    def _lab_unit(self, value: ColumnMap, analyte: str) -> str:
        """Find the unit of a measurement: its own column, the heading of the value, the name of the analyte."""
        unit = self._one("labs.unit")
        if unit is not None and self.filled(unit):
            text = code_text(self.cells[unit.at])
            written = unit.codes.get(text, "") if unit.codes else unit_of(text)
            if not written:
                self.refuse(unit, "a unit that the mapping knows")
            return written
        return (unit.empty_means if unit is not None else "") or value.unit or unit_of(analyte)

    def administration(self) -> str:
        agent = self._one("treatments.agent")
        if agent is None or not self.filled(agent):
            return "no drug"
        written = code_text(self.cells[agent.at])
        text, name = bare(written), agent.codes.get(written) or agent_of(written)
        day, clock = self._when()
        if day is None:
            self.note(agent, "an administration without a day: left out", "", "")
            return "an administration without a day"
        row = {"patient_id": self.patient, "agent": name, "day": float(math.floor(day)), "time": clock or _clock(day)}
        row |= self._dose()
        for to in ("route", "indication"):
            if (column := self._one(f"treatments.{to}")) is not None:
                row[to] = self.coded(column)
        salt = next((salt for word, salt in SALTS.items() if word in text), None)
        if salt:
            row["salt"] = salt
        self.work.many["treatments"].append(row)
        return ""

    def _dose(self) -> dict[str, object]:
        """Read a dose and its unit: in the cell itself, in a column of units, or in the heading; by weight, it waits for the weight."""
        dose, unit = self._one("treatments.dose"), self._one("treatments.dose_unit")
        if dose is None or not self.filled(dose):
            return {}
        cell, written = self.cells[dose.at], ""
        if isinstance(cell, str) and (found := re.fullmatch(r"\s*([\d.,]*\d)\s*([^\W\d_].*)", cell)):
            written = dose_unit_of(found.group(2))
            if not written:
                self.refuse(dose, "a dose in mg, g or µg, or by kg")
                return {}
            read = read_number(found.group(1), dose.decimal or ".")
            amount = read.value if read is not None else None
        else:
            amount = self.number(dose)
        if amount is None:
            return {}
        if not written and unit is not None and self.filled(unit):
            text = code_text(self.cells[unit.at])
            written = unit.codes.get(text, "") if unit.codes else dose_unit_of(text)
            if not written:
                self.note(unit, "a unit that does not become mg: no dose", text, "")
                return {}
        written = written or dose.unit or (unit.empty_means if unit is not None else "") or "mg"
        if written not in DOSE_UNITS:
            raise InputError([Problem("import", "", dose.column, written, " / ".join(DOSE_UNITS), NAME)])
        factor, by_weight = DOSE_UNITS[written]
        if not by_weight:
            if written != "mg":
                self.note(dose, f"{written} became mg", amount, f"{amount * factor:g}")
            return {"dose_mg": float(f"{amount * factor:.12g}")}
        return {"mg_per_kg": amount * factor, "place": (self.sheet.file, self.row, dose)}

    def toxic_event(self) -> str:
        event, grade = self._one("toxicity.event"), self._one("toxicity.grade")
        what = event.codes.get(code_text(self.cells[event.at])) if self.filled(event) else None
        if not what:
            return "an event that is not kept"
        how = self.coded(grade)
        day, _ = self._when()
        self.work.recorded["toxicity"].add(what)
        if how in (None, "0") or day is None:
            return "an event without a grade or a day"
        until = self._one("until")
        end = self.day(until)[0] if until is not None else None
        row = {"patient_id": self.patient, "event": what, "day_from": float(math.floor(day)), "grade": int(how)}
        self.work.many["toxicity"].append(row | ({"day_to": float(math.floor(end))} if end is not None else {}))
        return ""

    def parameter(self) -> str:
        name, value, censored = self._one("adtte.parameter"), self._one("adtte.value"), self._one("adtte.censored")
        code = code_text(self.cells[name.at])
        endpoint = name.codes.get(code, "") if name.codes else ADTTE.get(code.upper(), "")
        if not endpoint:
            return "a parameter that is not kept"
        amount = self.number(value)
        if amount is None or is_missing(self.cells[censored.at]):
            return "no time or no censoring"
        self.work.recorded["followup"].add(endpoint.split()[0])
        unit, written = self._one("adtte.unit"), value.unit or "days"
        if unit is not None and not is_missing(self.cells[unit.at]):
            written = time_unit_of(f"a {code_text(self.cells[unit.at])}")
        if written not in TIME_UNITS:
            self.refuse(unit or value, " / ".join(TIME_UNITS))
            return "a unit of time that is not known"
        event = code_text(self.cells[censored.at]) == "0"
        kind = endpoint if event else "end of follow-up" if endpoint == "death" else f"{endpoint}, censored"
        self.work.ends[self.patient].append((kind, round(amount * TIME_UNITS[written], 4), f"row {self.row}"))
        return ""

    # -- toxicity in columns

    def syndrome(self, column: ColumnMap) -> None:
        _, event, what = column.to.split(".")
        if what == "on_day":
            if (grade := self.coded(column)) is not None:
                self.syndromes[event].setdefault("daily", {})[column.day] = int(grade)
        elif what in ("flag", "grade"):
            self.syndromes[event][what] = self.coded(column)
        elif what == "duration":
            self.syndromes[event][what] = self.number(column, TIME_UNITS)
        else:
            self.syndromes[event][what] = self.day(column)[0]

    def finish(self) -> None:
        """Make an interval of what the columns say of a syndrome, or a status where no day is known."""
        for event, found in self.syndromes.items():
            for start, end, grade in _spells(found.get("daily", {})):
                self.once("toxicity", {"patient_id": self.patient, "event": event, "day_from": start, "day_to": end, "grade": grade})  # fmt: skip
            if found.get("daily"):
                worst = max(found["daily"].values())
                _set(
                    self.work,
                    "status",
                    self.patient,
                    event.lower(),
                    "yes" if worst else "no",
                    self.sheet.file,
                    self.row,
                )
                continue
            grade = int(found["grade"]) if found.get("grade") not in (None, "") else None
            start, end = found.get("day_from"), found.get("day_to")
            if end is None and start is not None and found.get("duration"):
                end = start + found["duration"] - 1
            flag = found.get("flag") or (None if grade is None else "yes" if grade else "no")
            if start is not None and grade:
                row = {"patient_id": self.patient, "event": event, "day_from": float(math.floor(start)), "grade": grade}
                self.once("toxicity", row | ({"day_to": float(math.floor(end))} if end is not None else {}))
                continue
            _set(self.work, "status", self.patient, event.lower(), flag, self.sheet.file, self.row)
            if grade is not None:
                _set(self.work, "status", self.patient, f"{event.lower()}_grade_max", grade, self.sheet.file, self.row)


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


SALTS = {
    "phosphate": "sodium phosphate",
    "succinate": "sodium succinate",
    "acetate": "acetate",
    "磷酸": "sodium phosphate",
    "琥珀酸": "sodium succinate",
}


def _whole_days(value: float, column: ColumnMap) -> float:
    """Take days that were written in weeks to two decimals for the whole days they came from; leave other times as they are."""
    near = round(value)
    exact = column.unit == "weeks" and abs(value - near) <= 0.005 * 7 + 1e-9
    return float(near) if exact or abs(value - near) < 1e-9 else round(value, 4)


def _clock(day: float) -> str:
    part = day - math.floor(day)
    minutes = round(part * 1440)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" if 0 < minutes < 1440 else ""


def _unit(analyte: str, unit: str, declared: dict[str, str]) -> tuple[str, float | None]:
    """Find the unit that an analyte has here (beyond the dictionary: the one it came with first), and the factor to it."""
    known = {"CRP": "mg/L", "PCT": "ng/mL", "ferritin": "µg/L"}
    cytokine = analyte in TABLES["labs"]["analyte"].allowed
    wanted = known.get(analyte, "pg/mL" if cytokine else declared.get(analyte, unit))
    return (wanted, 1.0) if unit == wanted else (wanted, TO_UNIT.get((unit, wanted)))


# ------------------------------------------------------------------------------------------------------- the cohort


def _follow_up(work: _Work) -> None:
    """Make one row of follow-up of the events and ends of each patient."""
    for patient, ends in work.ends.items():
        by_kind: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for kind, day, place in ends:
            by_kind[kind].append((day, place))
        row = {}
        for kind in ("death", "relapse", "progression", "treatment_failure"):
            days = {day for day, _ in by_kind.get(kind, [])}
            if len(days) > 1 and kind == "death":
                work.problems.append(
                    Problem(
                        "followup",
                        "",
                        f"{kind}_day",
                        f"{len(days)} different days of one patient",
                        "one day",
                        "the files",
                    )
                )
            if days:
                row[f"{kind}_day"] = min(days)
        death = row.get("death_day")
        for day, _ in by_kind.get("progression or death", []):
            if death is None or day < death - 1:
                row.setdefault("progression_day", day)
        assessed = [day for kind, found in by_kind.items() if kind.endswith(", censored") for day, _ in found]
        if assessed:
            row["last_assessment_day"] = max(assessed)
        alive = [day for day, _ in by_kind.get("end of follow-up", [])]
        followed = [day for day, _ in by_kind.get("followed", [])]
        known = [death] if death is not None else [*alive, *assessed, *followed]
        if known:
            row["last_contact_day"] = max(known)
        if death is not None and row.get("last_assessment_day", 0) > death:
            row["last_assessment_day"] = death
        for key, value in row.items():
            _set(work, "followup", patient, key, value, "the files", 0)
    without = [patient for patient, row in work.single["followup"].items() if "last_contact_day" not in row]
    for patient in without:
        del work.single["followup"][patient]
        work.rows["follow-up", "left out: a patient without an end of follow-up"] += 1


def _weigh_doses(work: _Work) -> None:
    """Turn doses by weight into mg with the patient's weight; without one the dose stays empty, and the log says so."""
    for row in work.many.get("treatments", []):
        if "mg_per_kg" not in row:
            continue
        by_weight, (file, number, column) = row.pop("mg_per_kg"), row.pop("place")
        weight = work.single["patients"].get(row["patient_id"], {}).get("weight_kg")
        if weight is None:
            work.note(file, number, column, "a dose by weight of a patient without a weight: no dose", by_weight, "")
            continue
        row["dose_mg"] = float(f"{by_weight * weight[0]:.12g}")
        work.note(file, number, column, "a dose by weight became mg", by_weight, f"{row['dose_mg']:g}")


def _frames(work: _Work) -> dict[str, pd.DataFrame]:
    frames = {}
    order = list(dict.fromkeys(work.everyone.values()))
    for table in ONE_ROW:
        rows = work.single[table]
        if table != "patients" and not rows:
            continue
        names = [*TABLES[table], *(work.declared if table == "patients" else {})]
        data = [
            {"patient_id": p, **{name: value for name, (value, _) in rows.get(p, {}).items()}}
            for p in order
            if table == "patients" or p in rows
        ]
        frame = pd.DataFrame(data)
        frames[table] = frame[[name for name in names if name in frame]]
    for table, rows in work.many.items():
        frame = pd.DataFrame(rows)
        if table == "toxicity":
            frame["episode_id"] = (
                frame.groupby(["patient_id", "event"]).cumcount().add(1).astype(str).radd(frame["event"] + "-")
            )
            frame["grading_system"] = None
        frame = frame[[name for name in TABLES[table] if name in frame]].dropna(axis="columns", how="all")
        keys = [
            name for name in ("patient_id", "day", "day_from", "time", "analyte", "agent", "exposure") if name in frame
        ]
        place = {patient: i for i, patient in enumerate(order)}
        sorting = frame.assign(patient_id=frame["patient_id"].map(place)).sort_values(keys, kind="stable").index
        frames[table] = frame.loc[sorting].reset_index(drop=True)
    return frames


def _write(work: _Work, folder: Path) -> Import:
    """Write the cohort beside its place, read it as any cohort is read, and only then put it there."""
    _follow_up(work)
    _weigh_doses(work)
    if work.problems:
        raise InputError(work.problems)
    mapping, frames = work.mapping, _frames(work)
    about = {
        "name": mapping.name, "origin": mapping.origin, "synthetic": mapping.synthetic, "source": mapping.source or "imported",
        "licence": mapping.licence, "columns": {"patients": work.declared} if work.declared else {},
        "recorded": {table: sorted(what) for table, what in sorted(work.recorded.items())},
    } | ({"analytes": dict(sorted(work.analytes.items()))} if work.analytes else {})  # fmt: skip
    log = pd.DataFrame(work.log, columns=LOG)
    rows = pd.DataFrame(
        [(*key, count) for key, count in sorted(work.rows.items())], columns=["file", "what became of them", "rows"]
    )
    own = (folder / "import" / "rows.csv").exists()
    names = ("cohort.json", "import", *(f"{table}.csv" for table in TABLES))
    strange = [] if own else [name for name in names if (folder / name).exists()]
    if strange:
        raise InputError(
            [
                Problem(
                    "import",
                    "",
                    "",
                    f"a folder that holds {', '.join(strange)} of another making",
                    "an empty folder, or one of an import",
                    folder.name,
                )
            ]
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".unfinished"  # of patients: what a kill leaves here the next import removes
    shutil.rmtree(part, ignore_errors=True)
    try:
        for table, frame in frames.items():
            text = frame.copy()
            for column in text:
                if text[column].map(lambda value: isinstance(value, bool)).any():
                    text[column] = text[column].map({True: "true", False: "false"})
            paths.write_csv(part / f"{table}.csv", text, shield=False)
        paths.write_json(part / "cohort.json", about)
        read_cohort(part)
        paths.write_csv(part / "import" / "log.csv", log)
        paths.write_csv(part / "import" / "rows.csv", rows)
        work.keys.write()
        for name in ("cohort.json", *(f"{table}.csv" for table in TABLES)):
            (folder / name).unlink(missing_ok=True)
        (folder / "import").mkdir(exist_ok=True)  # which may hold notes of others
        made = [file for file in part.rglob("*") if file.is_file()]
        # rows.csv says whose folder it is and comes first, cohort.json last: without it there is no cohort
        for file in sorted(made, key=lambda one: (one.name == "cohort.json", one.name != "rows.csv", one.name)):
            file.replace(folder / file.relative_to(part))
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Import(folder, len(frames["patients"]), rows, len(log), work.keys.path)
