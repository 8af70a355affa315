"""A walk keeps every printed number that is hit, the counts, the bounds and the rules; and goes somewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.calibration.gate import low_dose, missing
from helpers.calibration.hits import survival_hits
from helpers.calibration.walk import GROUPS, Walk
from helpers.synthesis.state import encode, read_state
from helpers.synthesis.study import CALIBRATED


@pytest.fixture(scope="module")
def default():
    return read_state(CALIBRATED)


@pytest.fixture(scope="module")
def walked(default):
    walk = Walk(*default, np.random.default_rng(4))
    taken = [walk.exchange() for _ in range(8)] + [walk.shift(drawn=300) for _ in range(3)]
    return walk, taken


def test_no_number_that_was_hit_is_lost(default, walked):
    before, after = survival_hits(*default), survival_hits(*walked[0].state())
    assert all(after[id] for id, hit in before.items() if hit)
    assert sorted(walked[0].missed) == sorted(id for id, hit in after.items() if not hit)


def test_labels_and_days_have_changed(default, walked):
    walk, taken = walked
    labels, fates = walk.state()
    assert sum(taken) >= 8
    assert (encode(labels) != encode(default[0])).any(axis=1).sum() >= 4
    assert (fates["contact"] != default[1]["contact"]).any()


def test_counts_are_those_of_the_start(default, walked):
    labels, _ = walked[0].state()
    before, after = encode(default[0]), encode(labels)
    for group in GROUPS:
        for name in set(group.labels) & set(before):
            assert after[name].value_counts().to_dict() == before[name].value_counts().to_dict(), name
    assert walked[0].broken == 0


def test_who_was_lost_early_for_a_reason_stays_so(default, walked):
    labels, fates = default
    _, after = walked[0].state()
    stays = labels["crs_open"] | (labels["response"] == "ND")
    pd.testing.assert_series_equal(after["contact"][stays], fates["contact"][stays])


def test_what_is_kept_is_held_and_what_is_wanted_is_sought(default):
    labels, fates = default
    walk = Walk(labels.assign(female=np.roll(labels["female"], 1)), fates, np.random.default_rng(2), keep=low_dose())
    assert walk.wanted
    for _ in range(40):
        walk.exchange(greedy=True)
        if not walk.wanted:
            break
    assert walk.wanted == []
    assert missing(survival_hits(*walk.state()), low_dose()) == []
    assert walk.held.sum() == len(low_dose())
