"""Make the student's, the teacher's and the printed version of each exercise from its source."""

from __future__ import annotations

import copy
import csv
import hashlib
import html
import json
import re
import shutil
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell

from helpers import paths
from helpers.teaching import check
from helpers.teaching.data import write_data, write_invented
from helpers.teaching.sources import Exercise, Question, blanked, listed, read_exercise, tagged, tags_of

FOLDER = paths.NOTEBOOKS / "exercises"
ONLY_TEACHER = ("slip", "hint", "why", "teacher")
SEED = 2025
TO_FILL = '# Take each first "# " away, fill in ___, and run the cell.'
ALIKE = "what these data do not tell from another answer: it has no hint"
DRAWS = 50  # of invented children, until no slip gives the right value


def build(out: Path = FOLDER, *, seed: int = SEED) -> list[Path]:
    """Make the data and every version of every exercise.

    Parameters
    ----------
    out : Path
        Gets ``data/``, ``student/``, ``teacher/`` (with ``key.csv``) and ``sheet/``.
    seed : int
        Of the class: the invented children, and the salts of the boxes.

    Returns
    -------
    list of Path
        The files written.
    """
    write_data(out / "data")
    if not (out / "src").is_dir():
        shutil.copytree(FOLDER / "src", out / "src")
    exercises = [drawn(path, seed) for path in sorted((out / "src").glob("[0-9][0-9]_*.ipynb"))]
    boxes = {name: box for exercise in exercises for name, box in boxes_of(exercise, seed).items()}
    source = Path(check.__file__).read_text(encoding="utf-8")
    files = sorted((out / "data").glob("*.csv"))
    for role in ("student", "teacher"):
        files += [
            paths.write_text(out / role / check.BOXES, json.dumps(boxes, indent=1, sort_keys=True) + "\n"),
            paths.write_text(out / role / "exercises" / "__init__.py", ""),
            paths.write_text(out / role / "exercises" / "check.py", source),
        ]
    files.append(_write(first_notebook(), out / "student" / "00_start_here.ipynb"))
    for exercise in exercises:
        files.append(_write(student_version(exercise), out / "student" / exercise.path.name))
        files.append(_write(teacher_version(exercise), out / "teacher" / exercise.path.name))
        files.append(paths.write_text(out / "sheet" / f"{exercise.path.stem}.html", sheet(exercise)))
    return [*files, paths.write_text(out / "teacher" / "key.csv", key(exercises))]


def drawn(path: Path, seed: int) -> Exercise:
    """Draw the invented children of an exercise until each slip differs from the right value, and run it.

    Where nothing is drawn, or no draw helps since the data are those of the cohort, slips that they do not tell apart are left out:
    the cohort may be any.

    Raises
    ------
    ValueError
        If the source itself is wrong.
    """
    for draw in range(DRAWS):
        if not write_invented(path.parents[1] / "data", path.stem[:2], seed, draw):
            break
        try:
            return read_exercise(path)
        except (ValueError, AssertionError):
            continue
    return read_exercise(path, alike="leave out")


def boxes_of(exercise: Exercise, seed: int) -> dict[str, dict[str, Any]]:
    """Lock the right value and each slip of every question, in an order that tells nothing; and the beginnings of a list."""
    found = {}
    for question in exercise.questions.values():
        name, digits = question.name, question.digits
        pairs = [(question.value, check.RIGHT + question.why), *((slip.value, slip.hint) for slip in question.slips)]
        made = [check.locked(name, value, digits, text, _salt(seed, name, i)) for i, (value, text) in enumerate(pairs)]
        found[name] = {"digits": digits, "expects": question.expects, "boxes": sorted(made, key=lambda box: box["tag"])}
        items = listed(question.value) or []
        if "set" in question.shape:
            found[name]["items"] = [
                check.locked(f"{name}|item", item, 0, "", _salt(seed, name, -1 - n)) for n, item in enumerate(items)
            ]
        elif items:
            found[name]["beginnings"] = [
                {"length": n, **check.locked(f"{name}|{n}", items[:n], digits, "", _salt(seed, name, -n))}
                for n in range(1, len(items))
            ]
    return found


def _salt(seed: int, name: str, place: int) -> bytes:
    return hashlib.sha256(f"{seed}|{name}|{place}".encode()).digest()[:16]


