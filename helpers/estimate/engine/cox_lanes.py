"""Eight resamples at a time: the partial likelihood of :mod:`cox_pass` with one resample in each lane.

The sort, the covariates and the blocks are shared; only counts and coefficients differ between lanes. A lane that has
converged takes the next resample at once. What does not converge in a few plain Newton steps is left to the careful
:func:`cox_newton.newton`, which also tells a monotone likelihood.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from helpers.estimate.engine.cox_newton import CONVERGED, cholesky, inverse_diagonal, newton, solve
from helpers.estimate.engine.cox_pass import workspace
from helpers.estimate.engine.simd import LANES, exp_lanes, largest, load, spread, store, where_less

PLAIN_STEPS = 9
TILE = 8


def products(x):
    """Return, for rows x (n, p), the columns x_a and x_a x_b (b <= a) in tiles of eight: (tiles, n, 8)."""
    n, p = x.shape
    columns = [x[:, a] for a in range(p)] + [x[:, a] * x[:, b] for a in range(p) for b in range(a + 1)]
    out = np.zeros((-(-len(columns) // TILE), n, TILE))
    for k, column in enumerate(columns):
        out[k // TILE, :, k % TILE] = column
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def resamples(x, tiles, chunked, event, counts, layout, ties, start):
    """Fit each row of counts (resamples, n in the order of the input); return coef, se and separated.

    Parameters
    ----------
    x : (n, p), rows in the layout's order, columns centred and scaled
    tiles : see :func:`products`
    chunked : the same rows as :func:`cox_pass.chunks` stores them
    start : (p,) where Newton's steps begin
    """
    n, p = x.shape
    total = counts.shape[0]
    coef, se = np.full((total, p), np.nan), np.full((total, p), np.nan)
    separated = np.ones(total, np.bool_)
    count = np.zeros(n * LANES)
    beta = np.zeros(p * LANES)
    sums = np.zeros(tiles.shape[0] * TILE * LANES)
    outer = np.zeros(p * (p + 1) // 2 * LANES)
    observed = np.zeros(p * LANES)
    work = lane_workspace(n, layout.fresh.size, p)
    score, info, factor, step = np.empty(p), np.empty((p, p)), np.zeros((p, p)), np.empty(p)
    careful, one_count = workspace(n, layout.fresh.size, p, chunked.shape[2]), np.empty(n)
    holds, steps = np.full(LANES, -1), np.zeros(LANES, np.int64)
    upcoming, busy = 0, 0
    for lane in range(LANES):
        if upcoming < total:
            _take(lane, upcoming, counts, layout.order, x, event, start, count, beta, observed)
            holds[lane], steps[lane] = upcoming, 0
            upcoming += 1
            busy += 1
    while busy > 0:
        evaluate(x, tiles, event, count, layout, ties, beta, sums, outer, work)
        for lane in range(LANES):
            r = holds[lane]
            if r < 0:
                continue
            k = p
            for a in range(p):
                score[a] = observed[a * LANES + lane] - sums[a * LANES + lane]
                for b in range(a + 1):
                    info[a, b] = sums[k * LANES + lane] - outer[(k - p) * LANES + lane]
                    k += 1
            steps[lane] += 1
            size = np.inf
            if cholesky(info, factor):
                solve(factor, score, step)
                size = 0.0
                for a in range(p):
                    size = max(size, abs(step[a]))
            if size < 1e-9:
                for a in range(p):
                    coef[r, a] = beta[a * LANES + lane] + step[a]
                inverse_diagonal(factor, se[r])
                separated[r] = False
            elif size < 3.0 and steps[lane] < PLAIN_STEPS:
                for a in range(p):
                    beta[a * LANES + lane] += step[a]
                continue
            else:
                for i in range(n):
                    one_count[i] = count[i * LANES + lane]
                coef[r, :] = 0.0
                _, status = newton(chunked, event, one_count, layout, ties, careful, coef[r], se[r])
                separated[r] = status != CONVERGED
                if separated[r]:
                    coef[r, :] = np.nan
            if upcoming < total:
                _take(lane, upcoming, counts, layout.order, x, event, start, count, beta, observed)
                holds[lane], steps[lane] = upcoming, 0
                upcoming += 1
            else:
                holds[lane] = -1
                busy -= 1
    return coef, se, separated


@njit(cache=True, nogil=True)
def _take(lane, r, counts, order, x, event, start, count, beta, observed):
    """Put resample r into lane lane."""
    n, p = x.shape
    for a in range(p):
        beta[a * LANES + lane] = start[a]
        observed[a * LANES + lane] = 0.0
    for i in range(n):
        c = float(counts[r, order[i]])
        count[i * LANES + lane] = c
        if event[i] and c > 0:
            for a in range(p):
                observed[a * LANES + lane] += c * x[i, a]


@njit(cache=True, nogil=True)
def lane_workspace(n, blocks, p):
    """Return the scratch arrays of :func:`evaluate`."""
    risk, hazard, tied = np.empty(n * LANES), np.empty(blocks * LANES), np.empty(blocks * LANES)
    return risk, hazard, tied, np.empty(p * LANES), np.empty(p * LANES), np.empty(p * LANES), np.empty(p * LANES)


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate(x, tiles, event, count, layout, ties, beta, sums, outer, work):
    """Fill, for each lane, sums (shares times products) and outer (what the information loses at event times)."""
    risk, hazard, tied, s1, e1, left, right = work
    p = x.shape[1]
    late = layout.leaving.size > 0
    zero = spread(0.0)
    for k in range(outer.size // LANES):
        store(outer, k, zero)
    s0 = zero
    gone = 0
    for g in range(layout.fresh.size):
        start, stop = layout.starts[g], layout.starts[g + 1]
        if layout.fresh[g]:
            s0, gone = zero, start
            for a in range(p):
                store(s1, a, zero)
        e0, deaths, dying = zero, zero, 0
        for i in range(start, stop):
            eta = zero
            for a in range(p):
                eta = eta + load(beta, a) * x[i, a]
            c = load(count, i)
            r = c * exp_lanes(eta)
            store(risk, i, r)
            s0 = s0 + r
            for a in range(p):
                store(s1, a, load(s1, a) + r * x[i, a])
            if event[i]:
                e0 = e0 + r
                deaths = deaths + c
                for a in range(p):
                    v = r * x[i, a]
                    store(e1, a, v if dying == 0 else load(e1, a) + v)
                dying += 1
        if late:
            while gone < layout.left[g]:
                j = layout.leaving[gone]
                r = load(risk, j)
                s0 = s0 - r
                for a in range(p):
                    store(s1, a, load(s1, a) - r * x[j, a])
                gone += 1
        a0, b0 = zero, zero
        most = largest(deaths) if dying > 0 else 0.0
        if most > 0.0:
            first = where_less(zero, deaths, 1.0 / s0)
            if ties == 1 or most == 1.0:
                a0 = deaths * first
                c0 = a0 * first
                k = 0
                for a in range(p):
                    u = c0 * load(s1, a)
                    for b in range(a + 1):
                        store(outer, k, load(outer, k) + u * load(s1, b))
                        k += 1
            else:
                a0 = first
                c0, c1, c2 = first * first, zero, zero
                part = 1.0 / deaths
                r = 1.0
                while r < most:
                    f = part * r
                    v = where_less(spread(r), deaths, 1.0 / (s0 - f * e0))
                    f = where_less(spread(r), deaths, f)
                    fv = f * v
                    a0 = a0 + v
                    b0 = b0 + fv
                    c0 = c0 + v * v
                    c1 = c1 + fv * v
                    c2 = c2 + fv * fv
                    r += 1.0
                for a in range(p):
                    s, e = load(s1, a), load(e1, a)
                    store(left, a, c0 * s - c1 * e)
                    store(right, a, c2 * e - c1 * s)
                k = 0
                for a in range(p):
                    u, w = load(left, a), load(right, a)
                    for b in range(a + 1):
                        store(outer, k, load(outer, k) + u * load(s1, b) + w * load(e1, b))
                        k += 1
        store(hazard, g, a0)
        store(tied, g, b0)
    _shares(event, layout, risk, hazard, tied)
    for t in range(tiles.shape[0]):
        _sum_tile(tiles[t], risk, sums, t * TILE)


@njit(cache=True, nogil=True)
def _shares(event, layout, risk, hazard, tied):
    """Turn risk into each row's share of cumulative hazard, and hazard into cumulative hazard."""
    late = layout.leaving.size > 0
    total = spread(0.0)
    for g in range(layout.fresh.size - 1, -1, -1):
        total = total + load(hazard, g)
        store(hazard, g, total)
        less = total - load(tied, g)
        for i in range(layout.starts[g], layout.starts[g + 1]):
            m = less if event[i] else total
            if late and layout.before[i] >= 0:
                m = m - load(hazard, layout.before[i])
            store(risk, i, m * load(risk, i))
        if layout.fresh[g]:
            total = spread(0.0)


@njit(cache=True, nogil=True)
def _sum_tile(tile, share, sums, first):
    """Sum share times each of eight columns over the rows, in registers."""
    a0, a1, a2, a3 = spread(0.0), spread(0.0), spread(0.0), spread(0.0)
    a4, a5, a6, a7 = spread(0.0), spread(0.0), spread(0.0), spread(0.0)
    for i in range(tile.shape[0]):
        m = load(share, i)
        a0 = a0 + m * tile[i, 0]
        a1 = a1 + m * tile[i, 1]
        a2 = a2 + m * tile[i, 2]
        a3 = a3 + m * tile[i, 3]
        a4 = a4 + m * tile[i, 4]
        a5 = a5 + m * tile[i, 5]
        a6 = a6 + m * tile[i, 6]
        a7 = a7 + m * tile[i, 7]
    store(sums, first, a0)
    store(sums, first + 1, a1)
    store(sums, first + 2, a2)
    store(sums, first + 3, a3)
    store(sums, first + 4, a4)
    store(sums, first + 5, a5)
    store(sums, first + 6, a6)
    store(sums, first + 7, a7)
