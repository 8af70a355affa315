"""Every compiled loop of the search, in one file: numba keeps compiled code on disk until the file of a function changes, and
does not look at other files whose functions it calls.

Patients stand in order of time, latest first, those censored on a day before those with an event on it, so that a risk
set is a running count. Event times of an endpoint differ from each other (a cohort's do): Breslow and Efron agree.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from helpers.cohort.derive import DAYS_PER_YEAR

Z = 1.959963984540054
FINAL = 1.0  # width of the loss by which the best state is chosen
COX, LOGRANK = 0, 1
MOST = 4  # columns of a model
BREACH = 30.0  # loss for each patient by whom a bound is broken: more than any target
TOGETHER = 0.4  # share of moves that exchange several labels of two patients at once
NEAR = 0.5  # share of moves between neighbours in time, who differ little for a model
NEARBY = 0.05  # how far coefficients go from where the sums of the risk sets were taken
SLACK = 2.0  # of the temperature: what one step of Newton's method may be wrong by
AFRESH = 500  # moves after which models are fitted in full
FIRM, SWIFT = 1e-9, 1e-5  # last Newton step: of a number that is reported, of one that is tried
MILESTONES = np.array([1.0, 2.0, 3.0]) * DAYS_PER_YEAR
EARLY_DEATH = 30  # day before which a death is one of toxicity
LATEST_NR = 150  # a non-responder progresses by this day
MOST_UNRELATED, SOONEST_UNRELATED = 5, 90  # deaths that nobody would lay to the disease or its treatment; first day
JUMP, SLOPE = 0.6, 0.25  # what a number costs outside its half unit, and for each half unit beyond
MOST_BARE, MOST_FAILED = 11, 10  # deaths without progression; treatment failures

# --- what is aimed at


@njit(cache=True, nogil=True, error_model="numpy")
def price_of(units, width, far):
    """Price a number by its distance from the print in half units, far away linear, close by logarithmic; a hit is free."""
    if not units <= 1e12:
        return 100.0
    return units / far + math.log1p(units / width) if units > 1.0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def loss_of(values, number, half, width, far):
    """Sum over targets the distance from the print, far away linear, close by logarithmic; nothing for a hit.

    Parameters
    ----------
    values, number, half : float arrays
        Computed and printed numbers, half units.
    width : float
        Half units. Wide (early): all are drawn to the print, the farthest most; narrow (late): a single rounding counts.
    far : float
        Half units that count one more, however wide.
    """
    total = 0.0
    for k in range(values.size):
        total += price_of(abs(values[k] - number[k]) / half[k], width, far)
    return total


@njit(cache=True, nogil=True)
def cooled(schedule, phase):
    """Return temperature and width at a phase (0 to 1) of a schedule."""
    warm, cold, wide, narrow, _ = schedule
    return warm * (cold / warm) ** phase, wide * (narrow / wide) ** phase


# --- Cox rows and log-rank tests of labels


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
    for a in range(p):  # column a of the factor's inverse, kept above the diagonal
        diagonal = 1.0 / factor[a, a]
        total = diagonal * diagonal
        for b in range(a + 1, p):
            s = -factor[b, a] * diagonal
            for k in range(a + 1, b):
                s -= factor[b, k] * factor[a, k]
            s /= factor[b, b]
            factor[a, b] = s
            total += s * s
        out[a] = math.sqrt(total)


@njit(cache=True, nogil=True, error_model="numpy")
def fit(pattern, event, columns, kind, beta, out, tolerance, work):
    """Fill out with hazard ratio, limits and p of each column, or with a log-rank p.

    Parameters
    ----------
    pattern : int array, shape (n,)
        Columns of the patients, in order of time downwards, as bits; -1 outside the population.
    event : bool array, shape (n,)
    columns : int
        At most MOST.
    kind : COX or LOGRANK
    beta : float array, shape (columns,)
        Start and, filled, end of Newton's method.
    out : float array, shape (4 x columns,) or (1,)
    tolerance : float
        Greatest last step of beta.
    work : tuple of arrays
        From :func:`scratch`.
    """
    if columns == 1:
        zero, one = work[0][0], work[0][1]
        deaths, died = _two_groups(pattern, event, zero, one)
        if kind == LOGRANK:
            _logrank(zero, one, deaths, died, out)
        else:
            _cox_one(zero, one, deaths, died, beta, out, tolerance)
    else:
        _cox(pattern, event, columns, beta, out, tolerance, work)


@njit(cache=True, nogil=True)
def scratch(n):
    """Return the arrays that fits of n patients work in: by patient and kind, by patient, by kind, by column, squares, by event."""
    kinds = 1 << MOST
    sets = np.empty((max(n, 2), max(n, kinds)))
    squares, means = np.zeros((2, MOST, MOST)), np.empty((MOST + 1, n))
    return sets, np.empty(n, np.int64), np.empty((3, kinds)), np.empty((3, MOST)), squares, means


@njit(cache=True, nogil=True, error_model="numpy")
def _two_groups(pattern, event, zero, one):
    """Fill those at risk in group 0 and 1 at each event; return how many events there are, and in group 1."""
    a, b, deaths, died = 0.0, 0.0, 0, 0.0
    for q in range(pattern.size):
        if pattern[q] >= 0:
            if pattern[q] == 1:
                b += 1.0
            else:
                a += 1.0
            if event[q]:
                zero[deaths], one[deaths] = a, b
                died += pattern[q]
                deaths += 1
    return deaths, died


@njit(cache=True, nogil=True, error_model="numpy")
def _logrank(zero, one, deaths, died, out):
    expected, variance = 0.0, 0.0
    for d in range(deaths):
        share = one[d] / (zero[d] + one[d])
        expected += share
        variance += share * (1.0 - share)
    out[0] = math.erfc(abs(died - expected) / math.sqrt(2.0 * variance)) if variance > 0 else np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _cox_one(zero, one, deaths, died, beta, out, tolerance):
    at = beta[0] if abs(beta[0]) <= 3.0 else 0.0
    for _ in range(30):
        hazard, mean, square = math.exp(at), 0.0, 0.0
        for d in range(deaths):
            share = hazard * one[d] / (zero[d] + hazard * one[d])
            mean += share
            square += share * share
        info = mean - square
        if not info > 1e-9:
            break
        step = (died - mean) / info
        at += min(max(step, -2.0), 2.0)
        if abs(step) < tolerance:
            beta[0] = at
            _report(at, 1.0 / math.sqrt(info), out, 0)
            return
        if abs(at) > 15.0:
            break
    beta[0] = 0.0
    out[:] = np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _report(beta, se, out, at):
    out[at] = math.exp(beta)
    out[at + 1] = math.exp(beta - Z * se)
    out[at + 2] = math.exp(beta + Z * se)
    out[at + 3] = math.erfc(abs(beta) / se / math.sqrt(2.0))


@njit(cache=True, nogil=True, error_model="numpy")
def _cox(pattern, event, p, beta, out, tolerance, work):
    """Fit by Newton's method; patients who agree in every column are one kind, so that a risk set is a few counts."""
    kinds = 1 << p
    (sets, died), deaths = work[:2], 0
    at_risk = work[2][0]
    at_risk[:kinds] = 0.0
    for q in range(pattern.size):
        k = pattern[q]
        if k >= 0:
            at_risk[k] += 1.0
            if event[q]:
                for c in range(kinds):
                    sets[deaths, c] = at_risk[c]
                died[deaths] = k
                deaths += 1
    for a in range(p):
        if not abs(beta[a]) <= 3.0:
            beta[a] = 0.0
    risk, weight, share = work[2][0], work[2][1], work[2][2]
    mean, step, score = work[3][0, :p], work[3][1, :p], work[3][2, :p]
    info, factor = work[4][0, :p, :p], work[4][1, :p, :p]
    for _ in range(30):
        for k in range(kinds):
            eta = 0.0
            for a in range(p):
                if (k >> a) & 1:
                    eta += beta[a]
            risk[k] = math.exp(eta)
            share[k] = 0.0
        score[:] = 0.0
        info[:] = 0.0
        for d in range(deaths):
            total = 0.0
            for k in range(kinds):
                weight[k] = sets[d, k] * risk[k]
                total += weight[k]
            total = 1.0 / total
            mean[:] = 0.0
            for k in range(kinds):
                part = weight[k] * total
                share[k] += part
                for a in range(p):
                    mean[a] += part * ((k >> a) & 1)
            for a in range(p):
                score[a] += ((died[d] >> a) & 1) - mean[a]
                for b in range(a + 1):
                    info[a, b] -= mean[a] * mean[b]
        for k in range(kinds):
            for a in range(p):
                for b in range(a + 1):
                    info[a, b] += share[k] * (((k >> a) & 1) & ((k >> b) & 1))
        if not cholesky(info, factor):
            break
        solve(factor, score, step)
        size = np.abs(step).max()
        for a in range(p):
            beta[a] += step[a] * min(1.0, 2.0 / size) if size > 0 else 0.0
        if size < tolerance:
            inverse_diagonal(factor, step)
            for a in range(p):
                _report(beta[a], step[a], out, 4 * a)
            return
        if np.abs(beta).max() > 15.0:
            break
    beta[:] = 0.0
    out[:] = np.nan


