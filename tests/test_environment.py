"""One list of requirements: pyproject, its conda twin and the lock agree, and the Makefile refuses a wrong Python."""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from helpers.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]]
LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
]


def test_environment_yml_is_the_twin_of_pyproject():
    twin = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert twin["name"] == PROJECT["name"]
    assert f"python {PROJECT['requires-python']}" in twin["dependencies"]
    (listed,) = [item["pip"] for item in twin["dependencies"] if isinstance(item, dict)]
    assert listed[-1] == "--editable ."
    assert sorted(listed[:-1]) == sorted(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_lock_satisfies_pyproject(wanted):
    pins = [pin for pin in LOCK if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
    assert len(pins) == 1
    (specifier,) = pins[0].specifier
    assert specifier.operator == "=="
    assert wanted.specifier.contains(specifier.version)


def test_lock_pins_everything_and_names_no_address():
    for pin in LOCK:
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert Version(specifier.version)
        assert pin.url is None
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|--index|--find|--extra|--trusted", text)


def test_lock_has_what_builds_the_package():
    (build,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    (pin,) = [pin for pin in LOCK if pin.name == "setuptools"]
    assert Requirement(build).specifier.contains(next(iter(pin.specifier)).version)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_makefile_refuses_an_unsuitable_python_in_one_line(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
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
