"""What a heading names, and the columns that are not read whatever they hold."""

from __future__ import annotations

import re
from dataclasses import replace

from helpers.importing.code_words import agent_of, meaning
from helpers.importing.concept_rules import is_before_infusion, told_by
from helpers.importing.concepts import concepts_of
from helpers.importing.described import checkbox
from helpers.importing.facts import NOT_KNOWN, Facts, counts_infusions, is_only_a_day
from helpers.importing.headings import target_of
from helpers.importing.plain_words import bare
from helpers.importing.record_words import part_of_record, site_of
from helpers.importing.units import day_in
from helpers.importing.word_lists import CODES_OF, FREE_TEXT, IDENTIFIES, IDENTIFYING

PRODUCT = re.compile(r"\b(car|cart|product|construct|vector|target)\b")
SIGNS = ("<", ">", "=", "<=", ">=", "≤", "≥")
LONG = {"measurement": ("labs.",), "administration": ("treatments.",), "event": ("toxicity.event", "toxicity.grade")}


ROW_LEVEL = ("date", "day", "time", "until")


TECHNICAL = re.compile(
    r"(Event Name|Repeat Instrument|Repeat Instance|Data Access Group|Survey Identifier|Complete\?|redcap_repeat_instrument)|"
    r"redcap_(repeat_instrument|repeat_instance|event_name|data_access_group|survey_identifier)|.*_complete|.*_timestamp"
)


def heading_target(facts: Facts, row_is: str) -> tuple[str, str]:
    """Find what the heading is called here; where it alone says nothing, with the label or the group that stands over it."""
    column = facts.column
    if facts.role:
        return facts.role, "sure"
    if row_is == "measurement" and facts.counts and all(code in SIGNS for code in facts.counts):
        return "labs.sign", "likely"
    if row_is == "measurement" and facts.is_flag and (side := _flagged_side(facts)):
        return side, "likely"
    if row_is == "administration" and facts.names_drugs:
        return "treatments.agent", "likely"
    if (daily := _graded_by_day(facts)) is not None:
        return daily, "likely"
    if row_is == "event" and facts.names_syndromes:
        return "toxicity.event", "likely"
    if checkbox(column.name)[0]:
        site = site_of(bare(facts.said.title), bare(facts.said.words))
        target, confidence = _in_row(*target_of(facts.said.title), facts, row_is)
        ticked = CODES_OF.get(target) == "yes_no"  # a box says yes or no, never a number or a grade
        return (site, "likely") if site else (target, confidence) if ticked else ("", "")
    target, confidence = _in_row(*target_of(column.name), facts, row_is)
    titled, how = _in_row(*target_of(facts.said.title or column.title), facts, row_is)
    if titled and (not target or confidence == "guess"):
        target, confidence = titled, "guess" if how == "guess" else "likely"
    if row_is in ("event", "administration"):
        target, confidence = _part_of_row(target, confidence, facts, row_is)
    if target.endswith(".flag") and titled.startswith(target.removesuffix("flag")):  # a label that says more
        target, confidence = titled, "likely"
    if {target, titled} == {"patients.blast_prelymphodepletion_pct", "patients.blast_preinfusion_pct"}:
        target, confidence = "patients.blast_preinfusion_pct", "likely"  # so it is where either says so
    if not target and row_is in ("patient", "infusion") and _names_targets(facts):
        target, confidence = "patients.car_target", "likely"
    if not target and facts.is_date and row_is in ("patient", "infusion"):
        target, confidence = _in_row(*target_of(f"date of {column.name}"), facts, row_is)
    if not target and row_is in ("patient", "infusion") and _is_response_of_day_30(facts):
        target, confidence = "response.day30_response", "likely"
    if not target and row_is in ("patient", "infusion") and (flagged := _drug_flag(facts)):
        target, confidence = flagged, "likely"
    if not target and row_is == "administration" and facts.is_number and DOSE_ALONE.fullmatch(bare(column.name)):
        target, confidence = "treatments.dose", "likely"
    for group in reversed(column.groups):
        if not target or (
            target in ("date", "day") and row_is in ("patient", "infusion", "sample") and not day_in(group)
        ):
            grouped = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
            target, confidence = grouped if grouped[0] else (target, confidence)
        if not target:
            target, confidence = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
    if row_is not in ("patient", "infusion"):
        target, confidence = by_clock(target, confidence, facts)
    if target.startswith("followup.") and is_before_infusion(f"{column.name} {facts.said.title or column.title}"):
        return "", ""
    return ("", "") if of_another_time(facts, target) or _is_threshold(facts, target) else (target, confidence)


