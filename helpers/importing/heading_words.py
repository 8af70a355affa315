"""Headings that are made of known parts, in whatever order a person wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBERED = re.compile(
    r"(the )?(subject|patient|pat|pt|case|participant|proband|patienten|probanden|sujet|paciente|child)s? ?"
    r"(no|nr|num|number|id|ids|code|nummer|numero|identifier|identification|pseudonym)"
)
SYNDROMES = {
    "CRS": r"crs|cytokine release syndrome|slc|src(?= )|(?<= )src|syndrome de relargage( cytokinique)?|zytokin freisetzungssyndrom|zytokinfreisetzungssyndrom|细胞因子释放综合征",
    "ICANS": r"神经毒性|icans|neurotox|neurotoxicity|ntx",
}
SMALL_WORDS = {
    "fecha",
    "data",
    "del",
    "di",
    "della",
    "au",
    "of",
    "the",
    "de",
    "du",
    "des",
    "der",
    "d",
    "l",
    "date",
    "datum",
    "max",
    "maximum",
    "astct",
    "am",
}
HIGHEST = {
    "maximo",
    "maxima",
    "massimo",
    "maximale",
    "highest",
    "worst",
    "peak",
    "maximal",
    "maximum",
    "max",
    "greatest",
    "hochster",
    "schwerster",
}
PARTS = {
    "flag": ("", "是否发生", "有无", "是否", "发生", "occurred", "yes", "developed", "experienced", "any", "occurrence", "present"),
    "grade": ("grade", "gr", "grado", "severidad", "gravite", "severite", "分级", "级别", "等级", "最高分级", "最高级别", "grad", "severity", "severity grade"),
    "day_from": ("inicio", "debut", "inizio", "apparition", "开始日期", "开始时间", "开始", "发生日期", "发生时间", "起始日期", "出现日期", "出现时间", "days to onset", "time to onset", "days to", "time to", "days to first", "day", "first day", "day first", "start", "start day", "begin", "begins", "beginn", "onset", "onset day", "from", "from day", "von", "first"),
    "day_to": ("结束日期", "结束时间", "结束", "缓解日期", "终止日期", "last day", "day last", "end", "end day", "ends", "stop", "until", "until day", "bis", "resolution", "resolved", "to", "last", "fin"),
    "duration": ("持续时间", "持续天数", "duration", "length", "dauer", "days duration"),
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LINKS = _words(
    "de d l of the a at in for on by was is were patient patients pt child s when time la le au aux du des bei der zur zum beim del al alla"
)
INFUSION = _words(
    "injection reinjection perfusion infusione car t cart cell cells cellular infusion infused reinfusion reinfused product therapy treatment treated 0 d0"
)
WHEN = _words("date dates on when day datum fecha data")
LAST = _words("last latest final most recent ultimo ultima dernier derniere dernieres letzter letzte letzten")
FIRST = _words("first 1st")  # relapse, which mostly came before the infusion
AFTER = _words("after post following since first 1st")
BEFORE = _words("prior previous before pre history earlier past")
GRAFT = _words("transplant transplantation transplants hsct hct sct bmt allohsct")
DAYS = _words("day days")
OF_A_ROW = _words(
    "dose sample sampling visit test collection draw drawn collected administration administered given measurement measured specimen blood taken assay lab laboratory"
)
DAY_30 = _words("28 29 30 d28 d29 d30 m1 j28 j29 j30")


@dataclass(frozen=True)
class Made:
    """A heading that holds a word of each of *has*, and beside them none but *may* and words that link."""

    target: str
    has: tuple[frozenset[str], ...]
    may: frozenset[str]
    never: frozenset[str] = frozenset()


MADE = (
    Made("origin", (WHEN, _words("infusion infused reinfusion reinfused")), INFUSION | WHEN | _words("first 1st"), _words("age")),
    Made("origin", (_words("date on"), _words("car cart"), _words("t cart")), INFUSION | WHEN | _words("first 1st given")),
    Made("followup.contact_date", (LAST, _words("contact seen visit follow followup review appointment encounter consultation attendance known alive contacto visita seguimiento control kontakt nachsorge vorstellung visite suivi nouvelles contatto controllo")),
         LAST | WHEN | _words("contacto visita seguimiento control kontakt nachsorge vorstellung visite suivi nouvelles contatto controllo o ou oder muerte deces tod morte fallecimiento contact seen visit up follow followup review appointment encounter consultation attendance known to be alive clinic outpatient hospital or death died")),
    Made("followup.contact_date", (WHEN, _words("status outcome")), WHEN | LAST | _words("vital survival current known status outcome assessment")),
    Made("followup.death_date", (WHEN, _words("death dead died decease deceased demise muerte fallecimiento exitus defuncion deces tod morte decesso obito")), WHEN | _words("muerte fallecimiento exitus defuncion deces tod morte decesso obito death dead died decease deceased demise")),
    Made("followup.event_date", (WHEN, _words("event")), WHEN | AFTER | INFUSION | _words("event efs")),
    Made("followup.relapse_date", (WHEN, _words("relapse relapsed recurrence recaida rechute rezidiv recidiva ricaduta")), WHEN | AFTER - FIRST | INFUSION | _words("recaida rechute rezidiv recidiva ricaduta relapse relapsed recurrence disease leukemia leukaemia documented confirmed")),
    Made("followup.progression_date", (WHEN, _words("progression progressed")), WHEN | AFTER | INFUSION | _words("progression progressed disease documented confirmed")),
    Made("followup.transplant_date", (WHEN, GRAFT, _words("after post following consolidative consolidation subsequent")), WHEN | AFTER | INFUSION | GRAFT | _words("allo allogeneic stem consolidative consolidation subsequent")),
    Made("followup.transplant_date", (_words("time days weeks months interval"), _words("to until"), GRAFT), AFTER | GRAFT | INFUSION | _words("time days weeks months interval to until allo allogeneic stem consolidative consolidation subsequent next second 2nd")),
    Made("followup.assessment_date", (LAST, WHEN, _words("assessment evaluation marrow staging restaging")), LAST | WHEN | _words("assessment evaluation marrow staging restaging disease response bone aspirate")),
    Made("patients.age_years", (_words("age"),), INFUSION | _words("age years year yr yrs y day lymphodepletion enrolment enrollment inclusion baseline")),
    Made("patients.weight_kg", (_words("weight bw bodyweight gewicht korpergewicht poids peso"),), INFUSION | BEFORE | _words("gewicht korpergewicht poids peso weight bw bodyweight body baseline day lymphodepletion kg actual admission"), _words("history")),
    Made("patients.height_cm", (_words("height"),), INFUSION | BEFORE | _words("height body baseline day lymphodepletion cm admission"), _words("history")),
    Made("patients.sex", (_words("sex gender"),), _words("sex gender birth biological assigned")),
    Made("patients.car_target", (_words("target targets targeted antigen antigens"),), INFUSION | _words("target targets targeted antigen antigens construct"), _words("0 d0")),
    Made("patients.car_origin", (_words("origin source"), _words("cell cells car cart product")), INFUSION | _words("origin source"), _words("0 d0")),
    Made("patients.car_dose_e6_per_kg", (_words("dose"), _words("cell cells car cart infused")), INFUSION | _words("dose x10e6 10e6 x10 10 6 e6 1e6 x106 106 per kg million millions"), _words("0 d0 therapy treatment")),
    Made("labs.value", (_words("result value"), _words("ord order result value numeric lab test final reported observed")), _words("ord order result value numeric lab test final reported observed laboratory")),
    Made("labs.unit", (_words("unit units"),), _words("unit units reference result results measure measurement reporting lab test value")),
    Made("labs.analyte", (_words("component analyte assay parameter test biomarker"), _words("name lab laboratory description")), _words("component analyte assay parameter test biomarker name lab laboratory description")),
    Made("treatments.dose", (_words("dose dosis dosage"), _words("total daily day given administered actual")), _words("dose dosis dosage total daily day that per each given administered actual mg")),
    Made("treatments.route", (_words("route via"),), _words("route via given administered admin administration drug dose medication application")),
    Made("patients.blast_prelymphodepletion_pct", (_words("blasts blast"), _words("ld lymphodepletion")), BEFORE | _words("blasts blast bm bone marrow percent percentage pct ld lymphodepletion chemotherapy")),
    Made("patients.blast_preinfusion_pct", (_words("blasts blast"), BEFORE, _words("infusion car cart")), BEFORE | INFUSION | _words("blasts blast bm bone marrow percent percentage pct")),
    Made("patients.prior_transplant", (BEFORE, GRAFT), BEFORE | GRAFT | INFUSION | _words("any allo allogeneic stem yes no"), WHEN - {"on", "when"}),
    Made("patients.n_relapses", (_words("number n count"), _words("relapses relapse")), BEFORE | INFUSION | _words("number n count no relapses relapse")),
    Made("response.mrd_day30", (_words("mrd"), DAY_30), DAY_30 | _words("mrd day d days level marrow bm bone post infusion")),
    Made("response.day30_response", (_words("response remission ansprechen reponse respuesta risposta remissionsstatus resp"), DAY_30), DAY_30 | _words("ansprechen reponse respuesta risposta remissionsstatus resp tag jour dia giorno response remission best overall day d days status disease marrow bm bone post after infusion evaluation assessment clinical")),
    Made("date", (WHEN - DAYS, OF_A_ROW), WHEN | OF_A_ROW),
    Made("day", (DAYS,), DAYS | OF_A_ROW | AFTER | INFUSION | _words("from number no relative study")),
)  # fmt: skip


def made_of(key: str) -> str:
    """Read a heading that is made of known parts: whose number it is, a syndrome and what of it, an event and its date.

    Examples
    --------
    >>> made_of("subject no"), made_of("first day of crs"), made_of("icans last day"), made_of("crs drug")
    ('patient', 'toxicity.CRS.day_from', 'toxicity.ICANS.day_to', '')
    >>> made_of("infused on"), made_of("date of relapse after car t"), made_of("highest crs"), made_of("origin of the cells")
    ('origin', 'followup.relapse_date', 'toxicity.CRS.grade', 'patients.car_origin')
    >>> made_of("alive at last follow up"), made_of("date of last relapse before car t"), made_of("age group")
    ('', '', '')
    """
    if NUMBERED.fullmatch(key):
        return "patient"
    key = re.sub(r"\b(1st|first) (?=(car|cart|infusion|cell|cells|reinfusion|product)\b)", "", key)
    for name, words in SYNDROMES.items():
        rest, named = re.subn(rf"(?<![a-z])({words})(?![a-z])", " ", key)
        if named == 1:
            return _of_syndrome(name, rest)
    words = frozenset(key.split())
    if key.startswith(("alive", "dead ", "status ")):
        return ""
    for one in MADE:
        if all(words & has for has in one.has) and words <= one.may | LINKS and not words & one.never:
            return one.target
    return ""


def _of_syndrome(name: str, rest: str) -> str:
    """Say what of a syndrome the other words of a heading name."""
    tokens = rest.split()
    left = " ".join(word for word in tokens if word not in SMALL_WORDS | HIGHEST)
    if " " in left and left not in PARTS["day_from"] + PARTS["duration"]:
        left = re.sub(r" (days?|weeks?|hours?|d|h)$", "", left)
    part = next((part for part, known in PARTS.items() if left in known), "")
    if part == "flag" and not left and HIGHEST & set(tokens):
        part = "grade"
    return f"toxicity.{name}.{part}" if part else ""


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
