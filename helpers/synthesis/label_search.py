"""Anneal labels, their counts held, until Cox rows and log-rank tests of given fates are the printed ones.

A move exchanges one label of two patients of the same stratum, so that every margin stays exact. What a model is (its
endpoint, population and columns) is configuration: ``data/synthesis/models.csv``. The models are fitted by the engine's
kernels, patients outside a model's population counting zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from helpers.estimate.engine.cox_newton import cholesky, inverse_diagonal, solve
from helpers.estimate.engine.layout import lay_out
from helpers.estimate.engine.logrank import _logrank
from helpers.synthesis.targets import Targets, loss_of, targets_of

MEASURES = ("hr", "ci_low", "ci_high", "p")
Z = 1.959963984540054
COX, LOGRANK = 0, 1
BREACH = 10.0  # loss for each patient by whom a bound is broken: more than any target


@dataclass(frozen=True)
class Model:
    """One model: which columns on whom, and where its numbers stand in the print ("" : not printed)."""

    name: str
    kind: str
    endpoint: str
    ids: tuple[str, ...]
    columns: tuple[tuple[str, frozenset[str]], ...]
    population: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True)
class Bound:
    """How many patients may have one of ``first``, of ``second`` and of ``third``: what is clinically natural, or printed."""

    first: tuple[str, str]
    second: tuple[str, str]
    low: int = 0
    high: int = 10**6
    third: tuple[str, str] | None = None


def read_models(path) -> dict[str, Model]:
    """Read models from a table with columns model, kind, endpoint, id, label, codes, population.

    Examples
    --------
    >>> from helpers.paths import DATA
    >>> read_models(DATA / "synthesis" / "models.csv")["status"].ids
    ('table5.univariate.first_relapse', 'table5.univariate.second_relapse')
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    models = {}
    for name, rows in table.groupby("model", sort=False):
        columns = tuple((row.label, frozenset(row.codes.split("|"))) for row in rows.itertuples())
        conditions = [part.partition("=") for part in rows["population"].iloc[0].split(";") if part]
        population = tuple((label, frozenset(codes.split("|"))) for label, _, codes in conditions)
        models[name] = Model(
            name, rows["kind"].iloc[0], rows["endpoint"].iloc[0], tuple(rows["id"]), columns, population
        )
    return models


def model_ids(model: Model) -> list[str]:
    """List the printed ids of a model, "" where a number is not printed."""
    if model.kind == "logrank":
        return list(model.ids)
    return [f"{id}.{measure}" if id else "" for id in model.ids for measure in MEASURES]


