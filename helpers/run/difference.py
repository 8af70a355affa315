"""What differs between two runs, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths
from helpers.problems import InputError, Problem

SAME = 1e-9  # relative difference up to which two numbers are the same
SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """Reasons, a line each, and the numbers that differ: id, first, second, change, depends on."""

    reasons: tuple[str, ...]
    numbers: pd.DataFrame
    compared: int

    def lines(self) -> list[str]:
        """Say it in lines of text."""
        why = [f"  {reason}" for reason in self.reasons] or [
            "  none: parameters, cohort, versions and notebooks are the same"
        ]
        said = ["What is not the same:", *why, f"Numbers: {len(self.numbers)} of {self.compared} differ."]
        rows = self.numbers.head(SHOWN).itertuples()
        said += [
            f"  {row.id}: {row.first} -> {row.second}{f'  ({row.because})' if row.because else ''}" for row in rows
        ]
        rest = len(self.numbers) - SHOWN
        return said + [f"  and {rest} more; --out writes all"] * (rest > 0)


def read_run(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Read manifest and results of a run, given by its folder or its name in runs/.

    Raises
    ------
    InputError
        If it is not a run.
    """
    place = folder if folder.is_dir() else paths.RUNS / folder
    try:
        files = [json.loads((place / name).read_text(encoding="utf-8")) for name in ("manifest.json", "results.json")]
        return files[0], {id: dict(value) for id, value in files[1].items()}
    except (OSError, ValueError, AttributeError, TypeError):
        raise InputError([Problem("run", "", "", folder.name, "a run, or its name in runs/")]) from None


def compare_runs(first: tuple[Mapping, Mapping], second: tuple[Mapping, Mapping]) -> Difference:
    """Compare two runs as :func:`read_run` gives them.

    Examples
    --------
    >>> one = ({"parameters": {"gc_cutoff": 8.0}}, {"a": {"value": 1.0}, "b": {"value": None}})
    >>> two = ({"parameters": {"gc_cutoff": 5.0}}, {"a": {"value": 2.0}, "b": {"value": None}})
    >>> print(*compare_runs(one, two).lines(), sep="\\n")
    What is not the same:
      parameter gc_cutoff: 8.0 -> 5.0
    Numbers: 1 of 2 differ.
      a: 1.0 -> 2.0
    """
    reasons = _reasons(first[0], second[0])
    patients = any(reason.startswith(("cohort ", "table ")) for reason in reasons)  # then they alone may be why
    changed = {reason.split()[1].rstrip(":") for reason in reasons if reason.startswith("parameter ") and not patients}
    ids = list(dict.fromkeys([*first[1], *second[1]]))
    rows = []
    for id in ids:
        one, two = (values.get(id, {}).get("value") for values in (first[1], second[1]))
        if not _same(one, two):
            rows.append((id, _said(one), _said(two), _change(one, two), _because(id, changed)))
    table = pd.DataFrame(rows, columns=["id", "first", "second", "change", "because"])
    order = table["change"].abs().sort_values(ascending=False, na_position="first", kind="stable").index
    return Difference(tuple(reasons), table.loc[order].reset_index(drop=True), len(ids))


def _reasons(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[str]:
    def changes(label: str, first: Mapping, second: Mapping) -> list[str]:
        keys = dict.fromkeys([*first, *second])
        return [
            f"{label} {key}: {first.get(key, 'none')} -> {second.get(key, 'none')}"
            for key in keys
            if first.get(key) != second.get(key)
        ]

    cohorts = [run.get("cohort", {}) for run in (one, two)]
    found = changes("parameter", one.get("parameters", {}), two.get("parameters", {}))
    about = [{key: value for key, value in cohort.items() if key != "tables"} for cohort in cohorts]
    found += changes("cohort", *about)
    tables = [cohort.get("tables", {}) for cohort in cohorts]
    for table in dict.fromkeys([*tables[0], *tables[1]]):
        rows = [side.get(table, {}).get("rows", "no") for side in tables]
        if tables[0].get(table) != tables[1].get(table):
            found.append(f"table {table}: other content, {rows[0]} -> {rows[1]} rows")
    found += changes("version of", {"supplement": one.get("supplement"), **one.get("versions", {})},
                     {"supplement": two.get("supplement"), **two.get("versions", {})})  # fmt: skip
    books = [run.get("notebooks", {}) for run in (one, two)]
    for name in dict.fromkeys([*books[0], *books[1]]):
        if books[0].get(name) != books[1].get(name):
            states = ["absent" if name not in side else "there" for side in books]
            found.append(f"notebook {name}: " + (" -> ".join(states) if "absent" in states else "other source"))
    return found


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, int | float) and isinstance(two, int | float):
        return one == two or abs(one - two) <= SAME * max(abs(one), abs(two))
    return one == two


def _said(value: Any) -> Any:
    return "none" if value is None else value


def _change(one: Any, two: Any) -> float:
    numbers = isinstance(one, int | float) and isinstance(two, int | float)
    return (two - one) / max(abs(one), abs(two)) if numbers else float("nan")


def _because(id: str, changed: set[str]) -> str:
    """Name the changed parameters that the number is declared to depend on."""
    from helpers.results import registry

    try:
        depends = set(registry.declared_family(id).depends)
    except KeyError:
        return ""
    return ", ".join(sorted(depends & changed))
