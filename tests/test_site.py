"""The site: every link from the paper to the code resolves, house words are defined, pages say what was computed."""

import ast
import html
import json
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from docutils import nodes
from few_patients import few_patients
from notebook_cohorts import COHORTS, tables, write

from helpers.calibration.ensemble import load_ensemble, load_states
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.estimate.cox import cox
from helpers.parameters import Parameters
from helpers.paths import DOCS, NOTEBOOKS, ROOT
from helpers.problems import NotAvailable
from helpers.published.concordance import concordance
from helpers.published.values import canonical_id, published_values
from helpers.results import registry
from helpers.results.lost import WITHIN
from helpers.run import site as run_site
from helpers.site import alternatives, figure3, front, in_page, more_figures, number_cells, pages, whole
from helpers.site.fold import folded, sets_up
from helpers.site.paper_to_code import links, resolve

sys.path.insert(0, str(DOCS))
import glossary_terms
from glossary_terms import patterns, read_terms

NUMBERED = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
ROWS = links(NUMBERED)
HOUSE = ["Published number", "Verdict", "Reading", "Results registry", "Estimand", "Synthetic", "Calibrated cohort", "Ensemble", "Wald test",
         "Greenwood", "Holm", "Type 7", "Left censored", "Lilliefors", "Breslow and Efron", "Score test", "Concordance", "RMST", "Landmark",
         "Immortal time", "PFS", "EFS", "OS", "GC", "TCZ", "RUX", "CRS", "ICANS", "MRD"]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.quote[:40])
def test_every_link_from_the_paper_resolves(row):
    assert row.cell, f"no code cell of {row.notebook} holds {row.cell_holds!r}"
    found = resolve(row.function)
    assert callable(found)
    assert f"{found.__module__}.{found.__qualname__}" == row.function, (
        "only where it is defined has it a place to link to"
    )
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


def test_a_word_within_a_link_that_is_written_out_does_not_become_another_link():
    raw = [nodes.raw("", text, format="html") for text in ('<a href="x">', "</a>")]
    paragraph = nodes.paragraph("", "", raw[0], nodes.Text("the lost"), raw[1], nodes.Text("the lost"))
    page = SimpleNamespace(
        env=SimpleNamespace(docname="p"), supplement_terms=patterns([("Lost", ["the lost"], "meaning")])
    )
    glossary_terms._mark(page, nodes.section("", paragraph))
    assert [type(one).__name__ for one in paragraph.children] == ["raw", "Text", "raw", "reference"]


def test_abbreviations_are_found_as_they_are_and_words_in_any_form():
    terms = patterns([("OS", ["OS"], "m"), ("Hazard ratio", ["Hazard ratio", "HR"], "m")])
    assert terms[0][1].search("the OS of")
    assert not terms[0][1].search("os POS OS-like")
    assert terms[1][1].search("two hazard ratios")[0] == "hazard ratios"
    assert not terms[0][1].search("OS.csv")
    assert terms[0][1].search("the end of OS.")


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


NUMBERS = {front.LOW.format(endpoint="pfs"): 60.4, front.NONE.format(endpoint="pfs"): 70.6, front.DIFFERENCE: -10.2, f"{front.DIFFERENCE}.ci_low": -20.0, f"{front.DIFFERENCE}.ci_high": 0.4,
           front.MEAN: -1.26, f"{front.MEAN}.ci_low": -3.0, f"{front.MEAN}.ci_high": 0.5, f"{front.CRUDE}.hr": 1.2, f"{front.CRUDE}.ci_low": 0.9,
           f"{front.CRUDE}.ci_high": 1.6, f"{front.STAYED}.hr": 1.4, f"{front.STAYED}.ci_low": 1.1, f"{front.STAYED}.ci_high": 1.9,
           "extra.lost.gc_none.n": 3, "extra.lost.gc_none.pct": 6.1, "extra.lost.gc_low.n": 4, "extra.lost.gc_low.pct": 8.7}  # fmt: skip


def test_the_answer_follows_the_numbers_whatever_they_are():
    assert "60 of 100 given a low dose" in front.absolute(NUMBERS)
    assert "−10 percentage points" in front.absolute(NUMBERS)
    assert "1.3 months fewer" in front.months(NUMBERS)
    assert "does not include 1" in front.lost(NUMBERS)
    assert "which includes 1" in front.lost(NUMBERS | {f"{front.STAYED}.ci_low": 0.8})


