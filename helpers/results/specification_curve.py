"""Thousands of defensible models of one question, and what they give where the answer is known to be nothing.

A model is a path: endpoint, patients, contrast of GC, covariates. Left out as indefensible: dropping patients by a dose still to come
(here whoever is above a cut is a group of its own), covariates that come after treatment (duration, onset, response), and no
adjustment that conditions on them. **The null**, stated: GC and its dose are dealt anew among patients of the same peak CRS grade and
the same side of the blast cut, all else as it is. That supposes that within such a stratum treatment was as good as
random; where it was not, the null is of no confounding besides no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.estimate.partial_likelihood import maximise
from helpers.estimate.score_steps import by_falling_time, exposures, score_step, without_exposure
from helpers.problems import NotAvailable
from helpers.results.curves import ENDPOINTS, endpoint_columns
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population, is_yes, needed_frame

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PATIENTS = {"CRS or ICANS": "toxicity", "with blasts known": "toxicity & known_blasts", "with a response": "evaluable"}
COVARIATES = ("age_years", "female", "log_blasts", "relapses", "transplant", "crs_grade")
PERCENTILES = (50, 90)
NULLS = 100
Floats = np.ndarray


STEPS_TRIED = 9


class Curve(NamedTuple):
    """``models``: endpoint, patients, contrast, covariates, n, events, log_hr, z, p; ``null``: one row per deal (median_log_hr,
    significant: share of models with p below alpha and fewer events in the treated)."""  # fmt: skip

    models: pd.DataFrame
    null: pd.DataFrame


def _covariates(analysis: Analysis) -> pd.DataFrame:
    """Lay out the covariates that stand before treatment, or are why it was given; constant and absent ones left out."""
    frame = analysis.frame
    found = {}
    for name in ("age_years", "crs_grade"):
        if name in frame:
            found[name] = frame[name].astype(float)
    if "crs_grade" in found:
        found["crs_grade"] = found["crs_grade"].fillna(0)
    if "sex" in frame:
        found["female"] = frame["sex"].map({"female": 1.0, "male": 0.0}).astype(float)
    if "blast_prelymphodepletion_pct" in frame:
        found["log_blasts"] = np.log1p(frame["blast_prelymphodepletion_pct"].astype(float))
    if "n_relapses" in frame:
        found["relapses"] = frame["n_relapses"].astype(float)
    if "prior_transplant" in frame:
        found["transplant"] = frame["prior_transplant"].astype("Float64").astype(float)
    table = pd.DataFrame(found)
    return table[[name for name in COVARIATES if name in table and table[name].min() < table[name].max()]]


def _contrasts(analysis: Analysis, dose: pd.Series) -> dict[str, float]:
    """Name the contrasts: any GC, and low dose at the cut of the parameters and at percentiles of the given doses."""
    given = dose[dose > 0]
    found = {"any GC": np.inf}
    cuts = [analysis.gc_cutoff, *np.percentile(given, PERCENTILES)]
    for cut in dict.fromkeys(round(float(cut), 1) for cut in cuts if np.isfinite(cut)):
        found[f"low: up to {cut:g} mg/kg"] = cut
    return found


@once_per_analysis
def specification_curve(analysis: Analysis, nulls: int = NULLS) -> Curve:
    """Fit every model, and the same models to dealt doses.

    Raises
    ------
    NotAvailable
        If the cohort has no doses or nobody without GC.
    """
    dose = needed_frame(analysis, "gc_dose_mg_per_kg", "gc")["gc_dose_mg_per_kg"].astype(float)
    dose = dose.where(analysis.frame["gc"].notna())
    inside = in_population(analysis, "toxicity") & dose.notna()
    if not ((dose > 0) & inside).any() or not ((dose == 0) & inside).any():
        raise NotAvailable(f"cohort {analysis.cohort.name} has no patients with and without GC to compare")
    covariates = _covariates(analysis)
    dealt = _dealt(dose, _strata(analysis), inside, nulls, np.random.default_rng(analysis.parameters.seed))
    contrasts, rows, deals = _contrasts(analysis, dose[inside]), [], []
    known: dict[tuple[str, bytes], list[tuple[tuple, tuple[Floats, Floats]]]] = {}
    for endpoint, label, who in _patients(analysis, covariates, inside):
        outcomes = analysis.frame.loc[who, list(endpoint_columns(endpoint))]
        time, event = outcomes.iloc[:, 0].to_numpy(float), is_yes(outcomes.iloc[:, 1]).to_numpy()
        same = endpoint, who.to_numpy().tobytes()  # under another label the same patients: fitted once
        if same not in known:
            doses = dealt[who.to_numpy()][by_falling_time(time)]
            known[same] = list(_models(covariates.loc[who], time, event, doses, contrasts))
        for (contrast, names, step, wald), deal in known[same]:
            if not np.isfinite([step, wald]).all():
                continue  # nobody of these patients is on one side of the contrast, or it cannot be told from a covariate
            rows.append((endpoint, label, contrast, names, len(time), int(event.sum()), step, wald))
            deals.append(deal)
    if not rows:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no model that can be fitted")
    named = ["endpoint", "patients", "contrast", "covariates", "n", "events", "log_hr", "z"]
    models = pd.DataFrame(rows, columns=named)
    models["p"] = 2 * norm.sf(models["z"].abs())
    steps, walds = (np.array(part) for part in zip(*deals, strict=True))
    some = np.isfinite(steps).any(axis=0)  # deals that leave every model without an estimate tell nothing
    steps, walds = steps[:, some], walds[:, some]
    limit = norm.ppf(1 - analysis.parameters.alpha / 2)
    null = pd.DataFrame(
        {"median_log_hr": np.nanmedian(steps, axis=0), "significant": np.nanmean(walds < -limit, axis=0)}
    )
    return Curve(models, null)


def steps_beside_full_fits(analysis: Analysis, curve: Curve, tried: int = STEPS_TRIED) -> pd.DataFrame:
    """Fit some models of a curve in full, spread evenly from the lowest to the highest: endpoint, contrast, covariates, step and full
    (log hazard ratios; full is missing where the likelihood has no maximum)."""  # fmt: skip
    ordered = curve.models.sort_values("log_hr", kind="stable")
    chosen = ordered.iloc[np.unique(np.linspace(0, len(ordered) - 1, tried).round().astype(int))]
    dose = needed_frame(analysis, "gc_dose_mg_per_kg")["gc_dose_mg_per_kg"].astype(float)
    inside = in_population(analysis, "toxicity") & dose.notna() & analysis.frame["gc"].notna()
    covariates, cuts = _covariates(analysis), _contrasts(analysis, dose[inside])
    who = {(endpoint, label): people for endpoint, label, people in _patients(analysis, covariates, inside)}
    full = []
    for row in chosen.itertuples():
        people = who[row.endpoint, row.patients]
        outcomes = analysis.frame.loc[people, list(endpoint_columns(row.endpoint))]
        names = [] if row.covariates == "none" else row.covariates.split(", ")
        x = np.column_stack([_exposures(dose[people].to_numpy(), cuts[row.contrast]).T, covariates.loc[people, names]])
        time, event = outcomes.iloc[:, 0].to_numpy(float), is_yes(outcomes.iloc[:, 1]).to_numpy()
        fit = maximise(x - x.mean(axis=0), time, event, ties="breslow")
        full.append(fit.beta[0] if fit.converged else np.nan)
    return chosen[["endpoint", "contrast", "covariates"]].assign(step=chosen["log_hr"], full=full)


def _models(
    covariates: pd.DataFrame, time: Floats, event: Floats, doses: Floats, contrasts: dict[str, float]
) -> Iterator[tuple[tuple[str, str, float, float], tuple[Floats, Floats]]]:
    """Fit every set of covariates and contrast: contrast, names of the covariates, step, z; step and z of each deal."""
    made = {contrast: exposures(_exposures(doses, cut)) for contrast, cut in contrasts.items()}
    values = covariates.to_numpy()
    for chosen in _sets(values):
        model = without_exposure(values[:, chosen], time, event)
        if model is None:
            continue
        names = ", ".join(covariates.columns[chosen]) or "none"
        for contrast, part in made.items():
            step, wald = score_step(model, part)
            yield (contrast, names, step[0], wald[0]), (step[1:], wald[1:])


def _patients(analysis: Analysis, covariates: pd.DataFrame, inside: pd.Series) -> Iterator[tuple[str, str, pd.Series]]:
    """List endpoint, name of the patients, and who they are: complete cases of all covariates, so that models compare."""
    for endpoint in ENDPOINTS:
        time, _ = endpoint_columns(endpoint)
        if time not in analysis.frame:
            continue
        for label, name in PATIENTS.items():
            try:
                who = in_population(analysis, name)
            except NotAvailable:
                continue
            who = who & inside & analysis.frame[time].notna() & covariates.notna().all(axis=1)
            if who.sum() > covariates.shape[1] + 2:
                yield endpoint, label, who


def _sets(values: np.ndarray) -> list[list[int]]:
    """List every set of the columns that vary."""
    live = [k for k in range(values.shape[1]) if values[:, k].std() > 0]
    return [list(names) for size in range(len(live) + 1) for names in combinations(live, size)]


def _strata(analysis: Analysis) -> pd.Series:
    """Number the strata of severity: peak CRS grade (3 and more together) and side of the blast cut, as far as known."""
    frame = analysis.frame
    grade = frame["crs_grade"].astype(float).fillna(0).clip(upper=3) if "crs_grade" in frame else 0.0
    blasts = frame["blast_over_cut"].astype("Float64").fillna(-1).astype(float) if "blast_over_cut" in frame else 0.0
    return pd.DataFrame({"grade": grade, "blasts": blasts}, index=frame.index).groupby(["grade", "blasts"]).ngroup()


def _dealt(dose: pd.Series, strata: pd.Series, inside: pd.Series, nulls: int, rng: np.random.Generator) -> Floats:
    """Return doses, shape (patients, 1 + nulls): as they are, then dealt anew within strata."""
    found = np.tile(dose.fillna(0).to_numpy()[:, None], (1, 1 + nulls))
    for stratum in strata.unique():
        who = np.flatnonzero(((strata == stratum) & inside).to_numpy())
        for deal in range(1, 1 + nulls):
            found[who, deal] = found[rng.permutation(who), 0]
    return found


def _exposures(dose: Floats, cut: float) -> Floats:
    """Make the columns of a contrast: low and, if there is a cut, above it."""
    low = (dose > 0) & (dose <= cut + 1e-9)
    return np.stack([low, dose > cut + 1e-9] if np.isfinite(cut) else [low]).astype(float)


def curve_summary(curve: Curve, alpha: float) -> dict[str, float]:
    """Sum a curve up: models, share with p below alpha in favour, median hazard ratio, and the share of deals as extreme."""
    models, null = curve
    favour = float(((models["z"] < 0) & (models["p"] < alpha)).mean())
    middle = float(models["log_hr"].median())
    deals = len(null)
    return {
        "models": len(models),
        "in_favour": 100 * float((models["log_hr"] < 0).mean()),
        "significant": 100 * favour,
        "median_hr": float(np.exp(middle)),
        "low_hr": float(np.exp(models["log_hr"].quantile(0.025))),
        "high_hr": float(np.exp(models["log_hr"].quantile(0.975))),
        "p_median": (1 + int((null["median_log_hr"] <= middle + 1e-12).sum())) / (1 + deals),
        "p_significant": (1 + int((null["significant"] >= favour - 1e-12).sum())) / (1 + deals),
    }
