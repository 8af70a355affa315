"""Find the table in a sheet: where its headings stand (one row or stacked ones), where it begins and ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from helpers.importing.cells import is_missing
from helpers.importing.sheet import Cell, Sheet

MOST_HEADING_ROWS = 5
WORDS_OF_PROSE = 4  # in the heading of a sheet of one column: a text, and no table


@dataclass(frozen=True)
class SourceColumn:
    """A column of a table: its place (from 1), its heading, the merged headings above it, its cells, what was declared of it."""

    at: int
    name: str
    groups: tuple[str, ...]
    cells: list[Cell] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    missing: tuple[str, ...] = ()
    limits: tuple[Cell, Cell] = (None, None)

    @property
    def words(self) -> str:
        """All words that stand over the column."""
        return " ".join([*self.groups, self.name, self.title]).strip()


@dataclass(frozen=True)
class Table:
    """The table of a sheet.

    Parameters
    ----------
    place : str
        File and sheet, for messages.
    columns : tuple of SourceColumn
        Those that have a heading or a cell.
    rows : tuple of int
        Row of the file (from 1) of each row of the table.
    left_out : mapping of str to int
        Rows that are no data, by reason.
    headings : tuple of int
        Rows of the headings, from 1.
    above : str
        Words of the lines above the last row of headings.
    """

    place: str
    columns: tuple[SourceColumn, ...] = field(repr=False)
    rows: tuple[int, ...] = field(repr=False)
    left_out: Mapping[str, int]
    headings: tuple[int, ...]
    above: str = field(default="", repr=False)


def find_table(sheet: Sheet) -> Table | None:
    """Find the table of a sheet: title, comment and foot lines apart, groups carried over their merged range only.

    Returns
    -------
    Table or None
        None for a sheet without a row below a heading.

    Examples
    --------
    >>> sheet = Sheet("a.csv", "", [["Cohort 2024", None], ["id", "sex"], ["1", "m"], ["* m = male", None]])
    >>> table = find_table(sheet)
    >>> [column.name for column in table.columns], dict(table.left_out)
    (['id', 'sex'], {'title': 1, 'foot line': 1})
    """
    cells = _filled_down(sheet)
    full = [sum(not _empty(cell) for cell in row) for row in cells]
    width = max(full, default=0)
    left_out: dict[str, int] = {}
    first = _first_heading(cells, full, width, left_out)
    if first is None:
        return None
    last = _last_heading(sheet, cells, full, first)
    units = last + 1 if last + 2 < len(cells) and _only_units(cells[last + 1]) else None
    if units is not None:
        left_out["units"] = 1
    body = list(range(last + 1 if units is None else last + 2, len(cells)))
    end = len(body)
    while end and (
        full[body[end - 1]] == 0
        or _is_foot(cells[body[end - 1]], full[body[end - 1]], width)
        or _is_summary(cells[body[end - 1]])
    ):
        kind = "empty" if full[body[end - 1]] == 0 else "summary" if _is_summary(cells[body[end - 1]]) else "foot line"
        left_out[kind] = left_out.get(kind, 0) + 1
        end -= 1
    rows = []
    for i in body[:end]:
        if full[i] == 0:
            left_out["empty"] = left_out.get("empty", 0) + 1
        elif full[i] > 1 and list(map(_heading, cells[i])) == list(map(_heading, cells[last])):
            left_out["heading again"] = left_out.get("heading again", 0) + 1
        elif full[i] > 1 and _limit_row(cells[i]) is not None:
            left_out["limit of the assay"] = left_out.get("limit of the assay", 0) + 1
        else:
            rows.append(i)
    if controls := _controls(cells, last, rows):
        left_out["blank, standard or control"] = len(controls)
        rows = [i for i in rows if i not in controls]
    columns = _columns(sheet, cells, range(first, last + 1), rows, [] if units is None else cells[units])
    columns = tuple(replace(column, limits=_limits(cells, body[:end], column.at - 1)) for column in columns)
    prose = len(columns) == 1 and len(columns[0].name.split()) >= WORDS_OF_PROSE
    if not rows or not columns or prose:
        return None
    number = sheet.numbers or range(1, len(cells) + 1)
    above = " | ".join(_heading(cell) for row in cells[:last] for cell in row if not _empty(cell))
    headings = tuple(range(first + 1, last + 2))
    return Table(sheet.place, columns, tuple(number[i] for i in rows), left_out, headings, above)


CONTROL = re.compile(
    r"(blank|blk|bkg|background|standard|std|control|ctrl|qc)([\s_-]*(\w?\d*|low|high|mid|pos\w*|neg\w*))",
    re.IGNORECASE,
)


LIMIT_ROWS = (
    re.compile(r"(ll?o[qd]|lod|loq|lower limit.*|limit of (detection|quantification)|detection limit|min(imum)? detectable.*|nachweisgrenze|检测下限|最低检测限)", re.IGNORECASE),
    re.compile(r"(ulo[qd]|upper limit.*|检测上限|最高检测限)", re.IGNORECASE),
)  # fmt: skip


def _limit_row(row: Sequence[Cell]) -> int | None:
    """Tell whether a row says the lower (0) or the upper (1) limit of each assay; None if it does neither."""
    first = next((cell for cell in row if not _empty(cell)), None)
    words = _heading(first).strip(" :*") if isinstance(first, str) else ""
    return next((side for side, known in enumerate(LIMIT_ROWS) if known.fullmatch(words)), None)


def _limits(cells: Sequence[Sequence[Cell]], body: Sequence[int], at: int) -> tuple[Cell, Cell]:
    """Find the limits of the assay of a column among the rows that say them."""
    found: list[Cell] = [None, None]
    for i in body:
        if (side := _limit_row(cells[i])) is not None and not _empty(cells[i][at]):
            found[side] = cells[i][at]
    return found[0], found[1]


def _controls(cells: Sequence[Sequence[Cell]], heading: int, rows: list[int]) -> set[int]:
    """Find the wells of a plate that hold no patient's sample, where a column of patients says so."""
    heads = [_heading(cell).lower() for cell in cells[heading]]
    if not {"well", "wells", "location"} & set(heads):
        return set()
    named = [j for j, head in enumerate(heads) if re.search(r"patient|subject|^id$|proband|病人|患者", head)]
    typed = {"type", "sample type", "well type"} & set(heads)
    named = (
        named
        if named or typed
        else [j for j, head in enumerate(heads) if re.fullmatch(r"sample( name| id)?|description|样本.*", head)]
    )
    return {i for i in rows if any(CONTROL.fullmatch(str(cells[i][j]).strip()) for j in named)}


