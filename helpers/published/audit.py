"""The audit of a print: every declared relation is checked, and everything that was checked is told.

Works from a folder of published values and relations alone, without any patients, and for any paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED, write_csv
from helpers.problems import InputError
from helpers.published import counts, dates, effects, groups, medians, milestones  # noqa: F401  (they register the kinds of check)
from helpers.published.relations import (
    CONSISTENT,
    CONTRADICTION,
    KINDS,
    SEVERITY,
    VERDICTS,
    Check,
    Outcome,
    Relation,
    relations,
    unknown,
)
from helpers.published.values import Printed, aliases, printed_values, published
from helpers.published.words import state

COLUMNS = [
    "finding", "ids", "verdict", "statement_a", "where_a", "statement_b", "where_b", "arithmetic", "sureness",
]  # fmt: skip


def audit(directory: str | Path | None = None, out: str | Path | None = None) -> pd.DataFrame:
    """Check the printed numbers of a paper against each other.

    Parameters
    ----------
    directory : str, Path or None
        Folder with ``published_values.csv`` and ``relations.csv``; None: that of Zhang et al. 2025.
    out : str, Path or None
        CSV file to write the result to; None writes nothing.

    Returns
    -------
    pandas.DataFrame
        One row per relation, the most consequential first, the consistent ones last: finding, ids, verdict,
        statement_a, where_a, statement_b, where_b, arithmetic, sureness.

    Raises
    ------
    InputError
        With every problem of both files at once.

    Examples
    --------
    >>> frame = audit()
    >>> frame.iloc[0][["finding", "verdict"]].tolist()
    ['hazard ratio of low-dose GC: table and text against abstract', 'cannot both hold as printed']
    """
    directory = Path(directory or PUBLISHED)
    frame = published(directory)
    values, again = printed_values(frame), aliases(frame)
    declared = relations(directory)
    problems = unknown(declared, values)
    if problems:
        raise InputError(problems)
    found = findings(complete(declared, frame), values, again)
    if out is not None:
        write_csv(out, found)
    return found


def complete(declared: list[Relation], frame: pd.DataFrame) -> list[Relation]:
    """Add a comparison for every quantity that is printed more than once and that no relation compares.

    Examples
    --------
    >>> extra = [r for r in complete([], published()) if r.name == "same.table2.tcz.n"]
    >>> extra[0].groups
    (('table2.tcz.n',), ('results.patients.tcz.n',))
    """
    compared = {id for relation in declared if relation.kind in ("same", "swap") for id in relation.ids}
    again = frame[(frame["alias_of"] != "") & ~frame["id"].isin(compared)]
    what = frame.set_index("id")["what"]
    extra = [
        Relation(f"same.{id}", f"printed again: {what[id]}", "same", ((id,), tuple(group["id"])))
        for id, group in again.groupby("alias_of", sort=False)
    ]
    return [*declared, *extra]


def findings(
    declared: Iterable[Relation], values: dict[str, Printed], again: dict[str, str] | None = None
) -> pd.DataFrame:
    """Check relations on printed values and give the frame of :func:`audit`."""
    checked = [(relation, check(relation, values, again or {})) for relation in declared]
    checked.sort(key=lambda pair: (-SEVERITY[pair[1].verdict], pair[0].rank))
    rows = [_row(relation, outcome, values) for relation, outcome in checked]
    return pd.DataFrame(rows, columns=COLUMNS)


def check(relation: Relation, values: dict[str, Printed], again: dict[str, str] | None = None) -> Outcome:
    """Check one relation; a value on which its arithmetic breaks down contradicts it.

    Examples
    --------
    >>> from helpers.published.values import printed_values
    >>> values = printed_values(published())
    >>> check(Relation("x", "", "sum", (("table1.male.n", "table1.female.n"), ("table1.n",))), values).verdict
    'consistent'
    """
    try:
        return KINDS[relation.kind](Check(relation, values, again or {}))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        return Outcome(CONTRADICTION, f"the arithmetic breaks down: {error}")


def _row(relation: Relation, outcome: Outcome, values: dict[str, Printed]) -> tuple[str, ...]:
    first = outcome.group_a or [values[id] for id in relation.groups[0]]
    rest = outcome.group_b or [values[id] for group in relation.groups[1:] for id in group] or first
    return (
        relation.finding,
        " ".join(relation.ids),
        outcome.verdict,
        outcome.statement_a or state(first),
        _where(first),
        outcome.statement_b or state(rest),
        _where(rest),
        outcome.arithmetic,
        outcome.sureness,
    )


def _where(group: list[Printed]) -> str:
    return "; ".join(dict.fromkeys(printed.where for printed in group))


def tally(found: pd.DataFrame) -> pd.Series:
    """Count the findings by verdict, the most consequential first.

    Examples
    --------
    >>> tally(audit()).index.tolist() == list(VERDICTS)
    True
    """
    return found["verdict"].value_counts().reindex(list(VERDICTS), fill_value=0)


def innocents(directory: str | Path | None = None) -> dict[str, str]:
    """Map findings to the reading under which only the print is wrong, where one is declared.

    Examples
    --------
    >>> innocents()["resolution or response: CRS"]
    'One rate under two names.'
    """
    return {relation.finding: relation.innocent for relation in relations(directory or PUBLISHED) if relation.innocent}


def letter(found: pd.DataFrame, readings: Mapping[str, str], *verdicts: str, start: int = 1) -> str:
    """Write the findings of some verdicts as numbered Markdown paragraphs, arithmetic in the open.

    Parameters
    ----------
    found : pandas.DataFrame
        From :func:`audit`.
    readings : mapping of finding to text
        From :func:`innocents`.
    *verdicts : str
        Verdicts to tell, in the order of *found*.
    start : int
        Number of the first paragraph.

    Examples
    --------
    >>> print(letter(audit(), innocents(), "rounding").splitlines()[0])
    1. **Percentage: relapse location before CAR-T: BM+CNS** (*rounding*)
    """
    chosen = found[found["verdict"].isin(verdicts)]
    return "\n\n".join(
        _paragraph(i, row, readings) for i, row in enumerate(chosen.itertuples(index=False), start=start)
    )


def _paragraph(number: int, row, readings: Mapping[str, str]) -> str:
    again = row.statement_b == row.statement_a
    title = row.finding if row.finding[1:2] == " " else row.finding[:1].upper() + row.finding[1:]
    sure, colon, because = row.sureness.partition(": ")
    lines = [
        f"{number}. **{title}** (*{row.verdict}*)",
        f"    - {row.where_a}: {row.statement_a}",
        *([] if again else [f"    - {row.where_b}: {row.statement_b}"]),
        f"    - Arithmetic: {row.arithmetic}.",
        f"    - How sure: {f'{sure} ({because})' if colon else sure}.",
    ]
    reading = readings.get(row.finding)
    return "\n".join(lines + ([f"    - An innocent reading: {reading}"] if reading else []))


def report(found: pd.DataFrame) -> str:
    """Give the findings as plain text: a count by verdict, then each that is not consistent with its reckoning.

    Examples
    --------
    >>> report(audit()).splitlines()[0].endswith("relations checked")
    True
    """
    lines = [f"{len(found)} relations checked"]
    lines += [f"  {number:4d} {verdict}" for verdict, number in tally(found).items()]
    for row in found[found["verdict"] != CONSISTENT].itertuples(index=False):
        lines += ["", f"{row.verdict}: {row.finding}", f"  {row.arithmetic}", f"  {row.sureness}"]
    return "\n".join(lines)
