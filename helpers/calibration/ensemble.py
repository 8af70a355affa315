"""An ensemble of calibrated cohorts: what the print leaves open, as far as this generator can show it.

Members walk (:mod:`helpers.calibration.walk`) from a few starts, one the default cohort and the others departures from it: sex, age,
blasts and GC dealt quite differently, by a warm annealing and hops. On the way labels and days change and no printed number
that was hit is lost, so that each member has patients and a Kaplan–Meier solution of its own. Only states are stored; cohorts
are rebuilt.
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

from helpers.calibration.gate import headline, low_dose, missing
from helpers.calibration.hits import stage_search, survival_hits
from helpers.calibration.plan import BRIEF, Plan
from helpers.calibration.polish import HOP_MOVES, hop, label_cost
from helpers.calibration.secure import DEAREST, dealt_anew, secured
from helpers.calibration.stages import ASIDE, calibrate_efs, calibrate_labels
from helpers.calibration.variety import measured
from helpers.calibration.walk import DRAWN, Walk
from helpers.cohort.schema import Cohort
from helpers.parallel import run_all
from helpers.paths import ENSEMBLE, RUNS, atomic_writing, write_csv, write_json
from helpers.problems import InputError, Problem
from helpers.synthesis import study
from helpers.synthesis.labels import settle
from helpers.synthesis.plausibility import plausible_details
from helpers.synthesis.state import FATES, read_state, take_over, write_state

STATES, STORED_STARTS = "synthetic_states.csv.xz", "synthetic_starts.csv.xz"
INDEX, HITS, QUANTITIES = "index.csv", "hits.csv.xz", "quantities.csv"
INDEX_COLUMNS = ["cohort", "seed", "details", "start", "hits", "headline_missed", "low_dose_missed", "moves", "sha256"]
WORKING = RUNS / "ensemble"
STARTS, DEPARTED = 11, 1000  # cohorts to walk from; seed of the first departure, beyond those of members
GIVEN = ("onset", "duration")  # stages that follow from GC
CORE = 3.0  # what a low-dose number weighs on the way to a start
NEARLY = 0.5  # what a start may cost more than the default
WITHIN = 6  # a member hits at most so many fewer of the printed survival statistics than the default


@dataclass(frozen=True)
class Effort:
    """What is spent on the ensemble.

    Attributes
    ----------
    starts : int
        Cohorts to walk from: the default, those that are stored (:func:`stored_starts`), and if there are fewer, departures that are
        searched. Members take those that hit every number of the headline.
    hops, moves : int
        How often the labels of a start hop at most, and the moves of the annealing of each hop.
    exchanges, shifts : int
        Steps of a member: of labels, of days.
    given, last : Plan
        How the labels that follow from GC are searched for a start, and what is missed is won (:func:`helpers.calibration.secure.secured`);
        how its treatment failures are.
    each : int
        Members that walk from one start before the next has its turn.
    """

    starts: int = STARTS
    hops: int = 10
    moves: int = HOP_MOVES // 3
    exchanges: int = 160
    shifts: int = 60
    given: Plan = BRIEF
    last: Plan = field(default_factory=Plan)
    each: int = 11

    def all_moves(self, start: int) -> int:
        """Count the moves tried for one member at most; of a start that is not stored those of its search, too."""
        walked = (self.exchanges + self.shifts // 2) * DRAWN
        return walked + (self.hops + 1) * self.moves * (start > len(stored_starts()))


def depart(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, effort: Effort | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave a calibrated state for another that hits the headline, if it is found: by a warm annealing, hops, walks, stages of labels and a search of EFS.

    Parameters
    ----------
    seed : int
    labels, fates : DataFrame
        From :func:`helpers.synthesis.state.read_state`.
    effort : Effort, optional

    Returns
    -------
    labels, fates : DataFrame
        Sex, age, blasts and GC are others' now; grades, other drugs and days are nearly as they were.
    """
    effort, plan, rng = effort or Effort(), Plan(), np.random.default_rng([seed, 7])
    search, moved = stage_search(plan.stages()[DEAREST], labels, fates, plan)
    moved["marrow"] = np.where(labels["blast"] == "na", -1, moved["marrow"])
    moved["gc"] = np.where(labels["untreated"], -1, moved["gc"])
    others = [b for b in plan.other_bounds(DEAREST) if b.looks_at(moved) and not b.looks_at(("late", "long"))]
    weights = dict.fromkeys(search.hits(), ASIDE) | dict.fromkeys(headline(), 1.0) | dict.fromkeys(low_dose(), CORE)
    enough = label_cost(search, weights) + NEARLY
    hop(
        search, moved, plan.bounds(DEAREST), rng, effort.hops, others=others, moves=effort.moves, weights=weights,
        away=True, enough=enough,
    )  # fmt: skip
    out, found = labels.copy(), search.frame().set_index(labels.index)
    take_over(out, found, "gc", moved["gc"], ["gc", "late", "long"], rng)
    for name in ("female", "age_over"):
        out[name] = found[name] == "yes"
    out["blast"] = found["marrow"].map({"few": "lt5", "unknown": "na", "many": "ge50"})
    for stage in GIVEN:
        out = calibrate_labels(seed, stage, out, fates, effort.given)
    out = settle(out, np.random.default_rng([seed, 9]))
    out, fates = secured(seed, out, fates, effort.given)
    out = dealt_anew(seed, out, fates, replace(effort.given, hops=min(1, effort.given.hops)))
    return out, calibrate_efs(seed, out, fates, effort.last)


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
    seeds: Sequence[int],
    folder: str | Path,
    *,
    effort: Effort | None = None,
    jobs: int = 1,
    start: Path | None = None,
    say: Callable[[str], None] = print,
) -> pd.DataFrame:
    """Make one member per seed, keeping each as soon as it is found; what is there already is not made again.

    Parameters
    ----------
    seeds : sequence of int
    folder : Path
        Gets ``start_<k>.csv`` for each start and ``<seed>.csv`` for each member: working files, not the shipped form (see
        :func:`store`).
    effort : Effort, optional
    jobs : int
        Seeds in parallel; the same members whatever the number.
    start : Path, optional
        The calibrated state to start from; by default the committed one.

    Returns
    -------
    DataFrame
        seed, hits.
    """
    folder, effort, start = Path(folder), effort or Effort(), start or study.CALIBRATED
    run_all(partial(_start, folder=folder, effort=effort, origin=start), range(effort.starts), jobs=jobs)
    starts = behind_the_gate(folder, effort.starts)
    todo = [seed for seed in seeds if not (folder / f"{seed}.json").exists()]
    say(
        f"{len(starts)} of {effort.starts} starts hit every number of the headline; {len(seeds) - len(todo)} of {len(seeds)} members are there"
    )
    for begin in range(0, len(todo), 4 * jobs):
        one = partial(_member, folder=folder, effort=effort, starts=starts)
        run_all(one, todo[begin : begin + 4 * jobs], jobs=jobs)
        hits = [one["hits"] for one in _found(folder, seeds)]
        say(f"{len(hits)} of {len(seeds)}: hits {min(hits)} to {max(hits)}")
    return pd.DataFrame([{"seed": one["seed"], "hits": one["hits"]} for one in _found(folder, seeds)])


