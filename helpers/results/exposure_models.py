"""Cox models of the exposure that the parameters name, alone and adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.results.covariates import Row
from helpers.results.exposure import exposure_groups
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population
from helpers.results.registry import GC, LENGTH, ONSET, family
from helpers.results.table5 import (
    ALL_CUTS,
    METHOD,
    MODEL,
    fit_cox,
    level_labels,
    model_frame,
    obstacle_to,
    selected_covariates,
    univariable_of,
    values_of,
    with_model,
    without_model,
)
from helpers.results.value import Value, id_parts

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


def adjusted_for(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates beside which the exposure of the parameters is adjusted."""
    return tuple(row for row in selected_covariates(analysis) if not states_again(analysis, row))


def exposure_row(analysis: Analysis) -> Row:
    """Make the exposure of the parameters a covariate."""
    groups = exposure_groups(analysis)
    groups = groups.cat.remove_unused_categories()
    keys = tuple(id_parts(groups.cat.categories).values())[1:]
    return Row(
        "exposure", f"Exposure {analysis.parameters.exposure}", keys, lambda _: groups, "toxicity", printed=False
    )


@once_per_analysis
def exposure_models(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Fit the exposure of the parameters alone ("crude") and beside the selected covariates ("adjusted").

    Covariates that state the exposure again (GC dose beside GC, the column itself) are left out of the adjustment.
    """
    row = exposure_row(analysis)
    labels, who = level_labels(row, row.make(analysis)), in_population(analysis, "toxicity")
    tables = {"crude": univariable_of(analysis, row)}
    others = adjusted_for(analysis)
    frame = model_frame(analysis, [row, *others], who).dropna()
    names = [other.name for other in others if len(frame[other.name].unique()) > 1]
    for name in ["exposure", *names]:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].cat.remove_unused_categories()
    obstacle = obstacle_to(frame["exposure"], labels)
    if obstacle:
        return tables | {"adjusted": without_model(analysis, row, labels, obstacle, frame, int(who.sum()))}
    model = fit_cox(analysis, frame, ["exposure", *names])
    return tables | {"adjusted": with_model(analysis, row, labels, model, int(who.sum()))}


def states_again(analysis: Analysis, other: Row) -> bool:
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
        found |= values_of(table, name, lambda key: "extra.exposure.")
    return found