HOW = """# Start here

Run the cell below: is everything ok? Then open an exercise. In each of them

1. run the cells one by one (Shift and Enter);
2. **guess** where `predict` stands, before anything is computed;
3. take the `# ` away where `___` stands, fill in, run;
4. type an answer in place of `None`, and run its cell: it is right, or a usual slip with a hint, or neither. An answer is a number with a decimal *point* and without a %, such as `93.5`;
   a letter in quotation marks, `"b"`; or a name that the cells above have set.

Red text means that Python could not read a cell; its last line says why. *NameError* is a word that it does not know: quotation marks forgotten, or a cell above not yet run. *SyntaxError* is a bracket,
a quotation mark or a comma too many or too few, or a blank still open. Nothing can break: mend it and run it again.

All children are made up, but those of exercise 9. What you try is kept in `progress.json`, without a name, on this computer only.

No Python is needed beyond filling in blanks. Of a table `t` with one row per child,

| what | how it is written |
|---|---|
| a column | `t["age"]` |
| the rows of some children | `t[t["age"] > 5]` |
| a column of theirs | `t.loc[t["age"] > 5, "dose"]` |
| equal, not equal, at least, one of several | `t["sex"] == "male"`, `!=`, `>=`, `t["sex"].isin(["male", "female"])` |
| and, or, not | `&`, `\\|`, `~`, with brackets around each condition |
| how many, their sum, mean, median | `len(t)`, `t["dose"].sum()`, `.mean()`, `.median()` |
| how many rows hold, and which share | `(t["age"] > 5).sum()`, `(t["age"] > 5).mean()` |
| empty cells | `t["dose"].isna()` |
| the square, the root, the natural logarithm | `x ** 2`, `np.sqrt(x)`, `np.log(x)` |

CAR T-cell therapy, its toxicities CRS (cytokine release syndrome) and ICANS (harm to the nervous system), and GC (glucocorticoids, steroids) are
what the paper is about; *failed* is relapse, progression or death."""


def first_notebook() -> nbformat.NotebookNode:
    """Make the notebook that a student opens first: how it goes, and whether the computer is ready."""
    text = nbformat.v4.new_markdown_cell(HOW, id="how")
    cells = [text, new_code_cell("from exercises.check import preflight\n\npreflight()", id="ready")]
    for cell, locked in zip(cells, ({"editable": False, "deletable": False}, {"deletable": False}), strict=True):
        cell.metadata = nbformat.from_dict(locked)
    return _notebook(cells)


