"""The difference in loss is lowered, counted rightly, and kept low; no low-dose number is lost for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.calibration import secure
from helpers.calibration.fate_search import endpoints
from helpers.calibration.gate import low_dose, missing
from helpers.calibration.hits import survival_hits
from helpers.calibration.least_loss import Levelling, described, level
from helpers.calibration.plan import Plan
from helpers.cohort.derive import DAYS_PER_YEAR, analyse
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.results.left_open import LEAST_LOSS, least_unequal_loss
from helpers.synthesis.state import read_state
from helpers.synthesis.study import CALIBRATED, default_cohort


@pytest.fixture(scope="module")
def default():
    return read_state(CALIBRATED)


def counted(labels, fates):
    """Count from the tables, without the walk: lost within a year and free of progression, by dose."""
    time, event = endpoints(labels, fates)["pfs"]
    lost = (~event) & (time < DAYS_PER_YEAR)
    out = {}
    for name, dose in (("untreated", "none"), ("low", "low")):
        group = (labels["toxic"] & (labels["gc"] == dose)).to_numpy()
        out |= {f"{name}_lost": lost[group].sum(), name: group.sum()}
    return out


def share(counts):
    return counts["untreated_lost"] / counts["untreated"] - counts["low_lost"] / counts["low"]


def test_lowering_lowers_the_difference_and_holds_the_low_dose_numbers(default):
    walk = Levelling(*default, np.random.default_rng(3), keep=low_dose())
    assert walk.lost() == counted(*default)
    before = walk.difference
    assert before == pytest.approx(share(counted(*default)))
    assert any(walk.lower() for _ in range(10))
    labels, fates = walk.state()
    assert share(counted(labels, fates)) < before - 1e-6
    assert walk.difference == pytest.approx(share(counted(labels, fates)))
    assert missing(survival_hits(labels, fates), low_dose()) == []


def test_what_a_move_is_said_to_change_it_changes(default):
    walk = Levelling(*default, np.random.default_rng(5), keep=[])
    drawn = walk._drawn(400, 400)
    changes, before, tried = walk._changes(drawn), walk.difference, 0
    for k in np.flatnonzero(np.abs(changes) > 1e-9)[:12]:
        again = Levelling(*default, np.random.default_rng(5), keep=[])
        if again._made(drawn, np.array([k])):
            assert again.difference - before == pytest.approx(changes[k])
            tried += 1
    assert tried >= 3


def test_no_step_goes_over_the_ceiling(default):
    walk = Levelling(*default, np.random.default_rng(6), keep=low_dose())
    walk.ceiling = walk.difference - 0.01
    drawn = walk._drawn(300, 300)
    made = [k for k in range(len(drawn.effects)) if walk._changes(drawn)[k] >= 0][:40]
    assert not any(walk._made(drawn, np.array([k])) for k in made)


def test_levels_descend_and_are_described_by_the_registry(default, monkeypatch):
    monkeypatch.setattr(secure, "ANEW", Plan(first_rounds=1, last_rounds=0, hops=0, effort=0.01))
    labels, fates, counts = next(level(1, *default, levels=1, recovering=6))
    assert counts == counted(labels, fates)
    assert share(counts) < share(counted(*default))
    row = described(1, labels, fates, counts)
    assert row["hits"] == sum(survival_hits(labels, fates).values())
    assert row["low_dose_missed"] == 0
    assert round(row["hr"], 2) == 0.44  # the printed one is held


@pytest.fixture(scope="module")
def analysis():
    return analyse(default_cohort())


def test_what_is_stored_is_read_with_the_best_cohort_of_each_difference(analysis, tmp_path):
    found, every = least_unequal_loss(analysis), pd.read_csv(LEAST_LOSS)
    assert found["difference"].is_monotonic_decreasing
    assert found["difference"].is_unique
    assert (found["untreated"] == 49).all()  # Table 2
    assert (found["low"] == 46).all()
    for row in found.itertuples():
        alike = (every["untreated_lost"] == row.untreated_lost) & (every["low_lost"] == row.low_lost)
        assert row.hits == every.loc[alike & (every["low_dose_missed"] == 0) & (every["details"] > 0), "hits"].max()
    with pytest.raises(NotAvailable, match="no search"):
        least_unequal_loss(analysis, path=tmp_path / "none.csv")


def test_other_parameters_have_no_least_loss(analysis):
    with pytest.raises(NotAvailable, match="gc_cutoff"):
        least_unequal_loss(replace(analysis, parameters=Parameters(gc_cutoff=5)))
