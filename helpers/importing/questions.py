"""The questions that a mapping leaves to a person."""

from __future__ import annotations

from helpers.importing.mapping import ColumnMap, Mapping, SheetMap


def ask_about(base: ColumnMap | SheetMap | Mapping, doubts: list[str]) -> ColumnMap:
    """Add questions that a person has to answer, each once."""
    for doubt in doubts:
        if not base.decide:
            base.decide = doubt
        elif doubt != base.decide:
            base.also_decide.append(doubt)
    return base
