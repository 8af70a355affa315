"""Table 5: univariable Cox models of every covariate, the screen, and the multivariable model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.estimate.cox import Cox, cox, with_references
from helpers.problems import NotAvailable
from helpers.results.covariates import BY_NAME, OTHER_KEYS, ROWS, Row, covariate_rows, target_levels, with_every_level
from helpers.results.curves import endpoint_columns
from helpers.results.exposure import EXPOSURE_COLUMNS
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population, named_population, needed_frame
from helpers.results.registry import AGENT, DOSE, family
from helpers.results.survival import ANALYSED
from helpers.results.table1 import OTHER_TARGETS, TARGETS
from helpers.results.value import Reading, Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

MEASURES = ("hr", "ci_low", "ci_high", "p")
MODEL = ("endpoint", "censoring", "nonresponse_day", "ties", "alpha")
METHOD = "Cox model, Wald interval and test"
JOINT = METHOD + "; covariates with a univariable p below the screen"


# ------------------------------------------------------------------------------------------------------ the models


def model_frame(
    analysis: Analysis, chosen: list[Row] | tuple[Row, ...], among: pd.Series | None = None
) -> pd.DataFrame:
    """Lay covariates and the endpoint side by side: a column per row's name, ``time`` (days), ``event`` (bool).

    Categories without a patient of *among* are left out.
    """
    time, event = endpoint_columns(analysis.parameters.endpoint)
    outcome = needed_frame(analysis, time, event)
    frame = pd.DataFrame({row.name: row.make(analysis) for row in chosen})
    frame = frame.assign(time=outcome[time], event=outcome[event])
    frame = frame if among is None else frame[among]
    for row in chosen:
        if isinstance(frame[row.name].dtype, pd.CategoricalDtype):
            frame[row.name] = frame[row.name].cat.remove_unused_categories()
    return frame


def fit_cox(analysis: Analysis, frame: pd.DataFrame, names: list[str]) -> Cox:
    used = analysis.parameters
    return cox(frame, names, "time", "event", ties=used.ties, alpha=used.alpha)


def model_patients(analysis: Analysis, row: Row) -> pd.Series:
    """Tell which patients a univariable model is fitted to."""
    return in_population(analysis, row.paper if analysis.reading == "paper" else row.stated)


def concerned_by(analysis: Analysis, row: Row) -> pd.Series:
    """Tell whom a covariate concerns: as :func:`model_patients`, before those whose value is unknown are left out."""
    parts = (row.paper if analysis.reading == "paper" else row.stated).split(" & ")
    return in_population(analysis, " & ".join(part for part in parts if part != "known_blasts") or "all")


@once_per_analysis
def univariable_model(analysis: Analysis, name: str) -> pd.DataFrame:
    """Fit the univariable model of a covariate.

    Returns
    -------
    pandas.DataFrame
        One row per level, the reference first: variable, key ("" for the reference), level, n, events, hr, ci_low,
        ci_high, p, reason, note (how it was made, where the paper does otherwise), and for the model model_n, model_events,
        missing, overall_p (likelihood ratio). Patients and events are counted whether or not there is a ratio.

    Raises
    ------
    KeyError
        If the cohort has no such covariate.
    NotAvailable
        If nothing that it could be made of is there.
    """
    known = {row.name: row for row in (*ROWS, *covariate_rows(analysis))}
    row = known.get(name) or known.get(f"own.{name}")
    if row is None:
        raise KeyError(f"no covariate {name}; there are {', '.join(known)}")
    try:
        return univariable_of(analysis, row)
    except NotAvailable as absent:
        if row.name not in EXPOSURE_COLUMNS.values() or not analysis.cohort.has("treatments", "agent", "day"):
            raise
        return _nobody_told(analysis, row, str(absent))


def _nobody_told(analysis: Analysis, row: Row, reason: str) -> pd.DataFrame:
    """Count those of whom no treatment of a kind is told, where the cohort does not say that it looked: *reason* says so.

    There is no ratio, and tables that count who was given something (Table 2) have no count: no row is not a "no".
    """
    time, event = endpoint_columns(analysis.parameters.endpoint)
    outcome, concerned = needed_frame(analysis, time, event), concerned_by(analysis, row)
    frame = pd.DataFrame({row.name: "No", "time": outcome[time], "event": outcome[event]})[concerned].dropna()
    return without_model(analysis, row, {"": "No", row.keys[0]: "Yes"}, reason, frame, int(concerned.sum()))


def model_sizes(analysis: Analysis) -> pd.DataFrame:
    """Tell what each univariable model rests on.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: covariate, of (patients whom the covariate concerns, before those with an unknown value are
        left out), n, events, unknown (of - n), overall_p (likelihood ratio, all levels), reason.
    """
    found = []
    for row in covariate_rows(analysis):
        table = univariable_model(analysis, row.name)
        n, events, unknown = (int(table[name].iloc[0]) for name in ("model_n", "model_events", "missing"))
        reasons = "; ".join(sorted(set(table["reason"]) - {""}))
        found.append((row.label, n + unknown, n, events, unknown, table["overall_p"].iloc[0], reasons))
    return pd.DataFrame(found, columns=["covariate", "of", "n", "events", "unknown", "overall_p", "reason"])


def both_readings(analysis: Analysis) -> pd.DataFrame:
    """Fit the multivariable model under both readings.

    Returns
    -------
    pandas.DataFrame
        The rows of :func:`multivariable_model` without references, with a column ``reading`` ("paper", "stated"); a reading
        under which no covariate passes the screen has one row that says so in ``reason``.
    """
    parts = []
    for choice in ("paper", "stated"):
        changed = analysis.parameters.model_copy(update={"reading": choice})
        other = analysis if choice == analysis.parameters.reading else replace(analysis, parameters=changed)
        table = multivariable_model(other)
        if not len(table):
            table = pd.DataFrame([_line(ROWS[0], "none", "", 0, 0, reason=joint_model(other)[1])])
            table = table.assign(variable="no covariate", note="", model_n=0, model_events=0, missing=0)
        parts.append(table[table["key"] != ""].assign(reading=choice))
    return pd.concat(parts, ignore_index=True)


def univariable_of(analysis: Analysis, row: Row) -> pd.DataFrame:
    """Fit the univariable model of a row; as :func:`univariable_model`."""
    frame = model_frame(analysis, [row], model_patients(analysis, row)).dropna()
    labels, of = level_labels(row, row.make(analysis)), int(concerned_by(analysis, row).sum())
    obstacle = obstacle_to(frame[row.name], labels)
    if obstacle:
        return without_model(analysis, row, labels, obstacle, frame, of)
    return with_model(analysis, row, labels, fit_cox(analysis, frame, [row.name]), of)


def level_labels(row: Row, values: pd.Series) -> dict[str, str]:
    """Map the key of each level to its label, the reference under ""; numbers have one level without a label."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return {row.keys[0]: ""}
    return dict(zip(("", *row.keys), values.cat.categories, strict=True))


