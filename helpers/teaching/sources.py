"""The source of an exercise: one real notebook whose tags say what the student fills in, and which slips are usual.

Tags of cells
-------------
``predict:NAME``   comments only: what to guess; the student gets ``predict(NAME, None)`` under them
``blank``          a solution; from a line ``# blank: words`` on, the student gets ``words`` with ``___`` to fill in
``ask:NAME:D``     the last line is the right answer to question NAME, to D decimals
                   (``falls`` or ``share`` may stand behind, colons between: what a list of numbers must be; ``set``: numbers
                   in any order, how many is not told, and what is missed or too many is)
``slip:NAME:WHAT`` the last line is a wrong answer that is usual; the Markdown cell after it, tagged ``hint``, is its hint
``why:NAME``       Markdown: why the right answer is right
``options:NAME``   Markdown after a question in words with options a), b), ...: for each a line ``a: what to say of it``, and
                   ``b = why it is right`` for the right one
``teacher``        only in the teacher's version

Markdown may hold ``{{ expression }}``: its value, from the names that the cells above (for a hint: its slip too) have set, stands in
its place in every version. A number of the cohort is written so and in no other way, since the cohort may be any.

The first code cell imports, and says where the data are; all versions lie in folders beside ``data``, so it holds for each.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
from nbformat.v4 import new_output

from helpers.teaching import check
from helpers.teaching.check import listed, neighbours, spelt

LONGEST_BLANK = 6
LEAST_OPTIONS = 3
OPTION = re.compile(r"^([a-z])( ?[:=]) +(.+)$", re.MULTILINE)
PLACE = re.compile(r"\{\{(.+?)\}\}")
DOTS = 60  # per inch, of the teacher's figures


@dataclass
class Slip:
    """A usual wrong answer: what it is called, its value, its hint."""

    name: str
    value: Any
    hint: str


@dataclass
class Question:
    """A question: its name, decimals, right value, why it is right, and the slips."""

    name: str
    digits: int = 0
    value: Any = None
    why: str = ""
    slips: list[Slip] = field(default_factory=list)
    shape: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def expects(self) -> dict[str, Any]:
        """What may be said in clear of the answer: its kind, and of a list its length and shape."""
        if self.options:
            letters = f"{', '.join(self.options[:-1])} or {self.options[-1]}"
            return {"kind": "text", "form": f'a letter in quotes ("{self.options[0]}"), one of {letters},'}
        items = listed(self.value)
        if items is not None:
            length = {} if "set" in self.shape else {"length": len(items)}
            return {"kind": "list", **length, **dict.fromkeys(self.shape, True)}
        return {"kind": "text" if isinstance(self.value, str) else "number"}


@dataclass
class Exercise:
    """An exercise: its file, its cells with outputs, and its questions, with every value computed by running the source."""

    path: Path
    notebook: nbformat.NotebookNode = field(repr=False)
    questions: dict[str, Question]

    @property
    def number(self) -> str:
        """The number in front of the file's name."""
        return self.path.stem[:2]


def tags_of(cell: nbformat.NotebookNode) -> list[str]:
    """List the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def tagged(cell: nbformat.NotebookNode, word: str) -> list[str]:
    """Return what stands behind *word* in the tag of a cell that begins with it, cut at colons; empty if there is none."""
    for tag in tags_of(cell):
        parts = tag.split(":")
        if parts[0] == word:
            return parts[1:] or [""]
    return []


def read_exercise(path: Path, *, alike: str = "refuse") -> Exercise:
    """Run the source of an exercise in its own folder, in order and in one namespace; collect right values and slips.

    Parameters
    ----------
    path : Path
        A source notebook.
    alike : {"refuse", "leave out"}
        What becomes of a slip that these data do not tell from the right value or from another slip.

    Raises
    ------
    ValueError
        If a question has no right value, a slip no hint, or a slip is taken for the right value or another slip.
    """
    notebook = nbformat.read(path, as_version=4)
    names: dict[str, Any] = {"__name__": "__exercise__"}
    questions: dict[str, Question] = {}
    with contextlib.chdir(path.parent), _as_students_import_it():
        for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
            if cell.cell_type == "code":
                value = _run(cell, names)
                if after is not None and "hint" in tags_of(after):
                    after.source = rendered(after.source, names)
                _collect(cell, after, value, questions)
                continue
            cell.source = rendered(cell.source, names)
            if why := tagged(cell, "why"):
                questions.setdefault(why[0], Question(why[0])).why = cell.source.strip()
            elif asked := tagged(cell, "options"):
                questions[asked[0]] = _choice(asked[0], cell.source)
    exercise = Exercise(path, notebook, questions)
    if alike == "leave out":
        for question in questions.values():
            taken_for = {slip.name for slip in _alike(question)}
            question.slips = [slip for slip in question.slips if slip.name not in taken_for]
    problems = list(_problems(exercise))
    if problems:
        raise ValueError(f"{path.name}: " + "; ".join(problems))
    return exercise


def rendered(text: str, names: dict[str, Any]) -> str:
    """Put the value of each ``{{ expression }}`` into a text.

    Raises
    ------
    ValueError
        Naming the expression that has no value.

    Examples
    --------
    >>> rendered("{{ lost }} of {{ len(rows) }} left", {"lost": 3, "rows": [0] * 8})
    '3 of 8 left'
    """

    def value(place: re.Match[str]) -> str:
        try:
            return str(eval(place[1].strip(), names))
        except Exception as error:  # whatever an expression may do
            raise ValueError(f"{{{{{place[1]}}}}} has no value ({type(error).__name__})") from error

    return PLACE.sub(value, text)


@contextlib.contextmanager
def _as_students_import_it() -> Iterator[None]:
    """Let ``from exercises.check import ...`` find the module that is copied to the students."""
    known = {name: sys.modules.get(name) for name in ("exercises", "exercises.check")}
    sys.modules["exercises"], sys.modules["exercises.check"] = types.ModuleType("exercises"), check
    try:
        yield
    finally:
        for name, module in known.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _collect(cell: nbformat.NotebookNode, after: Any, value: Any, questions: dict[str, Question]) -> None:
    if asked := tagged(cell, "ask"):
        question = questions.setdefault(asked[0], Question(asked[0]))
        question.value, question.digits, question.shape = value, int(asked[1]), tuple(asked[2:])
    elif slip := tagged(cell, "slip"):
        hint = after.source.strip() if after is not None and "hint" in tags_of(after) else ""
        questions.setdefault(slip[0], Question(slip[0])).slips.append(Slip(slip[1], value, hint))


def _choice(name: str, text: str) -> Question:
    """Read what is to be said of each option.

    Examples
    --------
    >>> found = _choice("c1", "a: Not so.\\nb = Because.\\nc: Nor this.")
    >>> found.value, found.why, [slip.name for slip in found.slips], found.options
    ('b', 'Because.', ['option_a', 'option_c'], ('a', 'b', 'c'))
    """
    rows = OPTION.findall(text)
    question = Question(name, options=tuple(letter for letter, _, _ in rows))
    for letter, sign, words in rows:
        if sign.strip() == "=":
            question.value, question.why = letter, words
        else:
            question.slips.append(Slip(f"option_{letter}", letter, words))
    return question


def _run(cell: nbformat.NotebookNode, names: dict[str, Any]) -> Any:
    """Run a cell; keep what it shows as its outputs; return the value of its last line."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        shown, value = _evaluate(cell.source, names)
    cell.outputs = [new_output("stream", name="stdout", text=printed.getvalue())] if printed.getvalue() else []
    for number in plt.get_fignums():
        cell.outputs.append(new_output("display_data", {"image/png": _png(number), "text/plain": "<Figure>"}))
    plt.close("all")
    if shown is not None and not (tagged(cell, "predict")):
        cell.outputs.append(new_output("execute_result", _looks(shown), execution_count=None))
    return value


