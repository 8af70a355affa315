"""The data of the exercises: small tables made from the default cohort, from real patients, from the paper, or invented.

No patient stands behind any row but those of ``09_bmt.csv``, which are public; every other row of a child says synthetic. What is
invented is drawn by the class's seed, so that two classes do not have the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, sqrt
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import paths
from helpers.cohort.days import calendar_day
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import Cohort

LOST = ("lost to follow-up", "withdrew")
KEPT = ["sex", "weight_kg", "age_years", "blast_prelymphodepletion_pct", "crs_grade", "icans_grade", "gc_group", "gc_dose_mg_per_kg",
        "gc_first_day", "tcz", "rux", "day30_response", "pfs_days", "pfs_event", "os_days", "os_event", "cutoff_day"]  # fmt: skip
SIZES = {"blue": 74, "green": 71}  # groups of the trial that does not exist
ORDINARY, BROKEN = 30, 10  # children of the exercise on the ward


def write_data(folder: Path, cohort: Cohort | None = None) -> list[Path]:
    """Write the tables that do not depend on a seed.

    Parameters
    ----------
    folder : Path
    cohort : Cohort, optional
        By default the default cohort.
    """
    cohort = cohort or read_cohort(paths.COHORT)
    frame = analyse(cohort).frame
    tables = {
        "children": children(cohort, frame),
        "02_screening": cohort.tables["screening"].assign(synthetic=True),
        "08_table5": table5(),
        "09_bmt": bmt(),
        "11_crp": falls(cohort, frame),
    }
    return [paths.write_csv(folder / f"{name}.csv", table) for name, table in tables.items()]


def children(cohort: Cohort, frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per child of the cohort, as the exercises use it; ``lost`` is 1 for whoever left before the data cut-off."""
    table = frame[KEPT].copy()
    reason = cohort.tables["followup"].set_index("patient_id")["censor_reason"].reindex(table.index)
    table["lost"] = (reason.isin(LOST) & ~table["pfs_event"]).astype(int)
    for name in ("tcz", "rux", "pfs_event", "os_event"):
        table[name] = table[name].astype("Int64")
    return table.assign(synthetic=True).reset_index()


def table5() -> pd.DataFrame:
    """Return the univariate part of the paper's Table 5: row, what, hr, low, high, p."""
    values = pd.read_csv(paths.PUBLISHED / "published_values.csv")
    rows = values[values["id"].str.startswith("table5.univariate.")].copy()
    rows[["row", "part"]] = rows["id"].str.split(".", expand=True)[[2, 3]]
    what = rows["what"].str.removeprefix("univariable Cox: ").str.rpartition(", ")[0]
    wide = rows.pivot_table(index="row", columns="part", values="number").reindex(rows["row"].unique())
    wide.insert(0, "what", what.groupby(rows["row"]).first())
    return wide.rename(columns={"ci_low": "low", "ci_high": "high"})[["what", "hr", "low", "high", "p"]].reset_index()


def bmt() -> pd.DataFrame:
    """Return the columns of the 137 transplanted patients that the exercise on immortal time needs."""
    table = pd.read_csv(paths.REAL / "bmt.csv")
    names = {"t2": "days", "d3": "failed", "tc": "cgvhd_day", "dc": "cgvhd", "z1": "age_years"}
    table = table[list(names)].rename(columns=names)
    table.insert(0, "patient_id", [f"BMT-{i + 1:03d}" for i in range(len(table))])
    table["cgvhd_day"] = table["cgvhd_day"].where(table["cgvhd"] == 1)
    return table


def falls(cohort: Cohort, frame: pd.DataFrame) -> pd.DataFrame:
    """Return CRP before and three days after (within a day): the first steroid, or without steroids the child's own CRP peak.

    ``il6_before`` and ``il6_after`` hold IL-6 at the same samples; ``tcz_before`` is 1 if tocilizumab was given on that day or the day before.
    """
    drugs = cohort.tables["treatments"]
    tocilizumab = drugs[drugs["agent"] == "tocilizumab"].assign(day=lambda rows: calendar_day(rows["day"]))
    labs = cohort.tables["labs"].assign(day=lambda rows: calendar_day(rows["day"]))
    wide = labs[labs["analyte"].isin(["CRP", "IL-6"])].pivot_table(
        index=["patient_id", "day"], columns="analyte", values="value", aggfunc="first"
    )
    rows = []
    for child, seen in wide.reset_index(level="day").groupby(level="patient_id"):
        crp = seen.dropna(subset=["CRP"])
        if crp.empty or not bool(frame.loc[child, "toxicity"]):
            continue
        given = bool(frame.loc[child, "gc"])
        start = frame.loc[child, "gc_first_day"] if given else crp.iloc[crp["CRP"].argmax()]["day"]
        before = crp[crp["day"].between(start - 1, start)].tail(1) if given else crp[crp["day"] == start]
        after = crp[crp["day"].between(start + 2, start + 4)].head(1)
        if len(before) and len(after):
            pairs = [float(part[name].iloc[0]) for name in ("CRP", "IL-6") for part in (before, after)]
            first = tocilizumab["patient_id"].eq(child) & tocilizumab["day"].between(start - 1, start)
            rows.append((child, "GC" if given else "no GC", *pairs, int(first.any())))
    names = ["patient_id", "group", "crp_before", "crp_after", "il6_before", "il6_after", "tcz_before"]
    return pd.DataFrame(rows, columns=names).assign(synthetic=True)


