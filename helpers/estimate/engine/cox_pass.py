"""One evaluation of the partial likelihood, its score and its information: two running sums over sorted rows."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

EFRON, BRESLOW = 0, 1


@njit(cache=True, nogil=True, error_model="numpy")
def cox_pass(x, event, count, layout, beta, ties, score, info, risk, hazard, tied):
    """Fill score (p,) and info (p, p) at beta and return the log partial likelihood.

    x (n, p), event and count (n,) are in the layout's order; risk (n,), hazard and tied (blocks,) are scratch.
    A row with count k stands for k tied rows, under Efron too.
    """
    n, p = x.shape
    blocks = layout.starts.size - 1
    late = layout.leaving.size > 0
    s1, e1 = np.zeros(p), np.zeros(p)
    s0 = 0.0
    score[:] = 0.0
    info[:] = 0.0
    loglik = 0.0
    gone = 0
    for g in range(blocks):
        if layout.fresh[g]:
            s0 = 0.0
            s1[:] = 0.0
            gone = layout.starts[g]
        e0 = 0.0
        e1[:] = 0.0
        deaths = 0.0
        for i in range(layout.starts[g], layout.starts[g + 1]):
            eta = 0.0
            for a in range(p):
                eta += beta[a] * x[i, a]
            w = count[i] * math.exp(eta) if count[i] > 0 else 0.0
            risk[i] = w
            s0 += w
            for a in range(p):
                s1[a] += w * x[i, a]
            if event[i] and count[i] > 0:
                deaths += count[i]
                loglik += count[i] * eta
                e0 += w
                for a in range(p):
                    e1[a] += w * x[i, a]
                    score[a] += count[i] * x[i, a]
        if late:
            while gone < layout.left[g]:
                j = layout.leaving[gone]
                s0 -= risk[j]
                for a in range(p):
                    s1[a] -= risk[j] * x[j, a]
                gone += 1
        hazard[g] = 0.0
        tied[g] = 0.0
        if deaths > 0:
            if ties == 1 or deaths == 1:
                a0 = deaths / s0
                b0 = 0.0
                c0 = deaths / (s0 * s0)
                c1 = 0.0
                c2 = 0.0
                loglik -= deaths * math.log(s0)
            else:
                a0 = 0.0
                b0 = 0.0
                c0 = 0.0
                c1 = 0.0
                c2 = 0.0
                for r in range(int(deaths)):
                    f = r / deaths
                    q = s0 - f * e0
                    v = 1.0 / q
                    loglik -= math.log(q)
                    a0 += v
                    b0 += f * v
                    c0 += v * v
                    c1 += f * v * v
                    c2 += f * f * v * v
            hazard[g] = a0
            tied[g] = b0
            for a in range(p):
                for b in range(a + 1):
                    info[a, b] -= c0 * s1[a] * s1[b] - c1 * (s1[a] * e1[b] + e1[a] * s1[b]) + c2 * e1[a] * e1[b]
    _spread(x, event, layout, score, info, risk, hazard, tied)
    return loglik


@njit(cache=True, nogil=True, error_model="numpy")
def _spread(x, event, layout, score, info, risk, hazard, tied):
    """Give each row its share of cumulative hazard: hazard (blocks,) becomes cumulative."""
    p = x.shape[1]
    late = layout.leaving.size > 0
    total = 0.0
    for g in range(layout.starts.size - 2, -1, -1):
        total += hazard[g]
        hazard[g] = total
        for i in range(layout.starts[g], layout.starts[g + 1]):
            m = total
            if late and layout.before[i] >= 0:
                m -= hazard[layout.before[i]]
            if event[i]:
                m -= tied[g]
            m *= risk[i]
            for a in range(p):
                score[a] -= m * x[i, a]
                for b in range(a + 1):
                    info[a, b] += m * x[i, a] * x[i, b]
        if layout.fresh[g]:
            total = 0.0
