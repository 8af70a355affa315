"""What only all files together show: day 0, the end of follow-up, keys that join, one grading system."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

from helpers.importing.cells import is_missing, read_number
from helpers.importing.concepts import concepts_of
from helpers.importing.dates import BETWEEN_SYSTEMS, date_as_mapped, read_date
from helpers.importing.layouts import OF_PATIENTS
from helpers.importing.mapping import ColumnMap, Mapping, SheetMap
from helpers.importing.patients import cut, joined, key_of, loose, settle_prefixes
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import Sheet
from helpers.importing.table import Table


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
            "CAR T-cell infusion"
            if {"infusion", "car"} & set(concepts_of(origins[0].column)) or re.search(r"exstdtc|d0", name)
            else "entry into the study"
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
    _leave_out_strangers(mapping)
    _ask_about_two_centres(mapping, [(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
    _ask_about_rows_after_the_end([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
    for sheet, (table, _) in zip(mapping.sheets, tables, strict=False):
        _ask_about_ends(sheet, table, mapping)
    _ask_about_days_of_rows([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
    _ask_about_systems_of_files(mapping)
    _hold_parameters_against_dates([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
    _ask_about_contacts([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])


def _ask_about_contacts(sheets: list[tuple[SheetMap, Table]]) -> None:
    """Ask about patients whose last contact lies after their death."""
    died = {
        patient: moment for sheet, table in sheets for patient, moment in _dates_of(sheet, table, "followup.death_date")
    }
    for sheet, table in sheets:
        column = next((one for one in sheet.columns if one.to == "followup.contact_date"), None)
        seen = _dates_of(sheet, table, "followup.contact_date")
        late = {patient for patient, moment in seen if patient in died and moment > died[patient]}
        if column is not None and late:
            ask_about(column, [f"{len(late)} patients have a last contact after the date of their death: which is right? (correct the file; else the death counts)"])  # fmt: skip


def _hold_parameters_against_dates(sheets: list[tuple[SheetMap, Table]]) -> None:
    """Hold the survival of ADTTE against the dates of other files: CDISC counts the first day as day 1, so that it is one more."""
    start = {patient: moment for sheet, table in sheets for patient, moment in _dates_of(sheet, table, "origin")}
    last: dict[str, datetime] = {}
    for sheet, table in sheets:
        for to in ("followup.death_date", "followup.contact_date"):
            for patient, moment in _dates_of(sheet, table, to):
                last[patient] = max(moment, last.get(patient, moment))
    for sheet, table in sheets:
        by_to = {column.to: column for column in sheet.columns}
        if sheet.row_is != "parameter" or not {"patient", "adtte.parameter", "adtte.value"} <= set(by_to):
            continue
        if {"adtte.start", "adtte.date"} <= set(by_to):
            continue  # its own dates say the days
        cells = {column.at: column.cells for column in table.columns}
        key, name, value = (cells[by_to[to].at] for to in ("patient", "adtte.parameter", "adtte.value"))
        codes, unit = by_to["adtte.parameter"].codes, by_to["adtte.value"].unit or "days"
        apart = []
        for patient, code, amount in zip(key, name, value, strict=True):
            who, read = loose(cut(key_of(patient), sheet)), read_number(amount)
            dated = who in start and who in last and read is not None and read.value is not None
            if dated and codes.get(str(code)) == "death" and unit == "days" and "adtte.unit" not in by_to:
                apart.append(read.value - (last[who] - start[who]).days)
        _ask_about_parameters(by_to["adtte.value"], apart)


def _ask_about_parameters(value: ColumnMap, apart: list[float]) -> None:
    one_more = sum(days == 1 for days in apart)
    if one_more and one_more * 2 > len(apart):
        value.first_day = 1
        ask_about(value, [f"`first_day`: {one_more} of {len(apart)} times are one day more than the dates say, as CDISC counts (the first day is day 1): 1 is taken off each; right? (else `first_day: 0`)"])  # fmt: skip
    elif other := sum(abs(days) > 2 for days in apart):
        ask_about(value, [f"`to`: {other} of {len(apart)} times differ from the dates of the other files; which are right? (leave the other out)"])  # fmt: skip


def _ask_about_two_centres(mapping: Mapping, sheets: list[tuple[SheetMap, Table]]) -> None:
    """Ask whether the patients of two files with the same headings, a row per patient, are the same where their numbers are."""
    found: dict[tuple[str, ...], list[set[str]]] = {}
    for sheet, table in sheets:
        key = next((column.at for column in sheet.columns if column.to == "patient"), None)
        if key is None or sheet.row_is not in ("patient", "infusion") or OF_PATIENTS in sheet.place:
            continue
        cells = next(column.cells for column in table.columns if column.at == key)
        keys = {loose(cut(key_of(cell), sheet)) for cell in cells if key_of(cell)}
        headings = tuple(column.column for column in sheet.columns)
        if all(column.at == key or column.day is not None or column.to == "leave out" for column in sheet.columns):
            continue  # a sheet for each thing that was measured, a column for each day
        if len(headings) > 2 and len(keys) == len([cell for cell in cells if key_of(cell)]):
            found.setdefault(headings, []).append(keys)
    shared = sum(len(one & other) for groups in found.values() for i, one in enumerate(groups) for other in groups[:i])
    if shared:
        ask_about(mapping, [f"{shared} numbers of patients stand in two tables with the same headings, a row per patient: two centres that each count from 1, or the same patients? (other patients: put a letter before the numbers of one file; the same patients: go on)"])  # fmt: skip


def _ask_about_rows_after_the_end(sheets: list[tuple[SheetMap, Table]]) -> None:
    """Ask about results and doses that are dated after their patient's death, or after a last contact of all."""
    end: dict[str, datetime] = {}
    for sheet, table in sheets:
        for to in ("followup.contact_date", "followup.death_date"):  # a death counts
            for patient, moment in _dates_of(sheet, table, to):
                end[patient] = max(moment, end.get(patient, moment))
    for sheet, table in sheets:
        if sheet.row_is not in ("measurement", "sample", "administration", "event"):
            continue
        column = next((one for one in sheet.columns if one.to in ("date", "day") and one.order), None)
        found = _dates_of(sheet, table, column.to, column.at) if column is not None else []
        late = sum((moment - end[patient]).days > 1 for patient, moment in found if patient in end)
        if late:
            ask_about(column, [f"{late} of {len(found)} rows are dated after the last contact or the death of their patient: which date is right? correct the file, or go on if they are"])  # fmt: skip


def _leave_out_strangers(mapping: Mapping) -> None:
    """Propose to leave out a sheet of which nothing is known, where others hold patients: a legend, a list of words."""
    if any(column.to == "patient" for sheet in mapping.sheets for column in sheet.columns):
        for sheet in mapping.sheets:
            if sheet.decide.startswith("no heading is known"):
                sheet.row_is = "leave out"
                sheet.decide = "no heading is known and no column names the patient: the sheet is left out; right? (a table of patients: `row_is: patient`)"


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
    read = [
        None if is_missing(cell, wanted.missing) else date_as_mapped(cell, wanted.order, wanted.exchange)
        for cell in cells[wanted.at]
    ]
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
        [
            read_date(cell, column.order or "dmy") is not None and not is_missing(cell, column.missing)
            for cell in by_at[column.at].cells
        ]
        for column in dated
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
