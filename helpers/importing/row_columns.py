"""What the columns of a row say of its patient: properties, times, dates, exposures, measurements."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from helpers.cohort.days import DAYS_PER_YEAR
from helpers.cohort.endpoints import MRD_NEGATIVE
from helpers.cohort.schema import TABLES
from helpers.cohort.steroids import EQUIVALENT_MG
from helpers.cohort.units import ANALYTE_UNIT, conversion_factor
from helpers.importing.account import ONE_ROW
from helpers.importing.across_doses import PARTS_OF_A_COURSE
from helpers.importing.cells import LAB_UNIT, Number, read_age, read_number
from helpers.importing.code_words import meaning
from helpers.importing.dates import is_half_date, month_of
from helpers.importing.mapping import NAME, ColumnMap
from helpers.importing.recognise_dates import DATELESS
from helpers.importing.row_cells import RowCells
from helpers.importing.row_first_event import keep_first_event
from helpers.importing.row_syndromes import note_syndrome
from helpers.importing.sheet import Cell, code_text
from helpers.importing.units import BODY_UNITS, DOSE_UNITS, TIME_UNITS, unit_of
from helpers.importing.word_lists import CODES_OF
from helpers.problems import InputError, Problem

SCHEMA_UNITS = {
    "patients.age_years": {"": 1.0, "years": 1.0, "months": 1 / 12, "weeks": 7 / DAYS_PER_YEAR, "days": 1 / DAYS_PER_YEAR, "hours": 1 / (24 * DAYS_PER_YEAR)}
} | {target: {unit: factor for unit, (factor, _) in units.items()} for target, units in BODY_UNITS.items()}  # fmt: skip


UNITS_OF = {
    "patients.age_years": "age unit",
    "patients.weight_kg": "weight unit",
    "patients.height_cm": "height unit",
}  # columns of their own


SHARES = ("response.mrd_day30", "patients.mrd_prelymphodepletion")


ASKED = ("gc", "tcz", "rux", "relapse", "progression", "death")


def keep_column(here: RowCells, column: ColumnMap) -> None:
    """Keep what a column says of the row's patient, if it says something by itself."""
    to = column.to
    if to == "time" and not column.name:  # the time of day, read with the day of its row
        return
    if to in (
        "leave out",
        "patient",
        "origin",
        "true day",
        "status",
        "rows",
        "until",
        *PARTS_OF_A_COURSE,
    ) or to.startswith(("labs.", "treatments.", "adtte.", "toxicity.event", "toxicity.grade")):
        return
    handler: Callable[[RowCells, ColumnMap], None] | None = {
        "lab": _keep_lab, "time": _keep_time, "exposure": _keep_exposure, "first dose": _keep_first_dose, "declared": _keep_declared, "birth": _keep_birth, "later infusion": _keep_later_infusion, "daily dose": _keep_daily_dose,
    }.get(to)  # fmt: skip
    if handler is not None:
        handler(here, column)
    elif to.startswith("toxicity."):
        note_syndrome(here, column)
    elif to.startswith("followup.") and to.endswith("_date"):
        keep_dated(here, column)
    elif to == "response.assessment_date":
        here.work.set_value("response", here.patient, "assessment_day", here.day(column)[0], here.sheet.file, here.row)
    elif to not in ("date", "day", "infusion", *UNITS_OF.values()):
        _keep_known(here, column)


def _keep_known(here: RowCells, column: ColumnMap) -> None:
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
        value: object = here.coded(column)
        if table == "status" and name in ASKED:
            here.work.ask(name, here.patient, value)
        if value is not None and TABLES[table][name].kind == "boolean":
            value = {"yes": True, "no": False}.get(str(value))
    elif column.to == MRD and (read := _beyond_a_limit(here, column)) is not None:
        _keep_mrd_beyond(here, column, read)
        return
    else:
        value = _age(here, column) if column.unit == "in words" else here.number(column, SCHEMA_UNITS.get(column.to))
        if column.to in BODY_UNITS and column.unit:
            _note_body_unit(here, column, value)
        unit = here.mapped(UNITS_OF.get(column.to, "")) if not column.unit else None
        if value is not None and unit is not None and here.filled(unit):
            written = unit.codes.get(code_text(here.cells[unit.at]), "")
            if not written:
                here.refuse(unit, " / ".join(one for one in SCHEMA_UNITS[column.to] if one))
            value = round(value * SCHEMA_UNITS[column.to].get(written, 1.0), 4)
        if value is not None and TABLES[table][name].kind == "integer":
            if value != int(value):
                here.refuse(column, "a whole number")
            value = int(value)
        elif value is not None and column.unit:
            value = round(value, 4 if column.to not in SHARES else 12)
    here.work.set_value(table, here.patient, name, value, here.sheet.file, here.row)


MRD = "response.mrd_day30"


