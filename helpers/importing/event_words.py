"""What the label of a status says of an event: which came, or that none did."""

from __future__ import annotations

import re

from helpers.importing.plain_words import bare

KINDS = {
    "relapse": r"relaps\w*|recur\w*|rezidiv\w*|recidiv\w*|recaida|rechute|复发",
    "progression": r"progres\w*|pd|进展",
    "death": r"mortality|nrm|trm|deaths?|dead|die[ds]?|deceased|exitus|tod|verstorben|gestorben|死亡",
    "treatment_failure": r"treatment failure|b cell aplasia loss|loss of b cell aplasia",
    "event": r"events?|failed|failure|ereignis|事件",
}
NOT = r"\b(no|not|non|without|never|before|ohne|kein\w*|in remission|in cr|free of)\b|未|无"
ALIVE = re.compile(
    r"^(alive|living|lebt|lebend|ongoing|censored|zensiert|censure|censurado|censurato|删失|截尾|失访|lost|withdr\w*|none|remission|cr|in remission|in cr|no evidence of disease|ned|disease free|continu\w* (cr|remission|response))(?![a-z])"
)
NONE = ("none", "no", "no event", "nil")


def kinds_in(label: str) -> tuple[frozenset[str], bool]:
    """Find which events a label says came, and whether it says that none did.

    Returns
    -------
    kinds, none : frozenset of str, bool
        Both empty for a label of which nothing is known.

    Examples
    --------
    >>> sorted(kinds_in("Progression or death")[0]), kinds_in("No event"), kinds_in("relapse-free")
    (['death', 'progression'], (frozenset(), True), (frozenset(), True))
    >>> sorted(kinds_in("non-relapse mortality")[0])
    ['death']
    >>> sorted(kinds_in("death without relapse")[0]), kinds_in("Alive with disease"), kinds_in("moved away")
    (['death'], (frozenset(), True), (frozenset(), False))
    """
    text = re.sub(r"^\d+\s+", "", bare(label))
    if ALIVE.search(text) or text in NONE:
        return frozenset(), True
    text = re.sub(r"\b(non relapse|treatment related|transplant related) (mortality|death)\b", "mortality", text)
    text = re.sub(r"\b(\w+) free\b", r"no \1", text)
    parts = re.split(NOT, text)
    said = frozenset(kind for kind, words in KINDS.items() if re.search(rf"(?<![a-z])({words})(?![a-z])", parts[0]))
    said -= {"event"} if "treatment_failure" in said else set()
    denied = len(parts) > 1 and any(
        re.search(rf"(?<![a-z])({words})(?![a-z])", " ".join(part or "" for part in parts[1:]))
        for words in KINDS.values()
    )
    return said, denied and not said


def status_of(label: str, endpoint: str) -> str:
    """Say what a label means for an endpoint: event, censored, or nothing where it is of something else.

    Examples
    --------
    >>> status_of("Progression or death", "progression or death"), status_of("Died of disease", "death"), status_of("relapse", "death")
    ('event', 'event', '')
    >>> status_of("no relapse", "relapse"), status_of("no relapse", "death"), status_of("Alive, NED", "death")
    ('censored', '', 'censored')
    """
    kinds, none = kinds_in(label)
    if none:
        about = endpoint != "death" or not re.search(KINDS["relapse"] + "|" + KINDS["progression"], bare(label))
        return "censored" if about else ""
    if not kinds:
        return ""
    counted = {"death": {"death"}, "relapse": {"relapse", "event"}, "progression": {"progression", "event"}}.get(
        endpoint
    )
    return "event" if counted is None or kinds & counted else ""


def first_event_of(label: str) -> str:
    """Say which single event a label names: relapse, progression, treatment_failure or death; censored for none, else empty.

    Examples
    --------
    >>> [first_event_of(label) for label in ("Relapse", "Death in CR", "None", "Relapse, then death", "moved away")]
    ['relapse', 'death', 'censored', '', '']
    """
    kinds, none = kinds_in(label)
    if none:
        return "censored"
    return next(iter(kinds)) if len(kinds) == 1 and "event" not in kinds else ""


DID_NOT = {"not", "no", "none", "never", "nil", "alive", "living", "free", "remission", "cr", "ongoing", "without", "nein", "nicht", "kein", "keine", "lebt", "nie"}  # fmt: skip
BESIDE = {"reached", "still", "relapse", "relapsed", "progression", "progressed", "event", "death", "dead", "died", "yet", "applicable", "occurred", "did", "occur", "in", "of", "continuous", "complete", "disease", "pt", "patient", "transplant", "transplanted", "hsct", "done", "given", "crs", "icans", "happened", "to", "date", "erreicht", "erfolgt"}  # fmt: skip


def never_happened(text: str) -> bool:
    """Tell whether a text that stands where a date would says that it did not happen, in known words only.

    Examples
    --------
    >>> [never_happened(text) for text in ("not reached", "No relapse", "alive", "无复发", "lost", "no call from Smith", "relapse")]
    [True, True, True, True, False, False, False]
    """
    key = bare(text)
    words = set(key.split())
    return (bool(words & DID_NOT) and words <= DID_NOT | BESIDE) or key in (
        "无",
        "否",
        "未",
        "无复发",
        "未复发",
        "存活",
        "未死亡",
        "生存",
    )
