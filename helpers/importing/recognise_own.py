"""Columns beyond the dictionary, kept under names of their own."""

from __future__ import annotations

import re

from helpers.cohort.schema import TABLES
from helpers.importing.code_words import meaning
from helpers.importing.facts import Facts, is_only_a_day
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_codes import recognise_codes
from helpers.importing.recognise_dates import ask_about_sentinel
from helpers.importing.recognise_numbers import ask_about_other_text
from helpers.importing.shown_codes import is_shown, may_be_shown, ranks_of
from helpers.importing.units import time_unit_of

NO_PLACE = "a date that has no place: not kept"


TITLED = re.compile(r"(^|\| )(dr|mr|mrs|ms|prof|frau|herr|mme|sr|sra)\b\.? ", re.IGNORECASE)
LONG_NUMBER = 10_000_000  # numbers of telephones, records and the like
OTHER_TIME = re.compile(r"age|alter|years? of|duration|interval|birth|prior|before|since|diagnosis|年龄|病程")


def recognise_own(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Keep a column beyond the dictionary under a name of its own, if its cells are numbers or a few codes."""
    if facts.is_date:
        base.reason = NO_PLACE
        return base
    if row_is not in ("patient", "sample", "infusion"):
        base.reason = "not in the dictionary, and no patient's property"
        return base
    base.name = _own_name(base, facts)
    labels = {facts.labels.get(code, code) for code in facts.counts}
    if facts.counts and all(meaning(label, "yes_no") for label in labels):
        base.to, base.kind = "declared", "boolean"
        return recognise_codes(base, facts, "yes_no")
    if TITLED.search(" | ".join(map(str, labels))) or (facts.numbers and min(facts.numbers) >= LONG_NUMBER):
        base.reason = "it may identify a person: not read"
        return base
    labelled = bool(facts.labels) and set(facts.counts) <= set(facts.labels)
    found = _plain_codes(base, facts) or _times_with_a_plus(base, facts)
    if found is None and facts.is_number and not labelled:
        found = _own_number(base, facts, row_is)
    if found is None and (facts.safe_codes() or labelled):
        found = _own_category(base, facts)
    if found is None:
        base.reason = "text of many values: not read"
    return found or base


def _own_name(base: ColumnMap, facts: Facts) -> str:
    """Name a column after its heading; a REDCap box after what it stands for."""
    words = facts.said.title if facts.column.name.count("___") else base.column
    name = re.sub(r"[^a-z0-9]+", "_", bare(words)).strip("_") or f"column_{base.at}"
    return name + "_here" * any(name in columns for columns in TABLES.values())


def _plain_codes(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    """Keep 0 and 1 as no and yes, and a few small numbers that come again and again as groups."""
    if facts.labels or not facts.counts:
        return None
    if set(facts.counts) == {"0", "1"}:
        base.to, base.kind, base.confidence = "declared", "boolean", "likely"
        base.codes, base.counts = {"0": "no", "1": "yes"}, dict(sorted(facts.counts.items()))
        base.reason = "not in the dictionary; 0 and 1 read as no and yes"
        return base
    often = len(facts.counts) > 1 and len(facts.filled) > 2 * len(facts.counts)
    if not (set(facts.counts) <= {"1", "2", "3", "4"} and often):
        return None
    base.to, base.kind, base.confidence = "declared", "category", "likely"
    base.codes, base.counts = {code: code for code in sorted(facts.counts)}, dict(sorted(facts.counts.items()))
    base.reason = "not in the dictionary: a few whole numbers, kept as groups of their own"
    return base


def _times_with_a_plus(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    cells = (cell.strip() for cell in facts.filled if isinstance(cell, str))
    plus = sum(re.fullmatch(r"\d+([.,]\d+)?\s*\+", cell) is not None for cell in cells)
    if not plus:
        return None
    base.reason = "times with a plus: not read"
    return ask_about(base, [f"`to`: {plus} cells are numbers with a plus, which usually means censored: not read; write the time and the status in columns of their own"])  # fmt: skip


def _own_number(base: ColumnMap, facts: Facts, row_is: str) -> ColumnMap:
    """Keep numbers; those of a day or of a time that nothing explains are asked about."""
    base.to, base.kind = "declared", "number"
    if is_only_a_day(facts.column.name) and row_is in ("patient", "infusion"):
        ask_about(base, ["`to`: numbers of one day, and nothing says of what: kept as a number of its own; right? (a measurement: write `to: lab`, `name`, `unit` and `day`)"])  # fmt: skip
    unit = time_unit_of(f"{base.column} {facts.column.title} {facts.said.title}")
    if unit and not facts.is_flag and not OTHER_TIME.search(f" {bare(base.column)} {bare(facts.column.title)} "):
        ask_about(base, [f"`to`: {unit} whose meaning is not known: kept as a number of its own; right? (a time to an event or of follow-up: write `to: time`, `name`, `unit` here, and `to: status` and `time_at` at its status)"])  # fmt: skip
    ask_about_other_text(base, facts)
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    ask_about_sentinel(base, facts)
    base.reason = "not in the dictionary: kept as a number of its own"
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


def _own_category(base: ColumnMap, facts: Facts) -> ColumnMap:
    base.to, base.kind = "declared", "category"
    base.codes = {code: facts.labels.get(code, code) for code in sorted(facts.counts)}
    base.counts = dict(sorted(facts.counts.items()))
    base.missing = [code for code in facts.missing if code not in base.codes]
    base.reason = "not in the dictionary: kept as a category of its own"
    return _hide_names(base, facts)


def _hide_names(base: ColumnMap, facts: Facts) -> ColumnMap:
    """Put numbers in the place of words that are not known here and could be names."""
    if may_be_shown(f"{base.column} {base.over} {facts.column.title} {facts.said.title}", base.codes.values()):
        return base
    if facts.labels and set(facts.counts) <= set(facts.labels):
        base.codes = {code: label if is_shown(label) else code for code, label in base.codes.items()}
        base.reason += "; labels that could be names are left out"
        return base
    ranks = ranks_of(facts.column.cells)
    base.hidden, base.missing = True, [code for code in base.missing if is_shown(code)]
    base.codes = {ranks[code]: ranks[code] for code in base.codes}
    base.counts = {ranks[code]: count for code, count in base.counts.items()}
    base.reason += "; its words are not known here and could be names: numbered in the order of the alphabet"
    return base
