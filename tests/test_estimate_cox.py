"""Cox regression and the proportional-hazards test against R's survival 3.5-3 (tests/oracle/estimate_survival.R)."""

import numpy as np
import pandas as pd
import pytest
from oracles import oracle

from helpers.estimate.cox import (
    cox,
    fit_design,
    harrell_concordance,
    profile_interval,
    with_references,
)
from helpers.estimate.cox_fitters import by_library
from helpers.estimate.design import cox_design
from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.proportional_hazards import proportional_hazards_test
from helpers.estimate.separation import runaway_coefficients

CLOSE = 1e-9
NUMBERS = ["coef", "se", "z", "hr", "ci_low", "ci_high", "p"]
MODELS = {
    "lung_sex": ("lung", ["sex"]),
    "lung_age": ("lung", ["age"]),
    "lung_ecog": ("lung", ["age", "sex", "ph.ecog"]),
    "lung_all": ("lung", ["age", "sex", "ph.ecog", "wt.loss"]),
    "veteran_celltype": ("veteran", ["celltype"]),
    "veteran_all": ("veteran", ["trt", "celltype", "karno", "diagtime", "age"]),
    "ovarian_all": ("ovarian", ["age", "rx"]),
}
ORDER = {
    "sex": ["male", "female"],
    "trt": ["standard", "test"],
    "celltype": ["large", "squamous", "smallcell", "adeno"],
    "rx": ["a", "b"],
}
CASES = [(model, ties) for model in MODELS for ties in ("efron", "breslow")]


def data(name: str) -> pd.DataFrame:
    frame = oracle(f"estimate_data_{name}")
    return frame.assign(**{c: pd.Categorical(frame[c], levels) for c, levels in ORDER.items() if c in frame})


def fitted(model: str, ties: str):
    name, covariates = MODELS[model]
    return cox(data(name), covariates, "time", "event", ties=ties)


@pytest.mark.parametrize(("model", "ties"), CASES)
def test_coefficients_agree_with_coxph(model, ties):
    found, expected = (
        fitted(model, ties).table,
        oracle("estimate_cox_coefficients").query("model == @model and ties == @ties"),
    )
    assert list(found["covariate"] + found["level"]) == list(expected["term"])
    columns = ["coef", "se", "hr", "ci_low", "ci_high", "z", "p"]
    np.testing.assert_allclose(found[columns], expected[columns], rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize(("model", "ties"), CASES)
def test_whole_model_agrees_with_coxph(model, ties):
    found, expected = (
        fitted(model, ties),
        oracle("estimate_cox_models").query("model == @model and ties == @ties").iloc[0],
    )
    for name in ("n", "events", "missing", "lr_df"):
        assert getattr(found, name) == expected[name]
    for name in ("loglik", "loglik_null", "lr_statistic", "lr_p", "concordance"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=CLOSE), name
    assert found.events_per_variable == pytest.approx(expected["events"] / expected["lr_df"])


@pytest.mark.parametrize(("model", "ties"), CASES)
def test_lifelines_and_statsmodels_agree_with_coxph_too(model, ties):
    laid = fitted(model, ties).design
    found = by_library(laid.x.to_numpy(), laid.time, laid.event, ties=ties)
    expected = oracle("estimate_cox_coefficients").query("model == @model and ties == @ties")
    whole = oracle("estimate_cox_models").query("model == @model and ties == @ties").iloc[0]
    assert found.converged
    np.testing.assert_allclose(found.beta, expected["coef"], rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), expected["se"], rtol=CLOSE, atol=CLOSE)
    assert (found.loglik, found.null) == pytest.approx((whole["loglik"], whole["loglik_null"]), abs=CLOSE)


@pytest.mark.parametrize("row", oracle("estimate_partial_likelihood").to_dict("records"), ids=lambda row: row["case"])
def test_strata_weights_and_offsets_agree_with_coxph(row):
    frame = data("lung").dropna(subset=["age", "sex", "ph.ecog"])
    x = frame[["age"]].assign(female=frame["sex"] == "female").to_numpy(float)
    options = {
        "strata": {"strata": frame["ph.ecog"].to_numpy(int)},
        "weights": {"weights": 0.5 + frame["ph.ecog"].to_numpy(float)},
        "offset": {"offset": 0.4 * frame["ph.ecog"].to_numpy(float)},
    }[row["kind"]]
    fit = maximise(x, frame["time"].to_numpy(float), frame["event"].to_numpy(bool), ties=row["ties"], **options)
    found = [*fit.beta, *np.sqrt(np.diag(fit.covariance)), fit.null, fit.loglik]
    expected = [row[name] for name in ("age", "female", "se_age", "se_female", "null", "loglik")]
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "row", oracle("estimate_profile").to_dict("records"), ids=lambda row: f"{row['model']}-{row['ties']}"
)
def test_profile_limits_agree_with_roots_found_in_r(row):
    name, covariates = MODELS[row["model"]]
    found = profile_interval(cox(data(name), covariates, "time", "event", ties=row["ties"]), row["coefficient"])
    assert found[:3] == pytest.approx((row["hr"], row["low"], row["high"]), rel=1e-7)


