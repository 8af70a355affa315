"""The covariates of Table 5: how each is made from a cohort, its reference, and on whom the print and the Methods use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.derive import CUT_COLUMNS, LEAST_SHARE, cut_used
from helpers.cohort.schema import TABLES
from helpers.problems import NotAvailable
from helpers.results.measures import once_per_analysis
from helpers.results.populations import needed_frame
from helpers.results.registry import AGENT, DOSE, LENGTH, ONSET
from helpers.results.table1 import OTHER_STATUS, OTHER_TARGETS, STATUS, TARGETS, status_of
from helpers.results.value import id_part, id_parts, told_apart

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

MOST_LEVELS = 8


@dataclass(frozen=True)
class Row:
    """A covariate of Table 5.

    ``make`` gives its values by patient: an ordered categorical, the reference first, or numbers. ``keys`` are the
    ids of its levels after the reference. ``joint`` says that everyone of the multivariable model can have it. ``unit``
    says what a hazard ratio of a number is per, if not one. ``note`` says how the values were made, where that is not
    what the paper does.
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
    unit: str = ""
    note: Callable[[Analysis], str] = field(default=lambda analysis: "")


def _two(column: str, no: str, yes_: str) -> Callable[[Analysis], pd.Series]:
    """Make a yes/no column a factor; ``{}`` in a label is filled with the parameter that cuts it."""

    def make(analysis: Analysis) -> pd.Series:
        values = needed_frame(analysis, column)[column].astype("boolean")
        name = column.removesuffix("_over_cut")
        if name in CUT_COLUMNS:
            cut = cut_used(analysis.frame, name, analysis.parameters)
        else:
            cut = getattr(analysis.parameters, f"{name}_cut", None)
        return _factor(values.map({False: no, True: yes_}), [no, yes_], cut)

    return make


def _own_cut(name: str) -> Callable[[Analysis], str]:
    """Say so where the cohort's own median takes the place of the paper's cut."""

    def note(analysis: Analysis) -> str:
        paper = getattr(analysis.parameters, f"{name}_cut")
        if CUT_COLUMNS[name] not in analysis.frame or cut_used(analysis.frame, name, analysis.parameters) == paper:
            return ""
        side = "at or below" if (analysis.frame[CUT_COLUMNS[name]].dropna() <= paper).mean() < LEAST_SHARE else "above"
        return f"cut at the cohort's own median, since fewer than {LEAST_SHARE:.0%} lie {side} {paper:g}"

    return note


def covariate_levels(column: str, labels: Mapping[str, str], parameter: str = "") -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        values = needed_frame(analysis, column)[column].astype(object)
        cut = analysis.gc_cutoff if parameter == "gc_cutoff" else getattr(analysis.parameters, parameter, None)
        return _factor(values.map(labels), list(labels.values()), cut)

    return make


UNCUT = {"≤{} mg/kg": "low dose", ">{} mg/kg": "high dose"}


def _factor(values: pd.Series, labels: list[str], cut: float | None = None) -> pd.Series:
    factor = pd.Series(pd.Categorical(values, labels, ordered=True), index=values.index)
    if cut is None:
        return factor
    return factor.cat.rename_categories([cut_label(label, cut) for label in labels])


def cut_label(label: str, cut: float) -> str:
    """Write a cut into a label; a dose group is named without one if the cut is a percentile and nobody was given any (NaN).

    Examples
    --------
    >>> cut_label("≤{} mg/kg", 8.0), cut_label("≤{} mg/kg", np.nan), cut_label("0 mg/kg", np.nan)
    ('≤8 mg/kg', 'low dose', '0 mg/kg')
    """
    return UNCUT.get(label, label) if np.isnan(cut) else label.format(f"{cut:g}")


def _status(analysis: Analysis) -> pd.Series:
    labels = STATUS | _had(OTHER_STATUS, found := status_of(needed_frame(analysis, "n_relapses")))
    return _factor(found.map(labels), list(labels.values()))