def test_the_answer_names_the_endpoint_the_level_and_the_cut_that_its_numbers_are_of():
    alive = {front.LOW.format(endpoint="os"): 80.0, front.NONE.format(endpoint="os"): 70.0}
    page = front.front_of_paper(NUMBERS | alive, endpoint="OS", level=90, cut=5.0)
    said = "80 of 100 given a low dose (up to 5 mg/kg) were alive, and 70 of 100 given none"
    assert said in page
    assert "(90% confidence interval" in page
    assert "months fewer alive for" in page
    assert front.absolute(NUMBERS, "OS") == ""  # rates of another endpoint stand beside no difference of this one


@pytest.mark.parametrize("missing", NUMBERS)
def test_a_missing_number_leaves_its_sentence_out(missing):
    said = [tell(NUMBERS | {missing: None}) for tell in (front.absolute, front.months, front.lost)]
    assert said.count("") == 1
    assert "None" not in front.front_of_paper(NUMBERS | {missing: None})


def test_no_result_stands_in_the_source_of_the_first_page():
    text = Path(front.__file__).read_text().split("def front_of_paper")[0]
    assert not re.search(r"\d\d(\.\d+)?\s?(%|of 100|months)", text)


def test_every_published_number_has_a_row_and_nothing_is_marked_up():
    printed = published_values()
    page = pages.published_page(concordance(printed, {}), printed, {"table5.univariate.rux.hr": ("06_cox", "the-cell")})
    assert page.count("<tr id=") == len(printed)
    assert set(re.findall(r'href="(\d\w+\.html[^"]*)"', page)) == {"06_cox.html#cell-the-cell"}
    assert "GC ≤8 mg/kg" in page
    assert "&gt;8 mg/kg" in page


# sums and shares of what the cell shows, a day that is in a name, and the least that any course can last
NOT_SHOWN = {"results.patients.relapse.n", "results.patients.relapse.pct", "results.efficacy.nr.n", "results.efficacy.nr.pct", "results.efficacy.gc.n",
             "results.efficacy.gc.crr.pct", "results.efficacy.nongc.n", "results.efficacy.nongc.crr.pct", "table3.day", "table4.day",
             "table5.cut.gc_duration_ref_low"}  # fmt: skip


def outputs_of(cell):
    """Join what a cell shows as text."""
    texts = [output.get("text", "") or output.get("data", {}).get("text/markdown", "") for output in cell.outputs]
    return html.unescape(" ".join(texts))


def test_every_recomputed_number_links_to_the_cell_that_shows_it(values):
    printed = published_values().set_index("id")
    notebooks = {path.stem: {cell.id: cell for cell in nbformat.read(path, 4).cells} for path in NUMBERED}
    shown = number_cells.number_cells(printed.index, NUMBERED)
    missing, silent = [], []
    for id in printed.index:
        value = values[canonical_id(id)]
        if value.value is None:
            assert id not in shown or value.reason
            continue
        if id not in shown:
            missing.append(id)
            continue
        cell = notebooks[shown[id][0]][shown[id][1]]
        if "parameters" in cell.metadata.get("tags", []):
            assert any(f"{name}:" in cell.source for name in registry.declared_family(canonical_id(id)).depends), id
        elif canonical_id(id) not in NOT_SHOWN and not stands_in(value.value, outputs_of(cell)):
            silent.append((id, value.value))
    assert (missing, silent) == ([], [])


def stands_in(value, text):
    """Tell whether a text holds a number that is the value, rounded to some digits."""
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    return any(round(abs(value), len(one.partition(".")[2])) == float(one) for one in numbers)


def test_each_finding_of_the_audit_is_told_once():
    from helpers.published.audit import audit_print, relations_amiss

    wanted = relations_amiss(audit_print())["finding"].nunique()
    assert len(re.findall(r"^\d+\. \*\*", pages.audit_page(), re.M)) == wanted


def test_the_pages_of_docstrings_name_every_module_once():
    found = re.findall(r"automodule:: (\S+)", "".join(pages.api_pages().values()))
    assert len(found) == len(set(found))
    assert {"helpers.results.table5", "helpers.paths", "helpers.estimate.cox"} <= set(found)


