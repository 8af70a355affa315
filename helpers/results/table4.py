"""Table 4: day 30 response by onset, duration and dose of GC."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from helpers.results.comparisons import within
from helpers.results.covariates import cut_label
from helpers.results.populations import in_population, is_yes, named_population, needed_frame
from helpers.results.registry import DOSE, LENGTH, ONSET, family
from helpers.results.table3 import PRINTED, STATED, WHY, compare_response, comparison_frame, responder_counts
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

SPLITS = {
    "onset": ("gc_onset", {"onset_early": "early", "onset_late": "late"}, "evaluable & gc"),
    "duration": ("gc_duration_group", {"dur_short": "short", "dur_long": "long"}, "evaluable & gc"),
    "dose": ("gc_group", {"dose_0": "none", "dose_low": "low", "dose_high": "high"}, "evaluable"),
}


def _split(analysis: Analysis, name: str) -> dict[str, Value]:
    column, rows, among = SPLITS[name]
    groups = {row: is_yes(analysis.frame[column] == level) for row, level in rows.items()}
    found = {}
    for row, members in groups.items():
        if row != "dose_0":  # the print's own row for it is that of Table 3
            who = within(analysis, among, name, rows[row])
            found |= responder_counts(analysis, f"table4.{row}", members, who)
    labelled = {rows[row]: members for row, members in groups.items()}
    test = compare_response(analysis, labelled, in_population(analysis, among))
    return found | {f"table4.{name}.p": replace(test, population=named_population(analysis, among))}


def _ids(name: str) -> list[str]:
    rows = [row for row in SPLITS[name][1] if row != "dose_0"]
    return [*(f"table4.{row}.{measure}" for row in rows for measure in ("cr", "nr")), f"table4.{name}.p"]


@family(*_ids("onset"), population="evaluable", method=PRINTED, reason=WHY, stated=STATED,
        depends=[*ONSET, "chi_square"], needs=["gc_onset", "cr"])  # fmt: skip
def response_by_onset(analysis: Analysis) -> dict[str, Value]:
    """Response by early and late GC, of those given GC."""
    return _split(analysis, "onset")


@family(*_ids("duration"), population="evaluable", method=PRINTED, reason=WHY, stated=STATED,
        depends=[*LENGTH, "chi_square"], needs=["gc_duration_group", "cr"])  # fmt: skip
def response_by_duration(analysis: Analysis) -> dict[str, Value]:
    """Response by short and long GC, of those given GC."""
    return _split(analysis, "duration")


@family(*_ids("dose"), population="evaluable", method=PRINTED, reason=WHY, stated=STATED,
        depends=[*DOSE, "chi_square"], needs=["gc_group", "cr"])  # fmt: skip
def response_by_dose(analysis: Analysis) -> dict[str, Value]:
    """Response by no, low-dose and high-dose GC."""
    return _split(analysis, "dose")


def table4_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 4: comparison, group, CR, NR, not done, p (that of the comparison); those that the cohort gives.

    Raises
    ------
    NotAvailable
        If the cohort has no response, or neither onset, duration nor dose of GC.
    """
    needed_frame(analysis, "cr")
    given = {name: split for name, split in SPLITS.items() if split[0] in analysis.frame}
    if not given:
        needed_frame(analysis, *(column for column, _, _ in SPLITS.values()))
    used = analysis.parameters
    cut = analysis.gc_cutoff
    labels = {
        "early": f"<{used.onset_cut_days:g} days", "late": f"≥{used.onset_cut_days:g} days",
        "short": f"≤{used.duration_cut_days:g} days", "long": f">{used.duration_cut_days:g} days",
        "none": "0 mg/kg", "low": cut_label("≤{} mg/kg", cut), "high": cut_label(">{} mg/kg", cut),
    }  # fmt: skip
    titles = {"onset": "Onset of GC", "duration": "Duration of GC", "dose": "Dose of GC"}
    comparisons = {}
    for name, (column, rows, among) in given.items():
        series = analysis.frame[column]
        comparisons[titles[name]] = ({labels[level]: is_yes(series == level) for level in rows.values()}, among)
    return comparison_frame(analysis, comparisons)
