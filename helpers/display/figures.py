"""Plots: each draws given numbers into given axes and returns the axes; nothing is computed here.

Load :data:`STYLE` first: ``plt.style.use(STYLE)``. Colours are those of Okabe and Ito, lines also differ in dash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation, Transform
from numpy.typing import ArrayLike

from helpers.cohort.derive import Analysis
from helpers.display.tables import format_interval, format_p, p_equals
from helpers.results import survival

STYLE = Path(__file__).with_name("style.mplstyle")
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000",
)  # fmt: skip
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
NARROW = 2  # %, a segment too narrow for its count
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
FIXED = {"none": BLACK, "low": BLUE, "high": VERMILION, "no GC": BLACK, "GC": BLUE}
RATIOS = (0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 10, 20, 50)
RESPONSES = {"CR": BLUE, "CRi": SKY, "PR": ORANGE, "NR": VERMILION, "not done": "0.8",
             "same": BLUE, "differs": VERMILION, "not computable": "0.8", "not comparable": "0.6"}  # fmt: skip
DAYS_PER_YEAR = 365.25
AT_RISK, LINE = 35, 9.5  # points: from the time axis down to the words "At risk", and from line to line


def colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each label its colour: the untreated and the steroid groups always theirs, others in turn.

    Examples
    --------
    >>> colours(["none", "low"])
    {'none': '#000000', 'low': '#0072B2'}
    >>> colours(["no TCZ", "TCZ"])
    {'no TCZ': '#000000', 'TCZ': '#0072B2'}
    """
    given = {label: colour for label in labels if (colour := _fixed(label))}
    rest = [colour for colour in COLOURS if colour not in given.values()]
    others = [label for label in labels if label not in given]
    given |= {label: rest[i % len(rest)] for i, label in enumerate(others)}
    return {label: given[label] for label in labels}


def _fixed(label: str) -> str | None:
    if label.startswith("no "):
        return BLACK
    return FIXED.get(label.split(" ≤")[0].split(" >")[0] if label.startswith(("low ", "high ")) else label)


def plot_km(
    ax: Axes,
    curves: Mapping[str, pd.DataFrame],
    *,
    endpoint: str = "Survival",
    origin: str = "the origin",
    p: float | None = None,
    title: str = "",
    last: float | None = None,
) -> Axes:
    """Draw Kaplan-Meier curves with pointwise confidence bands, censoring ticks, and n and events in the legend.

    Parameters
    ----------
    ax : Axes
    curves : mapping of label to DataFrame
        One row per distinct time with columns time (days), survival, lower, upper (0 to 1), at_risk, events,
        censored, as :func:`helpers.results.survival.curves` returns them.
    endpoint, origin : str
        Words of the two axis labels.
    p : float, optional
        Log-rank p-value over all curves, written into the panel if given.
    last : float, optional
        Right end in years; by default the longest follow-up.
    """
    paint = colours(list(curves))
    for i, (label, curve) in enumerate(curves.items()):
        years = years_of(curve)
        n, events = int(curve["at_risk"].iloc[0]), int(curve["events"].sum())
        style = {"color": paint[label], "linestyle": DASHES[i % len(DASHES)]}
        ax.step(years, 100 * curve["survival"], where="post", label=f"{label}: n = {n}, {_events(events)}", **style)
        ax.fill_between(
            years, 100 * curve["lower"], 100 * curve["upper"], step="post", color=paint[label], alpha=0.13, linewidth=0
        )
        ticks = curve["censored"] > 0
        ax.plot(
            years[ticks], 100 * curve["survival"][ticks], "|", color=paint[label], markersize=4, markeredgewidth=0.7
        )
    end = last or max(curve["time"].max() for curve in curves.values()) / DAYS_PER_YEAR
    ax.set(xlim=(0, end), ylim=(0, 103), xlabel=f"Years from {origin}", ylabel=f"{endpoint} (%)", title=title)
    ax.xaxis.set_major_locator(FixedLocator(_years(end)))
    ax.set_yticks(range(0, 101, 25))
    ax.legend(
        **_legend_place(curves, end),
        handlelength=1.3,
        handletextpad=0.4,
        borderaxespad=0.1,
        borderpad=0.2,
        frameon=True,
        framealpha=0.75,
        edgecolor="none",
    ).set_in_layout(False)
    if p is not None:
        text = f"{f'{len(curves)}-group ' * (len(curves) > 2)}log-rank {p_equals(p)}"
        ax.text(0.98, 0.98, text, transform=ax.transAxes, ha="right", va="top", fontsize=7, in_layout=False)
    return ax


