"""A made-up cohort for the tests of results: every table, no calibration, nothing about the paper's patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.recorded import RECORDABLE
from helpers.cohort.schema import TABLES, Cohort

ANALYTES = {"CRP": "mg/L", "PCT": "ng/mL", "IL-2": "pg/mL", "IL-4": "pg/mL", "IL-6": "pg/mL", "IL-10": "pg/mL",
            "IL-17A": "pg/mL", "TNF-α": "pg/mL", "IFN-γ": "pg/mL"}  # fmt: skip


def stand_in(n: int = 120, seed: int = 1, name: str = "stand-in", stands_for: str = "zhang2025") -> Cohort:
    """Draw a cohort with every table, by default one that stands for the paper's own."""
    rng = np.random.default_rng(seed)
    ids = [f"SYN-{number:03d}" for number in range(1, n + 1)]
    tables = {"patients": _patients(ids, rng), "screening": _screening(ids)}
    tables["toxicity"] = _toxicity(ids, rng)
    tables["treatments"] = _treatments(ids, rng)
    tables["labs"] = _labs(ids, rng)
    tables["response"] = _response(ids, rng)
    tables["followup"] = _followup(ids, rng)
    started = rng.choice(ids, n // 3, replace=False)
    tables["exposures"] = pd.DataFrame({"patient_id": started, "exposure": "GVHD", "day": rng.integers(5, 60, n // 3)})
    return Cohort(
        name,
        "CAR T-cell infusion",
        True,
        "made up for a test",
        "CC0",
        {t: _typed(t, f) for t, f in tables.items()},
        recorded={table: words for table, words in RECORDABLE.items() if words},
        stands_for=stands_for,
    )


def _typed(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({column: TABLES[table][column].dtype for column in frame})


def _patients(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    n = len(ids)
    relapses = rng.choice([0, 1, 2, 3], n, p=[0.06, 0.7, 0.2, 0.04])
    blasts = np.where(rng.random(n) < 0.1, np.nan, np.round(rng.beta(0.6, 1.2, n) * 98, 1))
    return pd.DataFrame(
        {
            "patient_id": ids,
            "sex": rng.choice(["male", "female"], n, p=[0.67, 0.33]),
            "age_years": np.round(rng.uniform(2, 18, n), 1),
            "weight_kg": np.round(rng.uniform(11, 92, n), 1),
            "infusion_year": rng.integers(2017, 2024, n),
            "cutoff_day": rng.integers(400, 2600, n).astype(float),
            "prior_transplant": rng.random(n) < 0.08,
            "disease_status": np.where(relapses == 0, "primary refractory", "relapsed"),
            "n_relapses": relapses,
            "site_bm": rng.random(n) < 0.85,
            "site_cns": rng.random(n) < 0.1,
            "site_testis": rng.random(n) < 0.05,
            "site_other": False,
            "car_target": rng.choice(["CD19", "CD19+CD22", "CD19+CD22+CD20"], n, p=[0.16, 0.74, 0.1]),
            "car_origin": rng.choice(["autologous", "allogeneic"], n, p=[0.9, 0.1]),
            "car_dose_e6_per_kg": np.round(rng.uniform(2, 15, n), 1),
            "blast_prelymphodepletion_pct": blasts,
            "mrd_prelymphodepletion": np.where(rng.random(n) < 0.1, np.nan, 10 ** rng.uniform(-5, 0, n)),
            "blast_preinfusion_pct": np.round(rng.uniform(1, 42, n), 1),
        }
    )


def _screening(ids: list[str]) -> pd.DataFrame:
    reasons = ["prior CAR elsewhere", "prior CAR elsewhere", "other trial", "repeat infusion"]
    others = [f"SYN-{len(ids) + number:03d}" for number in (1, 2, 3)] + ids[:1]
    return pd.DataFrame({"patient_id": ids + others, "excluded_reason": [None] * len(ids) + reasons})


def _toxicity(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for patient in ids[: int(0.92 * len(ids))]:
        start, grade, length = rng.integers(0, 9), rng.integers(1, 5), rng.integers(1, 15)
        rows.append((patient, "C1", "CRS", start, start + length, grade, rng.random() < 0.95))
        if rng.random() < 0.28:
            later = start + rng.integers(0, 6)
            rows.append((patient, "I1", "ICANS", later, later + rng.integers(2, 8), rng.choice([1, 1, 2, 3]), True))
    return pd.DataFrame(
        rows, columns=["patient_id", "episode_id", "event", "day_from", "day_to", "grade", "resolved"]
    ).assign(grading_system="ASTCT")


def _treatments(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for patient in ids[: int(0.92 * len(ids))]:
        if rng.random() < 0.55:
            first, days = rng.integers(1, 11), rng.choice([1, 1, 2, 2, 3, 5])
            rows += [
                (patient, "methylprednisolone", "base", "IV", first + day, rng.choice([20.0, 40.0, 80.0, 160.0]), "CRS")
                for day in range(days)
            ]
        if rng.random() < 0.7:
            rows.append((patient, "tocilizumab", None, "IV", rng.integers(0, 9), 160.0, "CRS"))
        if rng.random() < 0.25:
            rows.append((patient, "ruxolitinib", None, "PO", rng.integers(1, 40), 5.0, "CRS"))
        if rng.random() < 0.1:
            rows.append((patient, "dexamethasone", "sodium phosphate", "IV", 0, 5.0, "premedication"))
            rows.append((patient, "dexamethasone", "sodium phosphate", "IT", 6, 5.0, "ICANS"))
    columns = ["patient_id", "agent", "salt", "route", "day", "dose_mg", "indication"]
    return pd.DataFrame(rows, columns=columns)


def _labs(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    days = np.array([-1, 0, 2, 3, 4, 5, 6, 7, 8, 10, 14])
    parts = []
    for place, (analyte, unit) in enumerate(ANALYTES.items()):
        level = np.exp(rng.normal(1 + place / 4, 0.8, (len(ids), 1)) + np.exp(-((days - 6) ** 2) / 12))
        values = np.round(level * rng.lognormal(0, 0.4, level.shape), 2)
        low = values < 2.5
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": np.repeat(ids, len(days)),
                    "day": np.tile(days, len(ids)),
                    "analyte": analyte,
                    "value": np.where(low, 2.5, values).ravel(),
                    "unit": unit,
                    "censored": np.where(low, "left", "no").ravel(),
                    "limit": np.where(low, 2.5, np.nan).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _response(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    n = len(ids)
    answer = rng.choice(["CR", "CRi", "PR", "NR", "not done"], n, p=[0.7, 0.08, 0.04, 0.1, 0.08])
    return pd.DataFrame({"patient_id": ids, "assessment_day": rng.integers(27, 40, n), "day30_response": answer})


def _followup(ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    n = len(ids)
    last = rng.uniform(40, 2400, n).round()
    relapse = np.where(rng.random(n) < 0.35, (last * rng.uniform(0.2, 0.9, n)).round(), np.nan)
    dead = rng.random(n) < 0.3
    cause = rng.choice(["leukaemia", "treatment", "infection", "unrelated"], n)
    return pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": relapse,
            "death_day": np.where(dead, last, np.nan),
            "death_cause": np.where(dead, cause, None),
            "last_assessment_day": np.maximum((last - rng.integers(0, 90, n)), np.nan_to_num(relapse, nan=35)),
            "last_contact_day": last,
        }
    )


FRAME = ["sex", "age_years", "weight_kg", "blast_prelymphodepletion_pct", "car_target", "prior_transplant", "n_relapses", "crs",
         "crs_grade", "icans", "icans_grade", "toxicity", "gc", "gc_dose_mg_per_kg", "gc_time_days", "gc_duration_days", "tcz", "rux",
         "os_days", "os_event", "pfs_days", "pfs_event", "efs_days", "efs_event", "followup_days", "cutoff_day"]  # fmt: skip

if __name__ == "__main__":  # the frame that tests/oracle/results.R reads
    from helpers.cohort.derive import analyse
    from helpers.paths import ROOT, write_csv

    write_csv(ROOT / "tests" / "oracle" / "results_frame.csv", analyse(stand_in()).frame[FRAME], index=True)
