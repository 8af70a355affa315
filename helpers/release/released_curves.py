"""Medians, curves and tests that leave, and the patients behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.release.attack import Cell, Counts, Partition
from helpers.release.released_labels import CURVE_OF, MEASURED, own_labels
from helpers.release.rules import Rules, coarse_curve, coarse_median, coarse_test
from helpers.results.curves import ENDPOINTS, endpoint_columns, logrank_of
from helpers.results.exposure import exposure_groups


def released_medians(
    analysis: Analysis, rules: Rules, known: Mapping[str, Cell], without: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Give the medians and quartiles that may leave, but those of the labels *without*; how many patients are behind one only
    where that count is shown (*known*: :func:`count_measured`).
    """
    rows = []
    for name, label in _measured_labels(analysis).items():
        values = _measured(analysis, name)
        median, q1, q3 = coarse_median(values, rules)
        if median is not None and label not in without:
            n = rules.rounded(values.notna().sum()) if label not in known or known[label].shown else None
            rows.append({"variable": label, "n": n, "median": median, "q1": q1, "q3": q3})
    return rows


def count_measured(
    analysis: Analysis,
    counts: Counts,
    everyone: Cell,
    tables: Sequence[tuple[str, str, Cell, Partition]],
    rules: Rules,
    without: Collection[str] = (),
) -> dict[str, Cell]:
    """Add to the counts those of whom a variable with a released median is known, and tie them to the groups of the tables.

    That a median is given says that it rests on twice the threshold; how many are behind it could tell the size of a group that is hidden.
    """
    cells, found = [cell for _, _, cell, part in tables if part.total is everyone], {}
    for name, label in _measured_labels(analysis).items():
        values = _measured(analysis, name)
        told = frozenset(map(str, values.index[values.notna()]))
        if coarse_median(values, rules)[0] is None or told == everyone.members or label in without:
            continue
        known = Cell(f"{label}: known", len(told), members=told, least=2 * rules.threshold)
        others = Cell(f"{label}: no value", everyone.count - len(told), members=everyone.members - told, least=1)
        counts.parts.append(Partition(everyone, [known, others]))
        for half in (known, others):
            counts.same += [Partition(half, [cell]) for cell in cells if cell.members == half.members][:1]
            counts.within += [(cell, [half]) for cell in cells if cell.members < half.members]
            counts.within += [(half, [cell]) for cell in cells if half.members < cell.members]
        found[label] = known
    return found


def _measured_labels(analysis: Analysis) -> dict[str, str]:
    """Name the measured variables that the cohort has, its own numbers among them, and their labels."""
    return {name: label for name, label in MEASURED.items() if name in analysis.frame} | own_labels(analysis, "number")


def _measured(analysis: Analysis, name: str) -> pd.Series:
    """Take the values of a measured variable: of a dose, those of whom it was given to."""
    values = analysis.frame[name]
    return values.where(values > 0) if name == "gc_dose_mg_per_kg" else values


def released_curves(analysis: Analysis, rules: Rules) -> list[dict[str, Any]]:
    """Read the curves of everybody, and of the exposure groups if each has the threshold of patients and of events."""
    rows = []
    for endpoint in ENDPOINTS:
        time, event = endpoint_columns(endpoint)
        if time not in analysis.frame or event not in analysis.frame:
            continue
        frame = analysis.frame
        members = {"all": pd.Series(True, index=frame.index)}
        try:
            groups = exposure_groups(analysis)
        except NotAvailable:
            groups = None
        if groups is not None:
            split = {str(level): groups == level for level in groups.dropna().unique()}
            enough = all(
                frame.loc[inside, event].sum() >= rules.threshold
                and (inside & frame[time].notna()).sum() >= 2 * rules.threshold
                for inside in split.values()
            )
            members |= split if enough and len(split) > 1 else {}
        for group, inside in members.items():
            found = coarse_curve(frame.loc[inside, time], frame.loc[inside, event], rules)
            if len(found):
                rows.append({"endpoint": endpoint, "group": group, **{name: found[name].tolist() for name in found}})
    return rows


def behind_curves(analysis: Analysis, curves: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Name the patients and the events behind each released curve."""
    found = {}
    for row in curves:
        time, event = endpoint_columns(row["endpoint"])
        frame = analysis.frame
        if row["group"] != "all":
            frame = frame[exposure_groups(analysis).reindex(frame.index).astype("string") == row["group"]]
        place = f"{CURVE_OF}{row['endpoint']}, {row['group']}"
        followed = frame[frame[time].notna() & frame[event].notna()]
        found[f"{place}: patients"] = frozenset(map(str, followed.index))
        found[f"{place}: events"] = frozenset(map(str, followed.index[followed[event].astype(bool)]))
    return found


def behind_medians(analysis: Analysis, medians: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    """Name the patients behind each released median."""
    labels = {label: name for name, label in _measured_labels(analysis).items()}
    return {
        f"median of {row['variable']}": frozenset(map(str, _measured(analysis, labels[row["variable"]]).dropna().index))
        for row in medians
    }


def released_comparisons(analysis: Analysis, rules: Rules) -> list[dict[str, Any]]:
    try:
        groups = exposure_groups(analysis)
    except NotAvailable:
        return []
    rows = []
    for endpoint in ENDPOINTS:
        time, event = endpoint_columns(endpoint)
        if time not in analysis.frame or event not in analysis.frame:
            continue
        sizes = [(groups == level).sum() for level in groups.dropna().unique()]
        if len(sizes) < 2 or min(sizes) < rules.threshold or analysis.frame[event].sum() < rules.threshold:
            continue
        rows.append(
            {
                "endpoint": endpoint,
                "comparison": analysis.parameters.exposure,
                "test": "log-rank",
                "p": coarse_test(logrank_of(analysis, endpoint, groups).value),
            }
        )
    return rows
