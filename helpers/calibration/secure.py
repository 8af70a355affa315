"""Secure a calibrated state: walk, labels and days together, until the headline is hit, then win back what that cost.

Stages leave a few numbers of the headline missed, since labels move while days stand. A walk moves both.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.calibration.fate_search import km_ids
from helpers.calibration.gate import low_dose, missing, of_progression
from helpers.calibration.hits import stage_search, survival_hits
from helpers.calibration.plan import BRIEF, Plan
from helpers.calibration.stages import Progress, Step, calibrate_labels
from helpers.calibration.walk import Walk

DEAREST = "joint"  # the stage of sex, age, blasts and GC, which the multivariable model ties
LEADING = ("female", "age_over", "marrow", "gc")  # labels of that stage, which lead their groups on a walk
ALONE = (
    "transplant",
    "agents",
    "onset",
    "duration",
    "weight",
    "target",
    "status",
    "crs_grade",
    "icans",
)  # stages that leave GC as it is
ANEW = replace(BRIEF, hops=1)


def secured(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan, say: Progress | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Walk until every low-dose number is hit, then every one that progression decides, then what they cost of the dearest stage.

    Numbers of EFS are left alone: :func:`helpers.calibration.stages.calibrate_efs` comes last.

    Parameters
    ----------
    seed : int
    labels, fates : DataFrame
    plan : Plan
        Its ``securing`` and ``recovering`` are the steps of the walks at most.
    say : callable, optional
        Is told a :class:`~helpers.calibration.stages.Step` after every walk.

    Returns
    -------
    labels, fates : DataFrame
    """
    rng, stage = np.random.default_rng([seed, 10]), stage_search(plan.stages()[DEAREST], labels, fates, plan)[0]
    whole = [id for id in dict.fromkeys([*km_ids(), *stage.hits()]) if ".efs" not in id]
    phases = (
        (low_dose(), None, plan.securing),
        ([*of_progression(), *low_dose()], LEADING, plan.securing),
        ([*whole, *low_dose()], LEADING, plan.recovering),
    )
    began = time.monotonic()
    for turn, (keep, only, steps) in enumerate(phases, 1):
        labels, fates = _walked(Walk(labels, fates, rng, plan, keep=keep, only=only), steps, 0.8).state()
        if say:
            say(_step("secured", turn, len(phases), time.monotonic() - began, keep, survival_hits(labels, fates, plan)))
    return labels, fates


def recovered(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan, say: Progress | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Walk towards every number that is missed, losing none that is hit; deal labels anew that still miss; walk again.

    Parameters and result as of :func:`secured`.
    """
    began, rng = time.monotonic(), np.random.default_rng([seed, 12])
    for turn in (1, 2):
        labels, fates = _walked(Walk(labels, fates, rng, plan), plan.recovering // turn, 0.85).state()
        if turn == 1:
            labels = dealt_anew(seed, labels, fates, replace(plan, hops=plan.hops // 4))
        hits = survival_hits(labels, fates, plan)
        if say:
            say(_step("recovered", turn, 2, time.monotonic() - began, list(hits), hits))
    return labels, fates


def _walked(walk: Walk, steps: int, greedy: float) -> Walk:
    """Take steps while a number is wanted, a share of them towards it, the others aside."""
    for _ in range(steps):
        if not walk.wanted:
            break
        forward = walk.rng.random() < greedy
        walk.both(forward) if walk.rng.random() < 0.5 else walk.exchange(forward)
    return walk


def _step(stage: str, turn: int, turns: int, seconds: float, keep: Sequence[str], hits: dict[str, bool]) -> Step:
    missed = tuple(missing(hits, keep))
    return Step(
        stage,
        turn,
        turns,
        seconds,
        float(len(missed)),
        len(keep) - len(missed),
        len(keep),
        missed,
        sum(hits.values()),
    )


def dealt_anew(seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan | None = None) -> pd.DataFrame:
    """Search labels anew that bear on no dose group, stage by stage, where one of their numbers is missed.

    Returns
    -------
    DataFrame
        Labels that hit as many of the printed numbers as those given or more, and break no bound that they keep.
    """
    plan = plan or ANEW
    hits, broken = survival_hits(labels, fates), _broken(labels, fates)
    for stage in ALONE:
        search, _ = stage_search(plan.stages()[stage], labels, fates, plan)
        if not missing(hits, list(search.hits())):
            continue
        other = calibrate_labels(seed, stage, labels, fates, plan)
        found = survival_hits(other, fates)
        if sum(found.values()) > sum(hits.values()) and _broken(other, fates) <= broken:
            labels, hits = other, found
    return labels


def _broken(labels: pd.DataFrame, fates: pd.DataFrame) -> int:
    return Walk(labels, fates, np.random.default_rng(0)).broken
