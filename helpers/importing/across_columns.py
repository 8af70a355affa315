"""What the headings and codes of a sheet show together: forms, decimal marks, one thing twice, grading systems."""

from __future__ import annotations

import re

from helpers.importing.cells import is_error
from helpers.importing.described import checkbox
from helpers.importing.facts import NOT_KNOWN, Facts
from helpers.importing.heading_target import AT_DIAGNOSIS
from helpers.importing.headings import endpoint_of, target_of
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import Sheet, code_text
from helpers.importing.table import Table
from helpers.importing.units import written_body_unit


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


def leave_out_twins(sheet: SheetMap) -> None:
    """Leave out CDISC's date with a clock where the date stands beside it: TRTSDTM beside TRTSDT."""
    names = {column.column for column in sheet.columns}
    for column in sheet.columns:
        if re.fullmatch(r"[A-Z]{2,}DTM", column.column) and column.column[:-1] in names:
            column.to, column.reason, column.decide, column.also_decide = (
                "leave out",
                "the date stands beside it",
                "",
                [],
            )


ONCE = (
    "patients.",
    "response.",
    "status.",
    "toxicity.CRS",
    "toxicity.ICANS",
    "toxicity.event",
    "toxicity.grade",
    "origin",
    "birth",
    "labs.",
    "treatments.",
)


def settle_age_at_diagnosis(sheet: SheetMap, facts: list[Facts]) -> None:
    """Take an age at diagnosis for that at day 0 only where nothing shows that day 0 came later, and ask even then."""
    for column, one in zip(sheet.columns, facts, strict=True):
        told = f"{bare(one.column.words)} {bare(one.said.title)}"
        if column.to != "patients.age_years" or not AT_DIAGNOSIS.search(told):
            continue
        others = [other.to for other in sheet.columns if other is not column]
        if {"patients.age_years", "birth", "origin", "infusion"} & set(others):
            column.to, column.kind, column.unit = "declared", "number", ""
            column.name = re.sub(r"[^a-z0-9]+", "_", bare(column.column)).strip("_") or f"column_{column.at}"
            column.reason = "the age at diagnosis, kept as a number of its own"
            if "patients.age_years" not in others and "birth" not in others:
                ask_about(column, ["`to`: it is the age at diagnosis, and day 0 came later: kept as a number of its own, so that nobody has an age at day 0; right? (where the two are near: `to: patients.age_years`)"])  # fmt: skip
        else:
            ask_about(column, ["`to`: it is the age at diagnosis: is that day 0? (else `to: declared`, `kind: number` and a `name`)"])  # fmt: skip


def _say_the_same(columns: list[ColumnMap], facts: list[Facts]) -> bool:
    """Tell whether two columns say the same of each row: one for male, one for female."""
    cells = {one.column.at: one.column.cells for one in facts}
    read = [[one.codes.get("" if cell is None else code_text(cell), "") for cell in cells[one.at]] for one in columns]
    return read[0] == read[1] and all(read[0])


NAMED = re.compile(r"astct|asbmt", re.IGNORECASE)
OTHER_SYSTEM = re.compile(r"ctcae|toxgr|\bnci\b", re.IGNORECASE)


def _keep_one_system(columns: list[ColumnMap], facts: list[Facts]) -> bool:
    """Of several columns of grades keep the one that names ASTCT, where just one does, and ask."""
    told = {one.column.at: f"{' '.join(one.column.groups)} {one.told}" for one in facts}
    named = [column for column in columns if NAMED.search(told[column.at])]
    if len(named) != 1:
        return False
    for column in columns:
        if column is not named[0]:
            column.to, column.reason, column.codes, column.counts = "leave out", "grades of another system", {}, {}
            column.decide, column.also_decide = "", []
            ask_about(column, [f"`to`: column {named[0].at} holds the grades of ASTCT, so these are left out (two grading systems are never mixed); right?"])  # fmt: skip
    return True


