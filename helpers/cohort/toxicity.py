"""CRS and ICANS: who had them, how severely, from when, for how long."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.days import calendar_day
from helpers.cohort.recorded import any_of, is_recorded, told_in_status, yes_no_unknown
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters

EVENTS = {"crs": "CRS", "icans": "ICANS"}
ROWS_OF_TOXICITY = ("event", "day_from", "grade")  # columns without which nothing can be derived


def derive_toxicity(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Derive CRS, ICANS and whether there was either: grades, onset, days, whether resolved."""
    out = pd.DataFrame(index=frame.index)
    for name, event in EVENTS.items():
        out = out.join(_syndrome(cohort, frame.index, name, event))
    known = [out[name] for name in EVENTS if name in out]
    if known:
        out["toxicity"] = any_of(known, of=len(EVENTS))
    if parameters.icans_clock == "crs_onset" and {"icans_onset_day", "crs_onset_day"} <= set(out):
        out["icans_onset_day"] = out["icans_onset_day"] - out["crs_onset_day"]
    return out


def _syndrome(cohort: Cohort, index: pd.Index, name: str, event: str) -> pd.DataFrame:
    """Derive one syndrome of the table toxicity, and of status where no day is known."""
    out: dict[str, pd.Series] = {}
    rows = None
    if cohort.has("toxicity", *ROWS_OF_TOXICITY):
        rows = cohort.tables["toxicity"]
        rows = rows[rows["event"].eq(event).fillna(False).astype(bool)]
    peak = pd.Series(np.nan, index=index) if rows is None else rows.groupby("patient_id")["grade"].max().reindex(index)
    peak = peak.astype("Int64")
    told_peak = told_in_status(cohort, f"{name}_grade_max")
    told = told_in_status(cohort, name)
    if told_peak is not None:
        told_peak = told_peak.reindex(index).astype("Int64")
        peak = peak.fillna(told_peak)
        told = pd.Series(pd.NA, index=index, dtype="string") if told is None else told.reindex(index).astype("string")
        told = told.fillna(told_peak.gt(0).map({True: "yes", False: "no"}).astype("string"))
    recorded = rows is not None and is_recorded(cohort, "toxicity", event)
    had = () if rows is None else rows["patient_id"].unique()
    answer = yes_no_unknown(index, had, recorded=recorded, told=told)
    if answer is None:
        return pd.DataFrame(index=index)
    out[name] = answer
    out[f"{name}_grade"] = peak.mask(answer.eq(False).fillna(False).astype(bool), 0)
    if rows is None:
        return pd.DataFrame(out)
    out[f"{name}_onset_day"] = rows.groupby("patient_id")["day_from"].min().reindex(index).astype(float)
    if "day_to" in rows:
        at_these = rows if event == "CRS" else rows[rows["grade"] <= 2]
        out[f"{name}_duration_days"] = _days_covered(at_these).reindex(index)
    if "resolved" in rows:
        out[f"{name}_resolved"] = _all_true(rows["resolved"], rows["patient_id"]).reindex(index)
    return pd.DataFrame(out)


def _all_true(episodes: pd.Series, patient: pd.Series) -> pd.Series:
    """Return by patient True if all episodes are true, False if one is false, else missing."""
    least = episodes.astype("boolean").astype("Float64").fillna(0.5).astype(float).groupby(patient).min()
    return least.map({0.0: False, 0.5: pd.NA, 1.0: True}).astype("boolean")


def _days_covered(intervals: pd.DataFrame) -> pd.Series:
    """Count the days that a patient's intervals cover, both ends included, overlaps once; NaN if an end is unknown.

    Calendar days: from 2.4 to 4.1 are days 2, 3 and 4.
    """

    days: dict[str, float] = {}
    reached: dict[str, float] = {}
    ordered = intervals.sort_values("day_from")[["patient_id", "day_from", "day_to"]]
    ordered = ordered.assign(day_from=calendar_day(ordered["day_from"]), day_to=calendar_day(ordered["day_to"]))
    for patient, start, end in ordered.itertuples(index=False):
        days[patient] = days.get(patient, 0.0) + max(0.0, end + 1 - max(start, reached.get(patient, -np.inf)))
        reached[patient] = max(reached.get(patient, -np.inf), end + 1)
    unknown = set(intervals.loc[intervals["day_to"].isna(), "patient_id"])
    return pd.Series({patient: np.nan if patient in unknown else n for patient, n in days.items()}, dtype=float)
