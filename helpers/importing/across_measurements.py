"""What measurements need of other columns: their day, their unit, the limits of their assay."""

from __future__ import annotations

import re
from collections import Counter

from helpers.cohort.units import conversion_factor
from helpers.importing.cells import read_number, repeated_limit
from helpers.importing.dates import read_date
from helpers.importing.facts import Facts
from helpers.importing.headings import analyte_of
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patients import DAY_IN_KEY
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import recognise_date
from helpers.importing.sheet import code_text
from helpers.importing.table import Table
from helpers.importing.units import day_in, time_unit_of, unit_of


def give_days(sheet: SheetMap, facts: list[Facts]) -> None:
    """Give each analyte its day: the column of the true day beside it, a day in the headings, or that of the row."""
    row_day = next((column.at for column in sheet.columns if column.to in ("date", "day")), None)
    for i, column in enumerate(sheet.columns):
        if column.to != "lab":
            continue
        beside = _true_day_of(sheet, facts, i)
        if beside is not None:
            after = sheet.columns[beside]
            after.to, after.reason, after.decide, after.also_decide = (
                "true day",
                f"the day on which column {column.at} was drawn",
                "",
                [],
            )
            after.name, after.kind, after.codes, after.counts, after.never = "", "", {}, {}, None
            after.order = facts[beside].order[0] if facts[beside].is_date else ""
            column.day_at = after.at
            continue
        written = day_in(f"{column.over} / {column.column}")
        written = day_in(sheet.sheet) if written is None else written
        if written is not None:
            column.day = written
        elif row_day is not None:
            column.day_at = row_day
        else:
            column.day = 0
            ask_about(
                column, ["`day`: no heading and no column says on which day it was drawn: day 0 is taken; right?"]
            )
    without = sorted({c.name for c in sheet.columns if c.to == "lab" and "no unit stands" in c.reason})
    if without:
        ask_about(
            sheet,
            [
                f"no unit is written for {', '.join(without)}: the usual one was put into `unit` of these columns; is it right?"
            ],
        )


def _true_day_of(sheet: SheetMap, facts: list[Facts], i: int) -> int | None:
    """Find the column that says when a measurement was made: the next one, or one named like it and a date (CRP D7 date)."""
    own = bare(sheet.columns[i].column)
    for j, other in enumerate(sheet.columns):
        name = bare(other.column)
        same = (
            name != own and re.sub(r"\b(date|datum|fecha|drawn|sampled|日期|时间)\b", " ", name).split() == own.split()
        )
        if same and facts[j].is_date and other.over == sheet.columns[i].over:
            return j
    day = day_in(sheet.columns[i].column)
    placed = any(column.to == "origin" and day_in(column.column) is None for column in sheet.columns)
    for j, other in enumerate(sheet.columns):
        dated = facts[j].is_date and DATE_OF_A_DAY.fullmatch(bare(other.column)) and (other.to != "origin" or placed)
        if dated and day is not None and day_in(other.column) == day and other.over == sheet.columns[i].over:
            return j
    following = i + 1 < len(sheet.columns) and _is_true_day(sheet.columns[i + 1], sheet.columns[i], facts[i + 1])
    return i + 1 if following else None


DATE_OF_A_DAY = re.compile(
    r"((sample|sampling|visit|lab|draw|collection) )?(date|datum)( of (sample|visit))? ?(d|day|tag|visit)? ?\d+|(d|day|tag) ?\d+ (date|datum)"
)


def _is_true_day(column: ColumnMap, lab: ColumnMap, facts: Facts) -> bool:
    name = bare(column.column)
    named = re.match(r"(true )?(date|day|time)\b|(sample|draw|collection) (date|day)", name) is not None
    return (
        named
        and not re.search(r"\d", column.column)
        and (facts.is_number or facts.is_date or not facts.filled)
        and column.over == lab.over
        and not analyte_of(column.column)
    )


def take_units_from_above(sheet: SheetMap, table: Table) -> None:
    """Give measurements without a unit the only one that stands in the lines above the table; that beside an analyte is its own."""
    parts = [part for part in table.above.split(" | ") if unit_of(part)]
    for column in sheet.columns:
        found = {unit_of(part) for part in parts if analyte_of(part) in ("", column.name)}
        if len(found) != 1 or column.to != "lab" or NO_UNIT not in column.reason:
            continue
        unit = min(found)
        if conversion_factor(unit, column.unit) is not None:
            column.unit, column.reason = (
                unit,
                column.reason.split("; no unit stands")[0] + "; the unit stands above the table",
            )


NO_UNIT = "no unit stands"


