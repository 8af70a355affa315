"""The cleaning: rules worked by hand, the log, bad input, and what is committed under data/."""

import datetime as dt
import shutil
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest
from few_patients import few_patients
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from helpers.cohort import cell_rules
from helpers.cohort.clean import CUTOFF, clean_extracts, in_order, last_day
from helpers.cohort.dictionary import dictionary_markdown, table_dictionary, write_dictionary
from helpers.cohort.raw import EXTRACTS, read_extracts
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES
from helpers.problems import InputError
from helpers.synthesis import extract_cells, extract_files
from helpers.synthesis import extracts as synthesis
from helpers.synthesis.study import synthetic_cohort


def same(one, other):
    assert list(one.tables) == list(other.tables)
    for table, frame in one.tables.items():
        pd.testing.assert_frame_equal(frame, other.tables[table], check_exact=True, obj=table)
    for meta in ("name", "origin", "synthetic", "source", "licence"):
        assert getattr(one, meta) == getattr(other, meta)


@pytest.fixture(scope="module")
def shipped():
    return clean_extracts()


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    synthesis.write_extracts(few_patients(), folder, 1)
    return folder


@pytest.fixture
def raw(few, tmp_path):
    return shutil.copytree(few, tmp_path / "raw")


# The round trip ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 7])
def test_round_trip_of_the_120(tmp_path, seed):
    cohort = in_order(synthetic_cohort(seed))
    synthesis.write_extracts(cohort, tmp_path, seed + 1)
    same(clean_extracts(tmp_path)[0], cohort)


def test_cleaning_data_raw_gives_data_cohort(shipped):
    same(shipped[0], read_cohort())


def test_data_raw_is_what_the_cohort_is_written_as():
    for name, frame in synthesis.extracts(read_cohort()).items():
        extract, path = EXTRACTS[name], paths.RAW / EXTRACTS[name].file
        if path.suffix == ".csv":
            flag = "SYNTHETIC 合成数据" if extract.encoding == "gb18030" else "SYNTHETIC"
            written = extract_files.delimited(frame.assign(flag=flag)[list(extract.columns)], extract)
            assert path.read_bytes() == written, name
        else:
            rows = list(openpyxl.load_workbook(path).active.iter_rows(min_row=3, values_only=True))
            cells = [[None if cell == "" else cell for cell in row] for row in frame.to_numpy(dtype=object)]
            assert [list(row[:1] + row[2:]) for row in rows] == cells


def test_a_hundred_and_twenty_and_the_excluded(shipped):
    cohort, _ = shipped
    reasons = cohort.tables["screening"]["excluded_reason"]
    assert reasons.isna().sum() == len(cohort.tables["patients"]) == 120
    assert set(reasons.dropna()) == {"prior CAR elsewhere", "other trial", "repeat infusion"}


# The log ----------------------------------------------------------------------------------------


def test_nothing_is_dropped_in_silence(shipped):
    _, log = shipped
    flow = log[log["rule"].isin(["rows", "flow", "duplicates"])]
    rows = flow.pivot_table(index=["table", "file"], columns="action", values="rows", aggfunc="sum", fill_value=0)
    assert len(rows) == 9
    assert (rows["read"] == rows["dropped"] + rows["kept"]).all()


def test_the_log_counts_the_files_and_the_cohort(shipped):
    cohort, log = shipped
    frames, _ = read_extracts(paths.RAW)
    read = log[log["action"] == "read"].drop_duplicates("file").set_index("file")["rows"]
    kept = log[(log["rule"] == "rows") & (log["action"] == "kept")].groupby("table")["rows"].sum()
    assert read.to_dict() == {EXTRACTS[name].file: len(frame) for name, frame in frames.items() if name != "queries"}
    assert kept.to_dict() == {name: len(frame) for name, frame in cohort.tables.items() if name != "screening"}


