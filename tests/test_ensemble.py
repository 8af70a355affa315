"""The ensemble: other curves, other patients, stored as states, rebuilt as cohorts; what may be read from it."""

from __future__ import annotations

import lzma
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.calibration import ensemble, gate, misses, variety, walk
from helpers.calibration.calibrate import SEED
from helpers.calibration.fate_search import endpoints, km_ids, km_values
from helpers.calibration.hits import survival_hits
from helpers.calibration.plan import Plan
from helpers.calibration.secure import secured
from helpers.calibration.targets import targets_of
from helpers.problems import InputError
from helpers.synthesis import plausibility
from helpers.synthesis.fates import deal_to_the_unassessed
from helpers.synthesis.plausibility import rules_report
from helpers.synthesis.state import FATES, read_state, write_state
from helpers.synthesis.study import CALIBRATED

ONCE = Plan(first_rounds=1, last_rounds=0, hops=0, securing=2, recovering=1, effort=1e-3)
TINY = ensemble.Effort(starts=2, plan=ONCE, exchanges=4, shifts=2, each=2)


def build(folder):
    return ensemble.build_ensemble(folder / "working", effort=TINY, searches=folder / "searches", say=lambda text: None)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def stored(begun):
    ensemble.store(begun / "working", begun / "stored", within=120)
    return begun / "stored"


def test_dealing_fates_keeps_every_curve_and_changes_who_fails():
    labels, fates = read_state(CALIBRATED)
    dealt = deal_to_the_unassessed(labels, fates, np.random.default_rng(1))
    logarithmic = targets_of(km_ids()).logarithmic
    nonresponse = [k for k, id in enumerate(km_ids()) if ".efs" not in id]  # EFS sees who did not respond, and when
    before, after = km_values(labels, fates, logarithmic), km_values(labels, dealt, logarithmic)
    assert after[nonresponse] == pytest.approx(before[nonresponse])
    assert sorted(dealt["contact"]) == sorted(fates["contact"])
    assert (dealt["progression"].notna() != fates["progression"].notna()).sum() > 20
    assert variety.order_correlation((labels, fates), (labels, dealt)) < 0.6


def test_those_not_assessed_are_dealt_no_better_fates_than_the_others():
    labels, fates = read_state(CALIBRATED)
    missing, known = labels["response"] == "ND", labels["response"] == "CR"
    for seed in range(5):
        dealt = deal_to_the_unassessed(labels, fates, np.random.default_rng(seed))
        free = dealt[["progression", "death"]].isna().all(axis=1) & (dealt["contact"] > 730)
        assert free[missing].mean() < free[known].mean()
        assert (
            dealt.loc[labels["response"] != "ND", "contact"] >= dealt.loc[labels["response"] != "ND", "assessed"]
        ).all()


def test_a_start_is_secured_by_a_walk(begun, monkeypatch):
    monkeypatch.setattr(walk, "DRAWN", 500)
    labels, fates = read_state(CALIBRATED)
    girls = labels["female"].to_numpy().copy()
    shifted = labels.assign(female=np.roll(girls, 1))  # the multivariable model is lost
    lost = gate.missing(survival_hits(shifted, fates), gate.low_dose())
    said = []
    found = survival_hits(*secured(1, shifted, fates, replace(ONCE, securing=60), said.append))
    low = [step for step in said if step.of == len(gate.low_dose())]
    assert low[-1].missing == ()
    assert [step.turn for step in said] == sorted({step.turn for step in said})
    assert said[-1].turn == said[-1].turns
    assert lost
    assert gate.missing(found, gate.low_dose()) == []


def test_cohorts_apart_share_less_than_half_of_their_days_of_event():
    labels, fates = read_state(CALIBRATED)
    days = ["progression", "failure", "death", "contact", "assessed"]
    later, mixed = fates.copy(), fates.copy()
    later[days] += 0.25  # no day in common
    mixed.loc[mixed.index[:40], days] += 0.25
    states = [(labels, fates), (labels, later)]
    assert variety.apart([states[0], *states]) == [0, 2]
    shares = []
    for _, event in endpoints(labels, fates).values():
        moved = event[:40].sum()
        shares.append((event.sum() - moved) / (event.sum() + moved))
    pair = [(labels, fates), (labels, mixed)]
    assert len(variety.apart(pair, most=max(shares) - 1e-9)) == 1
    assert len(variety.apart(pair, most=max(shares) + 1e-9)) == 2


