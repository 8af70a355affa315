"""Propose what each column of other hospitals' files is, with a reason, a confidence and the questions that are open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from helpers.cohort.schema import TABLES
from helpers.importing.cells import (
    BETWEEN_SYSTEMS,
    LIMIT,
    date_as_mapped,
    read_date,
    read_number,
    repeated_limit,
    sentinel,
)
from helpers.importing.described import (
    Description,
    checkbox,
    description,
    is_description,
    is_redcap_dictionary,
    merged,
    redcap_dictionary,
)
from helpers.importing.facts import Facts
from helpers.importing.grid import Sheet, code_text, open_sheets
from helpers.importing.mapping import ColumnMap, Mapping, SheetMap
from helpers.importing.patients import DAY_IN_KEY, joined, key_of, suffix_of
from helpers.importing.table import SourceColumn, Table, find_table
from helpers.importing.vocabulary import (
    ANALYTE_UNITS,
    CODES_OF,
    FREE_TEXT,
    IDENTIFYING,
    INVERTED,
    STATUS_NAMES,
    TIME_UNITS,
    analyte_of,
    bare,
    endpoint_of,
    exposure_of,
    meaning,
    target_of,
    time_unit_of,
    unit_of,
)

LONG = {"measurement": ("labs.",), "administration": ("treatments.",), "event": ("toxicity.event", "toxicity.grade")}
ROW_LEVEL = ("date", "day", "time")
PLAIN_TIMES = (
    "time",
    "days",
    "months",
    "weeks",
    "years",
    "t",
    "futime",
    "fu time",
    "follow up",
    "follow up time",
    "followup",
    "time days",
    "time months",
    "stime",
)
STRONG_DEATH = ("death", "dead", "died", "deceased", "exitus", "mort", "mortality", "death status")


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
    sheets, said = [], []
    for file in map(Path, files):
        if file.is_file() and is_description(file):
            said.append(description(file))
            continue
        for sheet in open_sheets(file):
            if is_redcap_dictionary(sheet):
                said.append(redcap_dictionary(sheet))
            else:
                sheets.append(sheet)
    known = merged(*said)
    tables = [(sheet, find_table(sheet)) for sheet in sheets]
    maps = [sheet_map(sheet, table, known) for sheet, table in tables if table is not None]
    maps += [
        SheetMap(file=s.file, sheet=s.name, row_is="leave out", notes=["no table was found"])
        for s, t in tables
        if t is None
    ]
    mapping = Mapping(sheets=maps)
    _ask_about_all(mapping, [(table, sheet) for sheet, table in tables if table is not None])
    return mapping


def sheet_map(sheet: Sheet, table: Table, known: dict[str, Description]) -> SheetMap:
    """Propose what a sheet holds."""
    facts = [Facts(column, _said(column, known)) for column in table.columns]
    row_is = _row_is(facts)
    columns = [_column(one, row_is) for one in facts]
    _forms(columns, facts)
    result = SheetMap(
        file=sheet.file, sheet=sheet.name, row_is=row_is, rows_read=len(table.rows), notes=list(sheet.notes)
    )
    if table.left_out:
        result.notes.append(
            "no data: " + ", ".join(f"{count} {reason}" for reason, count in table.left_out.items()) + " rows"
        )
    result.columns = columns
    _days_of_labs(result, facts)
    _pair(result, facts)
    _patients(result, facts)
    _limits(result, facts)
    _dates(result, facts)
    _times_against_dates(result, facts)
    _decimals(result, facts)
    _twice(result)
    return result


def _said(column: SourceColumn, known: dict[str, Description]) -> Description:
    name, code = checkbox(column.name)
    if name and name.lower() in known:
        field = known[name.lower()]
        return Description(
            field.codes.get(code, code), {"0": "Unchecked", "1": "Checked"}, form=field.form, words=field.title
        )
    return known.get(column.name.lower(), Description())


def _row_is(facts: list[Facts]) -> str:
    """Say what a row is from the headings."""
    names = {one.column.name.upper() for one in facts}
    if {"PARAMCD", "AVAL", "CNSR"} <= names:
        return "parameter"
    targets = [target_of(one.column.name)[0] for one in facts]
    if "labs.analyte" in targets and "labs.value" in targets:
        return "measurement"
    when = any(target in ("date", "day") for target in targets)
    if "treatments.agent" in targets and (when or "origin" in targets) and "treatments.dose" in targets:
        return "administration"
    if "toxicity.event" in targets and "toxicity.grade" in targets:
        return "event"
    labs = sum(bool(analyte_of(one.column.name)) and (one.is_number or not one.filled) for one in facts)
    by_target = {target: one.column.cells for one, target in reversed(list(zip(facts, targets, strict=True)))}
    keys = by_target.get("patient", by_target.get("sample", []))
    repeated = len({code_text(cell) for cell in keys if cell is not None}) < len(keys)
    if labs and "patient" not in by_target and "sample" in by_target:
        return "sample"
    return "sample" if labs and when and repeated else "patient"


# ------------------------------------------------------------------------------------------------------ one column


def _column(facts: Facts, row_is: str) -> ColumnMap:
    column = facts.column
    base = ColumnMap(at=column.at, column=column.name, over=" / ".join(column.groups), cells=len(facts.filled))
    if (known := _not_read(facts)) is not None:
        base.reason = known
        return base
    if row_is == "parameter":
        return _adtte(base)
    target, confidence = target_of(column.name)
    titled, how = target_of(facts.said.title or column.title)
    if titled and (not target or (confidence == "guess" and how == "sure")):
        target, confidence = titled, "likely"
    if target.startswith(("labs.", "treatments.", "toxicity.event", "toxicity.grade")) and not target.startswith(
        LONG.get(row_is, ("-",))
    ):
        target = ""
    if row_is == "patient" and target in (*ROW_LEVEL, "infusion", "exposure"):
        target = "date" if target == "date" and facts.is_date else ""
    base.confidence = confidence or "sure"
    for recognise in (_other_clock, _patient, _event_times, _known, _laboratory, _exposure_day, _declared):
        found = recognise(base, facts, target, row_is)
        if found is not None:
            if found.confidence == "guess" and not found.decide and found.to != "leave out":
                found.decide = f"`to`: the heading is only near to a known word; is it {found.to}?"
            return found
    return base


def _not_read(facts: Facts) -> str | None:
    """Say why a column is not to be read at all; None if it is."""
    column, name = facts.column, bare(facts.column.name)
    if facts.said.identifier or name in IDENTIFYING or bare(column.title) in IDENTIFYING:
        return "it may identify a patient: not read"
    if facts.said.free_text or name in FREE_TEXT:
        return "free text: not read"
    if re.fullmatch(
        r"redcap_(repeat_instrument|repeat_instance|event_name|data_access_group|survey_identifier)|.*_complete|.*_timestamp",
        column.name,
    ):
        return "a technical column of REDCap"
    if not facts.filled:
        return "no cell holds anything"
    first = facts.numbers[:1]
    if not column.name and facts.is_number and facts.numbers == [first[0] + i for i in range(len(facts.numbers))]:
        return "row numbers"
    return None


def _other_clock(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    if target != "other clock":
        return None
    base.reason = "its clock does not begin on day 0 (it counts from diagnosis or from remission)"
    return base


def _patient(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    if target not in ("patient", "sample"):
        return None
    base.to, base.reason = target, "a known word for it" if target == "patient" else "a sample's own name: not read"
    if target == "sample":
        base.to = "leave out"
    return base


def _adtte(base: ColumnMap) -> ColumnMap:
    roles = {"USUBJID": "patient", "SUBJID": "leave out", "PARAMCD": "adtte.parameter", "AVAL": "adtte.value", "AVALU": "adtte.unit", "CNSR": "adtte.censored",
             "STARTDT": "leave out", "ADT": "leave out", "PARAM": "leave out", "EVNTDESC": "leave out", "CNSDTDSC": "leave out",
             "SEX": "patients.sex", "AGE": "patients.age_years"}  # fmt: skip
    base.to = roles.get(base.column.upper(), "leave out")
    base.reason = "CDISC ADTTE"
    if base.to == "adtte.censored":
        base.codes, base.reason = {"0": "event"}, "CDISC ADTTE: CNSR is 0 for an event, above 0 for a censored time"
    if base.to == "patients.sex":
        base.codes = {"M": "male", "F": "female", "U": ""}
    return base


def _event_times(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the time of an event and the status that belongs to a time."""
    name, words = bare(base.column), f"{base.column} {facts.column.title} {facts.said.title} {facts.said.words}"
    if (
        row_is not in ("patient", "sample")
        or target.startswith(("toxicity.", "patients.", "response.", "status."))
        or facts.is_date
    ):
        return None
    exposure = exposure_of(base.column)
    endpoint = endpoint_of(base.column) or endpoint_of(facts.column.title) or endpoint_of(facts.said.title)
    status = name in STATUS_NAMES or target in (
        "followup.death_date",
        "followup.relapse_date",
        "followup.progression_date",
    )
    flag = (facts.is_flag and not time_unit_of(base.column)) or bool(
        facts.labels and set(facts.counts) <= set(facts.labels) and len(facts.counts) <= 6
    )
    coded = status and 1 < len(facts.counts) <= 6 and not facts.is_number
    if (status or endpoint) and (flag or coded) and not exposure:
        base.to, base.name = (
            "status",
            endpoint or ("relapse" if "relapse" in target else "progression" if "progression" in target else "death"),
        )
        return _vital(base, facts, name)
    is_time = (endpoint or name in PLAIN_TIMES) and facts.is_number and not flag and not exposure
    if is_time and target not in ("origin", "followup.contact_day") and not name.startswith("age"):
        base.to, base.name = "time", endpoint or "death"
        base.reason = "time to an event or to the end of follow-up"
        _time_unit(base, words, facts)
        _sentinel(base, facts)
        return base
    return None


