"""What a search aims at: printed numbers with their half units, read by id, as printed or as corrected."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numba import njit

from helpers.paths import PUBLISHED
from helpers.published.values import printed_values, published
from helpers.results.registry import declared
from helpers.results.survival import LOG

CORRECTIONS = "corrections.csv"
MARGIN = 1.0  # of the half unit; OS at 2 and 3 years can both be met only on the last 2 % of the rounding interval


@dataclass(frozen=True)
class Targets:
    """Numbers to hit, in the order of ``ids``.

    Attributes
    ----------
    ids : tuple of str
    number, half : float arrays
        The printed number and half a unit of its last digit.
    scale : float array
        Distance that counts as 1 in the loss.
    logarithmic : bool array
        Half-widths that the registry reads as the distance to the lower limit of the log interval.
    """

    ids: tuple[str, ...]
    number: np.ndarray
    half: np.ndarray
    scale: np.ndarray
    logarithmic: np.ndarray

    def hit(self, values: np.ndarray) -> np.ndarray:
        """Tell which *values* agree with the print (ties count, as in the concordance)."""
        return np.abs(values - self.number) <= self.half * (1 + 2e-9)


def targets_of(ids: Iterable[str], folder=PUBLISHED) -> Targets:
    """Read the printed numbers of *ids*.

    Examples
    --------
    >>> found = targets_of(["results.efficacy.pfs_1y.rate", "results.efficacy.pfs_1y.half_width"])
    >>> found.number.tolist(), found.half.tolist(), found.logarithmic.tolist()
    ([71.3, 8.1], [0.005, 0.005], [False, True])
    """
    ids, rows = tuple(ids), printed_values(published(folder))
    return Targets(
        ids,
        np.array([float(rows[id].number) for id in ids]),
        np.array([float(rows[id].unit) / 2 for id in ids]),
        np.array([_scale(rows[id]) for id in ids]),
        np.array([id.endswith("half_width") and _is_logarithmic(id) for id in ids]),
    )


def _is_logarithmic(id: str) -> bool:
    """Tell which half-widths the registry declares so; those of another paper, unknown to it, are plain."""
    try:
        return declared(id).paper.method == LOG
    except KeyError:
        return False


def _scale(printed) -> float:
    """A percentage point of a survival rate; a tenth of a p-value; a fifth of a hazard ratio or its limits."""
    if printed.kind in ("rate", "half_width"):
        return 0.25
    return 0.1 if printed.kind == "p" else 0.2 * float(printed.number)


@njit(cache=True, nogil=True, error_model="numpy")
def loss_of(values, number, half, scale, fine):
    """Sum over targets of the distance from the print: linear far away, logarithmic close by; nothing for a hit.

    Parameters
    ----------
    values, number, half, scale : float arrays
        Computed and printed numbers, half units, and the distance that counts as 1 far away.
    fine : float
        Weight of the logarithm, 0 (early) to 1 (late): only then does a single rounding count.
    """
    total = 0.0
    for k in range(values.size):
        away = abs(values[k] - number[k])
        units = away / (MARGIN * half[k])
        if not units <= 1e12:
            total += 100.0
        elif units > 1.0:
            total += away / scale[k] + fine * (0.35 + math.log(units))
    return total
