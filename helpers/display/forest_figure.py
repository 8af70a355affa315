"""Forest plots, and the curves that a Cox model is read from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from helpers.display.figures import BLUE, VERMILION, mark_axis, ratio_marks
from helpers.display.tables import format_interval, format_p


def plot_forest(axes: Sequence[Axes], table: pd.DataFrame, *, level: float = 95, title: str = "") -> Axes:
    """Draw a forest plot beside the table that it draws.

    Parameters
    ----------
    axes : three Axes
        Text to the left, intervals, estimates and p to the right; see :func:`forest_axes`.
    table : DataFrame
        Columns variable, level, n, events, hr, ci_low, ci_high, p; a reference level has hr 1 and no interval; a level
        that cannot be estimated has none of them. An arrow head stands where a limit lies beyond the axis, or is infinite.
    level : float
        Coverage of the intervals, percent, as the heading says it.
    """
    words, ax, numbers = axes
    rows = _forest_rows(table)
    for y, (kind, row) in enumerate(rows):
        if kind == "head":
            words.text(
                0, y, row["variable"].replace("_", " "), fontsize=7, weight="bold", va="center", parse_math=False
            )
            continue
        words.text(0.05, y, row["level"] or "per unit", fontsize=7, va="center", parse_math=False)
        words.text(1, y, f"{row['n']:.0f} / {row['events']:.0f}", fontsize=7, va="center", ha="right")
        _forest_row(ax, numbers, y, row)
    words.text(1, -1, "n / events", fontsize=7, va="center", ha="right")
    numbers.text(0, -1, f"Hazard ratio ({level:g}% CI)", fontsize=7, va="center")
    numbers.text(1, -1, "p", fontsize=7, va="center", ha="right", style="italic")
    for side in (words, numbers):
        side.set_label("text")
        side.set(xlim=(0, 1))
        side.axis("off")
    ax.axvline(1, color="0.4", linewidth=0.7, zorder=0)
    _hazard_axis(ax, table)
    for y, (kind, row) in enumerate(rows):
        if kind == "row" and not pd.isna(row["ci_low"]):
            _interval(ax, y, row)
    for each in axes:
        each.set_ylim(len(rows) - 0.4, -1.6)
    words.set_title(title)
    return ax


def _forest_row(ax: Axes, numbers: Axes, y: int, row: pd.Series) -> None:
    reference = row["hr"] == 1 and pd.isna(row["ci_low"])
    if reference:
        ax.plot(1, y, "D", color="0.5", markersize=3, markerfacecolor="white")
        numbers.text(0, y, "1.00 (reference)", fontsize=7, va="center", color="0.35")
        return
    if pd.isna(row["hr"]):
        why = "no finite estimate" if row["n"] else "not in this model"
        numbers.text(0, y, why, fontsize=7, va="center", color="0.35")
        return
    numbers.text(0, y, format_interval(row["hr"], row["ci_low"], row["ci_high"]), fontsize=7, va="center")
    numbers.text(1, y, format_p(row["p"]), fontsize=7, va="center", ha="right")


def _interval(ax: Axes, y: int, row: pd.Series) -> None:
    """Draw an interval as far as the axis goes, with an arrow head at each end that lies beyond it."""
    low, high = ax.get_xlim()
    ends = np.clip([row["ci_low"], row["ci_high"]], low, high)
    if ends[0] == ends[1]:  # all of it beyond: a stretch at the edge, with the arrow to where it lies
        stretch = (high / low) ** 0.08
        ends = [low, low * stretch] if row["ci_high"] <= low else [high / stretch, high]
    ax.plot(ends, [y, y], color=BLUE, linewidth=1.1)
    if low <= row["hr"] <= high:
        ax.plot(row["hr"], y, "s", color=BLUE, markersize=4)
    for end, mark, beyond in ((low, "<", row["ci_low"] < low), (high, ">", row["ci_high"] > high)):
        if beyond:
            ax.plot(end, y, mark, color=BLUE, markersize=4, clip_on=False)


def _forest_rows(table: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    rows, before = [], None
    for _, row in table.iterrows():
        if row["variable"] != before:
            rows.append(("head", row))
        rows.append(("row", row))
        before = row["variable"]
    return rows


def _hazard_axis(ax: Axes, table: pd.DataFrame) -> None:
    limits = table[["ci_low", "ci_high"]].astype(float).replace([np.inf, 0.0], np.nan)
    low, high = limits["ci_low"].min(), limits["ci_high"].max()
    low, high = (0.5 if pd.isna(low) else min(low, 0.8)), (2 if pd.isna(high) else max(high, 1.25))
    ax.set_xlim(max(low / 1.2, 0.02), min(high * 1.2, 50))
    _ratio_ticks(ax)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Hazard ratio (log scale)")


def forest_axes(plt_figure: object) -> list[Axes]:
    """Make the three axes of :func:`plot_forest`: words, intervals, numbers."""
    return list(plt_figure.subplots(1, 3, width_ratios=(1.25, 1.2, 0.9)))


def plot_profile(ax: Axes, ratios: ArrayLike, heights: ArrayLike, *, drop: float, title: str = "") -> Axes:
    """Draw a log partial likelihood against the hazard ratio, and the line *drop* below its top."""
    ratios, heights = np.asarray(ratios, float), np.asarray(heights, float)
    ax.plot(ratios, heights - heights.max(), color=BLUE)
    ax.axhline(-drop, color="0.35", linestyle=":", linewidth=1)
    ax.axvline(1, color="0.4", linewidth=0.7, zorder=0)
    ax.plot(ratios[heights.argmax()], 0, "o", color=VERMILION)
    _ratio_ticks(ax)
    ax.set(xlabel="Hazard ratio (log scale)", ylabel="Log partial likelihood\nbelow its maximum", title=title)
    return ax


BEYOND = 300.0  # log hazard ratio, either way


def plot_shape(
    ax: Axes,
    values: ArrayLike,
    middle: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    knots: Sequence[float] = (),
    label: str = "Age, years",
    title: str = "",
) -> Axes:
    """Draw a log hazard ratio along a number, with its pointwise band and the knots of its spline."""
    ends = (np.exp(np.clip(line, -BEYOND, BEYOND)) for line in (low, high))  # beyond it no axis shows a difference
    ax.plot(values, np.exp(np.clip(middle, -BEYOND, BEYOND)), color=BLUE)
    ax.fill_between(values, *ends, color=BLUE, alpha=0.15, linewidth=0)
    ax.axhline(1, color="0.4", linewidth=0.7, zorder=0)
    ax.plot(knots, [0.02] * len(knots), "|", color=VERMILION, transform=ax.get_xaxis_transform(), markersize=7)
    ax.set_yscale("log")
    low_end, high_end = ax.get_ylim()
    mark_axis(ax.yaxis, ratio_marks(low_end, high_end))
    ax.set(xlabel=label, ylabel="Hazard ratio against\nthe middle knot (log scale)", title=title)
    return ax


def forest_height(table: pd.DataFrame) -> float:
    """Return the height in inches that a forest plot of *table* needs."""
    return 1.1 + 0.165 * (len(table) + table["variable"].nunique())


def _ratio_ticks(ax: Axes) -> None:
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    mark_axis(ax.xaxis, ratio_marks(low, high))
