"""The covariates of Table 5: how each is made from a cohort, its reference, and on whom the print and the Methods use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from helpers.cohort.schema import TABLES
from helpers.problems import NotAvailable
from helpers.results.measures import once
from helpers.results.populations import need
from helpers.results.registry import AGENT, DOSE, LENGTH, ONSET
from helpers.results.table1 import STATUS, TARGETS, status_of
from helpers.results.value import slug

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

MOST_LEVELS = 8


@dataclass(frozen=True)
class Row:
    """A covariate of Table 5.

    ``make`` gives its values by patient: an ordered categorical, the reference first, or numbers. ``keys`` are the
    ids of its levels after the reference. ``joint`` says that everyone of the multivariable model can have it.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    make: Callable[[Analysis], pd.Series]
    paper: str
    stated: str = "toxicity"
    reason: str = ""
    depends: tuple[str, ...] = ()
    printed: bool = True
    joint: bool = True


def _two(column: str, no: str, yes_: str) -> Callable[[Analysis], pd.Series]:
    """Make a yes/no column a factor; ``{}`` in a label is filled with the parameter that cuts it."""

    def make(analysis: Analysis) -> pd.Series:
        values = need(analysis, column)[column].astype("boolean")
        cut = getattr(analysis.parameters, column.replace("_over_cut", "_cut"), None)
        return _factor(values.map({False: no, True: yes_}), [no, yes_], cut)

    return make


def levels(column: str, labels: Mapping[str, str], parameter: str = "") -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        values = need(analysis, column)[column].astype(object)
        cut = analysis.gc_cutoff if parameter == "gc_cutoff" else getattr(analysis.parameters, parameter, None)
        return _factor(values.map(labels), list(labels.values()), cut)

    return make


def _factor(values: pd.Series, labels: list[str], cut: float | None = None) -> pd.Series:
    factor = pd.Series(pd.Categorical(values, labels, ordered=True), index=values.index)
    if cut is None:
        return factor
    return factor.cat.rename_categories([label.format(f"{cut:g}") for label in labels])


def _status(analysis: Analysis) -> pd.Series:
    return _factor(status_of(need(analysis, "n_relapses")).map(STATUS), list(STATUS.values()))


def _grade(event: str) -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        grade = need(analysis, f"{event}_grade")[f"{event}_grade"]
        label = grade.map({1: "Grade 1", 2: "Grade 2", 3: "Grade ≥3", 4: "Grade ≥3", 5: "Grade ≥3"})
        return _factor(label, ["Grade 1", "Grade 2", "Grade ≥3"])

    return make


