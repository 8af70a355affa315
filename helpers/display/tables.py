"""Numbers and tables as text: printed formats, and one table as Markdown, HTML or fixed-width text."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

import pandas as pd

MISSING = "–"


def format_number(value: float | None, decimals: int = 2) -> str:
    """Write a number with *decimals* digits after the point, or a dash where there is none.

    Examples
    --------
    >>> format_number(91.6667), format_number(None), format_number(-0.001)
    ('91.67', '–', '0.00')
    """
    if _absent(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def format_p(p: float | None, decimals: int = 3) -> str:
    """Write a p-value with three decimals, or as below the smallest that these show.

    Examples
    --------
    >>> format_p(0.0324), format_p(0.00004), format_p(float("nan"))
    ('0.032', '<0.001', '–')
    """
    if _absent(p):
        return MISSING
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if p < least else f"{p:.{decimals}f}"


def p_equals(p: float | None, decimals: int = 3) -> str:
    """Write a p-value as a sentence has it.

    Examples
    --------
    >>> p_equals(0.0324), p_equals(0.00004)
    ('p = 0.032', 'p < 0.001')
    """
    text = format_p(p, decimals)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_interval(value: float | None, low: float | None, high: float | None, decimals: int = 2) -> str:
    """Write an estimate with its interval, as Table 5 prints hazard ratios.

    Examples
    --------
    >>> format_interval(0.436, 0.204, 0.931), format_interval(1.0, None, None)
    ('0.44 (0.20–0.93)', '1.00')
    """
    if _absent(value) or (_absent(low) and _absent(high)):
        return format_number(value, decimals)
    return f"{format_number(value, decimals)} ({format_number(low, decimals)}–{format_number(high, decimals)})"


def format_count(count: float | None, total: float | None) -> str:
    """Write a count with its percentage, as Table 1 prints them.

    Examples
    --------
    >>> format_count(81, 120), format_count(0, 0)
    ('81 (67.50)', '0 (–)')
    """
    if _absent(count):
        return MISSING
    share = None if _absent(total) or not total else 100 * count / total
    return f"{count:.0f} ({format_number(share)})"


def format_range(median: float | None, low: float | None, high: float | None, decimals: int = 1) -> str:
    """Write a median with its range, without needless zeros.

    Examples
    --------
    >>> format_range(8.0, 2.2, 18.0), format_range(2, 0, 9, 0)
    ('8 (2.2, 18)', '2 (0, 9)')
    """
    if _absent(median):
        return MISSING
    median, low, high = (f"{round(value, decimals):g}" for value in (median, low, high))
    return f"{median} ({low}, {high})"


def estimates(frame: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Write the hazard ratios of a table of models with interval and p, one text per row.

    Parameters
    ----------
    frame : DataFrame
        Columns hr, ci_low, ci_high, p, each after *prefix*.

    Examples
    --------
    >>> estimates(pd.DataFrame({"hr": [1, 0.436], "ci_low": [None, 0.2], "ci_high": [None, 0.93], "p": [None, 0.032]})).tolist()
    ['1 (reference)', '0.44 (0.20–0.93), p = 0.032']
    """
    columns = [frame[f"{prefix}{name}"] for name in ("hr", "ci_low", "ci_high", "p")]
    return pd.Series([_estimate(*row) for row in zip(*columns, strict=True)], index=frame.index, dtype=object)


def _estimate(hr: float, low: float, high: float, p: float) -> str:
    if _absent(hr):
        return MISSING
    return "1 (reference)" if hr == 1 and _absent(low) else f"{format_interval(hr, low, high)}, {p_equals(p)}"


