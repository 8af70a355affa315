"""Numbers that differ only because computers write decimals in binary are equal: the one place where that is repaired."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.estimate.arrays import as_floats

TYPED = 1e-12  # of a number: two numbers as typed, or of the same sum done in another order
CHANGED = 1e-8  # of the larger of a pair: its change; what lies at a limit of detection and just under it is one value


def without_noise(values: ArrayLike, scale: ArrayLike | None = None, tolerance: float = TYPED) -> NDArray[np.float64]:
    """Return *values* with those made equal that differ by no more than rounding.

    Parameters
    ----------
    values : array-like of shape (n,)
        NaN stays NaN.
    scale : array-like of shape (n,), optional
        Size of the numbers that each value was computed from; by default that of the value itself. A difference of
        large numbers carries their noise.
    tolerance : float
        Of the scale.

    Returns
    -------
    ndarray of shape (n,)
        Each run of neighbours closer than the tolerance takes its lowest value, or 0 if it holds one that is.

    Notes
    -----
    R's ``survfit``, ``survdiff`` and ``coxph`` repair times in the same way (``timefix``).

    Examples
    --------
    >>> without_noise([0.1 + 0.2, 0.3, 0.4]).tolist()
    [0.3, 0.3, 0.4]
    >>> without_noise([0.2 - 0.1, 0.3 - 0.2, 1e-17], scale=[0.2, 0.3, 0.3]).tolist()
    [0.09999999999999998, 0.09999999999999998, 0.0]
    """
    found = as_floats(values)
    near = tolerance * np.abs(found if scale is None else as_floats(scale))
    known = np.isfinite(found)
    result = np.where(known & (np.abs(found) <= near), 0.0, found)
    order = np.argsort(result, kind="stable")
    order = order[known[order]]
    if len(order) == 0:
        return result
    ranked, reach = result[order], near[order]
    run = np.append(0, np.cumsum(np.diff(ranked) > np.maximum(reach[1:], reach[:-1])))
    lowest = np.minimum.reduceat(ranked, np.flatnonzero(np.diff(run, prepend=-1)))
    holds_zero = np.bincount(run, ranked == 0) > 0
    result[order] = np.where(holds_zero, 0.0, lowest)[run]
    return result


def changes(before: ArrayLike, after: ArrayLike) -> NDArray[np.float64]:
    """Return ``after - before`` by pair, equal changes equal whatever the binary fractions; NaN where a half is missing.

    Examples
    --------
    >>> sorted(set(changes([0.1, 0.2, 0.3, 1.1], [0.2, 0.3, 0.4, 1.2]).round(9).tolist()))
    [0.1]
    >>> len(set(changes([0.1, 0.2, 0.3, 1.1], [0.2, 0.3, 0.4, 1.2])))
    1
    """
    first, second = as_floats(before), as_floats(after)
    gains, larger = second - first, np.fmax(np.abs(first), np.abs(second))
    return np.sign(gains) * without_noise(np.abs(gains), larger, CHANGED)
