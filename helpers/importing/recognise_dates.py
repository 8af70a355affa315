"""Dates, days, visits and the units of times."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from helpers.importing.cells import is_missing, sentinel
from helpers.importing.code_words import meaning
from helpers.importing.dates import is_half_date, read_date
from helpers.importing.event_words import never_happened
from helpers.importing.facts import Facts
from helpers.importing.mapping import ColumnMap
from helpers.importing.questions import ask_about
from helpers.importing.sheet import code_text
from helpers.importing.units import day_in, time_unit_of

DATELESS = ("death", "relapse", "progression")
OF_EVENTS = tuple(f"followup.{what}_date" for what in (*DATELESS, "transplant"))


def recognise_date(base: ColumnMap, facts: Facts, target: str) -> ColumnMap | None:
    """Recognise dates, in the order of day and month that their cells and their description show."""
    if target in (*OF_EVENTS, "followup.event_date") or target.endswith((".day_from", ".day_to")):
        facts = apart_from_never(base, facts)
    serial = facts.is_number and all(36526 <= value <= 54789 for value in facts.numbers) and bool(facts.numbers)
    if facts.filled and target in OF_EVENTS and all(never_happened(code_text(cell)) for cell in facts.filled):
        base.missing, base.reason = sorted({code_text(cell) for cell in facts.filled}), "it happened to nobody"
        return base
    if not facts.is_date and not serial:
        if facts.is_number and target.startswith("followup.") and not facts.is_flag:
            base.to, base.name = (
                "time",
                {"followup.contact_date": "end of follow-up"}.get(
                    target, target.removeprefix("followup.").removesuffix("_date")
                ),
            )
            base.reason = "days until it happened; empty: it did not"
            settle_time_unit(base, facts.told, facts)
            ask_about_sentinel(base, facts)
            return base
        return None
    base.order = facts.said.order or facts.order[0]
    doubts = [f"`order`: {facts.order[1]}"] if facts.order[1] and not facts.said.order else []
    if "exchanged" in facts.order[1] and "Excel" in facts.order[1]:
        base.exchange = True
        doubts = [f"`exchange`: {facts.order[1]}; they are exchanged back; right?"]
    if marks := _dates_that_are_marks(facts, base.order, target):
        base.missing += [mark for mark in marks if mark not in base.missing]
        doubts.append(f"`missing`: {sum(marks.values())} cells hold {', '.join(marks)}, which is no date of a patient: it did not happen, or nobody knows; left empty; right?")  # fmt: skip
    unread = sum(read_date(cell, base.order) is None for cell in facts.filled)
    happened = sum(isinstance(cell, str) and meaning(cell, "yes_no") == "yes" for cell in facts.filled)
    if happened and target.removeprefix("followup.").removesuffix("_date") in DATELESS:
        unread -= happened
        doubts.append(
            f"`to`: {happened} cells say yes and have no date: it is kept that it happened, without a day; right?"
        )
    half = sum(is_half_date(cell) for cell in facts.filled)
    if half:
        unread -= half
        happened = target.removeprefix("followup.").removesuffix("_date") in DATELESS
        then = "it is kept that it happened, without a day" if happened else "they are left empty"
        doubts.append(f"`to`: {half} cells are dates without a day or a month: {then}; right?")
    short = sum(
        isinstance(cell, str) and re.search(r"^\d{1,2}[./-].*[./-]\d{2}$", cell.strip()) is not None
        for cell in facts.filled
    )
    if target == "birth" and short:
        doubts.append(
            f"`to`: {short} births have years of two digits: 00 to 69 are taken for 2000 to 2069; right? (write four digits in the file, if not)"
        )
    if unread:
        doubts.append(f"`to`: {unread} cells are no dates (text of some kind): they are left empty; right?")
    if target == "followup.contact_date" and DISCHARGE.search(facts.told.lower()):
        doubts.append("`to`: the date of discharge stands for the last contact: nothing here was seen of anybody later; right? (else `to: leave out`)")  # fmt: skip
    if target in OF_EVENTS or target == "birth":
        doubts += _like_placeholders(facts, base)
    if serial:
        base.reason = "numbers as Excel counts days, read as dates"
    return ask_about(base, doubts)


DISCHARGE = re.compile(r"discharge|entlass|出院|sortie|alta|dimission")


def apart_from_never(base: ColumnMap, facts: Facts) -> Facts:
    """Take words that say that an event did not come from the dates or times beside them; they count as empty."""
    said = Counter(code_text(cell) for cell in facts.filled if isinstance(cell, str) and never_happened(cell))
    if not said or said.total() == len(facts.filled):
        return facts
    base.missing += [text for text in said if text not in base.missing]
    base.reason += "; " * bool(base.reason) + f"{said.total()} cells say that it did not happen"
    return Facts(replace(facts.column, missing=(*facts.column.missing, *said)), facts.said)


def _like_placeholders(facts: Facts, base: ColumnMap) -> list[str]:
    """Ask where dates repeat so often, or so often are the first or the middle of a month, that only a part of them was known."""
    moments = [read_date(cell, base.order) for cell in facts.filled if not is_missing(cell, base.missing)]
    dates = [moment.date for moment in moments if moment is not None]
    if not dates:
        return []
    same = Counter(dates).most_common(1)[0][1]
    if same >= 3 and same >= 0.3 * len(dates):
        return [f"`to`: {same} of {len(dates)} dates are one and the same: a mark for not known? kept as they are; right? (else write the date under `missing`)"]  # fmt: skip
    day, often = Counter(date.day for date in dates).most_common(1)[0]
    if len(dates) >= 4 and day in (1, 15) and often >= 0.6 * len(dates):
        return [f"`to`: {often} of {len(dates)} dates are day {day} of their month: perhaps only the month was known; kept as they are; right?"]  # fmt: skip
    return []


FIRST_YEAR, LAST_YEAR = 1951, 2100


def _dates_that_are_marks(facts: Facts, order: str, target: str) -> dict[str, int]:
    """Count dates that no patient can have (9999-12-31, 1900-01-01): marks for never or not known, as written."""
    first = 1905 if target == "birth" else FIRST_YEAR
    found: dict[str, int] = {}
    for cell in facts.filled:
        moment = None if isinstance(cell, (int, float)) else read_date(cell, order)
        if moment is not None and not first <= moment.date.year <= LAST_YEAR:
            found[code_text(cell)] = found.get(code_text(cell), 0) + 1
    return found


FROM_ONE = re.compile(
    r"(infusion|inf|transplant\w*|car ?t\w*|回输|输注|day of infusion)( ?day)? ?(=|:|is|on|as|为|是|当天为) ?(day|d|第)? ?1(?!\d)|\b(day|d) ?1 ?(=|:|is|as) ?(the )?(day of |date of )?(\w+ )?(infusion|inf|transplant\w*|car ?t|回输|输注)",
    re.IGNORECASE,
)


def count_from_one(base: ColumnMap, facts: Facts | None = None) -> None:
    """Know CDISC's study days by their names, and other days by what their heading says: they begin with 1."""
    if facts is not None and FROM_ONE.search(f"{facts.told} {' '.join(facts.column.groups)}"):
        base.first_day, base.reason = 1, "its heading says that day 0 is called day 1"
        zero = sum(value == 0 for value in facts.numbers)
        ask_about(base, [f"`first_day`: the heading says that day 1 is the day of infusion: 1 is taken off each day above 0 ({zero} cells hold 0); right? (else `first_day: 0`)"])  # fmt: skip
    if re.fullmatch(r"[A-Z]{0,2}(ST|EN)?DY", base.column):
        base.first_day, base.reason = 1, "CDISC's study day: 1 is the day of the first dose, and there is no 0"


