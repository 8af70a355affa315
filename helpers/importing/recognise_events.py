"""Times of events, and the statuses that belong to them."""

from __future__ import annotations

import re

from helpers.importing.code_words import meaning
from helpers.importing.concept_rules import is_before_infusion
from helpers.importing.dates import is_half_date, read_date
from helpers.importing.event_words import kinds_in, status_of
from helpers.importing.facts import Facts
from helpers.importing.headings import endpoint_of, exposure_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import apart_from_never, ask_about_sentinel, settle_time_unit
from helpers.importing.sheet import code_text
from helpers.importing.units import time_unit_of
from helpers.importing.word_lists import INVERTED, STATUS_NAMES

ALIVE_OR_NOT = re.compile(r" (alive|dead|died|deceased|lebt|lebend|verstorben) ")


PLAIN_TIMES = (
    "time",
    "days",
    "months",
    "weeks",
    "years",
    "t",
    "futime",
    "fu time",
    "follow up",
    "follow up time",
    "followup",
    "time days",
    "time months",
    "stime",
    "time to event",
    "event time",
    "tte",
)


STRONG_DEATH = ("death", "dead", "died", "deceased", "exitus", "mort", "mortality", "death status")


STSET = ("_t", "_t0", "_d", "_st")


def _of_stset(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    """Recognise what Stata's stset leaves behind: ``_t`` is the time, ``_d`` is 1 for a failure; the others say nothing more."""
    base.confidence = "sure"
    if base.column in ("_t0", "_st"):
        whole = set(facts.counts) == {"1"} if base.column == "_st" else set(facts.numbers) == {0.0}
        base.reason = "left by stset"
        return base if whole else ask_about(base, ["`to`: not everybody is in the analysis set of stset from time 0 on: entries later than day 0, or patients left out? correct the file, or go on without it"])  # fmt: skip
    endpoint = endpoint_of(facts.column.title) or endpoint_of(facts.said.title) or "death"
    base.name, base.reason = endpoint, "left by stset"
    if base.column == "_d":
        base.to, base.codes, base.counts = "status", {"0": "censored", "1": "event"}, dict(sorted(facts.counts.items()))
        return base
    base.to = "time"
    settle_time_unit(base, facts.told, facts)
    return base


def recognise_event_time(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the time of an event and the status that belongs to a time."""
    name = bare(base.column)
    if base.column in STSET and row_is in ("patient", "infusion"):
        return _of_stset(base, facts)
    if (
        (row_is not in ("patient", "sample", "infusion") and not (_alive_and_dead(facts) and not target))
        or target.startswith(("toxicity.", "patients.", "response.", "status."))
        or target in ("followup.death_cause", "followup.censor_reason")
        or facts.is_date
        or exposure_of(base.column)
        or is_before_infusion(f"{base.column} {facts.said.title or facts.column.title}")
    ):
        return None
    endpoint = endpoint_of(base.column) or endpoint_of(facts.column.title) or endpoint_of(facts.said.title)
    if not endpoint and facts.column.groups and (name in PLAIN_TIMES or name in STATUS_NAMES):
        endpoint = endpoint_of(facts.column.groups[-1])
    status, flag = _is_status(facts, target, endpoint, name), _is_flag(facts, base)
    if (status or endpoint) and (flag or (status and _is_coded(facts))):
        kinds = [kind for kind in ("relapse", "progression") if kind in target]
        base.to = "status"
        base.name = {"first event": "progression or death"}.get(endpoint, endpoint) or (kinds[0] if kinds else "death")
        if base.confidence == "guess" and (endpoint or ALIVE_OR_NOT.search(f" {name} ")):
            base.confidence = "likely"
        return _vital(base, facts, name)
    if endpoint in ("death", "relapse", "progression") and not facts.is_number:
        facts = apart_from_never(base, facts)
    if endpoint == "death" and target == "followup.contact_date" and base.confidence != "guess" and facts.is_number:
        return None  # the day of the last follow-up is no survival time of its own
    is_time = (endpoint or name in PLAIN_TIMES) and facts.is_number and not flag
    if is_time and target not in ("origin", "followup.contact_day") and not name.startswith("age"):
        return _time(base, facts, endpoint)
    return None


def _is_status(facts: Facts, target: str, endpoint: str, name: str) -> bool:
    """Tell whether a heading, or its cells, say that a column is a status."""
    dated = ("followup.death_date", "followup.relapse_date", "followup.progression_date")
    if name in STATUS_NAMES or bare(facts.column.title) in STATUS_NAMES or target in dated:
        return True
    if facts.is_flag and not endpoint and ALIVE_OR_NOT.search(f" {name} "):
        return True
    return endpoint in ("", "death") and (not target or target.startswith("followup.")) and _alive_and_dead(facts)


def _is_flag(facts: Facts, base: ColumnMap) -> bool:
    said = bool(facts.labels) and all(meaning(facts.labels.get(code, ""), "vital") for code in facts.counts)
    labelled = bool(facts.labels) and set(facts.counts) <= set(facts.labels) and len(facts.counts) <= MOST_STATES
    return (facts.is_flag and (said or not time_unit_of(base.column))) or labelled


MOST_STATES = 6


def _is_coded(facts: Facts) -> bool:
    """Tell whether the cells are a few words, and no dates or larger numbers."""
    dated = any(read_date(cell) or is_half_date(cell) for cell in facts.filled if isinstance(cell, str))
    few = 1 < len(facts.counts) <= MOST_STATES
    return few and not facts.is_number and not dated and max(facts.numbers, default=0) <= 9


def _time(base: ColumnMap, facts: Facts, endpoint: str) -> ColumnMap:
    base.to, base.name = "time", endpoint or "death"
    base.confidence = "likely" if base.confidence == "guess" and endpoint else base.confidence
    base.reason = "time to an event or to the end of follow-up"
    settle_time_unit(base, facts.told, facts)
    ask_about_sentinel(base, facts)
    if below := sum(value < 0 for value in facts.numbers):
        ask_about(base, [f"`to`: {below} times are negative, before day 0: marks for not known (write them under `missing`), or another clock? correct the file"])  # fmt: skip
    return base


LIVING = re.compile(r"\d?:?\s*(alive|living|lebt|lebend|am leben|vivo|viva|vivante?|存活|生存)", re.IGNORECASE)
DYING = re.compile(
    r"\d?:?\s*(dead|died|deceased|death|tot|verstorben|gestorben|exitus|fallecid[oa]|muert[oa]|decedut[oa]|mort[oae]?|óbito|décédée?|死亡|已死亡)",
    re.IGNORECASE,
)


def _alive_and_dead(facts: Facts) -> bool:
    """Tell whether the cells themselves say who is alive and who is dead, whatever the heading says."""
    labels = [facts.labels.get(code, code) for code in facts.counts]
    living = any(re.match(rf"(?:{LIVING.pattern})(?!\w)", label.strip(), re.IGNORECASE) for label in labels)
    dying = any(DYING.fullmatch(label.strip()) or "death" in kinds_in(label)[0] for label in labels)
    return living and dying and len(labels) <= 6


def _died_first(label: str) -> bool:
    """Tell whether a label says that the patient died without the event.

    Examples
    --------
    >>> _died_first("death without relapse"), _died_first("non-relapse mortality"), _died_first("relapse, then death")
    (True, True, False)
    """
    words = label.lower().strip()
    died = re.search(r"death|dead|died|mortality|\btrm\b|\bnrm\b|死亡|tod\b|verstorben", words) is not None
    first = re.search(
        r"without|before|\bno\b|non[- ]|ohne|in remission|in cr\b|未复发|competing|^(death|dead|died|死亡)$", words
    )
    return died and first is not None


def _vital(base: ColumnMap, facts: Facts, name: str) -> ColumnMap:
    """Read a status: what its labels and words say, else which number is usually the event; the rest is asked about."""
    numeric = set(facts.counts) <= {"0", "1", "2"}
    inverted = name in INVERTED or any(word in INVERTED for word in name.split())
    _read_statuses(base, facts, numeric, inverted)
    doubts = []
    answers = [meaning(facts.labels.get(code, ""), "yes_no") for code in ("0", "1")]
    reversed_ = base.codes.get("0") == "event" and base.codes.get("1") == "censored" and not inverted
    if answers == ["yes", "no"] or reversed_:
        doubts.append(
            "`codes`: the description has 0 for yes and 1 for no, the other way round than usual; is it so in the cells?"
        )
    labelled = False
    if numeric and not all(base.codes.values()):
        labelled = all(facts.labels.get(code) for code in base.codes)
        doubts += _usual_statuses(base, facts, name, inverted, labelled)
    doubts += _unread_statuses(base, facts, asked=labelled or not numeric)
    doubts += _unknown_statuses(base, facts)
    base.reason = "; ".join(part for part in ("status of an event", base.reason) if part)
    return ask_about(base, doubts)


def _read_statuses(base: ColumnMap, facts: Facts, numeric: bool, inverted: bool) -> None:
    """Read each code by its label, or by itself where it is a word."""
    of_death = base.name == "death" and (_alive_and_dead(facts) or endpoint_of(base.column) == "death")
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, "" if numeric else code)
        said = meaning(label, "yes_no") if label else ""
        vital = meaning(label, "vital") if label else ""
        if of_death and (kinds := kinds_in(label)[0]) and not kinds & {"death", "event"}:
            vital = ""  # a relapse is no death
        words = status_of(label, base.name) if label else ""
        base.codes[code] = vital or {"yes": "event", "no": "censored"}.get(said, "") or words
        base.counts[code] = count
        if inverted and said:
            base.codes[code] = "censored" if said == "yes" else "event"


def _usual_statuses(base: ColumnMap, facts: Facts, name: str, inverted: bool, labelled: bool) -> list[str]:
    """Take 0 and 1 (or 1 and 2) as they mostly are, where no label says what they mean, and ask unless the heading is plain."""
    usual = {"0": "censored", "1": "event"} if set(facts.counts) <= {"0", "1"} else {"1": "censored", "2": "event"}
    if {"0", "2"} <= set(facts.counts):
        usual = {"0": "censored"}  # which of the others is the event, and which another event, only a person knows
    if inverted:
        usual = {code: {"censored": "event", "event": "censored"}[what] for code, what in usual.items()}
    base.codes = {code: what or ("" if labelled else usual.get(code, "unknown")) for code, what in base.codes.items()}
    base.confidence = "likely" if name in STRONG_DEATH and set(facts.counts) <= {"0", "1"} else "guess"
    if labelled:
        base.confidence = "sure"
    asked = not labelled and base.confidence == "guess"
    return ["`codes`: no label says which number is the event; check the counts"] if asked else []


def _unread_statuses(base: ColumnMap, facts: Facts, asked: bool) -> list[str]:
    """Censor at deaths that came before the event, and ask about words that are not known."""
    unread, doubts = [code for code in base.codes if not base.codes[code]], []
    if competing := [code for code in unread if base.name != "death" and _died_first(facts.labels.get(code, code))]:
        base.codes |= dict.fromkeys(competing, "censored")
        unread = [code for code in unread if code not in competing]
        doubts.append(f"`codes`: {sum(base.counts[code] for code in competing)} cells say that death came first: for {base.name} its time is only the end of follow-up, and the death has to stand in a column of its own; right?")  # fmt: skip
    if unread and asked:
        base.codes |= dict.fromkeys(unread, "unknown")
        cells = sum(base.counts[code] for code in unread)
        doubts.append(f"`codes`: {cells} cells hold a status that is not known here; event, censored or unknown?")
    return doubts


def _unknown_statuses(base: ColumnMap, facts: Facts) -> list[str]:
    """Keep empty cells and marks for missing unknown; marks that are written are asked about."""
    marks = len(facts.column.cells) - len(facts.filled)
    if not marks:
        return []
    base.reason = f"{marks} cells without a status stay unknown"
    written = sum(
        cell is not None and cell == cell and bool(code_text(cell).strip())  # a code declared as missing, too
        for cell in facts.column.cells
        if cell not in facts.filled
    )
    return [f"`empty_means`: {written} cells say that the status is not known; leave it empty to keep them unknown (never alive), or write censored"] * bool(written)  # fmt: skip
