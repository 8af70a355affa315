"""Cox models of the exposure that the parameters name, alone and adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.results.covariates import Row
from helpers.results.exposure import exposure_groups
from helpers.results.measures import once
from helpers.results.populations import population
from helpers.results.registry import GC, LENGTH, ONSET, family
from helpers.results.table5 import (
    ALL_CUTS,
    METHOD,
    MODEL,
    _empty,
    _expected,
    _fit,
    _obstacle,
    _univariable,
    _values,
    _with_keys,
    model_frame,
    selected,
)
from helpers.results.value import Value, slug

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


def adjusted_for(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates beside which the exposure of the parameters is adjusted."""
    return tuple(row for row in selected(analysis) if not _states_again(analysis, row))


def exposure_row(analysis: Analysis) -> Row:
    """Make the exposure of the parameters a covariate."""
    groups = exposure_groups(analysis)
    groups = groups.cat.remove_unused_categories()
    keys = tuple(slug(level) for level in groups.cat.categories[1:])
    return Row(
        "exposure", f"Exposure {analysis.parameters.exposure}", keys, lambda _: groups, "toxicity", printed=False
    )


@once
def exposure_models(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Fit the exposure of the parameters alone ("crude") and beside the selected covariates ("adjusted").

    Covariates that state the exposure again (GC dose beside GC, the column itself) are left out of the adjustment.
    """
    row = exposure_row(analysis)
    tables = {"crude": _univariable(analysis, row)}
    others = adjusted_for(analysis)
    frame = model_frame(analysis, [row, *others], population(analysis, "toxicity")).dropna()
    names = [other.name for other in others if len(frame[other.name].unique()) > 1]
    for name in ["exposure", *names]:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].cat.remove_unused_categories()
    levels = _expected(row, row.make(analysis))
    obstacle = _obstacle(frame["exposure"], levels)
    if obstacle:
        return tables | {"adjusted": _empty(row, levels, obstacle, 0)}
    model = _fit(analysis, frame, ["exposure", *names])
    missing = int(population(analysis, "toxicity").sum()) - model.n
    adjusted = _with_keys(row, levels, model)
    return tables | {
        "adjusted": adjusted.assign(model_n=model.n, model_events=model.events, missing=missing, overall_p=model.lr_p)
    }


def _states_again(analysis: Analysis, other: Row) -> bool:
    name = analysis.parameters.exposure
    return (
        other.name == name.lower()
        or (name in ("GC", "gc_group") and other.name.startswith("gc_"))
        or other.name == name
    )


@family(
    population="toxicity",
    method=METHOD + "; crude, and adjusted for the covariates that pass the screen",
    reason="groups formed after day 0 are compared from day 0: naive about time",
    prefix="extra.exposure.",
    depends=[*MODEL, *ALL_CUTS, *ONSET, *LENGTH, *GC, "screening_p", "exposure", "reading"],
)
def exposure_values(analysis: Analysis) -> dict[str, Value]:
    """Hazard ratio of the exposure that the parameters name."""
    found = {}
    for name, table in exposure_models(analysis).items():
        found |= _values(table, name, lambda key: "extra.exposure.")
    return found