@njit(cache=True, nogil=True)
def pattern_of(row, columns, conditions):
    """Return the columns of a patient as bits, -1 for one outside the population; *row* are the codes."""
    for c in range(conditions.shape[0]):
        if not (conditions[c, 1] >> row[conditions[c, 0]]) & 1:
            return -1
    bits = 0
    for a in range(columns.shape[0]):
        bits |= ((columns[a, 1] >> row[columns[a, 0]]) & 1) << a
    return bits


# --- labels


@njit(cache=True, nogil=True)
def _member(row, limit):
    """Tell whether a patient counts for a bound."""
    for c in range(0, 6, 2):
        if not (limit[c + 1] >> row[limit[c]]) & 1:
            return 0
    return 1


@njit(cache=True, nogil=True)
def _broken(have, limits):
    """Count by how many patients the bounds are broken."""
    broken = 0
    for b in range(limits.shape[0]):
        broken += max(0, limits[b, 6] - have[b]) + max(0, have[b] - limits[b, 7])
    return broken


@njit(cache=True, nogil=True)
def _in_line(order, event):
    """Put patients with an event in line by time, then the others."""
    line, at = np.empty(order.size, np.int64), 0
    for seen in (True, False):
        for q in range(order.size):
            if event[q] == seen:
                line[at] = order[q]
                at += 1
    return line


@njit(cache=True, nogil=True)
def _neighbour(rng, a, n):
    """Draw a place a few from *a* in a line of *n*."""
    away = 1 + int(rng.exponential(4.0))
    b = a + away if rng.random() < 0.5 else a - away
    return min(max(b, 0), n - 1)


@njit(cache=True, nogil=True)
def _exchange(current, i, j, labels, moving):
    """Exchange some labels (bits) of two patients."""
    for k in range(labels.size):
        if (moving >> k) & 1:
            label = labels[k]
            current[i, label], current[j, label] = current[j, label], current[i, label]


@njit(cache=True, nogil=True)
def _events_of(order, event):
    """List the places of the events of each endpoint, how many there are, and for each place the first event from it on."""
    count, n = order.shape
    places, many, first = np.zeros((count, n), np.int64), np.zeros(count, np.int64), np.zeros((count, n), np.int64)
    for e in range(count):
        for q in range(n):
            first[e, q] = many[e]
            if event[e, q]:
                places[e, many[e]] = q
                many[e] += 1
    return places, many, first


@njit(cache=True, nogil=True, error_model="numpy")
def _terms(p, beta, out):
    """Fill out with what a patient of each kind adds to the sums of a risk set: weight, weighted columns, their products."""
    for kind in range(1 << p):
        eta = 0.0
        for a in range(p):
            eta += beta[a] * ((kind >> a) & 1)
        weight, at = math.exp(eta), 1 + p
        out[kind, 0] = weight
        for a in range(p):
            out[kind, 1 + a] = weight * ((kind >> a) & 1)
            for b in range(a):
                out[kind, at] = weight * (((kind >> a) & 1) & ((kind >> b) & 1))
                at += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _pass(sums, first, many, width, terms, before, after):
    """Bring the sums of the risk sets from event *first* on up to a patient whose kind changed (-1: outside)."""
    for c in range(width):
        change = (terms[after, c] if after >= 0 else 0.0) - (terms[before, c] if before >= 0 else 0.0)
        if change != 0.0:
            row = sums[c]
            for d in range(first, many):
                row[d] += change


