"""Two groups of measurements, before and after, and what decides between the t test and ranks, as SPSS does it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.diagnostic import lilliefors as _lilliefors

from helpers.estimate.arrays import as_floats, known_values
from helpers.estimate.noise import changes, without_noise


@dataclass(frozen=True)
class Test:
    """Result of a test: its name, statistic, two-sided p, degrees of freedom if any, sizes, why no p if so."""

    __test__ = False

    name: str
    statistic: float
    p: float
    df: float = np.nan
    n: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """What normality decided, and the tests on both sides of the decision, each computed when it is asked for.

    Parameters
    ----------
    normal : bool
        Every group passes Lilliefors' test; it decides which test is ``chosen``.
    normality : tuple of Test
        One per group.
    tests : mapping of str to callable
        How to compute ``t``, ``t_welch`` and ``ranks``.
    """

    normal: bool
    normality: tuple[Test, ...]
    tests: Mapping[str, Callable[[], Test]] = field(repr=False)

    @property
    def chosen(self) -> Test:
        """The t test of normal groups, else that of ranks."""
        return self.t if self.normal else self.ranks

    @cached_property
    def t(self) -> Test:
        """Student's t test."""
        return self.tests["t"]()

    @cached_property
    def t_welch(self) -> Test:
        """Welch's t test; of pairs, Student's."""
        return self.tests["t_welch"]()

    @cached_property
    def ranks(self) -> Test:
        """The test of ranks."""
        return self.tests["ranks"]()


def _samples(*groups: ArrayLike) -> list[np.ndarray]:
    """Return the known values of each group, those equal that differ by rounding alone, across the groups."""
    found = [known_values(group) for group in groups]
    joint = without_noise(np.concatenate(found)) if found else np.array([])
    return np.split(joint, np.cumsum([len(group) for group in found])[:-1]) if found else []


def quantile(values: ArrayLike, q: float | Sequence[float]) -> float | np.ndarray:
    """Return quantiles by the type-7 rule (R's default, Excel's PERCENTILE.INC), NaN for no values.

    Examples
    --------
    >>> quantile([1, 2, 3, 4], 0.75)
    3.25
    """
    found = known_values(values)
    if len(found) == 0:
        return np.nan if np.isscalar(q) else np.full(len(q), np.nan)
    result = np.quantile(found, q, method="linear")
    return float(result) if np.isscalar(q) else result


def described_values(values: ArrayLike) -> dict[str, float]:
    """Return n, missing, mean, sd, median, q1, q3, min and max.

    Examples
    --------
    >>> found = described_values([1, 2, 4, None])
    >>> found["n"], found["missing"], found["median"], round(found["sd"], 3)
    (3, 1, 2.0, 1.528)
    """
    found = known_values(values)
    names = ("min", "q1", "median", "q3", "max")
    return {
        "n": len(found),
        "missing": len(as_floats(values)) - len(found),
        "mean": float(found.mean()) if len(found) else np.nan,
        "sd": float(found.std(ddof=1)) if len(found) > 1 else np.nan,
        **{name: float(value) for name, value in zip(names, quantile(found, (0, 0.25, 0.5, 0.75, 1)), strict=True)},
    }


def lilliefors(values: ArrayLike) -> Test:
    """Test normality by Kolmogorov–Smirnov with Lilliefors' correction, mean and sd being estimated.

    Notes
    -----
    p by Dallal and Wilkinson 1986 up to .10, by table above. SPSS prints the same test and stops at .200, "a lower
    bound". Agrees with R's ``nortest::lillie.test`` in the statistic, and in p up to .10.

    Examples
    --------
    >>> lilliefors([1.0, 1.1, 1.2, 1.3, 9.0, 9.5]).p < 0.05
    True
    """
    [found] = _samples(values)
    if len(found) < 4 or np.ptp(found) == 0:
        reason = "fewer than four values" if len(found) < 4 else "all values equal"
        return Test("Lilliefors", np.nan, np.nan, n=(len(found),), reason=reason)
    statistic, p = _lilliefors(found, dist="norm", pvalmethod="approx")
    return Test("Lilliefors", float(statistic), float(p), n=(len(found),))


def t_test(first: ArrayLike, second: ArrayLike, *, pooled: bool = True) -> Test:
    """Compare two means: Student's pooled variance, or Welch's.

    Notes
    -----
    Agrees with R's ``t.test(first, second, var.equal = pooled)``; SPSS prints both.

    Examples
    --------
    >>> found = t_test([1, 2, 3], [3, 4, 5])
    >>> round(found.statistic, 3), found.df
    (-2.449, 4.0)
    """
    one, two = _samples(first, second)
    name, sizes = ("t test" if pooled else "Welch's t test"), (len(one), len(two))
    if min(sizes) < 2 or (np.ptp(one) == 0 and np.ptp(two) == 0):
        return Test(name, np.nan, np.nan, n=sizes, reason="too few values, or no spread")
    with warnings.catch_warnings():
        # scipy warns that a group without spread may have lost digits; its mean is exact and the test is right
        warnings.filterwarnings("ignore", "Precision loss occurred", RuntimeWarning)
        found = stats.ttest_ind(one, two, equal_var=pooled)
    return Test(name, float(found.statistic), float(found.pvalue), float(found.df), sizes)


