"""Attack a set of released counts as an intruder would: an integer programme over all relations and roundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from helpers.release.rules import Rules


@dataclass
class Cell:
    """One count: its name, its true value, whether it is shown, why not, whom it counts (for the ledger; not everywhere known).

    ``least`` is what its line alone says, shown or not: a level is listed since somebody has it.
    """

    name: str
    count: int
    shown: bool = True
    why: str = ""
    members: frozenset[str] | None = field(default=None, repr=False)
    least: int = 0


@dataclass
class Partition:
    """Cells that add up to a total, which is a cell itself."""

    total: Cell
    cells: list[Cell]


@dataclass
class Counts:
    """All counts of a release, and how they hang together.

    ``parts`` are partitions; ``same`` are sums that hold between cells of different tables (a sum of one cell: the same patients
    under two names, shown or hidden together); ``within`` holds pairs of a cell and the cells, of different patients, among whose patients it counts.
    """

    parts: list[Partition] = field(default_factory=list)
    same: list[Partition] = field(default_factory=list)
    within: list[tuple[Cell, list[Cell]]] = field(default_factory=list)

    def cells(self) -> list[Cell]:
        """List every cell once."""
        found = {id(cell): cell for part in (*self.parts, *self.same) for cell in (part.total, *part.cells)}
        found |= {id(cell): cell for inner, outer in self.within for cell in (inner, *outer)}
        return list(found.values())


def intervals(counts: Counts, rules: Rules) -> dict[str, tuple[int, int]]:
    """Bound suppressed counts by everything that is shown: sums, nested populations and the width of the rounding.

    Parameters
    ----------
    counts : Counts
        The true values are not used, but for the rounded ones of shown cells.
    rules : Rules

    Returns
    -------
    dict of str to (int, int)
        Smallest and largest count that an intruder cannot rule out, by the cell's name.

    Raises
    ------
    RuntimeError
        If what is shown contradicts itself, which rounding alone cannot cause.

    Examples
    --------
    >>> total, a, b, c = Cell("n", 120), Cell("a", 60), Cell("b", 56), Cell("c", 4, shown=False)
    >>> intervals(Counts([Partition(total, [a, b, c])]), Rules())
    {'c': (0, 11)}
    """
    cells = counts.cells()
    place = {id(cell): i for i, cell in enumerate(cells)}
    below, above = rules.reach()
    low, high = (
        np.array([float(cell.least) for cell in cells]),
        np.full(len(cells), float(max((cell.count for cell in cells), default=0) + rules.base)),
    )
    for i, cell in enumerate(cells):
        if cell.shown:
            low[i], high[i] = max(cell.least, rules.rounded(cell.count) - below), rules.rounded(cell.count) + above
    rows, least, most = [], [], []
    for part in (*counts.parts, *counts.same):
        row = np.zeros(len(cells))
        row[place[id(part.total)]] = -1
        for cell in part.cells:
            row[place[id(cell)]] += 1
        rows.append(row), least.append(0), most.append(0)
    for inner, outer in counts.within:
        row = np.zeros(len(cells))
        row[place[id(inner)]] = 1
        for cell in outer:
            row[place[id(cell)]] -= 1
        rows.append(row), least.append(-np.inf), most.append(0)
    limits = LinearConstraint(np.array(rows), least, most) if rows else ()
    found = {}
    for cell in [cell for cell in cells if not cell.shown]:
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(cells))
            goal[place[id(cell)]] = sign
            solved = milp(goal, constraints=limits, bounds=Bounds(low, high), integrality=np.ones(len(cells)))
            if not solved.success:
                raise RuntimeError(f"the released counts contradict themselves at {cell.name}: {solved.message}")
            ends.append(round(sign * solved.fun))
        found[cell.name] = (ends[0], ends[1])
    return found


def protect(counts: Counts, rules: Rules) -> dict[str, tuple[int, int]]:
    """Suppress further counts until no suppressed one can be bounded more narrowly than the threshold.

    Primary suppression (few, none, all) is done first; then the smallest shown cell of a partition is added wherever an
    interval is too narrow, and the whole partition where that does not help.

    Returns
    -------
    dict of str to (int, int)
        The intervals that remain.

    Examples
    --------
    >>> total, cells = Cell("n", 120), [Cell("a", 60), Cell("b", 56), Cell("c", 4)]
    >>> found = protect(Counts([Partition(total, cells)]), Rules())
    >>> [cell.shown for cell in cells], all(high - low >= 9 for low, high in found.values())
    ([True, True, False], True)
    """
    for part in counts.parts:
        for cell in part.cells:
            if cell.shown and not rules.may_show(cell.count, part.total.count):
                cell.shown, cell.why = False, f"under {rules.threshold}, none, or all but a few"
    while True:
        _hide_twins(counts)
        found = intervals(counts, rules)
        narrow = [
            part
            for part in counts.parts
            if any(_too_narrow(found.get(cell.name), rules) for cell in part.cells if not cell.shown)
        ]
        if not narrow or not _suppress_more(narrow):
            return found


def _hide_twins(counts: Counts) -> None:
    """Hide a cell under each of its names, if under one."""
    for tie in counts.same:
        pair = [tie.total, *tie.cells]
        if len(pair) == 2 and not all(cell.shown for cell in pair):
            for cell in pair:
                cell.why = cell.why or "would give another count away"
                cell.shown = False


def _too_narrow(bounds: tuple[int, int] | None, rules: Rules) -> bool:
    return bounds is not None and bounds[1] - bounds[0] < rules.threshold - 1


def _suppress_more(parts: Sequence[Partition]) -> bool:
    """Suppress the smallest shown cell of each partition; tell whether there was one left."""
    done = False
    for part in parts:
        shown = [cell for cell in part.cells if cell.shown]
        if shown:
            smallest = min(shown, key=lambda cell: cell.count)
            smallest.shown, smallest.why, done = False, "would give another count away", True
    return done


def narrow_cells(found: dict[str, tuple[int, int]], rules: Rules) -> list[str]:
    """List the suppressed counts that can still be bounded too narrowly."""
    return [name for name, bounds in found.items() if _too_narrow(bounds, rules)]
