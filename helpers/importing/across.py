"""What only several columns or sheets show together: days of measurements, times and their statuses, keys, limits, dates."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime

from helpers.importing.cells import (
    BETWEEN_SYSTEMS,
    date_as_mapped,
    is_missing,
    read_date,
    read_number,
    repeated_limit,
)
from helpers.importing.described import checkbox
from helpers.importing.facts import NOT_KNOWN, Facts
from helpers.importing.grid import Sheet, code_text
from helpers.importing.mapping import ColumnMap, Mapping, SheetMap
from helpers.importing.patients import DAY_IN_KEY, cut, joined, key_of, loose, settle_prefixes, suffix_of
from helpers.importing.recognise import NO_PLACE, ask_about
from helpers.importing.table import Table
from helpers.importing.vocabulary import (
    TIME_UNITS,
    analyte_of,
    bare,
    day_in,
    endpoint_of,
    target_of,
    unit_of,
)


def tie_forms(columns: list[ColumnMap], facts: list[Facts]) -> None:
    """Tie each REDCap checkbox to the column that says whether its form is complete."""
    complete = {
        one.column.name.removesuffix("_complete"): one.column.at
        for one in facts
        if one.column.name.endswith("_complete")
    }
    last = next((i for i in range(len(facts) - 1, -1, -1) if facts[i].column.name == "Complete?"), -1)
    for i, (column, one) in enumerate(zip(columns, facts, strict=True)):
        if "(choice=" in one.column.name and column.codes and i < last:
            column.complete_at = next(other.column.at for other in facts[i:] if other.column.name == "Complete?")
            column.reason += "; a box that is not ticked counts as no only where the form is complete"
    boxes = {checkbox(one.column.name)[0]: one.column.at for one in facts if one.said.title.lower() in NOT_KNOWN}
    for column, one in zip(columns, facts, strict=True):
        column.unknown_at = boxes.get(checkbox(column.column)[0] or "-") if column.codes else None
        if "___" in column.column and column.codes and one.said.form in complete:
            column.complete_at = complete[one.said.form]
            column.reason += "; a box that is not ticked counts as no only where the form is complete"


def ask_about_sides(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about a table whose patients stand side by side: known words go down its first column and not along its headings."""
    if len(facts) < 3:
        return
    down = [target_of(code_text(cell))[0] or endpoint_of(code_text(cell)) for cell in facts[0].column.cells if cell]
    along = [target_of(one.column.name)[0] or endpoint_of(one.column.name) for one in facts[1:]]
    if sum(map(bool, down)) >= max(3, len(down) / 2) and not any(along):
        sheet.row_is = "leave out"
        ask_about(sheet, ["its headings go down the first column, so the patients seem to stand side by side: turn the table round in a spreadsheet (copy, paste transposed) and name the new file; or leave it out"])  # fmt: skip


def settle_decimals(sheet: SheetMap, facts: list[Facts]) -> None:
    """Where a column's own cells leave the decimal mark open, say what the other columns of the file have."""
    if not any(one.decimal == (",", "") for one in facts):
        return
    for column, one in zip(sheet.columns, facts, strict=True):
        if one.decimal[1] and one.is_number and column.to not in ("leave out", "patient"):
            column.decimal = ","
            column.decide = column.decide.replace(
                one.decimal[1],
                f"{one.decimal[1]} (other columns of the file have a decimal comma, so `,` was put there)",
            )


ONCE = (
    "patients.",
    "response.",
    "status.",
    "toxicity.CRS",
    "toxicity.ICANS",
    "origin",
    "birth",
    "labs.",
    "treatments.",
)


