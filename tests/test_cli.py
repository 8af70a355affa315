"""The command line: what it lists, what it refuses, and that a refusal leaves nothing behind."""

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click
import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook

from helpers import paths
from helpers.parameters import Parameters
from helpers.run import commands, series
from helpers.run.cli import main

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "05_kaplan_meier.ipynb"
    cells = [new_code_cell("import math"), new_code_cell("1 / 0")]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)
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

    monkeypatch.setattr(series, "run_tasks", start)


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def refused(*arguments):
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("Reading the cohort and the parameters ...\n")


def test_help_lists_the_commands_and_every_parameter():
    listed = call("--help").stdout
    assert all(f"\n  {command} " in listed for command in ("run", "check", "audit"))
    told = call("run", "--help").stdout
    assert all(f"  {name} = " in told for name in Parameters.model_fields)
    assert "gc_cutoff = 8.0 mg/kg" in told or "(mg/kg methylprednisolone equivalent)" in told
    assert "allowed: PFS / OS / EFS" in told
    assert "allowed: a whole number >= 1 and <= 365 (days)" in told


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
        (["--set", "seed=-1"], "column seed"),
        (["--set", "output_folder=x"], "the option --out"),
        (["--set", "cohort_folder=x"], "the option --cohort"),
        (["--name", "one", "--out", "two"], "either --name or --out"),
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


def test_a_cohort_that_does_not_say_what_day_0_is_is_told_so(tmp_path):
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "patients.csv").write_text("patient_id,sex\nP1,female\nP2,male\n", encoding="utf-8")
    told = call("check", "--cohort", tmp_path / "few").stdout
    assert told.startswith("unnamed (not synthetic), what day 0 is, is not stated\n")
    assert "day 0 is day 0" not in told


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
    assert f"{(found['verdict'] == 'cannot both hold as printed').sum()} cannot both hold as printed" in told.stdout


def test_a_failed_notebook_gives_exit_code_1_and_its_name(runs):
    told = call("run", "--no-site", "--name", "one", "--set", "gc_cutoff=5")
    assert told.exit_code == 1, told.output
    failure = "05_kaplan_meier, cell [3] (1 / 0): ZeroDivisionError: division by zero"
    assert f"Failed: {failure}\n" in told.stderr
    manifest = json.loads((runs / "one" / "manifest.json").read_text())
    assert manifest["parameters"]["gc_cutoff"] == 5.0
    assert manifest["this_run"]["failures"] == [failure]
    table = pd.read_csv(runs / "one" / "concordance.csv").set_index("id")
    assert table.loc["table4.dose_low.cr", "verdict"] == "not comparable"
    assert table.loc["table1.male.n", "verdict"] == "same"


def test_a_setting_of_thirty_thousand_signs_is_refused_in_one_line(runs, never):
    told = refused("run", "--set", "gc_cutoff=" + "(" * 30_000)
    assert len(told) < 500
    assert "30010 characters" in told


def test_nothing_of_others_is_removed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    for arguments in (["site", "--out"], ["run", "--notebooks", "05", "--out"]):
        assert "nothing was removed" in refused(*arguments, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG])
def test_what_cannot_be_written_is_one_line(number, runs, monkeypatch):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number), "/some/folder/results.json")

    monkeypatch.setattr(series, "of_inputs", fail)
    told = call("run", "--no-site", "--name", "one")
    assert told.exit_code == 3
    assert (
        told.stderr.splitlines()[-1]
        == f"Cannot be written: {os.strerror(number)} (results.json). Nothing was left behind."
    )
    assert not runs.exists()


def test_installed_without_the_project_every_command_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "absent")
    assert "pip install --editable ." in refused("audit")


SLOW = [new_code_cell("import time\nfrom joblib import Parallel, delayed"), new_code_cell("time.sleep(600)")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_nothing_behind(number, code, tmp_path):
    """No folder, no process: the notebook is at work when the command is told to end."""
    nbformat.write(
        new_notebook(cells=SLOW, metadata={"kernelspec": KERNEL}), tmp_path / "notebooks" / "05_kaplan_meier.ipynb"
    )
    script = (
        "from pathlib import Path; import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs ignore it
        "from helpers import paths\n"
        "paths.NOTEBOOKS = Path(sys.argv.pop(1))\n"
        "from helpers.run.cli import main\n"
        "main()"
    )
    out = tmp_path / "out" / "one"
    mark = f"mark-{os.getpid()}-{number}"
    command = [
        sys.executable,
        "-c",
        script,
        tmp_path / "notebooks",
        "run",
        "--no-site",
        "--out",
        out,
        "--notebooks",
        "05",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "MARK": mark}) as process:
        for line in process.stderr:
            if line.startswith("results"):  # the other task is done, the notebook runs
                break
        process.send_signal(number)
        process.stderr.read()
        assert process.wait(60) == code
    assert list(tmp_path.glob("out")) == []
    assert _with_mark(mark) == []


def _with_mark(mark):
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found += [path.parent.name] * (mark.encode() in path.read_bytes())
    return found


def test_where_a_number_comes_from():
    told = call("where", "table5.multivariable.gc_low.hr")
    assert told.exit_code == 0, told.output
    file, line = re.search(r"file: (\S+):(\d+), (\w+)", told.stdout).group(1, 2)
    source = (paths.ROOT / file).read_text().splitlines()
    assert "def multivariable_rows" in "\n".join(source[int(line) - 1 : int(line) + 20])
    assert "population toxicity" in told.stdout
    assert "did you mean table5.multivariable.gc_low.hr" in refused("where", "table5.multivariabl.gc_low.hr")


def test_what_differs_between_two_runs_and_why(runs):
    for name, setting in (("one", []), ("two", ["--set", "gc_cutoff=5"])):
        call("run", "--no-site", "--name", name, *setting)
    told = call("diff", "one", "two", "--out", runs / "d.csv")
    assert told.exit_code == 0, told.output
    assert "  parameter gc_cutoff: 8.0 -> 5.0\n" in told.stdout
    table = pd.read_csv(runs / "d.csv").set_index("id")
    one, two = (json.loads((runs / name / "results.json").read_text()) for name in ("one", "two"))
    assert set(table.index) == {id for id in one if one[id]["value"] != two[id]["value"]}
    assert set(table["because"].dropna()) == {"gc_cutoff"}
    assert "0 of" in call("diff", "one", "one").stdout
    assert "a run, or its name" in refused("diff", "one", "three")


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (commands.Stopped(143), 143)])
def test_a_signal_within_compiled_code_ends_as_any_other(raised, code):
    """Python wraps what a signal raises in a compiled function into an error of the system."""

    @click.command()
    @commands.refusing
    def search():
        try:
            raise SystemError("returned a result with an exception set") from raised
        except SystemError as within:
            raise SystemError("returned a result with an exception set") from within

    assert CliRunner().invoke(search).exit_code == code
