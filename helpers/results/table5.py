"""Table 5: univariable Cox models of every covariate, the screen, and the multivariable model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.estimate.cox import Cox, cox, with_references
from helpers.problems import NotAvailable
from helpers.results.covariates import BY_NAME, ROWS, Row, levels, rows
from helpers.results.curves import columns
from helpers.results.measures import once
from helpers.results.populations import need, population, yes
from helpers.results.registry import AGENT, DOSE, family
from helpers.results.survival import ANALYSED
from helpers.results.table1 import TARGETS
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
    time, event = columns(analysis.parameters.endpoint)
    outcome = need(analysis, time, event)
    frame = pd.DataFrame({row.name: row.make(analysis) for row in chosen})
    frame = frame.assign(time=outcome[time], event=outcome[event])
    frame = frame if among is None else frame[among]
    for row in chosen:
        if isinstance(frame[row.name].dtype, pd.CategoricalDtype):
            frame[row.name] = frame[row.name].cat.remove_unused_categories()
    return frame


def _fit(analysis: Analysis, frame: pd.DataFrame, names: list[str]) -> Cox:
    used = analysis.parameters
    return cox(frame, names, "time", "event", ties=used.ties, alpha=used.alpha)


def among(analysis: Analysis, row: Row) -> pd.Series:
    """Tell which patients a univariable model is fitted to."""
    return population(analysis, row.paper if analysis.reading == "paper" else row.stated)


def concerned(analysis: Analysis, row: Row) -> pd.Series:
    """Tell whom a covariate concerns: as :func:`among`, before those whose value is unknown are left out."""
    parts = (row.paper if analysis.reading == "paper" else row.stated).split(" & ")
    return population(analysis, " & ".join(part for part in parts if part != "known_blasts") or "all")


@once
def univariable(analysis: Analysis, name: str) -> pd.DataFrame:
    """Fit the univariable model of a covariate.

    Returns
    -------
    pandas.DataFrame
        One row per level, the reference first: variable, key ("" for the reference), level, n, events, hr, ci_low,
        ci_high, p, reason, and for the model model_n, model_events, missing, overall_p (likelihood ratio).
    """
    row = next((row for row in rows(analysis) if row.name == name), BY_NAME.get(name))
    return _univariable(analysis, row)


def sizes(analysis: Analysis) -> pd.DataFrame:
    """Tell what each univariable model rests on.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: covariate, of (patients whom the covariate concerns, before those with an unknown value are
        left out), n, events, unknown (of - n), overall_p (likelihood ratio, all levels), reason.
    """
    found = []
    for row in rows(analysis):
        table = univariable(analysis, row.name)
        n, events, unknown = (int(table[name].iloc[0]) for name in ("model_n", "model_events", "missing"))
        reasons = "; ".join(sorted(set(table["reason"]) - {""}))
        found.append((row.label, n + unknown, n, events, unknown, table["overall_p"].iloc[0], reasons))
    return pd.DataFrame(found, columns=["covariate", "of", "n", "events", "unknown", "overall_p", "reason"])


def readings(analysis: Analysis) -> pd.DataFrame:
    """Fit the multivariable model under both readings.

    Returns
    -------
    pandas.DataFrame
        The rows of :func:`multivariable` without references, with a column ``reading`` ("paper", "stated"); a reading
        under which no covariate passes the screen has one row that says so in ``reason``.
    """
    parts = []
    for choice in ("paper", "stated"):
        changed = analysis.parameters.model_copy(update={"reading": choice})
        other = analysis if choice == analysis.parameters.reading else replace(analysis, parameters=changed)
        table = multivariable(other)
        if not len(table):
            table = pd.DataFrame([_line(ROWS[0], "none", "", 0, 0, reason=joint(other)[1])])
            table = table.assign(variable="no covariate", model_n=0, model_events=0, missing=0)
        parts.append(table[table["key"] != ""].assign(reading=choice))
    return pd.concat(parts, ignore_index=True)


def _univariable(analysis: Analysis, row: Row) -> pd.DataFrame:
    chosen = among(analysis, row)
    frame = model_frame(analysis, [row], chosen)
    levels = _expected(row, row.make(analysis))
    obstacle = _obstacle(frame[row.name], levels)
    if obstacle:
        return _empty(row, levels, obstacle, int(concerned(analysis, row).sum()))
    model = _fit(analysis, frame, [row.name])
    table = _with_keys(row, levels, model)
    missing = int(concerned(analysis, row).sum()) - model.n
    return table.assign(model_n=model.n, model_events=model.events, missing=missing, overall_p=model.lr_p)


def _expected(row: Row, values: pd.Series) -> dict[str, str]:
    """Map the key of each level to its label, the reference under ""; numbers have one level without a label."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return {row.keys[0]: ""}
    return dict(zip(("", *row.keys), values.cat.categories, strict=True))


