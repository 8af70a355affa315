"""Rows of an extract placed: whose they are, on which day, and which are no row of the cohort."""

from __future__ import annotations

import pandas as pd

from helpers.cohort import cell_rules
from helpers.cohort.clean_columns import days_from_infusion, read_dates, read_ids
from helpers.cohort.clean_log import RAW_NAME, Log
from helpers.cohort.raw import EXTRACTS
from helpers.cohort.safe_words import safe_content
from helpers.cohort.schema import TABLES


def count_rows_read(raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.DataFrame:
    """Count the rows of a file."""
    log.note(table, name, "rows", "rows in the file", "read", len(raw))
    return raw


def rows_of_persons(
    raw: pd.DataFrame, table: str, name: str, first: pd.DataFrame, log: Log
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the rows of persons in the cohort; return them as they stand, and their identifiers."""
    ids = read_ids(raw, table, name, log)
    for row in raw.index[ids.notna() & ~ids.isin(first.index)]:
        log.refuse(name, row, "patient_id", "a patient that the registry does not have", "a patient of the registry")
    reason = ids.map(first["excluded_reason"])
    for why, rows in reason.value_counts(sort=False).sort_index().items():
        log.note(table, name, "flow", f"person not in the cohort: {why}", "dropped", rows)
    keep = reason.isna() & ids.isin(first.index)
    return raw[keep], pd.DataFrame({"patient_id": ids[keep]})


def rows_by_day(
    raw: pd.DataFrame,
    table: str,
    name: str,
    first: pd.DataFrame,
    log: Log,
    day: str,
    *,
    timed: bool = False,
    dated: bool = True,
    by_infusion: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the rows of the cohort's first infusions and count their days from it.

    What was recorded from the day of a repeat infusion on belongs to that one; only follow-up and exposures (GVHD,
    transplantation ...) belong to the person.
    """
    raw, frame = rows_of_persons(raw, table, name, first, log)
    read = read_dates(raw["date"], table, name, "date", log)
    if dated:
        for row in raw.index[cell_rules.stripped_or_missing(raw["date"]).isna()]:
            log.refuse(name, row, "date", "an empty cell", cell_rules.DATES_ALLOWED)
    later = by_infusion & (read["date"] >= first["next_date"].reindex(frame["patient_id"]).set_axis(frame.index))
    log.note(table, name, "flow", "belongs to a repeat infusion", "dropped", later.sum())
    frame[day] = days_from_infusion(read["date"], frame["patient_id"], first)
    if timed:
        frame["time"] = read["time"]
    return raw[~later], frame[~later].copy()


def without_repeats(frame: pd.DataFrame, raw: pd.DataFrame, table: str, name: str, log: Log) -> pd.DataFrame:
    """Leave out what the file has twice, and check what is left against the dictionary."""
    mark = cell_rules.repeated_records(frame.assign(record=cell_rules.stripped_or_missing(raw["record"])), "record")
    for row in frame.index[mark == cell_rules.WRONG]:
        log.refuse(name, row, "record", "a record number used before, with other content", "one record, one content")
    log.note(table, name, "duplicates", "the same record again", "dropped", (mark == "repeat").sum())
    frame = frame[mark != "repeat"]
    check_rows_kept(frame, table, name, log)
    return frame


def check_rows_kept(frame: pd.DataFrame, table: str, name: str, log: Log) -> None:
    """Check a finished table cell by cell against the dictionary's bounds; log how many rows it keeps."""
    for name_of, column in TABLES[table].items():
        if name_of not in frame:
            continue
        bad = frame[name_of].isna() if column.required else pd.Series(False, index=frame.index)
        if column.low is not None:
            bad |= (frame[name_of] < column.low).fillna(False)
        if column.high is not None:
            bad |= (frame[name_of] > column.high).fillna(False)
        already = {(problem.row, problem.file) for problem in log.problems}
        for row in frame.index[bad.fillna(True).astype(bool)]:
            if (row, EXTRACTS[name].file) not in already:
                found = "an empty cell" if pd.isna(frame[name_of][row]) else safe_content(f"{frame[name_of][row]:g}")
                log.refuse(name, row, RAW_NAME.get(name_of, name_of), found, column.allowed_text())
    if table in ("patients", "response", "followup"):
        for row in frame.index[frame.duplicated("patient_id")]:
            log.refuse(name, row, "patient_id", "a patient again", "each patient once")
    log.note(table, name, "rows", "rows in the cohort", "kept", len(frame))
