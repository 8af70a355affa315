"""What published numbers have to do with each other: the declared relations, and the words for what comes of a check.

``relations.csv`` declares, for each relation, which printed numbers are bound by which kind of check; the verdict is
computed from the values, never written there. A kind is a function of (``Check``) registered with :func:`relation_kind`;
they live in ``counts.py``, ``effects.py`` and ``curves.py``. The format is documented in data/published/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.paths import PUBLISHED
from helpers.problems import InputError, Problem
from helpers.published.values import Printed, read_table

FILE = "relations.csv"
COLUMNS = ["relation", "finding", "rank", "kind", "ids", "options", "innocent"]
OPTIONAL = ["slip", "question"]

CONSISTENT = "consistent"
ROUNDING = "rounding"
WORDING = "wording"
UNDISCLOSED = "convention not disclosed"
CONTRADICTION = "cannot both hold as printed"
REPEATED = "printed again, alike"
VERDICTS = (CONTRADICTION, UNDISCLOSED, WORDING, ROUNDING, CONSISTENT, REPEATED)  # most consequential first
HOLDS = (CONSISTENT, REPEATED)
SEVERITY = {verdict: len(VERDICTS) - 1 - i for i, verdict in enumerate(VERDICTS)}

ARITHMETIC = "certain: arithmetic of the published numbers alone"


@dataclass(frozen=True)
class Relation:
    """One declared relation.

    Parameters
    ----------
    name : str
        Short stable name.
    finding : str
        What is compared, in neutral words: the verdict says how it ended.
    kind : str
        Kind of check.
    groups : tuple of tuple of str
        Ids of printed values, in groups whose meaning the kind defines.
    options : dict
        Settings of the kind, as text.
    rank : int
        Order of consequence among findings of one verdict, 1 first.
    innocent : str
        How it may have come about with nothing wrong in the study.
    slip : str
        Title of the finding that it belongs to, if one slip breaks several relations; empty: its own.
    question : str
        What the authors are asked, where arithmetic does not settle it.
    """

    name: str
    finding: str
    kind: str
    groups: tuple[tuple[str, ...], ...]
    options: dict[str, str] = field(default_factory=dict)
    rank: int = 99
    innocent: str = ""
    slip: str = ""
    question: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, in order, each once."""
        return tuple(dict.fromkeys(id for group in self.groups for id in group))


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Parameters
    ----------
    verdict : str
        One of :data:`VERDICTS`.
    arithmetic : str
        The reckoning, in the open.
    sureness : str
        "certain", "near certain", "likely" or "possible", and what it rests on.
    statement_a, statement_b : str
        The two statements compared; empty: what the two groups print.
    group_a, group_b : sequence of Printed
        Whose print and places they are; empty: the first group, and the others.
    """

    verdict: str
    arithmetic: str
    sureness: str = ARITHMETIC
    statement_a: str = ""
    statement_b: str = ""
    group_a: Sequence[Printed] = ()
    group_b: Sequence[Printed] = ()


@dataclass(frozen=True)
class Check:
    """A relation together with the printed values; what a kind works on.

    Examples
    --------
    >>> from decimal import Decimal
    >>> values = {"a": Printed("a", Decimal(2), 0), "b": Printed("b", Decimal(3), 0)}
    >>> Check(Relation("x", "", "sum", (("a", "b"),)), values).numbers(0)
    [2.0, 3.0]
    """

    relation: Relation
    values: dict[str, Printed]
    aliases: dict[str, str] = field(default_factory=dict)

    def group(self, index: int) -> list[Printed]:
        """Give the printed values of a group."""
        return [self.values[id] for id in self.relation.groups[index]]

    def one(self, index: int) -> Printed:
        """Give the first printed value of a group."""
        return self.group(index)[0]

    def numbers(self, index: int) -> list[float]:
        """Give the numbers of a group."""
        return [float(printed.number) for printed in self.group(index)]

    def total(self, index: int) -> float:
        """Give the sum of a group."""
        return float(sum(printed.number for printed in self.group(index)))

    def option(self, name: str, default: str = "") -> str:
        """Give an option, as text."""
        return self.relation.options.get(name, default)


KINDS: dict[str, Callable[[Check], Outcome]] = {}


def relation_kind(name: str) -> Callable:
    """Register a function as the check of a kind of relation."""

    def register(function: Callable[[Check], Outcome]) -> Callable[[Check], Outcome]:
        KINDS[name] = function
        return function

    return register


def read_relations(directory: str | Path = PUBLISHED) -> list[Relation]:
    """Read the declared relations of a folder of published values.

    Parameters
    ----------
    directory : str or Path
        Folder that holds ``relations.csv``.

    Returns
    -------
    list of Relation
        In the order of the file.

    Raises
    ------
    InputError
        If a column is missing, a name stands twice, a rank is no whole number or an option has no "=".

    Examples
    --------
    >>> [r.groups for r in read_relations() if r.name == "nongc_is_the_rest"]
    [(('table2.gc.n', 'results.multivariable.nongc.n'), ('results.efficacy.analysed.n',))]
    """
    frame = read_table(Path(directory) / FILE, COLUMNS)
    frame = frame.assign(**{column: "" for column in OPTIONAL if column not in frame.columns})
    problems = _problems(frame)
    if problems:
        raise InputError(problems)
    return [_relation(row) for row in frame.itertuples(index=False)]


def _relation(row) -> Relation:
    groups = tuple(tuple(group.split()) for group in row.ids.split("|"))
    options = dict(part.strip().split("=", 1) for part in row.options.split(";") if part.strip())
    return Relation(
        row.relation, row.finding, row.kind, groups, options, int(row.rank or 99), row.innocent, row.slip, row.question
    )


def _problems(frame: pd.DataFrame) -> list[Problem]:
    problems = []
    twice = frame["relation"].duplicated()
    for number, (row, again) in enumerate(zip(frame.itertuples(index=False), twice, strict=True), start=2):
        options = [part for part in row.options.split(";") if part.strip()]
        checks = [
            (not again and row.relation != "", "relation", row.relation, "a name that no other row has"),
            (row.rank.isdigit() or not row.rank, "rank", row.rank, "a whole number, or empty"),
            (all("=" in part for part in options), "options", row.options, "name=value; name=value"),
        ]
        problems += [
            Problem("relations", number, column, found, allowed, FILE)
            for good, column, found, allowed in checks
            if not good
        ]
    return problems


def unknown_relations(declared: list[Relation], values: dict[str, Printed]) -> list[Problem]:
    """List relations of an unknown kind or about values that no row prints."""
    problems = []
    for number, relation in enumerate(declared, start=2):
        if relation.kind not in KINDS:
            problems.append(Problem("relations", number, "kind", relation.kind, ", ".join(sorted(KINDS)), FILE))
        problems += [
            Problem("relations", number, "ids", id, "an id of published_values.csv", FILE)
            for id in relation.ids
            if id not in values
        ]
    return problems
