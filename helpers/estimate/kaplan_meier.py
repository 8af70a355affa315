"""Kaplan–Meier: survival at times, its limits and half-widths, medians, follow-up, numbers at risk, restricted means.

The product-limit estimate, its intervals, medians and restricted means follow R's ``survfit``, whose default interval is
``log`` (lifelines offers ``log-log`` alone); tests hold them to R, and the estimate to lifelines.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from helpers.estimate.arrays import known_durations, snapped_to_times

ConfType = Literal["plain", "log", "log-log"]
Convention = Literal["plain", "log_lower", "log_upper", "loglog_lower", "loglog_upper", "se"]
CONVENTIONS: dict[str, tuple[ConfType, str]] = {
    "plain": ("plain", "se"),
    "log_lower": ("log", "low"),
    "log_upper": ("log", "high"),
    "loglog_lower": ("log-log", "low"),
    "loglog_upper": ("log-log", "high"),
    "se": ("plain", "se"),
}
TOLERANCE = 1e-8


class Estimate(NamedTuple):
    """A value with its standard error and confidence limits, NaN where there is none."""

    value: float
    low: float
    high: float
    se: float = np.nan


def survival_curve(
    time: ArrayLike, event: ArrayLike, *, conf_type: ConfType = "log", alpha: float = 0.05
) -> pd.DataFrame:
    """Estimate a survival curve at every distinct time, time 0 first.

    Parameters
    ----------
    time, event : array-like of shape (n,)
        Days, and whether the event was seen. Patients with either missing are left out.
    conf_type : {"log", "plain", "log-log"}
        Scale of the confidence limits, named as in R.
    alpha : float
        Limits cover 1 - alpha.

    Returns
    -------
    DataFrame
        time, at_risk, events, censored (counts), survival, se (Greenwood, of the survival itself), low, high
        (fractions). As in R the se and limits are NaN once survival has reached 0, and the log-log limits are NaN
        while it is still 1.

    Raises
    ------
    ValueError
        If no patient has both a time and an event flag, or ``conf_type`` is unknown.

    Notes
    -----
    Agrees with R's ``survfit0(survfit(Surv(time, event) ~ 1, conf.type = conf_type))``.

    Examples
    --------
    >>> survival_curve([2, 4, 4, 7], [1, 1, 0, 1])[["time", "at_risk", "events", "censored", "survival"]]
       time  at_risk  events  censored  survival
    0   0.0        4       0         0      1.00
    1   2.0        4       1         0      0.75
    2   4.0        3       1         1      0.50
    3   7.0        1       1         0      0.00
    """
    times, events = known_durations(time, event)
    if len(times) == 0:
        raise ValueError("no patient has both a time and an event flag")
    frame = _steps(times.tobytes(), events.tobytes()).copy()
    log_se = _log_se(frame["at_risk"].to_numpy(float), frame["events"].to_numpy(float))
    frame["se"] = frame["survival"] * log_se
    frame["low"], frame["high"] = _limits(frame["survival"].to_numpy(), log_se, conf_type, alpha)
    return frame


@lru_cache(maxsize=512)
def _steps(times: bytes, events: bytes) -> pd.DataFrame:
    """Fit a curve; the same patients are asked for again under other limits, at other times and for the plot."""
    time, event = np.frombuffer(times, float), np.frombuffer(events, bool)
    steps, place = np.unique(time, return_inverse=True)
    left, died = np.bincount(place), np.bincount(place[event], minlength=len(steps))
    if steps[0] > 0:
        steps, left, died = (np.concatenate([[0], part]) for part in (steps, left, died))
    n = len(time) - np.cumsum(left) + left
    columns = {
        "time": steps,
        "at_risk": n,
        "events": died,
        "censored": left - died,
        "survival": np.cumprod(1 - died / n),
    }
    return pd.DataFrame(columns)


def survival_at(
    time: ArrayLike,
    event: ArrayLike,
    at: ArrayLike,
    *,
    conf_type: ConfType = "log",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Read a survival curve at given times.

    Parameters
    ----------
    time, event : array-like of shape (n,)
    at : float or array-like
        Times, in the unit of ``time``.
    conf_type, alpha
        As for :func:`survival_curve`.

    Returns
    -------
    DataFrame
        One row per time: time, at_risk (just before it), events (up to and with it), survival, se, low, high.
        Beyond the last follow-up the curve is undefined (NaN), unless it has reached 0.

    Notes
    -----
    Agrees with R's ``summary(survfit(...), times = at)``.

    Examples
    --------
    >>> survival_at([2, 4, 4, 7], [1, 1, 0, 1], [3, 5])[["time", "at_risk", "events", "survival"]]
       time  at_risk  events  survival
    0   3.0        3       1      0.75
    1   5.0        1       2      0.50
    """
    steps = survival_curve(time, event, conf_type=conf_type, alpha=alpha)
    wanted = snapped_to_times(at, steps["time"].to_numpy())
    if np.any(wanted < 0) or np.isnan(wanted).any():
        raise ValueError("survival is read at times of 0 or later")
    place = np.searchsorted(steps["time"], wanted, side="right") - 1
    unknown = (wanted > steps["time"].iloc[-1]) & (steps["survival"].iloc[-1] > 0)
    read = {"time": np.atleast_1d(np.asarray(at, dtype=float)), "at_risk": at_risk(time, wanted, event=event)}
    read["events"] = steps["events"].to_numpy().cumsum()[place]
    for name in ("survival", "se", "low", "high"):
        read[name] = np.where(unknown, np.nan, steps[name].to_numpy()[place])
    return pd.DataFrame(read)


