"""Exercises: right values against R, each slip with its own hint, and a student's folder that runs untouched and tells nothing."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from lifelines import CoxPHFitter
from oracles import oracle

from helpers.calibration.ensemble import load_ensemble
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.paths import COHORT, DOCS
from helpers.problems import InputError
from helpers.run.cli import main
from helpers.teaching import build as building
from helpers.teaching import check as checking
from helpers.teaching import classes
from helpers.teaching import mark as marking
from helpers.teaching import pack as packing
from helpers.teaching.build import FOLDER, SEED, build, drawn, student_version
from helpers.teaching.check import check, listed, locked, neighbours, opened, predict, spelt
from helpers.teaching.data import write_data, write_invented
from helpers.teaching.sources import blanked, read_exercise, tags_of
from helpers.teaching.wheels import MACHINES, missing

SOURCES = sorted((FOLDER / "src").glob("*.ipynb"))
ALLOWED = {"numpy", "pandas", "lifelines", "matplotlib", "exercises"}
CHEAP = 2  # of scrypt: the same boxes, quicker
SEEDS = (SEED, 7, 8)
GRID_STEP = 0.0025  # of the log hazard ratio in exercise 13
OF_THE_COHORT = ("02", "04", "06", "07", "09", "10", "11", "14")  # what they say depends on the cohort
TYPED = {  # numbers that texts of those exercises may say: of the paper, of real patients, of the question, or of a title
    "0", "1", "2", "4", "6", "7", "9", "10", "11", "14", "8", "365", "730", "12", "100", "500", "180", "99", "75", "20%", "40", "0.028", ".05", "137",
    "1991", "1997", "60", "5", "30", "3", "13",
}  # fmt: skip
ALONE = """
import contextlib, json, sys
from pathlib import Path
import matplotlib
matplotlib.use("Agg")
sys.path.insert(0, str(Path.cwd()))
for path in sorted(Path.cwd().glob("[0-9][0-9]_*.ipynb")):
    names = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            exec(compile(source, path.stem, "exec"), names)
            last = source.splitlines()[-1]
            if last.startswith(("check(", "predict(")):
                print(path.stem[:2], eval(last, names))
