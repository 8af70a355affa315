"""Survival and Table 5 as the registry gives them, held to R's survival on a made-up cohort."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from oracles import oracle
from stand_in import FRAME, stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort, Column
from helpers.estimate.cox import cox
from helpers.parameters import Parameters
from helpers.paths import REAL
from helpers.problems import InputError, NotAvailable
from helpers.results import covariates, curves, exposure, exposure_models, registry, survival, table5, value
from helpers.results.comparisons import comparison_groups
from helpers.results.populations import in_population
from helpers.results.registry import all_families, compute
from helpers.results.survival_times import milestone_differences
from helpers.results.value import Value

EVERYTHING = "screen_1."  # ids of the oracle for which no covariate is screened out


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(stand_in())


@pytest.fixture(scope="module")
def values(analysis) -> dict[str, Value]:
    wanted = [one for one in all_families() if one.name.startswith(("survival", "table5"))]
    return {id: value for one in wanted for id, value in one.values(analysis).items()}


@pytest.fixture(scope="module")
def unscreened() -> dict[str, Value]:
    everything = analyse(stand_in(), Parameters(screening_p=1.0))
    names = ("table5.multivariable_rows", "robustness.proportional_hazards_values")
    return {id: value for one in all_families() if one.name in names for id, value in one.values(everything).items()}


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
    paper = table5.joint_model(analyse(analysis.cohort, Parameters(**parameters)))[0]
    stated = table5.joint_model(analyse(analysis.cohort, Parameters(reading="stated", **parameters)))[0]
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
    assert table5.forest_rows(none).empty
    assert table5.table5_frame(none)["multi_hr"].isna().all()


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
    groups = survival.comparison_groups(analysis, "dose")
    drawn = curves.survival_curves(analysis, "PFS", groups)
    risk = curves.numbers_at_risk(analysis, "PFS", groups)
    assert list(drawn) == list(risk.index) == ["none", "low", "high"]
    assert [int(curve["at_risk"].iloc[0]) for curve in drawn.values()] == list(risk[0])
    assert risk[0].sum() == 110
    rates = curves.survival_rates(analysis, "PFS", groups, [1])
    assert rates.loc[0, "rate"] == pytest.approx(100 * drawn["none"].query("time <= 365.25")["survival"].iloc[-1])


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("GC", ["no GC", "GC"]),
        ("sex", ["male", "female"]),
        ("prior_transplant", ["no prior_transplant", "prior_transplant"]),
        ("GVHD", ["no GVHD", "GVHD"]),
        ("gc_group", ["none", "low", "high"]),
    ],
)
def test_an_exposure_makes_groups_reference_first(name, labels):
    analysis = analyse(stand_in(), Parameters(exposure=name))
    groups = exposure.exposure_groups(analysis)
    assert list(groups.cat.categories) == labels


def test_an_exposure_counts_only_within_the_window():
    cohort = stand_in()
    days = cohort.tables["exposures"].set_index("patient_id")["day"]
    groups = exposure.exposure_groups(analyse(cohort, Parameters(exposure="GVHD", window_days=20)))
    assert set(groups.index[groups == "GVHD"]) == set(days.index[days <= 20])


def test_a_number_is_split_at_its_median():
    groups = exposure.exposure_groups(analyse(stand_in(), Parameters(exposure="car_dose_e6_per_kg")))
    assert abs((groups == groups.cat.categories[1]).sum() - 60) <= 2
    assert groups.cat.categories[0].startswith("car_dose_e6_per_kg ≤")


def test_an_unknown_exposure_is_refused_and_what_there_is_is_named():
    with pytest.raises(InputError, match=r"found 'GVH'; allowed: GC / TCZ / RUX / sex .* / GVHD"):
        compute(analyse(stand_in(), Parameters(exposure="GVH")), ["extra.survival.pfs.exposure.logrank.p"])


def test_gc_without_treatments_is_not_available():
    with pytest.raises(NotAvailable, match="cohort bmt has no table treatments"):
        exposure.exposure_groups(analyse(read_cohort(REAL / "bmt")))


@pytest.mark.parametrize(
    ("name", "window", "column", "level"),
    [("disease_group", 30, "disease_group", "AML high risk"), ("acute GVHD", 100, "acute_gvhd", "yes")],
)
def test_the_exposure_of_real_patients_agrees_with_r(name, window, column, level):
    analysis = analyse(read_cohort(REAL / "bmt"), Parameters(exposure=name, window_days=window))
    slug = value.id_part(level if name == "disease_group" else name)
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
    table = table5.table5_frame(analysis)
    assert {"disease group", "waiting days", "hospital"} <= set(table["variable"])
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
        chosen = [
            row.label for row in table5.selected_covariates(other) if not exposure_models.states_again(other, row)
        ]
        assert left_out not in chosen
        assert len(chosen) > 5


@pytest.mark.parametrize(("patients", "seed", "paper"), [(3, 3, ""), (9, 2, "zhang2025")])
def test_a_handful_of_patients_gives_values_or_reasons_and_no_error(patients, seed, paper):
    found = compute(analyse(stand_in(patients, seed, stands_for=paper), Parameters(imputations=2, screening_p=1.0)))
    assert found["table1.n"].value == patients
    ratios = [value for id, value in found.items() if id.endswith(".hr")]
    assert ratios
    assert all(value.value is None and value.reason for value in ratios)


def test_ratios_of_few_patients_are_of_a_size_that_a_reader_believes():
    found = compute(analyse(stand_in(25, 1), Parameters(imputations=2, screening_p=1.0)))
    ratios = [value.value for id, value in found.items() if id.endswith(".hr") and value.value is not None]
    assert len(ratios) > 10
    assert all(1e-4 < ratio < 1e4 for ratio in ratios)


def test_unknown_blasts_are_counted_of_those_whom_the_row_concerns(analysis):
    found = table5.model_sizes(analysis).set_index("covariate")
    known = int(analysis.frame["blast_over_cut"].notna().sum())
    blasts = found.loc["Bone marrow blasts"]
    assert (blasts["of"], blasts["n"], blasts["unknown"]) == (len(analysis.frame), known, len(analysis.frame) - known)
    assert (found["of"] == found["n"] + found["unknown"]).all()
    assert found.loc["Bone marrow blasts", "unknown"] > 0


def test_both_readings_of_the_model_stand_side_by_side_or_say_why_not(analysis):
    found = table5.both_readings(analysis)
    assert set(found["reading"]) == {"paper", "stated"}
    strict = replace(analysis, parameters=analysis.parameters.model_copy(update={"screening_p": 1e-9}))
    none = table5.both_readings(strict)
    assert len(none) == 2
    assert none["reason"].str.contains("no covariate has a univariable p below").all()


def of_families(analysis: Analysis, *names: str) -> dict[str, Value]:
    """Compute the values of the families whose names begin so."""
    wanted = [one for one in all_families() if one.name.startswith(names)]
    return {id: value for one in wanted for id, value in one.values(analysis).items()}


@pytest.fixture(scope="module")
def times(analysis) -> dict[str, Value]:
    return of_families(analysis, "survival_times", "lost")


@pytest.mark.parametrize("row", oracle("results_times").to_dict("records"), ids=lambda row: row["id"])
def test_times_and_losses_agree_with_r(times, row):
    found = times[row["id"]]
    if np.isnan(row["value"]):
        assert found.value is None
        assert found.reason
    else:
        assert found.value == pytest.approx(row["value"], rel=1e-6, abs=1e-9)


def test_every_value_of_times_and_losses_is_held_to_r(times):
    assert set(times) == set(oracle("results_times")["id"])


def test_the_lost_are_counted_from_the_rows(analysis, times):
    frame = analysis.frame
    for key, inside in (("gc_low", frame["gc_group"] == "low"), ("no_gc", ~frame["gc"].astype(bool))):
        among = frame[inside & frame["toxicity"].astype(bool)]
        gone = [row.pfs_days < min(365.25, row.cutoff_day) and not row.pfs_event for row in among.itertuples()]
        found = times[f"extra.lost.{key}.n"]
        assert (found.value, found.n, found.events) == (sum(gone), len(among), int(among["pfs_event"].sum()))


def test_a_horizon_beyond_the_follow_up_has_a_reason():
    cohort = stand_in(60, seed=3)
    followup = cohort.tables["followup"].assign(
        last_contact_day=lambda table: table["last_contact_day"].clip(upper=500.0), death_day=np.nan, relapse_day=np.nan
    )
    followup["last_assessment_day"] = followup["last_assessment_day"].clip(upper=500.0)
    short = changed(cohort, followup=followup)
    found = compute(
        analyse(short),
        ["extra.rmst.all.12m", "extra.rmst.all.24m", "extra.difference.gc.2y", "extra.median.pfs.all.median"],
    )
    assert found["extra.rmst.all.12m"].value == pytest.approx(12)
    assert found["extra.rmst.all.24m"].reason == "follow-up of the group ends before month 24"
    assert found["extra.difference.gc.2y"].reason == "follow-up of one of both ends before year 2"
    assert found["extra.median.pfs.all.median"].reason == "the curve does not come down to one half"


def test_without_a_cut_off_nobody_knows_how_long_the_lost_could_have_stayed():
    cohort = stand_in(60, seed=3)
    without = changed(cohort, patients=cohort.tables["patients"].drop(columns="cutoff_day"))
    found = compute(analyse(without), ["extra.lost.gc.n", "extra.lost.event_free.gc.hr"])
    assert found["extra.lost.gc.n"].value is not None
    assert "no column cutoff_day" in found["extra.lost.event_free.gc.hr"].reason


def changed(cohort: Cohort, **tables: pd.DataFrame) -> Cohort:
    """Return the cohort with other tables."""
    return replace(cohort, tables={**cohort.tables, **tables})


def with_column(name: str, values: list, column: Column, n: int = 40) -> Cohort:
    """Return a cohort of *n* with a declared column of patients of its own."""
    cohort = stand_in(n, seed=4, name="own")
    patients = cohort.tables["patients"].assign(**{name: pd.Series(values, dtype=column.dtype)})
    return replace(changed(cohort, patients=patients), declared={"patients": {name: column}}, stands_for="")


ODD = ["CMV+", "CMV-", "<10%", "≥10%", "MRD+", "MRD-", "ALL", "未检测"]


@pytest.mark.parametrize("levels", [ODD, ["a b", "a/b", "A-B", "'a' \"b\""], ["<b>1</b>", "$5", "_none", "="]])
def test_every_level_has_an_id_of_its_own_and_none_reads_as_all(levels):
    column = Column("category", "kind", allowed=tuple(levels))
    cohort = with_column("kind", [levels[i % len(levels)] for i in range(80)], column, 80)
    analysis = analyse(cohort, Parameters(exposure="kind"))
    found = compute(analysis)
    rates = {
        id.split(".")[4] for id in found if id.startswith("extra.survival.pfs.exposure.") and id.endswith(".1y.rate")
    }
    assert len(rates) == len(levels)
    assert "all" not in rates
    table = table5.univariable_model(analysis, "kind")
    assert table["level"].tolist() == levels
    sizes = table.groupby("level")["n"].sum()
    counted = analysis.frame.loc[analysis.frame["toxicity"].astype(bool), "kind"].value_counts()
    assert sizes.to_dict() == counted.to_dict()
    crude = [id for id in found if id.startswith("extra.exposure.crude.") and id.endswith(".hr")]
    assert len(crude) == len(set(table["key"])) - 1 == len(levels) - 1


@pytest.mark.parametrize("name", ["time", "event", "exposure", "status", "gc", "toxicity", "age", "pfs_days", "global"])
def test_an_own_column_named_like_one_of_ours_is_a_covariate_of_its_own(name):
    rng = np.random.default_rng(5)
    values = rng.normal(size=40).round(2)
    other = analyse(with_column("marker", list(values), Column("number", "a marker")))
    expected = table5.univariable_model(other, "marker").iloc[0]
    analysis = analyse(with_column(name, list(values), Column("number", "a marker")), Parameters(screening_p=1.0))
    own = [row for row in table5.covariate_rows(analysis) if not row.printed]
    assert len(own) == 1
    found = table5.univariable_model(analysis, own[0].name).iloc[0]
    assert found[["hr", "p", "n", "events"]].tolist() == expected[["hr", "p", "n", "events"]].tolist()
    ids = of_families(analysis, "table5", "exposure", "robustness.prop", "survival.PFS_by")
    assert all((value.value is None) == bool(value.reason) for value in ids.values())
    assert len(table5.table5_frame(analysis)) == sum(
        len(table5.univariable_model(analysis, row.name)) for row in table5.covariate_rows(analysis)
    )


def test_a_covariate_that_the_paper_does_not_have_has_ids_of_its_own(monkeypatch):
    registry.all_families()
    monkeypatch.setattr(registry, "_FAMILIES", dict(registry._FAMILIES))
    for name, printed in (("asked", True), ("added", False)):
        table5._declare(covariates.Row(name, name, (f"{name}_yes",), lambda analysis: None, "all", printed=printed))
    owners = [
        registry.declared_family(f"{begin}_yes.hr")
        for begin in ("table5.univariate.asked", "extra.table5.univariate.added")
    ]
    assert [one.name for one in owners] == ["table5.asked", "table5.added"]


def test_a_covariate_with_one_value_for_all_is_counted():
    cohort = stand_in(60, seed=5, name="boys")
    boys = replace(changed(cohort, patients=cohort.tables["patients"].assign(sex="male")), stands_for="")
    analysis = analyse(boys)
    table = table5.univariable_model(analysis, "sex").set_index("level")
    toxic = analysis.frame[analysis.frame["toxicity"].astype(bool)]
    assert table.loc["Male", ["n", "events", "missing"]].tolist() == [len(toxic), toxic["pfs_event"].sum(), 0]
    assert table.loc["Female", ["n", "events"]].tolist() == [0, 0]
    assert (table["reason"] == "no patient outside the reference group Male").all()
    found = compute(analysis, ["table5.univariate.female.hr"])["table5.univariate.female.hr"]
    assert (found.n, found.events, found.missing) == (len(toxic), toxic["pfs_event"].sum(), 0)


@pytest.mark.parametrize(
    "parameters", [{}, {"endpoint": "OS"}, {"reading": "stated"}, {"endpoint": "EFS", "exposure": "sex"}]
)
def test_patients_and_missing_add_up_to_the_population_that_a_value_names(parameters):
    """Where a population is named as such: those of the model or test, and those left out for want of data."""
    cohort = stand_in()
    followup = cohort.tables["followup"].drop(index=[3, 7, 11])
    analysis = analyse(changed(cohort, followup=followup), Parameters(screening_p=1.0, imputations=2, **parameters))
    names = (
        "survival.PFS",
        "survival.follow",
        "table5",
        "exposure_models",
        "robustness.imputed",
        "robustness.prop",
        "lost",
    )
    for id, found in of_families(analysis, *names).items():
        if found.n is not None and ": " not in found.population:
            assert found.n + (found.missing or 0) == in_population(analysis, found.population).sum(), (id, found)


def test_group_rates_count_those_with_a_follow_up():
    cohort = stand_in()
    analysis = analyse(changed(cohort, followup=cohort.tables["followup"].drop(index=range(0, 30, 2))))
    found = of_families(analysis, "survival.PFS", "survival.follow")
    for key, level in (("none", "none"), ("low", "low"), ("high", "high")):
        inside = analysis.frame[(analysis.frame["gc_group"] == level) & analysis.frame["toxicity"].astype(bool)]
        known = inside[inside["pfs_days"].notna()]
        value = found[f"extra.survival.pfs.dose.{key}.1y.rate"]
        assert (value.n, value.events) == (len(known), int(known["pfs_event"].sum()))
        assert value.missing == len(inside) - len(known)
    low = found["results.gc_impact.low_vs_nongc.pfs.p"]
    two = analysis.frame[analysis.frame["gc_group"].isin(["none", "low"]) & analysis.frame["toxicity"].astype(bool)]
    assert (low.n, low.missing) == (int(two["pfs_days"].notna().sum()), int(two["pfs_days"].isna().sum()))
    reverse = found["extra.followup.reverse_km.median"]
    assert (reverse.n, reverse.missing) == (
        analysis.frame["os_days"].notna().sum(),
        analysis.frame["os_days"].isna().sum(),
    )


def test_what_the_registry_remembers_is_not_changed_by_who_reads_it(analysis):
    table = table5.multivariable_model(analysis)
    before = table["hr"].copy()
    table["hr"] = table["hr"].round(1)
    table.drop(columns="p", inplace=True)  # noqa: PD002  (in place is what is tried)
    table5.joint_model(analysis)[0].table["hr"] = 0.0
    pd.testing.assert_series_equal(table5.multivariable_model(analysis)["hr"], before)
    assert "p" in table5.multivariable_model(analysis)
    assert (table5.joint_model(analysis)[0].table["hr"].dropna() != 0).all()


def test_a_ratio_of_a_widely_spread_number_is_told_per_a_readable_unit():
    values = np.exp(np.random.default_rng(6).normal(6, 1, 40)).round()
    cohort = with_column("ferritin", list(values), Column("number", "ferritin", unit="µg/L"))
    analysis = analyse(cohort)
    row = next(row for row in table5.covariate_rows(analysis) if row.name == "ferritin")
    assert row.unit == "per 100 µg/L"
    frame = analysis.frame.assign(ferritin=values)[analysis.frame["toxicity"].astype(bool)]
    per_one = cox(frame, ["ferritin"], "pfs_days", "pfs_event").table["coef"].iloc[0]
    line = table5.univariable_model(analysis, "ferritin").iloc[0]
    assert np.log(line["hr"]) == pytest.approx(100 * per_one, rel=1e-9)
    assert line["level"] == "per 100 µg/L"
    value = compute(analysis, ["extra.table5.univariate.ferritin.hr"])["extra.table5.univariate.ferritin.hr"]
    assert value.method.endswith("; per 100 µg/L")


def test_adults_are_cut_at_their_own_median_and_it_is_said():
    cohort = stand_in(60, seed=5, name="adults")
    patients = cohort.tables["patients"].assign(age_years=lambda table: table["age_years"] + 40)
    adults = replace(changed(cohort, patients=patients), stands_for="")
    analysis = analyse(adults)
    middle = patients["age_years"].median()
    table = table5.univariable_model(analysis, "age")
    assert table["level"].tolist() == [f"≤{middle:g} years", f">{middle:g} years"]
    found = compute(analysis, ["table5.univariate.age_gt8.hr"])["table5.univariate.age_gt8.hr"]
    assert found.method.endswith("cut at the cohort's own median, since fewer than 10% lie at or below 8")
    infants = cohort.tables["patients"].assign(age_years=lambda table: table["age_years"] / 20)
    table = table5.univariable_model(analyse(replace(changed(cohort, patients=infants), stands_for="")), "age")
    assert table["level"].tolist()[0] == f"≤{infants['age_years'].median():g} years"
    assert table["note"].iloc[0].endswith("lie above 8")
    chosen = analyse(adults, Parameters(age_cut=50.0))
    assert table5.univariable_model(chosen, "age")["level"].tolist() == ["≤50 years", ">50 years"]
    asked = analyse(adults, Parameters.from_settings(["age_cut=8"]))
    table = table5.univariable_model(asked, "age")
    assert table["level"].tolist() == ["≤8 years", ">8 years"]
    assert table["reason"].str.startswith("no patient in the reference group").all()


def test_nothing_passing_the_screen_takes_neither_table_5_nor_the_exposure_away(analysis):
    none = analyse(analysis.cohort, Parameters(screening_p=1e-9))
    assert table5.table5_frame(none)["hr"].notna().any()
    models = exposure_models.exposure_models(none)
    assert models["crude"]["hr"].notna().all()
    assert models["adjusted"]["hr"].tolist() == pytest.approx(models["crude"]["hr"].tolist())


@pytest.mark.parametrize(("kind", "values", "labels"), [
    ("integer", [0, 1, 1], ["bulky 0", "bulky 1"]), ("number", [1.0, 3.0, 3.0, 2.0, 3.0], ["bulky <3", "bulky ≥3"])
])  # fmt: skip
def test_a_number_with_most_at_the_top_still_makes_two_groups(kind, values, labels):
    cohort = with_column("bulky", (values * 40)[:40], Column(kind, "bulky disease"))
    groups = exposure.exposure_groups(analyse(cohort, Parameters(exposure="bulky")))
    assert list(groups.cat.categories) == labels
    assert groups.value_counts().min() > 0


def test_those_with_a_day_of_mild_icans_are_one_population(analysis):
    rows = analysis.cohort.tables["toxicity"]
    had = set(rows.loc[(rows["event"] == "ICANS") & (rows["grade"] <= 2), "patient_id"])
    found = compute(analysis, ["table2.icans_duration.median"])["table2.icans_duration.median"]
    assert found.n + found.missing == len(had) == in_population(analysis, "icans_g12").sum()


def test_censored_and_at_risk_and_events_add_up(analysis):
    groups = comparison_groups(analysis, "dose")
    risk, gone = (count(analysis, "PFS", groups) for count in (curves.numbers_at_risk, curves.numbers_censored))
    for label, days in (("none", 365.25), ("low", 730.5)):
        inside = analysis.frame[groups == label]
        events = (inside["pfs_event"] & (inside["pfs_days"] < days)).sum()
        year = int(days // 365)
        assert risk.loc[label, year] + gone.loc[label, year] + events == len(inside)


CODE = r"\bexposed (yes|no)\b|\bgroup gc_|\b[a-z]+_[a-z_]+ (Yes|No|yes|no)\b"


@pytest.mark.parametrize("without", [["low", "high"], ["none"]])
def test_reasons_say_who_had_no_event_in_words(without):
    cohort = stand_in(60, seed=5)
    dose, followup = analyse(cohort).frame["gc_group"], cohort.tables["followup"].copy()
    spared = followup["patient_id"].map(dose).isin(without)
    followup.loc[spared, ["relapse_day", "progression_day", "death_day"]] = np.nan
    patients = cohort.tables["patients"]
    had = followup["relapse_day"].notna() | followup["death_day"].notna()
    patients = patients.assign(prior_transplant=~patients["patient_id"].isin(followup.loc[had, "patient_id"]))
    tables = {**cohort.tables, "followup": followup, "patients": patients}
    found = compute(analyse(Cohort(**{**vars(cohort), "tables": tables})))
    reasons = {value.reason for value in found.values() if value.reason.startswith(("monotone", "in "))}
    assert any("no event among" in reason for reason in reasons)
    assert [reason for reason in reasons if re.search(CODE, reason)] == []


def test_a_grade_of_nobody_is_no_zero():
    rows = pd.DataFrame({"patient_id": [f"SYN-{i}" for i in range(6)]})
    told = pd.DataFrame(
        {
            "patient_id": rows["patient_id"],
            "icans": ["yes"] * 2 + ["no"] * 4,
            "icans_grade_max": [np.nan] * 2 + [0.0] * 4,
        }
    )
    found = compute(analyse(Cohort("x", "infusion", True, "made up", "CC0", {"patients": rows, "status": told})), ["table2.icans.any.n", "table2.icans.g1.n"])  # fmt: skip
    assert found["table2.icans.any.n"].value == 2
    assert found["table2.icans.g1.n"].value is None
    assert found["table2.icans.g1.n"].reason == "of nobody with ICANS is the grade recorded"


def test_a_difference_beside_a_curve_at_zero_has_no_interval():
    """Greenwood's variance is 0 where a curve has come down to 0: 3 against 3 would give limits below minus 100 points."""
    rows = pd.DataFrame({"patient_id": [f"SYN-{i}" for i in range(6)], "drug": [True] * 3 + [False] * 3})
    days = pd.DataFrame({"patient_id": rows["patient_id"], "relapse_day": [50.0, 90, 120, 70, np.nan, np.nan], "death_day": np.nan, "last_contact_day": [900.0] * 6})  # fmt: skip
    tables = {"patients": rows, "followup": days}
    cohort = Cohort("x", "infusion", True, "made up", "CC0", tables, {"patients": {"drug": Column("boolean", "drug")}}, recorded={"followup": ("relapse", "death")})  # fmt: skip
    found = milestone_differences(analyse(cohort, Parameters(exposure="drug")), "PFS", [1]).iloc[0]
    assert found["difference"] == pytest.approx(-200 / 3)
    assert np.isnan([found["se"], found["ci_low"], found["ci_high"], found["p"]]).all()
    assert found["no_interval"].startswith("the curve of one group has come down to 0")
