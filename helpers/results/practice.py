"""One page for a clinician: what is claimed, against what, how each bias may act and by how much, and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from helpers.cohort.treatments import AGENT_NAMES
from helpers.estimate.immortal_time import early_failures_bound
from helpers.estimate.unmeasured import events_needed
from helpers.problems import NotAvailable
from helpers.results.contrast import contrast, contrast_outcome
from helpers.results.lost import lost_early
from helpers.results.populations import is_yes
from helpers.results.registry import compute

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

TOOL = "ROBINS-I, Version 2, draft of 20 November 2025"
UNKNOWN = "not computable"
LOW = "table5.univariate.gc_low"
STRONGEST = "table5.multivariable.blast_ge5.hr"
SIZES = ("results.multivariable.low.n", "results.multivariable.nongc.n")
ASSESSED = ("table3.nongc.cr", "table3.nongc.nr")


def agents_received(analysis: Analysis) -> pd.DataFrame:
    """Count what each group of the contrast was given besides: group, n, then one column per agent known, and "neither" (of one agent: "no" and its name).

    Raises
    ------
    NotAvailable
        If the cohort knows of no other agent.
    """
    of, frame = contrast(analysis), analysis.frame
    known = {
        words: is_yes(frame[name])
        for name, words in AGENT_NAMES.items()
        if name in frame and name != analysis.parameters.exposure.lower()
    }
    if not known:
        raise NotAvailable(f"cohort {analysis.cohort.name} does not say what else was given")
    table = pd.DataFrame(known)
    table["neither" if len(known) > 1 else f"no {table.columns[0]}"] = ~table.any(axis=1)
    groups = of.groups.astype(object)
    counts = table.groupby(groups).sum().reindex(list(of.labels))
    counts.insert(0, "n", groups.value_counts().reindex(list(of.labels)))
    return counts.rename_axis("group").reset_index()


def hidden_prevalence(hazard_ratio: float, strength: float) -> float:
    """Return in which share of the untreated a confounder must be, and in none of the treated, to explain a ratio below 1 away.

    Parameters
    ----------
    hazard_ratio : float
        Below 1.
    strength : float
        Ratio of the confounder for the outcome, above 1.

    Returns
    -------
    float
        0 to 1; infinity if no prevalence is enough.

    Examples
    --------
    >>> round(hidden_prevalence(0.5, 3.0), 3), hidden_prevalence(0.2, 3.0)
    (0.5, inf)
    """
    share = (1 / hazard_ratio - 1) / (strength - 1)
    return share if 0 <= share <= 1 else math.inf


def bias_domains(analysis: Analysis, printed: Mapping[str, float]) -> pd.DataFrame:
    """Go through the domains of :data:`TOOL`: what may act here, in which direction, and a bound that was computed.

    Parameters
    ----------
    analysis : Analysis
    printed : mapping of id to number
        Of the paper; what is not there has no bound.

    Returns
    -------
    DataFrame
        domain, what may act, favours, bound ("not computable" where there is none), source ("print", "cohort" or "").
    """
    own = _own(analysis)
    rows = [
        ("1 confounding", "sicker children are likelier to get steroids; the ladder of treatments and performance are not given", "either",
         *_confounding(printed)),
        ("2 classification of interventions", "low dose is known only when the course is over; a child who failed early could not be treated any more",
         "GC", *_early(printed)),
        ("3 selection into the analysis", "those who came to a high dose are left out", "GC, if need marks the sicker", *own["selection"]),
        ("4 missing data", *_unequal_loss(analysis), *own["lost"]),
        ("5 measurement of the outcome", "on which days, and by whom, relapse was looked for is not stated", "either", UNKNOWN, ""),
        ("6 selection of the reported result", "the dose was divided after a first look at the curves (Methods); what else was tried is not stated", "GC", *own["cut"]),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["domain", "what may act", "favours", "bound", "source"])


def _confounding(printed: Mapping[str, float]) -> tuple[str, str]:
    ratio, strength = printed.get(f"{LOW}.hr"), printed.get(STRONGEST)
    if ratio is None or strength is None or strength <= 1 or ratio >= 1:
        return UNKNOWN, ""
    share = hidden_prevalence(ratio, strength)
    if math.isinf(share):
        return f"one confounder as strong as the blasts ({strength:g}) is not enough for {ratio:g}", "print"
    return (
        f"explained away by one as strong as the blasts ({strength:g}) in {100 * share:.0f}% of the untreated and none of the treated",
        "print",
    )


def _early(printed: Mapping[str, float]) -> tuple[str, str]:
    ratio = [printed.get(f"{LOW}.{part}") for part in ("hr", "ci_low", "ci_high")]
    sizes, assessed = [printed.get(id) for id in SIZES], [printed.get(id) for id in ASSESSED]
    if None in (*ratio, *sizes, *assessed):
        return UNKNOWN, ""
    failed = sizes[1] - sum(assessed)
    bound = early_failures_bound(*ratio, *sizes, failed)
    if not math.isfinite(bound.largest_hr):
        return UNKNOWN, ""
    return (
        f"hazard ratio {ratio[0]:.2f} becomes at most about {bound.largest_hr:.2f} if {failed:.0f} failed before they could be treated",
        "print",
    )


def _unequal_loss(analysis: Analysis) -> tuple[str, str]:
    """Say how many of each group were lost within a year, and which group that favours."""
    of = contrast(analysis)
    rows = contrast_outcome(analysis)
    gone = 100 * lost_early(analysis, analysis.parameters.endpoint)[rows.index].groupby(rows["group"]).mean()
    untreated, treated = float(gone.get(of.reference, math.nan)), float(gone.get(of.chosen, math.nan))
    said = "what became of those lost is not known"
    if math.isnan(untreated) or math.isnan(treated):
        return said, "either"
    reference, chosen = ("the untreated", "low dose") if of.key == "gc_low" else (of.reference, of.chosen)
    said += f" (within a year {untreated:.0f}% of {reference}, {treated:.0f}% of {chosen})"
    if untreated == treated:
        return said, "either"
    well, badly = (chosen, reference) if untreated > treated else (reference, chosen)
    return said, f"{well}, if those who leave do well; {badly}, if they do badly"


def _own(analysis: Analysis) -> dict[str, tuple[str, str]]:
    """Bound what the cohort's own numbers can: everybody given the exposure; the lost free of the event; all cuts searched."""
    key = contrast(analysis).key
    ids = [
        "extra.time.naive.hr",
        f"extra.lost.event_free.{key}.hr",
        f"extra.lost.event_free.{key}.p",
        "extra.cut.p",
        "extra.cut.corrected_p",
    ]
    values = {}
    for id in ids:
        try:
            values[id] = compute(analysis, [id])[id].value
        except KeyError:
            values[id] = None
    anybody, stayed, p, own, corrected = values.values()
    name = analysis.parameters.exposure
    return {
        "selection": (UNKNOWN, "") if anybody is None or key != "gc_low" else
                     (f"nobody left out, any {name} against none: hazard ratio {anybody:.2f}", "cohort"),
        "lost": (UNKNOWN, "") if stayed is None else (f"hazard ratio {stayed:.2f} (p {p:.2f}) if all lost stayed free of the event", "cohort"),
        "cut": (UNKNOWN, "") if own is None or corrected is None else
               (f"p {own:.3f} becomes {corrected:.3f} if every cut was tried; of the size of the effect {UNKNOWN}", "cohort"),
    }  # fmt: skip


