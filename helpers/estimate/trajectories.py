"""Series of laboratory values: fixed days, before and after, and values below the limit of detection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.estimate.arrays import as_floats
from helpers.estimate.groups import quantile
from helpers.estimate.noise import CHANGED, TYPED


def for_ranks(value: ArrayLike, censored: ArrayLike, limit: ArrayLike) -> NDArray[np.float64]:
    """Return numbers whose ranks are right in spite of limits of detection.

    What lies below the highest lower limit cannot be told apart and is tied just under it; likewise what lies
    above the lowest upper limit. Mann–Whitney and medians then need no made-up value.

    Parameters
    ----------
    value : array-like of shape (n,)
    censored : array-like of {"no", "left", "right"}
    limit : array-like of shape (n,)
        The limit that censors; the value stands in where it is missing.

    Notes
    -----
    Helsel 2012: re-censoring at the highest limit.

    Examples
    --------
    >>> for_ranks([2.5, 1.0, 7.0, 2.5], ["left", "no", "no", "no"], [2.5, None, None, None]).argsort(kind="stable")
    array([0, 1, 3, 2])
    """
    found, side, ends = _with_limits(value, censored, limit)
    result = found.copy()
    if np.any(side == "left"):
        floor = np.nanmax(ends[side == "left"])
        result[(side == "left") | ((found < floor) & (side == "no"))] = floor - _gap(floor)
    if np.any(side == "right"):
        ceiling = np.nanmin(ends[side == "right"])
        result[(side == "right") | ((found > ceiling) & (side == "no"))] = ceiling + _gap(ceiling)
    return result


def _with_limits(value: ArrayLike, censored: ArrayLike, limit: ArrayLike) -> tuple[NDArray, NDArray, NDArray]:
    """Return values, the side on which each is censored, and the limit of each: the value stands in where none is given."""
    found, ends = as_floats(value), as_floats(limit)
    side = np.asarray(pd.Series(censored).fillna("no").to_numpy(), dtype=object)
    return found, side, np.where(np.isnan(ends), found, ends)


def _gap(limit: float) -> float:
    """How far beyond a limit its ties are put: seen by ranks, too little to count as a change (see noise)."""
    return float(np.sqrt(TYPED * CHANGED)) * max(abs(limit), np.finfo(float).tiny)


def half_limit(value: ArrayLike, censored: ArrayLike, limit: ArrayLike) -> NDArray[np.float64]:
    """Put half the limit for a value below detection, the limit for one above: the sensitivity analysis, not the main.

    Examples
    --------
    >>> half_limit([2.5, 7.0], ["left", "no"], [2.5, None])
    array([1.25, 7.  ])
    """
    found, side, ends = _with_limits(value, censored, limit)
    return np.select([side == "left", side == "right"], [ends / 2, ends], found)


def value_bounds(
    value: ArrayLike, censored: ArrayLike, limit: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return between what values must lie: a measured one is itself, one beyond a limit anywhere beyond it.

    Parameters
    ----------
    value : array-like of shape (n,)
    censored : array-like of {"no", "left", "right"}
    limit : array-like of shape (n,)
        The limit that censors; the value stands in where it is missing.

    Returns
    -------
    least, most : ndarray of shape (n,)
        -inf and inf where there is no bound.

    Examples
    --------
    >>> value_bounds([10, 3, 500], ["left", "no", "right"], [10, None, 500])
    (array([-inf,   3., 500.]), array([10.,  3., inf]))
    """
    found, side, ends = _with_limits(value, censored, limit)
    least = np.select([side == "left", side == "right"], [-np.inf, ends], found)
    return least, np.select([side == "left", side == "right"], [ends, np.inf], found)


def median_bounds(least: ArrayLike, most: ArrayLike) -> tuple[float, float]:
    """Return between what the median of values must lie that themselves lie between *least* and *most*.

    A median rises with each of its values, so its bounds are the medians of theirs. With several limits it can be uncertain
    although it is a measured value: of <10, <10, 3, 4, 5 it lies from 3 to 5.

    Examples
    --------
    >>> median_bounds(*value_bounds([10, 10, 3, 4, 5], ["left", "left", "no", "no", "no"], [10, 10, None, None, None]))
    (3.0, 5.0)
    >>> median_bounds([-np.inf, -np.inf, 9], [2.5, 2.5, 9]), median_bounds([], [])
    ((-inf, 2.5), (nan, nan))
    """
    low, high = as_floats(least), as_floats(most)
    return (float(np.median(low)), float(np.median(high))) if len(low) else (np.nan, np.nan)


