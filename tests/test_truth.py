"""The simulator: its truth against quadrature, its cohorts against what was drawn, and its dials one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.integrate import quad

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort, write_cohort
from helpers.estimate.weights import log_hazard_ratio, standardised_differences, time_dependent_log_hazard_ratio
from helpers.problems import InputError
from helpers.synthesis.truth import (
    BURDEN,
    CHOSEN,
    FRAILTY,
    GRADE,
    HORIZON,
    QUIET,
    SHAPE,
    STORED,
    TARGETS,
    TWO_YEAR_HAZARD,
    Scenario,
    draw,
    simulate,
    true_values,
)

MANY = 20_000


def by_quadrature(effect: float) -> tuple[float, float]:
    """Integrate over burden, grade and frailty for GC begun before anybody can fail: difference at two years, RMST in days."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    second, third = 1 / (1 + np.exp(-0.8 * nodes)), 1 / (1 + np.exp(1.6 - 0.8 * nodes))
    risk, share = [], []
    for grade, chance in ((1, 1 - second), (2, second - third), (3, third)):
        log_risk = BURDEN * nodes[:, None] + GRADE * (grade - 2) + FRAILTY * nodes[None, :]
        risk.append(np.exp(log_risk).ravel())
        share.append((weights[:, None] * weights[None, :] * chance[:, None]).ravel())
    risk, share = np.concatenate(risk), np.concatenate(share)

    def hazard(day: float) -> float:
        return TWO_YEAR_HAZARD * (max(day - QUIET, 0.0) / (HORIZON - QUIET)) ** SHAPE

    def gain(day: float) -> float:
        return float(share @ (np.exp(-hazard(day) * np.exp(effect) * risk) - np.exp(-hazard(day) * risk)))

    return gain(730.0), quad(gain, 0, HORIZON, limit=200)[0]  # a day rounded up lies after 730.5 if it lies after 730


def test_truth_is_what_quadrature_gives() -> None:
    found = true_values(Scenario(effect=-0.7, delay=0.0), draws=200_000).set_index(["estimand", "target"])
    difference, area = by_quadrature(-0.7)
    for name, value in (("difference_2y", difference), ("rmst_24m", area)):
        row = found.loc[(name, "ATE")]
        assert abs(row["value"] - value) < 4 * row["mc_error"]
        assert row["mc_error"] < abs(value) / 20


def test_no_effect_is_exactly_none_and_harm_has_the_other_sign() -> None:
    null, harm = (true_values(Scenario(effect=effect, indication=1.0), draws=4000) for effect in (0.0, 0.7))
    ratio = null["estimand"].str.endswith("hazard_ratio")
    assert (null["value"] == ratio.astype(float)).all()
    assert ratio.sum() == len(TARGETS) + 1
    assert (null["mc_error"] == 0).all()
    assert (np.sign(harm["value"] - ratio) == np.where(ratio, 1.0, -1.0)).all()


def test_the_conditional_ratio_is_that_of_the_model_with_covariates_and_farther_from_one() -> None:
    """The oracle is lifelines' own fit of both fates of the same patients, complete follow-up of two years."""
    scenario = Scenario(effect=-0.7)
    found = true_values(scenario, draws=20_000).set_index(["estimand", "target"])["value"]
    marginal, conditional = found["hazard_ratio", "ATE"], found["conditional_hazard_ratio", "ATE"]
    assert np.exp(-0.7) < conditional < marginal < 1
    logs = []
    for seed in np.random.SeedSequence(1).spawn(20):
        drawn = draw(scenario, 1000, seed)
        time = np.concatenate([drawn.free_treated, drawn.free_untreated])
        people = pd.DataFrame(np.tile(drawn.confounders, (2, 1)), columns=["burden", "grade"])
        people = people.assign(arm=np.repeat([1, 0], 1000), time=np.minimum(time, HORIZON), event=time <= HORIZON)
        logs.append(CoxPHFitter().fit(people, "time", "event").params_["arm"])
    assert np.log(conditional) == pytest.approx(np.mean(logs), abs=2e-3)  # Efron's ties there, Breslow's here


def test_stored_truth_is_computed_again() -> None:
    stored = pd.read_csv(STORED)
    assert (stored["draws"] >= 1_000_000).all()
    dials = ["effect", "indication", "delay", "cut"]
    for key, rows in stored.groupby(dials, dropna=False):
        quick = true_values(
            Scenario(key[0], key[1], key[2], 0.0, None if np.isnan(key[3]) else key[3]), draws=40_000, seed=2
        )
        error = np.hypot(quick["mc_error"].to_numpy(), rows["mc_error"].to_numpy())
        assert (np.abs(quick["value"].to_numpy() - rows["value"].to_numpy()) <= 4.5 * error + 1e-12).all(), key


