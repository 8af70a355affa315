"""The declared corrections of the print: few, each with its reason, and never applied silently.

``corrections.csv`` has columns id, corrected_to (the number that should stand there; empty: the number is right), alias
(the id of the quantity that the number belongs to; empty: its own) and reason.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED
from helpers.problems import InputError, Problem
from helpers.published.values import read_table

FILE = "corrections.csv"
COLUMNS = ["id", "corrected_to", "alias", "reason"]


def read_corrections(directory: str | Path = PUBLISHED) -> pd.DataFrame:
    """Read the corrections of a paper; a folder without the file has none.

    Returns
    -------
    pandas.DataFrame
        id, corrected_to (text), alias, reason.

    Raises
    ------
    InputError
        If a row corrects nothing, has no reason, or its number is none.

    Examples
    --------
    >>> read_corrections().set_index("id").loc["abstract.multivariable.gc_low.hr", "corrected_to"]
    '0.37'
    """
    path = Path(directory) / FILE
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    table = read_table(path, COLUMNS)
    numbers = pd.to_numeric(table["corrected_to"].replace("", "0"), errors="coerce")
    checks = [
        (numbers.isna(), "corrected_to", "a number or nothing"),
        ((table["corrected_to"] == "") & (table["alias"] == ""), "alias", "a number or an alias"),
        (table["reason"] == "", "reason", "a reason"),
        (table["id"].duplicated(), "id", "an id that no other row has"),
    ]
    problems = [
        Problem("corrections", int(row) + 2, column, table[column].iloc[row], allowed, FILE)
        for wrong, column, allowed in checks
        for row in wrong.to_numpy().nonzero()[0]
    ]
    if problems:
        raise InputError(problems)
    return table
