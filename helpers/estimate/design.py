"""From named covariates to the columns of a model: levels, references, complete cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.estimate.arrays import as_floats, known_durations


@dataclass(frozen=True)
class Design:
    """The complete cases of a survival model.

    Parameters
    ----------
    x : DataFrame of shape (n, k)
        One column per coefficient, named ``covariate`` or ``covariate: level``.
    time, event : ndarray of shape (n,)
    terms : DataFrame of k rows
        covariate, level ("" for a number), reference ("" for a number), n and events with that level.
    missing : int
        Patients left out because a covariate, the time or the event is missing.
    """

    x: pd.DataFrame
    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    terms: pd.DataFrame
    missing: int


def cox_design(
    frame: pd.DataFrame,
    covariates: Sequence[str],
    time: str,
    event: str,
    references: Mapping[str, object] | None = None,
) -> Design:
    """Lay out the complete cases of ``frame`` for a model.

    Numbers enter as they are; booleans as yes against no; categories against their reference: the one named in
    ``references``, else the first declared category. Text has no order, so its reference must be named.

    Raises
    ------
    KeyError
        If a column is not in the frame.
    ValueError
        If a reference is not named or does not occur, or a covariate is named twice.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [1, 2, 3], "d": [1, 0, 1], "sex": ["male", "female", "male"]})
    >>> cox_design(frame, ["sex"], "t", "d", {"sex": "male"}).terms
      covariate   level reference  n  events
    0       sex  female      male  1       0
    """
    names = list(covariates)
    absent = [name for name in [*names, time, event] if name not in frame]
    if absent:
        raise KeyError(f"no column {', '.join(absent)}")
    if len(set(names)) < len(names):
        raise ValueError("a covariate is named twice")
    used = frame[[*dict.fromkeys([*names, time, event])]].dropna()
    times, events = known_durations(used[time], used[event])
    columns: dict[str, NDArray[np.float64]] = {}
    terms = []
    for name in names:
        for level, reference, column in _columns(used[name], name, (references or {}).get(name)):
            columns[f"{name}: {level}" if level else name] = column
            inside = column == 1 if level else np.full(len(used), True)
            terms.append((name, level, reference, int(inside.sum()), int(events[inside].sum())))
    table = pd.DataFrame(terms, columns=["covariate", "level", "reference", "n", "events"])
    x = pd.DataFrame(columns, index=used.index, dtype=float)
    return Design(x, times, events, table, len(frame) - len(used))


def _columns(values: pd.Series, name: str, reference: object) -> list[tuple[str, str, NDArray[np.float64]]]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return _boolean(values, name, reference)
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(values)
        levels = [level for level in values.cat.categories if level in present]
        reference = levels[0] if reference is None and levels else reference
    elif pd.api.types.is_numeric_dtype(values.dtype) and reference is None:
        return [("", "", as_floats(values))]
    else:
        levels = sorted(values.unique())
    if reference not in levels:
        raise ValueError(f"the reference of {name} must be one of {', '.join(map(str, levels))}; found {reference!r}")
    return [(str(level), str(reference), (values == level).to_numpy(float)) for level in levels if level != reference]


def _boolean(values: pd.Series, name: str, reference: object) -> list[tuple[str, str, NDArray[np.float64]]]:
    if reference not in (None, True, False, "yes", "no"):
        raise ValueError(f"the reference of {name} must be yes or no; found {reference!r}")
    yes = values.to_numpy(float)
    return [("no", "yes", 1 - yes)] if reference in (True, "yes") else [("yes", "no", yes)]
