"""Log-rank tests: one, stratified, with entry times; many permutations, resamples or data sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from helpers.estimate.engine import checks
from helpers.estimate.engine.checks import Floats
from helpers.estimate.engine.layout import lay_out


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
    return LogRank(statistic, float(chdtrc(degrees, statistic)) if degrees else float("nan"))


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
    labels = checks.whole_counts("labels", labels, time.size, 2).astype(np.int64)
    stratum = None if strata is None else checks.codes("strata", strata, time.size)[0]
    layout = lay_out(time, entry, stratum)
    order = layout.order
    groups = int(labels.max()) + 1 if labels.size else 2
    count = np.ones(time.size)
    out = np.empty(len(labels))
    for r, label in enumerate(labels):
        out[r] = _chi_square(*_logrank(event[order], label[order], count, layout, max(groups, 2)))[0]
    return out
