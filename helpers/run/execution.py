"""Execute notebooks, one or several at a time, and say how each ended."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_event_loop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from helpers import paths
from helpers.run.kernels import PromptManager

KERNEL = "python3"


QUIET = ["--IPKernelApp.log_level=50"]  # a kernel's start-up notices are no part of a run


@dataclass(frozen=True)
class Failure:
    """A notebook that did not run to its end: its name, the run count of the cell, and the error."""

    notebook: str
    cell: str
    error: str

    def __str__(self) -> str:
        return f"{self.notebook}, {self.cell}: {self.error}"


@dataclass(frozen=True)
class Executed:
    """One executed notebook: the file, how long it took, and the failure if there was one."""

    path: Path
    seconds: float
    failure: Failure | None = None


def execute_all(
    notebooks: Sequence[Path],
    folder: Path,
    settings: Mapping[str, Any],
    *,
    jobs: int = 1,
    console: Console | None = None,
) -> list[Executed]:
    """Execute each notebook with *settings* into *folder*, *jobs* at a time, showing how far each is."""
    folder.mkdir(parents=True, exist_ok=True)
    with _progress(console or Console(stderr=True), notebooks) as advance, ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda path: execute(path, folder / path.name, settings, advance), notebooks))


def execute(
    path: Path, target: Path, settings: Mapping[str, Any], advance: Callable[..., None] = lambda *_: None
) -> Executed:
    """Execute one notebook through papermill's interface, leaving the executed one whether it fails or not."""
    import papermill  # by hand: it costs a second that a refused input should not
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # failures are told here, unnamed settings are meant
    clock, failure, begun, source = time.perf_counter(), None, 0, ""

    def begin(cell: nbformat.NotebookNode, **_: Any) -> None:
        nonlocal begun, source
        if cell.cell_type == "code":
            begun, source = begun + 1, cell.source

    try:
        with contextlib.closing(ensure_event_loop()):  # nbclient uses it, and would leave it open
            papermill.execute_notebook(
                path,
                target,
                dict(settings),
                kernel_name=KERNEL,
                kernel_manager_class=PromptManager,
                coalesce_streams=True,  # what is printed comes in pieces, by the clock
                progress_bar=False,
                request_save_on_cell_execute=False,
                extra_arguments=QUIET,
                record_timing=False,
                on_cell_execute=begin,
                on_cell_executed=lambda **_: advance(path, 1),
            )
    except PapermillExecutionError as error:
        failure = Failure(path.stem, _cell(error.exec_count, error.source), told(error.ename, error.evalue))
    except Exception as error:  # a kernel that died, a file that is no notebook: whatever it is, the others go on
        failure = Failure(path.stem, _cell(begun, source), told(type(error).__name__, error))
        _write_unexecuted(path, target, failure)
    executed = Executed(target, time.perf_counter() - clock, failure)
    advance(path, None, executed)
    return executed


def _write_unexecuted(path: Path, target: Path, failure: Failure) -> None:
    """Write a notebook whose kernel died, without the stored outputs, which are another run's."""
    notice = nbformat.v4.new_markdown_cell(f"**Not executed to its end:** {failure}.", id="failure")
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        notebook = nbformat.v4.new_notebook()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.cells = [*notebook.cells[:1], notice, *notebook.cells[1:]]
    paths.write_text(target, nbformat.writes(notebook) + "\n")


def _cell(count: int, source: str) -> str:
    """Name a cell by its run count and its first line that is no comment."""
    lines = [line.strip() for line in source.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return f"cell [{count}] ({first[:60]})"


def told(name: str, message: object) -> str:
    """Shorten an error to a line or two, keeping the problems of a bad input."""
    lines = [line.strip() for line in f"{name}: {message}".splitlines() if line.strip()]
    return " ".join(lines) if len(lines) < 6 else f"{lines[0]} ..."


@contextlib.contextmanager
def _progress(console: Console, notebooks: Sequence[Path]) -> Iterator[Callable[..., None]]:
    """Show a bar per notebook on a terminal, else a line per notebook when it is done."""
    if not console.is_terminal:

        def say(path: Path, cells: int | None, executed: Executed | None = None) -> None:
            if executed:
                console.print(_line(executed), soft_wrap=True, highlight=False, markup=False)

        yield say
        return
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=console) as bars:
        tasks = {path: bars.add_task(path.stem, total=_code_cells(path), start=False) for path in notebooks}

        def move(path: Path, cells: int | None, executed: Executed | None = None) -> None:
            task = bars.tasks[tasks[path]]
            if not task.started:
                bars.start_task(task.id)
            if executed is None:
                bars.update(task.id, advance=cells)
            elif executed.failure:
                bars.update(task.id, description=f"[red]{path.stem} failed[/red]")
                bars.stop_task(task.id)
            else:
                bars.update(task.id, completed=task.total)
                bars.stop_task(task.id)

        yield move


def _line(executed: Executed) -> str:
    state = f"failed at {executed.failure.cell}" if executed.failure else "done"
    return f"{executed.path.stem:<32} {state:<20} {executed.seconds:6.1f} s"


def _code_cells(path: Path) -> int | None:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        return None
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def tidy(path: Path, places: Mapping[str, str]) -> None:
    """Take out of an executed notebook what differs from run to run: timings, and the folder it was made in."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        return
    strip(notebook)
    text = nbformat.writes(notebook)
    for before, after in places.items():
        text = text.replace(before, after)
    paths.write_text(path, text + "\n")


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove papermill's and timing metadata from a notebook, in place, and return it."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{number}"  # papermill draws it by chance
    return notebook
