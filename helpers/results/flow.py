"""Figure 1: from the infusions screened to the patients analysed, every number counted, none typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.problems import NotAvailable
from helpers.results.populations import in_population, is_no, is_yes
from helpers.results.registry import GC, family
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

EXCLUDED = {
    "prior CAR elsewhere": ("excluded_elsewhere", "CAR T cells at another institution before"),
    "other trial": ("excluded_trial", "enrolled in an ongoing trial"),
    "repeat infusion": ("excluded_repeat", "second or later infusion"),
}
KEPT, LEFT_OUT = "kept", "excluded"


UNTOLD = ("excluded_untold", "not in the cohort, no reason told")


def screening_gap(analysis: Analysis) -> str:
    """Say why the cohort's screening table does not tell where its patients come from; empty if it does.

    Examples
    --------
    >>> from helpers.cohort.derive import analyse
    >>> from helpers.cohort.schema import Cohort
    >>> screened = pd.DataFrame({"patient_id": ["a", "x"], "excluded_reason": [None, "other trial"]})
    >>> tables = {"patients": pd.DataFrame({"patient_id": ["a", "b"]}), "screening": screened}
    >>> screening_gap(analyse(Cohort("two", "infusion", True, "", "", tables)))
    '1 of 2 patients of the cohort are not among the included of table screening'
    """
    try:
        rows = analysis.cohort.need("screening", "excluded_reason")
    except NotAvailable as absent:
        return str(absent)
    if rows.empty:
        return "table screening has no row"
    included = rows["patient_id"][rows["excluded_reason"].isna()]
    unseen = int((~analysis.frame.index.isin(included)).sum())
    of = len(analysis.frame)
    return f"{unseen} of {of} patients of the cohort are not among the included of table screening" if unseen else ""


def _screening(analysis: Analysis) -> list[tuple]:
    """Count the infusions screened and those excluded by reason; none if there is a :func:`screening_gap`."""
    if screening_gap(analysis):
        return []
    reasons = analysis.cohort.tables["screening"]["excluded_reason"]
    rows = [("screened", "CAR T-cell infusions screened", len(reasons), "", KEPT)]
    for reason, (box, label) in EXCLUDED.items():
        rows.append((box, label, int(is_yes(reasons == reason).sum()), "screened", LEFT_OUT))
    if untold := int(reasons.isna().sum()) - len(analysis.frame):
        rows.append((*UNTOLD, untold, "screened", LEFT_OUT))
    return rows


def flow_counts(analysis: Analysis) -> pd.DataFrame:
    """Count the boxes of the flow diagram.

    Returns
    -------
    pandas.DataFrame
        One row per box: box, label, n, parent (box, "" at the top), kind ("kept" or "excluded"). Boxes whose table
        the cohort lacks are not there; without the screening of every patient it begins with the cohort.
    """
    frame, rows = analysis.frame, _screening(analysis)
    label = "patients, first infusion" if rows else "patients"
    rows.append(("cohort", label, len(frame), "screened" if rows else "", KEPT))
    base = "cohort"
    if "toxicity" in frame:
        toxic = in_population(analysis, "toxicity")
        neither = is_no(frame["toxicity"])
        rows.append(("no_toxicity", "neither CRS nor ICANS", int(neither.sum()), "cohort", LEFT_OUT))
        if unknown := int((~toxic & ~neither).sum()):
            rows.append(("toxicity_unknown", "CRS or ICANS unknown", unknown, "cohort", LEFT_OUT))
        rows.append(("toxicity", "CRS and/or ICANS", int(toxic.sum()), "cohort", KEPT))
        base = "toxicity"
    if "gc" in frame:
        among = in_population(analysis, "toxicity")
        rows.append(
            ("gc", f"GC by day {analysis.parameters.window_days}", int((is_yes(frame["gc"]) & among).sum()), base, KEPT)
        )
        rows.append(("nongc", "no GC", int((is_no(frame["gc"]) & among).sum()), base, KEPT))
        if unknown := int((frame["gc"].isna() & among).sum()):
            rows.append(("gc_unknown", "GC unknown", unknown, base, LEFT_OUT))
    if "evaluable" in frame:
        known = in_population(analysis, "evaluable")
        among = in_population(analysis, "toxicity")
        rows.append(("not_evaluable", "no day 30 response", int((among & ~known).sum()), base, LEFT_OUT))
        rows.append(("evaluable", "day 30 response known", int(known.sum()), base, KEPT))
    return pd.DataFrame(rows, columns=["box", "label", "n", "parent", "kind"])


@family(
    "results.efficacy.excluded.n",
    "results.efficacy.analysed.n",
    population="all",
    method="count",
    reason="those without CRS and ICANS are excluded from all group comparisons",
    needs=["toxicity"],
)
def count_analysed(analysis: Analysis) -> dict[str, float]:
    """Count those excluded for want of toxicity and those analysed."""
    answer = analysis.frame["toxicity"]
    shared = {"n": len(answer), "missing": int(answer.isna().sum())}
    return {
        "results.efficacy.excluded.n": Value("", int(is_no(answer).sum()), population="all", **shared),
        "results.efficacy.analysed.n": Value("", int(is_yes(answer).sum()), population="all", **shared),
    }


@family(
    *(f"extra.flow.{box}.n" for box in ["screened", *(box for box, _ in EXCLUDED.values())]),
    population="screened",
    method="count",
    needs=["table:screening"],
)
def count_screened(analysis: Analysis) -> dict[str, Value]:
    """Count the infusions screened and excluded."""
    if gap := screening_gap(analysis):
        raise NotAvailable(gap)
    rows = _screening(analysis)
    shared = {"n": rows[0][2], "missing": 0}
    return {f"extra.flow.{box}.n": Value("", n, **shared) for box, _, n, *_ in rows if box not in (UNTOLD[0], "cohort")}


@family("extra.flow.gc.n", "extra.flow.nongc.n", population="toxicity", method="count", depends=GC, needs=["gc"])
def count_groups(analysis: Analysis) -> dict[str, Value]:
    """Count those given GC and those not, among the analysed."""
    given, among = analysis.frame["gc"], in_population(analysis, "toxicity")
    shared = {"n": int(among.sum()), "missing": int((among & given.isna()).sum())}
    return {
        "extra.flow.gc.n": Value("", int((is_yes(given) & among).sum()), **shared),
        "extra.flow.nongc.n": Value("", int((is_no(given) & among).sum()), **shared),
    }


@family("extra.flow.not_evaluable.n", population="toxicity", method="count", needs=["evaluable"])
def not_evaluable(analysis: Analysis) -> dict[str, Value]:
    """Count those of the analysed whose response at day 30 is not known."""
    among = in_population(analysis, "toxicity")
    outside = int((among & ~in_population(analysis, "evaluable")).sum())
    return {"extra.flow.not_evaluable.n": Value("", outside, n=int(among.sum()), missing=0)}
