"""The patient's key: how it is spelt, how files join, and the random key that replaces it."""

from __future__ import annotations

import csv
import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from helpers.importing.mapping import SheetMap
from helpers.importing.sheet import Cell, code_text
from helpers.importing.table import Table
from helpers.paths import atomic_writing
from helpers.problems import InputError, Problem

PREFIX = r"^[A-Za-z]+[-_ .]*(?=\d)"
SUFFIX = r"[-_ ](?:[A-Za-z]{2,6}\d?|[Dd]\d+|[Ss]\d)$"
DAY_IN_KEY = r"[-_ ]+[Dd](?:ay)?[ _]?[+]?(-?\d+)$"
HEAD = ["key_in_file", "patient_id"]
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def key_of(cell: Cell) -> str:
    """Spell a key in one way: no space around it, no .0 behind it.

    Examples
    --------
    >>> key_of(611.0), key_of(" U1 ")
    ('611', 'U1')
    """
    return re.sub(r"\.0$", "", code_text(cell)) if cell is not None else ""


def loose(key: str) -> str:
    """Spell a key so that 001, 1 and " P1" against "p1" are alike; what stands between two numbers is kept, and so is every letter.

    Examples
    --------
    >>> loose("007"), loose("P-07"), loose("p7"), loose("1-12"), loose("01/012"), loose("11-2")
    ('7', 'p7', 'p7', '1-12', '1-12', '11-2')
    """
    text = unicodedata.normalize("NFKC", key).casefold()
    text = re.sub(r"(?<=\d)[\W_]+(?=\d)", "-", text)
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[^\w-]|_|(?<!\d)-|-(?!\d)", "", text))


def alike(keys: Iterable[str]) -> int:
    """Count the keys that are spelt as another one is but for capitals, signs or zeros before a number.

    Examples
    --------
    >>> alike(["P1", "p-01", "P2", "P2"])
    1
    """
    known = set(keys)
    return len(known) - len({loose(key) for key in known})


def cut(key: str, sheet: SheetMap) -> str:
    """Cut what a sheet writes before and behind the patient's key.

    Examples
    --------
    >>> cut("U1-Rx", SheetMap(file="a.csv", strip_suffix=SUFFIX)), cut("CART-001", SheetMap(file="a.csv", strip_prefix=PREFIX))
    ('U1', '001')
    """
    for pattern in (sheet.strip_suffix, sheet.strip_prefix):
        key = re.sub(pattern, "", key) if pattern else key
    return key


def settle_prefixes(sheets: list[tuple[SheetMap, Table]]) -> str:
    """Take letters before the numbers off the keys where files join only so; say how many patients join by it."""
    found: list[tuple[SheetMap, set[str]]] = []
    for sheet, table in sheets:
        at = next((column.at for column in sheet.columns if column.to == "patient"), None)
        column = next((column for column in table.columns if column.at == at), None)
        if column is not None and sheet.row_is != "leave out":
            found.append((sheet, {cut(key_of(cell), sheet) for cell in column.cells if key_of(cell)}))
    if len(found) < 2 or not all(keys for _, keys in found):
        return ""
    base = next((keys for sheet, keys in found if sheet.row_is in ("patient", "infusion")), found[0][1])
    plain = {re.sub(PREFIX, "", key) for key in base}
    numbered = all(re.sub(PREFIX, "", key)[:1].isdigit() for _, keys in found for key in keys)
    lost = {loose(key) for _, keys in found for key in keys} - {loose(key) for key in base}
    bare_keys = {loose(re.sub(PREFIX, "", key)) for _, keys in found for key in keys}
    still = bare_keys - {loose(key) for key in plain}
    if not numbered or len({loose(key) for key in plain}) < len(base) or not lost or len(still) >= len(lost):
        return ""
    for sheet, keys in found:
        if any(re.match(PREFIX, key) for key in keys):
            sheet.strip_prefix = PREFIX
    return f"{len(lost) - len(still)} keys join only if the letters before their numbers are taken off"