def mann_whitney(first: ArrayLike, second: ArrayLike) -> Test:
    """Compare two groups by ranks: normal approximation corrected for ties, without continuity correction, as SPSS.

    Notes
    -----
    The statistic is the U of ``first``. Agrees with R's ``wilcox.test(first, second, exact = FALSE, correct = FALSE)``
    and with PSPP's NPAR TESTS.

    Examples
    --------
    >>> found = mann_whitney([1, 2, 2], [2, 3, 4])
    >>> found.statistic, round(found.p, 4)
    (1.0, 0.1046)
    """
    one, two = _samples(first, second)
    sizes = (len(one), len(two))
    if min(sizes) == 0 or np.ptp(np.concatenate([one, two])) == 0:
        return Test("Mann–Whitney U test", np.nan, np.nan, n=sizes, reason="an empty group, or all values equal")
    found = stats.mannwhitneyu(one, two, method="asymptotic", use_continuity=False)
    return Test("Mann–Whitney U test", float(found.statistic), float(found.pvalue), n=sizes)


def paired_t(before: ArrayLike, after: ArrayLike) -> Test:
    """Compare the means of pairs; a pair with a missing half is left out.

    Notes
    -----
    The statistic is of ``after - before``. Agrees with R's ``t.test(after, before, paired = TRUE)``.

    Examples
    --------
    >>> round(paired_t([1, 2, 3, 5], [2, 4, 6, 6]).statistic, 3)
    3.656
    """
    gains = known_values(changes(before, after))
    if len(gains) < 2 or np.ptp(gains) == 0:
        return Test("paired t test", np.nan, np.nan, n=(len(gains),), reason="too few pairs, or all changes equal")
    found = stats.ttest_1samp(gains, 0)
    return Test("paired t test", float(found.statistic), float(found.pvalue), float(found.df), (len(gains),))


def paired_wilcoxon(before: ArrayLike, after: ArrayLike) -> Test:
    """Compare pairs by signed ranks: zeros dropped, ties corrected, no continuity correction, as SPSS.

    Notes
    -----
    The statistic is the sum of ranks of the rises. Agrees with R's ``wilcox.test(after, before, paired = TRUE,
    exact = FALSE, correct = FALSE)``.

    Examples
    --------
    >>> found = paired_wilcoxon([1, 2, 3, 5, 4], [2, 4, 6, 6, 4])
    >>> found.statistic, found.n
    (10.0, (5,))
    """
    gains = known_values(changes(before, after))
    if not np.any(gains != 0):
        return Test("Wilcoxon signed-rank test", np.nan, np.nan, n=(len(gains),), reason="no pair that changed")
    moved = gains[gains != 0]
    found = stats.wilcoxon(moved, zero_method="wilcox", correction=False, method="asymptotic")
    rises = float(stats.rankdata(np.abs(moved))[moved > 0].sum())
    return Test("Wilcoxon signed-rank test", rises, float(found.pvalue), n=(len(gains),))


@dataclass(frozen=True)
class Ratio:
    """How many times as high pairs are after as before, its interval, pairs used, why there is none if so."""

    ratio: float
    low: float
    high: float
    n: int
    reason: str = ""


