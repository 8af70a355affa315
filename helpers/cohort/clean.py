"""From the hospital extracts in data/raw to the tidy cohort, with a log of every change by reason and number of rows.

The rules for single cells are in :mod:`helpers.cohort.cell_rules`; here they are applied, counted and put together. Nothing is
dropped without a line in the log: for each file, rows read = rows dropped + rows kept. The log holds no identifier.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.cohort import cell_rules, extract_words
from helpers.cohort.clean_columns import (
    days_from_infusion,
    read_column_of_numbers,
    read_dates,
    read_ids,
    read_terms,
    read_yes_no,
)
from helpers.cohort.clean_log import Log
from helpers.cohort.clean_rows import check_rows_kept, count_rows_read, rows_by_day, rows_of_persons, without_repeats
from helpers.cohort.raw import EXTRACTS, read_extracts
from helpers.cohort.safe_words import safe_content
from helpers.cohort.schema import TABLES, Cohort
from helpers.cohort.steroids import LABELLED_IN_BASE
from helpers.cohort.units import ANALYTE_UNIT
from helpers.problems import InputError

CUTOFF = pd.Timestamp("2024-08-01")
"""Data cut-off ("The last follow-up date was 1 August 2024", Methods)."""

NAME = "zhang2025-synthetic"
ORIGIN = "CAR T-cell infusion"
SOURCE = (
    "made up by helpers.synthesis after Zhang et al. 2025, Front Immunol 16:1604866; no real patient stands behind it"
)
LICENCE = "CC0-1.0"
STANDS_FOR = "zhang2025"
RECORDED = {
    "toxicity": ("CRS", "ICANS"),
    "treatments": ("glucocorticoids", "tocilizumab", "ruxolitinib"),
    "exposures": ("chronic GVHD", "platelet recovery"),
    "labs": ("CRP", "PCT", "IL-2", "IL-4", "IL-6", "IL-10", "IL-17A", "TNF-α", "IFN-γ"),
    "followup": ("relapse", "progression", "treatment failure", "transplantation", "death"),
}
"""What the hospital looked for in everybody."""
SORTED_BY = {
    "screening": ("patient_id", "infusion_number"),
    "toxicity": ("patient_id", "day_from", "event", "episode_id"),
    "treatments": ("patient_id", "day", "time", "agent"),
    "exposures": ("patient_id", "day"),
    "labs": ("patient_id", "day", "time", "analyte"),
}


def clean_extracts(raw_folder: str | Path = "") -> tuple[Cohort, pd.DataFrame]:
    """Turn the hospital extracts in *raw_folder* (empty: data/raw) into the cohort.

    Returns
    -------
    cohort : Cohort
        Days from the first infusion at this centre; the excluded stand in ``screening`` alone.
    log : DataFrame
        table, file, column, rule, reason, action, rows.

    Raises
    ------
    InputError
        Every problem of every file at once: file, row, column, found, allowed.

    Examples
    --------
    >>> cohort, log = clean_extracts()
    >>> len(cohort.tables["patients"]), sorted(log["action"].unique())
    (120, ['changed', 'dropped', 'kept', 'read'])
    """
    raw, problems = read_extracts(raw_folder or paths.RAW)
    log = Log(problems=problems)
    if "registry" not in raw:
        raise InputError(log.problems)
    answer_queries(raw, log)
    people = numbered_infusions(raw["registry"], log)
    tables = {"patients": _patients(raw["registry"], people, log), "screening": screening_table(people)}
    first = people[people["infusion_number"] == 1].set_index("patient_id")
    readers = {
        "toxicity": _toxicity,
        "labs": _labs,
        "response": _response,
        "followup": _followup,
        "exposures": _exposures,
    }
    for name, reader in readers.items():
        if name in raw:
            tables[name] = reader(count_rows_read(raw[name], name, name, log), first, log)
    parts = [
        _treatments(count_rows_read(raw[name], "treatments", name, log), first, log, name)
        for name in ("drugs_ward", "drugs_icu")
        if name in raw
    ]
    if parts:
        tables["treatments"] = pd.concat(parts, ignore_index=True)
    if log.problems:
        raise InputError(log.problems)
    tables = {table: tidy_table(table, tables[table]) for table in TABLES if table in tables}
    cohort = Cohort(NAME, ORIGIN, True, SOURCE, LICENCE, tables, recorded=RECORDED, stands_for=STANDS_FOR)
    return cohort, log.frame()


def tidy_table(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give *frame* the dictionary's columns, types and the row order in which cohorts are stored.

    Examples
    --------
    >>> tidy_table("exposures", pd.DataFrame({"patient_id": ["SYN-002", "SYN-001"], "exposure": "GVHD", "day": [40, 35]}))
      patient_id exposure   day
    0    SYN-001     GVHD  35.0
    1    SYN-002     GVHD  40.0
    """
    known = {name: column.dtype for name, column in TABLES[table].items() if name in frame}
    frame = frame[[*known, *(name for name in frame if name not in known)]].astype(known)
    lead = [name for name in SORTED_BY.get(table, ("patient_id",)) if name in frame]
    by = [*lead, *(name for name in known if name not in lead)]
    return frame.sort_values(by, kind="stable", ignore_index=True)