def _obstacle(values: pd.Series, levels: dict[str, str]) -> str:
    if not values.notna().any():
        return "no patient with a known value"
    if "" not in levels:
        return ""
    present = set(values.dropna())
    if levels[""] not in present:
        return f"no patient in the reference group {levels['']}"
    return "" if len(present) > 1 else f"no patient outside the reference group {levels['']}"


def _empty(row: Row, levels: dict[str, str], reason: str, missing: int) -> pd.DataFrame:
    parts = [_line(row, key, label, 0, 0, reason=reason) for key, label in levels.items()]
    return pd.DataFrame(parts).assign(model_n=0, model_events=0, missing=missing, overall_p=np.nan)


def _line(
    row: Row, key: str, level: str, n: int, events: int, numbers: tuple = (np.nan,) * 4, reason: str = ""
) -> dict:
    return {"variable": row.label, "key": key, "level": level, "n": n, "events": events,
            **dict(zip(MEASURES, numbers, strict=True)), "reason": reason}  # fmt: skip


def _with_keys(row: Row, levels: dict[str, str], model: Cox) -> pd.DataFrame:
    table = with_references(model.table, model.design)
    table = table[table["covariate"] == row.name].set_index("level")
    lines = []
    for key, label in levels.items():
        if label not in table.index:
            lines.append(_line(row, key, label, 0, 0, reason=f"no patient with {label}"))
            continue
        found = table.loc[label]
        reason = "" if found["reason"] == "reference" else found["reason"]
        numbers = tuple(float(found[measure]) for measure in MEASURES)
        lines.append(_line(row, key, label, int(found["n"]), int(found["events"]), numbers, reason))
    return pd.DataFrame(lines)


@once
def selected(analysis: Analysis) -> tuple[Row, ...]:
    """List the covariates that pass the screen: any level with a univariable p below ``screening_p``.

    Covariates defined in a subgroup only (onset and duration of GC, ICANS grade) or constant in the model's population
    (CRS) cannot enter.
    """
    limit = analysis.parameters.screening_p
    return tuple(row for row in rows(analysis) if row.joint and (univariable(analysis, row.name)["p"] < limit).any())


def joint_population(analysis: Analysis) -> pd.Series:
    """Tell who may enter the multivariable model: CRS and/or ICANS; read from the print also no high-dose GC."""
    who = population(analysis, "toxicity")
    if analysis.reading == "paper" and BY_NAME["gc_dose"] in selected(analysis):
        who &= ~yes(analysis.frame["gc_group"] == "high")
    return who


@once
def joint(analysis: Analysis) -> tuple[Cox | None, str]:
    """Fit the multivariable model to the complete cases: the model, or None and why there is none."""
    chosen = selected(analysis)
    if not chosen:
        return None, f"no covariate has a univariable p below {analysis.parameters.screening_p:g}"
    frame = model_frame(analysis, chosen, joint_population(analysis))
    usable = [row.name for row in chosen if not _obstacle(frame[row.name], _shown(frame[row.name]))]
    complete = frame.dropna(subset=[*usable, "time", "event"])
    for name in usable:
        if isinstance(frame[name].dtype, pd.CategoricalDtype) and frame[name].cat.categories[0] not in set(
            complete[name]
        ):
            return None, f"no complete case in the reference group {frame[name].cat.categories[0]}"
    if not usable or complete.empty:
        return None, "no complete case"
    return _fit(analysis, frame, usable), ""


