"""What the commands build: the book of a run, and the web site of the committed notebooks."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from helpers.cohort.derive import Analysis
from helpers.run import scrub
from helpers.run.execution import Executed, Failure, error_text
from helpers.run.folders import put_in_place, unfinished_folder
from helpers.run.outcome import against_paper
from helpers.site.book import BookError, build_book, plain
from helpers.site.front import TITLE, front_of_paper
from helpers.site.in_page import figures_in_page, words_of
from helpers.site.whole import whole_site


def build_site(out: Path, notebooks: Sequence[Path]) -> tuple[Path, Path | None]:
    """Build the web site of the committed notebooks into *out*: a new folder, an empty one, or one of an earlier site of ours.

    Returns
    -------
    tuple
        The first page, and where an older site was kept that holds files of others.

    Raises
    ------
    InputError
        If *out* holds what we did not write.
    BookError
        If sphinx fails or warns, or a page would fetch something from elsewhere.
    """
    with unfinished_folder(out, "site") as part:
        made = part / "whole"
        shutil.rmtree(made, ignore_errors=True)
        whole_site(notebooks, made)
        kept = put_in_place(made, out, "site")
    return out / "index.html", kept


def book_of_run(
    analysis: Analysis,
    executed: Sequence[Executed],
    verdicts: Mapping[str, int],
    part: Path,
    final: Path,
    failures: list[Failure],
) -> Path | None:
    """Build the book of a run; a book that cannot be built is a failure of the run, not the loss of it."""
    ours = analysis.is_paper_cohort
    title = TITLE if ours else f"The methods of Zhang et al. 2025 on the cohort {analysis.cohort.name}"
    figure = part / "figures" / "figure3.png"
    figures, absent = _figures(analysis, failures)
    front = front_page(analysis, executed, verdicts, final.name, figures=list(figures), absent=absent)
    if ours:
        pages = {one.path.stem for one in executed} | {"glossary", *figures}
        front = (
            front_of_paper(
                numbers_of(part),
                figure.name if figure.exists() else None,
                pages,
                endpoint=analysis.parameters.endpoint,
                level=100 - 100 * analysis.parameters.alpha,
                cut=analysis.gc_cutoff,
            )
            + "\n\n## This run\n\n"
            + front
        )
    try:
        build_book(
            [one.path for one in executed],
            part / "book",
            title=title,
            front=front,
            pages=figures,
            pictures=[figure] if ours and figure.exists() else [],
        )
    except BookError as error:
        failures.append(Failure("book", "sphinx", _told(str(error))))
        return None
    return final / "book" / "index.html"


def _told(report: str) -> str:
    """Say of what sphinx reports where and of what kind each complaint is: its text quotes outputs of notebooks.

    Examples
    --------
    >>> _told("/tmp/x/03_a.ipynb:130: WARNING: 0 a name [misc.highlighting_failure]\\n1 another name")
    '03_a.ipynb: WARNING [misc.highlighting_failure]'
    """
    found = re.findall(
        r"([\w.-]+\.(?:ipynb|md)):\d*:? (WARNING|ERROR|CRITICAL)[^\n]*?(\[[\w.-]+\])?$", report, re.MULTILINE
    )
    return "; ".join(
        dict.fromkeys(" ".join(part for part in (f"{name}:", kind, code) if part) for name, kind, code in found)
    ) or (f"no book: {scrub.WITHHELD}")


def _figures(analysis: Analysis, failures: list[Failure]) -> tuple[dict[str, str], list[str]]:
    """Make the figures to play with; one that fails is a failure of the run and takes nothing else with it."""
    try:
        return figures_in_page(analysis)
    except Exception as error:
        known = analysis.is_paper_cohort or type(error).__name__ in scrub.OURS
        told = error_text(type(error).__name__, str(error) if known else scrub.WITHHELD)
        failures.append(Failure("book", "figures to play with", told))
        return {}, []


def numbers_of(part: Path) -> dict[str, float | None]:
    """Read the numbers that a run computed, by id; none if that step failed."""
    try:
        found = json.loads((part / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {id: one["value"] for id, one in found.items()}


def front_page(
    analysis: Analysis,
    executed: Sequence[Executed],
    verdicts: Mapping[str, int],
    name: str = "",
    *,
    figures: Sequence[str] = (),
    absent: Sequence[str] = (),
) -> str:
    """Say in Markdown what was run on what, how each notebook ended, how the numbers compare with those of the paper, and what there is to play with."""
    cohort = analysis.cohort
    size = len(cohort.tables["patients"])
    kind = "**synthetic** patients: no real one stands behind a row, and nothing here is evidence about a treatment"
    lines = [
        *([f"Run *{plain(name)}*.", ""] if name else []),
        f"Cohort *{plain(cohort.name)}*: {size} {kind if cohort.synthetic else 'patients'}. Day 0 is {plain(cohort.origin)}.",
        "",
        "| notebook | how it ended |",
        "|---|---|",
        *[f"| [{one.path.stem}]({one.path.name}) | {_state(one)} |" for one in executed],
        "",
        against_paper(analysis, verdicts),
        *(["", "To play with, in the page: " + ", ".join(f"[{words_of(one)}]({one}.md)" for one in figures) + "."] if figures else []),
        *(f"\n{plain(sentence)}" for sentence in absent),
    ]  # fmt: skip
    files = ("concordance.csv", "results.json", "methods.md", "manifest.json")
    lines += ["", "Beside this book: " + ", ".join(f'<a href="../{file}">{file}</a>' for file in files) + "."]
    changed = {key: value for key, value in analysis.parameters.changed().items() if not key.endswith("_folder")}
    if changed:
        lines += ["", "Parameters other than the paper's:", ""]
        lines += [f"- {plain(key)} = {plain(repr(value))}" for key, value in changed.items()]
    return "\n".join(lines)


def _state(executed: Executed) -> str:
    """Say how a notebook ended, and what of it could not be shown."""
    if executed.failure:
        return f"failed at {plain(executed.failure.cell)}: {plain(executed.failure.error)}"
    missing = not_shown(executed.path)
    if not missing:
        return "done"
    reasons = "; ".join(plain(reason) for reason in dict.fromkeys(missing))
    return f"done but for {len(missing)} cell{'s' * (len(missing) > 1)}: {reasons}"


def not_shown(path: Path) -> list[str]:
    """List why cells of an executed notebook were left out, one line for each."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError, AttributeError):
        return []
    printed = [one.text for cell in cells for one in cell.get("outputs", []) if one.get("name") == "stdout"]
    lines = [line for text in printed for line in text.splitlines()]
    return [line.partition(": ")[2].rstrip(".") for line in lines if line.startswith(("Not shown: ", "Stopped here: "))]
