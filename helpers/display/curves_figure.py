"""Survival curves with numbers at risk, alone or in a grid of endpoints and groupings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator
from matplotlib.transforms import ScaledTranslation, Transform

from helpers.cohort.days import DAYS_PER_YEAR
from helpers.cohort.derive import Analysis
from helpers.display.figures import dash_style, equal_panels, label_colours, time_label
from helpers.display.tables import p_equals
from helpers.results.curves import endpoint_columns as columns_of
from helpers.results.curves import logrank_of, numbers_at_risk, numbers_censored
from helpers.results.curves import survival_curves as curves_of

AT_RISK, LINE = 35, 9.5  # points: from the time axis down to the words "At risk", and from line to line
LETTER = 5.0  # points that a letter of a title needs
ROOM = 30  # points that "49 (12)" needs
FEW = 5  # at risk; a curve that rests on fewer fades
TOP = 103.0  # percent, of the axis of survival
PLAIN = {"parse_math": False}  # a level is drawn as typed: $ opens no mathematics


def plot_km(
    ax: Axes,
    curves: Mapping[str, pd.DataFrame],
    *,
    endpoint: str = "Survival",
    origin: str = "day 0",
    p: float | None = None,
    title: str = "",
) -> Axes:
    """Draw Kaplan–Meier curves with pointwise confidence bands, censoring ticks, and n and events in the legend.

    Where fewer than five are at risk a curve and its band fade.

    Parameters
    ----------
    ax : Axes
    curves : mapping of label to DataFrame
        One row per distinct time with columns time (days), survival, lower, upper (0 to 1), at_risk, events,
        censored, as :func:`helpers.results.curves.survival_curves` returns them.
    endpoint, origin : str
        Words of the two axis labels.
    p : float, optional
        Log-rank p-value over all curves, written into the panel if given.
    """
    paint, handles, names = label_colours(list(curves)), [], []
    for i, (label, curve) in enumerate(curves.items()):
        n, events = int(curve["at_risk"].iloc[0]), int(curve["events"].sum())
        handles.append(_draw_curve(ax, curve, paint[label], dash_style(i)))
        names.append(f"{label}: n = {n}, {_events(events)}")
    end = max(curve["time"].max() for curve in curves.values()) / DAYS_PER_YEAR or 1 / 12
    place, top = _legend_place(curves, end, ax.get_position().height * ax.figure.get_size_inches()[1])
    ax.set(xlim=(0, end), ylim=(0, top), xlabel=time_label("Years", origin), ylabel=f"{endpoint} (%)")
    ax.set_title(title, **PLAIN)
    ax.xaxis.set_major_locator(FixedLocator(_years(end)))
    ax.set_yticks(range(0, 101, 25))
    legend = ax.legend(
        handles,
        [f"curve {i}" for i in range(len(names))],  # a label that opens with _ would have no entry
        **place,
        handlelength=1.3,
        handletextpad=0.4,
        borderaxespad=0.1,
        borderpad=0.2,
        frameon=True,
        framealpha=0.75,
        edgecolor="none",
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set(text=name, **PLAIN)
    legend.set_in_layout(False)
    if p is not None:
        text = f"{f'{len(curves)}-group ' * (len(curves) > 2)}log-rank {p_equals(p)}"
        ax.text(0.98, 0.98, text, transform=ax.transAxes, ha="right", va="top", fontsize=7, in_layout=False)
    return ax


def _draw_curve(ax: Axes, curve: pd.DataFrame, colour: str, dashes: object) -> Line2D:
    """Draw one curve, the part that rests on fewer than FEW at risk faintly; return the line that stands for it."""
    years, survival = years_of(curve).to_numpy(), 100 * curve["survival"].to_numpy()
    thin = np.flatnonzero(curve["at_risk"].to_numpy() < FEW)
    turn = max(int(thin[0]) - 1, 0) if len(thin) else len(curve) - 1
    style = {"color": colour, "linestyle": dashes, "where": "post"}
    for part, strength in ((slice(0, turn + 1), 1.0), (slice(turn, None), 0.35)):
        ax.step(years[part], survival[part], alpha=strength, label="_", **style)
        ends = (100 * curve[name].to_numpy()[part] for name in ("lower", "upper"))
        ax.fill_between(years[part], *ends, step="post", color=colour, alpha=0.13 * strength, linewidth=0)
    ticks = curve["censored"].to_numpy() > 0
    ax.plot(years[ticks], survival[ticks], "|", color=colour, markersize=4, markeredgewidth=0.7)
    return Line2D([], [], color=colour, linestyle=dashes)


def plot_at_risk(ax: Axes, table: pd.DataFrame, censored: pd.DataFrame | None = None, *, labels: bool = True) -> Axes:
    """Write the numbers at risk below the labels of a Kaplan–Meier panel, in its colours and on its time axis.

    Parameters
    ----------
    ax : Axes
        That of the curves, with room below (:func:`km_panels`).
    table : DataFrame
        One row per group (index), one column per time in years, entries the numbers at risk just before it.
    censored : DataFrame, optional
        The same of those censored so far; they follow in brackets.
    labels : bool
        Name the groups to the left of the rows.
    """
    names = [str(label) for label in table.index]
    paint, style = label_colours(names), {"fontsize": 7, "va": "center", "in_layout": False, **PLAIN}
    heading = "At risk" if censored is None else "At risk (censored so far)"
    ax.text(0, 0, heading, transform=below_axis(ax, AT_RISK), ha="left", **style)
    behind = [[""] * table.shape[1]] * len(names)
    if censored is not None:
        behind = [
            [f" ({count:.0f})" for count in counts] for counts in censored.loc[table.index, table.columns].to_numpy()
        ]
    for row, (name, counts) in enumerate(zip(names, table.to_numpy(), strict=True)):
        line = below_axis(ax, AT_RISK + LINE * (row + 1))
        if labels:
            ax.text(0, 0, name, transform=line + ScaledTranslation(-17 / 72, 0, ax.figure.dpi_scale_trans), ha="right",
                    color=paint[name], **style)  # fmt: skip
        for year, count, gone in zip(table.columns, counts, behind[row], strict=True):
            ax.text(year, 0, f"{count:.0f}{gone}", transform=line, ha="center", color=paint[name], **style)
    return ax


def below_axis(ax: Axes, points: float) -> Transform:
    """Place text at a value of the horizontal axis, some points below it."""
    return ax.get_xaxis_transform() + ScaledTranslation(0, -points / 72, ax.figure.dpi_scale_trans)


def plot_km_grid(
    analysis: Analysis,
    rows: Mapping[str, pd.Series | None],
    *,
    origin: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw one Kaplan–Meier panel per row and endpoint, with numbers at risk and the log-rank p over all its groups.

    Parameters
    ----------
    analysis : Analysis
    rows : mapping of str to Series or None
        Title and groups (labels by patient, missing ones left out) of each row; None: everyone together.
    origin : str
        What the years count from; empty: what the cohort calls its day 0.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        What was drawn, one row per panel and group: row, endpoint, group, n, events, p (of the panel).
    """
    endpoints = [name for name in ("OS", "PFS", "EFS") if columns_of(name)[0] in analysis.frame]
    origin = origin or analysis.cohort.origin
    most = max(1 if groups is None else max(1, groups.nunique()) for groups in rows.values())
    width = 7 if len(endpoints) > 1 else 4
    figure = plt.figure(figsize=(width, (2.1 + 0.22 * most) * len(rows) + 0.3), layout="none")
    found = {(row, endpoint): curves_of(analysis, endpoint, rows[row]) for row, endpoint in product(rows, endpoints)}
    first = {row: list(found[row, endpoints[0]]) for row in rows} if endpoints else {}
    bare = all(list(curves) in ([], first[row]) for (row, _), curves in found.items())  # named on the left only
    widest = max((len(label) for curves in found.values() for label in curves), default=0)
    panels = km_panels(figure, len(endpoints), most, rows=len(rows), letters=widest, everywhere=not bare)
    drawn = []
    for ax, ((row, endpoint), curves) in zip(panels, found.items(), strict=True):
        if not curves:
            ax.text(0.5, 0.5, "Nobody is in these groups.", transform=ax.transAxes, ha="center", va="center")
            ax.axis("off")
            continue
        p = None if rows[row] is None else logrank_of(analysis, endpoint, rows[row]).value
        plot_km(
            ax,
            curves,
            endpoint=endpoint,
            origin=origin,
            p=p,
            title=_title(row, endpoint, ax, first=endpoint == endpoints[0]),
        )
        years = _apart(_years(ax.get_xlim()[1]), ax)
        counts, gone = (f(analysis, endpoint, rows[row], years) for f in (numbers_at_risk, numbers_censored))
        plot_at_risk(ax, counts.loc[list(curves)], gone, labels=not bare or endpoint == endpoints[0])
        drawn += [
            (row, endpoint, label, int(c["at_risk"].iloc[0]), int(c["events"].sum()), p) for label, c in curves.items()
        ]
    for ax in panels[: len(found)]:  # one scale for all, wherever their legends are
        ax.set_ylim(0, max(one.get_ylim()[1] for one in panels[: len(found)]))
    return figure, pd.DataFrame(drawn, columns=["row", "endpoint", "group", "n", "events", "p"])


