"""One Cox model fitted to many resamples of the same patients, compiled.

Every compiled function stands in this file: numba keeps compiled code on disk until the file of a function changes, and
does not look at other files whose functions it calls.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from helpers.problems import InputError, Problem

Floats = NDArray[np.float64]
TIES = ("efron", "breslow")
STEPS, LONGEST, SETTLED = 60, 4.0, 1e-9  # Newton's steps: at most so many; none longer; the last one's size


class ResampledCox(NamedTuple):
    """Models of many resamples: coef and se (resamples, p), separated (resamples,); NaN where separated."""

    coef: Floats
    se: Floats
    separated: NDArray[np.bool_]


def resampled_cox(
    time: ArrayLike, event: ArrayLike, x: ArrayLike, counts: ArrayLike, *, ties: str = "efron"
) -> ResampledCox:
    """Fit one Cox model to many resamples of the same patients.

    Parameters
    ----------
    time, event : arrays, shape (n,)
        Last time under observation (any unit, not negative) and whether the event happened then.
    x : array, shape (n, p)
        Covariates.
    counts : array of whole numbers, shape (resamples, n)
        How often each patient was drawn into each resample.
    ties : {"efron", "breslow"}

    Returns
    -------
    ResampledCox
        coef (log hazard ratios) and se of shape (resamples, p) and separated (resamples,). A resample without a finite, unique
        estimate (monotone likelihood, no event, a column that became constant) is flagged and holds NaN: leave it out,
        and report how many there were.

    Raises
    ------
    InputError
        Missing or mismatched arrays, no event, a constant covariate, counts that are not whole numbers.

    Notes
    -----
    A patient with count k equals k tied patients, so that each fit is that of the resampled data (which `weights` of R's
    `coxph` are not, under Efron). Held to R on resamples of four data sets, to 1e-8.

    Examples
    --------
    >>> time, event, x = [5, 8, 12, 20, 21, 30], [1, 1, 0, 1, 1, 0], [[1], [0], [1], [1], [0], [0]]
    >>> fits = resampled_cox(time, event, x, [[1, 1, 1, 1, 1, 1], [0, 2, 1, 1, 1, 1], [2, 0, 2, 2, 0, 0]])
    >>> fits.coef.round(4).ravel().tolist(), fits.separated.tolist()
    ([1.0731, -0.0989, nan], [False, False, True])
    """
    time, event, x = (_finite(name, part) for name, part in (("time", time), ("event", event), ("x", x)))
    counts = np.asarray(counts)
    if wrong := _problems(time, event, x, counts, ties):
        raise InputError(wrong)
    order = np.argsort(-time, kind="stable")
    scale = x.std(axis=0)
    standard = ((x - x.mean(axis=0)) / scale)[order]
    drawn = counts[:, order].astype(np.float64)
    coef, se = _fit_all(time[order], event[order] == 1, standard, drawn, ties == "efron")
    return ResampledCox(coef / scale, se / scale, np.isnan(coef[:, 0]))


def _finite(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError([Problem("arrays", "", name, type(values).__name__, "numbers")]) from None
    if not np.isfinite(array).all():
        raise InputError(
            [Problem("arrays", int(np.argwhere(~np.isfinite(array))[0][0]), name, "none", "finite numbers")]
        )
    return array


def _problems(time: Floats, event: Floats, x: Floats, counts: NDArray, ties: str) -> list[Problem]:
    """Say all that is wrong with arrays of finite numbers."""
    n = time.size
    wrong = [
        Problem("arrays", "", name, f"shape {array.shape}", f"shape {told}")
        for name, array, told, fits in (
            ("time", time, "(n,), n at least 1", time.ndim == 1 and n > 0),
            ("event", event, f"({n},), as time has", event.shape == time.shape),
            ("x", x, f"({n}, p), p at least 1", x.ndim == 2 and len(x) == n and x.shape[1] > 0),
            ("counts", counts, f"(resamples, {n})", counts.ndim == 2 and counts.shape[1] == n),
        )
        if not fits
    ]
    if ties not in TIES:
        wrong.append(Problem("arrays", "", "ties", ties, ", ".join(TIES)))
    if counts.dtype.kind not in "iub":
        wrong.append(Problem("arrays", "", "counts", str(counts.dtype), "whole numbers: how often each was drawn"))
    if wrong:
        return wrong
    for name, values, bad, allowed in (
        ("time", time, time < 0, "not negative"),
        ("event", event, (event != 0) & (event != 1), "0 or 1"),
    ):
        wrong += [Problem("arrays", int(row), name, float(values[row]), allowed) for row in np.flatnonzero(bad)[:1]]
    if counts.size and counts.min() < 0:
        wrong.append(Problem("arrays", "", "counts", int(counts.min()), "not negative"))
    if not event.any():
        wrong.append(Problem("arrays", "", "event", "no event", "at least one event"))
    constant = np.flatnonzero(np.ptp(x, axis=0) == 0)
    return wrong + [Problem("arrays", "", f"x[:, {k}]", "one value", "a covariate that varies") for k in constant]


@njit(cache=True, nogil=True, error_model="numpy")
def _fit_all(time, event, x, counts, efron):
    """Fit each row of counts (resamples, n); patients stand in order of time, latest first, x is standardised."""
    resamples, p = counts.shape[0], x.shape[1]
    coef, se = np.empty((resamples, p)), np.full((resamples, p), np.nan)
    start = np.zeros(p)
    if not _newton(time, event, x, np.ones(time.size), efron, start, np.empty(p)):
        start[:] = 0.0
    for r in range(resamples):
        coef[r] = start
        if not _newton(time, event, x, counts[r], efron, coef[r], se[r]):
            coef[r] = np.nan
    return coef, se


@njit(cache=True, nogil=True, error_model="numpy")
def _newton(time, event, x, count, efron, beta, se):
    """Maximise from the start in beta (p,), fill beta and se; return whether there is a maximum.

    Near a finite maximum steps shrink quadratically; along a direction in which the likelihood is monotone the
    information dies away and steps do not shrink.
    """
    p = x.shape[1]
    score, information, factor = np.empty(p), np.empty((p, p)), np.zeros((p, p))
    step, last, best = np.zeros(p), beta.copy(), -np.inf
    for _ in range(STEPS):
        height = _evaluate(time, event, x, count, efron, beta, score, information)
        if not height >= best - 1e-9 * (1.0 + abs(best)):
            step *= 0.5
            beta[:] = last + step
            continue
        best = height
        if not _cholesky(information, factor):
            return False
        _solve(factor, score, step)
        size = np.abs(step).max()
        if size > LONGEST:
            step *= LONGEST / size
        last[:] = beta
        beta += step
        if size < SETTLED:
            _standard_errors(factor, se)
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _evaluate(time, event, x, count, efron, beta, score, information):
    """Fill score and the lower triangle of the information at beta; return the log partial likelihood."""
    n, p = x.shape
    at_risk, dying, mean = np.zeros(1 + p + p * p), np.zeros(1 + p + p * p), np.empty(p)
    score[:] = 0.0
    information[:] = 0.0
    height, i = 0.0, 0
    while i < n:
        dying[:] = 0.0
        deaths, day = 0.0, time[i]
        while i < n and time[i] == day:
            if count[i] > 0:
                eta = 0.0
                for a in range(p):
                    eta += x[i, a] * beta[a]
                risk = count[i] * math.exp(min(eta, 300.0))
                _add(at_risk, risk, x[i])
                if event[i]:
                    _add(dying, risk, x[i])
                    deaths += count[i]
                    height += count[i] * eta
                    for a in range(p):
                        score[a] += count[i] * x[i, a]
            i += 1
        for k in range(int(deaths)):
            left = k / deaths if efron else 0.0
            share = 1.0 / (at_risk[0] - left * dying[0])
            height += math.log(share)
            for a in range(p):
                mean[a] = (at_risk[1 + a] - left * dying[1 + a]) * share
                score[a] -= mean[a]
                for b in range(a + 1):
                    place = 1 + p + a * p + b
                    information[a, b] += (at_risk[place] - left * dying[place]) * share - mean[a] * mean[b]
    return height


@njit(cache=True, nogil=True)
def _add(sums, risk, row):
    """Add a patient's risk, risk times x and the lower triangle of risk times x x' to the sums."""
    p = row.size
    sums[0] += risk
    for a in range(p):
        part = risk * row[a]
        sums[1 + a] += part
        for b in range(a + 1):
            sums[1 + p + a * p + b] += part * row[b]


@njit(cache=True, nogil=True, error_model="numpy")
def _cholesky(matrix, factor):
    """Fill factor with the lower Cholesky factor; return False where the matrix is singular to rounding."""
    p = matrix.shape[0]
    for a in range(p):
        for b in range(a + 1):
            rest = matrix[a, b]
            for k in range(b):
                rest -= factor[a, k] * factor[b, k]
            if a == b:
                if not rest > 1e-12 * matrix[a, a] or not rest > 1e-10:
                    return False
                factor[a, a] = math.sqrt(rest)
            else:
                factor[a, b] = rest / factor[b, b]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(factor, vector, out):
    """Solve factor factor' out = vector."""
    p = vector.size
    for a in range(p):
        rest = vector[a]
        for k in range(a):
            rest -= factor[a, k] * out[k]
        out[a] = rest / factor[a, a]
    for a in range(p - 1, -1, -1):
        rest = out[a]
        for k in range(a + 1, p):
            rest -= factor[k, a] * out[k]
        out[a] = rest / factor[a, a]


@njit(cache=True, nogil=True, error_model="numpy")
def _standard_errors(factor, out):
    """Fill out with the square roots of the diagonal of (factor factor')^-1."""
    p = factor.shape[0]
    column = np.empty(p)
    for a in range(p):
        unit = np.zeros(p)
        unit[a] = 1.0
        _solve(factor, unit, column)
        out[a] = math.sqrt(column[a])