def _beyond_a_limit(here: RowCells, column: ColumnMap) -> Number | None:
    """Read a cell that says below or above a limit; None for any other."""
    read = read_number(here.cells[column.at], column.decimal or ".") if here.filled(column) else None
    return read if read is not None and read.side else None


def _keep_mrd_beyond(here: RowCells, column: ColumnMap, read: Number) -> None:
    """Keep of residual disease below or above a limit what it says: negative below 10⁻⁴, positive above it, else nothing."""
    limit = None if read.value is None else read.value * SCHEMA_UNITS[column.to].get(column.unit, 1.0) * (column.factor or 1.0)  # fmt: skip
    below = read.side == "left" and (limit is None or limit <= MRD_NEGATIVE * (1 + 1e-9))
    above = read.side == "right" and limit is not None and limit >= MRD_NEGATIVE * (1 - 1e-9)
    result = "negative" if below else "positive" if above else ""
    here.note(column, "beyond a limit: a result in a word" if result else "beyond a limit that says neither: left empty", here.cells[column.at], result)  # fmt: skip
    if result:
        here.work.set_value("response", here.patient, "mrd_day30_result", result, here.sheet.file, here.row)


def _note_body_unit(here: RowCells, column: ColumnMap, value: float | None) -> None:
    """Say in the log that a weight, a height or a share was converted; refuse a unit that is not known."""
    units = BODY_UNITS[column.to]
    if column.unit not in units:
        raise InputError([Problem("import", "", column.column, column.unit, " / ".join(units), NAME)])
    kept = next(unit for unit, (factor, _) in units.items() if factor == 1.0)
    if value is not None and column.unit != kept:
        here.note(column, f"{column.unit} became {kept}", here.cells[column.at], f"{value:g}")


def _age(here: RowCells, column: ColumnMap) -> float | None:
    """Read an age in words; a bare number counts years, what is none is left empty."""
    if not here.filled(column):
        return None
    cell = here.cells[column.at]
    read, years = read_number(cell), read_age(cell)
    value = years if years is not None else read.value if read is not None else None
    here.note(
        column,
        "an age in words became years" if value is not None else "no age: left empty",
        cell,
        "" if value is None else f"{value:g}",
    )
    return value


def _keep_later_infusion(here: RowCells, column: ColumnMap) -> None:
    here.once("screening", {"patient_id": here.patient, "infusion_number": 1, "excluded_reason": None})
    if here.day(column)[0] is not None:
        row = {"patient_id": here.patient, "infusion_number": int(column.name), "excluded_reason": "repeat infusion"}
        here.once("screening", row)


def _keep_daily_dose(here: RowCells, column: ColumnMap) -> None:
    amount = here.number(column)
    if not amount:
        return
    row = {"patient_id": here.patient, "agent": column.name, "day": column.day}
    if (kept := ("treatments", here.patient, column.at, amount)) not in here.work.kept:
        here.work.kept.add(kept)
        here.work.many["treatments"].append(row | dose_in_mg(here, column, amount, column.unit or "mg"))


def dose_in_mg(here: RowCells, column: ColumnMap, amount: float, unit: str) -> dict[str, object]:
    """Turn a dose into mg; one by weight waits for the weight."""
    if unit not in DOSE_UNITS:
        raise InputError([Problem("import", "", column.column, unit, " / ".join(DOSE_UNITS), NAME)])
    factor, by_weight = DOSE_UNITS[unit]
    if by_weight:
        return {"mg_per_kg": amount * factor, "place": (here.sheet.file, here.row, column)}
    if unit != "mg":
        here.note(column, f"{unit} became mg", amount, f"{amount * factor:g}")
    return {"dose_mg": float(f"{amount * factor:.12g}")}


def _keep_birth(here: RowCells, column: ColumnMap) -> None:
    if column.unit in ("year", "month"):
        _keep_rough_birth(here, column)
        return
    day, _ = here.day(column)
    if day is not None and not any(other.to == "patients.age_years" for other in here.by_at.values()):
        here.work.set_value(
            "patients", here.patient, "age_years", round(-day / DAYS_PER_YEAR, 2), here.sheet.file, here.row
        )


def _keep_rough_birth(here: RowCells, column: ColumnMap) -> None:
    """Count the age from the middle of the year or of the month of birth."""
    start = here.work.origin.get(here.patient)
    if start is None or not here.filled(column) or any(o.to == "patients.age_years" for o in here.by_at.values()):
        return
    if column.unit == "month":
        found = month_of(here.cells[column.at])
        middle, told = (datetime(*found, 15), "month") if found else (None, "")
    else:
        year = here.number(column)
        middle, told = (datetime(int(year), 7, 1), "year") if year is not None else (None, "")
    if middle is None:
        here.note(column, "no month of birth: left empty", here.cells[column.at], "")
        return
    age = max(0.0, round((start - middle).days / DAYS_PER_YEAR, 2))
    here.note(column, f"a {told} of birth became an age, counted from its middle", datetime(1, 1, 1), f"{age:g}")
    here.work.set_value("patients", here.patient, "age_years", age, here.sheet.file, here.row)


