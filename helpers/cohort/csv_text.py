"""Read one CSV file of a cohort as text, saying what was found where it is not what a cohort's file should be."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from helpers.cohort.safe_words import letters_and_digits, safe_heading
from helpers.problems import Problem, rows_in_words

LARGEST_MB = 256
MOST_COLUMNS = 500
SIGNS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
CSV_UTF8 = 'a CSV file in UTF-8 (Excel: "CSV UTF-8")'


class _Refused(Exception):
    """A file that cannot be read: found, allowed, row."""


def read_text(path: Path, table: str, problems: list[Problem], notes: list[str]) -> pd.DataFrame | None:
    """Read a CSV as text, blanks at the ends of cells taken off, empty cells missing, blank rows left out.

    Parameters
    ----------
    path : Path
    table : str
    problems, notes : list
        What is wrong, and what was left out without loss, is added.

    Returns
    -------
    DataFrame of text or None
        The index plus 2 is the row as a person counts it. None if the file is absent or cannot be used.
    """
    if not path.exists() and not path.is_symlink():
        if table == "patients":
            allowed = "the one table that is required, with a column patient_id"
            problems.append(Problem(table, "", "", "no such file", allowed, path.name))
        return None
    before = len(problems)
    try:
        frame = _frame(_decoded(path), table, path.name, problems, notes)
    except _Refused as error:
        found, allowed, row = error.args
        problems.append(Problem(table, row, "", found, allowed, path.name))
        return None
    return frame if frame is not None and len(problems) == before else None


def _decoded(path: Path) -> str:
    if not path.is_file():
        raise _Refused("not an ordinary file", "a CSV file", "")
    if path.stat().st_size > LARGEST_MB * 1_000_000:
        raise _Refused(f"more than {LARGEST_MB} MB", f"a file of at most {LARGEST_MB} MB", "")
    content = path.read_bytes()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _Refused("text in UTF-16", CSV_UTF8, "")
    if content[:4] == b"PK\x03\x04":
        raise _Refused("an Excel workbook with the name of a CSV file", CSV_UTF8, "")
    try:
        if b"\0" in content:
            raise UnicodeDecodeError("utf-8", b"", 0, 0, "binary")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Refused("not text in UTF-8 (a binary file or another encoding)", "a CSV file in UTF-8", "") from None
    if not text.strip():
        raise _Refused("an empty file", "a CSV file with a header row", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _frame(text: str, table: str, file: str, problems: list[Problem], notes: list[str]) -> pd.DataFrame | None:
    lines = text.split("\n")
    quoted = '"' in text
    if text.endswith("\n"):
        lines.pop()
    else:
        notes.append(f"table {table}: the last line has no line end: if the file was cut, rows are missing")
    rows = list(_parsed(text)) if quoted else None
    header = [name.strip() for name in (rows[0] if rows is not None else lines[0].split(","))]
    header = _checked_header(header, lines, table, file, problems, notes)
    if header is None:
        return None
    width = len(header)
    counts = [len(row) for row in rows] if rows is not None else [line.count(",") + 1 for line in lines]
    odd = [
        number
        for number, count in enumerate(counts)
        if count != width and number and not (count == 1 and not _any(rows, lines, number))
    ]
    if odd:
        rows = rows if rows is not None else [line.split(",") for line in lines]
        extra = [number for number in odd if counts[number] > width and not any(map(str.strip, rows[number][width:]))]
        wrong = sorted(set(odd) - set(extra))
        _refuse_widths(wrong, counts, width, len(rows), table, file, problems)
        if wrong:
            return None
        notes.append(f"table {table}: {len(extra)} rows end in empty cells beyond the header's, which were left out")
    if len(lines) == 1:
        frame = pd.DataFrame(columns=header, dtype="string")
    elif rows is None:
        frame = pd.read_csv(
            io.StringIO("\n".join([*lines[1:], ""])), names=header, dtype="string", keep_default_na=False,
            na_values=[""], skip_blank_lines=False, index_col=False, quoting=csv.QUOTE_NONE,
        )  # fmt: skip
    else:
        cells = [row[:width] if row else [""] * width for row in rows[1:]]
        cells = [row if len(row) == width else [""] * width for row in cells]
        frame = pd.DataFrame(cells, columns=header, dtype="string").replace("", pd.NA)
    frame = _stripped(frame.loc[:, [name for name in header if name]])
    blank = frame.isna().all(axis=1)
    if blank.any():
        notes.append(f"table {table}: {int(blank.sum())} blank rows were left out")
    return frame[~blank]


def _any(rows: list[list[str]] | None, lines: list[str], number: int) -> bool:
    """Tell whether a row holds anything at all."""
    return any(map(str.strip, rows[number])) if rows is not None else bool(lines[number].strip())


def _parsed(text: str):
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error:
        raise _Refused(
            "a quotation mark that is not closed, or a cell too long", "quotation marks in pairs", ""
        ) from None


def _checked_header(
    header: list[str], lines: list[str], table: str, file: str, problems: list[Problem], notes: list[str]
) -> list[str] | None:
    """Return the header, its empty last cells as empty names; None, with a problem, if it is none."""

    def refuse(found: str, allowed: str, row: int | str = "") -> None:
        problems.append(Problem(table, row, "", found, allowed, file))

    if "patient_id" not in header:
        above = [number for number, line in enumerate(lines[:20]) if number and _names(line)]
        sign = next((sign for sign in SIGNS if sign in lines[0] and "," not in lines[0]), "")
        if sign and _names(lines[0], sign):
            return refuse(f"{SIGNS[sign]} between the cells", "commas between the cells, points as decimal marks", 1)
        if any(letters_and_digits(name) == "patientid" for name in header):
            return refuse(
                "patient_id written otherwise (capitals, blanks, other signs)", "patient_id, in small letters", 1
            )
        if above:
            found = f"{above[0]} line{'s' * (above[0] > 1)} above the header"
            return refuse(found, "the header in row 1: take out what stands above it", 1)
        return refuse("no column patient_id", "a column patient_id")
    if len(header) > MOST_COLUMNS:
        return refuse(f"{len(header)} columns", f"at most {MOST_COLUMNS} columns")
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    for name in doubled:
        problems.append(Problem(table, 1, safe_heading(name), "the column twice", "each column once", file))
    empty = [number for number, name in enumerate(header) if not name]
    if any(_cell_of(line, number) for number in empty for line in lines[1:] if '"' not in line):
        refuse("a column without a name that holds something", "a name for each column", 1)
    elif empty:
        notes.append(f"table {table}: {len(empty)} empty columns without a name were left out")
    return None if doubled or (len(problems) and problems[-1].found.startswith("a column without")) else header


def _cell_of(line: str, number: int) -> str:
    cells = line.split(",")
    return cells[number].strip() if number < len(cells) else ""


def _names(line: str, sign: str = ",") -> bool:
    """Tell whether a line looks like a header: one of its cells is patient_id, however written."""
    return any(letters_and_digits(cell) == "patientid" for cell in line.split(sign) if len(cell) < 40)


def _refuse_widths(
    wrong: list[int], counts: list[int], width: int, total: int, table: str, file: str, problems: list[Problem]
) -> None:
    allowed = f"{width} cells in each row, as the header has"
    for few in (True, False):
        rows = [number for number in wrong if (counts[number] < width) == few]
        if not rows:
            continue
        found = f"{'fewer' if few else 'more'} cells than the header"
        if few and rows == [total - 1]:
            found += " in the last row: the file seems cut"
        problems.append(Problem(table, rows_in_words([row + 1 for row in rows]), "", found, allowed, file, len(rows)))


def _stripped(frame: pd.DataFrame) -> pd.DataFrame:
    padded = {
        name: frame[name].str.strip().replace("", pd.NA)
        for name in frame
        if any(isinstance(cell, str) and cell != cell.strip() for cell in frame[name].unique())
    }
    return frame.assign(**padded) if padded else frame
