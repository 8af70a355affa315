"""Table 2: CRS and ICANS, their course, and the immunosuppressants given within the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.results.measures import count_and_percent, median_and_range, with_prefix
from helpers.results.populations import in_population
from helpers.results.registry import AGENT, GC, family
from helpers.results.table1 import COUNT, SPREAD, entries_frame
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

GRADES = {"any": (1, 5), "g1": (1, 1), "g2": (2, 2), "g3": (3, 5)}
RANGE = ("median", "low", "high")


def _grades(analysis: Analysis, event: str) -> dict[str, Value]:
    grade = analysis.frame[f"{event}_grade"]
    found = with_prefix(
        f"table2.{event}.any", count_and_percent(analysis.frame[event])
    )  # some have it at a grade that nobody wrote down
    had = analysis.frame[event].fillna(False).astype(bool)
    if had.any() and not grade[had].notna().any():
        why = f"of nobody with {event.upper()} is the grade recorded"
        return found | {f"table2.{event}.{key}.{part}": Value("", None, why) for key in list(GRADES)[1:] for part in ("n", "pct")}  # fmt: skip
    for key, (low, high) in list(GRADES.items())[1:]:
        found |= with_prefix(f"table2.{event}.{key}", count_and_percent(grade.between(low, high), known=grade.notna()))
    return found


def _register_grades(event: str) -> None:
    @family(
        *(f"table2.{event}.{key}.{measure}" for key in GRADES for measure in ("n", "pct")),
        population="all",
        method=COUNT + "; peak ASTCT grade",
        needs=[f"{event}_grade"],
        name=f"table2.{event}_grades",
    )
    def grades(analysis: Analysis) -> dict[str, Value]:
        """Count the peak grades of one syndrome."""
        return _grades(analysis, event)


for _event in ("crs", "icans"):
    _register_grades(_event)


@family(*(f"table2.crs_onset.{m}" for m in RANGE), population="crs", method=SPREAD + ", from day 0",
        needs=["crs_onset_day"])  # fmt: skip
def crs_onset(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the day of CRS onset."""
    return with_prefix(
        "table2.crs_onset", median_and_range(analysis.frame["crs_onset_day"], in_population(analysis, "crs"))
    )


@family(*(f"table2.crs_duration.{m}" for m in RANGE), population="crs", method=SPREAD + ", days covered",
        needs=["crs_duration_days"])  # fmt: skip
