"""What the published numbers leave open: stored ranges over calibrated cohorts, read for the notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from helpers.paths import DATA
from helpers.problems import NotAvailable

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PATH = DATA / "study" / "ensemble_ranges.csv"
LEAST_LOSS = DATA / "study" / "least_loss.csv"
INNER = (
    "Inner bounds: the cohorts were found by walks from a few starting points and lie near them; "
    "others that agree with the published numbers may lie outside."
)
FREE = {
    "cohort_folder",
    "output_folder",
    "seed",
    "landmarks",
    "imputations",
    "milestones",
    "screening_p",
}  # change none of the quantities


def stored_ranges(analysis: Analysis, *starts: str, path: Path | None = None) -> pd.DataFrame:
    """Read the ranges of the ids that begin with one of *starts* (all if none is named).

    Parameters
    ----------
    analysis : Analysis
        Of a cohort made for the paper, with the parameters of the ranges.
    *starts : str
    path : Path, optional
        By default data/study/ensemble_ranges.csv, which ``python -m helpers.calibration.unsettled`` writes.

    Returns
    -------
    DataFrame
        what, low, high, cohorts: one row per quantity that has a range.

    Raises
    ------
    NotAvailable
        If the ranges are of other cohorts or other parameters, if there are none, or if too few cohorts stand behind them.
    """
    _of_the_paper(analysis)
    path = path or PATH
    if not path.is_file():
        raise NotAvailable("no ranges over calibrated cohorts are stored")
    table = pd.read_csv(path)
    chosen = table[table["id"].str.startswith(starts)] if starts else table
    found = chosen.dropna(subset=["low", "high"])
    if found.empty:
        behind = int(chosen["cohorts"].max()) if len(chosen) else 0
        raise NotAvailable(f"stored cohorts that give the published results of low dose: {behind}, too few for a range")
    return found[["what", "low", "high", "cohorts"]].reset_index(drop=True)


def least_unequal_loss(analysis: Analysis, path: Path | None = None) -> pd.DataFrame:
    """Read how like each other the dose groups can be lost in cohorts that hit every low-dose number, and what it costs.

    Parameters
    ----------
    analysis : Analysis
        Of a cohort made for the paper, with the parameters of the search.
    path : Path, optional
        By default data/study/least_loss.csv, which ``python -m helpers.calibration.least_loss`` writes.

    Returns
    -------
    DataFrame
        One row per difference that was reached, the greatest first, with the cohort that hits most: untreated_lost, untreated,
        low_lost, low (children lost within a year free of progression, of all with CRS or ICANS), difference (percentage points),
        hits (printed survival statistics), headline_missed, event_free_hr, event_free_p (the low-dose result if all lost had
        stayed free of the event).

    Raises
    ------
    NotAvailable
        If the cohorts are of another paper or other parameters, or none are stored.
    """
    _of_the_paper(analysis)
    path = path or LEAST_LOSS
    if not path.is_file():
        raise NotAvailable("no search for the least unequal loss is stored")
    found = pd.read_csv(path)
    found = found[(found["low_dose_missed"] == 0) & (found["details"] > 0)]
    share = {group: found[f"{group}_lost"] / found[group] for group in ("untreated", "low")}
    found = found.assign(difference=100 * (share["untreated"] - share["low"]))
    best = found.sort_values(["difference", "hits"], ascending=False).drop_duplicates("difference")
    columns = ["untreated_lost", "untreated", "low_lost", "low", "difference", "hits", "headline_missed"]
    return best[[*columns, "event_free_hr", "event_free_p"]].reset_index(drop=True)


def _of_the_paper(analysis: Analysis) -> None:
    """Raise NotAvailable unless the cohort was made for the paper and is read with the parameters of the searches."""
    if not analysis.is_paper_cohort:
        raise NotAvailable("the ranges belong to cohorts made for the paper")
    changed = analysis.parameters.changed().keys() - FREE
    if changed:
        raise NotAvailable(f"the ranges belong to the default of {', '.join(sorted(changed))}")
