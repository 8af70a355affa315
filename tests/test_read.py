"""What a cohort's folder may hold, and the one message when it holds something else."""

import json
import re

import pandas as pd
import pytest
from notebook_cohorts import tables, write

from helpers.cohort.derive import analyse
from helpers.cohort.plausibility_checks import plausibility_warnings
from helpers.cohort.read import read_cohort, write_cohort
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.paths import DATA
from helpers.problems import InputError, NotAvailable

PATIENTS = "patient_id,sex,age_years,weight_kg\nP1,male,3.5,14\nP2,female,9,31\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "patients.csv").write_text(PATIENTS)
    return tmp_path


def problems(folder):
    with pytest.raises(InputError) as error:
        read_cohort(folder)
    return [str(problem) for problem in error.value.problems]


def test_patients_alone_are_a_cohort_and_absences_are_plain_lines(folder):
    cohort = read_cohort(folder)
    assert len(cohort.tables["patients"]) == 2
    assert "table labs is absent" in cohort.notes
    assert "table patients: column height_cm is absent" in cohort.notes
    with pytest.raises(NotAvailable, match="no column height_cm in table patients"):
        cohort.need("patients", "height_cm")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("patients.csv", "id,sex\n1,male\n", "patients.csv: found 'no column patient_id'; allowed: a column patient_id"),
        ("patients.csv", "", "patients.csv: found 'an empty file'; allowed: a CSV file with a header row"),
        ("patients.csv", PATIENTS + "P1,male,4,15\n", "patients.csv: row 4, column patient_id: found 'the patient of row 2 again'; allowed: each patient once"),
        ("patients.csv", PATIENTS + ",male,4,15\n", "patients.csv: row 4, column patient_id: found 'an empty cell'; allowed: an identifier"),
        ("patients.csv", PATIENTS + "P3,M?,4,15\n", "patients.csv: row 4, column sex: found 'M?'; allowed: male / female"),
        ("patients.csv", PATIENTS + "P3,male,four,15\n", "patients.csv: row 4, column age_years: found 'text of 4 characters'; allowed: a number from 0 to 120 (years)"),
        ("patients.csv", PATIENTS + "P3,male,4,1500\n", "patients.csv: row 4, column weight_kg: found '1500'; allowed: a number from 0.3 to 400 (kg)"),
        ("followup.csv", "patient_id,death_day,last_contact_day\nP1,-3,10\n", "followup.csv: row 2, column death_day: found '-3'; allowed: a number from 0 (days from the origin)"),
        ("followup.csv", "patient_id,relapse_day,death_day,last_contact_day\nP1,90,80,80\n", "followup.csv: row 2, column death_day: found '80, with relapse_day 90'; allowed: a day not before relapse_day"),
        ("treatments.csv", "patient_id,agent,day\nP9,tocilizumab,2\n", "treatments.csv: row 2, column patient_id: found 'a patient unknown to patients.csv'; allowed: a patient of patients.csv"),
        ("toxicity.csv", "patient_id,episode_id,event,day_from,day_to,grade\nP1,1,CRS,5,4,1.5\n", "toxicity.csv: row 2, column grade: found '1.5'; allowed: a whole number from 1 to 5"),
        ("treatment.csv", "patient_id\nP1\n", "cohort folder: found 'a file with another name'; allowed: did you mean treatments.csv?"),
        ("cohort.json", "{", "cohort.json: row 1: found 'no JSON from here on'; allowed: a JSON object in UTF-8"),
        ("cohort.json", '{"synthetic": "no"}', "cohort.json: column synthetic: found 'no'; allowed: true or false"),
    ],
)  # fmt: skip
def test_one_wrong_thing_is_named_with_its_place(folder, file, text, expected):
    (folder / file).write_text(text)
    assert any(problem.startswith(expected) for problem in problems(folder))


def test_a_binary_file_is_refused(folder):
    (folder / "labs.csv").write_bytes(b"\xd0\xcf\x11\xe0\x00\x00")
    assert problems(folder) == [
        "labs.csv: found 'not text in UTF-8 (a binary file or another encoding)'; allowed: a CSV file in UTF-8"
    ]


def test_all_problems_of_all_files_come_at_once(folder):
    (folder / "patients.csv").write_text(PATIENTS + "P3,M?,four,15\n")
    (folder / "followup.csv").write_text("patient_id,last_contact_day\nP8,soon\n")
    assert len(problems(folder)) == 4


def test_identifiers_never_stand_in_a_message(folder):
    (folder / "patients.csv").write_text(PATIENTS + "SECRET-7,x,y,z\nSECRET-7,x,y,z\n")
    (folder / "followup.csv").write_text("patient_id,last_contact_day\nSECRET-8,-1\n")
    assert "SECRET" not in "\n".join(problems(folder))


def test_undeclared_columns_are_left_out_and_declared_ones_kept(folder):
    (folder / "patients.csv").write_text("patient_id,name,ward\nP1,Somebody,A\nP2,Another,B\n")
    (folder / "cohort.json").write_text(
        json.dumps({"columns": {"patients": {"ward": {"kind": "category", "meaning": "ward", "allowed": ["A", "B"]}}}})
    )
    cohort = read_cohort(folder)
    assert list(cohort.tables["patients"]) == ["patient_id", "ward"]
    assert "table patients: column name is not declared in cohort.json and was left out" in cohort.notes
    assert not any("Somebody" in note for note in cohort.notes)


