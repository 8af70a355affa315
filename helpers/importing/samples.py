"""A list of samples beside the tables of their results: whose each sample is and when it was drawn, joined by the sample's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from helpers.importing.grid import Cell, Sheet, code_text
from helpers.importing.table import Table, find_table
from helpers.importing.vocabulary import bare, target_of

JOINED = "joined by the sample to"
A_SAMPLE = (
    "description",
    "sample description",
    "specimen description",
    "barcode",
    "tube",
    "tube id",
    "aliquot",
    "aliquot id",
    "样本号",
    "标本号",
)
OF_A_SAMPLE = ("patient", "date", "day", "time")


def find_tables(sheets: Sequence[Sheet]) -> list[tuple[Sheet, Table | None]]:
    """Find the table of each sheet; a table whose rows name samples that another sheet lists gets their patient and day.

    Returns
    -------
    list of (Sheet, Table or None)
        The list of samples itself stays a table of its own; it says nothing that the joined tables do not.

    Examples
    --------
    >>> listed = Sheet("list.csv", "", [["Sample ID", "Patient ID", "Day"], ["s1", "K7", "0"], ["s2", "K7", "3"]])
    >>> results = Sheet("plate.csv", "", [["Sample ID", "IL-6 pg/mL"], ["s1", "12"], ["s2", "80"]])
    >>> [column.name for column in find_tables([listed, results])[1][1].columns]
    ['Sample ID', 'IL-6 pg/mL', 'Patient ID', 'Day']
    """
    tables = [(sheet, find_table(sheet)) for sheet in sheets]
    lists = [i for i, (_, table) in enumerate(tables) if table is not None and _is_list(table)]
    done = list(tables)
    for i in lists:
        listing, found = tables[i]
        for j, (sheet, table) in enumerate(tables):
            if table is None or j == i or done[j][1] is not table:
                continue
            note, joined = _joined(table, found)
            if note:
                done[j] = (replace(sheet, notes=(*sheet.notes, f"{note} {listing.place}")), joined)
                done[i] = (replace(listing, notes=(*listing.notes, LISTED)), found)
    return done


LISTED = "a list of samples: what it says stands in the tables that it was joined to"


def _is_list(table: Table) -> bool:
    """Tell whether a table lists samples, each once, with their patient and their day."""
    to = [target_of(column.name)[0] for column in table.columns]
    if not ("sample" in to and "patient" in to and {"date", "day"} & set(to)):
        return False
    names = _names(table.columns[to.index("sample")].cells)
    return len(set(names)) == len(names)


def _names(cells: Sequence[Cell]) -> list[str]:
    return [code_text(cell) for cell in cells if cell is not None and code_text(cell)]


def _joined(table: Table, found: Table) -> tuple[str, Table]:
    """Join a table of results to the list, and say so: only where it has no patient of its own and most of its samples are listed."""
    if any(target_of(column.name)[0] == "patient" for column in table.columns):
        return "", table
    to = [target_of(column.name)[0] for column in found.columns]
    place = {code_text(cell): i for i, cell in enumerate(found.columns[to.index("sample")].cells) if cell is not None}
    for column in table.columns:
        if target_of(column.name)[0] != "sample" and bare(column.name) not in A_SAMPLE:
            continue
        names = _names(column.cells)
        known = sum(name in place for name in names)
        if not known or known * 2 < min(len(set(names)), len(place)):
            continue
        rows = [place.get(code_text(cell)) if cell is not None else None for cell in column.cells]
        last = max(one.at for one in table.columns)
        taken = [one for one, what in zip(found.columns, to, strict=True) if what in OF_A_SAMPLE]
        added = [
            replace(one, at=last + 1 + i, groups=(), cells=[None if row is None else one.cells[row] for row in rows])
            for i, one in enumerate(taken)
        ]
        return f"{known} of {len(names)} rows {JOINED}", replace(table, columns=(*table.columns, *added))
    return "", table
