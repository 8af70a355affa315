"""Apply a mapping: files in, a cohort out, each changed value and each row accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importing.account import Work
from helpers.importing.cohort_folder import Import, write_cohort
from helpers.importing.files import read_files
from helpers.importing.mapping import NAME, Mapping, SheetMap
from helpers.importing.patient_rows import collect_infusions, collect_origins, collect_patients
from helpers.importing.patients import Keys
from helpers.importing.row_use import collect_rows
from helpers.importing.samples import find_tables
from helpers.importing.table import Table
from helpers.problems import InputError, Problem


def apply(mapping: Mapping, files: Sequence[str | Path], folder: str | Path, key_file: str | Path) -> Import:
    """Apply a mapping to its files and write the cohort.

    Parameters
    ----------
    mapping : Mapping
        Without an open question.
    files : sequence of paths
        The files of the mapping, found by their names.
    folder : path
        Folder of the cohort; its tables appear only when all is done and the cohort reads without a problem.
    key_file : path
        Where the random keys stand; outside *folder*.

    Returns
    -------
    Import

    Raises
    ------
    InputError
        If a question is open, a file or column is not as the mapping says, a value cannot be read, values of one
        patient differ between rows, or the cohort would not be valid.
    """
    folder, key_file = Path(folder), Path(key_file)
    if questions := mapping.open_questions():
        raise InputError(
            [
                Problem("import", "", "", question, "an answer in mapping.yaml, and no line decide", NAME)
                for question in questions
            ]
        )
    if folder.resolve() in key_file.resolve().parents:
        raise InputError(
            [Problem("import", "", "", "a key file inside the cohort", "a place outside it", key_file.name)]
        )
    tables = _tables(files)
    work = Work(mapping, Keys(key_file, mapping.ids == "keep"))
    sheets = [(sheet, _find(sheet, tables)) for sheet in mapping.sheets if sheet.row_is != "leave out"]
    collect_patients(work, sheets)
    for sheet, table in sheets:
        if sheet.row_is == "infusion":
            collect_infusions(work, sheet, table)
    for sheet, table in sheets:
        collect_origins(work, sheet, table)
    for sheet, table in sheets:
        collect_rows(work, sheet, table)
    if work.problems:
        raise InputError(work.problems)
    return write_cohort(work, folder)


def _tables(files: Sequence[str | Path]) -> dict[tuple[str, str], Table]:
    sheets, _ = read_files(files)
    tables = {(sheet.file, sheet.name): table for sheet, table in find_tables(sheets)}
    return {place: table for place, table in tables.items() if table is not None}


def _find(sheet: SheetMap, tables: dict[tuple[str, str], Table]) -> Table:
    table = tables.get((sheet.file, sheet.sheet))
    place = f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file
    if table is None:
        raise InputError([Problem("import", "", "", "no such file or sheet among those given", place, sheet.file)])
    names = {column.at: column.name for column in table.columns}
    wrong = [c for c in sheet.columns if c.to != "leave out" and names.get(c.at) != c.column]
    if wrong:
        raise InputError(
            [Problem("import", "", c.at, "another heading than in the mapping", c.column, sheet.file) for c in wrong]
        )
    return table
