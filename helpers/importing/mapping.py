"""The mapping: what each column of each file is, as a file that a person reads, changes and signs off."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpers.importing.sheet import code_text
from helpers.paths import write_text
from helpers.problems import InputError, Problem

NAME = "mapping.yaml"
MOST_BYTES = 20_000_000
HEAD = """\
# What each column of your files is taken for. Nothing has been computed yet.
#
# Read it, change what is wrong, and answer each line that begins with "decide:": put the answer into the field that it
# names, then delete the decide line (each question is one line; further ones stand below also_decide). `supplement import FILES --out FOLDER --apply` refuses while one is left.
#
#   to: patient             the patient's key (replaced by a random one)   to: leave out      the column is not read
#   to: origin              the date of day 0                              to: birth          date (or, with `unit: year` or `month`, year or month) of birth: only the age is kept
#   to: patients.sex ...    a column of the dictionary (data/README.md)    to: declared       kept under `name`, as `kind`
#   to: lab                 a measurement: `name` the analyte, `unit`, and `day` or `day_at` (column that holds the day)
#   to: time                time to an event or to the end of follow-up: `name` death / relapse / progression / progression or death,
#                           `unit` hours / days / weeks / months / years; its status stands in another column
#   to: status              whether the event came: `codes` event / censored / unknown, `time_at` the column of its time or date
#   to: exposure            the day on which `name` began; `never` the number that stands for never
#   to: treatments.times    how often a day the dose of a row was given: `codes` what is written -> a number
#   to: until               the last day of a course or an episode: a day, or a date in `order`
#   to: toxicity.CRS.grade  also .flag, .day_from, .day_to, .duration, and .on_day: the grade on `day` (a column for each day)
#   to: treatments.days     for how many days the daily dose of a row was given, the first day included
#   to: daily dose          the dose of the drug `name` on `day`, in `unit`; 0 is not given
#   to: later infusion      the date of infusion `name` (2, 3 ...), which becomes a repeat infusion of screening.csv
#   to: first dose          the date or day of the first dose of the drug `name`: an administration whose dose is not known
#   to: last dose           its last day; to: days of drug   its number of days; to: total dose   its dose in all, in `unit`, spread evenly over them
#   to: dose of each day    its dose on each of them (one administration a day), in `unit`
#                           (`of`: the steroid in whose equivalents it is told)
#   to: weight unit         a column of its own that says the unit of each row; also height unit, age unit
#   to: adtte.event         the words of ADTTE for what came first
#   to: adtte.start, adtte.date   the dates from and to which a time of ADTTE counts: where both are there they are used and not the time
#   to: labs.below, labs.above    flags (yes / no): the result of the row lies below, above the limit of the assay
#   codes: what is written -> what it means.   missing: what is written for "not known".   confidence: sure / likely / guess
#   exchange: true           day and month of the date cells are exchanged back (Excel had read them the wrong way round)
#   hidden: true            words that could be names: `codes` holds their numbers in the order of the alphabet (what they mean is yours to write)
#   to: rows                which rows count: `codes` keep / leave out (standards of a plate, one of two grading systems)
#   to: infusion            the number of the infusion; a sheet whose `row_is` is infusion keeps the first of each patient
#   drug: tocilizumab       of a sheet with a row per dose and no column that says of which drug
#   event: CRS              of a sheet with a row per episode and no column that says of what
#   complete_at:            the column that says whether the form was filled in; a box that is not ticked counts as no only there
#   unknown_at:             the box for "not known" beside it; where that is ticked, a box that is not counts as not known
#   other_text: leave out   cells that are no number, or no code of the mapping, are left empty (else they stop the import)
#   other_text: words       cells that are no code of the mapping are read by a known word in them, else left empty
#   first_day: 1            day 0 is called day 1 in this column, and there is no 0 (CDISC's study days)
#   left_at, right_at: values at or beyond these were not measured but lie below or above the limit
#   left_of, right_of: the same for each analyte of a table with a row per measurement (`IL-6: 5000`)
"""

Confidence = Literal["sure", "likely", "guess"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("also_decide", mode="before", check_fields=False)
    @classmethod
    def _none_left(cls, value: Any) -> Any:
        """Take the heading of questions that were all deleted for none."""
        return [] if value is None else value


class ColumnMap(_Part):
    """What one column is taken for; fields that do not apply are left out of the file."""

    at: int
    column: str = ""
    over: str = ""
    to: str = "leave out"
    name: str = ""
    kind: str = ""
    unit: str = ""
    of: str = ""
    factor: float | None = None
    day: float | None = None
    day_at: int | None = None
    first_day: Literal[0, 1] = 0
    time_at: int | None = None
    order: Literal["", "dmy", "mdy", "ymd"] = ""
    decimal: Literal["", ".", ","] = ""
    codes: dict[str, str] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    missing: list[str] = Field(default_factory=list)
    empty_means: str = ""
    never: float | None = None
    left_at: float | None = None
    right_at: float | None = None
    left_of: dict[str, float] = Field(default_factory=dict)
    right_of: dict[str, float] = Field(default_factory=dict)
    exchange: bool = False
    other_text: Literal["", "leave out", "words"] = ""
    hidden: bool = False
    complete_at: int | None = None
    unknown_at: int | None = None
    cells: int = 0
    confidence: Confidence = "sure"
    reason: str = ""
    decide: str = ""
    also_decide: list[str] = Field(default_factory=list)

    @field_validator("codes", "missing", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Take codes that YAML reads as numbers or truth for the text that a person meant."""
        if isinstance(value, dict):
            return {_text(key): _text(item) for key, item in value.items()}
        return [_text(item) for item in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else code_text(value)


class SheetMap(_Part):
    """What one sheet holds."""

    file: str
    sheet: str = ""
    row_is: Literal[
        "patient", "sample", "infusion", "measurement", "administration", "event", "parameter", "leave out"
    ] = "patient"
    event: Literal["", "CRS", "ICANS"] = ""
    drug: str = ""
    strip_suffix: str = ""
    strip_prefix: str = ""
    fill_down: bool = False
    without_end: Literal["", "leave out"] = ""
    rows_read: int = 0
    notes: list[str] = Field(default_factory=list)
    decide: str = ""
    also_decide: list[str] = Field(default_factory=list)
    columns: list[ColumnMap] = Field(default_factory=list)

    @property
    def place(self) -> str:
        """Name the sheet for the account of its rows."""
        return f"{self.file} {self.sheet}".strip()


class Mapping(_Part):
    """The whole mapping of an import.

    Examples
    --------
    >>> one = Mapping(sheets=[SheetMap(file="a.csv", columns=[ColumnMap(at=1, column="id", to="patient", decide="is it?")])])
    >>> one.open_questions()
    ['a.csv, column 1 (id): is it?']
    """

    version: Literal[1] = 1
    name: str = "imported"
    origin: str = "day 0 of the file"
    synthetic: bool = False
    source: str = ""
    licence: str = "not public"
    ids: Literal["random", "keep"] = "random"
    unjoined: Literal["", "leave out"] = ""
    decide: str = ""
    also_decide: list[str] = Field(default_factory=list)
    sheets: list[SheetMap] = Field(default_factory=list)

    def open_questions(self) -> list[str]:
        """List what is still to be decided, with its place."""
        found = [*_questions(self, "the whole import")]
        for sheet in self.sheets:
            place = f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file
            found += _questions(sheet, place)
            for column in sheet.columns:
                label = f" ({column.column})" if column.column else ""
                found += _questions(column, f"{place}, column {column.at}{label}")
        return found


def _questions(part: Any, place: str) -> list[str]:
    return [f"{place}: {text}" for text in (part.decide, *part.also_decide) if text]


def write_mapping(mapping: Mapping, folder: str | Path) -> Path:
    """Write the mapping, with its explanation, to ``mapping.yaml`` in *folder*."""
    slim = mapping.model_dump(exclude_defaults=True) | {"version": 1}
    order = ["version", *[key for key in Mapping.model_fields if key in slim and key != "version"]]
    text = yaml.safe_dump({key: slim[key] for key in order}, sort_keys=False, allow_unicode=True, width=math.inf)
    return write_text(Path(folder) / NAME, HEAD + "\n" + text)


def read_mapping(folder: str | Path) -> Mapping:
    """Read ``mapping.yaml`` of *folder* safely.

    Raises
    ------
    InputError
        If it is absent, too large, no YAML or no mapping: each wrong field with its place.
    """
    path = Path(folder) / NAME
    if not path.is_file():
        raise InputError([Problem("import", "", "", "no mapping", f"a {NAME} made by supplement import", NAME)])
    if path.stat().st_size > MOST_BYTES:
        raise InputError([Problem("import", "", "", "a file too large", f"at most {MOST_BYTES:,} bytes", NAME)])
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            [Problem("import", mark.line + 1 if mark else "", "", "text that is no YAML", "YAML", NAME)]
        ) from None
    except ValidationError as error:
        raise InputError(
            [
                Problem("import", "", ".".join(map(str, one["loc"])), one["type"], one["msg"], NAME)
                for one in error.errors()
            ]
        ) from None
