"""Spread independent work over processes or an existing Dask cluster, with the same numbers whatever the workers.

A cluster is trusted: functions and numbers go to it pickled, and what it sends back is unpickled here. Name only one
that nobody else can write to, over ``tls://`` where the network is shared (certificates as Dask's configuration says).

Each item draws from a generator of its own, spawned from one seed by the item's place; so neither the number of
workers, nor the order in which they finish, nor the death of one changes a number.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from helpers.problems import InputError, Problem

PIECES_PER_WORKER = 4
PATIENCE = 10  # seconds that a scheduler has to answer
COMPARED = ("numpy", "pandas", "scipy", "lifelines", "statsmodels")


def run_all(
    function: Callable[..., Any],
    items: Iterable[Any],
    *,
    jobs: int = 1,
    dask: str = "",
    seed: int | None = None,
) -> list[Any]:
    """Return ``[function(item) for item in items]``, or of ``function(item, rng)`` if a seed is given.

    Parameters
    ----------
    function : callable
        Of one item; with *seed*, of an item and a :class:`numpy.random.Generator`. It must be importable or picklable.
    items : iterable
    jobs : int
        Processes on this machine.
    dask : str
        Address of a Dask scheduler, whose workers must have this package. It wins over *jobs*.
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
    InputError
        If there is no such scheduler, or its workers are not like this process; see :func:`connected_cluster`.

    Examples
    --------
    >>> def draw(item, rng):
    ...     return item + int(rng.integers(100))
    >>> run_all(draw, [0, 1000], seed=1) == run_all(draw, [0, 1000], seed=1, jobs=1)
    True
    >>> run_all(abs, [-1, 2])
    [1, 2]
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; allowed: a whole number >= 1")
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
    with connected_cluster(address) as client:
        pieces = _pieces(calls, len(client.scheduler_info()["workers"]))
        futures = client.map(lambda piece: _piece(function, piece), pieces, pure=False)
        return [value for piece in client.gather(futures) for value in piece]


@contextlib.contextmanager
def connected_cluster(address: str, folders: Iterable[str | Path] = ()) -> Iterator[Any]:
    """Connect to a Dask scheduler whose workers have the same versions, this very code, and the same *folders*.

    Raises
    ------
    InputError
        If no scheduler answers there, it has no worker, or a worker differs: which, and in what.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError([_wrong(address, "nothing with Dask not installed: `make extras` installs it")]) from None
    if not address.startswith(("tcp://", "tls://")):
        raise InputError([_wrong(address, "an address such as tcp://127.0.0.1:8786 or tls://host:8786")])
    try:
        client = Client(address, timeout=PATIENCE)
    except TypeError:  # what distributed says of tls:// without certificates
        raise InputError(
            [_wrong(address, "tls:// with certificates in Dask's configuration (distributed.comm.tls)")]
        ) from None
    except (OSError, ValueError, TimeoutError):
        raise InputError([_wrong(address, f"a Dask scheduler that answers within {PATIENCE} seconds")]) from None
    with client:
        places = [str(folder) for folder in folders]
        found = client.run(computed_with, places)
        if not found:
            raise InputError([_wrong(address, "a scheduler with at least one worker")])
        own = computed_with(places)
        problems = [
            Problem("dask", "", what, here.get(what, "none"), f"{own[what]}, as here (worker {number})")
            for number, here in enumerate(found.values(), 1)
            for what in own
            if here.get(what) != own[what]
        ]
        if problems:
            raise InputError(problems)
        yield client


def _wrong(address: str, allowed: str) -> Problem:
    return Problem("dask", "", "address", address[:60], allowed)


def computed_with(folders: Iterable[str] = ()) -> dict[str, str]:
    """Describe what numbers depend on where they are computed: versions, this package's code, folders of data.

    Examples
    --------
    >>> computed_with() == computed_with(), sorted(computed_with())[:2]
    (True, ['code', 'lifelines'])
    """
    code = _checksum(Path(__file__).parent, "*.py")
    data = {f"folder {number}": _checksum(Path(folder), "*") for number, folder in enumerate(folders, 1)}
    return {"python": platform.python_version(), **{name: version(name) for name in COMPARED}, "code": code, **data}


def _checksum(folder: Path, pattern: str) -> str:
    if not folder.is_dir():
        return "absent"
    files = sorted(path for path in folder.rglob(pattern) if path.is_file())
    names = [f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
