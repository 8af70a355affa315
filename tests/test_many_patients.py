"""Registers of thousands: memory grows with the patients, not with their square, and what is sorted agrees with what is counted in pairs.

Peaks are compared as a ratio, four times as many patients against fewer: 4 where memory is linear, 16 where it is quadratic.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from notebook_cohorts import tables, write

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.estimate.competing_risks import cumulative_incidence, gray_test
from helpers.estimate.cox import cox, harrell_concordance
from helpers.estimate.groups import paired_ratio
from helpers.estimate.imputation import _nearest
from helpers.estimate.maximally_selected_cut import FEWEST, MOST, every_cut
from helpers.estimate.proportional_hazards import proportional_hazards_test
from helpers.estimate.score_steps import score_step, without_exposure
from helpers.results import dose_cuts, screening_stability, specification_curve
from helpers.results.measures import once_per_analysis
from helpers.results.registry import compute
from helpers.results.time_related import same_risk_sets

FEW, MANY, LINEAR = 600, 2400, 6.0


def peak(call: Callable[[], object]) -> int:
    """Return the bytes that a call had at most."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def outcomes(n: int) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng, rng.exponential(size=n), rng.random(n) < 0.6


def _every_cut(n: int) -> Callable:
    rng, time, event = outcomes(n)
    dose = np.where(rng.random(n) < 0.5, 0, rng.lognormal(size=n))
    return lambda: every_cut(time, event, dose, rng, deals=3)


def _score_step(n: int) -> Callable:
    rng, time, event = outcomes(n)
    z, x = rng.normal(size=(n, 3)), (rng.random((2, n, 20)) < 0.4).astype(float)
    return lambda: score_step(without_exposure(z, time, event), x)


def _concordance(n: int) -> Callable:
    rng, time, event = outcomes(n)
    return lambda: harrell_concordance(rng.normal(size=n), time, event)


def _paired_ratio(n: int) -> Callable:
    rng, time, _ = outcomes(n)
    return lambda: paired_ratio(time, rng.lognormal(size=n))


def _proportional(n: int) -> Callable:
    rng, time, event = outcomes(n)
    frame = pd.DataFrame({"time": time, "event": event, "a": rng.normal(size=n), "b": rng.random(n) < 0.5})
    return lambda: proportional_hazards_test(cox(frame, ["a", "b"], "time", "event"))


def _donors(n: int, width: int) -> Callable:
    rng, *_ = outcomes(n)
    return lambda: _nearest(rng.normal(size=(n, width)), rng.normal(size=(n, width)), 5)


def _competing(n: int) -> Callable:
    rng, time, _ = outcomes(n)
    cause, group = rng.integers(0, 3, n), rng.integers(0, 2, n)
    return lambda: (gray_test(time, cause, group), cumulative_incidence(time, cause))


CALLS = {"every cut": _every_cut, "score step": _score_step, "concordance": _concordance, "paired ratio": _paired_ratio,
         "proportional hazards": _proportional, "donors": lambda n: _donors(n, 1), "donors of a category": lambda n: _donors(n, 3),
         "competing risks": _competing}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_memory_grows_with_the_patients(name: str) -> None:
    few, many = (CALLS[name](n) for n in (FEW, MANY))
    few()  # what is kept from the first call on counts for neither
    assert peak(many) < LINEAR * max(peak(few), 250_000)


def repeated(folder: Path, times: int) -> Analysis:
    """Make a register: the patients of the default cohort over and over, with other doses, days and blasts."""
    content, rng = tables(120), np.random.default_rng(times)
    made: dict[str, list[pd.DataFrame]] = {name: [] for name in content}
    for copy in range(times):
        for name, frame in content.items():
            frame = frame.assign(patient_id=[f"SYN-{copy:03d}{number[-3:]}" for number in frame["patient_id"]])
            if name == "treatments":
                frame["dose_mg"] = (frame["dose_mg"] * rng.uniform(0.5, 2, len(frame))).round(3)
            if name == "followup":
                frame["last_contact_day"] += rng.integers(0, 200, len(frame))
            made[name].append(frame)
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in made.items()}
    return analyse(read_cohort(write(folder, whole)))


