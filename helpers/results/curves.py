"""Survival curves, rates, numbers at risk and log-rank tests of an analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.estimate.kaplan_meier import at_risk, curve, survival_at
from helpers.estimate.logrank import logrank
from helpers.results.populations import need, yes
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


ENDPOINTS = ("OS", "EFS", "PFS")


LOGRANK = "log-rank test"


def columns(endpoint: str) -> tuple[str, str]:
    """Name the columns of an endpoint: days and whether the event was seen."""
    return f"{endpoint.lower()}_days", f"{endpoint.lower()}_event"


def curves(analysis: Analysis, endpoint: str, groups: pd.Series | None = None) -> dict[str, pd.DataFrame]:
    """Estimate a survival curve for each group.

    Parameters
    ----------
    endpoint : {"OS", "EFS", "PFS"}
    groups : Series, optional
        Labels by patient_id, missing ones left out; by default everyone is one group, "all".

    Returns
    -------
    dict of str to DataFrame
        time (days), survival, lower, upper (0 to 1; R's default log interval), at_risk, events, censored.
    """
    time, event = columns(endpoint)
    frame = need(analysis, time, event)
    found = {}
    for label, members in _members(frame, groups):
        steps = curve(frame.loc[members, time], frame.loc[members, event], alpha=analysis.parameters.alpha)
        renamed = steps.rename(columns={"low": "lower", "high": "upper"})
        found[label] = renamed[["time", "survival", "lower", "upper", "at_risk", "events", "censored"]]
    return found


def _members(frame: pd.DataFrame, groups: pd.Series | None) -> list[tuple[str, pd.Series]]:
    if groups is None:
        return [("all", pd.Series(True, index=frame.index))]
    return [(str(level), yes(groups == level)) for level in _levels(groups) if yes(groups == level).any()]


def _levels(groups: pd.Series) -> list:
    return (
        list(groups.cat.categories)
        if isinstance(groups.dtype, pd.CategoricalDtype)
        else sorted(groups.dropna().unique())
    )


def numbers_at_risk(
    analysis: Analysis, endpoint: str, groups: pd.Series | None = None, years: list[float] | None = None
) -> pd.DataFrame:
    """Count the patients at risk just before each time: index group, columns years (from 0), counts."""
    years = [0, *analysis.parameters.milestones] if years is None else years
    time, event = columns(endpoint)
    frame = need(analysis, time, event)
    days = np.array(years, dtype=float) * DAYS_PER_YEAR
    rows = {
        label: at_risk(frame.loc[members, time], days, event=frame.loc[members, event])
        for label, members in _members(frame, groups)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=years).rename_axis("group")


def rates(
    analysis: Analysis, endpoint: str, groups: pd.Series | None = None, years: list[float] | None = None
) -> pd.DataFrame:
    """Read survival at milestones: group, years, n, events, at_risk, rate, ci_low, ci_high, half_width (percent).

    The limits are R's default log interval; half_width is 1.96 Greenwood standard errors.
    """
    years = list(analysis.parameters.milestones) if years is None else years
    time, event = columns(endpoint)
    frame, alpha, rows = need(analysis, time, event), analysis.parameters.alpha, []
    for label, members in _members(frame, groups):
        data = frame.loc[members, time], frame.loc[members, event]
        read = survival_at(*data, np.array(years, dtype=float) * DAYS_PER_YEAR, alpha=alpha)
        for year, row in zip(years, read.itertuples(), strict=True):
            limits = [100 * number for number in (row.survival, row.low, row.high, norm.ppf(1 - alpha / 2) * row.se)]
            rows.append((label, year, len(data[0]), int(yes(data[1]).sum()), row.at_risk, *limits))
    named = ["group", "years", "n", "events", "at_risk", "rate", "ci_low", "ci_high", "half_width"]
    return pd.DataFrame(rows, columns=named)


def logrank_of(analysis: Analysis, endpoint: str, groups: pd.Series) -> Value:
    """Test by log-rank that all groups have one survival curve."""
    time, event = columns(endpoint)
    frame = need(analysis, time, event)
    found = logrank(frame[time], frame[event], groups)
    n, events = int(found.table["n"].sum()), int(found.table["observed"].sum())
    missing = len(frame) - n
    return Value("", found.p, found.reason, n=n, events=events, missing=missing, method=LOGRANK)
