"""The command ``supplement release``: the bundle that may leave, and the form for the person who decides."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from helpers import paths
from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.problems import InputError, NotAvailable, Problem
from helpers.release.files import request_form, write_bundle
from helpers.release.ledger import (
    SUFFIX,
    check_ledger,
    refuse_a_second_ledger,
    what_the_ledger_knows,
    write_ledger,
)
from helpers.release.released import Released, released
from helpers.release.rules import Rules
from helpers.run.folders import working_folder

MARK = ".supplement-release"


def release_bundle(
    parameters: Parameters, out: Path, *, rules: Rules | None = None, ledger: Path | None = None, searches: int = 0
) -> tuple[Released, list[Path], str]:
    """Make the bundle of a cohort under some parameters.

    Parameters
    ----------
    parameters : Parameters
    out : Path
        Folder of the bundle; beside it, ``<out>-request`` holds the form for the checker, which does not leave.
    rules : Rules, optional
    ledger : Path, optional
        By default ``<cohort folder>.releases.json`` beside the cohort.
    searches : int
        Searches for whole patients behind the release; what they bring back stands in the form.

    Returns
    -------
    Released, list of Path, str
        What was released, the files of the bundle, and what the ledger knew.

    Raises
    ------
    InputError
        If *out* holds something else, the ledger refuses, or none is named and one beside the cohort knows its patients.
    NotAvailable
        If the cohort is too small, or its counts cannot be protected.
    """
    rules = rules or Rules()
    folder = Path(parameters.cohort_folder or paths.COHORT).resolve()
    own = folder.with_name(f"{folder.name}{SUFFIX}")
    for place in (out, _form(out)):
        if place.exists() and not (place / MARK).exists() and any(place.iterdir()):
            raise InputError(
                [
                    Problem(
                        "release",
                        "",
                        "",
                        "a folder that holds something else",
                        "a new folder, or one of an earlier release",
                        place.name,
                    )
                ]
            )
    analysis = analyse(read_cohort(parameters.cohort_folder), parameters)
    found = released(analysis, rules)
    settings = {key: value for key, value in parameters.chosen().items() if not key.endswith("_folder")}
    if ledger is None:
        refuse_a_second_ledger(own, found.members)
    earlier = check_ledger(ledger or own, found.truth, found.members, rules, shared=ledger is not None)
    known = what_the_ledger_knows(earlier, found.truth, found.members, settings)
    out.parent.mkdir(parents=True, exist_ok=True)
    with working_folder(out) as part:
        bundle, form = part / "bundle", part / "form"
        older = part / "older"
        for left in (bundle, form, older, *part.glob("guess-*")):  # of a release that was killed
            shutil.rmtree(left, ignore_errors=True)
        files = write_bundle(found.numbers, bundle)
        searched = _searched(analysis, found, searches, part)
        request_form(found.numbers, files, found.bounds, form, f"{known}\n\n{searched}")
        # the ledger first: no bundle is ever without its entry
        write_ledger(ledger or own, earlier, found.truth, found.members, settings)
        older.mkdir()
        for made, place in ((bundle, out), (form, _form(out))):
            paths.write_text(made / MARK, "")
            if place.exists():
                place.replace(older / place.name)  # removed with the working folder: never half a bundle in its place
            made.replace(place)
    return found, [out / file.name for file in files], known


def _searched(analysis: Analysis, found: Released, searches: int, place: Path) -> str:
    from helpers.run.guessing import guess, guessed_text

    if searches < 1:
        return "Whole patients: not searched for (--searches 0)."
    try:
        return guessed_text(guess(analysis, found.numbers, range(searches), place=place))
    except NotAvailable as error:
        return f"Whole patients: not searched for, since {error}."


def parameters_of(run: Path | None, cohort: Path | None, settings: Sequence[str] = ()) -> Parameters:
    """Take the parameters of a run from its manifest, and check that the cohort is the one that it was made from.

    Raises
    ------
    InputError
        If the folder is no run, or *cohort* is not the cohort of the run.
    """
    folder = {"cohort_folder": str(cohort)} if cohort else {}
    if run is None:
        return Parameters.from_settings(settings, **folder)
    try:
        stored = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        values, tables = stored["parameters"], stored["cohort"]["tables"]
        chosen = Parameters.checked(values).chosen_of(stored.get("chosen", ())).chosen()
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            [Problem("release", "", "", "no run", "a folder that supplement run made", run.name)]
        ) from None
    place = Path(cohort or paths.COHORT)
    changed = [
        name for name, about in tables.items()
        if not (place / f"{name}.csv").exists() or hashlib.sha256((place / f"{name}.csv").read_bytes()).hexdigest() != about["sha256"]
    ]  # fmt: skip
    if changed:
        allowed = "the cohort that the run was made from (--cohort)"
        raise InputError(
            [Problem("release", "", "", f"other content than in the run: {', '.join(changed)}", allowed, place.name)]
        )
    return Parameters.checked({**chosen, **folder, **Parameters.from_settings(settings).chosen()})


def _form(out: Path) -> Path:
    return out.with_name(f"{out.name}-request")


def release_text(found: Released, files: list[Path], out: Path, known: str) -> str:
    """Say what was made, and that a person decides."""
    hidden = len(found.bounds)
    return "\n".join([
        f"{out}: {', '.join(file.name for file in files)}",
        f"{hidden} counts are suppressed; none of them can be bounded to fewer than {found.numbers['about']['threshold']} values from what is shown",
        known,
        f"{_form(out)}/request.md is the form for the person who checks and decides; nothing has been approved",
    ])  # fmt: skip
