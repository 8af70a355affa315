"""The groups that ``parameters.exposure`` makes, whatever it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.cohort.days import exposed_within
from helpers.cohort.schema import TABLES
from helpers.problems import InputError, NotAvailable, Problem
from helpers.results.populations import in_population, needed_frame

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

EXPOSURE_COLUMNS = {"GC": "gc", "TCZ": "tcz", "RUX": "rux"}
MOST_LEVELS = 8


def exposure_groups(analysis: Analysis, exposure: str | None = None) -> pd.Series:
    """Group the patients by *exposure*, by default the one that the parameters name.

    GC, TCZ, RUX: given within the window or not. A column of the analysis frame (so any column of patients): its
    categories, no/yes, the two values of a coded number, or above its median against the rest (from the median on,
    where nobody lies above). An exposure of the table exposures: begun within the
    window or not; this is naive about time, since a patient must live to be exposed (see notebook 07).

    Returns
    -------
    pandas.Series
        Ordered categorical by patient_id, the reference first; missing where unknown. Its name is the exposure.

    Raises
    ------
    NotAvailable
        If GC, TCZ or RUX is asked for and the cohort has no treatments.
    InputError
        If the cohort has no such exposure at all.
    """
    name = exposure or analysis.parameters.exposure
    if name in EXPOSURE_COLUMNS:
        given = needed_frame(analysis, EXPOSURE_COLUMNS[name])[EXPOSURE_COLUMNS[name]]
        return _labelled(given, f"no {name}", name).rename(name)
    if name in analysis.own or name in analysis.frame:
        return _column(analysis, name)
    if name in _begun(analysis):
        began = exposed_within(analysis.cohort, name, analysis.parameters.window_days).reindex(analysis.frame.index)
        return _labelled(began, f"no {name}", name).rename(name)
    raise InputError([Problem("parameters", "", "exposure", name, _allowed(analysis))])


def _begun(analysis: Analysis) -> list[str]:
    """List the exposures of the table exposures, and those that the table status alone knows."""
    cohort = analysis.cohort
    rows = cohort.tables["exposures"]["exposure"].dropna() if cohort.has("exposures", "exposure", "day") else ()
    return sorted({*rows, *(name for name in cohort.declared.get("status", {}) if cohort.has("status", name))})


def exposure_groupings(analysis: Analysis) -> dict[str, pd.Series]:
    """Name the groupings that this cohort can be compared by: the exposure of the parameters, or what it has instead.

    A cohort without treatments cannot be grouped by GC, TCZ or RUX; it is then grouped by each of its own declared
    categories and by each exposure of its table exposures. Patients without CRS and ICANS are left out, where known.

    Returns
    -------
    dict of str to Series
        As :func:`exposure_groups` gives them; empty if there is nothing to group by.
    """
    inside = in_population(analysis, "toxicity")
    try:
        return {analysis.parameters.exposure: exposure_groups(analysis).where(inside)}
    except NotAvailable:
        own = analysis.cohort.declared.get("patients", {})
        names = [name for name, column in own.items() if column.kind == "category" and name in analysis.own]
        names += _begun(analysis)
        found = {name: exposure_groups(analysis, name).where(inside) for name in names}
        return {name: groups for name, groups in found.items() if len(groups.dropna().unique()) > 1}


def _labelled(mask: pd.Series, no: str, yes_: str) -> pd.Series:
    labels = mask.astype(object).map({False: no, True: yes_})
    return pd.Series(pd.Categorical(labels, [no, yes_], ordered=True), index=mask.index)


def _column(analysis: Analysis, name: str) -> pd.Series:
    series = analysis.frame[analysis.own.get(name, name)].rename(name)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.copy()
    if pd.api.types.is_bool_dtype(series.dtype):
        return _labelled(series.astype(object), f"no {name}", name).rename(name)
    if pd.api.types.is_numeric_dtype(series.dtype):
        values = sorted(series.dropna().unique())
        if len(values) == 2:  # a coded yes/no has no middle
            low, high = (f"{name} {value:g}" for value in values)
            return _labelled((series == values[1]).astype(object).where(series.notna()), low, high).rename(name)
        middle = series.median()
        if not (series > middle).any():  # most stand at the top value
            over = (series >= middle).astype(object).where(series.notna())
            return _labelled(over, f"{name} <{middle:g}", f"{name} ≥{middle:g}").rename(name)
        over = (series > middle).astype(object).where(series.notna())
        return _labelled(over, f"{name} ≤{middle:g}", f"{name} >{middle:g}").rename(name)
    column = analysis.cohort.declared.get("patients", {}).get(name) or TABLES["patients"].get(name)
    found = sorted(series.dropna().unique())
    if len(found) > MOST_LEVELS:
        raise InputError([Problem("parameters", "", "exposure", name, f"a column of at most {MOST_LEVELS} categories")])
    order = [level for level in (column.allowed if column else ()) if level in found] or found
    return pd.Series(pd.Categorical(series, order, ordered=True), index=series.index, name=name)


def _allowed(analysis: Analysis) -> str:
    names = [name for name, column in EXPOSURE_COLUMNS.items() if column in analysis.frame]
    names += [name for name in analysis.cohort.tables["patients"] if name in analysis.frame or name in analysis.own]
    names += _begun(analysis)
    return " / ".join(map(str, names))
