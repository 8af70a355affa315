"""Commands that execute notebooks and build pages of them: run, refresh, site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.parameters import Parameters
from helpers.problems import InputError, Problem
from helpers.run.commands import (
    COHORT,
    FAILED,
    FOLDER,
    NOTEBOOKS,
    PUBLISHED,
    SETTINGS,
    command,
    core_count,
    fixed_folders,
    parameter_help,
)  # fmt: skip

if TYPE_CHECKING:
    from helpers.run.series import Run


@command(epilog=parameter_help())
@COHORT
@PUBLISHED
@SETTINGS
@click.option("--name", help="The run goes to runs/NAME; by default named after cohort and settings.")
@click.option(
    "--out", type=FOLDER, help="The run goes to this folder instead: a new or empty one, or an earlier run's."
)
@NOTEBOOKS
@click.option("--jobs", type=click.IntRange(1), help="Notebooks side by side; by default the cores.")
@click.option("--site/--no-site", default=True, help="End in an HTML book of the executed notebooks.")
@click.option("--fork/--no-fork", default=True, help="Run notebooks in forks of one process, where that is to be had.")
def run(
    cohort: Path | None,
    published: Path | None,
    settings: tuple[str, ...],
    name: str | None,
    out: Path | None,
    wanted: list[str],
    jobs: int | None,
    site: bool,
    fork: bool,
) -> None:
    """Execute the notebooks on a cohort and collect every result in one folder.

    Parameters and cohort are checked before the first notebook starts; what is wrong with them is listed at once
    (exit code 2). A notebook that fails does not stop the others (exit code 1). For another cohort than the paper's,
    notebooks 09 and 10, which are about the paper itself, run only if asked for. A run that was killed goes on where it was.
    """
    click.echo("Reading the cohort and the parameters ...", err=True)
    from helpers.run import series

    if name is not None and out is not None:
        raise InputError([Problem("run", "", "name", name, "either --name or --out")])
    folders = fixed_folders(cohort, published, settings)
    final = out.resolve() if out is not None else None if name is None else series.run_folder(name)
    try:
        parameters = Parameters.from_settings(settings, **folders)
    except InputError as error:
        others = series.input_problems(folders.get("cohort_folder", ""), folders.get("published_folder", ""))
        raise InputError([*error.problems, *others]) from None
    analysis = series.prepared_analysis(parameters)
    notebooks = series.chosen_notebooks(analysis, wanted)
    final = final or series.run_folder(series.name_of(parameters, analysis, wanted))
    _report(series.run_series(analysis, notebooks, final, jobs=jobs or core_count(), site=site, fork=fork))


def _report(done: Run) -> None:
    click.echo(
        f"{_short(done.folder)}: notebooks, figures, tables, results.json, concordance.csv, methods.md, manifest.json"
    )
    click.echo(done.compared)
    if done.book:
        click.echo(f"Read it: {_short(done.book)}")
    if done.kept:
        click.echo(f"The earlier run holds files that were added or changed since, and was kept: {_short(done.kept)}")
    for failure in done.failures:
        click.echo(f"Failed: {failure}", err=True)
    if done.failures and done.spared:
        click.echo(f"The earlier run {_short(done.spared)}, without failures, was not replaced.", err=True)
    if done.failures:
        sys.exit(FAILED)


def _short(path: Path) -> str:
    """Write a path as seen from here, if it is below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@command()
@NOTEBOOKS
@click.option("--jobs", type=click.IntRange(1), help="Notebooks side by side; by default the cores.")
@click.option("--check", is_flag=True, help="Replace nothing: say which stored outputs are not what comes out now.")
def refresh(wanted: list[str], jobs: int | None, check: bool) -> None:
    """Re-execute notebooks/ in place and make the tables of figures/ again (for maintainers)."""
    from helpers.run import refreshing, series

    work = refreshing.compare_notebooks if check else refreshing.refresh_notebooks
    failures = work(series.numbered_notebooks(wanted=wanted), jobs=jobs or core_count())
    for failure in failures:
        click.echo(f"Failed: {failure}", err=True)
    if failures:
        click.echo("Nothing was replaced.", err=True)
        sys.exit(FAILED)
    if check:
        click.echo("Every stored output is what comes out now.")


@command()
@click.option("--out", type=FOLDER, help="Folder of the pages; by default docs/_build/site.")
def site(out: Path | None) -> None:
    """Build the web site of the committed notebooks."""
    from helpers.paths import DOCS
    from helpers.run.series import numbered_notebooks
    from helpers.run.site import build_site

    page, kept = build_site((out or DOCS / "_build" / "site").resolve(), numbered_notebooks())
    click.echo(f"Read it: {_short(page)}")
    if kept:
        click.echo(f"The earlier pages hold files that were added or changed since, and were kept: {_short(kept)}")
