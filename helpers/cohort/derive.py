"""From a cohort's tables to one row per patient: steroid exposure, clocks, toxicity, response and endpoints.

Each rule of the paper's Methods, and each choice that they leave open, stands in one function here. The frame that
:func:`analyse` returns is all that tables, figures and models look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.cohort.recorded import GLUCOCORTICOIDS, OUTCOME_DAYS, is_recorded, yes_no_unknown
from helpers.cohort.schema import TABLES, Cohort
from helpers.cohort.steroids import BASE_PER_SALT as BASE_PER_SALT  # where the ward and notebook 01 look for it
from helpers.cohort.steroids import EQUIVALENT_MG, base_share
from helpers.parameters import Parameters
from helpers.problems import NotAvailable

PAPER = "zhang2025"  # what cohort.json says under stands_for
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

SYSTEMIC = ("IV", "PO", "IM")
NOT_FOR_TOXICITY = ("premedication", "physiological replacement")
AGENTS = {"tcz": "tocilizumab", "rux": "ruxolitinib"}
GC_GROUPS = ("none", "low", "high")
RESPONSES = ("CR", "CRi", "PR", "NR")
CUT_COLUMNS = {"age": "age_years", "weight": "weight_kg"}
LEAST_SHARE = 0.1  # of patients at or below a cut that was not made for them
ROUNDING = 1e-9  # mg/kg: so that 8 mg/kg given as a sum of doses is still 8
USABLE = ("category", "integer", "number", "boolean")  # kinds of a declared column that can be analysed
NEEDED = {"toxicity": ("event", "day_from", "grade"), "treatments": ("agent", "day")}
EVENTS = {"crs": "CRS", "icans": "ICANS"}
ENDPOINTS = ("os", "pfs", "efs")
DERIVED = frozenset(
    [f"{event}{part}" for event in EVENTS for part in ("", "_grade", "_onset_day", "_duration_days", "_resolved")]
    + ["toxicity", "gc", "gc_dose_mg_per_kg", "gc_peak_mg_per_kg_per_day", "gc_first_day", "gc_time_days"]
    + ["gc_duration_days", "gc_group", "gc_onset", "gc_duration_group", "crs_grade_before_gc", "immunosuppressed"]
    + [f"{agent}{part}" for agent in AGENTS for part in ("", "_first_day")]
    + [name for name in TABLES["response"] if name != "patient_id"]
    + ["evaluable", "cr", "relapse", "progression", "death", "followup_days"]
    + [f"{endpoint}_{part}" for endpoint in ENDPOINTS for part in ("days", "event")]
    + ["age_over_cut", "weight_over_cut", "blast_over_cut"]
)
"""Columns that :func:`analyse` may give; a cohort's own column of such a name stands in the frame as ``own.<name>``."""


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
    absent : mapping of str to str
        Columns that the cohort does not give, and in one plain line why.
    own : mapping of str to str
        The cohort's own (declared) columns of patients that can be used, and where each stands in ``frame``.
    """

    cohort: Cohort
    parameters: Parameters
    frame: pd.DataFrame = field(repr=False)
    gc_cutoff: float = np.nan
    absent: Mapping[str, str] = field(default_factory=dict, repr=False)
    own: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_paper_cohort(self) -> bool:
        """Whether this cohort says that it was made to stand for the paper's own (``stands_for`` in cohort.json)."""
        return self.cohort.stands_for == PAPER

    @property
    def reading(self) -> str:
        """``paper`` or ``stated``; cohorts other than the paper's are always read as its Methods state."""
        return self.parameters.reading if self.is_paper_cohort else "stated"

    def need(self, *columns: str) -> pd.DataFrame:
        """Return the frame, or raise NotAvailable in one plain line if it lacks one of *columns*."""
        absent = [column for column in columns if column not in self.frame]
        known = dict.fromkeys(self.absent[column] for column in absent if column in self.absent)
        if known:
            raise NotAvailable("; ".join(known))
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
        ``immunosuppressed``; ``day30_response``, ``evaluable``, ``cr``; ``relapse``, ``progression``, ``death``; ``os_days``, ``os_event`` and the same for
        ``pfs`` and ``efs``; ``followup_days``; ``age_over_cut``, ``weight_over_cut``, ``blast_over_cut``.
        ``crs``, ``icans``, ``toxicity``, ``gc``, ``tcz``, ``rux``, ``immunosuppressed``, ``relapse``, ``progression``
        and ``death`` are nullable booleans: missing where nobody knows. What the cohort did not record of anybody is
        not there, and ``absent`` says why.

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
    frame, own = _patients(cohort)
    frame = frame.join(_toxicity(cohort, frame, parameters))
    gc, cutoff = _glucocorticoids(cohort, frame, parameters)
    frame = frame.join(gc).join(_other_agents(cohort, frame, parameters))
    given = [frame[name] for name in ("gc", *AGENTS) if name in frame]
    if given:
        frame["immunosuppressed"] = _any(given, of=1 + len(AGENTS))
    frame = frame.join(_response(cohort))
    if "evaluable" in frame:
        frame["evaluable"] = frame["evaluable"].astype("boolean").fillna(False).astype(bool)
    frame = frame.join(_outcomes(cohort, frame))
    frame = frame.join(_endpoints(cohort, frame, parameters)).join(_splits(frame, parameters))
    return Analysis(cohort, parameters, frame, cutoff, _absent(cohort, frame), own)