assert "helpers" not in sys.modules
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Everything, built anew with a cheap lock."""
    out = tmp_path_factory.mktemp("exercises")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "COST", CHEAP)
        build(out)
    copy = out / "student" / "exercises" / "check.py"
    copy.write_text(copy.read_text().replace("COST = 2**13", f"COST = {CHEAP}"))
    return out


@pytest.fixture(scope="module")
def exercises(folder):
    """The exercises of several classes, by seed."""
    found = {}
    for seed in reversed(SEEDS):  # the last one drawn is the one that the folder was built with
        found[seed] = [drawn(path, seed) for path in sorted((folder / "src").glob("*.ipynb"))]
    return found


@pytest.fixture
def cheap(monkeypatch):
    """Locks that open at once."""
    monkeypatch.setattr(checking, "COST", CHEAP)


def questions(exercises, seed=SEED):
    """All questions of a class."""
    return [question for exercise in exercises[seed] for question in exercise.questions.values()]


# ----------------------------------------------------------------------------------------------------- right and wrong


def test_right_values_are_those_of_r(exercises):
    reference = oracle("teaching")
    known = {question.name: question for question in questions(exercises)}
    for name, rows in reference.groupby("question"):
        question, _, slip = name.partition(":")
        found = next(one.value for one in known[question].slips if one.name == slip) if slip else known[question].value
        if name == "q13_3":  # the point of a grid of logarithms that is nearest to R's estimate
            assert abs(np.log(found) - np.log(rows["value"].iloc[0])) <= GRID_STEP / 2
            continue
        fitted = question.startswith(("q09", "q12")) or slip == "by_efron"  # by another program; the rest is counted
        digits = 1e-6 if fitted else 1e-9
        assert (listed(found) or [found]) == pytest.approx(rows["value"].tolist(), abs=digits), name


def test_grid_of_the_partial_likelihood_is_as_fine_as_the_test_takes_it():
    text = (FOLDER / "src" / "13_which_child.ipynb").read_text()
    low, high, points = map(int, re.search(r"np\.linspace\((-?\d+), (\d+), (\d+)\)", text).groups())
    assert (high - low) / (points - 1) == GRID_STEP


@pytest.mark.parametrize("seed", SEEDS)
def test_each_slip_gets_its_own_hint_and_is_not_taken_for_the_right_value(exercises, seed, cheap, tmp_path):
    for exercise in exercises[seed]:
        boxes = building.boxes_of(exercise, seed)
        (tmp_path / checking.BOXES).write_text(json.dumps(boxes))
        for question in exercise.questions.values():
            kept, digits = boxes[question.name]["boxes"], question.digits
            assert opened(question.name, question.value, digits, kept) == checking.RIGHT + question.why
            right = {spelt(question.value, digits), *neighbours(question.value, digits)}
            for slip in question.slips:
                assert check(question.name, slip.value, tmp_path) == f"**{question.name}:** {slip.hint}", slip.name
                assert spelt(slip.value, digits) not in right


def test_classes_differ(exercises):
    values = [{q.name: spelt(q.value, q.digits) for q in questions(exercises, seed)} for seed in SEEDS]
    assert sum(values[0][name] != values[1][name] for name in values[0]) >= 6


def test_every_exercise_has_its_parts(exercises):
    assert len(SOURCES) >= 12
    for exercise in exercises[SEED]:
        head = exercise.notebook.cells[0].source
        assert re.search(r"\*\*\d+ minutes · for .*(students|biostatisticians|paediatricians)", head), exercise.path
        assert "**Aim.**" in head
        tags = [tag.split(":")[0] for cell in exercise.notebook.cells for tag in tags_of(cell)]
        assert tags.count("predict") >= 1
        assert tags.count("teacher") >= 1
        assert sum(not question.options for question in exercise.questions.values()) >= 1
        assert sum(len(question.options) >= 3 for question in exercise.questions.values()) >= 2
        assert all(question.slips and question.why for question in exercise.questions.values())
        first = next(i for i, cell in enumerate(exercise.notebook.cells) if "predict" in str(tags_of(cell)))
        assert not any("blank" in tags_of(cell) for cell in exercise.notebook.cells[:first])


def test_minutes_of_the_teachers_page_add_up_and_are_those_of_the_exercises(exercises):
    text = (DOCS / "teaching.md").read_text()
    listed_there = {
        int(number): int(minutes) for number, minutes in re.findall(r"^\| (\d+) \|[^|]+\| (\d+) \|", text, re.MULTILINE)
    }
    own = {
        int(one.number): int(re.search(r"\*\*(\d+) minutes", one.notebook.cells[0].source)[1])
        for one in exercises[SEED]
    }
    assert listed_there == own
    paths = re.findall(r"^\*\*(20 minutes|90 minutes|Half a day)[^\n]+\n\n((?:\|.+\n)+)", text, re.MULTILINE)
    length = {"20 minutes": 20, "90 minutes": 90, "Half a day": 240}
    assert [name for name, _ in paths] == list(length)
    for name, rows in paths:
        steps = re.findall(r"^\| (.+?) \| +(\d+) \|", rows, re.MULTILINE)
        assert sum(int(minutes) for _, minutes in steps) == length[name]
        for what, minutes in steps:
            if whole := re.match(r"exercise (\d+)(?!'s)\b", what):
                assert int(minutes) == own[int(whole[1])], what


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_student_cells_import_what_is_allowed_and_blanks_are_short(path):
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type != "code" or any(tag.startswith(("slip", "teacher")) for tag in tags_of(cell)):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= ALLOWED
        if "blank" in tags_of(cell):
            given, solution = blanked(cell.source)
            assert 1 <= sum(bool(line.strip()) for line in solution) <= 6
            assert any("___" in line for line in given)


# ---------------------------------------------------------------------------------------------------- what is handed out


def test_untouched_student_version_runs_alone_and_nothing_is_answered(folder, exercises):
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd=folder / "student", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert sum("not answered yet" in line for line in said) == len(questions(exercises))
    assert len({line[:2] for line in said if "no prediction yet" in line}) == len(SOURCES)
    assert all("not answered yet" in line or "no prediction yet" in line for line in said)
    assert not (folder / "student" / checking.PROGRESS).exists()


def test_teacher_version_runs_alone(folder):
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd=folder / "teacher", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_students_answers_are_told_right_in_their_own_folder(folder, exercises):
    lines = ["import sys", "sys.path.insert(0, '.')", "from exercises.check import check"]
    for question in questions(exercises):
        value = question.value if isinstance(question.value, str) else np.asarray(question.value).tolist()
        lines.append(f"assert check({question.name!r}, {value!r}).startswith('**{question.name}:** Right.')")
    done = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join(lines)], cwd=folder / "student", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads((folder / "student" / checking.PROGRESS).read_text())
    assert len(kept["answers"]) == len(questions(exercises))
    (folder / "student" / checking.PROGRESS).unlink()


def test_no_right_value_stands_in_a_student_file(folder, exercises):
    shared = (folder / "student" / checking.BOXES).read_text()
    copied = (folder / "student" / "exercises" / "check.py").read_text()  # the same for every class: it knows no answer
    assert copied.replace(f"COST = {CHEAP}\n", "COST = 2**13\n") == Path(checking.__file__).read_text()
    for exercise in exercises[SEED]:
        stem = exercise.path.stem
        own = (folder / "student" / f"{stem}.ipynb").read_text(), (folder / "sheet" / f"{stem}.html").read_text()
        text = "".join([shared, *own])
        for question in exercise.questions.values():
            for told in (question.why, *(slip.hint for slip in question.slips)):
                assert told[:40] not in text, question.name
            for value in (listed(question.value) or [question.value]) if question.digits else []:
                clear = rf"(?<![\d.]){re.escape(spelt(value, question.digits))}(?!\d)"
                assert not re.search(clear, text), question.name
    boxes = json.loads((folder / "student" / checking.BOXES).read_text())
    for box in boxes.values():
        assert set(box) <= {"digits", "expects", "boxes", "beginnings", "items"}
        assert set(box["expects"]) <= {"kind", "form", "length", "falls", "share", "set"}
        assert {key for one in box["boxes"] for key in one} == {"salt", "tag", "box"}


def test_sheets_show_tables_without_the_numbers_of_lines(folder):
    sheets = [path.read_text() for path in (folder / "sheet").glob("*.html") if "<table" in path.read_text()]
    assert len(sheets) >= 7
    for text in sheets:
        assert not re.search(r"<th>\d*</th>", text)
        for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
            rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
            assert len({len(re.findall("<t[hd]>", row)) for row in rows}) == 1


def test_student_text_is_locked_and_has_no_output(folder):
    for path in (folder / "student").glob("*.ipynb"):
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            assert cell.metadata["deletable"] is False
            assert not tags_of(cell)
            assert cell.metadata.get("editable") is (False if cell.cell_type == "markdown" else None)
            assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)


def test_what_is_committed_is_what_the_sources_give(folder):
    built = [
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    for name in built:
        assert (FOLDER / name).exists(), f"make exercises: {name} is missing"
        if name.suffix in (".csv", ".html") or (name.suffix == ".ipynb" and "student" in name.parts):
            same = (FOLDER / name).read_text() == (folder / name).read_text()
            assert same, f"make exercises: {name} is out of date"
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_500_000
    kept, made = (json.loads((place / "student" / checking.BOXES).read_text()) for place in (FOLDER, folder))
    assert {name: box["expects"] for name, box in kept.items()} == {name: box["expects"] for name, box in made.items()}


def test_one_committed_box_opens_at_its_full_cost():
    key = pd.read_csv(FOLDER / "teacher" / "key.csv", dtype=str)
    row = key[(key["question"] == "q05_2") & (key["what"] == "pearson")].iloc[0]
    boxes = json.loads((FOLDER / "student" / checking.BOXES).read_text())["q05_2"]["boxes"]
    assert opened("q05_2", row["value"], 3, boxes).startswith("That is Pearson's")
    assert opened("q05_2", "0.082", 3, boxes) is None


def test_every_child_without_a_patient_says_synthetic(folder):
    for path in (folder / "data").glob("*.csv"):
        table = pd.read_csv(path)
        if path.stem not in ("08_table5", "09_bmt"):
            assert table["synthetic"].all(), path.name


def test_data_are_the_cohorts(folder):
    children = pd.read_csv(folder / "data" / "children.csv").set_index("patient_id")
    patients = pd.read_csv(COHORT / "patients.csv").set_index("patient_id")
    followup = pd.read_csv(COHORT / "followup.csv").set_index("patient_id")
    assert children["weight_kg"].equals(patients["weight_kg"])
    left = followup["censor_reason"].isin(["lost to follow-up", "withdrew"])
    event = followup[["relapse_day", "progression_day", "death_day"]].min(axis=1) <= patients["cutoff_day"]
    assert children["lost"].astype(bool).tolist() == (left & ~event).tolist()


# --------------------------------------------------------------------------------------------------------------- check


@pytest.fixture
def place(tmp_path, cheap):
    """A folder with three questions."""

    def box(name, value, digits, text):
        return locked(name, value, digits, text, b"0" * 16)

    curve = [0.875, 0.583, 0.438]
    boxes = {
        "n": {"digits": 2, "expects": {"kind": "number"}, "boxes": [box("n", 0.44, 2, "Right. So."), box("n", 0.55, 2, "A slip.")]},
        "w": {"digits": 0, "expects": {"kind": "text", "form": "a letter"}, "boxes": [box("w", "b", 0, "Right. So.")]},
        "v": {
            "digits": 3, "expects": {"kind": "list", "length": 3, "falls": True, "share": True},
            "boxes": [box("v", curve, 3, "Right. So.")],
            "beginnings": [{"length": n, **locked(f"v|{n}", curve[:n], 3, "", b"1" * 16)} for n in (1, 2)],
        },
        "s": {
            "digits": 0, "expects": {"kind": "list", "set": True}, "boxes": [box("s", [2, 5, 9], 0, "Right. So."), box("s", [], 0, "None.")],
            "items": [locked("s|item", item, 0, "", b"2" * 16) for item in (2, 5, 9)],
        },
    }  # fmt: skip
    (tmp_path / checking.BOXES).write_text(json.dumps(boxes))
    return tmp_path


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("n", None, "not answered yet"), ("n", ..., "not answered yet"), ("n", " ___ ", "not answered yet"),
        ("n", 0.4399, "Right. So."), ("n", "0,44", "Right. So."), ("n", np.float64(0.44), "Right. So."),
        ("n", 0.43, "To more digits: 0.44"), ("n", 0.45, "To more digits: 0.44"), ("n", 0.55, "A slip."),
        ("n", 0.54, "0.54, to 2 decimals, is not it"), ("n", 12, "is not it"), ("n", "b", "one number is asked for"),
        ("n", [0.44], "one number is asked for"), ("n", float("nan"), "one number is asked for"),
        ("w", "B)", "Right. So."), ("w", "c", "is not it"), ("w", 2, "a letter is asked for"),
        ("v", [0.875, 0.583, 0.438], "Right. So."), ("v", np.array([0.875, 0.583, 0.438]), "Right. So."),
        ("v", [0.875, 0.583], "3 numbers are asked for, and these are 2"), ("v", [0.5, 0.6, 0.4], "never rises"),
        ("v", [1.2, 0.6, 0.4], "between 0 and 1"), ("v", [0.875, 0.583, 0.4], "the first 2 of 3 are right"),
        ("v", [0.875, 0.5, 0.4], "the first 1 of 3 is right"), ("v", ["a", 1, 1], "every item must be a number"),
        ("v", 0.875, "a list of numbers is asked for"), ("s", [9, 2, 5.0, 9], "Right. So."), ("s", [], "None."),
        ("s", [2, 3, 9], "2 of your 3 belong there, 1 is a false alarm, and at least one is missed"),
        ("s", [2, 5, 9, 1, 4], "3 of your 5 belong there, 2 are false alarms, and none is missed"),
        ("s", 2, "a list of numbers is asked for"), ("s", ["a"], "every item must be a number"), ("x", 1, "boxes were not found"),
    ],
)  # fmt: skip
def test_check_says(place, question, answer, said):
    assert said in check(question, answer, place)


class Awkward:
    """An answer that fails whatever is done with it."""

    def __iter__(self):
        raise RuntimeError("no")

    def __str__(self):
        raise RuntimeError("no")


STRANGE = [
    Awkward(),
    object(),
    {1: 2},
    pd.DataFrame({"a": [1]}),
    "9" * 10_000,
    10**400,
    1j,
    b"x",
    float("inf"),
    [[1]],
    check,
]


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_check_never_raises(place, number):
    for question in ("n", "w", "v"):
        assert "Right" not in check(question, STRANGE[number], place)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"n": 1}', '{"n": {"digits": 2}}'])
def test_check_survives_broken_boxes_and_progress(place, broken):
    (place / checking.PROGRESS).write_text(broken)
    assert "Right" in check("n", 0.44, place)
    (place / checking.BOXES).write_text(broken)
    assert "Right" not in check("n", 0.44, place)


def test_predictions_are_shown_with_the_answer_and_attempts_kept_without_a_name(place):
    assert "no prediction yet" in predict("n", None, place)
    predict("n", 0.7, place)
    for answer in (0.55, 0.55, 0.44):
        said = check("n", answer, place)
    assert said.endswith("You had predicted 0.7.")
    kept = json.loads((place / checking.PROGRESS).read_text())
    assert kept == {
        "predictions": {"n": "0.7"},
        "answers": {"n": [{"answer": "0.55", "right": False}, {"answer": "0.44", "right": True}]},
    }


# -------------------------------------------------------------------------------------------------------------- sources


def source(tmp_path, *cells):
    """Write a source of code and Markdown cells: (tags, text)."""
    made = []
    for tags, text in cells:
        new = nbformat.v4.new_markdown_cell if tags in ("hint", "why:q") else nbformat.v4.new_code_cell
        made.append(new(text, metadata={"tags": [tags]}))
    path = tmp_path / "99_made_up.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def markdown(tmp_path, text):
    """Write a source whose last cell says something of x."""
    cells = [nbformat.v4.new_code_cell("x = [1, 2]"), nbformat.v4.new_markdown_cell(text)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "99_made_up.ipynb")
    return tmp_path / "99_made_up.ipynb"


def test_what_a_text_says_of_the_data_is_computed(tmp_path):
    exercise = read_exercise(markdown(tmp_path, "They are {{ len(x) }}, or {{ f'{sum(x):.1f}' }} in all."))
    assert student_version(exercise).cells[1].source == "They are 2, or 3.0 in all."
    with pytest.raises(ValueError, match=r"\{\{ y \}\} has no value"):
        read_exercise(markdown(tmp_path, "They are {{ y }}."))
    with pytest.raises(ValueError, match="has no value"):
        read_exercise(markdown(tmp_path, "They are {{ len(x }}."))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The exercises that rest on the cohort, on another one."""
    place = tmp_path_factory.mktemp("elsewhere")
    cohort = next(load_ensemble(only={40}))  # of another start than the default
    write_data(place / "data", cohort)
    (place / "src").mkdir()
    write_invented(place / "data", "04", SEED)
    for path in SOURCES:
        if path.stem[:2] in OF_THE_COHORT:
            shutil.copy(path, place / "src")
    paths = sorted((place / "src").glob("*.ipynb"))
    return cohort, {path.stem[:2]: read_exercise(path, alike="leave out") for path in paths}


