"""Turn the project's own search on a release: how many rows of real patients come back, against chance.

The intruder of this module has the released results, knows what each column means, and owns the label search that made the
synthetic cohort. Labels are dealt with the released margins (what is suppressed shares what is left), days of event are drawn
from the released curve, and the labels are exchanged between patients until the released hazard ratios and cross-tables come
out. A row is a patient's quasi-identifiers with the outcome. Chance is dealing the labels without a search, each by its released
margin and by the released events of its levels: that events are rarer in one group is what a study publishes, and it is true of
nobody in particular. What the search finds beyond it are labels that belong together in one patient.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.calibration.label_search import Bound, LabelSearch, Model
from helpers.cohort.days import DAYS_PER_MONTH, DAYS_PER_YEAR
from helpers.cohort.derive import Analysis
from helpers.paths import write_csv
from helpers.problems import NotAvailable
from helpers.release.released_counts import label_series
from helpers.release.released_models import counted_as
from helpers.results.curves import endpoint_columns

MOVES, CHANCE_DEALS, MOST_LABELS, MOST_PATIENTS = 20_000, 40, 6, 2_000
MEASURES = ("hr", "ci_low", "ci_high", "p")
OUTCOME = ("event", "year")


@dataclass(frozen=True)
class Guessed:
    """What the search brought back.

    Parameters
    ----------
    labels : tuple of str
        The quasi-identifiers of a row; event and year of the outcome stand beside them.
    patients, unique : int
        Real patients, and those whose row nobody else has.
    found, found_unique : tuple of int
        Real rows (and unique ones) that the search of each seed returned.
    chance, chance_unique : float
        Mean of what dealing by the released margins and events alone returns.
    excess, low, high : float
        Mean of the found minus chance, and its 95 % interval over the seeds.
    """

    labels: tuple[str, ...]
    patients: int
    unique: int
    found: tuple[int, ...]
    found_unique: tuple[int, ...]
    chance: float
    chance_unique: float
    excess: float
    low: float
    high: float

    @property
    def more_than_chance(self) -> bool:
        """Whether the search returns more real rows than chance."""
        return self.low > 0


def guess(
    analysis: Analysis,
    numbers: Mapping[str, Any],
    seeds: Sequence[int] = range(10),
    *,
    moves: int = MOVES,
    place: Path | None = None,
    told: Sequence[Bound] = (),
) -> Guessed:
    """Search for the patients behind a release, once for each seed, and compare what comes back with chance.

    Parameters
    ----------
    analysis : Analysis
        The real cohort, to count with; the search does not see it.
    numbers : mapping
        The released numbers.
    seeds : sequence of int
    moves : int
        Exchanges of labels of one search.
    place : Path, optional
        Folder for working files; by default the system's for temporary ones.
    told : sequence of Bound
        What the intruder knows beyond the release (to see that the attack works when something leaks).

    Returns
    -------
    Guessed

    Raises
    ------
    NotAvailable
        If no count or no curve was released, so that there is nothing to search with; if there are too many patients.
    """
    margins = released_margins(numbers)
    endpoint = numbers["about"]["endpoint"]
    curve = next((row for row in numbers["curves"] if (row["endpoint"], row["group"]) == (endpoint, "all")), None)
    if not margins or curve is None:
        raise NotAvailable("no counts and no curve were released, so there is nothing to search with")
    if numbers["about"]["patients"] > MOST_PATIENTS:
        raise NotAvailable(f"the search is made for at most {MOST_PATIENTS} patients")
    real = _real_rows(analysis, margins, endpoint)
    exposure = f"{numbers['about']['exposure']} group"
    # a count that is the exposure itself, under its own name, is no second label: dealt apart from it, it would make chance look poor
    labels = tuple(name for name, levels in margins.items() if name != exposure and levels != margins.get(exposure))
    labels = labels[: MOST_LABELS - (exposure in margins)]
    labels += (exposure,) * (exposure in margins)  # what curves and models tie to the outcome
    truth = _rows(real, labels)
    found, found_unique, chance, chance_unique = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="guess-", dir=place) as folder:
        models, shares = _models(numbers, margins, Path(folder)), _event_shares(numbers, margins)
        for seed in seeds:
            rng = np.random.default_rng(seed)
            dealt, outcome = _deal(rng, margins), _outcomes(rng, curve, numbers["about"]["patients"])
            search = LabelSearch(dealt, {endpoint: outcome}, models, folder=Path(folder)) if models else None
            if search is not None:
                moved = {name: np.zeros(len(dealt), int) for name in dealt}
                search.anneal(moved, [*_bounds(numbers, margins), *told], rng, moves)
            guessed = search.frame() if search is not None else dealt
            both = _back(truth, _rows(_with_outcome(guessed, outcome), labels))
            found.append(both[0]), found_unique.append(both[1])
            for _ in range(CHANCE_DEALS):
                by_event = _deal_by_event(rng, margins, outcome[1], shares)
                again = _back(truth, _rows(_with_outcome(by_event, outcome), labels))
                chance.append(again[0]), chance_unique.append(again[1])
    excess = np.array(found) - np.mean(chance)
    half = 1.96 * float(np.std(excess, ddof=1)) / np.sqrt(len(excess)) if len(excess) > 1 else np.inf
    unique = sum(count == 1 for count in truth.values())
    return Guessed(
        labels, len(real), unique, tuple(found), tuple(found_unique), float(np.mean(chance)), float(np.mean(chance_unique)),
        float(excess.mean()), float(excess.mean() - half), float(excess.mean() + half),
    )  # fmt: skip


def released_margins(numbers: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Make full margins of the released counts: what is suppressed shares what is left, and all add up to the patients.

    Examples
    --------
    >>> counts = [{"variable": "Sex", "level": "female", "n": 40, "of": 100}, {"variable": "Sex", "level": "male", "n": 55, "of": 100},
    ...           {"variable": "Sex", "level": "not known", "n": None, "of": 100}]
    >>> released_margins({"about": {"patients": 100}, "counts": counts})
    {'Sex': {'female': 40, 'male': 55, 'not known': 5}}
    """
    total = numbers["about"]["patients"]
    margins: dict[str, dict[str, int]] = {}
    table = pd.DataFrame(numbers["counts"])
    for variable, rows in table.groupby("variable", sort=False):
        if not (rows["of"] == total).all() or rows["n"].isna().all() or len(rows) < 2:
            continue
        shown = {row.level: int(row.n) for row in rows.itertuples() if not pd.isna(row.n)}
        hidden = [row.level for row in rows.itertuples() if pd.isna(row.n)]
        left = total - sum(shown.values())
        if hidden and left >= 0:
            shown |= {level: left // len(hidden) + (i < left % len(hidden)) for i, level in enumerate(hidden)}
        else:
            largest = max(shown, key=lambda level: shown[level])
            shown[largest] += left
            shown |= dict.fromkeys(hidden, 0)
        margins[str(variable)] = {level: count for level, count in shown.items() if count > 0}
    return {variable: levels for variable, levels in margins.items() if len(levels) > 1}


def _deal(rng: np.random.Generator, margins: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: rng.permutation(np.repeat(list(levels), list(levels.values()))) for name, levels in margins.items()}
    )


