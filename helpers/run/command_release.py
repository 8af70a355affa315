"""``supplement release``: the bundle that may leave the hospital."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, command


@command()
@click.argument("run", required=False, type=FOLDER)
@click.option("--cohort", type=FOLDER, help="Folder of the cohort; by default the synthetic one.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a parameter; repeatable.")
@click.option("--out", type=FOLDER, help="Folder of the bundle; by default RUN-release.")
@click.option(
    "--threshold", default=10, show_default=True, help="Fewest patients that a number may rest on; 5 or more."
)
@click.option(
    "--ledger",
    type=FOLDER,
    help="Ledger of the cohort's releases; by default beside the cohort. It stays in the hospital.",
)
@click.option(
    "--searches", default=10, show_default=True, help="Searches for whole patients behind the release; 0: none."
)
def release(
    run: Path | None,
    cohort: Path | None,
    settings: tuple[str, ...],
    out: Path | None,
    threshold: int,
    ledger: Path | None,
    searches: int,
) -> None:
    """Make the bundle of a RUN (or of a cohort) that may leave the hospital, and the form for the person who checks it.

    Every number is made coarse first, and every file is written from the coarse numbers; the counts are attacked by an
    integer programme before anything is written. docs/release.md says what is promised and what is not.
    """
    from helpers.release.rules import Rules
    from helpers.run import releasing

    parameters = releasing.parameters_of(run, cohort, settings)
    out = out or Path(f"{run or 'cohort'}-release")
    made = releasing.release_bundle(parameters, out, rules=Rules(threshold), ledger=ledger, searches=searches)
    found, files, known = made
    click.echo(releasing.release_text(found, files, out, known))
