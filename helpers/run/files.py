"""Single files that a command was told to write: put in place whole; what was not written by us is never replaced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.paths import write_json
from helpers.problems import InputError, Problem
from helpers.run.folders import file_checksum, working_folder

RECORD = ".supplement-files.json"


def refuse_foreign_files(files: Iterable[Path], command: str) -> None:
    """Refuse files that *command* is to write where something stands already that an earlier one did not leave there.

    An empty file holds nothing, and may be written.

    Raises
    ------
    InputError
        With each file that is not ours, or that was changed since; and what is no file, or a link.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "numbers.csv"
    >>> refuse_foreign_files([file], "diff")
    >>> _ = file.write_text("mine")
    >>> refuse_foreign_files([file], "diff")
    Traceback (most recent call last):
    helpers.problems.InputError: ...
    """
    allowed = f"a new file, or one that an earlier {command} wrote and nobody changed; nothing was written"
    foreign = [file for file in files if not _replaceable(file, command)]
    if foreign:
        raise InputError([Problem(command, "", "", "a file of another making", allowed, file.name) for file in foreign])


def write_own_file(out: Path, command: str, write: Callable[[Path], object]) -> Path:
    """Let *write* make a file, and put it in place at *out* if that is ours to replace.

    Raises
    ------
    InputError
        If it is not.
    """
    refuse_foreign_files([out], command)
    with working_folder(out) as part:
        made = part / out.name
        write(made)
        place_files([made], out.parent, command)
    return out


def place_files(made: Iterable[Path], folder: Path, command: str) -> None:
    """Put files of *command* in place in *folder*, which keeps a record of their checksums.

    The record knows old and new file before the exchange, so that a kill in its midst leaves no file that is not ours.
    """
    made = list(made)
    refuse_foreign_files([folder / file.name for file in made], command)
    record = _record(folder)
    for file in made:
        old = folder / file.name
        sums = [file_checksum(path) for path in (old, file) if path.exists()]
        record[file.name] = {"command": command, "sha256": sums}
    write_json(folder / RECORD, record)
    for file in made:
        os.replace(file, folder / file.name)


def _replaceable(file: Path, command: str) -> bool:
    if file.is_symlink() or (file.exists() and not file.is_file()):
        return False
    if not file.exists() or not file.stat().st_size:
        return True
    known = _record(file.parent).get(file.name, {})
    return known.get("command") == command and file_checksum(file) in known["sha256"]


def _record(folder: Path) -> dict[str, dict]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {name: one for name, one in found.items() if isinstance(one["command"], str) and list(one["sha256"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
