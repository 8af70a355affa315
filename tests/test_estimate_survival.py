"""Kaplan-Meier and log-rank against R's survival 3.5-3 (tests/oracle/estimate_survival.R)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import EXACT, oracle

from helpers.estimate.arrays import durations, numbers
from helpers.estimate.kaplan_meier import (
    at_risk,
    curve,
    half_width,
    median,
    restricted_mean,
    restricted_mean_difference,
    reverse_kaplan_meier,
    survival_at,
)
from helpers.estimate.logrank import logrank, pairwise
from helpers.estimate.multiplicity import adjust

DATA = {name: oracle(f"estimate_data_{name}") for name in ("lung", "veteran", "ovarian", "small", "flat", "half")}
KINDS = [(name, kind) for name in DATA for kind in ("plain", "log", "log-log")]


def close(computed, expected, tolerance=EXACT):
    np.testing.assert_allclose(np.asarray(computed, float), np.asarray(expected, float), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_curve_agrees_with_survfit(name, kind):
    data, expected = DATA[name], oracle("estimate_curves").query("data == @name and conf_type == @kind")
    found = curve(data["time"], data["event"], conf_type=kind)
    found = found[found["time"].isin(expected["time"])]
    assert list(found["time"]) == list(expected["time"])
    close(found[["at_risk", "events", "censored"]], expected[["at_risk", "events", "censored"]])
    close(found[["survival", "se"]], expected[["survival", "se"]])
    # R leaves the log-log limits open while survival is 1; here they are 1
    close(
        found[["low", "high"]].mask(found["survival"] == 1), expected[["low", "high"]].mask(expected["survival"] == 1)
    )


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_survival_at_given_times_agrees_with_summary_survfit(name, kind):
    data, expected = DATA[name], oracle("estimate_survival_at").query("data == @name and conf_type == @kind")
    found = survival_at(data["time"], data["event"], expected["time"], conf_type=kind)
    columns = ["at_risk", "survival", "se", "low", "high"]
    close(found[columns], expected[columns])


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_quantiles_agree_with_survfit_flat_stretches_included(name, kind):
    data = DATA[name]
    for row in oracle("estimate_quantiles").query("data == @name and conf_type == @kind").itertuples():
        found = median(data["time"], data["event"], conf_type=kind, q=row.q)
        close(found[:3], (row.value, row.low, row.high))


@pytest.mark.parametrize("row", list(oracle("estimate_follow_up").itertuples()), ids=lambda row: row.data)
def test_follow_up_agrees_with_reverse_survfit(row):
    data = DATA[row.data]
    found = reverse_kaplan_meier(data["time"], data["event"], conf_type=row.conf_type)
    close(found[:3], (row.value, row.low, row.high))


@pytest.mark.parametrize(
    "row", list(oracle("estimate_restricted_means").itertuples()), ids=lambda row: f"{row.data}-{row.tau:g}"
)
def test_restricted_mean_and_its_error_agree_with_r(row):
    data = DATA[row.data]
    found = restricted_mean(data["time"], data["event"], row.tau)
    close((found.value, found.se), (row.value, row.se), 1e-9)


def test_half_widths_are_those_of_r_by_each_convention():
    data = DATA["lung"]
    expected = {
        kind: oracle("estimate_survival_at").query("data == 'lung' and conf_type == @kind").iloc[1]
        for kind in ("plain", "log", "log-log")
    }
    day = expected["log"]["time"]
    wanted = {
        "plain": expected["plain"]["survival"] - expected["plain"]["low"],
        "log_lower": expected["log"]["survival"] - expected["log"]["low"],
        "log_upper": expected["log"]["high"] - expected["log"]["survival"],
        "loglog_lower": expected["log-log"]["survival"] - expected["log-log"]["low"],
        "loglog_upper": expected["log-log"]["high"] - expected["log-log"]["survival"],
        "se": expected["log"]["se"],
    }
    for convention, value in wanted.items():
        assert half_width(data["time"], data["event"], day, convention=convention) == pytest.approx(value, abs=EXACT)
    assert len({round(value, 6) for value in wanted.values()}) == 6


def test_half_width_refuses_an_unknown_convention():
    with pytest.raises(ValueError, match="log_lower"):
        half_width([1, 2], [1, 0], 1, convention="wilson")


def test_survival_is_unknown_beyond_the_last_follow_up_but_zero_once_all_have_died():
    assert survival_at([2, 5], [1, 0], 9)["survival"].isna().all()
    assert survival_at([2, 5], [1, 1], 9)["survival"].tolist() == [0.0]
    assert survival_at([2, 5], [1, 0], [0, 2, 5])["at_risk"].tolist() == [2, 2, 1]


def test_restricted_mean_refuses_a_horizon_that_nobody_reached():
    with pytest.raises(ValueError, match="last time, 5"):
        restricted_mean([2, 5], [1, 0], 6)


def test_restricted_mean_difference_adds_the_variances():
    lung = DATA["lung"]
    men, women = (lung[lung["sex"] == sex] for sex in ("male", "female"))
    gain, p = restricted_mean_difference((men["time"], men["event"]), (women["time"], women["event"]), 365)
    parts = [restricted_mean(part["time"], part["event"], 365) for part in (men, women)]
    assert gain.value == pytest.approx(parts[1].value - parts[0].value, abs=EXACT)
    assert gain.se**2 == pytest.approx(parts[0].se ** 2 + parts[1].se ** 2, abs=EXACT)
    assert 0 < p < 0.001
    assert gain.low < gain.value < gain.high


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
def test_curve_falls_and_accounts_for_every_patient(pairs):
    time, event = zip(*pairs, strict=True)
    found = curve(time, event)
    assert found["survival"].is_monotonic_decreasing
    assert found["survival"].between(0, 1).all()
    assert found["events"].sum() == sum(event)
    assert found["censored"].sum() == len(event) - sum(event)
    assert found["at_risk"].iloc[0] == len(time)
    assert (found["low"].dropna() <= found["survival"][found["low"].notna()] + 1e-12).all()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_censoring_survival_is_the_share_still_alive(times):
    found = curve(times, np.ones(len(times)))
    share = [np.mean(np.array(times) > day) for day in found["time"]]
    close(found["survival"], share)


def test_patients_without_time_or_event_are_left_out():
    time = pd.array([3, None, 5, 7], dtype="Int64")
    event = pd.array([True, True, None, False], dtype="boolean")
    assert [part.tolist() for part in durations(time, event)] == [[3.0, 7.0], [True, False]]
    assert curve(time, event)["at_risk"].iloc[0] == 2
    assert at_risk(time, 0, event=event).tolist() == [2]


@pytest.mark.parametrize(
    ("time", "event", "said"),
    [
        ([1, -2], [1, 0], "negative"),
        ([1, np.inf], [1, 0], "finite"),
        ([1, 2], [1, 2], "0 or 1"),
        ([1], [1, 0], "1 times but 2"),
    ],
)
def test_times_and_flags_that_make_no_sense_are_refused(time, event, said):
    with pytest.raises(ValueError, match=said):
        durations(time, event)


def test_no_patients_is_said():
    with pytest.raises(ValueError, match="no patient"):
        curve([], [])


def test_text_is_no_number():
    with pytest.raises(ValueError, match="abc"):
        numbers(["1", "abc"])


@pytest.mark.parametrize(
    "row", list(oracle("estimate_logrank").itertuples()), ids=lambda row: f"{row.data}-{row.column}"
)
def test_logrank_agrees_with_survdiff(row):
    data = DATA[row.data]
    found = logrank(data["time"], data["event"], data[row.column])
    close((found.statistic, found.df, found.p), (row.statistic, row.df, row.p))
    expected = oracle("estimate_logrank_groups").query("data == @row.data and column == @row.column")
    assert [str(group).removesuffix(".0") for group in found.table["group"]] == list(expected["group"])
    close(found.table[["n", "observed", "expected"]], expected[["n", "observed", "expected"]])


def test_all_pairs_agree_with_survdiff_and_p_adjust():
    data, expected = DATA["veteran"], oracle("estimate_logrank_pairs")
    found = pairwise(data["time"], data["event"], data["celltype"])
    assert list(zip(found["first"], found["second"], strict=True)) == list(
        zip(expected["first"], expected["second"], strict=True)
    )
    close(found[["p", "p_holm", "p_bh"]], expected[["p", "p_holm", "p_bh"]])


def test_pairs_come_in_the_declared_order_of_the_groups():
    group = pd.Categorical(list("lhnlhn"), categories=["n", "l", "h"], ordered=True)
    found = pairwise([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], group)
    assert list(zip(found["first"], found["second"], strict=True)) == [("n", "l"), ("n", "h"), ("l", "h")]


def test_a_group_gone_before_the_first_event_costs_no_degree_of_freedom():
    time, event, group = [1, 5, 6, 7, 8], [0, 1, 1, 1, 0], list("zabab")
    with_it, without = logrank(time, event, group), logrank(time[1:], event[1:], group[1:])
    assert with_it.df == without.df == 1
    assert with_it.statistic == pytest.approx(without.statistic, abs=EXACT)
    assert with_it.table["n"].tolist() == [2, 2, 1]


@pytest.mark.parametrize(
    ("event", "group", "said"), [([0, 0], list("ab"), "no event"), ([1, 1], list("aa"), "fewer than two")]
)
def test_no_test_is_possible_and_the_reason_is_said(event, group, said):
    found = logrank([1, 2], event, group)
    assert np.isnan(found.p)
    assert said in found.reason


def test_adjusted_p_agree_with_p_adjust_missing_ones_left_out():
    expected = oracle("estimate_adjusted")
    for method in ("holm", "bh", "bonferroni"):
        close(adjust(expected["raw"], method), expected[method])


@pytest.mark.parametrize(("p", "method"), [([1.2], "holm"), ([0.1], "sidak")])
def test_adjust_refuses_what_is_no_p_or_method(p, method):
    with pytest.raises(ValueError, match=r"between 0 and 1|one of"):
        adjust(p, method)


@pytest.mark.parametrize("name", ["lung", "veteran", "ovarian"])
def test_the_engine_gives_the_curve_that_lifelines_gives(name):
    frame = oracle(f"estimate_data_{name}")
    library, engine = (curve(frame["time"], frame["event"], by=by) for by in ("library", "engine"))
    pd.testing.assert_frame_equal(engine, library, rtol=1e-12, atol=1e-12)
    at = frame["time"].quantile([0, 0.3, 0.8]).to_numpy()
    read = [survival_at(frame["time"], frame["event"], [0, *at, 1e5], by=by) for by in ("library", "engine")]
    pd.testing.assert_frame_equal(*read, rtol=1e-12, atol=1e-12)


def test_an_event_on_day_0_stands_in_the_first_row_either_way():
    library, engine = (curve([0, 0, 3, 5], [1, 0, 1, 0], by=by) for by in ("library", "engine"))
    pd.testing.assert_frame_equal(engine, library, rtol=1e-12)
