"""Steps of a run or sweep that are done once: a killed one goes on from what it had finished with the same inputs."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

import helpers
from helpers import paths
from helpers.parameters import Parameters
from helpers.paths import write_json
from helpers.run.folders import file_checksum

PACKAGES = ("ipykernel", "lifelines", "matplotlib", "numpy", "pandas", "papermill", "pydantic", "scipy", "seaborn",
            "statsmodels")  # fmt: skip


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers and pictures depend on."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def checksum_of(*parts: Any) -> str:
    """Return one checksum of values that JSON can hold.

    Examples
    --------
    >>> checksum_of({"a": 1, "b": 2}) == checksum_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def of_folder(folder: Path, pattern: str = "*") -> dict[str, str]:
    """Return the checksums of all files below a folder."""
    found = sorted(path for path in folder.rglob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): file_checksum(path) for path in found}


def of_inputs(parameters: Parameters) -> str:
    """Return the fingerprint of all that a number can depend on: parameters, cohort, print, data, code, versions."""
    folders = [Path(folder) for folder in (parameters.cohort_folder, parameters.published_folder) if folder]
    chosen = {name: value for name, value in parameters.model_dump().items() if not name.endswith("_folder")}
    chosen["chosen"] = sorted(parameters.chosen())
    contents = [of_folder(folder) for folder in (paths.DATA, *folders)]
    code = of_folder(Path(helpers.__file__).parent, "*.py")
    return checksum_of(chosen, contents, code, package_versions())


def of_notebook(path: Path) -> str:
    """Return the fingerprint of a notebook's source; stored outputs count for nothing."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:
        return file_checksum(path)
    return checksum_of([(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in cells])


class Steps:
    """The finished steps below one folder, each with a record that is written last.

    Examples
    --------
    >>> import tempfile
    >>> steps = Steps(Path(tempfile.mkdtemp()), "inputs")
    >>> folder = steps.begin("a")
    >>> _ = (folder / "x").write_text("1")
    >>> steps.finished("a") is None
    True
    >>> steps.end("a", {"seconds": 1})
    >>> steps.finished("a")
    {'seconds': 1}
    >>> _ = (folder / "x").write_text("2")
    >>> steps.finished("a") is None
    True
    """

    def __init__(self, folder: Path, inputs: str):
        self.folder, self.inputs = folder, inputs

    def _record(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def begin(self, name: str) -> Path:
        """Give an empty folder for a step, and forget what it may have left before."""
        self._record(name).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / name).mkdir(parents=True)
        return self.folder / name

    def end(self, name: str, about: Mapping[str, Any], source: str = "") -> None:
        """Record that a step is done, with the checksums of its files."""
        record = {"inputs": checksum_of(self.inputs, source), "files": of_folder(self.folder / name), "about": about}
        write_json(self._record(name), record)

    def finished(self, name: str, source: str = "") -> dict[str, Any] | None:
        """Return what was recorded of a step, if it was done with these inputs and its files are as it left them."""
        try:
            record = json.loads(self._record(name).read_text(encoding="utf-8"))
            whole = record["inputs"] == checksum_of(self.inputs, source)
            return record["about"] if whole and record["files"] == of_folder(self.folder / name) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def gather(self, names: Iterable[str], target: Path, kinds: Sequence[str]) -> None:
        """Copy the folders *kinds* of the steps together into *target*."""
        for name in names:
            for kind in kinds:
                if (self.folder / name / kind).is_dir():
                    shutil.copytree(self.folder / name / kind, target / kind, dirs_exist_ok=True)