class LabelSearch:
    """Labels, fates and models, compiled to arrays.

    Parameters
    ----------
    labels : DataFrame
        One column per label, codes as text.
    endpoints : mapping of str to (time, event)
    models : sequence of Model
    folder : Path, optional
        Published values that the ids are in.
    """

    def __init__(self, labels: pd.DataFrame, endpoints: Mapping[str, tuple], models: Sequence[Model], **folder):
        self.names = list(labels.columns)
        self.codes = {name: sorted(labels[name].unique()) for name in self.names}
        self.matrix = np.column_stack(
            [labels[n].map({c: k for k, c in enumerate(self.codes[n])}) for n in self.names]
        ).astype(np.int64)
        self.models = list(models)
        self.ids = [model_ids(model) for model in self.models]
        self.targets = [_with_gaps(ids, **folder) for ids in self.ids]
        self.layouts = {name: _endpoint(*data) for name, data in endpoints.items()}
        self.compiled = [self._compile(model) for model in self.models]

    def _compile(self, model: Model) -> tuple:
        columns = np.array([(self.names.index(label), self._mask(label, codes)) for label, codes in model.columns])
        population = np.array(
            [(self.names.index(label), self._mask(label, codes)) for label, codes in model.population]
        )
        layout, event = self.layouts[model.endpoint]
        return (
            columns.astype(np.int64),
            population.reshape(-1, 2).astype(np.int64),
            layout,
            event,
            COX if model.kind == "cox" else LOGRANK,
        )

    def _mask(self, label: str, codes: frozenset[str]) -> int:
        return sum(1 << k for k, code in enumerate(self.codes[label]) if code in codes)

    def values(self, model: int, matrix: np.ndarray | None = None) -> np.ndarray:
        """Compute the numbers of a model, in the order of its ids."""
        columns, population, layout, event, kind = self.compiled[model]
        out = np.empty(len(self.ids[model]))
        beta = np.zeros(len(columns))
        evaluate(self.matrix if matrix is None else matrix, columns, population, layout, event, kind, beta, out)
        return out

    def hits(self) -> dict[str, bool]:
        """Tell for each printed id whether the labels give it."""
        found = {}
        for k, ids in enumerate(self.ids):
            hit = self.targets[k].hit(self.values(k))
            found |= {id: bool(h) for id, h in zip(ids, hit, strict=True) if id}
        return found

    def frame(self) -> pd.DataFrame:
        """Return the labels as they now stand."""
        columns = {n: np.array(self.codes[n], dtype=object)[self.matrix[:, k]] for k, n in enumerate(self.names)}
        return pd.DataFrame(columns)

    def anneal(
        self,
        moved: Mapping[str, tuple[Sequence[str], np.ndarray]],
        bounds: Sequence[Bound],
        rng: np.random.Generator,
        moves: int,
        heat: float = 1.5,
    ) -> float:
        """Anneal some labels in place.

        Parameters
        ----------
        moved : mapping of label to (names of the models that it changes, stratum of each patient)
        bounds : sequence of Bound
        rng : numpy.random.Generator
        moves : int
        heat : float
            Temperature to start from.

        Returns
        -------
        float
            Loss of the best labels, which are kept.
        """
        names = [model.name for model in self.models]
        active = sorted({names.index(m) for models, _ in moved.values() for m in models})
        touched = np.array([[names[k] in models for k in active] for models, _ in moved.values()])
        strata = np.array([stratum for _, stratum in moved.values()], dtype=np.int64)
        labels = np.array([self.names.index(name) for name in moved])
        limits = np.array([self._limit(bound) for bound in bounds], dtype=np.int64).reshape(-1, 8)
        sets = tuple(self._set(k) for k in active)
        starts = np.concatenate([[0], np.cumsum([len(self.ids[k]) for k in active])])
        number, half, scale = (
            np.concatenate([getattr(self.targets[k], a) for k in active]) for a in ("number", "half", "scale")
        )
        widest = max(len(self.compiled[k][0]) for k in active)
        best, loss = _anneal(
            rng, moves, heat, self.matrix, labels, strata, touched, limits,
            *_stack(sets, starts, widest), number, half, scale,
        )  # fmt: skip
        self.matrix[:] = best
        return float(loss)

    def _limit(self, bound: Bound) -> list[int]:
        conditions = [bound.first, bound.second, bound.third or bound.second]
        pairs = [(self.names.index(n), self._mask(n, frozenset(codes.split("|")))) for n, codes in conditions]
        return [number for pair in pairs for number in pair] + [bound.low, bound.high]

    def _set(self, model: int) -> tuple:
        return self.compiled[model]


def _with_gaps(ids: list[str], **folder) -> Targets:
    """Targets of ids; a number that is not printed is met by anything."""
    printed = targets_of([id for id in ids if id], **folder)
    where = [k for k, id in enumerate(ids) if id]
    number, half, scale = np.zeros(len(ids)), np.full(len(ids), 1e12), np.ones(len(ids))
    number[where], half[where], scale[where] = printed.number, printed.half, printed.scale
    return Targets(tuple(ids), number, half, scale, np.zeros(len(ids), bool))


def _endpoint(time, event) -> tuple:
    layout = lay_out(np.asarray(time, float))
    return layout, np.asarray(event, bool)[layout.order]


def _stack(sets: tuple, starts: np.ndarray, widest: int) -> tuple:
    """Lay models out as plain arrays for the compiled loop: columns, conditions, endpoints."""
    layouts = {id(s[2]): s[2:4] for s in sets}
    keys = list(layouts)
    columns = np.zeros((len(sets), widest, 2), np.int64)
    conditions = np.zeros((len(sets), max(1, max(len(s[1]) for s in sets)), 2), np.int64)
    sizes = np.array([(len(s[0]), len(s[1]), s[4], keys.index(id(s[2]))) for s in sets], np.int64)
    for k, s in enumerate(sets):
        columns[k, : len(s[0])] = s[0]
        conditions[k, : len(s[1])] = s[1]
    both = tuple(layouts[key][0] for key in keys), tuple(layouts[key][1] for key in keys)
    return columns, conditions, sizes, _three(both[0]), _three(both[1]), starts.astype(np.int64)


def _three(items: tuple) -> tuple:
    """Repeat to three, so that the compiled loop has one signature whatever the number of endpoints."""
    return (*items, *(items[:1] * (3 - len(items))))


