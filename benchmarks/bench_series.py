"""Measure the series of notebooks in forked kernels against papermill one by one, and write it to docs/benchmarks.md.

`make bench` runs it after docs/bench.py (some three minutes). Both sides run the same notebooks, one after the other,
in turn, in one run, several times:

- papermill: the ordinary command `papermill NN.ipynb out.ipynb`, a process and an ordinary kernel for each notebook;
- forked: the same notebooks, writing the same files, by one process whose kernels are forked from one server;
- `supplement run --jobs 1 --no-site`: the command, which besides computes every number (results.json, concordance.csv).

CPU time is that of the command and all its children, kernels included. A first run, not counted, fills the caches of
compiled code (Python's own too) and fonts for both.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from helpers.paths import DOCS, ROOT, RUNS, write_text
from helpers.run.series import numbered

BIN = Path(sys.executable).parent
NAME = "bench-series"
TITLE = "## The series of notebooks"
PAGE = DOCS / "benchmarks.md"
PLAIN, FIGURES = "papermill", "papermill, writing figures and tables too"
ALONE, FORKED = "forked kernels, writing figures and tables too", "supplement run"
Cost = tuple[float, float]  # CPU seconds, seconds on the clock


def cost(command: Sequence[str | Path]) -> Cost:
    """Run a command to its end; return its CPU seconds, children included, and its seconds on the clock."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    clock, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.perf_counter() - clock


def one_by_one(notebooks: Sequence[Path], folder: Path, *, figures: bool = False) -> dict[str, Cost]:
    """Execute each notebook by papermill's command; return the cost of each."""
    more = ["-p", "output_folder", str(folder)] if figures else []
    return {
        path.stem: cost([BIN / "papermill", path, folder / path.name, "--no-progress-bar", *more]) for path in notebooks
    }


def in_one_process(notebooks: Sequence[Path], folder: Path) -> Cost:
    """Execute the notebooks in forked kernels, and nothing else; return the cost."""
    return cost(
        [sys.executable, __file__, "--execute", folder, "--notebooks", ",".join(path.stem for path in notebooks)]
    )


def execute(notebooks: Sequence[Path], folder: Path) -> None:
    """Be the process of :func:`in_one_process`."""
    from helpers.run.kernels import forked_kernels

    with forked_kernels(shared=True):
        from helpers.run.execution import execute_all

        done = execute_all(notebooks, folder / "notebooks", {"output_folder": str(folder)})
    if failed := [str(one.failure) for one in done if one.failure]:
        raise SystemExit("\n".join(failed))


def in_forked_kernels(notebooks: Sequence[Path]) -> tuple[Cost, dict[str, float]]:
    """Execute the series by one command; return its cost, and each notebook's seconds on the clock."""
    wanted = ",".join(path.stem for path in notebooks)
    command = [BIN / "supplement", "run", "--jobs", "1", "--no-site", "--name", NAME, "--notebooks", wanted]
    total = cost(command)
    told = json.loads((RUNS / NAME / "manifest.json").read_text())["this_run"]["seconds_by_notebook"]
    shutil.rmtree(RUNS / NAME)
    return total, told


def measure(notebooks: Sequence[Path], repeats: int) -> tuple[dict[str, list[Cost]], dict[str, list]]:
    """Run both sides in turn; return the cost of each whole series, and what each notebook took on either side."""
    totals: dict[str, list[Cost]] = {PLAIN: [], FIGURES: [], ALONE: [], FORKED: []}
    each: dict[str, list] = {path.stem: [] for path in notebooks}
    in_forked_kernels(notebooks)  # fills the caches of compiled code and fonts, for both
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            plain = one_by_one(notebooks, Path(name))
            drawing = one_by_one(notebooks, Path(name), figures=True)
            totals[ALONE].append(in_one_process(notebooks, Path(name)))
        total, told = in_forked_kernels(notebooks)
        print(f"{repeat + 1}/{repeats}", file=sys.stderr)
        for label, costs in ((PLAIN, plain), (FIGURES, drawing)):
            totals[label].append(tuple(sum(part) for part in zip(*costs.values(), strict=True)))
        totals[FORKED].append(total)
        for stem in each:
            each[stem].append((plain[stem], told[stem]))
    return totals, each


def report(totals: dict[str, list[Cost]], each: dict[str, list]) -> str:
    """Return the section of the page."""
    repeats = len(totals[FORKED])
    cpu, wall = ({label: median(cost[i] for cost in costs) for label, costs in totals.items()} for i in (0, 1))
    lines = [
        TITLE,
        "",
        f"Written by `make bench` (`docs/bench_series.py`): {len(each)} notebooks, one after the other, medians over",
        f"{repeats} repeat{'s' * (repeats != 1)}, both sides in turn in one run, {os.cpu_count()} cores; compiled code is"
        " cached. `papermill`: the ordinary command for each",
        "notebook, a process and an ordinary kernel each. *Forked kernels*: the same notebooks and files, start of the fork",
        "server included. `supplement run --jobs 1 --no-site`: the command, which besides computes every number.",
        "CPU time includes the kernels.",
        "",
        "| | CPU, s | wall, s | CPU, % of papermill | wall, % |",
        "|---|---:|---:|---:|---:|",
    ]
    for label in totals:
        shares = f"{100 * cpu[label] / cpu[PLAIN]:.0f} | {100 * wall[label] / wall[PLAIN]:.0f}"
        lines.append(f"| {label} | {cpu[label]:.1f} | {wall[label]:.1f} | {shares} |")
    for label, told in ((ALONE, "The same work, the same files"), (FORKED, "The whole command against the same files")):
        ratio = (100 * cpu[label] / cpu[FIGURES], 100 * wall[label] / wall[FIGURES])
        lines += ["", f"{told}: {ratio[0]:.1f} % of papermill's CPU time, {ratio[1]:.1f} % of its time on the clock."]
    lines += ["", "| notebook | papermill: CPU, s | wall, s | forked: wall, s |", "|---|---:|---:|---:|"]
    for stem, measured in each.items():
        used, plain, forked = (median(column) for column in zip(*((*one, own) for one, own in measured), strict=True))
        lines.append(f"| {stem} | {used:.1f} | {plain:.1f} | {forked:.1f} |")
    return "\n".join(lines) + "\n"


def placed(page: str, section: str) -> str:
    """Put the section into the page, in place of an older one.

    Examples
    --------
    >>> placed("# A\\n\\n## The series of notebooks\\n\\nold\\n\\n## B\\n", "## The series of notebooks\\n\\nnew\\n")
    '# A\\n\\n## B\\n\\n## The series of notebooks\\n\\nnew\\n'
    """
    others = re.sub(rf"^{TITLE}\n.*?(?=^## |\Z)", "", page, flags=re.DOTALL | re.MULTILINE)
    return f"{others.rstrip()}\n\n{section}"


def main() -> None:
    """Measure and write, or execute only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--notebooks", default="", metavar="04,05", help="only these")
    parser.add_argument("--dry", action="store_true", help="print the section, write nothing")
    parser.add_argument("--execute", type=Path, metavar="FOLDER", help="only execute the notebooks, into this folder")
    options = parser.parse_args()
    notebooks = numbered(wanted=[name for name in options.notebooks.split(",") if name])
    if options.execute:
        return execute(notebooks, options.execute)
    section = report(*measure(notebooks, options.repeats))
    print(section)
    if not options.dry:
        write_text(PAGE, placed(PAGE.read_text(encoding="utf-8"), section))


if __name__ == "__main__":
    main()
