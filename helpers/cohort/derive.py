"""From a cohort's tables to one row per patient: steroid exposure, clocks, toxicity, response and endpoints.

Each rule of the paper's Methods, and each choice that they leave open, stands in one function here. The frame that
:func:`analyse` returns is all that tables, figures and models look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.problems import NotAvailable

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

# mg that equal 4 mg methylprednisolone (the ladder that the paper's "methylprednisolone equivalent" supposes)
EQUIVALENT_MG = {
    "methylprednisolone": 4.0,
    "prednisone": 5.0,
    "prednisolone": 5.0,
    "dexamethasone": 0.75,
    "hydrocortisone": 20.0,
}
# molar mass of the base over that of the salt
BASE_PER_SALT = {
    ("dexamethasone", "sodium phosphate"): 392.46 / 516.40,
    ("dexamethasone", "acetate"): 392.46 / 434.50,
    ("methylprednisolone", "sodium succinate"): 374.47 / 496.53,
    ("methylprednisolone", "acetate"): 374.47 / 416.51,
    ("hydrocortisone", "sodium succinate"): 362.46 / 484.51,
    ("hydrocortisone", "acetate"): 362.46 / 404.50,
    ("prednisolone", "sodium phosphate"): 360.44 / 484.39,
    ("prednisolone", "sodium succinate"): 360.44 / 482.50,
    ("prednisolone", "acetate"): 360.44 / 402.48,
}
SYSTEMIC = ("IV", "PO", "IM")
NOT_FOR_TOXICITY = ("premedication", "physiological replacement")
AGENTS = {"tcz": "tocilizumab", "rux": "ruxolitinib"}
GC_GROUPS = ("none", "low", "high")
RESPONSES = ("CR", "CRi", "PR", "NR")
ROUNDING = 1e-9  # mg/kg: so that 8 mg/kg given as a sum of doses is still 8


@dataclass(frozen=True)
class Analysis:
    """A cohort seen under one set of parameters.

    Attributes
    ----------
    cohort : Cohort
    parameters : Parameters
    frame : DataFrame
        One row per patient, index ``patient_id``. What a missing table would give is not there.
    gc_cutoff : float
        The bound between low and high dose that was used, mg/kg.
    """

    cohort: Cohort
    parameters: Parameters
    frame: pd.DataFrame = field(repr=False)
    gc_cutoff: float = np.nan

    @property
    def is_paper_cohort(self) -> bool:
        """Whether this is a cohort made to stand for the paper's own."""
        return self.cohort.name.startswith("zhang2025")

    @property
    def reading(self) -> str:
        """``paper`` or ``stated``; cohorts other than the paper's are always read as its Methods state."""
        return self.parameters.reading if self.is_paper_cohort else "stated"

    def need(self, *columns: str) -> pd.DataFrame:
        """Return the frame, or raise NotAvailable in one plain line if it lacks one of *columns*."""
        absent = [column for column in columns if column not in self.frame]
        if absent:
            raise NotAvailable(f"cohort {self.cohort.name} has nothing to derive {', '.join(absent)} from")
        return self.frame