def test_another_cohort_needs_no_editing(elsewhere, exercises):
    cohort, made = elsewhere
    assert set(made) == set(OF_THE_COHORT)
    followup, frame = cohort.tables["followup"].set_index("patient_id"), analyse(cohort).frame
    event = frame["pfs_event"].astype(bool)
    lost = (followup["censor_reason"].reindex(frame.index).isin(["lost to follow-up", "withdrew"]) & ~event).sum()
    asked = {number: "\n".join(cell.source for cell in exercise.notebook.cells) for number, exercise in made.items()}
    assert f'"{lost} of {len(frame)} were lost' in asked["07"]
    toxic = frame[frame["toxicity"].astype(bool)]
    early = (event[toxic.index] & (toxic["pfs_days"] <= toxic["gc_first_day"].max())).sum()
    assert f"day {toxic['gc_first_day'].max():.0f}, and {early} of the {len(toxic)} children" in asked["09"]
    reasons = made["11"].questions
    for text in (reasons["q11_1"].why, reasons["q11_2"].why):
        assert f"{reasons['q11_1'].value:.0f}%" in text
    default = {question.name: question.value for question in questions(exercises)}
    own = {question.name: question.value for exercise in made.values() for question in exercise.questions.values()}
    assert (
        sum(spelt(default[name], 3) != spelt(own[name], 3) for name in ("q07_2", "q10_1", "q11_1", "q11_3", "q14_1"))
        >= 4
    )


