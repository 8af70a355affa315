"""Execute the notebooks on a cohort and collect every result in one folder."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_event_loop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import helpers
from helpers import paths
from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import write_csv, write_json
from helpers.problems import InputError, NotAvailable, Problem
from helpers.published.concordance import VERDICTS, concordance, summary
from helpers.published.values import published
from helpers.results import registry
from helpers.results.exposure import exposure_groups
from helpers.run.kernels import PromptManager
from helpers.run.site import BookError, build_book

KERNEL = "python3"
QUIET = ["--IPKernelApp.log_level=50"]  # a kernel's start-up notices are no part of a run
PACKAGES = ("ipykernel", "lifelines", "matplotlib", "numba", "numpy", "pandas", "papermill", "pydantic", "scipy",
            "seaborn", "statsmodels")  # fmt: skip


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
class Run:
    """What a run left: its folder, the executed notebooks, the book's first page and the counts of verdicts."""

    folder: Path
    executed: tuple[Executed, ...]
    book: Path | None
    verdicts: Mapping[str, int]
    failures: tuple[Failure, ...]


def numbered(folder: Path | None = None, wanted: Sequence[str] = ()) -> list[Path]:
    """List the numbered notebooks, or those *wanted* by number or name.

    Raises
    ------
    InputError
        For each name that no notebook has.
    """
    folder = folder or paths.NOTEBOOKS
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    numbers = {path.stem[:2]: path for path in found} | {path.stem: path for path in found}
    names = [name.strip().removesuffix(".ipynb") for name in wanted]
    allowed = ", ".join(path.stem for path in found) or "none are there"
    unknown = [Problem("notebooks", "", "", name, allowed) for name in names if name not in numbers]
    if not found:
        unknown = [Problem("notebooks", "", "", folder.name, "a folder of numbered notebooks")]
    if unknown:
        raise InputError(unknown)
    return [path for path in found if not names or {path.stem, path.stem[:2]} & set(names)]


def prepare(parameters: Parameters) -> Analysis:
    """Read the cohort and derive what the parameters ask for, before any notebook starts.

    Raises
    ------
    InputError
        Every problem of the cohort, of the printed numbers and of the exposure, at once.
    NotAvailable
        If the exposure asked for needs a table that the cohort lacks.
    """
    problems = input_problems(parameters.cohort_folder, parameters.published_folder)
    if problems:
        raise InputError(problems)
    analysis = analyse(read_cohort(parameters.cohort_folder), parameters)
    try:
        exposure_groups(analysis)
    except NotAvailable:
        if "exposure" in parameters.changed():
            raise
    return analysis


def input_problems(cohort_folder: str | Path, published_folder: str | Path) -> list[Problem]:
    """List what is wrong with a cohort and with a folder of printed numbers."""
    found: list[Problem] = []
    for read, folder in ((read_cohort, cohort_folder), (published, published_folder or paths.PUBLISHED)):
        try:
            read(folder)
        except InputError as error:
            found += error.problems
    return found


