"""From labels to the ward: CRS and ICANS day by day, and the drugs given for them.

GC is given inside the CRS (or ICANS) that it treats; CRS grade before it drives it; premedication, intrathecal and local
steroids stand beside it, for the derivation to leave out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.derive import BASE_PER_SALT, EQUIVALENT_MG
from helpers.synthesis.draws import pick, pinned
from helpers.synthesis.margins import printed, spread

LONGEST_LOW = 7  # days of a long low-dose course
PHOSPHATE = BASE_PER_SALT["dexamethasone", "sodium phosphate"] * 4 / EQUIVALENT_MG["dexamethasone"]
COLUMNS = ["patient", "agent", "salt", "route", "day", "time", "dose_mg", "indication"]


def draw_courses(labels: pd.DataFrame, contact: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the days of CRS, ICANS and GC.

    Parameters
    ----------
    labels : DataFrame
    contact : Series
        Last contact: an unresolved CRS is seen until then, or until the patient is transferred (days 13-18).

    Returns
    -------
    DataFrame
        crs_from, crs_to, crs_peak, icans_from, icans_mild (days at grade 1 or 2), icans_to, gc_from, gc_days; NaN where
        there is none; index that of *labels*.

    Raises
    ------
    ValueError
        If these labels and draws leave no way to a printed median; draw again.
    """
    out = pd.DataFrame(index=labels.index)
    contact = np.minimum(contact, rng.integers(13, 19, len(labels)))  # when those with an unresolved CRS left
    toxic, gc, opened = labels["toxic"], labels["gc"] != "none", labels["crs_open"]
    out["gc_from"] = _gc_start(labels, gc, rng)
    latest = np.where(gc, np.minimum(out["gc_from"], 9), 9)
    onset = rng.choice(10, len(labels), p=[0.09, 0.25, 0.27, 0.14, 0.08, 0.06, 0.04, 0.03, 0.02, 0.02])
    onset = np.where(onset > latest, np.floor((latest + 1) * rng.random(len(labels)) * 0.999), onset)
    out.loc[toxic, "crs_from"] = pinned(rng, onset[toxic].astype(float), spread("table2.crs_onset"), 0, latest[toxic])
    since = out["gc_from"] - out["crs_from"]
    out["gc_days"] = _gc_length(labels, gc, since, np.where(opened, contact - out["gc_from"] + 1, np.inf), rng)
    least = np.where(gc, since + out["gc_days"], 1)
    most = np.where(opened, contact - out["crs_from"] + 1, 19.0)
    least = np.where(opened, most, least)
    days = rng.poisson(np.select([labels["crs"] == 1, labels["crs"] == 2], [3.0, 4.5], 5.5)) + 1.0
    length = pinned(rng, days[toxic], spread("table2.crs_duration"), least[toxic], most[toxic])
    out["crs_to"] = out["crs_from"] + pd.Series(length, index=labels.index[toxic]) - 1
    out["crs_peak"] = _peak_day(out, gc, rng)
    _icans(out, labels, contact, rng)
    return out


def _gc_start(labels: pd.DataFrame, gc: pd.Series, rng) -> pd.Series:
    late = labels["late"].to_numpy()
    early_day = rng.choice([1, 2, 3, 4], len(labels), p=[0.08, 0.2, 0.32, 0.4])
    late_day = rng.choice(np.arange(5, 12), len(labels), p=[0.34, 0.24, 0.17, 0.11, 0.07, 0.05, 0.02])
    day = np.where(late, late_day, early_day).astype(float)
    low, high = np.where(late, 5, 1), np.where(late, np.where(labels["crs_open"], 8, 11), 4)
    days = pinned(rng, day[gc], spread("table2.gc_time"), low[gc], high[gc])
    return pd.Series(days, index=labels.index[gc]).reindex(labels.index)


def _gc_length(labels, gc, since, until_exit, rng) -> pd.Series:
    long, high_dose = labels["long"].to_numpy(), (labels["gc"] == "high").to_numpy()
    n = len(labels)
    days = np.where(
        long, np.where(high_dose, 4 + rng.poisson(3, n), 3 + rng.poisson(1.2, n)), rng.choice([1, 2], n, p=[0.4, 0.6])
    )
    low = np.where(long, 3.0, 1.0)
    high = np.where(long, np.where(high_dose, 18.0, LONGEST_LOW), 2.0)
    high = np.maximum(low, np.minimum(high, np.minimum(19 - since, until_exit)))
    length = pinned(rng, days[gc].astype(float), spread("table2.gc_duration"), low[gc], high[gc])
    return pd.Series(length, index=labels.index[gc]).reindex(labels.index)


