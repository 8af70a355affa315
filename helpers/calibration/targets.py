"""What a search aims at: printed numbers with their half units, read by id, as printed or as corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from helpers.paths import PUBLISHED
from helpers.published.values import printed_values, published_values
from helpers.results.registry import declared_family
from helpers.results.survival import LOG


class Schedule(NamedTuple):
    """How a search cools: temperature from and to, and the shape of its loss in half units of the last printed digit.

    Attributes
    ----------
    warm, cold : float
        Temperature from and to.
    wide, narrow : float
        Distance at which the loss turns from linear to logarithmic, from and to.
    far : float
        Distance that costs one more wherever it is, so that the farthest are drawn most.
    """

    warm: float
    cold: float
    wide: float
    narrow: float
    far: float = 1e9


DAYS = Schedule(2.0, 0.03, 300.0, 1.0, far=50.0)  # of days, from anywhere
LABELS = Schedule(1.0, 0.05, 30.0, 3.0)  # of labels, from anywhere
FINE = Schedule(0.4, 0.03, 4.0, 1.0)  # of either, from what is nearly there


@dataclass(frozen=True)
class Targets:
    """Numbers to hit, in the order of ``ids``.

    Attributes
    ----------
    ids : tuple of str
    number, half : float arrays
        The printed number and half a unit of its last digit.
    logarithmic : bool array
        Half-widths that the registry reads as the distance to the lower limit of the log interval.
    """

    ids: tuple[str, ...]
    number: np.ndarray
    half: np.ndarray
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
    ids, rows = tuple(ids), printed_values(published_values(folder))
    return Targets(
        ids,
        np.array([float(rows[id].number) for id in ids]),
        np.array([float(rows[id].unit) / 2 for id in ids]),
        np.array([id.endswith("half_width") and _is_logarithmic(id) for id in ids]),
    )


def _is_logarithmic(id: str) -> bool:
    """Tell which half-widths the registry declares so; those of another paper, unknown to it, are plain."""
    try:
        return declared_family(id).paper.method == LOG
    except KeyError:
        return False