def keep_dated(here: RowCells, column: ColumnMap) -> None:
    """Keep the date of an event or of an end of follow-up, as a day."""
    day, _ = here.day(column)
    name = column.to.removeprefix("followup.").removesuffix("_date")
    if day is not None and name == "event":
        keep_first_event(here, column, day)
        return
    if day is None:
        cell = here.cells[column.at]
        if name in DATELESS and (is_half_date(cell) or meaning(code_text(cell or ""), "yes_no") == "yes"):
            here.work.set_value("status", here.patient, name, "yes", here.sheet.file, here.row)
        return
    if name == "contact":
        status = next(
            (other for other in here.by_at.values() if other.to == "status" and other.time_at == column.at), None
        )
        what = here.coded(status) if status is not None else "censored"
        if status is not None:
            here.work.ask("death", here.patient, what)
        if what not in ("event", "censored"):
            here.note(column, "a last contact of a patient whose status is not known: left out", "", "")
            return
        here.work.ends[here.patient].append(
            ("death" if status and what == "event" else "end of follow-up", day, f"row {here.row}")
        )
    elif name == "assessment":
        here.work.set_value("followup", here.patient, "last_assessment_day", day, here.sheet.file, here.row)
    elif name == "transplant":
        here.work.set_value("followup", here.patient, "transplant_day", day, here.sheet.file, here.row)
    else:
        here.work.ends[here.patient].append((name, day, f"row {here.row}"))


def _keep_time(here: RowCells, column: ColumnMap) -> None:
    value = here.number(column, TIME_UNITS)
    status = next((other for other in here.by_at.values() if other.to == "status" and other.time_at == column.at), None)
    what = "event" if status is None or column.name == "first event" else here.coded(status)
    if status is not None and column.name in ASKED:
        here.work.ask(column.name, here.patient, what)
    if value is None:
        return
    if column.unit not in TIME_UNITS:
        raise InputError([Problem("import", "", column.column, column.unit, " / ".join(TIME_UNITS), NAME)])
    value = _whole_days(value, column)
    if column.unit != "days":
        here.note(column, f"{column.unit} became days", here.cells[column.at], f"{value:g}")
    if column.name == "first event":
        keep_first_event(here, column, value)
        return
    if column.name == "transplant":
        here.work.set_value("followup", here.patient, "transplant_day", value, here.sheet.file, here.row)
        return
    if column.name == "end of follow-up":
        here.work.ends[here.patient].append(("end of follow-up", value, f"row {here.row}"))
    elif what == "event":
        here.work.ends[here.patient].append((column.name, value, f"row {here.row}"))
        if status is not None:
            here.work.ends[here.patient].append(("followed", value, f"row {here.row}"))
    elif what == "censored":
        kind = "end of follow-up" if column.name == "death" else f"{column.name}, censored"
        here.work.ends[here.patient].append((kind, value, f"row {here.row}"))


def _whole_days(value: float, column: ColumnMap) -> float:
    """Take days that were written in weeks to two decimals for the whole days they came from; leave other times as they are."""
    near = round(value)
    exact = column.unit == "weeks" and abs(value - near) <= 0.005 * 7 + 1e-9
    return float(near) if exact or abs(value - near) < 1e-9 else round(value, 4)


def _keep_exposure(here: RowCells, column: ColumnMap) -> None:
    day, _ = here.day(column)
    if day is not None and (column.never is None or day != column.never):
        here.once("exposures", {"patient_id": here.patient, "exposure": column.name, "day": day})


def _keep_first_dose(here: RowCells, column: ColumnMap) -> None:
    day, _ = here.day(column)
    if day is None or (column.never is not None and day == column.never):
        return
    first = float(math.floor(day))
    parts = {other.to: other for other in here.by_at.values() if other.name == column.name and other is not column}
    days = _days_of_course(here, first, parts)
    each = _dose_of_course(here, parts.get("dose of each day"), column.name)
    if not each:
        dose = _dose_of_course(here, parts.get("total dose"), column.name)
        each = {key: value / days if key in ("mg_per_kg", "dose_mg") else value for key, value in dose.items()}
    for later in range(days):
        here.once("treatments", {"patient_id": here.patient, "agent": column.name, "day": first + later} | each)


