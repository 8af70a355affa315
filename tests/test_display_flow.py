"""The flow diagram shows every count it is given, once, and no box hides another."""

import itertools

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.display.flow_diagram import plot_flow
from helpers.display.notebook import mark_synthetic
from helpers.results.flow import flow_counts


@pytest.fixture
def drawn():
    boxes = flow_counts(analyse(read_cohort()))
    fig, ax = plt.subplots(figsize=(7, 4.6))
    plot_flow(ax, boxes)
    yield boxes, fig, ax
    plt.close(fig)


def texts(ax):
    return [text for text in ax.texts if text.get_text()]


def test_every_box_is_drawn_with_its_count(drawn):
    boxes, _, ax = drawn
    lines = "\n".join(text.get_text() for text in texts(ax)).replace("\nn = ", ": n = ").splitlines()
    assert sorted(lines) == sorted(f"{row.label}: n = {row.n}" for row in boxes.itertuples())


def test_no_box_hides_another_or_leaves_the_figure(drawn):
    _, fig, ax = drawn
    fig.canvas.draw()
    places = [text.get_bbox_patch().get_window_extent() for text in texts(ax)]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(places, 2))
    assert all(fig.bbox.x0 <= place.x0 and place.x1 <= fig.bbox.x1 for place in places)


def test_a_synthetic_cohort_is_marked(drawn):
    _, fig, ax = drawn
    mark_synthetic(fig, read_cohort())
    assert "synthetic" in [text.get_text() for text in ax.texts]


def test_a_cohort_without_screening_begins_with_its_patients():
    boxes = pd.DataFrame(
        [("cohort", "patients", 5, "", "kept"), ("out", "none", 1, "cohort", "excluded"), ("in", "some", 4, "cohort", "kept")],
        columns=["box", "label", "n", "parent", "kind"],
    )  # fmt: skip
    fig, ax = plt.subplots()
    plot_flow(ax, boxes)
    assert [text.get_text() for text in texts(ax)] == ["none\nn = 1", "patients\nn = 5", "some\nn = 4"]
    plt.close(fig)


def test_those_without_a_response_leave_below_the_split_by_steroids(drawn):
    _, _, ax = drawn
    height = {text.get_text().split("\n")[0]: text.get_position()[1] for text in texts(ax)}
    split = [height[label] for label in height if "GC" in label]
    assert len(split) == 2
    assert split[0] == split[1] > height["no day 30 response"] > height["day 30 response known"]
