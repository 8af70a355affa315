"""The ledger of a cohort's releases: two releases that differ by a few patients in any cell give those patients away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from helpers.paths import write_json
from helpers.problems import InputError, Problem
from helpers.release.rules import Rules

SUFFIX = ".releases.json"
MOST_MEMBERS = 20_000  # of larger cohorts only the counts are remembered


def check_ledger(
    path: Path, truth: Mapping[str, int], members: Mapping[str, frozenset[str]], rules: Rules, *, shared: bool = True
) -> list[dict]:
    """Refuse a release that differs from any earlier one by 1 to threshold - 1 patients in any cell.

    Parameters
    ----------
    path : Path
        The ledger, which stays in the hospital: it holds true counts, and whom they count.
    truth : mapping of str to int
        True counts of the release.
    members : mapping of str to frozenset of str
        Whom the cells count: a cell that lost one patient and gained another differs by two, though its count is the same.
        A release of other patients altogether is not compared.
    rules : Rules
    shared : bool
        Whether cohorts of several hospitals write here. In a ledger of one cohort, keys of which none was met before are new
        keys of the same patients, and the counts are compared.

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
    >>> write_ledger(path, [], {"a": 40}, {}, {})
    >>> len(check_ledger(path, {"a": 40}, {}, Rules())), len(check_ledger(path, {"a": 80}, {}, Rules()))
    (1, 1)
    >>> check_ledger(path, {"a": 41}, {}, Rules())
    Traceback (most recent call last):
    helpers.problems.InputError: 1 problem:
      release: found 'fewer than 10 patients differ from those of release 1'; allowed: the same patients, or 10 or more that differ
    """
    earlier = _read(path)
    problems = []
    for number, one in enumerate(earlier, 1):
        others = _of_others(members, one)
        if others and shared:
            continue
        for name, count in truth.items():
            if 0 < _apart(name, count, {} if others else members, one) < rules.threshold:
                found = f"fewer than {rules.threshold} patients differ from those of release {number}"
                allowed = f"the same patients, or {rules.threshold} or more that differ"
                problems.append(Problem("release", "", name if ":" in name else "", found, allowed))
    if problems:
        raise InputError(problems)
    return earlier


def _of_others(members: Mapping[str, frozenset[str]], earlier: Mapping) -> bool:
    """Tell whether an earlier release was of other patients altogether, as one of another hospital is."""
    known = earlier.get("members", {}).get("patients")
    return bool(known) and bool(members.get("patients")) and not _marks(members["patients"]) & set(known)


def _apart(name: str, count: int, members: Mapping[str, frozenset[str]], earlier: Mapping) -> int:
    """Count the patients by which a cell differs from an earlier release; 0 if that had no such cell."""
    known = earlier.get("members", {}).get(name)
    if name in members and known is not None:
        return len(_marks(members[name]) ^ set(known))
    return abs(count - earlier["truth"].get(name, count))


def write_ledger(
    path: Path,
    earlier: list[dict],
    truth: Mapping[str, int],
    members: Mapping[str, frozenset[str]],
    settings: Mapping[str, object],
) -> None:
    """Add a release to the ledger, once."""
    new = _entry(truth, members, settings)
    write_json(path, {"releases": [*earlier, *([] if new in earlier else [new])]})


def _entry(
    truth: Mapping[str, int], members: Mapping[str, frozenset[str]], settings: Mapping[str, object]
) -> dict[str, object]:
    new: dict = {"settings": dict(settings), "truth": dict(truth)}
    if max(truth.values(), default=0) <= MOST_MEMBERS:
        new["members"] = {name: sorted(_marks(who)) for name, who in members.items()}
    return new


def what_the_ledger_knows(
    earlier: list[dict],
    truth: Mapping[str, int],
    members: Mapping[str, frozenset[str]],
    settings: Mapping[str, object],
) -> str:
    """Say how many other releases this one was held against, for who makes it and who checks it.

    Examples
    --------
    >>> what_the_ledger_knows([], {"a": 40}, {}, {})
    'The ledger knows no other release. If one was made of these patients from another folder, name its ledger (--ledger).'
    >>> what_the_ledger_knows([{"truth": {"a": 80}}], {"a": 40}, {}, {})
    'The ledger knows 1 other release, against which this one was held.'
    """
    others = [one for one in earlier if one != _entry(truth, members, settings)]
    if not others:
        return (
            "The ledger knows no other release. If one was made of these patients from another folder, "
            "name its ledger (--ledger)."
        )
    apart = sum(_of_others(members, one) for one in others)
    who = f"; {apart} of them count other patients altogether" if apart else ""
    return (
        f"The ledger knows {len(others)} other release{'s' * (len(others) > 1)}, against which this one was held{who}."
    )


def refuse_a_second_ledger(own: Path, members: Mapping[str, frozenset[str]]) -> None:
    """Refuse to begin or to use a ledger if another one beside it knows some of the same patients.

    A copy of a cohort in another folder, or a pool with another hospital, would else be held against nothing.

    Parameters
    ----------
    own : Path
        The ledger that the cohort has by default; those of other cohorts stand in the same folder.
    members : mapping of str to frozenset of str
        Whom the cells of the release count.

    Raises
    ------
    InputError
        Naming the other ledger.
    """
    mine = _marks(members.get("patients", frozenset()))
    for other in sorted(own.parent.glob(f"*{SUFFIX}")):
        known = (
            {mark for one in _read(other) for mark in one.get("members", {}).get("patients", ())}
            if other != own
            else set()
        )
        if mine & known:
            found = "a ledger beside the cohort that knows some of these patients"
            allowed = "that ledger, by --ledger: the releases of a patient belong in one"
            raise InputError([Problem("release", "", "", found, allowed, other.name)])


def _marks(who: frozenset[str]) -> set[str]:
    """Shorten patients' keys to marks of one length."""
    return {hashlib.blake2b(key.encode(), digest_size=6).hexdigest() for key in who}


def _read(path: Path) -> list[dict]:
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["releases"]
        if not all(isinstance(one["truth"], dict) for one in found):
            raise TypeError
    except (ValueError, KeyError, TypeError):
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
