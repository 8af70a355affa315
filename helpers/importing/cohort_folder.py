"""The folder of a cohort, of what the rows gave: follow-up, doses by weight, tables; it appears whole or not at all."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort.read import read_cohort
from helpers.cohort.recorded import STEROIDS
from helpers.cohort.schema import TABLES
from helpers.importing.account import LOG, ONE_ROW, Work
from helpers.importing.row_first_event import FIRST_DEATH
from helpers.problems import InputError, Problem


@dataclass
class Import:
    """What applying gave: the folder, how many patients, rows by what became of them, how many values were changed, and where the keys are."""

    folder: Path
    patients: int
    rows: pd.DataFrame
    changed: int
    keys: Path


HALF_A_MONTH = 16


def _dated(days: set[float]) -> set[float]:
    """Find the one whole day (a date) among days that differ from it by no more than rounding to months makes; else nothing.

    Examples
    --------
    >>> _dated({100.0, 101.05}), _dated({100.0, 101.0}), _dated({100.0, 140.5})
    ({100.0}, set(), set())
    """
    whole = {day for day in days if day == int(day)}
    near = len(days) > 1 and len(whole) == 1 and all(abs(day - min(whole)) <= HALF_A_MONTH for day in days)
    return whole if near else set()


SAME_EVENT = 2.0  # days within which a relapse and an event of several kinds, told apart by rounding, are one


def _follow_up(work: Work) -> None:
    """Make one row of follow-up of the events and ends of each patient."""
    for patient, ends in work.ends.items():
        by_kind: dict[str, list[float]] = defaultdict(list)
        for kind, day, _ in ends:
            by_kind[kind].append(day)
        row = _events(work, by_kind)
        death = row.get("death_day")
        told = [row[name] for name in ("relapse_day", "treatment_failure_day") if name in row]
        for day in by_kind.get("progression or death", []):
            if (death is None or day < death - 1) and all(abs(day - other) > SAME_EVENT for other in told):
                row.setdefault("progression_day", day)
        assessed = [day for kind, found in by_kind.items() if kind.endswith(", censored") for day in found]
        alive = _without_rounded(work, by_kind.get("end of follow-up", []), "last_contact_day")
        whole = [day for day in alive if day == int(day)]
        assessed = [
            next((one for one in whole if abs(one - day) < 1), day) for day in assessed
        ]  # rounded months beside a date
        if assessed:
            row["last_assessment_day"] = max(assessed)
        known = [death] if death is not None else [*alive, *assessed, *by_kind.get("followed", [])]
        if known:
            row["last_contact_day"] = max(known)
        if death is not None and row.get("last_assessment_day", 0) > death:
            row["last_assessment_day"] = death
        for key, value in row.items():
            work.set_value("followup", patient, key, value, "the files", 0)
    without = [patient for patient, row in work.single["followup"].items() if "last_contact_day" not in row]
    for patient in without:
        del work.single["followup"][patient]
        work.rows["follow-up", "left out: a patient without an end of follow-up"] += 1


def _events(work: Work, by_kind: dict[str, list[float]]) -> dict[str, float]:
    """Find the first day of each event of a patient; two days of death are a problem."""
    row: dict[str, float] = {}
    for kind in ("death", "relapse", "progression", "treatment_failure"):
        days = set(by_kind.get(kind, []))
        if kind == "death":
            seen = [day for day in by_kind.get("end of follow-up", []) if day == int(day)]
            near = {day for day in seen if any(day != other and abs(day - other) < 1 for other in days)}
            days = set(_without_rounded(work, days | near if len(near) == 1 else days, "death_day"))
        if len(days) > 1 and kind == "death":
            found = f"{len(days)} different days of one patient"
            work.problems.append(Problem("followup", "", "death_day", found, "one day", "the files"))
        if days:
            row[f"{kind}_day"] = min(days)
    if "death_day" not in row and (first := by_kind.get(FIRST_DEATH)):
        row["death_day"] = min(first)
        if any(day > row["death_day"] + 2 for day in by_kind.get("end of follow-up", [])):
            found = "a death as the first event, and a later contact of somebody alive"
            work.problems.append(Problem("followup", "", "death_day", found, "one of the two", "the files"))
    return row


def _without_rounded(work: Work, days: Collection[float], column: str) -> Collection[float]:
    """Keep the date where a time in rounded months says nearly the same, and log it."""
    whole = _dated(set(days))
    if whole:
        rule = "a date and a time that agree to rounding: the date is kept"
        work.log.append(("the files", "", column, rule, "", f"{min(whole):g}"))
    return whole or days


DRUGS = {"tcz": ("tocilizumab",), "rux": ("ruxolitinib",), "gc": STEROIDS}


def _not_known(work: Work) -> None:
    """Write "unknown" for patients of whom the files ask whether they had something and do not answer, where no row would mean no."""
    toxic, given = work.many.get("toxicity", []), work.many.get("treatments", [])
    for what, rows in work.asked.items():
        # where some are said to have had none, whoever has no row was not asked
        asked = {*rows, *work.everyone.values()} if what in work.denied else rows
        if what in ("crs", "icans"):
            silent, had = not toxic, {row["patient_id"] for row in toxic if row["event"] == what.upper()}
        elif what in DRUGS:
            silent, had = not given, {row["patient_id"] for row in given if row["agent"] in DRUGS[what]}
        else:
            followed = work.single["followup"]
            had = {p for p, row in followed.items() if f"{what}_day" in row}
            silent, asked = not had, asked & set(followed)
        for patient in () if silent else sorted(asked - work.answered[what] - had):
            if what not in work.single["status"].get(patient, {}):
                work.set_value("status", patient, what, "unknown", "the files", 0)
                work.log.append(("the files", "", what, "asked, and not answered for a patient", "", "unknown"))


def _weigh_doses(work: Work) -> None:
    """Turn doses by weight into mg with the patient's weight; without one the dose stays empty, and the log says so."""
    for row in work.many.get("treatments", []):
        if "mg_per_kg" not in row:
            continue
        by_weight, (file, number, column) = row.pop("mg_per_kg"), row.pop("place")
        weight = work.single["patients"].get(row["patient_id"], {}).get("weight_kg")
        if weight is None:
            work.note(file, number, column, "a dose by weight of a patient without a weight: no dose", by_weight, "")
            continue
        row["dose_mg"] = float(f"{by_weight * weight[0]:.12g}")
        work.note(file, number, column, "a dose by weight became mg", by_weight, f"{row['dose_mg']:g}")


