"""One Newton step from "no effect": what thousands of Cox models say of an exposure, for the price of those without it.

The model without the exposure is fitted once. Its score for an exposure, divided by the information that the other covariates
leave, is the score test; and is, as a step, an estimate of the log hazard ratio that is near the full one where that is not
large. Any number of dealt exposures then cost a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.estimate.partial_likelihood import maximise

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WithoutExposure:
    """A Cox model (Breslow's ties) without the exposure.

    Parameters
    ----------
    risk : ndarray of shape (n,)
        Each patient's hazard beside the others', the last to be seen first: risk sets are beginnings.
    last : ndarray of shape (events,)
        Place of the last patient of the risk set of each event.
    event : ndarray of shape (n,)
    z : ndarray of shape (n, k)
    order : ndarray of shape (n,)
        Rows as they were given, in the order of ``risk``; ``event`` and ``z`` are in that order.
    """

    risk: Floats
    last: NDArray[np.int64]
    event: Floats
    z: Floats
    order: NDArray[np.int64]

    def means(self, x: Floats) -> Floats:
        """Return the mean of each column of *x*, rows in order, in the risk set of each event; shape (events, columns)."""
        return np.cumsum(self.risk[:, None] * x, axis=0)[self.last] / np.cumsum(self.risk)[self.last][:, None]

    def hazard(self) -> Floats:
        """Return each patient's expected number of events, shape (n,)."""
        each = np.bincount(self.last, 1 / np.cumsum(self.risk)[self.last], minlength=len(self.risk))
        return self.risk * np.cumsum(each[::-1])[::-1]


def without_exposure(z: ArrayLike, time: ArrayLike, event: ArrayLike) -> WithoutExposure | None:
    """Fit the covariates *z* of shape (n, k), k from 0; None if the likelihood has no maximum or there is no event."""
    z, time, event = np.asarray(z, dtype=float), np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    if not event.any():
        return None
    beta = np.zeros(z.shape[1])
    if z.shape[1]:
        fit = maximise(z, time, event, ties="breslow")
        if not fit.converged:
            return None
        beta = fit.beta
    predictor, order = z @ beta, np.argsort(-time, kind="stable")
    last = np.searchsorted(-time[order], -time[event], side="right") - 1
    risk = np.exp(predictor - predictor.max())[order]
    return WithoutExposure(risk, last, event[order].astype(float), z[order], order)


def score_step(model: WithoutExposure, x: ArrayLike) -> tuple[Floats, Floats]:
    """Step once from no effect, for many exposures.

    Parameters
    ----------
    model : WithoutExposure
    x : array of shape (m, n, q)
        Each of q exposures has m columns that enter together; the first is the one asked about.

    Returns
    -------
    step, z : ndarray of shape (q,)
        Log hazard ratio after one step, and the step over its standard error; NaN where the exposure does not vary.

    Examples
    --------
    >>> time, event, x = np.arange(1.0, 9.0), np.ones(8), np.array([1.0, 1, 0, 1, 0, 0, 1, 0])
    >>> step, z = score_step(without_exposure(np.empty((8, 0)), time, event), x[None, :, None])
    >>> step.round(4).tolist(), z.round(4).tolist()
    ([0.7761], [0.9868])
    """
    x = np.asarray(x, dtype=float)[:, model.order]
    m, q = x.shape[0], x.shape[2]
    hazard = model.hazard()
    means = [model.means(part) for part in x]
    score = np.stack([(model.event - hazard) @ part for part in x], axis=-1)
    information = np.empty((q, m, m))
    for i in range(m):
        for j in range(i + 1):
            pair = hazard @ (x[i] * x[j]) - np.einsum("jq,jq->q", means[i], means[j])
            information[:, i, j] = information[:, j, i] = pair
    if model.z.shape[1]:
        own, weighted = model.means(model.z), (model.z * hazard[:, None]).T
        inner = np.linalg.pinv(weighted @ model.z - own.T @ own)
        cross = [weighted @ x[i] - own.T @ means[i] for i in range(m)]
        for i in range(m):
            solved = inner @ cross[i]
            for j in range(m):
                information[:, i, j] -= (solved * cross[j]).sum(axis=0)
    scale = np.sqrt(np.maximum(np.einsum("qmm->qm", information), 0.0))
    usable = (scale > 1e-6).all(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    standard = information / (scale[:, :, None] * scale[:, None, :])
    usable &= np.linalg.det(standard) > 1e-8
    covariance = np.linalg.inv(np.where(usable[:, None, None], standard, np.eye(m)))
    step = (covariance[:, 0] * (score / scale)).sum(axis=1)
    z = step / np.sqrt(covariance[:, 0, 0])
    return np.where(usable, step / scale[:, 0], np.nan), np.where(usable, z, np.nan)
