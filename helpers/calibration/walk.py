"""Walk from a calibrated cohort to others that hit the same printed numbers.

What an exchange of labels does to a number is nearly the same whatever else is exchanged (see
:mod:`helpers.calibration.polish`), and so it is with days. Of the millions of pairs and threes of some thousand moves, whose
effects are computed once, many change patients and no printed number: each step takes one of them. No number that is hit is lost
on the way; those that are missed are drawn nearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.calibration.fate_search import ENDPOINTS, Days, km_factors, km_ids
from helpers.calibration.hits import label_search
from helpers.calibration.kernels import derive_all, exchange_effects, fate_effects, state_distances
from helpers.calibration.plan import Plan
from helpers.calibration.polish import COUNTED, best_sets, exchanged
from helpers.calibration.targets import targets_of
from helpers.synthesis.labels import settle

DRAWN, KEPT, TRIED = 1500, 300, 60  # moves drawn in a step; sums of them that are looked at, that are computed
FAR = 60.0  # half units beyond which effects do not add up
HELD, WANTED, OTHER = 100.0, 1.0, 0.002  # what a number that is held, one that is drawn nearer, and any other weighs
FLAGS = ("crs4", "icans4", "icans_open")
FATE_CODES = ("event", "lost", "unrelated", "early", "died")  # as the kernels write them


@dataclass(frozen=True)
class Group:
    """Labels that two patients exchange together if they agree in *within*; who has one of *stay* does not take part."""

    labels: tuple[str, ...]
    within: tuple[str, ...] = ()
    stay: tuple[tuple[str, str], ...] = ()


GIVEN = ("gc", "late", "long")
COURSE = (*GIVEN, "agents", "untreated", "crs", "crs4", "icans", "icans4", "icans_open")
WELL, OPEN, FAILED, UNTREATED = ("toxic", "no"), ("crs_open", "yes"), ("response", "NR"), ("untreated", "yes")
GROUPS = (
    Group(("female",)),
    Group(("age_over",)),
    Group(("weight_over",)),
    Group(("marrow",)),
    Group(("target",)),
    Group(("status",)),
    Group(("transplant",), ("outside",)),
    Group(COURSE, ("response",), (WELL, OPEN, FAILED)),
    Group(GIVEN, ("response", "untreated"), (WELL, OPEN)),
    Group(("late",), ("gc", "response"), (("gc", "none"), OPEN)),
    Group(("long",), ("gc", "response"), (("gc", "none"), OPEN)),
    Group(("agents",), ("toxic", "response", "untreated", "outside"), (FAILED,)),
    Group(("crs", "crs4"), (), (WELL, UNTREATED, ("icans4", "yes"))),
    Group(("icans", "icans4", "icans_open"), (), (WELL, UNTREATED, OPEN)),
)


@dataclass(frozen=True)
class Drawn:
    """Moves that were drawn, exchanges of labels first: what they are, where the numbers stand, what each does to them."""

    exchanges: np.ndarray
    moves: tuple
    now: np.ndarray
    effects: np.ndarray

    def moved(self, k: int) -> tuple[np.ndarray, ...]:
        """Return who is moved by the k-th move of days, and their states, contacts, quarters and flags after it."""
        who, size, *after = self.moves
        return (who[k, : size[k]], *[one[k, : size[k]] for one in after])


class Walk:
    """A cohort on its way.

    Parameters
    ----------
    labels, fates : DataFrame
        Of a calibrated state.
    rng : numpy.random.Generator
    plan : Plan, optional
        Whose models, bounds and published values are held.
    keep : sequence of id, optional
        Numbers that are held once they are hit; by default all. Others are spared where that costs nothing.
    only : sequence of str, optional
        Groups of labels that are exchanged, by the first label of each; by default all.

    Attributes
    ----------
    ids : list of str
        Of the numbers, those of the curves first; "" where none is printed.
    held : bool array
        Which are hit, and stay so.
    """

    def __init__(
        self,
        labels: pd.DataFrame,
        fates: pd.DataFrame,
        rng: np.random.Generator,
        plan: Plan | None = None,
        *,
        keep: Sequence[str] | None = None,
        only: Sequence[str] | None = None,
    ):
        self.labels, self.fates, self.rng, plan = labels, fates, rng, plan or Plan()
        self.days = Days.of(labels, fates)
        self.days.fixed |= (labels["crs_open"] | (labels["response"] == "ND")).to_numpy()  # they are lost early
        flags = {name: np.where(labels[name], "yes", "no") for name in FLAGS}
        self.search = label_search(labels, fates, plan, **flags)
        names, curves = self.search.names, targets_of(km_ids(), plan.published)
        layout = self.search.layout([bound for stage in plan.stages() for bound in plan.bounds(stage)])
        self.limits, self.models, _, number, half = layout.arrays
        self.number, self.half = np.concatenate([curves.number, number]), np.concatenate([curves.half, half])
        self.logarithmic = curves.logarithmic
        self.ids = [*km_ids(), *[id for some in self.search.ids for id in some]]
        self.printed = np.array([bool(id) for id in self.ids])
        self.kinds = [group for group in GROUPS if only is None or group.labels[0] in only]
        self.groups = np.array([[name in group.labels for name in names] for group in self.kinds])
        self.touched = np.array([layout.touched(group.labels) for group in self.kinds])
        self.columns = np.array([names.index(name) for name in FATE_CODES])
        known = list(dict.fromkeys(compiled[3] for compiled in self.search.compiled))
        self.which = np.array([ENDPOINTS.index(name) for name in known])
        self.factors = km_factors(len(labels))
        units, self.broken, self.odd = self._distances(self.search.matrix, self.days)
        self.asked = self.printed if keep is None else np.isin(self.ids, list(keep))
        self.held = self.asked & (np.abs(units) <= 1.0)

    @property
    def missed(self) -> list[str]:
        """List the printed numbers that are missed."""
        hit = np.abs(self._distances(self.search.matrix, self.days)[0]) <= 1.0
        return [id for id, hit in zip(self.ids, hit, strict=True) if id and not hit]

    @property
    def wanted(self) -> list[str]:
        """List the numbers to be held that are missed yet."""
        return [id for id, held, asked in zip(self.ids, self.held, self.asked, strict=True) if asked and not held]

    def state(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write labels and fates, with what follows from them drawn anew."""
        fates = self.days.written(self.fates, self.rng)
        same = (fates["contact"] == self.fates["contact"]) & (fates["death"].notna() == self.fates["death"].notna())
        fates["cutoff"] = fates["cutoff"].mask(same, self.fates["cutoff"])
        return settle(_decoded(self.labels, self.search.frame()), self.rng), fates

    def exchange(self, greedy: bool = False) -> bool:
        """Exchange labels; tell whether something was found to exchange."""
        return self._step(self._drawn(DRAWN, 0), greedy)

    def shift(self, greedy: bool = False, drawn: int = DRAWN // 2) -> bool:
        """Move days, the best of *drawn* together; tell whether something was found to move."""
        return self._step(self._drawn(0, drawn), greedy)

    def both(self, greedy: bool = False) -> bool:
        """Exchange labels and move days together; tell whether something was found."""
        return self._step(self._drawn(DRAWN, DRAWN // 2), greedy)

    def _drawn(self, exchanges: int, shifts: int) -> Drawn:
        """Draw exchanges of labels and moves of days, with what each alone does to every number."""
        search, days, none = self.search, self.days, np.zeros((0, self.number.size), np.float32)
        pairs, now, effects, moved, others = np.zeros((0, 3), np.int64), None, none, (), none
        if exchanges:
            pairs, now, effects = exchange_effects(
                self.rng, exchanges, search.matrix, self.groups, self._strata(), self.touched, self.limits, self.models,
                self._endpoints(), self.number[18:], self.half[18:],
            )  # fmt: skip
            now, effects = _padded(now), _padded(effects)
        if shifts:
            *moved, now, others = fate_effects(
                self.rng, shifts, self._fates(days), days.earliest, days.fixed, days.edges, days.quarter, search.matrix,
                self.columns, self.limits, self.models, self.which, self.number, self.half, self.logarithmic, self.factors,
            )  # fmt: skip
        return Drawn(pairs, tuple(moved), now, np.concatenate([effects, others]))

    def _step(self, drawn: Drawn, greedy: bool) -> bool:
        return any(self._made(drawn, chosen) for chosen in self._promising(drawn.now, drawn.effects, greedy))

    def _made(self, drawn: Drawn, chosen: np.ndarray) -> bool:
        """Make some of the drawn moves together, if they go together and nothing is lost; tell whether they were made."""
        labels, days = (
            chosen[chosen < len(drawn.exchanges)],
            chosen[chosen >= len(drawn.exchanges)] - len(drawn.exchanges),
        )
        people = [*drawn.exchanges[labels, 1:].ravel(), *[i for k in days for i in drawn.moved(k)[0]]]
        if len(set(people)) < len(people):
            return False
        other = exchanged(self.search.matrix, self.groups, drawn.exchanges[labels])
        if other is None:
            return False
        new = self.days.after(drawn.moved(k) for k in days) if days.size else self.days
        return new is not None and self._take(other, new)

    def _promising(self, now, effects, greedy: bool) -> list[np.ndarray]:
        """Return sets of moves to try: the nearest to the print, or of those that lose nothing the farthest from here."""
        near = np.flatnonzero(np.isfinite(effects).all(axis=1) & (np.abs(effects[:, self.held]).max(axis=1) < FAR))
        if near.size < 2:
            return []
        effects = np.where(self.printed, effects[near], 0).astype(np.float32)
        start, soft = np.where(self.printed, now, 0).astype(np.float32), self.asked & ~self.held
        weight = np.where(self.held, HELD, np.where(self.asked, 0.0, OTHER))
        if greedy and soft.any():
            one = self.rng.choice(np.flatnonzero(soft))
            weight[soft if self.rng.random() < 0.3 else one] = WANTED
        sets, cost = best_sets(start, effects, weight, COUNTED, KEPT)
        if greedy:
            return [near[sets[k]] for k in np.argsort(cost, kind="stable")[:TRIED]]
        size, free = np.abs(effects).max(axis=1), np.flatnonzero(cost < HELD * COUNTED.jump)
        far = np.array([size[sets[k]].sum() for k in free]) + self.rng.normal(0, 3, free.size)
        return [near[sets[k]] for k in free[np.argsort(-far)][:TRIED]]

    def _take(self, matrix: np.ndarray, days: Days) -> bool:
        """Take labels and days if no bound is broken further and no number is lost."""
        units, broken, odd = self._distances(matrix, days)
        if broken > self.broken or odd > self.odd or (np.abs(units[self.held]) > 1.0).any():
            return False
        self.search.matrix[:], self.days, self.broken, self.odd = matrix, days, broken, odd
        self.held |= self.asked & (np.abs(units) <= 1.0)
        return True

    def _distances(self, matrix: np.ndarray, days: Days) -> tuple[np.ndarray, int, float]:
        return state_distances(
            self._fates(days), matrix, self.columns, self.limits, self.models, self.which, self.number, self.half,
            self.logarithmic, self.factors,
        )  # fmt: skip

    def _fates(self, days: Days) -> tuple:
        return days.state, days.contact, days.assessed, days.unrelated

    def _endpoints(self) -> tuple[np.ndarray, np.ndarray]:
        time, event, _ = derive_all(*self._fates(self.days))
        return self.search.ordered({name: (time[k], event[k]) for k, name in enumerate(ENDPOINTS)})

    def _strata(self) -> np.ndarray:
        frame = self.search.frame()
        frame["outside"] = (frame["toxic"] == "no") & (frame["agents"] == "rux")
        out = np.zeros((len(self.kinds), len(frame)), np.int64)
        for k, group in enumerate(self.kinds):
            if group.within:
                out[k] = frame.groupby(list(group.within)).ngroup().to_numpy()
            for name, code in group.stay:
                out[k, (frame[name] == code).to_numpy()] = -1
        return out


def _padded(numbers: np.ndarray) -> np.ndarray:
    """Put the 18 numbers of the curves, which labels do not change, before those of labels."""
    return np.concatenate([np.zeros((*numbers.shape[:-1], 18), numbers.dtype), numbers], axis=-1)


def _decoded(labels: pd.DataFrame, codes: pd.DataFrame) -> pd.DataFrame:
    out, codes = labels.copy(), codes.set_index(labels.index)
    for name in ("female", "age_over", "weight_over", "late", "long", "transplant", "untreated", *FLAGS):
        out[name] = codes[name] == "yes"
    for name in ("gc", "target", "status"):
        out[name] = codes[name]
    for name in ("crs", "icans"):
        out[name] = codes[name].astype(int)
    out["tcz"], out["rux"] = codes["agents"].isin(["tcz", "both"]), codes["agents"].isin(["rux", "both"])
    out["blast"] = codes["marrow"].map({"few": "lt5", "unknown": "na", "many": "ge50"})
    return out