def student_version(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the notebook that a student gets: no output, blanks open, each question with its check, text cells locked."""
    cells = []
    for cell in copy.deepcopy(exercise.notebook.cells):
        if any(tagged(cell, word) for word in ONLY_TEACHER):
            continue
        if asked := tagged(cell, "options"):
            question = exercise.questions[asked[0]]
            form = " / ".join(f'"{letter}"' for letter in question.options)
            cell = new_code_cell(_answer(question.name, form), id=cell.id)
        elif cell.cell_type == "markdown":
            cell.metadata = nbformat.from_dict({"editable": False, "deletable": False})
            cells.append(cell)
            continue
        else:
            cell.source = _student_source(cell, exercise)
        cell.outputs, cell.execution_count = [], None
        cell.metadata = nbformat.from_dict({"deletable": False})
        cells.append(cell)
    return _notebook(cells)


def _answer(name: str, form: str) -> str:
    return f'{name} = None  # your answer: {form}\ncheck("{name}", {name})'


def _student_source(cell: nbformat.NotebookNode, exercise: Exercise) -> str:
    if asked := tagged(cell, "ask"):
        return _answer(asked[0], _form(exercise.questions[asked[0]]))
    if guess := tagged(cell, "predict"):
        return f'{cell.source}\npredict("{guess[0]}", None)  # type your guess in place of None'
    if "blank" in tags_of(cell):
        return commented(blanked(cell.source)[0])
    return cell.source


def _form(question: Question) -> str:
    length = question.expects.get("length")
    if question.expects.get("set"):
        return "a list of whole numbers, such as [1, 2]"
    if not question.digits:
        return f"a list of {length} whole numbers" if length else "a whole number"
    decimals = f"{question.digits} decimal{'s' * (question.digits > 1)}"
    return f"a list of {length} numbers, {decimals} each" if length else f"a number, {decimals}"


def commented(given: Sequence[str]) -> str:
    """Turn a cell with blanks, which is no Python yet, into comments, so that the notebook runs to its end.

    Examples
    --------
    >>> print(commented(["n = 8", "share = ___ / n"]))
    # Take each first "# " away, fill in ___, and run the cell.
    # n = 8
    # share = ___ / n
    """
    return "\n".join([TO_FILL, *(f"# {line}".rstrip() for line in given)])


def teacher_version(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the notebook that a teacher gets: executed, with solutions, slips and their values, hints, and why."""
    cells = copy.deepcopy(exercise.notebook.cells)
    count = 0
    for cell in cells:
        if asked := tagged(cell, "options"):
            question = exercise.questions[asked[0]]
            cell.source = f"*Right:* {question.value}. {question.why}\n\n" + "\n\n".join(
                f"*{slip.value}:* {slip.hint}" for slip in question.slips
            )
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
        if asked := tagged(cell, "ask"):
            question = exercise.questions[asked[0]]
            cell.source += f"\n# right: {check.spelt(question.value, question.digits)}"
        if slip := tagged(cell, "slip"):
            question = exercise.questions[slip[0]]
            told = next(
                (check.spelt(one.value, question.digits) for one in question.slips if one.name == slip[1]), ALIKE
            )
            cell.source = f"# a usual slip: {slip[1].replace('_', ' ')}\n{cell.source}\n# gives {told}"
    return _notebook(cells)


def _notebook(cells: list) -> nbformat.NotebookNode:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _write(notebook: nbformat.NotebookNode, path: Path) -> Path:
    nbformat.validate(notebook)
    return paths.write_text(path, nbformat.writes(notebook) + "\n")


def key(exercises: Sequence[Exercise]) -> str:
    """Write the teacher's key: question, decimals, what it is, value."""
    handle = StringIO()
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(["exercise", "question", "digits", "what", "value"])
    for exercise in exercises:
        for question in exercise.questions.values():
            rows = [("right", question.value), *((slip.name, slip.value) for slip in question.slips)]
            head = exercise.number, question.name, question.digits
            writer.writerows([*head, what, check.spelt(value, question.digits)] for what, value in rows)
    return handle.getvalue()


SHEET = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
@page {{ size: A4; margin: 18mm }}
body {{ font: 11pt/1.45 Georgia, serif; max-width: 170mm; margin: 1rem auto; padding: 0 .5rem }}
pre {{ font-size: 9pt; border-left: 2pt solid #999; padding-left: 4mm; white-space: pre-wrap }}
.room {{ height: 24mm; border-bottom: .4pt solid #999; margin-bottom: 4mm }}
.line {{ display: inline-block; width: 40mm; border-bottom: .4pt solid #333 }}
table {{ border-collapse: collapse; break-inside: avoid }} td, th {{ border: .4pt solid #666; padding: 1mm 3mm }}
p, pre, .room {{ break-inside: avoid }}
</style></head><body>
{body}
</body></html>
"""


def sheet(exercise: Exercise) -> str:
    """Make the sheet to print: the words, the small tables, and room to write where a question is asked; no code to run."""
    from markdown_it import MarkdownIt

    reader, parts = MarkdownIt("commonmark", {"html": False}).enable("table"), []
    for cell in exercise.notebook.cells:
        if any(tagged(cell, word) for word in ONLY_TEACHER):
            continue
        if asked := tagged(cell, "options"):
            parts.append(f'<p>{html.escape(asked[0])}: <span class="line"></span></p>')
        elif cell.cell_type == "markdown":
            parts.append(reader.render(cell.source))
        elif asked := tagged(cell, "ask"):
            parts.append(f'<div class="room"></div><p><strong>{asked[0]}</strong> = <span class="line"></span></p>')
        elif tagged(cell, "predict"):
            words = " ".join(line.lstrip("# ") for line in cell.source.splitlines())
            parts.append(f'<p><em>{html.escape(words)}</em> <span class="line"></span></p>')
        elif "sheet" in tags_of(cell):
            shown = [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]
            parts += [
                re.sub(r"(<tr[^>]*>\s*)<th>\d*</th>", r"\1", table) for table in shown
            ]  # numbers of lines, from 0
    return SHEET.format(title=html.escape(exercise.path.stem.replace("_", " ")), body="\n".join(parts))
