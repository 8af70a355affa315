"""Rubin's rules against mice 3.15 (tests/oracle/estimate_imputation.R); imputation by what it must and must not do."""

import numpy as np
import pandas as pd
import pytest
from oracles import EXACT, oracle

from helpers.estimate.cox import cox
from helpers.estimate.imputation import completed_frames, cox_imputed, nelson_aalen, pooled_estimate


@pytest.mark.parametrize("row", list(oracle("estimate_imputation_pooled").itertuples()), ids=lambda row: row.case)
def test_rubins_rules_agree_with_mice(row):
    estimates, variances = (np.array(text.split(), float) for text in (row.estimates, row.variances))
    found = pooled_estimate(estimates, variances, df_complete=float(row.df_complete))
    for name in ("estimate", "within", "between", "total", "df", "riv", "fmi"):
        assert found[name] == pytest.approx(getattr(row, name), rel=1e-9, abs=1e-14), name


def test_a_pooled_cox_model_agrees_with_mice():
    completed = oracle("estimate_imputation_completed")
    models = [cox(one, ["age", "sex", "wt.loss"], "time", "status") for _, one in completed.groupby("imputation")]
    for k, row in enumerate(oracle("estimate_imputation_cox").itertuples()):
        found = pooled_estimate(
            [model.table["coef"].iloc[k] for model in models],
            [model.table["se"].iloc[k] ** 2 for model in models],
            df_complete=models[0].events - 3,
        )
        computed = [found[name] for name in ("estimate", "se", "df", "p", "low", "high", "riv", "fmi")]
        expected = [row.coef, row.se, row.df, row.p, row.low, row.high, row.riv, row.fmi]
        np.testing.assert_allclose(computed, expected, rtol=1e-8, atol=EXACT)


def test_nelson_aalen_agrees_with_basehaz():
    expected = oracle("estimate_imputation_hazard")
    np.testing.assert_allclose(nelson_aalen(expected["time"], expected["event"]), expected["hazard"], atol=EXACT)


def test_imputed_models_agree_with_those_of_mice_within_monte_carlo_error():
    frame, expected = oracle("estimate_imputation_gaps"), oracle("estimate_imputation_mice")
    covariates = ["age", "sex", "karno", "meal", "loss"]
    m = 20
    pooled = cox_imputed(frame, covariates, "time", "event", m=m, rng=np.random.default_rng(11))
    assert list(pooled.table["covariate"]) == list(expected["term"])
    error = np.sqrt(expected["between"] * (1 / m + 1 / 200)) + 1e-4 * np.sqrt(expected["within"])
    assert (np.abs(pooled.table["coef"] - expected["coef"]) < 4 * error).all()
    np.testing.assert_allclose(pooled.table["se"], np.sqrt(expected["total"]), rtol=0.05)


@pytest.mark.parametrize(("estimates", "variances"), [([1.0], [0.1]), ([1.0, 2.0], [0.1])])
def test_pooling_needs_two_estimates_with_their_variances(estimates, variances):
    with pytest.raises(ValueError, match="at least two"):
        pooled_estimate(estimates, variances)


def simulated(n: int, seed: int) -> pd.DataFrame:
    """Patients whose marker doubles the hazard; it is missing more often in the old (missing at random)."""
    rng = np.random.default_rng(seed)
    age = rng.normal(10, 3, n)
    marker = rng.random(n) < 1 / (1 + np.exp(-(age - 10) / 3))
    time = rng.exponential(1 / np.exp(np.log(2) * marker + 0.1 * (age - 10)))
    end = rng.exponential(2.0, n)
    frame = pd.DataFrame({"time": np.minimum(time, end), "event": time <= end, "age": age})
    unseen = rng.random(n) < 1 / (1 + np.exp(-(age - 11)))
    frame["marker"] = pd.array(marker, dtype="boolean")
    frame.loc[unseen, "marker"] = pd.NA
    frame["grade"] = pd.Categorical(np.where(age > 12, "high", np.where(age > 8, "mid", "low")), ["low", "mid", "high"])
    frame.loc[rng.random(n) < 0.15, "grade"] = np.nan
    frame["weight"] = age * 3 + rng.normal(0, 2, n)
    frame.loc[rng.random(n) < 0.2, "weight"] = np.nan
    return frame


COVARIATES = ["marker", "age", "grade", "weight"]


def test_only_gaps_are_filled_and_only_with_values_that_occur():
    frame = simulated(150, 1)
    for done in completed_frames(frame, COVARIATES, "time", "event", m=3, rng=np.random.default_rng(5)):
        assert done[COVARIATES].notna().all().all()
        assert done.dtypes.equals(frame.dtypes)
        for name in COVARIATES:
            seen = frame[name].notna()
            assert (done.loc[seen, name] == frame.loc[seen, name]).all()
            assert set(done[name]) <= set(frame[name].dropna())


