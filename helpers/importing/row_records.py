"""Rows that are one record each: a measurement, an administration, an adverse event, a parameter of ADTTE."""

from __future__ import annotations

import math
import re

from helpers.cohort.steroids import ANY, EQUIVALENT_MG
from helpers.cohort.units import ANALYTE_UNIT
from helpers.importing.across_doses import times_of_row
from helpers.importing.cells import is_missing, read_number
from helpers.importing.code_words import agent_of
from helpers.importing.dates import date_as_mapped
from helpers.importing.event_words import first_event_of
from helpers.importing.headings import analyte_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.row_cells import RowCells
from helpers.importing.row_columns import LONGEST_COURSE, clock_of, dose_in_mg, keep_measurement
from helpers.importing.sheet import code_text
from helpers.importing.units import TIME_UNITS, dose_unit_of, time_unit_of, unit_of
from helpers.importing.word_lists import ADTTE
from helpers.problems import Problem


def measurement(here: RowCells) -> str:
    """Keep a measurement; say why it is left out, if it is."""
    name, value = here.mapped("labs.analyte"), here.mapped("labs.value")
    side = "" if name is None or value is None else _flagged(here)
    if name is None or value is None or not here.filled(name) or not (here.filled(value) or side):
        return "no analyte or no value"
    text = code_text(here.cells[name.at])
    analyte = name.codes.get(text, "") if name.codes else analyte_of(text)
    if not analyte:
        here.note(name, "an analyte that is not known here: left out", text, "")
        return "an analyte that is not kept"
    unit = _lab_unit(here, value, text) or ANALYTE_UNIT.get(analyte, "")
    if not unit:
        return "an analyte beyond the dictionary without a unit"
    day, clock = here.when()
    cell, sign = here.cells[value.at], here.mapped("labs.sign")
    if (
        sign is not None
        and here.filled(sign)
        and not is_missing(cell)
        and (mark := code_text(here.cells[sign.at])) != "="
    ):
        cell = f"{mark[0]}{code_text(cell)}"
    if side and (not here.filled(value) or read_number(cell, value.decimal or ".") is not None):
        cell = f"{side}{code_text(cell).lstrip('<>') if here.filled(value) else 'lloq' if side == '<' else 'uloq'}"
    below, above = (_limit(here, to) for to in ("labs.limit", "labs.upper_limit"))
    limits = {side: limit for side, limit in (("left", below), ("right", above)) if limit is not None}
    return keep_measurement(here, value, analyte, cell, unit, day, clock, limits)


def _flagged(here: RowCells) -> str:
    """Say by a sign what a flag says of the result of its row: below or above a limit; empty if neither."""
    for to, sign in (("labs.below", "<"), ("labs.above", ">")):
        column = here.mapped(to)
        if column is not None and here.filled(column) and here.coded(column) == "yes":
            return sign
    return ""


def _limit(here: RowCells, to: str) -> float | None:
    """Read the limit of the assay that stands beside a result."""
    column = here.mapped(to)
    return None if column is None or not here.filled(column) else here.number(column)


def _lab_unit(here: RowCells, value: ColumnMap, analyte: str) -> str:
    """Find the unit of a measurement: its own column, the heading of the value, the name of the analyte."""
    unit = here.mapped("labs.unit")
    if unit is not None and here.filled(unit):
        text = code_text(here.cells[unit.at])
        written = unit.codes.get(text, "") if unit.codes else unit_of(text)
        if not written:
            here.refuse(unit, "a unit that the mapping knows")
        return written
    return (unit.empty_means if unit is not None else "") or value.unit or unit_of(analyte)


def administration(here: RowCells) -> str:
    """Keep an administration of a drug; say why it is left out, if it is."""
    agent = here.mapped("treatments.agent")
    if agent is None and here.sheet.drug:
        text, name = "", here.sheet.drug
    elif agent is None or not here.filled(agent):
        return "no drug"
    else:
        written = code_text(here.cells[agent.at])
        text, name = bare(written), agent.codes.get(written) or agent_of(written)
    day, clock = here.when()
    if day is None:
        here.note(agent or next(iter(here.by_at.values())), "an administration without a day: left out", "", "")
        return "an administration without a day"
    row = {"patient_id": here.patient, "agent": name, "day": float(math.floor(day)), "time": clock or clock_of(day)}
    row |= _dose_of_row(here, name)
    for to in ("route", "indication"):
        if (column := here.mapped(f"treatments.{to}")) is not None:
            row[to] = here.coded(column)
    salt = next((salt for word, salt in SALTS.items() if word in text), None)
    if salt:
        row["salt"] = salt
    return _keep_course(here, row)


def _keep_course(here: RowCells, row: dict[str, object]) -> str:
    """Keep an administration, on each day up to the last of its course where the mapping says so."""
    until, last = here.mapped("until"), None
    first = row["day"]
    if until is not None:
        last, _ = here.day(until)
    elif (until := here.mapped("treatments.days")) is not None and (length := here.number(until)) is not None:
        last = first + length - 1
    if last is not None and not 0 <= last - first <= LONGEST_COURSE:
        here.work.problems.append(
            Problem("import", here.row, until.column, f"an end {last - first:g} days after the start", f"0 to {LONGEST_COURSE} days", here.sheet.file)
        )  # fmt: skip
        return "a course that ends before it starts"
    days = 1 if last is None else int(math.floor(last) - first) + 1
    if days > 1:
        here.note(until, "a course became an administration a day", first, days)
    for later in range(days):
        here.work.many["treatments"].append(row | {"day": first + later} | ({"time": ""} if later else {}))
    return ""