def test_the_log_shows_every_rule_and_no_patient(shipped):
    _, log = shipped
    text = log.to_csv()
    assert "SYN-" not in text
    assert set(log["rule"]) >= {
        "parse_dates", "drug_names", "doses_to_mg", "units", "censored_values", "duplicates", "flow", "queries", "cut-off",
        "terms", "patient_ids", "sites", "salts", "routes",
    }  # fmt: skip


# Rules by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["2019-03-05", "05/03/2019", "2019年3月5日", "2019年03月05日", "43529", " 2019-03-05 "]
)
def test_five_ways_to_write_a_day(cell):
    assert cell_rules.parse_dates(pd.Series([cell]))["date"].iloc[0] == pd.Timestamp("2019-03-05")


@pytest.mark.parametrize(
    "cell",
    [
        "2019-02-30",
        "31/04/2021",
        "2021年13月1日",
        "1987-01-01",
        "2105-01-01",
        "soon",
        "5/3/19",
        "2019-03-05 25:00",
        "99999",
    ],
)
def test_a_date_that_does_not_exist_is_wrong(cell):
    read = cell_rules.parse_dates(pd.Series([cell]))
    assert read["form"].iloc[0] == cell_rules.WRONG
    assert pd.isna(read["date"].iloc[0])


@given(
    st.dates(dt.date(2000, 1, 1), dt.date(2035, 12, 31)), st.sampled_from(["", "day first", "Chinese", "Excel serial"])
)
def test_a_written_date_is_read_again(day, form):
    day = pd.Timestamp(day)
    cell = str(extract_cells.written_date(day, pd.NA, form))
    read = cell_rules.parse_dates(pd.Series([cell])).iloc[0]
    assert (read["date"], read["form"]) == (day, form)


@pytest.mark.parametrize(
    ("name", "agent", "salt"),
    [
        ("甲泼尼龙", "methylprednisolone", "base"),
        ("甲强龙", "methylprednisolone", "base"),
        ("注射用甲泼尼龙琥珀酸钠", "methylprednisolone", "sodium succinate"),
        ("甲泼尼龙琥珀酸钠(以碱基计)", "methylprednisolone", "base"),
        ("地塞米松磷酸钠注射液", "dexamethasone", "sodium phosphate"),
        ("醋酸地塞米松片", "dexamethasone", "acetate"),
        ("氢化可的松", "hydrocortisone", "base"),
        ("泼尼松", "prednisone", "base"),
        ("泼尼松龙", "prednisolone", "base"),
        ("Prednisolone", "prednisolone", "base"),
        ("methylPREDNISolone sodium succinate", "methylprednisolone", "sodium succinate"),
        ("托珠单抗", "tocilizumab", pd.NA),
        ("鲁索替尼片", "ruxolitinib", pd.NA),
    ],
)
def test_drug_names(name, agent, salt):
    read = cell_rules.drug_names(pd.Series([name])).iloc[0]
    assert read["agent"] == agent
    assert read["salt"] is salt or read["salt"] == salt


@pytest.mark.parametrize(
    ("cell", "unit", "mg"),
    [
        ("40", "mg", 40.0), ("0,04", "g", 40.0), ("40 mg", "", 40.0), ("2", "mg/kg", 39.0), ("1,5 mg/kg", "", 29.2),
        ("1.5 mg/kg", "mg/kg", 29.2), ("2.051", "mg/kg", 40.0),
    ],
)  # fmt: skip
def test_doses_by_hand(cell, unit, mg):
    # 19.5 kg: 2 mg/kg are 39 mg; 1.5 mg/kg are 29.25 mg, to a tenth (even) 29.2
    read = cell_rules.doses_to_mg(pd.Series([cell]), pd.Series([unit]), pd.Series([19.5]))
    assert read["dose_mg"].iloc[0] == mg
    assert read["form"].iloc[0] != cell_rules.WRONG


@pytest.mark.parametrize("cell", ["<40 mg", "forty", "40 pg/mL", "4O mg", "1.000,5 mg"])
def test_doses_that_cannot_be_read(cell):
    read = cell_rules.doses_to_mg(pd.Series([cell]), "mg", pd.Series([19.5]))
    assert read["form"].tolist() == [cell_rules.WRONG]
    assert np.isnan(read["dose_mg"].iloc[0])