@njit(cache=True, nogil=True, error_model="numpy")
def evaluate(matrix, columns, population, layout, event, kind, beta, out):
    """Fill out with hazard ratio, limits and p of each column, or with a log-rank p; beta is the start and the end."""
    n = matrix.shape[0]
    count = np.ones(n)
    for q in range(n):
        i = layout.order[q]
        for c in range(population.shape[0]):
            if not (population[c, 1] >> matrix[i, population[c, 0]]) & 1:
                count[q] = 0.0
    if kind == 1:
        group = np.zeros(n, np.int64)
        for q in range(n):
            group[q] = (columns[0, 1] >> matrix[layout.order[q], columns[0, 0]]) & 1
        difference, _, variance = _logrank(event, group, count, layout, 2)
        out[0] = math.erfc(abs(difference[1]) / math.sqrt(2.0 * variance[1, 1])) if variance[1, 1] > 0 else np.nan
        return
    _cox(matrix, columns, count, layout, event, beta, out)


@njit(cache=True, nogil=True, error_model="numpy")
def _cox(matrix, columns, count, layout, event, beta, out):
    """Fit a Cox model of yes/no columns by Newton's method from beta (p,), which is filled; untied event times.

    Patients who agree in every column are one pattern, so that a risk set is a few counts. Agrees with the engine's
    ``cox_fit``, to which a test holds it.
    """
    n, p = matrix.shape[0], columns.shape[0]
    pattern, slot = np.empty(n, np.int64), np.full(1 << p, -1)
    x, kinds = np.zeros((min(n, 1 << p), p)), 0
    for q in range(n):
        bits = 0
        for a in range(p):
            bits |= ((columns[a, 1] >> matrix[layout.order[q], columns[a, 0]]) & 1) << a
        if count[q] > 0 and slot[bits] < 0:
            slot[bits] = kinds
            for a in range(p):
                x[kinds, a] = (bits >> a) & 1
            kinds += 1
        pattern[q] = slot[bits]
    sets, died, deaths = np.empty((n, kinds)), np.empty(n, np.int64), 0
    at_risk = np.zeros(kinds)
    for g in range(layout.starts.size - 1):
        for q in range(layout.starts[g], layout.starts[g + 1]):
            if count[q] > 0:
                at_risk[pattern[q]] += 1.0
        for q in range(layout.starts[g], layout.starts[g + 1]):
            if event[q] and count[q] > 0:
                sets[deaths], died[deaths] = at_risk, pattern[q]
                deaths += 1
    for a in range(p):
        if not abs(beta[a]) <= 3.0:
            beta[a] = 0.0
    risk, share, score, info = np.empty(kinds), np.empty(kinds), np.empty(p), np.empty((p, p))
    mean, step, factor = np.empty(p), np.empty(p), np.zeros((p, p))
    converged = False
    for _ in range(30):
        for k in range(kinds):
            eta = 0.0
            for a in range(p):
                eta += beta[a] * x[k, a]
            risk[k] = math.exp(eta)
        score[:] = 0.0
        info[:] = 0.0
        share[:] = 0.0
        for d in range(deaths):
            total = 0.0
            for k in range(kinds):
                total += sets[d, k] * risk[k]
            mean[:] = 0.0
            for k in range(kinds):
                weight = sets[d, k] * risk[k] / total
                share[k] += weight
                for a in range(p):
                    mean[a] += weight * x[k, a]
            for a in range(p):
                score[a] += x[died[d], a] - mean[a]
                for b in range(a + 1):
                    info[a, b] -= mean[a] * mean[b]
        for k in range(kinds):
            for a in range(p):
                if x[k, a] > 0:
                    for b in range(a + 1):
                        info[a, b] += share[k] * x[k, b]
        if not cholesky(info, factor):
            break
        solve(factor, score, step)
        size = np.abs(step).max()
        for a in range(p):
            beta[a] += step[a] * min(1.0, 2.0 / size) if size > 0 else 0.0
        if size < 1e-7:
            converged = True
            break
        if np.abs(beta).max() > 15.0:
            break
    if not converged:
        beta[:] = 0.0
        out[:] = np.nan
        return
    inverse_diagonal(factor, step)
    for a in range(p):
        out[4 * a] = math.exp(beta[a])
        out[4 * a + 1] = math.exp(beta[a] - Z * step[a])
        out[4 * a + 2] = math.exp(beta[a] + Z * step[a])
        out[4 * a + 3] = math.erfc(abs(beta[a]) / step[a] / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def _broken(matrix, limits):
    """Count by how many patients the bounds are broken."""
    broken = 0
    for b in range(limits.shape[0]):
        have = 0
        for i in range(matrix.shape[0]):
            fits = True
            for c in range(0, 6, 2):
                fits &= (limits[b, c + 1] >> matrix[i, limits[b, c]]) & 1 == 1
            have += fits
        broken += max(0, limits[b, 6] - have) + max(0, have - limits[b, 7])
    return broken


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(matrix, m, columns, conditions, sizes, layouts, events, starts, beta, values):
    """Evaluate model m into its part of values."""
    p, c, kind, e = sizes[m]
    part = values[starts[m] : starts[m + 1]]
    if e == 0:
        evaluate(matrix, columns[m, :p], conditions[m, :c], layouts[0], events[0], kind, beta[m, :p], part)
    elif e == 1:
        evaluate(matrix, columns[m, :p], conditions[m, :c], layouts[1], events[1], kind, beta[m, :p], part)
    else:
        evaluate(matrix, columns[m, :p], conditions[m, :c], layouts[2], events[2], kind, beta[m, :p], part)


@njit(cache=True, nogil=True, error_model="numpy")
def _anneal(
    rng,
    moves,
    warm,
    matrix,
    labels,
    strata,
    touched,
    limits,
    columns,
    conditions,
    sizes,
    layouts,
    events,
    starts,
    number,
    half,
    scale,
):
    n, models = matrix.shape[0], sizes.shape[0]
    current = matrix.copy()
    values, beta = np.empty(starts[-1]), np.zeros((models, columns.shape[1]))
    part, final = np.empty(models), np.empty(models)
    for m in range(models):
        _fill(current, m, columns, conditions, sizes, layouts, events, starts, beta, values)
    cheap_first = np.argsort(sizes[:, 0], kind="mergesort")  # a model of many columns only if the others leave a chance
    broken, best = _broken(current, limits), np.inf
    keep, old, old_part = current.copy(), values.copy(), part.copy()
    loss, heat, fine = 0.0, warm, 1.0
    for step in range(moves):
        if step % 500 == 0:
            phase = min(1.0, 1.1 * step / moves)
            heat = cooling(warm, phase)
            fine = 0.1 + 0.9 * phase if warm >= 1.0 else 1.0
            loss = BREACH * broken
            for m in range(models):
                part[m] = _part(m, values, number, half, scale, starts, fine)
                loss += part[m]
        k = rng.integers(0, labels.size)
        label = labels[k]
        i, j = rng.integers(0, n), rng.integers(0, n)
        if strata[k, i] != strata[k, j] or strata[k, i] < 0 or current[i, label] == current[j, label]:
            continue
        allowed = loss - heat * math.log(rng.random())
        current[i, label], current[j, label] = current[j, label], current[i, label]
        now = _broken(current, limits)
        new = BREACH * now
        old[:], old_part[:] = values, part
        for m in range(models):
            if not touched[k, m]:
                new += part[m]
        for m in cheap_first:
            if touched[k, m]:
                if new > allowed:
                    break
                _fill(current, m, columns, conditions, sizes, layouts, events, starts, beta, values)
                part[m] = _part(m, values, number, half, scale, starts, fine)
                new += part[m]
        if new > allowed:
            current[i, label], current[j, label] = current[j, label], current[i, label]
            values[:], part[:] = old, old_part
            continue
        loss, broken = new, now
        if phase > 0.5 or warm < 1.0:
            total = BREACH * broken
            for m in range(models):
                final[m] = part[m] if fine == 1.0 else _part(m, values, number, half, scale, starts, 1.0)
                total += final[m]
            if total < best:
                best = total
                keep[:] = current
                if best <= 0.0:
                    break
    return keep, best


@njit(cache=True, nogil=True)
def cooling(warm, phase):
    """Temperature: slowly from warm to a tenth of it, where it is decided which targets are met, then down fast."""
    if phase < 0.85:
        return warm * 0.1 ** (phase / 0.85)
    return 0.1 * warm * 0.15 ** ((phase - 0.85) / 0.15)


@njit(cache=True, nogil=True, error_model="numpy")
def _part(m, values, number, half, scale, starts, fine):
    """Loss of one model."""
    a, b = starts[m], starts[m + 1]
    return loss_of(values[a:b], number[a:b], half[a:b], scale[a:b], fine)
