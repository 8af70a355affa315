"""Eight resamples at a time: the partial likelihood of :mod:`cox_pass` with one resample in each lane.

The sort, the covariates and the blocks are shared; only counts and coefficients differ between lanes. A lane that has
converged takes the next resample at once. What does not converge in a few plain Newton steps is left to the caller, for
the careful :func:`cox_newton.newton`, which also tells a monotone likelihood.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from helpers.resampling.cox_newton import cholesky, inverse_diagonal, solve
from helpers.resampling.simd import LANES, exp_lanes, largest, load, spread, store, where_less

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


def fill_up(x):
    """Return x (n, p) with columns of 0 added until p is a multiple of four."""
    return np.ascontiguousarray(np.pad(x, ((0, 0), (0, -x.shape[1] % 4))))


@njit(cache=True, nogil=True, error_model="numpy")
def resamples(x, tiles, event, counts, layout, ties, start):
    """Fit each row of counts (resamples, n in the order of the input); return coef, se and whether each is left over.

    Parameters
    ----------
    x : (n, p or a little more), rows in the layout's order, columns centred and scaled, filled up with columns of 0
        to a multiple of four
    tiles : see :func:`products`
    start : (p,) where Newton's steps begin
    """
    n, p = x.shape[0], start.size
    wide = x.shape[1]
    total = counts.shape[0]
    coef, se = np.full((total, p), np.nan), np.full((total, p), np.nan)
    left_over = np.zeros(total, np.bool_)
    count = np.zeros(n * LANES)
    beta = np.zeros(wide * LANES)
    sums = np.zeros(tiles.shape[0] * TILE * LANES)
    outer = np.zeros(wide * wide * LANES)
    observed = np.zeros(p * LANES)
    work = lane_workspace(n, layout.fresh.size, wide)
    score, info, factor, step = np.empty(p), np.empty((p, p)), np.zeros((p, p)), np.empty(p)
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
                    info[a, b] = sums[k * LANES + lane] - outer[(a * wide + b) * LANES + lane]
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
            elif size < 3.0 and steps[lane] < PLAIN_STEPS:
                for a in range(p):
                    beta[a * LANES + lane] += step[a]
                continue
            else:
                left_over[r] = True
            if upcoming < total:
                _take(lane, upcoming, counts, layout.order, x, event, start, count, beta, observed)
                holds[lane], steps[lane] = upcoming, 0
                upcoming += 1
            else:
                holds[lane] = -1
                busy -= 1
    return coef, se, left_over


@njit(cache=True, nogil=True)
def _take(lane, r, counts, order, x, event, start, count, beta, observed):
    """Put resample r into lane lane."""
    n, p = x.shape[0], start.size
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
    """Return the scratch arrays of :func:`evaluate`: per row, per block (five), per block and column (two)."""
    risk = np.empty(n * LANES)
    one, two, three = np.empty(blocks * LANES), np.empty(blocks * LANES), np.empty(blocks * LANES)
    four, five = np.empty(blocks * LANES), np.empty(blocks * LANES)
    at_risk, dying = np.empty(blocks * p * LANES), np.empty(blocks * p * LANES)
    return risk, one, two, three, four, five, at_risk, dying


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate(x, tiles, event, count, layout, ties, beta, sums, outer, work):
    """Fill, for each lane, sums (shares times products) and outer (what the information loses at event times).

    x (n, p) has a multiple of four columns; outer (p, p) holds its lower triangle. All sums stay in registers: four
    columns, or eight products, in one sweep over the rows.
    """
    risk, hazard, tied, c0, c1, c2, at_risk, dying = work
    p = x.shape[1]
    _risks(x, count, beta, risk)
    events = _hazards(event, count, layout, ties, risk, hazard, tied, c0, c1, c2)
    for a in range(0, p, 4):
        _moments(x, a, event, layout, risk, at_risk, dying)
    for a in range(p):
        for b in range(0, a + 1, 4):
            _lost(a, b, p, events, c0, c1, c2, at_risk, dying, outer)
    _shares(event, layout, risk, hazard, tied)
    for t in range(tiles.shape[0]):
        _sum_tile(tiles[t], risk, sums, t * TILE)


@njit(cache=True, nogil=True)
def _risks(x, count, beta, risk):
    """Fill risk with count times exp(x beta)."""
    n, p = x.shape
    for i in range(n):
        eta = spread(0.0)
        for a in range(0, p, 4):
            eta = eta + load(beta, a) * x[i, a]
            eta = eta + load(beta, a + 1) * x[i, a + 1]
            eta = eta + load(beta, a + 2) * x[i, a + 2]
            eta = eta + load(beta, a + 3) * x[i, a + 3]
        store(risk, i, load(count, i) * exp_lanes(eta))


@njit(cache=True, nogil=True, error_model="numpy")
def _hazards(event, count, layout, ties, risk, hazard, tied, c0, c1, c2):
    """Fill hazard and Efron's part of it for each block, and the weights c0, c1, c2 of its outer products.

    c0, c1 and c2 have one place for each block with an event; return how many there are.
    """
    late = layout.leaving.size > 0
    zero = spread(0.0)
    s0 = zero
    gone, events = 0, 0
    for g in range(layout.fresh.size):
        start, stop = layout.starts[g], layout.starts[g + 1]
        if layout.fresh[g]:
            s0, gone = zero, start
        e0, deaths, any_event = zero, zero, False
        for i in range(start, stop):
            r = load(risk, i)
            s0 = s0 + r
            if event[i]:
                e0 = e0 + r
                deaths = deaths + load(count, i)
                any_event = True
        if late:
            while gone < layout.left[g]:
                s0 = s0 - load(risk, layout.leaving[gone])
                gone += 1
        if not any_event:
            store(hazard, g, zero)
            store(tied, g, zero)
            continue
        v = where_less(zero, deaths, 1.0 / s0)
        if ties == 1:
            a0, b0, k0, k1, k2 = deaths * v, zero, deaths * v * v, zero, zero
        else:
            a0, b0, k0, k1, k2 = v, zero, v * v, zero, zero
            most = largest(deaths)
            part = 1.0 / deaths
            r = 1.0
            while r < most:
                dies = where_less(spread(r), deaths, part)
                v = where_less(spread(r), deaths, 1.0 / (s0 - (r * dies) * e0))
                fv = (r * dies) * v
                a0 = a0 + v
                b0 = b0 + fv
                k0 = k0 + v * v
                k1 = k1 + fv * v
                k2 = k2 + fv * fv
                r += 1.0
        store(hazard, g, a0)
        store(tied, g, b0)
        store(c0, events, k0)
        store(c1, events, k1)
        store(c2, events, k2)
        events += 1
    return events


@njit(cache=True, nogil=True)
def _moments(x, a, event, layout, risk, at_risk, dying):
    """Fill four columns, from a on, of the sums over those at risk and those dying at each block with an event."""
    p = x.shape[1]
    late = layout.leaving.size > 0
    zero = spread(0.0)
    s0, s1, s2, s3 = zero, zero, zero, zero
    gone, place = 0, a
    for g in range(layout.fresh.size):
        start, stop = layout.starts[g], layout.starts[g + 1]
        if layout.fresh[g]:
            s0, s1, s2, s3, gone = zero, zero, zero, zero, start
        e0, e1, e2, e3, any_event = zero, zero, zero, zero, False
        for i in range(start, stop):
            r = load(risk, i)
            r0, r1, r2, r3 = r * x[i, a], r * x[i, a + 1], r * x[i, a + 2], r * x[i, a + 3]
            s0, s1, s2, s3 = s0 + r0, s1 + r1, s2 + r2, s3 + r3
            if event[i]:
                e0, e1, e2, e3, any_event = e0 + r0, e1 + r1, e2 + r2, e3 + r3, True
        if late:
            while gone < layout.left[g]:
                j = layout.leaving[gone]
                r = load(risk, j)
                s0, s1 = s0 - r * x[j, a], s1 - r * x[j, a + 1]
                s2, s3 = s2 - r * x[j, a + 2], s3 - r * x[j, a + 3]
                gone += 1
        if any_event:
            store(at_risk, place, s0)
            store(at_risk, place + 1, s1)
            store(at_risk, place + 2, s2)
            store(at_risk, place + 3, s3)
            store(dying, place, e0)
            store(dying, place + 1, e1)
            store(dying, place + 2, e2)
            store(dying, place + 3, e3)
            place += p


@njit(cache=True, nogil=True)
def _lost(a, b, p, events, c0, c1, c2, at_risk, dying, outer):
    """Fill four cells of outer, row a, from column b on."""
    zero = spread(0.0)
    t0, t1, t2, t3 = zero, zero, zero, zero
    for g in range(events):
        s, e, k = load(at_risk, g * p + a), load(dying, g * p + a), load(c1, g)
        u = load(c0, g) * s - k * e
        w = load(c2, g) * e - k * s
        t0 = t0 + u * load(at_risk, g * p + b) + w * load(dying, g * p + b)
        t1 = t1 + u * load(at_risk, g * p + b + 1) + w * load(dying, g * p + b + 1)
        t2 = t2 + u * load(at_risk, g * p + b + 2) + w * load(dying, g * p + b + 2)
        t3 = t3 + u * load(at_risk, g * p + b + 3) + w * load(dying, g * p + b + 3)
    store(outer, a * p + b, t0)
    store(outer, a * p + b + 1, t1)
    store(outer, a * p + b + 2, t2)
    store(outer, a * p + b + 3, t3)


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
