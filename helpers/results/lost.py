"""Who was lost: follow-up by group, those event-free and out of sight within the first year, and what they could change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.derive import DAYS_PER_MONTH, DAYS_PER_YEAR
from helpers.estimate.cox import cox, with_references
from helpers.estimate.kaplan_meier import reverse_kaplan_meier
from helpers.estimate.logrank import logrank
from helpers.problems import NotAvailable
from helpers.results.arms import Arm, both_groups, groups_present
from helpers.results.curves import LOGRANK, endpoint_columns
from helpers.results.measures import reason_in_words
from helpers.results.populations import is_yes, needed_frame
from helpers.results.registry import family
from helpers.results.survival_times import NOBODY, OF_ENDPOINT, data_of
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

WITHIN = DAYS_PER_YEAR
FOLLOW_UP = ("median", "ci_low", "ci_high")
RATIO = ("hr", "ci_low", "ci_high", "p", "logrank_p")


def lost_early(analysis: Analysis, endpoint: str) -> pd.Series:
    """Tell who was event-free and out of sight within the first year, before the data cut-off could have ended it.

    Returns
    -------
    Series of bool
        By patient_id. Where the cohort has no ``cutoff_day``, every event-free follow-up of less than a year counts.
    """
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    cutoff = frame["cutoff_day"].fillna(np.inf) if "cutoff_day" in frame else np.inf
    return ~is_yes(frame[event]) & (frame[time] < WITHIN) & (frame[time] < cutoff)


def losses_by_group(analysis: Analysis) -> pd.DataFrame:
    """Count those lost in each group, beside its follow-up.

    Returns
    -------
    DataFrame
        key, group, against, population, n, events, missing (without follow-up), lost, lost_pct, followup, followup_ci_low,
        followup_ci_high (median by reverse Kaplan–Meier, months).
    """
    endpoint, rows = analysis.parameters.endpoint, []
    gone = lost_early(analysis, endpoint)
    for arm in groups_present(analysis):
        time, event, counts = data_of(analysis, endpoint, arm)
        number = int((gone & arm.members).sum())
        ends = [np.nan] * 3
        if len(time):
            ends = [x / DAYS_PER_MONTH for x in reverse_kaplan_meier(time, event, alpha=analysis.parameters.alpha)[:3]]
        names = ("followup", "followup_ci_low", "followup_ci_high")
        share = 100 * number / counts["n"] if counts["n"] else np.nan
        rows.append({**counts, "lost": number, "lost_pct": share, **dict(zip(names, ends, strict=True))})
    return pd.DataFrame(rows)


def had_they_stayed(analysis: Analysis) -> pd.DataFrame:
    """Compare the groups as seen, and as if those lost had stayed event-free until their data cut-off.

    Returns
    -------
    DataFrame
        One row per group beside the reference and way of counting: key, group, against, population, counted ("as seen" or
        "lost stayed event-free"), n, events (of both groups), missing, hr, ci_low, ci_high, p (Cox model of the groups,
        Wald), logrank_p (of the two), reason.

    Raises
    ------
    NotAvailable
        If the cohort has no ``cutoff_day``: nobody knows how long they would have been followed.
    """
    endpoint = analysis.parameters.endpoint
    time, event = endpoint_columns(endpoint)
    frame = needed_frame(analysis, time, event)
    if "cutoff_day" not in frame:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no column cutoff_day in table patients")
    gone = lost_early(analysis, endpoint) & frame["cutoff_day"].notna()
    seen = pd.DataFrame({"time": frame[time], "event": is_yes(frame[event])})
    stayed = seen.assign(time=seen["time"].mask(gone, frame["cutoff_day"]))
    parts, found = [], groups_present(analysis)
    for comparison in dict.fromkeys(arm.comparison for arm in found if arm.against):
        together = [arm for arm in found if arm.comparison == comparison]
        for counted, outcome in (("as seen", seen), ("lost stayed event-free", stayed)):
            parts += _compared(analysis, together, outcome, counted)
    return pd.DataFrame(parts)


def _compared(analysis: Analysis, together: list[Arm], outcome: pd.DataFrame, counted: str) -> list[dict]:
    label = pd.Series(pd.NA, index=outcome.index, dtype=object)
    for arm in together:
        label[arm.members] = arm.key
    keys = [arm.key for arm in together]
    known = outcome.assign(group=pd.Categorical(label, keys)).dropna()
    used, rows = analysis.parameters, []
    first = (known["group"] == keys[0]).any()
    table = None
    if first and len(set(known["group"])) > 1:
        model = cox(known, ["group"], "time", "event", ties=used.ties, alpha=used.alpha)
        table = with_references(model.table, model.design).set_index("level")
    for arm in together[1:]:
        pair = known[known["group"].isin([arm.key, keys[0]])]
        test = logrank(pair["time"], pair["event"], pair["group"].astype(str))
        of = int((arm.members | together[0].members).sum())
        line = {"key": arm.key, "group": arm.label, "against": keys[0], "population": both_groups(arm, together[0]), "counted": counted,
                "n": len(pair), "events": int(pair["event"].sum()), "missing": of - len(pair)}  # fmt: skip
        if table is None or arm.key not in table.index:
            numbers, reason = dict.fromkeys(("hr", "ci_low", "ci_high", "p"), np.nan), NOBODY
        else:
            numbers = dict(table.loc[arm.key, ["hr", "ci_low", "ci_high", "p"]])
            words = {f"group {one.key}": f"in the group {one.label}" for one in together}
            reason = reason_in_words(table.loc[arm.key, "reason"], words)
        rows.append({**line, **numbers, "logrank_p": test.p, "reason": reason or test.reason})
    return rows


@family(
    "extra.lost.all.n",
    "extra.lost.all.pct",
    *(f"extra.lost.all.followup.{end}" for end in FOLLOW_UP),
    population="all",
    method="event-free and lost within the first year, before the data cut-off; follow-up by reverse Kaplan–Meier, months",
    reason="the paper does not report losses",
    prefix="extra.lost.",
    depends=[*OF_ENDPOINT, "alpha", "ties"],
)
def lost_values(analysis: Analysis) -> dict[str, Value]:
    """Numbers lost by group; what the comparison becomes had they stayed event-free until their data cut-off.

    Ids: ``extra.lost.<group>.n``, ``.pct`` and ``.followup.median``; ``extra.lost.event_free.<group>.hr``, ``.ci_low``,
    ``.ci_high``, ``.p`` and ``.logrank_p``. A group is ``all``, one of the exposure (``no_gc``, ``gc``) or of the dose
    (``gc_none``, ``gc_low``, ``gc_high``), each against the first of its kind.
    """
    found, late = {}, "the curve of follow-up does not come down to one half"
    for row in losses_by_group(analysis).to_dict("records"):
        place = f"extra.lost.{row['key']}"
        shared = {name: row[name] for name in ("population", "n", "events", "missing")}
        found[f"{place}.n"] = Value("", row["lost"], **shared)
        found[f"{place}.pct"] = Value("", row["lost_pct"], NOBODY, **shared)
        for end, column in zip(FOLLOW_UP, ("followup", "followup_ci_low", "followup_ci_high"), strict=True):
            found[f"{place}.followup.{end}"] = Value("", row[column], late if row["n"] else NOBODY, **shared)
    return found | _event_free(analysis)


def _event_free(analysis: Analysis) -> dict[str, Value]:
    method = "as if those lost had stayed event-free until their data cut-off; Cox model of the groups, Wald interval and test"
    try:
        table = had_they_stayed(analysis)
    except NotAvailable as absent:
        compared = [arm.key for arm in groups_present(analysis) if arm.against]
        return {
            f"extra.lost.event_free.{key}.{measure}": Value("", None, str(absent))
            for key in compared
            for measure in RATIO
        }
    found = {}
    rows = table[table["counted"] != "as seen"].to_dict("records") if len(table) else []
    for row in rows:
        shared = {name: row[name] for name in ("population", "n", "events", "missing")}
        for measure in RATIO:
            said = (
                method
                if measure != "logrank_p"
                else f"as if those lost had stayed event-free; {LOGRANK} against the reference"
            )
            found[f"extra.lost.event_free.{row['key']}.{measure}"] = Value(
                "", row[measure], row["reason"], **shared, method=said
            )
    return found