DOSE_ALONE = re.compile(r"(mg|µg|mcg|ug|g)( (per|pro|par|a|je))?( (kg|day|d|dose|dosis|tag|jour|prise|gabe|24 ?h))*")
FLAGGED = {
    "labs.below": re.compile(r"\b(below|under|less than|lower than|unter)\b.*\b(l?lo[qd]|limit|detection|quantification|range)\b|\b(bl?lo[qd]|bl[qd])\b"),
    "labs.above": re.compile(r"\b(above|over|greater than|higher than|uber)\b.*\b(ulo[qd]|limit|detection|quantification|range)\b|\b(aulo[qd]|al[qd])\b"),
}  # fmt: skip


def _flagged_side(facts: Facts) -> str:
    """Tell whether a flag says that the result of its row lies below, or above, a limit of the assay."""
    told = f"{bare(facts.column.name)} | {bare(facts.said.title or facts.column.title)}"
    return next((to for to, words in FLAGGED.items() if words.search(told)), "")


CLOCK = re.compile(r"([01]?\d|2[0-3])[:h.]?[0-5]\d(:[0-5]\d)?( ?[ap]m)?", re.IGNORECASE)


def by_clock(target: str, confidence: str, facts: Facts) -> tuple[str, str]:
    """Tell the clock time of a row from its date by the cells, where the heading says no more than that it is one of them."""
    if target == "time" and facts.is_date:
        return "date", confidence
    clock = [cell for cell in facts.filled if isinstance(cell, str) and ":" in cell and CLOCK.fullmatch(cell.strip())]
    if target in ("date", "day") and not facts.is_date and len(clock) > 0.8 * len(facts.filled) > 0:
        return "time", "likely"
    return target, confidence


THRESHOLD = re.compile(
    r"(?i)\b(severe|serious)\b|(≥|>=|>|at least|grade|gr|g)\s*[2-4]\s*(\+|plus|or|and|/|-|–|to|bis|ou)|(≥|>=|>)\s*[1-4]|g?3 ?plus|\b3[-–/]?4\b|34\b|重度"
)


def _is_threshold(facts: Facts, target: str) -> bool:
    """Tell whether a flag says that a syndrome was severe: its no is no "none"."""
    labels = [facts.labels.get(code, code) for code in facts.counts]
    answers = bool(labels) and all(meaning(label, "yes_no") or label in ("0", "1") for label in labels)
    told = f"{facts.column.name} {facts.said.title or facts.column.title}"
    return (
        re.fullmatch(r"toxicity\.\w+\.(flag|grade)", target) is not None
        and answers
        and THRESHOLD.search(told) is not None
    )


AT_DIAGNOSIS = re.compile(
    r"\b(at|bei|a|au|al|alla) (the |la |initial |first )?(dx|diagnosis|diagnose|erstdiagnose|diagnostic|diagnostico|diagnosi|presentation|onset of disease)\b|诊断时|确诊时|初诊"
)
EARLIEST, LATEST = 21, 42  # days of a response that is that of day 30


def of_another_time(facts: Facts, target: str) -> str:
    """Say of what other time than the dictionary's a column is: a property at diagnosis, the response of another day; else empty.

    Examples
    --------
    >>> from helpers.importing.table import SourceColumn
    >>> [of_another_time(Facts(SourceColumn(1, name, (), [])), to) for name, to in (
    ...     ("Weight at diagnosis", "patients.weight_kg"), ("Response at day 100", "response.day30_response"), ("Response day 28", "response.day30_response"))]
    ['at diagnosis', 'day 100', '']
    """
    words = f"{bare(facts.column.words)} {bare(facts.said.title)}"
    if target.startswith("patients.") and target != "patients.age_years" and AT_DIAGNOSIS.search(words):
        return "at diagnosis"
    if target == "response.day30_response":
        told = f"{facts.column.words} {facts.said.title}"
        day = day_in(told)
        if found := re.search(
            r"(?i)\b(?:months?|mo|m) ?(\d{1,2})\b|\b(\d{1,2}) ?(?:months?|mo|m)\b|(\d{1,2})个?月", told
        ):
            day = 30.4 * int(next(part for part in found.groups() if part))
        if day is not None and not EARLIEST <= day <= LATEST:
            return f"day {day:.0f}"
    return ""