def _title(row: str, endpoint: str, ax: Axes, *, first: bool) -> str:
    """Name a panel by its endpoint, the first of a row by the row, too; a row too long for the panel is cut, its endpoint never."""
    if not row or not first:
        return endpoint
    letters = int(ax.get_position().width * ax.figure.get_figwidth() * 72 / LETTER) + 4
    return f"{row if len(row) <= letters else row[: letters - 1] + '…'}: {endpoint}"


def _apart(years: list[float], ax: Axes) -> list[float]:
    """Keep as many of the years as have room beside each other."""
    wide = ax.get_position().width * ax.figure.get_figwidth() * 72
    for step in range(1, len(years)):
        kept = years[::step]
        if len(kept) < 2 or (kept[1] - kept[0]) / ax.get_xlim()[1] * wide >= ROOM:
            return kept
    return years[:1]


def km_panels(
    figure: Figure, columns: int, groups: int, *, rows: int = 1, letters: int = 0, everywhere: bool = False
) -> list[Axes]:
    """Make panels for curves, with room below for numbers at risk and to the left for the names of their groups.

    Parameters
    ----------
    figure : Figure
        Empty, without a layout engine: the places are given in inches, which costs nothing.
    columns, rows : int
        Panels.
    groups : int
        Rows of the numbers at risk.
    letters : int
        Length of the longest name, which stands left of the first column, or *everywhere*.

    Returns
    -------
    list of Axes
        Row by row.
    """
    name = max(0.52, 0.28 + 0.062 * letters)
    left, right, between = name, 0.09, name if everywhere else 0.56
    below = (AT_RISK + LINE * (groups + 0.5)) / 72
    return equal_panels(figure, columns, rows, left=left, right=right, between=between, above=0.21, below=below)


