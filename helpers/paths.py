"""Where everything is, and the one way in which files are written.

Every path is absolute, so that a notebook, papermill and the tests find the same files from any working directory.
Every file that the supplement writes goes through :func:`atomic_writing`: it appears whole or not at all.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
DATA = ROOT / "data"
RAW = DATA / "raw"
COHORT = DATA / "cohort"
PUBLISHED = DATA / "published"
REAL = DATA / "real"
ENSEMBLE = DATA / "ensemble"
FIGURES = ROOT / "figures"
RUNS = ROOT / "runs"
DOCS = ROOT / "docs"


def _remove_left(path: Path) -> None:
    """Remove what a process that was killed while it wrote *path* has left beside it."""
    for one in os.listdir(path.parent):
        found = re.fullmatch(rf"\.{re.escape(path.name)}\.(\d+)-\w+", one)
        if found and not _is_alive(int(found.group(1))):
            (path.parent / one).unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # there, asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


@contextmanager
def atomic_writing(path: str | Path, mode: str = "w", *, private: bool = False) -> Iterator[IO[Any]]:
    """Open a file that replaces *path* only when the block ends without an error.

    Text is UTF-8 with "\\n" line ends on every system, so that two runs give identical bytes.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if need be.
    mode : {"w", "wb"}
    private : bool
        Readable by its owner only.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "folder" / "a.txt"
    >>> with atomic_writing(target) as handle:
    ...     _ = handle.write("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    _remove_left(path)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}-")
    try:
        with os.fdopen(descriptor, mode, **text) as handle:
            yield handle
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, (0o600 if private else 0o666) & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> Path:
    """Write *text* to *path* at once."""
    with atomic_writing(path) as handle:
        handle.write(text)
    return Path(path)


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for the beginning of a formula
SHIELD = "'"


def shielded_text(text: str) -> str:
    """Set an apostrophe before a text that a spreadsheet would take for a formula.

    A text that begins with apostrophes before such a sign gets one more, so that taking one off is the exact way back. Numbers
    stay as they are, and so does a text that reads as one ("-3.5", "+2").

    Examples
    --------
    >>> shielded_text("=1+1"), shielded_text("-3.5"), shielded_text("'=x"), shielded_text("CMV+")
    ("'=1+1", '-3.5', "''=x", 'CMV+')
    """
    bare = text.lstrip(SHIELD)
    return SHIELD + text if bare.startswith(FORMULA) and not (bare == text and _is_number(text)) else text


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def write_csv(path: str | Path, frame: pd.DataFrame, *, index: bool = False, shield: bool = True) -> Path:
    """Write a frame as CSV at once: floats by their shortest exact form, missing as empty.

    Parameters
    ----------
    path : str or Path
    frame : DataFrame
    index : bool
        Write the index too.
    shield : bool
        Set an apostrophe before texts and heads that a spreadsheet would take for a formula (see :func:`shielded_text`): for
        tables that people open. A cohort's own tables, which are read back, keep their texts as they are.
    """
    with atomic_writing(path) as handle:
        (_shielded(frame) if shield else frame).to_csv(handle, index=index, lineterminator="\n")
    return Path(path)


def _shielded(frame: pd.DataFrame) -> pd.DataFrame:
    safe = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if kind.kind not in "biufcmM":
            safe.isetitem(place, frame.iloc[:, place].astype(object).map(_cell, na_action="ignore"))
    safe.columns, safe.index = (
        labels.map(lambda label: tuple(map(_cell, label)) if isinstance(label, tuple) else _cell(label))
        if labels.dtype.kind == "O"
        else labels
        for labels in (frame.columns, frame.index)
    )
    return safe.rename_axis(index=frame.index.names, columns=frame.columns.names)


def _cell(value: object) -> object:
    return shielded_text(value) if isinstance(value, str) else value


def write_json(path: str | Path, value: Any) -> Path:
    """Write JSON with sorted keys at once; NaN and infinity are refused, since JSON has none."""
    return write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
