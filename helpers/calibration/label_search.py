"""Anneal labels, their counts held, until Cox rows and log-rank tests of given fates are the printed ones.

A move exchanges one label of two patients of the same stratum, so that every margin stays exact. What a model is (its
endpoint, population and columns) is configuration: ``data/synthesis/models.csv``. The models are fitted by the engine's
kernels, patients outside a model's population counting zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.calibration.kernels import COX, FIRM, LOGRANK, anneal, distances, fit, pattern_of, scratch
from helpers.calibration.targets import LABELS, Schedule, Targets, targets_of

MEASURES = ("hr", "ci_low", "ci_high", "p")


@dataclass(frozen=True)
class Model:
    """One model: which columns on whom, and where its numbers stand in the print ("" : not printed)."""

    name: str
    kind: str
    endpoint: str
    ids: tuple[str, ...]
    columns: tuple[tuple[str, frozenset[str]], ...]
    population: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True)
class Bound:
    """How many patients may have one of ``first``, of ``second`` and of ``third``: what is clinically natural, or printed."""

    first: tuple[str, str]
    second: tuple[str, str]
    low: int = 0
    high: int = 10**6
    third: tuple[str, str] | None = None

    def looks_at(self, names: Iterable[str]) -> bool:
        """Tell whether one of some labels decides about it."""
        return any(pair[0] in names for pair in (self.first, self.second, self.third) if pair)


def read_models(path) -> dict[str, Model]:
    """Read models from a table with columns model, kind, endpoint, id, label, codes, population.

    Examples
    --------
    >>> from helpers.paths import DATA
    >>> read_models(DATA / "synthesis" / "models.csv")["status"].ids
    ('table5.univariate.first_relapse', 'table5.univariate.second_relapse')
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    models = {}
    for name, rows in table.groupby("model", sort=False):
        columns = tuple((row.label, frozenset(row.codes.split("|"))) for row in rows.itertuples())
        conditions = [part.partition("=") for part in rows["population"].iloc[0].split(";") if part]
        population = tuple((label, frozenset(codes.split("|"))) for label, _, codes in conditions)
        models[name] = Model(
            name, rows["kind"].iloc[0], rows["endpoint"].iloc[0], tuple(rows["id"]), columns, population
        )
    return models


def model_ids(model: Model) -> list[str]:
    """List the printed ids of a model, "" where a number is not printed."""
    if model.kind == "logrank":
        return list(model.ids)
    return [f"{id}.{measure}" if id else "" for id in model.ids for measure in MEASURES]


@dataclass(frozen=True)
class Layout:
    """Bounds, models, endpoints and targets of a search as the kernels take them, and which labels each model looks at."""

    arrays: tuple
    labels: tuple[set[str], ...]

    def touched(self, names: Iterable[str]) -> np.ndarray:
        """Tell which models look at one of some labels."""
        names = set(names)
        return np.array([bool(names & looked) for looked in self.labels])

    def distances(self, matrix: np.ndarray) -> tuple[np.ndarray, int]:
        """Return how far every number is from the print, in half units, and by how many patients bounds are broken."""
        units, broken = distances(matrix, *self.arrays)
        return units, int(broken)


