"""Kaplan-Meier and log-rank against R's survival 3.5-3 (tests/oracle/estimate_survival.R)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from oracles import EXACT, oracle

from helpers.estimate.arrays import as_floats, equal_times_tied, known_durations
from helpers.estimate.kaplan_meier import (
    at_risk,
    censored_before,
    half_width,
    median_survival,
    restricted_mean,
    restricted_mean_difference,
    reverse_kaplan_meier,
    survival_at,
    survival_curve,
)
from helpers.estimate.logrank import logrank, pairwise_logrank
from helpers.estimate.multiplicity import adjusted_p

DATA = {name: oracle(f"estimate_data_{name}") for name in ("lung", "veteran", "ovarian", "small", "flat", "half")}
KINDS = [(name, kind) for name in DATA for kind in ("plain", "log", "log-log")]


def close(computed, expected, tolerance=EXACT):
    np.testing.assert_allclose(np.asarray(computed, float), np.asarray(expected, float), rtol=0, atol=tolerance)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_curve_agrees_with_survfit(name, kind):
    data, expected = DATA[name], oracle("estimate_curves").query("data == @name and conf_type == @kind")
    found = survival_curve(data["time"], data["event"], conf_type=kind)
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
        found = median_survival(data["time"], data["event"], conf_type=kind, q=row.q)
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
    found = survival_curve(time, event)
    assert found["survival"].is_monotonic_decreasing
    assert found["survival"].between(0, 1).all()
    assert found["events"].sum() == sum(event)
    assert found["censored"].sum() == len(event) - sum(event)
    assert found["at_risk"].iloc[0] == len(time)
    assert (found["low"].dropna() <= found["survival"][found["low"].notna()] + 1e-12).all()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_without_censoring_survival_is_the_share_still_alive(times):
    found = survival_curve(times, np.ones(len(times)))
    share = [np.mean(np.array(times) > day) for day in found["time"]]
    close(found["survival"], share)


def test_patients_without_time_or_event_are_left_out():
    time = pd.array([3, None, 5, 7], dtype="Int64")
    event = pd.array([True, True, None, False], dtype="boolean")
    assert [part.tolist() for part in known_durations(time, event)] == [[3.0, 7.0], [True, False]]
    assert survival_curve(time, event)["at_risk"].iloc[0] == 2
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
        known_durations(time, event)


def test_no_patients_is_said():
    with pytest.raises(ValueError, match="no patient"):
        survival_curve([], [])


def test_text_is_no_number():
    with pytest.raises(ValueError, match="abc"):
        as_floats(["1", "abc"])


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
    found = pairwise_logrank(data["time"], data["event"], data["celltype"])
    assert list(zip(found["first"], found["second"], strict=True)) == list(
        zip(expected["first"], expected["second"], strict=True)
    )
    close(found[["p", "p_holm", "p_bh"]], expected[["p", "p_holm", "p_bh"]])


def test_pairs_come_in_the_declared_order_of_the_groups():
    group = pd.Categorical(list("lhnlhn"), categories=["n", "l", "h"], ordered=True)
    found = pairwise_logrank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1], group)
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
    for method in ("holm", "bh"):
        close(adjusted_p(expected["raw"], method), expected[method])


@pytest.mark.parametrize(("p", "method"), [([1.2], "holm"), ([0.1], "sidak")])
def test_adjust_refuses_what_is_no_p_or_method(p, method):
    with pytest.raises(ValueError, match=r"between 0 and 1|one of"):
        adjusted_p(p, method)


@pytest.mark.parametrize("name", ["lung", "veteran", "ovarian"])
def test_lifelines_gives_the_same_curve(name):
    frame = oracle(f"estimate_data_{name}")
    fitter = KaplanMeierFitter().fit(frame["time"], frame["event"])
    found = survival_curve(frame["time"], frame["event"]).set_index("time")
    np.testing.assert_allclose(found["survival"], fitter.survival_function_.iloc[:, 0], rtol=1e-12)
    counts = fitter.event_table[["at_risk", "observed", "censored"]]
    assert found[["at_risk", "events", "censored"]].to_numpy().tolist() == counts.to_numpy(int).tolist()


def test_an_event_on_day_0_stands_in_the_first_row():
    found = survival_curve([0, 0, 3, 5], [1, 0, 1, 0])
    assert found[["time", "at_risk", "events", "survival"]].to_numpy().tolist()[0] == [0, 4, 1, 0.75]


def noisy() -> tuple[np.ndarray, np.ndarray]:
    """Whole tenths of days, some of them after a trip through spreadsheet dates, and whether the event was seen."""
    day = np.array([100.3, 100.3, 150.6, 150.6, 150.6, 201.1, 201.1, 233.9, 290.2])
    origin = np.array([0, 45013.7, 45013.7, 0, 45009.3, 45013.7, 0, 0, 0])
    return day + origin - origin, np.array([1, 1, 1, 0, 1, 1, 1, 0, 1]) == 1


def test_times_that_differ_by_float_noise_are_one_step():
    time, event = noisy()
    assert len(np.unique(time)) == 8
    expected = oracle("estimate_float").set_index("what")["value"]
    found = survival_curve(time, event)
    assert found["time"].tolist()[1:] == pytest.approx([100.3, 150.6, 201.1, 233.9, 290.2], abs=1e-9)
    close(found["survival"].iloc[1:], [expected[f"survival_{step}"] for step in range(1, 6)])
    close(restricted_mean(time, event, 240)[:1], expected["rmst"])
    close(restricted_mean(time, event, 240).se, expected["rmst_se"])
    group = list("aabbababa")
    close(logrank(time, event, group).p, expected["logrank_p"])


def test_reading_at_a_time_heeds_float_noise_on_either_side():
    time, event = noisy()
    for at in (201.1, time[5], np.nextafter(201.1, 0)):
        read = survival_at(time, event, at).iloc[0]
        assert (read["at_risk"], read["events"]) == (4, 6)
        assert at_risk(time, at, event=event).tolist() == [4]
        assert censored_before(time, event, at).tolist() == [1]


def test_distinct_days_stay_distinct():
    assert equal_times_tied([1.0, 1.0001, 2.0]).tolist() == [1.0, 1.0001, 2.0]
    assert equal_times_tied([]).tolist() == []
    assert equal_times_tied([np.nan, 2.0, 2.000000001]).tolist()[1:] == [2.0, 2.0]


def test_without_an_event_yet_the_log_log_scale_has_no_limits():
    found = survival_at([2, 4, 4, 7], [0, 1, 0, 1], [3], conf_type="log-log").iloc[0]
    assert found["survival"] == 1
    assert np.isnan(found["low"])
    assert np.isnan(found["high"])


@pytest.mark.parametrize(
    ("time", "event", "group"),
    [([3, 5, 9, 9], [0, 0, 1, 1], list("abab")), ([1, 2, 8, 9], [0, 1, 1, 1], list("abbb"))],
    ids=["all die together", "one group alone at risk"],
)
def test_a_log_rank_test_without_variance_has_no_p(time, event, group):
    found = logrank(time, event, group)
    assert np.isnan(found.p)
    assert np.isnan(found.statistic)
    assert found.reason
    assert pairwise_logrank(time, event, group)["reason"].iloc[0] == found.reason


def test_counts_before_a_time_add_up_to_everyone():
    frame = oracle("estimate_data_lung")
    days = [0, 100, 365.25, 900]
    gone = [int((frame["event"].astype(bool) & (frame["time"] < day)).sum()) for day in days]
    left, censored = at_risk(frame["time"], days), censored_before(frame["time"], frame["event"], days)
    assert (left + censored + gone == len(frame)).all()


def test_restricted_means_of_pbc_agree_with_the_formula_of_survrm2():
    """Days of the pbc trial (312 randomised, death against not, years to day 10), as survRM2's own example has them."""
    frame = oracle("estimate_data_pbc")
    expected = oracle("estimate_restricted_difference").iloc[0]
    arms = [(part["time"], part["event"]) for part in (frame[frame["arm"] == arm] for arm in (0, 1))]
    for arm, data in zip("01", arms, strict=True):
        close(restricted_mean(*data, 10)[:1], expected[f"rmst_{arm}"])
    gain, p = restricted_mean_difference(*arms, 10)
    close(
        (gain.value, gain.se, gain.low, gain.high, p),
        expected[["difference", "se", "low", "high", "p"]].to_numpy(float),
    )
    assert round(gain.value, 9) == -0.136922765
    assert round(gain.se, 9) == 0.408985230
