"""Other hospitals' files: what is proposed, what stops the import, what comes out. All names and values are made up here."""

import stat
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from import_shapes import all_told

from helpers.cohort.read import read_cohort
from helpers.importing.apply import apply
from helpers.importing.mapping import NAME, read_mapping, write_mapping
from helpers.importing.patients import Keys
from helpers.importing.propose import propose
from helpers.problems import InputError
from helpers.run.cli import main


def answered(mapping, **columns):
    """Answer the questions of a mapping as a person would: set fields of columns, by heading, and close the questions."""
    for part in (mapping, *mapping.sheets, *(column for sheet in mapping.sheets for column in sheet.columns)):
        part.decide, part.also_decide = "", []
    for sheet in mapping.sheets:
        for column in sheet.columns:
            for field, value in columns.get(column.column, {}).items():
                setattr(column, field, value)
    mapping.ids = "keep"
    return mapping


def imported(files, folder, **columns):
    apply(answered(propose(files), **columns), files, folder, folder.with_name("key.csv"))
    return read_cohort(folder)


def questions(files, word):
    return [question for question in propose(files).open_questions() if word in question]


def text(folder: Path, name: str, content: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def workbook(path: Path, rows, merged=()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


def test_a_german_file_comes_out_as_it_was_meant(tmp_path):
    content = (
        "Studie Nord, Stand 2.3.2024;;;;;\n"
        "Pat.-Nr.;Geschlecht;Alter (J.);Infusion;Tod;letzter Kontakt\n"
        "01;weiblich;9,5;17.06.2020;;20.06.2021\n02;männlich;12;18.06.2020;25.12.2020;25.12.20\n* nb = nicht bekannt;;;;;\n"
    )
    cohort = imported([text(tmp_path, "nord.csv", content, "cp1252")], tmp_path / "out")
    patients, later = (cohort.tables[table].set_index("patient_id") for table in ("patients", "followup"))
    assert patients.loc["01", ["sex", "age_years", "infusion_year"]].tolist() == ["female", 9.5, 2020]
    assert later.loc["01", "last_contact_day"] == 368
    assert later.loc["02", "death_day"] == 190
    rows = pd.read_csv(tmp_path / "out" / "import" / "rows.csv")
    assert rows["rows"].tolist() == [2]


def test_chinese_headings_and_merged_blocks(tmp_path):
    day = datetime
    rows = [
        ["患者编号", "采样时间", "性别", "回输时间", "白细胞介素6", "铁蛋白"],
        [7, day(2021, 3, 2, 6, 30), "女", day(2021, 3, 1, 9, 0), 12.5, 300],
        [None, day(2021, 3, 4, 7, 0), "女", day(2021, 3, 1, 9, 0), 99.1, 900],
        [8, day(2021, 4, 3, 8, 0), "男", day(2021, 4, 1, 9, 0), 40.2, 410],
    ]
    cohort = imported([workbook(tmp_path / "ward.xlsx", rows, ["A2:A3"])], tmp_path / "out")
    labs = cohort.tables["labs"].query("analyte == 'IL-6'")
    assert labs[["patient_id", "day", "time", "value"]].to_numpy().tolist() == [
        ["7", 1.0, "06:30", 12.5], ["7", 3.0, "07:00", 99.1], ["8", 2.0, "08:00", 40.2],
    ]  # fmt: skip
    assert cohort.tables["patients"]["sex"].tolist() == ["female", "male"]


def test_stacked_headings_carry_their_group_over_the_merged_cells_only(tmp_path):
    rows = [
        ["Clinic", None, "Markers", None, None, None],
        ["ID", None, "Day 0 (-1)", None, "Day 7", None],
        ["Study ID", "Max Grade CRS", "CRP (mg/L)", "true date_CRP", "CRP (mg/L)", "IL-6 (pg/mL)"],
        [5, 2, 1.5, 0.25, 80, 310],
        [6, 0, 2.5, 0.5, 7, 12],
    ]
    cohort = imported([workbook(tmp_path / "s.xlsx", rows, ["A1:B1", "C1:F1", "C2:D2", "E2:F2"])], tmp_path / "out")
    found = cohort.tables["labs"][["patient_id", "day", "analyte", "value"]].to_numpy().tolist()
    assert ["5", 0.0, "CRP", 1.5] in found
    assert ["5", 7.0, "CRP", 80.0] in found
    assert ["5", 7.0, "IL-6", 310.0] in found
    assert cohort.tables["labs"].query("patient_id == '6' and day == 0")["time"].tolist() == ["12:00"]
    assert cohort.tables["status"].set_index("patient_id").loc["5", ["crs", "crs_grade_max"]].tolist() == ["yes", 2]


def test_never_is_no_day_and_a_flag_the_other_way_round_is_asked_about(tmp_path):
    data = text(
        tmp_path,
        "c.csv",
        "Gender,cgvhd_flag,PLTrecovery,survival_time,survival_status\n1,0,12,300,0\n0,1,1000000,80,1\n0,1,20,90,1\n",
    )
    about = text(
        tmp_path,
        "about.txt",
        "Gender: Male - 1, Female - 0\ncgvhd_flag: Yes - 0, No - 1\nPLTrecovery: days; 1000000 never\nsurvival_status: 0 alive, 1 dead\nsurvival_time: days\n",
    )
    assert questions([data, about], "other way round")
    cohort = imported([data, about], tmp_path / "out")
    assert cohort.tables["exposures"][["patient_id", "day"]].to_numpy().tolist() == [["1", 12.0], ["3", 20.0]]
    assert cohort.tables["followup"]["death_day"].fillna(-1).tolist() == [-1, 80, 90]
    assert cohort.tables["patients"]["sex"].tolist() == ["male", "female", "female"]


@pytest.mark.parametrize(
    ("unit", "days"), [("days", [10.0, 20.0]), ("weeks", [70.0, 140.0]), ("months", [10 * 365.25 / 12, 20 * 365.25 / 12]), ("years", [3652.5, 7305.0])]
)  # fmt: skip
def test_a_time_without_a_unit_is_asked_about_and_kept_to_full_precision(tmp_path, unit, days):
    file = text(tmp_path, "r.csv", "id,survival,vital.status\na,10,D\nb,20,A\n")
    assert questions([file], "days, weeks, months or years")
    cohort = imported([file], tmp_path / "out", survival={"unit": unit})
    assert cohort.tables["followup"]["last_contact_day"].tolist() == pytest.approx(days, abs=1e-4)


def test_an_unknown_status_is_never_alive(tmp_path):
    file = text(tmp_path, "r.csv", "id,os_days,vital status\na,10,dead\nb,20,alive\nc,30,UNKNOWN\n")
    assert questions([file], "1 cells say that the status is not known")
    later = imported([file], tmp_path / "out").tables["followup"]
    assert later["patient_id"].tolist() == ["a", "b"]


def test_codes_without_labels_are_asked_about(tmp_path):
    file = text(tmp_path, "r.csv", "id,sex,time,status\na,1,10,1\nb,2,20,2\nc,2,30,1\n")
    assert questions([file], "column 2 (sex)")
    assert questions([file], "which number is the event")
    with pytest.raises(InputError, match=r"an answer in mapping\.yaml"):
        apply(propose([file]), [file], tmp_path / "out", tmp_path / "key.csv")
    assert not (tmp_path / "out").exists()


def test_cdisc_censoring_is_zero_for_an_event(tmp_path):
    file = text(
        tmp_path,
        "adtte.csv",
        "USUBJID,PARAMCD,PARAM,AVAL,CNSR\n1,OS,Overall,100,1\n1,PFS,PFS,40,0\n2,OS,Overall,80,0\n2,PFS,PFS,80,0\n",
    )
    later = imported([file], tmp_path / "out").tables["followup"].set_index("patient_id")
    assert later.loc["1", ["progression_day", "last_contact_day"]].tolist() == [40, 100]
    assert later.loc["2", "death_day"] == 80
    assert pd.isna(later.loc["2", "progression_day"])


def test_cbioportal_comments_and_statuses(tmp_path):
    head = "#Patient\tSurvival\tSurvival (Months)\n#id\tstatus\tmonths\n#STRING\tSTRING\tNUMBER\n#1\t1\t1\n"
    file = text(
        tmp_path,
        "data_clinical_patient.txt",
        head + "PATIENT_ID\tOS_STATUS\tOS_MONTHS\nP1\t1:DECEASED\t12\nP2\t0:LIVING\t24\nP3\t\t10\n",
    )
    later = imported([file], tmp_path / "out").tables["followup"]
    assert later["death_day"].fillna(0).tolist() == [365.25, 0]
    assert later["patient_id"].tolist() == ["P1", "P2"]


REDCAP = """\
"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Text Validation Type OR Show Slider Number",Identifier?
record_id,base,text,Record ID,,,
kin,base,text,Mother,,,y
sex,base,radio,Sex,"1, Male | 2, Female",,
inf_dt,base,text,Date of infusion,,date_dmy,
drug,base,checkbox,Given,"1, Tocilizumab | 2, Steroids",,
say,base,notes,Remarks,,,
lab_dt,labs,text,Date of sample,,date_dmy,
crp,labs,text,CRP (mg/L),,number,
"""
RECORDS = """\
record_id,redcap_repeat_instrument,redcap_repeat_instance,kin,sex,inf_dt,drug___1,drug___2,say,base_complete,lab_dt,crp
1,,,Anna Planted,2,2020-01-05,1,0,she said 555-0199,2,,
1,labs,1,,,,,,,,2020-01-06,12.1
2,,,Rosa Planted,1,2020-02-05,0,0,,0,,
"""


def test_redcap_with_its_dictionary(tmp_path):
    files = [text(tmp_path, "data.csv", RECORDS), text(tmp_path, "dictionary.csv", REDCAP)]
    cohort = imported(files, tmp_path / "out")
    status = cohort.tables["status"].set_index("patient_id")
    assert status.loc["1", ["tcz", "gc"]].tolist() == ["yes", "no"]
    assert "2" not in status.index, "a box not ticked in a form that was never completed is not known"
    assert cohort.tables["labs"][["patient_id", "day", "value"]].to_numpy().tolist() == [["1", 1.0, 12.1]]


def test_nothing_that_identifies_reaches_mapping_log_or_cohort(tmp_path):
    files = [text(tmp_path, "data.csv", RECORDS), text(tmp_path, "dictionary.csv", REDCAP)]
    mapping = answered(propose(files))
    mapping.ids = "random"
    write_mapping(mapping, tmp_path / "out")
    apply(mapping, files, tmp_path / "out", tmp_path / "key.csv")
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file())
    for planted in ("Planted", "555-0199", "she said", "2020-01-05", "2020-01-06"):
        assert planted not in written
    assert all(key.startswith("P-") for key in read_cohort(tmp_path / "out").tables["patients"]["patient_id"])
    assert stat.S_IMODE((tmp_path / "key.csv").stat().st_mode) == 0o600
    first = (tmp_path / "out" / "patients.csv").read_text()
    apply(mapping, files, tmp_path / "out", tmp_path / "key.csv")
    assert (tmp_path / "out" / "patients.csv").read_text() == first


def test_limits_of_a_plate_are_censored(tmp_path):
    file = text(
        tmp_path,
        "plate.csv",
        "Run 4\nSample,Day,Hu IL-6 (19) pg/mL,Hu TNF-a (36) pg/mL\nP1,0,OOR <,12.3\nP1,3,*2.31,<1.2\nP2,0,>5000,4.5\n",
    )
    cohort = imported([file], tmp_path / "out", **{"Hu IL-6 (19) pg/mL": {"left_at": 0.8}})
    found = (
        cohort.tables["labs"]
        .set_index(["patient_id", "day", "analyte"])[["value", "censored"]]
        .apply(tuple, axis=1)
        .to_dict()
    )
    assert found["P1", 0, "IL-6"] == (0.8, "left")
    assert found["P1", 3, "IL-6"] == (2.31, "no")
    assert found["P1", 3, "TNF-α"] == (1.2, "left")
    assert found["P2", 0, "IL-6"] == (5000, "right")


def test_files_that_belong_together_are_joined_and_what_does_not_join_is_counted(tmp_path):
    patients = text(
        tmp_path,
        "p.csv",
        "Patient ID;Infusion date;Last follow up\n001;13/02/2020;13/02/2021\n002;15/03/2020;20/06/2020\n",
    )
    labs = text(
        tmp_path,
        "l.csv",
        "patient id;date;test;result;unit\n1;14/02/2020;CRP;1,2;mg/dL\n2;17/03/2020;IL-6;<2,5;pg/mL\n9;17/03/2020;IL-6;5,5;pg/mL\n",
    )
    drugs = text(tmp_path, "d.csv", "patient id;date;drug;dose;dose unit\n1;16/02/2020;Dexamethasone phosphate;5;mg\n")
    files = [patients, labs, drugs]
    assert questions(files, "1 of 3 patients of l.csv")
    cohort = imported(files, tmp_path / "out")
    assert cohort.tables["labs"][["patient_id", "day", "analyte", "value", "censored"]].to_numpy().tolist() == [
        ["001", 1.0, "CRP", 12.0, "no"], ["002", 2.0, "IL-6", 2.5, "left"],
    ]  # fmt: skip
    assert cohort.tables["treatments"][["agent", "salt", "dose_mg"]].to_numpy().tolist() == [
        ["dexamethasone", "sodium phosphate", 5.0]
    ]
    rows = pd.read_csv(tmp_path / "out" / "import" / "rows.csv").set_index(["file", "what became of them"])["rows"]
    assert rows["l.csv", "used"] == 2
    assert rows["l.csv", "left out: a patient of no sheet of patients"] == 1


def test_day_and_month_exchanged_by_excel_stop_the_import_and_are_put_back(tmp_path):
    rows = [
        ["id", "infusion date", "last follow up"],
        [1, "13/01/2020", datetime(2020, 6, 5)],
        [2, "14/02/2020", datetime(2020, 9, 3)],
        [3, "15/02/2020", "20/03/2020"],
    ]
    file = workbook(tmp_path / "x.xlsx", rows)
    assert questions([file], "day and month exchanged")
    later = imported([file], tmp_path / "out").tables["followup"]
    assert later["last_contact_day"].tolist() == [114, 24, 34]  # 13 January to 6 May, 14 February to 9 March


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("id,weight\n1,\"1,234\"\n2,\"2,500\"\n", "thousands, or decimals"),
        ("id,infusion date\n1,02/03/2020\n2,05/04/2020\n", "day and month could be exchanged"),
        ("id,infusion date,death date\n1,13/03/2020,14/02/2020\n", "before day 0"),
        ("id,os_days,vital status\n1,10,alive\n2,999999,dead\n3,12,dead\n", "never or not known"),
        ("id,os_days,vital status\n1,43831,alive\n2,43900,dead\n", "date as Excel counts"),
        ("id,crs grade (Lee),crs grade (ASTCT)\n1,1,2\n2,3,3\n", "grading systems"),
        ("id,infusion date,last follow up,os_days,status\n1,13/03/2020,14/03/2021,12,alive\n", "differ from the dates"),
        ("id,CRP day 0,CRP day 3\n1,0.5,0.5\n2,0.5,8\n3,0.5,0.5\n", "a limit of the assay entered as a value"),
        ("id,death\nU1,0\nU1-Rx,0\nU2,1\n", "several samples"),
        ("id,pfs_days,pfs_status\n1,10,1\n2,20,0\n", "there is no overall survival"),
        ("sex,sampled on\nM,13/03/2020\n", ""),
    ],
)  # fmt: skip
def test_traps_are_asked_about(tmp_path, content, word):
    found = propose([text(tmp_path, "trap.csv", content)])
    assert not word or any(word in question for question in found.open_questions()), found.open_questions()


