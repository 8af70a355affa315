"""Survival curves, rates, numbers at risk and log-rank tests of an analysis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.estimate.kaplan_meier import at_risk, censored_before, survival_at, survival_curve
from helpers.estimate.logrank import logrank
from helpers.results.populations import is_yes, needed_frame
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


ENDPOINTS = ("OS", "EFS", "PFS")


LOGRANK = "log-rank test"


def endpoint_columns(endpoint: str) -> tuple[str, str]:
    """Name the columns of an endpoint: days and whether the event was seen."""
    return f"{endpoint.lower()}_days", f"{endpoint.lower()}_event"


def survival_curves(analysis: Analysis, endpoint: str, groups: pd.Series | None = None) -> dict[str, pd.DataFrame]:
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
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    found = {}
    for label, members in members_of(frame, groups):
        if not (members & frame[time].notna()).any():
            continue
        steps = survival_curve(frame.loc[members, time], frame.loc[members, event], alpha=analysis.parameters.alpha)
        renamed = steps.rename(columns={"low": "lower", "high": "upper"})
        found[label] = renamed[["time", "survival", "lower", "upper", "at_risk", "events", "censored"]]
    return found


def members_of(frame: pd.DataFrame, groups: pd.Series | None) -> list[tuple[str, pd.Series]]:
    """List label and members (bool by patient) of each group that has any; everyone is "all" if *groups* is None."""
    if groups is None:
        return [("all", pd.Series(True, index=frame.index))]
    return [(str(level), is_yes(groups == level)) for level in _levels(groups) if is_yes(groups == level).any()]


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
    return _counted(analysis, endpoint, groups, years, lambda time, event, days: at_risk(time, days, event=event))


def numbers_censored(
    analysis: Analysis, endpoint: str, groups: pd.Series | None = None, years: list[float] | None = None
) -> pd.DataFrame:
    """Count those whose follow-up ended without an event before each time: as :func:`numbers_at_risk`, cumulative."""
    return _counted(analysis, endpoint, groups, years, censored_before)


def _counted(
    analysis: Analysis, endpoint: str, groups: pd.Series | None, years: list[float] | None, count: Callable
) -> pd.DataFrame:
    years = [0, *analysis.parameters.milestones] if years is None else years
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    days = np.array(years, dtype=float) * DAYS_PER_YEAR
    rows = {
        label: count(frame.loc[members, time], frame.loc[members, event], days)
        for label, members in members_of(frame, groups)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=years).rename_axis("group")


def survival_rates(
    analysis: Analysis, endpoint: str, groups: pd.Series | None = None, years: list[float] | None = None
) -> pd.DataFrame:
    """Read survival at milestones: group, years, n, events, missing (without follow-up), at_risk, rate, ci_low, ci_high, half_width (percent).

    The limits are R's default log interval; half_width is 1.96 Greenwood standard errors.
    """
    years = list(analysis.parameters.milestones) if years is None else years
    time, event = endpoint_columns(endpoint)
    frame, alpha, rows = needed_frame(analysis, time, event), analysis.parameters.alpha, []
    for label, members in members_of(frame, groups):
        known = members & frame[time].notna()
        n, events, missing = int(known.sum()), int(is_yes(frame.loc[known, event]).sum()), int((members & ~known).sum())
        if not n:
            rows += [(label, year, 0, 0, missing, 0, *[np.nan] * 4) for year in years]
            continue
        data = frame.loc[known, time], frame.loc[known, event]
        read = survival_at(*data, np.array(years, dtype=float) * DAYS_PER_YEAR, alpha=alpha)
        for year, row in zip(years, read.itertuples(), strict=True):
            limits = [100 * number for number in (row.survival, row.low, row.high, norm.ppf(1 - alpha / 2) * row.se)]
            rows.append((label, year, n, events, missing, row.at_risk, *limits))
    named = ["group", "years", "n", "events", "missing", "at_risk", "rate", "ci_low", "ci_high", "half_width"]
    return pd.DataFrame(rows, columns=named)


def logrank_of(analysis: Analysis, endpoint: str, groups: pd.Series, concerned: pd.Series | None = None) -> Value:
    """Test by log-rank that all groups have one survival curve.

    *concerned* are those of whom an unknown group is a missing one; by default those who have a group.
    """
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    found = logrank(frame[time], frame[event], groups)
    n, events = int(found.table["n"].sum()), int(found.table["observed"].sum())
    among = groups.notna() if concerned is None else concerned
    return Value("", found.p, found.reason, n=n, events=events, missing=int(among.sum()) - n, method=LOGRANK)
