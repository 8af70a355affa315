"""Plots of confounding, losses and choices: each draws given numbers into given axes and returns the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import norm

from helpers.display.figures import (
    BLACK,
    BLUE,
    COLOURS,
    ORANGE,
    RATIOS,
    SKY,
    VERMILION,
    all_as_typed,
    mark_axis,
    ratio_marks,
)

MARKS = ("o", "s", "^", "D", "v")


def ratio_axis(axis: object, low: float, high: float) -> None:
    """Mark a logarithmic axis at ratios that people read."""
    mark_axis(axis, ratio_marks(low, high, (*RATIOS, 0.7, 1.5, 3)))


def plot_love(ax: Axes, table: pd.DataFrame, *, title: str = "") -> Axes:
    """Draw standardised differences, one row per covariate (index), one mark per column; a dotted line at 0.1.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Absolute standardised differences; the first column is before weighting.
    """
    y = np.arange(len(table))
    for place, name in enumerate(table):
        ax.plot(
            table[name].abs(),
            y,
            MARKS[place % len(MARKS)],
            color=COLOURS[place % len(COLOURS)],
            label=str(name),
            markersize=5,
        )
    ax.axvline(0.1, color="0.4", linestyle=":", linewidth=0.9, label="0.1, a common limit")
    ax.axvline(0, color="0.4", linewidth=0.7, zorder=0)
    ax.set_yticks(y, [str(name).replace("_", " ") for name in table.index], parse_math=False)
    ax.invert_yaxis()
    ax.set(xlabel="Absolute standardised difference", title=title)
    all_as_typed(ax)
    ax.legend(fontsize=7, frameon=False)
    return ax


def plot_deltas(ax: Axes, curves: dict[str, pd.DataFrame], *, title: str = "") -> Axes:
    """Draw hazard ratios with limits along delta, the grid evenly spaced, a colour for each curve.

    Parameters
    ----------
    ax : Axes
    curves : mapping of str to DataFrame
        Columns delta, hr, ci_low, ci_high.
    """
    shift = 0.0
    for place, (name, curve) in enumerate(curves.items()):
        x, colour = np.arange(len(curve)) + shift, COLOURS[place % len(COLOURS)]
        ax.vlines(x, curve["ci_low"], curve["ci_high"], color=colour, linewidth=1)
        ax.plot(x, curve["hr"], MARKS[place % len(MARKS)], color=colour, label=name, markersize=5)
        ax.set_xticks(range(len(curve)), [{np.inf: "∞"}.get(delta, f"{delta:g}") for delta in curve["delta"]])
        shift += 0.18
    ax.axhline(1, color="0.4", linewidth=0.7, zorder=0)
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(low * (low / high) ** 0.25, high)  # room for the legend
    ratio_axis(ax.yaxis, *ax.get_ylim())
    ax.set(
        xlabel="Hazard of the lost, times that of those who stayed (delta)",
        ylabel="Hazard ratio (log scale)",
        title=title,
    )
    all_as_typed(ax)
    ax.legend(fontsize=7, frameon=False, loc="lower left")
    return ax


def plot_cuts(ax: Axes, table: pd.DataFrame, largest: np.ndarray, *, cut: float | None = None, alpha: float = 0.05,
              label: str = "", title: str = "") -> Axes:  # fmt: skip
    """Draw the statistic of every cut, and the one that the largest by chance exceeds in the share alpha of deals.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        Columns cut and z.
    largest : ndarray
        Largest absolute z of each deal.
    cut : float, optional
        The cut in use, marked.
    """
    ax.step(table["cut"], table["z"].abs(), where="post", color=BLUE)
    ax.plot(table["cut"], table["z"].abs(), ".", color=BLUE, markersize=4)
    alone = norm.ppf(1 - alpha / 2)
    ax.axhline(alone, color=BLACK, linestyle=":", linewidth=0.9, label=f"one cut alone: {alone:.2f}")
    limit = np.quantile(largest, 1 - alpha)
    ax.axhline(limit, color=VERMILION, linestyle="--", linewidth=0.9, label=f"all cuts searched: {limit:.2f}")
    if cut is not None:
        ax.axvline(cut, color=ORANGE, linewidth=1.2, zorder=0, label=f"in use: {cut:g}")
    ax.set_xscale("log")
    low, high = table["cut"].min(), table["cut"].max()
    marks = [mark * 10.0**power for power in range(-3, 5) for mark in (1, 2, 5)]
    mark_axis(ax.xaxis, ratio_marks(low / 1.1, high * 1.1, marks))
    ax.set(xlabel=label, ylabel="Absolute log-rank statistic", title=title, ylim=(0, None))
    all_as_typed(ax)
    ax.legend(fontsize=7, frameon=False)
    return ax


def plot_specifications(
    ax: Axes, models: pd.DataFrame, null: pd.DataFrame, *, alpha: float = 0.05, title: str = ""
) -> Axes:
    """Draw the hazard ratio of every model, sorted; behind, where the median model lies in most deals of the null.

    Parameters
    ----------
    ax : Axes
    models : DataFrame
        Columns log_hr and p.
    null : DataFrame
        Column median_log_hr.
    """
    rows = models.sort_values("log_hr").reset_index(drop=True)
    low, high = np.exp(null["median_log_hr"].quantile([0.025, 0.975]))
    ax.axhspan(low, high, color="0.9", zorder=0, label="median model, 95% of deals of the null")
    hit = rows["p"] < alpha
    ax.plot(rows.index[~hit], np.exp(rows.loc[~hit, "log_hr"]), ".", color=SKY, markersize=2, label=f"p ≥ {alpha:g}")
    ax.plot(rows.index[hit], np.exp(rows.loc[hit, "log_hr"]), ".", color=BLUE, markersize=2, label=f"p < {alpha:g}")
    ax.axhline(1, color="0.4", linewidth=0.7)
    ax.set_yscale("log")
    ratio_axis(ax.yaxis, *ax.get_ylim())
    ax.set(xlabel="Models, by hazard ratio", ylabel="Hazard ratio (log scale)", title=title)
    all_as_typed(ax)
    ax.legend(fontsize=7, frameon=False, markerscale=4)
    return ax


def plot_bias(
    ax: Axes, exposed: np.ndarray, unexposed: np.ndarray, factor: np.ndarray, *, observed: float, title: str = ""
) -> Axes:
    """Draw by how much a confounder multiplies a ratio, over its prevalence in both groups; the line explains *observed* away.

    Parameters
    ----------
    ax : Axes
    exposed, unexposed : ndarray
        Prevalences, 0 to 1.
    factor : ndarray of shape (unexposed, exposed)
    observed : float
        Ratio whose whole distance from 1 the line marks.
    """
    lines = ax.contour(
        100 * exposed, 100 * unexposed, factor, levels=[0.5, 0.7, 0.85, 1, 1.2, 1.5, 2], colors=SKY, linewidths=0.8
    )
    ax.clabel(lines, fmt=lambda value: f"{value:g}", fontsize=7)
    if factor.min() < observed < factor.max():
        ax.contour(100 * exposed, 100 * unexposed, factor, levels=[observed], colors=VERMILION, linewidths=1.6)
        ax.plot([], [], color=VERMILION, linewidth=1.6, label=f"makes 1 look like {observed:g}")
        ax.legend(fontsize=7, loc="lower right")
    ax.set(
        xlabel="Confounder present in the treated (%)",
        ylabel="Confounder present in the untreated (%)",
        title=title,
    )
    all_as_typed(ax)
    return ax
