"""``supplement teach``: exercises, a class, its marks, and a folder for a room without internet."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, main, refusing


@main.group()
def teach() -> None:
    """Exercises for a class: made, packed, dealt and marked. docs/teaching.md is the teacher's page."""


@teach.command()
@click.option("--out", type=FOLDER, help="Folder for student, teacher and sheets; by default notebooks/exercises.")
@click.option("--seed", type=click.IntRange(0), help="Of the class: other invented children, other locks.")
@refusing
def exercises(out: Path | None, seed: int | None) -> None:
    """Run the source of each exercise; write the student's and the teacher's notebook, the sheet and the key."""
    from helpers.teaching.build import FOLDER as HOME
    from helpers.teaching.build import SEED, build

    files = build(out or HOME, seed=SEED if seed is None else seed)
    click.echo(f"Written: {len(files)} files in {(out or HOME).name}: student, teacher (with key.csv), sheet, data")


@teach.command()
@click.argument("folder", type=FOLDER)
@click.option("--key", type=FOLDER, required=True, help="key.csv of the class.")
@click.option("--out", type=FOLDER, help="CSV file for the marks; by default they are only counted.")
@refusing
def mark(folder: Path, key: Path, out: Path | None) -> None:
    """Read the answers of a FOLDER with one folder per student; no submitted notebook is run."""
    from helpers.paths import write_csv
    from helpers.teaching.mark import mark as marks
    from helpers.teaching.mark import summary

    found = marks(folder, key)
    click.echo(summary(found).to_string(index=False))
    if out:
        click.echo(f"Written: {write_csv(out, found)}")
