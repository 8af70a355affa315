"""One rule for what the estimators take in: complete pairs of a time and whether the event was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

SAME = float(np.sqrt(np.finfo(float).eps))


def as_floats(values: ArrayLike) -> NDArray[np.float64]:
    """Return *values* as floats, every kind of missing as NaN.

    Examples
    --------
    >>> as_floats(pd.array([1, None, 3], dtype="Int64"))
    array([ 1., nan,  3.])
    """
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        values = pd.Series(values).to_numpy(object, na_value=np.nan) if _nullable(values) else np.asarray(values)
    found = np.ravel(np.asarray(values))
    if found.dtype.kind in "bif":
        return found.astype(float)
    return pd.to_numeric(pd.Series(found, dtype=object), errors="raise").to_numpy(float, na_value=np.nan)


def _nullable(values: pd.Series | pd.Index | pd.api.extensions.ExtensionArray) -> bool:
    return not isinstance(values.dtype, np.dtype)


def known_values(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values that are not missing, as floats.

    Examples
    --------
    >>> known_values([1.0, None, 2.5])
    array([1. , 2.5])
    """
    found = as_floats(values)
    return found[~np.isnan(found)]


def known_durations(time: ArrayLike, event: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return times and event flags of the patients who have both.

    Parameters
    ----------
    time : array-like of shape (n,)
        Days from the origin to the event or to the end of follow-up.
    event : array-like of shape (n,)
        True (or 1) if the event was seen, False (or 0) if the patient was censored.

    Returns
    -------
    times, events : ndarray of shape (complete pairs,)
        Times that differ by float noise alone are made equal (:func:`equal_times_tied`).

    Raises
    ------
    ValueError
        If the lengths differ, a time is negative or infinite, or an event is neither 0 nor 1.

    Examples
    --------
    >>> known_durations([5, 8, None], [1, 0, 1])
    (array([5., 8.]), array([ True, False]))
    """
    times, events = as_floats(time), as_floats(event)
    if len(times) != len(events):
        raise ValueError(f"{len(times)} times but {len(events)} event flags")
    known = ~(np.isnan(times) | np.isnan(events))
    times, events = times[known], events[known]
    if np.any(times < 0) or np.any(np.isinf(times)):
        raise ValueError("times must be finite and not negative")
    if not np.isin(events, (0, 1)).all():
        raise ValueError("event flags must be 0 or 1")
    return equal_times_tied(times), events.astype(bool)


def equal_times_tied(times: ArrayLike) -> NDArray[np.float64]:
    """Make times equal that differ by float noise alone: each takes the smallest of those that it is equal to.

    Parameters
    ----------
    times : array-like of shape (n,)
        In any unit; missing ones stay missing.

    Notes
    -----
    Neighbours count as equal if they differ by at most 1.5e-8 (the square root of the machine's precision), or by at
    most that share of the mean of the distinct times: the rule of R's ``aeqSurv``, which ``survfit``, ``survdiff`` and
    ``coxph`` apply (``timefix``). Every estimator of times takes them through :func:`known_durations`, and so through here.

    Examples
    --------
    >>> noisy = 45013.7 + 100.3 - 45013.7
    >>> noisy == 100.3, equal_times_tied([noisy, 100.3, 150.0]).tolist()
    (False, [100.3, 100.3, 150.0])
    """
    values = np.asarray(times, dtype=float)
    distinct = np.unique(values[~np.isnan(values)])
    if len(distinct) < 2:
        return values
    gaps = np.diff(distinct)
    apart = (gaps > SAME) & (gaps / np.abs(distinct).mean() > SAME)
    if apart.all():
        return values
    first = distinct[np.concatenate([[True], apart])]
    return np.where(np.isnan(values), np.nan, first[np.searchsorted(first, values, side="right") - 1])


def snapped_to_times(values: ArrayLike, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move each of *values* onto the one of the rising *times* that it equals but for float noise (see :func:`equal_times_tied`).

    Examples
    --------
    >>> snapped_to_times([1.0, 2.5], np.array([1.000000001, 2.0])).tolist()
    [1.000000001, 2.5]
    """
    wanted = np.atleast_1d(np.asarray(values, dtype=float))
    if not len(times):
        return wanted
    place = np.clip(np.searchsorted(times, wanted), 1, len(times) - 1) if len(times) > 1 else np.zeros(len(wanted), int)
    below = times[np.maximum(place - 1, 0)]
    nearest = np.where(np.abs(times[place] - wanted) < np.abs(below - wanted), times[place], below)
    return np.where(np.abs(nearest - wanted) <= SAME * max(1.0, np.abs(times).mean()), nearest, wanted)


def exponential(values: ArrayLike) -> NDArray[np.float64]:
    """Return e to the power of *values*; what is too large for a number is infinite, without a warning.

    Examples
    --------
    >>> exponential([0.0, 1000.0]).tolist()
    [1.0, inf]
    """
    with np.errstate(over="ignore"):
        return np.exp(np.asarray(values, dtype=float))
