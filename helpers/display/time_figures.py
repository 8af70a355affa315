"""Figures of exposures in time: patients as lines along the days, and a bias along a delay."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.display.figures import BLACK, BLUE, SKY, VERMILION, mark_axis


def plot_swimmer(ax: Axes, table: pd.DataFrame, *, until: float, exposure: str, event: str, title: str = "") -> Axes:
    """Draw each patient as a line from day 0: thin before the exposure, thick after it, a mark where the event came.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        One row per patient: patient (label), time (days), event (bool), day (that the exposure began, or missing).
    until : float
        Last day drawn; who is followed longer has an arrow.
    exposure, event : str
        Their names, for the legend.
    """
    handles = {}
    for y, row in enumerate(table.itertuples()):
        end = min(row.time, until)
        begins = row.day if pd.notna(row.day) and row.day < row.time else np.inf
        handles[f"before, or without, {exposure}"] = ax.plot([0, min(end, begins)], [y, y], color=SKY, linewidth=2)[0]
        if begins < end:
            handles[f"after {exposure}"] = ax.plot(
                [begins, end], [y, y], color=BLUE, linewidth=5, solid_capstyle="butt"
            )[0]
        if row.time > until:
            handles["goes on"] = ax.plot(end, y, ">", color=BLACK, markersize=4, clip_on=False, linestyle="none")[0]
        elif row.event:
            handles[f"event ({event})"] = ax.plot(
                end, y, "X", color=VERMILION, markersize=6, clip_on=False, linestyle="none"
            )[0]
        else:
            handles["censored"] = ax.plot(end, y, "|", color=BLACK, markersize=9, clip_on=False, linestyle="none")[0]
    ax.set_yticks(range(len(table)), table["patient"])
    ax.set(xlim=(0, until), ylim=(len(table) - 0.4, -0.6), xlabel="Days from day 0", title=title)
    ax.legend(handles.values(), handles.keys(), fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    return ax


def plot_delays(ax: Axes, table: pd.DataFrame, *, title: str = "") -> Axes:
    """Draw a bias along a delay: closed form as a line, simulated cohorts as points with their 95 % limits.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Columns day, closed_form, naive, naive_se, split, split_se.
    """
    ax.plot(table["day"], table["closed_form"], color=VERMILION, label="naive, closed form")
    for name, colour, mark, label in (
        ("naive", VERMILION, "o", "naive, simulated"),
        ("split", BLUE, "s", "split at its day"),
    ):
        low, high = (
            table[name] * (1 - np.exp(-1.96 * table[f"{name}_se"])),
            table[name] * (np.exp(1.96 * table[f"{name}_se"]) - 1),
        )
        ax.errorbar(
            table["day"], table[name], yerr=[low, high], fmt=mark, color=colour, markersize=4, linewidth=1, label=label
        )
    ax.axhline(1, color="0.4", linewidth=0.7, zorder=0)
    ax.set_xscale("log")
    mark_axis(ax.xaxis, table["day"].to_list())
    ax.set(
        xlabel="Day on which the exposure begins (log scale)",
        ylabel="Rate ratio (truth: 1)",
        ylim=(0, None),
        title=title,
    )
    ax.legend(fontsize=7, frameon=False)
    return ax
