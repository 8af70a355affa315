"""The numbers of events that the search is told follow from the printed widths: no narrower interval has fewer events.

With d events in a row's group and r in its reference, the standard error of the log hazard ratio is at least
sqrt(1/d + 1/r): the information, a sum over events of p(1 - p), is concave in the group's expected share p, and the
shares sum to d at the estimate. Other levels of a factor change nothing of it.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from helpers.estimate.partial_likelihood import maximise
from helpers.paths import DATA
from helpers.published.values import printed_values, published_values

Z = norm.isf(0.025)
MOST_ABOVE = 1.04  # a row's standard error is so much above the least at most: shares drift little over the events


def allowed(row: str) -> tuple[float, float]:
    """Return the least and the greatest standard error with which all four printed numbers of a row can hold."""
    values = printed_values(published_values())
    ends = {}
    for measure in ("hr", "ci_low", "ci_high", "p"):
        one = values[f"table5.{row}.{measure}"]
        half = float(one.unit) / 2
        ends[measure] = (float(one.number) - half, float(one.number) + half)
    sign = 1 if ends["hr"][0] > 1 else -1
    rows, limits = [], []  # of (beta, se)
    for measure, times in (("hr", 0.0), ("ci_low", -Z), ("ci_high", Z)):
        low, high = ends[measure]
        rows += [(1, times), (-1, -times)]
        limits += [log(high), -log(low)]
    rows += [(sign, -norm.isf(ends["p"][0] / 2)), (-sign, norm.isf(ends["p"][1] / 2))]
    limits += [0.0, 0.0]
    found = [linprog((0, side), A_ub=rows, b_ub=limits, bounds=[(None, None), (0, None)]) for side in (1, -1)]
    assert all(one.success for one in found), row
    return tuple(one.x[1] for one in found)


def least(group: int, reference: int) -> float:
    """Return the least standard error with so many events."""
    return sqrt(1 / group + 1 / reference)


def test_no_fit_is_narrower_than_the_bound():
    rng = np.random.default_rng(3)
    for _ in range(200):
        group, event = rng.random(80) < rng.uniform(0.2, 0.8), rng.random(80) < 0.5
        fit = maximise(group[:, None].astype(float), rng.permutation(80) + 1.0, event)
        if fit.converged:
            assert sqrt(fit.covariance[0, 0]) >= least((group & event).sum(), (~group & event).sum()) * (1 - 1e-9)


def test_fewer_than_38_events_cannot_give_the_interval_of_the_weight_row():
    most = allowed("univariate.weight_gt27")[1]
    assert all(least(d, 37 - d) > most for d in range(1, 37))
    assert least(19, 19) < most


@pytest.mark.parametrize(
    ("row", "first", "codes", "reference"),
    [
        ("univariate.female", "female", "yes", 38),
        ("univariate.blast_ge5", "marrow", "few", 38),
        ("univariate.age_gt8", "age_over", "yes", 38),
        ("univariate.crs", "toxic", "no", 38),
        ("univariate.tcz", "agents", "tcz|both", 34),
        ("univariate.gc_onset_gt4", "late", "yes", 17),
        ("univariate.gc_dur_gt2", "long", "yes", 17),
    ],
)
def test_the_events_that_the_search_is_told_fit_the_printed_width(row, first, codes, reference):
    table = pd.read_csv(DATA / "synthesis" / "bounds.csv", dtype=str, keep_default_na=False)
    told = table[(table["first"] == first) & (table["codes"] == codes) & table["reason"].str.contains(" fits? ")]
    low, high = allowed(row)
    inside = range(int(told["low"].iloc[0]), int(told["high"].iloc[0]) + 1)
    assert len(told) == 1
    assert any(least(d, reference - d) <= high and least(d, reference - d) * MOST_ABOVE >= low for d in inside)


def test_the_icans_grades_and_the_low_dose_fit_few_numbers_of_events():
    for row, group, reference in [
        ("univariate.icans_g2", 4, 7),
        ("univariate.icans_g3", 1, 7),
        ("univariate.gc_low", 11, 17),
        ("univariate.crs_g2", 15, 9),
        ("univariate.crs_g3", 10, 9),
    ]:
        low, high = allowed(row)
        assert least(group, reference) <= high
        assert least(group, reference) * MOST_ABOVE >= low


def test_every_bound_says_where_it_comes_from():
    table = pd.read_csv(DATA / "synthesis" / "bounds.csv", dtype=str, keep_default_na=False)
    assert set(table["source"]) == {"ward", "print", "inferred"}
    from_widths = table["reason"].str.contains("width")
    assert (table.loc[from_widths, "source"] == "inferred").all()
    assert table["reason"].str.len().gt(10).all()
