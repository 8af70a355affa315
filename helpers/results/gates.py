"""What must hold before an estimate is looked at, decided before it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.estimate.unmeasured import detectable_ratio
from helpers.estimate.weights import propensity
from helpers.problems import NotAvailable, in_the_singular
from helpers.results.contrast import contrast, contrast_outcome
from helpers.results.lost import lost_early
from helpers.results.populations import in_population
from helpers.results.robustness import proportional_hazards
from helpers.results.table5 import joint_model
from helpers.results.time_related import decision_counts

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

DETECTABLE, PER_COEFFICIENT, LEAST, LEFT_OUT, PROPORTIONAL, EQUIPOISE, LOST = 0.5, 10.0, 5, 10.0, 0.05, 20.0, 5.0
SEVERITY = ("age_years", "blast_prelymphodepletion_pct", "crs_grade", "icans_grade")
MIDDLE = (0.3, 0.7)
REPORTED = "do not report this: "
Answer = tuple[float, str, bool, str]


def known_severity(analysis: Analysis) -> pd.DataFrame:
    """Lay out what is known of severity and is the same question for treated and untreated, complete cases of the contrast.

    Marrow blasts enter as the logarithm of 1 + percent. Grades are peaks, since the grade before the decision is not defined for those
    never treated: they may themselves be changed by treatment, which no weighting mends.
    """
    rows = contrast_outcome(analysis)
    frame = analysis.frame.loc[rows.index]
    names = [name for name in SEVERITY if name in frame and frame[name].min() < frame[name].max()]
    found = frame[names].astype(float)
    if "blast_prelymphodepletion_pct" in found:
        found["blast_prelymphodepletion_pct"] = np.log1p(found["blast_prelymphodepletion_pct"])
    for name in ("crs_grade", "icans_grade"):
        if name in found:
            found[name] = found[name].fillna(0)
    return found.dropna()


def preference_scores(analysis: Analysis) -> pd.DataFrame:
    """Fit who was treated by severity: treated (any group beside the reference), score (preference: 0.5 is the average chance), converged.

    Raises
    ------
    NotAvailable
        If nothing about severity is known.
    """
    x = known_severity(analysis)
    if x.shape[1] == 0 or len(x) < 2:
        raise NotAvailable(f"cohort {analysis.cohort.name} says nothing about severity")
    treated = (contrast_outcome(analysis).loc[x.index, "group"] != contrast(analysis).reference).to_numpy()
    if treated.all() or not treated.any():
        raise NotAvailable("everybody of whom severity is known is in one group")
    fit = propensity(x.to_numpy(), treated)
    share = treated.mean()
    odds = fit.probability / (1 - fit.probability) / (share / (1 - share))
    return pd.DataFrame(
        {"treated": treated, "score": odds / (1 + odds), "converged": bool(fit.converged)}, index=x.index
    )


def gate_answers(analysis: Analysis) -> pd.DataFrame:
    """Answer each gate.

    Returns
    -------
    DataFrame
        gate, found, needed, passed (False also where it cannot be answered), then: what follows from a gate that is shut.

    Raises
    ------
    NotAvailable
        If there is nothing to compare.
    """
    contrast(analysis)
    rows = []
    for name, (ask, needed, shut) in GATES.items():
        try:
            found, said, passed, more = ask(analysis)
        except NotAvailable as absent:
            rows.append((name, np.nan, f"not answered: {absent}", needed, False, f"{REPORTED}{name}: not known"))
            continue
        rows.append((name, found, said, needed, passed, "" if passed else REPORTED + (more or shut)))
    return pd.DataFrame(rows, columns=["gate", "value", "found", "needed", "passed", "then"])


def _events(analysis: Analysis) -> Answer:
    rows, of = contrast_outcome(analysis), contrast(analysis)
    two = rows[rows["group"].isin([of.reference, of.chosen])]
    events, share = int(two["event"].sum()), float((two["group"] == of.chosen).mean())
    if not events or share in (0.0, 1.0):
        return 0.0, in_the_singular(f"{events} events"), False, ""
    ratio = detectable_ratio(events, share)
    said = in_the_singular(f"{events} events find{'s' * (events == 1)} a hazard ratio of {ratio:.2f}")
    return ratio, said, ratio >= DETECTABLE, ""


def _coefficients(analysis: Analysis) -> Answer:
    model, reason = joint_model(analysis)
    if model is None:
        raise NotAvailable(reason)
    each = model.events_per_variable
    return each, f"{each:.1f}", each >= PER_COEFFICIENT, ""


def positivity_counts(analysis: Analysis) -> pd.DataFrame:
    """Count, at each grade of CRS, when those who reached it began the exposure: began, then a column per grade; see :func:`decision_counts`."""
    found = {}
    for grade in (1, 2, 3):
        try:
            found[f"grade {grade} or more"] = decision_counts(analysis, grade).set_index("began")["patients"]
        except NotAvailable:
            if grade == 1:
                raise
    return pd.DataFrame(found).reset_index()


def peak_grade_counts(analysis: Analysis) -> pd.DataFrame:
    """Count treated and untreated at each peak grade, among those of whom all of :func:`known_severity` is known.

    Returns
    -------
    DataFrame
        peak ("CRS grade 1", ..., "ICANS grade 3 or more"), treated (any group beside the reference), untreated.

    Raises
    ------
    NotAvailable
        If no grade is known, or all of them are alike.
    """
    x = known_severity(analysis)
    grades = [name for name in ("crs_grade", "icans_grade") if name in x]
    if not grades:
        raise NotAvailable("no grade of CRS or ICANS is known")
    treated = contrast_outcome(analysis).loc[x.index, "group"] != contrast(analysis).reference
    rows = [
        (
            f"{name.split('_')[0].upper()} grade {grade:g}{' or more' * (grade == 3)}",
            int(part.sum()),
            int((~part).sum()),
        )
        for name in grades
        for grade, part in treated.groupby(x[name].clip(upper=3))
    ]
    return pd.DataFrame(rows, columns=["peak", "treated", "untreated"])


def _both_ways(analysis: Analysis) -> Answer:
    counts = peak_grade_counts(analysis).set_index("peak")
    counts = counts[counts.sum(axis=1) >= LEAST]
    if counts.empty:
        raise NotAvailable(f"no grade was the peak of {LEAST} or more")
    smaller = counts.min(axis=1)
    least = float(smaller.min())
    return least, f"{least:g} of the rarer kind at {smaller.idxmin()}", least >= LEAST, ""


def _left_out(analysis: Analysis) -> Answer:
    of = contrast(analysis)
    among = in_population(analysis, "toxicity")
    kept = contrast_outcome(analysis)["group"].isin([of.reference, of.chosen])
    if not among.any():
        raise NotAvailable("nobody is known to have had CRS or ICANS")
    share = 100 * (1 - kept.sum() / among.sum())
    more = "" if of.key == "gc_low" else "those in neither group, or missing, may differ from those compared"
    return share, f"{share:.0f}% of {int(among.sum())}", share <= LEFT_OUT, more


def _proportional(analysis: Analysis) -> Answer:
    table = proportional_hazards(analysis)
    if table.empty:
        raise NotAvailable("there is no multivariable model")
    p = float(table["p"].iloc[-1])
    if np.isnan(p):
        raise NotAvailable(
            "the test of proportional hazards has no p, since a coefficient runs away or the events fall on too few days"
        )
    return p, f"p {p:.3f}", p >= PROPORTIONAL, ""


def _equipoise(analysis: Analysis) -> Answer:
    table = preference_scores(analysis)
    middle = table["score"].between(*MIDDLE).groupby(table["treated"]).mean() * 100
    if not table["converged"].all():
        return 0.0, "severity tells treated from untreated exactly", False, ""
    return float(middle.min()), f"{middle.min():.0f}%", middle.min() >= EQUIPOISE, ""


def _lost(analysis: Analysis) -> Answer:
    rows, of = contrast_outcome(analysis), contrast(analysis)
    gone = 100 * lost_early(analysis, analysis.parameters.endpoint)[rows.index].groupby(rows["group"]).mean()
    if not {of.chosen, of.reference} <= set(gone.dropna().index):
        raise NotAvailable("nobody of one group has a known follow-up")
    apart = abs(gone[of.chosen] - gone[of.reference])
    return float(apart), f"{gone[of.reference]:.0f}% and {gone[of.chosen]:.0f}%", apart <= LOST, ""


GATES: dict[str, tuple[Callable[[Analysis], Answer], str, str]] = {
    "events": (_events, f"a hazard ratio of {DETECTABLE:g} or nearer to 1 (power 80%)",
               "a significant result would be too large on average"),
    "events per coefficient": (_coefficients, f"{PER_COEFFICIENT:g}", "adjusted ratios are too extreme, intervals too short"),
    "positivity": (_both_ways, f"{LEAST} treated and {LEAST} untreated at every grade that {LEAST} or more reached",
                   "at some grade nobody shows what the other choice would have done"),
    "left out": (_left_out, f"{LEFT_OUT:g}% at most", "those left out were chosen by what came later, or are missing"),
    "proportional hazards": (_proportional, f"p at least {PROPORTIONAL:g}", "one hazard ratio does not describe the curves"),
    "equipoise": (_equipoise, f"{EQUIPOISE:g}% of either group with a preference of {MIDDLE[0]:g} to {MIDDLE[1]:g}",
                  "the groups were hardly candidates for each other's treatment"),
    "unequal loss": (_lost, f"{LOST:g} percentage points apart at most in the first year",
                     "who stayed decides the comparison; see what the lost could change"),
}  # fmt: skip


def gate_warning(table: pd.DataFrame, *names: str) -> str:
    """Join what follows from the shut gates of *names* (all if none is named) into one sentence; empty if they are open.

    Examples
    --------
    >>> table = pd.DataFrame({"gate": ["events", "left out"], "then": [REPORTED + "too few", ""]})
    >>> gate_warning(table), gate_warning(table, "left out")
    ('Do not report this: too few.', '')
    """
    shut = table[table["then"].ne("") & (table["gate"].isin(names) if names else True)]
    reasons = [str(text).removeprefix(REPORTED) for text in shut["then"]]
    return f"{REPORTED.capitalize()}{'; '.join(reasons)}." if reasons else ""
