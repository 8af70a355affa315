"""The engine against R's survival, against itself (a batch equals its parts), and against input that is wrong."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from helpers.estimate import engine
from helpers.problems import InputError

ORACLE = Path(__file__).parent / "oracle"
# name -> seed of the resamples, as in oracle/engine_resamples.R
CASES = {"bmt": 11, "lung": 12, "veteran": 13, "colon": 14, "pbc": 15, "heart": 16, "ovarian": 17}
RESAMPLES = 500


@cache
def rows(name):
    """The real data set, and the counts of its resamples made by the generator of the R script."""
    frame = pd.read_csv(ORACLE / f"engine_{name}_rows.csv.gz")
    n = len(frame)
    states = np.empty(RESAMPLES * n)
    state = CASES[name]
    for k in range(states.size):
        state = 48271 * state % 2147483647
        states[k] = state
    drawn = np.floor(states * n / 2147483647).astype(int).reshape(RESAMPLES, n)
    counts = np.array([np.bincount(row, minlength=n) for row in drawn], dtype=np.uint8)
    entry = frame["entry"].to_numpy() if frame["entry"].notna().all() else None
    return (
        frame["time"].to_numpy(),
        frame["event"].to_numpy(),
        frame.drop(columns=["entry", "time", "event", "group"]).to_numpy(float),
        frame["group"].to_numpy(),
        entry,
        counts,
    )


@cache
def oracle(name):
    return pd.read_csv(ORACLE / f"engine_{name}.csv.gz")


def far(found, expected):
    """Largest deviation: relative, absolute below 1."""
    return np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)))


def values(name, stem):
    """Columns stem, stem1, stem2 ... or stem_180, stem_365 ..."""
    return oracle(name).filter(regex=rf"^{stem}_?[0-9]*$").to_numpy()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", CASES)
def test_cox_agrees_with_r_on_resamples(name, ties):
    time, event, X, _, entry, counts = rows(name)
    batch = engine.cox_batch(time, event, X, counts, entry=entry, ties=ties)
    separated = values(name, f"{ties}_separated")[:, 0] == 1
    np.testing.assert_array_equal(batch.separated, separated)
    kept = ~separated
    assert far(batch.coef[kept], values(name, f"{ties}_coef")[kept]) < 1e-8
    assert far(batch.se[kept], values(name, f"{ties}_se")[kept]) < 1e-8
    assert np.isnan(batch.coef[separated]).all()
    assert np.isnan(batch.se[separated]).all()