@njit(cache=True, nogil=True, error_model="numpy")
def _risk_sets(pattern, first, many, p, start, terms, sums):
    """Fill terms and the sums of all risk sets at given coefficients."""
    _terms(p, start, terms)
    sums[:] = 0.0
    for q in range(pattern.size):
        _pass(sums, first[q], many, 1 + p + p * (p - 1) // 2, terms, -1, pattern[q])


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(pattern, i, x, j, y, sums, first, many, p, terms):
    """Change the kinds of the patients at two places to x and y, and the sums with them; return whether anything changed."""
    width = 1 + p + p * (p - 1) // 2
    changed = False
    for place, kind in ((i, x), (j, y)):
        if pattern[place] != kind:
            _pass(sums, first[place], many, width, terms, pattern[place], kind)
            pattern[place] = kind
            changed = True
    return changed


@njit(cache=True, nogil=True, error_model="numpy")
def _sums_of(one, other, many):
    """Sum the products and the first factors of two rows, four sums at a time.

    The order is the same on every processor: left to the compiler, it follows the width of the processor's registers, and a
    search that compares sums goes another way on another machine.
    """
    a0, a1, a2, a3 = 0.0, 0.0, 0.0, 0.0
    b0, b1, b2, b3 = 0.0, 0.0, 0.0, 0.0
    d = 0
    while d + 4 <= many:
        a0 += one[d] * other[d]
        a1 += one[d + 1] * other[d + 1]
        a2 += one[d + 2] * other[d + 2]
        a3 += one[d + 3] * other[d + 3]
        b0 += one[d]
        b1 += one[d + 1]
        b2 += one[d + 2]
        b3 += one[d + 3]
        d += 4
    while d < many:
        a0 += one[d] * other[d]
        b0 += one[d]
        d += 1
    return (a0 + a1) + (a2 + a3), (b0 + b1) + (b2 + b3)


@njit(cache=True, nogil=True, error_model="numpy")
def _information(pattern, places, many, sums, p, means, score, info):
    """Fill score and (lower triangle) information from the sums of the risk sets; *means* is room for (p + 1, events)."""
    inverse = means[p]
    for a in range(p):
        score[a] = 0.0
    for d in range(many):
        own = pattern[places[d]]
        inverse[d] = 1.0 / sums[0, d] if own >= 0 else 0.0
        for a in range(p):
            score[a] += (own >> a) & 1 if own >= 0 else 0
    at = 1 + p
    for a in range(p):
        own_mean, row = means[a], sums[1 + a]
        for d in range(many):
            own_mean[d] = row[d] * inverse[d]
        square, total = _sums_of(own_mean, own_mean, many)
        score[a] -= total
        info[a, a] = total - square
        for b in range(a):
            both, _ = _sums_of(sums[at], inverse, many)
            product, _ = _sums_of(own_mean, means[b], many)
            info[a, b] = both - product
            at += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _one_step(pattern, places, many, sums, p, kind, start, beta, out, work):
    """Fill out as :func:`fit` does, by one step of Newton's method from *start*."""
    step, score, errors = work[3][0], work[3][1], work[3][2]
    info, factor = work[4][0, :p, :p], work[4][1, :p, :p]
    _information(pattern, places, many, sums, p, work[5], score, info)
    if kind == LOGRANK:
        out[0] = math.erfc(abs(score[0]) / math.sqrt(2.0 * info[0, 0])) if info[0, 0] > 0 else np.nan
        return
    if p == 1:
        if not info[0, 0] > 1e-9:
            out[:] = np.nan
            return
        step[0] = score[0] / info[0, 0]
        errors[0] = 1.0 / math.sqrt(info[0, 0])
    else:
        if not cholesky(info, factor):
            out[:] = np.nan
            return
        solve(factor, score[:p], step[:p])
        inverse_diagonal(factor, errors[:p])
    for a in range(p):
        beta[a] = start[a] + step[a]
        _report(beta[a], errors[a], out, 4 * a)


@njit(cache=True, nogil=True, error_model="numpy")
def anneal(rng, moves, schedule, matrix, labels, strata, touched, limits, models, endpoints, number, half):
    """Exchange labels of pairs of patients, cooling down; return the best matrix and its loss.

    Parameters
    ----------
    rng : numpy.random.Generator
    moves : int
    schedule : Schedule
    matrix : int array, shape (patients, labels)
        Codes.
    labels, strata, touched : int arrays, shape (movable,), (movable, patients), bool array (movable, models)
        Which labels move, within which strata (-1: not at all), and which models they change.
    limits : int array, shape (bounds, 8)
    models : (columns, conditions, sizes, starts)
        Columns and conditions as (label, mask of codes); sizes as (columns, conditions, kind, endpoint).
    endpoints : (order, event), arrays of shape (endpoints, patients)
    number, half : float arrays
        Printed numbers and half units, all models one after the other.

    Returns
    -------
    matrix, loss
    """
    columns, conditions, sizes, starts = models
    order, event = endpoints
    n, count = matrix.shape[0], sizes.shape[0]
    place = np.empty(order.shape, np.int64)
    for e in range(order.shape[0]):
        for q in range(n):
            place[e, order[e, q]] = q
    work, current, pattern = scratch(n), matrix.copy(), np.empty((count, n), np.int64)
    values, beta, start, part = np.empty(starts[-1]), np.zeros((count, MOST)), np.zeros((count, MOST)), np.empty(count)
    places, many, first = _events_of(order, event)
    sums, terms = np.zeros((count, 11, many.max())), np.zeros((count, 1 << MOST, 11))
    for m in range(count):
        p, c, kind, e = sizes[m]
        for i in range(n):
            pattern[m, place[e, i]] = pattern_of(current[i], columns[m, :p], conditions[m, :c])
    have = np.zeros(limits.shape[0], np.int64)
    for b in range(limits.shape[0]):
        for i in range(n):
            have[b] += _member(current[i], limits[b])
    line, broken, best = _in_line(order[0], event[0]), _broken(have, limits), np.inf
    by_cost = np.argsort(
        sizes[:, 0] + (sizes[:, 2] == COX), kind="mergesort"
    )  # dear ones only if there is a chance left
    keep, old, old_part, old_have = current.copy(), values.copy(), part.copy(), have.copy()
    (heat, width), loss, phase = cooled(schedule, 0.0), 0.0, 0.0
    stirred, changed = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for step in range(moves):
        if step % AFRESH == 0:
            phase = min(1.0, 1.03 * step / moves)
            heat, width = cooled(schedule, phase)
            loss = BREACH * broken
            for m in range(count):
                p, c, kind, e = sizes[m]
                fit(pattern[m], event[e], p, kind, beta[m, :p], values[starts[m] : starts[m + 1]], FIRM, work)
                start[m] = beta[m]
                _risk_sets(pattern[m], first[e], many[e], p, start[m], terms[m], sums[m])
                part[m] = _loss(m, values, number, half, models, width, schedule[4])
                loss += part[m]
        a = rng.integers(0, n)
        b = _neighbour(rng, a, n) if rng.random() < NEAR else rng.integers(0, n)
        i, j = line[a], line[b]
        chosen, together = rng.integers(0, labels.size), labels.size > 1 and rng.random() < TOGETHER
        moving = 0  # labels that the two exchange, as bits
        for k in range(labels.size):
            if k == chosen or (together and rng.random() < 0.5):
                label = labels[k]
                if strata[k, i] == strata[k, j] and strata[k, i] >= 0 and current[i, label] != current[j, label]:
                    moving |= 1 << k
        if moving == 0:
            continue
        for m in range(count):
            stirred[m] = False
            for k in range(labels.size):
                stirred[m] |= ((moving >> k) & 1) == 1 and touched[k, m]
        allowed = loss - heat * math.log(rng.random())
        old[:], old_part[:], old_have[:] = values, part, have
        for b in range(limits.shape[0]):
            have[b] -= _member(current[i], limits[b]) + _member(current[j], limits[b])
        _exchange(current, i, j, labels, moving)
        for b in range(limits.shape[0]):
            have[b] += _member(current[i], limits[b]) + _member(current[j], limits[b])
        now = _broken(have, limits)
        new = BREACH * now
        for m in range(count):
            if not stirred[m]:
                new += part[m]
        last, slack = 0, SLACK * heat  # how many models, cheapest first, have the new patterns
        for m in by_cost:
            if new > allowed + slack:
                break
            last += 1
            changed[m] = False
            if stirred[m]:
                p, c, kind, e = sizes[m]
                x = pattern_of(current[i], columns[m, :p], conditions[m, :c])
                y = pattern_of(current[j], columns[m, :p], conditions[m, :c])
                if _turn(pattern[m], place[e, i], x, place[e, j], y, sums[m], first[e], many[e], p, terms[m]):
                    changed[m] = kind == COX
                    found = values[starts[m] : starts[m + 1]]
                    _one_step(pattern[m], places[e], many[e], sums[m], p, kind, start[m], beta[m], found, work)
                    part[m] = _loss(m, values, number, half, models, width, schedule[4])
                new += part[m]
        if new <= allowed + slack:  # by one step; now by full fits
            for m in by_cost:
                if changed[m]:
                    p, c, kind, e = sizes[m]
                    new -= part[m]
                    beta[m] = start[m]
                    fit(pattern[m], event[e], p, kind, beta[m, :p], values[starts[m] : starts[m + 1]], SWIFT, work)
                    part[m] = _loss(m, values, number, half, models, width, schedule[4])
                    new += part[m]
                    if new > allowed:
                        break
        if not new <= allowed:
            _exchange(current, i, j, labels, moving)
            values[:], part[:], have[:] = old, old_part, old_have
            for m in by_cost[:last]:
                if stirred[m]:
                    p, c, kind, e = sizes[m]
                    x = pattern_of(current[i], columns[m, :p], conditions[m, :c])
                    y = pattern_of(current[j], columns[m, :p], conditions[m, :c])
                    _turn(pattern[m], place[e, i], x, place[e, j], y, sums[m], first[e], many[e], p, terms[m])
            continue
        for m in by_cost:
            if changed[m] and np.abs(beta[m] - start[m]).max() > NEARBY:
                p, c, kind, e = sizes[m]
                start[m] = beta[m]
                _risk_sets(pattern[m], first[e], many[e], p, start[m], terms[m], sums[m])
        loss, broken = new, now
        if phase > 0.8:
            total = BREACH * broken
            for m in range(count):
                total += _loss(m, values, number, half, models, FINAL, schedule[4])
            if total < best:
                best = total
                keep[:] = current
                if best <= 0.0:
                    break
    return keep, best


@njit(cache=True, nogil=True, error_model="numpy")
def _loss(m, values, number, half, models, width, far):
    """Loss of one model; a p-value on the other side of no effect is farther than 1, so that the way back has no hill."""
    sizes, starts = models[2], models[3]
    total, rows = 0.0, sizes[m, 2] == COX
    for k in range(starts[m], starts[m + 1]):
        value, at = values[k], (k - starts[m]) % 4
        if rows and at == 3 and (values[k - 3] - 1.0) * (number[k - 3] - 1.0) < 0:
            value = 2.0 - value
        total += price_of(abs(value - number[k]) / half[k], width, far)
    return total


# --- several exchanges at once


@njit(cache=True, nogil=True, error_model="numpy")
def exchange_effects(rng, count, matrix, groups, strata, touched, limits, models, endpoints, number, half):
    """Draw exchanges that break no bound further, and compute what each of them alone does to every number.

    Parameters
    ----------
    rng, matrix, limits, models, endpoints, number, half :
        As in :func:`anneal`.
    count : int
        How many to draw; fewer come back where few are possible.
    groups : bool array, shape (groups, labels)
        Labels that are exchanged together.
    strata, touched : int array (groups, patients), bool array (groups, models)

    Returns
    -------
    exchanges : int array, shape (k, 3)
        Group and the two patients.
    now : float array, shape (numbers,)
        Distance of every number from the print in half units.
    effects : float32 array, shape (k, numbers)
        By how much each exchange changes it.
    """
    columns, conditions, sizes, starts = models
    order, event = endpoints
    n, kinds = matrix.shape[0], sizes.shape[0]
    place = np.empty(order.shape, np.int64)
    for e in range(order.shape[0]):
        for q in range(n):
            place[e, order[e, q]] = q
    current, work, pattern = matrix.copy(), scratch(n), np.empty((kinds, n), np.int64)
    values, base, beta = np.empty(starts[-1]), np.empty(starts[-1]), np.zeros((kinds, MOST))
    for m in range(kinds):
        p, c, kind, e = sizes[m]
        for i in range(n):
            pattern[m, place[e, i]] = pattern_of(current[i], columns[m, :p], conditions[m, :c])
        fit(pattern[m], event[e], p, kind, beta[m, :p], base[starts[m] : starts[m + 1]], FIRM, work)
    have = np.zeros(limits.shape[0], np.int64)
    for b in range(limits.shape[0]):
        for i in range(n):
            have[b] += _member(current[i], limits[b])
    broken, line, moved = _broken(have, limits), _in_line(order[0], event[0]), have.copy()
    exchanges, effects, found, start = (
        np.empty((count, 3), np.int64),
        np.zeros((count, base.size), np.float32),
        0,
        np.empty(MOST),
    )
    for _ in range(40 * count):
        if found == count:
            break
        g, a = rng.integers(0, groups.shape[0]), rng.integers(0, n)
        b = _neighbour(rng, a, n) if rng.random() < NEAR else rng.integers(0, n)
        i, j = line[a], line[b]
        if strata[g, i] != strata[g, j] or strata[g, i] < 0 or not _differ(current, i, j, groups[g]):
            continue
        for b in range(limits.shape[0]):
            moved[b] = have[b] - _member(current[i], limits[b]) - _member(current[j], limits[b])
        _exchange_group(current, i, j, groups[g])
        for b in range(limits.shape[0]):
            moved[b] += _member(current[i], limits[b]) + _member(current[j], limits[b])
        if _broken(moved, limits) <= broken:
            values[:] = base
            for m in range(kinds):
                if touched[g, m]:
                    p, c, kind, e = sizes[m]
                    x, y = pattern[m, place[e, i]], pattern[m, place[e, j]]
                    new_x = pattern_of(current[i], columns[m, :p], conditions[m, :c])
                    new_y = pattern_of(current[j], columns[m, :p], conditions[m, :c])
                    if new_x != x or new_y != y:
                        pattern[m, place[e, i]], pattern[m, place[e, j]] = new_x, new_y
                        start[:p] = beta[m, :p]
                        fit(pattern[m], event[e], p, kind, start[:p], values[starts[m] : starts[m + 1]], SWIFT, work)
                        pattern[m, place[e, i]], pattern[m, place[e, j]] = x, y
            exchanges[found, 0], exchanges[found, 1], exchanges[found, 2] = g, i, j
            for k in range(base.size):
                effects[found, k] = (values[k] - base[k]) / half[k]
            found += 1
        _exchange_group(current, i, j, groups[g])
    return exchanges[:found], (base - number) / half, effects[:found]


@njit(cache=True, nogil=True, error_model="numpy")
def distances(matrix, limits, models, endpoints, number, half):
    """Compute how far every number is from the print, in half units, and by how many patients bounds are broken."""
    columns, conditions, sizes, starts = models
    order, event = endpoints
    n = matrix.shape[0]
    work, pattern, values, beta = scratch(n), np.empty(n, np.int64), np.empty(starts[-1]), np.empty(MOST)
    for m in range(sizes.shape[0]):
        p, c, kind, e = sizes[m]
        for q in range(n):
            pattern[q] = pattern_of(matrix[order[e, q]], columns[m, :p], conditions[m, :c])
        beta[:] = 0.0
        fit(pattern, event[e], p, kind, beta[:p], values[starts[m] : starts[m + 1]], FIRM, work)
    have = np.zeros(limits.shape[0], np.int64)
    for b in range(limits.shape[0]):
        for i in range(n):
            have[b] += _member(matrix[i], limits[b])
    return (values - number) / half, _broken(have, limits)


@njit(cache=True, nogil=True)
def _differ(current, i, j, group):
    differing = 0
    for k in range(group.size):
        differing += group[k] and current[i, k] != current[j, k]
    return differing > 0


@njit(cache=True, nogil=True)
def _exchange_group(current, i, j, group):
    for k in range(group.size):
        if group[k]:
            current[i, k], current[j, k] = current[j, k], current[i, k]


@njit(cache=True, nogil=True, error_model="numpy")
def cost_of(units, weight, jump, slope):
    """Sum over numbers outside their half unit a jump and a slope times the excess, weighted."""
    total = 0.0
    for k in range(units.size):
        if weight[k] > 0:
            excess = abs(units[k]) - 1.0
            if not excess < 1e9:
                total += 100.0
            elif excess > 2e-9:
                total += weight[k] * (jump + slope * excess)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def best_sums(now, one, other, weight, jump, slope, keep):
    """Find the pairs of effects whose sum brings the numbers nearest to the print; the numbers are *now* away from it.

    Parameters
    ----------
    now : float32 array, shape (numbers,)
    one, other : float32 arrays, shape (k, numbers), (l, numbers)
        If they are of one length, they are taken for the same, and each pair is tried once.
    weight, jump, slope :
        As in :func:`cost_of`.
    keep : int
        How many pairs come back.

    Returns
    -------
    int array, shape (keep, 2), costs, shape (keep,)
        Best first.
    """
    pairs, costs, worst = np.zeros((keep, 2), np.int64), np.full(keep, 1e9), 0
    same = one.shape[0] == other.shape[0]
    at = np.empty(now.size, np.float32)
    for a in range(one.shape[0]):
        for k in range(now.size):
            at[k] = now[k] + one[a, k]
        for b in range(a + 1 if same else 0, other.shape[0]):
            total, limit = 0.0, costs[worst]
            for k in range(now.size):
                excess = abs(at[k] + other[b, k]) - 1.0
                if excess > 0:
                    total += weight[k] * (jump + slope * excess)
                    if total >= limit:
                        break
            if total < limit:
                pairs[worst, 0], pairs[worst, 1], costs[worst] = a, b, total
                worst = np.argmax(costs)
    best = np.argsort(costs)
    return pairs[best], costs[best]


# --- fates: progression, failure, death, last contact


@njit(cache=True, nogil=True, error_model="numpy")
def derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk):
    """Fill time, event and numbers at risk (3, n) of patient i for OS, PFS and EFS; return which changed, as bits."""
    progression, failure, death = state[i, 0], state[i, 1], state[i, 2]
    changed = 0
    for e in range(3):
        if e == 0:
            first = death
        elif e == 1:
            first = min(progression, death)
        else:
            related = np.inf if unrelated[i] else death
            first = min(min(progression, min(failure, assessed[i])), related)
        seen = first < np.inf
        day = first if seen else contact[i]
        if day != time[e, i] or seen != event[e, i]:
            changed |= 1 << e
            _put(i, day, time[e], at_risk[e])
            event[e, i] = seen
    return changed


