"""The console script ``supplement``."""

from __future__ import annotations

import click

import helpers


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(helpers.__version__, prog_name="supplement")
def main() -> None:
    """Executable methods supplement to Zhang et al. 2025."""


@main.command()
def run() -> None:
    """Execute the notebooks on a cohort and collect every result."""


@main.command()
def check() -> None:
    """Read a cohort and list what is wrong with it."""