def as_if_real(analysis):
    return replace(analysis, cohort=replace(analysis.cohort, name="theirs", synthetic=False, stands_for=""))


@pytest.fixture(scope="module")
def analysis():
    return analyse(read_cohort())


@pytest.mark.parametrize(
    "make", [figure3.payload, more_figures.forest, more_figures.specifications, more_figures.analytes]
)
def test_rows_of_real_patients_never_reach_a_page(analysis, make):
    with pytest.raises(NotAvailable, match="only if they are synthetic"):
        make(as_if_real(analysis))


def test_nor_do_those_of_real_patients_beside_synthetic_ones(analysis):
    with pytest.raises(NotAvailable, match="only if they are synthetic"):
        figure3.payload(analysis, [(as_if_real(analysis), "why")])


@pytest.fixture(scope="module")
def values(analysis):
    return whole.numbers(analysis)


def embedded(page, name):
    return json.loads(re.search(rf'id="{name}-data">(.*?)</script>', page)[1])


def test_real_patients_get_released_aggregates_and_nothing_finer(analysis):
    pages_, absent = in_page.figures_in_page(as_if_real(analysis))
    assert (list(pages_), absent) == (["released"], [])
    data = embedded(pages_["released"], "released")
    assert set(data) == {"threshold", "base", "exposure", "curves", "comparisons", "models"}
    assert {type(month) for curve in data["curves"] for month in curve["month"]} == {int}
    assert all(at_risk % 5 == 0 for curve in data["curves"] for at_risk in curve["at_risk"])
    assert all(row["n"] % 5 == 0 and row["events"] % 5 == 0 for row in data["models"])
    assert not any(id in pages_["released"] for id in analysis.frame.index)


def test_few_real_patients_get_a_sentence_instead():
    few = few_patients()
    pages_, absent = in_page.figures_in_page(analyse(replace(few, synthetic=False)))
    assert pages_ == {}
    assert absent == [
        "There are no curves to play with: the cohort has fewer than 10 patients; nothing of it can be released."
    ]


def test_what_synthetic_patients_lack_leaves_out_that_figure_with_a_sentence():
    pages_, absent = in_page.figures_in_page(analyse(few_patients()))
    assert set(pages_) <= {"forest"}
    assert len(pages_) + len(absent) == len(in_page.FIGURES)
    assert all(sentence.startswith("Not to play with, ") and sentence.endswith(".") for sentence in absent)


def test_the_paper_s_stand_in_alone_is_set_beside_others_with_its_published_numbers(analysis):
    other = replace(analysis, cohort=replace(analysis.cohort, name="another", stands_for=""))
    own, alone = (embedded(figure3.figure3_page(one, members=1), "figure3") for one in (analysis, other))
    assert [len(one["cohorts"]) for one in (own, alone)] == [2, 1]


def test_the_other_cohorts_are_the_extremes_of_the_registry_s_ratio_and_then_the_least_alike(analysis):
    found = alternatives.alternatives(analysis, 2)
    values = [
        registry.compute(one, ["extra.lost.event_free.gc_low.hr"])["extra.lost.event_free.gc_low.hr"].value
        for one, _ in found.cohorts
    ]
    assert values == pytest.approx(found.ranges["free"], rel=1e-9)
    assert min(values) == values[0] < max(values) == values[1]
    assert [f"{value:.3f}" in why for (_, why), value in zip(found.cohorts, values, strict=True)] == [True, True]
    assert len({one.cohort.name for one, _ in found.cohorts} | {analysis.cohort.name}) == 3
    assert all(one.cohort.synthetic and one.parameters is analysis.parameters for one, _ in found.cohorts)
    text = figure3.told(found)
    assert f"2 of the {found.size}" in text
    assert "{:.3f} to {:.3f} had the lost stayed well".format(*found.ranges["free"]) in text


def test_whoever_is_least_like_all_chosen_is_chosen_next():
    rng = np.random.default_rng(3)
    base = rng.permutation(50).astype(float)
    ranks = [base, base, base, -base, base + rng.normal(size=50)]  # the fourth is the mirror of the others
    found = alternatives.chosen(pd.DataFrame({"free": [0.4, 0.5, 0.6, 0.5, 0.5]}), ranks, 3)
    assert list(found) == [0, 2, 3]


