"""Workbooks: Excel with merged cells, hidden rows and formulas; others with their values."""

from __future__ import annotations

import zipfile
from pathlib import Path

from helpers.importing.sheet import HIDDEN, HIDDEN_ROWS, MOST_UNPACKED, NO_VALUES, Sheet, plain_cell, rectangle, refused


def read_excel(path: Path) -> list[Sheet]:
    """Read a workbook of Excel: values, merged cells, what is hidden, formulas without a value."""
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MOST_UNPACKED:
            raise refused(path, "an archive that unpacks to too much", f"at most {MOST_UNPACKED:,} bytes")
    values = openpyxl.load_workbook(path, data_only=True)
    formulas = openpyxl.load_workbook(path, data_only=False)
    sheets = []
    for sheet in values.worksheets:
        rows = [[plain_cell(cell.value) for cell in row] for row in sheet.iter_rows()]
        written = [[cell.value for cell in row] for row in formulas[sheet.title].iter_rows()]
        empty = sum(
            isinstance(cell, str) and cell.startswith("=") and rows[i][j] is None
            for i, row in enumerate(written)
            for j, cell in enumerate(row)
        )
        merged = tuple((m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in sheet.merged_cells.ranges)
        notes = []
        if values.epoch.year == 1904:
            notes.append("dates of this workbook count from 1904")
        if empty:
            notes.append(f"{empty} {NO_VALUES}")
        if sheet.sheet_state != "visible":
            notes.append(HIDDEN)
        hidden = sum(bool(dim.hidden) for dim in sheet.row_dimensions.values())
        if hidden:
            notes.append(f"{hidden} {HIDDEN_ROWS}")
        sheets.append(Sheet(path.name, sheet.title, rectangle(rows), merged, notes=tuple(notes)))
    return [sheet for sheet in sheets if any(cell is not None for row in sheet.cells for cell in row)]


def read_calamine(path: Path) -> list[Sheet]:
    """Read an older or another program's workbook."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    sheets = []
    for name in book.sheet_names:
        rows = [
            [None if cell == "" else plain_cell(cell) for cell in row]
            for row in book.get_sheet_by_name(name).to_python()
        ]
        sheets.append(Sheet(path.name, name, rectangle(rows)))
    return [sheet for sheet in sheets if sheet.cells]
