"""Kaplan-Meier curves and restricted means: one, and many at given times."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from helpers.resampling import checks
from helpers.resampling.checks import Floats
from helpers.resampling.layout import lay_out

INTERVALS = ("plain", "log", "log-log")


class KaplanMeier(NamedTuple):
    """A curve at each distinct time: time, survival, se (Greenwood), lower, upper, at_risk."""

    time: Floats
    survival: Floats
    se: Floats
    lower: Floats
    upper: Floats
    at_risk: Floats


class RestrictedMean(NamedTuple):
    """Restricted mean survival time and its standard error, in the unit of time."""

    estimate: float
    se: float


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    entry: ArrayLike | None = None,
    interval: str = "log-log",
    level: float = 0.95,
    weights: ArrayLike | None = None,
) -> KaplanMeier:
    """Estimate a survival curve by Kaplan and Meier, with Greenwood's standard error.

    Parameters
    ----------
    time, event : arrays, shape (n,)
        Last time under observation and whether the event happened then.
    entry : array, shape (n,), optional
        A row is at risk at `entry` < t <= `time`.
    interval : {"plain", "log", "log-log"}
        Scale on which the confidence limits are symmetrical (R's `conf.type`; its default is "log").
    level : float
        Coverage of the limits.
    weights : array of whole numbers, shape (n,), optional
        Frequencies.

    Returns
    -------
    KaplanMeier
        One value at each distinct time, event or not. As in R, se and limits are NaN where
        the curve has reached 0, and log-log limits where it is still 1.

    Raises
    ------
    InputError
        Unusable arrays or an unknown interval.

    Notes
    -----
    Agrees with R `survival::survfit` to 1e-12.

    Examples
    --------
    >>> curve = kaplan_meier([5, 8, 12, 20], [1, 0, 1, 0])
    >>> curve.time, curve.survival, curve.at_risk
    (array([ 5.,  8., 12., 20.]), array([0.75 , 0.75 , 0.375, 0.375]), array([4., 3., 2., 1.]))
    """
    time, event, entry = checks.follow_up(time, event, entry)
    checks.one_of("interval", interval, INTERVALS)
    if not 0 < level < 1:
        raise checks.refuse("level", level, "between 0 and 1")
    count = np.ones(time.size) if weights is None else checks.whole_counts("weights", weights, time.size, 1)
    at, deaths, at_risk = _table(time, event, entry, count.astype(np.float64))
    survival, ratio = _curve(deaths, at_risk)
    lower, upper = _limits(survival, ratio, interval, NormalDist().inv_cdf(0.5 + level / 2))
    se = np.where(survival == 0, np.nan, survival * np.where(survival == 0, 0.0, ratio))
    return KaplanMeier(at, survival, se, lower, upper, at_risk)


def _table(time: Floats, event: np.ndarray, entry: Floats | None, count: Floats) -> tuple[Floats, Floats, Floats]:
    """Return distinct times upwards, deaths and numbers at risk."""
    kept = count > 0
    if not kept.all():
        time, event, count = time[kept], event[kept], count[kept]
        entry = None if entry is None else entry[kept]
    layout = lay_out(time, entry)
    deaths, at_risk = _tally(event[layout.order], count[layout.order], layout)
    return time[layout.order[layout.starts[:-1]]][::-1].copy(), deaths[::-1].copy(), at_risk[::-1].copy()


@njit(cache=True, nogil=True)
def _tally(event, count, layout):
    blocks = layout.starts.size - 1
    deaths, at_risk = np.zeros(blocks), np.zeros(blocks)
    late = layout.leaving.size > 0
    total, gone = 0.0, 0
    for g in range(blocks):
        for i in range(layout.starts[g], layout.starts[g + 1]):
            total += count[i]
            if event[i]:
                deaths[g] += count[i]
        if late:
            while gone < layout.left[g]:
                total -= count[layout.leaving[gone]]
                gone += 1
        at_risk[g] = total
    return deaths, at_risk


@njit(cache=True, nogil=True, error_model="numpy")
def _curve(deaths, at_risk):
    """Return survival and Greenwood's standard error of its logarithm."""
    survival, ratio = np.empty(deaths.size), np.empty(deaths.size)
    s, v = 1.0, 0.0
    for g in range(deaths.size):
        d, r = deaths[g], at_risk[g]
        if d > 0:
            s *= (r - d) / r
            v += d / (r * (r - d))
        survival[g], ratio[g] = s, np.sqrt(v)
    return survival, ratio


def _limits(survival: Floats, ratio: Floats, interval: str, z: float) -> tuple[Floats, Floats]:
    """Return confidence limits; NaN where the curve is 0 and, on the log-log scale, where it is still 1."""
    gone, whole = survival == 0, survival == 1
    s = np.where(gone | whole, 0.5, survival)
    half = z * np.where(gone, 0.0, ratio)
    if interval == "plain":
        lower, upper = s - half * s, s + half * s
    elif interval == "log":
        lower, upper = s * np.exp(-half), s * np.exp(half)
    else:
        slope = half / np.log(s)
        lower, upper = s ** np.exp(-slope), s ** np.exp(slope)
    edge = np.where(gone | (interval == "log-log"), np.nan, 1.0)
    lower = np.where(gone | whole, edge, np.maximum(lower, 0.0))
    upper = np.where(gone | whole, edge, np.minimum(upper, 1.0))
    return lower, upper


def rmst(
    time: ArrayLike,
    event: ArrayLike,
    tau: float,
    entry: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> RestrictedMean:
    """Estimate the restricted mean survival time, the area under the curve up to tau.

    Parameters
    ----------
    time, event, entry, weights
        As in :func:`kaplan_meier`.
    tau : float
        Horizon in the unit of time: positive, and not beyond the follow-up while anyone survives.

    Returns
    -------
    RestrictedMean
        estimate and se (sampling variance by the sum over event times of remaining area squared times
        d / (n (n - d))).

    Notes
    -----
    Agrees with R `summary(survfit(...), rmean = tau)`.

    Examples
    --------
    >>> mean = rmst([5, 8, 12, 20], [1, 0, 1, 0], tau=15)
    >>> mean.estimate, round(mean.se, 4)
    (11.375, 2.0049)
    """
    time, event, entry = checks.follow_up(time, event, entry)
    count = np.ones(time.size) if weights is None else checks.whole_counts("weights", weights, time.size, 1)
    at, deaths, at_risk = _table(time, event, entry, count.astype(np.float64))
    survival, _ = _curve(deaths, at_risk)
    if not tau > 0:
        raise checks.refuse("tau", tau, "positive")
    if tau > at[-1] and survival[-1] > 0:
        raise checks.refuse("tau", tau, f"at most {at[-1]:g}, the end of follow-up")
    estimate, variance = _area(at, deaths, at_risk, survival, float(tau))
    return RestrictedMean(estimate, float(np.sqrt(variance)))


@njit(cache=True, nogil=True, error_model="numpy")
def _area(at, deaths, at_risk, survival, tau):
    area, variance = 0.0, 0.0
    right = tau
    for g in range(at.size - 1, -1, -1):
        if at[g] >= tau:
            continue
        area += survival[g] * (right - at[g])
        right = at[g]
        if deaths[g] > 0 and at_risk[g] > deaths[g]:
            variance += area * area * deaths[g] / (at_risk[g] * (at_risk[g] - deaths[g]))
    return area + right, variance


def survival_at(time: ArrayLike, event: ArrayLike, at: ArrayLike) -> tuple[Floats, Floats]:
    """Evaluate many Kaplan-Meier curves at given times.

    Parameters
    ----------
    time, event : arrays, shape (n,) or (m, n)
        One data set, or one in each row.
    at : array, shape (k,)
        Times, in the unit of `time`.

    Returns
    -------
    survival, se : arrays, shape (k,) or (m, k)
        The curve and Greenwood's standard error at each time; NaN beyond the last row of a data set while the curve
        is above 0, and se NaN where the curve is 0.

    Examples
    --------
    >>> survival_at([[5, 8, 12, 20], [1, 2, 3, 9]], [[1, 0, 1, 0], [1, 1, 1, 0]], [6, 12])[0].tolist()
    [[0.75, 0.375], [0.25, nan]]
    """
    at = checks.floats("at", at, 1)
    many = np.ndim(time) == 2
    time = checks.floats("time", time, 2 if many else 1)
    event = checks.indicator("event", event)
    if event.shape != time.shape:
        raise checks.refuse("event", f"shape {event.shape}", f"{time.shape}, as time has")
    if time.size == 0 or time.min() < 0:
        raise checks.refuse("time", "no rows or negative", "at least one row, none negative")
    survival, se = _evaluate(np.atleast_2d(time), np.atleast_2d(event), at)
    return (survival, se) if many else (survival[0], se[0])


@njit(cache=True, nogil=True, error_model="numpy")
def _evaluate(time, event, at):
    sets, n = time.shape
    survival, se = np.full((sets, at.size), np.nan), np.full((sets, at.size), np.nan)
    for r in range(sets):
        order = np.argsort(time[r])
        for k in range(at.size):
            s, v, i = 1.0, 0.0, 0
            while i < n and time[r, order[i]] <= at[k]:
                j, d = i, 0
                while j < n and time[r, order[j]] == time[r, order[i]]:
                    d += event[r, order[j]]
                    j += 1
                if d > 0:
                    s *= (n - i - d) / (n - i)
                    v += d / ((n - i) * (n - i - d))
                i = j
            if s == 0:
                survival[r, k] = 0.0
            elif at[k] <= time[r, order[n - 1]]:
                survival[r, k], se[r, k] = s, s * np.sqrt(v)
    return survival, se


def survival_batch(
    time: ArrayLike,
    event: ArrayLike,
    counts: ArrayLike,
    at: ArrayLike,
    entry: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Evaluate the Kaplan-Meier curves of many resamples of the same rows at given times.

    Parameters
    ----------
    time, event, entry
        As in :func:`kaplan_meier`.
    counts : array of whole numbers, shape (resamples, n)
        How often each row was drawn into each resample.
    at : array, shape (k,)
        Times, in the unit of `time`.

    Returns
    -------
    survival, se : arrays, shape (resamples, k)
        The last value is carried on beyond the last row of a resample; NaN for an empty resample, and se NaN where
        the curve is 0.

    Examples
    --------
    >>> survival, se = survival_batch([5, 8, 12, 20], [1, 0, 1, 0], [[1, 1, 1, 1], [0, 2, 1, 1]], [6, 12])
    >>> survival.tolist()
    [[0.75, 0.375], [1.0, 0.5]]
    """
    time, event, entry = checks.follow_up(time, event, entry)
    counts = checks.whole_counts("counts", counts, time.size, 2).astype(np.int32)
    at = checks.floats("at", at, 1)
    layout = lay_out(time, entry)
    order = layout.order
    sorting = np.argsort(at)
    survival, se = np.empty((len(counts), at.size)), np.empty((len(counts), at.size))
    survival[:, sorting], se[:, sorting] = _resampled(
        event[order], counts, layout, _distinct(time, layout), at[sorting]
    )
    return survival, se


def rmst_batch(
    time: ArrayLike,
    event: ArrayLike,
    tau: float,
    counts: ArrayLike,
    entry: ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Estimate the restricted mean survival time of many resamples of the same rows.

    Parameters
    ----------
    time, event, tau, entry
        As in :func:`rmst`; tau within the follow-up of the rows, while the curve of a resample that ends earlier is
        carried on.
    counts : array of whole numbers, shape (resamples, n)
        How often each row was drawn into each resample.

    Returns
    -------
    estimate, se : arrays, shape (resamples,)
        NaN for an empty resample.

    Examples
    --------
    >>> rmst_batch([5, 8, 12, 20], [1, 0, 1, 0], 15, [[1, 1, 1, 1], [0, 2, 1, 1]])[0].tolist()
    [11.375, 13.5]
    """
    time, event, entry = checks.follow_up(time, event, entry)
    counts = checks.whole_counts("counts", counts, time.size, 2).astype(np.int32)
    rmst(time, event, tau, entry)
    layout = lay_out(time, entry)
    return _resampled_means(event[layout.order], counts, layout, _distinct(time, layout), float(tau))


def _distinct(time: Floats, layout) -> Floats:
    """Return the distinct times upwards."""
    return time[layout.order[layout.starts[:-1]]][::-1].copy()


@njit(cache=True, nogil=True, error_model="numpy")
def _resampled(event, counts, layout, distinct, at):
    survival, se = np.full((counts.shape[0], at.size), np.nan), np.full((counts.shape[0], at.size), np.nan)
    for r in range(counts.shape[0]):
        count = counts[r][layout.order].astype(np.float64)
        if count.sum() == 0:
            continue
        deaths, at_risk = _tally(event, count, layout)
        curve, ratio = _curve(deaths[::-1], at_risk[::-1])
        g = 0
        for k in range(at.size):
            while g < distinct.size and distinct[g] <= at[k]:
                g += 1
            s = curve[g - 1] if g > 0 else 1.0
            survival[r, k] = s
            if s > 0:
                se[r, k] = s * ratio[g - 1] if g > 0 else 0.0
    return survival, se


@njit(cache=True, nogil=True, error_model="numpy")
def _resampled_means(event, counts, layout, distinct, tau):
    estimate, se = np.full(counts.shape[0], np.nan), np.full(counts.shape[0], np.nan)
    for r in range(counts.shape[0]):
        count = counts[r][layout.order].astype(np.float64)
        if count.sum() == 0:
            continue
        deaths, at_risk = _tally(event, count, layout)
        curve, _ = _curve(deaths[::-1], at_risk[::-1])
        area, variance = _area(distinct, deaths[::-1], at_risk[::-1], curve, tau)
        estimate[r], se[r] = area, np.sqrt(variance)
    return estimate, se