def test_a_ratio_that_runs_away_keeps_the_limit_on_its_other_side():
    model = cox(separated(), ["transplant"], "time", "event")
    found = profile_interval(model)
    assert (found.value, found.low) == (0, 0)
    assert 2 * (model.loglik - profile(model, found.high)) == pytest.approx(3.841458820694124, abs=1e-9)


def profile(model, ratio: float) -> float:
    """Log partial likelihood of one yes/no covariate at a hazard ratio, event by event (times without ties)."""
    x, time = model.design.x.iloc[:, 0].to_numpy(), model.design.time
    risk = ratio**x
    return sum(np.log(risk[i] / risk[time >= time[i]].sum()) for i in np.flatnonzero(model.design.event))


def test_a_profile_of_what_is_not_in_the_model_is_refused():
    model = cox(data("lung").assign(one=1.0), ["age", "one"], "time", "event")
    with pytest.raises(KeyError, match="no coefficient sex"):
        profile_interval(model, "sex")
    with pytest.raises(ValueError, match="name one of age, one"):
        profile_interval(model)
    with pytest.raises(ValueError, match="one: the same for all"):
        profile_interval(model, "one")


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
@pytest.mark.parametrize(("model", "ties"), CASES)
def test_proportional_hazards_test_agrees_with_cox_zph(model, ties, transform):
    expected = oracle("estimate_cox_zph").query("model == @model and ties == @ties and transform == @transform")
    found = proportional_hazards_test(fitted(model, ties), transform).set_index("covariate").loc[expected["covariate"]]
    columns = ["statistic", "df", "p"]
    np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-7, atol=CLOSE)


def test_age_in_lung_is_the_case_in_which_lifelines_and_r_part():
    found = proportional_hazards_test(fitted("lung_ecog", "efron"))
    assert round(found.set_index("covariate").loc["age", "statistic"], 3) == 0.188


def test_ties_matter_where_days_are_shared():
    assert fitted("lung_all", "efron").table["coef"].iloc[0] != pytest.approx(
        fitted("lung_all", "breslow").table["coef"].iloc[0], abs=1e-6
    )


def test_reference_can_be_chosen_and_turns_the_ratio_round():
    frame = data("lung")
    women, men = (cox(frame, ["sex"], "time", "event", references={"sex": sex}) for sex in ("female", "male"))
    assert women.table["level"].tolist() == ["male"]
    assert women.table["hr"].iloc[0] == pytest.approx(1 / men.table["hr"].iloc[0], abs=1e-9)


def test_booleans_count_yes_against_no_and_a_reference_turns_them():
    frame = data("lung").assign(female=lambda d: (d["sex"] == "female").astype("boolean"))
    yes = cox(frame, ["female"], "time", "event").table.iloc[0]
    no = cox(frame, ["female"], "time", "event", references={"female": "yes"}).table.iloc[0]
    assert (yes["level"], yes["reference"], no["level"], no["reference"]) == ("yes", "no", "no", "yes")
    assert yes["coef"] == pytest.approx(fitted("lung_sex", "efron").table["coef"].iloc[0], abs=1e-9)
    assert no["coef"] == pytest.approx(-yes["coef"], abs=1e-9)


def test_text_needs_its_reference_named():
    frame = oracle("estimate_data_lung")
    with pytest.raises(ValueError, match="reference of sex must be one of female, male"):
        cox(frame, ["sex"], "time", "event")
    with pytest.raises(ValueError, match="found 'woman'"):
        cox(frame, ["sex"], "time", "event", references={"sex": "woman"})


