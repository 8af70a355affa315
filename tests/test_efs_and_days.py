"""Days are polished and treatment failures searched: what is reached is computed anew, and what must not move does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.calibration.day_polish import polish_days
from helpers.calibration.fate_search import endpoints, km_ids, km_values, search_failures
from helpers.calibration.gate import headline, missing
from helpers.calibration.hits import label_search, survival_hits
from helpers.calibration.kernels import cost_of
from helpers.calibration.plan import Plan
from helpers.calibration.polish import COUNTED
from helpers.calibration.stages import calibrate_efs
from helpers.calibration.targets import targets_of
from helpers.synthesis.state import read_state
from helpers.synthesis.study import CALIBRATED

EFS = [id for id in km_ids() if ".efs_" in id]
TESTS = ["results.gc_impact.low_vs_nongc.efs.p", "results.efficacy.rux.efs.p"]


@pytest.fixture(scope="module")
def default():
    return read_state(CALIBRATED)


def cost_of_curves(labels, fates, ids) -> float:
    targets = targets_of(km_ids())
    units = (km_values(labels, fates, targets.logarithmic) - targets.number) / targets.half
    weight = np.array([float(id in ids) for id in targets.ids])
    return cost_of(units, weight, *COUNTED)


def moved(fates: pd.DataFrame, name: str) -> pd.DataFrame:
    """Move every third of some days by a week."""
    some = fates.index[fates[name].notna()][::3]
    return fates.assign(**{name: fates[name].where(~fates.index.isin(some), fates[name] + 7.5)})


def test_the_default_hits_every_number_of_the_headline(default):
    assert missing(survival_hits(*default), headline()) == []


def test_days_are_polished_nearer_to_the_curves(default):
    labels, fates = default
    away = moved(fates, "progression")
    before = cost_of_curves(labels, away, km_ids())
    polished, cost = polish_days(labels, away, targets_of(km_ids()), np.random.default_rng(2), rounds=8)
    assert cost == pytest.approx(cost_of_curves(labels, polished, km_ids()), abs=1e-9)
    assert cost < before / 2
    assert (polished["progression"].notna().sum(), len(polished)) == (fates["progression"].notna().sum(), len(fates))


def test_curves_that_are_hit_are_left_alone(default):
    labels, fates = default
    polished, cost = polish_days(labels, fates, targets_of(km_ids()), np.random.default_rng(2), rounds=3)
    assert cost == 0
    pd.testing.assert_frame_equal(
        polished[["progression", "failure", "death", "contact"]],
        fates[["progression", "failure", "death", "contact"]],
        check_dtype=False,
    )


def searched(labels, fates, moves, seed=1):
    search = label_search(labels, fates, Plan(), ["low_efs", "rux_efs"])
    groups = np.array([search.patterns(k) for k in range(2)])
    return search_failures(fates, labels, targets_of([*EFS, *TESTS]), groups, np.random.default_rng(seed), moves)


def test_groups_of_the_tests_are_those_of_the_paper(default):
    labels, fates = default
    search = label_search(labels, fates, Plan(), ["low_efs", "rux_efs"])
    low, rux = search.patterns(0), search.patterns(1)
    assert (low == 1).sum() == (labels["toxic"] & (labels["gc"] == "low")).sum()
    assert (low == -1).sum() == (~labels["toxic"] | (labels["gc"] == "high")).sum()
    assert (rux == 1).sum() == labels["rux"].sum()
    assert (rux == -1).sum() == 0


def test_a_search_of_failures_moves_nothing_but_efs(default):
    labels, fates = default
    away = fates.assign(failure=np.nan)
    found, cost = searched(labels, away, 40_000)
    before, after = endpoints(labels, away), endpoints(labels, found)
    for name in ("os", "pfs"):
        np.testing.assert_array_equal(before[name], after[name])
    hits = survival_hits(labels, found)
    assert cost < cost_of_curves(labels, away, EFS) / 2
    assert cost_of_curves(labels, found, EFS) <= cost + 1e-9
    assert (cost == 0) == (missing(hits, [*EFS, *TESTS]) == [])


def test_treatment_fails_in_remission_only_and_before_what_follows(default):
    labels, fates = default
    found, _ = searched(labels, fates.assign(failure=np.nan), 40_000, seed=3)
    failed = found["failure"].notna()
    assert 0 < failed.sum() <= 10
    assert (labels["response"][failed] == "CR").all()
    assert (found["failure"] < found[["progression", "contact"]].min(axis=1))[failed].all()
    assert not (failed & (found["cause"] == "unrelated").fillna(False)).any()
    assert (found["cause"] == "unrelated").sum() <= 5


def test_efs_is_searched_only_where_it_is_missed(default):
    labels, fates = default
    assert calibrate_efs(1, labels, fates) is fates
    away, said = moved(fates, "failure"), []
    found = calibrate_efs(1, labels, away, Plan(first_rounds=1, last_rounds=1, effort=0.02), said.append)
    ids = [*EFS, *TESTS]
    assert len(missing(survival_hits(labels, found), ids)) <= len(missing(survival_hits(labels, away), ids))
    assert {step.stage for step in said} == {"efs"}
    assert set(said[-1].missing) == set(missing(survival_hits(labels, found), ids))
