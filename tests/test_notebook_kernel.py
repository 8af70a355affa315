"""Run all, change a parameter, run all again, in one real kernel: the second time nothing of the first is left.

The second run is of a cohort that lacks nearly all that the first had, so that a cell that is now left out has names of
the first run to take by mistake. ``NOTEBOOK_MATRIX=all`` drives every notebook of patients, else those that take a moment.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import pytest
from notebook_cohorts import only, tables, write
from notebook_runner import ALL, cleaned_once, run_notebook, shell  # noqa: F401

from helpers.paths import NOTEBOOKS

QUICK = ("01", "02", "03", "05", "07")  # 04: test_display_page
DRIVEN = ("00", *QUICK, "04", "06", "08", "11") if ALL else QUICK
FIRST, SECOND = {"window_days": 30}, {"window_days": 5, "alpha": 0.01}


def cells_of(number: str, settings: dict[str, object]) -> list[str]:
    """List the code cells of a notebook, its parameters cell edited as a reader would."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            edited = "parameters" in cell.metadata.get("tags", [])
            found.append(with_values(cell.source, settings) if edited else cell.source)
    return found


def with_values(source: str, settings: dict[str, object]) -> str:
    for name, value in settings.items():
        source = re.sub(rf"^({name}: [^=]+) = [^#\n]+", lambda found, value=value: f"{found[1]} = {value!r}  ", source, flags=re.MULTILINE)  # fmt: skip
    return source


def shown_by(cell: nbformat.NotebookNode) -> str:
    """Give what a cell shows as text; an error as its name."""
    printed, parts = "", []  # a line that is printed may come in two pieces, with a display between them
    for output in cell.outputs:
        if output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream":
            printed += output.text
        else:
            parts.append(output.data.get("text/markdown") or output.data["text/plain"])
    return "\n".join(part.strip("\n") for part in [printed, *parts] if part.strip("\n"))


def lines_of(text: str) -> list[str]:
    """List the lines of a cell; what is printed and what is displayed come in another order in a kernel."""
    return sorted(line.rstrip() for line in text.splitlines() if line.strip())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # jupyter_client's own, from its event loop
def test_a_second_run_in_one_kernel_is_as_the_first_in_another(shell, tmp_path: Path):  # noqa: F811
    whole = write(tmp_path / "whole", tables(24))
    bare = write(tmp_path / "bare", only("patients", "followup")(tables(16)))
    sources, ends = [], []
    for number in DRIVEN:
        for settings in ({**FIRST, "cohort_folder": whole}, {**SECOND, "cohort_folder": bare}):
            sources += cells_of(number, settings)
            ends.append(len(sources))
        sources.append("%reset -f")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3", allow_errors=True).execute()
    texts = [shown_by(cell) for cell in book.cells]
    wrong = [
        (source, text)
        for source, text in zip(sources, texts, strict=True)
        if re.search(r"^\w*(Error|Available): ", text)
    ]
    assert wrong == []
    for number, start, end in zip(DRIVEN, ends[::2], ends[1::2], strict=True):
        again = texts[start:end]
        alone = run_notebook(shell, number, {**_known(number, SECOND), "cohort_folder": bare})
        assert alone.wrong == []
        assert [text for text in map(lines_of, again) if text] == [text for text in map(lines_of, alone.texts) if text]
        assert any(text.startswith("Not shown") for text in again), number


def _known(number: str, settings: dict[str, object]) -> dict[str, object]:
    source = "\n".join(cells_of(number, {}))
    return {name: value for name, value in settings.items() if re.search(rf"^{name}: ", source, re.MULTILINE)}
