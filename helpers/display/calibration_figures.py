"""Plots of a search and of an ensemble: what was reached when, and where cohorts differ. They draw given numbers only."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.display.figures import BLACK, BLUE, COLOURS, DASHES, VERMILION, label_colours, mark_axis, ratio_marks
from helpers.display.words import dose_words

STAGES = {"fates": "days of events", "crs": "who had CRS", "joint": "sex, age, blasts, GC", "secured": "walk to the headline", "transplant": "transplantation",
          "agents": "TCZ and RUX", "onset": "GC onset", "duration": "GC duration", "weight": "weight", "target": "target", "status": "disease status",
          "crs_grade": "grade of CRS", "icans": "grade of ICANS", "recovered": "walk to the others", "efs": "treatment failure"}  # fmt: skip
"""What each stage of a search searches."""


def plot_hits(ax: Axes, traces: dict[str, pd.DataFrame], of: int) -> Axes:
    """Draw printed numbers hit against moves tried, one line per search.

    Parameters
    ----------
    ax : Axes
    traces : mapping of name to DataFrame with columns moves, hits
    of : int
        How many numbers are printed.
    """
    for (name, trace), colour, dash in zip(traces.items(), COLOURS, DASHES, strict=False):
        ax.step(trace["moves"], trace["hits"], where="post", color=colour, linestyle=dash, label=name)
    ax.axhline(of, color="0.6", linestyle=":")
    ax.text(0, of, f" all {of} printed", va="bottom", fontsize=7, color="0.4")
    ax.set(xlabel="moves tried", ylabel="printed numbers hit", ylim=(0, 1.12 * of))
    ax.legend(loc="lower right", fontsize=7)
    return ax


def plot_loss(ax: Axes, traces: dict[str, pd.DataFrame]) -> Axes:
    """Draw the loss of each stage against moves tried: columns moves, loss, stage."""
    for (name, trace), colour, dash in zip(traces.items(), COLOURS, DASHES, strict=False):
        for k, (_, part) in enumerate(trace.dropna(subset="loss").groupby("stage", sort=False)):
            label = name if k == 0 else None
            ax.plot(part["moves"], part["loss"], color=colour, linestyle=dash, marker=".", label=label)
    ax.set(xlabel="moves tried", ylabel="loss of the stage", ylim=(0, None))
    ax.legend(fontsize=7)
    return ax


def plot_orders(ax: Axes, events: pd.DataFrame) -> Axes:
    """Draw who fails when: one row per cohort, one dot per PFS event, its colour the GC group.

    Parameters
    ----------
    ax : Axes
    events : DataFrame
        cohort (text, in the order to draw), day, group.
    """
    names = list(dict.fromkeys(events["cohort"]))
    palette = label_colours(sorted(events["group"].unique(), key=("none", "low", "high").index))
    for group, colour in palette.items():
        part = events[events["group"] == group]
        marker = {"none": "o", "low": "^", "high": "s"}[group]
        ax.scatter(
            part["day"],
            [names.index(n) for n in part["cohort"]],
            s=12,
            color=colour,
            marker=marker,
            label=dose_words(group),
        )
    ax.set(xlabel="day of progression or death", yticks=range(len(names)), yticklabels=names)
    ax.invert_yaxis()
    ax.legend(title="GC", fontsize=7, title_fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def plot_quantities(
    ax: Axes, values: pd.DataFrame, default: pd.Series, labels: dict[str, str], measure: str, mark: float
) -> Axes:
    """Draw the values of one measure over an ensemble: a dot per cohort, a bar for the default, a dotted line at *mark*.

    Parameters
    ----------
    ax : Axes
    values : DataFrame
        cohort, id, value.
    default : Series
        Value of the default cohort by id.
    labels : mapping of id to text
        Which to draw, from above; all of one measure.
    measure : str
        Name of the axis: p-values and hazard ratios do not share one.
    mark : float
        0.05 of a p-value, 1 of a hazard ratio.
    """
    for row, id in enumerate(labels):
        found = np.sort(values.loc[values["id"] == id, "value"].to_numpy(float))
        spread = np.linspace(-0.25, 0.25, found.size) if found.size > 1 else np.zeros(found.size)
        ax.scatter(found, row + spread[np.argsort(np.argsort(found * 7919 % 1))], s=8, color=BLUE, alpha=0.6)
        ax.plot([default[id]] * 2, [row - 0.35, row + 0.35], color=VERMILION)
    ax.axvline(mark, color=BLACK, linewidth=0.8, linestyle=":")
    ax.set(yticks=range(len(labels)), yticklabels=list(labels.values()), xscale="log", xlabel=measure)
    marks = ratio_marks(*ax.get_xlim(), (0.001, 0.01, 0.05, *np.arange(0.1, 2, 0.1).round(1), 2, 5))
    mark_axis(ax.xaxis, marks)
    ax.invert_yaxis()
    return ax


def plot_frontier(ax: Axes, found: pd.DataFrame, default: tuple[float, int], of: int) -> Axes:
    """Draw printed numbers hit against the difference of the dose groups in loss within a year, and the most at each difference or less.

    Parameters
    ----------
    ax : Axes
    found : DataFrame
        difference (percentage points), hits, untreated_lost, low_lost: the best cohort that was found at each difference.
    default : (difference, hits)
        Of the default cohort.
    of : int
        How many numbers are printed.
    """
    upwards = found.sort_values("difference")
    best = upwards[upwards["hits"] > upwards["hits"].cummax().shift(fill_value=0)]
    x, y = [*best["difference"], default[0]], [*best["hits"], default[1]]
    ax.step(x, y, where="post", color=BLUE, linewidth=0.8, label="the most at that difference or less")
    ax.plot(
        found["difference"],
        found["hits"],
        color=BLUE,
        marker="o",
        markersize=4,
        linestyle="none",
        label="found by search",
    )
    for row in best.itertuples():
        ax.annotate(
            f"{row.untreated_lost} v {row.low_lost}", (row.difference, row.hits), (0, 5), textcoords="offset points",
            ha="center", fontsize=7, color="0.3",
        )  # fmt: skip
    ax.plot(*default, color=VERMILION, marker="D", linestyle="none", label="the default cohort")
    ax.axhline(of, color="0.6", linestyle=":")
    ax.text(default[0], of, f"all {of} printed ", va="bottom", ha="right", fontsize=7, color="0.4")
    ax.axvline(0, color=BLACK, linewidth=0.8, linestyle=":")
    ax.set(
        xlabel="lost within a year, free of progression: untreated minus low dose, percentage points",
        ylabel="printed numbers hit", ylim=(min(found["hits"].min(), default[1]) - 8, of + 5),
    )  # fmt: skip
    ax.legend(fontsize=7, loc="lower right")
    return ax
