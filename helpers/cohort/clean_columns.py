"""Columns of an extract read by the rules of single cells, with a line of the log for each."""

from __future__ import annotations

import pandas as pd

from helpers.cohort import cell_rules, extract_words
from helpers.cohort.clean_log import Log


def read_ids(raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.Series:
    """Read the identifiers of patients."""
    read = cell_rules.patient_ids(raw["patient_id"])
    return log.read(table, name, "patient_id", raw["patient_id"], read, "patient_ids", "SYN- and three digits")["value"]


def read_dates(text: pd.Series, table: str, name: str, column: str, log: Log) -> pd.DataFrame:
    """Read dates, with the time of day where it stands."""
    return log.read(table, name, column, text, cell_rules.parse_dates(text), "parse_dates", cell_rules.DATES_ALLOWED)


def days_from_infusion(date: pd.Series, patient_id: pd.Series, first: pd.DataFrame) -> pd.Series:
    """Count days from the patient's first infusion."""
    origin = first["date"].reindex(patient_id).set_axis(patient_id.index)
    return (date - origin).dt.days.astype("float64")


def read_terms(text: pd.Series, table: str, name: str, column: str, log: Log) -> pd.Series:
    """Read the terms of a column, in whichever words they are written."""
    words = extract_words.WORDS[column]
    return log.read(table, name, column, text, cell_rules.translated_terms(text, words), "terms", " / ".join(words))[
        "value"
    ]


def read_yes_no(text: pd.Series, table: str, name: str, column: str, log: Log, words: str = "yes_no") -> pd.Series:
    """Read yes and no, in Chinese or English."""
    read = cell_rules.translated_terms(text, extract_words.WORDS[words])
    log.read(
        table,
        name,
        column,
        text,
        read.assign(form=read["form"].where(read["form"] == cell_rules.WRONG, "")),
        "terms",
        "yes / no, 是 / 否",
    )
    return read["value"].map({"true": True, "false": False}).astype("boolean")


def read_column_of_numbers(text: pd.Series, table: str, name: str, column: str, unit: str, log: Log) -> pd.Series:
    """Read numbers in *unit*."""
    read = cell_rules.read_numbers(text, unit)
    allowed = f"a number{f' ({unit})' if unit else ''}"
    return log.read(table, name, column, text, read, "units", allowed)["value"]
