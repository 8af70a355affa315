"""Tables of text: encoding, separator, rows of uneven length, ARFF."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

from helpers.importing.sheet import ALLOWED, Sheet, rectangle, refused
from helpers.problems import InputError, Problem

SEPARATORS = (",", ";", "\t", "|")


def read_text(path: Path) -> list[Sheet]:
    """Read a table of text, with the encoding and the separator that it shows."""
    text, encoding = decode(path.read_bytes())
    if encoding is None:
        raise refused(path, "a file that is not text", ALLOWED)
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
    return [Sheet(path.name, "", rectangle(rows), notes=(note,), short=short)]


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


def read_arff(path: Path) -> list[Sheet]:
    """Read Weka's ARFF: a name a line, then rows; nominal values are no labels, only what may stand there."""
    text, encoding = decode(path.read_bytes())
    if encoding is None:
        raise refused(path, "a file that is not text", ALLOWED)
    names: list[str] = []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if found := re.match(r"""\s*@attribute\s+('[^']*'|"[^"]*"|\S+)\s""", line, re.IGNORECASE):
            names.append(found.group(1).strip("'\""))
        elif re.match(r"\s*@data", line, re.IGNORECASE):
            body = [line for line in lines[at + 1 :] if line.strip() and not line.lstrip().startswith("%")]
            if any(line.lstrip().startswith("{") for line in body):
                raise refused(path, "sparse ARFF rows", "rows of values")
            rows = list(csv.reader(body, quotechar="'", skipinitialspace=True))
            return [Sheet(path.name, "", rectangle([names, *rows]), notes=(f"read as {encoding}, ARFF",))]
    raise refused(path, "ARFF without @data", ALLOWED)


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
