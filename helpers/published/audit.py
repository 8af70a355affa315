"""The audit of a paper: every declared relation is checked, and everything that was checked is told.

Relations that one slip breaks are rows of one finding. Works from a folder of published values and relations alone, without any patients, and for any paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED
from helpers.problems import InputError
from helpers.published import counts, dates, effects, groups, medians, milestones  # noqa: F401  (they register the kinds of check)
from helpers.published.relations import (
    CONTRADICTION,
    HOLDS,
    KINDS,
    SEVERITY,
    VERDICTS,
    Check,
    Outcome,
    Relation,
    read_relations,
    unknown_relations,
)
from helpers.published.values import Printed, alias_ids, printed_values, published_values
from helpers.published.words import group_in_words

CAUSE = "How it may have come about"
COLUMNS = [
    "finding",
    "compared",
    "ids",
    "verdict",
    "statement_a",
    "where_a",
    "statement_b",
    "where_b",
    "arithmetic",
    "sureness",
    "innocent",
    "question",
]


def audit_print(directory: str | Path | None = None) -> pd.DataFrame:
    """Check the printed numbers of a paper against each other.

    Parameters
    ----------
    directory : str, Path or None
        Folder with ``published_values.csv`` and ``relations.csv``; None: that of Zhang et al. 2025.

    Returns
    -------
    pandas.DataFrame
        One row per relation, those of one finding together, the most consequential first, those that hold last: finding
        (what is amiss, or what was compared), compared, ids, verdict, statement_a, where_a, statement_b, where_b,
        arithmetic, sureness, innocent (how it may have come about with nothing wrong in the study), question.

    Raises
    ------
    InputError
        With every problem of both files at once.

    Examples
    --------
    >>> frame = audit_print()
    >>> frame.iloc[0][["finding", "verdict"]].tolist()
    ['hazard ratio of low-dose GC: table and text against abstract', 'cannot both hold as printed']
    """
    directory = Path(directory or PUBLISHED)
    frame = published_values(directory)
    values, again = printed_values(frame), alias_ids(frame)
    declared = read_relations(directory)
    problems = unknown_relations(declared, values)
    if problems:
        raise InputError(problems)
    return relation_findings(with_repetitions(declared, frame), values, again)


def with_repetitions(declared: list[Relation], frame: pd.DataFrame) -> list[Relation]:
    """Add a comparison for every quantity that is printed more than once and that no relation compares.

    Examples
    --------
    >>> extra = [r for r in with_repetitions([], published_values()) if r.name == "same.table2.tcz.n"]
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


def relation_findings(
    declared: Iterable[Relation], values: dict[str, Printed], again: dict[str, str] | None = None
) -> pd.DataFrame:
    """Check relations on printed values and give the frame of :func:`audit_print`."""
    checked = [(relation, check_relation(relation, values, again or {})) for relation in declared]
    order: dict[str, tuple[int, int]] = {}
    for relation, outcome in checked:
        weight = -SEVERITY[outcome.verdict], relation.rank
        order[_title(relation, outcome)] = min(weight, order.get(_title(relation, outcome), weight))
    checked.sort(
        key=lambda pair: (order[_title(*pair)], _title(*pair) if pair[0].slip else "", -SEVERITY[pair[1].verdict])
    )
    rows = [_row(relation, outcome, values) for relation, outcome in checked]
    return pd.DataFrame(rows, columns=COLUMNS)


def _title(relation: Relation, outcome: Outcome) -> str:
    """Name the finding: that of the slip, for a relation that it breaks."""
    return relation.slip if relation.slip and outcome.verdict not in HOLDS else relation.finding


