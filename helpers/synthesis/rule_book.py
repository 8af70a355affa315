"""The book of rules that a natural cohort keeps: a rule says for each patient whether it is broken."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.cohort.schema import Cohort

FOR_TOXICITY = ("CRS", "ICANS", "CRS/ICANS")
STEROIDS = ("methylprednisolone", "dexamethasone")
RULES: dict[str, Callable[[Cohort, Analysis], pd.Series]] = {}


def rule(text: str) -> Callable:
    """Register a function that says for each patient whether the rule *text* is broken."""

    def register(function: Callable) -> Callable:
        RULES[text] = function
        return function

    return register


def fates(cohort: Cohort) -> pd.DataFrame:
    """Return the follow-up table by patient."""
    return cohort.tables["followup"].set_index("patient_id")


def given(cohort: Cohort, *agents: str) -> pd.DataFrame:
    """Return the administrations of some agents for toxicity, none intrathecal, with its first and last day, by patient."""
    rows = cohort.tables["treatments"]
    rows = rows[rows["agent"].isin(agents) & rows["indication"].isin(FOR_TOXICITY) & ~rows["route"].isin(["IT"])]
    ends = cohort.tables["toxicity"].groupby("patient_id").agg(first=("day_from", "min"), last=("day_to", "max"))
    return rows.join(ends, on="patient_id").set_index("patient_id")


def days_of(cohort: Cohort, event: str, grade: int = 1) -> pd.DataFrame:
    """Return the first and last day of CRS or ICANS at a grade or above, by patient."""
    rows = cohort.tables["toxicity"]
    rows = rows[(rows["event"] == event) & (rows["grade"] >= grade)]
    return rows.groupby("patient_id").agg(first=("day_from", "min"), last=("day_to", "max"))
