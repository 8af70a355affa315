"""Estimators of notebook 08 against R (tests/oracle/confounding.R), published worked examples, and exact limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracles import oracle
from scipy.integrate import quad
from scipy.stats import norm

from helpers.estimate.delta_adjustment import delta_adjusted
from helpers.estimate.maximally_selected_cut import every_cut
from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.score_steps import score_step, without_exposure
from helpers.estimate.unmeasured import bias_factor, detectable_ratio, e_value, errors_if, events_needed
from helpers.paths import REAL

KNOWN = oracle("confounding").set_index("what")["value"]


@pytest.fixture(scope="module")
def bmt() -> pd.DataFrame:
    return pd.read_csv(REAL / "bmt.csv")


@pytest.fixture
def lost(bmt: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({"time": bmt["t2"], "event": bmt["d3"], "group": bmt["group"].astype(str), "limit": 2500.0})
    return frame.assign(lost=(frame["event"] == 0) & (frame["time"] < 1000))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("case", "deltas"),
    [
        ("free", dict.fromkeys("123", 0.0)),
        ("failed", dict.fromkeys("123", np.inf)),
        ("failed1", {"1": np.inf, "2": 0.0, "3": 0.0}),
    ],
)
def test_the_ends_of_delta_are_r_s_fits_of_the_completed_data(
    case: str, deltas: dict, ties: str, lost: pd.DataFrame
) -> None:
    found = delta_adjusted(lost, deltas, ["1", "2", "3"], np.random.default_rng(1), ties=ties).set_index("group")
    for group in ("2", "3"):
        for part in ("hr", "p"):
            assert found.loc[group, part] == pytest.approx(KNOWN[f"delta.{case}.{ties}.{group}.{part}"], rel=1e-7)


def test_at_delta_one_the_lost_fare_as_those_who_stayed(lost: pd.DataFrame) -> None:
    found = delta_adjusted(lost, {}, ["1", "2", "3"], np.random.default_rng(1), imputations=200).set_index("group")
    for group in ("2", "3"):
        seen = np.log(KNOWN[f"delta.seen.efron.{group}.hr"])
        assert abs(np.log(found.loc[group, "hr"]) - seen) < 0.08
    again = delta_adjusted(lost, {}, ["1", "2", "3"], np.random.default_rng(1), imputations=200)
    pd.testing.assert_frame_equal(again, found.reset_index())


def test_larger_deltas_bring_more_events(lost: pd.DataFrame) -> None:
    events = [
        delta_adjusted(lost, dict.fromkeys("123", delta), ["1", "2"], np.random.default_rng(3), imputations=50)[
            "events"
        ][0]
        for delta in (0.0, 0.5, 2.0, 8.0, np.inf)
    ]
    assert events == sorted(events)
    assert events[0] == lost["event"][lost["group"].isin(["1", "2"])].sum()
    assert events[-1] == (lost["event"] | lost["lost"])[lost["group"].isin(["1", "2"])].sum()
    with pytest.raises(ValueError, match="from 0"):
        delta_adjusted(lost, {"1": -1.0}, ["1", "2"], np.random.default_rng(1))


@pytest.mark.parametrize("delta", [0.0, 1.0])
def test_a_group_without_an_event_takes_no_other_with_it(lost: pd.DataFrame, delta: float) -> None:
    free = lost["group"] == "3"
    frame = lost.assign(event=lost["event"] & ~free, lost=lost["lost"] & ~free)
    deltas = dict.fromkeys("12", delta)
    three = delta_adjusted(frame, deltas, ["1", "2", "3"], np.random.default_rng(2), imputations=5).set_index("group")
    two = delta_adjusted(frame, deltas, ["1", "2"], np.random.default_rng(2), imputations=5).set_index("group")
    if delta == 0:  # nothing is drawn: its patients, whose hazard runs towards 0, weigh nothing
        assert three.loc["2", ["hr", "ci_low", "ci_high", "p"]].astype(float).to_numpy() == pytest.approx(
            two.loc["2", ["hr", "ci_low", "ci_high", "p"]].astype(float).to_numpy(), rel=1e-6
        )
    assert np.isfinite(three.loc["2", "hr"])
    assert np.isnan(three.loc["3", "hr"])


@pytest.mark.parametrize("name", ["none", "two", "four"])
def test_score_tests_beside_covariates_are_those_of_r(name: str, bmt: pd.DataFrame) -> None:
    columns = {"none": [], "two": ["z1", "z7"], "four": ["z1", "z2", "z5", "z8"]}[name]
    model = without_exposure(bmt[columns].to_numpy(float).reshape(len(bmt), -1), bmt["t2"], bmt["d3"])
    _, z = score_step(model, bmt["z10"].to_numpy(float)[None, :, None])
    assert z[0] ** 2 == pytest.approx(KNOWN[f"score.{name}"], rel=1e-7)


def test_a_step_lies_near_the_full_fit_and_two_columns_step_together(bmt: pd.DataFrame) -> None:
    z, time, event = bmt[["z1", "z7"]].to_numpy(float), bmt["t2"].to_numpy(float), bmt["d3"].to_numpy(bool)
    x = np.stack([bmt["z10"], bmt["z3"]]).astype(float)[:, :, None]
    step, _ = score_step(without_exposure(z, time, event), x)
    full = maximise(np.column_stack([x[:, :, 0].T, z]), time, event, ties="breslow").beta[0]
    assert abs(step[0] - full) < 0.05
    rng = np.random.default_rng(1)
    many = np.stack([rng.permutation(bmt["z10"].to_numpy(float)) for _ in range(5)], axis=1)[None]
    together, _ = score_step(without_exposure(z, time, event), many)
    alone = [score_step(without_exposure(z, time, event), many[:, :, [k]])[0][0] for k in range(5)]
    assert np.allclose(together, alone)
    constant, _ = score_step(without_exposure(z, time, event), np.ones((1, len(bmt), 1)))
    assert np.isnan(constant).all()
    assert without_exposure(z, time, np.zeros(len(bmt))) is None


def test_every_cut_is_r_s_log_rank(bmt: pd.DataFrame) -> None:
    dose = np.where(np.arange(len(bmt)) < 50, 0, bmt["z7"])
    cuts = [90, 150, 300, 1000]
    for cut in cuts:
        found = every_cut(bmt["t2"], bmt["d3"], dose, np.random.default_rng(1), deals=10, also=cut).table
        row = found[found["cut"] == cut].iloc[0]
        assert row["z"] ** 2 == pytest.approx(KNOWN[f"cut.{cut}"], rel=1e-9)
        assert np.sign(row["z"]) == KNOWN[f"cut.sign.{cut}"]
        assert row["n_low"] == ((dose > 0) & (dose <= cut)).sum()


def test_without_any_effect_the_corrected_p_is_uniform_and_the_uncorrected_too_small() -> None:
    rng, smallest, corrected = np.random.default_rng(4), [], []
    for _ in range(150):
        time, dose = rng.exponential(size=80), np.r_[np.zeros(40), rng.lognormal(size=40)]
        found = every_cut(time, rng.random(80) < 0.6, dose, rng, deals=99).table
        smallest.append(found["p"].min())
        corrected.append(found["corrected_p"].min())
    assert np.mean(np.array(smallest) < 0.05) > 0.08
    assert abs(np.mean(np.array(corrected) <= 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 150)
    with pytest.raises(ValueError, match="no cut"):
        every_cut([1, 2, 3], [1, 1, 1], [0, 0, 1], rng)


def test_a_cut_without_variance_has_no_p_and_all_without_variance_are_told() -> None:
    rng, dose = np.random.default_rng(5), np.r_[np.zeros(20), np.arange(1, 31)]
    with pytest.raises(ValueError, match="variance"):  # all have the event on one day: d (n - d) / (n - 1) = 0
        every_cut(np.full(50, 100.0), np.ones(50), dose, rng, deals=50)
    time = np.where(dose > 20, 200.0 + dose, 100.0)  # only who has a high dose outlives the first day
    found = every_cut(time, np.ones(50), dose, rng, deals=50).table
    without = found["cut"] <= 20
    assert without.any()
    assert (~without).any()
    assert found.loc[without, ["z", "p", "corrected_p"]].isna().all(axis=None)
    assert found.loc[~without, ["z", "p", "corrected_p"]].notna().all(axis=None)


def test_numbers_of_the_published_examples() -> None:
    assert e_value(3.9) == pytest.approx(7.263034344160, abs=1e-11)  # VanderWeele and Ding 2017
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    assert e_value(1.8) == pytest.approx(3.0)
    assert e_value(0.37, common=True) == pytest.approx(3.366207705445, abs=1e-11)
    assert events_needed(0.44, 46 / 95) == pytest.approx(46.626759617, abs=1e-9)
    assert detectable_ratio(30, 46 / 95) == pytest.approx(0.359, abs=5e-4)
    assert [round(events_needed(ratio, 46 / 95)) for ratio in (0.7, 0.8)] == [247, 631]
    assert bias_factor(3.19, 0.5, 0.5) == pytest.approx(1.0)


def test_errors_of_significant_results_are_integrals() -> None:
    effect = np.log(0.7)
    for se in (0.2, 0.365, 1.0):
        size = abs(effect) / se
        tail = quad(lambda x, m=size: norm.pdf(x - m) * x, 1.959963985, 40)[0]
        other = quad(lambda x, m=size: -norm.pdf(x - m) * x, -40, -1.959963985)[0]
        power = norm.sf(1.959963985 - size) + norm.cdf(-1.959963985 - size)
        found = errors_if(effect, se)
        assert found.power == pytest.approx(power, rel=1e-8)
        assert found.exaggeration == pytest.approx((tail + other) / power / size, rel=1e-7)
        assert found.wrong_sign == pytest.approx(norm.cdf(-1.959963985 - size) / power, rel=1e-8)
