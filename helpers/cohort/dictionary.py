"""The data dictionary, made from the schema so that it cannot differ from what is checked."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.cohort.schema import TABLES
from helpers.paths import write_text

BEGIN, END = "<!-- dictionary: made from helpers.cohort.schema -->", "<!-- end of the dictionary -->"
ROW_IS = {
    "patients": "patient",
    "screening": "person screened and infusion",
    "toxicity": "interval at one grade",
    "treatments": "administration",
    "exposures": "onset of any other exposure",
    "labs": "measurement",
    "response": "patient",
    "followup": "patient",
    "status": "patient of whom something is known without a day",
}


def table_dictionary(table: str) -> pd.DataFrame:
    """List the columns of one table: column, type, what may stand there, missing, meaning.

    Examples
    --------
    >>> table_dictionary("exposures")[["column", "type", "missing"]]
           column    type missing
    0  patient_id      id      no
    1    exposure    text      no
    2         day  number      no
    """
    rows = [
        {
            "column": name,
            "type": column.kind,
            "allowed": column.allowed_text(),
            "missing": "no" if column.required else "may be empty",
            "meaning": column.meaning,
        }
        for name, column in TABLES[table].items()
    ]
    return pd.DataFrame(rows)


def dictionary_markdown() -> str:
    """Write the dictionary of every table as Markdown, between two marks."""
    parts = [BEGIN]
    for table in TABLES:
        frame = table_dictionary(table)
        lines = ["| " + " | ".join(row) + " |" for row in [list(frame), ["---"] * frame.shape[1], *frame.to_numpy()]]
        parts += [f"### {table}.csv", f"One row per {ROW_IS[table]}.", "\n".join(lines)]
    return "\n\n".join([*parts, END])


def write_dictionary(path: str | Path) -> Path:
    """Put the dictionary into *path* between its marks, leaving the rest of the page as it is."""
    before, _, rest = Path(path).read_text(encoding="utf-8").partition(BEGIN)
    return write_text(path, before + dictionary_markdown() + rest.partition(END)[2])
