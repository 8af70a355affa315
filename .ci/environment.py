"""Make .venv, or the locks: run by the Makefile with any Python from 3.11 to 3.13, before anything is installed.

    python .ci/environment.py run|test|lab      install what that needs, from the locks with their hashes
    python .ci/environment.py lock              make the locks again from pyproject.toml (for maintainers)

uv does it; where it is not there, pip fetches it into .venv; where neither is to be had, pip installs the same locks.
What pip is configured to use (a mirror, wheels on a disk, certificates) uv is told, and no file.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
EXTRAS = {"run": (), "test": ("test", "dask"), "lab": ("lab", "class")}
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock", "lab": "requirements-lab.lock"}
HOME = VENV / ".home"  # where it was made: its commands hold that path
CONFIGURED = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
              "cert": "SSL_CERT_FILE"}  # fmt: skip
COMPILE = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate",
           "--no-emit-index-url", "--no-emit-find-links", "--quiet")  # fmt: skip


def call(*command: str | Path, **more: str) -> bool:
    """Run a command; say whether it ended well."""
    return (
        subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **more}, check=False).returncode
        == 0
    )


def make_venv() -> None:
    """Make .venv unless it is there, works, and was made here."""
    fits = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))"
    here = not HOME.exists() or HOME.read_text() == str(ROOT)
    if (
        here
        and PYTHON.exists()
        and subprocess.run([PYTHON, "-c", fits], capture_output=True, check=False).returncode == 0
    ):
        HOME.write_text(str(ROOT))
        return
    print(f"Making .venv with Python {sys.version.split()[0]}.", flush=True)
    if not call(sys.executable, "-m", "venv", "--clear", VENV):
        sys.exit("This Python cannot make an environment: its venv module is missing or incomplete.")
    HOME.write_text(str(ROOT))


def find_uv() -> str | None:
    """Return uv: the one on the path, or that of .venv, fetched there if need be."""
    for found in (shutil.which("uv"), shutil.which("uv", path=str(BIN))):
        if found:
            return found
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.5")
    return shutil.which("uv", path=str(BIN)) if call(*pip) else None


def told_by_pip() -> dict[str, str]:
    """Read where pip is configured to look, as the variables that uv reads; what is set for uv already stays."""
    done = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        variable = CONFIGURED.get(name.rpartition(".")[2])
        if variable and variable not in os.environ:
            found[variable] = " ".join(value.strip("'\"").split("\\n"))
    return found


def install(level: str) -> None:
    """Install the locks of a level, and the project itself in place."""
    make_venv()
    locks = [part for name in dict.fromkeys(["run", level]) for part in ("--requirement", ROOT / LOCKS[name])]
    print(f"Installing {' and '.join(str(lock.name) for lock in locks[1::2])} into .venv (once).", flush=True)
    uv, own = find_uv(), ("--no-deps", "--no-build-isolation", "--editable", ".")
    quick = (
        uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        PYTHON,
        "--no-config",
        "--index-strategy",
        "unsafe-best-match",
    )
    slow = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    told = told_by_pip()
    if not (uv and call(*quick, "--require-hashes", *locks, **told)) and not call(*slow, "--require-hashes", *locks):
        sys.exit("The packages could not be installed: see above. Nothing outside .venv was changed.")
    if not (uv and call(*quick, *own, **told)) and not call(*slow, *own):
        sys.exit("The project itself could not be installed: see above.")


def lock() -> None:
    """Make the locks again: what is locked already stays, unless pyproject.toml no longer allows it."""
    make_venv()
    uv, new = find_uv() or sys.exit("Locks need uv."), VENV / "new.lock"
    told = {name: value for name, value in told_by_pip().items() if name in ("UV_DEFAULT_INDEX", "SSL_CERT_FILE")}
    kept = "".join((ROOT / name).read_text() for name in LOCKS.values() if (ROOT / name).exists())
    known: dict[str, str] = {}
    for level, extras in EXTRAS.items():
        new.write_text(kept)  # uv prefers what its output file holds
        more = [part for extra in extras for part in ("--extra", extra)]
        if not call(uv, "pip", "compile", "pyproject.toml", *more, *COMPILE, "--output-file", new, **told):
            sys.exit(f"The lock of {level} could not be made: see above.")
        blocks = _blocks(new.read_text())
        known = known or blocks
        (ROOT / LOCKS[level]).write_text(
            "".join(block for name, block in blocks.items() if level == "run" or known.get(name) != block)
        )


def _blocks(text: str) -> dict[str, str]:
    """Cut a lock into one block per requirement."""
    found = re.findall(r"^(\w[^\n]*\n(?:[ \t]+[^\n]*\n)*)", text, re.MULTILINE)
    return {block.partition(" \\")[0]: block for block in found}


if __name__ == "__main__":
    lock() if sys.argv[1:] == ["lock"] else install(sys.argv[1])
