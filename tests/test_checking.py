"""Checking a cohort through the command line: errors, warnings, what is taken for granted, what it will give."""

import json
import os
import shutil

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from helpers import paths
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES
from helpers.run.cli import main
from helpers.run.sections import SECTIONS


def call(*arguments, code=0):
    found = CliRunner().invoke(main, [str(one) for one in arguments])
    assert found.exit_code == code, found.output
    return found.output


@pytest.fixture
def folder(tmp_path):
    """Twelve patients who were followed for years, as ordinary as can be."""
    ids = [f"P{number:02d}" for number in range(12)]
    patients = pd.DataFrame({"patient_id": ids, "age_years": 8.0, "weight_kg": 25.0, "cutoff_day": 1500.0})
    followup = pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": [90.0, 200.0] + [None] * 10,
            "death_day": [150.0] + [None] * 11,
            "last_contact_day": [150.0] + [900.0 + 10 * number for number in range(11)],
        }
    )
    given = [{"patient_id": i, "agent": "dexamethasone", "day": 5.0, "dose_mg": 5.0, "route": "IV"} for i in ids[1:5]]
    write(tmp_path, patients=patients, followup=followup, treatments=pd.DataFrame(given))
    return tmp_path


def write(folder, **tables):
    for table, frame in tables.items():
        frame.to_csv(folder / f"{table}.csv", index=False)


def change(folder, table, edit):
    frame = pd.read_csv(folder / f"{table}.csv")
    write(folder, **{table: edit(frame)})


def warned(folder):
    told = json.loads(call("check", folder, "--json"))
    assert not told["problems"]
    return {(one["table"], one["column"], one["count"]) for one in told["warnings"]}


def test_an_ordinary_cohort_and_the_shipped_ones_bring_no_warning(folder):
    assert warned(folder) == set()
    assert warned(paths.COHORT) == set()


@pytest.mark.parametrize(
    ("table", "edit", "expected"),
    [
        ("followup", lambda f: f.assign(last_contact_day=f["last_contact_day"].replace(910.0, 1_000_000.0)), ("followup", "last_contact_day", 1)),
        ("followup", lambda f: f.assign(relapse_day=f["relapse_day"].replace(200.0, 43831.0)), ("followup", "relapse_day", 1)),
        ("followup", lambda f: f.assign(**{c: (f[c] / 30.4375).round(1) for c in f.columns[1:]}), ("followup", "last_contact_day", 12)),
        ("followup", lambda f: f.assign(**{c: (f[c] / 365.25).round(2) for c in f.columns[1:]}), ("followup", "last_contact_day", 12)),
        ("followup", lambda f: f.assign(last_contact_day=f["last_contact_day"].replace(150.0, 190.0)), ("followup", "last_contact_day", 1)),
        ("followup", lambda f: f.iloc[:6], ("followup", "", 6)),
        ("patients", lambda f: f.assign(cutoff_day=5.0), ("patients", "cutoff_day", 12)),
        ("patients", lambda f: f.assign(weight_kg=f["weight_kg"] * 10), ("patients", "weight_kg", 12)),
        ("treatments", lambda f: f.assign(dose_mg=f["dose_mg"] / 1000), ("treatments", "dose_mg", 4)),
        ("treatments", lambda f: pd.concat([f, f]), ("treatments", "", 4)),
        ("treatments", lambda f: pd.concat([f, f.iloc[:1].assign(patient_id="P00", day=160.0)]), ("treatments", "day", 1)),
    ],
)  # fmt: skip
def test_what_is_unlikely_is_said_with_a_count(folder, table, edit, expected):
    change(folder, table, edit)
    assert expected in warned(folder)


def test_screening_twice_and_values_piled_at_a_limit(folder):
    ids = [f"P{number:02d}" for number in range(12)]
    screening = pd.DataFrame({"patient_id": ids, "infusion_number": 1})
    labs = pd.DataFrame({"patient_id": ids * 3, "day": 1.0, "analyte": "IL-6", "unit": "pg/mL", "censored": "no",
                         "value": [2.5] * 12 + [float(3 + number) for number in range(24)]})  # fmt: skip
    write(folder, screening=pd.concat([screening, screening]), labs=labs.assign(day=range(36)))
    assert {("screening", "", 12), ("labs", "value", 12)} <= warned(folder)


