"""Kinds of damage to a cohort's folder: each is said at its place, or provably changes nothing.

:data:`KINDS` names each kind and what is expected of it. Hypothesis chooses the table, row, column and value. Whatever happens, nothing
that could identify a patient (identifiers, names, numbers and dates that stand where they should not) is in a message.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpers.cohort.assumptions import assumptions_made
from helpers.cohort.derive import analyse
from helpers.cohort.plausibility_checks import plausibility_warnings
from helpers.cohort.read import read_cohort
from helpers.problems import InputError
from helpers.results.value import id_part

EXAMPLES = 3
N = 24
NAME = "Xu Qiwen 13800138000"  # stands for whatever could identify, wherever text is put
PATIENTS = [f"SYN-QX{number:03d}" for number in range(1, N + 1)]


def base() -> dict[str, str]:
    """Return the files of a cohort in which nothing is wrong and nothing unlikely."""
    patients = [
        "patient_id,sex,age_years,weight_kg,height_cm,infusion_year,cutoff_day,prior_transplant,car_target,blast_preinfusion_pct"
    ]
    followup = ["patient_id,relapse_day,death_day,death_cause,last_assessment_day,last_contact_day"]
    response = ["patient_id,assessment_day,day30_response"]
    toxicity = ["patient_id,episode_id,event,day_from,day_to,grade"]
    treatments = ["patient_id,agent,salt,route,day,time,dose_mg,indication"]
    labs = ["patient_id,day,analyte,value,unit,censored"]
    exposures = ["patient_id,exposure,day"]
    for number, patient in enumerate(PATIENTS):
        age, year = 4 + number % 12, 2018 + number % 3
        weight, last = 10 + 2.5 * age, 400 + 37 * number
        dead, relapsed = number % 4 == 1, number % 3 == 1
        patients.append(
            f"{patient},{('male', 'female')[number % 2]},{age},{weight},{round((weight / 17) ** 0.5 * 100)},{year},"
            f"{365 * (2022 - year) + 90 + number},{('true', 'false')[number % 2]},{('CD19', 'CD19+CD22')[number % 2]},{5 + 3 * number}"
        )
        followup.append(
            f"{patient},{last - 200 if relapsed else ''},{last if dead else ''},{'infection' if dead else ''},{last - 20},{last}"
        )
        response.append(f"{patient},{28 + number % 5},{('CR', 'NR', 'PR')[number % 3]}")
        toxicity.append(f"{patient},C1,CRS,{2 + number % 4},{6 + number % 5},{1 + number % 3}")
        if number % 4 == 0:
            toxicity.append(f"{patient},I1,ICANS,{5 + number % 3},{8 + number % 3},1")
        if number % 2:
            treatments += [
                f"{patient},methylprednisolone,base,IV,{day},08:00,{20 + 10 * (number % 5)},CRS" for day in (5, 6)
            ]
        treatments.append(f"{patient},tocilizumab,,IV,4,09:30,{8 * weight:g},CRS")
        for place, (analyte, unit) in enumerate((("CRP", "mg/L"), ("IL-6", "pg/mL"), ("TNF-α", "pg/mL"))):
            labs += [f"{patient},{day},{analyte},{3 + place + number + day / 4},{unit},no" for day in (0, 3, 7)]
            labs += [f"{patient},10,{analyte},2,{unit},left"] if number % 3 == 0 else []
        exposures += [f"{patient},GVHD,{40 + number}"] if number % 3 == 0 else []
    tables = {"patients": patients, "followup": followup, "response": response, "toxicity": toxicity,
              "treatments": treatments, "labs": labs, "exposures": exposures}  # fmt: skip
    files = {f"{table}.csv": "\n".join([*lines, ""]) for table, lines in tables.items()}
    said = {"name": "few", "origin": "infusion", "synthetic": True, "source": "made up", "licence": "CC0"}
    return files | {"cohort.json": json.dumps(said | {"recorded": {"toxicity": ["CRS", "ICANS"]}})}


BASE = base()
TABLES = [name.removesuffix(".csv") for name in BASE if name.endswith(".csv")]


class Folder:
    """The files in memory, a hand to spoil them, and hypothesis to choose."""

    def __init__(self, draw: Callable):
        self.draw = draw
        self.files: dict[str, str | bytes | None] = dict(BASE)
        self.special: dict[str, Callable] = {}

    def one(self, *choices):
        return self.draw(st.sampled_from(choices))

    def rows(self, table: str) -> list[list[str]]:
        return [line.split(",") for line in str(self.files[f"{table}.csv"]).splitlines()]

    def write(self, table: str, rows: list[list[str]]) -> None:
        self.files[f"{table}.csv"] = "\n".join([*(",".join(row) for row in rows), ""])

    def put(self, place: str, value: object, row: int = 0, where: Callable | None = None) -> Place:
        """Put a value into a cell of "table.column"; the row is drawn if none is given."""
        table, column = place.split(".")
        rows = self.rows(table)
        number = rows[0].index(column)
        fit = [i for i, cells in enumerate(rows) if i and (where or bool)(dict(zip(rows[0], cells, strict=True)))]
        chosen = (row - 1) if row else self.one(*fit)
        rows[chosen][number] = str(value)
        self.write(table, rows)
        return Place(f"{table}.csv", chosen + 1, column)

    def every(self, place: str, change: Callable[[str], object]) -> Place:
        table, column = place.split(".")
        rows = self.rows(table)
        number = rows[0].index(column)
        rows[1:] = [[*r[:number], str(change(r[number])) if r[number] else "", *r[number + 1 :]] for r in rows[1:]]
        self.write(table, rows)
        return Place(f"{table}.csv", "", column)

    def json(self, key: str, value: object) -> Place:
        said = json.loads(str(self.files["cohort.json"]))
        self.files["cohort.json"] = json.dumps(said | {key: value})
        return Place("cohort.json")

    def text(self, least: int = 4) -> str:
        """Draw a text that is no number, with the name of somebody in it."""
        signs = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters=',"')
        return self.draw(st.text(signs, min_size=least, max_size=30)).strip() + NAME

    def on_disk(self, folder):
        for name, content in self.files.items():
            if isinstance(content, bytes):
                (folder / name).write_bytes(content)
            elif content is not None:
                (folder / name).write_bytes(content.encode())
        for name, make in self.special.items():
            make(folder / name)
        return folder


@dataclass(frozen=True)
class Place:
    """Where the damage is."""

    file: str
    row: int | str = ""
    column: str = ""


# What is expected -----------------------------------------------------------------------------------

ERROR = "read_cohort refuses and names file, row and column"
WARNING = "a plausibility warning names table and column (and row)"
SAID = "an error, a warning or a new line of the notes names the file or table"
HARMLESS = "the tables and all that is derived from them are equal"
KEPT = "it is a text, is read as it stands, and nothing else changes"


def _number(f: Folder, value: object, *places: str) -> Place:
    return f.put(
        f.one(*(places or ("patients.age_years", "patients.weight_kg", "labs.value", "treatments.dose_mg"))), value
    )


DAYS = (
    "followup.last_contact_day",
    "toxicity.day_from",
    "treatments.day",
    "labs.day",
    "response.assessment_day",
    "exposures.day",
)
NUMBERS = ("patients.age_years", "patients.weight_kg", "labs.value", "treatments.dose_mg", *DAYS)
CODES = ("patients.sex", "patients.car_target", "treatments.agent", "treatments.route", "labs.analyte", "labs.censored",
         "response.day30_response", "toxicity.event", "followup.death_cause")  # fmt: skip


def _swap(f: Folder, table: str, one: str, other: str, rows_of: Callable = lambda rows: range(1, len(rows))) -> Place:
    rows = f.rows(table)
    i, j = rows[0].index(one), rows[0].index(other)
    for number in rows_of(rows):
        rows[number][i], rows[number][j] = rows[number][j], rows[number][i]
    f.write(table, rows)
    return Place(f"{table}.csv", "", one)


def _shift(f: Folder) -> Place:
    """A row slipped by one column: its identifier stands where it was, the last cell is lost."""
    table = f.one("patients", "response", "toxicity", "treatments")
    rows = f.rows(table)
    number = f.draw(st.integers(1, len(rows) - 1))
    rows[number] = [rows[number][0], NAME, *rows[number][1:-1]]
    f.write(table, rows)
    return Place(f"{table}.csv", number + 1)


def _cut(f: Folder) -> Place:
    """A file cut anywhere after its header: in a cell, between two cells, between two rows."""
    file = f"{f.one('followup', 'response', 'patients')}.csv"
    text = str(f.files[file])
    f.files[file] = text[: f.draw(st.integers(text.index("\n") + 2, len(text) - 2))]
    return Place(file)


def _drop_rows(f: Folder) -> Place:
    rows = f.rows("followup")
    f.write("followup", rows[: f.draw(st.integers(2, N))])
    return Place("followup.csv")


def _column_away(f: Folder) -> Place:
    table = f.one(*TABLES)
    rows = f.rows(table)
    required = {"event", "day_from", "grade", "agent", "analyte", "exposure", "day", "episode_id", "last_contact_day"}
    column = f.one(*[name for name in rows[0][1:] if name not in required] or rows[0][1:])
    number = rows[0].index(column)
    f.write(table, [[*row[:number], *row[number + 1 :]] for row in rows])
    return Place(f"{table}.csv", "", column)


def _renamed(f: Folder) -> Place:
    table = f.one("patients", "followup", "labs")
    rows = f.rows(table)
    number = f.draw(st.integers(1, len(rows[0]) - 1))
    place = Place(f"{table}.csv", "", rows[0][number])
    rows[0][number] = f.one(rows[0][number].upper(), rows[0][number].replace("_", " "), "x " + rows[0][number], NAME)
    f.write(table, rows)
    return place


def _header(f: Folder, change: Callable[[str], str]) -> Place:
    file = f"{f.one(*TABLES)}.csv"
    head, rest = str(f.files[file]).split("\n", 1)
    f.files[file] = f"{change(head)}\n{rest}"
    return Place(file)


def _whole(f: Folder, change: Callable[[str], str | bytes | None], *files: str) -> Place:
    file = f.one(*(files or [f"{table}.csv" for table in TABLES]))
    f.files[file] = change(str(f.files[file]))
    return Place(file)


def _again(f: Folder, table: str, change: Callable[[list[str]], list[str]] = list, *, all_rows: bool = False) -> Place:
    rows = f.rows(table)
    chosen = rows[1:] if all_rows else [rows[f.draw(st.integers(1, len(rows) - 1))]]
    f.write(table, rows + [change(row) for row in chosen])
    return Place(f"{table}.csv", len(rows) + 1 if not all_rows else "", "")


def _added(f: Folder, table: str, **cells: object) -> Place:
    rows = f.rows(table)
    f.write(table, [*rows, [str(cells.get(name, "")) for name in rows[0]]])
    return Place(f"{table}.csv", len(rows) + 1)


def _one_of(dead: Callable) -> str:
    """The patients who died, or all others."""
    lines = [line.split(",") for line in BASE["followup.csv"].splitlines()[1:]]
    return [cells[0] for cells in lines if dead(cells[2])]


DEAD = _one_of(bool)


def _at(place: Place, column: str) -> Place:
    return Place(place.file, place.row, column)


def _shuffled(f: Folder, *, columns: bool) -> Place:
    table = f.one(*TABLES)
    rows = f.rows(table)
    if columns:
        order = f.draw(st.permutations(range(len(rows[0]))))
        f.write(table, [[row[place] for place in order] for row in rows])
    else:
        f.write(table, [rows[0], *f.draw(st.permutations(rows[1:]))])
    return Place(f"{table}.csv")


def _padded(f: Folder) -> Place:
    file = f"{f.one(*TABLES)}.csv"
    left, right = f.draw(st.text(" \t", max_size=3)), f.draw(st.text(" \t", max_size=3))
    f.files[file] = (
        "\n".join(",".join(f"{left}{c}{right}" for c in line.split(",")) for line in str(f.files[file]).splitlines())
        + "\n"
    )
    return Place(file)


def _blank_rows(f: Folder) -> Place:
    file = f"{f.one(*TABLES)}.csv"
    lines = str(f.files[file]).splitlines()
    for _ in range(f.draw(st.integers(1, 3))):
        lines.insert(f.draw(st.integers(1, len(lines))), f.one("", "," * lines[0].count(",")))
    f.files[file] = "\n".join([*lines, ""])
    return Place(file)


def _written_otherwise(f: Folder) -> Place:
    return f.every(
        "patients.prior_transplant", lambda cell: {"true": ("TRUE", "Yes", "1"), "false": ("False", "NO", "0")}[cell][1]
    )


def _special(f: Folder, make: Callable) -> Place:
    file = f.one("labs.csv", "toxicity.csv", "cohort.json")
    f.files[file] = None
    f.special[file] = make
    return Place(file)


def _stranger_file(f: Folder, *names: str) -> Place:
    f.files[f.one(*names)] = BASE["response.csv"]
    return Place("cohort folder")


def _moved(f: Folder) -> Place:
    table, name = f.one(("followup", "follow_up"), ("labs", "lab"), ("toxicity", "toxicities"), ("patients", "Patient"))
    f.files[f"{name}.csv"], f.files[f"{table}.csv"] = f.files[f"{table}.csv"], None
    return Place("cohort folder")


def _json_text(f: Folder, text: str | bytes) -> Place:
    f.files["cohort.json"] = text
    return Place("cohort.json")


def _own(f: Folder, **spec: object) -> Place:
    return f.json("columns", {"patients": {"ward": {"kind": "number", "meaning": "ward"} | spec}})


def _status(f: Folder) -> Place:
    f.files["status.csv"] = f"patient_id,crs\n{f.one(*PATIENTS)},no\n"
    return Place("status.csv", 2, "crs")


LABELS = {
    "formula": ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "=HYPERLINK(0)"),
    "HTML": ("<b>GVHD</b>", "<img src=x onerror=alert(1)>", "</td></table>", "&lt;i&gt;"),
    "script": ("<script>alert(1)</script>", "javascript:alert(1)", "{{ 7*7 }}", "${7*7}"),
    "LaTeX": (r"\input{/etc/passwd}", r"\write18{ls}", "$x_1$", r"\begin{verbatim}"),
    "Markdown and MyST": ("[a](http://x)", "```{include} /etc/passwd", "# GVHD", "| a | b |", "{eval-rst}`x`"),
    "path": ("../../etc/passwd", "/etc/passwd", "C:\\Windows", "a/b", "~", "..\\..\\x"),
    "direction mark": ("GVHD\u202eDHVG", "GV\u200bHD", "G\ufeffVHD"),
    "code": ("__import__('os').system('x')", "!!python/object/apply:os.system [x]", "cos\nsystem".replace("\n", " ")),
}  # fmt: skip


def _label(f: Folder, kind: str) -> Place:
    return f.put("exposures.exposure", f.one(*LABELS[kind]))


def _deep(f: Folder) -> Place:
    return _json_text(f, "[" * 100_000)


KINDS: dict[str, tuple[Callable[[Folder], Place], str]] = {
    # a cell
    "text for a number": (lambda f: _number(f, f.text(), *NUMBERS), ERROR),
    "text for a code": (lambda f: f.put(f.one(*CODES), f.text()), ERROR),
    "code in other capitals": (lambda f: f.put("patients.sex", f.one("Male", "FEMALE", "M", "f")), ERROR),
    "code in Chinese": (lambda f: f.put("patients.sex", f.one("男", "女")), ERROR),
    "code of another column": (lambda f: f.put("response.day30_response", f.one("male", "CRS", "IV", "yes")), ERROR),
    "truth that is neither": (lambda f: f.put("patients.prior_transplant", f.one("maybe", "2", "ja", "y/n")), ERROR),
    "mark for missing": (lambda f: _number(f, f.one("NA", ".", "n/a", "-", "unknown", "NULL", "nan", "未查"), *NUMBERS), ERROR),
    "999 for missing": (lambda f: _number(f, f.one(-1, -9, -99, -999, 999, 9999), "patients.age_years", "patients.weight_kg"), ERROR),
    "negative number": (lambda f: _number(f, -f.draw(st.floats(0.01, 1e6)), "patients.age_years", "patients.weight_kg", "labs.value", "treatments.dose_mg"), ERROR),
    "negative day": (lambda f: _number(f, -f.draw(st.integers(1, 5000)), "followup.last_contact_day", "toxicity.day_from", "response.assessment_day"), ERROR),
    "huge number": (lambda f: _number(f, f.draw(st.floats(1e5, 1e300)), "patients.age_years", "patients.weight_kg", "treatments.dose_mg"), ERROR),
    "number beyond any": (lambda f: _number(f, f.one("1e400", "inf", "-inf", "9" * 400, "Infinity"), *NUMBERS), ERROR),
    "fraction of a grade": (lambda f: f.put("toxicity.grade", f.draw(st.floats(1.001, 4.999).filter(lambda x: x % 1))), ERROR),
    "grade out of range": (lambda f: f.put("toxicity.grade", f.one(0, 6, 13, -1, "G2", "II", "2级", "1-2")), ERROR),
    "decimal comma": (lambda f: _number(f, f'"{f.draw(st.integers(1, 99))},{f.draw(st.integers(1, 9))}"', *NUMBERS[:3]), ERROR),
    "thousands point": (lambda f: _number(f, "1.234.567", *NUMBERS), ERROR),
    "digits with underscores": (lambda f: _number(f, f.one("1_0", "1_2.5"), *NUMBERS), ERROR),
    "hexadecimal": (lambda f: _number(f, f.one("0x1A", "0b11", "0o7", "1A"), *NUMBERS), ERROR),
    "unit in the cell": (lambda f: _number(f, f.one("27 kg", "12mg", "5 y", "8岁", "10%"), *NUMBERS), ERROR),
    "sign in the cell": (lambda f: f.put("labs.value", f.one("<2.5", ">1000", "≤3", "~5", "5+")), ERROR),
    "two numbers in a cell": (lambda f: _number(f, f.one("12/13", "5-8", "5;6", "120 130"), *NUMBERS), ERROR),
    "date for a day": (lambda f: _number(f, f"{f.draw(st.dates())}", *DAYS), ERROR),
    "date with slashes for a day": (lambda f: _number(f, f"{f.draw(st.dates()):%d/%m/%Y}", *DAYS), ERROR),
    "date in Chinese for a day": (lambda f: _number(f, "2019年3月5日", *DAYS), ERROR),
    "formula for a number": (lambda f: _number(f, f.one("=1+1", "+A1", "@x", "=NOW()"), *NUMBERS), ERROR),
    "HTML for a code": (lambda f: f.put(f.one(*CODES), f.one(*LABELS["HTML"], *LABELS["script"])), ERROR),
    "no time of day": (lambda f: f.put("treatments.time", f.one("25:00", "8h30", "noon", "08:60", "0.354")), ERROR),
    "empty identifier": (lambda f: f.put(f"{f.one(*TABLES)}.patient_id", ""), ERROR),
    "empty cell that may not be": (lambda f: f.put(f.one("followup.last_contact_day", "treatments.agent", "labs.analyte", "toxicity.grade", "exposures.day"), ""), ERROR),
    "unknown unit": (lambda f: f.put("labs.unit", f.one("U/mL", "mmol/L", "kg", NAME)), ERROR),
    "Excel serial for a day": (lambda f: _number(f, f.draw(st.integers(40_000, 46_000)), "labs.day", "treatments.day", "exposures.day"), WARNING),
    "milligrams for grams": (lambda f: f.every("treatments.dose_mg", lambda x: float(x) / 1000), WARNING),
    "unit mixed in": (lambda f: f.put("labs.unit", f.one("ng/L", "ng/mL"), where=lambda row: row["analyte"] == "IL-6"), SAID),
    # patients and rows
    "patient unknown": (lambda f: f.put(f"{f.one(*TABLES[1:])}.patient_id", f"SYN-{NAME}"), ERROR),
    "identifier in other letters": (lambda f: _at(f.every(f"{f.one(*TABLES[1:])}.patient_id", str.lower), "patient_id"), ERROR),
    "identifier without its mark": (lambda f: f.put("patients.patient_id", NAME), ERROR),
    "patient twice": (lambda f: _at(_again(f, f.one("patients", "followup", "response")), "patient_id"), ERROR),
    "every patient twice": (lambda f: _at(_again(f, f.one("patients", "followup", "response"), all_rows=True), "patient_id"), ERROR),
    "administration twice": (lambda f: _again(f, "treatments"), WARNING),
    "measurement twice": (lambda f: _again(f, "labs"), WARNING),
    "interval twice": (lambda f: _again(f, "toxicity"), WARNING),
    "all administrations twice": (lambda f: _again(f, "treatments", all_rows=True), WARNING),
    "all measurements twice": (lambda f: _again(f, "labs", all_rows=True), WARNING),
    "rows lost": (_drop_rows, WARNING),
    "drug after death": (lambda f: _at(_added(f, "treatments", patient_id=f.one(*DEAD), agent="tocilizumab", route="IV", day=3000, dose_mg=200), "day"), WARNING),
    "sample after death": (lambda f: _at(_added(f, "labs", patient_id=f.one(*DEAD), analyte="CRP", value=4, unit="mg/L", day=2500), "day"), WARNING),
    "syndrome after death": (lambda f: _at(_added(f, "toxicity", patient_id=f.one(*DEAD), episode_id="C9", event="CRS", day_from=2500, day_to=2501, grade=1), "day_from"), WARNING),
    "sample after the last contact": (lambda f: _at(_added(f, "labs", patient_id=f.one(*[p for p in PATIENTS if p not in DEAD]), analyte="CRP", value=4, unit="mg/L", day=2500), "day"), WARNING),
    "contact after death": (lambda f: f.put("followup.last_contact_day", f.draw(st.integers(1400, 2000)), where=lambda row: row["death_day"]), WARNING),
    "contact long before death": (lambda f: f.put("followup.last_contact_day", 390, where=lambda row: row["death_day"]), WARNING),
    "end before the beginning": (lambda f: f.put("toxicity.day_to", f.one(0, 1)), ERROR),
    "relapse after death": (lambda f: f.put("followup.relapse_day", 5000, where=lambda row: row["death_day"]), (ERROR, "death_day")),
    "follow-up of a million days": (lambda f: f.put("followup.last_contact_day", f.one(1_000_000, 99_999, 15_000)), WARNING),
    "what is known contradicts what is recorded": (_status, ERROR),
    # a column
    "months for days": (lambda f: [f.every(f"followup.{c}", lambda x: round(float(x) / 30.4375, 1)) for c in ("relapse_day", "death_day", "last_assessment_day", "last_contact_day")][-1], WARNING),
    "years for days": (lambda f: [f.every(f"followup.{c}", lambda x: round(float(x) / 365.25, 2)) for c in ("relapse_day", "death_day", "last_assessment_day", "last_contact_day")][-1], WARNING),
    "weights ten times": (lambda f: f.every("patients.weight_kg", lambda x: 10 * float(x)), SAID),
    "heights in metres": (lambda f: f.every("patients.height_cm", lambda x: float(x) / 100), (ERROR, "height_cm")),
    "fractions for percentages": (lambda f: f.every("patients.blast_preinfusion_pct", lambda x: float(x) / 100), WARNING),
    "data cut-off on one early day": (lambda f: f.every("patients.cutoff_day", lambda x: 5), WARNING),
    "limits called measured": (lambda f: f.every("labs.censored", lambda x: "no"), (WARNING, "value")),
    "columns swapped, of two kinds": (lambda f: _swap(f, "patients", "sex", "age_years"), ERROR),
    "age and weight swapped": (lambda f: _swap(f, "patients", "age_years", "weight_kg"), (WARNING, "weight_kg")),
    "weight and height swapped": (lambda f: _swap(f, "patients", "weight_kg", "height_cm"), WARNING),
    "relapse and death swapped": (lambda f: _swap(f, "followup", "relapse_day", "death_day"), (ERROR, "death_day")),
    "cells of one row swapped": (lambda f: _swap(f, "treatments", "agent", "route", lambda rows: [f.draw(st.integers(1, len(rows) - 1))]), ERROR),
    "row slipped by a column": (_shift, ERROR),
    "column absent": (_column_away, SAID),
    "column renamed": (_renamed, SAID),
    "patient_id renamed": (lambda f: _header(f, lambda head: head.replace("patient_id", f.one("Patient_ID", "id", "patient id", "姓名"))), ERROR),
    "column twice": (lambda f: _whole(f, lambda text: "\n".join(f"{line},{line.split(',')[1]}" for line in text.splitlines()) + "\n"), (ERROR, None)),
    "column without a name": (lambda f: _whole(f, lambda text: "\n".join(f"{line},{'x' if number else ''}" for number, line in enumerate(text.splitlines())) + "\n"), ERROR),
    "column that nobody declared": (lambda f: _whole(f, lambda text: "\n".join(f"{line},{NAME if number else 'hospital'}" for number, line in enumerate(text.splitlines())) + "\n"), SAID),
    # a file
    "file cut anywhere": (_cut, SAID),
    "file empty": (lambda f: _whole(f, lambda text: f.one("", "\n\n", "  ")), ERROR),
    "header alone": (lambda f: _whole(f, lambda text: text.split("\n")[0] + "\n", "patients.csv"), ERROR),
    "header absent": (lambda f: _whole(f, lambda text: text.split("\n", 1)[1]), ERROR),
    "title above the header": (lambda f: _header(f, lambda head: f"{NAME}\n{head}"), ERROR),
    "header again in the middle": (lambda f: _at(_again(f, f.one("patients", "response"), lambda _: f.rows("response")[0]), ""), ERROR),
    "row with a cell too many": (lambda f: _again(f, f.one(*TABLES), lambda row: [*row, NAME]), ERROR),
    "row with a cell too few": (lambda f: _again(f, f.one(*TABLES), lambda row: row[:-1]), ERROR),
    "total line at the end": (lambda f: _again(f, f.one("patients", "labs"), lambda row: ["Total", *["" for _ in row[1:]]]), ERROR),
    "semicolons between cells": (lambda f: _whole(f, lambda text: text.replace(",", f.one(";", "\t", "|"))), ERROR),
    "quotation mark not closed": (lambda f: f.put(f"{f.one(*TABLES)}.patient_id", '"SYN') and Place("", ""), ERROR),
    "UTF-16": (lambda f: _whole(f, lambda text: text.encode("utf-16")), ERROR),
    "another encoding": (lambda f: _whole(f, lambda text: text.encode("gb18030"), "labs.csv"), ERROR),
    "NUL": (lambda f: _whole(f, lambda text: text[: (place := f.draw(st.integers(0, len(text))))] + "\0" + text[place:]), ERROR),
    "workbook by the name of a CSV": (lambda f: _whole(f, lambda text: b"PK\x03\x04" + text.encode()), ERROR),
    "random bytes": (lambda f: _whole(f, lambda text: f.draw(st.binary(min_size=1, max_size=200))), ERROR),
    "folder by the name of a file": (lambda f: _special(f, os.mkdir), ERROR),
    "pipe by the name of a file": (lambda f: _special(f, os.mkfifo), ERROR),
    "link to nowhere": (lambda f: _special(f, lambda path: path.symlink_to("nowhere")), SAID),
    "table absent": (lambda f: _whole(f, lambda text: None, *[f"{table}.csv" for table in TABLES[1:]]), SAID),
    "patients absent": (lambda f: _whole(f, lambda text: None, "patients.csv"), ERROR),
    "table by another name": (_moved, ERROR),
    "copy of a table": (lambda f: _stranger_file(f, "response (1).csv", "response_copy.csv", f"{NAME}.csv"), ERROR),
    "one table in the place of another": (lambda f: _whole(f, lambda text: BASE["patients.csv"], "response.csv", "exposures.csv", "labs.csv"), SAID),
    "other files in the folder": (lambda f: f.files.update({"notes.txt": NAME, "patients.pkl": b"cos\nsystem\n", "a.json": "{"}) or Place(""), HARMLESS),
    # a way of writing
    "BOM": (lambda f: _whole(f, lambda text: "\ufeff" + text), HARMLESS),
    "CRLF": (lambda f: _whole(f, lambda text: text.replace("\n", "\r\n")), HARMLESS),
    "CR": (lambda f: _whole(f, lambda text: text.replace("\n", "\r")), HARMLESS),
    "line ends mixed": (lambda f: _whole(f, lambda text: text.replace("\n", "\r\n", f.draw(st.integers(1, 9)))), HARMLESS),
    "every cell in quotation marks": (lambda f: _whole(f, lambda text: "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in text.splitlines()) + "\n"), HARMLESS),
    "blanks around cells": (_padded, HARMLESS),
    "blank rows": (_blank_rows, HARMLESS),
    "commas at the ends of rows": (lambda f: _whole(f, lambda text: "\n".join(line + "," * f.draw(st.integers(1, 1)) for line in text.splitlines()) + "\n"), HARMLESS),
    "no line end at the end": (lambda f: _whole(f, lambda text: text.removesuffix("\n")), HARMLESS),
    "rows in another order": (lambda f: _shuffled(f, columns=False), HARMLESS),
    "columns in another order": (lambda f: _shuffled(f, columns=True), HARMLESS),
    "numbers with decimals": (lambda f: f.every(f.one(*NUMBERS), lambda x: f"{float(x):.4f}" if float(x) * 1e4 % 1 == 0 else x), HARMLESS),
    "numbers with an exponent": (lambda f: f.every(f.one(*NUMBERS), lambda x: f"{float(x):.17e}"), HARMLESS),
    "truth written otherwise": (_written_otherwise, HARMLESS),
    # a label
    **{f"{kind} in a label": (lambda f, kind=kind: _label(f, kind), KEPT) for kind in LABELS},
    # cohort.json
    "cohort.json absent": (lambda f: Place("patients.csv", "", "synthetic") if _json_text(f, None) else None, ERROR),
    "cohort.json cut": (lambda f: _json_text(f, BASE["cohort.json"][: f.draw(st.integers(1, len(BASE["cohort.json"]) - 1))]), ERROR),
    "cohort.json with a comma too many": (lambda f: _json_text(f, BASE["cohort.json"].replace("}", ",}")), ERROR),
    "cohort.json in UTF-16": (lambda f: _json_text(f, BASE["cohort.json"].encode("utf-16")), ERROR),
    "cohort.json as random bytes": (lambda f: _json_text(f, b"\xff" + f.draw(st.binary(max_size=100))), ERROR),
    "cohort.json with a BOM": (lambda f: _json_text(f, "\ufeff" + BASE["cohort.json"]), HARMLESS),
    "cohort.json is no object": (lambda f: _json_text(f, json.dumps(f.one([1], "x", 3, None, True, NAME))), ERROR),
    "cohort.json with NaN": (lambda f: _json_text(f, BASE["cohort.json"].replace("true", f.one("NaN", "Infinity"))), ERROR),
    "cohort.json with a key twice": (lambda f: _json_text(f, BASE["cohort.json"].replace("{", '{"synthetic": false, ', 1)), ERROR),
    "cohort.json with 5,000 digits": (lambda f: _json_text(f, BASE["cohort.json"].replace("true", "9" * 5000)), ERROR),
    "cohort.json with 100,000 brackets": (_deep, ERROR),
    "cohort.json of two megabytes": (lambda f: f.json("source", "x" * 2_000_000), ERROR),
    "cohort.json: key misspelt": (lambda f: f.json(f.one("orgin", "licence ", "Synthetic", "column"), "x"), ERROR),
    "cohort.json: synthetic as text": (lambda f: f.json("synthetic", f.one("true", "no", 1, 0, None, [True])), ERROR),
    "cohort.json: synthetic turned round": (lambda f: f.json("synthetic", False) and Place("patients.csv", "", "synthetic"), ERROR),
    "cohort.json: text of the wrong type": (lambda f: f.json(f.one("name", "origin", "source", "licence"), f.one(1, None, [NAME], {}, True)), ERROR),
    "cohort.json: text of many lines": (lambda f: f.json(f.one("name", "origin", "source"), f"{NAME}\n```{{include}} /etc/passwd"), ERROR),
    "cohort.json: text of a thousand signs": (lambda f: f.json(f.one("name", "origin", "source"), NAME * 50), ERROR),
    "cohort.json: columns of the wrong shape": (lambda f: f.json("columns", f.one([], "x", 3, None, {"patients": []}, {"patients": {"ward": 1}}, {NAME: {}})), ERROR),
    "cohort.json: unknown kind": (lambda f: _own(f, kind=f.one("integr", "id", NAME, 1, None)), ERROR),
    "cohort.json: allowed as a text": (lambda f: _own(f, kind="category", allowed=f.one(NAME, "", [1], ["a", "a"], [""], [" a"], None)), ERROR),
    "cohort.json: bounds that are none": (lambda f: _own(f, **f.one({"low": "1"}, {"low": 3, "high": 1}, {"high": True}, {"low": 10**400})), ERROR),
    "cohort.json: column of the dictionary again": (lambda f: f.json("columns", {"patients": {f.one("patient_id", "age_years", "synthetic"): {"kind": "text", "meaning": "x"}}}), ERROR),
    "cohort.json: analytes of the wrong shape": (lambda f: f.json("analytes", f.one([], "x", {"IL-6": "pg/mL"}, {"x": 1}, {"x": NAME * 2}, {"": "mg"}, {"a\nb": "mg"})), ERROR),
    "cohort.json: recorded that nobody can": (lambda f: f.json("recorded", f.one([], NAME, {NAME: []}, {"toxicity": "CRS"}, {"toxicity": [NAME]}, {"toxicity": [1]})), ERROR),
    "cohort.json: stands for another paper": (lambda f: f.json("stands_for", f.one(NAME, 1, None, [])), ERROR),
    "cohort.json: name as a path": (lambda f: f.json("name", f.one(*LABELS["path"], *LABELS["script"], *LABELS["formula"])), HARMLESS),
}  # fmt: skip


# The test -------------------------------------------------------------------------------------------


SETTINGS = settings(
    max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    """What came of reading a folder: the cohort or the problems, and every line that a user would see."""

    cohort: object
    problems: tuple
    warned: tuple
    said: tuple[str, ...]


def read(folder) -> Read:
    """Read and warn as supplement check does."""
    try:
        cohort = read_cohort(folder)
    except InputError as error:
        return Read(None, error.problems, (), tuple(str(error).splitlines()))
    warned = plausibility_warnings(cohort)
    return Read(cohort, (), warned, (*map(str, warned), *cohort.notes, *assumptions_made(cohort)))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Read:
    found = read(Folder(None).on_disk(tmp_path_factory.mktemp("sound")))
    assert not found.problems
    return found


def test_the_sound_cohort_brings_no_warning(sound):
    assert sound.warned == ()
    assert len(KINDS) >= 60


def named(row: object, place: Place) -> bool:
    """Tell whether the rows of a message (a number, or the first few in words) have the one that was spoilt."""
    return place.row == "" or str(place.row) in re.findall(r"\d+", str(row))


def is_error(found: Read, place: Place, column: str | None) -> bool:
    hits = [p for p in found.problems if p.file == place.file or p.table == place.file or not place.file]
    column = place.column if column is None else column
    return any(named(p.row, place) and column in (p.column, "") for p in hits)


def is_warning(found: Read, place: Place, column: str | None) -> bool:
    column = place.column if column is None else column
    hits = [w for w in found.warned if f"{w.table}.csv" == place.file and (not column or w.column == column)]
    return not found.problems and any(named(w.rows, place) for w in hits)


def is_said(found: Read, place: Place, before: Read) -> bool:
    new = set(found.said) - set(before.said)
    table = place.file.removesuffix(".csv")
    return any(table in line or place.file in line for line in new)


def in_order(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame[columns].sort_values(columns, ignore_index=True)


def derived(cohort) -> pd.DataFrame:
    return analyse(cohort).frame.sort_index()


def assert_equal(cohort, before, but: str = "") -> None:
    """Compare tables whatever the order of rows and columns, and all that is derived from them."""
    assert set(cohort.tables) == set(before.tables)
    for table, frame in before.tables.items():
        columns = [column for column in frame if f"{table}.{column}" != but]
        assert set(cohort.tables[table]) == set(frame)
        pd.testing.assert_frame_equal(in_order(cohort.tables[table], columns), in_order(frame, columns))
    pd.testing.assert_frame_equal(derived(cohort), derived(before), check_like=True)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_said_at_its_place_or_changes_nothing(kind, sound, tmp_path_factory):
    spoil, expected = KINDS[kind]
    expected, column = expected if isinstance(expected, tuple) else (expected, None)

    @settings(SETTINGS)
    @given(st.data())
    def check(data):
        folder = Folder(data.draw)
        place = spoil(folder)
        where = folder.on_disk(tmp_path_factory.mktemp("spoilt"))
        found = read(where)
        told = "\n".join(found.said)
        assert not re.search(
            r"QX\d|Qiwen|Xu |138001|\d{4}-\d\d-\d\d|/etc/passwd|alert|/tmp|" + re.escape(str(where)), told
        ), told
        if expected == ERROR:
            assert is_error(found, place, column), (place, told)
        elif expected == WARNING:
            assert is_warning(found, place, column), (place, told)
        elif expected == SAID:
            assert is_said(found, place, sound), (place, told)
        else:
            assert not found.problems, told
            assert not found.warned, told
            assert_equal(found.cohort, sound.cohort, "exposures.exposure" if expected == KEPT else "")
        if expected == KEPT:
            typed = str(folder.rows("exposures")[place.row - 1][1])
            assert found.cohort.tables["exposures"]["exposure"].iloc[place.row - 2] == typed.strip()
            assert re.fullmatch(r"[a-z0-9_]*", id_part(typed))

    check()
