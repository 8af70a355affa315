"""Figures against stored pictures, files against their bytes, words against what they must say."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort
from helpers.display import (
    confounding_figures,
    curves_figure,
    figures,
    forest_figure,
    laboratory_figure,
    notebook,
    tables,
)
from helpers.parameters import Parameters
from helpers.synthesis.study import default_cohort

COHORT_OF_ONE = Cohort("one", "infusion", True, "", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})

SYNTHETIC = Cohort("few", "infusion", True, "made up", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
REAL = Cohort("real", "infusion", False, "a book", "public", {"patients": pd.DataFrame({"patient_id": ["a"]})})
picture = pytest.mark.mpl_image_compare(
    baseline_dir="baseline", style=figures.STYLE, tolerance=6, savefig_kwargs={"dpi": 80}
)


def curve(times: list[float], events: list[int]) -> pd.DataFrame:
    """A curve by hand, limits 10 points to each side."""
    rows, survival = [(0.0, 1.0, 1.0, 1.0, len(times), 0, 0)], 1.0
    for i, (time, event) in enumerate(zip(times, events, strict=True)):
        survival *= 1 - event / (len(times) - i)
        rows.append((time, survival, max(survival - 0.1, 0), min(survival + 0.1, 1), len(times) - i, event, 1 - event))
    return pd.DataFrame(rows, columns=["time", "survival", "lower", "upper", "at_risk", "events", "censored"])


CURVES = {
    "none": curve([90, 200, 400, 700, 900, 1400], [1, 1, 0, 1, 0, 0]),
    "low": curve([300, 800, 1000, 1200, 1500], [0, 1, 0, 0, 0]),
    "high": curve([100, 500, 600], [1, 1, 0]),
}
AT_RISK = pd.DataFrame({0: [6, 5, 3], 1: [4, 4, 2], 2: [2, 4, 0], 3: [1, 2, 0]}, index=list(CURVES))
CENSORED = pd.DataFrame({0: [0, 0, 0], 1: [0, 1, 0], 2: [1, 1, 1], 3: [2, 2, 1]}, index=list(CURVES))
MODELS = pd.DataFrame(
    [
        ("Sex", "Male", 81, 20, 1, np.nan, np.nan, np.nan),
        ("Sex", "Female", 39, 18, 2.07, 1.09, 3.93, 0.026),
        ("ICANS", "Grade ≥3", 4, 3, np.nan, np.nan, np.nan, np.nan),
        ("ICANS", "never seen", 5, 3, 2.0, 0.3, np.inf, 0.3),
        ("ICANS", "far out", 9, 8, 100, 60, 170, 1e-7),
    ],
    columns=["variable", "level", "n", "events", "hr", "ci_low", "ci_high", "p"],
)
SERIES = pd.DataFrame(
    {
        "analyte": "IL-6", "unit": "pg/mL", "group": ["low"] * 3 + ["high"] * 3, "day": [0, 3, 7] * 2,
        "n": [46, 45, 40, 15, 15, 14], "median": [600.0, 90, 2.5, 2000, 500, 40], "q1": [200.0, 30, 2.5, 900, 200, 10],
        "q3": [900.0, 200, 6, 4000, 900, 90], "below": [0, 0.1, 0.6, 0, 0, 0.2], "limit": [2.5] * 6,
        "after_tcz": [0.1, 0.7, 0.8, 0.2, 0.9, 0.9],
    }
)  # fmt: skip
ANSWERS = pd.DataFrame({"CR": [53, 40], "NR": [2, 6], "not done": [6, 3]}, index=["GC", "no GC"])


@picture
def test_plot_km():
    figure = plt.figure(figsize=(3.5, 3.2), layout="none")
    [ax] = curves_figure.km_panels(figure, 1, 3, letters=4)
    curves_figure.plot_km(ax, CURVES, endpoint="PFS", origin="infusion", p=0.028)
    curves_figure.plot_at_risk(ax, AT_RISK, CENSORED)
    return notebook.mark_synthetic(figure, SYNTHETIC)


@picture
def test_plot_forest():
    figure = plt.figure(figsize=(7, 2))
    forest_figure.plot_forest(forest_figure.forest_axes(figure), MODELS, title="Univariable")
    return notebook.mark_synthetic(figure, REAL)


@picture
def test_plot_trajectory():
    return notebook.mark_synthetic(
        laboratory_figure.plot_trajectories(SERIES, columns=1, x="Days from infusion"), SYNTHETIC
    )


@picture
def test_plot_response():
    figure, ax = plt.subplots(figsize=(7, 1.5))
    figures.plot_response(ax, ANSWERS, title="GC", p=0.17)
    return figure


@picture
def test_plot_small():
    """Days, timeline, partial likelihood and the shape of a covariate."""
    figure, axes = plt.subplots(2, 2, figsize=(7, 4))
    figures.plot_days(axes[0, 0], pd.Series([0, 1, 1, 2, 5]), title="Onset")
    toxicity = pd.DataFrame({"event": ["CRS"], "day_from": [2], "day_to": [4], "grade": [2]})
    given = pd.DataFrame({"agent": ["TCZ"], "day": [3], "route": ["IV"], "dose_mg": [160.0]})
    figures.plot_timeline(axes[0, 1], toxicity, given)
    ratios = np.exp(np.linspace(-1.5, 1.5, 31))
    forest_figure.plot_profile(axes[1, 0], ratios, -3 * np.log(ratios) ** 2, drop=1.92)
    forest_figure.plot_shape(axes[1, 1], [2, 8, 16], [-0.5, 0, 0.2], [-1, 0, -0.5], [0, 0, 0.9], knots=[4, 8, 13])
    return figure


def test_what_is_written_in_a_km_panel():
    with plt.style.context(figures.STYLE):
        figure = plt.figure(layout="none")
        [ax] = curves_figure.km_panels(figure, 1, 3)
        curves_figure.plot_km(ax, CURVES, endpoint="PFS", origin="infusion", p=0.0281)
        before = len(ax.texts)
        curves_figure.plot_at_risk(ax, AT_RISK, labels=False)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["none: n = 6, 3 events", "low: n = 5, 1 event", "high: n = 3, 2 events"]
    assert ax.get_xlabel() == "Years from infusion"
    assert "3-group log-rank p = 0.028" in [text.get_text() for text in ax.texts]
    assert [text.get_text() for text in ax.texts[before:]] == ["At risk"] + [str(n) for n in AT_RISK.to_numpy().ravel()]
    plt.close(figure)


def test_no_text_is_under_seven_points():
    with plt.style.context(figures.STYLE):
        figure = laboratory_figure.plot_trajectories(SERIES)
        notebook.mark_synthetic(figure, SYNTHETIC)
        figure.canvas.draw()
        sizes = [text.get_fontsize() for text in figure.findobj(plt.Text) if text.get_text()]
    assert min(sizes) >= 7
    plt.close(figure)


@pytest.mark.parametrize(("cohort", "marked"), [(SYNTHETIC, True), (REAL, False)])
def test_a_synthetic_figure_says_so_in_every_panel(cohort: Cohort, marked: bool):
    figure, axes = plt.subplots(1, 2)
    notebook.mark_synthetic(figure, cohort)
    assert all(any(text.get_text() == "synthetic" for text in ax.texts) is marked for ax in axes)
    assert (figure.get_supxlabel() != "") is marked
    plt.close(figure)


@pytest.mark.parametrize(
    ("origin", "label"),
    [
        ("infusion", "Years from infusion"),
        ("day 0", "Years from day 0"),
        ("0", "Years from day 0"),
        ("", "Years from day 0"),
        ("from randomisation", "Years from randomisation"),
        ("diagnosis of monoclonal gammopathy of undetermined significance", "Years from day 0"),
    ],
)
def test_a_time_axis_reads_well_whatever_day_0_is_called(origin: str, label: str):
    figure, ax = plt.subplots()
    curves_figure.plot_km(ax, CURVES, origin=origin)
    assert ax.get_xlabel() == label
    plt.close(figure)


def test_bars_of_days_count_patients():
    figure, ax = plt.subplots()
    figures.plot_days(ax, pd.Series([0, 1, 1.2, 2, 5]), title="Onset", clock="crs_onset")
    bars = {round(bar.get_x() + bar.get_width() / 2, 9): bar.get_height() for bar in ax.patches if bar.get_height()}
    assert bars == {0: 1, 1: 2, 2: 1, 5: 1}
    assert ax.get_xlabel() == "Days from CRS onset"
    plt.close(figure)


def test_saved_figures_are_the_same_bytes_and_undated(tmp_path):
    content = []
    for run in ("a", "b"):
        with plt.style.context(figures.STYLE):
            figure, ax = plt.subplots()
            figures.plot_response(ax, ANSWERS)
            notebook.save_figure(figure, "one", Parameters(output_folder=str(tmp_path / run)))
        plt.close(figure)
        content.append({path.suffix: path.read_bytes() for path in (tmp_path / run / "figures").iterdir()})
    assert content[0] == content[1]
    assert set(content[0]) == {".png"}
    assert b"Matplotlib" not in content[0][".png"]


def test_nothing_is_written_without_an_output_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure, _ = plt.subplots()
    notebook.save_figure(figure, "one", Parameters())
    notebook.save_table(ANSWERS, "one", Parameters(), SYNTHETIC)
    plt.close(figure)
    assert list(tmp_path.rglob("*")) == []


def test_a_saved_table_says_whether_it_is_synthetic(tmp_path):
    for cohort in (SYNTHETIC, REAL):
        notebook.save_table(ANSWERS, cohort.name, Parameters(output_folder=str(tmp_path)), cohort)
    assert (tmp_path / "tables" / "few.csv").read_text() == "CR,NR,not done,synthetic\n53,2,6,true\n40,6,3,true\n"
    assert "false" in (tmp_path / "tables" / "real.csv").read_text()


def test_a_shown_table_and_the_cohort_say_synthetic():
    assert repr(notebook.show_table(ANSWERS, SYNTHETIC)).endswith("Synthetic cohort.")
    assert "ynthetic" not in repr(notebook.show_table(ANSWERS, REAL))
    assert "No real patient" in notebook.about_cohort(SYNTHETIC).data
    assert "to resemble what the paper reports" in notebook.about_cohort(read_cohort()).data
    assert "not said to stand for the paper" in notebook.about_cohort(replace(read_cohort(), stands_for="")).data
    assert "a book" in notebook.about_cohort(REAL).data


def test_tables_as_text_markdown_and_html():
    table = tables.Table(pd.DataFrame({"a|b": ["<boys", None], "p": ["<0.001", "0.120"]}), "Caption", "Note")
    assert repr(table) == "Caption\na|b         p\n-----  ------\n<boys  <0.001\n–       0.120\nNote"
    assert "| &#60;boys | &#60;0.001 |" in table._repr_markdown_()
    assert "&lt;boys" in table._repr_html_()
    assert "<caption>Caption</caption>" in table._repr_html_()


def test_verdicts_count_every_printed_number():
    verdict = pd.DataFrame({"agreement": ["same"] * 3 + ["not computable"]})
    assert notebook.verdict_counts(verdict, "X") == "X: of 4 published numbers 3 are the same, 1 is not computable."


def test_another_cohort_is_not_set_against_the_print():
    shown = notebook.against_print(analyse(REAL), "Table 1", "table1.")
    assert shown.data == "Table 1: published numbers not compared, since this is another cohort."


def test_printed_beside_recomputed():
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "sex": pd.array(["male", "female"], "string")})
    cohort = Cohort(
        "zhang2025-small", "infusion", True, "made up", "CC0", {"patients": patients}, stands_for="zhang2025"
    )
    table = notebook.printed_beside_computed(analyse(cohort), "table1.male.").set_index("what")
    assert table["published"].tolist() == ["81", "67.50"]
    assert table["recomputed"].tolist() == ["1", "50.00"]
    assert set(table["agreement"]) == {"differs"}


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow():
    table = pd.DataFrame(
        {"variable": "x", "level": ["a", "b"], "n": 9, "events": 4, "hr": [1.5, 40.0], "ci_low": [0.5, 4.0],
         "ci_high": [4.5, 400.0], "p": [0.5, 0.01]}
    )  # fmt: skip
    fig = plt.figure()
    ax = forest_figure.plot_forest(forest_figure.forest_axes(fig), table)
    arrows = [(line.get_marker(), line.get_ydata()[0]) for line in ax.lines if line.get_marker() in ("<", ">")]
    assert arrows == [(">", 2)]
    plt.close(fig)


HOSTILE = [
    "<script>alert(1)</script>",
    "$x_1$",
    "a|b",
    "`code`",
    "_under_",
    "**bold**",
    "[link](http://x.y)",
    "{include} f",
    "\\input{f}",
    "50%",
    "- x",
    "1. x",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_text_in_every_form(label):
    table = tables.Table(pd.DataFrame({"group": [label], label: [1]}), label, label)
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(table._repr_markdown_())
    page = BeautifulSoup(shown, "html.parser")
    assert [cell.get_text() for cell in page.find_all(["th", "td"])] == ["group", label, label, "1"]
    assert not page.find_all(["script", "a", "code", "em", "strong", "i", "li"])
    html = BeautifulSoup(table._repr_html_(), "html.parser")
    assert [cell.get_text() for cell in html.find_all(["th", "td"])] == ["group", label, label, "1"]
    assert "$" not in table._repr_markdown_()
    assert "$" not in table._repr_html_()
    assert not formulas(html)


def formulas(page: BeautifulSoup) -> list[str]:
    """List what a page's typesetting (MathJax) takes for a formula: two signs in one piece of text, entities resolved."""
    pieces = [str(text) for text in page.find_all(string=True)]
    return [text for text in pieces if re.search(r"[$\\]", text) and len(text) > 1]


