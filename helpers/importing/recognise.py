"""What one column is: recognisers, each for a kind of column, tried in turn; what is doubtful becomes a question."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from helpers.cohort.schema import TABLES
from helpers.importing.cells import (
    LIMIT,
    is_half_date,
    read_age,
    read_date,
    read_number,
    sentinel,
)
from helpers.importing.described import checkbox
from helpers.importing.facts import MINUS, NOT_KNOWN, Facts
from helpers.importing.grid import code_text
from helpers.importing.mapping import ColumnMap, Mapping, SheetMap
from helpers.importing.table import SourceColumn
from helpers.importing.vocabulary import (
    ADTTE,
    ANALYTE_UNITS,
    CODES_OF,
    FREE_TEXT,
    IDENTIFYING,
    INVERTED,
    STATUS_NAMES,
    agent_near,
    agent_of,
    analyte_of,
    bare,
    day_in,
    dose_unit_of,
    endpoint_of,
    exposure_of,
    meaning,
    target_of,
    time_unit_of,
    unit_of,
)

ALIVE_OR_NOT = re.compile(r" (alive|dead|died|deceased|lebt|lebend|verstorben) ")
ONE_SEX = {"female": "female", "weiblich": "female", "male": "male", "mannlich": "male"}
DATELESS = ("death", "relapse", "progression")
ADLB = {"PARAM": "analyte", "AVAL": "result", "PARAMCD": "parameter code", "AVALU": "unit"}
LONG = {"measurement": ("labs.",), "administration": ("treatments.",), "event": ("toxicity.event", "toxicity.grade")}
ROW_LEVEL = ("date", "day", "time", "until")
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
    "time to event",
    "event time",
    "tte",
)
STRONG_DEATH = ("death", "dead", "died", "deceased", "exitus", "mort", "mortality", "death status")


def recognised(facts: Facts, row_is: str) -> ColumnMap:
    """Propose what one column is, from its heading, its labels and its cells."""
    column = facts.column
    base = ColumnMap(at=column.at, column=column.name, over=" / ".join(column.groups), cells=len(facts.filled))
    base.missing = list(facts.missing)
    if (known := _not_read(facts)) is not None:
        base.reason = known
        return base
    if row_is == "parameter":
        return _adtte(base, facts)
    if row_is == "measurement" and base.column.upper() in ADLB:
        facts = replace(facts, column=replace(column, name=ADLB[base.column.upper()]))
    target, confidence = _target(facts, row_is)
    base.confidence = confidence or "sure"
    for recognise in (_other_clock, _patient, _event_times, _known, _laboratory, _exposure_day, _declared):
        found = recognise(base.model_copy(deep=True), facts, target, row_is)
        if found is not None:
            unplaced = found.to in ("declared", "leave out") and found.reason != NO_PLACE
            if unplaced and recognise is _declared and base.confidence != "guess" and _has_a_place(target):
                ask_about(
                    found,
                    [f"`to`: its heading names {target}, but its cells are none that can be read as that; right?"],
                )
            if (
                recognise in (_laboratory, _exposure_day, _declared)
                and found.confidence == "guess"
                and not found.decide
            ):
                found.confidence = "sure"  # the near word did not fit the cells and is forgotten
            if found.confidence == "guess" and not found.decide and found.to != "leave out":
                found.decide = f"`to`: the heading is only near to a known word; is it {found.to}?"
            return found
    return base


def _graded_by_day(facts: Facts) -> str | None:
    """Recognise the grade of CRS or ICANS on one day: CRS d3, or D3 below CRS."""
    groups = facts.column.groups
    words = facts.column.name if not _only_a_day(facts.column.name) else groups[-1] if groups else ""
    if day_in(facts.column.name) is None or not facts.is_number:
        return None
    known = target_of(re.sub(r"(?i)[\s_.-]*\b(?:day|tag|d)[\s_]*\d+\s*$", "", words.replace("_", " ")))[0]
    found = re.fullmatch(r"toxicity\.(CRS|ICANS)\.(?:flag|grade)", known)
    return f"toxicity.{found.group(1)}.on_day" if found else None


def _has_a_place(target: str) -> bool:
    """Tell whether a heading names something that should not be lost: a date, or a column of the dictionary."""
    return (
        target in ("origin", "birth")
        or target.endswith("_date")
        or target.startswith(("patients.", "toxicity.", "response."))
    )


def _target(facts: Facts, row_is: str) -> tuple[str, str]:
    """Find what the heading is called here; where it alone says nothing, with the label or the group that stands over it."""
    column = facts.column
    if (daily := _graded_by_day(facts)) is not None:
        return daily, "likely"
    target, confidence = _in_row(*target_of(column.name), facts, row_is)
    titled, how = _in_row(*target_of(facts.said.title or column.title), facts, row_is)
    if titled and (not target or (confidence == "guess" and how != "guess")):
        target, confidence = titled, "guess" if how == "guess" else "likely"
    for group in reversed(column.groups):
        if not target or (
            target in ("date", "day") and row_is in ("patient", "infusion", "sample") and not day_in(group)
        ):
            grouped = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
            target, confidence = grouped if grouped[0] else (target, confidence)
        if not target:
            target, confidence = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
    return target, confidence


def _in_row(target: str, confidence: str, facts: Facts, row_is: str) -> tuple[str, str]:
    """Keep a target only where a row of this kind can hold it."""
    if row_is in ("event", "administration", "measurement") and target == "origin":
        words = f"{bare(facts.column.name)} {bare(facts.said.title or facts.column.title)}"
        starts = re.search(r"start|begin|onset|von", words) is not None
        target = ("date" if facts.is_date else "day" if facts.is_number else target) if starts else target
    if row_is == "administration" and target == "labs.unit":
        target = "treatments.dose_unit"
    if target.startswith(("labs.", "treatments.", "toxicity.event", "toxicity.grade")) and not target.startswith(
        LONG.get(row_is, ("-",))
    ):
        return "", ""
    if row_is == "patient" and target == "infusion":
        return "", ""
    if row_is in ("patient", "infusion") and target in (*ROW_LEVEL, "exposure"):
        return ("date", confidence) if target == "date" and facts.is_date else ("", "")
    return (target, confidence) if target else ("", "")


def _not_read(facts: Facts) -> str | None:
    """Say why a column is not to be read at all; None if it is."""
    column, name = facts.column, bare(facts.column.name)
    if facts.said.identifier or name in IDENTIFYING or bare(column.title) in IDENTIFYING:
        birth = "birth" in (target_of(column.name)[0], target_of(facts.said.title)[0])
        return "it may identify a patient: not read" + (" (write `to: birth` to keep the age alone)" if birth else "")
    if checkbox(column.name)[0] and facts.said.title.lower() in NOT_KNOWN:
        return "the box for not known"
    if facts.said.free_text or name in FREE_TEXT:
        return "free text: not read"
    if re.fullmatch(
        r"(Event Name|Repeat Instrument|Repeat Instance|Data Access Group|Survey Identifier|Complete\?|redcap_repeat_instrument)|"
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


def _adtte(base: ColumnMap, facts: Facts) -> ColumnMap:
    roles = {"USUBJID": "patient", "SUBJID": "leave out", "PARAMCD": "adtte.parameter", "AVAL": "adtte.value", "AVALU": "adtte.unit", "CNSR": "adtte.censored",
             "STARTDT": "leave out", "ADT": "leave out", "PARAM": "leave out", "EVNTDESC": "leave out", "CNSDTDSC": "leave out",
             "SEX": "patients.sex", "AGE": "patients.age_years"}  # fmt: skip
    base.to = roles.get(base.column.upper(), "leave out")
    base.reason = "CDISC ADTTE"
    if base.to == "adtte.parameter":
        base.codes = {code: ADTTE.get(code.upper(), "") for code in sorted(facts.counts)}
        base.counts = dict(sorted(facts.counts.items()))
        if unknown := [code for code, what in base.codes.items() if not what]:
            ask_about(
                base,
                [
                    f"`codes`: {len(unknown)} parameters are not known here and are left out (or write death / relapse / progression / progression or death); right?"
                ],
            )
    if base.to == "adtte.censored":
        base.codes, base.reason = {"0": "event"}, "CDISC ADTTE: CNSR is 0 for an event, above 0 for a censored time"
    if base.to == "patients.sex":
        base.codes = {"M": "male", "F": "female", "U": ""}
    return base


def _event_times(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the time of an event and the status that belongs to a time."""
    name, words = bare(base.column), f"{base.column} {facts.column.title} {facts.said.title} {facts.said.words}"
    if (
        row_is not in ("patient", "sample", "infusion")
        or target.startswith(("toxicity.", "patients.", "response.", "status."))
        or facts.is_date
    ):
        return None
    exposure = exposure_of(base.column)
    endpoint = endpoint_of(base.column) or endpoint_of(facts.column.title) or endpoint_of(facts.said.title)
    if not endpoint and facts.column.groups and (name in PLAIN_TIMES or name in STATUS_NAMES):
        endpoint = endpoint_of(facts.column.groups[-1])
    status = (
        name in STATUS_NAMES
        or bare(facts.column.title) in STATUS_NAMES
        or target
        in (
            "followup.death_date",
            "followup.relapse_date",
            "followup.progression_date",
        )
    )
    status = status or (facts.is_flag and not endpoint and ALIVE_OR_NOT.search(f" {name} ") is not None)
    said = bool(facts.labels) and all(meaning(facts.labels.get(code, ""), "vital") for code in facts.counts)
    flag = (facts.is_flag and (said or not time_unit_of(base.column))) or bool(
        facts.labels and set(facts.counts) <= set(facts.labels) and len(facts.counts) <= 6
    )
    dated = any(read_date(cell) or is_half_date(cell) for cell in facts.filled if isinstance(cell, str))
    coded = status and 1 < len(facts.counts) <= 6 and not facts.is_number and not dated
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
        said = meaning(label, "yes_no") if label else ""
        base.codes[code] = (meaning(label, "vital") if label else "") or {"yes": "event", "no": "censored"}.get(
            said, ""
        )
        base.counts[code] = count
        if inverted and said:
            base.codes[code] = "censored" if said == "yes" else "event"
    unread = [code for code in base.codes if not base.codes[code]]
    if unread and numeric:
        usual = {"0": "censored", "1": "event"} if set(facts.counts) <= {"0", "1"} else {"1": "censored", "2": "event"}
        if {"0", "2"} <= set(facts.counts):
            usual = {"0": "censored"}  # which of the others is the event, and which another event, only a person knows
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
            cell is not None and cell == cell and bool(code_text(cell).strip())  # a code declared as missing, too
            for cell in facts.column.cells
            if cell not in facts.filled
        )
        if written:
            doubts.append(
                f"`empty_means`: {written} cells say that the status is not known; leave it empty to keep them unknown (never alive), or write censored"
            )
        base.reason = f"{marks} cells without a status stay unknown"
    base.reason = "; ".join(part for part in ("status of an event", base.reason) if part)
    return ask_about(base, doubts)


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
            return _visits(base, facts) if target == "day" else None
        base.to = target if target != "followup.contact_day" else "time"
        if base.to == "time":
            base.name = "end of follow-up"
        _time_unit(base, f"{base.column} {facts.said.words} day", facts)
        _sentinel(base, facts)
        if row_is == "administration" and base.column == "START_DATE":
            ask_about(base, ["`to`: the days of a timeline of cBioPortal count from the first diagnosis unless its makers say otherwise; do they count from day 0 here?"])  # fmt: skip
        if re.fullmatch(r"(A|AST|AEN|AEST|LB|CMST|CMEN)DY", base.column):
            base.first_day, base.reason = 1, "CDISC's study day: 1 is the day of the first dose, and there is no 0"
        return base
    if target in CODES_OF:
        return _coded(base, facts, CODES_OF[target])
    if GROUPED.search(f" {bare(base.column)} {bare(facts.column.title)} "):
        return None
    if target == "until":
        return _until(base, facts, row_is)
    if target in ("labs.analyte", "labs.unit", "treatments.dose_unit"):
        return _named(base, facts, target)
    if target == "treatments.agent":
        return _agents(base, facts)
    if target == "age unit":
        base.codes = {code: unit for code in sorted(facts.counts) if (unit := time_unit_of(f"a {code}"))}
        return base
    if target == "time":
        return base
    if target == "infusion":
        return base if facts.is_number else None
    if target == "exposure":
        return base
    if target == "treatments.dose":
        return _dose(base, facts)
    if (
        target == "patients.age_years"
        and sum(read_age(cell) is not None for cell in facts.filled) > len(facts.filled) / 2
    ):
        base.unit, base.reason = "in words", "ages in words, such as 2 years 6 months"
        others = sum(read_age(cell) is None and read_number(cell) is None for cell in facts.filled)
        bare_numbers = sum(read_number(cell) is not None for cell in facts.filled)
        doubts = [f"`to`: {others} cells are no age: left empty; right?"] * bool(others)
        return ask_about(
            base,
            doubts + [f"`unit`: {bare_numbers} ages have no unit and are taken for years; right?"] * bool(bare_numbers),
        )
    if not facts.is_mostly_number:
        return None
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    _other_text(base, facts)
    if target == "patients.age_years":
        unit = time_unit_of(f"{base.column} {facts.column.title} {facts.said.words}")
        base.unit = unit if unit in ("months", "days", "weeks") else ""
    doubts = [facts.decimal[1]] if facts.decimal[1] else []
    if target == "patients.age_years" and not base.unit and any(value > 120 for value in facts.numbers):
        doubts.append("`unit`: some ages are above 120, so they cannot all be years; months, weeks or days?")
    if (
        base.confidence != "guess"
        and target == "patients.blast_prelymphodepletion_pct"
        and "blast" not in bare(facts.column.words)
    ):
        doubts.append("`to`: is it the marrow blasts before lymphodepletion, in percent?")
    _sentinel(base, facts)
    _negative(base, facts)
    return ask_about(base, doubts)