def _legend_place(curves: Mapping[str, pd.DataFrame], end: float, height: float) -> tuple[dict[str, object], float]:
    """Put the legend where the curves are not (below them, else to their upper right, else above 100%); return where, and the top of the axis."""
    low = any((curve["survival"][years_of(curve) < 0.7 * end] < 0.35).any() for curve in curves.values())
    high = any((curve["survival"][years_of(curve) > 0.35 * end] > 0.6).any() for curve in curves.values())
    if not low:
        return {"loc": "lower left"}, TOP
    share = (
        min((LINE * 1.15 * (len(curves) + 1.5)) / 72 / height, 0.6) if high else 0.0
    )  # of the panel, for legend and p
    below_p = (1, 1 - LINE * 1.15 / 72 / height) if high else (1, 0.9)
    return {"loc": "upper right", "bbox_to_anchor": below_p}, TOP / (1 - share)


def years_of(curve: pd.DataFrame) -> pd.Series:
    """Return the times of a survival curve in years."""
    return curve["time"] / DAYS_PER_YEAR


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def _years(end: float) -> list[float]:
    step = next((a * 10**k for k in range(9) for a in (1, 2, 5) if end <= 8 * a * 10**k), end)  # nine marks at most
    return (
        [0.5 * step * i for i in range(int(end / (0.5 * step)) + 1)]
        if end <= 2
        else list(np.arange(0, end + 1e-9, step))
    )
