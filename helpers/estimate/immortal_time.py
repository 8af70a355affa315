"""How far naive comparisons of exposures that begin later are off: closed forms, simulated cohorts, every method side by side.

All simulated patients have one constant hazard, whatever their exposure: the true ratio is 1, and what differs from it is bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.estimate.arrays import as_floats
from helpers.estimate.clone_censor_weight import weighted_clones
from helpers.estimate.time_varying import cox_start_stop, landmark_rows, rows_by_exposure

COLUMNS = ["method", "n", "left_out", "exposed", "events", "hr", "ci_low", "ci_high", "p", "reason"]


class Ratio(NamedTuple):
    """A ratio of two event rates, and the standard error of its logarithm."""

    value: float
    log_se: float


def rate_ratio(time: ArrayLike, event: ArrayLike, exposed: ArrayLike) -> Ratio:
    """Return events per time of the exposed over that of the others.

    Examples
    --------
    >>> rate_ratio([10, 10, 5, 5], [1, 1, 1, 1], [1, 1, 0, 0])
    Ratio(value=0.5, log_se=1.0)
    """
    times, events, inside = as_floats(time), as_floats(event) == 1, as_floats(exposed) == 1
    d1, d0 = int((events & inside).sum()), int((events & ~inside).sum())
    if not d1 or not d0:
        return Ratio(np.nan, np.nan)
    return Ratio(float(d1 / times[inside].sum() / (d0 / times[~inside].sum())), float(np.sqrt(1 / d1 + 1 / d0)))


def naive_ratio(event_rate: float, start_rate: float) -> float:
    """Return the naive rate ratio of an exposure without effect that begins at a constant rate: l / (2 l + g).

    Parameters
    ----------
    event_rate : float
        l, events per day of everyone.
    start_rate : float
        g, starts per day of those not yet exposed. Nobody is censored.

    Notes
    -----
    The exposed live 1 / (l + g) + 1 / l days on average and all fail; the never exposed fail at rate l + g.

    Examples
    --------
    >>> round(naive_ratio(0.03, 0.2), 6)
    0.115385
    """
    return event_rate / (2 * event_rate + start_rate)


def naive_ratio_planned(event_rate: float, planned: float, day: float) -> float:
    """Return the naive rate ratio of an exposure without effect that a share of patients is to begin on one day.

    Parameters
    ----------
    event_rate : float
        l, events per day of everyone; nobody is censored.
    planned : float
        Share of patients who get the exposure if they live to see the day.
    day : float

    Notes
    -----
    Who had the event before the day is counted among the never exposed, with the days until then. The ratio is 1 for day
    0 and falls as the day moves away.

    Examples
    --------
    >>> naive_ratio_planned(0.01, 0.5, 0)
    1.0
    >>> round(naive_ratio_planned(0.01, 0.5, 30), 4)
    0.6335
    """
    lost = 1 - np.exp(-event_rate * day)
    exposed = event_rate / (1 + event_rate * day)
    events = 1 - planned + planned * lost
    time = (1 - planned) / event_rate + planned * (lost / event_rate - day * (1 - lost))
    return float(exposed / (events / time))


def delayed_exposures(
    event_rate: float, planned: float, day: float, folds: Sequence[float], n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Delay an exposure without effect k-fold in simulated cohorts, and compare the exposed with the others.

    Parameters
    ----------
    event_rate, planned, day : float
        As :func:`naive_ratio_planned`.
    folds : sequence of float
    n : int
        Patients per cohort.
    rng : Generator

    Returns
    -------
    DataFrame
        fold, day, exposed (patients), closed_form and naive (rate ratio, exposed from day 0), split (exposed from the day
        on), and the standard errors of their logarithms, naive_se and split_se.

    Examples
    --------
    >>> table = delayed_exposures(0.01, 0.5, 10, [1, 8], 20000, np.random.default_rng(1))
    >>> table[["fold", "closed_form"]].round(3).to_numpy().tolist()
    [[1.0, 0.834], [8.0, 0.427]]
    """
    rows = []
    for fold in folds:
        time = rng.exponential(1 / event_rate, n)
        begins = (rng.random(n) < planned) & (time > fold * day)
        naive = rate_ratio(time, np.ones(n), begins)
        split = rows_by_exposure(time, np.ones(n), np.where(begins, fold * day, np.nan))
        spent = split["stop"] - split["start"].clip(lower=0)
        right = rate_ratio(spent, split["event"], split["exposed"])
        closed = naive_ratio_planned(event_rate, planned, fold * day)
        rows.append(
            (float(fold), fold * day, int(begins.sum()), closed, naive.value, naive.log_se, right.value, right.log_se)
        )
    return pd.DataFrame(
        rows, columns=["fold", "day", "exposed", "closed_form", "naive", "naive_se", "split", "split_se"]
    )


