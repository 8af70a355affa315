"""Compiled code that outlived its source.

numba keeps compiled functions on disk and drops one when its own file changes, but not when a function that it calls in
another file does. Since the engine's functions call each other across files, all are dropped as soon as any file changes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from helpers.paths import write_text


def forget_stale(folder: Path) -> bool:
    """Delete the compiled functions of a folder if its sources are not those they were compiled from.

    Parameters
    ----------
    folder : Path
        Folder of Python sources with numba's files in its `__pycache__`.

    Returns
    -------
    bool
        Whether anything had changed. Where the folder cannot be written to, nothing is kept there either.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.py").write_text("x = 1")
    >>> forget_stale(folder), forget_stale(folder)
    (True, False)
    """
    digest = hashlib.sha256()
    for source in sorted(folder.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    stamp = folder / "__pycache__" / "sources.stamp"
    try:
        if stamp.exists() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
            return False
        for pattern in ("*.nbi", "*.nbc"):
            for compiled in stamp.parent.glob(pattern):
                compiled.unlink(missing_ok=True)
        write_text(stamp, digest.hexdigest())
    except OSError:
        pass
    return True
