"""Single files that a command was told to write: put in place whole; what was not written by us is never replaced."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from helpers.paths import write_json
from helpers.problems import InputError, Problem
from helpers.run.folders import file_checksum, working_folder

RECORD = ".supplement-files.json"


def refuse_foreign_files(files: Iterable[Path], command: str, folder: Path | None = None) -> None:
    """Refuse files that *command* is to write where something stands already that an earlier one did not leave there.

    An empty file holds nothing, and may be written. Of a whole tree, *folder* keeps the record; else each file's own.

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
    foreign = [file for file in files if not _replaceable(file, command, folder or file.parent)]
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
    """Put files of *command* in place in *folder*, by their names, if every one is ours to replace."""
    _place({Path(file.name): file for file in made}, folder, command)


def place_tree(made: Path, folder: Path, command: str) -> list[Path]:
    """Put all files below *made* in place below *folder*, if every one is ours to replace; return them.

    Examples
    --------
    >>> import tempfile
    >>> made, folder = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    >>> (made / "sheet").mkdir()
    >>> _ = (made / "sheet" / "01.html").write_text("one")
    >>> [file.relative_to(folder).as_posix() for file in place_tree(made, folder, "teach exercises")]
    ['sheet/01.html']
    """
    names = sorted(file.relative_to(made) for file in made.rglob("*") if file.is_file())
    return _place({name: made / name for name in names}, folder, command)


def _place(made: Mapping[Path, Path], folder: Path, command: str) -> list[Path]:
    """Put each file in place at its name below *folder*, which keeps a record of their checksums.

    The record knows old and new file before the exchange, so that a kill in its midst leaves no file that is not ours.
    """
    refuse_foreign_files([folder / name for name in made], command, folder)
    record = _record(folder)
    for name, file in made.items():
        sums = [file_checksum(path) for path in (folder / name, file) if path.exists()]
        record[name.as_posix()] = {"command": command, "sha256": sums}
    write_json(folder / RECORD, record)
    for name, file in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, folder / name)
    return [folder / name for name in made]


def _replaceable(file: Path, command: str, folder: Path) -> bool:
    name = file.relative_to(folder)
    above = [folder / part for part in name.parents if part.name]
    if any(path.is_symlink() or (path.exists() and not path.is_dir()) for path in above):
        return False
    if file.is_symlink() or (file.exists() and not file.is_file()):
        return False
    if not file.exists() or not file.stat().st_size:
        return True
    known = _record(folder).get(name.as_posix(), {})
    return known.get("command") == command and file_checksum(file) in known["sha256"]


def _record(folder: Path) -> dict[str, dict]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return {name: one for name, one in found.items() if isinstance(one["command"], str) and list(one["sha256"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
