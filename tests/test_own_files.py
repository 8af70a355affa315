"""A command that writes a file by name: what it did not write, or what was changed since, it does not replace."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.run.cli import main
from tests.notebook_cohorts import only, tables, write

MINE = "my own file\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("cohort"), only("patients", "followup")(tables(4)))
    for name in ("one", "two"):
        Path(name).mkdir()
        for file in ("manifest", "results"):
            (Path(name) / f"{file}.json").write_text("{}")
    Path("class").mkdir()
    Path("key.csv").write_text("exercise,question,digits,what,value\n05,q05_1,2,right,0.17\n")
    (Path("class") / "ada").mkdir()


WRITING = {  # a command, and the files that it writes
    "sweep": (["sweep", "endpoint=OS|PFS", "--cohort", "cohort", "--ids", "table1.male.n", "--out", "new.csv"],
              ["new.csv", "new_compared.csv", "new.png"]),
    "diff": (["diff", "one", "two", "--out", "new.csv"], ["new.csv"]),
    "audit": (["audit", "--published", str(paths.PUBLISHED / "made_up"), "--out", "new.csv"], ["new.csv"]),
    "check": (["check", "cohort", "--html", "new.csv"], ["new.csv"]),
    "mark": (["teach", "mark", "class", "--key", "key.csv", "--out", "new.csv"], ["new.csv"]),
}  # fmt: skip


def call(command, code=0):
    told = CliRunner().invoke(main, WRITING[command][0])
    assert told.exit_code == code, told.output
    return told


@pytest.mark.parametrize("command", WRITING)
def test_a_file_of_another_making_stays_and_one_of_ours_is_replaced(command):
    names = WRITING[command][1]
    for name in names:
        Path(name).write_text(MINE)
        told = call(command, code=2)
        assert told.stdout == ""
        assert f"{name}: found 'a file of another making'; allowed: a new file" in told.stderr
        assert Path(name).read_text() == MINE
        Path(name).write_text("")  # which holds nothing
    call(command)
    first = {name: Path(name).read_bytes() for name in names}
    assert all(first.values())
    call(command)
    assert {name: Path(name).read_bytes() for name in names} == first
    for name in names:
        Path(name).write_bytes(first[name] + b" a note")
        call(command, code=2)
        assert Path(name).read_bytes() == first[name] + b" a note"
        Path(name).write_bytes(first[name])


def test_each_command_that_writes_a_file_by_name_is_tried_here():
    """Options of a folder say so; --key and --ledger go on from what they find and refuse all else."""
    named = set()

    def look(command, name):
        for each, inner in getattr(command, "commands", {}).items():
            look(inner, each)
        for option in command.params:
            told = getattr(option, "help", None) or ""
            if "file" in told.lower() and ("--out" in option.opts or "--html" in option.opts) and "older" not in told:
                named.add(name)

    look(main, "")
    assert named == set(WRITING)


def test_the_file_of_another_command_a_link_and_a_folder_are_refused(tmp_path):
    call("diff")
    call("audit", code=2)
    Path("new.csv").rename("other.csv")
    Path("new.csv").symlink_to("other.csv")
    call("diff", code=2)
    Path("new.csv").unlink()
    Path("new.csv").mkdir()
    call("diff", code=2)


@pytest.mark.parametrize("record", ["", "[]", '{"new.csv": 1}', json.dumps({"new.csv": {"command": "diff"}})])
def test_without_a_record_that_can_be_read_nothing_is_ours(record):
    call("diff")
    Path(".supplement-files.json").write_text(record)
    call("diff", code=2)
