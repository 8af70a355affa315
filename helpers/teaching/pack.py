"""A folder for a classroom without internet: exercises, sheets, and a light set of packages for three systems."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import paths
from helpers.problems import InputError, Problem
from helpers.teaching.build import SEED, build
from helpers.teaching.wheels import missing

PLATFORMS = {
    "linux": ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_27_x86_64", "manylinux_2_28_x86_64"),
    "windows": ("win_amd64",),
    "mac": ("macosx_11_0_arm64", "macosx_12_0_arm64", "macosx_14_0_arm64"),
    "mac-intel": (
        "macosx_10_9_x86_64",
        "macosx_10_12_x86_64",
        "macosx_10_13_x86_64",
        "macosx_11_0_x86_64",
        "macosx_14_0_x86_64",
    ),
}
PYTHONS = ("3.11", "3.12", "3.13")
ONLY_THERE = {
    "windows": ("colorama", "pywinpty"),
    "mac": ("appnope",),
    "mac-intel": ("appnope",),
}  # pip asks the wrong machine
SITE = paths.DOCS / "_build" / "site"  # as supplement site builds it
LOCKS = ("requirements.lock", "requirements-lab.lock")

READ_FIRST = """A class on survival after CAR T-cell therapy: exercises
========================================================

All children of the data are made up, but the 137 of exercise 9, who are public.

Without a computer:  print what is in sheet/.
With one:            1. Python 3.11, 3.12 or 3.13 must be there (python.org; no administrator needed).
                     2. Windows: double-click install.bat.   Linux, macOS: sh install.sh in a terminal.   No internet is needed
                        if wheels/ holds the packages of your system ({systems}).
                        Copy this folder to the computer first, on Windows into a short one such as C:\\class: long paths fail there.
                     3. start.bat, or sh start.sh. A browser opens; begin with 00_start_here.ipynb.

Nobody's name is stored. progress.json beside the notebooks holds your attempts; hand it in with the notebooks.
"""
INSTALL_SH = """#!/bin/sh
# Set up the class's packages beside this file, from wheels/ only if they are there: no internet is used then.
cd "$(dirname "$0")" || exit 1
for python in python3.13 python3.12 python3.11 python3 python; do
  "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && break
  python=
done
[ -n "$python" ] || { echo "Python 3.11, 3.12 or 3.13 with its venv module was not found."; exit 1; }
from=; [ -d wheels ] && from="--no-index --find-links wheels"
"$python" -m venv venv && venv/bin/python -m pip install --disable-pip-version-check $from -r requirements.txt &&
  echo "Ready: sh start.sh" || { echo "Not installed: see above. The sheets need no computer."; exit 1; }
"""
START_SH = """#!/bin/sh
cd "$(dirname "$0")" || exit 1
[ -x venv/bin/python ] || { echo "Not installed yet: sh install.sh first."; exit 1; }
venv/bin/python -m jupyterlab.labextensions disable --level=sys_prefix @jupyterlab/apputils-extension:announcements >/dev/null 2>&1  # it asks for news
exec venv/bin/python -m jupyterlab student
"""
INSTALL_BAT = """@echo off
rem Set up the class's packages beside this file, from wheels\\ only if they are there: no internet is used then.
cd /d "%~dp0"
set PY=
for %%V in (3.13 3.12 3.11) do if not defined PY (py -%%V -c "import venv" >nul 2>nul && set PY=py -%%V)
if not defined PY (python -c "import sys; sys.exit(not (3,11) <= sys.version_info[:2] < (3,14))" >nul 2>nul && set PY=python)
if not defined PY (echo Python 3.11, 3.12 or 3.13 was not found. & pause & exit /b 1)
set FROM=
if exist wheels set FROM=--no-index --find-links wheels
%PY% -m venv venv || (pause & exit /b 1)
venv\\Scripts\\python -m pip install --disable-pip-version-check %FROM% -r requirements.txt || (echo Not installed: see above. The sheets need no computer. & pause & exit /b 1)
echo Ready: start.bat
pause
"""
START_BAT = """@echo off
cd /d "%~dp0"
if not exist venv\\Scripts\\python.exe (echo Not installed yet: double-click install.bat first. & pause & exit /b 1)
rem JupyterLab would ask whether it may fetch news.
venv\\Scripts\\python -m jupyterlab.labextensions disable --level=sys_prefix @jupyterlab/apputils-extension:announcements >nul 2>nul
venv\\Scripts\\python -m jupyterlab student || pause
"""


def pack(out: Path, *, seed: int = SEED, targets: Sequence[tuple[str, str]] = ()) -> dict[tuple[str, str], str]:
    """Make the folder of a class.

    Parameters
    ----------
    out : Path
        New or empty. Gets ``for_students`` (data, student, sheet, install and start scripts, wheels) and ``for_teacher``.
    seed : int
        Of the class; another than the default has answers that are not in the repository.
    targets : sequence of (system, Python)
        Whose wheels are fetched, see :func:`chosen`; needs a network.

    Returns
    -------
    dict
        For each target "" if all that it will ask for is there, else what is not, or the last line that pip said.

    Raises
    ------
    InputError
        If *out* is there and not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            [Problem("teach pack", "", "--out", out.name, "a folder that does not exist yet, or is empty")]
        )
    room, teacher = out / "for_students", out / "for_teacher"
    with TemporaryDirectory() as made:
        build(Path(made), seed=seed)
        for name in ("student", "sheet", "data"):
            shutil.copytree(Path(made) / name, room / name)
        for name in ("teacher", "data"):
            shutil.copytree(Path(made) / name, teacher / name)
    shutil.copyfile(paths.DOCS / "teaching.md", teacher / "teaching.md")
    if SITE.is_dir():
        shutil.copytree(SITE, room / "site")
    paths.write_text(room / "requirements.txt", "".join(f"{pin}\n" for pin in light_set()))
    systems = ", ".join(f"{system} with Python {python}" for system, python in targets) or "none were packed"
    for name, text in (
        ("READ_FIRST.txt", READ_FIRST.format(systems=systems)),
        ("install.sh", INSTALL_SH),
        ("start.sh", START_SH),
    ):
        paths.write_text(room / name, text)
    for name, text in (("install.bat", INSTALL_BAT), ("start.bat", START_BAT)):
        with paths.atomic_writing(room / name, "wb") as handle:
            handle.write(text.replace("\n", "\r\n").encode("ascii"))
    return fetch(room / "wheels", targets) if targets else {}