def analyse(cohort: Cohort, parameters: Parameters | None = None) -> Analysis:
    """Derive one row per patient from *cohort* under *parameters*.

    Returns
    -------
    Analysis
        Its ``frame`` holds the patients' columns and, as far as the tables allow: ``crs``, ``crs_grade``,
        ``crs_onset_day``, ``crs_duration_days``, ``crs_resolved``, the same for ``icans``, ``toxicity``; ``gc``,
        ``gc_dose_mg_per_kg``, ``gc_peak_mg_per_kg_per_day``, ``gc_first_day``, ``gc_time_days``, ``gc_duration_days``,
        ``gc_group``, ``gc_onset``, ``gc_duration_group``, ``crs_grade_before_gc``; ``tcz``, ``rux``, their first days,
        ``immunosuppressed``; ``day30_response``, ``evaluable``, ``cr``; ``os_days``, ``os_event`` and the same for
        ``pfs`` and ``efs``; ``followup_days``; ``age_over_cut``, ``weight_over_cut``, ``blast_over_cut``.

    Examples
    --------
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "weight_kg": [20.0, 30.0]})
    >>> given = pd.DataFrame(
    ...     {"patient_id": ["SYN-001"] * 2, "agent": ["dexamethasone"] * 2, "day": [4.0, 5.0], "dose_mg": [15.0, 15.0]}
    ... )
    >>> cohort = Cohort("two", "infusion", True, "made up", "CC0", {"patients": patients, "treatments": given})
    >>> print(analyse(cohort).frame[["gc_dose_mg_per_kg", "gc_duration_days", "gc_group"]].reset_index().to_string(index=False))
    patient_id  gc_dose_mg_per_kg  gc_duration_days gc_group
       SYN-001                8.0               2.0      low
       SYN-002                0.0               NaN     none
    """
    parameters = parameters or Parameters()
    frame = cohort.tables["patients"].set_index("patient_id")
    frame = frame.join(_toxicity(cohort, frame, parameters))
    gc, cutoff = _glucocorticoids(cohort, frame, parameters)
    frame = frame.join(gc).join(_other_agents(cohort, frame, parameters))
    if {"gc", "tcz", "rux"} <= set(frame):
        frame["immunosuppressed"] = frame["gc"] | frame["tcz"] | frame["rux"]
    frame = frame.join(_response(cohort))
    if "evaluable" in frame:
        frame["evaluable"] = frame["evaluable"].fillna(False).astype(bool)
    frame = frame.join(_endpoints(cohort, frame, parameters)).join(_splits(frame, parameters))
    return Analysis(cohort, parameters, frame, cutoff)


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
    dexamethasone sodium phosphate are 3.8 mg dexamethasone. An administration without a route counts as systemic.
    """
    treatments = cohort.need("treatments", "patient_id", "agent", "day")
    doses = treatments[treatments["agent"].isin(list(EQUIVALENT_MG))].copy()
    salt = doses["salt"] if "salt" in doses else pd.Series(pd.NA, index=doses.index)
    base = [BASE_PER_SALT.get((agent, s), 1.0) for agent, s in zip(doses["agent"], salt.fillna("base"), strict=True)]
    milligrams = doses["dose_mg"] if "dose_mg" in doses else pd.Series(np.nan, index=doses.index)
    doses["mp_mg"] = milligrams * base * 4.0 / doses["agent"].map(EQUIVALENT_MG).astype(float)
    doses["mp_mg_per_kg"] = doses["mp_mg"] / doses["patient_id"].map(_weights(cohort))
    doses["left_out"] = ""
    if "indication" in doses and not parameters.premedication:
        other = doses["indication"].isin(NOT_FOR_TOXICITY).fillna(False).astype(bool)
        doses.loc[other, "left_out"] = doses.loc[other, "indication"]
    if "route" in doses:
        local = doses["route"].notna() & ~doses["route"].isin(SYSTEMIC)
        doses.loc[local, "left_out"] = doses.loc[local, "route"] + " route"
    outside = ~doses["day"].between(0, parameters.window_days)
    doses.loc[outside, "left_out"] = f"outside days 0-{parameters.window_days}"
    return doses


def first_days(cohort: Cohort, name: str) -> pd.Series:
    """Return the first day of exposure *name* (of the table exposures), by patient.

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
    return rows.groupby("patient_id")["day"].min()


def _weights(cohort: Cohort) -> pd.Series:
    patients = cohort.tables["patients"].set_index("patient_id")
    return patients["weight_kg"] if "weight_kg" in patients else pd.Series(np.nan, index=patients.index)


