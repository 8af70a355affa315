"""From labels to the patients table: ages, weights and heights that belong together, blasts that agree with MRD.

Weight and height follow age by the medians of the growth standard for Chinese children (Li H et al., Zhonghua Er Ke Za Zhi
2009;47:487-492), rounded, in ``data/synthesis/growth.csv``.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from helpers.paths import DATA
from helpers.synthesis.draws import pick, pinned
from helpers.synthesis.margins import spread

GROWTH = DATA / "synthesis" / "growth.csv"
WEIGHT_SPREAD = 0.15  # sd of log weight about the median for age
HEIGHT_SPREAD = 0.04
EXTREMES = (0.75, 1.55)  # weight over the median for age, at most (the printed 92 kg is 1.5 times the median at 18)
BLAST_RANGE = {"lt5": (0.0, 4.9), "5_25": (5.0, 24.9), "25_50": (25.0, 49.9), "ge50": (50.0, 98.0)}
MRD_RANGE = {"lt1e4": (0.0, 9e-5), "1e4_1e3": (1e-4, 9e-4), "1e3_1e2": (1e-3, 9e-3), "ge1e2": (1e-2, 1.0)}
TARGETS = {"cd19": "CD19", "cd19_22": "CD19+CD22", "cd19_22_20": "CD19+CD22+CD20"}
DOSES = np.array([2, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9, 10, 12, 15])  # 10^6 cells/kg


@lru_cache(maxsize=1)
def _growth() -> pd.DataFrame:
    return pd.read_csv(GROWTH)


def growth_median(measure: str, female: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Return the median weight_kg or height_cm for sex and age, linear between whole years.

    Examples
    --------
    >>> growth_median("weight_kg", np.array([False, True]), np.array([8.0, 8.5])).tolist()
    [27.3, 26.75]
    """
    table = _growth()
    out = np.empty(len(age))
    for sex in ("male", "female"):
        rows, here = table[table["sex"] == sex], np.asarray(female) == (sex == "female")
        out[here] = np.interp(np.asarray(age)[here], rows["age_years"], rows[measure])
    return out