def plot_at_risk(ax: Axes, table: pd.DataFrame, *, labels: bool = True) -> Axes:
    """Write the numbers at risk below the labels of a Kaplan-Meier panel, in its colours and on its time axis.

    Parameters
    ----------
    ax : Axes
        That of the curves, with room below (:func:`km_panels`).
    table : DataFrame
        One row per group (index), one column per time in years, entries the numbers at risk just before it.
    labels : bool
        Name the groups to the left of the rows.
    """
    names = [str(label) for label in table.index]
    paint, style = colours(names), {"fontsize": 7, "va": "center", "in_layout": False}
    ax.text(0, 0, "At risk", transform=_below(ax, AT_RISK), ha="left", **style)
    for row, (name, counts) in enumerate(zip(names, table.to_numpy(), strict=True)):
        line = _below(ax, AT_RISK + LINE * (row + 1))
        if labels:
            ax.text(0, 0, name, transform=line + ScaledTranslation(-14 / 72, 0, ax.figure.dpi_scale_trans), ha="right",
                    color=paint[name], **style)  # fmt: skip
        for year, count in zip(table.columns, counts, strict=True):
            ax.text(year, 0, f"{count:.0f}", transform=line, ha="center", color=paint[name], **style)
    return ax


def _below(ax: Axes, points: float) -> Transform:
    """Place text at a value of the horizontal axis, some points below it."""
    return ax.get_xaxis_transform() + ScaledTranslation(0, -points / 72, ax.figure.dpi_scale_trans)


def plot_km_grid(
    analysis: Analysis,
    rows: Mapping[str, pd.Series | None],
    *,
    endpoints: Sequence[str] = ("OS", "PFS", "EFS"),
    origin: str = "infusion",
    height: float | None = None,
) -> tuple[Figure, pd.DataFrame]:
    """Draw one Kaplan-Meier panel per row and endpoint, with numbers at risk and the log-rank p over all its groups.

    Parameters
    ----------
    analysis : Analysis
    rows : mapping of str to Series or None
        Title and groups (labels by patient, missing ones left out) of each row; None: everyone together.
    endpoints : sequence of str
        Those that the cohort does not give are left out.
    height : float, optional
        Of the figure, inches.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        What was drawn, one row per panel and group: row, endpoint, group, n, events, p (of the panel).
    """
    endpoints = [name for name in endpoints if survival.columns(name)[0] in analysis.frame]
    most = max(1 if groups is None else max(1, groups.nunique()) for groups in rows.values())
    width = 7 if len(endpoints) > 1 else 4
    figure = plt.figure(figsize=(width, height or (2.1 + 0.22 * most) * len(rows) + 0.3), layout="none")
    found = {
        (row, endpoint): survival.curves(analysis, endpoint, rows[row]) for row, endpoint in product(rows, endpoints)
    }
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
        p = None if rows[row] is None else survival.logrank_of(analysis, endpoint, rows[row]).value
        plot_km(ax, curves, endpoint=endpoint, origin=origin, p=p, title=f"{row}: {endpoint}" if row else endpoint)
        counts = survival.numbers_at_risk(analysis, endpoint, rows[row], _years(ax.get_xlim()[1]))
        plot_at_risk(ax, counts, labels=not bare or endpoint == endpoints[0])
        drawn += [
            (row, endpoint, label, int(c["at_risk"].iloc[0]), int(c["events"].sum()), p) for label, c in curves.items()
        ]
    return figure, pd.DataFrame(drawn, columns=["row", "endpoint", "group", "n", "events", "p"])


def plot_forest(
    axes: Sequence[Axes], table: pd.DataFrame, *, effect: str = "Hazard ratio", level: float = 95, title: str = ""
) -> Axes:
    """Draw a forest plot beside the table that it draws.

    Parameters
    ----------
    axes : three Axes
        Text to the left, intervals, estimates and p to the right; see :func:`forest_axes`.
    table : DataFrame
        Columns variable, level, n, events, hr, ci_low, ci_high, p; a reference level has hr 1 and no interval; a level
        that cannot be estimated has none of them. An arrow head stands where a limit lies beyond the axis.
    level : float
        Coverage of the intervals, percent, as the heading says it.
    """
    words, ax, numbers = axes
    rows = _forest_rows(table)
    for y, (kind, row) in enumerate(rows):
        if kind == "head":
            words.text(0, y, row["variable"].replace("_", " "), fontsize=7, weight="bold", va="center")
            continue
        words.text(0.05, y, row["level"] or "per unit", fontsize=7, va="center")
        words.text(1, y, f"{row['n']:.0f} / {row['events']:.0f}", fontsize=7, va="center", ha="right")
        _forest_row(ax, numbers, y, row)
    words.text(1, -1, "n / events", fontsize=7, va="center", ha="right")
    numbers.text(0, -1, f"{effect} ({level:g}% CI)", fontsize=7, va="center")
    numbers.text(1, -1, "p", fontsize=7, va="center", ha="right", style="italic")
    for side in (words, numbers):
        side.set_label("text")
        side.set(xlim=(0, 1))
        side.axis("off")
    ax.axvline(1, color="0.4", linewidth=0.7, zorder=0)
    _hazard_axis(ax, table, effect)
    _arrows(ax, rows)
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
    ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=BLUE, linewidth=1.1)
    ax.plot(row["hr"], y, "s", color=BLUE, markersize=4)


