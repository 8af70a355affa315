"""What the headings of a row per episode, the boxes of a question and the names of sheets say, by what their words stand for."""

from __future__ import annotations

from helpers.importing.concept_rules import ALWAYS
from helpers.importing.concepts import concepts_of
from helpers.importing.plain_words import bare

SITES = {"marrow": "patients.site_bm", "CNS": "patients.site_cns", "testis": "patients.site_testis", "elsewhere": "patients.site_other"}  # fmt: skip
SYNDROMES = ("CRS", "ICANS")
FROM, TO = {"from", "von", "desde"}, {"to", "bis"}  # which say nothing in other headings


def _named(words: str) -> set[str]:
    return set(concepts_of(words)) - ALWAYS


def site_of(box: str, question: str) -> str:
    """Find the site of relapse before treatment that a box stands for, of its own words and those of the question above it.

    Examples
    --------
    >>> site_of("bone marrow", "site of relapse before car t"), site_of("bone marrow", "site of relapse after car t"), site_of("cns", "drugs")
    ('patients.site_bm', '', '')
    """
    asked, ticked = _named(question), _named(box) - {"involved"}
    if not asked & {"involved", "relapse", "disease"} or ("after" in asked and "before" not in asked):
        return ""
    return SITES.get(next(iter(ticked)), "") if len(ticked) == 1 else ""


def names_a_syndrome(words: str) -> bool:
    """Tell whether a heading names CRS or ICANS itself.

    Examples
    --------
    >>> names_a_syndrome("max crs grade"), names_a_syndrome("tox grade")
    (True, False)
    """
    return any(name in _named(words) for name in SYNDROMES)


def syndrome_of(words: str) -> str:
    """Find the one syndrome that the name of a sheet or file says its rows are of.

    Examples
    --------
    >>> syndrome_of("crs episodes"), syndrome_of("icans"), syndrome_of("crs icans"), syndrome_of("patients")
    ('CRS', 'ICANS', '', '')
    """
    found = [name for name in SYNDROMES if name in _named(words)]
    return found[0] if len(found) == 1 else ""


def names_a_grade(words: str) -> bool:
    """Tell whether a heading speaks of a grade, and not of the system by which it was given.

    Examples
    --------
    >>> names_a_grade("Tox Gr"), names_a_grade("grading system"), names_a_grade("severity")
    (True, False, True)
    """
    named = _named(words)
    return bool(named & {"grade", "grading"}) and "system" not in named


def part_of_record(words: str, is_date: bool, is_number: bool, is_graded: bool) -> str:
    """Say what a column of a row per episode holds, from the words of its heading.

    Examples
    --------
    >>> part_of_record("tox end", True, False, False), part_of_record("date of onset", True, False, False)
    ('until', 'date')
    >>> part_of_record("worst grade", False, True, True), part_of_record("grading", False, False, False)
    ('toxicity.grade', '')
    """
    named = _named(words)
    if "system" in named:
        return ""
    if names_a_grade(words) and is_graded:
        return "toxicity.grade"
    if not is_date and not is_number:
        return ""
    tokens = bare(words).split()
    starts = bool(named & {"onset", "first", "diagnosis"} or set(tokens) & FROM)
    if (named & {"end", "until", "last"} or set(tokens) & TO) and not starts:
        return "until"
    return ("date" if is_date else "day") if starts else ""