def _vital(base: ColumnMap, facts: Facts, name: str) -> ColumnMap:
    doubts, numeric = [], set(facts.counts) <= {"0", "1", "2"}
    inverted = name in INVERTED or any(word in INVERTED for word in name.split())
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, "" if numeric else code)
        base.codes[code] = meaning(label, "vital") if label else ""
        base.counts[code] = count
        if name.endswith("alive") and label and meaning(label, "yes_no"):
            base.codes[code] = "censored" if meaning(label, "yes_no") == "yes" else "event"
    unread = [code for code in base.codes if not base.codes[code]]
    if unread and numeric:
        usual = {"0": "censored", "1": "event"} if set(facts.counts) <= {"0", "1"} else {"1": "censored", "2": "event"}
        if inverted:
            usual = {code: {"censored": "event", "event": "censored"}[what] for code, what in usual.items()}
        base.codes = {code: usual.get(code, "unknown") for code in base.codes}
        base.confidence = "likely" if name in STRONG_DEATH and set(facts.counts) <= {"0", "1"} else "guess"
        if base.confidence == "guess":
            doubts.append("`codes`: no label says which number is the event; check the counts")
    elif unread:
        for code in unread:
            base.codes[code] = "unknown"
        doubts.append(
            f"`codes`: {sum(base.counts[code] for code in unread)} cells hold a status that is not known here; event, censored or unknown?"
        )
    if marks := len(facts.column.cells) - len(facts.filled):
        written = sum(
            isinstance(cell, str) and bool(cell.strip()) for cell in facts.column.cells if cell not in facts.filled
        )
        if written:
            doubts.append(
                f"`empty_means`: {written} cells say that the status is not known; leave it empty to keep them unknown (never alive), or write censored"
            )
        base.reason = f"{marks} cells without a status stay unknown"
    base.reason = "; ".join(part for part in ("status of an event", base.reason) if part)
    return _ask(base, doubts)


