"""Write what a run computed: results, concordance, manifest."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import helpers
from helpers import paths
from helpers.cohort.derive import Analysis
from helpers.paths import write_csv, write_json
from helpers.published.concordance import COUNTED, VERDICTS, concordance, concordance_summary
from helpers.published.values import published_values
from helpers.results import registry
from helpers.results.value import Value
from helpers.run import scrub
from helpers.run.execution import Executed, Failure, error_text
from helpers.run.folders import file_checksum
from helpers.run.steps import of_notebook, package_versions

FILES = ("results.json", "concordance.csv")


def compute_all(analysis: Analysis, failures: list[Failure]) -> dict[str, Value]:
    """Compute every number; a family that fails is added to *failures* and takes no other with it."""
    values: dict[str, Value] = {}
    for family in registry.all_families():
        try:
            values |= family.values(analysis)
        except Exception as error:
            why = error_text(type(error).__name__, _message(error, analysis))
            failures.append(Failure("results", family.name, why))
            values |= {id: Value(id, None, f"failed: {why}") for id in family.ids}
    return values


def _message(error: Exception, analysis: Analysis) -> str:
    other = not analysis.is_paper_cohort and type(error).__name__ not in scrub.OURS
    return scrub.WITHHELD if other else str(error)


def write_results(analysis: Analysis, folder: Path) -> Executed:
    """Write ``results.json``, ``concordance.csv`` and how they compare (``outcome.json``) into *folder*."""
    clock, failures = time.perf_counter(), []
    values = compute_all(analysis, failures)
    write_json(folder / "results.json", registry.as_json(values))
    printed = published_values(analysis.parameters.published_folder or paths.PUBLISHED)
    comparable = registry.comparable_ids(analysis.parameters)
    if not analysis.is_paper_cohort:
        comparable = f"another cohort ({analysis.cohort.name})"
    table = concordance(printed, values, comparable=comparable)
    write_csv(folder / "concordance.csv", table)
    verdicts = concordance_summary(table, printed).loc["results", list(VERDICTS)].astype(int).to_dict()
    told_of = [[one.notebook, one.cell, one.error] for one in failures]
    write_json(folder / "outcome.json", {"verdicts": verdicts, "failures": told_of})
    return Executed(folder / "results.json", time.perf_counter() - clock)


def against_paper(analysis: Analysis, verdicts: Mapping[str, int]) -> str:
    """Say how the numbers compare with those of the paper, if they can."""
    if not analysis.is_paper_cohort:
        return "Published numbers: not compared, since this is another cohort."
    return (
        "Of the published numbers " + ", ".join(f"{n} {COUNTED[verdict]}" for verdict, n in verdicts.items() if n) + "."
    )


def run_manifest(analysis: Analysis, notebooks: Sequence[Path]) -> dict[str, Any]:
    """Describe what a run was made from: parameters, versions, and the content of the cohort and the notebooks."""
    cohort = analysis.cohort
    folder = Path(analysis.parameters.cohort_folder or paths.COHORT)
    tables = {
        table: {"rows": len(frame), "sha256": file_checksum(folder / f"{table}.csv")}
        for table, frame in cohort.tables.items()
        if (folder / f"{table}.csv").exists()
    }
    about = {key: getattr(cohort, key) for key in ("name", "origin", "synthetic", "source", "licence")}
    parameters = {key: value for key, value in analysis.parameters.model_dump().items() if not key.endswith("_folder")}
    return {
        "supplement": helpers.__version__,
        "versions": package_versions(),
        "parameters": parameters,
        "chosen": sorted(name for name in analysis.parameters.chosen() if not name.endswith("_folder")),
        "cohort": {**about, "tables": tables},
        "notebooks": {path.stem: of_notebook(path) for path in notebooks},
    }
