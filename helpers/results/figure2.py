"""Figure 2, S-Figures 3 and 5: inflammatory markers and cytokines before and after GC, with and without it, by dose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from helpers.cohort.treatments import steroid_doses
from helpers.estimate.groups import (
    Ratio,
    compare_groups,
    compare_paired,
    paired_ratio,
    paired_t,
    paired_wilcoxon,
    sign_test,
)
from helpers.estimate.multiplicity import with_adjusted
from helpers.estimate.noise import changes
from helpers.estimate.trajectories import (
    for_ranks,
    median_bounds,
    paired_samples,
    sample_near,
    summarised_values,
    value_bounds,
)
from helpers.problems import NotAvailable
from helpers.results.comparisons import within
from helpers.results.measures import once_per_analysis
from helpers.results.populations import in_population, is_no, is_yes, needed_frame
from helpers.results.registry import DOSE, GC, family
from helpers.results.value import Value, id_part, told_apart

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

# the print's, first; a cohort's others follow
ANALYTES = ("CRP", "PCT", "IL-2", "IL-4", "IL-6", "IL-10", "IL-17A", "TNF-α", "IFN-γ")
BEFORE = 2  # days before the first GC within which the last sample counts as the one before
AFTER = {1: 0, 3: 1, 7: 1}  # days after GC began, with how far off a sample may be
DAYS = (0, 3, 7, 10, 14, 21)  # days after infusion
END_OF_DAY = 1 - 1e-6  # days; a dose whose time is unknown comes after the samples of its day
CHANGE = 3  # days after GC began at which the dose groups are compared
RANKS = "values below detection tied under the highest limit"
DECIDED = "t test if Lilliefors' test passes, else ranks; " + RANKS
KEYS = ["patient_id", "analyte"]


def short_analyte(analyte: str) -> str:
    """Turn an analyte into a part of an id.

    Examples
    --------
    >>> short_analyte("TNF-α"), short_analyte("IL-17A")
    ('tnf_alpha', 'il_17a')
    """
    return id_part(analyte.replace("α", "alpha").replace("γ", "gamma"))


def analyte_ids(analysis: Analysis) -> dict[str, str]:
    """Give each analyte its part of an id, no two the same."""
    names = analytes_measured(analysis)
    return dict(zip(names, told_apart([short_analyte(name) for name in names]), strict=True))


def analytes_measured(analysis: Analysis) -> tuple[str, ...]:
    """List the analytes that the cohort measured: those of the print in its order, then its others by name.

    An analyte with several units is one for each, named with its unit: nothing is pooled across units.
    """
    found = set(lab_measurements(analysis)["analyte"])
    return (*(name for name in ANALYTES if name in found), *sorted(found - set(ANALYTES)))


@once_per_analysis
def lab_measurements(analysis: Analysis) -> pd.DataFrame:
    """Return the measurements with what the figures need.

    Returns
    -------
    pandas.DataFrame
        The rows of ``labs`` with ``ranked`` (value whose ranks heed the limits of detection), ``least`` and ``most`` (between
        what the value must lie, the same if it was measured), ``gc_day`` (days since
        the first GC), ``gc`` ("GC" / "no GC", missing if unknown), ``dose`` (none / low / high), ``toxicity`` and
        ``after_tcz`` (drawn after the day of the first tocilizumab; missing if it is unknown whether there was any).
    """
    rows = analysis.cohort.need("labs", "analyte", "day", "value")
    frame = analysis.frame
    rows = rows[rows["value"].notna() & rows["analyte"].notna() & rows["patient_id"].isin(frame.index)]
    rows = rows.reset_index(drop=True)
    for column, default in (("censored", "no"), ("limit", np.nan), ("unit", "")):
        rows[column] = rows[column] if column in rows else pd.Series(default, index=rows.index)
    rows["analyte"] = _by_unit(rows)
    rows["ranked"] = pd.Series(np.nan, index=rows.index)
    for _, part in rows.groupby("analyte"):
        rows.loc[part.index, "ranked"] = for_ranks(part["value"], part["censored"], part["limit"])
    rows["least"], rows["most"] = value_bounds(rows["value"], rows["censored"], rows["limit"])
    who, never = rows["patient_id"], pd.Series(np.nan, index=frame.index)
    rows["gc_day"] = rows["day"].astype(float) - _of(who, frame.get("gc_first_day", never).astype(float))
    rows["gc"] = _of(who, frame.get("gc", never).astype(object).map({True: "GC", False: "no GC"}).astype(object))
    rows["dose"] = _of(who, frame["gc_group"].astype(object)) if "gc_group" in frame else pd.NA
    rows["toxicity"] = _of(who, in_population(analysis, "toxicity")).astype(bool)
    rows["after_tcz"] = _after_tcz(analysis, rows)
    return rows


def _of(who: pd.Series, by_patient: pd.Series) -> pd.Series:
    """Look up each row's patient; a lookup of nothing keeps its kind."""
    return pd.Series(by_patient.reindex(who).to_numpy(), index=who.index, dtype=by_patient.dtype)


