"""The arithmetic of survival at milestones: which numbers of events and of patients at risk a rate and its plus-minus allow.

Notation: a Kaplan–Meier curve is a product of (r - 1) / r over its events, r falling whole numbers at risk; Greenwood's sum
V = var(S) / S^2 is the sum of 1 / (r (r - 1)). d tied events among r give the same two as d single ones at r, r - 1, ...:
ties change nothing here. Between two milestones the curve falls by a factor rho, and V grows by dV. With Y at risk before
and Y' after, whatever the censoring,

- events = d: d <= Y (1 - rho), and Y' <= Y rho;
- dV is at least (1 - rho) / (Y rho) and at most (1 - rho) / Y';
- dV is at least (1 - rho)^2 / (d rho) (all at consecutive r), and at most what one late event and d - 1 early ones give
  (1 / (r (r - 1)) is a convex function of the fall log(r / (r - 1))).

One or two events are tried at every whole number at risk. Bounds alone decide for more, so that nothing possible is ever refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
from scipy.stats import norm

from helpers.published.values import Printed

Z = float(norm.ppf(0.975))
Range = tuple[float, float]
EPS = 1e-9  # slack of comparisons, relative


def _logit(s: float) -> float:
    return math.log(s / (1 - s))


def _arcsine(s: float) -> float:
    return math.asin(math.sqrt(s))


def _sqrt_v_arcsine(width: float, s: float) -> float:
    return width / Z * 2 * math.sqrt((1 - s) / s)


# Each gives the square root of Greenwood's sum from rate s and plus-minus h; a limit outside 0..1 has none.
FORMULAS: dict[str, Callable[[float, float], float]] = {
    "standard error": lambda s, h: h / s,
    "plain (1.96 standard errors)": lambda s, h: h / s / Z,
    "log (distance to the lower limit)": lambda s, h: -math.log(1 - h / s) / Z,
    "log (distance to the upper limit)": lambda s, h: math.log(1 + h / s) / Z,
    "log (half the length)": lambda s, h: math.asinh(h / s) / Z,
    "log-log (distance to the lower limit)": lambda s, h: (
        math.log(math.log(s - h) / math.log(s)) * abs(math.log(s)) / Z
    ),
    "log-log (distance to the upper limit)": lambda s, h: (
        -math.log(math.log(s + h) / math.log(s)) * abs(math.log(s)) / Z
    ),
    "logit (distance to the lower limit)": lambda s, h: (_logit(s) - _logit(s - h)) * (1 - s) / Z,
    "logit (distance to the upper limit)": lambda s, h: (_logit(s + h) - _logit(s)) * (1 - s) / Z,
    "arcsine (distance to the lower limit)": lambda s, h: _sqrt_v_arcsine(_arcsine(s) - _arcsine(s - h), s),
    "arcsine (distance to the upper limit)": lambda s, h: _sqrt_v_arcsine(_arcsine(s + h) - _arcsine(s), s),
}

SHOWN = [name for name in FORMULAS if "plain" in name or (name.startswith("log") and "lower" in name)]


def rounded_fractions(printed: Printed) -> Range:
    """Give the rounding interval of a printed percentage as fractions.

    Examples
    --------
    >>> from decimal import Decimal
    >>> [round(limit, 6) for limit in rounded_fractions(Printed("a", Decimal("60.82"), 2))]
    [0.60815, 0.60825]
    """
    return float(printed.low) / 100, float(printed.high) / 100


def greenwood_range(rate: Printed, half_width: Printed, formula: str) -> Range | None:
    """Give the range of Greenwood's sum that a rate and its plus-minus allow under a formula; None if it has none.

    Limits are cut at 0 and 1 by the usual programs: where rounding lets a limit reach them, the range has no end.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rate, half = Printed("a", Decimal("80.7"), 1), Printed("b", Decimal("7.7"), 1)
    >>> [round(v, 5) for v in greenwood_range(rate, half, "plain (1.96 standard errors)")]
    [0.00234, 0.0024]
    """
    sums = []
    for s, h in product(rounded_fractions(rate), rounded_fractions(half_width)):
        s, h = min(max(s, 1e-12), 1 - 1e-12), max(h, 0.0)
        cut = s + h >= 1 if "upper" in formula else s - h <= 0 and "lower" in formula
        try:
            sums.append(math.inf if cut else FORMULAS[formula](s, h) ** 2)
        except (ValueError, ZeroDivisionError):
            sums.append(math.inf)
    return None if min(sums) == math.inf else (min(sums), max(sums))


@dataclass(frozen=True)
class Span:
    """What is possible between two milestones: ranges of the fall, of the growth of V and of the patients at risk, and events.

    Parameters
    ----------
    rho, growth : (float, float)
    at_risk : (int, int)
        Least and most patients at risk at its start.
    events : tuple of int
        The numbers of events that fit; empty: none does.
    """

    rho: Range
    growth: Range
    at_risk: tuple[int, int]
    events: tuple[int, ...]


def possible_steps(rates: list[Printed], half_widths: list[Printed], formula: str, n: int) -> tuple[Span, ...] | None:
    """Give what is possible between the milestones under a formula; None if it is impossible with n patients.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rates, halves = ([Printed("", Decimal(x), 2) for x in text.split()] for text in ("62.34 60.82", "8.82 8.99"))
    >>> last = possible_steps(rates, halves, "log (distance to the lower limit)", 120)[-1]
    >>> last.events, last.at_risk
    ((1,), (41, 62))
    """
    return _steps(tuple(rates), tuple(half_widths), formula, n)


@lru_cache(maxsize=4096)
def _steps(
    rates: tuple[Printed, ...], half_widths: tuple[Printed, ...], formula: str, n: int
) -> tuple[Span, ...] | None:
    sums = [greenwood_range(s, h, formula) for s, h in zip(rates, half_widths, strict=True)]
    return None if any(v is None for v in sums) else _spans(rates, [(0.0, 0.0), *sums], n)


def possible_falls(rates: list[Printed], n: int) -> tuple[Span, ...]:
    """Give what is possible between the milestones by the rates alone, whatever their plus-minus.

    Examples
    --------
    >>> from decimal import Decimal
    >>> [possible_falls([Printed("", Decimal(x), 2) for x in text.split()], 120)[-1].events for text in ("73.47 71.81", "73.47 71.82")]
    [(1, 2), ()]
    """
    return _spans(tuple(rates), [(0.0, 0.0)] + [(0.0, math.inf)] * len(rates), n)


def _spans(rates: tuple[Printed, ...], greens: list[Range], n: int) -> tuple[Span, ...]:
    """Bound the patients at risk forwards, by what came before, then events and patients backwards, by what must come after."""
    levels = [(1.0, 1.0), *((max(low, 0.0), min(high, 1.0)) for low, high in map(rounded_fractions, rates))]
    rhos = [(after[0] / before[1], min(1.0, after[1] / before[0])) for before, after in pairwise(levels)]
    growths = [(max(0.0, new[0] - old[1]), new[1] - old[0]) for old, new in pairwise(greens)]
    most = [n]
    for rho, growth, level, green in zip(rhos, growths, levels[1:], greens[1:], strict=True):
        bounds = [most[-1] * rho[1]]
        bounds += [(1 - fall) / rise for fall, rise in ((rho[0], growth[0]), (level[0], green[0])) if rise > 0]
        most.append(math.floor(min(bounds) * (1 + EPS) + EPS))
    spans, left = [], 0
    for rho, growth, top in reversed(list(zip(rhos, growths, most, strict=False))):
        events = _events(rho, growth, top, left)
        start = (1 - rho[1]) / (rho[1] * growth[1]) if rho[1] * growth[1] > 0 else 0.0
        left = max(math.ceil(start * (1 - EPS) - EPS), min(events.values(), default=left))
        fits = tuple(events) if left <= top else ()
        spans.append(Span(rho, growth, (left, top), fits))
    return tuple(reversed(spans))


def _events(rho: Range, growth: Range, most: int, left: int) -> dict[int, int]:
    """Map each number of events that fits, with at most *most* at risk before and at least *left* after, to the fewest before."""
    found = {0: left} if rho[1] >= 1 >= rho[0] and growth[0] <= EPS else {}
    for d in range(1, math.floor(most * (1 - rho[0]) + EPS) + 1):
        fewest = _few_events(d, rho, growth, most, left) if d <= 2 else _many_events(d, rho, growth, most, left)
        if fewest is not None:
            found[d] = fewest
    return found


def _few_events(d: int, rho: Range, growth: Range, most: int, left: int) -> int | None:
    """Try one or two events at every whole number at risk; give the fewest at risk before, or None."""
    first = np.arange(left + d, most + 1, dtype=float)
    fall, rise = (first - 1) / first, _rise(first)
    if d == 1:
        fits = _inside(fall, rho) & _inside(rise, growth)
        return int(first[fits][0]) if fits.any() else None
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = np.nan_to_num(1 / (1 - np.array(rho)[:, None] / fall), nan=0.0, posinf=1e9, neginf=1e9)
    guess[guess < 0] = 1e9  # a fall that the first event alone exceeds
    low = np.maximum(left + 1, np.ceil(guess[0] * (1 - EPS)))
    high = np.minimum(first - 1, np.floor(guess[1] * (1 + EPS)))
    tried = np.maximum(high - low + 1, 0).astype(int)
    start = np.repeat(np.arange(len(first)), tried)
    second = low[start] + np.arange(len(start)) - np.repeat(np.cumsum(tried) - tried, tried)
    fits = _inside(rise[start] + _rise(second), growth)
    return int(first[start[fits][0]]) if fits.any() else None


def _many_events(d: int, rho: Range, growth: Range, most: int, left: int) -> int | None:
    """Tell whether bounds leave room for three events or more; give the fewest at risk before, or None."""
    least = (1 - rho[1]) ** 2 / (d * rho[1])
    early = math.log(most / (most - 1))
    whole = -math.log(max(rho[0], 1e-300))
    late = min(math.log((left + 1) / left) if left else math.inf, whole - (d - 1) * early)
    slope = (_sinh(late) - _sinh(early)) / (late - early) if late - early > 1e-12 else 0.0
    greatest = d * _sinh(early) + max(0.0, whole - d * early) * slope
    fits = growth[1] >= least * (1 - EPS) and growth[0] <= greatest * (1 + 1e-6)
    return left + d if fits and left + d <= most else None


def _rise(at_risk: float | np.ndarray) -> float | np.ndarray:
    """Give what one event among *at_risk* adds to Greenwood's sum."""
    with np.errstate(divide="ignore"):
        return 1 / (at_risk * (at_risk - 1.0))


