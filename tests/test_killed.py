"""A sweep that is killed, whichever file it is putting in its place, and run again: the same files, and nothing left behind."""

import subprocess
import sys

from notebook_cohorts import only, tables, write

KILLED = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from helpers.run import sweep

moment, own, replace = int(sys.argv[2]), os.getpid(), os.replace

def counted(*arguments, **named):
    global moment
    moment -= 1
    if moment == 0:
        os.kill(own, signal.SIGKILL)  # from whichever process puts a file in its place
    return replace(*arguments, **named)

os.replace = counted
points = sweep.sweep_points(["gc_cutoff=5|8", "endpoint=OS|PFS"])
sweep.swept_numbers(points, ["table1.male.n", "table5.univariate.female.hr"], Path(sys.argv[1]) / "sweep.csv", console=Console(file=sys.stderr))
"""
NEVER = 10_000


def swept(folder, moment):
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(moment)], capture_output=True, text=True, check=False
    )


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_sweep_killed_at_any_moment_goes_on_and_leaves_nothing(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    done = swept(whole, NEVER)
    assert done.returncode == 0, done.stderr
    for moment in (2, 3):  # while a point is kept, and while the tables are put in their place
        killed = swept(broken, moment)
        assert killed.returncode in (-9, 0), killed.stderr
        for path in broken.glob("*.*"):
            if path.is_file():
                assert path.read_bytes() == files(whole)[path.name], "a file is whole or not there"
    again = swept(broken, NEVER)
    assert again.returncode == 0, again.stderr
    assert files(broken) == files(whole)


RELEASED = """
import json, os, shutil, signal, sys
from pathlib import Path
from helpers.paths import write_text
from helpers.parameters import Parameters
from helpers.release.rules import Rules
from helpers.run import releasing

place = Path(sys.argv[1])
parameters = Parameters(cohort_folder=str(place / "cohort"))

cohort = releasing.read_cohort(parameters.cohort_folder)
found = releasing.released(releasing.analyse(cohort, parameters), Rules())
releasing.read_cohort = releasing.analyse = lambda *arguments: None
releasing.released = lambda analysis, rules: found  # what is tried here is what becomes of the files

def bundle(numbers, folder):
    return [write_text(folder / name, json.dumps(numbers)) for name in ("results.json", "counts.csv")]

releasing.write_bundle = bundle
releasing.request_form = lambda numbers, files, bounds, folder, searched: write_text(folder / "request.md", searched)
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")

def release(moment):
    own = os.fork()
    if own:
        return os.waitpid(own, 0)[1]
    left = [moment]
    def count(event, arguments):
        if event in CHANGES:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)  # before the change is made
    sys.addaudithook(count)
    releasing.release_bundle(parameters, place / "out", rules=Rules())
    os._exit(0)

def files(folder):
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else None

assert release(0) == 0
out, form, ledger = place / "out", place / "out-request", place / "cohort.releases.json"
whole, told, entries, beside = files(out), files(form), ledger.read_text(), sorted(path.name for path in place.iterdir())
moment, killed = 1, -1
while killed:  # over an earlier release, and (every second time) without one
    if moment % 2:
        for one in (out, form):
            shutil.rmtree(one)
        ledger.unlink()
    killed = release(moment)
    assert files(out) in (None, whole), (moment, files(out))
    assert files(form) in (None, told), moment
    assert files(out) is None or ledger.exists(), (moment, "a bundle that the ledger does not know")
    assert release(0) == 0, moment
    assert (files(out), files(form), ledger.read_text()) == (whole, told, entries), moment
    assert sorted(path.name for path in place.iterdir()) == beside, moment
    moment += 7  # every seventh change, so that it takes seconds; all of them hold, too
print(moment)
"""


def test_a_release_killed_at_any_change_of_a_file_goes_on_and_leaves_nothing(tmp_path):
    write(tmp_path / "cohort", only("patients")(tables(60)))
    done = subprocess.run([sys.executable, "-c", RELEASED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