def half_width(time: ArrayLike, event: ArrayLike, at: float, *, convention: Convention = "plain") -> float:
    """Return the "±" that stands behind a survival rate, under a named convention.

    Parameters
    ----------
    convention : str
        ``plain``: 1.96 Greenwood standard errors. ``log_lower``: survival minus the lower limit of R's default (log)
        interval; ``log_upper``: its upper limit minus survival; ``loglog_lower``, ``loglog_upper`` the same on the
        log-log scale; ``se``: one standard error, as SPSS prints it.

    Returns
    -------
    float
        A fraction (not percent), NaN where the curve is undefined.

    Examples
    --------
    >>> [round(half_width([2, 4, 4, 7], [1, 1, 0, 1], 3, convention=c), 3) for c in ("plain", "log_lower")]
    [0.424, 0.324]
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention must be one of {', '.join(CONVENTIONS)}")
    conf_type, column = CONVENTIONS[convention]
    row = survival_at(time, event, at, conf_type=conf_type).iloc[0]
    if convention == "se":
        return float(row["se"])
    if convention == "plain":
        return float(norm.ppf(0.975) * row["se"])
    return float(abs(row["survival"] - row[column]))


def median_survival(
    time: ArrayLike, event: ArrayLike, *, conf_type: ConfType = "log", alpha: float = 0.05, q: float = 0.5
) -> Estimate:
    """Return the median survival time with its limits, NaN where the curve does not reach it.

    Where the curve is flat at exactly one half, the middle of the flat stretch, as R has it.

    Notes
    -----
    Agrees with R's ``print(survfit(...))``, and with ``quantile(survfit(...), 0.5)`` except where an upper limit rises again
    after it first came down to one half: the first time counts. ``q`` is the fraction that has had the event.

    Examples
    --------
    >>> median_survival([2, 4, 4, 7], [1, 1, 0, 1]).value
    5.5
    """
    steps = survival_curve(time, event, conf_type=conf_type, alpha=alpha)
    found = [_crossing(steps["time"].to_numpy(), steps[name].to_numpy(), 1 - q) for name in ("survival", "low", "high")]
    return Estimate(*found)


def reverse_kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, conf_type: ConfType = "log", alpha: float = 0.05
) -> Estimate:
    """Return the median follow-up by reverse Kaplan–Meier: death censors, end of follow-up is the event.

    Notes
    -----
    Schemper and Smith 1996. Agrees with R's ``quantile(survfit(Surv(time, 1 - event) ~ 1), 0.5)``.

    Examples
    --------
    >>> reverse_kaplan_meier([3, 10, 12, 14], [1, 0, 0, 0]).value
    12.0
    """
    times, events = known_durations(time, event)
    return median_survival(times, ~events, conf_type=conf_type, alpha=alpha)


def at_risk(time: ArrayLike, at: ArrayLike, *, event: ArrayLike | None = None) -> NDArray[np.int64]:
    """Count the patients still under observation just before each time of ``at``.

    Examples
    --------
    >>> at_risk([2, 4, 4, 7], [0, 4, 5])
    array([4, 3, 1])
    """
    times, _ = known_durations(time, np.ones(np.size(time)) if event is None else event)
    times = np.sort(times)
    return (len(times) - np.searchsorted(times, snapped_to_times(at, times), side="left")).astype(int)


def censored_before(time: ArrayLike, event: ArrayLike, at: ArrayLike) -> NDArray[np.int64]:
    """Count the patients whose follow-up had ended without an event before each time of ``at``.

    With the events before that time and :func:`at_risk` they add up to everyone.

    Examples
    --------
    >>> censored_before([2, 4, 4, 7], [0, 1, 0, 1], [0, 4, 5])
    array([0, 1, 2])
    """
    times, events = known_durations(time, event)
    ends = np.sort(times[~events])
    return np.searchsorted(ends, snapped_to_times(at, np.sort(times)), side="left").astype(int)


def restricted_mean(time: ArrayLike, event: ArrayLike, tau: float, *, alpha: float = 0.05) -> Estimate:
    """Return the mean survival time up to ``tau``, with its standard error and normal limits.

    Parameters
    ----------
    tau : float
        Horizon, in the unit of ``time``; not beyond the last time.

    Raises
    ------
    ValueError
        If ``tau`` is not positive or lies beyond the last time while survival is above 0.

    Notes
    -----
    Area under the curve; the variance sums, over event times, the squared area still to come times Greenwood's term,
    as R's ``print(survfit(...), rmean = tau)`` and survRM2 have it.

    Examples
    --------
    >>> restricted_mean([2, 4, 4, 7], [1, 1, 0, 1], 6).value
    4.5
    """
    steps = survival_curve(time, event)
    tau = float(snapped_to_times(tau, steps["time"].to_numpy())[0])
    if tau <= 0 or (tau > steps["time"].iloc[-1] and steps["survival"].iloc[-1] > 0):
        raise ValueError(f"the horizon must lie above 0 and not beyond the last time, {steps['time'].iloc[-1]:g}")
    before = steps[steps["time"] < tau]
    areas = np.diff(np.append(before["time"], tau)) * before["survival"].to_numpy()
    to_come = areas[::-1].cumsum()[::-1]
    terms = _greenwood_terms(before["at_risk"].to_numpy(float), before["events"].to_numpy(float))
    se = float(np.sqrt(np.sum(to_come**2 * np.where(np.isinf(terms), 0, terms))))
    mean, reach = float(areas.sum()), norm.ppf(1 - alpha / 2) * se
    return Estimate(mean, mean - reach, mean + reach, se)


def restricted_mean_difference(
    first: tuple[ArrayLike, ArrayLike], second: tuple[ArrayLike, ArrayLike], tau: float, *, alpha: float = 0.05
) -> tuple[Estimate, float]:
    """Return how much longer the second group's restricted mean is, and the p-value of no difference.

    Parameters
    ----------
    first, second : (time, event)
    tau : float
        Common horizon.

    Examples
    --------
    >>> difference, p = restricted_mean_difference(([1, 2, 3], [1, 1, 1]), ([3, 4, 5], [1, 1, 1]), 3)
    >>> round(difference.value, 3)
    1.0
    """
    one, two = (restricted_mean(*group, tau, alpha=alpha) for group in (first, second))
    return independent_difference(one, two, alpha=alpha)


def independent_difference(first: Estimate, second: Estimate, *, alpha: float = 0.05) -> tuple[Estimate, float]:
    """Return how much larger the second of two independent estimates is, and the p-value of no difference (normal).

    Examples
    --------
    >>> found, p = independent_difference(Estimate(1.0, 0, 2, se=0.3), Estimate(2.0, 1, 3, se=0.4))
    >>> found.value, round(found.se, 3), round(p, 4)
    (1.0, 0.5, 0.0455)
    """
    gain, se = second.value - first.value, float(np.hypot(first.se, second.se))
    reach = norm.ppf(1 - alpha / 2) * se
    p = float(2 * norm.sf(abs(gain) / se)) if se > 0 else np.nan
    return Estimate(gain, gain - reach, gain + reach, se), p


def _greenwood_terms(n: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(d > 0, d / (n * (n - d)), 0.0)


def _log_se(n: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error of the log of survival; infinite once survival is 0."""
    return np.sqrt(np.cumsum(_greenwood_terms(n, d)))


