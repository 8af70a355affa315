"""The synthetic cohort: 120 made-up patients on whom the printed counts, medians and ranges come out exactly.

Labels (who has what) come first, then fates (what became of them), then the details that belong to both: ages, courses,
drugs, samples. No patient is real; ids are SYN-001 ... by order of infusion.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pandas as pd

from helpers.cohort.clean import RECORDED, STANDS_FOR, in_order
from helpers.cohort.schema import TABLES, Cohort
from helpers.paths import DATA
from helpers.synthesis.details import draw_patients
from helpers.synthesis.draws import pick
from helpers.synthesis.drugs import treatment_table
from helpers.synthesis.fates import draw_fates
from helpers.synthesis.labels import draw_labels
from helpers.synthesis.markers import draw_labs
from helpers.synthesis.state import read_state
from helpers.synthesis.ward import draw_courses, toxicity_table

NAME = "zhang2025-synthetic"
ORIGIN = "CAR T-cell infusion"
SOURCE = (
    "made up by helpers.synthesis after Zhang et al. 2025, Front Immunol 16:1604866; no real patient stands behind it"
)
LICENCE = "CC0-1.0"
CLOSED = pd.Timestamp("2024-08-01")  # data cut-off
EXCLUDED = {"prior CAR elsewhere": 6, "other trial": 4}
REPEATS = 7
TRIES = 200
CALIBRATED = DATA / "synthesis" / "calibrated.csv"
DETAILS = 2025  # seed of what the calibrated state leaves open


def synthetic_cohort(seed: int = 2025) -> Cohort:
    """Make the synthetic cohort of a seed.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Cohort
        All tables of the dictionary; 120 patients in each clinical one, and in ``screening`` also whom the flow excludes.

    Examples
    --------
    >>> cohort = synthetic_cohort(2025)
    >>> len(cohort.tables["patients"]), cohort.synthetic
    (120, True)
    """
    rng = np.random.default_rng(seed)
    labels = draw_labels(rng)
    return cohort_of(labels, draw_fates(labels, rng), rng)


def default_cohort() -> Cohort:
    """Make the cohort that the supplement ships: the committed calibrated state with its details drawn.

    Examples
    --------
    >>> len(default_cohort().tables["patients"])
    120
    """
    if not CALIBRATED.exists():
        return synthetic_cohort()
    return cohort_of(*read_state(CALIBRATED), DETAILS)


def cohort_of(labels: pd.DataFrame, fates: pd.DataFrame, rng: np.random.Generator | int) -> Cohort:
    """Make a cohort of given labels and fates: draw all that belongs to them until the printed medians come out.

    Raises
    ------
    ValueError
        If the labels leave no way after many draws.
    """
    rng = np.random.default_rng(rng)
    for attempt in range(TRIES):
        try:
            patients = draw_patients(labels, rng)
            courses = draw_courses(labels, fates["contact"], rng)
            followup = _followup(labels, fates, rng)
            treatments = treatment_table(labels, courses, patients["weight_kg"], fates, followup["transplant_day"], rng)
        except ValueError as error:
            if attempt == TRIES - 1:
                raise ValueError(f"no cohort of these labels: {error}") from error
            continue
        break
    platelets = pd.Series(np.round(rng.gamma(4.0, 4.5, len(labels))), index=labels.index)  # day of their recovery
    tables = {
        "patients": patients.assign(cutoff_day=fates["cutoff"], infusion_year=_year(fates["cutoff"])),
        "toxicity": toxicity_table(labels, courses),
        "treatments": treatments,
        "exposures": _exposures(labels, fates, platelets, rng),
        "labs": draw_labs(labels, courses, treatments, fates["contact"], rng),
        "response": _response(labels, fates, platelets, rng),
        "followup": followup,
    }
    return _assembled(tables, fates["cutoff"], rng)


def _year(cutoff: pd.Series) -> pd.Series:
    return (CLOSED - pd.to_timedelta(cutoff, unit="D")).dt.year


def _exposures(labels: pd.DataFrame, fates: pd.DataFrame, day: pd.Series, rng) -> pd.DataFrame:
    """Platelet recovery of all who live to see it, and GVHD of the transplanted."""
    seen = day[day < fates["contact"]]
    platelets = pd.DataFrame({"patient": seen.index, "exposure": "platelet recovery", "day": seen.to_numpy()})
    chronic = labels.index[labels["rux"] & ~labels["toxic"]]
    gvhd = pd.DataFrame(
        {"patient": chronic, "exposure": "chronic GVHD", "day": -rng.integers(60, 200, len(chronic)).astype(float)}
    )
    return pd.concat([platelets, gvhd], ignore_index=True)


def _response(labels: pd.DataFrame, fates: pd.DataFrame, platelets: pd.Series, rng) -> pd.DataFrame:
    """Day 30: CRi where the marrow is in remission before the platelets have recovered."""
    n, response = len(labels), labels["response"]
    complete = np.where(platelets > fates["assessed"], "CRi", "CR")
    negative = np.where(rng.random(n) < 0.9, 0.0, np.round(10 ** rng.uniform(-4, -3, n), 5))
    residual = np.round(10 ** rng.uniform(-1.6, -0.2, n), 3)
    died, left = fates["death"] < 28, labels["crs_open"] | (fates["contact"] < 28)
    why = np.select(
        [response != "ND", died, left], ["", "died before day 30", "transferred before day 30"], "marrow not examined"
    )
    return pd.DataFrame(
        {
            "patient": labels.index,
            "assessment_day": fates["assessed"],
            "day30_response": np.select([response == "CR", response == "NR"], [complete, "NR"], "not done"),
            "mrd_day30": np.select([response == "CR", response == "NR"], [negative, residual], np.nan),
            "reason_not_done": pd.array([text or None for text in why], dtype="string"),
        }
    )


def _followup(labels: pd.DataFrame, fates: pd.DataFrame, rng) -> pd.DataFrame:
    """Write fates as a registry has them: relapse after a remission, progression without one."""
    responded, progression, contact = labels["response"] != "NR", fates["progression"], fates["contact"]
    alive = fates["death"].isna()
    at_cutoff = alive & (contact >= fates["cutoff"] - 60)
    marrow = contact - rng.integers(0, 25, len(labels))
    last_seen = np.maximum(marrow, fates[["progression", "failure", "assessed"]].max(axis=1).fillna(0))
    return pd.DataFrame(
        {
            "patient": labels.index,
            "relapse_day": progression.where(responded),
            "progression_day": progression.where(~responded),
            "treatment_failure_day": fates["failure"],
            "transplant_day": _transplants(labels, fates, rng),
            "death_day": fates["death"],
            "death_cause": fates["cause"],
            "last_assessment_day": np.minimum(last_seen.clip(lower=0), contact),
            "last_contact_day": contact,
            "censor_reason": np.select([~alive, at_cutoff, rng.random(len(labels)) < 0.08], [None, "data cut-off", "withdrew"], "lost to follow-up"),
        }
    )  # fmt: skip


def _transplants(labels: pd.DataFrame, fates: pd.DataFrame, rng) -> pd.Series:
    """Transplantation: to consolidate a remission, to rescue a failed one, after relapse, and before a death by it.

    In remission the more often the more relapses came before, seldom a second time; after relapse always in those who then
    live for a year, else in a third. Nobody who dies unrelated to treatment had one.
    """
    n, event = len(labels), fates[["progression", "death"]].min(axis=1).fillna(np.inf)
    unrelated, by_it = (
        (fates["cause"] == cause).fillna(False).astype(bool) for cause in ("unrelated", "transplantation")
    )
    chance = np.select([labels["transplant"], labels["status"] == "second"], [0.1, 0.6], 0.3)
    after = fates["contact"] - fates["progression"]
    back = (after > 365) | ((after > 90) & (rng.random(n) < 0.33))
    first = pd.Series(np.round(rng.uniform(45, 110, n)), index=labels.index)
    chosen = (labels["response"] == "CR") & (rng.random(n) < chance) & ~unrelated & ~(after > 365)
    chosen &= (first < event) & (first < fates["contact"])
    failed = fates["failure"].where(labels["response"] != "NR", fates["assessed"])
    rescue = failed + rng.integers(20, 60, n)
    rescued = failed.notna() & fates["progression"].isna() & fates["death"].isna() & (rescue < fates["contact"])
    start = fates["progression"].fillna(30)
    return pd.Series(
        np.select(
            [by_it, back, rescued, chosen],
            [np.ceil((start + fates["death"]) / 2), fates["progression"] + rng.integers(30, 75, n), rescue, first],
            np.nan,
        ),
        index=labels.index,
    )


def _assembled(tables: dict[str, pd.DataFrame], cutoff: pd.Series, rng) -> Cohort:
    """Name patients by order of infusion, add the screening table, put everything into the dictionary's form."""
    order = np.argsort(-cutoff.to_numpy(), kind="stable")
    names = pd.Series([f"SYN-{i + 1:03d}" for i in np.argsort(order)], index=cutoff.index)
    named = {"patients": tables.pop("patients").assign(patient_id=names)}
    named |= {name: table.assign(patient_id=table["patient"].map(names)) for name, table in tables.items()}
    named["screening"] = _screening(sorted(names), _infused_again(named["followup"]), rng)
    shaped = MappingProxyType({name: _shaped(name, named[name]) for name in TABLES if name in named})
    made = Cohort(NAME, ORIGIN, True, SOURCE, LICENCE, shaped, recorded=RECORDED, stands_for=STANDS_FOR)
    return in_order(made)


