"""A command that writes a file by name: what it did not write, or what was changed since, it does not replace."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers import paths
from helpers.calibration import calibrate
from helpers.run.cli import main
from helpers.synthesis import truth_study
from helpers.teaching import build
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
    """Options of a folder say so, and are tried below; --key and --ledger go on from what they find and refuse all else."""
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


def write_mine(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MINE)
    return path


def refused(arguments, name):
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 2, told.output
    assert told.stdout == ""
    assert f"{name}: found 'a file of another making'; allowed: a new f" in told.stderr


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


STUDY = ["study", "--cohorts", "4", "--large", "0", "--bootstrap", "0", "--out", "found", "--keep", "kept"]


@pytest.fixture
def short_study(monkeypatch):
    name = "no effect, randomised"
    monkeypatch.setattr(truth_study, "SCENARIOS", {name: truth_study.SCENARIOS[name]})
    monkeypatch.setattr(truth_study.pieces, "__defaults__", ((name,),))
    monkeypatch.setattr(truth_study, "stored_truth", lambda: pd.read_csv(truth_study.FOLDER / "truth.csv"))


def test_a_study_replaces_only_what_a_study_wrote(short_study):
    for name in ("found/truth.csv", "found/performance.csv", "found/slice.csv", "kept/0_120_0_4.csv"):
        mine = write_mine(Path(name))
        refused(STUDY, mine.name)
        assert mine.read_text() == MINE
        mine.unlink()
    write_mine(Path("found/notes.csv"))
    for _ in range(2):  # the second goes on from the pieces of the first
        told = CliRunner().invoke(main, STUDY)
        assert told.exit_code == 0, told.output
    assert "1 of 1 pieces are there already" in told.stderr
    assert Path("found/notes.csv").read_text() == MINE
    Path("kept/0_120_0_4.csv").write_text(MINE)
    refused(STUDY, "0_120_0_4.csv")


@pytest.mark.parametrize("name", ["state.csv", "trace.csv"])
def test_a_search_begins_beside_no_file_of_another_making(name, monkeypatch):
    monkeypatch.setattr(calibrate, "calibrate_fates", lambda *_: pytest.fail("searched"))
    mine = write_mine(Path("searches/3") / name)
    refused(["calibrate", "--seed", "3", "--out", "searches"], name)
    assert files(Path("searches")) == {f"3/{name}": mine.read_bytes()}


def test_a_search_that_was_killed_in_its_first_stage_begins_again(monkeypatch, tmp_path):
    plan = calibrate.Plan(fresh=True)

    def killed(seed, labels, fates, plan, tell):
        tell(calibrate.Step("fates", 1, 2, 1.0, 1.0, 0, 1, (), 0))
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrate, "calibrate_fates", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            calibrate.calibrate(3, tmp_path / "3", plan, lambda _: None)
    assert set(files(tmp_path / "3")) == {"progress.json", "trace.csv"}


def test_exercises_replace_only_what_was_made_before(monkeypatch):
    def made(out, *, seed):
        for name in (
            "src/01_own.ipynb",
            "data/children.csv",
            "student/01.ipynb",
            "teacher/key.csv",
            "student/exercises/check.py",
        ):
            if not (out / name).exists():
                paths.write_text(out / name, f"{name} of {seed}")

    monkeypatch.setattr(build, "build", made)
    arguments = ["teach", "exercises", "--out", "class", "--seed", "1"]
    for name in ("teacher/key.csv", "data/children.csv", "student/exercises/check.py", "student/01.ipynb"):
        mine = write_mine(Path("class") / name)
        refused(arguments, mine.name)
        assert files(Path("class")) == {name: MINE.encode()}
        mine.unlink()
    write_mine(Path("class/teacher/notes.txt"))
    for seed in ("1", "2"):
        arguments[-1] = seed
        told = CliRunner().invoke(main, arguments)
        assert told.exit_code == 0, told.output
        assert Path("class/student/01.ipynb").read_text() == f"student/01.ipynb of {seed}"
    assert Path("class/teacher/notes.txt").read_text() == MINE
    assert Path("class/src/01_own.ipynb").read_text() == "src/01_own.ipynb of 1"  # the teacher's own from then on
    write_mine(Path("class/teacher/key.csv"))
    refused(arguments, "key.csv")
    Path("class/student/01.ipynb").unlink()
    Path("class/teacher/key.csv").unlink()
    Path("elsewhere").mkdir()
    Path("class/student").rename("class/was")
    Path("class/student").symlink_to(Path("elsewhere").resolve())
    refused(arguments, "01_can_this_percentage_be.ipynb")
    assert not files(Path("elsewhere"))