def _empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _filled_down(sheet: Sheet) -> list[list[Cell]]:
    """Carry the value of cells that are merged from top to bottom (a patient's block) into each row of the range."""
    cells = [list(row) for row in sheet.cells]
    for top, left, bottom, right in sheet.merged:
        if bottom > top and left == right:
            for row in range(top + 1, min(bottom + 1, len(cells))):
                cells[row][left] = cells[top][left]
    return cells


def _first_heading(
    cells: Sequence[Sequence[Cell]], full: list[int], width: int, left_out: dict[str, int]
) -> int | None:
    for i, row in enumerate(cells):
        if full[i] == 0:
            left_out["empty"] = left_out.get("empty", 0) + 1
            continue
        first = next(cell for cell in row if not _empty(cell))
        comment = isinstance(first, str) and first.startswith("#") and _comment(cells, i)
        title = (full[i] == 1 and width > 1) or _of_the_instrument(cells, full, i, width)
        if comment or title:
            kind = "comment" if comment else "title"
            left_out[kind] = left_out.get(kind, 0) + 1
            continue
        return i
    return None


def _of_the_instrument(cells: Sequence[Sequence[Cell]], full: list[int], i: int, width: int) -> bool:
    """Tell a line of an instrument (a name and a value) above a table from its headings: a far fuller row of words comes below."""
    row = cells[i]
    if width < 5 or full[i] != 2 or _empty(row[0]) or _empty(row[1]):
        return False
    below = next((j for j in range(i + 1, min(i + 40, len(cells))) if full[j] > 2), None)
    gap = below is not None and any(full[j] <= 1 for j in range(i + 1, below))
    return (
        below is not None
        and full[below] >= 0.7 * width
        and _all_words(cells[below])
        and (gap or _number_like(str(row[1])))
    )


def _comment(cells: Sequence[Sequence[Cell]], i: int) -> bool:
    """Tell a comment line from a heading that begins with #: another line of headings or comments follows it."""
    below = next((row for row in cells[i + 1 :] if any(not _empty(cell) for cell in row)), None)
    if below is None:
        return False
    first = next(cell for cell in below if not _empty(cell))
    if isinstance(first, str) and first.startswith("#"):
        return True
    here = sum(not _empty(cell) for cell in cells[i])
    return all(isinstance(cell, str) and not _number_like(cell) for cell in below if not _empty(cell)) and (
        here <= 1 or len({str(cell).strip() for cell in below if not _empty(cell)}) == sum(not _empty(c) for c in below)
    ) and any(cells[i + 2 :])  # fmt: skip


def _last_heading(sheet: Sheet, cells: Sequence[Sequence[Cell]], full: list[int], first: int) -> int:
    """Follow stacked headings down: a row with cells merged side by side has another row of headings below it."""
    last = first
    while last - first + 1 < MOST_HEADING_ROWS and last + 1 < len(cells):
        merged = any(top <= last <= bottom and right > left for top, left, bottom, right in sheet.merged)
        sparse = full[last] < full[last + 1] and _all_words(cells[last]) and len(cells) > last + 2 and full[last] > 1
        if (merged or sparse) and _all_words(cells[last + 1]):
            last += 1
        else:
            break
    return last


