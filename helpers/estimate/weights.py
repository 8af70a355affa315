"""Weights that balance measured covariates, and what weighted groups come to: curves, restricted means, hazard ratios.

Everything takes one data set, or many of one size stacked along the leading axes, so that a simulation study of thousands
of cohorts is a few array operations. Weights count as known: their estimation is left out of the standard errors, which
for the average effect makes them too wide in large samples (Austin 2022); a bootstrap that fits them anew says how much.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Target = Literal["ATE", "ATT", "overlap"]
TARGETS: tuple[Target, ...] = ("ATE", "ATT", "overlap")
STEPS, SETTLED, LARGEST = 30, 1e-10, 30.0


class Propensity(NamedTuple):
    """Fitted probability of treatment (..., n), and whether each fit ended at a maximum (...)."""

    probability: Floats
    converged: NDArray[np.bool_]


class Effect(NamedTuple):
    """Treated minus untreated, and its robust standard error, one for each data set (...)."""

    value: Floats
    se: Floats


def propensity(x: ArrayLike, treated: ArrayLike) -> Propensity:
    """Fit a logistic model of treatment by maximum likelihood.

    Parameters
    ----------
    x : array of shape (..., n, k)
        Covariates without the constant.
    treated : array of shape (..., n)

    Notes
    -----
    Agrees with R's ``glm(family = binomial)``. Where a covariate parts treated from untreated there is no maximum:
    ``converged`` is False.

    Examples
    --------
    >>> fit = propensity(np.array([[0.0], [0], [0], [1], [1], [1]]), [1, 0, 0, 1, 1, 0])
    >>> fit.probability.round(6).tolist(), bool(fit.converged)
    ([0.333333, 0.333333, 0.333333, 0.666667, 0.666667, 0.666667], True)
    """
    x, a = np.asarray(x, dtype=float), np.asarray(treated, dtype=float)
    centre, spread = x.mean(axis=-2, keepdims=True), x.std(axis=-2, keepdims=True)
    columns = np.concatenate([np.ones((*x.shape[:-1], 1)), (x - centre) / np.where(spread > 0, spread, 1.0)], axis=-1)
    beta = np.zeros((*a.shape[:-1], columns.shape[-1]))
    converged = np.zeros(a.shape[:-1], dtype=bool)
    p = np.full(a.shape, 0.5)
    for _ in range(STEPS):
        score = np.einsum("...nk,...n->...k", columns, a - p)
        information = np.einsum("...nk,...n,...nl->...kl", columns, p * (1 - p), columns, optimize=True)
        information = information + 1e-12 * np.eye(columns.shape[-1])
        step = np.linalg.solve(information, score[..., None])[..., 0]
        step = np.clip(step, -5, 5)
        beta = beta + np.where(converged[..., None], 0.0, step)
        predictor = np.clip(np.einsum("...nk,...k->...n", columns, beta), -LARGEST, LARGEST)
        p = 1 / (1 + np.exp(-predictor))
        converged = converged | (np.abs(step).max(axis=-1) < SETTLED)
        if converged.all():
            break
    return Propensity(p, converged & (np.abs(predictor).max(axis=-1) < LARGEST))


def balancing_weights(treated: ArrayLike, probability: ArrayLike, target: Target) -> Floats:
    """Weight patients so that both groups look like the target population.

    Parameters
    ----------
    treated, probability : array of shape (..., n)
    target : {"ATE", "ATT", "overlap"}
        Everybody; those treated; those who might as well have got the other (Li, Morgan and Zaslavsky 2018).

    Examples
    --------
    >>> [balancing_weights([1, 0], [0.8, 0.8], target).round(2).tolist() for target in TARGETS]
    [[1.25, 5.0], [1.0, 4.0], [0.2, 0.8]]
    """
    a, e = np.asarray(treated, dtype=float), np.asarray(probability, dtype=float)
    tilt = {"ATE": np.ones_like(e), "ATT": e, "overlap": e * (1 - e)}[target]
    return tilt * (a / e + (1 - a) / (1 - e))


def standardised_differences(x: ArrayLike, treated: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Compare the weighted means of the groups, in standard deviations (pooled, before weighting).

    Parameters
    ----------
    x : array of shape (..., n, k)
    treated, weights : array of shape (..., n)

    Returns
    -------
    array of shape (..., k)
        Treated minus untreated; 0 where a covariate is constant.

    Examples
    --------
    >>> standardised_differences([[1.0], [2], [3], [3], [4], [5]], [0, 0, 0, 1, 1, 1]).tolist()
    [2.0]
    """
    x, a = np.asarray(x, dtype=float), np.asarray(treated, dtype=float)[..., None]
    w = np.ones_like(a) if weights is None else np.asarray(weights, dtype=float)[..., None]

    def mean(which: Floats) -> Floats:
        return (which * x).sum(axis=-2) / which.sum(axis=-2)

    def variance(which: Floats) -> Floats:
        middle = mean(which)[..., None, :]
        return (which * (x - middle) ** 2).sum(axis=-2) / (which.sum(axis=-2) - 1)

    scale = np.sqrt((variance(a) + variance(1 - a)) / 2)
    gap = mean(w * a) - mean(w * (1 - a))
    return np.where(scale > 0, gap / np.where(scale > 0, scale, 1.0), 0.0)