def _shown(values: pd.Series) -> dict[str, str]:
    return (
        {"": values.cat.categories[0]}
        if isinstance(values.dtype, pd.CategoricalDtype) and len(values.cat.categories)
        else {}
    )


@once
def multivariable(analysis: Analysis) -> pd.DataFrame:
    """Lay out the multivariable model as :func:`univariable` does, covariate under covariate."""
    model, reason = joint(analysis)
    parts = []
    for row in selected(analysis):
        levels = _expected(row, row.make(analysis))
        if model is None or row.name not in set(model.table["covariate"]):
            parts.append(_empty(row, levels, reason or "the same for all in the model", 0))
        else:
            table = _with_keys(row, levels, model)
            parts.append(
                table.assign(model_n=model.n, model_events=model.events, missing=model.missing, overall_p=model.lr_p)
            )
    return pd.concat(parts, ignore_index=True) if parts else _empty(ROWS[0], {}, reason, 0).reindex(columns=[])


# ------------------------------------------------------------------------------------------------------- the values


def _values(table: pd.DataFrame, place: str, keep: Callable[[str], str]) -> dict[str, Value]:
    found = {}
    for line in table[table["key"] != ""].itertuples() if len(table) else []:
        for measure in MEASURES:
            shared = {"n": int(line.model_n), "events": int(line.model_events), "missing": int(line.missing)}
            found[f"{keep(line.key)}{place}.{line.key}.{measure}"] = Value(
                "", getattr(line, measure), line.reason, **shared
            )
    return found


UNPRINTED = {"gc_high"}


def _prefix(key: str) -> str:
    return "extra." if key in UNPRINTED else ""


def _row_values(row: Row) -> Callable[[Analysis], dict[str, Value]]:
    def values(analysis: Analysis) -> dict[str, Value]:
        row.make(analysis)  # says which table is absent
        table = univariable(analysis, row.name)
        found = _values(table, "table5.univariate", _prefix)
        overall = Value("", table["overall_p"].iloc[0], table["reason"].iloc[-1], n=int(table["model_n"].iloc[0]),
                        method="likelihood-ratio test of all levels")  # fmt: skip
        return found | {f"extra.table5.univariate.{row.name}.overall_p": overall}

    return values


for _row in ROWS:
    family(
        *(f"{_prefix(key)}table5.univariate.{key}.{measure}" for key in _row.keys for measure in MEASURES),
        f"extra.table5.univariate.{_row.name}.overall_p",
        population=_row.paper,
        method=METHOD,
        reason=_row.reason,
        stated=None if _row.stated == _row.paper else Reading(
            _row.stated, METHOD, ANALYSED),
        depends=[*MODEL, *_row.depends],
        name=f"table5.{_row.name}",
    )(_row_values(_row))  # fmt: skip


CORRECTED = Row(
    "target",
    "CAR-T target antigen",
    ("target_ref_triple.cd19", "target_ref_triple.cd19_22"),
    levels("car_target", {label: label for label in (TARGETS["cd19_22_20"], TARGETS["cd19"], TARGETS["cd19_22"])}),
    "known_blasts",
    printed=False,
)


@family(
    *(f"extra.table5.univariate.{key}.{measure}" for key in CORRECTED.keys for measure in MEASURES),
    population="known_blasts",
    method=METHOD + "; reference CD19+CD22+CD20",
    reason="SPSS takes the last category as reference; the printed widths fit .64 for CD19 and .97 for CD19+CD22",
    stated=Reading("toxicity", METHOD, ANALYSED),
    depends=MODEL,
    needs=["car_target"],
)
def target_corrected(analysis: Analysis) -> dict[str, Value]:
    """CAR-T target with the reference that the print implies instead of the one that it names."""
    return _values(_univariable(analysis, CORRECTED), "table5.univariate", lambda key: "extra.")


