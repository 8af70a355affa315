"""Read what students handed in, without running any of it: answers that stand in the notebooks, attempts from progress.json."""

from __future__ import annotations

import ast
import json
import operator
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.problems import InputError, Problem
from helpers.teaching.check import BOXES, PROGRESS, RIGHT, neighbours, opened, spelt

LARGEST = 50_000_000  # bytes of a file that is read: outputs may be large
LONGEST = 100_000  # signs of a cell that is read: an answer is short, and a long list takes memory
ANY = "any"  # exercise of a notebook that cannot be read and whose name does not begin with a number
NO_VERDICT = ("not answered", "unreadable", "no notebook", "two answers")
NOBODYS = ("__MACOSX", ".ipynb_checkpoints", "venv", "site")  # of macOS, of Jupyter, and of the class itself
KEY = ("exercise", "question", "digits", "what", "value")
TOLD = re.compile(r"\*\*(\w+):\*\* (.+)", re.DOTALL)  # what check says of an answer, as a notebook keeps it
NOT_IT = re.compile(r"(\S+?)(?:, to \d+ decimals?,)? is not it")
SUMS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.USub: operator.neg, ast.UAdd: operator.pos}  # fmt: skip
LARGE = 1e12  # numbers in a sum: more is no answer
COLUMNS = ("student", "exercise", "question", "answer", "verdict", "attempts", "right_at", "prediction")


