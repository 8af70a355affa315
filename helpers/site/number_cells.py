"""Which notebook cell shows a published number: the longest beginning of its id in a small table counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
import pandas as pd

from helpers.paths import DOCS
from helpers.published.values import canonical_id
from helpers.site.paper_to_code import cell_holding

FILE = "number_cells.csv"
COLUMNS = ["begins", "notebook", "cell_holds"]


def number_cells(ids: Iterable[str], notebooks: Sequence[Path]) -> dict[str, tuple[str, str]]:
    """Find the notebook (stem) and the cell (its id in the file) that show each number.

    Parameters
    ----------
    ids : iterable of str
        Ids of published numbers; what is stated again is found where it is stated first.
    notebooks : sequence of Path
        Those that the book has.

    Returns
    -------
    dict of str to (str, str)
        Without the ids that no cell of these notebooks shows.

    Raises
    ------
    ValueError
        If the table (``docs/number_cells.csv``: beginning of ids, notebook, a piece of code that the cell holds) has other columns.

    Examples
    --------
    >>> number_cells(["table1.male.n"], [])
    {}
    """
    frame = pd.read_csv(DOCS / FILE, dtype=str, keep_default_na=False)
    if list(frame) != COLUMNS:
        raise ValueError(f"{FILE} has columns {list(frame)}, needed: {COLUMNS}")
    cells = {path.stem: nbformat.read(path, 4).cells for path in notebooks}
    rows = sorted(frame.to_dict("records"), key=lambda row: len(row["begins"]), reverse=True)
    places = {
        row["begins"]: (row["notebook"], cell_holding(cells.get(row["notebook"], []), row["cell_holds"]))
        for row in rows
    }
    found = {
        id: next((place for begins, place in places.items() if canonical_id(id).startswith(begins)), ("", ""))
        for id in ids
    }
    return {id: place for id, place in found.items() if place[1]}