def _toxicity(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out: dict[str, pd.Series] = {}
    if not cohort.has("toxicity", "event", "day_from", "grade"):
        return pd.DataFrame(index=frame.index)
    rows = cohort.tables["toxicity"]
    for event in ("CRS", "ICANS"):
        name, these = event.lower(), rows[rows["event"] == event]
        by = these.groupby("patient_id")
        out[name] = frame.index.to_series().isin(these["patient_id"])
        out[f"{name}_grade"] = by["grade"].max().reindex(frame.index).fillna(0).astype(int)
        out[f"{name}_onset_day"] = by["day_from"].min().reindex(frame.index)
        if "day_to" in these:
            at_these = these if event == "CRS" else these[these["grade"] <= 2]
            out[f"{name}_duration_days"] = _days_covered(at_these).reindex(frame.index)
        if "resolved" in these:
            out[f"{name}_resolved"] = _all_true(these["resolved"], these["patient_id"]).reindex(frame.index)
    out["toxicity"] = out["crs"] | out["icans"]
    if parameters.icans_clock == "crs_onset":
        out["icans_onset_day"] = out["icans_onset_day"] - out["crs_onset_day"]
    return pd.DataFrame(out)


def _all_true(episodes: pd.Series, patient: pd.Series) -> pd.Series:
    """Return by patient True if all episodes are true, False if one is false, else missing."""
    least = episodes.astype("boolean").astype("Float64").fillna(0.5).astype(float).groupby(patient).min()
    return least.map({0.0: False, 0.5: pd.NA, 1.0: True}).astype("boolean")


def _days_covered(intervals: pd.DataFrame) -> pd.Series:
    """Count the days that a patient's intervals cover, both ends included, overlaps once; NaN if an end is unknown."""

    days: dict[str, float] = {}
    reached: dict[str, float] = {}
    ordered = intervals.sort_values("day_from")[["patient_id", "day_from", "day_to"]].astype(
        {"day_from": float, "day_to": float}
    )
    for patient, start, end in ordered.itertuples(index=False):
        days[patient] = days.get(patient, 0.0) + max(0.0, end + 1 - max(start, reached.get(patient, -np.inf)))
        reached[patient] = max(reached.get(patient, -np.inf), end + 1)
    unknown = set(intervals.loc[intervals["day_to"].isna(), "patient_id"])
    return pd.Series({patient: np.nan if patient in unknown else n for patient, n in days.items()}, dtype=float)


def _glucocorticoids(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> tuple[pd.DataFrame, float]:
    out: dict[str, pd.Series] = {}
    if not cohort.has("treatments", "agent", "day"):
        return pd.DataFrame(index=frame.index), np.nan
    doses = steroid_doses(cohort, parameters)
    by = doses[doses["left_out"] == ""].groupby("patient_id")
    out["gc"] = frame.index.to_series().isin(list(by.groups))
    total = by["mp_mg_per_kg"].agg(lambda given: given.sum(skipna=False)).astype(float)  # one unknown dose: unknown sum
    out["gc_dose_mg_per_kg"] = total.reindex(frame.index).where(out["gc"], 0.0).round(9)
    daily = doses[doses["left_out"] == ""].groupby(["patient_id", "day"])["mp_mg_per_kg"].sum(min_count=1)
    out["gc_peak_mg_per_kg_per_day"] = daily.groupby("patient_id").max().reindex(frame.index).where(out["gc"], 0.0)
    out["gc_first_day"] = by["day"].min().reindex(frame.index)
    onset = frame.get("crs_onset_day", np.nan)
    out["gc_time_days"] = out["gc_first_day"] - (onset if parameters.gc_clock == "crs_onset" else 0)
    out["gc_duration_days"] = by["day"].nunique().reindex(frame.index).astype(float)
    cutoff = gc_cutoff(out["gc_dose_mg_per_kg"][out["gc"]], parameters)
    out["gc_group"] = _labels(
        GC_GROUPS,
        {
            "none": ~out["gc"],
            "low": out["gc"] & (out["gc_dose_mg_per_kg"] <= cutoff + ROUNDING),
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
    out["crs_grade_before_gc"] = _grade_before(cohort, out["gc_first_day"])
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


def _grade_before(cohort: Cohort, first_day: pd.Series) -> pd.Series:
    """Return the highest CRS grade reached on or before the day of the first GC (0: none yet; NaN: no GC)."""
    if not cohort.has("toxicity", "event", "day_from", "grade"):
        return pd.Series(np.nan, index=first_day.index)
    rows = cohort.tables["toxicity"]
    rows = rows[(rows["event"] == "CRS") & (rows["day_from"] <= rows["patient_id"].map(first_day))]
    grade = rows.groupby("patient_id")["grade"].max().reindex(first_day.index).astype(float)
    return grade.fillna(0).where(first_day.notna())


def _other_agents(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out: dict[str, pd.Series] = {}
    if not cohort.has("treatments", "agent", "day"):
        return pd.DataFrame(index=frame.index)
    rows = cohort.tables["treatments"]
    rows = rows[rows["day"].between(0, parameters.window_days)]
    for name, agent in AGENTS.items():
        out[f"{name}_first_day"] = rows[rows["agent"] == agent].groupby("patient_id")["day"].min().reindex(frame.index)
        out[name] = out[f"{name}_first_day"].notna()
    return pd.DataFrame(out)


def _response(cohort: Cohort) -> pd.DataFrame:
    if not cohort.has("response", "day30_response"):
        return pd.DataFrame(index=pd.Index([], name="patient_id"))
    out = cohort.tables["response"].set_index("patient_id")
    out["evaluable"] = out["day30_response"].isin(RESPONSES).fillna(False).astype(bool)
    out["cr"] = out["day30_response"].isin(("CR", "CRi")).astype("boolean").where(out["evaluable"])
    return out


def _endpoints(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Derive OS, PFS and EFS; an event after the data cut-off is not seen.

    OS: death from any cause. PFS: relapse, progression or death from any cause. EFS: relapse, progression, treatment
    failure, non-response at day 30, or death, but not a death that was unrelated to disease and treatment: the
    paper's definition, by which such a death ends EFS without an event although it is one of PFS. A death of unknown
    cause counts. Whoever is known to have been seen on a day was in contact on it, and a death ends contact.
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
    if "death_day" not in days:
        return out
    out["os_days"], out["os_event"] = _first(death, contact, cutoff)
    if not {"relapse_day", "progression_day"} & set(days):
        return out
    out["pfs_days"], out["pfs_event"] = _first(np.fmin(progression, death), assessed, cutoff)
    if "treatment_failure_day" in days or "day30_response" in frame:
        failure = np.fmin(days.get("treatment_failure_day", never), _nonresponse_day(frame, parameters))
        cause = days["death_cause"] if "death_cause" in days else pd.Series(pd.NA, index=days.index)
        related = death.where(~cause.eq("unrelated").fillna(False).astype(bool))
        out["efs_days"], out["efs_event"] = _first(np.fmin(np.fmin(progression, failure), related), assessed, cutoff)
    return out


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


def _splits(frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out = pd.DataFrame(index=frame.index)
    for name, column, cut in [("age", "age_years", parameters.age_cut), ("weight", "weight_kg", parameters.weight_cut)]:
        if column in frame:
            out[f"{name}_over_cut"] = (frame[column] > cut).astype("boolean").where(frame[column].notna())
    if "blast_prelymphodepletion_pct" in frame:
        blasts = frame["blast_prelymphodepletion_pct"]
        out["blast_over_cut"] = (blasts >= parameters.blast_cut).astype("boolean").where(blasts.notna())
    return out
