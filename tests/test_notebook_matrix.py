"""Notebooks under every parameter and without any table or column: no traceback, nothing on standard error, a sentence.

Settings and columns are combined, so that each value of each parameter and each column left out is tried once;
``NOTEBOOK_MATRIX=all`` tries every table and column by itself, with the figures drawn. Odd cohorts: ``test_notebook_on_cohorts.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_cohorts import tables, without, write
from notebook_runner import ALL, LONG, SIZE, cleaned_once, run_all, shell  # noqa: F401

from helpers.parameters import Parameters

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


def test_every_parameter_is_tried_with_another_value():
    tried = {name for settings in SETTINGS.values() for name in settings}
    folders = {"cohort_folder", "published_folder", "output_folder"}
    assert tried | folders >= set(Parameters.model_fields)
    for settings in SETTINGS.values():
        assert len(Parameters(**settings).changed()) >= len(settings) - 1


@pytest.mark.parametrize("name", SETTINGS)
def test_notebooks_run_under_every_parameter(name, shell):  # noqa: F811
    run_all(shell, SETTINGS[name])


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
