"""Checks on medians and cuts: what the order of whole numbers of patients and days allows."""

from __future__ import annotations

import math

from helpers.published.relations import CONSISTENT, CONTRADICTION, UNDISCLOSED, WORDING, Check, Outcome, relation_kind
from helpers.published.values import Printed
from helpers.published.words import comparison_sign, first_few, number_text


@relation_kind("median_parity")
def median_parity(check: Check) -> Outcome:
    """The median of whole days: ``count ... | median``. With an odd n it is a whole number, with an even n a half at most.

    Option ``counted=open``: the print does not fix how many were counted (a duration at some grades is had by patients
    of other peak grades too), so that a median which does not fit discloses no contradiction, only another n.
    """
    n, median, fixed = int(check.total(0)), check.one(1), check.option("counted", "all") != "open"
    step = 1 if n % 2 else 0.5
    fits = float(median.number) % step == 0
    grain = "a whole number" if n % 2 else "a multiple of 0.5"
    text = f"n = {n} is {'odd' if n % 2 else 'even'}: the median of whole numbers is {grain}; printed {median.text}"
    if fits or fixed:
        return Outcome(CONSISTENT if fits else CONTRADICTION, text, "certain, if all were counted, in whole numbers")
    text += ": so another number of patients was counted, or not in whole days"
    return Outcome(UNDISCLOSED, text, "certain, if days are whole; how many were counted is not printed")


@relation_kind("median_class")
def median_class(check: Check) -> Outcome:
    """A median against classes: ``counts below | counts of its class | all counted | median``; options ``low``, ``high``."""
    below, inside, n, median = check.total(0), check.total(1), check.total(2), float(check.one(3).number)
    low, high = float(check.option("low")), float(check.option("high"))
    middle = (n + 1) / 2
    fits = below < math.floor(middle) and math.ceil(middle) <= below + inside and low <= median < high
    text = (
        f"the middle of {number_text(n)} is number {number_text(middle)}; classes hold numbers {number_text(below + 1)} to"
        f" {number_text(below + inside)} in [{number_text(low)}, {number_text(high)}); printed median {number_text(median)}"
    )
    return Outcome(CONSISTENT if fits else CONTRADICTION, text)


@relation_kind("median_split")
def median_split(check: Check) -> Outcome:
    """A split at the median: ``below ... | above ... | all | median | cut``; option ``side`` = below or at.

    ``side=below``: the lower group is below the cut, else at most at it. Patients who were not evaluated may be in either.
    """
    low, high, n = int(check.total(0)), int(check.total(1)), int(check.total(2))
    spare = n - low - high
    middle = math.floor((n + 1) / 2)
    at = check.option("side", "below") == "at"
    sizes = range(low, low + spare + 1)
    possible = [k for k in sizes if (k >= middle if at else k < math.ceil((n + 1) / 2))]
    cut = float(check.one(3).number) == float(check.one(4).number)
    text = (
        f"{low} and {high} of {n} evaluated ({spare} not); the lower group of all {n} must hold"
        f" {'at least' if at else 'fewer than'} {middle if at else math.ceil((n + 1) / 2)};"
        f" {'possible' if possible else 'not possible'}; cut {check.one(4).value}, median {check.one(3).value}"
    )
    return Outcome(CONSISTENT if possible and cut and spare >= 0 else CONTRADICTION, text)


@relation_kind("clock")
def check_clock(check: Check) -> Outcome:
    """Two onsets, the first of which follows the second: ``later event | earlier event``, both medians from one day 0."""
    later, earlier = check.one(0), check.one(1)
    follows = later.number >= earlier.number
    text = f"median {later.value} against {earlier.value}: " + (
        "in the expected order"
        if follows
        else "the later event first, so the two count from different days, or the order differs"
    )
    return Outcome(CONSISTENT if follows else UNDISCLOSED, text, "likely: the order is usual, not necessary")


QUANTILE_TYPES = {
    1: lambda n, q: math.ceil(n * q),
    3: lambda n, q: round(n * q),
    4: lambda n, q: math.floor(n * q),
    5: lambda n, q: math.floor(n * q + 0.5),
    6: lambda n, q: math.floor((n + 1) * q),
    7: lambda n, q: math.floor((n - 1) * q + 1),
    8: lambda n, q: math.floor((n + 1 / 3) * q + 1 / 3),
    9: lambda n, q: math.floor((n + 0.25) * q + 0.375),
}


@relation_kind("quantile_count")
def quantile_count(check: Check) -> Outcome:
    """How many lie at or below a quantile: ``n | percentile | count at or below``; Hyndman and Fan's nine types."""
    n, q, count = int(check.total(0)), float(check.one(1).number) / 100, int(check.total(2))
    by_type = {t: f(n, q) for t, f in QUANTILE_TYPES.items()} | {2: math.ceil(n * q)}
    fits = sorted(t for t, k in by_type.items() if k == count)
    usual = by_type[7]
    text = (
        f"{n} values: type 7 (R, Excel) and type 6 (SPSS) leave {usual} and {by_type[6]} at or below; printed {count}"
    )
    if fits and 7 not in fits:
        text += f"; only type {', '.join(map(str, fits))} gives it"
    if fits or count > max(by_type.values()):
        tied = "" if fits else f"; {count - max(by_type.values())} or more tied with the cut"
        return Outcome(CONSISTENT, text + tied, "likely: ties at the cut can only add to the lower group")
    return Outcome(CONTRADICTION, text + "; no type leaves fewer", "near certain: any of the nine usual definitions")


def _whole(printed: Printed, top: int = 60) -> set[int]:
    """Give the whole numbers that a printed cut ("≤2") takes in."""
    cut = float(printed.number)
    keep = {
        "<": lambda x: x < cut, ">": lambda x: x > cut, "≤": lambda x: x <= cut, "≥": lambda x: x >= cut
    }.get(comparison_sign(printed), lambda x: x == cut)  # fmt: skip
    return {x for x in range(top + 1) if keep(x)}


@relation_kind("partition")
def check_partition(check: Check) -> Outcome:
    """Two groups by a cut in whole numbers: ``lower | upper``. They must meet without overlap or gap."""
    low, high = check.one(0), check.one(1)
    both, neither = _whole(low) & _whole(high), set(range(61)) - _whole(low) - _whole(high)
    text = f"{low.value} against {high.value}: " + (
        f"{first_few(sorted(both))} is in both"
        if both
        else f"{first_few(sorted(neither))} is in neither"
        if neither
        else "every whole number is in one group"
    )
    return Outcome(WORDING if both or neither else CONSISTENT, text)


@relation_kind("same_split")
def same_split(check: Check) -> Outcome:
    """Two ways of writing one group in whole numbers ("<5" and "≤4"): ``a | b``."""
    a, b = check.one(0), check.one(1)
    equal = _whole(a) == _whole(b)
    text = f"{a.value} and {b.value} take in {'the same' if equal else 'different'} whole numbers"
    return Outcome(CONSISTENT if equal else CONTRADICTION, text, "certain, if days are whole")
