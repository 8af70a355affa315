"""When a Cox model has no maximum: coefficients that run to infinity, found exactly, before a huge number is printed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

TOLERANCE = 1e-7


def runaway(x: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Tell which coefficients the partial likelihood sends to infinity, and which way.

    Parameters
    ----------
    x : ndarray of shape (n, k)
        Columns that are not collinear.
    time, event : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (k,)
        +1 or -1 for a coefficient that runs to plus or minus infinity, 0 for a finite one.

    Notes
    -----
    The likelihood never stops rising along a direction in which every patient who has the event has at least the
    score of all those then at risk, and more than some (Bryson and Johnson 1981; Heinze and Schemper 2001). Such a
    direction is the solution of a linear programme.

    Examples
    --------
    >>> exposed = np.array([[1.0], [1.0], [0.0], [0.0]])
    >>> runaway(exposed, np.array([5.0, 6, 1, 2]), np.array([False, False, True, True]))
    array([-1])
    """
    n, k = x.shape
    scale = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1)
    leads = [scaled[i] - scaled[time >= time[i]] for i in np.flatnonzero(event)]
    if k == 0 or not leads:
        return np.zeros(k, dtype=int)
    rows = np.unique(np.round(np.concatenate(leads), 12), axis=0)
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=[(-1, 1)] * k, method="highs")
    if found.status != 0 or -found.fun <= TOLERANCE * n:
        return np.zeros(k, dtype=int)
    return np.where(np.abs(found.x) > TOLERANCE, np.sign(found.x), 0).astype(int)
