"""The rules of exposure, clocks and endpoints, worked by hand and held for any input."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers.cohort.derive import analyse
from helpers.cohort.endpoints import derive_outcomes
from helpers.cohort.recorded import RECORDABLE
from helpers.cohort.schema import Cohort
from helpers.cohort.treatments import gc_cutoff, steroid_doses
from helpers.parameters import Parameters
from helpers.problems import NotAvailable


def cohort(patients=None, **tables):
    """Make a cohort from rows (dicts) by table; patients default to those named anywhere."""
    ids = sorted({row["patient_id"] for rows in tables.values() for row in rows})
    frames = {
        "patients": pd.DataFrame(patients or [{"patient_id": i, "weight_kg": 20.0, "cutoff_day": 1000.0} for i in ids])
    }
    frames |= {name: pd.DataFrame(rows) for name, rows in tables.items()}
    recorded = {table: words for table, words in RECORDABLE.items() if words and table in frames}
    return Cohort("hand", "infusion", True, "made up", "CC0", frames, recorded=recorded)


def follow(**days):
    blank = dict.fromkeys(
        ("relapse_day", "progression_day", "treatment_failure_day", "death_day", "last_assessment_day"), np.nan
    )
    return {"patient_id": "SYN-001", "death_cause": None, "last_contact_day": 900.0} | blank | days


def endpoints(row, response="CR", assessment=28.0, **parameters):
    frame = analyse(
        cohort(
            followup=[row],
            response=[{"patient_id": "SYN-001", "day30_response": response, "assessment_day": assessment}],
        ),
        Parameters(**parameters),
    ).frame.iloc[0]
    return {name: (frame[f"{name}_days"], bool(frame[f"{name}_event"])) for name in ("os", "pfs", "efs")}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # none at all: censored at last contact
        ({}, {"os": (900, False), "pfs": (900, False), "efs": (900, False)}),
        # several events: each endpoint takes its own first
        (
            {
                "relapse_day": 200.0,
                "progression_day": 150.0,
                "treatment_failure_day": 100.0,
                "death_day": 400.0,
                "death_cause": "leukaemia",
            },
            {"os": (400, True), "pfs": (150, True), "efs": (100, True)},
        ),
        # everything after the data cut-off: not seen
        (
            {"relapse_day": 1001.0, "death_day": 1100.0, "death_cause": "leukaemia", "last_contact_day": 1100.0},
            {"os": (1000, False), "pfs": (1000, False), "efs": (1000, False)},
        ),
        # on the day of the cut-off: seen
        (
            {"death_day": 1000.0, "last_contact_day": 1000.0},
            {"os": (1000, True), "pfs": (1000, True), "efs": (1000, True)},
        ),
        # death unrelated to disease and treatment: an event of PFS, the end of EFS without one
        (
            {"death_day": 300.0, "death_cause": "unrelated", "last_contact_day": 300.0},
            {"os": (300, True), "pfs": (300, True), "efs": (300, False)},
        ),
        # last contact noted before the death that ended it
        ({"death_day": 300.0, "last_contact_day": 250.0}, {"os": (300, True), "pfs": (300, True), "efs": (300, True)}),
    ],
)
def test_endpoints_by_hand(row, expected):
    assert endpoints(follow(**row)) == expected


def test_non_response_is_an_event_of_efs_alone_on_the_chosen_day():
    assert endpoints(follow(), "NR", 33.0) == {"os": (900, False), "pfs": (900, False), "efs": (33, True)}
    assert endpoints(follow(), "NR", 33.0, nonresponse_day="day30")["efs"] == (30, True)
    assert endpoints(follow(), "not done", np.nan)["efs"] == (900, False)


def test_censoring_at_last_assessment_spares_os_and_events():
    row = follow(last_assessment_day=700.0)
    assert endpoints(row, censoring="last_assessment") == {"os": (900, False), "pfs": (700, False), "efs": (700, False)}
    row = follow(last_assessment_day=100.0, relapse_day=650.0)
    assert endpoints(row, censoring="last_assessment")["pfs"] == (650, True)


day = st.one_of(st.just(np.nan), st.integers(0, 1500).map(float))


@given(
    st.fixed_dictionaries(
        {
            "relapse_day": day,
            "progression_day": day,
            "treatment_failure_day": day,
            "death_day": day,
            "last_contact_day": st.integers(0, 1500).map(float),
            "death_cause": st.sampled_from([None, "leukaemia", "unrelated", "infection"]),
        }
    ),
    st.sampled_from(["CR", "NR", "not done"]),
)
def test_endpoints_hold_their_order(row, response):
    ends = [row[name] for name in ("relapse_day", "progression_day", "treatment_failure_day") if row[name] == row[name]]
    assume(not (row["death_day"] < max([*ends, 30.0])))  # reading refuses an event after death
    found = endpoints(follow(**row), response, 30.0)
    assert all(0 <= time <= 1000 for time, _ in found.values())
    assert found["pfs"][0] <= found["os"][0]
    assert found["pfs"][1] or not found["os"][1]
    if row["death_cause"] != "unrelated":
        assert found["efs"][0] <= found["pfs"][0]
        assert found["efs"][1] or not found["pfs"][1]


def dose(agent="methylprednisolone", mg=40.0, on=3.0, **more):
    return {
        "patient_id": "SYN-001",
        "agent": agent,
        "dose_mg": mg,
        "day": on,
        "salt": None,
        "route": "IV",
        "indication": "CRS",
    } | more


@pytest.mark.parametrize(
    ("agent", "milligrams", "salt", "equivalent"),
    [
        ("methylprednisolone", 4, None, 4),
        ("prednisone", 5, None, 4),
        ("prednisolone", 5, "base", 4),
        ("dexamethasone", 0.75, "base", 4),
        ("hydrocortisone", 20, None, 4),
        ("dexamethasone", 5, "sodium phosphate", 5 * 0.76 / 0.75 * 4),  # about 3.8 mg of base
    ],
)
def test_methylprednisolone_equivalents(agent, milligrams, salt, equivalent):
    found = steroid_doses(cohort(treatments=[dose(agent, milligrams, salt=salt)]), Parameters())
    assert found["mp_mg"].item() == pytest.approx(equivalent, rel=1e-4)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"route": "IT"}, "IT route"),
        ({"route": "topical"}, "topical route"),
        ({"on": -1.0}, "outside days 0-30"),
        ({"on": 31.0}, "outside days 0-30"),
        ({"indication": "premedication", "on": 0.0}, "premedication"),
        ({"indication": "physiological replacement"}, "physiological replacement"),
        ({"on": 0.0}, ""),
        ({"on": 30.0}, ""),
        ({"route": None}, ""),
    ],
)
def test_what_is_shown_and_not_summed(row, reason):
    given_one = cohort(treatments=[dose(**row)])
    assert steroid_doses(given_one, Parameters())["left_out"].item() == reason
    assert analyse(given_one).frame["gc"].item() == (reason == "")


def test_premedication_counts_when_asked():
    frame = analyse(cohort(treatments=[dose(indication="premedication", on=0.0)]), Parameters(premedication=True)).frame
    assert frame["gc_dose_mg_per_kg"].item() == 2.0


def test_beside_a_dose_that_is_not_known_neither_sum_nor_peak_is_known():
    frame = analyse(cohort(treatments=[dose(mg=40, on=3), dose(mg=np.nan, on=4)])).frame.iloc[0]
    assert np.isnan(frame["gc_dose_mg_per_kg"])
    assert np.isnan(frame["gc_peak_mg_per_kg_per_day"])
    assert frame["gc_duration_days"] == 2


def test_cumulative_peak_and_duration():
    rows = [dose(mg=40, on=3), dose(mg=40, on=3), dose(mg=20, on=5), dose(mg=1000, on=6, route="IT")]
    frame = analyse(cohort(treatments=rows)).frame.iloc[0]
    assert (frame["gc_dose_mg_per_kg"], frame["gc_peak_mg_per_kg_per_day"], frame["gc_duration_days"]) == (
        5.0,
        4.0,
        2.0,
    )
    assert (frame["gc_group"], frame["gc_onset"], frame["gc_duration_group"]) == ("low", "early", "short")


def test_an_unknown_dose_leaves_the_exposure_known_and_the_group_unknown():
    frame = analyse(cohort(treatments=[dose(), dose(mg=np.nan)])).frame.iloc[0]
    assert frame["gc"]
    assert np.isnan(frame["gc_dose_mg_per_kg"])
    assert pd.isna(frame["gc_group"])


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=12), st.floats(0.5, 20))
def test_groups_follow_the_cutoff(doses, cutoff):
    rows = [dose(mg=20 * d, patient_id=f"SYN-{i:03d}") for i, d in enumerate(doses)]
    frame = analyse(cohort(treatments=rows), Parameters(gc_cutoff=cutoff)).frame
    assert ((frame["gc_group"] == "low") == (frame["gc_dose_mg_per_kg"] <= cutoff + 1e-9)).all()
    assert not (frame["gc_group"] == "none").any()


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=30), st.floats(1, 99))
def test_the_percentile_is_type_7(doses, percentile):
    ordered = np.sort(doses)
    position = (len(doses) - 1) * percentile / 100
    low = int(np.floor(position))
    expected = ordered[low] + (position - low) * (ordered[min(low + 1, len(doses) - 1)] - ordered[low])
    assert gc_cutoff(doses, Parameters(gc_cutoff=None, gc_cutoff_percentile=percentile)) == pytest.approx(
        expected, rel=1e-12
    )


def test_clocks():
    rows = [
        {"patient_id": "SYN-001", "episode_id": "1", "event": "CRS", "day_from": 2.0, "day_to": 6.0, "grade": 2},
        {"patient_id": "SYN-001", "episode_id": "2", "event": "ICANS", "day_from": 5.0, "day_to": 7.0, "grade": 1},
    ]
    both = cohort(toxicity=rows, treatments=[dose(on=4.0)])
    by_crs = analyse(both, Parameters(gc_clock="crs_onset")).frame.iloc[0]
    by_infusion = analyse(both, Parameters(icans_clock="infusion")).frame.iloc[0]
    assert (by_crs["crs_onset_day"], by_crs["icans_onset_day"], by_crs["gc_time_days"]) == (2, 3, 2)
    assert (by_infusion["crs_onset_day"], by_infusion["icans_onset_day"], by_infusion["gc_time_days"]) == (2, 5, 4)


def test_the_grade_before_the_first_gc_is_not_the_peak_after_it():
    rows = [
        {"patient_id": "SYN-001", "episode_id": "1", "event": "CRS", "day_from": 1.0, "day_to": 3.0, "grade": 1},
        {"patient_id": "SYN-001", "episode_id": "1", "event": "CRS", "day_from": 4.0, "day_to": 6.0, "grade": 3},
    ]
    frame = analyse(cohort(toxicity=rows, treatments=[dose(on=3.0)])).frame.iloc[0]
    assert (frame["crs_grade_before_gc"], frame["crs_grade"], frame["crs_duration_days"]) == (1, 3, 6)


def test_overlapping_intervals_count_each_day_once():
    rows = [
        {"patient_id": "SYN-001", "episode_id": "1", "event": "CRS", "day_from": 1.0, "day_to": 5.0, "grade": 1},
        {"patient_id": "SYN-001", "episode_id": "2", "event": "CRS", "day_from": 3.0, "day_to": 4.0, "grade": 2},
        {"patient_id": "SYN-001", "episode_id": "3", "event": "CRS", "day_from": 9.0, "day_to": 9.0, "grade": 1},
    ]
    assert analyse(cohort(toxicity=rows)).frame["crs_duration_days"].item() == 6


def test_what_a_missing_table_would_give_is_not_there_and_nothing_else_is_lost():
    analysis = analyse(cohort(followup=[{"patient_id": "SYN-001", "death_day": np.nan, "last_contact_day": 10.0}]))
    assert {"os_days", "followup_days"} <= set(analysis.frame)
    assert not {"pfs_days", "efs_days", "gc", "crs", "cr"} & set(analysis.frame)
    with pytest.raises(NotAvailable, match="has nothing to derive gc_group, pfs_days from"):
        analysis.need("os_days", "gc_group", "pfs_days")


def test_other_cohorts_are_read_as_the_methods_state():
    assert analyse(cohort(patients=[{"patient_id": "SYN-001"}]), Parameters(reading="paper")).reading == "stated"


def test_fractions_of_a_day_are_one_calendar_day():
    rows = [dose(on=3.2), dose(on=3.8), dose(on=5.0), dose(on=30.9), dose(on=31.0)]
    frame = analyse(cohort(treatments=rows)).frame.iloc[0]
    assert frame["gc_duration_days"] == 3
    one = analyse(cohort(treatments=[dose(on=5.0)])).frame["gc_peak_mg_per_kg_per_day"].item()
    assert frame["gc_peak_mg_per_kg_per_day"] == pytest.approx(2 * one)
    interval = {"patient_id": "SYN-001", "episode_id": "1", "event": "CRS", "day_from": 2.4, "day_to": 4.1, "grade": 1}
    assert analyse(cohort(toxicity=[interval])).frame["crs_duration_days"].item() == 3


@pytest.mark.parametrize(
    ("agent", "salt", "labels", "factor"),
    [
        # 20 kg, 200 mg labelled: mg of the base x 4 / ladder / 20; molar masses as in the pharmacopoeia
        ("methylprednisolone", "sodium succinate", "usual", 1),
        ("methylprednisolone", "sodium succinate", "salt", 374.47 / 496.53),
        ("methylprednisolone", "acetate", "usual", 374.47 / 416.51),
        ("dexamethasone", "sodium phosphate", "usual", 392.46 / 516.40),
        ("dexamethasone", "sodium phosphate", "base", 1),
        ("prednisone", "acetate", "usual", 358.43 / 400.46),
        ("hydrocortisone", "sodium succinate", "usual", 1),
        ("hydrocortisone", None, "salt", 1),
    ],
)
def test_what_a_labelled_milligram_holds(agent, salt, labels, factor):
    ladder = {"methylprednisolone": 4, "dexamethasone": 0.75, "prednisone": 5, "hydrocortisone": 20}[agent]
    row = dose(mg=200.0) | {"agent": agent, "salt": salt}
    found = analyse(cohort(treatments=[row]), Parameters(steroid_labels=labels)).frame["gc_dose_mg_per_kg"].item()
    assert found == pytest.approx(200 * factor * 4 / ladder / 20, rel=1e-8)


@pytest.mark.parametrize(("day", "answer"), [(999.0, "yes"), (1000.0, "yes"), (1001.0, "no")])
@pytest.mark.parametrize("name", ["relapse", "progression", "death"])
def test_an_outcome_on_the_day_of_the_cut_off_came_by_it(name, day, answer):
    patients = pd.DataFrame({"patient_id": ["SYN-001"], "cutoff_day": [1000.0]})
    followup = pd.DataFrame({"patient_id": ["SYN-001"], f"{name}_day": [day], "last_contact_day": [day]})
    recorded = {"followup": (name,)}
    tables = {"patients": patients, "followup": followup}
    one = Cohort("x", "infusion", True, "", "", tables, recorded=recorded)
    found = derive_outcomes(one, patients.set_index("patient_id"))[name].iloc[0]
    assert found == {"yes": True, "no": False}[answer]


@pytest.mark.parametrize(("blasts", "over"), [(4.9, False), (5.0, True), (5.1, True)])
def test_blasts_at_the_cut_are_above_it(blasts, over):
    """Table 1's rows are "<5%" and "≥5%"."""
    patients = [{"patient_id": "SYN-001", "blast_prelymphodepletion_pct": blasts}]
    assert analyse(cohort(patients), Parameters(blast_cut=5.0)).frame["blast_over_cut"].iloc[0] == over
