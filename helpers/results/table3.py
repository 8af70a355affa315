"""Table 3: day 30 response by GC, TCZ and RUX. Complete response (CR or CRi) against none (PR or NR)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from helpers.estimate.contingency import asked_for, fisher, fisher_test, pearson, yates
from helpers.results.comparisons import within
from helpers.results.measures import count_and_percent
from helpers.results.populations import in_population, is_no, is_yes, named_population, needed_frame
from helpers.results.registry import AGENT, GC, family
from helpers.results.value import Reading, Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

AGENT_COLUMNS = ("gc", "tcz", "rux")
PRINTED = "chi-square; 2x2 with continuity correction, larger tables without"
WHY = "all five printed p of 2x2 tables are continuity-corrected (the default of R, and printed by SPSS), that of the 2x3 table is Pearson's"
TEXTBOOK = "Pearson's chi-square, continuity-corrected if an expected count is below 5, Fisher's exact test if below 1 or n < 40"
TEXTBOOK_WHY = "Methods: chi-squared test, Fisher's exact test if necessary; the textbook rule says when"


def stated_test(population: str, suffix: str = "") -> Reading:
    """Declare a test of counts as the Methods state it, on the patients of that test."""
    return Reading(population, TEXTBOOK + suffix, TEXTBOOK_WHY)


STATED = stated_test("evaluable")
TESTS = {
    "pearson": (pearson, "Pearson's chi-square"),
    "yates": (yates, "chi-square with continuity correction"),
    "fisher": (fisher, "Fisher's exact test"),
}


def compare_response(analysis: Analysis, groups: Mapping[str, pd.Series], among: pd.Series) -> Value:
    """Test whether response differs between groups, by the convention that the parameters and the reading ask for.

    Parameters
    ----------
    analysis : Analysis
    groups : mapping of str to Series of bool
        Label and members of each group; without overlap.
    among : Series of bool
        Patients whose response counts.
    """
    cr = is_yes(analysis.frame["cr"])
    return compare_outcome(analysis, groups, among, cr)


def compare_outcome(analysis: Analysis, groups: Mapping[str, pd.Series], among: pd.Series, outcome: pd.Series) -> Value:
    """Test whether a yes/no *outcome* differs between groups; who of *among* is in no group counts as missing."""
    table = [[int((m & among & outcome).sum()), int((m & among & ~outcome).sum())] for m in groups.values()]
    nowhere = among.copy()
    for members in groups.values():
        nowhere &= ~members
    return replace(test_of(analysis, table, list(groups)), missing=int(nowhere.sum()))


def test_of(analysis: Analysis, table: list[list[int]], labels: list[str]) -> Value:
    """Test a contingency table of counts; a table with an empty group or a single outcome has no p."""
    total = sum(map(sum, table))
    empty = [label for label, row in zip(labels, table, strict=True) if sum(row) == 0]
    if empty:
        return Value("", None, f"no patient in group {', '.join(empty)}", n=total)
    if sum(any(column) for column in zip(*table, strict=True)) < 2:
        return Value("", None, "all patients have the same outcome: nothing to compare", n=total)
    test, method = TESTS[test_convention(analysis, table)]
    if test is fisher:
        exact = fisher_test(table)
        return Value("", exact.p, n=total, method=exact.method)
    return Value("", test(table), n=total, method=method)


def test_convention(analysis: Analysis, table: list[list[int]]) -> str:
    """Name the test of a table: pearson, yates or fisher."""
    asked = analysis.parameters.chi_square
    if asked == "printed" and analysis.reading == "stated":
        return asked_for(table).lower()
    if asked in ("printed", "yates"):
        return "yates" if len(table) == 2 and len(table[0]) == 2 else "pearson"
    return asked


def responder_counts(analysis: Analysis, place: str, members: pd.Series, population: str) -> dict[str, Value]:
    """Count complete responders and the others of a group, named by *population*, among the evaluable: ``<place>.cr`` and ``<place>.nr``."""
    evaluable, cr = in_population(analysis, "evaluable"), is_yes(analysis.frame["cr"])
    among = evaluable & members
    counted = {"cr": count_and_percent(cr, among)["n"], "nr": count_and_percent(~cr, among)["n"]}
    return {f"{place}.{name}": replace(value, population=population) for name, value in counted.items()}


def by_agent(analysis: Analysis, agent: str) -> dict[str, pd.Series]:
    """Tell who was given an agent (gc, tcz, rux) and who was not; of whom it is unknown is in neither."""
    given, name = needed_frame(analysis, agent)[agent], agent.upper()
    return {name: is_yes(given), f"no {name}": is_no(given)}


def _rows(agent: str) -> tuple[tuple[str, str], ...]:
    """List the groups of :func:`by_agent` as the rows of the print and as parts of ids."""
    return (agent, agent), (f"non{agent}", f"no_{agent}")


def _agent(analysis: Analysis, agent: str) -> dict[str, Value]:
    groups, found = by_agent(analysis, agent), {}
    for (row, key), members in zip(_rows(agent), groups.values(), strict=True):
        found |= responder_counts(analysis, f"table3.{row}", members, within(analysis, "evaluable", agent, key))
    return found | {f"table3.{agent}.p": compare_response(analysis, groups, in_population(analysis, "evaluable"))}


def _ids(agent: str) -> list[str]:
    return [*(f"table3.{prefix}{agent}.{m}" for prefix in ("", "non") for m in ("cr", "nr")), f"table3.{agent}.p"]


@family(*_ids("gc"), population="evaluable", method=PRINTED, reason=WHY, stated=STATED, depends=[*GC, "chi_square"],
        needs=["gc", "cr"])  # fmt: skip
def response_by_gc(analysis: Analysis) -> dict[str, Value]:
    """Response by GC."""
    return _agent(analysis, "gc")


@family(*_ids("tcz"), population="evaluable", method=PRINTED, stated=STATED, depends=[*AGENT, "chi_square"],
        reason=f"{WHY}; the text has this p for RUX", needs=["tcz", "cr"])  # fmt: skip
def response_by_tcz(analysis: Analysis) -> dict[str, Value]:
    """Response by tocilizumab."""
    return _agent(analysis, "tcz")


@family(*_ids("rux"), population="evaluable", method=PRINTED, stated=STATED, depends=[*AGENT, "chi_square"],
        reason=f"{WHY}; the text has this p for TCZ", needs=["rux", "cr"])  # fmt: skip
def response_by_rux(analysis: Analysis) -> dict[str, Value]:
    """Response by ruxolitinib."""
    return _agent(analysis, "rux")


@family(
    "results.efficacy.evaluable.n",
    *(f"results.efficacy.{answer}.{measure}" for answer in ("cr", "nr") for measure in ("n", "pct")),
    population="evaluable",
    method="count; % of those whose response was assessed",
    reason="93 of 101 are the printed 92.08%",
    needs=["cr"],
)
def overall_response(analysis: Analysis) -> dict[str, Value]:
    """Response of all whose response was assessed."""
    evaluable, cr = in_population(analysis, "evaluable"), is_yes(analysis.frame["cr"])
    who = in_population(analysis, "toxicity")
    counted = replace(count_and_percent(evaluable, who)["n"], population=named_population(analysis, "toxicity"))
    found = {"results.efficacy.evaluable.n": counted}
    for answer, mask in (("cr", cr), ("nr", ~cr)):
        found |= {f"results.efficacy.{answer}.{m}": value for m, value in count_and_percent(mask, evaluable).items()}
    return found


@family(
    *(f"results.efficacy.{group}.{measure}" for group in ("gc", "nongc") for measure in ("n", "crr.pct")),
    population="evaluable",
    method="count; % of those whose response was assessed",
    depends=GC,
    needs=["gc", "cr"],
)
def response_rates(analysis: Analysis) -> dict[str, Value]:
    """Response rates with and without GC."""
    evaluable, cr = in_population(analysis, "evaluable"), is_yes(analysis.frame["cr"])
    known, found = analysis.frame["gc"].notna(), {}
    for (group, key), members in zip(_rows("gc"), by_agent(analysis, "gc").values(), strict=True):
        found[f"results.efficacy.{group}.n"] = count_and_percent(members, evaluable, known=known)["n"]
        share = count_and_percent(cr, evaluable & members)["pct"]
        found[f"results.efficacy.{group}.crr.pct"] = replace(share, population=within(analysis, "evaluable", "gc", key))
    return found


def response_counts(analysis: Analysis, groups: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Count CR, NR and not assessed in each group of the patients with toxicity.

    Returns
    -------
    pandas.DataFrame
        Index group; columns CR, NR, not done (counts).
    """
    among, known = in_population(analysis, "toxicity"), in_population(analysis, "evaluable")
    cr = is_yes(analysis.frame["cr"])
    rows = {
        label: [int((members & among & part).sum()) for part in (known & cr, known & ~cr, ~known)]
        for label, members in groups.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["CR", "NR", "not done"]).rename_axis("group")


