"""Measure the engine against R, lifelines, statsmodels and scikit-survival, and write benchmarks/benchmarks.md.

`make bench` runs it (some five minutes). Each program runs in a process of its own, in turn with its peers, several
times; what is compared is the CPU time of one thread, medians over the repeats, compilation and imports left out except
where named. Wall times of the large fits stand beside it: where they are longer, the machine had other work.
The data are synthetic. A program that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  (threads are set before it is loaded)

HERE = Path(__file__).resolve().parent
SMALL, COLUMNS, RESAMPLES = 120, 4, 400
COMPARED = ("lifelines", "statsmodels", "scikit-survival")
LARGE, WIDE = 1_000_000, 10
PARTS = {"cox_fit": 1, "cox_fit_2": 2, "cox_fit_4": 4}


def survival_data(rng, n, p, censored_by):
    """Return time, event and X of n synthetic rows, about 36 % (censored_by 800) or 56 % (2000) of them events."""
    X = rng.normal(size=(n, p))
    X[:, 1::2] = X[:, 1::2] > 0
    time = rng.exponential(1000 * np.exp(-X @ np.linspace(-0.3, 0.3, p)))
    censoring = rng.uniform(0, censored_by, n)
    return np.minimum(time, censoring), time <= censoring, X


def prepare(folder: Path) -> None:
    """Write the data as flat binary files that both sides read."""
    rng = np.random.default_rng(20250604)
    time, event, X = survival_data(rng, SMALL, COLUMNS, 800)
    counts = rng.multinomial(SMALL, np.full(SMALL, 1 / SMALL), size=RESAMPLES)
    labels = rng.permuted(np.tile(np.arange(SMALL) % 2, (RESAMPLES, 1)), axis=1)
    small = {"time": np.ceil(time), "event": event, "x": X, "counts": counts, "labels": labels}
    time, event, X = survival_data(rng, LARGE, WIDE, 2000)
    large = {"large_days": np.ceil(time), "large_untied": time, "large_event": event, "large_x": X}
    for name, array in (small | large).items():
        np.asarray(array, dtype=float).tofile(folder / name)
    (folder / "small.txt").write_text(f"{SMALL} {COLUMNS} {RESAMPLES}")
    (folder / "large.txt").write_text(f"{LARGE} {WIDE}")


def cpu(function, least: float = 0.0) -> float:
    """Return the CPU seconds of one call, repeated until *least* seconds have gone by."""
    calls, start = 0, time.process_time()
    while calls == 0 or time.process_time() - start < least:
        function()
        calls += 1
    return (time.process_time() - start) / calls


def steady(functions: dict, calls: int = 3) -> dict:
    """Return the median CPU and wall seconds of each function, called in turn, after a first call that warms memory."""
    found: dict = defaultdict(list)
    for function in functions.values():
        function()
    for _ in range(calls):
        for name, function in functions.items():
            start = time.perf_counter()
            found[name].append(cpu(function))
            found[f"{name}_wall"].append(time.perf_counter() - start)
    return {name: median(values) for name, values in found.items()}


def peak() -> float:
    """Return the largest resident memory of this process so far, in MB (Linux)."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(next(li for li in status.read_text().splitlines() if "VmHWM" in li).split()[1]) / 1024


def small(folder: Path):
    """Return the small data set: time, event, X, counts, labels."""
    shapes = {"time": (SMALL,), "event": (SMALL,), "x": (SMALL, COLUMNS)}
    shapes |= {"counts": (RESAMPLES, SMALL), "labels": (RESAMPLES, SMALL)}
    return [np.fromfile(folder / name).reshape(shape) for name, shape in shapes.items()]


def large(folder: Path, ties: str, n: int = LARGE):
    """Return the first n rows of the large data set: time, event, X."""
    X = np.fromfile(folder / "large_x", count=n * WIDE).reshape(n, WIDE)
    return np.fromfile(folder / f"large_{ties}", count=n), np.fromfile(folder / "large_event", count=n) == 1, X


