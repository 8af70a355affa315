"""What one column is: recognisers, each for a kind of column, tried in turn; what is doubtful becomes a question."""

from __future__ import annotations

from dataclasses import replace

from helpers.importing.facts import Facts
from helpers.importing.heading_target import has_a_place, heading_target, why_not_read
from helpers.importing.mapping import ColumnMap
from helpers.importing.questions import ask_about
from helpers.importing.recognise_events import recognise_event_time
from helpers.importing.recognise_first_event import recognise_first_event
from helpers.importing.recognise_known import recognise_known
from helpers.importing.recognise_numbers import recognise_exposure, recognise_first_dose, recognise_laboratory
from helpers.importing.recognise_own import NO_PLACE, recognise_own
from helpers.importing.vocabulary import ADTTE

ADLB = {"PARAM": "analyte", "AVAL": "result", "PARAMCD": "parameter code", "AVALU": "unit"}


def recognised(facts: Facts, row_is: str) -> ColumnMap:
    """Propose what one column is, from its heading, its labels and its cells."""
    column = facts.column
    base = ColumnMap(at=column.at, column=column.name, over=" / ".join(column.groups), cells=len(facts.filled))
    base.missing = list(facts.missing)
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