def _days_of_course(here: RowCells, first: float, parts: dict[str, ColumnMap]) -> int:
    """Count the days of a course from its last day, or from a number of days; one where neither says anything."""
    if (end := parts.get("last dose")) is not None and (last := here.day(end)[0]) is not None:
        days = int(math.floor(last) - first) + 1
        column = end
    elif (length := parts.get("days of drug")) is not None and (number := here.number(length)) is not None:
        days, column = math.ceil(number), length
    else:
        return 1
    if not 1 <= days <= LONGEST_COURSE:
        here.work.problems.append(Problem("import", here.row, column.column, f"a course of {days} days", f"1 to {LONGEST_COURSE} days", here.sheet.file))  # fmt: skip
        return 1
    if days > 1:
        here.note(column, "a course became an administration a day", first, days)
    return days


LONGEST_COURSE = 400


def _dose_of_course(here: RowCells, column: ColumnMap | None, agent: str) -> dict[str, object]:
    """Read the dose of a drug, in all or of a day, as mg of the drug."""
    amount = None if column is None else here.number(column)
    if amount is None:
        return {}
    if column.of and column.of != agent:
        amount *= EQUIVALENT_MG[agent] / EQUIVALENT_MG[column.of]
    if column.to == "total dose":
        here.note(column, "a dose in all was spread evenly over the days of its course", amount, "")
    return dose_in_mg(here, column, amount, column.unit)


def _keep_declared(here: RowCells, column: ColumnMap) -> None:
    value: object = here.number(column) if column.kind == "number" else here.coded(column)
    if column.kind == "boolean":
        value = {"yes": True, "no": False}.get(str(value))
    about = {"kind": column.kind, "meaning": column.name.replace("_", " ")}
    if column.kind == "category":
        about["allowed"] = sorted({what for what in column.codes.values() if what})
    here.work.declared[column.name] = about
    here.work.set_value("patients", here.patient, column.name, value, here.sheet.file, here.row)


def _keep_lab(here: RowCells, column: ColumnMap) -> None:
    if not here.filled(column):
        return
    day, clock = (column.day, "")
    if column.day_at is not None:
        day, clock = here.day(here.by_at[column.day_at])
    keep_measurement(here, column, column.name, here.cells[column.at], column.unit, day, clock)


def keep_measurement(
    here: RowCells,
    column: ColumnMap,
    analyte: str,
    cell: Cell,
    unit: str,
    day: float | None,
    clock: str,
    beside: dict[str, float] | None = None,
) -> str:
    """Keep a measurement; say why it is left out, if it is. *beside*: limits of its own row, for a result that says no number."""
    if day is None:
        here.note(column, "a measurement without a day: left out", "", "")
        return "a measurement without a day"
    read = read_number(cell, column.decimal or ".")
    left, right = column.left_of.get(analyte, column.left_at), column.right_of.get(analyte, column.right_at)
    limit = {"left": left, "right": right} | (beside or {})
    if read is None or (read.value is None and limit[read.side] is None):
        if read is None and column.other_text:
            here.note(column, "text that is no number: left empty", cell, "")
        elif read is not None:
            here.note(column, "beyond a limit that is not told: left out", "a limit", "")
        else:
            here.refuse(column, "a number, or a limit such as <2.5")
        return "beyond a limit that is not told"
    value, side = (read.value if read.value is not None else limit[read.side]), read.side
    if not side and left is not None and value <= left:
        side, value = "left", left
    if not side and right is not None and value >= right:
        side, value = "right", right
    unit = _own_unit(cell) or unit
    wanted = ANALYTE_UNIT.get(analyte) or here.work.analytes.get(
        analyte, unit
    )  # beyond the dictionary: the one it came with first
    factor = conversion_factor(unit, wanted)
    if factor is None:
        here.work.problems.append(
            Problem(
                "import",
                here.row,
                column.column,
                f"unit {unit}",
                f"a unit that converts to {wanted}",
                here.sheet.file,
            )
        )
        return "a unit that does not convert"
    value = float(f"{value * float(factor):.12g}")
    if side:
        here.note(column, f"{side}-censored", cell, f"{value:g}")
    if analyte not in (TABLES["labs"]["analyte"].allowed or ()):
        here.work.analytes.setdefault(analyte, wanted)
    here.work.recorded["labs"].add(analyte)
    row = {"patient_id": here.patient, "day": float(math.floor(day)), "time": clock or clock_of(day), "analyte": analyte, "value": value, "unit": wanted,
           "censored": side or "no", "limit": value if side else None}  # fmt: skip
    here.work.many["labs"].append(row)
    return ""


def _own_unit(cell: Cell) -> str:
    """Find the unit that stands in the cell itself; it wins over the column's."""
    return unit_of(cell) if isinstance(cell, str) and LAB_UNIT.search(cell.strip()) else ""


def clock_of(day: float) -> str:
    """Write the time of day of a day with a fraction; empty where there is none.

    Examples
    --------
    >>> clock_of(3.75), clock_of(3.0)
    ('18:00', '')
    """
    part = day - math.floor(day)
    minutes = round(part * 1440)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" if 0 < minutes < 1440 else ""
