"""Execute the notebooks on a cohort and collect every result in one folder."""

from __future__ import annotations

import json
import re
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from helpers import paths
from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import write_json, write_text
from helpers.problems import InputError, NotAvailable, Problem
from helpers.published.values import published_values
from helpers.results.exposure import exposure_groups
from helpers.run.execution import (
    Executed,
    Failure,
    Task,
    can_fork,
    import_all,
    notebook_task,
    run_tasks,
    write_unexecuted,
)
from helpers.run.folders import put_in_place, unfinished_folder
from helpers.run.methods import methods_page
from helpers.run.outcome import FILES, against_paper, compute_all, run_manifest, write_results
from helpers.run.steps import Steps, checksum_of, of_inputs, of_notebook

RESULTS = "results"
PAPERS_OWN = ("09", "10")  # notebooks about the paper's print and its synthetic cohort
LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class Run:
    """What a run left: its folder, the executed notebooks, the book's first page and the counts of verdicts."""

    folder: Path
    executed: tuple[Executed, ...]
    book: Path | None
    verdicts: Mapping[str, int]
    failures: tuple[Failure, ...]
    compared: str = ""
    resumed: int = 0
    kept: Path | None = None
    spared: Path | None = None


def numbered_notebooks(folder: Path | None = None, wanted: Sequence[str] = ()) -> list[Path]:
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


def prepared_analysis(parameters: Parameters) -> Analysis:
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
    for read, folder in ((read_cohort, cohort_folder), (published_values, published_folder or paths.PUBLISHED)):
        try:
            read(folder)
        except InputError as error:
            found += error.problems
    return found


def chosen_notebooks(analysis: Analysis, wanted: Sequence[str] = ()) -> list[Path]:
    """Choose the notebooks *wanted*; if none are, all of them, for another cohort without the paper's own business."""
    found = numbered_notebooks(wanted=wanted)
    return found if wanted or analysis.is_paper_cohort else [one for one in found if one.stem[:2] not in PAPERS_OWN]


def name_of(parameters: Parameters, analysis: Analysis, wanted: Sequence[str] = ()) -> str:
    """Name a run that was given no name after its cohort, its settings and its notebooks, so that it replaces no other.

    Examples
    --------
    >>> parameters = Parameters(gc_cutoff=5.0)
    >>> name_of(parameters, analyse(read_cohort(), parameters), ["05"])
    'default-gc_cutoff-5.0-05'
    """
    chosen = {name: value for name, value in parameters.chosen().items() if not name.endswith("_folder")}
    parts = [f"{name}-{value}" for name, value in chosen.items()] + [one.strip()[:2] for one in wanted]
    if parameters.published_folder:
        parts.append("print-" + checksum_of(parameters.published_folder)[:6])
    first = analysis.cohort.name if parameters.cohort_folder else "default"
    name = re.sub(r"[^A-Za-z0-9._=-]+", "_", "-".join([first, *parts])).strip("._-") or "run"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 7].rstrip('._-')}-{checksum_of(name)[:6]}"


