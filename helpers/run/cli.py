"""The console script ``supplement``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click

import helpers
from helpers.parallel import DASK, JOBS
from helpers.parameters import Parameters, dictionary
from helpers.problems import InputError, NotAvailable

FAILED, REFUSED = 1, 2
FOLDER = click.Path(path_type=Path)


def refusing(command: Callable[..., None]) -> Callable[..., None]:
    """Turn a bad input into one message on standard error and exit code 2."""

    @wraps(command)
    def wrapped(*args: object, **kwargs: object) -> None:
        try:
            command(*args, **kwargs)
        except (InputError, NotAvailable) as error:
            click.echo(str(error), err=True)
            raise SystemExit(REFUSED) from None

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(helpers.__version__, prog_name="supplement")
def main() -> None:
    """Executable methods supplement to Zhang et al. 2025.

    The default cohort is synthetic: no patient stands behind it.
    """


def _parameter_help() -> str:
    lines = [f"{row['name']} = {row['default']}  {row['meaning']}" for row in dictionary()]
    return "\b\nParameters (--set NAME=VALUE):\n" + "\n".join(f"  {line}" for line in lines)


@main.command(epilog=_parameter_help())
@click.option("--cohort", type=FOLDER, help="Folder of a cohort; by default the synthetic one.")
@click.option("--published", type=FOLDER, help="Folder of printed numbers; by default those of the paper.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a parameter; repeatable.")
@click.option("--name", default="default", show_default=True, help="The run goes to runs/NAME.")
@click.option("--notebooks", default="", metavar="04,05", help="Only these; by default all.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Processes for notebooks and resampling; by default the cores, and 1."
)
@click.option("--dask", default="", metavar="ADDRESS", help="Dask scheduler that resampling goes to.")
@click.option("--seed", type=int, help="Seed of every random number (as --set seed=N).")
@click.option("--site/--no-site", default=True, help="End in an HTML book of the executed notebooks.")
@click.option("--fork/--no-fork", default=True, help="Fork the kernels from one process, where that is to be had.")
@refusing
def run(
    cohort: Path | None,
    published: Path | None,
    settings: tuple[str, ...],
    name: str,
    notebooks: str,
    jobs: int | None,
    dask: str,
    seed: int | None,
    site: bool,
    fork: bool,
) -> None:
    """Execute the notebooks on a cohort and collect every result in runs/NAME.

    Parameters and cohort are checked before the first notebook starts; what is wrong with them is listed at once
    (exit code 2). A notebook that fails does not stop the others (exit code 1).
    """
    fixed = {key: str(path.resolve()) for key, path in _folders(cohort, published).items()}
    fixed |= {} if seed is None else {"seed": seed}
    with _kernels(fork):
        from helpers.run import series

        try:
            parameters = Parameters.from_settings(settings, **fixed)
        except InputError as error:
            others = series.input_problems(fixed.get("cohort_folder", ""), fixed.get("published_folder", ""))
            raise InputError([*error.problems, *others]) from None
        analysis = series.prepare(parameters)
        chosen = series.numbered(wanted=[one for one in notebooks.split(",") if one.strip()])
        if jobs or dask:
            os.environ.update({JOBS: str(jobs or 1), DASK: dask})
        done = series.run_series(analysis, chosen, name, jobs=jobs or _cores(), site=site)
    _report(done)


def _folders(cohort: Path | None, published: Path | None) -> dict[str, Path]:
    given = {"cohort_folder": cohort, "published_folder": published}
    return {key: path for key, path in given.items() if path is not None}


def _kernels(fork: bool):
    """Start the fork server first; as a command of its own this process shares its imports with it."""
    import contextlib

    if not fork:
        return contextlib.nullcontext()
    from helpers.run.kernels import forked_kernels

    return forked_kernels(shared=Path(sys.argv[0]).stem == "supplement")


def _cores() -> int:
    return max(1, min(4, os.cpu_count() or 1))


def _report(done) -> None:
    click.echo(f"{done.folder}: notebooks, figures, tables, results.json, concordance.csv, manifest.json")
    click.echo("Numbers of the paper: " + ", ".join(f"{count} {verdict}" for verdict, count in done.verdicts.items()))
    if done.book:
        click.echo(f"Read it: {done.book}")
    for failure in done.failures:
        click.echo(f"Failed: {failure}", err=True)
    if done.failures:
        sys.exit(FAILED)


@main.command(epilog=_parameter_help())
@click.argument("varied", nargs=-1, required=True, metavar="NAME=VALUE|VALUE...")
@click.option("--out", type=FOLDER, required=True, help="CSV file for the numbers.")
@click.option("--cohort", type=FOLDER, help="Folder of a cohort; by default the synthetic one.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter; repeatable.")
@click.option(
    "--ids", default="", metavar="PATTERN,...", help="Only these numbers, such as table5.*.hr; by default all."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--dask", default="", metavar="ADDRESS", help="Dask scheduler that the settings go to.")
@refusing
def sweep(
    varied: tuple[str, ...],
    out: Path,
    cohort: Path | None,
    settings: tuple[str, ...],
    ids: str,
    jobs: int,
    dask: str,
) -> None:
    """Compute the paper's numbers under every combination of settings, such as "gc_cutoff=5|8" "endpoint=OS|PFS"."""
    from helpers.paths import write_csv
    from helpers.run import series, sweep

    fixed = {key: str(path.resolve()) for key, path in _folders(cohort, None).items()}
    points = sweep.points(varied, settings, **fixed)
    chosen = sweep.chosen_ids([one.strip() for one in ids.split(",") if one.strip()])
    for point in points:
        series.prepare(point)
    found = sweep.sweep(points, chosen, jobs=jobs, dask=dask)
    click.echo(f"Written: {write_csv(out, found)}, {len(points)} settings, {found['id'].nunique()} numbers")