def test_values_of_a_patient_that_differ_between_rows_are_refused(tmp_path):
    file = text(tmp_path, "p.csv", "id,sex,age\n1,F,7\n1,M,7\n2,F,8\n")
    with pytest.raises(InputError, match="another value than in row 2"):
        imported([file], tmp_path / "out")


def test_a_folder_of_another_making_is_left_alone(tmp_path):
    file = text(tmp_path, "p.csv", "id,sex\n1,F\n")
    out = tmp_path / "out"
    out.mkdir()
    text(out, "patients.csv", "patient_id\nmine\n")
    with pytest.raises(InputError, match="of another making"):
        imported([file], out)
    assert (out / "patients.csv").read_text() == "patient_id\nmine\n"


@pytest.mark.parametrize("name", ["cohort.json", "import/plan.txt"])
def test_what_an_import_would_replace_is_no_others(tmp_path, name):
    file = text(tmp_path, "p.csv", "id,sex\n1,F\n")
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(InputError, match="of another making"):
        imported([file], tmp_path / "out")
    assert (tmp_path / "out" / name).read_text() == "mine"


def test_notes_beside_an_imports_log_stay(tmp_path):
    file = text(tmp_path, "p.csv", "id,sex\n1,F\n")
    imported([file], tmp_path / "out")
    (tmp_path / "out" / "import" / "notes.txt").write_text("mine")
    imported([file], tmp_path / "out")
    assert (tmp_path / "out" / "import" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("content", [b"one line", b"key_in_file,patient_id\n1\n", b"a,b\n1,2\n", b"\xff\xfe\x00\x01"])
def test_a_key_file_of_another_making_is_left_alone(tmp_path, content):
    (tmp_path / "key.csv").write_bytes(content)
    with pytest.raises(InputError, match="another kind of file"):
        Keys(tmp_path / "key.csv")
    assert (tmp_path / "key.csv").read_bytes() == content


def test_by_the_command_line(tmp_path):
    file = text(tmp_path, "a.csv", "id,Sex,OS (months),Vital status\n1,F,2,alive\n2,M,3,dead\n")
    out, run = tmp_path / "cohort", CliRunner()
    first = run.invoke(main, ["import", str(file), "--out", str(out)])
    assert first.exit_code == 0
    assert "Nothing is open" in first.output
    assert run.invoke(main, ["import", str(file), "--out", str(out)]).exit_code == 2
    stored = yaml.safe_load((out / NAME).read_text(encoding="utf-8"))
    stored["sheets"][0]["columns"][1]["decide"] = "is it?"
    (out / NAME).write_text(yaml.safe_dump(stored, allow_unicode=True), encoding="utf-8")
    refused = run.invoke(main, ["import", str(file), "--out", str(out), "--apply"])
    assert refused.exit_code == 2
    assert "is it?" in refused.output
    del stored["sheets"][0]["columns"][1]["decide"]
    (out / NAME).write_text(yaml.safe_dump(stored, allow_unicode=True), encoding="utf-8")
    done = run.invoke(main, ["import", str(file), "--out", str(out), "--apply"])
    assert done.exit_code == 0, done.output
    assert read_cohort(out).tables["followup"]["death_day"].dropna().tolist() == [
        pytest.approx(3 * 365.25 / 12, abs=1e-3)
    ]
    assert (tmp_path / "cohort.key.csv").exists()


@pytest.mark.parametrize(
    "content",
    ["version: 2\n", "sheets: [{file: a, row_is: cow}]\n", "a: [\n", "!!python/object/apply:os.system ['echo x']\n"],
)
def test_a_mapping_that_is_none_is_refused(tmp_path, content):
    text(tmp_path, NAME, content)
    with pytest.raises(InputError):
        read_mapping(tmp_path)


def test_numbers_that_are_groups_are_kept_as_groups(tmp_path):
    rows = [f"{i},{i % 2},{1 + i % 3},{i * 1.5},{100 + i},{i % 3}" for i in range(24)]
    file = text(tmp_path, "r.csv", "id,hormon,arm,er,rfstime,status\n" + "\n".join(rows) + "\n")
    found = {column.column: column for column in propose([file]).sheets[0].columns}
    assert [found[name].kind for name in ("hormon", "arm", "er")] == ["boolean", "category", "number"]
    assert (found["rfstime"].to, found["rfstime"].name) == ("time", "progression or death")
    assert found["status"].codes == {"0": "censored", "1": "unknown", "2": "unknown"}


def codes_of(files):
    return [column.codes for sheet in propose(files).sheets for column in sheet.columns if column.to == "status"]


@pytest.mark.parametrize("heading", ["cens", "censored", "censor", "cnsr", "alive"])
def test_a_column_named_after_the_censored_says_1_where_nobody_died(tmp_path, heading):
    files = [text(tmp_path, "f.csv", f"id,OS (days),{heading}\n1,100,1\n2,50,0\n3,70,1\n4,20,0\n")]
    assert codes_of(files) == [{"0": "event", "1": "censored"}]


def test_a_progression_two_days_before_death_is_one_and_one_on_the_eve_is_the_death(tmp_path):
    content = "id,OS (days),OS event,PFS (days),PFS event\n1,100,1,98,1\n2,100,1,99,1\n3,100,1,100,1\n4,300,0,300,0\n"
    cohort = imported([text(tmp_path, "f.csv", content)], tmp_path / "out")
    rows = cohort.tables["followup"].set_index("patient_id")
    assert rows["death_day"].dropna().tolist() == [100, 100, 100]
    assert rows["progression_day"].dropna().to_dict() == {"1": 98}


def test_a_syndrome_of_three_days_ends_two_days_after_its_first(tmp_path):
    content = "id,CRS onset (days),CRS duration (days),CRS grade\n1,2,3,2\n2,4,1,1\n3,,,0\n"
    cohort = imported([text(tmp_path, "f.csv", content)], tmp_path / "out")
    rows = cohort.tables["toxicity"]
    assert rows[["patient_id", "day_from", "day_to", "grade"]].to_numpy().tolist() == [["1", 2, 4, 2], ["2", 4, 4, 1]]


def test_the_list_of_who_is_who_survives_a_writing_that_breaks_off(tmp_path):
    path = tmp_path / "key.csv"
    keys = Keys(path)
    first = keys.of("1")
    keys.write()
    again = Keys(path)
    again.known = None  # nothing that can be written
    with pytest.raises(AttributeError):
        again.write()
    assert Keys(path).of("1") == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["key.csv"]


def test_a_person_deletes_the_lines_of_the_questions_and_the_mapping_is_still_one(tmp_path):
    """Each question is one line, however long; a list of further ones of which all are deleted may stay behind empty."""
    content = "id,infusion date,weight,grade,event,day\n1,2020-01-13,20,2,CRS,3\n1,2020-01-13,20,3,other,4\n2,2020-02-13,x,1,CRS,2\n"
    files = [
        text(tmp_path, "a.csv", content),
        text(tmp_path, "b.csv", "id,os (months),status\n1,4,0\n2,1000000,1\n3,5,9\n"),
    ]
    path = write_mapping(propose(files), tmp_path / "out")
    asked = len(read_mapping(tmp_path / "out").open_questions())
    lines, kept, below = path.read_text(encoding="utf-8").split("\n"), [], None
    for line in lines:
        if line.lstrip().startswith("also_decide:"):
            below = " " * (len(line) - len(line.lstrip())) + "- "
        elif line.lstrip().startswith("decide:") or (below and line.startswith(below)):
            asked -= 1
            continue
        else:
            below = None
        kept.append(line)
    path.write_text("\n".join(kept), encoding="utf-8")
    assert asked == 0
    assert read_mapping(tmp_path / "out").open_questions() == []


def test_sheets_named_after_patients_name_nobody_outside_the_cells(tmp_path):
    head = ["Day after infusion", "CRP (mg/L)"]
    book = openpyxl.Workbook()
    book.active.title = "List"
    for row in [["Patient", "Sex"], ["Planted Jane", "F"], ["Planted Joe", "M"]]:
        book.active.append(row)
    for name in ("Planted Jane", "Planted Joe"):
        sheet = book.create_sheet(name)
        for row in [head, [0, 3], [4, 55]]:
            sheet.append(row)
    book.save(tmp_path / "ward.xlsx")
    mapping = propose([tmp_path / "ward.xlsx"])
    assert any("named after patients" in question for question in mapping.open_questions())
    mapping = answered(mapping)
    mapping.ids = "random"
    apply(mapping, [tmp_path / "ward.xlsx"], tmp_path / "out", tmp_path / "key.csv")
    assert len(read_cohort(tmp_path / "out").tables["labs"]) == 4
    assert "Planted" not in all_told(mapping, tmp_path / "out")


def test_a_hospital_number_joins_files_that_name_nobody_else_and_is_replaced(tmp_path):
    patients = "住院号,性别,回输日期\n0098761,男,2021-01-13\n0098762,女,2021-02-15\n"
    labs = "住院号,采样日期,项目,结果,单位\n0098761,2021-01-15,CRP,55,mg/L\n0098762,2021-02-20,CRP,8,mg/L\n"
    files = [text(tmp_path, "p.csv", patients), text(tmp_path, "l.csv", labs)]
    mapping = propose(files)
    assert len([question for question in mapping.open_questions() if "hospital's number" in question]) == 2
    mapping = answered(mapping)
    mapping.ids = "random"
    apply(mapping, files, tmp_path / "out", tmp_path / "key.csv")
    assert read_cohort(tmp_path / "out").tables["labs"]["day"].tolist() == [2, 5]
    assert "009876" not in all_told(mapping, tmp_path / "out")


def test_long_texts_are_read_by_their_words_and_shown_nowhere(tmp_path):
    patients = "id,infusion date,last contact\n1,2021-01-13,2022-01-13\n2,2021-02-15,2022-02-15\n"
    drugs = "id,date,drug,dose (mg),reason\n1,2021-01-15,dexamethasone,6,CRS as Dr Planted said\n2,2021-02-18,dexamethasone,6,Auntie Planted asked for it\n2,2021-02-19,dexamethasone,6,ICANS\n"
    files = [text(tmp_path, "p.csv", patients), text(tmp_path, "d.csv", drugs)]
    mapping = propose(files)
    assert any(
        "1 cells are longer texts" in question and "1 hold none" in question for question in mapping.open_questions()
    )
    apply(answered(mapping), files, tmp_path / "out", tmp_path / "key.csv")
    found = read_cohort(tmp_path / "out").tables["treatments"]
    assert [None if pd.isna(what) else what for what in found["indication"]] == ["CRS", None, "ICANS"]
    assert "Planted" not in all_told(mapping, tmp_path / "out")
