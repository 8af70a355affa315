"""The study: a seeded slice computed again, measures against arithmetic, pieces resumed, and what the stored rows must show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.estimate.weights import log_hazard_ratio
from helpers.run.command_study import study
from helpers.synthesis import truth_study
from helpers.synthesis.truth import simulate
from helpers.synthesis.truth_study import FOLDER, SCENARIOS, Piece, estimates, performance, pieces, run_study

KEY = ["scenario", "n", "seed", "method", "estimand"]


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "performance.csv", keep_default_na=False, na_values=[""]).fillna({"verdict": ""})


@pytest.mark.parametrize("bootstrap", [False, True])
@pytest.mark.parametrize("scenario", ["effect, by indication", "no effect, begun late"])
def test_the_stored_slice_is_computed_again(scenario: str, bootstrap: bool) -> None:
    piece = Piece(scenario, 120, 0, 2, bootstrap)
    again = estimates(piece).set_index(KEY)
    slice_ = pd.read_csv(FOLDER / "slice.csv").set_index(KEY)
    assert np.allclose(again, slice_.loc[again.index], rtol=1e-7, atol=1e-9, equal_nan=True)


def test_a_fresh_slice_agrees_with_the_stored_rows(stored: pd.DataFrame) -> None:
    truth = pd.read_csv(FOLDER / "truth.csv")
    for scenario in ("no effect, by indication", "effect, randomised"):
        fresh = performance(estimates(Piece(scenario, 120, 100_000, 300)), truth)
        rows = stored.merge(fresh, on=["scenario", "n", "method", "estimand"], suffixes=("", "_fresh"))
        assert len(rows) == len(fresh)
        for measure, floor in (("bias", 0.0), ("coverage", 0.013)):  # an MCSE of a share near one is itself unsure
            error = np.hypot(rows[f"{measure}_mcse"], rows[f"{measure}_mcse_fresh"]) + floor / 4.5
            assert (np.abs(rows[measure] - rows[f"{measure}_fresh"]) < 4.5 * error).all(), (scenario, measure)


def test_the_study_tries_the_very_cohorts_of_the_simulator() -> None:
    made = simulate(n=120, effect=-0.7, indication=1.0, seed=1).drawn
    found = estimates(Piece("effect, by indication", 120, 1, 1)).set_index(["method", "estimand"])
    crude = log_hazard_ratio(made.time, made.event, made.treated, robust=False)
    assert found.loc[("crude", "hazard_ratio"), "value"] == pytest.approx(float(crude.value))


def test_measures_are_arithmetic() -> None:
    values = [0.1, 0.3, -0.5, np.nan]
    found = pd.DataFrame({"scenario": "no effect, randomised", "n": 9, "seed": range(4), "method": "crude",
                          "estimand": "difference_2y", "value": values, "se": [0.1, 0.1, 0.1, np.nan]})  # fmt: skip
    row = performance(found, pd.read_csv(FOLDER / "truth.csv")).iloc[0]
    assert (row["cohorts"], row["failed"]) == (4, 1)
    assert row["bias"] == pytest.approx(-0.1 / 3)
    assert row["coverage"] == pytest.approx(1 / 3)
    assert row["rejected"] == pytest.approx(2 / 3)
    assert row["empirical_se"] == pytest.approx(np.std([0.1, 0.3, -0.5], ddof=1))
    assert row["bias_mcse"] == pytest.approx(np.std([0.1, 0.3, -0.5], ddof=1) / np.sqrt(3))
    assert row["verdict"] == "under-covers"


def test_a_verdict_needs_three_monte_carlo_errors() -> None:
    truth = pd.read_csv(FOLDER / "truth.csv")

    def verdict(missed: int) -> str:
        value = np.where(np.arange(1000) < missed, 2.5, 0.5) * np.resize([1, -1], 1000)
        frame = pd.DataFrame({"scenario": "no effect, randomised", "n": 9, "seed": range(1000), "method": "crude",
                              "estimand": "difference_2y", "value": value, "se": 1.0})  # fmt: skip
        return performance(frame, truth).iloc[0]["verdict"]

    assert [verdict(missed) for missed in (20, 50, 70, 72)] == ["over-covers", "", "", "under-covers"]


def test_a_stopped_study_goes_on(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = pieces({60: 120}, {}, ["no effect, randomised"])
    assert len(wanted) == 3
    whole = run_study(wanted, tmp_path / "whole", say=lambda line: None)
    tried = []

    def stops(piece: Piece) -> pd.DataFrame:
        tried.append(piece)
        return estimates(piece)

    run_study(wanted[:1], tmp_path / "part", say=lambda line: None)
    monkeypatch.setattr(truth_study, "estimates", stops)
    again = run_study(wanted, tmp_path / "part", say=lambda line: None)
    assert tried == wanted[1:]
    pd.testing.assert_frame_equal(whole, again)


def test_the_command_writes_a_study(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth_study, "SCENARIOS", {"no effect, randomised": SCENARIOS["no effect, randomised"]})
    monkeypatch.setattr(truth_study.pieces, "__defaults__", (("no effect, randomised",),))
    monkeypatch.setattr(truth_study, "stored_truth", lambda: pd.read_csv(FOLDER / "truth.csv"))
    settings = [
        "--cohorts",
        "4",
        "--large",
        "0",
        "--bootstrap",
        "0",
        "--out",
        str(tmp_path / "out"),
        "--keep",
        str(tmp_path / "k"),
    ]
    done = CliRunner().invoke(study, settings)
    assert done.exit_code == 0, done.output
    assert "Aims:" in done.output
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == [
        "performance.csv",
        "slice.csv",
        "truth.csv",
    ]


def test_the_stored_study_is_whole_and_shows_what_it_was_made_for(stored: pd.DataFrame) -> None:
    assert set(stored["scenario"]) == set(SCENARIOS)
    assert stored["cohorts"].min() >= 500
    at = stored.set_index(["scenario", "n", "method", "estimand"])
    ratio = "hazard_ratio"
    fair = at.loc[("no effect, randomised", 120, "crude", ratio)]
    assert abs(fair["rejected"] - 0.05) < 4 * fair["rejected_mcse"] + 0.005
    for scenario, biased, repaired in (
        ("no effect, by indication", "crude", "weights, overlap"),
        ("no effect, begun late", "crude", "time-dependent Cox"),
    ):
        wrong, right = (at.loc[(scenario, 2000, method, ratio)] for method in (biased, repaired))
        assert abs(wrong["bias"]) > 10 * wrong["bias_mcse"]
        assert abs(right["bias"]) < abs(wrong["bias"]) / 5
    lost = at.loc[("no effect, untreated leave", 2000, "weights, overlap", ratio)]
    assert lost["bias"] < -3 * lost["bias_mcse"]