@main.command()
@click.argument("folder", required=False, type=FOLDER, metavar="[DIR]")
@click.option("--cohort", type=FOLDER, help="The same as DIR.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--html", "page", type=FOLDER, help="Write an HTML page to this file.")
@refusing
def check(folder: Path | None, cohort: Path | None, as_json: bool, page: Path | None) -> None:
    """Read a cohort, or hospital extracts, in DIR (by default the synthetic cohort) before anything is run.

    Lists at once what is wrong (exit code 2), what is unlikely, what is taken for granted, and which sections of the notebooks
    the cohort will give. No content of a cell is shown but codes, short numbers and words of the dictionary.
    """
    from helpers.run.checking import show_check

    show_check(folder or cohort, as_json=as_json, page=page)


@main.command()
@click.argument("folder", type=FOLDER, metavar="DIR")
@refusing
def template(folder: Path) -> None:
    """Write empty tables, the dictionary in words, a REDCap data dictionary and a toy example to DIR, which must be empty."""
    from helpers.run.templates import write_template

    write_template(folder)
    click.echo("Written: tables/, example/, dictionary.md, redcap_data_dictionary.csv")
    click.echo("Fill in tables/, then: supplement check DIR/tables")


@main.command()
@click.option("--published", type=FOLDER, help="Folder of printed numbers; by default those of the paper.")
@click.option("--out", type=FOLDER, help="CSV file for the findings; by default they are only shown.")
@refusing
def audit(published: Path | None, out: Path | None) -> None:
    """Check the printed numbers against each other."""
    from helpers.published.audit import audit as audit_print

    found = audit_print(published, out)
    for verdict, rows in found.groupby("verdict", sort=False):
        click.echo(f"{verdict}: {len(rows)}")
        if verdict != "consistent":
            for row in rows.itertuples():
                click.echo(f"  {row.finding}: {row.arithmetic}")
    if out:
        click.echo(f"Written: {out}")


