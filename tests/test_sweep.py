"""A sweep computes what single runs compute, on any number of workers, and refuses all wrong points at once."""

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.results import registry
from helpers.run import sweep as sweeping
from helpers.run.cli import main
from helpers.run.files import RECORD
from helpers.run.sweep import Grid, checked_ids, matching_numbers, numbers_at, read_grid, sweep_points, swept_numbers

IDS = ["table1.male.n", "table4.dose_low.cr"]


def test_each_point_has_the_numbers_of_its_own_parameters():
    found, failures = swept_numbers(sweep_points(["gc_cutoff=2|8", "window_days=10|30"]), IDS)
    assert failures == []
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
    made = sweep_points(["gc_cutoff=2|4|8"])
    pd.testing.assert_frame_equal(swept_numbers(made, IDS, jobs=2)[0], swept_numbers(made, IDS)[0])


def test_wrong_points_are_refused_at_once_and_once():
    with pytest.raises(InputError) as caught:
        sweep_points(["gc_cutoff=-1|8", "endpoint=OS|DFS"])
    assert [problem.column for problem in caught.value.problems] == ["gc_cutoff", "endpoint"]
    with pytest.raises(InputError, match=r"name=value\|value"):
        sweep_points(["gc_cutoff"])


def test_ids_are_patterns_or_ids():
    assert checked_ids(["table1.male.*", "table1.male.*", "extra.exposure.any.hr"]) == (
        "table1.male.*",
        "extra.exposure.any.hr",
    )
    assert checked_ids([]) == ()
    with pytest.raises(InputError, match="found 'table9"):
        checked_ids(["table9.*", "extra.exposures.*", "table1.male.n"])


@pytest.mark.parametrize("opening", sorted({one.prefix for one in registry.all_families() if one.prefix}))
def test_a_pattern_finds_the_ids_that_depend_on_the_cohort(opening, everything):
    """Whatever a run's results.json calls a number, a sweep can be asked for it by that name and by a pattern."""
    analysis, values = everything
    expected = {id for id in values if id.startswith(opening)}
    assert set(matching_numbers(analysis, checked_ids([f"{opening}*"]))) == expected
    for id in sorted(expected)[:2]:
        assert matching_numbers(analysis, checked_ids([id])) == {id: values[id]}


@pytest.fixture(scope="module")
def everything():
    analysis = analyse(read_cohort(paths.REAL / "bmt"), Parameters())
    return analysis, registry.compute(analysis)


def test_a_pattern_that_no_number_has_is_said(tmp_path):
    bmt = paths.REAL / "bmt"
    asked = ["sweep", "endpoint=OS|PFS", "--cohort", str(bmt), "--out", str(tmp_path / "sweep.csv"), "--ids"]
    told = CliRunner().invoke(main, [*asked, "extra.exposure.nobody_*,table1.male.n"])
    assert told.exit_code == 0, told.output
    assert "is called extra.exposure.nobody_*" in told.stderr
    none = CliRunner().invoke(main, [*asked, "extra.exposure.nobody_*"])
    assert none.exit_code == 1
    assert "Nothing was written" in none.stderr


