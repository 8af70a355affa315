"""What files say about other files: a REDCap dictionary, a text that describes the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from helpers.importing.grid import CATALOGUE, Sheet, decode, open_sheets
from helpers.importing.table import find_table
from helpers.importing.vocabulary import bare, codes_in, target_of

REDCAP = "Variable / Field Name"


@dataclass
class Description:
    """What is said of one column elsewhere: label, codes, whether it identifies, whether it is free text, order of dates, unit."""

    title: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    identifier: bool = False
    free_text: bool = False
    order: str = ""
    form: str = ""
    words: str = ""


def is_redcap_dictionary(sheet: Sheet) -> bool:
    """Tell whether a sheet is the data dictionary that REDCap exports."""
    return bool(sheet.cells) and any(isinstance(cell, str) and cell.strip() == REDCAP for cell in sheet.cells[0])


def redcap_dictionary(sheet: Sheet) -> dict[str, Description]:
    """Read a REDCap data dictionary: by field its label, choices, whether it identifies and the order of its dates.

    Examples
    --------
    >>> head = [REDCAP, "Form Name", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels", "Identifier?"]
    >>> found = redcap_dictionary(Sheet("d.csv", "", [head, ["sex", "base", "radio", "Sex", "1, Male | 2, Female", ""]]))
    >>> found["sex"].codes, found["sex"].form
    ({'1': 'Male', '2': 'Female'}, 'base')
    """
    table = find_table(sheet)
    if table is None:
        return {}
    by_name = {column.name: [str(cell or "").strip() for cell in column.cells] for column in table.columns}

    def column(*starts: str) -> list[str]:
        name = next((name for name in by_name for start in starts if name.lower().startswith(start)), None)
        return by_name[name] if name else [""] * len(table.rows)

    rows = zip(
        column("variable"), column("form name"), column("field type"), column("field label"), column("choices"),
        column("text validation type"), column("identifier"), column("field note"), strict=True,
    )  # fmt: skip
    found = {}
    for name, form, kind, label, choices, validation, identifier, note in rows:
        codes = dict(_choice(part) for part in choices.split("|") if "," in part) if kind in CHOICES else {}
        if kind == "yesno":
            codes = {"1": "Yes", "0": "No"}
        if kind == "truefalse":
            codes = {"1": "True", "0": "False"}
        order = next((one for one in ("dmy", "mdy", "ymd") if one in validation), "")
        found[name] = Description(
            re.sub(r"<[^>]*>", " ", label).strip(),
            codes,
            identifier.lower() == "y",
            kind == "notes",
            "ymd" if order else "",
            form,
            note if len(note) <= SHORT_NOTE else "",
        )  # fmt: skip  (an export writes dates year first, whatever the field shows)
    return found


CHOICES = ("radio", "dropdown", "checkbox")
SHORT_NOTE = 40  # a unit, not an instruction


def _choice(part: str) -> tuple[str, str]:
    code, _, label = part.partition(",")
    return code.strip(), re.sub(r"<[^>]*>", "", label).strip()


def is_description(path: Path) -> bool:
    """Tell whether a text file describes columns: most of its lines are a name, a colon and words."""
    if path.suffix.lower() not in (".txt", ".md", ""):
        return False
    text, encoding = decode(path.read_bytes()[:1_000_000])
    lines = [line for line in text.splitlines() if line.strip()]
    return encoding is not None and bool(lines) and sum(map(_described, lines)) >= 0.6 * len(lines)


def _described(line: str) -> bool:
    return re.match(r"^\s*[-*]?\s*[\w.# ]{1,40}\s*:\s+\S", line) is not None and "\t" not in line


def description(path: Path) -> dict[str, Description]:
    """Read a description: by column its codes and its words.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "d.txt"
    >>> _ = file.write_text("sex: Male - 1, Female - 0\\nos: days\\n")
    >>> description(file)["sex"].codes, description(file)["os"].words
    ({'1': 'Male', '0': 'Female'}, 'days')
    """
    found = {}
    for line in decode(path.read_bytes())[0].splitlines():
        if _described(line):
            name, _, words = line.partition(":")
            text = words.strip()
            found[name.strip(" -*\t")] = Description(codes=codes_in(text), words=text)
    return found


def read_files(files: Sequence[str | Path]) -> tuple[list[Sheet], dict[str, Description]]:
    """Read files that belong together: the sheets of those that hold tables, and what the others say of columns.

    A REDCap export is cut into the rows of the records themselves and those of each repeating instrument.

    Raises
    ------
    InputError
        For files that cannot be read.
    """
    paths = list(map(Path, files))
    codebooks: list[Sheet] = []
    catalogues = [path for path in paths if path.suffix.lower() == CATALOGUE and path.is_file()]
    sheets, said = [], []
    for path in paths:
        if path in catalogues:
            continue
        if path.is_file() and is_description(path):
            said.append(description(path))
            continue
        for sheet in open_sheets(path, catalogues):
            if is_redcap_dictionary(sheet):
                said.append(redcap_dictionary(sheet))
            elif _codebook_columns(sheet):
                codebooks.append(sheet)
            else:
                sheets += [by_event(one) for one in by_instrument(sheet)]
    headings = {str(cell).strip().lower() for sheet in sheets for row in sheet.cells[:5] for cell in row if cell}
    for sheet in codebooks:
        found = codebook(sheet)
        if sum(name.lower() in headings for name in found) * 2 >= len(found):
            said.append(found)
        else:
            sheets.append(sheet)
    return sheets, merged(*said)


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
)


def by_event(sheet: Sheet) -> Sheet:
    """Lay a sheet with a row per dated event (infusion, relapse, death, last contact) out with a row per patient and a column per event.

    Only where half of the rows or more are of events whose date has a place, and no column grades them. An event that a patient has
    again gets a column of its own.

    Examples
    --------
    >>> rows = [["id", "event", "date"], ["1", "Infusion", "2021-03-14"], ["1", "Relapse", "2021-06-22"], ["2", "Infusion", "2021-04-20"]]
    >>> by_event(Sheet("a.csv", "", rows)).cells
    [['id', 'Infusion date', 'Relapse date'], ['1', '2021-03-14', '2021-06-22'], ['2', '2021-04-20', None]]
    """
    table = find_table(sheet)
    if table is None or not 3 <= len(table.columns) <= 5:
        return sheet
    named = {target_of(column.name)[0]: column for column in reversed(table.columns)}
    event = next((column for column in table.columns if bare(column.name) in EVENT_NAMES), None)
    date = named.get("date") or next(
        (one for one in table.columns if bare(one.name).endswith(("date", "datum", "日期"))), None
    )
    patient = named.get("patient")
    if (
        event is None
        or date is None
        or patient is None
        or {"toxicity.grade", "labs.value", "treatments.dose"} & set(named)
    ):
        return sheet
    placed = {str(cell): _has_a_date(str(cell)) for cell in event.cells if cell is not None}
    known = [placed.get(str(cell), False) for cell in event.cells]
    if len(placed) > 30 or sum(placed.values()) < 2 or sum(known) * 2 < len(known):
        return sheet
    columns: dict[str, int] = {}
    rows: dict[str, dict[str, object]] = {}
    first: dict[str, int] = {}
    for key, what, when, row in zip(patient.cells, event.cells, date.cells, table.rows, strict=True):
        here = rows.setdefault(str(key), {})
        first.setdefault(str(key), row)
        name, again = f"{what} date", 1
        while name in here:
            again += 1
            name = f"{what} {again} date"
        columns.setdefault(name, len(columns))
        here[name] = when
    cells = [[patient.name, *columns], *([key, *(here.get(name) for name in columns)] for key, here in rows.items())]
    note = f"{len(table.rows)} rows of dated events became {len(rows)} rows of patients"
    return Sheet(
        sheet.file, sheet.name, cells, notes=(*sheet.notes, note), numbers=(table.headings[-1], *first.values())
    )


def _has_a_date(event: str) -> bool:
    target, how = target_of(f"{event} date")
    return how != "guess" and (target == "origin" or target.startswith("followup.") or target.endswith(".day_from"))


CODEBOOK = {
    "name": r"variables?( ?names?)?|variablenname|feld(name)?|field( ?name)?|column( ?name)?|spalte|变量(名)?|字段(名)?",
    "title": r"labels?|variable labels?|description|meaning|definition|beschreibung|bedeutung|含义|说明|标签",
    "codes": r"values?|value labels?|codes?|coding|categories|levels|kodierung|werte|取值|编码|赋值",
}


def _codebook_columns(sheet: Sheet) -> dict[str, int]:
    """Find where a codebook has its names, labels and codes; empty for a sheet that is none."""
    head = [str(cell or "").strip().lower() for cell in sheet.cells[0]] if sheet.cells else []
    at = {
        what: next((j for j, word in enumerate(head) if re.fullmatch(words, word)), -1)
        for what, words in CODEBOOK.items()
    }
    found = {what: j for what, j in at.items() if j >= 0}
    return found if "name" in found and len(found) > 1 else {}


def codebook(sheet: Sheet) -> dict[str, Description]:
    """Read a sheet that describes columns: by name its label and its codes.

    Examples
    --------
    >>> rows = [["Variable", "Label", "Values"], ["v1", "Sex", "1 = male; 2 = female"], [None, None, "3 = other"]]
    >>> codebook(Sheet("c.xlsx", "codebook", rows))["v1"].codes
    {'1': 'male', '2': 'female', '3': 'other'}
    """
    at, found, name = _codebook_columns(sheet), {}, ""
    for row in sheet.cells[1:]:
        texts = {what: str(row[j] if row[j] is not None else "").strip() for what, j in at.items()}
        name = texts["name"] or name
        if not name:
            continue
        one = found.setdefault(name, Description(texts.get("title", ""), words=texts.get("title", "")))
        one.codes |= codes_in(texts.get("codes", ""))
    return found


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
        found.append(replace(sheet, name=kind, cells=cells, numbers=(1, *(i + 1 for i in rows))))
    return found


def _texts(sheet: Sheet, j: int) -> list[str]:
    return [str(row[j] or "") for row in sheet.cells[1:]]


def merged(*sources: dict[str, Description]) -> dict[str, Description]:
    """Put descriptions together by the column's name in lower case, the later one counting."""
    return {name.lower(): one for source in sources for name, one in source.items()}


def checkbox(name: str) -> tuple[str, str]:
    """Split the name of a REDCap checkbox column into field and code; empty for another column.

    Examples
    --------
    >>> checkbox("agents___2"), checkbox("agents____99"), checkbox("Agents (choice=Toci)"), checkbox("sex")
    (('agents', '2'), ('agents', '-99'), ('Agents', 'Toci'), ('', ''))
    """
    if found := re.fullmatch(r"(.*\S)\s*\(choice=(.*)\)", name):  # as an export with labels writes it
        return found.group(1), found.group(2)
    field_name, mark, code = name.partition("___")
    return (field_name, re.sub(r"^_", "-", code)) if mark else ("", "")