def _is_response_of_day_30(facts: Facts) -> bool:
    """Tell whether the cells are responses, and the heading says no more than day 28 or 30 of something."""
    told = f"{facts.column.words} {facts.said.title}"
    day = day_in(told)
    known = sum(count for code, count in facts.counts.items() if meaning(facts.labels.get(code, code), "response"))
    return day is not None and EARLIEST <= day <= LATEST and bool(known) and known > 0.6 * len(facts.filled)


def _drug_flag(facts: Facts) -> str:
    """Find the status that a yes/no column of one drug tells of: any steroid of glucocorticoids, tocilizumab, ruxolitinib."""
    labels = [facts.labels.get(code, code) for code in facts.counts]
    if not facts.is_flag or not labels or not all(meaning(one, "yes_no") or one in ("0", "1") for one in labels):
        return ""
    for words in (facts.column.name, facts.said.title or facts.column.title):
        key = re.sub(
            r"\b(any|use|used|of|given|received|treatment|treated|with|therapy|yes|no|ever)\b|是否|使用|应用",
            " ",
            bare(words),
        ).strip()
        drug = agent_of(key)
        if drug != "other" and len(key.split()) <= 2:
            return {"tocilizumab": "status.tcz", "ruxolitinib": "status.rux", "anakinra": ""}.get(drug, "status.gc")
    return ""


def _part_of_row(target: str, confidence: str, facts: Facts, row_is: str) -> tuple[str, str]:
    """Find what a column of a row per episode or per course is, where its heading says no more than start, stop or grade."""
    if target in ("patient", "until", "toxicity.event", "toxicity.grade") or target.startswith("treatments."):
        return target, confidence
    if row_is == "administration" and (not facts.is_date or target not in ("", "date", "day")):
        return target, confidence
    words = bare(f"{facts.column.name} {facts.said.title or facts.column.title}")
    part = part_of_record(words, facts.is_date, facts.is_number, facts.is_graded)
    if target in ("date", "day") and part != "until":
        return target, confidence
    return (part, "likely") if part else (target, confidence)


def _names_targets(facts: Facts) -> bool:
    """Tell whether a heading says product or CAR, and each cell names target antigens."""
    targets = [meaning(facts.labels.get(code, code), "car_target") for code in facts.counts]
    return bool(targets) and all(targets) and PRODUCT.search(bare(facts.column.name)) is not None


def _graded_by_day(facts: Facts) -> str | None:
    """Recognise the grade of CRS or ICANS on one day: CRS d3, or D3 below CRS."""
    groups = facts.column.groups
    words = facts.column.name if not is_only_a_day(facts.column.name) else groups[-1] if groups else ""
    titled = target_of(facts.said.title or facts.column.title)[0]
    if day_in(facts.column.name) is None or not facts.is_number or titled.endswith((".day_from", ".day_to")):
        return None
    known = target_of(re.sub(r"(?i)[\s_.-]*\b(?:day|tag|d)[\s_]*\d+\s*$", "", words.replace("_", " ")))[0]
    found = re.fullmatch(r"toxicity\.(CRS|ICANS)\.(?:flag|grade)", known)
    return f"toxicity.{found.group(1)}.on_day" if found else None


def has_a_place(target: str) -> bool:
    """Tell whether a heading names something that should not be lost: a date, a result, a drug, or a column of the dictionary."""
    return (
        target in ("origin", "birth")
        or target.endswith("_date")
        or target.startswith(("patients.", "toxicity.", "response.", "labs.", "treatments."))
    )


