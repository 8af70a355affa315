"""Figure 1: the flow of patients, drawn from counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

TRUNK, SIDE = 0.34, 0.66
HALF = 0.047  # of a box's height, where arrows end
KEPT_BOX = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "#0072B2"}
EXCLUDED_BOX = {"boxstyle": "round,pad=0.5", "facecolor": "#F2F2F2", "edgecolor": "0.5"}
ARROW = {"arrowstyle": "-|>", "color": "0.35", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 2}


def plot_flow(ax: Axes, flow: pd.DataFrame) -> Axes:
    """Draw a flow diagram: who is kept goes down, who is excluded goes to the side.

    Parameters
    ----------
    ax : Axes
    flow : DataFrame
        One row per box: box, label, n, parent (box, "" at the top), kind ("kept" or "excluded"), as
        :func:`helpers.results.flow.flow_counts` counts them.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> rows = [("all", "screened", 12, "", "kept"), ("out", "elsewhere", 2, "all", "excluded"), ("in", "cohort", 10, "all", "kept")]
    >>> fig, ax = plt.subplots()
    >>> drawn = plot_flow(ax, pd.DataFrame(rows, columns=["box", "label", "n", "parent", "kind"]))
    >>> sorted(text.get_text().replace("\\n", ": ") for text in drawn.texts if text.get_text())
    ['cohort: n = 10', 'elsewhere: n = 2', 'screened: n = 12']
    >>> plt.close(fig)
    """
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_axis_off()
    place = _places(flow)
    for row in flow[flow["kind"] == "kept"].itertuples():
        if row.parent:
            _arrow(ax, place[row.parent], place[row.box])
    for parent, excluded in flow[flow["kind"] == "excluded"].groupby("parent", sort=False):
        x, _ = place[parent]
        beside = _lowest(flow, place, parent) + _step(flow) / 2
        ax.annotate("", (SIDE - 0.01, beside), (x, beside), arrowprops=ARROW)
        text = "\n".join(f"{row.label}: n = {row.n}" for row in excluded.itertuples())
        text = text if len(excluded) > 1 else text.replace(": n", "\nn")
        ax.text(SIDE, beside, text, ha="left", va="center", fontsize=7, bbox=EXCLUDED_BOX, parse_math=False)
    for row in flow[flow["kind"] == "kept"].itertuples():
        text = f"{row.label}\nn = {row.n}"
        ax.text(*place[row.box], text, ha="center", va="center", bbox=KEPT_BOX, parse_math=False)
    return ax


def _lowest(flow: pd.DataFrame, place: dict[str, tuple[float, float]], parent: str) -> float:
    """Find the height of a parent's lowest kept box, above which its excluded leave; without one, the level below it."""
    kept = flow[(flow["kind"] == "kept") & (flow["parent"] == parent)]["box"]
    return min((place[box][1] for box in kept), default=place[parent][1] - _step(flow))


def _depths(flow: pd.DataFrame) -> dict[str, int]:
    """Give each kept box its level: below its parent; a third child, which splits the parent anew, one further down."""
    depth: dict[str, int] = {}
    for parent, children in flow[flow["kind"] == "kept"].groupby("parent", sort=False)["box"]:
        depth |= dict.fromkeys(children, depth.get(parent, -1) + 1)
        if len(children) > 2:
            depth[children.iloc[-1]] += 1
    return depth


def _step(flow: pd.DataFrame) -> float:
    return 0.84 / max(1, max(_depths(flow).values()))


def _places(flow: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Put each kept box on its level; brothers side by side."""
    place = {}
    depth = _depths(flow)
    for level in range(max(depth.values()) + 1):
        boxes = [box for box in depth if depth[box] == level]
        across = [TRUNK] if len(boxes) == 1 else np.linspace(TRUNK - 0.24, TRUNK + 0.24, len(boxes))
        place |= {box: (float(x), 0.92 - level * _step(flow)) for box, x in zip(boxes, across, strict=True)}
    return place


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    middle = (start[1] + end[1]) / 2 - 0.03
    if start[0] == end[0]:
        ax.annotate("", (end[0], end[1] + HALF), start, arrowprops=ARROW)
        return
    ax.plot([start[0], start[0], end[0]], [start[1], middle, middle], color=ARROW["color"], linewidth=0.8, zorder=1)
    ax.annotate("", (end[0], end[1] + HALF), (end[0], middle), arrowprops=ARROW)