def ask_about_units_of_rows(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask where no unit is written for measurements, doses or times in rows of their own."""
    to = {column.to: column for column in sheet.columns}
    if sheet.row_is == "measurement" and "labs.unit" not in to and "labs.value" in to:
        value = to["labs.value"]
        value.unit = unit_of(f"{value.column} {value.over}")
        names = to.get("labs.analyte")
        cells = facts[sheet.columns.index(value)].filled
        inside = bool(cells) and all(isinstance(cell, str) and unit_of(cell) for cell in cells)
        if not value.unit and not inside and not (names and names.codes and all(unit_of(code) for code in names.codes)):
            ask_about(value, ["`unit`: no unit is written: the usual one of each analyte? (or write it there)"])
    untimed = not {"date", "day"} & set(to) and sheet.strip_suffix != DAY_IN_KEY
    if sheet.row_is in ("measurement", "administration", "event") and untimed:
        dated = [(column, one) for column, one in zip(sheet.columns, facts, strict=True) if one.is_date]
        if len(dated) == 1 and (found := recognise_date(dated[0][0], dated[0][1], "date")) is not None:
            found.to, found.confidence, found.reason = "date", "likely", "the only date of the row"
        else:
            ask_about(sheet, ["no column says on which day: write `to: date` or `to: day` there, else every row is left out"])  # fmt: skip
    if sheet.row_is == "administration" and "treatments.dose_unit" not in to and "treatments.dose" in to:
        dose, at = to["treatments.dose"], sheet.columns.index(to["treatments.dose"])
        if not dose.unit and any(read_number(cell, dose.decimal or ".") is not None for cell in facts[at].filled):
            ask_about(dose, ["`unit`: no unit is written for the doses: mg? (or write g, µg, mg/kg ...)"])
    if sheet.row_is == "parameter" and "adtte.unit" not in to and "adtte.value" in to:
        titles = next((one.counts for one in facts if one.column.name.upper() == "PARAM"), {})
        units = {time_unit_of(title) for title in titles}
        if len(units) == 1 and units != {""}:
            to["adtte.value"].unit = units.pop()
            return
        ask_about(to["adtte.value"], ["`unit`: no unit is written: days? (or write weeks, months, years)"])


def ask_about_limits(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about limits of detection that were entered as values, over all columns or rows of an analyte."""
    if sheet.row_is == "measurement":
        _ask_about_limits_of_rows(sheet, facts)
    by_name: dict[str, list[int]] = {}
    for i, column in enumerate(sheet.columns):
        if column.to == "lab":
            by_name.setdefault(column.name, []).append(i)
    for places in by_name.values():
        cells = [read_number(cell, facts[i].decimal[0]) for i in places for cell in facts[i].filled]
        values = [one.value for one in cells if one is not None and one.value is not None and not one.side]
        for i in places:
            untold = Counter(
                one.side
                for cell in facts[i].filled
                if (one := read_number(cell, facts[i].decimal[0])) and one.value is None
            )
            for side, count in sorted(untold.items()):
                told = read_number(facts[i].column.limits[side == "right"], facts[i].decimal[0])
                if told is not None and told.value is not None:
                    setattr(sheet.columns[i], f"{side}_at", told.value)
                    ask_about(sheet.columns[i], [f"`{side}_at`: {count} cells lie {'below' if side == 'left' else 'above'} a limit, and a row of the file says {told.value:g} for it; right?"])  # fmt: skip
                    continue
                ask_about(sheet.columns[i], [f"`{side}_at`: {count} cells lie {'below' if side == 'left' else 'above'} a limit that is not told: write it, else they are left out"])  # fmt: skip
        _ask_about_told_limits(sheet, facts, places)
        low, high = repeated_limit(values)
        for place, limit, side in (("left_at", low, "lowest"), ("right_at", high, "highest")):
            if limit is None:
                continue
            for i in places:
                setattr(sheet.columns[i], place, limit)
            count = values.count(limit)
            ask_about(sheet.columns[places[0]], [f"`{place}`: {count} of {len(values)} values equal the {side}, {limit:g}: a limit of the assay entered as a value? "
                                            f"(if they were measured, delete `{place}` in each column of the analyte)"])  # fmt: skip


def ask_about_repeated(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about two results of one analyte at the same time of one patient that differ: a correction, or a second sample."""
    at = {column.to: i for i, column in enumerate(sheet.columns)}
    when = at.get("date", at.get("day"))
    if sheet.row_is != "measurement" or when is None or not {"patient", "labs.analyte", "labs.value"} <= set(at):
        return
    places = [facts[i].column.cells for i in (at["patient"], when, at["labs.analyte"])]
    clock = facts[at["time"]].column.cells if "time" in at else [None] * len(places[0])
    found: dict[tuple[str, ...], set[str]] = {}
    for i, value in enumerate(facts[at["labs.value"]].column.cells):
        timed = clock[i] is not None or ((moment := read_date(places[1][i])) is not None and moment.clock)
        if timed and value is not None:
            found.setdefault((*(str(cells[i]) for cells in places), str(clock[i])), set()).add(code_text(value))
    apart = sum(len(values) > 1 for values in found.values())
    if apart:
        ask_about(sheet.columns[at["labs.value"]], [f"`to`: {apart} times there are several results of one analyte of one patient at the same time, and they differ: a correction beside what it corrects, or another sample? all are kept; right? (else correct the file)"])  # fmt: skip


DILUTED = re.compile(r" (dilution|diluted|dilution factor|verdunnung\w*|dilucion|diluizione) |稀释")
CORRECTED = re.compile(
    r"(corrected|multiplied|adjusted|calculated)\W+(?:\w+\W+){0,2}dilution|dilution\W+(?:\w+\W+){0,2}(corrected|adjusted|accounted)|已.{0,4}稀释",
    re.IGNORECASE,
)


def ask_about_dilutions(sheet: SheetMap, facts: list[Facts], above: str) -> None:
    """Ask whether results beside a dilution are those of the sample or of what was diluted."""
    for column, one in zip(sheet.columns, facts, strict=True):
        told = f"{above} {' '.join(other.column for other in sheet.columns)}"
        diluted = sum(value not in (0, 1) for value in one.numbers)
        measured = any(other.to in ("lab", "labs.value") for other in sheet.columns)
        if not DILUTED.search(f" {bare(column.column)} ") or not diluted or not measured or CORRECTED.search(told):
            continue
        column.to, column.reason, column.name, column.kind = "leave out", "how far a sample was diluted", "", ""
        column.codes, column.counts, column.decide, column.also_decide = {}, {}, "", []
        ask_about(column, [f"`to`: {diluted} samples were diluted, and nothing says whether the results are already multiplied by the dilution: they are taken as they stand; right? (else correct the file)"])  # fmt: skip


def _ask_about_told_limits(sheet: SheetMap, facts: list[Facts], places: list[int]) -> None:
    """Ask about values at or beyond a limit that a row of the file says, where no cell is marked as beyond it."""
    for i in places:
        for side, told in zip(("left", "right"), facts[i].column.limits, strict=True):
            limit = read_number(told, facts[i].decimal[0])
            if limit is None or limit.value is None or getattr(sheet.columns[i], f"{side}_at") is not None:
                continue
            beyond = sum(value <= limit.value if side == "left" else value >= limit.value for value in facts[i].numbers)
            if beyond:
                setattr(sheet.columns[i], f"{side}_at", limit.value)
                ask_about(sheet.columns[i], [f"`{side}_at`: {beyond} values are at or beyond {limit.value:g}, which a row of the file says is the limit; right?"])  # fmt: skip


def _ask_about_limits_of_rows(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask the same of a table with a row per measurement, analyte by analyte."""
    at = {column.to: i for i, column in enumerate(sheet.columns)}
    if not {"labs.analyte", "labs.value"} <= set(at):
        return
    names, column = sheet.columns[at["labs.analyte"]], sheet.columns[at["labs.value"]]
    decimal, found = column.decimal or ".", {}
    for name, cell in zip(facts[at["labs.analyte"]].column.cells, facts[at["labs.value"]].column.cells, strict=True):
        analyte = "" if name is None else names.codes.get(code_text(name), "")
        if analyte and (one := read_number(cell, decimal)) is not None:
            found.setdefault(analyte, []).append(one)
    told = {side for side, to in (("left", "labs.limit"), ("right", "labs.upper_limit")) if to in at}
    for analyte, numbers in sorted(found.items()):
        for side, count in sorted(Counter(one.side for one in numbers if one.value is None).items()):
            if side in told:  # each row has its own
                continue
            ask_about(column, [f"`{side}_of`: {count} results of {analyte} lie {'below' if side == 'left' else 'above'} a limit that is not told: write `{analyte}: limit`, else they are left out"])  # fmt: skip
        values = [one.value for one in numbers if one.value is not None and not one.side]
        for place, limit, side in zip(
            ("left_of", "right_of"), repeated_limit(values), ("lowest", "highest"), strict=True
        ):
            if limit is not None:
                getattr(column, place)[analyte] = limit
                ask_about(column, [f"`{place}`: {values.count(limit)} of {len(values)} results of {analyte} equal the {side}, {limit:g}: a limit of the assay entered as a value? (if they were measured, delete it)"])  # fmt: skip
