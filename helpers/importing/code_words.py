"""What codes, labels and names of drugs mean."""

from __future__ import annotations

import re

from helpers.importing.plain_words import CHINESE, SIMPLIFIED, bare
from helpers.importing.word_lists import AGENTS, CODES, FAMILIES


def codes_in(words: str) -> dict[str, str]:
    """Read codes and their meaning that stand in a heading or a description.

    Examples
    --------
    >>> codes_in("CRS (0=N/1=Y)"), codes_in("Yes - 0, No - 1"), codes_in("0 alive, 1 dead")
    ({'0': 'N', '1': 'Y'}, {'0': 'Yes', '1': 'No'}, {'0': 'alive', '1': 'dead'})
    >>> codes_in("sex (1=male 2=female)")
    {'1': 'male', '2': 'female'}
    >>> codes_in("Response (0 = MRD- CR, 1=MRD+ CR, 2=PR)"), codes_in("days; 1000000 never")
    ({'0': 'MRD- CR', '1': 'MRD+ CR', '2': 'PR'}, {'1000000': 'never'})
    """
    inside = re.search(r"[(（](.*=.*)[)）]", words)
    text = inside.group(1) if inside else words
    if len(re.findall(r"-?\d+\s*=", text)) > 1:
        text = re.sub(r"(?<=[^\s,;/|=])\s+(?=-?\d+\s*=)", ", ", text)  # "1=male 2=female"
    found: dict[str, str] = {}
    for part in re.split(r"[,;/|，；]\s*(?=[^\s])", text):
        part = part.strip()
        if m := re.fullmatch(r"(-?\d+)\s*[=:]\s*(\S.*)", part):
            found[m.group(1)] = m.group(2).strip()
        elif m := re.fullmatch(r"(\D+?)\s*[-–=:]\s*(-?\d+)", part):
            found[m.group(2)] = m.group(1).strip()
        elif m := re.fullmatch(r"(-?\d+)\s+(\D+)", part):
            found[m.group(1)] = m.group(2).strip()
    return found


def meaning(code: str, kind: str) -> str:
    """Say what a code or label means among the words of *kind* in :data:`CODES`; empty if it is not among them.

    Examples
    --------
    >>> meaning("Weiblich", "sex"), meaning("1:DECEASED", "vital"), meaning("G3", "grade"), meaning("9", "grade")
    ('female', 'event', '3', '')
    >>> meaning("II°", "grade"), meaning("MRD-neg CR", "response"), meaning("2nd relapse", "disease_status"), meaning("CD19 CAR-T", "car_target")
    ('2', 'CR', 'relapsed', 'CD19')
    >>> meaning("2 = Female", "sex"), meaning("i.v.", "route"), meaning("1:Recurred", "vital")
    ('female', 'IV', 'event')
    """
    key = code.strip().lower().translate(SIMPLIFIED)
    without_code = re.sub(r"^\(?\d{1,2}\)?\s*[:=.)–-]\s*(?=\D)", "", key)
    for spelling in (key, without_code, without_code.replace(".", "").strip()):
        for name, words in CODES[kind].items():
            if spelling and (spelling == name.lower() or spelling in words):
                return name
    plain = next(
        (spelling for pattern in LOOSE.get(kind, ()) if (spelling := re.sub(pattern, "", key).strip(" .,-/")) != key),
        "",
    )
    return meaning(plain, kind) if plain and plain != key else ""


ORDINAL = r"^(the )?(\d+(st|nd|rd|th|\.|°|º|e|ème|er|ère|a|ª)?|first|second|third|fourth|erstes|zweites|drittes|primera|segunda|tercera|première|deuxième|prima|seconda|terza|第[一二三四\d]次)\s*"
LOOSE = {  # what beside a known word says no more than the word
    "mrd": (r"\s*[(\[（].*[)\]）]$", r"^mrd[\s-]*"),
    "grade": (r"[°º]$", r"^(grade|grad|grado|gr|g)\.?\s*"),
    "response": (r"(in |with )?(mrd|mrk|erm|mrm|dmr)[\s-]*(negative|positive|neg|pos|[-+])\.?(\s*(in|,|;|/))?",),
    "disease_status": (ORDINAL, r"(after|post|nach|après|tras|dopo)\s+(allo)?-?(hsct|hct|sct|szt|bmt|transplant\w*)$"),
    "car_target": (r"[\s-]*car[\s-]*t?([\s-]*cells?)?$",),
}


def meaning_within(text: str, kind: str) -> str:
    """Say what a longer text is about by the known words in it; empty if it has none, or those of several things.

    Examples
    --------
    >>> meaning_within("CRS taper", "indication"), meaning_within("for CRS and ICANS", "indication"), meaning_within("Therapy-related mortality", "death_cause")
    ('CRS', 'CRS/ICANS', 'treatment')
    >>> meaning_within("infection after relapse", "death_cause"), meaning_within("told by Smith", "indication")
    ('', '')
    """
    if known := meaning(text, kind):
        return known
    key = bare(text)
    found = [name for name, words in FAMILIES.get(kind, {}).items() if re.search(words, key)]
    if kind == "indication" and set(found) == {"CRS", "ICANS"}:
        return "CRS/ICANS"
    return found[0] if len(found) == 1 else ""


def agent_of(words: str) -> str:
    """Find the drug that a cell names; "other" for one that is not known here.

    Examples
    --------
    >>> agent_of("注射用甲泼尼龙琥珀酸钠"), agent_of("醋酸泼尼松龙片")
    ('methylprednisolone', 'prednisolone')
    >>> agent_of("Solu-Medrol 40mg"), agent_of("Dexamethason"), agent_of("Defibrotide")
    ('methylprednisolone', 'dexamethasone', 'other')
    """
    text = bare(words)
    plain = re.sub(r"^(注射用|醋酸|磷酸|琥珀酸|丁二酸)+", "", text)
    found = [
        (len(word), name)
        for name, known in AGENTS.items()
        for word in map(bare, known)
        if f"{text} ".startswith(f"{word} ") or (CHINESE.search(word) and plain.startswith(word))
    ]
    return max(found)[1] if found else "other"


def agent_near(words: str) -> str:
    """Find the drug whose name is spelt nearly so; empty if none is.

    Examples
    --------
    >>> agent_near("tocilizumb"), agent_near("Defibrotide")
    ('tocilizumab', '')
    """
    from rapidfuzz import fuzz, process

    known = {bare(word): name for name, spellings in AGENTS.items() for word in spellings if len(word) >= 6}
    near = process.extractOne(bare(words).split(" ")[0], list(known), scorer=fuzz.ratio, score_cutoff=82)
    return known[near[0]] if near else ""
