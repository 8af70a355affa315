"""Log-rank tests: one, stratified, with entry times; many permutations, resamples or data sets."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from helpers.resampling import checks
from helpers.resampling.checks import Floats
from helpers.resampling.cox_newton import cholesky, solve
from helpers.resampling.layout import lay_out
from helpers.resampling.simd import LANES, load, spread, store


class LogRank(NamedTuple):
    """Chi-square statistic with (groups - 1) degrees of freedom and its p."""

    statistic: float
    p: float


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> LogRank:
    """Compare the survival of two or more groups by the log-rank test (hypergeometric variance).

    Parameters
    ----------
    time, event : arrays, shape (n,)
        Last time under observation and whether the event happened then.
    group : array, shape (n,)
        Labels of any type; at least two differ.
    entry : array, shape (n,), optional
        A row is at risk at `entry` < t <= `time`.
    strata : array, shape (n,), optional
        Observed minus expected and its variance are summed over strata.
    weights : array of whole numbers, shape (n,), optional
        Frequencies.

    Returns
    -------
    LogRank
        statistic, chi-square with one degree of freedom fewer than groups with any expected event, and p.

    Raises
    ------
    InputError
        Unusable arrays, one group only, or no event.

    Notes
    -----
    Agrees with R `survival::survdiff`, and with entry times with the score test of `coxph(..., ties = "exact")`.

    Examples
    --------
    >>> test = logrank([5, 8, 12, 20, 21, 30], [1, 1, 0, 1, 1, 0], ["a", "b", "a", "a", "b", "b"])
    >>> round(test.statistic, 4), round(test.p, 4)
    (0.8253, 0.3636)
    """
    time, event, entry = checks.follow_up(time, event, entry)
    label, groups = checks.codes("group", group, time.size)
    if groups < 2:
        raise checks.refuse("group", "one group", "at least two groups")
    count = np.ones(time.size) if weights is None else checks.whole_counts("weights", weights, time.size, 1)
    count = count.astype(np.float64)
    if not (event & (count > 0)).any():
        raise checks.refuse("event", "no event", "at least one event")
    stratum = None if strata is None else checks.codes("strata", strata, time.size)[0]
    layout = lay_out(time, entry, stratum)
    order = layout.order
    difference, expected, variance = _logrank(event[order], label[order], count[order], layout, groups)
    statistic, degrees = _chi_square(difference, expected, variance)
    return LogRank(statistic, _chi_square_tail(statistic, degrees) if degrees else math.nan)


def _chi_square_tail(statistic: float, degrees: int) -> float:
    """Return the upper tail of chi-square, by steps of two degrees from one (erfc) or two (exp)."""
    x, odd = max(statistic, 0.0) / 2, degrees % 2
    tail = math.erfc(math.sqrt(x)) if odd else math.exp(-x)
    for k in range(1, (degrees + 1) // 2 if odd else degrees // 2):
        power = k - 0.5 if odd else float(k)
        if x > 0:
            tail += math.exp(power * math.log(x) - x - math.lgamma(power + 1))
    return tail


def _chi_square(difference: Floats, expected: Floats, variance: Floats) -> tuple[float, int]:
    """Return the quadratic form over the groups that expect any event, leaving out one, and its degrees of freedom."""
    kept = np.flatnonzero(expected > 0)[1:]
    if kept.size == 0:
        return float("nan"), 0
    part = difference[kept]
    return float(part @ np.linalg.solve(variance[np.ix_(kept, kept)], part)), int(kept.size)


@njit(cache=True, nogil=True, error_model="numpy")
def _logrank(event, label, count, layout, groups):
    difference, expected = np.zeros(groups), np.zeros(groups)
    variance = np.zeros((groups, groups))
    at_risk, deaths = np.zeros(groups), np.zeros(groups)
    late = layout.leaving.size > 0
    gone = 0
    for g in range(layout.starts.size - 1):
        if layout.fresh[g]:
            at_risk[:] = 0.0
            gone = layout.starts[g]
        deaths[:] = 0.0
        for i in range(layout.starts[g], layout.starts[g + 1]):
            at_risk[label[i]] += count[i]
            if event[i]:
                deaths[label[i]] += count[i]
        if late:
            while gone < layout.left[g]:
                j = layout.leaving[gone]
                at_risk[label[j]] -= count[j]
                gone += 1
        d, total = deaths.sum(), at_risk.sum()
        if d == 0:
            continue
        spread = d * (total - d) / (total - 1.0) if total > 1 else 0.0
        for a in range(groups):
            share = at_risk[a] / total
            expected[a] += d * share
            difference[a] += deaths[a] - d * share
            variance[a, a] += spread * share
            for b in range(groups):
                variance[a, b] -= spread * share * at_risk[b] / total
    return difference, expected, variance


def logrank_permutations(
    time: ArrayLike,
    event: ArrayLike,
    labels: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Floats:
    """Return the log-rank statistic of the same rows under many labellings.

    Parameters
    ----------
    time, event, entry, strata
        As in :func:`logrank`.
    labels : array of whole numbers 0..k-1, shape (permutations, n)

    Returns
    -------
    array, shape (permutations,)
        Chi-square statistics, each with (groups present - 1) degrees of freedom; NaN where it is undefined.

    Examples
    --------
    >>> labels = [[0, 1, 0, 0, 1, 1], [1, 1, 1, 0, 0, 0]]
    >>> logrank_permutations([5, 8, 12, 20, 21, 30], [1, 1, 0, 1, 1, 0], labels).round(4)
    array([0.8253, 2.4694])
    """
    time, event, entry = checks.follow_up(time, event, entry)
    labels = checks.whole_counts("labels", labels, time.size, 2)
    if not event.any():
        raise checks.refuse("event", "no event", "at least one event")
    groups = max(int(labels.max(initial=1)) + 1, 2)
    labels = labels.astype(np.int32)
    stratum = None if strata is None else checks.codes("strata", strata, time.size)[0]
    layout = lay_out(time, entry, stratum)
    if groups == 2:
        return _two_groups(event[layout.order], labels, layout)
    return _many_labels(event[layout.order], labels, layout, groups)


def logrank_batch(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    counts: ArrayLike,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
) -> Floats:
    """Return the log-rank statistic of many resamples of the same rows.

    Parameters
    ----------
    time, event, group, entry, strata
        As in :func:`logrank`.
    counts : array of whole numbers, shape (resamples, n)
        How often each row was drawn into each resample.

    Returns
    -------
    array, shape (resamples,)
        Chi-square statistics; NaN where a resample has no event or one group only.

    Examples
    --------
    >>> time, event, group = [5, 8, 12, 20, 21, 30], [1, 1, 0, 1, 1, 0], list("abaabb")
    >>> logrank_batch(time, event, group, [[1, 1, 1, 1, 1, 1], [0, 0, 2, 2, 0, 0]]).round(4)
    array([0.8253,    nan])
    """
    time, event, entry = checks.follow_up(time, event, entry)
    label, groups = checks.codes("group", group, time.size)
    counts = checks.whole_counts("counts", counts, time.size, 2).astype(np.int32)
    stratum = None if strata is None else checks.codes("strata", strata, time.size)[0]
    layout = lay_out(time, entry, stratum)
    return _many_counts(event[layout.order], label[layout.order], counts, layout, groups)


@njit(cache=True, nogil=True)
def _many_labels(event, labels, layout, groups):
    out, count = np.empty(labels.shape[0]), np.ones(event.size)
    for r in range(labels.shape[0]):
        out[r] = _statistic(*_logrank(event, labels[r][layout.order], count, layout, groups))
    return out


@njit(cache=True, nogil=True)
def _many_counts(event, label, counts, layout, groups):
    out = np.empty(counts.shape[0])
    for r in range(counts.shape[0]):
        count = counts[r][layout.order].astype(np.float64)
        out[r] = _statistic(*_logrank(event, label, count, layout, groups))
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _statistic(difference, expected, variance):
    """Return the chi-square statistic as :func:`_chi_square` does, NaN where it is undefined."""
    kept = np.flatnonzero(expected > 0)[1:]
    p = kept.size
    if p == 0:
        return np.nan
    matrix, factor, part, solved = np.empty((p, p)), np.zeros((p, p)), np.empty(p), np.empty(p)
    for a in range(p):
        part[a] = difference[kept[a]]
        for b in range(p):
            matrix[a, b] = variance[kept[a], kept[b]]
    if not cholesky(matrix, factor):
        return np.nan
    solve(factor, part, solved)
    return (part * solved).sum()


@njit(cache=True, nogil=True, error_model="numpy")
def _two_groups(event, labels, layout):
    """Return the statistic of each row of labels (permutations, n) of 0 and 1, eight of them at a time."""
    n, total, blocks = event.size, labels.shape[0], layout.fresh.size
    late = layout.leaving.size > 0
    share, spread_, has_event = np.zeros(blocks), np.zeros(blocks), np.zeros(blocks, np.bool_)
    size = np.zeros(blocks)
    at_risk, gone = 0, 0
    for g in range(blocks):
        if layout.fresh[g]:
            at_risk, gone = 0, layout.starts[g]
        deaths = 0
        for i in range(layout.starts[g], layout.starts[g + 1]):
            at_risk += 1
            deaths += event[i]
        if late:
            at_risk -= layout.left[g] - gone
            gone = layout.left[g]
        if deaths > 0:
            has_event[g], size[g], share[g] = True, at_risk, deaths / at_risk
            if at_risk > 1:
                spread_[g] = deaths * (at_risk - deaths) / (at_risk - 1.0) / at_risk / at_risk
    out = np.empty(total)
    inside, lane_out = np.zeros(n * LANES), np.empty(LANES)
    zero = spread(0.0)
    for first in range(0, total, LANES):
        width = min(LANES, total - first)
        for lane in range(width):
            for i in range(n):
                inside[i * LANES + lane] = labels[first + lane, layout.order[i]]
        difference, variance, n1 = zero, zero, zero
        gone = 0
        for g in range(blocks):
            if layout.fresh[g]:
                n1, gone = zero, layout.starts[g]
            for i in range(layout.starts[g], layout.starts[g + 1]):
                here = load(inside, i)
                n1 = n1 + here
                if event[i]:
                    difference = difference + here
            if late:
                while gone < layout.left[g]:
                    n1 = n1 - load(inside, layout.leaving[gone])
                    gone += 1
            if has_event[g]:
                difference = difference - n1 * share[g]
                variance = variance + (n1 * spread_[g]) * (size[g] - n1)
        store(lane_out, 0, difference * difference / variance)
        out[first : first + width] = lane_out[:width]
    return out
