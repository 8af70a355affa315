"""Time-varying exposures, competing events, clones and states against R's survival and cmprsk (tests/oracle/time.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracles import oracle

from helpers import paths
from helpers.cohort.days import first_days
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.estimate.clone_censor_weight import weighted_clones
from helpers.estimate.competing_risks import cause_specific, cumulative_incidence, fine_gray, gray_test, incidence_at
from helpers.estimate.kaplan_meier import survival_curve
from helpers.estimate.logrank import logrank
from helpers.estimate.multistate import FIRST, state_occupancy, state_spells
from helpers.estimate.time_varying import (
    cox_start_stop,
    landmark_rows,
    read_at,
    rows_by_exposure,
    survival_start_stop,
)

KNOWN = oracle("time_known").set_index("key")["value"]
CLOSE = {"rtol": 1e-8, "atol": 1e-9}
TIES = ("efron", "breslow")


def expected(*keys: str) -> list[float]:
    return [float(KNOWN[key]) for key in keys]


def coefficients(key: str, *names: str) -> list[float]:
    return expected(*(f"{key}.{name}.{part}" for name in names for part in ("coef", "se")))


def found(model, *names: str) -> list[float]:
    table = model.table.set_index("covariate")
    return [table.loc[name, part] for name in names for part in ("coef", "se")]


@pytest.fixture(scope="module")
def hearts() -> pd.DataFrame:
    """Follow-up as R's heart has it, one row per patient: time, event, day, age from 48, surgery."""
    analysis = analyse(read_cohort(paths.REAL / "hearts"))
    day = first_days(analysis.cohort, "transplantation").reindex(analysis.frame.index)
    raw = pd.read_csv(paths.REAL / "jasa.csv")
    frame = analysis.frame.assign(day=day, surgery=raw["surgery"].to_numpy(), age=raw["age"].to_numpy() - 48)
    return frame.rename(columns={"os_days": "time", "os_event": "event"}).reset_index()


@pytest.fixture(scope="module")
def heart_rows(hearts) -> pd.DataFrame:
    rows = rows_by_exposure(hearts["time"], hearts["event"], hearts["day"])
    return rows.join(hearts[["age", "surgery"]], on="patient")


@pytest.mark.parametrize("ties", TIES)
def test_a_transplant_that_begins_counts_from_its_day(heart_rows, ties):
    model = cox_start_stop(heart_rows, ["exposed"], ties=ties)
    np.testing.assert_allclose(found(model, "exposed"), coefficients(f"hearts.dependent.{ties}", "transplant"), **CLOSE)
    assert model.score_statistic == pytest.approx(*expected(f"hearts.dependent.{ties}.score"), rel=1e-8)
    assert (model.rows, model.events) == (172, 75)


def test_several_covariates_robust_errors_and_weights(heart_rows):
    adjusted = cox_start_stop(heart_rows, ["age", "surgery", "exposed"])
    names = ("age", "surgery", "transplant")
    np.testing.assert_allclose(
        found(adjusted, "age", "surgery", "exposed"), coefficients("hearts.adjusted", *names), **CLOSE
    )
    robust = cox_start_stop(heart_rows, ["age", "exposed"], cluster="patient")
    np.testing.assert_allclose(
        found(robust, "age", "exposed"), coefficients("hearts.robust", "age", "transplant"), **CLOSE
    )
    weighted = heart_rows.assign(w=1 + ((heart_rows["patient"] + 1) % 5) / 3)
    for ties in TIES:
        model = cox_start_stop(weighted, ["age", "exposed"], ties=ties, weights="w", cluster="patient")
        key = f"hearts.weighted.{ties}"
        np.testing.assert_allclose(found(model, "age", "exposed"), coefficients(key, "age", "transplant"), **CLOSE)


