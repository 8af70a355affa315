"""Write what a run computed: results, concordance, manifest."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import helpers
from helpers import paths
from helpers.cohort.derive import Analysis
from helpers.paths import write_csv, write_json
from helpers.published.concordance import VERDICTS, concordance, summary
from helpers.published.values import published
from helpers.results import registry
from helpers.results.value import Value
from helpers.run.execution import Failure, told

PACKAGES = ("ipykernel", "lifelines", "matplotlib", "numba", "numpy", "pandas", "papermill", "pydantic", "scipy",
            "seaborn", "statsmodels")  # fmt: skip


def compute(analysis: Analysis, failures: list[Failure]) -> dict[str, Value]:
    """Compute every number; a family that fails is added to *failures* and takes no other with it."""
    values: dict[str, Value] = {}
    for family in registry.families():
        try:
            values |= family.values(analysis)
        except Exception as error:
            why = told(type(error).__name__, error)
            failures.append(Failure("results", family.name, why))
            values |= {id: Value(id, None, f"failed: {why}") for id in family.ids}
    return values


def write_results(analysis: Analysis, folder: Path, failures: list[Failure]) -> dict[str, int]:
    """Write ``results.json`` and ``concordance.csv`` and count the verdicts on results."""
    values = compute(analysis, failures)
    write_json(folder / "results.json", registry.as_json(values))
    printed = published(analysis.parameters.published_folder or paths.PUBLISHED)
    comparable = registry.comparable(analysis.parameters)
    if not analysis.is_paper_cohort:
        comparable = f"another cohort ({analysis.cohort.name})"
    table = concordance(printed, values, comparable=comparable)
    write_csv(folder / "concordance.csv", table)
    return summary(table, printed).loc["results", list(VERDICTS)].astype(int).to_dict()


def manifest(analysis: Analysis, notebooks: Sequence[Path]) -> dict[str, Any]:
    """Describe what a run was made from: parameters, versions, and the content of the cohort and the notebooks."""
    cohort = analysis.cohort
    folder = Path(analysis.parameters.cohort_folder or paths.COHORT)
    tables = {
        table: {"rows": len(frame), "sha256": _sha256(folder / f"{table}.csv")}
        for table, frame in cohort.tables.items()
        if (folder / f"{table}.csv").exists()
    }
    about = {key: getattr(cohort, key) for key in ("name", "origin", "synthetic", "source", "licence")}
    parameters = {key: value for key, value in analysis.parameters.model_dump().items() if not key.endswith("_folder")}
    return {
        "supplement": helpers.__version__,
        "python": platform.python_version(),
        "packages": {package: version(package) for package in PACKAGES},
        "parameters": parameters,
        "cohort": {**about, "tables": tables},
        "notebooks": {path.stem: _sha256(path) for path in notebooks},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
