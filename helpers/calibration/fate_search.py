"""Anneal fates until the Kaplan-Meier rates and half-widths of OS, PFS and EFS are the printed ones.

A fate is one state per patient (progression, failure, death, last contact); the three endpoints are derived from it, so
that their order always holds. Moves keep progression before death, the printed follow-up (each patient stays in a
quarter of it, unless two exchange theirs), and all event days different.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numba import njit

from helpers.calibration.targets import DAYS, FINAL, Schedule, Targets, cooled, loss_of
from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.synthesis.fates import LATEST_CUTOFF, draw_cutoff, follow_up_marks

ENDPOINTS = ("os", "pfs", "efs")
MILESTONES = np.array([1.0, 2.0, 3.0]) * DAYS_PER_YEAR
LAST_FOLLOW_UP = 2500
GAP = 10.0  # least days between progression and death, between two steps of one fate
NEVER = np.inf
LATEST_NR = 150  # a non-responder progresses by this day
MOST_UNRELATED, SOONEST_UNRELATED = 5, 90  # deaths that nobody would lay to the disease or its treatment; first day
MOST_BARE, MOST_FAILED = 11, 8  # deaths without progression; treatment failures


def search_fates(
    fates: pd.DataFrame,
    labels: pd.DataFrame,
    targets: Targets,
    rng: np.random.Generator,
    moves: int = 2_000_000,
    schedule: Schedule = DAYS,
) -> tuple[pd.DataFrame, float, np.ndarray]:
    """Anneal *fates* towards the printed survival rates.

    Parameters
    ----------
    fates, labels : DataFrame
        From :func:`helpers.synthesis.fates.draw_fates` and :func:`helpers.synthesis.labels.draw_labels`.
    targets : Targets
        Of the ids ``results.efficacy.<endpoint>_<year>y.<rate or half_width>``, in the order of :func:`km_ids`.
    rng : numpy.random.Generator
    moves : int
    schedule : Schedule

    Returns
    -------
    fates : DataFrame
        The best found.
    loss : float
    hit : bool array, shape (18,)
        Which targets agree with the print.
    """
    state = np.column_stack([fates[name].fillna(NEVER).to_numpy(float) for name in ("progression", "failure", "death")])
    contact = fates["contact"].to_numpy(float).copy()
    assessed = np.where(labels["response"] == "NR", fates["assessed"], NEVER).astype(float)
    earliest = np.where(labels["response"] == "ND", 22.0, 36.0)
    unrelated = (fates["cause"] == "unrelated").fillna(False).to_numpy(bool).copy()
    early = (fates["death"] < 30).to_numpy(bool)
    fixed = early | np.isin(contact, np.array(follow_up_marks()).ravel())
    edges = _edges()
    quarter = np.searchsorted(edges[:, 0], contact, side="right") - 1
    best = _anneal(
        rng, moves, tuple(schedule), state, contact, assessed, earliest, unrelated, fixed, edges, quarter,
        targets.number, targets.half, targets.logarithmic, LATEST_CUTOFF, _factors(len(fates)),
    )  # fmt: skip
    state, contact, unrelated, loss = best
    found = fates.copy()
    for k, name in enumerate(("progression", "failure", "death")):
        found[name] = np.where(np.isinf(state[:, k]), np.nan, state[:, k])
    found["contact"] = contact
    alive = np.isinf(state[:, 2])
    found["cutoff"] = [float(draw_cutoff(day, alive[i], rng)) for i, day in enumerate(contact)]
    found["cause"] = _causes(found, fates["cause"], unrelated, rng)
    return found, float(loss), targets.hit(km_values(labels, found, targets.logarithmic))


def km_ids() -> list[str]:
    """List the ids of the 18 printed rates and half-widths, in the order of the search.

    Examples
    --------
    >>> km_ids()[:2]
    ['results.efficacy.os_1y.rate', 'results.efficacy.os_1y.half_width']
    """
    return [f"results.efficacy.{e}_{y}y.{m}" for e in ENDPOINTS for y in (1, 2, 3) for m in ("rate", "half_width")]


def endpoints(labels: pd.DataFrame, fates: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Derive OS, PFS and EFS (time, event) from fates, as :func:`helpers.cohort.derive.analyse` does from a cohort."""
    death, progression = fates["death"], fates["progression"]
    nonresponse = fates["assessed"].where(labels["response"] == "NR")
    related = death.where(~(fates["cause"] == "unrelated").fillna(False).to_numpy(bool))
    first = {
        "os": death,
        "pfs": np.fmin(progression, death),
        "efs": np.fmin(np.fmin(progression, fates["failure"]), np.fmin(nonresponse, related)),
    }
    return {name: (day.fillna(fates["contact"]).to_numpy(float), day.notna().to_numpy()) for name, day in first.items()}