def run_folder(name: str) -> Path:
    """Return the folder of the run called *name*.

    Raises
    ------
    InputError
        If that is no name for a folder.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._=-]*", name) or len(name) > LONGEST:
        allowed = f"at most {LONGEST} letters, digits, dots, dashes and underscores"
        raise InputError([Problem("run", "", "name", name[:LONGEST], allowed)])
    return paths.RUNS / name


def run_series(
    analysis: Analysis,
    notebooks: Sequence[Path],
    final: Path,
    *,
    jobs: int = 1,
    site: bool = True,
    fork: bool = True,
    console: Console | None = None,
) -> Run:
    """Execute *notebooks* into the folder *final*, which appears, or replaces an older run, only when all is done.

    A notebook that fails does not stop the others; such a run does not replace one without failures, and goes to
    ``<final>.failed`` instead. A run that was killed goes on from the notebooks that it had finished. Everything but
    ``manifest.json``'s key ``this_run`` is the same, byte for byte, in two runs with the same cohort, parameters and packages.

    Parameters
    ----------
    analysis : Analysis
        From :func:`prepared_analysis`.
    notebooks : sequence of Path
    final : Path
        A new folder, an empty one, or one of an earlier run.
    jobs : int
        Notebooks executed side by side.
    site : bool
        Build the HTML book.
    fork : bool
        Run notebooks in forks of this process, where that is to be had.

    Raises
    ------
    InputError
        If *final* holds what no run wrote, or another process is at work on it.
    """
    started, clock, console = datetime.now(UTC), time.perf_counter(), console or Console(stderr=True)
    with unfinished_folder(final, "run") as part:
        steps = Steps(part / "steps", of_inputs(analysis.parameters))
        executed, resumed = _executed(analysis, notebooks, steps, jobs, fork and can_fork(), console)
        whole = part / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        steps.gather(executed, whole, ("notebooks", "figures", "tables"))
        notebooks_done = tuple(
            Executed(whole / "notebooks" / path.name, executed[path.stem].seconds, executed[path.stem].failure)
            for path in notebooks
        )
        failures = [one.failure for one in executed.values() if one.failure]
        verdicts = _outcome(steps.folder / RESULTS, whole, failures)
        book = None
        if site:
            from helpers.run.site import book_of_run  # by hand: a run without a book needs none of it

            show_progress(console, "building the book")
            book = book_of_run(analysis, notebooks_done, verdicts, whole, final, failures)
        this_run = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - clock, 2),
            "seconds_by_notebook": {one.path.stem: round(one.seconds, 2) for one in notebooks_done},
            "failures": list(map(str, failures)),
        }
        write_text(whole / "methods.md", methods_page(analysis))
        write_json(whole / "manifest.json", {**run_manifest(analysis, notebooks), "this_run": this_run})
        target = final.with_name(f"{final.name}.failed") if failures and _is_good(final) else final
        kept = put_in_place(whole, target, "run")
    moved = tuple(Executed(target / "notebooks" / one.path.name, one.seconds, one.failure) for one in notebooks_done)
    spared = final if target != final else None
    page = book and target / "book" / book.name
    compared = against_paper(analysis, verdicts)
    return Run(target, moved, page, verdicts, tuple(failures), compared, resumed, kept, spared)


def show_progress(console: Console, line: str) -> None:
    """Show a line of progress."""
    console.print(f"{line} ...", highlight=False, markup=False, soft_wrap=True)


def _executed(
    analysis: Analysis, notebooks: Sequence[Path], steps: Steps, jobs: int, fork: bool, console: Console
) -> tuple[dict[str, Executed], int]:
    """Do the steps that are not done yet; return all, and how many were done before."""
    parameters = analysis.parameters
    sources = {path.stem: of_notebook(path) for path in notebooks} | {RESULTS: ""}
    before = {name: steps.finished(name, source) for name, source in sources.items()}
    done = {name: Executed(Path(), about["seconds"]) for name, about in before.items() if about}
    if done:
        show_progress(console, f"going on from {len(done)} finished steps of a run that was stopped")
    tasks = [
        _notebook(path, steps, parameters, fork=fork, withhold=not analysis.is_paper_cohort)
        for path in notebooks
        if path.stem not in done
    ]
    if RESULTS not in done:
        folder = steps.begin(RESULTS)
        tasks.append(Task(RESULTS, lambda tell: write_results(analysis, folder), weight=10**9))
    if fork:
        import_all([path for path in notebooks if path.stem not in done])

    def ended(task: Task, executed: Executed) -> None:
        done[task.name] = executed
        if not executed.failure:
            steps.end(task.name, {"seconds": executed.seconds}, sources[task.name])

    resumed = len(done)
    with _computed(analysis) if fork and RESULTS not in done else nullcontext():
        run_tasks(tasks, jobs=jobs, console=console, fork=fork, ended=ended)
    for path in notebooks:  # a process that died wrote nothing
        target = steps.folder / path.stem / "notebooks" / path.name
        if done[path.stem].failure and not target.exists():
            write_unexecuted(path, target, done[path.stem].failure)
    return {name: done[name] for name in sources}, resumed


@contextmanager
def _computed(analysis: Analysis) -> Iterator[None]:
    """Compute every number once, for the file of results and for the notebooks, whose forks know what this process knows."""
    from helpers.display.page import lent_analysis  # by hand: it costs a second that a refused input should not

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compute_all(analysis, [])  # what fails here fails again, and is told, where the results are written
    with lent_analysis(analysis):
        yield


def _notebook(path: Path, steps: Steps, parameters: Parameters, *, fork: bool, withhold: bool) -> Task:
    folder = steps.begin(path.stem)
    settings = {**parameters.chosen(), "output_folder": str(folder)}
    named = {"cohort": parameters.cohort_folder, "published": parameters.published_folder, "output": folder}
    return notebook_task(path, folder / "notebooks" / path.name, settings, fork=fork, withhold=withhold, **named)


def _outcome(folder: Path, whole: Path, failures: list[Failure]) -> dict[str, int]:
    """Copy the numbers of a run; return the counts of verdicts."""
    try:
        found = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    except OSError:  # the step failed, and says so among the failures
        return {}
    failures += [Failure(*one) for one in found["failures"]]
    for name in FILES:
        shutil.copyfile(folder / name, whole / name)
    return found["verdicts"]


def _is_good(folder: Path) -> bool:
    """Say whether an earlier run ended without failures."""
    try:
        return not json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["this_run"]["failures"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
