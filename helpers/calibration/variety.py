"""How the cohorts of an ensemble differ, and what may be read from them.

A quantity is *printed* (a target: it agrees because it was searched for), *constrained* (not printed, but tied to what
is) or *invented* (the generator's choice). A range over the ensemble is shown for the constrained only, and is an inner
bound: other cohorts, of another generator or a longer search, may lie outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.calibration.fate_search import endpoints
from helpers.cohort.derive import analyse
from helpers.cohort.schema import Cohort
from helpers.paths import DATA
from helpers.results.registry import compute

State = tuple[pd.DataFrame, pd.DataFrame]
QUANTITIES = DATA / "synthesis" / "quantities.csv"
TAGS = ("printed", "constrained", "invented")
FEWEST = 5  # cohorts below which a range says nothing
PAIRS = 300


def quantities() -> pd.DataFrame:
    """Read the declared quantities: id, tag, what, reason.

    Examples
    --------
    >>> set(quantities()["tag"]) == set(TAGS)
    True
    """
    return pd.read_csv(QUANTITIES, dtype=str)


class Seen(tuple):
    """A state that is looked at many times: what is derived from it is derived once."""

    @cached_property
    def pfs(self) -> tuple[np.ndarray, np.ndarray]:
        return endpoints(*self)["pfs"]

    @cached_property
    def kinds(self) -> Counter:
        labels = self[0]
        blasts = labels["blast"].where(labels["blast"].isin(["lt5", "na"]), "many")
        return Counter(_rows(labels["female"], labels["age_over"], blasts, labels["gc"], among=self.pfs[1]))

    @cached_property
    def order(self) -> list[tuple]:
        time, event = self.pfs
        kinds = _rows(self[0]["female"], self[0]["gc"], among=event)
        return [kinds[k] for k in np.argsort(time[event])]

    @cached_property
    def ranks(self) -> np.ndarray:
        return rankdata(self.pfs[0])

    @cached_property
    def cells(self) -> Counter:
        return Counter(_rows(*(self[0][name] for name in ("crs", "gc", "tcz", "rux"))))


def _rows(*columns: pd.Series, among: np.ndarray | slice = slice(None)) -> list[tuple]:
    return list(zip(*(column.to_numpy()[among].tolist() for column in columns), strict=True))


def _seen(state: State) -> Seen:
    return state if isinstance(state, Seen) else Seen(state)


def same_kind(a: State, b: State) -> float:
    """Return the share of PFS events that fall on the same kinds of patients (sex, age, blasts, GC dose)."""
    first, second = _seen(a).kinds, _seen(b).kinds
    return (first & second).total() / max(first.total(), second.total())


def same_order(a: State, b: State) -> float:
    """Return the share of places in the order of PFS events that a patient of the same sex and GC dose takes."""
    return float(np.mean([one == other for one, other in zip(_seen(a).order, _seen(b).order, strict=False)]))


def same_patients(a: State, b: State) -> float:
    """Return the share of patients, by response and CRS as the states number them, whose PFS event agrees."""
    first, second = _seen(a).pfs[1], _seen(b).pfs[1]
    return float((first & second).sum() / max(first.sum(), second.sum()))


def order_correlation(a: State, b: State) -> float:
    """Return the rank correlation (Spearman) of PFS times, patient by patient as the states number them."""
    return float(np.corrcoef(_seen(a).ranks, _seen(b).ranks)[1, 0])


def same_cells(a: State, b: State) -> float:
    """Return the share of patients in the same cells of a table that is not printed: CRS grade by GC dose, TCZ and RUX."""
    return (_seen(a).cells & _seen(b).cells).total() / len(a[0])


MEASURES: dict[str, Callable[[State, State], float]] = {
    "PFS events on the same kinds of patients (sex, age, blasts, GC dose)": same_kind,
    "places in the order of PFS events held by the same sex and GC dose": same_order,
    "patients with a PFS event in both": same_patients,
    "rank correlation of PFS times, patient by patient": order_correlation,
    "patients in the same cells of CRS grade by GC dose, TCZ, RUX": same_cells,
}


def likeness(states: Sequence[State], seed: int = 2025) -> pd.DataFrame:
    """Measure how alike pairs of cohorts are: 1 is the same cohort in new clothes.

    Parameters
    ----------
    states : sequence of (labels, fates)
    seed : int
        Of the choice of pairs, if there are many, and of dealing fates at random.

    Returns
    -------
    DataFrame
        measure, low, median, high (over pairs), by_chance (a cohort against itself with all fates dealt at random).
    """
    rng, states = np.random.default_rng(seed), [Seen(state) for state in states]
    pairs = list(combinations(range(len(states)), 2))
    chosen = [pairs[k] for k in rng.permutation(len(pairs))[:PAIRS]]
    rows = []
    for name, measure in MEASURES.items():
        found = [measure(states[i], states[j]) for i, j in chosen]
        chance = [measure(state, shuffled(state, rng)) for state in states[:20]]
        rows.append((name, min(found), float(np.median(found)), max(found), float(np.median(chance))))
    return pd.DataFrame(rows, columns=["measure", "low", "median", "high", "by_chance"])


def apart(states: Sequence[State], most: float = 0.5) -> list[int]:
    """Choose cohorts whose curves differ: no two share as much as *most* of the days of event of any endpoint.

    Parameters
    ----------
    states : sequence of (labels, fates)
    most : float
        Share of the days on which an event falls in one of the two that are such in both (Jaccard index).

    Returns
    -------
    list of int
        Their places, those with the fewest likenesses chosen first: not always the largest choice that there is.
    """
    days = [[set(time[event].tolist()) for time, event in endpoints(*state).values()] for state in states]
    alike = np.array(
        [[max(len(a & b) / max(len(a | b), 1) for a, b in zip(x, y, strict=True)) >= most for y in days] for x in days]
    )
    chosen: list[int] = []
    for k in np.argsort(alike.sum(axis=1), kind="stable"):
        if not alike[k, chosen].any():
            chosen.append(int(k))
    return sorted(chosen)


def shuffled(state: State, rng: np.random.Generator) -> State:
    """Deal fates and treatment labels to patients at random: what is alike by the margins alone."""
    labels, fates = state
    order, other = rng.permutation(len(labels)), rng.permutation(len(labels))
    mixed = labels.copy()
    mixed[["tcz", "rux"]] = labels[["tcz", "rux"]].to_numpy()[other]
    return mixed, fates.iloc[order].set_axis(fates.index)


def measured(cohorts: Iterable[Cohort]) -> pd.DataFrame:
    """Compute every declared quantity on every cohort, by the registry.

    Returns
    -------
    DataFrame
        cohort (name), id, value.
    """
    ids, rows = quantities()["id"].tolist(), []
    for cohort in cohorts:
        values = compute(analyse(cohort), ids)
        rows += [(cohort.name, id, values[id].value) for id in ids]
    return pd.DataFrame(rows, columns=["cohort", "id", "value"])


def ranges(values: pd.DataFrame, default: pd.DataFrame, behind: Collection[str] | None = None) -> pd.DataFrame:
    """Show what the ensemble says of each quantity, by its tag.

    Parameters
    ----------
    values, default : DataFrame
        From :func:`measured`: of the ensemble and of the default cohort.
    behind : collection of str, optional
        Names of the cohorts that hit every low-dose number, which alone count for low and high; by default all.

    Returns
    -------
    DataFrame
        id, tag, what, default, low, high (of those cohorts), cohorts (how many those are).
        low and high are NaN for what is printed or invented; no value of the default cohort is shown for what is
        invented either.

    Examples
    --------
    >>> ids = ["extra.survival.pfs.tcz.logrank.p", "extra.normality.age.mean"]
    >>> found = pd.DataFrame({"cohort": ["a", "a", "b", "b"], "id": ids * 2, "value": [0.4, 8.1, 0.9, 8.3]})
    >>> table = ranges(found.head(2), found.tail(2)).set_index("tag")
    >>> [str(table.loc[tag, "high"]) for tag in ("constrained", "invented")]
    ['0.9', 'nan']
    """
    table = quantities()
    table = table[table["id"].isin(values["id"])].reset_index(drop=True)
    everyone = pd.concat([values, default])
    counted = everyone if behind is None else everyone[everyone["cohort"].isin(behind)]
    grouped = counted.groupby("id")["value"]
    shown = table["tag"] == "constrained"
    table["default"] = table["id"].map(default.set_index("id")["value"]).where(table["tag"] != "invented")
    table["low"] = table["id"].map(grouped.min()).where(shown)
    table["high"] = table["id"].map(grouped.max()).where(shown)
    table["cohorts"] = counted["cohort"].nunique()
    return table[["id", "tag", "what", "default", "low", "high", "cohorts", "reason"]]
