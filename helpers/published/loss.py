"""Is unequal loss to follow-up forced by the published numbers alone? Events per dose group, and what they need.

A hazard ratio is, nearly, a ratio of events divided by a ratio of person-time. Its interval fixes the events: the standard
error of its logarithm is at least sqrt(1/d + 1/d'), and little more. So a printed row says how many had the event in each
group and, with them, how many of the other group must have been under watch. If those are fewer than equal follow-up would
leave, children of that group were lost.

Which numbers of events are possible hangs on who is in the row, which Table 5 does not say: :data:`POPULATIONS`. Rows of the
same table, and the curves, narrow them: :func:`event_counts`. What each needs is counted by
:mod:`helpers.published.risk_sets`: :func:`unequal_loss`. docs/unequal_loss.md tells the reasoning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.stats import chi2

from helpers.published.curves import effective_patients, fitting_formulas
from helpers.published.risk_sets import Groups, Result, Z, chi2_range, fewest_lost, proportional_orders
from helpers.published.values import Printed

EXCESS = 1.02  # inferred: a standard error is so much above its least at most (99 % of random orders)
UNEVEN = 1.5  # inferred: follow-up of two groups of known size differs by such a factor at most
LATER = 2  # inferred: events after the last milestone
ROW, TEST = "table5.univariate.gc_low", "results.gc_impact.low_vs_nongc.pfs.p"

POPULATIONS = {
    "all with CRS or ICANS": "49 without GC, as the text counts them",
    "known blasts": "the same without those whose blasts are not known",
    "all with 0 mg/kg": "the reference is everybody without GC, those without CRS or ICANS among them",
    "all with 0 mg/kg, known blasts": "the same without those whose blasts are not known",
}


class Other(NamedTuple):
    """Another row of the table: who is in it, and how many are exposed and not (empty: not printed)."""

    row: str
    who: str
    exposed: str = ""
    reference: str = ""


OTHERS = (
    Other("female", "everyone", "table1.female.n", "table1.male.n"),
    Other("weight_gt27", "everyone"),
    Other("age_gt8", "everyone"),
    Other("icans", "everyone", "table2.icans.any.n"),
    Other("crs", "everyone", "table2.crs.any.n"),
    Other("tcz", "toxic", "table2.tcz.n"),
    Other("rux", "toxic", "table2.rux.n"),
    Other("gc_onset_gt4", "gc"),
    Other("gc_dur_gt2", "gc"),
)


def printed_result(values: Mapping[str, Printed], row: str = ROW) -> Result:
    """Give the ranges of a row's log hazard ratio and standard error that all of its printed numbers allow together.

    Parameters
    ----------
    values : mapping of id to Printed
    row : str
        Id without its last part; its hr, ci_low, ci_high and p are read.

    Raises
    ------
    ValueError
        If no unrounded numbers agree with all four.

    Examples
    --------
    >>> from helpers.published.values import printed_values, published_values
    >>> found = printed_result(printed_values(published_values()))
    >>> [round(x, 4) for x in found.se]
    [0.3855, 0.3893]
    """
    return cox_result(*(values[f"{row}.{part}"] for part in ("hr", "ci_low", "ci_high", "p")))


def cox_result(hr: Printed, low: Printed, high: Printed, p: Printed) -> Result:
    """Give the ranges of the log hazard ratio and of its standard error that four printed numbers allow together.

    Raises
    ------
    ValueError
        If no unrounded numbers agree with all four.
    """
    sign = 1 if hr.number > 1 else -1
    rows, bounds = [], []
    for printed, times in ((hr, 0.0), (low, -Z), (high, Z)):
        rows += [(1, times), (-1, -times)]
        bounds += [math.log(max(float(printed.high), 1e-9)), -math.log(max(float(printed.low), 1e-9))]
    least, most = chi2_range(max(float(p.low), 1e-12), min(float(p.high), 1.0))
    rows += [(sign, -math.sqrt(most)), (-sign, math.sqrt(least))]
    bounds += [0.0, 0.0]
    ends = []
    for goal in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        solved = linprog(goal, A_ub=rows, b_ub=bounds, bounds=[(None, None), (0, None)])
        if not solved.success:
            raise ValueError(
                f"{hr.text} ({low.text} to {high.text}) and p {p.text}: no unrounded numbers agree with all"
            )
        ends.append(float(solved.x[0] if goal[0] else solved.x[1]))
    return Result((ends[0], ends[1]), (ends[2], ends[3]))


def event_splits(se: tuple[float, float], total: int, excess: float = EXCESS) -> list[int]:
    """List the exposed group's events, of *total*, whose least standard error fits a printed one.

    Examples
    --------
    >>> event_splits((0.3855, 0.3893), 28)
    [11, 12, 13, 14, 15, 16, 17]
    """
    least = {d: math.sqrt(1 / d + 1 / (total - d)) for d in range(1, total)}
    return [d for d, e in least.items() if e <= se[1] and e * excess >= se[0]]


class _Table:
    """What the other rows of the table say about totals of events."""

    def __init__(self, values: Mapping[str, Printed], excess: float):
        self.excess = excess
        number = {id: int(value.number) for id, value in values.items() if value.kind == "count"}
        everyone, toxic = number["table1.n"], number["results.efficacy.analysed.n"]
        self.printed = {}
        for other in OTHERS:
            hr = values[f"table5.univariate.{other.row}.hr"]
            se = printed_result(values, f"table5.univariate.{other.row}").se
            all_of = everyone if other.who == "everyone" else toxic
            exposed = number[other.exposed] if other.exposed else 0
            ratio = exposed / (all_of - exposed) if exposed else 1.0
            self.printed[other.row] = se, float(hr.number), ratio
        self.seen: dict[tuple[str, int], list[int]] = {}

    def splits(self, row: str, total: int) -> list[int]:
        """List the exposed group's events that fit the row's width, and its hazard ratio roughly."""
        if (row, total) not in self.seen:
            se, hr, ratio = self.printed[row]
            fits = event_splits(se, total, self.excess)
            even = [d for d in fits if 1 / UNEVEN <= d / (total - d) / hr / ratio <= UNEVEN]
            self.seen[row, total] = even
        return self.seen[row, total]

    def fits(self, who: str, total: int) -> bool:
        return all(self.splits(other.row, total) for other in OTHERS if other.who == who)


def event_counts(values: Mapping[str, Printed], *, excess: float = EXCESS) -> pd.DataFrame:
    """List the numbers of PFS events per dose group that the row's own width, the other rows and the curves allow.

    The other univariable rows are taken to be of the patients whose blasts are known (their widths fit 38 events, the curves
    40 or more). Events of the others may lie in any group.

    Parameters
    ----------
    values : mapping of id to Printed
    excess : float
        How far a standard error may exceed its least; inferred.

    Returns
    -------
    pandas.DataFrame
        population, none, low (events in the row); high_least, high_most (of all given high doses); ward_none_least,
        ward_none_most, ward_low_least, ward_low_most (of all with CRS or ICANS); total_least, total_most (of everybody).

    Examples
    --------
    >>> from helpers.published.values import printed_values, published_values
    >>> found = event_counts(printed_values(published_values()))
    >>> known = found[(found["population"] == "known blasts") & (found["low"] < 12)]
    >>> known[["none", "low"]].values.tolist()[0]
    [17, 11]
    """
    table, own = _Table(values, excess), printed_result(values)
    found = []
    for ward in _wards(values, table):
        counts = dict(zip(POPULATIONS, ward.rows, strict=True))
        for population, (none, low) in counts.items():
            if low in event_splits(own.se, none + low, excess) and low < none:
                found.append((population, none, low, ward.high, *ward.rows[0], ward.total))
    frame = pd.DataFrame(found, columns=["population", "none", "low", "high", "ward_none", "ward_low", "total"])
    kept = frame.groupby(["population", "none", "low"], sort=True).agg(
        **{
            f"{name}_{end}": (name, how)
            for name in frame.columns[3:]
            for end, how in (("least", "min"), ("most", "max"))
        }
    )
    order = {name: i for i, name in enumerate(POPULATIONS)}
    return kept.reset_index().sort_values(
        "population", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )


class _Ward(NamedTuple):
    """Events of everybody: total, of the high doses, and (none, low) of each population."""

    total: int
    high: int
    rows: tuple[tuple[int, int], ...]


def _wards(values: Mapping[str, Printed], table: _Table) -> Iterator[_Ward]:
    """Give all ways to place the PFS events: by dose group and by whether blasts are known."""
    fits = fitting_formulas(*_printed_curve(values)).values()
    least = min(sum(min(span.events) for span in spans) for spans in fits)
    most = max(sum(max(span.events) for span in spans) for spans in fits) + LATER
    sizes = _sizes(values)
    for known, total in product(range(1, most + 1), range(least, most + 1)):
        unknown = total - known
        if not 0 <= unknown <= sizes["unknown"] or not table.fits("everyone", known):
            continue
        for with_crs in table.splits("crs", known):
            spared = known - with_crs
            if spared > sizes["spared"] or not table.fits("toxic", with_crs):
                continue
            for gc in range(2, with_crs):
                if table.fits("gc", gc):
                    yield from _placed(total, unknown, spared, with_crs - gc, gc, sizes)


def _placed(total: int, unknown: int, spared: int, none: int, gc: int, sizes: dict[str, int]) -> Iterator[_Ward]:
    """Share the events with GC among low and high doses, and those of unknown blasts among all groups."""
    for high, extra_none, extra_low, extra_high in product(
        range(min(gc, sizes["high"]) + 1), *[range(unknown + 1)] * 3
    ):
        rest = unknown - extra_none - extra_low - extra_high
        if rest < 0 or spared + rest > sizes["spared"] or high + extra_high > sizes["high"]:
            continue
        low = gc - high
        toxic = none + extra_none, low + extra_low
        known = none, low
        zero = none + extra_none + spared + rest, low + extra_low
        yield _Ward(total, high + extra_high, (toxic, known, zero, (none + spared, low)))


SIZES = {
    "all": "table1.n",
    "none": "results.multivariable.nongc.n",
    "low": "results.multivariable.low.n",
    "gc": "table2.gc.n",
    "spared": "results.efficacy.excluded.n",
    "unknown": "table1.blast.na.n",
}


def _sizes(values: Mapping[str, Printed]) -> dict[str, int]:
    sizes = {name: int(values[id].number) for name, id in SIZES.items()}
    return sizes | {"high": sizes["gc"] - sizes["low"]}


# ------------------------------------------------------------------ what the events need


def dose_group_sizes(values: Mapping[str, Printed]) -> pd.DataFrame:
    """Give how many of each dose group a population can hold: those of unknown blasts spread evenly, or all untreated.

    Returns
    -------
    pandas.DataFrame
        population, unknown (where those of unknown blasts are), n_low, n_none.

    Examples
    --------
    >>> from helpers.published.values import printed_values, published_values
    >>> dose_group_sizes(printed_values(published_values()))["n_none"].tolist()
    [49, 45, 38, 59, 54, 48]
    """
    sizes = _sizes(values)
    low, none, zero = sizes["low"], sizes["none"], sizes["none"] + sizes["spared"]
    known = 1 - sizes["unknown"] / sizes["all"]
    toxic, toxic_known, spared, spared_known = POPULATIONS
    rows = [
        (toxic, "", low, none),
        (toxic_known, "in all groups alike", round(low * known), round(none * known)),
        (toxic_known, "all untreated", low, none - sizes["unknown"]),
        (spared, "", low, zero),
        (spared_known, "in all groups alike", round(low * known), round(zero * known)),
        (spared_known, "all untreated", low, zero - sizes["unknown"]),
    ]
    return pd.DataFrame(rows, columns=["population", "unknown", "n_low", "n_none"])


def unequal_loss(
    values: Mapping[str, Printed], counts: pd.DataFrame | None = None, *, draws: int = 2000
) -> pd.DataFrame:
    """Tell for each possible number of events what it takes to give the printed row.

    Parameters
    ----------
    values : mapping of id to Printed
    counts : pandas.DataFrame, optional
        From :func:`event_counts`; computed if absent.
    draws : int
        Orders drawn for each row, with the fewest losses within the first year that the curve shows, in proportion to the
        groups' share of the patients.

    Returns
    -------
    pandas.DataFrame
        population, unknown, n_low, n_none, low, none (events); at_start and needed: ratio of low to none at risk, at the start
        and on average over the events; fewest: untreated children lost within the year beyond none of the low-dose group,
        whatever the order of events and the later follow-up; fewest_all: the same before the last event of either group;
        hr_low, hr_middle, hr_high: 95 % and median of the hazard ratio if losses are as frequent in both; share: of those
        draws that give a hazard ratio as low as printed.
    """
    counts = event_counts(values) if counts is None else counts
    printed, curve = printed_result(values), _Curve.of(values)
    rows = []
    for who in dose_group_sizes(values).itertuples(index=False):
        sizes = who.n_low, who.n_none
        gone = curve.lost_of(sum(sizes))
        for one in counts[counts["population"] == who.population].itertuples(index=False):
            needs = _needs(curve.groups(sizes, (one.low, one.none)), printed, gone, draws)
            rows.append((*who, one.low, one.none, *needs))
    columns = (
        "population unknown n_low n_none low none at_start needed fewest fewest_all hr_low hr_middle hr_high share"
    )
    return pd.DataFrame(rows, columns=columns.split())


def plain_heads(needs: pd.DataFrame) -> pd.DataFrame:
    """Lay out :func:`unequal_loss` for readers: heads in words, numbers rounded."""
    who = needs["population"] + needs["unknown"].map(lambda where: f" (unknown {where})" if where else "")
    return pd.DataFrame(
        {
            "who is in the row": who,
            "low-dose events": needs["low"],
            "untreated events": needs["none"],
            "ratio at the start": needs["at_start"].round(2),
            "needed": needs["needed"].round(2),
            "lost in the first year": needs["fewest"].round(1),
            "before the last event": needs["fewest_all"].round(1),
            "HR with equal loss": [f"{row.hr_low:.2f} to {row.hr_high:.2f}" for row in needs.itertuples()],
        }
    )


def _needs(groups: Groups, printed: Result, lost: int, draws: int) -> tuple[float, ...]:
    hr, highest = math.exp(sum(printed.log_hr) / 2), math.exp(printed.log_hr[1])
    drawn = proportional_orders(groups, lost, hr, draws=draws)[:, 0]
    return (
        groups.sizes[0] / groups.sizes[1],
        groups.events[0] / groups.events[1] / hr,
        fewest_lost(groups, printed),
        fewest_lost(replace(groups, early=sum(groups.events)), printed),
        *np.quantile(drawn, (0.025, 0.5, 0.975)),
        float(np.mean(drawn <= highest)),
    )


class _Curve(NamedTuple):
    """What the PFS curve of all patients says: n, most events of the first year, most events after it, fewest losses in it."""

    n: int
    early: int
    late: int
    lost: int

    @classmethod
    def of(cls, values: Mapping[str, Printed]) -> _Curve:
        rates, widths, n = _printed_curve(values)
        fits = fitting_formulas(rates, widths, n)
        early = max(max(spans[0].events) for spans in fits.values())
        late = max(sum(max(span.events) for span in spans[1:]) for spans in fits.values())
        watched = max(effective_patients(rates[0], widths[0], name)[1] for name in fits)
        return cls(n, early, late, n - math.floor(watched))

    def lost_of(self, patients: int) -> int:
        """Give the losses of some of the patients, if they are as frequent in all."""
        return round(self.lost * patients / self.n)

    def groups(self, sizes: tuple[int, int], events: tuple[int, int]) -> Groups:
        """Make two groups in which as many events as the curve allows come after the first year."""
        total = sum(events)
        return Groups(sizes, events, min(max(total - self.late, 0), self.early))


def _printed_curve(values: Mapping[str, Printed]) -> tuple[list[Printed], list[Printed], int]:
    rates, widths = ([values[f"results.efficacy.pfs_{y}y.{k}"] for y in (1, 2, 3)] for k in ("rate", "half_width"))
    return rates, widths, int(values["table1.n"].number)


def logrank_without_loss(
    values: Mapping[str, Printed], counts: pd.DataFrame | None = None, *, draws: int = 2000
) -> pd.DataFrame:
    """Give the log-rank p of low dose against none if losses are as frequent in both, by events of all with CRS or ICANS.

    The text says who is in that test, so that no population need be guessed.

    Returns
    -------
    pandas.DataFrame
        low, none (events); p_low, p_middle, p_high: 95 % and median; share: of the orders whose p is as low as printed.

    Examples
    --------
    >>> from helpers.published.values import printed_values, published_values
    >>> counts = pd.DataFrame({"ward_none_least": [17], "ward_none_most": [17], "ward_low_least": [11], "ward_low_most": [11]})
    >>> found = logrank_without_loss(printed_values(published_values()), counts, draws=200)
    >>> bool(found["p_low"].iloc[0] > 0.028)
    True
    """
    counts = event_counts(values) if counts is None else counts
    sizes, hr = _sizes(values), float(values[f"{ROW}.hr"].number)
    curve, most = _Curve.of(values), float(values[TEST].high)
    rows = []
    for events in _pairs(counts):
        groups = curve.groups((sizes["low"], sizes["none"]), events)
        drawn = proportional_orders(groups, curve.lost_of(sum(groups.sizes)), hr, draws=draws)
        p = chi2.sf(drawn[:, 2], 1)
        rows.append((*events, *np.quantile(p, (0.025, 0.5, 0.975)), float(np.mean(p <= most))))
    return pd.DataFrame(rows, columns=["low", "none", "p_low", "p_middle", "p_high", "share"])


def _pairs(counts: pd.DataFrame) -> list[tuple[int, int]]:
    """List the events (low, none) of the whole ward that some row of :func:`event_counts` spans."""
    found = set()
    for row in counts.itertuples(index=False):
        lows, nones = (
            range(row.ward_low_least, row.ward_low_most + 1),
            range(row.ward_none_least, row.ward_none_most + 1),
        )
        found |= set(product(lows, nones))
    return sorted(found)
