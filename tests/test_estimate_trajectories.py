"""Values below detection, fixed days and pairs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.estimate.groups import mann_whitney, quantile
from helpers.estimate.multiplicity import adjusted_p, with_adjusted
from helpers.estimate.noise import changes
from helpers.estimate.trajectories import (
    for_ranks,
    half_limit,
    median_bounds,
    paired_samples,
    sample_near,
    summarised_values,
    value_bounds,
)


def test_values_under_the_highest_limit_are_tied_and_those_above_keep_their_order():
    ranks = pd.Series(
        for_ranks([2.5, 1.0, 3.0, 2.4, 8.0], ["left", "left", "no", "no", "no"], [2.5, 1.0, None, None, None])
    ).rank()
    assert ranks.tolist() == [2.0, 2.0, 4.0, 2.0, 5.0]


def test_a_detected_value_at_the_limit_ranks_above_those_under_it():
    ranks = pd.Series(for_ranks([2.5, 2.5], ["left", "no"], [2.5, None])).rank()
    assert ranks.tolist() == [1.0, 2.0]


def test_values_above_the_upper_limit_are_tied_at_the_top():
    ranks = pd.Series(
        for_ranks([500.0, 500.0, 900.0, 10.0], ["right", "no", "right", "no"], [500.0, None, 900.0, None])
    ).rank()
    assert ranks.tolist() == [3.5, 2.0, 3.5, 1.0]


def test_a_limit_that_is_not_stated_is_the_value_itself():
    np.testing.assert_array_equal(
        for_ranks([2.5, 9.0], ["left", "no"], [None, None]), for_ranks([2.5, 9.0], ["left", "no"], [2.5, None])
    )


def test_without_censoring_nothing_changes():
    values = [3.0, 1.0, np.nan]
    np.testing.assert_array_equal(for_ranks(values, ["no", "no", None], [None] * 3), values)


@given(
    st.lists(st.floats(0.1, 100), min_size=2, max_size=20),
    st.lists(st.floats(0.1, 100), min_size=2, max_size=20),
    st.floats(1, 50),
)
def test_what_stands_for_a_value_below_detection_cannot_change_the_rank_test(first, second, limit):
    """Any two labs that write different numbers below one limit must come to the same p."""

    def p(written: float) -> float:
        groups = []
        for group in (first, second):
            side = ["left" if value < limit else "no" for value in group]
            groups.append(
                for_ranks(
                    [written if s == "left" else v for v, s in zip(group, side, strict=True)],
                    side,
                    [limit] * len(group),
                )
            )
        return mann_whitney(*groups).p

    assert p(limit) == pytest.approx(p(limit / 2), nan_ok=True)
    assert p(limit) == pytest.approx(p(0.0), nan_ok=True)


def test_half_the_limit_is_a_number_for_each_side():
    found = half_limit([2.5, 500.0, 7.0, np.nan], ["left", "right", "no", "no"], [2.5, 500.0, None, None])
    np.testing.assert_array_equal(found, [1.25, 500.0, 7.0, np.nan])


def test_a_median_among_censored_values_is_marked_as_a_bound():
    labs = pd.DataFrame(
        {
            "group": list("aaabbbcccc"),
            "value": [2.5, 2.5, 9.0, 2.5, 4.0, 9.0, 2.5, 2.5, 4.0, 9.0],
            "censored": ["left", "left", "no", "left", "no", "no", "left", "left", "no", "no"],
        }
    )
    found = summarised_values(labs, ["group"]).set_index("group")
    assert found["median_censored"].tolist() == [True, False, True]
    assert found["n_censored"].tolist() == [2, 1, 2]
    assert found.loc["b", "q3"] == quantile([2.5, 4.0, 9.0], 0.75)


def test_summary_is_per_group_and_day_and_skips_missing_values():
    labs = pd.DataFrame({"day": [0, 0, 3], "value": [1.0, np.nan, 5.0], "censored": ["no", "no", None]})
    assert summarised_values(labs, ["day"])[["day", "n", "median"]].to_numpy().tolist() == [[0, 1, 1.0], [3, 1, 5.0]]


LABS = pd.DataFrame(
    {
        "patient_id": ["a", "a", "a", "a", "b", "c"],
        "day": [2, 4, 6, 4, 1, 4],
        "analyte": ["CRP", "CRP", "CRP", "PCT", "CRP", "CRP"],
        "value": [10.0, 20.0, 30.0, 1.0, 5.0, 7.0],
    }
)
FIRST_GC = pd.Series({"a": 5.0, "b": 9.0, "c": np.nan})


def test_the_nearest_sample_within_tolerance_is_chosen_per_series():
    found = sample_near(LABS, FIRST_GC, -1, tolerance=1)
    assert found[["patient_id", "analyte", "value", "offset"]].to_numpy().tolist() == [
        ["a", "CRP", 20.0, -1.0],
        ["a", "PCT", 1.0, -1.0],
    ]


def test_of_two_samples_as_near_the_earlier_counts():
    found = sample_near(LABS, FIRST_GC, 0, tolerance=1)
    assert found.loc[found["analyte"] == "CRP", "value"].tolist() == [20.0]


def test_patients_without_the_anchor_or_a_sample_in_reach_are_left_out():
    assert set(sample_near(LABS, FIRST_GC, 0, tolerance=50)["patient_id"]) == {"a", "b"}
    assert sample_near(LABS, FIRST_GC, 30).empty


def test_pairs_hold_only_those_with_both_samples():
    before, after = sample_near(LABS, FIRST_GC, -1), sample_near(LABS, FIRST_GC, 1)
    found = paired_samples(before, after)
    assert found[["patient_id", "analyte", "value_before", "value_after"]].to_numpy().tolist() == [
        ["a", "CRP", 20.0, 30.0]
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_never_fall_below_the_raw_and_keep_their_order(raw):
    for method in ("holm", "bh"):
        adjusted = adjusted_p(raw, method)
        assert (adjusted >= np.array(raw) - 1e-12).all()
        assert (adjusted <= 1).all()
        order = np.argsort(raw, kind="stable")
        assert (np.diff(adjusted[order]) >= -1e-12).all()
    assert (adjusted_p(raw, "bh") <= adjusted_p(raw, "holm") + 1e-12).all()


def test_adjusted_columns_stand_right_behind_p():
    found = with_adjusted(pd.DataFrame({"p": [0.01, 0.03], "note": ["", ""]}))
    assert list(found) == ["p", "p_holm", "p_bh", "note"]


@pytest.mark.parametrize(
    ("values", "sides", "bound"),
    [
        ([10, 10, 3, 4, 5], "llnnn", True),  # from 3 to 5
        ([2.5, 2.5, 9], "lln", True),
        ([2.5, 2.5, 9], "lnn", False),  # 2.5 was measured, whatever the other is
        ([1, 4, 5, 6, 10], "lnnnn", False),
        ([10, 4, 5, 6, 7], "lnnnn", True),  # 6 or, with the first below 4, 5
        ([3, 4, 9, 9], "nnrr", True),
        ([3, 4, 5, 9, 9], "nnnrr", False),
        ([2, 3], "nn", False),
    ],
)
def test_a_median_is_a_bound_if_it_depends_on_what_lies_beyond_the_limits(values, sides, bound):
    words = {"l": "left", "n": "no", "r": "right"}
    labs = pd.DataFrame({"day": 0, "value": np.array(values, float), "censored": [words[side] for side in sides]})
    assert bool(summarised_values(labs, ["day"])["median_censored"].iloc[0]) is bound


def test_what_is_tied_under_a_limit_ranks_below_it_and_is_no_change_from_it():
    ranked = for_ranks([2.5, 2.5, 1.0], ["left", "no", "no"], [2.5, None, None])
    assert ranked[0] == ranked[2] < ranked[1]
    assert mann_whitney(ranked[[0, 2]], ranked[[1, 1]]).statistic == 0
    assert changes(ranked[[1]], ranked[[0]]) == 0


def test_what_lies_above_the_lowest_upper_limit_is_tied_with_what_it_censors():
    found = for_ranks([100.0, 150.0, 90.0, 120.0], ["right", "no", "no", "right"], [100.0, None, None, 120.0])
    assert found[0] == found[1] == found[3] > 100 > found[2] == 90


@pytest.mark.parametrize("seed", range(12))
def test_the_bounds_of_a_median_are_the_ends_of_all_medians_that_can_be(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    value, side = rng.integers(1, 9, n).astype(float), rng.choice(["left", "no", "right"], n)
    candidates = [{"left": (0.0, v), "no": (v, v), "right": (v, 99.0)}[s] for v, s in zip(value, side, strict=True)]
    medians = [np.median(chosen) for chosen in itertools.product(*candidates)]  # a median is monotone in each value
    least, most = median_bounds(*value_bounds(value, side, np.full(n, np.nan)))
    for found, end in ((least, min(medians)), (most, max(medians))):
        assert not np.isfinite(found) or found == end
    # a missing bound needs a middle value without one
    middle = slice((n - 1) // 2, n // 2 + 1)
    assert np.isinf(least) == bool(np.isinf(np.sort(np.where(side == "left", -np.inf, value))[middle]).any())
    assert np.isinf(most) == bool(np.isinf(np.sort(np.where(side == "right", np.inf, value))[middle]).any())


def test_a_value_below_detection_is_bounded_by_the_limit_not_by_what_stands_for_it():
    labs = pd.DataFrame(
        {"day": 0, "value": [1.25, 1.25, 9], "censored": ["left", "left", "no"], "limit": [2.5, 2.5, None]}
    )
    found = summarised_values(labs, ["day"]).iloc[0]
    assert (found["median_least"], found["median_most"]) == (-np.inf, 2.5)
