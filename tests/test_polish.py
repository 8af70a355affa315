"""Polishing and hopping: what an exchange does to a number, the best sums, and planted labels that are found again."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from helpers.calibration.fate_search import endpoints
from helpers.calibration.kernels import best_sums, cost_of, exchange_effects
from helpers.calibration.label_search import Bound, LabelSearch, read_models
from helpers.calibration.polish import COUNTED, hop, polish
from helpers.paths import DATA
from helpers.synthesis.state import encode, read_state

LABELS, FATES = read_state(DATA / "synthesis" / "calibrated.csv")
MODELS = read_models(DATA / "synthesis" / "models.csv")
NAMES = ["sex", "age", "joint", "gc_dose", "low_pfs"]
MOVED = {name: np.zeros(len(LABELS), int) for name in ("female", "age_over")}


def planted() -> LabelSearch:
    """Return a search whose printed numbers are those that its labels give."""
    search = LabelSearch(encode(LABELS), endpoints(LABELS, FATES), [MODELS[name] for name in NAMES])
    search.targets = [
        replace(target, number=np.where(target.half < 1e6, search.values(k), 0.0))
        for k, target in enumerate(search.targets)
    ]
    return search


def scrambled(search: LabelSearch, exchanges: int, rng) -> None:
    """Exchange the sex of some pairs."""
    column = search.names.index("female")
    for _ in range(exchanges):
        i = rng.choice(np.flatnonzero(search.matrix[:, column] == 0))
        j = rng.choice(np.flatnonzero(search.matrix[:, column] == 1))
        search.matrix[[i, j], column] = search.matrix[[j, i], column]


def drawn(search: LabelSearch, bounds=(), count=200, seed=3):
    groups = np.array([[name == label for label in search.names] for name in MOVED])
    layout = search.layout(bounds)
    touched = np.array([layout.touched([name]) for name in MOVED])
    found = exchange_effects(
        np.random.default_rng(seed),
        count,
        search.matrix,
        groups,
        np.array(list(MOVED.values())),
        touched,
        *layout.arrays,
    )
    return groups, found


def test_an_effect_is_the_difference_of_two_full_fits():
    search = planted()
    scrambled(search, 2, np.random.default_rng(5))
    groups, (exchanges, now, effects) = drawn(search)
    before, _ = search.layout(()).distances(search.matrix)
    np.testing.assert_allclose(now, before, atol=1e-9)
    for (group, i, j), effect in zip(exchanges[:40], effects, strict=False):
        other = search.matrix.copy()
        other[np.ix_([i, j], groups[group])] = other[np.ix_([j, i], groups[group])]
        assert (other != search.matrix).sum() == 2
        after, _ = search.layout(()).distances(other)
        np.testing.assert_allclose(effect, after - before, atol=2e-3, rtol=1e-4)  # half units


def test_exchanges_break_no_bound_further():
    search = planted()
    bound = Bound(("female", "yes"), ("age_over", "yes"), 0, int((LABELS["female"] & LABELS["age_over"]).sum()))
    groups, (exchanges, _, _) = drawn(search, [bound])
    for group, i, j in exchanges:
        other = search.matrix.copy()
        other[np.ix_([i, j], groups[group])] = other[np.ix_([j, i], groups[group])]
        assert search.layout([bound]).distances(other)[1] == 0
    column = [search.names.index(name) for name in ("female", "age_over")]
    free = drawn(search)[1][0]
    grows = 0
    for group, i, j in free:
        other = search.matrix.copy()
        other[np.ix_([i, j], groups[group])] = other[np.ix_([j, i], groups[group])]
        grows += (other[:, column].sum(axis=1) == 2).sum() > (search.matrix[:, column].sum(axis=1) == 2).sum()
    assert grows > 0  # without the bound some exchanges would have broken it


def test_the_best_sums_are_those_of_trying_all():
    rng = np.random.default_rng(11)
    effects, now = rng.normal(0, 3, (30, 5)).astype(np.float32), rng.normal(0, 4, 5).astype(np.float32)
    weight = np.array([1.0, 1.0, 0.5, 1.0, 0.0])
    costs = {
        (a, b): cost_of((now + effects[a] + effects[b]).astype(float), weight, *COUNTED)
        for a, b in combinations(range(30), 2)
    }
    pairs, found = best_sums(now, effects, effects, weight, *COUNTED, 10)
    np.testing.assert_allclose(found, sorted(costs.values())[:10], rtol=1e-5)
    for pair, cost in zip(pairs, found, strict=True):
        assert costs[tuple(pair)] == pytest.approx(cost, rel=1e-5)


def test_polishing_goes_most_of_the_way_back_and_counts_stay():
    search = planted()
    scrambled(search, 2, np.random.default_rng(1))
    printed = np.array([half < 1e6 for half in search.layout(()).arrays[4]], float)
    before = cost_of(search.layout(()).distances(search.matrix)[0], printed, *COUNTED)
    counts = np.sort(search.matrix, axis=0)
    cost = polish(search, MOVED, (), np.random.default_rng(2), 60)
    assert cost < 0.5 * before
    assert cost == pytest.approx(cost_of(search.layout(()).distances(search.matrix)[0], printed, *COUNTED))
    np.testing.assert_array_equal(np.sort(search.matrix, axis=0), counts)


def test_polishing_never_makes_it_worse_and_is_the_same_again():
    results = []
    for _ in range(2):
        search = planted()
        scrambled(search, 12, np.random.default_rng(9))
        units, _ = search.layout(()).distances(search.matrix)
        before = cost_of(units, np.array([half < 1e6 for half in search.layout(()).arrays[4]], float), *COUNTED)
        cost = polish(search, MOVED, (), np.random.default_rng(4), 3)
        assert cost <= before
        results.append((cost, search.matrix.copy()))
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_a_hop_mends_a_broken_bound():
    search = planted()
    both = int((LABELS["female"] & LABELS["age_over"]).sum())
    bound = Bound(("female", "yes"), ("age_over", "yes"), both + 2, both + 4)
    assert search.layout([bound]).distances(search.matrix)[1] == 2
    hop(search, MOVED, [bound], np.random.default_rng(1), 2, moves=20_000)
    assert search.layout([bound]).distances(search.matrix)[1] == 0


def test_strata_hold():
    search = planted()
    scrambled(search, 3, np.random.default_rng(1))
    stratum = LABELS["toxic"].to_numpy().astype(int)
    column = search.names.index("female")
    before = search.matrix[:, column].copy()
    polish(search, {"female": stratum}, (), np.random.default_rng(3), 20)
    after = search.matrix[:, column]
    assert (before != after).any()
    for value in (0, 1):
        assert after[stratum == value].sum() == before[stratum == value].sum()
