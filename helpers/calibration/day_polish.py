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
from helpers.calibration.kernels import derive_all, fate_effects, oddness, read_milestones
from helpers.calibration.polish import Polisher
from helpers.calibration.targets import Targets

DRAWN = 3000  # moves whose effects are computed in a round
NO_MODELS = (
    np.zeros((0, 1, 2), np.int64),
    np.zeros((0, 1, 2), np.int64),
    np.zeros((0, 4), np.int64),
    np.zeros(1, np.int64),
)


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
    days, cost = _DayPolisher(targets, len(fates), rng).run(Days.of(labels, fates), rounds)
    return days.written(fates, rng), cost


class _DayPolisher(Polisher[Days]):
    """Days on their way."""

    far, heavier, lighter = 400.0, 1.25, 0.97

    def __init__(self, targets: Targets, patients: int, rng: np.random.Generator):
        super().__init__(np.ones(targets.number.size), rng)
        self.targets, self.factors = targets, km_factors(patients)

    def drawn(self, state: Days):
        nobody = np.zeros((state.contact.size, 5), np.int64)
        *moves, now, effects = fate_effects(
            self.rng, DRAWN, (state.state, state.contact, state.assessed, state.unrelated), state.earliest, state.fixed,
            state.edges, state.quarter, nobody, np.arange(5), np.zeros((0, 8), np.int64), NO_MODELS, np.arange(0),
            self.targets.number, self.targets.half, self.targets.logarithmic, self.factors,
        )  # fmt: skip
        return moves, now, effects

    def moved(self, state: Days, moves, chosen: np.ndarray) -> Days | None:
        who, size, *after = moves
        people = [who[k, : size[k]] for k in chosen]
        if np.unique(np.concatenate(people)).size < sum(size[chosen]):
            return None
        other = state.after([(i, *(one[k, : size[k]] for one in after)) for k, i in zip(chosen, people, strict=True)])
        if other is None or oddness(other.state, other.unrelated) > oddness(state.state, state.unrelated):
            return None
        return other

    def distances(self, state: Days) -> np.ndarray:
        time, event, at_risk = derive_all(state.state, state.contact, state.assessed, state.unrelated)
        values = np.empty(self.targets.number.size)
        for k in range(len(time)):
            read_milestones(time[k], event[k], at_risk[k], self.factors, 6 * k, self.targets.logarithmic, values)
        return (values - self.targets.number) / self.targets.half
