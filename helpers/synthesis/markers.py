"""CRP, PCT and the seven cytokines of the kit as timed series, with the pattern that the paper's Results describe.

Logarithms rise linearly from the onset of CRS to its peak, by more at a higher grade, stay up while the grade is 2 or more,
and fall after it, faster from the first GC on. Interferon-γ leads, IL-6 goes with the grade, CRP and PCT come a day or two
later. After tocilizumab IL-6 rises (its receptor is blocked) while CRP falls. In the high-dose group IL-4 and IL-17A rise
instead, and TNF-α stays very low from the first dose on. The shapes (``data/synthesis/markers.csv``) are invented: only signs and
order are the paper's.

What was measured depends on the clinical condition, as the paper says: blood is drawn daily in fever, CRP with most of it, PCT
and the cytokine kit the rarer the milder the day (:data:`MEASURED`). The days around GC have everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.paths import DATA

SHAPES = DATA / "synthesis" / "markers.csv"
LAST_DAY = 21
GRADED = ("well", "grade 1", "grade 2 or more")
SLOWLY = 0.35  # of the fall, while the grade is 2 or more
MEASURED = {"CRP": (0.9, 0.95, 1.0), "PCT": (0.6, 0.85, 0.95), "kit": (0.45, 0.8, 0.95)}  # share of draws, by GRADED
COLUMNS = ["patient", "day", "time", "analyte", "value", "unit", "censored", "limit"]


@lru_cache(maxsize=1)
def _shapes() -> pd.DataFrame:
    return pd.read_csv(SHAPES)


def draw_labs(
    labels: pd.DataFrame, courses: pd.DataFrame, treatments: pd.DataFrame, contact: pd.Series, rng
) -> pd.DataFrame:
    """Draw the labs table (column ``patient`` in place of patient_id)."""
    tcz = treatments[treatments["agent"] == "tocilizumab"].groupby("patient")["day"].min().reindex(labels.index)
    shapes, parts = list(_shapes().itertuples(index=False)), []
    for patient, label, course in zip(
        labels.index, labels.to_dict("records"), courses.loc[labels.index].to_dict("records"), strict=True
    ):
        seen = min(contact[patient], course["left"]) if label["crs_open"] else contact[patient]
        days = _sample_days(course, seen, rng)
        asked = _asked(course, days, rng)
        times = [f"{int(rng.integers(5, 9)):02d}:{rng.choice(['00', '10', '30', '50'])}" for _ in days]
        own = np.clip(rng.normal(0, 0.3), -0.5, 0.6)  # some run high in everything
        for k, shape in enumerate(shapes):
            noise = np.clip(rng.normal(0, shape.noise, days.size), -2 * shape.noise, None)
            log = expected(shape, label, course, tcz[patient], days) + own + noise
            if shape.floor:  # what a grade of 2 or more does not go with
                worse = (days > course["crs_two"]) & (days <= course["crs_calm"])
                log = np.where(worse, np.maximum(log, np.log(shape.floor) + 0.3 * rng.random(days.size)), log)
            drawn = asked[shape.analyte if shape.analyte in asked else "kit"]
            at = np.array(times, dtype=object)[drawn]
            parts.append((np.full(drawn.sum(), patient), np.full(drawn.sum(), k), days[drawn], at, np.exp(log[drawn])))
    patient, kind, day, time, value = map(np.concatenate, zip(*parts, strict=True))
    return _table(patient, kind, day, time, value)[COLUMNS]


def _sample_days(course: Mapping[str, float], contact: float, rng) -> np.ndarray:
    """Daily while ill, before and after GC; every third day or so otherwise."""
    routine = {0, 3, 7, 10, 14, LAST_DAY} | set(rng.choice(np.arange(1, LAST_DAY), 2, replace=False).tolist())
    if not np.isnan(course["crs_from"]):
        ill = np.arange(course["crs_from"], course["crs_to"] + 2)
        routine |= set(ill[rng.random(ill.size) < 0.7].astype(int).tolist())
    if not np.isnan(course["gc_from"]):
        routine |= {int(course["gc_from"]) + d for d in (-1, 0, 1, 3)}
    return np.array(sorted(day for day in routine if 0 <= day <= min(contact, LAST_DAY)), float)


def _asked(course: Mapping[str, float], days: np.ndarray, rng) -> dict[str, np.ndarray]:
    """Tell on which days CRP, PCT and the kit were asked for: by the grade of the day; all of it about GC."""
    ill = (days >= course["crs_from"]) & (days <= course["crs_to"])
    worse = (days >= course["crs_two"]) & (days <= course["crs_calm"])
    grade = ill.astype(int) + worse
    about = np.isin(days - course["gc_from"], (-1, 0, 1, 3))
    return {name: (rng.random(days.size) < np.array(shares)[grade]) | about for name, shares in MEASURED.items()}


def expected(shape, label: Mapping, course: Mapping, tcz: float, days: np.ndarray) -> np.ndarray:
    """Return the mean log level of one analyte on *days* (morning samples: a drug of that day comes after them)."""
    level = np.full(days.size, np.log(shape.baseline))
    if np.isnan(course["crs_from"]):
        return level
    rise = (shape.rise_1, shape.rise_2, shape.rise_3)[int(label["crs"]) - 1]
    gc = not np.isnan(course["gc_from"])
    rise = rise * (1.25 if gc else 0.9)
    start = course["crs_from"] - 1 + shape.lag
    top = max(course["crs_peak"] + shape.lag, start + 1)
    calm = top if np.isnan(course["crs_calm"]) else max(top, course["crs_calm"] + min(shape.lag, 0))
    calm = max(top, min(calm, course["gc_from"] + shape.lag)) if gc else calm  # GC brings them down
    up = np.clip((days - start) / (top - start), 0, 1)
    high_until = np.clip(days - top, 0, calm - top)  # falls slowly while the grade is high
    after = SLOWLY * high_until + np.clip(days - calm, 0, None)
    down = after * (shape.decline_gc if gc else shape.decline)
    if not np.isnan(tcz):
        since = np.clip(days - tcz, 0, None)
        down = down + np.minimum(since, after) * shape.tcz_decline
        level = level + shape.tcz_jump * np.where(since > 0, np.exp(-np.clip(since - 1, 0, None) / 4), 0)
    if label["gc"] == "high":
        treated = days > course["gc_from"]
        level = level + shape.high_level * treated
        if shape.high_change:  # goes on rising for a week after the first GC
            return level + rise * up + np.clip(days - course["gc_from"], 0, 7) * shape.high_change
    return level + np.maximum(rise * up - down, -0.3)


def _table(patient, kind, day, time, value) -> pd.DataFrame:
    """Lay samples out, each of the kind of that row of the shapes, cut at its limits and rounded as it is reported."""
    of = _shapes().iloc[kind].reset_index(drop=True)
    below, above = value < of["limit"], value > of["upper"].fillna(np.inf)
    limit = of["limit"].where(below, of["upper"].where(above))
    rounded = np.empty(len(value))
    for decimals, rows in of.groupby("decimals").indices.items():
        rounded[rows] = np.round(value[rows], int(decimals))
    return pd.DataFrame(
        {
            "patient": patient,
            "day": day,
            "time": time.astype(object),
            "analyte": of["analyte"],
            "value": np.where(below | above, limit, rounded),
            "unit": of["unit"],
            "censored": np.select([below, above], ["left", "right"], "no").astype(object),
            "limit": limit,
        }
    )