@pytest.mark.parametrize("label", [*HOSTILE, "$x$ and $y$", r"\(y\)", r"\begin{x}", "_slanted_"])
def test_a_label_in_a_sentence_is_no_formula_no_tag_and_not_slanted(label):
    shown = MarkdownIt("commonmark", {"html": True}).render(notebook.markdown_sentences(f"Of {label} none.").data)
    page = BeautifulSoup(shown, "html.parser")
    assert not formulas(page)
    tags = {tag.name for tag in page.find_all()} - {"p", "span"}
    assert not tags & {"script", "img", "i", "b", "a"}
    assert label != "_slanted_" or not tags


def test_a_count_of_one_is_in_the_singular_wherever_a_sentence_is_shown():
    assert notebook.markdown_sentences("n = 1, 1 events.").data == "n = 1, 1 event."
    assert notebook.markdown_list("1 children, 21 children").data == "- 1 child, 21 children"
    table = notebook.show_table(pd.DataFrame({"n = 3, 1 events": [1]}), COHORT_OF_ONE, "1 patients", "1 pairs")
    assert (table.caption, list(table.frame), table.note.split(".")[0]) == ("1 patient", ["n = 3, 1 event"], "1 pair")
    assert "1 synthetic patient;" in notebook.about_cohort(COHORT_OF_ONE).data


