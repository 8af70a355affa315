"""How the departments of the made-up hospital write a value into a cell: dates, numbers with units, words, doses, drugs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers.cohort import cell_rules, extract_words

DATE_MIX = {
    "registry": {"cell": 0.5, "Excel serial": 0.2, "Chinese": 0.15, "day first": 0.15},
    "toxicity": {"": 0.7, "Excel serial": 0.15, "Chinese": 0.15},
    "drugs_ward": {"": 0.5, "Chinese": 0.5},
    "drugs_icu": {"day first": 1.0},
    "labs": {"": 0.8, "Chinese": 0.1, "day first": 0.1},
    "response": {"": 0.6, "day first": 0.2, "Excel serial": 0.2},
    "followup": {"": 0.4, "day first": 0.2, "Chinese": 0.2, "Excel serial": 0.2},
    "exposures": {"": 1.0},
}
NUMBER_UNITS = {
    "age_years": ("years", ("years", "岁")),
    "weight_kg": ("kg", ("kg",)),
    "height_cm": ("cm", ("cm", "m")),
    "car_dose_e6_per_kg": ("10^6/kg", ("10^6/kg",)),
    "blast_prelymphodepletion_pct": ("%", ("%",)),
    "blast_preinfusion_pct": ("%", ("%",)),
    "mrd_prelymphodepletion": ("fraction", ("%",)),
    "mrd_day30": ("fraction", ("%",)),
}
OTHER_UNIT = {"pg/mL": "ng/L", "ng/mL": "µg/L", "mg/L": "mg/dL", "µg/L": "ng/mL"}


def date_of(table: pd.DataFrame, origin: pd.Series, day: str) -> pd.Series:
    """Return the calendar date of a column of days, from the infusion of each patient."""
    start = pd.Series(origin.reindex(table["patient_id"]).to_numpy(), index=table.index)
    return start + pd.to_timedelta(table[day], unit="D")


def written_dates(
    date: pd.Series, time: pd.Series | None, mix: Mapping[str, float], rng: np.random.Generator
) -> list[object]:
    """Write dates as cells, each in one of the forms of *mix* (form: share), a time behind it where there is one."""
    forms = rng.choice(list(mix), len(date), p=list(mix.values()))
    times = pd.Series(pd.NA, index=date.index, dtype="string") if time is None else time
    return [written_date(day, at, form) for day, at, form in zip(date, times, forms, strict=True)]


def written_date(day: pd.Timestamp, time: object, form: str) -> object:
    """Write a date in a form (cell, Excel serial, Chinese, day first; any other: year-month-day), its time behind it."""
    if pd.isna(day):
        return ""
    if form == "cell":
        return day.to_pydatetime()
    if form == "Excel serial" and pd.isna(time):
        return int((day - cell_rules.EXCEL_ORIGIN).days)
    text = {
        "day first": f"{day:%d/%m/%Y}",
        "Chinese": f"{day.year}年{day.month}月{day.day}日",
    }.get(form, f"{day:%Y-%m-%d}")
    return text if pd.isna(time) else f"{text} {time}"


def written_ids(ids: pd.Series, rng: np.random.Generator) -> list[str]:
    """Write patient ids, a few in small letters and with a blank behind them."""
    careless = rng.random(len(ids)) < 0.02
    return [f"{name.lower()} " if slip else name for name, slip in zip(ids, careless, strict=True)]


def written_terms(values: pd.Series, words: Mapping[str, Sequence[str]], rng: np.random.Generator) -> list[str]:
    """Write codes, four in ten by another of their *words*; what is not known is empty or says so."""
    other = rng.random(len(values)) < 0.4
    pick = rng.random(len(values))
    return [_term(*cell, words) for cell in zip(values, other, pick, strict=True)]


def _term(value: object, other: bool, pick: float, words: Mapping[str, Sequence[str]]) -> str:
    if pd.isna(value):
        return "" if other else "不详"
    others = words[value]
    return others[int(pick * len(others))] if other and others else str(value)


def written_yes_no(values: pd.Series, words: str, rng: np.random.Generator) -> list[str]:
    """Write yes and no in the words of a kind of column of :data:`helpers.cohort.extract_words.WORDS`."""
    text = values.map({True: "true", False: "false"})
    known = extract_words.WORDS[words]
    return [cell if cell not in known else known[cell][0] for cell in written_terms(text, known, rng)]


def written_numbers(values: pd.Series, unit: str, others: Sequence[str], rng: np.random.Generator) -> list[object]:
    """Write most numbers as numbers, some with a decimal comma or a unit behind them."""
    pick, which = rng.random(len(values)), rng.integers(len(others), size=len(values))
    cells: list[object] = []
    for value, share, other in zip(values, pick, which, strict=True):
        if pd.isna(value):
            cells.append("未查" if share < 0.5 else "")
        elif share < 0.7:
            cells.append(float(value))
        else:
            written = others[other] if share < 0.9 else unit
            text = decimal_text(value, written, unit).replace(".", "," if share > 0.85 else ".")
            cells.append(f"{text} {written}" if share < 0.9 else text)
    return cells


def decimal_text(value: float, written: str, unit: str) -> str:
    """Write *value* (in *unit*) as an exact decimal in the unit *written*.

    Examples
    --------
    >>> decimal_text(62.5, "g", "mg"), decimal_text(0.02, "%", "fraction")
    ('0.0625', '2')
    """
    number = Decimal(repr(float(value))) / Decimal(cell_rules.FACTORS[written, unit])
    return f"{number.normalize():f}"


def written_dose(dose: float, weight: float, rng: np.random.Generator) -> tuple[str, str]:
    """Write a dose in mg, g or mg/kg; per kg only if the weight gives the dose back to a tenth of a mg."""
    if pd.isna(dose):
        return "", ""
    share = rng.random()
    if share < 0.25:
        for digits in (0, 1, 2, 3):
            per_kg = round(Decimal(repr(float(dose))) / Decimal(repr(float(weight))), digits)
            if float(round(per_kg * Decimal(repr(float(weight))), 1)) == dose:
                return f"{per_kg:f}", "mg/kg"
    if share > 0.95:
        return decimal_text(dose, "g", "mg"), "g"
    return decimal_text(dose, "mg", "mg"), "mg"


def written_drug(agent: str, salt: object, chinese: bool, rng: np.random.Generator) -> str:
    """Write a drug as its department does; a salt stays in the name, since the dose is its mass."""
    names = extract_words.DRUGS[agent]
    own = (
        [name for name in names if not name.isascii()]
        if chinese
        else [agent, *(name for name in names if name.isascii())]
    )
    if agent == "other":
        own = ["左乙拉西坦"] if chinese else ["levetiracetam"]
    if pd.isna(salt):
        return own[int(rng.integers(len(own)))]
    if salt != "base":
        word = extract_words.SALTS[salt]
        if chinese:
            return f"{word}{own[0]}片" if salt == "acetate" else f"注射用{own[0]}{word}"
        return f"{agent} {salt}"
    if rng.random() < 0.15:
        return f"{own[0]}琥珀酸钠(以碱基计)" if chinese else f"{agent} sodium succinate (as base)"
    return own[int(rng.integers(len(own)))]


def written_sites(registry: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """Write the sites of disease of each row, joined by a plus, some in Chinese."""
    language = (rng.random(len(registry)) < 0.3).astype(int)
    texts = []
    for row, other in zip(registry[list(extract_words.SITES)].itertuples(index=False), language, strict=True):
        if pd.isna(list(row)).any():
            texts.append("")
            continue
        words = [
            extract_words.SITES[site][other] for site, present in zip(extract_words.SITES, row, strict=True) if present
        ]
        texts.append("+".join(words) or extract_words.NO_SITE[other])
    return texts