def light_set() -> list[str]:
    """Return the packages of the extra ``class``, each at the version that the locks pin.

    Examples
    --------
    >>> [pin.partition("==")[0] for pin in light_set()]
    ['jupyterlab', 'lifelines', 'matplotlib', 'numpy', 'pandas', 'scipy']
    """
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [re.split(r"[<>=~!\[; ]", one)[0] for one in project["project"]["optional-dependencies"]["class"]]
    known = dict(pins())
    return [f"{name}=={known[name]}" for name in sorted(names)]


def pins() -> list[tuple[str, str]]:
    """Read name and version of everything that the locks of the run and of the laboratory pin, markers left out."""
    text = "\n".join((paths.ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    return re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", text, re.MULTILINE)


def chosen(text: str) -> list[tuple[str, str]]:
    """Read targets: ``all``, or systems with or without a Python, commas between.

    Raises
    ------
    InputError
        Naming each that is none.

    Examples
    --------
    >>> chosen("linux-3.11,mac-3.13"), len(chosen("windows")), len(chosen("all"))
    ([('linux', '3.11'), ('mac', '3.13')], 3, 12)
    """
    known = {f"{system}-{python}": (system, python) for system in PLATFORMS for python in PYTHONS}
    found: list[tuple[str, str]] = []
    wrong = []
    for word in [one.strip() for one in text.split(",")]:
        named = [known[word]] if word in known else [one for one in known.values() if word in ("all", one[0])]
        found += [one for one in named if one not in found]
        if not named:
            wrong.append(Problem("teach pack", "", "--wheels", word[:40], "all; " + ", ".join(known)))
    if wrong:
        raise InputError(wrong)
    return found


def fetch(wheels: Path, targets: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Fetch the wheels of each target by pip, as it is configured; a package that has none is built here if it is pure Python."""
    wheels.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as made:
        pinned = Path(made) / "constraints.txt"
        versions: dict[str, set[str]] = {}
        for name, version in pins():
            versions.setdefault(name, set()).add(version)
        pinned.write_text("".join(f"{name}=={min(found)}\n" for name, found in versions.items() if len(found) == 1))
        _pip("wheel", "--no-deps", "--wheel-dir", made, "--constraint", str(pinned), "autograd-gamma")
        for wheel in Path(made).glob("*-none-any.whl"):
            shutil.copy(wheel, wheels)
        failed = {}
        for system, python in targets:
            where = [part for tag in PLATFORMS[system] for part in ("--platform", tag)]
            wanted = [*light_set(), *ONLY_THERE.get(system, ())]
            for held in (
                ["--constraint", str(pinned)],
                [],
            ):  # a pinned version may have no wheel for an older system: then another
                done = _pip(
                    "download", "--only-binary=:all:", "--dest", str(wheels), "--find-links", str(wheels), *held,
                    *where, "--python-version", python, "--implementation", "cp", *wanted,
                )  # fmt: skip
                if done.returncode == 0:
                    break
            said = (done.stderr.strip() or "pip failed").splitlines()[-1]
            absent = ", ".join(missing(wheels, light_set(), system, python))
            failed[system, python] = said if done.returncode else absent and f"no wheel of {absent}"
    return failed


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