def obstacle_to(values: pd.Series, labels: dict[str, str]) -> str:
    """Say why no model of these values (of patients with a follow-up) can be fitted, or nothing."""
    if not values.notna().any():
        return "no patient with a known value"
    present = set(values.dropna())
    if "" not in labels:
        return "" if len(present) > 1 else "the same for all"
    if labels[""] not in present:
        return f"no patient in the reference group {labels['']}"
    return "" if len(present) > 1 else f"no patient outside the reference group {labels['']}"


def without_model(
    analysis: Analysis, row: Row, labels: dict[str, str], reason: str, frame: pd.DataFrame, of: int
) -> pd.DataFrame:
    """Lay out a covariate without a model: the reason, and the patients and events of *frame* by level, *of* so many."""
    lines = []
    for key, label in labels.items():
        inside = frame[frame[row.name] == label] if label else frame
        lines.append(_line(row, key, label, len(inside), int(inside["event"].sum()), reason=reason))
    events, note = int(frame["event"].sum()), row.note(analysis)
    return pd.DataFrame(lines).assign(note=note, model_n=len(frame), model_events=events, missing=of - len(frame),
                                      overall_p=np.nan)  # fmt: skip


def with_model(analysis: Analysis, row: Row, labels: dict[str, str], model: Cox, of: int) -> pd.DataFrame:
    """Lay out a covariate of a model, *of* so many patients whom it concerns."""
    sizes = {"model_n": model.n, "model_events": model.events, "missing": of - model.n, "overall_p": model.lr_p}
    return level_rows(row, labels, model).assign(note=row.note(analysis), **sizes)


