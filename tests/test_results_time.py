"""Numbers of exposures in time and of competing events by id, on cohorts that R made up and analysed (tests/oracle/time.R)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from few_patients import few_patients
from oracles import oracle
from stand_in import stand_in

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.parameters import Parameters
from helpers.problems import InputError
from helpers.results import time_related
from helpers.results.registry import all_families, as_json, compute, declared_family

KNOWN = oracle("time_known").set_index("key")["value"]
IDS = oracle("time_ids")
COMPETING = oracle("time_competing")
CASES = ("ties", "fractions", "months", "day_zero", "censored_group", "one_cause")
MEASURES = ("hr", "ci_low", "ci_high", "p")
NEW = ("time_related.", "competing.")


def cohort_of(rows: pd.DataFrame, name: str = "made-up", **tables: pd.DataFrame) -> Cohort:
    """Lay rows (patient, *_day, exposure_day, group) out as a cohort with an exposure "drug"."""
    ids = [f"SYN-{number:03d}" for number in rows["patient"]]
    days = [column for column in rows if column.endswith("_day") and column != "exposure_day"]
    onsets = rows["exposure_day"].notna().to_numpy()
    made = {
        "patients": pd.DataFrame({"patient_id": ids, "group": rows["group"].to_numpy()}),
        "exposures": pd.DataFrame({"patient_id": np.array(ids)[onsets], "exposure": "drug", "day": rows["exposure_day"][onsets]}),
        "followup": rows[days].assign(patient_id=ids),
    } | tables  # fmt: skip
    group = {"group": Column("category", "group", allowed=("a", "b", "c"))}
    typed = {
        table: frame.astype({column: {**TABLES[table], **group}[column].dtype for column in frame}).reset_index(
            drop=True
        )
        for table, frame in made.items()
    }
    recorded = {"exposures": ("drug",), "followup": ("progression", "death")}
    return Cohort(name, "the first day", True, "made up", "CC0", typed, {"patients": group}, recorded=recorded)


@pytest.fixture(scope="module")
def made_up() -> dict[str, Cohort]:
    rows = oracle("time_cohorts")
    return {case: cohort_of(rows[rows["case"] == case]) for case in CASES}


def values(cohort: Cohort, **parameters: object) -> dict:
    analysis = analyse(cohort, Parameters(**{"exposure": "drug", "window_days": 60, **parameters}))
    return {
        id: value for one in all_families() if one.name.startswith(NEW) for id, value in one.values(analysis).items()
    }


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("endpoint", ["PFS", "OS"])
@pytest.mark.parametrize("case", CASES)
def test_hazard_ratios_by_id_are_those_of_coxph(made_up, case, endpoint, ties):
    found = values(made_up[case], endpoint=endpoint, ties=ties)
    expected = IDS.query("case == @case and endpoint == @endpoint and ties == @ties")
    assert len(expected) == 5
    for row in expected.itertuples():
        for measure in MEASURES:
            value = found[f"extra.time.{row.id}.{measure}"]
            assert value.value == pytest.approx(getattr(row, measure), rel=1e-8), (row.id, measure)
            assert (value.n, value.events, value.missing) == (row.n, row.events, 0)


@pytest.mark.parametrize("case", CASES)
def test_incidences_and_grays_tests_by_id_are_those_of_cuminc(made_up, case):
    rows = COMPETING[COMPETING["case"] == case]
    for grouping, exposure in (("exposure", "drug"), ("group", "group")):
        found = values(made_up[case], exposure=exposure)
        for row in rows[rows["grouping"].fillna(grouping) == grouping].itertuples():
            value = found[f"extra.competing.{row.id}"]
            if np.isnan(row.value):
                assert value.reason.startswith("follow-up ends before year") or case == "day_zero"
                continue
            assert value.value == pytest.approx(row.value, rel=1e-8), row.id


def test_an_event_that_nobody_had_has_an_incidence_of_zero_and_no_test(made_up):
    found = values(made_up["one_cause"], milestones=[1])
    assert found["extra.competing.death.cif.1y"].value == 0
    death = found["extra.competing.death.gray.p"]
    assert (death.value, death.reason, death.events) == (None, "no event of this kind", 0)


def test_once_all_have_had_an_event_the_incidences_stay_what_they_are(made_up):
    """Beyond the last time cuminc says NA; here nobody is left of whom anything is unknown."""
    found = values(made_up["day_zero"], milestones=[1, 50])
    one, two = (
        [found[f"extra.competing.{name}.cif.{year}y"].value for name in ("progression", "death")] for year in (1, 50)
    )
    assert one == two
    assert sum(one) == pytest.approx(100)


def test_real_patients_by_id():
    analysis = analyse(
        read_cohort(paths.REAL / "hearts"), Parameters(exposure="transplantation", endpoint="OS", window_days=365)
    )
    found = compute(analysis, ["extra.time.naive.hr", "extra.time.time_dependent.hr", "extra.time.landmark_30.hr"])
    keys = ["hearts.naive.transplant.coef", "hearts.dependent.efron.transplant.coef", "hearts.landmark_30.exposed.coef"]
    assert [value.value for value in found.values()] == pytest.approx(
        [np.exp(float(KNOWN[key])) for key in keys], rel=1e-8
    )
    bmt = analyse(read_cohort(paths.REAL / "bmt"), Parameters(exposure="disease_group", milestones=[1]))
    found = compute(
        bmt, ["extra.competing.progression.gray.p", "extra.competing.progression.cif.1y", "extra.time.naive.hr"]
    )
    assert found["extra.time.naive.hr"].reason == (
        "exposure disease_group is known on day 0: it has no day that it began, so time does not enter"
    )
    assert found["extra.competing.progression.gray.p"].value == pytest.approx(
        0.0024761824248, rel=1e-8
    )  # cuminc, 332 a relapse


def test_naive_is_the_crude_model_of_the_exposure():
    for exposure in ("GC", "GVHD"):
        analysis = analyse(stand_in(), Parameters(exposure=exposure))
        found = compute(analysis, ["extra.time.naive.hr", f"extra.exposure.crude.{exposure.lower()}.hr"])
        one, two = found.values()
        assert one.value == pytest.approx(two.value, rel=1e-9)
        assert (one.n, one.events) == (two.n, two.events)


def test_without_an_event_before_the_last_start_naive_and_time_dependent_are_one():
    rows = oracle("time_cohorts").query("case == 'months'").assign(exposure_day=lambda f: f["exposure_day"] * 0 + 0.25)
    found = values(cohort_of(rows))
    for measure in MEASURES:
        assert found[f"extra.time.naive.{measure}"].value == pytest.approx(
            found[f"extra.time.time_dependent.{measure}"].value, abs=1e-12
        )


ROWS = pd.DataFrame({"patient": range(1, 9), "progression_day": [9.0, None, 30, None, 70, None, 200, None],
                     "death_day": [None, 40.0, 90, None, None, 80, 300, None], "last_contact_day": [50.0, 40, 90, 400, 500, 80, 300, 600],
                     "exposure_day": [4.0, None, 10, None, 12, None, 300, 5], "group": list("abababab")})  # fmt: skip
NEVER = {"exposure_day": None}


@pytest.mark.parametrize(
    ("changes", "parameters", "id", "reason"),
    [
        (NEVER | {"exposure_day": [None] * 7 + [90.0]}, {}, "time.naive.hr", "nobody was exposed within days 0-60"),
        (NEVER | {"exposure_day": [None] * 7 + [90.0]}, {}, "time.time_dependent.p", "nobody began drug within days 0-60 and before the end of follow-up"),
        ({"exposure_day": [None] * 3 + [4.0] + [None] * 3 + [5]}, {}, "time.time_dependent.hr", "monotone likelihood: the hazard ratio runs towards 0 (no event among the 2 with drug)"),
        ({"exposure_day": [None] * 3 + [4.0] + [None] * 3 + [5]}, {}, "time.naive.hr", "monotone likelihood: the hazard ratio runs towards 0 (no event among the 2 with drug)"),
        ({"exposure_day": [1.0] * 8}, {}, "time.naive.hr", "everybody was exposed within days 0-60"),
        ({"exposure_day": [1.0] * 8}, {"landmarks": [30]}, "time.landmark_30.hr", "everybody still at risk after day 30 was exposed by then"),
        ({}, {"landmarks": [2.5]}, "time.landmark_2.5.hr", "nobody still at risk after day 2.5 was exposed by then"),
        ({}, {"landmarks": [900]}, "time.landmark_900.hr", "nobody is at risk after day 900"),
        ({}, {"landmarks": [350]}, "time.landmark_350.ci_low", "no event"),
        ({"progression_day": [None] * 7 + [601.0], "death_day": [None] * 8, "last_contact_day": [600.0] * 8, "cutoff_day": 10}, {}, "time.time_dependent.hr", None),
        ({"group": ["a"] * 8}, {"exposure": "group"}, "competing.death.gray.p", "fewer than two groups"),
        ({"death_day": [None] * 7 + [601.0]}, {"exposure": "group"}, "competing.death.gray.p", None),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_says_why_in_words(changes, parameters, id, reason):
    changes = {name: column for name, column in changes.items() if name in ROWS}
    found = values(cohort_of(ROWS.assign(**changes)), **parameters)[f"extra.{id}"]
    if reason is None:
        assert found.value is not None or found.reason
    else:
        assert (found.value, found.reason) == (None, reason)


def test_no_event_at_all_gives_reasons_and_an_incidence_of_zero():
    rows = ROWS.assign(progression_day=[None] * 8, death_day=[None] * 8)
    found = values(cohort_of(rows), milestones=[1])
    assert {found[f"extra.time.{name}.hr"].reason for name in ("naive", "time_dependent", "landmark_11")} == {
        "no event"
    }
    assert found["extra.competing.death.cif.1y"].value == 0
    assert found["extra.competing.death.gray.p"].reason == "no event of this kind"


def test_whom_nobody_knows_of_is_counted_as_missing():
    told = pd.DataFrame({"patient_id": ["SYN-004"], "progression": ["unknown"]})
    found = values(cohort_of(ROWS, status=told))["extra.time.time_dependent.hr"]
    assert (found.n, found.missing) == (7, 1)


@pytest.mark.parametrize("table", ["followup", "exposures", "treatments"])
def test_a_missing_table_is_one_plain_reason(table):
    cohort = stand_in()
    tables = {name: frame for name, frame in cohort.tables.items() if name != table}
    without = Cohort("few", "infusion", True, "", "", tables)
    exposure = "GC" if table != "exposures" else "GVHD"
    if table == "exposures":
        with pytest.raises(InputError, match="GVHD"):
            values(without, exposure=exposure)
        return
    found = values(without, exposure=exposure)
    assert found["extra.time.naive.hr"].reason == f"cohort few has no table {table}"
    assert found["extra.time.landmark_30.p"].reason == f"cohort few has no table {table}"
    assert found["extra.competing.death.gray.p"].reason == f"cohort few has no table {table}"
    if table == "followup":
        assert found["extra.competing.progression.cif.2y"].reason == "cohort few has no table followup"


@pytest.mark.parametrize("n", [1, 8])
def test_a_handful_of_patients_gives_numbers_or_reasons(n):
    cohort = few_patients()
    first = set(cohort.tables["patients"]["patient_id"][:n])
    tables = {
        name: frame[frame["patient_id"].isin(first)].reset_index(drop=True) for name, frame in cohort.tables.items()
    }
    for exposure in ("GC", "sex"):
        found = values(Cohort("few", "infusion", True, "", "", tables), exposure=exposure)
        assert all(value.value is not None or value.reason for value in found.values())
        json.dumps(as_json(found), allow_nan=False)


def test_ids_that_depend_on_parameters_have_their_family():
    for id in ("extra.time.landmark_11.hr", "extra.competing.progression.cif.1y", "extra.competing.death.gray.p"):
        assert declared_family(id).name.startswith(NEW)
    assert declared_family("extra.competing.death.gray.p").name == "competing.gray"


def test_the_ledger_adds_up_to_all_follow_up(made_up):
    analysis = analyse(made_up["ties"], Parameters(exposure="drug", window_days=60))
    table = time_related.person_time(analysis).set_index("state")
    assert table["days"].sum() == analysis.frame["pfs_days"].sum()
    assert table["events"].sum() == analysis.frame["pfs_event"].sum()
    assert table.loc[["never", "after"], "patients"].sum() == len(analysis.frame)
