"""The ledger of a cohort's releases: two releases that differ by a few patients in any cell give those patients away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from helpers.paths import write_json
from helpers.problems import InputError, Problem
from helpers.release.rules import Rules


def check_ledger(path: Path, truth: Mapping[str, int], settings: Mapping[str, object], rules: Rules) -> list[dict]:
    """Refuse a release that differs from an earlier one by 1 to threshold - 1 patients in any cell.

    Parameters
    ----------
    path : Path
        The ledger, which stays in the hospital: it holds true counts.
    truth : mapping of str to int
        True counts of the release.
    settings : mapping
        Parameters of the release; the same counts under the same settings are the same release.
    rules : Rules

    Returns
    -------
    list of dict
        The earlier releases.

    Raises
    ------
    InputError
        Naming the cells, not their counts.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "ledger.json"
    >>> write_ledger(path, [], {"a": 40}, {})
    >>> len(check_ledger(path, {"a": 40}, {}, Rules())), len(check_ledger(path, {"a": 80}, {}, Rules()))
    (1, 1)
    >>> check_ledger(path, {"a": 41}, {}, Rules())
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      release: found 'a count that differs from release 1 by fewer than 10 patients'; allowed: the same count, or one that differs by 10 or more
    """
    earlier = _read(path)
    problems = []
    for number, one in enumerate(earlier, 1):
        near = [
            name for name, count in truth.items() if 0 < abs(count - one["truth"].get(name, count)) < rules.threshold
        ]
        for name in near:
            found = f"a count that differs from release {number} by fewer than {rules.threshold} patients"
            allowed = f"the same count, or one that differs by {rules.threshold} or more"
            problems.append(Problem("release", "", name if ":" in name else "", found, allowed))
    if problems:
        raise InputError(problems)
    return earlier


def write_ledger(path: Path, earlier: list[dict], truth: Mapping[str, int], settings: Mapping[str, object]) -> None:
    """Add a release to the ledger, once."""
    new = {"settings": dict(settings), "truth": dict(truth)}
    write_json(path, {"releases": [*earlier, *([] if new in earlier else [new])]})


def _read(path: Path) -> list[dict]:
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["releases"]
        assert all(isinstance(one["truth"], dict) for one in found)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise InputError(
            [
                Problem(
                    "release",
                    "",
                    "",
                    "a ledger that cannot be read",
                    "the ledger as it was written; never start a new one for the same patients",
                    path.name,
                )
            ]
        ) from None
    return found
