"""Who has what: one row of labels per patient, every printed count met jointly.

Labels are what Tables 1-5 count (sex, blasts of 5 % or more, GC group ...), not yet ages, doses or days: those follow
from the labels (:mod:`helpers.synthesis.details`). The calibration swaps labels and keeps their counts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from helpers.synthesis.draws import deal, pick
from helpers.synthesis.margins import CHOSEN, count, counts, printed

# relative chance of a higher peak CRS grade, and of GC-driving ICANS: the sicker get more treatment
GRADE_WEIGHT = {"none": 1.0, "low": 4.0, "high": 8.0}
BURDEN_AND_GRADE = 0.3  # rank correlation of blasts and the grade of CRS
BLASTS = ("ge50", "25_50", "5_25", "lt5", "na")
MRD = ("lt1e4", "1e4_1e3", "1e3_1e2", "ge1e2", "na")


def draw_labels(rng: np.random.Generator) -> pd.DataFrame:
    """Draw the labels of the 120 patients, index 0 ... 119.

    Returns
    -------
    DataFrame
        female, age_over, weight_over, transplant, allogeneic (bool); target, status, site, blast, mrd (text);
        crs, icans (0 none, 1, 2, 3 = grade 3 or more), crs4, icans4 (bool: that grade is 4), crs_open, icans_open (bool:
        not resolved); gc (none/low/high), late, long, tcz, rux (bool), response (CR/NR/ND).

    Examples
    --------
    >>> labels = draw_labels(np.random.default_rng(2025))
    >>> pd.crosstab(labels["gc"], labels["response"]).loc["low"].to_dict()
    {'CR': 41, 'ND': 4, 'NR': 1}
    """
    n, toxic = count("table1"), count("table2.crs.any")
    frame = pd.DataFrame(index=range(n))
    frame["toxic"] = np.arange(n) < toxic
    _treatment(frame, rng)
    _grades(frame, rng)
    _baseline(frame, rng)
    return frame


def _treatment(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """GC group, its onset and duration, TCZ, RUX and response: Tables 3 and 4 and the GC, TCZ, RUX rows of Table 2."""
    toxic = frame["toxic"].to_numpy()
    low, none = count("results.multivariable.low"), count("results.multivariable.nongc")
    groups = {"none": none, "low": low, "high": count("table2.gc") - low}
    frame["gc"] = deal(rng, groups, toxic)
    frame.loc[~toxic, "gc"] = "none"
    frame["response"] = _responses(frame, rng, groups)
    gc, cr, nr, nd = frame["gc"] != "none", *(frame["response"] == r for r in ("CR", "NR", "ND"))
    late = nr & gc
    late |= _picked(frame, rng, cr & gc, count("table4.onset_late.cr"))
    late |= _picked(frame, rng, nd & gc & toxic, CHOSEN["late_not_evaluable"])
    weight = np.where(frame["gc"] == "high", 50.0, 1.0)
    long = nr & gc
    long |= _picked(frame, rng, cr & gc, count("table4.dur_long.cr"), weight)
    long |= _picked(frame, rng, nd & gc & toxic, CHOSEN["long_not_evaluable"], weight)
    frame["late"], frame["long"] = late, long
    _other_agents(frame, rng, gc, cr, nr, nd & toxic)


def _responses(frame: pd.DataFrame, rng: np.random.Generator, groups: dict[str, int]) -> np.ndarray:
    cells = {
        "none": counts("table3.nongc", "cr", "nr"),
        "low": counts("table4.dose_low", "cr", "nr"),
        "high": counts("table4.dose_high", "cr", "nr"),
    }
    response = np.full(len(frame), "CR", dtype=object)  # those without CRS are in no table of responses
    for group, cell in cells.items():
        here = (frame["toxic"] & (frame["gc"] == group)).to_numpy()
        dealt = {"CR": cell["cr"], "NR": cell["nr"], "ND": groups[group] - sum(cell.values())}
        response[here] = deal(rng, dealt, here)[here]
    response[pick(rng, ~frame["toxic"].to_numpy(), 1)] = "ND"
    return response


def _other_agents(frame, rng, gc, cr, nr, nd) -> None:
    """TCZ and RUX: who has neither GC nor TCZ has RUX, but for those whom the print leaves untreated."""
    toxic = frame["toxic"]
    without = nr & gc  # no TCZ
    untreated = _picked(frame, rng, nr & ~gc, CHOSEN["untreated"])
    rux_only = _picked(frame, rng, cr & toxic & ~gc, CHOSEN["rux_only_cr"])
    gc_only = count("table3.nontcz.cr") - CHOSEN["rux_only_cr"]
    early_low = np.where(frame["gc"] == "low", 3.0, 1.0)
    without |= untreated | rux_only | _picked(frame, rng, cr & gc, gc_only, early_low)
    lost = int(toxic.sum()) - count("table2.tcz") - count("table3.nontcz.cr") - count("table3.nontcz.nr")
    without |= _picked(frame, rng, nd & gc, lost - 1) | _picked(frame, rng, nd & ~gc, 1)
    frame["tcz"] = toxic & ~without
    sick = frame["gc"].map(GRADE_WEIGHT).to_numpy()
    rux = rux_only | _picked(frame, rng, cr & toxic & ~rux_only, count("table3.rux.cr") - CHOSEN["rux_only_cr"], sick)
    outside = count("table2.immuno.any") - (int(toxic.sum()) - CHOSEN["untreated"])  # for GVHD, without CRS
    rux |= _picked(frame, rng, nd & ~gc & without, count("table2.rux") - count("table3.rux.cr") - outside)
    frame["rux"] = rux | _picked(frame, rng, ~toxic & cr, outside)
    frame["untreated"] = untreated


def _grades(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Peak CRS and ICANS grades, higher where more was given; unresolved ones among those lost before day 30.

    Severe CRS was given TCZ, and GC mostly; GC went to grade 2 or more, without TCZ to ICANS. The one ICANS of grade 4 had
    high-dose GC.
    """
    toxic, gc, lost = frame["toxic"].to_numpy(), frame["gc"] != "none", frame["response"] == "ND"
    given = (frame["gc"].map(GRADE_WEIGHT) * np.where(frame["tcz"], 1.0, 0.02)).to_numpy()
    able = toxic & ~frame["untreated"]
    severe = _picked(frame, rng, able & frame["tcz"], count("table2.crs.g3"), given**1.5)
    second = _picked(frame, rng, able & ~severe, count("table2.crs.g2"), np.where(gc, 1e6, given))
    frame["crs"] = np.select([severe, second, toxic], [3, 2, 1], 0)
    opened = round(count("table2.crs.any") * (1 - _share("table2.crs_resolution.pct")))
    frame["crs_open"] = _picked(frame, rng, toxic & lost & gc, opened, np.where(frame["long"], 1e6, 1.0))
    fatal = _picked(frame, rng, frame["crs_open"] & (frame["gc"] == "high"), CHOSEN["icans_grade_4"], frame["tcz"])
    frame["icans4"] = fatal
    others = round(count("table2.icans.any") * (1 - _share("table2.icans_resolution.pct"))) - int(fatal.sum())
    alone = gc & ~frame["tcz"]  # GC without TCZ: for ICANS
    frame["icans_open"] = fatal | _picked(frame, rng, frame["crs_open"] & ~fatal, others, np.where(alone, 1e6, 1.0))
    resolved = able & gc & ~frame["crs_open"]
    weight = frame["crs"].to_numpy() ** 2.0
    third = count("table2.icans.g3") - int(frame["icans_open"].sum())
    worst = frame["icans_open"] | _picked(frame, rng, resolved & frame["long"] & (frame["crs"] >= 2), third, weight)
    second = _picked(frame, rng, resolved & ~worst, count("table2.icans.g2"), np.where(alone, 1e6, weight))
    first = _picked(frame, rng, able & ~worst & ~second & ~frame["crs_open"], count("table2.icans.g1"), weight)
    frame["icans"] = np.select([worst, second, first], [3, 2, 1], 0)
    swap_grade(frame, fatal.to_numpy(), rng)
    give_grade_4(frame, rng)