def test_no_number_of_the_cohort_is_typed_into_a_text():
    for path in SOURCES:
        if path.stem[:2] not in OF_THE_COHORT:
            continue
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"\{\{.+?\}\}|`[^`]*`|q\d\d_\w+|\*\*\d+ minutes|\b0\d\b", "", cell.source)
                typed = set(re.findall(r"(?<![\w.])\d*\.?\d+%?", text)) - TYPED
                assert not typed, (path.stem, typed)


RIGHT, WHY, HINT = ("ask:q:2", "0.444"), ("why:q", "Because."), ("hint", "Think.")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([WHY, ("slip:q:none", "1.0"), HINT], "no right value"),
        ([RIGHT], "does not say why"),
        ([RIGHT, WHY], "has no slip"),
        ([RIGHT, WHY, ("slip:q:mute", "0.7")], "has no hint"),
        ([RIGHT, WHY, ("slip:q:same", "0.4441"), HINT], "taken for the right value"),
        ([RIGHT, WHY, ("slip:q:near", "0.45"), HINT], "taken for the right value"),
        ([RIGHT, WHY, ("slip:q:a", "0.7"), HINT, ("slip:q:b", "0.7"), HINT], "another slip"),
        ([RIGHT, WHY, ("blank", "# blank: x = ___\n" + "x = 1\n" * 7)], "blank of more than 6"),
    ],
)
def test_a_source_that_would_teach_wrongly_is_refused(tmp_path, cells, said):
    with pytest.raises(ValueError, match=said):
        read_exercise(source(tmp_path, *cells))


def test_a_slip_that_other_data_do_not_tell_apart_is_left_out(tmp_path):
    cells = RIGHT, WHY, ("slip:q:same", "0.4441"), HINT, ("slip:q:far", "0.7"), HINT
    exercise = read_exercise(source(tmp_path, *cells), alike="leave out")
    assert [slip.name for slip in exercise.questions["q"].slips] == ["far"]
    assert "do not tell" in "".join(cell.source for cell in building.teacher_version(exercise).cells)
    with pytest.raises(ValueError, match="no slip"):
        read_exercise(source(tmp_path, *cells[:4]), alike="leave out")


