"""Codes: of categories, grades and answers; names of analytes, units and drugs."""

from __future__ import annotations

import re
from collections import Counter

from helpers.cohort.recorded import STEROIDS
from helpers.cohort.steroids import ANY
from helpers.importing.code_words import agent_near, agent_of, meaning, meaning_within
from helpers.importing.described import checkbox
from helpers.importing.facts import MINUS, Facts
from helpers.importing.headings import analyte_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.plain_words import bare
from helpers.importing.questions import ask_about
from helpers.importing.sheet import code_text
from helpers.importing.units import day_in, dose_unit_of, unit_of
from helpers.importing.word_lists import AGENTS

ONE_SEX = {"female": "female", "weiblich": "female", "male": "male", "mannlich": "male"}


NAMED_MOST, NAMED_LONGEST = 300, 40


RANGE = re.compile(r"(grade |g)?[<>≥≤=]{0,2}\s*\d(\.5)?\s*(([-–/]|to|or|bis|~|至)\s*\d|\+)?", re.IGNORECASE)


def recognise_codes(base: ColumnMap, facts: Facts, kind: str) -> ColumnMap | None:
    """Recognise a column of codes, and what each means; what no label says is asked about."""
    if facts.is_date or (kind == "yes_no" and facts.is_number and not facts.is_flag):
        return None
    if base.to.endswith(".on_day"):
        base.day, base.reason = day_in(base.column), "the grade of that day"
    if len(facts.counts) > MOST_KINDS and kind != "event":
        return None
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, code)
        base.codes[code] = meaning(label, kind) or (meaning(code, kind) if kind == "grade" else "")
        if not base.codes[code] and kind == "death_cause":
            base.codes[code] = meaning_within(label, kind)
        base.counts[code] = count
    if kind == "sex":
        _read_sex(base, facts)
    doubts = [*_words_for_none(base, facts, kind), *_one_steroid(base, facts), *_minus_beside_plus(base, kind)]
    doubts += _unread_codes(base, facts, kind)
    if kind == "yes_no" and base.codes.get("0") == "yes" and base.codes.get("1") == "no":
        doubts.append(
            "`codes`: the description has 0 for yes and 1 for no, the other way round than usual; is it so in the cells?"
        )
    base.missing = [code for code in facts.missing if not base.codes.get(code)]
    return ask_about(base, doubts + _gaps(base, facts, kind))


MOST_KINDS = 30


def _read_sex(base: ColumnMap, facts: Facts) -> None:
    """Read yes and no below a heading that names one sex; never say what H and M are."""
    named = next((what for word, what in ONE_SEX.items() if re.search(rf"\b{word}\b", bare(base.column))), "")
    if named:
        other = {"male": "female", "female": "male"}[named]
        said = {
            code: meaning(facts.labels.get(code, code), "yes_no") or {"1": "yes", "0": "no"}.get(code, "")
            for code in base.codes
        }
        base.codes = {code: base.codes[code] or {"yes": named, "no": other}.get(said[code], "") for code in base.codes}
        base.reason = f"the heading names one sex: yes is {named}"
    if {code.lower() for code in base.codes} == {"h", "m"}:
        base.codes = dict.fromkeys(base.codes, "")  # hombre and mujer, or homme and a slip: never by habit


def _words_for_none(base: ColumnMap, facts: Facts, kind: str) -> list[str]:
    """Ask what "none" means among grades or answers, where it is a mark for missing elsewhere."""
    texts = [code_text(cell) for cell in facts.column.cells if isinstance(cell, str)]
    marks = Counter(text for text in texts if text.lower() == "none")
    if kind not in ("grade", "yes_no") or not marks:
        return []
    for code, count in marks.items():
        base.codes[code], base.counts[code] = meaning(code, kind), count
    return [f"`codes`: {sum(marks.values())} cells say none: none of it, or not known (then leave the code empty)?"]


def _one_steroid(base: ColumnMap, facts: Facts) -> list[str]:
    """Ask whether one steroid stands for all."""
    headings = (base.column, facts.said.title or facts.column.title)
    one = next((drug for words in headings if (drug := _steroid_in(words))), "")
    if base.to != "status.gc" or not one:
        return []
    return [f"`to`: the column is of {one} alone: is nobody without it given another steroid? (else no is not known: empty its code)"]  # fmt: skip


def _minus_beside_plus(base: ColumnMap, kind: str) -> list[str]:
    minus = [code for code in base.codes if code in MINUS] if kind in ("yes_no", "mrd") else []
    if not minus:
        return []
    cells = sum(base.counts[code] for code in minus)
    return [
        f"`codes`: {cells} cells hold - beside +: {'no' if kind == 'yes_no' else 'negative'}, or not known (then leave the code empty)?"
    ]


