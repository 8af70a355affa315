"""Checks on counts, percentages, medians, cuts and words: what whole numbers of patients allow."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from itertools import chain, pairwise

from helpers.estimate.contingency import asked_for, p_values
from helpers.published.relations import (
    CONSISTENT,
    CONTRADICTION,
    ROUNDING,
    UNDISCLOSED,
    WORDING,
    Check,
    Outcome,
    kind,
)
from helpers.published.values import Printed, agrees

SIGN = re.compile(r"[<>]=?|[≤≥≦≧]")
NOTE = re.compile(r" \(number = \w+\)")  # how a date is stored
SIGNS = {"≦": "≤", "≧": "≥", "<=": "≤", ">=": "≥"}


def state(group: list[Printed]) -> str:
    """Say a group of printed values in words, as printed."""
    return "; ".join(f"{NOTE.sub('', printed.what)}: {printed.value}" for printed in group)


def sign(printed: Printed) -> str:
    """Give the comparison sign of a printed cut ("≥5" -> "≥"); empty where none is printed."""
    found = SIGN.search(printed.value)
    return SIGNS.get(found.group(), found.group()) if found else ""


def plain(number: float | Decimal) -> str:
    """Write a number without trailing noise."""
    return f"{float(number):.6g}"


# ------------------------------------------------------------------ quantities stated twice


def misread(a: str, b: str) -> bool:
    """Tell whether two prints are one character apart, so that a misreading of the page could make one of the other.

    Examples
    --------
    >>> misread("95.45%", "93.45%"), misread("0.37", "0.45"), misread("4.5", "4")
    (True, False, False)
    """
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _misreading(pairs: list[tuple[str, str]]) -> str:
    """Say whether a misreading could explain all the pairs."""
    return "; one character apart: a misreading of the page could do it" * all(misread(*pair) for pair in pairs)


def _pair(a: Printed, b: Printed) -> str:
    """Compare two prints of one quantity."""
    if a.bound or b.bound:
        bound, other = (a, b) if a.bound else (b, a)
        return CONSISTENT if agrees(float(other.number), bound.number, 0, bound.bound) else CONTRADICTION
    if sign(a) and sign(b) and sign(a) != sign(b):
        return WORDING
    coarse, fine = sorted((a, b), key=lambda printed: printed.decimals)
    distance = abs(a.number - b.number)
    if distance == 0 or (coarse.decimals < fine.decimals and distance <= coarse.unit / 2):
        return CONSISTENT
    return ROUNDING if distance <= coarse.unit and a.kind != "count" else CONTRADICTION


@kind("same")
def same(check: Check) -> Outcome:
    """One quantity printed more than once: ``canonical | again again ...``.

    More than two groups of equal length are compared place by place (``hr low high | hr low high``).
    """
    first, rest = check.group(0), list(chain.from_iterable(map(check.group, range(1, len(check.relation.groups)))))
    pairs = [(first[i % len(first)], other) for i, other in enumerate(rest)]
    verdicts = [(_pair(a, b), a, b) for a, b in pairs]
    broken = [(v, a, b) for v, a, b in verdicts if v != CONSISTENT]
    worst = min((v for v, _, _ in verdicts), key=(CONTRADICTION, WORDING, ROUNDING, CONSISTENT).index)
    if not broken:
        text = f"printed {len(rest) // len(first) + 1} times, each time {state_values(first)}"
        return Outcome(CONSISTENT, text, statement_b=state_places(rest))
    text = "; ".join(f"{a.value} ({a.where}) is not {b.value} ({b.where})" for _, a, b in broken)
    text += _misreading([(a.value, b.value) for _, a, b in broken])
    return Outcome(worst, text, group_a=[a for _, a, _ in broken], group_b=[b for _, _, b in broken])


def state_values(group: list[Printed]) -> str:
    """Say only the values of a group."""
    return ", ".join(printed.value for printed in group)


def state_places(group: list[Printed]) -> str:
    """Say the values of a group with their places."""
    return "; ".join(f"{printed.value} ({printed.where})" for printed in group)


# ------------------------------------------------------------------ sums and percentages


@kind("sum")
def sums(check: Check) -> Outcome:
    """Parts that add up: ``part part ... | total ...``."""
    parts, total = check.group(0), check.group(1)
    left, right = check.total(0), check.total(1)
    slack = 0.0 if parts[0].kind == "count" else float(sum(p.unit for p in parts + total)) / 2
    text = " + ".join(p.text for p in parts) + f" = {plain(left)}; printed " + " + ".join(p.text for p in total)
    if abs(left - right) <= slack + 1e-9:
        return Outcome(CONSISTENT, text)
    return Outcome(ROUNDING if slack and abs(left - right) <= 2 * slack else CONTRADICTION, text)


@kind("percent")
def percent(check: Check) -> Outcome:
    """A percentage of counts: ``count ... | of ... | percentage``."""
    part, whole, printed = check.total(0), check.total(1), check.one(2)
    if not 0 < whole >= part:
        return Outcome(CONTRADICTION, f"{plain(part)} of {plain(whole)} is no share")
    share = 100 * part / whole
    text = f"{plain(part)}/{plain(whole)} = {share:.4f}%; printed {printed.text}%"
    return Outcome(_slip(share, printed), text)


def _slip(computed: float, printed: Printed) -> str:
    """Within half a unit: consistent; within one (cut off, or a slip in the last digit): rounding; else not."""
    if printed.holds(computed):
        return CONSISTENT
    return ROUNDING if abs(computed - float(printed.number)) < float(printed.unit) else CONTRADICTION


@kind("attainable")
def attainable(check: Check) -> Outcome:
    """A percentage that some whole number of patients must give: ``denominator ... | percentage``."""
    n, printed = int(check.total(0)), check.one(1)
    nearest = min(range(n + 1), key=lambda k: abs(100 * k / n - float(printed.number)))
    verdict = _slip(100 * nearest / n, printed)
    fits = [d for d in range(1, 121) if any(printed.holds(100 * k / d) for k in range(d + 1))]
    text = f"nearest is {nearest}/{n} = {100 * nearest / n:.2f}%; printed {printed.text}%"
    if verdict != CONSISTENT:
        text += f"; denominators up to 120 that give it: {_few(fits)}"
        text += _misreading([(f"{100 * nearest / n:.{printed.decimals}f}", printed.text)])
    return Outcome(verdict, text)


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (" ..." if len(numbers) > 8 else "") if numbers else "none"


@kind("denominator")
def denominator(check: Check) -> Outcome:
    """A percentage whose words speak of one group: ``percentage | count of that group | count of all``.

    Wording, if the percentage is one of all and cannot be one of the group that the sentence is about.
    """
    printed, claimed, whole = check.one(0), int(check.total(1)), int(check.total(2))
    of_claimed = _shares(printed, claimed)
    of_whole = _shares(printed, whole)
    text = (
        f"of {claimed}: {_share_text(of_claimed, claimed)}; of {whole}: {_share_text(of_whole, whole)};"
        f" printed {printed.text}%"
    )
    return Outcome(WORDING if of_whole and not of_claimed else CONSISTENT, text)


def _shares(printed: Printed, n: int) -> list[int]:
    return [k for k in range(n + 1) if printed.holds(100 * k / n)]


def _share_text(found: list[int], n: int) -> str:
    return f"{found[0]}/{n}" if found else "no whole number of patients gives it"


@kind("at_most")
def at_most(check: Check) -> Outcome:
    """A part that cannot exceed its whole: ``part ... | whole ... [| minus ...]``."""
    left, right = check.total(0), check.total(1) - (check.total(2) if len(check.relation.groups) > 2 else 0)
    text = f"{plain(left)} {'<=' if left <= right else '>'} {plain(right)}"
    return Outcome(CONSISTENT if left <= right else CONTRADICTION, text)


@kind("order")
def order(check: Check) -> Outcome:
    """Values that cannot rise: ``largest ... smallest``; option ``why``."""
    numbers, group = check.numbers(0), check.group(0)
    falls = all(a >= b for a, b in pairwise(numbers))
    text = " >= ".join(p.text for p in group) + ("" if falls else " does not hold") + f"; {check.option('why')}"
    return Outcome(CONSISTENT if falls else CONTRADICTION, text.removesuffix("; "))


@kind("digits")
def digits(check: Check) -> Outcome:
    """Numbers of one list that should have as many decimals: ``a b c ...``."""
    group = check.group(0)
    most = max(p.decimals for p in group)
    short = [p for p in group if p.decimals < most]
    text = f"{len(short)} of {len(group)} with fewer than {most} decimals: {state_values(short) or 'none'}"
    return Outcome(ROUNDING if short else CONSISTENT, text, group_b=short)


# ------------------------------------------------------------------ medians and cuts


@kind("median_parity")
def median_parity(check: Check) -> Outcome:
    """The median of whole days: ``count ... | median``. With an odd n it is a whole number, with an even n a half at most."""
    n, median = int(check.total(0)), check.one(1)
    step = 1 if n % 2 else 0.5
    fits = float(median.number) % step == 0
    grain = "a whole number" if n % 2 else "a multiple of 0.5"
    text = f"n = {n} is {'odd' if n % 2 else 'even'}: the median of whole numbers is {grain}; printed {median.text}"
    return Outcome(CONSISTENT if fits else CONTRADICTION, text, "certain, if all were counted, in whole numbers")


@kind("median_class")
def median_class(check: Check) -> Outcome:
    """A median against classes: ``counts below | counts of its class | all counted | median``; options ``low``, ``high``."""
    below, inside, n, median = check.total(0), check.total(1), check.total(2), float(check.one(3).number)
    low, high = float(check.option("low")), float(check.option("high"))
    middle = (n + 1) / 2
    fits = below < math.floor(middle) and math.ceil(middle) <= below + inside and low <= median < high
    text = (
        f"the middle of {plain(n)} is number {plain(middle)}; classes hold numbers {plain(below + 1)} to"
        f" {plain(below + inside)} in [{plain(low)}, {plain(high)}); printed median {plain(median)}"
    )
    return Outcome(CONSISTENT if fits else CONTRADICTION, text)


@kind("median_split")
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


@kind("clock")
def clock(check: Check) -> Outcome:
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


@kind("quantile_count")
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
    }.get(sign(printed), lambda x: x == cut)  # fmt: skip
    return {x for x in range(top + 1) if keep(x)}


@kind("partition")
def partition(check: Check) -> Outcome:
    """Two groups by a cut in whole numbers: ``lower | upper``. They must meet without overlap or gap."""
    low, high = check.one(0), check.one(1)
    both, neither = _whole(low) & _whole(high), set(range(61)) - _whole(low) - _whole(high)
    text = f"{low.value} against {high.value}: " + (
        f"{_few(sorted(both))} is in both"
        if both
        else f"{_few(sorted(neither))} is in neither"
        if neither
        else "every whole number is in one group"
    )
    return Outcome(WORDING if both or neither else CONSISTENT, text)


@kind("same_split")
def same_split(check: Check) -> Outcome:
    """Two ways of writing one group in whole numbers ("<5" and "≤4"): ``a | b``."""
    a, b = check.one(0), check.one(1)
    equal = _whole(a) == _whole(b)
    text = f"{a.value} and {b.value} take in {'the same' if equal else 'different'} whole numbers"
    return Outcome(CONSISTENT if equal else CONTRADICTION, text, "certain, if days are whole")


# ------------------------------------------------------------------ who is in which population


@kind("exclusion")
def exclusion(check: Check) -> Outcome:
    """ "Without A and/or B were excluded": ``excluded | all | A | B``; says which reading the count allows.

    Wording, if the description of the first value says "and/or" and only one reading fits.
    """
    out, n, a, b = (int(check.total(i)) for i in range(4))
    neither = range(n - min(n, a + b), n - max(a, b) + 1)
    not_both = range(n - min(a, b), min(n, 2 * n - a - b) + 1)
    fits = [name for name, sizes in (("without either", neither), ("without both", not_both)) if out in sizes]
    text = (
        f"{n} patients, {a} with the first, {b} with the second: without either {neither[0]} to {neither[-1]},"
        f" lacking at least one {not_both[0]} to {not_both[-1]}; printed {out}, so "
        + (f'"and/or" means {fits[0]}' if fits else "neither reading fits")
    )
    ambiguous = len(fits) == 1 and "and/or" in check.one(0).what
    return Outcome(WORDING if ambiguous else CONSISTENT if fits else CONTRADICTION, text)


@kind("both_levels")
def both_levels(check: Check) -> Outcome:
    """A comparison that needs patients on both sides: ``analysed | with the feature | its estimates``."""
    n, yes = int(check.total(0)), int(check.total(1))
    text = f"{n} analysed, {yes} of them with the feature: {max(n - yes, 0)} left as reference"
    return Outcome(CONTRADICTION if yes >= n else CONSISTENT, text, "certain, if the analysis is of those selected")


@kind("comparator")
def comparator(check: Check) -> Outcome:
    """Who is compared: ``treated with any | analysed | exposed | unexposed``."""
    treated, analysed, exposed, unexposed = (int(check.total(i)) for i in range(4))
    untreated = max(0, analysed - treated)
    text = (
        f"{treated} of {analysed} had some agent, {exposed} the one studied: of the {unexposed} without it,"
        f" {unexposed - untreated} had another agent and {untreated} had none"
    )
    return Outcome(
        WORDING if untreated < unexposed else CONSISTENT,
        text,
        "likely: assumes that agents were given to the patients analysed",
    )


@kind("population")
def population(check: Check) -> Outcome:
    """One quantity about two populations: ``a | b``, by the population column."""
    a, b = check.one(0), check.one(1)
    text = f"{a.where}: about {a.population}; {b.where}: about {b.population}"
    return Outcome(CONSISTENT if a.population == b.population else WORDING, text, "certain: words of the print")


QUOTED = re.compile(r'"([^"]+)"')


@kind("label")
def label(check: Check) -> Outcome:
    """One quantity under two names: ``a | b``; words quoted in the description of a must stand in that of b."""
    a, b = check.one(0), check.one(1)
    missing = [words for words in QUOTED.findall(a.what) if words.lower() not in b.what.lower()]
    text = f"{a.where} says {', '.join(missing)}; {b.where}: {b.what}" if missing else "named alike"
    return Outcome(WORDING if missing else CONSISTENT, text, "certain: words of the print")


@kind("missing")
def missing(check: Check) -> Outcome:
    """A row that a text or table announces and that another lacks: ``announced ...``; option ``expects`` = ids."""
    absent = [id for id in check.option("expects").split() if id not in check.values]
    text = f"not printed: {', '.join(absent)}" if absent else "printed"
    return Outcome(
        UNDISCLOSED if absent else CONSISTENT,
        text,
        "certain: the print has no such row",
        statement_b=f"no row {', '.join(absent)}" if absent else "the row is there",
    )


@kind("larger_elsewhere")
def larger_elsewhere(check: Check) -> Outcome:
    """A claim to be the largest: ``n``; options ``number``, ``source``."""
    n, other = check.one(0), float(check.option("number"))
    text = f"{n.text} against {plain(other)} ({check.option('source')})"
    return Outcome(
        WORDING if other > float(n.number) else CONSISTENT,
        text,
        "likely: by the other report's abstract, whose patients may overlap",
        statement_b=f"{plain(other)} patients: {check.option('source')}",
    )


# ------------------------------------------------------------------ p-values of tables of counts


def _table(check: Check, index: int) -> list[list[int]]:
    numbers = [int(n) for n in check.numbers(index)]
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]


@kind("counts_p")
def counts_p(check: Check) -> Outcome:
    """The p of a table of counts: ``yes no yes no ... | p``; option ``alpha``.

    Consistent if plain Pearson gives the printed digits, since "chi-square" says no more; another convention that
    gives them was not disclosed.
    """
    table, printed = _table(check, 0), check.one(1)
    found = p_values(table)
    fits = [name for name, p in found.items() if printed.holds(p)]
    alpha = float(check.option("alpha", "0.05"))
    below = [name for name, p in found.items() if p < alpha]
    rule = asked_for(table)
    text = ", ".join(f"{name} {p:.4f}" for name, p in found.items()) + f"; printed {printed.text}: "
    text += " or ".join(fits) if fits else "none of them"
    text += f"; by expected counts the textbook rule asks for {rule} ({found[rule]:.4f})"
    text += (
        f"; below {alpha:g} only by {', '.join(below)}"
        if 0 < len(below) < len(found)
        else "; none changes the conclusion"
    )
    if not fits:
        return Outcome(CONTRADICTION, text)
    return Outcome(CONSISTENT if "Pearson" in fits else UNDISCLOSED, text)


@kind("swap")
def swap(check: Check) -> Outcome:
    """Two p-values that two places assign the other way round: ``counts A | counts B | pA pB here | pA pB there``."""
    a, b = p_values(_table(check, 0)), p_values(_table(check, 1))
    verdicts = []
    for index in (2, 3):
        for_a, for_b = check.group(index)
        fits = [name for name in a if for_a.holds(a[name]) and name in b and for_b.holds(b[name])]
        verdicts.append(fits)
    here, places = verdicts[0], [check.one(2).where, check.one(3).where]
    text = "; ".join(
        f"{place}: {' or '.join(fits) + ' gives both' if fits else 'no convention gives both'}"
        for place, fits in zip(places, verdicts, strict=True)
    )
    same = [p.number for p in check.group(2)] == [p.number for p in check.group(3)]
    if same:
        return Outcome(CONSISTENT if here else CONTRADICTION, text)
    return Outcome(CONTRADICTION, text, group_a=check.group(2), group_b=check.group(3))
