"""Checks on quantities stated twice, sums, percentages and tables of counts."""

from __future__ import annotations

from itertools import chain, pairwise

from helpers.estimate.contingency import asked_for, p_values
from helpers.published.relations import (
    ARITHMETIC,
    CONSISTENT,
    CONTRADICTION,
    REPEATED,
    ROUNDING,
    UNDISCLOSED,
    WORDING,
    Check,
    Outcome,
    relation_kind,
)
from helpers.published.values import Printed, agrees_with_print
from helpers.published.words import comparison_sign, first_few, number_text

# ------------------------------------------------------------------ quantities stated twice


def one_character_apart(a: str, b: str) -> bool:
    """Tell whether two printed texts are one character apart, so that a misreading of the page could make one of the other.

    Examples
    --------
    >>> one_character_apart("95.45%", "93.45%"), one_character_apart("0.37", "0.45"), one_character_apart("4.5", "4")
    (True, False, False)
    """
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _misreading(pairs: list[tuple[str, str]]) -> str:
    """Say whether a misreading could explain all the pairs."""
    return "; one character apart: a misreading of the page could do it" * all(
        one_character_apart(*pair) for pair in pairs
    )


def _pair(a: Printed, b: Printed) -> str:
    """Compare one quantity as printed twice."""
    if a.bound or b.bound:
        bound, other = (a, b) if a.bound else (b, a)
        return CONSISTENT if agrees_with_print(float(other.number), bound.number, 0, bound.bound) else CONTRADICTION
    if comparison_sign(a) and comparison_sign(b) and comparison_sign(a) != comparison_sign(b):
        return WORDING
    coarse, fine = sorted((a, b), key=lambda printed: printed.decimals)
    distance = abs(a.number - b.number)
    if distance == 0 or (coarse.decimals < fine.decimals and distance <= coarse.unit / 2):
        return CONSISTENT
    return ROUNDING if distance <= coarse.unit and a.kind != "count" else CONTRADICTION


@relation_kind("same")
def check_same(check: Check) -> Outcome:
    """One quantity printed more than once: ``canonical | again again ...``.

    More than two groups of equal length are compared place by place (``hr low high | hr low high``). Option ``provided`` says in words what
    makes them one quantity, where the paper names them differently.
    """
    provided = check.option("provided")
    sureness = f"{ARITHMETIC}, provided that {provided}" if provided else ARITHMETIC
    first, rest = check.group(0), list(chain.from_iterable(map(check.group, range(1, len(check.relation.groups)))))
    pairs = [(first[i % len(first)], other) for i, other in enumerate(rest)]
    verdicts = [(_pair(a, b), a, b) for a, b in pairs]
    broken = [(v, a, b) for v, a, b in verdicts if v != CONSISTENT]
    worst = min((v for v, _, _ in verdicts), key=(CONTRADICTION, WORDING, ROUNDING, CONSISTENT).index)
    if not broken:
        text = f"printed {len(rest) // len(first) + 1} times, each time {state_values(first)}"
        return Outcome(REPEATED, text, statement_b=state_places(rest))
    text = "; ".join(f"{a.value} ({a.where}) is not {b.value} ({b.where})" for _, a, b in broken)
    text += _misreading([(a.value, b.value) for _, a, b in broken])
    return Outcome(worst, text, sureness, group_a=[a for _, a, _ in broken], group_b=[b for _, _, b in broken])


def state_values(group: list[Printed]) -> str:
    """Say only the values of a group."""
    return ", ".join(printed.value for printed in group)


def state_places(group: list[Printed]) -> str:
    """Say the values of a group with their places."""
    return "; ".join(f"{printed.value} ({printed.where})" for printed in group)


# ------------------------------------------------------------------ sums and percentages


@relation_kind("sum")
def check_sums(check: Check) -> Outcome:
    """Parts that add up: ``part part ... | total ...``."""
    parts, total = check.group(0), check.group(1)
    left, right = check.total(0), check.total(1)
    slack = 0.0 if parts[0].kind == "count" else float(sum(p.unit for p in parts + total)) / 2
    text = " + ".join(p.text for p in parts) + f" = {number_text(left)}; printed " + " + ".join(p.text for p in total)
    if abs(left - right) <= slack + 1e-9:
        return Outcome(CONSISTENT, text)
    return Outcome(ROUNDING if slack and abs(left - right) <= 2 * slack else CONTRADICTION, text)


@relation_kind("percent")
def check_percent(check: Check) -> Outcome:
    """A percentage of counts: ``count ... | of ... | percentage``."""
    part, whole, printed = check.total(0), check.total(1), check.one(2)
    if not 0 < whole >= part:
        return Outcome(CONTRADICTION, f"{number_text(part)} of {number_text(whole)} is no share")
    share = 100 * part / whole
    text = f"{number_text(part)}/{number_text(whole)} = {share:.4f}%; printed {printed.text}%"
    return Outcome(_slip(share, printed), text)


