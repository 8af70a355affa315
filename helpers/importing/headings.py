"""What a heading is called here: a column of the dictionary, an analyte, an endpoint, an exposure, a first dose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from helpers.importing.concept_rules import (
    endpoint_by_concepts,
    is_a_finding,
    is_of_something_else,
    target_by_concepts,
)
from helpers.importing.plain_words import CHINESE, bare
from helpers.importing.units import slashed
from helpers.importing.word_lists import AGENTS, ANALYTES, ENDPOINTS, EXPOSURES, HEADINGS


@cache
def _by_heading() -> dict[str, str]:
    return {bare(word): target for target, words in HEADINGS.items() for word in words}


@cache
def _by_words() -> dict[str, str]:
    """Known words of several parts, their parts in the order of the alphabet: onset of CRS is CRS onset."""
    return {" ".join(sorted(word.split())): target for word, target in _by_heading().items() if " " in word}


@cache
def _by_analyte() -> dict[str, str]:
    return {bare(word): name for name, words in ANALYTES.items() for word in (name, *words)}


OTHERS = ("donor", "spender", "donneur", "mother", "father", "sibling", "family", "供者", "母亲", "父亲", "家族")


OTHER_CLOCK = re.compile(
    r" (from|since|after|post|ab|seit|depuis|desde|rel to|relative to) (initial |first |the |date of |day of |onset of |start of )*(diagnosis|dx|remission|cr|erstdiagnose|diagnose|diagnostic|diagnostico|"
    r"registration|enrolment|enrollment|inclusion|randomi[sz]ation|(leuk)?apheresis|collection|lymphodepletion|conditioning|crs|icans|fever|birth) |自诊断|确诊后|自入组|自采集|自清淋"
)


NOISE = (
    r"^(检验|化验|检测|标本|样本|样品|医嘱|报告|本次)(?=.)", r"^(是否|有无)(使用|应用|发生|出现|接受|有)?", r"(是否|有无|情况)$", r"^(患者|病人)(?=.)", r"^(patient|recipient|child|pat)s? (s )?(?=.)",
    r" (yes|y|ja|j|oui|o) (no|n|nein|non)$", r" (am|le)$", r"(?<=date) time$", r" 0 1$", r" (years?|yrs?|months?|mos?|weeks?|days?|kg|lbs?|cm|jahre|monate|ans|mois)$", r"^(the|your) ",
    r" (given|received|used|use|administered|therapy|gabe|erhalten)$", r"^(received|use of|any|treated with|treatment with|gabe von|therapie mit) ",
)  # fmt: skip


FROM_DAY_0 = re.compile(
    r"\b(?:delai|zeit|intervall|tiempo|tempo) (?:re)?(?:injection|infusion|perfusion|infusione)(?: bis| a| to)? |"
    r"\b(time|days?|weeks?|months?|interval) (?:from|since|after|post) (?:the |first |1st |car t |cart |cell |cells |cellular )*(?:infusion|therapy|reinfusion|day 0|d0|car t|cart)(?: date)? (?:to|until|till) "
)


ONLY_ALONE = ("start date", "startdt", "entry date", "index date", "treatment start", "start of treatment", "day 0")
ALONE = ("sex", "gender", "geschlecht", "sexe", "性别", "年龄", "体重", "身高", "weight", "height", "age")


def target_of(words: str) -> tuple[str, str]:
    """Find what a heading is called here.

    Returns
    -------
    target, confidence : str, str
        "sure" for a known word, "likely" for one with words around it that say nothing, "guess" for one that is spelt nearly
        so or that stands within a longer heading, empty for none, and for what is said of donors and relatives.

    Examples
    --------
    >>> target_of("Geschlecht"), target_of("Date of Deth"), target_of("ITD")
    (('patients.sex', 'sure'), ('followup.death_date', 'guess'), ('', ''))
    >>> target_of("是否使用托珠单抗"), target_of("CRS grade, maximum"), target_of("Donor sex")
    (('status.tcz', 'likely'), ('toxicity.CRS.grade', 'likely'), ('', ''))
    """
    from rapidfuzz import fuzz, process

    key = bare(words)
    known = _by_heading()
    if key in known:
        return known[key], "sure"
    if OTHER_CLOCK.search(f" {key} "):
        return "other clock", "likely"
    if any(other in key for other in OTHERS):
        return "", ""
    key = FROM_DAY_0.sub(lambda found: f"{found.group(1) or 'time'} to ", key)
    shorter = key
    for pattern in NOISE:
        shorter = re.sub(pattern, "", shorter).strip()
    if shorter in known:
        return known[shorter], "likely"
    if told := target_by_concepts(words):
        return told, "likely"
    turned = " ".join(sorted(shorter.split()))
    if " " in shorter and turned in _by_words():
        return _by_words()[turned], "likely"
    if len(key) >= 5:
        near = process.extractOne(key, [word for word in known if len(word) >= 5], scorer=fuzz.ratio, score_cutoff=88)
        if near and _tokens_near(key, near[0]) and not is_of_something_else(words, known[near[0]]):
            return known[near[0]], "guess"
    if (inside := _known_inside(key, known)) and not is_of_something_else(words, inside):
        return inside, "guess"
    return "", ""


def _tokens_near(key: str, word: str) -> bool:
    """Tell whether each word of a heading is near to its own among as many: a treatment arm is no treatment year."""
    from rapidfuzz import fuzz

    ours, theirs = key.split(), word.split()
    return len(ours) != len(theirs) or all(
        fuzz.ratio(a, b) >= (60 if len(b) > SHORT else 100) for a, b in zip(ours, theirs, strict=True)
    )


SHORT = 3  # letters of a word that leave no room for a slip: CR1 is no CRS


def _known_inside(key: str, known: Mapping[str, str]) -> str:
    """Find the longest known word of several words, or of Chinese signs, that stands within a heading."""
    if len(key.split()) > 7:
        return ""
    found = [
        word
        for word in known
        if (word not in ONLY_ALONE and f" {word} " in f" {key} " and (" " in word or word in ALONE))
        or (not word.isascii() and len(word) >= 3 and re.search(r"[\u4e00-\u9fff]", word) and word in key)
    ]
    return known[max(found, key=len)] if found else ""


def analyte_of(words: str) -> str:
    """Find the analyte that a heading names, also one beyond the dictionary; empty if it names none.

    Examples
    --------
    >>> analyte_of("Hu IL-6 (19)"), analyte_of("白细胞介素10"), analyte_of("IFN-gamma"), analyte_of("超敏C反应蛋白"), analyte_of("sIL2R"), analyte_of("sex")
    ('IL-6', 'IL-10', 'IFN-γ', 'CRP', 'sIL-2R', '')
    """
    text = re.sub(r"(?i)(?<![a-z])[munpµμ]?[gu]/?(?:dl|ml|l)\b|IU/mL", " ", slashed(words))
    text = re.sub(r"超敏|血清|血浆|定量|水平|浓度|检测值|流式|测定", " ", text)
    text = re.sub(r"(?i)\balfa\b", "alpha", re.sub(r"(?i)\bgama\b", "gamma", text))
    key = " ".join(word for word in bare(text).split() if word not in BESIDE_AN_ANALYTE.split()) or bare(text)
    key = re.sub(r"^baseline\s+|\s+(d|day|j|jour|tag)\s*\d+$", "", key).strip()
    if key in _by_analyte():
        return _by_analyte()[key]
    if found := re.fullmatch(r"(?:s|soluble )(?:il|interleukin) ?(\d{1,2}) ?(?:r|receptor|ra|rα|r alpha)", key):
        return f"sIL-{found.group(1)}R"
    found = re.fullmatch(
        r"(?:il|interleukin|interleukine|interleucina|interleuchina|白细胞介素|白介素)\s*(\d{1,2})\s*([a-f]?)(受体|r\w*|p70)?",
        key,
    )
    if found and 1 <= int(found.group(1)) <= LAST_INTERLEUKIN:
        if found.group(3) and found.group(3) != "p70":
            return f"sIL-{found.group(1)}R"
        return f"IL-{found.group(1)}{found.group(2).upper()}"
    return ""


LAST_INTERLEUKIN = 41
BESIDE_AN_ANALYTE = (
    "hu human serum plasma blood sample level levels conc concentration value val result res lab msd cba elisa luminex legendplex cytokine "
    "serumspiegel spiegel serique plasmatique dosage taux sierico plasmatico serico serica seriche sieriche plasm suero siero soro nivel valor wert konzentration i s im serum in the of 血清 血浆 水平 浓度 检测值"
)  # fmt: skip
FIRST = r"first|1st|start|starting|begin|beginn|initiation|started|erste|erster|onset|debut|premiere|primera|inicio"


def first_dose_of(words: str) -> str:
    """Find the drug whose first dose a heading dates; empty if it dates none.

    Examples
    --------
    >>> first_dose_of("Date of first tocilizumab"), first_dose_of("Dexamethasone start date"), first_dose_of("首次托珠单抗日期")
    ('tocilizumab', 'dexamethasone', 'tocilizumab')
    >>> first_dose_of("Steroid start date"), first_dose_of("激素开始日期")
    ('glucocorticoid', 'glucocorticoid')
    >>> first_dose_of("tocilizumab"), first_dose_of("date of first relapse"), first_dose_of("date of last ruxolitinib")
    ('', '', '')
    """
    key = bare(words)
    rest, said = re.subn(
        rf"\b({FIRST}|date|datum|fecha|of|the|dose|dosis|gabe|treatment|therapy|given|day|on|am|de|der|du|d|in)\b|首次|第一次|使用|用药|给药|开始|日期|时间",
        " ",
        key,
    )
    when = re.search(rf"\b({FIRST}|date|day|datum|fecha|on|am)\b|首次|第一次|开始|日期|时间", key) is not None
    rest = rest.strip()
    known = {bare(word): name for name, spellings in AGENTS.items() for word in spellings}
    return known.get(rest, "") if said and when else ""


def exposure_of(words: str) -> str:
    """Find an exposure whose onset a column times; empty if it names none.

    Examples
    --------
    >>> exposure_of("time_to_aGvHD_III_IV"), exposure_of("PLTrecovery"), exposure_of("age")
    ('acute GVHD III-IV', 'platelet recovery', '')
    """
    key = bare(re.sub(r"(?<=[A-Z]{3})(?=[a-z]{3})", " ", words).replace("GvHD", "gvhd").replace("GVHD", "gvhd"))
    key = re.sub(r"^(time to|days to|day of|time until|date of)\s+|\s+(time|day|days|date|onset)$", "", key)
    key = re.sub(r"(gvhd)(?=[a-z])", r"\1 ", key)
    for pattern, name in EXPOSURES:
        if found := re.fullmatch(pattern, key):
            grade = found.groups()[-1] if found.lastindex and found.lastindex > 1 and "GVHD" in name else ""
            grade = re.sub(r"[^iv0-9]+", "-", grade.strip())
            grade = {"iiiiv": "iii-iv", "iiiiiiv": "ii-iii-iv", "iiiii": "ii-iii", "iiiv": "ii-iv"}.get(grade, grade)
            return f"{name} {grade.upper()}".strip()
    return ""


GLUED = re.compile(
    r"(os|pfs|efs|rfs|dfs|lfs|ttr|surv|d|r)(time|days?|months?|mon?|monate|years?|yrs?|status|stat|event|evt|cens|censor)"
)


def endpoint_of(words: str) -> str:
    """Find the endpoint that a time or a status is about; empty if it names none.

    Examples
    --------
    >>> endpoint_of("OS_MONTHS"), endpoint_of("vital.status"), endpoint_of("Time to relapse"), endpoint_of("rfs"), endpoint_of("time")
    ('death', 'death', 'relapse', 'progression or death', '')
    >>> endpoint_of("rfstime"), endpoint_of("dtime"), endpoint_of("OSstatus"), endpoint_of("fu_relapse")
    ('progression or death', 'death', 'death', 'relapse')
    """
    if found := GLUED.fullmatch(bare(words).replace(" ", "")):
        return {"os": "death", "d": "death", "surv": "death", "r": "relapse", "ttr": "relapse"}.get(
            found.group(1), "progression or death"
        )
    if (by_concepts := endpoint_by_concepts(words)) == "progression or death":
        return by_concepts
    key = re.sub(r"(?<=[a-z0-9])(?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])(?=[a-z0-9])", " ", f" {bare(words)} ")
    found = [
        (word, name)
        for name, known in ENDPOINTS.items()
        for word in known
        if (f" {bare(word)} " if word.isascii() or not CHINESE.search(word) else bare(word)) in key
    ]
    if any(name == "relapse" for _, name in found):  # relapse or progression
        found = [one for one in found if one[1] != "progression"]
    told = [one for one in found if one[0] not in FOLLOW_UP]
    if AT_AN_EVENT.search(f" {key} "):
        return ""  # CD19 at relapse
    if found and not told and is_a_finding(words):
        return ""  # MRD at last follow-up
    return max(told or found, key=lambda one: (len(one[0]), one[1]))[1] if found else by_concepts


AT_AN_EVENT = re.compile(
    r" (at|bei|beim|a la|au moment de) (the |first )?(relapse|progression|recurrence|rezidiv|rechute)\b| (type|kind|site|art|typ|ort|place) (of|der|des|de la) (the |first )?(relapse|recurrence|rezidivs?|rechute)\b|复发时|复发类型|复发部位"
)
FOLLOW_UP = (
    "follow up",
    "followup",
    "futime",
)  # whose name says nothing of the event: relapse at follow-up is a relapse