def test_heads_are_words():
    frame = pd.DataFrame({"p_holm": [0.1], "loglog_lower": [1], "n_without_tcz": [3], "own_column": [2], "CR": [4]})
    found = tables.to_text(frame).splitlines()[0]
    assert re.split(r" {2,}", found) == ["p, Holm", "lower limit, log-log", "pairs without TCZ", "own column", "CR"]


def test_labels_in_a_laboratory_figure_are_as_typed_and_each_has_its_colour():
    groups = ["$5-$10", "_none", "no A", "no B"]
    series = pd.concat([SERIES[SERIES["group"] == "low"].assign(group=group) for group in groups]).assign(
        analyte="$a$_b"
    )
    figure = laboratory_figure.plot_trajectories(series)
    texts = figure.legends[0].get_texts()
    assert [text.get_text() for text in texts][:4] == groups
    assert not any(text.get_parse_math() for text in texts)
    assert not figure.axes[0].title.get_parse_math()
    lines = [line for line in figure.axes[0].lines if line.get_label().startswith("group")]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 4
    assert len({line.get_color() for line in lines}) == 4
    plt.close(figure)


def test_twenty_groups_differ_in_colour_or_dash():
    labels = [f"group {place}" for place in range(20)]
    paint = figures.label_colours(labels)
    assert len({(paint[label], str(figures.dash_style(place))) for place, label in enumerate(labels)}) == 20


