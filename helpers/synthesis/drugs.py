"""From courses to doses: tocilizumab, GC and ruxolitinib for toxicity, and the steroids that are shown and not summed.

The cumulative GC dose follows severity inside each dose group, the margins held; courses of six days or more end on falling
doses. Milligrams are what a ward draws up.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.steroids import BASE_PER_SALT, EQUIVALENT_MG
from helpers.synthesis.draws import pick
from helpers.synthesis.margins import printed
from helpers.synthesis.ward import TAPERED, severity

PHOSPHATE = BASE_PER_SALT["dexamethasone", "sodium phosphate"] * 4 / EQUIVALENT_MG["dexamethasone"]
COLUMNS = ["patient", "agent", "salt", "route", "day", "time", "dose_mg", "indication"]
PULSE = 30.0  # mg/kg methylprednisolone a day, for ICANS of grade 4
LARGEST_LOW = 7.3  # mg/kg, of those below the one on the cut
OWN_SPREAD = 0.6  # of a patient's place in line for a dose, in grades


def treatment_table(
    labels: pd.DataFrame, courses: pd.DataFrame, weight: pd.Series, fates: pd.DataFrame, transplant: pd.Series, rng
) -> pd.DataFrame:
    """Write every administration (column ``patient`` in place of patient_id).

    Parameters
    ----------
    labels, courses, fates : DataFrame
    weight, transplant : Series
        kg; day of a transplantation after infusion.

    Raises
    ------
    ValueError
        If the cumulative doses miss the printed median or 75th percentile; draw again.
    """
    rows, contact = _gc(labels, courses, weight, rng), fates["contact"]
    steroid = {row[0]: row[5] for row in reversed(rows)}  # time of the first dose
    for patient in labels.index[labels["tcz"]]:
        rows += _tocilizumab(patient, courses.loc[patient], labels.loc[patient], weight[patient], steroid, rng)
    for patient in labels.index[labels["rux"]]:
        rows += _ruxolitinib(patient, courses.loc[patient], weight[patient], contact[patient], rng)
    rows += _left_out(labels, courses, weight, contact, rng)
    rows += _for_gvhd(labels, weight, contact, transplant, rng)
    return pd.DataFrame(rows, columns=COLUMNS)


def _gc(labels, courses, weight, rng) -> list[tuple]:
    """Systemic GC: daily doses per kilogram from group and severity, written in milligrams."""
    target, at_cut = _targets(labels, courses, rng)
    rows, sums = [], {}
    for patient, total in target.items():
        label, course = labels.loc[patient], courses.loc[patient]
        per_day = total * _shape(int(course["gc_days"]))
        if label["icans4"]:
            per_day[:3] = PULSE
        given = _administrations(label, course, per_day, weight[patient], rng, exact=patient == at_cut)
        rows += [(patient, *one) for one in given]
        factor = PHOSPHATE if given[0][0] == "dexamethasone" else 1.0
        sums[patient] = sum(one[5] for one in given) * factor / weight[patient]
    sums = pd.Series(sums)
    cut, middle = printed("methods.gc_threshold.dose"), printed("results.patients.gc_dose.median")
    good = (sums <= cut).eq(labels.loc[sums.index, "gc"] == "low").all() and abs(np.percentile(sums, 75) - cut) <= 0.5
    if not good or abs(sums.median() - middle) > 0.49:
        raise ValueError("cumulative doses miss the print")
    return rows


def _targets(labels, courses, rng) -> tuple[pd.Series, int]:
    """Cumulative mg/kg of each patient on GC, in the order of severity but for chance; and who is on the cut."""
    line = severity(labels) + 0.2 * labels["icans"] + rng.normal(0, OWN_SPREAD, len(labels))
    cut, middle = printed("methods.gc_threshold.dose"), printed("results.patients.gc_dose.median")
    low, high = (labels.index[labels["gc"] == group] for group in ("low", "high"))
    below = len(low) + len(high) - (len(low) + len(high)) // 2 - 1  # of all on GC, whose median is printed
    edge = [p for p in low if courses.loc[p, "gc_days"] in (2, 4)]
    at_cut = max(edge, key=lambda p: line[p])
    ladder = np.concatenate(
        [np.linspace(1.0, middle, below + 1), np.linspace(middle, LARGEST_LOW, len(low) - below - 1)]
    )
    ranked = line[low].drop(at_cut).sort_values().index
    target = pd.Series(ladder[: len(ranked)], index=ranked)
    target[at_cut] = cut
    daily = (1.2 + line[high].clip(lower=1)) * np.where(courses.loc[high, "gc_days"] <= 4, 1.4, 1.0)
    return pd.concat([target, np.maximum(daily * courses.loc[high, "gc_days"] * 0.7, cut + 1.5)]), at_cut


def _shape(days: int) -> np.ndarray:
    """Shares of a course's days: level, and falling from the middle on if it is long."""
    shares = np.ones(days)
    if days >= TAPERED:
        tail = days // 2
        shares[-tail:] = np.linspace(0.75, 0.25, tail)
    return shares / shares.sum()


