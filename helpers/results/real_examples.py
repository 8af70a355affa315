"""Competing and intercurrent events on public patients, method beside method, as notebook 08 shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.days import first_days
from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.estimate.competing_risks import cause_specific, fine_gray, gray_test, incidence_at
from helpers.estimate.multistate import FIRST, state_occupancy, state_spells
from helpers.estimate.time_varying import cox_start_stop, rows_by_exposure
from helpers.estimate.weights import effective_size
from helpers.results.competing import first_events

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

TRANSPLANTED = "transplantation"


def incidence_beside_kaplan_meier(analysis: Analysis, groups: str, years: float) -> dict[str, object]:
    """Read the cumulative incidence of progression, and one minus Kaplan–Meier that censors deaths without it.

    Parameters
    ----------
    analysis : Analysis
    groups : str
        Column of patients whose groups Gray's test compares.
    years : float

    Returns
    -------
    dict
        patients (name of the cohort), years, n, progressed, died_without, incidence, one_minus_km (percent), groups, gray_p.
    """
    data = first_events(analysis).dropna()
    at = years * DAYS_PER_YEAR
    own = incidence_at(data["time"], data["cause"], at)["incidence"].iloc[0]
    alone = incidence_at(data["time"], data["cause"].eq(1).astype(int), at)["incidence"].iloc[0]
    test = gray_test(data["time"], data["cause"], analysis.frame[groups].reindex(data.index))
    counts = data["cause"].value_counts()
    return {"patients": analysis.cohort.name, "years": years, "n": len(data), "progressed": counts.get(1, 0),
            "died_without": counts.get(2, 0), "incidence": 100 * own, "one_minus_km": 100 * alone, "groups": groups,
            "gray_p": test.p}  # fmt: skip


def two_ratios(analysis: Analysis) -> pd.DataFrame:
    """Fit progression by age and sex: patients, model (cause-specific, Fine–Gray), covariate, coef, hr, ci_low, ci_high, p."""
    data = first_events(analysis).dropna()
    frame = analysis.frame.loc[data.index]
    data = data.assign(age_per_10_years=frame["age_years"] / 10, male=frame["sex"].eq("male").astype(float))
    parts = [
        model(data, ["age_per_10_years", "male"], "time", "cause").table.assign(
            patients=analysis.cohort.name, model=name
        )
        for name, model in (("cause-specific", cause_specific), ("Fine–Gray", fine_gray))
    ]
    found = pd.concat(parts, ignore_index=True)
    return found[["patients", "model", "covariate", "coef", "hr", "ci_low", "ci_high", "p"]]


def transplantation_strategies(analysis: Analysis) -> pd.DataFrame:
    """Compare the arms of a trial by death, transplantation on the way handled in three ways.

    Returns
    -------
    DataFrame
        transplantation (ignored, censored at it, time-dependent), covariate, coef, hr, ci_low, ci_high, p.
    """
    day = first_days(analysis.cohort, TRANSPLANTED).reindex(analysis.frame.index)
    rows = rows_by_exposure(analysis.frame["os_days"], analysis.frame["os_event"], day)
    rows["treated"] = analysis.frame["arm"].eq("B").to_numpy(bool)[rows["patient"]]
    models = {
        "ignored": cox_start_stop(rows, ["treated"]),
        "censored at it": cox_start_stop(rows[~rows["exposed"]], ["treated"]),
        "time-dependent": cox_start_stop(rows, ["treated", "exposed"]),
    }
    found = pd.concat([model.table.assign(transplantation=name) for name, model in models.items()], ignore_index=True)
    found["covariate"] = found["covariate"].map({"treated": "arm B", "exposed": f"after {TRANSPLANTED}"})
    return found[["transplantation", "covariate", "coef", "hr", "ci_low", "ci_high", "p"]]


def states_occupied(analysis: Analysis, years: float) -> pd.DataFrame:
    """Estimate the share of each arm without transplantation, alive after it, and dead (percent): index state, a column per arm."""
    day = first_days(analysis.cohort, TRANSPLANTED).reindex(analysis.frame.index)
    time, died = analysis.frame["os_days"], analysis.frame["os_event"]
    states, found = [FIRST, TRANSPLANTED, "death"], {}
    for name, members in analysis.frame.groupby("arm", observed=True).groups.items():
        rows = state_spells({TRANSPLANTED: day[members], "death": time.where(died)[members]}, time[members])
        curve = state_occupancy(rows, states)
        found[f"arm {name}"] = 100 * curve.loc[curve["time"] <= years * DAYS_PER_YEAR, states].iloc[-1]
    return pd.DataFrame(found).rename_axis("state")


def weighted_ratios(frame: pd.DataFrame, treated: str, weights: dict[str, np.ndarray]) -> pd.DataFrame:
    """Fit Cox's model of treatment alone under each set of weights, robust intervals.

    Parameters
    ----------
    frame : DataFrame
        Columns pfs_days, pfs_event and *treated*.
    weights : mapping of str to array of shape (n,)

    Returns
    -------
    DataFrame
        weights, coef, hr, ci_low, ci_high, p, ess_treated, ess_untreated (effective sizes), largest.
    """
    given = frame[treated].to_numpy(bool)
    rows = pd.DataFrame({"start": -np.inf, "stop": frame["pfs_days"].to_numpy(), "event": frame["pfs_event"].to_numpy(),
                         treated: given, "patient": np.arange(len(frame))})  # fmt: skip
    found = []
    for name, weight in weights.items():
        table = cox_start_stop(rows.assign(weight=weight), [treated], weights="weight", cluster="patient").table.iloc[0]
        sizes = {
            "ess_treated": float(effective_size(weight[given])),
            "ess_untreated": float(effective_size(weight[~given])),
        }
        found.append(
            {"weights": name, **table[["coef", "hr", "ci_low", "ci_high", "p"]], **sizes, "largest": weight.max()}
        )
    return pd.DataFrame(found)