@pytest.mark.parametrize("day", [15, 30, 60, 90])
def test_landmarks_of_the_hearts(hearts, day):
    taken = landmark_rows(hearts["time"], hearts["event"], hearts["day"], day)
    assert len(taken.frame) == expected(f"hearts.landmark_{day}.n")[0]
    assert len(taken.frame) + taken.events_before + taken.censored_before == 103
    rows = taken.frame.assign(start=-np.inf, stop=taken.frame["time"])
    model = cox_start_stop(rows, ["exposed"])
    np.testing.assert_allclose(found(model, "exposed"), coefficients(f"hearts.landmark_{day}", "exposed"), **CLOSE)


def test_the_naive_comparison_and_the_curves_of_simon_and_makuch(hearts, heart_rows):
    naive = hearts.assign(start=-np.inf, stop=hearts["time"], exposed=hearts["day"].notna())
    model = cox_start_stop(naive, ["exposed"])
    np.testing.assert_allclose(found(model, "exposed"), coefficients("hearts.naive", "transplant"), **CLOSE)
    for state in (0, 1):
        steps = survival_start_stop(heart_rows[heart_rows["exposed"] == bool(state)])
        read = [*read_at(steps, 365), *read_at(steps, 365, "se", 0.0)]
        np.testing.assert_allclose(
            read, expected(f"hearts.simon_makuch.{state}", f"hearts.simon_makuch.se.{state}"), **CLOSE
        )


def test_person_time_of_the_hearts_adds_up(hearts, heart_rows):
    spent = heart_rows["stop"] - heart_rows["start"].clip(lower=0)
    assert spent.sum() == hearts["time"].sum()
    assert heart_rows.groupby("exposed")["event"].sum().tolist() == [30, 45]
    assert (
        spent[heart_rows["exposed"]].sum() == 25998.5
    )  # methods: counted by hand in the literature as days after transplantation


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("exposure", ["acute", "chronic", "platelets"])
def test_exposures_of_the_bmt_cohort(exposure, ties):
    name = {"acute": "acute GVHD", "chronic": "chronic GVHD", "platelets": "platelet recovery"}[exposure]
    analysis = analyse(read_cohort(paths.REAL / "bmt"))
    day = first_days(analysis.cohort, name).reindex(analysis.frame.index)
    raw = pd.read_csv(paths.REAL / "bmt.csv")
    model = cox_start_stop(rows_by_exposure(raw["t2"], raw["d3"], day), ["exposed"], ties=ties)
    key = f"bmt.{exposure}.dependent.{ties}"
    np.testing.assert_allclose(found(model, "exposed"), coefficients(key, "exposed"), **CLOSE)


def test_an_event_on_the_day_of_exposure_is_one_before_it_and_day_0_counts():
    rows = rows_by_exposure([5, 0, 6, 0], [1, 1, 1, 0], [5, 0, 0, None])
    assert rows["exposed"].tolist() == [False, False, False, True, False]
    assert rows["event"].tolist() == [True, True, False, True, False]
    model = cox_start_stop(rows, ["exposed"])
    assert model.events == 3


def test_float_noise_does_not_break_the_tie_rule():
    rows = rows_by_exposure([0.3, 1.0], [1, 1], [0.1 + 0.2 - 1e-12, None])
    assert not rows["exposed"].any()
    assert len(landmark_rows([0.1 + 0.2, 1.0], [1, 1], [None, 0.5], 0.3).frame) == 1


def test_without_a_late_start_it_is_the_ordinary_model_and_curve(hearts):
    plain = hearts.assign(start=-np.inf, stop=hearts["time"])
    steps = survival_start_stop(plain)
    whole = survival_curve(hearts["time"], hearts["event"]).query("events > 0")
    np.testing.assert_allclose(steps[["survival", "se"]], whole[["survival", "se"]], atol=1e-12)
    score = cox_start_stop(plain.assign(exposed=hearts["day"].notna()), ["exposed"], ties="breslow").score_statistic
    assert score > 0
    assert logrank(hearts["time"], hearts["event"], hearts["day"].notna()).statistic == pytest.approx(33.241992818137)


