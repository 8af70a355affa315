"""Three ways to the coefficients of one Cox model: lifelines (Efron's ties), statsmodels (Breslow's), and the engine (both).

They agree within 1e-9; the libraries are what readers see, the engine is for the many models of a table.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from numpy.typing import NDArray
from scipy.optimize import minimize
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.tools.sm_exceptions import ConvergenceWarning as PHRegWarning
from statsmodels.tools.sm_exceptions import HessianInversionWarning

from helpers import resampling as engine

Ties = Literal["efron", "breslow"]
By = Literal["library", "engine"]
PRECISE = {"precision": 1e-21, "r_precision": 0.0}  # of the Newton decrement: about 1e-10 standard errors


@dataclass(frozen=True)
class Fit:
    """Coefficients, covariance, log likelihood at the estimate and at zero, and whether the search ended well."""

    beta: NDArray[np.float64]
    covariance: NDArray[np.float64]
    loglik: float
    null: float
    converged: bool


def nothing(k: int) -> Fit:
    """Return what stands for *k* coefficients that were not found."""
    return Fit(np.full(k, np.nan), np.full((k, k), np.nan), np.nan, np.nan, False)


def estimate(
    x: NDArray[np.float64],
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    strata: NDArray[np.int64] | None,
    ties: Ties,
    by: By,
) -> Fit:
    """Search for the maximum of the partial likelihood.

    The engine's answer is taken if it found one. The libraries search from zero; if that overshoots, from where a
    search with line steps ends; last, with looser demands.

    Parameters
    ----------
    x : ndarray of shape (n, k)
        Columns none of which is constant or determined by the others.
    time, event, strata : ndarray of shape (n,)
    ties : {"efron", "breslow"}
    by : {"library", "engine"}

    Returns
    -------
    Fit

    Examples
    --------
    >>> x, time = np.array([[1.0], [1], [0], [0], [0], [1]]), np.array([5.0, 8, 3, 9, 12, 4])
    >>> event = np.array([1, 0, 1, 1, 0, 1]) == 1
    >>> [estimate(x, time, event, None, "efron", by).beta.round(9).tolist() for by in ("library", "engine")]
    [[0.564350697], [0.564350697]]
    """
    if x.shape[1] == 0:
        return nothing(0)
    if by == "engine" and (found := _engine(x, time, event, strata, ties)).converged:
        return found
    best, method = nothing(x.shape[1]), _efron if ties == "efron" else _breslow
    for careful, precise in ((False, True), (True, True), (False, False), (True, False)):
        try:
            with warnings.catch_warnings():
                # Runaway coefficients are found by linear programme and reported in the table; the fitters' own
                # warnings about them are guesses.
                for category in (ConvergenceWarning, PHRegWarning, HessianInversionWarning, RuntimeWarning):
                    warnings.simplefilter("ignore", category)
                start = _line_search(x, time, event, strata) if careful else None
                found = method(x, time, event, strata, start, precise=precise)
            if found.converged:
                return found
            best = found if np.isfinite(found.beta).all() else best
        except (ConvergenceError, np.linalg.LinAlgError, ValueError):
            continue
    return best


def _engine(x: NDArray, time: NDArray, event: NDArray, strata: NDArray | None, ties: Ties) -> Fit:
    found = engine.cox_fit(time, event, x, strata=strata, ties=ties)
    if found.separated:
        return nothing(x.shape[1])
    groups = _groups(time, strata)
    known = sum(information(x[group], time[group], event[group], found.coef, ties) for group in groups)
    null = sum(_null(time[group], event[group], ties) for group in groups)
    return Fit(found.coef, np.linalg.inv(known), found.loglik, null, bool(found.loglik >= null - 1e-9))


def information(
    x: NDArray[np.float64], time: NDArray[np.float64], event: NDArray[np.bool_], beta: NDArray[np.float64], ties: Ties
) -> NDArray[np.float64]:
    """Return the observed information, (k, k): the spread of the covariates among those at risk, summed over the events.

    Each stands with its weight exp(x @ beta); of d deaths on one day, Efron's r-th (from 0) finds each of the d still
    there with a share of 1 - r / d.
    """
    days, day, deaths = np.unique(time[event], return_inverse=True, return_counts=True)
    day = np.sort(day)
    before = np.arange(len(day)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    gone = before / deaths[day] if ties == "efron" else np.zeros(len(day))
    there = (time >= days[:, None]).astype(float)[day]
    there -= gone[:, None] * ((time == days[:, None]) & event)[day]
    weight = there * np.exp((x - x.mean(axis=0)) @ beta)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ x
    return (x * weight.sum(axis=0)[:, None]).T @ x - mean.T @ mean


def _groups(time: NDArray, strata: NDArray | None) -> list[NDArray[np.bool_]]:
    return [np.full(len(time), True)] if strata is None else [strata == one for one in np.unique(strata)]


def _line_search(x: NDArray, time: NDArray, event: NDArray, strata: NDArray | None) -> NDArray[np.float64]:
    """Maximise Breslow's likelihood by BFGS, which never steps down; per standard deviation of each column."""
    model, _ = _phreg(x, time, event, strata)
    zero = np.zeros(x.shape[1])
    return minimize(lambda b: -model.loglike(b), zero, jac=lambda b: -model.score(b), method="BFGS").x


def _phreg(x: NDArray, time: NDArray, event: NDArray, strata: NDArray | None) -> tuple[PHReg, NDArray[np.float64]]:
    scale = x.std(axis=0, ddof=1)
    standard = (x - x.mean(axis=0)) / scale
    return PHReg(time, standard, status=event.astype(int), ties="breslow", strata=strata), scale


def _efron(
    x: NDArray, time: NDArray, event: NDArray, strata: NDArray | None, start: NDArray | None, *, precise: bool
) -> Fit:
    frame = pd.DataFrame(x).assign(time=time, event=event.astype(int))
    layers = {} if strata is None else {"strata": ["layer"]}
    frame = frame if strata is None else frame.assign(layer=strata)
    model, options = CoxPHFitter(), PRECISE if precise else None
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model.fit(frame, "time", "event", initial_point=start, fit_options=options, **layers)
    converged = not any("failed to converge" in str(warning.message) for warning in raised)
    null = sum(_null(time[group], event[group], "efron") for group in _groups(time, strata))
    beta, loglik = model.params_.to_numpy(), float(model.log_likelihood_)
    sound = converged and np.isfinite(beta).all() and loglik >= null - 1e-9
    return Fit(beta, model.variance_matrix_.to_numpy(), loglik, null, bool(sound))


def _null(time: NDArray, event: NDArray, ties: Ties) -> float:
    """Log likelihood without covariates: minus the sum of log(at risk), less those who died the same day before (Efron)."""
    days, deaths = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), days, side="left")
    efron = ties == "efron"
    return -float(sum(np.log(n - efron * np.arange(d)).sum() for n, d in zip(at_risk, deaths, strict=True)))


def _breslow(
    x: NDArray, time: NDArray, event: NDArray, strata: NDArray | None, start: NDArray | None, *, precise: bool
) -> Fit:
    model, scale = _phreg(x, time, event, strata)
    found = model.fit(disp=0, start_params=start)
    null = float(model.loglike(np.zeros(x.shape[1])))
    at_top = np.isfinite(found.params).all() and np.abs(model.score(found.params)).max() < (1e-8 if precise else 1e-3)
    converged = bool(at_top and found.llf >= null - 1e-9)
    return Fit(found.params / scale, found.cov_params() / np.outer(scale, scale), float(found.llf), null, converged)
