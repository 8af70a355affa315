"""Execute notebooks, one or several at a time, and say how each ended."""

from __future__ import annotations

import ast
import contextlib
import importlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from helpers import paths
from helpers.run import scrub

KERNEL = "python3"
QUIET = ["--IPKernelApp.log_level=50"]  # a kernel's start-up notices are no part of a run
Tell = Callable[[str], None]


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


@dataclass(frozen=True)
class Task:
    """Something that takes a while: its name, what does it (telling each step by name), and the number of steps."""

    name: str
    work: Callable[[Tell], Executed]
    steps: int | None = None
    weight: int = 0


def notebook_task(
    path: Path, target: Path, settings: Mapping[str, Any], *, fork: bool, withhold: bool = False, **folders: str | Path
) -> Task:
    """Describe the execution of one notebook; *folders* are named in place of their paths in the outputs."""
    work = partial(execute_notebook, path, target, settings, fork=fork, withhold=withhold, folders=folders)
    return Task(path.stem, lambda tell: work(tell=tell), _code_cells(path), path.stat().st_size)


def run_tasks(
    tasks: Sequence[Task],
    *,
    jobs: int = 1,
    console: Console | None = None,
    fork: bool = True,
    ended: Callable[[Task, Executed], None] = lambda task, executed: None,
) -> list[Executed]:
    """Do the tasks, *jobs* at a time and the longest first, showing how far each is.

    Parameters
    ----------
    tasks : sequence of Task
    jobs : int
    console : Console, optional
        Where progress is shown; by default standard error.
    fork : bool
        Give each a fork of this process, where that is to be had; else a thread (and each notebook an ordinary kernel).
    ended : callable
        Called here with each task and its outcome as they end.

    Returns
    -------
    list of Executed
        In the order of *tasks*.
    """
    console, done, at = console or Console(stderr=True), {}, {}
    order = sorted(tasks, key=lambda task: -task.weight)
    with _progress(console, tasks) as (move, tick):

        def hear(task: Task, said: str) -> None:
            at[task.name] = said
            move(task, None)

        each = _in_forks(order, jobs, hear, tick) if fork else _in_threads(order, jobs, hear)
        with contextlib.closing(each):
            for task, outcome in each:
                executed = outcome if isinstance(outcome, Executed) else _died(task, at.get(task.name, ""), outcome)
                done[task.name] = executed
                move(task, executed)
                ended(task, executed)
    return [done[task.name] for task in tasks]


def can_fork() -> bool:
    """Say whether notebooks can run in forks of this process."""
    from helpers.run import fork_engine

    return fork_engine.fork_available()


def _in_forks(tasks: Sequence[Task], jobs: int, hear: Callable, tick: Callable) -> Iterator[tuple[Task, Any]]:
    from helpers.run.fork_engine import fork_each

    yield from fork_each(lambda task, tell: task.work(tell), tasks, jobs, hear, tick)


def _in_threads(tasks: Sequence[Task], jobs: int, hear: Callable) -> Iterator[tuple[Task, Any]]:
    with ThreadPoolExecutor(jobs) as pool:
        begun = {pool.submit(task.work, partial(hear, task)): task for task in tasks}
        try:
            for future in as_completed(begun):
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error  # somebody wants all of it to end
                yield begun[future], error or future.result()
        finally:
            for future in begun:
                future.cancel()


def _died(task: Task, step: str, why: object) -> Executed:
    return Executed(Path(), 0.0, Failure(task.name, step or "before its first cell", f"stopped: {why}"))


def import_all(notebooks: Sequence[Path]) -> None:
    """Import what the notebooks import in their first cell of code, so that their forks have it."""
    from helpers.run import fork_engine  # noqa: F401  with papermill and IPython

    for path in notebooks:
        with contextlib.suppress(Exception):  # what is wrong with a notebook is told when it runs
            cells = nbformat.read(path, as_version=4).cells
            first = next(cell.source for cell in cells if cell.cell_type == "code")
            for node in ast.parse(first).body:
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
                for name in names:
                    importlib.import_module(name)