def _deal_by_event(
    rng: np.random.Generator, margins: Mapping[str, Mapping[str, int]], event: np.ndarray, shares: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:  # fmt: skip
    """Deal each label by itself, those with the event by the released share of events in each level."""
    dealt = {}
    for name, levels in margins.items():
        sizes = np.array(list(levels.values()), float)
        weights = sizes * [shares.get(name, {}).get(level, event.mean()) for level in levels]
        wanted = np.minimum(weights * event.sum() / max(weights.sum(), 1e-9), sizes)
        with_event = np.floor(wanted).astype(int)
        while with_event.sum() < event.sum():  # the largest remainder that still has somebody
            with_event[np.argmax(np.where(with_event < sizes, wanted - with_event, -np.inf))] += 1
        names, column = np.array(list(levels), object), np.empty(len(event), object)
        column[event] = rng.permutation(np.repeat(names, with_event))
        column[~event] = rng.permutation(np.repeat(names, sizes.astype(int) - with_event))
        dealt[name] = column
    return pd.DataFrame(dealt)


def _event_shares(numbers: Mapping[str, Any], margins: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, float]]:
    """Read from the released models, by level of each label, the share of patients with the event."""
    shares: dict[str, dict[str, float]] = {}
    table = pd.DataFrame(numbers["models"])
    if not len(table):
        return shares
    counted = {name: list(levels) for name, levels in margins.items()}
    for (kind, variable), part in table.groupby(["model", "variable"], sort=False):
        found = counted_as(str(variable), list(part["level"]), counted, numbers["about"]["exposure"])
        if found is None or kind == "multivariable" or "adjusted" in str(variable):
            continue
        label, levels = found
        of_levels = {
            one: row.events / row.n for row, level in zip(part.itertuples(), levels, strict=True) for one in level
        }
        shares.setdefault(label, of_levels)
    return shares


