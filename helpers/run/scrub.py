"""Take out of what leaves a run where it was made, and what an error may quote of a cohort."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from helpers import paths

WITHHELD = "message left out, since it may quote the cohort"
OURS = ("InputError", "NotAvailable")  # their messages name codes, numbers and words of the dictionary only
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def named_folders(**folders: str | Path) -> dict[str, str]:
    """Name the folders of this machine that may stand in an output: those given, the project, Python, home and temporary.

    Returns
    -------
    dict
        Path -> what is written in its place, the longest first.

    Examples
    --------
    >>> found = named_folders(cohort=paths.DATA / "mine")
    >>> found[str(paths.DATA / "mine")], found[str(paths.ROOT)]
    ('COHORT', 'PROJECT')
    """
    named: dict[str, str] = {}
    known = {**folders, "project": paths.ROOT, "python": sys.prefix, "python ": sys.base_prefix,
             "temporary": tempfile.gettempdir(), "home": Path.home()}  # fmt: skip
    for name, folder in known.items():
        for path in {Path(folder).expanduser().absolute(), Path(folder).expanduser().resolve()} if folder else ():
            if path.parent != path:
                named.setdefault(str(path), name.strip().upper())
                if path.is_relative_to(Path.home()) and path != Path.home():
                    named.setdefault(f"~/{path.relative_to(Path.home())}", name.strip().upper())
    return dict(sorted(named.items(), key=lambda pair: -len(pair[0])))


def without_places(text: str, named: Mapping[str, str]) -> str:
    """Write names in place of folders of this machine.

    Examples
    --------
    >>> without_places("see /srv/a/b.csv, not /srv/ab.csv", {"/srv/a": "COHORT"})
    'see COHORT/b.csv, not /srv/ab.csv'
    """
    if not any(path in text for path in named):
        return text
    either = "|".join(re.escape(path) for path in named)
    return re.sub(rf"(?<![\w.])({either})(?![\w.-])", lambda found: named[found[1]], text)


def scrub_notebook(
    notebook: nbformat.NotebookNode, named: Mapping[str, str], *, withhold: bool
) -> nbformat.NotebookNode:
    """Take folders out of an executed notebook, in place, and if *withhold* also what errors not our own, and warnings, say."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if withhold and output.output_type == "error" and output.ename not in OURS:
                _withhold(output)
            elif withhold and output.output_type == "stream" and output.name == "stderr":
                kinds = dict.fromkeys(re.findall(r"\b\w+Warning\b", output.text))
                output.text = f"{', '.join(kinds) or 'standard error'}: {WITHHELD}\n"
        cell.update(_each_text(cell, lambda text: without_places(text, named)))
    return notebook


def _withhold(output: nbformat.NotebookNode) -> None:
    """Leave of an error its name and the lines of code that led to it.

    A line of code is numbered, and so is a row of a table that a message shows: code stands in a frame, which begins by
    saying where it is and has no line that is neither numbered nor blank; the frames end where the message begins.
    """
    code, inside = [], False
    for line in (line for block in output.traceback for line in block.splitlines()):
        plain = ANSI.sub("", line)
        if re.match(r"\s*(File (?!<)|Cell In)", plain):
            inside = True
        elif plain.strip() and not re.match(r"\s*(-+>)?\s*\d+ ", plain):
            inside = False
        if inside:
            code.append(line)
    output.evalue = WITHHELD
    output.traceback = [*code, f"{output.ename}: {WITHHELD}"]


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, dict):
        kept = {"image/png", "id", "cell_type", "output_type"}
        return type(value)({key: one if key in kept else _each_text(one, change) for key, one in value.items()})
    return value
