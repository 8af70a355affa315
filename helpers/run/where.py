"""Where a number comes from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

from helpers import paths
from helpers.problems import InputError, Problem
from helpers.published.values import canonical_id, published_values
from helpers.results import registry
from helpers.run.series import numbered_notebooks


def number_origin(id: str) -> list[str]:
    """Say of a number's id: what is printed, where it is computed, on whom, how and why so, and where a notebook shows it.

    Raises
    ------
    InputError
        If no number is called so; the nearest are named.

    Examples
    --------
    >>> told = number_origin("table5.multivariable.gc_low.hr")
    >>> told[1].split(":")[0:2]
    ['  file', ' helpers/results/table5.py']
    """
    name = canonical_id(id)
    try:
        family = registry.declared_family(name)
    except KeyError as unknown:
        raise InputError([Problem("ids", "", "", id[:80], str(unknown).partition(": ")[2])]) from None
    function = inspect.unwrap(family.function)
    file = Path(inspect.getsourcefile(function) or "").resolve()
    line = inspect.getsourcelines(function)[1]
    printed = published_values().set_index("id")
    lines = [id if name == id else f"{id}, which is {name}"]
    lines.append(f"  file: {file.relative_to(paths.ROOT)}:{line}, {function.__name__}")
    for label, reading in (("as printed", family.paper), ("as stated", family.stated)):
        lines.append(f"  {label}: population {reading.population}; formula {reading.method}")
        lines += [f"    because {reading.reason}"] * bool(reading.reason)
        if family.stated == family.paper:
            break
    lines += [f"  depends on: {', '.join(family.depends)}"] * bool(family.depends)
    if name in printed.index:
        lines.append(f"  printed: {printed.loc[name, 'value']}, {printed.loc[name, 'what']}")
    cells = list(_cells(name))
    return lines + [f"  notebook: {cell}" for cell in cells] + ["  notebook: no cell names it"] * (not cells)


def _cells(id: str) -> Iterator[str]:
    """List the cells that name the id, or its family as the beginning of ids (such as ``table5.multivariable.``)."""
    parts = id.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 1, -1)]
    quoted = re.compile(r"[\"'](" + "|".join(map(re.escape, names)) + r")(\.?[\"']|\.\{)")
    for path in numbered_notebooks():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and quoted.search(cell.source):
                yield f"{path.name}, cell [{cell.execution_count}]: {_line(cell.source, quoted)}"


def _line(source: str, quoted: re.Pattern[str]) -> str:
    return next(line.strip() for line in source.splitlines() if quoted.search(line))[:100]