GROUPED = re.compile(
    r" (group|groups|grp|agegrp|category|cat|class|quartile|tertile|percentile|z score|zscore|stratum) |组别|分组"
)


def _other_text(base: ColumnMap, facts: Facts) -> None:
    """Ask about cells of a column of numbers that are none."""
    others = sum(read_number(cell, facts.decimal[0]) is None for cell in facts.filled)
    if others:
        base.other_text = "leave out"
        ask_about(
            base,
            [
                f"`other_text`: {others} cells hold text that is no number: left empty; right? (empty the field to stop there instead)"
            ],
        )


def _until(base: ColumnMap, facts: Facts, row_is: str) -> ColumnMap | None:
    """Read the end of an event; the end of a course of a drug is not spread over its days without asking."""
    if row_is == "event":
        base.to = "until"
        return _date(base, facts, "until") if facts.is_date else base if facts.is_number else None
    base.to, base.reason = "leave out", "when it ended"
    if row_is == "administration":
        ask_about(base, ["each row is taken for one administration on its first day, whenever it ended; right?"])
    return base


def _visits(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    """Read days that are written as D7, Day 14 or baseline."""
    days = {code: day_in(code) for code in sorted(facts.counts)}
    if not days or sum(day is None for day in days.values()) > 0.5 * len(days) or not facts.safe_codes():
        return None
    base.to = "day"
    base.codes = {code: "" if day is None else f"{day:g}" for code, day in days.items()}
    base.counts = dict(sorted(facts.counts.items()))
    lost = sum(base.counts[code] for code, day in base.codes.items() if not day)
    doubts = (
        [f"`codes`: {lost} cells hold a visit whose day is not known: write its day, or leave it empty"] if lost else []
    )
    return ask_about(base, [*doubts, "`codes`: the day of the visit stands for the true day of the sample; right?"])


NAMED_MOST, NAMED_LONGEST = 300, 40


def _named(base: ColumnMap, facts: Facts, target: str) -> ColumnMap:
    """List what a column of analytes or units names, with what each is here; what is not known is asked about, never dropped."""
    read = {"labs.analyte": analyte_of, "labs.unit": unit_of, "treatments.dose_unit": dose_unit_of}[target]
    known = {code: read(facts.labels.get(code, code)) for code in sorted(facts.counts)}
    unknown = sum(facts.counts[code] for code, what in known.items() if not what)
    plain = len(known) <= NAMED_MOST and all(len(code) <= NAMED_LONGEST for code in known)
    base.codes = {
        code: what or (code if target != "treatments.dose_unit" else "")
        for code, what in known.items()
        if what or plain
    }
    base.counts = {code: facts.counts[code] for code in base.codes}
    doubts = []
    if unknown and target == "treatments.dose_unit":
        doubts.append(
            f"`codes`: {unknown} cells hold a unit that does not become mg: they have no dose, or correct the file"
        )
    elif unknown:
        what = "analytes beyond the dictionary" if target == "labs.analyte" else "units that are not known here"
        kept = (
            "kept under their own names (empty: left out)" if plain else "left out, since they are too many or too long"
        )
        doubts.append(f"`codes`: {unknown} cells hold {what}: {kept}; right?")
    gaps = len(facts.column.cells) - len(facts.filled)
    if gaps and target != "labs.analyte":
        usual = "mg" if target == "treatments.dose_unit" else "the analyte's usual one"
        doubts.append(f"`empty_means`: {gaps} rows have no unit: {usual}? (write it there)")
    return ask_about(base, doubts)


def _agents(base: ColumnMap, facts: Facts) -> ColumnMap:
    """List the drugs that are known here; those that are nearly so are asked about, all others are other drugs."""
    doubts, others, near = [], 0, 0
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, code)
        name, close = agent_of(label), agent_near(label)
        if name != "other" or close:
            base.codes[code], base.counts[code] = (close if name == "other" else name), count
            near += count * (name == "other")
        else:
            others += count
    if near:
        doubts.append(f"`codes`: {near} cells are only near to the name of a drug; is it that one?")
    if others:
        base.reason += f"; {others} cells name other drugs"
    return ask_about(base, doubts)