def test_a_good_source_is_read_and_its_slip_stays_with_the_teacher(tmp_path):
    exercise = read_exercise(source(tmp_path, RIGHT, WHY, ("slip:q:far", "0.7"), HINT))
    assert [cell.source for cell in student_version(exercise).cells] == [
        'q = None  # your answer: a number, 2 decimals\ncheck("q", q)'
    ]


# ----------------------------------------------------------------------------------------------------------------- mark

BOMB = "open('ran', 'w').write('it ran')\n"


def handed_in(folder, student, cells, progress=None):
    """Write what a student hands in."""
    place = folder / student
    place.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(BOMB), *map(nbformat.v4.new_code_cell, cells)])
    nbformat.write(notebook, place / "05_which_test.ipynb")
    if progress is not None:
        (place / checking.PROGRESS).write_text(progress)
    return place


@pytest.fixture
def key(tmp_path):
    """The key of two questions."""
    path = tmp_path / "key.csv"
    path.write_text(
        "exercise,question,digits,what,value\n05,q05_1,3,right,0.170\n05,q05_1,3,pearson,0.081\n05,q05_c1,0,right,b\n05,q05_c1,0,option_a,a\n"
    )
    return path


def test_mark_reads_and_runs_nothing(tmp_path, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tried = {"answers": {"q05_1": [{"answer": "0.081"}, {"answer": "0.170"}]}, "predictions": {"q05_1": "=1+1"}}
    handed_in(tmp_path / "in", "ada", ["q05_1 = p_of_chi2(2)", 'q05_c1 = "B)"'], json.dumps(tried))
    handed_in(tmp_path / "in", "bo", ["q05_1 = 0.0811", "q05_c1 = None"])
    handed_in(tmp_path / "in", "cy", ["q05_1 = 0.169", 'q05_c1 = __import__("os").system("touch ran")'])
    handed_in(tmp_path / "in", "di", ["q05_1 = 0.5", 'q05_c1 = "a"'], '{"answers": [], "predictions": 3}')
    broken = handed_in(tmp_path / "in", "ed", [])
    (broken / "05_which_test.ipynb").write_text("{")
    found = marking.mark(tmp_path / "in", key).set_index(["student", "question"])
    assert found["verdict"].to_dict() == {
        ("ada", "q05_1"): "right", ("ada", "q05_c1"): "right", ("bo", "q05_1"): "pearson", ("bo", "q05_c1"): "not answered",
        ("cy", "q05_1"): "right", ("cy", "q05_c1"): "not answered", ("di", "q05_1"): "other", ("di", "q05_c1"): "option_a",
        ("ed", "q05_1"): "unreadable", ("ed", "q05_c1"): "unreadable",
    }  # fmt: skip
    assert found.loc[("ada", "q05_1"), ["attempts", "right_at", "prediction"]].tolist() == [2, 2, "=1+1"]
    assert not list(tmp_path.rglob("ran"))
    counted = marking.summary(found.reset_index()).set_index("question")
    assert counted.loc["q05_1"].tolist() == ["05", 5, 4, 2, "pearson", 1]


def test_mark_a_class_of_awkward_students(tmp_path, key, monkeypatch):
    monkeypatch.chdir(tmp_path)
    room = tmp_path / "in"
    names = [f"student {n}" for n in range(20)] + [
        "李雷",
        "Ольга",
        "أحمد",
        "=cmd()",
        "..%2f..%2fetc",
        "-rf",
        "a\nb",
        b"\xff\xfe".decode("utf-8", "surrogateescape"),
    ]
    for name in names:
        handed_in(room, name, ["q05_1 = 0.17", 'q05_c1 = "b"'])
    for name, text in (("empty", ""), ("broken", "{"), ("list", "[]"), ("deep", "[" * 100_000)):
        (handed_in(room, name, []) / "05_which_test.ipynb").write_text(text)
    renamed = handed_in(room, "renamed", [])
    (renamed / "05_which_test.ipynb").rename(renamed / "my copy.ipynb").write_text("{")
    huge = handed_in(room, "huge outputs", ["q05_1 = 0.17"])
    notebook = nbformat.read(huge / "05_which_test.ipynb", 4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="x" * 8_000_000)]
    nbformat.write(notebook, huge / "05_which_test.ipynb")
    strange = handed_in(room, "strange", ['q05_1 = "\\ud800"', "q05_c1 = " + "[" * 150 + "]" * 150])
    (strange / "helpers.py").write_text(BOMB)
    (strange / "exercises").mkdir()
    (strange / "exercises" / "check.py").write_text(BOMB)
    handed_in(room, "hexadecimal", ["q05_1 = 0x" + "f" * 50_000, 'q05_c1 = "b"'])
    handed_in(room, "too long", [f"q05_1 = [{'1,' * 60_000}]", '%time\nq05_c1 = "b"'])
    (handed_in(tmp_path, "outside", ["q05_1 = 0.17"])).joinpath("more").mkdir()
    (room / "link").symlink_to(tmp_path / "outside")
    done = CliRunner().invoke(main, ["teach", "mark", f"{room}", "--key", f"{key}", "--out", f"{tmp_path / 'out.csv'}"])
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert len(table) == 2 * (len(names) + 9)  # the link is nobody
    by = table.groupby("student")["verdict"].agg(list).to_dict()
    assert all(found == ["right", "right"] for student, found in by.items() if student not in ROWS)
    assert {student: by[student] for student in ROWS} == ROWS
    assert {"李雷", "Ольга", "أحمد", "'=cmd()", "a b", "??"} <= set(by)
    assert not list(tmp_path.rglob("ran"))


ROWS = {
    **{student: ["unreadable", "unreadable"] for student in ("empty", "broken", "list", "deep", "renamed")},
    "huge outputs": ["right", "not answered"], "strange": ["other", "other"],
    "hexadecimal": ["other", "right"], "too long": ["not answered", "right"],
}  # fmt: skip


