"""Check an answer against boxes that only an answer can open: the file holds no answer in clear.

Each question has some boxes, one for the right value and one for each usual slip. A box is locked with its own value: whoever types
that value opens its message and no other. It needs Python's standard library only, never raises, and is copied as it stands to
where students work.

A whole number or a letter can be found by trying all of them; the boxes deter, they do not proctor.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import itertools
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

COST = 2**13
BOXES, PROGRESS = "boxes.json", "progress.json"
RIGHT = "Right. "
LONGEST = 400  # characters of an answer that are looked at
MOST = 200  # attempts that are kept of a question


def locked(question: str, value: object, digits: int, message: str, salt: bytes) -> dict[str, str]:
    """Lock a message with the value that opens it.

    Examples
    --------
    >>> box = locked("q1", 0.4444, 2, "right", b"0123456789abcdef")
    >>> opened("q1", 0.44, 2, [box]), opened("q1", 0.45, 2, [box])
    ('right', None)
    """
    key = _key(question, spelt(value, digits), salt)
    text = message.encode("utf-8")
    return {
        "salt": base64.b64encode(salt).decode(),
        "tag": base64.b64encode(hmac.digest(key, text, "sha256")[:12]).decode(),
        "box": base64.b64encode(_veiled(key, text)).decode(),
    }


def opened(question: str, value: object, digits: int, boxes: list[dict[str, str]]) -> str | None:
    """Return the message of the box that *value* opens, or None."""
    for box in boxes:
        key = _key(question, spelt(value, digits), base64.b64decode(box["salt"]))
        text = _veiled(key, base64.b64decode(box["box"]))
        if hmac.compare_digest(hmac.digest(key, text, "sha256")[:12], base64.b64decode(box["tag"])):
            return text.decode("utf-8")
    return None


def _veiled(key: bytes, text: bytes) -> bytes:
    pad = hashlib.shake_256(key + b"pad").digest(len(text))
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))


def _key(question: str, value: str, salt: bytes) -> bytes:
    return hashlib.scrypt(f"{question}|{value}".encode(), salt=salt, n=COST, r=8, p=1, dklen=32)


def spelt(value: object, digits: int) -> str:
    """Spell a value in one way: a number rounded, text in lower case, a list item by item.

    Examples
    --------
    >>> spelt("0,4449", 2), spelt(7, 0), spelt(" B) ", 0), spelt([1, 0.5], 1), spelt(-0.001, 2)
    ('0.44', '7', 'b', '1.0;0.5', '0.00')
    """
    if isinstance(value, str):
        text = value[:LONGEST].strip().lower()
        number = _number(text.replace(",", ".").rstrip("%").strip())
        return text.strip("(). ") if number is None else _rounded(number, digits)
    if isinstance(value, bool):
        return str(value).lower()
    number = _number(value)
    if number is not None:
        return _rounded(number, digits)
    items = listed(value)
    return str(value).strip().lower()[:LONGEST] if items is None else ";".join(spelt(item, digits) for item in items)


def listed(value: object) -> list[Any] | None:
    """Return the items of a list, an array or a column; None of anything else.

    Examples
    --------
    >>> listed((1, 2)), listed("ab"), listed(3)
    ([1, 2], None, None)
    """
    if isinstance(value, str | bytes | dict):
        return None
    try:
        return list(value)[:LONGEST]  # type: ignore[call-overload]
    except TypeError:
        return None


def _number(value: object) -> float | None:
    if listed(value) is not None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _rounded(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def neighbours(value: object, digits: int) -> list[str]:
    """Return the two values one unit of the last digit away: what rounding half-way by hand may give; none of a whole number.

    Examples
    --------
    >>> neighbours(0.444, 2), neighbours(7, 0)
    (['0.43', '0.45'], [])
    """
    number = _number(spelt(value, digits)) if digits > 0 else None
    return [] if number is None else [_rounded(number + step * 10.0**-digits, digits) for step in (-1, 1)]


def p_of_chi2(statistic: float) -> float:
    """Return the p value of a chi-squared statistic with one degree of freedom.

    Examples
    --------
    >>> round(p_of_chi2(3.841459), 6)
    0.05
    """
    return math.erfc(math.sqrt(max(statistic, 0.0) / 2))


class Answer(str):
    """What is said of an answer; shown as Markdown by a notebook, as text elsewhere."""

    def _repr_markdown_(self) -> str:
        return str(self)


def check(question: str, answer: object, folder: str | Path = "") -> Answer:
    """Say what is known of an answer: not answered yet, right and why, a usual slip and its hint, or neither.

    Parameters
    ----------
    question : str
        Its name, as the notebook has it.
    answer : number, text, list or None
        What the student found; ``None`` or ``...`` is not answered yet.
    folder : path, optional
        Where ``boxes.json`` lies; by default beside the notebook.

    Returns
    -------
    Answer
        Always; nothing is raised, so that a notebook runs to its end.

    Examples
    --------
    >>> check("q1", None)
    '*q1: not answered yet.*'
    """
    try:
        if _not_answered(answer):
            return Answer(f"*{question}: not answered yet.*")
        place = Path(folder) if folder else Path(__file__).resolve().parents[1]
        known = json.loads((place / BOXES).read_text(encoding="utf-8"))[question]
    except (OSError, ValueError, KeyError, TypeError):
        return Answer(f"*{question}: its boxes were not found. Is {BOXES} in the folder of the notebook?*")
    except Exception as error:
        return Answer(f"*{question}: this answer cannot be read ({type(error).__name__}).*")
    try:
        return Answer(f"**{question}:** {_said(question, answer, known, place)}")
    except Exception as error:  # an answer may be any object at all
        return Answer(f"*{question}: this answer cannot be read ({type(error).__name__}).*")


def _said(question: str, answer: object, known: dict[str, Any], place: Path) -> str:
    unfit = _unfit(answer, known["expects"])
    digits, boxes = known["digits"], known["boxes"]
    if known["expects"].get("set") and not unfit:
        answer = sorted({_number(item) for item in listed(answer) or []})  # type: ignore[type-var]
    a_list = (
        known["expects"]["kind"] == "list" and listed(answer) is not None
    )  # of a wrong length it may be a usual slip
    message = opened(question, answer, digits, boxes) if a_list or not unfit else None
    if unfit and message is None:
        return unfit
    for near in neighbours(answer, digits) if message is None else []:
        found = opened(question, near, digits, boxes)
        if found and found.startswith(RIGHT):
            message = f"{found} (To more digits: {near}.)"
    kept = _remember(place, question, spelt(answer, digits), bool(message and message.startswith(RIGHT)))
    guess = kept.get("predictions", {}).get(question)
    told = message or _no_box(question, answer, known)
    return told if guess is None else f"{told} You had predicted {guess}."


def _unfit(answer: object, expects: dict[str, Any]) -> str:
    """Say in clear what kind of answer is asked for, if this is another."""
    items = listed(answer)
    kind = (
        "number"
        if _number(answer.replace(",", ".").rstrip("% ") if isinstance(answer, str) else answer) is not None
        else "text"
    )
    kind = "list" if items is not None else kind
    if kind != expects["kind"]:
        asked = {"number": "one number", "text": expects.get("form", "a word"), "list": "a list of numbers"}
        return f"{asked[expects['kind']]} is asked for."
    numbers = [_number(item) for item in items or []]
    if kind != "list" or None in numbers:
        return "every item must be a number." if None in numbers else ""
    if len(numbers) != expects.get("length", len(numbers)):
        return f"{expects['length']} numbers are asked for, and these are {len(numbers)}."
    if expects.get("falls") and any(b > a for a, b in itertools.pairwise(numbers)):  # type: ignore[operator]
        return "a survival curve never rises, and this one does."
    if expects.get("share") and not all(0 <= number <= 1 for number in numbers):  # type: ignore[operator]
        return "a share lies between 0 and 1."
    return ""


def _no_box(question: str, answer: object, known: dict[str, Any]) -> str:
    digits = known["digits"]
    to = f", to {digits} decimal{'s' * (digits != 1)}," if digits and known["expects"]["kind"] != "text" else ""
    items = listed(answer) or []
    if known["expects"].get("set"):
        return _set_against(question, items, known["items"])
    for length in range(len(items) - 1, 0, -1):
        part = [box for box in known.get("beginnings", []) if box["length"] == length]
        if opened(f"{question}|{length}", items[:length], digits, part) is not None:
            return f"not yet: the first {length} of {len(items)} {'are' if length > 1 else 'is'} right{to} the next is not."
    return f"{spelt(answer, digits)[:60]}{to} is not it, and no usual slip either."


def _set_against(question: str, items: list[Any], boxes: list[dict[str, str]]) -> str:
    """Say how many of the items are to be found, how many are false alarms, and whether any is missed."""
    hits = sum(opened(f"{question}|item", item, 0, boxes) is not None for item in items)
    false = len(items) - hits
    missed = "at least one is missed" if hits < len(boxes) else "none is missed"
    return f"not yet: {hits} of your {len(items)} belong there, {false} {'is a false alarm' if false == 1 else 'are false alarms'}, and {missed}."


def _not_answered(answer: object) -> bool:
    return answer is None or answer is Ellipsis or (isinstance(answer, str) and answer.strip("_ .") == "")


def predict(question: str, guess: object, folder: str | Path = "") -> Answer:
    """Keep a guess, to be shown beside the answer; it is never marked.

    Examples
    --------
    >>> predict("q1", None)
    '*q1: no prediction yet. Guess before you compute; nobody marks it.*'
    """
    if _not_answered(guess):
        return Answer(f"*{question}: no prediction yet. Guess before you compute; nobody marks it.*")
    text = str(guess)[:60]
    _store(Path(folder) if folder else Path(__file__).resolve().parents[1], "predictions", question, text)
    return Answer(f"*{question}: your prediction is {text}.*")


def _remember(place: Path, question: str, answer: str, right: bool) -> dict[str, Any]:
    return _store(place, "answers", question, {"answer": answer[:60], "right": right})


def _store(place: Path, part: str, question: str, value: object) -> dict[str, Any]:
    """Keep what was tried in a file beside the notebook; it holds no name, and running a cell again is no new attempt."""
    path, kept = place / PROGRESS, {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known = kept.setdefault(part, {})
        if part == "predictions":
            known[question] = value
        elif not known.get(question) or known[question][-1] != value:
            known[question] = [*known.get(question, []), value][-MOST:]
        new = path.with_suffix(".new")
        new.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        os.replace(new, path)
    except (OSError, ValueError, TypeError, AttributeError):
        pass  # a folder that cannot be written, or a file that somebody changed, stops nobody
    return kept if isinstance(kept, dict) else {}


def preflight(folder: str | Path = "") -> Answer:
    """Say whether this computer is ready for the class: Python, packages, data, boxes, a folder that can be written."""
    place = Path(folder) if folder else Path(__file__).resolve().parents[1]
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    rows = [("Python", sys.version.split()[0], "ok" if fits else "3.11 to 3.13 is what the class was tried with")]
    for name in ("numpy", "pandas", "lifelines", "matplotlib"):
        try:
            rows.append((name, str(importlib.import_module(name).__version__), "ok"))
        except Exception as error:
            rows.append((name, "", f"cannot be imported ({type(error).__name__}): run the install script again"))
    for name, there in (
        ("exercise data", any(place.parent.glob("data/*.csv"))),
        ("answers' boxes", (place / BOXES).is_file()),
    ):
        rows.append((name, "", "ok" if there else "not found: copy the whole folder, not one file"))
    rows.append(
        ("folder can be written", "", "ok" if os.access(place, os.W_OK) else "no: your attempts will not be kept")
    )
    lines = [f"| {name} | {version} | {said} |" for name, version, said in rows]
    return Answer("\n".join(["| what | version | |", "|---|---|---|", *lines]))
