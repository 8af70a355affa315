"""Propose what each column of other hospitals' files is, with a reason, a confidence and the questions that are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers.cohort.steroids import ANY
from helpers.importing.across_columns import (
    ask_about_empty_grades,
    ask_about_errors,
    ask_about_headings,
    ask_about_merged,
    ask_about_sides,
    ask_about_statuses,
    ask_about_systems,
    ask_about_twice,
    ask_about_unnamed_system,
    leave_out_twins,
    name_apart,
    settle_age_at_diagnosis,
    settle_decimals,
    take_units_beside,
    tie_forms,
)
from helpers.importing.across_doses import settle_courses, settle_doses
from helpers.importing.across_files import ask_about_all
from helpers.importing.across_measurements import (
    ask_about_dilutions,
    ask_about_limits,
    ask_about_repeated,
    ask_about_units_of_rows,
    give_days,
    take_units_from_above,
)
from helpers.importing.across_patients import settle_infusions, settle_patients, settle_plate, settle_repeated
from helpers.importing.across_times import (
    ask_about_dates,
    ask_about_unplaced,
    hold_censoring_against_words,
    hold_infusions_in_order,
    hold_times_against_dates,
    hold_times_against_each_other,
    pair_times,
)
from helpers.importing.cdisc import DOMAINS, domain_of, give_roles, is_kept, name_visits, prefer_signed_results
from helpers.importing.cells import is_missing
from helpers.importing.code_words import agent_of
from helpers.importing.described import Description, checkbox
from helpers.importing.facts import Facts, counts_infusions, is_only_a_day
from helpers.importing.files import read_files
from helpers.importing.heading_target import by_clock, name_by_record, name_event_days
from helpers.importing.headings import analyte_of, target_of
from helpers.importing.layouts import NAMED_AFTER, NO_RESULTS, SEVERAL_VALUES, TURNED
from helpers.importing.mapping import Mapping, SheetMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise import recognised
from helpers.importing.record_words import names_a_syndrome, part_of_record, syndrome_of
from helpers.importing.samples import JOINED, LISTED, find_tables
from helpers.importing.sheet import HIDDEN, HIDDEN_ROWS, NO_VALUES, NUMBERS_AS_DATES, Cell, Sheet, code_text
from helpers.importing.table import SourceColumn, Table
from helpers.importing.visit_log import VISITS


def propose(files: Sequence[str | Path]) -> Mapping:
    """Propose the mapping of some files that belong together.

    Parameters
    ----------
    files : sequence of paths
        Tables, and what describes them (a REDCap dictionary, a text of "column: meaning" lines).

    Returns
    -------
    Mapping
        With every column of every sheet; :meth:`Mapping.open_questions` lists what a person has to decide.

    Raises
    ------
    InputError
        For files that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("id,sex,age\\n1,F,7\\n2,M,9\\n")
    >>> [column.to for column in propose([file]).sheets[0].columns]
    ['patient', 'patients.sex', 'patients.age_years']
    """
    sheets, known = read_files(files)
    tables = find_tables(sheets)
    infused = any(table is not None and _says_infusions(sheet, table) for sheet, table in tables)
    maps = [sheet_map(sheet, table, known, infused) for sheet, table in tables if table is not None]
    maps += [
        SheetMap(file=s.file, sheet=s.name, row_is="leave out", notes=["no table was found"])
        for s, t in tables
        if t is None
    ]
    mapping = Mapping(sheets=maps)
    ask_about_all(mapping, [(table, sheet) for sheet, table in tables if table is not None])
    return mapping


def _says_infusions(sheet: Sheet, table: Table) -> bool:
    """Tell whether a table is the domain EX of SDTM, with infusions of cells among its rows."""
    drugs = next((column for column in table.columns if column.name.upper() == "EXTRT"), None)
    return (
        domain_of(table, sheet.file) == "EX"
        and drugs is not None
        and any(is_kept(str(cell), "EX") for cell in drugs.cells)
    )


def sheet_map(sheet: Sheet, table: Table, known: dict[str, Description], infused: bool = False) -> SheetMap:
    """Propose what a sheet holds; *infused*: another one says when the cells were infused."""
    facts, row_is = _facts_of(sheet, table, known, infused)
    columns = [recognised(one, row_is) for one in facts]
    tie_forms(columns, facts)
    notes = list(sheet.notes)
    if table.left_out:
        notes.append("no data: " + ", ".join(f"{count} {why}" for why, count in table.left_out.items()) + " rows")
    result = SheetMap(file=sheet.file, sheet=sheet.name, row_is=row_is, rows_read=len(table.rows), notes=notes)
    result.columns = columns
    if row_is == "event" and not any(column.to == "toxicity.event" for column in columns):
        result.event = _syndrome_of(sheet)
    if row_is == "administration" and not any(column.to == "treatments.agent" for column in columns):
        result.drug = _drug_of(sheet)
        ask_about(result, [f"`drug`: the sheet is named after {result.drug}, and no column says which drug: each row is a dose of it; right?"] * bool(result.drug))  # fmt: skip
    _ask_about_notes(result)
    _ask_about_short_rows(result, sheet, table)
    _settle(result, facts, table)
    _ask(result, facts, sheet, table)
    if {"RDOMAIN", "QNAM", "QVAL"} <= {column.name.upper() for column in table.columns}:
        result.row_is, result.decide, result.also_decide = "leave out", "", []
        for column in result.columns:
            column.to, column.decide, column.also_decide = "leave out", "", []
        ask_about(result, ["supplemental qualifiers of SDTM are not read: left out; right?"])
    if LISTED in sheet.notes and all(column.to in OF_A_LIST for column in columns):
        result.row_is, result.decide, result.also_decide = "leave out", "", []
        for column in columns:
            column.decide, column.also_decide = "", []
    return result


def _facts_of(sheet: Sheet, table: Table, known: dict[str, Description], infused: bool) -> tuple[list[Facts], str]:
    """Collect what is known of each column, and say what a row is."""
    over = _of_all_days(sheet, table)
    columns = [
        replace(column, groups=(*over, *column.groups)) if is_only_a_day(column.name) else column
        for column in table.columns
    ]
    facts = [Facts(column, _said(column, known)) for column in columns]
    if domain := domain_of(table, sheet.file):
        facts, row_is = give_roles(facts, domain, infused), DOMAINS[domain][0]
        return facts, "patient" if row_is == "infusion" and not _has_repeats(facts) else row_is
    facts = name_visits(name_event_days(name_by_record(prefer_signed_results(facts))))
    return facts, _row_is(facts, _syndrome_of(sheet), _drug_of(sheet))


def _of_all_days(sheet: Sheet, table: Table) -> tuple[str, ...]:
    """Find what the columns of days of a sheet are about: the line above the table, or the name of the sheet, that names an analyte, a drug or a syndrome."""
    above = [part for part in table.above.split(" | ") if part]
    for words in (*above, sheet.name) if len(above) <= 2 else (sheet.name,):
        if words and (analyte_of(words) or agent_of(words) not in ("other", ANY) or syndrome_of(bare(words))):
            return (words,)
    return (sheet.name,) if sheet.name and agent_of(sheet.name) == ANY else ()


def _drug_of(sheet: Sheet) -> str:
    """Find the drug that a sheet is named after; a name that says steroids in all says none."""
    found = agent_of(sheet.name) if sheet.name else "other"
    return "" if found in ("other", ANY) else found


def _syndrome_of(sheet: Sheet) -> str:
    return syndrome_of(bare(f"{sheet.name} {Path(sheet.file).stem}"))


def _ask_about_short_rows(result: SheetMap, sheet: Sheet, table: Table) -> None:
    if short := sorted(set(table.rows) & set(sheet.short)):
        shown = ", ".join(map(str, short[:5])) + ", ..." * (len(short) > 5)
        ask_about(result, [f"{len(short)} rows have fewer cells than the headings (row {shown}): cut off, or empty at the end; right?"])  # fmt: skip


def _settle(result: SheetMap, facts: list[Facts], table: Table) -> None:
    """Settle what the columns need of one another: units, days, statuses, patients, infusions, doses."""
    take_units_from_above(result, table)
    take_units_beside(result, facts)
    give_days(result, facts)
    pair_times(result, facts)
    settle_plate(result, facts)
    settle_patients(result, facts)
    settle_infusions(result, facts)
    settle_repeated(result, facts)
    ask_about_unplaced(result, facts)
    settle_doses(result, facts)
    settle_courses(result, facts)
    name_apart(result)


def _ask(result: SheetMap, facts: list[Facts], sheet: Sheet, table: Table) -> None:
    """Ask about what the columns show together."""
    ask_about_units_of_rows(result, facts)
    ask_about_limits(result, facts)
    ask_about_dates(result, facts)
    hold_times_against_dates(result, facts)
    hold_times_against_each_other(result, facts)
    hold_infusions_in_order(result, facts)
    settle_decimals(result, facts)
    leave_out_twins(result)
    settle_age_at_diagnosis(result, facts)
    ask_about_twice(result, facts)
    ask_about_statuses(result, facts)
    ask_about_headings(result)
    ask_about_merged(result, sheet, table)
    ask_about_systems(result, facts)
    ask_about_unnamed_system(result, facts, table.above)
    ask_about_dilutions(result, facts, table.above)
    ask_about_repeated(result, facts)
    hold_censoring_against_words(result, facts)
    ask_about_sides(result, facts)
    ask_about_empty_grades(result, facts)
    ask_about_errors(result, facts)


OF_A_LIST = ("leave out", "patient", "date", "day", "time", "declared")


def _ask_about_notes(sheet: SheetMap) -> None:
    """Ask where what was read is not what is seen: hidden sheets and rows, formulas without a value, other layouts."""
    if told := [note for note in sheet.notes if NUMBERS_AS_DATES in note]:
        ask_about(sheet, [f"{told[0]}, since their headings name a date and no format says what they are; right?"])
    for note in sheet.notes:
        if note == HIDDEN:
            ask_about(
                sheet, ["the sheet is hidden in the workbook: is it meant to be read? (else `row_is: leave out`)"]
            )
        elif (
            note.endswith((HIDDEN_ROWS, NO_VALUES, SEVERAL_VALUES, NAMED_AFTER, NO_RESULTS, TURNED))
            or JOINED in note
            or VISITS in note
        ):
            ask_about(sheet, [f"{note}; right?"])


def _has_repeats(facts: list[Facts]) -> bool:
    keys = next((one.counts for one in facts if one.role == "patient"), {})
    return any(count > 1 for count in keys.values())


def _said(column: SourceColumn, known: dict[str, Description]) -> Description:
    name, code = checkbox(column.name)
    if name and name.lower() in known:
        field = known[name.lower()]
        return Description(
            field.codes.get(code, code), {"0": "Unchecked", "1": "Checked"}, form=field.form, words=field.title
        )
    if name and "(choice=" in column.name:
        return Description(code, {"0": "Unchecked", "1": "Checked"}, words=name)
    return known.get(column.name.lower(), Description())


def _row_is(facts: list[Facts], syndrome: str = "", drug: str = "") -> str:
    """Say what a row is from the headings."""
    names = {one.column.name.upper() for one in facts}
    if {"PARAMCD", "AVAL", "CNSR"} <= names:
        return "parameter"
    if {"PARAM", "AVAL"} <= names and any(
        analyte_of(code) for one in facts if one.column.name.upper() == "PARAM" for code in one.counts
    ):
        return "measurement"
    targets = [_heading_target(one) for one in facts]
    drugs = any(one.names_drugs for one in facts)
    if drugs and "treatments.agent" not in targets:
        targets = [
            "treatments.agent" if one.names_drugs else target for one, target in zip(facts, targets, strict=True)
        ]
    if "labs.analyte" in targets and "labs.value" in targets:
        return "measurement"
    unplaced = [one for one, target in zip(facts, targets, strict=True) if one.is_date and not target]
    when = any(target in ("date", "day") for target in targets)
    starts = [one for one in unplaced if part_of_record(bare(_words_of(one)), True, False, False) == "date"]
    timeline = {"PATIENT_ID", "START_DATE", "EVENT_TYPE"} <= names  # of cBioPortal
    others = any(
        target.startswith(("patients.", "followup.", "response.", "toxicity.", "origin")) for target in targets
    )
    of_patient = any(target.startswith(("patients.", "followup.", "response.")) for target in targets)
    dosed = "treatments.dose" in targets or timeline or (drugs and not of_patient)
    if drug and "treatments.dose" in targets and (when or starts or len(unplaced) == 1) and not of_patient:
        return "administration"
    if "treatments.agent" in targets and (when or starts or len(unplaced) == 1 or "origin" in targets) and dosed:
        return "administration"
    if _has_episodes(facts, targets, syndrome):
        return "event"
    labs = sum(bool(one.analyte) and (one.is_mostly_number or not one.filled) for one in facts)
    by_target: dict[str, list[Cell]] = {}
    for one, target in zip(facts, targets, strict=True):
        if target not in by_target or (
            target == "patient" and len(one.counts) > len(set(map(code_text, by_target[target])))
        ):
            by_target[target] = one.column.cells
    keys = by_target.get("patient", by_target.get("sample", []))
    repeated = len({code_text(cell) for cell in keys if cell is not None}) < len(keys)
    if labs and "patient" not in by_target and "sample" in by_target:
        return "sample"
    if labs and when and (repeated or not others):
        return "sample"
    return "infusion" if repeated and _several_infusions(by_target, keys) else "patient"


def _heading_target(one: Facts) -> str:
    """Find what a heading is called here, by its label where the heading alone says nothing."""
    if one.role:
        return one.role
    target, how = target_of(one.column.name)
    titled, said = target_of(one.said.title or one.column.title)
    if target == "origin" and counts_infusions(one):
        return "infusion"
    target = "" if target == "toxicity.event" and one.is_date else target
    target = titled if titled and (not target or (how == "guess" and said != "guess")) else target
    return by_clock(target, "", one)[0] if target == "time" else target


def _has_episodes(facts: list[Facts], targets: list[str], syndrome: str) -> bool:
    """Tell whether rows are episodes: a grade of nothing in particular, and a column, or the sheet's name, that says of what."""
    pairs = list(zip(facts, targets, strict=True))
    loose = [(one, to) for one, to in pairs if not names_a_syndrome(bare(_words_of(one)))]
    parts = {part_of_record(bare(_words_of(one)), one.is_date, one.is_number, one.is_graded) for one, _ in loose}
    if "toxicity.grade" not in parts and "toxicity.grade" not in targets:
        return False
    own = any(to.startswith("toxicity.") and names_a_syndrome(bare(_words_of(one))) for one, to in pairs)
    named = any(one.names_syndromes and not to.startswith("treatments.") for one, to in loose)
    of_sheet = bool(syndrome) and bool({"date", "day"} & parts) and not own
    return "toxicity.event" in targets or named or of_sheet


def _words_of(one: Facts) -> str:
    return f"{one.column.name} {one.said.title or one.column.title}"


def _several_infusions(by_target: dict[str, list[Cell]], keys: list[Cell]) -> bool:
    """Tell whether rows of one patient differ in the date or the number of the infusion."""
    for target in ("origin", "infusion"):
        found: dict[str, set[str]] = {}
        for key, cell in zip(keys, by_target.get(target, []), strict=False):
            if not is_missing(cell) and key is not None:
                found.setdefault(code_text(key), set()).add(code_text(cell))
        if any(len(values) > 1 for values in found.values()):
            return True
    return False
