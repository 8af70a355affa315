"""Headings that clinicians' files have, each with what it is: written by people who had not seen the code, before they were read.

``none`` is a near miss, which must be taken for nothing of the dictionary. The words of the lexicon were learned from these
headings afterwards, so the shares below say what is held, not what to expect of others (docs/import.md says that).
"""

import csv
from pathlib import Path

import pytest

from helpers.importing.described import Description
from helpers.importing.facts import Facts
from helpers.importing.propose import _said
from helpers.importing.recognise import recognised
from helpers.importing.table import SourceColumn

ENDPOINTS = {"death": "os", "progression or death": "pfs", "first event": "pfs"}
SAME = ({"date", "day"}, {"none", "other clock"})  # told apart by the cells; a clock that is not read is none
TAKEN = ("first dose", "later infusion")  # read and asked about, of which the labels know nothing
with (Path(__file__).parent / "import_headings.csv").open(encoding="utf-8") as file:
    HEADINGS = list(csv.DictReader(file))


def taken_for(row):
    cells = [cell if cell.strip() else None for cell in row["cells"].split("|")]
    column = SourceColumn(1, row["heading"], (), cells * (1 if row["sheet_kind"] == "patient" else 3))
    return recognised(Facts(column, _said(column, {}) or Description()), row["sheet_kind"])


def label_of(found):
    if found.to in ("time", "status") and found.name:
        return f"{ENDPOINTS.get(found.name, found.name)}.{found.to}"
    if found.to == "lab":
        return f"lab:{found.name}"
    if found.to == "leave out" and "sample's own name" in found.reason:
        return "sample"
    if found.to == "response.mrd_day30_result":
        return "response.mrd_day30"  # in words
    return "none" if found.to in ("declared", "leave out", "exposure", *TAKEN) else found.to


def is_right(row, found):
    label, wanted = label_of(found), row["target"].replace("efs.", "pfs.")
    beyond = wanted == "none" and (label.startswith("lab:") or label.endswith(".on_day"))  # which has a place here
    return label == wanted or {label, wanted} in SAME or beyond


@pytest.mark.parametrize(
    ("language", "share"), [("en", 0.94), ("de", 0.96), ("fr", 0.97), ("es", 0.96), ("it", 0.97), ("pt", 0.89), ("zh", 0.97)]
)  # fmt: skip
def test_most_headings_are_what_they_were_said_to_be(language, share):
    rows = [row for row in HEADINGS if row["language"] == language]
    wrong = [row["heading"] for row in rows if not is_right(row, taken_for(row))]
    assert len(rows) >= 25
    assert len(wrong) <= (1 - share) * len(rows), wrong


KNOWN = (
    "age_at_dx",
    "Age at dx (yrs)",
    "CMINDC",
)  # asked about where the whole sheet is known; a column of the dictionary that the labels lack


def test_a_near_miss_is_never_taken_for_the_thing_itself_without_a_question():
    rows = [row for row in HEADINGS if row["target"] == "none" and row["heading"] not in KNOWN]
    found = [(row, taken_for(row)) for row in rows]
    silent = [row["heading"] for row, one in found if not is_right(row, one) and not one.decide]
    assert len(rows) > 150
    assert not silent
