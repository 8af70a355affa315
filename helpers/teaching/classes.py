"""Cohorts for a class: each student gets one whose truth the teacher knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import write_cohort
from helpers.problems import InputError, Problem
from helpers.synthesis.truth import Simulated, simulate

MIXED = "mixed"
MOST = 500  # students
FLAT = {
    "sex": "sex", "age_years": "age_years", "blast_prelymphodepletion_pct": "blasts_pct", "crs_grade": "crs_grade", "gc": "gc",
    "gc_first_day": "gc_first_day", "gc_dose_mg_per_kg": "gc_mg_per_kg", "pfs_days": "days", "pfs_event": "failed",
}  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """Where the dials of the simulator stand."""

    effect: float
    indication: float


TRUTHS = {
    "null": Truth(0.0, 0.0),
    "protective": Truth(log(0.4), 0.5),
    "harmful": Truth(log(2.0), 0.0),
    "confounded-null": Truth(0.0, 2.0),
}
NAMED = {"null": "no effect"}  # pandas and R read the word null as a missing value
TASK = """Your cohort
===========

{n} made-up children, all marked synthetic. cohort.csv has one row per child:

  blasts_pct, crs_grade   before the decision; all that the doctors went by
  gc, gc_first_day, gc_mg_per_kg   glucocorticoids within 30 days: 1 or 0, first day, sum
  days, failed            to progression, relapse or death (1), or to the end of follow-up (0)

tables/ holds the same children in the form that the whole supplement reads (supplement run --cohort tables).

Write down before you compute: who is compared with whom, from which day, adjusted for what, and why.
Then hand in: an estimate with its interval, and one of  it helps / it harms / no effect / cannot tell,  with your reason.
Your teacher knows what is true.
"""


def deal(
    out: Path, *, truth: str = MIXED, seed: int = 0, students: int = 1, n: int = 240, names: Sequence[str] = ()
) -> pd.DataFrame:
    """Deal a cohort to each student, and the key to the teacher.

    Parameters
    ----------
    out : Path
        Gets ``students/NN/`` (``cohort.csv``, ``READ_ME.txt``, ``tables/``) and ``teacher/key.csv``; must be new or empty.
    truth : str
        One of ``TRUTHS`` for everybody, or ``mixed``: as many of each as can be, in an order drawn by the seed.
    seed : int
        Keep it from the students: with it the truth can be looked up.
    students : int
    n : int
        Children in each cohort.
    names : sequence of str
        One for each student if given, see :func:`read_names`. They stand in the key only: folders are numbered, since not every
        name can be a folder's.

    Returns
    -------
    DataFrame
        The key: student, name if names were given, truth, hazard_ratio_of_gc (on the hazard of a child), indication, seed; and by the target ATE
        difference_2y (share free of the event), rmst_24m (days), hazard_ratio (of Cox's model), which are what a perfect method finds.

    Raises
    ------
    InputError
        Naming what is not allowed.
    """
    allowed = ", ".join([MIXED, *TRUTHS])
    wrong = [Problem("teach cohort", "", "--truth", truth, allowed)] if truth not in (MIXED, *TRUTHS) else []
    if names and students != len(names):
        wrong.append(Problem("teach cohort", "", "--students", students, f"{len(names)}, as many as there are names"))
    if not 1 <= students <= MOST:
        wrong.append(Problem("teach cohort", "", "--students", students, f"a number from 1 to {MOST}"))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        wrong.append(Problem("teach cohort", "", "--out", out.name, "a folder that does not exist yet, or is empty"))
    if wrong:
        raise InputError(wrong)
    rng = np.random.default_rng(seed)
    kinds = [truth] * students
    if truth == MIXED:
        rounds = [rng.permutation(list(TRUTHS)) for _ in range(students // len(TRUTHS) + 1)]
        kinds = rng.permutation(np.concatenate(rounds)[:students]).tolist()
    width = max(2, len(str(students)))
    rows = []
    known: dict[str, dict[str, float]] = {}
    for number, kind in enumerate(kinds, start=1):
        dials, own = TRUTHS[kind], int(rng.integers(2**31))
        made = simulate(n=n, effect=dials.effect, indication=dials.indication, seed=own)
        if kind not in known:
            known[kind] = _ate(made)
        _hand_out(made, out / "students" / f"{number:0{width}d}", n)
        head = {
            "student": f"{number:0{width}d}",
            **({"name": names[number - 1]} if names else {}),
            "truth": NAMED.get(kind, kind),
            "hazard_ratio_of_gc": round(exp(dials.effect), 3),
        }
        rows.append(head | {"indication": dials.indication, "seed": own} | known[kind])
    key = pd.DataFrame(rows)
    paths.write_csv(out / "teacher" / "key.csv", key)
    return key


def read_names(path: Path) -> list[str]:
    """Read the names of a class: one on each line of a text file; empty lines do not count.

    Raises
    ------
    InputError
        If there is no such file, it is no text, or two lines are alike.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = paths.write_text(Path(folder) / "names.txt", "Lovelace, Ada\\n\\n李雷\\n")
    ...     read_names(written)
    ['Lovelace, Ada', '李雷']
    """
    asked = "a text file (UTF-8) with one name a line, each once"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError([Problem("teach cohort", "", "--names", path.name, asked)]) from None
    names = [name for line in lines if (name := " ".join(line.split()))]
    twice = [row for row, name in enumerate(names, start=1) if name in names[: row - 1]]
    if twice or not names:
        found = f"name {twice[0]} stands there before" if twice else "no name"
        raise InputError([Problem("teach cohort", "", "--names", found, asked, path.name)])
    return names


def _ate(made: Simulated) -> dict[str, float]:
    truth = made.truth
    return truth[truth["target"] == "ATE"].set_index("estimand")["value"].round(4).to_dict()


def _hand_out(made: Simulated, folder: Path, n: int) -> None:
    """Write a student's folder; nothing in it says where the dials stood."""
    cohort = replace(
        made.cohort, name="dealt-synthetic", source="made up for a class; no real patient stands behind it: synthetic"
    )
    write_cohort(cohort, folder / "tables")
    flat = analyse(cohort).frame[list(FLAT)].rename(columns=FLAT)
    flat[["gc", "failed"]] = flat[["gc", "failed"]].astype("Int64")
    paths.write_csv(folder / "cohort.csv", flat.assign(synthetic=True).reset_index())
    paths.write_text(folder / "READ_ME.txt", TASK.format(n=n))
