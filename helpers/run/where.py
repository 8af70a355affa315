"""Where a number comes from."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType

import nbformat

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.problems import InputError, Problem
from helpers.published.values import canonical_id, published_values
from helpers.results import covariates, registry
from helpers.results.value import Value
from helpers.run.series import numbered_notebooks

# who computes and who groups: what one finds there is what a number is made of, rather than how it is laid out
COMPUTING = ("helpers.estimate", "helpers.results.comparisons", "helpers.results.exposure")
ONE_READING, BEYOND = "the paper leaves one reading", "it is beyond the paper, which asks for no other"


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
    lines.append(f"  file: {file.relative_to(paths.ROOT)}:{line}, {family.name}")
    lines += _covariate(name)
    for label, reading in (("as printed", family.paper), ("as stated", family.stated)):
        lines.append(f"  {label}: population {reading.population}; formula {reading.method}")
        lines.append(f"    because {reading.reason or (BEYOND if name.startswith('extra.') else ONE_READING)}")
        if family.stated == family.paper:
            break
    lines += [f"  depends on: {', '.join(family.depends)}"] * bool(family.depends)
    if name in printed.index:
        lines.append(f"  printed: {printed.loc[name, 'value']}, {printed.loc[name, 'what']}")
    return [*lines, _in_the_default(name), *_shown(name, function)]


def _covariate(id: str) -> list[str]:
    """Say which covariate of Table 5 a part of the id names, and where it is declared."""
    row = next((row for row in covariates.ROWS for part in id.split(".") if part in row.keys), None)
    if row is None or not id.removeprefix("extra.").startswith("table5."):
        return []
    file = Path(covariates.__file__).resolve()
    told = file.read_text(encoding="utf-8")
    found = re.search(rf'Row\(\s*"{re.escape(row.name)}"', told)
    line = told.count("\n", 0, found.start()) + 1 if found else 1
    return [f"  covariate: {row.name} ({row.label}), {file.relative_to(paths.ROOT)}:{line}"]


@lru_cache(maxsize=1)
def _default_values() -> dict[str, Value]:
    return registry.compute(analyse(read_cohort()))


def _in_the_default(id: str) -> str:
    """Say what the number is in the default cohort, and of how many patients and events."""
    value = _default_values().get(id)
    if value is None:
        return "  in the default cohort: no such number, it hangs on what a cohort has"
    if value.value is None:
        return f"  in the default cohort: no number; {value.reason}"
    sizes = [
        f"{name} {getattr(value, name)}" for name in ("n", "events", "missing") if getattr(value, name) is not None
    ]
    of = f" of {value.population}" if value.population else ""
    return f"  in the default cohort: {value.value:.6g}" + (f"; {', '.join(sizes)}{of}" if sizes else "")


def _shown(id: str, function: Callable) -> list[str]:
    """Say which cells name the id or the beginning of it; else which name its neighbours, use its module or its estimators."""
    cells = list(_cells(_Quoted(id)))
    if cells:
        return [f"  notebook: {cell}" for cell in cells]
    module = function.__module__
    own = _names_of(module)
    for words, shows in (
        ("name numbers beside it", rf"f[\"'](?:{'|'.join(map(re.escape, _beginnings(id)))})\.\{{"),
        (f"use {module.rpartition('.')[2]}", rf"\b(?:{re.escape(module.rpartition('.')[2])}\.\w+|{own})\("),
        ("compute by the same functions", rf"\b(?:{'|'.join(sorted(_calls(function))) or '(?!)'})\("),
    ):
        if used := list(_cells(re.compile(shows))):
            return [f"  notebook: no cell names it; these {words}:", *(f"    {cell}" for cell in used)]
    return ["  notebook: no cell of a notebook shows it: it stands in results.json alone."]


def _names_of(module: str) -> str:
    """Match the public functions of a module under their own names."""
    names = [name for name, one in vars(importlib.import_module(module)).items()
             if inspect.isfunction(one) and one.__module__ == module and not name.startswith("_")]  # fmt: skip
    return "|".join(names) or "(?!)"


def _calls(function: Callable) -> set[str]:
    """Name the estimators, and the groupings of patients, that a function calls, itself or through its own module."""
    found, seen, waiting = set(), set(), [function]
    while waiting:
        one = inspect.unwrap(waiting.pop())
        if one in seen:
            continue
        seen.add(one)
        closed = [cell.cell_contents for cell in one.__closure__ or ()]
        named = [one.__globals__[name] for name in _code_names(one.__code__) if name in one.__globals__]
        for other in [*closed, *named]:
            other = inspect.unwrap(other) if inspect.isfunction(other) else None
            if other and other.__module__ == function.__module__:
                waiting.append(other)
            elif other and other.__module__.startswith(COMPUTING):
                found.add(other.__name__)
    return found


def _code_names(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_code_names(one) for one in code.co_consts if isinstance(one, CodeType)))


def _beginnings(id: str) -> list[str]:
    """List the beginnings of an id that have two parts or more."""
    parts = id.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 1, -1)] or [id]


class _Quoted:
    """An id in quotes, or a beginning of it (``"table5.multivariable."``, ``"table1."``); what an f-string leaves open may be anything.

    Examples
    --------
    >>> cell = 'page.agree(f"table5.univariate.{row}.ci_{end}", 1)'
    >>> [_Quoted(f"table5.univariate.gc_low.{what}").search(cell) for what in ("ci_low", "hr")]
    [True, False]
    """

    def __init__(self, id: str):
        parts = id.split(".")
        names = "|".join(map(re.escape, [id, *_beginnings(id)]))
        self.id, self.first = id, f"{parts[0]}."
        self.plain = re.compile(rf"[\"'](?:(?:{names})\.?[\"']|{re.escape(parts[0])}\.[\"'])")

    def search(self, source: str) -> bool:
        """Tell whether a text names the id."""
        return bool(self.plain.search(source)) or any(
            re.match("".join(".+" if piece.startswith("{") else re.escape(piece) for piece in re.split(r"(\{[^{}]*\})", text)) + r"(?:(?<=\.)|\.|$)", self.id)
            for _, text in re.findall(r"f([\"'])((?:(?!\1).)*\{(?:(?!\1).)*)\1", source)
            if text.startswith(self.first)
        )  # fmt: skip


def _cells(shows: re.Pattern[str] | _Quoted) -> Iterator[str]:
    for path in numbered_notebooks():
        for count, source in _code(path, path.stat().st_mtime_ns):
            if shows.search(source):
                yield f"{path.name}, cell [{count}]: {_line(source, shows)}"


@lru_cache(64)
def _code(path: Path, _changed: int) -> tuple[tuple[int | None, str], ...]:
    """Read run count and source of the cells of code, again only when the file has changed."""
    cells = nbformat.read(path, as_version=4).cells
    return tuple((cell.execution_count, cell.source) for cell in cells if cell.cell_type == "code")


def _line(source: str, shows: re.Pattern[str] | _Quoted) -> str:
    return next((line.strip() for line in source.splitlines() if shows.search(line)), "")[:100]
