"""A list of samples beside the tables of their results: whose each sample is and when it was drawn, joined by the sample's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from helpers.importing.facts import analyte_over
from helpers.importing.headings import target_of
from helpers.importing.plain_words import bare
from helpers.importing.sheet import Cell, Sheet, code_text
from helpers.importing.table import SourceColumn, Table, find_table

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
A_WELL = ("well", "wells", "location", "well position", "well id", "孔位")
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
    """Tell whether a table lists samples (or the wells of a plate), each of one patient and one day."""
    to = [target_of(column.name)[0] for column in table.columns]
    if "patient" not in to or not {"date", "day"} & set(to) or any(analyte_over(column) for column in table.columns):
        return False
    return any(_places(table, column) for column in table.columns if _names_a_sample(column) or _is_well(column))


def _names_a_sample(column: SourceColumn) -> bool:
    return target_of(column.name)[0] == "sample" or bare(column.name) in A_SAMPLE


def _is_well(column: SourceColumn) -> bool:
    return bare(column.name) in A_WELL


def _name_of(cell: Cell, is_well: bool) -> str:
    """Spell the name of a sample, or a place on the plate: ``4(1,A02)`` and ``A2`` are one.

    Examples
    --------
    >>> _name_of("4(1,A02)", True), _name_of("a2", True), _name_of(" U1 ", False)
    ('A2', 'A2', 'U1')
    """
    text = "" if cell is None else code_text(cell)
    found = re.search(r"(?:^|[,;:(\s])([A-P])0?(\d{1,2})\)?$", text.upper()) if is_well else None
    return f"{found.group(1)}{found.group(2)}" if found else text


def _places(found: Table, by: SourceColumn) -> dict[str, int]:
    """Find the row of the list of each name; empty if a name stands for several patients or days."""
    to = [target_of(column.name)[0] for column in found.columns]
    taken = [column for column, what in zip(found.columns, to, strict=True) if what in OF_A_SAMPLE]
    places: dict[str, int] = {}
    for i, cell in enumerate(by.cells):
        name = _name_of(cell, _is_well(by))
        if not name:
            continue
        row = places.setdefault(name, i)
        if any(code_text(one.cells[i] or "") != code_text(one.cells[row] or "") for one in taken):
            return {}
    return places


def _joined(table: Table, found: Table) -> tuple[str, Table]:
    """Join a table of results to the list, and say so: only where it has no patient of its own and most of its samples are listed."""
    if any(target_of(column.name)[0] == "patient" for column in table.columns):
        return "", table
    to = [target_of(column.name)[0] for column in found.columns]
    for kind in (_names_a_sample, _is_well):
        for by in (column for column in found.columns if kind(column)):
            place = _places(found, by)
            for column in (one for one in table.columns if kind(one)):
                names = [name for cell in column.cells if (name := _name_of(cell, _is_well(column)))]
                known = sum(name in place for name in names)
                if not known or known * 2 < min(len(set(names)), len(place)):
                    continue
                rows = [place.get(_name_of(cell, _is_well(column))) for cell in column.cells]
                last = max(one.at for one in table.columns)
                taken = [one for one, what in zip(found.columns, to, strict=True) if what in OF_A_SAMPLE]
                added = [
                    replace(
                        one, at=last + 1 + i, groups=(), cells=[None if row is None else one.cells[row] for row in rows]
                    )
                    for i, one in enumerate(taken)
                ]
                return f"{known} of {len(names)} rows {JOINED}", replace(table, columns=(*table.columns, *added))
    return "", table