def _known(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    if not target or target in ("other clock", "patient", "sample"):
        return None
    base.to, base.reason = (
        target,
        f"a known word for {target}" if base.confidence == "sure" else f"near to a word for {target}",
    )
    if target in ("origin", "birth", "date") or target.endswith("_date"):
        return _date(base, facts, target)
    if target in ("day", "followup.contact_day") or target.endswith((".day_from", ".day_to", ".duration")):
        if facts.is_date:
            return _date(base, facts, target)
        if not facts.is_number:
            return None
        base.to = target if target != "followup.contact_day" else "time"
        if base.to == "time":
            base.name = "end of follow-up"
        _time_unit(base, f"{base.column} {facts.said.words} day", facts)
        _sentinel(base, facts)
        return base
    if target in CODES_OF:
        return _coded(base, facts, CODES_OF[target])
    if target == "treatments.agent":
        return base
    if target in ("labs.analyte", "labs.unit", "treatments.dose_unit", "time"):
        return base
    if target == "infusion" or target == "exposure":
        return base
    if not facts.is_number:
        return None
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if target == "patients.age_years":
        unit = time_unit_of(f"{base.column} {facts.column.title} {facts.said.words}")
        base.unit = unit if unit in ("months", "days", "weeks") else ""
    doubts = [facts.decimal[1]] if facts.decimal[1] else []
    if (
        base.confidence != "guess"
        and target == "patients.blast_prelymphodepletion_pct"
        and "blast" not in bare(facts.column.words)
    ):
        doubts.append("`to`: is it the marrow blasts before lymphodepletion, in percent?")
    _sentinel(base, facts)
    return _ask(base, doubts)


def _date(base: ColumnMap, facts: Facts, target: str) -> ColumnMap | None:
    serial = facts.is_number and all(36526 <= value <= 54789 for value in facts.numbers) and bool(facts.numbers)
    if not facts.is_date and not serial:
        if facts.is_number and target.startswith("followup.") and not facts.is_flag:
            base.to, base.name = (
                "time",
                {"followup.contact_date": "end of follow-up"}.get(
                    target, target.removeprefix("followup.").removesuffix("_date")
                ),
            )
            base.reason = "days until it happened; empty: it did not"
            _time_unit(base, f"{base.column} {facts.column.title} {facts.said.words}", facts)
            _sentinel(base, facts)
            return base
        return None
    base.order = facts.said.order or facts.order[0]
    doubts = [f"`order`: {facts.order[1]}"] if facts.order[1] and not facts.said.order else []
    if "exchanged" in facts.order[1] and "Excel" in facts.order[1]:
        base.exchange = True
        doubts = [f"`exchange`: {facts.order[1]}; they are exchanged back; right?"]
    unread = sum(read_date(cell, base.order) is None for cell in facts.filled)
    if unread:
        doubts.append(f"`to`: {unread} cells are no dates (text of some kind): they are left empty; right?")
    if serial:
        base.reason = "numbers as Excel counts days, read as dates"
    return _ask(base, doubts)


def _coded(base: ColumnMap, facts: Facts, kind: str) -> ColumnMap | None:
    if facts.is_date:
        return None
    if kind == "yes_no" and facts.is_number and not facts.is_flag:
        return None
    doubts, numeric = [], all(re.fullmatch(r"-?\d+", code) for code in facts.counts)
    if len(facts.counts) > 30:
        return None
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, code)
        base.codes[code] = meaning(label, kind) or (meaning(code, kind) if kind == "grade" else "")
        base.counts[code] = count
    unread = [code for code in base.codes if not base.codes[code]]
    if unread and numeric and kind == "yes_no" and set(facts.counts) <= {"0", "1"} and not facts.labels:
        base.codes, unread = {code: {"0": "no", "1": "yes"}[code] for code in base.codes}, []
        base.confidence = "likely" if base.confidence == "sure" else base.confidence
        base.reason += "; 0 and 1 read as no and yes"
    if unread:
        cells = sum(base.counts[code] for code in unread)
        doubts.append(
            f"`codes`: no label says what {'these numbers mean' if numeric else f'{len(unread)} of the codes mean'} ({cells} cells)"
        )
        if not facts.safe_codes() and not numeric:
            base.codes = {code: what for code, what in base.codes.items() if what}
            base.counts = {code: base.counts[code] for code in base.codes}
    if kind == "yes_no" and base.codes.get("0") == "yes" and base.codes.get("1") == "no":
        doubts.append(
            "`codes`: the description has 0 for yes and 1 for no, the other way round than usual; is it so in the cells?"
        )
    base.missing = [code for code in facts.missing if code not in base.codes]
    if kind == "response" and len(facts.filled) < len(facts.column.cells):
        gaps = len(facts.column.cells) - len(facts.filled)
        base.empty_means = "not done"
        doubts.append(
            f"`empty_means`: {gaps} patients have no response here: not done, or not known (then leave it empty)?"
        )
    return _ask(base, doubts)