def _in_row(target: str, confidence: str, facts: Facts, row_is: str) -> tuple[str, str]:
    """Keep a target only where a row of this kind can hold it."""
    if target == "origin" and counts_infusions(facts):
        target = "infusion"
    if target == "toxicity.event" and facts.is_date:
        return "", ""
    loose = row_is not in ("patient", "infusion")
    if target == "origin" and loose and facts.is_number and not facts.is_date and row_is != "administration":
        target = "day"
    if (
        target == "followup.contact_date"
        and loose
        and row_is != "event"
        and "last" not in concepts_of(facts.column.name)
    ):
        target = "date"  # of a visit
    told = told_by(facts.column.name) if target == "date" and loose else ()
    if "day" in told and facts.is_number and not facts.is_date:
        target = "day"
    if target == "followup.contact_date" and row_is == "event" and "state" in concepts_of(facts.column.name):
        target = "until"  # the date of an episode's outcome
    if target == "followup.event_date" and row_is not in ("patient", "infusion"):
        target = "date"
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


def why_not_read(facts: Facts) -> str | None:
    """Say why a column is not to be read at all; None if it is."""
    column, name = facts.column, bare(facts.column.name)
    if facts.role:
        return None if facts.filled else "no cell holds anything"
    if TECHNICAL.fullmatch(column.name):
        return "a technical column of REDCap"
    titled = bare(column.title)
    named = {name, titled} & set(IDENTIFYING) or IDENTIFIES.search(f"{name} | {titled}")
    named = named or (
        re.search(r"\bname\b", name) is not None
        and not target_of(column.name)[0]
        and not facts.is_number
        and not facts.names_drugs
    )
    if facts.said.identifier or named:
        birth = "birth" in (target_of(column.name)[0], target_of(facts.said.title)[0])
        return "it may identify a patient: not read" + (" (write `to: birth` to keep the age alone)" if birth else "")
    if checkbox(column.name)[0] and facts.said.title.lower() in NOT_KNOWN:
        return "the box for not known"
    if facts.said.free_text or name in FREE_TEXT:
        return "free text: not read"
    if not facts.filled:
        return "no cell holds anything"
    first = facts.numbers[:1]
    if not column.name and facts.is_number and facts.numbers == [first[0] + i for i in range(len(facts.numbers))]:
        return "row numbers"
    return None


RECORD_NUMBER = re.compile(
    r"mrn|(medical |hospital |clinic )?(record|file|chart|hospital|inpatient|admission) ?(no|nr|num|number|id|nummer)|medical record|住院号|病案号|病历号|门诊号|住院号码|病人号|就诊卡号|fall ?nr|akten ?nr"
)


EVENT_NAME = ("redcap_event_name", "Event Name")


def name_event_days(facts: list[Facts]) -> list[Facts]:
    """Take REDCap's event for the day of measurements that have no other: ``day_7_arm_1``."""
    measured = any(one.analyte for one in facts)
    timed = any(
        _is_of_a_row(target_of(one.column.name)[0]) or _is_of_a_row(target_of(one.said.title)[0]) for one in facts
    )
    return [
        replace(one, role="day") if measured and not timed and one.column.name in EVENT_NAME and _has_days(one) else one
        for one in facts
    ]


def _is_of_a_row(target: str) -> bool:
    return target in ("date", "day")


def _has_days(facts: Facts) -> bool:
    days = {day for code in facts.counts if (day := day_in(re.sub(r"_arm_\d+$", "", code))) is not None}
    return len(days) > 1


def name_by_record(facts: list[Facts]) -> list[Facts]:
    """Take the hospital's own number for the patient's key where no other column names the patient; it is replaced as any key is."""
    named = any(target_of(one.column.name)[0] in ("patient", "sample") for one in facts)
    titled = any(target_of(one.said.title or one.column.title)[0] == "patient" for one in facts)
    records = [
        one
        for one in facts
        if RECORD_NUMBER.fullmatch(bare(one.column.name)) and one.filled and not one.said.identifier
    ]
    if named or titled or len(records) != 1:
        return facts
    return [replace(one, role="patient") if one is records[0] else one for one in facts]