def _infused_again(followup: pd.DataFrame) -> set[str]:
    """Return who can have had a second infusion here: followed for two months after a relapse, else for long."""
    relapsed = followup["relapse_day"].fillna(followup["progression_day"])
    able = followup["last_contact_day"] >= np.maximum(relapsed + 60, 120)
    if able.sum() < REPEATS:
        able = followup["last_contact_day"] >= 120
    return set(followup.loc[able, "patient_id"])


def _screening(included: list[str], able: set[str], rng) -> pd.DataFrame:
    first = pd.DataFrame({"patient_id": included, "infusion_number": 1, "excluded_reason": None})
    reasons = [reason for reason, n in EXCLUDED.items() for _ in range(n)]
    others = [f"SYN-{len(included) + 1 + i:03d}" for i in range(len(reasons))]
    excluded = pd.DataFrame({"patient_id": others, "infusion_number": 1, "excluded_reason": rng.permutation(reasons)})
    again = [included[i] for i in pick(rng, np.array([name in able for name in included]), REPEATS)]
    repeats = pd.DataFrame({"patient_id": again, "infusion_number": 2, "excluded_reason": "repeat infusion"})
    table = pd.concat([first.astype(object), excluded.astype(object), repeats.astype(object)], ignore_index=True)
    return table.assign(
        prior_car_elsewhere=table["excluded_reason"].eq("prior CAR elsewhere").fillna(False).astype(bool),
        in_other_trial=table["excluded_reason"].eq("other trial").fillna(False).astype(bool),
    )


def _shaped(name: str, table: pd.DataFrame) -> pd.DataFrame:
    columns = TABLES[name]
    kept = {column: spec.dtype for column, spec in columns.items() if column in table}  # not all is made up
    return table[list(kept)].astype(kept).reset_index(drop=True)
