"""Check an answer against boxes that only an answer can open: the file holds no answer in clear.

Each question has some boxes, one for the right value and one for each usual slip. A box is locked with its own value: whoever types
that value opens its message and no other. It needs Python's standard library only, and never raises.

A whole number can be found by trying all of them; the boxes deter, they do not proctor.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import os
from pathlib import Path

COST = 2**13
BOXES = "boxes.json"


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
    pad = hashlib.shake_256(key + b"pad").digest(len(text))
    return {
        "salt": base64.b64encode(salt).decode(),
        "tag": base64.b64encode(hmac.digest(key, text, "sha256")[:12]).decode(),
        "box": base64.b64encode(bytes(a ^ b for a, b in zip(text, pad, strict=True))).decode(),
    }


def opened(question: str, value: object, digits: int, boxes: list[dict[str, str]]) -> str | None:
    """Return the message of the box that *value* opens, or None."""
    for box in boxes:
        text = _try(question, spelt(value, digits), box)
        if text is not None:
            return text
    return None


def _try(question: str, value: str, box: dict[str, str]) -> str | None:
    key = _key(question, value, base64.b64decode(box["salt"]))
    hidden = base64.b64decode(box["box"])
    pad = hashlib.shake_256(key + b"pad").digest(len(hidden))
    text = bytes(a ^ b for a, b in zip(hidden, pad, strict=True))
    right = hmac.compare_digest(hmac.digest(key, text, "sha256")[:12], base64.b64decode(box["tag"]))
    return text.decode("utf-8") if right else None


def _key(question: str, value: str, salt: bytes) -> bytes:
    return hashlib.scrypt(f"{question}|{value}".encode(), salt=salt, n=COST, r=8, p=1, dklen=32)


def spelt(value: object, digits: int) -> str:
    """Spell a value in one way: a number rounded, text in lower case, a list item by item.

    Examples
    --------
    >>> spelt("0,4449", 2), spelt(7, 0), spelt(" Yates ", 0), spelt([1, 0.5], 1), spelt(-0.001, 2)
    ('0.44', '7', 'yates', '1.0;0.5', '0.00')
    """
    if isinstance(value, str):
        text = value.strip().lower()
        number = _number(text.replace(",", ".").rstrip("%").strip())
        return text if number is None else _rounded(number, digits)
    if isinstance(value, bool):
        return str(value).lower()
    number = _number(value)
    if number is not None:
        return _rounded(number, digits)
    try:
        return ";".join(spelt(item, digits) for item in value)  # type: ignore[attr-defined]
    except TypeError:
        return str(value).strip().lower()


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _rounded(number: float, digits: int) -> str:
    text = f"{number + 0.0:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


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
    if _not_answered(answer):
        return Answer(f"*{question}: not answered yet.*")
    try:
        place = Path(folder) if folder else Path(__file__).resolve().parents[1]
        known = json.loads((place / BOXES).read_text(encoding="utf-8"))[question]
    except (OSError, ValueError, KeyError):
        return Answer(f"*{question}: its boxes were not found; is boxes.json beside the notebook?*")
    message = opened(question, answer, known["digits"], known["boxes"])
    _remember(place, question, answer, known["digits"], message)
    if message is None:
        return Answer(f"**{question}:** {spelt(answer, known['digits'])} is not it, and no usual slip. {known.get('ask', '')}".strip())
    return Answer(f"**{question}:** {message}")


def _not_answered(answer: object) -> bool:
    return answer is None or answer is Ellipsis or (isinstance(answer, str) and answer.strip("_ ") == "")


def _remember(place: Path, question: str, answer: object, digits: int, message: str | None) -> None:
    """Keep what was tried in a file beside the notebook; it holds no name."""
    path = place / "progress.json"
    try:
        tried = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        tried.setdefault(question, []).append({"answer": spelt(answer, digits)[:60], "right": bool(message and message.startswith("right"))})
        text = json.dumps(tried, indent=1)
        path.with_suffix(".new").write_text(text, encoding="utf-8")
        os.replace(path.with_suffix(".new"), path)
    except (OSError, ValueError, TypeError):
        return
