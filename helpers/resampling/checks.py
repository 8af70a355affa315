"""What the engine accepts: one sanitising rule for all of its functions, every problem in one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.problems import InputError, Problem

Floats = NDArray[np.float64]


def refuse(column: str, found: object, allowed: str, row: int | str = "") -> InputError:
    """Return the error for one unacceptable argument."""
    return InputError([Problem("arrays", row, column, found, allowed)])


def floats(name: str, values: ArrayLike, ndim: int) -> Floats:
    """Return *values* as finite floats of *ndim* dimensions, or raise InputError."""
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise refuse(name, type(values).__name__, "numbers") from None
    if array.ndim != ndim:
        raise refuse(name, f"shape {array.shape}", f"an array of {ndim} dimension{'s' * (ndim > 1)}")
    if not np.isfinite(array.sum()) and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise refuse(name, array[row] if ndim == 1 else "not finite", "finite numbers", row)
    return array


def follow_up(
    time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None
) -> tuple[Floats, NDArray[np.bool_], Floats | None]:
    """Return time, event and entry as arrays of one length that make sense together, or raise InputError.

    Parameters
    ----------
    time : array, shape (n,)
        Last day under observation, not negative.
    event : array, shape (n,)
        1 or True where the event happened at `time`.
    entry : array, shape (n,), optional
        Day from which the row is at risk: it counts at `entry` < t <= `time`.
    """
    time = floats("time", time, 1)
    if time.size == 0:
        raise refuse("time", "no rows", "at least one row")
    if time.min() < 0:
        row = int(np.argmax(time < 0))
        raise refuse("time", float(time[row]), "not negative", row)
    event = same_length("event", indicator("event", event), time.size)
    if entry is None:
        return time, event, None
    entry = same_length("entry", floats("entry", entry, 1), time.size)
    if (entry >= time).any():
        row = int(np.argmax(entry >= time))
        raise refuse("entry", float(entry[row]), f"before time ({time[row]:g})", row)
    return time, event, entry


def indicator(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """Return 0/1 or False/True values as booleans, or raise InputError."""
    array = np.asarray(values)
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array)
    array = floats(name, array, array.ndim)
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        row = np.argwhere(wrong)[0]
        raise refuse(name, float(array[tuple(row)]), "0 or 1", int(row[0]))
    return array == 1


def same_length(name: str, array: NDArray[Any], n: int, axis: int = 0) -> NDArray[Any]:
    """Return *array* if it has *n* entries along *axis*, or raise InputError."""
    if array.ndim <= axis or array.shape[axis] != n:
        raise refuse(name, f"shape {array.shape}", f"{n} along dimension {axis + 1}, as time has")
    return array


def covariates(X: ArrayLike, n: int, ndim: int = 2) -> Floats:
    """Return the covariates as an array of shape (n, p) with p of at least 1, or raise InputError."""
    X = np.asarray(X)
    if X.ndim == 1 and ndim == 2:
        X = X[:, None]
    X = same_length("X", floats("X", X, ndim), n, ndim - 2)
    if X.shape[-1] == 0:
        raise refuse("X", "no columns", "at least one covariate")
    return X


def whole_counts(name: str, values: ArrayLike, n: int, ndim: int) -> NDArray[Any]:
    """Return frequency weights (whole numbers, not negative) with *n* along the last axis, or raise InputError."""
    array = np.asarray(values)
    if array.ndim != ndim:
        raise refuse(name, f"shape {array.shape}", f"an array of {ndim} dimension{'s' * (ndim > 1)}")
    same_length(name, array, n, ndim - 1)
    if array.dtype.kind == "f":
        array = floats(name, array, ndim)
        if (array != np.floor(array)).any():
            raise refuse(name, "a fraction", "whole numbers: how often each row was drawn")
    elif array.dtype.kind not in "iub":
        raise refuse(name, str(array.dtype), "whole numbers: how often each row was drawn")
    if array.size and array.min() < 0:
        raise refuse(name, array.min().item(), "not negative")
    return array


def codes(name: str, values: ArrayLike, n: int) -> tuple[NDArray[np.int64], int]:
    """Return labels of any type as codes 0..k-1 in sorted order, and k; missing labels raise InputError."""
    array = same_length(name, np.asarray(values), n)
    if array.ndim != 1:
        raise refuse(name, f"shape {array.shape}", "an array of 1 dimension")
    missing = array != array if array.dtype.kind == "f" else np.array([v is None or v != v for v in array])
    if np.any(missing):
        raise refuse(name, "missing", "a label in every row", int(np.argmax(missing)))
    found, inverse = np.unique(array, return_inverse=True)
    return inverse.astype(np.int64), len(found)


def one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise InputError unless *value* is one of *allowed*."""
    if value not in allowed:
        raise refuse(name, value, ", ".join(allowed))
