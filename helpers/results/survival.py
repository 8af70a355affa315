"""Survival by Kaplan–Meier: rates with their half-widths, log-rank tests, follow-up; Figure 3, S-Figures 1, 2, 4 and 6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.cohort.derive import DAYS_PER_MONTH, DAYS_PER_YEAR
from helpers.estimate.kaplan_meier import reverse_kaplan_meier, survival_at
from helpers.estimate.logrank import pairwise_logrank
from helpers.results.comparisons import COMPARISONS, comparison_groups, concerned_patients, group_population
from helpers.results.curves import ENDPOINTS, LOGRANK, endpoint_columns, logrank_of, members_of, survival_rates
from helpers.results.measures import count_and_percent
from helpers.results.populations import in_population, is_yes, named_population
from helpers.results.registry import AGENT, DOSE, EVENTS, family
from helpers.results.value import Reading, Value, id_parts, told_apart

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PRINTED_YEARS = (1, 2, 3)
PLAIN = "Kaplan–Meier; ± is 1.96 Greenwood standard errors (z of the level 1 - alpha)"
LOG = "Kaplan–Meier; ± is the distance to the lower limit of R's default log interval"
ANALYSED = "Results and Figure 1: the 110 with CRS and/or ICANS were selected for further analysis"


# ------------------------------------------------------------------------------------------------ overall survival


def _overall(endpoint: str) -> Callable[[Analysis], dict[str, Value]]:
    def values(analysis: Analysis) -> dict[str, Value]:
        time, event = endpoint_columns(endpoint)
        known = analysis.frame[analysis.frame[time].notna()]
        counts = {
            "n": len(known),
            "events": int(is_yes(known[event]).sum()),
            "missing": len(analysis.frame) - len(known),
        }
        if known.empty:
            return _nobody(endpoint, counts)
        alpha, logarithmic = analysis.parameters.alpha, endpoint == "PFS" and analysis.reading == "paper"
        read = survival_at(
            known[time], known[event], np.array(PRINTED_YEARS) * DAYS_PER_YEAR, conf_type="log", alpha=alpha
        )
        width = read["survival"] - read["low"] if logarithmic else norm.ppf(1 - alpha / 2) * read["se"]
        found = {}
        for year, rate, half in zip(PRINTED_YEARS, read["survival"], width, strict=True):
            place, late = f"results.efficacy.{endpoint.lower()}_{year}y", f"follow-up ends before year {year}"
            found[f"{place}.rate"] = Value("", 100 * rate, late, **counts)
            found[f"{place}.half_width"] = Value("", 100 * half, late, **counts)
        return found

    return values


def _nobody(endpoint: str, counts: dict[str, int]) -> dict[str, Value]:
    place = f"results.efficacy.{endpoint.lower()}"
    return {f"{place}_{year}y.{measure}": Value("", None, "nobody has a follow-up", **counts)
            for year in PRINTED_YEARS for measure in ("rate", "half_width")}  # fmt: skip


for _endpoint in ENDPOINTS:
    family(
        *(
            f"results.efficacy.{_endpoint.lower()}_{year}y.{m}"
            for year in PRINTED_YEARS
            for m in ("rate", "half_width")
        ),
        population="all",
        method=LOG if _endpoint == "PFS" else PLAIN,
        reason="rates and widths can be met with 120 patients only; "
        + (
            "the growth of ± from year 2 to 3 fits the log interval"
            if _endpoint == "PFS"
            else "± fits the plain interval"
        ),
        stated=Reading("all", PLAIN, "the paper does not define ±; one definition for all endpoints"),
        depends=[*EVENTS[_endpoint], "alpha"],
        needs=endpoint_columns(_endpoint),
        name=f"survival.{_endpoint}",
    )(_overall(_endpoint))


def _group_rates(
    analysis: Analysis, endpoint: str, groups: pd.Series | None, place: str, comparison: str = ""
) -> dict[str, Value]:
    found, keys = {}, {"all": "all"} if groups is None else group_keys(analysis, groups)
    for row in survival_rates(analysis, endpoint, groups).itertuples():
        key = f"{place}.{keys[row.group]}.{row.years:g}y"
        late = f"follow-up ends before year {row.years:g}" if row.n else "nobody has a follow-up"
        who = group_population(analysis, comparison, keys[row.group]) if comparison else ""
        for measure in ("rate", "ci_low", "ci_high", "half_width", "at_risk"):
            found[f"{key}.{measure}"] = Value("", getattr(row, measure), late, n=row.n, events=row.events,
                                              missing=row.missing, population=who)  # fmt: skip
    return found


def group_keys(analysis: Analysis, groups: pd.Series) -> dict[str, str]:
    """Give each group that has a patient its part of an id."""
    return id_parts([label for label, _ in members_of(analysis.frame, groups)])


def _milestones(endpoint: str) -> Callable[[Analysis], dict[str, Value]]:
    return lambda analysis: _group_rates(analysis, endpoint, None, f"extra.survival.{endpoint.lower()}")


for _endpoint in ENDPOINTS:
    family(
        population="all",
        method="Kaplan–Meier; limits: R's default log interval; half_width: 1.96 Greenwood standard errors",
        prefix=f"extra.survival.{_endpoint.lower()}.all.",
        depends=[*EVENTS[_endpoint], "alpha", "milestones"],
        needs=endpoint_columns(_endpoint),
        name=f"survival.{_endpoint}_milestones",
    )(_milestones(_endpoint))


# -------------------------------------------------------------------------------------------------- log-rank tests


def _printed_rux(endpoint: str) -> Callable[[Analysis], dict[str, Value]]:
    key = f"results.efficacy.rux.{endpoint.lower()}.p"
    return lambda analysis: {
        key: logrank_of(analysis, endpoint, comparison_groups(analysis, "rux"), concerned_patients(analysis, "rux"))
    }


def _printed_low(endpoint: str) -> Callable[[Analysis], dict[str, Value]]:
    def values(analysis: Analysis) -> dict[str, Value]:
        groups = comparison_groups(analysis, "dose")
        groups = groups.where(is_yes(groups != "high")).cat.remove_categories(["high"])
        found = logrank_of(analysis, endpoint, groups, in_population(analysis, "toxicity & not_high"))
        found = replace(found, population=named_population(analysis, "toxicity & not_high"))
        return {f"results.gc_impact.low_vs_nongc.{endpoint.lower()}.p": found}

    return values


def _compare(endpoint: str, comparison: str) -> Callable[[Analysis], dict[str, Value]]:
    """Make the family of a comparison: test over all groups, every pair if they are several, rates of each group."""
    place = f"extra.survival.{endpoint.lower()}.{comparison}"

    def values(analysis: Analysis) -> dict[str, Value]:
        groups = comparison_groups(analysis, comparison)
        if not groups.notna().any():
            return {f"{place}.logrank.p": Value("", None, "no patient in any of the groups")}
        found = {f"{place}.logrank.p": logrank_of(analysis, endpoint, groups, concerned_patients(analysis, comparison))}
        if len(members_of(analysis.frame, groups)) > 2:
            found |= _pairs(analysis, endpoint, groups, place, comparison)
        return found | _group_rates(analysis, endpoint, groups, place, comparison)

    return values


def _pairs(analysis: Analysis, endpoint: str, groups: pd.Series, place: str, comparison: str) -> dict[str, Value]:
    time, event = endpoint_columns(endpoint)
    found, keys = {}, group_keys(analysis, groups)
    rows = list(pairwise_logrank(analysis.frame[time], analysis.frame[event], groups).itertuples())
    pairs = told_apart([f"{keys[str(row.first)]}_vs_{keys[str(row.second)]}" for row in rows])
    for row, pair in zip(rows, pairs, strict=True):
        n, two = row.n_first + row.n_second, [str(row.first), str(row.second)]
        members = groups.astype(object).map(str).isin(two)
        counts = {"n": n, "events": row.events, "missing": int(members.sum()) - n,
                  "population": group_population(analysis, comparison, *(keys[label] for label in two))}  # fmt: skip
        for measure, adjusted in (("p", ""), ("p_holm", ", Holm over all pairs")):
            found[f"{place}.{pair}.{measure}"] = Value("", getattr(row, measure), row.reason, **counts,
                                                       method=LOGRANK + adjusted)  # fmt: skip
    return found


for _endpoint in ENDPOINTS:
    _low = _endpoint.lower()
    family(
        f"results.efficacy.rux.{_low}.p",
        population="all",
        method=LOGRANK,
        reason="S-Figure 2 compares subgroups of the cohort; p 0.51 cannot come from the patients of Table 5's RUX row",
        stated=Reading("toxicity", LOGRANK, ANALYSED),
        depends=[*EVENTS[_endpoint], *AGENT],
        needs=[*endpoint_columns(_endpoint), "rux"],
        name=f"survival.{_endpoint}_by_rux_printed",
    )(_printed_rux(_endpoint))
    family(
        f"results.gc_impact.low_vs_nongc.{_low}.p",
        population="toxicity",
        method=LOGRANK + " of two of the three groups",
        reason="49 patients without GC are printed: 110 - 61",
        depends=[*EVENTS[_endpoint], *DOSE],
        needs=[*endpoint_columns(_endpoint), "gc_group"],
        name=f"survival.{_endpoint}_low_dose_printed",
    )(_printed_low(_endpoint))
    for _name, (_, _paper, _stated, _depends) in COMPARISONS.items():
        family(
            f"extra.survival.{_low}.{_name}.logrank.p",
            population=_paper,
            method="Kaplan–Meier, limits by R's default log interval; " + LOGRANK,
            reason="S-Figure 2 shows subgroups of the cohort" if _paper == "all" else "",
            stated=None if _paper == _stated else Reading(_stated, LOGRANK, ANALYSED),
            prefix=f"extra.survival.{_low}.{_name}.",
            depends=[*EVENTS[_endpoint], *_depends, "alpha", "milestones"],
            needs=endpoint_columns(_endpoint),
            name=f"survival.{_endpoint}_by_{_name}",
        )(_compare(_endpoint, _name))


@family(
    "results.multivariable.low.n",
    "results.multivariable.nongc.n",
    "extra.survival.high.n",
    population="toxicity",
    method="count",
    reason="the text prints 45 and 46 for the low-dose group; 46 and 15 make the 61 of Table 2",
    depends=DOSE,
    needs=["gc_group"],
)
def dose_groups(analysis: Analysis) -> dict[str, Value]:
    """Count the dose groups of the PFS comparison."""
    groups, among = analysis.frame["gc_group"], in_population(analysis, "toxicity")
    ids = {
        "low": "results.multivariable.low.n",
        "none": "results.multivariable.nongc.n",
        "high": "extra.survival.high.n",
    }
    return {id: count_and_percent(groups == level, among, known=groups.notna())["n"] for level, id in ids.items()}


# -------------------------------------------------------------------------------------------------------- follow-up


@family(
    *(f"results.efficacy.followup.{end}" for end in ("median", "low", "high")),
    population="all",
    method="median (quartiles, type 7) of the time under observation, the dead included, months",
    reason="inclusion from 2017 to 2023 and a cut-off in 2024 rule out that the printed range is that of the time to the cut-off; "
    "that it is the quartiles is our guess",
    stated=Reading("all", "median (minimum, maximum) of the time under observation, months", "printed as a range"),
    needs=["followup_days"],
)
def median_followup(analysis: Analysis) -> dict[str, Value]:
    """Median follow-up and the ends that the paper calls its range."""
    months = analysis.frame["followup_days"].dropna() / DAYS_PER_MONTH
    ends = (25, 75) if analysis.reading == "paper" else (0, 100)
    numbers = np.percentile(months, [50, *ends]) if len(months) else [None] * 3
    shared = {"n": len(months), "missing": len(analysis.frame) - len(months)}
    names = ("median", "low", "high")
    return {f"results.efficacy.followup.{name}": Value("", x, **shared) for name, x in zip(names, numbers, strict=True)}


@family(
    "extra.followup.minimum",
    "extra.followup.maximum",
    *(f"extra.followup.alive.{end}" for end in ("median", "minimum", "maximum")),
    population="all",
    method="order statistics of the time under observation, months; alive: of those alive at last contact",
    needs=["followup_days", "os_event"],
)
def followup_ends(analysis: Analysis) -> dict[str, Value]:
    """Shortest and longest follow-up, of all and of those alive at last contact."""
    months = analysis.frame["followup_days"] / DAYS_PER_MONTH
    alive, out = months[in_population(analysis, "alive")], int(months.isna().sum())
    found = {"minimum": months.min(), "maximum": months.max(), "alive.median": alive.median(), "alive.minimum": alive.min(),
             "alive.maximum": alive.max()}  # fmt: skip
    return {
        f"extra.followup.{key}": Value("", number, n=int((alive if "alive" in key else months).notna().sum()), missing=out,
                                       population="alive" if "alive" in key else "")
        for key, number in found.items()
    }  # fmt: skip


@family(
    *(f"extra.followup.reverse_km.{end}" for end in ("median", "ci_low", "ci_high")),
    population="all",
    method="reverse Kaplan–Meier: death censors, the end of follow-up is the event; months",
    depends=["alpha"],
    needs=["followup_days"],
)
def followup_reverse(analysis: Analysis) -> dict[str, Value]:
    """Median follow-up by reverse Kaplan–Meier; where no death was recorded, every end of follow-up is one."""
    frame = analysis.frame[analysis.frame["followup_days"].notna()]
    missing = len(analysis.frame) - len(frame)
    if frame.empty:
        return {f"extra.followup.reverse_km.{key}": Value("", None, "nobody has a follow-up", n=0, missing=missing)
                for key in ("median", "ci_low", "ci_high")}  # fmt: skip
    dead = is_yes(frame["os_event"]) if "os_event" in frame else pd.Series(False, index=frame.index)
    found = reverse_kaplan_meier(frame["followup_days"], dead, alpha=analysis.parameters.alpha)
    numbers = {"median": found.value, "ci_low": found.low, "ci_high": found.high}
    shared = {"n": len(frame), "events": int((~dead).sum()), "missing": missing}
    late = "the curve does not come down to one half"
    return {
        f"extra.followup.reverse_km.{key}": Value("", x / DAYS_PER_MONTH, late, **shared) for key, x in numbers.items()
    }
