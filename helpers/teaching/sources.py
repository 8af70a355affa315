"""The source of an exercise: one real notebook whose tags say what the student fills in, and which slips are usual.

Tags of cells
-------------
``predict``        a guess, typed before anything runs
``blank``          a solution; from a line ``# blank: words`` on, the student gets ``words`` with ``___`` to fill in
``ask:NAME:D``     the last line is the right answer to question NAME, to D digits (text answers: 0)
``slip:NAME:WHAT`` the last line is a wrong answer that is usual; the Markdown cell after it, tagged ``hint``, is its hint
``why:NAME``       Markdown: why the right answer is right
``choice:NAME``    Markdown: a question in words with options a), b), c); the code cell after it, tagged ``ask``, gives the letter
``teacher``        only in the teacher's version
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

LONGEST_BLANK = 6


@dataclass
class Slip:
    """A usual wrong answer: what it is called, its value, its hint."""

    name: str
    value: Any
    hint: str


@dataclass
class Question:
    """A question: its name, digits, right value, why it is right, and the slips."""

    name: str
    digits: int
    value: Any = None
    why: str = ""
    slips: list[Slip] = field(default_factory=list)


@dataclass
class Exercise:
    """An exercise: its file, its cells and its questions, with every value computed by running the source."""

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


def read_exercise(path: Path, namespace: dict[str, Any] | None = None) -> Exercise:
    """Run the source of an exercise, in order and in one namespace, and collect right values and slips.

    Parameters
    ----------
    path : Path
        A source notebook.
    namespace : dict, optional
        Names that exist before the first cell (``seed`` of a class, for instance).

    Raises
    ------
    ValueError
        If a question has no right value, a slip no hint, or a slip equals the right value to the digits asked for.
    """
    notebook = nbformat.read(path, as_version=4)
    names = {"__name__": "__exercise__", **(namespace or {})}
    questions: dict[str, Question] = {}
    for cell, after in _with_next(notebook.cells):
        if cell.cell_type == "markdown":
            if why := tagged(cell, "why"):
                questions.setdefault(why[0], Question(why[0], 0)).why = cell.source.strip()
            continue
        value = _run(cell.source, names)
        if asked := tagged(cell, "ask"):
            question = questions.setdefault(asked[0], Question(asked[0], 0))
            question.value, question.digits = value, int(asked[1]) if len(asked) > 1 else 0
        elif slip := tagged(cell, "slip"):
            hint = after.source.strip() if after is not None and "hint" in tags_of(after) else ""
            questions.setdefault(slip[0], Question(slip[0], 0)).slips.append(Slip(slip[1], value, hint))
    exercise = Exercise(path, notebook, questions)
    problems = list(_problems(exercise))
    if problems:
        raise ValueError(f"{path.name}: " + "; ".join(problems))
    return exercise


def _with_next(cells: list) -> Iterator[tuple[Any, Any]]:
    return zip(cells, [*cells[1:], None], strict=True)


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell and return the value of its last line, as a notebook would show it."""
    body = ast.parse(source).body
    if not body:
        return None
    last = body[-1]
    head = ast.Module(body[:-1] if isinstance(last, ast.Expr) else body, type_ignores=[])
    exec(compile(head, "<exercise>", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<exercise>", "eval"), names)
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        return names[last.targets[0].id]
    return None


def _problems(exercise: Exercise) -> Iterator[str]:
    from helpers.teaching.check import spelt

    for question in exercise.questions.values():
        if question.value is None:
            yield f"{question.name} has no right value"
            continue
        right = spelt(question.value, question.digits)
        for slip in question.slips:
            if not slip.hint:
                yield f"slip {slip.name} of {question.name} has no hint"
            if spelt(slip.value, question.digits) == right:
                yield f"slip {slip.name} of {question.name} gives the right value"
    for cell in exercise.notebook.cells:
        if "blank" in tags_of(cell) and sum(bool(line.strip()) for line in blanked(cell.source)[1]) > LONGEST_BLANK:
            yield f"a blank of more than {LONGEST_BLANK} lines"


def blanked(source: str) -> tuple[list[str], list[str]]:
    """Cut a blank cell: the lines that the student gets, with blanks, and the solution lines that they stand for.

    Examples
    --------
    >>> blanked("n = 8\\n# blank: share = ___ / n\\nshare = 3 / n\\n")
    (['n = 8', 'share = ___ / n'], ['share = 3 / n'])
    """
    given, solution, hidden = [], [], False
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