@main.command()
@click.option("--notebooks", default="", metavar="04,05", help="Only these; by default all.")
@click.option("--jobs", type=click.IntRange(1), help="Notebooks side by side; by default the cores.")
@refusing
def refresh(notebooks: str, jobs: int | None) -> None:
    """Re-execute notebooks/ in place and redraw figures/ (for maintainers)."""
    with _kernels(True):
        from helpers.run import series

        chosen = series.numbered(wanted=[one for one in notebooks.split(",") if one.strip()])
        failures = series.refresh(chosen, jobs=jobs or _cores())
    for failure in failures:
        click.echo(f"Failed: {failure}", err=True)
    if failures:
        click.echo("Nothing was replaced.", err=True)
        sys.exit(FAILED)


@main.command()
@click.option("--out", type=FOLDER, help="Folder of the pages; by default docs/_build/site.")
@refusing
def site(out: Path | None) -> None:
    """Build the web site of the committed notebooks."""
    from helpers.paths import DOCS
    from helpers.run.series import numbered
    from helpers.run.site import build_book

    title = "Executable methods supplement to Zhang et al. 2025"
    front = "The cohort in these notebooks is **synthetic**: no real patient stands behind a single row."
    page = build_book(numbered(), out or DOCS / "_build" / "site", title=title, front=front)
    click.echo(f"Read it: {page}")


@main.command()
@click.option(
    "--seed",
    "seeds",
    type=int,
    multiple=True,
    help="Seed of a search; repeatable. By default that of the default cohort.",
)
@click.option("--out", type=FOLDER, help="Folder of the searches; by default runs/calibrate. What is there is resumed.")
@click.option(
    "--effort", type=click.FloatRange(0.001), default=1.0, show_default=True, help="Factor on the moves made."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Seeds searched at the same time.")
@click.option("--adopt", is_flag=True, help="Make the best state that of the default cohort (data/synthesis).")
@refusing
def calibrate(seeds: tuple[int, ...], out: Path | None, effort: float, jobs: int, adopt: bool) -> None:
    """Search for a synthetic cohort on which the printed numbers come out.

    Each search keeps what it has reached in OUT/SEED and goes on from there when it is called again.
    """
    from helpers.calibration.calibrate import SEED, Plan, adopt_best, calibrate_many
    from helpers.paths import RUNS

    seeds, out = seeds or (SEED,), out or RUNS / "calibrate"
    found = calibrate_many(seeds, out, Plan(effort=effort), jobs=jobs, say=click.echo)
    for seed, outcome in found.items():
        missed = ", ".join(id for id, hit in outcome.hits.items() if not hit)
        click.echo(
            f"seed {seed}: {sum(outcome.hits.values())} of {len(outcome.hits)} survival statistics; missing: {missed}"
        )
    if adopt:
        click.echo(f"adopted: {adopt_best(found, out)}; now `supplement refresh`")


@main.command(name="import")
@click.argument("files", nargs=-1, type=FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Folder of the cohort; the mapping goes there first.")
@click.option("--apply", "applying", is_flag=True, help="Apply the mapping that stands in the folder.")
@click.option("--again", is_flag=True, help="Propose again, in place of the mapping that stands there.")
@click.option(
    "--key", "key_file", type=FOLDER, help="Where the patients' random keys go; by default FOLDER.key.csv beside it."
)
@refusing
def import_(files: tuple[Path, ...], out: Path, applying: bool, again: bool, key_file: Path | None) -> None:
    """Bring in other hospitals' FILES: propose what each column is, then apply what you confirmed.

    The first call writes a mapping to the folder, with a line "decide:" wherever it is not sure. Read it, answer, and
    call again with --apply. CSV of any separator and encoding, Excel, SPSS, Stata, SAS, REDCap with its dictionary,
    cBioPortal, CDISC ADTTE.
    """
    from helpers.run import importing

    if applying:
        click.echo(importing.told_of_import(importing.applied(files, out, key_file)))
    else:
        click.echo(importing.told_of_proposal(importing.proposed(files, out, again=again), out))
