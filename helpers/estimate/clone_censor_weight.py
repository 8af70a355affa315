"""Clone, censor, weight: compare "start within g days" with "do not start within g days" from one time zero.

Every patient is cloned into both arms, a clone is censored when its patient departs from the arm's strategy, and the
clones that stay are weighted for those that left (Hernán 2018; Maringe 2020).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.estimate.arrays import as_floats
from helpers.estimate.time_varying import on_one_clock

STARTERS, WAITERS = "start", "wait"


def weighted_clones(
    time: ArrayLike, event: ArrayLike, day: ArrayLike, grace: float, *, strata: ArrayLike | None = None
) -> pd.DataFrame:
    """Lay out the weighted clones of both arms as rows ``(start, stop]``.

    Parameters
    ----------
    time, event : array-like of shape (n,)
        Days, and whether the event was seen. A patient with either missing is left out.
    day : array-like of shape (n,)
        Day that treatment began; missing: never. It counts after its day.
    grace : float
        Days within which treatment has to begin in the arm "start", and may not in the arm "wait".
    strata : array-like of shape (n,), optional
        Levels within which starting is taken to be at random; by default there is one.

    Returns
    -------
    DataFrame
        patient (place in the input), arm ("start" or "wait"), treated_arm (bool), start, stop, event, weight.

    Notes
    -----
    In the arm "wait" the clones leave day by day, as treatment begins; weights are the inverse of the product limit of
    not having begun. In the arm "start" **all leave at once**, on the day the grace period ends: of the n still followed
    the d untreated go, and the n - d who stay weigh n / (n - d) from then on. exp(d / n), what a Breslow hazard gives, is
    not that: with half leaving it is 1.65 in place of 2. Both weights are computed within strata.

    Examples
    --------
    >>> weighted_clones([40, 50, 9], [1, 0, 1], [5, None, None], 10)[["patient", "arm", "start", "stop", "event", "weight"]]
       patient    arm  start  stop  event  weight
    0        0  start   -inf  10.0  False     1.0
    1        0  start   10.0  40.0   True     2.0
    2        0   wait   -inf   5.0  False     1.0
    3        1  start   -inf  10.0  False     1.0
    4        1   wait   -inf   5.0  False     1.0
    5        1   wait    5.0  50.0  False     1.5
    6        2  start   -inf   9.0   True     1.0
    7        2   wait   -inf   5.0  False     1.0
    8        2   wait    5.0   9.0   True     1.5
    """
    times, events, days = as_floats(time), as_floats(event), as_floats(day)
    times, days, (grace,) = on_one_clock(times, days, np.array([float(grace)]))
    patient = np.flatnonzero(~(np.isnan(times) | np.isnan(events)))
    times, events, days = times[patient], events[patient] == 1, days[patient]
    starts = (days <= grace) & (days < times)
    level = np.zeros(len(times), int) if strata is None else pd.factorize(pd.Series(strata).iloc[patient])[0]
    parts = []
    for one in np.unique(level):
        inside = level == one
        arguments = times[inside], events[inside], days[inside], starts[inside], patient[inside], grace
        parts += [_starters(*arguments), _waiters(*arguments)]
    rows = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rows.insert(2, "treated_arm", rows["arm"] == STARTERS)
    return rows.sort_values(["patient", "arm", "start"], kind="stable", ignore_index=True)


def _starters(
    times: NDArray, events: NDArray, days: NDArray, starts: NDArray, patient: NDArray, grace: float
) -> pd.DataFrame:
    """Follow everyone to the end of the grace period, thereafter the treated, who then stand for all."""
    followed = times > grace
    weight = followed.sum() / max((followed & starts).sum(), 1)
    early = _rows(patient, STARTERS, np.full(len(times), -np.inf), np.minimum(times, grace), events & ~followed, 1.0)
    stay = followed & starts
    late = _rows(patient[stay], STARTERS, np.full(stay.sum(), float(grace)), times[stay], events[stay], weight)
    return _joined(early[early["start"] < early["stop"]], late)


def _waiters(
    times: NDArray, events: NDArray, days: NDArray, starts: NDArray, patient: NDArray, grace: float
) -> pd.DataFrame:
    """Follow everyone until treatment begins; split at each day on which others began."""
    stop, event = np.where(starts, days, times), events & ~starts
    at = np.unique(days[starts])
    begun = np.bincount(np.searchsorted(at, days[starts]), minlength=len(at))
    at_risk = len(stop) - np.searchsorted(np.sort(stop), at, side="left")
    # whoever fails on the day was still free to begin on it
    with np.errstate(divide="ignore"):
        after = 1 / np.cumprod(1 - begun / np.maximum(at_risk, 1))
    edges, weights = np.append(-np.inf, at), np.append(1.0, after)
    pieces = []
    for k, edge in enumerate(edges):
        end = at[k] if k < len(at) else np.inf
        there = stop > edge
        last = there & (stop <= end)
        pieces.append(
            _rows(
                patient[there],
                WAITERS,
                np.full(there.sum(), edge),
                np.minimum(stop, end)[there],
                (event & last)[there],
                weights[k],
            )
        )
    return _joined(*pieces)


def _rows(patient: NDArray, arm: str, start: NDArray, stop: NDArray, event: NDArray, weight: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"patient": patient, "arm": arm, "start": start, "stop": stop, "event": event, "weight": weight}
    )


def _joined(*parts: pd.DataFrame) -> pd.DataFrame:
    kept = [part for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else parts[0]
