"""Finish labels that are nearly right: polish them, and hop from what was reached to what lies near it.

Annealing tries one exchange after another and stays where each of them alone makes something worse. Near the print what an
exchange does to a number is nearly the same whatever else is exchanged, so that the effects of some thousand
exchanges, computed once, tell which of their millions of pairs and threes would do; the best are then computed. A hop warms
one of the best labels found so far a little, cools them again, and polishes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from helpers.calibration.kernels import JUMP, SLOPE, best_sums, cost_of, exchange_effects
from helpers.calibration.label_search import Bound, LabelSearch
from helpers.calibration.targets import Schedule

DRAWN, KEPT = 2000, 100  # exchanges whose effects are computed in a round, sums of them that are tried
FAR = 60.0  # half units beyond which effects do not add up
STUCK, ROUND, DRAWN_IN = (
    3,
    30,
    22,
)  # rounds without gain before it is shaken; of so many rounds the first draw all numbers in
NEXT, ABOVE, HEAVIEST = (
    6,
    1.0,
    8.0,
)  # of how many sets one is gone on from, within what cost; the most that a weight grows
HOP_MOVES, POOL, ROUNDS = 600_000, 6, 40  # moves of a hop, labels that are hopped from, rounds of polishing after it
BROKEN = 10.0  # cost of each patient by whom a bound is broken
NEAR = 4.0  # cost below which a hop is polished for longer


class Price(NamedTuple):
    """What a number outside its half unit costs: for being so, and for each half unit beyond."""

    jump: float
    slope: float


class Labels(NamedTuple):
    """Labels on their way, how far each number is from the print in half units, and by how many patients bounds are broken."""

    matrix: np.ndarray
    units: np.ndarray
    broken: int


State = TypeVar("State")
COUNTED, DRAWING = Price(JUMP, SLOPE), Price(0.02, 1.0)  # to count misses; to draw all of them in


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
    polisher = _LabelPolisher(search, moved, bounds, rng, weights or {})
    matrix = search.matrix.copy()
    best, cost = polisher.run(Labels(matrix, *polisher.layout.distances(matrix)), rounds)
    search.matrix[:] = best.matrix
    return cost


def best_sets(
    now: np.ndarray,
    effects: np.ndarray,
    weight: np.ndarray,
    price: Price,
    keep: int,
    *,
    first: np.ndarray | None = None,
    largest: int = 3,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Find the sets of two to *largest* moves whose effects bring the numbers nearest to the print.

    Larger sets are the best smaller ones with one move more: not always the best that there are.

    Parameters
    ----------
    now : float32 array, shape (numbers,)
    effects : float32 array, shape (moves, numbers)
    weight, price :
        As in :func:`helpers.calibration.kernels.cost_of`.
    keep : int
        Sets of each size.
    first : int array, optional
        Moves one of which each set holds; by default any.
    largest : int

    Returns
    -------
    list of int arrays, costs
        Pairs first, the best of each size before the others.

    Examples
    --------
    >>> now, effects = np.float32([5.0, 0.0]), np.float32([[-3.0, 2.0], [-2.0, -2.0], [4.0, 0.0]])
    >>> sets, costs = best_sets(now, effects, np.ones(2), COUNTED, 2, largest=2)
    >>> sets[0].tolist(), float(costs[0])
    ([0, 1], 0.0)
    """
    chosen = np.arange(len(effects)) if first is None else np.asarray(first)
    level, sums, sets, costs = list(chosen[:, None]), effects[chosen], [], []
    for _ in range(largest - 1):
        pairs, cost = best_sums(now, sums, effects, weight, *price, keep)
        level, sums = [np.append(level[a], b) for a, b in pairs], sums[pairs[:, 0]] + effects[pairs[:, 1]]
        sets, costs = [*sets, *map(np.unique, level)], [*costs, cost]
    return sets, np.concatenate(costs)


def exchanged(matrix: np.ndarray, groups: np.ndarray, exchanges: np.ndarray) -> np.ndarray | None:
    """Exchange the labels of some pairs; None if one of them has nothing left to exchange.

    Parameters
    ----------
    matrix : int array, shape (patients, labels)
    groups : bool array, shape (groups, labels)
    exchanges : int array, shape (n, 3)
        Group and the two patients of each.
    """
    other = matrix.copy()
    for group, i, j in exchanges:
        labels = groups[group]
        if (other[i, labels] == other[j, labels]).all():
            return None
        other[np.ix_([i, j], labels)] = other[np.ix_([j, i], labels)]
    return other


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

    pool = [(polished(1), search.matrix.copy())]
    for turn in range(hops):
        if pool[0][0] <= 0:
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