def _dose(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    """Read doses, with the unit of the heading or of the cells themselves."""
    units = {dose_unit_of(cell) for cell in facts.filled if isinstance(cell, str) and not read_number(cell)}
    if not facts.is_number and (not units or "" in units):
        return None
    base.unit = dose_unit_of(f"{base.column} {facts.column.title} {facts.said.words}")
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


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
    half = sum(is_half_date(cell) for cell in facts.filled)
    if half:
        unread -= half
        happened = target.removeprefix("followup.").removesuffix("_date") in DATELESS
        then = "it is kept that it happened, without a day" if happened else "they are left empty"
        doubts.append(f"`to`: {half} cells are dates without a day or a month: {then}; right?")
    if unread:
        doubts.append(f"`to`: {unread} cells are no dates (text of some kind): they are left empty; right?")
    if serial:
        base.reason = "numbers as Excel counts days, read as dates"
    return ask_about(base, doubts)


def _coded(base: ColumnMap, facts: Facts, kind: str) -> ColumnMap | None:
    if facts.is_date:
        return None
    if kind == "yes_no" and facts.is_number and not facts.is_flag:
        return None
    doubts, numeric = [], all(re.fullmatch(r"-?\d+", code) for code in facts.counts)
    if base.to.endswith(".on_day"):
        base.day, base.reason = day_in(base.column), "the grade of that day"
    if len(facts.counts) > 30 and kind != "event":
        return None
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, code)
        base.codes[code] = meaning(label, kind) or (meaning(code, kind) if kind == "grade" else "")
        base.counts[code] = count
    named = next((what for word, what in ONE_SEX.items() if re.search(rf"\b{word}\b", bare(base.column))), "")
    if kind == "sex" and named:  # a heading that names one sex: yes is that one
        other = {"male": "female", "female": "male"}[named]
        said = {
            code: meaning(facts.labels.get(code, code), "yes_no") or {"1": "yes", "0": "no"}.get(code, "")
            for code in base.codes
        }
        base.codes = {code: base.codes[code] or {"yes": named, "no": other}.get(said[code], "") for code in base.codes}
        base.reason = f"the heading names one sex: yes is {named}"
    if kind == "sex" and {code.lower() for code in base.codes} == {"h", "m"}:
        base.codes = dict.fromkeys(base.codes, "")  # hombre and mujer, or homme and a slip: never by habit
    marks = Counter(
        code_text(cell) for cell in facts.column.cells if isinstance(cell, str) and code_text(cell).lower() == "none"
    )
    if kind in ("grade", "yes_no") and marks:
        for code, count in marks.items():
            base.codes[code], base.counts[code] = meaning(code, kind), count
        doubts.append(
            f"`codes`: {sum(marks.values())} cells say none: none of it, or not known (then leave the code empty)?"
        )
    if kind == "yes_no" and (minus := [code for code in base.codes if code in MINUS]):
        doubts.append(
            f"`codes`: {sum(base.counts[code] for code in minus)} cells hold - beside +: no, or not known (then leave the code empty)?"
        )
    unread = [code for code in base.codes if not base.codes[code]]
    if unread and numeric and kind == "yes_no" and set(facts.counts) <= {"0", "1"} and not facts.labels:
        base.codes, unread = {code: {"0": "no", "1": "yes"}[code] for code in base.codes}, []
        base.confidence = "likely" if base.confidence == "sure" else base.confidence
        base.reason += "; 0 and 1 read as no and yes"
    if unread and kind == "event":
        kept = sum(base.counts[code] for code in base.codes if base.codes[code])
        others = sum(facts.counts.values()) - kept
        doubts.append(f"`codes`: {kept} rows are CRS or ICANS; {others} rows of other events are left out; right?")
        base.codes = {code: what for code, what in base.codes.items() if what}
        base.counts = {code: base.counts[code] for code in base.codes}
    elif unread:
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
    base.missing = [code for code in facts.missing if not base.codes.get(code)]
    gaps = len(facts.column.cells) - len(facts.filled)
    if kind == "yes_no" and set(base.codes.values()) == {"yes"} and gaps and not checkbox(base.column)[0]:
        doubts.append(f"`empty_means`: {gaps} cells are empty and no cell says no: not known, or no (then write no)?")
    if kind == "response" and len(facts.filled) < len(facts.column.cells):
        gaps = len(facts.column.cells) - len(facts.filled)
        base.empty_means = "not done"
        doubts.append(
            f"`empty_means`: {gaps} patients have no response here: not done, or not known (then leave it empty)?"
        )
    return ask_about(base, doubts)


