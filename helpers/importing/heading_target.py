"""What a heading names, and the columns that are not read whatever they hold."""

from __future__ import annotations

import re

from helpers.importing.described import checkbox
from helpers.importing.facts import NOT_KNOWN, Facts, counts_infusions, is_only_a_day
from helpers.importing.heading_words import part_of_record, site_of
from helpers.importing.vocabulary import CODES_OF, FREE_TEXT, IDENTIFIES, IDENTIFYING, bare, day_in, meaning, target_of

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
    if row_is == "measurement" and facts.counts and all(code in SIGNS for code in facts.counts):
        return "labs.sign", "likely"
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
    if row_is == "event" and target not in ("patient", "date", "day", "until", "toxicity.event", "toxicity.grade"):
        words = bare(f"{column.name} {facts.said.title or column.title}")
        part = part_of_record(words, facts.is_date, facts.is_number, facts.is_graded)
        target, confidence = (part, "likely") if part else (target, confidence)
    if target.endswith(".flag") and titled == target.replace(
        ".flag", ".grade"
    ):  # a short name, and a label that says more
        target, confidence = titled, "likely"
    if not target and row_is in ("patient", "infusion") and _names_targets(facts):
        target, confidence = "patients.car_target", "likely"
    for group in reversed(column.groups):
        if not target or (
            target in ("date", "day") and row_is in ("patient", "infusion", "sample") and not day_in(group)
        ):
            grouped = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
            target, confidence = grouped if grouped[0] else (target, confidence)
        if not target:
            target, confidence = _in_row(*target_of(f"{group} {column.name}"), facts, row_is)
    return target, confidence


def _names_targets(facts: Facts) -> bool:
    """Tell whether a heading says product or CAR, and each cell names target antigens."""
    targets = [meaning(facts.labels.get(code, code), "car_target") for code in facts.counts]
    return bool(targets) and all(targets) and PRODUCT.search(bare(facts.column.name)) is not None


def _graded_by_day(facts: Facts) -> str | None:
    """Recognise the grade of CRS or ICANS on one day: CRS d3, or D3 below CRS."""
    groups = facts.column.groups
    words = facts.column.name if not is_only_a_day(facts.column.name) else groups[-1] if groups else ""
    if day_in(facts.column.name) is None or not facts.is_number:
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
