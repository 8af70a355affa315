"""Run the code cells of a notebook in this process, as a kernel would, so that many settings can be tried quickly."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers.cohort import clean as cleaning
from helpers.display import notebook
from helpers.display.cells import LEFT_OUT
from helpers.paths import NOTEBOOKS

SIZE = 16  # patients; a larger cohort takes longer and meets the same code
ALL = os.environ.get("NOTEBOOK_MATRIX") == "all"
NUMBERS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
NO_COHORT = ("09", "10")  # of the print and of the calibrated cohorts: whose patients does not matter
LONG = "08"  # takes as long as all others together: on some cohorts, and without columns, only in the whole matrix


@dataclass
class Ran:
    """What a run of a notebook left: for each code cell its text, and what should not be there."""

    texts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> list[str]:
        """The sentences of the cells that were left out."""
        return [line for text in self.texts for line in text.splitlines() if line.startswith(LEFT_OUT)]


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    """One shell for all runs; the process is given back as it was."""
    made = InteractiveShell.instance()
    yield made
    made.restore_sys_module_state()
    InteractiveShell.clear_instance()
    plt.close("all")


def run_notebook(shell: InteractiveShell, number: str, settings: Mapping[str, object], *, draw: bool = False) -> Ran:
    """Run a notebook with *settings* set below its parameters cell, as papermill does; *draw* also renders its figures."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    ran = Ran()
    shell.reset(new_session=True)
    plt.close("all")  # of the notebook before, as a new kernel
    shell.ast_transformers.clear()
    with pytest.MonkeyPatch.context() as patch:
        if not draw:
            patch.setattr(notebook, "_as_png", lambda *_: b"")
        for count, source in enumerate(_cells(path, settings), start=1):
            if not _run_cell(shell, ran, f"{path.stem} [{count}]", source):
                break  # as a kernel does
    return ran


def _cells(path: Path, settings: Mapping[str, object]) -> Iterator[str]:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            yield cell.source
        if "parameters" in cell.metadata.get("tags", []) and settings:
            yield "# Parameters\n" + "\n".join(f"{name} = {value!r}" for name, value in settings.items())


def _run_cell(shell: InteractiveShell, ran: Ran, place: str, source: str) -> bool:
    errors = io.StringIO()
    with capture_output() as caught, contextlib.redirect_stderr(errors):
        result = shell.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        ran.wrong.append(f"{place}: {type(error).__name__}: {str(error)[:300]}")
        return False
    if errors.getvalue() or caught.stderr:
        ran.wrong.append(f"{place}: stderr {(errors.getvalue() + caught.stderr)[:300]}")
    shown = [str(output.data.get("text/markdown") or output.data.get("text/plain", "")) for output in caught.outputs]
    text = caught.stdout + "\n".join(shown)
    ran.texts.append(text)
    ran.wrong += [f"{place}: shows {word}" for word in re.findall(r"\bnan\b|\bNaN\b|<NA>|\binf\b", text)]
    return True


@pytest.fixture(autouse=True)
def cleaned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw files are the same for all: clean them once."""
    monkeypatch.setattr(cleaning, "clean_extracts", _cleaned)


_cleaned = functools.cache(cleaning.clean_extracts)


def run_all(shell, settings: dict[str, object], skipped: str = "") -> dict[str, list[str]]:
    """Run all notebooks; return the sentences of what was left out, by notebook."""
    numbers = [n for n in NUMBERS if (n not in NO_COHORT or "cohort_folder" not in settings) and n != skipped]
    ran = {number: run_notebook(shell, number, settings, draw=ALL) for number in numbers}
    assert [line for one in ran.values() for line in one.wrong] == []
    left = {number: one.left_out for number, one in ran.items()}
    for line in (line for lines in left.values() for line in lines):
        assert re.fullmatch(r"Not shown: [^\n]{8,300}\.", line), line
    return left
