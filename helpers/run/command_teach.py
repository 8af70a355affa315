"""``supplement teach``: exercises, a class, its marks, and a folder for a room without internet."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FAILED, FOLDER, main, refusing


@main.group()
def teach() -> None:
    """Exercises for a class: made, packed, dealt and marked. docs/teaching.md is the teacher's page."""


@teach.command()
@click.option("--out", type=FOLDER, help="Folder for student, teacher and sheets; by default notebooks/exercises.")
@click.option("--seed", type=click.IntRange(0), help="Of the class: other invented children, other locks.")
@refusing
def exercises(out: Path | None, seed: int | None) -> None:
    """Run the source of each exercise; write the student's and the teacher's notebook, the sheet and the key."""
    from helpers.run.class_files import write_exercises
    from helpers.teaching.build import FOLDER as HOME
    from helpers.teaching.build import SEED

    files = write_exercises((out or HOME).resolve(), seed=SEED if seed is None else seed)
    click.echo(f"Written: {len(files)} files in {(out or HOME).name}: student, teacher (with key.csv), sheet, data")


@teach.command()
@click.argument("folder", type=FOLDER)
@click.option("--key", type=FOLDER, required=True, help="key.csv of the class.")
@click.option("--out", type=FOLDER, help="CSV file for the marks; by default they are only counted.")
@refusing
def mark(folder: Path, key: Path, out: Path | None) -> None:
    """Read the answers of a FOLDER with one folder per student; no submitted notebook is run."""
    from helpers.paths import write_csv
    from helpers.run.files import refuse_foreign_files, write_own_file
    from helpers.teaching.mark import mark as marks
    from helpers.teaching.mark import summary, to_look_at

    refuse_foreign_files([out] if out else [], "teach mark")
    found = marks(folder, key)
    click.echo(summary(found).to_string(index=False))
    for line in to_look_at(found):
        click.echo(f"To look at, {line}")
    if out:
        click.echo(f"Written: {write_own_file(out, 'teach mark', lambda path: write_csv(path, found))}")


@teach.command()
@click.option(
    "--truth", default="mixed", show_default=True, help="null, protective, harmful, confounded-null or mixed."
)
@click.option("--seed", type=click.IntRange(0), required=True, help="Keep it: with it the truth can be looked up.")
@click.option("--students", type=int, help="How many; by default as many as there are names, or 1.")
@click.option(
    "--names", type=FOLDER, help="Text file with one name a line: they go into the key, folders are numbered."
)
@click.option("--out", type=FOLDER, required=True, help="New folder: students/NN, and teacher/key.csv.")
@refusing
def cohort(truth: str, seed: int, students: int | None, names: Path | None, out: Path) -> None:
    """Deal each student a made-up cohort whose truth is known, and the key to the teacher."""
    from helpers.teaching.classes import deal, read_names

    known = read_names(names) if names else []
    number = (len(known) or 1) if students is None else students
    key = deal(out, truth=truth, seed=seed, students=number, names=known)
    click.echo(f"Written: {len(key)} cohorts in {out.name}/students, the key in {out.name}/teacher/key.csv")


@teach.command()
@click.option(
    "--out", type=FOLDER, required=True, help="New folder: for_students goes on a stick, for_teacher does not."
)
@click.option("--seed", type=click.IntRange(0), help="Of the class: answers that are not in the repository.")
@click.option("--wheels", is_flag=False, flag_value="all", metavar="[SYSTEMS]",
              help="Fetch packages too: all, or such as windows-3.12,mac (needs a network, some 100 MB each).")  # fmt: skip
@refusing
def pack(out: Path, seed: int | None, wheels: str | None) -> None:
    """Make the folder of a class for a room without internet: exercises, sheets, scripts, and packages if asked for."""
    from helpers.teaching.build import SEED
    from helpers.teaching.pack import chosen
    from helpers.teaching.pack import pack as packing

    targets = chosen(wheels) if wheels else []
    failed = packing(out, seed=SEED if seed is None else seed, targets=targets)
    for (system, python), said in failed.items():
        click.echo(f"{system} with Python {python}: {'not complete: ' + said if said else 'complete'}")
    click.echo(f"Written: {out.name}/for_students and {out.name}/for_teacher")
    if not (out / "for_students" / "site").is_dir():
        click.echo("Without the site: run supplement site first to have it on the stick too.")
    if any(failed.values()):
        raise SystemExit(FAILED)