def check_relation(relation: Relation, values: dict[str, Printed], again: dict[str, str] | None = None) -> Outcome:
    """Check one relation; a value on which its arithmetic breaks down contradicts it.

    Examples
    --------
    >>> from helpers.published.values import printed_values
    >>> values = printed_values(published_values())
    >>> check_relation(Relation("x", "", "sum", (("table1.male.n", "table1.female.n"), ("table1.n",))), values).verdict
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
        _title(relation, outcome),
        relation.finding,
        " ".join(relation.ids),
        outcome.verdict,
        outcome.statement_a or group_in_words(first),
        _where(first),
        outcome.statement_b or group_in_words(rest),
        _where(rest),
        outcome.arithmetic,
        outcome.sureness,
        relation.innocent,
        relation.question,
    )


def _where(group: list[Printed]) -> str:
    return "; ".join(dict.fromkeys(printed.where for printed in group))


def tally_verdicts(found: pd.DataFrame) -> pd.DataFrame:
    """Count findings and the relations beneath them by verdict, the most consequential first.

    A finding counts under the gravest verdict of its relations.

    Examples
    --------
    >>> tally_verdicts(audit_print()).index.tolist() == list(VERDICTS)
    True
    """
    gravest = found.groupby("finding", sort=False)["verdict"].agg(lambda all_: max(all_, key=SEVERITY.get))
    number = {"findings": gravest.value_counts(), "relations": found["verdict"].value_counts()}
    return pd.DataFrame(number).reindex(list(VERDICTS)).fillna(0).astype(int)


def relations_amiss(found: pd.DataFrame) -> pd.DataFrame:
    """Keep the relations that do not hold."""
    return found[~found["verdict"].isin(HOLDS)]


def findings_letter(found: pd.DataFrame, *verdicts: str, start: int = 1) -> str:
    """Write the findings whose gravest verdict is one of some as numbered Markdown paragraphs, arithmetic in the open.

    Parameters
    ----------
    found : pandas.DataFrame
        From :func:`audit_print`.
    *verdicts : str
        Verdicts to tell, in the order of *found*.
    start : int
        Number of the first paragraph.

    Examples
    --------
    >>> print(findings_letter(audit_print(), "rounding").splitlines()[0])
    1. **Percentage: relapse location before CAR-T: BM+CNS** (*rounding*)
    """
    by_finding = relations_amiss(found).groupby("finding", sort=False)
    kept = [(title, rows) for title, rows in by_finding if rows["verdict"].iloc[0] in verdicts]
    return "\n\n".join(_paragraph(i, title, rows) for i, (title, rows) in enumerate(kept, start=start))


def _paragraph(number: int, title: str, rows: pd.DataFrame) -> str:
    head = title if title[1:2] == " " else title[:1].upper() + title[1:]
    lines = [f"{number}. **{head}** (*{rows['verdict'].iloc[0]}*)"]
    shared = len(set(rows["innocent"])) == 1
    for row in rows.itertuples(index=False):
        lines += _statements(row, alone=len(rows) == 1, cause="" if shared else row.innocent)
    lines += [f"    - {CAUSE}: {text}" for text in rows["innocent"].head(1) if shared and text]
    lines += [f"    - Question: {text}" for text in dict.fromkeys(rows["question"]) if text]
    return "\n".join(lines)


def _statements(row, alone: bool, cause: str) -> list[str]:
    """Write what a comparison is of; *cause* is that of this one alone."""
    sure, colon, because = row.sureness.partition(": ")
    said = [f"{row.where_a}: {row.statement_a}"]
    said += [f"{row.where_b}: {row.statement_b}"] * (row.statement_b != row.statement_a)
    said += [f"Arithmetic: {row.arithmetic}.", f"How sure: {f'{sure} ({because})' if colon else sure}."]
    said += [f"{CAUSE}: {cause}"] * bool(cause)
    return (
        [f"    - {one}" for one in said] if alone else [f"    - {row.compared}", *(f"        - {one}" for one in said)]
    )


def findings_report(found: pd.DataFrame) -> str:
    """Give the findings as plain text: a count by verdict, then each that does not hold, with its reckoning.

    Examples
    --------
    >>> findings_report(audit_print()).splitlines()[0].endswith("relations checked")
    True
    """
    lines = [f"{len(found)} relations checked"]
    lines += [
        f"  {row.relations:4d} {verdict} ({row.findings} findings)" for verdict, row in tally_verdicts(found).iterrows()
    ]
    for title, rows in relations_amiss(found).groupby("finding", sort=False):
        lines += ["", f"{rows['verdict'].iloc[0]}: {title}"]
        for row in rows.itertuples(index=False):
            lines += [f"  {row.compared}: {row.arithmetic}", f"    {row.sureness}"]
        lines += [f"  Question: {text}" for text in dict.fromkeys(rows["question"]) if text]
    return "\n".join(lines)