def crs_duration(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the days with CRS."""
    return with_prefix(
        "table2.crs_duration", median_and_range(analysis.frame["crs_duration_days"], in_population(analysis, "crs"))
    )


@family(
    *(f"table2.icans_onset.{m}" for m in RANGE),
    population="icans",
    method=SPREAD + ", by the clock of ICANS",
    reason="a median of day 1 after infusion would precede the CRS onset of day 2; the paper names no clock",
    depends=["icans_clock"],
    needs=["icans_onset_day"],
)
def icans_onset(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the time to ICANS onset."""
    return with_prefix(
        "table2.icans_onset", median_and_range(analysis.frame["icans_onset_day"], in_population(analysis, "icans"))
    )


@family(*(f"table2.icans_duration.{m}" for m in RANGE), population="icans_g12", method=SPREAD + ", days at grade 1 or 2",
        needs=["icans_duration_days"])  # fmt: skip
def icans_duration(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the days with ICANS at grade 1 or 2, of those who had any."""
    return with_prefix(
        "table2.icans_duration",
        median_and_range(analysis.frame["icans_duration_days"], in_population(analysis, "icans_g12")),
    )


def _resolved(analysis: Analysis, event: str) -> dict[str, Value]:
    resolved, among = analysis.frame[f"{event}_resolved"].astype("boolean"), in_population(analysis, event)
    return {f"table2.{event}_resolution.pct": count_and_percent(resolved, among, known=resolved.notna())["pct"]}


@family("table2.crs_resolution.pct", population="crs", method="% whose every episode resolved", needs=["crs_resolved"])
def crs_resolution(analysis: Analysis) -> dict[str, Value]:
    """Share of CRS that resolved."""
    return _resolved(analysis, "crs")


@family(
    "table2.icans_resolution.pct",
    population="icans",
    method="% whose every episode resolved",
    reason="the printed 93.56% is attainable for no number of 31 patients",
    needs=["icans_resolved"],
)
def icans_resolution(analysis: Analysis) -> dict[str, Value]:
    """Share of ICANS that resolved."""
    return _resolved(analysis, "icans")


@family(*(f"table2.gc_time.{m}" for m in RANGE), population="gc", method=SPREAD + ", by the clock of GC",
        depends=[*GC, "gc_clock"], needs=["gc_time_days"])  # fmt: skip
def gc_time(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the time to the first GC."""
    return with_prefix(
        "table2.gc_time", median_and_range(analysis.frame["gc_time_days"], in_population(analysis, "gc"))
    )


@family(*(f"table2.gc_duration.{m}" for m in RANGE), population="gc", method=SPREAD + ", distinct dosing days",
        depends=GC, needs=["gc_duration_days"])  # fmt: skip
def gc_duration(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the days on GC."""
    return with_prefix(
        "table2.gc_duration", median_and_range(analysis.frame["gc_duration_days"], in_population(analysis, "gc"))
    )


def _register_use(agent: str, column: str, depends: tuple[str, ...]) -> None:
    @family(
        *(f"table2.{agent}.{measure}" for measure in ("n", "pct")),
        population="all",
        method=COUNT + "; given from day 0 to the window's end",
        depends=depends,
        needs=[column],
        name=f"table2.{column}_use",
    )
    def use(analysis: Analysis) -> dict[str, Value]:
        """Count those given one drug, whatever the indication, or any of GC, TCZ and RUX."""
        return with_prefix(f"table2.{agent}", count_and_percent(analysis.frame[column]))


for _agent, _column, _depends in (
    ("immuno.any", "immunosuppressed", GC), ("gc", "gc", GC), ("tcz", "tcz", AGENT), ("rux", "rux", AGENT),
):  # fmt: skip
    _register_use(_agent, _column, _depends)


@family(
    "results.patients.gc_dose.median",
    "extra.table2.gc_dose.low",
    "extra.table2.gc_dose.high",
    *(f"extra.table2.gc_peak.{m}" for m in RANGE),
    population="gc",
    method=SPREAD + ", mg/kg methylprednisolone equivalent",
    depends=GC,
    needs=["gc_dose_mg_per_kg", "gc_peak_mg_per_kg_per_day"],
)
def gc_dose(analysis: Analysis) -> dict[str, Value]:
    """Median and range of the cumulative GC dose, and of the highest daily dose beside it."""
    gc = in_population(analysis, "gc")
    total = median_and_range(analysis.frame["gc_dose_mg_per_kg"], gc)
    peak = with_prefix("extra.table2.gc_peak", median_and_range(analysis.frame["gc_peak_mg_per_kg_per_day"], gc))
    ends = {f"extra.table2.gc_dose.{end}": total[end] for end in ("low", "high")}
    return {"results.patients.gc_dose.median": total["median"], **ends, **peak}


@family(
    "methods.gc_threshold.dose",
    population="gc",
    method="percentile, type 7, of the cumulative dose of those given GC",
    reason="the cut separates low from high dose among the treated; untreated patients have no dose",
    depends=[*GC, "gc_cutoff_percentile"],
    needs=["gc_dose_mg_per_kg"],
)
def dose_threshold(analysis: Analysis) -> dict[str, Value]:
    """Percentile of the cumulative dose that defines the cut-off."""
    doses = analysis.frame.loc[in_population(analysis, "gc"), "gc_dose_mg_per_kg"]
    known = doses.dropna().to_numpy(dtype=float)
    at = float(np.percentile(known, analysis.parameters.gc_cutoff_percentile)) if known.size else None
    return {"methods.gc_threshold.dose": Value("", at, n=len(known), missing=len(doses) - len(known))}


@family(
    *(f"extra.table2.crs_before_gc.{key}.n" for key in ("g0", *list(GRADES)[1:])),
    population="gc",
    method="count; highest CRS grade up to the day of the first GC",
    reason="the grade that led to GC, never the peak after it",
    depends=GC,
    needs=["crs_grade_before_gc"],
)
def before_gc(analysis: Analysis) -> dict[str, Value]:
    """Count CRS grades as they stood when GC began."""
    grade, gc = analysis.frame["crs_grade_before_gc"], in_population(analysis, "gc")
    bounds = {"g0": (0, 0)} | {key: GRADES[key] for key in list(GRADES)[1:]}
    return {
        f"extra.table2.crs_before_gc.{key}.n": count_and_percent(grade.between(*ends), gc, known=grade.notna())["n"]
        for key, ends in bounds.items()
    }


def table2_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 2: characteristic, level, n, pct, median, low, high, known, missing (see table1.table1_frame)."""
    levels = {"any": "Any grade", "g1": "Grade 1", "g2": "Grade 2", "g3": "Grade ≥3"}
    window = analysis.parameters.window_days
    sections = [
        ("CRS", {f"crs.{key}": label for key, label in levels.items()}),
        ("ICANS", {f"icans.{key}": label for key, label in levels.items()}),
        ("CRS onset, days", {"crs_onset": ""}),
        ("CRS duration, days", {"crs_duration": ""}),
        ("CRS resolved", {"crs_resolution": ""}),
        ("ICANS onset, days", {"icans_onset": ""}),
        ("Days of ICANS at grade 1 or 2", {"icans_duration": ""}),
        ("ICANS resolved", {"icans_resolution": ""}),
        ("Time to GC, days", {"gc_time": ""}),
        ("Duration of GC, days", {"gc_duration": ""}),
        (f"Given within {window} days",
         {"immuno.any": "Any of the three", "gc": "GC", "tcz": "TCZ", "rux": "RUX"}),
    ]  # fmt: skip
    return entries_frame(analysis, "table2", sections)
