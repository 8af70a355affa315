"""Exposures that begin during follow-up: counting-process rows, Cox models and curves on them, person-time, landmarks.

A patient's follow-up is cut into rows ``(start, stop]`` within which the exposure does not change. Two rules hold
throughout. An exposure counts **after its day**: an event on that day is one of the time before it. Whoever is there from
the beginning has ``start = -inf``, so that an event on day 0 counts.

Written in numpy after Therneau and Grambsch (2000), chapter 3, and held to R's ``coxph``. Libraries, tried on the Stanford
hearts against R: lifelines' ``CoxTimeVaryingFitter`` gives the log hazard ratio to 4e-11 and its standard error to 6e-7
(1e-12 with ``fit_options={"precision": 1e-14}``), but has Efron's ties only and drops an event on day 0; statsmodels'
``PHReg`` with entry times is off by .044, since it counts who enters on a day as at risk on it (with entries a trifle later
it agrees to 5e-13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from helpers.estimate.arrays import as_floats, equal_times_tied, exponential

Ties = Literal["efron", "breslow"]
STEPS = 60
SUSPECT = 5.0


def rows_by_exposure(time: ArrayLike, event: ArrayLike, day: ArrayLike) -> pd.DataFrame:
    """Cut each follow-up at the day that an exposure began.

    Parameters
    ----------
    time, event : array-like of shape (n,)
        Days to the event or the end of follow-up, and whether the event was seen.
    day : array-like of shape (n,)
        Day that the exposure began; missing: never seen.

    Returns
    -------
    DataFrame
        One row per patient and state: patient (place in the input), start, stop (days), event, exposed. A patient with
        time or event missing has none; an exposure on or after the last day makes no second row.

    Examples
    --------
    >>> rows_by_exposure([10, 8, 5], [1, 0, 1], [4, None, 5])
       patient  start  stop  event  exposed
    0        0   -inf   4.0  False    False
    1        0    4.0  10.0   True     True
    2        1   -inf   8.0  False    False
    3        2   -inf   5.0   True    False
    """
    times, events, days = as_floats(time), as_floats(event), as_floats(day)
    times, days = on_one_clock(times, days)
    patient = np.flatnonzero(~(np.isnan(times) | np.isnan(events)))
    times, events, days = times[patient], events[patient] == 1, days[patient]
    crosses = days < times
    first = pd.DataFrame(
        {
            "patient": patient,
            "start": -np.inf,
            "stop": np.where(crosses, days, times),
            "event": events & ~crosses,
            "exposed": False,
        }
    )
    later = pd.DataFrame(
        {
            "patient": patient[crosses],
            "start": days[crosses],
            "stop": times[crosses],
            "event": events[crosses],
            "exposed": True,
        }
    )
    both = pd.concat([first, later]) if len(later) else first
    return both.sort_values(["patient", "exposed"], kind="stable", ignore_index=True)


def on_one_clock(*days: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Make days that differ by float noise alone equal, across all arrays (:func:`helpers.estimate.arrays.equal_times_tied`).

    Examples
    --------
    >>> on_one_clock(np.array([0.1 + 0.2, np.nan]), np.array([0.3]))
    [array([0.3, nan]), array([0.3])]
    """
    flat = np.concatenate(days)
    known = np.isfinite(flat)
    flat[known] = equal_times_tied(flat[known])
    return np.split(flat, np.cumsum([len(part) for part in days])[:-1])


class Landmark(NamedTuple):
    """Those still at risk after a landmark day, and who is not."""

    frame: pd.DataFrame
    events_before: int
    censored_before: int