def _laboratory(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    analyte = analyte_of(base.column)
    if (
        not analyte
        or not (facts.is_number or (facts.is_date is False and _mostly_limits(facts)))
        or row_is in ("measurement", "administration", "event")
    ):
        return None
    base.to, base.name, base.reason = "lab", analyte, "the heading names an analyte"
    base.unit = unit_of(f"{base.column} {base.over} {facts.said.words} {facts.said.title}") or ANALYTE_UNITS.get(
        analyte, "pg/mL"
    )
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit_of(f"{base.column} {base.over} {facts.said.words} {facts.said.title}"):
        base.confidence = "likely"
        base.reason += f"; no unit stands anywhere, {base.unit} is the usual one"
    return _ask(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


def _mostly_limits(facts: Facts) -> bool:
    return sum(isinstance(cell, str) and LIMIT.match(cell.strip()) is not None for cell in facts.filled) >= 0.5 * max(
        1, len(facts.filled)
    )


def _exposure_day(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    name = exposure_of(base.column)
    if not name or row_is != "patient" or not (facts.is_number or facts.is_date):
        return None
    if facts.is_flag:
        return None
    base.to, base.name, base.reason = "exposure", name, "the day on which it began"
    if facts.is_date:
        return _date(base, facts, "exposure")
    _time_unit(base, f"{base.column} {facts.said.words}", facts)
    _sentinel(base, facts)
    if base.never is not None and base.decide:
        base.also_decide, base.decide = (
            [],
            f"`never`: {base.never:g} stands there so often that it may mean never; right? (else empty it)",
        )
    return base


def _declared(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Keep a column beyond the dictionary under a name of its own, if its cells are numbers or a few codes."""
    if row_is not in ("patient", "sample") or facts.is_date:
        base.reason = (
            "a date that has no place: not kept"
            if facts.is_date
            else "not in the dictionary, and no patient's property"
        )
        return base
    base.name = (
        re.sub(r"[^a-z0-9]+", "_", bare(facts.said.title if facts.column.name.count("___") else base.column)).strip("_")
        or f"column_{base.at}"
    )
    if any(base.name in columns for columns in TABLES.values()):
        base.name += "_here"
    labels = {facts.labels.get(code, code) for code in facts.counts}
    if facts.counts and all(meaning(label, "yes_no") for label in labels):
        base.to, base.kind = "declared", "boolean"
        return _coded(base, facts, "yes_no")
    codes = facts.safe_codes()
    if facts.is_number and not (facts.labels and set(facts.counts) <= set(facts.labels)):
        base.to, base.kind = "declared", "number"
        base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
        _sentinel(base, facts)
        base.reason = "not in the dictionary: kept as a number of its own"
        return _ask(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])
    if codes or (facts.labels and set(facts.counts) <= set(facts.labels)):
        base.to, base.kind = "declared", "category"
        base.codes = {code: facts.labels.get(code, code) for code in sorted(facts.counts)}
        base.counts = dict(sorted(facts.counts.items()))
        base.missing = [code for code in facts.missing if code not in base.codes]
        base.reason = "not in the dictionary: kept as a category of its own"
        return base
    base.reason = "text of many values: not read"
    return base


def _time_unit(base: ColumnMap, words: str, facts: Facts) -> None:
    unit = time_unit_of(words)
    base.unit = unit or "days"
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit:
        base.confidence = "guess"
        _ask(base, ["`unit`: nothing says whether it is days, weeks, months or years"])
    if facts.decimal[1]:
        _ask(base, [f"`decimal`: {facts.decimal[1]}"])


def _sentinel(base: ColumnMap, facts: Facts) -> None:
    if base.to in ("time", "exposure") and facts.numbers and all(36526 <= value <= 54789 for value in facts.numbers):
        _ask(base, ["`to`: every number could be a date as Excel counts days; is it one (then it is no time)?"])
    if (number := sentinel(facts.numbers)) is None:
        return
    label = facts.labels.get(code_text(number), "")
    base.never = number
    if label.lower() in ("never", "none", "no event", "not reached"):
        base.reason += "; " * bool(base.reason) + f"{number:g} is said to mean never"
        return
    count = sum(value == number for value in facts.numbers)
    _ask(
        base,
        [
            f"`never`: {number:g} stands in {count} cells, far from all others: never or not known? (if it is a value, delete `never`)"
        ],
    )


def _ask(base: ColumnMap | SheetMap | Mapping, doubts: list[str]) -> ColumnMap:
    for doubt in doubts:
        if not base.decide:
            base.decide = doubt
        elif doubt != base.decide:
            base.also_decide.append(doubt)
    return base


# -------------------------------------------------------------------------------------------------- across columns


def _forms(columns: list[ColumnMap], facts: list[Facts]) -> None:
    """Tie each REDCap checkbox to the column that says whether its form is complete."""
    complete = {
        one.column.name.removesuffix("_complete"): one.column.at
        for one in facts
        if one.column.name.endswith("_complete")
    }
    for column, one in zip(columns, facts, strict=True):
        if "___" in column.column and column.codes and one.said.form in complete:
            column.complete_at = complete[one.said.form]
            column.reason += "; a box that is not ticked counts as no only where the form is complete"


def _decimals(sheet: SheetMap, facts: list[Facts]) -> None:
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


def _twice(sheet: SheetMap) -> None:
    """Ask where two columns are taken for the same thing, two grading systems for instance."""
    places: dict[str, list[ColumnMap]] = {}
    for column in sheet.columns:
        if column.to.startswith(ONCE):
            places.setdefault(column.to, []).append(column)
    for to, columns in places.items():
        if len(columns) > 1:
            what = " (two grading systems are never mixed)" if to.endswith("grade") else ""
            _ask(
                columns[1],
                [
                    f"`to`: columns {' and '.join(str(column.at) for column in columns)} are both taken for {to}; which one?{what}"
                ],
            )
    for column in sheet.columns:
        if "grading" in bare(column.column) and len(column.codes) > 1:
            _ask(
                column,
                [
                    f"{len(column.codes)} grading systems stand in this column; grades of different systems are not mixed: keep the rows of one"
                ],
            )


def _days_of_labs(sheet: SheetMap, facts: list[Facts]) -> None:
    """Give each analyte its day: the column of the true day beside it, a day in the headings, or that of the row."""
    row_day = next((column.at for column in sheet.columns if column.to in ("date", "day")), None)
    for i, column in enumerate(sheet.columns):
        if column.to != "lab":
            continue
        after = sheet.columns[i + 1] if i + 1 < len(sheet.columns) else None
        if after is not None and _is_true_day(after, column, facts[i + 1]):
            after.to, after.reason, after.decide, after.also_decide = (
                "true day",
                f"the day on which column {column.at} was drawn",
                "",
                [],
            )
            after.name, after.kind, after.codes, after.counts, after.never = "", "", {}, {}, None
            after.order = facts[i + 1].order[0] if facts[i + 1].is_date else ""
            column.day_at = after.at
            continue
        written = day_in(f"{column.over} / {column.column}")
        if written is not None:
            column.day = written
        elif row_day is not None:
            column.day_at = row_day
        else:
            column.day = 0
            _ask(column, ["`day`: no heading and no column says on which day it was drawn"])
    without = sorted({c.name for c in sheet.columns if c.to == "lab" and "no unit stands" in c.reason})
    if without:
        _ask(
            sheet,
            [
                f"no unit is written for {', '.join(without)}: the usual one was put into `unit` of these columns; is it right?"
            ],
        )


def _is_true_day(column: ColumnMap, lab: ColumnMap, facts: Facts) -> bool:
    name = bare(column.column)
    named = re.match(r"(true )?(date|day|time)\b|(sample|draw|collection) (date|day)", name) is not None
    return (
        named
        and (facts.is_number or facts.is_date or not facts.filled)
        and column.over == lab.over
        and not analyte_of(column.column)
    )


def day_in(words: str) -> float | None:
    """Find a day written in a heading.

    Examples
    --------
    >>> day_in("Inflammatory Markers / Day 7 (5-9) Timepoint / CRP"), day_in("Ferritin d0"), day_in("IL6_D14"), day_in("CRP baseline"), day_in("IL-6")
    (7.0, 0.0, 14.0, 0.0, None)
    """
    text = words.lower()
    if found := re.search(r"(?<![a-z])(?:day|d|tag|jour|第)[\s_]*([+-]?\d+)", text):
        return float(found.group(1))
    if re.search(r"baseline|pre[- ]?infusion|screening|基线", text):
        return 0.0
    found = re.search(r"(?<![a-z])(?:week|wk|w)[\s_]*(\d+)(?!\d)", text)
    return 7.0 * float(found.group(1)) if found else None


def _pair(sheet: SheetMap, facts: list[Facts]) -> None:
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
            _ask(status, [f"`time_at`: {len(own)} columns could be its time"])
        elif not own and len(times) == 1 and len(statuses) == 1:
            status.time_at = times[0].at
            times[0].name = status.name
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
            _ask(status, doubts)
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
    for time in times:
        if any(status.time_at == time.at for status in statuses):
            continue
        other = [status for status in statuses if status.time_at in by_at and by_at[status.time_at].name == time.name]
        if time.name == "death" and not other and "day" not in bare(time.column):
            time.name = "end of follow-up"
            _ask(
                time,
                [
                    "`to`: a survival time without a status: is it the last contact of everybody (nobody known to be dead)?"
                ],
            )
        elif not other:
            _ask(time, ["`to`: no status belongs to it; is every value the day of the event?"])
    composite = [time for time in times if time.name == "progression or death"]
    if composite and not any(time.name == "death" for time in times) and "followup.death_date" not in dates:
        _ask(
            composite[0],
            [
                "`name`: it does not say which events were deaths, so there is no overall survival; take all for progression (write progression), or leave the column out?"
            ],
        )


def _patients(sheet: SheetMap, facts: list[Facts]) -> None:
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
        if sheet.row_is in ("patient", "parameter"):
            sheet.notes.append("no column names the patient: each row is taken for one")
        else:
            _ask(sheet, ["no column names the patient: which one? write `to: patient` there"])
        return
    cells = facts[found[0]].column.cells
    empty = [i for i, cell in enumerate(cells) if cell is None or not str(cell).strip()]
    if empty and empty[0] > 0:
        sheet.fill_down = True
        _ask(
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
        _ask(
            sheet,
            [
                f"`strip_suffix`: {len(set(keys))} names look like several samples of {len(plain)} patients; is it so (else empty it)?"
            ],
        )
    elif sheet.row_is == "patient" and len(set(keys)) < len(keys):
        sheet.notes.append(
            f"{len(keys)} rows of {len(set(keys))} patients: values that differ between rows of a patient are refused"
        )


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
        _ask(
            column,
            [
                f"`to`: {len(dated)} of {len(facts.filled)} names of samples end in a day; the patient is what stands before it; right?"
            ],
        )
    else:
        _ask(column, ["`to`: no column names the patient, so the sample's name is taken for it; right?"])


def _limits(sheet: SheetMap, facts: list[Facts]) -> None:
    """Ask about limits of detection that were entered as values, over all columns of an analyte."""
    by_name: dict[str, list[int]] = {}
    for i, column in enumerate(sheet.columns):
        if column.to == "lab":
            by_name.setdefault(column.name, []).append(i)
    for places in by_name.values():
        cells = [read_number(cell, facts[i].decimal[0]) for i in places for cell in facts[i].filled]
        values = [one.value for one in cells if one is not None and one.value is not None and not one.side]
        low, high = repeated_limit(values)
        for place, limit, side in (("left_at", low, "lowest"), ("right_at", high, "highest")):
            if limit is None:
                continue
            for i in places:
                setattr(sheet.columns[i], place, limit)
            count = values.count(limit)
            _ask(sheet.columns[places[0]], [f"`{place}`: {count} of {len(values)} values equal the {side}, {limit:g}: a limit of the assay entered as a value? "
                                            f"(if they were measured, delete `{place}` in each column of the analyte)"])  # fmt: skip


def _dates(sheet: SheetMap, facts: list[Facts]) -> None:
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
                _ask(
                    column,
                    [
                        f"{len(late)} dates lie 1,462 days later than the others, in a workbook that counts from 1904: two date systems mixed?"
                    ],
                )
            continue
        mended = all(day + BETWEEN_SYSTEMS >= 0 for day in early)
        _ask(column, [
            f"{len(early)} dates lie before day 0" + (": 1,462 days later they would not, so two date systems of Excel may be mixed; correct the file"
            if mended and min(early) < -1000 else "; correct the file, or the order of day and month")
        ])  # fmt: skip


def _times_against_dates(sheet: SheetMap, facts: list[Facts]) -> None:
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
            _ask(
                column,
                [
                    f"{apart} of {len(pairs)} times differ from the dates in the same row; which are right? (leave the other out: `to: leave out`)"
                ],
            )


def _moments(facts: Facts, column: ColumnMap) -> list[datetime | None]:
    found = [date_as_mapped(cell, column.order, column.exchange) for cell in facts.column.cells]
    return [one.date if one else None for one in found]


def _ask_about_all(mapping: Mapping, tables: list[tuple[Table, Sheet]]) -> None:
    """Ask what only all files together show: day 0, the end of follow-up, keys that do not join."""
    columns = [column for sheet in mapping.sheets for column in sheet.columns]
    origins = [column for column in columns if column.to == "origin"]
    dated = [
        c for c in columns if c.to == "date" or c.to.endswith("_date") or (c.to in ("exposure", "true day") and c.order)
    ]
    if dated and not origins:
        _ask(mapping, ["dates are here, but no column is day 0: write `to: origin` at the one that is"])
    if origins:
        name = bare(origins[0].column)
        mapping.origin = (
            "CAR T-cell infusion" if re.search(r"infus|回输|输注|d0|day 0|day0", name) else "entry into the study"
        )
    if (
        len({sheet.file for sheet in mapping.sheets} | {(s.file, s.sheet) for s in mapping.sheets}) > 2
        or len(mapping.sheets) > 1
    ):
        lost = joined([(sheet, table) for sheet, (table, _) in zip(mapping.sheets, tables, strict=False)])
        if lost:
            mapping.unjoined = "leave out"
            _ask(mapping, [f"`unjoined`: {lost}; rows of patients that no sheet of patients has are left out; right?"])
    for sheet, (table, _) in zip(mapping.sheets, tables, strict=False):
        _ask_about_ends(sheet, table, mapping)


def _ask_about_ends(sheet: SheetMap, table: Table, mapping: Mapping) -> None:
    to = Counter(column.to for column in sheet.columns)
    dated = [column for column in sheet.columns if column.to in ("followup.death_date", "followup.contact_date")]
    if (
        sheet.row_is != "patient"
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
        _ask(
            sheet,
            [
                f"`without_end`: {without} patients have neither a death nor a last contact, so their follow-up has no end: left out of followup.csv; right? (or add the date to the file)"
            ],
        )
