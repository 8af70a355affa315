"""Measure setting up, and the series against R's own supplement of the same analyses, and write it to benchmarks/benchmarks.md.

`make bench` runs it. CPU time is that of a command and all its children; both sides run in turn, in one run of this script:

- set-up: `make run` in a fresh clone, download included, against pip installing all that the project names (as version
  0.1.0 did) and the same run after it;
- series: notebooks 00-06 by `supplement run --jobs 1 --no-site`, against `benchmarks/supplement.Rmd`, rendered by R
  (left out where R, rmarkdown, ggplot2 or survival is not installed). A first run of each, not counted, fills caches.
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


def setup() -> dict[str, float]:
    """Set up and run in fresh clones, both ways."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        base = getattr(sys, "_base_executable", sys.executable)
        empty = {"UV_CACHE_DIR": f"{name}/uv", "PIP_NO_CACHE_DIR": "1", "PYTHONPATH": ""}
        found["make run in a fresh clone"] = cost(["make", "run", f"PYTHON={base}"], clone, **empty)
        found["of which the run"] = cost(
            [clone / ".venv" / "bin" / "python", "-m", "helpers.run.cli", "run"], clone, PYTHONPATH=""
        )
        cost([base, "-m", "venv", f"{name}/old"])
        locks = [part for lock in sorted(clone.glob("requirements*.lock")) for part in ("--requirement", lock)]
        found["the old way to set up: pip, everything"] = cost(
            [f"{name}/old/bin/python", "-m", "pip", "install", "--quiet", *locks], clone, **empty
        )
    return found


def series(repeats: int) -> dict[str, float]:
    """Run notebooks 00-06 and R's supplement in turn; return medians."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        here = [
            sys.executable,
            "-m",
            "helpers.run.cli",
            "run",
            "--jobs",
            "1",
            "--no-site",
            "--notebooks",
            NOTEBOOKS,
            "--out",
        ]
        ours = [*here, f"{name}/run"]
        call = f"rmarkdown::render('supplement.Rmd', output_dir='{name}', intermediates_dir='{name}', quiet=TRUE)"
        sides = {"supplement run, notebooks 00-06": lambda: cost(ours, **ONE_THREAD)}
        if shutil.which("Rscript"):
            sides["R Markdown, the same analyses"] = lambda: cost(["Rscript", "-e", call], HERE, **ONE_THREAD)
        for side in sides.values():
            side()
        times = [{label: side() for label, side in sides.items()} for _ in range(repeats)]
    return {label: median(one[label] for one in times) for label in sides}


def report(parts: dict[str, dict[str, float]], repeats: int) -> str:
    """Return the page."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` (`benchmarks/bench.py`): CPU seconds of a command and all its children, {os.cpu_count()} cores;",
        f"series: medians over {repeats} repeats, both sides in turn, one thread each.",
    ]
    lines += ["", "| | CPU, s |", "|---|---:|"]
    lines += [f"| {label} | {seconds:.1f} |" for part in parts.values() for label, seconds in part.items()]
    values = list(parts["series"].values())
    if len(values) == 2:
        share = 100 * values[0] / values[1]
        lines += ["", f"Notebooks 00-06 take {share:.0f} % of the CPU time of R's supplement of the same analyses."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-setup", action="store_true", help="the series only")
    parser.add_argument("--dry", action="store_true", help="print the page, write nothing")
    options = parser.parse_args()
    parts = {"setup": {} if options.no_setup else setup(), "series": series(options.repeats)}
    page = report(parts, options.repeats)
    print(page)
    if not options.dry:
        write_text(PAGE, page)


if __name__ == "__main__":
    main()
