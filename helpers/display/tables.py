"""Numbers and tables as text: printed formats, and one table as Markdown, HTML or fixed-width text."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

MISSING = "–"
HEADS = {
    "ess_treated": "effective n, treated", "ess_untreated": "effective n, untreated", "largest": "largest weight",
    "one_minus_km": "1 − Kaplan–Meier", "gray_p": "Gray's p",
    "p_holm": "p, Holm", "p_bh": "p, Benjamini–Hochberg", "p_without_tcz": "p, pairs without TCZ", "p_sign": "p, sign test",
    "n_without_tcz": "pairs without TCZ", "n_after_tcz": "pairs after TCZ", "after_tcz": "after TCZ", "n_at_limit": "pairs at a limit", "n_beyond": "values beyond a limit",
    "n_gc": "n, GC", "n_nongc": "n, no GC", "median_gc": "median, GC", "median_nongc": "median, no GC",
    "fell_gc": "fell, GC", "fell_nongc": "fell, no GC", "peak_of": "peak of",
    "n_none": "n, none", "n_low": "n, low dose", "n_high": "n, high dose", "median_low": "median, low dose", "median_high": "median, high dose",
    "floor_low": "below detection before, low dose", "floor_high": "below detection before, high dose",
    "floor_low, %": "below detection before, low dose, %", "floor_high, %": "below detection before, high dose, %",
    "median_before": "median before", "median_after": "median after", "median_change": "median change",
    "ratio": "after / before", "ratio_low": "lower limit", "ratio_high": "upper limit",
    "ci_low": "lower limit", "ci_high": "upper limit", "hr": "hazard ratio", "n_events": "events", "fmi": "missing information",
    "plain_lower": "lower limit, plain", "plain_upper": "upper limit, plain", "loglog_lower": "lower limit, log-log",
    "loglog_upper": "upper limit, log-log", "log_lower": "lower limit, log", "log_upper": "upper limit, log",
    "at_risk": "at risk", "gc_group": "GC dose", "imputed_hr": "hazard ratio, imputed", "imputed_p": "p, imputed",
    "mcse": "Monte Carlo error", "lost_pct": "lost, %", "followup": "median follow-up", "followup_ci_low": "lower limit, follow-up",
    "followup_ci_high": "upper limit, follow-up", "difference_ci_low": "lower limit", "difference_ci_high": "upper limit",
    "difference_reason": "why not",
}  # fmt: skip
"""How columns are headed where a table is shown; what is not here is shown with blanks for underscores."""
ENTITIES = {sign: f"&#{ord(sign)};" for sign in "\\`*_{}[]<>()#+!|$~^&@"}


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


def format_p(p: float | None) -> str:
    """Write a p-value with three decimals, or as below the smallest that these show.

    Examples
    --------
    >>> format_p(0.0324), format_p(0.00004), format_p(float("nan"))
    ('0.032', '<0.001', '–')
    """
    if _absent(p):
        return MISSING
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def p_equals(p: float | None) -> str:
    """Write a p-value as a sentence has it.

    Examples
    --------
    >>> p_equals(0.0324), p_equals(0.00004)
    ('p = 0.032', 'p < 0.001')
    """
    text = format_p(p)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_median(value: float | None, least: float, most: float, decimals: int = 2) -> str:
    """Write a median, or between what it must lie where values beyond a limit of detection leave it open.

    Examples
    --------
    >>> format_median(4.0, 4.0, 4.0), format_median(5, 3, 5), format_median(2.5, -math.inf, 2.5), format_median(9, 9, math.inf)
    ('4', '3 to 5', '≤2.5', '≥9')
    >>> format_median(None, math.nan, math.nan), format_median(2.5, -math.inf, math.inf)
    ('–', 'any')
    """
    if _absent(value):
        return MISSING
    if not least < most:
        return f"{np.round(value, decimals):g}"
    low, high = (f"{np.round(end, decimals):g}" for end in (least, most))
    if math.isinf(least) or math.isinf(most):
        return "any" if math.isinf(least) and math.isinf(most) else f"≤{high}" if math.isinf(least) else f"≥{low}"
    return f"{low} to {high}" if low != high else low


def bounded_medians(frame: pd.DataFrame, decimals: int = 2) -> pd.DataFrame:
    """Write every median that has its bounds beside it (``_least``, ``_most``) with :func:`format_median`, and leave the bounds out.

    Examples
    --------
    >>> bounded_medians(pd.DataFrame({"n": [5], "median": [5.0], "median_least": [3.0], "median_most": [5.0]}))
       n  median
    0  5  3 to 5
    """
    names = [name for name in frame if f"{name}_least" in frame]
    texts = {
        name: [
            format_median(*row, decimals)
            for row in zip(*(frame[name + end] for end in ("", "_least", "_most")), strict=True)
        ]
        for name in names
    }
    return frame.assign(**texts).drop(columns=[name + end for name in names for end in ("_least", "_most")])


LARGE = 1e5


def format_interval(
    value: float | None, low: float | None, high: float | None, decimals: int = 2, *, no_limit: str = "–"
) -> str:
    """Write an estimate with its interval, as Table 5 prints hazard ratios; *no_limit* stands for one of two limits that is not there.

    Examples
    --------
    >>> format_interval(0.436, 0.204, 0.931), format_interval(1.0, None, None), format_interval(2, 0.3, float("inf"))
    ('0.44 (0.20–0.93)', '1.00', '2.00 (0.30–∞)')
    >>> format_interval(19.75, 15.24, None, no_limit="not reached")
    '19.75 (15.24–not reached)'
    >>> format_interval(0.0012, 1e-6, 0.9), format_interval(1e6, 2.5, 3e12)
    ('0.0012 (1e-06–0.90)', '1e+06 (2.50–3e+12)')
    """
    if _absent(value) or (_absent(low) and _absent(high)):
        return _of_any_size(value, decimals)
    ends = [
        "∞" if end == math.inf else no_limit if _absent(end) else _of_any_size(end, decimals) for end in (low, high)
    ]
    return f"{_of_any_size(value, decimals)} ({ends[0]}–{ends[1]})"


def _of_any_size(number: float | None, decimals: int) -> str:
    """Write a number by its decimals; one that they would make zero, or that fills the column, by two digits."""
    if _absent(number) or number == 0 or 0.5 * 10**-decimals <= abs(number) < LARGE:
        return format_number(number, decimals)
    return f"{number:.2g}"


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


def format_range(median: float | None, low: float | None, high: float | None) -> str:
    """Write a median with its range to one decimal, without needless zeros.

    Examples
    --------
    >>> format_range(8.04, 2.2, 18.0)
    '8 (2.2, 18)'
    """
    if _absent(median):
        return MISSING
    median, low, high = (f"{round(value, 1):g}" for value in (median, low, high))
    return f"{median} ({low}, {high})"


def estimate_texts(frame: pd.DataFrame, prefix: str = "") -> pd.Series:
    """Write the hazard ratios of a table of models with interval and p, one text per row.

    Parameters
    ----------
    frame : DataFrame
        Columns hr, ci_low, ci_high, p, each after *prefix*.

    Examples
    --------
    >>> estimate_texts(pd.DataFrame({"hr": [1, 0.436], "ci_low": [None, 0.2], "ci_high": [None, 0.93], "p": [None, 0.032]})).tolist()
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
        parts = (as_markdown(self.caption), to_markdown(self.frame), as_markdown(self.note))
        return "\n\n".join(part for part in parts if part)


