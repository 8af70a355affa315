"""Units of measurements, times, doses and bodies, and days, as headings and cells write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from helpers.cohort.days import DAYS_PER_MONTH, DAYS_PER_YEAR

UNITS: Mapping[str, tuple[str, ...]] = {
    "mg/L": ("mg/l",), "mg/dL": ("mg/dl",), "ng/mL": ("ng/ml",), "pg/mL": ("pg/ml", "pg/nl"), "ng/L": ("ng/l",), "µg/L": ("ug/l", "µg/l", "μg/l", "mcg/l"),
    "µg/mL": ("ug/ml", "µg/ml", "μg/ml", "mcg/ml"), "U/L": ("u/l", "iu/l"), "IU/mL": ("iu/ml", "u/ml"), "g/L": ("g/l",), "10^9/L": ("10^9/l", "x10^9/l", "10e9/l", "k/ul"),
}  # fmt: skip


TIME_UNITS: Mapping[str, float] = {
    "hours": 1 / 24,
    "days": 1.0,
    "weeks": 7.0,
    "months": DAYS_PER_MONTH,
    "years": DAYS_PER_YEAR,
}


TIME_UNIT_WORDS: Mapping[str, tuple[str, ...]] = {
    "hours": ("hour", "hours", "hr", "hrs", "h", "stunden", "stunde", "heures", "heure", "horas", "ore", "小时"),
    "days": ("day", "days", "d", "tage", "tag", "tagen", "jours", "天", "日"), "weeks": ("week", "weeks", "wk", "wks", "w", "wochen", "woche", "semaines", "周"),
    "months": ("month", "months", "mo", "mos", "mth", "mths", "mon", "monate", "monat", "monaten", "mois", "meses", "月", "个月"), "years": ("year", "years", "yr", "yrs", "y", "jahre", "jahr", "jahren", "ans", "anos", "年", "岁"),
}  # fmt: skip


BODY_UNITS: Mapping[str, Mapping[str, tuple[float, tuple[str, ...]]]] = {  # factor to the dictionary's unit, and the words
    "patients.weight_kg": {"kg": (1.0, ("kg", "kgs", "kilogram", "kilograms", "公斤", "千克")), "g": (0.001, ("g", "gram", "grams", "gramm", "克")),
                           "lb": (0.45359237, ("lb", "lbs", "pound", "pounds", "磅")), "jin": (0.5, ("斤", "市斤")), "oz": (0.45359237 / 16, ("oz", "ounce", "ounces"))},
    "patients.height_cm": {"cm": (1.0, ("cm", "centimeter", "centimetre", "厘米")), "mm": (0.1, ("mm",)), "m": (100.0, ("m", "meter", "metre", "米")),
                           "in": (2.54, ("in", "inch", "inches", "英寸")), "ft": (30.48, ("ft", "feet", "foot"))},
    "response.mrd_day30": {"fraction": (1.0, ("fraction",)), "%": (0.01, ("%", "％", "percent", "pct", "per cent", "prozent"))},
    "patients.mrd_prelymphodepletion": {"fraction": (1.0, ("fraction",)), "%": (0.01, ("%", "％", "percent", "pct", "per cent", "prozent"))},
}  # fmt: skip


DOSE_UNITS: Mapping[str, tuple[float, bool]] = {  # factor to mg, and whether it is per kg
    "mg": (1.0, False), "g": (1000.0, False), "µg": (0.001, False), "mg/kg": (1.0, True), "µg/kg": (0.001, True), "g/kg": (1000.0, True),
}  # fmt: skip


def slashed(words: str) -> str:
    """Write units whose slash became an underscore or a dot as units.

    Examples
    --------
    >>> slashed("il6_pg_ml"), slashed("CRP.mg.L"), slashed("weight_kg")
    ('il6 pg/ml', 'CRP mg/L', 'weight_kg')
    """
    return re.sub(r"(?i)[_.\s]([munpµμ]?g)[_.](ml|dl|l)$", r" \1/\2", words)


def unit_of(words: str) -> str:
    """Find a unit of concentration written in a heading.

    Examples
    --------
    >>> unit_of(" Ferritin (ug/L) "), unit_of("CRP mg/dL"), unit_of("IL-6")
    ('µg/L', 'mg/dL', '')
    """
    text = " ".join(map(slashed, words.split())).lower()
    for unit, spellings in UNITS.items():
        if any(re.search(rf"(?<![a-zµμ]){re.escape(spelling)}(?![a-z])", text) for spelling in spellings):
            return unit
    return ""


def time_unit_of(words: str) -> str:
    """Find a unit of time written in a heading.

    Examples
    --------
    >>> time_unit_of("OS_MONTHS"), time_unit_of("Survival from infusion (months)"), time_unit_of("CRS onset (h)"), time_unit_of("futime")
    ('months', 'months', 'hours', '')
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words).lower()
    tokens = re.findall(r"[a-z]+|[\u4e00-\u9fff]+", text)
    for unit, spellings in TIME_UNIT_WORDS.items():
        if any(token in spellings and len(token) > 1 for token in tokens) or any(
            spelling in token for token in tokens for spelling in spellings if not spelling.isascii()
        ):
            return unit
    bracket = re.search(r"[(\[（]\s*([a-z])\.?\s*[)\]）]", text)
    return next((unit for unit, spellings in TIME_UNIT_WORDS.items() if bracket and bracket.group(1) in spellings), "")


