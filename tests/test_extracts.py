"""Extracts and cleaning undo each other, exactly."""

import zipfile

import pandas as pd
import pytest
from few_patients import few_patients

from helpers.cohort.clean import clean_extracts
from helpers.cohort.raw import EXTRACTS
from helpers.cohort.schema import Cohort
from helpers.synthesis.extracts import extracts, write_extracts

SEEDS = (1, 2, 2025)


@pytest.mark.parametrize("seed", SEEDS)
def test_cleaning_gives_the_cohort_back(tmp_path, seed):
    cohort = few_patients()
    write_extracts(cohort, tmp_path, seed)
    cleaned, _ = clean_extracts(tmp_path)
    assert list(cleaned.tables) == list(cohort.tables)
    for table, frame in cohort.tables.items():
        pd.testing.assert_frame_equal(cleaned.tables[table], frame, check_exact=True)


def test_equal_seeds_give_equal_bytes(tmp_path):
    cohort = few_patients()
    one = [path.read_bytes() for path in write_extracts(cohort, tmp_path / "one", 1)]
    assert one == [path.read_bytes() for path in write_extracts(cohort, tmp_path / "two", 1)]
    assert one != [path.read_bytes() for path in write_extracts(cohort, tmp_path / "three", 2)]


def test_workbook_tells_no_time(tmp_path):
    write_extracts(few_patients(), tmp_path, 1)
    with zipfile.ZipFile(tmp_path / EXTRACTS["registry"].file) as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert book.read("docProps/core.xml").count(b"2024-08-01T00:00:00Z") == 2


def test_every_row_says_synthetic(tmp_path):
    frames = extracts(few_patients(), 1)
    for path in write_extracts(few_patients(), tmp_path, 1):
        assert path.name.startswith("SYNTHETIC_")
        if path.suffix == ".csv":
            name = next(name for name, extract in EXTRACTS.items() if extract.file == path.name)
            lines = path.read_bytes().decode(EXTRACTS[name].encoding).splitlines()[1:]
            assert len(lines) == len(frames[name])
            assert all("SYNTHETIC" in line for line in lines)


def test_a_real_looking_cohort_is_refused():
    cohort = few_patients()
    real = Cohort("few", "infusion", False, "", "", cohort.tables)
    with pytest.raises(ValueError, match="synthetic patients only"):
        extracts(real)


def test_a_fraction_of_a_day_is_refused():
    cohort = few_patients()
    cohort.tables["followup"].loc[0, "last_contact_day"] = 12.5
    with pytest.raises(ValueError, match="fractions of days"):
        extracts(cohort)
