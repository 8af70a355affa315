"""What a file is before anybody says what it means: sheets of cells, with what the container says about them.

No reading here changes a value: text stays text, dates stay dates, codes stay codes. What a container declares (value
labels, missing values, merged cells, hidden rows, a date system) is kept beside the cells.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from helpers.problems import InputError, Problem

MOST_BYTES = 200_000_000
MOST_UNPACKED = 2_000_000_000
MOST_CELLS = 20_000_000
SEPARATORS = (",", ";", "\t", "|")
ALLOWED = "a CSV or text table, Excel (.xlsx, .xlsm, .xls, .ods), SPSS (.sav, .zsav), Stata (.dta), SAS (.sas7bdat with .sas7bcat, .xpt) or ARFF file"

Cell = str | int | float | bool | datetime | None


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file.

    Parameters
    ----------
    file, name : str
        Name of the file without its folder; name of the sheet, empty for a file that has none.
    cells : list of list
        Rows of cells, the first row first, all rows of equal length.
    merged : tuple of (first row, first column, last row, last column)
        Merged ranges, counted from 0.
    labels : mapping of column number to mapping of code to label
        Value labels that the container declares.
    titles : mapping of column number to str
        Variable labels.
    missing : mapping of column number to tuple
        Codes declared missing.
    notes : tuple of str
        What a person should know: hidden rows, formulas without a value, the encoding.
    numbers : tuple of int
        Row of the file of each row, where they are not all of the file's.
    short : tuple of int
        Rows of the file, from 1, that have fewer cells than most.
    """

    file: str
    name: str
    cells: list[list[Cell]] = field(repr=False)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    labels: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    titles: Mapping[int, str] = field(default_factory=dict)
    missing: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    short: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """Name the sheet for a message."""
        return f"{self.file}, sheet {self.name}" if self.name else self.file


CATALOGUE = ".sas7bcat"


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
        raise _refused(path, "no such file", ALLOWED)
    if path.stat().st_size > MOST_BYTES:
        raise _refused(path, f"a file of {path.stat().st_size:,} bytes", f"at most {MOST_BYTES:,} bytes")
    kind = path.suffix.lower()
    reader = READERS.get(kind, _read_text)
    try:
        sheets = _read_statistics(path, catalogues) if kind == ".sas7bdat" else reader(path)
    except InputError:
        raise
    except Exception as error:  # whatever a damaged or protected container makes its library say
        raise _refused(
            path, f"a file that cannot be read as {kind or 'text'} ({type(error).__name__})", ALLOWED
        ) from None
    if sum(len(row) for sheet in sheets for row in sheet.cells) > MOST_CELLS:
        raise _refused(path, "more cells than can be held", f"at most {MOST_CELLS:,} cells")
    return sheets


def _refused(path: Path, found: str, allowed: str) -> InputError:
    return InputError([Problem("import", "", "", found, allowed, path.name)])


# ------------------------------------------------------------------------------------------------------------ text