class LabelSearch:
    """Labels, fates and models, compiled to arrays.

    Parameters
    ----------
    labels : DataFrame
        One column per label, codes as text.
    endpoints : mapping of str to (time, event)
    models : sequence of Model
    folder : Path, optional
        Published values that the ids are in.
    """

    def __init__(self, labels: pd.DataFrame, endpoints: Mapping[str, tuple], models: Sequence[Model], **folder):
        self.names = list(labels.columns)
        self.codes = {name: sorted(labels[name].unique()) for name in self.names}
        self.matrix = np.column_stack(
            [labels[n].map({c: k for k, c in enumerate(self.codes[n])}) for n in self.names]
        ).astype(np.int64)
        self.models = list(models)
        self.ids = [model_ids(model) for model in self.models]
        self.targets = [_with_gaps(ids, **folder) for ids in self.ids]
        self.endpoints = {name: _downwards(*data) for name, data in endpoints.items()}
        self.compiled = [self._compile(model) for model in self.models]

    def _compile(self, model: Model) -> tuple:
        return (
            self._pairs(model.columns),
            self._pairs(model.population),
            COX if model.kind == "cox" else LOGRANK,
            model.endpoint,
        )

    def _pairs(self, conditions) -> np.ndarray:
        pairs = [(self.names.index(label), self._mask(label, codes)) for label, codes in conditions]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def _mask(self, label: str, codes: frozenset[str]) -> int:
        return sum(1 << k for k, code in enumerate(self.codes[label]) if code in codes)

    def values(self, model: int) -> np.ndarray:
        """Compute the numbers of a model, in the order of its ids."""
        columns, _, kind, endpoint = self.compiled[model]
        order, event = self.endpoints[endpoint]
        pattern = self.patterns(model)[order]
        out = np.empty(len(self.ids[model]))
        fit(pattern, event, len(columns), kind, np.zeros(len(columns)), out, FIRM, scratch(len(pattern)))
        return out

    def patterns(self, model: int) -> np.ndarray:
        """Number each patient's values of a model's columns, bit by bit; -1: not in its population."""
        columns, conditions, *_ = self.compiled[model]
        return np.array([pattern_of(row, columns, conditions) for row in self.matrix])

    def hits(self) -> dict[str, bool]:
        """Tell for each printed id whether the labels give it."""
        found = {}
        for k, ids in enumerate(self.ids):
            hit = self.targets[k].hit(self.values(k))
            found |= {id: bool(h) for id, h in zip(ids, hit, strict=True) if id}
        return found

    def frame(self) -> pd.DataFrame:
        """Return the labels as they now stand."""
        columns = {n: np.array(self.codes[n], dtype=object)[self.matrix[:, k]] for k, n in enumerate(self.names)}
        return pd.DataFrame(columns)

    def anneal(
        self,
        moved: Mapping[str, np.ndarray],
        bounds: Sequence[Bound],
        rng: np.random.Generator,
        moves: int,
        schedule: Schedule = LABELS,
    ) -> float:
        """Anneal some labels in place, against all models of this search.

        Parameters
        ----------
        moved : mapping of label to the stratum of each patient (-1: does not move)
        bounds : sequence of Bound
        rng : numpy.random.Generator
        moves : int
        schedule : Schedule

        Returns
        -------
        float
            Loss of the best labels, which are kept.
        """
        labels = np.array([self.names.index(name) for name in moved])
        strata = np.array(list(moved.values()), dtype=np.int64)
        layout = self.layout(bounds)
        touched = np.array([layout.touched([name]) for name in moved])
        best, loss = anneal(rng, moves, tuple(schedule), self.matrix, labels, strata, touched, *layout.arrays)
        self.matrix[:] = best
        return float(loss)

    def layout(self, bounds: Sequence[Bound]) -> Layout:
        """Lay bounds, models, endpoints and targets out for the compiled loops."""
        limits = np.array([self._limit(bound) for bound in bounds], dtype=np.int64).reshape(-1, 8)
        number, half = (np.concatenate([getattr(target, a) for target in self.targets]) for a in ("number", "half"))
        return Layout((limits, *self._stacked(), number, half), tuple(_labels_of(model) for model in self.models))

    def _limit(self, bound: Bound) -> list[int]:
        conditions = [bound.first, bound.second, bound.third or bound.second]
        pairs = [(self.names.index(n), self._mask(n, frozenset(codes.split("|")))) for n, codes in conditions]
        return [number for pair in pairs for number in pair] + [bound.low, bound.high]

    def _stacked(self) -> tuple:
        """Lay models and endpoints out as plain arrays for the compiled loop; the endpoint of the first model leads."""
        sets = self.compiled
        names = list(dict.fromkeys(s[3] for s in sets))
        columns = np.zeros((len(sets), max(len(s[0]) for s in sets), 2), np.int64)
        conditions = np.zeros((len(sets), max(1, max(len(s[1]) for s in sets)), 2), np.int64)
        for k, s in enumerate(sets):
            columns[k, : len(s[0])], conditions[k, : len(s[1])] = s[0], s[1]
        sizes = np.array([(len(s[0]), len(s[1]), s[2], names.index(s[3])) for s in sets], np.int64)
        starts = np.concatenate([[0], np.cumsum([len(ids) for ids in self.ids])]).astype(np.int64)
        return (columns, conditions, sizes, starts), _as_arrays(self.endpoints, names)

    def ordered(self, endpoints: Mapping[str, tuple]) -> tuple[np.ndarray, np.ndarray]:
        """Lay other endpoints of the patients out as the kernels take them: order of the patients, and who has an event."""
        names = list(dict.fromkeys(compiled[3] for compiled in self.compiled))
        return _as_arrays({name: _downwards(*endpoints[name]) for name in names}, names)


def _as_arrays(endpoints: Mapping[str, tuple], names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.array([endpoints[name][part] for name in names]) for part in (0, 1))


def _labels_of(model: Model) -> set[str]:
    """Name the labels that a model looks at."""
    return {label for label, _ in (*model.columns, *model.population)}


def _with_gaps(ids: list[str], **folder) -> Targets:
    """Targets of ids; a number that is not printed is met by anything."""
    printed = targets_of([id for id in ids if id], **folder)
    where = [k for k, id in enumerate(ids) if id]
    number, half = np.zeros(len(ids)), np.full(len(ids), 1e12)
    number[where], half[where] = printed.number, printed.half
    return Targets(tuple(ids), number, half, np.zeros(len(ids), bool))


def _downwards(time, event) -> tuple[np.ndarray, np.ndarray]:
    """Order patients by time downwards, an event after those censored on its day, who are still at risk."""
    time, event = np.asarray(time, float), np.asarray(event, bool)
    order = np.lexsort([event, -time])
    return order, event[order]