def _start(k: int, folder: Path, effort: Effort, origin: Path) -> None:
    if not (folder / f"start_{k}.csv").exists():
        labels, fates = read_state(origin)
        stored = stored_starts()
        if 0 < k <= len(stored):
            labels, fates = stored[k - 1]
        elif k:
            labels, fates = depart(DEPARTED + k, labels, fates, effort)
        write_state(folder / f"start_{k}.csv", labels, fates)


@lru_cache(maxsize=1)
def stored_starts() -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Read the stored cohorts, labels and fates, from which members walk beside the default; docs/calibration.md says how they were found.

    Examples
    --------
    >>> all(len(labels) == len(fates) == 120 for labels, fates in stored_starts())
    True
    """
    table = pd.read_csv(ENSEMBLE / STORED_STARTS, dtype=str, keep_default_na=False)
    found = [
        rows.drop(columns="start").rename(columns={"patient": ""}) for _, rows in table.groupby("start", sort=False)
    ]
    return [read_state(io.StringIO(rows.to_csv(index=False))) for rows in found]


def behind_the_gate(folder: Path, starts: int) -> list[int]:
    """Name the starts that hit every number of the headline, the default first: members walk from these only."""
    hits = [survival_hits(*read_state(folder / f"start_{k}.csv")) for k in range(starts)]
    return [k for k, found in enumerate(hits) if not k or not missing(found)]


def _member(seed: int, folder: Path, effort: Effort, starts: Sequence[int]) -> None:
    start = starts[(seed - 1) // effort.each % len(starts)]
    labels, fates = wander(seed, *read_state(folder / f"start_{start}.csv"), effort)
    hits = survival_hits(labels, fates)
    write_state(folder / f"{seed}.csv", labels, fates)
    found = {"seed": seed, "start": start, "hits": sum(hits.values()), "moves": effort.all_moves(start), "hit": hits}
    write_json(folder / f"{seed}.json", found)


def _found(folder: Path, seeds: Sequence[int]) -> list[dict]:
    files = [folder / f"{seed}.json" for seed in seeds]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def store(
    working: str | Path,
    seeds: Sequence[int],
    folder: str | Path = ENSEMBLE,
    *,
    start: Path | None = None,
    within: int = WITHIN,
) -> pd.DataFrame:
    """Store the members near enough to the default in the shipped form: packed states, an index, hits and quantities.

    Members that hit over *within* fewer than the default, or of whose labels six draws gave no whole cohort without breaking a rule, are left out.

    Returns
    -------
    DataFrame
        The index: cohort, seed, details (the seed of all that is drawn of the state), start (which start it walked from; 0: the default), hits, headline_missed and low_dose_missed (0: behind that gate,
        see :mod:`helpers.calibration.gate`), moves (tried at most for it), sha256 of the state.
    """
    working, folder = Path(working), Path(folder)
    enough = sum(survival_hits(*read_state(start or study.CALIBRATED)).values()) - within
    rows, states, hits = [], [], []
    for one in _found(working, seeds):
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
@click.option("--members", default=121, show_default=True, help="how many seeds to try, from 1 on")
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option(
    "--starts",
    default=STARTS,
    show_default=True,
    help="cohorts to walk from: the default, the stored ones, and departures",
)
@click.option("--within", default=WITHIN, show_default=True, help="store those that hit so many fewer at most")
def main(members: int, jobs: int, starts: int, within: int) -> None:
    """Build the ensemble (resumes what was begun in runs/ensemble) and store it under data/ensemble."""
    build_ensemble(range(1, members + 1), WORKING, effort=Effort(starts=starts), jobs=jobs, say=click.echo)
    index = store(WORKING, range(1, members + 1), within=within)
    click.echo(f"{len(index)} cohorts within {within} hits of the default are stored")


if __name__ == "__main__":
    from helpers.calibration import ensemble  # by its own name, so that other processes find what it defines

    ensemble.main()
