"""Cohorts that a notebook must stand: each table and column left out, few patients, no and all events, odd words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.paths import COHORT

Tables = dict[str, pd.DataFrame]
ABOUT = {
    "name": "tried",
    "origin": "infusion",
    "synthetic": True,
    "source": "made up",
    "licence": "CC0-1.0",
    "columns": {},
}
ODD = ["CMV+", "CMV-", "<10%", "≥10%", "$x$ & 5%", "_under", 'said "so"', "患者"]


def tables(patients: int = 40) -> Tables:
    """Read the first *patients* of the default cohort as text-free frames; screening rows of others are left out."""
    found = {path.stem: pd.read_csv(path) for path in COHORT.glob("*.csv")}
    ids = list(found["patients"]["patient_id"][:patients])
    return {name: frame[frame["patient_id"].isin(ids)].reset_index(drop=True) for name, frame in found.items()}


def write(folder: Path, content: Mapping[str, pd.DataFrame], **about: object) -> str:
    """Write a cohort's folder and return its path."""
    folder.mkdir(parents=True)
    for name, frame in content.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "cohort.json").write_text(json.dumps({**ABOUT, **about}))
    return str(folder)


def without(*columns: str) -> Callable[[Tables], Tables]:
    """Leave out tables ("labs") and columns ("labs.value")."""

    def change(content: Tables) -> Tables:
        left = {name: frame for name, frame in content.items() if name not in columns}
        gone = {name: [c.split(".")[1] for c in columns if c.startswith(f"{name}.")] for name in left}
        return {name: frame.drop(columns=gone[name]) for name, frame in left.items()}

    return change


def only(*names: str) -> Callable[[Tables], Tables]:
    """Keep only some tables."""
    return lambda content: {name: content[name] for name in names}


def put(table: str, **columns: object) -> Callable[[Tables], Tables]:
    """Set columns of a table to one value, or to what a function makes of it."""

    def change(content: Tables) -> Tables:
        made = {name: value(content[table]) if callable(value) else value for name, value in columns.items()}
        return {**content, table: content[table].assign(**made)}

    return change


def keep(table: str, rows: Callable[[pd.DataFrame], object]) -> Callable[[Tables], Tables]:
    """Keep some rows of a table."""
    return lambda content: {**content, table: content[table][rows(content[table])]}


def first(patients: int) -> Callable[[Tables], Tables]:
    """Keep the first patients."""
    return lambda content: {
        name: frame[frame["patient_id"].isin(content["patients"]["patient_id"][:patients])]
        for name, frame in content.items()
    }


def both(*changes: Callable[[Tables], Tables]) -> Callable[[Tables], Tables]:
    """Change a cohort in several ways."""

    def change(content: Tables) -> Tables:
        for one in changes:
            content = one(content)
        return content

    return change


def _treated(content: Tables, dose: float) -> Tables:
    rows = content["patients"][["patient_id"]].assign(
        agent="methylprednisolone",
        salt="base",
        route="IV",
        day=4.0,
        time=None,
        dose_mg=dose,
        indication="CRS",
        synthetic=True,
    )
    return {**content, "treatments": rows}


def _odd_words(content: Tables) -> Tables:
    n = len(content["patients"])
    own = {"virus": np.resize(ODD[:2], n), "share": np.resize(ODD[2:4], n), "words": np.resize(ODD[4:], n)}
    return put("patients", **own)(content)


def _named_like_ours(content: Tables) -> Tables:
    n = len(content["patients"])
    own = {name: np.resize(["a", "b"], n) for name in OURS}
    return put("patients", **own)(content)


OURS = ("time", "event", "status", "gc", "toxicity", "p", "n", "group")
WORDS = {"columns": {"patients": {name: {"kind": "category", "meaning": "made up", "allowed": allowed} for name, allowed in
                                  (("virus", ODD[:2]), ("share", ODD[2:4]), ("words", ODD[4:]))}}}  # fmt: skip
OWN = {"columns": {"patients": {n: {"kind": "category", "meaning": "made up", "allowed": ["a", "b"]} for n in OURS}}}
EVENTS = ["relapse_day", "progression_day", "treatment_failure_day", "death_day"]
NO_EVENT = dict.fromkeys([*EVENTS, "death_cause"])

