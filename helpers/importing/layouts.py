"""Sheets laid out in other ways, laid out as the rest of the import reads them: a row per field, per block of a plate, a sheet per patient."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from helpers.importing.cells import is_missing
from helpers.importing.dates import read_date
from helpers.importing.facts import is_only_a_day
from helpers.importing.headings import analyte_of, endpoint_of, target_of
from helpers.importing.sheet import Cell, Sheet, code_text
from helpers.importing.table import SourceColumn, Table, find_table
from helpers.importing.units import day_in

INSTRUMENT = ("redcap_repeat_instrument", "Repeat Instrument")
WITH_EACH = ("redcap_event_name", "Event Name", "redcap_repeat_instance", "Repeat Instance")


def by_instrument(sheet: Sheet) -> list[Sheet]:
    """Cut a REDCap export by repeating instrument, each with the columns that it fills; any other sheet stays whole.

    Examples
    --------
    >>> head = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "sex", "grade"]
    >>> rows = [head, ["1", "", "", "F", ""], ["1", "tox", "1", "", "2"], ["1", "tox", "2", "", "3"]]
    >>> [(one.name, one.cells[0], one.numbers) for one in by_instrument(Sheet("r.csv", "", rows))]
    [('', ['record_id', 'sex'], (1, 2)), ('tox', ['record_id', 'redcap_repeat_instance', 'grade'], (1, 3, 4))]
    """
    head = [str(cell or "").strip() for cell in sheet.cells[0]] if sheet.cells else []
    at = next((j for j, name in enumerate(head) if name in INSTRUMENT), None)
    if at is None:
        return [sheet]
    kinds = [str(row[at] or "").strip() for row in sheet.cells]
    number = sheet.numbers or range(1, len(sheet.cells) + 1)
    found = []
    for kind in dict.fromkeys(kinds[1:]):
        rows = [i for i in range(1, len(kinds)) if kinds[i] == kind]
        kept = [
            j
            for j, name in enumerate(head)
            if j == 0
            or (j != at and any(str(sheet.cells[i][j] or "").strip() for i in rows) and (kind or name not in WITH_EACH))
            or (not kind and j != at and name not in WITH_EACH and not any(map(str.strip, _texts(sheet, j))))
        ]
        cells = [[sheet.cells[i][j] for j in kept] for i in (0, *rows)]
        found.append(replace(sheet, name=kind, cells=cells, numbers=(1, *(number[i] for i in rows))))
    return found


def _texts(sheet: Sheet, j: int) -> list[str]:
    return [str(row[j] or "") for row in sheet.cells[1:]]


# ------------------------------------------------------------------------------------------------- a row for each field

FIELD = ("field_name", "field name", "field", "variable", "variable name", "item", "item name", "question", "attribute")
SEVERAL_VALUES = "fields have more than one value in one place: the first is kept"
OF_A_FIELD = ("event_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")


def by_field(sheet: Sheet, boxes: Mapping[str, Collection[str]]) -> Sheet:
    """Lay a sheet with a row for each field of a record (REDCap's EAV export) out with a column for each field.

    Parameters
    ----------
    sheet : Sheet
    boxes : mapping of field to codes
        Checkbox fields, which have a row for each box that is ticked: each code gets a column, as in REDCap's other exports.

    Examples
    --------
    >>> rows = [["record", "field_name", "value"], ["1", "sex", "2"], ["1", "drug", "1"], ["2", "sex", "1"], ["2", "drug", "3"]]
    >>> by_field(Sheet("a.csv", "", rows), {"drug": ["1", "3"]}).cells
    [['record_id', 'sex', 'drug___1', 'drug___3'], ['1', '2', '1', '0'], ['2', '1', '0', '1']]
    """
    head = [str(cell or "").strip().lower() for cell in sheet.cells[0]] if sheet.cells else []
    field = next((head.index(name) for name in FIELD if name in head), None)
    key = next((j for j, name in enumerate(head) if name == "record" or target_of(name)[0] == "patient"), None)
    value = head.index("value") if "value" in head else None
    if field is None or key is None or value is None or not _are_fields(sheet, field, boxes, head):
        return sheet
    along = [j for j, name in enumerate(head) if name in OF_A_FIELD and name != "event_id"]
    places: dict[tuple, dict[str, Cell]] = {}
    first: dict[tuple, int] = {}
    names: dict[str, None] = {}
    twice = 0
    for i, row in enumerate(sheet.cells[1:], 2):
        if row[field] is None or row[key] is None or row[value] is None or not str(row[value]).strip():
            continue
        name, place = str(row[field]).strip(), (row[key], *(row[j] for j in along))
        here = places.setdefault(place, {})
        first.setdefault(place, i)
        if name in boxes:
            names |= dict.fromkeys(f"{name}___{code.replace('-', '_')}" for code in boxes[name])
            here[f"{name}___{code_text(row[value]).replace('-', '_')}"] = "1"
            continue
        names[name] = None
        twice += name in here and here[name] != row[value]
        here.setdefault(name, row[value])
    fields = [name for name in names if name.lower() not in (head[key], "record_id")]
    ticked = {name for name in fields if name.partition("___")[0] in boxes and "___" in name}
    asked = _records_asked(places, ticked)
    cells: list[list[Cell]] = [["record_id", *(head[j] for j in along), *fields]]
    for place, here in places.items():
        cells.append([*place, *(here.get(name, "0" if name in ticked and (place, name.partition("___")[0]) in asked else None) for name in fields)])  # fmt: skip
    notes = (f"{len(sheet.cells) - 1} rows of single fields became {len(places)} rows of records",)
    notes += (f"{twice} {SEVERAL_VALUES}",) if twice else ()
    return replace(sheet, cells=cells, notes=(*sheet.notes, *notes), numbers=(1, *first.values()), merged=(), labels={}, titles={}, short=())  # fmt: skip


def _are_fields(sheet: Sheet, at: int, boxes: Collection[str], head: Sequence[str]) -> bool:
    """Tell whether a column holds names of fields: REDCap's own heading says so, else half of them are headings known here."""
    if head[at] == "field_name" or {"redcap_event_name", "event_id"} & set(head):
        return True
    names = {str(row[at]) for row in sheet.cells[1:] if row[at] is not None}
    known = sum(name in boxes or (bool(target_of(name)[0]) and not analyte_of(name)) for name in names)
    return len(names) >= 4 and known * 2 >= len(names)


def _records_asked(places: Mapping[tuple, Mapping[str, Cell]], ticked: Collection[str]) -> set[tuple[tuple, str]]:
    """Find where a checkbox field was asked: at the places that say anything of the kind of row in which others ticked it."""
    of_box: dict[str, set[tuple]] = {}
    for place, here in places.items():
        for name in set(here) & set(ticked):
            of_box.setdefault(name.partition("___")[0], set()).add(place[1:-1])
    return {(place, box) for place in places for box, kinds in of_box.items() if place[1:-1] in kinds}


# ---------------------------------------------------------------------------------------------------- blocks of a plate

RESULTS = ("result", "results", "concentration", "conc", "avg result", "average result", "mean result")
NO_RESULTS = "the blocks of the plate hold signals and counts, and none holds concentrations"


def by_block(sheet: Sheet) -> Sheet:
    """Keep of a plate's export in blocks (``DataType: Median``, ``Count``, ``Result``) the one that holds the concentrations.

    Examples
    --------
    >>> rows = [["DataType:", "Median"], ["Sample", "IL-6"], ["P1", "310"], ["DataType:", "Result"], ["Sample", "IL-6"], ["P1", "12"]]
    >>> by_block(Sheet("plate.csv", "", rows)).cells
    [['Sample', 'IL-6'], ['P1', '12']]
    """
    starts = [i for i, row in enumerate(sheet.cells) if str(row[0] or "").strip().lower().rstrip(": ") == "datatype"]
    if len(starts) < 2:
        return sheet
    names = [str(sheet.cells[i][1] or "").strip() for i in starts]
    chosen = next((k for k, name in enumerate(names) if name.lower() in RESULTS), None)
    if chosen is None:
        note, chosen = NO_RESULTS, 0
    else:
        note = f"{len(starts) - 1} other blocks of the plate (signals, counts) are not read"
    begin, end = starts[chosen] + 1, starts[chosen + 1] if chosen + 1 < len(starts) else len(sheet.cells)
    stop = next((i for i in range(begin + 1, end) if not any(map(_filled, sheet.cells[i]))), end)
    number = sheet.numbers or range(1, len(sheet.cells) + 1)
    kept = range(begin, stop)
    width = max(j for i in kept for j, cell in enumerate(sheet.cells[i]) if _filled(cell)) + 1
    cells = [sheet.cells[i][:width] for i in kept]
    return replace(sheet, cells=cells, numbers=tuple(number[i] for i in kept), notes=(*sheet.notes, note))


def _filled(cell: Cell) -> bool:
    return cell is not None and bool(str(cell).strip())


# --------------------------------------------------------------------------------------- analytes down, days across


def by_day(sheet: Sheet) -> Sheet:
    """Lay a sheet with a row per analyte and a column per day (or date) out with a row per measurement.

    Examples
    --------
    >>> rows = [["id", "test", "D0", "D3"], ["1", "CRP", "2", "80"], ["1", "IL-6", "<1", None]]
    >>> by_day(Sheet("a.csv", "", rows)).cells
    [['id', 'test', 'Day', 'Result'], ['1', 'CRP', '0', '2'], ['1', 'CRP', '3', '80'], ['1', 'IL-6', '0', '<1']]
    """
    table = find_table(sheet)
    if table is None or not any(map(_names_analytes, table.columns)):
        return sheet
    if any(target_of(column.name)[0] in ("date", "day", "labs.value") for column in table.columns):
        return sheet
    dated = [column for column in table.columns if read_date(column.name, "dmy") is not None]
    days = [
        column for column in table.columns if is_only_a_day(column.name) and day_in_heading(column.name) is not None
    ]
    across = dated if len(dated) > len(days) else days
    if len(across) < 2:
        return sheet
    others = [column for column in table.columns if column not in across]
    cells: list[list[Cell]] = [[*(one.name for one in others), "Date" if across is dated else "Day", "Result"]]
    numbers = [table.headings[-1]]
    for i, row in enumerate(table.rows):
        for column in across:
            if column.cells[i] is None or not str(column.cells[i]).strip():
                continue
            when = column.name if across is dated else f"{day_in_heading(column.name):g}"
            cells.append([*(one.cells[i] for one in others), when, column.cells[i]])
            numbers.append(row)
    note = f"{len(table.rows)} rows of analytes by day became {len(cells) - 1} rows of measurements"
    return Sheet(sheet.file, sheet.name, cells, notes=(*sheet.notes, note), numbers=tuple(numbers))


def day_in_heading(words: str) -> float | None:
    """Read a heading that is no more than a day.

    Examples
    --------
    >>> day_in_heading("D+7"), day_in_heading("14"), day_in_heading("baseline"), day_in_heading("week 2")
    (7.0, 14.0, 0.0, 14.0)
    """
    found = re.fullmatch(r"[+-]?\d+", words.strip())
    return float(found.group()) if found else day_in(words)


def _names_analytes(column: SourceColumn) -> bool:
    """Tell whether most of the cells of a column name analytes, and several of them."""
    names = [str(cell) for cell in column.cells if not is_missing(cell)]
    known = {analyte for name in names if (analyte := analyte_of(name))}
    return len(known) > 1 and sum(bool(analyte_of(name)) for name in names) * 2 > len(names)


# ---------------------------------------------------------------------------------------------- a sheet for each patient

OF_PATIENTS = "sheets of patients"
NAMED_AFTER = "sheets that are named after patients are read as one table, whose patient is the sheet's name"
NO_PATIENT = re.compile(
    r"(sheet|table|tab|tabelle|blatt|feuil|hoja|foglio|工作表|day|d|visit|week|cycle|month|year|page|part|panel|plate|run|batch|cohort|group|arm)[ _-]*\d+|(19|20)\d\d",
    re.IGNORECASE,
)


def by_patient(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Put sheets of one workbook that are named after patients and have the same headings together, with a column of patients.

    Their names are those of patients, so they stand in no message and no file of the import.

    Examples
    --------
    >>> rows = [["day", "CRP (mg/L)"], [0, 3], [2, 80]]
    >>> found = by_patient([Sheet("w.xlsx", "P-1", rows), Sheet("w.xlsx", "P-2", rows)])
    >>> [(one.name, one.cells[0], one.cells[3]) for one in found]
    [('sheets of patients', ['Patient', 'day', 'CRP (mg/L)'], ['P-2', 0, 3])]
    """
    sheets = [by_form(sheet) for sheet in sheets]
    tables = {id(sheet): find_table(sheet) for sheet in sheets}
    groups: dict[tuple, list[Sheet]] = {}
    for sheet in sheets:
        table = tables[id(sheet)]
        if sheet.name and table is not None and len(table.headings) == 1 and not _names_somebody(table):
            groups.setdefault((sheet.file, *(column.name for column in table.columns)), []).append(sheet)
    keys = {code_text(cell) for table in tables.values() if table for cell in _patients_of(table)}
    joined: dict[int, Sheet] = {}
    gone: set[int] = set()
    for group in groups.values():
        if len(group) > 1 and _are_patients([sheet.name for sheet in group], keys):
            joined[id(group[0])] = _together(group, [tables[id(sheet)] for sheet in group])
            gone |= {id(sheet) for sheet in group[1:]}
    return [joined.get(id(sheet), sheet) for sheet in sheets if id(sheet) not in gone]


def by_form(sheet: Sheet) -> Sheet:
    """Lay a form of two columns (what is asked, what was answered) out as one row, where known headings go down the first.

    Examples
    --------
    >>> by_form(Sheet("w.xlsx", "P-1", [["Sex", "F"], ["Age", 7], ["Weight (kg)", 20], ["CRS grade", 2]])).cells
    [['Sex', 'Age', 'Weight (kg)', 'CRS grade'], ['F', 7, 20, 2]]
    """
    rows = [row for row in sheet.cells if _filled(row[0])]
    two = bool(rows) and all(not any(map(_filled, row[2:])) for row in sheet.cells) and len(rows[0]) > 1
    if not sheet.name or not two or not _go_down([row[0] for row in rows]):
        return sheet
    kept = [row for row in rows if _known(row[0]) or not _is_head_of_form(row)]
    return replace(
        sheet, cells=[[row[0] for row in kept], [row[1] for row in kept]], merged=(), numbers=(1, 2), short=()
    )


def _is_head_of_form(row: Sequence[Cell]) -> bool:
    words = {str(cell or "").strip().lower() for cell in row[:2]}
    return bool(words & {"entry", "value", "answer", "field", "item", "parameter", "variable", "question", "内容", "项目", "wert", "eintrag"})  # fmt: skip


def _known(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(target_of(cell)[0] or endpoint_of(cell) or analyte_of(cell))


def _go_down(first: Sequence[Cell]) -> bool:
    """Tell whether the cells of a column are headings: three or more of them, and half of all, are known."""
    known = sum(map(_known, first))
    return known >= max(3, len(first) / 2) and len({str(cell) for cell in first}) == len(first)


TURNED = "patients who stand side by side were turned round into rows"


def by_side(sheet: Sheet) -> Sheet:
    """Turn a table whose patients stand side by side, its headings going down the first column, into rows of patients.

    Examples
    --------
    >>> rows = [[None, "P1", "P2"], ["Sex", "F", "M"], ["Age", 7, 9], ["CRS grade", 2, 0]]
    >>> by_side(Sheet("a.csv", "", rows)).cells
    [['Patient', 'Sex', 'Age', 'CRS grade'], ['P1', 'F', 7, 2], ['P2', 'M', 9, 0]]
    """
    rows = [row for row in sheet.cells if any(map(_filled, row))]
    if len(rows) < 4 or len(rows[0]) < 3 or sheet.merged:
        return sheet
    along, down = rows[0][1:], [row[0] for row in rows[1:]]
    width = max((j for row in rows for j, cell in enumerate(row) if _filled(cell)), default=0) + 1
    keys = [cell for cell in rows[0][1:width] if _filled(cell)]
    named = len(keys) == width - 1 == len({str(cell) for cell in keys}) and width > 2
    if not named or any(map(_known, along)) or not all(map(_filled, down)) or not _go_down(down):
        return sheet
    if _known(rows[0][0]) and target_of(str(rows[0][0]))[0] != "patient":
        return sheet
    turned = [list(column) for column in zip(*(row[:width] for row in rows), strict=True)]
    turned[0][0] = turned[0][0] if _filled(turned[0][0]) else "Patient"
    return replace(sheet, cells=turned, notes=(*sheet.notes, f"{len(turned) - 1} {TURNED}"), numbers=tuple(range(1, len(turned) + 1)), short=())  # fmt: skip


def _names_somebody(table: Table) -> bool:
    return any(target_of(column.name)[0] in ("patient", "sample") for column in table.columns)


def _patients_of(table: Table) -> list[Cell]:
    found = next((column for column in table.columns if target_of(column.name)[0] == "patient"), None)
    return [cell for cell in found.cells if cell is not None] if found else []


def _are_patients(names: Sequence[str], keys: Collection[str]) -> bool:
    """Tell whether sheets are named after patients: another sheet lists them, or each name is a code with a number of its own."""
    listed = sum(name in keys for name in names)
    coded = all(re.fullmatch(r"[\w .#-]{0,12}\d{1,8}", name) and not NO_PATIENT.fullmatch(name) for name in names)
    measured = any(analyte_of(name) for name in names)
    return listed * 2 > len(names) or (coded and not measured and not keys)


def _together(group: Sequence[Sheet], tables: Sequence[Table]) -> Sheet:
    cells: list[list[Cell]] = [["Patient", *(column.name for column in tables[0].columns)]]
    numbers = [tables[0].headings[-1]]
    for sheet, table in zip(group, tables, strict=True):
        for i, row in enumerate(table.rows):
            cells.append([sheet.name, *(column.cells[i] for column in table.columns)])
            numbers.append(row)
    notes = tuple(dict.fromkeys(note for sheet in group for note in sheet.notes))
    return Sheet(group[0].file, OF_PATIENTS, cells, notes=(*notes, f"{len(group)} {NAMED_AFTER}"), numbers=tuple(numbers))  # fmt: skip
