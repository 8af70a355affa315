"""What the paper does not settle: quantities of notebooks 07, 08 and 11 over the calibrated cohorts that hit it.

``python -m helpers.calibration.unsettled`` computes them anew (about two minutes of one core for a hundred cohorts) and writes
data/study/ensemble_ranges.csv; do so when the ensemble has been built anew. Only what the published numbers constrain is asked for:
a range of something that the generator chose, or over cohorts that miss the low-dose results (:mod:`helpers.calibration.gate`),
would bound papers that were not published. Under five cohorts there is no range. Members walked from a few starts: a range is an inner
bound, and a narrow one says that walks near these starts do not change the quantity, not that the paper fixes it. The cohorts of the search
for the least unequal loss (data/study/least_loss.csv) widen the ranges of what is stored of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import compress
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from helpers.calibration.ensemble import ensemble_index, load_ensemble
from helpers.calibration.variety import FEWEST
from helpers.cohort.derive import analyse
from helpers.cohort.schema import Cohort
from helpers.paths import DATA, write_csv
from helpers.results.left_open import LEAST_LOSS
from helpers.results.registry import compute

PATH = DATA / "study" / "ensemble_ranges.csv"
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
    >>> values = pd.DataFrame({"cohort": list("abcde"), "id": "extra.time.naive.hr", "value": [0.5, 0.6, 0.5, 0.7, 0.6]})
    >>> for few in (values, values.head(4)):
    ...     print(*ranges(few).set_index("id").loc["extra.time.naive.hr", ["low", "high", "cohorts"]])
    0.5 0.7 5
    nan nan 4
    """
    rows = []
    for id, (what, reason) in QUANTITIES.items():
        own = values.loc[values["id"] == id, "value"].dropna()
        low, high = (own.min(), own.max()) if len(own) >= FEWEST else (np.nan, np.nan)
        rows.append((id, what, low, high, len(own), reason))
    return pd.DataFrame(rows, columns=["id", "what", "low", "high", "cohorts", "reason"])


def levelled(found: pd.DataFrame) -> pd.DataFrame:
    """Give what is stored of cohorts whose dose groups are lost more alike: cohort, id, value.

    Parameters
    ----------
    found : DataFrame
        Of :func:`helpers.calibration.least_loss.search`.

    Examples
    --------
    >>> from helpers.results.left_open import LEAST_LOSS
    >>> levelled(pd.read_csv(LEAST_LOSS))["id"].nunique()
    4
    """
    found = found[(found["low_dose_missed"] == 0) & (found["details"] > 0)]
    values = {
        "extra.lost.gc_none.pct": 100 * found["untreated_lost"] / found["untreated"],
        "extra.lost.gc_low.pct": 100 * found["low_lost"] / found["low"],
        "extra.lost.event_free.gc_low.hr": found["event_free_hr"],
        "extra.lost.event_free.gc_low.p": found["event_free_p"],
    }
    names = "levelled-" + found["seed"].astype(str) + "-" + found["level"].astype(str)
    return pd.concat([pd.DataFrame({"cohort": names, "id": id, "value": value}) for id, value in values.items()])


def store(path: Path = PATH, say: Callable[[str], None] = print) -> pd.DataFrame:
    """Compute the ranges over the stored cohorts that hit every low-dose number, and write them: the members of the ensemble,
    and of the search for the least unequal loss those in whom nobody breaks a rule.
    """
    behind = ensemble_index()["low_dose_missed"] == 0
    say(f"{behind.sum()} of {len(behind)} members hit every low-dose number")
    chosen = compress(load_ensemble(), behind) if behind.any() else ()
    found = ranges(pd.concat([measured(chosen), levelled(pd.read_csv(LEAST_LOSS))], ignore_index=True))
    write_csv(path, found.assign(synthetic=True))
    return found


if __name__ == "__main__":
    print(store().to_string())