def _sinh(fall: float) -> float:
    """Give the same from the fall log(r / (r - 1))."""
    return 4 * math.sinh(fall / 2) ** 2


def _inside(values: np.ndarray, limits: Range) -> np.ndarray:
    return (values >= limits[0] * (1 - EPS)) & (values <= limits[1] * (1 + EPS))


def fitting_formulas(rates: list[Printed], half_widths: list[Printed], n: int) -> dict[str, tuple[Span, ...]]:
    """Give the formulas under which every span holds a whole number of events, with their spans."""
    tried = {name: possible_steps(rates, half_widths, name, n) for name in FORMULAS}
    return {name: spans for name, spans in tried.items() if spans and all(span.events for span in spans)}


def effective_patients(rate: Printed, half_width: Printed, formula: str) -> Range:
    """Give the range of the effective number of patients: uncensored patients that would have this plus-minus.

    Without censoring Greenwood's sum is (1 - S) / (n S); censoring only adds to it. So at most n.

    Examples
    --------
    >>> from decimal import Decimal
    >>> rate, half = Printed("a", Decimal("80.7"), 1), Printed("b", Decimal("7.7"), 1)
    >>> [round(n) for n in effective_patients(rate, half, "plain (1.96 standard errors)")]
    [99, 103]
    """
    s, v = rounded_fractions(rate), greenwood_range(rate, half_width, formula)
    sizes = [(1 - level) / (level * total) for level, total in zip(s, reversed(v), strict=True)]
    corners = sizes + [(1 - level) / (level * total) for level, total in zip(s, v, strict=True)]
    return min(corners), max(corners)


def events_range(rates: list[Printed], half_widths: list[Printed], n: int, later: int | None = None) -> tuple[int, int]:
    """Give the least and the most events that the rates and their plus-minus allow, under any formula that fits.

    At most those of n uncensored patients until the last milestone, and *later* ones after it (None: all who are left).
    """
    fits = fitting_formulas(rates, half_widths, n)
    most = n if later is None else min(n, math.floor(n * (1 - rounded_fractions(rates[-1])[0])) + later)
    least = min((sum(min(span.events) for span in spans) for spans in fits.values()), default=0)
    return least, most
