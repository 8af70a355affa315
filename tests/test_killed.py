"""A sweep that is killed, whichever file it is putting in its place, and run again: the same files, and nothing left behind."""

import subprocess
import sys

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
    for moment in (2, 1, 3):  # while a point is kept, before one is, and while the tables are put in their place
        killed = swept(broken, moment)
        assert killed.returncode in (-9, 0), killed.stderr
        for path in broken.glob("*.*"):
            if path.is_file():
                assert path.read_bytes() == files(whole)[path.name], "a file is whole or not there"
    again = swept(broken, NEVER)
    assert again.returncode == 0, again.stderr
    assert files(broken) == files(whole)
