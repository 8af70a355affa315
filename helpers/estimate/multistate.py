"""Several states at once: the share of patients in each, over time (Aalen and Johansen)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

ABSORBING = "death"
FIRST = "start"


def state_spells(onsets: Mapping[str, pd.Series], last: pd.Series) -> pd.DataFrame:
    """Lay out who was in which state from when to when, each state entered at its onset and left at the next; nobody leaves "death".

    Parameters
    ----------
    onsets : mapping of str to Series
        Day that each state was entered, by patient; missing: never. Of two on one day the later in the mapping is
        entered last, and the earlier is skipped.
    last : Series
        Day that follow-up ended.

    Returns
    -------
    DataFrame
        patient, start, stop, state, to ("" if follow-up ended in the state).

    Examples
    --------
    >>> rows = state_spells({"relapse": pd.Series([4.0, np.nan]), "death": pd.Series([9.0, np.nan])}, pd.Series([9.0, 7.0]))
    >>> rows.to_numpy().tolist()
    [[0, 0.0, 4.0, 'start', 'relapse'], [0, 4.0, 9.0, 'relapse', 'death'], [1, 0.0, 7.0, 'start', '']]
    """
    rows = []
    order = list(onsets)
    for patient in last.index:
        known = [
            (float(onsets[state][patient]), place)
            for place, state in enumerate(order)
            if pd.notna(onsets[state][patient])
        ]
        state, since, end = FIRST, 0.0, float(last[patient])
        for position, (day, place) in enumerate(sorted(known)):
            skipped = position + 1 < len(known) and sorted(known)[position + 1][0] == day
            if state == ABSORBING or skipped or day > end:
                continue
            rows.append((patient, since, day, state, order[place]))
            state, since = order[place], day
        if state != ABSORBING and since < end:
            rows.append((patient, since, end, state, ""))
    return pd.DataFrame(rows, columns=["patient", "start", "stop", "state", "to"])


def state_occupancy(rows: pd.DataFrame, states: Sequence[str]) -> pd.DataFrame:
    """Estimate the share of patients in each state over time; everybody begins in the first.

    Parameters
    ----------
    rows : DataFrame
        As :func:`state_spells` lays them out.
    states : sequence of str

    Returns
    -------
    DataFrame
        One row per day of a transition, day 0 first: time, and a column per state; each row adds up to 1.

    Notes
    -----
    Agrees with R's ``survfit(Surv(start, stop, factor) ~ 1, id)``. With one absorbing state it is Kaplan–Meier's curve,
    with several that are reached directly the cumulative incidences. lifelines has no multistate estimate.

    Examples
    --------
    >>> days = {"relapse": pd.Series([4.0, np.nan]), "death": pd.Series([9.0, np.nan])}
    >>> state_occupancy(state_spells(days, pd.Series([9.0, 12.0])), ["start", "relapse", "death"])
       time  start  relapse  death
    0   0.0    1.0      0.0    0.0
    1   4.0    0.5      0.5    0.0
    2   9.0    0.5      0.0    0.5
    """
    index = {state: place for place, state in enumerate(states)}
    moves = rows[rows["to"] != ""]
    start, stop = rows["start"].to_numpy(float), rows["stop"].to_numpy(float)
    state = rows["state"].map(index).to_numpy()
    share = np.eye(len(states))[0]
    found = [(0.0, *share)]
    for day, these in moves.groupby("stop"):
        at_risk = np.bincount(state[((start < day) | (start == 0)) & (stop >= day)], minlength=len(states))
        step = np.eye(len(states))
        for source, target in zip(these["state"].map(index), these["to"].map(index), strict=True):
            step[source, target] += 1 / at_risk[source]
            step[source, source] -= 1 / at_risk[source]
        share = share @ step
        found.append((float(day), *share))
    return pd.DataFrame(found, columns=["time", *states])
