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

from helpers import resampling as engine
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


def events_compared(time, event, X, entry=None):
    """Differences x_i - x_j for each event i and each j at risk then: all that the partial likelihood looks at."""
    pairs = []
    for i in np.flatnonzero(event):
        at_risk = (time >= time[i]) & (True if entry is None else entry < time[i])
        pairs.append(X[i] - X[at_risk])
    return np.unique(np.vstack(pairs), axis=0)


def no_finite_estimate(differences):
    """By linear programming: is there a direction along which no event has a smaller score than one at risk?"""
    scaled = differences / np.abs(differences).max(axis=0)
    if np.linalg.matrix_rank(scaled) < scaled.shape[1]:
        return True
    best = linprog(-scaled.sum(axis=0), A_ub=-scaled, b_ub=np.zeros(len(scaled)), bounds=(-1, 1), method="highs")
    return -best.fun > 1e-7


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_separation_is_flagged_exactly_where_a_linear_program_finds_it(ties):
    time, event, X, _, _, counts = rows("ovarian")
    batch = engine.cox_batch(time, event, X, counts, ties=ties)
    truth = []
    for drawn in counts:
        kept = drawn > 0
        truth.append(no_finite_estimate(events_compared(time[kept], event[kept], X[kept])))
    np.testing.assert_array_equal(batch.separated, truth)
    assert 10 < sum(truth) < 100


def test_separation_is_flagged_in_small_random_samples():
    rng = np.random.default_rng(7)
    flags, truth = [], []
    for _ in range(300):
        n = int(rng.integers(6, 16))
        time, event = rng.integers(1, 9, n).astype(float), rng.random(n) < 0.6
        X = rng.integers(0, 3, (n, 2)).astype(float)
        if not event.any() or (np.ptp(X, axis=0) == 0).any():
            continue
        fit = engine.cox_fit(time, event, X, ties="breslow")
        flags.append(fit.separated)
        differences = events_compared(time, event, X)
        truth.append(
            not differences.any() or (np.ptp(differences, axis=0) == 0).any() or no_finite_estimate(differences)
        )
        assert fit.separated or np.abs(fit.coef).max() < 20
    np.testing.assert_array_equal(flags, truth)
    assert 30 < sum(truth) < 270


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", ["colon", "heart"])
def test_weights_strata_and_order_equal_written_out_rows(name, ties):
    time, event, X, _, entry, counts = rows(name)
    strata, X = X[:, 2], np.delete(X, 2, axis=1)
    drawn = np.repeat(np.arange(len(time)), counts[0])
    shuffled = np.random.default_rng(1).permutation(drawn)
    late = None if entry is None else entry[shuffled]
    weighted = engine.cox_fit(time, event, X, entry, weights=counts[0], strata=strata, ties=ties)
    written = engine.cox_fit(time[shuffled], event[shuffled], X[shuffled], late, strata=strata[shuffled], ties=ties)
    np.testing.assert_allclose(weighted.coef, written.coef, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weighted.se, written.se, rtol=1e-10)
    assert weighted.loglik == pytest.approx(written.loglik, rel=1e-12)
    batch = engine.cox_batch(time, event, X, counts[:20], entry, ties, strata=strata)
    singles = [engine.cox_fit(time, event, X, entry, c, strata, ties) for c in counts[:20]]
    assert far(batch.coef, np.array([s.coef for s in singles])) < 1e-10
    assert far(batch.se, np.array([s.se for s in singles])) < 1e-10


def test_single_fits_agree_with_r():
    expected = pd.read_csv(ORACLE / "engine_single.csv")
    for case, part in expected.groupby("case"):
        name, ties, column = case.split("/")
        time, event, X, _, entry, _ = rows(name)
        by = None
        if column != "0":
            by, X = X[:, int(column) - 1], np.delete(X, int(column) - 1, axis=1)
        fit = engine.cox_fit(time, event, X, entry, strata=by, ties=ties)
        assert far(fit.coef, part["coef"].to_numpy()) < 1e-8, case
        assert far(fit.se, part["se"].to_numpy()) < 1e-8, case
        assert far(fit.loglik, part["loglik"].iloc[0]) < 1e-10, case


