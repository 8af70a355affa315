"""What a cohort is: its tables, their columns, units and allowed values. The dictionary in data/README.md is made from here.

A :class:`Cohort` is one frozen object holding a few tidy tables. Days count from the cohort's declared origin (for CAR
T-cell cohorts the infusion, day 0); it holds no dates and no names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import pandas as pd

from helpers.problems import NotAvailable

Kind = Literal["id", "text", "category", "integer", "number", "boolean", "time", "unit"]
DTYPES = {
    "id": "string",
    "text": "string",
    "category": "string",
    "time": "string",
    "unit": "string",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column: what it means, its unit, what may stand in it.

    ``required`` says that no cell of a present column may be empty. Only ``patient_id`` must be present: any other
    absent column or table switches off what needs it, and nothing else.
    """

    kind: Kind
    meaning: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    required: bool = False

    @property
    def dtype(self) -> str:
        """The pandas dtype that a cohort's table has for this column."""
        return DTYPES[self.kind]

    def allowed_text(self) -> str:
        """Say in words what may stand here.

        Examples
        --------
        >>> Column("integer", "peak grade", low=0, high=5).allowed_text()
        'a whole number from 0 to 5'
        """
        words = {
            "id": "an identifier",
            "text": "text",
            "category": " / ".join(self.allowed),
            "time": "a time of day, HH:MM",
            "integer": "a whole number",
            "number": "a number",
            "boolean": "true / false (also yes / no, 1 / 0)",
            "unit": "a unit of the analyte, which is converted",
        }[self.kind]
        bounds = [f"{word} {value:g}" for word, value in (("from", self.low), ("to", self.high)) if value is not None]
        return " ".join([words, *bounds, *([f"({self.unit})"] if self.unit else [])])


def _id() -> Column:
    return Column("id", "patient", required=True)


def _day(meaning: str, *, required: bool = False, low: float | None = None) -> Column:
    return Column("number", meaning, "days from the origin", low=low, required=required)


def _yes(meaning: str) -> Column:
    return Column("boolean", meaning)


def _number(meaning: str, unit: str, low: float | None = 0, high: float | None = None) -> Column:
    return Column("number", meaning, unit, low=low, high=high)


def _one_of(meaning: str, *allowed: str, required: bool = False) -> Column:
    return Column("category", meaning, allowed=allowed, required=required)


def _known(what: str) -> Column:
    return _one_of(f"{what}, where no day is known; empty: see the other tables", "yes", "no", "unknown")


TABLES: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        "patients": {
            "patient_id": _id(),
            "sex": _one_of("sex", "male", "female"),
            "age_years": _number("age at the origin", "years", 0, 120),
            "weight_kg": _number("weight at the origin", "kg", 0.3, 400),
            "height_cm": _number("height at the origin", "cm", 20, 250),
            "infusion_year": Column("integer", "calendar year of the origin", "year", low=1970, high=2100),
            "cutoff_day": _day("data cut-off", low=0),
            "prior_transplant": _yes("haematopoietic transplantation before the origin"),
            "disease_status": _one_of("disease before treatment", "primary refractory", "relapsed", "remission"),
            "n_relapses": Column("integer", "relapses before the origin", low=0, high=20),
            "site_bm": _yes("relapse site: bone marrow"),
            "site_cns": _yes("relapse site: central nervous system"),
            "site_testis": _yes("relapse site: testis"),
            "site_other": _yes("relapse site: elsewhere"),
            "car_target": _one_of("CAR T-cell target antigens", "CD19", "CD19+CD22", "CD19+CD22+CD20", "CD22", "other"),
            "car_origin": _one_of("origin of the CAR T cells", "autologous", "allogeneic"),
            "car_dose_e6_per_kg": _number("CAR T-cell dose", "10^6 cells/kg", 0, 1000),
            "blast_prelymphodepletion_pct": _number("marrow blasts before lymphodepletion", "%", 0, 100),
            "mrd_prelymphodepletion": _number("minimal residual disease before lymphodepletion", "fraction", 0, 1),
            "mrd_method": _one_of("how MRD was measured", "flow cytometry", "PCR", "sequencing"),
            "blast_preinfusion_pct": _number("marrow blasts before infusion", "%", 0, 100),
        },
        "screening": {
            "patient_id": _id(),
            "infusion_number": Column("integer", "which CAR T-cell infusion at this centre", low=1, high=20),
            "prior_car_elsewhere": _yes("CAR T-cell infusion at another institution before"),
            "in_other_trial": _yes("enrolled in an ongoing clinical trial"),
            "excluded_reason": _one_of("why not in the cohort; empty: included", "prior CAR elsewhere", "other trial", "repeat infusion"),
        },
        "toxicity": {
            "patient_id": _id(),
            "episode_id": Column("text", "episode within the patient", required=True),
            "event": _one_of("syndrome", "CRS", "ICANS", required=True),
            "day_from": _day("first day at this grade", required=True, low=0),
            "day_to": _day("last day at this grade, that day included", low=0),
            "grade": Column("integer", "grade over the interval", low=1, high=5, required=True),
            "grading_system": _one_of("grading system", "ASTCT"),
            "resolved": _yes("the episode resolved"),
        },
        "treatments": {
            "patient_id": _id(),
            "agent": _one_of(
                "drug; glucocorticoid: one whose name is not known, its dose in methylprednisolone equivalents",
                "methylprednisolone", "prednisone", "prednisolone", "dexamethasone", "hydrocortisone", "glucocorticoid",
                "tocilizumab", "ruxolitinib", "anakinra", "other",
                required=True,
            ),
            "salt": _one_of("what dose_mg is the mass of; empty: base", "base", "sodium succinate", "sodium phosphate", "acetate"),
            "route": _one_of("route", "IV", "PO", "SC", "IM", "IT", "topical", "inhaled", "ocular"),
            "day": _day("day given", required=True),
            "time": Column("time", "time of day given"),
            "dose_mg": _number("dose given, as the salt named", "mg", 0, 20000),
            "indication": _one_of("indication", "CRS", "ICANS", "CRS/ICANS", "premedication", "physiological replacement", "GVHD", "other"),
        },
        "exposures": {
            "patient_id": _id(),
            "exposure": Column("text", "what began", required=True),
            "day": _day("day that it began", required=True),
        },
        "labs": {
            "patient_id": _id(),
            "day": _day("day of the sample", required=True),
            "time": Column("time", "time of the sample"),
            "analyte": _one_of(
                "analyte",
                "CRP", "PCT", "IL-2", "IL-4", "IL-6", "IL-10", "IL-17A", "TNF-α", "IFN-γ", "ferritin",
                required=True,
            ),
            "value": _number("value; of a censored one its limit", "unit column"),
            "unit": Column("unit", "unit; empty: CRP mg/L, PCT ng/mL, ferritin µg/L, others pg/mL"),
            "censored": _one_of("left: below the limit of detection; right: above the upper limit", "no", "left", "right"),
            "limit": _number("the limit that censors", "unit column"),
        },
        "response": {
            "patient_id": _id(),
            "assessment_day": _day("day of the response assessment", low=0),
            "day30_response": _one_of("day 30 response", "CR", "CRi", "PR", "NR", "not done"),
            "mrd_day30": _number("minimal residual disease at day 30", "fraction", 0, 1),
            "mrd_day30_result": _one_of("minimal residual disease at day 30 in a word, where no number was told", "negative", "positive"),
            "reason_not_done": Column("text", "why not assessed"),
        },
        "followup": {
            "patient_id": _id(),
            "relapse_day": _day("first relapse", low=0),
            "progression_day": _day("first progression", low=0),
            "treatment_failure_day": _day("treatment failure: residual disease again, or loss of B-cell aplasia, that led to further treatment without relapse", low=0),
            "transplant_day": _day("transplantation after the origin", low=0),
            "death_day": _day("death", low=0),
            "death_cause": _one_of("cause of death", "leukaemia", "treatment", "infection", "transplantation", "unrelated"),
            "last_assessment_day": _day("last disease assessment", low=0),
            "last_contact_day": _day("last contact or death", low=0, required=True),
            "censor_reason": _one_of("why follow-up ended", "data cut-off", "lost to follow-up", "withdrew"),
        },
        "status": {
            "patient_id": _id(),
            "crs": _known("CRS"),
            "crs_grade_max": Column("integer", "peak grade of CRS; 0: none", low=0, high=5),
            "icans": _known("ICANS"),
            "icans_grade_max": Column("integer", "peak grade of ICANS; 0: none", low=0, high=5),
            "gc": _known("systemic glucocorticoid within the window"),
            "tcz": _known("tocilizumab within the window"),
            "rux": _known("ruxolitinib within the window"),
            "relapse": _known("relapse"),
            "progression": _known("progression"),
            "death": _known("death"),
        },
    }
)  # fmt: skip


