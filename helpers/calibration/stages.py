"""The stages of a search: days of the curves, labels stage by stage, treatment failures.

Each draws from (seed, stage, turn), so that a resumed search goes on as an unbroken one.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.calibration.day_polish import polish_days
from helpers.calibration.fate_search import km_ids, km_values, search_failures, search_fates
from helpers.calibration.gate import headline, missing
from helpers.calibration.hits import curve_hits, label_search, label_strata, stage_search, survival_hits
from helpers.calibration.label_search import read_models
from helpers.calibration.plan import Plan
from helpers.calibration.polish import hop
from helpers.calibration.targets import DAYS, FINE, LABELS, targets_of
from helpers.synthesis.labels import draw_marrow
from helpers.synthesis.state import TOXICITY_BLOCK, encode, settle_marrow, take_over

EFS = "efs"  # the stage that searches who fails treatment when
POLISH_ROUNDS = 150
EFS_MOVES = 3_000_000  # of one annealing of treatment failures
EFS_TRIES = 5  # annealings of these for each round of another stage
ASIDE = 0.4  # what a number outside the headline weighs while labels hop


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


def calibrate_fates(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None, say: Progress | None = None
) -> pd.DataFrame:
    """Search a Kaplan–Meier solution: some rounds from given fates, the last ones from the best that they found, which is then polished."""
    plan, say = plan or Plan(), say or (lambda text: None)
    targets, best, least, most = targets_of(km_ids(), plan.published), fates, np.inf, np.zeros(len(km_ids()), bool)
    began, moves, annealed = time.monotonic(), int(plan.fate_moves * plan.effort), plan.first_rounds + plan.last_rounds
    turns = annealed + plan.polishes
    for turn in range(turns):
        rng = stage_rng(seed, "fates", turn)
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
    turns = EFS_TRIES * (plan.first_rounds + plan.last_rounds)
    for turn in range(turns):
        if not missing(hits, ids):
            break
        found, cost = search_failures(
            fates, labels, targets, groups, stage_rng(seed, EFS, turn), int(EFS_MOVES * plan.effort)
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
    return search_stage(seed, stage, plan.stages()[stage], labels, fates, plan, lambda text: None)


def stage_rng(seed: int, stage: str, turn: int) -> np.random.Generator:
    """Return the random numbers of a turn of a stage: the same whether a search was resumed or not."""
    return np.random.default_rng([seed, zlib.crc32(stage.encode()), turn])


def search_stage(seed, name, rows: pd.DataFrame, labels, fates, plan: Plan, say: Progress) -> pd.DataFrame:
    """Search the labels of a stage: rounds from the start and from the best that they found, then hops from there."""
    labels = _prepared(name, labels, stage_rng(seed, name + " prepared", 0))
    search, moved = stage_search(rows, labels, fates, plan)
    every = label_search(labels, fates, plan)
    curves = int(curve_hits(labels, fates, plan).sum())
    moves, began = int(float(rows["moves"].iloc[0]) * plan.effort), time.monotonic()
    first, rounds = plan.first_rounds, plan.first_rounds + plan.last_rounds

    def tell(turn: int, loss: float) -> None:
        hits = search.hits()
        missed = tuple(id.removeprefix("table5.") for id, hit in hits.items() if not hit)
        every.matrix[:] = search.matrix
        total = curves + sum(every.hits().values())
        seconds = time.monotonic() - began
        say(Step(name, turn, rounds + plan.hops, seconds, loss, sum(hits.values()), len(hits), missed, total))

    start, best, least = search.matrix.copy(), search.matrix.copy(), np.inf
    for turn in range(rounds):
        search.matrix[:] = start if turn < first else best
        loss = search.anneal(
            moved, plan.bounds(name), stage_rng(seed, name, turn), moves, schedule=LABELS if turn < first else FINE
        )
        if loss < least:
            best, least = search.matrix.copy(), loss
        search.matrix[:] = best
        tell(turn + 1, least)
        if least <= 0:
            break
    if least > 0 and plan.hops:
        weights = dict.fromkeys(search.hits(), ASIDE) | dict.fromkeys(headline(), 1.0)
        alone = "TOXICITY" in set(rows["belongs"])  # the labels that belong to it follow when the stage is settled
        others = [] if alone else [bound for bound in plan.other_bounds(name) if bound.looks_at(moved)]
        rng = stage_rng(seed, name, rounds)
        hop(
            search, moved, plan.bounds(name), rng, plan.hops, others=others, weights=weights, moves=plan.hop_moves,
            say=lambda turn, cost: tell(rounds + turn, cost),
        )  # fmt: skip
    return _settled(labels, search.frame(), rows, stage_rng(seed, name + " settled", 0))


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