def test_members_walk_from_starts_behind_the_gate_only(tmp_path):
    labels, fates = read_state(CALIBRATED)
    for seed, state in ((1, labels), (2, labels.assign(female=np.roll(labels["female"], 1)))):
        write_state(tmp_path / str(seed) / "state.csv", state, fates)
    assert ensemble.behind_the_gate(tmp_path, [SEED, 1, 2]) == [SEED, 1]


def test_a_begun_ensemble_is_not_made_again(begun):
    def written():
        return {
            file: file.stat().st_mtime_ns for file in begun.rglob("*") if file.is_file() and "stored" not in file.parts
        }

    times = written()
    assert (begun / "searches" / "1" / "state.csv") in times  # the start of another seed was searched
    table = build(begun)
    assert table["seed"].tolist()[:2] == [1, 2]
    assert table["start"].tolist()[:2] == [SEED, SEED]
    assert times == written()


def test_a_stored_member_is_found_again_byte_for_byte():
    """One member of the default cohort, walked anew with the whole effort: the state whose sha256 the index holds."""
    row = ensemble.ensemble_index().iloc[0]
    labels, fates = ensemble.wander(row["seed"], *read_state(CALIBRATED))
    again = next(ensemble.load_states())
    assert row["start"] == SEED
    for found, kept in zip((labels, fates), again, strict=True):
        pd.testing.assert_frame_equal(found, kept, check_dtype=False, check_names=False)


def test_states_come_back_as_they_were_stored(begun, stored):
    seeds = ensemble.ensemble_index(stored)["seed"]  # who breaks a rule in every draw is not among them
    for seed, (labels, fates) in zip(seeds, ensemble.load_states(stored), strict=True):
        before = read_state(begun / "working" / f"{seed}.csv")
        pd.testing.assert_frame_equal(labels, before[0])
        pd.testing.assert_frame_equal(fates[FATES], before[1][FATES])
    hits = ensemble.ensemble_hits(stored)
    assert hits.sum(axis=1).tolist() == ensemble.ensemble_index(stored)["hits"].tolist()


def test_cohorts_are_rebuilt_alike_and_say_that_they_are_synthetic(stored):
    first, again = next(ensemble.load_ensemble(stored)), next(ensemble.load_ensemble(stored))
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert first.synthetic
    assert first.name == "zhang2025-synthetic-001"
    assert first.tables["patients"]["patient_id"].str.startswith("SYN-").all()


def test_a_changed_state_is_refused(stored, tmp_path):
    for name in (ensemble.STATES, ensemble.INDEX):
        (tmp_path / name).write_bytes((stored / name).read_bytes())
    lines = lzma.decompress((tmp_path / ensemble.STATES).read_bytes()).decode().splitlines()
    lines[1] = lines[1].replace("True", "False", 1)
    (tmp_path / ensemble.STATES).write_bytes(lzma.compress("\n".join(lines).encode()))
    with pytest.raises(InputError, match="sha256"):
        next(ensemble.load_states(tmp_path))


def test_members_too_far_from_the_default_are_not_stored(begun, tmp_path):
    most = max(one["hits"] for one in ensemble._found(begun / "working"))
    nearest = sum(survival_hits(*read_state(CALIBRATED)).values()) - most
    with pytest.raises(InputError, match="hits"):
        ensemble.store(begun / "working", tmp_path, within=nearest - 1)


def test_likeness_of_one_cohort_with_itself_is_one_and_less_by_chance():
    state = read_state(CALIBRATED)
    table = variety.likeness([state, state, state])
    assert table[["low", "median", "high"]].to_numpy() == pytest.approx(1)
    assert (table["by_chance"] < 0.95).all()


