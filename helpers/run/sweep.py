"""The same numbers under many settings of the parameters: one row per setting and number."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch

import pandas as pd

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parallel import run_all
from helpers.parameters import Parameters
from helpers.problems import InputError, Problem
from helpers.published.values import canonical
from helpers.results import registry

WILD = "*"


def settings_of(varied: Iterable[str]) -> list[list[str]]:
    """Cross ``name=value|value|...`` texts into the settings of each point, in the order given.

    Raises
    ------
    InputError
        For each text that varies nothing.

    Examples
    --------
    >>> settings_of(["gc_cutoff=5|8", "endpoint=OS|PFS"])[1]
    ['gc_cutoff=5', 'endpoint=PFS']
    """
    axes, problems = [], []
    for text in varied:
        name, equals, values = text.partition("=")
        if not equals or not values:
            problems.append(Problem("parameters", "", name, text, "name=value|value|..."))
        axes.append([f"{name.strip()}={value.strip()}" for value in values.split("|")])
    if problems:
        raise InputError(problems)
    return [list(point) for point in itertools.product(*axes)]


def points(varied: Iterable[str], settings: Sequence[str] = (), **fixed: object) -> list[Parameters]:
    """Build the parameters of every point, refusing all wrong ones at once.

    Raises
    ------
    InputError
        With each problem once.
    """
    made, problems = [], []
    for point in settings_of(varied):
        try:
            made.append(Parameters.from_settings([*settings, *point], **fixed))
        except InputError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise InputError(problems)
    return made


def chosen_ids(patterns: Sequence[str]) -> list[str] | None:
    """Resolve ids and patterns such as ``table5.*.hr``; None, for no pattern, stands for everything.

    Raises
    ------
    InputError
        For each pattern that no number's id matches.
    """
    known = [id for family in registry.families() for id in family.ids]
    found, problems = [], []
    for pattern in patterns:
        matching = [id for id in known if fnmatch(id, pattern)] if WILD in pattern else [canonical(pattern)]
        if not set(matching) & set(known):
            problems.append(Problem("ids", "", "", pattern, "an id of results.json, or a pattern such as table5.*.hr"))
        found += matching
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(found)) if patterns else None


def sweep(parameters: Sequence[Parameters], ids: Sequence[str] | None = None, **workers: object) -> pd.DataFrame:
    """Compute numbers under each of several sets of parameters.

    Parameters
    ----------
    parameters : sequence of Parameters
        From :func:`points`.
    ids : sequence of str, optional
        Ids of numbers; by default all.
    **workers
        ``jobs`` and ``dask`` of :func:`helpers.parallel.run_all`.

    Returns
    -------
    pandas.DataFrame
        The parameters that vary, then id, value, n, events, missing, population, method, reason; and ``synthetic``.
    """
    varying = [name for name in Parameters.model_fields if len({repr(getattr(one, name)) for one in parameters}) > 1]
    frames = run_all(_point, [(one, ids) for one in parameters], **workers)
    for one, frame in zip(parameters, frames, strict=True):
        for name in reversed(varying):
            frame.insert(0, name, [getattr(one, name)] * len(frame))
    return pd.concat(frames, ignore_index=True)


def _point(job: tuple[Parameters, Sequence[str] | None]) -> pd.DataFrame:
    parameters, ids = job
    cohort = read_cohort(parameters.cohort_folder)
    values = registry.compute(analyse(cohort, parameters), ids)
    return registry.as_frame(values).assign(synthetic=str(cohort.synthetic).lower())
