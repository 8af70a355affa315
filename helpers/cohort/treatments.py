"""Treatments of toxicity: steroids in methylprednisolone equivalents, their groups and clocks, and the other agents."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.cohort.days import calendar_day
from helpers.cohort.recorded import GLUCOCORTICOIDS, is_recorded, told_in_status, yes_no_unknown
from helpers.cohort.schema import Cohort
from helpers.cohort.steroids import EQUIVALENT_MG, base_share
from helpers.cohort.toxicity import ROWS_OF_TOXICITY
from helpers.parameters import Parameters

SYSTEMIC = ("IV", "PO", "SC", "IM")
NOT_FOR_TOXICITY = ("premedication", "physiological replacement")
AGENT_NAMES = {"tcz": "tocilizumab", "rux": "ruxolitinib"}
GC_GROUPS = ("none", "low", "high")
ROUNDING = 1e-9  # mg/kg: so that 8 mg/kg given as a sum of doses is still 8
ROWS_OF_TREATMENTS = ("agent", "day")  # columns without which nothing can be derived


def steroid_doses(cohort: Cohort, parameters: Parameters) -> pd.DataFrame:
    """List every steroid administration with its methylprednisolone equivalent and, if it is not summed, why.

    Returns
    -------
    DataFrame
        The rows of ``treatments`` that are steroids, with ``mp_mg`` (methylprednisolone equivalent of the base, mg),
        ``mp_mg_per_kg`` (weight at the origin) and ``left_out`` ("" if it counts, else the reason).

    Notes
    -----
    4 mg methylprednisolone = 5 mg prednisone = 0.75 mg dexamethasone = 20 mg hydrocortisone, of the base: 5 mg
    dexamethasone sodium phosphate are 3.8 mg dexamethasone, while a vial of "40 mg" methylprednisolone sodium succinate
    holds 40 mg of the base (:func:`base_share`). An administration without a route counts as systemic, and one without an
    indication as given for toxicity (:func:`helpers.cohort.assumptions.assumptions_made` says where). The window ends with the
    calendar day ``window_days``.
    """
    treatments = cohort.need("treatments", "patient_id", "agent", "day")
    doses = treatments[treatments["agent"].isin(list(EQUIVALENT_MG))].copy()
    salt = doses["salt"] if "salt" in doses else pd.Series(pd.NA, index=doses.index, dtype="string")
    drugs = pd.MultiIndex.from_arrays([doses["agent"], salt.fillna("base")])
    share = {drug: base_share(*drug, parameters.steroid_labels) for drug in drugs.unique()}
    milligrams = doses["dose_mg"] if "dose_mg" in doses else pd.Series(np.nan, index=doses.index)
    by = np.array([share[drug] for drug in drugs], dtype=float)
    doses["mp_mg"] = milligrams * by * 4.0 / doses["agent"].map(EQUIVALENT_MG).astype(float)
    doses["mp_mg_per_kg"] = doses["mp_mg"] / doses["patient_id"].map(_weights(cohort))
    doses["left_out"] = ""
    if "indication" in doses and not parameters.premedication:
        other = doses["indication"].isin(NOT_FOR_TOXICITY).fillna(False).astype(bool)
        doses.loc[other, "left_out"] = doses.loc[other, "indication"]
    if "route" in doses:
        local = doses["route"].notna() & ~doses["route"].isin(SYSTEMIC)
        doses.loc[local, "left_out"] = doses.loc[local, "route"] + " route"
    outside = ~calendar_day(doses["day"]).between(0, parameters.window_days)
    doses.loc[outside, "left_out"] = f"outside days 0-{parameters.window_days}"
    return doses


def _weights(cohort: Cohort) -> pd.Series:
    patients = cohort.tables["patients"].set_index("patient_id")
    return patients["weight_kg"] if "weight_kg" in patients else pd.Series(np.nan, index=patients.index)


def derive_glucocorticoids(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> tuple[pd.DataFrame, float]:
    """Derive who was given GC, how much, when, for how long, in which group; and the bound of low dose used, mg/kg."""
    out: dict[str, pd.Series] = {}
    told = told_in_status(cohort, "gc")
    if not cohort.has("treatments", *ROWS_OF_TREATMENTS):
        answer = yes_no_unknown(frame.index, (), recorded=False, told=told)
        return pd.DataFrame({"gc": answer} if answer is not None else {}, index=frame.index), np.nan
    doses = steroid_doses(cohort, parameters)
    by = doses[doses["left_out"] == ""].groupby("patient_id")
    recorded = is_recorded(cohort, "treatments", GLUCOCORTICOIDS)
    answer = yes_no_unknown(frame.index, list(by.groups), recorded=recorded, told=told)
    if answer is None:
        return pd.DataFrame(index=frame.index), np.nan
    out["gc"] = answer
    not_given = answer.eq(False).fillna(False).astype(bool)
    unknown = doses[(doses["left_out"] == "") & doses["mp_mg_per_kg"].isna()]["patient_id"]
    total = by["mp_mg_per_kg"].sum().astype(float)
    total = total.mask(total.index.isin(unknown))  # one unknown dose: unknown sum
    out["gc_dose_mg_per_kg"] = total.reindex(frame.index).mask(not_given, 0.0).round(9)
    counted = doses[doses["left_out"] == ""].assign(day=lambda given: calendar_day(given["day"]))
    daily = counted.groupby(["patient_id", "day"])["mp_mg_per_kg"].sum(min_count=1)
    peak = daily.groupby("patient_id").max()
    peak = peak.mask(peak.index.isin(unknown))  # it may have been that of the day whose dose is not known
    out["gc_peak_mg_per_kg_per_day"] = peak.reindex(frame.index).mask(not_given, 0.0)
    out["gc_first_day"] = by["day"].min().reindex(frame.index)
    onset = frame.get("crs_onset_day", np.nan)
    out["gc_time_days"] = out["gc_first_day"] - (onset if parameters.gc_clock == "crs_onset" else 0)
    out["gc_duration_days"] = counted.groupby("patient_id")["day"].nunique().reindex(frame.index).astype(float)
    given = answer.fillna(False).astype(bool)
    cutoff = gc_cutoff(out["gc_dose_mg_per_kg"][given], parameters)
    out["gc_group"] = _labels(
        GC_GROUPS,
        {
            "none": not_given,
            "low": given & (out["gc_dose_mg_per_kg"] <= cutoff + ROUNDING),
            "high": out["gc_dose_mg_per_kg"] > cutoff + ROUNDING,
        },
    )
    out["gc_onset"] = _labels(
        ("early", "late"),
        {
            "early": out["gc_time_days"] < parameters.onset_cut_days,
            "late": out["gc_time_days"] >= parameters.onset_cut_days,
        },
    )
    out["gc_duration_group"] = _labels(
        ("short", "long"),
        {
            "short": out["gc_duration_days"] <= parameters.duration_cut_days,
            "long": out["gc_duration_days"] > parameters.duration_cut_days,
        },
    )
    out["crs_grade_before_gc"] = _grade_before(cohort, frame, out["gc_first_day"])
    return pd.DataFrame(out, index=frame.index), cutoff


def gc_cutoff(doses: Iterable[float], parameters: Parameters) -> float:
    """Return the bound of low dose, mg/kg: the parameter, or the type-7 percentile of *doses* if that is None.

    Examples
    --------
    >>> gc_cutoff([1, 2, 4, 8, 16], Parameters(gc_cutoff=None))
    8.0
    """
    if parameters.gc_cutoff is not None:
        return float(parameters.gc_cutoff)
    doses = np.asarray(list(doses), dtype=float)
    doses = doses[~np.isnan(doses)]
    return float(np.percentile(doses, parameters.gc_cutoff_percentile)) if doses.size else np.nan


def _labels(order: tuple[str, ...], where: dict[str, pd.Series]) -> pd.Categorical:
    masks = [mask.fillna(False).to_numpy(bool) for mask in where.values()]
    codes = np.select(masks, [order.index(label) for label in where], -1)
    return pd.Categorical.from_codes(codes, categories=list(order), ordered=True)


def _grade_before(cohort: Cohort, frame: pd.DataFrame, first_day: pd.Series) -> pd.Series:
    """Return the highest CRS grade reached on or before the day of the first GC (0: none yet; NaN: no GC, or unknown)."""
    if not cohort.has("toxicity", *ROWS_OF_TOXICITY) or "crs" not in frame:
        return pd.Series(np.nan, index=first_day.index)
    rows = cohort.tables["toxicity"]
    rows = rows[rows["event"].eq("CRS").fillna(False).astype(bool)]
    told = frame["crs"].eq(False).fillna(False).astype(bool) | frame.index.isin(rows["patient_id"])
    rows = rows[rows["day_from"] <= rows["patient_id"].map(first_day)]
    grade = rows.groupby("patient_id")["grade"].max().reindex(first_day.index).astype(float)
    return grade.fillna(0).where(first_day.notna() & told)


def derive_agents(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Derive who was given tocilizumab and ruxolitinib within the window, and on which day first."""
    out: dict[str, pd.Series] = {}
    has = cohort.has("treatments", *ROWS_OF_TREATMENTS)
    rows = cohort.tables["treatments"] if has else pd.DataFrame({"patient_id": [], "agent": [], "day": []})
    rows = rows[calendar_day(rows["day"]).between(0, parameters.window_days)]
    for name, agent in AGENT_NAMES.items():
        first = rows[rows["agent"].eq(agent).fillna(False).astype(bool)].groupby("patient_id")["day"].min()
        recorded = has and is_recorded(cohort, "treatments", agent)
        answer = yes_no_unknown(frame.index, list(first.index), recorded=recorded, told=told_in_status(cohort, name))
        if answer is not None:
            out[name] = answer
            if has:
                out[f"{name}_first_day"] = first.reindex(frame.index).astype(float)
    return pd.DataFrame(out, index=frame.index)
