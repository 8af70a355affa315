"""Counts, medians and the memory of an analysis, as families use them."""

from __future__ import annotations

import copy
import inspect
import re
import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING

import pandas as pd

from helpers.results.populations import is_yes
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


def reason_in_words(reason: str, words: Mapping[str, str]) -> str:
    """Say in words what a model's reason says in the names of its columns.

    Examples
    --------
    >>> reason_in_words("(no event among the 7 with exposed yes)", {"exposed yes": "with GC", "exposed no": "without GC"})
    '(no event among the 7 with GC)'
    """
    for named, word in words.items():
        reason = re.sub(rf"with {re.escape(named)}(?=[,)]|$)", lambda _, word=word: word, reason)
    return reason


def level_alone(reason: str, *names: str) -> str:
    """Leave the names of covariates out before their levels, in what a model's reason says.

    Examples
    --------
    >>> level_alone("(no event among the 7 with age_group >8 years)", "age_group")
    '(no event among the 7 with >8 years)'
    """
    for name in names:
        reason = reason.replace(f"with {name} ", "with ")
    return reason


def count_and_percent(
    mask: pd.Series, among: pd.Series | None = None, *, known: pd.Series | None = None
) -> dict[str, Value]:
    """Count the patients of *mask* in *among*: ``{"n": Value, "pct": Value}``, the percentage of all *among*.

    Parameters
    ----------
    mask, among : Series of bool
    known : Series of bool, optional
        Of whom it is known; by default of those whose *mask* is not missing. If of nobody, there is no count.

    Examples
    --------
    >>> found = count_and_percent(pd.Series([True, None, False, False], dtype="boolean"))
    >>> found["n"].value, found["pct"].value, found["n"].missing
    (1, 25.0, 1)
    >>> count_and_percent(pd.Series([None, None], dtype="boolean"))["n"].reason
    'known of nobody'
    """
    among = pd.Series(True, index=mask.index) if among is None else among
    known = mask.notna() if known is None else known
    number, total = int((is_yes(mask) & among).sum()), int(among.sum())
    missing = int((among & ~known).sum())
    if total and missing == total:
        unknown = Value("", None, "known of nobody", n=total, missing=missing)
        return {"n": unknown, "pct": unknown}
    share = Value("", 100 * number / total if total else None, "" if total else "no patient", n=total, missing=missing)
    return {"n": Value("", number, n=total, missing=missing), "pct": share}


def median_and_range(series: pd.Series, among: pd.Series | None = None) -> dict[str, Value]:
    """Median and ends of a number: ``{"median": ..., "low": ..., "high": ...}``, gaps left out and counted.

    Examples
    --------
    >>> found = median_and_range(pd.Series([4.0, None, 1.0, 3.0]))
    >>> found["median"].value, found["high"].value, found["median"].missing
    (3.0, 4.0, 1)
    """
    chosen = (series if among is None else series[among]).astype("Float64")
    known = chosen.dropna().astype(float)
    numbers = {"median": known.median(), "low": known.min(), "high": known.max()}
    shared = {"n": len(known), "missing": len(chosen) - len(known)}
    return {key: Value("", None if known.empty else float(number), "" if len(known) else "no value known", **shared)
            for key, number in numbers.items()}  # fmt: skip


def with_prefix(prefix: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Set a prefix before the keys of *values*."""
    return {f"{prefix}.{key}": value for key, value in values.items()}


def once_per_analysis(function: Callable) -> Callable:
    """Remember what *function* returned for an analysis (and further hashable arguments) as long as the analysis lives.

    Who asks gets a copy: rounding a table in place, or adding a column to it, changes nothing for the next.
    """
    memory: dict[tuple, object] = {}
    given = inspect.signature(function)

    @wraps(function)
    def remembered(analysis: Analysis, *arguments: object, **named: object) -> object:
        bound = given.bind(analysis, *arguments, **named)
        bound.apply_defaults()  # asked for by name or by default: the same
        key = (id(analysis), *bound.args[1:], *sorted(bound.kwargs.items()))
        if key not in memory:
            memory[key] = function(*bound.args, **bound.kwargs)
            weakref.finalize(analysis, memory.pop, key, None)
        return copy.deepcopy(memory[key])

    return remembered
