"""What each notebook shows of a cohort, and what the cohort must hold for it: one table, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.results.flow import screening_gap
from helpers.results.populations import needed_frame


@dataclass(frozen=True)
class Section:
    """A part of a notebook.

    Attributes
    ----------
    notebook : str
        Number and what it is about.
    shows : str
    needs : tuple of str
        Columns of the analysis frame, or ``table:<name>``; at least one patient must have a known value.
    events : str
        Column that must be true of somebody.
    """

    notebook: str
    shows: str
    needs: tuple[str, ...]
    events: str = ""


LABS = "table:labs"
DOSE = ("gc_dose_mg_per_kg", "gc_group")
SECTIONS = (
    Section("01 data", "who is screened, excluded and analysed (Figure 1)", ("table:screening",)),
    Section("01 data", "cumulative steroid dose and its cut", DOSE),
    Section("01 data", "endpoints by hand", ("pfs_days",)),
    Section("02 baseline", "sex (Table 1)", ("sex",)),
    Section("02 baseline", "age (Table 1)", ("age_years",)),
    Section("02 baseline", "CAR targets (Table 1)", ("car_target",)),
    Section("02 baseline", "marrow blasts (Table 1)", ("blast_prelymphodepletion_pct",)),
    Section("02 baseline", "earlier relapses (Table 1)", ("n_relapses",)),
    Section("02 toxicity", "CRS by grade (Table 2)", ("crs_grade",)),
    Section("02 toxicity", "ICANS by grade (Table 2)", ("icans_grade",)),
    Section("02 toxicity", "onset and duration of CRS (Table 2)", ("crs_onset_day", "crs_duration_days")),
    Section("02 toxicity", "GC, tocilizumab and ruxolitinib (Table 2)", ("gc", "tcz", "rux")),
    Section("02 toxicity", "dose, start and duration of GC (Table 2)", (*DOSE, "gc_time_days", "gc_duration_days")),
    Section("02 toxicity", "toxicity by CAR target (S-Table 1)", ("car_target", "crs_grade", "icans_grade")),
    Section("03 laboratory", "before and after GC (Figure 2)", (LABS, "gc_first_day")),
    Section("03 laboratory", "with and without GC (S-Figure 3)", (LABS, "gc")),
    Section("03 laboratory", "low and high dose (S-Figure 5)", (LABS, "gc_group")),
    Section("04 response", "day 30 response", ("day30_response",)),
    Section("04 response", "response with and without GC, TCZ, RUX (Table 3)", ("cr", "gc", "tcz", "rux")),
    Section("04 response", "response by dose, onset, duration of GC (Table 4)", ("cr", "gc_group", "gc_onset")),
    Section("04 response", "response by disease burden", ("cr", "blast_over_cut")),
    Section("05 curves", "overall survival (S-Figure 1)", ("os_days",), "os_event"),
    Section("05 curves", "progression-free survival (S-Figure 1)", ("pfs_days",), "pfs_event"),
    Section("05 curves", "event-free survival (S-Figure 1)", ("efs_days",), "efs_event"),
    Section(
        "05 curves", "PFS with and without GC, TCZ, RUX (S-Figure 2)", ("pfs_days", "gc", "tcz", "rux"), "pfs_event"
    ),
    Section("05 curves", "PFS without, at low and at high dose (Figure 3)", ("pfs_days", "gc_group"), "pfs_event"),
    Section("05 curves", "PFS by onset and duration of GC (S-Figure 6)", ("pfs_days", "gc_onset"), "pfs_event"),
    Section("06 Cox", "univariable and multivariable models (Table 5)", ("pfs_days",), "pfs_event"),
    Section("06 Cox", "dose of GC in the models (Table 5)", ("pfs_days", "gc_group"), "pfs_event"),
    Section("06 Cox", "the shape of age", ("pfs_days", "age_years"), "pfs_event"),
)


def section_outlook(analysis: Analysis) -> list[tuple[Section, str]]:
    """Tell of each section why the cohort will not give it; an empty text if it will.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> two = Cohort("two", "infusion", True, "", "", {"patients": pd.DataFrame({"patient_id": ["a"], "sex": ["male"]})})
    >>> reasons = {section.shows: reason for section, reason in section_outlook(analyse(two))}
    >>> reasons["sex (Table 1)"], reasons["overall survival (S-Figure 1)"]
    ('', 'cohort two has no table followup')
    """
    return [(section, _lacking(analysis, section)) for section in SECTIONS]


def _lacking(analysis: Analysis, section: Section) -> str:
    try:
        frame = needed_frame(analysis, *section.needs)
    except NotAvailable as error:
        return str(error)
    for name in section.needs:
        if name.startswith("table:"):
            if not len(analysis.cohort.tables[name.removeprefix("table:")]):
                return f"table {name.removeprefix('table:')} has no row"
        elif frame[name].isna().all():
            return f"{name} is known of nobody"
    if "table:screening" in section.needs:
        return screening_gap(analysis)
    if section.events and not frame[section.events].any():
        return f"no event of {section.events.removesuffix('_event').upper()}"
    return ""