@family(
    population="toxicity",
    method=METHOD,
    reason="covariates of the cohort's own that the paper does not have",
    prefix="extra.table5.univariate.",
    depends=MODEL,
)
def own_rows(analysis: Analysis) -> dict[str, Value]:
    """Univariable models of the cohort's own declared columns."""
    found = {}
    for row in rows(analysis):
        if not row.printed:
            found |= _values(univariable(analysis, row.name), "table5.univariate", lambda key: "extra.")
    return found


PRINTED_JOINT = ("female", "blast_ge5", "age_gt8", "gc_low")
ALL_CUTS = ("weight_cut", "blast_cut", "age_cut", *DOSE, *AGENT)


@family(
    *(f"table5.multivariable.{key}.{measure}" for key in PRINTED_JOINT for measure in MEASURES),
    population="toxicity & known_blasts",
    method=JOINT + "; without high-dose GC",
    reason="only low dose against none is printed, and the widths fit the events of those without high dose",
    stated=Reading("toxicity", JOINT + "; complete cases, GC dose with three levels", "Methods"),
    prefix="extra.table5.multivariable.",
    depends=[*MODEL, *ALL_CUTS, "screening_p"],
)
def multivariable_rows(analysis: Analysis) -> dict[str, Value]:
    """Multivariable model, its size and its events per variable."""
    need(analysis, *columns(analysis.parameters.endpoint))
    printed = dict.fromkeys(PRINTED_JOINT, "")
    found = _not_selected(analysis)
    found |= _values(multivariable(analysis), "table5.multivariable", lambda key: printed.get(key, "extra."))
    model, reason = joint(analysis)
    facts = {"n": "n", "events": "events", "missing": "missing", "events_per_variable": "events_per_variable",
             "concordance": "concordance", "lr_p": "lr_p"}  # fmt: skip
    for name, attribute in facts.items():
        number = None if model is None else float(getattr(model, attribute))
        found[f"extra.table5.multivariable.{name}"] = Value("", number, reason)
    return found


def _not_selected(analysis: Analysis) -> dict[str, Value]:
    """Say for each printed row of the multivariable model why it would not be in it."""
    found = {}
    for row in ROWS:
        for key in set(row.keys) & set(PRINTED_JOINT):
            try:
                row.make(analysis)
                reason = f"{row.label}: no univariable p below {analysis.parameters.screening_p:g}, so not in the model"
            except NotAvailable as absent:
                reason = str(absent)
            found |= {f"table5.multivariable.{key}.{measure}": Value("", None, reason) for measure in MEASURES}
    return found


# ------------------------------------------------------------------------------------- the exposure of the parameters


# ------------------------------------------------------------------------------------------------------- for readers

SHOWN = ["variable", "level", "n", "events", "hr", "ci_low", "ci_high", "p", "reason"]


def forest(analysis: Analysis, model: str = "multivariable") -> pd.DataFrame:
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
    need(analysis, *columns(analysis.parameters.endpoint))
    if model == "multivariable":
        table = multivariable(analysis)
    else:
        table = pd.concat([univariable(analysis, row.name) for row in rows(analysis)], ignore_index=True)
    return table.reindex(columns=SHOWN)


def frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 5, univariable and multivariable side by side.

    Returns
    -------
    pandas.DataFrame
        One row per level, the reference (hr 1) first: variable, level, n, events (of the level), missing, hr, ci_low,
        ci_high, p, reason (univariable), multi_n, multi_events, multi_hr, multi_ci_low, multi_ci_high, multi_p,
        multi_reason. Covariates outside the multivariable model have none of the latter.
    """
    need(analysis, *columns(analysis.parameters.endpoint))
    left = pd.concat([univariable(analysis, row.name) for row in rows(analysis)], ignore_index=True)
    left = left[["variable", "key", "level", "n", "events", "missing", *MEASURES, "reason"]]
    right = multivariable(analysis).reindex(columns=["variable", "level", "n", "events", *MEASURES, "reason"])
    right = right.rename(columns={name: f"multi_{name}" for name in ["n", "events", *MEASURES, "reason"]})
    both = left.merge(right, on=["variable", "level"], how="left").drop(columns="key")
    both["multi_reason"] = both["multi_reason"].fillna("")
    return both.astype({"multi_n": "Int64", "multi_events": "Int64"})
