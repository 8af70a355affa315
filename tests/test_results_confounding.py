"""Results of notebooks 08 and 11: against R's values, the registry's own neighbours, and counting."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from oracles import oracle
from stand_in import stand_in

from helpers import paths
from helpers.calibration import unsettled
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort
from helpers.estimate.cox import cox
from helpers.estimate.immortal_time import early_failures_bound
from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.unmeasured import bias_factor, events_needed
from helpers.estimate.weights import TARGETS, balancing_weights, propensity
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.published.values import published_values
from helpers.results import dose_cuts, gates, left_open, lost_outcomes, practice, real_examples, screening_stability
from helpers.results import specification_curve as specifications
from helpers.results.contrast import contrast, contrast_outcome
from helpers.results.registry import compute
from helpers.site.more_figures import specifications as in_page_specifications
from helpers.synthesis.truth import simulate


@pytest.fixture(scope="module")
def default():
    return analyse(read_cohort(""))


@pytest.fixture(scope="module")
def randomised():
    return analyse(simulate(n=400, seed=3).cohort)


@pytest.fixture(scope="module")
def bmt():
    return analyse(read_cohort(paths.REAL / "bmt"))


# ---------------------------------------------------------------------------------------------------- the comparison


def test_the_contrast_is_low_dose_and_else_what_the_cohort_has(default, bmt) -> None:
    assert contrast(default).labels == ("none", "low", "high")
    assert contrast(default).key == "gc_low"
    assert contrast(bmt).reference == "ALL"
    tcz = analyse(default.cohort, Parameters(exposure="TCZ"))
    assert contrast(tcz).labels == ("no TCZ", "TCZ")
    assert contrast(tcz).key == "tcz"
    assert contrast(bmt).key == ""  # its own groups, of which no id is
    few = Cohort("few", "infusion", True, "", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
    with pytest.raises(NotAvailable, match="no two groups"):
        contrast(analyse(few))


# -------------------------------------------------------------------------------------------------------------- gates


def test_gates_count_what_is_there(default) -> None:
    table = gates.gate_answers(default).set_index("gate")
    groups = contrast_outcome(default)["group"].value_counts()
    inside = default.frame["toxicity"].sum()
    assert table.loc["left out", "value"] == pytest.approx(100 * (1 - (groups["none"] + groups["low"]) / inside))
    assert (table["then"].eq("") == table["passed"]).all()
    assert gates.gate_warning(gates.gate_answers(default), "left out").startswith("Do not report this: ")


def test_gates_open_where_treatment_is_random_and_patients_are_many(randomised) -> None:
    table = gates.gate_answers(randomised).set_index("gate")
    assert table.loc[["events", "positivity", "equipoise", "proportional hazards", "unequal loss"], "passed"].all()
    by_indication = gates.gate_answers(analyse(simulate(n=400, indication=3.0, seed=3).cohort)).set_index("gate")
    assert by_indication.loc["equipoise", "value"] < table.loc["equipoise", "value"] / 2


def test_grades_that_too_few_reached_do_not_open_the_gate(default) -> None:
    keep = default.cohort.tables["patients"]["patient_id"].head(8)
    tables = {name: table[table["patient_id"].isin(keep)] for name, table in default.cohort.tables.items()}
    rows = [
        {"patient_id": one, "event": "CRS", "day_from": 2.0, "day_to": 4.0, "grade": 1 + number % 3}
        for number, one in enumerate(keep)
    ]
    kinds = {name: dtype for name, dtype in tables["toxicity"].dtypes.items() if name in rows[0]}
    few = replace(default.cohort, tables={**tables, "toxicity": pd.DataFrame(rows).astype(kinds)})
    row = gates.gate_answers(analyse(few)).set_index("gate").loc["positivity"]
    assert not row["passed"]
    assert row["found"] == "not answered: no grade was the peak of 5 or more"


def test_a_gate_that_cannot_be_answered_is_shut(bmt) -> None:
    table = gates.gate_answers(bmt).set_index("gate")
    assert not table.loc["positivity", "passed"]
    assert "not answered" in table.loc["positivity", "found"]
    assert table.loc["positivity", "then"].endswith(
        "positivity: not known"
    )  # and nothing is said of grades that nobody knows
    assert (
        "neither group" in table.loc["left out", "then"]
    )  # of three diseases two are compared; none was chosen by what came later


# --------------------------------------------------------------------------------------------------------- those lost


def test_lost_who_stayed_free_are_the_registry_s(default) -> None:
    curve = lost_outcomes.delta_curve(default, "both", (0.0, np.inf))
    ids = [f"extra.lost.event_free.gc_low.{part}" for part in ("hr", "ci_low", "ci_high", "p")]
    known = [value.value for value in compute(default, ids).values()]
    assert np.allclose(curve.loc[0, ["hr", "ci_low", "ci_high", "p"]].astype(float), known, rtol=1e-7)
    frame = lost_outcomes.lost_frame(default)
    failed = frame.assign(
        event=frame["event"] | frame["lost"], group=pd.Categorical(frame["group"], ["none", "low", "high"])
    )
    by_hand = cox(failed, ["group"], "time", "event").table.iloc[0]
    assert curve.loc[1, "hr"] == pytest.approx(by_hand["hr"], rel=1e-7)
    assert lost_outcomes.tipping_deltas(curve.assign(p=[0.01, 0.02]), 0.05) == "p stays below 0.05 whatever delta"


def test_without_a_cut_off_nobody_knows_the_limit(bmt) -> None:
    with pytest.raises(NotAvailable, match="cutoff_day"):
        lost_outcomes.delta_curve(bmt)


# ------------------------------------------------------------------------------------------------------------ choices


def test_the_cut_in_use_has_the_log_rank_test_of_the_paper(default) -> None:
    found = compute(default, ["extra.cut.p", "results.gc_impact.low_vs_nongc.pfs.p", "extra.cut.corrected_p"])
    own, paper, corrected = (value.value for value in found.values())
    assert own == pytest.approx(paper, rel=1e-9)
    assert corrected > own
    table = dose_cuts.dose_cuts(default).table
    frame = default.frame[default.frame["toxicity"].astype(bool)]
    assert dict(zip(table["cut"], table["n_low"], strict=True)) == {
        cut: int(((frame["gc_dose_mg_per_kg"] > 0) & (frame["gc_dose_mg_per_kg"].round(9) <= cut)).sum())
        for cut in table["cut"]
    }


def test_the_shape_of_the_dose_is_a_cox_model_of_its_columns(randomised) -> None:
    table, knots = dose_cuts.dose_shape(randomised)
    assert len(knots) == 3
    assert (table["low"] < table["log_hr"]).all()
    assert (table["log_hr"] < table["high"]).all()
    middle = dose_cuts._spline(np.array([knots[0] / 2, 0.0, knots[0]]), knots)
    assert middle[:, 2].tolist() == [0.0, 0.0, 0.0]  # straight below the first knot
    beyond = dose_cuts._spline(knots[2] + np.array([1.0, 2.0, 3.0]), knots)[:, 2]
    assert np.diff(beyond, 2) == pytest.approx(0.0, abs=1e-9)  # and above the last


def test_each_model_of_the_curve_is_near_its_full_fit_and_deals_stay_in_strata(default) -> None:
    curve = specifications.specification_curve(default, 20)
    models = curve.models[(curve.models["covariates"] == "none") & (curve.models["contrast"] == "any GC")]
    row = models[(models["endpoint"] == "PFS") & (models["patients"] == "CRS or ICANS")].iloc[0]
    covariates = specifications._covariates(default)
    who = default.frame["toxicity"].astype(bool) & covariates.notna().all(axis=1)
    frame = default.frame[who]
    full = maximise(
        frame[["gc"]].to_numpy(float),
        frame["pfs_days"].to_numpy(float),
        frame["pfs_event"].to_numpy(bool),
        ties="breslow",
    )
    assert abs(row["log_hr"] - full.beta[0]) < 0.05
    assert row["n"] == len(frame)
    assert len(curve.models) > 1000
    strata, dose = specifications._strata(default), default.frame["gc_dose_mg_per_kg"].astype(float)
    inside = default.frame["toxicity"].astype(bool)
    dealt = specifications._dealt(dose, strata, inside, 5, np.random.default_rng(1))
    for stratum in strata.unique():
        part = np.sort(dealt[((strata == stratum) & inside).to_numpy()], axis=0)
        assert (part == part[:, :1]).all()
    assert (dealt != dealt[:, :1]).any()
    assert np.array_equal(dealt[~inside.to_numpy()], np.tile(dealt[~inside.to_numpy(), :1], 6))


def test_full_fits_beside_the_steps_are_those_of_the_whole_model(default) -> None:
    curve = specifications.specification_curve(default, 20)
    table = specifications.steps_beside_full_fits(default, curve, 5)
    assert table["step"].iloc[[0, -1]].tolist() == [curve.models["log_hr"].min(), curve.models["log_hr"].max()]
    row = table.iloc[2]
    covariates = specifications._covariates(default)
    who = default.frame["toxicity"].astype(bool) & covariates.notna().all(axis=1)
    names = [] if row["covariates"] == "none" else row["covariates"].split(", ")
    people = curve.models.loc[row.name, "patients"]
    if people == "with a response":
        who &= default.frame["evaluable"].astype(bool)
    elif people == "with blasts known":
        who &= default.frame["blast_prelymphodepletion_pct"].notna()
    dose = default.frame.loc[who, "gc_dose_mg_per_kg"].astype(float)
    cut = math.inf if row["contrast"] == "any GC" else float(row["contrast"].split()[3])
    frame = covariates.loc[who, names].assign(low=(dose > 0) & (dose <= cut + 0.05))
    if math.isfinite(cut):
        frame["high"] = dose > cut + 0.05
    days, event = (default.frame.loc[who, f"{row['endpoint'].lower()}_{what}"] for what in ("days", "event"))
    frame = frame.astype(float).assign(time=days.astype(float), event=event.astype(bool))
    fit = cox(frame, [name for name in frame if name not in ("time", "event")], "time", "event", ties="breslow").table
    assert row["full"] == pytest.approx(fit.set_index("covariate").loc["low", "coef"], abs=1e-5)


def test_without_effect_the_curve_lies_among_its_null() -> None:
    values = []
    for seed in range(3):
        curve = specifications.specification_curve(analyse(simulate(n=150, seed=seed).cohort), 20)
        values.append(specifications.curve_summary(curve, 0.05)["p_median"])
    assert min(values) > 0.04
    harm = specifications.specification_curve(analyse(simulate(n=400, effect=-1.2, seed=1).cohort), 20)
    assert specifications.curve_summary(harm, 0.05)["p_median"] == pytest.approx(1 / 21)


def test_a_strong_covariate_is_chosen_again_and_noise_seldom(default) -> None:
    table, optimism = screening_stability.screening_stability(analyse(simulate(n=500, effect=-1.5, seed=2).cohort))
    included = table.set_index("covariate")["included"]
    assert included["gc_dose"] == 100
    assert included["sex"] < 70
    assert 0 < optimism["optimism"] < 0.1
    assert optimism["corrected"] == pytest.approx(optimism["apparent"] - optimism["optimism"])
    again, _ = screening_stability.screening_stability(default)
    assert again["included"].between(0, 100).all()


# ------------------------------------------------------------------------------------------------------ real patients


def test_rotterdam_under_every_weight_is_r_s() -> None:
    known = oracle("weights").set_index("what")["value"]
    women = analyse(read_cohort(paths.REAL / "rotterdam")).frame
    women = women.assign(size_20=women["tumour_size"].eq("20-50"), size_50=women["tumour_size"].eq(">50"))
    names = ["age_years", "menopausal", "size_20", "size_50", "tumour_grade", "nodes", "progesterone_receptors",
             "oestrogen_receptors", "chemotherapy"]  # fmt: skip
    a = women["hormonal"].astype(float).to_numpy()
    e = propensity(women[names].astype(float).to_numpy(), a).probability
    found = real_examples.weighted_ratios(
        women, "hormonal", {t: balancing_weights(a, e, t) for t in TARGETS}
    ).set_index("weights")
    for target in TARGETS:
        assert found.loc[target, "coef"] == pytest.approx(known[f"{target}.log_hr.efron"], abs=1e-8)
        se = np.log(found.loc[target, "ci_high"] / found.loc[target, "ci_low"]) / (2 * 1.959963984540054)
        assert se == pytest.approx(known[f"{target}.se.efron"], abs=1e-8)
        assert found.loc[target, "ess_treated"] == pytest.approx(known[f"{target}.ess_treated"], rel=1e-8)


def test_competing_and_intercurrent_events_are_r_s() -> None:
    known = oracle("confounding").set_index("what")["value"]
    mgus, myeloid = (analyse(read_cohort(paths.REAL / name)) for name in ("mgus2", "myeloid"))
    read = real_examples.incidence_beside_kaplan_meier(mgus, "sex", 20)
    assert read["incidence"] == pytest.approx(100 * known["mgus2.incidence.20y"], rel=1e-8)
    assert read["one_minus_km"] == pytest.approx(100 * known["mgus2.one_minus_km.20y"], rel=1e-8)
    ratios = real_examples.two_ratios(mgus).set_index(["model", "covariate"])["coef"]
    for model, key in (("cause-specific", "mgus2.cause_specific"), ("Fine–Gray", "mgus2.fine_gray")):
        assert ratios[model, "male"] == pytest.approx(known[f"{key}.male"], abs=1e-8)
        assert ratios[model, "age_per_10_years"] == pytest.approx(10 * known[f"{key}.age"], abs=1e-8)
    share = real_examples.states_occupied(myeloid, 730 / 365.25) / 100
    for arm in "AB":
        by_r = [known[f"myeloid.occupancy.{arm}.{k}"] for k in (1, 2, 3)]
        assert share[f"arm {arm}"].tolist() == pytest.approx(by_r, abs=1e-8)
    ways = real_examples.transplantation_strategies(myeloid)["coef"]
    ids = ("ignored", "censored", "time_dependent.arm", "time_dependent.after")
    assert ways.tolist() == pytest.approx([known[f"myeloid.{id}"] for id in ids], abs=1e-8)


# ------------------------------------------------------------------------------------------------------- the one page


def test_what_was_received_is_counted(default) -> None:
    table = practice.agents_received(default).set_index("group")
    members = default.frame[
        contrast_outcome(default)["group"].eq("none").reindex(default.frame.index, fill_value=False)
    ]
    assert table.loc["none", "n"] == len(members)
    assert table.loc["none", "tocilizumab"] == members["tcz"].sum()
    assert table.loc["none", "neither"] == (~members["tcz"].astype(bool) & ~members["rux"].astype(bool)).sum()


def test_every_domain_has_a_bound_or_says_that_there_is_none(default, bmt) -> None:
    printed = published_values().set_index("id")["number"].dropna().to_dict()
    table = practice.bias_domains(default, printed)
    assert len(table) == 6
    assert (table["bound"].eq(practice.UNKNOWN) == table["source"].eq("")).all()
    assert table.set_index("domain").loc["5 measurement of the outcome", "bound"] == practice.UNKNOWN
    assert practice.bias_domains(bmt, {})["bound"].eq(practice.UNKNOWN).all()
    share = practice.hidden_prevalence(0.44, 3.19)
    assert 0.44 / bias_factor(3.19, 0.0, share).item() == pytest.approx(1.0)
    assert math.isinf(practice.hidden_prevalence(0.2, 2.0))


def test_who_was_lost_more_says_whom_that_favours() -> None:
    rows = []
    for loss in (0.0, 2.0):
        analysis = analyse(simulate(n=600, loss=loss, seed=4).cohort)
        row = practice.bias_domains(analysis, {}).set_index("domain").loc["4 missing data"]
        gone = [compute(analysis, [id])[id].value for id in ("extra.lost.gc_none.pct", "extra.lost.gc_low.pct")]
        assert f"{gone[0]:.0f}% of the untreated, {gone[1]:.0f}% of low dose" in row["what may act"]
        first = row["favours"].split(",")[0]
        assert first == ("low dose" if gone[0] > gone[1] else "the untreated")
        rows.append(first)
    assert rows[1] == "low dose"


def test_the_bound_on_early_failures_holds_whoever_was_followed_longer() -> None:
    for treated, untreated, d1, d0, hr in ((46, 49, 11, 19, 0.44), (46, 49, 9, 22, 0.44), (60, 40, 20, 20, 0.6)):
        half = 1.959963984540054 * math.sqrt(1 / d1 + 1 / d0)
        bound = early_failures_bound(hr, hr * math.exp(-half), hr * math.exp(half), treated, untreated, 3)
        assert d1 / treated <= d0 / untreated
        assert bound.largest_hr >= hr * d0 / (d0 - 3)
        assert bound.fewest_events <= d0
    assert bound.events >= bound.fewest_events


def test_ranges_are_read_where_they_belong_and_else_say_why_not(default, bmt, tmp_path) -> None:
    path, ids = tmp_path / "ranges.csv", list(unsettled.QUANTITIES)
    values = pd.DataFrame([(cohort, id, number / 10) for number, cohort in enumerate("abcde") for id in ids],
                          columns=["cohort", "id", "value"])  # fmt: skip
    unsettled.ranges(values).assign(synthetic=True).to_csv(path, index=False)
    assert len(left_open.stored_ranges(default, path=path)) == len(ids)
    one = left_open.stored_ranges(default, "extra.time.", path=path)
    assert one[["low", "high", "cohorts"]].to_numpy().tolist() == [[0.0, 0.4, 5]]
    other = replace(default, parameters=Parameters(gc_cutoff=6.0))
    for analysis, said in ((bmt, "made for the paper"), (other, "default of gc_cutoff")):
        with pytest.raises(NotAvailable, match=said):
            left_open.stored_ranges(analysis, path=path)
    with pytest.raises(NotAvailable, match="stored"):
        left_open.stored_ranges(default, path=tmp_path / "none.csv")
    unsettled.ranges(values[values["cohort"] < "c"]).to_csv(path, index=False)
    with pytest.raises(NotAvailable, match=": 2, too few"):
        left_open.stored_ranges(default, path=path)


def test_what_would_settle_it_is_schoenfeld_s(default) -> None:
    table = practice.settling_sizes(default, (0.44,), share=46 / 95)
    assert table["events"].tolist() == [math.ceil(46.626759617)]
    often = 30 / 95  # the print's 46 and 49; 11 and 19 events, counted above
    assert table["times"].tolist() == [math.ceil(47 / often) / 95]
    assert practice.settling_sizes(default)["patients"].tolist() == [
        math.ceil(math.ceil(events_needed(ratio)) / often) for ratio in (0.7, 0.8)
    ]


def test_ranges_are_only_of_members_that_hit_the_low_dose_results(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = pd.read_csv(unsettled.PATH)
    behind = (unsettled.ensemble_index()["low_dose_missed"] == 0).sum()
    levelled = unsettled.levelled(pd.read_csv(left_open.LEAST_LOSS)).groupby("id").size()
    most = behind + stored["id"].map(levelled).fillna(0)
    assert (stored["cohorts"] == most).all()
    assert stored.loc[stored["cohorts"] < unsettled.FEWEST, ["low", "high"]].isna().all().all()
    assert set(stored["id"]) == set(unsettled.QUANTITIES)
    cohorts = [simulate(n=120, seed=seed).cohort for seed in range(3)]
    monkeypatch.setattr(unsettled, "ensemble_index", lambda: pd.DataFrame({"low_dose_missed": [0, 2, 0]}))
    monkeypatch.setattr(unsettled, "load_ensemble", lambda: iter(cohorts))
    monkeypatch.setattr(unsettled, "FEWEST", 2)
    found = unsettled.store(tmp_path / "ranges.csv", say=lambda line: None).set_index("id")
    id = "extra.difference.gc_low.2y"
    own = [compute(analyse(cohorts[place]), [id])[id].value for place in (0, 2)]
    assert found.loc[id, ["low", "high"]].tolist() == [min(own), max(own)]
    assert (pd.read_csv(tmp_path / "ranges.csv")["synthetic"]).all()


def test_a_model_without_an_estimate_is_no_model_of_the_curve():
    """Where nobody of some patients is on low dose, there is a contrast less, and shares are of those that remain."""
    cohort = stand_in(30, seed=5)
    frame = analyse(cohort).frame
    low, known = frame.index[frame["gc_group"] == "low"], cohort.tables["patients"].copy()
    # of whom blasts are known nobody is on low dose: models of those patients have no such contrast
    known.loc[known["patient_id"].isin(low[2:]), "blast_prelymphodepletion_pct"] = np.nan
    keep = ~frame.index.isin(low[:2])
    tables = {name: table[table["patient_id"].isin(frame.index[keep])] for name, table in cohort.tables.items()}
    tables["patients"] = known[known["patient_id"].isin(frame.index[keep])]
    analysis = analyse(Cohort(**{**vars(cohort), "tables": tables}))
    curve = specifications.specification_curve(analysis)
    assert np.isfinite(curve.models[["log_hr", "z", "p"]].to_numpy()).all()
    told = specifications.curve_summary(curve, 0.05)
    assert told["models"] == len(curve.models)
    assert told["in_favour"] == pytest.approx(100 * (curve.models["log_hr"] < 0).sum() / len(curve.models))
    json.dumps(in_page_specifications(analysis), allow_nan=False)


def test_a_gate_whose_test_has_no_p_is_not_answered(default, monkeypatch):
    monkeypatch.setattr(gates, "proportional_hazards", lambda _: pd.DataFrame({"p": [np.nan]}))
    row = gates.gate_answers(default).set_index("gate").loc["proportional hazards"]
    assert row["found"].startswith("not answered: the test of proportional hazards has no p")
    assert not row["passed"]
    assert "describe the curves" not in row["then"]  # of what nobody knows nothing follows


def test_a_curve_of_the_dose_without_an_end_is_not_shown(default, monkeypatch):
    found = SimpleNamespace(converged=True, beta=np.zeros(3), covariance=np.eye(3) * 1e6)
    monkeypatch.setattr(dose_cuts, "maximise", lambda *_, **__: found)
    with pytest.raises(NotAvailable, match="its band has no end"):
        dose_cuts.dose_shape(default)
