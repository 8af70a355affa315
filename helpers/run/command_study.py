"""Methods tried where the truth is known: study."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, INTERRUPTED, Stopped, command


@command()
@click.option(
    "--cohorts", type=click.IntRange(2), default=2000, show_default=True, help="Cohorts of 120 in each scenario."
)
@click.option(
    "--large", type=click.IntRange(0), default=2000, show_default=True, help="Cohorts of 2,000 in each scenario."
)
@click.option(
    "--bootstrap", type=click.IntRange(0), default=500, show_default=True, help="Cohorts of 120 with resampling."
)
@click.option("--out", type=FOLDER, help="Folder of what is found; by default runs/study/results.")
@click.option("--keep", type=FOLDER, help="Folder of the pieces, from which a study goes on; by default runs/study.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--dask", default="", metavar="ADDRESS", help="Dask scheduler that the pieces go to; it is trusted.")
def study(cohorts: int, large: int, bootstrap: int, out: Path | None, keep: Path | None, jobs: int, dask: str) -> None:
    """Try methods on simulated cohorts whose truth is known, and report bias, coverage and errors of the first kind.

    A study that was stopped goes on where it was when the same command is given again. What the supplement shows is in
    data/study; `--out data/study` writes it anew (about fifteen minutes of one core).
    """
    from helpers.paths import RUNS, write_csv
    from helpers.run.files import place_tree, refuse_foreign_files, write_own_file
    from helpers.run.folders import working_folder
    from helpers.synthesis import truth_study

    out, keep = (out or RUNS / "study" / "results").resolve(), (keep or truth_study.WORKING).resolve()
    sizes = {n: number for n, number in ((120, cohorts), (2000, large)) if number}
    wanted = truth_study.pieces(sizes, {120: bootstrap} if bootstrap else {})
    refuse_foreign_files([keep / piece.file for piece in wanted], "study")
    renewed = out == truth_study.FOLDER.resolve()  # of the project itself
    if not renewed:
        refuse_foreign_files([out / name for name in truth_study.STORED], "study")

    def write(path: Path, piece: object) -> None:
        write_own_file(path, "study", lambda made: write_csv(made, piece))

    try:
        found = truth_study.run_study(wanted, keep, jobs=jobs, dask=dask, say=_aside, write=write)
        _aside("Computing the truth ...")
        truth = truth_study.stored_truth()
        if renewed:
            table = truth_study.store(found, truth, out)
        else:
            with working_folder(out) as part:
                table = truth_study.store(found, truth, part / "made")
                place_tree(part / "made", out, "study")
    except (KeyboardInterrupt, Stopped) as stopped:
        click.echo("Stopped: what was finished is kept, and the same command goes on from there.", err=True)
        raise SystemExit(stopped.code if isinstance(stopped, Stopped) else INTERRUPTED) from None
    click.echo("\n".join(truth_study.report(table)))


def _aside(line: str) -> None:
    click.echo(line, err=True)
