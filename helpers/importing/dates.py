"""Dates as people and programs write them: numbers of Excel, names of months in several languages, half dates, and their order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpers.importing.sheet import Cell

MONTHS = (  # how months begin in English, German, French, Spanish, Italian and Portuguese, accents off
    "jan jan ene gen", "feb fev", "mar mrz", "apr avr abr", "may mai mag", "jun juin giu", "jul juil lug", "aug aou ago", "sep set", "oct okt ott out", "nov",
    "dec dez dic",
)  # fmt: skip
NAMES_OF_MONTHS = (
    r"[a-z]{3,4}|sept|january|february|march|april|june|july|august|september|october|november|december|januar|februar|marz|juni|juli|oktober|dezember|"
    r"janvier|fevrier|mars|avril|juin|juillet|aout|septembre|octobre|novembre|decembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|"
    r"gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|janeiro|fevereiro|marco|maio|junho|julho|setembro|outubro|novembro|dezembro"
)
HALF_DATE = re.compile(
    r"(un|unk|uk|xx|\?\?)?[-/. ]*(\d{1,2}|[a-z]{3,9})?[-/. ]*(19|20)\d{2}(-(\d{2}|un|unk|xx|\?\?)){0,2}", re.IGNORECASE
)
SERIAL_FROM, SERIAL_TO = 36526, 54789  # 2000-01-01 to 2050-01-01 as Excel counts
EXCEL_ORIGIN = datetime(1899, 12, 30)
BETWEEN_SYSTEMS = 1462  # days between the two origins of Excel
DATE_FORMS = (
    (re.compile(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})$"), "ymd"),
    (re.compile(r"^(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日?$"), "ymd"),
    (re.compile(r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})$"), "ymd"),
    (
        re.compile(
            r"^(?P<d>\d{1,2})(?:st|nd|rd|th)?[-./ ]*(?:(?:de|di|of) )?(?P<name>[^\W\d_]{3,})\.?[-./ ,]*(?:(?:de|di) )?(?P<y>\d{2}|\d{4})$"
        ),
        "dmy",
    ),
    (re.compile(r"^(?P<name>[^\W\d_]{3,})\.?[- ]*(?P<d>\d{1,2})(?:st|nd|rd|th)?[- ,]+(?P<y>\d{4})$"), "dmy"),
    (re.compile(r"^(?P<y>\d{4})[-./ ](?P<name>[^\W\d_]{3,})[-./ ](?P<d>\d{1,2})$"), "dmy"),
    (re.compile(r"^(?P<a>\d{1,2})(?P<sep>\s?[-/.]\s?)(?P<b>\d{1,2})(?P=sep)(?P<y>\d{2}|\d{4})$"), "ambiguous"),
)
YEAR_FIRST = DATE_FORMS[0][0]  # as a program writes a date cell into a text file
CLOCK = re.compile(r"[T ]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|\s*([AaPp])\.?[Mm]\.?)?$")


def is_half_date(cell: Cell) -> bool:
    """Tell whether a text is a date of which the day, or day and month, are not known.

    Examples
    --------
    >>> [is_half_date(cell) for cell in ("2021-06", "UN-JUN-2021", "June 2021", "2021", "unknown", "2021-06-03", "Lee 2014")]
    [True, True, True, True, False, False, False]
    """
    found = HALF_DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    word = (found.group(2) or "").lower() if found else ""
    named = not word.isalpha() or word in ("unk", "unknown") or month_named(word) > 0
    return found is not None and named and read_date(cell) is None


def month_named(word: str) -> int:
    """Find the month that a word names, in full or by its beginning, in the languages that are read here; 0 for none.

    Examples
    --------
    >>> month_named("März"), month_named("juillet"), month_named("Dic"), month_named("août"), month_named("marker")
    (3, 7, 12, 8, 0)
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(sign))
    if not re.fullmatch(NAMES_OF_MONTHS, plain):
        return 0
    return next((i + 1 for i, starts in enumerate(MONTHS) if plain.startswith(tuple(starts.split()))), 0)


