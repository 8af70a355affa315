"""The search: its kernels agree with the registry, its moves keep every margin, a seed gives one result, a kill costs nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from helpers.calibration import calibrate as search
from helpers.calibration import fate_search, kernels, label_search, other_paper
from helpers.calibration.calibrate import calibrate
from helpers.calibration.fate_search import km_ids, km_values
from helpers.calibration.gate import missing
from helpers.calibration.hits import survival_hits
from helpers.calibration.label_search import LabelSearch, model_ids, read_models
from helpers.calibration.plan import Plan
from helpers.calibration.targets import targets_of
from helpers.cohort.derive import analyse
from helpers.estimate.partial_likelihood import maximise
from helpers.paths import DATA, ROOT
from helpers.problems import InputError
from helpers.published.concordance import SAME, concordance
from helpers.published.corrections import read_corrections
from helpers.published.values import published_values
from helpers.results.registry import compute
from helpers.synthesis import study
from helpers.synthesis.plausibility import rules_report
from helpers.synthesis.state import encode, read_state, write_state
from helpers.synthesis.study import CALIBRATED, cohort_of, default_cohort

SMALL = Plan(
    fate_moves=20_000,
    fresh=True,
    first_rounds=1,
    last_rounds=1,
    hops=0,
    polishes=1,
    securing=4,
    recovering=2,
    effort=0.02,
)


@cache
def default():
    cohort = default_cohort()
    return cohort, compute(analyse(cohort))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    said = []
    return calibrate(11, folder, SMALL, said.append), folder, said


def test_the_search_computes_what_the_registry_computes():
    labels, fates = read_state(CALIBRATED)
    models = list(read_models(DATA / "synthesis" / "models.csv").values())
    from helpers.calibration.fate_search import endpoints

    search = LabelSearch(encode(labels), endpoints(labels, fates), models)
    to_alias = read_corrections().set_index("id")["alias"]
    values = default()[1]
    compared = 0
    for k, model in enumerate(models):
        for id, value in zip(model_ids(model), search.values(k), strict=True):
            if id:
                assert value == pytest.approx(values[to_alias.get(id) or id].value, rel=1e-6), id
                compared += 1
    assert compared == 102
    km = km_values(labels, fates, targets_of(km_ids()).logarithmic)
    assert km == pytest.approx([values[id].value for id in km_ids()], rel=1e-9)


def test_the_fast_cox_agrees_with_the_engine():
    rng = np.random.default_rng(4)
    labels = pd.DataFrame(rng.choice(["no", "yes"], (80, 3)), columns=["a", "b", "c"])
    time, event = rng.permutation(80) + 1.0, rng.random(80) < 0.5
    table = pd.DataFrame(
        {
            "model": "m",
            "kind": "cox",
            "endpoint": "e",
            "id": "",
            "label": ["a", "b", "c"],
            "codes": "yes",
            "population": "",
        }
    )
    path = DATA / "synthesis" / "models.csv"
    model = next(iter(read_models(path).values()))
    model = type(model)("m", "cox", "e", ("", "", ""), tuple((n, frozenset({"yes"})) for n in table["label"]), ())
    found = LabelSearch(labels, {"e": (time, event)}, [model]).values(0)
    fit = maximise((labels == "yes").to_numpy(float), time, event)
    assert found[::4] == pytest.approx(np.exp(fit.beta), rel=1e-7)
    high = fit.beta + 1.959963984540054 * np.sqrt(np.diag(fit.covariance))
    assert found[2::4] == pytest.approx(np.exp(high), rel=1e-6)


def test_a_calibrated_state_keeps_every_margin(small):
    outcome = small[0]
    values = compute(analyse(cohort_of(outcome.labels, outcome.fates, 1)))
    found = concordance(published_values(), values).merge(published_values()[["id", "kind"]], on="id")
    counts = found[found["kind"].isin(["count", "percent", "median", "range_low", "range_high"])]
    wrong = set(counts.loc[counts["verdict"] != SAME, "id"])
    assert wrong <= set(read_corrections()["id"])


def test_a_seed_gives_one_result_and_a_kill_costs_nothing(small, tmp_path):
    outcome, _, said = small

    class KilledError(Exception):
        pass

    def kill(line):
        if line.startswith("joint"):
            raise KilledError

    with pytest.raises(KilledError):
        calibrate(11, tmp_path, SMALL, kill)
    again = calibrate(11, tmp_path, SMALL, lambda _: None)
    pd.testing.assert_frame_equal(again.labels, outcome.labels, check_dtype=False)
    pd.testing.assert_frame_equal(again.fates, outcome.fates, check_dtype=False)
    assert any("left" in line and "missing" in line for line in said)
    assert again.hits == outcome.hits


@pytest.fixture
def begun(small, tmp_path):
    for name in ("state.csv", "progress.json"):
        (tmp_path / name).write_bytes((small[1] / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("seed", "changes"), [(12, {}), (11, {"effort": 0.5}), (11, {"last_rounds": 2}), (11, {"fresh": False})]
)
def test_a_search_with_another_plan_is_not_taken_for_this_one(begun, seed, changes):
    with pytest.raises(InputError, match="another plan"):
        calibrate(seed, begun, replace(SMALL, **changes), lambda _: None)


def test_a_search_with_other_inputs_is_not_taken_for_this_one(begun, tmp_path):
    folder = tmp_path / "tables"
    shutil.copytree(DATA / "synthesis", folder)
    bounds = folder / "bounds.csv"
    bounds.write_text(bounds.read_text(encoding="utf-8").replace(",0,24,", ",0,23,"), encoding="utf-8")
    with pytest.raises(InputError, match="other inputs"):
        calibrate(11, begun, replace(SMALL, folder=folder), lambda _: None)


@pytest.mark.parametrize(
    ("name", "text"), [("progress.json", '{"done": ["fates"'), ("progress.json", "[]"), ("state.csv", "a,b\n1\n")]
)
def test_a_damaged_search_is_one_clear_message(begun, name, text):
    (begun / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        calibrate(11, begun, SMALL, lambda _: None)


def test_the_best_of_some_searches_is_adopted_with_its_trace(small, tmp_path, monkeypatch):
    outcome, folder, _ = small
    monkeypatch.setattr(search, "FOLDER", tmp_path)
    monkeypatch.setattr(study, "CALIBRATED", tmp_path / "calibrated.csv")
    worse = replace(outcome, hits=dict.fromkeys(outcome.hits, False))
    (tmp_path / "many").mkdir()
    shutil.copytree(folder, tmp_path / "many" / "11")
    adopted = search.adopt_best({7: worse, 11: outcome}, tmp_path / "many")
    labels, fates = read_state(adopted)
    assert survival_hits(labels, fates) == outcome.hits
    trace = pd.read_csv(tmp_path / "trace.csv")
    assert set(trace["seed"]) == {11}
    assert trace["synthetic"].all()


def test_compiled_code_calls_none_of_another_file():
    """Numba keeps compiled code until its own file changes: what a kernel calls must be in the kernel's file."""
    from numba.core.registry import CPUDispatcher

    for module in (kernels, label_search, fate_search, other_paper, search):
        compiled = [value for value in vars(module).values() if isinstance(value, CPUDispatcher)]
        for one in compiled:
            called = [one.py_func.__globals__.get(name) for name in one.py_func.__code__.co_names]
            files = {f.py_func.__code__.co_filename for f in called if isinstance(f, CPUDispatcher)}
            assert files <= {one.py_func.__code__.co_filename}, one


