"""Which other cohorts with the published numbers Figure 3 in the page offers: the extremes of what hangs on the lost, and those least alike.

They are chosen from the states of the ensemble, which are quick to read; only those chosen are rebuilt.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.calibration.ensemble import ensemble_index, load_ensemble, load_states
from helpers.calibration.variety import Seen, State
from helpers.cohort.derive import Analysis, analyse
from helpers.estimate.partial_likelihood import maximise
from helpers.results.lost import WITHIN

LEVELS = ["none", "low", "high"]
FATES = {"free": (), "low": ("low",)}  # who of the lost is taken to have failed; all others stayed well
WORDS = {"free": "had the lost stayed well", "low": "had those lost at a low dose failed"}


@dataclass(frozen=True)
class Alternatives:
    """Cohorts to choose from, and the ensemble that they are taken from.

    Attributes
    ----------
    cohorts : list of tuple
        Analysis, and in words why it was chosen.
    size : int
        Members of the ensemble.
    ranges : dict of str to tuple
        Least and largest hazard ratio (PFS, low dose against none) over all members: *free*, had the lost stayed well; *low*,
        had those lost at a low dose failed and the others stayed well.
    """

    cohorts: list[tuple[Analysis, str]]
    size: int
    ranges: dict[str, tuple[float, float]]


def alternatives(analysis: Analysis, count: int) -> Alternatives:
    """Choose and rebuild *count* members of the ensemble, analysed with the parameters of *analysis*."""
    numbers, states = ensemble_index()["cohort"].tolist(), [Seen(state) for state in load_states()]
    ratios = pd.DataFrame([{fate: ratio_if(state, failed) for fate, failed in FATES.items()} for state in states])
    reasons = {numbers[place]: why for place, why in chosen(ratios, [state.ranks for state in states], count).items()}
    rebuilt = zip(sorted(reasons), load_ensemble(only=reasons), strict=True)
    found = {number: analyse(cohort, analysis.parameters) for number, cohort in rebuilt}
    return Alternatives(
        [(found[number], why) for number, why in reasons.items()],
        len(numbers),
        {fate: (float(ratios[fate].min()), float(ratios[fate].max())) for fate in FATES},
    )


def ratio_if(state: State, failed: Collection[str]) -> float:
    """Return the hazard ratio (PFS, low dose against none, among those with toxicity) had the lost stayed well, but for those who *failed*.

    Parameters
    ----------
    state : (labels, fates)
    failed : collection of str
        Dose groups whose lost had the event when last seen.
    """
    labels, fates = state
    time, event = state.pfs if isinstance(state, Seen) else Seen(state).pfs
    group, cutoff = labels["gc"].to_numpy(str), fates["cutoff"].to_numpy(float)
    gone = ~event & (time < WITHIN) & (time < cutoff)
    fails = gone & np.isin(group, list(failed))
    time, event = np.where(gone & ~fails, cutoff, time), event | fails
    among = ((labels["crs"].astype(int) > 0) | (labels["icans"].astype(int) > 0)).to_numpy()
    doses = np.column_stack([group == level for level in LEVELS[1:]]).astype(float)
    return float(np.exp(maximise(doses[among], time[among], event[among]).beta[0]))


def chosen(ratios: pd.DataFrame, ranks: Sequence[np.ndarray], count: int) -> dict[int, str]:
    """Choose the extremes of each ratio, then one after the other who is least like all chosen.

    Parameters
    ----------
    ratios : DataFrame
        A row per member, a column per key of ``FATES``.
    ranks : sequence of ndarray
        Ranks of each member's event times, patient by patient.
    count : int
        How many, at most.

    Returns
    -------
    dict of int to str
        Place of the member -> why it was chosen.

    Examples
    --------
    >>> ratios = pd.DataFrame({"free": [0.5, 0.4, 0.6], "low": [0.8, 0.7, 0.9]})
    >>> chosen(ratios, [np.array([1, 2, 3]), np.array([1, 3, 2]), np.array([3, 2, 1])], 2)
    {1: 'least ratio had the lost stayed well, 0.400', 2: 'largest ratio had the lost stayed well, 0.600'}
    """
    found: dict[int, str] = {}
    ratios = ratios.round(10)  # of members alike in this the first, whatever the last bits of their ratios
    for fate in ratios:
        for place, size in ((ratios[fate].idxmin(), "least"), (ratios[fate].idxmax(), "largest")):
            if len(found) < count:
                found.setdefault(int(place), f"{size} ratio {WORDS[fate]}, {ratios[fate].loc[place]:.3f}")
    alike = np.corrcoef(np.stack(ranks))
    for _ in range(min(count, len(ratios)) - len(found)):
        nearest = alike[:, list(found)].max(axis=1)
        found[int(nearest.argmin())] = "least like those above"
    return found
