"""What a file is before anybody says what it means: sheets of cells, with what the container says about them.

No reading here changes a value: text stays text, dates stay dates, codes stay codes. What a container declares (value
labels, missing values, merged cells, hidden rows, a date system) is kept beside the cells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from helpers.problems import InputError, Problem

MOST_UNPACKED = 2_000_000_000
ALLOWED = "a CSV or text table, Excel (.xlsx, .xlsm, .xls, .ods), SPSS (.sav, .zsav), Stata (.dta), SAS (.sas7bdat with .sas7bcat, .xpt) or ARFF file"


Cell = str | int | float | bool | datetime | None


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file.

    Parameters
    ----------
    file, name : str
        Name of the file without its folder; name of the sheet, empty for a file that has none.
    cells : list of list
        Rows of cells, the first row first, all rows of equal length.
    merged : tuple of (first row, first column, last row, last column)
        Merged ranges, counted from 0.
    labels : mapping of column number to mapping of code to label
        Value labels that the container declares.
    titles : mapping of column number to str
        Variable labels.
    missing : mapping of column number to tuple
        Codes declared missing.
    notes : tuple of str
        What a person should know: hidden rows, formulas without a value, the encoding.
    numbers : tuple of int
        Row of the file of each row, where they are not all of the file's.
    short : tuple of int
        Rows of the file, from 1, that have fewer cells than most.
    """

    file: str
    name: str
    cells: list[list[Cell]] = field(repr=False)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    titles: Mapping[int, str] = field(default_factory=dict)
    missing: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    short: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Name the sheet for a message."""
        return f"{self.file}, sheet {self.name}" if self.name else self.file


CATALOGUE = ".sas7bcat"


def refused(path: Path, found: str, allowed: str) -> InputError:
    """Refuse a file as a whole."""
    return InputError([Problem("import", "", "", found, allowed, path.name)])


def rectangle(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Fill rows up to the same number of cells.

    Examples
    --------
    >>> rectangle([["a", "b"], ["c"]])
    [['a', 'b'], ['c', None]]
    """
    width = max(map(len, rows), default=0)
    return [[*row, *[None] * (width - len(row))] for row in rows]


def plain_cell(value: object) -> Cell:
    """Take what Excel writes for a line end out of text, and make a date of a date."""
    if isinstance(value, str):
        return re.sub(r"_x000[dD]_", " ", value)
    if value is not None and not isinstance(value, datetime) and hasattr(value, "year"):
        return datetime(value.year, value.month, value.day)
    if value is not None and not isinstance(value, (datetime, int, float, bool)):
        return str(value)
    return value


HIDDEN = "a hidden sheet"
HIDDEN_ROWS = "hidden or filtered rows are read too"
NO_VALUES = "formulas hold no value (saved by a program that does not compute): read as missing"
NUMBERS_AS_DATES = "are read as dates of SAS, days from 1960"


def code_text(value: object) -> str:
    """Write a code as text: 1.0 is 1, also where it is written so.

    Examples
    --------
    >>> code_text(1.0), code_text("x"), code_text(0.5), code_text("-1.0")
    ('1', 'x', '0.5', '-1')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return re.sub(r"^(-?\d+)\.0$", r"\1", str(value).strip())