def paired_ratio(before: ArrayLike, after: ArrayLike, *, alpha: float = 0.05) -> Ratio:
    """Estimate the ratio after to before: Hodges–Lehmann's median of the log ratios, with the interval of signed ranks.

    On the logarithmic scale a fall from 5000 to 50 counts as much as one from 50 to 0.5. A value at a limit of detection
    enters as the limit, so that the ratio is then a bound towards 1 if values fall below detection.

    Notes
    -----
    The interval takes its ends from the ordered Walsh averages at the exact quantile of the signed-rank distribution (its
    normal approximation above 200 pairs). Agrees with R's ``wilcox.test(log(after) - log(before), conf.int = TRUE)``.

    References
    ----------
    Hodges & Lehmann, Ann Math Stat 1963;34:598.

    Examples
    --------
    >>> found = paired_ratio([100, 80, 90, 60, 70, 50], [50, 40, 45, 30, 35, 25])
    >>> round(found.ratio, 6), found.n
    (0.5, 6)
    """
    first, second = as_floats(before), as_floats(after)
    known = ~np.isnan(first) & ~np.isnan(second)
    first, second = first[known], second[known]
    n = len(first)
    if n == 0 or np.any(first <= 0) or np.any(second <= 0):
        reason = "no pair" if n == 0 else "a value of zero or below has no logarithm"
        return Ratio(np.nan, np.nan, np.nan, n, reason)
    x = np.log(second) - np.log(first)
    pairs = n * (n + 1) // 2
    low = max(_signed_rank_quantile(alpha / 2, n), 1)
    ends = [_walsh(x, rank) for rank in (low, pairs + 1 - low)] if n > 1 else [np.nan] * 2
    middle = (_walsh(x, (pairs + 1) // 2) + _walsh(x, pairs // 2 + 1)) / 2
    return Ratio(*(float(np.exp(value)) for value in (middle, *ends)), n)


def _walsh(x: NDArray[np.float64], rank: int) -> float:
    """Return the Walsh average (of two values, or of one with itself) of a rank from 1, by halving the range: never all of them."""
    x = np.sort(x)
    places = np.arange(len(x))
    low, high = x[0], x[-1]
    while low < (middle := (low + high) / 2) < high:
        reached = np.searchsorted(x, 2 * middle - x, side="right") - places
        low, high = (low, middle) if reached[reached > 0].sum() >= rank else (middle, high)
    reached = np.searchsorted(x, 2 * low - x, side="right") - places
    return float(low if reached[reached > 0].sum() >= rank else high)


def _signed_rank_quantile(q: float, n: int) -> int:
    """Return the smallest sum of signed ranks of n pairs that is reached with probability q or more, as R's qsignrank."""
    if n > 200:
        middle, spread = n * (n + 1) / 4, np.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return int(np.ceil(middle + stats.norm.ppf(q) * spread))
    chance = np.zeros(n * (n + 1) // 2 + 1)
    chance[0] = 1.0
    for rank in range(1, n + 1):
        chance[rank:] = (chance[rank:] + chance[:-rank]) / 2
        chance[:rank] /= 2
    return int(np.searchsorted(np.cumsum(chance), q * (1 - 64 * np.finfo(float).eps)))


def sign_test(before: ArrayLike, after: ArrayLike) -> Test:
    """Compare pairs by how many rose and how many fell, by the exact binomial distribution.

    It needs only the order within a pair, which limits of detection leave intact. The statistic is the number that rose.

    Notes
    -----
    Agrees with R's ``binom.test(rose, rose + fell)``; pairs without a change are left out.

    Examples
    --------
    >>> found = sign_test([1, 2, 3, 5, 4, 6], [2, 4, 6, 6, 4, 7])
    >>> found.statistic, found.p
    (5.0, 0.0625)
    """
    gains = known_values(changes(before, after))
    rose, moved = int((gains > 0).sum()), int((gains != 0).sum())
    if not moved:
        return Test("sign test", np.nan, np.nan, n=(len(gains),), reason="no pair that changed")
    return Test("sign test", float(rose), float(stats.binomtest(rose, moved).pvalue), n=(len(gains),))


def kruskal_wallis(*groups: ArrayLike) -> Test:
    """Compare several groups by ranks.

    Notes
    -----
    Agrees with R's ``kruskal.test``.

    Examples
    --------
    >>> round(kruskal_wallis([1, 2], [3, 4], [5, 6]).statistic, 3)
    4.571
    """
    found = _samples(*groups)
    sizes = tuple(map(len, found))
    if len(found) < 2 or min(sizes) == 0 or np.ptp(np.concatenate(found)) == 0:
        return Test("Kruskal-Wallis test", np.nan, np.nan, n=sizes, reason="an empty group, or all values equal")
    result = stats.kruskal(*found)
    return Test("Kruskal-Wallis test", float(result.statistic), float(result.pvalue), len(found) - 1, sizes)


def compare_groups(first: ArrayLike, second: ArrayLike, *, alpha: float = 0.05) -> Comparison:
    """Let normality decide between the t test and Mann–Whitney, as the paper's Methods do.

    Normal means that neither group's Lilliefors test has p below ``alpha``; a group too small or too uniform to be
    tested is not called normal. The t test is the pooled one, Welch's beside it.

    Examples
    --------
    >>> compare_groups([1, 2, 3, 4, 5.5], [2, 3, 4, 5, 6.5]).chosen.name
    't test'
    """
    normality = (lilliefors(first), lilliefors(second))
    normal = all(test.p >= alpha for test in normality)
    tests = {
        "t": lambda: t_test(first, second),
        "t_welch": lambda: t_test(first, second, pooled=False),
        "ranks": lambda: mann_whitney(first, second),
    }
    return Comparison(normal, normality, tests)


def compare_paired(before: ArrayLike, after: ArrayLike, *, alpha: float = 0.05) -> Comparison:
    """Let the normality of the changes decide between the paired t test and Wilcoxon's signed ranks.

    Examples
    --------
    >>> compare_paired([9, 8, 7, 9, 90], [4, 5, 3, 2, 1]).chosen.name
    'Wilcoxon signed-rank test'
    """
    normality = (lilliefors(changes(before, after)),)
    normal = normality[0].p >= alpha
    t = cache(lambda: paired_t(before, after))
    tests = {"t": t, "t_welch": t, "ranks": lambda: paired_wilcoxon(before, after)}
    return Comparison(bool(normal), normality, tests)
