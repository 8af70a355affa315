"""Make the student's, the teacher's and the printed version of each exercise from its source."""

from __future__ import annotations

import copy
import csv
import hashlib
import html
import json
import shutil
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat

from helpers import paths
from helpers.teaching import check
from helpers.teaching.sources import Exercise, blanked, read_exercise, tagged, tags_of

FOLDER = paths.NOTEBOOKS / "exercises"
ONLY_TEACHER = ("slip", "hint", "why", "teacher")


def build(folder: Path = FOLDER, out: Path | None = None, *, seed: int = 2025) -> list[Path]:
    """Make every version of every exercise.

    Parameters
    ----------
    folder : Path
        Holds ``src/``: numbered source notebooks, and ``data/`` that they read.
    out : Path, optional
        Where ``student/``, ``teacher/``, ``sheet/`` and ``key.csv`` go; by default *folder*.
    seed : int
        Of the class: salts of the boxes, and ``seed`` in the sources.

    Returns
    -------
    list of Path
        The files written.
    """
    out = out or folder
    exercises = [read_exercise(path, {"seed": seed, "DATA": str(folder / "data")}) for path in sorted((folder / "src").glob("[0-9][0-9]_*.ipynb"))]
    boxes = {name: box for exercise in exercises for name, box in boxes_of(exercise, seed).items()}
    student = out / "student"
    files = [paths.write_text(student / check.BOXES, json.dumps(boxes, indent=1, sort_keys=True) + "\n")]
    source = Path(check.__file__).read_text(encoding="utf-8")
    files += [paths.write_text(student / "exercises" / "__init__.py", ""), paths.write_text(student / "exercises" / "check.py", source)]
    for exercise in exercises:
        files.append(_write(student_version(exercise), student / exercise.path.name))
        files.append(_write(teacher_version(exercise), out / "teacher" / exercise.path.name))
        files.append(paths.write_text(out / "sheet" / f"{exercise.path.stem}.html", sheet(exercise)))
    for file in sorted((folder / "data").glob("*.csv")):
        (student / "data").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, student / "data" / file.name)
        files.append(student / "data" / file.name)
    files.append(paths.write_text(out / "teacher" / "key.csv", key(exercises)))
    return files


def boxes_of(exercise: Exercise, seed: int) -> dict[str, dict[str, Any]]:
    """Lock the right value and each slip of every question, in an order that tells nothing."""
    found = {}
    for question in exercise.questions.values():
        pairs = [(question.value, f"right. {question.why}".strip())] + [(slip.value, slip.hint) for slip in question.slips]
        made = [check.locked(question.name, value, question.digits, text, _salt(seed, question.name, i)) for i, (value, text) in enumerate(pairs)]
        found[question.name] = {"digits": question.digits, "boxes": sorted(made, key=lambda box: box["tag"])}
    return found


def _salt(seed: int, name: str, place: int) -> bytes:
    return hashlib.sha256(f"{seed}|{name}|{place}".encode()).digest()[:16]


def student_version(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the notebook that a student gets: no output, blanks open, each question with its check, text cells locked."""
    notebook = copy.deepcopy(exercise.notebook)
    cells = []
    for cell in notebook.cells:
        if any(tagged(cell, word) for word in ONLY_TEACHER) or set(tags_of(cell)) & set(ONLY_TEACHER):
            continue
        if cell.cell_type == "markdown":
            cell.metadata = nbformat.from_dict({"editable": False, "deletable": False})
        else:
            cell.outputs, cell.execution_count = [], None
            cell.source = _student_source(cell)
            cell.metadata = nbformat.from_dict({"deletable": False})
        cells.append(cell)
    notebook.cells = cells
    return _plain(notebook)


def _student_source(cell: nbformat.NotebookNode) -> str:
    if asked := tagged(cell, "ask"):
        return f"{asked[0]} = None  # your answer\ncheck({asked[0]!r}, {asked[0]})"
    if "blank" in tags_of(cell):
        given, _ = blanked(cell.source)
        # a blank is not Python yet: it stands as comments until it is filled in
        return "\n".join(f"# {line}" if "___" in line else line for line in given)
    return cell.source


def teacher_version(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the notebook that a teacher gets: solutions, slips with their values, hints, and why."""
    notebook = copy.deepcopy(exercise.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if asked := tagged(cell, "ask"):
                cell.source = f"{cell.source}\n# right: {check.spelt(exercise.questions[asked[0]].value, exercise.questions[asked[0]].digits)}"
            if slip := tagged(cell, "slip"):
                value = next(one.value for one in exercise.questions[slip[0]].slips if one.name == slip[1])
                cell.source = f"# a usual slip: {slip[1].replace('_', ' ')}\n{cell.source}\n# gives {check.spelt(value, exercise.questions[slip[0]].digits)}"
    return _plain(notebook)


def _plain(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"},
    })  # fmt: skip
    return notebook


def _write(notebook: nbformat.NotebookNode, path: Path) -> Path:
    nbformat.validate(notebook)
    return paths.write_text(path, nbformat.writes(notebook) + "\n")


def key(exercises: Sequence[Exercise]) -> str:
    """Write the teacher's key: question, digits, what it is, value."""
    handle = StringIO()
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(["exercise", "question", "digits", "what", "value"])
    for exercise in exercises:
        for question in exercise.questions.values():
            rows = [("right", question.value), *[(slip.name, slip.value) for slip in question.slips]]
            writer.writerows([exercise.number, question.name, question.digits, what, check.spelt(value, question.digits)] for what, value in rows)
    return handle.getvalue()


SHEET = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>@page{{size:A4;margin:18mm}}body{{font:11pt/1.45 Georgia,serif;max-width:170mm;margin:auto}}pre{{font-size:9pt;border-left:2pt solid #999;padding-left:4mm;white-space:pre-wrap}}
.room{{height:26mm;border-bottom:.4pt solid #999;margin-bottom:4mm}}table{{border-collapse:collapse}}td,th{{border:.4pt solid #666;padding:1mm 3mm}}</style>
<body>{body}</body></html>
"""


def sheet(exercise: Exercise) -> str:
    """Make the sheet to print: the words, the data by hand, and room to write where a question is asked."""
    from markdown_it import MarkdownIt

    reader, parts = MarkdownIt("commonmark", {"html": False}).enable("table"), []
    for cell in student_version(exercise).cells:
        if cell.cell_type == "markdown":
            parts.append(reader.render(cell.source))
        elif "check(" in cell.source:
            name = cell.source.split(" = ")[0]
            parts.append(f'<p><strong>{html.escape(name)}</strong> =</p><div class="room"></div>')
        elif "___" in cell.source:
            parts.append(f'<pre>{html.escape(cell.source)}</pre><div class="room"></div>')
    return SHEET.format(title=html.escape(exercise.path.stem.replace("_", " ")), body="\n".join(parts))