def settling_sizes(
    analysis: Analysis, ratios: tuple[float, ...] = (0.7, 0.8), *, share: float | None = None
) -> pd.DataFrame:
    """Say how large a study would have to be (log-rank test, level and power 5% and 80%).

    Parameters
    ----------
    analysis : Analysis
        The share with an event, of the two groups that are compared, makes patients of events.
    ratios : tuple of float
        Hazard ratios to be found.
    share : float, optional
        Of patients treated; by default one half.

    Returns
    -------
    DataFrame
        hazard_ratio, events, patients (with events as frequent as in the groups compared, NaN if they have none), times (how many times
        the patients of these groups).
    """
    rows, of = contrast_outcome(analysis), contrast(analysis)
    rows = rows[rows["group"].isin([of.reference, of.chosen])]
    often = float(rows["event"].mean()) if len(rows) else math.nan
    found = []
    for ratio in ratios:
        events = math.ceil(events_needed(ratio, share or 0.5, alpha=analysis.parameters.alpha))
        patients = math.ceil(events / often) if often > 0 else math.nan
        found.append(
            {
                "hazard_ratio": ratio,
                "events": events,
                "patients": patients,
                "times": patients / len(rows) if len(rows) else math.nan,
            }
        )
    return pd.DataFrame(found)


def settling_sentence(needed: Mapping[str, float]) -> str:
    """Say what a row of :func:`settling_sizes` asks for.

    Examples
    --------
    >>> settling_sentence({"hazard_ratio": 0.8, "events": 631.0, "times": 18.4})
    'A ratio of 0.8 would take 631 events, about 18 times as many patients'
    >>> settling_sentence({"hazard_ratio": 0.8, "events": 631.0, "times": math.nan})
    'A ratio of 0.8 would take 631 events, and this cohort has none'
    """
    start = f"A ratio of {needed['hazard_ratio']:g} would take {needed['events']:.0f} events"
    if not math.isfinite(needed["times"]):
        return f"{start}, and this cohort has none"
    return f"{start}, about {needed['times']:.0f} times as many patients"