def _peak_day(out: pd.DataFrame, gc: pd.Series, rng) -> pd.Series:
    """First day at the peak grade: the day of the first GC or the day before; in one in ten the day after."""
    n = len(out)
    shift = rng.choice([-1, 0, 1], n, p=[0.4, 0.5, 0.1])
    peak = np.where(gc, out["gc_from"] + shift, out["crs_from"] + rng.integers(0, 3, n))
    return pd.Series(np.clip(peak, out["crs_from"], out["crs_to"]), index=out.index)


def _icans(out: pd.DataFrame, labels: pd.DataFrame, contact: pd.Series, rng) -> None:
    """ICANS starts in the CRS; at grade 2 or more it starts before the GC and lasts into it."""
    ill = (labels["icans"] > 0).to_numpy()
    mild = ill & ~labels["icans4"].to_numpy()  # the one abrupt grade 4 has no day at grade 1 or 2
    half = int(mild.sum()) // 2
    lengths = [3, 4, 5, 8, *rng.choice([3, 4], half - 2).tolist(), *rng.choice([5, 5, 6, 6, 7], half - 2).tolist()]
    out["icans_mild"] = np.nan
    out.loc[mild, "icans_mild"] = rng.permutation(np.array(lengths, float))
    driven = ill & (labels["icans"] >= 2).to_numpy()
    since = (out["gc_from"] - out["crs_from"]).to_numpy()
    before_end = (out["crs_to"] - out["crs_from"]).to_numpy()
    before_exit = np.where(labels["icans_open"], before_end - np.nan_to_num(out["icans_mild"]), np.inf)
    high = np.minimum(np.minimum(8, before_end), before_exit)
    high = np.where(driven, np.minimum(high, since), high)
    low = np.where(driven & ~labels["icans_open"], np.maximum(0, since - np.nan_to_num(out["icans_mild"]) + 1), 0)
    drawn = np.minimum(
        rng.choice([0, 1, 2, 3, 4, 5], len(out), p=[0.25, 0.35, 0.15, 0.12, 0.08, 0.05]).astype(float), high
    )
    start = pinned(rng, drawn[ill], spread("table2.icans_onset"), low[ill], high[ill])
    out["icans_from"] = out["crs_from"] + pd.Series(start, index=out.index[ill])
    severe = np.where(labels["icans"] == 3, rng.integers(1, 4, len(out)), 0)
    end = out["icans_from"] + out["icans_mild"].fillna(0) + severe - 1
    out["icans_to"] = np.where(labels["icans_open"], contact, end)


