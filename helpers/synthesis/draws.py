"""Random draws that meet a printed margin exactly: so many of each, this median, this range."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def pick(rng: np.random.Generator, among: np.ndarray, n: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Pick *n* of the positions where *among* is true, without replacement.

    Parameters
    ----------
    rng : numpy.random.Generator
    among : bool array, shape (patients,)
    n : int
    weight : float array, shape (patients,), optional
        Relative chances; a position of weight 0 is taken only when no other is left.

    Raises
    ------
    ValueError
        If fewer than *n* stand to choose from.

    Examples
    --------
    >>> pick(np.random.default_rng(1), np.array([True, False, True]), 2).tolist()
    [0, 2]
    """
    where = np.flatnonzero(among)
    if n > where.size:
        raise ValueError(f"{n} wanted of {where.size}")
    chance = np.ones(where.size) if weight is None else np.maximum(np.asarray(weight, float)[where], 1e-9)
    keys = rng.exponential(size=where.size) / chance  # the n smallest: weighted sampling without replacement
    return np.sort(where[np.argsort(keys, kind="stable")[:n]])


def deal(rng: np.random.Generator, counts: Mapping[str, int], among: np.ndarray) -> np.ndarray:
    """Deal labels in random order to the positions where *among* is true, the counts being exact; "" elsewhere.

    Examples
    --------
    >>> sorted(deal(np.random.default_rng(1), {"a": 1, "b": 2}, np.ones(3, bool)).tolist())
    ['a', 'b', 'b']
    """
    labels = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    if labels.size != among.sum():
        raise ValueError(f"{labels.size} labels for {among.sum()} patients")
    out = np.full(among.size, "", dtype=object)
    out[among] = rng.permutation(labels)
    return out


def pinned(
    rng: np.random.Generator,
    values: np.ndarray,
    spread: tuple[float, float, float],
    low: np.ndarray | float | None = None,
    high: np.ndarray | float | None = None,
    near: float = 0.0,
) -> np.ndarray:
    """Move as few values as need be so that median and range are exactly the printed ones.

    Parameters
    ----------
    values : float array, shape (patients,)
        Draws; they are clipped to their bounds first.
    spread : median, lowest, highest
    low, high : float arrays, optional
        What each patient's value may be at least and at most.
    near : float
        Values are moved to within this distance of the median (0: onto it).

    Raises
    ------
    ValueError
        If the bounds leave no way.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sorted(pinned(rng, np.array([1.0, 1.0, 2.0, 9.0, 9.0]), (3, 0, 8)).tolist())
    [0.0, 1.0, 3.0, 8.0, 8.0]
    """
    median, lowest, highest = spread
    low = np.broadcast_to(lowest if low is None else np.maximum(low, lowest), values.shape)
    high = np.broadcast_to(highest if high is None else np.minimum(high, highest), values.shape)
    if (low > high).any():
        raise ValueError("bounds leave a patient no value")
    out = np.clip(values, low, high)
    for end, can in ((highest, high >= highest), (lowest, low <= lowest)):
        if not (out == end).any():
            free = np.flatnonzero(can)
            if not free.size:
                raise ValueError(f"nobody can have {end}")
            out[free[np.argmin(np.abs(out[free] - end))]] = end
    return _centred(rng, out, median, low, high, near, keep=(lowest, highest))


def _centred(rng, out, median, low, high, near, keep):
    """Move values across the median until at most half lie on either side of it."""
    half = out.size // 2
    place = lambda rows: median + near * rng.uniform(-1, 1, rows.size)  # noqa: E731
    for sign in (1, -1):
        beyond = np.flatnonzero(sign * (out - median) > near)
        surplus = beyond.size - (out.size - 1) // 2 if half else 0
        if surplus <= 0:
            continue
        able = beyond[(low[beyond] <= median) & (high[beyond] >= median)]
        able = able[[(out == out[i]).sum() > 1 or out[i] not in keep for i in able]]
        if able.size < surplus:
            raise ValueError("bounds hold the median away")
        nearest = able[np.argsort(np.abs(out[able] - median), kind="stable")][:surplus]
        out[nearest] = place(nearest)
    return out
