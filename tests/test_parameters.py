"""Wrong parameters are all named at once, wherever they come from."""

import math

import pytest

from helpers.parameters import Parameters, parameter_dictionary
from helpers.problems import InputError


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("gc_cutoff=abc", "a number > 0 and <= 1000 or None (mg/kg methylprednisolone equivalent)"),
        ("gc_cutoff=-1", "a number > 0"),
        ("window_days=2.5", "a whole number >= 1"),
        ("endpoint=DFS", "PFS / OS / EFS"),
        ("milestones=[]", "a list of numbers"),
        ("milestones=[1, 0]", "a list of numbers > 0"),
        ("premedication=maybe", "True or False"),
        ("gc_cutof=5", "did you mean gc_cutoff?"),
        ("alpha=nan", "a number > 0 and < 1"),
        ("seed", "name=value"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed(setting, allowed):
    with pytest.raises(InputError) as error:
        Parameters.from_settings([setting])
    assert setting.partition("=")[0] in str(error.value)
    assert allowed in str(error.value)


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(InputError, match="3 problems") as error:
        Parameters.from_settings(["alpha=2", "endpoint=x", "nonsense=1"])
    assert [problem.column for problem in error.value.problems] == ["endpoint", "alpha", "nonsense"]


def test_a_notebook_stops_at_a_name_that_is_no_parameter():
    names = {"In": [], "_i1": "text", "math": math, "Parameters": Parameters, "seed": 1}
    assert Parameters.of(names).seed == 1
    with pytest.raises(InputError, match="did you mean seed"):
        Parameters.of(names | {"sed": 7})


def test_a_default_set_on_purpose_is_told_from_one_left_alone():
    cell = "age_cut: float = 8.0  # years\nalpha: float = 0.05"
    names = {"age_cut": 8.0, "alpha": 0.05}
    left = Parameters.of({**names, "In": ["", cell, "page = 1"]})
    said = Parameters.of({**names, "In": ["", cell, "# Parameters\nage_cut = 8.0\n", "page = 1"]})
    other = Parameters.of({**names, "alpha": 0.1, "In": ["", cell, "page = 1"]})
    assert [set(one.chosen()) for one in (left, said, other)] == [set(), {"age_cut"}, {"alpha"}]
    assert left == said
    assert Parameters.from_settings(["age_cut=8"]).chosen() == {"age_cut": 8.0}


def test_text_stays_text_and_whole_numbers_serve_as_numbers():
    assert Parameters.from_settings(["exposure=2024", "gc_cutoff=5"]).changed() == {
        "exposure": "2024",
        "gc_cutoff": 5.0,
    }


def test_fixed_values_win_over_settings():
    assert Parameters.from_settings(["output_folder=a"], output_folder="b").output_folder == "b"


def test_every_parameter_says_what_it_means():
    assert [row["name"] for row in parameter_dictionary() if not row["meaning"] or not row["allowed"]] == []