def mark(folder: Path, key: Path) -> pd.DataFrame:
    """Mark the answers of a class; nothing that was handed in is executed.

    Parameters
    ----------
    folder : Path
        One folder per student, by whatever name; or one student's files.
    key : Path
        ``key.csv`` of the class.

    Returns
    -------
    DataFrame
        One row per student and question: student (name of the folder), exercise, question, answer, verdict (``right``, the name
        of the slip, ``other``, ``not answered``, or one of ``NO_VERDICT``), attempts, right_at (the first attempt that was
        right), prediction.

    Raises
    ------
    InputError
        If the folder or the key is not there, the key has not its columns, or notebooks lie beside folders that hold some.

    Notes
    -----
    An answer is what stands behind ``q04_1 =``, or in ``check("q04_1", ...)``, if that is a number, a sum of numbers
    (``93 / 110``), a text or a list; if it is another computation, the last attempt in ``progress.json`` counts, and without
    that file what the notebook kept of what ``check`` said (for slips by name, with ``boxes.json`` beside the key). A student
    can write both: it helps to see what is hard, and is no proof. Two notebooks of one student whose answers differ are not chosen between: the verdict is ``two answers``.
    """
    known = read_key(key)
    if not folder.is_dir():
        raise InputError(
            [Problem("teach mark", "", "FOLDER", folder.name, "an existing folder with one folder per student")]
        )
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    inside = [path for path in inside if path.name not in NOBODYS]
    holding = [path for path in inside if any(_files(path, "*.ipynb"))]
    students = [path for path in inside if path in holding or not path.name.startswith(".")]  # .git is nobody
    if any(path.parent == folder for path in _files(folder, "*.ipynb")):
        if holding:
            beside = f"notebooks beside {len(holding)} folder(s) with notebooks"
            raise InputError(
                [Problem("teach mark", "", "FOLDER", beside, "one folder per student, and nothing beside")]
            )
        students = [folder]
    if not students:
        raise InputError([Problem("teach mark", "", "FOLDER", "no folder and no notebook", "one folder per student")])
    boxes = _boxes(key.with_name(BOXES))
    rows = [row for student in students for row in _marked(student, known, boxes)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_key(path: Path) -> dict[str, pd.DataFrame]:
    """Read ``key.csv``: for each question its rows, the right one among them."""
    if not path.is_file():
        raise InputError([Problem("teach mark", "", "--key", path.name, "the key.csv of the class")])
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    absent = [name for name in KEY if name not in table]
    if absent:
        raise InputError([Problem("key", "", name, "no such column", ", ".join(KEY), path.name) for name in absent])
    return dict(list(table.groupby("question", sort=False)))


def summary(marked: pd.DataFrame) -> pd.DataFrame:
    """Count for each question how many were right, and which slip was the commonest."""
    rows = []
    for (exercise, question), part in marked.groupby(["exercise", "question"], sort=False):
        tried = part[~part["verdict"].isin(NO_VERDICT)]
        wrong = tried.loc[~tried["verdict"].isin(["right", "other"]), "verdict"]
        usual = wrong.value_counts().index[0] if len(wrong) else ""
        rows.append(
            (
                exercise,
                question,
                len(part),
                len(tried),
                int((tried["verdict"] == "right").sum()),
                usual,
                int((wrong == usual).sum()),
            )
        )
    names = ["exercise", "question", "students", "answered", "right", "commonest_slip", "with_it"]
    return pd.DataFrame(rows, columns=names)


def to_look_at(marked: pd.DataFrame) -> list[str]:
    """Name the students of whom something was handed in that is not marked, one line for each kind.

    Examples
    --------
    >>> to_look_at(pd.DataFrame({"student": ["bo", "ada", "bo"], "verdict": ["two answers", "right", "two answers"]}))
    ['two answers (2): bo']
    """
    lines = []
    for verdict in NO_VERDICT[1:]:
        of_it = marked.loc[marked["verdict"] == verdict, "student"]
        if len(of_it):
            lines.append(f"{verdict} ({len(of_it)}): {'; '.join(dict.fromkeys(of_it))}")
    return lines


def _boxes(path: Path) -> dict[str, list[dict[str, str]]]:
    """Read the messages beside the key, locked as they are; without the file there are none."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {question: list(one["boxes"]) for question, one in stored.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _marked(
    student: Path, known: dict[str, pd.DataFrame], boxes: dict[str, list[dict[str, str]]]
) -> Iterator[tuple[Any, ...]]:
    answers, told, unreadable = _answers(student)
    nothing = not any(_files(student, "*.ipynb"))
    progress = _progress(student)
    for question, rows in known.items():
        exercise = rows["exercise"].iloc[0]
        digits = int(rows["digits"].iloc[0])
        tried = progress["answers"].get(question, [])
        texts = dict.fromkeys(_written(given, digits) for given in answers.get(question, []))
        texts = texts or dict.fromkeys(one["answer"] for one in tried[-1:])
        said = told.get(question, []) if not texts else []
        texts = texts or dict.fromkeys(_answer_to(one, question, rows, digits, boxes.get(question, [])) for one in said)
        verdicts = {_verdict(text, rows, digits) for text in texts}
        verdict = verdicts.pop() if len(verdicts) == 1 else "two answers" if verdicts else "not answered"
        if not texts and (nothing or unreadable & {exercise, ANY}):
            verdict = "no notebook" if nothing else "unreadable"
        right_at = next(
            (i for i, one in enumerate(tried, start=1) if _verdict(one["answer"], rows, digits) == "right"), None
        )
        guess = str(progress["predictions"].get(question, ""))
        yield (
            _plain(student.name),
            exercise,
            question,
            _plain(" | ".join(texts)),
            verdict,
            len(tried),
            right_at,
            _plain(guess),
        )


def _answer_to(said: str, question: str, rows: pd.DataFrame, digits: int, boxes: list[dict[str, str]]) -> str:
    """Find the answer to which check said this: the right one, a usual slip by its hint, or the number that it repeats."""
    if said.startswith(RIGHT):
        return str(rows.loc[rows["what"] == "right", "value"].iloc[0])
    if found := NOT_IT.match(said):
        return found[1]
    for value in rows["value"]:
        hint = opened(question, value, digits, boxes)
        if hint and said.startswith(hint):
            return str(value)
    return said


def _written(given: Any, digits: int) -> str:
    """Spell an answer as the boxes know it; a number with more digits than Python writes is none of theirs."""
    try:
        return spelt(given, digits)
    except (ValueError, OverflowError, RecursionError):
        return "too large"


def _plain(text: str) -> str:
    """Make one line of a text that can be written in any file.

    Examples
    --------
    >>> _plain("a\\nb\\ud800 c\\x1b")
    'a b? c?'
    """
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return "".join(sign if sign.isprintable() else "?" for sign in line)[:60]


def _verdict(text: str, rows: pd.DataFrame, digits: int) -> str:
    told = {text[:60], _in_order(text)[:60]}
    for what, value in rows[["what", "value"]].itertuples(index=False):
        if value[:60] in told or (what == "right" and text in neighbours(value, digits)):
            return what
    return "other"


def _in_order(text: str) -> str:
    """Put a list of whole numbers into rising order, each once; other answers stay as they are.

    Examples
    --------
    >>> _in_order("7;1;7"), _in_order("0.5;0.4"), _in_order("b")
    ('1;7', '0.5;0.4', 'b')
    """
    items = text.split(";")
    whole = all(item.isascii() and item.isdigit() for item in items)
    return ";".join(sorted(set(items), key=lambda item: (len(item), item))) if whole else text


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield ordinary files below the folder: no link, so that nothing outside is read; nothing of macOS's or the class's own."""
    for place, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOBODYS)
        for path in sorted(Path(place).glob(pattern)):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("._"):
                yield path


def _stored(path: Path) -> Any:
    """Read a JSON file; a ValueError if it is none, or too large."""
    if path.stat().st_size > LARGEST:
        raise ValueError("too large")
    return json.loads(path.read_text(encoding="utf-8-sig"))


