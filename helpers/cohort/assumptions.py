"""What is taken for granted where a column is absent or empty: each meaning in one sentence, beside what rests on it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from helpers.cohort.recorded import is_recorded
from helpers.cohort.schema import Cohort
from helpers.cohort.steroids import EQUIVALENT_MG
from helpers.cohort.units import ANALYTE_UNIT
from helpers.parameters import Parameters


def assumptions_made(cohort: Cohort, parameters: Parameters | None = None) -> tuple[str, ...]:
    """List what the numbers of *cohort* take for granted because it does not say.

    Parameters
    ----------
    cohort : Cohort
    parameters : Parameters, optional

    Returns
    -------
    tuple of str
        Plain sentences, none if nothing had to be taken for granted.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001"], "weight_kg": [20.0], "cutoff_day": [900.0]})
    >>> given = pd.DataFrame({"patient_id": ["SYN-001"], "agent": ["dexamethasone"], "day": [4.0], "salt": ["base"],
    ...                       "indication": ["CRS"], "dose_mg": [15.0]})
    >>> assumptions_made(Cohort("one", "infusion", True, "", "", {"patients": patients, "treatments": given}))
    ('GC: table treatments has no column route; every steroid dose (1) is counted as systemic, eye drops included',)
    """
    parameters = parameters or Parameters()
    followup = _followup(cohort, parameters)
    return (*_treatments(cohort, parameters), *_labs(cohort), *followup, *_reading(cohort, parameters))


def _gap(frame: pd.DataFrame, column: str, table: str) -> tuple[str, int]:
    """Say that a column is absent, or in how many rows it is empty; no words if it is full."""
    if column not in frame:
        return f"table {table} has no column {column}", len(frame)
    empty = int(frame[column].isna().sum())
    return (f"column {column} of table {table} is empty in {empty} of {len(frame)} rows" if empty else ""), empty


def _treatments(cohort: Cohort, parameters: Parameters) -> Iterator[str]:
    if not cohort.has("treatments", "agent", "day"):
        return
    rows = cohort.tables["treatments"]
    doses = rows[rows["agent"].isin(list(EQUIVALENT_MG))]
    if doses.empty:
        return
    where, count = _gap(doses, "route", "treatments")
    if where:
        yield f"GC: {where}; every steroid dose ({count}) is counted as systemic, eye drops included"
    where, count = _gap(doses, "indication", "treatments")
    if where and not parameters.premedication:
        told = "premedication and physiological replacement cannot be told apart and are counted"
        yield f"GC: {where}; {told}"
    where, count = _gap(doses, "salt", "treatments")
    if where and "salt" not in doses:
        yield f"GC: {where}; every dose is taken as the mass of the base"
    if not cohort.has("patients", "weight_kg") and "dose_mg" in doses:
        yield "GC: table patients has no column weight_kg; doses per kg are not known"


def _labs(cohort: Cohort) -> Iterator[str]:
    if not cohort.has("labs", "analyte", "value"):
        return
    rows = cohort.tables["labs"]
    where, _ = _gap(rows, "censored", "labs")
    if where:
        yield f"Laboratory: {where}; those values are taken as measured, even at a limit of detection"
    where, _ = _gap(rows, "unit", "labs")
    if where:
        units = {**ANALYTE_UNIT, **cohort.analytes}
        known = [f"{name} {units[name]}" for name in units if name in set(rows["analyte"].dropna())]
        yield f"Laboratory: {where}; those values are taken in the dictionary's units ({', '.join(known)})"


def _followup(cohort: Cohort, parameters: Parameters) -> Iterator[str]:
    if not cohort.has("followup", "last_contact_day"):
        return
    rows = cohort.tables["followup"]
    if not cohort.has("patients", "cutoff_day"):
        yield "Survival: table patients has no column cutoff_day; events count whenever they came"
    relapses = [name for name in ("relapse", "progression") if is_recorded(cohort, "followup", name)]
    if relapses and not is_recorded(cohort, "followup", "death"):
        yield "Survival: no death is recorded; PFS and EFS rest on the other events, and there is no OS"
    if "death_cause" not in rows and is_recorded(cohort, "followup", "death"):
        yield "Survival: table followup has no column death_cause; every death counts as an event of EFS"
    if parameters.censoring == "last_assessment":
        where, _ = _gap(rows, "last_assessment_day", "followup")
        if where:
            yield f"Survival: {where}; those patients are censored at last contact"


def _reading(cohort: Cohort, parameters: Parameters) -> Iterator[str]:
    if not cohort.stands_for and "reading" in parameters.model_fields_set and parameters.reading == "paper":
        yield (
            'reading = "paper" does nothing here: the cohort does not say that it stands for the paper\'s own '
            "(stands_for in cohort.json), so it is read as the paper's Methods state"
        )
