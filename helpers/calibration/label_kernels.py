"""The compiled loop of the label search: exchange a label of two patients, refit what it touches, keep or undo.

Patients stand in order of time, latest first, those censored on a day before those with an event on it, so that a risk
set is a running count. Event times of an endpoint differ from each other (a cohort's do): Breslow and Efron agree.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from helpers.calibration.targets import FINAL, cooled, loss_of
from helpers.resampling.cox_newton import cholesky, inverse_diagonal, solve

Z = 1.959963984540054
COX, LOGRANK = 0, 1
MOST = 4  # columns of a model
BREACH = 10.0  # loss for each patient by whom a bound is broken: more than any target
NEAR = 0.5  # share of moves between neighbours in time, who differ little for a model
FIRM, SWIFT = 1e-9, 1e-5  # last Newton step: of a number that is reported, of one that is tried


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
    """Return the arrays that fits of n patients work in: by patient and kind, by patient, by kind, by column, squares."""
    kinds = 1 << MOST
    sets = np.empty((max(n, 2), max(n, kinds)))
    return sets, np.empty(n, np.int64), np.empty((3, kinds)), np.empty((3, MOST)), np.zeros((2, MOST, MOST))


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
    values, beta, part = np.empty(starts[-1]), np.zeros((count, 4)), np.empty(count)
    for m in range(count):
        p, c, kind, e = sizes[m]
        for i in range(n):
            pattern[m, place[e, i]] = pattern_of(current[i], columns[m, :p], conditions[m, :c])
        fit(pattern[m], event[e], p, kind, beta[m, :p], values[starts[m] : starts[m + 1]], SWIFT, work)
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
    for step in range(moves):
        if step % 500 == 0:
            phase = min(1.0, 1.03 * step / moves)
            heat, width = cooled(schedule, phase)
            loss = BREACH * broken
            for m in range(count):
                part[m] = _loss(m, values, number, half, starts, width, schedule[4])
                loss += part[m]
        k, a = rng.integers(0, labels.size), rng.integers(0, n)
        b = _neighbour(rng, a, n) if rng.random() < NEAR else rng.integers(0, n)
        i, j, label = line[a], line[b], labels[k]
        if strata[k, i] != strata[k, j] or strata[k, i] < 0 or current[i, label] == current[j, label]:
            continue
        allowed = loss - heat * math.log(rng.random())
        old[:], old_part[:], old_have[:] = values, part, have
        for b in range(limits.shape[0]):
            have[b] -= _member(current[i], limits[b]) + _member(current[j], limits[b])
        current[i, label], current[j, label] = current[j, label], current[i, label]
        for b in range(limits.shape[0]):
            have[b] += _member(current[i], limits[b]) + _member(current[j], limits[b])
        now = _broken(have, limits)
        new = BREACH * now
        for m in range(count):
            if not touched[k, m]:
                new += part[m]
        last = 0  # how many models, cheapest first, have the new patterns
        for m in by_cost:
            if new > allowed:
                break
            last += 1
            if touched[k, m]:
                p, c, kind, e = sizes[m]
                x = pattern_of(current[i], columns[m, :p], conditions[m, :c])
                y = pattern_of(current[j], columns[m, :p], conditions[m, :c])
                if pattern[m, place[e, i]] != x or pattern[m, place[e, j]] != y:
                    pattern[m, place[e, i]], pattern[m, place[e, j]] = x, y
                    fit(pattern[m], event[e], p, kind, beta[m, :p], values[starts[m] : starts[m + 1]], SWIFT, work)
                    part[m] = _loss(m, values, number, half, starts, width, schedule[4])
                new += part[m]
        if new > allowed:
            current[i, label], current[j, label] = current[j, label], current[i, label]
            values[:], part[:], have[:] = old, old_part, old_have
            for m in by_cost[:last]:
                if touched[k, m]:
                    p, c, kind, e = sizes[m]
                    pattern[m, place[e, i]] = pattern_of(current[i], columns[m, :p], conditions[m, :c])
                    pattern[m, place[e, j]] = pattern_of(current[j], columns[m, :p], conditions[m, :c])
            continue
        loss, broken = new, now
        if phase > 0.8:
            total = BREACH * broken
            for m in range(count):
                total += _loss(m, values, number, half, starts, FINAL, schedule[4])
            if total < best:
                best = total
                keep[:] = current
                if best <= 0.0:
                    break
    return keep, best


@njit(cache=True, nogil=True, error_model="numpy")
def _loss(m, values, number, half, starts, width, far):
    """Loss of one model."""
    a, b = starts[m], starts[m + 1]
    return loss_of(values[a:b], number[a:b], half[a:b], width, far)
