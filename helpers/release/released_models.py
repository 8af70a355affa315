"""The Cox models that leave, and what their numbers of patients give away of the counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.release.attack import Cell, Counts, Partition, intervals, narrow_cells
from helpers.release.released_labels import COUNTED, OF_MODELS, own_labels
from helpers.release.rules import Rules, coarse_interval, coarse_p
from helpers.results import table5
from helpers.results.covariates import covariate_rows
from helpers.results.exposure_models import exposure_models

ORDERS = (["no", "yes"], ["none", "low", "high"])


GRADES = {"Yes": "12345", "No": "0", "Grade 1": "1", "Grade 2": "2", "Grade ≥3": "345"}


def released_models(analysis: Analysis, rules: Rules) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Take the rows of the Cox models in which every level has enough patients, events and patients without the event.

    Beside them stand the true numbers of patients and events, for the ledger.
    """
    found, truth, meant = [], {}, _meant_in_models(analysis)
    for name, make in (
        ("univariable", lambda: table5.forest_rows(analysis, "univariable")),
        ("multivariable", lambda: table5.forest_rows(analysis, "multivariable")),
        ("exposure", lambda: _exposure(analysis)),
    ):
        try:
            table = make()
        except (NotAvailable, KeyError, ValueError):
            continue
        for variable, rows in table.groupby("variable", sort=False):
            known = rows.dropna(subset=["n", "events"])
            few = known[
                (known["n"] < rules.threshold)
                | (known["events"] < rules.threshold)
                | (known["n"] - known["events"] < rules.threshold)
            ]
            if len(few) or len(known) < len(rows) or not len(known) or rows["hr"].isna().any():
                continue
            reference = next((int(row.events) for row in rows.itertuples() if pd.isna(row.ci_low)), None)
            variable = meant.get(str(variable), str(variable))
            for row in rows.itertuples():
                place = f"{name}, {analysis.parameters.endpoint}, {variable}: {row.level}"
                truth |= {f"{place}, patients": int(row.n), f"{place}, events": int(row.events)}
                low = high = p = None
                if not pd.isna(row.ci_low) and reference:
                    alpha = analysis.parameters.alpha
                    low, high, p = coarse_interval(row.hr, row.ci_low, row.ci_high, (int(row.events), reference), alpha, rules)  # fmt: skip
                found.append({"model": name, "variable": variable, "level": str(row.level), "n": rules.rounded(row.n), "events": rules.rounded(row.events),
                              "hr": round(row.hr, 2), "low": _two(low), "high": _two(high), "p": coarse_p(p)})  # fmt: skip
    return found, truth


def _meant_in_models(analysis: Analysis) -> dict[str, str]:
    """Give the label of the release by that of the models, which name the cohort's own covariates by their columns."""
    labels = own_labels(analysis)
    places = {f"own.{name}": place for name, place in analysis.own.items()} | dict(analysis.own)
    rows = [row for row in covariate_rows(analysis) if not row.printed]
    return {row.label: labels[places[row.name]] for row in rows if places.get(row.name) in labels}


def _exposure(analysis: Analysis) -> pd.DataFrame:
    models = exposure_models(analysis)
    return pd.concat(
        [table.assign(variable=f"{analysis.parameters.exposure}, {kind}") for kind, table in models.items()],
        ignore_index=True,
    )


def _two(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 2)


def counted_as(
    variable: str, levels: Sequence[str], counted: Mapping[str, Sequence[str]], exposure: str
) -> tuple[str, list[list[str]]] | None:
    """Find the released count that a model's variable is, and which of its levels each level of the model is.

    Parameters
    ----------
    variable, levels : str, sequence of str
        As the model names them, the reference first.
    counted : mapping of str to sequence of str
        Levels of each released count.
    exposure : str

    Returns
    -------
    tuple of str and list of list of str, or None
        None if no count is the same variable.

    Examples
    --------
    >>> counted_as("Age", ["≤8 years", ">8 years"], {"Age above the cut": ["no", "yes"]}, "GC")
    ('Age above the cut', [['no'], ['yes']])
    >>> counted_as("ICANS occurrence", ["No", "Yes"], {"ICANS, highest grade": ["0", "1", "3"]}, "GC")
    ('ICANS, highest grade', [['0'], ['1', '3']])
    """
    wanted = COUNTED.get(OF_MODELS.get(variable, ""), variable)
    if variable.startswith(f"{exposure}, "):
        wanted = f"{exposure} group"
    label = next((name for name in counted if name.lower() == wanted.lower()), None)
    if label is None:
        return None
    here = {level.lower(): level for level in counted[label]}
    if all(level.lower() in here for level in levels):
        return label, [[here[level.lower()]] for level in levels]
    if "grade" in label and all(level in GRADES for level in levels):
        return label, [[grade for grade in GRADES[level] if grade in here] for level in levels]
    for order in ORDERS:
        if len(levels) == len(order) and set(order) <= set(here):
            return label, [[level] for level in order]
    return None


def models_that_give_nothing_away(
    models: list[dict[str, Any]], truth: Mapping[str, int], counts: Counts, tables: list[tuple[str, str, Cell, Partition]],
    parameters: Parameters, bounds: dict[str, tuple[int, int]], rules: Rules,
) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:  # fmt: skip
    """Attack once more with the models' numbers of patients; if a suppressed count becomes narrow, its models are left out."""
    cells = {(label, level): cell for label, level, cell, part in tables if part.total.name == "patients"}
    counted: dict[str, list[str]] = {}
    for label, level in cells:
        counted.setdefault(label, []).append(level)
    within, about_hidden = [], set()
    frame = pd.DataFrame(models, columns=["model", "variable", "level"])
    for (model, variable), rows in frame.groupby(["model", "variable"], sort=False):
        found = counted_as(str(variable), list(rows["level"]), counted, parameters.exposure)
        if found is None:
            continue
        label, places = found
        for level, place in zip(rows["level"], places, strict=True):
            name = f"{model}, {parameters.endpoint}, {variable}: {level}, patients"
            among = [cells[label, one] for one in place]
            if truth[name] <= sum(
                cell.count for cell in among
            ):  # else the model counts some whose level the table does not know
                within.append((Cell(name, truth[name]), among))
        if any(not cells[label, level].shown for level in counted[label]):
            about_hidden.add((model, variable))
    told = Counts(counts.parts, counts.same, [*counts.within, *within])
    again = intervals(told, rules)
    if not narrow_cells(again, rules):
        return models, again
    return [row for row in models if (row["model"], row["variable"]) not in about_hidden], bounds
