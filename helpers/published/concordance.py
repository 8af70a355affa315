"""Printed beside recomputed: the same, different, not computable, or not comparable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from helpers.published.values import STATED, agrees_with_print, alias_ids

SAME, DIFFERS, NOT_COMPUTABLE, NOT_COMPARABLE = VERDICTS = (
    "same",
    "differs",
    "not computable",
    "not comparable",
)
COUNTED = dict(  # of several numbers, in a sentence
    zip(VERDICTS, ("are the same", "differ", "cannot be computed", "cannot be compared"), strict=True)
)


class Computed(Protocol):
    """What the registry hands over for an id: a number or None, and the reason where there is none."""

    value: float | None
    reason: str


def concordance(
    printed: pd.DataFrame,
    computed: Mapping[str, Computed],
    *,
    comparable: Mapping[str, bool | str] | str | None = None,
) -> pd.DataFrame:
    """Compare every printed number with the recomputed one.

    *Same* means |recomputed - printed| <= half a unit of the last printed digit, compared in decimals with a slack
    of 1e-9 of a unit; a printed bound ("over 50%") is compared as a bound. A row that states a quantity again is
    compared with the recomputed value of its canonical row.

    Parameters
    ----------
    printed : pandas.DataFrame
        From :func:`helpers.published.values.published_values`.
    computed : mapping of id to an object with ``value`` and ``reason``
        By canonical id; an id that is absent is not computable.
    comparable : mapping of id to bool or str, or str, or None
        True (or an absent id): compare; False or a text: not comparable, the text being the reason. One text alone
        is the reason for all (another cohort, say). None: all are comparable. Canonical ids suffice.

    Returns
    -------
    pandas.DataFrame
        One row per printed number, in its order: id, printed (text, its digits kept), recomputed (float), verdict,
        reason.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from helpers.published.values import published_values
    >>> computed = {"table1.male.pct": SimpleNamespace(value=67.5, reason="")}
    >>> concordance(published_values(), computed).loc[1:2, ["id", "recomputed", "verdict"]].values.tolist()
    [['table1.male.n', nan, 'not computable'], ['table1.male.pct', 67.5, 'same']]
    """
    canonical = alias_ids(printed)
    rows = []
    for row in printed.itertuples(index=False):
        key = canonical.get(row.id, row.id)
        value, verdict, reason = _compare(row, computed.get(key), _obstacle(comparable, row.id, key))
        if key != row.id:
            reason = f"{reason}; states {key} again" if reason else f"states {key} again"
        rows.append((row.id, f"{row.number:.{row.decimals}f}", value, verdict, reason))
    return pd.DataFrame(rows, columns=["id", "printed", "recomputed", "verdict", "reason"])


def _obstacle(comparable: Mapping[str, bool | str] | str | None, id: str, key: str) -> str:
    """Say why an id cannot be compared; empty where it can."""
    if comparable is None or isinstance(comparable, str):
        return comparable or ""
    found = comparable.get(id, comparable.get(key, True))
    if found is True:
        return ""
    return found or "parameters or cohort are not the paper's"


def _compare(row, found: Computed | None, obstacle: str) -> tuple[float, str, str]:
    value = math.nan if found is None or found.value is None else float(found.value)
    if obstacle:
        return value, NOT_COMPARABLE, obstacle
    if math.isnan(value):
        reason = "not in the registry" if found is None else found.reason or "no value"
        return value, NOT_COMPUTABLE, reason
    same = agrees_with_print(value, row.number, row.decimals, row.bound)
    if row.bound:
        return value, SAME if same else DIFFERS, f"printed as a bound ({row.value}), compared as one"
    if same:
        return value, SAME, ""
    distance = abs(value - row.number)
    return value, DIFFERS, f"off by {distance:.3g}; half a unit of the last digit is {0.5 * 10**-row.decimals:g}"


def concordance_summary(concordance: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts, constants of the design (kind ``stated``) apart from results.

    Returns
    -------
    pandas.DataFrame
        Index "results" and "stated"; one column per verdict, and "printed" for all.

    Examples
    --------
    >>> from helpers.published.values import published_values
    >>> concordance_summary(concordance(published_values(), {}), published_values())["printed"].to_dict()
    {'results': 413, 'stated': 51}
    """
    kind = concordance["id"].map(printed.set_index("id")["kind"])
    group = kind.eq(STATED).map({True: "stated", False: "results"})
    counts = pd.crosstab(group, concordance["verdict"])
    counts = counts.reindex(index=["results", "stated"], columns=list(VERDICTS), fill_value=0)
    return counts.rename_axis(index=None, columns=None).assign(printed=counts.sum(axis=1))