@pytest.mark.parametrize(
    ("time", "event", "day", "reason"),
    [
        ([1, 2, 3], [0, 0, 0], [1, None, 1], "no event"),
        ([1, 2, 3], [1, 1, 1], [None, None, None], "the same for all at risk whenever an event occurred"),
        ([9, 8, 7, 1, 2], [0, 0, 0, 1, 1], [0.5, 0.5, 0.5, None, None], "monotone likelihood: the hazard ratio runs towards 0"),
        ([9, 8, 7, 1, 2], [0, 0, 0, 1, 1], [None, None, None, 0.5, 0.5], "monotone likelihood: the hazard ratio runs without bound"),
    ],
)  # fmt: skip
def test_what_has_no_estimate_says_why(time, event, day, reason):
    row = cox_start_stop(rows_by_exposure(time, event, day), ["exposed"]).table.iloc[0]
    assert row["reason"] == reason
    assert np.isnan(row["hr"])


def test_rows_that_end_before_they_start_are_refused():
    with pytest.raises(ValueError, match="end after it starts"):
        cox_start_stop(pd.DataFrame({"start": [2.0], "stop": [2.0], "event": [True], "x": [1]}), ["x"])
    with pytest.raises(ValueError, match="efron or breslow"):
        cox_start_stop(pd.DataFrame({"start": [1.0], "stop": [2.0], "event": [True], "x": [1]}), ["x"], ties="exact")


# -------------------------------------------------------------------------------------------------- competing events


@pytest.fixture(scope="module")
def bmt() -> pd.DataFrame:
    raw = pd.read_csv(paths.REAL / "bmt.csv")
    return raw.assign(cause=np.where(raw["d2"] == 1, 1, np.where(raw["d3"] == 1, 2, 0)), low=raw["group"] == 2)


@pytest.fixture(scope="module")
def mgus2() -> pd.DataFrame:
    raw = pd.read_csv(paths.REAL / "mgus2.csv")
    cause = np.where(raw["pstat"] == 1, 1, np.where(raw["death"] == 1, 2, 0))
    return raw.assign(
        cause=cause, etime=np.where(raw["pstat"] == 1, raw["ptime"], raw["futime"]), male=raw["sex"] == "M"
    )


@pytest.mark.parametrize("of", [1, 2])
def test_cumulative_incidence_and_its_variance_are_those_of_cuminc(bmt, mgus2, of):
    for group in (1, 2, 3):
        inside = bmt[bmt["group"] == group]
        read = incidence_at(inside["t2"], inside["cause"], [100, 365, 730], of)
        at = [f"{group}.{of}.{day}" for day in (100, 365, 730)]
        np.testing.assert_allclose(read["incidence"], expected(*(f"bmt.cif.{key}" for key in at)), **CLOSE)
        np.testing.assert_allclose(read["se"] ** 2, expected(*(f"bmt.var.{key}" for key in at)), **CLOSE)
    for sex in ("F", "M"):
        inside = mgus2[mgus2["sex"] == sex]
        read = incidence_at(inside["etime"], inside["cause"], [60, 240], of)
        at = [f"{sex}.{of}.{month}" for month in (60, 240)]
        np.testing.assert_allclose(read["incidence"], expected(*(f"mgus2.cif.{key}" for key in at)), **CLOSE)
        np.testing.assert_allclose(read["se"] ** 2, expected(*(f"mgus2.var.{key}" for key in at)), **CLOSE)


@pytest.mark.parametrize("of", [1, 2])
def test_grays_test_is_that_of_cuminc(bmt, mgus2, of):
    for key, test in (
        ("bmt", gray_test(bmt["t2"], bmt["cause"], bmt["group"], of)),
        ("mgus2", gray_test(mgus2["etime"], mgus2["cause"], mgus2["sex"], of)),
    ):
        np.testing.assert_allclose(
            [test.statistic, test.p], expected(f"{key}.gray.{of}.statistic", f"{key}.gray.{of}.p"), rtol=1e-8
        )