def toxicity_table(labels: pd.DataFrame, courses: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Write CRS and ICANS as intervals at one grade (column ``patient`` in place of patient_id)."""
    rows = []
    for patient in labels.index[labels["toxic"]]:
        label, course = labels.loc[patient], courses.loc[patient]
        rows += _rows(patient, "CRS", _crs_days(label, course, rng), course["crs_from"], not label["crs_open"])
        if label["icans"]:
            rows += _rows(patient, "ICANS", _icans_days(label, course), course["icans_from"], not label["icans_open"])
    columns = ["patient", "episode_id", "event", "day_from", "day_to", "grade", "grading_system", "resolved"]
    return pd.DataFrame(rows, columns=columns)


def _crs_days(label: pd.Series, course: pd.Series, rng) -> np.ndarray:
    peak = 4 if label["crs4"] else int(label["crs"])
    grades = np.ones(int(course["crs_to"] - course["crs_from"]) + 1, int)
    at = int(course["crs_peak"] - course["crs_from"])
    stay = grades.size - at if label["crs_open"] else int(rng.integers(1, 4))
    for step in range(2, peak + 1):
        grades[max(0, at - (peak - step)) : at + stay + (peak - step)] = step
    return grades


def _icans_days(label: pd.Series, course: pd.Series) -> np.ndarray:
    total = int(course["icans_to"] - course["icans_from"]) + 1
    if label["icans4"]:
        return np.full(total, 4)
    grades = np.ones(total, int)
    if label["icans"] == 2:
        grades[1 : total - 1] = 2
    if label["icans"] == 3:
        mild = int(course["icans_mild"])
        start = mild if label["icans_open"] else (mild + 1) // 2
        grades[1:start] = 2
        grades[start : start + total - mild] = 3
        grades[start + total - mild :] = 1
    return grades


def _rows(patient: int, event: str, grades: np.ndarray, first: float, resolved: bool) -> list[tuple]:
    edges = np.flatnonzero(np.diff(grades)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), grades.size]
    return [
        (patient, f"{event}-1", event, first + a, first + b - 1, int(grades[a]), "ASTCT", resolved)
        for a, b in zip(starts, ends, strict=True)
    ]


def treatment_table(
    labels: pd.DataFrame, courses: pd.DataFrame, weight: pd.Series, contact: pd.Series, rng
) -> pd.DataFrame:
    """Write every administration (column ``patient`` in place of patient_id).

    Raises
    ------
    ValueError
        If the cumulative doses miss the printed median or 75th percentile; draw again.
    """
    rows = _gc(labels, courses, weight, rng)
    for patient in labels.index[labels["tcz"]]:
        rows += _tocilizumab(patient, courses.loc[patient], labels.loc[patient], weight[patient], rng)
    for patient in labels.index[labels["rux"]]:
        rows += _ruxolitinib(patient, courses.loc[patient], weight[patient], contact[patient], rng)
    rows += _left_out(labels, courses, weight, contact, rng)
    return pd.DataFrame(rows, columns=COLUMNS)


def _gc(labels, courses, weight, rng) -> list[tuple]:
    """Systemic GC: daily doses per kilogram from the group, written in the milligrams that a ward draws up."""
    on_gc = labels.index[labels["gc"] != "none"]
    edge = [p for p in on_gc if labels.loc[p, "gc"] == "low" and courses.loc[p, "gc_days"] in (2, 4)]
    at_cut = edge[int(rng.integers(len(edge)))]  # the highest low dose: 8 mg/kg, or just less
    rows, sums = [], {}
    for patient in on_gc:
        label, course = labels.loc[patient], courses.loc[patient]
        days = int(course["gc_days"])
        per_day = np.full(days, 8.0 / days) if patient == at_cut else _per_day(label["gc"], days, rng)
        given = _administrations(label, course, per_day, weight[patient], rng, exact=patient == at_cut)
        rows += [(patient, *one) for one in given]
        factor = PHOSPHATE if given[0][0] == "dexamethasone" else 1.0
        sums[patient] = sum(one[5] for one in given) * factor / weight[patient]
    sums = pd.Series(sums)
    cut, middle = printed("methods.gc_threshold.dose"), printed("results.patients.gc_dose.median")
    good = (sums <= cut).eq(labels.loc[on_gc, "gc"] == "low").all() and abs(np.percentile(sums, 75) - cut) <= 0.5
    if not good or abs(sums.median() - middle) > 0.49:
        raise ValueError("cumulative doses miss the print")
    return rows


def _per_day(group: str, days: int, rng) -> np.ndarray:
    """Methylprednisolone equivalent, mg/kg, on each day of a course."""
    if group == "low":
        level = {1: [1, 2, 2], 2: [1, 2, 2, 2, 2], 3: [1, 2], 4: [1, 1.5]}.get(days, [1])
        return np.full(days, rng.choice(level), float)
    level = {1: 12, 2: 8, 3: 5, 4: 4}.get(days, 2.0)
    doses = np.full(days, level, float)
    if days > 7:
        doses[-3:] = level / 2  # tapered
    return doses


def _administrations(label, course, per_day, weight, rng, exact=False) -> list[tuple]:
    for_icans = label["icans"] >= 2 or (
        label["icans"] == 1 and course["icans_from"] <= course["gc_from"] <= course["icans_to"]
    )
    dexamethasone = label["icans"] >= 2 and not exact and rng.random() < 0.7
    times = ["08:00", "20:00"] if per_day.max() >= 2 else ["09:00"]
    first = f"{int(rng.integers(1, 24)):02d}:{rng.choice(['00', '15', '30', '40'])}"
    unit = 0.5 if dexamethasone else (1.0 if exact or weight < 20 else 5.0)
    agent, salt = ("dexamethasone", "sodium phosphate") if dexamethasone else ("methylprednisolone", "base")
    indication = ("ICANS" if dexamethasone else "CRS/ICANS") if for_icans else "CRS"
    rows = []
    for i, level in enumerate(per_day):
        milligrams = level * weight / len(times) / (PHOSPHATE if dexamethasone else 1.0)
        steps = np.floor(milligrams / unit + 1e-9) if exact else max(1.0, np.round(milligrams / unit))
        when = [first, *times[1:]] if i == 0 and first < "20:00" else times
        route = "PO" if i >= 5 and not dexamethasone and rng.random() < 0.5 else "IV"
        rows += [(agent, salt, route, course["gc_from"] + i, time, float(steps * unit), indication) for time in when]
    return rows


def _tocilizumab(patient, course, label, weight, rng) -> list[tuple]:
    """8 mg/kg (12 below 30 kg), at most 800 mg; again the next day in one in four of grade 2 or more."""
    last = course["crs_to"] if np.isnan(course["gc_from"]) else course["gc_from"]
    day = course["crs_from"] + rng.integers(0, 1 + int(min(2, last - course["crs_from"])))
    dose = float(min(800, max(20, round((12 if weight < 30 else 8) * weight / 20) * 20)))
    again = label["crs"] >= 2 and day + 1 <= course["crs_to"] and rng.random() < 0.25
    days = [day, day + 1] if again else [day]
    return [(patient, "tocilizumab", None, "IV", d, f"{int(rng.integers(0, 24)):02d}:30", dose, "CRS") for d in days]


def _ruxolitinib(patient, course, weight, contact, rng) -> list[tuple]:
    """2.5 mg below 25 kg, else 5 mg, twice daily for up to a week of the CRS; or all month for GVHD."""
    dose = 2.5 if weight < 25 else 5.0
    if np.isnan(course["crs_from"]):
        days, indication = np.arange(0, min(31, contact)), "GVHD"
    else:
        start = course["crs_from"] + rng.integers(0, 1 + int(min(3, course["crs_to"] - course["crs_from"])))
        days, indication = np.arange(start, min(course["crs_to"], start + rng.integers(2, 7)) + 1), "CRS"
    return [
        (patient, "ruxolitinib", None, "PO", float(d), time, dose, indication)
        for d in days
        for time in ("08:00", "20:00")
    ]


def _left_out(labels, courses, weight, contact, rng) -> list[tuple]:
    """Steroids that are shown and not summed: premedication, replacement, intrathecal, local, before and after the window."""
    n, rows = len(labels), []
    everyone, stayed = np.ones(n, bool), (contact > 45).to_numpy()
    for p in pick(rng, everyone, 9):
        rows.append(
            (
                p,
                "dexamethasone",
                "sodium phosphate",
                "IV",
                0.0,
                "08:30",
                5.0 if weight[p] > 25 else 2.0,
                "premedication",
            )
        )
    for p in pick(rng, everyone, 6):
        rows.append(
            (
                p,
                "dexamethasone",
                "sodium phosphate",
                "IV",
                -4.0,
                "09:00",
                5.0 if weight[p] > 25 else 2.0,
                "premedication",
            )
        )
    for p in pick(rng, stayed, 3):
        rows += [
            (p, "hydrocortisone", "base", "PO", float(d), t, 5.0, "physiological replacement")
            for d in range(12, 19)
            for t in ("08:00", "20:00")
        ]
    for p in pick(rng, (labels["icans"] > 0).to_numpy(), 10):
        rows.append(
            (p, "dexamethasone", "sodium phosphate", "IT", courses.loc[p, "icans_from"] + 1, "15:00", 5.0, "ICANS")
        )
    for p in pick(rng, labels["site"].str.contains("cns").to_numpy() & stayed, 5):
        rows.append(
            (p, "dexamethasone", "sodium phosphate", "IT", 28.0, "15:00", 2.5 if weight[p] < 15 else 5.0, "other")
        )
    for p in pick(rng, stayed, 5):
        rows += [(p, "hydrocortisone", "acetate", "topical", float(d), None, 10.0, "other") for d in (8, 9, 10)]
    for p in pick(rng, stayed, 3):
        rows += [(p, "dexamethasone", "sodium phosphate", "ocular", float(d), None, 0.1, "other") for d in (3, 4, 5)]
    for p in pick(rng, stayed, 3):
        rows += [(p, "dexamethasone", "sodium phosphate", "inhaled", float(d), None, 2.0, "other") for d in (6, 7)]
    for p in pick(rng, (contact > 60).to_numpy(), 4):
        rows += [
            (p, "methylprednisolone", "base", "IV", float(d), "09:00", float(max(5, round(weight[p] / 5) * 5)), "GVHD")
            for d in (38, 39, 40)
        ]
    return rows
