"""The other figures to play with: Table 5's forest, every defensible model of one question, and the analytes around GC.

Hazard ratios, tests and nulls are those of the registry and are only sorted, filtered and counted in the page; medians are computed
there. Only what is synthetic gets into a page.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.results import figure2, table5
from helpers.results.specification_curve import COVARIATES, curve_summary, specification_curve
from helpers.site.figure3 import embedded, limits, only_synthetic, whom

MODELS = ("univariable", "multivariable")
COVARIATE_WORDS = {
    "age_years": "age", "female": "sex", "log_blasts": "blasts (log)", "relapses": "relapses", "transplant": "earlier transplantation",
    "crs_grade": "highest CRS grade",
}  # fmt: skip


def forest_page(analysis: Analysis) -> str:
    """Write the page of the forest.

    Raises
    ------
    NotAvailable
        If the cohort is not synthetic, or has no model.
    """
    return f"""# Table 5 as a forest, to play with

Hazard ratios of the **synthetic** {whom(analysis)["many"]} for {analysis.parameters.endpoint}, each covariate by itself or in one model. The models rest on different patients: choose a row to see on how many, and on how many events.

{embedded("forest", forest(analysis))}
"""


def forest(analysis: Analysis) -> dict[str, Any]:
    """Lay out both sets of models: variable, level, n, events, hr, low, high, p, reason; without a number None."""
    only_synthetic(analysis)
    models = {}
    for kind in MODELS:
        try:
            table = table5.forest_rows(analysis, kind)
        except (NotAvailable, KeyError):
            continue
        if len(table):
            models[kind] = [
                [
                    row.variable,
                    row.level,
                    int(row.n),
                    int(row.events),
                    *_numbers(row.hr, row.ci_low, row.ci_high, row.p),
                    row.reason,
                ]
                for row in table.itertuples()
            ]
    if not models:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no Cox model to draw")
    return {"endpoint": analysis.parameters.endpoint, **limits(analysis), "models": models}


def specifications_page(analysis: Analysis) -> str:
    """Write the page of the specification curve.

    Raises
    ------
    NotAvailable
        If the cohort is not synthetic, or nobody can be compared.
    """
    return f"""# Every defensible model, to play with

Endpoint, patients, what counts as exposed, what is adjusted for: each choice can be defended, and each point is the hazard ratio of one set of choices, on the **synthetic** {whom(analysis)["many"]}. Narrow the choices, or walk along the curve. The band says where the median of all models lies when the doses are shuffled among {whom(analysis)["many"]} of the same severity, so that they have nothing to do with the outcome.

{embedded("specifications", specifications(analysis))}
"""


def specifications(analysis: Analysis) -> dict[str, Any]:
    """Lay out the models and the null.

    Returns
    -------
    dict
        endpoints, patients, contrasts, covariates (names), models (rows: place of endpoint, patients and contrast, covariates as bits, n,
        events, log hazard ratio, p), band (2.5th and 97.5th percentile of the dealt medians, log), deals, p_median, p_significant, alpha.
    """
    only_synthetic(analysis)
    curve = specification_curve(analysis)
    models, alpha = curve.models.sort_values("log_hr", kind="stable"), analysis.parameters.alpha
    names = {column: list(dict.fromkeys(curve.models[column])) for column in ("endpoint", "patients", "contrast")}
    used = [name for name in COVARIATES if models["covariates"].str.contains(name).any()]
    told = curve_summary(curve, alpha)
    return {
        "endpoints": names["endpoint"], "patients": names["patients"], "contrasts": names["contrast"],
        "covariates": [COVARIATE_WORDS.get(name, name) for name in used],
        "models": [
            [names["endpoint"].index(row.endpoint), names["patients"].index(row.patients), names["contrast"].index(row.contrast),
             sum(2**place for place, name in enumerate(used) if name in row.covariates.split(", ")), row.n, row.events,
             float(f"{row.log_hr:.10g}"), float(f"{row.p:.10g}")]
            for row in models.itertuples()
        ],
        "band": [float(value) for value in curve.null["median_log_hr"].quantile([0.025, 0.975])],
        "deals": len(curve.null), "p_median": told["p_median"], "p_significant": told["p_significant"], "alpha": alpha,
    }  # fmt: skip


def analytes_page(analysis: Analysis) -> str:
    """Write the page of the analytes before and after GC.

    Raises
    ------
    NotAvailable
        If the cohort is not synthetic, or has no pairs of samples.
    """
    return f"""# Markers before and after glucocorticoids, to play with

Each **synthetic** {whom(analysis)["one"]}'s sample before the first dose of GC and one after it. A fall alone says little: GC is given when markers are high, and what is high tends to fall by itself; tocilizumab may have come before too.

{embedded("analytes", analytes(analysis))}
"""


def analytes(analysis: Analysis) -> dict[str, Any]:
    """Lay out pairs and tests.

    Returns
    -------
    dict
        analytes (name, unit), days, pairs (rows: place of the analyte, day, value before, after, whether each is below or above a
        limit (-1, 0, 1), whether tocilizumab came before the later sample, None if unknown), tests (by analyte and day: ratio with
        limits, test, p, Holm's p, p without those after tocilizumab), course (by analyte: day, n, median, quartiles, and between
        what the median must lie, None if there is no bound).
    """
    only_synthetic(analysis)
    pairs, tests = figure2.sample_pairs(analysis), figure2.paired_tests(analysis)
    names = [name for name in figure2.analytes_measured(analysis) if name in set(pairs["analyte"])]
    units = tests.drop_duplicates("analyte").set_index("analyte")["unit"]
    pairs = pairs.assign(place=pairs["analyte"].map({name: place for place, name in enumerate(names)}))
    course = figure2.analyte_trajectories(analysis, "course")
    return {
        **limits(analysis),
        **whom(analysis),
        "analytes": [[name, units[name]] for name in names],
        "days": sorted(int(day) for day in pairs["day"].unique()),
        "pairs": [
            [row.place, int(row.day), float(row.value_before), float(row.value_after), *(_side(one) for one in (row.censored_before, row.censored_after)),
             None if pd.isna(row.after_tcz_after) else int(row.after_tcz_after)]
            for row in pairs.itertuples()
        ],
        "tests": {
            f"{names.index(row.analyte)}.{row.day}": [*_numbers(row.ratio, row.ratio_low, row.ratio_high), row.test, *_numbers(row.p, row.p_holm, row.p_without_tcz), row.n_without_tcz]
            for row in tests.itertuples()
        },
        "course": [
            [[row.day, row.n, row.median, row.q1, row.q3, *_numbers(row.median_least, row.median_most)] for row in course[course["analyte"] == name].itertuples()]
            for name in names
        ],
    }  # fmt: skip


def _side(censored: Any) -> int:
    return {"left": -1, "right": 1}.get(censored if isinstance(censored, str) else "", 0)


def _numbers(*values: float) -> list[float | None]:
    return [None if value is None or not np.isfinite(value) else float(value) for value in values]
