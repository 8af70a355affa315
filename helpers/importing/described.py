"""What files say about other files: a REDCap dictionary, a text that describes the columns."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from helpers.importing.code_words import codes_in
from helpers.importing.read_text import decode
from helpers.importing.sheet import Sheet
from helpers.importing.table import find_table

REDCAP = "Variable / Field Name"


@dataclass
class Description:
    """What is said of one column elsewhere: label, codes, whether it identifies, whether it is free text, order of dates, unit, whether it is a question of several boxes."""

    title: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    identifier: bool = False
    free_text: bool = False
    order: str = ""
    form: str = ""
    words: str = ""
    boxes: bool = False


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
            kind == "checkbox",
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


CODEBOOK = {
    "name": r"variables?( ?names?)?|nombre( de)?( la)? variable|nom( de)?( la)? variable|campo|champ|variablenname|feld(name)?|field( ?name)?|column( ?name)?|spalte|变量(名)?|字段(名)?",
    "title": r"descripcion|etiqueta|libelle|etiquette|descrizione|significado|labels?|variable labels?|description|meaning|definition|beschreibung|bedeutung|含义|说明|标签",
    "codes": r"valores?|codigos?|valeurs?|modalites?|valori|codici|values?|value labels?|codes?|coding|categories|levels|kodierung|werte|取值|编码|赋值",
}


def codebook_columns(sheet: Sheet) -> dict[str, int]:
    """Find where a codebook has its names, labels and codes; empty for a sheet that is none."""
    head = [plain(str(cell or "")) for cell in sheet.cells[0]] if sheet.cells else []
    at = {
        what: next((j for j, word in enumerate(head) if re.fullmatch(words, word)), -1)
        for what, words in CODEBOOK.items()
    }
    found = {what: j for what, j in at.items() if j >= 0}
    return found if "name" in found and len(found) > 1 else {}


def plain(words: str) -> str:
    """Take case and accents off.

    Examples
    --------
    >>> plain(" Descripción ")
    'descripcion'
    """
    parts = unicodedata.normalize("NFKD", words.strip().lower())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def codebook(sheet: Sheet) -> dict[str, Description]:
    """Read a sheet that describes columns: by name its label and its codes.

    Examples
    --------
    >>> rows = [["Variable", "Label", "Values"], ["v1", "Sex", "1 = male; 2 = female"], [None, None, "3 = other"]]
    >>> codebook(Sheet("c.xlsx", "codebook", rows))["v1"].codes
    {'1': 'male', '2': 'female', '3': 'other'}
    >>> rows = [["Variable", "Code", "Label"], ["v1", None, "Sex"], ["v1", "1", "male"], ["v1", "2", "female"]]
    >>> codebook(Sheet("c.csv", "", rows))["v1"].title, codebook(Sheet("c.csv", "", rows))["v1"].codes
    ('Sex', {'1': 'male', '2': 'female'})
    """
    at, found, name = codebook_columns(sheet), {}, ""
    for row in sheet.cells[1:]:
        texts = {what: str(row[j] if row[j] is not None else "").strip() for what, j in at.items()}
        name = texts["name"] or name
        if not name:
            continue
        code, title = texts.get("codes", ""), texts.get("title", "")
        alone = bool(code and title) and not codes_in(code) and re.fullmatch(r"-?[\w.+-]{1,12}", code) is not None
        one = found.setdefault(name, Description("" if alone else title, words="" if alone else title))
        one.codes |= {code: title} if alone else codes_in(code)  # a row for each code, or all in one cell
    return found


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
