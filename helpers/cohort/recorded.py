"""What a cohort recorded, and so what a patient without a row had: no, or nobody knows.

A table of events says who had one. Of everybody else it says "no" only where the cohort looked: a hospital that never
wrote ICANS down has no children "without ICANS". ``recorded`` in cohort.json lists, table by table, what was looked
for. Of a table that it does not list, whatever has at least one row counts as recorded and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from helpers.cohort.steroids import EQUIVALENT_MG

if TYPE_CHECKING:
    from helpers.cohort.schema import Cohort

GLUCOCORTICOIDS = "glucocorticoids"
STEROIDS = tuple(EQUIVALENT_MG)
EVENT_COLUMN = {"toxicity": "event", "treatments": "agent", "exposures": "exposure", "labs": "analyte"}
OUTCOME_DAYS: Mapping[str, str] = MappingProxyType(
    {
        "relapse": "relapse_day",
        "progression": "progression_day",
        "treatment failure": "treatment_failure_day",
        "transplantation": "transplant_day",
        "death": "death_day",
    }
)
RECORDABLE: Mapping[str, tuple[str, ...] | None] = MappingProxyType(
    {
        "toxicity": ("CRS", "ICANS"),
        "treatments": (GLUCOCORTICOIDS, "tocilizumab", "ruxolitinib", "anakinra", "other"),
        "followup": tuple(OUTCOME_DAYS),
        "labs": None,  # any analyte of the dictionary or of cohort.json
        "exposures": None,  # any text
    }
)


def seen_in_table(cohort: Cohort, table: str) -> set[str]:
    """Return what has at least one row (in followup: one day) in *table*, by the words of :data:`RECORDABLE`.

    Examples
    --------
    >>> from helpers.cohort.schema import Cohort
    >>> given = pd.DataFrame({"patient_id": ["SYN-001"], "agent": ["dexamethasone"], "day": [4.0]})
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001"]})
    >>> sorted(seen_in_table(Cohort("one", "infusion", True, "", "", {"patients": patients, "treatments": given}), "treatments"))
    ['glucocorticoids']
    """
    rows = cohort.tables.get(table)
    if rows is None:
        return set()
    if table == "followup":
        return {name for name, column in OUTCOME_DAYS.items() if column in rows and rows[column].notna().any()}
    if EVENT_COLUMN[table] not in rows:
        return set()
    found = set(rows[EVENT_COLUMN[table]].dropna().unique())
    return {GLUCOCORTICOIDS if name in STEROIDS else name for name in found} if table == "treatments" else found


def is_recorded(cohort: Cohort, table: str, what: str) -> bool:
    """Tell whether a patient of whom *table* has no *what* is known not to have had it.

    Parameters
    ----------
    cohort : Cohort
    table : {"toxicity", "treatments", "exposures", "labs", "followup"}
    what : str
        An event, agent (all steroids are "glucocorticoids"), exposure, analyte or outcome.

    Examples
    --------
    >>> from helpers.cohort.schema import Cohort
    >>> rows = pd.DataFrame({"patient_id": ["SYN-001"], "event": ["CRS"], "day_from": [2.0], "grade": [1]})
    >>> tables = {"patients": pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"]}), "toxicity": rows}
    >>> silent = Cohort("two", "infusion", True, "", "", tables)
    >>> is_recorded(silent, "toxicity", "CRS"), is_recorded(silent, "toxicity", "ICANS")
    (True, False)
    >>> said = Cohort("two", "infusion", True, "", "", tables, recorded={"toxicity": ("CRS", "ICANS")})
    >>> is_recorded(said, "toxicity", "ICANS")
    True
    """
    column = OUTCOME_DAYS.get(what, "") if table == "followup" else EVENT_COLUMN[table]
    if not cohort.has(table, column):
        return False
    return what in (cohort.recorded[table] if table in cohort.recorded else seen_in_table(cohort, table))


def yes_no_unknown(
    index: pd.Index, had: Collection[str], *, recorded: bool, told: pd.Series | None = None
) -> pd.Series | None:
    """Say of each patient yes, no or unknown; None if nothing is known of anybody.

    Parameters
    ----------
    index : Index
        All patients.
    had : collection of str
        Who has a row.
    recorded : bool
        Whether no row means no.
    told : Series of "yes", "no", "unknown" or missing, optional
        What the table status says of single patients; it wins over the absence of a row.

    Returns
    -------
    Series of boolean with missing values

    Examples
    --------
    >>> everyone = pd.Index(["a", "b", "c"])
    >>> yes_no_unknown(everyone, ["a"], recorded=True, told=pd.Series({"c": "unknown"})).tolist()
    [True, False, <NA>]
    >>> yes_no_unknown(everyone, [], recorded=False) is None
    True
    """
    answer = pd.Series(False if recorded else pd.NA, index=index, dtype="boolean")
    if told is not None:
        told = told.reindex(index)
        answer = answer.mask(told.isin(["unknown"]).astype(bool))
        answer[told.isin(["yes"]).to_numpy(bool)] = True
        answer[told.isin(["no"]).to_numpy(bool)] = False
    answer[index.isin(list(had))] = True
    return None if answer.isna().all() and len(index) else answer


def any_of(answers: Sequence[pd.Series], of: int) -> pd.Series:
    """Join yes/no/unknown by "or"; with fewer than *of* answers a "no" is unknown, since something was not looked for."""
    joined = answers[0].astype("boolean")
    for answer in answers[1:]:
        joined = joined | answer.astype("boolean")
    return joined if len(answers) == of else joined.mask(~joined.fillna(True).astype(bool))


def told_in_status(cohort: Cohort, column: str) -> pd.Series | None:
    """Return a column of the table status, by patient; None if the cohort has none."""
    return cohort.tables["status"].set_index("patient_id")[column] if cohort.has("status", column) else None
