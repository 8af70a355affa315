"""The same Cox model by the libraries that readers know: lifelines for Efron's ties, statsmodels for Breslow's.

:mod:`helpers.estimate.partial_likelihood` fits every model of this project; these two stand beside it, where a page sets
one against the other and where tests hold all three to R.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from numpy.typing import NDArray
from statsmodels.duration.hazard_regression import PHReg

from helpers.estimate.partial_likelihood import Fit, Floats, Ties

PRECISE = {"precision": 1e-21, "r_precision": 0.0}  # of the Newton decrement: about 1e-10 standard errors


def by_library(x: Floats, time: Floats, event: NDArray[np.bool_], *, ties: Ties = "efron") -> Fit:
    """Fit a Cox model by lifelines (Efron's ties) or statsmodels (Breslow's).

    Parameters
    ----------
    x : ndarray of shape (n, k)
    time, event : ndarray of shape (n,)
    ties : {"efron", "breslow"}

    Returns
    -------
    Fit
        Without a check for coefficients that run away: that is :func:`helpers.estimate.cox.fit_design`'s.

    Examples
    --------
    >>> x, time = np.array([[1.0], [1], [0], [0], [0], [1]]), np.array([5.0, 8, 3, 9, 12, 4])
    >>> event = np.array([1, 0, 1, 1, 0, 1]) == 1
    >>> [by_library(x, time, event, ties=ties).beta.round(9).tolist() for ties in ("efron", "breslow")]
    [[0.564350697], [0.564350697]]
    """
    return _lifelines(x, time, event) if ties == "efron" else _statsmodels(x, time, event)


def _lifelines(x: Floats, time: Floats, event: NDArray[np.bool_]) -> Fit:
    frame = pd.DataFrame(x).assign(time=time, event=event.astype(int))
    model = CoxPHFitter()
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model.fit(frame, "time", "event", fit_options=PRECISE)
    converged = not any("failed to converge" in str(warning.message) for warning in raised)
    null = float(model.log_likelihood_ - model.log_likelihood_ratio_test().test_statistic / 2)
    return Fit(
        model.params_.to_numpy(), model.variance_matrix_.to_numpy(), float(model.log_likelihood_), null, converged
    )


def _statsmodels(x: Floats, time: Floats, event: NDArray[np.bool_]) -> Fit:
    scale = x.std(axis=0, ddof=1)
    model = PHReg(time, (x - x.mean(axis=0)) / scale, status=event.astype(int), ties="breslow")
    found = model.fit(disp=0)
    null = float(model.loglike(np.zeros(x.shape[1])))
    converged = bool(np.abs(model.score(found.params)).max() < 1e-8)
    return Fit(found.params / scale, found.cov_params() / np.outer(scale, scale), float(found.llf), null, converged)
