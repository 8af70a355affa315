"""Tests of independence against R's chisq.test and fisher.test."""

import numpy as np
import pandas as pd
import pytest

from helpers.estimate import contingency
from helpers.paths import ROOT

ORACLE = pd.read_csv(ROOT / "tests" / "oracle" / "contingency.csv", comment="#")


@pytest.mark.parametrize("case", list(ORACLE.itertuples(index=False)), ids=lambda case: case.case)
@pytest.mark.parametrize("test", ["pearson", "yates", "fisher", "likelihood_ratio"])
def test_p_agrees_with_r(case, test):
    counts = np.array([int(count) for count in case.counts.split()]).reshape(case.rows, -1)
    computed = getattr(contingency, test)(counts)
    assert computed == pytest.approx(getattr(case, test), abs=1e-10, nan_ok=True)


def test_p_is_the_same_for_the_table_turned_round():
    counts = np.array([[40, 41, 12], [6, 1, 1]])
    assert contingency.p_values(counts) == pytest.approx(contingency.p_values(counts.T), abs=1e-12)


def test_yates_is_left_out_of_a_larger_table():
    assert list(contingency.p_values([[40, 41, 12], [6, 1, 1]])) == ["Pearson", "Fisher", "likelihood ratio"]


@pytest.mark.parametrize("counts", [[[0, 0], [3, 4]], [[1.5, 2], [3, 4]], [[-1, 2], [3, 4]], [1, 2]])
def test_what_is_no_table_of_counts_is_refused(counts):
    with pytest.raises(ValueError, match="table of counts"):
        contingency.pearson(counts)


@pytest.mark.parametrize(
    ("counts", "convention"),
    [
        ([[20, 20], [20, 20]], "Pearson"),
        ([[53, 2], [40, 6]], "Yates"),
        ([[27, 0], [26, 2]], "Fisher"),
        ([[5, 6], [7, 8]], "Fisher"),
        ([[20, 20, 20], [20, 20, 20]], "Pearson"),
        ([[40, 41, 12], [6, 1, 1]], "Fisher"),
    ],
)
def test_the_rule_names_its_convention(counts, convention):
    assert contingency.asked_for(counts) == convention