def in_order(cohort: Cohort) -> Cohort:
    """Return the cohort with each table as :func:`tidy_table` has it."""
    tables = {table: tidy_table(table, cohort.tables[table]) for table in TABLES if table in cohort.tables}
    return replace(cohort, tables=tables, notes=())


def answer_queries(raw: dict[str, pd.DataFrame], log: Log) -> None:
    """Put the hospital's answers into the cells that were queried: an impossible date, a slip in a dose."""
    queries = raw.pop("queries", None)
    if queries is None:
        return
    names = {extract.file: name for name, extract in EXTRACTS.items()}
    for row, query in queries.iterrows():
        name = names.get(query["file"], "")
        frame = raw.get(name)
        column = {v: k for k, v in EXTRACTS[name].columns.items()}.get(query["column"]) if name else None
        if frame is None or column is None:
            log.refuse("queries", row, "column", safe_content(query["column"]), "a column of one of the extracts")
            continue
        hit = (frame["record"] == query["record"]) & (frame[column] == query["found"])
        if hit.sum() != 1:
            log.refuse(
                "queries", row, "found", safe_content(query["found"]), "what stands in the one record that was queried"
            )
            continue
        frame.loc[hit, column] = query["corrected"]
        table = "treatments" if name.startswith("drugs") else name
        log.note(table, name, "queries", "corrected by the hospital", "changed", 1, column)


