"""Rows of one patient that cannot all be true: each is named with its row and a reason, and stops nothing."""

from __future__ import annotations

import pandas as pd
import pytest
from notebook_cohorts import tables, write

from helpers.cohort.plausibility_checks import plausibility_warnings
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES


def first(rows: pd.DataFrame, wanted: pd.Series) -> int:
    return rows.index[wanted.fillna(False).astype(bool)][0]


def late(column):
    def spoil(t):
        rows = t["followup"]
        i = first(rows, rows["death_day"].isna() & rows["last_contact_day"].gt(100))
        rows.loc[i, column] = rows.loc[i, "last_contact_day"] + 30
        return "followup", column, i, "after the last contact"

    return spoil


def cause_alone(t):
    i = first(t["followup"], t["followup"]["death_day"].isna())
    t["followup"].loc[i, "death_cause"] = "leukaemia"
    return "followup", "death_cause", i, "a cause of death and no death"


def censored_and_dead(t):
    i = first(t["followup"], t["followup"]["death_day"].notna())
    t["followup"].loc[i, "censor_reason"] = "lost to follow-up"
    return "followup", "censor_reason", i, "a reason why follow-up ended beside a death"


def fatal_and_alive(t):
    alive = t["followup"]["patient_id"][t["followup"]["death_day"].isna()]
    i = first(t["toxicity"], t["toxicity"]["patient_id"].isin(alive))
    t["toxicity"].loc[i, "grade"] = 5
    return "toxicity", "grade", i, "grade 5, which is fatal, of a patient who is not dead"


def two_grades_at_once(t):
    rows = t["toxicity"]
    i = first(rows, rows["day_to"] > rows["day_from"])
    t["toxicity"] = pd.concat(
        [rows, rows.loc[[i]].assign(grade=4, day_from=rows.loc[i, "day_to"] - 0.0, day_to=rows.loc[i, "day_to"] + 1)],
        ignore_index=True,
    )
    t["toxicity"].loc[len(rows), "day_from"] -= 1
    return "toxicity", "day_from", len(rows), "days that an earlier interval of the same event covers too"


def response_after_relapse(t):
    i = first(t["response"], t["response"]["day30_response"].eq("CR") & t["response"]["assessment_day"].gt(10))
    mine = t["followup"]["patient_id"].eq(t["response"].loc[i, "patient_id"])
    t["followup"].loc[mine, "relapse_day"] = 5.0
    return "response", "day30_response", i, "a complete response assessed after a relapse"


def pounds(t):
    t["patients"]["weight_kg"] = t["patients"]["weight_kg"] * 2.2046
    return "patients", "weight_kg", None, "half have a body-mass index above 28: pounds where kg are asked for?"


def months_at_a_grade(t):
    i = t["toxicity"].index[t["toxicity"]["patient_id"].ne(t["toxicity"]["patient_id"].shift(-1))][0]
    t["toxicity"].loc[i, "day_to"] = t["toxicity"].loc[i, "day_from"] + 91
    return "toxicity", "day_to", i, "more than 90 days at one grade"


def complete_with_blasts(t):
    i = first(t["response"], t["response"]["day30_response"].eq("CR"))
    t["response"].loc[i, "mrd_day30"] = 0.05
    return "response", "mrd_day30", i, "a complete response with 5% residual disease or more"


def sampled_twice(t):
    t["labs"] = pd.concat([t["labs"], t["labs"].iloc[:1].assign(value=1e3)], ignore_index=True)
    reason = "another value of the same day, time and analyte: the first is used"
    return "labs", "value", len(t["labs"]) - 1, reason


SPOILT = [late("relapse_day"), late("progression_day"), late("treatment_failure_day"), late("transplant_day"), cause_alone, censored_and_dead,
          fatal_and_alive, two_grades_at_once, response_after_relapse, pounds, months_at_a_grade, complete_with_blasts,
          sampled_twice]  # fmt: skip


def told(content, folder):
    return {(w.table, w.column, w.reason): w.rows for w in plausibility_warnings(read_cohort(write(folder, content)))}


def test_a_cohort_without_contradictions_brings_none(tmp_path):
    assert told(tables(40), tmp_path / "sound") == {}


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_cannot_all_be_true_is_named(spoil, tmp_path):
    content = tables(40)
    table, column, row, reason = spoil(content)
    found = told(content, tmp_path / "spoilt")
    assert found[table, column, reason] == ("" if row is None else str(row + 2))


def test_a_death_without_a_day_may_have_a_cause(tmp_path):
    content = tables(10)
    _, _, row, reason = cause_alone(content)
    who = content["followup"].loc[row, "patient_id"]
    content["status"] = pd.DataFrame({"patient_id": [who], "death": ["yes"], "synthetic": [True]})
    assert ("followup", "death_cause", reason) not in told(content, tmp_path / "status")


@pytest.mark.parametrize("told", [{"icans": "yes"}, {"icans_grade_max": 2}])
def test_what_is_told_without_a_day_was_not_had_by_nobody(told, tmp_path):
    content = tables(12)
    content["toxicity"] = content["toxicity"][content["toxicity"]["event"] == "CRS"]
    content["status"] = pd.DataFrame({"patient_id": content["patients"]["patient_id"].iloc[:1], "synthetic": True})

    def warned(folder, rows):
        cohort = write(folder, {**content, "status": rows}, recorded={"toxicity": ["CRS", "ICANS"]})
        return [w.reason for w in plausibility_warnings(read_cohort(cohort)) if "ICANS" in w.reason]

    assert warned(tmp_path / "silent", content["status"])
    assert not warned(tmp_path / "told", content["status"].assign(**told))


@pytest.mark.parametrize("table", ["patients", "followup", "toxicity", "treatments", "labs", "response"])
def test_columns_that_are_empty_bring_no_complaint_of_the_library(table, tmp_path):
    """Each column emptied by itself: a median of nothing warns, and a warning is an error here."""
    whole = tables(12)
    for column in whole[table].columns.drop(["patient_id", "synthetic"]):
        if TABLES[table][column].required:
            continue
        content = {**whole, table: whole[table].assign(**{column: None})}
        plausibility_warnings(read_cohort(write(tmp_path / column, content)))
