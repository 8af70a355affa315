"""Wrong parameters are all named at once, wherever they come from."""

import math
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
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


@pytest.mark.parametrize(
    ("line", "value", "read"),
    [
        ("gc_cutoff: float = 10 / 2", 5.0, 5.0),
        (
            "from pathlib import Path\ncohort_folder: str = Path('/data') / 'ward'",
            PurePosixPath("/data/ward"),
            "/data/ward",
        ),
        ("import numpy as np\nwindow_days: int = np.int64(20)", np.int64(20), 20),
    ],
)
def test_a_parameters_cell_may_compute_its_values_and_is_read_again_in_the_same_kernel(line, value, read):
    name = line.splitlines()[-1].partition(":")[0]
    kernel = {
        name: value,
        "rows": 3,
        "limits": (1, 2),
        "In": ["", "rows = 3", line, "page = open_page(globals())", "limits = find()"],
    }
    for _ in range(2):  # run all, and run all again
        kernel["In"] += [line, "page = open_page(globals())"]
        assert getattr(Parameters.of(kernel), name) == read


@pytest.mark.parametrize("value", [pd.DataFrame({"name": ["Planted"]}), open, {"Planted"}])
def test_a_value_of_a_kind_that_no_parameter_has_is_refused_and_not_passed_over(value):
    for names in (
        {"gc_cutoff": value, "In": ["gc_cutoff: float = made", "open_page(globals())"]},
        {"gc_cutoff": value},
    ):
        with pytest.raises(InputError, match="column gc_cutoff: found 'a ") as told:
            Parameters.of(names)
        assert "Planted" not in str(told.value)


def test_the_path_of_a_folder_is_not_shown():
    with pytest.raises(InputError) as told:
        Parameters.from_settings(
            ["cohort_foldr=/home/planted/patients", "reading=C:\\\\planted", "endpoint=a/planted/b"]
        )
    assert "planted" not in str(told.value)
    assert "did you mean cohort_folder" in str(told.value)