class Polisher(ABC, Generic[State]):
    """A search that draws moves, computes once what each does, and tries the pairs and threes that add up best.

    Attributes
    ----------
    rng : numpy.random.Generator
    weight : float array
        Of each number; 0: it does not count.
    far : float
        Half units beyond which effects do not add up.
    heavier, lighter : float
        Factors on the weight of a number that stays missed, and of one that is hit, whenever nothing gets better.
    """

    far, heavier, lighter = FAR, 1.0, 1.0

    def __init__(self, weight: np.ndarray, rng: np.random.Generator):
        self.weight, self.rng = weight, rng

    @abstractmethod
    def drawn(self, state: State) -> tuple[object, np.ndarray, np.ndarray]:
        """Draw moves: return them, how far every number is from the print in half units, and what each move adds to that."""

    @abstractmethod
    def moved(self, state: State, moves: object, chosen: np.ndarray) -> State | None:
        """Make the chosen moves together; None if they do not go together, or break more than is broken."""

    @abstractmethod
    def distances(self, state: State) -> np.ndarray:
        """Compute how far every number is from the print, in half units."""

    def run(self, start: State, rounds: int) -> tuple[State, float]:
        """Polish; return the best that was found, and what its misses cost."""
        state, best, weight, stuck, least = start, start, self.weight.copy(), 0, np.inf
        for turn in range(rounds):
            if turn and turn % ROUND == 0 and self.rng.random() < 0.5:
                state = best
            price = DRAWING if turn % ROUND < DRAWN_IN else COUNTED
            moves, now, effects = self.drawn(state)
            if turn == 0:
                least = cost_of(now, self.weight, *COUNTED)
            if least <= 0:
                break
            here, tried = cost_of(now, weight, *price), self._tried(state, moves, now, effects, weight, price)
            for _, other, units in tried:
                cost = cost_of(units, self.weight, *COUNTED)
                if cost < least - 1e-9:
                    best, least = other, cost
            if tried and tried[0][0] < here - 1e-6:
                state, stuck = tried[0][1], 0
                continue
            stuck += 1
            weight = weight * np.where(np.abs(now) > 1, self.heavier, self.lighter)
            weight = np.clip(weight, self.weight, HEAVIEST * self.weight)
            near = [other for cost, other, _ in tried[:NEXT] if cost < here + ABOVE]
            if stuck > STUCK:
                state, stuck = self._shaken(best if self.rng.random() < 0.5 else state, moves), 0
            elif near:
                state = near[int(self.rng.integers(len(near)))]
        return best, float(least)

    def _tried(self, state, moves, now, effects, weight, price: Price) -> list[tuple[float, State, np.ndarray]]:
        """Compute the sets that promise most: cost, state, distances in half units; the cheapest first."""
        counts = self.weight > 0
        near = np.flatnonzero(np.isfinite(effects).all(axis=1) & (np.abs(effects[:, counts]).max(axis=1) < self.far))
        if near.size < 2:
            return []
        start, effects = (np.where(counts, one, 0).astype(np.float32) for one in (now, effects[near]))
        found = []
        for chosen in best_sets(start, effects, weight, price, KEPT)[0]:
            other = self.moved(state, moves, near[chosen])
            if other is not None:
                units = self.distances(other)
                found.append((cost_of(units, weight, *price), other, units))
        return sorted(found, key=lambda one: one[0])

    def _shaken(self, state: State, moves) -> State:
        """Make one to three moves at random."""
        chosen = np.unique(self.rng.integers(0, len(moves[0]), self.rng.integers(1, 4))) if len(moves[0]) else None
        return state if chosen is None else self.moved(state, moves, chosen) or state


class _LabelPolisher(Polisher[Labels]):
    """The labels of a search, as a tuple that holds the matrix, and the bounds that it breaks."""

    def __init__(self, search: LabelSearch, moved, bounds, rng, weights):
        ids = [id for some in search.ids for id in some]
        super().__init__(np.array([weights.get(id, 1.0) if id else 0.0 for id in ids]), rng)
        self.groups = np.array([[name == one for name in search.names] for one in moved])
        self.strata = np.array(list(moved.values()), dtype=np.int64)
        self.layout = search.layout(bounds)
        self.touched = np.array([self.layout.touched([one]) for one in moved])

    def drawn(self, state: Labels):
        exchanges, now, effects = exchange_effects(
            self.rng, DRAWN, state.matrix, self.groups, self.strata, self.touched, *self.layout.arrays
        )
        return (exchanges,), now, effects

    def moved(self, state: Labels, moves, chosen: np.ndarray) -> Labels | None:
        other = exchanged(state.matrix, self.groups, moves[0][chosen])
        if other is None:
            return None
        found = Labels(other, *self.layout.distances(other))
        return found if found.broken <= state.broken else None

    def distances(self, state: Labels) -> np.ndarray:
        return state.units