def landmark_rows(time: ArrayLike, event: ArrayLike, day: ArrayLike, at: float) -> Landmark:
    """Take the patients still at risk after day ``at``, exposed if the exposure had begun by then.

    Returns
    -------
    Landmark
        ``frame`` (patient, time from the landmark, event, exposed), and how many had the event, or left, up to and on
        the day.

    Notes
    -----
    Anderson, Cain and Gelber 1983. An event on the landmark day itself is left out.

    Examples
    --------
    >>> landmark_rows([10, 8, 5], [1, 0, 1], [4, 7, 5], 5)
    Landmark(frame=   patient  time  event  exposed
    0        0   5.0   True     True
    1        1   3.0  False    False, events_before=1, censored_before=0)
    """
    times, events, days = as_floats(time), as_floats(event), as_floats(day)
    times, days, (at,) = on_one_clock(times, days, np.array([float(at)]))
    known = ~(np.isnan(times) | np.isnan(events))
    stays = known & (times > at)
    left = known & ~stays
    frame = pd.DataFrame(
        {
            "patient": np.flatnonzero(stays),
            "time": times[stays] - at,
            "event": events[stays] == 1,
            "exposed": days[stays] <= at,
        }
    )
    return Landmark(frame, int((events[left] == 1).sum()), int((events[left] == 0).sum()))


@dataclass(frozen=True)
class StartStopCox:
    """A Cox model of counting-process rows.

    Parameters
    ----------
    table : DataFrame
        One row per covariate: covariate, coef, se, z, hr, ci_low, ci_high, p, reason (why there is no number). With
        clusters, se is the robust one and ``naive_se`` the model's.
    rows, events : int
    loglik, loglik_null : float
    score_statistic : float
        Of the score test that all coefficients are 0: with one exposure and Breslow's ties the test of Mantel and Byar.
    covariance : ndarray
    """

    table: pd.DataFrame
    rows: int
    events: int
    loglik: float
    loglik_null: float
    score_statistic: float
    covariance: NDArray[np.float64]


def cox_start_stop(
    rows: pd.DataFrame,
    covariates: Sequence[str],
    *,
    ties: Ties = "efron",
    weights: str | None = None,
    cluster: str | None = None,
    alpha: float = 0.05,
) -> StartStopCox:
    """Fit a Cox model to rows ``(start, stop]``.

    Parameters
    ----------
    rows : DataFrame
        Columns start, stop, event and the covariates (numbers or booleans); a row with a covariate missing is left out.
    covariates : sequence of str
    ties : {"efron", "breslow"}
    weights : str, optional
        Column of case weights.
    cluster : str, optional
        Column of patients: standard errors by the sandwich over them (needed with weights).
    alpha : float

    Raises
    ------
    ValueError
        If a row does not end after it starts, or ties are unknown.

    Notes
    -----
    Agrees with R's ``coxph(Surv(start, stop, event) ~ ..., weights, cluster, ties)``; the sandwich is that of the
    weighted score residuals, Efron's ties included. A likelihood without maximum, or rows that never differ within a
    risk set, give a reason instead of a number.

    Examples
    --------
    >>> rows = rows_by_exposure([9, 8, 5, 12, 3, 7], [1, 0, 1, 1, 1, 1], [4, None, 5, 2, None, 1])
    >>> cox_start_stop(rows, ["exposed"]).table[["covariate", "coef", "se"]].round(4)
      covariate    coef    se
    0   exposed -1.0588  1.29
    """
    if ties not in ("efron", "breslow"):
        raise ValueError("ties must be efron or breslow")
    used = rows.dropna(subset=[*covariates, *([weights] if weights else [])])
    start, stop = used["start"].to_numpy(float), used["stop"].to_numpy(float)
    if not np.all(start < stop):
        raise ValueError("every row must end after it starts")
    event, x = used["event"].to_numpy(bool), used[list(covariates)].to_numpy(float)
    w = used[weights].to_numpy(float) if weights else np.ones(len(used))
    event = event & (w > 0)
    if not event.any():
        return _without(covariates, "no event", len(used), 0)
    sets = _RiskSets(start, stop, event, x, w, ties)
    reasons = sets.undetermined(covariates)
    free = [place for place, reason in enumerate(reasons) if not reason]
    if not free:
        return _without(covariates, reasons[0], len(used), int(event.sum()), reasons)
    sets = _RiskSets(start, stop, event, x[:, free], w, ties)
    beta, converged = sets.maximum()
    why = sets.runs_away(beta) if not converged or np.any(np.abs(beta) > SUSPECT) else ""
    if why or not converged:
        stopped = why or "the search for the maximum did not end"
        reasons = [reason or stopped for reason in reasons]
        return _without(covariates, stopped, len(used), int(event.sum()), reasons)
    return _fitted(sets, beta, covariates, free, reasons, used[cluster].to_numpy() if cluster else None, alpha)


