"""Check a cohort before anything is run: what is wrong, what is unlikely, what is taken for granted, what it will give."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from helpers import paths
from helpers.cohort.assumptions import assumptions_made
from helpers.cohort.clean import clean_extracts
from helpers.cohort.cohort_json import META
from helpers.cohort.derive import analyse
from helpers.cohort.plausibility_checks import Warned, plausibility_warnings
from helpers.cohort.raw import EXTRACTS
from helpers.cohort.read import Reading, read_folder
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.problems import InputError, Problem, in_the_singular
from helpers.run.files import refuse_foreign_files, write_own_file
from helpers.run.sections import Section, section_outlook

STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886; vertical-align: top }
td:nth-child(3) { font-variant-numeric: tabular-nums }
.bad { color: #b3261e } .good { color: #1b7f3b }
@media (prefers-color-scheme: dark) { .bad { color: #ff8a80 } .good { color: #7ddc9a } }
"""


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    cohort : Cohort or None
        As far as it could be read; None if there is no table patients.
    problems : tuple of Problem
        What must be mended before anything runs.
    warned : tuple of Warned
        What is unlikely.
    assumed, notes : tuple of str
        What is taken for granted; what is absent or was left out.
    outlook : tuple of (Section, str)
        What each notebook will give: an empty reason if it will. Empty while there are problems.
    opening : str
        A line about hospital extracts that were cleaned first.
    """

    cohort: Cohort | None
    problems: tuple[Problem, ...] = ()
    warned: tuple[Warned, ...] = ()
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outlook: tuple[tuple[Section, str], ...] = field(default=(), repr=False)
    opening: str = ""


def check_folder(folder: str | Path = "") -> Checked:
    """Check the cohort, or the hospital extracts, in *folder* (empty: the default cohort).

    Nothing is raised for what is wrong with a cohort: errors and warnings come at once.

    Examples
    --------
    >>> checked = check_folder()
    >>> len(checked.problems), len(checked.warned), all(reason == "" for _, reason in checked.outlook)
    (0, 0, True)
    """
    folder, parameters = Path(folder or paths.COHORT), Parameters()
    opening = ""
    try:
        if any((folder / extract.file).exists() for extract in EXTRACTS.values()):
            cohort, log = clean_extracts(folder)
            rows = log.groupby("action")["rows"].sum()
            counts = ", ".join(f"{rows.get(action, 0)} rows {action}" for action in ("changed", "dropped"))
            opening = f"Hospital extracts; cleaning them ({counts}) gives:"
            reading = Reading(None, dict(cohort.tables))
        else:
            reading = read_folder(folder)
            cohort = _as_far_as_read(reading)
    except InputError as error:
        return Checked(None, error.problems)
    if cohort is None:
        return Checked(None, tuple(reading.problems), notes=tuple(reading.notes))
    warned = plausibility_warnings(cohort)
    if reading.problems:
        return Checked(cohort, tuple(reading.problems), warned, notes=tuple(reading.notes))
    expected = tuple(section_outlook(analyse(cohort, parameters)))
    assumed = assumptions_made(cohort, parameters)
    return Checked(cohort, (), warned, assumed, tuple(reading.notes), expected, opening)


def show_check(folder: str | Path | None, *, as_json: bool = False, page: Path | None = None) -> Checked:
    """Check *folder* and tell the result, as text or JSON and, if asked for, as a page.

    Raises
    ------
    InputError
        If a page stands there that no check wrote; what is wrong with the cohort, after everything else has been told.
    """
    refuse_foreign_files([page] if page is not None else [], "check")
    checked = check_folder(folder or "")
    if page is not None:
        write_own_file(page, "check", lambda path: paths.write_text(path, as_html(checked)))
    if as_json:
        click.echo(json.dumps(as_object(checked), indent=1, ensure_ascii=False))
    elif text := as_text(checked):
        click.echo(text, err=bool(checked.problems))  # a refusal leaves standard output empty
    if checked.problems:
        raise InputError(checked.problems)
    return checked


def _as_far_as_read(reading: Reading) -> Cohort | None:
    if "patients" not in reading.tables:
        return None
    said = reading.declaration
    meta = {key: said.meta[key] for key in META}
    return Cohort(
        **meta, tables=reading.tables, declared=said.declared, notes=tuple(reading.notes), recorded=said.recorded,
        stands_for=said.meta["stands_for"], analytes=said.analytes,
    )  # fmt: skip


def as_text(checked: Checked) -> str:
    """Write a check as plain text; what is wrong stands in the error message and not here."""
    return "\n".join(map(in_the_singular, _lines(checked)))


def _lines(checked: Checked) -> Iterator[str]:
    if checked.opening:
        yield checked.opening
    if (cohort := checked.cohort) is not None:
        yield f"{cohort.name} ({'synthetic' if cohort.synthetic else 'not synthetic'}), {cohort.day_zero}"
        for table, frame in cohort.tables.items():
            yield f"  {table}: {len(frame)} rows, {frame.shape[1]} columns"
        for note in checked.notes:
            yield f"  {note}"
    if checked.warned:
        yield f"{len(checked.warned)} warnings, each of which may be right:"
        yield from (f"  {warned}" for warned in checked.warned)
    if checked.assumed:
        yield "Taken for granted:"
        yield from (f"  {line}" for line in checked.assumed)
    if checked.outlook:
        given = sum(not reason for _, reason in checked.outlook)
        yield f"Of {len(checked.outlook)} sections of the notebooks this cohort gives {given}:"
        for notebook, sections in groupby(checked.outlook, key=lambda pair: pair[0].notebook):
            yield f"  {notebook}"
            yield from (f"    {'no ' if reason else 'yes'} {section.shows}{f': {reason}' if reason else ''}"
                        for section, reason in sections)  # fmt: skip


def as_object(checked: Checked) -> dict[str, Any]:
    """Return a check as an object of plain values: cohort, problems, warnings, assumptions, notes, sections."""
    cohort = checked.cohort
    about = {} if cohort is None else {
        "name": cohort.name, "origin": cohort.origin, "synthetic": cohort.synthetic, "stands_for": cohort.stands_for,
        "tables": {table: {"rows": len(frame), "columns": frame.shape[1]} for table, frame in cohort.tables.items()},
        "recorded": {table: list(words) for table, words in cohort.recorded.items()},
    }  # fmt: skip
    return {
        "cohort": about,
        "problems": [{**asdict(problem), "found": str(problem.found)} for problem in checked.problems],
        "warnings": [asdict(warned) for warned in checked.warned],
        "assumptions": list(checked.assumed),
        "notes": list(checked.notes),
        "sections": [
            {"notebook": section.notebook, "shows": section.shows, "given": not reason, "reason": reason}
            for section, reason in checked.outlook
        ],
    }


def as_html(checked: Checked) -> str:
    """Write a check as one HTML page without scripts or links; every text of the cohort stays text."""
    cohort = checked.cohort
    name = cohort.name if cohort else "a cohort"
    kind = "" if cohort is None else "Synthetic cohort: no real patients. " if cohort.synthetic else ""
    head = f'<meta charset="utf-8"><title>Check of {html.escape(name)}</title><style>{STYLE}</style>'
    verdict = (
        f'<p class="bad">{len(checked.problems)} things must be mended before anything runs.</p>'
        if checked.problems
        else '<p class="good">Nothing has to be mended.</p>'
    )
    day = f"Day 0 is {html.escape(cohort.origin)}." if cohort else ""
    parts = [f"<h1>Check of {html.escape(name)}</h1><p>{kind}{day}</p>", verdict]
    parts.append(_table("To be mended", ["file", "rows", "column", "found", "allowed"], [
        [p.file or p.table, f"{p.row}" + (f" ({p.count})" if p.count > 1 else ""), p.column, p.found, p.allowed]
        for p in checked.problems
    ]))  # fmt: skip
    parts.append(_table("Unlikely: look again", ["file", "column", "count", "rows", "why"], [
        [f"{w.table}.csv", w.column, w.count, w.rows, w.reason] for w in checked.warned
    ]))  # fmt: skip
    parts.append(_table("Taken for granted", ["what"], [[line] for line in checked.assumed]))
    parts.append(_table("What the notebooks will show", ["notebook", "section", "shown", "why not"], [
        [section.notebook, section.shows, "no" if reason else "yes", reason] for section, reason in checked.outlook
    ]))  # fmt: skip
    parts.append(_table("Absent or left out", ["what"], [[note] for note in checked.notes]))
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _table(title: str, columns: list[str], rows: list[list[object]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{html.escape(title)}</h2><table><tr>{head}</tr>{body}</table>"