def test_mark_takes_found_rows_in_any_order(tmp_path, key):
    key.write_text("exercise,question,digits,what,value\n05,q05_1,0,right,2;5;11\n05,q05_1,0,all,1;2;5;11\n")
    handed_in(tmp_path / "in", "ada", ["q05_1 = [11, 2, 5, 5]"])
    handed_in(tmp_path / "in", "bo", ["q05_1 = [2, 1, 5, 11]"])
    assert marking.mark(tmp_path / "in", key)["verdict"].tolist() == ["right", "all"]


def test_mark_does_not_choose_between_two_attempts_of_a_student(tmp_path, key):
    for student, second in (("ada", "q05_1 = 0.081"), ("bo", "q05_1 = 0.169"), ("cy", "q05_1 = None")):
        place = handed_in(tmp_path / "in", student, ["q05_1 = 0.17"])
        handed_in(place, "first attempt", [second])
    done = CliRunner().invoke(main, ["teach", "mark", f"{tmp_path / 'in'}", "--key", f"{key}"])
    assert "two answers (1): ada" in done.output
    found = marking.mark(tmp_path / "in", key).set_index(["student", "question"])
    assert found.loc[("ada", "q05_1"), ["answer", "verdict"]].tolist() == ["0.170 | 0.081", "two answers"]
    assert found.loc[["bo", "cy"], "verdict"].tolist() == ["right", "not answered"] * 2
    counted = marking.summary(found.reset_index()).set_index("question")
    assert counted.loc["q05_1"].tolist() == ["05", 3, 2, 2, "", 0]


def test_mark_joins_the_attempts_of_two_folders(tmp_path, key):
    attempts = [
        json.dumps({"answers": {"q05_1": [{"answer": one} for one in tried]}}) for tried in (["0.5"], ["0.170"])
    ]
    place = handed_in(tmp_path / "in", "ada", [], attempts[0])
    handed_in(place, "second", [], attempts[1])
    found = marking.mark(tmp_path / "in", key).set_index("question")
    assert found.loc["q05_1", ["answer", "verdict", "attempts", "right_at"]].tolist() == ["0.170", "right", 2, 2]


def test_mark_reads_an_answer_that_stands_in_the_check(tmp_path, key):
    handed_in(
        tmp_path / "in", "ada", ['q05_1 = None\ncheck("q05_1", 0.17)', 'q05_c1 = None\ncheck("q05_c1", open("ran"))']
    )
    assert marking.mark(tmp_path / "in", key)["verdict"].tolist() == ["right", "not answered"]


def test_mark_says_who_handed_in_no_notebook_and_minds_no_litter(tmp_path, key):
    room = tmp_path / "in"
    place = handed_in(room, "ada", ["q05_1 = 0.17"])
    for litter in (
        place / "._05_which_test.ipynb",
        place / "__MACOSX" / "05.ipynb",
        room / "__MACOSX" / "ada" / "05.ipynb",
    ):
        litter.parent.mkdir(parents=True, exist_ok=True)
        litter.write_bytes(b"\0\5\x16\7")
    (room / "zip\x1b[2J").mkdir()
    (room / "zip\x1b[2J" / "all.zip").write_bytes(b"PK")
    done = CliRunner().invoke(main, ["teach", "mark", f"{room}", "--key", f"{key}"])
    assert "To look at, no notebook (2): zip?[2J" in done.output
    assert "\x1b" not in done.output
    found = marking.mark(room, key)
    assert found["verdict"].tolist() == ["right", "not answered", "no notebook", "no notebook"]


def test_mark_takes_no_class_for_one_student(tmp_path, key):
    handed_in(tmp_path / "in", "ada", ["q05_1 = 0.17"])
    (tmp_path / "in" / "my own.ipynb").write_text("{}")
    with pytest.raises(InputError, match="beside"):
        marking.mark(tmp_path / "in", key)


def test_mark_by_the_command_writes_a_shielded_table(tmp_path, key):
    handed_in(tmp_path / "in", "=ada", ["q05_1 = 0.17"])
    done = CliRunner().invoke(
        main, ["teach", "mark", f"{tmp_path / 'in'}", "--key", f"{key}", "--out", f"{tmp_path / 'out.csv'}"]
    )
    assert done.exit_code == 0, done.output
    assert pd.read_csv(tmp_path / "out.csv")["student"].iloc[0] == "'=ada"


@pytest.mark.parametrize("wrong", ["folder", "key", "columns", "empty"])
def test_mark_refuses_in_one_message(tmp_path, key, wrong):
    (tmp_path / "in").mkdir()
    if wrong == "columns":
        key.write_text("a,b\n1,2\n")
    folder = tmp_path / ("none" if wrong == "folder" else "in")
    with pytest.raises(InputError, match="allowed"):
        marking.mark(folder, tmp_path / "none.csv" if wrong == "key" else key)


# -------------------------------------------------------------------------------------------------------- class and pack


def test_dealt_cohorts_hold_what_the_key_says_and_do_not_tell(tmp_path):
    key = classes.deal(tmp_path / "class", seed=5, students=9)
    assert set(key["truth"].value_counts()) == {2, 3}
    assert set(key["truth"]) == {"no effect", "protective", "harmful", "confounded-null"}
    assert pd.read_csv(tmp_path / "class" / "teacher" / "key.csv", dtype={"student": str}).equals(key)
    for student, truth in zip(key["student"], key["truth"], strict=True):
        place = tmp_path / "class" / "students" / student
        assert read_cohort(place / "tables").synthetic
        text = "".join(path.read_text() for path in place.rglob("*") if path.is_file() and path.name != "READ_ME.txt")
        assert not re.search(rf"{truth}|indication \d|effect|seed", text)
    effects = key.groupby("truth")["difference_2y"].first()
    assert effects["protective"] > 0 > effects["harmful"]
    assert effects["no effect"] == effects["confounded-null"] == 0