def ask_about_twice(sheet: SheetMap) -> None:
    """Ask where two columns are taken for the same thing, two grading systems for instance."""
    places: dict[str, list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.to.startswith(ONCE) and not column.to.endswith(".on_day"):
            places.setdefault(column.to, []).append(column)
    for to, columns in places.items():
        if len(columns) > 1:
            what = " (two grading systems are never mixed)" if to.endswith("grade") else ""
            ask_about(
                columns[1],
                [
                    f"`to`: columns {' and '.join(str(column.at) for column in columns)} are both taken for {to}; which one?{what}"
                ],
            )


SYSTEM = re.compile(r" (grading|criteria|scale|system|graduierung|einteilung) |评分标准|分级标准|分级系统")


def ask_about_systems(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask where rows are graded after several systems: the rows of one are kept."""
    graded = any(column.to.startswith("toxicity.") and column.to.endswith("grade") for column in sheet.columns)
    for column, one in zip(sheet.columns, facts, strict=True):
        named = SYSTEM.search(f" {bare(column.column)} ") and column.to in ("leave out", "declared")
        if not (graded and named) or len(one.counts) < 2 or not one.safe_codes():
            continue
        column.to, column.name, column.kind, column.reason = "rows", "", "", "the grading system of the row"
        column.counts = dict(one.counts.most_common())
        column.codes = {code: "leave out" if i else "keep" for i, code in enumerate(column.counts)}
        kept = next(iter(column.counts.values()))
        ask_about(column, [f"`codes`: {len(one.counts)} grading systems stand in this column; grades of different systems are not mixed: the {kept} rows of the commonest are kept; right?"])  # fmt: skip


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
            ask_about(column, ["`day`: no heading and no column says on which day it was drawn"])
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
    following = i + 1 < len(sheet.columns) and _is_true_day(sheet.columns[i + 1], sheet.columns[i], facts[i + 1])
    return i + 1 if following else None


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


def pair_times(sheet: SheetMap, facts: list[Facts]) -> None:
    """Put each time together with its status."""
    times = [column for column in sheet.columns if column.to == "time" and column.name not in ("end of follow-up",)]
    statuses = [column for column in sheet.columns if column.to == "status"]
    followed = [column for column in sheet.columns if column.to == "time" and column.name == "end of follow-up"]
    by_at = {column.at: column for column in sheet.columns}
    dates = {
        column.to: column
        for column in sheet.columns
        if column.to.startswith("followup.") and column.to.endswith("_date")
    }
    for status in statuses:
        own = [time for time in times if time.name == status.name]
        if len(own) > 1:
            stem = bare(status.column).split(" ")[0]
            own = [time for time in own if bare(time.column).split(" ")[0] == stem] or own
        if len(own) == 1:
            status.time_at = own[0].at
        elif len(own) > 1:
            status.time_at = own[0].at
            ask_about(status, [f"`time_at`: {len(own)} columns could be its time"])
        elif not own and len(times) == 1 and len(statuses) == 1:
            status.time_at = times[0].at
            if endpoint_of(status.column):
                times[0].name = status.name
            else:
                status.name = times[0].name  # a heading such as "status" belongs to whatever the time is of
        elif not own and len(followed) == 1 and status.name == "death":
            status.time_at, followed[0].name = followed[0].at, "death"
        elif f"followup.{status.name}_date" in dates:
            status.to, status.reason, status.decide, status.also_decide = (
                "leave out",
                "the date of the event says the same",
                "",
                [],
            )
        elif status.name == "death" and "followup.contact_date" in dates:
            status.time_at = dates["followup.contact_date"].at
        elif status.name in ("death", "relapse", "progression"):
            status.to, status.reason = f"status.{status.name}", "yes or no without a day"
            doubts = [text for text in (status.decide, *status.also_decide) if not text.startswith("`empty_means`")]
            status.decide, status.also_decide = "", []
            ask_about(status, doubts)
            status.codes = {
                code: {"event": "yes", "censored": "no"}.get(what, what) for code, what in status.codes.items()
            }
        else:
            status.to, status.reason, status.decide, status.also_decide = (
                "leave out",
                "a composite event without a time",
                "",
                [],
            )
            ask_about(status, ["`time_at`: no column is known as its time: left out; or write `to: status` and `time_at` here, and `to: time`, `name` and `unit` there"])  # fmt: skip
    for time in times:
        if any(status.time_at == time.at for status in statuses):
            continue
        other = [status for status in statuses if status.time_at in by_at and by_at[status.time_at].name == time.name]
        if time.name == "death" and not other and "day" not in bare(time.column):
            time.name = "end of follow-up"
            ask_about(
                time,
                [
                    "`to`: a survival time without a status: is it the last contact of everybody (nobody known to be dead)?"
                ],
            )
        elif not other:
            ask_about(time, ["`to`: no status belongs to it; is every value the day of the event?"])
    composite = [time for time in times if time.name == "progression or death"]
    if composite and not any(time.name == "death" for time in times) and "followup.death_date" not in dates:
        ask_about(
            composite[0],
            [
                "`name`: it does not say which events were deaths, so there is no overall survival; take all for progression (write progression), or leave the column out?"
            ],
        )


def settle_patients(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about the patient's key: none, several rows, names of samples, gaps."""
    found = [i for i, column in enumerate(sheet.columns) if column.to == "patient"]
    samples = [i for i, column in enumerate(sheet.columns) if target_of(column.column)[0] == "sample"]
    if not found and samples:
        found = samples[:1]
        _sample_is_patient(sheet, facts[found[0]], found[0])
    if len(found) > 1:
        best = max(found, key=lambda i: (len(facts[i].counts), -i))
        for i in found:
            if i != best:
                sheet.columns[i].to, sheet.columns[i].reason = "leave out", "another column is the patient's key"
        found = [best]
    if not found:
        if sheet.row_is == "patient" and all(column.to in ("declared", "leave out") for column in sheet.columns):
            ask_about(sheet, ["no heading is known and no column names the patient: is this a table of patients? (else `row_is: leave out`)"])  # fmt: skip
        if sheet.row_is in ("patient", "parameter"):
            sheet.notes.append("no column names the patient: each row is taken for one")
            if near := [
                column.at for column, one in zip(sheet.columns, facts, strict=True) if _could_be_key(column, one)
            ]:
                ask_about(sheet, [f"no column is known to name the patient, so each row is taken for one; is it column {' or '.join(map(str, near))}? (then write `to: patient` there)"])  # fmt: skip
        else:
            ask_about(sheet, ["no column names the patient: which one? write `to: patient` there"])
        return
    cells = facts[found[0]].column.cells
    empty = [i for i, cell in enumerate(cells) if cell is None or not str(cell).strip()]
    if empty and empty[0] > 0:
        sheet.fill_down = True
        ask_about(
            sheet,
            [
                f"`fill_down`: {len(empty)} rows have no patient; do they belong to the patient above (true), or are they left out (false)?"
            ],
        )
    keys = [key_of(cell) for cell in cells if cell is not None and str(cell).strip()]
    suffix = suffix_of(keys)
    if suffix:
        plain = {re.sub(suffix, "", key) for key in keys}
        sheet.strip_suffix = suffix
        ask_about(
            sheet,
            [
                f"`strip_suffix`: {len(set(keys))} names look like several samples of {len(plain)} patients; is it so (else empty it)?"
            ],
        )
    elif sheet.row_is == "patient" and len(set(keys)) < len(keys):
        ask_about(sheet, _numbered_by_centre(sheet, facts, keys))
        sheet.notes.append(
            f"{len(keys)} rows of {len(set(keys))} patients: values that differ between rows of a patient are refused"
        )


CENTRE = re.compile(r" (cent(er|re)|site|hospital|clinic|klinik|zentrum|hopital|centro) |中心|医院|院区")


def _numbered_by_centre(sheet: SheetMap, facts: list[Facts], keys: list[str]) -> list[str]:
    """Ask whether each centre numbers its patients from 1, where number and centre together name each row."""
    for column, one in zip(sheet.columns, facts, strict=True):
        pairs = list(zip(keys, map(str, one.column.cells), strict=False))
        if CENTRE.search(f" {bare(column.column)} ") and len(set(pairs)) == len(pairs) == len(one.column.cells):
            return [f"the same numbers of patients stand in several centres (column {column.at}): other patients? Then join centre and number into one column of the file; if they are the same patients, go on"]  # fmt: skip
    return []


def _could_be_key(column: ColumnMap, facts: Facts) -> bool:
    """Tell whether a column that is nothing else could name the patient: another code in each row."""
    free = column.to == "declared" or (column.to == "leave out" and column.reason.startswith("text of many"))
    codes = [code_text(cell) for cell in facts.filled]
    short = all(re.fullmatch(r"[\w./#-]{1,20}", code) and re.search(r"\d", code) for code in codes)
    whole = not any(re.fullmatch(r"\d+[.,]\d+", code) for code in codes)
    return free and short and whole and len(codes) == len(facts.column.cells) == len(set(codes)) > 1


def _sample_is_patient(sheet: SheetMap, facts: Facts, place: int) -> None:
    """Take the name of a sample for the patient's, with the day that it may end in."""
    column = sheet.columns[place]
    column.to = "patient"
    dated = [cell for cell in facts.filled if re.search(DAY_IN_KEY, code_text(cell))]
    if dated and len(dated) >= 0.8 * len(facts.filled):
        sheet.strip_suffix = DAY_IN_KEY
        for lab in (other for other in sheet.columns if other.to == "lab"):
            lab.day_at, lab.day = column.at, None
            lab.decide = "" if lab.decide.startswith("`day`") else lab.decide
        ask_about(
            column,
            [
                f"`to`: {len(dated)} of {len(facts.filled)} names of samples end in a day; the patient is what stands before it; right?"
            ],
        )
    else:
        ask_about(column, ["`to`: no column names the patient, so the sample's name is taken for it; right?"])


def settle_plate(sheet: SheetMap, facts: list[Facts]) -> None:
    """Read the export of a plate: the sample stands in the description, and blanks and standards are no patients."""
    names = [bare(column.column) for column in sheet.columns]
    if not {"well", "wells", "location"} & set(names) or not any(column.to == "lab" for column in sheet.columns):
        return
    sheet.row_is = "sample"
    kept_wells: list[bool] = []
    for column, one, name in zip(sheet.columns, facts, names, strict=True):
        if name in ("well", "wells", "location", "sampling errors", "total events"):
            column.to, column.name, column.kind, column.reason = "leave out", "", "", "a place on the plate"
            column.codes, column.counts = {}, {}
        elif name in ("type", "sample type", "well type") and one.filled:
            column.to, column.name, column.kind, column.reason = "rows", "", "", "what the well holds"
            column.counts = dict(sorted(one.counts.items()))
            column.codes = {code: "leave out" if CONTROL.fullmatch(code) else "keep" for code in column.counts}
            kept = sum(column.counts[code] for code, what in column.codes.items() if what == "keep")
            kept_wells = [
                column.codes.get("" if cell is None else code_text(cell)) == "keep" for cell in one.column.cells
            ]
            ask_about(column, [f"`codes`: {kept} of {len(one.filled)} wells hold samples of patients, the others blanks, standards or controls; right?"])  # fmt: skip
    if any(kept_wells):  # what standards and blanks hold says nothing about the patients
        facts[:] = [_only_rows(one, kept_wells) for one in facts]
    for i, (column, name) in enumerate(zip(sheet.columns, names, strict=True)):
        if (
            name in ("description", "sample", "sample id", "sample name")
            and column.to == "leave out"
            and facts[i].filled
        ):
            _sample_is_patient(sheet, facts[i], i)


def _only_rows(facts: Facts, kept: list[bool]) -> Facts:
    cells = [cell for cell, keep in zip(facts.column.cells, kept, strict=True) if keep]
    return Facts(replace(facts.column, cells=cells), facts.said)


CONTROL = re.compile(r"(b|blank|bkg|background|s|std|standard|c|qc|control|ctrl)\s*-?\d*", re.IGNORECASE)


def ask_about_unplaced(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about dates that have no place while day 0 or the end of follow-up is missing, and about properties that are none."""
    if sheet.row_is not in ("patient", "infusion"):
        return
    to = {column.to for column in sheet.columns}
    ends = to & {"followup.contact_date", "followup.death_date", "time"}
    dated = [column for column in sheet.columns if column.reason == NO_PLACE]
    if dated and "origin" not in to:
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known, and none is day 0: write `to` there, or leave them out"])  # fmt: skip
    elif dated and not ends:
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known, and none is a last contact: write `to` there, or leave them out"])  # fmt: skip
    elif any(
        not all(one.column.cells) for column, one in zip(sheet.columns, facts, strict=True) if column in dated
    ) and not _says_who_died(sheet):
        ask_about(sheet, [f"{len(dated)} columns hold dates whose headings are not known (column {', '.join(str(column.at) for column in dated)}), and no column says who died: write `to` there, or leave them out"])  # fmt: skip
    elif dated:
        sheet.notes.append(f"dates that are not kept: columns {', '.join(str(column.at) for column in dated)}")


def _says_who_died(sheet: SheetMap) -> bool:
    return any(
        column.to in ("followup.death_date", "status.death")
        or (column.to in ("status", "time") and "death" in column.name)
        for column in sheet.columns
    )


def settle_repeated(sheet: SheetMap, facts: list[Facts]) -> None:
    """Leave out, and ask about, what is no property of a patient: its values differ between the rows of one."""
    key = next((i for i, column in enumerate(sheet.columns) if column.to == "patient"), None)
    if key is None or sheet.row_is not in ("patient", "sample"):
        return
    above, keys = "", []
    for cell in facts[key].column.cells:
        here = key_of(cell)
        above = here or (above if sheet.fill_down else "")
        keys.append(re.sub(sheet.strip_suffix, "", above) if sheet.strip_suffix else above)
    if len(set(keys)) == len(keys):
        return
    for column, one in zip(sheet.columns, facts, strict=True):
        if column.to != "declared":
            continue
        found: dict[str, set[str]] = {}
        for patient, cell in zip(keys, one.column.cells, strict=True):
            if patient and not is_missing(cell, one.missing):
                found.setdefault(patient, set()).add(code_text(cell))
        apart = sum(len(values) > 1 for values in found.values())
        if apart:
            column.to, column.reason = "leave out", "no property of a patient"
            column.codes, column.counts, column.kind, column.decide, column.also_decide = {}, {}, "", "", []
            ask_about(column, [f"`to`: its values differ between the rows of {apart} patients, so it is left out (a measurement: write `to: lab`, `name` and `unit`); right?"])  # fmt: skip


def settle_infusions(sheet: SheetMap, facts: list[Facts]) -> None:
    """Say how many patients have several infusions, and ask whether the first is the one that counts."""
    if sheet.row_is != "infusion":
        return
    key = next((i for i, column in enumerate(sheet.columns) if column.to == "patient"), None)
    if key is None:
        return
    counts = Counter(key_of(cell) for cell in facts[key].column.cells if key_of(cell))
    several = sum(count > 1 for count in counts.values())
    sheet.notes = [note for note in sheet.notes if "are refused" not in note]
    ask_about(sheet, [f"{sum(counts.values())} infusions of {len(counts)} patients, {several} of whom had several: the first is day 0 and only its columns are kept, "
                      "later ones become repeat infusions of screening.csv, with their dates of death and last contact; right?"])  # fmt: skip


def ask_about_units_of_rows(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask where no unit is written for measurements, doses or times in rows of their own."""
    to = {column.to: column for column in sheet.columns}
    if sheet.row_is == "measurement" and "labs.unit" not in to and "labs.value" in to:
        value = to["labs.value"]
        value.unit = unit_of(f"{value.column} {value.over}")
        names = to.get("labs.analyte")
        if not value.unit and not (names and names.codes and all(unit_of(code) for code in names.codes)):
            ask_about(value, ["`unit`: no unit is written: the usual one of each analyte? (or write it there)"])
    if sheet.row_is in ("measurement", "administration", "event") and not {"date", "day"} & set(to):
        ask_about(
            sheet, ["no column says on which day: write `to: date` or `to: day` there, else every row is left out"]
        )
    if sheet.row_is == "administration" and "treatments.dose_unit" not in to and "treatments.dose" in to:
        dose, at = to["treatments.dose"], sheet.columns.index(to["treatments.dose"])
        if not dose.unit and any(read_number(cell, dose.decimal or ".") is not None for cell in facts[at].filled):
            ask_about(dose, ["`unit`: no unit is written for the doses: mg? (or write g, µg, mg/kg ...)"])
    if sheet.row_is == "parameter" and "adtte.unit" not in to and "adtte.value" in to:
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
                ask_about(sheet.columns[i], [f"`{side}_at`: {count} cells lie {'below' if side == 'left' else 'above'} a limit that is not told: write it, else they are left out"])  # fmt: skip
        low, high = repeated_limit(values)
        for place, limit, side in (("left_at", low, "lowest"), ("right_at", high, "highest")):
            if limit is None:
                continue
            for i in places:
                setattr(sheet.columns[i], place, limit)
            count = values.count(limit)
            ask_about(sheet.columns[places[0]], [f"`{place}`: {count} of {len(values)} values equal the {side}, {limit:g}: a limit of the assay entered as a value? "
                                            f"(if they were measured, delete `{place}` in each column of the analyte)"])  # fmt: skip


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
    for analyte, numbers in sorted(found.items()):
        for side, count in sorted(Counter(one.side for one in numbers if one.value is None).items()):
            ask_about(column, [f"`{side}_of`: {count} results of {analyte} lie {'below' if side == 'left' else 'above'} a limit that is not told: write `{analyte}: limit`, else they are left out"])  # fmt: skip
        values = [one.value for one in numbers if one.value is not None and not one.side]
        for place, limit, side in zip(
            ("left_of", "right_of"), repeated_limit(values), ("lowest", "highest"), strict=True
        ):
            if limit is not None:
                getattr(column, place)[analyte] = limit
                ask_about(column, [f"`{place}`: {values.count(limit)} of {len(values)} results of {analyte} equal the {side}, {limit:g}: a limit of the assay entered as a value? (if they were measured, delete it)"])  # fmt: skip


def ask_about_dates(sheet: SheetMap, facts: list[Facts]) -> None:
    """Look for dates before day 0, and for two date systems of Excel in one sheet."""
    by_to = {column.to: i for i, column in enumerate(sheet.columns)}
    if "origin" not in by_to:
        return
    start = _moments(facts[by_to["origin"]], sheet.columns[by_to["origin"]])
    for i, column in enumerate(sheet.columns):
        if not (column.to.endswith("_date") or (column.to in ("date", "exposure") and facts[i].is_date)):
            continue
        days = [(b - a).days for a, b in zip(start, _moments(facts[i], column), strict=True) if a and b]
        early = [day for day in days if day < (-60 if column.to == "date" else 0)]
        if not early:
            late = [day for day in days if day > BETWEEN_SYSTEMS]
            usual = [day for day in days if day <= BETWEEN_SYSTEMS]
            if (
                late
                and usual
                and "1904" in " ".join(sheet.notes)
                and max(day - BETWEEN_SYSTEMS for day in late) <= max(usual)
            ):
                ask_about(
                    column,
                    [
                        f"{len(late)} dates lie 1,462 days later than the others, in a workbook that counts from 1904: two date systems mixed?"
                    ],
                )
            continue
        mended = all(day + BETWEEN_SYSTEMS >= 0 for day in early)
        ask_about(column, [
            f"{len(early)} dates lie before day 0" + (": 1,462 days later they would not, so two date systems of Excel may be mixed; correct the file"
            if mended and min(early) < -1000 else "; correct the file, or the order of day and month")
        ])  # fmt: skip


def hold_times_against_dates(sheet: SheetMap, facts: list[Facts]) -> None:
    """Where follow-up stands both as a time and as dates, count the rows in which they differ."""
    by_to = {column.to: i for i, column in enumerate(sheet.columns)}
    ends = [
        i for i, column in enumerate(sheet.columns) if column.to in ("followup.death_date", "followup.contact_date")
    ]
    times = [
        i
        for i, column in enumerate(sheet.columns)
        if column.to == "time" and column.name in ("death", "end of follow-up")
    ]
    if "origin" not in by_to or not ends or not times:
        return
    start = _moments(facts[by_to["origin"]], sheet.columns[by_to["origin"]])
    last = [
        max((one for one in row if one), default=None)
        for row in zip(*(_moments(facts[i], sheet.columns[i]) for i in ends), strict=True)
    ]
    for i in times:
        column, unit = sheet.columns[i], TIME_UNITS.get(sheet.columns[i].unit, 1.0)
        read = [read_number(cell, column.decimal or ".") for cell in facts[i].column.cells]
        pairs = [
            ((b - a).days, one.value * unit)
            for a, b, one in zip(start, last, read, strict=True)
            if a and b and one and one.value is not None
        ]
        apart = sum(abs(days - told) > max(2.0, 0.6 * unit) for days, told in pairs)
        if apart:
            ask_about(
                column,
                [
                    f"{apart} of {len(pairs)} times differ from the dates in the same row; which are right? (leave the other out: `to: leave out`)"
                ],
            )


ENDED = re.compile(r"death|died|dead|relapse|progress|event", re.IGNORECASE)
GOES_ON = re.compile(r"alive|censor|ongoing|last contact|completed|lost|withdr|no event|cut-?off", re.IGNORECASE)


def hold_censoring_against_words(sheet: SheetMap, facts: list[Facts]) -> None:
    """Where ADTTE says in words what happened, ask if CNSR has it the other way round more often than not."""
    code = next((i for i, column in enumerate(sheet.columns) if column.to == "adtte.censored"), None)
    words = next((one for one in facts if one.column.name.upper() == "EVNTDESC"), None)
    if code is None or words is None:
        return
    agree = against = 0
    for cell, said in zip(facts[code].column.cells, words.column.cells, strict=True):
        number, text = read_number(cell), str(said or "")
        happened = bool(ENDED.search(text)) and not GOES_ON.search(text)
        if number is None or number.value is None or not (happened or GOES_ON.search(text)):
            continue
        agree += (number.value == 0) == happened
        against += (number.value == 0) != happened
    if against > agree:
        ask_about(sheet.columns[code], [f"`codes`: in {against} of {agree + against} rows EVNTDESC says the opposite of CNSR (0 is the event in CDISC): is it coded the other way round here?"])  # fmt: skip


def _moments(facts: Facts, column: ColumnMap) -> list[datetime | None]:
    found = [date_as_mapped(cell, column.order, column.exchange) for cell in facts.column.cells]
    return [one.date if one else None for one in found]


def ask_about_all(mapping: Mapping, tables: list[tuple[Table, Sheet]]) -> None:
    """Ask what only all files together show: day 0, the end of follow-up, keys that do not join."""
    columns = [column for sheet in mapping.sheets for column in sheet.columns]
    origins = [column for column in columns if column.to == "origin"]
    dated = [
        c for c in columns if c.to == "date" or c.to.endswith("_date") or (c.to in ("exposure", "true day") and c.order)
    ]
    if dated and not origins:
        ask_about(mapping, ["dates are here, but no column is day 0: write `to: origin` at the one that is"])
    if origins:
        name = bare(origins[0].column)
        mapping.origin = (
            "CAR T-cell infusion" if re.search(r"infus|回输|输注|d0|day 0|day0", name) else "entry into the study"
        )
    if (
        len({sheet.file for sheet in mapping.sheets} | {(s.file, s.sheet) for s in mapping.sheets}) > 2
        or len(mapping.sheets) > 1
    ):
        if letters := settle_prefixes(
            [(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)]
        ):
            ask_about(mapping, [f"`strip_prefix`: {letters}; right? (else empty it in each sheet)"])
        lost = joined([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
        if lost:
            mapping.unjoined = "leave out"
            ask_about(
                mapping, [f"`unjoined`: {lost}; rows of patients that no sheet of patients has are left out; right?"]
            )
    for sheet, (table, _) in zip(mapping.sheets, tables, strict=False):
        _ask_about_ends(sheet, table, mapping)
    _ask_about_days_of_rows([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
    _ask_about_systems_of_files(mapping)


def _ask_about_days_of_rows(sheets: list[tuple[SheetMap, Table]]) -> None:
    """Ask about dates of one sheet that lie more than a year before the day 0 of another, or 1,462 days off."""
    start: dict[str, datetime] = {}
    for sheet, table in sheets:
        for patient, moment in _dates_of(sheet, table, "origin"):
            start[patient] = min(moment, start.get(patient, moment))
    for sheet, table in sheets:
        if any(column.to == "origin" for column in sheet.columns):
            continue
        for column in sheet.columns:
            if column.to not in ("date", "until", "true day") and not column.to.endswith("_date"):
                continue
            found = _dates_of(sheet, table, column.to, column.at)
            days = [(moment - start[patient]).days for patient, moment in found if patient in start]
            early = [day for day in days if day < -YEAR]
            shifted = [day for day in early if day + BETWEEN_SYSTEMS >= -YEAR / 6]
            if not column.to.endswith("_date") and days and min(days) > BETWEEN_SYSTEMS - YEAR / 6:
                ask_about(column, [f"all {len(days)} dates lie about 1,462 days or more after day 0: two date systems of Excel mixed? correct the file"])  # fmt: skip
            if early:
                why = "1,462 days later they would not, so two date systems of Excel may be mixed; " if shifted else ""
                ask_about(column, [f"{len(early)} of {len(days)} dates lie more than a year before day 0: {why}correct the file, or go on if they are right"])  # fmt: skip


YEAR = 365


def _dates_of(sheet: SheetMap, table: Table, to: str, at: int = 0) -> list[tuple[str, datetime]]:
    """List the patients (as they are joined) and dates of a column."""
    cells = {column.at: column.cells for column in table.columns}
    key = next((column.at for column in sheet.columns if column.to == "patient"), None)
    wanted = next((column for column in sheet.columns if column.to == to and at in (0, column.at)), None)
    if key is None or wanted is None or sheet.row_is == "leave out":
        return []
    read = [date_as_mapped(cell, wanted.order, wanted.exchange) for cell in cells[wanted.at]]
    above, found = "", []
    for cell, moment in zip(cells[key], read, strict=True):
        above = key_of(cell) or (above if sheet.fill_down else "")
        if moment is not None and above:
            found.append((loose(cut(above, sheet)), moment.date))
    return found


GRADED_BY = re.compile(r" (astct|lee|penn|ctcae|nci|cartox|mskcc) ")


def _ask_about_systems_of_files(mapping: Mapping) -> None:
    """Ask where one file's heading names another grading system than another file's."""
    named: dict[str, str] = {}
    for sheet in mapping.sheets:
        for column in sheet.columns:
            words = re.sub(r"[()\[\]_./]", " ", f" {column.over} {column.column} ".lower())
            if column.to.startswith("toxicity.") and (found := GRADED_BY.search(f" {words} ")):
                named.setdefault(found.group(1).upper(), sheet.place)
    if len(named) > 1:
        ask_about(mapping, [f"grading systems {' and '.join(sorted(named))} stand in the headings, and grades of different systems are not mixed: leave the columns of all but one out (`to: leave out`)"])  # fmt: skip


def _ask_about_ends(sheet: SheetMap, table: Table, mapping: Mapping) -> None:
    to = Counter(column.to for column in sheet.columns)
    dated = [column for column in sheet.columns if column.to in ("followup.death_date", "followup.contact_date")]
    if (
        sheet.row_is not in ("patient", "infusion")
        or not to["followup.death_date"]
        or any(column.to == "time" for column in sheet.columns)
    ):
        return
    by_at = {column.at: column for column in table.columns}
    known = [
        [read_date(cell, column.order or "dmy") is not None for cell in by_at[column.at].cells] for column in dated
    ]
    without = sum(not any(row) for row in zip(*known, strict=True))
    if without:
        sheet.without_end = "leave out"
        ask_about(
            sheet,
            [
                f"`without_end`: {without} patients have neither a death nor a last contact, so their follow-up has no end: left out of followup.csv; right? (or add the date to the file)"
            ],
        )