def run_series(
    analysis: Analysis,
    notebooks: Sequence[Path],
    name: str = "default",
    *,
    jobs: int = 1,
    site: bool = True,
    console: Console | None = None,
    runs: Path | None = None,
) -> Run:
    """Execute *notebooks* into ``runs/<name>``, which appears, or replaces an older run, only when all is done.

    A notebook that fails does not stop the others. Everything but ``manifest.json``'s key ``this_run`` is the same,
    byte for byte, in two runs with the same cohort, parameters and packages.

    Parameters
    ----------
    analysis : Analysis
        From :func:`prepare`.
    notebooks : sequence of Path
    name : str
        Letters, digits, dot, dash and underscore.
    jobs : int
        Notebooks executed side by side.
    site : bool
        Build the HTML book.

    Raises
    ------
    InputError
        If *name* cannot name a folder.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        raise InputError([Problem("run", "", "name", name, "letters, digits, dot, dash and underscore")])
    started, clock, final = datetime.now(UTC), time.perf_counter(), (runs or paths.RUNS) / name
    with _replacing(final) as part:
        settings = {**analysis.parameters.changed(), "output_folder": str(part)}
        executed = execute_all(notebooks, part / "notebooks", settings, jobs=jobs, console=console)
        for one in executed:
            _tidy(one.path, {str(part): str(final)})
        failures = [one.failure for one in executed if one.failure]
        verdicts = write_results(analysis, part, failures)
        book = _book(analysis, executed, verdicts, part, final, failures) if site else None
        this_run = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 2),
            "seconds_by_notebook": {one.path.stem: round(one.seconds, 2) for one in executed},
            "failures": list(map(str, failures)),
            "machine": platform.platform(),
            "folder": str(final),
        }
        write_json(part / "manifest.json", {**manifest(analysis, notebooks), "this_run": this_run})
    return Run(final, tuple(executed), book, verdicts, tuple(failures))


@contextlib.contextmanager
def _replacing(final: Path) -> Iterator[Path]:
    """Give a folder that takes the place of *final* when the block ends without an error, and vanishes otherwise."""
    final.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        yield part
        part.chmod(0o755)
        old = Path(tempfile.mkdtemp(prefix=f".{final.name}.old.", dir=final.parent))
        if final.exists():
            os.replace(final, old / "run")
        os.replace(part, final)
        shutil.rmtree(old)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        with contextlib.suppress(OSError):
            final.parent.rmdir()  # only if nothing else is there
        raise


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
        failure = Failure(path.stem, _cell(error.exec_count, error.source), _told(error.ename, error.evalue))
    except Exception as error:  # a kernel that died, a file that is no notebook: whatever it is, the others go on
        failure = Failure(path.stem, _cell(begun, source), _told(type(error).__name__, error))
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


def _told(name: str, message: object) -> str:
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


def _tidy(path: Path, places: Mapping[str, str]) -> None:
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


def compute(analysis: Analysis, failures: list[Failure]) -> dict[str, registry.Value]:
    """Compute every number; a family that fails is added to *failures* and takes no other with it."""
    values: dict[str, registry.Value] = {}
    for family in registry.families():
        try:
            values |= family.values(analysis)
        except Exception as error:
            told = _told(type(error).__name__, error)
            failures.append(Failure("results", family.name, told))
            values |= {id: registry.Value(id, None, f"failed: {told}") for id in family.ids}
    return values


def write_results(analysis: Analysis, folder: Path, failures: list[Failure]) -> dict[str, int]:
    """Write ``results.json`` and ``concordance.csv`` and count the verdicts on results."""
    values = compute(analysis, failures)
    write_json(folder / "results.json", registry.as_json(values))
    printed = published(analysis.parameters.published_folder or paths.PUBLISHED)
    comparable = registry.comparable(analysis.parameters)
    if not analysis.is_paper_cohort:
        comparable = f"another cohort ({analysis.cohort.name})"
    table = concordance(printed, values, comparable=comparable)
    write_csv(folder / "concordance.csv", table)
    return summary(table, printed).loc["results", list(VERDICTS)].astype(int).to_dict()


def manifest(analysis: Analysis, notebooks: Sequence[Path]) -> dict[str, Any]:
    """Describe what a run was made from: parameters, versions, and the content of the cohort and the notebooks."""
    cohort = analysis.cohort
    folder = Path(analysis.parameters.cohort_folder or paths.COHORT)
    tables = {
        table: {"rows": len(frame), "sha256": _sha256(folder / f"{table}.csv")}
        for table, frame in cohort.tables.items()
        if (folder / f"{table}.csv").exists()
    }
    about = {key: getattr(cohort, key) for key in ("name", "origin", "synthetic", "source", "licence")}
    parameters = {key: value for key, value in analysis.parameters.model_dump().items() if not key.endswith("_folder")}
    return {
        "supplement": helpers.__version__,
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "parameters": parameters,
        "cohort": {**about, "tables": tables},
        "notebooks": {path.stem: _sha256(path) for path in notebooks},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _book(
    analysis: Analysis,
    executed: Sequence[Executed],
    verdicts: Mapping[str, int],
    part: Path,
    final: Path,
    failures: list[Failure],
) -> Path | None:
    """Build the book of a run; a book that cannot be built is a failure of the run, not the loss of it."""
    cohort = analysis.cohort
    try:
        build_book(
            [one.path for one in executed],
            part / "book",
            title=f"Run {final.name}: {cohort.name}",
            front=front_page(analysis, executed, verdicts),
        )
    except BookError as error:
        failures.append(Failure("book", "sphinx", str(error)))
        return None
    return final / "book" / "index.html"


def front_page(analysis: Analysis, executed: Sequence[Executed], verdicts: Mapping[str, int]) -> str:
    """Say in Markdown what was run on what, how each notebook ended, and how the numbers compare with the print."""
    cohort = analysis.cohort
    size = len(cohort.tables["patients"])
    kind = "**synthetic** patients: no real one stands behind a row, and nothing here is evidence about a treatment"
    lines = [
        f"Cohort *{cohort.name}*: {size} {kind if cohort.synthetic else 'patients'}. Day 0 is {cohort.origin}.",
        "",
        "| notebook | |",
        "|---|---|",
        *[f"| [{one.path.stem}]({one.path.name}) | {_state(one)} |" for one in executed],
        "",
        "Numbers of the paper, recomputed: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()) + ".",
    ]  # fmt: skip
    files = ("concordance.csv", "results.json", "manifest.json")
    lines += ["", "Beside this book: " + ", ".join(f'<a href="../{file}">{file}</a>' for file in files) + "."]
    changed = {key: value for key, value in analysis.parameters.changed().items() if not key.endswith("_folder")}
    if changed:
        lines += ["", "Parameters other than the paper's:", ""]
        lines += [f"- `{key}` = `{value!r}`" for key, value in changed.items()]
    return "\n".join(lines)


def _state(executed: Executed) -> str:
    if not executed.failure:
        return "done"
    return f"failed at {executed.failure.cell}: `{executed.failure.error.replace('|', '/').replace('`', '')}`"


def refresh(notebooks: Sequence[Path], console: Console | None = None, jobs: int = 1) -> list[Failure]:
    """Execute *notebooks* in place from clean kernels, and take what the default run draws into ``figures/``.

    Nothing is replaced if any notebook fails or writes to standard error.
    """
    console = console or Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="refresh-") as name:
        folder = Path(name)
        stored = execute_all(notebooks, folder / "stored", {}, jobs=jobs, console=console)
        drawn = execute_all(notebooks, folder / "drawn", {"output_folder": name}, jobs=jobs, console=console)
        fresh = {path: nbformat.read(one.path, as_version=4) for path, one in zip(notebooks, stored, strict=True)}
        failures = [one.failure for one in (*stored, *drawn) if one.failure]
        failures += [failure for path, notebook in fresh.items() for failure in _stderr(path, notebook)]
        if failures:
            return failures
        for path, notebook in fresh.items():
            nbformat.validate(strip(notebook))
            notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": KERNEL}
            notebook.metadata["language_info"] = {"name": "python"}
            paths.write_text(path, nbformat.writes(notebook) + "\n")
        for kind in ("figures", "tables"):
            for file in sorted((folder / kind).glob("*")):
                with paths.writing(paths.FIGURES / file.name, "wb") as handle:
                    handle.write(file.read_bytes())
    return []


def _stderr(path: Path, notebook: nbformat.NotebookNode) -> list[Failure]:
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        Failure(path.stem, f"cell [{cell.execution_count}]", _told("written to standard error", output.text))
        for cell, output in outputs
        if output.get("name") == "stderr"
    ]