def _patients(cohort: Cohort) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the patients' columns; text stays out, and a column of the cohort's own never takes a derived name."""
    patients = cohort.tables["patients"].set_index("patient_id")
    declared = cohort.declared.get("patients", {})
    text = [name for name, column in declared.items() if column.kind not in USABLE and name in patients]
    own = {name: f"own.{name}" if name in DERIVED else name for name in declared if name in patients.columns}
    own = {name: place for name, place in own.items() if name not in text}
    return patients.drop(columns=text).rename(columns=own), own


def _any(answers: Sequence[pd.Series], of: int) -> pd.Series:
    """Join yes/no/unknown by "or"; with fewer than *of* answers a "no" is unknown, since something was not looked for."""
    joined = answers[0].astype("boolean")
    for answer in answers[1:]:
        joined = joined | answer.astype("boolean")
    return joined if len(answers) == of else joined.mask(~joined.fillna(True).astype(bool))


def _told(cohort: Cohort, column: str) -> pd.Series | None:
    """Return a column of the table status, by patient; None if the cohort has none."""
    return cohort.tables["status"].set_index("patient_id")[column] if cohort.has("status", column) else None


def _absent(cohort: Cohort, frame: pd.DataFrame) -> dict[str, str]:
    """Say in one plain line each why a column that rests on what was recorded is not there."""
    groups = {
        **{event: [name for name in DERIVED if name.startswith(event)] for event in EVENTS},
        "gc": [name for name in DERIVED if name.startswith("gc") or name == "crs_grade_before_gc"],
        **{agent: [name for name in DERIVED if name.startswith(agent)] for agent in AGENTS},
    }
    words = {**EVENTS, "gc": GLUCOCORTICOIDS, **AGENTS}
    tables = {**dict.fromkeys(EVENTS, "toxicity"), **dict.fromkeys(("gc", *AGENTS), "treatments")}
    lines = {}
    for name, columns in groups.items():
        table = tables[name]
        if name not in frame and table in cohort.tables:
            lacking = [column for column in NEEDED[table] if column not in cohort.tables[table]]
            line = (
                f"cohort {cohort.name} has no column {', '.join(lacking)} in table {table}"
                if lacking
                else _unrecorded(cohort, table, words[name])
            )
            lines |= {column: line for column in columns if column not in frame}
    if "followup" in cohort.tables:
        for name in ("death", "relapse", "progression"):
            if name not in frame:
                lines[name] = _unrecorded(cohort, "followup", name)
        known = [name for name in ("relapse", "progression") if cohort.has("followup", OUTCOME_DAYS[name])]
        events = " and no ".join(known)
        for endpoint, why in (
            ("os", lines.get("death") if cohort.has("followup", "death_day") else None),
            ("pfs", _unrecorded(cohort, "followup", events) if known and cohort.has("followup", "death_day") else None),
        ):
            columns = [f"{name}_{part}" for name in (endpoint, "efs") for part in ("days", "event")]
            lines |= {column: why for column in columns if why and column not in frame and column not in lines}
    return lines


def _unrecorded(cohort: Cohort, table: str, what: str) -> str:
    return (
        f"cohort {cohort.name} has no {what} in table {table}, and its cohort.json does not list {what} as recorded: "
        "whether anybody had it is unknown"
    )


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


def calendar_day(day: pd.Series) -> pd.Series:
    """Return the calendar day of a day with a fraction: doses on 3.2 and 3.8 are given on one day.

    Examples
    --------
    >>> calendar_day(pd.Series([3.2, 3.8, -0.5])).tolist()
    [3.0, 3.0, -1.0]
    """
    return np.floor(day.astype(float))


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
        By patient_id; missing where a cohort.json that lists what was recorded does not list *name*.

    Raises
    ------
    NotAvailable
        If the cohort has no such exposure.
    """
    began = first_days(cohort, name, 0, np.nextafter(window_days + 1, 0))
    index = pd.Index(cohort.tables["patients"]["patient_id"], name="patient_id")
    answer = yes_no_unknown(index, list(began.index), recorded=is_recorded(cohort, "exposures", name))
    return pd.Series(pd.NA, index=index, dtype="boolean") if answer is None else answer


