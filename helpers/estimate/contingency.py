"""Tests of independence in a table of counts, under each convention that software uses."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import gammaln

CONVENTIONS = ("Pearson", "Yates", "Fisher", "likelihood ratio")


def expected(counts: ArrayLike) -> np.ndarray:
    """Compute expected counts under independence.

    Examples
    --------
    >>> expected([[53, 2], [40, 6]]).min().round(3)
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


def fisher(counts: ArrayLike) -> float:
    """Compute Fisher's exact p; Freeman and Halton's extension for more than 2x2.

    The sum of the probabilities, given the margins, of all tables no more probable than the observed one (with R's
    relative tolerance of 1e-7). Agrees with R ``fisher.test``. Enumerates all tables: meant for small ones.

    Parameters
    ----------
    counts : array of shape (r, c)

    Returns
    -------
    float
        Two-sided p.

    References
    ----------
    Freeman & Halton, Biometrika 1951;38:141.

    Examples
    --------
    >>> round(fisher([[53, 2], [40, 6]]), 4), round(fisher([[40, 41, 12], [6, 1, 1]]), 4)
    (0.1369, 0.1725)
    """
    table = _table(counts)
    if table.shape == (2, 2):
        return float(stats.fisher_exact(table).pvalue)
    if table.shape[0] > table.shape[1]:
        table = table.T
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    constant = gammaln(rows + 1).sum() + gammaln(columns + 1).sum() - gammaln(table.sum() + 1)
    logs = np.array([constant - sum(gammaln(c + 1).sum() for c in t) for t in _tables(rows, columns)])
    observed = constant - gammaln(table + 1).sum()
    probability = np.exp(logs)
    return float(min(1.0, probability[logs <= observed + math.log1p(1e-7)].sum() / probability.sum()))


def _tables(rows: np.ndarray, columns: np.ndarray):
    """Yield every table (as a list of columns) with the given margins."""
    if len(columns) == 1:
        yield [rows]
        return
    for head in _columns(rows[:-1], int(columns[0])):
        last = int(columns[0]) - sum(head)
        if last <= rows[-1]:
            column = np.array([*head, last])
            for rest in _tables(rows - column, columns[1:]):
                yield [column, *rest]


def _columns(limits: np.ndarray, total: int):
    for head in product(*(range(min(int(limit), total) + 1) for limit in limits)):
        if sum(head) <= total:
            yield head


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


def asked_for(counts: ArrayLike) -> str:
    """Name the convention that the textbook rule asks for.

    2x2: Pearson if n >= 40 and every expected count >= 5; Yates if n >= 40 and every expected count >= 1; else
    Fisher. Larger tables: Pearson if no expected count is below 1 and at most a fifth are below 5 (Cochran 1954), else Fisher
    (Freeman-Halton).

    Examples
    --------
    >>> asked_for([[53, 2], [40, 6]]), asked_for([[27, 0], [26, 2]]), asked_for([[40, 41, 12], [6, 1, 1]])
    ('Yates', 'Fisher', 'Fisher')
    """
    table = _table(counts)
    small = expected(table)
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