def summarised_values(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Summarise values per group: n, n_censored, median and quartiles with censored values at their limit.

    Returns
    -------
    DataFrame
        One row per group that occurs: the columns of ``by``, n, n_censored, median, q1, q3, median_least and median_most
        (between what the median must lie, wherever the censored values really are; see :func:`median_bounds`), and
        median_censored: True if these differ, so that the median is only a bound. The column limit may be absent.

    Examples
    --------
    >>> labs = pd.DataFrame({"day": [0, 0, 0], "value": [2.5, 2.5, 9.0], "censored": ["left", "left", "no"]})
    >>> summarised_values(labs, ["day"])[["n", "n_censored", "median", "median_least", "median_most", "median_censored"]]
       n  n_censored  median  median_least  median_most  median_censored
    0  3           2     2.5          -inf          2.5             True
    """
    rows = []
    for key, part in frame.dropna(subset=["value"]).groupby(list(by), observed=True, sort=True):
        found, side = as_floats(part["value"]), part["censored"].fillna("no").to_numpy()
        q1, middle, q3 = quantile(found, (0.25, 0.5, 0.75))
        least, most = median_bounds(*value_bounds(found, side, part.get("limit", pd.Series(np.nan, part.index))))
        rows.append((*key, len(found), int((side != "no").sum()), middle, q1, q3, least, most, least != most))
    names = ["n", "n_censored", "median", "q1", "q3", "median_least", "median_most", "median_censored"]
    return pd.DataFrame(rows, columns=[*by, *names])


def sample_near(
    labs: pd.DataFrame,
    anchor: pd.Series,
    offset: float,
    *,
    tolerance: float = 0.0,
) -> pd.DataFrame:
    """Pick each patient's sample nearest to a fixed day from an anchor, at most one per analyte.

    Parameters
    ----------
    labs : DataFrame
        One row per measurement.
    anchor : Series
        Day of the anchor (first steroid, say) by patient; patients without one are left out.
    offset : float
        Days from the anchor: -1 the day before.
    tolerance : float
        How far off the sample may be, in days. Of two as near, the earlier counts; on one day the first in the table.

    Returns
    -------
    DataFrame
        The chosen rows, with ``offset`` (days from the anchor) added.

    Examples
    --------
    >>> labs = pd.DataFrame({"patient_id": ["a", "a"], "day": [3, 6], "analyte": "CRP", "value": [80.0, 20.0]})
    >>> sample_near(labs, pd.Series({"a": 4}), -1)[["day", "value", "offset"]]
       day  value  offset
    0    3   80.0    -1.0
    """
    start = labs["patient_id"].map(anchor.dropna().astype(float).to_dict())
    found = labs.assign(offset=as_floats(labs["day"]) - as_floats(start)).dropna(subset=["offset"])
    found = found.assign(_far=(found["offset"] - offset).abs())
    found = found[found["_far"] <= tolerance + 1e-9].sort_values(["_far", "day"], kind="stable")
    chosen = found.drop_duplicates(["patient_id", "analyte"]).sort_index()
    return chosen.drop(columns="_far").reset_index(drop=True)


def paired_samples(
    before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str] = ("patient_id", "analyte")
) -> pd.DataFrame:
    """Join samples before and after: one row per key that has both, columns suffixed ``_before`` and ``_after``.

    Examples
    --------
    >>> early = pd.DataFrame({"patient_id": ["a", "b"], "analyte": "CRP", "value": [80.0, 5.0]})
    >>> late = pd.DataFrame({"patient_id": ["a"], "analyte": "CRP", "value": [20.0]})
    >>> paired_samples(early, late)[["patient_id", "value_before", "value_after"]]
      patient_id  value_before  value_after
    0          a          80.0         20.0
    """
    return before.merge(after, on=list(keys), suffixes=("_before", "_after"), validate="one_to_one")