def test_incidences_and_survival_add_up_to_one_and_one_minus_kaplan_meier_is_higher(mgus2):
    one, two = (cumulative_incidence(mgus2["etime"], mgus2["cause"], of) for of in (1, 2))
    np.testing.assert_allclose(one["incidence"] + two["incidence"] + one["survival"], 1, atol=1e-12)
    read = incidence_at(mgus2["etime"], mgus2["cause"], 240)["incidence"].iloc[0]
    assert read == pytest.approx(*expected("mgus2.all.cif.240"), abs=1e-10)
    wrong = 1 - survival_curve(mgus2["etime"], mgus2["cause"] == 1).query("time <= 240")["survival"].iloc[-1]
    assert wrong == pytest.approx(*expected("mgus2.all.one_minus_km.240"), abs=1e-10)


@pytest.mark.parametrize("ties", TIES)
def test_fine_and_gray_by_weighted_rows_is_finegray_and_coxph(mgus2, ties):
    model = fine_gray(mgus2, ["age", "male"], "etime", "cause", ties=ties)
    np.testing.assert_allclose(
        found(model, "age", "male"), coefficients(f"mgus2.finegray.{ties}", "age", "male"), **CLOSE
    )
    other = expected("mgus2.crr.age", "mgus2.crr.male")
    assert (
        np.abs(np.array(found(model, "age", "male")[::2]) - other).max() < 5e-4
    )  # another implementation, named as such


def test_fine_and_gray_and_cause_specific_models(bmt, mgus2):
    model = fine_gray(bmt.assign(group=bmt["low"]), ["group", "z1"], "t2", "cause")
    np.testing.assert_allclose(found(model, "group", "z1"), coefficients("bmt.finegray", "group", "z1"), **CLOSE)
    model = cause_specific(mgus2, ["age", "male"], "etime", "cause")
    np.testing.assert_allclose(
        found(model, "age", "male"), coefficients("mgus2.cause_specific", "age", "male"), **CLOSE
    )


@pytest.mark.parametrize(("fitted", "key"), [(fine_gray, "finegray"), (cause_specific, "cause_specific")])
def test_a_model_of_the_other_event_is_that_of_r(mgus2, fitted, key):
    model = fitted(mgus2, ["age", "male"], "etime", "cause", of=2)
    np.testing.assert_allclose(found(model, "age", "male"), coefficients(f"mgus2.{key}.death", "age", "male"), **CLOSE)


@pytest.mark.parametrize(
    ("cause", "group", "reason"),
    [
        ([1, 0, 1], ["a", "a", "a"], "fewer than two groups"),
        ([2, 0, 2], ["a", "b", "a"], "no event of this kind"),
        ([1, 1, 0], ["a", "a", "b"], None),
    ],
)
def test_grays_test_says_why_not(cause, group, reason):
    test = gray_test([1, 2, 3], cause, group)
    assert (test.reason == reason) if reason else not test.reason
    assert np.isnan(test.p) == bool(reason)


def test_groups_that_were_never_at_risk_together_have_no_test():
    test = gray_test([1, 2, 5, 6], [0, 0, 1, 1], list("aabb"))
    assert test.reason == "the groups were not at risk together when events occurred"


def test_wrong_causes_are_refused():
    with pytest.raises(ValueError, match="whole numbers"):
        cumulative_incidence([1, 2], [0.5, 1])
    with pytest.raises(ValueError, match="finite and not negative"):
        cumulative_incidence([-1, 2], [0, 1])


# ------------------------------------------------------------------------------------------------- clones and states


