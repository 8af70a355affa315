"""A file opened: its sheets, by the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from helpers.importing.read_statistics import read_statistics
from helpers.importing.read_text import read_arff, read_text
from helpers.importing.read_workbook import read_calamine, read_excel
from helpers.importing.sheet import ALLOWED, Sheet, refused
from helpers.problems import InputError

MOST_BYTES = 200_000_000
MOST_CELLS = 20_000_000


def open_sheets(path: str | Path, catalogues: Sequence[Path] = ()) -> list[Sheet]:
    """Read every sheet of a file; *catalogues* are those of SAS, which hold value labels by format.

    Raises
    ------
    InputError
        For a file that is absent, too large, protected, or of a kind that is not read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_bytes("id;größe\\n1;7,5\\n".encode("cp1252"))
    >>> open_sheets(file)[0].cells
    [['id', 'größe'], ['1', '7,5']]
    """
    path = Path(path)
    if not path.is_file():
        raise refused(path, "no such file", ALLOWED)
    if path.stat().st_size > MOST_BYTES:
        raise refused(path, f"a file of {path.stat().st_size:,} bytes", f"at most {MOST_BYTES:,} bytes")
    kind = path.suffix.lower()
    reader = READERS.get(kind, read_text)
    try:
        sheets = read_statistics(path, catalogues) if kind == ".sas7bdat" else reader(path)
    except InputError:
        raise
    except Exception as error:  # whatever a damaged or protected container makes its library say
        raise refused(
            path, f"a file that cannot be read as {kind or 'text'} ({type(error).__name__})", ALLOWED
        ) from None
    if sum(len(row) for sheet in sheets for row in sheet.cells) > MOST_CELLS:
        raise refused(path, "more cells than can be held", f"at most {MOST_CELLS:,} cells")
    return sheets


READERS: Mapping[str, Callable[[Path], list[Sheet]]] = {
    **dict.fromkeys((".xlsx", ".xlsm"), read_excel),
    ".arff": read_arff,
    **dict.fromkeys((".xls", ".ods", ".xlsb"), read_calamine),
    **dict.fromkeys((".sav", ".zsav", ".dta", ".sas7bdat", ".xpt"), read_statistics),
}