def test_stratified_logrank_agrees_with_r():
    expected = pd.read_csv(ORACLE / "engine_logrank.csv")
    for row in expected.itertuples():
        time, event, X, group, entry, _ = rows(row.name)
        test = engine.logrank(time, event, group, entry, strata=X[:, row.column - 1])
        assert test.statistic == pytest.approx(row.statistic, rel=1e-12), row.name
        assert test.p == pytest.approx(row.p, rel=1e-10), row.name


def test_specifications_equal_their_single_fits():
    time, event, X, *_ = rows("pbc")
    models = [[0], [1, 3], [4, 2, 0], [0, 1, 2, 3, 4]]
    batch = engine.cox_specifications(time, event, X, models)
    for row, model in enumerate(models):
        fit = engine.cox_fit(time, event, X[:, model])
        assert far(batch.coef[row, model], fit.coef) < 1e-10
        assert far(batch.se[row, model], fit.se) < 1e-10
        assert np.isnan(np.delete(batch.coef[row], model)).all()
    assert not batch.separated.any()


@pytest.mark.parametrize("name", ["lung", "veteran", "heart"])
def test_permutations_equal_single_tests(name):
    time, event, X, group, entry, _ = rows(name)
    rng = np.random.default_rng(3)
    labels = np.array([rng.permutation(np.unique(group, return_inverse=True)[1]) for _ in range(43)])
    found = engine.logrank_permutations(time, event, labels, entry, strata=X[:, 0] > np.median(X[:, 0]))
    single = [engine.logrank(time, event, lab, entry, strata=X[:, 0] > np.median(X[:, 0])).statistic for lab in labels]
    assert far(found, np.array(single)) < 1e-12


def test_curves_of_many_data_sets_equal_single_curves():
    rng = np.random.default_rng(5)
    time, event = rng.integers(0, 40, (30, 25)).astype(float), rng.random((30, 25)) < 0.5
    survival, se = engine.survival_at(time, event, [0, 7.5, 20, 39])
    for r in range(30):
        curve = engine.kaplan_meier(time[r], event[r])
        for k, at in enumerate([0, 7.5, 20, 39]):
            g = np.searchsorted(curve.time, at, side="right") - 1
            beyond = at > curve.time[-1] and curve.survival[-1] > 0
            expected = (np.nan, np.nan) if beyond else (1.0, 0.0) if g < 0 else (curve.survival[g], curve.se[g])
            np.testing.assert_allclose((survival[r, k], se[r, k]), expected, rtol=1e-13)


def test_many_rows_take_the_same_road_as_few():
    """Packed sort and start from a sample give what the plain road gives, ties, strata and entry included."""
    rng = np.random.default_rng(9)
    n = 210_000
    X = rng.normal(size=(n, 2))
    entry = rng.integers(0, 50, n).astype(float)
    time = entry + np.ceil(rng.exponential(300 * np.exp(-X @ [0.4, -0.2])))
    event, strata = rng.random(n) < 0.7, rng.integers(0, 3, n)
    fit = engine.cox_fit(time, event, X, entry, strata=strata)
    batch = engine.cox_batch(time, event, X, np.ones((1, n), dtype=int), entry, strata=strata)
    assert far(fit.coef, batch.coef[0]) < 1e-9
    assert far(fit.se, batch.se[0]) < 1e-9
    np.testing.assert_allclose(fit.coef, [0.4, -0.2], atol=0.02)


def test_sorting_by_bits_sorts():
    from helpers.resampling.layout import latest_first

    rng = np.random.default_rng(2)
    for values in (
        rng.exponential(size=30_000),
        rng.integers(0, 90, 30_000).astype(float),
        1 + 1e-13 * rng.integers(0, 4000, 30_000),  # told apart only by the last bits
        1 + 1e-15 * rng.integers(0, 2, 30_000),
        rng.normal(size=30_000),
    ):
        order = latest_first(values, None)
        assert (np.diff(values[order]) <= 0).all()
        np.testing.assert_array_equal(np.sort(order), np.arange(30_000))


