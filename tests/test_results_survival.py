"""Survival and Table 5 as the registry gives them, held to R's survival on a made-up cohort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracles import oracle
from stand_in import FRAME, stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.paths import REAL
from helpers.problems import InputError, NotAvailable
from helpers.results import curves, exposure, exposure_models, survival, table5, value
from helpers.results.registry import compute, families
from helpers.results.value import Value

EVERYTHING = "screen_1."  # ids of the oracle for which no covariate is screened out


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(stand_in())


@pytest.fixture(scope="module")
def values(analysis) -> dict[str, Value]:
    wanted = [one for one in families() if one.name.startswith(("survival", "table5"))]
    return {id: value for one in wanted for id, value in one.values(analysis).items()}


@pytest.fixture(scope="module")
def unscreened() -> dict[str, Value]:
    everything = analyse(stand_in(), Parameters(screening_p=1.0))
    names = ("table5.multivariable_rows", "robustness.proportional_hazards_values")
    return {id: value for one in families() if one.name in names for id, value in one.values(everything).items()}


def test_the_oracle_was_made_from_this_very_frame(analysis):
    stored = pd.read_csv(REAL.parents[1] / "tests" / "oracle" / "results_frame.csv", index_col="patient_id")
    now = analysis.frame[FRAME].astype({name: stored[name].dtype for name in FRAME})
    pd.testing.assert_frame_equal(now.rename_axis("patient_id"), stored, check_dtype=False, check_index_type=False)


@pytest.mark.parametrize("row", oracle("results").to_dict("records"), ids=lambda row: row["id"])
def test_it_agrees_with_r(values, unscreened, row):
    id = row["id"].removeprefix(EVERYTHING)
    found = (unscreened if row["id"].startswith(EVERYTHING) else values)[id]
    assert found.value is not None, found.reason
    assert found.value == pytest.approx(row["value"], rel=1e-6, abs=1e-9)


def test_events_and_patients_stand_beside_the_rates(analysis, values):
    found = values["results.efficacy.pfs_1y.rate"]
    assert (found.n, found.events) == (120, int(analysis.frame["pfs_event"].sum()))


def test_the_readings_differ_where_the_print_does(analysis):
    ids = ["results.efficacy.pfs_1y.half_width", "results.efficacy.os_1y.half_width", "table5.univariate.female.hr"]
    paper = compute(analysis, ids)
    stated = compute(analyse(analysis.cohort, Parameters(reading="stated")), ids)
    assert paper[ids[0]].value != stated[ids[0]].value
    assert paper[ids[1]].value == stated[ids[1]].value
    assert paper[ids[2]].n == analysis.frame["blast_over_cut"].notna().sum() < 120
    assert stated[ids[2]].n == 110


def test_read_from_the_print_the_multivariable_model_leaves_high_dose_out(analysis):
    parameters = {"screening_p": 1.0}
    paper = table5.joint(analyse(analysis.cohort, Parameters(**parameters)))[0]
    stated = table5.joint(analyse(analysis.cohort, Parameters(reading="stated", **parameters)))[0]
    high = (analysis.frame["gc_group"] == "high") & analysis.frame["toxicity"]
    assert paper.n + paper.missing == 110 - high.sum()
    assert stated.n + stated.missing == 110
    assert "≤8 mg/kg" in set(paper.table["level"])
    assert ">8 mg/kg" not in set(paper.table["level"])
    assert ">8 mg/kg" in set(stated.table["level"])


def test_the_screen_says_why_a_covariate_is_not_in_the_model(analysis):
    none = analyse(analysis.cohort, Parameters(screening_p=1e-9))
    found = compute(
        none, ["table5.multivariable.female.hr", "extra.table5.multivariable.n", "extra.imputed.n", "extra.ph.global.p"]
    )
    assert found["table5.multivariable.female.hr"].reason == "Sex: no univariable p below 1e-09, so not in the model"
    assert {found[id].reason for id in list(found)[1:]} == {"no covariate has a univariable p below 1e-09"}
    assert table5.forest(none).empty
    assert table5.frame(none)["multi_hr"].isna().all()


def test_a_level_without_events_has_no_hazard_ratio_but_a_reason():
    cohort = stand_in(60, seed=5)
    followup = cohort.tables["followup"].copy()
    triple = cohort.tables["patients"].loc[lambda table: table["car_target"] == "CD19+CD22+CD20", "patient_id"]
    followup.loc[followup["patient_id"].isin(triple), ["relapse_day", "death_day"]] = np.nan
    found = compute(
        analyse(Cohort(**{**vars(cohort), "tables": {**cohort.tables, "followup": followup}})),
        ["table5.univariate.target_cd19_22_20.hr"],
    )
    value = found["table5.univariate.target_cd19_22_20.hr"]
    assert value.value is None
    assert value.reason.startswith("monotone likelihood: the hazard ratio runs towards 0")


def test_an_absent_level_and_an_absent_reference_are_named():
    cohort = stand_in(60, seed=5)
    patients = cohort.tables["patients"].copy()
    patients["sex"] = "female"
    patients = patients.assign(car_target=patients["car_target"].replace("CD19+CD22+CD20", "CD19"))
    found = compute(
        analyse(Cohort(**{**vars(cohort), "tables": {**cohort.tables, "patients": patients}})),
        ["table5.univariate.female.hr", "table5.univariate.target_cd19_22_20.p"],
    )
    reasons = [value.reason for value in found.values()]
    assert reasons == ["no patient in the reference group Male", "no patient with CD19+CD22+CD20"]


def test_rates_beyond_the_follow_up_have_a_reason():
    cohort = stand_in(60, seed=3)
    followup = cohort.tables["followup"].assign(
        last_contact_day=lambda table: table["last_contact_day"].clip(upper=500.0)
    )
    followup[["death_day", "relapse_day"]] = np.nan
    followup["last_assessment_day"] = followup["last_assessment_day"].clip(upper=500.0)
    found = compute(
        analyse(Cohort(**{**vars(cohort), "tables": {**cohort.tables, "followup": followup}})),
        ["results.efficacy.os_3y.rate"],
    )
    assert found["results.efficacy.os_3y.rate"].reason == "follow-up ends before year 3"


def test_curves_and_numbers_at_risk_start_with_everyone(analysis):
    groups = survival.compared(analysis, "dose")
    drawn = curves.curves(analysis, "PFS", groups)
    risk = curves.numbers_at_risk(analysis, "PFS", groups)
    assert list(drawn) == list(risk.index) == ["none", "low", "high"]
    assert [int(curve["at_risk"].iloc[0]) for curve in drawn.values()] == list(risk[0])
    assert risk[0].sum() == 110
    rates = curves.rates(analysis, "PFS", groups, [1])
    assert rates.loc[0, "rate"] == pytest.approx(100 * drawn["none"].query("time <= 365.25")["survival"].iloc[-1])


def test_every_log_rank_is_listed_with_all_pairs_of_the_dose_groups(analysis):
    listed = survival.logranks(analysis)
    dose = listed[(listed["endpoint"] == "PFS") & (listed["comparison"] == "dose")]
    assert list(dose["groups"]) == ["none / low / high", "none / low", "none / high", "low / high"]
    assert (dose["p_holm"].dropna() >= dose["p"].iloc[1:]).all()


@pytest.mark.parametrize(
    ("name", "labels", "naive"),
    [
        ("GC", ["no GC", "GC"], True),
        ("sex", ["male", "female"], False),
        ("prior_transplant", ["no prior_transplant", "prior_transplant"], False),
        ("GVHD", ["no GVHD", "GVHD"], True),
        ("gc_group", ["none", "low", "high"], True),
    ],
)
def test_an_exposure_makes_groups_reference_first(name, labels, naive):
    analysis = analyse(stand_in(), Parameters(exposure=name))
    groups = exposure.exposure_groups(analysis)
    assert list(groups.cat.categories) == labels
    assert exposure.is_naive(analysis) is naive
    assert bool(survival.note_on_time(analysis)) is naive


def test_an_exposure_counts_only_within_the_window():
    cohort = stand_in()
    days = cohort.tables["exposures"].set_index("patient_id")["day"]
    groups = exposure.groups(analyse(cohort, Parameters(exposure="GVHD", window_days=20)))
    assert set(groups.index[groups == "GVHD"]) == set(days.index[days <= 20])


def test_a_number_is_split_at_its_median():
    groups = exposure.groups(analyse(stand_in(), Parameters(exposure="car_dose_e6_per_kg")))
    assert abs((groups == groups.cat.categories[1]).sum() - 60) <= 2
    assert groups.cat.categories[0].startswith("car_dose_e6_per_kg ≤")


def test_an_unknown_exposure_is_refused_and_what_there_is_is_named():
    with pytest.raises(InputError, match=r"found 'GVH'; allowed: GC / TCZ / RUX / sex .* / GVHD"):
        compute(analyse(stand_in(), Parameters(exposure="GVH")), ["extra.survival.pfs.exposure.logrank.p"])


def test_gc_without_treatments_is_not_available():
    with pytest.raises(NotAvailable, match="cohort bmt has no table treatments"):
        exposure.groups(analyse(read_cohort(REAL / "bmt")))


@pytest.mark.parametrize(
    ("name", "window", "column", "level"),
    [("disease_group", 30, "disease_group", "AML high risk"), ("acute GVHD", 100, "acute_gvhd", "yes")],
)
def test_the_exposure_of_real_patients_agrees_with_r(name, window, column, level):
    analysis = analyse(read_cohort(REAL / "bmt"), Parameters(exposure=name, window_days=window))
    slug = value.slug(level if name == "disease_group" else name)
    found = compute(
        analysis,
        [f"extra.survival.{end}.exposure.logrank.p" for end in ("pfs", "os")] + [f"extra.exposure.crude.{slug}.hr"],
    )
    tests, models = oracle("bmt_logrank").set_index(["endpoint", "column"]), oracle("bmt_cox")
    model = models[(models["endpoint"] == "PFS") & (models["ties"] == "efron") & (models["term"] == f"{column}{level}")]
    model = model[model["model"] == ("group" if name == "disease_group" else "acute_gvhd")]
    expected = [tests.loc[(end, column), "p"] for end in ("PFS", "OS")] + [model["hr"].item()]
    assert [value.value for value in found.values()] == pytest.approx(expected, rel=1e-6)
    assert {value.population for value in found.values()} == {"all"}  # the cohort records no toxicity to select on


def test_covariates_of_a_cohort_of_its_own_enter_table_5():
    analysis = analyse(read_cohort(REAL / "bmt"))
    table = table5.frame(analysis)
    assert {"disease group", "waiting_days", "hospital"} <= set(table["variable"])
    assert "GC dosage" not in set(table["variable"])
    expected = oracle("bmt_cox").query("endpoint == 'PFS' and model == 'group' and ties == 'efron'")["hr"]
    found = compute(
        analysis, [f"extra.table5.univariate.disease_group_{level}.hr" for level in ("aml_low_risk", "aml_high_risk")]
    )
    assert [value.value for value in found.values()] == pytest.approx(list(expected), rel=1e-6)


def test_the_exposure_is_not_adjusted_for_itself(analysis):
    for name, left_out in (("sex", "Sex"), ("GC", "GC dosage")):
        other = analyse(analysis.cohort, Parameters(exposure=name, screening_p=1.0))
        names = set(exposure_models.exposure_models(other)["adjusted"]["variable"])
        assert names == {f"Exposure {name}"}
        chosen = [row.label for row in table5.selected(other) if not exposure_models.states_again(other, row)]
        assert left_out not in chosen
        assert len(chosen) > 5


@pytest.mark.parametrize(("patients", "seed", "paper"), [(3, 3, ""), (9, 2, "zhang2025")])
def test_a_handful_of_patients_gives_values_or_reasons_and_no_error(patients, seed, paper):
    found = compute(analyse(stand_in(patients, seed, stands_for=paper), Parameters(imputations=2, screening_p=1.0)))
    assert found["table1.n"].value == patients
    ratios = [value.value for id, value in found.items() if id.endswith(".hr") and value.value is not None]
    assert all(1e-4 < ratio < 1e4 for ratio in ratios)


def test_unknown_blasts_are_counted_of_those_whom_the_row_concerns(analysis):
    found = table5.sizes(analysis).set_index("covariate")
    known = int(analysis.frame["blast_over_cut"].notna().sum())
    blasts = found.loc["Bone marrow blasts"]
    assert (blasts["of"], blasts["n"], blasts["unknown"]) == (len(analysis.frame), known, len(analysis.frame) - known)
    assert (found["of"] == found["n"] + found["unknown"]).all()
    assert found.loc["Bone marrow blasts", "unknown"] > 0


def test_both_readings_of_the_model_stand_side_by_side_or_say_why_not(analysis):
    found = table5.readings(analysis)
    assert set(found["reading"]) == {"paper", "stated"}
    strict = replace(analysis, parameters=analysis.parameters.model_copy(update={"screening_p": 1e-9}))
    none = table5.readings(strict)
    assert len(none) == 2
    assert none["reason"].str.contains("no covariate has a univariable p below").all()