def draw_patients(labels: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the patients table (columns of the dictionary, without patient_id, year and cut-off) from labels."""
    age, weight = _age_and_weight(labels, rng)
    height = growth_median("height_cm", labels["female"], age) * np.exp(rng.normal(0, HEIGHT_SPREAD, len(labels)))
    lean = np.clip(np.log(weight / growth_median("weight_kg", labels["female"], age)), -0.2, 0.4)
    sites = labels["site"]
    blasts = _blasts(labels, rng)
    return pd.DataFrame(
        {
            "sex": np.where(labels["female"], "female", "male"),
            "age_years": age,
            "weight_kg": weight,
            "height_cm": np.round(height * np.exp(0.15 * lean)),
            "prior_transplant": labels["transplant"],
            "disease_status": np.where(labels["status"] == "refractory", "primary refractory", "relapsed"),
            "n_relapses": _relapses(labels, rng),
            "site_bm": sites.str.startswith("bm"),
            "site_cns": sites.str.contains("cns"),
            "site_testis": sites.str.contains("testic"),
            "site_other": sites.eq("others"),
            "car_target": labels["target"].map(TARGETS),
            "car_origin": np.where(labels["allogeneic"], "allogeneic", "autologous"),
            "car_dose_e6_per_kg": _dose(labels, rng),
            "blast_prelymphodepletion_pct": blasts,
            "mrd_prelymphodepletion": _mrd(labels, blasts, rng),
            "mrd_method": np.where(labels["mrd"] == "na", None, rng.choice(["flow cytometry", "PCR", "sequencing"], len(labels), p=[0.8, 0.15, 0.05])),
            "blast_preinfusion_pct": _preinfusion(labels, blasts, rng),
        },
        index=labels.index,
    )  # fmt: skip


def _relapses(labels: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    later = np.where(rng.random(len(labels)) < 0.15, 3, 2)
    return np.select([labels["status"] == "refractory", labels["status"] == "first"], [0, 1], later)


def _dose(labels: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    middle = np.exp(-0.5 * ((DOSES - 6.5) / 2.2) ** 2) + 0.01
    drawn = rng.choice(DOSES, len(labels), p=middle / middle.sum())
    return pinned(rng, drawn, spread("table1.dose"))


def _age_and_weight(labels: pd.DataFrame, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ages and weights on the side of the cut that the labels say, medians and ranges as printed.

    A patient on the older but lighter side, or the younger but heavier, has an age near the cut.
    """
    (age_cut, young, old), (weight_cut, light, heavy) = spread("table1.age"), spread("table1.weight")
    n, over, heavier = len(labels), labels["age_over"].to_numpy(), labels["weight_over"].to_numpy()
    share = np.where(over, rng.beta(1.0, 1.3, n), rng.beta(1.6, 1.2, n))
    age = np.where(over, age_cut + 0.1 + share * (old - age_cut - 0.1), young + share * (age_cut - young))
    crossed = over != heavier
    age[crossed] = np.where(over, age_cut + 0.1 + 1.6 * rng.random(n), age_cut - 1.7 * rng.random(n))[crossed]
    age = np.round(age, 1)
    age[pick(rng, ~over & ~crossed, 3)] = age_cut  # the middle of the sample
    eldest, youngest = (
        _one(over & heavier & ~labels["female"], age, -1),
        _one(~over & ~heavier & labels["female"], age, 1),
    )
    age[eldest], age[youngest] = old, young
    centre = growth_median("weight_kg", labels["female"], age)
    low, high = EXTREMES[0] * centre, EXTREMES[1] * centre
    low = np.maximum(low, np.where(heavier, weight_cut + 0.5, light))
    high = np.minimum(high, np.where(heavier, heavy, weight_cut))
    drawn = centre * np.exp(rng.normal(0.02, WEIGHT_SPREAD, n))
    weight = np.clip(drawn, low, high)
    weight = np.round(np.where(weight == drawn, weight, low + (high - low) * rng.beta(1.5, 3.0, n)), 1)
    weight = _whole(weight, low, high)
    middle = pick(
        rng, ~heavier & (low <= weight_cut - 0.5) & (np.arange(n) != youngest), 3, np.exp(-np.abs(weight - weight_cut))
    )
    weight[middle] = weight_cut
    weight[eldest], weight[youngest] = heavy, light
    return age, weight


def _one(among, value: np.ndarray, sign: int) -> int:
    where = np.flatnonzero(among)
    return int(where[np.argmin(sign * value[where])])


def _whole(weight: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Weigh heavier children to half a kilogram, as wards do, if that stays on their side of the cut."""
    half = np.round(weight * 2) / 2
    return np.where((weight >= 20) & (half >= low) & (half <= high), half, weight)


def _blasts(labels: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Marrow blasts before lymphodepletion, %: within the labelled class, never against MRD."""
    median, lowest, highest = spread("table1.blast_prelympho")
    known = (labels["blast"] != "na").to_numpy()
    low = labels["blast"].map(lambda name: BLAST_RANGE.get(name, (np.nan,) * 2)[0]).to_numpy()
    high = labels["blast"].map(lambda name: BLAST_RANGE.get(name, (np.nan,) * 2)[1]).to_numpy()
    few = (labels["blast"] == "lt5").to_numpy()
    measurable = few & (labels["mrd"] == "ge1e2").to_numpy()
    low, high = np.where(measurable, 1.5, low), np.where(few & ~measurable, 2.5, high)
    drawn = low + (high - low) * np.where(few, rng.beta(1, 2, len(labels)), rng.random(len(labels)))
    drawn = np.where(few, np.round(drawn * 2) / 2, np.round(drawn))
    drawn = np.clip(drawn, low, high)
    out = np.full(len(labels), np.nan)
    out[known] = pinned(rng, drawn[known], (median, lowest, highest), low[known], high[known])
    return out


def _mrd(labels: pd.DataFrame, blasts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Residual disease as a fraction: in its class; with many blasts about their share."""
    n = len(labels)
    out = np.full(n, np.nan)
    for name, (low, high) in MRD_RANGE.items():
        here = (labels["mrd"] == name).to_numpy()
        floor = max(low, 1e-6)
        drawn = np.exp(rng.uniform(np.log(floor), np.log(min(high, 0.9)), n))
        if name == "ge1e2":
            drawn = np.clip(np.where(np.isnan(blasts), drawn, blasts / 100) * rng.uniform(0.7, 1.15, n), low, 0.98)
        out[here] = drawn[here]
    negative = (labels["mrd"] == "lt1e4").to_numpy() & (rng.random(n) < 0.7)
    out[negative] = 0.0
    return np.array([float(f"{value:.2g}") for value in out])


def _preinfusion(labels: pd.DataFrame, blasts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Marrow blasts after lymphodepletion, %: fewer than before; counted only where the marrow was examined again.

    The print's lower end is 1 %, so that a marrow without blasts was not counted again.
    """
    median, lowest, highest = spread("table1.blast_preinfusion")
    again = np.nan_to_num(blasts, nan=0.0) >= 2
    drawn = np.round(blasts * rng.beta(1.3, 2.6, len(blasts)), 1)
    whole = np.where(drawn >= 2, np.round(drawn), drawn)
    out = np.full(len(blasts), np.nan)
    out[again] = pinned(rng, whole[again], (median, lowest, highest), lowest, np.minimum(blasts, highest)[again])
    return out
