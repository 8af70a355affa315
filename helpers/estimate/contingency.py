"""Tests of independence in a table of counts, under each convention that software uses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

LIKELY = 1e-7  # relative: tables as probable as the observed one count although rounding makes them a little more so
MOST_WORK = 30_000_000  # steps of a count of all tables, some three seconds
SIMULATED = 200_000  # tables, where there are too many to count
CONVENTIONS = ("Pearson", "Yates", "Fisher", "likelihood ratio")


def expected_counts(counts: ArrayLike) -> np.ndarray:
    """Compute expected counts under independence.

    Examples
    --------
    >>> expected_counts([[53, 2], [40, 6]]).min().round(3)
    np.float64(3.644)
    """
    return stats.contingency.expected_freq(_table(counts))


def pearson(counts: ArrayLike) -> float:
    """Compute the p-value of Pearson's chi-square test without correction.

    Parameters
    ----------
    counts : array of shape (r, c)
        Counts, no empty margin.

    Returns
    -------
    float
        Two-sided p; agrees with R ``chisq.test(correct = FALSE)``.

    Raises
    ------
    ValueError
        If a count is negative or no whole number, or a margin is empty.

    Examples
    --------
    >>> round(pearson([[53, 2], [40, 6]]), 4)
    0.0813
    """
    return float(stats.chi2_contingency(_table(counts), correction=False).pvalue)


def yates(counts: ArrayLike) -> float:
    """Compute the p-value of the chi-square test with Yates' continuity correction; NaN unless 2x2.

    Agrees with R ``chisq.test(correct = TRUE)`` and the "continuity correction" row of SPSS CROSSTABS.

    Examples
    --------
    >>> round(yates([[53, 2], [40, 6]]), 4)
    0.1696
    """
    table = _table(counts)
    return float(stats.chi2_contingency(table, correction=True).pvalue) if table.shape == (2, 2) else math.nan


def likelihood_ratio(counts: ArrayLike) -> float:
    """Compute the p-value of the likelihood ratio (G) test without correction.

    The "likelihood ratio" row of SPSS CROSSTABS; an empty cell adds nothing to G.

    Examples
    --------
    >>> round(likelihood_ratio([[53, 2], [40, 6]]), 4)
    0.0777
    """
    result = stats.chi2_contingency(_table(counts), correction=False, lambda_="log-likelihood")
    return float(result.pvalue)


@dataclass(frozen=True)
class Exact:
    """Fisher's exact p, and by how much it may be off.

    Parameters
    ----------
    p : float
    error : float
        Standard error of p where it was simulated, 0 where every table was counted.
    tables : int
        Tables simulated; 0 where every one was counted.
    """

    p: float
    error: float = 0.0
    tables: int = 0

    @property
    def method(self) -> str:
        """How p was found, in words."""
        if not self.tables:
            return "Fisher's exact test"
        return f"Fisher's test, {self.tables:,} tables simulated, standard error of p {self.error:.2g}"


def fisher(counts: ArrayLike) -> float:
    """Compute Fisher's exact p; Freeman and Halton's extension for more than 2x2. See :func:`fisher_test`.

    Examples
    --------
    >>> round(fisher([[53, 2], [40, 6]]), 4), round(fisher([[40, 41, 12], [6, 1, 1]]), 4)
    (0.1369, 0.1725)
    """
    return fisher_test(counts).p


def fisher_test(counts: ArrayLike) -> Exact:
    """Test a table of counts by Fisher's exact test; Freeman and Halton's extension for more than 2x2.

    The sum of the probabilities, given the margins, of all tables no more probable than the observed one (with R's
    relative tolerance of 1e-7). Agrees with R ``fisher.test``. Tables with too many rivals to count are simulated, always
    from the same seed.

    Parameters
    ----------
    counts : array of shape (r, c)

    Returns
    -------
    Exact
        Two-sided p, its standard error, and how it was found.

    References
    ----------
    Freeman & Halton, Biometrika 1951;38:141. Mehta & Patel, JASA 1983;78:427 (columns one by one, what is equal then
    taken together). Patefield, Applied Statistics 1981;30:91 (simulation).

    Examples
    --------
    >>> found = fisher_test([[30, 10, 5], [25, 20, 7], [15, 9, 11]])
    >>> round(found.p, 8), found.method
    (0.04945783, "Fisher's exact test")
    """
    table = _table(counts)
    if table.shape == (2, 2):
        return Exact(float(stats.fisher_exact(table).pvalue))
    if table.shape[0] > table.shape[1]:
        table = table.T
    rows, columns = table.sum(axis=1), np.sort(table.sum(axis=0))[::-1]
    observed = -float(gammaln(table + 1).sum()) + math.log1p(LIKELY)
    p = _counted(np.sort(rows), columns, observed)
    return _simulated(rows, columns, observed) if p is None else Exact(p)


def _counted(rows: np.ndarray, columns: np.ndarray, observed: float) -> float | None:
    """Sum over all tables, column by column; states are what remains of the rows, in any order. None if too much work.

    A state holds the log weights of the columns before it, each with how often it occurs. Those whose every completion
    is counted, or none, go no further; the last two columns of a state are one sorted list for all that reach it.
    """
    factorial = gammaln(np.arange(rows.sum() + 1) + 1)
    base = factorial[rows].sum() + factorial[columns].sum() - factorial[rows.sum()]
    observed = observed + base
    radix = int(rows.sum() + 1) ** np.arange(len(rows), dtype=object)
    if radix[-1] * (rows.sum() + 1) > 2**62:
        return None  # a state would not fit into one whole number
    radix = radix.astype(np.int64)
    lefts, pasts, weights = [rows], [np.full(1, base)], [np.ones(1)]
    total, work = 0.0, 0
    for place, column in enumerate(columns[:-1]):
        rest, last = columns[place:], place == len(columns) - 2
        reached: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for left, past, weight in zip(lefts, pasts, weights, strict=True):
            certain, past, weight = _settled(left, rest, past, weight, observed, factorial)
            total += certain
            if not len(past):
                continue
            taken = _shares(left, int(column))
            work += len(taken) * (1 if last else 2 * len(past)) + 200
            if work > MOST_WORK:
                return None
            step = -factorial[taken].sum(axis=1)
            if last:
                total += _completed(step - factorial[left - taken].sum(axis=1), past, weight, observed)
                continue
            code = np.sort(left - taken, axis=1) @ radix
            reached.append((np.repeat(code, len(past)), (step[:, None] + past).ravel(), np.tile(weight, len(taken))))
        if not reached:
            break
        if not last:
            lefts, pasts, weights = _merged(*(np.concatenate(one) for one in zip(*reached, strict=True)), radix)
    return min(1.0, total)


def _settled(
    left: np.ndarray, rest: np.ndarray, past: np.ndarray, weight: np.ndarray, observed: float, factorial: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Take out the past weights that are decided: the sum of those that count whatever follows, then what is open.

    The most that a completion can add is bounded by the modes of Poisson numbers with the expected means (Lagrange), the
    least by putting whole rows, or whole columns, into one cell.
    """
    n = int(left.sum())
    mean = np.outer(left, rest) / n
    known = mean[mean > 0]
    mode = np.floor(known)
    most = float((mode * np.log(known) - factorial[mode.astype(int)] - known * np.log(known)).sum())
    least = -min(float(factorial[left].sum()), float(factorial[rest].sum()))
    below, above = past + most <= observed, past + least > observed
    everything = factorial[n] - factorial[left].sum() - factorial[rest].sum()
    certain = float((weight[below] * np.exp(past[below] + everything)).sum())
    open_ = ~(below | above)
    return certain, past[open_], weight[open_]