def _limits(
    survival: NDArray[np.float64], log_se: NDArray[np.float64], conf_type: str, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = norm.ppf(1 - alpha / 2)
    inside = np.where(survival > 0, survival, np.nan)
    width = z * np.where(np.isfinite(log_se), log_se, np.nan)
    if conf_type == "plain":
        return np.maximum(inside - width * inside, 0), np.minimum(inside + width * inside, 1)
    if conf_type == "log":
        return inside * np.exp(-width), np.minimum(inside * np.exp(width), 1)
    if conf_type == "log-log":
        logs = np.log(np.where(inside < 1, inside, np.nan))
        ends = [np.exp(-np.exp(np.log(-logs) - sign * width / logs)) for sign in (1, -1)]
        return ends[0], ends[1]
    raise ValueError("conf_type must be plain, log or log-log")


def _crossing(times: NDArray[np.float64], levels: NDArray[np.float64], level: float) -> float:
    """First time at or below *level*; the middle of a flat stretch that lies exactly on it."""
    times, levels = times[~np.isnan(levels)], levels[~np.isnan(levels)]
    reached = np.flatnonzero(levels <= level + TOLERANCE)
    if reached.size == 0:
        return np.nan
    start = times[reached[0]]
    if levels[reached[0]] < level - TOLERANCE:
        return float(start)
    below = np.flatnonzero(levels < level - TOLERANCE)
    return float((start + (times[below[0]] if below.size else times[-1])) / 2)
