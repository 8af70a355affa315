"""How the audit words things: printed values as they stand in the paper, signs, numbers without noise."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import groupby

from helpers.published.values import Printed

SIGN = re.compile(r"[<>]=?|[≤≥≦≧]")
NOTE = re.compile(r" \(number = \w+\)")  # how a date is stored
YEARS = re.compile(r"(\d+) year\(s\)")
SIGNS = {"≦": "≤", "≧": "≥", "<=": "≤", ">=": "≥"}


def group_in_words(group: list[Printed]) -> str:
    """Say a group of printed values in words, as printed; words that several share before the last comma stand once.

    Examples
    --------
    >>> low, high = (Printed(id, Decimal(1), 0, what=f"follow-up, months, {id}", value=v) for id, v in (("low", "4"), ("high", "39")))
    >>> group_in_words([low, high])
    'follow-up, months, low: 4, high: 39'
    """
    said = []
    for _, shared in groupby(group, key=lambda printed: _wording(printed).rpartition(", ")[0] or printed.id):
        first, *rest = shared
        said.append(", ".join([_said(first), *(_said(printed).rpartition(", ")[2] for printed in rest)]))
    return "; ".join(said)


def _wording(printed: Printed) -> str:
    what = YEARS.sub(lambda found: f"{found[1]} year" + "s" * (found[1] != "1"), NOTE.sub("", printed.what))
    return what.removesuffix(", %") if printed.value.endswith("%") else what


def _said(printed: Printed) -> str:
    return f"{_wording(printed)}: {printed.value}"


def comparison_sign(printed: Printed) -> str:
    """Give the comparison sign of a printed cut ("≥5" -> "≥"); empty where none is printed."""
    found = SIGN.search(printed.value)
    return SIGNS.get(found.group(), found.group()) if found else ""


def number_text(number: float | Decimal) -> str:
    """Write a number without trailing noise."""
    return f"{float(number):.6g}"


def first_few(numbers: list[int]) -> str:
    """Write the first eight of some whole numbers."""
    return ", ".join(map(str, numbers[:8])) + (" ..." if len(numbers) > 8 else "") if numbers else "none"
