"""The tables of a cohort while they grow, and the account of each value and row."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from helpers.importing.code_words import meaning
from helpers.importing.mapping import ColumnMap, Mapping
from helpers.importing.patients import Keys
from helpers.importing.word_lists import CODES
from helpers.problems import Problem

LOG = ["file", "row", "column", "rule", "found", "became"]


ONE_ROW = ("patients", "response", "followup", "status")


@dataclass
class Work:
    """The tables while they grow, and the account of what was done."""

    mapping: Mapping
    keys: Keys
    single: dict[str, dict[str, dict[str, tuple[object, str]]]] = field(
        default_factory=lambda: {table: defaultdict(dict) for table in ONE_ROW}
    )
    many: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    origin: dict[str, datetime] = field(default_factory=dict)
    ends: dict[str, list[tuple[str, float, str]]] = field(default_factory=lambda: defaultdict(list))
    declared: dict[str, dict] = field(default_factory=dict)
    analytes: dict[str, str] = field(default_factory=dict)
    recorded: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    infusions: dict[str, list[tuple[float, datetime | None, int]]] = field(default_factory=lambda: defaultdict(list))
    everyone: dict[str, str] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    answered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    denied: set[str] = field(default_factory=set)
    kept: set[tuple] = field(default_factory=set)
    log: list[tuple] = field(default_factory=list)
    rows: Counter = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, place: str, row: int, column: ColumnMap, rule: str, found: object, became: object) -> None:
        """Write a line of the log; text shows as its length only, dates not at all."""
        shown = (
            found
            if isinstance(found, (int, float)) or is_plain_code(found)
            else f"text of {len(str(found))} characters"
        )
        self.log.append(
            (place, row, column.column or column.at, rule, "a date" if isinstance(found, datetime) else shown, became)
        )

    def set_value(self, table: str, patient: str, column: str, value: object, file: str, row: int) -> None:
        """Set a patient's value; another value for the same patient is a problem, not a choice."""
        if value is None:
            return
        known = self.single[table][patient].get(column)
        if known is not None and known[0] != value:
            self.problems.append(
                Problem(table, row, column, f"another value than in {known[1]}", "one value for each patient", file)
            )
            return
        self.single[table][patient][column] = (value, f"row {row}")

    def ask(self, what: str, patient: str, answer: object) -> None:
        """Note that the files ask something of a patient (a word of the table status), and whether they answer it."""
        self.asked[what].add(patient)
        if answer not in (None, "", "unknown"):
            self.answered[what].add(patient)
        if answer in ("no", "0", "censored"):
            self.denied.add(what)


def is_plain_code(found: object) -> bool:
    """Tell whether a cell is a number or a known code, which a message may show.

    Examples
    --------
    >>> is_plain_code("<2.5"), is_plain_code("yes"), is_plain_code("Smith")
    (True, True, False)
    """
    if not isinstance(found, str):
        return False
    return re.fullmatch(r"[<>≤≥*]?\s*[-+]?[\d.,]{1,12}", found.strip()) is not None or any(
        meaning(found, kind) for kind in CODES
    )
