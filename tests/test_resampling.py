"""Resampled Cox models against R's survival, against a linear program, and against input that is wrong; the cache of compiled code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from helpers.paths import ROOT
from helpers.problems import InputError
from helpers.resampling.cox import resampled_cox

ORACLE = Path(__file__).parent / "oracle"
# name -> seed of the resamples, as in oracle/resampling.R
CASES = {"lung": 12, "veteran": 13, "pbc": 15, "ovarian": 17}
RESAMPLES = 200


@cache
def rows(name):
    """The real data set, and the counts of its resamples made by the generator of the R script."""
    frame = pd.read_csv(ORACLE / f"resampling_{name}_rows.csv")
    n = len(frame)
    states = np.empty(RESAMPLES * n)
    state = CASES[name]
    for k in range(states.size):
        state = 48271 * state % 2147483647
        states[k] = state
    drawn = np.floor(states * n / 2147483647).astype(int).reshape(RESAMPLES, n)
    counts = np.array([np.bincount(row, minlength=n) for row in drawn], dtype=np.uint8)
    return frame["time"].to_numpy(), frame["event"].to_numpy(), frame.drop(columns=["time", "event"]).to_numpy(), counts


def far(found, expected):
    """Largest deviation: relative, absolute below 1."""
    return np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", CASES)
def test_agrees_with_r(name, ties):
    fits = resampled_cox(*rows(name), ties=ties)
    expected = pd.read_csv(ORACLE / f"resampling_{name}.csv.gz")
    separated = expected[f"{ties}_separated"].to_numpy() == 1
    np.testing.assert_array_equal(fits.separated, separated)
    kept = ~separated
    assert far(fits.coef[kept], expected.filter(regex=f"^{ties}_coef").to_numpy()[kept]) < 1e-8
    assert far(fits.se[kept], expected.filter(regex=rf"^{ties}_se\d").to_numpy()[kept]) < 1e-8
    assert np.isnan(fits.coef[separated]).all()
    assert np.isnan(fits.se[separated]).all()


def no_finite_estimate(time, event, x):
    """By linear programming: is there a direction along which no event has a smaller score than one at risk?"""
    pairs = np.vstack([x[i] - x[time >= time[i]] for i in np.flatnonzero(event)])
    differences = np.unique(pairs, axis=0)
    if (np.ptp(differences, axis=0) == 0).any():
        return True
    scaled = differences / np.abs(differences).max(axis=0)
    if np.linalg.matrix_rank(scaled) < scaled.shape[1]:
        return True
    best = linprog(-scaled.sum(axis=0), A_ub=-scaled, b_ub=np.zeros(len(scaled)), bounds=(-1, 1), method="highs")
    return -best.fun > 1e-7


def test_separation_is_flagged_exactly_where_a_linear_program_finds_it():
    time, event, x, counts = rows("ovarian")
    fits = resampled_cox(time, event, x, counts)
    truth = [no_finite_estimate(time[drawn > 0], event[drawn > 0], x[drawn > 0]) for drawn in counts]
    np.testing.assert_array_equal(fits.separated, truth)
    assert 4 < sum(truth) < 40


def test_separation_is_flagged_in_small_random_samples():
    rng = np.random.default_rng(7)
    flags, truth = [], []
    for _ in range(300):
        n = int(rng.integers(6, 16))
        time, event = rng.integers(1, 9, n).astype(float), rng.random(n) < 0.6
        x = rng.integers(0, 3, (n, 2)).astype(float)
        if not event.any() or (np.ptp(x, axis=0) == 0).any():
            continue
        fits = resampled_cox(time, event, x, np.ones((1, n), int), ties="breslow")
        flags.append(fits.separated[0])
        truth.append(no_finite_estimate(time, event, x))
        assert fits.separated[0] or np.abs(fits.coef).max() < 20
    np.testing.assert_array_equal(flags, truth)
    assert 30 < sum(truth) < 270


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_counts_equal_written_out_rows_in_any_order(ties):
    time, event, x, counts = rows("veteran")
    by_count = resampled_cox(time, event, x, counts[:5], ties=ties)
    for r in range(5):
        drawn = np.random.default_rng(r).permutation(np.repeat(np.arange(len(time)), counts[r]))
        once = np.ones((1, len(drawn)), int)
        written = resampled_cox(time[drawn], event[drawn], x[drawn], once, ties=ties)
        np.testing.assert_allclose(by_count.coef[r], written.coef[0], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(by_count.se[r], written.se[0], rtol=1e-9)


def test_empty_resamples_are_flagged():
    fits = resampled_cox([5, 8, 12, 20], [1, 1, 0, 1], [[1], [0], [1], [0]], [[0, 0, 0, 0], [0, 0, 4, 0]])
    assert fits.separated.tolist() == [True, True]
    assert np.isnan(fits.coef).all()


GOOD = {"time": [5, 8, 12, 20], "event": [1, 1, 0, 1], "x": [[1], [0], [1], [0]], "counts": [[1, 1, 1, 1]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [], "event": [], "x": [], "counts": [[]]}, "n at least 1"),
        ({"time": [5, np.nan, 12, 20]}, "finite numbers"),
        ({"time": [5, -8, 12, 20]}, "not negative"),
        ({"time": ["a", "b", "c", "d"]}, "numbers"),
        ({"event": [0, 0, 0, 0]}, "at least one event"),
        ({"event": [1, 2, 0, 1]}, "0 or 1"),
        ({"event": [1, 0]}, "as time has"),
        ({"x": [[1], [np.nan], [1], [0]]}, "finite numbers"),
        ({"x": [1, 0, 1, 0]}, "p at least 1"),
        ({"x": [[1], [1], [1], [1]]}, "a covariate that varies"),
        ({"counts": [1, 1, 1, 1]}, "resamples, 4"),
        ({"counts": [[1, 1, 1, 0.5]]}, "whole numbers"),
        ({"counts": [[1, 1, 1, -1]]}, "not negative"),
        ({"ties": "exact"}, "efron, breslow"),
    ],
)
def test_wrong_input_is_said_plainly(change, message):
    with pytest.raises(InputError, match=message):
        resampled_cox(**(GOOD | change))


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InputError) as told:
        resampled_cox([5, -8], [2, 1], [[1], [1]], [[1, -1]])
    assert len(told.value.problems) == 4


COMPILERS = {"njit", "jit", "vectorize", "guvectorize"}


def compiled(path: Path) -> tuple[set[str], set[str]]:
    """The names of a file's compiled functions, and all names that these use."""
    functions, used = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
            if any(getattr(mark, "id", getattr(mark, "attr", "")) in COMPILERS for mark in marks):
                functions.add(node.name)
                used |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return functions, used


