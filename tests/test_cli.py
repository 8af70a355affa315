"""The command line: what it lists, what it refuses, and that a refusal leaves nothing behind."""

import json
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.parameters import Parameters
from helpers.run import execution, series
from helpers.run.cli import main


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "05_kaplan_meier.ipynb").write_text("{}")
    return tmp_path / "runs"


@pytest.fixture
def cohort(tmp_path):
    shutil.copytree(paths.COHORT, tmp_path / "cohort")
    return tmp_path / "cohort"


@pytest.fixture
def never(monkeypatch):
    """No notebook may start."""

    def start(*_, **__):
        raise AssertionError("a notebook was started")

    monkeypatch.setattr(series, "execute_all", start)


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def refused(*arguments):
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def test_help_lists_the_commands_and_every_parameter():
    listed = call("--help").stdout
    assert all(f"\n  {command} " in listed for command in ("run", "check", "audit"))
    told = call("run", "--help").stdout
    assert all(f"  {name} = " in told for name in Parameters.model_fields)


def test_wrong_parameters_and_a_wrong_cohort_are_told_in_one_message(cohort, runs, never):
    table = pd.read_csv(cohort / "patients.csv", dtype=str)
    table.loc[3, "sex"] = "M?"
    table.to_csv(cohort / "patients.csv", index=False)
    message = refused(
        "run", "--no-fork", "--cohort", cohort, "--set", "gc_cutof=5", "--set", "alpha=2", "--set", "seed"
    )
    assert message.startswith("4 problems:\n")
    for part in ("did you mean gc_cutoff?", "column alpha: found 2", "name=value", "row 5, column sex: found 'M?'"):
        assert part in message
    assert not runs.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "exposure=XYZ"], "column exposure: found 'XYZ'"),
        (["--name", "../up"], "letters, digits"),
        (["--notebooks", "77"], "found '77'"),
        (["--cohort", "no/such/folder"], "cohort folder"),
        (["--published", "no/such/folder"], "published_values.csv"),
        (["--seed", "-1"], "column seed"),
    ],
)
def test_a_refused_run_leaves_nothing(arguments, told, runs, never):
    assert told in refused("run", "--no-fork", *arguments)
    assert not runs.exists()


def test_an_exposure_that_needs_an_absent_table_is_refused(runs, never):
    assert "has no table treatments" in refused(
        "run", "--no-fork", "--cohort", paths.REAL / "bmt", "--set", "exposure=TCZ"
    )
    assert not runs.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff" * 40])
def test_an_empty_or_binary_table_is_refused(cohort, content):
    (cohort / "labs.csv").write_bytes(content)
    assert "labs.csv" in refused("check", "--cohort", cohort)


def test_check_counts_what_a_cohort_holds_and_says_that_it_is_synthetic():
    told = call("check").stdout
    assert told.startswith("zhang2025-synthetic (synthetic), day 0 is CAR T-cell infusion\n")
    assert "patients: 120 rows" in told


def test_check_lists_what_a_cohort_lacks():
    told = call("check", "--cohort", paths.REAL / "bmt")
    assert told.exit_code == 0
    assert "(not synthetic)" in told.stdout
    assert "table labs is absent" in told.stdout


def test_check_reads_hospital_extracts(tmp_path):
    assert "Hospital extracts" in call("check", "--cohort", paths.RAW).stdout
    shutil.copytree(paths.RAW, tmp_path / "raw")
    (tmp_path / "raw" / "SYNTHETIC_response.csv").write_bytes(b"")
    assert "SYNTHETIC_response.csv" in refused("check", "--cohort", tmp_path / "raw")


def test_audit_writes_its_findings(tmp_path):
    out = tmp_path / "audit.csv"
    told = call("audit", "--out", out)
    assert told.exit_code == 0, told.output
    found = pd.read_csv(out)
    assert {"finding", "verdict", "arithmetic"} <= set(found)
    assert f"cannot both hold as printed: {(found['verdict'] == 'cannot both hold as printed').sum()}\n" in told.stdout


def test_a_failed_notebook_gives_exit_code_1_and_its_name(runs, monkeypatch, tmp_path):
    failure = execution.Failure("05_kaplan_meier", "cell [7] (1 / 0)", "ZeroDivisionError: division by zero")
    monkeypatch.setattr(
        series, "execute_all", lambda *_, **__: [execution.Executed(tmp_path / "05_kaplan_meier.ipynb", 0.1, failure)]
    )
    told = call("run", "--no-fork", "--no-site", "--name", "one", "--set", "gc_cutoff=5")
    assert told.exit_code == 1, told.output
    assert f"Failed: {failure}" in told.stderr
    manifest = json.loads((runs / "one" / "manifest.json").read_text())
    assert manifest["parameters"]["gc_cutoff"] == 5.0
    assert manifest["this_run"]["failures"] == [str(failure)]
    table = pd.read_csv(runs / "one" / "concordance.csv").set_index("id")
    assert table.loc["table4.dose_low.cr", "verdict"] == "not comparable"
    assert table.loc["table1.male.n", "verdict"] == "same"
