"""Measurements, exposures and doses, and numbers that cannot be what they seem."""

from __future__ import annotations

import re
from collections import Counter

from helpers.cohort.steroids import ANY, EQUIVALENT_MG
from helpers.cohort.units import ANALYTE_UNIT
from helpers.importing.cells import LIMIT, read_number
from helpers.importing.facts import Facts
from helpers.importing.headings import exposure_of, first_dose_of
from helpers.importing.mapping import ColumnMap
from helpers.importing.questions import ask_about
from helpers.importing.recognise_dates import ask_about_sentinel, recognise_date, settle_time_unit
from helpers.importing.sheet import code_text
from helpers.importing.units import dose_unit_of, unit_of
from helpers.importing.word_lists import AGENTS


def recognise_laboratory(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise measurements of an analyte that the heading names."""
    analyte = facts.analyte
    if not analyte and row_is == "sample" and not target and facts.is_number and unit_of(base.column):
        analyte = re.sub(r"[(\[].*", "", base.column).strip()
        base.reason = "not in the dictionary; the unit in its heading says that it was measured"
    if (
        not analyte
        or not (facts.is_mostly_number or (facts.is_date is False and _mostly_limits(facts)))
        or row_is in ("measurement", "administration", "event")
    ):
        return None
    ask_about_other_text(base, facts)
    base.to, base.name, base.reason = "lab", analyte, base.reason or "the heading names an analyte"
    base.unit = unit_of(f"{facts.told} {base.over}") or ANALYTE_UNIT.get(analyte, "pg/mL")
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if not unit_of(f"{facts.told} {base.over}"):
        base.confidence = "likely"
        base.reason += f"; no unit stands anywhere, {base.unit} is the usual one"
    ask_about_negative(base, facts)
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


def _mostly_limits(facts: Facts) -> bool:
    return sum(isinstance(cell, str) and LIMIT.match(cell.strip()) is not None for cell in facts.filled) >= 0.5 * max(
        1, len(facts.filled)
    )


def recognise_exposure(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the day on which an exposure began."""
    name = exposure_of(base.column)
    if not name or row_is != "patient" or not (facts.is_number or facts.is_date):
        return None
    if facts.is_flag:
        return None
    base.to, base.name, base.reason = "exposure", name, "the day on which it began"
    if facts.is_date:
        return recognise_date(base, facts, "exposure")
    settle_time_unit(base, facts.told, facts)
    ask_about_sentinel(base, facts)
    if base.never is not None and base.decide:
        base.also_decide, base.decide = (
            [],
            f"`never`: {code_text(base.never)} stands there so often that it may mean never; right? (else empty it)",
        )
    return base


def recognise_first_dose(base: ColumnMap, facts: Facts, target: str, row_is: str) -> ColumnMap | None:
    """Recognise the date or the day of a drug's first dose: an administration whose dose is not known."""
    said = (
        base.column,
        facts.said.title or facts.column.title,
        *(f"{group} {base.column}" for group in facts.column.groups),
    )
    name = next((found for words in said if (found := first_dose_of(words))), "")
    if facts.is_number and any(map(dose_unit_of, said)):
        return None  # how much it was, not when
    if not name or row_is not in ("patient", "infusion") or facts.is_flag or not (facts.is_date or facts.is_number):
        return None
    base.to, base.name, base.reason, base.confidence = "first dose", name, "the first dose of a drug", "sure"
    if facts.is_date:
        found = recognise_date(base, facts, "first dose") or base
    else:
        settle_time_unit(base, facts.told, facts)
        ask_about_sentinel(base, facts)
        found = base
    return ask_about(found, ["`to`: its patients count as given the drug on that day, with a dose that is not known; those without a date as not given it; right?"])  # fmt: skip


EQUIVALENT = re.compile(r"equiv|äquiv|aequiv|équiv|\beq\b|\bpeq\b|\bpde\b|\bmped?\b|当量|等效|折合")


def recognise_dose(base: ColumnMap, facts: Facts) -> ColumnMap | None:
    """Read doses, with the unit of the heading or of the cells themselves."""
    units = {dose_unit_of(cell) for cell in facts.filled if isinstance(cell, str) and not read_number(cell)}
    if not facts.is_number and (not units or "" in units):
        return None
    of = equivalent_to(facts.told)
    if EQUIVALENT.search(facts.told.lower()) and not of:
        base.to, base.reason = "leave out", "doses in equivalents of a drug that is not named"
        return ask_about(base, ["`to`: the doses are written in equivalents of a drug that the heading does not name: left out; right? (drugs and days stay; where they are mg of the drug itself, write `to: treatments.dose` and `unit: mg`)"])  # fmt: skip
    base.unit = next((unit for part in facts.told.split(" | ") if (unit := dose_unit_of(part))), "")
    base.decimal = facts.decimal[0] if facts.decimal[0] == "," else ""
    if of:
        base.name = of
        ask_about(base, [f"`name`: the doses are told in equivalents of {of}; each becomes mg of the drug of its row by the usual ladder (4 mg methylprednisolone = 5 prednisone or prednisolone = 0.75 dexamethasone = 20 hydrocortisone), and is left empty for other drugs; right? (where they are mg of the drug itself, empty `name`)"])  # fmt: skip
    return ask_about(base, [f"`decimal`: {facts.decimal[1]}"] if facts.decimal[1] else [])


def equivalent_to(words: str) -> str:
    """Find the steroid in whose equivalents a heading tells doses; empty if it names none, or speaks of no equivalents.

    Examples
    --------
    >>> equivalent_to("Dose (mg prednisone equivalent)"), equivalent_to("MP eq. dose mg/kg"), equivalent_to("dose, mg"), equivalent_to("甲强龙当量(mg)"), equivalent_to("steroids, mg MP eq")
    ('prednisone', 'methylprednisolone', '', 'methylprednisolone', 'methylprednisolone')
    """
    text = words.lower()
    if not EQUIVALENT.search(text):
        return ""
    known = {word: name for name in EQUIVALENT_MG if name != ANY for word in AGENTS.get(name, ())} | {"pred": "prednisone", "mpe": "methylprednisolone", "mped": "methylprednisolone"}  # fmt: skip
    found = [word for word in known if (re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) if word.isascii() else word in text)]  # fmt: skip
    return known[max(found, key=len)] if found else ""


def ask_about_other_text(base: ColumnMap, facts: Facts) -> None:
    """Ask about cells of a column of numbers that are none."""
    others = sum(read_number(cell, facts.decimal[0]) is None for cell in facts.filled)
    if others:
        base.other_text = "leave out"
        ask_about(
            base,
            [
                f"`other_text`: {others} cells hold text that is no number: left empty; right? (empty the field to stop there instead)"
            ],
        )


def ask_about_negative(base: ColumnMap, facts: Facts) -> None:
    """Ask about negative numbers where nothing can be negative: marks for missing, which never become a value."""
    below = Counter(code_text(value) for value in facts.numbers if value < 0)
    if not below or any(value < 0 and value != int(value) for value in facts.numbers):
        return
    base.missing += [code for code in sorted(below) if code not in base.missing]
    if base.never is not None and base.never < 0:
        base.never = None
        base.also_decide = [text for text in base.also_decide if not text.startswith("`never`")]
        base.decide = "" if base.decide.startswith("`never`") else base.decide
    ask_about(base, [f"`missing`: {sum(below.values())} cells hold {', '.join(sorted(below))}, and nothing of this kind is below 0: not known; right?"])  # fmt: skip