def _unread_codes(base: ColumnMap, facts: Facts, kind: str) -> list[str]:
    """Settle what codes mean that no word says: 0 and 1 as no and yes, other events apart; the others are asked about."""
    unread = [code for code in base.codes if not base.codes[code]]
    numeric = all(re.fullmatch(r"-?\d+", code) for code in facts.counts)
    if unread and numeric and kind == "yes_no" and set(facts.counts) <= {"0", "1"} and not facts.labels:
        base.codes = {code: {"0": "no", "1": "yes"}[code] for code in base.codes}
        base.confidence = "likely" if base.confidence == "sure" else base.confidence
        base.reason += "; 0 and 1 read as no and yes"
        return []
    if not unread:
        return []
    cells = sum(base.counts[code] for code in unread)
    if kind == "event":
        kept = sum(base.counts[code] for code in base.codes if base.codes[code])
        _forget_unread(base)
        return [f"`codes`: {kept} rows are CRS or ICANS; {sum(facts.counts.values()) - kept} rows of other events are left out; right?"]  # fmt: skip
    if kind == "grade" and all(map(RANGE.fullmatch, unread)) and not all(code.isdigit() for code in unread):
        return [f"`codes`: {cells} grades are ranges or limits ({', '.join(unread)}): which grade is meant? (an empty code is not known)"]  # fmt: skip
    if not facts.safe_codes() and not numeric:
        _forget_unread(base)
        return [_by_words(base, facts, kind, unread)]
    what = "these numbers mean" if numeric else f"{len(unread)} of the codes mean"
    return [f"`codes`: no label says what {what} ({cells} cells)"]


def _forget_unread(base: ColumnMap) -> None:
    """Show only codes whose meaning is known: others may be anybody's words."""
    base.codes = {code: what for code, what in base.codes.items() if what}
    base.counts = {code: base.counts[code] for code in base.codes}


def _gaps(base: ColumnMap, facts: Facts, kind: str) -> list[str]:
    """Ask what empty cells mean, and whether a best response is that of day 30."""
    gaps, doubts = len(facts.column.cells) - len(facts.filled), []
    if kind == "yes_no" and set(base.codes.values()) == {"yes"} and gaps and not checkbox(base.column)[0]:
        doubts.append(f"`empty_means`: {gaps} cells are empty and no cell says no: not known, or no (then write no)?")
    told = f"{facts.column.words} {facts.said.title}"
    best = re.search(r"\bbest\b|最佳", f"{bare(facts.column.words)} {bare(facts.said.title)}")
    if kind == "response" and best and day_in(told) is None:
        doubts.append(
            "`to`: a best response is not that of day 30 (it may have come later): is it? (else `to: leave out`)"
        )
    if kind == "response" and gaps:
        base.empty_means = "not done"
        doubts.append(
            f"`empty_means`: {gaps} patients have no response here: not done, or not known (then leave it empty)?"
        )
    return doubts


def _steroid_in(words: str) -> str:
    """Find the one steroid that a heading names."""
    known = {bare(word): name for name in STEROIDS if name != ANY for word in AGENTS.get(name, ())}
    return next((known[token] for token in bare(words).split() if token in known), "")


def _by_words(base: ColumnMap, facts: Facts, kind: str, unread: list[str]) -> str:
    """Read texts that may not be shown by the known words in them, and say how many have none."""
    told = {code: meaning_within(facts.labels.get(code, code), kind) for code in unread}
    read = sum(facts.counts[code] for code, what in told.items() if what)
    lost = sum(facts.counts[code] for code, what in told.items() if not what)
    base.other_text = "words"
    return f"`other_text`: {read} cells are longer texts, read by a known word in them, and {lost} hold none (or those of several things) and are left empty; right?"


def recognise_names(base: ColumnMap, facts: Facts, target: str) -> ColumnMap:
    """List what a column of analytes or units names, with what each is here; what is not known is asked about, never dropped."""
    read = {"labs.analyte": analyte_of, "labs.unit": unit_of, "treatments.dose_unit": dose_unit_of}[target]
    known = {code: read(facts.labels.get(code, code)) for code in sorted(facts.counts)}
    unknown = sum(facts.counts[code] for code, what in known.items() if not what)
    plain = len(known) <= NAMED_MOST and all(len(code) <= NAMED_LONGEST for code in known)
    base.codes = {
        code: what or (code if target != "treatments.dose_unit" else "")
        for code, what in known.items()
        if what or plain
    }
    base.counts = {code: facts.counts[code] for code in base.codes}
    doubts = []
    if unknown and target == "treatments.dose_unit":
        doubts.append(
            f"`codes`: {unknown} cells hold a unit that does not become mg: they have no dose, or correct the file"
        )
    elif unknown:
        what = "analytes beyond the dictionary" if target == "labs.analyte" else "units that are not known here"
        kept = (
            "kept under their own names (empty: left out)" if plain else "left out, since they are too many or too long"
        )
        doubts.append(f"`codes`: {unknown} cells hold {what}: {kept}; right?")
    gaps = len(facts.column.cells) - len(facts.filled)
    if gaps and target != "labs.analyte":
        usual = "mg" if target == "treatments.dose_unit" else "the analyte's usual one"
        doubts.append(f"`empty_means`: {gaps} rows have no unit: {usual}? (write it there)")
    return ask_about(base, doubts)


def recognise_agents(base: ColumnMap, facts: Facts) -> ColumnMap:
    """List the drugs that are known here; those that are nearly so are asked about, all others are other drugs."""
    doubts, others, near = [], 0, 0
    for code, count in sorted(facts.counts.items()):
        label = facts.labels.get(code, code)
        name, close = agent_of(label), agent_near(label)
        if name != "other" or close:
            base.codes[code], base.counts[code] = (close if name == "other" else name), count
            near += count * (name == "other")
        else:
            others += count
    if near:
        doubts.append(f"`codes`: {near} cells are only near to the name of a drug; is it that one?")
    if others:
        base.reason += f"; {others} cells name other drugs"
    return ask_about(base, doubts)