@pytest.mark.parametrize(
    ("least", "most", "below", "shape"),
    [
        (-np.inf, 4, 0.4, "v"),
        (3, 4, 0.4, "v"),
        (4, np.inf, 0.0, "^"),
        (4, np.inf, 0.2, "^"),  # some lie below detection, but only those above the upper limit move the median
        (3, 6, 0.2, "v"),
        (4, 4, 0.4, "o"),
        (4, 4, 0.0, "o"),
    ],
)
def test_a_median_that_is_a_bound_is_drawn_as_a_triangle(least, most, below, shape):
    series = SERIES[SERIES["group"] == "low"].assign(median=4.0, median_least=least, median_most=most, below=below)
    fig, ax = plt.subplots()
    laboratory_figure.plot_trajectory(ax, series)
    assert {line.get_marker() for line in ax.lines if line.get_marker() in ("o", "v", "^")} == {shape}
    plt.close(fig)


def test_every_limit_of_detection_has_its_line():
    fig, ax = plt.subplots()
    laboratory_figure.plot_trajectory(ax, SERIES.assign(limit=[2.5, 2.5, 4, np.nan, 4, 4]))
    assert sorted(line.get_ydata()[0] for line in ax.lines if line.get_zorder() == 0) == [2.5, 4]
    plt.close(fig)


