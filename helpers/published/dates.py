"""Checks on dates, windows and the range of follow-up against the calendar."""

from __future__ import annotations

from datetime import date

from helpers.published.relations import CONSISTENT, CONTRADICTION, UNDISCLOSED, Check, Outcome, relation_kind
from helpers.published.values import Printed
from helpers.published.words import number_text

MONTH = 30.4375  # days


def read_date(printed: Printed) -> date:
    """Read a printed date, stored as YYYYMMDD."""
    text = str(int(printed.number))
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def months_between(start: Printed, end: Printed) -> float:
    """Give the months between two printed dates."""
    return (read_date(end) - read_date(start)).days / MONTH


@relation_kind("same_month")
def same_month(check: Check) -> Outcome:
    """A month and a date: ``YYYYMM | YYYYMMDD``."""
    month, date_ = check.one(0), check.one(1)
    fits = int(date_.number) // 100 == int(month.number)
    return Outcome(CONSISTENT if fits else CONTRADICTION, f"{month.value} and {date_.value}")


@relation_kind("month_days")
def month_days(check: Check) -> Outcome:
    """A window in months and in days: ``months ... | days ...``."""
    spans = [float(m.number) * MONTH for m in check.group(0)]
    apart = max(abs(span - float(d.number)) for span in spans for d in check.group(1))
    text = f"{' and '.join(number_text(m) for m in check.numbers(0))} months and {' and '.join(number_text(d) for d in check.numbers(1))} days: at most {apart:.1f} days apart"
    return Outcome(CONSISTENT if apart < 1 else CONTRADICTION, text)


@relation_kind("followup_range")
def followup_range(check: Check) -> Outcome:
    """Range of follow-up: ``first entry | last entry | cut-off | shortest | median | longest`` (months)."""
    first, last, end = (check.one(i) for i in range(3))
    low, median, high = (float(check.one(i).number) for i in range(3, 6))
    least, most = months_between(last, end), months_between(first, end)
    text = (
        f"entry {first.value} to {last.value}, cut-off {end.value}: follow-up to the cut-off is {least:.1f} to {most:.1f}"
        f" months; printed {number_text(low)} to {number_text(high)}"
    )
    if not low <= median <= high or high > most + 0.1:
        return Outcome(CONTRADICTION, text)
    short = low < least - 0.1 or high < most - 1
    ended = f"; if these are the extremes, nobody who entered over {number_text(high)} months before the cut-off was watched until then"
    return Outcome(
        UNDISCLOSED if short else CONSISTENT,
        text + (ended if high < most - 1 else ""),
        "certain that these are not the extremes of the time to the cut-off; what they are, we guess",
        group_a=[check.one(i) for i in range(3, 6)],
        group_b=[first, last, end],
    )