def write_invented(folder: Path, number: str, seed: int, draw: int = 0) -> bool:
    """Write the invented tables of an exercise, and say whether it has any."""
    make = INVENTED.get(number)
    if make is None:
        return False
    for name, table in make(np.random.default_rng([seed, int(number), draw])).items():
        paths.write_csv(folder / f"{number}_{name}.csv", table.assign(synthetic=True))
    return True


def one_child(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Invent one child's steroids: two drugs, a salt, an intrathecal dose, a day with two doses."""
    weight = float(rng.choice([16, 18, 22, 25, 28]))
    mp, dex = float(rng.choice([20, 30, 40])), float(rng.choice([4, 5, 6]))
    first = int(rng.integers(3, 6))
    rows = [
        (first, "methylprednisolone", "base", "IV", mp),
        (first + 1, "methylprednisolone", "base", "IV", mp),
        (first + 1, "dexamethasone", "base", "IT", 5.0),
        (first + 2, "dexamethasone", "sodium phosphate", "IV", dex),
        (first + 2, "dexamethasone", "sodium phosphate", "IV", dex),
        (first + 5, "dexamethasone", "base", "PO", 2.0),
    ]
    table = pd.DataFrame(rows, columns=["day", "drug", "salt", "route", "dose_mg"])
    return {"one_child": table.assign(weight_kg=weight)}


# months in which children fail (how many) or leave (0), and the groups in that order: those in which no usual slip of exercises 4, 6
# and 13 gives the right value. One leaves before the first failure; in one month one of each group fails.
EIGHT = [
    ((0, 1, 1, 0, 2, 1, 0), "ABAAABBB"), ((0, 1, 1, 0, 2, 1, 0), "AABAABBB"), ((0, 1, 1, 0, 2, 1, 0), "BAAAABBB"),
    ((0, 1, 0, 2, 1, 1, 0), "ABBABABA"), ((0, 1, 0, 2, 1, 1, 0), "ABAABBBA"), ((0, 1, 0, 2, 1, 1, 0), "BBAABABA"),
]  # fmt: skip


def eight(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Invent eight children in two groups of four: their curve, the test between the groups and the partial likelihood are done by hand."""
    pattern, groups = EIGHT[rng.integers(len(EIGHT))]
    months = np.sort(rng.choice(np.arange(2, 24), len(pattern), replace=False))
    rows = [(int(month), int(n > 0)) for month, n in zip(months, pattern, strict=True) for _ in range(max(n, 1))]
    table = pd.DataFrame(rows, columns=["months", "failed"]).assign(group=list(groups))
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    table.insert(0, "child", [f"SYN-{chr(65 + i)}" for i in range(len(table))])
    return {"eight_children": table[["child", "group", "months", "failed"]]}


def confounded(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Invent children of whom the sicker ones got the drug, which does nothing; the grade after it is caused by the illness alone."""
    n = 400
    severe = rng.integers(0, 3, n)
    treated = rng.random(n) < np.array([0.2, 0.5, 0.8])[severe]
    failure = rng.exponential(30 / np.exp(0.8 * (severe - 1)))
    leaves = rng.uniform(12, 48, n)
    later = np.clip(severe + (rng.random(n) < 0.4), 0, 3)
    table = pd.DataFrame({
        "child": [f"SYN-{i + 1:03d}" for i in range(n)], "grade_before": severe + 1, "drug": treated.astype(int), "grade_peak": later + 1,
        "months": np.ceil(np.minimum(failure, leaves)).astype(int), "failed": (failure <= leaves).astype(int),
    })  # fmt: skip
    return {"hidden_truth": table}


def ward(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Invent forty children on a ward, ten of whom no ward has seen: two each of five kinds of impossible course."""
    n = ORDINARY + BROKEN
    grade = rng.integers(1, 4, n)
    age = np.round(rng.uniform(2, 17, n), 1)
    onset = rng.integers(1, 7, n)
    table = pd.DataFrame({
        "age_years": age, "weight_kg": np.round((9 + 2.6 * age) * rng.lognormal(0, 0.08, n), 1), "crs_grade": grade, "crs_from": onset,
        "crs_to": onset + rng.integers(2, 7, n),
        "tcz_doses": np.where(grade >= 2, rng.integers(1, 3, n), 0), "gc_from": np.where(grade >= 3, onset + 1, np.nan),
        "discharge": 0, "last_seen": rng.integers(100, 900, n),
    })  # fmt: skip
    table["discharge"] = table["crs_to"] + rng.integers(2, 12, n)
    bad = rng.permutation(n)[:BROKEN].reshape(5, 2)
    table.loc[bad[0], "crs_to"] = table.loc[bad[0], "crs_from"] - rng.integers(1, 3, 2)
    table.loc[bad[1], ["crs_grade", "tcz_doses", "gc_from"]] = 3, 0, np.nan
    table.loc[bad[2], "gc_from"] = table.loc[bad[2], "discharge"] + 3
    table.loc[bad[3], "weight_kg"] = np.round(table.loc[bad[3], "weight_kg"] * 10, 1)
    table.loc[bad[4], "last_seen"] = table.loc[bad[4], "discharge"] - 2
    table.insert(0, "child", np.arange(1, n + 1))
    return {"ward": table}


def printed_trial(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Invent the printed tables of a trial that does not exist: percentages, means of whole numbers, hazard ratios; some rows cannot be."""
    return {"percents": _percents(rng), "means": _means(rng), "effects": _effects(rng)}


def _percents(rng: np.random.Generator) -> pd.DataFrame:
    """Draw counts and their percentages; three are wrong: two digits changed places, all of the group below the line, another count."""
    traits = [
        "girls",
        "under two years",
        "fever",
        "ear infection before",
        "a smoker at home",
        "came back within a week",
    ]
    rows = pd.DataFrame([(trait, group) for trait in traits for group in SIZES], columns=["what", "group"])
    size = rows["group"].map(SIZES)
    rows["assessed"] = size - rng.integers(0, 7, len(rows))
    rows["count"] = (rows["assessed"] * rng.uniform(0.15, 0.85, len(rows))).astype(int)
    right = 100 * rows["count"] / rows["assessed"]
    digits = right.astype(int).astype(str).str[::-1].astype(float) + (right % 1)
    below, other = 100 * rows["count"] / size, 100 * (rows["count"] + rng.choice([-2, 2])) / rows["assessed"]
    rows["percent"] = right.round(1)
    far, near = (
        [(one.round(1), (one - right).abs() > 1.2) for one in (digits, other)],
        (right - below).between(0.2, 0.9),
    )
    _plant(rng, rows, "percent", [(below.round(1), near), *far])
    return _numbered(rows, 1)


def _means(rng: np.random.Generator) -> pd.DataFrame:
    """Draw means of whole numbers, to two decimals; three are what no whole sum gives."""
    traits = ["days of cough", "nights awake", "doses taken", "days at home"]
    rows = pd.DataFrame([(trait, group) for trait in traits for group in SIZES], columns=["what", "group"])
    rows["n"] = rng.integers(17, 48, len(rows))
    rows["mean"] = ((rows["n"] * rng.uniform(2, 9, len(rows))).round() / rows["n"]).round(2)
    moved = (rows["mean"] + rng.choice([-0.02, -0.01, 0.01, 0.02], len(rows))).round(2)
    nearest = (moved * rows["n"]).round() / rows["n"]
    _plant(rng, rows, "mean", [(moved, (nearest - moved).abs() > 0.006)] * 3)
    return _numbered(rows, 13)


def _effects(rng: np.random.Generator) -> pd.DataFrame:
    """Draw ratios with interval and p; two ratios are not in the middle of theirs, and two p do not follow from it."""
    names = ["spray", "age", "girls", "fever", "smoker at home", "ear infection", "winter", "second child"]
    log_hr = rng.choice([-1, 1], len(names)) * rng.uniform(0.1, 0.8, len(names))
    error = np.abs(log_hr) / rng.uniform(0.8, 2.6, len(names))
    rows = pd.DataFrame({"what": names, "hr": np.exp(log_hr).round(2)})
    rows["low"], rows["high"] = np.exp(log_hr - 1.96 * error).round(2), np.exp(log_hr + 1.96 * error).round(2)
    p = pd.Series([erfc(abs(one) / sqrt(2)) for one in log_hr / error])
    rows["p"] = p.round(3)
    middle, other = ((rows["low"] + rows["high"]) / 2).round(2), (1 / rows["hr"]).round(2)
    taken = _plant(rng, rows, "hr", [(one, (one / rows["hr"]).map(np.log).abs() > 0.1) for one in (middle, other)])
    wrong = [(p / 2).round(3), p.shift(-1, fill_value=p[0]).round(3)]
    _plant(rng, rows, "p", [(one, (np.log(one / p).abs() > 0.5) & ~rows.index.isin(taken)) for one in wrong])
    return _numbered(rows, 21)


def _plant(
    rng: np.random.Generator, rows: pd.DataFrame, column: str, wrong: list[tuple[pd.Series, pd.Series]]
) -> list[int]:
    """Put each wrong value into a row of its own where it can be seen to be wrong; return the rows."""
    taken: list[int] = []
    for values, seen in wrong:
        free = [i for i in rows.index[seen] if i not in taken]
        if free:
            taken.append(int(rng.choice(free)))
            rows.loc[taken[-1], column] = values[taken[-1]]
    return taken


def _numbered(rows: pd.DataFrame, first: int) -> pd.DataFrame:
    rows.insert(0, "row", np.arange(first, first + len(rows)))
    return rows


INVENTED: dict[str, Callable[[np.random.Generator], dict[str, pd.DataFrame]]] = {
    "03": one_child, "04": eight, "12": confounded, "15": ward, "16": printed_trial,
}  # fmt: skip