def numbered_infusions(registry: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Number each person's infusions by date and say who is not in the cohort, and why.

    A CAR T-cell infusion elsewhere before comes first as a reason, then another trial, then a repeat infusion here: "only
    the results of the first round of administration were considered" (Methods).

    Returns
    -------
    DataFrame
        One row per infusion, indexed as the registry: patient_id, date, weight_kg, infusion_number, next_date,
        prior_car_elsewhere, in_other_trial, excluded_reason.
    """
    log.note("screening", "registry", "flow", "infusions in the registry", "read", len(registry))
    people = pd.DataFrame(index=registry.index)
    people["patient_id"] = read_ids(registry, "screening", "registry", log)
    people["date"] = read_dates(registry["date"], "screening", "registry", "date", log)["date"]
    for row in people.index[people["date"].isna() & cell_rules.stripped_or_missing(registry["date"]).isna()]:
        log.refuse("registry", row, "date", "an empty cell", cell_rules.DATES_ALLOWED)
    weight = cell_rules.read_numbers(registry["weight_kg"], "kg")
    people["weight_kg"] = weight["value"]
    ordered = people.sort_values("date").groupby("patient_id", sort=False)
    people["infusion_number"] = (ordered.cumcount() + 1).astype("Int64")
    people["next_date"] = ordered["date"].shift(-1)
    for column in ("prior_car_elsewhere", "in_other_trial"):
        people[column] = read_yes_no(registry[column], "screening", "registry", column, log)
    people["excluded_reason"] = exclusion_reasons(people)
    log.note("screening", "registry", "flow", "infusions in the registry", "kept", len(people))
    return people


def exclusion_reasons(people: pd.DataFrame) -> pd.Series:
    """Say why an infusion is not in the cohort; missing where it is.

    Examples
    --------
    >>> few = pd.DataFrame({"prior_car_elsewhere": [False, True, False, False], "in_other_trial": [False, True, True, False],
    ...                     "infusion_number": [1, 1, 1, 2]})
    >>> exclusion_reasons(few).tolist()
    [<NA>, 'prior CAR elsewhere', 'other trial', 'repeat infusion']
    """
    reason = pd.Series(pd.NA, index=people.index, dtype="string")
    reason = reason.mask(people["infusion_number"] > 1, "repeat infusion")
    reason = reason.mask(people["in_other_trial"].fillna(False), "other trial")
    return reason.mask(people["prior_car_elsewhere"].fillna(False), "prior CAR elsewhere")


def screening_table(people: pd.DataFrame) -> pd.DataFrame:
    """Return the screening table: everyone in the registry, included or not."""
    return people[list(TABLES["screening"])]


def last_day(followup: pd.DataFrame, cutoff_day: pd.Series) -> tuple[pd.DataFrame, dict[str, int]]:
    """End follow-up at the data cut-off: later events have not happened yet, later contacts become the cut-off.

    Parameters
    ----------
    followup : DataFrame
        Days from the origin, columns of the followup table.
    cutoff_day : Series
        Data cut-off of each row's patient, in days from the origin.

    Returns
    -------
    followup : DataFrame
    counts : dict
        Rows changed, by reason.

    Examples
    --------
    >>> few = pd.DataFrame({"relapse_day": [90.0, 800.0], "last_contact_day": [400.0, 820.0]})
    >>> few["censor_reason"] = pd.array([pd.NA, pd.NA], dtype="string")
    >>> ended, counts = last_day(few, pd.Series([700.0, 700.0]))
    >>> ended
       relapse_day  last_contact_day censor_reason
    0         90.0             400.0          <NA>
    1          NaN             700.0  data cut-off
    >>> counts
    {'relapse_day after the data cut-off: not an event yet': 1, 'last_contact_day after the data cut-off: ends there': 1}
    """
    followup, counts = followup.copy(), {}
    events = ("relapse_day", "progression_day", "treatment_failure_day", "transplant_day", "death_day")
    for column in (name for name in events if name in followup):
        late = followup[column] > cutoff_day
        counts[f"{column} after the data cut-off: not an event yet"] = int(late.sum())
        followup[column] = followup[column].mask(late)
        if column == "death_day" and "death_cause" in followup:
            followup["death_cause"] = followup["death_cause"].mask(late)
    for column in (name for name in ("last_assessment_day", "last_contact_day") if name in followup):
        late = followup[column] > cutoff_day
        counts[f"{column} after the data cut-off: ends there"] = int(late.sum())
        followup[column] = followup[column].mask(late, cutoff_day)
        if column == "last_contact_day" and "censor_reason" in followup:
            followup["censor_reason"] = followup["censor_reason"].mask(late, "data cut-off")
    return followup, {reason: rows for reason, rows in counts.items() if rows}


def _patients(registry: pd.DataFrame, people: pd.DataFrame, log: Log) -> pd.DataFrame:
    table, name = "patients", "registry"
    log.note(table, name, "flow", "infusions in the registry", "read", len(registry))
    for reason, rows in people["excluded_reason"].value_counts(sort=False).sort_index().items():
        log.note(table, name, "flow", f"not in the cohort: {reason}", "dropped", rows)
    people = people[people["excluded_reason"].isna()]
    registry = registry.loc[people.index]
    frame = people[["patient_id"]].copy()
    for column in ("sex", "car_target", "car_origin", "disease_status", "mrd_method"):
        frame[column] = read_terms(registry[column], table, name, column, log)
    for column, unit in {
        "age_years": "years", "weight_kg": "kg", "height_cm": "cm", "car_dose_e6_per_kg": "10^6/kg",
        "blast_prelymphodepletion_pct": "%", "mrd_prelymphodepletion": "fraction", "blast_preinfusion_pct": "%",
    }.items():  # fmt: skip
        frame[column] = read_column_of_numbers(registry[column], table, name, column, unit, log)
    frame["n_relapses"] = read_column_of_numbers(registry["n_relapses"], table, name, "n_relapses", "", log)
    frame["prior_transplant"] = read_yes_no(registry["prior_transplant"], table, name, "prior_transplant", log)
    sites = cell_rules.relapse_sites(registry["sites"])
    log.read(table, name, "sites", registry["sites"], sites, "sites", "BM, CNS, testis, other joined by +, or none")
    frame[list(extract_words.SITES)] = sites[list(extract_words.SITES)]
    frame["infusion_year"] = people["date"].dt.year
    frame["cutoff_day"] = (CUTOFF - people["date"]).dt.days
    check_rows_kept(frame, table, name, log)
    return frame


def _toxicity(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "toxicity"
    raw, frame = rows_by_day(raw, table, name, first, log, "day_from")
    for column in ("event", "grade", "grading_system"):
        frame[column] = read_terms(raw[column], table, name, column, log)
    frame["grade"] = pd.to_numeric(frame["grade"]).astype("Int64")
    frame["episode_id"] = cell_rules.stripped_or_missing(raw["episode_id"])
    end = read_dates(raw["date_to"], table, name, "date_to", log)["date"]
    frame["day_to"] = days_from_infusion(end, frame["patient_id"], first)
    for row in frame.index[frame["day_to"] < frame["day_from"]]:
        log.refuse(name, row, "date_to", raw["date_to"][row], "the day it began, or later")
    frame["resolved"] = read_yes_no(raw["resolved"], table, name, "resolved", log, "resolved")
    return without_repeats(frame, raw, table, name, log)


def _treatments(raw: pd.DataFrame, first: pd.DataFrame, log: Log, name: str) -> pd.DataFrame:
    table = "treatments"
    raw, frame = rows_by_day(raw, table, name, first, log, "day", timed=True)
    drug = log.read(
        table, name, "drug", raw["drug"], cell_rules.drug_names(raw["drug"]), "drug_names",
        "a known drug name, Chinese or English: " + " / ".join(extract_words.DRUGS),
    )  # fmt: skip
    frame[["agent", "salt"]] = drug[["agent", "salt"]]
    for column in ("route", "indication"):
        frame[column] = read_terms(raw[column], table, name, column, log)
    weight = first["weight_kg"].reindex(frame["patient_id"]).set_axis(frame.index)
    dose = cell_rules.doses_to_mg(raw["dose"], raw.get("unit", "mg"), weight)
    log.read(table, name, "dose", raw["dose"], dose, "doses_to_mg", "a number with mg, g or mg/kg")
    frame["dose_mg"] = dose["dose_mg"]
    frame = without_repeats(frame, raw, table, name, log)
    steroid = frame["agent"].isin(cell_rules.STEROIDS)
    salt = frame["salt"].fillna("base")
    in_base = [(agent, salt) in LABELLED_IN_BASE for agent, salt in zip(frame["agent"], salt, strict=True)]
    reason = "the label gives the mass of the {}: {}"
    as_base, as_salt = reason.format("base", "counted as it stands"), reason.format("salt", "converted when summed")
    log.note(table, name, "salts", "steroid salt; " + as_base, "kept", sum(in_base))
    log.note(table, name, "salts", "steroid salt; " + as_salt, "kept", (salt != "base").sum() - sum(in_base))
    local = steroid & frame["route"].isin(["IT", "topical", "inhaled", "ocular"])
    log.note(table, name, "routes", "local steroid (intrathecal ...): shown, never summed", "kept", local.sum())
    return frame


def _labs(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "labs"
    raw, frame = rows_by_day(raw, table, name, first, log, "day", timed=True)
    frame["analyte"] = read_terms(raw["analyte"], table, name, "analyte", log)
    unit = frame["analyte"].map(ANALYTE_UNIT).fillna("pg/mL")  # an analyte that is not known is a problem by itself
    frame["unit"] = unit.astype("string")
    read = cell_rules.censored_values(raw["value"], raw["unit"], unit)
    log.read(
        table,
        name,
        "value",
        raw["value"],
        read,
        "censored_values",
        "a number, < or > a limit, in a unit of the analyte",
    )
    frame[["value", "censored", "limit"]] = read[["value", "censored", "limit"]]
    return without_repeats(frame, raw, table, name, log)


def _response(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "response"
    raw, frame = rows_by_day(raw, table, name, first, log, "assessment_day", dated=False)
    frame["day30_response"] = read_terms(raw["day30_response"], table, name, "day30_response", log)
    frame["mrd_day30"] = read_column_of_numbers(raw["mrd_day30"], table, name, "mrd_day30", "fraction", log)
    frame["reason_not_done"] = cell_rules.stripped_or_missing(raw["reason_not_done"])
    return without_repeats(frame, raw, table, name, log)


def _followup(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    table = name = "followup"
    raw, frame = rows_of_persons(raw, table, name, first, log)
    for column in (column for column in raw if column.endswith("_day")):
        date = read_dates(raw[column], table, name, column, log)["date"]
        frame[column] = days_from_infusion(date, frame["patient_id"], first)
    for column in ("death_cause", "censor_reason"):
        frame[column] = read_terms(raw[column], table, name, column, log)
    cutoff = days_from_infusion(pd.Series(CUTOFF, index=frame.index), frame["patient_id"], first)
    frame, counts = last_day(frame, cutoff)
    for reason, rows in counts.items():
        log.note(table, name, "cut-off", reason, "changed", rows)
    return without_repeats(frame, raw, table, name, log)


def _exposures(raw: pd.DataFrame, first: pd.DataFrame, log: Log) -> pd.DataFrame:
    raw, frame = rows_by_day(raw, "exposures", "exposures", first, log, "day", by_infusion=False)
    frame["exposure"] = cell_rules.stripped_or_missing(raw["exposure"])
    return without_repeats(frame, raw, "exposures", "exposures", log)