def _without(
    covariates: Sequence[str], reason: str, rows: int, events: int, reasons: Sequence[str] = ()
) -> StartStopCox:
    table = pd.DataFrame({"covariate": list(covariates)})
    for name in ("coef", "se", "naive_se", "z", "hr", "ci_low", "ci_high", "p"):
        table[name] = np.nan
    table["reason"] = list(reasons) or reason
    return StartStopCox(table, rows, events, np.nan, np.nan, np.nan, np.empty((0, 0)))


def _fitted(
    sets: _RiskSets,
    beta: NDArray[np.float64],
    covariates: Sequence[str],
    free: list[int],
    reasons: list[str],
    clusters: NDArray | None,
    alpha: float,
) -> StartStopCox:
    top, null = sets.at(beta), sets.at(np.zeros_like(beta))
    naive = np.linalg.inv(top.information)
    covariance = naive if clusters is None else sets.sandwich(beta, naive, clusters)
    statistic = float(null.score @ np.linalg.solve(null.information, null.score))
    scale = sets.scale
    coef, se, naive_se = (np.full(len(covariates), np.nan) for _ in range(3))
    coef[free] = beta / scale
    se[free], naive_se[free] = np.sqrt(np.diag(covariance)) / scale, np.sqrt(np.diag(naive)) / scale
    reach, z = norm.ppf(1 - alpha / 2) * se, coef / se
    columns = {"coef": coef, "se": se, "naive_se": naive_se, "z": z, "hr": exponential(coef), "ci_low": exponential(coef - reach),
               "ci_high": exponential(coef + reach), "p": 2 * norm.sf(np.abs(z)), "reason": reasons}  # fmt: skip
    table = pd.DataFrame({"covariate": list(covariates), **columns})
    outer = covariance / np.outer(scale, scale)
    return StartStopCox(table, len(sets.stop), int(sets.event.sum()), top.loglik, null.loglik, statistic, outer)


class _Height(NamedTuple):
    loglik: float
    score: NDArray[np.float64]
    information: NDArray[np.float64]