def future_doses(event_rate: float, crossings: Sequence[float], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Leave out patients by a dose that they received later, and censor them at the crossing instead, in simulated cohorts.

    Half the patients are treated from day 0; the cumulative dose of each crosses the cut-off at a constant rate for as long
    as the patient is free of the event. Neither treatment nor dose has an effect.

    Parameters
    ----------
    event_rate : float
        l, events per day.
    crossings : sequence of float
        c, crossings per day of those treated.

    Returns
    -------
    DataFrame
        crossing_rate, crossed (share of the treated), closed_form = (l + c) / l, dropped and censored (rate ratio of the
        treated against the untreated), dropped_se and censored_se.

    Examples
    --------
    >>> table = future_doses(0.01, [0.001, 0.02], 20000, np.random.default_rng(1))
    >>> table["closed_form"].round(6).tolist()
    [1.1, 3.0]
    """
    rows = []
    for crossing in crossings:
        time, cross = rng.exponential(1 / event_rate, n), rng.exponential(1 / crossing, n)
        treated = np.arange(n) < n // 2
        high = treated & (cross < time)
        dropped = rate_ratio(time[~high], np.ones((~high).sum()), treated[~high])
        censored = rate_ratio(np.where(high, cross, time), ~high, treated)
        share, closed = float(high.sum() / treated.sum()), (event_rate + crossing) / event_rate
        rows.append((crossing, share, closed, dropped.value, dropped.log_se, censored.value, censored.log_se))
    names = ["crossing_rate", "crossed", "closed_form", "dropped", "dropped_se", "censored", "censored_se"]
    return pd.DataFrame(rows, columns=names)


def by_every_method(
    time: ArrayLike,
    event: ArrayLike,
    day: ArrayLike,
    *,
    landmarks: Sequence[float],
    grace: float,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Compare exposed with unexposed naively, time-dependently, from landmarks, and by clone-censor-weight.

    Parameters
    ----------
    time, event, day : array-like of shape (n,)
        As :func:`helpers.estimate.time_varying.rows_by_exposure`.
    landmarks : sequence of float
    grace : float
        Days within which the exposure has to begin in clone-censor-weight.

    Returns
    -------
    DataFrame
        One row per method: method, n, left_out (patients who had the event or left by the landmark), exposed (patients; clones
        that stay), events, hr, ci_low, ci_high, p, reason.

    Examples
    --------
    >>> table = by_every_method([9, 8, 5, 12, 3, 7], [1, 0, 1, 1, 1, 1], [4, None, 5, 2, None, 1], landmarks=[3], grace=3)
    >>> table[["method", "n", "left_out", "exposed", "events"]].to_numpy().tolist()[:2]
    [['naive', 6, 0, 4, 5], ['time-dependent', 6, 0, 3, 5]]
    """
    times, events, days = as_floats(time), as_floats(event), as_floats(day)
    known = ~(np.isnan(times) | np.isnan(events))
    times, events, days = times[known], events[known] == 1, days[known]
    everyone = pd.DataFrame({"start": -np.inf, "stop": times, "event": events, "exposed": ~np.isnan(days)})
    split = rows_by_exposure(times, events, days)
    rows = [
        _line("naive", everyone, len(times), 0, everyone["exposed"].sum(), alpha),
        _line("time-dependent", split, len(times), 0, split["exposed"].sum(), alpha),
    ]
    for at in landmarks:
        taken = landmark_rows(times, events, days, at).frame
        frame = taken.assign(start=-np.inf, stop=taken["time"])
        out = len(times) - len(frame)
        rows.append(_line(f"landmark day {at:g}", frame, len(frame), out, frame["exposed"].sum(), alpha))
    cloned = weighted_clones(times, events, days, grace)
    kept = int(((days <= grace) & (days < times)).sum())
    model = cox_start_stop(cloned, ["treated_arm"], weights="weight", cluster="patient", alpha=alpha)
    rows.append((f"clones, begin by day {grace:g}", len(times), 0, kept, int(events.sum()), *_numbers(model)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _line(method: str, rows: pd.DataFrame, n: int, left_out: int, exposed: int, alpha: float) -> tuple:
    model = cox_start_stop(rows, ["exposed"], alpha=alpha)
    return (method, n, left_out, int(exposed), int(rows["event"].sum()), *_numbers(model))


def _numbers(model) -> NDArray:
    return model.table.loc[0, ["hr", "ci_low", "ci_high", "p", "reason"]].to_list()


class Bound(NamedTuple):
    """Events inferred among the untreated, and what the hazard ratio becomes without the early failures: both groups followed
    alike, and with the fewest events that the printed limits allow."""

    events: float
    hr: float
    fewest_events: float
    largest_hr: float


def early_failures_bound(
    hr: float, ci_low: float, ci_high: float, treated: float, untreated: float, failed: float
) -> Bound:
    """Bound from printed numbers what early failures of the untreated can have made of a hazard ratio.

    Parameters
    ----------
    hr, ci_low, ci_high : float
        Printed hazard ratio of the treated with its 95 % limits.
    treated, untreated : float
        Group sizes.
    failed : float
        Untreated patients who can at most have failed before anybody could be treated.

    Returns
    -------
    Bound
        NaN if the limits leave fewer events among the untreated than ``failed``.

    Notes
    -----
    The variance of a log hazard ratio is about 1/d1 + 1/d0. With both groups followed alike d1/d0 is about hr times the ratio of
    the group sizes: that gives d0. Where those who do better are followed longer (their time ends with the event less
    often) they have more events than that, so fewer are left for d0; at most, the same share of either group. Leaving
    ``failed`` of d0 out raises the ratio by d0 / (d0 - failed). An inference, not a count.

    Examples
    --------
    >>> bound = early_failures_bound(0.5, 0.25, 1.0, 50, 50, 3)
    >>> round(bound.events, 1), round(bound.hr, 3)
    (24.0, 0.571)
    >>> round(bound.fewest_events, 1), round(bound.largest_hr, 3)
    (16.0, 0.615)
    """
    variance = (np.log(ci_high / ci_low) / (2 * 1.959963984540054)) ** 2
    found = []
    for ratio in (hr, max(hr, 1.0)):  # of the shares with an event: followed alike, and at most
        events = (1 + untreated / (ratio * treated)) / variance
        found += [float(events), float(hr * events / (events - failed)) if events > failed else np.nan]
    return Bound(*found)
