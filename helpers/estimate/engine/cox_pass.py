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
HELD = 128
FAST = {"contract", "reassoc", "nsz"}


@njit(cache=True, nogil=True)
def chunk_width(n):
    """Return how many rows stand in one chunk: a multiple of eight."""
    return min(CHUNK, -(-n // 8) * 8)


def chunks(X, order, centre, scale):
    """Return X[order], centred and scaled, as (chunks, p, rows of a chunk), the last chunk filled up with 0."""
    n, p = X.shape
    width = chunk_width(n)
    out = np.empty((-(-n // width), p, width))
    out[-1] = 0.0
    gather(X, order, centre, 1.0 / scale, out)
    return out


@njit(cache=True, nogil=True)
def gather(X, order, centre, factor, out):
    """Fill out (chunks, p, rows of a chunk) with (X[order] - centre) * factor."""
    n, p = X.shape
    width = out.shape[2]
    for c in range(out.shape[0]):
        size = min(width, n - c * width)
        touched = 0.0  # first ask for all rows of the chunk, so that memory answers many requests at once
        for i in range(size):
            row = order[c * width + i]
            for a in range(0, p, 8):
                touched += X[row, a]
        out[c, 0, 0] = touched
        for i in range(size):
            row = order[c * width + i]
            for a in range(p):
                out[c, a, i] = (X[row, a] - centre[a]) * factor[a]


@njit(cache=True, nogil=True, fastmath=FAST)
def sum_over_events(x, event, count):
    """Return the sum of the rows of x over the events, each as often as it counts."""
    p, width = x.shape[1], x.shape[2]
    total, weight = np.zeros(p), np.zeros(width)
    for c in range(x.shape[0]):
        weight[:] = 0.0
        for i in range(min(width, event.size - c * width)):
            weight[i] = count[c * width + i] * event[c * width + i]
        for a in range(p):
            s = 0.0
            for i in range(width):
                s += weight[i] * x[c, a, i]
            total[a] += s
    return total


@njit(cache=True, nogil=True)
def workspace(n, blocks, p, width):
    """Return the scratch arrays of :func:`cox_pass`."""
    rows = (np.empty(n), np.empty(blocks), np.empty(blocks))  # risk, cumulative hazard, Efron's part of it
    sums = (np.empty(p), np.empty(p))
    chunk = (np.empty(width), np.empty(width))
    held = (np.empty((p, HELD)), np.empty(HELD), np.empty(HELD))
    return rows + sums + chunk + held


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
    risk, hazard, tied, s1, e1, dying, _, columns, weight, weighted = work
    n, p, width = event.size, x.shape[1], x.shape[2]
    late = layout.leaving.size > 0
    info[:] = 0.0
    e1[:] = 0.0
    s0, e0, deaths = 0.0, 0.0, 0.0
    loglik, product = 0.0, 1.0  # product of risk sums, so that few logarithms are taken
    gone, held, g = 0, 0, 0
    for c in range(x.shape[0]):
        low, high = c * width, min((c + 1) * width, n)
        _risks(x[c], event, count, beta, risk, dying, low, high)
        i = low
        while i < high:
            start, stop = layout.starts[g], layout.starts[g + 1]
            if i == start and layout.fresh[g]:
                s0, gone = 0.0, i
                s1[:] = 0.0
            end = min(stop, high)
            if stop - start == 1:
                s0 += risk[i]
                for a in range(p):
                    s1[a] += risk[i] * x[c, a, i - low]
                if event[i]:
                    e0, deaths = risk[i], count[i]
                    if deaths > 1:
                        for a in range(p):
                            e1[a] = e0 * x[c, a, i - low]
            else:
                s, e, d = _segment(x[c], event, count, risk, dying, s1, e1, low, i, end)
                s0 += s
                e0 += e
                deaths += d
            i = end
            if end < stop:
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
                if held + 2 > HELD:
                    _subtract(columns, weight, weighted, held, info)
                    held = 0
                if ties == 1 or deaths == 1:
                    v = 1.0 / s0
                    hazard[g] = deaths * v
                    weight[held] = deaths * v * v
                    for a in range(p):
                        columns[a, held] = s1[a]
                    held += 1
                    if deaths == 1:
                        product *= s0
                        if not 1e-100 < product < 1e100:
                            loglik -= math.log(product)
                            product = 1.0
                    else:
                        loglik -= deaths * math.log(s0)
                else:
                    hazard[g], tied[g], c0, c1, c2 = _tied_deaths(deaths, s0, e0)
                    loglik -= _tied_logs(deaths, s0, e0)
                    ratio = c1 / c0
                    weight[held], weight[held + 1] = c0, c2 - c1 * ratio
                    for a in range(p):
                        columns[a, held] = s1[a] - ratio * e1[a]
                        columns[a, held + 1] = e1[a]
                    held += 2
                e0, deaths = 0.0, 0.0
                e1[:] = 0.0
            g += 1
    _subtract(columns, weight, weighted, held, info)
    _spread(x, event, layout, observed, score, info, work)
    for a in range(p):
        loglik += beta[a] * observed[a]
    return loglik - math.log(product)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _risks(x, event, count, beta, risk, dying, low, high):
    """Fill risk[low:high] with count * exp(x beta), and dying (chunk) with the same for events, else 0."""
    dying[:] = 0.0
    for a in range(beta.size):
        b = beta[a]
        for i in range(dying.size):
            dying[i] += b * x[a, i]
    for i in range(high - low):
        r = count[low + i] * exponential(dying[i])
        risk[low + i] = r
        dying[i] = r * event[low + i]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _segment(x, event, count, risk, dying, s1, e1, low, begin, end):
    """Add rows of one block to s1 and e1 (p,); return what they add to the sums of risk, dying risk and deaths."""
    s0, e0, deaths = 0.0, 0.0, 0.0
    for j in range(begin, end):
        s0 += risk[j]
        e0 += dying[j - low]
        deaths += count[j] * event[j]
    for a in range(s1.size):
        s, e = 0.0, 0.0
        for j in range(begin, end):
            s += risk[j] * x[a, j - low]
            e += dying[j - low] * x[a, j - low]
        s1[a] += s
        e1[a] += e
    return s0, e0, deaths


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _tied_deaths(deaths, s0, e0):
    """Return Efron's sums over tied deaths of 1/q, f/q, 1/q2, f/q2 and f2/q2, with q = s0 - f e0."""
    a0, b0, c0, c1, c2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(int(deaths)):
        f = r / deaths
        v = 1.0 / (s0 - f * e0)
        a0 += v
        b0 += f * v
        c0 += v * v
        c1 += f * v * v
        c2 += f * f * v * v
    return a0, b0, c0, c1, c2


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _tied_logs(deaths, s0, e0):
    """Return the sum over tied deaths of log(s0 - f e0)."""
    logs, product = 0.0, 1.0
    for r in range(int(deaths)):
        product *= s0 - r / deaths * e0
        if not 1e-100 < product < 1e100:
            logs += math.log(product)
            product = 1.0
    return logs + math.log(product)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _subtract(columns, weight, weighted, held, info):
    """Take the weighted outer products of the held columns from info."""
    for a in range(info.shape[0]):
        for k in range(held):
            weighted[k] = weight[k] * columns[a, k]
        for b in range(a + 1):
            s = 0.0
            for k in range(held):
                s += weighted[k] * columns[b, k]
            info[a, b] -= s


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _spread(x, event, layout, observed, score, info, work):
    """Give each row its share of cumulative hazard: score = observed - X' share, info += X' diag(share) X."""
    risk, hazard, tied, _, _, share, shared, _, _, _ = work
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
            share[i] = hazard[g] - event[low + i] * tied[g]
        if late:
            for i in range(size):
                if layout.before[low + i] >= 0:
                    share[i] -= hazard[layout.before[low + i]]
        for i in range(size):
            share[i] *= risk[low + i]
        for a in range(p):
            s = 0.0
            for i in range(width):
                shared[i] = share[i] * x[c, a, i]
                s += shared[i]
            score[a] -= s
            for b in range(a + 1):
                s = 0.0
                for i in range(width):
                    s += shared[i] * x[c, b, i]
                info[a, b] += s
