"""Patients, not numbers: each rule that a natural cohort keeps, and how many patients break it.

Rules on fates, endpoints and baseline stand here, those of the ward in :mod:`helpers.synthesis.ward_rules`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.cohort.derive import DAYS_PER_YEAR, analyse
from helpers.cohort.schema import Cohort
from helpers.synthesis import ward_rules  # noqa: F401  (registers the rules of the ward)
from helpers.synthesis.details import growth_median
from helpers.synthesis.rule_book import RULES, fates, rule
from helpers.synthesis.study import cohort_of

TRIES, APART = 6, 1000  # draws of the details of a state, and how far their seeds lie apart


def rules_report(cohort: Cohort) -> pd.DataFrame:
    """Check every rule on a cohort.

    Returns
    -------
    DataFrame
        rule, broken (patients), who (their ids, which are synthetic).

    Examples
    --------
    >>> from helpers.synthesis.study import synthetic_cohort
    >>> int(rules_report(synthetic_cohort(1))["broken"].sum())
    0
    """
    analysis = analyse(cohort)
    rows = []
    for text, broken in RULES.items():
        found = broken(cohort, analysis)
        who = sorted(found.index[found.fillna(False).astype(bool)].unique())
        rows.append((text, len(who), " ".join(who)))
    return pd.DataFrame(rows, columns=["rule", "broken", "who"])


def plausible_details(labels: pd.DataFrame, fates: pd.DataFrame, seed: int) -> int | None:
    """Find a seed of the details with which a calibrated state becomes a whole cohort in which nobody breaks a rule.

    Parameters
    ----------
    labels, fates : DataFrame
        From :func:`helpers.synthesis.state.read_state`.
    seed : int
        The first that is tried; five others lie 1,000 apart.

    Returns
    -------
    int or None
        None if none of them does.
    """
    return next((d for d in range(seed, seed + TRIES * APART, APART) if _keeps_the_rules(labels, fates, d)), None)


def _keeps_the_rules(labels: pd.DataFrame, fates: pd.DataFrame, seed: int) -> bool:
    try:
        cohort = cohort_of(labels, fates, seed)
    except ValueError:
        return False
    return not rules_report(cohort)["broken"].any()


@rule("progression or relapse comes before death and before the last contact")
def _order(cohort, analysis):
    fate = fates(cohort)
    back = fate[["relapse_day", "progression_day", "treatment_failure_day"]].max(axis=1)
    return (back >= fate["death_day"]) | (back > fate["last_contact_day"])


@rule("treatment failure, if any, comes before progression")
def _failure(cohort, analysis):
    fate = fates(cohort)
    return fate["treatment_failure_day"] >= fate[["relapse_day", "progression_day"]].min(axis=1)


@rule("EFS and PFS differ only by non-response, treatment failure or an unrelated death")
def _as_defined(cohort, analysis):
    frame, fate = analysis.frame, fates(cohort)
    reason = (frame["day30_response"] == "NR") | fate["treatment_failure_day"].notna()
    reason |= fate["death_cause"].eq("unrelated").fillna(False)
    return (frame["efs_days"].ne(frame["pfs_days"]) | frame["efs_event"].ne(frame["pfs_event"])) & ~reason.astype(bool)


@rule("nobody dies of leukaemia without its coming back")
def _cause(cohort, analysis):
    fate = fates(cohort)
    back = fate["relapse_day"].notna() | fate["progression_day"].notna()
    return fate["death_cause"].eq("leukaemia").fillna(False).astype(bool) & ~back


@rule("no treatment, sample or assessment after the last contact")
def _after(cohort, analysis):
    last = analysis.frame["followup_days"]
    late = [
        (cohort.tables[name].set_index("patient_id")[day]).gt(cohort.tables[name]["patient_id"].map(last).to_numpy())
        for name, day in [
            ("treatments", "day"),
            ("labs", "day"),
            ("response", "assessment_day"),
            ("toxicity", "day_to"),
        ]
    ]
    return pd.concat([one.groupby(level=0).any() for one in late]).groupby(level=0).any()


@rule("weight within 0.7 to 1.6 and height within 0.85 to 1.2 of the median for age and sex")
def _growth(cohort, analysis):
    frame = analysis.frame
    girl, age = (frame["sex"] == "female").to_numpy(), frame["age_years"].to_numpy()
    weight = frame["weight_kg"] / growth_median("weight_kg", girl, age)
    height = frame["height_cm"] / growth_median("height_cm", girl, age)
    return ~weight.between(0.7, 1.6) | ~height.between(0.85, 1.2)


@rule("marrow blasts of 5 % or more go with an MRD of 1 % or more, if it was measured")
def _mrd(cohort, analysis):
    frame = analysis.frame
    return (frame["blast_prelymphodepletion_pct"] >= 5) & (frame["mrd_prelymphodepletion"] < 0.01)


@rule("a relapse outside the marrow goes with blasts below 5 %; a testicular one is a boy's")
def _site(cohort, analysis):
    frame = analysis.frame
    outside = ~frame["site_bm"] & (frame["site_cns"] | frame["site_testis"] | frame["site_other"])
    return (outside & (frame["blast_prelymphodepletion_pct"] >= 5)) | (
        frame["site_testis"] & (frame["sex"] == "female")
    )


@rule("infusion within recruitment, follow-up within the data cut-off")
def _calendar(cohort, analysis):
    frame = analysis.frame
    return ~frame["cutoff_day"].between(366, 2710) | (frame["followup_days"] > frame["cutoff_day"])


@rule("no two patients share the day of an event of one endpoint")
def _untied(cohort, analysis):
    frame = analysis.frame
    tied = [frame.loc[frame[f"{e}_event"], f"{e}_days"].duplicated(keep=False) for e in ("os", "pfs", "efs")]
    return pd.concat(tied).groupby(level=0).any()


@rule("events do not pile up within two weeks of a milestone (more than 4 of an endpoint)")
def _piled(cohort, analysis):
    frame, out = analysis.frame, pd.Series(False, index=analysis.frame.index)
    for endpoint in ("os", "pfs", "efs"):
        days = frame.loc[frame[f"{endpoint}_event"], f"{endpoint}_days"]
        for year in (1, 2, 3):
            near = days[(days - year * DAYS_PER_YEAR).abs() <= 14]
            out[near.index] |= len(near) > 4
    return out


@rule("synthetic: every id says so")
def _named(cohort, analysis):
    ids = pd.Index(np.unique(np.concatenate([table["patient_id"].to_numpy() for table in cohort.tables.values()])))
    return pd.Series(~ids.str.fullmatch(r"SYN-\d{3}"), index=ids) | (not cohort.synthetic)