def test_a_dose_per_kg_without_a_weight_is_wrong():
    assert cell_rules.doses_to_mg(pd.Series(["2 mg/kg"]), "mg", pd.Series([np.nan]))["form"].tolist() == [
        cell_rules.WRONG
    ]


@pytest.mark.parametrize(
    ("cell", "unit", "wanted", "value", "censored"),
    [
        ("12.5", "ng/L", "pg/mL", 12.5, "no"),
        ("12,5 pg/ml", "", "pg/mL", 12.5, "no"),
        ("<2.5", "pg/mL", "pg/mL", 2.5, "left"),
        (">5000", "ng/L", "pg/mL", 5000.0, "right"),
        ("＜0.05", "ng/mL", "ng/mL", 0.05, "left"),
        ("1.25", "mg/dL", "mg/L", 12.5, "no"),
        ("0.05", "µg/L", "ng/mL", 0.05, "no"),
    ],
)
def test_laboratory_results_by_hand(cell, unit, wanted, value, censored):
    read = cell_rules.censored_values(pd.Series([cell]), pd.Series([unit]), pd.Series([wanted])).iloc[0]
    assert (read["value"], read["censored"]) == (value, censored)
    assert read["limit"] == value if censored != "no" else np.isnan(read["limit"])


def test_a_unit_of_another_kind_is_wrong():
    read = cell_rules.censored_values(pd.Series(["3"]), pd.Series(["mg/L"]), pd.Series(["pg/mL"]))
    assert read["form"].tolist() == [cell_rules.WRONG]


@given(
    st.decimals(min_value=0, max_value=99999, places=3, allow_nan=False),
    st.sampled_from([pair for pair in cell_rules.FACTORS if pair[0]]),
    st.booleans(),
)
def test_a_number_survives_any_unit(number, units, comma):
    written, wanted = units
    value = float(number)
    text = extract_cells.decimal_text(value, written, wanted).replace(".", "," if comma else ".")
    read = cell_rules.read_numbers(pd.Series([f"{text} {written}"]), wanted)
    assert read["value"].iloc[0] == value


@given(
    st.integers(1, 20000).map(lambda tenths: tenths / 10),
    st.integers(25, 999).map(lambda tenths: tenths / 10),
    st.integers(0, 99),
)
def test_a_dose_written_per_kg_is_given_back(dose, weight, seed):
    text, unit = extract_cells.written_dose(dose, weight, np.random.default_rng(seed))
    assert cell_rules.doses_to_mg(pd.Series([text]), unit, pd.Series([weight]))["dose_mg"].iloc[0] == dose
    assert unit != "mg/kg" or abs(Decimal(text) * Decimal(str(weight)) - Decimal(str(dose))) <= Decimal("0.05")


def test_follow_up_ends_at_the_cut_off():
    columns = [
        "relapse_day",
        "progression_day",
        "treatment_failure_day",
        "transplant_day",
        "death_day",
        "last_assessment_day",
        "last_contact_day",
    ]
    several = [90.0, 80.0, np.nan, 150.0, 200.0, 190.0, 200.0]  # all before the cut-off: as they stand
    late = [710.0, np.nan, np.nan, 90.0, 720.0, 705.0, 720.0]  # relapse and death after it: neither counts
    on_the_day = [700.0, np.nan, np.nan, np.nan, np.nan, 700.0, 700.0]  # an event on the last day counts
    none = [np.nan] * 5 + [650.0, 650.0]
    table = pd.DataFrame([several, late, on_the_day, none], columns=columns)
    table["death_cause"] = pd.array(["infection", "leukaemia", pd.NA, pd.NA], dtype="string")
    table["censor_reason"] = pd.array([pd.NA, pd.NA, "data cut-off", "withdrew"], dtype="string")
    ended, counts = last_day(table, pd.Series(700.0, index=table.index))
    pd.testing.assert_frame_equal(ended.loc[[0, 2, 3]], table.loc[[0, 2, 3]])
    assert ended.loc[1, columns].astype(float).fillna(-1).tolist() == [-1, -1, -1, 90, -1, 700, 700]
    assert pd.isna(ended.loc[1, "death_cause"])
    assert ended.loc[1, "censor_reason"] == "data cut-off"
    assert list(counts.values()) == [1, 1, 1, 1]


