"""Calibrate a cohort to another paper in seconds: margins, states, endpoints, curves, models and bounds are a folder.

The same loss, the same kernels and the same label search as for the default cohort, on a table per patient with nothing
but labels and days. ``data/synthesis/made_up`` is such a folder, of a paper that does not exist; what an endpoint counts
is one of its tables, so that a wrong definition can be calibrated as easily as the right one.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.calibration.kernels import curves_of, search_days
from helpers.calibration.label_search import Bound, LabelSearch, Model, read_models
from helpers.calibration.targets import DAYS, FINE, LABELS, Schedule, targets_of
from helpers.paths import DATA
from helpers.published.values import published_values
from helpers.synthesis.draws import deal

MADE_UP = DATA / "synthesis" / "made_up"
MEASURES = ("rate", "half_width")


@dataclass(frozen=True)
class Paper:
    """What a paper prints and what its cohort may be like: a folder of tables.

    Attributes
    ----------
    folder : Path
        Holds published_values.csv, labels.csv, states.csv, endpoints.csv, curves.csv, models.csv, stages.csv, bounds.csv.
    endpoints_file : str
        The table that says which states are events of an endpoint.

    Examples
    --------
    >>> Paper().margins()["arm"]
    {'old': 42, 'new': 42}
    >>> Paper().events()["pfs"]
    ('relapse', 'death')
    """

    folder: Path = MADE_UP
    endpoints_file: str = "endpoints.csv"

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the tables as text."""
        path = Path(self.folder) / name
        state = path.stat()
        return _read(path, state.st_mtime_ns, state.st_size).copy()

    def margins(self) -> dict[str, dict[str, int]]:
        """Return how many patients have each code of each label, looked up in the print."""
        numbers = published_values(self.folder).set_index("id")["number"]
        rows = self.table("labels.csv")
        return {
            label: {row.code: int(numbers[row.id]) for row in part.itertuples()}
            for label, part in rows.groupby("label", sort=False)
        }

    def events(self) -> dict[str, tuple[str, ...]]:
        """Return the states that are events of each endpoint."""
        return {row.endpoint: tuple(row.states.split("|")) for row in self.table(self.endpoints_file).itertuples()}

    def curve_ids(self) -> list[str]:
        """List the ids of rates and half-widths in the order of the search."""
        return [f"{id}.{measure}" for id in self.table("curves.csv")["id"] for measure in MEASURES]


@lru_cache(maxsize=32)
def _read(path: Path, changed: int, size: int) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@lru_cache(maxsize=4)
def _models(path: Path, changed: int, size: int) -> dict[str, Model]:
    return read_models(path)


@dataclass(frozen=True)
class Calibrated:
    """A small calibrated cohort.

    Attributes
    ----------
    patients : DataFrame
        Labels, a day per state (NaN: never), contact, and ``synthetic`` (always true).
    found : DataFrame
        id, printed, computed, hit: every printed survival statistic under the definition that was searched with.
    trace : DataFrame
        stage, round, moves (so far), seconds, loss, hits (all printed statistics): what the search reached when.
    """

    patients: pd.DataFrame
    found: pd.DataFrame
    trace: pd.DataFrame


def calibrate_small(
    paper: Paper | None = None, seed: int = 2025, *, moves: int = 40_000, rounds: int = 4
) -> Calibrated:
    """Search for a cohort on which the printed numbers of *paper* come out.

    Parameters
    ----------
    paper : Paper, optional
        By default the made-up paper.
    seed : int
    moves : int
        Moves of one round of annealing the days.
    rounds : int
        Rounds of annealing of each stage of labels (three times as many of the days), each from the best so far.

    Returns
    -------
    Calibrated

    Examples
    --------
    >>> calibrate_small(moves=2000, rounds=1).patients["arm"].value_counts().sort_index().to_dict()
    {'new': 42, 'old': 42}
    """
    paper, began, trace = paper or Paper(), time.perf_counter(), []
    rng = np.random.default_rng(seed)
    labels, days = _start(paper, rng)
    whole = _label_search(paper, labels, days)  # all models on what is best so far

    def note(stage: str, turn: int, loss: float, more: int, better: bool = True) -> None:
        hits = sum(hit.sum() for *_, hit in _judged(paper, days, whole)) if better else trace[-1][-1]
        spent = more + (trace[-1][2] if trace else 0)
        trace.append((stage, turn, spent, time.perf_counter() - began, float(loss), int(hits)))

    note("start", 0, np.nan, 0)
    least = np.inf
    for turn in range(3 * rounds):
        tried, loss = _anneal_days(paper, days, rng, moves, DAYS if turn % 2 == 0 else FINE)
        if better := loss < least:
            days, least = tried, loss
            whole = _label_search(paper, labels, days)
        note("days", turn + 1, least, moves, better)
        if least <= 0:
            break
    for name, rows in paper.table("stages.csv").groupby("stage", sort=False):
        least, search = np.inf, _label_search(paper, labels, days, set(";".join(rows["models"]).split(";")))
        moved = {row.label: np.zeros(len(labels), int) for row in rows.itertuples()}
        bounds, tries = _bounds(paper, name), int(rows["moves"].iloc[0])
        for turn in range(rounds):
            search.matrix[:] = whole.matrix
            loss = search.anneal(moved, bounds, rng, tries, LABELS if turn % 2 == 0 else FINE)
            if better := loss < least:
                whole.matrix[:], least = search.matrix, loss
            note(name, turn + 1, least, tries, better)
            if least <= 0:
                break
        labels = whole.frame()
    patients = pd.concat([labels, days], axis=1).assign(synthetic=True)
    columns = ["stage", "round", "moves", "seconds", "loss", "hits"]
    return Calibrated(patients, evaluated(paper, labels, days), pd.DataFrame(trace, columns=columns))