def as_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a tidy table (n, pct, median, low, high) into the two columns that a paper prints.

    Returns
    -------
    DataFrame
        characteristic, level, value ("81 (67.50)" or "8 (2.2, 18)"), missing.

    Examples
    --------
    >>> row = {"characteristic": "Sex", "level": "Male", "n": 81, "pct": 67.5, "median": None, "low": None, "high": None}
    >>> as_printed(pd.DataFrame([row | {"missing": 0}]))
      characteristic level       value  missing
    0            Sex  Male  81 (67.50)        0
    """
    values = []
    for row in frame.itertuples():
        if not _absent(row.median):
            values.append(format_range(row.median, row.low, row.high))
        elif not _absent(row.n):
            values.append(f"{row.n:.0f} ({format_number(row.pct)})")
        else:
            values.append(format_number(row.pct) + "%" if not _absent(row.pct) else MISSING)
    shown = frame[["characteristic", "level", "missing"]].copy()
    shown["characteristic"] = shown["characteristic"].where(
        shown["characteristic"] != shown["characteristic"].shift(), ""
    )
    shown.insert(2, "value", values)
    return shown


@dataclass(frozen=True)
class Table:
    """A frame that shows itself in a notebook: HTML there, Markdown in a book, fixed-width text in a terminal.

    Parameters
    ----------
    frame : DataFrame
        Shown as it is, without its index; round before.
    caption : str
    note : str
        Below the table, for example what the patients are.

    Examples
    --------
    >>> Table(pd.DataFrame({"group": ["GC", "non-GC"], "n": [61, 49]}), "Patients", "synthetic cohort")
    Patients
    group    n
    ------  --
    GC      61
    non-GC  49
    synthetic cohort
    """

    frame: pd.DataFrame
    caption: str = ""
    note: str = ""

    def __repr__(self) -> str:
        return "\n".join(part for part in (self.caption, to_text(self.frame), self.note) if part)

    def _repr_html_(self) -> str:
        return to_html(self.frame, self.caption, self.note)

    def _repr_markdown_(self) -> str:
        return "\n\n".join(part for part in (self.caption, to_markdown(self.frame), self.note) if part)


def to_text(frame: pd.DataFrame) -> str:
    """Lay a frame out in columns of fixed width, numbers to the right, as stored snapshots have it.

    Examples
    --------
    >>> print(to_text(pd.DataFrame({"row": ["a", "b"], "p": ["0.032", None]})))
    row      p
    ---  -----
    a    0.032
    b        –
    """
    cells, right = _cells(frame), _right(frame)
    head = [str(column) for column in frame.columns]
    widths = [max(len(row[i]) for row in [head, *cells]) for i in range(len(head))]
    lines = [head, ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def to_markdown(frame: pd.DataFrame) -> str:
    """Write a frame as a Markdown table.

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"row": ["a|b"], "n": [3]})))
    | row | n |
    |---|---:|
    | a\\|b | 3 |
    """
    rule = "".join("---:|" if right else "---|" for right in _right(frame))
    lines = [[str(column) for column in frame.columns], *_cells(frame)]
    head, *body = ("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return "\n".join([head, "|" + rule, *body])


def to_html(frame: pd.DataFrame, caption: str = "", note: str = "") -> str:
    """Write a frame as a plain HTML table, without scripts or inline styles but the alignment."""
    right = _right(frame)

    def row(cells: list[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align:{"right" if flush else "left"}">{html.escape(cell)}</{tag}>'
            for cell, flush in zip(cells, right, strict=True)
        )

    head = row([str(column) for column in frame.columns], "th")
    body = "\n".join(f"<tr>{row(cells, 'td')}</tr>" for cells in _cells(frame))
    caption = f"<caption>{html.escape(caption)}</caption>\n" if caption else ""
    note = f"\n<p><small>{html.escape(note)}</small></p>" if note else ""
    return f"<table>\n{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{note}"


def _absent(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value))


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: object) -> str:
    if _absent(value):
        return MISSING
    if isinstance(value, float):
        return f"{round(value, 6):g}"
    return str(value)


def _right(frame: pd.DataFrame) -> list[bool]:
    """Tell which columns hold numbers, or texts that begin with one in every row that has any."""
    flags = []
    for column in range(frame.shape[1]):
        texts = [_cell(value) for value in frame.iloc[:, column]]
        texts = [text.lstrip("<>-−") for text in texts if text not in (MISSING, "")]
        flags.append(bool(texts) and all(text[:1].isdigit() for text in texts) and not all("day" in t for t in texts))
    return flags
