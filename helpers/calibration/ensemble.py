"""An ensemble of calibrated cohorts: what the print leaves open, as far as this generator can show it.

Members walk (:mod:`helpers.calibration.walk`) from starts: what :func:`~helpers.calibration.calibrate.calibrate` finds from one seed each, the
default cohort among them. On the way labels and days change and no printed number that was hit is lost, so that each member has
patients and a Kaplan–Meier solution of its own. Only states are stored; cohorts are rebuilt.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click
import numpy as np
import pandas as pd

from helpers.calibration.calibrate import SEED, calibrate
from helpers.calibration.gate import low_dose, missing
from helpers.calibration.hits import survival_hits
from helpers.calibration.plan import Plan
from helpers.calibration.progress import STATE
from helpers.calibration.variety import measured
from helpers.calibration.walk import DRAWN, Walk
from helpers.cohort.schema import Cohort
from helpers.parallel import run_all
from helpers.paths import ENSEMBLE, RUNS, atomic_writing, write_csv, write_json
from helpers.problems import InputError, Problem
from helpers.synthesis import study
from helpers.synthesis.plausibility import plausible_details
from helpers.synthesis.state import FATES, read_state, write_state

STATES = "synthetic_states.csv.xz"
INDEX, HITS, QUANTITIES = "index.csv", "hits.csv.xz", "quantities.csv"
INDEX_COLUMNS = ["cohort", "seed", "details", "start", "hits", "headline_missed", "low_dose_missed", "moves", "sha256"]
WORKING, SEARCHES = RUNS / "ensemble", RUNS / "calibrate"
STARTS = 18  # cohorts to walk from
WITHIN = 6  # a member hits at most so many fewer of the printed survival statistics than the default


@dataclass(frozen=True)
class Effort:
    """What is spent on the ensemble.

    Attributes
    ----------
    starts : int
        Cohorts to walk from: the default, and what other seeds find. Members take those that hit every number of the headline.
    plan : Plan
        How a start is searched.
    exchanges, shifts : int
        Steps of a member: of labels, of days.
    each : int
        Members that walk from one start.
    """

    starts: int = STARTS
    plan: Plan = field(default_factory=Plan)
    exchanges: int = 160
    shifts: int = 60
    each: int = 8

    @property
    def moves(self) -> int:
        """Count the moves tried for one member at most, beyond those of its start."""
        return (self.exchanges + self.shifts // 2) * DRAWN

    @property
    def seeds(self) -> list[int]:
        """Name the seeds of the starts, that of the default cohort first.

        Examples
        --------
        >>> Effort(starts=5).seeds
        [3, 1, 2, 4, 5]
        """
        others = (seed for seed in range(1, self.starts + 1) if seed != SEED)
        return [SEED, *others][: self.starts]


def wander(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, effort: Effort | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Walk from a calibrated state to another that hits at least the same printed numbers; return its labels and fates."""
    effort, rng = effort or Effort(), np.random.default_rng([seed, 8])
    walk = Walk(labels, fates, rng)
    steps = rng.permutation(np.repeat([True, False], [effort.exchanges, effort.shifts]))
    for exchanged in steps:
        greedy = rng.random() < 0.2
        walk.exchange(greedy) if exchanged else walk.shift(greedy)
    return walk.state()