GOOD = {"time": [5, 8, 12, 20], "event": [1, 1, 0, 1], "X": [1, 0, 1, 0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": [], "event": [], "X": []}, "at least one row"),
        ({"time": [5], "event": [1], "X": [1]}, "a covariate that varies"),
        ({"event": [0, 0, 0, 0]}, "at least one event"),
        ({"time": [5, np.nan, 12, 20]}, "finite"),
        ({"X": [1, np.nan, 1, 0]}, "finite"),
        ({"event": [1, 2, 0, 1]}, "0 or 1"),
        ({"event": [1, 0]}, "as time has"),
        ({"X": [1, 0, 1]}, "as time has"),
        ({"time": [5, -8, 12, 20]}, "not negative"),
        ({"time": ["a", "b", "c", "d"]}, "numbers"),
        ({"X": [1, 1, 1, 1]}, "a covariate that varies"),
        ({"entry": [0, 8, 1, 1]}, "before time"),
        ({"weights": [1, 1, 1, 0.5]}, "whole numbers"),
        ({"weights": [1, 1, 1, -1]}, "not negative"),
        ({"weights": [0, 0, 1, 0]}, "at least one event"),
        ({"strata": ["a", "b", None, "a"]}, "a label in every row"),
        ({"ties": "exact"}, "efron, breslow"),
    ],
)
def test_wrong_input_is_said_plainly(change, message):
    with pytest.raises(InputError, match=message):
        engine.cox_fit(**(GOOD | change))


def test_wrong_input_of_the_others_is_said_plainly():
    time, event = GOOD["time"], GOOD["event"]
    with pytest.raises(InputError, match="at least two groups"):
        engine.logrank(time, event, [1, 1, 1, 1])
    with pytest.raises(InputError, match="plain, log, log-log"):
        engine.kaplan_meier(time, event, interval="loglog")
    with pytest.raises(InputError, match="end of follow-up"):
        engine.rmst(time, [1, 1, 1, 0], 21)
    with pytest.raises(InputError, match="positive"):
        engine.rmst(time, event, 0)
    with pytest.raises(InputError, match="different columns"):
        engine.cox_specifications(time, event, GOOD["X"], [[0, 0]])
    with pytest.raises(InputError, match="2 dimensions"):
        engine.cox_batch(time, event, GOOD["X"], [1, 1, 1, 1])
    with pytest.raises(InputError, match="whole numbers"):
        engine.logrank_permutations(time, event, [[0.5, 1, 0, 1]])


def test_one_patient_has_a_curve():
    curve = engine.kaplan_meier([7], [1])
    assert curve.survival.tolist() == [0.0]
    assert np.isnan(curve.se).all()
    assert engine.rmst([7], [1], 10) == (7.0, 0.0)


def test_empty_resamples_are_flagged():
    batch = engine.cox_batch(GOOD["time"], GOOD["event"], GOOD["X"], [[0, 0, 0, 0], [0, 0, 4, 0]])
    assert batch.separated.tolist() == [True, True]
    assert np.isnan(batch.coef).all()


def test_a_second_process_finds_the_compiled_code():
    """What a second process costs is measured in benchmarks/bench.py."""
    program = """
from helpers import resampling as engine
engine.cox_batch([5, 8, 12, 20], [1, 1, 1, 0], [1, 0, 0, 1], [[1, 1, 1, 1]])
from helpers.resampling import cox_lanes
print(sum(cox_lanes.resamples.stats.cache_hits.values()))
"""
    command = [sys.executable, "-c", program]
    for _ in range(2):
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(printed) == 1


def test_designs_equal_their_single_fits():
    time, event, X, _, entry, _ = rows("heart")
    rng = np.random.default_rng(4)
    designs = np.array([X[rng.permutation(len(X))] for _ in range(20)])
    batch = engine.cox_designs(time, event, designs, entry)
    for r in range(20):
        fit = engine.cox_fit(time, event, designs[r], entry)
        assert far(batch.coef[r], fit.coef) < 1e-10
        assert far(batch.se[r], fit.se) < 1e-10