def test_errors_and_warnings_come_at_once_and_as_json_too(folder):
    change(folder, "patients", lambda f: f.assign(age_years=["eight"] + [8.0] * 11))
    change(folder, "treatments", lambda f: pd.concat([f, f]))
    told = call("check", folder, code=2)
    assert "column age_years: found 'text of 5 characters'" in told
    assert "the same administration twice" in told
    output = CliRunner().invoke(main, ["check", str(folder), "--json"])
    assert output.exit_code == 2
    found = json.loads(output.stdout)
    assert [one["column"] for one in found["problems"]] == ["age_years"]
    assert found["problems"][0]["found"] == "text of 5 characters"


def test_the_page_tells_what_the_text_tells_row_by_row(folder):
    change(folder, "followup", lambda followup: followup.assign(last_contact_day=followup["last_contact_day"] * 30))
    told = json.loads(call("check", folder, "--json"))
    call("check", folder, "--html", folder / "out" / "check.html")
    page = BeautifulSoup((folder / "out" / "check.html").read_text(), "html.parser")
    rows = {
        title.get_text(): [[cell.get_text() for cell in row.find_all("td")] for row in title.find_next("table").find_all("tr")[1:]]
        for title in page.find_all("h2")
    }  # fmt: skip
    assert [row[1:] for row in rows["What the notebooks will show"]] == [
        [one["shows"], "yes" if one["given"] else "no", one["reason"] or ""] for one in told["sections"]
    ]
    assert [row[0] for row in rows["Taken for granted"]] == told["assumptions"]
    assert told["warnings"]
    assert [row[-1] for row in rows["Unlikely: look again"]] == [one["reason"] for one in told["warnings"]]
    assert "To be mended" not in rows  # nothing has to be


def test_what_the_cohort_will_give_and_why_not(folder):
    told = json.loads(call("check", "--cohort", folder, "--json"))
    sections = {one["shows"]: one for one in told["sections"]}
    assert sections["progression-free survival (S-Figure 1)"]["given"]
    assert sections["CRS by grade (Table 2)"]["reason"] == "cohort unnamed has no table toxicity"
    assert len(sections) == len(SECTIONS)
    assert any("cannot be told apart" in line for line in told["assumptions"])


def test_every_notebook_that_is_named_is_there():
    numbers = {section.notebook[:2] for section in SECTIONS}
    assert numbers <= {path.name[:2] for path in paths.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}