def test_the_command_writes_one_file(tmp_path):
    out = tmp_path / "sweep.csv"
    told = CliRunner().invoke(main, ["sweep", "gc_cutoff=5|8", "--ids", ",".join(IDS), "--out", str(out)])
    assert told.exit_code == 0, told.output
    assert "2 settings, 2 numbers" in told.stdout
    assert len(pd.read_csv(out)) == 4
    wide = pd.read_csv(tmp_path / "sweep_compared.csv")
    assert list(wide) == ["id", "gc_cutoff 5.0", "gc_cutoff 8.0"]
    left = [path.name for path in tmp_path.iterdir() if path.name != RECORD]
    assert sorted(left) == ["sweep.csv", "sweep.png", "sweep_compared.csv"]
    refused = CliRunner().invoke(main, ["sweep", "gc_cutoff=x|8", "--out", str(tmp_path / "none.csv")])
    assert refused.exit_code == 2
    assert not (tmp_path / "none.csv").exists()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_grid_crosses_cohorts_and_parameters(tmp_path):
    bmt = paths.REAL / "bmt"
    grid = tmp_path / "grid.yaml"
    grid.write_text(
        f"cohorts: [default, {bmt}]\nparameters:\n  endpoint: [OS, PFS]\nfixed:\n  gc_cutoff: 5\nnumbers: ['extra.lost.*']\n"
    )
    assert read_grid(grid) == Grid(("", str(bmt)), ("endpoint=OS|PFS",), ("gc_cutoff=5",), ("extra.lost.*",))
    grid.write_text(f"cohorts: [default, {bmt}]\nparameters:\n  endpoint: [OS, PFS]\nnumbers: [table1.male.n]\n")
    told = CliRunner().invoke(main, ["sweep", str(grid), "--out", str(tmp_path / "sweep.csv")])
    assert told.exit_code == 0, told.output
    found = pd.read_csv(tmp_path / "sweep.csv")
    assert found[["cohort", "endpoint"]].drop_duplicates().shape == (4, 2)
    assert set(found.groupby("cohort")["synthetic"].first()) == {True, False}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "entries cohorts"),
        ("cohort: [x]", "found 'this entry'"),
        ("cohorts: x", "a list of texts"),
        ("parameters: [1]", "name: value"),
        ("parameters:\n  gc_cutoff: [1, x]", "found 'x'"),
        ("a: !!python/object/apply:os.system [x]", "a YAML file"),
        ("parameters:\n  seed: [" + "1, " * 20_000 + "1]", "at most 10000"),
    ],
)
def test_a_wrong_grid_is_refused(tmp_path, text, told):
    grid = tmp_path / "grid.yaml"
    grid.write_text(text)
    result = CliRunner().invoke(main, ["sweep", str(grid), "--out", str(tmp_path / "sweep.csv")])
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert len(result.stderr) < 500


def test_a_stopped_sweep_goes_on(tmp_path, monkeypatch):
    made, out = sweep_points(["gc_cutoff=2|8"]), tmp_path / "sweep.csv"
    computed = []

    def stopping(parameters, ids):
        if computed:
            raise KeyboardInterrupt
        computed.append(parameters.gc_cutoff)
        return numbers_at(parameters, ids)

    monkeypatch.setattr(sweeping, "can_fork", lambda: False)
    with monkeypatch.context() as context:
        context.setattr(sweeping, "numbers_at", stopping)
        with pytest.raises(KeyboardInterrupt):
            swept_numbers(made, IDS, out)
    assert not out.exists()

    def counted(parameters, ids):
        computed.append(parameters.gc_cutoff)
        return numbers_at(parameters, ids)

    monkeypatch.setattr(sweeping, "numbers_at", counted)
    resumed, _ = swept_numbers(made, IDS, out)
    assert computed == [2.0, 8.0]
    pd.testing.assert_frame_equal(resumed, swept_numbers(made, IDS)[0])
    assert [file.name for file in tmp_path.glob(".*")] == [RECORD]


def test_two_cohorts_of_one_name_stay_two(tmp_path):
    rows = "patient_id,sex\nSYN-1,male\nSYN-2,{}\n"
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder, sex in zip(folders, ("male", "female"), strict=True):
        folder.mkdir()
        (folder / "patients.csv").write_text(rows.format(sex))
        (folder / "cohort.json").write_text(
            '{"name": "imported", "origin": "day 0", "synthetic": true, "source": "made up", "licence": "CC0"}'
        )
    grid = tmp_path / "grid.yaml"
    grid.write_text("cohorts: [first, second]\nnumbers: [table1.male.n]\n")
    told = CliRunner().invoke(main, ["sweep", str(grid), "--out", str(tmp_path / "sweep.csv")])
    assert told.exit_code == 0, told.output
    compared = pd.read_csv(tmp_path / "sweep_compared.csv")
    assert compared.iloc[0].tolist() == ["table1.male.n", 2, 1]
    assert "first" not in " ".join(compared.columns), "a folder may be named after anybody"
