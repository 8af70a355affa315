"""How single cells of other hospitals' files are read: missing marks, numbers, dates. Evidence is counted by column."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from helpers.importing.sheet import Cell, code_text

MISSING = {
    "", "na", "n/a", "n.a.", "nan", "-", "--", "---", "–", ".", "..", "?", "null", "none", "nd", "n.d.", "notdone", "not done",
    "unknown", "unk", "missing", "not available", "not known", "k.a.", "keine angabe", "unbekannt", "inconnu", "未查", "不详",
    "未知", "未做", "缺失", "无数据", "−", "—", "/", "qns", "n.b.", "nicht bestimmt", "nicht erhoben",
    "[not available]", "[not applicable]", "[not evaluated]", "[unknown]", "[discrepancy]", "[pending]",
}  # fmt: skip
LIMIT = re.compile(r"^(OOR\s*)?([<>≤≥])\s*(.*)$", re.IGNORECASE)
POWER = re.compile(r"(?:(\d+(?:[.,]\d+)?)\s*[x×*·.]\s*)?10\s*\^?\s*[-−–]\s*([1-9])", re.IGNORECASE)  # of ten
BELOW = re.compile(r"^(less than|lower than|smaller than|below|under|kleiner als|unter|inf[ée]rieur [àa]|menor que|小于|低于)\s*(?=\d)", re.IGNORECASE)  # fmt: skip
ABOVE = re.compile(r"^(greater than|more than|higher than|larger than|above|over|gr[öo](ß|ss)er als|über|sup[ée]rieur [àa]|mayor que|大于|高于)\s*(?=\d)", re.IGNORECASE)  # fmt: skip
LIMIT_WORDS = {
    "left": re.compile(r"<?\s*l?lo[qd]|bl?lo[qd]|bl[qd]|below( the)? (range|limit|detection|lower limit|fit curve range|detection range|quantification)( of (detection|quantification))?|"
                       r"n\.?\s?n\.?|nicht nachweisbar|u\.?n\.?g\.?|not detect(ed|able)|undetect(ed|able)|低于检测下限|未检出", re.IGNORECASE),
    "right": re.compile(r">?\s*ulo[qd]|aulo[qd]|al[qd]|above( the)? (range|limit|upper limit|fit curve range|detection range|quantification)( of (detection|quantification))?|高于检测上限", re.IGNORECASE),
}  # fmt: skip
LAB_UNIT = re.compile(r"(?<=\d)\s*(([mnpµμu]|mc)?g|[km]?i?u)\s*/\s*[dmµ]?l$", re.IGNORECASE)
BODY_UNIT = re.compile(r"(?<=\d)\s*(kg|公斤|千克|cm|厘米)$", re.IGNORECASE)


def is_missing(cell: Cell, codes: Iterable[str] = ()) -> bool:
    """Tell whether a cell holds nothing: empty, a usual mark, or one of *codes*.

    Examples
    --------
    >>> is_missing(" N/A "), is_missing(0), is_missing(9, ["9"])
    (True, False, True)
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    text = code_text(cell)
    return text.lower() in MISSING or text in codes or is_error(cell)


SPREADSHEET_ERROR = re.compile(
    r"#(N/A|NV|DIV/0!|VALUE!|WERT!|REF!|BEZUG!|NAME\?|NUM!|ZAHL!|NULL!|SPILL!|CALC!)|#{4,}", re.IGNORECASE
)


def is_error(cell: Cell) -> bool:
    """Tell whether a cell holds an error of a spreadsheet, or the signs of a column that was too narrow.

    Examples
    --------
    >>> is_error("#VALUE!"), is_error("########"), is_error("#1")
    (True, True, False)
    """
    return isinstance(cell, str) and SPREADSHEET_ERROR.fullmatch(cell.strip()) is not None


@dataclass(frozen=True)
class Number:
    """A number as it was written: its value, and the side on which it is censored ("", "left", "right")."""

    value: float | None
    side: str = ""


