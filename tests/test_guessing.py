"""The search for whole patients behind a release: it finds what leaks, and says so; a release without a leak gives chance."""

import numpy as np
import pandas as pd
import pytest

from helpers.calibration.label_search import Bound
from helpers.cohort.derive import analyse
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.release.released import released
from helpers.release.rules import Rules
from helpers.run.guessing import guess, guessed_text, released_margins


@pytest.fixture(scope="module")
def leaky():
    """Eighty patients whose boys are all young and whose girls are all old: no margin says so."""
    n, rng = 80, np.random.default_rng(3)
    ids = [f"SYN-{i:03d}" for i in range(n)]
    day, event = rng.permutation(np.arange(100, 100 + 15 * n, 15)).astype(float), rng.random(n) < 0.6
    patients = pd.DataFrame(
        {"patient_id": ids, "sex": ["male", "female"] * (n // 2), "age_years": [5.0, 12.0] * (n // 2)}
    )
    followup = pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": np.where(event, day, np.nan),
            "death_day": np.nan,
            "last_contact_day": day + 30,
        }
    )
    recorded = {"followup": ("relapse", "progression", "death")}
    analysis = analyse(
        Cohort(
            "leaky", "infusion", True, "made up", "CC0", {"patients": patients, "followup": followup}, recorded=recorded
        ),
        Parameters(),
    )
    return analysis, released(analysis, Rules()).numbers


def test_released_margins_alone_give_no_more_than_chance(leaky):
    analysis, numbers = leaky
    assert released_margins(numbers)["Sex"] == {"female": 40, "male": 40}
    found = guess(analysis, numbers, range(6), moves=500)
    assert found.patients == 80
    assert not found.more_than_chance, found
    assert "no more than chance" in guessed_text(found)
    assert guess(analysis, numbers, range(6), moves=500) == found, "a seed gives one result"


def test_a_leak_is_found_by_the_same_search(leaky):
    analysis, numbers = leaky
    told = [Bound(("Sex", "male"), ("Age above the cut", "yes"), 0, 0)]
    found = guess(analysis, numbers, range(6), moves=3000, told=told)
    assert found.more_than_chance, found
    assert found.excess > 5
    assert "MORE than chance" in guessed_text(found)


def test_what_the_released_events_say_is_no_find():
    """Boys relapse twice as often as girls: the events of the release say so, and whoever deals by them needs no search."""
    n, rng = 80, np.random.default_rng(5)
    ids, male = [f"SYN-{i:03d}" for i in range(n)], np.arange(n) % 2 == 0
    event = np.where(male, rng.random(n) < 0.6, rng.random(n) < 0.3)
    day = rng.permutation(np.arange(100, 100 + 15 * n, 15)).astype(float)
    patients = pd.DataFrame({"patient_id": ids, "sex": np.where(male, "male", "female")})
    followup = pd.DataFrame(
        {
            "patient_id": ids,
            "relapse_day": np.where(event, day, np.nan),
            "death_day": np.nan,
            "last_contact_day": day + 9,
        }
    )
    tables, recorded = {"patients": patients, "followup": followup}, {"followup": ("relapse", "progression", "death")}
    analysis = analyse(Cohort("x", "infusion", True, "made up", "CC0", tables, recorded=recorded), Parameters())
    numbers = released(analysis, Rules()).numbers
    assert any(row["variable"] == "Sex" for row in numbers["models"])
    found = guess(analysis, numbers, range(8), moves=2000)
    assert not found.more_than_chance, found


def test_without_counts_or_curves_nothing_is_searched_for(leaky):
    analysis, numbers = leaky
    with pytest.raises(NotAvailable, match="nothing to search with"):
        guess(analysis, numbers | {"curves": []}, range(2))