# the Kaplan-Meier half-widths need 40 PFS events, the widths of Table 5 fit 38: those of the complete cases
AMONG_ALL = "the interval's width fits 38 of the 40 PFS events: those of the 109 with known blasts"
AMONG_TOXIC = "the interval's width fits the 34 events of those with CRS and/or ICANS and known blasts"
ROWS = (
    Row("weight", "Weight", ("weight_gt27",), _two("weight_over_cut", "≤{} kg", ">{} kg"), "known_blasts", reason=AMONG_ALL,
        depends=("weight_cut",)),
    Row("sex", "Sex", ("female",), levels("sex", {"male": "Male", "female": "Female"}), "known_blasts", reason=AMONG_ALL),
    Row("blast", "Bone marrow blasts", ("blast_ge5",), _two("blast_over_cut", "<{}%", "≥{}%"), "known_blasts",
        "toxicity & known_blasts", AMONG_ALL, ("blast_cut",)),
    Row("age", "Age", ("age_gt8",), _two("age_over_cut", "≤{} years", ">{} years"), "known_blasts",
        reason=AMONG_ALL, depends=("age_cut",)),
    Row("target", "CAR-T target antigen", ("target_cd19_22", "target_cd19_22_20"),
        levels("car_target", {label: label for label in TARGETS.values()}), "known_blasts",
        reason=AMONG_ALL + "; reference as printed, CD19"),
    Row("transplant", "Transplantation preinfusion", ("transplant",), _two("prior_transplant", "No", "Yes"), "known_blasts",
        reason=AMONG_ALL),
    Row("status", "Disease status preinfusion", ("first_relapse", "second_relapse"), _status, "known_blasts", reason=AMONG_ALL),
    Row("gc_dose", "GC dosage", ("gc_low", "gc_high"),
        levels("gc_group", {"none": "0 mg/kg", "low": "≤{} mg/kg", "high": ">{} mg/kg"}, "gc_cutoff"), "toxicity & known_blasts",
        reason=AMONG_TOXIC + "; a three-level factor whose high-dose row is not printed", depends=DOSE),
    Row("gc_onset", "GC onset", ("gc_onset_gt4",), levels("gc_onset", {"early": "<{} days", "late": "≥{} days"},
        "onset_cut_days"), "gc & known_blasts", "gc", "only those given GC have an onset; complete cases", ONSET, joint=False),
    Row("gc_duration", "GC duration", ("gc_dur_gt2",), levels("gc_duration_group", {"short": "≤{} days", "long": ">{} days"},
        "duration_cut_days"), "gc & known_blasts", "gc", "only those given GC have a duration; complete cases", LENGTH, joint=False),
    Row("rux", "RUX use", ("rux",), _two("rux", "No", "Yes"), "toxicity & known_blasts", reason=AMONG_TOXIC, depends=AGENT),
    Row("tcz", "TCZ use", ("tcz",), _two("tcz", "No", "Yes"), "toxicity & known_blasts", reason=AMONG_TOXIC, depends=AGENT),
    Row("crs", "CRS occurrence", ("crs",), _two("crs", "No", "Yes"), "known_blasts", "all",
        "those without CRS are the reference; complete cases: 4 events against 34", joint=False),
    Row("crs_grade", "CRS grade", ("crs_g2", "crs_g3"), _grade("crs"), "crs & known_blasts", "crs",
        "relative to grade 1; complete cases: 34 events"),
    Row("icans", "ICANS occurrence", ("icans",), _two("icans", "No", "Yes"), "known_blasts", reason=AMONG_ALL),
    Row("icans_grade", "ICANS grade", ("icans_g2", "icans_g3"), _grade("icans"), "icans & known_blasts", "icans",
        "relative to grade 1; complete cases",
        joint=False),
)  # fmt: skip
BY_NAME = {row.name: row for row in ROWS}


# ------------------------------------------------------------------------------------------- which rows a cohort has


def _declared_column(column: str) -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        values = analysis.frame[analysis.own[column]]
        if pd.api.types.is_bool_dtype(values.dtype):
            return _factor(values.astype("boolean").map({False: "No", True: "Yes"}), ["No", "Yes"])
        if pd.api.types.is_numeric_dtype(values.dtype):
            return values.astype("Float64").astype(float)
        found = set(values.dropna())
        order = [level for level in analysis.cohort.declared["patients"][column].allowed if level in found]
        return _factor(values.astype(object), order or sorted(found))

    return make


def _declared_row(analysis: Analysis, column: str) -> Row | None:
    make = _declared_column(column)
    values = make(analysis)
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return Row(column, column, (slug(column),), make, "all", "toxicity", printed=False)
    levels = list(values.cat.categories)
    if not 2 <= len(levels) <= MOST_LEVELS:
        return None
    keys = tuple(slug(f"{column} {level}") for level in levels[1:])
    return Row(column, column.replace("_", " "), keys, make, "all", "toxicity", printed=False)


def _has(analysis: Analysis, row: Row) -> bool:
    try:
        return bool(row.make(analysis).notna().any())
    except NotAvailable:
        return False


@once
def rows(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates that the cohort has: those of Table 5, then its own declared columns of patients."""
    extra = [_declared_row(analysis, column) for column in analysis.own if column not in TABLES["patients"]]
    return tuple(row for row in (*ROWS, *extra) if row is not None and _has(analysis, row))
