"""Checks on survival rates: what their plus-minus says about formula, events, censoring and follow-up.

Between two printed milestones a Kaplan-Meier curve falls by a factor rho, and Greenwood's sum V = var(S) / S^2 grows by
dV. With d events among r at risk rho = (r - d) / r and dV = d / (r (r - d)) = (1 - rho)^2 / (d rho): one event fixes
both, and at the same rho more events mean a smaller dV. So two rates with their plus-minus say how many events lay between
them, under each formula for the plus-minus; a formula that needs a broken number of events is not the one used.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from itertools import pairwise, product

from scipy.stats import norm

from helpers.published.counts import plain
from helpers.published.relations import CONSISTENT, CONTRADICTION, UNDISCLOSED, Check, Outcome, kind
from helpers.published.values import Printed

Z = float(norm.ppf(0.975))
Range = tuple[float, float]
MONTH = 30.4375  # days


def _logit(s: float) -> float:
    return math.log(s / (1 - s))


def _arcsine(s: float) -> float:
    return math.asin(math.sqrt(s))


def _sqrt_v_arcsine(width: float, s: float) -> float:
    return width / Z * 2 * math.sqrt((1 - s) / s)


# Each gives the square root of Greenwood's sum from rate s and plus-minus h; a limit outside 0..1 has none.
FORMULAS: dict[str, Callable[[float, float], float]] = {
    "standard error": lambda s, h: h / s,
    "1.96 standard errors (plain)": lambda s, h: h / s / Z,
    "log, distance to the lower limit": lambda s, h: -math.log(1 - h / s) / Z,
    "log, distance to the upper limit": lambda s, h: math.log(1 + h / s) / Z,
    "log, half the length": lambda s, h: math.asinh(h / s) / Z,
    "log-log, distance to the lower limit": lambda s, h: math.log(math.log(s - h) / math.log(s)) * abs(math.log(s)) / Z,
    "log-log, distance to the upper limit": lambda s, h: (
        -math.log(math.log(s + h) / math.log(s)) * abs(math.log(s)) / Z
    ),
    "logit, distance to the lower limit": lambda s, h: (_logit(s) - _logit(s - h)) * (1 - s) / Z,
    "logit, distance to the upper limit": lambda s, h: (_logit(s + h) - _logit(s)) * (1 - s) / Z,
    "arcsine, distance to the lower limit": lambda s, h: _sqrt_v_arcsine(_arcsine(s) - _arcsine(s - h), s),
    "arcsine, distance to the upper limit": lambda s, h: _sqrt_v_arcsine(_arcsine(s + h) - _arcsine(s), s),
}

SHOWN = [name for name in FORMULAS if "plain" in name or (name.startswith("log") and "lower" in name)]


def fractions(printed: Printed) -> Range:
    """Give the rounding interval of a printed percentage as fractions.

    Examples
    --------
    >>> from decimal import Decimal
    >>> [round(limit, 6) for limit in fractions(Printed("a", Decimal("60.82"), 2))]
    [0.60815, 0.60825]
    """
    return float(printed.low) / 100, float(printed.high) / 100


def greenwood(rate: Printed, half_width: Printed, formula: str) -> Range | None:
    """Give the range of Greenwood's sum that a rate and its plus-minus allow under a formula; None if it has none.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rate, half = Printed("a", Decimal("80.7"), 1), Printed("b", Decimal("7.7"), 1)
    >>> [round(v, 5) for v in greenwood(rate, half, "1.96 standard errors (plain)")]
    [0.00234, 0.0024]
    """
    corners = list(product(fractions(rate), fractions(half_width)))
    try:
        sums = [FORMULAS[formula](s, h) ** 2 for s, h in corners]
    except ValueError:
        return None
    return min(sums), max(sums)


def steps(rates: list[Printed], half_widths: list[Printed], formula: str, n: int) -> list[dict] | None:
    """Give, for each span between milestones, the range of rho, of dV, and the whole numbers of events that fit.

    Returns
    -------
    list of dict or None
        Keys rho, growth (ranges) and events (list); None if the formula is impossible with n patients.
    """
    sums = [greenwood(s, h, formula) for s, h in zip(rates, half_widths, strict=True)]
    if any(v is None for v in sums):
        return None
    levels, greens = [(1.0, 1.0), *map(fractions, rates)], [(0.0, 0.0), *sums]
    found = []
    for (before, after), (old, new) in zip(pairwise(levels), pairwise(greens), strict=True):
        rho = after[0] / before[1], min(1.0, after[1] / before[0])
        growth = new[0] - old[1], new[1] - old[0]
        last = len(found) == len(rates) - 1 and len(rates) > 1
        found.append({"rho": rho, "growth": growth, "events": _events(rho, growth, n * before[1], last)})
    return found


def _events(rho: Range, growth: Range, at_risk: float, last: bool) -> list[int]:
    """Give the numbers of events that can lie in a span with at most *at_risk* patients at its start.

    dV is least when all events see the same number at risk; one event leaves no freedom. The last span is short of
    patients, so that the number at risk barely changes within it: there dV may exceed its least value by a quarter at most.
    """
    most = math.floor(at_risk * (1 - rho[0]) + 1e-9)
    fits = []
    for d in range(1, most + 1):
        least = [(1 - r) ** 2 / (d * r) for r in rho]
        ceiling = max(least) * (1 if d == 1 else 1.25) if last else math.inf
        if growth[1] >= min(least) and growth[0] <= ceiling:
            fits.append(d)
    return fits


def fitting(rates: list[Printed], half_widths: list[Printed], n: int) -> dict[str, list[dict]]:
    """Give the formulas under which every span holds a whole number of events, with their spans."""
    tried = {name: steps(rates, half_widths, name, n) for name in FORMULAS}
    return {
        name: spans
        for name, spans in tried.items()
        if spans and all(span["events"] for span in spans) and effective(rates[0], half_widths[0], name)[0] <= n
    }


def effective(rate: Printed, half_width: Printed, formula: str) -> Range:
    """Give the range of the effective number of patients: uncensored patients that would have this plus-minus.

    Without censoring Greenwood's sum is (1 - S) / (n S); censoring only adds to it. So at most n.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rate, half = Printed("a", Decimal("80.7"), 1), Printed("b", Decimal("7.7"), 1)
    >>> [round(n) for n in effective(rate, half, "1.96 standard errors (plain)")]
    [99, 103]
    """
    s, v = fractions(rate), greenwood(rate, half_width, formula)
    sizes = [(1 - level) / (level * total) for level, total in zip(s, reversed(v), strict=True)]
    corners = sizes + [(1 - level) / (level * total) for level, total in zip(s, v, strict=True)]
    return min(corners), max(corners)


def events_range(rates: list[Printed], half_widths: list[Printed], n: int, later: int | None = None) -> tuple[int, int]:
    """Give the least and the most events that the rates and their plus-minus allow, under any formula that fits.

    At most those of n uncensored patients until the last milestone, and *later* ones after it (None: all who are left).
    """
    fits = fitting(rates, half_widths, n)
    most = n if later is None else min(n, math.floor(n * (1 - fractions(rates[-1])[0])) + later)
    least = min((sum(min(span["events"]) for span in spans) for spans in fits.values()), default=0)
    return least, most


# ------------------------------------------------------------------ kinds


@kind("km_formula")
def km_formula(check: Check) -> Outcome:
    """Rates and their plus-minus: ``rate rate rate | half-width ... | n``. Some usual formula must fit; option ``only``: that one."""
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    only = check.option("only")
    fits = {name: spans for name, spans in fitting(rates, half_widths, n).items() if name == only or not only}
    parts = []
    for name in SHOWN:
        spans = steps(rates, half_widths, name, n)
        if spans is None:
            parts.append(f"{name}: no such limit")
            continue
        growth, rho = spans[-1]["growth"], spans[-1]["rho"]
        need = (1 - sum(rho) / 2) ** 2 / (sum(rho) / 2)
        parts.append(f"{name}: {growth[0]:.5f} to {growth[1]:.5f} against {need:.5f}")
    text = "growth of Greenwood's sum over the last span, against what one event needs: " + "; ".join(parts)
    text += f". Fits: {'; '.join(map(_events_text, fits.items())) or 'none'}"
    return Outcome(CONSISTENT if fits else CONTRADICTION, text, "near certain: Greenwood's formula, untied events")


def _events_text(item: tuple[str, list[dict]]) -> str:
    name, spans = item
    counts = ", ".join(
        str(span["events"][0]) if len(span["events"]) == 1 else f"{span['events'][0]}-{span['events'][-1]}"
        for span in spans
    )
    return f"{name} (events by span {counts})"


@kind("km_one_formula")
def km_one_formula(check: Check) -> Outcome:
    """Several endpoints in one sentence: ``rates | half-widths | rates | half-widths | ... | n``; one formula for all?"""
    groups = len(check.relation.groups)
    n = int(check.total(groups - 1))
    fits = {
        check.one(i).what.split()[0]: set(fitting(check.group(i), check.group(i + 1), n))
        for i in range(0, groups - 1, 2)
    }
    common = set.intersection(*fits.values())
    text = "; ".join(f"{end}: {' or '.join(sorted(names)) or 'none'}" for end, names in fits.items())
    text += f"; common to all: {' or '.join(sorted(common)) or 'none'}"
    (end_a, names_a), *_, (end_b, names_b) = fits.items()
    return Outcome(
        CONSISTENT if common else UNDISCLOSED,
        text,
        "near certain: Greenwood's formula, untied events",
        statement_a=f"plus-minus of {end_a}: {' or '.join(sorted(names_a)) or 'no usual formula'}",
        statement_b=f"plus-minus of {end_b}: {' or '.join(sorted(names_b)) or 'no usual formula'}",
    )


def day(printed: Printed) -> date:
    """Read a printed date, stored as YYYYMMDD."""
    text = str(int(printed.number))
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def months(start: Printed, end: Printed) -> float:
    """Give the months between two printed dates."""
    return (day(end) - day(start)).days / MONTH


@kind("km_loss")
def km_loss(check: Check) -> Outcome:
    """Censoring before the first milestone: ``rates | half-widths | n | last entry | cut-off``; option ``milestone`` (months).

    If everyone could be watched beyond the milestone, whoever is missing from the effective number was lost earlier.
    """
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    sure, milestone = months(check.one(3), check.one(4)), float(check.option("milestone", "12"))
    fits = fitting(rates, half_widths, n) or {"1.96 standard errors (plain)": []}
    sizes = {name: effective(rates[0], half_widths[0], name) for name in fits}
    lost = n - min(n, math.floor(max(high for _, high in sizes.values())))
    text = "; ".join(f"{name}: effective number {low:.1f} to {high:.1f} of {n}" for name, (low, high) in sizes.items())
    text += (
        f"; at least {lost} censored before {milestone:g} months, although the last entry could be watched for"
        f" {sure:.1f} months"
    )
    broken = lost > 0 and sure >= milestone - 0.05
    return Outcome(
        UNDISCLOSED if broken else CONSISTENT,
        text,
        "near certain: censoring alone lowers the effective number",
        group_a=[rates[0], half_widths[0]],
        group_b=[check.one(2), check.one(3), check.one(4)],
    )


@kind("same_month")
def same_month(check: Check) -> Outcome:
    """A month and a date: ``YYYYMM | YYYYMMDD``."""
    month, date_ = check.one(0), check.one(1)
    fits = int(date_.number) // 100 == int(month.number)
    return Outcome(CONSISTENT if fits else CONTRADICTION, f"{month.value} and {date_.value}")


@kind("month_days")
def month_days(check: Check) -> Outcome:
    """A window in months and in days: ``months ... | days ...``."""
    spans = [float(m.number) * MONTH for m in check.group(0)]
    apart = max(abs(span - float(d.number)) for span in spans for d in check.group(1))
    text = f"{' and '.join(plain(m) for m in check.numbers(0))} months and {' and '.join(plain(d) for d in check.numbers(1))} days: at most {apart:.1f} days apart"
    return Outcome(CONSISTENT if apart < 1 else CONTRADICTION, text)


@kind("followup_range")
def followup_range(check: Check) -> Outcome:
    """Range of follow-up: ``first entry | last entry | cut-off | shortest | median | longest`` (months)."""
    first, last, end = (check.one(i) for i in range(3))
    low, median, high = (float(check.one(i).number) for i in range(3, 6))
    least, most = months(last, end), months(first, end)
    text = (
        f"entry {first.value} to {last.value}, cut-off {end.value}: follow-up to the cut-off is {least:.1f} to {most:.1f}"
        f" months; printed {plain(low)} to {plain(high)}"
    )
    if not low <= median <= high or high > most + 0.1:
        return Outcome(CONTRADICTION, text)
    short = low < least - 0.1 or high < most - 1
    ended = f"; so nobody who entered more than {plain(high)} months before the cut-off was watched until then"
    return Outcome(
        UNDISCLOSED if short else CONSISTENT,
        text + (ended if high < most - 1 else ""),
        "certain, but for the reading of follow-up: of all, or of survivors",
        group_a=[check.one(i) for i in range(3, 6)],
        group_b=[first, last, end],
    )


@kind("at_risk")
def at_risk(check: Check) -> Outcome:
    """Patients at risk late against the median follow-up: ``rates | half-widths | n | median``; option ``milestone``."""
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    median, milestone = float(check.one(3).number), float(check.option("milestone", "24"))
    spans = next(iter(fitting(rates, half_widths, n).values()), None)
    if spans is None:
        return Outcome(CONSISTENT, "no formula fits: nothing to compare", "possible: no formula fits")
    rho, d = spans[-1]["rho"], spans[-1]["events"][0]
    risk = d / (1 - rho[0]), d / (1 - rho[1]) if rho[1] < 1 else math.inf
    text = f"{risk[0]:.1f} to {risk[1]:.1f} at risk after {milestone:g} months; half of {n} were watched for {median:g}"
    broken = median < milestone and risk[0] > n / 2 + 1
    return Outcome(CONTRADICTION if broken else CONSISTENT, text, "likely: if the median is of observed follow-up")
