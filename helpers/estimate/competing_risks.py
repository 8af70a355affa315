"""Competing events: cumulative incidence, Gray's test, cause-specific and Fine–Gray models.

A patient's outcome is a time and a cause: 0 censored, 1, 2 ... the events that compete, whichever comes first. One minus
a Kaplan–Meier curve that censors the other events is no probability of anything that happens to patients: it is always
too high. Cumulative incidence describes; a cause-specific model asks after causes; Fine and Gray's model ranks patients by
their cumulative incidence.

Libraries, tried on mgus2 against R: lifelines' ``AalenJohansenFitter`` moves tied times at random and is off by 9e-5, and has
no Gray's test and no Fine–Gray model; statsmodels' ``CumIncidenceRight`` gives the curve to 4e-11, but a standard error of
.009785 where cmprsk has .009806. comprisk 0.8 and surpyval 0.25 give Gray's test of bmt to 1e-13, and comprisk's Fine–Gray
coefficients on mgus2 are those of ``cmprsk::crr``; comprisk brings a compiler and scikit-learn with it, which results by id are not to
load. So the estimators here are written in numpy; tests hold them to survival and cmprsk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from helpers.estimate.arrays import as_floats, equal_times_tied, snapped_to_times
from helpers.estimate.time_varying import StartStopCox, Ties, cox_start_stop

NOISE = 1e-12  # of a sum of shares


class GrayTest(NamedTuple):
    """Statistic, degrees of freedom and p-value of Gray's test, or the reason why there is none."""

    statistic: float
    df: int
    p: float
    reason: str = ""


