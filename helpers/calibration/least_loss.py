"""The least unequal loss: how like each other the dose groups can be lost, and what that costs in printed numbers.

A :class:`Levelling` is a walk on which the difference between the groups in loss within a year is lowered: of the sums of moves that lower
it, the one that costs fewest printed numbers is made, the low-dose numbers held; then it walks on to win back what it lost, the
difference held too. ``python -m helpers.calibration.least_loss`` does so again and again from the default cohort and writes
data/study/least_loss.csv. What it finds are examples: they prove that such cohorts are possible, never that others are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import numpy as np
import pandas as pd

from helpers.calibration.fate_search import km_ids
from helpers.calibration.gate import low_dose, missing
from helpers.calibration.hits import survival_hits
from helpers.calibration.polish import COUNTED, best_sets
from helpers.calibration.secure import dealt_anew
from helpers.calibration.walk import DRAWN, FAR, HELD, KEPT, TRIED, Walk
from helpers.cohort.derive import DAYS_PER_YEAR, analyse
from helpers.parallel import run_all
from helpers.paths import RUNS, write_csv
from helpers.results.left_open import LEAST_LOSS
from helpers.results.registry import compute
from helpers.synthesis import study
from helpers.synthesis.plausibility import plausible_details
from helpers.synthesis.state import read_state, write_state

WORKING = RUNS / "least_loss"
LEVELS, RECOVERING, SEEKING = (
    10,
    150,
    60,
)  # how often the difference is lowered; steps of winning back; of finding what lowers it
VALUES = {
    "event_free_hr": "extra.lost.event_free.gc_low.hr",
    "event_free_p": "extra.lost.event_free.gc_low.p",
    "hr": "table5.univariate.gc_low.hr",
}


class Levelling(Walk):
    """A walk that lowers how much oftener the untreated than the low-dose group are lost within a year, free of progression.

    Attributes
    ----------
    ceiling : float
        Difference of the two shares that no step may exceed.
    """

    ceiling = np.inf

    def lost(self) -> dict[str, int]:
        """Count who is lost within a year: untreated_lost, untreated, low_lost, low; all with CRS or ICANS."""
        who, lost = self._who(self.search.matrix), _lost(self.days.state, self.days.contact)
        return {
            key: int(n)
            for name, group in zip(("untreated", "low"), who, strict=True)
            for key, n in ((f"{name}_lost", lost[group].sum()), (name, group.sum()))
        }

    @property
    def difference(self) -> float:
        """Return by how much the share lost is greater among the untreated."""
        return self._difference(self.search.matrix, self.days)

    def lower(self) -> bool:
        """Make the moves that lower the difference at the cost of fewest printed numbers; tell whether there were any."""
        drawn = self._drawn(DRAWN, DRAWN // 2)
        change = self._changes(drawn)
        near = np.isfinite(drawn.effects).all(axis=1) & (np.abs(drawn.effects[:, self.held]).max(axis=1) < FAR)
        lowering, others = np.flatnonzero(near & (change < -1e-9)), np.flatnonzero(near & (change < 1e-9))
        if not lowering.size or lowering.size == others.size:
            return False
        now, effects = (np.where(self.printed, one, 0).astype(np.float32) for one in (drawn.now, drawn.effects[others]))
        weight = np.where(self.held, HELD, np.where(self.printed & (np.abs(now) <= 1.0), 1.0, 0.0))
        first = np.searchsorted(others, lowering)
        sets, cost = best_sets(now, effects, weight, COUNTED, KEPT, first=first, largest=4)
        return any(self._made(drawn, others[sets[k]]) for k in np.argsort(cost, kind="stable")[: 2 * TRIED])

    def _changes(self, drawn) -> np.ndarray:
        """Compute by how much each drawn move changes the difference."""
        lost = _lost(self.days.state, self.days.contact).astype(float)
        share = np.zeros(len(lost))
        for sign, group in zip((1, -1), self._who(self.search.matrix), strict=True):
            share[group] = sign / group.sum()
        group, i, j = drawn.exchanges.T
        dose = self.groups[:, self.search.names.index("gc")]
        labels = np.where(dose[group], (share[j] - share[i]) * (lost[i] - lost[j]), 0.0)
        days = []
        for k in range(len(drawn.effects) - len(labels)):
            who, state, contact, *_ = drawn.moved(k)
            days.append((share[who] * (_lost(state, contact) - lost[who])).sum())
        return np.concatenate([labels, days])

    def _take(self, matrix, days) -> bool:
        return self._difference(matrix, days) <= self.ceiling + 1e-9 and super()._take(matrix, days)

    def _difference(self, matrix, days) -> float:
        lost, (untreated, low) = _lost(days.state, days.contact), self._who(matrix)
        return float(lost[untreated].mean() - lost[low].mean())

    def _who(self, matrix) -> tuple[np.ndarray, np.ndarray]:
        """Tell who with CRS or ICANS is untreated, who is given a low dose."""
        has = {name: self.search.codes[name] for name in ("toxic", "gc")}
        toxic, gc = (matrix[:, self.search.names.index(name)] for name in has)
        return tuple((toxic == has["toxic"].index("yes")) & (gc == has["gc"].index(dose)) for dose in ("none", "low"))


def _lost(state: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Tell who is lost within a year without progression or death."""
    return np.isinf(np.minimum(state[:, 0], state[:, 2])) & (contact < DAYS_PER_YEAR)


