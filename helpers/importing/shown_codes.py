"""Which words of a column of few codes may be shown: those that no person is called by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from helpers.importing.cells import is_missing
from helpers.importing.plain_words import CHINESE, bare
from helpers.importing.sheet import Cell, code_text
from helpers.importing.word_lists import AGENTS, CODES, HEADINGS

# a heading of which the cells name no person, whatever words they hold
MEDICAL = re.compile(
    r"\b(diagnos\w*|dx|dis|disease|subtype|type|mutation\w*|fusion|genes?|karyotype|cytogenetics?|genetics|risk|stage|status|race|ethnicity|ethnic|response|remission|product|construct|"
    r"protocol|regimen|conditioning|arm|cohort|drugs?|agents?|therap\w*|treatment\w*|bridging|lymphodepletion|cells?|markers?|immunophenotype|phenotype|lineage|blood|organ|sites?|lesion|symptoms?|"
    r"grade|severity|outcome|failure|cause|reason|method|assay|specimen|sample|tissue|material|infection|pathogen|organism|complication|toxicity|event|relapse|progression|saffl|ittfl|trt\w*|donor|match|graft|source|"
    r"category|class|level|quartile|tertile|insurance|histology|tumou?r|cancer|syndrome|itd|flt3|npm1|mrd)\b|诊断|分型|类型|亚型|突变|基因|危险|分期|疗效|方案|状态|部位|种族|民族|血型|来源|分组|病种"
)
COMMON = frozenset(
    ["risk",
        "white", "black", "asian", "hispanic", "latino", "caucasian", "african", "european", "mixed", "other", "others", "unknown", "none", "any", "low", "high", "intermediate", "standard", "normal", "abnormal", "mild", "moderate", "severe", "very", "good", "poor", "fair", "favourable", "favorable", "adverse", "primary", "secondary", "first", "second", "third", "early", "late", "left", "right", "both", "north", "south", "east", "west", "central", "upper", "lower", "inpatient", "outpatient", "icu", "hdu", "ward", "clinic", "centre", "center", "site", "hospital", "unit", "paediatrics", "pediatrics", "paediatric", "pediatric", "haematology", "hematology", "oncology", "bmt", "surgery", "medicine", "intensive", "care", "general", "adult", "adults", "child", "children", "infant", "adolescent", "group", "arm", "cohort", "control", "treatment", "a", "b", "c", "d", "e", "all", "aml", "mds", "cml", "cll", "nhl", "lymphoma", "leukemia", "leukaemia", "solid", "tumor", "tumour", "b-all", "t-all", "car", "t", "cell", "cells", "auto", "allo", "type", "city", "rural", "urban", "public", "private", "single", "double", "married", "widowed", "divorced", "school", "work", "student", "retired", "daily", "weekly", "monthly", "oral", "iv", "before", "after", "during", "not", "done", "yes", "no", "true", "false", "positive", "negative", "pos", "neg", "and", "or", "of", "the", "with", "without", "in", "on"]
)  # fmt: skip


@cache
def _known() -> frozenset[str]:
    """All words of the vocabulary, and some that files use for groups of any kind."""
    spellings = [
        *(w for kind in CODES.values() for words in kind.values() for w in words),
        *(w for kind in CODES.values() for w in kind),
    ]
    spellings += [w for words in (*AGENTS.values(), *HEADINGS.values()) for w in words]
    return COMMON | {token for words in spellings for token in bare(words).split() if len(token) > 1}


def is_shown(code: str) -> bool:
    """Tell whether a code is made of known words, numbers and signs only, so that it is nobody's name.

    Examples
    --------
    >>> [is_shown(code) for code in ("ITD+", "high risk", "3N", "B", "Miller", "Li Wei", "North ward", "B-ALL", "王芳")]
    [True, True, True, True, False, False, True, True, False]
    """
    if CHINESE.search(code) and bare(code) not in _known():
        return len(code) > 4
    if re.search(r"[\d+%<>=]", code) and not re.search(r"[^\W\d_]{4,}", code):
        return True
    return all(token in _known() or len(token) == 1 or token.isdigit() for token in bare(code).split())


def may_be_shown(heading: str, codes: Iterable[str]) -> bool:
    """Tell whether the codes of a column may stand in the mapping as they are written.

    Examples
    --------
    >>> may_be_shown("Ward", ["Miller", "Chen"]), may_be_shown("Diagnosis", ["DLBCL", "FL"]), may_be_shown("Ward", ["3 West", "ICU"])
    (False, True, True)
    """
    return MEDICAL.search(bare(heading)) is not None or all(map(is_shown, codes))


def ranks_of(cells: Sequence[Cell]) -> dict[str, str]:
    """Number the codes of a column in the order of the alphabet, from 1.

    Examples
    --------
    >>> ranks_of(["Miller", None, "Chen", "Miller"])
    {'Chen': '1', 'Miller': '2'}
    """
    codes = sorted({code_text(cell) for cell in cells if cell is not None and not is_missing(cell)})
    return {code: str(i) for i, code in enumerate(codes, 1)}
