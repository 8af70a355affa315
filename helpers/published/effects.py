"""Checks on hazard ratios: symmetry, p, standard error against events, the other test of the same comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import permutations, product

import numpy as np
from scipy.stats import chi2, norm

from helpers.published.curves import Z, events_range, fractions
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
from helpers.published.values import Printed
from helpers.published.words import plain

Range = tuple[float, float]
SLACK = 0.25  # var(log HR) may exceed 1/d1 + 1/d2 by this share
EVENTS = "near certain: var(log HR) is at least 1/d1 + 1/d2, and hardly a quarter more"


# ------------------------------------------------------------------ what rounding leaves open


def _logs(printed: Printed) -> Range:
    return math.log(max(float(printed.low), 1e-9)), math.log(float(printed.high))


def region(hr: Printed, low: Printed, high: Printed, wider: float = 0.0) -> list[tuple[float, float]]:
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
    >>> len(region(hr, low, high)) > 2, region(Printed("", Decimal("0.60"), 2), low, high)
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


def errors(corners: list[tuple[float, float]]) -> Range:
    """Give the range of the standard error of the log HR."""
    found = [(b - a) / (2 * Z) for a, b in corners]
    return min(found), max(found)


def wald(corners: list[tuple[float, float]]) -> tuple[Range, Range]:
    """Give the ranges of |z| and of the two-sided p."""
    z = [(a + b) / 2 / ((b - a) / (2 * Z)) for a, b in corners]
    least = 0.0 if min(z) <= 0 <= max(z) else min(map(abs, z))
    most = max(map(abs, z))
    return (least, most), (2 * float(norm.sf(most)), 2 * float(norm.sf(least)))


def _meets(found: Range, printed: Printed, wider: float = 0.0) -> bool:
    shift = wider * float(printed.unit)
    return found[0] <= float(printed.high) + shift + 1e-12 and float(printed.low) - shift - 1e-12 <= found[1]


def unfold(values: Mapping[str, Printed], row: str) -> dict[str, str]:
    """Lay out what a printed hazard ratio and its interval say: their middle, the standard error, p over the rounding.

    Parameters
    ----------
    values : mapping of id to Printed
    row : str
        Id without its last part, which is hr, ci_low, ci_high or p (p may be absent).

    Examples
    --------
    >>> from helpers.published.values import printed_values, published
    >>> unfold(printed_values(published()), "table5.multivariable.gc_low")["p over the rounding"]
    '0.0166 to 0.0186'
    """
    hr, low, high = (values[f"{row}.{part}"] for part in ("hr", "ci_low", "ci_high"))
    corners = region(hr, low, high)
    p = wald(corners)[1] if corners else (math.nan, math.nan)
    return {
        "row": row,
        "printed HR": f"{hr.text} ({low.text}-{high.text})",
        "middle of the interval": f"{math.sqrt(float(low.number * high.number)):.3f}",
        "SE of log HR": f"{math.log(float(high.number / low.number)) / (2 * Z):.3f}",
        "p over the rounding": f"{p[0]:.4f} to {p[1]:.4f}",
        "printed p": values[f"{row}.p"].text if f"{row}.p" in values else "none",
    }


@kind("hr_triple")
def hr_triple(check: Check) -> Outcome:
    """A hazard ratio with its interval, and p if printed: ``hr low high [p]``."""
    hr, low, high, *rest = check.group(0)
    if not 0 < low.number < high.number:
        return Outcome(CONTRADICTION, f"{low.text} to {high.text} is no interval of a ratio")
    middle = math.sqrt(float(low.number * high.number))
    text = f"square root of {low.text} x {high.text} = {middle:.4f}, printed HR {hr.text}"
    corners = region(hr, low, high)
    if not corners:
        near = region(hr, low, high, wider=1)
        return Outcome(ROUNDING if near else CONTRADICTION, text + ": not the middle, whatever the rounding")
    if not rest:
        return Outcome(CONSISTENT, text)
    _, p = wald(corners)
    text += f"; Wald p from {p[0]:.4f} to {p[1]:.4f} over the rounding, printed {rest[0].text}"
    if _meets(p, rest[0]):
        return Outcome(CONSISTENT, text)
    return Outcome(ROUNDING if _meets(p, rest[0], wider=1) else CONTRADICTION, text)


# ------------------------------------------------------------------ standard errors against events


def _variance(check: Check, index: int) -> Range | None:
    corners = region(*check.group(index)[:3], wider=1)
    return tuple(e**2 for e in errors(corners)) if corners else None


def _events(check: Check, index: int) -> tuple[int, int, int]:
    """Read ``rates | half-widths | n`` from three groups: least and most events, and n; option ``later`` (events)."""
    n, later = int(check.total(index + 2)), check.option("later")
    return (*events_range(check.group(index), check.group(index + 1), n, int(later) if later else None), n)


@kind("se_events")
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


@kind("se_total")
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


@kind("factor_reference")
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


@kind("fewer_events")
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


# ------------------------------------------------------------------ two tests of one comparison


def score_to_wald(beta: float) -> Range:
    """Bound the ratio of the score (log-rank) to the Wald chi-square of one two-group Cox model.

    The information I(b), a sum of p(1 - p) over events, changes by at most a factor exp(|db|) over db. The score
    statistic is (integral of I from 0 to beta)^2 / I(0), Wald's beta^2 I(beta). No tied times.

    Examples
    --------
    >>> [round(r, 3) for r in score_to_wald(0.186)], [round(r, 3) for r in score_to_wald(1e-9)]
    ([0.912, 1.098], [1.0, 1.0])
    """
    b = max(abs(beta), 1e-9)
    c = np.linspace(-b, b, 401)
    up, down = (b - c) / 2, (b + c) / 2
    tent = np.exp(c) * np.expm1(up) + np.expm1(b - up)
    valley = np.exp(c) * -np.expm1(-down) - np.expm1(-(b - down))
    return float(np.min(valley**2 * np.exp(-c)) / b**2), float(np.max(tent**2 * np.exp(-c)) / b**2)


@kind("logrank_cox")
def logrank_cox(check: Check) -> Outcome:
    """Log-rank p and Cox p of one comparison: ``log-rank p | hr low high [p]``."""
    printed, (hr, low, high, *_) = check.one(0), check.group(1)
    corners = region(hr, low, high, wider=1)
    if not corners:
        return Outcome(CONTRADICTION, "the interval is not symmetric: no Wald test")
    (z0, z1), _ = wald(corners)
    ratio = score_to_wald(max(abs(x) for x in _logs(hr)))
    score = z0**2 * ratio[0], z1**2 * ratio[1]
    p = float(chi2.sf(score[1], 1)), float(chi2.sf(score[0], 1))
    asked = float(chi2.isf(float(printed.number), 1))
    text = (
        f"Wald chi-square {z0**2:.3f} to {z1**2:.3f}; the score test is {ratio[0]:.2f} to {ratio[1]:.2f} times that, at"
        f" most {score[1]:.3f}; a log-rank p of {printed.text} needs {asked:.3f}; possible p {p[0]:.3f} to {p[1]:.3f}"
    )
    return Outcome(
        CONSISTENT if _meets(p, printed) else CONTRADICTION,
        text,
        "near certain: one population, no adjustment, few ties",
    )


# ------------------------------------------------------------------ selection, multiplicity, E-values


def _row(id: str) -> str:
    return id.split(".")[-2]


@kind("selection")
def selection(check: Check) -> Outcome:
    """A rule of selection against the model: ``single p ... | adjusted p ... | threshold``; rows are matched by name."""
    threshold = float(check.one(2).number)
    chosen = {_row(p.id): p for p in check.group(0) if float(p.number) < threshold}
    kept = {_row(p.id) for p in check.group(1)}
    absent, extra = sorted(set(chosen) - kept), sorted(kept - set(chosen))
    text = f"p < {threshold:g}: {', '.join(f'{row} {p.text}' for row, p in chosen.items())}; in the model: {', '.join(sorted(kept))}"
    for words, rows in (("should be in the model", absent), ("should not be", extra)):
        text += f"; {', '.join(rows)} {words}" if rows else ""
    return Outcome(CONTRADICTION if absent or extra else CONSISTENT, text)


@kind("named")
def named(check: Check) -> Outcome:
    """A text that names what met a rule: ``single p ... | p named in the text ... | threshold``."""
    threshold = float(check.one(2).number)
    told = {check.aliases.get(p.id, p.id) for p in check.group(1)}
    silent = [p for p in check.group(0) if float(p.number) < threshold and p.id not in told]
    text = f"p < {threshold:g} in the table and not named in the text: "
    text += ", ".join(f"{p.what} {p.text}" for p in silent) or "none"
    return Outcome(WORDING if silent else CONSISTENT, text, group_a=silent)


@kind("multiplicity")
def multiplicity(check: Check) -> Outcome:
    """Several tests of one question: ``p ... | alpha``; Holm's adjustment."""
    alpha, group = float(check.one(1).number), sorted(check.group(0), key=lambda p: p.number)
    adjusted = np.minimum(1, np.maximum.accumulate([float(p.number) * (len(group) - i) for i, p in enumerate(group)]))
    lost = [p for p, q in zip(group, adjusted, strict=True) if float(p.number) < alpha <= q]
    text = "; ".join(f"{p.what}: {p.text}, Holm {q:.3f}" for p, q in zip(group, adjusted, strict=True))
    return Outcome(
        UNDISCLOSED if lost else CONSISTENT, text, "certain: arithmetic; which tests form a family is judgement"
    )