def recognise_end(base: ColumnMap, facts: Facts, row_is: str) -> ColumnMap | None:
    """Read the end of an event; the end of a course of a drug is not spread over its days without asking."""
    if row_is == "event":
        base.to = "until"
        count_from_one(base, facts)
        return recognise_date(base, facts, "until") if facts.is_date else base if facts.is_number else None
    base.to, base.reason = "leave out", "when it ended"
    if row_is == "administration":
        ask_about(base, ["each row is taken for one administration on its first day, whenever it ended; right?"])
    return base


def recognise_visits(base: ColumnMap, facts: Facts) -> ColumnMap | None:
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


def settle_time_unit(base: ColumnMap, words: str, facts: Facts) -> None:
    """Find the unit of a time in its words, else ask about it."""
    unit = time_unit_of(words)
    letter = re.search(r"[_ .](d|w|m|y)$", base.column.lower())
    base.unit = unit or (LETTERS[letter.group(1)] if letter else "days")
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit:
        base.confidence = "guess"
        seen = f" (its heading ends in {letter.group(1)})" if letter else ""
        ask_about(base, [f"`unit`: nothing says whether it is days, weeks, months or years{seen}"])
    if unit == "hours":
        ask_about(base, ["`unit`: hours are counted in full days of 24 hours (30 hours are day 1), whatever the clock said at day 0; right?"])  # fmt: skip
    if facts.decimal[1]:
        ask_about(base, [f"`decimal`: {facts.decimal[1]}"])


LETTERS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}


def ask_about_sentinel(base: ColumnMap, facts: Facts) -> None:
    """Ask about a number far from all others: never, or not known?"""
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
