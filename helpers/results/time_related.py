"""The exposure of the parameters seen in time: naive, as it began, and from landmark days on.

Whoever is exposed had to live, free of the event, until the exposure began; counting those days as exposed (naive) favours
the exposure. The time-dependent model counts each patient as unexposed up to and with the day that the exposure began; a
landmark sets the clock to a later day, on which it is known who is exposed.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.days import DAYS_PER_YEAR, first_days
from helpers.cohort.treatments import ROUNDING, steroid_doses
from helpers.estimate.cox import cox
from helpers.estimate.time_varying import cox_start_stop, landmark_rows, rows_by_exposure
from helpers.problems import NotAvailable
from helpers.results.curves import endpoint_columns
from helpers.results.exposure import EXPOSURE_COLUMNS, exposure_groups
from helpers.results.measures import once_per_analysis, reason_in_words
from helpers.results.populations import in_population, named_population, needed_frame
from helpers.results.registry import GC, family
from helpers.results.table5 import MEASURES, METHOD, MODEL
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PLACE = "extra.time"
SWIMMERS = 10
DEPENDS = (*MODEL, *GC, "exposure")
NAMES = [f"{PLACE}.{name}.{measure}" for name in ("naive", "time_dependent") for measure in MEASURES]


def exposure_day(analysis: Analysis) -> pd.Series:
    """Return the day that the exposure began, by patient; missing for those not exposed within the window.

    Raises
    ------
    NotAvailable
        If the exposure is a column of patients, which has no day, or the cohort lacks the table.
    InputError
        If the cohort has no such exposure at all.
    """
    name = analysis.parameters.exposure
    if name in EXPOSURE_COLUMNS:
        column = f"{EXPOSURE_COLUMNS[name]}_first_day"
        return needed_frame(analysis, EXPOSURE_COLUMNS[name], column)[column].astype(float).rename(name)
    exposure_groups(analysis, name)  # says what it may be
    if name in analysis.own or name in analysis.frame:
        raise NotAvailable(f"exposure {name} is known on day 0: it has no day that it began, so time does not enter")
    last = np.nextafter(analysis.parameters.window_days + 1, 0)  # the window ends with its last calendar day
    first = first_days(analysis.cohort, name, 0, last)
    return first.reindex(analysis.frame.index).astype(float).rename(name)


@once_per_analysis
def timed_exposure(analysis: Analysis) -> pd.DataFrame:
    """Lay out the patients compared: time, event, exposed (within the window), day (that the exposure began).

    A patient of whom time, exposure or the day of the exposure is not known has a missing ``time``.
    """
    time, event = endpoint_columns(analysis.parameters.endpoint)
    frame = needed_frame(analysis, time, event)
    day, groups = exposure_day(analysis), exposure_groups(analysis)
    exposed = groups.eq(groups.cat.categories[-1])
    unknown = groups.isna() | (exposed & day.isna())
    found = pd.DataFrame(
        {"time": frame[time].astype(float).mask(unknown), "event": frame[event], "exposed": exposed, "day": day}
    )
    return found[in_population(analysis, "toxicity")]


@family(
    *NAMES,
    population="toxicity",
    method=METHOD
    + "; exposed or not as if known on day 0 (naive), and unexposed up to and with the day that the exposure began",
    reason="the exposure begins after day 0; those who get it had to live until then",
    depends=DEPENDS,
)
def time_models(analysis: Analysis) -> dict[str, Value]:
    """Hazard ratio of the exposure of the parameters, naive and time-dependent."""
    return {
        f"{PLACE}.{name}.{measure}": value
        for name, model in (("naive", ever_against_never), ("time_dependent", time_dependent))
        for measure, value in model(analysis).items()
    }


@family(
    population="toxicity",
    method=METHOD + " from the landmark on, of those still at risk after it, exposed or not by then",
    reason="on the landmark day it is known who is exposed; nobody's later fate decides",
    prefix=f"{PLACE}.landmark_",
    depends=[*DEPENDS, "landmarks"],
)
def landmark_models(analysis: Analysis) -> dict[str, Value]:
    """Hazard ratio of the exposure of the parameters from each landmark day on."""
    return {
        f"{PLACE}.landmark_{day:g}.{measure}": value
        for day in analysis.parameters.landmarks
        for measure, value in at_landmark(analysis, day).items()
    }


def ever_against_never(analysis: Analysis) -> dict[str, Value]:
    """Compare the ever exposed with the never exposed from day 0: hr, ci_low, ci_high, p."""
    data = timed_exposure(analysis)
    frame = pd.DataFrame({"time": data["time"], "event": data["event"], "exposed": data["day"].notna()})
    return _two_groups(
        analysis,
        frame.dropna(subset=["time"]),
        len(data),
        f"was exposed within days 0-{analysis.parameters.window_days}",
    )


def time_dependent(analysis: Analysis) -> dict[str, Value]:
    """Compare exposed with unexposed at each event: hr, ci_low, ci_high, p."""
    data, used = timed_exposure(analysis), analysis.parameters
    rows = rows_by_exposure(data["time"], data["event"], data["day"])
    n, events = rows["patient"].nunique(), int(rows["event"].sum())
    counts = {"n": n, "events": events, "missing": len(data) - n}
    if not len(rows) or not events:
        return _none("no event" if len(rows) else "of no patient are endpoint and exposure known", counts)
    if not rows["exposed"].any():
        return _none(
            f"nobody began {used.exposure} within days 0-{used.window_days} and before the end of follow-up", counts
        )
    row = cox_start_stop(rows, ["exposed"], ties=analysis.parameters.ties, alpha=used.alpha).table.iloc[0]
    reason = f"{row['reason']}{_who_has_no_event(rows, used.exposure)}" if row["reason"] else ""
    return {measure: Value("", row[measure], reason, **counts) for measure in MEASURES}


def _who_has_no_event(rows: pd.DataFrame, exposure: str) -> str:
    """Say in brackets on which side of the exposure there is no event; empty if there are events on both."""
    exposed = rows["exposed"].astype(bool)
    if not rows.loc[exposed, "event"].any():
        return f" (no event among the {rows.loc[exposed, 'patient'].nunique()} with {exposure})"
    return "" if rows.loc[~exposed, "event"].any() else f" (no event without {exposure} or before it)"


def at_landmark(analysis: Analysis, day: float) -> dict[str, Value]:
    """Compare those exposed by a landmark day with the others still at risk after it: hr, ci_low, ci_high, p."""
    try:
        data = timed_exposure(analysis)
    except NotAvailable as absent:  # the days are the user's, so their ids are there with the reason
        return {measure: Value("", None, str(absent)) for measure in MEASURES}
    taken, unknown = landmark_rows(data["time"], data["event"], data["day"], day), int(data["time"].isna().sum())
    if len(taken.frame):
        who = f"still at risk after day {day:g} was exposed by then"
        found = _two_groups(analysis, taken.frame, len(taken.frame) + unknown, who)
    else:
        found = _none(f"nobody is at risk after day {day:g}", {"n": 0, "events": 0, "missing": unknown})
    population = f"{named_population(analysis, 'toxicity')} & at risk after day {day:g}"
    return {measure: replace(value, population=population) for measure, value in found.items()}


def _two_groups(analysis: Analysis, frame: pd.DataFrame, of: int, who: str) -> dict[str, Value]:
    used, exposed = analysis.parameters, int(frame["exposed"].sum())
    counts = {"n": len(frame), "events": int(frame["event"].sum()), "missing": of - len(frame)}
    if not len(frame):
        return _none("of no patient are endpoint and exposure known", counts)
    if exposed in (0, len(frame)):
        return _none(f"{'everybody' if exposed else 'nobody'} {who}", counts)
    if not counts["events"]:
        return _none("no event", counts)
    plain = frame[["time", "event", "exposed"]].astype({"exposed": bool, "event": bool, "time": float})
    row = cox(plain, ["exposed"], "time", "event", ties=used.ties, alpha=used.alpha).table.iloc[0]
    words = {"exposed yes": f"with {used.exposure}", "exposed no": f"without {used.exposure}"}
    reason = reason_in_words(row["reason"], words)
    return {measure: Value("", row[measure], reason, **counts) for measure in MEASURES}


def _none(reason: str, counts: Mapping[str, int]) -> dict[str, Value]:
    return {measure: Value("", None, reason, **counts) for measure in MEASURES}


def person_time(analysis: Analysis) -> pd.DataFrame:
    """Add up the person-time of those never exposed, and of the exposed before and after.

    Returns
    -------
    DataFrame
        One row each for "never", "before" and "after": patients, days (from 0), events, and events per 100 patient-years.
    """
    data = timed_exposure(analysis).dropna(subset=["time"])
    rows = rows_by_exposure(data["time"], data["event"], data["day"])
    ever = (data["day"] < data["time"]).to_numpy()[rows["patient"]]
    state = np.where(rows["exposed"], "after", np.where(ever, "before", "never"))
    days = rows["stop"] - rows["start"].clip(lower=0)
    table = pd.DataFrame({"state": state, "days": days, "event": rows["event"]}).groupby("state")
    found = table.agg(patients=("days", "size"), days=("days", "sum"), events=("event", "sum"))
    found = found.reindex(["never", "before", "after"], fill_value=0)
    rate = 100 * DAYS_PER_YEAR * found["events"] / found["days"].where(found["days"] > 0)
    return found.assign(per_100_years=rate).reset_index()


def swimmer_patients(analysis: Analysis) -> pd.DataFrame:
    """Choose ten patients for a swimmer plot, half of them exposed, spread evenly over how long they were followed.

    Returns
    -------
    DataFrame
        patient (a letter, no identifier), time, event, day.
    """
    data = timed_exposure(analysis).dropna(subset=["time"]).sort_values("time", kind="stable")
    parts = []
    for exposed in (True, False):
        inside = data[data["exposed"] == exposed]
        other = int((data["exposed"] != exposed).sum())
        wanted = min(len(inside), max(SWIMMERS // 2, SWIMMERS - other))
        parts.append(inside.iloc[np.linspace(0, len(inside) - 1, wanted).round().astype(int)] if wanted else inside)
    chosen = pd.concat(parts)[["time", "event", "day"]].reset_index(drop=True)
    chosen.insert(0, "patient", [chr(ord("A") + place) for place in range(len(chosen))])
    return chosen


def crossing_day(analysis: Analysis) -> pd.Series:
    """Return the first day on which the cumulative GC dose exceeded the cut-off, by patient; missing for the others.

    Raises
    ------
    NotAvailable
        If the cohort has no doses.
    """
    needed_frame(analysis, "gc_dose_mg_per_kg")
    doses = steroid_doses(analysis.cohort, analysis.parameters)
    doses = doses[doses["left_out"] == ""].sort_values(["patient_id", "day"], kind="stable")
    total = doses.groupby("patient_id")["mp_mg_per_kg"].cumsum()
    over = doses[total > analysis.gc_cutoff + ROUNDING]
    return over.groupby("patient_id")["day"].min().reindex(analysis.frame.index).astype(float)


def misplaced_events(analysis: Analysis) -> pd.DataFrame:
    """Count the events that time could misplace.

    Returns
    -------
    DataFrame
        up_to ("the last start of <exposure>", "the last crossing of the GC cut-off", "day 30"), day, patients (still followed
        after it), events (up to and with it), and of these events_unexposed (before, or without, the exposure).
    """
    data = timed_exposure(analysis).dropna(subset=["time"])
    moments = {f"the last start of {analysis.parameters.exposure}": data["day"].max()}
    with suppress(NotAvailable):
        moments["the last crossing of the GC cut-off"] = crossing_day(analysis).reindex(data.index).max()
    moments["day 30"] = 30.0
    rows = []
    for what, day in moments.items():
        early = data["event"] & (data["time"] <= day)
        before = early & ~(data["day"] < data["time"])
        rows.append((what, day, int((data["time"] > day).sum()), int(early.sum()), int(before.sum())))
    return pd.DataFrame(rows, columns=["up_to", "day", "patients", "events", "events_unexposed"])


def same_risk_sets(analysis: Analysis) -> bool:
    """Tell whether at every event naive and time-dependent models have the same exposed and unexposed patients at risk."""
    data = timed_exposure(analysis).dropna(subset=["time"])
    rows = rows_by_exposure(data["time"], data["event"], data["day"])
    at = np.unique(data["time"][data["event"]])
    inside = data["exposed"].to_numpy()
    times, late = np.sort(data["time"].to_numpy()[inside]), rows[rows["exposed"]]
    naive_ = len(times) - np.searchsorted(times, at, side="left")
    begun, ended = (np.searchsorted(np.sort(late[name].to_numpy()), at, side="left") for name in ("start", "stop"))
    return bool(np.array_equal(naive_, begun - ended))


def decision_counts(analysis: Analysis, grade: int = 2) -> pd.DataFrame:
    """Count who began the exposure before, at, and after the first day at a CRS grade: the target trial's time zero.

    Returns
    -------
    DataFrame
        began ("before the day", "on the day", "1 to 2 days later", "later", "not within the window"), patients.

    Raises
    ------
    NotAvailable
        If the cohort has no table toxicity, or nobody reached the grade.
    """
    rows = analysis.cohort.need("toxicity", "event", "day_from", "grade")
    reached = rows[
        rows["event"].eq("CRS").fillna(False).astype(bool) & rows["grade"].ge(grade).fillna(False).astype(bool)
    ]
    if reached.empty:
        raise NotAvailable(f"no CRS of grade {grade} or more is recorded in cohort {analysis.cohort.name}")
    zero = reached.groupby("patient_id")["day_from"].min().astype(float)
    lag = exposure_day(analysis).reindex(zero.index) - zero
    parts = {"before the day": lag < 0, "on the day": lag == 0, "1 to 2 days later": (lag > 0) & (lag <= 2), "later": lag > 2,
             "not within the window": lag.isna()}  # fmt: skip
    return pd.DataFrame({"began": list(parts), "patients": [int(part.sum()) for part in parts.values()]})


def time_model_rows(analysis: Analysis) -> pd.DataFrame:
    """Lay the models of results.json out: model, n, events, hr, ci_low, ci_high, p, reason.

    Raises
    ------
    NotAvailable
        If none of them has a number, with the reason of the first.
    """
    days = {f"landmark day {day:g}": at_landmark(analysis, day) for day in analysis.parameters.landmarks}
    found = {"naive": ever_against_never(analysis), "time-dependent": time_dependent(analysis), **days}
    rows = [
        (name, part["hr"].n, part["hr"].events, *(part[measure].value for measure in MEASURES), part["hr"].reason)
        for name, part in found.items()
    ]
    table = pd.DataFrame(rows, columns=["model", "n", "events", *MEASURES, "reason"])
    table[list(MEASURES)] = table[list(MEASURES)].astype(float)
    if table["hr"].isna().all():
        raise NotAvailable(table["reason"].iloc[0])
    return table


def dose_strategies(analysis: Analysis) -> pd.DataFrame:
    """Compare low GC dose with none, the high dose left out, and censored at the crossing of the cut-off instead.

    Returns
    -------
    DataFrame
        strategy, n, events, hr, ci_low, ci_high, p, reason; the exposure is time-dependent in both.

    Raises
    ------
    NotAvailable
        If the exposure is not GC, or nobody crossed the cut-off.
    """
    used = analysis.parameters
    if used.exposure != "GC":
        raise NotAvailable(f"the dose cut-off is one of GC, and the exposure is {used.exposure}")
    data = timed_exposure(analysis).dropna(subset=["time"])
    cross = crossing_day(analysis).reindex(data.index)
    if cross.isna().all():
        raise NotAvailable(f"nobody was given more than {analysis.gc_cutoff:g} mg/kg within the window")
    over = cross < data["time"]
    censored = data.assign(time=data["time"].where(~over, cross), event=data["event"] & ~over)
    rows = []
    for strategy, part in {"high dose left out": data[cross.isna()], "censored at the crossing": censored}.items():
        split = rows_by_exposure(part["time"], part["event"], part["day"])
        row = cox_start_stop(split, ["exposed"], ties=used.ties, alpha=used.alpha).table.iloc[0]
        rows.append((strategy, len(part), int(part["event"].sum()), *row[list(MEASURES)], row["reason"]))
    return pd.DataFrame(rows, columns=["strategy", "n", "events", *MEASURES, "reason"])


def transplanted_counts(analysis: Analysis) -> pd.DataFrame:
    """Count by exposure who was transplanted before the event or the end: exposure, patients, transplanted, events_after."""
    rows = analysis.cohort.need("followup", "transplant_day").set_index("patient_id")
    data = timed_exposure(analysis).dropna(subset=["time"])
    before = (rows["transplant_day"].reindex(data.index) < data["time"]).fillna(False).astype(bool)
    name = analysis.parameters.exposure
    parts = {f"no {name}": ~data["exposed"], name: data["exposed"]}
    counts = [
        (label, int(who.sum()), int((who & before).sum()), int((who & before & data["event"]).sum()))
        for label, who in parts.items()
    ]
    return pd.DataFrame(counts, columns=["exposure", "patients", "transplanted", "events_after"])