@njit(cache=True, nogil=True)
def _put(i, day, time, at_risk):
    """Change the last day under observation of patient i, and how many are at risk on everybody's."""
    before, own = time[i], 0
    time[i] = day
    for j in range(time.size):
        at_risk[j] += (day >= time[j]) - (before >= time[j])
        own += time[j] >= day
    at_risk[i] = own


@njit(cache=True, nogil=True, error_model="numpy")
def read_milestones(time, event, at_risk, factors, at, logarithmic, out):
    """Fill out[at:at + 6] from one endpoint; event times differ, so that each event is one factor."""
    log_survival, variance = np.zeros(3), np.zeros(3)
    for i in range(time.size):
        if event[i] and time[i] <= MILESTONES[2]:
            year = 0 if time[i] <= MILESTONES[0] else (1 if time[i] <= MILESTONES[1] else 2)
            log_survival[year] += factors[0, at_risk[i]]
            variance[year] += factors[1, at_risk[i]]
    total, spread = 0.0, 0.0
    for k in range(3):
        total, spread = total + log_survival[k], spread + variance[k]
        s = math.exp(total)
        width = 1.959963984540054 * math.sqrt(spread)
        out[at + 2 * k] = 100 * s
        out[at + 2 * k + 1] = 100 * (s - s * math.exp(-width) if logarithmic[at + 2 * k + 1] else s * width)