def _all_words(row: Sequence[Cell]) -> bool:
    filled = [cell for cell in row if not _empty(cell)]
    words = [cell for cell in filled if isinstance(cell, str) and not _number_like(cell) and not is_missing(cell)]
    return bool(filled) and len(words) >= 0.9 * len(filled)


def _number_like(cell: str) -> bool:
    return re.fullmatch(r"[<>*]?\s*[-+]?[\d.,:/\s-]+%?", cell.strip()) is not None


UNIT = re.compile(
    r"[(\[]?(%|(10\^?\d+|x?10\^\d+|[munpkµμ]?(g|mol|u|iu|ie|l)|mg|kg|cm|m|mm)\s*(/\s*([munpkdµμ]?l|kg|h|d|m2|m²|ml|dl))?|cells?/\S+|years?|yrs?|months?|days?|weeks?|jahre|monate|tage|wochen|岁|月|天|m/w|f/m|m/f|[是有]/[否无]|男/女|yes/no|ja/nein|oui/non|y/n|j/n|o/n|0/1|yyyy-mm-dd|dd[./]mm[./]yyyy)[)\]]?",
    re.IGNORECASE,
)


def _only_units(row: Sequence[Cell]) -> bool:
    """Tell whether a row below the headings holds the units of its columns and nothing else."""
    filled = [cell for cell in row if not _empty(cell)]
    return (
        bool(filled)
        and all(isinstance(cell, str) and UNIT.fullmatch(cell.strip()) for cell in filled)
        and len([cell for cell in filled if len(str(cell).strip()) > 1]) * 2 > len(filled)
    )


SUMMARY = re.compile(
    r"\s*(total|sum|mean|average|median|sd|std|min|max|range|n|count|summe|gesamt|mittelwert|moyenne|somme|合计|总计|平均|平均值|中位数)\s*[:=]?\s*|(total|gesamt|summe|合计|共)?\s*(n|no|patients?|patienten|anzahl|例)?\s*[:=：]\s*\d+|(median|mean|average|mittelwert|moyenne|médiane|mediana|media|中位数|均值)\s*[(\[±,（].{0,25}",
    re.IGNORECASE,
)


def _is_summary(row: Sequence[Cell]) -> bool:
    first = next((cell for cell in row if not _empty(cell)), None)
    return isinstance(first, str) and SUMMARY.fullmatch(first) is not None


def _is_foot(row: Sequence[Cell], full: int, width: int) -> bool:
    first = next((cell for cell in row if not _empty(cell)), None)
    if full > 1 or width < 2 or not isinstance(first, str):
        return False
    marked = re.match(r"\s*([*#†‡]+\s*\D|note|source|注|legend|quelle)", first, re.IGNORECASE) is not None
    said = width > 3 and re.search(r":\s|:$|\w\s+\w+\s+\w", first.strip()) is not None  # words, where a key would stand
    return marked or said or (width > 2 and len(first) > 25)


def _columns(
    sheet: Sheet, cells: Sequence[Sequence[Cell]], headings: range, rows: list[int], units: Sequence[Cell]
) -> tuple[SourceColumn, ...]:
    width = len(cells[0]) if cells else 0
    over = {i: _carried(sheet, cells, i, width) for i in headings}
    if not sheet.merged:
        over |= {i: _carried_over_gaps(over[i]) for i in headings[:-1]}
    columns = []
    for j in range(width):
        words = [_heading(over[i][j]) for i in headings]
        body = [cells[i][j] for i in rows]
        name, groups = words[-1], tuple(word for word in words[:-1] if word)
        if not name and groups:
            name, groups = groups[-1], groups[:-1]
        if not name and all(_empty(cell) for cell in body):
            continue
        if units and not _empty(units[j]):
            name = f"{name} ({_heading(units[j]).strip('()[] ')})"
        columns.append(
            SourceColumn(
                j + 1, name, groups, body, sheet.labels.get(j, {}), sheet.titles.get(j, ""), sheet.missing.get(j, ())
            )
        )
    return tuple(columns)


def _carried(sheet: Sheet, cells: Sequence[Sequence[Cell]], row: int, width: int) -> list[Cell]:
    """Carry a heading over the range that it is merged over, and no further."""
    out = list(cells[row])
    for top, left, bottom, right in sheet.merged:
        if top <= row <= bottom:
            for j in range(left, min(right, width - 1) + 1):
                out[j] = cells[top][left]
    return out


def _carried_over_gaps(row: Sequence[Cell]) -> list[Cell]:
    """Carry a group's heading on to the next group, as a merged one stands in a file that knows no merged cells."""
    out = list(row)
    for j in range(1, len(out)):
        out[j] = out[j - 1] if _empty(out[j]) else out[j]
    return out


def _heading(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}"
    return re.sub(r"\s+", " ", "" if cell is None else str(cell)).strip()