def build_ensemble(
    folder: str | Path = WORKING,
    *,
    effort: Effort | None = None,
    jobs: int = 1,
    searches: str | Path = SEARCHES,
    say: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Find the starts and make the members, keeping each as soon as it is found; what is there already is not made again.

    Parameters
    ----------
    folder : Path
        Gets ``<seed>.csv`` for each member: working files, not the shipped form (see :func:`store`).
    effort : Effort, optional
    jobs : int
        Searches and walks in parallel; the same members whatever the number.
    searches : Path
        Where the searches of the starts are kept, as ``supplement calibrate`` does.

    Returns
    -------
    DataFrame
        seed, start, hits.
    """
    folder, searches, effort = Path(folder), Path(searches), effort or Effort()
    run_all(partial(_searched, folder=searches, plan=effort.plan), effort.seeds, jobs=jobs)
    starts = behind_the_gate(searches, effort.seeds)
    wanted = [(1 + k, start) for k, start in enumerate(np.repeat(starts, effort.each).tolist())]
    todo = [(seed, start) for seed, start in wanted if not (folder / f"{seed}.json").exists()]
    there = len(wanted) - len(todo)
    say(
        f"{len(starts)} of {effort.starts} starts hit every number of the headline; {there} of {len(wanted)} members are there"
    )
    for begin in range(0, len(todo), 4 * jobs):
        one = partial(_member, folder=folder, searches=searches, effort=effort)
        run_all(one, todo[begin : begin + 4 * jobs], jobs=jobs)
        hits = [one["hits"] for one in _found(folder)]
        say(f"{len(hits)} of {len(wanted)}: hits {min(hits)} to {max(hits)}")
    return pd.DataFrame([{name: one[name] for name in ("seed", "start", "hits")} for one in _found(folder)])


def _searched(seed: int, folder: Path, plan: Plan) -> None:
    if seed != SEED:
        calibrate(seed, folder / str(seed), plan, lambda step: None)


def start_state(searches: Path, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the labels and fates that a seed's search found; of the default cohort's seed those that are stored."""
    return read_state(study.CALIBRATED if seed == SEED else searches / str(seed) / STATE)


def behind_the_gate(searches: Path, seeds: Sequence[int]) -> list[int]:
    """Name the seeds whose cohorts hit every number of the headline; the default is among them whatever it hits."""
    return [seed for seed in seeds if seed == SEED or not missing(survival_hits(*start_state(searches, seed)))]


def _member(which: tuple[int, int], folder: Path, searches: Path, effort: Effort) -> None:
    seed, start = which
    labels, fates = wander(seed, *start_state(searches, start), effort)
    hits = survival_hits(labels, fates)
    write_state(folder / f"{seed}.csv", labels, fates)
    write_json(
        folder / f"{seed}.json",
        {"seed": seed, "start": start, "hits": sum(hits.values()), "moves": effort.moves, "hit": hits},
    )


def _found(folder: Path) -> list[dict]:
    files = sorted(folder.glob("*.json"), key=lambda file: int(file.stem))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def store(working: str | Path, folder: str | Path = ENSEMBLE, *, within: int = WITHIN) -> pd.DataFrame:
    """Store the members near enough to the default in the shipped form: packed states, an index, hits and quantities.

    Members that hit over *within* fewer than the default, or of whose labels six draws gave no whole cohort without breaking a rule, are left out.

    Returns
    -------
    DataFrame
        The index: cohort, seed, details (the seed of all that is drawn of the state), start (the seed whose cohort it walked from), hits, headline_missed and low_dose_missed (0: behind that gate,
        see :mod:`helpers.calibration.gate`), moves (tried for it at most, beyond its start), sha256 of the state.
    """
    working, folder = Path(working), Path(folder)
    enough = sum(survival_hits(*read_state(study.CALIBRATED)).values()) - within
    rows, states, hits = [], [], []
    for one in _found(working):
        if one["hits"] < enough:
            continue
        labels, fates = read_state(working / f"{one['seed']}.csv")
        details = plausible_details(labels, fates, one["seed"])
        if details is None:
            continue
        state = pd.concat([labels, fates[FATES]], axis=1).assign(synthetic=True)
        hits.append(survival_hits(labels, fates))
        rows.append(
            (len(rows) + 1, one["seed"], details, one["start"], one["hits"],
             len(missing(hits[-1])), len(missing(hits[-1], low_dose())), one["moves"], _digest(state))
        )  # fmt: skip
        states.append(state.assign(cohort=len(rows)))
    if not rows:
        raise InputError([Problem("ensemble", "", "hits", 0, f"members with {enough} hits or more")])
    index = pd.DataFrame(rows, columns=INDEX_COLUMNS)
    _pack(folder / STATES, pd.concat(states).rename_axis("patient").reset_index().set_index("cohort"))
    _pack(folder / HITS, pd.DataFrame(hits, index=index["cohort"]).astype(int))
    write_csv(folder / INDEX, index.assign(synthetic=True))
    write_csv(folder / QUANTITIES, measured(load_ensemble(folder)).assign(synthetic=True))
    return index


def _pack(path: Path, table: pd.DataFrame) -> None:
    with atomic_writing(path, "wb") as handle:
        table.to_csv(handle, lineterminator="\n", compression={"method": "xz", "preset": 9})


def _digest(state: pd.DataFrame) -> str:
    text = io.StringIO()
    state.to_csv(text, lineterminator="\n")
    return _sha256(text.getvalue())


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=2)
def _packed(folder: Path, changed: int) -> tuple[dict[int, str], str]:
    """Read the packed states: the text of each state by its number, as it was stored, and the line above all of them."""
    header, *lines = lzma.decompress((folder / STATES).read_bytes()).decode().splitlines(keepends=True)
    split = [line.partition(",") for line in lines]
    members = {int(cohort): "".join(row[2] for row in rows) for cohort, rows in groupby(split, itemgetter(0))}
    return members, header.removeprefix("cohort,patient")


