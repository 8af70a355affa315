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
OFTEN = 50  # steps after which a walk tells how far it is


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
        Is told a :class:`~helpers.calibration.stages.Step` every fifty steps and after every walk.

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
    telling = _Telling("secured", [steps for *_, steps in phases], say)
    for keep, only, steps in phases:
        labels, fates = _walked(Walk(labels, fates, rng, plan, keep=keep, only=only), steps, 0.8, telling).state()
    return labels, fates


def recovered(
    seed: int, labels: pd.DataFrame, fates: pd.DataFrame, plan: Plan, say: Progress | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Walk towards every number that is missed, losing none that is hit; deal labels anew that still miss; both again.

    Parameters and result as of :func:`secured`.
    """
    rng, walks = np.random.default_rng([seed, 12]), (plan.recovering, plan.recovering // 2)
    telling, brief = _Telling("recovered", walks, say), replace(plan, hops=plan.hops // 3)
    for steps in walks:
        labels, fates = _walked(Walk(labels, fates, rng, plan), steps, 0.85, telling).state()
        labels = dealt_anew(seed, labels, fates, brief)
    return labels, fates


class _Telling:
    """Tells how far the walks of a stage are, every so many steps and when one has ended."""

    def __init__(self, stage: str, walks: Sequence[int], say: Progress | None):
        self.stage, self.ends, self.say = stage, list(np.cumsum([-(-steps // OFTEN) for steps in walks])), say
        self.began, self.turn, self.walk = time.monotonic(), 0, 0

    def step(self, walk: Walk) -> None:
        """Tell how far a walk is."""
        self.turn += 1
        if self.say:
            self.say(self._step(walk))

    def end(self, walk: Walk) -> None:
        """Tell that a walk has ended, before its last step perhaps."""
        self.turn, self.walk = self.ends[self.walk] - 1, self.walk + 1
        self.step(walk)

    def _step(self, walk: Walk) -> Step:
        missed, asked = tuple(walk.wanted), len({id for id, asked in zip(walk.ids, walk.asked, strict=True) if asked})
        seconds, total = time.monotonic() - self.began, int(walk.printed.sum()) - len(walk.missed)
        return Step(
            self.stage, self.turn, self.ends[-1], seconds, float(len(missed)), asked - len(missed), asked, missed, total
        )  # fmt: skip


def _walked(walk: Walk, steps: int, greedy: float, telling: _Telling) -> Walk:
    """Take steps while a number is wanted, a share of them towards it, the others aside."""
    for k in range(steps):
        if not walk.wanted:
            break
        if k and k % OFTEN == 0:
            telling.step(walk)
        forward = walk.rng.random() < greedy
        walk.both(forward) if walk.rng.random() < 0.5 else walk.exchange(forward)
    telling.end(walk)
    return walk


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