def level(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, levels: int = LEVELS, recovering: int = RECOVERING
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]]:
    """Lower the difference again and again, winning back after each time what it cost.

    Parameters
    ----------
    seed : int
    labels, fates : DataFrame
        A state that hits the low-dose numbers: all of them are held.
    levels : int
        How often; it ends when nothing lowers the difference further.
    recovering : int
        Steps of winning back after each, a third as many before them for the curves.

    Yields
    ------
    labels, fates : DataFrame
    counts : dict
        untreated_lost, untreated, low_lost, low: lost within a year, free of progression, of all with CRS or ICANS.
    """
    rng = np.random.default_rng([seed, 11])
    core = [*low_dose(), *(id for id in km_ids() if survival_hits(labels, fates)[id])]
    for _ in range(levels):
        walk = Levelling(labels, fates, rng, keep=low_dose())
        if not _lowered(walk):
            return
        ceiling = walk.difference
        labels, fates = walk.state()
        walk = _recovered(labels, fates, rng, core, ceiling, recovering // 3)
        labels, fates = walk.state()
        labels = dealt_anew(seed, labels, fates)
        walk = _recovered(labels, fates, rng, None, ceiling, recovering)
        labels, fates = walk.state()
        yield labels, fates, walk.lost()


def _lowered(walk: Levelling) -> bool:
    """Lower the difference, wandering until something lowers it; tell whether something was found."""
    for _ in range(SEEKING):
        if walk.lower():
            return True
        walk.both()
    return False


def _recovered(labels, fates, rng: np.random.Generator, keep, ceiling: float, steps: int) -> Levelling:
    """Walk towards what is missed, the difference held beneath a ceiling."""
    walk = Levelling(labels, fates, rng, keep=keep)
    walk.ceiling = ceiling
    for _ in range(steps):
        if not walk.wanted:
            break
        greedy, kind = rng.random() < 0.85, rng.random()
        walk.both(greedy) if kind < 0.5 else walk.exchange(greedy) if kind < 0.9 else walk.shift(greedy)
    return walk


def described(seed: int, labels: pd.DataFrame, fates: pd.DataFrame, counts: dict[str, int]) -> dict:
    """Describe a state: the counts, hits, what it misses of the gates, a seed of details under which the ward's rules hold (0: none
    was found), and the low-dose result if all lost had stayed event-free.
    """
    hits, details = survival_hits(labels, fates), plausible_details(labels, fates, seed)
    cohort = study.cohort_of(labels, fates, details or seed)
    values = compute(analyse(cohort), list(VALUES.values()))
    return {
        **counts,
        "hits": sum(hits.values()),
        "headline_missed": len(missing(hits)),
        "low_dose_missed": len(missing(hits, low_dose())),
        "details": details or 0,
        **{name: round(float(values[id].value), 6) for name, id in VALUES.items()},
    }


def _levelled(seed: int, folder: Path, levels: int) -> None:
    labels, fates = read_state(study.CALIBRATED)
    rows = []
    for k, (*state, counts) in enumerate(level(seed, labels, fates, levels), 1):
        write_state(folder / f"{seed}_{k}.csv", *state)
        rows.append({"seed": seed, "level": k, **described(seed, *state, counts)})
        write_csv(folder / f"{seed}.csv", pd.DataFrame(rows))


def search(seeds: Sequence[int], folder: Path = WORKING, levels: int = LEVELS, jobs: int = 1) -> pd.DataFrame:
    """Level from the default cohort, once a seed; return a row per seed and level, see :func:`described`."""
    run_all(partial(_levelled, folder=folder, levels=levels), list(seeds), jobs=jobs)
    return pd.concat([pd.read_csv(folder / f"{seed}.csv") for seed in seeds], ignore_index=True)


@click.command()
@click.option("--seeds", default=2, show_default=True, help="how many searches")
@click.option("--jobs", default=1, show_default=True, help="processes")
def main(seeds: int, jobs: int) -> None:
    """Search for the least unequal loss, and store what was found."""
    found = search(range(1, seeds + 1), jobs=jobs)
    write_csv(LEAST_LOSS, found.assign(synthetic=True))
    click.echo(found.to_string(index=False))


if __name__ == "__main__":
    from helpers.calibration import least_loss  # by its own name, so that other processes find what it defines

    least_loss.main()