def known_outcomes(
    time: ArrayLike, cause: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return times and causes of the patients who have both, and who they are.

    Raises
    ------
    ValueError
        If a time is negative or infinite, or a cause is no whole number from 0.

    Examples
    --------
    >>> known_outcomes([5, 8, None], [1, 0, 2])
    (array([5., 8.]), array([1, 0]), array([ True,  True, False]))
    """
    times, causes = as_floats(time), as_floats(cause)
    if len(times) != len(causes):
        raise ValueError(f"{len(times)} times but {len(causes)} causes")
    known = ~(np.isnan(times) | np.isnan(causes))
    times, causes = times[known], causes[known]
    if np.any(times < 0) or np.any(np.isinf(times)):
        raise ValueError("times must be finite and not negative")
    if np.any(causes < 0) or np.any(causes != np.floor(causes)):
        raise ValueError("causes must be whole numbers, 0 for censored")
    return equal_times_tied(times), causes.astype(np.int64), known


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, of: int = 1) -> pd.DataFrame:
    """Estimate how many have had event ``of`` by each time, the other events competing (Aalen and Johansen).

    Parameters
    ----------
    time : array-like of shape (n,)
    cause : array-like of shape (n,)
        0 censored, 1, 2 ... the event that came first.
    of : int
        Whose incidence.

    Returns
    -------
    DataFrame
        One row per time at which any event occurred: time, at_risk, events (of this cause), others, survival (free of any event),
        incidence, se.

    Raises
    ------
    ValueError
        As :func:`known_outcomes`.

    Notes
    -----
    The variance adds up, over the event times, what each event still to be compared with moves (Aalen 1978; ties as
    sampling without replacement), as R's ``cmprsk::cuminc`` has it; the estimate is also that of ``survfit``.

    Examples
    --------
    >>> cumulative_incidence([1, 2, 2, 3, 4], [1, 2, 0, 1, 0])[["time", "at_risk", "incidence"]]
       time  at_risk  incidence
    0   1.0        5        0.2
    1   2.0        4        0.2
    2   3.0        2        0.5
    """
    times, causes, _ = known_outcomes(time, cause)
    at = np.unique(times[causes > 0])
    n = _from(times, at)
    own = _on(times[causes == of], at)
    others = _on(times[causes > 0], at) - own
    survival = np.cumprod(1 - (own + others) / n)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * own / n)
    steps = [_variance(k, n, own, others, before, survival, incidence) for k in range(len(at))]
    return pd.DataFrame({"time": at, "at_risk": n.astype(int), "events": own, "others": others, "survival": survival,
                         "incidence": incidence, "se": np.sqrt(steps)})  # fmt: skip


def _variance(
    k: int, n: NDArray, own: NDArray, others: NDArray, before: NDArray, survival: NDArray, incidence: NDArray
) -> float:
    upto = slice(0, k + 1)
    to_come = incidence[k] - incidence[upto]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(survival[upto] > 0, to_come / survival[upto], 0.0)
    parts = 0.0
    for events, weight in ((own[upto], 1 - share), (others[upto], share)):
        tied = np.where(events > 1, 1 - (events - 1) / np.maximum(n[upto] - 1, 1), 1.0)
        parts += float(np.sum((before[upto] * weight / n[upto]) ** 2 * tied * events))
    return parts


def incidence_at(time: ArrayLike, cause: ArrayLike, at: ArrayLike, of: int = 1) -> pd.DataFrame:
    """Read a cumulative incidence at given times.

    Returns
    -------
    DataFrame
        One row per time: time, at_risk (just before it), incidence, se, low, high (on the scale of log(-log), inside 0
        to 1). Beyond the last follow-up it is undefined (NaN), unless nobody was left without an event.

    Examples
    --------
    >>> incidence_at([1, 2, 2, 3, 4], [1, 2, 0, 1, 0], [2.5, 9])[["time", "incidence"]]
       time  incidence
    0   2.5        0.2
    1   9.0        NaN
    """
    times, causes, _ = known_outcomes(time, cause)
    wanted = snapped_to_times(at, np.unique(times))
    steps = cumulative_incidence(times, causes, of)
    place = np.searchsorted(steps["time"], wanted, side="right")
    last = times.max(initial=-np.inf)
    ended = len(steps) > 0 and steps["survival"].iloc[-1] <= 0
    unknown = (wanted > last) & (not ended)
    read = {name: np.where(unknown, np.nan, np.append(0.0, steps[name])[place]) for name in ("incidence", "se")}
    found = pd.DataFrame({"time": wanted, "at_risk": _from(times, wanted).astype(int), **read})
    with np.errstate(divide="ignore", invalid="ignore"):
        # a sum of steps to 1 may end at 1 - 2e-16
        inside = found["incidence"].where(found["incidence"].between(NOISE, 1 - NOISE))
        reach = norm.ppf(0.975) * found["se"] / (inside * np.log(inside).abs())
    low, high = inside ** np.exp(reach), inside ** np.exp(-reach)
    return found.assign(low=low.fillna(found["incidence"]), high=high.fillna(found["incidence"]))


def gray_test(time: ArrayLike, cause: ArrayLike, group: ArrayLike, of: int = 1) -> GrayTest:
    """Test that all groups have one cumulative incidence of event ``of``.

    Parameters
    ----------
    time, cause : array-like of shape (n,)
    group : array-like of shape (n,)
        Labels; a patient with anything missing is left out.
    of : int

    Notes
    -----
    Gray 1988, with rho = 0 and one stratum: at each event a group's weight is its number at risk over its own event-free
    survival, times one minus its incidence so far. Agrees with R's ``cmprsk::cuminc(...)$Tests``.

    Examples
    --------
    >>> test = gray_test([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 1, 0, 2, 1, 0], list("aaaabbbb"))
    >>> round(test.statistic, 4), test.df, round(test.p, 4)
    (3.774, 1, 0.0521)
    """
    labels = pd.Series(group).reset_index(drop=True)
    times, causes, known = known_outcomes(time, cause)
    labels = labels[known].reset_index(drop=True)
    inside = labels.notna().to_numpy()
    times, causes, labels = times[inside], causes[inside], labels[inside]
    code, names = pd.factorize(labels, sort=True)
    if len(names) < 2:
        return GrayTest(np.nan, 0, np.nan, "fewer than two groups")
    if not np.any(causes == of):
        return GrayTest(np.nan, len(names) - 1, np.nan, "no event of this kind")
    score, variance = _gray_sums(times, causes, code, len(names), of)
    score, variance = score[:-1], variance[:-1, :-1]
    rank = np.linalg.matrix_rank(variance, tol=1e-10 * max(float(np.abs(variance).max()), 1e-300))
    if rank < len(score):
        return GrayTest(np.nan, len(score), np.nan, "the groups were not at risk together when events occurred")
    statistic = float(score @ np.linalg.solve(variance, score))
    return GrayTest(statistic, len(score), float(chi2.sf(statistic, len(score))))


def _gray_sums(
    times: NDArray, causes: NDArray, code: NDArray, groups: int, of: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add up Gray's score and its variance over the event times; vectors run over groups.

    With r at risk, S each group's survival free of any event and F its incidence, R = r / S estimates those not yet
    failed from the cause. The pooled incidence moves by d / sum(R). A group's events of the cause, and its other events,
    each move the score: at once, and through every later S.
    """
    at = np.unique(times[causes > 0])
    risk = np.stack([_from(times[code == g], at) for g in range(groups)], axis=1)
    own, others = (np.stack([_on(times[(code == g) & which], at) for g in range(groups)], axis=1)
                   for which in (causes == of, (causes > 0) & (causes != of)))  # fmt: skip
    survival, incidence, pooled = np.ones(groups), np.zeros(groups), 0.0
    score, covariance = np.zeros(groups), np.zeros((groups, groups))
    drift = np.zeros((groups, groups))  # what has been added to the score's dependence on each group's survival
    square, cross = np.zeros(groups), np.zeros((groups, groups))
    for n, d, e in zip(risk, own, others, strict=True):
        live = n > 0
        left = np.divide(n, survival, out=np.zeros(groups), where=live)
        total = left.sum()
        after = np.where(live, survival * (n - d - e) / np.where(live, n, 1), survival)
        deaths, previous = d.sum(), pooled
        pooled = pooled + deaths / total
        move = np.diag(left) - np.outer(left, left) / total
        drift = drift + move * deaths / (total * (1 - previous))
        expected = left * (1 - incidence)
        score = score + d - deaths * expected / expected.sum()
        for events, same in ((np.where(live, deaths * left / total, 0.0), True), (e.astype(float), False)):
            for g in np.flatnonzero(live & (events > 0)):
                if same:
                    ahead = 1 - (1 - pooled) / after[g] if after[g] > 0 else 1.0
                    ties = 1 - (deaths - 1) / (total * survival[g] - 1) if deaths > 1 else 1.0
                    size = ties * survival[g] * deaths / (total * n[g])
                    pull = move[:, g] - ahead * drift[:, g]
                elif after[g] > 0:
                    ahead = (1 - pooled) / after[g]
                    ties = 1 - (events[g] - 1) / (n[g] - 1) if events[g] > 1 else 1.0
                    size = ties * (survival[g] / n[g]) ** 2 * events[g]
                    pull = ahead * drift[:, g]
                else:
                    continue
                covariance += size * np.outer(pull, pull)
                square[g] += ahead**2 * size
                cross[:, g] += (1 if same else -1) * ahead * size * pull
        incidence = np.where(live, incidence + survival * d / np.where(live, n, 1), incidence)
        survival = after
    final = drift
    covariance = covariance + (final * square) @ final.T + final @ cross.T + cross @ final.T
    return score, covariance


def cause_specific(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    cause: str,
    of: int = 1,
) -> StartStopCox:
    """Fit a Cox model of the hazard of event ``of``, the other events censoring.

    Parameters
    ----------
    frame : DataFrame
        One row per patient.
    covariates : sequence of str
        Columns of numbers or booleans.
    time, cause : str
        Columns.

    Notes
    -----
    R's ``coxph(Surv(time, cause == of) ~ ...)``.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [1, 2, 3, 4, 5, 6], "c": [1, 2, 1, 0, 1, 2], "x": [1, 0, 0, 1, 1, 0]})
    >>> cause_specific(frame, ["x"], "t", "c").table["hr"].round(4).tolist()
    [2.0]
    """
    known = frame.dropna(subset=[time, cause])
    rows = known[list(covariates)].assign(start=-np.inf, stop=known[time].astype(float), event=known[cause] == of)
    return cox_start_stop(rows, covariates)


def fine_gray(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    cause: str,
    of: int = 1,
    *,
    ties: Ties = "efron",
) -> StartStopCox:
    """Fit Fine and Gray's model of the subdistribution hazard of event ``of``.

    Notes
    -----
    **Which implementation**: R's ``survival::finegray`` and a weighted ``coxph`` with standard errors clustered by
    patient. Whoever had another event stays at risk, weighted by the chance of being under observation still (Geskus
    2011). ``cmprsk::crr`` is another implementation: it breaks ties as Breslow does, weights tied times otherwise, and its
    standard errors know that the weights were estimated. On mgus2 the coefficients differ from the fifth decimal on.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [1, 2, 3, 4, 5, 6], "c": [1, 2, 1, 0, 1, 2], "x": [1, 0, 0, 1, 1, 0]})
    >>> fine_gray(frame, ["x"], "t", "c").table["hr"].round(4).tolist()
    [2.7374]
    """
    rows = subdistribution_rows(frame, covariates, time, cause, of)
    return cox_start_stop(rows, covariates, ties=ties, weights="weight", cluster="patient")


def subdistribution_rows(
    frame: pd.DataFrame, covariates: Sequence[str], time: str, cause: str, of: int = 1
) -> pd.DataFrame:
    """Lay out weighted rows in which patients with another event stay at risk, as ``survival::finegray`` does.

    Returns
    -------
    DataFrame
        patient (place in the frame), start, stop, event, weight, and the covariates.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [1, 2, 3, 4, 5], "c": [2, 0, 1, 0, 1]})
    >>> subdistribution_rows(frame, [], "t", "c")[["patient", "start", "stop", "event", "weight"]].iloc[:3]
       patient  start  stop  event  weight
    0        0   -inf   1.0  False   1.000
    1        0    1.0   3.0  False   0.750
    2        0    3.0   5.0  False   0.375
    """
    known = frame.dropna(subset=[time, cause, *covariates]).reset_index(drop=True)
    times, causes, _ = known_outcomes(known[time], known[cause])
    at = np.unique(times[causes == of])
    other = (causes != 0) & (causes != of)
    base = {"patient": np.arange(len(times)), "start": -np.inf, "stop": times, "event": causes == of, "weight": 1.0}
    observed = _observed(times, causes)
    extra = []
    for patient in np.flatnonzero(other):
        later = at[at > times[patient]]
        if not len(later):
            continue
        weight = observed(later) / observed(times[[patient]])
        last = np.append(np.flatnonzero(np.diff(weight) != 0), len(later) - 1)
        stop = later[last]
        extra.append(pd.DataFrame({"patient": patient, "start": np.append(times[patient], stop[:-1]), "stop": stop,
                                   "event": False, "weight": weight[last]}))  # fmt: skip
    rows = pd.concat([pd.DataFrame(base), *extra], ignore_index=True)
    rows = rows.sort_values(["patient", "start"], kind="stable", ignore_index=True)
    return rows.join(known[list(covariates)], on="patient")


def _observed(times: NDArray, causes: NDArray):
    """Return the function of the chance of being under observation just before a time; events leave before the censored."""
    at = np.unique(times[causes == 0])
    n = _from(times, at) - _on(times[causes != 0], at)
    steps = np.append(1.0, np.cumprod(1 - _on(times[causes == 0], at) / n))
    return lambda when: steps[np.searchsorted(at, when, side="left")]


def _on(times: NDArray, at: NDArray) -> NDArray[np.int64]:
    """Count *times* on each day of *at*, which rises."""
    ordered = np.sort(times)
    return np.searchsorted(ordered, at, side="right") - np.searchsorted(ordered, at, side="left")


def _from(times: NDArray, at: NDArray) -> NDArray[np.float64]:
    return (len(times) - np.searchsorted(np.sort(times), at, side="left")).astype(float)
