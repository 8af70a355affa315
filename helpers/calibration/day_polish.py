"""Polish days: from curves that are nearly the printed ones to curves that are.

Annealing moves one fate after another and stays where each move alone makes some number worse. As with labels
(:mod:`helpers.calibration.polish`), what some thousand moves do is computed once and the pairs and threes that add up best are
tried. A number that stays missed while nothing gets better weighs more from turn to turn, so that the search leaves the place
where it is caught.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.calibration.fate_search import Days, km_factors
from helpers.calibration.kernels import best_sums, cost_of, derive_all, fate_effects, oddness, read_milestones
from helpers.calibration.polish import COUNTED, DRAWING, KEPT, STUCK
from helpers.calibration.targets import Targets

DRAWN = 3000  # moves whose effects are computed in a round
FAR = 400.0  # half units beyond which effects do not add up
ROUND, DRAWN_IN = 30, 20  # of so many rounds the first draw all numbers in, the others count those missed
HEAVIER, LIGHTER, HEAVIEST = (
    1.25,
    0.97,
    8.0,
)  # factors on the weight of a number that stays missed, that is hit; the most
NO_MODELS = (
    np.zeros((0, 1, 2), np.int64),
    np.zeros((0, 1, 2), np.int64),
    np.zeros((0, 4), np.int64),
    np.zeros(1, np.int64),
)
NEXT = 8  # of the best that were tried, one to go on from


def polish_days(
    labels: pd.DataFrame, fates: pd.DataFrame, targets: Targets, rng: np.random.Generator, rounds: int
) -> tuple[pd.DataFrame, float]:
    """Polish fates towards the printed survival rates.

    Parameters
    ----------
    labels, fates : DataFrame
        Of a state whose curves are near the printed ones.
    targets : Targets
        Of :func:`helpers.calibration.fate_search.km_ids`.
    rng : numpy.random.Generator
    rounds : int
        At most; it ends when every number is hit.

    Returns
    -------
    fates : DataFrame
        The best found; causes of death and cut-offs are drawn anew.
    cost : float
        What its misses cost, zero if there are none; never more than before.
    """
    polish = _DayPolish(Days.of(labels, fates), targets, rng)
    cost = polish.run(rounds)
    return polish.days.written(fates, rng), cost


class _DayPolish:
    """Days on their way; ``days`` are the best so far."""

    def __init__(self, days: Days, targets: Targets, rng: np.random.Generator):
        self.days, self.targets, self.rng = days, targets, rng
        self.factors = km_factors(days.contact.size)
        self.even = np.ones(targets.number.size)

    def run(self, rounds: int) -> float:
        days, weight, stuck, least = self.days, self.even.copy(), 0, np.inf
        for turn in range(rounds):
            moves, now, effects = self._drawn(days)
            if turn == 0:
                least = cost_of(now, self.even, *COUNTED)
            if least <= 0:
                break
            price = DRAWING if turn % ROUND < DRAWN_IN else COUNTED
            here, tried = cost_of(now, weight, *price), self._tried(days, moves, now, effects, weight, price)
            for _, other, units in tried:
                cost = cost_of(units, self.even, *COUNTED)
                if cost < least - 1e-9:
                    self.days, least = other, cost
            if tried and tried[0][0] < here - 1e-6:
                days, stuck = tried[0][1], 0
                continue
            stuck += 1
            weight = np.clip(weight * np.where(np.abs(now) > 1, HEAVIER, LIGHTER), 1.0, HEAVIEST)
            near = [other for cost, other, _ in tried[:NEXT] if cost < here + 1.5]
            if stuck > STUCK:
                days, stuck = self.days if self.rng.random() < 0.5 else self._shaken(days, moves), 0
            elif near:
                days = near[int(self.rng.integers(len(near)))]
        return float(least)

    def _drawn(self, days: Days) -> tuple:
        """Draw moves; return them, how far the numbers are from the print, and what each move does to them."""
        nobody = np.zeros((days.contact.size, 5), np.int64)
        *moves, now, effects = fate_effects(
            self.rng, DRAWN, (days.state, days.contact, days.assessed, days.unrelated), days.earliest, days.fixed, days.edges,
            days.quarter, nobody, np.arange(5), np.zeros((0, 8), np.int64), NO_MODELS, np.arange(0), self.targets.number,
            self.targets.half, self.targets.logarithmic, self.factors,
        )  # fmt: skip
        return moves, now, effects

    def _tried(self, days: Days, moves, now, effects, weight, price) -> list[tuple[float, Days, np.ndarray]]:
        """Compute the pairs and threes of moves that promise most: cost, days, distances in half units; the cheapest first."""
        near = np.flatnonzero(np.isfinite(effects).all(axis=1) & (np.abs(effects).max(axis=1) < FAR))
        if near.size < 2:
            return []
        start, effects = now.astype(np.float32), effects[near]
        pairs, _ = best_sums(start, effects, effects, weight, *price, KEPT)
        sums = effects[pairs[:, 0]] + effects[pairs[:, 1]]
        threes, _ = best_sums(start, sums, effects, weight, *price, KEPT)
        found = []
        for chosen in [*pairs, *[np.append(pairs[a], b) for a, b in threes]]:
            other = self._moved(days, moves, near[np.unique(chosen)])
            if other is not None:
                units = self._distances(other)
                found.append((cost_of(units, weight, *price), other, units))
        return sorted(found, key=lambda one: one[0])

    def _moved(self, days: Days, moves, chosen: np.ndarray) -> Days | None:
        """Make some moves together; None if two of them move one patient, or if that is odder than the days were."""
        who, size, *after = moves
        people = [who[k, : size[k]] for k in chosen]
        if np.unique(np.concatenate(people)).size < sum(size[chosen]):
            return None
        other = days.after([(i, *(one[k, : size[k]] for one in after)) for k, i in zip(chosen, people, strict=True)])
        if other is None or oddness(other.state, other.unrelated) > oddness(days.state, days.unrelated):
            return None
        return other

    def _distances(self, days: Days) -> np.ndarray:
        time, event, at_risk = derive_all(days.state, days.contact, days.assessed, days.unrelated)
        values = np.empty(self.targets.number.size)
        for k in range(len(time)):
            read_milestones(time[k], event[k], at_risk[k], self.factors, 6 * k, self.targets.logarithmic, values)
        return (values - self.targets.number) / self.targets.half

    def _shaken(self, days: Days, moves) -> Days:
        """Make one to four moves at random."""
        chosen = self.rng.choice(len(moves[0]), min(len(moves[0]), int(self.rng.integers(1, 5))), replace=False)
        return self._moved(days, moves, chosen) or days