@njit(cache=True, nogil=True)
def _free_day(rng, low, high, taken, near=-1.0):
    """Draw a day from low to high that no event has, mostly close to *near* if given; -1 if a few tries find none."""
    low, high = math.ceil(low), math.floor(high)
    if high < low:
        return -1.0
    local = near >= 0 and rng.random() < 0.8
    for _ in range(8):
        if local:
            away = math.ceil(math.exp(rng.random() * 4.5))
            day = int(near) + (away if rng.random() < 0.5 else -away)
            if day < low or day > high:
                continue
        else:
            day = rng.integers(low, high + 1)
        if not taken[day]:
            return float(day)
    return -1.0


@njit(cache=True, nogil=True, error_model="numpy")
def _move(rng, i, j, state, contact, assessed, earliest, unrelated, fixed, edges, quarter, taken):
    """Change the fate of patient i, or of i and j, in place; return how many (0: the move was no use)."""
    kind = rng.random()
    progression, failure, death = state[i, 0], state[i, 1], state[i, 2]
    if kind < 0.3:  # another last contact or death in the same quarter
        if fixed[i]:
            return 0
        after = earliest[i]
        for k in range(2):
            if state[i, k] < np.inf:
                after = max(after, state[i, k] + 10.0)
        day = _free_day(rng, max(edges[quarter[i], 0], after), edges[quarter[i], 1], taken, contact[i])
        if day < 0:
            return 0
        contact[i] = day
        if death < np.inf:
            state[i, 2] = day
        return 1
    if kind < 0.5:  # another day of progression
        if progression == np.inf:
            return 0
        day = _free_day(rng, 40.0, min(contact[i] - 10.0, 1090.0), taken, progression)
        if day < 0 or (failure < np.inf and day < failure + 10.0) or (assessed[i] < np.inf and day > LATEST_NR):
            return 0
        state[i, 0] = day
        return 1
    if kind < 0.58:  # a treatment failure appears, moves or goes
        if assessed[i] < np.inf or fixed[i]:
            return 0
        if failure < np.inf and rng.random() < 0.5:
            state[i, 1] = np.inf
            return 1
        day = _free_day(
            rng, 60.0, min(min(progression, contact[i]) - 15.0, 1000.0), taken, -1.0 if failure == np.inf else failure
        )
        if day < 0:
            return 0
        state[i, 1] = day
        return 1
    if i == j or fixed[i] or fixed[j]:
        return 0
    if kind < 0.72:  # two exchange their quarters of follow-up
        if quarter[i] == quarter[j]:
            return 0
        quarter[i], quarter[j] = quarter[j], quarter[i]
        days = np.empty(2)
        for k, who in enumerate((i, j)):
            after = earliest[who]
            for s in range(2):
                if state[who, s] < np.inf:
                    after = max(after, state[who, s] + 10.0)
            days[k] = _free_day(rng, max(edges[quarter[who], 0], after), edges[quarter[who], 1], taken)
        if days[0] < 0 or days[1] < 0 or days[0] == days[1]:
            quarter[i], quarter[j] = quarter[j], quarter[i]
            return 0
        for k, who in enumerate((i, j)):
            contact[who] = days[k]
            if state[who, 2] < np.inf:
                state[who, 2] = days[k]
        return 2
    if kind < 0.82:  # a progression passes from one to another
        if progression == np.inf or state[j, 0] < np.inf or assessed[i] < np.inf or assessed[j] < np.inf:
            return 0
        low = 45.0 if state[j, 1] == np.inf else state[j, 1] + 10.0
        day = _free_day(rng, low, min(contact[j] - 10.0, 1090.0), taken)
        if day < 0 or unrelated[j]:
            return 0
        state[i, 0], state[j, 0] = np.inf, day
        return 2
    if kind < 0.9:  # a non-responder and a responder exchange their whole fates: only EFS sees it
        if (assessed[i] < np.inf) == (assessed[j] < np.inf) or earliest[i] != earliest[j]:
            return 0
        ill = j if assessed[i] < np.inf else i  # whose fate the non-responder would have
        if state[ill, 1] < np.inf or state[ill, 0] > LATEST_NR or unrelated[ill]:
            return 0
        if state[ill, 2] < 45:
            return 0
        for k in range(3):
            state[i, k], state[j, k] = state[j, k], state[i, k]
        contact[i], contact[j] = contact[j], contact[i]
        quarter[i], quarter[j] = quarter[j], quarter[i]
        unrelated[i], unrelated[j] = unrelated[j], unrelated[i]
        return 2
    if death == np.inf or death < 60 or fixed[i]:
        return 0
    if progression < np.inf:  # death without progression
        if assessed[i] < np.inf:
            return 0
        state[i, 0] = np.inf
        return 1
    if rng.random() < 0.5:
        unrelated[i] = not unrelated[i]
        return 1
    day = _free_day(rng, max(40.0, failure + 10.0 if failure < np.inf else 0.0), death - 10.0, taken)
    if day < 0:
        return 0
    state[i, 0] = day
    unrelated[i] = False
    return 1


