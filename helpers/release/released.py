"""The released results: every number of the bundle stands here, made coarse; the files are written from it and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from helpers.cohort.derive import Analysis
from helpers.problems import NotAvailable
from helpers.release.attack import Cell, Counts, narrow_cells, protect
from helpers.release.released_counts import count_row, count_tables, tie_tables
from helpers.release.released_curves import (
    behind_curves,
    behind_medians,
    count_measured,
    released_comparisons,
    released_curves,
    released_medians,
)
from helpers.release.released_models import models_that_give_nothing_away, released_models
from helpers.release.rules import Rules


@dataclass
class Released:
    """What leaves, and beside it what only the checker sees.

    Parameters
    ----------
    numbers : dict
        Everything that the bundle is written from: about, counts, medians, curves, comparisons, models.
    truth : dict of str to int
        True counts by cell, for the ledger; it never goes into the bundle.
    members : dict of str to frozenset of str
        Whom the cells count, where that is known; for the ledger alone.
    bounds : dict of str to (int, int)
        What an intruder can still say of each suppressed count.
    """

    numbers: dict[str, Any]
    truth: dict[str, int] = field(repr=False)
    members: dict[str, frozenset[str]] = field(repr=False)
    bounds: dict[str, tuple[int, int]] = field(repr=False)


def released(analysis: Analysis, rules: Rules) -> Released:
    """Make the released results of a cohort.

    Parameters
    ----------
    analysis : Analysis
    rules : Rules

    Returns
    -------
    Released

    Raises
    ------
    NotAvailable
        If the cohort is smaller than the threshold, or its counts cannot be protected.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> n = 100
    >>> patients = pd.DataFrame({"patient_id": [f"SYN-{i}" for i in range(n)], "sex": ["male"] * 96 + ["female"] * 4})
    >>> found = released(analyse(Cohort("x", "infusion", True, "made up", "CC0", {"patients": patients})), Rules())
    >>> [(row["level"], row["n"]) for row in found.numbers["counts"]]
    [('female', None), ('male', None)]
    """
    total = len(analysis.frame)
    if not rules.may_total(total):
        raise NotAvailable(f"the cohort has fewer than {rules.threshold} patients; nothing of it can be released")
    crossed, without = True, set()
    while True:  # without the medians, and then the response by exposure, that cannot be protected
        counts, everyone = Counts(), Cell("patients", total, members=frozenset(map(str, analysis.frame.index)))
        tables = count_tables(analysis, counts, everyone, crossed=crossed)
        tie_tables(counts, tables)
        known = count_measured(analysis, counts, everyone, tables, rules, without)
        bounds = protect(counts, rules)
        models, behind = released_models(analysis, rules)
        models, bounds = models_that_give_nothing_away(
            models, behind, counts, tables, analysis.parameters, bounds, rules
        )
        left = narrow_cells(bounds, rules)
        behind_median = {label for label in known if left and any(name.startswith(f"{label}: ") for name in left)}
        if not left:
            break
        if not behind_median and not crossed:
            raise NotAvailable(
                f"{len(left)} suppressed counts can still be bounded to fewer than {rules.threshold} values; nothing is released"
            )
        without, crossed = without | behind_median, crossed and bool(behind_median)
    numbers = {
        "about": _about(analysis, rules, total),
        "counts": [count_row(cell, part.total, label, level, rules) for label, level, cell, part in tables],
        "medians": released_medians(analysis, rules, known, without),
        "curves": released_curves(analysis, rules),
        "comparisons": released_comparisons(analysis, rules),
    }
    numbers["models"] = models
    members = {cell.name: cell.members for cell in counts.cells() if cell.members is not None}
    members |= behind_curves(analysis, numbers["curves"]) | behind_medians(analysis, numbers["medians"])
    truth = {cell.name: cell.count for cell in counts.cells()} | {name: len(who) for name, who in members.items()}
    return Released(numbers, truth | behind, members, bounds)


def _about(analysis: Analysis, rules: Rules, total: int) -> dict[str, Any]:
    return {
        "synthetic": analysis.cohort.synthetic,
        "day_0": analysis.cohort.origin,
        "endpoint": analysis.parameters.endpoint,
        "exposure": analysis.parameters.exposure,
        "patients": rules.rounded(total),
        "threshold": rules.threshold,
        "base": rules.base,
        "statement": f"Counts are rounded to {rules.base}; counts under {rules.threshold}, none, and all but fewer than {rules.threshold} are not shown. "
        "Percentages are of rounded counts. No smallest and no largest value is given. Curves are read at whole months.",
    }  # fmt: skip
