"""Finish labels that are nearly right: polish them, and hop from what was reached to what lies near it.

Annealing tries one exchange after another and stays where each of them alone makes something worse. Near the print what an
exchange does to a number is nearly the same whatever else is exchanged, so that the effects of some thousand
exchanges, computed once, tell which of their millions of pairs and threes would do; the best are then computed. A hop warms
one of the best labels found so far a little, cools them again, and polishes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from helpers.calibration.kernels import best_sums, cost_of, exchange_effects
from helpers.calibration.label_search import Bound, LabelSearch
from helpers.calibration.targets import Schedule

DRAWN, KEPT = 2000, 100  # exchanges whose effects are computed in a round, sums of them that are tried
FAR = 60.0  # half units beyond which effects do not add up
STUCK, ROUND = 3, 30
HOP_MOVES, POOL, ROUNDS = 600_000, 6, 40  # moves of a hop, labels that are hopped from, rounds of polishing after it
LEAVING = Schedule(1.5, 0.1, 10.0, 1.0, 5.0)
BROKEN = 10.0  # cost of each patient by whom a bound is broken
NEAR = 4.0  # cost below which a hop is polished for longer


class Price(NamedTuple):
    """What a number outside its half unit costs: for being so, and for each half unit beyond."""

    jump: float
    slope: float


COUNTED, DRAWING = Price(0.6, 0.25), Price(0.02, 1.0)  # to count misses; to draw all of them in


def polish(
    search: LabelSearch,
    moved: Mapping[str, np.ndarray],
    bounds: Sequence[Bound],
    rng: np.random.Generator,
    rounds: int,
    weights: Mapping[str, float] | None = None,
) -> float:
    """Polish the labels of a search in place.

    Parameters
    ----------
    search : LabelSearch
        Its labels are changed.
    moved : mapping of label to the stratum of each patient (-1: does not move)
    bounds : sequence of Bound
        Broken no further than they are.
    rng : numpy.random.Generator
    rounds : int
        At most; it ends when every number is hit.
    weights : mapping of id to float, optional
        Of numbers that count more or less than one.

    Returns
    -------
    float
        What the misses of the labels cost, zero if there are none; never more than before.
    """
    return _Polish(search, moved, bounds, rng, weights or {}).run(rounds)


def hop(
    search: LabelSearch,
    moved: Mapping[str, np.ndarray],
    bounds: Sequence[Bound],
    rng: np.random.Generator,
    hops: int,
    *,
    others: Sequence[Bound] = (),
    moves: int = HOP_MOVES,
    weights: Mapping[str, float] | None = None,
    away: bool = False,
    enough: float = 0.0,
    say: Callable[[int, float], None] | None = None,
) -> float:
    """Hop from the labels of a search to better ones near them; change the search's labels in place.

    Parameters
    ----------
    search, moved, bounds, rng, weights :
        As in :func:`polish`.
    hops : int
        At most; it ends when every number is hit.
    others : sequence of Bound, optional
        Broken no further than they are: another stage's.
    moves : int
        Of the annealing of a hop.
    away : bool
        Leave the given labels by a warm annealing, and do not come back to them.
    enough : float
        Cost at which it ends.
    say : callable, optional
        Is told the number of the hop and the least cost so far, the search holding the labels of that cost.

    Returns
    -------
    float
        What the misses of the best labels, and bounds that they break, cost; never more than before.
    """
    own, foreign, bounds = search.layout(bounds), search.layout(others), [*bounds, *others]
    before = foreign.distances(search.matrix)[1]

    def polished(rounds: int) -> float:
        cost = polish(search, moved, bounds, rng, rounds, weights)
        further = max(0, foreign.distances(search.matrix)[1] - before)
        return cost + BROKEN * (own.distances(search.matrix)[1] + further)

    if away:
        search.anneal(moved, bounds, rng, moves, LEAVING)
    pool = [(polished(ROUNDS if away else 1), search.matrix.copy())]
    for turn in range(hops):
        if pool[0][0] <= enough:
            break
        search.matrix[:] = pool[int(rng.integers(len(pool)))][1]
        search.anneal(moved, bounds, rng, moves, _warmed(rng))
        cost = polished(ROUNDS)
        if cost < NEAR:
            cost = polished(2 * ROUNDS)
        if all(abs(cost - other) > 1e-9 for other, _ in pool):
            pool = sorted([*pool, (cost, search.matrix.copy())], key=lambda one: one[0])[:POOL]
        search.matrix[:] = pool[0][1]
        if say:
            say(turn + 1, pool[0][0])
    search.matrix[:] = pool[0][1]
    return pool[0][0]


def label_cost(search: LabelSearch, weights: Mapping[str, float]) -> float:
    """Return what the misses of a search's labels cost."""
    units, _ = search.layout(()).distances(search.matrix)
    ids = [id for some in search.ids for id in some]
    return float(cost_of(units, np.array([weights.get(id, 1.0) if id else 0.0 for id in ids]), *COUNTED))