def _by_unit(rows: pd.DataFrame) -> pd.Series:
    """Name analytes, those measured in several units with the unit."""
    units = rows["unit"].fillna("").astype(str)
    several = units.groupby(rows["analyte"]).transform("nunique") > 1
    named = rows["analyte"].astype(str) + " (" + units.where(units != "", "no unit") + ")"
    return rows["analyte"].astype(str).where(~several, named)


def _after_tcz(analysis: Analysis, rows: pd.DataFrame) -> pd.Series:
    """Tell which samples follow the day of the first tocilizumab: missing where that is unknown."""
    frame = analysis.frame
    if "tcz" not in frame:
        return pd.Series(pd.NA, index=rows.index, dtype="boolean")
    first = frame["tcz_first_day"] if "tcz_first_day" in frame else pd.Series(np.nan, index=frame.index)
    days, given = _of(rows["patient_id"], first.astype(float)), _of(rows["patient_id"], frame["tcz"].astype("boolean"))
    after = (rows["day"] > days).astype("boolean").mask(days.isna(), pd.NA)
    return after.mask(is_no(given), False)


def _order(table: pd.DataFrame, *others: str) -> pd.DataFrame:
    names = [*ANALYTES, *sorted(set(table["analyte"]) - set(ANALYTES))]
    place = table["analyte"].map({name: number for number, name in enumerate(names)})
    return table.assign(_place=place).sort_values([*others, "_place"], kind="stable").drop(columns="_place")


