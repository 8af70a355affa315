"""Folders of results: written beside, put in place whole; what was not written by us is never removed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from helpers.paths import write_json
from helpers.problems import InputError, Problem

MARKER = ".supplement.json"
LITTER = {".DS_Store", "Thumbs.db", ".ipynb_checkpoints"}  # what programs leave when a folder is only looked at


def file_checksum(path: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refuse_foreign(folder: Path, kind: str) -> None:
    """Refuse a folder that holds something and was not made by us as a *kind* ("run", "site").

    Raises
    ------
    InputError
        If so.

    Examples
    --------
    >>> import tempfile
    >>> refuse_foreign(Path(tempfile.mkdtemp()), "run")
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError([Problem("folder", "", "", folder.name, "a new folder, not a file or a link")])
    if folder.exists() and any(folder.iterdir()) and _listed(folder, kind) is None:
        allowed = f"a new or empty folder, or one that an earlier {kind} of this program made; nothing was removed"
        raise InputError([Problem("folder", "", "", folder.name or "the working folder", allowed)])


def _listed(folder: Path, kind: str) -> dict[str, str] | None:
    """Return the files that we wrote there with their checksums, or None if it is not of this kind."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return dict(marker["files"]) if marker["kind"] == kind else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LITTER & set(path.relative_to(folder).parts) and path != folder / MARKER:
            yield path


def foreign_files(folder: Path, kind: str) -> list[str]:
    """List the files of one of our folders that we did not write, or that were changed since."""
    listed = _listed(folder, kind) or {}
    names = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    return [name for name, path in names.items() if listed.get(name) != file_checksum(path)]


def seal_folder(folder: Path, kind: str) -> None:
    """Mark a folder as ours: what kind it is, and each file in it with its checksum."""
    files = {path.relative_to(folder).as_posix(): file_checksum(path) for path in _files(folder)}
    write_json(folder / MARKER, {"kind": kind, "files": files})


def put_in_place(made: Path, final: Path, kind: str) -> Path | None:
    """Seal the folder *made* and let it take the place of *final*.

    An older folder of ours goes, unless it holds files that we did not write or that were changed since: then it is
    kept beside, under a new name.

    Returns
    -------
    Path or None
        Where the older folder was kept.
    """
    refuse_foreign(final, kind)
    seal_folder(made, kind)
    made.chmod(0o755)
    kept, old = None, _old(final)
    if final.exists():
        if foreign_files(final, kind):
            kept = old = _free(final)
        os.replace(final, old)
    os.replace(made, final)
    if kept is None and old.exists():
        shutil.rmtree(old)
    return kept


def _old(final: Path) -> Path:
    return final.with_name(f".{final.name}.old")


def _free(final: Path) -> Path:
    names = (final.with_name(f"{final.name}.kept{number or ''}") for number in range(10_000))
    return next(path for path in names if not path.exists())


@contextlib.contextmanager
def unfinished_folder(final: Path, kind: str) -> Iterator[Path]:
    """Give the working folder of *final*, kept by whoever was killed at work on it, and by nobody else.

    It is removed when the block ends, well or not: only a killed process leaves it, and the next one with the same name goes
    on from it.

    Raises
    ------
    InputError
        If *final* is not ours to replace, or another process is at work on it.
    """
    refuse_foreign(final, kind)
    with working_folder(final) as part:
        _recover(final)
        yield part


@contextlib.contextmanager
def working_folder(final: Path, *, keep: bool = False) -> Iterator[Path]:
    """Give the working folder of *final*, which no other process is at work on; see :func:`unfinished_folder`.

    With *keep* it stays if the block ends by an error or a signal, so that the same work can go on.
    """
    fresh = [parent for parent in (final.parent, *final.parent.parents) if not parent.exists()]
    part = final.with_name(f".{final.name}.unfinished")
    part.mkdir(parents=True, exist_ok=True)
    with open(part / "lock", "a", encoding="utf-8") as lock:
        _lock(lock, final)
        done = False
        try:
            yield part
            done = True
        finally:
            if done or not keep:
                shutil.rmtree(part, ignore_errors=True)
                for parent in fresh:
                    with contextlib.suppress(OSError):
                        parent.rmdir()  # only if nothing else is there


def _lock(handle: IO[str], final: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not to be had on Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        found = Problem("folder", "", "", final.name, "a name that no other process is at work on now")
        raise InputError([found]) from None


def _recover(final: Path) -> None:
    """Finish the exchange of folders in which a process was killed."""
    old = _old(final)
    if old.exists() and final.exists():
        shutil.rmtree(old)
    elif old.exists():
        os.replace(old, final)


def clean_folders(folders: list[str]) -> None:
    """Remove those of our *folders* that hold nothing of others: what ``make clean`` calls, with the standard library only."""
    for folder in map(Path, folders):
        kind = "run" if folder.parent.name == "runs" else "site"
        if not folder.exists():
            continue
        if _listed(folder, kind) is None or foreign_files(folder, kind):
            print(f"{folder} stays: it holds files that were added or changed by others.", file=sys.stderr)
        else:
            shutil.rmtree(folder)


if __name__ == "__main__":
    clean_folders(sys.argv[1:])
