"""A cohort's own column may be called what we call a row or a derived column: the name changes no number."""

import numpy as np

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.run.sweep import matching_numbers
from tests.notebook_cohorts import put, tables, write

OURS = ("crs_grade", "gc_group", "gc_low", "time", "event", "weight", "age", "cr")


def numbers(folder, names):
    draws = np.random.default_rng(1)
    own = {name: draws.permutation(30) % 7 for name in names}
    about = {"patients": {name: {"kind": "integer", "meaning": "made up"} for name in names}}
    cohort = read_cohort(write(folder, put("patients", **own)(tables(30)), columns=about))
    found = matching_numbers(analyse(cohort, Parameters()), ["table5.univariate.*", "extra.table5.univariate.*"])
    return {id: value.value for id, value in found.items()}


def test_an_own_column_named_like_ours_changes_nothing_and_has_its_own_id(tmp_path):
    ours = numbers(tmp_path / "ours", OURS)
    other = numbers(tmp_path / "other", [f"made_up_{number}" for number in range(len(OURS))])
    assert list(ours.values()) == list(other.values())
    assert len(set(ours) - set(other)) == len(set(other) - set(ours)) >= len(OURS)
    assert all("made_up_" in id for id in set(other) - set(ours))
