"""The site: every link from the paper to the code resolves, house words are defined, pages say what was computed."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.estimate.logrank import logrank
from helpers.paths import DOCS, NOTEBOOKS, ROOT
from helpers.problems import NotAvailable
from helpers.published.concordance import concordance
from helpers.published.values import published
from helpers.site import figure3, front, pages
from helpers.site.fold import folded, sets_up
from helpers.site.paper_to_code import links, resolve

sys.path.insert(0, str(DOCS))
from glossary_terms import patterns, read_terms

ROWS = links(sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")))
HOUSE = ["Published number", "Verdict", "Reading", "Results registry", "Estimand", "Synthetic", "Calibrated cohort", "Ensemble", "Wald test",
         "Greenwood", "Holm", "Type 7", "Left censored", "Lilliefors", "Breslow and Efron", "Score test", "Concordance", "RMST", "Landmark",
         "Immortal time", "PFS", "EFS", "OS", "GC", "TCZ", "RUX", "CRS", "ICANS", "MRD"]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.quote[:40])
def test_every_link_from_the_paper_resolves(row):
    assert row.cell, f"no code cell of {row.notebook} holds {row.cell_holds!r}"
    assert callable(resolve(row.function))
    file, _, name = row.test.partition("::")
    functions = {
        node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)
    }
    assert name in functions


def test_every_table_and_figure_of_the_paper_is_there():
    quotes = " ".join(row.quote for row in ROWS)
    items = [f"Table {n}" for n in range(1, 6)] + [f"Figure {n}" for n in (1, 2, 3)]
    items += ["Supplementary Table 1", *(f"Supplementary Figure {n}" for n in range(1, 7))]
    assert [item for item in items if f"{item}:" not in quotes] == []


def test_house_words_and_abbreviations_are_defined():
    terms = {head: meaning for head, _, meaning in read_terms((DOCS / "glossary.md").read_text())}
    assert [word for word in HOUSE if word not in terms] == []
    assert all(len(meaning) > 20 for meaning in terms.values())


def test_no_spelling_stands_for_two_terms():
    spelled = [word.lower() for _, words, _ in read_terms((DOCS / "glossary.md").read_text()) for word in words]
    assert sorted({word for word in spelled if spelled.count(word) > 1}) == []


def test_abbreviations_are_found_as_they_are_and_words_in_any_form():
    terms = patterns([("OS", ["OS"], "m"), ("Hazard ratio", ["Hazard ratio", "HR"], "m")])
    assert terms[0][1].search("the OS of")
    assert not terms[0][1].search("os POS OS-like")
    assert terms[1][1].search("two hazard ratios")[0] == "hazard ratios"


def test_only_what_sets_up_is_folded_for_good():
    code = nbformat.v4.new_code_cell
    cells = [
        code("import numpy as np"),
        code("a: int = 1", metadata={"tags": ["parameters"]}),
        code("x = 1 + 1"),
        code("not python ("),
    ]
    made = folded(nbformat.v4.new_notebook(cells=cells))
    assert ["setup" in cell.metadata["tags"] for cell in made.cells] == [True, True, False, False]
    assert all("hide-input" in cell.metadata["tags"] for cell in made.cells)
    assert not sets_up("")


def test_a_cell_that_is_linked_to_gets_its_anchor():
    cell = nbformat.v4.new_code_cell("x = 1", id="abc")
    made = folded(nbformat.v4.new_notebook(cells=[cell]), {"abc"})
    assert [one.cell_type for one in made.cells] == ["markdown", "code"]
    assert made.cells[0].source == "(cell-abc)="


NUMBERS = {front.LOW: 60.4, front.NONE: 70.6, front.DIFFERENCE: -10.2, f"{front.DIFFERENCE}.ci_low": -20.0, f"{front.DIFFERENCE}.ci_high": 0.4,
           front.MEAN: -1.26, f"{front.MEAN}.ci_low": -3.0, f"{front.MEAN}.ci_high": 0.5, f"{front.CRUDE}.hr": 1.2, f"{front.CRUDE}.ci_low": 0.9,
           f"{front.CRUDE}.ci_high": 1.6, f"{front.STAYED}.hr": 1.4, f"{front.STAYED}.ci_low": 1.1, f"{front.STAYED}.ci_high": 1.9,
           "extra.lost.gc_none.n": 3, "extra.lost.gc_none.pct": 6.1, "extra.lost.gc_low.n": 4, "extra.lost.gc_low.pct": 8.7}  # fmt: skip


def test_the_answer_follows_the_numbers_whatever_they_are():
    assert "60 of 100 given a low dose" in front.absolute(NUMBERS)
    assert "−10 percentage points" in front.absolute(NUMBERS)
    assert "1.3 months fewer" in front.months(NUMBERS)
    assert "does not include 1" in front.lost(NUMBERS)
    assert "which includes 1" in front.lost(NUMBERS | {f"{front.STAYED}.ci_low": 0.8})


@pytest.mark.parametrize("missing", NUMBERS)
def test_a_missing_number_leaves_its_sentence_out(missing):
    said = [tell(NUMBERS | {missing: None}) for tell in (front.absolute, front.months, front.lost)]
    assert said.count("") == 1
    assert "None" not in front.front_of_paper(NUMBERS | {missing: None})


def test_no_result_stands_in_the_source_of_the_first_page():
    text = Path(front.__file__).read_text().split("def front_of_paper")[0]
    assert not re.search(r"\d\d(\.\d+)?\s?(%|of 100|months)", text)


def test_every_published_number_has_a_row_and_nothing_is_marked_up():
    printed = published()
    page = pages.published_page(concordance(printed, {}), printed, ["06_cox"])
    assert page.count("<tr id=") == len(printed)
    assert set(re.findall(r'href="(\w+)\.html"', page)) == {"06_cox"}
    assert "GC &lt;=8 mg/kg" in page


def test_each_finding_of_the_audit_is_told_once():
    from helpers.published.audit import amiss, audit

    wanted = amiss(audit())["finding"].nunique()
    assert len(re.findall(r"^\d+\. \*\*", pages.audit_page(), re.M)) == wanted


def test_the_pages_of_docstrings_name_every_module_once():
    found = re.findall(r"automodule:: (\S+)", "".join(pages.api_pages().values()))
    assert len(found) == len(set(found))
    assert {"helpers.results.table5", "helpers.paths", "helpers.estimate.cox"} <= set(found)


def test_rows_of_real_patients_never_reach_a_page():
    from dataclasses import replace

    analysis = analyse(read_cohort())
    real = replace(analysis, cohort=replace(analysis.cohort, synthetic=False))
    with pytest.raises(NotAvailable, match="only if they are synthetic"):
        figure3.payload(real, shuffles=1)
    with pytest.raises(NotAvailable):
        figure3.payload(analysis, [real], shuffles=1)


def test_log_rank_at_every_size_is_the_log_rank_test():
    rng = np.random.default_rng(3)
    time, event = rng.integers(1, 30, 60).astype(float), rng.integers(0, 2, 60).astype(float)
    treated = np.arange(60) >= 25
    orders, sizes = np.array([rng.permutation(35) for _ in range(4)]), np.array([5, 20, 35])
    found = figure3.logrank_at_sizes(time, event, treated, orders, sizes)
    for row, order in enumerate(orders):
        for column, size in enumerate(sizes):
            taken = np.r_[np.arange(25), np.flatnonzero(treated)[order[:size]]]
            wanted = logrank(time[taken], event[taken], np.where(treated[taken], "treated", "none")).p
            assert found[row, column] == pytest.approx(wanted, rel=1e-10)


def test_shuffling_is_repeatable_and_counts_the_observed_order_too():
    frame = pd.DataFrame(
        {"gc_dose_mg_per_kg": [0.0] * 20 + list(range(1, 21)), "pfs_days": range(1, 41), "pfs_event": True}
    )
    frame = frame.astype({"gc_dose_mg_per_kg": float, "pfs_event": float})
    first = figure3.shuffled_cuts(frame, "PFS", 49)
    assert first == figure3.shuffled_cuts(frame, "PFS", 49)
    assert first["cuts"] == list(range(10, 21))
    assert 1 / 50 <= first["corrected"] <= 1
    untreated = frame.assign(gc_dose_mg_per_kg=0.0)
    assert figure3.shuffled_cuts(untreated, "PFS", 9)["cuts"] == []
