"""How unequal must loss to follow-up be? The frontier of the difference between dose groups against printed numbers hit.

``python -m helpers.calibration.least_loss`` walks from the default cohort (:mod:`helpers.calibration.walk`) so that the difference
in children lost within a year, untreated less low dose, never grows, while it holds all numbers that the default hits, those of the
headline, or the low-dose core only; it writes data/study/least_loss.csv. Notebook 10 shows it. What a walk reaches is an upper
bound of the least difference: a longer one may go lower.
"""

from __future__ import annotations

from collections.abc import Sequence

import click
import numpy as np
import pandas as pd

from helpers.calibration.calibrate import survival_hits
from helpers.calibration.gate import headline, low_dose, missing
from helpers.calibration.walk import Walk
from helpers.parallel import run_all
from helpers.paths import DATA, write_csv
from helpers.synthesis import study
from helpers.synthesis.plausibility import rules_report
from helpers.synthesis.state import read_state

PATH = DATA / "study" / "least_loss.csv"
STEPS = 600
HELD = {
    "every number that the default hits": None,
    "headline": headline(),
    "low-dose numbers": low_dose(),
}


def lost_by_dose(codes: pd.DataFrame) -> pd.DataFrame:
    """Count, for the untreated and the low-dose children with CRS, patients and those lost within a year free of the event.

    Examples
    --------
    >>> codes = pd.DataFrame({"toxic": ["yes"] * 4, "gc": ["none", "none", "low", "high"], "lost": ["yes", "no", "no", "yes"]})
    >>> lost_by_dose(codes).to_dict("index")
    {'none': {'patients': 2, 'lost': 1}, 'low': {'patients': 1, 'lost': 0}}
    """
    toxic = codes[codes["toxic"] == "yes"]
    groups = toxic.groupby("gc")["lost"].agg(patients="size", lost=lambda lost: int((lost == "yes").sum()))
    return groups.reindex(["none", "low"], fill_value=0).rename_axis(None)


def difference(codes: pd.DataFrame) -> float:
    """Return the share lost of the untreated less that of the low-dose children, at least zero."""
    counts = lost_by_dose(codes)
    shares = counts["lost"] / counts["patients"]
    return max(0.0, float(shares["none"] - shares["low"]))


def walk_to_equal_loss(held: str, steps: int = STEPS, seed: int = 1) -> dict:
    """Walk from the default cohort towards equal loss, holding some of its printed numbers.

    Returns
    -------
    dict
        held; steps; lost_none, none, lost_low, low (children); difference (percentage points); hits, of the 120; rules_broken.
    """
    labels, fates = read_state(study.CALIBRATED)
    rng = np.random.default_rng([seed, list(HELD).index(held)])
    walk = Walk(labels, fates, rng, keep=HELD[held], goal=difference)
    for _ in range(steps):
        (walk.exchange if rng.random() < 0.6 else walk.shift)(rng.random() < 0.3)
        if walk.reached == 0:
            break
    counts, state = lost_by_dose(walk.search.frame()), walk.state()
    hits = survival_hits(*state)
    return {
        "held": held,
        "steps": steps,
        "lost_none": counts.loc["none", "lost"],
        "none": counts.loc["none", "patients"],
        "lost_low": counts.loc["low", "lost"],
        "low": counts.loc["low", "patients"],
        "difference": round(100 * walk.reached, 2),
        "hits": sum(hits.values()),
        "low_dose_missed": len(missing(hits, low_dose())),
        "rules_broken": int((rules_report(study.cohort_of(*state, seed))["broken"] > 0).sum()),
    }


def least_losses(jobs: int = 1, held: Sequence[str] = tuple(HELD)) -> pd.DataFrame:
    """Walk once for each set of numbers that is held; one row per walk."""
    return pd.DataFrame(run_all(walk_to_equal_loss, list(held), jobs=jobs))


def in_words(found: pd.DataFrame) -> pd.DataFrame:
    """Lay out the walks for readers: heads in words."""
    heads = {
        "held": "held on the way",
        "lost_none": "untreated lost within a year",
        "lost_low": "low dose lost within a year",
        "difference": "difference, points",
        "hits": "statistics hit, of 120",
    }
    return found[list(heads)].rename(columns=heads)


@click.command()
@click.option("--jobs", default=1, show_default=True, help="processes")
def main(jobs: int) -> None:
    """Walk towards equal loss and write data/study/least_loss.csv; some minutes."""
    found = least_losses(jobs)
    write_csv(PATH, found.assign(synthetic=True))
    click.echo(found.to_string())


if __name__ == "__main__":
    main()