def effective_size(weights: ArrayLike) -> Floats:
    """Say how many equally weighted patients would tell as much (Kish): the squared sum over the sum of squares.

    Examples
    --------
    >>> effective_size([1.0, 1, 1, 3]).item()
    3.0
    """
    w = np.asarray(weights, dtype=float)
    return w.sum(axis=-1) ** 2 / (w**2).sum(axis=-1)


class _Sorted(NamedTuple):
    """Rows of each data set by rising time, an event before a censoring on the same day."""

    time: Floats
    event: Floats
    treated: Floats
    weight: Floats


def _by_time(time: ArrayLike, event: ArrayLike, treated: ArrayLike, weights: ArrayLike | None) -> _Sorted:
    time, event = np.asarray(time, dtype=float), np.asarray(event, dtype=float)
    w = np.ones_like(time) if weights is None else np.asarray(weights, dtype=float)
    order = np.lexsort((-event, time), axis=-1)
    columns = (time, event, np.asarray(treated, dtype=float), w)
    return _Sorted(*(np.take_along_axis(np.broadcast_to(column, time.shape), order, axis=-1) for column in columns))


def _from_here(values: Floats) -> Floats:
    """Sum each value and all later ones."""
    return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]


def survival_difference(
    time: ArrayLike,
    event: ArrayLike,
    treated: ArrayLike,
    at: float,
    weights: ArrayLike | None = None,
    *,
    restricted_mean: bool = False,
) -> Effect:
    """Compare weighted Kaplan–Meier curves at a day, or the areas under them up to it.

    Parameters
    ----------
    time, event, treated, weights : array of shape (..., n)
    at : float
        Day.
    restricted_mean : bool
        Compare mean days free of the event until *at* instead of the share free of it.

    Returns
    -------
    Effect
        NaN where a group has nobody, or nobody who is followed to *at* although some are free of the event.

    Notes
    -----
    The standard error is that of the infinitesimal jackknife, as R's ``survfit(..., weights, robust = TRUE)``.

    Examples
    --------
    >>> found = survival_difference([2, 4, 6, 8, 3, 5, 7, 9], [1, 0, 1, 0, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0, 0], 6.5)
    >>> found.value.round(4).item(), found.se.round(4).item()
    (-0.125, 0.3802)
    """
    rows = _by_time(time, event, treated, weights)
    parts = [_arm(rows, rows.treated == arm, at, restricted_mean) for arm in (1, 0)]
    return Effect(parts[0][0] - parts[1][0], np.sqrt(parts[0][1] + parts[1][1]))


def _arm(rows: _Sorted, inside: NDArray[np.bool_], at: float, restricted_mean: bool) -> tuple[Floats, Floats]:
    """Estimate survival at a day, or the area up to it, and its variance.

    Ties need no grouping: leaving one after the other on one day, the dead multiply to the same step.
    """
    weight = rows.weight * inside
    dying = weight * rows.event * (rows.time <= at)
    risk = _from_here(weight)
    left = np.maximum(risk - dying, 0.0)
    left = np.where(left > 1e-12 * risk.max(axis=-1, keepdims=True), left, 0.0)
    survival = np.cumprod(np.where(dying > 0, left / np.where(risk > 0, risk, 1.0), 1.0), axis=-1)
    until = np.minimum(rows.time, at)
    if restricted_mean:
        width = np.diff(until, axis=-1, append=np.full((*until.shape[:-1], 1), at))
        reach = _from_here(survival * width)
        value = until[..., 0] + reach[..., 0]
    else:
        reach = np.repeat(survival[..., -1:], survival.shape[-1], axis=-1)
        value = survival[..., -1]
    safe = np.where(left > 0, left, 1.0)
    moves = np.where((dying > 0) & (left > 0), reach * dying / (np.where(risk > 0, risk, 1.0) * safe), 0.0)
    own = np.where(left > 0, reach * rows.event * (rows.time <= at) / safe, 0.0)
    influence = -weight * (own - np.cumsum(moves, axis=-1))
    last = np.where(inside & (rows.weight > 0), rows.time, -np.inf).max(axis=-1)
    known = np.isfinite(last) & ((last >= at) | (survival[..., -1] <= 0))
    return np.where(known, value, np.nan), (influence**2).sum(axis=-1)


