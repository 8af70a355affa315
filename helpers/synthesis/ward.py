"""From labels to the ward: CRS and ICANS day by day, and the days on which tocilizumab and GC begin.

Tocilizumab is given from grade 2 on, or to a fever of more than three days; GC after it, while the grade is 2 or more, or
for ICANS. Neurotoxicity begins days after the cytokine release does. :mod:`helpers.synthesis.drugs` writes the doses.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.synthesis.draws import pinned
from helpers.synthesis.margins import spread

LONGEST_LOW = 7  # days of a long low-dose course
TAPERED = 6  # days from which on a course ends on falling doses
BEYOND = 3  # days that a taper may go on after the toxicity
FEVER = 3  # days of grade 1 before tocilizumab
SOONEST_ICANS = 2  # day after infusion


def draw_courses(labels: pd.DataFrame, contact: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the days of CRS, ICANS, tocilizumab and GC.

    Parameters
    ----------
    labels : DataFrame
    contact : Series
        Last contact: an unresolved CRS is seen until then, or until the patient is transferred (days 13-18).

    Returns
    -------
    DataFrame
        left (last day on the ward, for those whose CRS did not resolve), crs_from, crs_to, crs_two and crs_calm (first and last day
        at grade 2 or more), crs_peak, crs_stay (days at the peak), icans_from, icans_mild (days at grade 1 or 2),
        icans_to, tcz_from, gc_from, gc_days; NaN where there is none; index that of *labels*.

    Raises
    ------
    ValueError
        If these labels and draws leave no way to a printed median; draw again.
    """
    out = pd.DataFrame(index=labels.index)
    out["left"] = np.minimum(contact, rng.integers(13, 19, len(labels)))  # when those with an unresolved CRS left
    gc = labels["gc"] != "none"
    out["gc_from"] = _gc_start(labels, gc, rng)
    _onset(out, labels, gc, rng)
    since = out["gc_from"] - out["crs_from"]
    until = np.where(labels["crs_open"], out["left"] - out["gc_from"] + 1, np.inf)
    out["gc_days"] = _gc_length(labels, gc, since, until, rng)
    _length(out, labels, gc, rng)
    _grades(out, labels, gc, rng)
    _icans(out, labels, rng)
    out["tcz_from"] = _tocilizumab(out, labels, gc, rng)
    return out


def _gc_start(labels: pd.DataFrame, gc: pd.Series, rng) -> pd.Series:
    late, neuro = labels["late"].to_numpy(), (labels["icans"] >= 2).to_numpy()
    early_day = rng.choice([1, 2, 3, 4], len(labels), p=[0.08, 0.2, 0.32, 0.4])
    late_day = rng.choice(np.arange(5, 12), len(labels), p=[0.34, 0.24, 0.17, 0.11, 0.07, 0.05, 0.02])
    day = np.where(late, late_day, early_day).astype(float)
    low = np.where(late, 5, np.where(neuro, SOONEST_ICANS + 1, 1))
    high = np.where(late, np.where(labels["crs_open"], 8, 11), 4)
    days = pinned(rng, day[gc], spread("table2.gc_time"), low[gc], high[gc])
    return pd.Series(days, index=labels.index[gc]).reindex(labels.index)


def _onset(out: pd.DataFrame, labels: pd.DataFrame, gc: pd.Series, rng) -> None:
    """First day of CRS: before the first GC; some days later in those who go on to ICANS."""
    n, toxic, neuro = len(labels), labels["toxic"], labels["icans"] > 0
    usual = rng.choice(10, n, p=[0.12, 0.3, 0.27, 0.12, 0.07, 0.05, 0.03, 0.02, 0.01, 0.01])
    later = rng.choice(np.arange(1, 8), n, p=[0.05, 0.15, 0.25, 0.25, 0.18, 0.08, 0.04])
    onset = np.where(neuro, later, usual)
    latest = np.where(gc, np.minimum(out["gc_from"], 9), 9)
    latest = np.where(gc & (labels["crs"] >= 2) & (latest > 1), latest - 1, latest)  # worse by the day of GC
    onset = np.where(onset > latest, np.maximum(latest - rng.integers(0, 2, n), 0), onset)
    days = pinned(rng, onset[toxic].astype(float), spread("table2.crs_onset"), 0, latest[toxic])
    out.loc[toxic, "crs_from"] = days