@pytest.mark.parametrize(
    ("covariates", "kind", "said"),
    [(["agee"], KeyError, "no column agee"), (["age", "age"], ValueError, "named twice")],
)
def test_wrong_covariates_are_named(covariates, kind, said):
    with pytest.raises(kind, match=said):
        cox(data("lung"), covariates, "time", "event")


def test_unknown_way_with_ties_is_refused():
    with pytest.raises(ValueError, match="efron or breslow"):
        cox(data("lung"), ["age"], "time", "event", ties="exact")


def test_the_frame_is_left_as_it_was():
    frame = data("lung")
    before = frame.copy()
    cox(frame, ["age", "sex"], "time", "event")
    pd.testing.assert_frame_equal(frame, before)


def separated() -> pd.DataFrame:
    """Twelve patients, of whom those with a transplant have no event."""
    return pd.DataFrame(
        {
            "time": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            "event": [1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1],
            "transplant": [0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0],
            "age": [3, 9, 8, 4, 11, 6, 13, 2, 10, 7, 5, 12],
        }
    ).astype({"transplant": bool})


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_group_without_events_gets_a_reason_and_never_a_huge_number(ties):
    found = cox(separated(), ["transplant"], "time", "event", ties=ties)
    row = found.table.iloc[0]
    assert row[["coef", "se", "hr", "ci_low", "ci_high", "p"]].isna().all()
    assert (
        row["reason"]
        == "monotone likelihood: the hazard ratio runs towards 0 (no event among the 4 with transplant yes)"
    )
    assert found.reasons == (row["reason"],)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_the_other_coefficients_are_those_without_the_separated_patients(ties):
    frame = separated()
    both = cox(frame, ["transplant", "age"], "time", "event", ties=ties).table.set_index("covariate")
    rest = cox(frame[~frame["transplant"]], ["age"], "time", "event", ties=ties).table.set_index("covariate")
    assert np.isnan(both.loc["transplant", "hr"])
    assert both.loc["age", "coef"] == pytest.approx(rest.loc["age", "coef"], abs=1e-9)
    assert both.loc["age", "se"] == pytest.approx(rest.loc["age", "se"], abs=1e-9)


def test_beside_a_runaway_coefficient_hazards_are_not_tested():
    found = proportional_hazards_test(cox(separated(), ["transplant", "age"], "time", "event"))
    assert found["covariate"].tolist() == ["age", "GLOBAL"]
    assert found["p"].isna().all()


def test_two_that_run_away_together_may_leave_their_sum_finite():
    """Whoever has a alone comes first, whoever has b alone has no event; both together compare with neither."""
    rng = np.random.default_rng(3)
    n = 60
    frame = pd.DataFrame({"time": np.arange(11, 11 + n), "event": rng.random(n) < 0.6, "age": rng.normal(size=n)})
    frame["a"] = rng.random(n) < 0.5
    frame["b"] = frame["a"]
    alone = pd.DataFrame(
        {"time": [1, 80, 81], "event": [True, False, False], "age": [0.0, 1, 0], "a": [True, False, False]}
    ).assign(b=lambda d: ~d["a"])
    both = cox(pd.concat([frame, alone], ignore_index=True), ["a", "b", "age"], "time", "event").table
    rest = cox(frame, ["a", "age"], "time", "event").table
    assert both["reason"].str.startswith("monotone").tolist() == [True, True, False]
    assert both["coef"].iloc[2] == pytest.approx(rest["coef"].iloc[1], abs=1e-9)
    assert both["se"].iloc[2] == pytest.approx(rest["se"].iloc[1], abs=1e-9)


def test_patients_gone_before_the_first_event_tell_nothing():
    frame = separated().assign(early=lambda d: d["time"] < 1.5, event=lambda d: d["event"].where(d["time"] > 1, 0))
    row = cox(frame, ["early"], "time", "event").table.iloc[0]
    assert row["reason"] == "the same for all still at risk when the first event occurred"


def test_a_perfect_order_is_found_too():
    frame = pd.DataFrame({"time": [1, 2, 3, 4, 5, 6], "event": 1, "score": [6.0, 5, 4, 3, 2, 1]})
    row = cox(frame, ["score"], "time", "event").table.iloc[0]
    assert "runs without bound (it orders the events perfectly)" in row["reason"]


def test_a_strong_effect_that_is_finite_is_not_called_infinite():
    frame = pd.DataFrame({"time": [1, 2, 3, 4, 5, 6, 7, 8], "event": 1, "score": [80.0, 70, 60, 50, 30, 40, 20, 10]})
    row = cox(frame, ["score"], "time", "event").table.iloc[0]
    assert row["reason"] == ""
    assert np.isfinite(row["hr"])


