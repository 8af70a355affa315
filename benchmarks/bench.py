"""Measure setting up, and the series against R's own supplement of the same analyses, and write it to benchmarks/benchmarks.md.

`make bench` runs it. CPU time is that of a command and all its children (user and system), so that others at work on the
machine matter little; both sides run in turn, in one run of this script:

- set-up: `make run` in a fresh clone, download included and nothing in a cache, against the same command as it was before
  uv set up (pip, everything installed, numba compiling on the everyday path), from the project's own history;
- series: notebooks 00-06 by `supplement run --jobs 1 --no-site`, in the environment that the clone made, against
  `benchmarks/supplement.Rmd`, rendered by R (left out where R, rmarkdown, ggplot2, gridExtra, readxl or survival is not
  installed). A first run of each, not counted, fills caches.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from helpers.paths import ROOT, write_text

HERE = Path(__file__).resolve().parent
PAGE = HERE / "benchmarks.md"
NOTEBOOKS = "00,01,02,03,04,05,06"
NEW, OLD = "`make run` in a fresh clone", "the same before uv set up"
INSTALL, FIRST = "installing, download included", "the first run, of all notebooks there are"
OURS, R = "`supplement run`, notebooks 00-06", "R Markdown, the same analyses"
BEFORE_UV = "f3ae8c6^"  # the last commit whose `make run` used pip
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def cost(command: Sequence[str | Path], folder: Path = ROOT, **variables: str) -> float:
    """Run a command to its end; return its CPU seconds, children included."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | variables
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fresh_clone(folder: Path, commit: str = "HEAD") -> Path:
    """Clone the project as it was committed."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    subprocess.run(["git", "-C", folder, "checkout", "--quiet", "--detach", commit], check=True)
    return folder


def setup(folder: Path) -> dict[str, float]:
    """Set up and run in fresh clones, both ways; leave the new one, with its environment, in *folder*/new."""
    base = getattr(sys, "_base_executable", sys.executable)
    empty = {"UV_CACHE_DIR": f"{folder}/uv", "PIP_NO_CACHE_DIR": "1", "PYTHONPATH": ""}
    found = {}
    for label, commit, name, ready in (
        (NEW, "HEAD", "new", ".venv/.ready-run"),
        (OLD, BEFORE_UV, "old", ".venv/.ready"),
    ):
        if subprocess.run(["git", "-C", ROOT, "cat-file", "-e", commit], capture_output=True, check=False).returncode:
            continue  # a clone without history
        clone = fresh_clone(folder / name, commit)
        found[f"{label}: {INSTALL}"] = cost(["make", ready, f"PYTHON={base}"], clone, **empty)
        found[f"{label}: {FIRST}"] = cost(["make", "run", f"PYTHON={base}"], clone, **empty)
    return found


R_HAS_ALL = "q(status=!all(sapply(c('rmarkdown', 'survival', 'ggplot2', 'gridExtra', 'readxl'), requireNamespace, quietly=TRUE)))"


def series(folder: Path, repeats: int) -> dict[str, list[float]]:
    """Run notebooks 00-06 and R's supplement in turn; return the times of each."""
    place = folder / "new" if (folder / "new").exists() else ROOT
    python = place / ".venv" / "bin" / "python" if place != ROOT else sys.executable
    ours = [python, "-m", "helpers.run.cli", "run", "--jobs", "1", "--no-site", "--notebooks", NOTEBOOKS]
    ours += ["--out", folder / "run"]
    call = f"rmarkdown::render('supplement.Rmd', output_dir='{folder}', intermediates_dir='{folder}', quiet=TRUE)"
    sides = {OURS: lambda: cost(ours, place, **ONE_THREAD, PYTHONPATH="")}
    if (
        shutil.which("Rscript")
        and not subprocess.run(["Rscript", "-e", R_HAS_ALL], capture_output=True, check=False).returncode
    ):
        sides[R] = lambda: cost(["Rscript", "-e", call], HERE, **ONE_THREAD)
    for side in sides.values():
        side()
    times = [{label: side() for label, side in sides.items()} for _ in range(repeats)]
    return {label: [one[label] for one in times] for label in sides}


def report(setups: dict[str, float], times: dict[str, list[float]]) -> str:
    """Return the page."""
    repeats = len(times[OURS])
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench` (`benchmarks/bench.py`): CPU seconds (user and system) of a command and all its children, on a",
        f"machine with {os.cpu_count()} cores. The series: one thread each, {repeats} pairs in turn, after one of each that is not counted.",
        "",
        "| | CPU, s | from | to |",
        "|---|---:|---:|---:|",
    ]
    lines += [f"| {label} | {seconds:.1f} | | |" for label, seconds in setups.items()]
    lines += [f"| {label} | {median(all_):.1f} | {min(all_):.1f} | {max(all_):.1f} |" for label, all_ in times.items()]
    if f"{OLD}: {INSTALL}" in setups:
        share, whole = (100 * sum(setups[f"{NEW}: {part}"] for part in parts) / sum(setups[f"{OLD}: {part}"] for part in parts)
                        for parts in ((INSTALL,), (INSTALL, FIRST)))  # fmt: skip
        lines += ["", f"Installing takes {share:.0f} % of the CPU time that it took before, with the first run, which does more now, {whole:.0f} %."]  # fmt: skip
    if R in times:
        shares = [100 * ours / theirs for ours, theirs in zip(times[OURS], times[R], strict=True)]
        lines += ["", f"Notebooks 00-06 take {median(shares):.0f} % ({min(shares):.0f} to {max(shares):.0f} %) of the CPU time of R's supplement of the same analyses."]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-setup", action="store_true", help="the series only")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        setups = {} if options.no_setup else setup(Path(name))
        page = report(setups, series(Path(name), options.repeats))
    print(page)
    if not options.dry:
        write_text(PAGE, page)


if __name__ == "__main__":
    main()
