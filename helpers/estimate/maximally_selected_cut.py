"""Every cut of a dose, and how large the largest statistic is when the dose does not matter.

Low dose against none, at a cut c, compares those with 0 < dose <= c with those with dose 0 and **leaves out** those above c. So
other patients are compared at every cut, and the approximations made for the maximum over cuts of one sample (Lausen and
Schumacher 1992) do not hold. Doses dealt anew to the patients do: the largest statistic of each deal is what searching
for a cut gives by chance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from helpers.estimate.arrays import numbers, tied

LEAST = 10  # patients at or below a cut, and above none
AT_ONCE = 100
Floats = NDArray[np.float64]


class Cuts(NamedTuple):
    """``table``: cut, n_low, n_none, events, z (negative: fewer events than expected in the low group), p, corrected_p;
    ``largest``: the largest absolute z of each deal."""  # fmt: skip

    table: pd.DataFrame
    largest: Floats


def every_cut(
    time: ArrayLike,
    event: ArrayLike,
    dose: ArrayLike,
    rng: np.random.Generator,
    *,
    deals: int = 1000,
    also: float | None = None,
    least: int = LEAST,
) -> Cuts:
    """Test low dose against none at every cut by log-rank, corrected for having looked at all of them.

    Parameters
    ----------
    time, event, dose : array-like of shape (n,)
        Dose 0: none. Rows with anything missing are left out.
    rng : Generator
    deals : int
        How often all doses are dealt anew.
    also : float, optional
        A cut that is tried whether or not somebody has that dose.
    least : int
        Patients that the low group has at least.

    Raises
    ------
    ValueError
        If no cut leaves enough patients in both groups.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> time, dose = rng.exponential(size=60), rng.permutation(np.r_[np.zeros(30), np.linspace(1, 9, 30)])
    >>> found = every_cut(time, np.ones(60), dose, rng, deals=200)
    >>> bool((found.table["corrected_p"] >= found.table["p"]).mean() > 0.9), len(found.largest)
    (True, 200)
    """
    columns = [numbers(values) for values in (time, event, dose)]
    known = ~np.isnan(np.stack(columns)).any(axis=0)
    time, event, dose = tied(columns[0][known]), columns[1][known] == 1, columns[2][known]
    given = np.sort(dose[dose > 0])
    cuts = np.unique(given)
    cuts = cuts[np.searchsorted(given, cuts, side="right") >= least]
    if also is not None:
        cuts = np.unique(np.append(cuts, also))
    cuts = cuts[np.searchsorted(given, cuts, side="right") > 0]
    none = int((dose == 0).sum())
    if not len(cuts) or none < least or not event.any():
        raise ValueError("no cut leaves enough patients in both groups")
    level = np.where(dose == 0, 0, 1 + np.searchsorted(cuts, dose, side="left"))  # 1 + number of cuts: above all
    own = _statistics(time, event, level[None, :], len(cuts))[0]
    parts = []
    for start in range(0, deals, AT_ONCE):
        mixed = np.stack([rng.permutation(level) for _ in range(min(AT_ONCE, deals - start))])
        parts.append(np.nanmax(np.abs(_statistics(time, event, mixed, len(cuts))), axis=1))
    largest = np.concatenate(parts)
    low = np.searchsorted(given, cuts, side="right")
    happened = [int((event & (dose <= cut)).sum()) for cut in cuts]
    reached = (largest[None, :] >= np.abs(own)[:, None] - 1e-9).sum(axis=1)
    table = pd.DataFrame({"cut": cuts, "n_low": low, "n_none": none, "events": happened, "z": own,
                          "p": 2 * norm.sf(np.abs(own)), "corrected_p": (1 + reached) / (1 + deals)})  # fmt: skip
    return Cuts(table, largest)


def _statistics(time: Floats, event: NDArray[np.bool_], level: NDArray[np.int64], cuts: int) -> Floats:
    """Return the signed root of the log-rank chi-square, shape (deals, cuts)."""
    at, deals = np.unique(time[event]), np.arange(len(level))[:, None]

    def counted(
        rows: NDArray[np.bool_], place: NDArray[np.int64]
    ) -> Floats:  # (deals, event times, none and each band)
        shape = (len(level), len(at), cuts + 2)
        cells = (deals * len(at) + place) * (cuts + 2) + level[:, rows]
        return np.bincount(cells.ravel(), minlength=np.prod(shape)).reshape(shape)[:, :, :-1].astype(float)

    seen = time >= at[0]
    left = counted(seen, np.searchsorted(at, time[seen], side="right") - 1)  # after the last event time that they saw
    risk, died = np.cumsum(left[:, ::-1], axis=1)[:, ::-1], counted(event, np.searchsorted(at, time[event]))
    low_risk, low_died = np.cumsum(risk[:, :, 1:], axis=2), np.cumsum(died[:, :, 1:], axis=2)
    n, d = low_risk + risk[:, :, :1], low_died + died[:, :, :1]
    safe = np.where(n > 0, n, 1.0)
    share = low_risk / safe
    surplus = (low_died - d * share).sum(axis=1)
    variance = (d * share * (1 - share) * (n - d) / np.where(n > 1, n - 1, 1.0)).sum(axis=1)
    return np.where(variance > 0, surplus / np.sqrt(np.where(variance > 0, variance, 1.0)), np.nan)