def _gc_length(labels, gc, since, until_exit, rng) -> pd.Series:
    """Days of GC: longer for the higher grades of a dose group."""
    long, high_dose = labels["long"].to_numpy(), (labels["gc"] == "high").to_numpy()
    n, worst = len(labels), severity(labels).to_numpy()
    extra = rng.poisson(np.where(high_dose, np.maximum(1.0, 2.0 * (worst - 1)), 0.6 * worst))
    days = np.where(long, np.where(high_dose, 4, 3) + extra, rng.choice([1, 2], n, p=[0.4, 0.6]))
    low = np.where(long, 3.0, 1.0)
    high = np.where(long, np.where(high_dose, 18.0, LONGEST_LOW), 2.0)
    high = np.maximum(low, np.minimum(high, np.minimum(19 - since, until_exit)))
    length = pinned(rng, days[gc].astype(float), spread("table2.gc_duration"), low[gc], high[gc])
    return pd.Series(length, index=labels.index[gc]).reindex(labels.index)


def severity(labels: pd.DataFrame) -> pd.Series:
    """Return the worst grade of CRS or ICANS, 0 to 4, by which doses are drawn.

    Examples
    --------
    >>> severity(pd.DataFrame({"crs": [1, 3], "crs4": [False, True], "icans": [2, 0], "icans4": [False, False]})).tolist()
    [2, 4]
    """
    crs, icans = labels["crs"] + labels["crs4"], labels["icans"] + labels["icans4"]
    return np.maximum(crs, icans)


def _length(out: pd.DataFrame, labels: pd.DataFrame, gc: pd.Series, rng) -> None:
    """Last day of CRS: none before GC has begun, nor before a fever of grade 1 has lasted long enough for tocilizumab."""
    toxic, opened = labels["toxic"], labels["crs_open"]
    given = out["gc_days"] - np.where(out["gc_days"] >= TAPERED, BEYOND, 0)
    least = np.where(gc, out["gc_from"] - out["crs_from"] + given, 1)
    feverish = labels["tcz"] & (labels["crs"] == 1)
    least = np.maximum(least, np.where(feverish, FEVER + 1, np.where(labels["crs"] >= 2, labels["crs"] + 1, 1)))
    most = np.where(opened, out["left"] - out["crs_from"] + 1, 19.0)
    least = np.where(opened, most, least)
    days = rng.poisson(np.select([labels["crs"] == 1, labels["crs"] == 2], [2.5, 4.5], 6.0)) + 1.0
    length = pinned(rng, days[toxic], spread("table2.crs_duration"), least[toxic], most[toxic])
    out["crs_to"] = out["crs_from"] + pd.Series(length, index=labels.index[toxic]) - 1


def _grades(out: pd.DataFrame, labels: pd.DataFrame, gc: pd.Series, rng) -> None:
    """First and last day at grade 2 or more, first day at the peak and days at it.

    The peak is reached by the day of the first GC, in one in ten of the severe the day after.
    """
    n, peak = len(out), (labels["crs"] + labels["crs4"]).to_numpy()
    for_crs = (gc & (labels["crs"] >= 2)).to_numpy()
    start, end = out["crs_from"].to_numpy(), out["crs_to"].to_numpy()
    latest = np.where(for_crs, np.minimum(out["gc_from"], start + 3), start + 2)
    two = np.clip(start + rng.integers(0, 3, n), start, np.minimum(latest, end))
    worst = np.where(
        for_crs, out["gc_from"] + rng.choice([-1, 0, 1], n, p=[0.4, 0.5, 0.1]), two + rng.integers(0, 2, n)
    )
    worst = np.where(peak <= 2, two, np.clip(worst, two, end))
    last = np.where(labels["crs_open"], end, end - (end > worst))
    stay = np.where(labels["crs_open"], end - worst + 1, rng.integers(1, 4, n) - (peak == 4))
    stay = np.clip(stay, 1, np.maximum(last - worst + 1, 1))
    calm = np.where(labels["crs_open"], end, np.minimum(last, worst + stay - 1 + np.maximum(peak - 2, 0)))
    calm = np.where(for_crs, np.clip(np.maximum(calm, out["gc_from"]), two, end), calm)
    mild = (labels["crs"] < 2).to_numpy()
    out["crs_two"], out["crs_calm"] = np.where(mild, np.nan, two), np.where(mild, np.nan, calm)
    out["crs_peak"], out["crs_stay"] = np.where(mild, np.clip(start + 1, start, end), worst), stay


