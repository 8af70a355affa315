"""Headings that are made of known parts, in whatever order a person wrote them."""

from __future__ import annotations

import re

SYNDROMES = {
    "CRS": r"crs|cytokine release syndrome|slc|src(?= )|(?<= )src|syndrome de relargage( cytokinique)?|zytokin freisetzungssyndrom|zytokinfreisetzungssyndrom|细胞因子释放综合征",
    "ICANS": r"神经毒性|icans|neurotox|neurotoxicity|ntx",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GRAFT = _words("transplant transplantation transplants hsct hct sct bmt allohsct")


SITES = {
    "patients.site_bm": r"bone marrow|marrow|bm|骨髓",
    "patients.site_cns": r"cns|central nervous system|中枢|中枢神经系统",
    "patients.site_testis": r"testis|testes|testicular|testicle|睾丸",
    "patients.site_other": r"other|others|elsewhere|其他",
}
OF_SITES = re.compile(r"\b(sites?|involve\w*|location|locali[sz]ation|extramedullary|relapse|disease)\b|部位")
LATER = re.compile(r"\b(after|post|following|since)\b|后")


def site_of(box: str, question: str) -> str:
    """Find the site of relapse before treatment that a box stands for, of its own words and those of the question above it.

    Examples
    --------
    >>> site_of("bone marrow", "site of relapse before car t"), site_of("bone marrow", "site of relapse after car t"), site_of("cns", "drugs")
    ('patients.site_bm', '', '')
    """
    if not OF_SITES.search(question) or (LATER.search(question) and "before" not in question):
        return ""
    return next((site for site, words in SITES.items() if re.fullmatch(words, box)), "")


START = re.compile(
    r"\b(start\w*|begin\w*|began|onset|from|von|first|diagnosed|debut|inicio|inizio|beginn)\b|开始|发生|出现|起始"
)
END = re.compile(
    r"\b(end\w*|stop\w*|resol\w*|until|to|bis|offset|last|recovered|recovery|fin|fine|ende)\b|结束|缓解|终止|停止|停用|停药"
)
GRADING = re.compile(r"\b(grade|grad|grading|severity|ctcae|toxgr)\b|分级|级别")


GRADED_BY = re.compile(r"\b(system|criteria|scale|version|graduierung|einteilung)\b|标准|系统")


def names_a_syndrome(words: str) -> bool:
    """Tell whether a heading names CRS or ICANS itself.

    Examples
    --------
    >>> names_a_syndrome("max crs grade"), names_a_syndrome("tox grade")
    (True, False)
    """
    return any(re.search(rf"(?<![a-z])({known})(?![a-z])", words) for known in SYNDROMES.values())


def syndrome_of(words: str) -> str:
    """Find the one syndrome that the name of a sheet or file says its rows are of.

    Examples
    --------
    >>> syndrome_of("crs episodes"), syndrome_of("icans"), syndrome_of("crs icans"), syndrome_of("patients")
    ('CRS', 'ICANS', '', '')
    """
    found = [name for name, known in SYNDROMES.items() if re.search(rf"(?<![a-z])({known})(?![a-z])", words)]
    return found[0] if len(found) == 1 else ""


def part_of_record(key: str, is_date: bool, is_number: bool, is_graded: bool) -> str:
    """Say what a column of a row per episode holds, from the words of its heading.

    Examples
    --------
    >>> part_of_record("tox end", True, False, False), part_of_record("date of onset", True, False, False)
    ('until', 'date')
    >>> part_of_record("worst grade", False, True, True), part_of_record("grading", False, False, False)
    ('toxicity.grade', '')
    """
    if GRADED_BY.search(key):
        return ""
    if GRADING.search(key) and is_graded:
        return "toxicity.grade"
    if not is_date and not is_number:
        return ""
    if END.search(key) and not START.search(key):
        return "until"
    return ("date" if is_date else "day") if START.search(key) else ""