def _adjusted(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Put Holm's and Benjamini–Hochberg's p beside the raw ones, over the analytes of each *by*."""
    parts = [with_adjusted(part) for _, part in table.groupby(by, sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else table.assign(p_holm=np.nan, p_bh=np.nan)


# ------------------------------------------------------------------------------------------- before and after GC


@once_per_analysis
def sample_pairs(analysis: Analysis) -> pd.DataFrame:
    """Pair each patient's sample before GC with those at fixed days after it.

    Before is the last sample drawn before the first dose of GC, by day and time, at most two days earlier; where a time
    is unknown, a sample of the same day counts as before. After are days 1, 3 (2 to 4) and 7 (6 to 8) since the day of
    the first dose.

    Returns
    -------
    pandas.DataFrame
        One row per patient, analyte and day: value_before, value_after, ranked_before, ranked_after, change (of the
        values, equal ones equal), change_least and change_most (between what it must lie, wherever values beyond a limit are),
        least and most of both values, gc_day_before, gc_day_after, after_tcz_before, after_tcz_after, unit_before, dose_before.
    """
    start = needed_frame(analysis, "gc", "gc_first_day")["gc_first_day"].astype(float)
    rows = lab_measurements(analysis)
    rows = rows[rows["gc"] == "GC"]
    before = _last_before(analysis, rows)
    joined = [
        paired_samples(before, sample_near(rows, start, day, tolerance=far), KEYS).assign(day=day)
        for day, far in AFTER.items()
    ]
    joined = [part for part in joined if len(part)]
    if not joined:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples before and after GC")
    found = pd.concat(joined, ignore_index=True)
    change = changes(found["value_before"], found["value_after"])
    measured = (found["least_before"] == found["most_before"]) & (found["least_after"] == found["most_after"])
    return found.assign(
        change=change,
        change_least=(found["least_after"] - found["most_before"]).where(~measured, change),
        change_most=(found["most_after"] - found["least_before"]).where(~measured, change),
    )


@once_per_analysis
def paired_tests(analysis: Analysis) -> pd.DataFrame:
    """Test each analyte before against after GC, at each fixed day.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, day (since GC began), n (pairs), median_before, median_after, median_change (within patients), fell
        (share of pairs), test, p, p_holm, p_bh (over the analytes of a day), n_after_tcz (pairs whose later sample was drawn
        after tocilizumab), n_without_tcz, p_without_tcz (pairs that saw none, by the same test), ratio, ratio_low, ratio_high
        (after to before, Hodges–Lehmann on the logarithmic scale), p_sign (rises against falls), n_at_limit (pairs with a value
        at a limit of detection, whose size of change is made up), n_tied (pairs that limits leave without a direction), n_at_limit_without_tcz (of those that saw none), reason, reason_without_tcz, reason_ratio, reason_sign,
        and of each of the three medians ``_least`` and ``_most``: between what it must lie, wherever values beyond a limit are.
    """
    alpha, table = analysis.parameters.alpha, []
    for (day, analyte), part in sample_pairs(analysis).groupby(["day", "analyte"], sort=False):
        both = compare_paired(part["ranked_before"], part["ranked_after"], alpha=alpha)
        found = both.chosen
        without = part[is_no(part["after_tcz_after"])]
        rest = (paired_t if both.normal else paired_wilcoxon)(without["ranked_before"], without["ranked_after"])
        signs = sign_test(part["ranked_before"], part["ranked_after"])
        ratio, at = paired_ratio(part["value_before"], part["value_after"], alpha=alpha), _at_limit(part)
        if at.all():
            ratio = Ratio(np.nan, np.nan, np.nan, len(part), "every pair has a value at a limit of detection")
        table.append(
            {
                "analyte": analyte,
                "unit": part["unit_before"].iloc[0],
                "day": day,
                "n": len(part),
                **_median(part, "value_before", "before"),
                **_median(part, "value_after", "after"),
                **_median(part, "change", "change"),
                "fell": float((part["ranked_after"] < part["ranked_before"]).mean()),
                "test": found.name,
                "p": found.p,
                "n_after_tcz": int(is_yes(part["after_tcz_after"]).sum()),
                "n_without_tcz": len(without),
                "p_without_tcz": rest.p,
                "ratio": ratio.ratio,
                "ratio_low": ratio.low,
                "ratio_high": ratio.high,
                "p_sign": signs.p,
                "n_at_limit": int(at.sum()),
                "n_tied": int((at & (part["ranked_after"] == part["ranked_before"])).sum()),
                "n_at_limit_without_tcz": int(_at_limit(without).sum()),
                "reason": found.reason,
                "reason_without_tcz": rest.reason,
                "reason_ratio": ratio.reason,
                "reason_sign": signs.reason,
            }
        )
    return _order(_adjusted(pd.DataFrame(table), "day"), "day").reset_index(drop=True)


def _median(part: pd.DataFrame, column: str, name: str) -> dict[str, float]:
    """Return the median of a column, values beyond a limit at it, and between what it must lie."""
    when = column.removeprefix("value")
    bounds = ("change_least", "change_most") if column == "change" else (f"least{when}", f"most{when}")
    least, most = median_bounds(part[bounds[0]], part[bounds[1]])
    return {f"median_{name}": part[column].median(), f"median_{name}_least": least, f"median_{name}_most": most}


def _at_limit(part: pd.DataFrame) -> pd.Series:
    """Tell which pairs have a value beyond a limit of detection, so that their change is a bound."""
    sides = [
        part[f"censored_{when}"].isin(["left", "right"]).fillna(False).astype(bool) for when in ("before", "after")
    ]
    return sides[0] | sides[1]


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


@once_per_analysis
def by_gc(analysis: Analysis) -> pd.DataFrame:
    """Compare each analyte with and without GC, on fixed days after infusion and at each patient's peak.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, day ("0" ... "21", "peak"), n_gc, n_nongc, median_gc, median_nongc, of both ``_least`` and ``_most``
        (between what it must lie), test, p, p_holm, p_bh (over the analytes of a day), after_tcz (share of samples), reason,
        n_beyond (values of both groups beyond a limit, which ranks can use and a t test takes at the limit). Patients with
        CRS and/or ICANS.
    """
    needed_frame(analysis, "gc")
    rows = lab_measurements(analysis)
    rows = rows[rows["toxicity"]]
    table = []
    for day in (*DAYS, "peak"):
        part = _peaks(rows) if day == "peak" else rows[rows["day"] == day].drop_duplicates(KEYS)
        for analyte, values in part.groupby("analyte"):
            compared = values[values["gc"].isin(["GC", "no GC"])]
            table.append(
                _two_groups(analysis, values, "gc", "GC", "no GC", ("gc", "nongc"))
                | {"n_beyond": int((compared["least"] < compared["most"]).sum()), "analyte": analyte, "day": str(day)}
            )
    if not table:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples on the days compared")
    found = pd.DataFrame(table)
    found = found[["analyte", "unit", "day", *found.columns.drop(["analyte", "unit", "day"])]]
    order = {str(day): place for place, day in enumerate((*DAYS, "peak"))}
    found = _adjusted(found, "day").assign(_day=lambda table: table["day"].map(order))
    return _order(found, "_day").drop(columns="_day").reset_index(drop=True)


def _peaks(rows: pd.DataFrame) -> pd.DataFrame:
    """Pick each patient's highest sample of each analyte; which one it is may be unsettled, but not between what the peak lies."""
    highest = {name: rows.groupby(KEYS)[name].transform("max") for name in ("value", "least", "most")}
    return rows.sort_values("ranked", ascending=False, kind="stable").assign(**highest).drop_duplicates(KEYS)


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
    found = compare_groups(one[ranked], two[ranked], alpha=analysis.parameters.alpha).chosen
    return {
        "unit": values["unit"].iloc[0],
        **{f"n_{name}": len(part) for name, part in zip(names, (one, two), strict=True)},
        **_median(one, value, names[0]),
        **_median(two, value, names[1]),
        "test": found.name,
        "p": found.p,
        "after_tcz": _share(values["after_tcz"]),
        "reason": found.reason,
    }


def _share(answers: pd.Series) -> float:
    """Share of yes among the known answers, NaN if none is known."""
    known = answers.dropna().astype(float)
    return float(known.mean()) if len(known) else np.nan


# ------------------------------------------------------------------------------------------------------- dose groups


@once_per_analysis
def by_dose(analysis: Analysis) -> pd.DataFrame:
    """Compare the change over GC between low and high dose.

    Returns
    -------
    pandas.DataFrame
        analyte, unit, n_low, n_high, median_low, median_high (change from before GC to day 3 after it began), of both
        ``_least`` and ``_most`` (between what it must lie), test, p, p_holm, p_bh (over the analytes), after_tcz, reason,
        floor_low, floor_high (share of the samples before GC that lie below detection and so cannot fall), n_at_limit (pairs
        with a value beyond a limit, whose size of change is made up).
    """
    needed_frame(analysis, "gc_group")
    joined = sample_pairs(analysis)
    joined = joined[joined["day"] == CHANGE].rename(columns={"dose_before": "dose", "unit_before": "unit"})
    joined = joined.assign(after_tcz=joined["after_tcz_after"])
    if joined.empty:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples before and {CHANGE} days after GC")
    table = []
    for analyte, part in joined.groupby("analyte"):
        found = _two_groups(analysis, part, "dose", "low", "high", ("low", "high"), "change")
        compared = part[part["dose"].isin(["low", "high"])]
        table.append({"analyte": analyte, **found, **_floors(part), "n_at_limit": int(_at_limit(compared).sum())})
    return _order(_adjusted(pd.DataFrame(table).assign(all=1), "all").drop(columns="all")).reset_index(drop=True)


def _floors(part: pd.DataFrame) -> dict[str, float]:
    below = part["censored_before"].eq("left").fillna(False).astype(bool)
    return {f"floor_{dose}": float(below[part["dose"] == dose].mean()) for dose in ("low", "high")}


def analyte_trajectories(analysis: Analysis, by: str = "gc") -> pd.DataFrame:
    """Summarise each analyte by day for plotting.

    Parameters
    ----------
    by : {"gc", "dose", "course"}
        gc: with and without GC, days from day 0 (S-Figure 3); "all patients" if the cohort did not record GC. dose: low and high, days since GC began (S-Figure 5).
        course: all given GC, days since GC began (Figure 2).

    Returns
    -------
    pandas.DataFrame
        analyte, unit, group, day, n, median, q1, q3, below (share below detection), limit (the highest of detection, NaN if none), after_tcz
        (share of samples drawn after tocilizumab), median_least, median_most, median_censored. Days with fewer than three
        patients are left out.
    """
    rows = lab_measurements(analysis)
    rows = rows[rows["toxicity"]]
    if by == "gc":
        recorded = "gc" in analysis.frame
        rows = rows.assign(group=rows["gc"] if recorded else "all patients", day=rows["day"])
    else:
        needed_frame(analysis, "gc", "gc_first_day", *(["gc_group"] if by == "dose" else []))
        rows = rows[rows["gc"] == "GC"]
        rows = rows.assign(group=rows["dose"] if by == "dose" else "GC", day=rows["gc_day"])
    keys = ["analyte", "unit", "group", "day"]
    rows = rows.dropna(subset=[*keys, "value"]).drop_duplicates(
        [*KEYS, "day"]
    )  # of two on a day the first, as everywhere
    if rows.empty:
        raise NotAvailable(f"cohort {analysis.cohort.name} has no samples to draw")
    found = summarised_values(rows, keys)
    left = rows["censored"].eq("left").fillna(False).astype(bool)
    after = rows["after_tcz"].astype("Float64").astype(float)
    shares = rows.assign(after_tcz=after, below=left, lower=rows["limit"].where(left)).groupby(keys, sort=True)
    rest = shares.agg(below=("below", "mean"), limit=("lower", "max"), after_tcz=("after_tcz", "mean")).reset_index()
    found = found.merge(rest, on=keys).query("n >= 3")
    return _order(found, "group").reset_index(drop=True)


# ------------------------------------------------------------------------------------------------------- the values


class Counts(NamedTuple):
    """How many a value rests on, how many of its population are left out, and the population, "" for that of the family."""

    n: int
    missing: int
    population: str = ""


def _spelt(
    table: pd.DataFrame,
    place: Callable[[object], str],
    measures: tuple[str, ...],
    counts: Callable[[object, str], Counts],
) -> dict[str, Value]:
    found = {}
    for row in table.itertuples():
        for measure in measures:
            number, (size, missing, who), reason, method = getattr(row, measure), counts(row, measure), row.reason, ""
            at = getattr(row, "n_at_limit", 0)
            if measure == "p_without_tcz":
                reason, at = row.reason_without_tcz, row.n_at_limit_without_tcz
            if measure.startswith("ratio"):
                reason, method = row.reason_ratio, RATIO + _limits(at, size)
            elif measure == "p_sign":
                reason, method = row.reason_sign, "sign test: rises against falls, exact"
            elif measure.startswith("p"):
                method = f"{row.test}; {RANKS}{_limits(at, size)}{_beyond(row, size)}"
            elif measure == "fell" and row.n_tied:
                method = f"share of pairs that fell; {row.n_tied} of {size} are tied at a limit and count as not fallen"
            elif measure.startswith("median"):
                method = "median" + _between(getattr(row, f"{measure}_least"), getattr(row, f"{measure}_most"))
            found[f"{place(row)}.{measure}"] = Value(
                "", number, reason or "no value", n=size, missing=missing, population=who, method=method
            )
    return found


def _of_two_groups(
    analysis: Analysis, population: str, comparison: str, groups: dict[str, tuple[str, pd.Series]]
) -> Callable[[object, str], Counts]:
    """Count for a comparison of two groups: a median rests on its group, a test on both."""
    inside = in_population(analysis, population)
    of = {name: int((inside & members).sum()) for name, (_, members) in groups.items()}

    def counts(row: object, measure: str) -> Counts:
        name = measure.removeprefix("median_")
        if name in groups:
            n = getattr(row, f"n_{name}")
            return Counts(n, of[name] - n, within(analysis, population, comparison, groups[name][0]))
        n = sum(getattr(row, f"n_{name}") for name in groups)
        return Counts(n, int(inside.sum()) - n)

    return counts


def _limits(at: int, of: int) -> str:
    """Say on how many pairs a value lies at a limit: the size of their change is not measured."""
    return f"; {at} of {of} pairs have a value at a limit, so that the size of their change is a bound" if at else ""


def _beyond(row: object, of: int) -> str:
    """Say how many values of a t test are made up: those beyond a limit, which ranks can use."""
    many = getattr(row, "n_beyond", 0) if "t test" in row.test else 0
    return f"; {many} of {of} values lie beyond a limit and are taken to be at it" if many else ""


def _between(least: float, most: float) -> str:
    """Say between what a median lies that values beyond a limit leave open.

    Examples
    --------
    >>> _between(3, 5), _between(-np.inf, 2.5), _between(4, 4)
    ('; only a bound: from 3 to 5', '; only a bound: at most 2.5', '')
    """
    if not least < most:
        return ""
    ends = [f"at least {least:g}" if least > -np.inf else "", f"at most {most:g}" if most < np.inf else ""]
    both = f"from {least:g} to {most:g}" if all(ends) else "".join(ends) or "anything"
    return f"; only a bound: {both}"


NO_TCZ = "no tocilizumab before the later sample"
RATIO = "after / before, Hodges–Lehmann on the logarithmic scale; exact interval of the signed ranks"
PAIRED = ("median_before", "median_after", "fell", "p", "p_holm", "p_bh", "p_without_tcz", "n_after_tcz",
          "ratio", "ratio_low", "ratio_high", "p_sign", "n_at_limit")  # fmt: skip
COMPARED = ("median_gc", "median_nongc", "p", "p_holm", "p_bh")
CHANGED = ("median_low", "median_high", "p", "p_holm", "p_bh")


@family(
    *(f"extra.figure2.{short_analyte(analyte)}.day{day}.{m}" for day in AFTER for analyte in ANALYTES for m in PAIRED),
    population="gc",
    method=f"before against after GC; paired {DECIDED}; Holm and Benjamini–Hochberg over the analytes",
    reason="the figure shows a fall after GC and quotes no p",
    prefix="extra.figure2.",
    depends=[*GC, "alpha"],
    needs=["table:labs", "gc"],
)
def before_and_after(analysis: Analysis) -> dict[str, Value]:
    """Each analyte before and after GC."""
    part, given = analyte_ids(analysis), int(in_population(analysis, "gc").sum())

    def counts(row: object, measure: str) -> Counts:
        if measure != "p_without_tcz":
            return Counts(row.n, given - row.n)
        return Counts(row.n_without_tcz, given - row.n_after_tcz - row.n_without_tcz, f"gc & {NO_TCZ}")

    return _spelt(paired_tests(analysis), lambda row: f"extra.figure2.{part[row.analyte]}.day{row.day}", PAIRED, counts)


@family(
    *(
        f"extra.sfigure3.{short_analyte(a)}.{when}.{m}"
        for when in (*(f"day{day}" for day in DAYS), "peak")
        for a in ANALYTES
        for m in COMPARED
    ),
    population="toxicity",
    method=f"GC against none; {DECIDED}; Holm and Benjamini–Hochberg over the analytes",
    reason="the text says that markers were notably higher with GC and quotes no p",
    prefix="extra.sfigure3.",
    depends=[*GC, "alpha"],
    needs=["table:labs", "gc"],
)
def with_and_without(analysis: Analysis) -> dict[str, Value]:
    """Each analyte with and without GC."""
    part = analyte_ids(analysis)

    def place(row) -> str:
        return f"extra.sfigure3.{part[row.analyte]}.{row.day if row.day == 'peak' else f'day{row.day}'}"

    given = analysis.frame["gc"]
    counts = _of_two_groups(analysis, "toxicity", "gc", {"gc": ("gc", is_yes(given)), "nongc": ("no_gc", is_no(given))})
    return _spelt(by_gc(analysis), place, COMPARED, counts)


@family(
    *(f"extra.sfigure5.{short_analyte(analyte)}.{measure}" for analyte in ANALYTES for measure in CHANGED),
    population="gc",
    method=f"change from before GC to day {CHANGE}, low against high dose; {DECIDED}; Holm and Benjamini–Hochberg",
    reason="the text says which analytes fell or rose with either dose and quotes no p",
    prefix="extra.sfigure5.",
    depends=[*DOSE, "alpha"],
    needs=["table:labs", "gc_group"],
)
def dose_changes(analysis: Analysis) -> dict[str, Value]:
    """Change of each analyte by dose group."""
    part, dose = analyte_ids(analysis), analysis.frame["gc_group"]
    groups = {name: (name, is_yes(dose == name)) for name in ("low", "high")}
    counts = _of_two_groups(analysis, "gc", "dose", groups)
    return _spelt(by_dose(analysis), lambda row: f"extra.sfigure5.{part[row.analyte]}", CHANGED, counts)