def test_patients_who_all_say_that_they_are_synthetic_need_no_cohort_json(folder):
    (folder / "cohort.json").unlink(missing_ok=True)
    (folder / "patients.csv").write_text("patient_id,synthetic\nSYN-001,true\nSYN-002,TRUE\n")
    cohort = read_cohort(folder)
    assert cohort.synthetic
    assert "cohort.json is absent: taken for synthetic" in " ".join(cohort.notes)
    (folder / "patients.csv").write_text("patient_id,synthetic\nSYN-001,true\nSYN-002,false\n")
    assert 'allowed: a cohort.json with "synthetic": true' in problems(folder)[0]


@pytest.mark.parametrize("text", ["patient_id,synthetic\nA,true\n", "patient_id\nSYN-001\n"])
def test_synthetic_patients_cannot_pass_for_real_ones(folder, text):
    (folder / "patients.csv").write_text(text)
    assert 'allowed: a cohort.json with "synthetic": true' in problems(folder)[0]


def test_what_is_written_is_read_again(tmp_path):
    patients = pd.DataFrame(
        {
            "patient_id": pd.array(["SYN-001", "SYN-002"], dtype="string"),
            "age_years": [0.1 + 0.2, 18.0],
            "prior_transplant": pd.array([True, None], dtype="boolean"),
            "n_relapses": pd.array([None, 2], dtype="Int64"),
            "ward": pd.array(["A", None], dtype="string"),
        }
    )
    declared = {"patients": {"ward": Column("category", "ward", allowed=("A", "B"))}}
    cohort = Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients}, declared)
    again = read_cohort(write_cohort(cohort, tmp_path / "two"))
    pd.testing.assert_frame_equal(again.tables["patients"], patients)
    assert (again.name, again.synthetic, again.declared) == ("two", True, declared)
    assert (tmp_path / "two" / "patients.csv").read_text().splitlines()[0].endswith(",synthetic")


def test_every_column_of_the_dictionary_has_a_meaning():
    assert all(column.meaning for columns in TABLES.values() for column in columns.values())
    assert all(next(iter(columns)) == "patient_id" for columns in TABLES.values())


@pytest.mark.parametrize("past", [0.0, 0.25, 0.9, -4e-12])
def test_what_is_told_day_by_day_is_on_its_calendar_day(tmp_path, past):
    content = tables(30)
    for table, columns in {"labs": ["day"], "treatments": ["day"], "toxicity": ["day_from", "day_to"]}.items():
        content[table][columns] = content[table][columns].astype(float) + past
    moved = read_cohort(write(tmp_path / "moved", content))
    whole = read_cohort(write(tmp_path / "whole", tables(30)))
    for table, frame in whole.tables.items():
        pd.testing.assert_frame_equal(moved.tables[table], frame)
    told = [note for note in moved.notes if "taken as their calendar day" in note]
    assert len(told) == (4 if past else 0)
    if past > 0:
        assert told[0].startswith(f"table toxicity: {len(content['toxicity'])} values of column day_from")


def test_the_child_of_the_readme_can_be_typed_in_as_it_stands_there(folder):
    text = (DATA / "README.md").read_text(encoding="utf-8")
    example = text.partition("A child who was infused on 3 May")[2].partition("**3. Check.**")[0]
    for table, cells in re.findall(r"^\| `(\w+)\.csv` \| (.*) \|$", example, re.MULTILINE):
        rows = [dict(re.findall(r"(\w+) `([^`]+)`", one)) for one in cells.split(";")]
        frame = pd.DataFrame([row for row in rows if row]).assign(**{"death_day": ""} if table == "followup" else {})
        frame.to_csv(folder / f"{table}.csv", index=False)
    child = analyse(read_cohort(folder)).frame.loc["K07"]
    assert (child["crs_grade"], child["crs_onset_day"], child["crs_duration_days"]) == (2, 2, 4)  # 5, 6, 7 and 8 May
    assert (child["tcz"], child["tcz_first_day"]) == (True, 4)
    assert (child["pfs_days"], child["pfs_event"], child["followup_days"]) == (121, True, 231)


def test_an_empty_value_beside_a_limit_is_a_sample_at_the_limit(folder):
    rows = "P1,0,IL-6,,pg/mL,left,2.5\nP1,1,IL-6,,pg/mL,no,2.5\nP2,0,IL-6,,ng/L,left,\nP2,1,CRP,,mg/dL,right,20\n"
    (folder / "labs.csv").write_text("patient_id,day,analyte,value,unit,censored,limit\n" + rows)
    cohort = read_cohort(folder)
    values = cohort.tables["labs"]["value"].astype(float)
    assert values.fillna(-1).tolist() == [2.5, -1, -1, 200]
    assert "table labs: 2 values beyond a limit are empty; the limit stands in" in cohort.notes
    said = [str(one) for one in plausibility_warnings(cohort)]
    assert "labs.csv, column value: 1 (row 4): beyond a limit that is not given: the sample is left out" in said


def test_a_value_beyond_a_limit_that_is_not_the_limit_is_warned_of(folder):
    rows = "P1,0,IL-6,1.25,pg/mL,left,2.5\nP2,0,IL-6,2.5,pg/mL,left,2.5\nP2,1,IL-6,9,pg/mL,no,2.5\n"
    (folder / "labs.csv").write_text("patient_id,day,analyte,value,unit,censored,limit\n" + rows)
    said = [one for one in plausibility_warnings(read_cohort(folder)) if "not the limit" in one.reason]
    assert [(one.count, one.rows) for one in said] == [(1, "2")]