def engine_small(folder: Path) -> dict:
    from helpers import resampling as engine

    days, event, X, counts, labels = small(folder)
    counts, labels = counts.astype(int), labels.astype(int)
    tasks = {
        "cox_batch": lambda: engine.cox_batch(days, event, X, np.tile(counts, (10, 1))),
        "logrank_permutations": lambda: engine.logrank_permutations(days, event, np.tile(labels, (50, 1))),
        "survival_batch": lambda: engine.survival_batch(days, event, counts, [100, 300]),
        "cox_fit": lambda: engine.cox_fit(days, event, X),
    }
    many = {"cox_batch": 10 * RESAMPLES, "logrank_permutations": 50 * RESAMPLES, "survival_batch": RESAMPLES}
    for task in tasks.values():
        task()
    found = {name: cpu(task, 0.2) / many.get(name, 1) for name, task in tasks.items()}
    fits = engine.cox_batch(days, event, X, counts)
    found["separated"] = int(fits.separated.sum())
    if (folder / "coef_r").exists():
        theirs = np.fromfile(folder / "coef_r").reshape(-1, COLUMNS)
        kept = ~fits.separated[: len(theirs)]
        found["difference"] = float(np.abs(fits.coef[: len(theirs)] - theirs)[kept].max())
    return found


