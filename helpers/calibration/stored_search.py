"""The searches of the made-up paper as they are stored, so that a page can show them without compiling the search.

What a search found depends on the tables of its folder, its seed and its effort; a stored one is taken only if these are
what they were when it was stored. The tests search again and get the same patients and the same trace. Run as a program,
this module searches and stores: ``python -m helpers.calibration.stored_search``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths
from helpers.calibration.other_paper import Calibrated, Paper, calibrate_small, evaluated

FOLDER, ABOUT = "searched", "searched.json"
SEED, MOVES, ROUNDS = 2025, 40_000, 4
ENDPOINTS = ("endpoints.csv", "wrong_endpoints.csv")


@dataclass(frozen=True)
class Found(Calibrated):
    """A small calibrated cohort, and whether it was stored or has just been searched for."""

    stored: bool


def small_search(paper: Paper | None = None, seed: int = SEED) -> Found:
    """Return the search of a paper as it is stored with it; if none is, or something has changed since, search.

    The stored patients are compared with the print afresh, so ``found`` is computed here in either case.

    Parameters
    ----------
    paper : Paper, optional
        By default the made-up paper.
    seed : int

    Examples
    --------
    >>> search = small_search()
    >>> search.stored, int(search.found["hit"].sum()) == int(search.trace["hits"].iloc[-1])
    (True, True)
    """
    paper = paper or Paper()
    folder, name = Path(paper.folder) / FOLDER, Path(paper.endpoints_file).stem
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8")) if (folder / ABOUT).is_file() else {}
    if about.get(name) != searched_with(paper, seed):
        return Found(**vars(calibrate_small(paper, seed, moves=MOVES, rounds=ROUNDS)), stored=False)
    labels, states = list(paper.margins()), [*paper.table("states.csv")["state"], "contact"]
    text = dict.fromkeys(labels, str)
    patients = pd.read_csv(folder / f"{name}_patients.csv", dtype=text, keep_default_na=False, na_values={s: [""] for s in states})  # fmt: skip
    trace = pd.read_csv(folder / f"{name}_trace.csv")
    return Found(patients, evaluated(paper, patients[labels], patients[states]), trace, stored=True)


def searched_with(paper: Paper, seed: int) -> dict[str, Any]:
    """Return what a search depends on: its seed, its effort and a checksum of the tables of its folder.

    Examples
    --------
    >>> sorted(searched_with(Paper(), 1))
    ['moves', 'rounds', 'seed', 'tables']
    """
    others = {Path(paper.endpoints_file).name, *ENDPOINTS} - {paper.endpoints_file}
    tables = sorted(file for file in Path(paper.folder).glob("*.csv") if file.name not in others)
    content = b"\0".join(part for file in tables for part in (file.name.encode(), file.read_bytes()))
    return {"seed": seed, "moves": MOVES, "rounds": ROUNDS, "tables": sha256(content).hexdigest()}


def store_searches(folder: Path | None = None) -> None:
    """Search under the right and under the wrong endpoints, and store what was found beside the tables."""
    about = {}
    for endpoints in ENDPOINTS:
        paper = Paper(folder, endpoints) if folder else Paper(endpoints_file=endpoints)
        found, name = calibrate_small(paper, SEED, moves=MOVES, rounds=ROUNDS), Path(endpoints).stem
        target = Path(paper.folder) / FOLDER
        paths.write_csv(target / f"{name}_patients.csv", found.patients)
        paths.write_csv(target / f"{name}_trace.csv", found.trace.drop(columns="seconds"))
        about[name] = searched_with(paper, SEED)
    paths.write_json(target / ABOUT, about)


if __name__ == "__main__":
    store_searches()
