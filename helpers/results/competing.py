"""Progression or relapse, and death without it: events of which the first prevents the other from being seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.derive import DAYS_PER_YEAR
from helpers.estimate.competing_risks import gray_test, incidence_at
from helpers.problems import NotAvailable
from helpers.results.comparisons import COMPARISONS
from helpers.results.exposure import exposure_groups
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population, needed_frame
from helpers.results.registry import EVENTS, family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

PLACE = "extra.competing"
CAUSES = {"progression": 1, "death": 2}
NEEDS = ("pfs_days", "pfs_event")


@once_per_analysis
def first_events(analysis: Analysis) -> pd.DataFrame:
    """Lay out which of the two came first: time (days) and cause (0 neither, 1 progression or relapse, 2 death without).

    The time is that of PFS. A progression on the day of death came first.
    """
    frame = needed_frame(analysis, *NEEDS)
    days = analysis.cohort.tables["followup"].set_index("patient_id").reindex(frame.index)
    known = days.reindex(columns=["relapse_day", "progression_day"]).astype(float)  # without a column: nobody has a day
    progressed = known.min(axis=1) <= frame["pfs_days"]
    cause = np.where(frame["pfs_event"], np.where(progressed, 1, 2), 0)
    return pd.DataFrame({"time": frame["pfs_days"].astype(float), "cause": cause}, index=frame.index)


def _counts(data: pd.DataFrame, cause: int) -> dict[str, int]:
    known = data["time"].notna()
    return {"n": int(known.sum()), "events": int((data["cause"][known] == cause).sum()), "missing": int((~known).sum())}


def cumulative_incidences(analysis: Analysis) -> dict[str, Value]:
    """Cumulative incidence of progression and of death without it at the milestones, percent."""
    years, found = analysis.parameters.milestones, {}
    try:
        data = first_events(analysis)
    except NotAvailable as absent:  # the milestones are the user's, so their ids are there with the reason
        return {f"{PLACE}.{name}.cif.{year:g}y": Value("", None, str(absent)) for name in CAUSES for year in years}
    for name, cause in CAUSES.items():
        counts = _counts(data, cause)
        for year in years:
            key, late = f"{PLACE}.{name}.cif.{year:g}y", f"follow-up ends before year {year:g}"
            if not counts["n"]:
                found[key] = Value("", None, "no patient has the endpoint", **counts)
                continue
            read = incidence_at(data["time"], data["cause"], year * DAYS_PER_YEAR, cause)["incidence"].iloc[0]
            found[key] = Value("", 100 * read, late, **counts)
    return found


def gray_tests(analysis: Analysis) -> dict[str, Value]:
    """Gray's test of the groups of the exposure of the parameters, for either event."""
    groups = exposure_groups(analysis)
    data = first_events(analysis)[in_population(analysis, "toxicity")]
    groups = groups.reindex(data.index)
    used = data[groups.notna()]
    found = {}
    for name, cause in CAUSES.items():
        counts = _counts(used, cause) | {"missing": len(data) - int(used["time"].notna().sum())}
        test = gray_test(used["time"], used["cause"], groups[groups.notna()].astype(str), cause)
        found[f"{PLACE}.{name}.gray.p"] = Value("", test.p, test.reason, **counts)
    return found


family(
    population="all",
    method="cumulative incidence (Aalen-Johansen), the other event competing; percent",
    reason="one minus a Kaplan–Meier curve that censors the other event is too high",
    prefix=f"{PLACE}.",
    depends=[*EVENTS["PFS"], "milestones"],
    name="competing.incidences",
)(cumulative_incidences)
family(
    *(f"{PLACE}.{name}.gray.p" for name in CAUSES),
    population="toxicity",
    method="Gray's test of the cumulative incidences, rho 0",
    reason="groups formed after day 0 are compared from day 0: naive about time",
    depends=[*EVENTS["PFS"], *COMPARISONS["exposure"][3]],
    needs=NEEDS,
    name="competing.gray",
)(gray_tests)