def ask_about_unnamed_system(sheet: SheetMap, facts: list[Facts], above: str) -> None:
    """Ask after the grading system where a list of adverse events is graded and nothing names ASTCT, or a heading names CTCAE."""
    told = {one.column.at: f"{' '.join(one.column.groups)} {one.told}" for one in facts}
    graded = [one for one in sheet.columns if one.to.startswith("toxicity.") and one.to.endswith("grade")]
    if not graded or NAMED.search(f"{above} {sheet.sheet} {sheet.file} " + " ".join(told[one.at] for one in graded)):
        return
    column = graded[0]
    event = next((one for one in sheet.columns if one.to == "toxicity.event"), None)
    listed = event is not None and "other events" in " ".join([event.decide, *event.also_decide])
    systems = any(one.to == "rows" for one in sheet.columns)
    if OTHER_SYSTEM.search(told[column.at]) or (listed and not systems):
        ask_about(column, ["`to`: no grading system is named, or CTCAE is: lists of adverse events are mostly graded by CTCAE, whose grades of CRS and ICANS are not those of ASTCT: are they ASTCT's? (else `to: leave out`)"])  # fmt: skip


UNIT_BESIDE = {"patients.weight_kg": "weight unit", "patients.height_cm": "height unit"}


def take_units_beside(sheet: SheetMap, facts: list[Facts]) -> None:
    """Take a column whose cells, or their labels, are units of weight or of height for those of the column that holds the numbers."""
    free = ("declared", "leave out", *UNIT_BESIDE)
    for target, to in UNIT_BESIDE.items():
        numbers = [column for column, one in zip(sheet.columns, facts, strict=True) if column.to == target and one.is_number and not one.labels]  # fmt: skip
        for column, one in zip(sheet.columns, facts, strict=True):
            labels = {code: one.labels.get(code, code) for code in one.counts}
            codes = {code: written_body_unit(label, target) for code, label in labels.items()}
            plain = all(len(label.strip()) > 1 for label in labels.values()) or "unit" in bare(column.column).split()
            if len(numbers) == 1 and column.to in free and codes and all(codes.values()) and plain:
                column.to, column.codes, column.counts, column.name, column.kind = to, codes, dict(one.counts), "", ""
                column.unit, column.hidden, column.decide, column.also_decide = "", False, "", []
                column.reason, column.confidence = f"units of column {numbers[0].at}", "sure"
                numbers[0].unit = ""