def log_hazard_ratio(
    time: ArrayLike, event: ArrayLike, treated: ArrayLike, weights: ArrayLike | None = None, *, robust: bool = True
) -> Effect:
    """Fit Cox's model of treatment alone to weighted patients (ties after Breslow).

    Parameters
    ----------
    time, event, treated, weights : array of shape (..., n)
    robust : bool
        Standard error by the sandwich (Lin and Wei), needed with weights; else the model's own.

    Returns
    -------
    Effect
        NaN where a group has no event and so the ratio no finite estimate.

    Notes
    -----
    Agrees with R's ``coxph(..., weights, robust = TRUE, ties = "breslow")``.

    Examples
    --------
    >>> found = log_hazard_ratio([2, 4, 6, 8, 3, 5, 7, 9], [1, 0, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0, 0], robust=False)
    >>> found.value.round(4).item(), found.se.round(4).item()
    (0.2301, 0.8234)
    """
    rows = _by_time(time, event, treated, weights)
    a, w = rows.treated, rows.weight
    first, last = _tie_ends(rows.time)
    exposed, others = (np.take_along_axis(_from_here(w * part), first, axis=-1) for part in (a, 1 - a))
    found = _binary_cox(w * rows.event, a, exposed, others)
    if not robust:
        return found
    beta = np.nan_to_num(found.value)
    share, ratio = _share(exposed, others, beta), np.exp(beta)[..., None]
    total = np.where(exposed * ratio + others > 0, exposed * ratio + others, 1.0)
    dying = w * rows.event
    pull = [np.take_along_axis(np.cumsum(part / total, axis=-1), last, axis=-1) for part in (dying, dying * share)]
    score = w * (rows.event * (a - share) - np.where(a == 1, ratio, 1.0) * (a * pull[0] - pull[1]))
    return Effect(found.value, np.sqrt((score**2).sum(axis=-1)) * found.se**2)


def time_dependent_log_hazard_ratio(time: ArrayLike, event: ArrayLike, start: ArrayLike) -> Effect:
    """Fit Cox's model of a treatment that begins on day *start*: unexposed up to and with it, exposed after.

    Parameters
    ----------
    time, event : array of shape (..., n)
    start : array of shape (..., n)
        NaN, or a day not before *time*: never exposed.

    Notes
    -----
    R's ``coxph(Surv(start, stop, event) ~ exposed, ties = "breslow")`` of the split rows.

    Examples
    --------
    >>> found = time_dependent_log_hazard_ratio([9, 8, 5, 12, 3, 7], [1, 0, 1, 1, 1, 1], [4, np.nan, 5, 2, np.nan, 1])
    >>> found.value.round(4).item(), found.se.round(4).item()
    (-1.0588, 1.29)
    """
    start = np.nan_to_num(np.asarray(start, dtype=float), nan=np.inf)
    ever = start < np.asarray(time, dtype=float)
    rows = _by_time(time, event, ever, None)
    first, _ = _tie_ends(rows.time)
    began = np.sort(np.where(ever, start, np.inf), axis=-1)
    flat = zip(began.reshape(-1, began.shape[-1]), rows.time.reshape(-1, began.shape[-1]), strict=True)
    yet = np.array([np.searchsorted(days, times, side="left") for days, times in flat]).reshape(rows.time.shape)
    waiting = ever.sum(axis=-1, keepdims=True) - yet  # will be exposed, and are not before this day
    exposed = np.take_along_axis(_from_here(rows.treated), first, axis=-1) - waiting
    others = np.take_along_axis(_from_here(np.ones_like(rows.time)), first, axis=-1) - exposed
    return _binary_cox(rows.event, rows.treated, exposed, others)


def _binary_cox(dying: Floats, exposed_now: Floats, exposed: Floats, others: Floats) -> Effect:
    """Search for the log hazard ratio of those exposed at each event; NaN where it runs away. Model standard error."""
    beta = np.zeros(dying.shape[:-1])
    for _ in range(STEPS):
        share = _share(exposed, others, beta)
        score = (dying * (exposed_now - share)).sum(axis=-1)
        information = (dying * share * (1 - share)).sum(axis=-1)
        step = np.clip(score / np.where(information > 0, information, np.inf), -2, 2)
        beta = np.clip(beta + step, -LARGEST, LARGEST)
        if np.abs(step).max(initial=0.0) < SETTLED:
            break
    known = (np.abs(step) < 1e-6) & (information > 1e-9 * np.maximum(dying.sum(axis=-1), 1)) & (np.abs(beta) < LARGEST)
    share = _share(exposed, others, beta)
    information = np.where(known, (dying * share * (1 - share)).sum(axis=-1), np.nan)
    return Effect(np.where(known, beta, np.nan), 1 / np.sqrt(information))


def _share(exposed: Floats, others: Floats, beta: Floats) -> Floats:
    risk = exposed * np.exp(beta)[..., None]
    total = risk + others
    return risk / np.where(total > 0, total, 1.0)


def _tie_ends(time: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of the first and the last row of each row's day."""
    n = time.shape[-1]
    places = np.broadcast_to(np.arange(n), time.shape)
    new = np.diff(time, axis=-1) > 0
    edge = np.ones((*time.shape[:-1], 1), dtype=bool)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, new], axis=-1), places, 0), axis=-1)
    ends = np.where(np.concatenate([new, edge], axis=-1), places, n - 1)
    last = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    return first, last