SALTS = {
    "phosphate": "sodium phosphate",
    "succinate": "sodium succinate",
    "acetate": "acetate",
    "磷酸": "sodium phosphate",
    "琥珀酸": "sodium succinate",
}


def _dose_of_row(here: RowCells, agent: str) -> dict[str, object]:
    """Read a dose and its unit: in the cell itself, in a column of units, or in the heading; by weight, it waits for the weight."""
    dose, unit = here.mapped("treatments.dose"), here.mapped("treatments.dose_unit")
    if dose is None or not here.filled(dose):
        return {}
    cell, written = here.cells[dose.at], ""
    if isinstance(cell, str) and (found := re.fullmatch(r"\s*([\d.,]*\d)\s*([^\W\d_].*)", cell)):
        written = dose_unit_of(found.group(2))
        if not written:
            here.refuse(dose, "a dose in mg, g or µg, or by kg")
            return {}
        read = read_number(found.group(1), dose.decimal or ".")
        amount = read.value if read is not None else None
    else:
        amount = here.number(dose)
    if amount is None or (dose.name and (agent not in EQUIVALENT_MG or dose.name not in EQUIVALENT_MG)):
        return {}
    if agent == ANY and not dose.name:
        here.note(dose, "a dose of a steroid that is not named, and not in equivalents: no dose", amount, "")
        return {}
    if dose.name and dose.name != agent:
        told, amount = amount, float(f"{amount * EQUIVALENT_MG[agent] / EQUIVALENT_MG[dose.name]:.12g}")
        here.note(dose, f"equivalents of {dose.name} became {agent}", told, f"{amount:g}")
    often = here.mapped("treatments.times")
    if often is not None and here.filled(often):
        times = times_of_row(often, here.cells[often.at])
        if times is None:
            here.note(often, "nobody knows how often the dose was given: no dose", "", "")
            return {}
        if times > 1:
            here.note(often, "a dose given several times became that of the day", amount, f"{amount * times:g}")
        amount *= times
    if not written and unit is not None and here.filled(unit):
        text = code_text(here.cells[unit.at])
        written = unit.codes.get(text, "") if unit.codes else dose_unit_of(text)
        if not written:
            here.note(unit, "a unit that does not become mg: no dose", text, "")
            return {}
    written = written or dose.unit or (unit.empty_means if unit is not None else "") or "mg"
    return dose_in_mg(here, dose, amount, written)


def toxic_event(here: RowCells) -> str:
    """Keep an adverse event with its grade; say why it is left out, if it is."""
    event, grade = here.mapped("toxicity.event"), here.mapped("toxicity.grade")
    if event is None:
        what = here.sheet.event
    else:
        what = event.codes.get(code_text(here.cells[event.at])) if here.filled(event) else None
    if not what:
        return "an event that is not kept"
    how = here.coded(grade)
    day, _ = here.when()
    here.work.recorded["toxicity"].add(what)
    if how in (None, "0") or day is None:
        return "an event without a grade or a day"
    until = here.mapped("until")
    end = here.day(until)[0] if until is not None else None
    row = {"patient_id": here.patient, "event": what, "day_from": float(math.floor(day)), "grade": int(how)}
    here.work.many["toxicity"].append(row | ({"day_to": float(math.floor(end))} if end is not None else {}))
    return ""


def parameter(here: RowCells) -> str:
    """Keep a parameter of ADTTE as an event or an end of follow-up; say why it is left out, if it is."""
    name, value, censored = here.mapped("adtte.parameter"), here.mapped("adtte.value"), here.mapped("adtte.censored")
    code = code_text(here.cells[name.at])
    endpoint = name.codes.get(code, "") if name.codes else ADTTE.get(code.upper(), "")
    if not endpoint:
        return "a parameter that is not kept"
    amount = here.number(value)
    if amount is None or is_missing(here.cells[censored.at]):
        return "no time or no censoring"
    here.work.recorded["followup"].add(endpoint.split()[0])
    unit, written = here.mapped("adtte.unit"), value.unit or "days"
    if unit is not None and not is_missing(here.cells[unit.at]):
        written = time_unit_of(f"a {code_text(here.cells[unit.at])}")
    if written not in TIME_UNITS:
        here.refuse(unit or value, " / ".join(TIME_UNITS))
        return "a unit of time that is not known"
    amount -= value.first_day if written == "days" and amount > 0 else 0
    day, dated = round(amount * TIME_UNITS[written], 4), _days_between(here)
    if dated is not None and dated != day:
        here.note(value, "the days from STARTDT to ADT", here.cells[value.at], f"{dated:g}")
    event = code_text(here.cells[censored.at]) == "0"
    kind = endpoint if event else "end of follow-up" if endpoint == "death" else f"{endpoint}, censored"
    named = here.mapped("adtte.event")
    if kind == "progression or death" and named is not None:
        said = first_event_of(code_text(here.cells[named.at] or ""))
        kind = said if said in ("relapse", "progression", "treatment_failure") else kind
        here.work.recorded["followup"] |= {kind.replace("_", " ")} & {"relapse", "treatment failure"}
    here.work.ends[here.patient].append((kind, day if dated is None else dated, f"row {here.row}"))
    return ""


def _days_between(here: RowCells) -> float | None:
    """Count the days from the start of a time to its end, where both stand in the row as dates."""
    found = []
    for column in (here.mapped("adtte.start"), here.mapped("adtte.date")):
        cell = None if column is None else here.cells[column.at]
        moment = None if is_missing(cell) else date_as_mapped(cell, column.order, column.exchange)
        if moment is None:
            return None
        found.append(moment.date)
    return float((found[1] - found[0]).days)
