"""Logs with a row per dated event or visit, laid out with a row per patient; those that are graded stay rows of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpers.importing.cells import is_missing
from helpers.importing.dates import order_of, read_date
from helpers.importing.event_words import kinds_in
from helpers.importing.headings import target_of
from helpers.importing.plain_words import CHINESE, bare
from helpers.importing.record_words import names_a_grade, syndrome_of
from helpers.importing.sheet import Cell, Sheet
from helpers.importing.table import SourceColumn, Table, find_table

EVENT_NAMES = (
    "event",
    "event type",
    "milestone",
    "event name",
    "type of event",
    "ereignis",
    "evenement",
    "evento",
    "事件",
    "事件类型",
    "dsdecod",
)
WIDEST, MOST_KINDS = 10, 30
GRADE = re.compile(r"(?:\b(?:grade|grad|gr|g)|级别|分级)\s*[:=]?\s*([1-5])\b|\b([1-5])\s*级", re.IGNORECASE)
SEEN = "Last seen"
ENDED = re.compile(
    r"\b(lost|withdr\w*|complet\w*|transferred|cut ?off|visit|follow up|seen|contact|alive)\b|失访|随访|存活"
)


@dataclass(frozen=True)
class Log:
    """Where a log has its patients, dates and events, and its other columns."""

    table: Table
    patient: SourceColumn
    date: SourceColumn
    event: SourceColumn
    others: tuple[SourceColumn, ...]


def by_event(sheet: Sheet) -> list[Sheet]:
    """Lay a sheet with a row per dated event (infusion, relapse, death, last contact) out with a row per patient and a column per event.

    Only where half of the events or more have a date that has a place, and no column of results or doses stands beside them. Rows
    without an event are visits: the last of a patient is the last contact. An event that a patient has again gets a column of its
    own. CRS and ICANS whose grade is told in the row become a sheet with a row per episode.

    Examples
    --------
    >>> rows = [["id", "event", "date"], ["1", "Infusion", "2021-03-14"], ["1", "Relapse", "2021-06-22"], ["2", "Infusion", "2021-04-20"]]
    >>> by_event(Sheet("a.csv", "", rows))[0].cells
    [['id', 'Infusion date', 'Relapse date'], ['1', '2021-03-14', '2021-06-22'], ['2', '2021-04-20', None]]
    >>> rows += [["1", "CRS grade 2", "2021-03-16"], ["2", "", "2021-09-01"]]
    >>> [one.cells[-1] for one in by_event(Sheet("a.csv", "", rows))]
    [['2', '2021-09-01', '2021-04-20', None], ['1', '2021-03-16', 'CRS', '2']]
    """
    log = _log_of(sheet)
    if log is None:
        return [sheet]
    graded = {i: found for i in range(len(log.table.rows)) if (found := _graded(log, i)) is not None}
    patients = _by_patient(sheet, log, set(graded))
    return [patients, *([_episodes(sheet, log, graded)] if graded else [])]


def _log_of(sheet: Sheet) -> Log | None:
    """Find the columns of a log; none for a sheet that is no log of events with a place."""
    table = find_table(sheet)
    if table is None or not 3 <= len(table.columns) <= WIDEST:
        return None
    named = {target_of(column.name)[0]: column for column in reversed(table.columns)}
    event = next((column for column in table.columns if bare(column.name) in EVENT_NAMES), None)
    date = named.get("date") or next(
        (one for one in table.columns if bare(one.name).endswith(("date", "datum", "日期", "dtc"))), None
    )
    patient = next((one for one in table.columns if one.name.upper() == "USUBJID"), named.get("patient"))
    taken = {"toxicity.grade", "labs.value", "treatments.dose", "origin"} & set(named)
    if event is None or date is None or patient is None or taken:
        return None
    kinds = {str(cell) for cell in event.cells if not is_missing(cell)}
    known = [_has_a_place(str(cell)) for cell in event.cells if not is_missing(cell)]
    visits = any(map(is_missing, event.cells))
    if len(kinds) > MOST_KINDS or sum(map(_has_a_place, kinds)) < 2 or sum(known) * 2 < len(known):
        return None
    if visits and len({str(cell) for cell in patient.cells}) == len(patient.cells):
        return None
    others = tuple(column for column in table.columns if column not in (event, date, patient))
    if any(names_a_grade(one.name) or _is_dated(one) for one in others):
        return None  # a list of episodes, with grades or ends of their own
    return Log(table, patient, date, event, others)


def _is_dated(column: SourceColumn) -> bool:
    filled = [cell for cell in column.cells if not is_missing(cell)]
    return bool(filled) and sum(read_date(cell) is not None for cell in filled) * 2 > len(filled)


def _kind(event: str) -> str:
    """Name an event as its column is called: without its grade; who was only seen, or left, was last seen then."""
    words = GRADE.sub(" ", event).strip(" ,;:-")
    return SEEN if ENDED.search(bare(words)) and not kinds_in(words)[0] else words


def _dated(kind: str) -> str:
    """Call the column of an event's dates, in the event's own language."""
    return f"{kind}日期" if CHINESE.search(kind) else f"{kind} date"


def _has_a_place(event: str) -> bool:
    target, how = target_of(_dated(_kind(event)))
    placed = target == "origin" or target.startswith("followup.") or target.endswith(".day_from")
    return bool(syndrome_of(bare(event))) or (how != "guess" and placed)


def _graded(log: Log, row: int) -> tuple[str, str] | None:
    """Find the syndrome of a row and the grade that the row tells of it."""
    event = log.event.cells[row]
    what = syndrome_of(bare(str(event))) if not is_missing(event) else ""
    if not what:
        return None
    for column in (log.event, *log.others):
        if isinstance(column.cells[row], str) and (found := GRADE.search(column.cells[row])):
            return what, found.group(1) or found.group(2)
    return None


def _by_patient(sheet: Sheet, log: Log, graded: set[int]) -> Sheet:
    """Give each patient a row, and each event a column; where visits stand in the log, every row but a death was a contact."""
    order, visits = order_of(log.date.cells)[0], any(map(is_missing, log.event.cells))
    columns: dict[str, int] = {}
    rows: dict[str, dict[str, Cell]] = {}
    first: dict[str, int] = {}
    for i, (key, what, when, row) in enumerate(
        zip(log.patient.cells, log.event.cells, log.date.cells, log.table.rows, strict=True)
    ):
        here = rows.setdefault(str(key), {})
        first.setdefault(str(key), row)
        if i in graded:
            continue
        kind = SEEN if is_missing(what) else _kind(str(what))
        name, again = _dated(kind), 1
        if kind == SEEN or (visits and "death" not in kinds_in(kind)[0]):
            columns.setdefault(f"{SEEN} date", len(columns))
            here[f"{SEEN} date"] = _later(here.get(f"{SEEN} date"), when, order)
        while kind != SEEN and name in here:
            again += 1
            name = _dated(f"{kind} {again}")
        columns.setdefault(name, len(columns))
        here.setdefault(name, when)
    cells = [
        [log.patient.name, *columns],
        *([key, *(here.get(name) for name in columns)] for key, here in rows.items()),
    ]
    note = f"{len(log.table.rows)} rows of dated events became {len(rows)} rows of patients"
    numbers = (log.table.headings[-1], *first.values())
    return Sheet(sheet.file, sheet.name, cells, notes=(*sheet.notes, note), numbers=numbers)


def _later(one: Cell, other: Cell, order: str) -> Cell:
    """Take the later of two dates on which a patient was seen."""
    moments = [read_date(one, order), read_date(other, order)]
    if moments[0] is None or moments[1] is None:
        return other if moments[0] is None else one
    return other if moments[1].date > moments[0].date else one


def _episodes(sheet: Sheet, log: Log, graded: dict[int, tuple[str, str]]) -> Sheet:
    head = [log.patient.name, log.date.name, "Adverse event", "Grade"]
    cells = [head, *([log.patient.cells[i], log.date.cells[i], *found] for i, found in graded.items())]
    numbers = (log.table.headings[-1], *(log.table.rows[i] for i in graded))
    name = f"{sheet.name} graded".strip()
    return Sheet(sheet.file, name, cells, notes=("graded episodes of a log of events",), numbers=numbers)