def table3_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out Table 3: comparison, group, CR, NR, not done, p (that of the comparison); agents that the cohort recorded.

    Raises
    ------
    NotAvailable
        If the cohort has no response, or none of the agents.
    """
    needed_frame(analysis, "cr")
    recorded = [agent for agent in AGENT_COLUMNS if agent in analysis.frame]
    if not recorded:
        needed_frame(analysis, *AGENT_COLUMNS)
    comparisons = {}
    for agent in recorded:
        given, not_given = by_agent(analysis, agent).values()
        comparisons[agent.upper()] = ({agent.upper(): given, f"no {agent.upper()}": not_given}, "evaluable")
    return comparison_frame(analysis, comparisons)


# --------------------------------------------------------------------------------------- response without residual disease


def mrd_negative(analysis: Analysis) -> pd.Series:
    """Tell who reached CR or CRi without minimal residual disease at day 30: yes, no, or missing.

    Returns
    -------
    pandas.Series of boolean
        Without a complete response no, whatever was measured; with one and without a measurement of MRD missing.
    """
    frame = needed_frame(analysis, "cr", "mrd_day30_negative")
    return frame["cr"].astype("boolean") & frame["mrd_day30_negative"].astype("boolean")


_MRD = "extra.table3.mrd_negative_cr"


@family(
    *(f"{_MRD}.{group}.{m}" for agent in AGENT_COLUMNS for group in (agent, f"non{agent}") for m in ("n", "pct")),
    *(f"{_MRD}.{agent}.p" for agent in AGENT_COLUMNS),
    population="evaluable",
    method="count; % of those assessed in whom it is known; " + PRINTED,
    reason="the paper does not say how many complete responses were without residual disease; below 10⁻⁴ is negative",
    depends=[*GC, "chi_square"],
    needs=["cr", "mrd_day30_negative"],
)
def mrd_negative_response(analysis: Analysis) -> dict[str, Value]:
    """Complete response without residual disease at day 30, by GC, TCZ and RUX."""
    answer, found = mrd_negative(analysis), {}
    evaluable = in_population(analysis, "evaluable")
    known = evaluable & answer.notna()
    for agent in AGENT_COLUMNS:
        if agent not in analysis.frame:
            continue
        groups = by_agent(analysis, agent)
        for (group, key), members in zip(_rows(agent), groups.values(), strict=True):
            missing, who = int((evaluable & members & answer.isna()).sum()), within(analysis, "evaluable", agent, key)
            for measure, value in count_and_percent(answer, known & members).items():
                found[f"{_MRD}.{group}.{measure}"] = replace(value, missing=missing, population=who)
        tested = compare_outcome(analysis, groups, known, is_yes(answer))
        found[f"{_MRD}.{agent}.p"] = replace(tested, missing=int(evaluable.sum()) - (tested.n or 0))
    return found


def mrd_frame(analysis: Analysis) -> pd.DataFrame:
    """Lay out complete response without residual disease: comparison, group, MRD-negative CR, other, unknown, p, method, reason."""
    answer, evaluable = mrd_negative(analysis), in_population(analysis, "evaluable")
    values, rows = mrd_negative_response(analysis), []
    for agent in AGENT_COLUMNS:
        if agent not in analysis.frame:
            continue
        test = values[f"{_MRD}.{agent}.p"]
        for group, members in by_agent(analysis, agent).items():
            among = members & evaluable
            cells = [int((among & part).sum()) for part in (is_yes(answer), is_no(answer), answer.isna())]
            rows.append([agent.upper(), group, *cells, test.value, test.method, test.reason])
    columns = ["comparison", "group", "MRD-negative CR", "other", "unknown", "p", "method", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"p": float})


def comparison_frame(
    analysis: Analysis, comparisons: Mapping[str, tuple[Mapping[str, pd.Series], str]]
) -> pd.DataFrame:
    """Lay out several comparisons of response under one another, each with its p and test."""
    parts = []
    for name, (groups, among) in comparisons.items():
        found = compare_response(analysis, groups, in_population(analysis, among))
        part = response_counts(analysis, groups).reset_index()
        part.insert(0, "comparison", name)
        p = math.nan if found.value is None else found.value
        parts.append(part.assign(p=p, method=found.method, reason=found.reason))
    return pd.concat(parts, ignore_index=True)