def swap_grade(frame: pd.DataFrame, fatal: np.ndarray, rng: np.random.Generator) -> None:
    """See that a fatal CRS was severe: exchange its grade for that of somebody on TCZ and GC, in place."""
    for who in np.flatnonzero(fatal & (frame["crs"] < 3).to_numpy()):
        other = pick(rng, ((frame["crs"] == 3) & frame["tcz"] & (frame["gc"] != "none")).to_numpy(), 1)[0]
        frame.loc[frame.index[other], "crs"], frame.loc[frame.index[who], "crs"] = frame["crs"].iloc[who], 3


def give_grade_4(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Say who of those with CRS of grade 3 or more had grade 4, in place: with ICANS 4 first, most on high doses."""
    dire = frame["icans4"] | (frame["crs_open"] & (frame["icans"] == 3))
    weight = np.select([dire, frame["gc"] == "high", frame["gc"] == "low"], [1e6, 9.0, 1.0], 1e-3)
    frame["crs4"] = _picked(frame, rng, frame["crs"] == 3, CHOSEN["crs_grade_4"], weight)


def _share(id: str) -> float:
    return printed(id) / 100


def _baseline(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Table 1: blasts agree with MRD, extramedullary relapse goes with an empty marrow."""
    everyone = np.ones(len(frame), bool)
    frame["female"] = _picked(frame, rng, everyone, count("table1.female"))
    frame["age_over"] = _picked(frame, rng, everyone, CHOSEN["age_over_cut"])
    frame["weight_over"] = _weight_over(frame, rng)
    frame["target"] = deal(rng, counts("table1.target", "cd19", "cd19_22", "cd19_22_20"), everyone)
    frame["status"] = deal(rng, counts("table1.status", "refractory", "first", "second"), everyone)
    frame["transplant"] = _picked(
        frame,
        rng,
        everyone,
        count("table1.transplant_yes"),
        np.where(frame["status"] == "second", 6.0, 1.0) * (1 + 99 * (frame["rux"] & ~frame["toxic"])),
    )
    give_allogeneic(frame, rng)
    blasts = counts("table1.blast", *BLASTS)
    few = _picked(frame, rng, everyone, blasts["lt5"], np.where(frame["status"] == "refractory", 0.1, 1.0)).to_numpy()
    draw_marrow(frame, rng, few, _picked(frame, rng, ~few, blasts["na"]).to_numpy())


def give_allogeneic(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Give allogeneic cells to those transplanted before, whose donors they are of; the print has two more, in place."""
    everyone = np.ones(len(frame), bool)
    frame["allogeneic"] = _picked(
        frame, rng, everyone, count("table1.origin.allo"), np.where(frame["transplant"], 1e6, 1.0)
    )


def settle(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw anew what no printed survival statistic depends on, so that it suits the labels that were searched.

    Allogeneic cells follow transplantation, grade 4 the dose group, blasts the grade of CRS; counts stay as they are.
    """
    frame = frame.copy()
    give_allogeneic(frame, rng)
    give_grade_4(frame, rng)
    few, unknown = (frame["blast"] == "lt5").to_numpy(), (frame["blast"] == "na").to_numpy()
    draw_marrow(frame, rng, few, unknown)
    return frame


def _weight_over(frame: pd.DataFrame, rng: np.random.Generator, discordant: int = 9) -> pd.Series:
    """Heavier than the cut: the older half but for some slight ones, and some sturdy younger ones."""
    over = frame["age_over"] & ~_picked(frame, rng, frame["age_over"], discordant)
    return over | _picked(frame, rng, ~frame["age_over"], CHOSEN["weight_over_cut"] - int(over.sum()))


def boys_only(frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Swap the relapse sites of girls with a testicular relapse with those of boys, in place.

    Who relapsed outside the marrow swaps with another who did, so that blasts and sites still agree.
    """
    inside = frame["site"].str.startswith("bm").to_numpy()
    testis, boy = frame["site"].str.contains("testic").to_numpy(), ~frame["female"].to_numpy(bool)
    sites = frame["site"].to_numpy().copy()
    for here in (inside, ~inside & (sites != "")):
        girls = np.flatnonzero(testis & ~boy & here)
        boys = pick(rng, ~testis & boy & here, girls.size)
        sites[girls], sites[boys] = sites[boys], sites[girls]
    frame["site"] = sites


def draw_marrow(frame: pd.DataFrame, rng: np.random.Generator, few: np.ndarray, unknown: np.ndarray) -> None:
    """Draw relapse site, blast class and MRD class, in place, for those with few blasts (< 5 %) and unknown ones given.

    Relapse outside the marrow goes with few blasts; many blasts with an MRD of 1 % or more, or an unknown one.
    """
    sites = counts("table1.site", "bm", "bm_cns", "bm_testicle", "bm_cns_testicle", "cns", "testicle", "others")
    far = {name: sites[name] for name in ("cns", "testicle", "others")}
    relapsed = (frame["status"] != "refractory").to_numpy()
    outside = _picked(frame, rng, few & relapsed, sum(far.values()), np.where(frame["female"], 0.1, 1.0)).to_numpy()
    near = {name: n for name, n in sites.items() if name not in far}
    frame["site"] = np.where(outside, deal(rng, far, outside), deal(rng, near, relapsed & ~outside))
    boys_only(frame, rng)
    blasts, mrd = counts("table1.blast", *BLASTS), counts("table1.mrd", *MRD)
    many = ~few & ~unknown
    rest = {name: blasts[name] for name in ("ge50", "25_50", "5_25")}
    frame["blast"] = np.select([few, unknown], ["lt5", "na"], _by_severity(frame, rng, rest, few, many))
    lower = {name: mrd[name] for name in ("lt1e4", "1e4_1e3", "1e3_1e2")}
    unmeasured = (_picked(frame, rng, many, mrd["na"] - 4) | _picked(frame, rng, unknown, 4)).to_numpy()
    some = _picked(frame, rng, few & ~outside, mrd["ge1e2"] - int((many & ~unmeasured).sum())).to_numpy()
    left = (few | unknown) & ~unmeasured & ~some
    frame["mrd"] = np.where(unmeasured, "na", np.where(left, deal(rng, lower, left), "ge1e2"))


def _by_severity(frame: pd.DataFrame, rng, classes: dict[str, int], few: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Deal classes of blasts, so that all of them and the grades of CRS go together as at the bedside.

    Of some deals, each by grade and chance, the one whose rank correlation is nearest to :data:`BURDEN_AND_GRADE`.
    """
    where, names = np.flatnonzero(among), np.repeat(np.array(list(classes), dtype=object), list(classes.values()))
    rank = {name: k for k, name in enumerate(reversed([*classes, "few"]))}
    known, best, nearest = few | among, np.full(len(frame), "", dtype=object), np.inf
    for spread in np.linspace(0.3, 4.0, 40):
        out = np.where(few, "few", "").astype(object)
        line = frame["crs"].to_numpy()[where] + rng.normal(0, spread, where.size)
        out[where[np.argsort(-line, kind="stable")]] = names
        found = spearmanr([rank[name] for name in out[known]], frame["crs"][known]).statistic
        if abs(found - BURDEN_AND_GRADE) < nearest:
            best, nearest = out, abs(found - BURDEN_AND_GRADE)
    return best


def _picked(frame: pd.DataFrame, rng, among, n: int, weight=None) -> pd.Series:
    """Pick *n* patients as a boolean column."""
    out = np.zeros(len(frame), bool)
    out[pick(rng, np.asarray(among, bool), n, None if weight is None else np.asarray(weight, float))] = True
    return pd.Series(out, index=frame.index)
