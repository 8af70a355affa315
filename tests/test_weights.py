"""Weights, weighted curves and hazard ratios against R (tests/oracle/weights.R), and what must hold exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracles import oracle as read_oracle

from helpers.estimate.weights import (
    TARGETS,
    balancing_weights,
    effective_size,
    log_hazard_ratio,
    propensity,
    standardised_differences,
    survival_difference,
    time_dependent_log_hazard_ratio,
)
from helpers.paths import REAL

COVARIATES = ["age", "meno", "size2", "size3", "grade", "nodes", "pgr", "er", "chemo"]


@pytest.fixture(scope="module")
def oracle() -> dict[str, float]:
    return read_oracle("weights").set_index("what")["value"].to_dict()


@pytest.fixture(scope="module")
def rotterdam() -> pd.DataFrame:
    raw = pd.read_csv(REAL / "rotterdam.csv")
    recurred = raw["recur"] == 1
    return raw.assign(
        time=np.where(recurred, np.minimum(raw["rtime"], raw["dtime"]), raw["dtime"]),
        event=recurred | (raw["death"] == 1),
        size2=raw["size"] == "20-50",
        size3=raw["size"] == ">50",
    )


@pytest.fixture(scope="module")
def fitted(rotterdam: pd.DataFrame) -> np.ndarray:
    fit = propensity(rotterdam[COVARIATES].to_numpy(float), rotterdam["hormon"])
    assert fit.converged
    return fit.probability


def test_propensity_is_that_of_glm(fitted: np.ndarray, oracle: dict[str, float]) -> None:
    assert np.sum(fitted**2) == pytest.approx(oracle["propensity.sum_of_squares"], rel=1e-9)


@pytest.mark.parametrize("target", TARGETS)
def test_weighted_numbers_are_those_of_r(
    target: str, rotterdam: pd.DataFrame, fitted: np.ndarray, oracle: dict[str, float]
) -> None:
    a, outcome = rotterdam["hormon"].to_numpy(), (rotterdam["time"], rotterdam["event"])
    weights = balancing_weights(a, fitted, target)
    gaps = dict(zip(COVARIATES, standardised_differences(rotterdam[COVARIATES], a, weights), strict=True))
    ratio = log_hazard_ratio(*outcome, a, weights)
    found = {
        "ess_treated": effective_size(weights[a == 1]),
        "ess_untreated": effective_size(weights[a == 0]),
        "largest": weights.max(),
        "log_hr.breslow": ratio.value,
        "se.breslow": ratio.se,
        "smd.nodes": gaps["nodes"],
        "smd.grade": gaps["grade"],
    }
    for name, value in found.items():
        assert float(value) == pytest.approx(oracle[f"{target}.{name}"], rel=1e-7, abs=1e-10), name
    for kind, mean in (("surv", False), ("rmst", True)):
        difference = survival_difference(*outcome, a, 730.5, weights, restricted_mean=mean)
        by_r = oracle[f"{target}.{kind}.1"] - oracle[f"{target}.{kind}.0"]
        se = np.hypot(oracle[f"{target}.{kind}.se.1"], oracle[f"{target}.{kind}.se.0"])
        assert float(difference.value) == pytest.approx(by_r, rel=1e-7)
        assert float(difference.se) == pytest.approx(se, rel=1e-7)


def test_overlap_weights_balance_every_covariate_exactly(rotterdam: pd.DataFrame, fitted: np.ndarray) -> None:
    weights = balancing_weights(rotterdam["hormon"], fitted, "overlap")
    gaps = standardised_differences(rotterdam[COVARIATES], rotterdam["hormon"], weights)
    assert np.abs(gaps).max() < 1e-10
    crude = standardised_differences(rotterdam[COVARIATES], rotterdam["hormon"])
    assert np.abs(crude).max() > 0.5


def test_crude_and_time_dependent_ratios_are_those_of_r(rotterdam: pd.DataFrame, oracle: dict[str, float]) -> None:
    crude = log_hazard_ratio(rotterdam["time"], rotterdam["event"], rotterdam["hormon"], robust=False)
    assert float(crude.value) == pytest.approx(oracle["crude.log_hr.breslow"], abs=1e-9)
    assert float(crude.se) == pytest.approx(oracle["crude.se.breslow"], abs=1e-9)
    hearts = pd.read_csv(REAL / "jasa.csv")
    start = hearts["wait.time"].where(hearts["wait.time"] < hearts["futime"], hearts["futime"] - 0.5)
    start = start.where(hearts["transplant"] == 1)
    found = time_dependent_log_hazard_ratio(hearts["futime"], hearts["fustat"], start)
    assert float(found.value) == pytest.approx(oracle["heart.log_hr.breslow"], abs=1e-9)
    assert float(found.se) == pytest.approx(oracle["heart.se.breslow"], abs=1e-9)


def test_many_data_sets_at_once_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(5)
    time, event = rng.integers(1, 20, (6, 40)), rng.random((6, 40)) < 0.7
    a, x = rng.random((6, 40)) < 0.5, rng.standard_normal((6, 40, 2))
    together = propensity(x, a)
    weights = balancing_weights(a, together.probability, "ATE")
    for one in range(6):
        alone = propensity(x[one], a[one]).probability
        assert np.allclose(alone, together.probability[one], rtol=1e-9)
        own = balancing_weights(a[one], alone, "ATE")
        for function in (log_hazard_ratio, lambda *data: survival_difference(*data[:3], 10.0, data[3])):
            many = function(time, event, a, weights)
            single = function(time[one], event[one], a[one], own)
            assert np.allclose([many.value[one], many.se[one]], [single.value, single.se], rtol=1e-8)


def test_what_has_no_finite_answer_has_none() -> None:
    parted = propensity(np.array([[0.0], [0], [1], [1]]), [0, 0, 1, 1])
    assert not parted.converged
    nobody_failed = log_hazard_ratio([1, 2, 3, 4], [1, 1, 0, 0], [0, 0, 1, 1])
    assert np.isnan(nobody_failed.value)
    assert np.isnan(survival_difference([1, 2, 3, 4], [1, 0, 0, 0], [1, 1, 0, 0], 3.5).value)


def test_a_death_on_the_day_that_is_asked_for_has_happened() -> None:
    """Counted: of two treated one died on day 2, of two others nobody yet."""
    found = survival_difference([2, 4, 3, 5], [1, 0, 1, 0], [1, 1, 0, 0], 2)
    assert found.value.item() == pytest.approx(-0.5)
