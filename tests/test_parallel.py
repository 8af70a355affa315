"""The same numbers whatever the workers, and whoever of them dies."""

import os
import subprocess
import sys

import numpy as np
import pytest

from helpers import parallel
from helpers.parallel import run_all
from helpers.problems import InputError

ITEMS = list(range(24))


def draw(item, rng):
    return item + rng.normal(size=3)


def die_once(job, rng):
    """Kill the worker half-way, the first time that the item comes by; leave a mark so that it happens once."""
    item, mark = job
    value = draw(item, rng)
    if item == len(ITEMS) // 2 and not mark.exists():
        mark.write_text(str(os.getpid()))
        os._exit(1)
    return value


@pytest.fixture(scope="module")
def alone():
    return run_all(draw, ITEMS, seed=7)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A local Dask cluster as a user starts one: a scheduler and two worker processes, each restarted by a nanny."""
    folder = tmp_path_factory.mktemp("dask")
    contact = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")])}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nworkers", "2", "--nthreads", "1"]
    shared = ["--no-dashboard", "--scheduler-file", str(contact)]
    processes = [subprocess.Popen([*command, *shared], env=path, **quiet) for command in (scheduler, worker)]
    from distributed import Client

    with Client(scheduler_file=str(contact), timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
    yield address
    for process in reversed(processes):
        process.terminate()
        process.wait(20)


def test_numbers_do_not_depend_on_the_number_of_processes(alone):
    np.testing.assert_array_equal(run_all(draw, ITEMS, seed=7, jobs=2), alone)
    np.testing.assert_array_equal(run_all(draw, ITEMS, seed=7, jobs=3), alone)


def test_another_seed_gives_other_numbers_and_items_do_not_share_a_stream(alone):
    assert not np.allclose(run_all(draw, ITEMS, seed=8), alone)
    noise = np.array(alone) - np.array(ITEMS)[:, None]
    assert len(np.unique(noise)) == noise.size


def test_an_item_keeps_its_numbers_when_others_follow(alone):
    np.testing.assert_array_equal(run_all(draw, ITEMS[:5], seed=7), alone[:5])


def test_a_cluster_gives_the_same_numbers(alone, cluster):
    np.testing.assert_array_equal(run_all(draw, ITEMS, seed=7, dask=cluster), alone)


def test_a_worker_killed_half_way_changes_nothing(alone, cluster, tmp_path):
    mark = tmp_path / "died"
    found = run_all(die_once, [(item, mark) for item in ITEMS], seed=7, dask=cluster)
    assert mark.exists(), "no worker died"
    np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:8786", "http://127.0.0.1:1"])
def test_a_scheduler_that_is_not_there_is_one_line(address, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 1)
    with pytest.raises(InputError, match=r"scheduler|address such as"):
        run_all(abs, [1, 2], dask=address)


def test_workers_that_differ_are_refused_before_anything_is_sent(cluster, monkeypatch):
    monkeypatch.setattr(parallel, "version", lambda name: "0.1")
    with pytest.raises(InputError, match="column pandas: found"), parallel.connected_cluster(cluster):
        pass


def test_an_error_comes_through():
    with pytest.raises(ZeroDivisionError):
        run_all(lambda item: 1 / item, [1, 0], jobs=2)


def test_no_process_is_started_for_nothing():
    assert run_all(abs, [], jobs=2) == []
    with pytest.raises(ValueError, match="jobs is 0"):
        run_all(abs, [1], jobs=0)


def test_tls_without_certificates_is_one_line():
    with pytest.raises(
        InputError, match=r"found 'tls://127\.0\.0\.1:9'; allowed: tls:// with certificates in Dask's configuration"
    ):
        run_all(draw, ITEMS, seed=7, dask="tls://127.0.0.1:9")