COHORTS: dict[str, tuple[Callable[[Tables], Tables], dict]] = {
    "1 patient": (first(1), {}),
    "3 patients": (first(3), {}),
    "10 patients": (first(10), {}),
    "patients only": (only("patients"), {}),
    "patient_id only": (lambda c: {"patients": c["patients"][["patient_id", "synthetic"]]}, {}),
    "patients and followup": (only("patients", "followup"), {}),
    "patients, followup, labs": (only("patients", "followup", "labs"), {}),
    "no events": (put("followup", **NO_EVENT), {}),
    "all events": (put("followup", relapse_day=lambda f: (f["last_contact_day"] * 0.7).round().clip(lower=1)), {}),
    "all events on one day": (put("followup", **{**NO_EVENT, "transplant_day": None, "death_day": 100.0, "last_contact_day": 100.0, "last_assessment_day": 90.0}), {}),
    "all dead on day 0": (put("followup", **{**NO_EVENT, "transplant_day": None, "death_day": 0.0, "last_contact_day": 0.0, "last_assessment_day": 0.0}), {}),
    "cut-off day 0": (put("patients", cutoff_day=0.0), {}),
    "nobody treated": (keep("treatments", lambda t: t["dose_mg"] < 0), {"recorded": {"treatments": ["glucocorticoids", "tocilizumab", "ruxolitinib"]}}),
    "treatments not recorded": (keep("treatments", lambda t: t["dose_mg"] < 0), {}),
    "tocilizumab not recorded": (keep("treatments", lambda t: ~t["agent"].isin(["tocilizumab", "ruxolitinib"])), {}),
    "no steroid": (keep("treatments", lambda t: t["agent"].isin(["tocilizumab", "ruxolitinib"])), {"recorded": {"treatments": ["glucocorticoids"]}}),
    "everybody on low dose": (lambda c: _treated(c, 20.0), {}),
    "everybody treated": (lambda c: _treated(c, 200.0), {}),
    "one sex": (put("patients", sex="female"), {}),
    "sex empty": (put("patients", sex=None), {}),
    "weight empty": (put("patients", weight_kg=None), {}),
    "all of one age": (put("patients", age_years=9.0), {}),
    "age empty": (put("patients", age_years=None), {}),
    "no ICANS": (keep("toxicity", lambda t: t["event"] == "CRS"), {"recorded": {"toxicity": ["CRS", "ICANS"]}}),
    "no CRS": (keep("toxicity", lambda t: t["event"] == "ICANS"), {"recorded": {"toxicity": ["CRS", "ICANS"]}}),
    "toxicity without rows": (keep("toxicity", lambda t: t["grade"] < 0), {}),
    "nobody assessed": (put("response", day30_response="not done", mrd_day30=None), {}),
    "all CR": (put("response", day30_response="CR"), {}),
    "all NR": (put("response", day30_response="NR"), {}),
    "one analyte": (keep("labs", lambda t: t["analyte"] == "IL-6"), {}),
    "all censored": (put("labs", censored="left", limit=lambda t: t["value"]), {}),
    "two limits": (put("labs", censored=lambda t: np.where(t["value"] < 20, "left", "no"), limit=lambda t: np.where(t["value"] < 20, np.resize([2.5, 20.0], len(t)), np.nan)), {}),
    "labs without rows": (keep("labs", lambda t: t["value"] < 0), {}),
    "labs on day 0": (keep("labs", lambda t: t["day"] == 0), {}),
    "followup without rows": (keep("followup", lambda t: t["last_contact_day"] < 0), {}),
    "followup of half": (keep("followup", lambda t: np.arange(len(t)) % 2 == 0), {}),
    "odd words": (_odd_words, WORDS),
    "own columns named like ours": (_named_like_ours, OWN),
    "fractions and noise": (both(put("followup", relapse_day=lambda f: f["relapse_day"] + 0.1 + 0.2 - 0.3), put("labs", day=lambda t: t["day"] + 0.25)), {}),
    "tables without rows": (lambda c: {name: frame if name == "patients" else frame.iloc[:0] for name, frame in c.items()}, {}),
    "screened twice": (lambda c: {**c, "screening": pd.concat([c["screening"]] * 2)}, {}),
    "cut-off day 20": (put("patients", cutoff_day=20.0), {}),
    "one target": (put("patients", car_target="CD22"), {}),
    "under a year, no cut-off": (both(without("patients.cutoff_day"), put("followup", **{**NO_EVENT, "transplant_day": None, "last_assessment_day": None, "relapse_day": lambda f: np.where(np.arange(len(f)) % 3, np.nan, 100.0), "last_contact_day": 200.0})), {}),
}  # fmt: skip