def _laboratory(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    analyte = analyte_over(facts.column)
    if not analyte and row_is == "sample" and not target and facts.is_number and unit_of(base.column):
        analyte = re.sub(r"[(\[].*", "", base.column).strip()
        base.reason = "not in the dictionary; the unit in its heading says that it was measured"
    if (
        not analyte
        or not (facts.is_mostly_number or (facts.is_date is False and _mostly_limits(facts)))
        or row_is in ("measurement", "administration", "event")
    ):
        return None
    _other_text(base, facts)
    base.to, base.name, base.reason = "lab", analyte, base.reason or "the heading names an analyte"
    base.unit = unit_of(f"{base.column} {base.over} {facts.said.words} {facts.said.title}") or ANALYTE_UNITS.get(
        analyte, "pg/mL"
    )
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit_of(f"{base.column} {base.over} {facts.said.words} {facts.said.title}"):
        base.confidence = "likely"
        base.reason += f"; no unit stands anywhere, {base.unit} is the usual one"
    _negative(base, facts)
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


def analyte_over(column: SourceColumn) -> str:
    """Find the analyte of a column in its heading, or above it where that says no more than a day or that it is a value."""
    if found := analyte_of(column.name):
        return found
    if not (_only_a_day(column.name) or bare(column.name) in A_VALUE):
        return ""
    return next((found for group in reversed(column.groups) if (found := analyte_of(group))), "")


A_VALUE = (
    "conc",
    "concentration",
    "obs conc",
    "calc conc",
    "value",
    "result",
    "konzentration",
    "wert",
    "ergebnis",
    "resultat",
    "浓度",
    "结果",
)


def _negative(base: ColumnMap, facts: Facts) -> None:
    """Ask about negative numbers where nothing can be negative: marks for missing, which never become a value."""
    below = Counter(code_text(value) for value in facts.numbers if value < 0)
    if not below or any(value < 0 and value != int(value) for value in facts.numbers):
        return
    base.missing += [code for code in sorted(below) if code not in base.missing]
    if base.never is not None and base.never < 0:
        base.never = None
        base.also_decide = [text for text in base.also_decide if not text.startswith("`never`")]
        base.decide = "" if base.decide.startswith("`never`") else base.decide
    ask_about(base, [f"`missing`: {sum(below.values())} cells hold {', '.join(sorted(below))}, and nothing of this kind is below 0: not known; right?"])  # fmt: skip


def _only_a_day(words: str) -> bool:
    return (
        re.fullmatch(r"(d|day|week|wk|w|j|jour|tag|第)?\s*[+-]?\d+\s*(days?|天)?|baseline|基线", bare(words))
        is not None
    )


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
            f"`never`: {code_text(base.never)} stands there so often that it may mean never; right? (else empty it)",
        )
    return base


