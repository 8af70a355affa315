"""Laboratory trajectories by day and group."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers.display.curves_figure import below_axis
from helpers.display.figures import FIXED, all_as_typed, dash_style, equal_panels, full_legend, label_colours, mark_axis


def plot_trajectory(
    ax: Axes,
    summary: pd.DataFrame,
    *,
    unit: str = "",
    title: str = "",
    x: str = "Day",
    groups: Sequence[str] | None = None,
) -> Axes:
    """Draw medians with interquartile ranges by day, for each group, with n per day below the axis.

    *groups* are all groups of the figure, so that each has its colour in every panel; by default those of *summary*.

    Parameters
    ----------
    ax : Axes
    summary : DataFrame
        One analyte: columns group, day, n, median, q1, q3, below (share below detection), limit (of detection), and
        after_tcz (share of samples after tocilizumab); median_least and median_most (between what the median must lie), without
        which a share below of more than half stands for a median below detection. Where the median may be lower than drawn a
        triangle points down, where it may only be higher, up; hollow markers are days on which more than half of the samples follow tocilizumab.
    """
    groups = list(dict.fromkeys(summary["group"])) if groups is None else list(groups)
    paint, span = label_colours(groups), summary["day"].max() - summary["day"].min() or 1
    for i, group in enumerate(groups):
        part = summary[summary["group"] == group].sort_values("day")
        day = part["day"] + (i - (len(groups) - 1) / 2) * 0.012 * span
        below, above = _bounds(part)
        hollow = (
            (part["after_tcz"].astype(float) > 0.5).to_numpy() if "after_tcz" in part else np.zeros(len(part), bool)
        )
        ax.plot(day, part["median"], color=paint[group], linestyle=dash_style(i), linewidth=1, label=f"group {i}")
        ax.vlines(day, part["q1"], part["q3"], color=paint[group], linewidth=0.8, alpha=0.7)
        for (shape, chosen), (fill, kind) in product(
            (("o", ~below & ~above), ("v", below), ("^", above)), ((paint[group], ~hollow), ("white", hollow))
        ):
            if (which := chosen & kind).any():
                style = {"color": paint[group], "markerfacecolor": fill, "markersize": 3.4}
                ax.plot(day[which], part["median"][which], shape, **style)
    for limit in sorted(summary["limit"].dropna().unique()):
        ax.axhline(limit, color="0.45", linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    if (summary[["q1", "median"]] > 0).all(axis=None):  # a value of zero has no place on it
        _log_axis(ax)
    ax.set(title=title, ylabel=unit)
    all_as_typed(ax)
    _n_per_day(ax, summary, groups, paint, x)
    return ax


def _bounds(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Tell on which days the median may be lower than drawn, and on which it may only be higher."""
    if "median_least" not in part:
        return (part["below"] > 0.5).to_numpy(), np.zeros(len(part), bool)
    least, middle, most = part[["median_least", "median", "median_most"]].to_numpy(float).T
    bound, lower = least < most, ~np.isclose(least, middle, rtol=1e-9, atol=0)
    return bound & lower, bound & ~lower


def _log_axis(ax: Axes) -> None:
    """Make the value axis logarithmic, with at most six round marks, and more than two unless its range is narrow."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        marks = [step * 10.0**power for power in range(-6, 7) for step in steps if low <= step * 10.0**power <= high]
        if len(marks) <= 6:
            break
    if len(marks) < 3:
        steps = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
        marks = [step * 10.0**power for power in range(-6, 7) for step in steps if low <= step * 10.0**power <= high]
    mark_axis(ax.yaxis, marks)


def _n_per_day(ax: Axes, summary: pd.DataFrame, groups: list[str], paint: dict[str, str], x: str) -> None:
    days = sorted(summary["day"].unique())
    margin = 0.07 * ((days[-1] - days[0]) or 1)
    ax.set_xlim(days[0] - margin, days[-1] + margin)
    ax.set_xticks(days, [f"{day:g}" for day in days])
    for i, group in enumerate(groups):
        part, line = summary[summary["group"] == group], below_axis(ax, 15 + 8 * i)
        style = {"va": "top", "fontsize": 7, "color": paint[group], "in_layout": False}
        ax.text(days[0] - margin, 0, "n ", transform=line, ha="right", **style)
        for day, n in zip(part["day"], part["n"], strict=True):
            ax.text(day, 0, f"{n:.0f}", transform=line, ha="center", **style)
    ax.set_xlabel(x, labelpad=2 + 8 * len(groups))


def plot_trajectories(table: pd.DataFrame, *, x: str = "Day", columns: int = 3) -> Figure:
    """Draw one panel per analyte with :func:`plot_trajectory`, groups in the legend of the figure.

    Parameters
    ----------
    table : DataFrame
        As :func:`plot_trajectory` takes it, with columns analyte and unit.
    x : str
        Label of the time axis.
    columns : int
        Panels in a row.
    """
    table = table.sort_values("group", key=lambda groups: groups.map(_place), kind="stable")
    if table.empty:
        figure, ax = plt.subplots(figsize=(7, 1))
        ax.text(0.5, 0.5, "No day has enough samples to draw.", ha="center", va="center")
        ax.axis("off")
        return figure
    analytes = list(dict.fromkeys(table["analyte"]))
    groups, down = list(dict.fromkeys(table["group"])), -(-len(analytes) // columns)
    figure = plt.figure(figsize=(7, (1.9 + 0.13 * len(groups)) * down + 0.4), layout="none")
    below = 0.38 + 0.115 * len(groups)
    axes = equal_panels(
        figure, columns, down, left=0.52, right=0.06, between=0.62, above=0.24, below=below, top=0.22, bottom=0.17
    )
    for ax, analyte in zip(axes, analytes, strict=False):
        part = table[table["analyte"] == analyte]
        plot_trajectory(ax, part, unit=part["unit"].iloc[0], title=analyte, x=x, groups=groups)
    for ax in axes[len(analytes) :]:
        ax.remove()
    paint = label_colours(groups)
    lines = [Line2D([], [], color=paint[group], linestyle=dash_style(i), linewidth=1) for i, group in enumerate(groups)]
    key = _key(table)
    labels = [*groups, *(handle.get_label() for handle in key)]
    full_legend(figure, [*lines, *key], labels, loc="upper right", ncols=len(labels), columnspacing=1, handlelength=1.6)
    return figure


def _key(table: pd.DataFrame) -> list[Line2D]:
    """Explain the symbols of :func:`plot_trajectory` that occur in *table*."""
    grey = {"color": "0.3", "linestyle": "none", "markersize": 4}
    shown = {
        "quartiles": (Line2D([], [], **grey | {"marker": "|", "markersize": 7}), True),
        "mostly after TCZ": (Line2D([], [], **grey, marker="o", markerfacecolor="white"), table.get("after_tcz", pd.Series(0)).astype(float).gt(0.5).any()),
        "median at most here": (Line2D([], [], **grey, marker="v"), _bounds(table)[0].any()),
        "median at least here": (Line2D([], [], **grey, marker="^"), _bounds(table)[1].any()),
        "limit": (Line2D([], [], color="0.45", linewidth=0.7, linestyle=(0, (2, 2))), table["limit"].notna().any()),
    }  # fmt: skip
    for label, (handle, _) in shown.items():
        handle.set_label(label)
    return [handle for handle, occurs in shown.values() if occurs]


def _place(group: str) -> int:
    return list(FIXED).index(group) if group in FIXED else len(FIXED)
