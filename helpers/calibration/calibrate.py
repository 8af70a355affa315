"""Search for a cohort on which the registry's values are the printed ones.

First the fates (Kaplan-Meier rates and half-widths of OS, PFS and EFS), then, fates held, the labels: who is a girl, who
was given how much GC. Stages, models and bounds are configuration in ``data/synthesis``; targets come from
``data/published`` and, for numbers that the print got wrong, its declared corrections. Deterministic for a seed: each
stage draws from (seed, stage, round), so that a resumed search goes on as an unbroken one.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.calibration.day_polish import polish_days
from helpers.calibration.fate_search import km_ids, km_values, search_failures, search_fates
from helpers.calibration.gate import headline, missing
from helpers.calibration.hits import curve_hits, label_search, label_strata, stage_search, survival_hits
from helpers.calibration.label_search import read_models
from helpers.calibration.plan import FOLDER, Plan
from helpers.calibration.polish import hop
from helpers.calibration.progress import STATE, TRACE, fingerprint, keep, reached
from helpers.calibration.targets import DAYS, FINE, LABELS, targets_of
from helpers.parallel import run_all
from helpers.paths import write_csv
from helpers.synthesis.fates import deal_to_the_unassessed, draw_fates
from helpers.synthesis.labels import draw_labels, draw_marrow, settle
from helpers.synthesis.state import TOXICITY_BLOCK, encode, read_state, settle_marrow, take_over, write_state

EFS = "efs"  # the stage that searches who fails treatment when
SETTLED = "settled"  # the stage that draws what no printed survival statistic depends on
POLISH_ROUNDS = 150
EFS_MOVES = 3_000_000  # of one annealing of treatment failures
ASIDE = 0.4  # what a number outside the headline weighs while labels hop


@dataclass(frozen=True)
class Outcome:
    """A calibrated state: labels and fates, which printed survival statistics they meet, and what it took."""

    labels: pd.DataFrame
    fates: pd.DataFrame
    hits: dict[str, bool]
    seconds: float


@dataclass(frozen=True)
class Step:
    """What one round of a stage reached; as text, the line that a reader of the progress sees.

    Attributes
    ----------
    seconds : float
        Since the stage began.
    loss, hits, of, missing : of the targets of the stage
    total : int
        Printed survival statistics hit, those of stages still to come by chance.
    """

    stage: str
    turn: int
    turns: int
    seconds: float
    loss: float
    hits: int
    of: int
    missing: tuple[str, ...]
    total: int

    def __str__(self) -> str:
        left = self.seconds / self.turn * (self.turns - self.turn)
        missing = ", ".join(self.missing) or "none"
        return (
            f"{self.stage} {self.turn}/{self.turns}: loss {self.loss:.2f}, {self.hits} of {self.of}, in all {self.total}; "
            f"missing: {missing}; at most {left:.0f} s left"
        )


Progress = Callable[[object], None]
SEED = 12  # of the search that made the default cohort


def calibrate(seed: int, folder: str | Path, plan: Plan | None = None, say: Progress = print) -> Outcome:
    """Search for a cohort, keeping what is reached in *folder* and going on from it if it is there.

    Parameters
    ----------
    seed : int
    folder : Path
        Gets ``state.csv`` and ``progress.json`` after every stage, a row of ``trace.csv`` after every round.
    plan : Plan, optional
    say : callable
        Is told stage, loss, hits, misses and time after every round.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If the folder holds a damaged search, or one with another plan or other inputs.
    """
    plan, folder, began = plan or Plan(), Path(folder), time.monotonic()
    digest = fingerprint(plan, seed)
    done, spent = reached(folder, digest)

    def kept(labels: pd.DataFrame, fates: pd.DataFrame, done: list[str]) -> list[str]:
        return keep(folder, labels, fates, done, spent + time.monotonic() - began, digest)

    def tell(step: Step) -> None:
        _trace(folder / TRACE, step)
        say(str(step))

    if done:
        labels, fates = read_state(folder / STATE)
    else:
        labels, fates, done = _begun(seed, plan)
    if "fates" not in done:
        fates = calibrate_fates(seed, labels, fates, plan, tell)
        done = kept(labels, fates, [*done, "fates"])
    for name, rows in plan.stages().items():
        if name not in done:
            labels = _stage(seed, name, rows, labels, fates, plan, tell)
            done = kept(labels, fates, [*done, name])
    if EFS not in done:
        fates = calibrate_efs(seed, labels, fates, plan, tell)
        done = kept(labels, fates, [*done, EFS])
    if SETTLED not in done:
        labels = settle(labels, _rng(seed, SETTLED, 0))
        kept(labels, fates, [*done, SETTLED])
    return Outcome(labels, fates, survival_hits(labels, fates, plan), spent + time.monotonic() - began)


def _begun(seed: int, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return labels and fates to begin with and the stages that they have behind them.

    The seed of the default cohort takes the stored state as it was found, by several searches and hops
    (docs/calibration.md); another deals its fates to the patients anew and searches every label. Without a
    stored state, or if the plan says so, all is drawn.
    """
    rng = _rng(seed, "start", 0)
    if plan.start.exists() and not plan.fresh:
        labels, fates = read_state(plan.start)
        if seed == SEED:
            return labels, fates, ["fates", *plan.stages(), EFS]
        return labels, deal_to_the_unassessed(labels, fates, rng), ["fates"]
    labels = draw_labels(rng)
    return labels, draw_fates(labels, rng), []


