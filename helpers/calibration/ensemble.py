"""An ensemble of calibrated cohorts: what the print leaves open, as far as this generator can show it.

A cohort has the fates of the default one, or of another search (another Kaplan-Meier solution: other patients fail, at
other times). On the default's, labels leave those of the default by a warm annealing and hop on from there; others are dealt to
the patients anew, and every label is searched anew on them. Only states are stored; cohorts are rebuilt.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click
import numpy as np
import pandas as pd

from helpers.calibration.calibrate import AFRESH, AWAY, HERE, Plan, calibrate_fates, calibrate_labels, survival_hits
from helpers.calibration.fate_search import km_ids
from helpers.calibration.gate import low_dose, missing
from helpers.calibration.polish import HOP_MOVES
from helpers.calibration.variety import measured
from helpers.cohort.schema import Cohort
from helpers.parallel import run_all
from helpers.paths import ENSEMBLE, RUNS, atomic_writing, write_csv, write_json
from helpers.problems import InputError, Problem
from helpers.synthesis import study
from helpers.synthesis.fates import deal_to_the_unassessed, draw_fates
from helpers.synthesis.labels import settle
from helpers.synthesis.plausibility import rules_report
from helpers.synthesis.state import FATES, read_state, write_state

STATES, INDEX, HITS, QUANTITIES = "synthetic_states.csv.xz", "index.csv", "hits.csv.xz", "quantities.csv"
INDEX_COLUMNS = ["cohort", "seed", "curves", "hits", "headline_missed", "low_dose_missed", "moves", "sha256"]
WORKING = RUNS / "ensemble"
SOLUTIONS = 1000  # seed of the first Kaplan-Meier solution, beyond those of default cohorts
SHORT = 2  # a Kaplan-Meier solution hits at most so many fewer of the 18 printed values than the best
THOROUGH = Plan()
BRIEF, OFTEN = Plan(first_rounds=3, last_rounds=1, hops=6, effort=0.5), Plan(first_rounds=12, hops=8, effort=0.5)
WITHIN = 6  # a member hits at most so many fewer of the printed survival statistics than the default


@dataclass(frozen=True)
class Effort:
    """What is spent on the ensemble.

    Attributes
    ----------
    curves : int
        Kaplan-Meier solutions that members take in turn; the first is the default's.
    solution : Plan
        How each of them is searched; as the default's, unless told otherwise.
    dearest, others : Plan
        How labels are searched: those of the stage with the most moves, and those of all others.
    """

    curves: int = 1
    solution: Plan = THOROUGH
    dearest: Plan = BRIEF
    others: Plan = OFTEN

    def stages(self) -> dict[str, Plan]:
        """Return the plan of each stage of labels, in order."""
        moves = _moves(self.others)
        return {stage: self.dearest if moves[stage] == max(moves.values()) else self.others for stage in moves}

    def all_moves(self, deal: bool = True) -> float:
        """Count the moves tried for one member at most: of labels, and of the Kaplan-Meier solution that it shares if fates are dealt."""
        plans, moves = self.stages(), _moves(self.others)
        labels = sum(plan.hops_of(stage) * HOP_MOVES for stage, plan in plans.items())
        if not deal:
            return labels
        labels += sum(_rounds(plans[stage]) * plans[stage].effort * moves[stage] for stage in plans)
        return labels + _rounds(self.solution) * self.solution.effort * self.solution.fate_moves


def _moves(plan: Plan) -> dict[str, float]:
    return {stage: float(rows["moves"].iloc[0]) for stage, rows in plan.stages().items()}


def _rounds(plan: Plan) -> int:
    return plan.first_rounds + plan.last_rounds


def other_curves(number: int, labels: pd.DataFrame, effort: Effort | None = None) -> pd.DataFrame:
    """Search for another Kaplan-Meier solution: other patients fail, at other times.

    Parameters
    ----------
    number : int
        Of the solution: another number, another solution.
    labels : DataFrame
        Of a calibrated state, from :func:`helpers.synthesis.state.read_state`; their response and CRS are kept.
    effort : Effort, optional

    Returns
    -------
    DataFrame
        Fates.
    """
    start = draw_fates(labels, np.random.default_rng([number, 7]))
    return calibrate_fates(SOLUTIONS + number, labels, start, (effort or Effort()).solution)


def vary(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, effort: Effort | None = None, deal: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Search every label anew on given fates.

    Parameters
    ----------
    seed : int
    labels, fates : DataFrame
    effort : Effort, optional
    deal : bool
        Deal the fates to the patients anew and search from anywhere; else leave the given labels of the dearest stage and hop on
        from there.

    Returns
    -------
    labels, fates : DataFrame
    """
    effort = effort or Effort()
    if deal:
        fates = deal_to_the_unassessed(labels, fates, np.random.default_rng([seed, 8]))
    for stage, plan in effort.stages().items():
        begin = AFRESH if deal else AWAY if plan is effort.dearest else HERE
        labels = calibrate_labels(seed, stage, labels, fates, plan, begin=begin)
    return settle(labels, np.random.default_rng([seed, 9])), fates


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

    Seeds whose Kaplan-Meier solution hits clearly fewer printed values than the best are passed over.

    Parameters
    ----------
    seeds : sequence of int
    folder : Path
        Gets ``curves_<k>.csv`` for each Kaplan-Meier solution and ``<seed>.csv`` for each member: working files, not the
        shipped form (see :func:`store`).
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
    curves = partial(_curves, folder=folder, effort=effort, start=start)
    run_all(curves, sorted({seed % effort.curves for seed in seeds}), jobs=jobs)
    near = _near(sorted({seed % effort.curves for seed in seeds}), folder)
    seeds = [seed for seed in seeds if seed % effort.curves in near]
    todo = [seed for seed in seeds if not (folder / f"{seed}.json").exists()]
    say(f"{len(near)} Kaplan-Meier solutions; {len(seeds) - len(todo)} of {len(seeds)} members are there")
    for begin in range(0, len(todo), 4 * jobs):
        run_all(partial(_member, folder=folder, effort=effort), todo[begin : begin + 4 * jobs], jobs=jobs)
        hits = [one["hits"] for one in _found(folder, seeds)]
        say(f"{len(hits)} of {len(seeds)}: hits {min(hits)} to {max(hits)}")
    return pd.DataFrame([{"seed": one["seed"], "hits": one["hits"]} for one in _found(folder, seeds)])