def _slip(computed: float, printed: Printed) -> str:
    """Within half a unit: consistent; cut off, or one off in the last digit: rounding; else not."""
    if printed.holds(computed):
        return CONSISTENT
    last_digits = abs(round(computed, printed.decimals) - float(printed.number)) / float(printed.unit)
    return ROUNDING if last_digits < 1.5 else CONTRADICTION


@relation_kind("attainable")
def check_attainable(check: Check) -> Outcome:
    """A percentage that some whole number of patients must give: ``denominator ... | percentage``."""
    n, printed = int(check.total(0)), check.one(1)
    nearest = min(range(n + 1), key=lambda k: abs(100 * k / n - float(printed.number)))
    verdict = _slip(100 * nearest / n, printed)
    fits = [d for d in range(1, 121) if any(printed.holds(100 * k / d) for k in range(d + 1))]
    text = f"nearest is {nearest}/{n} = {100 * nearest / n:.2f}%; printed {printed.text}%"
    if verdict != CONSISTENT:
        text += f"; denominators up to 120 that give it: {first_few(fits)}"
        text += _misreading([(f"{100 * nearest / n:.{printed.decimals}f}", printed.text)])
    return Outcome(verdict, text)


@relation_kind("denominator")
def check_denominator(check: Check) -> Outcome:
    """A percentage whose words speak of one group: ``percentage | count of that group | count of another [| part]``.

    Wording, if the percentage is one of the other and cannot be one of the group that the sentence is about; with a part, its
    share of the group in the sentence is given too.
    """
    printed, claimed, whole = check.one(0), int(check.total(1)), int(check.total(2))
    of_claimed = _shares(printed, claimed)
    of_whole = _shares(printed, whole)
    text = (
        f"of {claimed}: {_share_text(of_claimed, claimed)}; of {whole}: {_share_text(of_whole, whole)};"
        f" printed {printed.text}%"
    )
    if len(check.relation.groups) > 3:
        part = int(check.total(3))
        text += f"; {part} of {claimed} are {100 * part / claimed:.{printed.decimals}f}%"
    return Outcome(WORDING if of_whole and not of_claimed else CONSISTENT, text)


def _shares(printed: Printed, n: int) -> list[int]:
    return [k for k in range(n + 1) if printed.holds(100 * k / n)]


def _share_text(found: list[int], n: int) -> str:
    return f"{found[0]}/{n}" if found else "no whole number of patients gives it"


@relation_kind("unassessed")
def check_unassessed(check: Check) -> Outcome:
    """Patients of a group without an assessment: ``in the group | assessed`` for each group."""
    groups = [(int(check.total(i)), int(check.total(i + 1))) for i in range(0, len(check.relation.groups), 2)]
    if any(assessed > n for n, assessed in groups):
        return Outcome(CONTRADICTION, "; ".join(f"{assessed} assessed of {n}" for n, assessed in groups))
    names = [check.one(i).what.removesuffix(", n") for i in range(0, len(check.relation.groups), 2)]
    parts = [f"{name}: {n - k} of {n} ({100 * (n - k) / n:.1f}%)" for name, (n, k) in zip(names, groups, strict=True)]
    without = any(n > k for n, k in groups)
    return Outcome(UNDISCLOSED if without else CONSISTENT, "without an assessment: " + "; ".join(parts))


@relation_kind("at_most")
def at_most(check: Check) -> Outcome:
    """A part that cannot exceed its whole: ``part ... | whole ... [| minus ...]``."""
    left, right = check.total(0), check.total(1) - (check.total(2) if len(check.relation.groups) > 2 else 0)
    text = f"{number_text(left)} {'<=' if left <= right else '>'} {number_text(right)}"
    return Outcome(CONSISTENT if left <= right else CONTRADICTION, text)


@relation_kind("order")
def check_order(check: Check) -> Outcome:
    """Values that cannot rise: ``largest ... smallest``; option ``why``."""
    numbers, group = check.numbers(0), check.group(0)
    falls = all(a >= b for a, b in pairwise(numbers))
    text = " >= ".join(p.text for p in group) + ("" if falls else " does not hold") + f"; {check.option('why')}"
    return Outcome(CONSISTENT if falls else CONTRADICTION, text.removesuffix("; "))


@relation_kind("digits")
def check_digits(check: Check) -> Outcome:
    """Numbers of one list that should have as many decimals: ``a b c ...``."""
    group = check.group(0)
    most = max(p.decimals for p in group)
    short = [p for p in group if p.decimals < most]
    text = f"{len(short)} of {len(group)} with fewer than {most} decimals: {state_values(short) or 'none'}"
    return Outcome(
        ROUNDING if short else CONSISTENT, text, statement_a=f"{len(group)} numbers of one list", group_b=short
    )


# ------------------------------------------------------------------ p-values of tables of counts


def _table(check: Check, index: int) -> list[list[int]]:
    numbers = [int(n) for n in check.numbers(index)]
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]


@relation_kind("counts_p")
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


@relation_kind("swap")
def check_swap(check: Check) -> Outcome:
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