def _line(
    row: Row, key: str, level: str, n: int, events: int, numbers: tuple = (np.nan,) * 4, reason: str = ""
) -> dict:
    return {"variable": row.label, "key": key, "level": level or row.unit, "n": n, "events": events,
            **dict(zip(MEASURES, numbers, strict=True)), "reason": reason}  # fmt: skip


def level_rows(row: Row, labels: dict[str, str], model: Cox) -> pd.DataFrame:
    """Lay out the levels of a covariate of a model, the reference first."""
    table = with_references(model.table, model.design)
    table = table[table["covariate"] == row.name].set_index("level")
    lines = []
    for key, label in labels.items():
        if label not in table.index:
            lines.append(_line(row, key, label, 0, 0, reason=f"no patient with {label}"))
            continue
        found = table.loc[label]
        reason = "" if found["reason"] == "reference" else found["reason"].replace(f"with {row.name} ", "with ")
        numbers = tuple(float(found[measure]) for measure in MEASURES)
        lines.append(_line(row, key, label, int(found["n"]), int(found["events"]), numbers, reason))
    return pd.DataFrame(lines)


@once_per_analysis
def selected_covariates(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates that pass the screen: any level with a univariable p below ``screening_p``.

    Covariates defined in a subgroup only (onset and duration of GC, ICANS grade) or constant in the model's population
    (CRS) cannot enter.
    """
    limit = analysis.parameters.screening_p
    return tuple(
        row
        for row in covariate_rows(analysis)
        if row.joint and (univariable_model(analysis, row.name)["p"] < limit).any()
    )


def joint_population(analysis: Analysis) -> pd.Series:
    """Tell who may enter the multivariable model: CRS and/or ICANS; read from the print also no high-dose GC."""
    who = in_population(analysis, "toxicity")
    if "not_high" in joint_name(analysis):
        who &= in_population(analysis, "not_high")
    return who


def joint_name(analysis: Analysis) -> str:
    """Name the population of :func:`joint_population`."""
    without_high = analysis.reading == "paper" and BY_NAME["gc_dose"].name in {
        row.name for row in selected_covariates(analysis)
    }
    return named_population(analysis, "toxicity", "not_high" if without_high else "")


@once_per_analysis
def joint_model(analysis: Analysis) -> tuple[Cox | None, str]:
    """Fit the multivariable model to the complete cases: the model, or None and why there is none."""
    chosen = selected_covariates(analysis)
    if not chosen:
        return None, f"no covariate has a univariable p below {analysis.parameters.screening_p:g}"
    frame = model_frame(analysis, chosen, joint_population(analysis))
    usable = [row.name for row in chosen if not obstacle_to(frame[row.name], _shown(frame[row.name]))]
    complete = frame.dropna(subset=[*usable, "time", "event"])
    for name in usable:
        if isinstance(frame[name].dtype, pd.CategoricalDtype) and frame[name].cat.categories[0] not in set(
            complete[name]
        ):
            return None, f"no complete case in the reference group {frame[name].cat.categories[0]}"
    if not usable or complete.empty:
        return None, "no complete case"
    return fit_cox(analysis, frame, usable), ""


def _shown(values: pd.Series) -> dict[str, str]:
    return (
        {"": values.cat.categories[0]}
        if isinstance(values.dtype, pd.CategoricalDtype) and len(values.cat.categories)
        else {}
    )


@once_per_analysis
def multivariable_model(analysis: Analysis) -> pd.DataFrame:
    """Lay out the multivariable model as :func:`univariable_model` does, covariate under covariate."""
    model, reason = joint_model(analysis)
    parts = []
    chosen = selected_covariates(analysis)
    if not chosen:
        return pd.DataFrame()
    who = joint_population(analysis)
    complete = model_frame(analysis, chosen, who).dropna() if model is None else None
    for row in chosen:
        labels = level_labels(row, row.make(analysis))
        if model is None:
            parts.append(without_model(analysis, row, labels, reason, complete, int(who.sum())))
        elif row.name not in set(model.table["covariate"]):
            frame = model_frame(analysis, [row], who)
            frame = frame.loc[frame.index.isin(model.design.x.index)]
            parts.append(without_model(analysis, row, labels, "the same for all in the model", frame, int(who.sum())))
        else:
            parts.append(with_model(analysis, row, labels, model, model.n + model.missing))
    return pd.concat(parts, ignore_index=True)


# ------------------------------------------------------------------------------------------------------- the values


def values_of(
    table: pd.DataFrame,
    place: str,
    keep: Callable[[str], str],
    *,
    method: str = "",
    population: str = "",
    of: int | None = None,
) -> dict[str, Value]:
    """Give the hazard ratios of a table of :func:`univariable_model` their ids.

    Parameters
    ----------
    table : DataFrame
    place : str
        Before the key of the level.
    keep : callable
        What stands before *place*, by key.
    method, population : str
        What is fitted, and to whom, where that is not what the family of the ids says.
    of : int, optional
        Size of that population, of which those outside the model are missing; by default as the table has it.
    """
    found = {}
    for line in table[table["key"] != ""].itertuples() if len(table) else []:
        missing = int(line.missing) if of is None else of - int(line.model_n)
        notes = [note for note in (line.level if line.level.startswith("per ") else "", line.note) if note]
        shared = {"n": int(line.model_n), "events": int(line.model_events), "missing": missing, "population": population,
                  "method": "; ".join([method or METHOD, *notes]) if method or notes else ""}  # fmt: skip
        for measure in MEASURES:
            id = f"{keep(line.key)}{place}.{line.key}.{measure}"
            found[id] = Value("", getattr(line, measure), line.reason, **shared)
    return found


UNPRINTED = {"gc_high"}
BEYOND = {key for keys in OTHER_KEYS.values() for key in keys.values()}  # levels that the print has no row for


def _prefix(row: Row) -> Callable[[str], str]:
    return lambda key: "" if row.printed and key not in UNPRINTED else "extra."


def _row_values(row: Row) -> Callable[[Analysis], dict[str, Value]]:
    def values(analysis: Analysis) -> dict[str, Value]:
        row.make(analysis)  # says which table is absent
        table = univariable_model(analysis, row.name)
        of = int(model_patients(analysis, row).sum())
        found = values_of(table[~table["key"].isin(BEYOND)], "table5.univariate", _prefix(row), of=of)
        n, events = int(table["model_n"].iloc[0]), int(table["model_events"].iloc[0])
        overall = Value("", table["overall_p"].iloc[0], table["reason"].iloc[-1], n=n, events=events, missing=of - n,
                        method="likelihood-ratio test of all levels")  # fmt: skip
        return found | {f"extra.table5.univariate.{row.name}.overall_p": overall}

    return values


def _declare(row: Row) -> None:
    family(
        *(f"{_prefix(row)(key)}table5.univariate.{key}.{measure}" for key in row.keys for measure in MEASURES),
        f"extra.table5.univariate.{row.name}.overall_p",
        population=row.paper,
        method=METHOD,
        reason=row.reason,
        stated=None if row.stated == row.paper else Reading(row.stated, METHOD, ANALYSED),
        depends=[*MODEL, *row.depends],
        name=f"table5.{row.name}",
    )(_row_values(row))


for _row in ROWS:
    _declare(_row)


CORRECTED = Row(
    "target",
    "CAR-T target antigen",
    ("target_ref_triple.cd19", "target_ref_triple.cd19_22"),
    target_levels(TARGETS["cd19_22_20"], TARGETS["cd19"], TARGETS["cd19_22"]),
    "known_blasts",
    printed=False,
)


@family(
    *(f"extra.table5.univariate.{key}.{measure}" for key in CORRECTED.keys for measure in MEASURES),
    population="known_blasts",
    method=METHOD + "; reference CD19+CD22+CD20",
    reason="the printed widths fit 0.64 for CD19 and 0.97 for CD19+CD22, with the last category as reference, as SPSS takes it by default: an inference",
    stated=Reading("toxicity", METHOD, ANALYSED),
    depends=MODEL,
    needs=["car_target"],
)
def target_corrected(analysis: Analysis) -> dict[str, Value]:
    """CAR-T target with the reference that the print implies instead of the one that it names."""
    others = {label: f"target_ref_triple.{key}" for key, label in OTHER_TARGETS.items()}
    row, of = with_every_level(analysis, CORRECTED, others), int(model_patients(analysis, CORRECTED).sum())
    table = univariable_of(analysis, row)
    table = table[table["key"].isin(CORRECTED.keys)]
    return values_of(table, "table5.univariate", lambda key: "extra.", of=of)


@family(
    population="toxicity",
    method=METHOD,
    reason="covariates of the cohort's own, and levels of the dictionary, that the paper does not have",
    prefix="extra.table5.univariate.",
    depends=MODEL,
)
def own_rows(analysis: Analysis) -> dict[str, Value]:
    """Univariable models of the cohort's own declared columns, and levels of Table 5's covariates that the print has no row for."""
    found = {}
    for row in covariate_rows(analysis):
        own = row.name not in BY_NAME
        if own or BEYOND & set(row.keys):
            table = univariable_model(analysis, row.name)
            table = table if own else table[table["key"].isin(BEYOND)]
            who = {"population": named_population(analysis, row.paper if analysis.reading == "paper" else row.stated),
                   "of": int(model_patients(analysis, row).sum())}  # fmt: skip
            found |= values_of(table, "table5.univariate", lambda key: "extra.", **who)
    return found


PRINTED_JOINT = ("female", "blast_ge5", "age_gt8", "gc_low")
WITHOUT_HIGH = "; complete cases without high-dose GC"
ALL_CUTS = ("weight_cut", "blast_cut", "age_cut", *DOSE, *AGENT)


@family(
    *(f"table5.multivariable.{key}.{measure}" for key in PRINTED_JOINT for measure in MEASURES),
    population="toxicity & known_blasts",
    method=JOINT + WITHOUT_HIGH,
    reason="only low dose against none is printed, and the widths fit the events of those without high dose",
    stated=Reading("toxicity", JOINT + "; complete cases, GC dose with three levels", "Methods"),
    prefix="extra.table5.multivariable.",
    depends=[*MODEL, *ALL_CUTS, "screening_p"],
)
def multivariable_rows(analysis: Analysis) -> dict[str, Value]:
    """Multivariable model, its size and its events per variable."""
    needed_frame(analysis, *endpoint_columns(analysis.parameters.endpoint))
    printed = dict.fromkeys(PRINTED_JOINT, "")
    found = _not_selected(analysis)
    who = joint_name(analysis)
    table = multivariable_model(analysis)
    method = JOINT + (WITHOUT_HIGH if "not_high" in who else "; complete cases")
    found |= values_of(
        table, "table5.multivariable", lambda key: printed.get(key, "extra."), method=method, population=who
    )
    model, reason = joint_model(analysis)
    counts = (
        {}
        if model is None
        else {"n": model.n, "events": model.events, "missing": model.missing, "population": who, "method": method}
    )
    facts = {"n": "n", "events": "events", "missing": "missing", "events_per_variable": "events_per_variable",
             "concordance": "concordance", "lr_p": "lr_p"}  # fmt: skip
    for name, attribute in facts.items():
        number = None if model is None else float(getattr(model, attribute))
        found[f"extra.table5.multivariable.{name}"] = Value("", number, reason, **counts)
    return found


def _not_selected(analysis: Analysis) -> dict[str, Value]:
    """Say for each printed row of the multivariable model why it would not be in it."""
    found = {}
    for row in ROWS:
        for key in set(row.keys) & set(PRINTED_JOINT):
            try:
                row.make(analysis)
                reason = _why_not_selected(analysis, row)
            except NotAvailable as absent:
                reason = str(absent)
            found |= {f"table5.multivariable.{key}.{measure}": Value("", None, reason) for measure in MEASURES}
    return found


def _why_not_selected(analysis: Analysis, row: Row) -> str:
    table = univariable_model(analysis, row.name)
    if table["p"].notna().any():
        return f"{row.label}: no univariable p below {analysis.parameters.screening_p:g}, so not in the model"
    why = next((reason for reason in table["reason"] if reason), "")
    return f"{row.label}: no univariable p" + (f" ({why})" if why else "") + ", so not in the model"


# ------------------------------------------------------------------------------------------------------- for readers

SHOWN = ["variable", "level", "n", "events", "hr", "ci_low", "ci_high", "p", "reason"]


def forest_rows(analysis: Analysis, model: str = "multivariable") -> pd.DataFrame:
    """Lay out the models for a forest plot.

    Parameters
    ----------
    model : {"univariate", "multivariable"}

    Returns
    -------
    pandas.DataFrame
        One row per level, the reference (hr 1) first: variable, level, n, events, hr, ci_low, ci_high, p, reason.

    Raises
    ------
    NotAvailable
        If the cohort lacks the endpoint.
    """
    needed_frame(analysis, *endpoint_columns(analysis.parameters.endpoint))
    if model == "multivariable":
        table = multivariable_model(analysis)
    else:
        table = pd.concat(
            [univariable_model(analysis, row.name) for row in covariate_rows(analysis)], ignore_index=True
        )
    return table.reindex(columns=SHOWN)


def table5_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 5, univariable and multivariable side by side.

    Returns
    -------
    pandas.DataFrame
        One row per level, the reference (hr 1) first: variable, level, n, events (of the level), missing, hr, ci_low,
        ci_high, p, reason (univariable), multi_n, multi_events, multi_hr, multi_ci_low, multi_ci_high, multi_p,
        multi_reason. Covariates outside the multivariable model have none of the latter.
    """
    needed_frame(analysis, *endpoint_columns(analysis.parameters.endpoint))
    left = pd.concat([univariable_model(analysis, row.name) for row in covariate_rows(analysis)], ignore_index=True)
    left = left[["variable", "key", "level", "n", "events", "missing", *MEASURES, "reason"]]
    right = multivariable_model(analysis).reindex(columns=["variable", "level", "n", "events", *MEASURES, "reason"])
    right = right.rename(columns={name: f"multi_{name}" for name in ["n", "events", *MEASURES, "reason"]})
    both = left.merge(right, on=["variable", "level"], how="left").drop(columns="key")
    both["multi_reason"] = both["multi_reason"].fillna("")
    return both.astype({"multi_n": "Int64", "multi_events": "Int64"})
