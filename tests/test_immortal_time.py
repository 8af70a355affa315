"""Bias of naive comparisons: closed forms against simulation, and the numbers behind notebook 07."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from stand_in import stand_in
from test_results_time import ROWS, cohort_of

from helpers.cohort.derive import analyse
from helpers.cohort.schema import Cohort
from helpers.display.time_figures import plot_delays, plot_swimmer
from helpers.estimate.immortal_time import (
    by_every_method,
    delayed_exposures,
    future_doses,
    naive_ratio,
    naive_ratio_planned,
    rate_ratio,
)
from helpers.parameters import Parameters
from helpers.problems import NotAvailable
from helpers.results import time_related


def far(ratio: pd.Series, expected: pd.Series, log_se: pd.Series) -> float:
    return float((np.log(ratio / expected) / log_se).abs().max())


def test_a_planned_day_biases_as_the_closed_form_says():
    table = delayed_exposures(1 / 500, 0.5, 6, [1, 8, 64], 100_000, np.random.default_rng(11))
    assert far(table["naive"], table["closed_form"], table["naive_se"]) < 4
    assert far(table["split"], pd.Series([1.0] * 3), table["split_se"]) < 4
    assert table["closed_form"].is_monotonic_decreasing


def test_constant_starts_bias_by_l_over_2l_plus_g():
    assert naive_ratio(0.03, 0.2) == pytest.approx(0.115384615385)
    rng = np.random.default_rng(12)
    time, start = rng.exponential(1 / 0.03, 200_000), rng.exponential(1 / 0.2, 200_000)
    found = rate_ratio(time, np.ones(len(time)), start < time)
    assert abs(np.log(found.value / naive_ratio(0.03, 0.2))) < 4 * found.log_se


def test_on_day_0_there_is_no_bias():
    assert naive_ratio_planned(0.002, 0.3, 0) == pytest.approx(1)
    assert np.isnan(rate_ratio([1, 2], [1, 0], [1, 0]).value)


def test_leaving_out_by_future_dose_biases_and_censoring_at_the_crossing_does_not():
    table = future_doses(0.002, [0.0002, 0.002, 0.01], 100_000, np.random.default_rng(13))
    assert table["closed_form"].tolist() == pytest.approx([1.1, 2, 6])
    assert far(table["dropped"], table["closed_form"], table["dropped_se"]) < 4
    assert far(table["censored"], pd.Series([1.0] * 3), table["censored_se"]) < 4


def test_every_method_on_few_patients_gives_numbers_or_reasons():
    table = by_every_method([5, 9], [1, 1], [None, None], landmarks=[1, 100], grace=2)
    assert table["hr"].isna().all()
    assert (table["reason"] != "").all()
    assert table["left_out"].tolist() == [0, 0, 0, 2, 0]


@pytest.fixture(scope="module")
def small():
    return analyse(cohort_of(ROWS), Parameters(exposure="drug", window_days=60))


def test_windows_and_gate_count_by_hand(small):
    table = time_related.misplaced_events(small).set_index("up_to")
    assert table.loc["the last start of drug"].tolist() == [
        12.0,
        7,
        1,
        0,
    ]  # one event by day 12, on day 9, after its exposure
    assert table.loc["day 30"].tolist() == [30.0, 6, 2, 0]
    assert "the last crossing of the GC cut-off" not in table.index
    assert not time_related.same_risk_sets(small)
    early = analyse(cohort_of(ROWS.assign(exposure_day=ROWS["exposure_day"] * 0 + 1)), Parameters(exposure="drug"))
    assert time_related.same_risk_sets(early)


def test_swimmers_carry_letters_and_no_identifiers(small):
    chosen = time_related.swimmer_patients(small)
    assert chosen["patient"].tolist() == list("ABCDEFGH")
    assert chosen["day"].notna().sum() == 4
    assert len(time_related.swimmer_patients(analyse(stand_in(), Parameters()))) == 10


def test_the_crossing_is_the_day_on_which_the_sum_passes_the_cut_off():
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "weight_kg": [10.0, 10.0]})
    given = pd.DataFrame({"patient_id": ["SYN-001"] * 3 + ["SYN-002"], "agent": "methylprednisolone", "day": [3.0, 5.0, 4.0, 2.0],
                          "dose_mg": [40.0, 1.0, 40.0, 80.0]})  # fmt: skip
    analysis = analyse(Cohort("two", "infusion", True, "", "", {"patients": patients, "treatments": given}))
    days = time_related.crossing_day(analysis)
    assert days["SYN-001"] == 5  # 4 and 4 are 8, not above it
    assert np.isnan(days["SYN-002"])


def test_decisions_count_from_the_first_day_at_the_grade():
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002", "SYN-003"]})
    grades = pd.DataFrame({"patient_id": ["SYN-001", "SYN-001", "SYN-002", "SYN-003"], "event": "CRS", "day_from": [1.0, 4.0, 2.0, 5.0],
                           "grade": [1, 2, 3, 1]})  # fmt: skip
    given = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002"], "agent": "dexamethasone", "day": [5.0, 2.0]})
    tables = {"patients": patients, "toxicity": grades, "treatments": given}
    analysis = analyse(Cohort("three", "infusion", True, "", "", tables))
    assert time_related.decision_counts(analysis)["patients"].tolist() == [0, 1, 1, 0, 0]
    with pytest.raises(NotAvailable, match="no CRS of grade 4 or more"):
        time_related.decision_counts(analysis, grade=4)


def test_figures_draw_what_they_are_given(small):
    fig, (one, two) = plt.subplots(1, 2)
    plot_swimmer(one, time_related.swimmer_patients(small), until=60.0, exposure="drug", event="PFS")
    assert [text.get_text() for text in one.get_legend().get_texts()] != []
    marks = [line for line in one.lines if line.get_marker() == "X"]
    assert [line.get_xdata()[0] for line in marks] == [9.0, 30.0, 40.0]
    table = delayed_exposures(0.01, 0.5, 5, [1, 2], 500, np.random.default_rng(1))
    plot_delays(two, table)
    np.testing.assert_allclose(two.lines[0].get_ydata(), table["closed_form"])
    plt.close(fig)