def _read_text(path: Path) -> list[Sheet]:
    text, encoding = decode(path.read_bytes())
    if encoding is None:
        raise _refused(path, "a file that is not text", ALLOWED)
    separator = separator_of(text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    written = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[separator]
    long, short = uneven_rows(rows)
    if long:
        allowed = (
            f"as many cells as the other rows have: a {written} inside a cell needs quotation marks around the cell"
        )
        raise InputError(
            [Problem("import", row, "", "more cells than the headings", allowed, path.name) for row in long]
        )
    note = f"read as {encoding}, separated by {written}"
    return [Sheet(path.name, "", _rectangle(rows), notes=(note,), short=short)]


def uneven_rows(rows: list[list[str]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Find the few rows (from 1) of a table of text that have more cells than its headings, or fewer: shifted, or cut.

    Examples
    --------
    >>> head, row = ["id", "sex", "age"], ["1", "m", "7"]
    >>> uneven_rows([["Title"], head, *[row] * 9, ["2", "Doe", " Jane", "f"], ["3", "f"]])
    ((12,), (13,))
    >>> uneven_rows([head, *[["1", "m"]] * 9]), uneven_rows([head, *[["1", "m", "7", ""]] * 9])
    (((), ()), ((), ()))
    """
    lengths = Counter(len(row) for row in rows if len(row) > 1)
    if not lengths:
        return (), ()
    usual = max(lengths, key=lambda length: (lengths[length], length))
    first = next(i for i, row in enumerate(rows) if len(row) == usual)
    width = max(len(row) for row in rows[: first + 1])
    below = list(enumerate(rows))[first + 1 :]
    few = max(1, sum(len(row) > 1 for _, row in below) // 5)
    long = tuple(i + 1 for i, row in below if any(cell.strip() for cell in row[width:]))
    short = tuple(i + 1 for i, row in below if 1 < len(row) < width)
    return long if len(long) <= few else (), short if len(short) <= few else ()


def _read_arff(path: Path) -> list[Sheet]:
    """Read Weka's ARFF: a name a line, then rows; nominal values are no labels, only what may stand there."""
    text, encoding = decode(path.read_bytes())
    if encoding is None:
        raise _refused(path, "a file that is not text", ALLOWED)
    names: list[str] = []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if found := re.match(r"""\s*@attribute\s+('[^']*'|"[^"]*"|\S+)\s""", line, re.IGNORECASE):
            names.append(found.group(1).strip("'\""))
        elif re.match(r"\s*@data", line, re.IGNORECASE):
            body = [line for line in lines[at + 1 :] if line.strip() and not line.lstrip().startswith("%")]
            if any(line.lstrip().startswith("{") for line in body):
                raise _refused(path, "sparse ARFF rows", "rows of values")
            rows = list(csv.reader(body, quotechar="'", skipinitialspace=True))
            return [Sheet(path.name, "", _rectangle([names, *rows]), notes=(f"read as {encoding}, ARFF",))]
    raise _refused(path, "ARFF without @data", ALLOWED)


def decode(content: bytes) -> tuple[str, str | None]:
    """Decode bytes: by their mark, as UTF-8 where they are, else as the likeliest old encoding.

    Returns
    -------
    text, encoding : str, str or None
        The encoding is None for what is not text.

    Examples
    --------
    >>> decode("男,女".encode("gb18030"))
    ('男,女', 'gb18030')
    >>> decode("größe".encode("cp1252"))
    ('größe', 'cp1252')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "utf-16"
    if b"\0" in content:
        return "", None
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    if _chinese(content):
        return content.decode("gb18030"), "gb18030"
    from charset_normalizer import from_bytes

    strange = sum(byte > 127 for byte in content)
    found = (
        from_bytes(content, cp_isolation=["cp1252", "cp1250", "cp1251", "shift_jis", "big5"]).best()
        if strange > 20
        else None
    )
    guessed = found.encoding if found else "cp1252"
    return content.decode(guessed, errors="replace"), guessed


def _chinese(content: bytes) -> bool:
    """Tell whether the bytes above 127 come in pairs of the commoner Chinese characters and signs, as European letters do not."""
    runs = re.findall(rb"[\x81-\xfe]+", content)
    pairs = [run[i] for run in runs for i in range(0, len(run) - 1, 2)]
    usual = sum(0xA1 <= lead <= 0xA9 or 0xB0 <= lead <= 0xD7 for lead in pairs)
    return bool(runs) and all(len(run) % 2 == 0 for run in runs) and usual >= 0.8 * len(pairs)


def separator_of(text: str) -> str:
    """Find the separator: the one that cuts most lines into the same number of cells, of which there are several.

    Examples
    --------
    >>> separator_of("a title, with a comma\\na;b;c\\n1,5;2;3\\n1,7;2;4\\n")
    ';'
    """
    lines = [line for line in text.splitlines()[:200] if line.strip() and not line.startswith("#")]

    def score(separator: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        usual = max(set(widths), key=widths.count) if widths else 1
        return (widths.count(usual) / len(widths) if usual > 1 else 0, usual)

    return max(SEPARATORS, key=score)


def _rectangle(rows: list[list[Cell]]) -> list[list[Cell]]:
    width = max(map(len, rows), default=0)
    return [[*row, *[None] * (width - len(row))] for row in rows]


# ----------------------------------------------------------------------------------------------------------- sheets


def _read_excel(path: Path) -> list[Sheet]:
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > MOST_UNPACKED:
            raise _refused(path, "an archive that unpacks to too much", f"at most {MOST_UNPACKED:,} bytes")
    values = openpyxl.load_workbook(path, data_only=True)
    formulas = openpyxl.load_workbook(path, data_only=False)
    sheets = []
    for sheet in values.worksheets:
        rows = [[_plain(cell.value) for cell in row] for row in sheet.iter_rows()]
        written = [[cell.value for cell in row] for row in formulas[sheet.title].iter_rows()]
        empty = sum(
            isinstance(cell, str) and cell.startswith("=") and rows[i][j] is None
            for i, row in enumerate(written)
            for j, cell in enumerate(row)
        )
        merged = tuple((m.min_row - 1, m.min_col - 1, m.max_row - 1, m.max_col - 1) for m in sheet.merged_cells.ranges)
        notes = []
        if values.epoch.year == 1904:
            notes.append("dates of this workbook count from 1904")
        if empty:
            notes.append(f"{empty} {NO_VALUES}")
        if sheet.sheet_state != "visible":
            notes.append(HIDDEN)
        hidden = sum(bool(dim.hidden) for dim in sheet.row_dimensions.values())
        if hidden:
            notes.append(f"{hidden} {HIDDEN_ROWS}")
        sheets.append(Sheet(path.name, sheet.title, _rectangle(rows), merged, notes=tuple(notes)))
    return [sheet for sheet in sheets if any(cell is not None for row in sheet.cells for cell in row)]


def _read_calamine(path: Path) -> list[Sheet]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    sheets = []
    for name in book.sheet_names:
        rows = [
            [None if cell == "" else _plain(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()
        ]
        sheets.append(Sheet(path.name, name, _rectangle(rows)))
    return [sheet for sheet in sheets if sheet.cells]


def _plain(value: object) -> Cell:
    """Take what Excel writes for a line end out of text, and make a date of a date."""
    if isinstance(value, str):
        return re.sub(r"_x000[dD]_", " ", value)
    if value is not None and not isinstance(value, datetime) and hasattr(value, "year"):
        return datetime(value.year, value.month, value.day)
    if value is not None and not isinstance(value, (datetime, int, float, bool)):
        return str(value)
    return value


def _read_statistics(path: Path, catalogues: Sequence[Path] = ()) -> list[Sheet]:
    import pyreadstat

    kind = path.suffix.lower()
    read: Callable = {
        ".sav": pyreadstat.read_sav, ".zsav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat, ".xpt": pyreadstat.read_xport,
    }[kind]  # fmt: skip
    frame, meta = read(str(path), **({"user_missing": True} if kind in (".sav", ".zsav", ".dta", ".sas7bdat") else {}))
    names = list(frame.columns)
    cells: list[list[Cell]] = [list(names)]
    cells += [[_statistic(value) for value in row] for row in frame.astype(object).itertuples(index=False, name=None)]
    labels = {
        names.index(name): {code_text(code): str(label) for code, label in found.items()}
        for name, found in meta.variable_value_labels.items()
        if name in names
    }
    notes: list[str] = []
    if kind in (".sas7bdat", ".xpt"):
        formats = {i: _format(meta.original_variable_types.get(name)) for i, name in enumerate(names)}
        known = _catalogue_labels(path, catalogues)
        labels |= {i: known[name] for i, name in formats.items() if name in known}
        unknown = [name for name in formats.values() if name and name not in known and not SAS_FORMATS.fullmatch(name)]
        if unknown:
            notes.append(
                f"value labels of {len(unknown)} columns stand in a catalogue of formats ({CATALOGUE}): name it too"
            )
        notes += _sas_dates(cells, formats, meta.column_names_to_labels)
    titles = {
        i: meta.column_names_to_labels[name] for i, name in enumerate(names) if meta.column_names_to_labels.get(name)
    }
    missing = {
        names.index(name): _declared_missing(frame[name], ranges)
        for name, ranges in (meta.missing_ranges or {}).items()
        if name in names
    }
    for name, codes in (meta.missing_user_values or {}).items():
        missing[names.index(name)] = tuple(map(code_text, codes))
    return [Sheet(path.name, "", cells, labels=labels, titles=titles, missing=missing, notes=tuple(notes))]


HIDDEN, HIDDEN_ROWS = "a hidden sheet", "hidden or filtered rows are read too"
NO_VALUES = "formulas hold no value (saved by a program that does not compute): read as missing"
NUMBERS_AS_DATES = "are read as dates of SAS, days from 1960"


def _sas_dates(cells: list[list[Cell]], formats: Mapping[int, str], labels: Mapping[str, str | None]) -> list[str]:
    """Turn numbers without a format, whose name or label says date, into the dates that SAS means by them; say so."""
    turned = 0
    for j, name in enumerate(cells[0]):
        numbers = [row[j] for row in cells[1:] if row[j] is not None]
        dated = re.search(r"D(A?TE?|AT)$|^D(OB|OD)$", str(name).upper()) or re.search(
            r"(?i)\bdate\b", labels.get(name) or ""
        )
        if (
            dated
            and not formats.get(j)
            and numbers
            and all(isinstance(n, (int, float)) and 7305 <= n <= 29220 for n in numbers)
        ):
            turned += 1
            for row in cells[1:]:
                row[j] = None if row[j] is None else datetime(1960, 1, 1) + timedelta(days=int(row[j]))
    return [f"{turned} columns of numbers {NUMBERS_AS_DATES}"] if turned else []


SAS_FORMATS = re.compile(
    r"\$?(BEST|CHAR|F|COMMA|DOLLAR|E|PERCENT|Z|NUMX|HEX|BINARY|ROMAN|WORDS|YEAR|MONTH|MONYY|YYMM\w*|YYMMDD\w*|DDMMYY\w*|MMDDYY\w*|"
    r"[A-Z]*DATE\w*|[A-Z]*TIME\w*|[BEI]\d{4}\w*|WEEK\w*|JUL\w*|HHMM|MMSS|QTR\w*|NL\w*|UPCASE|QUOTE|D)?"
)


def _format(name: str | None) -> str:
    """Take the width off the name of a format, as SAS does: ``SEXF8.`` is ``SEXF``."""
    return re.sub(r"\d*\.?\d*$", "", (name or "").upper())


def _catalogue_labels(path: Path, catalogues: Sequence[Path]) -> dict[str, dict[str, str]]:
    import pyreadstat

    found: dict[str, dict[str, str]] = {}
    for catalogue in catalogues:
        _, meta = pyreadstat.read_sas7bdat(str(path), catalog_file=str(catalogue), metadataonly=True)
        for name, labels in meta.value_labels.items():
            found[_format(name)] = {code_text(code): str(label) for code, label in labels.items()}
    return found


def _declared_missing(series: object, ranges: list[dict]) -> tuple[str, ...]:
    found = set()
    for value in set(series.dropna()):
        for one in ranges:
            if isinstance(value, str) == isinstance(one["lo"], str) and one["lo"] <= value <= one["hi"]:
                found.add(code_text(value))
    return tuple(sorted(found))


def _statistic(value: object) -> Cell:
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _plain(value)


def code_text(value: object) -> str:
    """Write a code as text: 1.0 is 1.

    Examples
    --------
    >>> code_text(1.0), code_text("x"), code_text(0.5)
    ('1', 'x', '0.5')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


READERS: Mapping[str, Callable[[Path], list[Sheet]]] = {
    **dict.fromkeys((".xlsx", ".xlsm"), _read_excel),
    ".arff": _read_arff,
    **dict.fromkeys((".xls", ".ods", ".xlsb"), _read_calamine),
    **dict.fromkeys((".sav", ".zsav", ".dta", ".sas7bdat", ".xpt"), _read_statistics),
}
