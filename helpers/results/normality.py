"""Normality decides how a number is shown and tested: mean or median, t test or Mann–Whitney."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.estimate.groups import compare_groups, described_values, lilliefors
from helpers.results.populations import in_population, is_no, is_yes
from helpers.results.registry import GC, family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

NUMBERS = {
    "age": ("age_years", "Age, years", "all"),
    "weight": ("weight_kg", "Weight, kg", "all"),
    "dose": ("car_dose_e6_per_kg", "CAR T-cell dose, 10⁶/kg", "all"),
    "blast_prelympho": ("blast_prelymphodepletion_pct", "Marrow blasts before lymphodepletion, %", "all"),
    "blast_preinfusion": ("blast_preinfusion_pct", "Marrow blasts before infusion, %", "all"),
    "crs_onset": ("crs_onset_day", "CRS onset, days", "crs"),
    "crs_duration": ("crs_duration_days", "CRS duration, days", "crs"),
    "gc_dose": ("gc_dose_mg_per_kg", "Cumulative GC, mg/kg", "gc"),
}
COMPARED = ("age", "weight", "dose", "blast_prelympho", "blast_preinfusion", "crs_onset", "crs_duration")
MEASURES = ("ks_p", "mean", "sd")


def normality_table(analysis: Analysis) -> pd.DataFrame:
    """Lay out every number with its test of normality and its comparison between GC and none.

    Returns
    -------
    pandas.DataFrame
        key, number (label), n, missing, mean, sd, median, q1, q3, min, max, ks_p (Lilliefors), normal, test, p (GC
        against none, among those with CRS and/or ICANS; NaN where there is nothing to compare), n_tested, missing_tested
        (of those with CRS and/or ICANS), reason_tested. Numbers that the cohort lacks are left out.
    """
    rows = []
    for key, (column, label, among) in NUMBERS.items():
        if column not in analysis.frame:
            continue
        values = analysis.frame.loc[in_population(analysis, among), column]
        normal = lilliefors(values)
        row = {"key": key, "number": label, **described_values(values), "ks_p": normal.p,
               "normal": bool(normal.p >= analysis.parameters.alpha), "reason": normal.reason}  # fmt: skip
        rows.append(row | _compared(analysis, key, column))
    return pd.DataFrame(rows)


def _compared(analysis: Analysis, key: str, column: str) -> dict:
    if key not in COMPARED or "gc" not in analysis.frame:
        return {"test": "", "p": float("nan"), "n_tested": 0, "missing_tested": 0, "reason_tested": "not compared"}
    among, given = in_population(analysis, "toxicity"), analysis.frame["gc"]
    values = analysis.frame[column]
    groups = [values[among & part] for part in (is_yes(given), is_no(given))]
    found = compare_groups(*groups, alpha=analysis.parameters.alpha).chosen
    tested = int(sum(group.notna().sum() for group in groups))
    return {"test": found.name, "p": found.p, "n_tested": tested, "missing_tested": int(among.sum()) - tested,
            "reason_tested": found.reason}  # fmt: skip


@family(
    *(f"extra.normality.{key}.{measure}" for key in NUMBERS for measure in MEASURES),
    population="all",
    method="Kolmogorov–Smirnov with Lilliefors' correction; mean and standard deviation beside the medians of Tables 1 and 2",
    reason="Methods: normality by Kolmogorov–Smirnov",
    depends=[*GC, "alpha"],
)
def normality_tests(analysis: Analysis) -> dict[str, Value]:
    """Test each number's normality."""
    found = {}
    for row in normality_table(analysis).to_dict("records"):
        for measure in MEASURES:
            shared = {"population": NUMBERS[row["key"]][2], "n": row["n"], "missing": row["missing"]}
            found[f"extra.normality.{row['key']}.{measure}"] = Value("", row[measure], row["reason"], **shared)
    return found


@family(
    *(f"extra.balance.{key}.p" for key in COMPARED),
    population="toxicity",
    method="GC against none: t test if both groups pass Lilliefors' test, else Mann–Whitney",
    reason="Methods: normality decides the test",
    depends=[*GC, "alpha"],
    needs=["gc"],
)
def balance_tests(analysis: Analysis) -> dict[str, Value]:
    """Compare numbers between GC and none."""
    rows = normality_table(analysis).to_dict("records")
    return {f"extra.balance.{row['key']}.p": Value("", row["p"], row["reason_tested"], n=row["n_tested"], missing=row["missing_tested"], method=row["test"])
            for row in rows if row["key"] in COMPARED}  # fmt: skip