def test_runaway_tells_the_direction_of_a_combination():
    x = np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]])
    signs, _ = runaway_coefficients(x, np.array([1.0, 2, 3, 4]), np.array([True, True, False, False]))
    assert signs.tolist() == [np.inf, np.inf]


def test_runaway_leaves_a_coefficient_alone_that_the_rest_still_tells():
    frame = separated()
    x = frame[["transplant", "age"]].to_numpy(float)
    signs, strata = runaway_coefficients(x, frame["time"].to_numpy(float), frame["event"].to_numpy(bool))
    assert signs.tolist() == [-np.inf, 0]
    assert (strata == np.where(frame["transplant"], 0, 1)).all()


def test_constant_and_repeated_covariates_get_their_reason():
    frame = data("lung").assign(one=1.0, months=lambda d: d["age"] * 12)
    found = cox(frame, ["age", "one", "months"], "time", "event")
    assert found.table["reason"].tolist() == [
        "",
        "the same for all complete cases",
        "determined by the covariates before it",
    ]
    assert found.table["coef"].iloc[0] == pytest.approx(fitted("lung_age", "efron").table["coef"].iloc[0], abs=1e-9)
    assert found.lr_df == 1


def test_without_events_there_is_no_model_and_it_says_so():
    found = cox(data("lung").assign(event=0), ["age"], "time", "event")
    assert found.reasons == ("no event among the complete cases",)
    assert np.isnan(found.lr_p)
    assert np.isnan(found.events_per_variable)
    assert proportional_hazards_test(found).empty


def test_reference_rows_have_ratio_one_and_complete_the_counts():
    model = fitted("veteran_all", "efron")
    table = with_references(model.table, model.design)
    cells = table[table["covariate"] == "celltype"]
    assert cells["level"].tolist() == ["large", "squamous", "smallcell", "adeno"]
    assert cells["hr"].iloc[0] == 1
    assert cells["n"].sum() == model.n
    assert cells["events"].sum() == model.events
    assert (table["covariate"] == "karno").sum() == 1


def test_concordance_counts_equal_scores_one_half():
    time, event = np.array([1.0, 2, 3]), np.array([True, True, True])
    assert harrell_concordance(np.zeros(3), time, event) == 0.5
    assert np.isnan(harrell_concordance(np.zeros(3), time, ~event))


def test_unused_categories_make_no_column():
    frame = data("lung").assign(sex=lambda d: d["sex"].cat.add_categories(["unknown"]))
    laid = cox_design(frame, ["sex"], "time", "event")
    assert list(laid.x) == ["sex: female"]
    assert fit_design(laid).table["hr"].iloc[0] == pytest.approx(
        fitted("lung_sex", "efron").table["hr"].iloc[0], abs=1e-12
    )


def test_log_of_time_needs_events_after_day_0():
    frame = pd.DataFrame({"time": [0, 1, 2, 3], "event": 1, "age": [1.0, 5, 2, 3]})
    with pytest.raises(ValueError, match="after day 0"):
        proportional_hazards_test(cox(frame, ["age"], "time", "event"), "log")
    with pytest.raises(ValueError, match="transform must be"):
        proportional_hazards_test(cox(frame, ["age"], "time", "event"), "root")