def _curves(k: int, folder: Path, effort: Effort, start: Path) -> None:
    if not (folder / f"curves_{k}.csv").exists():
        labels, fates = read_state(start)
        write_state(folder / f"curves_{k}.csv", labels, other_curves(k, labels, effort) if k else fates)


def _near(curves: Sequence[int], folder: Path) -> list[int]:
    """Name the Kaplan-Meier solutions that hit most of the printed values, or nearly: others cost members their hits."""
    hits = {}
    for k in curves:
        found = survival_hits(*read_state(folder / f"curves_{k}.csv"))
        hits[k] = sum(found[id] for id in km_ids())
    return [k for k, count in hits.items() if count >= max(hits.values()) - SHORT]


def _member(seed: int, folder: Path, effort: Effort) -> None:
    curves = seed % effort.curves
    labels, fates = vary(seed, *read_state(folder / f"curves_{curves}.csv"), effort, deal=curves > 0)
    hits = survival_hits(labels, fates)
    write_state(folder / f"{seed}.csv", labels, fates)
    found = {
        "seed": seed,
        "curves": curves,
        "hits": sum(hits.values()),
        "moves": effort.all_moves(deal=curves > 0),
        "hit": hits,
    }
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

    Members that hit over *within* fewer than the default, or of whose labels no whole cohort can be drawn without breaking a rule, are left out.

    Returns
    -------
    DataFrame
        The index: cohort, seed, curves (which Kaplan-Meier solution), hits, headline_missed and low_dose_missed (0: behind that gate,
        see :mod:`helpers.calibration.gate`), moves (tried at most for it), sha256 of the state.
    """
    working, folder = Path(working), Path(folder)
    enough = sum(survival_hits(*read_state(start or study.CALIBRATED)).values()) - within
    rows, states, hits = [], [], []
    for one in _found(working, seeds):
        if one["hits"] < enough:
            continue
        labels, fates = read_state(working / f"{one['seed']}.csv")
        if not _plausible(labels, fates, one["seed"]):
            continue
        state = pd.concat([labels, fates[FATES]], axis=1).assign(synthetic=True)
        hits.append(survival_hits(labels, fates))
        rows.append(
            (len(rows) + 1, one["seed"], one["curves"], one["hits"],
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


def _plausible(labels: pd.DataFrame, fates: pd.DataFrame, seed: int) -> bool:
    """Tell whether a whole cohort can be drawn of a state, in which nobody breaks a rule."""
    try:
        cohort = study.cohort_of(labels, fates, seed)
    except ValueError:
        return False
    return not rules_report(cohort)["broken"].any()


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
    """Read which members there are: cohort, seed, curves, hits, headline_missed, low_dose_missed, moves, sha256; see :func:`store`."""
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


def load_ensemble(folder: str | Path = ENSEMBLE, first: int | None = None) -> Iterator[Cohort]:
    """Yield the members of the ensemble as cohorts, each rebuilt from its state; about a second each.

    Parameters
    ----------
    folder : Path
    first : int, optional
        Only so many of them.

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
        yield replace(study.cohort_of(*state, row.seed), name=f"{study.NAME}-{row.cohort:03d}")


@click.command()
@click.option("--members", default=112, show_default=True, help="how many seeds to try, from 1 on")
@click.option("--jobs", default=1, show_default=True, help="processes")
@click.option("--curves", default=1, show_default=True, help="Kaplan-Meier solutions, the default's the first")
@click.option("--within", default=WITHIN, show_default=True, help="store those that hit so many fewer at most")
def main(members: int, jobs: int, curves: int, within: int) -> None:
    """Build the ensemble (resumes what was begun in runs/ensemble) and store it under data/ensemble."""
    build_ensemble(range(1, members + 1), WORKING, effort=Effort(curves=curves), jobs=jobs, say=click.echo)
    index = store(WORKING, range(1, members + 1), within=within)
    click.echo(f"{len(index)} cohorts within {within} hits of the default are stored")


if __name__ == "__main__":
    main()
