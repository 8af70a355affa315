"""Anneal fates until the Kaplan–Meier rates and half-widths of OS, PFS and EFS are the printed ones.

A fate is one state per patient (progression, failure, death, last contact); the three endpoints are derived from it, so
that their order always holds. Moves keep progression before death, the printed follow-up (each patient stays in a
quarter of it, unless two exchange theirs), and all event days different.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.calibration.kernels import EARLY_DEATH, SOONEST_UNRELATED, anneal_failures, anneal_fates, read_milestones
from helpers.calibration.targets import DAYS, Schedule, Targets
from helpers.synthesis.fates import LATEST_CUTOFF, draw_cutoff, follow_up_marks

ENDPOINTS = ("os", "pfs", "efs")
LAST_FOLLOW_UP = 2500
FAILURES = (3.0, 0.03)  # temperature from and to while treatment failures are annealed
NEVER = np.inf
STATES = ("progression", "failure", "death")


def search_fates(
    fates: pd.DataFrame,
    labels: pd.DataFrame,
    targets: Targets,
    rng: np.random.Generator,
    moves: int = 2_000_000,
    schedule: Schedule = DAYS,
) -> tuple[pd.DataFrame, float, np.ndarray]:
    """Anneal *fates* towards the printed survival rates.

    Parameters
    ----------
    fates, labels : DataFrame
        From :func:`helpers.synthesis.fates.draw_fates` and :func:`helpers.synthesis.labels.draw_labels`.
    targets : Targets
        Of the ids ``results.efficacy.<endpoint>_<year>y.<rate or half_width>``, in the order of :func:`km_ids`.
    rng : numpy.random.Generator
    moves : int
    schedule : Schedule

    Returns
    -------
    fates : DataFrame
        The best found.
    loss : float
    hit : bool array, shape (18,)
        Which targets agree with the print.
    """
    days = Days.of(labels, fates)
    state, contact, unrelated, loss = anneal_fates(
        rng, moves, tuple(schedule), days.state, days.contact, days.assessed, days.earliest, days.unrelated, days.fixed,
        days.edges, days.quarter, targets.number, targets.half, targets.logarithmic, LATEST_CUTOFF, km_factors(len(fates)),
    )  # fmt: skip
    found = replace(days, state=state, contact=contact, unrelated=unrelated).written(fates, rng)
    return found, float(loss), targets.hit(km_values(labels, found, targets.logarithmic))


def search_failures(
    fates: pd.DataFrame,
    labels: pd.DataFrame,
    targets: Targets,
    groups: np.ndarray,
    rng: np.random.Generator,
    moves: int = 2_000_000,
) -> tuple[pd.DataFrame, float]:
    """Anneal treatment failures, and which deaths are unrelated, until EFS is the printed one; OS and PFS are not touched.

    Parameters
    ----------
    fates, labels : DataFrame
    targets : Targets
        Of the six numbers of EFS in the order of :func:`km_ids`, and of the log-rank tests of EFS.
    groups : int array, shape (tests, patients)
        Group of each patient in each test, 0 or 1; -1: not in it.
    rng : numpy.random.Generator
    moves : int

    Returns
    -------
    fates : DataFrame
        The best found.
    cost : float
        What its misses cost, zero if there are none.
    """
    days = Days.of(labels, fates)
    mild = np.isinf(days.state[:, 0]) & (days.state[:, 2] >= SOONEST_UNRELATED) & np.isfinite(days.state[:, 2])
    mild &= ((labels["crs"] < 3) & (labels["icans"] < 3)).to_numpy()
    able = (labels["response"] == "CR").to_numpy() & ~days.fixed
    state, unrelated, cost = anneal_failures(
        rng, moves, *FAILURES, days.state, days.contact, days.assessed, days.unrelated, able, mild, groups,
        km_factors(len(fates)), targets.number, targets.half, targets.logarithmic,
    )  # fmt: skip
    return replace(days, state=state, unrelated=unrelated).written(fates, rng), float(cost)


@dataclass
class Days:
    """Fates as the kernels take them.

    Attributes
    ----------
    state : float array, shape (n, 3)
        Day of progression, failure and death; infinite: none.
    contact, assessed, earliest : float arrays, shape (n,)
        Last contact, non-response (infinite: none), first day on which contact may end.
    unrelated, fixed : bool arrays, shape (n,)
    edges : float array, shape (4, 2)
        First and last day of contact of each quarter of follow-up.
    quarter : int array, shape (n,)
    """

    state: np.ndarray
    contact: np.ndarray
    assessed: np.ndarray
    earliest: np.ndarray
    unrelated: np.ndarray
    fixed: np.ndarray
    edges: np.ndarray
    quarter: np.ndarray

    @classmethod
    def of(cls, labels: pd.DataFrame, fates: pd.DataFrame) -> Days:
        """Read them from labels and fates."""
        contact, edges = fates["contact"].to_numpy(float).copy(), _edges()
        marks = np.isin(contact, np.array(follow_up_marks()).ravel())
        return cls(
            np.column_stack([fates[name].fillna(NEVER).to_numpy(float) for name in STATES]),
            contact,
            np.where(labels["response"] == "NR", fates["assessed"], NEVER).astype(float),
            np.where(labels["response"] == "ND", 22.0, 36.0),
            (fates["cause"] == "unrelated").fillna(False).to_numpy(bool).copy(),
            (fates["death"] < EARLY_DEATH).to_numpy(bool) | marks,
            edges,
            np.searchsorted(edges[:, 0], contact, side="right") - 1,
        )

    def after(self, moves: Iterable[tuple]) -> Days | None:
        """Return the days after some moves; None if two event days were the same.

        Parameters
        ----------
        moves : iterable of (patients, states, contacts, quarters, flags)
            What is moved, as :func:`helpers.calibration.kernels.fate_effects` writes it.
        """
        state, contact, quarter, unrelated = (
            one.copy() for one in (self.state, self.contact, self.quarter, self.unrelated)
        )
        for who, states, contacts, quarters, flags in moves:
            state[who], contact[who], quarter[who], unrelated[who] = states, contacts, quarters, flags
        taken = np.concatenate([state[np.isfinite(state)], self.assessed[np.isfinite(self.assessed)]])
        if np.unique(taken).size < taken.size:
            return None
        return replace(self, state=state, contact=contact, quarter=quarter, unrelated=unrelated)

    def written(self, fates: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Write them into a copy of *fates*; causes of death and cut-offs are drawn anew."""
        found, alive = fates.copy(), np.isinf(self.state[:, 2])
        for k, name in enumerate(STATES):
            found[name] = np.where(np.isinf(self.state[:, k]), np.nan, self.state[:, k])
        found["contact"] = self.contact
        found["cutoff"] = [float(draw_cutoff(day, alive[i], rng)) for i, day in enumerate(self.contact)]
        found["cause"] = _causes(found, fates["cause"], self.unrelated, rng)
        return found


