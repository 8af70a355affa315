"""What stands beside the paper's results: imputation, proportional hazards, response counted otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.estimate.contingency import mantel_haenszel
from helpers.estimate.imputation import Pooled, cox_imputed
from helpers.estimate.proportional_hazards import proportional_hazards_test
from helpers.problems import NotAvailable
from helpers.results.comparisons import within
from helpers.results.measures import count_and_percent, level_alone, once_per_analysis
from helpers.results.populations import in_population, is_no, is_yes, needed_frame
from helpers.results.registry import AGENT, DOSE, GC, family
from helpers.results.table3 import PRINTED, STATED, compare_outcome, compare_response, stated_test
from helpers.results.table5 import (
    ALL_CUTS,
    MEASURES,
    MODEL,
    fit_cox,
    joint_model,
    joint_name,
    joint_population,
    model_frame,
    multivariable_model,
    selected_covariates,
)
from helpers.results.value import Value, id_parts

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

JOINT = [*MODEL, *ALL_CUTS, "screening_p", "reading"]

MOST_EVENTS = 300  # with more no single patient carries a model


def without_each_patient(analysis: Analysis) -> pd.DataFrame:
    """Fit the multivariable model again without each patient in turn.

    Returns
    -------
    DataFrame
        One row per coefficient: covariate, level, hr, hr_low, hr_high, p, p_low, p_high: with all complete cases, and the lowest and highest
        without some one of them (NaN where no such fit has a finite coefficient).

    Raises
    ------
    NotAvailable
        If there is no model, none of its coefficients is finite, or it has over 300 events.
    """
    model, reason = joint_model(analysis)
    if model is None:
        raise NotAvailable(f"there is no multivariable model: {reason}")
    if model.events > MOST_EVENTS:
        raise NotAvailable(f"with more than {MOST_EVENTS} events no single patient carries the model")
    if not model.table["coef"].notna().any():
        raise NotAvailable("no coefficient of the model is finite")
    names, key = list(dict.fromkeys(model.table["covariate"])), ["covariate", "level"]
    frame = model_frame(analysis, selected_covariates(analysis), joint_population(analysis))
    complete = frame.dropna(subset=[*names, "time", "event"])
    fits = pd.concat(
        [fit_cox(analysis, complete.drop(index=who), names).table[[*key, "hr", "p"]] for who in complete.index]
    )
    ends = fits.astype({"hr": float, "p": float}).groupby(key)[["hr", "p"]].agg(["min", "max"])
    ends.columns = ["hr_low", "hr_high", "p_low", "p_high"]
    found = model.table[[*key, "hr", "p"]].join(ends, on=key)
    return found[[*key, "hr", "hr_low", "hr_high", "p", "p_low", "p_high"]].reset_index(drop=True)


# ------------------------------------------------------------------------------------------------- multiple imputation


@once_per_analysis
def imputed_model(analysis: Analysis) -> tuple[Pooled | None, str]:
    """Fit the multivariable model to completed data sets and pool it by Rubin's rules; or say why not.

    The model, its population and its covariates are those of Table 5; only the complete-case rule is dropped.
    """
    model, reason = joint_model(analysis)
    if model is None:
        return None, reason
    names = list(dict.fromkeys(model.table["covariate"]))
    rows = [row for row in selected_covariates(analysis) if row.name in names]
    frame = model_frame(analysis, rows, joint_population(analysis))
    rng = np.random.default_rng(analysis.parameters.seed)
    used = analysis.parameters
    pooled = cox_imputed(frame, names, "time", "event", m=used.imputations, rng=rng, ties=used.ties, alpha=used.alpha)
    return pooled, ""


def beside_imputed(analysis: Analysis) -> pd.DataFrame:
    """Lay the complete-case model and the imputed one side by side.

    Returns
    -------
    pandas.DataFrame
        variable, level, key, hr, ci_low, ci_high, p (complete cases), imputed_hr, imputed_ci_low, imputed_ci_high,
        imputed_p, fmi (fraction of missing information), n, imputed_n, imputed_reason.
    """
    table = multivariable_model(analysis)
    pooled, _ = imputed_model(analysis)
    if pooled is None:
        return pd.DataFrame()
    table = table[table["key"] != ""][["variable", "level", "key", *MEASURES, "model_n"]].rename(
        columns={"model_n": "n"}
    )
    found = pooled.table.set_index(["covariate", "level"])
    labels = {row.label: row.name for row in selected_covariates(analysis)}
    numbers = {row.label for row in selected_covariates(analysis) if row.unit}
    levels = table["level"].where(~table["variable"].isin(numbers), "")
    index = pd.MultiIndex.from_arrays([table["variable"].map(labels), levels])
    for measure in (*MEASURES, "fmi"):
        name = measure if measure == "fmi" else f"imputed_{measure}"
        table[name] = found[measure].reindex(index).to_numpy()
    reasons = [
        level_alone(reason, *labels.values()) for reason in found["reason"].reindex(index).fillna("not in the model")
    ]
    return table.assign(imputed_n=pooled.n, imputed_reason=reasons).reset_index(drop=True)


@family(
    "extra.imputed.n",
    population="toxicity",
    method="Cox model after multiple imputation by chained equations, Rubin's rules",
    reason="the paper leaves out those with unknown blasts without saying so",
    prefix="extra.imputed.",
    depends=[*JOINT, "imputations", "seed"],
)
def imputed_values(analysis: Analysis) -> dict[str, Value]:
    """Multivariable model by multiple imputation."""
    needed_frame(analysis, f"{analysis.parameters.endpoint.lower()}_days")
    pooled, reason = imputed_model(analysis)
    if pooled is None:
        return {"extra.imputed.n": Value("", None, reason)}
    who = joint_population(analysis)
    shared = {
        "n": pooled.n,
        "events": pooled.events,
        "missing": int(who.sum()) - pooled.n,
        "population": joint_name(analysis),
    }
    found = {"extra.imputed.n": Value("", pooled.n, **shared),
             "extra.imputed.values": Value("", int(pooled.missing.sum()), **shared)}  # fmt: skip
    for row in beside_imputed(analysis).to_dict("records"):
        for measure in (*MEASURES, "fmi"):
            number = row[measure if measure == "fmi" else f"imputed_{measure}"]
            found[f"extra.imputed.{row['key']}.{measure}"] = Value("", number, row["imputed_reason"], **shared)
    return found


# ------------------------------------------------------------------------------------------------ proportional hazards


@once_per_analysis
def proportional_hazards(analysis: Analysis) -> pd.DataFrame:
    """Test proportional hazards in the multivariable model: covariate, label, statistic, df, p; the last row is global."""
    model, _ = joint_model(analysis)
    if model is None:
        return pd.DataFrame(columns=["covariate", "label", "statistic", "df", "p"])
    labels = {row.name: row.label for row in selected_covariates(analysis)} | {"GLOBAL": "All covariates"}
    table = proportional_hazards_test(model)
    table.insert(1, "label", table["covariate"].map(labels))
    return table


@family(
    "extra.ph.global.p",
    population="known_blasts",
    method="score test of R's cox.zph, time on the Kaplan–Meier scale",
    reason="the paper reports no check of proportional hazards",
    prefix="extra.ph.",
    depends=JOINT,
)
def proportional_hazards_values(analysis: Analysis) -> dict[str, Value]:
    """Proportional-hazards test of the multivariable model."""
    needed_frame(analysis, f"{analysis.parameters.endpoint.lower()}_days")
    model, reason = joint_model(analysis)
    if model is None:
        return {"extra.ph.global.p": Value("", None, reason)}
    shared = {"n": model.n, "events": model.events, "missing": model.missing, "population": joint_name(analysis)}
    found = proportional_hazards(analysis)
    keys = id_parts(found["covariate"].iloc[:-1], taken=("global",)) | {"GLOBAL": "global"}
    unknown = "no test beside a coefficient that runs away, or of events that fall on too few days"
    return {f"extra.ph.{keys[row.covariate]}.p": Value("", row.p, unknown, **shared) for row in found.itertuples()}


# ------------------------------------------------------------------------------------------------ response otherwise


def _by(analysis: Analysis, agent: str) -> dict[str, pd.Series]:
    if agent == "dose":
        return {level: is_yes(analysis.frame["gc_group"] == level) for level in ("none", "low", "high")}
    given = is_yes(analysis.frame[agent])
    return {f"no_{agent}": is_no(analysis.frame[agent]), agent: given}


def failures_counted(analysis: Analysis, agent: str) -> dict[str, Value]:
    """Compare complete response by GC, TCZ, RUX or dose, those not evaluable counted as failures."""
    among, cr = in_population(analysis, "toxicity"), is_yes(analysis.frame["cr"])
    groups, place = _by(analysis, agent), f"extra.response.failures.{agent}"
    found = {}
    for label, members in groups.items():
        found |= _cells(analysis, f"{place}.{label}", cr, among & members, within(analysis, "toxicity", agent, label))
    return found | {f"{place}.p": compare_outcome(analysis, groups, among, cr)}


def _cells(analysis: Analysis, place: str, cr: pd.Series, among: pd.Series, population: str) -> dict[str, Value]:
    cells = count_and_percent(cr, among)
    named = {"cr": cells["n"], "pct": cells["pct"]}
    return {f"{place}.{name}": replace(value, population=population) for name, value in named.items()}


def _ids(agent: str, *labels: str) -> list[str]:
    cells = [f"extra.response.failures.{agent}.{label}.{m}" for label in labels for m in ("cr", "pct")]
    return [*cells, f"extra.response.failures.{agent}.p"]


for _agent, _labels, _depends in (
    ("gc", ("no_gc", "gc"), GC),
    ("tcz", ("no_tcz", "tcz"), AGENT),
    ("rux", ("no_rux", "rux"), AGENT),
    ("dose", ("none", "low", "high"), DOSE),
):
    family(
        *_ids(_agent, *_labels),
        population="toxicity",
        method=PRINTED + "; not evaluable counts as no response",
        reason="nine of 110 were not assessed; leaving them out supposes that they responded like the others",
        stated=stated_test("toxicity", "; not evaluable counts as no response"),
        depends=[*_depends, "chi_square"],
        needs=["cr", {"dose": "gc_group"}.get(_agent, _agent)],
        name=f"robustness.failures_{_agent}",
    )(lambda analysis, agent=_agent: failures_counted(analysis, agent))


def response_by_burden(analysis: Analysis) -> dict[str, Value]:
    """Compare response by baseline blasts, and by GC within each class of blasts."""
    frame, evaluable = analysis.frame, in_population(analysis, "evaluable")
    cr, gc = is_yes(frame["cr"]), is_yes(frame["gc"])
    classes = {"lt5": ~frame["blast_over_cut"].astype("boolean"), "ge5": frame["blast_over_cut"].astype("boolean")}
    classes = {key: is_yes(mask) & evaluable for key, mask in classes.items()}
    place, found, strata = "extra.response.burden", {}, []
    for key, inside in classes.items():
        who = within(analysis, "evaluable", "burden", key)
        found |= _cells(analysis, f"{place}.{key}", cr, inside, who)
        groups = {"GC": gc, "no GC": is_no(frame["gc"])}
        found[f"{place}.{key}.gc.p"] = replace(compare_response(analysis, groups, inside), population=who)
        strata.append([[int((inside & arm & answer).sum()) for answer in (cr, ~cr)] for arm in groups.values()])
    found[f"{place}.p"] = compare_response(analysis, classes, evaluable)
    counted = dict(zip(classes, strata, strict=True))
    used = [key for key, table in counted.items() if _tells(table)]
    who = evaluable if len(used) != 1 else classes[used[0]]
    named = within(analysis, "evaluable", "burden", *(used if len(used) == 1 else ()))
    return found | {
        key: replace(value, population=named, missing=int(who.sum()) - value.n)
        for key, value in _pooled(strata, place).items()
    }


def _tells(table: list[list[int]]) -> bool:
    return np.sum(table) > 1 and np.sum(table, axis=0).all() and np.sum(table, axis=1).all()


def _pooled(strata: list[list[list[int]]], place: str) -> dict[str, Value]:
    """Pool classes of blasts; one in which all responded, or all had the same treatment, adds nothing and is not counted."""
    tables = [table for table in strata if _tells(table)]
    n = int(np.sum(tables))
    if not tables:
        reason = "no class of blasts with both outcomes and both groups"
        return {f"{place}.mantel_haenszel.{m}": Value("", None, reason, n=n) for m in ("or", "p")}
    pooled = mantel_haenszel(tables)
    how = "corrected" if pooled.corrected else "not corrected: the difference is below one half"
    method = f"Mantel–Haenszel over {len(tables)} of {len(strata)} classes of blasts, {how}"
    return {f"{place}.mantel_haenszel.or": Value("", pooled.odds_ratio, "no failure to divide by", n=n),
            f"{place}.mantel_haenszel.p": Value("", pooled.p, n=n, method=method)}  # fmt: skip


_BURDEN = [
    "lt5.cr",
    "lt5.pct",
    "lt5.gc.p",
    "ge5.cr",
    "ge5.pct",
    "ge5.gc.p",
    "p",
    "mantel_haenszel.or",
    "mantel_haenszel.p",
]
family(
    *(f"extra.response.burden.{key}" for key in _BURDEN),
    population="evaluable",
    method=PRINTED,
    reason="GC and response may both depend on the burden of disease",
    stated=STATED,
    depends=[*GC, "blast_cut", "chi_square"],
    needs=["cr", "gc", "blast_over_cut"],
    name="robustness.burden",
)(response_by_burden)