def read_number(cell: Cell, decimal: str = ".") -> Number | None:
    """Read a number, with a sign of a limit before it and the thousands of its country; None for what is none.

    Examples
    --------
    >>> read_number("1.234,5", ","), read_number("<2.5"), read_number("*12.3")
    (Number(value=1234.5, side=''), Number(value=2.5, side='left'), Number(value=12.3, side=''))
    >>> read_number("1250 H"), read_number("3,5↓", ","), read_number("<2 pg/mL")
    (Number(value=1250.0, side=''), Number(value=3.5, side=''), Number(value=2.0, side='left'))
    >>> read_number("2x10-3"), read_number("<10^-4"), read_number("5-10")
    (Number(value=0.002, side=''), Number(value=0.0001, side='left'), None)
    >>> read_number("Less than 8"), read_number("Greater than 40,000"), read_number("27.1 (H)")
    (Number(value=8.0, side='left'), Number(value=40000.0, side='right'), Number(value=27.1, side=''))
    >>> read_number("OOR <"), read_number("> ULOQ"), read_number("G2")
    (Number(value=None, side='left'), Number(value=None, side='right'), None)
    """
    if isinstance(cell, bool | datetime) or cell is None:
        return None
    if isinstance(cell, (int, float)):
        return Number(float(cell))
    text, side = cell.strip(), ""
    text = re.sub(
        r"\s*\((H{1,2}|L{1,2}|A|N|high|low|abnormal|critical)\)$", "", text, flags=re.IGNORECASE
    )  # as a laboratory marks
    text = BELOW.sub("<", ABOVE.sub(">", text))
    for end, words in LIMIT_WORDS.items():
        if words.fullmatch(text):
            return Number(None, end)
    if found := LIMIT.match(text):
        side = "left" if found.group(2) in "<≤" else "right"
        text = found.group(3).strip()
        if not text:
            return Number(None, side)
    text = re.sub(
        r"(?<=\d)\s+([HL]{1,2}|[↑↓]+|\*+)$|(?<=\d)[↑↓*]+$", "", text
    )  # as a laboratory marks what is high or low
    text = LAB_UNIT.sub("", BODY_UNIT.sub("", text))
    text = text.lstrip("*").replace("\u00a0", " ").strip().rstrip("%").strip()
    if found := POWER.fullmatch(text):
        return Number(float((found.group(1) or "1").replace(",", ".")) * 10.0 ** -int(found.group(2)), side)
    thousands = "." if decimal == "," else ","
    text = re.sub(rf"(?<=\d)[{re.escape(thousands)} '](?=\d{{3}}(\D|$))", "", text).replace(decimal, ".")
    try:
        value = float(text)
    except ValueError:
        return None
    return Number(value, side) if math.isfinite(value) and re.match(r"^[-+]?[\d.]", text) else None


AGE_PARTS = {
    "years": (1.0, r"years?|yrs?|y|jahre?|j|ans?|anos?|años?|岁|周岁"), "months": (1 / 12, r"months?|mos?|mths?|m|monate?|mon|mois|meses|个月|月"),
    "weeks": (7 / 365.25, r"weeks?|wks?|w|wochen?|周"), "days": (1 / 365.25, r"days?|d|tage?|jours?|天"),
}  # fmt: skip


def read_age(cell: Cell) -> float | None:
    """Read an age in words as years; None for what is none.

    Examples
    --------
    >>> read_age("8岁"), read_age("2岁6个月"), read_age("1 y 3 m"), read_age("18 months"), read_age("8")
    (8.0, 2.5, 1.25, 1.5, None)
    """
    text, years, found = str(cell).strip().lower(), 0.0, False
    for factor, words in AGE_PARTS.values():
        if part := re.match(rf"(\d+(?:[.,]\d+)?)\s*(?:{words})(?![a-z])\.?[\s,;零]*(?:and |und )?", text):
            years, text, found = years + float(part.group(1).replace(",", ".")) * factor, text[part.end() :], True
    return round(years, 4) if found and not text else None


