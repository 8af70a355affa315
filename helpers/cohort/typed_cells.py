"""Turn a table of text into the dictionary's types, listing what does not fit: grouped, counted, without contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from helpers.cohort.safe_words import DATE, LONG_NUMBER, did_you_mean, is_missing_mark, safe_content
from helpers.cohort.schema import Column
from helpers.problems import Problem, rows_in_words

TRUTH = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
MOST_GROUPS = 12
EXACT = 2.0**53
NOISE = 1e-9  # what is left of a difference that is 0


def typed_columns(raw: pd.DataFrame, table: str, known: Mapping[str, Column]) -> tuple[pd.DataFrame, list[Problem]]:
    """Give each known column its type.

    Returns
    -------
    frame : DataFrame
        The known columns that *raw* has, index as in *raw* (the row in the file less 2).
    problems : list of Problem
        One for each kind of wrong cell of a column, with the first rows and how many there are.
    """
    problems: list[Problem] = []
    frame = {}
    for name, column in known.items():
        if name not in raw:
            continue
        frame[name], bad = convert_column(raw[name], column)
        if column.required:
            bad = bad | raw[name].isna().to_numpy()
        if bad.any():
            problems += wrong_cells(raw[name][bad], table, column)
    return pd.DataFrame(frame, index=raw.index), problems


def wrong_cells(cells: pd.Series, table: str, column: Column) -> Iterator[Problem]:
    """Group wrong cells: equal ones together, numbers together, what is missing together; no content but what is safe."""
    kinds = {cell: _kind(cell, column) for cell in cells.unique()}
    group = cells.astype("object").map(kinds.get, na_action="ignore").fillna("an empty cell")
    texts = group.str.startswith("text:")
    order = group.value_counts(sort=False).sort_values(ascending=False, kind="stable").index
    if group[texts].nunique() > MOST_GROUPS:
        kept = [kind for kind in order if kind.startswith("text:")][:MOST_GROUPS]
        group = group.mask(texts & ~group.isin(kept), "other texts")
    for kind, part in cells.groupby(group, sort=False):
        rows = [row + 2 for row in part.index]
        found, hint = _said(str(kind), part, column)
        yield Problem(
            table, rows[0] if len(rows) == 1 else rows_in_words(rows), str(cells.name), found,
            column.allowed_text() + hint, f"{table}.csv", len(rows),
        )  # fmt: skip


def _kind(cell: object, column: Column) -> str:
    if cell is None or cell is pd.NA:
        return "an empty cell"
    if column.kind == "id":
        return "an identifier"
    if is_missing_mark(cell):
        return f"missing:{cell}"
    if column.kind in ("integer", "number") and LONG_NUMBER.fullmatch(str(cell)):
        return "number"
    if DATE.fullmatch(str(cell)):
        return "date"
    close = did_you_mean(str(cell), column.allowed)  # what reads alike in the message is one line of it
    return f"text:{safe_content(cell)}:{close or ''}"


def _said(kind: str, part: pd.Series, column: Column) -> tuple[str, str]:
    """Say what was found, and add to what is allowed what may have been meant."""
    first = part.iloc[0]
    if kind in ("an empty cell", "an identifier"):
        return kind, ""
    if kind == "number":
        commas = part.str.contains(",").any()
        hint = "; a point, no comma, before the decimals" if commas else ""
        numbers = pd.to_numeric(part.str.replace(",", ".", regex=False).str.lstrip("<>"), errors="coerce").dropna()
        if len(set(part)) == 1 or numbers.empty:
            return safe_content(first), hint
        return f"numbers from {safe_content(f'{numbers.min():g}')} to {safe_content(f'{numbers.max():g}')}", hint
    if kind == "date":
        return "a date", "; days count from the origin" if column.kind in ("integer", "number") else ""
    if kind.startswith("missing:"):
        return safe_content(first), "; leave the cell empty where it is missing"
    if kind == "other texts":
        lengths = part.str.len()
        return f"{part.nunique()} other texts of {lengths.min()} to {lengths.max()} characters", ""
    close = did_you_mean(str(first), column.allowed)
    different = part.nunique()
    found = safe_content(first) if different == 1 else f"{different} different cells, each {safe_content(first)}"
    return found, f"; did you mean {close}?" if close else ""


def convert_column(text: pd.Series, column: Column) -> tuple[pd.Series, np.ndarray]:
    """Convert one column of text; the array marks the cells that do not fit.

    Examples
    --------
    >>> cells = pd.Series(["12", "x", None], dtype="string")
    >>> values, bad = convert_column(cells, Column("number", "dose", "mg", low=0))
    >>> values.tolist(), bad.tolist()
    ([12.0, nan, nan], [False, True, False])
    """
    codes, distinct = pd.factorize(text)  # a laboratory table has far fewer distinct cells than rows
    values, wrong = _convert(pd.Series(distinct, dtype="string"), column)
    bad = np.append(wrong, False)[codes]
    return pd.Series(values.array.take(codes, allow_fill=True), text.index, name=text.name), bad


def _convert(text: pd.Series, column: Column) -> tuple[pd.Series, np.ndarray]:
    if column.kind in ("integer", "number"):
        numbers = pd.to_numeric(text, errors="coerce").to_numpy("float64", na_value=np.nan)
        bad = text.notna().to_numpy() & ~np.isfinite(numbers)
        if column.low is not None:
            numbers = np.where((numbers < column.low) & (numbers > column.low - NOISE), column.low, numbers)
            bad |= numbers < column.low
        if column.high is not None:
            bad |= numbers > column.high
        if column.kind == "integer":
            bad |= np.isfinite(numbers) & ((np.floor(numbers) != numbers) | (np.abs(numbers) > EXACT))
        numbers = np.where(bad, np.nan, numbers)
        return pd.Series(numbers, text.index).astype(column.dtype), bad
    if column.kind == "boolean":
        truth = text.str.lower().map(TRUTH).astype("boolean")
        return truth, (text.notna() & truth.isna()).to_numpy(bool)
    if column.kind == "category":
        return text, (text.notna() & ~text.isin(column.allowed)).to_numpy(bool)
    if column.kind == "time":
        wrong = [cell for cell in text.dropna().unique() if not CLOCK.fullmatch(cell)]
        return text, text.isin(wrong).to_numpy(bool)
    return text, np.zeros(len(text), bool)
