"""From a cohort's tables to one row per patient: steroid exposure, clocks, toxicity, response and endpoints.

Each rule of the paper's Methods, and each choice that they leave open, stands in one function of :mod:`toxicity`,
:mod:`treatments`, :mod:`endpoints` and here. The frame that :func:`analyse` returns is all that tables, figures and models look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.cohort.days import DAYS_PER_MONTH as DAYS_PER_MONTH  # where notebooks look for them
from helpers.cohort.days import DAYS_PER_YEAR as DAYS_PER_YEAR
from helpers.cohort.days import first_days as first_days
from helpers.cohort.endpoints import ENDPOINTS, derive_endpoints, derive_outcomes, derive_response
from helpers.cohort.recorded import GLUCOCORTICOIDS, OUTCOME_DAYS, any_of
from helpers.cohort.schema import TABLES, Cohort
from helpers.cohort.steroids import BASE_PER_SALT as BASE_PER_SALT  # where the ward and notebook 01 look for it
from helpers.cohort.toxicity import EVENTS, ROWS_OF_TOXICITY, derive_toxicity
from helpers.cohort.treatments import AGENT_NAMES, ROWS_OF_TREATMENTS, derive_agents, derive_glucocorticoids
from helpers.cohort.treatments import steroid_doses as steroid_doses  # where notebooks look for it
from helpers.parameters import Parameters
from helpers.problems import NotAvailable

PAPER = "zhang2025"  # what cohort.json says under stands_for

CUT_COLUMNS = {"age": "age_years", "weight": "weight_kg"}
LEAST_SHARE = 0.1  # of patients on either side of a cut that was not made for them
USABLE = ("category", "integer", "number", "boolean")  # kinds of a declared column that can be analysed
DERIVED = frozenset(
    [f"{event}{part}" for event in EVENTS for part in ("", "_grade", "_onset_day", "_duration_days", "_resolved")]
    + ["toxicity", "gc", "gc_dose_mg_per_kg", "gc_peak_mg_per_kg_per_day", "gc_first_day", "gc_time_days"]
    + ["gc_duration_days", "gc_group", "gc_onset", "gc_duration_group", "crs_grade_before_gc", "immunosuppressed"]
    + [f"{agent}{part}" for agent in AGENT_NAMES for part in ("", "_first_day")]
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
    frame = frame.join(derive_toxicity(cohort, frame, parameters))
    gc, cutoff = derive_glucocorticoids(cohort, frame, parameters)
    frame = frame.join(gc).join(derive_agents(cohort, frame, parameters))
    given = [frame[name] for name in ("gc", *AGENT_NAMES) if name in frame]
    if given:
        frame["immunosuppressed"] = any_of(given, of=1 + len(AGENT_NAMES))
    frame = frame.join(derive_response(cohort))
    if "evaluable" in frame:
        frame["evaluable"] = frame["evaluable"].astype("boolean").fillna(False).astype(bool)
    frame = frame.join(derive_outcomes(cohort, frame))
    frame = frame.join(derive_endpoints(cohort, frame, parameters)).join(_splits(frame, parameters))
    return Analysis(cohort, parameters, frame, cutoff, _absent(cohort, frame), own)


def _patients(cohort: Cohort) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the patients' columns; text stays out, and a column of the cohort's own never takes a derived name."""
    patients = cohort.tables["patients"].set_index("patient_id")
    declared = cohort.declared.get("patients", {})
    text = [name for name, column in declared.items() if column.kind not in USABLE and name in patients]
    own = {name: f"own.{name}" if name in DERIVED else name for name in declared if name in patients.columns}
    own = {name: place for name, place in own.items() if name not in text}
    return patients.drop(columns=text).rename(columns=own), own


def _absent(cohort: Cohort, frame: pd.DataFrame) -> dict[str, str]:
    """Say in one plain line each why a column that rests on what was recorded is not there."""
    groups = {
        **{event: [name for name in DERIVED if name.startswith(event)] for event in EVENTS},
        "gc": [name for name in DERIVED if name.startswith("gc") or name == "crs_grade_before_gc"],
        **{agent: [name for name in DERIVED if name.startswith(agent)] for agent in AGENT_NAMES},
    }
    words = {**EVENTS, "gc": GLUCOCORTICOIDS, **AGENT_NAMES}
    needed = {"toxicity": ROWS_OF_TOXICITY, "treatments": ROWS_OF_TREATMENTS}
    tables = {**dict.fromkeys(EVENTS, "toxicity"), **dict.fromkeys(("gc", *AGENT_NAMES), "treatments")}
    lines = {}
    for name, columns in groups.items():
        table = tables[name]
        if name not in frame and table in cohort.tables:
            lacking = [column for column in needed[table] if column not in cohort.tables[table]]
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
        events = " or ".join(known)
        for endpoint, why in (
            ("os", lines.get("death") if cohort.has("followup", "death_day") else None),
            ("pfs", _unrecorded(cohort, "followup", events) if known and cohort.has("followup", "death_day") else None),
        ):
            lost = (endpoint, "efs") if "pfs_days" not in frame else (endpoint,)  # with PFS, EFS lacks something else
            columns = [f"{name}_{part}" for name in lost for part in ("days", "event")]
            lines |= {column: why for column in columns if why and column not in frame and column not in lines}
    return lines


def _unrecorded(cohort: Cohort, table: str, what: str) -> str:
    return (
        f"cohort {cohort.name} has no {what} in table {table}, and its cohort.json does not list {what} as recorded: "
        "whether anybody had it is unknown"
    )


def cut_used(frame: pd.DataFrame, name: str, parameters: Parameters) -> float:
    """Return where *name* ("age" or "weight") is cut: the parameter, or the median where the paper's own cut parts nobody.

    The paper's cuts are those of children. Where fewer than 10 % lie on one side of them, as among adults or infants, the
    cohort's own median takes their place; a cut that somebody chose, be it the paper's, is left alone.

    Examples
    --------
    >>> cut_used(pd.DataFrame({"age_years": [34.0, 61, 55, 48]}), "age", Parameters())
    51.5
    >>> cut_used(pd.DataFrame({"age_years": [34.0, 61, 55, 48]}), "age", Parameters(age_cut=8.0))
    8.0
    """
    values, cut = frame[CUT_COLUMNS[name]].dropna(), float(getattr(parameters, f"{name}_cut"))
    chosen = f"{name}_cut" in parameters.chosen()
    if chosen or values.empty or LEAST_SHARE <= (values <= cut).mean() <= 1 - LEAST_SHARE:
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
