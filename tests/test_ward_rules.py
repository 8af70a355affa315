"""Rules of the ward: nobody breaks one in a drawn cohort, and each notices the course that it forbids."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np
import pytest

from helpers.cohort.derive import analyse
from helpers.synthesis import ward_rules
from helpers.synthesis.plausibility import RULES, rules_report
from helpers.synthesis.study import synthetic_cohort


@cache
def drawn():
    cohort = synthetic_cohort(2025)
    return cohort, analyse(cohort).frame


def changed(**tables):
    cohort = drawn()[0]
    return replace(cohort, tables=MappingProxyType(dict(cohort.tables) | tables))


def broken(cohort) -> set[str]:
    report = rules_report(cohort)
    return set(report.loc[report["broken"] > 0, "rule"])


def someone(yes) -> str:
    frame = drawn()[1]
    return frame.index[yes(frame).fillna(False).astype(bool)][0]


def table(name):
    return drawn()[0].tables[name].copy()


def without_tocilizumab():
    who = someone(lambda f: f["crs_grade"] >= 3)
    rows = table("treatments")
    return {"treatments": rows[~((rows["patient_id"] == who) & (rows["agent"] == "tocilizumab"))]}


def tocilizumab_at_once():
    who = someone(lambda f: f["tcz"] & (f["crs_grade"] == 1))
    rows = table("treatments")
    mine = (rows["patient_id"] == who) & (rows["agent"] == "tocilizumab")
    rows.loc[mine, "day"] = drawn()[1].loc[who, "crs_onset_day"]
    return {"treatments": rows}


def severe_without_steroid():
    frame, rows = drawn()[1], table("treatments")
    severe = frame.index[(frame["crs_grade"] == 3) & frame["gc"]][:6]
    return {"treatments": rows[~(rows["patient_id"].isin(severe) & rows["agent"].isin(ward_rules.STEROIDS))]}


def steroid_first():
    who = someone(lambda f: f["gc"] & f["tcz"] & (f["icans_grade"] < 2) & (f["tcz_first_day"] == f["gc_first_day"]))
    rows = table("treatments")
    rows.loc[(rows["patient_id"] == who) & rows["agent"].isin(ward_rules.STEROIDS), "time"] = "00:01"
    return {"treatments": rows}


def steroid_for_nothing():
    who = someone(lambda f: f["gc"] & (f["icans_grade"] == 0))
    rows = table("toxicity")
    rows.loc[(rows["patient_id"] == who) & (rows["event"] == "CRS"), "grade"] = 1
    return {"toxicity": rows}


def icans_on_day_0():
    who = someone(lambda f: f["icans_grade"] == 1)
    rows = table("toxicity")
    rows.loc[(rows["patient_id"] == who) & (rows["event"] == "ICANS"), ["day_from", "day_to"]] = [0.0, 3.0]
    rows.loc[(rows["patient_id"] == who) & (rows["event"] == "CRS"), "day_from"] -= 9
    return {"toxicity": rows}


def steroid_after_icans():
    rows = table("treatments")
    given = rows["indication"].eq("ICANS") & rows["route"].eq("IV")
    rows.loc[rows.index[given][-1], "day"] += 25
    return {"treatments": rows}


def unresolved_and_well():
    rows = table("response")
    rows.loc[rows["reason_not_done"] == "transferred before day 30", "reason_not_done"] = "marrow not examined"
    return {"response": rows}


def doses_against_severity():
    rows, frame = table("treatments"), drawn()[1]
    mild = rows["patient_id"].map(frame["crs_grade"]) <= 2
    rows.loc[rows["agent"].isin(ward_rules.STEROIDS) & mild, "dose_mg"] *= 5
    return {"treatments": rows}


def no_taper():
    rows, frame = table("treatments"), drawn()[1]
    who = someone(lambda f: f["gc_duration_days"] >= 6)
    mine = (rows["patient_id"] == who) & rows["agent"].isin(ward_rules.STEROIDS)
    rows.loc[mine, "dose_mg"] = frame.loc[who, "weight_kg"]
    return {"treatments": rows}


def replacement_before():
    rows = table("treatments")
    rows.loc[rows["indication"] == "physiological replacement", "day"] = 0.0
    return {"treatments": rows}


def gvhd_without_graft():
    rows, frame = table("treatments"), drawn()[1]
    rows.loc[rows["indication"] == "GVHD", "patient_id"] = frame.index[~frame["prior_transplant"].astype(bool)][0]
    rows.loc[rows["indication"] == "GVHD", "day"] = 38.0
    return {"treatments": rows, "followup": table("followup").assign(transplant_day=np.nan)}


def remission_without_counts():
    rows = table("response")
    rows["day30_response"] = rows["day30_response"].replace("CRi", "CR")
    return {"response": rows}


def cells_of_nobody():
    return {"patients": table("patients").assign(prior_transplant=False)}


def burden_apart():
    rows = table("patients")
    known = rows["blast_prelymphodepletion_pct"].notna()
    rows.loc[known, "blast_prelymphodepletion_pct"] = np.sort(rows.loc[known, "blast_prelymphodepletion_pct"])
    return {"patients": rows}


def quiet_markers():
    rows, who = table("labs"), someone(lambda f: f["crs_grade"] == 3)
    rows.loc[(rows["patient_id"] == who) & rows["analyte"].isin(["CRP", "IL-6"]), "value"] = 1.0
    return {"labs": rows}


def markers_in_another_order():
    rows = table("labs")
    rows["analyte"] = rows["analyte"].replace({"CRP": "IFN-γ", "IFN-γ": "CRP"})
    return {"labs": rows}


def silent_before_the_dose():
    rows = table("labs")
    return {"labs": rows.assign(censored=rows["censored"].where(rows["analyte"] != "TNF-α", "left"))}


def early_unrelated_death():
    rows = table("followup")
    rows.loc[rows["death_day"].idxmin(), "death_cause"] = "unrelated"
    return {"followup": rows}


def survivor_never_grafted():
    return {"followup": table("followup").assign(transplant_day=np.nan)}


def failure_without_remission():
    rows, who = table("followup"), someone(lambda f: f["day30_response"] == "NR")
    rows.loc[rows["patient_id"] == who, "treatment_failure_day"] = 60.0
    return {"followup": rows}


def best_are_not_assessed():
    rows, fate = table("response"), table("followup")
    well = fate.sort_values("last_contact_day")["patient_id"].tail(30)
    rows.loc[rows["patient_id"].isin(well), ["day30_response", "assessment_day"]] = ["not done", np.nan]
    return {"response": rows}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (without_tocilizumab, "is given tocilizumab"),
        (tocilizumab_at_once, "three days of fever"),
        (severe_without_steroid, "but for four"),
        (steroid_first, "comes after tocilizumab"),
        (steroid_for_nothing, "GC is for CRS"),
        (icans_on_day_0, "second day or later"),
        (steroid_after_icans, "while the ICANS lasts"),
        (unresolved_and_well, "ends with death or with transfer"),
        (doses_against_severity, "follows the worst grade"),
        (no_taper, "falling dose"),
        (replacement_before, "physiological replacement"),
        (gvhd_without_graft, "GVHD"),
        (remission_without_counts, "platelets"),
        (cells_of_nobody, "allogeneic"),
        (burden_apart, "blasts and the grade"),
        (quiet_markers, "raised markers"),
        (markers_in_another_order, "peak in this order"),
        (silent_before_the_dose, "TNF-alpha"),
        (early_unrelated_death, "unrelated death"),
        (survivor_never_grafted, "transplanted after it"),
        (failure_without_remission, "that of a remission"),
        (best_are_not_assessed, "not the best"),
    ],
)
def test_a_course_that_no_ward_would_have_is_noticed(tables, said):
    assert any(said in rule for rule in broken(changed(**tables())))


@pytest.mark.parametrize("seed", [1, 4, 7, 2025])
def test_nobody_breaks_a_rule_in_a_drawn_cohort(seed):
    report = rules_report(synthetic_cohort(seed))
    assert report["broken"].sum() == 0, report[report["broken"] > 0].to_string()


def test_there_is_a_rule_for_every_kind_and_each_has_its_own_words():
    assert len(RULES) >= 35
    assert all(len(text) > 20 for text in RULES)


def test_what_the_print_forces_is_counted_from_it():
    from helpers.synthesis.margins import count

    forced = {name: number for name, (number, _) in ward_rules.FORCED.items()}
    assert forced["allogeneic CAR T cells without an earlier transplantation"] == count("table1.origin.allo") - count(
        "table1.transplant_yes"
    )
    untreated = count("table3.nongc.nr") - count("table3.tcz.nr") - count("table3.rux.nr")
    assert forced["neither GC nor tocilizumab nor ruxolitinib for CRS"] == untreated