def test_a_figure_follows_the_parameters_of_its_run():
    changed = analyse(read_cohort(), Parameters(gc_cutoff=5.0, endpoint="OS", alpha=0.1, ties="breslow"))
    data = figure3.payload(changed)
    assert (data["cut"], data["endpoint"], data["level"], data["ties"]) == (5.0, "OS", 90, "breslow")
    assert data["z"] == pytest.approx(1.6448536269514722, abs=1e-12)  # R: qnorm(.95)


def test_nothing_in_the_data_of_a_page_ends_its_script():
    page = figure3.embedded("x", {"name": "</script><script>alert(1)</script>"})
    assert page.count("</script>") == 3  # of the data and of the two files
    assert embedded(page, "x") == {"name": "</script><script>alert(1)</script>"}


def test_a_figure_that_fails_is_a_failure_of_the_run_that_quotes_no_cell(analysis, monkeypatch, tmp_path):
    def broken(_):
        raise ValueError("the text of a cell")

    monkeypatch.setattr(run_site, "figures_in_page", broken)
    failures = []
    assert run_site._figures(as_if_real(analysis), failures) == ({}, [])
    assert "the text of a cell" not in str(failures[0])
    assert "ValueError" in str(failures[0])


def test_every_exercise_is_listed_with_its_sheet_and_its_notebook_and_no_teacher_s(tmp_path):
    found = whole.exercises({"figure3"})
    numbers = sorted(path.stem for path in (NOTEBOOKS / "exercises" / "src").glob("[0-9]*.ipynb"))
    links_ = set(re.findall(r'href="(exercises/[^"]+)"', found["exercises"]))
    assert links_ == {f"exercises/{name}.{kind}" for name in numbers for kind in ("html", "ipynb")}
    assert found["teaching"].startswith("# ")
    (tmp_path / "files").mkdir()
    whole.exercise_files(tmp_path)
    assert all((tmp_path / link).exists() for link in links_)
    with zipfile.ZipFile(tmp_path / "files" / "exercises_students.zip") as zipped:
        held = zipped.namelist()
    assert {name.split("/")[0] for name in held} == {"student", "data"}
    assert "student/exercises/check.py" in held
    assert "data/children.csv" in held


def test_pages_of_docstrings_stand_below_the_page_that_leads_to_them():
    made = pages.api_pages()
    below = made["api"].split("{toctree}")[1].split("```")[0]
    assert set(below.split()) - {":hidden:"} == set(made) - {"api"}


def test_the_ratio_of_a_member_is_that_of_its_rebuilt_cohort():
    """With who was lost early staying well: from the state alone, and by a Cox model of the cohort that is rebuilt from it."""
    state, cohort = next(load_states()), next(load_ensemble(first=1))
    frame = analyse(cohort).frame
    frame = frame[(frame["crs_grade"].fillna(0) > 0) | (frame["icans_grade"].fillna(0) > 0)]
    cutoff = frame["cutoff_day"]
    for failed in ((), ("low",)):
        gone = ~frame["pfs_event"] & (frame["pfs_days"] < WITHIN) & (frame["pfs_days"] < cutoff)
        fails = gone & frame["gc_group"].isin(failed)
        data = frame.assign(
            pfs_days=frame["pfs_days"].mask(gone & ~fails, cutoff), pfs_event=frame["pfs_event"] | fails
        )
        rows = cox(data, ["gc_group"], "pfs_days", "pfs_event").table.set_index("level")
        assert alternatives.ratio_if(state, failed) == pytest.approx(rows.loc["low", "hr"], rel=1e-9)


@pytest.mark.parametrize(
    "name", ["10 patients", "all events", "no events", "one analyte", "odd words", "all dead on day 0"]
)
def test_figures_to_play_with_are_made_of_any_cohort_or_say_why_not(name, tmp_path):
    """A model, a median or a ratio that a small cohort does not have is no number of a page: JSON has no NaN."""
    change, about = COHORTS[name]
    folder = write(tmp_path / "tried", change(tables(16)), **about)
    made, absent = in_page.figures_in_page(analyse(read_cohort(folder), Parameters(cohort_folder=folder)))
    assert len(made) + len(absent) == len(in_page.FIGURES)
    assert all(line.endswith(".") for line in absent)
