"""Columns whose headings are words of the dictionary."""

from __future__ import annotations

import re

from helpers.cohort.endpoints import MRD_NEGATIVE
from helpers.importing.cells import POWER, read_age, read_number
from helpers.importing.code_words import meaning
from helpers.importing.facts import Facts
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_codes import recognise_agents, recognise_codes, recognise_names
from helpers.importing.recognise_dates import (
    ask_about_sentinel,
    count_from_one,
    recognise_date,
    recognise_end,
    recognise_visits,
    settle_time_unit,
)
from helpers.importing.recognise_numbers import ask_about_negative, ask_about_other_text, recognise_dose
from helpers.importing.units import BODY_UNITS, body_unit_of, time_unit_of
from helpers.importing.word_lists import CODES_OF

GROUPED = re.compile(
    r" (group|groups|grp|agegrp|category|cat|class|quartile|tertile|percentile|z score|zscore|stratum) |组别|分组"
)


def recognise_known(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise a column whose heading is a word of the dictionary."""
    if not target or target in ("other clock", "patient", "sample"):
        return None
    how = {"sure": "a known word", "likely": "known words"}.get(base.confidence, "near to a word")
    base.to, base.reason = target, f"{how} for {target}"
    if target in ("origin", "birth", "date") or target.endswith("_date"):
        return recognise_date(base, facts, target)
    if target in ("day", "followup.contact_day") or target.endswith((".day_from", ".day_to", ".duration")):
        return _recognise_day(base, facts, target, row_is)
    if target in ("toxicity.CRS.flag", "toxicity.ICANS.flag") and _are_grades(facts):
        base.to, base.reason = target.replace(".flag", ".grade"), "its cells are grades"
        return recognise_codes(base, facts, "grade")
    if target == "response.mrd_day30" and _is_told_in_words(facts):
        target = base.to = "response.mrd_day30_result"
        base.reason = "residual disease in words: negative or positive"
    if target in CODES_OF:
        return recognise_codes(base, facts, CODES_OF[target])
    if GROUPED.search(f" {bare(base.column)} {bare(facts.column.title)} "):
        return None
    if target in OF_ROWS:
        return _recognise_of_a_row(base, facts, target, row_is)
    ages = sum(read_age(cell) is not None for cell in facts.filled)
    if target == "patients.age_years" and ages > len(facts.filled) / 2:
        return _recognise_ages_in_words(base, facts)
    return _recognise_number(base, facts, target)


def _recognise_day(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the day of a row, the days of a syndrome, or days of follow-up: as dates, as days or as visits."""
    if facts.is_date:
        return recognise_date(base, facts, target)
    if not facts.is_number:
        return recognise_visits(base, facts) if target == "day" else None
    if target == "followup.contact_day":
        base.to, base.name = "time", "end of follow-up"
    settle_time_unit(base, facts.told if time_unit_of(facts.told) else f"{facts.told} day", facts)
    ask_about_sentinel(base, facts)
    if row_is == "administration" and base.column == "START_DATE":
        ask_about(base, ["`to`: the days of a timeline of cBioPortal count from the first diagnosis unless its makers say otherwise; do they count from day 0 here?"])  # fmt: skip
    count_from_one(base, facts)
    return base


OF_ROWS = ("until", "labs.analyte", "labs.unit", "treatments.dose_unit", "treatments.agent", "age unit", "time", "labs.sign", "labs.below", "labs.above", "labs.limit", "labs.upper_limit", "infusion", "exposure", "treatments.dose")  # fmt: skip


def _recognise_of_a_row(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise what a row of a longer table holds: an end, an analyte, a unit, a drug, a dose, the number of an infusion."""
    if target == "until":
        return recognise_end(base, facts, row_is)
    if target in ("labs.analyte", "labs.unit", "treatments.dose_unit"):
        return recognise_names(base, facts, target)
    if target == "treatments.agent":
        return recognise_agents(base, facts)
    if target == "treatments.dose":
        return recognise_dose(base, facts)
    if target in ("labs.below", "labs.above"):
        labels = {code: facts.labels.get(code, code) for code in sorted(facts.counts)}
        base.codes = {code: meaning(label, "yes_no") or {"0": "no", "1": "yes"}.get(code, "") for code, label in labels.items()}  # fmt: skip
    if target == "age unit":
        base.codes = {code: unit for code in sorted(facts.counts) if (unit := time_unit_of(f"a {code}"))}
    return None if target in ("infusion", "labs.limit", "labs.upper_limit") and not facts.is_number else base


def _recognise_ages_in_words(base: ColumnMap, facts: Facts) -> ColumnMap:
    base.unit, base.reason = "in words", "ages in words, such as 2 years 6 months"
    others = sum(read_age(cell) is None and read_number(cell) is None for cell in facts.filled)
    bare_numbers = sum(read_number(cell) is not None for cell in facts.filled)
    doubts = [f"`to`: {others} cells are no age: left empty; right?"] * bool(others)
    doubts += [f"`unit`: {bare_numbers} ages have no unit and are taken for years; right?"] * bool(bare_numbers)
    return ask_about(base, doubts)


def _recognise_number(base: ColumnMap, facts: Facts, target: str) -> ColumnMap | None:
    """Recognise a number of the dictionary, with its unit and what is doubtful about it."""
    if not facts.is_mostly_number and not (target == "labs.value" and facts.numbers and not facts.is_date):
        return None
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    ask_about_other_text(base, facts)
    doubts = [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else []
    doubts += _settle_body_unit(base, facts, target)
    if target == "patients.age_years":
        unit = time_unit_of(facts.told)
        base.unit = unit if unit in ("months", "days", "weeks") else ""
        if not base.unit and any(value > OLDEST for value in facts.numbers):
            doubts.append("`unit`: some ages are above 120, so they cannot all be years; months, weeks or days?")
    shares = [value for value in facts.numbers if 0 < value < 1]
    if target.endswith("_pct") and facts.numbers and max(facts.numbers) <= 1 and shares:
        base.factor = 100
        doubts.append("`factor`: no value is above 1: fractions, taken times 100 (or per cent: then empty `factor`)?")
    known = base.confidence != "guess" and target == "patients.blast_prelymphodepletion_pct"
    if known and "blast" not in bare(facts.column.words):
        doubts.append("`to`: is it the marrow blasts before lymphodepletion, in percent?")
    if target == "response.mrd_day30" and (open_ := _says_neither(base, facts)):
        doubts.append(f"`to`: {open_} cells lie below a limit above 0.01%: neither negative (below 10⁻⁴) nor positive, left empty; right?")  # fmt: skip
    ask_about_sentinel(base, facts)
    ask_about_negative(base, facts)
    return ask_about(base, doubts)


def _says_neither(base: ColumnMap, facts: Facts) -> int:
    """Count the results below a limit that lies above that of negative residual disease."""
    factor = BODY_UNITS["response.mrd_day30"].get(base.unit, (1.0,))[0]
    read = [read_number(cell, base.decimal or ".") for cell in facts.filled]
    return sum(one is not None and one.side == "left" and one.value is not None and one.value * factor > MRD_NEGATIVE * (1 + 1e-9) for one in read)  # fmt: skip


def _is_told_in_words(facts: Facts) -> bool:
    """Tell whether most cells say positive or negative, and no number."""
    words = sum(count for code, count in facts.counts.items() if meaning(facts.labels.get(code, code), "mrd"))
    return words > 0.5 * sum(facts.counts.values())


OLDEST = 120


def _are_grades(facts: Facts) -> bool:
    """Tell whether each code is a grade and not all are words of yes and no."""
    labels = [facts.labels.get(code, code) for code in facts.counts]
    worded = [label for label in labels if not meaning(label, "yes_no") and not re.fullmatch(r"[01]", label)]
    return bool(worded) and not facts.is_date and all(meaning(label, "grade") for label in labels)


def _settle_body_unit(base: ColumnMap, facts: Facts, target: str) -> list[str]:
    """Note the unit of a weight, a height, a share or a dose of cells; what would change the numbers is asked about."""
    words = facts.told
    if target in BODY_UNITS:
        found = [body_unit_of(part, target) for part in words.split(" | ")]
        base.unit = next((unit for unit in found if unit), "")
        signs = sum(isinstance(cell, str) and cell.strip().endswith(("%", "％")) for cell in facts.filled)
        if "%" in BODY_UNITS[target] and not base.unit:
            powers = any(isinstance(cell, str) and POWER.search(cell) for cell in facts.filled)
            base.unit = "%" if signs else "fraction" if powers else ""
            if powers and not signs:
                return []
            above = sum(value > 1 for value in facts.numbers)
            if signs < len(facts.filled):
                return [f"`unit`: nothing says whether they are fractions or per cent ({above} of {len(facts.numbers)} are above 1): write fraction or %"]  # fmt: skip
        return []
    if target == "patients.car_dose_e6_per_kg" and not PER_KG_E6.search(words.lower()):
        large = max(facts.numbers, default=0) >= 1e4
        base.factor = 1e-6 if large else None
        return ["`factor`: the dose is kept in millions of cells per kg, and the heading does not say that it is: the numbers are taken "
                + ("times 0.000001" if large else "as they are") + "; right? (a dose that is not per kg: `to: leave out`)"]  # fmt: skip
    return []


PER_KG_E6 = re.compile(r"(10\^?[e]?6|10⁶|10\*{1,2}6|e\+?0?6|million|mio|百万)[^|]*/ ?(kg|公斤)|[e]6[ _]per[ _]kg")
