"""Execute the committed notebooks again: to store them anew, or to compare them with what is stored."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib.image as pictures
import nbformat
import numpy as np
from rich.console import Console

from helpers import paths
from helpers.run.execution import KERNEL, Executed, Failure, can_fork, error_text, import_all, notebook_task, run_tasks

SHOWN = ("figure3.png",)  # the one picture that README shows; the others stand in the notebooks
UNCOMPARED = {"nbval-skip", "nbval-ignore-output"}
SHADE, PIXELS = 32 / 255, 12  # as many pixels may differ by more than this: less than any letter or mark


def refresh_notebooks(notebooks: Sequence[Path], console: Console | None = None, jobs: int = 1) -> list[Failure]:
    """Execute *notebooks* in place from a clean start, and take the default run's tables into ``figures/``.

    Nothing is replaced if any notebook fails or writes to standard error.
    """
    with tempfile.TemporaryDirectory(prefix="refresh-") as name:
        folder = Path(name)
        executed = _execute(notebooks, folder, {"output_folder": name}, console, jobs)
        failures = [one.failure for one in executed if one.failure]
        fresh = {} if failures else {path: _stored_form(folder / path.name) for path in notebooks}
        failures += [failure for path, notebook in fresh.items() for failure in _stderr(path, notebook)]
        if failures:
            return failures
        for path, notebook in fresh.items():
            paths.write_text(path, nbformat.writes(notebook) + "\n")
        drawn = [folder / "figures" / name for name in SHOWN if (folder / "figures" / name).exists()]
        for file in [*drawn, *sorted((folder / "tables").glob("*"))]:
            with paths.atomic_writing(paths.FIGURES / file.name, "wb") as handle:
                handle.write(file.read_bytes())
    return []


def compare_notebooks(notebooks: Sequence[Path], console: Console | None = None, jobs: int = 1) -> list[Failure]:
    """Execute *notebooks* elsewhere and list each cell whose outputs are not those that are stored.

    Text is compared sign by sign, pictures by their pixels. Cells tagged ``nbval-skip`` or ``nbval-ignore-output`` run, and
    are not compared.
    """
    with tempfile.TemporaryDirectory(prefix="refresh-") as name:
        executed = _execute(notebooks, Path(name), {}, console, jobs)
        failures = [one.failure for one in executed if one.failure]
        for path, one in zip(notebooks, executed, strict=True):
            if not one.failure:
                failures += cell_differences(path.stem, nbformat.read(path, 4), nbformat.read(one.path, 4))
    return failures


def _execute(
    notebooks: Sequence[Path], folder: Path, settings: dict, console: Console | None, jobs: int
) -> list[Executed]:
    fork = can_fork()
    if fork:
        import_all(notebooks)
    tasks = [notebook_task(path, folder / path.name, settings, fork=fork, output=folder) for path in notebooks]
    return run_tasks(tasks, jobs=jobs, console=console, fork=fork)


def _stored_form(path: Path) -> nbformat.NotebookNode:
    """Read an executed notebook as it is committed: without the cell that papermill put in, counted from 1."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    counts = iter(range(1, len(notebook.cells) + 1))
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.execution_count is not None:
            cell.execution_count = next(counts)
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": KERNEL}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    return notebook


def cell_differences(name: str, stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> list[Failure]:
    """List the cells of code whose source, run count or outputs differ."""
    cells = [[cell for cell in book.cells if cell.cell_type == "code"] for book in (stored, fresh)]
    if [cell.source for cell in cells[0]] != [cell.source for cell in cells[1]]:
        return [Failure(name, "cells", "their source differs")]
    return [
        Failure(name, f"cell [{old.execution_count}]", why)
        for old, new in zip(*cells, strict=True)
        if (why := _difference(old, new))
    ]


def _difference(old: nbformat.NotebookNode, new: nbformat.NotebookNode) -> str:
    if old.execution_count != new.execution_count:
        return f"stored run count is not {new.execution_count}"
    if UNCOMPARED & set(old.metadata.get("tags", [])):
        return ""
    if len(old.outputs) != len(new.outputs):
        return f"{len(old.outputs)} outputs are stored, {len(new.outputs)} came"
    return next((why for pair in zip(old.outputs, new.outputs, strict=True) if (why := _unlike(*pair))), "")


def _unlike(old: nbformat.NotebookNode, new: nbformat.NotebookNode) -> str:
    one, other = dict(old), dict(new)
    shown = [dict(each.pop("data", {})) for each in (one, other)]
    drawn = [each.pop("image/png", None) for each in shown]
    if one != other or shown != [shown[0]] * 2:
        return f"its output differs: {_first_unlike([*one.items(), *shown[0].items()], [*other.items(), *shown[1].items()])}"
    if (drawn[0] is None) != (drawn[1] is None) or (drawn[0] and not _same_picture(*drawn)):
        return "its picture differs"
    return ""


def _first_unlike(old: list, new: list) -> str:
    for one, other in zip(map(str, old), map(str, new), strict=False):
        if one != other:
            at = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
            return f"stored {one[max(0, at - 20) : at + 40]!r}, came {other[max(0, at - 20) : at + 40]!r}"
    return f"stored {len(old)} parts, came {len(new)}"


def _same_picture(old: str, new: str) -> bool:
    """Compare pixels: the same figure drawn by another processor may differ in the last digit of a shade."""
    if old.strip() == new.strip():
        return True
    one, other = (pictures.imread(BytesIO(base64.b64decode(text))) for text in (old, new))
    return one.shape == other.shape and int((np.abs(one - other) > SHADE).any(axis=-1).sum()) <= PIXELS


def _stderr(path: Path, notebook: nbformat.NotebookNode) -> list[Failure]:
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        Failure(path.stem, f"cell [{cell.execution_count}]", error_text("written to standard error", output.text))
        for cell, output in outputs
        if output.get("name") == "stderr"
    ]
