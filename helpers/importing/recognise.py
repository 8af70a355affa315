"""What one column is: recognisers, each for a kind of column, tried in turn; what is doubtful becomes a question."""

from __future__ import annotations

import re
from dataclasses import replace

from helpers.importing.cdisc import recognise_rows
from helpers.importing.code_words import meaning
from helpers.importing.concepts import concepts_of
from helpers.importing.event_words import first_event_of
from helpers.importing.facts import Facts
from helpers.importing.heading_target import has_a_place, heading_target, of_another_time, why_not_read
from helpers.importing.headings import endpoint_of, target_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import recognise_date
from helpers.importing.recognise_events import recognise_event_time
from helpers.importing.recognise_first_event import recognise_first_event
from helpers.importing.recognise_known import recognise_known
from helpers.importing.recognise_numbers import recognise_exposure, recognise_first_dose, recognise_laboratory
from helpers.importing.recognise_own import NO_PLACE, recognise_own
from helpers.importing.recognise_side_by_side import (
    recognise_birth_year,
    recognise_daily_dose,
    recognise_later_infusion,
)
from helpers.importing.sheet import code_text
from helpers.importing.word_lists import ADTTE

ADLB = {"PARAM": "analyte", "AVAL": "result", "PARAMCD": "parameter code", "AVALU": "unit"}


def recognised(facts: Facts, row_is: str) -> ColumnMap:
    """Propose what one column is, from its heading, its labels and its cells."""
    column = facts.column
    base = ColumnMap(at=column.at, column=column.name, over=" / ".join(column.groups), cells=len(facts.filled))
    base.missing = list(facts.missing)
    if facts.role == "leave out":
        base.reason = "another variable of the domain holds it, or nothing here needs it"
        return base
    if facts.role == "rows":
        return recognise_rows(base, facts)
    if (known := why_not_read(facts)) is not None:
        base.reason = known
        return base
    if row_is == "parameter":
        return _adtte(base, facts)
    if row_is == "measurement" and base.column.upper() in ADLB:
        facts = replace(facts, column=replace(column, name=ADLB[base.column.upper()]))
    target, confidence = heading_target(facts, row_is)
    base.confidence = confidence or "sure"
    for recognise in (
        _other_clock,
        _patient,
        recognise_later_infusion,
        recognise_birth_year,
        recognise_daily_dose,
        recognise_first_dose,
        recognise_first_event,
        recognise_event_time,
        recognise_known,
        recognise_laboratory,
        recognise_exposure,
        recognise_own,
    ):
        found = recognise(base.model_copy(deep=True), facts, target, row_is)
        if found is not None:
            if recognise is recognise_own and (other := of_another_time(facts, _without_time(facts))):
                ask_about(found, [f"`to`: it is of another time ({other}), and nothing here has a place for that: kept as a property of its own, never as that of day 0 or day 30; right?"])  # fmt: skip
            unplaced = found.to in ("declared", "leave out") and found.reason != NO_PLACE
            if unplaced and recognise is recognise_own and base.confidence != "guess" and has_a_place(target):
                ask_about(
                    found,
                    [f"`to`: its heading names {target}, but its cells are none that can be read as that; right?"],
                )
            if (
                recognise in (recognise_laboratory, recognise_exposure, recognise_own)
                and found.confidence == "guess"
                and not found.decide
            ):
                found.confidence = "sure"  # the near word did not fit the cells and is forgotten
            if found.confidence == "guess" and not found.decide and found.to != "leave out":
                found.decide = f"`to`: the heading is only near to a known word; is it {found.to}?"
            return found
    return base


def _other_clock(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    if target != "other clock":
        return None
    if facts.is_date:
        return None
    base.reason = "its clock does not begin on day 0 (it counts from diagnosis, from remission or the like)"
    told = f"{base.column} {facts.said.title or facts.column.title}"
    if endpoint_of(told) or "transplant" in concepts_of(told) or (facts.is_number and day_words(told)):
        ask_about(base, ["`to`: its clock begins with something else than day 0 (see its heading: diagnosis, remission, enrolment, CRS ...), and nothing here turns it into days from day 0: left out; right?"])  # fmt: skip
    return base


def _without_time(facts: Facts) -> str:
    """Find what a heading would be called if it did not say when."""
    responses = [meaning(facts.labels.get(code, code), "response") for code in facts.counts]
    if re.search(r"response|remission|疗效|缓解", f"{bare(facts.column.words)} {bare(facts.said.title)}") and any(
        responses
    ):
        return "response.day30_response"
    return target_of(facts.column.name)[0] or target_of(facts.said.title or facts.column.title)[0]


def day_words(told: str) -> bool:
    """Tell whether a heading is of the day of a measurement or an event, and not of a duration."""
    return re.search(r"(?i)\b(day|days) (from|after|since|post)\b", told) is not None


def _patient(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    if target not in ("patient", "sample"):
        return None
    base.to, base.reason = target, "a known word for it" if target == "patient" else "a sample's own name: not read"
    if facts.role == "patient" and why_not_read(replace(facts, role="")):
        base.reason = "the hospital's own number, since no other column names the patient"
        ask_about(base, ["`to`: no other column names the patient, so the hospital's number joins the rows; it is replaced by a random key and kept nowhere but in the list of keys (leave `ids: random`); right?"])  # fmt: skip
    if target == "sample":
        base.to = "leave out"
    return base


def _adtte(base: ColumnMap, facts: Facts) -> ColumnMap:
    roles = {"USUBJID": "patient", "SUBJID": "leave out", "PARAMCD": "adtte.parameter", "AVAL": "adtte.value", "AVALU": "adtte.unit", "CNSR": "adtte.censored",
             "STARTDT": "adtte.start", "ADT": "adtte.date", "PARAM": "leave out", "EVNTDESC": "adtte.event", "CNSDTDSC": "leave out",
             "SEX": "patients.sex", "AGE": "patients.age_years"}  # fmt: skip
    base.to = roles.get(base.column.upper(), "leave out")
    base.reason = "CDISC ADTTE"
    if base.to in ("adtte.start", "adtte.date"):
        return recognise_date(base, facts, base.to) or base.model_copy(update={"to": "leave out"})
    if base.to == "adtte.event":
        known = any(first_event_of(code_text(cell)) not in ("", "censored") for cell in facts.filled)
        base.to = "adtte.event" if known else "leave out"
        base.reason += ": what came first, where a row is of several events, by a known word" if known else ""
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
