"""Checks on survival at milestones: falls in whole patients, the formula of the plus-minus, censoring, patients at risk."""

from __future__ import annotations

import math

from helpers.published.curves import SHOWN, Span, effective_patients, fitting_formulas, possible_falls, possible_steps
from helpers.published.dates import months_between
from helpers.published.relations import CONSISTENT, CONTRADICTION, UNDISCLOSED, Check, Outcome, relation_kind


@relation_kind("km_formula")
def km_formula(check: Check) -> Outcome:
    """Rates and their plus-minus: ``rate rate rate | half-width ... | n``. Some usual formula must fit; option ``only``: that one."""
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    only = check.option("only")
    fits = {name: spans for name, spans in fitting_formulas(rates, half_widths, n).items() if name == only or not only}
    parts = []
    for name in SHOWN:
        spans = possible_steps(rates, half_widths, name, n)
        if spans is None:
            parts.append(f"{name}: no such limit")
            continue
        growth, rho = spans[-1].growth, spans[-1].rho
        need = (1 - sum(rho) / 2) ** 2 / (sum(rho) / 2)
        parts.append(f"{name}: {growth[0]:.5f} to {growth[1]:.5f} against {need:.5f}")
    text = "growth of Greenwood's sum over the last span, against what one event needs: " + "; ".join(parts)
    text += f". Fits: {'; '.join(map(_events_text, fits.items())) or 'none'}"
    return Outcome(CONSISTENT if fits else CONTRADICTION, text, "near certain: Greenwood's formula")


def _events_text(item: tuple[str, tuple[Span, ...]]) -> str:
    name, spans = item
    return f"{name} (events by span {', '.join(_between(span.events[0], span.events[-1]) for span in spans)})"


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


@relation_kind("km_fall")
def km_fall(check: Check) -> Outcome:
    """Rates alone, whatever their plus-minus: ``rate rate rate | n``. Each fall is a product over whole patients at risk.

    Only falls by one or two events say anything: those by more can be made up in too many ways.
    """
    rates, n = check.group(0), int(check.total(1))
    spans = possible_falls(rates, n)
    parts = [
        f"span {i} falls by {100 * (1 - span.rho[1]):.3f} to {100 * (1 - span.rho[0]):.3f}% with at most {span.at_risk[1]} at risk,"
        f" events: {_between(span.events[0], span.events[-1]) if span.events else 'no whole number fits'}"
        for i, span in enumerate(spans, start=1)
    ]
    one = 1 / (1 - spans[-1].rho[0]), 1 / max(1 - spans[-1].rho[1], 1e-9)
    text = "; ".join(parts) + f"; a single event in the last span needs {one[0]:.2f} to {one[1]:.2f} at risk"
    return Outcome(CONSISTENT if all(span.events for span in spans) else CONTRADICTION, text)


@relation_kind("km_one_formula")
def km_one_formula(check: Check) -> Outcome:
    """Several endpoints in one sentence: ``rates | half-widths | rates | half-widths | ... | n``; one formula for all?"""
    groups = len(check.relation.groups)
    n = int(check.total(groups - 1))
    fits = {
        check.one(i).what.split()[0]: set(fitting_formulas(check.group(i), check.group(i + 1), n))
        for i in range(0, groups - 1, 2)
    }
    common = set.intersection(*fits.values())
    text = "; ".join(f"{end}: {' or '.join(sorted(names)) or 'none'}" for end, names in fits.items())
    text += f"; common to all: {' or '.join(sorted(common)) or 'none'}"
    (end_a, names_a), *_, (end_b, names_b) = fits.items()
    return Outcome(
        CONSISTENT if common else UNDISCLOSED,
        text,
        "near certain: Greenwood's formula",
        statement_a=f"plus-minus of {end_a}: {' or '.join(sorted(names_a)) or 'no usual formula'}",
        statement_b=f"plus-minus of {end_b}: {' or '.join(sorted(names_b)) or 'no usual formula'}",
    )


@relation_kind("km_loss")
def km_loss(check: Check) -> Outcome:
    """Censoring before the first milestone: ``rates | half-widths | n | last entry | cut-off``; option ``milestone`` (months).

    If everyone could be watched beyond the milestone, whoever is missing from the effective number was lost earlier.
    """
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    sure, milestone = months_between(check.one(3), check.one(4)), float(check.option("milestone", "12"))
    fits = fitting_formulas(rates, half_widths, n) or {"plain (1.96 standard errors)": []}
    sizes = {name: effective_patients(rates[0], half_widths[0], name) for name in fits}
    lost = n - min(n, math.floor(max(high for _, high in sizes.values())))
    text = "; ".join(f"{name}: effective number {low:.1f} to {high:.1f} of {n}" for name, (low, high) in sizes.items())
    text += (
        f"; at least {lost} censored before {milestone:g} months, although the last entry could be watched for"
        f" {sure:.1f} months"
    )
    broken, plain = lost > 0 and sure >= milestone - 0.05, "plain (1.96 standard errors)"
    sureness = "near certain: censoring alone lowers the effective number"
    if fits and plain not in fits:
        low, high = effective_patients(rates[0], half_widths[0], plain)
        text += (
            f"; by {plain} it would be {low:.1f} to {high:.1f}, but that does not fit how the plus-minus grows later on"
        )
        sureness = "likely: it hangs on the formula, which the growth of the plus-minus over the last span decides"
    return Outcome(
        UNDISCLOSED if broken else CONSISTENT,
        text,
        sureness,
        group_a=[rates[0], half_widths[0]],
        group_b=[check.one(2), check.one(3), check.one(4)],
    )


@relation_kind("at_risk")
def late_at_risk(check: Check) -> Outcome:
    """Patients at risk late against the median follow-up: ``rates | half-widths | n | median``; option ``milestone``."""
    rates, half_widths, n = check.group(0), check.group(1), int(check.total(2))
    median, milestone = float(check.one(3).number), float(check.option("milestone", "24"))
    spans = next(iter(fitting_formulas(rates, half_widths, n).values()), None)
    if spans is None:
        return Outcome(CONSISTENT, "no formula fits: nothing to compare", "possible: no formula fits")
    least, most = spans[-1].at_risk
    text = f"{_between(least, most)} at risk after {milestone:g} months; half of {n} were watched for {median:g}"
    broken = median < milestone and least > n / 2 + 1
    return Outcome(CONTRADICTION if broken else CONSISTENT, text, "likely: if the median is of observed follow-up")


@relation_kind("more_than_death")
def more_than_death(check: Check) -> Outcome:
    """Events of an endpoint that are no deaths: ``rates | half-widths | rates of survival | half-widths | n``; option ``told``.

    Not disclosed, if there are some and the definition (in words, option ``told``) does not name what they are.
    """
    n = int(check.total(4))
    ends = [fitting_formulas(check.group(i), check.group(i + 1), n).values() for i in (0, 2)]
    if not all(ends):
        return Outcome(CONSISTENT, "no formula fits: nothing to compare", "possible: no formula fits")
    least = min(sum(min(span.events) for span in spans) for spans in ends[0])
    most = max(sum(max(span.events) for span in spans) for spans in ends[1])
    text = f"at least {least} events, at most {most} deaths: at least {max(0, least - most)} events were no deaths; {check.option('told')}"
    return Outcome(
        UNDISCLOSED if least > most else CONSISTENT,
        text,
        "near certain that events other than deaths were counted; that relapses are among them, we guess",
    )
