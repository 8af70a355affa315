"""Survival told in time, group by group: medians, restricted means, differences at milestones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.derive import DAYS_PER_MONTH, DAYS_PER_YEAR
from helpers.estimate.kaplan_meier import (
    Estimate,
    independent_difference,
    median_survival,
    restricted_mean,
    survival_at,
)
from helpers.results.arms import Arm, both_groups, groups_present
from helpers.results.curves import ENDPOINTS, endpoint_columns
from helpers.results.populations import is_yes, needed_frame
from helpers.results.registry import DOSE, EVENTS, GC, LENGTH, ONSET, family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

MONTHS = (12, 24, 36)
GROUPED = (*GC, *DOSE, *ONSET, *LENGTH, "exposure", "age_cut", "weight_cut", "blast_cut", "reading")
OF_ENDPOINT = ("endpoint", "censoring", "nonresponse_day", *GROUPED)
NOBODY = "nobody has a follow-up"
COUNTS = ["key", "group", "against", "population", "n", "events", "missing"]


def data_of(analysis: Analysis, endpoint: str, arm: Arm) -> tuple[pd.Series, pd.Series, dict[str, object]]:
    """Return times and event flags of the patients of *arm* who have a follow-up, and the counts that go with them."""
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    known = arm.members & frame[time].notna()
    flags = is_yes(frame.loc[known, event])
    counts = {"key": arm.key, "group": arm.label, "against": arm.against, "population": arm.population, "n": int(known.sum()),
              "events": int(flags.sum()), "missing": int((arm.members & ~known).sum())}  # fmt: skip
    return frame.loc[known, time], flags, counts


def median_survivals(analysis: Analysis, endpoint: str) -> pd.DataFrame:
    """Read the median survival of each group.

    Parameters
    ----------
    analysis : Analysis
    endpoint : {"OS", "EFS", "PFS"}

    Returns
    -------
    DataFrame
        key, group, against, population, n, events, missing, median, ci_low, ci_high (months, R's default log limits; NaN
        where the curve, or its limit, does not come down to one half), reason.
    """
    rows = []
    for arm in groups_present(analysis):
        time, event, counts = data_of(analysis, endpoint, arm)
        found = median_survival(time, event, alpha=analysis.parameters.alpha) if len(time) else Estimate(*[np.nan] * 3)
        reason = "" if np.isfinite(found.value) else "the curve does not come down to one half" if len(time) else NOBODY
        ends = dict(zip(("median", "ci_low", "ci_high"), np.array(found[:3]) / DAYS_PER_MONTH, strict=True))
        rows.append({**counts, **ends, "reason": reason})
    return pd.DataFrame(rows)


def restricted_means(analysis: Analysis, endpoint: str, months: Sequence[float] = MONTHS) -> pd.DataFrame:
    """Read the restricted mean survival of each group, and how much longer it is than that of the reference.

    Returns
    -------
    DataFrame
        One row per group and horizon: key, group, against, population, n, events, missing, months, mean, se, ci_low, ci_high
        (months), reason; difference, difference_se, difference_ci_low, difference_ci_high, p, difference_reason; both (n,
        events, missing and population of the group and its reference together).

    Notes
    -----
    Area under the curve to the horizon, with R's variance (``print(survfit(...), rmean = )``, survRM2). A horizon beyond
    the last follow-up of a group has no value.
    """
    alpha = analysis.parameters.alpha
    found = {arm.key: (arm, *data_of(analysis, endpoint, arm)) for arm in groups_present(analysis)}
    rows = []
    for horizon in months:
        tau = horizon * DAYS_PER_MONTH
        short = {key: _too_short(time, event, horizon) for key, (_, time, event, _) in found.items()}
        means = {key: restricted_mean(*found[key][1:3], tau, alpha=alpha) for key in found if not short[key]}
        for key, (arm, _, _, counts) in found.items():
            line = {**counts, "months": horizon, **_estimate("", means.get(key)), "reason": short[key]}
            gain, p, why = None, np.nan, short[key] or short.get(arm.against, "")
            if arm.against:
                reference, beside = found[arm.against][0], found[arm.against][3]
                line["both"] = {name: counts[name] + beside[name] for name in ("n", "events", "missing")}
                line["both"]["population"] = both_groups(arm, reference)
                if not why:
                    gain, p = independent_difference(means[arm.against], means[key], alpha=alpha)
            rows.append({**line, **_estimate("difference", gain), "p": p, "difference_reason": why})
    return pd.DataFrame(rows).sort_values(
        "key", key=lambda keys: keys.map(list(found).index), kind="stable", ignore_index=True
    )


def _too_short(time: pd.Series, event: pd.Series, months: float) -> str:
    if not len(time):
        return NOBODY
    last = time.max()
    ends = last < months * DAYS_PER_MONTH - 1e-6 and not event[time == last].all()
    return f"follow-up of the group ends before month {months:g}" if ends else ""


def _estimate(prefix: str, found: Estimate | None) -> dict[str, float]:
    numbers = (
        [np.nan] * 4 if found is None else [x / DAYS_PER_MONTH for x in (found.value, found.se, found.low, found.high)]
    )
    names = ("mean", "se", "ci_low", "ci_high") if not prefix else (prefix, *(f"{prefix}_{part}" for part in ("se", "ci_low", "ci_high")))  # fmt: skip
    return dict(zip(names, numbers, strict=True))


AT_ZERO = "the curve of one group has come down to 0, where Greenwood's variance is 0: no interval"
NO_EVENT_YET = "nobody of either group has had the event by then: no interval"


def milestone_differences(analysis: Analysis, endpoint: str, years: Sequence[float] | None = None) -> pd.DataFrame:
    """Read how far the survival of each group lies from that of its reference at the milestones.

    Returns
    -------
    DataFrame
        One row per group beside the reference and milestone: key, group, against, population, n, events, missing (of both
        groups), years, difference, se, ci_low, ci_high (percentage points, the group minus the reference), p, reason (why there
        is no difference), no_interval (why there is none, nor a p: where a curve has come down to 0 its variance by Greenwood is 0).

    Notes
    -----
    Greenwood variances of independent groups, added; normal limits and test.
    """
    years = list(analysis.parameters.milestones) if years is None else list(years)
    reach, rows = norm.ppf(1 - analysis.parameters.alpha / 2), []
    found = {arm.key: (arm, *data_of(analysis, endpoint, arm)) for arm in groups_present(analysis)}
    for arm, time, event, counts in found.values():
        if not arm.against:
            continue
        _, *other, beside = found[arm.against]
        sums = {name: counts[name] + beside[name] for name in ("n", "events", "missing")}
        read = [_read(*data, years) for data in ((time, event), tuple(other))]
        for place, year in enumerate(years):
            (rate, se), (base, base_se) = (part[place] for part in read)
            gain, width = 100 * (rate - base), 100 * float(np.hypot(se, base_se))
            ended = min(rate, base) == 0  # of a curve at 0 Greenwood's variance is 0, which is no certainty
            width = np.nan if ended else width
            p = float(2 * norm.sf(abs(gain) / width)) if width > 0 else np.nan
            known = np.isfinite(gain)
            reason = "" if known else f"follow-up of one of both ends before year {year:g}"
            no_interval = reason or (AT_ZERO if ended else NO_EVENT_YET if not width > 0 else "")
            ends = (gain - reach * width, gain + reach * width) if width > 0 else (np.nan, np.nan)
            rows.append({**counts, **sums, "population": both_groups(arm, found[arm.against][0]), "years": year, "difference": gain,
                         "se": width, "ci_low": ends[0], "ci_high": ends[1], "p": p, "reason": reason, "no_interval": no_interval})  # fmt: skip
    return pd.DataFrame(
        rows, columns=[*COUNTS, "years", "difference", "se", "ci_low", "ci_high", "p", "reason", "no_interval"]
    )


def _read(time: pd.Series, event: pd.Series, years: Sequence[float]) -> list[tuple[float, float]]:
    if not len(time):
        return [(np.nan, np.nan)] * len(years)
    read = survival_at(time, event, np.array(years, dtype=float) * DAYS_PER_YEAR)
    beyond_zero = (read["survival"] == 0).to_numpy()
    se = np.where(beyond_zero, 0.0, read["se"].to_numpy())
    return list(zip(read["survival"], se, strict=True))


# ------------------------------------------------------------------------------------------------------- the values


def _value(row: dict, number: float, reason: str) -> Value:
    shared = {name: row[name] for name in ("population", "n", "events", "missing")}
    return Value("", number, reason, **shared)


def _medians(endpoint: str) -> Callable[[Analysis], dict[str, Value]]:
    def values(analysis: Analysis) -> dict[str, Value]:
        found = {}
        for row in median_survivals(analysis, endpoint).to_dict("records"):
            for measure in ("median", "ci_low", "ci_high"):
                why = row["reason"] or "the limit does not come down to one half"
                found[f"extra.median.{endpoint.lower()}.{row['key']}.{measure}"] = _value(row, row[measure], why)
        return found

    return values


for _endpoint in ENDPOINTS:
    family(
        *(f"extra.median.{_endpoint.lower()}.all.{measure}" for measure in ("median", "ci_low", "ci_high")),
        population="all",
        method="median by Kaplan–Meier, limits by R's default log interval; months",
        reason="the paper reports rates alone",
        prefix=f"extra.median.{_endpoint.lower()}.",
        depends=[*EVENTS[_endpoint], *GROUPED, "alpha"],
        needs=endpoint_columns(_endpoint),
        name=f"survival_times.{_endpoint}_medians",
    )(_medians(_endpoint))


@family(
    *(f"extra.rmst.all.{months}m" for months in MONTHS),
    population="all",
    method="restricted mean survival: area under the Kaplan–Meier curve to the horizon; R's variance, normal limits; months",
    reason="needs no proportional hazards",
    prefix="extra.rmst.",
    depends=[*OF_ENDPOINT, "alpha"],
)
def restricted_mean_values(analysis: Analysis) -> dict[str, Value]:
    """Restricted means of the parameters' endpoint at 12, 24 and 36 months: mean, se, limits, gain over the reference."""
    found = {}
    for row in restricted_means(analysis, analysis.parameters.endpoint).to_dict("records"):
        place = f"extra.rmst.{row['key']}.{row['months']:g}m"
        found[place] = _value(row, row["mean"], row["reason"])
        found |= {f"{place}.{name}": _value(row, row[name], row["reason"]) for name in ("se", "ci_low", "ci_high")}
        if row["against"]:
            names = {"difference": "difference", **{f"difference.{m}": f"difference_{m}" for m in ("se", "ci_low", "ci_high")},
                     "difference.p": "p"}  # fmt: skip
            why = row["difference_reason"] or "both curves have no variance"
            found |= {f"{place}.{name}": _value(row["both"], row[column], why) for name, column in names.items()}
    return found


@family(
    population="toxicity",
    method="difference of Kaplan–Meier rates, the group minus the reference; Greenwood variances added, normal limits; "
    "percentage points",
    reason="the paper compares whole curves",
    prefix="extra.difference.",
    depends=[*OF_ENDPOINT, "alpha", "milestones"],
)
def milestone_difference_values(analysis: Analysis) -> dict[str, Value]:
    """Differences of the parameters' endpoint at the milestones."""
    found = {}
    needed_frame(analysis, *endpoint_columns(analysis.parameters.endpoint))
    for row in milestone_differences(analysis, analysis.parameters.endpoint).to_dict("records"):
        place = f"extra.difference.{row['key']}.{row['years']:g}y"
        found[place] = _value(row, row["difference"], row["reason"])
        found |= {
            f"{place}.{name}": _value(row, row[name], row["no_interval"]) for name in ("se", "ci_low", "ci_high", "p")
        }
    return found
