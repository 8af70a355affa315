"""The partial likelihood of Cox's model in numpy, and the Newton search for its maximum: what notebooks and registry fit.

R's ``coxph`` gives the same coefficients, standard errors and log likelihoods (tests hold them to 1e-9, and lifelines and
statsmodels beside them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ties = Literal["efron", "breslow"]
Floats = NDArray[np.float64]
STEPS = 25  # a search that has a maximum to find ends in fewer; one that has none gains about 1 in x @ beta a step
SETTLED = 1e-7  # of x @ beta, the last step taken; the error left is its square
HALVINGS = 30


@dataclass(frozen=True)
class Fit:
    """Coefficients, covariance, log likelihood at the estimate and at zero, and whether the search ended at a maximum."""

    beta: Floats
    covariance: Floats
    loglik: float
    null: float
    converged: bool


class Height(NamedTuple):
    """The log partial likelihood at one place, its slope (k,) and its curvature, the information (k, k)."""

    loglik: float
    score: Floats
    information: Floats


class Deaths(NamedTuple):
    """One stratum laid out: its rows by falling time, and the deaths day by day, each with what is left of that day's."""

    rows: NDArray[np.int64]  # of the patients, times falling
    dying: NDArray[np.int64]  # places among those rows, days rising
    starts: NDArray[np.int64]  # where a day begins among the dying
    day: NDArray[np.int64]  # of each of the dying
    at_risk: NDArray[np.int64]  # patients at risk on each day
    passed: NDArray[np.int64]  # days up to the time of each row
    gone: Floats  # share of the day's dead that is out of the risk set already (Efron)


def fit_not_found(k: int) -> Fit:
    """Return what stands for *k* coefficients that were not found."""
    return Fit(np.full(k, np.nan), np.full((k, k), np.nan), np.nan, np.nan, False)


def maximise(
    x: Floats,
    time: Floats,
    event: NDArray[np.bool_],
    *,
    ties: Ties = "efron",
    strata: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
    offset: Floats | None = None,
    steps: int = STEPS,
) -> Fit:
    """Search for the maximum of the log partial likelihood by Newton's steps, halved where they overshoot.

    Parameters
    ----------
    x : ndarray of shape (n, k)
        Columns none of which is constant or determined by the others.
    time, event : ndarray of shape (n,)
        Days, and whether the event was seen.
    ties : {"efron", "breslow"}
    strata : ndarray of shape (n,), optional
        Labels; each stratum has its own baseline hazard.
    weights : ndarray of shape (n,), optional
        Case weights, as R's ``coxph`` takes them; the covariance is the model's own, not the robust one.
    offset : ndarray of shape (n,), optional
        Part of the log hazard that is known.
    steps : int
        At most so many.

    Returns
    -------
    Fit
        ``converged`` is False where the likelihood has no maximum: its steps never become small.

    Examples
    --------
    >>> x, time = np.array([[1.0], [1], [0], [0], [0], [1]]), np.array([5.0, 8, 3, 9, 12, 4])
    >>> fit = maximise(x, time, np.array([1, 0, 1, 1, 0, 1]) == 1)
    >>> fit.beta.round(9).tolist(), fit.converged
    ([0.564350697], True)
    """
    k = x.shape[1]
    weights = np.ones(len(time)) if weights is None else weights
    offset = np.zeros(len(time)) if offset is None else offset
    strata = np.zeros(len(time), dtype=int) if strata is None else strata
    laid = [_lay(np.flatnonzero(strata == one), time, event, ties) for one in np.unique(strata)]
    laid = [one for one in laid if len(one.dying)]
    scale = x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    standard = (x - x.mean(axis=0)) / scale

    def height(beta: Floats) -> Height:
        parts = [_height(one, standard, beta, weights, offset) for one in laid]
        return Height(*(sum(part) for part in zip(*parts, strict=True)))

    if k == 0 or not laid:
        null = float(height(np.zeros(k)).loglik) if laid else np.nan
        return Fit(np.zeros(k), np.zeros((k, k)), null, null, True)
    here, now, converged = np.zeros(k), height(np.zeros(k)), False
    null = float(now.loglik)
    for _ in range(steps):
        step = _step(now)
        if step is None:
            break
        there, new = here + step, height(here + step)
        for _ in range(HALVINGS):
            if new.loglik >= now.loglik - 1e-12 * abs(now.loglik):
                break
            step = step / 2
            there, new = here + step, height(here + step)
        reach = np.ptp(standard @ step)
        here, now = there, new
        if reach < SETTLED:
            converged = bool(np.isfinite(now.loglik))
            break
    covariance = _inverse(now.information) / np.outer(scale, scale)
    return Fit(here / scale, covariance, float(now.loglik), null, converged and bool(np.isfinite(covariance).all()))


def _step(now: Height) -> Floats | None:
    try:
        step = np.linalg.solve(now.information, now.score)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


def _inverse(information: Floats) -> Floats:
    try:
        return np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return np.full(information.shape, np.nan)


def _lay(rows: NDArray[np.int64], time: Floats, event: NDArray[np.bool_], ties: Ties) -> Deaths:
    rows = rows[np.argsort(-time[rows], kind="stable")]
    days, deaths = np.unique(time[rows][event[rows]], return_counts=True)
    dying = np.flatnonzero(event[rows])[::-1]  # times rising
    day = np.repeat(np.arange(len(days)), deaths)
    starts = np.cumsum(deaths) - deaths
    gone = (np.arange(len(day)) - starts[day]) / deaths[day] if ties == "efron" else np.zeros(len(day))
    at_risk = np.searchsorted(-time[rows], -days, side="right")
    passed = np.searchsorted(days, time[rows], side="right")
    return Deaths(rows, dying, starts, day, at_risk, passed, gone)


def _height(laid: Deaths, x: Floats, beta: Floats, weights: Floats, offset: Floats) -> Height:
    """Sum over the deaths of a stratum; the r-th of d on one day finds each of the d still at risk to a share 1 - r / d."""
    rows, dying, starts, day = laid.rows, laid.dying, laid.starts, laid.day
    own, weight = x[rows], weights[rows]
    predictor = own @ beta + offset[rows]
    predictor = predictor - predictor.max()
    risk = weight * np.exp(predictor)
    weighted = np.column_stack([risk, own * risk[:, None]])
    total = np.cumsum(weighted, axis=0)[laid.at_risk - 1]
    left = total[day] - laid.gone[:, None] * np.add.reduceat(weighted[dying], starts, axis=0)[day]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean, there = left[:, 1:] / left[:, :1], left[:, 0]
        share = (np.add.reduceat(weight[dying], starts) / np.bincount(day))[day]
        loglik = weight[dying] @ predictor[dying] - share @ np.log(there)
        each = np.cumsum(np.bincount(day, share / there))
    hazard = np.where(laid.passed > 0, each[laid.passed - 1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        hazard[dying] -= np.bincount(day, share * laid.gone / there)[day]
        score = weight[dying] @ own[dying] - share @ mean
        information = (own * (risk * hazard)[:, None]).T @ own - (mean * share[:, None]).T @ mean
    return Height(loglik, score, information)
