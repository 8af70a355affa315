"""The rules of disclosure control, each once. Sources: OpenSAFELY's output rules, SACRO/acro, EMA 0070.

A count below the threshold, a zero and a whole (100 %) are suppressed; every other count is rounded; totals come from rounded
counts. Medians need patients on each side; no minimum and no maximum leaves. A curve is read at whole months, only after enough
events, and ends where too few are at risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.days import DAYS_PER_MONTH
from helpers.problems import InputError, Problem

LEAST_THRESHOLD = 5
LAST_MONTH = 120  # of a released curve


@dataclass(frozen=True)
class Rules:
    """Threshold and rounding of a release.

    Parameters
    ----------
    threshold : int
        Fewest patients (or events) that a released number may rest on; at least 5.
    base : int
        Counts are rounded to multiples of it.

    Raises
    ------
    InputError
        For a threshold below 5 or a base below 2.

    Examples
    --------
    >>> Rules().rounded(12), Rules().rounded(13), Rules().may_show(9, 120), Rules().may_show(120, 120), Rules().may_show(40, 120)
    (10, 15, False, False, True)
    """

    threshold: int = 10
    base: int = 5

    def __post_init__(self) -> None:
        wrong = []
        if self.threshold < LEAST_THRESHOLD:
            wrong.append(Problem("release", "", "threshold", self.threshold, f"{LEAST_THRESHOLD} or more"))
        if self.base < 2:
            wrong.append(Problem("release", "", "base", self.base, "2 or more"))
        if wrong:
            raise InputError(wrong)

    def rounded(self, count: float) -> int:
        """Round a count to the nearest multiple of the base."""
        return int(self.base * np.floor(count / self.base + 0.5))

    def reach(self) -> tuple[int, int]:
        """How far below and above a rounded count the true one can lie."""
        return self.base // 2, (self.base - 1) // 2

    def may_show(self, count: int, total: int) -> bool:
        """Tell whether a count of *total* may be shown: neither few nor, by its complement, all but few."""
        return self.threshold <= count <= total - self.threshold

    def may_total(self, total: int) -> bool:
        """Tell whether a population is large enough to be named."""
        return total >= self.threshold


def coarse_curve(time: pd.Series, event: pd.Series, rules: Rules) -> pd.DataFrame:
    """Read a survival curve at whole months, a step only where at least the threshold of events has come together.

    Parameters
    ----------
    time, event : Series
        Days and whether the event was seen; patients without a time are left out.
    rules : Rules

    Returns
    -------
    DataFrame
        month, survival (two decimals), at_risk (rounded); it ends before fewer than the threshold are at risk. Empty
        if the group is smaller than the threshold.

    Notes
    -----
    The value at a step is the Kaplan–Meier estimate after a multiple of the threshold of events, with the numbers at risk and
    those lost between two steps rounded like every other count: the exact estimate after ten of 38 events is 0.74, which no other
    number of patients gives. Rounding is to either side, so the curve is not biased as one is whose summed events are divided by
    the number at risk at the end of the interval. Up to nine events that came later wait for the next step.

    Examples
    --------
    >>> days = pd.Series(range(1, 101)) * 10.0
    >>> coarse_curve(days, pd.Series([True] * 100), Rules())["survival"].tolist()[:6]
    [1.0, 1.0, 1.0, 1.0, 0.9, 0.9]
    >>> [float(coarse_curve(days[:n], pd.Series([True] * n), Rules())["survival"].min()) for n in (38, 39, 42)]
    [0.5, 0.5, 0.25]
    """
    known = time.notna() & event.notna()
    time, event = time[known].astype(float), event[known].astype(bool)
    if len(time) < rules.threshold:
        return pd.DataFrame(columns=["month", "survival", "at_risk"])
    days = np.sort(time[event])
    rows, last, seen = [], 1.0, 0
    for month in range(LAST_MONTH + 1):
        day = month * DAYS_PER_MONTH
        left = int((time >= day).sum())
        if left < rules.threshold:
            break
        while seen + rules.threshold <= (days <= day).sum():
            last *= _factor(time, days, seen, rules)
            seen += rules.threshold
        rows.append((month, round(last, 2), rules.rounded(left)))
    return pd.DataFrame(rows, columns=["month", "survival", "at_risk"])


def _factor(time: pd.Series, days: np.ndarray, seen: int, rules: Rules) -> float:
    """Give the survival from one step of a curve to the next: the threshold of events among the rounded number at risk.

    Those censored between the first and the last of these events are rounded too, and taken to leave evenly.
    """
    first, final = days[seen], days[seen + rules.threshold - 1]
    before = seen - int((days < first).sum())  # of the events of the same day, those of the step before
    at_risk = rules.rounded((time >= first).sum() - before)
    lost = rules.rounded(((time >= first) & (time < final)).sum() - ((days >= first) & (days < final)).sum())
    left = at_risk - np.arange(rules.threshold) - lost * np.linspace(0, 1, rules.threshold)
    return float(np.prod(1 - 1 / np.maximum(left, 2)))


def coarse_median(values: pd.Series, rules: Rules) -> tuple[float | None, float | None, float | None]:
    """Give median and quartiles to two digits, each only with enough patients on its thinner side; never an end.

    None is finer than the values were recorded: 2.25 days tell the number of patients but for multiples of four. Beside a
    heap (the threshold of patients or more with one value) only those count who are not of the heap: above sixty zeros the median
    of 119 doses is the smallest dose of all.

    Examples
    --------
    >>> coarse_median(pd.Series(range(1, 101)), Rules()), coarse_median(pd.Series(range(25)), Rules())
    ((50.0, 26.0, 75.0), (12.0, None, None))
    >>> coarse_median(pd.Series([0.0] * 59 + [0.5 + i for i in range(60)]), Rules())
    (None, 0.0, 30.0)
    """
    known = values.dropna().astype(float)
    decimals = next((d for d in range(6) if np.allclose(known, known.round(d), rtol=0, atol=1e-9)), 6)
    sizes = known.value_counts()
    alone = known[~known.isin(sizes.index[sizes >= rules.threshold])]
    found = []
    for share in (0.5, 0.25, 0.75):
        value = known.quantile(share)
        enough = len(known) * min(share, 1 - share) >= rules.threshold
        if sizes.get(value, 0) < rules.threshold:
            enough &= min((alone <= value).sum(), (alone >= value).sum()) >= rules.threshold
        found.append(round(float(f"{value:.2g}"), decimals) if enough else None)
    return found[0], found[1], found[2]


def coarse_interval(
    hr: float, low: float, high: float, events: tuple[int, int], alpha: float, rules: Rules
) -> tuple[float, float, float]:
    """Make the interval and the p-value of a hazard ratio from the rounded events of its two levels.

    The width of an interval gives the events away: the variance of the log of a hazard ratio is about 1/d1 + 1/d2. Here it
    is 1/d1 + 1/d2 of the *rounded* events, over how much of the information that would give the model has (to one decimal),
    so that the width says no more than the rounded events beside it.

    Parameters
    ----------
    hr, low, high : float
        As estimated, the interval of level 1 - *alpha*.
    events : tuple of int
        True events of the level and of its reference.
    alpha : float
    rules : Rules

    Returns
    -------
    low, high, p : float
        Of the rounded hazard ratio; p is that of Wald's test.

    Examples
    --------
    >>> [round(one, 2) for one in coarse_interval(0.62, 0.33, 1.17, (22, 17), 0.05, Rules())]
    [0.32, 1.21, 0.16]
    >>> coarse_interval(0.62, 0.33, 1.17, (22, 17), 0.05, Rules()) == coarse_interval(0.62, 0.324, 1.188, (21, 16), 0.05, Rules())
    True
    """
    z = norm.ppf(1 - alpha / 2)
    error = (np.log(high) - np.log(low)) / (2 * z)
    share = (1 / events[0] + 1 / events[1]) / error**2
    share = max(round(share, 1), 0.1)
    coarse = np.sqrt((1 / rules.rounded(events[0]) + 1 / rules.rounded(events[1])) / share)
    middle = np.log(round(hr, 2))
    return (
        float(np.exp(middle - z * coarse)),
        float(np.exp(middle + z * coarse)),
        float(2 * norm.sf(abs(middle) / coarse)),
    )


def coarse_test(p: float | None) -> str:
    """Write the p-value of a test of survival in steps: with a hazard ratio beside it, a finer one would give the events.

    Examples
    --------
    >>> coarse_test(0.0012), coarse_test(0.031), coarse_test(0.07), coarse_test(0.34), coarse_test(None)
    ('<0.01', '<0.05', '<0.1', '0.3', '')
    """
    if p is None or not np.isfinite(p):
        return ""
    return next((f"<{step:g}" for step in (0.01, 0.05, 0.1) if p < step), f"{p:.1f}")


def coarse_p(p: float | None) -> str:
    """Write a p-value to two decimals: an exact one of a small table gives the table.

    Examples
    --------
    >>> coarse_p(0.0314), coarse_p(0.0012), coarse_p(None)
    ('0.03', '<0.01', '')
    """
    if p is None or not np.isfinite(p):
        return ""
    return "<0.01" if p < 0.01 else f"{p:.2f}"