@njit(cache=True, nogil=True, error_model="numpy")
def oddness(state, unrelated):
    """Penalise what would be odd in a cohort: many unrelated deaths or early ones, deaths without progression, failures."""
    odd, bare, failed, soon = 0, 0, 0, 0
    for i in range(unrelated.size):
        odd += unrelated[i]
        soon += unrelated[i] and state[i, 2] < SOONEST_UNRELATED
        bare += state[i, 2] < np.inf and state[i, 0] == np.inf
        failed += state[i, 1] < np.inf
    excess = max(0, odd - MOST_UNRELATED) + soon
    return 3.0 * excess + 1.0 * (max(0, bare - MOST_BARE) + max(0, failed - MOST_FAILED))


@njit(cache=True, nogil=True, error_model="numpy")
def anneal_fates(
    rng, moves, schedule, state, contact, assessed, earliest, unrelated, fixed, edges, quarter,
    number, half, logarithmic, last, factors,
):  # fmt: skip
    n = contact.size
    taken = np.zeros(int(last) + 2, np.bool_)
    time, event, at_risk = np.zeros((3, n)), np.zeros((3, n), np.bool_), np.full((3, n), n)
    for i in range(n):
        derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
        for k in range(3):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] = True
        if assessed[i] < np.inf:
            taken[int(assessed[i])] = True
    values, old_values = np.empty(18), np.empty(18)
    for e in range(3):
        read_milestones(time[e], event[e], at_risk[e], factors, 6 * e, logarithmic, values)
    odd = oddness(state, unrelated)
    (heat, width), best = cooled(schedule, 0.0), loss_of(values, number, half, FINAL, schedule[4]) + odd
    loss = loss_of(values, number, half, width, schedule[4]) + odd
    keep = (state.copy(), contact.copy(), unrelated.copy())
    row, rest, quarters, flags = np.empty((2, 3)), np.empty(2), np.empty(2, np.int64), np.empty(2, np.bool_)
    who = np.empty(2, np.int64)
    for step in range(moves):
        phase = min(1.0, 1.05 * step / moves)
        if step % 1000 == 0:  # the loss changes its shape as it cools
            heat, width = cooled(schedule, phase)
            loss = loss_of(values, number, half, width, schedule[4]) + odd
        who[0], who[1] = rng.integers(0, n), rng.integers(0, n)
        for k in range(2):
            row[k], rest[k], quarters[k], flags[k] = state[who[k]], contact[who[k]], quarter[who[k]], unrelated[who[k]]
        size = _move(rng, who[0], who[1], state, contact, assessed, earliest, unrelated, fixed, edges, quarter, taken)
        if size == 0:
            continue
        changed = 0
        for k in range(size):
            changed |= derive_endpoints(who[k], state, contact, assessed, unrelated, time, event, at_risk)
        old_values[:] = values
        for e in range(3):
            if (changed >> e) & 1:
                read_milestones(time[e], event[e], at_risk[e], factors, 6 * e, logarithmic, values)
        now = oddness(state, unrelated)
        new = loss_of(values, number, half, width, schedule[4]) + now
        if new <= loss or rng.random() < math.exp((loss - new) / heat):
            loss, odd = new, now
            for k in range(size):
                for s in range(3):
                    if row[k, s] < np.inf:
                        taken[int(row[k, s])] = False
            for k in range(size):
                for s in range(3):
                    if state[who[k], s] < np.inf:
                        taken[int(state[who[k], s])] = True
            if phase > 0.7:
                final = loss_of(values, number, half, FINAL, schedule[4]) + now
                if final < best:
                    best = final
                    keep[0][:], keep[1][:], keep[2][:] = state, contact, unrelated
                    if best <= 0.0:
                        break
        else:
            values[:] = old_values
            for k in range(size):
                i = who[k]
                state[i], contact[i], quarter[i], unrelated[i] = row[k], rest[k], quarters[k], flags[k]
                derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
    return keep[0], keep[1], keep[2], best


@njit(cache=True, nogil=True, error_model="numpy")
def _test_groups(time, event, groups, values):
    """Fill values with the p of the log-rank tests between groups."""
    order = np.argsort(event - 2.0 * time)
    ordered, zero, one = event[order], np.empty(time.size), np.empty(time.size)
    for g in range(groups.shape[0]):
        deaths, died = _two_groups(groups[g][order], ordered, zero, one)
        _logrank(zero, one, deaths, died, values[g : g + 1])


@njit(cache=True, nogil=True)
def _failure_day(rng, i, state, contact, taken, near):
    """Draw a day of treatment failure of patient i; -1 if none is free."""
    return _free_day(rng, 60.0, min(min(state[i, 0], contact[i]) - 15.0, 1000.0), taken, near)


@njit(cache=True, nogil=True, error_model="numpy")
def anneal_failures(
    rng, moves, warm, cold, state, contact, assessed, unrelated, able, mild, groups, factors, number, half, logarithmic
):  # fmt: skip
    """Anneal who fails treatment when, and whose death is unrelated, all other days held, until EFS is the printed one.

    Parameters
    ----------
    able, mild : bool arrays, shape (n,)
        Who may fail treatment; whose death may be unrelated.
    groups : int array, shape (tests, n)
        Group of each patient in a log-rank test of EFS, -1: not in it.

    Returns
    -------
    state, unrelated, cost : the best found
    """
    n, units, values = contact.size, np.empty(number.size), np.empty(number.size)
    state, unrelated, even = state.copy(), unrelated.copy(), np.ones(number.size)
    taken = np.zeros(4000, np.bool_)
    for i in range(n):
        for k in range(3):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] = True
        if assessed[i] < np.inf:
            taken[int(assessed[i])] = True
    time, event, at_risk = derive_all(state, contact, assessed, unrelated)
    read_milestones(time[2], event[2], at_risk[2], factors, 0, logarithmic, values)
    _test_groups(time[2], event[2], groups, values[6:])
    here = cost_of((values - number) / half, even, JUMP, SLOPE)
    odd, best, kept, flags = oddness(state, unrelated), here, state[:, 1].copy(), unrelated.copy()
    for turn in range(moves):
        if best <= 0:
            break
        heat = warm * (cold / warm) ** (turn / moves)
        i, j, kind = rng.integers(0, n), -1, rng.random()
        before, flag, day = state[i, 1], unrelated[i], np.inf
        if kind < 0.12:
            if not mild[i]:
                continue
            unrelated[i] = not flag
        elif kind < 0.25:
            if before == np.inf:
                continue
            state[i, 1] = np.inf
        elif kind < 0.75:
            if not able[i] or unrelated[i] or (kind >= 0.5 and before == np.inf):
                continue
            day = _failure_day(
                rng, i, state, contact, taken, before if before < np.inf and rng.random() < 0.5 else -1.0
            )
            if day < 0:
                continue
            state[i, 1] = day
        else:
            j = rng.integers(0, n)
            if before == np.inf or not able[j] or unrelated[j] or state[j, 1] < np.inf:
                continue
            day = _failure_day(rng, j, state, contact, taken, before if rng.random() < 0.5 else -1.0)
            if day < 0:
                continue
            state[i, 1], state[j, 1] = np.inf, day
        derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
        if j >= 0:
            derive_endpoints(j, state, contact, assessed, unrelated, time, event, at_risk)
        limit, units[6:] = here - heat * math.log(rng.random()), 0.0
        read_milestones(time[2], event[2], at_risk[2], factors, 0, logarithmic, values)
        for k in range(6):
            units[k] = (values[k] - number[k]) / half[k]
        cost = cost_of(units, even, JUMP, SLOPE)
        if cost <= limit:  # the tests only if it may still be kept
            _test_groups(time[2], event[2], groups, values[6:])
            for k in range(6, number.size):
                units[k] = (values[k] - number[k]) / half[k]
            cost = cost_of(units, even, JUMP, SLOPE)
        if cost <= limit and oddness(state, unrelated) <= odd:
            here = cost
            if before < np.inf and (day < np.inf or state[i, 1] == np.inf):
                taken[int(before)] = False
            if day < np.inf:
                taken[int(day)] = True
            if cost < best:
                best, kept, flags = cost, state[:, 1].copy(), unrelated.copy()
        else:
            state[i, 1], unrelated[i] = before, flag
            derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
            if j >= 0:
                state[j, 1] = np.inf
                derive_endpoints(j, state, contact, assessed, unrelated, time, event, at_risk)
    state[:, 1] = kept
    return state, flags, best


