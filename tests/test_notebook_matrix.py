"""Notebooks under every parameter and on odd cohorts: no traceback, nothing on standard error, a sentence for what is missing.

The quick matrix combines settings and columns, so that each value of each parameter and each column left out is tried once;
``NOTEBOOK_MATRIX=all`` tries every cohort and every table and column by itself, with the figures drawn.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

import pytest
from notebook_cohorts import COHORTS, tables, without, write
from notebook_runner import run_notebook, shell  # noqa: F401

from helpers.cohort import clean as cleaning
from helpers.parameters import Parameters

SIZE = 16  # patients; a larger cohort takes longer and meets the same code
ALL = os.environ.get("NOTEBOOK_MATRIX") == "all"
NUMBERS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
NO_COHORT = ("09", "10")  # of the print and of the calibrated cohorts: whose patients does not matter
LONG = "08"  # takes as long as all others together: on some cohorts, and without columns, only in the whole matrix
WITH_LONG = ("1 patient", "patients and followup", "no events", "one analyte", "odd words")
LOW = {"window_days": 1, "gc_cutoff": 0.01, "gc_cutoff_percentile": 1.0, "onset_cut_days": 0.5, "duration_cut_days": 300.0, "landmarks": [0.5],
       "age_cut": 100.0, "weight_cut": 400.0, "blast_cut": 99.0, "alpha": 0.9, "milestones": [50.0], "imputations": 2,
       "screening_p": 0.001, "endpoint": "EFS", "exposure": "RUX", "chi_square": "yates"}  # fmt: skip
HIGH = {"window_days": 365, "gc_cutoff": None, "gc_cutoff_percentile": 99.0, "onset_cut_days": 365.0, "duration_cut_days": 0.5,
        "age_cut": 0.1, "weight_cut": 0.1, "blast_cut": 0.1, "alpha": 0.001, "milestones": [0.01, 0.5, 7], "imputations": 3,
        "screening_p": 1.0, "seed": 0, "landmarks": [3650.0, 1.0, 14.0], "exposure": "age_years", "chi_square": "pearson"}  # fmt: skip
OTHER = {"gc_cutoff": 5.0, "endpoint": "OS", "exposure": "TCZ", "reading": "stated", "chi_square": "fisher",
         "ties": "breslow", "icans_clock": "infusion", "gc_clock": "crs_onset", "nonresponse_day": "day30",
         "censoring": "last_assessment", "premedication": True, "window_days": 5, "steroid_labels": "base"}  # fmt: skip
SETTINGS = {"low ends": LOW, "high ends": HIGH, "other choices": OTHER}
QUICK = ("1 patient", "patient_id only", "patients and followup", "no events", "all events on one day", "nobody treated",
         "everybody on low dose", "one analyte", "all censored", "odd words", "own columns named like ours",
         "fractions and noise", "no ICANS")  # fmt: skip


@pytest.fixture(autouse=True)
def cleaned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw files are the same for all: clean them once."""
    monkeypatch.setattr(cleaning, "clean_extracts", _cleaned)


_cleaned = functools.cache(cleaning.clean_extracts)


def run_all(shell, settings: dict[str, object], skipped: str = "") -> dict[str, list[str]]:  # noqa: F811
    """Run all notebooks; return the sentences of what was left out, by notebook."""
    numbers = [n for n in NUMBERS if (n not in NO_COHORT or "cohort_folder" not in settings) and n != skipped]
    ran = {number: run_notebook(shell, number, settings, draw=ALL) for number in numbers}
    assert [line for one in ran.values() for line in one.wrong] == []
    left = {number: one.left_out for number, one in ran.items()}
    for line in (line for lines in left.values() for line in lines):
        assert re.fullmatch(r"Not shown: [^\n]{8,300}\.", line), line
    return left


def test_every_parameter_is_tried_with_another_value():
    tried = {name for settings in SETTINGS.values() for name in settings}
    folders = {"cohort_folder", "published_folder", "output_folder"}
    assert tried | folders >= set(Parameters.model_fields)
    for settings in SETTINGS.values():
        assert len(Parameters(**settings).changed()) >= len(settings) - 1


@pytest.mark.parametrize("name", SETTINGS)
def test_notebooks_run_under_every_parameter(name, shell):  # noqa: F811
    run_all(shell, SETTINGS[name])


@pytest.mark.parametrize("name", COHORTS if ALL else QUICK)
def test_notebooks_run_on_any_cohort(name, shell, tmp_path: Path):  # noqa: F811
    change, about = COHORTS[name]
    folder = write(tmp_path / "tried", change(tables(SIZE)), **about)
    run_all(shell, {"cohort_folder": folder}, skipped="" if ALL or name in WITH_LONG else LONG)


def left_out() -> list[tuple[str, ...]]:
    """List what is left out together: a column of each table at a time, or with ``NOTEBOOK_MATRIX=all`` each alone."""
    content = tables(8)
    by_table = {table: [c for c in frame if c not in KEPT] for table, frame in content.items()}
    if ALL:
        whole = [(table,) for table in content if table != "patients"]
        return whole + [(f"{table}.{column}",) for table, columns in by_table.items() for column in columns]
    patients = by_table.pop("patients")
    rounds = max(map(len, by_table.values()))
    some = [tuple(f"{t}.{c[i]}" for t, c in by_table.items() if i < len(c)) for i in range(rounds)]
    return [group + tuple(f"patients.{c}" for c in patients[i::rounds]) for i, group in enumerate(some)]


KEPT = ("patient_id", "synthetic")


def test_each_column_is_left_out_once():
    groups = [name for group in left_out() for name in group]
    content = tables(8)
    assert set(groups) >= {f"{t}.{c}" for t, frame in content.items() for c in frame if c not in KEPT}


@pytest.mark.parametrize("names", left_out(), ids=lambda names: names[0])
def test_notebooks_run_without_a_table_or_column(names, shell, tmp_path: Path):  # noqa: F811
    content = without(*names)(tables(SIZE))
    run_all(shell, {"cohort_folder": write(tmp_path / "tried", content)}, skipped="" if ALL else LONG)


def test_a_cohort_without_steroids_still_shows_its_cytokines(shell, tmp_path: Path):  # noqa: F811
    change, about = COHORTS["no steroid"]
    folder = write(tmp_path / "tried", change(tables(60)), **about)
    ran = run_notebook(shell, "03", {"cohort_folder": folder})
    assert ran.wrong == []
    assert any("Samples by analyte" in text for text in ran.texts)
    assert any("Medians drawn above" in text and "IL-6" in text for text in ran.texts)
    assert any("given GC" in line or "GC" in line for line in ran.left_out)


def test_a_section_left_out_takes_no_other_with_it(shell, tmp_path: Path):  # noqa: F811
    folder = write(tmp_path / "tried", without("toxicity.day_to", "treatments.dose_mg")(tables(60)))
    ran = run_notebook(shell, "02", {"cohort_folder": folder})
    assert ran.wrong == []
    shown = "\n".join(ran.texts)
    for table in ("Table 1.", "Table 2.", "Supplementary Table 1."):
        assert table in shown
    assert ran.left_out
