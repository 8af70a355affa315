"""Who the patients of a sheet are: keys, several rows of one, samples, plates, infusions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from helpers.importing.cells import is_missing
from helpers.importing.facts import Facts
from helpers.importing.headings import target_of
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.patients import DAY_IN_KEY, alike, key_of, suffix_of
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import Cell, code_text


def settle_patients(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about the patient's key: none, several rows, names of samples, gaps."""
    found = [i for i, column in enumerate(sheet.columns) if column.to == "patient"]
    samples = [i for i, column in enumerate(sheet.columns) if target_of(column.column)[0] == "sample"]
    _leave_out_row_numbers(sheet, facts, bool(found))
    if not found and samples:
        found = samples[:1]
        _sample_is_patient(sheet, facts[found[0]], found[0])
    if not found:
        _ask_who_the_patients_are(sheet, facts)
        return
    best = max(found, key=lambda i: (len(facts[i].counts), -i))
    for i in found:
        if i != best:
            sheet.columns[i].to, sheet.columns[i].reason = "leave out", "another column is the patient's key"
    _settle_keys(sheet, facts, facts[best].column.cells)


def _ask_who_the_patients_are(sheet: SheetMap, facts: list[Facts]) -> None:
    """Propose the one column of codes that differ in each row, else each row, where no heading names the patient."""
    if sheet.row_is == "patient" and all(column.to in ("declared", "leave out") for column in sheet.columns):
        ask_about(sheet, ["no heading is known and no column names the patient: is this a table of patients? (else `row_is: leave out`)"])  # fmt: skip
    near = [column for column, one in zip(sheet.columns, facts, strict=True) if _could_be_key(column, one)]
    numeric = {column.at for column, one in zip(sheet.columns, facts, strict=True) if one.is_number}
    texts = [column for column in near if column.at not in numeric]
    if sheet.row_is == "patient" and len(texts) == 1:
        column = texts[0]
        column.to, column.kind, column.name, column.codes, column.counts = "patient", "", "", {}, {}
        column.reason, column.confidence = "another code in each row", "guess"
        ask_about(sheet, [f"no column is known to name the patient; another code stands in each row of one: is it column {column.at}? (else `to: leave out` there, and each row is taken for a patient)"])  # fmt: skip
    elif sheet.row_is in ("patient", "parameter"):
        sheet.notes.append("no column names the patient: each row is taken for one")
        places = " or ".join(str(column.at) for column in near)
        ask_about(sheet, [f"no column is known to name the patient, so each row is taken for one; is it column {places}? (then write `to: patient` there)"] * bool(near))  # fmt: skip
    else:
        ask_about(sheet, ["no column names the patient: which one? write `to: patient` there"])


def _settle_keys(sheet: SheetMap, facts: list[Facts], cells: Sequence[Cell]) -> None:
    """Ask about rows without a key, keys that end in a sample's number, and several rows of one patient."""
    empty = [i for i, cell in enumerate(cells) if cell is None or not str(cell).strip()]
    if empty and empty[0] > 0:
        sheet.fill_down = True
        ask_about(sheet, [f"`fill_down`: {len(empty)} rows have no patient; do they belong to the patient above (true), or are they left out (false)?"])  # fmt: skip
    keys = [key_of(cell) for cell in cells if cell is not None and str(cell).strip()]
    if suffix := suffix_of(keys):
        plain = {re.sub(suffix, "", key) for key in keys}
        sheet.strip_suffix = suffix
        ask_about(sheet, [f"`strip_suffix`: {len(set(keys))} names look like several samples of {len(plain)} patients; is it so (else empty it)?"])  # fmt: skip
    elif sheet.row_is == "patient" and len(set(keys)) < len(keys):
        ask_about(sheet, _numbered_by_centre(sheet, facts, keys))
        note = (
            f"{len(keys)} rows of {len(set(keys))} patients: values that differ between rows of a patient are refused"
        )
        sheet.notes.append(note)
    if sheet.row_is in ("patient", "infusion") and (same := alike(keys)):
        ask_about(sheet, [f"{same} names of patients are those of others but for capitals, signs or zeros before a number (1, 01; P-1, P1): the same patients? (others: name them apart in the file)"])  # fmt: skip


ROW_NUMBER = re.compile(
    r"row|row (no|nr|number)|line|s (no|nr)|sl (no|nr)|serial (no|nr|number)|lfd nr|laufende nummer|序号|行号"
)


def _leave_out_row_numbers(sheet: SheetMap, facts: list[Facts], named: bool) -> None:
    """Leave out a column that counts the rows, where another one names the patient."""
    for column, one in zip(sheet.columns, facts, strict=True):
        counted = [float(i) for i in range(1, len(one.column.cells) + 1)]
        if named and column.to == "declared" and ROW_NUMBER.fullmatch(bare(column.column)) and one.numbers == counted:
            column.to, column.name, column.kind, column.reason = "leave out", "", "", "row numbers"
            column.decide, column.also_decide = "", []


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
    named = any(column.to == "patient" for column in sheet.columns)
    for i, (column, name) in enumerate(zip(sheet.columns, names, strict=True)):
        if (
            not named
            and name in ("description", "sample", "sample id", "sample name")
            and column.to == "leave out"
            and facts[i].filled
        ):
            _sample_is_patient(sheet, facts[i], i)


def _only_rows(facts: Facts, kept: list[bool]) -> Facts:
    cells = [cell for cell, keep in zip(facts.column.cells, kept, strict=True) if keep]
    return Facts(replace(facts.column, cells=cells), facts.said)


CONTROL = re.compile(r"(b|blank|bkg|background|s|std|standard|c|qc|control|ctrl)\s*-?\d*", re.IGNORECASE)


OF_ONE = ("patients.sex", "patients.age_years", "patients.weight_kg", "patients.height_cm", "origin", "birth")


def _patients_apart(facts: Facts, keys: list[str]) -> int:
    """Count the patients whose rows differ in a column."""
    found: dict[str, set[str]] = {}
    for patient, cell in zip(keys, facts.column.cells, strict=True):
        if patient and not is_missing(cell, facts.missing):
            found.setdefault(patient, set()).add(code_text(cell))
    return sum(len(values) > 1 for values in found.values())


def _ask_about_contradictions(column: ColumnMap, facts: Facts, keys: list[str]) -> None:
    """Ask where rows of one patient differ in what a patient has once: other patients under one number, or a correction."""
    if apart := _patients_apart(facts, keys):
        ask_about(column, [f"`to`: the rows of {apart} patients differ here, which a patient has once: are they other patients under one number, or is one a correction? correct the file (it is refused as it is)"])  # fmt: skip


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
        if column.to in OF_ONE and sheet.row_is == "patient":
            _ask_about_contradictions(column, one, keys)
        if column.to != "declared":
            continue
        if apart := _patients_apart(one, keys):
            column.to, column.reason = "leave out", "no property of a patient"
            column.codes, column.counts, column.kind, column.decide, column.also_decide = {}, {}, "", "", []
            column.hidden = False
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
