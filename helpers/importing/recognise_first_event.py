"""A column that names the first event of each patient: none, relapse, death. Its time or date stands in another column."""

from __future__ import annotations

import re
from collections import Counter

from helpers.importing.event_words import first_event_of
from helpers.importing.facts import Facts
from helpers.importing.headings import endpoint_of
from helpers.importing.mapping import ColumnMap, SheetMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import code_text

FIRST_EVENT = "first event"
TYPES = re.compile(
    r"\b(first|1st|event|events|efs|pfs|dfs|rfs|lfs|failure|endpoint|outcome|ereignis|status)\b|事件|结局"
)
TIMES = (
    "time to event",
    "event time",
    "tte",
    "time",
    "days",
    "weeks",
    "months",
    "years",
    "days to event",
    "months to event",
)


def recognise_first_event(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise a column that names the first event, of which there are two kinds or more."""
    heading = f"{bare(base.column)} {bare(facts.column.title)} {bare(facts.said.title)}"
    if (
        row_is != "patient"
        or facts.is_date
        or target.startswith(("toxicity.", "response.", "followup.death_cause", "patients."))
    ):
        return None
    if not TYPES.search(heading) or endpoint_of(heading) in ("death", "relapse") or len(facts.counts) > 8:
        return None
    labels = {code: facts.labels.get(code, code) for code in facts.counts}
    codes = {code: first_event_of(label) for code, label in sorted(labels.items())}
    if len(set(codes.values()) - {"", "censored"}) < 2 or sum(not what for what in codes.values()) > 1:
        return None
    base.to, base.name, base.confidence, base.reason = "status", FIRST_EVENT, "sure", "what came first"
    base.codes = {code: what or "unknown" for code, what in codes.items()}
    base.counts = dict(sorted(facts.counts.items()))
    written = Counter(code_text(cell) for cell in facts.column.cells if str(cell).strip().lower() == "none")
    base.codes |= dict.fromkeys(written, "censored")
    base.counts |= written
    empty = [cell for cell in facts.column.cells if cell not in facts.filled and code_text(cell or "") not in written]
    if empty and "censored" not in base.codes.values():
        base.empty_means = "censored"
        ask_about(base, [f"`empty_means`: {len(empty)} cells name no event: none until the end of follow-up (censored), or not known (then leave it empty)?"])  # fmt: skip
    if unread := sum(base.counts[code] for code, what in codes.items() if not what):
        ask_about(base, [f"`codes`: {unread} cells name an event that is not known here; relapse, progression, treatment_failure, death, censored or unknown?"])  # fmt: skip
    if not endpoint_of(heading):
        ask_about(base, ["`to`: kinds of events, taken for the first of each patient, at the time beside it; right? (the state at the last contact: `to: leave out`)"])  # fmt: skip
    return base


def _without_a_status(sheet: SheetMap, times: list[ColumnMap]) -> list[ColumnMap]:
    """Find the one time of an event that no other status is about."""
    said = {one.name for one in sheet.columns if one.to == "status"}
    free = [one for one in times if one.name not in (*said, "", "end of follow-up", "death")]
    return free if len(free) == 1 else []


def pair_first_events(sheet: SheetMap) -> None:
    """Put the names of first events together with their time or date; without one they have no place."""
    status = next((one for one in sheet.columns if one.to == "status" and one.name == FIRST_EVENT), None)
    dated = next((one for one in sheet.columns if one.to == "followup.event_date"), None)
    times = [one for one in sheet.columns if one.to == "time"]
    own = (
        [one for one in times if one.name == FIRST_EVENT]
        or [one for one in times if one.name == "progression or death"]
        or [one for one in times if bare(one.column) in TIMES]
        or _without_a_status(sheet, times)
        or ([dated] if dated is not None else [])
    )
    if status is None or not own:
        for one in times:
            one.name = "progression or death" if one.name == FIRST_EVENT else one.name
        if dated is not None:
            dated.to, dated.reason = "leave out", "the date of an event, and nothing says of which"
            ask_about(dated, ["`to`: dates of events, and no column says which: left out; or write followup.relapse_date or another"])  # fmt: skip
        if status is not None:
            status.to, status.kind, status.name = (
                "declared",
                "category",
                re.sub(r"\W+", "_", bare(status.column)) or "first_event",
            )
            status.decide, status.also_decide = "", []
            ask_about(status, ["`to`: kinds of events without a time: kept as a category of its own; right? (with a time: `to: status`, `name: first event` and `time_at` here, `to: time` and `name: first event` there)"])  # fmt: skip
        return
    status.time_at = own[0].at
    if own[0] is not dated:
        own[0].name, own[0].confidence = FIRST_EVENT, "sure"
        if not own[0].decide.startswith(("`unit`", "`decimal`", "`never`")):
            own[0].decide = ""
    if len(own) > 1:
        ask_about(status, [f"`time_at`: {len(own)} columns could be its time"])
    others = [one for one in sheet.columns if one is not status and (one.to == "followup.death_date" or (one.to in ("status", "time") and one.name == "death"))]  # fmt: skip
    if not others:
        ask_about(status, ["`to`: nothing else says who died, so deaths after another event are not known and follow-up ends with it: overall survival would be too good; right?"])  # fmt: skip
