"""Newton-Raphson for one Cox model, with step halving and a stop that knows a monotone likelihood."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from helpers.resampling.cox_pass import cox_pass

CONVERGED, SEPARATED = 0, 1
STEPS = 60


@njit(cache=True, nogil=True, error_model="numpy")
def cholesky(matrix, factor):
    """Fill factor with the lower Cholesky factor; return False where the matrix is singular to rounding."""
    p = matrix.shape[0]
    for a in range(p):
        for b in range(a + 1):
            s = matrix[a, b]
            for k in range(b):
                s -= factor[a, k] * factor[b, k]
            if a == b:
                if not s > 1e-12 * matrix[a, a] or not s > 1e-10:
                    return False
                factor[a, a] = math.sqrt(s)
            else:
                factor[a, b] = s / factor[b, b]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def solve(factor, vector, out):
    """Solve factor factor' out = vector."""
    p = vector.size
    for a in range(p):
        s = vector[a]
        for k in range(a):
            s -= factor[a, k] * out[k]
        out[a] = s / factor[a, a]
    for a in range(p - 1, -1, -1):
        s = out[a]
        for k in range(a + 1, p):
            s -= factor[k, a] * out[k]
        out[a] = s / factor[a, a]


@njit(cache=True, nogil=True, error_model="numpy")
def inverse_diagonal(factor, out):
    """Fill out with the square roots of the diagonal of (factor factor')^-1."""
    p = factor.shape[0]
    column, unit = np.empty(p), np.empty(p)
    for a in range(p):
        unit[:] = 0.0
        unit[a] = 1.0
        solve(factor, unit, column)
        out[a] = math.sqrt(column[a])


@njit(cache=True, nogil=True, error_model="numpy")
def newton(x, event, count, layout, ties, work, beta, se):
    """Maximise from the start in beta (p,), fill beta and se; return (loglik, status).

    x is in chunks (see :func:`cox_pass.chunks`), its columns centred and scaled; work is scratch (see
    :func:`cox_pass.workspace`). Near a finite maximum steps shrink quadratically; along a direction in which the
    likelihood is monotone the information dies away and steps do not shrink: that is SEPARATED.
    """
    p = x.shape[1]
    score, info, factor = np.empty(p), np.empty((p, p)), np.zeros((p, p))
    step = np.zeros(p)
    best = -np.inf
    last = beta.copy()
    for _ in range(STEPS):
        loglik = cox_pass(x, event, count, layout, beta, ties, score, info, work)
        if not loglik >= best - 1e-9 * (1.0 + abs(best)):
            for a in range(p):
                step[a] *= 0.5
                beta[a] = last[a] + step[a]
            continue
        best = loglik
        if not cholesky(info, factor):
            return best, SEPARATED
        solve(factor, score, step)
        size = 0.0
        for a in range(p):
            last[a] = beta[a]
            size = max(size, abs(step[a]))
        if size > 4.0:
            for a in range(p):
                step[a] *= 4.0 / size
        for a in range(p):
            beta[a] += step[a]
        if size < 1e-9:
            inverse_diagonal(factor, se)
            return best, CONVERGED
    return best, SEPARATED
