"""The groups whose follow-up, medians and restricted means stand side by side: all, those of the exposure, those of the dose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from helpers.problems import NotAvailable
from helpers.results.comparisons import comparison_groups, group_population
from helpers.results.curves import members_of
from helpers.results.measures import once_per_analysis
from helpers.results.value import RESERVED, id_parts

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


@dataclass(frozen=True)
class Arm:
    """A group of patients.

    ``key`` is its part of an id; ``against`` the key of the group that it is compared with, "" if it is that group or
    stands alone; ``population`` names its patients beside a value; ``members`` tells them (bool by patient_id).
    """

    key: str
    label: str
    comparison: str
    against: str
    population: str
    members: pd.Series


@once_per_analysis
def groups_present(analysis: Analysis) -> list[Arm]:
    """List the groups that have a patient.

    Everyone of the cohort ("all"), the groups of the exposure of the parameters (``no_gc``, ``gc``), and the dose groups
    (``gc_none``, ``gc_low``, ``gc_high``).

    Returns
    -------
    list of Arm
        Keys are part of ids such as ``extra.lost.gc_low.n``. Groupings that the cohort cannot make are left out.
    """
    everyone = pd.Series(True, index=analysis.frame.index)
    found, taken = [Arm("all", "all", "", "", "all", everyone)], set(RESERVED)
    dose = _groups(analysis, "dose")
    if dose is not None:
        labels = [label for label, _ in members_of(analysis.frame, dose)]
        taken |= {f"gc_{label}" for label in labels}
    exposure = _groups(analysis, "exposure")
    if exposure is not None:
        labelled = [label for label, _ in members_of(analysis.frame, exposure)]
        found += _of(analysis, exposure, "exposure", id_parts(labelled, taken))
    if dose is not None:
        found += _of(analysis, dose, "dose", {label: f"gc_{label}" for label in labels})
    return found


def both_groups(arm: Arm, reference: Arm) -> str:
    """Name the patients of a group and its reference together.

    Examples
    --------
    >>> everyone = pd.Series([True])
    >>> none, low = (Arm(f"gc_{key}", key, "dose", "", f"toxicity & dose: {key}", everyone) for key in ("none", "low"))
    >>> both_groups(low, none)
    'toxicity & dose: none / low'
    """
    before, mark, own = arm.population.rpartition(": ")
    return f"{before}{mark}{reference.population.rpartition(': ')[2]} / {own}" if mark else ""


def _groups(analysis: Analysis, comparison: str) -> pd.Series | None:
    try:
        return comparison_groups(analysis, comparison)
    except NotAvailable:
        return None


def _of(analysis: Analysis, groups: pd.Series, comparison: str, keys: dict[str, str]) -> list[Arm]:
    members = members_of(analysis.frame, groups)
    first, named = keys[members[0][0]] if members else "", id_parts([label for label, _ in members])
    return [
        Arm(keys[label], label, comparison, "" if keys[label] == first else first,
            group_population(analysis, comparison, named[label]), inside)
        for label, inside in members
    ]  # fmt: skip