def _outcomes(rng: np.random.Generator, curve: Mapping[str, Any], patients: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw days of event and of censoring from a released curve: its drops among those at risk, evenly between its months."""
    days, events = [], []
    months, survival, at_risk = curve["month"], curve["survival"], curve["at_risk"]
    steps = [i for i in range(1, len(months)) if survival[i] != survival[i - 1]]
    start = 0
    for end in [*steps, len(months) - 1]:
        if end <= start:
            continue
        left = patients - len(days)
        gone = min(left, max(0, left - at_risk[end]))
        drop = 1 - survival[end] / survival[start] if survival[start] else 0
        died = min(gone, round(left * drop))
        low, high = months[start] * DAYS_PER_MONTH, months[end] * DAYS_PER_MONTH
        days += list(rng.uniform(low, high, gone))
        events += [True] * died + [False] * (gone - died)
        start = end
    rest = patients - len(days)
    days += list(rng.uniform(months[-1] * DAYS_PER_MONTH, 1.5 * months[-1] * DAYS_PER_MONTH + 1, rest))
    return np.array(days[:patients]), np.array((events + [False] * rest)[:patients])


def _with_outcome(labels: pd.DataFrame, outcome: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    return labels.assign(event=outcome[1], year=(outcome[0] // DAYS_PER_YEAR).astype(int))


def _real_rows(analysis: Analysis, margins: Mapping[str, Any], endpoint: str) -> pd.DataFrame:
    time, event = endpoint_columns(endpoint)
    frame = pd.DataFrame({label: label_series(analysis, label) for label in margins}, index=analysis.frame.index)
    known = analysis.frame[time].notna() & analysis.frame[event].notna()
    outcome = (analysis.frame.loc[known, time].to_numpy(float), analysis.frame.loc[known, event].to_numpy(bool))
    return _with_outcome(frame[known], outcome)


def _rows(frame: pd.DataFrame, labels: Sequence[str]) -> Counter:
    return Counter(frame[[*labels, *OUTCOME]].astype(str).itertuples(index=False, name=None))


def _back(truth: Counter, guessed: Counter) -> tuple[int, int]:
    """Count the real rows that came back, each as often as it is there, and the unique ones among them."""
    both = truth & guessed
    return sum(both.values()), sum(truth[row] == 1 for row in both)


# --------------------------------------------------------------------------------------- what the search aims at


def _models(numbers: Mapping[str, Any], margins: Mapping[str, Mapping[str, int]], folder: Path) -> list[Model]:
    """Write the released hazard ratios as a print to aim at, and make the models that they are of."""
    rows, models = [], []
    about = numbers["about"]
    table = pd.DataFrame(numbers["models"])
    if not len(table):
        return []
    for (kind, variable), part in table.groupby(["model", "variable"], sort=False):
        counted = {name: list(levels) for name, levels in margins.items()}
        found = counted_as(str(variable), list(part["level"]), counted, about["exposure"])
        wanted = part.iloc[1:]
        if (
            found is None
            or kind == "multivariable"
            or "adjusted" in str(variable)
            or wanted[["low", "high"]].isna().any(axis=None)
        ):
            continue
        label, levels = found
        place, ids, pairs = f"{kind}.{len(models)}", [], []
        for at, row in enumerate(wanted.itertuples(), 1):
            ids.append(f"{place}.{at}")
            pairs.append((label, frozenset(levels[at])))
            p = row.p if row.p and not str(row.p).startswith("<") else "0.00"
            for measure, value in zip(MEASURES, (row.hr, row.low, row.high, p), strict=True):
                text = value if isinstance(value, str) else f"{value:.2f}"
                rows.append((f"{ids[-1]}.{measure}", "release", str(variable), text, text, 2, measure, "all", "", ""))
        known = frozenset(one for level in levels for one in level)
        models.append(Model(place, "cox", about["endpoint"], tuple(ids), tuple(pairs), ((label, known),)))
    names = ["id", "where", "what", "value", "number", "decimals", "kind", "population", "alias_of", "bound"]
    write_csv(folder / "published_values.csv", pd.DataFrame(rows, columns=names))
    return models


def _bounds(numbers: Mapping[str, Any], margins: Mapping[str, Mapping[str, int]]) -> list[Bound]:
    """Take the released cross-table of response by exposure for bounds: a rounded count, give or take its rounding."""
    exposure, response = f"{numbers['about']['exposure']} group", "Day 30 response"
    if exposure not in margins or response not in margins:
        return []
    found, width = [], numbers["about"]["base"] // 2
    for row in numbers["counts"]:
        group = row["variable"].partition(f"{response}, {numbers['about']['exposure']} ")[2]
        if group in margins[exposure] and row["level"] in margins[response] and row["n"] is not None:
            pair = ((exposure, group), (response, row["level"]))
            found.append(Bound(*pair, max(0, row["n"] - width), row["n"] + width))
    return found


def guessed_text(found: Guessed) -> str:
    """Say what the search brought back, for the person who checks."""
    verdict = (
        "MORE than chance: look which table ties these labels together"
        if found.more_than_chance
        else "no more than chance"
    )
    return (
        f"Whole patients: {len(found.found)} searches for cohorts that meet the released numbers returned on average "
        f"{np.mean(found.found):.1f} of {found.patients} real rows ({', '.join(found.labels)}, event and year), {np.mean(found.found_unique):.1f} of "
        f"{found.unique} that only one patient has; dealing by the released margins and events {found.chance:.1f} and {found.chance_unique:.1f}. "
        f"Difference {found.excess:.1f} ({found.low:.1f} to {found.high:.1f}): {verdict}."
    )  # fmt: skip
