"""What the paper does not settle: quantities of notebooks 07, 08 and 11 over the calibrated cohorts that hit its low-dose results.

``python -m helpers.calibration.unsettled`` computes them anew (about two minutes of one core for a hundred cohorts) and writes
data/study/ensemble_ranges.csv; do so when the ensemble has been built anew. Only what the published numbers constrain is asked for:
a range of something that the generator chose would bound papers that were not published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from helpers.calibration.ensemble import ensemble_hits, load_ensemble
from helpers.cohort.derive import analyse
from helpers.cohort.schema import Cohort
from helpers.paths import DATA, write_csv
from helpers.results.registry import compute

PATH = DATA / "study" / "ensemble_ranges.csv"
HEADLINE = (
    *(f"table5.univariate.gc_low.{part}" for part in ("hr", "ci_low", "ci_high", "p")),
    "results.gc_impact.low_vs_nongc.pfs.p",
)
CURVES = "the curve of all, the sizes of the groups and their printed ratio and p tie it"
QUANTITIES = MappingProxyType(
    {
        "extra.lost.gc_none.pct": ("untreated lost within a year, free of the event, %", "events and person-time of both groups are tied by the printed interval"),
        "extra.lost.gc_low.pct": ("low-dose group lost within a year, free of the event, %", "as for the untreated"),
        "extra.lost.event_free.gc_low.hr": ("hazard ratio of low dose if all lost stayed free of the event", CURVES),
        "extra.lost.event_free.gc_low.p": ("its p", CURVES),
        "extra.difference.gc_low.2y": ("difference at two years, percentage points", CURVES),
        "extra.rmst.gc_low.24m.difference": ("difference of mean months free within two years", CURVES),
        "extra.time.naive.hr": ("hazard ratio of any GC, nobody left out", "the printed low dose is most of GC; the curve of all is printed"),
    }
)  # fmt: skip


def headline_members(hits: pd.DataFrame) -> list[int]:
    """Return the numbers of the members that hit every printed low-dose result of PFS.

    Parameters
    ----------
    hits : DataFrame
        From :func:`ensemble_hits`: a row per member, a column per printed statistic.

    Examples
    --------
    >>> hits = pd.DataFrame(True, index=[1, 2], columns=HEADLINE)
    >>> hits.loc[2, "table5.univariate.gc_low.p"] = False
    >>> headline_members(hits)
    [1]
    """
    return [int(number) for number in hits.index[hits[list(HEADLINE)].astype(bool).all(axis=1)]]


def measured(cohorts: Iterable[Cohort]) -> pd.DataFrame:
    """Compute the quantities on each cohort: cohort, id, value."""
    rows = []
    for cohort in cohorts:
        values = compute(analyse(cohort), list(QUANTITIES))
        rows += [(cohort.name, id, values[id].value) for id in QUANTITIES]
    return pd.DataFrame(rows, columns=["cohort", "id", "value"]).astype({"value": float})


def ranges(values: pd.DataFrame) -> pd.DataFrame:
    """Give the range of each quantity: id, what, low, high, cohorts, reason (why the published numbers constrain it).

    Examples
    --------
    >>> values = pd.DataFrame({"cohort": ["a", "b"], "id": "extra.time.naive.hr", "value": [0.5, 0.6]})
    >>> ranges(values).loc[0, ["low", "high", "cohorts"]].tolist()
    [0.5, 0.6, 2]
    """
    grouped = values.groupby("id")["value"]
    rows = [(id, what, grouped.get_group(id).min(), grouped.get_group(id).max(), int(grouped.get_group(id).count()), reason)
            for id, (what, reason) in QUANTITIES.items() if id in grouped.groups]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "what", "low", "high", "cohorts", "reason"])


def store(path: Path = PATH, say: Callable[[str], None] = print) -> pd.DataFrame:
    """Compute the ranges over the stored ensemble and write them."""
    hits = ensemble_hits()
    chosen = set(headline_members(hits))
    say(f"{len(chosen)} of {len(hits)} members hit the printed low-dose results")
    numbers = dict(zip(hits.index, np.arange(len(hits)), strict=True))
    places = {numbers[number] for number in chosen}
    found = ranges(measured(cohort for place, cohort in enumerate(load_ensemble()) if place in places))
    write_csv(path, found.assign(synthetic=True))
    return found


if __name__ == "__main__":
    print(store().to_string())
