"""The console script ``supplement``: one module per group of commands."""

from __future__ import annotations

from helpers.run import (
    command_check,
    command_import,
    command_notebooks,
    command_numbers,
    command_release,
    command_search,
    command_study,
    command_teach,
)
from helpers.run.commands import main

GROUPS = (
    command_notebooks,
    command_check,
    command_numbers,
    command_import,
    command_release,
    command_search,
    command_study,
    command_teach,
)

if __name__ == "__main__":
    main()
