"""Calibrate a cohort to another paper in seconds: margins, states, endpoints, curves, models and bounds are a folder.

The same loss, the same kernels and the same label search as for the default cohort, on a table per patient with nothing
but labels and days. ``data/synthesis/made_up`` is such a folder, of a paper that does not exist; what an endpoint counts
is one of its tables, so that a wrong definition can be calibrated as easily as the right one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numba import njit

from helpers.calibration.label_search import Bound, LabelSearch, Model, read_models
from helpers.calibration.targets import DAYS, FINAL, FINE, LABELS, Schedule, cooled, loss_of, targets_of
from helpers.paths import DATA
from helpers.published.values import published
from helpers.synthesis.draws import deal

MADE_UP = DATA / "synthesis" / "made_up"
MEASURES = ("rate", "half_width")
Z = 1.959963984540054


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
        numbers = published(self.folder).set_index("id")["number"]
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
    printed = published(paper.folder).set_index("id")["value"]
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
    _curves(state, contact, masks, sizes, at, out)
    return out


def _anneal_days(paper: Paper, days: pd.DataFrame, rng, moves: int, schedule: Schedule) -> tuple[pd.DataFrame, float]:
    targets, states = targets_of(paper.curve_ids(), paper.folder), paper.table("states.csv")
    limits = states[["earliest", "latest", "gap"]].astype(float).to_numpy()
    last = (states["last"] == "yes").to_numpy()
    state, contact, loss = _search(
        rng, moves, tuple(schedule), *_arrays(paper, days), limits, last, *_masks(paper), targets.number, targets.half
    )  # fmt: skip
    found = pd.DataFrame(np.where(np.isinf(state), np.nan, state), columns=list(states["state"]))
    return found.assign(contact=contact), float(loss)


@njit(cache=True, nogil=True, error_model="numpy")
def _curves(state, contact, masks, sizes, at, out):
    """Fill out with rate and plain half-width (percent) of each endpoint at its milestones; event days differ.

    Returns the patients as :func:`_search` keeps them: time, event and numbers at risk, shape (endpoints, n), and the
    logarithm of the Kaplan-Meier factor and the Greenwood term of an event among 0 ... n at risk.
    """
    n = contact.size
    times, event = np.full((masks.size, n), -np.inf), np.zeros((masks.size, n), np.bool_)
    at_risk, factors = np.zeros((masks.size, n), np.int64), np.zeros((2, n + 1))
    for k in range(1, n + 1):
        factors[0, k] = math.log1p(-1.0 / k)
        factors[1, k] = 1.0 / (k * max(k - 1.0, 1e-9))
    for i in range(n):
        _follow(i, state, contact, masks, times, event, at_risk)
    for e in range(masks.size):
        _read_curve(e, times, event, at_risk, factors, sizes, at, out)
    return times, event, at_risk, factors


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(i, state, contact, masks, times, event, at_risk):
    """Bring time, event and numbers at risk up to the days of patient i; return which endpoints changed, as bits."""
    changed = 0
    for e in range(masks.size):
        day, seen, before = contact[i], False, times[e, i]
        for s in range(state.shape[1]):
            if (masks[e] >> s) & 1 and state[i, s] <= day:
                day, seen = state[i, s], True
        if day == before and seen == event[e, i]:
            continue
        changed |= 1 << e
        event[e, i] = seen
        if day != before:
            for j in range(contact.size):
                at_risk[e, j] += int(day >= times[e, j]) - int(before >= times[e, j])
            times[e, i], at_risk[e, i] = day, 0
            for j in range(contact.size):
                at_risk[e, i] += int(times[e, j] >= day)
    return changed


@njit(cache=True, nogil=True, error_model="numpy")
def _read_curve(e, times, event, at_risk, factors, sizes, at, out):
    """Fill out with rate and half-width of one endpoint at its milestones."""
    begin = sizes[:e].sum()
    for m in range(begin, begin + sizes[e]):
        logarithm, variance = 0.0, 0.0
        for i in range(times.shape[1]):
            if event[e, i] and times[e, i] <= at[m]:
                logarithm += factors[0, at_risk[e, i]]
                variance += factors[1, at_risk[e, i]]
        out[2 * m] = 100.0 * math.exp(logarithm)
        out[2 * m + 1] = 100.0 * math.exp(logarithm) * Z * math.sqrt(variance)


@njit(cache=True, nogil=True)
def _odd(event, events):
    """Return half the number of events that the endpoints have too few or too many."""
    broken = 0.0
    for e in range(event.shape[0]):
        total = event[e].sum()
        broken += max(0.0, events[e, 0] - total) + max(0.0, total - events[e, 1])
    return 0.5 * broken


@njit(cache=True, nogil=True, error_model="numpy")
def _allowed(state, contact, i, limits, last, taken):
    """Tell whether the days of patient i are in order, within their limits, and no other patient's."""
    for s in range(state.shape[1]):
        day = state[i, s]
        if day == np.inf:
            continue
        if day < limits[s, 0] or day > limits[s, 1] or day > contact[i] or taken[int(day)] > 0:
            return False
        if last[s] and day != contact[i]:
            return False
        if not last[s] and day > contact[i] - limits[s, 2]:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _search(rng, moves, schedule, state, contact, limits, last, masks, sizes, at, events, number, half):
    """Anneal days: one moves, appears or goes; a last contact moves; two patients exchange a state."""
    n, count = state.shape
    taken = np.zeros(10_000, np.int64)
    for i in range(n):
        for s in range(count):
            if state[i, s] < np.inf:
                taken[int(state[i, s])] += 1
    values = np.empty(2 * at.size)
    times, event, at_risk, factors = _curves(state, contact, masks, sizes, at, values)
    odd = _odd(event, events)
    (heat, width), best = cooled(schedule, 0.0), loss_of(values, number, half, FINAL, schedule[4]) + odd
    loss = loss_of(values, number, half, width, schedule[4]) + odd
    keep, keep_contact, old, old_odd = state.copy(), contact.copy(), values.copy(), odd
    row, latest = np.empty(count), limits[:, 1].max()  # nobody is followed for longer than a state can come
    for step in range(moves):
        phase = min(1.0, 1.1 * step / moves)
        if step % 500 == 0:
            heat, width = cooled(schedule, phase)
            loss = loss_of(values, number, half, width, schedule[4]) + odd
        i, s = rng.integers(0, n), rng.integers(0, count)
        row[:], rest = state[i], contact[i]
        for k in range(count):
            if row[k] < np.inf:
                taken[int(row[k])] -= 1
        kind, shift = rng.random(), math.ceil(math.exp(rng.random() * 6.0)) * (1 if rng.random() < 0.5 else -1)
        if kind < 0.4 and state[i, s] < np.inf:
            state[i, s] += shift
        elif kind < 0.6:
            contact[i] = min(latest, max(30.0, contact[i] + shift))
            for k in range(count):
                if last[k] and state[i, k] < np.inf:
                    state[i, k] = contact[i]
        elif state[i, s] < np.inf:
            state[i, s] = np.inf
            if last[s]:
                contact[i] += rng.integers(0, int(latest - contact[i]) + 1)
        else:
            low = limits[s, 0]
            day = low + rng.integers(0, int(max(1.0, contact[i] - low)))
            state[i, s] = day
        for k in range(count):
            if last[k] and state[i, k] < np.inf:
                contact[i] = state[i, k]
        new, changed, old[:], old_odd = 1e9, 0, values, odd
        if _allowed(state, contact, i, limits, last, taken):
            changed = _follow(i, state, contact, masks, times, event, at_risk)
            for e in range(masks.size):
                if (changed >> e) & 1:
                    _read_curve(e, times, event, at_risk, factors, sizes, at, values)
            odd = _odd(event, events) if changed else odd
            new = loss_of(values, number, half, width, schedule[4]) + odd
        if new < 1e9 and (new <= loss or rng.random() < math.exp((loss - new) / heat)):
            loss = new
            if phase > 0.5:
                final = loss_of(values, number, half, FINAL, schedule[4]) + odd
                if final < best:
                    best = final
                    keep[:], keep_contact[:] = state, contact
        else:
            state[i], contact[i] = row, rest
            if changed:
                _follow(i, state, contact, masks, times, event, at_risk)
                values[:], odd = old, old_odd
        for k in range(count):
            if state[i, k] < np.inf:
                taken[int(state[i, k])] += 1
        if best <= 0.0:
            break
    return keep, keep_contact, best
