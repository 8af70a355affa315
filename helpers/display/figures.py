"""Plots: each draws given numbers into given axes and returns the axes; nothing is computed here.

Load :data:`STYLE` first: ``plt.style.use(STYLE)``. Colours are those of Okabe and Ito, lines also differ in dash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from helpers.display.tables import p_equals

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
ROOM_FOR_ORIGIN = 20  # letters that an axis of a panel has room for
ELSEWHERE = {
    **dict.fromkeys(["plot_forest", "forest_axes", "forest_height", "plot_profile", "plot_shape"], "forest_figure"),
    **dict.fromkeys(["plot_km", "plot_at_risk", "plot_km_grid", "km_panels", "years_of"], "curves_figure"),
    **dict.fromkeys(["plot_trajectory", "plot_trajectories"], "laboratory_figure"),
}  # what version 0.1.0 had here; those modules need this one, so they are loaded when somebody asks


def __getattr__(name: str) -> Callable:
    """Return a plot by the name that it had here in version 0.1.0."""
    if name not in ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"helpers.display.{ELSEWHERE[name]}"), name)


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """Give each label its colour: the untreated and the steroid groups always theirs, others in turn.

    No two labels share a colour while there are enough of them; :func:`dash_style` tells the rest apart.

    Examples
    --------
    >>> label_colours(["none", "low"])
    {'none': '#000000', 'low': '#0072B2'}
    >>> label_colours(["no TCZ", "TCZ"])
    {'no TCZ': '#000000', 'TCZ': '#0072B2'}
    >>> len(set(label_colours(["no A", "no B", "low", "low ≤8"]).values()))
    4
    """
    given: dict[str, str] = {}
    for label in labels:
        if (colour := _fixed(label)) and colour not in given.values():
            given[label] = colour
    rest = [colour for colour in COLOURS if colour not in given.values()] or list(COLOURS)
    others = [label for label in labels if label not in given]
    given |= {label: rest[i % len(rest)] for i, label in enumerate(others)}
    return {label: given[label] for label in labels}


def dash_style(place: int) -> object:
    """Return the dash of the line at *place*; where the colours begin again, the dashes have moved on.

    Examples
    --------
    >>> dash_style(0), dash_style(1), dash_style(7)
    ('-', '--', '--')
    """
    return DASHES[(place + place // len(COLOURS)) % len(DASHES)]


def ratio_marks(low: float, high: float, marks: Sequence[float] = RATIOS) -> list[float]:
    """Return those marks of a logarithmic axis of ratios that it has room for: from 1 outwards, none within a tenth of the axis of the last.

    Examples
    --------
    >>> ratio_marks(0.3, 3), ratio_marks(0.02, 50)
    ([0.5, 1, 2], [0.02, 0.1, 0.25, 1, 4, 10, 50])
    """
    room = np.log(high / low) / 10
    inside = sorted(mark for mark in marks if low <= mark <= high)
    first = min(inside, key=lambda mark: abs(np.log(mark)), default=1)
    kept = [first] if inside else []
    for side in ([mark for mark in inside if mark > first], [mark for mark in reversed(inside) if mark < first]):
        last = first
        for mark in side:
            if abs(np.log(mark / last)) >= room:
                kept.append(mark)
                last = mark
    return sorted(kept)


def mark_axis(axis: Axis, marks: Sequence[float]) -> None:
    """Mark a logarithmic axis at *marks* only, each as people write it (0.5, not 5 times a power of ten).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> axis = Figure().add_subplot().xaxis
    >>> mark_axis(axis, [0.5, 1, 2])
    >>> axis.get_major_locator()().tolist(), axis.get_major_formatter()(0.5)
    ([0.5, 1.0, 2.0], '0.5')
    """
    axis.set_major_locator(FixedLocator(marks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def as_typed(*texts: Text) -> None:
    """Draw texts as they are typed: a dollar is a dollar and begins no mathematics."""
    for text in texts:
        text.set_parse_math(False)


def all_as_typed(ax: Axes) -> None:
    """Draw the titles of a panel (the style puts them to the left), its axes' labels and its texts as they are typed.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot()
    >>> title = ax.set_title("$x_1$", loc="left")
    >>> all_as_typed(ax)
    >>> title.get_parse_math()
    False
    """
    as_typed(ax.xaxis.label, ax.yaxis.label, *(child for child in ax.get_children() if isinstance(child, Text)))


def full_legend(owner: Axes | Figure, handles: Sequence[Artist], labels: Sequence[str], **options: object) -> Legend:
    """Add a legend that shows every label as typed, also one that begins with an underscore, which matplotlib leaves out.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> fig, ax = plt.subplots()
    >>> lines = [ax.plot([0, 1], [0, 1])[0], ax.plot([0, 1], [1, 0])[0]]
    >>> [text.get_text() for text in full_legend(ax, lines, ["$5-$10", "_none"]).get_texts()]
    ['$5-$10', '_none']
    >>> plt.close(fig)
    """
    made = owner.legend(handles=list(handles), labels=[str(place) for place in range(len(handles))], **options)
    for text, label in zip(made.get_texts(), labels, strict=True):
        text.set_text(label)
        as_typed(text)
    return made


def _fixed(label: str) -> str | None:
    if label.startswith("no "):
        return BLACK
    return FIXED.get(label.split(" ≤")[0].split(" >")[0] if label.startswith(("low ", "high ")) else label)


def time_label(unit: str, origin: str) -> str:
    """Say what a time axis counts from, whatever words a cohort has for its day 0; those too long for an axis are "day 0".

    Examples
    --------
    >>> time_label("Years", "CAR T-cell infusion")
    'Years from CAR T-cell infusion'
    >>> time_label("Years", "0"), time_label("Days", "crs_onset")
    ('Years from day 0', 'Days from CRS onset')
    """
    words = " ".join(origin.replace("crs_onset", "CRS onset").removeprefix("from ").removeprefix("since ").split())
    named = words[:1].isalpha() and len(words) <= ROOM_FOR_ORIGIN
    return f"{unit} from {words if named else 'day 0'}"


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
    ax.set_yticks(range(len(table)), [f"{label} (n = {n:.0f})" for label, n in total.items()], parse_math=False)
    all_as_typed(ax)
    ax.invert_yaxis()
    ax.set(
        xlim=(0, 100),
        xlabel="Patients (%)",
        title=f"{title}{' ' * bool(title)}({p_equals(p)})" if p is not None else title,
    )
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def equal_panels(
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
    import seaborn as sns  # here, since other notebooks' start should not wait for it

    if len(days):
        sns.histplot(x=days.round(), discrete=True, shrink=0.85, color=SKY, alpha=1, linewidth=0, ax=ax)
        ax.axvline(days.median(), color=BLACK, linestyle="--", linewidth=0.9)
    ax.set(title=f"{title} (n = {len(days)})", xlabel=time_label("Days", clock) if clock else "Days", ylabel="Patients")
    all_as_typed(ax)
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_tick_params(labelbottom=True)
    ax.xaxis.label.set_visible(True)  # panels that share the axis need not share the clock
    return ax


def plot_timeline(ax: Axes, toxicity: pd.DataFrame, treatments: pd.DataFrame, *, title: str = "") -> Axes:
    """Draw one patient's course: intervals at a grade as bars, administrations as marks, a row for each kind.

    Parameters
    ----------
    ax : Axes
    toxicity : DataFrame
        Columns event, day_from, day_to, grade.
    treatments : DataFrame
        Columns agent, day, route, dose_mg; day 0 is the infusion.
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
    ax.set(xlim=(-0.5, last + 0.5), ylim=(len(rows) - 0.4, -0.6), xlabel=time_label("Days", "infusion"), title=title)
    ax.set_yticks(range(len(rows)), rows, parse_math=False)
    all_as_typed(ax)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
