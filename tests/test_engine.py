"""The engine against R's survival, against itself (a batch equals its parts), and against input that is wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.estimate import engine

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


@pytest.mark.parametrize("name", CASES)
def test_logrank_agrees_with_r_on_resamples(name):
    time, event, _, group, entry, counts = rows(name)
    expected = values(name, "logrank")[:, 0]
    drawn = (counts > 0).astype(int) if entry is not None else counts  # see the R script
    batch = engine.logrank_batch(time, event, group, drawn, entry=entry)
    assert far(batch, expected) < 1e-12
    single = [engine.logrank(time, event, group, entry, weights=c).statistic for c in drawn[:50]]
    assert far(np.array(single), expected[:50]) < 1e-12


@pytest.mark.parametrize("name", CASES)
def test_kaplan_meier_agrees_with_r_on_resamples(name):
    time, event, _, _, entry, counts = rows(name)
    at = [float(c.split("_")[1]) for c in oracle(name).filter(regex="^survival_")]
    survival, se = engine.survival_batch(time, event, counts, at, entry=entry)
    curves = [
        [engine.kaplan_meier(time, event, entry, interval, weights=c) for c in counts]
        for interval in ("plain", "log", "log-log")
    ]
    np.testing.assert_allclose(survival, values(name, "survival"), rtol=0, atol=1e-12)
    np.testing.assert_allclose(se, values(name, "se"), rtol=0, atol=1e-12, equal_nan=True)
    total = np.array([curve.survival.sum() for curve in curves[0]])
    assert far(total, values(name, "curve_sum")[:, 0]) < 1e-12
    for scale, batch in zip(("plain", "log", "loglog"), curves, strict=True):
        for side in ("lower", "upper"):
            found = np.array([[_last(getattr(c, side), c.time, t) for t in at] for c in batch])
            np.testing.assert_allclose(found, values(name, f"{scale}_{side}"), rtol=0, atol=1e-12)


def _last(limit, times, at):
    g = np.searchsorted(times, at, side="right")
    return limit[g - 1] if g else 1.0


@pytest.mark.parametrize("name", CASES)
def test_restricted_mean_agrees_with_r_on_resamples(name):
    time, event, _, _, entry, counts = rows(name)
    tau = float(oracle(name).filter(regex=r"^rmst_\d").columns[0].split("_")[1])
    estimate, se = engine.rmst_batch(time, event, tau, counts, entry=entry)
    assert far(estimate, values(name, "rmst")[:, 0]) < 1e-12
    assert far(se, values(name, "rmst_se")[:, 0]) < 1e-12
