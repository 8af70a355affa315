"""Table 1: who the patients were before infusion. Everyone counts, unknown values included in the denominators."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pandas as pd

from helpers.results.measures import count_and_percent, median_and_range, with_prefix
from helpers.results.populations import in_population, is_yes, needed_frame
from helpers.results.registry import family
from helpers.results.value import Value, id_part, id_parts

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

COUNT = "count; % of all patients, unknown ones included"
SPREAD = "median (minimum, maximum)"
TARGETS = {"cd19": "CD19", "cd19_22": "CD19+CD22", "cd19_22_20": "CD19+CD22+CD20"}
OTHER_TARGETS = {"cd22": "CD22", "other": "other"}  # the dictionary allows them, the print has no row for them
STATUS = {"refractory": "Primary refractory", "first": "First relapse", "second": "Second or greater relapse"}
OTHER_STATUS = {"remission": "In remission, never relapsed"}
SITES = {
    "bm": ("BM", (True, False, False, False)),
    "bm_cns": ("BM+CNS", (True, True, False, False)),
    "bm_testicle": ("BM+Testicle", (True, False, True, False)),
    "bm_cns_testicle": ("BM+CNS+Testicle", (True, True, True, False)),
    "cns": ("CNS", (False, True, False, False)),
    "testicle": ("Testicle", (False, False, True, False)),
    "others": ("Others", (False, False, False, True)),
}
_SITE_NAMES = ("BM", "CNS", "Testicle", "Others")
OTHER_SITES = {
    id_part("_".join(names) or "none"): ("+".join(names) or "None of the four", flags)
    for flags in product((True, False), repeat=4)
    if flags not in [pattern for _, pattern in SITES.values()]
    for names in [[name for name, flag in zip(_SITE_NAMES, flags, strict=True) if flag]]
}
BLASTS = {
    "ge50": ("≥50% blasts", 50, float("inf")),
    "25_50": ("≥25% and <50% blasts", 25, 50),
    "5_25": ("≥5% and <25% blasts", 5, 25),
    "lt5": ("<5% blasts", float("-inf"), 5),
}
MRD = {
    "lt1e4": ("MRD <10⁻⁴", float("-inf"), 1e-4),
    "1e4_1e3": ("MRD ≥10⁻⁴ and <10⁻³", 1e-4, 1e-3),
    "1e3_1e2": ("MRD ≥10⁻³ and <10⁻²", 1e-3, 1e-2),
    "ge1e2": ("MRD ≥10⁻²", 1e-2, float("inf")),
}


def _ids(*rows: str, kind: tuple[str, ...] = ("n", "pct")) -> list[str]:
    return [f"table1.{row}.{measure}" for row in rows for measure in kind]


def _extra(*rows: str) -> list[str]:
    return [f"extra.{id}" for id in _ids(*rows)]


@family("table1.n", population="all", method="count")
def cohort_size(analysis: Analysis) -> dict[str, Value]:
    """Count the patients of the cohort."""
    return {"table1.n": Value("", len(analysis.frame), n=len(analysis.frame), missing=0)}


def _levels(analysis: Analysis, column: str, levels: dict[str, str], place: str) -> dict[str, Value]:
    series = needed_frame(analysis, column)[column]
    found = {}
    for key, level in levels.items():
        found |= with_prefix(f"{place}.{key}", count_and_percent(series == level, known=series.notna()))
    return found


@family(*_ids("male", "female"), population="all", method=COUNT, needs=["sex"])
def sex_counts(analysis: Analysis) -> dict[str, Value]:
    """Count boys and girls."""
    return _levels(analysis, "sex", {"male": "male", "female": "female"}, "table1")


@family(
    *_ids("age", "weight", "dose", kind=("median", "low", "high")),
    population="all",
    method=SPREAD,
    reason="the paper gives both ends of a range",
)
def age_weight_dose(analysis: Analysis) -> dict[str, Value]:
    """Median and range of age (years), weight (kg) and CAR T-cell dose (10^6/kg)."""
    columns = {"age": "age_years", "weight": "weight_kg", "dose": "car_dose_e6_per_kg"}
    return {id: value for row, column in columns.items() for id, value in _spread(analysis, row, column).items()}


def _spread(analysis: Analysis, row: str, column: str) -> dict[str, Value]:
    if column not in analysis.frame:
        line = f"cohort {analysis.cohort.name} has no column {column} in table patients"
        return {id: Value("", None, line) for id in _ids(row, kind=("median", "low", "high"))}
    return with_prefix(f"table1.{row}", median_and_range(analysis.frame[column]))


@family(*_ids("transplant_yes", "transplant_no"), population="all", method=COUNT, needs=["prior_transplant"])
def prior_transplants(analysis: Analysis) -> dict[str, Value]:
    """Count prior transplantation."""
    prior = analysis.frame["prior_transplant"].astype("boolean")
    return with_prefix("table1.transplant_yes", count_and_percent(prior, known=prior.notna())) | with_prefix(
        "table1.transplant_no", count_and_percent(~prior, known=prior.notna())
    )


@family(
    *_ids(*(f"target.{key}" for key in TARGETS)),
    *_extra(*(f"target.{key}" for key in OTHER_TARGETS)),
    population="all",
    method=COUNT,
    needs=["car_target"],
)
def target_counts(analysis: Analysis) -> dict[str, Value]:
    """Count target antigens."""
    printed = _levels(analysis, "car_target", TARGETS, "table1.target")
    return printed | _levels(analysis, "car_target", OTHER_TARGETS, "extra.table1.target")


@family(*_ids("origin.auto", "origin.allo"), population="all", method=COUNT, needs=["car_origin"])
def product_origins(analysis: Analysis) -> dict[str, Value]:
    """Count autologous and allogeneic products."""
    return _levels(analysis, "car_origin", {"auto": "autologous", "allo": "allogeneic"}, "table1.origin")


def status_of(frame: pd.DataFrame) -> pd.Series:
    """Class each patient by disease status before infusion: refractory, first, second, remission (never relapsed), or missing."""
    relapses = frame["n_relapses"].astype("Float64")
    answer = pd.Series(pd.NA, index=frame.index, dtype="string")
    answer[is_yes(relapses == 0)] = "refractory"
    if "disease_status" in frame:
        answer[is_yes(frame["disease_status"] == "primary refractory")] = "refractory"
        answer[is_yes(frame["disease_status"] == "remission") & is_yes(relapses == 0)] = "remission"
    answer[is_yes(relapses == 1)] = "first"
    answer[is_yes(relapses >= 2)] = "second"
    return answer


@family(
    *_ids(*(f"status.{key}" for key in STATUS)),
    *_extra(*(f"status.{key}" for key in OTHER_STATUS)),
    "results.patients.relapse.n",
    "results.patients.relapse.pct",
    population="all",
    method=COUNT,
    needs=["n_relapses"],
)
def disease_status(analysis: Analysis) -> dict[str, Value]:
    """Count primary refractory disease, first relapse, later relapse."""
    series = status_of(analysis.frame)
    found = {}
    for place, keys in (("table1.status", STATUS), ("extra.table1.status", OTHER_STATUS)):
        for key in keys:
            found |= with_prefix(f"{place}.{key}", count_and_percent(series == key, known=series.notna()))
    return found | with_prefix(
        "results.patients.relapse", count_and_percent(series.isin(["first", "second"]), known=series.notna())
    )


@family(
    *_ids(*(f"site.{key}" for key in SITES)),
    *_extra(*(f"site.{key}" for key in OTHER_SITES)),
    population="relapsed",
    method="count; % of the relapsed",
    reason="93 of 115 are the printed 80.87%",
    needs=["n_relapses", "site_bm", "site_cns", "site_testis", "site_other"],
)
def relapse_sites(analysis: Analysis) -> dict[str, Value]:
    """Count the combinations of relapse sites among the relapsed."""
    flags = analysis.frame[["site_bm", "site_cns", "site_testis", "site_other"]].astype("boolean")
    known, plain, relapsed = (
        flags.notna().all(axis=1),
        flags.fillna(False).astype(bool),
        in_population(analysis, "relapsed"),
    )
    found = {}
    for place, sites in (("table1.site", SITES), ("extra.table1.site", OTHER_SITES)):
        for key, (_, pattern) in sites.items():
            own = (plain == list(pattern)).all(axis=1) & known
            found |= with_prefix(f"{place}.{key}", count_and_percent(own, relapsed, known=known))
    return found


@family(
    *_ids("blast_prelympho", kind=("median", "low", "high")),
    population="known_blasts",
    method=SPREAD,
    needs=["blast_prelymphodepletion_pct"],
)
def blasts_before(analysis: Analysis) -> dict[str, Value]:
    """Median and range of marrow blasts before lymphodepletion, of those known."""
    found = with_prefix("table1.blast_prelympho", median_and_range(analysis.frame["blast_prelymphodepletion_pct"]))
    return {id: replace(value, population="all") for id, value in found.items()}  # the unknown ones stand beside them


@family(
    *_ids("blast_preinfusion", kind=("median", "low", "high")),
    population="all",
    method=SPREAD,
    needs=["blast_preinfusion_pct"],
)
def blasts_at_infusion(analysis: Analysis) -> dict[str, Value]:
    """Median and range of marrow blasts before infusion."""
    return with_prefix("table1.blast_preinfusion", median_and_range(analysis.frame["blast_preinfusion_pct"]))


def _classes(series: pd.Series, classes: dict, place: str) -> dict[str, Value]:
    series = series.astype("Float64")
    found = {}
    for key, (_, low, high) in classes.items():
        found |= with_prefix(
            f"{place}.{key}", count_and_percent((series >= low) & (series < high), known=series.notna())
        )
    return found | with_prefix(
        f"{place}.na", count_and_percent(series.isna(), known=pd.Series(True, index=series.index))
    )


@family(
    *_ids(*(f"blast.{key}" for key in [*BLASTS, "na"])),
    population="all",
    method=COUNT,
    reason="35 of 120 are the printed 29.17%",
    needs=["blast_prelymphodepletion_pct"],
)
def blast_classes(analysis: Analysis) -> dict[str, Value]:
    """Count classes of marrow blasts before lymphodepletion."""
    return _classes(analysis.frame["blast_prelymphodepletion_pct"], BLASTS, "table1.blast")


@family(
    *_ids(*(f"mrd.{key}" for key in [*MRD, "na"])), population="all", method=COUNT, needs=["mrd_prelymphodepletion"]
)
def mrd_classes(analysis: Analysis) -> dict[str, Value]:
    """Count classes of minimal residual disease before lymphodepletion."""
    return _classes(analysis.frame["mrd_prelymphodepletion"], MRD, "table1.mrd")


# ------------------------------------------------------------------------------------- columns of the cohort's own


def own_columns(analysis: Analysis) -> dict[str, dict[str, str]]:
    """List the cohort's own columns of patients that Table 1 shows: column, then part of the id and label of each level.

    A number has the one level "" (median and range). Levels come as declared, then those that occur; of a yes/no column
    Yes and No. No two levels share a part of an id.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort, Column
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "ward": ["A+", "A-"]})
    >>> declared = {"patients": {"ward": Column("category", "ward", allowed=("A+", "A-", "B"))}}
    >>> own_columns(analyse(Cohort("two", "infusion", True, "", "", {"patients": patients}, declared)))
    {'ward': {'ward.a_plus': 'A+', 'ward.a_minus': 'A-', 'ward.b': 'B'}}
    """
    found = {}
    places = id_parts(analysis.own, taken=("all", "target", "site", "status"))
    for column, place in places.items():
        values = analysis.frame[analysis.own[column]]
        if pd.api.types.is_bool_dtype(values.dtype):
            found[column] = {f"{place}.yes": "Yes", f"{place}.no": "No"}
        elif pd.api.types.is_numeric_dtype(values.dtype):
            found[column] = {place: ""}
        else:
            allowed = list(analysis.cohort.declared["patients"][column].allowed)
            levels = list(dict.fromkeys([*allowed, *sorted(map(str, values.dropna().unique()))]))
            found[column] = {f"{place}.{key}": level for level, key in id_parts(levels).items()}
    return found


@family(population="all", method=f"{COUNT}; numbers: {SPREAD}", prefix="extra.table1.",
        reason="columns that the cohort declares beyond the dictionary")  # fmt: skip
def cohort_columns(analysis: Analysis) -> dict[str, Value]:
    """Describe the columns that the cohort declares of its own."""
    found = {}
    for column, levels in own_columns(analysis).items():
        values = analysis.frame[analysis.own[column]]
        for key, level in levels.items():
            if level == "":
                found |= with_prefix(f"extra.table1.{key}", median_and_range(values))
                continue
            truth = {"Yes": True, "No": False}[level] if pd.api.types.is_bool_dtype(values.dtype) else level
            found |= with_prefix(f"extra.table1.{key}", count_and_percent(values == truth, known=values.notna()))
    return found


# --------------------------------------------------------------------------------------------------- the table itself


def table1_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 1: characteristic, level, n, pct, median, low, high, known, missing, reason.

    One row per level of a category (n and pct) or per number (median, low, high); the cohort's own columns follow. Levels
    without a row in the print are shown where somebody has them, so that the rows of a section and its missing add up.
    """
    origin = analysis.cohort.origin
    sections = [
        ("Sex", {"male": "Male", "female": "Female"}),
        (f"Age at day 0 ({origin}), years", {"age": ""}),
        ("Weight, kg", {"weight": ""}),
        ("Prior transplant", {"transplant_yes": "Yes", "transplant_no": "No"}),
        ("CAR-T target", {f"target.{key}": label for key, label in TARGETS.items()}
            | {f"extra.target.{key}": label for key, label in OTHER_TARGETS.items()}),
        ("Origin of CAR-T cells", {"origin.auto": "Autologous", "origin.allo": "Allogeneic"}),
        ("CAR T-cell dose, 10⁶/kg", {"dose": ""}),
        ("Disease status before treatment", {f"status.{key}": label for key, label in STATUS.items()}
            | {f"extra.status.{key}": label for key, label in OTHER_STATUS.items()}),
        ("Relapse location, of the relapsed", {f"site.{key}": label for key, (label, _) in SITES.items()}
            | {f"extra.site.{key}": label for key, (label, _) in OTHER_SITES.items()}),
        ("Marrow blasts before lymphodepletion, %", {"blast_prelympho": ""}),
        ("Blast class before lymphodepletion", {f"blast.{k}": v[0] for k, v in BLASTS.items()} | {"blast.na": "Unknown"}),
        ("MRD before lymphodepletion", {f"mrd.{k}": v[0] for k, v in MRD.items()} | {"mrd.na": "Unknown"}),
        ("Marrow blasts before infusion, %", {"blast_preinfusion": ""}),
    ]  # fmt: skip
    for column, levels in own_columns(analysis).items():
        unit = analysis.cohort.declared["patients"][column].unit
        title = f"{column.replace('_', ' ')}{f', {unit}' if unit else ''}"
        sections.append((title, {f"extra.{key}": level for key, level in levels.items()}))
    return entries_frame(analysis, "table1", sections)


