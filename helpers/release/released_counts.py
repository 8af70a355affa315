"""The counts that leave: patients by each variable, and which counts hang together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.release.attack import Cell, Counts, Partition
from helpers.release.released_labels import COUNTED, RESPONSE_BY, own_labels
from helpers.release.rules import Rules
from helpers.results.exposure import exposure_groups

MISSING = "not known"


def count_tables(
    analysis: Analysis, counts: Counts, everyone: Cell, *, crossed: bool = True
) -> list[tuple[str, str, Cell, Partition]]:
    """Cut the patients by each variable, and the response by exposure if *crossed*; tell which cells hang together.

    A variable of one level is left out: its line alone would say that everybody has it.
    """
    tables = []
    variables = {name: label for name, label in COUNTED.items() if name in analysis.frame}
    variables |= own_labels(analysis, "category", "boolean")
    levels_of: dict[str, dict[str, Cell]] = {}
    for name, label in variables.items():
        cells = _cells(_levels(analysis.frame[name]), label)
        if not 2 <= len(cells) <= 12:
            continue
        part = Partition(everyone, list(cells.values()))
        counts.parts.append(part)
        levels_of[name] = cells
        tables += [(label, level, cell, part) for level, cell in cells.items()]
    tables += _by_exposure(analysis, counts, everyone, levels_of if crossed else {})
    return tables


def label_series(analysis: Analysis, label: str) -> pd.Series:
    """Return the levels of a released count by patient, as the release names them.

    Raises
    ------
    KeyError
        For a label that is not released.
    """
    exposure = analysis.parameters.exposure
    if label == f"{exposure} group":
        return _levels(exposure_groups(analysis)).reindex(analysis.frame.index)
    names = {told: name for name, told in (COUNTED | own_labels(analysis, "category", "boolean")).items()}
    return _levels(analysis.frame[names[label]])


def _levels(series: pd.Series) -> pd.Series:
    text = series.astype("string")
    if series.dtype in ("boolean", bool):
        text = text.str.lower().map({"true": "yes", "false": "no"})
    return text.fillna(MISSING)


def _cells(levels: pd.Series, label: str) -> dict[str, Cell]:
    sizes = levels.value_counts().sort_index()
    return {
        str(level): Cell(
            f"{label}: {level}", int(size), members=frozenset(map(str, levels.index[levels == level])), least=1
        )
        for level, size in sizes.items()
    }


def _by_exposure(
    analysis: Analysis, counts: Counts, everyone: Cell, levels_of: Mapping[str, Mapping[str, Cell]]
) -> list[tuple[str, str, Cell, Partition]]:
    """Cut the day 30 response by exposure group; row and column sums tie it to the tables of all patients."""
    try:
        groups = _levels(exposure_groups(analysis))
    except NotAvailable:
        return []
    name = analysis.parameters.exposure
    sizes = _cells(groups, f"{name} group")
    if not 2 <= len(sizes) <= 6:
        return []
    part = Partition(everyone, list(sizes.values()))
    counts.parts.append(part)
    found = [(f"{name} group", level, cell, part) for level, cell in sizes.items()]
    if "day30_response" not in levels_of:
        return found
    answers = _levels(analysis.frame["day30_response"])
    columns: dict[str, list[Cell]] = {level: [] for level in levels_of["day30_response"]}
    for group, size in sizes.items():
        label = f"{RESPONSE_BY}{group if str(name) in str(group).split() else f'{name} {group}'}"  # "GC", not "GC GC"
        here = answers[groups == group].value_counts()
        cells = {
            level: Cell(f"{label}: {level}", int(here.get(level, 0)), members=size.members & whole.members)
            for level, whole in levels_of["day30_response"].items()
        }
        row = Partition(size, list(cells.values()))
        counts.parts.append(row)
        for level, cell in cells.items():
            columns[level].append(cell)
        found += [(label, level, cell, row) for level, cell in cells.items()]
    counts.parts += [Partition(levels_of["day30_response"][level], cells) for level, cells in columns.items()]
    return found


def tie_tables(counts: Counts, tables: list[tuple[str, str, Cell, Partition]]) -> None:
    """Tie cells that are the same patients under two names, and the doses to who was given the drug at all."""
    cells = {(label, level): cell for label, level, cell, part in tables if part.total.name == "patients"}
    for at, ((label, _), cell) in enumerate(cells.items()):
        twins = [
            other
            for (name, _), other in list(cells.items())[at + 1 :]
            if name != label and other.members == cell.members
        ]
        counts.same += [Partition(cell, [twin]) for twin in twins[:1]]
    given = cells.get((COUNTED["gc"], "yes"))
    doses = [
        cell for (label, level), cell in cells.items() if label == COUNTED["gc_group"] and level in ("low", "high")
    ]
    if given is not None and doses and frozenset().union(*(cell.members for cell in doses)) == given.members:
        counts.same.append(Partition(given, doses))


def count_row(cell: Cell, total: Cell, label: str, level: str, rules: Rules) -> dict[str, Any]:
    shown = cell.shown and total.shown
    n, of = rules.rounded(cell.count), rules.rounded(total.count)
    return {
        "variable": label, "level": level, "n": n if shown else None, "of": of if total.shown else None,
        "pct": round(100 * n / of) if shown and of else None, "why": "" if shown else cell.why or "its total is not shown",
    }  # fmt: skip
