"""Where everything is, and the one way in which files are written.

Every path is absolute, so that a notebook, papermill and the tests find the same files from any working directory.
Every file that the supplement writes goes through :func:`writing`: it appears whole or not at all.
"""

from __future__ import annotations

import json
import os
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


@contextmanager
def writing(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file that replaces *path* only when the block ends without an error.

    Text is UTF-8 with "\\n" line ends on every system, so that two runs give identical bytes.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if need be.
    mode : {"w", "wb"}

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "folder" / "a.txt"
    >>> with writing(target) as handle:
    ...     _ = handle.write("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, mode, **text) as handle:
            yield handle
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> Path:
    """Write *text* to *path* at once."""
    with writing(path) as handle:
        handle.write(text)
    return Path(path)


def write_csv(path: str | Path, frame: pd.DataFrame, *, index: bool = False) -> Path:
    """Write a frame as CSV at once: floats by their shortest exact form, missing as empty."""
    with writing(path) as handle:
        frame.to_csv(handle, index=index, lineterminator="\n")
    return Path(path)


def write_json(path: str | Path, value: Any) -> Path:
    """Write JSON with sorted keys at once; NaN and infinity are refused, since JSON has none."""
    return write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")
