"""Files in the shapes that were met, read as a person would read them: what is asked, what comes out."""

import math
import shutil
from pathlib import Path

import import_shapes_charts  # noqa: F401  each registers its shapes and traps
import import_shapes_courses  # noqa: F401
import import_shapes_families  # noqa: F401
import import_shapes_more  # noqa: F401
import import_shapes_plain  # noqa: F401
import import_shapes_second  # noqa: F401
import import_shapes_third  # noqa: F401
import import_shapes_unseen  # noqa: F401
import import_shapes_usual  # noqa: F401
import import_shapes_wards  # noqa: F401
import pandas as pd
import pytest
from import_shapes import PLANTED, SHAPES, TRAPS, all_told, text
from import_shapes_foreign import PATIENTS

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.importing.apply import apply
from helpers.importing.propose import propose
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.results.competing import first_events

ORACLE = Path(__file__).parent / "oracle"


def answered(mapping, answers):
    """Close the questions of a mapping, with the answers to those whose proposal is not the answer."""
    for part in (mapping, *mapping.sheets, *(column for sheet in mapping.sheets for column in sheet.columns)):
        part.decide, part.also_decide = "", []
    for sheet in mapping.sheets:
        for column in sheet.columns:
            for field, value in answers.get(column.column, {}).items():
                setattr(column, field, value)
    mapping.ids = "keep"
    return mapping