def _evaluate(source: str, names: dict[str, Any]) -> tuple[Any, Any]:
    """Run source; return what a notebook would show, and the value of the last line."""
    body = ast.parse(source).body
    last = body[-1] if body else None
    head = ast.Module(body[:-1] if isinstance(last, ast.Expr) else body, type_ignores=[])
    exec(compile(head, "<exercise>", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<exercise>", "eval"), names)
        return value, value
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        return None, names[last.targets[0].id]
    return None, None


def _png(number: int) -> str:
    import base64

    data = io.BytesIO()
    plt.figure(number).savefig(data, format="png", dpi=DOTS, metadata={"Software": None})
    return base64.b64encode(data.getvalue()).decode()


def _looks(value: Any) -> dict[str, str]:
    found = {"text/plain": repr(value)}
    if hasattr(value, "_repr_html_") and (html := value._repr_html_()):
        found["text/html"] = html
    return found


def _problems(exercise: Exercise) -> Iterator[str]:
    for question in exercise.questions.values():
        if question.value is None:
            yield f"{question.name} has no right value"
            continue
        if question.options and len(question.options) < LEAST_OPTIONS:
            yield f"{question.name} has fewer than {LEAST_OPTIONS} options"
        if not question.why:
            yield f"{question.name} does not say why"
        if not question.slips:
            yield f"{question.name} has no slip"
        yield from (f"slip {slip.name} of {question.name} has no hint" for slip in question.slips if not slip.hint)
        for slip in _alike(question):
            yield f"slip {slip.name} of {question.name} is taken for the right value or another slip"
    for cell in exercise.notebook.cells:
        if "blank" in tags_of(cell) and sum(bool(line.strip()) for line in blanked(cell.source)[1]) > LONGEST_BLANK:
            yield f"a blank of more than {LONGEST_BLANK} lines"


def _alike(question: Question) -> Iterator[Slip]:
    """Yield the slips whose value, to the decimals asked for, is that of the right answer, within one unit, or of an earlier slip."""
    taken = {spelt(question.value, question.digits), *neighbours(question.value, question.digits)}
    for slip in question.slips:
        value = spelt(slip.value, question.digits)
        if value in taken:
            yield slip
        taken.add(value)


def blanked(source: str) -> tuple[list[str], list[str]]:
    """Cut a blank cell: the lines that the student gets, with blanks, and the solution lines that they stand for.

    Examples
    --------
    >>> blanked("n = 8\\n# blank: share = ___ / n\\nshare = 3 / n\\n")
    (['n = 8', 'share = ___ / n'], ['share = 3 / n'])
    """
    given: list[str] = []
    solution: list[str] = []
    hidden = False
    for line in source.splitlines():
        if line.lstrip().startswith("# blank:"):
            indent = line[: len(line) - len(line.lstrip())]
            given.append(indent + line.split("# blank:", 1)[1].strip())
            hidden = True
        elif line.strip() == "# end of blank":
            hidden = False
        elif hidden:
            solution.append(line)
        else:
            given.append(line)
    return given, solution