def _arrows(ax: Axes, rows: list[tuple[str, pd.Series]]) -> None:
    """Point to the limits of intervals that lie beyond the axis."""
    low, high = ax.get_xlim()
    for y, (kind, row) in enumerate(rows):
        for end, mark, beyond in ((low, "<", row["ci_low"] < low), (high, ">", row["ci_high"] > high)):
            if kind == "row" and beyond:
                ax.plot(end, y, mark, color=BLUE, markersize=4, clip_on=False)


def _forest_rows(table: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    rows, before = [], None
    for _, row in table.iterrows():
        if row["variable"] != before:
            rows.append(("head", row))
        rows.append(("row", row))
        before = row["variable"]
    return rows


def _hazard_axis(ax: Axes, table: pd.DataFrame, effect: str) -> None:
    low, high = table["ci_low"].min(), table["ci_high"].max()
    low, high = (0.5 if pd.isna(low) else min(low, 0.8)), (2 if pd.isna(high) else max(high, 1.25))
    ax.set_xlim(max(low / 1.2, 0.02), min(high * 1.2, 50))
    _ratio_ticks(ax)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{effect} (log scale)")


def plot_trajectory(
    ax: Axes, summary: pd.DataFrame, *, unit: str = "", title: str = "", x: str = "Days from infusion", log: bool = True
) -> Axes:
    """Draw medians with interquartile ranges by day, for each group, with n per day below the axis.

    Parameters
    ----------
    ax : Axes
    summary : DataFrame
        One analyte: columns group, day, n, median, q1, q3, below (share below detection), limit (of detection), and
        after_tcz (share of samples after tocilizumab). Where the median itself lies below detection, a triangle
        stands at the limit; hollow markers are days on which more than half of the samples follow tocilizumab.
    """
    groups = list(dict.fromkeys(summary["group"]))
    paint, span = colours(groups), summary["day"].max() - summary["day"].min() or 1
    for i, group in enumerate(groups):
        part = summary[summary["group"] == group].sort_values("day")
        day = part["day"] + (i - (len(groups) - 1) / 2) * 0.012 * span
        below = (part["below"] > 0.5).to_numpy()
        hollow = (part["after_tcz"] > 0.5).to_numpy() if "after_tcz" in part else np.zeros(len(part), bool)
        ax.plot(day, part["median"], color=paint[group], linestyle=DASHES[i], linewidth=1, label=group)
        ax.vlines(day, part["q1"], part["q3"], color=paint[group], linewidth=0.8, alpha=0.7)
        for (shape, chosen), (fill, kind) in product(
            (("o", ~below), ("v", below)), ((paint[group], ~hollow), ("white", hollow))
        ):
            if (which := chosen & kind).any():
                style = {"color": paint[group], "markerfacecolor": fill, "markersize": 3.4}
                ax.plot(day[which], part["median"][which], shape, **style)
    limit = summary["limit"].dropna()
    if len(limit):
        ax.axhline(limit.iloc[0], color="0.45", linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    if log:
        _log_axis(ax)
    ax.set(title=title, ylabel=unit)
    _n_per_day(ax, summary, groups, paint, x)
    return ax


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
    ax.yaxis.set_major_locator(FixedLocator(marks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _n_per_day(ax: Axes, summary: pd.DataFrame, groups: list[str], paint: dict[str, str], x: str) -> None:
    days = sorted(summary["day"].unique())
    margin = 0.07 * ((days[-1] - days[0]) or 1)
    ax.set_xlim(days[0] - margin, days[-1] + margin)
    ax.set_xticks(days, [f"{day:g}" for day in days])
    for i, group in enumerate(groups):
        part, line = summary[summary["group"] == group], _below(ax, 15 + 8 * i)
        style = {"va": "top", "fontsize": 7, "color": paint[group], "in_layout": False}
        ax.text(days[0] - margin, 0, "n ", transform=line, ha="right", **style)
        for day, n in zip(part["day"], part["n"], strict=True):
            ax.text(day, 0, f"{n:.0f}", transform=line, ha="center", **style)
    ax.set_xlabel(x, labelpad=2 + 8 * len(groups))


def plot_response(ax: Axes, table: pd.DataFrame, *, title: str = "", p: float | None = None) -> Axes:
    """Draw response as one bar of 100 % per group, counts written into it.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        One row per group (index), one column per response (CR, CRi, PR, NR, not done), entries counts.
    p : float, optional
        p-value, written into the title.
    """
    total, left = table.sum(axis=1), np.zeros(len(table))
    for response in table.columns:
        share = (100 * table[response] / total).fillna(0).to_numpy()
        colour = RESPONSES.get(response, "0.8")
        ax.barh(range(len(table)), share, left=left, color=colour, edgecolor="white", height=0.7, label=response)
        for y, (count, width, start) in enumerate(zip(table[response], share, left, strict=True)):
            if count:
                narrow = width < NARROW  # its count stands beside the bar
                place, side = (101, "left") if narrow else (start + width / 2, "center")
                white = not narrow and colour in (BLUE, VERMILION)
                ax.text(place, y, f"{count:.0f}", ha=side, va="center", fontsize=7, color="white" if white else "black")
        left = left + share
    ax.set_yticks(range(len(table)), [f"{label} (n = {n:.0f})" for label, n in total.items()])
    ax.invert_yaxis()
    ax.set(
        xlim=(0, 100),
        xlabel="Patients (%)",
        title=f"{title}{' ' * bool(title)}({p_equals(p)})" if p is not None else title,
    )
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_trajectories(
    table: pd.DataFrame, *, x: str = "Days from infusion", columns: int = 3, log: bool = True
) -> Figure:
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
    axes = panels(
        figure, columns, down, left=0.52, right=0.06, between=0.62, above=0.24, below=below, top=0.22, bottom=0.17
    )
    for ax, analyte in zip(axes, analytes, strict=False):
        part = table[table["analyte"] == analyte]
        plot_trajectory(ax, part, unit=part["unit"].iloc[0], title=analyte, x=x, log=log)
    for ax in axes[len(analytes) :]:
        ax.remove()
    handles = [*axes[0].get_legend_handles_labels()[0], *_key(table)]
    figure.legend(handles=handles, loc="upper right", ncols=len(handles), columnspacing=1, handlelength=1.6)
    return figure


def _key(table: pd.DataFrame) -> list[Line2D]:
    """Explain the symbols of :func:`plot_trajectory` that occur in *table*."""
    grey = {"color": "0.3", "linestyle": "none", "markersize": 4}
    shown = {
        "quartiles": (Line2D([], [], **grey | {"marker": "|", "markersize": 7}), True),
        "mostly after TCZ": (Line2D([], [], **grey, marker="o", markerfacecolor="white"), table.get("after_tcz", pd.Series(0)).gt(0.5).any()),
        "median below detection": (Line2D([], [], **grey, marker="v"), table["below"].gt(0.5).any()),
        "limit": (Line2D([], [], color="0.45", linewidth=0.7, linestyle=(0, (2, 2))), table["limit"].notna().any()),
    }  # fmt: skip
    for label, (handle, _) in shown.items():
        handle.set_label(label)
    return [handle for handle, occurs in shown.values() if occurs]


def _place(group: str) -> int:
    return list(FIXED).index(group) if group in FIXED else len(FIXED)


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
    name = max(0.52, 0.24 + 0.062 * letters)
    left, right, between = name, 0.09, name if everywhere else 0.56
    below = (AT_RISK + LINE * (groups + 0.5)) / 72
    return panels(figure, columns, rows, left=left, right=right, between=between, above=0.21, below=below)


def panels(
    figure: Figure,
    columns: int,
    rows: int,
    *,
    left: float,
    right: float,
    between: float,
    above: float,
    below: float,
    top: float = 0.0,
    bottom: float = 0.22,
) -> list[Axes]:
    """Make equal panels, row by row, margins in inches: *above* and *below* of each row, *top* and *bottom* of all."""  # fmt: skip
    width, height = figure.get_size_inches()
    wide = (width - left - right - between * (columns - 1)) / max(columns, 1)
    high = (height - top - bottom) / rows - above - below
    places = [
        (left + column * (wide + between), bottom + below + (rows - 1 - row) * (above + high + below))
        for row in range(rows)
        for column in range(columns)
    ]
    return [figure.add_axes((x / width, y / height, wide / width, high / height)) for x, y in places]


def forest_axes(plt_figure: object) -> list[Axes]:
    """Make the three axes of :func:`plot_forest`: words, intervals, numbers."""
    return list(plt_figure.subplots(1, 3, width_ratios=(1.25, 1.2, 0.9)))


def _legend_place(curves: Mapping[str, pd.DataFrame], end: float) -> dict[str, object]:
    """Put the legend where the curves are not: below them, else to their upper right, else below all the same."""
    low = any((curve["survival"][years_of(curve) < 0.7 * end] < 0.35).any() for curve in curves.values())
    high = any((curve["survival"][years_of(curve) > 0.35 * end] > 0.6).any() for curve in curves.values())
    return {"loc": "upper right", "bbox_to_anchor": (1, 0.9)} if low and not high else {"loc": "lower left"}


def years_of(curve: pd.DataFrame) -> pd.Series:
    """Return the times of a survival curve in years."""
    return curve["time"] / DAYS_PER_YEAR


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'}"


def _years(end: float) -> list[float]:
    step = 1 if end <= 8 else 2 if end <= 16 else 5
    return (
        [0.5 * step * i for i in range(int(end / (0.5 * step)) + 1)]
        if end <= 2
        else list(np.arange(0, end + 1e-9, step))
    )


def plot_days(ax: Axes, days: pd.Series, *, title: str = "", clock: str = "") -> Axes:
    """Draw how many patients had each whole number of days, the median as a dashed line, n in the title.

    Parameters
    ----------
    ax : Axes
    days : Series
    title : str
    clock : str
        What the days count from (infusion, crs_onset ...); empty: they are a duration.
    """
    counts = days.round().value_counts().sort_index()
    ax.bar(counts.index, counts.to_numpy(), width=0.85, color=SKY)
    if len(days):
        ax.axvline(days.median(), color=BLACK, linestyle="--", linewidth=0.9)
    since = f"Days from {clock.replace('crs_onset', 'CRS onset')}" if clock else "Days"
    ax.set(title=f"{title} (n = {len(days)})", xlabel=since, ylabel="Patients")
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_tick_params(labelbottom=True)
    return ax


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
    ax.plot(values, np.exp(middle), color=BLUE)
    ax.fill_between(values, np.exp(low), np.exp(high), color=BLUE, alpha=0.15, linewidth=0)
    ax.axhline(1, color="0.4", linewidth=0.7, zorder=0)
    ax.plot(knots, [0.02] * len(knots), "|", color=VERMILION, transform=ax.get_xaxis_transform(), markersize=7)
    ax.set_yscale("log")
    low_end, high_end = ax.get_ylim()
    ax.yaxis.set_major_locator(FixedLocator([mark for mark in RATIOS if low_end <= mark <= high_end]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set(xlabel=label, ylabel="Hazard ratio against\nthe middle knot (log scale)", title=title)
    return ax


def forest_height(table: pd.DataFrame) -> float:
    """Return the height in inches that a forest plot of *table* needs."""
    return 1.1 + 0.165 * (len(table) + table["variable"].nunique())


def _ratio_ticks(ax: Axes) -> None:
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.xaxis.set_major_locator(FixedLocator([mark for mark in RATIOS if low <= mark <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def plot_timeline(ax: Axes, toxicity: pd.DataFrame, treatments: pd.DataFrame, *, title: str = "") -> Axes:
    """Draw one patient's course: intervals at a grade as bars, administrations as marks, a row for each kind.

    Parameters
    ----------
    ax : Axes
    toxicity : DataFrame
        Columns event, day_from, day_to, grade.
    treatments : DataFrame
        Columns agent, day, route, dose_mg.
    """
    rows = [*dict.fromkeys(toxicity["event"]), *dict.fromkeys(treatments["agent"])]
    for line in toxicity.itertuples():
        y = rows.index(line.event)
        ax.barh(
            y, line.day_to - line.day_from + 1, left=line.day_from - 0.5, height=0.6, color=SKY, alpha=0.25 * line.grade
        )
        ax.text((line.day_from + line.day_to) / 2, y, f"grade {line.grade}", ha="center", va="center", fontsize=7)
    for line in treatments.itertuples():
        y = rows.index(line.agent)
        ax.plot(line.day, y, "D", color=VERMILION)
        ax.text(line.day + 0.12, y, f"{line.dose_mg:g} mg {line.route}", va="center", fontsize=7)
    last = max(toxicity["day_to"].max(), treatments["day"].max()) + 1
    ax.set(xlim=(-0.5, last + 0.5), ylim=(len(rows) - 0.4, -0.6), xlabel="Days after infusion", title=title)
    ax.set_yticks(range(len(rows)), rows)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
