"""Group comparisons against base R and nortest (estimate_groups.R) and against PSPP 1.6.2 (estimate_groups.sps)."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import EXACT, FOLDER, oracle

from helpers.estimate import contingency
from helpers.estimate.groups import (
    _signed_rank_quantile,
    compare_groups,
    compare_paired,
    described_values,
    kruskal_wallis,
    lilliefors,
    mann_whitney,
    paired_ratio,
    paired_t,
    paired_wilcoxon,
    quantile,
    sign_test,
    t_test,
)

DATA = pd.read_csv(FOLDER / "estimate_groups_data.csv")
R = oracle("estimate_groups").set_index("case")
VARIABLES = ("normal", "skewed")


def parts(variable: str) -> tuple[pd.Series, pd.Series]:
    return tuple(DATA.loc[DATA["group"] == number, variable] for number in (1, 2))


def pspp(table: str, label: str, occurrence: int = 0) -> list[float]:
    """Return the numbers of the row of a PSPP table whose cells hold *label*."""
    blocks = (FOLDER / "estimate_groups.out.csv").read_text(encoding="utf-8").split("Table: ")
    block = [block for block in blocks if block.startswith(f"{table}\n")][occurrence]
    row = next(row for row in csv.reader(block.splitlines()[1:]) if label in row)
    return [float(cell) for cell in row if cell.lstrip("-").replace(".", "", 1).isdigit()]


def equal(computed, expected):
    np.testing.assert_allclose(np.asarray(computed, float), np.asarray(expected, float), rtol=0, atol=EXACT)


def test_pspp_wrote_the_stored_output():
    assert "GNU pspp 1.6.2" in (FOLDER / "estimate_groups.out.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(("pooled", "case"), [(True, "t"), (False, "welch")])
def test_t_agrees_with_r(variable, pooled, case):
    found = t_test(*parts(variable), pooled=pooled)
    equal([found.statistic, found.p, found.df], R.loc[f"{variable}.{case}"])


@pytest.mark.parametrize("variable", VARIABLES)
def test_pooled_t_agrees_with_pspp(variable):
    printed = pspp("Independent Samples Test", variable)
    found = t_test(*parts(variable))
    equal([found.statistic, found.df, found.p], printed[2:5])


@pytest.mark.parametrize("variable", VARIABLES)
def test_mann_whitney_agrees_with_r_and_pspp(variable):
    found = mann_whitney(*parts(variable))
    equal([found.statistic, found.p], R.loc[f"{variable}.mann_whitney", ["statistic", "p"]])
    printed = pspp("Test Statistics", variable)
    equal([found.statistic, found.p], [printed[0], printed[-1]])


@pytest.mark.parametrize("variable", VARIABLES)
def test_kruskal_wallis_agrees_with_r_and_pspp(variable):
    found = kruskal_wallis(*parts(variable))
    equal([found.statistic, found.p, found.df], R.loc[f"{variable}.kruskal"])
    column = VARIABLES.index(variable)
    equal(found.statistic, pspp("Test Statistics", "Chi-Square", 2)[column])


@pytest.mark.parametrize("variable", VARIABLES)
def test_lilliefors_agrees_with_nortest_and_its_distance_with_pspp(variable):
    found = lilliefors(DATA[variable])
    expected = R.loc[f"{variable}.lilliefors"]
    equal(found.statistic, expected["statistic"])
    equal(found.statistic, pspp("One-Sample Kolmogorov-Smirnov Test", "Absolute")[VARIABLES.index(variable)])
    if expected["p"] <= 0.1:
        equal(found.p, expected["p"])
    else:
        assert found.p > 0.1


def test_without_lilliefors_correction_the_test_would_hardly_ever_reject():
    uncorrected = pspp("One-Sample Kolmogorov-Smirnov Test", "Asymp. Sig. (2-tailed)")[1]
    assert lilliefors(DATA["skewed"]).p < uncorrected / 1e6


def test_pairs_agree_with_r_and_pspp():
    means, ranks = paired_t(DATA["before"], DATA["after"]), paired_wilcoxon(DATA["before"], DATA["after"])
    equal([means.statistic, means.p, means.df], R.loc["paired.t"])
    equal([ranks.statistic, ranks.p], R.loc["paired.wilcoxon", ["statistic", "p"]])
    equal([means.statistic, means.df, means.p], pspp("Paired Samples Test", "after - before")[-3:])
    equal(ranks.p, pspp("Test Statistics", "Asymp. Sig. (2-tailed)", 1)[0])


@pytest.mark.parametrize(("case", "pairs"), [("all", 61), ("few", 12)])
def test_ratio_and_signs_of_pairs_agree_with_r(case, pairs):
    before, after = DATA["before"][:pairs], DATA["after"][:pairs]
    found = paired_ratio(before, after)
    equal([found.ratio, found.low, found.high], R.loc[f"ratio.{case}", ["statistic", "p", "df"]])
    signs = sign_test(before, after)
    equal([signs.statistic, signs.p], R.loc[f"sign.{case}", ["statistic", "p"]])


def test_the_interval_is_that_of_wilcox_test_without_ties():
    changes = np.array([1.3, -0.4, 2.2, 0.9, 3.1, -1.7, 0.2, 1.1])
    found = paired_ratio(np.ones(8), np.exp(changes))
    equal(np.log([found.ratio, found.low, found.high]), R.loc["hodges_lehmann.free", ["statistic", "p", "df"]])


def test_a_ratio_needs_pairs_above_zero():
    assert "no pair" in paired_ratio([1, None], [None, 2]).reason
    assert "no logarithm" in paired_ratio([1, 0], [1, 2]).reason


def noisy(values) -> list[float]:
    """The same numbers by another way of adding: what a spreadsheet or a subtraction leaves of decimals."""
    return [value / 3 + value / 3 + value / 3 for value in values]


@pytest.mark.parametrize(
    "test",
    [
        mann_whitney,
        t_test,
        kruskal_wallis,
        lambda a, b: lilliefors([*a, *b]),
        paired_wilcoxon,
        paired_t,
        sign_test,
    ],
)
def test_noise_of_binary_fractions_changes_nothing(test):
    first, second = [0.1, 0.3, 0.7, 1.1, 2.3, 0.3], [0.3, 0.6, 0.9, 1.3, 2.1, 0.3]
    plain, noised = test(first, second), test(noisy(first), second)
    assert noised.p == pytest.approx(plain.p, rel=1e-9)
    assert noised.statistic == pytest.approx(plain.statistic, rel=1e-9)


@pytest.mark.parametrize("step", [0.1, 0.2, 0.7, 3.3])
def test_equal_changes_have_no_test_of_means_and_tied_ranks(step):
    before = np.array([0.1, 0.2, 0.3, 1.1, 17.9, 123.4])
    after = before + step
    assert np.isnan(paired_t(before, after).p)
    assert "all changes equal" in paired_t(before, after).reason
    assert "all values equal" in compare_paired(before, after).normality[0].reason
    assert paired_wilcoxon(before, after).p == paired_wilcoxon(np.zeros(6), np.ones(6)).p


def test_rises_and_falls_of_one_size_are_tied():
    before, after = [0.3, 0.1, 1.0, 5.0], [0.4, 0.0, 0.9, 4.0]  # +0.1, -0.1, -0.1, -1
    assert paired_wilcoxon(before, after).statistic == 2.0


def test_quantiles_are_type_7():
    for row in oracle("estimate_groups_quantiles").itertuples():
        assert quantile(DATA[row.variable], row.q) == pytest.approx(row.value, abs=EXACT)


def test_table_3_by_gc_agrees_with_pspp_crosstabs():
    counts = [[53, 2], [40, 6]]
    equal(contingency.pearson(counts), pspp("Chi-Square Tests", "Pearson Chi-Square")[2])
    equal(contingency.yates(counts), pspp("Chi-Square Tests", "Continuity Correction")[2])


def test_normality_decides_the_test():
    normal, skewed = (compare_groups(*parts(variable)) for variable in VARIABLES)
    assert normal.normal
    assert normal.chosen == normal.t
    assert not skewed.normal
    # by what they show: a missing number of degrees of freedom (NaN) is not equal to itself
    assert repr(skewed.chosen) == repr(skewed.ranks) == repr(mann_whitney(*parts("skewed")))
    assert skewed.t_welch == t_test(*parts("skewed"), pooled=False)


def test_one_group_that_is_not_normal_is_enough_for_ranks():
    bell = DATA["normal"]
    assert compare_groups(bell, DATA["skewed"]).chosen.name == "Mann–Whitney U test"
    assert compare_groups(DATA["skewed"], bell).chosen.name == "Mann–Whitney U test"


def test_normality_of_the_changes_decides_for_pairs():
    found = compare_paired(DATA["before"], DATA["after"])
    assert found.chosen.name == "Wilcoxon signed-rank test"
    assert repr(found.normality) == repr((lilliefors(DATA["after"] - DATA["before"]),))
    shifted = compare_paired(DATA["normal"] * 0, DATA["normal"])
    assert shifted.chosen.name == "paired t test"


def test_pairs_with_a_missing_half_are_left_out():
    before, after = [1.0, 2, None, 5, 4], [2.0, 4, 6, None, 9]
    assert paired_t(before, after).n == paired_wilcoxon(before, after).n == (3,)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (lilliefors([1, 2, 3]), "fewer than four"),
        (lilliefors([2, 2, 2, 2]), "all values equal"),
        (t_test([1], [2, 3]), "too few"),
        (mann_whitney([], [1, 2]), "empty group"),
        (mann_whitney([3, 3], [3]), "all values equal"),
        (paired_t([1], [2]), "too few pairs"),
        (paired_wilcoxon([1, 2], [1, 2]), "no pair that changed"),
        (kruskal_wallis([1, 2]), "empty group"),
    ],
)
def test_no_test_is_possible_and_the_reason_is_said(found, said):
    assert np.isnan(found.p)
    assert said in found.reason


def test_describe_of_nothing_is_missing_not_an_error():
    found = described_values([None, np.nan])
    assert (found["n"], found["missing"]) == (0, 2)
    assert np.isnan(found["median"])
    assert np.isnan(quantile([], [0.25, 0.75])).all()


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=25), st.lists(st.integers(-20, 20), min_size=2, max_size=25))
def test_the_order_of_two_groups_does_not_change_p(first, second):
    for test in (mann_whitney, t_test):
        one, other = test(first, second), test(second, first)
        assert one.p == pytest.approx(other.p, abs=1e-12, nan_ok=True)
    ranks, exchanged = mann_whitney(first, second), mann_whitney(second, first)
    if not np.isnan(ranks.p):
        assert ranks.statistic + exchanged.statistic == len(first) * len(second)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=25))
def test_rises_and_falls_share_the_signed_ranks(pairs):
    before, after = zip(*pairs, strict=True)
    up, down = paired_wilcoxon(before, after), paired_wilcoxon(after, before)
    moved = sum(a != b for a, b in pairs)
    if moved:
        assert up.statistic + down.statistic == pytest.approx(moved * (moved + 1) / 2)
        assert up.p == pytest.approx(down.p, abs=1e-12)


@pytest.mark.parametrize("row", list(oracle("signed_rank").itertuples()), ids=lambda row: f"{row.n} pairs, {row.q}")
def test_quantiles_of_signed_ranks_are_those_of_r(row):
    assert _signed_rank_quantile(row.q, row.n) == row.quantile
