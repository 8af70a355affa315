"""Files that belong together: the sheets of those that hold tables, and what the others say of columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importing.described import (
    Description,
    codebook,
    codebook_columns,
    description,
    is_description,
    is_redcap_dictionary,
    merged,
    redcap_dictionary,
)
from helpers.importing.event_log import by_event
from helpers.importing.grid import open_sheets
from helpers.importing.layouts import by_block, by_day, by_field, by_instrument, by_patient, by_side
from helpers.importing.sdtm_rows import by_vital_sign, with_relapses
from helpers.importing.sheet import CATALOGUE, Sheet
from helpers.importing.visit_log import by_visit


def read_files(files: Sequence[str | Path]) -> tuple[list[Sheet], dict[str, Description]]:
    """Read files that belong together: the sheets of those that hold tables, and what the others say of columns.

    Sheets that are laid out in another way (a row for each field or event, a column for each day, a sheet for each patient, blocks
    of a plate, the instruments of a REDCap export) are laid out as the rest reads them.

    Raises
    ------
    InputError
        For files that cannot be read.
    """
    paths = list(map(Path, files))
    codebooks: list[Sheet] = []
    catalogues = [path for path in paths if path.suffix.lower() == CATALOGUE and path.is_file()]
    sheets, said = [], []
    for path in paths:
        if path in catalogues:
            continue
        if path.is_file() and is_description(path):
            said.append(description(path))
            continue
        for sheet in open_sheets(path, catalogues):
            if is_redcap_dictionary(sheet):
                said.append(redcap_dictionary(sheet))
            elif codebook_columns(sheet):
                codebooks.append(sheet)
            else:
                sheets.append(sheet)
    known = merged(*said)
    boxes = {name: list(one.codes) for name, one in known.items() if one.boxes}
    sheets = [by_field(by_side(by_block(sheet)), boxes) for sheet in sheets]
    sheets = by_patient([part for sheet in sheets for part in by_instrument(sheet)])
    sheets = [part for sheet in sheets for one in by_vital_sign(sheet) for part in with_relapses(one)]
    sheets = [part for sheet in sheets for one in by_visit(by_day(sheet)) for part in by_event(one)]
    headings = {str(cell).strip().lower() for sheet in sheets for row in sheet.cells[:5] for cell in row if cell}
    for sheet in codebooks:
        found = codebook(sheet)
        if sum(name.lower() in headings for name in found) * 2 >= len(found):
            said.append(found)
        else:
            sheets.append(sheet)
    return sheets, merged(*said)