def _warmed(rng: np.random.Generator) -> Schedule:
    """Draw how a hop warms and cools."""
    warm = float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
    return Schedule(warm, 0.1, float(rng.choice([3, 10, 30])), 1.0, float(rng.choice([2, 5, 20])))


class _Polish:
    def __init__(self, search: LabelSearch, moved, bounds, rng, weights):
        self.search, self.rng = search, rng
        self.groups = np.array([[name == one for name in search.names] for one in moved])
        self.strata = np.array(list(moved.values()), dtype=np.int64)
        layout = search.layout(bounds)
        self.touched = np.array([layout.touched([one]) for one in moved])
        self.layout = layout
        ids = [id for some in search.ids for id in some]
        self.weight = np.array([weights.get(id, 1.0) if id else 0.0 for id in ids])

    def run(self, rounds: int) -> float:
        matrix = self.search.matrix.copy()
        best, cost = matrix.copy(), np.inf
        stuck = 0
        for turn in range(rounds):
            if turn and turn % ROUND == 0 and self.rng.random() < 0.5:
                matrix = best.copy()
            price = DRAWING if turn % ROUND < 22 else COUNTED
            exchanges, now, effects = self._effects(matrix)
            if turn == 0:
                cost = cost_of(now, self.weight, *COUNTED)
            if cost <= 0:
                break
            here = cost_of(now, self.weight, *price)
            tried = self._tried(matrix, exchanges, now, effects, price)
            for _, other, units in tried:
                found = cost_of(units, self.weight, *COUNTED)
                if found < cost - 1e-9:
                    best, cost = other.copy(), found
            if not tried:
                continue
            least = min(tried, key=lambda one: one[0])
            if least[0] < here - 1e-6:
                matrix, stuck = least[1], 0
                continue
            stuck += 1
            if stuck < STUCK:
                near = sorted(tried, key=lambda one: one[0])[:6]
                chosen = near[int(self.rng.integers(len(near)))]
                if chosen[0] < here + 1.0:
                    matrix = chosen[1]
            else:
                matrix, stuck = self._shaken(best if self.rng.random() < 0.4 else matrix, exchanges), 0
        self.search.matrix[:] = best
        return float(cost)

    def _effects(self, matrix: np.ndarray):
        return exchange_effects(self.rng, DRAWN, matrix, self.groups, self.strata, self.touched, *self.layout.arrays)

    def _tried(self, matrix, exchanges, now, effects, price: Price) -> list[tuple[float, np.ndarray, np.ndarray]]:
        """Compute the exchanges, pairs and threes that promise most: cost, labels, distances in half units."""
        usable = np.isfinite(effects).all(axis=1) & (np.abs(effects[:, self.weight > 0]).max(axis=1) < FAR)
        exchanges, effects = exchanges[usable], np.where(self.weight > 0, effects[usable], 0).astype(np.float32)
        if len(exchanges) < 2:
            return []
        start = np.where(self.weight > 0, now, 0).astype(np.float32)
        pairs, _ = best_sums(start, effects, effects, self.weight, *price, KEPT)
        sums = effects[pairs[:, 0]] + effects[pairs[:, 1]]
        threes, _ = best_sums(start, sums, effects, self.weight, *price, KEPT)
        sets = [*pairs, *[np.append(pairs[a], b) for a, b in threes], *np.arange(min(20, len(exchanges)))[:, None]]
        found, most = [], self.layout.distances(matrix)[1]
        for chosen in sets:
            other = self._exchanged(matrix, exchanges[np.unique(chosen)])
            if other is not None:
                units, broken = self.layout.distances(other)
                if broken <= most:
                    found.append((cost_of(units, self.weight, *price), other, units))
        return found

    def _exchanged(self, matrix, exchanges) -> np.ndarray | None:
        """Exchange the labels of some pairs; None if one of them has nothing left to exchange."""
        other = matrix.copy()
        for group, i, j in exchanges:
            labels = self.groups[group]
            if (other[i, labels] == other[j, labels]).all():
                return None
            other[np.ix_([i, j], labels)] = other[np.ix_([j, i], labels)]
        return other

    def _shaken(self, matrix, exchanges) -> np.ndarray:
        """Exchange one to three pairs at random."""
        chosen = self.rng.integers(0, len(exchanges), self.rng.integers(1, 4))
        other = self._exchanged(matrix, exchanges[np.unique(chosen)])
        if other is None or self.layout.distances(other)[1] > self.layout.distances(matrix)[1]:
            return matrix
        return other