def calibrate_fates(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None, say: Progress | None = None
) -> pd.DataFrame:
    """Search a Kaplan-Meier solution: some rounds from given fates, the last ones from the best that they found, which is then polished."""
    plan, say = plan or Plan(), say or (lambda text: None)
    targets, best, least, most = targets_of(km_ids(), plan.published), fates, np.inf, np.zeros(len(km_ids()), bool)
    began, moves, annealed = time.monotonic(), int(plan.fate_moves * plan.effort), plan.first_rounds + plan.last_rounds
    turns = annealed + plan.polishes
    for turn in range(turns):
        rng = _rng(seed, "fates", turn)
        if turn < annealed:
            start, schedule = (fates, DAYS) if turn < plan.first_rounds else (best, FINE)
            found, loss, hit = search_fates(start, labels, targets, rng, moves, schedule)
            better = loss < least
        else:
            found, loss = polish_days(labels, best, targets, rng, int(POLISH_ROUNDS * plan.effort))
            hit = targets.hit(km_values(labels, found, targets.logarithmic))
            better = hit.sum() > most.sum()
        if better:
            best, least, most = found, loss, hit
        missed = tuple(id.removeprefix("results.efficacy.") for id, h in zip(targets.ids, most, strict=True) if not h)
        total, seconds = sum(survival_hits(labels, best, plan).values()), time.monotonic() - began
        say(Step("fates", turn + 1, turns, seconds, least, int(most.sum()), most.size, missed, total))
        if most.all():
            break
    return best


def calibrate_efs(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None, say: Progress | None = None
) -> pd.DataFrame:
    """Search treatment failures and unrelated deaths until EFS and its log-rank tests are the printed ones, if they are not yet.

    Days of progression, death and last contact stay, and with them every number of OS and PFS.
    """
    plan, say, began = plan or Plan(), say or (lambda text: None), time.monotonic()
    known = read_models(plan.folder / "models.csv")
    search = label_search(
        labels, fates, plan, [m for m in known if (known[m].kind, known[m].endpoint) == ("logrank", "efs")]
    )
    ids = [id for id in km_ids() if ".efs_" in id] + [id for some in search.ids for id in some]
    targets, groups = targets_of(ids, plan.published), np.array([search.patterns(k) for k in range(len(search.models))])
    hits = survival_hits(labels, fates, plan)
    turns = plan.first_rounds + plan.last_rounds
    for turn in range(turns):
        if not missing(hits, ids):
            break
        found, cost = search_failures(
            fates, labels, targets, groups, _rng(seed, EFS, turn), int(EFS_MOVES * plan.effort)
        )
        other = survival_hits(labels, found, plan)
        if len(missing(other, ids)) < len(missing(hits, ids)):
            fates, hits = found, other
        missed = missing(hits, ids)
        seconds, hit = time.monotonic() - began, len(ids) - len(missed)
        say(Step(EFS, turn + 1, turns, seconds, cost, hit, len(ids), tuple(missed), sum(hits.values())))
    return fates


def calibrate_labels(
    seed: int, stage: str, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None
) -> pd.DataFrame:
    """Search one stage of labels on given fates; return the labels, their counts as before."""
    plan = plan or Plan()
    return _stage(seed, stage, plan.stages()[stage], labels, fates, plan, lambda text: None)


def _rng(seed: int, stage: str, turn: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(stage.encode()), turn])


def _stage(seed, name, rows: pd.DataFrame, labels, fates, plan: Plan, say: Progress) -> pd.DataFrame:
    """Search the labels of a stage: rounds from the start and from the best that they found, then hops from there."""
    labels = _prepared(name, labels, _rng(seed, name + " prepared", 0))
    search, moved = stage_search(rows, labels, fates, plan)
    every = label_search(labels, fates, plan)
    curves = int(curve_hits(labels, fates, plan).sum())
    moves, began = int(float(rows["moves"].iloc[0]) * plan.effort), time.monotonic()
    first, rounds = plan.first_rounds, plan.first_rounds + plan.last_rounds
    hops = plan.hops_of(name)

    def tell(turn: int, loss: float) -> None:
        hits = search.hits()
        missed = tuple(id.removeprefix("table5.") for id, hit in hits.items() if not hit)
        every.matrix[:] = search.matrix
        total = curves + sum(every.hits().values())
        seconds = time.monotonic() - began
        say(Step(name, turn, rounds + hops, seconds, loss, sum(hits.values()), len(hits), missed, total))

    start, best, least = search.matrix.copy(), search.matrix.copy(), np.inf
    for turn in range(rounds):
        search.matrix[:] = start if turn < first else best
        loss = search.anneal(
            moved, plan.bounds(name), _rng(seed, name, turn), moves, schedule=LABELS if turn < first else FINE
        )
        if loss < least:
            best, least = search.matrix.copy(), loss
        search.matrix[:] = best
        tell(turn + 1, least)
        if least <= 0:
            break
    if least > 0 and hops:
        weights = dict.fromkeys(search.hits(), ASIDE) | dict.fromkeys(headline(), 1.0)
        alone = "TOXICITY" in set(rows["belongs"])  # the labels that belong to it follow when the stage is settled
        others = [] if alone else [bound for bound in plan.other_bounds(name) if bound.looks_at(moved)]
        rng = _rng(seed, name, rounds)
        hop(
            search, moved, plan.bounds(name), rng, hops, others=others, weights=weights, moves=plan.hop_moves,
            say=lambda turn, cost: tell(rounds + turn, cost),
        )  # fmt: skip
    return _settled(labels, search.frame(), rows, _rng(seed, name + " settled", 0))


