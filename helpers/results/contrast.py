"""The one comparison that confounding, losses and choices are asked about: low dose against none, or the exposure's groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from helpers.problems import NotAvailable
from helpers.results.arms import groups_present
from helpers.results.comparisons import comparison_groups
from helpers.results.curves import endpoint_columns, members_of
from helpers.results.exposure import exposure_groupings
from helpers.results.measures import once_per_analysis
from helpers.results.populations import is_yes, needed_frame

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


class Contrast(NamedTuple):
    """``labels`` of the groups, the reference first and the one asked about second; ``groups`` by patient_id, missing outside;
    ``key`` of the group asked about, as ids have it, "" if no id is of it."""  # fmt: skip

    labels: tuple[str, ...]
    groups: pd.Series
    key: str

    @property
    def reference(self) -> str:
        """The group compared with."""
        return self.labels[0]

    @property
    def chosen(self) -> str:
        """The group asked about."""
        return self.labels[1]


@once_per_analysis
def contrast(analysis: Analysis) -> Contrast:
    """Say what is compared: the dose groups if the exposure is GC and doses are known, else the groups of the exposure.

    Raises
    ------
    NotAvailable
        If the cohort has no two groups.
    """
    parameters = analysis.parameters
    if parameters.exposure == "GC":
        try:
            groups = comparison_groups(analysis, "dose")
        except NotAvailable:
            groups = None
        labels = () if groups is None else tuple(label for label, _ in members_of(analysis.frame, groups))
        if labels[:2] == ("none", "low"):
            return Contrast(labels, groups, "gc_low")
    keys = {arm.label: arm.key for arm in groups_present(analysis) if arm.comparison == "exposure"}
    for groups in exposure_groupings(analysis).values():
        labels = tuple(label for label, _ in members_of(analysis.frame, groups))
        if len(labels) > 1:
            return Contrast(labels, groups, keys.get(labels[1], ""))
    raise NotAvailable(f"cohort {analysis.cohort.name} has no two groups to compare")


def contrast_outcome(analysis: Analysis) -> pd.DataFrame:
    """Lay out the patients of a contrast: time, event, group (text); those without a time are left out."""
    time, event = endpoint_columns(analysis.parameters.endpoint)
    frame, of = needed_frame(analysis, time, event), contrast(analysis)
    found = pd.DataFrame(
        {"time": frame[time].astype(float), "event": is_yes(frame[event]), "group": of.groups.astype(object)}
    )
    return found.dropna()
