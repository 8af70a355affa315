"""What a row per patient has beside the dictionary's columns: a later infusion, a year of birth, a dose for each day."""

from __future__ import annotations

import re
from datetime import datetime

from helpers.cohort.steroids import ANY
from helpers.importing.code_words import agent_of
from helpers.importing.dates import month_of
from helpers.importing.facts import Facts
from helpers.importing.headings import target_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import recognise_date
from helpers.importing.recognise_numbers import equivalent_to
from helpers.importing.units import day_in, dose_unit_of

ORDINALS = {
    2: r"2nd|second|2|ii|two|zweite\w*|deuxieme|segunda|seconda|第二次|二次",
    3: r"3rd|third|3|iii|three|dritte\w*|troisieme|tercera|terza|第三次|三次",
}
INFUSED = r"infusions?|infused|reinfusion|car ?t|cart|回输|输注"


def later_infusion_of(words: str) -> int:
    """Find which infusion after the first a heading dates; 0 if none.

    Examples
    --------
    >>> later_infusion_of("2nd infusion date"), later_infusion_of("Date of second CAR-T infusion"), later_infusion_of("第二次回输日期"), later_infusion_of("1st infusion")
    (2, 2, 2, 0)
    """
    key = bare(words)
    if re.search(r"relapse|death|response|after|复发|死亡", key):
        return 0
    spaced = re.sub(r"(第?[二三]次)", r" \1 ", key)
    for number, ordinal in ORDINALS.items():
        if re.search(rf"(?<![a-z0-9])({ordinal})(?![a-z0-9]) *({INFUSED})", spaced) or re.search(
            rf"(infusion|infusion date|date of infusion) ({ordinal})(?![a-z0-9])", spaced
        ):
            return number
    return 0


def recognise_later_infusion(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the date of a second infusion beside that of the first: a repeat infusion, and no day 0."""
    number = later_infusion_of(base.column) or later_infusion_of(facts.said.title or facts.column.title)
    if not number or row_is != "patient" or not facts.is_date:
        return None
    base.to, base.name, base.reason, base.confidence = (
        "later infusion",
        str(number),
        "the date of a later infusion",
        "sure",
    )
    found = recognise_date(base, facts, "date") or base
    return ask_about(found, ["`to`: it becomes a repeat infusion of screening.csv; day 0 is the first infusion, and everything counts from that; right?"])  # fmt: skip


BIRTH_YEAR = re.compile(
    r"(year of birth|birth ?year|yob|byear|geburtsjahr|annee de naissance|ano de nacimiento|anno di nascita|出生年份?|出生年度)"
)


def recognise_birth_year(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise a year of birth, of which an age within half a year can be had, or a month, which gives it within two weeks."""
    names = (bare(base.column), bare(facts.said.title or facts.column.title))
    this = datetime.now().year
    months = [cell for cell in facts.filled if isinstance(cell, str) and month_of(cell) is not None]
    if target == "birth" and row_is in ("patient", "infusion") and months and len(months) >= 0.6 * len(facts.filled):
        base.to, base.unit, base.reason, base.confidence = "birth", "month", "a month of birth", "sure"
        others = len(facts.filled) - len(months)
        lost = f"; {others} cells are no month and are left empty" * bool(others)
        return ask_about(base, [f"`to`: only month and year of birth are known: the age is counted from the 15th and may be two weeks off{lost}; right? (else `to: leave out`)"])  # fmt: skip
    if not any(map(BIRTH_YEAR.fullmatch, names)) or not facts.is_number or row_is not in ("patient", "infusion"):
        return None
    if not all(1900 <= year <= this for year in facts.numbers):
        return None
    base.to, base.unit, base.reason, base.confidence = "birth", "year", "a year of birth", "sure"
    return ask_about(base, ["`to`: only the year of birth is known: the age is counted from 1 July of that year and may be half a year off; right? (else `to: leave out`)"])  # fmt: skip


def recognise_daily_dose(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the dose of a drug on one day: ``MP day 1 (mg)``, or ``D1`` below the drug's name."""
    day = day_in(base.column)
    if day is None or row_is not in ("patient", "infusion") or not facts.is_number or target.startswith("toxicity."):
        return None
    words = [base.column, *reversed(facts.column.groups)]
    name = next((agent for part in words if (agent := agent_of(part)) != "other"), "")
    unit = next((found for part in (*facts.told.split(" | "), *words) if (found := dose_unit_of(part))), "")
    if not name or (facts.is_flag and not unit) or target_of(base.column)[0].startswith(("patients.", "followup.")):
        return None
    base.to, base.name, base.day, base.unit = "daily dose", name, day, unit
    base.reason, base.confidence = "the dose of a drug on that day", "sure"
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if name == ANY and equivalent_to(facts.told) != "methylprednisolone":
        ask_about(base, ["`to`: the steroid is not named, and its mg count as methylprednisolone equivalents; are they? (else `to: leave out`, or the drug under `name`)"])  # fmt: skip
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])
