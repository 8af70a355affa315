"""Figure 2 and S-Figures 3 and 5 on series small enough to work out by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from scipy.stats import wilcoxon
from stand_in import stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.schema import Cohort
from helpers.display.laboratory_figure import plot_trajectories
from helpers.estimate.groups import paired_t, paired_wilcoxon
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
    found = figure2.sample_pairs(few(series([4.0, 5.0, 5.0, 6.0], times, [10.0, 20.0, 99.0, 5.0])))
    assert found.loc[found["day"] == 1, ["value_before", "value_after"]].to_numpy().tolist() == [[before, 5.0]]


def test_a_sample_older_than_two_days_is_not_before():
    with pytest.raises(NotAvailable, match="no samples before and after GC"):
        figure2.sample_pairs(few(series([2.0, 6.0], ["06:00", "06:00"], [10.0, 20.0])))


def test_a_sample_after_tocilizumab_is_flagged():
    labs = series([4.0, 6.0, 8.0], ["06:00"] * 3, [10.0, 20.0, 5.0])
    labs["patient_id"] = ["SYN-002"] * 3
    found = figure2.lab_measurements(few(labs))
    assert found["after_tcz"].tolist() == [False, False, True]  # the day of the infusion itself does not count
    assert found["gc_day"].tolist() == [-1, 1, 3]


def test_the_paired_test_is_the_one_that_normality_chooses(analysis):
    table = figure2.paired_tests(analysis)
    row = table[(table["analyte"] == "IL-6") & (table["day"] == 3)].iloc[0]
    pairs = figure2.sample_pairs(analysis).query("analyte == 'IL-6' and day == 3")
    gains = (pairs["ranked_after"] - pairs["ranked_before"]).to_numpy()
    assert row["test"] == "Wilcoxon signed-rank test"
    expected = wilcoxon(gains[gains != 0], method="asymptotic", correction=False).pvalue
    assert row["p"] == pytest.approx(expected, rel=1e-9)
    assert row["n"] == len(pairs)
    assert row["fell"] == pytest.approx((gains < 0).mean())


def test_adjustment_runs_over_the_nine_analytes_of_a_day(analysis):
    table = figure2.paired_tests(analysis)
    assert {tuple(part) for _, part in table.groupby("day")["analyte"]} == {figure2.ANALYTES}
    day = table[table["day"] == 1]
    smallest = day["p"].idxmin()
    assert day.loc[smallest, "p_holm"] == pytest.approx(min(1, 9 * day.loc[smallest, "p"]))
    assert (table["p_bh"] <= table["p_holm"] + 1e-12).all()


def test_with_and_without_gc_are_compared_on_each_day_and_at_the_peak(analysis):
    table = figure2.by_gc(analysis)
    assert list(table["day"].unique()) == ["0", "3", "7", "10", "14", "peak"]  # the stand-in has no day 21
    peak = table[table["day"] == "peak"].set_index("analyte")
    rows = figure2.lab_measurements(analysis)
    rows = rows[rows["toxicity"] & (rows["analyte"] == "CRP") & (rows["gc"] == "GC")]
    assert peak.loc["CRP", "median_gc"] == pytest.approx(rows.groupby("patient_id")["value"].max().median())
    assert peak.loc["CRP", "n_gc"] + peak.loc["CRP", "n_nongc"] == 110


def test_dose_groups_are_compared_by_their_change(analysis):
    row = figure2.by_dose(analysis).set_index("analyte").loc["IL-6"]
    pairs = figure2.sample_pairs(analysis).query("analyte == 'IL-6' and day == 3 and dose_before == 'low'")
    assert row["median_low"] == pytest.approx((pairs["value_after"] - pairs["value_before"]).median())


@pytest.mark.parametrize(("by", "groups"), [("gc", {"GC", "no GC"}), ("dose", {"low", "high"}), ("course", {"GC"})])
def test_trajectories_say_what_lies_below_detection(analysis, by, groups):
    table = figure2.analyte_trajectories(analysis, by)
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


# ------------------------------------------------------------------------------------ other cohorts than the default one


def others(labs: dict, treatments: dict | None = None, recorded: dict | None = None, n: int = 4) -> Analysis:
    ids = [f"SYN-{number:03d}" for number in range(1, n + 1)]
    tables = {"patients": pd.DataFrame({"patient_id": ids, "weight_kg": [20.0] * n}), "labs": pd.DataFrame(labs)}
    if treatments is not None:
        tables["treatments"] = pd.DataFrame(treatments).astype({"day": float})
    return analyse(Cohort("others", "infusion", True, "", "", tables, recorded=recorded or {}))


def long(values: dict, unit: str = "µg/L", analyte: str = "sIL-2R") -> dict:
    """Lay ``{patient number: {day: value}}`` out as rows of labs."""
    rows = [(f"SYN-{who:03d}", float(day), value) for who, series in values.items() for day, value in series.items()]
    who, days, numbers = zip(*rows, strict=True)
    return {
        "patient_id": who,
        "day": days,
        "analyte": [analyte] * len(rows),
        "value": numbers,
        "unit": [unit] * len(rows),
    }


GIVEN = {
    "patient_id": ["SYN-001", "SYN-002", "SYN-003"],
    "agent": ["methylprednisolone"] * 3,
    "day": [2, 2, 2],
    "dose_mg": [20.0] * 3,
}


def test_an_analyte_beyond_the_print_has_its_own_values():
    labs = long({1: {1: 80.0, 3: 40.0}, 2: {1: 60.0, 3: 30.0}, 3: {1: 90.0, 3: 45.0}, 4: {1: 10.0, 3: 20.0}})
    analysis = others(labs, GIVEN)
    assert figure2.analytes_measured(analysis) == ("sIL-2R",)
    found = compute(analysis)
    assert found["extra.figure2.sil_2r.day1.median_before"].value == 80
    assert found["extra.figure2.sil_2r.day1.ratio"].value == pytest.approx(0.5)
    assert found["extra.figure2.sil_2r.day1.p_sign"].value == pytest.approx(0.25)  # three of three fell
    assert compute(analysis, ["extra.figure2.sil_2r.day1.fell"])["extra.figure2.sil_2r.day1.fell"].value == 1


def test_units_of_one_analyte_are_never_pooled():
    labs = pd.concat(
        [pd.DataFrame(long({1: {0: 5.0}, 2: {0: 6.0}, 3: {0: 7.0}}, "mg/L", "CRP")),
         pd.DataFrame(long({1: {0: 5000.0}, 2: {0: 6000.0}, 3: {0: 7000.0}}, "µg/L", "CRP"))]
    )  # fmt: skip
    analysis = others(labs.to_dict("list"), GIVEN)
    assert figure2.analytes_measured(analysis) == ("CRP (mg/L)", "CRP (µg/L)")
    course = figure2.analyte_trajectories(analysis, "gc").set_index("analyte")["median"]
    assert course.to_dict() == {"CRP (mg/L)": 6.0, "CRP (µg/L)": 6000.0}


@pytest.mark.parametrize("treatments", [None, {"patient_id": [], "agent": [], "day": [], "dose_mg": []}])
def test_courses_are_shown_where_nobody_was_treated(treatments):
    labs = long({who: {0: 5.0 + who, 3: 9.0} for who in (1, 2, 3, 4)}, "mg/L", "CRP")
    analysis = others(labs, treatments)
    course = figure2.analyte_trajectories(analysis, "gc")
    assert course["after_tcz"].isna().all()
    plt.close(plot_trajectories(course))  # drawn although nobody knows what followed tocilizumab
    assert course[["group", "day", "n"]].to_numpy().tolist() == [["all patients", 0.0, 4], ["all patients", 3.0, 4]]
    recorded = others(labs, treatments, {"treatments": ("glucocorticoids",)}) if treatments else None
    if recorded is not None:
        assert set(figure2.analyte_trajectories(recorded, "gc")["group"]) == {"no GC"}
        assert figure2.lab_measurements(recorded)["gc_day"].dtype == float
        with pytest.raises(NotAvailable, match="before and after GC"):
            figure2.sample_pairs(recorded)


def test_all_values_below_detection_give_a_reason_and_no_p():
    labs = long({who: {1: 2.5, 3: 2.5} for who in (1, 2, 3, 4)}, "pg/mL", "IL-6")
    labs |= {"censored": ["left"] * 8, "limit": [2.5] * 8}
    found = compute(others(labs, GIVEN))
    assert found["extra.figure2.il_6.day1.p"].value is None
    assert found["extra.figure2.il_6.day1.p"].reason == "no pair that changed"
    assert found["extra.figure2.il_6.day1.n_at_limit"].value == 3
    assert found["extra.figure2.il_6.day1.ratio"].reason == "every pair has a value at a limit of detection"
    assert figure2.analyte_trajectories(others(labs, GIVEN), "gc")["median_censored"].all()


def test_p_without_tocilizumab_is_by_the_test_of_all_pairs(analysis):
    table, pairs = figure2.paired_tests(analysis), figure2.sample_pairs(analysis)
    for row in table.itertuples():
        part = pairs[(pairs["analyte"] == row.analyte) & (pairs["day"] == row.day)]
        without = part[part["after_tcz_after"].eq(False)]
        test = {"paired t test": paired_t, "Wilcoxon signed-rank test": paired_wilcoxon}[row.test]
        assert row.n_without_tcz == len(without)
        assert row.p_without_tcz == pytest.approx(
            test(without["ranked_before"], without["ranked_after"]).p, nan_ok=True
        )


def test_whether_a_sample_follows_tocilizumab_is_unknown_where_nobody_recorded_it():
    labs = long({1: {1: 80.0, 3: 40.0}})
    assert figure2.lab_measurements(others(labs, GIVEN))["after_tcz"].isna().all()
    said = others(labs, GIVEN, {"treatments": ("glucocorticoids", "tocilizumab")})
    assert figure2.lab_measurements(said)["after_tcz"].eq(False).all()
    assert figure2.paired_tests(said)["n_without_tcz"].tolist() == [1]
    assert figure2.paired_tests(others(labs, GIVEN))["n_without_tcz"].tolist() == [0]


def limited(values: dict, sides: str, limits: list) -> dict:
    words = {"l": "left", "n": "no", "r": "right"}
    return long(values, "pg/mL", "IL-6") | {"censored": [words[side] for side in sides], "limit": limits}


def test_medians_that_limits_leave_open_say_between_what_they_lie():
    labs = limited(
        {1: {1: 10.0, 3: 3.0}, 2: {1: 4.0, 3: 10.0}, 3: {1: 12.0, 3: 5.0}}, "lnnlnn", [10, None, None, 10, None, None]
    )
    analysis = others(labs, GIVEN)
    row = figure2.paired_tests(analysis).query("day == 1").iloc[0]
    assert (row["median_before_least"], row["median_before_most"]) == (4, 10)  # below 10, 4 and 12
    assert (row["median_after_least"], row["median_after_most"]) == (3, 5)  # 3, below 10 and 5
    # changes: below 10 to 3 (-7 or more), 4 to below 10 (6 or less), 12 to 5 (-7)
    assert (row["median_change_least"], row["median_change_most"]) == (-7, 6)
    found = compute(analysis)
    assert found["extra.figure2.il_6.day1.median_before"].method == "median; only a bound: from 4 to 10"
    fell = found["extra.figure2.il_6.day1.fell"]  # of below 10 to 3, and of 4 to below 10, nobody knows the direction
    assert (fell.value, "2 of 3 are tied at a limit" in fell.method) == (pytest.approx(1 / 3), True)


def test_a_peak_among_several_limits_is_bounded_by_the_highest_measured_value():
    # the peak of 1 is 7, or up to 10; that of 2 is above 50; that of 3 was measured
    labs = limited(
        {1: {0: 10.0, 3: 7.0}, 2: {0: 50.0, 3: 60.0}, 3: {0: 20.0, 3: 30.0}}, "lnrnnn", [10, None, 50, None, None, None]
    )
    row = figure2.by_gc(others(labs, GIVEN)).query("day == 'peak'").iloc[0]
    assert (row["median_gc"], row["median_gc_least"], row["median_gc_most"]) == (30, 30, 30)
    one = {key: values[:2] for key, values in labs.items()}
    row = figure2.by_gc(others(one, GIVEN)).query("day == 'peak'").iloc[0]
    assert (row["median_gc"], row["median_gc_least"], row["median_gc_most"], row["n_beyond"]) == (10, 7, 10, 1)


def test_changes_of_dose_groups_say_how_many_rest_on_a_limit():
    labs = limited(
        {1: {1: 10.0, 5: 3.0}, 2: {1: 4.0, 5: 2.5}, 3: {1: 12.0, 5: 5.0}}, "lnnlnn", [10, None, None, 2.5, None, None]
    )
    analysis = others(labs, GIVEN)
    row = figure2.by_dose(analysis).iloc[0]
    assert row["n_at_limit"] == 2
    assert (row["median_low_least"], row["median_low_most"]) == (-7, -1.5)  # -7 or more, -1.5 or less, -7


def test_a_patient_counts_once_a_day_however_often_sampled():
    labs = long({who: {0: 5.0 + who} for who in (1, 2, 3)}, "mg/L", "CRP")
    twice = {name: [*column, *column[:1]] for name, column in labs.items()} | {"value": [6.0, 7.0, 8.0, 99.0]}
    course = figure2.analyte_trajectories(others(twice, GIVEN), "gc")
    assert course[["n", "median"]].to_numpy().tolist() == [[3, 7]]
    two = {name: column[:2] + column[:1] for name, column in labs.items()}  # two patients, three samples
    with pytest.raises(NotAvailable):
        figure2.analyte_trajectories(others({**two, "day": [0.0, 0.0, 0.0]}, None), "dose")
    assert figure2.analyte_trajectories(others(two, GIVEN), "gc").empty
