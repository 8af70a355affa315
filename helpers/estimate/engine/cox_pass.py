"""One evaluation of the partial likelihood, its score and its information: two running sums over sorted rows.

Two rearrangements make it fast. The second moment of the risk set is never summed up: each row gets its share of the
cumulative hazard, and the information is X' diag(share) X less one outer product for each event time (two if deaths
are tied). And rows are stored in chunks of columns, so that every inner loop runs over neighbours in memory.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from helpers.estimate.engine.exponential import exponential

EFRON, BRESLOW = 0, 1
CHUNK = 256
FAST = {"contract", "reassoc", "nsz"}


def chunks(X, order, centre, scale):
    """Return X[order], centred and scaled, as (chunks, p, rows of a chunk), the last chunk filled up with 0."""
    n, p = X.shape
    width = min(CHUNK, -(-n // 8) * 8)
    out = np.zeros((-(-n // width), p, width))
    _gather(X, order, centre, 1.0 / scale, out)
    return out


@njit(cache=True, nogil=True)
def _gather(X, order, centre, factor, out):
    n, p = X.shape
    width = out.shape[2]
    for c in range(out.shape[0]):
        for i in range(min(width, n - c * width)):
            row = order[c * width + i]
            for a in range(p):
                out[c, a, i] = (X[row, a] - centre[a]) * factor[a]


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _risks(x, count, beta, eta, risk, low, size):
    """Fill eta (chunk) and risk[low : low + size] = count * exp(eta)."""
    eta[:] = 0.0
    for a in range(beta.size):
        b = beta[a]
        for i in range(eta.size):
            eta[i] += b * x[a, i]
    for i in range(size):
        risk[low + i] = count[low + i] * exponential(eta[i])


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def cox_pass(x, event, count, layout, observed, beta, ties, score, info, work):
    """Fill score (p,) and info (p, p; lower triangle) at beta and return the log partial likelihood.

    Parameters
    ----------
    x : (chunks, p, rows of a chunk), see :func:`chunks`
    event, count : (n,) in the layout's order; a row with count k stands for k tied rows, under Efron too
    observed : (p,) sum of x over the events
    work : scratch from :func:`workspace`
    """
    risk, hazard, tied, s1, e1, eta, columns, weight = work
    n, p, width = event.size, x.shape[1], x.shape[2]
    blocks = layout.starts.size - 1
    late = layout.leaving.size > 0
    info[:] = 0.0
    loglik = 0.0
    for a in range(p):
        loglik += beta[a] * observed[a]
    s0, gone, held, g = 0.0, 0, 0, 0
    e0, deaths = 0.0, 0.0
    e1[:] = 0.0
    for c in range(x.shape[0]):
        low, size = c * width, min(width, n - c * width)
        _risks(x[c], count, beta, eta, risk, low, size)
        i = low
        while i < low + size:
            first = i == layout.starts[g]
            if first and layout.fresh[g]:
                s0, gone = 0.0, i
                s1[:] = 0.0
            end = min(layout.starts[g + 1], low + size)
            if end - i == 1:
                w = risk[i]
                s0 += w
                for a in range(p):
                    s1[a] += w * x[c, a, i - low]
            else:
                for j in range(i, end):
                    s0 += risk[j]
                for a in range(p):
                    s = 0.0
                    for j in range(i, end):
                        s += risk[j] * x[c, a, j - low]
                    s1[a] += s
            single = layout.starts[g + 1] - layout.starts[g] == 1
            for j in range(i, end):
                if event[j]:
                    deaths += count[j]
                    e0 += risk[j]
                    if count[j] > 0 and not (single and count[j] == 1):
                        for a in range(p):
                            e1[a] += risk[j] * x[c, a, j - low]
            i = end
            if end < layout.starts[g + 1]:
                continue
            if late:
                while gone < layout.left[g]:
                    j = layout.leaving[gone]
                    s0 -= risk[j]
                    for a in range(p):
                        s1[a] -= risk[j] * x[j // width, a, j % width]
                    gone += 1
            hazard[g], tied[g] = 0.0, 0.0
            if deaths > 0:
                if held + 2 > weight.size:
                    _subtract(columns, weight, held, info)
                    held = 0
                if ties == 1 or deaths == 1:
                    v = 1.0 / s0
                    loglik -= deaths * math.log(s0)
                    hazard[g] = deaths * v
                    weight[held] = deaths * v * v
                    for a in range(p):
                        columns[a, held] = s1[a]
                    held += 1
                else:
                    a0, b0, c0, c1, c2, logs = _tied_deaths(deaths, s0, e0)
                    loglik -= logs
                    hazard[g], tied[g] = a0, b0
                    ratio = c1 / c0
                    weight[held], weight[held + 1] = c0, c2 - c1 * ratio
                    for a in range(p):
                        columns[a, held] = s1[a] - ratio * e1[a]
                        columns[a, held + 1] = e1[a]
                    held += 2
                e0, deaths = 0.0, 0.0
                e1[:] = 0.0
            g += 1
    _subtract(columns, weight, held, info)
    _spread(x, event, layout, hazard, tied, risk, observed, score, info, eta)
    return loglik


@njit(cache=True, nogil=True)
def workspace(n, blocks, p, width):
    """Return the scratch arrays of :func:`cox_pass`."""
    return (
        np.empty(n),
        np.empty(blocks),
        np.empty(blocks),
        np.empty(p),
        np.empty(p),
        np.empty(width),
        np.empty((p, 128)),
        np.empty(128),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _tied_deaths(deaths, s0, e0):
    """Return Efron's sums over tied deaths of 1/q, f/q, 1/q2, f/q2, f2/q2 and log q, with q = s0 - f e0."""
    a0, b0, c0, c1, c2, logs = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    part = 1.0
    for r in range(int(deaths)):
        f = r / deaths
        q = s0 - f * e0
        v = 1.0 / q
        a0 += v
        b0 += f * v
        c0 += v * v
        c1 += f * v * v
        c2 += f * f * v * v
        logs += math.log(q)
    return a0, b0, c0, c1, c2, logs


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _subtract(columns, weight, held, info):
    """Take the weighted outer products of the held columns from info."""
    p = info.shape[0]
    for a in range(p):
        for b in range(a + 1):
            s = 0.0
            for k in range(held):
                s += weight[k] * columns[a, k] * columns[b, k]
            info[a, b] -= s


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _spread(x, event, layout, hazard, tied, risk, observed, score, info, share):
    """Give each row its share of cumulative hazard: hazard (blocks,) becomes cumulative."""
    n, p, width = event.size, x.shape[1], x.shape[2]
    late = layout.leaving.size > 0
    total = 0.0
    for g in range(hazard.size - 1, -1, -1):
        total += hazard[g]
        hazard[g] = total
        if layout.fresh[g]:
            total = 0.0
    score[:] = observed
    for c in range(x.shape[0]):
        low, size = c * width, min(width, n - c * width)
        share[:] = 0.0
        for i in range(size):
            g = layout.block[low + i]
            m = hazard[g]
            if event[low + i]:
                m -= tied[g]
            share[i] = m
        if late:
            for i in range(size):
                if layout.before[low + i] >= 0:
                    share[i] -= hazard[layout.before[low + i]]
        for i in range(size):
            share[i] *= risk[low + i]
        for a in range(p):
            s = 0.0
            for i in range(width):
                s += share[i] * x[c, a, i]
            score[a] -= s
            for b in range(a + 1):
                s = 0.0
                for i in range(width):
                    s += share[i] * x[c, a, i] * x[c, b, i]
                info[a, b] += s
