"""Plain words for the names that the code uses: groups of patients, derived columns, kinds of published numbers, formulas."""

POPULATIONS = {
    "all": "all patients",
    "toxicity": "CRS and/or ICANS",
    "evaluable": "of these, response assessed at day 30",
    "gc": "given GC",
    "nongc": "CRS and/or ICANS, not given GC",
    "relapsed": "infused after a relapse",
    "crs": "CRS",
    "icans": "ICANS",
    "known_blasts": "marrow blasts before lymphodepletion known",
}


def population_words(toxicity: bool) -> dict[str, str]:
    """Say the groups of patients in words; without *toxicity* (nobody recorded CRS or ICANS) none is said to be of those who had them.

    Examples
    --------
    >>> population_words(True)["nongc"], population_words(False)["nongc"]
    ('CRS and/or ICANS, not given GC', 'not given GC')
    """
    if toxicity:
        return dict(POPULATIONS)
    return {
        name: words.replace("CRS and/or ICANS, ", "").replace("of these, ", "") for name, words in POPULATIONS.items()
    }


DERIVED = {
    "crs_grade": "peak grade of CRS",
    "crs_grade_before_gc": "grade of CRS when GC began",
    "gc_first_day": "first day of GC",
    "gc_duration_days": "days with GC",
    "os_days": "OS, days",
    "os_event": "OS: died",
    "pfs_days": "PFS, days",
    "pfs_event": "PFS: relapse, progression or death",
    "efs_days": "EFS, days",
    "efs_event": "EFS: failure counts too",
}

KINDS = {
    "count": "counts",
    "percent": "percentages",
    "p": "p-values",
    "rate": "survival and its ±",
    "half_width": "survival and its ±",
    "hr": "hazard ratios, limits",
    "ci_low": "hazard ratios, limits",
    "ci_high": "hazard ratios, limits",
    "median": "medians, ranges",
    "dose": "medians, ranges",
    "range_low": "medians, ranges",
    "range_high": "medians, ranges",
}

DAYS = {
    "crs_onset_day": "CRS onset",
    "crs_duration_days": "CRS duration",
    "icans_onset_day": "ICANS onset",
    "icans_duration_days": "ICANS at grade 1–2",
    "gc_time_days": "first GC",
    "gc_duration_days": "GC duration",
}

MEASURED = {
    "age_years": "age, years",
    "weight_kg": "weight, kg",
    "car_dose_e6_per_kg": "CAR T-cell dose, 10⁶/kg",
    "blast_prelymphodepletion_pct": "blasts before lymphodepletion, %",
}

DOSES = {"gc_dose_mg_per_kg": "cumulative dose, mg/kg", "gc_peak_mg_per_kg_per_day": "peak daily dose, mg/kg"}

TRAJECTORIES = {
    "median_before": "median before",
    "median_after": "median after",
    "median_change": "median change",
    "median_gc": "median, GC",
    "median_nongc": "median, no GC",
    "n_gc": "n, GC",
    "n_nongc": "n, no GC",
    "fell": "fell, % of pairs",
    "p_holm": "p, Holm",
    "p_bh": "p, Benjamini–Hochberg",
    "n_without_tcz": "n without TCZ",
    "p_without_tcz": "p without TCZ",
}

CHANGES = {
    "n_low": "n, low",
    "n_high": "n, high",
    "median_low": "median change, low",
    "median_high": "median change, high",
    "floor_low": "at the floor, low, %",
    "floor_high": "at the floor, high, %",
    "p_holm": "p, Holm",
    "p_bh": "p, Benjamini–Hochberg",
}

PAIRS = {"n_first": "n, first", "n_second": "n, second", "p_holm": "p, Holm", "global_p": "p, all groups"}

GROUPS = {
    "all": "all",
    "toxicity": "CRS and/or ICANS",
    "evaluable": "assessed at day 30",
    "gc": "given GC",
    "nongc": "CRS and/or ICANS without GC",
    "relapsed": "after a relapse",
    "crs": "CRS",
    "icans": "ICANS",
    "icans_g12": "ICANS of grade 1 or 2",
    "known_blasts": "blasts known",
}
"""The names of the code for groups of patients, in words short enough for a column of a table."""


TESTS = {"Wilcoxon signed-rank test": "signed ranks", "Mann–Whitney U test": "Mann–Whitney"}
"""Names of tests, short enough for a column of a table."""


def day_zero(origin: str) -> str:
    """Call what a cohort's days count from as an axis or a table can: every infusion is "infusion".

    Examples
    --------
    >>> day_zero("CAR T-cell infusion"), day_zero("diagnosis"), day_zero("  ")
    ('infusion', 'diagnosis', 'day 0')
    """
    words = " ".join(origin.split())
    return "infusion" if "infusion" in words.lower() else words or "day 0"


def dose_words(label: str) -> str:
    """Name a dose group of GC; the groups of another exposure keep their names.

    Examples
    --------
    >>> dose_words("none"), dose_words("low"), dose_words("TCZ")
    ('no GC', 'low-dose GC', 'TCZ')
    """
    return {"none": "no GC", "low": "low-dose GC", "high": "high-dose GC"}.get(label, label)


def group_words(name: str) -> str:
    """Say in words which patients a name of the code means; a name that is not ours stays as it is.

    Examples
    --------
    >>> group_words("toxicity & known_blasts"), group_words("drip")
    ('CRS and/or ICANS, blasts known', 'drip')
    """
    return ", ".join(GROUPS.get(part, part) for part in name.split(" & "))
