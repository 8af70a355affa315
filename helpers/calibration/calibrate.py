"""Search for a cohort on which the registry's values are the printed ones.

First the fates (Kaplan–Meier rates and half-widths of OS, PFS and EFS), then, fates held, the labels: who is a girl, who
was given how much GC. Stages, models and bounds are configuration in ``data/synthesis``; targets come from
``data/published`` and, for numbers that the print got wrong, its declared corrections. Deterministic for a seed: each
stage draws from (seed, stage, round), so that a resumed search goes on as an unbroken one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from helpers.calibration.hits import survival_hits
from helpers.calibration.plan import FOLDER, Plan
from helpers.calibration.progress import STATE, TRACE, fingerprint, keep, reached
from helpers.calibration.secure import DEAREST, recovered, secured
from helpers.calibration.stages import EFS, Progress, Step, calibrate_efs, calibrate_fates, search_stage, stage_rng
from helpers.parallel import run_all
from helpers.paths import write_csv
from helpers.synthesis.fates import deal_to_the_unassessed, draw_fates
from helpers.synthesis.labels import draw_labels, settle
from helpers.synthesis.state import read_state, write_state

SECURED, RECOVERED = "secured", "recovered"  # stages that walk: after the dearest one, and after all
SETTLED = "settled"  # the stage that draws what no printed survival statistic depends on
SEED = 3  # of the search that made the default cohort


@dataclass(frozen=True)
class Outcome:
    """A calibrated state: labels and fates, which printed survival statistics they meet, and what it took."""

    labels: pd.DataFrame
    fates: pd.DataFrame
    hits: dict[str, bool]
    seconds: float


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
            labels = search_stage(seed, name, rows, labels, fates, plan, tell)
            done = kept(labels, fates, [*done, name])
        if name == DEAREST and SECURED not in done:
            labels, fates = secured(seed, labels, fates, plan, tell)
            done = kept(labels, fates, [*done, SECURED])
    if RECOVERED not in done:
        labels, fates = recovered(seed, labels, fates, plan, tell)
        done = kept(labels, fates, [*done, RECOVERED])
    if EFS not in done:
        fates = calibrate_efs(seed, labels, fates, plan, tell)
        done = kept(labels, fates, [*done, EFS])
    if SETTLED not in done:
        labels = settle(labels, stage_rng(seed, SETTLED, 0))
        kept(labels, fates, [*done, SETTLED])
    return Outcome(labels, fates, survival_hits(labels, fates, plan), spent + time.monotonic() - began)


def _begun(seed: int, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return labels and fates to begin with and the stages that they have behind them.

    The stored start is a Kaplan–Meier solution with labels that misses some of the headline (docs/calibration.md): walks
    and a search of EFS win that. If the plan says so, its fates are dealt to the patients anew and every label is searched;
    without a stored start all is drawn.
    """
    rng = stage_rng(seed, "start", 0)
    if plan.fresh or not plan.start.exists():
        labels = draw_labels(rng)
        return labels, draw_fates(labels, rng), []
    labels, fates = read_state(plan.start)
    if plan.anew:
        return labels, deal_to_the_unassessed(labels, fates, rng), ["fates"]
    return labels, fates, ["fates", *plan.stages()]


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
