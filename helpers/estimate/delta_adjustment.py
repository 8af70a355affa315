"""What a comparison becomes if those lost fared otherwise than those who stayed: delta-adjusted imputation.

Each lost patient is given an outcome from the Kaplan–Meier curve of the own group, with the hazard after the loss multiplied by
delta (Jackson et al. 2014): 0 leaves them free of the event until they would have been followed, 1 takes loss to tell
nothing, infinity lets them fail on the day of loss. Not the data but this table over delta says how much rests on the lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from helpers.estimate.arrays import exponential
from helpers.estimate.cox import cox
from helpers.estimate.partial_likelihood import Ties, maximise

Floats = NDArray[np.float64]


def delta_adjusted(
    frame: pd.DataFrame,
    deltas: Mapping[str, float],
    groups: Sequence[str],
    rng: np.random.Generator,
    *,
    imputations: int = 20,
    ties: Ties = "efron",
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Compare groups after giving those lost an outcome.

    Parameters
    ----------
    frame : DataFrame
        One row per patient: time (days), event, group, lost (bool), limit (day to which the lost would have been followed).
    deltas : mapping of str to float
        By group, from 0 to infinity; a group not named has 1.
    groups : sequence of str
        The reference first.
    rng : Generator
    imputations : int
        Completed data sets; one is enough where nothing is drawn (every delta 0 or infinite).

    Returns
    -------
    DataFrame
        One row per group beside the reference: group, n, events (mean, with those given), hr, ci_low, ci_high, p (Cox model of the
        groups, pooled by Rubin's rules, t distribution).

    Notes
    -----
    The curve is that of a resample of the group, a new one for each completed data set, so that its own uncertainty
    counts. Beyond its last event nobody fails.

    Examples
    --------
    >>> frame = pd.DataFrame({"time": [3.0, 5, 8, 9, 2, 4, 6, 7], "event": [1, 0, 1, 0, 1, 1, 0, 1], "group": list("aaaabbbb"),
    ...                       "lost": [0, 1, 0, 0, 0, 0, 0, 0], "limit": 10.0})
    >>> for delta in (0.0, np.inf):
    ...     found = delta_adjusted(frame, {"a": delta}, ["a", "b"], np.random.default_rng(1))
    ...     print(found[["n", "events"]].iloc[0].tolist(), round(found["hr"].iloc[0], 3))
    [8.0, 5.0] 4.451
    [8.0, 6.0] 1.992
    """
    if any(not delta >= 0 for delta in deltas.values()):
        raise ValueError("a delta is a number from 0")
    label = frame["group"].to_numpy(object)
    inside = np.isin(label, list(groups))
    label, rows = label[inside], frame[inside]
    time, event = rows["time"].to_numpy(float), rows["event"].to_numpy(bool)
    lost, limit = rows["lost"].to_numpy(bool) & ~event, rows["limit"].to_numpy(float)
    x = np.column_stack([label == group for group in groups[1:]]).astype(float)
    drawn = any(deltas.get(str(group), 1.0) not in (0.0, np.inf) for group in set(label[lost]))
    fits, counts = [], []
    for _ in range(imputations if drawn else 1):
        times, events = time.copy(), event.copy()
        for group in groups:
            members = label == group
            who = np.flatnonzero(members & lost)
            delta = deltas.get(str(group), 1.0)
            times[who], events[who] = _outcomes(time[members], event[members], time[who], limit[who], delta, rng)
        fits.append(_log_ratios(x, times, events, ties))
        counts.append(events.sum())
    return _pooled(groups, len(time), counts, fits, alpha)


def _log_ratios(x: Floats, time: Floats, event: NDArray[np.bool_], ties: Ties) -> tuple[Floats, Floats]:
    """Fit the groups: log hazard ratios and variances, NaN for a group of which there is none, which takes no other with it."""
    fit = maximise(x, time, event, ties=ties)
    if fit.converged:
        return fit.beta, np.diag(fit.covariance)
    if not event.any():
        return np.full(x.shape[1], np.nan), np.full(x.shape[1], np.nan)
    names = [str(place) for place in range(x.shape[1])]
    model = cox(pd.DataFrame(x == 1, columns=names).assign(time=time, event=event), names, "time", "event", ties=ties)
    table = model.table.set_index("covariate").loc[names]
    return table["coef"].to_numpy(float), table["se"].to_numpy(float) ** 2


def _outcomes(
    time: Floats, event: NDArray[np.bool_], since: Floats, limit: Floats, delta: float, rng: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw time and event of those lost on the days *since*, from a resample of their group."""
    if delta == 0 or not len(since):
        return np.maximum(since, limit), np.zeros(len(since), bool)
    if np.isinf(delta):
        return since, np.ones(len(since), bool)
    rows = rng.integers(len(time), size=len(time))
    at, survival = _curve(time[rows], event[rows])
    before = np.concatenate([[1.0], survival])[np.searchsorted(at, since, side="right")]
    goal = before * rng.random(len(since)) ** (1 / delta)
    place = np.searchsorted(-survival, -goal, side="left")  # the first day on which the curve is down there
    fails = np.concatenate([at, [np.inf]])[place]
    seen = fails <= limit
    return np.where(seen, fails, np.maximum(since, limit)), seen


def _curve(time: Floats, event: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    at, deaths = np.unique(time[event], return_counts=True)
    ordered = np.sort(time)
    risk = len(ordered) - np.searchsorted(ordered, at, side="left")
    return at, np.cumprod(1 - deaths / risk)


def _pooled(groups: Sequence[str], n: int, counts: list, fits: list, alpha: float) -> pd.DataFrame:
    empty = {"hr": np.nan, "ci_low": np.nan, "ci_high": np.nan, "p": np.nan}
    rows = []
    for place, group in enumerate(groups[1:]):
        line = {"group": group, "n": n, "events": float(np.mean(counts)) if counts else np.nan}
        beta, variance = (np.array([fit[part][place] for fit in fits]) for part in (0, 1))
        known = np.isfinite(beta) & np.isfinite(variance)
        if not known.any():
            rows.append({**line, **empty})
            continue
        beta, variance = beta[known], variance[known]
        middle, within, between = beta.mean(), variance.mean(), beta.var(ddof=1) if len(beta) > 1 else 0.0
        extra = (1 + 1 / len(beta)) * between
        se = float(np.sqrt(within + extra))
        law = student((len(beta) - 1) * (1 + within / extra) ** 2) if extra > 0 else norm
        reach = law.ppf(1 - alpha / 2) * se
        rows.append({**line, "hr": exponential(middle), "ci_low": exponential(middle - reach), "ci_high": exponential(middle + reach),
                     "p": float(2 * law.sf(abs(middle) / se)) if se > 0 else np.nan})  # fmt: skip
    return pd.DataFrame(rows)
