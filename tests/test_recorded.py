"""Not recorded is not none: what a cohort looked for, and what is told of a patient without a day."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.cohort.assumptions import assumptions_made
from helpers.cohort.days import exposed_within
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.parameters import Parameters
from helpers.problems import InputError, NotAvailable
from helpers.results.exposure import exposure_groups
from helpers.results.populations import needed_frame
from helpers.results.registry import compute
from helpers.results.table5 import univariable_model

IDS = ["SYN-001", "SYN-002", "SYN-003"]


def cohort(recorded=None, declared=None, patients=None, **tables):
    """Make a cohort of three from rows by table."""
    frames = {"patients": pd.DataFrame({"patient_id": IDS, "weight_kg": 20.0, **(patients or {})})}
    for name, rows in tables.items():
        frame = pd.DataFrame(rows, columns=list(TABLES[name]) if name == "status" or not rows else None)
        frames[name] = frame.astype({column: TABLES[name][column].dtype for column in frame})
    return Cohort("three", "infusion", True, "made up", "CC0", frames, declared or {}, recorded=recorded or {})


def crs(patient, grade=2):
    return {"patient_id": patient, "episode_id": "1", "event": "CRS", "day_from": 2.0, "day_to": 4.0, "grade": grade}


def given(patient, agent="dexamethasone", day=4.0):
    return {"patient_id": patient, "agent": agent, "day": day, "dose_mg": 15.0}


def answers(series):
    return [None if pd.isna(value) else bool(value) for value in series]


def test_an_event_without_a_row_is_unknown_unless_the_cohort_says_that_it_looked():
    silent = analyse(cohort(toxicity=[crs(IDS[0])]))
    assert answers(silent.frame["crs"]) == [True, False, False]
    assert "icans" not in silent.frame
    assert answers(silent.frame["toxicity"]) == [True, None, None]
    said = analyse(cohort({"toxicity": ("CRS", "ICANS")}, toxicity=[crs(IDS[0])]))
    assert answers(said.frame["icans"]) == [False, False, False]
    assert answers(said.frame["toxicity"]) == [True, False, False]
    only = analyse(cohort({"toxicity": ("ICANS",)}, toxicity=[crs(IDS[0])]))
    assert answers(only.frame["crs"]) == [True, None, None]


def test_the_reason_says_in_one_line_what_to_write_into_cohort_json():
    analysis = analyse(cohort(toxicity=[crs(IDS[0])]))
    with pytest.raises(
        NotAvailable, match=r"cohort three has no ICANS in table toxicity, and its cohort\.json does not"
    ):
        analysis.need("icans")
    found = compute(analysis, ["table2.icans_onset.median"])
    assert all("\n" not in value.reason for value in found.values())


@pytest.mark.parametrize(("agent", "column"), [("tocilizumab", "tcz"), ("ruxolitinib", "rux"), ("dexamethasone", "gc")])
def test_an_agent_without_a_row_was_not_refused_but_not_recorded(agent, column):
    analysis = analyse(cohort(treatments=[given(IDS[0], agent)]))
    assert answers(analysis.frame[column]) == [True, False, False]
    assert {"tcz", "rux", "gc"} & set(analysis.frame) == {column}
    assert answers(analysis.frame["immunosuppressed"]) == [True, None, None]
    said = {"treatments": ("glucocorticoids", "tocilizumab", "ruxolitinib")}
    frame = analyse(cohort(said, treatments=[given(IDS[0], agent)])).frame
    assert answers(frame["immunosuppressed"]) == [True, False, False]


def test_no_death_is_no_survival_of_100_percent():
    rows = [{"patient_id": i, "relapse_day": d, "death_day": np.nan, "last_contact_day": 400.0}
            for i, d in zip(IDS, [90.0, np.nan, np.nan], strict=True)]  # fmt: skip
    silent = analyse(cohort(followup=rows))
    assert "os_days" not in silent.frame
    assert answers(silent.frame["relapse"]) == [True, False, False]
    assert silent.frame["pfs_days"].tolist() == [90.0, 400.0, 400.0]
    said = analyse(cohort({"followup": ("relapse", "death")}, followup=rows))
    assert said.frame["os_days"].tolist() == [400.0] * 3
    assert answers(said.frame["death"]) == [False, False, False]


def test_whoever_has_no_row_of_follow_up_is_unknown():
    rows = [{"patient_id": IDS[0], "relapse_day": 90.0, "death_day": 200.0, "last_contact_day": 200.0}]
    frame = analyse(cohort(followup=rows)).frame
    assert answers(frame["relapse"]) == [True, None, None]
    assert answers(frame["death"]) == [True, None, None]


def status(**columns):
    blank = {name: [None] * 3 for name in TABLES["status"] if name != "patient_id"}
    return pd.DataFrame({"patient_id": IDS} | blank | columns).to_dict("records")


def test_yes_no_unknown_without_a_day():
    told = status(crs=["yes", "no", "unknown"], gc=["yes", "no", None], rux=["no", "no", "no"])
    frame = analyse(cohort(status=told)).frame
    assert answers(frame["crs"]) == [True, False, None]
    assert answers(frame["gc"]) == [True, False, None]
    assert answers(frame["rux"]) == [False, False, False]
    assert "icans" not in frame
    assert frame["crs_grade"].astype(object).where(frame["crs_grade"].notna(), None).tolist() == [None, 0, None]


def test_a_peak_grade_without_onset():
    told = status(icans_grade_max=[3, 0, None])
    frame = analyse(cohort({"toxicity": ("CRS", "ICANS")}, toxicity=[crs(IDS[0])], status=told)).frame
    assert answers(frame["icans"]) == [True, False, False]
    assert frame["icans_grade"].tolist() == [3, 0, 0]
    assert np.isnan(frame["icans_onset_day"]).all()
    assert frame["crs_grade"].tolist() == [2, 0, 0]


def test_a_relapse_without_a_day_has_no_time_but_counts():
    rows = [{"patient_id": i, "relapse_day": d, "death_day": np.nan, "last_contact_day": 400.0}
            for i, d in zip(IDS, [90.0, np.nan, np.nan], strict=True)]  # fmt: skip
    told = status(relapse=[None, "yes", "unknown"])
    frame = analyse(cohort({"followup": ("relapse", "death")}, followup=rows, status=told)).frame
    assert answers(frame["relapse"]) == [True, True, None]
    assert frame["pfs_days"].isna().tolist() == [False, True, True]
    assert frame["os_days"].tolist() == [400.0] * 3


@pytest.mark.parametrize(
    ("relapse", "known"),
    [(["no", "no", "no"], [1, 1, 1]), (["no", "unknown", None], [1, 0, 0]), (["yes", "no", "no"], [0, 1, 1]), ([None] * 3, None)],
)  # fmt: skip
def test_no_relapse_is_pfs_to_death_although_no_relapse_has_a_day(relapse, known):
    rows = [
        {"patient_id": i, "death_day": d, "last_contact_day": 400.0}
        for i, d in zip(IDS, [90.0, np.nan, 300.0], strict=True)
    ]
    frame = analyse(cohort(followup=rows, status=status(relapse=relapse))).frame
    assert ("pfs_days" in frame) == (known is not None)
    if known:
        expected = [day if one else None for day, one in zip([90.0, 400.0, 300.0], known, strict=True)]
        assert [None if np.isnan(day) else day for day in frame["pfs_days"]] == expected
    silent = analyse(
        cohort(followup=[row | {"death_day": np.nan} for row in rows], status=status(relapse=relapse))
    ).frame
    assert "pfs_days" not in silent


def test_unknown_of_a_patient_wins_over_the_absence_of_a_row():
    told = status(tcz=[None, "unknown", None])
    frame = analyse(cohort(treatments=[given(IDS[0], "tocilizumab")], status=told)).frame
    assert answers(frame["tcz"]) == [True, None, False]


def test_an_exposure_before_day_0_does_not_hide_the_same_one_inside_the_window():
    rows = [{"patient_id": IDS[0], "exposure": "GVHD", "day": day} for day in (-90.0, 12.0)]
    rows += [{"patient_id": IDS[1], "exposure": "GVHD", "day": -90.0}]
    assert answers(exposed_within(cohort(exposures=rows), "GVHD", 30)) == [True, False, False]
    assert answers(exposed_within(cohort({"exposures": ("sepsis",)}, exposures=rows), "GVHD", 30)) == [True, None, None]


def test_own_columns_named_like_derived_ones_stay_apart():
    declared = {"patients": {"gc": Column("boolean", "gallstones"), "note": Column("text", "remark")}}
    own = {"gc": pd.array([False, True, False], "boolean"), "note": ["x", "y", "z"]}
    analysis = analyse(cohort(declared=declared, patients=own, treatments=[given(IDS[0])]))
    assert answers(analysis.frame["gc"]) == [True, False, False]
    assert answers(analysis.frame[analysis.own["gc"]]) == [False, True, False]
    assert "note" not in analysis.frame
    assert "note" not in analysis.own


def test_stands_for_is_declared_and_never_read_off_a_name(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
    (tmp_path / "cohort.json").write_text(json.dumps({"name": "zhang2025_ours"}))
    assert not analyse(read_cohort(tmp_path)).is_paper_cohort
    assert analyse(read_cohort()).is_paper_cohort
    renamed = replace(read_cohort(), name="another")
    assert analyse(renamed, Parameters()).reading == "paper"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"recorded": ["CRS"]}, "a list"),
        ({"recorded": {"toxicity": "CRS"}}, "toxicity: CRS"),
        ({"recorded": {"toxicity": ["GVHD"]}}, "toxicity: another word"),
        ({"recorded": {"secret": ["GVHD"]}}, "another table"),
        ({"stands_for": "zhang2026"}, "another text"),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path, said, found):
    (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
    (tmp_path / "cohort.json").write_text(json.dumps(said))
    with pytest.raises(InputError) as error:
        read_cohort(tmp_path)
    assert [problem.found for problem in error.value.problems] == [found]


def test_the_shipped_cohorts_say_what_they_recorded():
    from helpers.paths import REAL

    assert set(read_cohort().recorded) == {"exposures", "followup", "labs", "toxicity", "treatments"}
    assert read_cohort(REAL / "bmt").recorded["followup"] == ("death", "relapse")


def test_an_exposure_may_be_unknown_of_single_patients(tmp_path):
    about = {"name": "three", "origin": "infusion", "synthetic": True, "source": "made up", "licence": "CC0",
             "columns": {"status": {"IVIG": {"kind": "category", "meaning": "immunoglobulin", "allowed": ["no", "unknown", "yes"]}}}}  # fmt: skip
    (tmp_path / "cohort.json").write_text(json.dumps(about))
    (tmp_path / "patients.csv").write_text(
        "patient_id,synthetic\n" + "".join(f"{one},true\n" for one in [*IDS, "SYN-004"])
    )
    status = "patient_id,IVIG,synthetic\nSYN-002,unknown,true\nSYN-003,no,true\nSYN-004,yes,true\n"
    (tmp_path / "status.csv").write_text(status)
    alone = read_cohort(tmp_path)
    assert answers(exposed_within(alone, "IVIG", 30)) == [None, None, False, True]
    (tmp_path / "exposures.csv").write_text("patient_id,exposure,day,synthetic\nSYN-003,IVIG,40,true\n")
    assert answers(exposed_within(read_cohort(tmp_path), "IVIG", 30)) == [False, None, False, True]
    (tmp_path / "exposures.csv").write_text("patient_id,exposure,day,synthetic\nSYN-003,IVIG,4,true\n")
    assert answers(exposed_within(read_cohort(tmp_path), "IVIG", 30)) == [False, None, True, True]
    groups = exposure_groups(analyse(read_cohort(tmp_path), Parameters(exposure="IVIG")))
    assert groups.astype(object).where(groups.notna(), None).tolist() == ["no IVIG", None, "IVIG", "IVIG"]


def test_of_an_agent_that_nobody_looked_for_table_5_counts_and_says_that_it_is_unknown():
    lines = [
        {"patient_id": one, "relapse_day": day, "death_day": None, "last_contact_day": 90.0}
        for one, day in zip(IDS, (40.0, None, None), strict=True)
    ]
    silent = analyse(cohort(treatments=[given(IDS[0])], followup=lines))
    table = univariable_model(silent, "rux")
    assert table[["level", "n", "events", "missing"]].to_numpy().tolist() == [["No", 3, 1, 0], ["Yes", 0, 0, 0]]
    assert table["reason"].str.contains("whether anybody had it is unknown").all()
    assert "rux" not in silent.frame
    with pytest.raises(NotAvailable, match="no table treatments"):
        univariable_model(analyse(cohort(followup=lines)), "rux")


def test_a_cohort_with_pfs_but_no_efs_is_told_what_efs_lacks():
    rows = [{"patient_id": name, "relapse_day": 90.0, "death_day": np.nan, "last_contact_day": 300.0} for name in IDS]
    said = analyse(cohort({"followup": ("relapse", "death")}, followup=rows))
    assert "pfs_days" in said.frame
    with pytest.raises(NotAvailable, match="has neither treatment_failure_day nor a day 30 response, so no EFS"):
        needed_frame(said, "efs_days")


def test_an_absent_table_is_not_called_unknown_where_status_tells(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id\nSYN-001\n")
    (tmp_path / "cohort.json").write_text('{"synthetic": true, "recorded": {"treatments": ["tocilizumab"]}}')
    assert "who had it is unknown" in read_cohort(tmp_path).notes[-1]
    (tmp_path / "status.csv").write_text("patient_id,tcz\nSYN-001,yes\n")
    assert "what table status does not say is unknown" in read_cohort(tmp_path).notes[-1]


def test_a_column_of_deaths_that_is_absent_is_as_one_that_is_empty():
    rows = [
        {"patient_id": who, "relapse_day": day, "last_contact_day": 300.0}
        for who, day in zip(IDS, (90.0, None, 200.0), strict=True)
    ]
    absent = analyse(cohort(followup=rows)).frame
    empty = analyse(cohort(followup=[row | {"death_day": None} for row in rows])).frame
    columns = ["pfs_days", "pfs_event"]
    assert (
        absent[columns].to_numpy().tolist()
        == empty[columns].to_numpy().tolist()
        == [[90, True], [300, False], [200, True]]
    )
    assert "os_days" not in absent
    assert any("no death is recorded" in line for line in assumptions_made(cohort(followup=rows)))
