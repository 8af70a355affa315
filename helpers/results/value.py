"""What a result is: a value or the reason why there is none, how it was read, and the spelling of its id."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# a sign that ends a word, or opens a number: CMV+, MRD-, -5; between two words (CD19+CD22, IL-6) it only parts them
OUTSIDE = r"(?<=\w){0}(?![\w$])|(?<!\w){0}(?=\w)|{0}(?=[-+\s]*$)"
WORDS = {"<": "lt", "≤": "le", ">": "gt", "≥": "ge", "=": "eq", "≠": "ne", "$": "dollar", "±": "plus minus"}
RESERVED = ("all",)


@dataclass(frozen=True)
class Value:
    """One computed number, or the plain reason why there is none.

    Parameters
    ----------
    id : str
        Canonical id in ``published_values.csv``, or ``extra.<place>.<row>.<measure>``.
    value : float or None
        The number, in the unit of the print.
    reason : str
        Why there is no number; empty if there is one.
    population : str
        Patients that it is about, by the names of ``published_values.csv``.
    n, events, missing : int or None
        Patients used, events among them, patients of the population left out for want of data.
    method : str
        Formula or test.
    """

    id: str
    value: float | None = None
    reason: str = ""
    population: str = ""
    n: int | None = None
    events: int | None = None
    missing: int | None = None
    method: str = ""


@dataclass(frozen=True)
class Reading:
    """How a family reads the paper: on whom, by which formula or test, and why."""

    population: str
    method: str
    reason: str = ""


def id_part(label: object) -> str:
    """Turn a label into a part of an id: letters and digits of any script, signs that tell levels apart as words.

    Examples
    --------
    >>> id_part("AML high risk"), id_part("age_years >28"), id_part("CD19+CD22"), id_part("IL-6")
    ('aml_high_risk', 'age_years_gt_28', 'cd19_cd22', 'il_6')
    >>> id_part("CMV+"), id_part("CMV-"), id_part("<10%"), id_part("≥10%"), id_part("???")
    ('cmv_plus', 'cmv_minus', 'lt_10', 'ge_10', 'level')
    """
    text = unicodedata.normalize("NFC", str(label)).lower()
    for sign, word in (("+", "plus"), ("[-−–]", "minus")):
        text = re.sub(OUTSIDE.format(re.escape(sign) if sign == "+" else sign), f" {word} ", text)
    text = "".join(f" {WORDS[sign]} " if sign in WORDS else sign if sign.isalnum() else " " for sign in text)
    return "_".join(text.split()) or "level"


def id_parts(labels: Iterable[object], taken: Iterable[str] = RESERVED) -> dict[object, str]:
    """Give every label a part of an id of its own, in their order; a number tells those apart that would read the same.

    Parameters
    ----------
    labels : iterable
        Different from each other.
    taken : iterable of str
        What none of them may read as; by default "all", which is every patient.

    Examples
    --------
    >>> id_parts(["CMV+", "CMV-", "not tested"])
    {'CMV+': 'cmv_plus', 'CMV-': 'cmv_minus', 'not tested': 'not_tested'}
    >>> id_parts(["ALL", "AML", "a b", "a/b"])
    {'ALL': 'level_all', 'AML': 'aml', 'a b': 'a_b', 'a/b': 'a_b_2'}
    """
    labels, taken = list(labels), set(taken)
    first = [f"level_{found}" if (found := id_part(label)) in taken else found for label in labels]
    return dict(zip(labels, told_apart(first, taken), strict=True))


def told_apart(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Add a number to each name that was there before.

    Examples
    --------
    >>> told_apart(["a", "a", "a_2", "b"])
    ['a', 'a_3', 'a_2', 'b']
    """
    used, found = set(taken), []
    for name in names:
        own, number = name, 1
        while own in used or (number > 1 and own in names):
            number += 1
            own = f"{name}_{number}"
        used.add(own)
        found.append(own)
    return found