def test_the_same_generator_gives_the_same_data_and_another_gives_others():
    frame = simulated(80, 2)
    first, again, other = (
        completed_frames(frame, COVARIATES, "time", "event", m=2, rng=np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    for one, two in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one, two)
    assert not first[0].equals(other[0])
    assert not first[0].equals(first[1])


def test_the_frame_is_left_as_it_was():
    frame = simulated(60, 3)
    before = frame.copy()
    cox_imputed(frame, ["marker", "age"], "time", "event", m=2, rng=np.random.default_rng(1))
    pd.testing.assert_frame_equal(frame, before)


def test_matching_follows_what_predicts_the_gap():
    frame = simulated(200, 4)
    hole = frame["weight"].isna()
    done = completed_frames(frame, COVARIATES, "time", "event", m=5, rng=np.random.default_rng(3))
    for one in done:
        assert np.corrcoef(one.loc[hole, "weight"], frame.loc[hole, "age"])[0, 1] > 0.85


def test_without_gaps_the_pooled_model_is_the_plain_one():
    frame = simulated(120, 5).dropna()
    plain = cox(frame, ["marker", "age"], "time", "event").table
    pooled = cox_imputed(frame, ["marker", "age"], "time", "event", m=3, rng=np.random.default_rng(1))
    np.testing.assert_allclose(pooled.table[["coef", "se"]], plain[["coef", "se"]], atol=EXACT)
    assert pooled.missing.eq(0).all()
    assert pooled.table["riv"].tolist() == [0.0, 0.0]


def test_pooled_estimates_recover_the_truth_where_values_are_missing_at_random():
    truth, found, covered = np.log(2), [], 0
    for seed in range(12):
        frame = simulated(200, 100 + seed)
        pooled = cox_imputed(frame, ["marker", "age"], "time", "event", m=5, rng=np.random.default_rng(seed))
        row = pooled.table.iloc[0]
        found.append(row["coef"])
        covered += row["ci_low"] <= np.exp(truth) <= row["ci_high"]
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - truth) < 3 * error
    assert covered >= 9


def test_imputed_information_is_less_than_if_all_were_known():
    frame = simulated(250, 6)
    pooled = cox_imputed(frame, ["marker", "age"], "time", "event", m=10, rng=np.random.default_rng(2))
    row = pooled.table.iloc[0]
    assert pooled.n == 250
    assert pooled.missing["marker"] == frame["marker"].isna().sum()
    assert row["se"] > np.mean([model.table["se"].iloc[0] for model in pooled.models])
    assert 0 < row["fmi"] < 1
    assert row["df"] < pooled.events - 2


def test_perfect_prediction_does_not_break_the_logistic_draw():
    frame = simulated(80, 7).assign(old=lambda d: d["age"] > 10)
    frame["old"] = frame["old"].astype("boolean")
    frame.loc[frame.index[:12], "old"] = pd.NA
    done = completed_frames(frame, ["age", "old"], "time", "event", m=3, rng=np.random.default_rng(4))
    agreement = np.mean([(one["old"][:12] == (frame["age"][:12] > 10)).mean() for one in done])
    assert agreement > 0.8


def test_a_coefficient_that_runs_away_in_a_data_set_is_not_pooled():
    frame = simulated(60, 8).assign(rare=pd.array([False] * 60, dtype="boolean"))
    alive = frame.index[~frame["event"]][:3]
    frame.loc[alive, "rare"] = True
    pooled = cox_imputed(frame, ["rare", "marker"], "time", "event", m=3, rng=np.random.default_rng(4))
    row = pooled.table.iloc[0]
    assert np.isnan(row["hr"])
    assert row["reason"].startswith("in 3 of 3 data sets: monotone likelihood")
    assert np.isfinite(pooled.table["hr"].iloc[1])


def test_what_cannot_be_imputed_is_said():
    frame = simulated(40, 9)
    with pytest.raises(ValueError, match="no value to learn from in empty"):
        completed_frames(frame.assign(empty=np.nan), ["empty"], "time", "event", m=2, rng=np.random.default_rng(1))
    frame.loc[0, "time"] = np.nan
    with pytest.raises(ValueError, match="outcome must be known"):
        completed_frames(frame, ["marker"], "time", "event", m=2, rng=np.random.default_rng(1))
    assert cox_imputed(frame, ["marker"], "time", "event", m=2, rng=np.random.default_rng(1)).n == 39


def test_monte_carlo_error_is_the_scatter_of_pooled_estimates():
    rng = np.random.default_rng(20251029)
    draws = rng.normal(1.0, 0.3, (4000, 20))
    pooled = [pooled_estimate(row, np.full(20, 0.04))["estimate"] for row in draws]
    told = np.sqrt(np.mean([pooled_estimate(row, np.full(20, 0.04))["mcse"] ** 2 for row in draws]))
    assert told == pytest.approx(np.std(pooled), rel=0.05)
    assert told == pytest.approx(0.3 / np.sqrt(20), rel=0.02)


def test_an_interval_without_a_finite_end_is_a_reason_and_no_warning():
    """Four events, three coefficients: less than one degree of freedom is left, and the t quantile is in the thousands."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame(
        {
            "t": rng.integers(1, 60, 14).astype(float),
            "d": np.arange(14) < 4,
            **dict(zip("abc", rng.normal(size=(3, 14)), strict=True)),
        }
    )
    frame.loc[:3, "a"] = np.nan
    table = cox_imputed(frame, ["a", "b", "c"], "t", "d", m=2, rng=np.random.default_rng(1)).table
    lost = table["reason"].str.startswith("no finite interval")
    assert lost.any()
    assert table.loc[lost, ["hr", "ci_low", "ci_high", "p"]].isna().all(axis=None)
    assert np.isfinite(table.loc[~lost, ["hr", "ci_low", "ci_high", "p"]]).all(axis=None)