def _frames(work: Work) -> dict[str, pd.DataFrame]:
    frames = {}
    order = list(dict.fromkeys(work.everyone.values()))
    for table in ONE_ROW:
        rows = work.single[table]
        if table != "patients" and not rows:
            continue
        names = [*TABLES[table], *(work.declared if table == "patients" else {})]
        data = [
            {"patient_id": p, **{name: value for name, (value, _) in rows.get(p, {}).items()}}
            for p in order
            if table == "patients" or p in rows
        ]
        frame = pd.DataFrame(data)
        frames[table] = frame[[name for name in names if name in frame]]
    for table, rows in work.many.items():
        frame = pd.DataFrame(rows)
        if table == "toxicity":
            frame["episode_id"] = (
                frame.groupby(["patient_id", "event"]).cumcount().add(1).astype(str).radd(frame["event"] + "-")
            )
            frame["grading_system"] = None
        frame = frame[[name for name in TABLES[table] if name in frame]].dropna(axis="columns", how="all")
        keys = [
            name for name in ("patient_id", "day", "day_from", "time", "analyte", "agent", "exposure") if name in frame
        ]
        place = {patient: i for i, patient in enumerate(order)}
        sorting = frame.assign(patient_id=frame["patient_id"].map(place)).sort_values(keys, kind="stable").index
        frames[table] = frame.loc[sorting].reset_index(drop=True)
    return frames


def write_cohort(work: Work, folder: Path) -> Import:
    """Write the cohort beside its place, read it as any cohort is read, and only then put it there."""
    _follow_up(work)
    _not_known(work)
    _weigh_doses(work)
    if work.problems:
        raise InputError(work.problems)
    mapping, frames = work.mapping, _frames(work)
    about = {
        "name": mapping.name, "origin": mapping.origin, "synthetic": mapping.synthetic, "source": mapping.source or "imported",
        "licence": mapping.licence, "columns": {"patients": work.declared} if work.declared else {},
        "recorded": {table: sorted(what) for table, what in sorted(work.recorded.items())},
    } | ({"analytes": dict(sorted(work.analytes.items()))} if work.analytes else {})  # fmt: skip
    log = pd.DataFrame(work.log, columns=LOG)
    rows = pd.DataFrame(
        [(*key, count) for key, count in sorted(work.rows.items())], columns=["file", "what became of them", "rows"]
    )
    own = (folder / "import" / "rows.csv").exists()
    names = ("cohort.json", "import", *(f"{table}.csv" for table in TABLES))
    strange = [] if own else [name for name in names if (folder / name).exists()]
    if strange:
        raise InputError(
            [
                Problem(
                    "import",
                    "",
                    "",
                    f"a folder that holds {', '.join(strange)} of another making",
                    "an empty folder, or one of an import",
                    folder.name,
                )
            ]
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".unfinished"  # of patients: what a kill leaves here the next import removes
    shutil.rmtree(part, ignore_errors=True)
    try:
        for table, frame in frames.items():
            text = frame.copy()
            for column in text:
                if text[column].map(lambda value: isinstance(value, bool)).any():
                    text[column] = text[column].map({True: "true", False: "false"})
            paths.write_csv(part / f"{table}.csv", text, shield=False)
        paths.write_json(part / "cohort.json", about)
        read_cohort(part)
        paths.write_csv(part / "import" / "log.csv", log)
        paths.write_csv(part / "import" / "rows.csv", rows)
        work.keys.write()
        for name in ("cohort.json", *(f"{table}.csv" for table in TABLES)):
            (folder / name).unlink(missing_ok=True)
        (folder / "import").mkdir(exist_ok=True)  # which may hold notes of others
        made = [file for file in part.rglob("*") if file.is_file()]
        # rows.csv says whose folder it is and comes first, cohort.json last: without it there is no cohort
        for file in sorted(made, key=lambda one: (one.name == "cohort.json", one.name != "rows.csv", one.name)):
            file.replace(folder / file.relative_to(part))
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Import(folder, len(frames["patients"]), rows, len(log), work.keys.path)