def column_heading(column: object) -> str:
    """Word a column's name as a reader sees it.

    Examples
    --------
    >>> column_heading("p_holm"), column_heading("n_low"), column_heading("smallest expected"), column_heading("some_rate")
    ('p, Holm', 'n, low dose', 'smallest expected', 'some rate')
    """
    name = str(column)
    return HEADS.get(name, name.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", name) else name)


def as_markdown(text: str) -> str:
    """Write a text so that Markdown, MyST and HTML show it as it is: no markup, no formula, no cell of a table ends in it.

    Examples
    --------
    >>> as_markdown("a|b <i> $x_1$ `code`")
    'a&#124;b &#60;i&#62; &#36;x&#95;1&#36; &#96;code&#96;'
    """
    shown = "".join(ENTITIES.get(sign, sign) for sign in " ".join(str(text).split()))
    shown = re.sub(r"^(\d*)([-.)])(?= )", lambda begun: f"{begun[1]}&#{ord(begun[2])};", shown)  # no list begins here
    return shown.replace("://", "&#58;//")


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
    heads = [column_heading(column) for column in frame.columns]
    widths = [max(len(row[i]) for row in [heads, *cells]) for i in range(len(heads))]
    lines = [heads, ["-" * width for width in widths], *cells]
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
    | a&#124;b | 3 |
    """
    rule = "".join("---:|" if right else "---|" for right in _right(frame))
    lines = [[column_heading(column) for column in frame.columns], *_cells(frame)]
    heads, *body = ("| " + " | ".join(map(as_markdown, line)) + " |" for line in lines)
    return "\n".join([heads, "|" + rule, *body])


def to_html(frame: pd.DataFrame, caption: str = "", note: str = "") -> str:
    """Write a frame as a plain HTML table, without scripts or inline styles but the alignment."""
    right = _right(frame)

    def row(cells: list[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align:{"right" if flush else "left"}">{_html(cell)}</{tag}>'
            for cell, flush in zip(cells, right, strict=True)
        )

    heads = row([column_heading(column) for column in frame.columns], "th")
    body = "\n".join(f"<tr>{row(cells, 'td')}</tr>" for cells in _cells(frame))
    caption = f"<caption>{_html(caption)}</caption>\n" if caption else ""
    note = f"\n<p><small>{_html(note)}</small></p>" if note else ""
    return f"<table>\n{caption}<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{note}"


def _html(text: str) -> str:
    """Escape a text for HTML that a page may read for formulas or Markdown; a formula does not cross the borders of an element.

    Examples
    --------
    >>> _html("<i> $x$ `c`")
    '&lt;i&gt; <span>&#36;</span>x<span>&#36;</span> &#96;c&#96;'
    """
    signs = {ord(sign): f"<span>&#{ord(sign)};</span>" for sign in "$\\"}
    return html.escape(text).translate({**signs, ord("`"): "&#96;"})


def _absent(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value))


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: object) -> str:
    if _absent(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{round(value, 6):g}"
    return str(value)


LONGEST_NUMBER = 40  # signs of a number with its limits and units; what is longer is a sentence


def _right(frame: pd.DataFrame) -> list[bool]:
    """Tell which columns hold numbers, or texts that begin with one in every row that has any."""
    flags = []
    for column in range(frame.shape[1]):
        texts = [_cell(value) for value in frame.iloc[:, column]]
        texts = [re.sub(r"^[≤≥](?=-?[\d.]+$)", "", text).lstrip("<>-−") for text in texts if text not in (MISSING, "")]
        number = bool(texts) and all(text[:1].isdigit() and len(text) <= LONGEST_NUMBER for text in texts)
        flags.append(number and not all("day" in text for text in texts))
    return flags
