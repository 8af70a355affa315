"""What is said when an input is wrong: every problem at once, in one message, before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED = 3  # rows told by their number
COUNTED = [
    "analytes",
    "cells",
    "children",
    "columns",
    "counts",
    "covariates",
    "cuts",
    "days",
    "deaths",
    "doses",
    "events",
    "files",
    "groups",
    "infusions",
    "levels",
    "losses",
    "measurements",
    "models",
    "months",
    "pairs",
    "patients",
    "relapses",
    "resamples",
    "rows",
    "sets",
    "steps",
    "times",
    "values",
    "warnings",
    "weeks",
    "years",
]
ONE = re.compile(rf"(?<![\d.,<>≤≥–−/-])1 ((?:synthetic |event )?)({'|'.join(COUNTED)})\b")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input.

    Parameters
    ----------
    table : str
        Table, or "parameters".
    row : int or str
        Row as a person counts it in the file (the header is row 1), several in words, or "" for the whole column.
    column : str
        Column or parameter.
    found : object
        What stands there. A patient identifier never goes in here.
    allowed : str
        What may stand there.
    file : str
        File name without its folder.
    count : int
        How many rows have it.

    Examples
    --------
    >>> print(Problem("patients", 7, "sex", "M?", "male or female", "patients.csv"))
    patients.csv: row 7, column sex: found 'M?'; allowed: male or female
    """

    table: str
    row: int | str
    column: str
    found: object
    allowed: str
    file: str = ""
    count: int = 1

    def __str__(self) -> str:
        rows = f"row {self.row}" if self.count == 1 else f"rows {self.row} ({self.count} in all)"
        place = ", ".join([rows] * (self.row != "") + [f"column {self.column}"] * (self.column != ""))
        return (
            f"{self.file or self.table}: {place + ': ' if place else ''}found {self.found!r}; allowed: {self.allowed}"
        )


def rows_in_words(rows: Sequence[int]) -> str:
    """Name the first rows of many.

    Examples
    --------
    >>> rows_in_words([2, 5]), rows_in_words([2, 5, 7, 9, 11])
    ('2, 5', '2, 5, 7, ...')
    """
    return ", ".join(map(str, rows[:NAMED])) + ", ..." * (len(rows) > NAMED)


def in_the_singular(text: str) -> str:
    """Write what a count of 1 counts in the singular.

    Examples
    --------
    >>> in_the_singular("1 events of 11 patients, 1 synthetic patients, 0.1 years"), in_the_singular("1 children, 1 losses")
    ('1 event of 11 patients, 1 synthetic patient, 0.1 years', '1 child, 1 loss')
    """
    return ONE.sub(lambda found: f"1 {found[1]}{_singular(found[2])}", text)


def _singular(word: str) -> str:
    return {"children": "child", "losses": "loss"}.get(word, word.removesuffix("s"))


class PlainError(Exception):
    """An error whose message is all that a reader needs: notebooks show it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class InputError(PlainError, ValueError):
    """All problems of an input at once.

    Examples
    --------
    >>> raise InputError([Problem("parameters", "", "gc_cutoff", "abc", "a number from 0 to 1000 mg/kg")])
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      parameters: column gc_cutoff: found 'abc'; allowed: a number from 0 to 1000 mg/kg
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'}:\n{lines}")


class NotAvailable(PlainError, LookupError):
    """A table or column that a result needs is not in the cohort; the message is one plain line."""
