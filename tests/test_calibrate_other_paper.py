"""The calibration runs on a second, made-up paper: everything about it is configuration, nothing is Zhang's."""

from __future__ import annotations

import ast
import shutil

import numpy as np
import pandas as pd
import pytest

from helpers.calibration import stored_search
from helpers.calibration.other_paper import MADE_UP, Paper, calibrate_small, endpoints_of, evaluated
from helpers.estimate.cox import cox
from helpers.estimate.kaplan_meier import half_width, survival_at
from helpers.estimate.logrank import logrank
from helpers.paths import ROOT
from helpers.published.values import published_values

PRINTED = 33
STATES = ["relapse", "death", "contact"]


@pytest.fixture(scope="module")
def right():
    return calibrate_small()


@pytest.fixture(scope="module")
def wrong():
    return calibrate_small(Paper(endpoints_file="wrong_endpoints.csv"))


def test_most_printed_numbers_come_out(right):
    start, end = right.trace["hits"].iloc[0], right.trace["hits"].iloc[-1]
    assert len(right.found) == PRINTED
    assert start <= 6
    assert end >= 20
    assert end == right.found["hit"].sum()


def test_margins_are_exact(right):
    numbers = published_values(MADE_UP).set_index("id")["number"]
    for row in Paper().table("labels.csv").itertuples():
        assert (right.patients[row.label] == row.code).sum() == numbers[row.id]


def test_rules_of_the_folder_hold(right):
    patients = right.patients
    for row in Paper().table("states.csv").itertuples():
        day = patients[row.state].dropna()
        assert day.between(float(row.earliest), float(row.latest)).all()
        gap = (patients["contact"] - patients[row.state]).dropna()
        assert (gap == 0).all() if row.last == "yes" else (gap >= float(row.gap)).all()
    days = pd.concat([patients["relapse"], patients["death"]]).dropna()
    assert days.is_unique
    counts = pd.crosstab(patients["female"], patients["stage"])
    assert 5 <= counts.loc["yes", "III"] <= 15
    assert patients["synthetic"].all()


def test_the_same_seed_gives_the_same_cohort(right):
    pd.testing.assert_frame_equal(calibrate_small().patients, right.patients)


def test_curves_are_the_library_s(right):
    found = right.found.set_index("id")["computed"]
    ends = endpoints_of(right.patients, Paper().events())
    for row in Paper().table("curves.csv").itertuples():
        time, event = ends[row.endpoint]
        rate = survival_at(time, event, float(row.days))["survival"].iloc[0]
        assert found[f"{row.id}.rate"] == pytest.approx(100 * rate, rel=1e-9)
        width = half_width(time, event, float(row.days), convention="plain")
        assert found[f"{row.id}.half_width"] == pytest.approx(100 * width, rel=1e-9)


def test_models_are_the_library_s(right):
    found = right.found.set_index("id")["computed"]
    ends = endpoints_of(right.patients, Paper().events())
    frame = right.patients.assign(time=ends["pfs"][0], event=ends["pfs"][1])
    frame["arm"] = pd.Categorical(frame["arm"], ["old", "new"])
    frame["female"] = pd.Categorical(frame["female"], ["no", "yes"])
    frame["stage"] = pd.Categorical(frame["stage"], ["I", "II", "III"])
    for place, covariates, names in [
        ("univariable", ["stage"], ["stage_2", "stage_3"]),
        ("multivariable", ["arm", "female"], ["new_arm", "female"]),
    ]:
        table = cox(frame, covariates, "time", "event").table
        for name, (_, fitted) in zip(names, table.iterrows(), strict=True):
            for measure in ("hr", "ci_low", "ci_high", "p"):
                assert found[f"table2.{place}.{name}.{measure}"] == pytest.approx(fitted[measure], rel=1e-6)
    time, event = ends["os"]
    assert found["results.arm.os.p"] == pytest.approx(logrank(time, event, frame["arm"]).p, rel=1e-6)


def test_a_wrong_endpoint_calibrates_too_and_hits_prove_nothing(right, wrong):
    labels, days = wrong.patients[["arm", "female", "stage"]], wrong.patients[STATES]
    as_searched, as_defined = wrong.found["hit"].sum(), evaluated(Paper(), labels, days)["hit"].sum()
    assert as_searched >= 18
    assert as_searched >= right.found["hit"].sum() - 8
    assert as_defined <= as_searched - 8


def test_another_print_needs_no_change_of_code(tmp_path):
    folder = tmp_path / "paper"
    shutil.copytree(MADE_UP, folder)
    values = (folder / "published_values.csv").read_text()
    values = values.replace('arm old, n",42,42', 'arm old, n",30,30').replace('arm new, n",42,42', 'arm new, n",54,54')
    (folder / "published_values.csv").write_text(values)
    found = calibrate_small(Paper(folder), moves=1000, rounds=1)
    assert found.patients["arm"].value_counts().to_dict() == {"new": 54, "old": 30}


def test_a_first_state_decides_and_others_do_not():
    days = pd.DataFrame({"relapse": [10.0, np.nan, 7.0], "death": [30.0, 20.0, np.nan], "contact": [30.0, 20.0, 9.0]})
    time, event = endpoints_of(days, {"pfs": ("relapse", "death")})["pfs"]
    assert time.tolist() == [10, 20, 7]
    assert event.all()
    time, event = endpoints_of(days, {"os": ("death",)})["os"]
    assert (time.tolist(), event.tolist()) == ([30, 20, 9], [True, True, False])


@pytest.mark.parametrize("endpoints", stored_search.ENDPOINTS)
def test_a_search_of_today_finds_what_is_stored(right, wrong, endpoints):
    """Else ``python -m helpers.calibration.stored_search`` stores it again."""
    today = right if endpoints == "endpoints.csv" else wrong
    stored = stored_search.small_search(Paper(endpoints_file=endpoints))
    assert stored.stored
    pd.testing.assert_frame_equal(stored.patients, today.patients)
    pd.testing.assert_frame_equal(stored.found, today.found)
    pd.testing.assert_frame_equal(stored.trace, today.trace.drop(columns="seconds"))


@pytest.mark.parametrize("changed", ["nothing", "seed", "table", "definition", "the other definition"])
def test_a_stored_search_is_shown_only_for_the_tables_and_the_seed_that_it_was_made_with(
    tmp_path, monkeypatch, right, changed
):
    folder = tmp_path / "paper"
    shutil.copytree(MADE_UP, folder)
    name = {"table": "bounds.csv", "definition": "endpoints.csv", "the other definition": "wrong_endpoints.csv"}.get(
        changed
    )
    if name:
        (folder / name).write_text((folder / name).read_text() + "\n")
    monkeypatch.setattr(stored_search, "calibrate_small", lambda *_, **__: right)
    found = stored_search.small_search(Paper(folder), 1 if changed == "seed" else stored_search.SEED)
    assert found.stored == (changed in ("nothing", "the other definition"))


def test_no_sum_of_the_search_is_left_to_the_compiler_to_reorder():
    """A reordered sum follows the width of the processor's registers: on another machine the search went another way."""
    source = ast.parse((ROOT / "helpers" / "calibration" / "kernels.py").read_text(encoding="utf-8"))
    options = [keyword.arg for call in ast.walk(source) if isinstance(call, ast.Call) for keyword in call.keywords]
    assert "cache" in options
    assert not {"fastmath", "parallel"} & set(options)
