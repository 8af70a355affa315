"""What of a cell may stand in a message: a code, a short number or a word of the dictionary, and of anything else its kind.

A row that slipped by one column puts a name, a record number or a birth date where a dose should be; the message about it must
not carry it further.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import pandas as pd

from helpers.cohort import extract_words
from helpers.cohort.schema import TABLES

MISSING_MARKS = frozenset(
    ("na", "n/a", "nan", "null", "none", "nil", "missing", "unknown", "not done", "not known", "nd", "nk")
) | frozenset((".", "-", "--", "---", "?", "/", "未查", "不详"))
NUMBER = re.compile(r"[<>]?[-+]?\d{1,4}(?:[.,]\d{1,3})?%?")
LONG_NUMBER = re.compile(r"[<>]?[-+]?[\d.,]+(?:[eE][-+]?\d+)?")
DATE = re.compile(r"\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}日?(?:[ T].*)?")
GREEK = str.maketrans({"α": "a", "β": "b", "γ": "g", "κ": "k", "µ": "u", "μ": "u"})
SPELLED = (("alpha", "a"), ("gamma", "g"), ("beta", "b"), ("interleukin", "il"), ("interferon", "ifn"))


def _words() -> frozenset[str]:
    allowed = {word for columns in TABLES.values() for column in columns.values() for word in column.allowed}
    synonyms = {w for words in extract_words.WORDS.values() for word, others in words.items() for w in (word, *others)}
    units = {w for unit, others in extract_words.UNITS.items() for w in (unit, *others)}
    drugs = {w for drug, others in extract_words.DRUGS.items() for w in (drug, *others)}
    truth = {"true", "false", "yes", "no", "0", "1"}
    return frozenset(word.casefold() for word in allowed | synonyms | units | drugs | truth | MISSING_MARKS)


WORDS = _words()


def safe_content(cell: object) -> str:
    """Return a cell's content if it is a code, a short number or a word of the dictionary, else what kind of thing it is.

    Examples
    --------
    >>> [safe_content(cell) for cell in ("M?", "-3.5", "not done", "Li Wei", "2011-03-04", "13800138000", None)]
    ['M?', '-3.5', 'not done', 'text of 6 characters', 'a date', 'a number of 11 digits', 'an empty cell']
    """
    if cell is None or cell is pd.NA or (isinstance(cell, float) and cell != cell):
        return "an empty cell"
    text = str(cell).strip()
    if not text:
        return "an empty cell"
    if text.casefold() in WORDS or NUMBER.fullmatch(text):
        return text
    if DATE.fullmatch(text):
        return "a date"
    if LONG_NUMBER.fullmatch(text):
        return f"a number of {'many' if 'e' in text.casefold() else sum(sign.isdigit() for sign in text)} digits"
    if len(text) <= 3 and text.isascii() and text.isprintable() and sum(sign.isalpha() for sign in text) <= 1:
        return text
    return f"text of {len(text)} character{'s' * (len(text) != 1)}"


def safe_heading(name: str) -> str:
    """Return the name of a column as it may stand in a message: what holds a long number or a date is no name of a column.

    Examples
    --------
    >>> safe_heading("ward"), safe_heading("Li Wei 13800138000"), safe_heading("2011-03-04")
    ('ward', 'of 18 characters', 'of 10 characters')
    """
    if re.search(r"\d{5}", name) or DATE.search(name) or not name.isprintable():
        return f"of {len(name)} characters"
    return name[:60]


def is_missing_mark(cell: object) -> bool:
    """Tell whether a cell says in a word or a sign that there is nothing.

    Examples
    --------
    >>> is_missing_mark("N/A"), is_missing_mark("12")
    (True, False)
    """
    return str(cell).strip().casefold() in MISSING_MARKS


def letters_and_digits(word: str) -> str:
    """Reduce a word to letters and digits, so that spellings of one name meet.

    Examples
    --------
    >>> letters_and_digits("TNF-α") == letters_and_digits("tnf alpha"), letters_and_digits("Patient_ID") == letters_and_digits("patient id")
    (True, True)
    """
    word = word.casefold().translate(GREEK)
    for long, short in SPELLED:
        word = word.replace(long, short)
    return re.sub(r"[\W_]+", "", word)


def did_you_mean(cell: str, allowed: Iterable[str]) -> str:
    """Return the word of *allowed* that *cell* is likely to stand for, or an empty text.

    Examples
    --------
    >>> did_you_mean("IL6", ["CRP", "IL-6"]), did_you_mean("tnf-alpha", ["TNF-α"]), did_you_mean("Li Wei", ["male", "female"])
    ('IL-6', 'TNF-α', '')
    """
    spelled = {letters_and_digits(word): word for word in allowed}
    for words in extract_words.WORDS.values():
        spelled |= {
            letters_and_digits(w): word for word, others in words.items() if word in spelled.values() for w in others
        }
    if letters_and_digits(cell) in spelled:
        return spelled[letters_and_digits(cell)]
    close = difflib.get_close_matches(letters_and_digits(cell), spelled, n=1, cutoff=0.75) if len(cell) > 2 else []
    return spelled[close[0]] if close else ""
