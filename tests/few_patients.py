"""Eight made-up patients with one of everything that a hospital writes."""

import numpy as np
import pandas as pd

from helpers.cohort.clean import tidy_table
from helpers.cohort.schema import Cohort


def few_patients() -> Cohort:
    """Eight made-up patients with one of everything, and three rows that the flow excludes."""
    ids = [f"SYN-00{number}" for number in range(1, 9)]
    patients = pd.DataFrame(
        {
            "patient_id": ids,
            "sex": ["male", "female"] * 4,
            "age_years": [2.2, 8.0, 18.0, 5.7, 9.1, 3.3, 12.4, 7.0],
            "weight_kg": [11.5, 27.0, 92.0, 19.3, 30.2, 14.1, 41.7, 22.9],
            "height_cm": [88.0, 128.0, 171.5, 110.2, 133.0, 97.0, 149.3, np.nan],
            "infusion_year": [2017, 2018, 2019, 2020, 2021, 2022, 2023, 2023],
            "cutoff_day": [2700.0, 2200.0, 1900.0, 1500.0, 1100.0, 700.0, 500.0, 400.0],
            "prior_transplant": pd.array([True, False, False, False, False, False, pd.NA, False], dtype="boolean"),
            "disease_status": ["relapsed"] * 6 + ["primary refractory", "relapsed"],
            "n_relapses": [1, 2, 1, 1, 1, 3, 0, 1],
            "site_bm": [True, True, False, True, True, True, False, False],
            "site_cns": [False, True, True, False, False, True, False, False],
            "site_testis": [False, False, False, True, False, True, False, False],
            "site_other": [False, False, False, False, False, False, False, True],
            "car_target": ["CD19", "CD19+CD22", "CD19+CD22+CD20"] * 2 + ["CD22", "other"],
            "car_origin": ["autologous"] * 6 + ["allogeneic", None],
            "car_dose_e6_per_kg": [6.5, 2.0, 15.0, 7.31, 5.0, 4.2, 3.3, np.nan],
            "blast_prelymphodepletion_pct": [0.0, 98.0, 20.0, 5.0, 4.9, np.nan, 33.3, 0.2],
            "mrd_prelymphodepletion": [0.00005, 0.98, 0.2, 0.05, 0.049, np.nan, 0.333, 0.0021],
            "mrd_method": ["flow cytometry", "PCR", "sequencing", None] * 2,
            "blast_preinfusion_pct": [1.0, 42.3, 6.0, 2.5, 1.2, np.nan, 11.0, 1.0],
        }
    )
    screening = pd.DataFrame(
        {
            "patient_id": [*ids, "SYN-121", "SYN-122", "SYN-003"],
            "infusion_number": [1] * 10 + [2],
            "prior_car_elsewhere": [False] * 8 + [True, False, False],
            "in_other_trial": [False] * 8 + [True, True, False],
            "excluded_reason": [None] * 8 + ["prior CAR elsewhere", "other trial", "repeat infusion"],
        }
    )
    toxicity = pd.DataFrame(
        [
            ["SYN-001", "CRS-1", "CRS", 2, 4, 1, True],
            ["SYN-001", "CRS-1", "CRS", 5, 6, 3, True],
            ["SYN-001", "ICANS-1", "ICANS", 4, None, 2, False],
            ["SYN-003", "CRS-1", "CRS", 0, 3, 2, None],
        ],
        columns=["patient_id", "episode_id", "event", "day_from", "day_to", "grade", "resolved"],
    ).assign(grading_system="ASTCT")
    steroids = ["methylprednisolone", "prednisone", "prednisolone", "dexamethasone", "hydrocortisone"]
    salts = ["base", "sodium succinate", "sodium phosphate", "acetate"]
    treatments = pd.DataFrame(
        [["SYN-001", agent, salt, route, day, "08:00", 23.0 + day, "CRS"]
         for day, (agent, salt, route) in enumerate((a, s, r) for a in steroids for s in salts for r in ("IV", "IT"))]
        + [["SYN-003", agent, None, route, 5.0, None, dose, None] for agent, route, dose in
           [("tocilizumab", "IV", 736.0), ("ruxolitinib", "PO", 5.0), ("anakinra", "IM", np.nan), ("other", None, 500.0)]]
        + [["SYN-002", "dexamethasone", "sodium phosphate", "IV", -1.0, time, 2.5, "premedication"] for time in ("08:00", "20:00")],
        columns=["patient_id", "agent", "salt", "route", "day", "time", "dose_mg", "indication"],
    )  # fmt: skip
    labs = pd.DataFrame(
        [["SYN-002", float(day), "06:30", analyte, value, unit, censored]
         for day in range(-3, 27)
         for analyte, value, unit, censored in [
             ("CRP", 0.7 + day + 3, "mg/L", "no"), ("PCT", 0.05, "ng/mL", "left"), ("IL-6", 5000.0, "pg/mL", "right"),
             ("TNF-α", 2.44, "pg/mL", "left"), ("IFN-γ", 33.21 * (day + 4), "pg/mL", "no"), ("ferritin", 1203.5, "µg/L", "no"),
         ]],
        columns=["patient_id", "day", "time", "analyte", "value", "unit", "censored"],
    )  # fmt: skip
    labs["value"] = labs["value"].round(2)
    labs["limit"] = labs["value"].where(labs["censored"] != "no")
    response = pd.DataFrame(
        {
            "patient_id": ids,
            "assessment_day": [28.0, 30.0, 33.0, 30.0, 29.0, np.nan, 30.0, 27.0],
            "day30_response": ["CR", "CRi", "PR", "NR", "CR", "not done", "CR", "CR"],
            "mrd_day30": [0.00005, 0.0001, 0.02, 0.4, 0.0, np.nan, 0.0, 0.0001],
            "reason_not_done": [None] * 5 + ["died before day 30", None, None],
        }
    )
    followup = pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": [np.nan, 200.0, 130.0, np.nan, np.nan, np.nan, np.nan, np.nan],
            "progression_day": [np.nan, 190.0, np.nan, 33.0, np.nan, np.nan, np.nan, np.nan],
            "treatment_failure_day": [np.nan, np.nan, np.nan, 30.0, np.nan, np.nan, np.nan, np.nan],
            "transplant_day": [90.0] + [np.nan] * 7,
            "death_day": [np.nan, 300.0, np.nan, 90.0, np.nan, 12.0, np.nan, np.nan],
            "death_cause": [None, "leukaemia", None, "infection", None, "treatment", None, None],
            "last_assessment_day": [2600.0, 200.0, 600.0, 33.0, 1000.0, np.nan, 400.0, 380.0],
            "last_contact_day": [2700.0, 300.0, 900.0, 90.0, 1100.0, 12.0, 500.0, 400.0],
            "censor_reason": ["data cut-off", None, "lost to follow-up", None, "data cut-off", None, "data cut-off", "data cut-off"],
        }
    )  # fmt: skip
    exposures = pd.DataFrame({"patient_id": ["SYN-001"], "exposure": ["acute GVHD"], "day": [120.0]})
    tables = {"patients": patients, "screening": screening, "toxicity": toxicity, "treatments": treatments,
              "exposures": exposures, "labs": labs, "response": response, "followup": followup}  # fmt: skip
    return Cohort(
        "few", "infusion", True, "made up", "CC0", {name: tidy_table(name, frame) for name, frame in tables.items()}
    )
