"""The command ``supplement import``: other hospitals' files in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.importing.apply import apply
from helpers.importing.cohort_folder import Import
from helpers.importing.mapping import NAME, Mapping, read_mapping, write_mapping
from helpers.importing.propose import propose
from helpers.problems import InputError, Problem, in_the_singular


def write_proposal(files: Sequence[Path], folder: Path, *, again: bool = False) -> Mapping:
    """Write the proposal of a mapping into *folder*.

    Raises
    ------
    InputError
        For files that cannot be read, and if a mapping stands there already and *again* is not asked for.
    """
    if not files:
        raise InputError([Problem("import", "", "FILES", "no file", "the files that belong together")])
    if (folder / NAME).exists() and not again:
        allowed = "--apply to apply it, --again to replace it by a new proposal"
        raise InputError([Problem("import", "", "", "a mapping that may hold your answers", allowed, NAME)])
    mapping = propose(files)
    write_mapping(mapping, folder)
    return mapping


def apply_proposal(files: Sequence[Path], folder: Path, key_file: Path | None = None) -> Import:
    """Apply the mapping of *folder* to *files*; the random keys go beside the folder unless *key_file* says where."""
    mapping = read_mapping(folder)
    found = list(files) or _beside(mapping, folder)
    return apply(mapping, found, folder, key_file or folder.resolve().with_name(f"{folder.resolve().name}.key.csv"))


def _beside(mapping: Mapping, folder: Path) -> list[Path]:
    names = dict.fromkeys(sheet.file for sheet in mapping.sheets)
    places = (Path.cwd(), folder.resolve().parent)
    return [next((place / name for place in places if (place / name).is_file()), Path(name)) for name in names]


def told_of_proposal(mapping: Mapping, folder: Path) -> str:
    """Say what was proposed: columns by what they are taken for, and the questions."""
    lines = []
    for sheet in mapping.sheets:
        place = f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file
        lines.append(f"{place}: {sheet.rows_read} rows, {_what_rows_are(sheet.row_is)}")
        lines += [f"  note: {note}" for note in sheet.notes]
        for column in sheet.columns:
            name = f" ({column.name})" if column.name and column.to not in ("leave out",) else ""
            lines.append(f"  {column.at:>3} {column.column[:40]:<40} {column.to}{name}, {column.confidence}")
    questions = mapping.open_questions()
    lines += ["", f"{len(questions)} to decide in {folder / NAME}:", *[f"  {question}" for question in questions]] if questions else [
        "", f"Nothing is open. Look through {folder / NAME}, then add --apply."
    ]  # fmt: skip
    return "\n".join(lines)


def told_of_import(found: Import) -> str:
    """Say what was made of the files."""
    lines = [f"{found.folder}: {found.patients} patients"]
    lines += [f"  {row['file']}: {row['rows']} rows {row['what became of them']}" for _, row in found.rows.iterrows()]
    lines += [
        f"  {found.changed} values were changed: {found.folder / 'import' / 'log.csv'}",
        f"  which patient is which stands in {found.keys}, readable by you alone: keep it safe"
        if found.keys.exists()
        else "  the patients keep the keys of the files",
    ]
    return "\n".join(map(in_the_singular, lines))


def _what_rows_are(row_is: str) -> str:
    """Say what a row of a sheet is.

    Examples
    --------
    >>> _what_rows_are("event"), _what_rows_are("patient"), _what_rows_are("leave out")
    ('a row is an event', 'a row is a patient', 'left out')
    """
    return "left out" if row_is == "leave out" else f"a row is a{'n' * (row_is[0] in 'aeiou')} {row_is}"
