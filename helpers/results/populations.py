"""Which patients a number is about, and what a cohort must hold to compute it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.problems import NotAvailable

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(["crs", "crs_grade", "crs_onset_day", "crs_duration_days", "crs_resolved", "icans", "icans_grade",
                     "icans_onset_day", "icans_duration_days", "icans_resolved", "toxicity"], ("toxicity", ())),
    **dict.fromkeys(["gc", "gc_first_day", "gc_time_days", "gc_duration_days", "gc_onset", "gc_duration_group", "tcz",
                     "tcz_first_day", "rux", "rux_first_day", "immunosuppressed", "crs_grade_before_gc"], ("treatments", ())),
    **dict.fromkeys(["gc_dose_mg_per_kg", "gc_peak_mg_per_kg_per_day", "gc_group"], ("treatments", ("dose_mg",))),
    **dict.fromkeys(["day30_response", "evaluable", "cr"], ("response", ("day30_response",))),
    "mrd_day30_negative": ("response", ("mrd_day30",)),
    **dict.fromkeys(["os_days", "os_event", "pfs_days", "pfs_event", "efs_days", "efs_event", "followup_days"],
                    ("followup", ())),
    "age_over_cut": ("patients", ("age_years",)),
    "weight_over_cut": ("patients", ("weight_kg",)),
    "blast_over_cut": ("patients", ("blast_prelymphodepletion_pct",)),
}  # fmt: skip


IN_WORDS = {
    "toxicity": "CRS or ICANS",
    **{
        f"{event}{part}": f"{of}{event.upper()}"
        for event in ("crs", "icans")
        for part, of in (
            ("", ""),
            ("_grade", "peak grade of "),
            ("_onset_day", "first day of "),
            ("_duration_days", "duration of "),
            ("_resolved", "resolution of "),
        )
    },
    "gc": "use of GC",
    "gc_first_day": "first day of GC",
    "gc_time_days": "time to the first GC",
    "gc_duration_days": "days with GC",
    "gc_onset": "onset of GC, early or late",
    "gc_duration_group": "duration of GC, short or long",
    "gc_dose_mg_per_kg": "cumulative dose of GC per kg",
    "gc_peak_mg_per_kg_per_day": "peak daily dose of GC per kg",
    "gc_group": "low or high dose of GC",
    "crs_grade_before_gc": "grade of CRS when GC began",
    "tcz": "use of tocilizumab",
    "tcz_first_day": "first day of tocilizumab",
    "rux": "use of ruxolitinib",
    "rux_first_day": "first day of ruxolitinib",
    "immunosuppressed": "use of GC, tocilizumab or ruxolitinib",
    "day30_response": "response at day 30",
    "evaluable": "response at day 30",
    "cr": "complete remission at day 30",
    "mrd_day30_negative": "MRD at day 30",
    "followup_days": "length of follow-up",
    **{f"{name}_{part}": name.upper() for name in ("os", "pfs", "efs") for part in ("days", "event")},
    "age_over_cut": "age",
    "weight_over_cut": "weight",
    "blast_over_cut": "share of marrow blasts before lymphodepletion",
}
"""Columns of the analysis frame that stand in no table, as a sentence names them."""


UNDERIVED = {
    **dict.fromkeys(["os_days", "os_event"], "has no column death_day in table followup"),
    **dict.fromkeys(["pfs_days", "pfs_event"], "has neither relapse_day nor progression_day in table followup"),
    **dict.fromkeys(["efs_days", "efs_event"], "has neither treatment_failure_day nor a day 30 response, so no EFS"),
}


def needed_frame(analysis: Analysis, *columns: str) -> pd.DataFrame:
    """Return the analysis frame, or say in one plain line which table or column of the cohort is absent.

    Raises
    ------
    NotAvailable
        Naming the table or column that the cohort lacks.
    """
    for column in columns:
        if column.startswith("table:"):
            analysis.cohort.need(column.removeprefix("table:"))
        elif column not in analysis.frame:
            table, sources = SOURCES.get(column, ("patients", (column,)))
            if column in analysis.absent:
                raise NotAvailable(analysis.absent[column])
            analysis.cohort.need(table, *sources)
            raise NotAvailable(
                f"cohort {analysis.cohort.name} {UNDERIVED.get(column, f'does not give {IN_WORDS.get(column, column)}')}"
            )
    return analysis.frame


def in_population(analysis: Analysis, name: str) -> pd.Series:
    """Tell who belongs to a population.

    Parameters
    ----------
    analysis : Analysis
    name : str
        all, toxicity, nontoxicity, evaluable, gc, nongc, relapsed, crs, icans, icans_g12 (some day at grade 1 or 2,
        whether or not it is known for how long), known_blasts, not_high (no high dose of GC), tcz, norux, alive; several
        joined by "&".

    Returns
    -------
    pandas.Series of bool
        By patient_id. In a cohort without a toxicity table "toxicity" is everyone: nothing was selected on it.

    Raises
    ------
    NotAvailable
        If the table that defines the population is absent.
    """
    answer = pd.Series(True, index=analysis.frame.index)
    for part in name.split("&"):
        answer &= _population(analysis, part.strip())
    return answer


def _population(analysis: Analysis, name: str) -> pd.Series:
    everyone = pd.Series(True, index=analysis.frame.index)
    if name == "all" or (name == "toxicity" and "toxicity" not in analysis.frame):
        return everyone
    columns = {"toxicity": ["toxicity"], "nontoxicity": ["toxicity"], "evaluable": ["evaluable"], "gc": ["gc"],
               "nongc": ["gc"], "relapsed": ["n_relapses"], "crs": ["crs"], "icans": ["icans"],
               "icans_g12": ["icans", "icans_duration_days"], "known_blasts": ["blast_over_cut"],
               "not_high": ["gc_group"], "alive": ["os_event"], "tcz": ["tcz"], "norux": ["rux"]}[name]  # fmt: skip
    frame = needed_frame(analysis, *columns)
    toxic = frame.get("toxicity", everyone)
    if name == "relapsed":
        status = frame["disease_status"] if "disease_status" in frame else pd.Series("", index=frame.index)
        return is_yes(frame["n_relapses"] >= 1) | is_yes(status == "relapsed")
    return {
        "toxicity": lambda: is_yes(toxic),
        "nontoxicity": lambda: is_no(toxic),
        "evaluable": lambda: is_yes(frame["evaluable"]) & is_yes(toxic),
        "gc": lambda: is_yes(frame["gc"]),
        "nongc": lambda: is_no(frame["gc"]) & is_yes(toxic),
        "crs": lambda: is_yes(frame["crs"]),
        "icans": lambda: is_yes(frame["icans"]),
        "icans_g12": lambda: is_yes(frame["icans"]) & _ever_mild(analysis),
        "known_blasts": lambda: frame["blast_over_cut"].notna(),
        "not_high": lambda: ~is_yes(frame["gc_group"] == "high"),
        "tcz": lambda: is_yes(frame["tcz"]),
        "norux": lambda: is_yes(~frame["rux"].astype("boolean")),
        "alive": lambda: ~is_yes(frame["os_event"]),
    }[name]()


def _ever_mild(analysis: Analysis) -> pd.Series:
    """Tell who had ICANS of grade 1 or 2 for some interval."""
    rows = analysis.cohort.tables["toxicity"]
    mild = rows["event"].eq("ICANS").fillna(False) & (rows["grade"] <= 2).fillna(False)
    return analysis.frame.index.to_series().isin(rows.loc[mild.astype(bool), "patient_id"])


def named_population(analysis: Analysis, *parts: str) -> str:
    """Name the population of several conditions, as :func:`in_population` reads it; "toxicity" goes if nobody recorded it.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001"]})
    >>> one = analyse(Cohort("one", "infusion", True, "made up", "CC0", {"patients": patients}))
    >>> named_population(one, "toxicity & gc"), named_population(one, "toxicity")
    ('gc', 'all')
    """
    found = dict.fromkeys(part.strip() for text in parts for part in text.split("&"))
    left_out = ("all", "") if "toxicity" in analysis.frame else ("all", "", "toxicity")
    return " & ".join(part for part in found if part not in left_out) or "all"


def is_yes(series: pd.Series) -> pd.Series:
    """Turn a yes/no column with possible gaps into plain bool: a gap is no.

    Examples
    --------
    >>> is_yes(pd.Series([True, None, False], dtype="boolean")).tolist()
    [True, False, False]
    """
    return series if series.dtype == bool else series.astype("boolean").fillna(False).astype(bool)


def is_no(series: pd.Series) -> pd.Series:
    """Turn a yes/no column with possible gaps into who is known not to have it: a gap is not no.

    Examples
    --------
    >>> is_no(pd.Series([True, None, False], dtype="boolean")).tolist()
    [False, False, True]
    """
    return ~series if series.dtype == bool else series.astype("boolean").eq(False).fillna(False).astype(bool)