NO_PLACE = "a date that has no place: not kept"


def _declared(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Keep a column beyond the dictionary under a name of its own, if its cells are numbers or a few codes."""
    if facts.is_date and row_is in ("patient", "infusion"):
        base.reason = NO_PLACE
        return base
    if row_is not in ("patient", "sample", "infusion") or facts.is_date:
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
    if set(facts.counts) == {"0", "1"} and not facts.labels:
        base.to, base.kind, base.confidence = "declared", "boolean", "likely"
        base.codes, base.counts = {"0": "no", "1": "yes"}, dict(sorted(facts.counts.items()))
        base.reason = "not in the dictionary; 0 and 1 read as no and yes"
        return base
    few = (
        set(facts.counts) <= {"1", "2", "3", "4"}
        and len(facts.counts) > 1
        and len(facts.filled) > 2 * len(facts.counts)
    )
    if few and not facts.labels:
        base.to, base.kind, base.confidence = "declared", "category", "likely"
        base.codes, base.counts = {code: code for code in sorted(facts.counts)}, dict(sorted(facts.counts.items()))
        base.reason = "not in the dictionary: a few whole numbers, kept as groups of their own"
        return base
    if plus := sum(
        isinstance(cell, str) and re.fullmatch(r"\d+([.,]\d+)?\s*\+", cell.strip()) is not None for cell in facts.filled
    ):
        base.reason = "times with a plus: not read"
        return ask_about(
            base,
            [
                f"`to`: {plus} cells are numbers with a plus, which usually means censored: not read; write the time and the status in columns of their own"
            ],
        )
    if facts.is_number and not (facts.labels and set(facts.counts) <= set(facts.labels)):
        base.to, base.kind = "declared", "number"
        if (
            (unit := time_unit_of(f"{base.column} {facts.column.title} {facts.said.title}"))
            and not facts.is_flag
            and not OTHER_TIME.search(f" {bare(base.column)} {bare(facts.column.title)} ")
        ):
            ask_about(
                base,
                [
                    f"`to`: {unit} whose meaning is not known: kept as a number of its own; right? (a time to an event or of follow-up: write `to: time`, `name`, `unit` here, and `to: status` and `time_at` at its status)"
                ],
            )
        _other_text(base, facts)
        base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
        _sentinel(base, facts)
        base.reason = "not in the dictionary: kept as a number of its own"
        return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])
    if codes or (facts.labels and set(facts.counts) <= set(facts.labels)):
        base.to, base.kind = "declared", "category"
        base.codes = {code: facts.labels.get(code, code) for code in sorted(facts.counts)}
        base.counts = dict(sorted(facts.counts.items()))
        base.missing = [code for code in facts.missing if code not in base.codes]
        base.reason = "not in the dictionary: kept as a category of its own"
        return base
    base.reason = "text of many values: not read"
    return base


OTHER_TIME = re.compile(r"age|alter|years? of|duration|interval|prior|before|since|diagnosis|年龄|病程")


def _time_unit(base: ColumnMap, words: str, facts: Facts) -> None:
    unit = time_unit_of(words)
    letter = re.search(r"[_ .](d|w|m|y)$", base.column.lower())
    base.unit = unit or (LETTERS[letter.group(1)] if letter else "days")
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit:
        base.confidence = "guess"
        seen = f" (its heading ends in {letter.group(1)})" if letter else ""
        ask_about(base, [f"`unit`: nothing says whether it is days, weeks, months or years{seen}"])
    if facts.decimal[1]:
        ask_about(base, [f"`decimal`: {facts.decimal[1]}"])


LETTERS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}


def _sentinel(base: ColumnMap, facts: Facts) -> None:
    if base.to in ("time", "exposure") and facts.numbers and all(36526 <= value <= 54789 for value in facts.numbers):
        ask_about(base, ["`to`: every number could be a date as Excel counts days; is it one (then it is no time)?"])
    if (number := sentinel(facts.numbers)) is None:
        return
    label = facts.labels.get(code_text(number), "")
    base.never = number
    if label.lower() in ("never", "none", "no event", "not reached"):
        base.reason += "; " * bool(base.reason) + f"{number:g} is said to mean never"
        return
    count = sum(value == number for value in facts.numbers)
    ask_about(
        base,
        [
            f"`never`: {code_text(number)} stands in {count} cells, far from all others: never or not known? (if it is a value, delete `never`)"
        ],
    )


def ask_about(base: ColumnMap | SheetMap | Mapping, doubts: list[str]) -> ColumnMap:
    for doubt in doubts:
        if not base.decide:
            base.decide = doubt
        elif doubt != base.decide:
            base.also_decide.append(doubt)
    return base
