"""One Newton step from "no effect": what thousands of Cox models say of an exposure, for the price of those without it.

The model without the exposure is fitted once. Its score for an exposure, divided by the information that the other covariates
leave, is the score test; and is, as a step, an estimate of the log hazard ratio that is near the full one where that is not
large. Any number of dealt exposures then cost a matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from helpers.estimate.partial_likelihood import maximise

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WithoutExposure:
    """A Cox model (Breslow's ties) without the exposure.

    Parameters
    ----------
    risk : ndarray of shape (n,)
        Each patient's hazard beside the others', the last to be seen first: risk sets are beginnings.
    ends : ndarray of shape (days,)
        Where the risk set of each day with an event ends, days falling.
    deaths : ndarray of shape (days,)
        Events of each of those days.
    event : ndarray of shape (n,)
    z : ndarray of shape (n, k)
    order : ndarray of shape (n,)
        Rows as they were given, in the order of ``risk``; ``event`` and ``z`` are in that order.
    """

    risk: Floats
    ends: NDArray[np.int64]
    deaths: Floats
    event: Floats
    z: Floats
    order: NDArray[np.int64]

    @cached_property
    def sums(self) -> csr_array:
        """Sum, weighted by the risk, over who joins the risk set from one such day to the one before; shape (days, n)."""
        inside = self.ends[-1]
        return csr_array(
            (self.risk[:inside], np.arange(inside), np.concatenate([[0], self.ends])),
            shape=(len(self.ends), len(self.risk)),
        )

    @cached_property
    def total(self) -> Floats:
        """Sum of the risk in each risk set, shape (days,)."""
        return np.cumsum(self.risk)[self.ends - 1]

    def means(self, x: Floats) -> Floats:
        """Return the mean of each column of *x*, rows in order, in the risk set of each day; shape (days, columns)."""
        return np.cumsum(self.sums @ x, axis=0) / self.total[:, None]

    @cached_property
    def hazard(self) -> Floats:
        """Each patient's expected number of events, shape (n,)."""
        each = np.bincount(self.ends - 1, self.deaths / self.total, minlength=len(self.risk))
        return self.risk * np.cumsum(each[::-1])[::-1]


class Exposures(NamedTuple):
    """Exposures laid out: ``columns``, each of shape (n, q); ``products`` of two of them, None where that is 0 for everybody."""

    columns: list[Floats]
    products: dict[tuple[int, int], Floats | None]


def exposures(x: ArrayLike) -> Exposures:
    """Lay out exposures of shape (m, n, q): each of q has m columns that enter together; rows in the order of the model."""
    columns = list(np.asarray(x, dtype=float))
    products: dict[tuple[int, int], Floats | None] = {}
    for i, first in enumerate(columns):
        for j, second in enumerate(columns[: i + 1]):
            product = first * second
            same = i == j and np.array_equal(product, first)  # of an indicator: no second copy
            products[i, j] = first if same else product if product.any() else None
    return Exposures(columns, products)


def by_falling_time(time: ArrayLike) -> NDArray[np.int64]:
    """Return the order of rows that models take: the last to be seen first."""
    return np.argsort(-np.asarray(time, dtype=float), kind="stable")


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
    predictor, order = z @ beta, by_falling_time(time)
    days, deaths = np.unique(-time[event], return_counts=True)
    ends = np.searchsorted(-time[order], days, side="right")
    risk = np.exp(predictor - predictor.max())[order]
    return WithoutExposure(risk, ends, deaths.astype(float), event[order].astype(float), z[order], order)


def score_step(model: WithoutExposure, x: Exposures | ArrayLike) -> tuple[Floats, Floats]:
    """Step once from no effect, for many exposures.

    Parameters
    ----------
    model : WithoutExposure
    x : Exposures or array of shape (m, n, q)
        Each of q exposures has m columns that enter together; the first is the one asked about. An array has its rows as they
        were given to the model, laid out exposures in its order.

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
    laid = x if isinstance(x, Exposures) else exposures(np.asarray(x, dtype=float)[:, model.order])
    columns = laid.columns
    m, q = len(columns), columns[0].shape[1]
    hazard = model.hazard
    means = [model.means(part) for part in columns]
    score = np.stack([(model.event - hazard) @ part for part in columns], axis=-1)
    information = np.empty((q, m, m))
    for (i, j), product in laid.products.items():
        pair = (0.0 if product is None else hazard @ product) - np.einsum(
            "e,eq,eq->q", model.deaths, means[i], means[j]
        )
        information[:, i, j] = information[:, j, i] = pair
    if model.z.shape[1]:
        own, weighted = model.means(model.z), (model.z * hazard[:, None]).T
        counted = (own * model.deaths[:, None]).T
        inner = np.linalg.pinv(weighted @ model.z - counted @ own)
        cross = [weighted @ part - counted @ mean for part, mean in zip(columns, means, strict=True)]
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