def execute_notebook(
    path: Path,
    target: Path,
    settings: Mapping[str, Any],
    *,
    tell: Tell = lambda said: None,
    fork: bool = False,
    withhold: bool = False,
    folders: Mapping[str, str | Path] | None = None,
) -> Executed:
    """Execute one notebook through papermill's interface, leaving the executed one whether it fails or not.

    Parameters
    ----------
    path, target : Path
        The notebook, and where the executed one goes.
    settings : mapping
        Parameters other than the notebook's own.
    tell : callable
        Told each cell by name as it begins.
    fork : bool
        Run the cells in this very process, a fork made for it; else in an ordinary kernel.
    withhold : bool
        Keep messages of errors that are not our own out of it, since they may quote a cohort.
    folders : mapping
        Name -> folder whose path must not stand in the outputs.
    """
    import papermill  # by hand: it costs a second that a refused input should not
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # failures are told here, unnamed settings are meant
    target.parent.mkdir(parents=True, exist_ok=True)
    clock, failure, counted, now = time.perf_counter(), None, 0, "before its first cell"

    def begin(cell: nbformat.NotebookNode, **_: Any) -> None:
        nonlocal counted, now
        if cell.cell_type == "code":
            counted += 1
            now = _cell(counted, cell.source)
            tell(now)

    try:
        with contextlib.nullcontext() if fork else _event_loop():
            papermill.execute_notebook(
                path,
                target,
                dict(settings),
                kernel_name=KERNEL,
                progress_bar=False,
                request_save_on_cell_execute=False,
                on_cell_execute=begin,
                **_engine(fork),
            )
    except PapermillExecutionError as error:
        failure = Failure(path.stem, _cell(error.exec_count, error.source), _told_of(error, withhold))
    except Exception as error:  # a kernel that died, a file that is no notebook: whatever it is, the others go on
        failure = Failure(path.stem, now, error_text(type(error).__name__, error))
        write_unexecuted(path, target, failure)
    if failure:
        failure = Failure(
            path.stem, failure.cell, scrub.without_places(failure.error, scrub.named_folders(**(folders or {})))
        )
    tidy_executed(target, withhold=withhold, **(folders or {}))
    return Executed(target, time.perf_counter() - clock, failure)


def _engine(fork: bool) -> dict[str, Any]:
    if not fork:  # coalesced, since what is printed comes from a kernel in pieces, by the clock
        return {"coalesce_streams": True, "extra_arguments": QUIET, "record_timing": False}
    from helpers.run.fork_engine import NAME

    return {"engine_name": NAME}


def _event_loop() -> contextlib.AbstractContextManager:
    from jupyter_core.utils import ensure_event_loop

    return contextlib.closing(ensure_event_loop())  # nbclient uses it, and would leave it open


def _told_of(error: Any, withhold: bool) -> str:
    return error_text(error.ename, scrub.WITHHELD if withhold and error.ename not in scrub.OURS else error.evalue)


def write_unexecuted(path: Path, target: Path, failure: Failure) -> None:
    """Write a notebook whose process died, without the stored outputs, which are another run's."""
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


def error_text(name: str, message: object) -> str:
    """Shorten an error to a line or two, keeping the problems of a bad input."""
    lines = [line.strip() for line in f"{name}: {message}".splitlines() if line.strip()]
    return " ".join(lines) if len(lines) < 6 else f"{lines[0]} ..."


@contextlib.contextmanager
def _progress(console: Console, tasks: Sequence[Task]) -> Iterator[tuple[Callable[..., None], Callable[[], None]]]:
    """Show a bar per task on a terminal, else a line per task when it is done; no thread of its own draws them."""
    if not console.is_terminal:

        def say(task: Task, executed: Executed | None) -> None:
            if executed:
                console.print(_line(task, executed), soft_wrap=True, highlight=False, markup=False)

        yield say, lambda: None
        return
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=console, auto_refresh=False) as bars:
        shown = {task.name: bars.add_task(task.name, total=task.steps, start=False) for task in tasks}

        def move(task: Task, executed: Executed | None) -> None:
            bar = bars.tasks[shown[task.name]]
            if not bar.started:
                bars.start_task(bar.id)
            if executed is None:
                bars.update(bar.id, advance=1)
            elif executed.failure:
                bars.update(bar.id, description=f"[red]{task.name} failed[/red]")
                bars.stop_task(bar.id)
            else:
                bars.update(bar.id, completed=bar.total)
                bars.stop_task(bar.id)
            bars.refresh()

        yield move, bars.refresh


def _line(task: Task, executed: Executed) -> str:
    state = f"failed at {executed.failure.cell}" if executed.failure else "done"
    return f"{task.name:<32} {state:<20} {executed.seconds:6.1f} s"


def _code_cells(path: Path) -> int | None:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        return None
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def tidy_executed(path: Path, *, withhold: bool = False, **folders: str | Path) -> None:
    """Take out of an executed notebook what differs from run to run and from machine to machine: timings, folders."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception:
        return
    scrub.scrub_notebook(strip_metadata(notebook), scrub.named_folders(**folders), withhold=withhold)
    paths.write_text(path, nbformat.writes(notebook) + "\n")


def strip_metadata(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove papermill's and timing metadata from a notebook, in place, and return it."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{number}"  # papermill draws it by chance
    return notebook