def _completed(tail: np.ndarray, past: np.ndarray, weight: np.ndarray, observed: float) -> float:
    """Sum the weights of all completions *tail* of each *past* that are no more probable than the observed table."""
    tail = np.sort(tail)
    sums = np.append(0.0, np.cumsum(np.exp(tail - tail[-1])))
    return float((weight * np.exp(past + tail[-1]) * sums[np.searchsorted(tail, observed - past, side="right")]).sum())


def _shares(limits: np.ndarray, total: int) -> np.ndarray:
    """List every way to take *total* from rows with these limits, one way a line."""
    found, taken = np.zeros((1, 0), dtype=int), np.zeros(1, dtype=int)
    beyond = np.append(np.cumsum(limits[::-1])[::-1][1:], 0)
    for limit, after in zip(limits, beyond, strict=True):
        low, high = np.maximum(0, total - taken - after), np.minimum(limit, total - taken)
        times = high - low + 1
        start = np.repeat(low - np.append(0, np.cumsum(times)[:-1]), times) + np.arange(times.sum())
        found = np.column_stack([np.repeat(found, times, axis=0), start])
        taken = np.repeat(taken, times) + start
    return found


def _merged(code: np.ndarray, past: np.ndarray, weight: np.ndarray, radix: np.ndarray) -> tuple[list, list, list]:
    """Put equal log weights of a state together (equal to the last digits that rounding leaves); one entry per state."""
    order = np.lexsort((past, code))
    code, past, weight = code[order], past[order], weight[order]
    first = np.flatnonzero(np.append(True, (np.diff(code) != 0) | (np.diff(past) > 1e-11)))
    code, past, weight = code[first], past[first], np.add.reduceat(weight, first)
    ends = np.flatnonzero(np.diff(code)) + 1
    different = code[np.append(0, ends)]
    lefts = different[:, None] // radix % radix[1]
    return list(lefts), np.split(past, ends), np.split(weight, ends)