def month_of(cell: Cell) -> tuple[int, int] | None:
    """Read a year and a month without a day; None for all else.

    Examples
    --------
    >>> month_of("2009-06"), month_of("06/2009"), month_of("Jun 2009"), month_of("2009年6月"), month_of("2009"), month_of("2009-06-03")
    ((2009, 6), (2009, 6), (2009, 6), (2009, 6), None, None)
    """
    text = str(cell).strip().lower()
    if found := re.fullmatch(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*月?", text):
        year, month = int(found.group(1)), int(found.group(2))
    elif found := re.fullmatch(r"(\d{1,2})\s*[-/.]\s*((?:19|20)\d\d)", text):
        year, month = int(found.group(2)), int(found.group(1))
    elif found := re.fullmatch(r"([^\W\d_]{3,})\.?[\s-]+(?:(?:de|di) )?((?:19|20)\d\d)", text):
        year, month = int(found.group(2)), month_named(found.group(1))
    else:
        return None
    return (year, month) if 1 <= month <= 12 else None


@dataclass(frozen=True)
class Moment:
    """A date as read: the day, the time of day if one stands there, and whether day and month could be exchanged."""

    date: datetime
    clock: str = ""
    ambiguous: bool = False


def is_written_as_number(cell: Cell) -> bool:
    """Tell whether a number is a date written as YYYYMMDD.

    Examples
    --------
    >>> is_written_as_number(20190305), is_written_as_number(20191305), is_written_as_number(43500)
    (True, False, False)
    """
    if isinstance(cell, bool) or not isinstance(cell, (int, float)) or not 19000101 <= cell <= 21001231 or cell % 1:
        return False
    return 1 <= int(cell) // 100 % 100 <= 12 and 1 <= int(cell) % 100 <= 31


def read_date(cell: Cell, order: str = "dmy") -> Moment | None:
    """Read a date; *order* decides where day and month could be exchanged.

    Examples
    --------
    >>> read_date("2/6/2006", "mdy").date.date().isoformat(), read_date("30.05.19").date.date().isoformat()
    ('2006-02-06', '2019-05-30')
    >>> read_date("2020-01-31 01:09").clock, read_date("13/25/2020") is None
    ('01:09', True)
    >>> {read_date(text).date.date().isoformat() for text in ("14. März 2021", "14 mars 2021", "14 de marzo de 2021", "Mar 14, 2021", "14/Mar/21", "2021-Mar-14", "14. 3. 2021")}
    {'2021-03-14'}
    >>> [read_date(f"3/14/2021 {clock}", "mdy").clock for clock in ("12:05 AM", "12:05 PM", "9:45 pm")]
    ['00:05', '12:05', '21:45']
    """
    if isinstance(cell, datetime):
        clock = f"{cell:%H:%M}" if (cell.hour or cell.minute) else ""
        return Moment(datetime(cell.year, cell.month, cell.day), clock)
    if is_written_as_number(cell):
        return _moment(DATE_FORMS[2][0].match(str(int(cell))), "ymd", order, "")
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return Moment(EXCEL_ORIGIN + timedelta(days=int(cell))) if SERIAL_FROM <= cell <= SERIAL_TO else None
    if not isinstance(cell, str):
        return None
    text, clock = cell.strip(), ""
    if found := CLOCK.search(text):
        hour, half = int(found.group(1)), (found.group(3) or "").lower()
        hour = hour % 12 + 12 * (half == "p") if half else hour
        clock, text = f"{hour:02d}:{found.group(2)}", text[: found.start()]
    for form, kind in DATE_FORMS:
        if found := form.match(text):
            return _moment(found, kind, order, clock)
    return None


def _moment(found: re.Match, kind: str, order: str, clock: str) -> Moment | None:
    parts = found.groupdict()
    year = int(parts["y"])
    if len(parts["y"]) == 2:
        year += 2000 if year < 70 else 1900
    ambiguous = False
    if kind == "ambiguous":
        a, b = int(parts["a"]), int(parts["b"])
        day, month = (a, b) if order == "dmy" else (b, a)
        ambiguous = a <= 12 and b <= 12 and a != b
    elif parts.get("name"):
        day, month = int(parts["d"]), month_named(parts["name"])
    else:
        day, month = int(parts["d"]), int(parts["m"])
    try:
        return Moment(datetime(year, month, day), clock, ambiguous)
    except ValueError:
        return None


def date_as_mapped(cell: Cell, order: str, exchange: bool = False) -> Moment | None:
    """Read a date with the order of its column; *exchange* puts day and month of date cells back, which Excel had taken the wrong way.

    Examples
    --------
    >>> date_as_mapped(datetime(2020, 6, 5), "dmy", exchange=True).date.date().isoformat()
    '2020-05-06'
    """
    if exchange and isinstance(cell, str) and YEAR_FIRST.match(cell.strip()):
        cell = getattr(read_date(cell), "date", cell)
    if exchange and isinstance(cell, datetime) and cell.day <= 12:
        cell = cell.replace(day=cell.month, month=cell.day)
    return read_date(cell, order or "dmy")


def order_of(cells: Iterable[Cell]) -> tuple[str, str]:
    """Find the order of day and month from a column's own cells.

    Returns
    -------
    order, doubt : str
        "dmy", "mdy" or "ymd"; doubt is empty, or says what the cells leave open.

    Examples
    --------
    >>> order_of(["12/16/2005", "2/2/2006"])
    ('mdy', '')
    >>> order_of(["2/2/2006", "3/5/2006"])[1]
    'no field is above 12, so day and month could be exchanged'
    """
    cells = list(cells)
    pairs = [
        (int(m["a"]), int(m["b"]))
        for cell in cells
        if isinstance(cell, str) and (m := DATE_FORMS[-1][0].match(CLOCK.sub("", cell.strip())))
    ]
    typed = [cell.day for cell in cells if isinstance(cell, datetime)]
    typed += [int(m["d"]) for cell in cells if isinstance(cell, str) and (m := YEAR_FIRST.match(cell.strip()))]
    first, second = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
    exchanged = pairs and typed and all(day <= 12 for day in typed) and (first or second) and not (first and second)
    if exchanged and all(max(pair) > 12 for pair in pairs):
        return "dmy" if first else "mdy", (
            f"{len(typed)} date cells all have a day up to 12 and {len(pairs)} text cells all have one above: "
            "Excel took the former for dates with day and month exchanged"
        )
    if first and second:
        return "dmy", "some cells can only be day first, others only month first"
    if first or second:
        return ("dmy" if first else "mdy"), ""
    if pairs and any(a != b for a, b in pairs):
        dotted = all("." in cell for cell in cells if isinstance(cell, str) and DATE_FORMS[-1][0].match(cell.strip()))
        return "dmy", "" if dotted else "no field is above 12, so day and month could be exchanged"
    return ("dmy" if pairs else "ymd"), ""