AWKWARD = ["Lovelace, Ada", '"Bo" O\'Hara', "李雷", "=cmd()", "-rf", "../up", "con"]


def test_names_of_a_class_go_into_the_key_and_nowhere_else(tmp_path):
    (tmp_path / "names.txt").write_text("\ufeff" + "\r\n\r\n".join(AWKWARD) + "\r\n", encoding="utf-8")
    asked = ["teach", "cohort", "--seed", "5", "--names", f"{tmp_path / 'names.txt'}", "--out", f"{tmp_path / 'class'}"]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    key = pd.read_csv(tmp_path / "class" / "teacher" / "key.csv", dtype=str)
    shielded = ["'" + name if name[0] in "=-" else name for name in AWKWARD]
    assert key["name"].tolist() == shielded
    folders = sorted(path.name for path in (tmp_path / "class" / "students").iterdir())
    assert folders == key["student"].tolist() == [f"{n:02d}" for n in range(1, len(AWKWARD) + 1)]
    text = "".join(path.read_text() for path in (tmp_path / "class" / "students").rglob("*") if path.is_file())
    assert not any(name in text for name in ("Lovelace", "李雷", "cmd"))
    alike = classes.deal(tmp_path / "without names", seed=5, students=len(AWKWARD))
    assert alike["truth"].tolist() == key["truth"].tolist()


@pytest.mark.parametrize("text", [b"", b" \n", b"Ada\nBo\nAda\n", b"\xff\xfe\x00"])
def test_names_that_cannot_be_read_are_refused(tmp_path, text):
    (tmp_path / "names.txt").write_bytes(text)
    with pytest.raises(InputError, match="one name a line"):
        classes.read_names(tmp_path / "names.txt")
    with pytest.raises(InputError, match="one name a line"):
        classes.read_names(tmp_path / "none.txt")
    with pytest.raises(InputError, match="as many as there are names"):
        classes.deal(tmp_path / "class", students=2, names=["Ada"])


def test_a_dealt_truth_shows_in_many_children(tmp_path):
    for truth in classes.TRUTHS:
        classes.deal(tmp_path / truth, truth=truth, seed=1, n=6000)
        rows = pd.read_csv(tmp_path / truth / "students" / "01" / "cohort.csv")
        crude = CoxPHFitter().fit(rows[["days", "failed", "gc"]], "days", "failed").hazard_ratios_["gc"]
        low, high = {"null": (0.8, 1.1), "protective": (0.3, 0.7), "harmful": (1.4, 2.2), "confounded-null": (1.2, 3)}[
            truth
        ]
        assert low < crude < high, truth


