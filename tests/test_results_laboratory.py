"""Figure 2 and S-Figures 3 and 5 on series small enough to work out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy.stats import wilcoxon
from stand_in import stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.schema import Cohort
from helpers.problems import NotAvailable
from helpers.results import figure2
from helpers.results.registry import compute


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(stand_in())


def few(labs: dict, first_dose_at: str | None = "12:00") -> Analysis:
    """Two patients given GC on day 5, the second tocilizumab on day 6."""
    treatments = {"patient_id": ["SYN-001", "SYN-002", "SYN-002"], "agent": ["methylprednisolone", "methylprednisolone", "tocilizumab"],
                  "day": [5.0, 5.0, 6.0], "dose_mg": [40.0] * 3, "time": [first_dose_at] * 3}  # fmt: skip
    tables = {
        "patients": pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "weight_kg": [20.0, 20.0]}),
        "treatments": pd.DataFrame(treatments),
        "labs": pd.DataFrame(labs),
    }
    return analyse(Cohort("two", "infusion", True, "", "", tables))


def series(days: list[float], times: list[str | None], values: list[float]) -> dict:
    return {"patient_id": ["SYN-001"] * len(days), "day": days, "time": times, "analyte": ["CRP"] * len(days), "value": values,
            "unit": ["mg/L"] * len(days)}  # fmt: skip


@pytest.mark.parametrize(
    ("times", "before"),
    [
        (["06:00", "06:00", "18:00", "06:00"], 20.0),  # the morning of day 5, not its evening
        (["06:00", "13:00", "18:00", "06:00"], 10.0),  # nothing of day 5 before the dose: day 4
        (["06:00", None, "18:00", "06:00"], 20.0),  # no time known: the day counts as before
    ],
)
def test_before_is_the_last_sample_ahead_of_the_first_dose(times, before):
    found = figure2.pairs(few(series([4.0, 5.0, 5.0, 6.0], times, [10.0, 20.0, 99.0, 5.0])))
    assert found.loc[found["day"] == 1, ["value_before", "value_after"]].to_numpy().tolist() == [[before, 5.0]]


def test_a_sample_older_than_two_days_is_not_before():
    with pytest.raises(NotAvailable, match="no samples before and after GC"):
        figure2.pairs(few(series([2.0, 6.0], ["06:00", "06:00"], [10.0, 20.0])))


def test_a_sample_after_tocilizumab_is_flagged():
    labs = series([4.0, 6.0, 8.0], ["06:00"] * 3, [10.0, 20.0, 5.0])
    labs["patient_id"] = ["SYN-002"] * 3
    found = figure2.labs(few(labs))
    assert found["after_tcz"].tolist() == [False, False, True]  # the day of the infusion itself does not count
    assert found["gc_day"].tolist() == [-1, 1, 3]


def test_the_paired_test_is_the_one_that_normality_chooses(analysis):
    table = figure2.paired(analysis)
    row = table[(table["analyte"] == "IL-6") & (table["day"] == 3)].iloc[0]
    pairs = figure2.pairs(analysis).query("analyte == 'IL-6' and day == 3")
    gains = (pairs["ranked_after"] - pairs["ranked_before"]).to_numpy()
    assert row["test"] == "Wilcoxon signed-rank test"
    expected = wilcoxon(gains[gains != 0], method="asymptotic", correction=False).pvalue
    assert row["p"] == pytest.approx(expected, rel=1e-9)
    assert row["n"] == len(pairs)
    assert row["fell"] == pytest.approx((gains < 0).mean())


def test_adjustment_runs_over_the_nine_analytes_of_a_day(analysis):
    table = figure2.paired(analysis)
    assert {tuple(part) for _, part in table.groupby("day")["analyte"]} == {figure2.ANALYTES}
    day = table[table["day"] == 1]
    smallest = day["p"].idxmin()
    assert day.loc[smallest, "p_holm"] == pytest.approx(min(1, 9 * day.loc[smallest, "p"]))
    assert (table["p_bh"] <= table["p_holm"] + 1e-12).all()


def test_with_and_without_gc_are_compared_on_each_day_and_at_the_peak(analysis):
    table = figure2.by_gc(analysis)
    assert list(table["day"].unique()) == ["0", "3", "7", "10", "14", "peak"]  # the stand-in has no day 21
    peak = table[table["day"] == "peak"].set_index("analyte")
    rows = figure2.labs(analysis)
    rows = rows[rows["toxicity"] & (rows["analyte"] == "CRP") & (rows["gc"] == "GC")]
    assert peak.loc["CRP", "median_gc"] == pytest.approx(rows.groupby("patient_id")["value"].max().median())
    assert peak.loc["CRP", "n_gc"] + peak.loc["CRP", "n_nongc"] == 110


def test_dose_groups_are_compared_by_their_change(analysis):
    row = figure2.by_dose(analysis).set_index("analyte").loc["IL-6"]
    pairs = figure2.pairs(analysis).query("analyte == 'IL-6' and day == 3 and dose_before == 'low'")
    assert row["median_low"] == pytest.approx((pairs["value_after"] - pairs["value_before"]).median())


@pytest.mark.parametrize(("by", "groups"), [("gc", {"GC", "no GC"}), ("dose", {"low", "high"}), ("course", {"GC"})])
def test_trajectories_say_what_lies_below_detection(analysis, by, groups):
    table = figure2.trajectories(analysis, by)
    assert set(table["group"]) == groups
    assert table["n"].min() >= 3
    assert table["below"].between(0, 1).all()
    assert set(table["limit"].dropna()) == {2.5}
    assert (table["median_censored"] == (table["below"] >= 0.5)).all()


def test_an_analyte_that_was_not_measured_is_not_computable(analysis):
    labs = analysis.cohort.tables["labs"]
    without = Cohort(
        "no-pct", "infusion", True, "", "", {**analysis.cohort.tables, "labs": labs[labs["analyte"] != "PCT"]}
    )
    found = compute(analyse(without), ["extra.figure2.pct.day1.p", "extra.figure2.il_6.day1.p"])
    assert found["extra.figure2.pct.day1.p"].value is None
    assert found["extra.figure2.il_6.day1.p"].value is not None