def suffix_of(keys: Iterable[str]) -> str:
    """Find the suffix by which samples of one patient are told apart; empty if there is none.

    Examples
    --------
    >>> suffix_of(["U1", "U1-Rx", "U2"]), suffix_of(["A-1", "A-2"])
    ('[-_ ](?:[A-Za-z]{2,6}\\\\d?|[Dd]\\\\d+|[Ss]\\\\d)$', '')
    """
    known = set(keys)
    return SUFFIX if any(re.search(SUFFIX, key) and re.sub(SUFFIX, "", key) in known for key in known) else ""


def joined(sheets: list[tuple[SheetMap, Table]]) -> str:
    """Say how many patients of the other sheets the sheets of patients do not have; empty if all join."""
    keys: dict[int, set[str]] = {}
    for i, (sheet, table) in enumerate(sheets):
        at = next((column.at for column in sheet.columns if column.to == "patient"), None)
        column = next((column for column in table.columns if column.at == at), None)
        if column is not None and sheet.row_is != "leave out":
            left_out = rows_left_out(sheet, table)
            found = {key_of(cell) for j, cell in enumerate(column.cells) if j not in left_out} - {""}
            keys[i] = {loose(cut(key, sheet)) for key in found}
    base = [i for i in keys if sheets[i][0].row_is in ("patient", "infusion")] or list(keys)[:1]
    everyone = set().union(*(keys[i] for i in base)) if base else set()
    if len(base) > 1 and all(sheets[i][0].row_is in ("patient", "infusion") for i in keys):
        largest = max(base, key=lambda i: len(keys[i]))
        everyone = keys[largest]
    lost = [(sheets[i][0], len(found - everyone), len(found)) for i, found in keys.items() if found - everyone]
    return "; ".join(
        f"{count} of {total} patients of {sheet.file} {sheet.sheet}".strip() + " are in no sheet of patients"
        for sheet, count, total in lost
    )


def rows_left_out(sheet: SheetMap, table: Table) -> set[int]:
    """Find the rows that a code of theirs leaves out: standards and blanks of a plate."""
    return {
        i
        for column in sheet.columns
        if column.to == "rows"
        for source in table.columns
        if source.at == column.at
        for i, cell in enumerate(source.cells)
        if column.codes.get(code_text(cell or "")) == "leave out"
    }


class Keys:
    """Random keys for patients, kept in a file outside the cohort so that applying again gives the same.

    Parameters
    ----------
    path : Path
        The key file; made if it is absent, readable by its owner only.
    keep : bool
        Keep the keys of the files instead.

    Examples
    --------
    >>> import tempfile
    >>> keys = Keys(Path(tempfile.mkdtemp()) / "key.csv")
    >>> keys.of("7") == keys.of("7"), keys.of("7") == keys.of("8"), keys.of("7").startswith("P-")
    (True, False, True)
    """

    def __init__(self, path: Path, keep: bool = False):
        self.path, self.keep, self.known = path, keep, {}
        if not keep and (path.exists() or path.is_symlink()):
            try:
                with path.open(encoding="utf-8", newline="") as handle:
                    head, *rows = list(csv.reader(handle, strict=True)) or [HEAD]
                if head != HEAD or path.is_symlink():
                    raise ValueError
                self.known = dict(rows)
            except (OSError, ValueError, csv.Error):
                allowed = "a new file, or the key file of an earlier import"
                raise InputError([Problem("import", "", "", "another kind of file", allowed, path.name)]) from None

    def of(self, key: str) -> str:
        """Return the random key of a patient."""
        if self.keep:
            return key
        if key not in self.known:
            taken = set(self.known.values())
            while (new := "P-" + "".join(secrets.choice(ALPHABET) for _ in range(6))) in taken:
                pass
            self.known[key] = new
        return self.known[key]

    def write(self) -> None:
        """Write the key file."""
        if self.keep:
            return
        with atomic_writing(self.path, private=True) as out:  # a kill never costs the keys of an earlier import
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(HEAD)
            writer.writerows(self.known.items())
