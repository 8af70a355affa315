"""How much the audit would notice: each printed value is altered in turn, and the relations about it are checked again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED
from helpers.published.audit import check_relation, with_repetitions
from helpers.published.relations import CONTRADICTION, ROUNDING, SEVERITY, UNDISCLOSED, Relation, read_relations
from helpers.published.values import Printed, alias_ids, printed_values, published_values

UNITS = (1, 10)
SPELT = {
    "ci_high": "upper limit",
    "ci_low": "lower limit",
    "half_width": "± of a survival rate",
    "hr": "hazard ratio",
    "p": "p-value",
    "percent": "percentage",
    "range_high": "upper end of a range",
    "range_low": "lower end of a range",
    "rate": "survival rate",
    "stated": "constant of the design",
}  # kinds of value, for readers
CONTEXT = {"factor_reference": 3, "se_events": 3, "se_total": 1}  # groups from here on are only looked up


def altered_value(printed: Printed, units: int) -> Printed | None:
    """Give a value moved by *units* of its last printed digit; None if it would fall below zero.

    A sign ("≥") or bound that was printed with it stays.

    Examples
    --------
    >>> from decimal import Decimal
    >>> altered_value(Printed("a", Decimal("0.44"), 2, value="0.44"), -10).value
    '0.34'
    """
    number = printed.number + units * printed.unit
    if number < 0:
        return None
    lead = printed.value[: len(printed.value) - len(printed.value.lstrip("<>≤≥≦≧="))]
    return replace(printed, number=number, value=f"{lead}{number:.{printed.decimals}f}")


def audit_sensitivity(directory: str | Path = PUBLISHED) -> pd.DataFrame:
    """Alter each consistent value up and down and tell whether a verdict grew worse.

    Values that a finding "cannot both hold as printed" or "rounding" is about are left out (not those that it only looks
    up, nor those that merely lack a decimal), nor those of two tests that do not belong together. A value that no relation is about counts as unnoticed.

    Returns
    -------
    pandas.DataFrame
        One row per alteration: id, kind, relations (their number), units (signed), noticed.
    """
    frame = published_values(directory)
    values, again = printed_values(frame), alias_ids(frame)
    about: dict[str, list[tuple[Relation, int]]] = defaultdict(list)
    wrong: set[str] = set()
    for relation in with_repetitions(read_relations(directory), frame):
        verdict = check_relation(relation, values, again).verdict
        broken = verdict in (CONTRADICTION, ROUNDING) or (verdict == UNDISCLOSED and relation.kind == "logrank_cox")
        if broken and relation.kind != "digits":
            own = relation.groups[: CONTEXT.get(relation.kind)]
            wrong.update(id for group in own for id in group)
        for id in relation.ids:
            about[id].append((relation, SEVERITY[verdict]))
    rows = []
    for id, printed in values.items():
        for units in sorted({sign * size for size in UNITS for sign in (-1, 1)}):
            other = altered_value(printed, units)
            if id in wrong or other is None:
                continue
            noticed = _noticed(about[id], values | {id: other}, again)
            rows.append((id, printed.kind, len(about[id]), units, noticed))
    return pd.DataFrame(rows, columns=["id", "kind", "relations", "units", "noticed"])


def _noticed(about: list[tuple[Relation, int]], values: dict[str, Printed], again: dict[str, str]) -> bool:
    return any(SEVERITY[check_relation(relation, values, again).verdict] > before for relation, before in about)


def noticed_shares(found: pd.DataFrame) -> pd.DataFrame:
    """Give the shares noticed by kind of value and size of the alteration, in percent.

    Parameters
    ----------
    found : pandas.DataFrame
        From :func:`audit_sensitivity`.

    Returns
    -------
    pandas.DataFrame
        Index kind, last "all"; columns values (altered), "1 unit, %" and "10 units, %".
    """
    size = found["units"].abs()
    everything = pd.concat([found, found.assign(kind="all")])
    table = everything.pivot_table(index="kind", columns=pd.concat([size, size]), values="noticed", aggfunc="mean")
    table = (100 * table.astype(float)).rename(columns={u: f"{u} unit{'s' * (u > 1)}, %" for u in UNITS})
    table.insert(0, "values", everything.groupby("kind")["id"].nunique())
    order = [*sorted(set(table.index) - {"all"}), "all"]
    return table.loc[order].rename_axis(columns=None)