def entries_frame(analysis: Analysis, place: str, sections: list[tuple[str, dict[str, str]]]) -> pd.DataFrame:
    """Lay out the counts and spreads of *place* as one tidy frame, a row per entry of *sections*.

    A key that begins with "extra." is of ``extra.<place>``, and a row of it that counts nobody is left out where the
    print has no such row.
    """
    from helpers.results.registry import all_families, compute

    ids = [id for one in all_families() for id in one.ids if id.startswith((f"{place}.", f"extra.{place}."))]
    values = compute(analysis, ids) | cohort_columns(analysis) if place == "table1" else compute(analysis, ids)
    declared = {f"extra.{key}" for levels in own_columns(analysis).values() for key in levels}
    rows = []
    for section, levels in sections:
        for key, level in levels.items():
            id = f"extra.{place}.{key.removeprefix('extra.')}" if key.startswith("extra.") else f"{place}.{key}"
            cells = {m: values.get(f"{id}.{m}") for m in ("n", "pct", "median", "low", "high")}
            first = next(value for value in cells.values() if value is not None)
            if key.startswith("extra.") and key not in declared and not first.value:
                continue
            numbers = {m: value.value if value is not None else None for m, value in cells.items()}
            unknown_row = "Unknown" in levels.values() and first.value is not None
            missing = 0 if unknown_row else first.missing
            known = first.n if cells["n"] is None or first.n is None else first.n - (missing or 0)
            rows.append({"characteristic": section, "level": level, **numbers, "known": known, "missing": missing,
                         "reason": first.reason})  # fmt: skip
    numeric = ["n", "pct", "median", "low", "high"]
    return pd.DataFrame(rows).astype({**dict.fromkeys(numeric, float), "known": "Int64", "missing": "Int64"})