def _prepared(name: str, labels: pd.DataFrame, rng) -> pd.DataFrame:
    """Before the agents move: RUX without CRS goes to the transplanted, who have GVHD."""
    labels = labels.copy()
    if name == "agents":
        outside = ~labels["toxic"]
        given = labels.index[outside & labels["rux"]]
        if labels.loc[given, "transplant"].all():
            return labels
        able = labels.index[outside & labels["transplant"]]
        if len(able) < len(given):
            raise ValueError(f"{len(given)} without CRS are on RUX, only {len(able)} of them are transplanted")
        labels.loc[given, "rux"] = False
        labels.loc[rng.permutation(able)[: len(given)], "rux"] = True
    return labels


def _settled(labels: pd.DataFrame, codes: pd.DataFrame, rows: pd.DataFrame, rng) -> pd.DataFrame:
    """Write the searched labels back, with what belongs to them."""
    labels = labels.copy()
    for row in rows.itertuples():
        if row.label == "marrow":
            settle_marrow(labels, codes, draw_marrow, rng)
        elif row.label in ("female", "age_over"):
            labels[row.label] = (codes[row.label] == "yes").to_numpy()
        else:
            block = {"TOXICITY": TOXICITY_BLOCK}.get(row.belongs, row.belongs.split())
            take_over(labels, codes, row.label, label_strata(labels, row), block, rng)
            if row.label == "toxic":
                labels["toxic"] = (codes["toxic"] == "yes").to_numpy()
    if {"female", "status"} & set(rows["label"]):
        marrow = encode(labels)[["marrow"]]
        settle_marrow(labels, codes if "marrow" in set(rows["label"]) else marrow, draw_marrow, rng)
    return labels


def _trace(file: Path, step: Step) -> None:
    """Add a round to the trace: stage, turn, seconds of the stage, loss, hits, of, missing."""
    row = pd.DataFrame([{**asdict(step), "seconds": round(step.seconds, 1), "missing": " ".join(step.missing)}])
    before = pd.read_csv(file) if file.exists() else row.head(0)
    write_csv(file, pd.concat([before, row], ignore_index=True) if len(before) else row)


def calibrate_many(
    seeds: Sequence[int], folder: str | Path, plan: Plan | None = None, *, jobs: int = 1, say: Progress = print
) -> dict[int, Outcome]:
    """Calibrate several seeds, each in its own folder, *jobs* at a time.

    Returns
    -------
    dict of seed to Outcome
    """
    seeds = list(dict.fromkeys(seeds))
    one = partial(_one, folder=Path(folder), plan=plan, say=say if jobs == 1 else _aloud)
    return dict(zip(seeds, run_all(one, seeds, jobs=jobs, dask=""), strict=True))


def _one(seed: int, folder: Path, plan: Plan | None, say: Progress) -> Outcome:
    return calibrate(seed, folder / str(seed), plan, lambda line: say(f"seed {seed}, {line}"))


def _aloud(line: str) -> None:
    print(line, flush=True)


def adopt_best(found: Mapping[int, Outcome], folder: str | Path) -> Path:
    """Write the state with the most hits as that of the default cohort, with the trace of its search if it searched anything.

    Parameters
    ----------
    found : mapping of seed to Outcome
        From :func:`calibrate_many`.
    folder : Path
        Where it kept what it reached.
    """
    from helpers.synthesis.study import CALIBRATED

    seed = max(found, key=lambda seed: sum(found[seed].hits.values()))
    trace = Path(folder) / str(seed) / TRACE
    if trace.exists():
        write_csv(FOLDER / TRACE, pd.read_csv(trace).assign(seed=seed, synthetic=True))
    return write_state(CALIBRATED, found[seed].labels, found[seed].fates)


def default_trace() -> pd.DataFrame:
    """Read the trace of the search that made the default cohort.

    Returns
    -------
    DataFrame
        One row per round: stage, turn, turns, seconds (since the stage began), elapsed (seconds by the clock since the search
        began, whatever else the machine did),
        loss, hits, of, missing, total, seed.
    """
    trace = pd.read_csv(FOLDER / TRACE, keep_default_na=False).drop(columns="synthetic")
    spent = trace.groupby("stage", sort=False)["seconds"].max()
    return trace.assign(elapsed=trace["seconds"] + trace["stage"].map(spent.cumsum() - spent))
