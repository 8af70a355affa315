"""Response at day 30, outcomes and endpoints: who had which event, and on what day, as the paper defines them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.cohort.recorded import OUTCOME_DAYS, is_recorded, told_in_status, yes_no_unknown
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters

RESPONSES = ("CR", "CRi", "PR", "NR")
ENDPOINTS = ("os", "pfs", "efs")
MRD_NEGATIVE = 1e-4  # fraction of cells; below it no residual disease


def derive_response(cohort: Cohort) -> pd.DataFrame:
    """Derive who was evaluable on day 30, who was in complete response, and who without residual disease (by number, else by word)."""
    if not cohort.has("response", "day30_response"):
        return pd.DataFrame(index=pd.Index([], name="patient_id"))
    out = cohort.tables["response"].set_index("patient_id")
    out["evaluable"] = out["day30_response"].isin(RESPONSES).fillna(False).astype(bool)
    out["cr"] = out["day30_response"].isin(("CR", "CRi")).astype("boolean").where(out["evaluable"])
    told = [column for column in ("mrd_day30", "mrd_day30_result") if column in out]
    if told:
        negative = pd.Series(pd.NA, index=out.index, dtype="boolean")
        if "mrd_day30_result" in told:
            negative = out["mrd_day30_result"].eq("negative").astype("boolean")
        if "mrd_day30" in told:
            number = out["mrd_day30"].astype("Float64")
            negative = (number < MRD_NEGATIVE).astype("boolean").fillna(negative)
        out["mrd_day30_negative"] = negative
    return out


def derive_outcomes(cohort: Cohort, frame: pd.DataFrame) -> pd.DataFrame:
    """Say of each patient whether relapse, progression and death came by the data cut-off: yes, no or unknown."""
    out: dict[str, pd.Series] = {}
    rows = cohort.tables.get("followup")
    followed = pd.Index([]) if rows is None else frame.index.intersection(rows["patient_id"])
    cutoff = frame["cutoff_day"] if "cutoff_day" in frame else pd.Series(np.inf, index=frame.index)
    for name in ("relapse", "progression", "death"):
        had: Sequence[str] = ()
        if rows is not None and OUTCOME_DAYS[name] in rows:
            day = rows.set_index("patient_id")[OUTCOME_DAYS[name]].reindex(frame.index)
            had = frame.index[(day <= cutoff.fillna(np.inf)).fillna(False).to_numpy(bool)]
        recorded = is_recorded(cohort, "followup", name)
        told = told_in_status(cohort, name)
        if recorded and len(followed) < len(frame):
            unfollowed = frame.index.difference(followed)
            told = pd.Series(pd.NA, frame.index, dtype="string") if told is None else told.reindex(frame.index)
            told = told.mask(told.isna() & told.index.isin(unfollowed), "unknown")
        answer = yes_no_unknown(frame.index, had, recorded=recorded, told=told)
        if answer is not None:
            out[name] = answer
    return pd.DataFrame(out, index=frame.index)


def derive_endpoints(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Derive OS, PFS and EFS; an event after the data cut-off is not seen.

    OS: death from any cause. PFS: relapse, progression or death from any cause. EFS: relapse, progression, treatment
    failure, non-response at day 30, or death, but not a death that was unrelated to disease and treatment: the
    paper's definition, by which such a death ends EFS without an event although it is one of PFS. A death of unknown
    cause counts. Whoever is known to have been seen on a day was in contact on it, and a death ends contact.

    A cohort that recorded no death has no OS; its PFS and EFS rest on what it recorded. Whoever is told (table status)
    to have had an event without a day, or a relapse or progression that nobody knows of, has no time to it. Where the
    cohort recorded neither relapse nor progression, PFS is that of the patients of whom status says that they had none.
    """
    out = pd.DataFrame(index=frame.index)
    if not cohort.has("followup", "last_contact_day"):
        return out
    days = cohort.tables["followup"].set_index("patient_id").reindex(frame.index)
    never = pd.Series(np.nan, index=frame.index)
    cutoff = frame["cutoff_day"].fillna(np.inf) if "cutoff_day" in frame else np.inf
    progression = pd.concat([days.get(name, never) for name in ("relapse_day", "progression_day")], axis=1).min(axis=1)
    death = days.get("death_day", never)
    known = ("last_contact_day", "relapse_day", "progression_day", "treatment_failure_day", "last_assessment_day")
    contact = days[[name for name in known if name in days]].max(axis=1).where(death.isna(), death)
    assessed = contact
    if parameters.censoring == "last_assessment" and "last_assessment_day" in days:
        assessed = days["last_assessment_day"].fillna(contact)
    out["followup_days"] = np.minimum(contact, cutoff)
    dead_some_day = _without_day(cohort, "death", death)
    if is_recorded(cohort, "followup", "death"):
        out["os_days"], out["os_event"] = _first(death, contact.mask(dead_some_day), cutoff)
    told = [name for name in ("relapse", "progression") if name in frame and frame[name].notna().any()]
    dated = any(is_recorded(cohort, "followup", name) for name in told)
    if not told or not (dated or is_recorded(cohort, "followup", "death")):
        return out
    unknown = dead_some_day
    if not dated:
        unknown = unknown | frame[told].isna().all(axis=1)
    for name in ("relapse", "progression"):
        unknown = unknown | _without_day(cohort, name, days.get(OUTCOME_DAYS[name], never), unknown=True)
    contact, assessed = contact.mask(unknown), assessed.mask(unknown)
    progression, death = progression.mask(unknown), death.mask(unknown)
    out["pfs_days"], out["pfs_event"] = _first(np.fmin(progression, death), assessed, cutoff)
    if "treatment_failure_day" in days or "day30_response" in frame:
        failure = np.fmin(days.get("treatment_failure_day", never), _nonresponse_day(frame, parameters))
        cause = days["death_cause"] if "death_cause" in days else pd.Series(pd.NA, index=days.index)
        related = death.where(~cause.eq("unrelated").fillna(False).astype(bool))
        first = np.fmin(np.fmin(progression, failure), related).mask(unknown)
        out["efs_days"], out["efs_event"] = _first(first, assessed, cutoff)
    return out


def _without_day(cohort: Cohort, name: str, day: pd.Series, *, unknown: bool = False) -> pd.Series:
    """Mark who had an outcome on a day that nobody knows (or, with *unknown*, of whom nobody knows whether)."""
    told = told_in_status(cohort, name)
    if told is None:
        return pd.Series(False, index=day.index)
    marks = ["yes", "unknown"] if unknown else ["yes"]
    return told.reindex(day.index).isin(marks).astype(bool) & day.isna()


def _first(event: pd.Series, censored: pd.Series, cutoff: pd.Series | float) -> tuple[pd.Series, pd.Series]:
    seen = event.notna() & (event <= cutoff)
    time = event.where(seen, np.minimum(censored, cutoff))
    return time, seen.where(time.notna()).astype("boolean").fillna(False).astype(bool)


def _nonresponse_day(frame: pd.DataFrame, parameters: Parameters) -> pd.Series:
    """Return the day from which a day 30 non-response counts as treatment failure."""
    if "day30_response" not in frame:
        return pd.Series(np.nan, index=frame.index)
    day = pd.Series(30.0, index=frame.index)
    if parameters.nonresponse_day == "assessment" and "assessment_day" in frame:
        day = frame["assessment_day"].fillna(30.0)
    return day.where(frame["day30_response"].eq("NR").fillna(False).astype(bool))
