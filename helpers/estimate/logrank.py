"""Log-rank tests: two groups, several at once, and all pairs with Holm's correction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import chi2

from helpers.estimate.arrays import as_floats, known_durations
from helpers.estimate.multiplicity import adjusted_p

TOLERANCE = 1e-10
NO_VARIANCE = "variance 0: at each event time everyone at risk had the event, or all those at risk were of one group"


@dataclass(frozen=True)
class LogRank:
    """Result of a log-rank test.

    Parameters
    ----------
    statistic : float
        Chi-square.
    df : int
    p : float
    table : DataFrame
        One row per group: group, n, observed and expected events.
    reason : str
        Why there is no p-value, or empty.
    """

    statistic: float
    df: int
    p: float
    table: pd.DataFrame
    reason: str = ""


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank:
    """Test that all groups have one survival curve.

    Parameters
    ----------
    time, event : array-like of shape (n,)
        Days, and whether the event was seen.
    group : array-like of shape (n,)
        Labels. A patient with any of the three missing is left out. Categories come in their declared order.

    Notes
    -----
    Observed minus expected events against their hypergeometric covariance (Klein and Moeschberger 2003, 7.3). Agrees
    with R's ``survdiff(Surv(time, event) ~ group)`` and with lifelines; as in R, a group that is at risk at no event
    time takes no part and costs no degree of freedom. Where no difference could vary (all at risk have the event
    together, or only one group is at risk), there is no test, where R stops at a singular matrix.

    Examples
    --------
    >>> result = logrank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], list("aaabbb"))
    >>> round(result.statistic, 3), result.df, round(result.p, 4)
    (5.052, 1, 0.0246)
    """
    frame = _frame(time, event, group)
    table = _observed_expected(frame)
    taking_part = table.loc[table["expected"] > 0, "group"]
    if len(taking_part) < 2:
        reason = "no event" if not frame["event"].any() else "fewer than two groups at risk when events occurred"
        return LogRank(np.nan, max(len(taking_part) - 1, 0), np.nan, table, reason)
    statistic, df = _statistic(frame, taking_part)
    if df == 0:
        return LogRank(np.nan, df, np.nan, table, NO_VARIANCE)
    return LogRank(statistic, df, float(chi2.sf(statistic, df)), table)


def pairwise_logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> pd.DataFrame:
    """Test every pair of groups, with Holm's correction for their number.

    Returns
    -------
    DataFrame
        One row per pair: first, second, n_first, n_second, events, statistic, p, p_holm, p_bh, reason (why no p).

    Notes
    -----
    Agrees with R's ``survdiff`` on each pair and ``p.adjust``.

    Examples
    --------
    >>> pairwise_logrank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], list("aabbcc"))[["first", "second", "p_holm"]].round(3)
      first second  p_holm
    0     a      b   0.269
    1     a      c   0.269
    2     b      c   0.269
    """
    frame = _frame(time, event, group)
    rows = []
    for first, second in combinations(_labels(frame["group"]), 2):
        pair = frame[frame["group"].isin([first, second])]
        found = logrank(pair["time"], pair["event"], pair["group"])
        counts = [int((pair["group"] == label).sum()) for label in (first, second)]
        rows.append((first, second, *counts, int(pair["event"].sum()), found.statistic, found.p, found.reason))
    columns = ["first", "second", "n_first", "n_second", "events", "statistic", "p", "reason"]
    table = pd.DataFrame(rows, columns=columns).astype({"p": float})
    table = table.assign(p_holm=adjusted_p(table["p"], "holm"), p_bh=adjusted_p(table["p"], "bh"))
    return table[[*columns[:-1], "p_holm", "p_bh", "reason"]]


def _frame(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> pd.DataFrame:
    labels = pd.Series(group).reset_index(drop=True)
    frame = pd.DataFrame({"time": as_floats(time), "event": as_floats(event), "group": labels}).dropna()
    frame["time"], frame["event"] = known_durations(frame["time"], frame["event"])
    return frame


def _labels(group: pd.Series) -> list:
    """The groups present: categories in their order, other labels sorted."""
    if isinstance(group.dtype, pd.CategoricalDtype):
        present = set(group.dropna())
        return [label for label in group.cat.categories if label in present]
    return sorted(group.unique())


def _statistic(frame: pd.DataFrame, labels: pd.Series) -> tuple[float, int]:
    """Return chi-square and degrees of freedom; the last group is left out, since the differences add up to 0."""
    at, deaths = np.unique(frame.loc[frame["event"], "time"], return_counts=True)
    total = _count_from(frame["time"], at)
    inside = [frame["group"].to_numpy() == label for label in labels[:-1]]
    shares = np.array([_count_from(frame.loc[rows, "time"], at) / total for rows in inside])
    observed = np.array([frame.loc[rows, "event"].sum() for rows in inside])
    difference = observed - shares @ deaths
    weight = deaths * (total - deaths) / np.maximum(total - 1, 1)
    covariance = np.diag(shares @ weight) - (shares * weight) @ shares.T
    df = int(np.linalg.matrix_rank(covariance, tol=TOLERANCE))
    return float(difference @ np.linalg.pinv(covariance, rcond=TOLERANCE) @ difference), df


def _observed_expected(frame: pd.DataFrame) -> pd.DataFrame:
    event_times, deaths = np.unique(frame.loc[frame["event"], "time"], return_counts=True)
    total = _count_from(frame["time"], event_times)
    rows = []
    for label in _labels(frame["group"]):
        inside = frame[frame["group"] == label]
        expected = float(np.sum(deaths * _count_from(inside["time"], event_times) / total))
        rows.append((label, len(inside), int(inside["event"].sum()), expected))
    return pd.DataFrame(rows, columns=["group", "n", "observed", "expected"])


def _count_from(time: pd.Series, at: np.ndarray) -> np.ndarray:
    return len(time) - np.searchsorted(np.sort(time.to_numpy()), at, side="left")