def test_days_count_from_the_first_infusion(shipped):
    patients = shipped[0].tables["patients"]
    infused = CUTOFF - pd.to_timedelta(patients["cutoff_day"], unit="D")
    assert infused.between("2017-03-01", "2023-08-01").all()
    assert (infused.dt.year == patients["infusion_year"]).all()


# Bad input --------------------------------------------------------------------------------------


def spoil(folder, name, column, row, cell):
    """Put *cell* into a row of a raw file, counted as a person counts."""
    extract = EXTRACTS[name]
    lines = (folder / extract.file).read_bytes().decode(extract.encoding).split("\r\n")
    cells = lines[row - 1].split(extract.separator)
    cells[list(extract.columns).index(column)] = cell
    lines[row - 1] = extract.separator.join(cells)
    (folder / extract.file).write_bytes("\r\n".join(lines).encode(extract.encoding))


def rows_of_the_cohort(folder, name):
    """Rows of a raw file that belong to the cohort's first infusions, and stand there once."""
    frames, _ = read_extracts(folder)
    queried = set(frames["queries"]["record"])
    frame = frames[name]
    ids = frame["patient_id"].str.strip().str.upper()
    hit = ids.isin(["SYN-001", "SYN-002"]) & ~frame["record"].duplicated(keep=False) & ~frame["record"].isin(queried)
    return [int(row) for row in frame.index[hit]]


@pytest.mark.parametrize(
    ("name", "column", "cell", "heading", "allowed"),
    [
        ("labs", "date", "2021-02-30", "sampled", "a date that exists"),
        ("labs", "date", "", "sampled", "a date that exists"),
        ("labs", "analyte", "IL-99", "test", "IL-6"),
        ("labs", "value", "high", "result", "a number"),
        ("labs", "unit", "mmol/L", "result", "a unit of the analyte"),
        ("labs", "patient_id", "SYN-999", "patient", "a patient of the registry"),
        ("drugs_ward", "drug", "阿司匹林", "药品名称", "a known drug name"),
        ("drugs_ward", "unit", "瓶", "剂量", "mg, g or mg/kg"),
        ("drugs_icu", "dose", "-40 mg", "dose", "from 0"),
        ("toxicity", "grade", "6", "grade", "1 / 2 / 3 / 4 / 5"),
        ("toxicity", "date", "2016-01-01", "from", "from 0"),
        ("response", "day30_response", "good", "response", "CR"),
        ("followup", "death_day", "2015-01-01", "death", "from 0"),
        ("followup", "last_contact_day", "", "last contact", "days from the origin"),
    ],
)
def test_a_bad_cell_is_named(raw, name, column, cell, heading, allowed):
    row = rows_of_the_cohort(raw, name)[0]
    spoil(raw, name, column, row, cell)
    with pytest.raises(InputError) as caught:
        clean_extracts(raw)
    places = [(problem.file, problem.row, problem.column) for problem in caught.value.problems]
    assert (EXTRACTS[name].file, row, heading) in places
    assert allowed in str(caught.value)
    assert "SYN-" not in str(caught.value)


def test_all_problems_at_once(raw):
    rows = rows_of_the_cohort(raw, "labs")
    spoil(raw, "labs", "analyte", rows[2], "IL-99")
    spoil(raw, "labs", "value", rows[7], "high")
    spoil(raw, "toxicity", "grade", rows_of_the_cohort(raw, "toxicity")[0], "nine")
    (raw / EXTRACTS["response"].file).unlink()
    with pytest.raises(InputError) as caught:
        clean_extracts(raw)
    assert [problem.found for problem in caught.value.problems] == [
        "no such file",
        "text of 4 characters",
        "text of 5 characters",
        "text of 4 characters",
    ]


