"""Low dose against none at every cut, and what the search for a cut gives by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from helpers.estimate.maximally_selected_cut import MOST, Cuts, every_cut
from helpers.estimate.noise import without_noise
from helpers.estimate.partial_likelihood import maximise
from helpers.problems import NotAvailable
from helpers.results.comparisons import within
from helpers.results.curves import endpoint_columns
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population, is_no, is_yes, needed_frame
from helpers.results.registry import DOSE, EVENTS, family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PLACE = "extra.cut"
DEALS = 1000
UNBOUNDED = 30.0  # log hazard ratio: a band that reaches further tells nothing
DOSES = {"cumulative": "gc_dose_mg_per_kg", "peak daily": "gc_peak_mg_per_kg_per_day"}


METHOD = "log-rank test of low dose against none; corrected: share of deals in which the largest statistic over all cuts is as large"


@once_per_analysis
def dose_cuts(analysis: Analysis, dose: str = "cumulative") -> Cuts:
    """Try every cut of a dose; of the cumulative one also that of the parameters.

    Parameters
    ----------
    analysis : Analysis
    dose : {"cumulative", "peak daily"}

    Raises
    ------
    NotAvailable
        If the cohort has no doses, or too few patients on either side.
    """
    time, event = endpoint_columns(analysis.parameters.endpoint)
    frame = needed_frame(analysis, time, event, DOSES[dose], "gc")
    given = frame[DOSES[dose]].astype(float).where(frame["gc"].notna() & in_population(analysis, "toxicity"))
    given = given.mask(is_yes(frame["gc"]) & (given == 0))
    also = analysis.gc_cutoff if dose == "cumulative" and np.isfinite(analysis.gc_cutoff) else None
    rng = np.random.default_rng(analysis.parameters.seed)
    try:
        return every_cut(frame[time], frame[event].astype(float), given.round(9), rng, deals=DEALS, also=also)
    except ValueError as error:
        raise NotAvailable(f"cohort {analysis.cohort.name}: {error}") from None


def tried(found: Cuts) -> str:
    """Say which cuts were tried and how often the doses were dealt."""
    which = f"{len(found.table)} cuts" if found.doses <= MOST else f"{len(found.table)} of {found.doses} possible cuts"
    return f"{which}, {len(found.largest)} deals of all doses to the patients"


def at_cut(found: Cuts, cut: float) -> pd.Series:
    """Return the row of one cut."""
    return found.table.iloc[(found.table["cut"] - cut).abs().argmin()]


@family(
    *(f"{PLACE}.{measure}" for measure in ("p", "corrected_p", "best.cut", "best.p", "best.corrected_p")),
    population="toxicity",
    method=METHOD,
    reason="the paper does not say how the cut was found; Lausen and Schumacher's correction does not apply, since each cut leaves out others",
    depends=[*DOSE, *dict.fromkeys(name for names in EVENTS.values() for name in names), "endpoint", "seed"],
    needs=["gc_dose_mg_per_kg"],
)
def cut_values(analysis: Analysis) -> dict[str, Value]:
    """p of the cut of the parameters and of the best cut, as if it were the only one, and corrected for the others."""
    found = dose_cuts(analysis)
    own, best = at_cut(found, analysis.gc_cutoff), found.table.loc[found.table["z"].abs().idxmax()]
    rows = {"p": own, "corrected_p": own, "best.cut": best, "best.p": best, "best.corrected_p": best}
    method = f"{METHOD} ({tried(found)})"
    return {
        f"{PLACE}.{name}": Value(
            "",
            float(row[name.rpartition(".")[2]]),
            n=int(row["n_low"] + row["n_none"]),
            events=int(row["events"]),
            missing=_without_outcome(analysis, float(row["cut"])),
            population=within(analysis, "toxicity", "dose", "none", f"up to {row['cut']:.10g} mg/kg"),
            method=method,
        )
        for name, row in rows.items()
    }


def _without_outcome(analysis: Analysis, cut: float) -> int:
    """Count those without GC or with a dose up to *cut* of whom the endpoint is unknown."""
    time, event = endpoint_columns(analysis.parameters.endpoint)
    frame = analysis.frame
    dose = frame[DOSES["cumulative"]].astype(float).round(9)
    inside = is_no(frame["gc"]) | (is_yes(frame["gc"]) & (dose > 0) & (dose <= cut))
    outcome = frame[time].notna() & frame[event].notna()
    return int((in_population(analysis, "toxicity") & inside & ~outcome).sum())


def dose_shape(analysis: Analysis, dose: str = "cumulative") -> tuple[pd.DataFrame, list[float]]:
    """Let the hazard bend along the dose instead of jumping at a cut.

    Returns
    -------
    table : DataFrame
        dose, log_hr (against none), low, high, from the 5th to the 95th percentile of the doses given.
    knots : list of float
        10th, 50th and 90th percentile of the doses given (restricted cubic spline, two columns beside "given").

    Raises
    ------
    NotAvailable
        If the percentiles are not three different doses, or the model has no maximum.
    """
    time, event = endpoint_columns(analysis.parameters.endpoint)
    frame = needed_frame(analysis, time, event, DOSES[dose], "gc")
    rows = pd.DataFrame(
        {"time": frame[time].astype(float), "event": is_yes(frame[event]), "dose": frame[DOSES[dose]].astype(float)}
    )
    rows = rows[in_population(analysis, "toxicity") & frame["gc"].notna()].dropna()
    given = rows["dose"][rows["dose"] > 0]
    knots = [float(knot) for knot in np.percentile(given, (10, 50, 90))] if len(given) > 2 else []
    if len(np.unique(without_noise(knots))) < 3 or (rows["dose"] > 0).all():
        raise NotAvailable(f"cohort {analysis.cohort.name} has no {dose} doses that a curve could follow")
    along = np.linspace(*np.percentile(given, (5, 95)), 60)
    x, read = (_spline(values, knots) for values in (rows["dose"].to_numpy(), along))
    fit = maximise(x, rows["time"].to_numpy(), rows["event"].to_numpy(), ties=analysis.parameters.ties)
    if not fit.converged:
        raise NotAvailable("the model of the dose has no maximum")
    middle = read @ fit.beta
    reach = norm.ppf(1 - analysis.parameters.alpha / 2) * np.sqrt(np.einsum("nk,kl,nl->n", read, fit.covariance, read))
    if not np.all(np.abs(middle) + reach < UNBOUNDED):
        raise NotAvailable(f"too few events tell how the hazard follows the {dose} dose: its band has no end")
    return pd.DataFrame({"dose": along, "log_hr": middle, "low": middle - reach, "high": middle + reach}), knots


def _spline(dose: np.ndarray, knots: list[float]) -> np.ndarray:
    """Make the columns: given or not, dose, and its one bend (Harrell's restricted cubic); 0 without GC."""
    first, middle, last = knots
    cubes = [np.maximum(dose - knot, 0.0) ** 3 for knot in knots]
    bend = cubes[0] - cubes[1] * (last - first) / (last - middle) + cubes[2] * (middle - first) / (last - middle)
    return np.column_stack([dose > 0, dose, bend / (last - first) ** 2]) * (dose > 0)[:, None]