def floats() -> pd.DataFrame:
    """Whole days, and the same after a trip through spreadsheet dates: equal but for float noise."""
    frame = oracle("estimate_data_float")
    return frame.assign(time=frame["day"] + frame["origin"] - frame["origin"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_times_that_differ_by_float_noise_are_ties(ties):
    frame = floats()
    assert frame["time"].nunique() > frame["day"].nunique()
    noisy, exact = (cox(frame, ["old", "age"], time, "event", ties=ties) for time in ("time", "day"))
    np.testing.assert_allclose(noisy.table[NUMBERS], exact.table[NUMBERS], rtol=1e-9)
    expected = oracle("estimate_float").set_index("what")["value"]
    assert noisy.table["hr"].tolist() == pytest.approx([expected[f"{ties}_old"], expected[f"{ties}_age"]], rel=1e-8)
    tests = [proportional_hazards_test(model)["p"] for model in (noisy, exact)]
    np.testing.assert_allclose(*tests, rtol=1e-8)


def test_near_collinear_covariates_get_a_reason_and_no_vanishing_ratio():
    frame = data("lung").assign(again=lambda d: d["age"] + np.random.default_rng(1).normal(0, 1e-3, len(d)))
    found = cox(frame, ["age", "again"], "time", "event").table
    assert found["reason"].iloc[0] == ""
    assert found["reason"].iloc[1].startswith("collinear: the covariates before it explain all but ")
    assert found["coef"].iloc[0] == pytest.approx(fitted("lung_age", "efron").table["coef"].iloc[0], abs=1e-9)
    assert np.isnan(found["hr"].iloc[1])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_reference_without_events_is_named_as_the_cause(ties):
    frame = separated().assign(
        kind=lambda d: pd.Categorical(np.where(d["transplant"], "a", np.where(d["age"] > 6, "b", "c")))
    )
    found = cox(frame, ["kind"], "time", "event", ties=ties).table
    why = "monotone likelihood: the hazard ratio runs without bound (no event among the 4 with kind a, the reference)"
    assert found["reason"].tolist() == [why, why]


def test_a_long_tail_among_the_covariates_needs_no_search_for_runaways(monkeypatch):
    """A marker with a few huge values: Newton's steps end, so that no comparison of pairs is made."""
    frame = data("lung").assign(marker=lambda d: np.exp(3 * np.random.default_rng(2).normal(size=len(d))))
    monkeypatch.setattr("helpers.estimate.cox.runaway_coefficients", lambda *_: pytest.fail("looked for runaways"))
    found = cox(frame, ["age", "marker"], "time", "event")
    assert found.reasons == ()
    assert (frame["marker"].max() - frame["marker"].min()) / frame["marker"].std() > 5


def test_leads_of_one_per_patient_find_what_all_pairs_find():
    rng = np.random.default_rng(8)
    for trial in range(60):
        n = 14
        time, event = rng.integers(1, 9, n).astype(float), rng.random(n) < 0.5
        x = rng.integers(0, 3, (n, 2)).astype(float)
        if not event.any() or (x.std(axis=0) == 0).any():
            continue
        signs, _ = runaway_coefficients(x, time, event)
        pairs = np.array([x[i] - x[j] for i in np.flatnonzero(event) for j in np.flatnonzero(time >= time[i])])
        angles = np.linspace(0, 2 * np.pi, 721)
        ways = np.column_stack([np.cos(angles), np.sin(angles)])
        leads = ways @ pairs.T
        apart = (leads >= -1e-9).all(axis=1) & (leads > 1e-6).any(axis=1)
        assert (signs != 0).any() == apart.any(), trial


def test_values_that_differ_by_noise_are_the_same_for_all():
    """0.1 + 0.2 is not 0.3 in binary: a model of that difference has no meaning, and would overflow."""
    frame = pd.DataFrame({"t": range(1, 21), "d": [True, False] * 10, "x": [0.3, 0.1 + 0.2] * 10})
    found = cox(frame, ["x"], "t", "d").table.iloc[0]
    assert found["reason"] == "the same for all complete cases"
    assert np.isnan(found["hr"])


def test_values_too_close_together_give_a_reason_and_no_warning():
    """Per year, a ratio of ages that differ by millionths of a day is beyond every number."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"t": rng.integers(1, 300, 40), "d": rng.random(40) < 0.6, "age": 8 + 1e-9 * rng.normal(size=40)}
    )
    found = cox(frame, ["age"], "t", "d").table.iloc[0]
    assert found["reason"] == "no finite ratio per unit: its values lie too close together"
    wide = cox(frame.assign(age=(frame["age"] - 8) * 1e9), ["age"], "t", "d").table.iloc[0]
    assert found["z"] == pytest.approx(wide["z"], rel=1e-6)


def test_events_that_fall_on_one_day_cannot_say_whether_a_ratio_is_constant():
    """R's cox.zph ends in an error there (exactly singular)."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"time": [100.0] * 12 + [200.0] * 12, "event": [True] * 12 + [False] * 12, "age": rng.normal(8, 3, 24)}
    )
    frame["dose"] = rng.normal(4, 2, 24)
    one_day = proportional_hazards_test(cox(frame, ["age", "dose"], "time", "event"))
    assert one_day["p"].isna().all()
    assert one_day["df"].tolist() == [1, 1, 2]
    frame.loc[0, "time"] = 90.0  # on two days each can be told, and both together
    assert proportional_hazards_test(cox(frame, ["age", "dose"], "time", "event"))["p"].between(0, 1).all()
