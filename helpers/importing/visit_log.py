"""Tables with a row per visit: who was seen alive last, died or relapsed when, and the response of day 30."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from helpers.importing.cdisc import is_day_30
from helpers.importing.cells import is_missing
from helpers.importing.code_words import meaning
from helpers.importing.dates import order_of, read_date
from helpers.importing.event_words import kinds_in
from helpers.importing.headings import analyte_of, target_of
from helpers.importing.plain_words import bare
from helpers.importing.sheet import Cell, Sheet
from helpers.importing.table import SourceColumn, Table, find_table
from helpers.importing.word_lists import STATUS_NAMES

VISITS = "rows of visits became one row a patient: the last visit alive is the last contact, the first that tells of a relapse or a death its date; other columns of visits are not read"
NAMES = ("visit", "visit name", "visite", "time point", "timepoint", "assessment", "milestone", "访视", "随访", "随访时间点", "visita", "zeitpunkt")  # fmt: skip
DAY_0 = re.compile(r"infusion|reinfusion|day 0|d0|tag 0|jour 0|回输|第0天")
WIDEST = 10


@dataclass(frozen=True)
class Visits:
    """Where a table of visits has its patients, visits, dates, responses and vital statuses."""

    table: Table
    patient: SourceColumn
    visit: SourceColumn
    date: SourceColumn
    response: SourceColumn | None
    vital: SourceColumn | None


def by_visit(sheet: Sheet) -> list[Sheet]:
    """Lay a table with a row per visit out with a row per patient, and the responses of day 30 beside it.

    Examples
    --------
    >>> rows = [["id", "visit", "visit date", "status", "vital status"], ["1", "Infusion", "2020-01-10", None, "alive"],
    ...     ["1", "Day 28", "2020-02-07", "CR", "alive"], ["1", "Month 6", "2020-07-08", "relapse", "alive"], ["1", "Death", "2020-09-01", None, "dead"]]
    >>> [one.cells for one in by_visit(Sheet("v.csv", "", rows))][0]
    [['id', 'Infusion date', 'Last seen date', 'Relapse date', 'Date of death'], ['1', '2020-01-10', '2020-07-08', '2020-07-08', '2020-09-01']]
    >>> [one.cells for one in by_visit(Sheet("v.csv", "", rows))][1]
    [['id', 'Day 30 response', 'Response date'], ['1', 'CR', '2020-02-07']]
    """
    log = _visits_of(sheet)
    if log is None:
        return [sheet]
    note = f"{len(log.table.rows)} {VISITS}"
    found = [_by_patient(sheet, log, note)]
    if responses := _responses(log):
        head = [log.patient.name, "Day 30 response", "Response date"]
        cells = [head, *(list(row) for row, _ in responses)]
        numbers = (log.table.headings[-1], *(number for _, number in responses))
        found.append(Sheet(sheet.file, f"{sheet.name} responses".strip(), cells, numbers=numbers))
    return found


def _visits_of(sheet: Sheet) -> Visits | None:
    table = find_table(sheet)
    if table is None or not 4 <= len(table.columns) <= WIDEST or any(analyte_of(one.name) for one in table.columns):
        return None
    if {"USUBJID", "DOMAIN"} <= {column.name.upper() for column in table.columns}:
        return None  # a domain of SDTM
    to = {target_of(column.name)[0]: column for column in reversed(table.columns)}
    visit = next((column for column in table.columns if bare(column.name) in NAMES), None)
    dates = [column for column in table.columns if _share(column, lambda text: read_date(text) is not None) > 0.6]
    patient, barred = to.get("patient"), {"toxicity.grade", "labs.value", "treatments.dose", "origin"} & set(to)
    if visit is None or len(dates) != 1 or patient is None or barred or len(set(map(str, patient.cells))) == len(patient.cells):  # fmt: skip
        return None
    others = [column for column in table.columns if column not in (visit, patient, dates[0])]
    vital = next((one for one in others if _share(one, _is_vital) == 1 and bare(one.name) in STATUS_NAMES), None)
    response = next((one for one in others if one is not vital and _share(one, _is_state) > 0.6), None)
    if vital is None and response is None:
        return None
    if vital is None and not any(kinds_in(str(cell))[0] for cell in response.cells if not is_missing(cell)):
        return None  # responses alone: read by their visit
    return Visits(table, patient, visit, dates[0], response, vital)


def _share(column: SourceColumn, holds) -> float:
    filled = [cell for cell in column.cells if not is_missing(cell)]
    return sum(bool(holds(cell if not isinstance(cell, (int, float)) else str(cell))) for cell in filled) / len(filled) if filled else 0  # fmt: skip


def _is_vital(cell: Cell) -> bool:
    return bool(meaning(str(cell), "vital"))


def _is_state(cell: Cell) -> bool:
    return bool(meaning(str(cell), "response")) or bool(kinds_in(str(cell))[0])


def _by_patient(sheet: Sheet, log: Visits, note: str) -> Sheet:
    order = order_of(log.date.cells)[0]
    rows: dict[str, dict[str, Cell]] = {}
    first: dict[str, int] = {}
    for i, key in enumerate(log.patient.cells):
        when = log.date.cells[i]
        moment = read_date(when, order)
        if is_missing(key) or moment is None:
            continue
        here = rows.setdefault(str(key), {})
        first.setdefault(str(key), log.table.rows[i])
        state = str(log.response.cells[i] or "") if log.response is not None else ""
        visit = str(log.visit.cells[i] or "")
        vital = "" if log.vital is None or is_missing(log.vital.cells[i]) else meaning(str(log.vital.cells[i]), "vital")
        died = vital == "event" or "death" in kinds_in(visit)[0] or "death" in kinds_in(state)[0]
        if DAY_0.search(bare(visit)):
            here.setdefault("Infusion date", when)
        if died:
            here.setdefault("Date of death", when)
        elif (known := here.get("Last seen date")) is None or read_date(known, order).date < moment.date:
            here["Last seen date"] = when
        for kind, name in (("relapse", "Relapse date"), ("progression", "Progression date")):
            if kind in kinds_in(state)[0] | kinds_in(visit)[0]:
                _keep_first(here, name, when, order)
    names = [name for name in ("Infusion date", "Last seen date", "Relapse date", "Progression date", "Date of death") if any(name in here for here in rows.values())]  # fmt: skip
    cells = [[log.patient.name, *names], *([key, *(here.get(name) for name in names)] for key, here in rows.items())]
    numbers = (log.table.headings[-1], *first.values())
    return replace(sheet, cells=cells, notes=(*sheet.notes, note), numbers=numbers, merged=(), labels={}, titles={}, missing={}, short=())  # fmt: skip


def _keep_first(here: dict[str, Cell], name: str, when: Cell, order: str) -> None:
    known = here.get(name)
    if known is None or read_date(when, order).date < read_date(known, order).date:
        here[name] = when


def _responses(log: Visits) -> list[tuple[tuple[Cell, ...], int]]:
    if log.response is None:
        return []
    found = []
    for i, cell in enumerate(log.response.cells):
        if not is_missing(cell) and meaning(str(cell), "response") and is_day_30(str(log.visit.cells[i] or "")):
            found.append(((log.patient.cells[i], cell, log.date.cells[i]), log.table.rows[i]))
    return found if len({row[0] for row, _ in found}) == len(found) else []
