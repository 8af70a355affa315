"""Constants of the design that are parameters here: windows, cut-offs, levels. Concordance counts them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.cohort.derive import DAYS_PER_MONTH
from helpers.results.registry import family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

CUTS = {
    "table2.immuno.window": "window_days",
    "table4.onset.cut_early": "onset_cut_days",
    "table4.onset.cut_late": "onset_cut_days",
    "table4.duration.cut_short": "duration_cut_days",
    "table4.duration.cut_long": "duration_cut_days",
    "table5.cut.weight": "weight_cut",
    "table5.cut.blast": "blast_cut",
    "table5.cut.age": "age_cut",
    "methods.gc_threshold.percentile": "gc_cutoff_percentile",
    "methods.stat.selection_p": "screening_p",
    "methods.stat.alpha": "alpha",
}


@family(*CUTS, population="all", method="parameter", depends=CUTS.values())
def stated_cuts(analysis: Analysis) -> dict[str, float]:
    """Give the parameters that the paper states as constants."""
    return {id: getattr(analysis.parameters, name) for id, name in CUTS.items()}


@family("methods.ci_level", population="all", method="100 (1 - alpha)", depends=["alpha"])
def confidence_level(analysis: Analysis) -> dict[str, float]:
    """Give the confidence level in percent."""
    return {"methods.ci_level": round(100 * (1 - analysis.parameters.alpha), 9)}


@family(
    "table4.dose.cut_low",
    "table4.dose.cut_high",
    population="gc",
    method="parameter, or the percentile of the cohort's doses if it is None",
    depends=["gc_cutoff", "gc_cutoff_percentile", "window_days", "premedication", "steroid_labels"],
    needs=["gc_dose_mg_per_kg"],
)
def dose_cut(analysis: Analysis) -> dict[str, float]:
    """Give the bound between low and high dose that was used."""
    return dict.fromkeys(["table4.dose.cut_low", "table4.dose.cut_high"], float(analysis.gc_cutoff))


@family(
    "table5.cut.gc_onset",
    population="gc",
    method="last whole day before the cut",
    reason="Table 5 prints <=4 for what Table 4 prints as <5: the same split of whole days",
    depends=["onset_cut_days"],
)
def onset_cut(analysis: Analysis) -> dict[str, float]:
    """Give the last whole day of early GC."""
    return {"table5.cut.gc_onset": -(-analysis.parameters.onset_cut_days // 1) - 1}


@family("table5.cut.gc_duration_ref_low", population="gc", method="fewest days that any GC can last")
def shortest_duration(analysis: Analysis) -> dict[str, float]:
    """Give the lower end of the short class."""
    return {"table5.cut.gc_duration_ref_low": 1.0}


@family("table3.day", population="evaluable", method="day of the response by definition")
def response_day(analysis: Analysis) -> dict[str, float]:
    """Give the day that the response is named after."""
    return {"table3.day": 30.0}


@family("results.patients.window", population="all", method="window in months", depends=["window_days"])
def window_months(analysis: Analysis) -> dict[str, float]:
    """Give the window in months."""
    return {"results.patients.window": analysis.parameters.window_days / DAYS_PER_MONTH}


DATES = ("abstract.enrol_start", "abstract.enrol_end", "methods.enrol_start", "methods.enrol_end",
         "methods.last_followup", "results.efficacy.followup_end")  # fmt: skip
REGIMEN = [
    f"results.patients.{drug}.{what}" for drug in ("fludarabine", "cyclophosphamide") for what in ("dose", "days")
]


@family(*DATES, *REGIMEN, population="all", method="none")
def unrecorded_constants(analysis: Analysis) -> dict[str, Value]:
    """Say why constants that no cohort holds are not computed."""
    dates = {id: Value("", None, "a cohort counts days from its origin and holds no dates") for id in DATES}
    return dates | {
        id: Value("", None, "a cohort does not hold the lymphodepletion, the same for all") for id in REGIMEN
    }
