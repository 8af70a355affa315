"""Checks on who is meant: populations, comparators, bounds on who had nothing, names, and what is not printed."""

from __future__ import annotations

import re
from decimal import Decimal

from helpers.published.relations import CONSISTENT, CONTRADICTION, UNDISCLOSED, WORDING, Check, Outcome, relation_kind
from helpers.published.values import Printed
from helpers.published.words import number_text


@relation_kind("exclusion")
def check_exclusion(check: Check) -> Outcome:
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


@relation_kind("both_levels")
def both_levels(check: Check) -> Outcome:
    """A comparison that needs patients on both sides: ``analysed | with the feature | its estimates``."""
    n, yes = int(check.total(0)), int(check.total(1))
    text = f"{n} analysed, {yes} of them with the feature: {max(n - yes, 0) or 'nobody'} left as reference"
    return Outcome(UNDISCLOSED if yes >= n else CONSISTENT, text, "certain, if the analysis is of those selected")


def without_any(check: Check, first: int) -> tuple[int, str]:
    """Bound from below how many had none of several agents: ``total | with each agent`` for each class, from a group on.

    An agent's users may overlap, so at most their sum had any of them; the rest of the class had none.
    """
    least, parts = 0, []
    for index in range(first, len(check.relation.groups), 2):
        total, users = int(check.total(index)), [int(n) for n in check.numbers(index + 1)]
        if none := max(0, total - sum(users)):
            least += none
            who = check.one(index).what.removesuffix(", n")
            parts.append(
                f"of {total} ({who}) at most {' + '.join(map(str, users))} had one of the {len(users)} agents, so at"
                f" least {none} had none"
            )
    return least, "; ".join(parts) or "nobody need be without any agent"


@relation_kind("union")
def check_union(check: Check) -> Outcome:
    """Who had any agent: ``with any | all | analysed | total of a class | with each agent [| total | with each ...]``.

    Classes are of those analysed. Not disclosed, if the number with any agent needs somebody who was not analysed.
    """
    treated, n, analysed = (int(check.total(i)) for i in range(3))
    none, reckoning = without_any(check, 3)
    outside = treated - (analysed - none)
    text = f"{reckoning}; so at most {analysed - none} of the {analysed} analysed had one; printed {treated} of {n}"
    if outside > 0:
        text += (
            f": at least {outside} of the other {n - analysed} had one, or the {treated} counts something else"
            if outside <= n - analysed
            else f", and only {n - analysed} were not analysed"
        )
    verdict = CONSISTENT if outside <= 0 else UNDISCLOSED if outside <= n - analysed else CONTRADICTION
    return Outcome(verdict, text, "certain: the sum of the parts bounds their union")


@relation_kind("comparator")
def check_comparator(check: Check) -> Outcome:
    """Who is compared: ``with any agent | all | analysed | exposed | unexposed [| total of a class | with each agent ...]``.

    Bounds how many of the unexposed had another agent. Wording, if some had for certain.
    """
    treated, n, analysed, exposed, unexposed = (int(check.total(i)) for i in range(5))
    none, reckoning = without_any(check, 5)
    least, most = max(0, treated - (n - analysed) - exposed), max(0, min(unexposed - none, treated - exposed))
    text = (
        f"{treated} of {n} had some agent, at most {n - analysed} of them outside the {analysed} analysed, and {exposed} the"
        f" one studied: at least {least} of the {unexposed} without it had another agent"
    )
    text += f"; {reckoning}; so {least} to {most} of the {unexposed} had another agent and {unexposed - most} to {unexposed - least} had none"
    return Outcome(
        WORDING if least > 0 else CONSISTENT,
        text,
        "certain: bounds of counts, if the number with some agent is of these agents",
    )


@relation_kind("population")
def two_populations(check: Check) -> Outcome:
    """One quantity about two populations: ``a | b``, by the population column; options ``a``, ``b`` say them in words."""
    a, b = check.one(0), check.one(1)
    text = f"{a.where}: about {check.option('a', a.population)}; {b.where}: about {check.option('b', b.population)}"
    if a.population == b.population:
        text = f"both about {a.population}"
    return Outcome(CONSISTENT if a.population == b.population else WORDING, text, "certain: words of the paper")


QUOTED = re.compile(r'"([^"]+)"')


@relation_kind("label")
def check_label(check: Check) -> Outcome:
    """One quantity under two names: ``a | b``; words quoted in the description of a must stand in that of b."""
    a, b = check.one(0), check.one(1)
    missing = [words for words in QUOTED.findall(a.what) if words.lower() not in b.what.lower()]
    text = f"{a.where} says {', '.join(missing)}; {b.where}: {b.what}" if missing else "named alike"
    return Outcome(WORDING if missing else CONSISTENT, text, "certain: words of the paper")


@relation_kind("missing")
def check_missing(check: Check) -> Outcome:
    """A row that a text or table announces and that another lacks: ``announced ...``; options ``expects`` = ids, ``told`` = in words."""
    absent = [id for id in check.option("expects").split() if id not in check.values]
    told = check.option("told") or f"a row {', '.join(absent)}"
    nowhere = Printed("", Decimal(0), 0, where="Nowhere in what we read" if absent else "In the paper")
    return Outcome(
        UNDISCLOSED if absent else CONSISTENT,
        f"not printed: {told}" if absent else "printed",
        "certain: the text and tables have no such number; the supplementary figures were not read",
        statement_b=told,
        group_b=[nowhere],
    )


@relation_kind("larger_elsewhere")
def larger_elsewhere(check: Check) -> Outcome:
    """A claim to be the largest: ``n``; options ``number``, ``source``."""
    n, other = check.one(0), float(check.option("number"))
    text = f"{n.text} against {number_text(other)} ({check.option('source')})"
    return Outcome(
        WORDING if other > float(n.number) else CONSISTENT,
        text,
        "likely: by the other report's abstract, whose patients may overlap",
        statement_b=f"{number_text(other)} patients: {check.option('source')}",
        group_b=[Printed("", Decimal(0), 0, where="Another report")],
    )
