"""What a search has reached, kept in its folder, so that it goes on after a kill; only with the plan and inputs it began with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import pandas as pd

from helpers.paths import write_json
from helpers.problems import InputError, Problem
from helpers.synthesis.state import read_state, write_state

STATE, PROGRESS, TRACE = "state.csv", "progress.json", "trace.csv"
INPUTS = ("models.csv", "stages.csv", "bounds.csv", "start.csv")
PRINTED = ("published_values.csv", "corrections.csv")


def fingerprint(plan, seed: int) -> str:
    """Return a digest of all that a search depends on: its seed, its effort, its tables and the printed numbers.

    Parameters
    ----------
    plan : dataclass with folders ``folder`` and ``published``
    seed : int

    Examples
    --------
    >>> from helpers.calibration.plan import Plan
    >>> fingerprint(Plan(), 1) == fingerprint(Plan(), 1), fingerprint(Plan(), 1) == fingerprint(Plan(effort=0.5), 1)
    (True, False)
    """
    digest = hashlib.sha256(str(seed).encode())
    for field in fields(plan):
        value = getattr(plan, field.name)
        if not isinstance(value, Path):
            digest.update(f"{field.name}={value}".encode())
    for file in [plan.folder / name for name in INPUTS] + [plan.published / name for name in PRINTED]:
        digest.update(file.name.encode() + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()


def reached(folder: Path, digest: str) -> tuple[list[str], float]:
    """Read which stages a search has behind it, and the seconds spent on them; none if it has not begun, which it then has.

    Raises
    ------
    InputError
        If the files are damaged, or the search began with another plan or other inputs; or if files stand there that no search began.
    """
    file = folder / PROGRESS
    if not file.exists():
        foreign = [name for name in (STATE, TRACE) if (folder / name).exists()]
        if foreign:
            allowed = "a new folder, or one that a search began; nothing was written"
            raise InputError(
                [Problem("calibrate", "", "", "a file of another making", allowed, name) for name in foreign]
            )
        write_json(file, {"done": [], "seconds": 0.0, "fingerprint": digest})
        return [], 0.0
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        done, seconds, begun = [str(name) for name in found["done"]], float(found["seconds"]), found["fingerprint"]
        if done:
            read_state(folder / STATE)
    except (OSError, ValueError, TypeError, KeyError, pd.errors.ParserError):
        raise InputError(
            [_wrong("a file that cannot be read", "what a search wrote; delete the folder to begin anew")]
        ) from None
    if begun != digest:
        raise InputError([_wrong("a search with another plan or other inputs", "the same, or another folder (--out)")])
    return done, seconds


def _wrong(found: str, allowed: str) -> Problem:
    return Problem("calibrate", "", "", found, allowed, PROGRESS)


def keep(
    folder: Path, labels: pd.DataFrame, fates: pd.DataFrame, done: list[str], seconds: float, digest: str
) -> list[str]:
    """Write what has been reached; return *done*."""
    write_state(folder / STATE, labels, fates)
    write_json(folder / PROGRESS, {"done": done, "seconds": round(seconds, 1), "fingerprint": digest})
    return done
