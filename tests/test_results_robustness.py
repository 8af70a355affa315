"""What stands beside the paper's results: normality, imputation, proportional hazards, response counted otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from scipy.stats import mannwhitneyu, ttest_ind
from stand_in import stand_in
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.diagnostic import lilliefors

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.results import normality, robustness, table5
from helpers.results.populations import in_population
from helpers.results.registry import all_families, compute


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(stand_in(), Parameters(screening_p=1.0, imputations=5))


def test_lilliefors_decides_between_t_and_ranks(analysis):
    table = normality.normality_table(analysis).set_index("key")
    frame, who = analysis.frame, in_population(analysis, "toxicity")
    for key in ("age", "blast_prelympho"):
        column = normality.NUMBERS[key][0]
        assert table.loc[key, "ks_p"] == pytest.approx(lilliefors(frame[column].dropna(), pvalmethod="approx")[1])
        one, two = (frame.loc[who & (frame["gc"] == given), column].dropna() for given in (True, False))
        expected = {
            "t test": ttest_ind(one, two).pvalue,
            "Mann–Whitney U test": mannwhitneyu(one, two, method="asymptotic", use_continuity=False).pvalue,
        }
        assert table.loc[key, "p"] == pytest.approx(expected[table.loc[key, "test"]])
    assert {"t test", "Mann–Whitney U test"} >= set(table["test"]) - {""}


def test_imputation_keeps_everyone_of_the_models_population(analysis):
    pooled, reason = robustness.imputed_model(analysis)
    model, _ = table5.joint_model(analysis)
    assert reason == ""
    assert pooled.n == model.n + model.missing > model.n
    assert pooled.m == 5
    beside = robustness.beside_imputed(analysis).set_index("key")
    assert 0 < beside.loc["blast_ge5", "fmi"] < 1
    assert beside.loc["female", "n"] == model.n
    assert (
        compute(analysis, ["extra.imputed.blast_ge5.hr"])["extra.imputed.blast_ge5.hr"].value
        == beside.loc["blast_ge5", "imputed_hr"]
    )


def test_without_a_missing_value_imputation_changes_nothing(analysis):
    patients = analysis.cohort.tables["patients"].copy()
    patients["blast_prelymphodepletion_pct"] = patients["blast_prelymphodepletion_pct"].fillna(0)
    whole = analyse(
        Cohort(**{**vars(analysis.cohort), "tables": {**analysis.cohort.tables, "patients": patients}}),
        analysis.parameters,
    )
    beside = robustness.beside_imputed(whole).dropna(subset=["hr"])
    assert len(beside) > 5
    np.testing.assert_allclose(beside["imputed_hr"], beside["hr"], rtol=1e-9)


def test_proportional_hazards_are_tested_covariate_by_covariate(analysis):
    table = robustness.proportional_hazards(analysis)
    assert list(table["covariate"])[-1] == "GLOBAL"
    assert table["df"].iloc[-1] == table["df"].iloc[:-1].sum()
    assert set(table["label"]) >= {"Sex", "Age", "All covariates"}


def test_response_within_classes_of_blasts_is_pooled_by_mantel_and_haenszel(analysis):
    frame, who = analysis.frame, in_population(analysis, "evaluable & known_blasts")
    strata = [
        [[int((who & (frame["blast_over_cut"] == over) & (frame["gc"] == gc) & (frame["cr"] == cr)).sum()) for cr in (True, False)]
         for gc in (True, False)]
        for over in (False, True)
    ]  # fmt: skip
    expected = StratifiedTable([np.array(table, dtype=float) for table in strata])
    ids = [
        "extra.response.burden.mantel_haenszel.or",
        "extra.response.burden.mantel_haenszel.p",
        "extra.response.burden.lt5.cr",
    ]
    found = [value.value for value in compute(analysis, ids).values()]
    assert found[0] == pytest.approx(expected.oddsratio_pooled)
    assert found[1] == pytest.approx(expected.test_null_odds(correction=True).pvalue)
    assert found[2] == sum(row[0] for row in strata[0])


def test_a_class_of_blasts_in_which_all_responded_is_not_counted_among_the_pooled():
    place, mixed, all_responded = "burden", [[34, 2], [23, 5]], [[16, 0], [11, 0]]
    alone, both = (robustness._pooled(strata, place) for strata in ([mixed], [mixed, all_responded]))
    ratio = f"{place}.mantel_haenszel.or"
    assert both[ratio].value == pytest.approx(alone[ratio].value) == pytest.approx(34 * 5 / (2 * 23))
    assert both[ratio].n == 64
    assert "1 of 2 classes" in both[f"{place}.mantel_haenszel.p"].method


def test_both_readings_of_a_test_of_counts_are_about_the_same_patients():
    for name in (
        "supplementary.crs_by_target",
        "supplementary.icans_by_target",
        *(f"robustness.failures_{x}" for x in ("gc", "tcz", "rux", "dose")),
    ):
        family = next(found for found in all_families() if found.name == name)
        assert family.stated.population == family.paper.population
        assert family.stated.method != family.paper.method


def test_without_each_patient_is_the_model_of_the_others():
    """The oracle is lifelines' fit of the complete cases but one, for every one of them."""
    analysis = analyse(read_cohort())
    table = robustness.without_each_patient(analysis)
    names = [row.name for row in table5.selected_covariates(analysis) if row.name in set(table["covariate"])]
    frame = table5.model_frame(analysis, table5.selected_covariates(analysis), table5.joint_population(analysis))
    complete = frame.dropna(subset=[*names, "time", "event"])
    first = table.dropna(subset=["hr_low"]).iloc[0]
    design = pd.get_dummies(complete[names], drop_first=True).astype(float).assign(time=complete["time"], event=complete["event"].astype(int))  # fmt: skip
    place = next(name for name in design if name.startswith(first["covariate"]))
    found = []
    for who in design.index:
        fit = CoxPHFitter().fit(design.drop(index=who), "time", "event")
        found.append(np.exp(fit.params_[place]))
    assert (first["hr_low"], first["hr_high"]) == pytest.approx((min(found), max(found)), rel=1e-4)
    assert first["hr_low"] <= first["hr"] <= first["hr_high"]