def test_every_interval_has_a_visible_line_and_an_arrow_where_it_goes_on():
    fig = plt.figure()
    ax = forest_figure.plot_forest(forest_figure.forest_axes(fig), MODELS)
    low, high = ax.get_xlim()
    lines = {
        line.get_ydata()[0]: line.get_xdata()
        for line in ax.lines
        if len(line.get_xdata()) == 2 and line.get_ydata()[0] > 0
    }
    for y in (5, 6):  # "never seen" with an infinite limit, "far out" beyond the axis
        assert low <= lines[y][0] < lines[y][1] <= high
    arrows = [(line.get_marker(), line.get_ydata()[0]) for line in ax.lines if line.get_marker() in ("<", ">")]
    assert arrows == [(">", 5), (">", 6)]
    assert "2.00 (0.30–∞)" in [text.get_text() for text in fig.axes[2].texts]
    plt.close(fig)


def title_of(ax):
    """Return the title, which stands on the left where the style is in use."""
    return ax.title if ax.get_title() else ax._left_title


def test_labels_are_drawn_as_typed_and_every_curve_has_its_own_colour():
    labels = ["$5-$10", "_none", "no A", "no B"]
    curves = {label: curve([90, 200, 400], [1, 0, 1]) for label in labels}
    fig, ax = plt.subplots()
    curves_figure.plot_km(ax, curves, title="$a$")
    curves_figure.plot_at_risk(ax, pd.DataFrame({0: 3, 1: 1}, index=labels))
    texts = ax.get_legend().get_texts()
    assert [text.get_text().partition(": ")[0] for text in texts] == labels
    assert not any(text.get_parse_math() for text in [*texts, *ax.texts, title_of(ax)])
    assert len({handle.get_color() for handle in ax.get_legend().get_lines()}) == 4
    plt.close(fig)


def test_a_curve_fades_where_fewer_than_five_are_at_risk():
    fig, ax = plt.subplots()
    curves_figure.plot_km(ax, {"a": CURVES["none"]})
    solid, faint = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    assert (solid.get_alpha(), faint.get_alpha()) == (1.0, 0.35)
    assert solid.get_xdata()[-1] == faint.get_xdata()[0] == 200 / 365.25  # six at risk, then five, then four
    plt.close(fig)


def test_those_censored_so_far_stand_behind_those_at_risk():
    fig, ax = plt.subplots()
    curves_figure.plot_at_risk(ax, AT_RISK, CENSORED, labels=False)
    assert [text.get_text() for text in ax.texts][:5] == [
        "At risk (censored so far)",
        "6 (0)",
        "4 (0)",
        "2 (1)",
        "1 (2)",
    ]
    plt.close(fig)


@pytest.mark.parametrize("name", figures.ELSEWHERE)
def test_a_plot_that_has_moved_is_found_by_its_old_name(name):
    homes = (curves_figure, forest_figure, laboratory_figure)
    assert getattr(figures, name) in [getattr(home, name, None) for home in homes]


def test_a_plot_that_never_was_is_not_found():
    with pytest.raises(AttributeError, match="plot_nothing"):
        _ = figures.plot_nothing


