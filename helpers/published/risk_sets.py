"""What the order of events and of losses allows a comparison of two groups to give.

Two groups without tied times are known to a Cox model only through the numbers at risk at each event. With q the exposed
group's share of those at risk and h the hazard ratio, the event is expected in that group with p = q h / (1 - q + q h). The
estimate is the h at which the p add up to the exposed group's events, its information is the sum of p (1 - p), and the
log-rank test compares the events with the sum of q, by the variance sum of q (1 - q).

So a printed result is a few sums over an unknown path from the group sizes downwards, by one at each event and each loss.
:func:`fewest_lost` gives a number of early losses that no path with such sums can do without: the lowest average over any
mixture of paths whose average sums fit, a linear programme whose columns are shortest paths. Mixtures include every path,
so the bound holds whatever the order of events was; it is not promised that a path attains it. :func:`proportional_orders` draws
orders instead, as they would fall if the hazards were proportional and losses as frequent in both groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from scipy.optimize import linprog
from scipy.stats import chi2, norm

Range = tuple[float, float]
Z = float(norm.ppf(0.975))
SLICES = 4  # of the range of the log hazard ratio
STEP = 0.25  # of the log-rank variance
PENALTY = 1e3  # of a sum outside its range, in patients; larger than any number of losses
TOLERANCE = 1e-3  # patients
SEED = 1  # of the orders drawn


@dataclass(frozen=True)
class Result:
    """A printed comparison of two groups: each range holds what rounds to the print; None: not printed.

    Parameters
    ----------
    log_hr, se : (float, float) or None
        Of a Cox model.
    chi2 : (float, float) or None
        Of a log-rank test that favours the exposed group.
    """

    log_hr: Range | None = None
    se: Range | None = None
    chi2: Range | None = None


@dataclass(frozen=True)
class Groups:
    """Sizes and events of two groups, the exposed one first, and how many of all events came within the first year.

    Parameters
    ----------
    sizes, events : (int, int)
    early : int
        Events of both groups within the first year; the others came later.
    """

    sizes: tuple[int, int]
    events: tuple[int, int]
    early: int


@njit(cache=True)
def _shortest(sizes, events, early, hr, prices, sign):  # pragma: no cover (compiled)
    """Find the path of least cost; give it and its early losses of the reference and its four sums.

    Losses of the reference fall where they cost least: *sign* before the last early event and nothing after it; each event
    costs its sums times *prices*. (Number by number: to assign a slice takes five times as long to compile.)
    """
    most = sizes[1] - events[1]
    cost = np.full((events[0] + 1, events[1] + 1, most + 1), np.inf)
    sums = np.zeros((events[0] + 1, events[1] + 1, most + 1, 5))
    cost[0, 0, 0] = 0.0
    new, total = np.zeros(5), events[0] + events[1]
    for i in range(total + 1):
        loss = 1.0 if i < early else 0.0
        for x in range(max(0, i - events[1]), min(events[0], i) + 1):
            y = i - x
            for c in range(1, most + 1):
                if cost[x, y, c - 1] + sign * loss < cost[x, y, c]:
                    cost[x, y, c] = cost[x, y, c - 1] + sign * loss
                    for k in range(5):
                        sums[x, y, c, k] = sums[x, y, c - 1, k]
                    sums[x, y, c, 0] += loss
            if i == total:
                break
            exposed = sizes[0] - x
            for c in range(most + 1):
                reference = sizes[1] - y - c
                if not np.isfinite(cost[x, y, c]) or reference < 0 or exposed + reference == 0:
                    continue
                q = exposed / (exposed + reference)
                p = q * hr / (1 - q + q * hr)
                new[1], new[2], new[3], new[4] = p, p * (1 - p), q, q * (1 - q)
                paid = 0.0
                for k in range(4):
                    paid += prices[k] * new[k + 1]
                price = cost[x, y, c] + paid
                if x < events[0] and exposed > 0 and price < cost[x + 1, y, c]:
                    cost[x + 1, y, c] = price
                    for k in range(5):
                        sums[x + 1, y, c, k] = sums[x, y, c, k] + new[k]
                if y < events[1] and reference > 0 and price < cost[x, y + 1, c]:
                    cost[x, y + 1, c] = price
                    for k in range(5):
                        sums[x, y + 1, c, k] = sums[x, y, c, k] + new[k]
    best = 0
    for c in range(1, most + 1):
        if cost[events[0], events[1], c] < cost[events[0], events[1], best]:
            best = c
    return cost[events[0], events[1], best], sums[events[0], events[1], best]


def _bound(groups: Groups, hr: float, ranges: dict[int, Range], sign: float) -> float:
    """Bound sign x early losses of the reference over all mixtures of paths whose sums lie in *ranges*; inf if none does."""
    columns, prices = [], np.zeros(4)
    value, slack, lower = math.inf, 0.0, -math.inf
    while True:
        cost, found = _shortest(groups.sizes, groups.events, groups.early, hr, prices, sign)
        if not math.isfinite(cost):
            return math.inf
        if columns:
            dual = sum(-prices[j] * (ranges[j][0] if prices[j] < 0 else ranges[j][1]) for j in ranges)
            lower = max(lower, cost + dual)
            if value - lower < TOLERANCE:
                return math.inf if slack > 1e-7 else lower
        columns.append(found)
        value, slack, prices = _mixture(np.array(columns), ranges, sign)


def _mixture(columns: np.ndarray, ranges: dict[int, Range], sign: float) -> tuple[float, float, np.ndarray]:
    """Mix the paths found so far at least cost; give the cost, by how much sums miss their ranges, and new prices."""
    paths, rows = len(columns), 2 * len(ranges)
    upper = np.concatenate([[columns[:, j + 1], -columns[:, j + 1]] for j in ranges])
    limit = np.concatenate([[high, -low] for low, high in ranges.values()])
    solved = linprog(
        np.r_[sign * columns[:, 0], np.full(rows, PENALTY)],
        A_ub=np.hstack([upper, -np.eye(rows)]),
        b_ub=limit,
        A_eq=[np.r_[np.ones(paths), np.zeros(rows)]],
        b_eq=[1.0],
    )
    prices = np.zeros(4)
    for row, j in enumerate(ranges):
        prices[j] = solved.ineqlin.marginals[2 * row + 1] - solved.ineqlin.marginals[2 * row]
    return solved.fun, float(solved.x[paths:].sum()), prices


def fewest_lost(groups: Groups, printed: Result, *, most: bool = False) -> float:
    """Bound how many of the reference group must have been lost before the last event of the first year.

    Parameters
    ----------
    groups : Groups
    printed : Result
        What the comparison gave.
    most : bool
        The most that can have been lost instead of the fewest.

    Returns
    -------
    float
        Patients. No order of events and losses has fewer (or more); inf (or -inf): no order gives the result.

    Notes
    -----
    The log hazard ratio is tried slice by slice: within a slice of width w the sum of p moves by at most w/2 times the
    information, and the information by at most w/2 of itself. The log-rank variance is tried in steps.

    Examples
    --------
    Eleven events against seventeen give a hazard ratio of .44 only if untreated children were lost early:

    >>> row = Result(log_hr=(-0.8324, -0.8097), se=(0.3855, 0.3893))
    >>> fewest_lost(Groups((46, 49), (11, 17), early=28), row) > 5
    True
    >>> fewest_lost(Groups((46, 49), (10, 20), early=30), row)
    0.0
    """
    sign = -1.0 if most else 1.0
    found = min((_bound(groups, hr, ranges, sign) for hr, ranges in _slices(groups, printed)), default=math.inf)
    return float(-found if most else max(found, 0.0))


def _slices(groups: Groups, printed: Result) -> Iterator[tuple[float, dict[int, Range]]]:
    """Cut a result into pieces on which its sums lie in ranges: hazard ratio, ranges of sums by their number."""
    exposed, total = groups.events[0], sum(groups.events)
    cox: list[tuple[float, dict[int, Range]]] = [(1.0, {})]
    if printed.log_hr and printed.se:
        least, most = 1 / printed.se[1] ** 2, 1 / printed.se[0] ** 2
        cox = []
        for low, high in pairwise(np.linspace(*printed.log_hr, SLICES + 1)):
            slack = (high - low) / 2 * most
            ranges = {0: (exposed - slack, exposed + slack), 1: (least - slack, most + slack)}
            cox.append((math.exp((low + high) / 2), ranges))
    for hr, ranges in cox:
        if not printed.chi2:
            yield hr, ranges
            continue
        for low, high in pairwise(np.arange(STEP, total / 4 + 2 * STEP, STEP)):
            score = math.sqrt(low * printed.chi2[0]), math.sqrt(high * printed.chi2[1])
            if score[0] <= total - exposed:
                yield hr, ranges | {2: (exposed + score[0], exposed + score[1]), 3: (low, high)}


# ------------------------------------------------------------------ orders as chance would have them


@njit(cache=True)
def _draw(sizes, events, early, lost, hr, draws, rng):  # pragma: no cover (compiled)
    """Draw orders of events under a hazard ratio, given the totals, with losses as frequent in both; give hr, se and chi2."""
    out = np.full((draws, 3), np.nan)
    total = events[0] + events[1]
    q, at, had = np.zeros(total), np.zeros(2, np.int64), np.zeros(2, np.int64)
    for k in range(draws):
        while True:
            at[0], at[1], had[0], had[1] = sizes[0], sizes[1], 0, 0
            for i in range(total):
                if i < early:  # losses of this interval, spread evenly, each from everyone at risk
                    for _ in range(int(lost * (i + 1) // early) - int(lost * i // early)):
                        at[0 if rng.random() * (at[0] + at[1]) < at[0] else 1] -= 1
                q[i] = at[0] / (at[0] + at[1]) if at[0] + at[1] > 0 else 0.0
                p = q[i] * hr / (1 - q[i] + q[i] * hr)
                g = 0 if rng.random() < p else 1
                at[g] -= 1
                had[g] += 1
                if had[g] > events[g] or at[g] < 0:
                    break
            if had[0] == events[0] and had[1] == events[1] and at[0] >= 0 and at[1] >= 0:
                break
        b, step = 0.0, 1.0
        for turn in range(51):
            expected, information, share, variance = 0.0, 0.0, 0.0, 0.0
            for i in range(total):
                p = q[i] * np.exp(b) / (1 - q[i] + q[i] * np.exp(b))
                expected += p
                information += p * (1 - p)
                share += q[i]
                variance += q[i] * (1 - q[i])
            if turn == 50 or abs(step) < 1e-10:
                break
            step = (events[0] - expected) / information
            b += step
        out[k, 0], out[k, 1], out[k, 2] = np.exp(b), 1 / np.sqrt(information), (events[0] - share) ** 2 / variance
    return out


def proportional_orders(groups: Groups, lost: int, hr: float, *, draws: int = 2000) -> np.ndarray:
    """Draw orders of events as they fall if hazards are proportional and losses as frequent in both groups.

    Parameters
    ----------
    groups : Groups
        Orders are drawn until both groups have their numbers of events.
    lost : int
        Losses of both groups together within the first year, each falling on anyone at risk alike.
    hr : float
        Hazard ratio under which they are drawn.

    Raises
    ------
    ValueError
        If events and losses are more than the patients.

    Returns
    -------
    numpy.ndarray
        Draws x 3: estimated hazard ratio, standard error of its logarithm, log-rank chi-square.

    Examples
    --------
    >>> drawn = proportional_orders(Groups((46, 49), (11, 17), early=22), lost=14, hr=0.44, draws=200)
    >>> bool(np.median(drawn[:, 0]) > 0.5)
    True
    """
    if lost + sum(groups.events) > sum(groups.sizes) or any(
        d > n for d, n in zip(groups.events, groups.sizes, strict=True)
    ):
        raise ValueError(f"{groups.events} events and {lost} losses are more than {groups.sizes} patients")
    return _draw(groups.sizes, groups.events, groups.early, lost, hr, draws, np.random.default_rng(SEED))


def chi2_range(low: float, high: float) -> Range:
    """Turn a range of p into the range of a chi-square on one degree of freedom.

    Examples
    --------
    >>> [round(x, 2) for x in chi2_range(0.0275, 0.0285)]
    [4.8, 4.86]
    """
    return float(chi2.isf(high, 1)), float(chi2.isf(low, 1))
