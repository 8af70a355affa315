"""Other hospitals' files: import."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, command


@command(name="import")
@click.argument("files", nargs=-1, type=FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Folder of the cohort; the mapping goes there first.")
@click.option("--apply", "applying", is_flag=True, help="Apply the mapping that stands in the folder.")
@click.option("--again", is_flag=True, help="Propose again, in place of the mapping that stands there.")
@click.option(
    "--key", "key_file", type=FOLDER, help="Where the patients' random keys go; by default FOLDER.key.csv beside it."
)
def import_(files: tuple[Path, ...], out: Path, applying: bool, again: bool, key_file: Path | None) -> None:
    """Bring in other hospitals' FILES: propose what each column is, then apply what you confirmed.

    The first call writes a mapping to the folder, with a line "decide:" wherever it is not sure. Read it, answer, and
    call again with --apply. CSV of any separator and encoding, Excel, SPSS, Stata, SAS, REDCap with its dictionary,
    cBioPortal, CDISC ADTTE.
    """
    from helpers.run import importing

    if applying:
        click.echo(importing.told_of_import(importing.apply_proposal(files, out, key_file)))
    else:
        click.echo(importing.told_of_proposal(importing.write_proposal(files, out, again=again), out))
