"""Notebooks on odd cohorts: no traceback, nothing on standard error, a sentence for what is missing.

The quick matrix tries some of the cohorts; ``NOTEBOOK_MATRIX=all`` tries every one, with the figures drawn. It is a file of its own
so that two workers share the matrix (``--dist loadfile``).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_cohorts import COHORTS, tables, without, write
from notebook_runner import ALL, LONG, SIZE, cleaned_once, run_all, run_notebook, shell  # noqa: F401

WITH_LONG = ("1 patient", "patients and followup", "no events", "one analyte", "odd words")
QUICK = ("1 patient", "patient_id only", "patients and followup", "no events", "all events on one day", "nobody treated",
         "everybody on low dose", "one analyte", "all censored", "odd words", "own columns named like ours",
         "fractions and noise", "under a year, no cut-off", "no ICANS", "tocilizumab not recorded", "tables without rows")  # fmt: skip


@pytest.mark.parametrize("name", COHORTS if ALL else QUICK)
def test_notebooks_run_on_any_cohort(name, shell, tmp_path: Path):  # noqa: F811
    change, about = COHORTS[name]
    folder = write(tmp_path / "tried", change(tables(SIZE)), **about)
    run_all(shell, {"cohort_folder": folder}, skipped="" if ALL or name in WITH_LONG else LONG)


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


def test_days_count_from_what_the_cohort_says(shell, tmp_path: Path):  # noqa: F811
    folder = write(tmp_path / "tried", tables(SIZE), origin="diagnosis")
    ran = run_notebook(shell, "02", {"cohort_folder": folder})
    shown = "\n".join(ran.texts)
    assert ran.wrong == []
    assert "| first GC | diagnosis |" in shown
    assert "Days from diagnosis" in shown
    assert "from infusion" not in shown
    assert "| infusion |" not in shown


COMPOSED = {
    "a cut by percentile of nobody's doses": ({"gc_cutoff": None}, ("no steroid", "no ICANS"), 6, ("04", "06")),
    "nobody at a low dose has follow-up": ({"gc_cutoff": 2.0}, ("followup of half", "sex empty"), 16, ("08",)),
    "all events on one day, of patients of one age": ({}, ("all of one age", "under a year, no cut-off"), 24, ("07",)),
    "no coefficient is finite": ({}, ("followup of half", "all of one age"), 24, ("06",)),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_two_oddities_at_once_are_no_more_than_two_sentences(name, shell, tmp_path: Path):  # noqa: F811
    settings, (one, two), size, numbers = COMPOSED[name]
    content = COHORTS[two][0](COHORTS[one][0](tables(size)))
    recorded = {**COHORTS[one][1].get("recorded", {}), **COHORTS[two][1].get("recorded", {})}
    folder = write(tmp_path / "tried", content, recorded=recorded)
    for number in numbers:
        assert run_notebook(shell, number, {"cohort_folder": folder, **settings}).wrong == []
