"""Tests of independence against R's chisq.test and fisher.test."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.estimate import contingency
from helpers.paths import ROOT

STRATA = pd.read_csv(ROOT / "tests" / "oracle" / "contingency_strata.csv", comment="#")
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


@pytest.mark.parametrize("case", list(STRATA.itertuples(index=False)), ids=lambda case: case.case)
def test_strata_are_pooled_as_r_pools_them(case):
    tables = np.array([int(count) for count in case.counts.split()]).reshape(-1, 2, 2)
    found = contingency.mantel_haenszel(tables)
    assert [found.odds_ratio, found.statistic, found.p] == pytest.approx(
        [case.odds_ratio, case.statistic, case.p], abs=1e-10
    )


def test_a_stratum_without_both_outcomes_adds_nothing():
    table, empty = [[27, 1], [26, 2]], [[3, 0], [4, 0]]
    assert contingency.mantel_haenszel([table, empty]) == contingency.mantel_haenszel([table])
    with pytest.raises(ValueError, match="no stratum"):
        contingency.mantel_haenszel([empty])


def test_a_table_too_large_to_count_is_simulated_with_its_error(monkeypatch):
    counts = [[30, 10, 5], [25, 20, 7], [15, 9, 11]]
    monkeypatch.setattr(contingency, "MOST_WORK", 10)
    monkeypatch.setattr(contingency, "SIMULATED", 20_000)
    found = contingency.fisher_test(counts)
    assert found.tables == 20_000
    assert 0 < found.error < 0.01
    assert abs(found.p - 0.0494578304) < 4 * found.error
    assert "20,000 tables simulated" in found.method
    assert contingency.fisher_test(counts) == found


@given(st.lists(st.integers(0, 4), min_size=9, max_size=12))
@settings(max_examples=30, deadline=None)
def test_every_small_table_agrees_with_counting_them_one_by_one(cells):
    counts = np.array(cells[: len(cells) - len(cells) % 3]).reshape(3, -1) + np.eye(3, len(cells) // 3, dtype=int)
    counts = counts[:, counts.any(axis=0)]
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    chances = {}
    for order in _tables(tuple(rows), tuple(columns)):
        chances[order] = math.exp(-sum(math.lgamma(cell + 1) for column in order for cell in column))
    own = math.exp(-sum(math.lgamma(cell + 1) for cell in counts.ravel()))
    expected = sum(p for p in chances.values() if p <= own * (1 + 1e-7)) / sum(chances.values())
    assert contingency.fisher(counts) == pytest.approx(expected, abs=1e-10)


def _tables(rows, columns):
    if len(columns) == 1:
        yield (rows,)
        return
    for first in product(*(range(row + 1) for row in rows)):
        if sum(first) == columns[0]:
            left = tuple(row - cell for row, cell in zip(rows, first, strict=True))
            yield from ((first, *rest) for rest in _tables(left, columns[1:]))
