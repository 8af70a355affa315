"""One evaluation of the partial likelihood, its score and its information: two running sums over sorted rows.

Two rearrangements make it fast. The second moment of the risk set is never summed up: each row gets its share of the
cumulative hazard, and the information is X' diag(share) X less one outer product for each event time (two if deaths
are tied). And rows are stored in chunks of columns, so that every inner loop runs over neighbours in memory, without
branches: running sums are written at every row, each time to the place of the next event, where the last one stays.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from helpers.resampling.checks import Floats
from helpers.resampling.exponential import exponential

EFRON, BRESLOW = 0, 1
CHUNK = 256
FAST = {"contract", "reassoc", "nsz"}


def chunks_shape(n, p):
    """Return the shape of n rows in chunks: (chunks, p, rows of a chunk), the last a multiple of eight."""
    width = min(CHUNK, -(-n // 8) * 8)
    return -(-n // width), p, width


def chunks(X, order, centre, scale):
    """Return X[order], centred and scaled, as (chunks, p, rows of a chunk), the last chunk filled up with 0."""
    out = np.empty(chunks_shape(*X.shape))
    out[-1] = 0.0
    gather(X, order, centre, 1.0 / scale, out)
    return out


@njit(cache=True, nogil=True)
def gather(X, order, centre, factor, out):
    """Fill out (chunks, p, rows of a chunk) with (X[order] - centre) * factor."""
    p, width = X.shape[1], out.shape[2]
    for c in range(out.shape[0]):
        rows = order[c * width : (c + 1) * width].view(np.uint64)
        touched = 0.0  # first ask for all rows of the chunk, so that memory answers many requests at once
        for row in rows:
            for a in range(0, p, 8):
                touched += X[row, a]
        out[c, 0, 0] = touched
        for a in range(p):
            for i in range(rows.size):
                out[c, a, i] = (X[rows[i], a] - centre[a]) * factor[a]


class Work(NamedTuple):
    """Scratch arrays of :func:`cox_pass`.

    Attributes
    ----------
    risk : (n,)
    hazard, tied : (blocks,)
        Cumulative hazard and Efron's part of it.
    sums, dying_sums : (p,)
        Running sums of risk times x, and of the same over those who die in the block.
    rows : (8, rows of a chunk)
        Of each row of a chunk: x beta, deaths, dying risk, 0 where a stratum and where a block opens; of each event: the
        weights of its outer products and Efron's ratio between them.
    slot : (rows of a chunk,)
        How many events of the chunk stand before each row.
    at_risk, dying : (p, rows of a chunk)
        What `sums` and `dying_sums` are at each event of a chunk.
    """

    risk: Floats
    hazard: Floats
    tied: Floats
    sums: Floats
    dying_sums: Floats
    rows: Floats
    slot: NDArray[np.int64]
    at_risk: Floats
    dying: Floats


def workspace(layout, x):
    """Return the scratch arrays of :func:`cox_pass` for rows x in chunks."""
    blocks, (_, p, width) = layout.fresh.size, x.shape
    rows = (np.empty(layout.order.size), np.empty(blocks), np.empty(blocks))
    chunk = (np.empty((8, width)), np.empty(width, np.int64), np.zeros((p, width)), np.zeros((p, width)))
    return Work(*rows, np.empty(p), np.empty(p), *chunk)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def cox_pass(x, event, count, layout, beta, ties, score, info, work):
    """Fill score (p,) and info (p, p; lower triangle) at beta and return the log partial likelihood.

    Parameters
    ----------
    x : (chunks, p, rows of a chunk), see :func:`chunks`
    event, count : (n,) in the layout's order; a row with count k stands for k tied rows, under Efron too
    work : scratch from :func:`workspace`
    """
    risk, hazard, tied, sums, dying_sums, rows, slot, at_risk, dying_risk = work
    eta, deaths, dying, stays = rows[0], rows[1], rows[2], rows[3]  # contiguous, which an unpacked array is not
    goes_on, weight, tied_weight, ratio = rows[4], rows[5], rows[6], rows[7]
    starts, fresh, leaving, left = layout.starts, layout.fresh, layout.leaving, layout.left
    n, p, width = event.size, x.shape[1], x.shape[2]
    late = leaving.size > 0
    info[:] = 0.0
    sums[:] = 0.0
    dying_sums[:] = 0.0
    s0, e0, died = 0.0, 0.0, 0.0
    loglik, product = 0.0, 1.0  # product of risk sums, so that few logarithms are taken
    gone, g = 0, 0
    for c in range(x.shape[0]):
        low, size = c * width, min(width, n - c * width)
        here = slice(low, low + size)
        _risks(x[c], event[here], count[here], beta, eta, risk[here], deaths, dying)
        for i in range(size):
            loglik += deaths[i] * eta[i]
        _times(x[c], risk[here], at_risk)
        held, any_tied = 0, False
        for i in range(size):
            stays[i], goes_on[i] = 1.0, 1.0
            if low + i == starts[g]:
                goes_on[i] = 0.0
                if fresh[g]:
                    s0, gone, stays[i] = 0.0, low + i, 0.0
            slot[i] = held
            s0 += risk[low + i]
            e0 += dying[i]
            died += deaths[i]
            if low + i + 1 < starts[g + 1]:
                continue
            if late:
                while gone < left[g]:
                    j = leaving[gone]
                    s0 -= risk[j]
                    for a in range(p):
                        at_risk[a, i] -= risk[j] * x[j // width, a, j % width]
                    gone += 1
            if ties == BRESLOW or died <= 1:
                s = s0 if died > 0 else 1.0
                hazard[g], tied[g] = died / s, 0.0
                weight[held], tied_weight[held], ratio[held] = -died / (s * s), 0.0, 0.0
                if died <= 1:
                    product *= s
                    if not 1e-100 < product < 1e100:
                        loglik -= math.log(product)
                        product = 1.0
                else:
                    loglik -= died * math.log(s)
            else:
                hazard[g], tied[g], c0, c1, c2 = _tied_deaths(died, s0, e0)
                loglik -= _tied_logs(died, s0, e0)
                weight[held], tied_weight[held], ratio[held] = -c0, c1 * c1 / c0 - c2, c1 / c0
                any_tied = True
            held += died > 0
            e0, died = 0.0, 0.0
            g += 1
        weight[held:], tied_weight[held:] = 0.0, 0.0
        _running(at_risk, stays, slot, sums, size)
        if any_tied or died > 0:
            _times(x[c], dying, dying_risk)
            _running(dying_risk, goes_on, slot, dying_sums, size)
        else:
            dying_sums[:] = 0.0
        if any_tied:
            for a in range(p):
                for k in range(held):
                    at_risk[a, k] -= ratio[k] * dying_risk[a, k]
            _cross(dying_risk, tied_weight, held, info)
        _cross(at_risk, weight, held, info)
    _spread(x, event, count, layout, score, info, work)
    return loglik - math.log(product)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _risks(x, event, count, beta, eta, risk, deaths, dying):
    """Fill eta with x beta, risk with count exp(eta), deaths and dying with count and risk of events, else 0."""
    eta[:] = 0.0
    for a in range(beta.size):
        b = beta[a]
        for i in range(eta.size):
            eta[i] += b * x[a, i]
    for i in range(risk.size):
        risk[i] = count[i] * exponential(eta[i])
    for i in range(risk.size):
        deaths[i] = count[i] * event[i]
        dying[i] = risk[i] * event[i]


@njit(cache=True, nogil=True)
def _times(x, weight, out):
    """Fill out (p, rows of a chunk) with x times weight."""
    for a in range(x.shape[0]):
        for i in range(weight.size):
            out[a, i] = weight[i] * x[a, i]


@njit(cache=True, nogil=True, fastmath={"contract"})
def _running(columns, keep, slot, sums, size):
    """Replace columns (p, rows of a chunk) by running sums, each written to its row's slot; sums goes on from chunk to chunk.

    Four columns go side by side, so that the processor adds them up at the same time; the last may be done twice.
    """
    p = sums.size
    for a in range(0, p, 4):
        b, c, d = min(a + 1, p - 1), min(a + 2, p - 1), min(a + 3, p - 1)
        s, t, u, v = sums[a], sums[b], sums[c], sums[d]
        for i in range(size):
            here = slot[i]
            s, t = keep[i] * s + columns[a, i], keep[i] * t + columns[b, i]
            u, v = keep[i] * u + columns[c, i], keep[i] * v + columns[d, i]
            columns[a, here], columns[b, here], columns[c, here], columns[d, here] = s, t, u, v
        sums[a], sums[b], sums[c], sums[d] = s, t, u, v


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _cross(columns, weight, size, info):
    """Add columns diag(weight) columns' to the lower triangle of info, in tiles of two by two; weight is 0 from size on."""
    p, size = info.shape[0], min(columns.shape[1], -(-size // 32) * 32)
    for a in range(0, p, 2):
        c = min(a + 1, p - 1)
        for b in range(0, a + 1, 2):
            d = min(b + 1, p - 1)
            ab, ad, cb, cd = 0.0, 0.0, 0.0, 0.0
            for i in range(size):
                u, v = weight[i] * columns[a, i], weight[i] * columns[c, i]
                ab += u * columns[b, i]
                ad += u * columns[d, i]
                cb += v * columns[b, i]
                cd += v * columns[d, i]
            info[a, b] += ab
            if c > a:
                info[c, b] += cb
                info[c, d] += cd
            if d < a:
                info[a, d] += ad


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _tied_deaths(deaths, s0, e0):
    """Return Efron's sums over tied deaths of 1/q, f/q, 1/q2, f/q2 and f2/q2, with q = s0 - f e0."""
    a0, b0, c0, c1, c2 = 0.0, 0.0, 0.0, 0.0, 0.0
    part = 1.0 / deaths
    for r in range(int(deaths)):
        f = r * part
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
    logs, product, part = 0.0, 1.0, e0 / deaths
    for r in range(int(deaths)):
        product *= s0 - r * part
        if not 1e-100 < product < 1e100:
            logs += math.log(product)
            product = 1.0
    return logs + math.log(product)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)
def _spread(x, event, count, layout, score, info, work):
    """Give each row its share of cumulative hazard: score = X' (deaths - share), info += X' diag(share) X."""
    n, p, width = event.size, x.shape[1], x.shape[2]
    risk, hazard, tied = work.risk, work.hazard, work.tied
    share, residual = work.rows[0], work.rows[1]
    block, before = layout.block, layout.before
    late = layout.leaving.size > 0
    total = 0.0
    for g in range(hazard.size - 1, -1, -1):
        total += hazard[g]
        hazard[g] = total
        if layout.fresh[g]:
            total = 0.0
    score[:] = 0.0
    for c in range(x.shape[0]):
        low, size = c * width, min(width, n - c * width)
        share[size:] = 0.0
        residual[size:] = 0.0
        for i in range(size):
            g = block[low + i]
            share[i] = hazard[g] - event[low + i] * tied[g]
        if late:
            for i in range(size):
                if before[low + i] >= 0:
                    share[i] -= hazard[before[low + i]]
        for i in range(size):
            share[i] *= risk[low + i]
            residual[i] = count[low + i] * event[low + i] - share[i]
        for a in range(p):
            s = 0.0
            for i in range(width):
                s += residual[i] * x[c, a, i]
            score[a] += s
        _cross(x[c], share, size, info)