def endpoints_of(days: pd.DataFrame, events: dict[str, tuple[str, ...]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Derive (time, event) of each endpoint: the first of its states, else the last contact.

    Examples
    --------
    >>> days = pd.DataFrame({"relapse": [10.0, np.nan], "death": [30.0, 20.0], "contact": [30.0, 20.0]})
    >>> endpoints_of(days, {"pfs": ("relapse",)})["pfs"][1].tolist()
    [True, False]
    """
    first = {name: days[list(states)].min(axis=1) for name, states in events.items()}
    return {name: (day.fillna(days["contact"]).to_numpy(), day.notna().to_numpy()) for name, day in first.items()}


def evaluated(paper: Paper, labels: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Compare a cohort with the print, under the definitions of *paper*.

    Returns
    -------
    DataFrame
        id, printed, computed, hit.
    """
    printed = published_values(paper.folder).set_index("id")["value"]
    parts = _judged(paper, days, _label_search(paper, labels, days))
    rows = [row for part in parts for row in zip(*part, strict=True) if row[0]]
    out = pd.DataFrame(rows, columns=["id", "computed", "hit"])
    out.insert(1, "printed", out["id"].map(printed))
    return out


def _judged(
    paper: Paper, days: pd.DataFrame, search: LabelSearch
) -> Iterator[tuple[Sequence[str], np.ndarray, np.ndarray]]:
    """Yield ids ("": not printed), values and whether they hit: of the curves, then of each model of *search*."""
    targets, values = targets_of(paper.curve_ids(), paper.folder), _curve_values(paper, days)
    yield targets.ids, values, targets.hit(values)
    for k, (ids, goal) in enumerate(zip(search.ids, search.targets, strict=True)):
        computed = search.values(k)
        yield ids, computed, goal.hit(computed) & (np.array(ids) != "")


def _start(paper: Paper, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deal the labels and draw plausible days, all different."""
    margins, states = paper.margins(), paper.table("states.csv")
    n = sum(next(iter(margins.values())).values())
    everyone = np.ones(n, bool)
    labels = pd.DataFrame({label: deal(rng, codes, everyone) for label, codes in margins.items()})
    latest = int(states["latest"].astype(float).max())
    days = pd.DataFrame({"contact": rng.choice(np.arange(400, latest), n, replace=False).astype(float)})
    for row in states.itertuples():
        has = rng.random(n) < float(row.share)
        day = rng.permutation(np.arange(int(row.earliest), latest))[:n].astype(float)
        days[row.state] = np.where(has & (day < days["contact"]), day, np.nan)
        if row.last == "yes":
            days["contact"] = days[row.state].fillna(days["contact"])
    for row in states[states["last"] == "no"].itertuples():
        days[row.state] = days[row.state].where(days[row.state] < days["contact"] - float(row.gap))
    return labels, days[[*states["state"], "contact"]]


def _label_search(
    paper: Paper, labels: pd.DataFrame, days: pd.DataFrame, used: Collection[str] | None = None
) -> LabelSearch:
    path = Path(paper.folder) / "models.csv"
    models = _models(path, path.stat().st_mtime_ns, path.stat().st_size)
    chosen = [model for name, model in models.items() if used is None or name in used]
    return LabelSearch(labels, endpoints_of(days, paper.events()), chosen, folder=paper.folder)


def _bounds(paper: Paper, stage: str) -> list[Bound]:
    table = paper.table("bounds.csv")
    return [
        Bound((r.first, r.codes), (r.second, r.codes_second), int(r.low), int(r.high))
        for r in table[table["stage"] == stage].itertuples()
    ]


def _masks(paper: Paper) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Endpoints as bits of states; how many milestones each has, and all of them; how many events it may have."""
    states = list(paper.table("states.csv")["state"])
    events, curves = paper.events(), paper.table("curves.csv")
    names = list(dict.fromkeys(curves["endpoint"]))
    masks = np.array([sum(1 << states.index(s) for s in events[name]) for name in names], np.int64)
    at = [curves.loc[curves["endpoint"] == name, "days"].astype(float).to_numpy() for name in names]
    sizes = np.array([len(a) for a in at], np.int64)
    table = paper.table(paper.endpoints_file).set_index("endpoint")
    return masks, sizes, np.concatenate(at), table.loc[names, ["events_low", "events_high"]].to_numpy().astype(float)


def _arrays(paper: Paper, days: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    states = list(paper.table("states.csv")["state"])
    return days[states].fillna(np.inf).to_numpy(float), days["contact"].to_numpy(float).copy()


def _curve_values(paper: Paper, days: pd.DataFrame) -> np.ndarray:
    state, contact = _arrays(paper, days)
    masks, sizes, at, _ = _masks(paper)
    out = np.empty(2 * at.size)
    curves_of(state, contact, masks, sizes, at, out)
    return out


def _anneal_days(paper: Paper, days: pd.DataFrame, rng, moves: int, schedule: Schedule) -> tuple[pd.DataFrame, float]:
    targets, states = targets_of(paper.curve_ids(), paper.folder), paper.table("states.csv")
    limits = states[["earliest", "latest", "gap"]].astype(float).to_numpy()
    last = (states["last"] == "yes").to_numpy()
    state, contact, loss = search_days(
        rng, moves, tuple(schedule), *_arrays(paper, days), limits, last, *_masks(paper), targets.number, targets.half
    )  # fmt: skip
    found = pd.DataFrame(np.where(np.isinf(state), np.nan, state), columns=list(states["state"]))
    return found.assign(contact=contact), float(loss)