def _administrations(label, course, per_day, weight, rng, exact=False) -> list[tuple]:
    neuro = label["icans"] >= 2
    dexamethasone = neuro and not exact and not label["icans4"] and rng.random() < 0.7
    times = ["12:00", "20:00"] if per_day.max() >= 2 else ["12:00"]
    first = f"{int(rng.integers(10, 20)):02d}:{rng.choice(['00', '15', '40'])}"
    unit = 0.5 if dexamethasone else (1.0 if exact or weight < 25 else 2.5)
    agent, salt = ("dexamethasone", "sodium phosphate") if dexamethasone else ("methylprednisolone", "base")
    rows = []
    for i, level in enumerate(per_day):
        day = course["gc_from"] + i
        inside = label["icans"] > 0 and course["icans_from"] <= day <= course["icans_to"]
        indication = ("ICANS" if dexamethasone else "CRS/ICANS") if inside else "CRS"
        milligrams = level * weight / len(times) / (PHOSPHATE if dexamethasone else 1.0)
        steps = np.floor(milligrams / unit + 1e-9) if exact else max(1.0, np.round(milligrams / unit))
        when = [first, *times[1:]] if i == 0 else times
        route = "PO" if i >= 5 and not dexamethasone and rng.random() < 0.5 else "IV"
        rows += [(agent, salt, route, day, time, float(steps * unit), indication) for time in when]
    return rows


def _tocilizumab(patient, course, label, weight, steroid, rng) -> list[tuple]:
    """8 mg/kg (12 below 30 kg), at most 800 mg, before a steroid of that day; again the next day in some of grade 2 or more."""
    day = course["tcz_from"]
    dose = float(min(800, max(20, round((12 if weight < 30 else 8) * weight / 20) * 20)))
    again = label["crs"] >= 2 and day + 1 <= course["crs_calm"] and rng.random() < (0.5 if label["crs"] == 3 else 0.2)
    days = [day, day + 1] if again else [day]
    latest = int(steroid[patient][:2]) if patient in steroid and course["gc_from"] == day else 24
    hours = [int(rng.integers(0, latest)), int(rng.integers(0, 24))]
    return [
        (patient, "tocilizumab", None, "IV", d, f"{hour:02d}:30", dose, "CRS")
        for d, hour in zip(days, hours, strict=False)
    ]


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
    """Steroids that are shown and not summed: premedication, replacement, intrathecal and local ones."""
    n, stayed = len(labels), (contact > 45).to_numpy()
    rows, long = [], (courses["gc_days"] >= TAPERED).to_numpy() & stayed
    small = np.where(weight > 25, 5.0, 2.0)
    for day in (0.0, -4.0):  # a habit of other infusions, avoided before CAR T cells: the fault to be found
        rows += [_phosphate(p, "IV", day, "08:30", small[p], "premedication") for p in pick(rng, np.ones(n, bool), 2)]
    for p in pick(rng, long, min(3, int(long.sum()))):  # after a long course
        first = courses.loc[p, "gc_from"] + courses.loc[p, "gc_days"]
        rows += [
            (p, "hydrocortisone", "base", "PO", float(day), time, 5.0, "physiological replacement")
            for day in np.arange(first, first + 7)
            for time in ("08:00", "20:00")
        ]
    for p in pick(rng, (labels["icans"] > 0).to_numpy(), 10):
        rows.append(_phosphate(p, "IT", courses.loc[p, "icans_from"] + 1, "15:00", 5.0, "ICANS"))
    for p in pick(rng, labels["site"].str.contains("cns").to_numpy() & stayed, 5):
        rows.append(_phosphate(p, "IT", 28.0, "15:00", 2.5 if weight[p] < 15 else 5.0, "other"))
    for p in pick(rng, stayed, 5):
        rows += [(p, "hydrocortisone", "acetate", "topical", float(d), None, 10.0, "other") for d in (8, 9, 10)]
    for p in pick(rng, stayed, 3):
        rows += [_phosphate(p, "ocular", float(d), None, 0.1, "other") for d in (3, 4, 5)]
    for p in pick(rng, stayed, 3):
        rows += [_phosphate(p, "inhaled", float(d), None, 2.0, "other") for d in (6, 7)]
    return rows


def _phosphate(patient, route, day, time, dose, indication) -> tuple:
    return (patient, "dexamethasone", "sodium phosphate", route, day, time, dose, indication)


def _for_gvhd(labels, weight, contact, transplant, rng) -> list[tuple]:
    """Methylprednisolone for acute GVHD, three weeks after a transplantation that followed the infusion; four patients."""
    able = (transplant + 45 < contact).fillna(False).to_numpy(bool)
    return [
        (
            p,
            "methylprednisolone",
            "base",
            "IV",
            transplant[p] + day,
            "09:00",
            float(max(5, round(weight[p] / 5) * 5)),
            "GVHD",
        )
        for p in pick(rng, able, min(4, int(able.sum())))
        for day in (21, 22, 23)
    ]
