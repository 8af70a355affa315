"""Supplementary Table 1: incidence and severity of CRS and ICANS by target of the CAR T cells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from helpers.estimate.contingency import fisher
from helpers.estimate.groups import kruskal_wallis
from helpers.results.comparisons import within
from helpers.results.measures import count_and_percent
from helpers.results.populations import is_no, is_yes, needed_frame
from helpers.results.registry import family
from helpers.results.table1 import OTHER_TARGETS, TARGETS
from helpers.results.table3 import PRINTED, stated_test, test_of
from helpers.results.value import Value

if TYPE_CHECKING:
    from helpers.cohort.derive import Analysis

GRADES = {"any": (1, 5), "g1": (1, 1), "g2": (2, 2), "g3": (3, 5)}
EVENTS = ("crs", "icans")
MISSING = "–"
LABELS = {"any": "Any grade", "g1": "Grade 1", "g2": "Grade 2", "g3": "Grade ≥3"}


def targets_present(analysis: Analysis) -> dict[str, str]:
    """List the targets of the print, then those others of the dictionary that somebody has: part of the id, label."""
    has = set(needed_frame(analysis, "car_target")["car_target"].dropna())
    return TARGETS | {key: target for key, target in OTHER_TARGETS.items() if target in has}


def _cells(analysis: Analysis, event: str) -> dict[str, Value]:
    frame = needed_frame(analysis, f"{event}_grade", "car_target")
    found = {}
    for key, target in targets_present(analysis).items():
        among = is_yes(frame["car_target"] == target)
        for grade, (low, high) in GRADES.items():
            cells = frame[event] if grade == "any" else frame[f"{event}_grade"].between(low, high)
            for measure, value in count_and_percent(cells, among).items():
                who = within(analysis, "all", "target", key)
                found[f"extra.stable1.{event}.{key}.{grade}.{measure}"] = replace(value, population=who)
    return found


def _tests(analysis: Analysis, event: str) -> dict[str, Value]:
    frame = analysis.frame
    members = {label: is_yes(frame["car_target"] == label) for label in targets_present(analysis).values()}
    had, not_had = is_yes(frame[event]), is_no(frame[event])
    table = [[int((inside & had).sum()), int((inside & not_had).sum())] for inside in members.values()]
    incidence, severity = test_of(analysis, table, list(members)), _severity(frame[f"{event}_grade"], members)
    return {
        f"extra.stable1.{event}.incidence.p": replace(incidence, missing=len(frame) - (incidence.n or 0)),
        f"extra.stable1.{event}.severity.p": replace(severity, missing=len(frame) - (severity.n or 0)),
    }


def _severity(grade: pd.Series, members: dict[str, pd.Series]) -> Value:
    samples = [grade[inside].dropna().to_numpy(float) for inside in members.values() if inside.any()]
    total = sum(map(len, samples))
    if len(samples) < 2 or len({value for sample in samples for value in sample}) < 2:
        return Value("", None, "fewer than two groups, or one grade only", n=total)
    method = "Kruskal-Wallis on the grade, none = 0"
    return Value("", kruskal_wallis(*samples).p, n=total, method=method)


def _ids(event: str) -> list[str]:
    cells = [f"{key}.{grade}.{m}" for key in TARGETS for grade in GRADES for m in ("n", "pct")]
    return [f"extra.stable1.{event}.{cell}" for cell in [*cells, "incidence.p", "severity.p"]]


@family(*_ids("crs"), population="all", method=PRINTED, stated=stated_test("all"), depends=["chi_square"],
        reason="the text says no significant difference; the table itself is not in the article",
        needs=["crs_grade", "car_target"])  # fmt: skip
def crs_by_target(analysis: Analysis) -> dict[str, Value]:
    """CRS by target."""
    return _cells(analysis, "crs") | _tests(analysis, "crs")


@family(*_ids("icans"), population="all", method=PRINTED, stated=stated_test("all"), depends=["chi_square"],
        reason="the text says no significant difference; the table itself is not in the article",
        needs=["icans_grade", "car_target"])  # fmt: skip
def icans_by_target(analysis: Analysis) -> dict[str, Value]:
    """ICANS by target."""
    return _cells(analysis, "icans") | _tests(analysis, "icans")


def target_toxicity_table(analysis: Analysis) -> pd.DataFrame:
    """Lay out S-Table 1: event, grade, then n and pct for each target, p of incidence and of severity."""
    rows = []
    needed_frame(analysis, "car_target")
    recorded = [event for event in EVENTS if f"{event}_grade" in analysis.frame]
    if not recorded:
        needed_frame(analysis, "crs_grade", "icans_grade")
    for event in recorded:
        cells, tests = _cells(analysis, event), _tests(analysis, event)
        for grade, label in LABELS.items():
            row = {"event": event.upper(), "grade": label}
            for key, target in targets_present(analysis).items():
                for measure in ("n", "pct"):
                    row[f"{target} {measure}"] = cells[f"extra.stable1.{event}.{key}.{grade}.{measure}"].value
            for test in ("incidence", "severity"):
                row[f"p {test}"] = tests[f"extra.stable1.{event}.{test}.p"].value
            rows.append(row)
    numbers = [column for column in rows[0] if column not in ("event", "grade")]
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, float))


def target_tests(analysis: Analysis) -> pd.DataFrame:
    """Lay out the tests of S-Table 1 and how wide the incidence of each target is known.

    Returns
    -------
    pandas.DataFrame
        event, incidence (p by the convention asked for), exact (p of the same counts, Freeman–Halton), severity (p,
        Kruskal-Wallis), then for each target that occurs Wilson's interval of the incidence, in words (percent).
    """
    frame, rows = needed_frame(analysis, "car_target"), []
    recorded = [event for event in EVENTS if f"{event}_grade" in frame]
    if not recorded:
        needed_frame(analysis, "crs_grade", "icans_grade")
    groups = {label: is_yes(frame["car_target"] == label) for label in targets_present(analysis).values()}
    groups = {label: members for label, members in groups.items() if members.any()}
    for event in recorded:
        had, not_had, found = is_yes(frame[event]), is_no(frame[event]), _tests(analysis, event)
        counts = [[int((members & had).sum()), int((members & not_had).sum())] for members in groups.values()]
        usable = len(counts) > 1 and all(any(line) for line in [*counts, *zip(*counts, strict=True)])
        p = {kind: found[f"extra.stable1.{event}.{kind}.p"].value for kind in ("incidence", "severity")}
        row = {"event": event.upper(), "incidence": p["incidence"], "exact": fisher(counts) if usable else None}
        for label, (with_it, without) in zip(groups, counts, strict=True):
            if not with_it + without:
                row[label] = MISSING
                continue
            low, high = proportion_confint(with_it, with_it + without, analysis.parameters.alpha, method="wilson")
            row[label] = f"{100 * low:.0f} to {100 * high:.0f}"
        rows.append(row | {"severity": p["severity"]})
    table = pd.DataFrame(rows).astype(dict.fromkeys(("incidence", "exact", "severity"), float))
    return table[["event", "incidence", "exact", "severity", *groups]]