def name_apart(sheet: SheetMap) -> None:
    """Give columns of the cohort's own that share a name within a sheet names of their own: the group above, else the place."""
    told: dict[str, list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.to == "declared":
            told.setdefault(column.name, []).append(column)
    for name, columns in told.items():
        groups = [re.sub(r"\W+", "_", bare(column.over)).strip("_") for column in columns]
        for column, group in zip(columns, groups, strict=True):
            if len(columns) > 1:
                plain = group.isascii() and group and groups.count(group) == 1
                column.name = f"{group}_{name}" if plain else f"{name}_{column.at}"


def ask_about_statuses(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask where two columns tell the same status and do not agree."""
    cells = {one.column.at: one.column.cells for one in facts}
    told: dict[str, list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.to == "status":
            told.setdefault(column.name, []).append(column)
    for name, columns in told.items():
        read = [[one.codes.get(code_text(cell or ""), "") for cell in cells[one.at]] for one in columns]
        apart = sum(len(set(row) & {"event", "censored"}) > 1 for row in zip(*read, strict=True))
        if len(columns) > 1 and apart:
            places = " and ".join(str(column.at) for column in columns)
            ask_about(columns[-1], [f"`to`: columns {places} both tell the status of {name}, and differ in {apart} rows; which one? (the other: `to: leave out`)"])  # fmt: skip


def ask_about_twice(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask where two columns are taken for the same thing, two grading systems for instance."""
    places: dict[str, list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.to.startswith(ONCE) and not column.to.endswith(".on_day"):
            places.setdefault(column.to, []).append(column)
    for to, columns in places.items():
        if len(columns) > 1 and to.endswith("grade") and _keep_one_system(columns, facts):
            continue
        if len(columns) == 2 and to == "patients.sex" and _say_the_same(columns, facts):
            columns[1].to, columns[1].reason, columns[1].codes, columns[1].counts = (
                "leave out",
                f"column {columns[0].at} says the same",
                {},
                {},
            )
            columns[1].decide, columns[1].also_decide = "", []
            continue
        if len(columns) > 1:
            for column in columns:  # which of them it is says whether the near one is
                column.decide = "" if column.decide.startswith("`to`: the heading is only near") else column.decide
            what = " (two grading systems are never mixed)" if to.endswith("grade") else ""
            ask_about(
                columns[1],
                [
                    f"`to`: columns {' and '.join(str(column.at) for column in columns)} are both taken for {to}; which one?{what}"
                ],
            )


def ask_about_headings(sheet: SheetMap) -> None:
    """Ask where one heading stands over several columns that are both read: one of them is something else, or an older state."""
    places: dict[tuple[str, str], list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.column and column.cells and column.day_at is None and not column.to.endswith((".on_day", "true day")):
            places.setdefault((column.over, column.column), []).append(column)
    for columns in places.values():
        read = [column for column in columns if column.to != "leave out"]
        if len(columns) > 1 and read and not all(column.to in ("date", "day", "lab") for column in read):
            where = " and ".join(str(column.at) for column in columns)
            ask_about(
                read[-1],
                [f"`to`: the same heading stands over columns {where}; what is this one? (else `to: leave out`)"],
            )


def ask_about_merged(sheet: SheetMap, source: Sheet, table: Table) -> None:
    """Ask where a cell is merged over rows of different patients: its value is taken for each of them."""
    key = next((column.at for column in sheet.columns if column.to == "patient"), None)
    cells = {column.at: column.cells for column in table.columns}
    if key is None or source.numbers:
        return
    row_of = {row - 1: i for i, row in enumerate(table.rows)}
    for top, left, bottom, right in source.merged:
        inside = [row_of[row] for row in range(top, bottom + 1) if row in row_of]
        column = next((one for one in sheet.columns if one.at == left + 1), None)
        patients = {code_text(cells[key][i]) for i in inside if cells[key][i] is not None}
        if left == right and column is not None and column.to not in ("leave out", "patient") and len(patients) > 1:
            ask_about(
                column,
                ["`to`: a cell is merged over rows of several patients: its value is taken for each of them; right?"],
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
        whole = " (the other patients are then left out altogether: to keep them, empty their grades in the file and write `to: leave out` here)" * (sheet.row_is in ("patient", "infusion"))  # fmt: skip
        ask_about(column, [f"`codes`: {len(one.counts)} grading systems stand in this column; grades of different systems are not mixed: the {kept} rows of the commonest are kept; right?{whole}"])  # fmt: skip


def ask_about_errors(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about cells that hold an error of the spreadsheet: nobody knows what stood there."""
    for column, one in zip(sheet.columns, facts, strict=True):
        count = sum(is_error(cell) for cell in one.column.cells)
        if count and column.to != "leave out":
            ask_about(column, [f"`missing`: {count} cells hold an error of the spreadsheet (such as #VALUE!): left empty; right? (else mend the file)"])  # fmt: skip


def ask_about_empty_grades(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask what an empty cell means in a column of grades in which nobody has grade 0, where no column says yes or no."""
    if sheet.row_is not in ("patient", "infusion"):
        return
    to = {column.to for column in sheet.columns}
    key = next((one for column, one in zip(sheet.columns, facts, strict=True) if column.to == "patient"), None)
    repeated = key is not None and len(key.counts) < len(key.filled)
    for column, one in zip(sheet.columns, facts, strict=True):
        if not re.fullmatch(r"toxicity\.(CRS|ICANS)\.grade", column.to) or column.to.replace(".grade", ".flag") in to:
            continue
        empty = sum(cell is None or not str(cell).strip() for cell in one.column.cells)
        if empty and not repeated and "0" not in column.codes.values():
            ask_about(column, [f"`empty_means`: {empty} cells are empty and no cell says grade 0: not known, or none (then write 0)?"])  # fmt: skip
