"""What all commands share: the group, its options, and how they end."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path

import click

import helpers
from helpers import paths
from helpers.parameters import parameter_dictionary
from helpers.problems import InputError, NotAvailable

FAILED, REFUSED, UNWRITTEN, INTERRUPTED = 1, 2, 3, 130
FOLDER = click.Path(path_type=Path)
LONGEST = 1000  # characters of a setting
UNWRITABLE = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT, errno.ENAMETOOLONG, errno.EFBIG)


class Stopped(SystemExit):
    """The process was asked to end; what it was at is put away on the way out."""


def command(*arguments: object, **options: object) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command of ``supplement`` that ends in one plain line whatever is wrong."""

    def make(function: Callable[..., None]) -> click.Command:
        return main.command(*arguments, **options)(refusing(function))

    return make


def refusing(function: Callable[..., None]) -> Callable[..., None]:
    """Turn a bad input, a place that cannot be written, and a signal into one message and an exit code of its own."""

    @wraps(function)
    def wrapped(*args: object, **kwargs: object) -> None:
        try:
            with _ending_on_signals():
                function(*args, **kwargs)
        except (InputError, NotAvailable) as error:
            click.echo(str(error), err=True)
            raise SystemExit(REFUSED) from None
        except KeyboardInterrupt:
            click.echo("Interrupted: nothing was left behind.", err=True)
            raise SystemExit(INTERRUPTED) from None
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            place = f" ({Path(str(error.filename)).name})" if error.filename else ""
            click.echo(f"Cannot be written: {error.strerror}{place}. Nothing was left behind.", err=True)
            raise SystemExit(UNWRITTEN) from None

    return wrapped


@contextlib.contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the process as Ctrl-C does, so that everything is put away."""

    def stop(number: int, _: object) -> None:
        raise Stopped(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    try:
        before = {number: signal.signal(number, stop) for number in numbers}
    except ValueError:  # only the main thread may
        before = {}
    try:
        yield
    except SystemError as error:  # in these, one within another, compiled code passes on what a signal raised in it
        first: BaseException | None = error
        while isinstance(first, SystemError):
            first = first.__cause__
        if isinstance(first, KeyboardInterrupt | Stopped):
            raise first from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(helpers.__version__, prog_name="supplement")
def main() -> None:
    """Executable methods supplement to Zhang et al. 2025.

    The default cohort is synthetic: no patient stands behind it.
    """
    if not (paths.NOTEBOOKS.is_dir() and paths.PUBLISHED.is_dir()):
        message = "installed without its notebooks and data. Clone the project and run `make run` there, or"
        click.echo(f"supplement: {message} install the clone with `pip install --editable .`", err=True)
        raise SystemExit(REFUSED)


def parameter_help() -> str:
    """List the parameters with default, unit, range and meaning."""
    lines = []
    for row in parameter_dictionary():
        unit = f" {row['unit']}" if row["unit"] and f"({row['unit']})" not in row["allowed"] else ""
        lines += [
            f"  {row['name']} = {row['default']}{unit}",
            f"      {row['meaning']}",
            f"      allowed: {row['allowed']}",
        ]
    return "\b\nParameters (--set NAME=VALUE):\n" + "\n".join(lines)


def split_commas(_: object, __: object, text: str | None) -> list[str]:
    """Read a list that is written with commas."""
    return [one.strip() for one in (text or "").split(",") if one.strip()]


def bounded_settings(_: object, __: object, settings: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a setting that is too long to be meant."""
    for setting in settings:
        if len(setting) > LONGEST:
            raise click.BadParameter(f"{setting[:30]}... has {len(setting)} characters; allowed: {LONGEST}")
    return settings


SETTINGS = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=bounded_settings,
    help="Change a parameter; repeatable.",
)
COHORT = click.option("--cohort", type=FOLDER, help="Folder of a cohort; by default the synthetic one.")
PUBLISHED = click.option("--published", type=FOLDER, help="Folder of printed numbers; by default those of the paper.")
NOTEBOOKS = click.option(
    "--notebooks", "wanted", default="", callback=split_commas, metavar="04,05", help="Only these; by default all."
)


def fixed_folders(cohort: Path | None, published: Path | None, settings: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the folders as parameters; those are set by options of their own only.

    Raises
    ------
    InputError
        If a setting names one.
    """
    from helpers.problems import Problem

    options = {"cohort_folder": "--cohort", "published_folder": "--published", "output_folder": "--out"}
    names = [setting.partition("=")[0].strip() for setting in settings]
    wrong = [
        Problem("parameters", "", name, "--set", f"the option {options[name]}") for name in names if name in options
    ]
    if wrong:
        raise InputError(wrong)
    given = {"cohort_folder": cohort, "published_folder": published}
    return {key: str(path.resolve()) for key, path in given.items() if path is not None}


def core_count() -> int:
    """Return how many notebooks run side by side unless told."""
    return max(1, min(4, os.cpu_count() or 1))
