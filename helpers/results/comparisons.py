"""Which groups are compared: by agent, dose, onset, duration, or the exposure of the parameters; on whom; under which labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.results.exposure import exposure_groups
from helpers.results.populations import in_population, named_population, needed_frame
from helpers.results.registry import AGENT, DOSE, GC, LENGTH, ONSET

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis


def _agent(name: str, column: str) -> Callable[[Analysis], pd.Series]:
    def groups(analysis: Analysis) -> pd.Series:
        given = needed_frame(analysis, column)[column].astype(object).map({False: f"no {name}", True: name})
        return pd.Series(pd.Categorical(given, [f"no {name}", name], ordered=True), index=given.index)

    return groups


def _column(column: str) -> Callable[[Analysis], pd.Series]:
    return lambda analysis: needed_frame(analysis, column)[column]


def _dose_of_the_treated(analysis: Analysis) -> pd.Series:
    return needed_frame(analysis, "gc_group")["gc_group"].cat.remove_categories(["none"])


# comparison: groups, population read from the print, population stated, parameters that the groups depend on
COMPARISONS: dict[str, tuple[Callable[[Analysis], pd.Series], str, str, tuple[str, ...]]] = {
    "gc": (_agent("GC", "gc"), "all", "toxicity", GC),
    "tcz": (_agent("TCZ", "tcz"), "all", "toxicity", AGENT),
    "rux": (_agent("RUX", "rux"), "all", "toxicity", AGENT),
    "dose": (_column("gc_group"), "toxicity", "toxicity", DOSE),
    "dose_tcz_no_rux": (_dose_of_the_treated, "gc & tcz & norux", "gc & tcz & norux", DOSE),
    "onset": (_column("gc_onset"), "gc", "gc", ONSET),
    "duration": (_column("gc_duration_group"), "gc", "gc", LENGTH),
    "exposure": (exposure_groups, "toxicity", "toxicity", (*DOSE, *ONSET, *LENGTH, "exposure", "age_cut", "weight_cut", "blast_cut")),
}  # fmt: skip


def comparison_groups(analysis: Analysis, comparison: str) -> pd.Series:
    """Return the groups of a named comparison, missing outside its population.

    Parameters
    ----------
    comparison : str
        gc, tcz, rux (S-Figure 2), dose (Figure 3), dose_tcz_no_rux (S-Figure 4), onset, duration (S-Figure 6), or
        exposure (the one of the parameters).

    Returns
    -------
    pandas.Series
        Ordered categorical by patient_id.
    """
    make, *_ = COMPARISONS[comparison]
    return make(analysis).where(concerned_patients(analysis, comparison))


def concerned_patients(analysis: Analysis, comparison: str) -> pd.Series:
    """Tell whom a named comparison concerns, those whose group is unknown with them."""
    _, paper, stated, _ = COMPARISONS[comparison]
    return in_population(analysis, paper if analysis.reading == "paper" else stated)


def group_population(analysis: Analysis, comparison: str, *keys: str) -> str:
    """Name the patients of some groups of a comparison: its population and the groups' parts of ids.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> patients = pd.DataFrame({"patient_id": ["SYN-001"]})
    >>> one = analyse(Cohort("one", "infusion", True, "made up", "CC0", {"patients": patients}))
    >>> group_population(one, "dose", "none", "low")
    'dose: none / low'
    """
    _, paper, stated, _ = COMPARISONS[comparison]
    return within(analysis, paper if analysis.reading == "paper" else stated, comparison, *keys)


def within(analysis: Analysis, population: str, groups: str, *keys: str) -> str:
    """Name the patients of a population that are in some groups, by what parts them and the groups' parts of ids.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> one = analyse(Cohort("one", "infusion", True, "made up", "CC0", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})}))
    >>> within(one, "evaluable", "gc", "no_gc"), within(one, "all", "target", "cd19")
    ('evaluable & gc: no_gc', 'target: cd19')
    """
    who = named_population(analysis, population)
    named = f"{groups}: {' / '.join(keys)}" if keys else ""
    return " & ".join(part for part in ("" if who == "all" and named else who, named) if part)


def labelled_groups(analysis: Analysis, comparison: str) -> pd.Series:
    """Return the groups of :func:`comparison_groups` under labels that carry their meaning: "no GC", "low ≤8" (mg/kg), "<5 days"."""
    used, groups = analysis.parameters, comparison_groups(analysis, comparison)
    cut = analysis.gc_cutoff
    dosed = {"low": f"low ≤{cut:g}", "high": f"high >{cut:g}"} if np.isfinite(cut) else {}
    words = {"none": "no GC", **dosed,
             "early": f"<{used.onset_cut_days:g} days", "late": f"≥{used.onset_cut_days:g} days",
             "short": f"≤{used.duration_cut_days:g} days", "long": f">{used.duration_cut_days:g} days"}  # fmt: skip
    return groups.cat.rename_categories(words)