@pytest.mark.parametrize("dials", [{}, {"effect": -1.0, "indication": 1.5, "delay": 3.0, "loss": 1.0, "cut": 8.0}])
def test_the_cohort_is_what_was_drawn(dials: dict[str, float], tmp_path) -> None:
    made = simulate(n=150, seed=4, **dials)
    drawn, frame = made.drawn, analyse(made.cohort).frame
    assert frame.index.str.fullmatch(r"SYN-\d{3}").all()
    assert made.cohort.synthetic
    frame = frame.sort_index()
    assert frame["pfs_days"].tolist() == drawn.time.tolist()
    assert frame["pfs_event"].tolist() == drawn.event.tolist()
    assert frame["gc"].tolist() == (drawn.treated & (drawn.start < 31)).tolist()
    seen = frame["gc"].to_numpy(bool) & (drawn.start < 28)
    assert np.allclose(frame.loc[seen, "gc_dose_mg_per_kg"], drawn.dose[seen])
    assert np.allclose(frame.loc[seen, "gc_first_day"], drawn.start[seen])
    write_cohort(made.cohort, tmp_path)
    assert analyse(read_cohort(tmp_path)).frame.sort_index()["pfs_days"].tolist() == drawn.time.tolist()


def test_one_seed_one_cohort() -> None:
    first, again, other = (simulate(n=40, seed=seed) for seed in (7, 7, 8))
    for table in first.cohort.tables:
        pd.testing.assert_frame_equal(first.cohort.tables[table], again.cohort.tables[table])
    assert not np.array_equal(first.drawn.time, other.drawn.time)


def test_every_wrong_dial_is_named() -> None:
    with pytest.raises(InputError) as refused:
        simulate(n=1, effect=9.0, delay=-1.0, loss=float("nan"), cut=-3.0)
    assert {problem.column for problem in refused.value.problems} == {"n", "effect", "delay", "loss", "cut"}


def test_indication_makes_groups_unlike_and_only_then() -> None:
    for indication in (0.0, 1.0):
        drawn = draw(Scenario(indication=indication), MANY, 1)
        gap = standardised_differences(drawn.confounders, drawn.chosen)
        assert abs(drawn.chosen.mean() - CHOSEN) < 0.02
        assert np.abs(gap).max() > 0.4 if indication else np.abs(gap).max() < 0.06


def test_delay_makes_the_naive_ratio_too_good_and_time_dependence_repairs_it() -> None:
    drawn = draw(Scenario(delay=40.0), MANY, 1)
    naive = log_hazard_ratio(drawn.time, drawn.event, drawn.treated, robust=False)
    start = np.where(drawn.treated, drawn.start, np.nan)
    right = time_dependent_log_hazard_ratio(drawn.time, drawn.event, start)
    assert naive.value < -5 * naive.se
    assert abs(right.value) < 4 * right.se


def test_losses_that_tell_make_the_untreated_look_worse() -> None:
    values = {}
    for loss in (0.0, 2.0):
        drawn = draw(Scenario(loss=loss), MANY, 2)
        found = log_hazard_ratio(drawn.time, drawn.event, drawn.chosen, robust=False)
        values[loss] = found.value / found.se
    assert abs(values[0.0]) < 4
    assert values[2.0] < -4


def test_a_cut_leaves_those_above_it_without_effect() -> None:
    with_cut, without = draw(Scenario(effect=-1.0, cut=5.0), 2000, 3), draw(Scenario(effect=-1.0), 2000, 3)
    high = with_cut.dose > 5.0
    assert np.array_equal(with_cut.free_treated[high], with_cut.free_untreated[high])
    assert np.array_equal(with_cut.free_treated[~high], without.free_treated[~high])


def test_randomised_and_without_effect_five_percent_are_significant() -> None:
    drawn = [draw(Scenario(), 120, seed) for seed in range(1000)]
    stacked = [np.stack([getattr(one, name) for one in drawn]) for name in ("time", "event", "chosen")]
    found = log_hazard_ratio(*stacked, robust=False)
    share = np.mean(np.abs(found.value / found.se) > 1.959964)
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 1000) + 0.005  # Wald's test of 35 events is a little small
