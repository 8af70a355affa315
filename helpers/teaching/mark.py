"""Read what students handed in, without running any of it: answers that stand in the notebooks, attempts from progress.json."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.problems import InputError, Problem
from helpers.teaching.check import PROGRESS, neighbours, spelt

LARGEST = 50_000_000  # bytes of a file that is read: outputs may be large
LONGEST = 100_000  # signs of a cell that is read: an answer is short, and a long list takes memory
ANY = "any"  # exercise of a notebook that cannot be read and whose name does not begin with a number
KEY = ("exercise", "question", "digits", "what", "value")
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
        of the slip, ``other``, ``not answered`` or ``unreadable``), attempts, right_at (the first attempt that was right),
        prediction.

    Raises
    ------
    InputError
        If the folder or the key is not there, or the key has not its columns.

    Notes
    -----
    An answer is what stands behind ``q04_1 =`` if that is a number, a text or a list; if it is a computation, the last attempt
    in ``progress.json`` counts. A student can write that file: it helps to see what is hard, and is no proof.
    """
    known = read_key(key)
    if not folder.is_dir():
        raise InputError(
            [Problem("teach mark", "", "FOLDER", folder.name, "an existing folder with one folder per student")]
        )
    students = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    students = [
        path for path in students if not path.name.startswith(".") or any(_files(path, "*.ipynb"))
    ]  # .git is nobody
    if any(folder.glob("*.ipynb")):
        students = [folder]
    if not students:
        raise InputError([Problem("teach mark", "", "FOLDER", "no folder and no notebook", "one folder per student")])
    rows = [row for student in students for row in _marked(student, known)]
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
        tried = part[~part["verdict"].isin(["not answered", "unreadable"])]
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


def _marked(student: Path, known: dict[str, pd.DataFrame]) -> Iterator[tuple[Any, ...]]:
    answers, unreadable = _answers(student)
    progress = _progress(student)
    for question, rows in known.items():
        exercise = rows["exercise"].iloc[0]
        digits = int(rows["digits"].iloc[0])
        tried = progress["answers"].get(question, [])
        given = answers.get(question)
        text = tried[-1]["answer"] if given is None and tried else None if given is None else _written(given, digits)
        verdict = _verdict(text, rows, digits)
        if text is None and unreadable & {exercise, ANY}:
            verdict = "unreadable"
        right_at = next(
            (i for i, one in enumerate(tried, start=1) if _verdict(one["answer"], rows, digits) == "right"), None
        )
        guess = str(progress["predictions"].get(question, ""))
        yield _plain(student.name), exercise, question, _plain(text or ""), verdict, len(tried), right_at, _plain(guess)


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
    >>> _plain("a\\nb\\ud800 c")
    'a b? c'
    """
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())[:60]


def _verdict(text: str | None, rows: pd.DataFrame, digits: int) -> str:
    if text is None:
        return "not answered"
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
    """Yield ordinary files below the folder: no link, so that nothing outside is read."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and not path.is_symlink() and ".ipynb_checkpoints" not in path.parts:
            yield path


def _stored(path: Path) -> Any:
    """Read a JSON file; a ValueError if it is none, or too large."""
    if path.stat().st_size > LARGEST:
        raise ValueError("too large")
    return json.loads(path.read_text(encoding="utf-8-sig"))


def _answers(student: Path) -> tuple[dict[str, Any], set[str]]:
    found: dict[str, Any] = {}
    unreadable: set[str] = set()
    for path in _files(student, "*.ipynb"):
        try:
            cells = _stored(path)["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            unreadable.add(path.stem[:2] if path.stem[:2].isdigit() else ANY)
            continue
        for source in sources:
            found |= _literals(source)
    return found, unreadable


def _literals(source: str) -> dict[str, Any]:
    """Read names that are set to a number, a text or a list of these.

    Examples
    --------
    >>> _literals('q1 = 0.5  # mine\\nq2 = len(rows)\\nq3 = [1, 2]\\nq4 = None')
    {'q1': 0.5, 'q3': [1, 2]}
    >>> _literals('%matplotlib inline\\n!pip list\\nq1 = 3')
    {'q1': 3}
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
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
            if value is not None and value is not Ellipsis:
                found[node.targets[0].id] = value
    return found


def _progress(student: Path) -> dict[str, dict[str, Any]]:
    """Read the attempts, as far as they have the form that they should have."""
    kept: dict[str, dict[str, Any]] = {"answers": {}, "predictions": {}}
    for path in _files(student, PROGRESS):
        try:
            stored = _stored(path)
        except (OSError, ValueError, RecursionError):
            continue
        for part in kept:
            known = stored.get(part) if isinstance(stored, dict) else None
            kept[part] |= known if isinstance(known, dict) else {}
    tried = {question: [one for one in rows if isinstance(one, dict) and isinstance(one.get("answer"), str)]
             for question, rows in kept["answers"].items() if isinstance(rows, list)}  # fmt: skip
    return kept | {"answers": tried}