def test_the_page_holds_text_and_no_markup_of_the_cohort(folder):
    (folder / "cohort.json").write_text(json.dumps({"name": "<script>alert(1)</script>", "origin": "a & b"}))
    call("check", folder, "--html", folder / "out" / "check.html")
    page = (folder / "out" / "check.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &amp; b" in page


def test_nothing_of_a_cell_reaches_any_form_of_the_check(folder):
    planted = ["Zhang Wei", "13800138000", "2011-03-04", "P-SECRET-99", "李小明"]
    rows = pd.DataFrame({"patient_id": planted, "agent": planted, "day": planted, "dose_mg": planted, "route": planted})
    change(folder, "treatments", lambda f: pd.concat([f.astype(object), rows]))
    write(folder, **{"Zhang Wei": rows})
    call("check", folder, "--html", folder / "page.html", code=2)
    told = call("check", folder, code=2) + call("check", folder, "--json", code=2) + (folder / "page.html").read_text()
    assert not [word for word in planted if word in told]


def test_a_template_is_written_once_and_can_be_filled(tmp_path):
    call("template", tmp_path / "new")
    for table, columns in TABLES.items():
        assert (tmp_path / "new" / "tables" / f"{table}.csv").read_text() == ",".join(columns) + "\n"
    told = json.loads(call("check", tmp_path / "new" / "example", "--json"))
    assert told["cohort"]["synthetic"]
    assert not told["problems"]
    redcap = pd.read_csv(tmp_path / "new" / "redcap_data_dictionary.csv")
    assert len(redcap) == 1 + sum(len(columns) - 1 for columns in TABLES.values())
    assert redcap["Variable / Field Name"].str.fullmatch(r"[a-z][a-z0-9_]*").all()
    assert redcap["Variable / Field Name"].is_unique
    for table in TABLES:
        assert f"## {table}.csv" in (tmp_path / "new" / "dictionary.md").read_text()


def test_a_template_never_touches_a_folder_that_holds_something(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "found 'a folder that holds something'" in call("template", tmp_path, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_template_is_told_and_not_run(tmp_path):
    call("template", tmp_path / "new")
    assert "patients.csv: found 'no row'; allowed: at least one patient" in call(
        "check", tmp_path / "new" / "tables", code=2
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Patient_ID,sex\nP1,male\n", "patient_id written otherwise (capitals, blanks, other signs)"),
        ("patient_id;sex\nP1;male\n", "semicolons between the cells"),
        ("Our patients\n\npatient_id,sex\nP1,male\n", "2 lines above the header"),
        ("patient_id,sex\nP1,male\nP2\n", "fewer cells than the header in the last row: the file seems cut"),
        ("patient_id,sex\nP1\nP2,male\n", "fewer cells than the header"),
        ("patient_id,sex\nP1,male,4\nP2,male\n", "more cells than the header"),
        ('patient_id,sex\nP1,"male\n', "a quotation mark that is not closed, or a cell too long"),
    ],
)
def test_a_file_of_another_form_is_named_for_what_it_is(tmp_path, text, found):
    (tmp_path / "patients.csv").write_text(text)
    assert [
        one["found"]
        for one in json.loads(call("check", tmp_path, "--json", code=2).split("\n1 problem")[0])["problems"]
    ] == [found]


def test_trailing_commas_and_blank_rows_are_left_out_and_told(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id,sex,\nP1,male,\n,,\nP2,female,\n")
    told = call("check", tmp_path)
    assert "patients: 2 rows, 2 columns" in told
    assert "1 blank rows were left out" in told
    (tmp_path / "patients.csv").write_text("patient_id,sex\nP1,male,\nP2,female,\n")
    assert "patients: 2 rows, 2 columns" in call("check", tmp_path)


def test_eaten_zeros_are_guessed(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["001", "002"]}))
    write(tmp_path, followup=pd.DataFrame({"patient_id": ["1", "2"], "last_contact_day": [10, 20]}))
    assert "most would be known but for leading zeros" in call("check", tmp_path, code=2)
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["CAR-001-B", "CAR-020-B"]}))
    write(tmp_path, followup=pd.DataFrame({"patient_id": ["CAR-1-B", "CAR-20-B"], "last_contact_day": [10, 20]}))
    assert "most would be known but for leading zeros" in call("check", tmp_path, code=2)


def test_a_declaration_that_cannot_be_read_is_one_problem(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["SYN-001"], "synthetic": ["true"]}))
    (tmp_path / "cohort.json").write_bytes('{"synthetic": true}'.encode("utf-16"))
    told = call("check", tmp_path, code=2)
    assert "text in UTF-16" in told
    assert "1 problem:" in told