def same(got, wanted):
    if isinstance(got, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(got, wanted, abs_tol=0.01)
    return got == wanted


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_read_as_it_was_meant(name, tmp_path):
    files, answers, expected = SHAPES[name](tmp_path)
    mapping = propose(files)
    if question := answers.pop("_question", None):
        assert any(question in asked for asked in mapping.open_questions())
    asked = {id(part) for sheet in mapping.sheets for part in sheet.columns if part.decide}
    for sheet in mapping.sheets:
        for column in sheet.columns:
            assert column.column not in answers or id(column) in asked, "only what is asked about is answered"
    if not expected:
        return
    apply(answered(mapping, answers), files, tmp_path / "out", tmp_path / "key.csv")
    told = all_told(mapping, tmp_path / "out")
    assert not [word for word in PLANTED if word in told]
    tables = read_cohort(tmp_path / "out").tables
    for table, (columns, wanted) in expected.items():
        frame = tables.get(table, pd.DataFrame()).reindex(columns=columns)  # no rows: nothing may be claimed
        got = [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]
        assert len(got) == len(wanted), (table, got)
        for row in wanted:
            assert any(all(map(same, one, row)) for one in got), (table, row, got)


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_stops_the_import(name, tmp_path):
    make, word = TRAPS[name]
    files = make(tmp_path)
    mapping = propose(files)
    assert any(word in question for question in mapping.open_questions()), mapping.open_questions()
    with pytest.raises(InputError):
        apply(mapping, files, tmp_path / "out", tmp_path / "key.csv")


def test_names_and_numbers_of_people_are_not_read_whatever_the_heading(tmp_path):
    content = (
        "Patient ID,Sex,Infusion date,Last contact,Notes,Referring doctor,Contact,On duty,Reach at,Name of mother,Wohnort,Hospital no,Initials of child\n"
        "1,F,2021-03-14,2022-03-14,mother Planted called,Planted,13800000000,Dr Planted,13800000000,Auntie,Planted,99887,Planted\n"
        "2,M,2021-04-20,2022-04-20,0098761 moved,Planted,13800000000,Dr Planted,13800000000,Auntie,Planted,99887,Planted\n"
    )
    files = [text(tmp_path, "a.csv", content)]
    mapping = propose(files)
    assert [column.to for column in mapping.sheets[0].columns][4:] == ["leave out"] * 9
    apply(answered(mapping, {}), files, tmp_path / "out", tmp_path / "key.csv")
    told = all_told(mapping, tmp_path / "out")
    assert not [word for word in PLANTED if word in told]


def test_a_first_dose_is_an_administration_whose_dose_is_not_known(tmp_path):
    files, _, _ = SHAPES["dates_of_first_doses"](tmp_path)
    apply(answered(propose(files), {}), files, tmp_path / "out", tmp_path / "key.csv")
    frame = analyse(read_cohort(tmp_path / "out"), Parameters()).frame
    assert frame["tcz"].to_dict() == {"K-11": True, "K-12": False, "K-13": True, "K-14": False}
    assert frame["gc"].to_dict() == {"K-11": True, "K-12": False, "K-13": False, "K-14": True}
    assert frame["gc_time_days"].dropna().to_dict() == {"K-11": 4, "K-14": 4}
    if "gc_dose_mg_per_kg" in frame:
        assert frame.loc[["K-11", "K-14"], "gc_dose_mg_per_kg"].isna().all()


def test_a_limit_of_rows_is_censored_analyte_by_analyte(tmp_path):
    make, _ = TRAPS["piled_long"]
    files = make(tmp_path)
    mapping = propose(files)
    value = next(column for column in mapping.sheets[0].columns if column.to == "labs.value")
    assert value.right_of == {"IL-6": 5000}
    apply(answered(mapping, {}), files, tmp_path / "out", tmp_path / "key.csv")
    found = read_cohort(tmp_path / "out").tables["labs"]
    assert found.loc[found["value"] == 5000, "censored"].tolist() == ["right"] * 5
    assert set(found.loc[found["value"] < 5000, "censored"]) == {"no"}


def test_rows_read_are_rows_used_and_rows_left_out(tmp_path):
    for name in ("two_infusions", "row_per_event", "plate", "visits", "adam"):
        folder = tmp_path / name
        folder.mkdir()
        files, answers, _ = SHAPES[name](folder)
        mapping = answered(propose(files), answers)
        apply(mapping, files, folder / "out", folder / "key.csv")
        rows = pd.read_csv(folder / "out" / "import" / "rows.csv")
        for sheet in mapping.sheets:
            assert rows.loc[rows["file"] == sheet.place, "rows"].sum() == sheet.rows_read, name


def test_labels_of_a_catalogue_of_sas(tmp_path):
    for name in ("sas7bdat", "sas7bcat"):
        shutil.copy(ORACLE / f"import_catalogue.{name}", tmp_path / f"os.{name}")
    table, catalogue = tmp_path / "os.sas7bdat", tmp_path / "os.sas7bcat"
    alone = propose([table])
    assert "catalogue" in " ".join(alone.sheets[0].notes)
    assert len(alone.open_questions()) == 2  # what 1 and 2 mean of a sex, what 1, 2 and 9 of a status
    mapping = propose([catalogue, table])
    assert [c.codes for c in mapping.sheets[0].columns if c.codes] == [
        {"1": "female", "2": "male"}, {"1": "event", "2": "censored"}
    ]  # fmt: skip
    apply(answered(mapping, {}), [table, catalogue], tmp_path / "out", tmp_path / "key.csv")
    tables = read_cohort(tmp_path / "out").tables
    assert tables["patients"]["sex"].tolist() == ["female", "male", "male", "female"]
    found = tables["followup"].set_index("patient_id")
    assert found["last_contact_day"].to_dict() == pytest.approx(
        {"C-1": 365.25, "C-2": 106.53125, "C-3": 730.5}, abs=1e-3
    )
    assert found["death_day"].dropna().to_dict() == pytest.approx({"C-2": 106.53125}, abs=1e-3)


def test_a_file_of_sas(tmp_path):
    file = tmp_path / "registry.sas7bdat"
    shutil.copy(ORACLE / "import_registry.sas7bdat", file)
    mapping = propose([file])
    assert mapping.open_questions() == []
    apply(answered(mapping, {}), [file], tmp_path / "out", tmp_path / "key.csv")
    tables = read_cohort(tmp_path / "out").tables
    assert tables["patients"][["sex", "age_years", "infusion_year"]].to_numpy().tolist() == [
        ["female", 7.5, 2020], ["male", 9, 2020], ["female", 12, 2020],
    ]  # fmt: skip
    assert tables["followup"].set_index("patient_id")["last_contact_day"].to_dict() == {
        "M-1": 365,
        "M-2": 30,
        "M-3": 365,
    }
    assert tables["followup"].set_index("patient_id")["death_day"].dropna().to_dict() == {"M-2": 30}
    assert tables["status"].set_index("patient_id")["crs_grade_max"].dropna().to_dict() == {"M-1": 2, "M-3": 0}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("patient,date,drug,dose,unit\n1,2020-01-13,MP,2,vials\n1,2020-01-14,MP,3,vials\n", "does not become mg"),
        ("patient,date,drug,dose\n1,2020-01-13,MP,2\n1,2020-01-14,MP,3\n", "no unit is written for the doses"),
        ("patient,date,start of course,end date,drug,dose,unit\n1,2020-01-13,x,2020-01-15,MP,2,mg\n", "whenever it ended"),
        ("id,event,grade,grading system,day\n1,CRS,1,ASTCT,2\n2,CRS,2,Penn,3\n3,CRS,2,ASTCT,3\n", "grading systems stand"),
        ("id,infusion date,weight\n1,4 March,20\n2,5 April,30\n", "its heading names origin"),
        ("id,sex,time to something (months)\n1,f,3\n2,m,4.5\n", "whose meaning is not known"),
        ("id,day,steroids\n1,1,√\n2,2,\n", "no cell says no"),
        ("patient,test,result,unit\n1,CRP,2,mg/L\n1,CRP,3,mg/L\n", "no column says on which day"),
        ("patient,day,test,result,unit\n1,1,CRP,2,mg/L\n1,2,Lactate,3,mmol/L\n", "beyond the dictionary"),
        ("patient,day,test,result,unit\n1,1,CRP,2,mg/L\n1,2,CRP,3,\n", "1 rows have no unit"),
        ("patient,day,test,result,unit\n1,1,CRP,2,mg/L\n1,2,CRP,3,squids\n", "units that are not known"),
        ("patient,day,test,result\n1,1,CRP,2\n1,2,CRP,3\n", "no unit is written"),
        ("USUBJID,PARAMCD,AVAL,CNSR\n1,OS,4,1\n1,TTXYZ,3,0\n", "parameters are not known"),
        ("USUBJID,PARAMCD,AVAL,CNSR\n1,OS,4,1\n2,OS,3,0\n", "no unit is written: days"),
        ("id,age at infusion,infusion date\n1,130,2020-01-13\n2,60,2020-01-13\n", "above 120"),
        ("sexo,id\nH,1\nM,2\n", "no label says"),
        ("id,Einschluss,death date\n1,2020-01-13,2020-01-14\n", "none is day 0"),
        ("case coed,age\nA-1,4\nA-2,5\n", "is it column 1"),
        ("petal,sepal\n1.5,2\n2.5,3\n", "is this a table of patients"),
        ("id,sample date,infusion date,CRP (mg/L)\n1,2020-01-14,2020-01-13,5\n1,2020-01-15,2020-01-13,haemolysed\n", "text that is no number"),
        ("id,crs grade\n1,None\n2,Grade 2\n", "cells say none"),
        ("id,efs status,weight\n1,0,20\n2,1,30\n", "no column is known as its time"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_asked(tmp_path, content, word):
    asked = propose([text(tmp_path, "a.csv", content)]).open_questions()
    assert any(word in question for question in asked), asked


def test_words_that_say_nothing_about_the_patient_are_not_taken_for_it(tmp_path):
    content = "id,donor age,mother's weight,treatment arm,age group\n1,30,60,1,2\n2,40,70,2,1\n3,41,64,2,1\n"
    to = {column.column: column.to for column in propose([text(tmp_path, "a.csv", content)]).sheets[0].columns}
    assert set(to.values()) == {"patient", "declared"}, to


def test_a_dose_by_weight_without_a_weight_is_no_dose_and_is_logged(tmp_path):
    patients = text(tmp_path, "p.csv", "id,infusion date,weight\n1,2020-01-13,20\n2,2020-01-13,\n")
    drugs = text(
        tmp_path,
        "d.csv",
        "id,date,drug,dose,unit\n1,2020-01-14,dexamethasone,0.5,mg/kg\n2,2020-01-14,dexamethasone,0.5,mg/kg\n",
    )
    files = [patients, drugs]
    apply(answered(propose(files), {}), files, tmp_path / "out", tmp_path / "key.csv")
    treatments = read_cohort(tmp_path / "out").tables["treatments"].set_index("patient_id")
    assert treatments.loc["1", "dose_mg"] == 10
    assert pd.isna(treatments.loc["2", "dose_mg"])
    log = pd.read_csv(tmp_path / "out" / "import" / "log.csv")
    assert (log["rule"] == "a dose by weight of a patient without a weight: no dose").sum() == 1


def test_an_analyte_of_its_own_keeps_one_unit(tmp_path):
    head = "id,infusion date\n1,2020-01-13\n2,2020-01-13\n"
    labs = "id,day,test,result,unit\n1,1,Lactate,2,mg/L\n2,1,Lactate,0.3,mg/dL\n2,1,Lactate,3,U/L\n"
    files = [text(tmp_path, "p.csv", head), text(tmp_path, "l.csv", labs)]
    with pytest.raises(InputError, match="unit U/L"):
        apply(answered(propose(files), {}), files, tmp_path / "out", tmp_path / "key.csv")
    files[1] = text(tmp_path, "l.csv", labs.replace("2,1,Lactate,3,U/L\n", ""))
    apply(answered(propose(files), {}), files, tmp_path / "out", tmp_path / "key.csv")
    found = read_cohort(tmp_path / "out").tables["labs"]
    assert found[["value", "unit"]].to_numpy().tolist() == [[2, "mg/L"], [3, "mg/L"]]


def test_a_relapse_told_of_everybody_without_a_day_gives_results_and_no_crash(tmp_path):
    """Relapse is yes or no, death has a day: whoever died without a relapse has that for an event, nobody a day of relapse."""
    files, answers, _ = SHAPES["never"](tmp_path)
    apply(answered(propose(files), answers), files, tmp_path / "out", tmp_path / "key.csv")
    analysis = analyse(read_cohort(tmp_path / "out"), Parameters(milestones=[1, 2]))
    data = first_events(analysis)
    assert data.loc["3", "cause"] == 2
    assert data.loc["1", "cause"] == 0
    assert not (data["cause"] == 1).any()


@pytest.mark.parametrize(
    "shifted",
    [
        "P02,Planted, Jane,female,11,36,2021-03-15,2021-09-29,2021-09-29",
        "P02,female,11,36,5,2021-03-15,2021-09-29,2021-09-29",
    ],
)
def test_a_shifted_row_is_refused_with_its_place_and_shows_nobody(shifted, tmp_path):
    rows = PATIENTS.splitlines()
    rows[2] = shifted
    with pytest.raises(InputError) as told:
        propose([text(tmp_path, "p.csv", "\n".join(rows) + "\n")])
    assert "row 3: found 'more cells than the headings'" in str(told.value)
    assert not [word for word in PLANTED if word in str(told.value)]


def test_what_stands_once_beside_a_dose_is_not_shown(tmp_path):
    rows = "Patient ID,Drug,Date,Dose (mg),Frequency\nP01,dexamethasone,2021-02-06,6,as Planted said\nP02,dexamethasone,2021-03-18,6,BID\nP03,dexamethasone,2021-04-29,6,BID\n"
    files = [text(tmp_path, "p.csv", PATIENTS), text(tmp_path, "d.csv", rows)]
    mapping = propose(files)
    assert any("words that are not known here" in question for question in mapping.open_questions())
    apply(answered(mapping, {}), files, tmp_path / "out", tmp_path / "key.csv")
    given = read_cohort(tmp_path / "out").tables["treatments"].set_index("patient_id")["dose_mg"]
    assert given.loc["P02"] == 12
    assert pd.isna(given.loc["P01"]), "nobody knows how often"
    assert "Planted" not in mapping.model_dump_json() + (tmp_path / "out" / "import" / "log.csv").read_text()