def test_a_state_survives_a_round_trip(small, tmp_path):
    outcome = small[0]
    labels, fates = read_state(write_state(tmp_path / "state.csv", outcome.labels, outcome.fates))
    assert survival_hits(labels, fates) == outcome.hits


def test_the_default_cohort_is_natural():
    report = rules_report(default()[0])
    assert report["broken"].sum() == 0, report[report["broken"] > 0].to_string()


def test_a_search_walks_on_from_the_stored_start_or_deals_it_anew():
    labels, fates = read_state(Plan().start)
    walked = search._begun(3, Plan())
    assert walked[2] == ["fates", *Plan().stages()]
    pd.testing.assert_frame_equal(walked[0], labels)
    pd.testing.assert_frame_equal(walked[1], fates)
    dealt = search._begun(3, Plan(anew=True))
    assert dealt[2] == ["fates"]
    assert not dealt[1]["contact"].equals(fates["contact"])
    assert search._begun(3, Plan(anew=True, fresh=True))[2] == []


def test_the_default_is_what_its_search_reached_and_documents_say_from_where():
    trace, hits = search.default_trace(), survival_hits(*read_state(CALIBRATED))
    assert set(trace["seed"]) == {search.SEED}
    assert trace["total"].iloc[-1] == sum(hits.values())
    assert trace["elapsed"].iloc[-1] < 30 * 60
    began = survival_hits(*read_state(Plan().start))
    said = " ".join((ROOT / "docs" / "calibration.md").read_text(encoding="utf-8").split())
    assert f"It hits {sum(began.values())} of the {len(began)} numbers" in said
    assert f"misses {len(missing(began))} of the headline" in said
    assert f"seed {search.SEED}," in said


def as_corrected(printed):
    """Return the printed numbers as they should read."""
    out, table = printed.set_index("id"), read_corrections()
    assert set(table["id"]) <= set(out.index)
    for row in table.itertuples():
        if row.corrected_to:
            out.loc[row.id, ["number", "value"]] = [float(row.corrected_to), row.corrected_to]
        if row.alias:
            out.loc[row.id, "alias_of"] = row.alias
    return out.reset_index()[list(printed.columns)]


def test_the_default_cohort_reaches_what_it_did():
    printed = published_values()
    results = printed["kind"] != "stated"
    as_printed = concordance(printed, default()[1])[results]
    corrected = concordance(as_corrected(printed), default()[1])[results]
    labels, fates = read_state(CALIBRATED)
    assert (as_printed["verdict"] == SAME).sum() >= REACHED["as printed"]
    assert (corrected["verdict"] == SAME).sum() >= REACHED["as corrected"]
    assert sum(survival_hits(labels, fates).values()) >= REACHED["survival"]


REACHED = {"as printed": 390, "as corrected": 408, "survival": 115}


def test_readme_says_how_many_survival_statistics_come_out():
    hits = survival_hits(*read_state(CALIBRATED))
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"of the {len(hits)} published survival statistics {sum(hits.values())} come out" in readme