def _answers(student: Path) -> tuple[dict[str, list[Any]], dict[str, list[str]], set[str]]:
    """Read the answers of each notebook, what check said as each kept it, and the exercises whose notebook cannot be read."""
    found: dict[str, list[Any]] = {}
    told: dict[str, list[str]] = {}
    unreadable: set[str] = set()
    for path in _files(student, "*.ipynb"):
        try:
            cells = _stored(path)["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            unreadable.add(path.stem[:2] if path.stem[:2].isdigit() else ANY)
            continue
        answers: dict[str, Any] = {}
        for source in sources:
            answers |= _literals(source)
        for question, given in answers.items():
            found.setdefault(question, []).append(given)
        for question, said in _said(cells).items():
            told.setdefault(question, []).append(said)
    return found, told, unreadable


def _said(cells: list[Any]) -> dict[str, str]:
    """Read what check said last of each question, from the outputs that a notebook keeps.

    Examples
    --------
    >>> _said([{"outputs": [{"data": {"text/markdown": ["**q1:** Right. So it is."]}}]}, {"outputs": 3}, {}])
    {'q1': 'Right. So it is.'}
    """
    found = {}
    for cell in cells:
        outputs = cell.get("outputs", []) if isinstance(cell, dict) else []
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            text = data.get("text/markdown", data.get("text/plain", "")) if isinstance(data, dict) else ""
            text = "".join(part for part in text if isinstance(part, str))
            if len(text) <= LONGEST and (one := TOLD.fullmatch(text.strip().strip("'"))):
                found[one[1]] = one[2]
    return found


def _literals(source: str) -> dict[str, Any]:
    """Read names that are set to a number or a sum of numbers, a text or a list of these, and answers that stand in the call of check.

    Examples
    --------
    >>> _literals('q1 = 0.5  # mine\\nq2 = len(rows)\\nq3 = [1, 2]\\nq4 = None')
    {'q1': 0.5, 'q3': [1, 2]}
    >>> _literals('%matplotlib inline\\n!pip list\\nq1 = 3')
    {'q1': 3}
    >>> _literals('q1 = None\\ncheck("q1", 7)'), _literals('q1 = round(100 * 93 / 110, 1)\\nq2 = 9 ** 9 ** 9')
    ({'q1': 7}, {'q1': 84.5})
    """
    if len(source) > LONGEST:
        return {}
    plain = "\n".join("" if line.startswith(("%", "!", "?")) else line for line in source.split("\n"))
    try:
        body = ast.parse(plain).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=given):
                pass
            case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name)), given])):
                pass
            case _:
                continue
        try:
            value = _worked_out(given)
        except (ArithmeticError, ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        if value is not None and value is not Ellipsis:
            found[name] = value
    return found


def _worked_out(node: ast.expr) -> Any:
    """Return what an expression is without running it: what stands there, a sum of numbers, or one rounded.

    Raises
    ------
    ValueError
        If it is anything else, or a number that is no answer.
    """
    match node:
        case ast.BinOp(left, operation, right) if type(operation) in SUMS:
            return SUMS[type(operation)](_number(left), _number(right))
        case ast.UnaryOp(operation, operand) if type(operation) in SUMS:
            return SUMS[type(operation)](_number(operand))
        case ast.Call(ast.Name("round"), [value, *digits], []) if len(digits) < 2:
            return round(_number(value), *(int(_number(one)) for one in digits))
        case ast.List(items) | ast.Tuple(items):
            return [_worked_out(item) for item in items]
    return ast.literal_eval(node)


def _number(node: ast.expr) -> float:
    value = _worked_out(node)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGE:
        raise ValueError("no number for a sum")
    return value


def _progress(student: Path) -> dict[str, dict[str, Any]]:
    """Read the attempts, as far as they have the form that they should have; those of two files one after the other."""
    answers: dict[str, list[dict[str, str]]] = {}
    predictions: dict[str, Any] = {}
    for path in _files(student, PROGRESS):
        try:
            stored = _stored(path)
        except (OSError, ValueError, RecursionError):
            continue
        given, guessed = (
            (stored.get(part) if isinstance(stored, dict) else None) for part in ("answers", "predictions")
        )
        predictions |= guessed if isinstance(guessed, dict) else {}
        for question, rows in given.items() if isinstance(given, dict) else ():
            tried = (
                [one for one in rows if isinstance(one, dict) and isinstance(one.get("answer"), str)]
                if isinstance(rows, list)
                else []
            )
            answers[question] = _joined(answers.get(question, []), tried)
    return {"answers": answers, "predictions": predictions}


def _joined(first: list[Any], second: list[Any]) -> list[Any]:
    """Put two lists of attempts one after the other; a copy that was worked on is the longer of the two.

    Examples
    --------
    >>> _joined([1, 2], [1, 2, 3]), _joined([1, 2], [3])
    ([1, 2, 3], [1, 2, 3])
    """
    short, long = sorted((first, second), key=len)
    return long if long[: len(short)] == short else first + second