def test_many_unknown_words_are_a_few_lines_with_what_was_meant(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"]}))
    names = ["IL6", "TNFa", "c-reactive"] * 400 + ["NA"] * 10
    labs = pd.DataFrame({"patient_id": "A", "day": 1.0, "analyte": names, "value": 3.0})
    write(tmp_path, labs=labs)
    told = call("check", tmp_path, code=2)
    assert "did you mean IL-6?" in told
    assert "did you mean TNF-α?" in told
    assert "(400 in all)" in told
    assert sum("column analyte: found" in line for line in told.splitlines()) == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_a_file_that_is_none_does_not_hang(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"]}))
    os.mkfifo(tmp_path / "labs.csv")
    os.mkfifo(tmp_path / "cohort.json")
    assert call("check", tmp_path, code=2).count("not an ordinary file") >= 2


def test_units_belong_to_analytes(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"]}))
    rows = [
        ("CRP", 1.2, "mg/dL"),
        ("IL-6", 7.0, "ng/L"),
        ("PCT", 0.5, "µg/L"),
        ("IL-6", 0.003, "ng/mL"),
        ("sIL-2R", 900, "U/mL"),
    ]
    labs = pd.DataFrame(rows, columns=["analyte", "value", "unit"]).assign(patient_id="A", day=1.0)
    (tmp_path / "cohort.json").write_text(json.dumps({"analytes": {"sIL-2R": "U/mL"}}))
    write(tmp_path, labs=labs)
    found = read_cohort(tmp_path).tables["labs"]
    assert found["value"].tolist() == [12.0, 7.0, 0.5, 3.0, 900.0]
    assert found["unit"].tolist() == ["mg/L", "pg/mL", "ng/mL", "pg/mL", "U/mL"]
    write(tmp_path, labs=labs.assign(unit="IU/mL"))
    told = call("check", tmp_path, code=2)
    assert "a unit of CRP that can be converted into mg/L" in told


def test_real_and_synthetic_patients_cannot_pass_for_each_other(tmp_path):
    shutil.copytree(paths.REAL / "bmt", tmp_path / "bmt")
    said = json.loads((tmp_path / "bmt" / "cohort.json").read_text())
    (tmp_path / "bmt" / "cohort.json").write_text(json.dumps({**said, "synthetic": True}))
    told = call("check", tmp_path / "bmt", code=2)
    assert "synthetic = false" in told
    for table in ("patients", "followup", "exposures"):
        change(tmp_path / "bmt", table, lambda f: f.drop(columns="synthetic"))
    assert "identifiers that begin SYN-" in call("check", tmp_path / "bmt", code=2)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xff\xfe{\x00}\x00", "text in UTF-16"),
        (b'{"columns": []}', "a list"),
        (b'{"columns": {"patients": []}}', "patients: a list"),
        (b'{"columns": {"patients": {"site": {"kind": "category", "meaning": "s", "allowed": "Ohio State"}}}}', '"allowed": text of 10 characters'),
        (b'{"columns": {"patients": {"x": {"kind": "number", "meaning": "s", "low": "none"}}}}', "low: none"),
        (b'{"columns": {"patients": {"patient_id": {"kind": "text", "meaning": "s"}}}}', "a column of the dictionary, declared again"),
        (b'{"columns": {"patients": {"x": {"kind": "id", "meaning": "s"}}}}', "kind: text of 2 characters"),
        (b'{"synthetic": ' + b"9" * 5000 + b"}", "a number of too many digits, or too many brackets"),
        (b"[" * 100000, "a number of too many digits, or too many brackets"),
        (b'{"name": NaN}', "NaN or Infinity, which JSON does not have"),
        (b'{"name": "a", "name": "b"}', "a key twice in one object"),
        (b'{"name": "' + b"x" * 1000 + b'"}', "text of 1000 characters"),
    ],
)  # fmt: skip
def test_any_cohort_json_is_read_or_refused_in_words(tmp_path, content, found):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"]}))
    (tmp_path / "cohort.json").write_bytes(content)
    output = CliRunner().invoke(main, ["check", str(tmp_path), "--json"])
    assert output.exit_code == 2
    assert [one["found"] for one in json.loads(output.stdout)["problems"]] == [found]


def test_a_byte_order_mark_does_not_matter(tmp_path):
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"]}))
    (tmp_path / "cohort.json").write_bytes(b'\xef\xbb\xbf{"name": "ours"}')
    assert read_cohort(tmp_path).name == "ours"


def test_the_readme_shows_a_cohort_json_that_can_be_read(tmp_path):
    page = (paths.DATA / "README.md").read_text(encoding="utf-8")
    example = page.split("```json")[1].split("```")[0]
    write(tmp_path, patients=pd.DataFrame({"patient_id": ["A"], "ward": ["B"], "platelets": [120.0]}))
    (tmp_path / "cohort.json").write_text(example, encoding="utf-8")
    cohort = read_cohort(tmp_path)
    assert cohort.recorded["followup"] == ("relapse", "death")
    assert cohort.analytes == {"sIL-2R": "U/mL"}
    assert list(cohort.tables["patients"]) == ["patient_id", "ward", "platelets"]


def test_patients_twice_are_told_beside_what_is_unlikely(folder):
    change(folder, "patients", lambda t: pd.concat([t, t.iloc[:1]]))
    told = call("check", folder, code=2)
    assert "row 14, column patient_id: found 'the patient of row 2 again'" in told


@pytest.mark.parametrize("other", ["p01", "P 01", "P1", "P001", "\uff3001", "P01\u200b"])
def test_identifiers_that_differ_by_what_nobody_sees_are_told(folder, other):
    change(folder, "patients", lambda t: pd.concat([t, t.iloc[:1].assign(patient_id=other)]))
    assert ("patients", "patient_id", 1) in warned(folder)


def test_cells_that_read_alike_in_a_message_are_one_line(folder):
    change(folder, "patients", lambda t: t.assign(weight_kg=[f"{20 + i} kg" for i in range(12)]))
    told = call("check", folder, code=2)
    assert "1 problem:" in told
    assert (
        "rows 2, 3, 4, ... (12 in all), column weight_kg: found '12 different cells, each text of 5 characters'" in told
    )