@njit(cache=True, nogil=True, error_model="numpy")
def derive_all(state, contact, assessed, unrelated):
    """Return time, event and numbers at risk (3, n) of OS, PFS and EFS."""
    n = contact.size
    time, event, at_risk = np.zeros((3, n)), np.zeros((3, n), np.bool_), np.full((3, n), n)
    for i in range(n):
        derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
    return time, event, at_risk


@njit(cache=True, nogil=True, error_model="numpy")
def _write_fates(i, matrix, columns, state, unrelated, time, event):
    """Write what bounds may ask of a fate as codes (no 0, yes 1): PFS event, lost within a year, unrelated, early death, death."""
    matrix[i, columns[0]] = event[1, i]
    matrix[i, columns[1]] = not event[1, i] and time[1, i] < DAYS_PER_YEAR
    matrix[i, columns[2]] = unrelated[i]
    matrix[i, columns[3]] = state[i, 2] < EARLY_DEATH
    matrix[i, columns[4]] = state[i, 2] < np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _all_values(
    matrix, models, which, time, event, at_risk, factors, logarithmic, changed, beta, tolerance, values, work
):
    """Fill values with the 18 rates and half-widths, and with the numbers of all models, of the endpoints that changed (bits)."""
    columns, conditions, sizes, starts = models
    n = matrix.shape[0]
    pattern, order, ordered = np.empty(n, np.int64), np.empty((3, n), np.int64), np.empty((3, n), np.bool_)
    for e in range(3):
        if (changed >> e) & 1:
            read_milestones(time[e], event[e], at_risk[e], factors, 6 * e, logarithmic, values)
            order[e] = np.argsort(event[e] - 2.0 * time[e])
            ordered[e] = event[e][order[e]]
    start = np.empty(MOST)
    for m in range(sizes.shape[0]):
        p, c, kind, e = sizes[m]
        k = which[e]
        if (changed >> k) & 1:
            for q in range(n):
                pattern[q] = pattern_of(matrix[order[k, q]], columns[m, :p], conditions[m, :c])
            start[:p] = beta[m, :p]
            fit(pattern, ordered[k], p, kind, start[:p], values[18 + starts[m] : 18 + starts[m + 1]], tolerance, work)
            if tolerance == FIRM:
                beta[m, :p] = start[:p]


@njit(cache=True, nogil=True, error_model="numpy")
def state_distances(fates, matrix, columns, limits, models, which, number, half, logarithmic, factors):
    """Compute how far all printed numbers are from the print, curves first, in half units, and by how many bounds are broken.

    Parameters
    ----------
    fates : state (n, 3), contact, assessed, unrelated
    matrix : labels as codes; the columns of fates are written anew
    """
    state, contact, assessed, unrelated = fates
    time, event, at_risk = derive_all(state, contact, assessed, unrelated)
    for i in range(contact.size):
        _write_fates(i, matrix, columns, state, unrelated, time, event)
    values, beta = np.empty(number.size), np.zeros((models[2].shape[0], MOST))
    work = scratch(contact.size)
    _all_values(matrix, models, which, time, event, at_risk, factors, logarithmic, 7, beta, FIRM, values, work)
    have = np.zeros(limits.shape[0], np.int64)
    for b in range(limits.shape[0]):
        for i in range(contact.size):
            have[b] += _member(matrix[i], limits[b])
    return (values - number) / half, _broken(have, limits), oddness(state, unrelated)


@njit(cache=True, nogil=True, error_model="numpy")
def fate_effects(
    rng, count, fates, earliest, fixed, edges, quarter, matrix, columns, limits, models, which, number, half, logarithmic,
    factors,
):  # fmt: skip
    """Draw moves of days that break no bound further, and compute what each alone does to every printed number.

    Returns
    -------
    who, size : the one or two patients of each move
    rows, contacts, quarters, flags : their fates after it
    now : distance of every number from the print in half units
    effects : float32 array, by how much each move changes it
    """
    state, contact, assessed, unrelated = fates
    state, contact, unrelated, quarter, matrix = (
        state.copy(), contact.copy(), unrelated.copy(), quarter.copy(), matrix.copy(),
    )  # fmt: skip
    n = contact.size
    time, event, at_risk = derive_all(state, contact, assessed, unrelated)
    taken = np.zeros(4000, np.bool_)
    for i in range(n):
        _write_fates(i, matrix, columns, state, unrelated, time, event)
        for k in range(3):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] = True
        if assessed[i] < np.inf:
            taken[int(assessed[i])] = True
    base, beta, work = np.empty(number.size), np.zeros((models[2].shape[0], MOST)), scratch(n)
    _all_values(matrix, models, which, time, event, at_risk, factors, logarithmic, 7, beta, FIRM, base, work)
    have, moved = np.zeros(limits.shape[0], np.int64), np.zeros(limits.shape[0], np.int64)
    for b in range(limits.shape[0]):
        for i in range(n):
            have[b] += _member(matrix[i], limits[b])
    broken, odd, values = _broken(have, limits), oddness(state, unrelated), base.copy()
    rare = np.flatnonzero((state[:, 1] < np.inf) | unrelated | ((state[:, 2] < np.inf) & (state[:, 0] == np.inf)))
    who, size, found = np.zeros((count, 2), np.int64), np.zeros(count, np.int64), 0
    rows, contacts = np.empty((count, 2, 3)), np.empty((count, 2))
    quarters, flags = np.empty((count, 2), np.int64), np.empty((count, 2), np.bool_)
    effects, two = np.zeros((count, number.size), np.float32), np.empty(2, np.int64)
    row, rest, place, flag = np.empty((2, 3)), np.empty(2), np.empty(2, np.int64), np.empty(2, np.bool_)
    for _ in range(30 * count):
        if found == count:
            break
        two[0], two[1] = rng.integers(0, n), rng.integers(0, n)
        if rare.size and rng.random() < 0.3:
            two[0] = rare[rng.integers(0, rare.size)]
        for k in range(2):
            row[k], rest[k], place[k], flag[k] = state[two[k]], contact[two[k]], quarter[two[k]], unrelated[two[k]]
        s = _move(rng, two[0], two[1], state, contact, assessed, earliest, unrelated, fixed, edges, quarter, taken)
        if s == 0:
            continue
        moved[:], changed = have, 0
        for k in range(s):
            for b in range(limits.shape[0]):
                moved[b] -= _member(matrix[two[k]], limits[b])
            changed |= derive_endpoints(two[k], state, contact, assessed, unrelated, time, event, at_risk)
        for k in range(s):
            _write_fates(two[k], matrix, columns, state, unrelated, time, event)
            for b in range(limits.shape[0]):
                moved[b] += _member(matrix[two[k]], limits[b])
        if changed and _broken(moved, limits) <= broken and oddness(state, unrelated) <= odd:
            values[:] = base
            _all_values(
                matrix, models, which, time, event, at_risk, factors, logarithmic, changed, beta, SWIFT, values, work
            )
            for k in range(number.size):
                effects[found, k] = (values[k] - base[k]) / half[k]
            size[found] = s
            for k in range(2):
                who[found, k], rows[found, k], contacts[found, k] = two[k], state[two[k]], contact[two[k]]
                quarters[found, k], flags[found, k] = quarter[two[k]], unrelated[two[k]]
            found += 1
        for k in range(s):
            i = two[k]
            state[i], contact[i], quarter[i], unrelated[i] = row[k], rest[k], place[k], flag[k]
            derive_endpoints(i, state, contact, assessed, unrelated, time, event, at_risk)
            _write_fates(i, matrix, columns, state, unrelated, time, event)
    return (
        who[:found], size[:found], rows[:found], contacts[:found], quarters[:found], flags[:found],
        (base - number) / half, effects[:found],
    )  # fmt: skip


