"""What the cells of one column say by themselves: numbers, dates, codes, marks for missing. Nothing is decided here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from helpers.importing.cells import decimal_of, is_missing, read_number
from helpers.importing.code_words import agent_of, codes_in, meaning
from helpers.importing.dates import is_half_date, is_written_as_number, order_of, read_date
from helpers.importing.described import Description
from helpers.importing.headings import analyte_of
from helpers.importing.plain_words import bare
from helpers.importing.sheet import Cell, code_text
from helpers.importing.table import SourceColumn
from helpers.importing.word_lists import CODES

MOST_CODES = 12
MOST_WORDS = 4  # beside dates
PLUS, MINUS = ("+", "＋", "(+)"), ("-", "−", "－", "–", "(-)")
LONGEST_CODE = 24


LETTERS = {
    "o/n": {"O": "oui", "N": "non", "o": "oui", "n": "non"},
    "s/n": {"S": "si", "N": "no", "s": "si", "n": "no"},
}


@dataclass
class Facts:
    """A column, what is said of it elsewhere, what its cells show, and the role that a standard gives it."""

    column: SourceColumn
    said: Description = field(default_factory=Description)
    role: str = ""

    @property
    def told(self) -> str:
        """The heading and whatever is said of the column elsewhere: where units are looked for."""
        parts = (self.column.name, self.column.title, self.said.title, self.said.words)
        return " | ".join(dict.fromkeys(part for part in parts if part))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Labels of codes: of the container, of the description, of the heading."""
        letters = next(
            (
                found
                for pair, found in LETTERS.items()
                if re.search(rf"(?<![a-z]){pair}(?![a-z])", re.sub(r" ?/ ?", "/", self.told.lower()))
            ),
            {},
        )
        said = {**codes_in(self.column.name), **codes_in(self.column.title), **self.said.codes, **self.column.labels}
        return {**letters, **said}

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Codes that the container or a label calls missing."""
        called = [
            code
            for code, label in self.labels.items()
            if (is_missing(label) and label.lower() != "none") or label.lower() in NOT_KNOWN  # none of it is known
        ]
        return tuple(dict.fromkeys([*self.column.missing, *called]))

    @cached_property
    def filled(self) -> list[Cell]:
        """Cells that hold something."""
        signs = any(
            isinstance(cell, str) and cell.strip() in PLUS for cell in self.column.cells
        )  # then - is no mark for missing
        return [
            cell
            for cell in self.column.cells
            if not is_missing(cell, self.missing) or (signs and code_text(cell or "") in MINUS)
        ]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each code stands in the column."""
        return Counter(code_text(cell) for cell in self.filled if not isinstance(cell, datetime))

    @cached_property
    def decimal(self) -> tuple[str, str]:
        """Decimal mark, and what is in doubt about it."""
        return decimal_of(self.filled)

    @cached_property
    def numbers(self) -> list[float]:
        """Numbers of the column, those beyond a limit without their sign left out."""
        found = (read_number(cell, self.decimal[0]) for cell in self.filled)
        return [one.value for one in found if one is not None and one.value is not None]

    @cached_property
    def is_number(self) -> bool:
        """Whether nine cells of ten are numbers or limits."""
        readable = sum(read_number(cell, self.decimal[0]) is not None for cell in self.filled)
        return bool(self.filled) and readable >= 0.9 * len(self.filled)

    @cached_property
    def is_mostly_number(self) -> bool:
        """Whether at least half of the cells are numbers or limits."""
        readable = sum(read_number(cell, self.decimal[0]) is not None for cell in self.filled)
        return bool(self.filled) and readable >= 0.5 * len(self.filled) and not self.is_date

    @cached_property
    def order(self) -> tuple[str, str]:
        """Order of day and month, and what is in doubt about it."""
        return order_of(self.filled)

    @cached_property
    def is_date(self) -> bool:
        """Whether most cells are dates and not plain numbers."""
        if self.filled and all(map(is_written_as_number, self.filled)):
            return True
        whole = [cell for cell in self.filled if not isinstance(cell, (int, float)) and read_date(cell, self.order[0])]
        dates = [*whole, *(cell for cell in self.filled if whole and is_half_date(cell))]
        numeric = [
            cell for cell in self.filled if isinstance(cell, str) and read_number(cell, self.decimal[0]) is not None
        ]
        short = [cell for cell in numeric if len(str(cell).strip()) != 8]
        others = [cell for cell in self.filled if not isinstance(cell, str) or re.search(r"\d", cell)]
        few = len({code_text(cell).lower() for cell in self.filled if cell not in others}) <= MOST_WORDS
        beside_words = few and len(whole) == len(others)  # dates, and words such as "not reached"
        return bool(dates) and (len(dates) >= 0.6 * len(self.filled) or beside_words) and not short

    @cached_property
    def analyte(self) -> str:
        """The analyte that the heading names, or the label where the heading alone says nothing."""
        over = analyte_over(self.column)
        return over or next(
            (found for words in (self.column.title, self.said.title) if (found := analyte_of(words))), ""
        )

    @cached_property
    def names_drugs(self) -> bool:
        """Whether most cells name a drug that is known here, by their labels or themselves."""
        known = sum(count for code, count in self.counts.items() if agent_of(self.labels.get(code, code)) != "other")
        return bool(self.counts) and known > 0.5 * sum(self.counts.values())

    @cached_property
    def names_analytes(self) -> bool:
        """Whether most cells name an analyte, by their labels or themselves."""
        known = sum(count for code, count in self.counts.items() if analyte_of(self.labels.get(code, code)))
        return bool(self.counts) and known > 0.5 * sum(self.counts.values())

    @cached_property
    def has_syndromes(self) -> bool:
        """Whether any cell says CRS or ICANS."""
        return any(meaning(self.labels.get(code, code), "event") for code in self.counts)

    @cached_property
    def names_syndromes(self) -> bool:
        """Whether most cells say CRS or ICANS, by their labels or themselves."""
        known = sum(count for code, count in self.counts.items() if meaning(self.labels.get(code, code), "event"))
        return bool(self.counts) and known > 0.5 * sum(self.counts.values())

    @cached_property
    def is_graded(self) -> bool:
        """Whether most codes are grades, by their labels or themselves."""
        grades = [meaning(self.labels.get(code, code), "grade") or meaning(code, "grade") for code in self.counts]
        return bool(grades) and sum(map(bool, grades)) > 0.5 * len(grades)

    @cached_property
    def is_flag(self) -> bool:
        """Whether there are only a few small whole codes, or words of yes and no."""
        if self.is_date or not self.filled:
            return False
        small = all(isinstance(value, float) and value in (0, 1, 2, 3, 9) for value in self.numbers) and self.is_number
        words = all(_is_flag_word(code) or code in self.labels for code in self.counts)
        return len(self.counts) <= 5 and (small or words)

    def safe_codes(self) -> dict[str, int]:
        """Count the codes of a column of few short codes; empty for a column of text, whose contents stay where they are.

        Examples
        --------
        >>> Facts(SourceColumn(1, "itd", (), ["ITD+", "ITD-", "ITD+"])).safe_codes()
        {'ITD+': 2, 'ITD-': 1}
        >>> Facts(SourceColumn(1, "seen by", (), ["Dr Li Wei, ward 3", "Dr Wang Fang, ward 12 east wing"])).safe_codes()
        {}
        """
        known = [code for code in self.counts if _is_flag_word(code) or code in self.labels or _is_word(code)]
        repeated = len(self.counts) < len(self.filled) or len(known) == len(self.counts)
        short = all(len(code) <= LONGEST_CODE for code in self.counts)
        single = (
            all(" " not in code and len(code) <= 12 and not code[:1].isdigit() for code in self.counts)
            and len(self.counts) <= 5
        )
        if any(read_date(code) or is_half_date(code) for code in self.counts) and not self.is_number:
            return {}  # days of patients are no codes
        few = len(self.counts) <= MOST_CODES
        return dict(sorted(self.counts.items())) if few and short and (repeated or single) else {}