@pytest.mark.parametrize("grace", [14, 30, 60])
def test_clone_censor_weight_of_the_hearts(grace):
    raw = pd.read_csv(paths.REAL / "jasa.csv")
    day = raw["wait.time"].clip(lower=0.25).where(raw["transplant"] == 1)
    rows = weighted_clones(raw["futime"] + 0.5, raw["fustat"], day, grace)
    model = cox_start_stop(rows, ["treated_arm"], weights="weight", cluster="patient")
    np.testing.assert_allclose(found(model, "treated_arm"), coefficients(f"hearts.ccw_{grace}", "arm"), **CLOSE)
    for code, arm in enumerate(("wait", "start")):
        steps = survival_start_stop(rows[rows["arm"] == arm], weights="weight")
        assert read_at(steps, 365)[0] == pytest.approx(*expected(f"hearts.ccw_{grace}.survival.{code}"), abs=1e-10)


def test_without_events_in_the_grace_period_it_is_weighting_on_its_last_day():
    rng = np.random.default_rng(5)
    n = 200
    severe = rng.random(n) < 0.5
    day = np.where(rng.random(n) < np.where(severe, 0.7, 0.3), rng.integers(1, 9, n), np.nan)
    time, event = 10 + rng.integers(1, 400, n), rng.random(n) < 0.7
    rows = weighted_clones(time, event, day, 10, strata=severe)
    model = cox_start_stop(rows, ["treated_arm"], weights="weight", cluster="patient")
    treated = ~np.isnan(day)
    share = pd.Series(treated).groupby(severe).transform("mean").to_numpy()
    weighted = pd.DataFrame({"start": -np.inf, "stop": time, "event": event, "treated_arm": treated, "patient": range(n),
                             "weight": np.where(treated, 1 / share, 1 / (1 - share))})  # fmt: skip
    by_weight = cox_start_stop(weighted, ["treated_arm"], weights="weight", cluster="patient")
    np.testing.assert_allclose(found(model, "treated_arm"), found(by_weight, "treated_arm"), rtol=1e-10)


def test_all_who_leave_at_once_weigh_n_over_n_minus_d():
    rows = weighted_clones([20] * 153, [0] * 153, [3.0] * 72 + [np.nan] * 81, 10)
    late = rows.query("arm == 'start' and start == 10")
    assert late["weight"].unique().tolist() == [153 / 72]
    assert abs(153 / 72 - np.exp(81 / 153)) > 0.4


def test_state_occupancy_of_myeloid():
    raw = pd.read_csv(paths.REAL / "myeloid.csv")
    columns = {"response": raw["crtime"], "transplantation": raw["txtime"], "relapse": raw["rltime"],
               "death": raw["futime"].where(raw["death"] == 1)}  # fmt: skip
    for arm in ("A", "B"):
        inside = raw["trt"] == arm
        rows = state_spells({name: day[inside] for name, day in columns.items()}, raw.loc[inside, "futime"])
        shares = state_occupancy(rows, [FIRST, *columns])
        np.testing.assert_allclose(shares[[FIRST, *columns]].sum(axis=1), 1, atol=1e-12)
        for day in (90, 365, 730):
            for state in (FIRST, *columns):
                wanted = expected(f"myeloid.occupancy.{arm}.{day}.{state}")[0]
                before = 1.0 if state == FIRST else 0.0
                assert read_at(shares, day, state, before)[0] == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize("n", [3, 10, 29, 48, 49, 57])
def test_where_everybody_had_the_event_the_incidence_is_one_without_doubt(n):
    read = incidence_at(np.arange(1, n + 1), np.ones(n), [n + 1]).iloc[0]
    assert [read["incidence"], read["low"], read["high"]] == pytest.approx([1, 1, 1])


def test_an_incidence_is_known_up_to_and_with_the_last_day_of_follow_up():
    found = incidence_at([1, 2, 3], [1, 2, 0], [3, 3.5])["incidence"]
    assert found[0] == pytest.approx(1 / 3)
    assert np.isnan(found[1])
