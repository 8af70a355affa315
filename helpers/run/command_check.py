"""Cohorts before they are run: check, template."""

from __future__ import annotations

from pathlib import Path

import click

from helpers.run.commands import FOLDER, command


@command()
@click.argument("folder", required=False, type=FOLDER, metavar="[DIR]")
@click.option("--cohort", type=FOLDER, help="The same as DIR.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--html", "page", type=FOLDER, help="Write an HTML page to this file.")
def check(folder: Path | None, cohort: Path | None, as_json: bool, page: Path | None) -> None:
    """Read a cohort, or hospital extracts, in DIR (by default the synthetic cohort) before anything is run.

    Lists at once what is wrong (exit code 2), what is unlikely, what is taken for granted, and which sections of the notebooks
    the cohort will give. No content of a cell is shown but codes, short numbers and words of the dictionary.
    """
    from helpers.run.checking import show_check

    show_check(folder or cohort, as_json=as_json, page=page)


@command()
@click.argument("folder", type=FOLDER, metavar="DIR")
def template(folder: Path) -> None:
    """Write empty tables, the dictionary in words, a REDCap data dictionary and a toy example to DIR, which must be empty."""
    from helpers.run.templates import write_template

    write_template(folder)
    click.echo("Written: tables/, example/, dictionary.md, redcap_data_dictionary.csv")
    click.echo("Fill in tables/, then: supplement check DIR/tables")
