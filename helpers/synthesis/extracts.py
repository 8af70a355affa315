"""From a tidy synthetic cohort to what a hospital hands over: several files, each written in its department's way.

The extracts also hold what cleaning has to take out or put right: persons whom the flow excludes, repeat infusions, records
exported twice, cells that the hospital corrected on query, contacts and events after the data cut-off. Cleaning them gives the
tidy cohort back to the last value, which is tested. Every file says SYNTHETIC in its name and in each row.

``python -m helpers.synthesis.extracts`` makes data/raw, data/cohort and the dictionary in data/README.md again.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import paths
from helpers.cohort import extract_words
from helpers.cohort.clean import CUTOFF, clean_extracts, in_order
from helpers.cohort.dictionary import write_dictionary
from helpers.cohort.raw import EXTRACTS
from helpers.cohort.read import write_cohort
from helpers.cohort.schema import Cohort
from helpers.synthesis.extract_cells import (
    DATE_MIX,
    NUMBER_UNITS,
    OTHER_UNIT,
    date_of,
    decimal_text,
    written_dates,
    written_dose,
    written_drug,
    written_ids,
    written_numbers,
    written_sites,
    written_terms,
    written_yes_no,
)
from helpers.synthesis.extract_files import write_extract
from helpers.synthesis.study import default_cohort

Frames = dict[str, pd.DataFrame]

RECRUITMENT_START = pd.Timestamp("2017-03-01")
REPEATED = 0.015
COURSE = ("toxicity", "treatments", "labs", "response")
DAY_COLUMN = {
    "toxicity": "day_from",
    "treatments": "day",
    "labs": "day",
    "response": "assessment_day",
}
ICU_SHARE = 0.35


def write_extracts(cohort: Cohort, folder: str | Path, seed: int = 2025) -> list[Path]:
    """Write the hospital extracts of *cohort* to *folder*: the same seed gives the same bytes.

    Parameters
    ----------
    cohort : Cohort
        Synthetic, days whole, ``cutoff_day`` counted to 1 August 2024, excluded persons in ``screening`` alone.
    folder : str or Path
    seed : int
        Decides who writes what how; no value of the cohort depends on it.

    Raises
    ------
    ValueError
        If the cohort is not synthetic, or a day, date or dose cannot be written exactly.
    """
    frames = extracts(cohort, seed)
    return [write_extract(Path(folder) / EXTRACTS[name].file, name, frame) for name, frame in frames.items()]


def extracts(cohort: Cohort, seed: int = 2025) -> Frames:
    """Return each extract as a frame of cells, columns named as in :data:`helpers.cohort.raw.EXTRACTS`."""
    _possible(cohort)
    rng = np.random.default_rng(seed)
    tables, registry = _everybody(cohort, rng)
    origin = registry[registry["number"] == 1].set_index("patient_id")["date"]
    tables["followup"] = _after_cutoff(tables["followup"], cohort, rng) if "followup" in tables else None
    frames = {"registry": _registry(registry, rng)}
    if "toxicity" in tables:
        frames["toxicity"] = _toxicity(tables["toxicity"], origin, rng)
    if "treatments" in tables:
        weight = registry[registry["number"] == 1].set_index("patient_id")["weight_kg"]
        frames |= _drugs(tables["treatments"], origin, weight, rng)
    if "labs" in tables:
        frames["labs"] = _labs(tables["labs"], origin, rng)
    if "response" in tables:
        frames["response"] = _response(tables["response"], origin, rng)
    if tables["followup"] is not None:
        frames["followup"] = _followup(tables["followup"], origin, rng)
    if "exposures" in tables:
        frames["exposures"] = _exposures(tables["exposures"], origin, rng)
    included = set(cohort.tables["patients"]["patient_id"])
    frames["queries"] = _queries(frames, included, rng)
    return {name: frames[name] for name in EXTRACTS if name in frames}


def refresh(cohort: Cohort | None = None, seed: int = 2025) -> Cohort:
    """Make data/raw, data/cohort and the dictionary again, checking that cleaning gives the cohort back.

    Parameters
    ----------
    cohort : Cohort, optional
        By default the cohort that the supplement ships.
    seed : int
        Of the faults that the extracts have.
    """
    cohort = in_order(cohort or default_cohort())
    written = write_extracts(cohort, paths.RAW, seed)
    for path in set(paths.RAW.glob("*")) - set(written):
        path.unlink()
    cleaned, _ = clean_extracts(paths.RAW)
    for table, frame in cohort.tables.items():
        pd.testing.assert_frame_equal(cleaned.tables[table], frame, check_exact=True)
    write_cohort(cleaned, paths.COHORT)
    write_dictionary(paths.DATA / "README.md")
    return cleaned


def _possible(cohort: Cohort) -> None:
    """Refuse what dates and hospital cells cannot express."""
    if not cohort.synthetic or not cohort.tables["patients"]["patient_id"].str.fullmatch(r"SYN-\d{3}").all():
        raise ValueError("extracts are made of synthetic patients only (SYN-001 ...)")
    patients = cohort.tables["patients"]
    date = CUTOFF - pd.to_timedelta(patients["cutoff_day"], unit="D")
    if not (date.dt.year == patients["infusion_year"]).all():
        raise ValueError("infusion_year is not the year of the date that cutoff_day gives")
    for table, frame in cohort.tables.items():
        for column in (name for name in frame if name == "day" or name.endswith("_day") or name.startswith("day_")):
            if (frame[column].dropna() % 1 != 0).any():
                raise ValueError(f"{table}.{column} holds fractions of days")


def _everybody(cohort: Cohort, rng: np.random.Generator) -> tuple[Frames, pd.DataFrame]:
    """Add what the hospital also has: excluded persons and repeat infusions, copied from included patients and moved.

    Returns the clinical tables of all (days from each person's first infusion) and one registry row per infusion.
    """
    patients = cohort.tables["patients"]
    date = CUTOFF - pd.to_timedelta(patients["cutoff_day"], unit="D")
    registry = patients.assign(date=date, number=1)
    tables = {name: frame.copy() for name, frame in cohort.tables.items() if name not in ("patients", "screening")}
    flags = ["prior_car_elsewhere", "in_other_trial"]
    outside = cohort.tables["screening"]
    outside = outside[outside["excluded_reason"].notna()]
    for person, number in zip(outside["patient_id"], outside["infusion_number"], strict=True):
        donor = patients.iloc[[rng.integers(len(patients))]]
        if number == 1:
            row, added = _outsider(person, donor, tables, rng)
        else:
            row, added = _again(person, int(number), donor, registry, tables, rng)
        registry = _stack(registry, row)
        tables = {name: _stack(frame, added[name]) for name, frame in tables.items()}
    seen = cohort.tables["screening"].set_index(["patient_id", "infusion_number"])[flags]
    keys = pd.MultiIndex.from_frame(registry[["patient_id", "number"]])
    registry[flags] = seen.loc[keys].to_numpy()
    return tables, registry.sort_values(["date", "patient_id"], ignore_index=True)


def _stack(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    more = more.astype(frame.dtypes)
    return pd.concat([frame, more], ignore_index=True) if len(more) else frame


def _outsider(
    person: str, donor: pd.DataFrame, tables: Frames, rng: np.random.Generator
) -> tuple[pd.DataFrame, Frames]:
    """Make an excluded person: an included one under a new identifier, infused some days earlier, another weight."""
    date = CUTOFF - pd.Timedelta(days=int(donor["cutoff_day"].iloc[0]))
    date = max(RECRUITMENT_START, date - pd.Timedelta(days=int(rng.integers(1, 25))))
    weight = round(float(donor["weight_kg"].iloc[0]) * rng.uniform(0.9, 1.1), 1)
    row = donor.assign(patient_id=person, date=date, number=1, weight_kg=weight)
    mine = {name: frame[frame["patient_id"] == donor["patient_id"].iloc[0]] for name, frame in tables.items()}
    return row, {name: frame.assign(patient_id=person) for name, frame in mine.items()}


def _again(
    person: str, number: int, donor: pd.DataFrame, registry: pd.DataFrame, tables: Frames, rng: np.random.Generator
) -> tuple[pd.DataFrame, Frames]:
    """Make a repeat infusion of an included patient, after all that belongs to the first, with another's course."""
    first = registry[(registry["patient_id"] == person) & (registry["number"] == 1)]
    mine = {name: tables[name][tables[name]["patient_id"] == person] for name in tables}
    last = max(mine[name][DAY_COLUMN[name]].max() for name in COURSE if name in mine and len(mine[name]))
    contact = mine["followup"]["last_contact_day"].max() if "followup" in mine else last + 120
    relapse = mine["followup"]["relapse_day"].max() if "followup" in mine else float("nan")
    wish = max(last + 1, np.nan_to_num(relapse) + 30) + int(rng.integers(0, 30))
    day = min(wish, contact - 1)
    if day <= last:
        raise ValueError("a repeat infusion needs follow-up beyond the records of the first one")
    row = first.assign(number=number, date=first["date"] + pd.Timedelta(days=int(day)))
    added = {name: frame.iloc[:0] for name, frame in tables.items()}
    for name in (name for name in COURSE if name in tables):
        frame = tables[name][tables[name]["patient_id"] == donor["patient_id"].iloc[0]]
        frame = frame[frame[DAY_COLUMN[name]].between(0, 45)].assign(patient_id=person)
        days = [column for column in frame if column == "day" or column.endswith("_day") or column.startswith("day_")]
        frame[days] = frame[days] + day
        added[name] = frame
    return row, added


def _after_cutoff(followup: pd.DataFrame, cohort: Cohort, rng: np.random.Generator) -> pd.DataFrame:
    """Let the clinic know more than the study may: contacts, a relapse and a death after the data cut-off."""
    cutoff = cohort.tables["patients"].set_index("patient_id")["cutoff_day"].reindex(followup["patient_id"])
    at_cutoff = (followup["last_contact_day"].to_numpy() == cutoff.to_numpy()) & (
        followup["censor_reason"] == "data cut-off"
    ).fillna(False).to_numpy(bool)
    free = followup[["relapse_day", "progression_day", "treatment_failure_day", "death_day"]].isna().all(axis=1)
    chosen = rng.permutation(followup.index[at_cutoff & free])[:12]
    followup = followup.copy()
    followup.loc[chosen, "last_contact_day"] += rng.integers(5, 90, len(chosen))
    followup.loc[chosen, "censor_reason"] = pd.NA
    for row in chosen[:2]:
        followup.loc[row, "relapse_day"] = followup.loc[row, "last_contact_day"] - rng.integers(0, 4)
    for row in chosen[2:3]:
        followup.loc[row, "death_day"] = followup.loc[row, "last_contact_day"]
        followup.loc[row, "death_cause"] = "unrelated"
    return followup


def _registry(registry: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    frame = pd.DataFrame({"record": [str(number) for number in range(1, len(registry) + 1)]})
    frame["patient_id"] = written_ids(registry["patient_id"], rng)
    for column in ("sex", "car_target", "car_origin", "disease_status", "mrd_method"):
        frame[column] = written_terms(registry[column], extract_words.WORDS[column], rng)
    for column, (unit, others) in NUMBER_UNITS.items():
        if column in EXTRACTS["registry"].columns:
            frame[column] = written_numbers(registry[column], unit, others, rng)
    frame["n_relapses"] = [None if pd.isna(value) else int(value) for value in registry["n_relapses"]]
    for column in ("prior_transplant", "prior_car_elsewhere", "in_other_trial"):
        frame[column] = written_yes_no(registry[column], "yes_no", rng)
    frame["date"] = written_dates(registry["date"], None, DATE_MIX["registry"], rng)
    frame["sites"] = written_sites(registry, rng)
    return frame[[column for column in EXTRACTS["registry"].columns if column != "flag"]]


def _toxicity(table: pd.DataFrame, origin: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    table, frame = _started(table, origin, "toxicity", "day_from", "T", rng)
    frame["event"] = written_terms(table["event"], extract_words.WORDS["event"], rng)
    frame["episode_id"] = table["episode_id"].fillna("").to_numpy()
    frame["date_to"] = written_dates(date_of(table, origin, "day_to"), None, DATE_MIX["toxicity"], rng)
    frame["grade"] = written_terms(table["grade"].astype("string"), extract_words.WORDS["grade"], rng)
    frame["grading_system"] = written_terms(table["grading_system"], extract_words.WORDS["grading_system"], rng)
    frame["resolved"] = written_yes_no(table["resolved"], "resolved", rng)
    return frame


def _drugs(table: pd.DataFrame, origin: pd.Series, weight: pd.Series, rng: np.random.Generator) -> Frames:
    """Share the administrations out between ward and intensive care, by patient and day."""
    stay = pd.MultiIndex.from_frame(table[["patient_id", "day"]])
    stays = pd.Series(rng.random(len(stay.unique())) < ICU_SHARE, index=stay.unique())
    icu = stays.loc[stay].to_numpy()
    return {
        "drugs_ward": _administrations(table[~icu], origin, weight, "drugs_ward", rng),
        "drugs_icu": _administrations(table[icu], origin, weight, "drugs_icu", rng),
    }


def _administrations(
    table: pd.DataFrame, origin: pd.Series, weight: pd.Series, name: str, rng: np.random.Generator
) -> pd.DataFrame:
    chinese = name == "drugs_ward"
    table, frame = _started(table, origin, name, "day", "W" if chinese else "I", rng)
    frame["drug"] = [
        written_drug(agent, salt, chinese, rng) for agent, salt in zip(table["agent"], table["salt"], strict=True)
    ]
    kilograms = weight.reindex(table["patient_id"])
    doses = [written_dose(dose, kg, rng) for dose, kg in zip(table["dose_mg"], kilograms, strict=True)]
    if chinese:
        frame["dose"], frame["unit"] = [dose for dose, _ in doses], [unit for _, unit in doses]
    else:
        frame["dose"] = [f"{dose.replace('.', ',')} {unit}".strip() for dose, unit in doses]
    for column in ("route", "indication"):
        frame[column] = written_terms(table[column], extract_words.WORDS[column], rng)
    return _repeat(frame, rng)


def _labs(table: pd.DataFrame, origin: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    table, frame = _started(table, origin, "labs", "day", "L", rng)
    frame["analyte"] = written_terms(table["analyte"], extract_words.WORDS["analyte"], rng)
    sign = table["censored"].map({"left": "<", "right": ">"}).fillna("")
    other, comma, trailing = (rng.random(len(table)) < share for share in (0.12, 0.05, 0.08))
    value, unit = [], []
    for row, (number, of) in enumerate(zip(table["value"], table["unit"], strict=True)):
        written = OTHER_UNIT[of] if other[row] else of
        text = (
            ""
            if pd.isna(number)
            else sign.iloc[row] + decimal_text(number, written, of).replace(".", "," if comma[row] else ".")
        )
        value.append(f"{text} {written}" if trailing[row] and text else text)
        unit.append(written if not written.endswith("mL") or rng.random() < 0.7 else written.replace("mL", "ml"))
    frame["value"], frame["unit"] = value, unit
    return _repeat(frame, rng)


def _response(table: pd.DataFrame, origin: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    table, frame = _started(table, origin, "response", "assessment_day", "R", rng)
    frame["day30_response"] = written_terms(table["day30_response"], extract_words.WORDS["day30_response"], rng)
    frame["mrd_day30"] = written_numbers(table["mrd_day30"], *NUMBER_UNITS["mrd_day30"], rng)
    frame["reason_not_done"] = table["reason_not_done"].fillna("").to_numpy()
    return frame


def _followup(table: pd.DataFrame, origin: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    frame = pd.DataFrame({"record": [f"F{number:04d}" for number in range(1, len(table) + 1)]})
    frame["patient_id"] = written_ids(table["patient_id"], rng)
    for column in EXTRACTS["followup"].columns:
        if column.endswith("_day"):
            frame[column] = written_dates(date_of(table, origin, column), None, DATE_MIX["followup"], rng)
        elif column in extract_words.WORDS:
            frame[column] = written_terms(table[column], extract_words.WORDS[column], rng)
    return frame


def _exposures(table: pd.DataFrame, origin: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    table, frame = _started(table, origin, "exposures", "day", "E", rng)
    frame["exposure"] = table["exposure"].to_numpy()
    return frame


def _started(
    table: pd.DataFrame, origin: pd.Series, name: str, day: str, letter: str, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put a table into the order in which it was recorded; begin its extract with record number, patient and date."""
    date = date_of(table, origin, day)
    order = np.lexsort([rng.random(len(table)), date.to_numpy()])
    table, date = table.iloc[order], date.iloc[order]
    frame = pd.DataFrame({"record": [f"{letter}{number:06d}" for number in range(1, len(table) + 1)]})
    frame["patient_id"] = written_ids(table["patient_id"], rng)
    frame["date"] = written_dates(date, table.get("time"), DATE_MIX[name], rng)
    return table, frame


def _repeat(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Export some records twice: the second time at the end of the file."""
    again = np.sort(rng.choice(len(frame), round(REPEATED * len(frame)), replace=False))
    return pd.concat([frame, frame.iloc[again]], ignore_index=True)


def _queries(frames: Frames, included: set[str], rng: np.random.Generator) -> pd.DataFrame:
    """Spoil a few cells of included patients, and note what the hospital answered when asked about them."""
    rows = []
    for name, column, spoil in (
        ("labs", "date", _impossible), ("labs", "date", _impossible), ("toxicity", "date", _impossible),
        ("drugs_ward", "dose", _slip), ("followup", "last_contact_day", _century),
    ):  # fmt: skip
        frame = frames.get(name)
        if frame is None:
            continue
        once = ~frame["record"].duplicated(keep=False) & frame["patient_id"].str.strip().str.upper().isin(included)
        asked = {row["found"] for row in rows}
        spoilt = {
            row: spoil(cell) for row, cell in frame.loc[once, column].items() if spoil(cell) not in (None, *asked)
        }
        if not spoilt:
            continue
        row = list(spoilt)[rng.integers(len(spoilt))]
        extract = EXTRACTS[name]
        rows.append(
            {"file": extract.file, "record": frame.loc[row, "record"], "column": extract.columns[column],
             "found": spoilt[row], "corrected": frame.loc[row, column]}
        )  # fmt: skip
        frame.loc[row, column] = spoilt[row]
    return pd.DataFrame(rows, columns=["record", "file", "column", "found", "corrected"])


def _impossible(cell: str) -> str | None:
    """Write the thirtieth of February or the thirty-first of a month of thirty days."""
    match = re.fullmatch(r"(\d{4})-(02|04|06|09|11)-\d{2}(.*)", str(cell))
    return f"{match[1]}-{match[2]}-{30 if match[2] == '02' else 31}{match[3]}" if match else None


def _slip(cell: str) -> str | None:
    """Write two noughts too many."""
    return f"{cell}00" if re.fullmatch(r"[1-9]\d?0", str(cell)) else None


def _century(cell: str) -> str | None:
    """Write a year of another decade, before anyone was infused."""
    match = re.fullmatch(r"20[12](\d-\d{2}-\d{2})", str(cell))
    return f"200{match[1]}" if match else None


if __name__ == "__main__":
    refresh()
    print(f"{paths.RAW.relative_to(paths.ROOT)} and {paths.COHORT.relative_to(paths.ROOT)} are made again")