def test_class_and_pack_refuse_in_one_message(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(InputError) as refused:
        classes.deal(tmp_path / "full", truth="good", students=0)
    assert len(refused.value.problems) == 3
    with pytest.raises(InputError, match="is empty"):
        packing.pack(tmp_path / "full")
    with pytest.raises(InputError, match="2 problems"):
        packing.chosen("amiga,linux-2.7,linux")
    assert (tmp_path / "full" / "a").exists()


@pytest.mark.parametrize("site", [True, False])
def test_pack_takes_the_site_along_or_says_that_there_is_none(tmp_path, cheap, monkeypatch, site):
    monkeypatch.setattr(packing, "SITE", tmp_path / "site")
    monkeypatch.setattr(
        packing, "build", lambda out, seed: [(out / n).mkdir() for n in ("student", "sheet", "data", "teacher")]
    )
    if site:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "index.html").write_text("synthetic")
    done = CliRunner().invoke(main, ["teach", "pack", "--out", f"{tmp_path / 'pack'}"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pack" / "for_students" / "site" / "index.html").exists() is site
    assert ("Without the site" in done.output) is not site


def test_pack_without_wheels_has_what_a_room_needs(tmp_path, cheap):
    done = CliRunner().invoke(main, ["teach", "pack", "--out", f"{tmp_path / 'pack'}", "--seed", "7"])
    assert done.exit_code == 0, done.output
    room = tmp_path / "pack" / "for_students"
    names = {path.name for path in room.iterdir()} - {"site"}
    scripts = {"install.sh", "start.sh", "install.bat", "start.bat"}
    assert names == {"student", "sheet", "data", "READ_FIRST.txt", "requirements.txt", *scripts}
    assert not list(room.rglob("key.csv"))
    assert (tmp_path / "pack" / "for_teacher" / "teacher" / "key.csv").exists()
    for name in scripts:
        text = (room / name).read_bytes()
        assert (b"\r\n" in text) == name.endswith(".bat")
        if name.endswith(".sh"):
            assert subprocess.run(["sh", "-n", room / name]).returncode == 0
    wanted = (room / "requirements.txt").read_text()
    assert not re.search("numba|dask|sphinx|zhang", wanted)
    ready = subprocess.run(
        [sys.executable, "-c", "from exercises.check import preflight; print(preflight())"],
        cwd=room / "student", capture_output=True, text=True,
    )  # fmt: skip
    assert ready.stdout.count("| ok |") == 8, ready.stdout + ready.stderr


def test_a_folder_that_was_copied_in_part_is_not_ready(tmp_path):
    (tmp_path / "exercises").mkdir()
    told = str(checking.preflight(tmp_path / "exercises"))
    assert told.count("not found: copy the whole folder") == 2
    (tmp_path / "data").mkdir()
    for made in (tmp_path / "data" / "a.csv", tmp_path / "exercises" / checking.BOXES):
        made.touch()
    assert "not found" not in str(checking.preflight(tmp_path / "exercises"))


def test_the_light_set_is_what_the_locks_pin():
    pins = dict(packing.pins())
    for pin in packing.light_set():
        name, version = pin.split("==")
        assert pins[name] == version


def wheel(folder, name, *needs):
    """Write a wheel that holds nothing but what it needs."""
    package, version = name.split("-")[:2]
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as made:
        lines = [f"Name: {package}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        made.writestr(f"{package}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")


def test_what_another_computer_will_not_find_is_told(tmp_path):
    wheel(
        tmp_path,
        "top-2.0-py3-none-any",
        "bare[more]>=1",
        'winonly; sys_platform == "win32"',
        'maconly; platform_system == "Darwin"',
    )
    wheel(tmp_path, "bare-1.5-cp312-cp312-win_amd64", 'extra_one; extra == "more"', 'never; extra == "other"')
    wheel(tmp_path, "bare-1.5-cp311-abi3-macosx_11_0_arm64", 'old; python_version < "3.12"')
    wheel(tmp_path, "bare-0.9-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64")
    wheel(tmp_path, "winonly-1.0-py2.py3-none-any", "top")
    (tmp_path / "no wheel.whl").touch()
    assert missing(tmp_path, ["top==2.0"], "windows", "3.12") == ["extra-one"]
    assert missing(tmp_path, ["top==2.0"], "windows", "3.13") == ["bare"]
    assert missing(tmp_path, ["top==2.0"], "mac", "3.13") == ["maconly"]
    assert missing(tmp_path, ["top==2.0"], "mac", "3.11") == ["maconly", "old"]
    assert missing(tmp_path, ["top==2.0"], "mac-intel", "3.13") == ["bare", "maconly"]
    assert missing(tmp_path, ["top==2.0"], "linux", "3.11") == ["bare"]  # too old
    assert missing(tmp_path, ["top==2.1"], "linux", "3.11") == ["top"]
    wheel(tmp_path, "extra_one-1-py3-none-any")
    assert missing(tmp_path, ["Top==2.0"], "windows", "3.12") == []


@pytest.mark.parametrize(("system", "python"), [(system, python) for system in MACHINES for python in packing.PYTHONS])
def test_uv_finds_the_same_missing(system, python):
    """Ask another resolver, which knows the systems, of a folder of real wheels."""
    wheels = Path(os.environ.get("CLASS_WHEELS", "no folder"))
    if not wheels.is_dir():
        pytest.skip("CLASS_WHEELS names no folder of wheels: supplement teach pack --wheels makes one, with a network")
    if not (uv := shutil.which("uv")):
        pytest.skip("uv is not installed")
    known = {"mac": "aarch64-apple-darwin", "mac-intel": "x86_64-apple-darwin", "linux": "x86_64-manylinux_2_28"}
    done = subprocess.run(
        [uv, "pip", "install", "--dry-run", "--no-index", "--find-links", wheels, "--only-binary", ":all:", "--target", wheels / "none",
         "--python-platform", known.get(system, system), "--python-version", python, *packing.light_set()],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode == 0) == (not missing(wheels, packing.light_set(), system, python)), done.stderr[-2000:]


def test_scripts_for_windows_say_what_goes_wrong_and_stop():
    """cmd cannot be run here: hold what is known to break there."""
    for script in (packing.INSTALL_BAT, packing.START_BAT):
        assert script.isascii()
        lines = script.splitlines()
        assert lines[0] == "@echo off"
        assert 'cd /d "%~dp0"' in lines  # double-clicked as administrator, it starts elsewhere
        assert all(line.count("(") == line.count(")") and line.count('"') % 2 == 0 for line in lines)
        assert "&&" not in script.replace("&& set PY=", "")  # one step each, so that each failure is told
    assert packing.INSTALL_BAT.count("exit /b 1") == 3
    for script in (packing.START_SH, packing.START_BAT):
        assert "disable --level=sys_prefix @jupyterlab/apputils-extension:announcements" in script
    assert "pause" in packing.START_BAT  # or the window is gone before its message is read


SLIP = "Pearson's, without the correction."


def test_mark_reads_a_computed_answer_from_a_sum_or_from_what_check_said(tmp_path, key, monkeypatch):
    """Without progress.json: nothing is run, and a sentence that nobody's check wrote is no right answer."""
    monkeypatch.chdir(tmp_path)
    boxes = [checking.locked("q05_1", 0.081, 3, SLIP, b"0123456789abcdef")]
    (tmp_path / checking.BOXES).write_text(json.dumps({"q05_1": {"boxes": boxes}}))
    said = {
        "right": "Right. That is Yates'.",
        "slip": SLIP + " You had predicted 0.1.",
        "other": "0.5, to 3 decimals, is not it, and no usual slip either.",
        "list": "one number is asked for.",
    }
    for student, text in said.items():
        place = handed_in(tmp_path / "in", student, ["q05_1 = my_p(table)", 'check("q05_1", q05_1)', "q05_c1 = None"])
        notebook = nbformat.read(place / "05_which_test.ipynb", 4)
        notebook.cells[2].outputs = [nbformat.v4.new_output("execute_result", {"text/markdown": f"**q05_1:** {text}"})]
        notebook.cells[3].outputs = [nbformat.v4.new_output("stream", text="**q05_c1:** Right.")]  # printed, not said
        nbformat.write(notebook, place / "05_which_test.ipynb")
    handed_in(tmp_path / "in", "sum", ["q05_1 = round(17 / 100, 3)", "q05_c1 = None"])
    handed_in(tmp_path / "in", "nobody", ["q05_1 = 10 ** 9", "q05_c1 = (1 / 0) + 1"])
    found = marking.mark(tmp_path / "in", key).set_index(["question", "student"])
    assert found.loc["q05_1", "verdict"].to_dict() == {
        "list": "other", "nobody": "not answered", "other": "other", "right": "right", "slip": "pearson", "sum": "right",
    }  # fmt: skip
    assert found.loc[("q05_1", "other"), "answer"] == "0.5"
    assert set(found.loc["q05_c1", "verdict"]) == {"not answered"}
    assert not list(tmp_path.rglob("ran"))