def test_one_record_number_for_two_contents(raw):
    rows = rows_of_the_cohort(raw, "labs")
    frame = read_extracts(raw)[0]["labs"]
    spoil(raw, "labs", "record", rows[10], frame.loc[rows[9], "record"])
    with pytest.raises(InputError, match="one record, one content"):
        clean_extracts(raw)


def test_an_interval_that_ends_before_it_begins(raw):
    row = rows_of_the_cohort(raw, "toxicity")[0]
    spoil(raw, "toxicity", "date_to", row, "2017-03-01")
    with pytest.raises(InputError, match="the day it began, or later"):
        clean_extracts(raw)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "an empty file"), (b"PK\x00\x01", "binary"), ("编号,药\n1,2\n".encode("gb18030"), "another encoding")],
)
def test_a_file_that_is_no_table(raw, content, found):
    (raw / EXTRACTS["labs"].file).write_bytes(content)
    with pytest.raises(InputError, match=found):
        clean_extracts(raw)


def test_a_workbook_that_is_none(raw):
    (raw / EXTRACTS["registry"].file).write_bytes(b"no workbook")
    with pytest.raises(InputError, match="not an Excel workbook"):
        clean_extracts(raw)


def test_a_missing_column(raw):
    path = raw / EXTRACTS["followup"].file
    path.write_bytes(path.read_bytes().replace(b"last contact", b"last seen", 1))
    with pytest.raises(InputError, match="column last contact: found 'no such column'"):
        clean_extracts(raw)


def test_rows_that_do_not_say_synthetic(raw):
    spoil(raw, "response", "flag", 4, "hospital")
    with pytest.raises(InputError, match="a row marked SYNTHETIC"):
        clean_extracts(raw)


def test_an_answer_to_a_query_that_nobody_put(raw):
    spoil(raw, "queries", "record", 2, "L999999")
    with pytest.raises(InputError, match="the one record that was queried") as caught:
        clean_extracts(raw)
    assert caught.value.problems[0].file == EXTRACTS["queries"].file


# The dictionary ---------------------------------------------------------------------------------


def test_data_readme_holds_the_dictionary():
    assert dictionary_markdown() in (paths.DATA / "README.md").read_text(encoding="utf-8")


def test_the_dictionary_has_every_column():
    assert {table: list(table_dictionary(table)["column"]) for table in TABLES} == {
        table: list(TABLES[table]) for table in TABLES
    }


def test_writing_the_dictionary_leaves_the_rest(tmp_path):
    page = tmp_path / "README.md"
    old = dictionary_markdown().replace("patients.csv", "old.csv")
    page.write_text(f"before\n{old}\nafter\n", encoding="utf-8")
    assert write_dictionary(page).read_text(encoding="utf-8") == f"before\n{dictionary_markdown()}\nafter\n"


def test_a_workbook_that_would_fill_the_memory_is_refused(raw, monkeypatch):
    monkeypatch.setattr("helpers.cohort.raw.LARGEST_MB", 0.001)
    with pytest.raises(InputError) as caught:
        clean_extracts(raw)
    assert "more than 0.001 MB" in {problem.found for problem in caught.value.problems}


def test_a_row_with_more_cells_is_named_in_our_own_words(raw):
    spoil(raw, "response", "flag", 4, EXTRACTS["response"].separator.join(["SYNTHETIC", "Li Wei", "1", "2"]))
    with pytest.raises(InputError) as caught:
        clean_extracts(raw)
    (problem,) = caught.value.problems
    assert (problem.row, problem.found) == (4, "more cells than the header, or a quotation mark that is not closed")


def test_a_query_of_no_column_does_not_repeat_what_stands_there(raw):
    spoil(raw, "queries", "column", 2, "Li Wei 13800138000")
    with pytest.raises(InputError, match="text of 18 characters") as caught:
        clean_extracts(raw)
    assert "Li Wei" not in str(caught.value)