UNSAID = "day 0"  # origin of a cohort that does not say what its days count from


@dataclass(frozen=True)
class Cohort:
    """A cohort's tidy tables and what they are.

    Parameters
    ----------
    name : str
        Short name, for outputs.
    origin : str
        What day 0 is.
    synthetic : bool
        True if no real patient stands behind it; every table and figure then says so.
    source, licence : str
    tables : mapping of str to DataFrame
        Tables of :data:`TABLES`, absent ones left out.
    declared : mapping of str to mapping of str to Column
        Columns beyond the dictionary that the cohort declares, by table; they can serve as exposure or covariate.
    notes : tuple of str
        One plain line for each table or column that is absent or was left out.
    recorded : mapping of str to tuple of str
        By table what the cohort looked for in everybody; see :mod:`helpers.cohort.recorded`.
    stands_for : str
        "zhang2025" if the cohort was made to stand for the paper's own; else empty.
    analytes : mapping of str to str
        Analytes beyond the dictionary, and the unit of each.

    Examples
    --------
    >>> few = Cohort("few", "infusion", True, "made up", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})})
    >>> few.has("patients", "sex")
    False
    >>> few.need("labs")
    Traceback (most recent call last):
    helpers.problems.NotAvailable: cohort few has no table labs
    """

    name: str
    origin: str
    synthetic: bool
    source: str
    licence: str
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    declared: Mapping[str, Mapping[str, Column]] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    recorded: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    stands_for: str = ""
    analytes: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def day_zero(self) -> str:
        """Say what day 0 is, or that the cohort does not say it.

        Examples
        --------
        >>> [Cohort("few", origin, True, "", "", {}).day_zero for origin in ("infusion", UNSAID)]
        ['day 0 is infusion', 'what day 0 is, is not stated']
        """
        return "what day 0 is, is not stated" if self.origin == UNSAID else f"day 0 is {self.origin}"

    def has(self, table: str, *columns: str) -> bool:
        """Tell whether the cohort has *table* and all *columns* of it."""
        return table in self.tables and all(column in self.tables[table] for column in columns)

    def need(self, table: str, *columns: str) -> pd.DataFrame:
        """Return *table*, or raise NotAvailable in one plain line if it or one of *columns* is absent."""
        if table not in self.tables:
            raise NotAvailable(f"cohort {self.name} has no table {table}")
        absent = [column for column in columns if column not in self.tables[table]]
        if absent:
            raise NotAvailable(f"cohort {self.name} has no column {', '.join(absent)} in table {table}")
        return self.tables[table]