def _weights(cohort: Cohort) -> pd.Series:
    patients = cohort.tables["patients"].set_index("patient_id")
    return patients["weight_kg"] if "weight_kg" in patients else pd.Series(np.nan, index=patients.index)


def _toxicity(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out = pd.DataFrame(index=frame.index)
    for name, event in EVENTS.items():
        out = out.join(_syndrome(cohort, frame.index, name, event))
    known = [out[name] for name in EVENTS if name in out]
    if known:
        out["toxicity"] = _any(known, of=len(EVENTS))
    if parameters.icans_clock == "crs_onset" and {"icans_onset_day", "crs_onset_day"} <= set(out):
        out["icans_onset_day"] = out["icans_onset_day"] - out["crs_onset_day"]
    return out


def _syndrome(cohort: Cohort, index: pd.Index, name: str, event: str) -> pd.DataFrame:
    """Derive one syndrome of the table toxicity, and of status where no day is known."""
    out: dict[str, pd.Series] = {}
    rows = None
    if cohort.has("toxicity", *NEEDED["toxicity"]):
        rows = cohort.tables["toxicity"]
        rows = rows[rows["event"].eq(event).fillna(False).astype(bool)]
    peak = pd.Series(np.nan, index=index) if rows is None else rows.groupby("patient_id")["grade"].max().reindex(index)
    peak = peak.astype("Int64")
    told_peak = _told(cohort, f"{name}_grade_max")
    told = _told(cohort, name)
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


def _glucocorticoids(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> tuple[pd.DataFrame, float]:
    out: dict[str, pd.Series] = {}
    told = _told(cohort, "gc")
    if not cohort.has("treatments", *NEEDED["treatments"]):
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
    out["gc_peak_mg_per_kg_per_day"] = daily.groupby("patient_id").max().reindex(frame.index).mask(not_given, 0.0)
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
    if not cohort.has("toxicity", *NEEDED["toxicity"]) or "crs" not in frame:
        return pd.Series(np.nan, index=first_day.index)
    rows = cohort.tables["toxicity"]
    rows = rows[rows["event"].eq("CRS").fillna(False).astype(bool)]
    told = frame["crs"].eq(False).fillna(False).astype(bool) | frame.index.isin(rows["patient_id"])
    rows = rows[rows["day_from"] <= rows["patient_id"].map(first_day)]
    grade = rows.groupby("patient_id")["grade"].max().reindex(first_day.index).astype(float)
    return grade.fillna(0).where(first_day.notna() & told)


def _other_agents(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out: dict[str, pd.Series] = {}
    has = cohort.has("treatments", *NEEDED["treatments"])
    rows = cohort.tables["treatments"] if has else pd.DataFrame({"patient_id": [], "agent": [], "day": []})
    rows = rows[calendar_day(rows["day"]).between(0, parameters.window_days)]
    for name, agent in AGENTS.items():
        first = rows[rows["agent"].eq(agent).fillna(False).astype(bool)].groupby("patient_id")["day"].min()
        recorded = has and is_recorded(cohort, "treatments", agent)
        answer = yes_no_unknown(frame.index, list(first.index), recorded=recorded, told=_told(cohort, name))
        if answer is not None:
            out[name] = answer
            if has:
                out[f"{name}_first_day"] = first.reindex(frame.index).astype(float)
    return pd.DataFrame(out, index=frame.index)


def _response(cohort: Cohort) -> pd.DataFrame:
    if not cohort.has("response", "day30_response"):
        return pd.DataFrame(index=pd.Index([], name="patient_id"))
    out = cohort.tables["response"].set_index("patient_id")
    out["evaluable"] = out["day30_response"].isin(RESPONSES).fillna(False).astype(bool)
    out["cr"] = out["day30_response"].isin(("CR", "CRi")).astype("boolean").where(out["evaluable"])
    return out


def _outcomes(cohort: Cohort, frame: pd.DataFrame) -> pd.DataFrame:
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
        told = _told(cohort, name)
        if recorded and len(followed) < len(frame):
            unfollowed = frame.index.difference(followed)
            told = pd.Series(pd.NA, frame.index, dtype="string") if told is None else told.reindex(frame.index)
            told = told.mask(told.isna() & told.index.isin(unfollowed), "unknown")
        answer = yes_no_unknown(frame.index, had, recorded=recorded, told=told)
        if answer is not None:
            out[name] = answer
    return pd.DataFrame(out, index=frame.index)


def _endpoints(cohort: Cohort, frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
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
    if "death_day" not in days:
        return out
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
    told = _told(cohort, name)
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


def cut_used(frame: pd.DataFrame, name: str, parameters: Parameters) -> float:
    """Return where *name* ("age" or "weight") is cut: the parameter, or the median where the paper's own cut parts nobody.

    The paper's cuts are those of children. Where fewer than 10 % lie at or below them, as among adults, the cohort's own
    median takes their place; a cut that somebody chose is left alone.

    Examples
    --------
    >>> cut_used(pd.DataFrame({"age_years": [34.0, 61, 55, 48]}), "age", Parameters())
    51.5
    >>> cut_used(pd.DataFrame({"age_years": [4.0, 11, 15, 8]}), "age", Parameters())
    8.0
    """
    values, cut = frame[CUT_COLUMNS[name]].dropna(), float(getattr(parameters, f"{name}_cut"))
    chosen = f"{name}_cut" in parameters.changed()
    if chosen or values.empty or (values <= cut).mean() >= LEAST_SHARE:
        return cut
    middle = float(values.median())
    return middle if (values > middle).any() else cut


def _splits(frame: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    out = pd.DataFrame(index=frame.index)
    for name, column in CUT_COLUMNS.items():
        if column in frame:
            cut = cut_used(frame, name, parameters)
            out[f"{name}_over_cut"] = (frame[column] > cut).astype("boolean").where(frame[column].notna())
    if "blast_prelymphodepletion_pct" in frame:
        blasts = frame["blast_prelymphodepletion_pct"]
        out["blast_over_cut"] = (blasts >= parameters.blast_cut).astype("boolean").where(blasts.notna())
    return out