def everything(analysis: Analysis) -> None:
    """Compute what results.json and notebooks 08 and 11 need."""
    compute(analysis)
    same_risk_sets(analysis)
    specification_curve.specification_curve(analysis, 3)
    screening_stability.screening_stability(analysis)
    for dose in dose_cuts.DOSES:
        dose_cuts.dose_shape(analysis, dose)


def test_memory_of_all_results_grows_with_the_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening_stability, "RESAMPLES", 3)
    few, many = repeated(tmp_path / "few", 2), repeated(tmp_path / "many", 8)
    compute(few, ["extra.cut.p"])
    assert peak(lambda: everything(many)) < LINEAR * peak(lambda: everything(few))


def test_many_doses_are_thinned_and_dealt_less_often_and_it_is_said() -> None:
    rng, time, event = outcomes(1500)
    dose = np.where(np.arange(1500) < 700, 0, rng.permutation(1500) + 1.0)
    found = every_cut(time, event, dose, rng, deals=1000)
    assert found.doses == 800 - 9  # every dose from the tenth patient on
    assert len(found.table) == MOST
    assert found.table["n_low"].iloc[[0, -1]].tolist() == [10, 800]
    assert FEWEST <= len(found.largest) < 1000
    assert (
        dose_cuts.tried(found) == f"200 of 791 possible cuts, {len(found.largest)} deals of all doses to the patients"
    )
    few = every_cut(time[-830:], event[-830:], np.where(dose[-830:] % 8, 0, dose[-830:]), rng, deals=200)
    assert dose_cuts.tried(few) == f"{len(few.table)} cuts, 200 deals of all doses to the patients"


@pytest.mark.parametrize("n", [1, 2, 3, 9, 64, 101])
def test_concordance_is_the_share_of_pairs(n: int) -> None:
    rng = np.random.default_rng(n)
    time, event, score = rng.integers(0, n, n).astype(float), rng.random(n) < 0.7, rng.integers(0, 5, n) / 7
    pairs = [
        (score[i] > score[j]) + (score[i] == score[j]) / 2
        for i in range(n)
        for j in range(n)
        if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j]))
    ]
    assert harrell_concordance(score, time, event) == pytest.approx(np.mean(pairs) if pairs else np.nan, nan_ok=True)


@pytest.mark.parametrize("n", [2, 7, 30, 260])
def test_the_middle_of_pairs_is_that_of_all_averages(n: int) -> None:
    rng = np.random.default_rng(n)
    before, after = rng.lognormal(size=n).round(1) + 0.1, rng.lognormal(size=n).round(1) + 0.1
    x = np.log(after) - np.log(before)
    averages = [(x[i] + x[j]) / 2 for i in range(n) for j in range(i, n)]
    assert paired_ratio(before, after).ratio == pytest.approx(np.exp(np.median(averages)), rel=1e-12)


@pytest.mark.parametrize("digits", [None, 1])
def test_donors_are_the_nearest_and_the_earlier_of_equals(digits: int | None) -> None:
    rng = np.random.default_rng(5)
    wanted, seen = rng.normal(size=(60, 1)), rng.normal(size=(40, 1))
    if digits:  # ties
        wanted, seen = np.round(wanted * 4) / 4, np.round(seen * 4) / 4
    expected = [sorted(range(40), key=lambda row: (abs(seen[row, 0] - one), row))[:5] for one in wanted[:, 0]]
    assert _nearest(wanted, seen, 5).tolist() == expected


def test_what_is_asked_for_by_name_or_by_default_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asked:
        pass

    calls, one = [], Asked()
    named = once_per_analysis(lambda analysis, dose="cumulative": calls.append(dose))
    named(one), named(one, "cumulative"), named(one, "peak daily")
    assert calls == ["cumulative", "peak daily"]