def target_levels(*order: str) -> Callable[[Analysis], pd.Series]:
    """Make the target antigens a factor: those of *order*, the reference first, then others that somebody has."""

    def make(analysis: Analysis) -> pd.Series:
        found = needed_frame(analysis, "car_target")["car_target"]
        labels = [*order, *_had({label: label for label in OTHER_TARGETS.values()}, found)]
        return _factor(found.astype(object), labels)

    return make


def _had(levels: Mapping[str, str], values: pd.Series) -> dict[str, str]:
    """Keep of the levels that the dictionary allows and the print has no row for those that somebody has."""
    return {level: label for level, label in levels.items() if level in set(values.dropna())}


def _grade(event: str) -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        grade = needed_frame(analysis, f"{event}_grade")[f"{event}_grade"]
        label = grade.map({1: "Grade 1", 2: "Grade 2", 3: "Grade ≥3", 4: "Grade ≥3", 5: "Grade ≥3"})
        return _factor(label, ["Grade 1", "Grade 2", "Grade ≥3"])

    return make


# the Kaplan–Meier half-widths need 40 PFS events, the widths of Table 5 fit 38: those of the complete cases
AMONG_ALL = "the interval's width fits 38 of the 40 PFS events: those of the 109 with known blasts"
AMONG_TOXIC = "the interval's width fits the 34 events of those with CRS and/or ICANS and known blasts"
ROWS = (
    Row("weight", "Weight", ("weight_gt27",), _two("weight_over_cut", "≤{} kg", ">{} kg"), "known_blasts", reason=AMONG_ALL,
        depends=("weight_cut",), note=_own_cut("weight")),
    Row("sex", "Sex", ("female",), covariate_levels("sex", {"male": "Male", "female": "Female"}), "known_blasts", reason=AMONG_ALL),
    Row("blast", "Bone marrow blasts", ("blast_ge5",), _two("blast_over_cut", "<{}%", "≥{}%"), "known_blasts",
        "toxicity & known_blasts", AMONG_ALL, ("blast_cut",)),
    Row("age", "Age", ("age_gt8",), _two("age_over_cut", "≤{} years", ">{} years"), "known_blasts",
        reason=AMONG_ALL, depends=("age_cut",), note=_own_cut("age")),
    Row("target", "CAR-T target antigen", ("target_cd19_22", "target_cd19_22_20"),
        target_levels(*TARGETS.values()), "known_blasts", reason=AMONG_ALL + "; reference as printed, CD19"),
    Row("transplant", "Transplantation preinfusion", ("transplant",), _two("prior_transplant", "No", "Yes"), "known_blasts",
        reason=AMONG_ALL),
    Row("status", "Disease status preinfusion", ("first_relapse", "second_relapse"), _status, "known_blasts", reason=AMONG_ALL),
    Row("gc_dose", "GC dosage", ("gc_low", "gc_high"),
        covariate_levels("gc_group", {"none": "0 mg/kg", "low": "≤{} mg/kg", "high": ">{} mg/kg"}, "gc_cutoff"), "toxicity & known_blasts",
        reason=AMONG_TOXIC + "; a three-level factor whose high-dose row is not printed", depends=DOSE),
    Row("gc_onset", "GC onset", ("gc_onset_gt4",), covariate_levels("gc_onset", {"early": "<{} days", "late": "≥{} days"},
        "onset_cut_days"), "gc & known_blasts", "gc", "only those given GC have an onset; complete cases", ONSET, joint=False),
    Row("gc_duration", "GC duration", ("gc_dur_gt2",), covariate_levels("gc_duration_group", {"short": "≤{} days", "long": ">{} days"},
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
OTHER_KEYS = {"target": {label: f"target_{key}" for key, label in OTHER_TARGETS.items()},
              "status": {label: f"status_{key}" for key, label in OTHER_STATUS.items()}}  # fmt: skip
"""Keys of levels that Table 5 has no row for, by covariate and label: a covariate has them where the cohort does."""


# ------------------------------------------------------------------------------------------- which rows a cohort has


TAKEN = ("time", "event", "exposure", "global")  # columns of a model's frame, and ids of its tests
WIDE, NARROW = 20.0, 0.05  # standard deviations beyond which a hazard ratio per unit would print as 1.00 or be huge


def readable_unit(values: pd.Series) -> float:
    """Return the power of ten that a hazard ratio of these numbers is best told per: 1 unless they spread widely or barely.

    Examples
    --------
    >>> readable_unit(pd.Series([100.0, 20_000, 3_000])), readable_unit(pd.Series([4.0, 9, 17]))
    (10000.0, 1.0)
    """
    spread = float(values.std())
    if not np.isfinite(spread) or spread == 0 or NARROW <= spread < WIDE:
        return 1.0
    return float(10.0 ** np.floor(np.log10(spread)))


def _declared_column(column: str) -> Callable[[Analysis], pd.Series]:
    def make(analysis: Analysis) -> pd.Series:
        values = analysis.frame[analysis.own[column]]
        declared = analysis.cohort.declared["patients"][column]
        if pd.api.types.is_bool_dtype(values.dtype):
            return _factor(values.astype("boolean").map({False: "No", True: "Yes"}), ["No", "Yes"])
        if pd.api.types.is_numeric_dtype(values.dtype):
            numbers = values.astype("Float64").astype(float)
            coded = sorted(numbers.dropna().unique())
            if declared.kind == "integer" and len(coded) == 2:
                return _factor(numbers.map({code: f"{code:.0f}" for code in coded}), [f"{code:.0f}" for code in coded])
            return numbers / readable_unit(numbers)
        found = set(values.dropna())
        order = [level for level in declared.allowed if level in found]
        return _factor(values.astype(object), order or sorted(found))

    return make


def _declared_row(analysis: Analysis, column: str) -> Row | None:
    make = _declared_column(column)
    values, name = make(analysis), column if column not in (*BY_NAME, *TAKEN) else f"own.{column}"
    if not isinstance(values.dtype, pd.CategoricalDtype):
        scale = readable_unit(analysis.frame[analysis.own[column]].astype("Float64").astype(float))
        unit = f"per {scale:,.10g} {analysis.cohort.declared['patients'][column].unit}".strip() if scale != 1 else ""
        return Row(
            name, column.replace("_", " "), (id_part(column),), make, "all", "toxicity", printed=False, unit=unit
        )
    levels = id_parts(values.cat.categories)
    if not 2 <= len(levels) <= MOST_LEVELS:
        return None
    keys = tuple(f"{id_part(column)}_{key}" for key in list(levels.values())[1:])
    return Row(name, column.replace("_", " "), keys, make, "all", "toxicity", printed=False)


def _told_apart(own: list[Row]) -> list[Row]:
    """Give the cohort's own covariates keys and labels that none of Table 5 and none before them has."""
    taken = [key for row in ROWS for key in row.keys] + [key for keys in OTHER_KEYS.values() for key in keys.values()]
    keys = iter(told_apart([key for row in own for key in row.keys], [*taken, "gc_high"]))
    labels = {row.label for row in ROWS}
    found = []
    for row in own:
        label = row.label
        while label in labels:
            label = f"{label} (own)"
        labels.add(label)
        found.append(replace(row, label=label, keys=tuple(next(keys) for _ in row.keys)))
    return found


def _has(analysis: Analysis, row: Row) -> bool:
    try:
        return bool(row.make(analysis).notna().any())
    except NotAvailable:
        return False


@once_per_analysis
def covariate_rows(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates that the cohort has: those of Table 5, then its own declared columns of patients."""
    extra = [_declared_row(analysis, column) for column in analysis.own if column not in TABLES["patients"]]
    own = _told_apart([row for row in extra if row is not None])
    return tuple(
        with_every_level(analysis, row, OTHER_KEYS.get(row.name, {})) for row in (*ROWS, *own) if _has(analysis, row)
    )


def with_every_level(analysis: Analysis, row: Row, others: Mapping[str, str]) -> Row:
    """Give a covariate the keys of levels, by label, that the dictionary allows, the cohort has and the print has no row for."""
    if not others or not row.make(analysis).notna().any():
        return row
    return replace(
        row, keys=(*row.keys, *(others[label] for label in row.make(analysis).cat.categories if label in others))
    )