def engine_large(folder: Path, ties: str) -> dict:
    from helpers import resampling as engine

    time_, event, X = large(folder, ties, 10_000)
    engine.cox_fit(np.tile(time_, 21), np.tile(event, 21), np.tile(X, (21, 1)))
    time_, event, X = large(folder, ties)
    before = peak()
    engine.cox_fit(time_, event, X)
    found = {"peak": peak(), "before": before}
    sizes = {name: slice(LARGE // part) for name, part in PARTS.items()}
    return found | steady(
        {name: lambda r=rows: engine.cox_fit(time_[r], event[r], X[r]) for name, rows in sizes.items()}
    )


def lifelines_small(folder: Path) -> dict:
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    days, event, X, counts, labels = small(folder)
    frame = pd.DataFrame(X).assign(days=days, event=event)
    frames = [frame.loc[np.repeat(frame.index, c.astype(int))].reset_index(drop=True) for c in counts[:20]]
    inside = labels[0] == 1

    def fit():
        for each in frames:
            CoxPHFitter().fit(each, "days", "event")

    def test():
        logrank_test(days[inside], days[~inside], event[inside], event[~inside])

    def curve():
        KaplanMeierFitter().fit(days, event).survival_function_at_times([100, 300])

    fit()
    return {"CoxPHFitter": cpu(fit) / len(frames), "logrank_test": cpu(test, 0.3), "KaplanMeierFitter": cpu(curve, 0.3)}


def lifelines_large(folder: Path, ties: str) -> dict:
    import pandas as pd
    from lifelines import CoxPHFitter

    time_, event, X = large(folder, ties)
    frame = pd.DataFrame(X).assign(time=time_, event=event)
    before = peak()
    return {"CoxPHFitter": cpu(lambda: CoxPHFitter().fit(frame, "time", "event")), "peak": peak(), "before": before}


def statsmodels_small(folder: Path) -> dict:
    from statsmodels.duration.hazard_regression import PHReg

    days, event, X, counts, _ = small(folder)
    drawn = [np.repeat(np.arange(SMALL), c.astype(int)) for c in counts[:20]]

    def fit():
        for i in drawn:
            _ = PHReg(days[i], X[i], event[i], ties="efron").fit().bse

    fit()
    return {"PHReg": cpu(fit) / len(drawn)}


def sksurv_small(folder: Path) -> dict:
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    days, event, X, counts, _ = small(folder)
    drawn = [np.repeat(np.arange(SMALL), c.astype(int)) for c in counts[:50]]
    outcome = Surv.from_arrays(event == 1, days)

    def fit():
        for i in drawn:
            CoxPHSurvivalAnalysis(ties="efron").fit(X[i], outcome[i])

    fit()
    return {"CoxPHSurvivalAnalysis": cpu(fit) / len(drawn)}


def first(folder: Path) -> dict:
    """Time the same where nothing is compiled yet."""
    from numba import config

    with tempfile.TemporaryDirectory() as nowhere:
        config.CACHE_DIR = nowhere
        return second(folder)


def second(folder: Path) -> dict:
    """Time what a process pays whose compiled code is already on disk."""
    start = time.process_time()
    from helpers import resampling as engine

    imported = time.process_time()
    days, event, X, counts, _ = small(folder)
    engine.cox_batch(days, event, X, counts)
    return {"import": imported - start, "first": time.process_time() - imported}


TASKS = {  # peers stand next to each other, so that other work on the machine meets them alike
    "R small": None,
    "engine small": engine_small,
    "lifelines small": lifelines_small,
    "statsmodels small": statsmodels_small,
    "scikit-survival small": sksurv_small,
    "R days": None,
    "engine days": lambda folder: engine_large(folder, "days"),
    "lifelines days": lambda folder: lifelines_large(folder, "days"),
    "R untied": None,
    "engine untied": lambda folder: engine_large(folder, "untied"),
    "engine second": second,
    "engine first": first,
}
ONCE = {"lifelines days", "engine first"}


def run(task: str, folder: Path) -> dict | None:
    """Run one task in a process of its own; None if its program is not installed."""
    program, what = task.split()
    if program == "R":
        command = ["Rscript", str(HERE / "bench.R"), what, str(folder)]
    else:
        command = [sys.executable, str(HERE / "bench.py"), "--task", task, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE.parent)
    if done.returncode != 0:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(f"{task}: {done.stderr[-2000:]}")
    if program == "R":
        pairs = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
        return {key: value.strip().strip('"') for key, value in pairs}
    return json.loads(done.stdout.splitlines()[-1])


def measure(repeats: int) -> dict:
    """Run every task in turn, *repeats* times; return {task: {name: [values]}}."""
    found: dict = defaultdict(lambda: defaultdict(list))
    tasks = [task for task, function in TASKS.items() if function or shutil.which("Rscript")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        run("engine small", folder)
        for repeat in range(repeats):
            for task in tasks:
                if repeat > 0 and task in ONCE:
                    continue
                for key, value in (run(task, folder) or {}).items():
                    found[task][key].append(value)
                print(f"{repeat + 1}/{repeats} {task}", file=sys.stderr)
    return found


def machine() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [li.split(":")[1].strip() for li in info.read_text().splitlines() if li.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def report(found: dict, repeats: int) -> str:
    """Return the page."""

    def values(task, key):
        return [float(v) for v in found.get(task, {}).get(key, [])]

    def table(ours, others, unit, scale, digits):
        base = median(values(*ours[:2])) * scale
        lines = [f"| program | median, {unit} | range | engine is faster by |", "|---|---:|---:|---:|"]
        for task, key, label in (ours, *others):
            got = [v * scale for v in values(task, key)]
            if got:
                ratio = "" if (task, key) == ours[:2] else f"{median(got) / base:,.1f}"
                spread = f"{min(got):,.{digits}f}-{max(got):,.{digits}f}"
                lines.append(f"| {label} | {median(got):,.{digits}f} | {spread} | {ratio} |")
        return "\n".join(lines)

    small_rows = [
        ("R small", "coxph.fit", "R coxph.fit"),
        ("R small", "coxph", "R coxph"),
        ("lifelines small", "CoxPHFitter", "lifelines"),
        ("statsmodels small", "PHReg", "statsmodels"),
        ("scikit-survival small", "CoxPHSurvivalAnalysis", "scikit-survival (gives no standard errors)"),
    ]
    large_tables = []
    for ties, title in (("days", "times in whole days (tied)"), ("untied", "untied times")):
        rows = [("R " + ties, "coxph.fit", "R coxph.fit"), (f"lifelines {ties}", "CoxPHFitter", "lifelines")]
        ours = (f"engine {ties}", "cox_fit", "engine, cox_fit")
        memory = [
            f"{label} {median(values(task, 'peak')):,.0f} MB ({median(values(task, 'before')):,.0f} with the data)"
            for task, label in ((f"engine {ties}", "engine"), (f"R {ties}", "R"), (f"lifelines {ties}", "lifelines"))
            if values(task, "peak")
        ]
        growth = ", ".join(
            f"{LARGE // part:,} rows {median(values(f'engine {ties}', key)):.3f} s"
            for key, part in reversed(PARTS.items())
        )
        twice = [w / h for w, h in zip(*(values(f"engine {ties}", key) for key in [*PARTS][:2]), strict=True)]
        wall = [
            f"{label} {median(values(task, key)):.3f} s"
            for task, key, label in ((f"engine {ties}", "cox_fit_wall", "engine"), ("R " + ties, "wall", "R"))
            if values(task, key)
        ]
        large_tables.append(
            f"### {title.capitalize()}\n\n{table(ours, rows, 's', 1, 3)}\n\n"
            f"Peak resident memory of the process: {'; '.join(memory)}.\n\nGrowth of the engine: {growth}; "
            f"twice the rows take {median(twice):.2f} times as long.\n\nWall time: {', '.join(wall)}.\n"
        )
    installed = [
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "numba", *COMPARED) if _is_installed(name)
    ]
    absent = ", ".join(name for name in COMPARED if not _is_installed(name))
    absent = f"Not installed here, so not measured: {absent}." if absent else ""
    r = found.get("R small", {})
    versions = [f"Python {platform.python_version()}", *installed]
    versions += [f"R {r['R'][0]}", f"survival {r['survival'][0]}"] if r else []
    difference = max(values("engine small", "difference"), default=float("nan"))
    return f"""# Benchmarks

Written by `make bench` (`benchmarks/bench.py`). Machine: {machine()}, one thread. {", ".join(versions)}.

Medians over {repeats} repeats, every program in a process of its own and in turn (lifelines on a million rows: once).
Times are CPU time of one thread; data are in memory, code is compiled and imported. A million
rows: median of three calls after a first one. Data are synthetic. {absent}

## A Cox model with standard errors: {SMALL} rows, {COLUMNS} covariates, resamples of one data set

{table(("engine small", "cox_batch", "engine, cox_batch"), [("engine small", "cox_fit", "engine, one cox_fit"), *small_rows], "us a fit", 1e6, 1)}

Largest difference between coefficients of the engine and of R (eps 1e-13) in this run: {difference:.1e}. Resamples
without a finite estimate, flagged and left out: {int(median(values("engine small", "separated")))} of {RESAMPLES}.

## Log-rank statistic under permuted labels: {SMALL} rows, two groups

{table(("engine small", "logrank_permutations", "engine, logrank_permutations"), [("R small", "survdiff", "R survdiff"), ("lifelines small", "logrank_test", "lifelines")], "us a permutation", 1e6, 2)}

## Kaplan-Meier at two times, with standard errors: {SMALL} rows, resamples

{table(("engine small", "survival_batch", "engine, survival_batch"), [("R small", "survfit", "R survfit and summary"), ("lifelines small", "KaplanMeierFitter", "lifelines (one curve, no resampling)")], "us a curve", 1e6, 2)}

## A registry: {LARGE:,} rows, {WIDE} covariates, with standard errors

{chr(10).join(large_tables)}
## A second process

Compiled code is kept on disk. A new process needs {median(values("engine second", "import")):.2f} s to import the engine
(numba included) and {median(values("engine second", "first")):.2f} s until its first batch of {RESAMPLES} fits is done.
On a machine where nothing is compiled yet, that first batch takes {median(values("engine first", "first")):.0f} s, once.
"""


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Run the benchmark, or one task of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--task", choices=[task for task, function in TASKS.items() if function])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(TASKS[options.task](options.folder)))
        return
    from helpers.paths import write_text

    write_text(HERE / "benchmarks.md", report(measure(options.repeats), options.repeats))


if __name__ == "__main__":
    main()
