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

from helpers.estimate.arrays import as_floats, equal_times_tied

LEAST = 10  # patients at or below a cut, and above none
MOST = 200  # cuts that are tried
FEWEST, WORK = 200, 5e7  # deals at least; event times x cuts x deals at most, if that leaves so many
AT_ONCE = 100_000  # event times x cuts x deals that are in memory
Floats = NDArray[np.float64]


class Cuts(NamedTuple):
    """``table``: cut, n_low, n_none, events, z (negative: fewer events than expected in the low group), p, corrected_p;
    ``largest``: the largest absolute z of each deal; ``doses``: different doses that might have been a cut."""  # fmt: skip

    table: pd.DataFrame
    largest: Floats
    doses: int


def every_cut(
    time: ArrayLike,
    event: ArrayLike,
    dose: ArrayLike,
    rng: np.random.Generator,
    *,
    deals: int = 1000,
    also: float | None = None,
) -> Cuts:
    """Test low dose against none at every cut by log-rank, corrected for having looked at all of them.

    Parameters
    ----------
    time, event, dose : array-like of shape (n,)
        Dose 0: none. Rows with anything missing are left out.
    rng : Generator
    deals : int
        How often all doses are dealt anew: less often, but :data:`FEWEST` times, where event times x cuts x deals would pass
        :data:`WORK`.
    also : float, optional
        A cut that is tried whether or not somebody has that dose.

    Raises
    ------
    ValueError
        If no cut leaves enough patients in both groups, or the log-rank test has a variance at none.

    Notes
    -----
    Of more than :data:`MOST` different doses those are tried that part the patients given the drug most evenly.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> time, dose = rng.exponential(size=60), rng.permutation(np.r_[np.zeros(30), np.linspace(1, 9, 30)])
    >>> found = every_cut(time, np.ones(60), dose, rng, deals=200)
    >>> bool((found.table["corrected_p"] >= found.table["p"]).mean() > 0.9), len(found.largest)
    (True, 200)
    """
    columns = [as_floats(values) for values in (time, event, dose)]
    known = ~np.isnan(np.stack(columns)).any(axis=0)
    time, event, dose = equal_times_tied(columns[0][known]), columns[1][known] == 1, columns[2][known]
    given = np.sort(dose[dose > 0])
    cuts = np.unique(given)
    cuts = cuts[np.searchsorted(given, cuts, side="right") >= LEAST]
    doses = len(cuts)
    if doses > MOST:
        cuts = np.unique(given[np.linspace(LEAST - 1, len(given) - 1, MOST).round().astype(int)])
    if also is not None:
        cuts = np.unique(np.append(cuts, also))
    cuts = cuts[np.searchsorted(given, cuts, side="right") > 0]
    none = int((dose == 0).sum())
    if not len(cuts) or none < LEAST or not event.any():
        raise ValueError("no cut leaves enough patients in both groups")
    level = np.where(dose == 0, 0, 1 + np.searchsorted(cuts, dose, side="left"))  # 1 + number of cuts: above all
    at = np.unique(time[event])
    cells = len(at) * (len(cuts) + 1)
    deals = min(deals, max(FEWEST, int(WORK // cells)))
    batch = max(1, AT_ONCE // cells)
    own = _statistics(time, event, at, level[None, :], len(cuts))[0]
    if np.isnan(own).all():
        raise ValueError("at no cut has the log-rank test a variance: all at risk had the event together")
    parts = []
    for start in range(0, deals, batch):
        mixed = np.stack([rng.permutation(level) for _ in range(min(batch, deals - start))])
        found = np.abs(_statistics(time, event, at, mixed, len(cuts)))
        parts.append(np.nan_to_num(found, nan=0.0).max(axis=1))  # a cut without variance finds nothing
    largest = np.concatenate(parts)
    low = np.searchsorted(given, cuts, side="right")
    happened = [int((event & (dose <= cut)).sum()) for cut in cuts]
    reached = (largest[None, :] >= np.abs(own)[:, None] - 1e-9).sum(axis=1)
    table = pd.DataFrame({"cut": cuts, "n_low": low, "n_none": none, "events": happened, "z": own,
                          "p": 2 * norm.sf(np.abs(own)),
                          "corrected_p": np.where(np.isnan(own), np.nan, (1 + reached) / (1 + deals))})  # fmt: skip
    return Cuts(table, largest, doses)


def _statistics(time: Floats, event: NDArray[np.bool_], at: Floats, level: NDArray[np.int64], cuts: int) -> Floats:
    """Return the signed root of the log-rank chi-square, shape (deals, cuts); *at* are the different event times."""
    deals = np.arange(len(level))[:, None]

    def counted(rows: NDArray[np.bool_], place: NDArray[np.int64]) -> Floats:
        """Count by deal, event time, and none, each band, above all."""
        shape = (len(level), len(at), cuts + 2)
        cells = ((deals * len(at) + place) * (cuts + 2) + level[:, rows]).ravel()
        return np.bincount(cells, np.ones(len(cells)), minlength=np.prod(shape)).reshape(shape)

    seen = time >= at[0]
    risk = counted(seen, np.searchsorted(at, time[seen], side="right") - 1)  # after the last event time that they saw
    died = counted(event, np.searchsorted(at, time[event]))
    np.cumsum(risk[:, ::-1], axis=1, out=risk[:, ::-1])
    low, low_died = (np.cumsum(part[:, :, 1:-1], axis=2) for part in (risk, died))
    n, d = low + risk[:, :, :1], low_died + died[:, :, :1]
    share = np.divide(low, n, out=np.zeros_like(n), where=n > 0)
    surplus = low_died.sum(axis=1) - np.einsum("dec,dec->dc", d, share)
    spread = share * (1 - share)
    spread *= (n - d) / np.maximum(n - 1, 1)
    variance = np.einsum("dec,dec->dc", d, spread)
    return np.where(variance > 0, surplus / np.sqrt(np.where(variance > 0, variance, 1.0)), np.nan)
