"""Days: the calendar day of an hour, and the day on which an exposure of the table exposures began."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.recorded import is_recorded, told_in_status, yes_no_unknown
from helpers.cohort.schema import Cohort
from helpers.problems import NotAvailable

NOISE = 1e-6  # of a day: what is left when a spreadsheet subtracts two dates

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12


def calendar_day(day: pd.Series) -> pd.Series:
    """Return the calendar day of a day with a fraction: doses on 3.2 and 3.8 are given on one day.

    Float noise below a day is that day: 45013.7 + 3 - 45013.7 is day 3.

    Examples
    --------
    >>> calendar_day(pd.Series([3.2, 3.8, -0.5, 2.9999999999])).tolist()
    [3.0, 3.0, -1.0, 3.0]
    """
    return np.floor(day.astype(float) + NOISE)


def first_days(cohort: Cohort, name: str, low: float = -np.inf, high: float = np.inf) -> pd.Series:
    """Return the first day from *low* to *high* on which exposure *name* (of the table exposures) began, by patient.

    An onset before *low* does not hide a later one.

    Raises
    ------
    NotAvailable
        If the cohort has no such exposure.
    """
    exposures = cohort.need("exposures", "exposure", "day")
    rows = exposures[exposures["exposure"].eq(name).fillna(False).astype(bool)]
    if rows.empty:
        known = ", ".join(sorted(exposures["exposure"].dropna().unique()))
        raise NotAvailable(f"cohort {cohort.name} has no exposure {name}; it has {known}")
    return rows[rows["day"].between(low, high)].groupby("patient_id")["day"].min()


def exposed_within(cohort: Cohort, name: str, window_days: float) -> pd.Series:
    """Say of each patient whether exposure *name* (of the table exposures) began within days 0 to *window_days*.

    Returns
    -------
    Series of boolean
        By patient_id; missing where a cohort.json that lists what was recorded does not list *name*, or where a column
        *name* that the cohort declares in its table status says "unknown".

    Raises
    ------
    NotAvailable
        If the cohort has no such exposure.
    """
    told = told_in_status(cohort, name) if name in cohort.declared.get("status", {}) else None
    try:
        began = list(first_days(cohort, name, 0, np.nextafter(window_days + 1, 0)).index)
    except NotAvailable:
        if told is None:
            raise
        began = []
    index = pd.Index(cohort.tables["patients"]["patient_id"], name="patient_id")
    answer = yes_no_unknown(index, began, recorded=is_recorded(cohort, "exposures", name), told=told)
    return pd.Series(pd.NA, index=index, dtype="boolean") if answer is None else answer
