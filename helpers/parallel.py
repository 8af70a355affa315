"""Spread independent work over processes or an existing Dask cluster, with the same numbers whatever the workers.

Each item draws from a generator of its own, spawned from one seed by the item's place; so neither the number of
workers, nor the order in which they finish, nor the death of one changes a number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

JOBS, DASK = "SUPPLEMENT_JOBS", "SUPPLEMENT_DASK"
PIECES_PER_WORKER = 4


def run_all(
    function: Callable[..., Any],
    items: Iterable[Any],
    *,
    jobs: int | None = None,
    dask: str | None = None,
    seed: int | None = None,
) -> list[Any]:
    """Return ``[function(item) for item in items]``, or of ``function(item, rng)`` if a seed is given.

    Parameters
    ----------
    function : callable
        Of one item; with *seed*, of an item and a :class:`numpy.random.Generator`. It must be importable or picklable.
    items : iterable
    jobs : int, optional
        Processes on this machine; by default the variable SUPPLEMENT_JOBS, which ``supplement --jobs`` sets, or 1.
    dask : str, optional
        Address of a Dask scheduler; by default the variable SUPPLEMENT_DASK, which ``supplement --dask`` sets, or
        none. Its workers must have this package. It wins over *jobs*.
    seed : int, optional
        Item number i draws from ``SeedSequence(seed).spawn(n)[i]``.

    Returns
    -------
    list
        In the order of *items*.

    Raises
    ------
    ValueError
        If *jobs* is below 1.

    Examples
    --------
    >>> def draw(item, rng):
    ...     return item + int(rng.integers(100))
    >>> run_all(draw, [0, 1000], seed=1) == run_all(draw, [0, 1000], seed=1, jobs=1)
    True
    >>> run_all(abs, [-1, 2])
    [1, 2]
    """
    jobs = int(os.environ.get(JOBS) or 1) if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; allowed: a whole number >= 1")
    dask = os.environ.get(DASK, "") if dask is None else dask
    calls = _calls(list(items), seed)
    if dask:
        return _on_cluster(function, calls, dask)
    if jobs == 1 or len(calls) < 2:
        return _piece(function, calls)
    return _on_processes(function, calls, jobs)


def _calls(items: Sequence[Any], seed: int | None) -> list[tuple[Any, ...]]:
    if seed is None:
        return [(item,) for item in items]
    return list(zip(items, np.random.SeedSequence(seed).spawn(len(items)), strict=True))


def _piece(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    return [function(item, *map(np.random.default_rng, seeds)) for item, *seeds in calls]


def _pieces(calls: Sequence[tuple[Any, ...]], workers: int) -> list[Sequence[tuple[Any, ...]]]:
    """Cut the calls into a few pieces per worker, so that their transport costs little and no worker idles long."""
    size = max(1, -(-len(calls) // (PIECES_PER_WORKER * max(1, workers))))
    return [calls[start : start + size] for start in range(0, len(calls), size)]


def _on_processes(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], jobs: int) -> list[Any]:
    from joblib import Parallel, delayed

    pieces = _pieces(calls, jobs)
    done = Parallel(n_jobs=jobs, batch_size=1)(delayed(_piece)(function, piece) for piece in pieces)
    return [value for piece in done for value in piece]


def _on_cluster(function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], address: str) -> list[Any]:
    from distributed import Client

    with Client(address) as client:
        pieces = _pieces(calls, len(client.scheduler_info()["workers"]))
        futures = client.map(lambda piece: _piece(function, piece), pieces, pure=False)
        return [value for piece in client.gather(futures) for value in piece]