# --- days of any states, of another paper


@njit(cache=True, nogil=True, error_model="numpy")
def curves_of(state, contact, masks, sizes, at, out):
    """Fill out with rate and plain half-width (percent) of each endpoint at its milestones; event days differ.

    Returns the patients as :func:`search_days` keeps them: time, event and numbers at risk, shape (endpoints, n), and the
    logarithm of the Kaplan–Meier factor and the Greenwood term of an event among 0 ... n at risk.
    """
    n = contact.size
    times, event = np.full((masks.size, n), -np.inf), np.zeros((masks.size, n), np.bool_)
    at_risk, factors = np.zeros((masks.size, n), np.int64), np.zeros((2, n + 1))
    for k in range(1, n + 1):
        factors[0, k] = math.log1p(-1.0 / k)
        factors[1, k] = 1.0 / (k * max(k - 1.0, 1e-9))
    for i in range(n):
        _follow(i, state, contact, masks, times, event, at_risk)
    for e in range(masks.size):
        read_curve(e, times, event, at_risk, factors, sizes, at, out)
    return times, event, at_risk, factors


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(i, state, contact, masks, times, event, at_risk):
    """Bring time, event and numbers at risk up to the days of patient i; return which endpoints changed, as bits."""
    changed = 0
    for e in range(masks.size):
        day, seen, before = contact[i], False, times[e, i]
        for s in range(state.shape[1]):
            if (masks[e] >> s) & 1 and state[i, s] <= day:
                day, seen = state[i, s], True
        if day == before and seen == event[e, i]:
            continue
        changed |= 1 << e
        event[e, i] = seen
        if day != before:
            for j in range(contact.size):
                at_risk[e, j] += int(day >= times[e, j]) - int(before >= times[e, j])
            times[e, i], at_risk[e, i] = day, 0
            for j in range(contact.size):
                at_risk[e, i] += int(times[e, j] >= day)
    return changed


@njit(cache=True, nogil=True, error_model="numpy")
def read_curve(e, times, event, at_risk, factors, sizes, at, out):
    """Fill out with rate and half-width of one endpoint at its milestones."""
    begin = sizes[:e].sum()
    for m in range(begin, begin + sizes[e]):
        logarithm, variance = 0.0, 0.0
        for i in range(times.shape[1]):
            if event[e, i] and times[e, i] <= at[m]:
                logarithm += factors[0, at_risk[e, i]]
                variance += factors[1, at_risk[e, i]]
        out[2 * m] = 100.0 * math.exp(logarithm)
        out[2 * m + 1] = 100.0 * math.exp(logarithm) * Z * math.sqrt(variance)


@njit(cache=True, nogil=True)
def _odd(event, events):
    """Return half the number of events that the endpoints have too few or too many."""
    broken = 0.0
    for e in range(event.shape[0]):
        total = event[e].sum()
        broken += max(0.0, events[e, 0] - total) + max(0.0, total - events[e, 1])
    return 0.5 * broken


@njit(cache=True, nogil=True, error_model="numpy")
def _allowed(state, contact, i, limits, last, taken):
    """Tell whether the days of patient i are in order, within their limits, and no other patient's."""
    for s in range(state.shape[1]):
        day = state[i, s]
        if day == np.inf:
            continue
        if day < limits[s, 0] or day > limits[s, 1] or day > contact[i] or taken[int(day)] > 0:
            return False
        if last[s] and day != contact[i]:
            return False
        if not last[s] and day > contact[i] - limits[s, 2]:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def search_days(rng, moves, schedule, state, contact, limits, last, masks, sizes, at, events, number, half):
    """Anneal days: one moves, appears or goes; a last contact moves; two patients exchange a state."""
    n, count = state.shape
    taken = np.zeros(10_000, np.int64)
    for i in range(n):
        for s in range(count):
            if state[i, s] < np.inf:
                taken[int(state[i, s])] += 1
    values = np.empty(2 * at.size)
    times, event, at_risk, factors = curves_of(state, contact, masks, sizes, at, values)
    odd = _odd(event, events)
    (heat, width), best = cooled(schedule, 0.0), loss_of(values, number, half, FINAL, schedule[4]) + odd
    loss = loss_of(values, number, half, width, schedule[4]) + odd
    keep, keep_contact, old, old_odd = state.copy(), contact.copy(), values.copy(), odd
    row, latest = np.empty(count), limits[:, 1].max()  # nobody is followed for longer than a state can come
    for step in range(moves):
        phase = min(1.0, 1.1 * step / moves)
        if step % 500 == 0:
            heat, width = cooled(schedule, phase)
            loss = loss_of(values, number, half, width, schedule[4]) + odd
        i, s = rng.integers(0, n), rng.integers(0, count)
        row[:], rest = state[i], contact[i]
        for k in range(count):
            if row[k] < np.inf:
                taken[int(row[k])] -= 1
        kind, shift = rng.random(), math.ceil(math.exp(rng.random() * 6.0)) * (1 if rng.random() < 0.5 else -1)
        if kind < 0.4 and state[i, s] < np.inf:
            state[i, s] += shift
        elif kind < 0.6:
            contact[i] = min(latest, max(30.0, contact[i] + shift))
            for k in range(count):
                if last[k] and state[i, k] < np.inf:
                    state[i, k] = contact[i]
        elif state[i, s] < np.inf:
            state[i, s] = np.inf
            if last[s]:
                contact[i] += rng.integers(0, int(latest - contact[i]) + 1)
        else:
            low = limits[s, 0]
            day = low + rng.integers(0, int(max(1.0, contact[i] - low)))
            state[i, s] = day
        for k in range(count):
            if last[k] and state[i, k] < np.inf:
                contact[i] = state[i, k]
        new, changed, old[:], old_odd = 1e9, 0, values, odd
        if _allowed(state, contact, i, limits, last, taken):
            changed = _follow(i, state, contact, masks, times, event, at_risk)
            for e in range(masks.size):
                if (changed >> e) & 1:
                    read_curve(e, times, event, at_risk, factors, sizes, at, values)
            odd = _odd(event, events) if changed else odd
            new = loss_of(values, number, half, width, schedule[4]) + odd
        if new < 1e9 and (new <= loss or rng.random() < math.exp((loss - new) / heat)):
            loss = new
            if phase > 0.5:
                final = loss_of(values, number, half, FINAL, schedule[4]) + odd
                if final < best:
                    best = final
                    keep[:], keep_contact[:] = state, contact
        else:
            state[i], contact[i] = row, rest
            if changed:
                _follow(i, state, contact, masks, times, event, at_risk)
                values[:], odd = old, old_odd
        for k in range(count):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] += 1
        if best <= 0.0:
            break
    return keep, keep_contact, best