def ensemble_index(folder: str | Path = ENSEMBLE) -> pd.DataFrame:
    """Read which members there are: cohort, seed, details, start, hits, headline_missed, low_dose_missed, moves, sha256; see :func:`store`."""
    return pd.read_csv(Path(folder) / INDEX).drop(columns="synthetic")


def ensemble_hits(folder: str | Path = ENSEMBLE) -> pd.DataFrame:
    """Read which printed survival statistics each member hits: one row per cohort, one boolean column per id."""
    return pd.read_csv(Path(folder) / HITS, index_col="cohort").astype(bool)


def ensemble_quantities(folder: str | Path = ENSEMBLE) -> pd.DataFrame:
    """Read the declared quantities of each member: cohort, id, value; see :func:`helpers.calibration.variety.ranges`."""
    return pd.read_csv(Path(folder) / QUANTITIES).drop(columns="synthetic")


def load_states(folder: str | Path = ENSEMBLE) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield labels and fates of each member, after the checksums of all were tested.

    Raises
    ------
    InputError
        If a state is not the one that was stored.
    """
    members, header = _packed(Path(folder), (Path(folder) / STATES).stat().st_mtime_ns)
    index = ensemble_index(folder)
    texts = [members.get(cohort, "") for cohort in index["cohort"]]
    wrong = index["cohort"][[_sha256(header + text) for text in texts] != index["sha256"]]
    if len(wrong):
        raise InputError([Problem(STATES, "", "cohort", k, "the state with the sha256 of the index") for k in wrong])
    labels, fates = read_state(io.StringIO(header + "".join(texts)))
    ends = np.cumsum([text.count("\n") for text in texts])
    for begin, end in zip([0, *ends], ends, strict=False):
        yield labels.iloc[begin:end].copy(), fates.iloc[begin:end].copy()


def load_ensemble(
    folder: str | Path = ENSEMBLE, first: int | None = None, only: Container[int] | None = None
) -> Iterator[Cohort]:
    """Yield the members of the ensemble as cohorts, each rebuilt from its state; about a second each.

    Parameters
    ----------
    folder : Path
    first : int, optional
        Only so many of them.
    only : container of int, optional
        Only these numbers.

    Yields
    ------
    Cohort
        Named after the default cohort and its number; always synthetic.

    Examples
    --------
    >>> cohort = next(load_ensemble())
    >>> cohort.name, cohort.synthetic, len(cohort.tables["patients"])
    ('zhang2025-synthetic-001', True, 120)
    """
    index = ensemble_index(folder)
    for row, state in zip(index.head(first or len(index)).itertuples(), load_states(folder), strict=False):
        if only is None or row.cohort in only:
            yield replace(study.cohort_of(*state, row.details), name=f"{study.NAME}-{row.cohort:03d}")


@click.command()
@click.option("--starts", default=STARTS, show_default=True, help="cohorts to walk from: the default and other seeds'")
@click.option("--each", default=Effort().each, show_default=True, help="members that walk from each")
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--within", default=WITHIN, show_default=True, help="store those that hit so many fewer at most")
def main(starts: int, each: int, jobs: int, within: int) -> None:
    """Build the ensemble (resumes what was begun in runs/) and store it under data/ensemble."""
    build_ensemble(effort=Effort(starts=starts, each=each), jobs=jobs, say=click.echo)
    click.echo(f"{len(store(WORKING, within=within))} cohorts within {within} hits of the default are stored")


if __name__ == "__main__":
    from helpers.calibration import ensemble  # by its own name, so that other processes find what it defines

    ensemble.main()
