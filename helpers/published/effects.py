"""Checks on hazard ratios: symmetry, p, standard error against events, the other test of the same comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import permutations, product

import numpy as np
from scipy.stats import chi2, norm

from helpers.published.curves import Z, events_range
from helpers.published.loss import cox_result, event_splits
from helpers.published.relations import (
    CONSISTENT,
    CONTRADICTION,
    ROUNDING,
    UNDISCLOSED,
    WORDING,
    Check,
    Outcome,
    relation_kind,
)
from helpers.published.values import Printed

Range = tuple[float, float]
DOUBLE = 2.0  # follow-up of two groups differs by such a factor at most
SLACK = 0.25  # var(log HR) may exceed 1/d1 + 1/d2 by this share
ONE_MODEL = "near certain: the same patients, no adjustment, few ties"
EVENTS = "near certain: var(log HR) is at least 1/d1 + 1/d2, and hardly a quarter more"


# ------------------------------------------------------------------ what rounding leaves open


def _logs(printed: Printed) -> Range:
    return math.log(max(float(printed.low), 1e-9)), math.log(float(printed.high))


def limit_corners(hr: Printed, low: Printed, high: Printed, wider: float = 0.0) -> list[tuple[float, float]]:
    """Give the corners of all (log lower, log upper) limits that round to the print and are symmetric about the log HR.

    The limits lie in a rectangle, their mean in the rounding interval of the log HR: a convex polygon, on which the
    standard error, z and p take their extremes at corners. Empty if no symmetric interval rounds to the print.

    Parameters
    ----------
    hr, low, high : Printed
    wider : float
        Units of the last digit by which the HR's rounding interval is widened on each side.

    Examples
    --------
    >>> from decimal import Decimal
    >>> hr, low, high = (Printed("", Decimal(x), 2) for x in ("0.44", "0.20", "0.93"))
    >>> len(limit_corners(hr, low, high)) > 2, limit_corners(Printed("", Decimal("0.60"), 2), low, high)
    (True, [])
    """
    (a0, a1), (b0, b1) = _logs(low), _logs(high)
    shift = wider * float(hr.unit)
    m0, m1 = 2 * math.log(max(float(hr.low) - shift, 1e-9)), 2 * math.log(float(hr.high) + shift)
    points = list(product((a0, a1), (b0, b1)))
    points += [(a, m - a) for a in (a0, a1) for m in (m0, m1)] + [(m - b, b) for b in (b0, b1) for m in (m0, m1)]
    slack = 1e-9
    return [
        (a, b)
        for a, b in points
        if a0 - slack <= a <= a1 + slack and b0 - slack <= b <= b1 + slack and m0 - slack <= a + b <= m1 + slack
    ]


def standard_error_range(corners: list[tuple[float, float]]) -> Range:
    """Give the range of the standard error of the log HR."""
    found = [(b - a) / (2 * Z) for a, b in corners]
    return min(found), max(found)


def wald_range(corners: list[tuple[float, float]]) -> tuple[Range, Range]:
    """Give the ranges of |z| and of the two-sided p."""
    z = [(a + b) / 2 / ((b - a) / (2 * Z)) for a, b in corners]
    least = 0.0 if min(z) <= 0 <= max(z) else min(map(abs, z))
    most = max(map(abs, z))
    return (least, most), (2 * float(norm.sf(most)), 2 * float(norm.sf(least)))


def _meets(found: Range, printed: Printed, wider: float = 0.0) -> bool:
    shift = wider * float(printed.unit)
    return found[0] <= float(printed.high) + shift + 1e-12 and float(printed.low) - shift - 1e-12 <= found[1]


def unfold_ratio(values: Mapping[str, Printed], row: str) -> dict[str, str]:
    """Lay out what a printed hazard ratio and its interval say: their middle, the standard error, p over the rounding.

    Parameters
    ----------
    values : mapping of id to Printed
    row : str
        Id without its last part, which is hr, ci_low, ci_high or p (p may be absent).

    Examples
    --------
    >>> from helpers.published.values import printed_values, published_values
    >>> unfold_ratio(printed_values(published_values()), "table5.multivariable.gc_low")["p over the rounding"]
    '0.0166 to 0.0186'
    """
    hr, low, high = (values[f"{row}.{part}"] for part in ("hr", "ci_low", "ci_high"))
    corners = limit_corners(hr, low, high)
    p = wald_range(corners)[1] if corners else (math.nan, math.nan)
    return {
        "row": row,
        "printed HR": f"{hr.text} ({low.text}-{high.text})",
        "middle of the interval": f"{math.sqrt(float(low.number * high.number)):.3f}",
        "SE of log HR": f"{math.log(float(high.number / low.number)) / (2 * Z):.3f}",
        "p over the rounding": f"{p[0]:.4f} to {p[1]:.4f}",
        "printed p": values[f"{row}.p"].text if f"{row}.p" in values else "none",
    }


@relation_kind("hr_triple")
def hr_triple(check: Check) -> Outcome:
    """A hazard ratio with its interval, and p if printed: ``hr low high [p]``."""
    hr, low, high, *rest = check.group(0)
    if not 0 < low.number < high.number:
        return Outcome(CONTRADICTION, f"{low.text} to {high.text} is no interval of a ratio")
    middle = math.sqrt(float(low.number * high.number))
    text = f"square root of {low.text} x {high.text} = {middle:.4f}, printed HR {hr.text}"
    corners = limit_corners(hr, low, high)
    if not corners:
        near = limit_corners(hr, low, high, wider=1)
        return Outcome(ROUNDING if near else CONTRADICTION, text + ": not the middle, whatever the rounding")
    if not rest:
        return Outcome(CONSISTENT, text)
    _, p = wald_range(corners)
    text += f"; Wald p from {p[0]:.4f} to {p[1]:.4f} over the rounding, printed {rest[0].text}"
    if _meets(p, rest[0]):
        return Outcome(CONSISTENT, text)
    return Outcome(ROUNDING if _meets(p, rest[0], wider=1) else CONTRADICTION, text)


# ------------------------------------------------------------------ standard errors against events


def _variance(check: Check, index: int) -> Range | None:
    corners = limit_corners(*check.group(index)[:3], wider=1)
    return tuple(e**2 for e in standard_error_range(corners)) if corners else None


def _events(check: Check, index: int) -> tuple[int, int, int]:
    """Read ``rates | half-widths | n`` from three groups: least and most events, and n; option ``later`` (events)."""
    n, later = int(check.total(index + 2)), check.option("later")
    return (*events_range(check.group(index), check.group(index + 1), n, int(later) if later else None), n)


@relation_kind("se_events")
def se_events(check: Check) -> Outcome:
    """A standard error against group sizes and events: ``hr low high | exposed ... | reference ... | rates | half-widths | n``.

    Option ``reference=rest``: the second count is of both groups. By concavity of p(1 - p) the variance of the log HR of
    two groups is at least 1/d1 + 1/d2; it is hardly a quarter more.
    """
    variance, exposed, other = _variance(check, 0), int(check.total(1)), int(check.total(2))
    sizes = [*check.group(1), *check.group(2)]
    reference = other - exposed if check.option("reference") == "rest" else other
    least, most, n = _events(check, 3)
    least -= n - exposed - reference  # each patient left out may have had an event
    if variance is None:
        return Outcome(CONTRADICTION, "the interval is not symmetric: no standard error")
    fits = [
        (d1, d2)
        for d1 in range(1, exposed + 1)
        for d2 in range(max(1, least - d1), min(reference, most - d1) + 1)
        if variance[0] / (1 + SLACK) <= 1 / d1 + 1 / d2 <= variance[1]
    ]
    text = (
        f"variance of the log HR {variance[0]:.4f} to {variance[1]:.4f}; {exposed} and {reference} patients,"
        f" {max(least, 0)} to {most} events: "
    )
    if not fits:
        return Outcome(CONTRADICTION, text + "no numbers of events fit", EVENTS, group_b=sizes)
    best = min(fits, key=lambda d: abs(1 / d[0] + 1 / d[1] - sum(variance) / 2))
    return Outcome(CONSISTENT, text + f"{len(fits)} splits fit, such as {best[0]} and {best[1]}", EVENTS, group_b=sizes)


@relation_kind("se_total")
def se_total(check: Check) -> Outcome:
    """A standard error against all events, group sizes unknown: ``hr low high | rates | half-widths | n``.

    1/d1 + 1/d2 is at least 4 / (d1 + d2).
    """
    variance = _variance(check, 0)
    _, most, n = _events(check, 1)
    if variance is None:
        return Outcome(CONTRADICTION, "the interval is not symmetric: no standard error")
    need = math.ceil(4 / variance[1])
    text = f"variance of the log HR at most {variance[1]:.4f}: at least {need} events; {n} patients have at most {most}"
    return Outcome(CONSISTENT if need <= most else CONTRADICTION, text, EVENTS)


@relation_kind("factor_reference")
def factor_reference(check: Check) -> Outcome:
    """Two rows of a factor with three levels: ``reference first second | hr low high | hr low high | rates | half-widths | n [| left out]``.

    Tries every way to give the three group sizes to the reference and the two rows. Patients whom the model may have left
    out may have had an event each.
    """
    sizes, names = [int(n) for n in check.numbers(0)], [printed.what for printed in check.group(0)]
    first, second = _variance(check, 1), _variance(check, 2)
    if first is None or second is None:
        return Outcome(CONTRADICTION, "an interval is not symmetric: no standard error")
    hrs = float(check.one(1).number), float(check.one(2).number)
    least, most, n = _events(check, 3)
    least -= n - sum(sizes) + (int(check.total(6)) if len(check.relation.groups) > 6 else 0)
    fits = {}
    for order in permutations(range(3)):
        found = _splits([sizes[i] for i in order], (first, second), hrs, (least, most))
        if found:
            fits[order] = found
    printed_fits = (0, 1, 2) in fits
    best = {order: min(found, key=lambda d: _distance(d, (first, second))) for order, found in fits.items()}
    if printed_fits:
        best = {(0, 1, 2): best[0, 1, 2]}
    text = (
        f"variances {first[0]:.3f} to {first[1]:.3f} and {second[0]:.3f} to {second[1]:.3f}, {max(least, 0)} to {most} events;"
        f" labels as printed: {'possible' if printed_fits else 'no numbers of events fit'}"
    )
    for order, d in sorted(best.items(), key=lambda item: _distance(item[1], (first, second))):
        who = [f"{names[i].removesuffix(', n')} ({k} events of {sizes[i]})" for i, k in zip(order, d, strict=True)]
        text += f"; fits with reference {who[0]}, first row {who[1]}, second row {who[2]}"
    return Outcome(
        CONSISTENT if printed_fits else CONTRADICTION,
        text,
        EVENTS,
        group_b=[*check.group(1), *check.group(2)],
    )


def _splits(sizes: list[int], variances: tuple[Range, Range], hrs: tuple[float, float], total: tuple[int, int]) -> list:
    """Give the events per level that fit the two variances, and both hazard ratios within a factor of two."""
    found = []
    for d0 in range(1, sizes[0] + 1):
        rows = []
        for (low, high), hr, size in zip(variances, hrs, sizes[1:], strict=True):
            room = high - 1 / d0  # 1 / d at most
            first = max(1, math.floor(1 / room)) if room > 0 else size + 1
            rows.append(
                [
                    d
                    for d in range(first, size + 1)
                    if low / (1 + SLACK) <= 1 / d0 + 1 / d <= high and _near(hr, d, size, d0, sizes[0])
                ]
            )
            if not rows[-1]:
                break
        else:
            found += [(d0, d1, d2) for d1, d2 in product(*rows) if total[0] <= d0 + d1 + d2 <= total[1]]
    return found


def _distance(d: tuple[int, int, int], variances: tuple[Range, Range]) -> float:
    """Measure how far the events of the reference and the two rows are from the middle of the two variances."""
    return sum(abs(1 / d[0] + 1 / row - sum(v) / 2) / sum(v) for row, v in zip(d[1:], variances, strict=True))


def _near(hr: float, d: int, n: int, d0: int, n0: int) -> bool:
    """Tell whether events and patients give a crude hazard ratio within a factor of two of the printed one."""
    crude = math.log1p(-min(d / n, 0.98)) / math.log1p(-min(d0 / n0, 0.98))
    return 0.5 <= crude / hr <= 2


@relation_kind("fewer_events")
def fewer_events(check: Check) -> Outcome:
    """The same covariates in two models: ``low high low high ... (adjusted) | low high ... (single)``; option ``ratio``.

    If all adjusted variances are larger by much, the adjusted model has fewer patients and events than the single ones.
    """
    adjusted, single = _widths(check, 0), _widths(check, 1)
    ratios = [(a / s) ** 2 for a, s in zip(adjusted, single, strict=True)]
    middle, limit = float(np.median(ratios)), float(check.option("ratio", "1.25"))
    text = (
        f"variances are {', '.join(f'{r:.2f}' for r in ratios)} times those of the single models (median {middle:.2f}):"
        f" about {100 / middle:.0f}% of the events, if adjustment itself adds little"
    )
    return Outcome(
        UNDISCLOSED if middle > limit else CONSISTENT,
        text,
        "likely: adjustment alone can widen an interval, seldom all of them by a quarter",
    )


def _widths(check: Check, index: int) -> list[float]:
    numbers = check.numbers(index)
    return [math.log(high / low) for low, high in zip(numbers[::2], numbers[1::2], strict=True)]


@relation_kind("person_time")
def needed_person_time(check: Check) -> Outcome:
    """What events and person-time a hazard ratio needs: ``hr low high p | exposed | reference | R``; option ``expects`` = ids.

    Not disclosed, unless the events are printed. The ratio at risk needed is (d1 / d0) / HR on average over the events.
    """
    exposed, reference = int(check.total(1)), int(check.total(2))
    hr, se = float(check.one(0).number), cox_result(*check.group(0)).se
    _, most, _ = _events(check, 3)
    fits = [
        (d, total - d)
        for total in range(2, most + 1)
        for d in event_splits(se, total)
        if d <= exposed and total - d <= reference and 1 / DOUBLE <= d / (total - d) / hr <= DOUBLE
    ]
    parts = []
    for d in sorted({d for d, _ in fits}):
        others = [other for first, other in fits if first == d]
        needs = sorted({f"{d / other / hr:.2f}" for other in (min(others), max(others))}, reverse=True)
        parts.append(
            f"{d} against {' to '.join(map(str, sorted({min(others), max(others)})))} needs {' to '.join(needs)}"
        )
    text = (
        f"events that fit the interval, and the ratio at risk that they need on average over the events (it is {exposed} to"
        f" {reference}, {exposed / reference:.2f}, at the start): {'; '.join(parts) or 'none'}"
    )
    silent = [id for id in check.option("expects").split() if id not in check.values]
    verdict = UNDISCLOSED if silent and fits else CONSISTENT if fits else CONTRADICTION
    return Outcome(verdict, text, "certain for each pair of events; which pair it was is not printed")


# ------------------------------------------------------------------ two tests of one comparison


def score_to_wald(beta: float) -> Range:
    """Bound the ratio of the score (log-rank) to the Wald chi-square of one two-group Cox model, exactly.

    With w the odds of the exposed group among those at risk at an event and h = exp(beta), that event adds
    a = w / (1 + w)^2 to the information at zero, c = w h / (1 + w h)^2 to that at the estimate, and
    w / (1 + w) - w h / (1 + w h) = |1 - h| / sqrt(h) sqrt(a c) to the score (its size). The ratio of the score's
    chi-square U^2 / A to Wald's beta^2 C is thus (2 sinh(beta/2) / beta)^2 (sum of sqrt(a c))^2 / (A C), with A and C the sums of a and c.

    - By Cauchy's inequality the last factor is at most 1: ratio <= (sinh(beta/2) / (beta/2))^2, reached if w is the same at all events.
    - a / c lies between h and 1/h, so by the reversed inequality (Polya and Szego) it is at least 4 / (sqrt(h) + 1/sqrt(h))^2 =
      1 / cosh(beta/2)^2: ratio >= (tanh(beta/2) / (beta/2))^2, approached if half of the score comes from w near 0 and half from w large.

    No tied times.

    Examples
    --------
    >>> [round(r, 3) for r in score_to_wald(0.186)], score_to_wald(0.0)
    ([0.994, 1.003], (1.0, 1.0))
    """
    half = abs(beta) / 2
    return ((math.tanh(half) / half) ** 2, (math.sinh(half) / half) ** 2) if half > 1e-9 else (1.0, 1.0)


@relation_kind("logrank_cox")
def logrank_cox(check: Check) -> Outcome:
    """Log-rank p and Cox p of one comparison: ``log-rank p | hr low high [p]``."""
    printed, (hr, low, high, *_) = check.one(0), check.group(1)
    corners = limit_corners(hr, low, high, wider=1)
    if not corners:
        return Outcome(CONTRADICTION, "the interval is not symmetric: no Wald test")
    (z0, z1), _ = wald_range(corners)
    ratio = score_to_wald(max(abs(x) for x in _logs(hr)))
    score = z0**2 * ratio[0], z1**2 * ratio[1]
    p = float(chi2.sf(score[1], 1)), float(chi2.sf(score[0], 1))
    asked = float(chi2.isf(float(printed.number), 1))
    text = (
        f"Wald chi-square {z0**2:.3f} to {z1**2:.3f}; the score test of the same patients is {ratio[0]:.3f} to {ratio[1]:.3f}"
        f" times that, {score[0]:.3f} to {score[1]:.3f}, p {p[0]:.3f} to {p[1]:.3f}; a log-rank p of {printed.text} is {asked:.3f}"
    )
    if _meets(p, printed):
        return Outcome(CONSISTENT, text, ONE_MODEL)
    if printed.population != hr.population:
        return Outcome(UNDISCLOSED, text, "near certain that the two are of different patients; nothing says of which")
    return Outcome(CONTRADICTION, text, ONE_MODEL)


# ------------------------------------------------------------------ selection, several comparisons, E-values


def _row(id: str) -> str:
    return id.split(".")[-2]


@relation_kind("selection")
def check_selection(check: Check) -> Outcome:
    """A rule of selection against the model: ``single p ... | adjusted p ... | threshold``; rows are matched by name."""
    threshold = float(check.one(2).number)
    chosen = {_row(p.id): p for p in check.group(0) if float(p.number) < threshold}
    kept = {_row(p.id) for p in check.group(1)}
    absent, extra = sorted(set(chosen) - kept), sorted(kept - set(chosen))
    text = f"p < {threshold:g}: {', '.join(f'{row} {p.text}' for row, p in chosen.items())}; in the model: {', '.join(sorted(kept))}"
    for words, rows in (("should be in the model", absent), ("should not be", extra)):
        text += f"; {', '.join(rows)} {words}" if rows else ""
    return Outcome(CONTRADICTION if absent or extra else CONSISTENT, text)


@relation_kind("named")
def named_in_text(check: Check) -> Outcome:
    """A text that names what met a rule: ``single p ... | p named in the text ... | threshold``."""
    threshold = float(check.one(2).number)
    told = {check.aliases.get(p.id, p.id) for p in check.group(1)}
    silent = [p for p in check.group(0) if float(p.number) < threshold and p.id not in told]
    text = f"p < {threshold:g} in the table and not named in the text: "
    text += ", ".join(f"{p.what} {p.text}" for p in silent) or "none"
    return Outcome(WORDING if silent else CONSISTENT, text, group_a=silent)


@relation_kind("comparisons")
def check_comparisons(check: Check) -> Outcome:
    """One p out of several comparisons of one outcome: ``p | alpha``; options ``count`` and ``told`` (which they are)."""
    printed, alpha, count = check.one(0), float(check.one(1).number), int(check.option("count"))
    p = float(printed.number)
    any_ = 1 - (1 - p) ** count
    text = (
        f"{count} comparisons of this outcome ({check.option('told')}); the smallest of {count} independent p-values is"
        f" {p:g} or less in {100 * any_:.0f}% without any difference; {count} x {p:g} = {min(1.0, count * p):.3f}"
    )
    return Outcome(
        UNDISCLOSED if p < alpha <= min(1.0, count * p) else CONSISTENT,
        text,
        "certain: arithmetic; which comparisons belong together is judgement, and they are not independent",
    )