def decimal_of(cells: Iterable[Cell]) -> tuple[str, str]:
    """Find the decimal mark of a column of text from its own cells.

    Returns
    -------
    mark, doubt : str
        The mark, "." or ","; doubt is empty, or says that every cell could be read either way.

    Examples
    --------
    >>> decimal_of(["1.234,5", "432"]), decimal_of(["12.5", "3"]), decimal_of(["1.234", "2.500"])
    ((',', ''), ('.', ''), ('.', 'every point is followed by three digits: thousands, or decimals?'))
    >>> decimal_of(["23,4 kg", "41,0 kg"])
    (',', '')
    >>> decimal_of(["1,234", "2,500"])
    ('.', 'every comma is followed by three digits: thousands, or decimals?')
    """
    texts = [LAB_UNIT.sub("", BODY_UNIT.sub("", cell.strip())) for cell in cells if isinstance(cell, str)]
    comma = any(
        re.fullmatch(r"[<>*\s-]*\d{1,3}(\.\d{3})+,\d+|[<>*\s-]*\d+,(\d{1,2}|\d{4,})|[<>*\s-]*0,\d+", text)
        for text in texts
    )
    point = any(
        re.fullmatch(
            r"[<>*\s-]*\d{1,3}(,\d{3})+\.\d+|[<>*\s-]*\d+\.(\d{1,2}|\d{4,})|[<>*\s-]*\d{4,}\.\d+|[<>*\s-]*0\.\d+", text
        )
        for text in texts
    )
    if comma and not point:
        return ",", ""
    if point:
        return (".", "some cells have a decimal point, some a decimal comma") if comma else (".", "")
    unclear = [text for text in texts if re.fullmatch(r"[<>*\s-]*\d{1,3}([.,]\d{3})+", text)]
    if unclear:
        sign = "comma" if "," in unclear[0] else "point"
        return ".", f"every {sign} is followed by three digits: thousands, or decimals?"
    return ".", ""


def sentinel(values: Iterable[float]) -> float | None:
    """Find a number that stands for "never" or "missing": far beyond all others, or a row of nines where the others are small.

    Examples
    --------
    >>> sentinel([32, 1000000, 1000000, 19]), sentinel([3, 999, 5]), sentinel([3, 4, 9])
    (1000000, 999, None)
    """
    found = Counter(value for value in values if math.isfinite(value))
    if len(found) < 2:
        return next((value for value in found if value >= 1e5 and set(code_text(value)) <= set("109")), None)
    last, before = sorted(found, reverse=True)[:2]
    nines = set(code_text(abs(last))) == {"9"} and abs(last) >= 99 and last > 5 * before
    round_one = re.fullmatch(r"10{4,}|8{3,}|9{4,}", code_text(last)) is not None and last > 10 * max(before, 1)
    if nines or round_one:
        return last
    lowest, above = sorted(found)[:2]
    return lowest if lowest in (-9, -99, -999, -1) and above >= 0 else None


def repeated_limit(values: list[float]) -> tuple[float | None, float | None]:
    """Find limits of a measurement entered as values: an end of the range at which values pile up.

    Returns
    -------
    low, high : float or None
        Low: the smallest value, if at least two and a quarter of all stand at it. High: the largest, if it is a round
        number of thousands, or values pile up there likewise.

    Examples
    --------
    >>> repeated_limit([5, 8.4, 77, 5]), repeated_limit([1.5, 26.1, 5000, 30, 1.5]), repeated_limit([0.4, 6, 1.1])
    ((5, None), (1.5, 5000), (None, None))
    """
    if not values:
        return None, None
    counts = Counter(values)
    low, high = min(counts), max(counts)
    enough = max(2, len(values) / 4) if len(values) < 40 else max(5, len(values) / 20)
    piled_high = counts[high] >= enough and high > 3 * sorted(values)[len(values) // 2]
    round_high = high >= 1000 and high in (1000, 2000, 2500, 5000, 10000, 20000, 50000, 100000)
    return (low if counts[low] >= enough and low != high else None), (
        high if (piled_high or round_high) and high != low else None
    )
