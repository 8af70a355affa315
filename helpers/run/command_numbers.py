"""Commands about numbers, without notebooks: audit, sweep, diff, where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.problems import InputError, Problem
from helpers.run.commands import (
    COHORT,
    FAILED,
    FOLDER,
    INTERRUPTED,
    SETTINGS,
    Stopped,
    command,
    core_count,
    fixed_folders,
    parameter_help,
    split_commas,
)  # fmt: skip

if TYPE_CHECKING:
    from helpers.run.sweep import Grid


@command()
@click.option("--published", type=FOLDER, help="Folder of printed numbers; by default those of the paper.")
@click.option("--out", type=FOLDER, help="CSV file for the findings; by default they are only shown.")
def audit(published: Path | None, out: Path | None) -> None:
    """Check the printed numbers against each other."""
    from helpers.paths import write_csv
    from helpers.published.audit import audit_print, findings_report
    from helpers.run.files import refuse_foreign_files, write_own_file

    refuse_foreign_files([out] if out else [], "audit")
    found = audit_print(published)
    click.echo(findings_report(found))
    if out:
        click.echo(f"Written: {write_own_file(out, 'audit', lambda path: write_csv(path, found))}")


@command(epilog=parameter_help())
@click.argument("varied", nargs=-1, required=True, metavar="GRID.yaml | NAME=VALUE|VALUE...")
@click.option(
    "--out", type=FOLDER, required=True, help="CSV file for the numbers; a table of comparison and a picture go beside."
)
@COHORT
@SETTINGS
@click.option(
    "--ids",
    default="",
    callback=split_commas,
    metavar="PATTERN,...",
    help="Only these, such as table5.*.hr; by default all.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes; by default the cores.")
@click.option("--dask", default="", metavar="ADDRESS", help="Dask scheduler that the settings go to; it is trusted.")
def sweep(
    varied: tuple[str, ...],
    out: Path,
    cohort: Path | None,
    settings: tuple[str, ...],
    ids: list[str],
    jobs: int | None,
    dask: str,
) -> None:
    """Compute the paper's numbers under every combination of settings, such as "gc_cutoff=5|8" "endpoint=OS|PFS".

    A grid in YAML may name `cohorts` (folders, or default), `parameters` (lists, crossed), `fixed` and `numbers`. A sweep
    that was stopped goes on from what it had finished when the same command is given again.
    """
    click.echo("Reading the cohorts and the parameters ...", err=True)
    from helpers.parallel import connected_cluster
    from helpers.run import series
    from helpers.run import sweep as sweeping
    from helpers.run.files import refuse_foreign_files

    if out.suffix != ".csv":
        raise InputError([Problem("sweep", "", "out", out.name, "a file name that ends in .csv")])
    refuse_foreign_files(sweeping.files_of(out), "sweep")
    grid = _grid(varied, settings, ids, fixed_folders(cohort, None, settings).get("cohort_folder", ""))
    points = sweeping.sweep_points(grid.varied, grid.settings, grid.cohorts)
    chosen = sweeping.checked_ids(grid.ids)
    for point in points:
        series.prepared_analysis(point)
    if dask:
        with connected_cluster(dask):  # answers at once if it is not there
            pass
    try:
        found, failures = sweeping.swept_numbers(points, chosen, out.resolve(), jobs=jobs or core_count(), dask=dask)
    except (KeyboardInterrupt, Stopped) as stopped:
        click.echo("Stopped: what was finished is kept, and the same command goes on from there.", err=True)
        raise SystemExit(stopped.code if isinstance(stopped, Stopped) else INTERRUPTED) from None
    if len(found):
        click.echo(f"Written: {out}, {len(points) - len(failures)} settings, {found['id'].nunique()} numbers")
    else:
        click.echo("Nothing was written: there is no number.", err=True)
    for pattern in sweeping.unmatched(chosen, found):
        click.echo(f"No number of these cohorts is called {pattern}", err=True)
    for failure in failures:
        click.echo(f"Failed: {failure}", err=True)
    if failures or not len(found):
        sys.exit(FAILED)


def _grid(varied: tuple[str, ...], settings: tuple[str, ...], ids: list[str], cohort: str) -> Grid:
    from helpers.run.sweep import Grid, read_grid

    if len(varied) == 1 and Path(varied[0]).suffix in (".yaml", ".yml"):
        if settings or ids or cohort:
            raise InputError(
                [Problem("sweep", "", "", "a grid with --set, --ids or --cohort", "these inside the grid")]
            )
        return read_grid(Path(varied[0]))
    return Grid((cohort,), varied, settings, tuple(ids))


@command()
@click.argument("first", type=FOLDER, metavar="RUN1")
@click.argument("second", type=FOLDER, metavar="RUN2")
@click.option("--out", type=FOLDER, help="CSV file for the numbers that differ; by default the largest are shown.")
def diff(first: Path, second: Path, out: Path | None) -> None:
    """Say which numbers differ between two runs, and why: parameters, cohort, versions, notebooks."""
    from helpers.paths import write_csv
    from helpers.run import difference
    from helpers.run.files import refuse_foreign_files, write_own_file

    refuse_foreign_files([out] if out else [], "diff")
    told = difference.compare_runs(difference.read_run(first), difference.read_run(second))
    click.echo("\n".join(told.lines()))
    if out:
        click.echo(f"Written: {write_own_file(out, 'diff', lambda path: write_csv(path, told.numbers))}")


@command()
@click.argument("number", metavar="ID")
def where(number: str) -> None:
    """Show where a number comes from: file, line, population, formula, reason, and the notebook cells that name it."""
    from helpers.run.where import number_origin as find

    click.echo("\n".join(find(number)))
