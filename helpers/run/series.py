"""Execute the notebooks on a cohort and collect every result in one folder."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from rich.console import Console

from helpers import paths
from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import write_json
from helpers.problems import InputError, NotAvailable, Problem
from helpers.published.values import published
from helpers.results.exposure import exposure_groups
from helpers.run.execution import KERNEL, Executed, Failure, execute_all, strip, tidy, told
from helpers.run.outcome import manifest, write_results
from helpers.run.site import book_of_run


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
            tidy(one.path, {str(part): str(final)})
        failures = [one.failure for one in executed if one.failure]
        verdicts = write_results(analysis, part, failures)
        book = book_of_run(analysis, executed, verdicts, part, final, failures) if site else None
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
        Failure(path.stem, f"cell [{cell.execution_count}]", told("written to standard error", output.text))
        for cell, output in outputs
        if output.get("name") == "stderr"
    ]
