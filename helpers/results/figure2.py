"""Figure 2, S-Figures 3 and 5: inflammatory markers and cytokines before and after GC, with and without it, by dose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.cohort.derive import steroid_doses
from helpers.estimate.groups import compare, compare_paired
from helpers.estimate.multiplicity import with_adjusted
from helpers.estimate.trajectories import for_ranks, pair, sample_near, summarise
from helpers.problems import NotAvailable
from helpers.results.measures import once
from helpers.results.populations import need, population, yes
from helpers.results.registry import DOSE, GC, family
from helpers.results.value import Value, slug

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

ANALYTES = ("CRP", "PCT", "IL-2", "IL-4", "IL-6", "IL-10", "IL-17A", "TNF-α", "IFN-γ")
BEFORE = 2  # days before the first GC within which the last sample counts as the one before
AFTER = {1: 0, 3: 1, 7: 1}  # days after GC began, with how far off a sample may be
DAYS = (0, 3, 7, 10, 14, 21)  # days after infusion
END_OF_DAY = 1 - 1e-6  # days; a dose whose time is unknown comes after the samples of its day
CHANGE = 3  # days after GC began at which the dose groups are compared
RANKS = "values below detection tied under the highest limit"
DECIDED = "t test if Lilliefors' test passes, else ranks; " + RANKS
KEYS = ["patient_id", "analyte"]


def short(analyte: str) -> str:
    """Turn an analyte into a part of an id.

    Examples
    --------
    >>> short("TNF-α"), short("IL-17A")
    ('tnf_alpha', 'il_17a')
    """
    return slug(analyte.replace("α", "alpha").replace("γ", "gamma"))


@once
def labs(analysis: Analysis) -> pd.DataFrame:
    """Return the measurements of the nine analytes with what the figures need.

    Returns
    -------
    pandas.DataFrame
        The rows of ``labs`` with ``ranked`` (value whose ranks heed the limits of detection), ``gc_day`` (days since
        the first GC), ``gc`` ("GC" / "no GC"), ``dose`` (none / low / high) and ``after_tcz`` (drawn after the day of
        the first tocilizumab).
    """
    rows = analysis.cohort.need("labs", "analyte", "day", "value").copy()
    frame = need(analysis, "gc", "gc_first_day")
    rows = rows[rows["analyte"].isin(ANALYTES) & rows["patient_id"].isin(frame.index)].reset_index(drop=True)
    for column, default in (("censored", "no"), ("limit", np.nan), ("unit", "")):
        rows[column] = rows.get(column, default)
    rows["ranked"] = np.nan
    for _, part in rows.groupby("analyte"):
        rows.loc[part.index, "ranked"] = for_ranks(part["value"], part["censored"], part["limit"])
    who = rows["patient_id"]
    rows["gc_day"] = rows["day"] - who.map(frame["gc_first_day"])
    rows["gc"] = who.map(yes(frame["gc"])).map({True: "GC", False: "no GC"})
    rows["dose"] = who.map(frame["gc_group"].astype(object)) if "gc_group" in frame else pd.NA
    rows["toxicity"] = who.map(population(analysis, "toxicity"))
    first = frame["tcz_first_day"] if "tcz_first_day" in frame else pd.Series(np.nan, index=frame.index)
    rows["after_tcz"] = rows["day"] > who.map(first)
    return rows


def _order(table: pd.DataFrame, *others: str) -> pd.DataFrame:
    place = table["analyte"].map({name: number for number, name in enumerate(ANALYTES)})
    return table.assign(_place=place).sort_values([*others, "_place"], kind="stable").drop(columns="_place")


def _adjusted(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Put Holm's and Benjamini-Hochberg's p beside the raw ones, over the analytes of each *by*."""
    parts = [with_adjusted(part) for _, part in table.groupby(by, sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else table.assign(p_holm=np.nan, p_bh=np.nan)


# ------------------------------------------------------------------------------------------- before and after GC


@once
def pairs(analysis: Analysis) -> pd.DataFrame:
    """Pair each patient's sample before GC with those at fixed days after it.

    Before is the last sample drawn before the first dose of GC, by day and time, at most two days earlier; where a time
    is unknown, a sample of the same day counts as before. After are days 1, 3 (2 to 4) and 7 (6 to 8) since the day of
    the first dose.

    Returns
    -------
    pandas.DataFrame
        One row per patient, analyte and day: value_before, value_after, ranked_before, ranked_after, gc_day_before,
        gc_day_after, after_tcz_before, after_tcz_after, unit_before, dose_before.
    """
    rows = labs(analysis)
    rows = rows[rows["gc"] == "GC"]
    start = analysis.frame["gc_first_day"]
    before = _last_before(analysis, rows)
    joined = [
        pair(before, sample_near(rows, start, day, tolerance=far), KEYS).assign(day=day) for day, far in AFTER.items()
    ]
    found = pd.concat(joined, ignore_index=True)
    if found.empty:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples before and after GC")
    return found


@once
def paired(analysis: Analysis) -> pd.DataFrame:
    """Test each analyte before against after GC, at each fixed day.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, day (since GC began), n (pairs), median_before, median_after, median_change (within patients), fell
        (share of pairs), test, p,
        p_holm, p_bh (over the nine analytes of a day), n_after_tcz (pairs whose later sample was drawn after
        tocilizumab), n_without_tcz, p_without_tcz (pairs that saw none), reason.
    """
    table = []
    for (day, analyte), part in pairs(analysis).groupby(["day", "analyte"], sort=False):
        found = compare_paired(part["ranked_before"], part["ranked_after"], alpha=analysis.parameters.alpha).chosen
        without = part[~part["after_tcz_after"].astype(bool)]
        rest = compare_paired(without["ranked_before"], without["ranked_after"], alpha=analysis.parameters.alpha).chosen
        table.append(
            {
                "analyte": analyte,
                "unit": part["unit_before"].iloc[0],
                "day": day,
                "n": len(part),
                "median_before": part["value_before"].median(),
                "median_after": part["value_after"].median(),
                "median_change": (part["value_after"] - part["value_before"]).median(),
                "fell": float((part["ranked_after"] < part["ranked_before"]).mean()),
                "test": found.name,
                "p": found.p,
                "n_after_tcz": int(part["after_tcz_after"].sum()),
                "n_without_tcz": len(without),
                "p_without_tcz": rest.p,
                "reason": found.reason,
            }
        )
    return _order(_adjusted(pd.DataFrame(table), "day"), "day").reset_index(drop=True)


def _last_before(analysis: Analysis, rows: pd.DataFrame) -> pd.DataFrame:
    """Pick each patient's last sample of each analyte before the first dose of GC."""
    doses = steroid_doses(analysis.cohort, analysis.parameters)
    doses = doses[doses["left_out"] == ""]
    given = (doses["day"] + _clock(doses, unknown=END_OF_DAY)).groupby(doses["patient_id"]).min()
    drawn = rows["day"] + _clock(rows, unknown=0.0)
    early = (drawn <= rows["patient_id"].map(given)) & (rows["gc_day"] >= -BEFORE)
    chosen = rows.assign(_drawn=drawn)[early].sort_values("_drawn", kind="stable").drop_duplicates(KEYS, keep="last")
    return chosen.drop(columns="_drawn").sort_index()


def _clock(rows: pd.DataFrame, *, unknown: float) -> pd.Series:
    """Turn HH:MM into a fraction of a day."""
    if "time" not in rows:
        return pd.Series(unknown, index=rows.index)
    times = pd.Series(rows["time"].unique(), dtype="string")  # there are fewer of them than samples
    parts = times.str.extract(r"^(\d{1,2}):(\d{2})").astype(float)
    return (
        rows["time"].map(dict(zip(times, parts[0] / 24 + parts[1] / 1440, strict=True))).astype(float).fillna(unknown)
    )


# ------------------------------------------------------------------------------------------------ with and without


@once
def by_gc(analysis: Analysis) -> pd.DataFrame:
    """Compare each analyte with and without GC, on fixed days after infusion and at each patient's peak.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, day ("0" ... "21", "peak"), n_gc, n_nongc, median_gc, median_nongc, test, p, p_holm, p_bh (over the
        nine analytes of a day), after_tcz (share of samples), reason. Patients with CRS and/or ICANS.
    """
    rows = labs(analysis)
    rows = rows[yes(rows["toxicity"])]
    table = []
    for day in (*DAYS, "peak"):
        part = _peaks(rows) if day == "peak" else rows[rows["day"] == day].drop_duplicates(KEYS)
        for analyte, values in part.groupby("analyte"):
            table.append(
                _two_groups(analysis, values, "gc", "GC", "no GC", ("gc", "nongc"))
                | {"analyte": analyte, "day": str(day)}
            )
    if not table:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples on the days compared")
    found = pd.DataFrame(table)
    found = found[["analyte", "unit", "day", *found.columns.drop(["analyte", "unit", "day"])]]
    order = {str(day): place for place, day in enumerate((*DAYS, "peak"))}
    found = _adjusted(found, "day").assign(_day=lambda table: table["day"].map(order))
    return _order(found, "_day").drop(columns="_day").reset_index(drop=True)


def _peaks(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("ranked", ascending=False, kind="stable").drop_duplicates(KEYS)


def _two_groups(
    analysis: Analysis,
    values: pd.DataFrame,
    column: str,
    first: str,
    second: str,
    names: tuple[str, str],
    value: str = "value",
) -> dict:
    ranked = "ranked" if value == "value" else value
    one, two = (values[values[column] == label] for label in (first, second))
    found = compare(one[ranked], two[ranked], alpha=analysis.parameters.alpha).chosen
    return {
        "unit": values["unit"].iloc[0],
        **{f"n_{name}": len(part) for name, part in zip(names, (one, two), strict=True)},
        **{f"median_{name}": part[value].median() for name, part in zip(names, (one, two), strict=True)},
        "test": found.name,
        "p": found.p,
        "after_tcz": float(values["after_tcz"].mean()),
        "reason": found.reason,
    }


# ------------------------------------------------------------------------------------------------------- dose groups


@once
def by_dose(analysis: Analysis) -> pd.DataFrame:
    """Compare the change over GC between low and high dose.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, n_low, n_high, median_low, median_high (change from before GC to day 3 after it began), test, p,
        p_holm, p_bh (over the nine analytes), after_tcz, reason, floor_low, floor_high (share of the samples before GC that
        lie below detection and so cannot fall).
    """
    joined = pairs(analysis)
    joined = joined[joined["day"] == CHANGE].rename(columns={"dose_before": "dose", "unit_before": "unit"})
    joined = joined.assign(
        change=joined["value_after"] - joined["value_before"], after_tcz=joined["after_tcz_after"].astype(bool)
    )
    if joined.empty:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples before and {CHANGE} days after GC")
    table = []
    for analyte, part in joined.groupby("analyte"):
        found = _two_groups(analysis, part, "dose", "low", "high", ("low", "high"), "change")
        table.append({"analyte": analyte, **found, **_floors(part)})
    return _order(_adjusted(pd.DataFrame(table).assign(all=1), "all").drop(columns="all")).reset_index(drop=True)


def _floors(part: pd.DataFrame) -> dict[str, float]:
    below = part["censored_before"].eq("left").fillna(False).astype(bool)
    return {f"floor_{dose}": float(below[part["dose"] == dose].mean()) for dose in ("low", "high")}


def trajectories(analysis: Analysis, by: str = "gc") -> pd.DataFrame:
    """Summarise each analyte by day for plotting.

    Parameters
    ----------
    by : {"gc", "dose", "course"}
        gc: with and without GC, days after infusion (S-Figure 3). dose: low and high, days since GC began (S-Figure 5).
        course: all given GC, days since GC began (Figure 2).

    Returns
    -------
    pandas.DataFrame
        analyte, unit, group, day, n, median, q1, q3, below (share below detection), limit (the highest of detection, NaN if none), after_tcz
        (share of samples drawn after tocilizumab), median_censored. Days with fewer than three patients are left out.
    """
    rows = labs(analysis)
    rows = rows[yes(rows["toxicity"])]
    if by == "gc":
        rows = rows.assign(group=rows["gc"], day=rows["day"])
    else:
        rows = rows[rows["gc"] == "GC"]
        rows = rows.assign(group=rows["dose"] if by == "dose" else "GC", day=rows["gc_day"])
    keys = ["analyte", "unit", "group", "day"]
    rows = rows.dropna(subset=[*keys, "value"])
    found = summarise(rows, keys)
    left = rows["censored"].eq("left").fillna(False).astype(bool)
    shares = rows.assign(below=left, lower=rows["limit"].where(left)).groupby(keys, sort=True)
    rest = shares.agg(below=("below", "mean"), limit=("lower", "max"), after_tcz=("after_tcz", "mean")).reset_index()
    found = found.merge(rest, on=keys).query("n >= 3")
    return _order(found, "group").reset_index(drop=True)


# ------------------------------------------------------------------------------------------------------- the values


def _spelt(
    table: pd.DataFrame, place: Callable[[object], str], measures: tuple[str, ...], n: Callable[[object], int]
) -> dict[str, Value]:
    found = {}
    for row in table.itertuples():
        for measure in measures:
            number = getattr(row, measure)
            found[f"{place(row)}.{measure}"] = Value("", number, row.reason or "no value", n=n(row), method=row.test + "; " + RANKS
                                                     if measure.startswith("p") else "")  # fmt: skip
    return found


PAIRED = ("median_before", "median_after", "fell", "p", "p_holm", "p_bh", "p_without_tcz", "n_after_tcz")
COMPARED = ("median_gc", "median_nongc", "p", "p_holm", "p_bh")
CHANGED = ("median_low", "median_high", "p", "p_holm", "p_bh")


@family(
    *(f"extra.figure2.{short(analyte)}.day{day}.{m}" for day in AFTER for analyte in ANALYTES for m in PAIRED),
    population="gc",
    method=f"before against after GC; paired {DECIDED}; Holm and Benjamini-Hochberg over nine analytes",
    reason="the figure shows a fall after GC and quotes no p",
    depends=[*GC, "alpha"],
    needs=["table:labs", "gc"],
)
def before_and_after(analysis: Analysis) -> dict[str, Value]:
    """Each analyte before and after GC."""
    return _spelt(
        paired(analysis), lambda row: f"extra.figure2.{short(row.analyte)}.day{row.day}", PAIRED, lambda row: row.n
    )


@family(
    *(
        f"extra.sfigure3.{short(a)}.{when}.{m}"
        for when in (*(f"day{day}" for day in DAYS), "peak")
        for a in ANALYTES
        for m in COMPARED
    ),
    population="toxicity",
    method=f"GC against none; {DECIDED}; Holm and Benjamini-Hochberg over nine analytes",
    reason="the text says that markers were notably higher with GC and quotes no p",
    depends=[*GC, "alpha"],
    needs=["table:labs", "gc"],
)
def with_and_without(analysis: Analysis) -> dict[str, Value]:
    """Each analyte with and without GC."""

    def place(row) -> str:
        return f"extra.sfigure3.{short(row.analyte)}.{row.day if row.day == 'peak' else f'day{row.day}'}"

    return _spelt(by_gc(analysis), place, COMPARED, lambda row: row.n_gc + row.n_nongc)


@family(
    *(f"extra.sfigure5.{short(analyte)}.{measure}" for analyte in ANALYTES for measure in CHANGED),
    population="gc",
    method=f"change from before GC to day {CHANGE}, low against high dose; {DECIDED}; Holm and Benjamini-Hochberg",
    reason="the text says which analytes fell or rose with either dose and quotes no p",
    depends=[*DOSE, "alpha"],
    needs=["table:labs", "gc_group"],
)
def dose_changes(analysis: Analysis) -> dict[str, Value]:
    """Change of each analyte by dose group."""
    return _spelt(
        by_dose(analysis),
        lambda row: f"extra.sfigure5.{short(row.analyte)}",
        CHANGED,
        lambda row: row.n_low + row.n_high,
    )