def _icans(out: pd.DataFrame, labels: pd.DataFrame, rng) -> None:
    """ICANS starts in the CRS, on the second day or later; at grade 2 or more before the GC, and it lasts into it."""
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
    low = np.maximum(low, SOONEST_ICANS - out["crs_from"].to_numpy())
    wanted = rng.choice([4, 4, 5, 5, 6, 7], len(out)) - out["crs_from"].to_numpy()
    drawn = np.clip(np.where(np.isnan(wanted), 0, wanted), np.where(np.isnan(low), 0, low), high)
    start = pinned(rng, drawn[ill], spread("table2.icans_onset"), low[ill], high[ill])
    out["icans_from"] = out["crs_from"] + pd.Series(start, index=out.index[ill])
    severe = np.where(labels["icans"] == 3, rng.integers(1, 3, len(out)), 0)
    end = out["icans_from"] + out["icans_mild"].fillna(0) + severe - 1
    out["icans_to"] = np.where(labels["icans_open"], out["left"], end)


def _tocilizumab(out: pd.DataFrame, labels: pd.DataFrame, gc: pd.Series, rng) -> pd.Series:
    """First day of tocilizumab: the first at grade 2 or the next, of grade 1 after three days; not after GC for CRS."""
    second = np.minimum(out["crs_two"] + rng.integers(0, 2, len(out)), out["crs_calm"])
    feverish = np.minimum(out["crs_from"] + FEVER + rng.integers(0, 2, len(out)), out["crs_to"])
    day = second.where(labels["crs"] >= 2, feverish)
    day = np.where(gc & (labels["crs"] >= 2), np.minimum(day, out["gc_from"]), day)
    return pd.Series(day, index=out.index).where(labels["tcz"])


def toxicity_table(labels: pd.DataFrame, courses: pd.DataFrame) -> pd.DataFrame:
    """Write CRS and ICANS as intervals at one grade (column ``patient`` in place of patient_id)."""
    rows = []
    for patient in labels.index[labels["toxic"]]:
        label, course = labels.loc[patient], courses.loc[patient]
        rows += _rows(patient, "CRS", crs_days(label, course), course["crs_from"], not label["crs_open"])
        if label["icans"]:
            rows += _rows(patient, "ICANS", icans_days(label, course), course["icans_from"], not label["icans_open"])
    columns = ["patient", "episode_id", "event", "day_from", "day_to", "grade", "grading_system", "resolved"]
    return pd.DataFrame(rows, columns=columns)


def crs_days(label: pd.Series, course: pd.Series) -> np.ndarray:
    """Return the CRS grade of each day, from its first on."""
    peak = 4 if label["crs4"] else int(label["crs"])
    start = course["crs_from"]
    grades = np.ones(int(course["crs_to"] - start) + 1, int)
    if peak == 1:
        return grades
    at, stay = int(course["crs_peak"] - start), int(course["crs_stay"])
    two, calm = int(course["crs_two"] - start), int(course["crs_calm"] - start)
    grades[two : calm + 1] = 2
    if peak > 2:
        grades[max(two, at - (peak - 3)) : min(at + stay + (peak - 3), calm + 1)] = 3
        grades[at : at + stay] = peak
    return grades


def icans_days(label: pd.Series, course: pd.Series) -> np.ndarray:
    """Return the ICANS grade of each day, from its first on."""
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
