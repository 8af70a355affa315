"""One rule for what the estimators take in: complete pairs of a time and whether the event was seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def numbers(values: ArrayLike) -> NDArray[np.float64]:
    """Return *values* as floats, every kind of missing as NaN.

    Examples
    --------
    >>> numbers(pd.array([1, None, 3], dtype="Int64"))
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


def complete(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values that are not missing, as floats.

    Examples
    --------
    >>> complete([1.0, None, 2.5])
    array([1. , 2.5])
    """
    found = numbers(values)
    return found[~np.isnan(found)]


def durations(time: ArrayLike, event: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return times and event flags of the patients who have both.

    Parameters
    ----------
    time : array-like of shape (n,)
        Days from the origin to the event or to the end of follow-up.
    event : array-like of shape (n,)
        True (or 1) if the event was seen, False (or 0) if the patient was censored.

    Raises
    ------
    ValueError
        If the lengths differ, a time is negative or infinite, or an event is neither 0 nor 1.

    Examples
    --------
    >>> durations([5, 8, None], [1, 0, 1])
    (array([5., 8.]), array([ True, False]))
    """
    times, events = numbers(time), numbers(event)
    if len(times) != len(events):
        raise ValueError(f"{len(times)} times but {len(events)} event flags")
    known = ~(np.isnan(times) | np.isnan(events))
    times, events = times[known], events[known]
    if np.any(times < 0) or np.any(np.isinf(times)):
        raise ValueError("times must be finite and not negative")
    if not np.isin(events, (0, 1)).all():
        raise ValueError("event flags must be 0 or 1")
    return times, events.astype(bool)
