"""Headings by what their words stand for: a rule says what must be named and what may be; every word must be accounted for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from helpers.importing.concepts import concepts_of


def _set(concepts: str) -> frozenset[str]:
    return frozenset(part.strip() for part in concepts.split(",") if part.strip())


ALWAYS = _set("small, patient")
GIVEN = "any, no, given, drug, car, infusion, after, event, CRS, ICANS, toxicity only, row"


@dataclass(frozen=True)
class Rule:
    """A heading that names one of each of *has*, and beside them nothing but *may*."""

    target: str
    has: tuple[frozenset[str], ...]
    may: frozenset[str] = frozenset()

    def fits(self, named: frozenset[str]) -> bool:
        """Tell whether the words of a heading, by what they stand for, are those of this rule."""
        allowed = frozenset().union(*self.has, self.may, ALWAYS)
        return named <= allowed and all(named & one for one in self.has)


def _rule(target: str, *has: str, may: str = "") -> Rule:
    return Rule(target, tuple(_set(one) for one in has), _set(may))


def _of_syndrome(name: str) -> tuple[Rule, ...]:
    to = f"toxicity.{name}"
    loose = "infusion, car, after, any, no, event, disease"
    return (
        _rule(f"{to}.duration", name, "duration", may=f"day, long, number, {loose}"),
        _rule(f"{to}.duration", name, "number", "day", may=loose),
        _rule(f"{to}.day_to", name, "end, until, last", may=f"when, day, time, {loose}"),
        _rule(f"{to}.day_from", name, "onset, first, when, day, time, diagnosis", may=f"until, {loose}"),
        _rule(f"{to}.grade", name, "grade, grading, highest", may=f"overall, {loose}"),
        _rule(f"{to}.flag", name, may=f"state, {loose}"),
    )


INFUSED = "infusion, car, after"  # of the infusion, or after it
AT_INFUSION = f"{INFUSED}, baseline, lymphodepletion, before, day, onset"
SITE = "any, no, before, infusion, car, involved, baseline, disease, lymphodepletion"
RULES = (
    _rule("patient", "patient, study", "key, number, no", may="study"),
    _rule("patient", "key"),
    _rule("birth", "birth", may="when, long"),
    _rule("origin", "infusion", "when, day, time, first", may="car, first, onset, given, drug"),
    _rule("origin", "car", "when", may="car, first, given, infusion"),
    _rule("patients.infusion_year", "long", "infusion, car", may="when, given"),
    _rule("followup.contact_date", "last", "contact, alive", may="when, day, death, state, vital, after, given, assessed, contact, alive"),
    _rule("followup.contact_date", "last", "death", "contact, when", may="contact, alive"),
    _rule("followup.contact_date", "when", "contact", may="contact, end, last, death, alive"),
    _rule("followup.contact_date", "when", "state, vital", may="last, vital, state, assessed"),
    _rule("followup.contact_date", "when", "censored"),
    _rule("followup.event_date", "when", "event", may="after, infusion, car, first"),
    _rule("followup.assessment_date", "last", "assessed", "when, marrow, disease", may="response, marrow, disease, day"),
    _rule("followup.assessment_date", "last", "marrow", may="when, assessed, sample"),
    _rule("response.assessment_date", "when", "response, day 30", may="assessed, day 30, day, after, infusion, car, best, marrow, response, disease"),
    _rule("other clock", "response", "duration", may="long, day"),
    _rule("other clock", "diagnosis, apheresis", "time, duration, day, long", may="car, infusion, until, after, long"),
    _rule("followup.death_cause", "death", "cause", may="main, kind"),
    _rule("followup.censor_reason", "censored", "cause"),
    _rule("followup.death_date", "death", "when", may="any"),
    _rule("followup.relapse_date", "relapse", "when", "after", may="infusion, car, disease, first"),
    _rule("followup.relapse_date", "relapse", "when", may="after, infusion, car, disease"),
    _rule("followup.progression_date", "progression", "when", may="after, infusion, car, disease"),
    _rule("followup.transplant_date", "transplant", "after, consolidation", "when", may="allo, infusion, car, any, first"),
    _rule("followup.transplant_date", "transplant", "when, time, day, long", "consolidation, after, until", may="allo, infusion, car, until, after, first, day, long"),
    _rule("followup.transplant_date", "transplant", "when, day", may="allo, until"),
    _rule("patients.sex", "sex", may="birth"),
    _rule("patients.age_years", "age", may=f"long, when, {AT_INFUSION}"),
    _rule("patients.weight_kg", "weight", may=f"{AT_INFUSION}"),
    _rule("patients.height_cm", "height", may=f"{AT_INFUSION}"),
    _rule("patients.prior_transplant", "before", "transplant", may="allo, any, no, infusion, car"),
    _rule("patients.n_relapses", "number, no", "relapse", may="before, infusion, car"),
    _rule("patients.disease_status", "disease", "state", may="before, infusion, car, baseline, lymphodepletion"),
    _rule("patients.disease_status", "state", "before", may="infusion, car, lymphodepletion"),
    _rule("patients.disease_status", "response", "before", may="state, infusion, car, lymphodepletion"),
    _rule("patients.car_target", "target", may="car, construct, infusion"),
    _rule("patients.car_target", "construct", may="car"),
    _rule("patients.car_origin", "origin", "car", may="allo"),
    _rule("patients.car_dose_e6_per_kg", "dose", "car, infusion, of cells", may="of cells, per, weight, car, infusion, number, given"),
    _rule("patients.car_dose_e6_per_kg", "car", "of cells", may="infusion, per, number, given, weight"),
    _rule("patients.blast_prelymphodepletion_pct", "blasts", may="marrow, share, before, baseline, lymphodepletion, infusion, car"),
    _rule("patients.mrd_prelymphodepletion", "MRD", "before, baseline, lymphodepletion", may="marrow, share, state, lymphodepletion, infusion, car, result"),
    _rule("response.mrd_day30", "MRD", "day 30", may="marrow, share, state, day, result, after, infusion, car"),
    _rule("response.day30_response", "response", may="best, state, assessed, infusion, car, after, day 30, day, disease, marrow, overall"),
    _rule("patients.site_cns", "CNS", "involved, disease, relapse", may=SITE),
    _rule("patients.site_testis", "testis", "involved, disease, relapse", may=SITE),
    _rule("patients.site_bm", "marrow", "involved, relapse, disease", may=SITE),
    _rule("patients.site_other", "involved", "elsewhere", may=SITE),
    *_of_syndrome("CRS"),
    *_of_syndrome("ICANS"),
    _rule("status.gc", "steroid", may=GIVEN),
    _rule("status.tcz", "tocilizumab", may=GIVEN),
    _rule("status.rux", "ruxolitinib", may=GIVEN),
    _rule("treatments.agent", "drug", may="name, given, kind"),
    _rule("treatments.dose_unit", "dose", "unit"),
    _rule("treatments.dose", "dose", may="daily, overall, given, drug, per, weight"),
    _rule("treatments.route", "route", may="given, drug, dose, name"),
    _rule("labs.analyte", "analyte, lab", may="name, lab"),
    _rule("labs.limit", "limit", may="lab, result"),
    _rule("labs.upper_limit", "upper limit", may="lab, result"),
    _rule("labs.unit", "unit", may="result, lab, analyte"),
    _rule("labs.value", "result", may="lab, analyte"),
    _rule("sample", "sample", "key, number, study, no"),
    _rule("sample", "sample key", may="sample, number, no, key, lab"),
    _rule("toxicity.event", "event", may="kind, name"),
    _rule("toxicity.grade", "grade", may="event, row, highest"),
    _rule("time", "time, clock", "sample, given, result, dose, drug, onset, event", may="clock, time, lab"),
    _rule("time", "clock"),
    _rule("until", "when, time, day", "end, last", may="event, dose, given, drug, row"),
    _rule("date", "when", "sample, given, result, analyte, dose, drug, row, lab", may="lab, onset, time, event, first"),
    _rule("date", "when, time", "onset", may="event, drug"),
    _rule("day", "first, onset", "day", may="dose, drug, given, event"),
    _rule("day", "day", may="after, infusion, car, time, number, sample, dose, given, study"),
)  # fmt: skip


STATES = ("alive", "state", "vital")
PRE_INFUSION = re.compile(
    r"(pre|before|prior to|vor|avant|antes de|prima d\w+)[-_ ]*(the |der |la |l')?(re)?(infusion|infusión|infusione|car)|回输前"
)


def _opened(words: str) -> str:
    """Take the brackets off, so that what stands in them is read too."""
    return re.sub(r"[()\[\]（）]", " ", words)


def told_by(words: str) -> list[str]:
    """Say what the words of a heading stand for, those in brackets among them, without those that say nothing.

    Examples
    --------
    >>> told_by("Date of sample (day)")
    ['when', 'sample', 'day']
    """
    return [concept for concept in concepts_of(_opened(words)) if concept not in ALWAYS]


@cache
def target_by_concepts(words: str) -> str:
    """Find what a heading names, if each of its words is known and one rule accounts for all of them; empty otherwise.

    Examples
    --------
    >>> target_by_concepts("Todesdatum"), target_by_concepts("Fecha del último control"), target_by_concepts("回输前移植史")
    ('followup.death_date', 'followup.contact_date', 'patients.prior_transplant')
    >>> target_by_concepts("CRS grade at ICU admission"), target_by_concepts("date of diagnosis")
    ('', '')
    """
    for reading in (words, _opened(words)):
        named = concepts_of(reading)
        told = [concept for concept in named if concept not in ALWAYS]
        found = next((rule.target for rule in RULES if rule.fits(frozenset(named))), "")
        if found.endswith(".grade") and frozenset(concepts_of(_opened(words))) & CLOCKS:
            continue  # CRS max (day)
        if found == "patients.blast_prelymphodepletion_pct" and PRE_INFUSION.search(words.lower()):
            return "patients.blast_preinfusion_pct"
        if found and not (found == "followup.contact_date" and told[0] in STATES):  # alive at last contact
            return found
    return ""


FATAL = _set("death, alive, vital")
ENDS = FATAL | _set("relapse, progression, event")
BESIDE_AN_END = _set(
    "any, no, state, after, infusion, car, disease, time, day, long, until, when, first, last, contact, assessed, response, overall"
)
CLOCKS = _set("time, day, long")


def endpoint_by_concepts(words: str) -> str:
    """Find the endpoint that the time or the status of a heading is about, if each of its words is known; empty otherwise.

    Examples
    --------
    >>> endpoint_by_concepts("Did disease recur after infusion?"), endpoint_by_concepts("Relapsed or died"), endpoint_by_concepts("¿Fallecido?")
    ('relapse', 'progression or death', 'death')
    >>> endpoint_by_concepts("Relapse before CAR-T"), endpoint_by_concepts("days from relapse to CAR-T")
    ('', '')
    """
    told = told_by(words)
    named = frozenset(told)
    backwards = told and told[-1] in ("infusion", "car") and named & CLOCKS and "after" not in named
    if not named & ENDS or not named <= ENDS | BESIDE_AN_END or backwards:
        return ""
    if named & {"death"} and named & {"relapse", "progression", "event"}:
        return "progression or death"
    for kind in ("relapse", "progression"):
        if kind in named:
            return kind
    return "death" if named & FATAL else ""


def is_a_finding(words: str) -> bool:
    """Tell whether a heading that names the follow-up says what was found then, not how long it was or who lived.

    Examples
    --------
    >>> is_a_finding("B-cell aplasia at last follow-up"), is_a_finding("In remission at last FU"), is_a_finding("Status at last follow-up"), is_a_finding("Follow up (months)")
    (True, True, False, False)
    """
    named = concepts_of(_opened(words))
    before = named[: named.index("contact")] if "contact" in named else ()
    return not set(before) <= FATAL | (BESIDE_AN_END - {"response"}) | {
        "small",
        "patient",
        "number",
        "duration",
        "censored",
    }


APART = _set("donor, apheresis, elsewhere in time, system, second, toxicity only")
DRUGS = _set("steroid, tocilizumab, ruxolitinib")


def is_of_something_else(words: str, target: str) -> bool:
    """Tell whether a heading holds words by which it cannot be what a known word within it names.

    Examples
    --------
    >>> is_of_something_else("CRS grade at toci", "toxicity.CRS.grade"), is_of_something_else("CRS grade 2nd infusion", "toxicity.CRS.grade")
    (True, True)
    >>> is_of_something_else("CRS grade by our protocol", "toxicity.CRS.grade")
    False
    """
    named = frozenset(concepts_of(words))
    if target.endswith(".grade") and named & CLOCKS | named & {"when", "number"}:
        return True
    return bool(named & APART or (named & DRUGS and not target.startswith(("status.", "treatments."))))


def is_before_infusion(words: str) -> bool:
    """Tell whether a heading says that it is of the time before the infusion.

    Examples
    --------
    >>> is_before_infusion("Relapse after HSCT (before CAR-T)"), is_before_infusion("CAR-T前复发"), is_before_infusion("Relapse after CAR-T")
    (True, True, False)
    """
    told = told_by(words)
    pairs = set(pairwise(told))
    return any(("before", one) in pairs or (one, "before") in pairs for one in ("car", "infusion", "lymphodepletion"))
