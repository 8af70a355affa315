"""A sweep computes what single runs compute, on any number of workers, and refuses all wrong points at once."""

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.results import registry
from helpers.run.cli import main
from helpers.run.sweep import chosen_ids, points, sweep

IDS = ["table1.male.n", "table4.dose_low.cr"]


def test_each_point_has_the_numbers_of_its_own_parameters():
    found = sweep(points(["gc_cutoff=2|8", "window_days=10|30"]), IDS)
    assert list(found)[:3] == ["window_days", "gc_cutoff", "id"]
    assert len(found) == 4 * len(IDS)
    assert set(found["synthetic"]) == {"true"}
    cohort = read_cohort()
    for (window, cut), rows in found.groupby(["window_days", "gc_cutoff"]):
        single = registry.compute(analyse(cohort, Parameters(gc_cutoff=cut, window_days=int(window))), IDS)
        assert rows.set_index("id")["value"].to_dict() == {id: value.value for id, value in single.items()}
    different = found.groupby("id")["value"].nunique()
    assert different["table1.male.n"] == 1
    assert different["table4.dose_low.cr"] > 1


def test_the_numbers_do_not_depend_on_the_workers():
    made = points(["gc_cutoff=2|4|8"])
    pd.testing.assert_frame_equal(sweep(made, IDS, jobs=2), sweep(made, IDS))


def test_wrong_points_are_refused_at_once_and_once():
    with pytest.raises(InputError) as caught:
        points(["gc_cutoff=-1|8", "endpoint=OS|DFS"])
    assert [problem.column for problem in caught.value.problems] == ["gc_cutoff", "endpoint"]
    with pytest.raises(InputError, match=r"name=value\|value"):
        points(["gc_cutoff"])


def test_ids_are_patterns_or_ids():
    assert "table1.male.n" in chosen_ids(["table1.male.*"])
    assert chosen_ids([]) is None
    with pytest.raises(InputError, match="found 'table9"):
        chosen_ids(["table9.*", "table1.male.n"])


def test_the_command_writes_one_file(tmp_path):
    out = tmp_path / "sweep.csv"
    told = CliRunner().invoke(main, ["sweep", "gc_cutoff=5|8", "--ids", ",".join(IDS), "--out", str(out)])
    assert told.exit_code == 0, told.output
    assert "2 settings, 2 numbers" in told.stdout
    assert len(pd.read_csv(out)) == 4
    refused = CliRunner().invoke(main, ["sweep", "gc_cutoff=x|8", "--out", str(tmp_path / "none.csv")])
    assert refused.exit_code == 2
    assert not (tmp_path / "none.csv").exists()