def borrowed(path: Path, elsewhere: set[str]) -> set[str]:
    """Compiled functions of other files that compiled functions of this file use: a change there would go unnoticed."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers")
        for alias in node.names
    }
    return imported & compiled(path)[1] & elsewhere


def test_no_compiled_function_calls_one_of_another_file():
    """Numba drops compiled code when the file of its function changes, not when a file whose functions it calls does."""
    files = [path for path in (ROOT / "helpers").rglob("*.py") if "numba" in path.read_text(encoding="utf-8")]
    functions = {path: compiled(path)[0] for path in files}
    assert sum(map(bool, functions.values())) > 1
    for path in files:
        others = set().union(*(names for other, names in functions.items() if other != path))
        assert borrowed(path, others) == set(), path.name


def test_a_borrowed_compiled_function_would_be_seen(tmp_path):
    (tmp_path / "one.py").write_text("@njit(cache=True)\ndef inner(x):\n    return x\n")
    (tmp_path / "two.py").write_text(
        "from helpers.one import inner as taken\n\n@njit(cache=True)\ndef outer(x):\n    return taken(x)\n"
    )
    assert compiled(tmp_path / "one.py")[0] == {"inner"}
    assert borrowed(tmp_path / "two.py", {"inner", "taken"}) == {"taken"}


def test_a_change_in_a_called_function_of_the_same_file_is_noticed(tmp_path):
    """In a process each: compiled and kept; then, with the inner function changed, compiled anew."""
    source = "from numba import njit\n\n@njit(cache=True)\ndef inner(x):\n    return x + {}\n\n"
    source += "@njit(cache=True)\ndef outer(x):\n    return 2 * inner(x)\n\n"
    source += "if __name__ == '__main__':\n    print(outer(1), sum(outer.stats.cache_hits.values()))\n"
    script = tmp_path / "kernels.py"

    def run(added: int, clock: int) -> str:
        script.write_text(source.format(added))
        os.utime(script, (clock, clock))
        return subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout.strip()

    assert [run(1, 1), run(1, 1), run(5, 2)] == ["4 0", "4 1", "12 0"]