NOT_KNOWN = {
    "not recorded",
    "not documented",
    "undocumented",
    "nicht dokumentiert",
    "nicht bekannt",
    "unbekannt",
    "inconnu",
    "non renseigné",
    "desconocido",
    "no consta",
    "sconosciuto",
    "non noto",
    "not known",
    "not reported",
    "not evaluated",
    "not stated",
    "unknown",
    "missing",
    "not available",
    "not applicable",
    "refused",
    "不详",
    "未知",
    "no data",
}


def counts_infusions(facts: Facts) -> bool:
    """Tell whether cells below "infusion" are numbers of infusions and not dates."""
    named = re.search(r"infus|输注|回输", bare(facts.column.name)) and not re.search(
        r"date|dat|day|time", bare(facts.column.name)
    )
    return bool(named) and facts.is_number and all(value in range(1, 21) for value in facts.numbers)


def _is_flag_word(code: str) -> bool:
    return bool(meaning(code, "yes_no") or meaning(code, "vital"))


def _is_word(code: str) -> bool:
    return any(meaning(code, kind) for kind in CODES)


def analyte_over(column: SourceColumn) -> str:
    """Find the analyte of a column in its heading, or above it where that says no more than a day or that it is a value."""
    if found := analyte_of(column.name):
        return found
    if not (is_only_a_day(column.name) or bare(column.name) in A_VALUE):
        return ""
    return next((found for group in reversed(column.groups) if (found := analyte_of(group))), "")


A_VALUE = (
    "conc",
    "concentration",
    "obs conc",
    "calc conc",
    "value",
    "result",
    "konzentration",
    "wert",
    "ergebnis",
    "resultat",
    "浓度",
    "结果",
)


def is_only_a_day(words: str) -> bool:
    """Tell whether words say no more than a day."""
    return (
        re.fullmatch(r"(d|day|week|wk|w|j|jour|tag|第)?\s*[+-]?\d+\s*(days?|天)?|baseline|基线", bare(words))
        is not None
    )