def e_value(ratio: float, common: bool = True) -> float:
    """Compute the E-value of a hazard ratio.

    Parameters
    ----------
    ratio : float
        Hazard ratio.
    common : bool
        Outcome in more than about 15%: the ratio is first turned into an approximate risk ratio,
        (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR)).

    References
    ----------
    VanderWeele & Ding, Ann Intern Med 2017;167:268.

    Examples
    --------
    >>> round(e_value(0.37), 2), round(e_value(0.84), 2), e_value(1.0)
    (3.37, 1.51, 1.0)
    """
    if common:
        ratio = (1 - 0.5 ** math.sqrt(ratio)) / (1 - 0.5 ** math.sqrt(1 / ratio))
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


@kind("e_value")
def e_values(check: Check) -> Outcome:
    """The E-value of a hazard ratio and of its interval: ``hr low high | survival rate``; nothing printed to compare with."""
    hr, low, high = (float(p.number) for p in check.group(0))
    share = 1 - sum(fractions(check.one(1))) / 2
    near = 1.0 if low <= 1 <= high else (high if hr < 1 else low)
    common = share > 0.15
    text = (
        f"{100 * share:.0f}% with an event ({'common' if common else 'rare'}-outcome formula): E-value {e_value(hr, common):.2f},"
        f" of the interval's end nearer to 1 ({plain(near)}) {e_value(near, common):.2f}"
    )
    outside = not low <= hr <= high
    return Outcome(
        CONTRADICTION if outside else CONSISTENT, text, "certain: a formula; how strong confounding is, is judgement"
    )