class _RiskSets:
    """Sums over the rows at risk at each event time, by sorting rows once by their start and once by their stop."""

    def __init__(self, start: NDArray, stop: NDArray, event: NDArray, x: NDArray, w: NDArray, ties: Ties) -> None:
        self.start, self.stop, self.event, self.w = start, stop, event, w
        spread = x.std(axis=0)
        self.scale = np.where(spread > 0, spread, 1.0)
        self.scaled = (x - x.mean(axis=0)) / self.scale
        self.at_times, self.place = np.unique(stop[event], return_inverse=True)
        self.by_stop, self.by_start = np.argsort(stop, kind="stable"), np.argsort(start, kind="stable")
        self.from_stop = np.searchsorted(stop[self.by_stop], self.at_times, "left")
        self.from_start = np.searchsorted(start[self.by_start], self.at_times, "left")
        deaths = np.bincount(self.place, minlength=len(self.at_times))
        self.mean_weight = np.bincount(self.place, w[event], len(self.at_times)) / deaths
        self.term = np.repeat(np.arange(len(self.at_times)), deaths)
        rank = np.arange(len(self.term)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
        self.fraction = rank / deaths[self.term] if ties == "efron" else np.zeros(len(self.term))
        self.deaths = deaths

    def sums(self, values: NDArray) -> NDArray:
        """Add *values* (rows x columns) up over the rows at risk at each event time."""
        ends = np.zeros((1, values.shape[1]))
        tails = [
            np.concatenate([np.cumsum(values[order][::-1], axis=0)[::-1], ends])
            for order in (self.by_stop, self.by_start)
        ]
        return tails[0][self.from_stop] - tails[1][self.from_start]

    def dying(self, values: NDArray) -> NDArray:
        """Add *values* up over the rows that have the event at each event time."""
        out = np.zeros((len(self.at_times), values.shape[1]))
        np.add.at(out, self.place, values[self.event])
        return out

    def means(self, beta: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Return per term of the likelihood the denominator, the mean covariates, and their second moments; and the risks."""
        k = len(beta)
        risk = self.w * np.exp(self.scaled @ beta)
        upper = np.triu_indices(k)
        parts = np.column_stack([np.ones(len(risk)), self.scaled, self.scaled[:, upper[0]] * self.scaled[:, upper[1]]])
        values = parts * risk[:, None]
        moments = self.sums(values)[self.term] - self.fraction[:, None] * self.dying(values)[self.term]
        denominator = moments[:, 0]
        second = np.empty((len(denominator), k, k))
        second[:, upper[0], upper[1]] = moments[:, k + 1 :] / denominator[:, None]
        second[:, upper[1], upper[0]] = second[:, upper[0], upper[1]]
        return denominator, moments[:, 1 : k + 1] / denominator[:, None], second, risk

    def at(self, beta: NDArray) -> _Height:
        """Return the log partial likelihood with its first and (negative) second derivatives."""
        denominator, mean, second, _ = self.means(beta)
        weight = self.mean_weight[self.term]
        own = (self.w[self.event, None] * self.scaled[self.event]).sum(axis=0)
        loglik = float(own @ beta - weight @ np.log(denominator))
        spread = second - mean[:, :, None] * mean[:, None, :]
        return _Height(loglik, own - weight @ mean, np.einsum("i,ijk->jk", weight, spread))

    def undetermined(self, covariates: Sequence[str]) -> list[str]:
        """Say which covariates no risk set tells anything about, given those before them."""
        information = self.at(np.zeros(self.scaled.shape[1])).information
        reasons, kept = [], []
        for place in range(len(covariates)):
            inside = [*kept, place]
            if information[place, place] < 1e-9:
                reasons.append("the same for all at risk whenever an event occurred")
            elif np.linalg.matrix_rank(information[np.ix_(inside, inside)], tol=1e-9 * information.max()) < len(inside):
                reasons.append("determined by the covariates before it")
            else:
                kept.append(place)
                reasons.append("")
        return reasons

    def maximum(self) -> tuple[NDArray, bool]:
        """Climb by Newton's steps, halved where they overshoot."""
        beta = np.zeros(self.scaled.shape[1])
        height = self.at(beta)
        for _ in range(STEPS):
            try:
                step = np.linalg.solve(height.information, height.score)
            except np.linalg.LinAlgError:
                return beta, False
            for _ in range(30):
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    found = self.at(beta + step)
                if found.loglik >= height.loglik - 1e-10 * max(1.0, abs(height.loglik)):
                    break
                step = step / 2
            beta, height = beta + step, found
            if np.max(np.abs(step)) < 1e-11:
                return beta, True
            if np.max(np.abs(beta)) > 30:
                return beta, False
        return beta, False

    def runs_away(self, beta: NDArray) -> str:
        """Tell whether whoever has the event always leads, or never does, all those then at risk in the score of *beta*."""
        score = np.round(self.scaled @ beta / np.abs(beta).max(), 9)
        up = down = uneven = False
        for row in np.flatnonzero(self.event):
            lead = score[row] - score[(self.start < self.stop[row]) & (self.stop >= self.stop[row])]
            up, down, uneven = up or lead.min() < 0, down or lead.max() > 0, uneven or np.ptp(lead) > 0
        if not uneven or (up and down):
            return ""
        if len(beta) > 1:
            return "monotone likelihood: no finite estimate"
        return f"monotone likelihood: the hazard ratio runs {'without bound' if beta[0] > 0 else 'towards 0'}"

    def sandwich(self, beta: NDArray, naive: NDArray, clusters: NDArray) -> NDArray:
        """Return the robust covariance: weighted score residuals added up within clusters."""
        denominator, mean, _, risk = self.means(beta)
        share = self.mean_weight[self.term] / denominator
        times = len(self.at_times)
        rate, pull = np.zeros(times), np.zeros((times, len(beta)))
        np.add.at(rate, self.term, share)
        np.add.at(pull, self.term, share[:, None] * mean)
        hazard = np.concatenate([[0.0], np.cumsum(rate)])
        drift = np.concatenate([np.zeros((1, len(beta))), np.cumsum(pull, axis=0)])
        last, first = (np.searchsorted(self.at_times, at, "right") for at in (self.stop, self.start))
        residual = -risk[:, None] * (
            self.scaled * (hazard[last] - hazard[first])[:, None] - (drift[last] - drift[first])
        )
        spared_rate, spared_pull, average = np.zeros(times), np.zeros_like(pull), np.zeros_like(pull)
        np.add.at(spared_rate, self.term, self.fraction * share)
        np.add.at(spared_pull, self.term, (self.fraction * share)[:, None] * mean)
        np.add.at(average, self.term, mean / self.deaths[self.term][:, None])
        dead, at = self.event, self.place
        residual[dead] += self.w[dead, None] * (self.scaled[dead] - average[at])
        residual[dead] += risk[dead, None] * (self.scaled[dead] * spared_rate[at][:, None] - spared_pull[at])
        _, code = np.unique(clusters, return_inverse=True)
        total = np.zeros((code.max() + 1, len(beta)))
        np.add.at(total, code, residual)
        return naive @ (total.T @ total) @ naive


def survival_start_stop(rows: pd.DataFrame, *, weights: str | None = None) -> pd.DataFrame:
    """Estimate a product-limit curve from rows ``(start, stop]``: patients enter late, leave, and may be weighted.

    Returns
    -------
    DataFrame
        One row per event time: time, at_risk, events (weighted), survival, se (Greenwood; without weights only).

    Notes
    -----
    With one state's rows this is the curve of Simon and Makuch (1984). Agrees with R's
    ``survfit(Surv(start, stop, event) ~ 1, weights)``.

    Examples
    --------
    >>> rows = rows_by_exposure([10, 8, 5], [1, 0, 1], [4, None, 5])
    >>> survival_start_stop(rows[~rows["exposed"]])[["time", "at_risk", "survival"]]
       time  at_risk  survival
    0   5.0      2.0       0.5
    """
    start, stop, event = (rows[name].to_numpy() for name in ("start", "stop", "event"))
    w = rows[weights].to_numpy(float) if weights else np.ones(len(rows))
    at = np.unique(stop[event.astype(bool)]).astype(float)
    inside = np.array([w[(start < t) & (stop >= t)].sum() for t in at])
    events = np.array([w[event.astype(bool) & (stop == t)].sum() for t in at])
    survival = np.cumprod(1 - events / inside)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(events < inside, events / (inside * (inside - events)), np.nan))
    se = survival * np.sqrt(greenwood) if not weights else np.full(len(at), np.nan)
    return pd.DataFrame({"time": at, "at_risk": inside, "events": events, "survival": survival, "se": se})


def read_at(curve: pd.DataFrame, at: ArrayLike, column: str = "survival", before: float = 1.0) -> NDArray[np.float64]:
    """Read a step function at given times; *before* is its value until the first step.

    Examples
    --------
    >>> read_at(pd.DataFrame({"time": [5.0], "survival": [0.5]}), [4, 5, 9])
    array([1. , 0.5, 0.5])
    """
    values = np.append(before, curve[column].to_numpy(float))
    return values[np.searchsorted(curve["time"].to_numpy(float), np.atleast_1d(np.asarray(at, float)), "right")]
