"""One list of requirements: pyproject, its conda twin and the lock agree, and the Makefile refuses a wrong Python."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from helpers.paths import ROOT
from helpers.run.folders import seal_folder

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKED_IN = {"run": [], "test": ["test", "dask"], "lab": ["lab", "class"]}
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock", "lab": "requirements-lab.lock"}


def pins(level):
    """Read a lock: each requirement with the number of its hashes."""
    text = (ROOT / LOCKS[level]).read_text()
    blocks = re.findall(r"^(\w[^\n]*?) \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert "".join(f"{first} \\\n{rest}" for first, rest in blocks) == text, "something else than pins with hashes"
    return [(Requirement(first), rest.count("--hash")) for first, rest in blocks]


PINS = {level: pins(level) for level in LOCKS}
WANTED = [(level, Requirement(text)) for level, names in LOCKED_IN.items()
          for text in (PROJECT["dependencies"] if level == "run" else [one for name in names for one in EXTRAS[name]])]  # fmt: skip


def test_environment_yml_is_the_twin_of_pyproject():
    twin = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert twin["name"] == PROJECT["name"]
    assert f"python {PROJECT['requires-python']}" in twin["dependencies"]
    (listed,) = [item["pip"] for item in twin["dependencies"] if isinstance(item, dict)]
    assert listed[-1] == "--editable ."
    assert len(set(listed)) == len(listed)
    assert set(listed[:-1]) == {*PROJECT["dependencies"], *(one for names in EXTRAS.values() for one in names)}


@pytest.mark.parametrize(("level", "wanted"), WANTED, ids=lambda value: getattr(value, "name", value))
def test_locks_satisfy_pyproject(level, wanted):
    found = [
        pin
        for one in ("run", level)
        for pin, _ in PINS[one]
        if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
    ]
    assert found
    for pin in found:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert wanted.specifier.contains(specifier.version)


def test_every_extra_is_in_one_lock():
    assert sorted([one for names in LOCKED_IN.values() for one in names]) == sorted(EXTRAS)


@pytest.mark.parametrize("level", LOCKS)
def test_locks_pin_everything_by_hash_and_name_no_address(level):
    for pin, hashes in PINS[level]:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert Version(specifier.version)
        assert pin.url is None
        assert hashes >= 1
    assert not re.search(r"://|--index|--find|--extra|--trusted", (ROOT / LOCKS[level]).read_text())


def test_what_the_default_run_needs_has_no_cluster_or_laboratory():
    names = {pin.name for pin, _ in PINS["run"]}
    assert not names & {"distributed", "dask", "jupyterlab", "pytest"}


def test_lock_has_what_builds_the_package():
    (build,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    (pin,) = [pin for pin, _ in PINS["run"] if pin.name == "setuptools"]
    assert Requirement(build).specifier.contains(next(iter(pin.specifier)).version)


def environment():
    """Load .ci/environment.py."""
    found = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_what_pip_is_configured_to_use_is_told_to_uv(monkeypatch, tmp_path):
    module = environment()
    told = "global.index-url='the-mirror'\n:env:.find-links='/wheels'\nglobal.timeout='9'\n"
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\ncat <<"E"\n{told}E\n')
    fake.chmod(0o755)
    monkeypatch.setattr(module, "PYTHON", fake)
    for variable in module.CONFIGURED.values():
        monkeypatch.delenv(variable, raising=False)
    assert module.told_by_pip() == {"UV_DEFAULT_INDEX": "the-mirror", "UV_FIND_LINKS": "/wheels"}
    monkeypatch.setenv("UV_FIND_LINKS", "/others")
    assert module.told_by_pip() == {"UV_DEFAULT_INDEX": "the-mirror"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_clean_leaves_what_others_wrote(tmp_path):
    for name in ("tests", "benchmarks"):
        (tmp_path / name).mkdir()
    for name in ("Makefile", "helpers"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    for folder in ("runs/default", "runs/mine", "docs/_build/site"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.txt").write_text("mine")
    seal_folder(tmp_path / "docs" / "_build" / "site", "site")
    done = subprocess.run(
        ["make", "clean", f"PYTHON={sys.executable}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "runs/default stays" in done.stderr
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"default", "mine"}
    assert not (tmp_path / "docs" / "_build" / "site").exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_makefile_refuses_an_unsuitable_python_in_one_line(tmp_path):
    for name in ("Makefile", *LOCKS.values(), "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "environment.py", tmp_path / ".ci")
    done = subprocess.run(
        ["make", "run", "PYTHON=no-such-python false"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        "This supplement needs a Python from 3.11 to 3.13 with its venv module; "
        "none was found among: no-such-python false."
    )
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_what_the_readme_says():
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    done = subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False)
    assert done.returncode == 0
