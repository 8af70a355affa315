"""When a Cox model has no maximum: coefficients that run to infinity, found exactly, before a huge number is printed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import null_space
from scipy.optimize import linprog

TOLERANCE = 1e-6
REACH = 1e4


def runaway_coefficients(
    x: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Tell which coefficients the partial likelihood sends to infinity, and which way.

    Parameters
    ----------
    x : ndarray of shape (n, k)
        Columns that are not collinear.
    time, event : ndarray of shape (n,)

    Returns
    -------
    signs : ndarray of shape (k,)
        0 for a coefficient with a finite estimate, plus or minus infinity for one that runs away, NaN for one that
        nothing determines once the others have.
    strata : ndarray of shape (n,)
        Patients with the same score in the direction of the run. In the limit an event is compared with those of its
        own score alone, so that the finite coefficients are those of the model stratified by it.

    Notes
    -----
    The likelihood never stops rising along a direction in which every patient who has the event leads, or equals, all
    those then at risk, and leads some (Bryson and Johnson 1981; Heinze and Schemper 2001). A linear programme finds the
    direction that makes as many leads as possible positive; only comparisons that stay equal still tell anything.

    Examples
    --------
    >>> exposed = np.array([[1.0], [1.0], [0.0], [0.0]])
    >>> runaway_coefficients(exposed, np.array([5.0, 6, 1, 2]), np.array([False, False, True, True]))
    (array([-inf]), array([0, 0, 1, 1]))
    """
    scale = x.std(axis=0)
    scaled = x / np.where(scale > 0, scale, 1)
    leads = _leads(scaled, time, event)
    direction = _direction(leads)
    ahead = leads @ direction > TOLERANCE
    if not ahead.any():
        return np.zeros(x.shape[1]), np.zeros(len(x), dtype=int)
    level = leads[~ahead]
    free = null_space(level) if len(level) else np.eye(x.shape[1])
    undetermined = np.abs(free).max(axis=1, initial=0) > TOLERANCE
    signs = np.where(np.abs(direction) > TOLERANCE, np.sign(direction), np.nan)
    strata = np.unique(np.round(scaled @ direction, 5), return_inverse=True)[1]
    return np.where(undetermined, signs * np.inf, 0.0), strata


def _leads(scaled: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Differences, in standard deviations, that span every one between a patient with the event and one then at risk.

    Day by day of the events one who had it stands for all: the others of that day lead and are led by it, it leads the
    next day's, and those whom no later event finds. Every comparison is a sum of such steps, each of them a comparison
    itself, so that n of them say as much as all pairs.
    """
    days, first = np.unique(time[event], return_index=True)
    if not len(days):
        return np.zeros((0, scaled.shape[1]))
    heads = scaled[np.flatnonzero(event)[first]]
    last = np.searchsorted(days, time, side="right") - 1
    seen = last >= 0
    under = heads[last[seen]] - scaled[seen]
    same_day = (event & (time == days[np.maximum(last, 0)]))[seen]
    rows = np.concatenate([heads[:-1] - heads[1:], under, -under[same_day]])
    rows = np.unique(np.round(rows, 10), axis=0)
    return rows[np.any(rows != 0, axis=1)]


def _direction(leads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Maximise the sum of t with leads @ direction >= t, t from 0 to 1."""
    count, k = leads.shape
    if count == 0 or k == 0:
        return np.zeros(k)
    rules = sparse.hstack([sparse.csr_matrix(-leads), sparse.identity(count)], format="csr")
    goal = np.concatenate([np.zeros(k), -np.ones(count)])
    bounds = [(-REACH, REACH)] * k + [(0, 1)] * count
    found = linprog(goal, A_ub=rules, b_ub=np.zeros(count), bounds=bounds, method="highs")
    return found.x[:k] if found.status == 0 else np.zeros(k)