@pytest.mark.parametrize("high", [3.0, 12.0, 400.0, 1e12])
def test_the_ticks_of_a_forest_have_room_whatever_the_limits(high):
    row = {"variable": "Sex", "level": "Female", "n": 9, "events": 4, "p": 0.5}
    table = pd.DataFrame([row | {"hr": 1.5, "ci_low": 1 / high, "ci_high": high}])
    with plt.style.context(figures.STYLE):
        fig = plt.figure(figsize=(7, forest_figure.forest_height(table)))
        ax = forest_figure.plot_forest(forest_figure.forest_axes(fig), table)
        fig.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    plt.close(fig)
    assert "1" in [label.get_text() for label in ax.get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_a_column_of_reasons_is_shown_only_if_something_is_missing():
    frame = pd.DataFrame({"group": ["a", "b"], "why not": ["", None], "reason": ["", "nobody had it"]})
    assert list(notebook.show_table(frame, REAL).frame) == ["group", "reason"]


def test_the_level_for_one_cut_is_that_of_the_parameters():
    fig, ax = plt.subplots()
    tried = pd.DataFrame({"cut": [1.0, 5.0, 80.0], "z": [0.5, 2.0, 1.0]})
    confounding_figures.plot_cuts(ax, tried, np.array([2.0, 2.5]), alpha=0.1)
    labels = [line.get_label() for line in ax.lines]
    plt.close(fig)
    assert "one cut alone: 1.64" in labels  # the 95th percentile of the normal distribution


def test_panels_that_share_an_axis_still_say_their_clock():
    fig, axes = plt.subplots(2, 1, sharex=True)
    for ax, clock in zip(axes, ("infusion", "crs_onset"), strict=True):
        figures.plot_days(ax, pd.Series([1, 2, 2]), title="onset", clock=clock)
    shown = [ax.xaxis.label.get_text() * ax.xaxis.label.get_visible() for ax in axes]
    plt.close(fig)
    assert shown == ["Days from infusion", "Days from CRS onset"]


def test_a_legend_hides_no_curve_where_some_are_high_and_others_low():
    low, high = curve([50, 100, 150, 400, 900], [1, 1, 1, 1, 0]), curve([400, 900, 900, 900, 900], [1, 0, 0, 0, 0])
    with plt.style.context(figures.STYLE):
        fig, axes = plt.subplots(1, 3, figsize=(7, 2.2))
        curves_figure.plot_km(axes[0], {"a": high, "b": low, "c": high, "d": low}, p=0.02)
        fig.canvas.draw()
    box = axes[0].get_legend().get_window_extent().transformed(axes[0].transData.inverted())
    assert box.y0 >= 100
    assert axes[0].get_yticks().max() == 100
    plt.close(fig)


def test_panels_of_one_figure_have_one_scale_wherever_their_legends_are():
    analysis = analyse(read_cohort(paths.REAL / "bmt"))
    groups = analysis.frame["disease_group"].astype("category")
    fig, _ = curves_figure.plot_km_grid(analysis, {"disease group": groups})
    tops = {ax.get_ylim()[1] for ax in fig.axes if ax.get_ylabel()}
    plt.close(fig)
    assert len(tops) == 1
    assert tops.pop() > curves_figure.TOP  # of one panel the legend stands above its curves


@pytest.mark.parametrize("row", ["GC, mg/kg (TCZ, no RUX)", "a very long name of groups " * 4, ""])
def test_titles_of_panels_stand_beside_each_other_and_name_the_endpoint(row):
    analysis = analyse(default_cohort())
    fig, _ = curves_figure.plot_km_grid(analysis, {row: analysis.frame["gc"].map({True: "GC", False: "no GC"})})
    fig.canvas.draw()
    shown = [title_of(ax) for ax in fig.axes]
    boxes = [title.get_window_extent() for title in shown if title.get_text()]
    assert [title.get_text().split(": ")[-1] for title in shown if title.get_text()] == ["OS", "PFS", "EFS"]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
    assert boxes[-1].x1 <= fig.bbox.x1
    plt.close(fig)


@pytest.mark.parametrize("loc", ["left", "center"])
def test_no_text_of_a_shown_figure_is_read_for_mathematics(loc):
    """Whatever a notebook writes into a figure may hold a cohort's words; the style puts titles to the left."""
    with plt.rc_context({"axes.titlelocation": loc}):
        fig, ax = plt.subplots()
        ax.set(title="$x_1$", xlabel="$a$", ylabel="$b$")
        ax.text(0, 0, "$c$")
        notebook.save_figure(fig, "words", Parameters())
        drawn = [title_of(ax), ax.xaxis.label, ax.yaxis.label, *ax.texts]
        assert [text.get_parse_math() for text in drawn] == [False] * 4
        fig, ax = plt.subplots()
        laboratory_figure.plot_trajectory(ax, SERIES, title="$x_1$")
        assert not title_of(ax).get_parse_math()
    plt.close("all")


def test_a_band_beyond_every_number_is_drawn_without_a_complaint():
    fig, ax = plt.subplots()
    forest_figure.plot_shape(ax, [1, 2, 3], [0, 1, 2], [-900, -5, -900], [900, 5, 900])
    fig.canvas.draw()
    plt.close(fig)


def test_a_column_of_sentences_that_begin_with_a_number_stands_to_the_left():
    frame = pd.DataFrame(
        {"n": [11, 6], "why": ["11 products are allogeneic and 9 children were transplanted", "6 had none"]}
    )
    assert "|---:|---|" in tables.Table(frame)._repr_markdown_()