def _simulated(rows: np.ndarray, columns: np.ndarray, observed: float) -> Exact:
    draw, rng, below, done = stats.random_table(rows, columns), np.random.default_rng(20251029), 0, 0
    chunk = max(1, min(SIMULATED, 20_000_000 // (len(rows) * len(columns) * 8)))
    while done < SIMULATED:
        tables = draw.rvs(size=min(chunk, SIMULATED - done), random_state=rng)
        below += int((-gammaln(tables + 1).sum(axis=(1, 2)) <= observed).sum())
        done += len(tables)
    p = (below + 1) / (SIMULATED + 1)
    return Exact(p, math.sqrt(p * (1 - p) / SIMULATED), SIMULATED)


@dataclass(frozen=True)
class Stratified:
    """Mantel and Haenszel's pooled odds ratio and test: odds ratio (None: no table to divide by), statistic, p, strata used."""

    odds_ratio: float | None
    statistic: float
    p: float
    strata: int
    corrected: bool


def mantel_haenszel(tables: Sequence[ArrayLike]) -> Stratified:
    """Pool 2x2 tables by Mantel and Haenszel, with the continuity correction where there is as much to correct.

    Parameters
    ----------
    tables : sequence of arrays of shape (2, 2)
        Strata; one with an empty row or column adds nothing and is left out.

    Notes
    -----
    Agrees with R's ``mantelhaen.test``, which takes 0.5 off the difference between observed and expected, but nothing
    where that is below 0.5: a correction larger than the difference would call any near-equality a contrast.

    Raises
    ------
    ValueError
        If no stratum has both rows and both columns.

    Examples
    --------
    >>> found = mantel_haenszel([[[10, 5], [6, 9]], [[8, 2], [7, 3]]])
    >>> round(found.odds_ratio, 3), round(found.p, 4), found.strata
    (2.471, 0.2417, 2)
    """
    used = [np.asarray(table, dtype=float) for table in tables]
    used = [table for table in used if table.sum(axis=0).all() and table.sum(axis=1).all()]
    if not used:
        raise ValueError("no stratum with both rows and both columns")
    stack = np.stack(used)
    n, row, column = stack.sum(axis=(1, 2)), stack.sum(axis=2), stack.sum(axis=1)
    away = abs(float((stack[:, 0, 0] - row[:, 0] * column[:, 0] / n).sum()))
    variance = float((row.prod(axis=1) * column.prod(axis=1) / (n**2 * (n - 1))).sum())
    corrected = away >= 0.5
    statistic = (away - 0.5 * corrected) ** 2 / variance
    across, down = (stack[:, 0, 0] * stack[:, 1, 1] / n).sum(), (stack[:, 0, 1] * stack[:, 1, 0] / n).sum()
    ratio = float(across / down) if down else None
    return Stratified(ratio, statistic, float(stats.chi2.sf(statistic, 1)), len(used), corrected)


def p_values(counts: ArrayLike) -> dict[str, float]:
    """Compute p under each convention of :data:`CONVENTIONS`; Yates is left out unless 2x2.

    Examples
    --------
    >>> {name: round(p, 3) for name, p in p_values([[74, 4], [19, 4]]).items()}
    {'Pearson': 0.056, 'Yates': 0.14, 'Fisher': 0.077, 'likelihood ratio': 0.078}
    """
    tests = dict(zip(CONVENTIONS, (pearson, yates, fisher, likelihood_ratio), strict=True))
    found = {name: test(counts) for name, test in tests.items()}
    return {name: p for name, p in found.items() if not math.isnan(p)}


def by_the_rule(tables: Mapping[str, ArrayLike]) -> list[str]:
    """Say of each table of counts which convention the textbook rule asks for, and its p; tables with an empty margin are passed over.

    Examples
    --------
    >>> by_the_rule({"GC": [[51, 4], [36, 10]], "none": [[0, 0], [3, 4]]})
    ['GC: the rule asks for Pearson, p = 0.036 (all conventions 0.035 to 0.071).']
    """
    told = []
    for name, counts in tables.items():
        cells = np.asarray(counts)
        if not (cells.sum(axis=0).all() and cells.sum(axis=1).all()):
            continue
        found, asked = p_values(cells), asked_for(cells)
        low, high = min(found.values()), max(found.values())
        told.append(
            f"{name}: the rule asks for {asked}, p = {found[asked]:.3f} (all conventions {low:.3f} to {high:.3f})."
        )
    return told


def asked_for(counts: ArrayLike) -> str:
    """Name the convention that the textbook rule asks for.

    2x2: Pearson if n >= 40 and every expected count >= 5; Yates if n >= 40 and every expected count >= 1; else
    Fisher. Larger tables: Pearson if no expected count is below 1 and at most a fifth are below 5 (Cochran 1954), else Fisher
    (Freeman–Halton).

    Examples
    --------
    >>> asked_for([[53, 2], [40, 6]]), asked_for([[27, 0], [26, 2]]), asked_for([[40, 41, 12], [6, 1, 1]])
    ('Yates', 'Fisher', 'Fisher')
    """
    table = _table(counts)
    small = expected_counts(table)
    if table.shape != (2, 2):
        return "Pearson" if small.min() >= 1 and (small < 5).mean() <= 0.2 else "Fisher"
    if table.sum() < 40 or small.min() < 1:
        return "Fisher"
    return "Pearson" if small.min() >= 5 else "Yates"


def _table(counts: ArrayLike) -> np.ndarray:
    table = np.asarray(counts)
    whole = table.ndim == 2 and np.all(table == np.floor(table)) and np.all(table >= 0)
    if not whole or not table.sum(axis=0).all() or not table.sum(axis=1).all():
        raise ValueError("a table of counts needs whole, non-negative numbers and no empty margin")
    return table.astype(int)
