"""What a search does: models, stages and bounds of a paper, and how much effort is spent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from helpers.calibration.label_search import Bound
from helpers.calibration.polish import HOP_MOVES
from helpers.paths import DATA, PUBLISHED

FOLDER = DATA / "synthesis"
FATE_MOVES, FIRST_ROUNDS, LAST_ROUNDS, HOPS = 10_000_000, 6, 3, 25
POLISHES = 8


@dataclass(frozen=True)
class Plan:
    """What is searched how: models, stages and bounds of a paper, and how much effort is spent.

    Attributes
    ----------
    models, stages, bounds : tables of ``data/synthesis``
    fate_moves : int
        Moves of one annealing of the fates; those of labels stand in the table of stages.
    anew : bool
        Deal the fates of the stored start to the patients anew and search every label, in place of walking on from its labels.
    fresh : bool
        Search everything from the first draw on, the Kaplan–Meier solution too, and leave the stored start (``start.csv``) alone.
    first_rounds, last_rounds : int
        How often a stage is searched from its start, and then from the best that was found.
    hops : int
        How often a stage of labels hops on from the best (:func:`helpers.calibration.polish.hop`) while a number is missed.
    polishes : int
        How often the best fates are polished while a number of the curves is missed.
    securing, recovering : int
        Steps of the walks that win what the stages missed (:mod:`helpers.calibration.secure`): until every low-dose number is hit, and
        again until every one of the headline is; to win back the others.
    effort : float
        Factor on the moves of every stage and hop.
    """

    folder: Path = FOLDER
    published: Path = PUBLISHED
    fate_moves: int = FATE_MOVES
    anew: bool = False
    fresh: bool = False
    first_rounds: int = FIRST_ROUNDS
    last_rounds: int = LAST_ROUNDS
    hops: int = HOPS
    polishes: int = POLISHES
    securing: int = 600
    recovering: int = 300
    effort: float = 1.0

    def at(self, effort: float) -> Plan:
        """Return the same plan with another effort: fewer or more moves of each annealing, and steps of each walk.

        Examples
        --------
        >>> Plan().at(0.1).securing, Plan().at(1.0) == Plan()
        (60, True)
        """
        steps = {name: max(1, round(getattr(self, name) * effort)) for name in ("securing", "recovering")}
        return replace(self, effort=effort, **steps)

    @property
    def start(self) -> Path:
        """Return the file of the stored start: a Kaplan–Meier solution with labels."""
        return self.folder / "start.csv"

    def stages(self) -> dict[str, pd.DataFrame]:
        """Return the stages in order: the labels that move in each."""
        table = pd.read_csv(self.folder / "stages.csv", dtype=str, keep_default_na=False)
        return dict(iter(table.groupby("stage", sort=False)))

    @property
    def hop_moves(self) -> int:
        """Return the moves of a hop's annealing."""
        return int(HOP_MOVES * self.effort)

    def other_bounds(self, stage: str) -> list[Bound]:
        """Return the bounds of all other stages."""
        return [bound for other in self.stages() if other != stage for bound in self.bounds(other)]

    def bounds(self, stage: str) -> list[Bound]:
        """Return the bounds of a stage."""
        table = pd.read_csv(self.folder / "bounds.csv", dtype=str, keep_default_na=False)
        rows = table[table["stage"] == stage].itertuples()
        return [
            Bound(
                (r.first, r.codes),
                (r.second, r.codes_second),
                int(r.low),
                int(r.high),
                (r.third, r.codes_third) if r.third else None,
            )
            for r in rows
        ]


BRIEF = Plan(first_rounds=2, last_rounds=1, hops=6, securing=150, recovering=80, effort=0.2)