def km_ids() -> list[str]:
    """List the ids of the 18 printed rates and half-widths, in the order of the search.

    Examples
    --------
    >>> km_ids()[:2]
    ['results.efficacy.os_1y.rate', 'results.efficacy.os_1y.half_width']
    """
    return [f"results.efficacy.{e}_{y}y.{m}" for e in ENDPOINTS for y in (1, 2, 3) for m in ("rate", "half_width")]


def endpoints(labels: pd.DataFrame, fates: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Derive OS, PFS and EFS (time, event) from fates, as :func:`helpers.cohort.derive.analyse` does from a cohort."""
    death, progression = fates["death"], fates["progression"]
    nonresponse = fates["assessed"].where(labels["response"] == "NR")
    related = death.where(~(fates["cause"] == "unrelated").fillna(False).to_numpy(bool))
    first = {
        "os": death,
        "pfs": np.fmin(progression, death),
        "efs": np.fmin(np.fmin(progression, fates["failure"]), np.fmin(nonresponse, related)),
    }
    return {name: (day.fillna(fates["contact"]).to_numpy(float), day.notna().to_numpy()) for name, day in first.items()}


def km_values(labels: pd.DataFrame, fates: pd.DataFrame, logarithmic: np.ndarray) -> np.ndarray:
    """Compute the 18 rates and half-widths, in the order of :func:`km_ids`."""
    out = np.empty(18)
    for k, (days, event) in enumerate(endpoints(labels, fates).values()):
        at_risk = (days[:, None] <= days).sum(axis=1)
        read_milestones(days, event, at_risk, km_factors(len(days)), 6 * k, logarithmic, out)
    return out


def km_factors(n: int) -> np.ndarray:
    """Logarithm of the Kaplan–Meier factor, and Greenwood term, of an event among 0 ... n at risk; of one: nobody is left."""
    at_risk = np.arange(2.0, n + 1)
    logs, terms = np.log1p(-1 / at_risk), 1 / (at_risk * (at_risk - 1))
    return np.array([[0.0, -np.inf, *logs], [0.0, np.inf, *terms]])


def _edges() -> np.ndarray:
    """Bounds of the days of last contact in each quarter of follow-up, the marks between them left out."""
    (a, b), (c, d), (e, f) = follow_up_marks()
    return np.array([(0, a - 1), (b + 1, c - 1), (d + 1, e - 1), (f + 1, LAST_FOLLOW_UP)], float)


def _causes(found: pd.DataFrame, before: pd.Series, unrelated: np.ndarray, rng) -> pd.Series:
    """Causes of death: leukaemia mostly, if the disease came back; never leukaemia, if it did not."""
    died, back = found["death"].notna(), found["progression"].notna()
    relapsed = rng.choice(["leukaemia", "transplantation", "infection"], len(found), p=[0.85, 0.08, 0.07])
    other = rng.choice(["treatment", "transplantation", "infection"], len(found), p=[0.3, 0.3, 0.4])
    early = found["death"] < EARLY_DEATH
    cause = np.select([~died, unrelated, back, early], [None, "unrelated", relapsed, before.astype(object)], other)
    return pd.Series(pd.array(cause, dtype="string"), index=found.index)