def test_ranges_only_for_what_is_constrained(stored):
    values = ensemble.ensemble_quantities(stored)
    table = variety.ranges(values, values[values["cohort"] == "zhang2025-synthetic-001"])
    constrained = table["tag"] == "constrained"
    assert table.loc[~constrained, ["low", "high"]].isna().all().all()
    assert table.loc[constrained, "low"].notna().any()
    assert (
        table.loc[constrained, "default"].between(table.loc[constrained, "low"], table.loc[constrained, "high"]).all()
    )
    assert set(table["tag"]) == set(variety.TAGS)


def test_every_quantity_is_declared_with_a_tag_and_a_reason():
    table = variety.quantities()
    assert set(table["tag"]) == set(variety.TAGS)
    assert table["id"].is_unique
    assert table["reason"].str.len().gt(10).all()
    assert table.loc[table["tag"] != "printed", "id"].str.startswith("extra.").all()


def test_each_miss_has_one_explanation():
    hits = pd.DataFrame({"a": [False] * 20, "b": [True] * 10 + [False] * 10, "c": [False] * 10 + [True] * 10})
    table = misses.misses({"a": False, "b": False, "c": True}, hits, {"a": "arithmetic"}).set_index("id")
    assert table["kind"].to_dict() == {"a": misses.PROOF, "b": misses.FRONTIER}
    assert table.loc["b", "lost_with"].startswith("c (0% against 100%, p ")
    assert table.loc["b", "explanation"].startswith("hit in 10 of 20 cohorts, the best of which hits 1 of 3;")
    assert misses.misses({"a": False}, hits, {}).loc[0, "kind"] == misses.NOT_FOUND
    assert misses.misses({"b": False}, hits[["b"]], {}).loc[0, "kind"] == misses.MISSED_HERE  # nothing is lost with it


def test_a_proof_needs_numbers_of_one_population_that_no_cohort_hits_together():
    curves = ["results.efficacy.os_1y.rate", "results.efficacy.os_2y.rate"]
    rows = [" ".join(curves), "results.efficacy.rux.pfs.p table5.univariate.rux.p"]
    found = pd.DataFrame({"ids": rows, "verdict": misses.CONTRADICTION, "arithmetic": ["too steep", "two tests"]})
    apart = pd.DataFrame([[True, False], [False, True]], columns=curves)
    missed = [curves[0], "table5.univariate.rux.p"]
    assert list(misses.contradicted(missed, apart, found)) == [curves[0]]
    assert misses.contradicted(missed, apart | True, found) == {}


def test_the_shipped_ensemble_is_whole_and_keeps_the_rules():
    index = ensemble.ensemble_index()
    assert index["seed"].is_unique
    assert index["sha256"].is_unique
    hits = ensemble.ensemble_hits().to_dict("records")
    assert [len(gate.missing(row)) for row in hits] == index["headline_missed"].tolist()
    assert [len(gate.missing(row, gate.low_dose())) for row in hits] == index["low_dose_missed"].tolist()
    assert ensemble.ensemble_hits().sum(axis=1).tolist() == index["hits"].tolist()
    assert len(list(ensemble.load_states())) == len(index)
    for cohort in ensemble.load_ensemble(first=2):
        assert not rules_report(cohort)["broken"].any()


def test_every_member_is_behind_the_headline_gate_and_near_the_default():
    index, hits = ensemble.ensemble_index(), sum(survival_hits(*read_state(CALIBRATED)).values())
    assert len(index) >= 100
    assert (index["headline_missed"] == 0).all()
    assert index["hits"].min() >= hits - ensemble.WITHIN
    assert index["start"].nunique() >= 10
    assert set(index["start"]) <= set(ensemble.Effort().seeds)


def test_a_member_in_which_somebody_breaks_a_rule_is_not_stored(begun, tmp_path, monkeypatch):
    rules = pd.DataFrame({"rule": ["weight follows age"], "broken": [1], "who": ["SYN-001"]})
    monkeypatch.setattr(plausibility, "rules_report", lambda cohort: rules)
    with pytest.raises(InputError, match="hits"):
        ensemble.store(begun / "working", tmp_path, within=120)


def test_hits_of_the_shipped_members_are_what_the_index_says():
    for (labels, fates), hits in zip(ensemble.load_states(), ensemble.ensemble_index()["hits"].head(3), strict=False):
        assert sum(survival_hits(labels, fates).values()) == hits