def km_values(labels: pd.DataFrame, fates: pd.DataFrame, logarithmic: np.ndarray) -> np.ndarray:
    """Compute the 18 rates and half-widths, in the order of :func:`km_ids`."""
    out = np.empty(18)
    for k, (days, event) in enumerate(endpoints(labels, fates).values()):
        at_risk = (days[:, None] <= days).sum(axis=1)
        _read(days, event, at_risk, _factors(len(days)), 6 * k, logarithmic, out)
    return out


def _factors(n: int) -> np.ndarray:
    """Logarithm of the Kaplan-Meier factor, and Greenwood term, of an event among 0 ... n at risk; of one: nobody is left."""
    at_risk = np.arange(2.0, n + 1)
    logs, terms = np.log1p(-1 / at_risk), 1 / (at_risk * (at_risk - 1))
    return np.array([[0.0, -np.inf, *logs], [0.0, np.inf, *terms]])


def _edges() -> np.ndarray:
    """Bounds of the days of last contact in each quarter of follow-up, the marks between them left out."""
    (a, b), (c, d), (e, f) = follow_up_marks()
    return np.array([(0, a - 1), (b + 1, c - 1), (d + 1, e - 1), (f + 1, LAST_FOLLOW_UP)], float)


def _causes(found: pd.DataFrame, before: pd.Series, unrelated: np.ndarray, rng) -> pd.Series:
    """Causes of death: leukaemia mostly, if the disease came back; never leukaemia, if it did not."""
    died, back = found["death"].notna(), found["progression"].notna()
    relapsed = rng.choice(["leukaemia", "transplantation", "infection"], len(found), p=[0.85, 0.08, 0.07])
    other = rng.choice(["treatment", "transplantation", "infection"], len(found), p=[0.3, 0.3, 0.4])
    early = found["death"] < 30
    cause = np.select([~died, unrelated, back, early], [None, "unrelated", relapsed, before.astype(object)], other)
    return pd.Series(pd.array(cause, dtype="string"), index=found.index)


@njit(cache=True, nogil=True, error_model="numpy")
def _derive(i, state, contact, assessed, unrelated, time, event, at_risk):
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
def _read(time, event, at_risk, factors, at, logarithmic, out):
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
def _plausible(state, unrelated):
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
def _anneal(
    rng, moves, schedule, state, contact, assessed, earliest, unrelated, fixed, edges, quarter,
    number, half, logarithmic, last, factors,
):  # fmt: skip
    n = contact.size
    taken = np.zeros(int(last) + 2, np.bool_)
    time, event, at_risk = np.zeros((3, n)), np.zeros((3, n), np.bool_), np.full((3, n), n)
    for i in range(n):
        _derive(i, state, contact, assessed, unrelated, time, event, at_risk)
        for k in range(3):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] = True
        if assessed[i] < np.inf:
            taken[int(assessed[i])] = True
    values, old_values = np.empty(18), np.empty(18)
    for e in range(3):
        _read(time[e], event[e], at_risk[e], factors, 6 * e, logarithmic, values)
    odd = _plausible(state, unrelated)
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
            changed |= _derive(who[k], state, contact, assessed, unrelated, time, event, at_risk)
        old_values[:] = values
        for e in range(3):
            if (changed >> e) & 1:
                _read(time[e], event[e], at_risk[e], factors, 6 * e, logarithmic, values)
        now = _plausible(state, unrelated)
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
                _derive(i, state, contact, assessed, unrelated, time, event, at_risk)
    return keep[0], keep[1], keep[2], best