def dose_unit_of(words: str) -> str:
    """Find a unit of dose among the words of a heading, or in a cell; empty if it is none that becomes mg (by area, by volume).

    Examples
    --------
    >>> dose_unit_of("Dose (mg/kg)"), dose_unit_of("MG"), dose_unit_of("mg/kg/d"), dose_unit_of("mg/m2"), dose_unit_of("mL")
    ('mg/kg', 'mg', 'mg/kg', '', '')
    """
    text = (
        re.sub(r"\s*(/|\bper\b|每)\s*", "/", words.lower()).replace("mcg", "µg").replace("ug", "µg").replace("μg", "µg")
    )
    text = text.replace("毫克", "mg").replace("公斤", "kg")
    found = re.search(
        r"(?<![a-zµ])(mg|µg|g)(/kg)?((/|q|x)?(d|day|dose|prise|gabe|administration|tag|次|日|天))?(?![a-z0-9/²])", text
    )
    return f"{found.group(1)}{found.group(2) or ''}" if found else ""


def body_unit_of(words: str, target: str) -> str:
    """Find the unit of a weight, a height or a share of cells in a heading; empty if it names none.

    Letters that are words of a sentence too (``in``, ``g``, ``m``) count in brackets or at the end only.

    Examples
    --------
    >>> body_unit_of("Weight (lb)", "patients.weight_kg"), body_unit_of("Weight in kg", "patients.weight_kg")
    ('lb', 'kg')
    >>> body_unit_of("Height [m]", "patients.height_cm"), body_unit_of("MRD d28, %", "response.mrd_day30"), body_unit_of("体重（斤）", "patients.weight_kg")
    ('m', '%', 'jin')
    """
    text = words.lower().replace("_", " ").strip()
    last = re.search(r"([a-z%％]+|[\u4e00-\u9fff]+)[\s)\]）.]*$", text)
    inside = [part.strip() for part in re.findall(r"[(\[（]([^)\]）]*)[)\]）]", text)]
    alone = {part for part in (*inside, last.group(1) if last else "") if part}
    tokens = set(re.findall(r"[a-z]+|[%％]", text)) | alone
    units = BODY_UNITS.get(target, {})
    for found in (alone, {token for token in tokens if len(token) > 1 or token in "%％"} - {"in"}):
        for unit, (_, spellings) in units.items():
            if found & set(spellings):
                return unit
    return ""


def written_body_unit(word: str, target: str) -> str:
    """Find the unit of a weight or a height that a cell or a label is; empty if it is none.

    Examples
    --------
    >>> written_body_unit("Pounds", "patients.weight_kg"), written_body_unit("CM", "patients.height_cm"), written_body_unit("12", "patients.weight_kg")
    ('lb', 'cm', '')
    """
    text = word.strip().strip(".").lower()
    return next((unit for unit, (_, spellings) in BODY_UNITS[target].items() if text in spellings), "")


def day_in(words: str) -> float | None:
    """Find a day written in a heading.

    Examples
    --------
    >>> day_in("Inflammatory Markers / Day 7 (5-9) Timepoint / CRP"), day_in("Ferritin d0"), day_in("IL6_D14"), day_in("CRP J7"), day_in("CRP baseline"), day_in("IL-6")
    (7.0, 0.0, 14.0, 7.0, 0.0, None)
    """
    text = words.lower()
    if found := re.search(r"(?<![a-z])(?:day|d|tag|jour|j|第)[\s_]*([+-]?\d+)", text):
        return float(found.group(1))
    if re.search(r"baseline|pre[- ]?infusion|screening|基线", text):
        return 0.0
    found = re.search(r"(?<![a-z])(?:week|wk|w)[\s_]*(\d+)(?!\d)", text)
    return 7.0 * float(found.group(1)) if found else None
