"""Every number's patients, events and missing, counted again by other code on cohorts with gaps in every column."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from notebook_cohorts import ABOUT, tables, write

from helpers.cohort.derive import DAYS_PER_YEAR, Analysis, analyse
from helpers.cohort.read import read_cohort
from helpers.parameters import Parameters
from helpers.paths import COHORT
from helpers.results.registry import compute
from helpers.results.value import id_part

NEVER_EMPTY = {"toxicity": {"event", "day_from", "grade"}, "treatments": {"agent", "day"}, "exposures": {"exposure", "day"},
               "labs": {"day", "analyte", "unit", "value"}, "followup": {"last_contact_day"},
               "screening": {"excluded_reason", "infusion_number"}}  # fmt: skip
OWN = {"columns": {"patients": {"ward": {"kind": "category", "meaning": "ward", "allowed": ["A+", "A-", "<10 %"]},
                                "twin": {"kind": "boolean", "meaning": "twin"}, "ferritin": {"kind": "number", "meaning": "ferritin"}}},
       "recorded": json.loads((COHORT / "cohort.json").read_text())["recorded"]}  # fmt: skip
TARGETS = {"cd19": "CD19", "cd19_22": "CD19+CD22", "cd19_22_20": "CD19+CD22+CD20", "cd22": "CD22", "other": "other"}
SPLITS = {"dose": "gc_group", "onset": "gc_onset", "duration": "gc_duration_group"}


def with_gaps(seed: int, patients: int, share: float) -> dict[str, pd.DataFrame]:
    """Empty some cells of every column that may be empty, drop some rows of response and follow-up, and let some be unknown."""
    rng, content = np.random.default_rng(seed), tables(patients)
    who = content["patients"]["patient_id"]
    content["patients"] = content["patients"].assign(
        ward=rng.choice(["A+", "A-", "<10 %"], len(who)), twin=rng.choice([True, False], len(who)), ferritin=rng.lognormal(7, 1, len(who)).round(1)
    )  # fmt: skip
    for name, frame in content.items():
        for column in sorted(set(frame) - {"patient_id", "synthetic", "episode_id"} - NEVER_EMPTY.get(name, set())):
            frame[column] = frame[column].astype(object).mask(rng.random(len(frame)) < share, None)
    for name in ("response", "followup"):
        content[name] = content[name][rng.random(len(content[name])) > share]
    unknown = pd.DataFrame({"patient_id": who, "synthetic": True})
    seen = {"crs": ("toxicity", "event", "CRS"), "icans": ("toxicity", "event", "ICANS"), "tcz": ("treatments", "agent", "tocilizumab"),
            "rux": ("treatments", "agent", "ruxolitinib"), "gc": ("treatments", "agent", "methylprednisolone|dexamethasone|pred|hydro")}  # fmt: skip
    for column, (table, of, word) in seen.items():
        rows = content[table]
        had = set(rows["patient_id"][rows[of].str.contains(word)])
        unknown[column] = np.where(~who.isin(had) & (rng.random(len(who)) < 2 * share), "unknown", None)
    return {**content, "status": unknown}


PARAMETERS = {"gaps": {}, "few": {"exposure": "ward", "endpoint": "OS", "screening_p": 1.0}}


@pytest.fixture(scope="module", params=PARAMETERS)
def analysis(request, tmp_path_factory) -> Analysis:
    content = with_gaps(5, 120, 0.1) if request.param == "gaps" else with_gaps(8, 50, 0.04)
    folder = write(tmp_path_factory.mktemp("counting") / "cohort", content, **{**ABOUT, **OWN})
    chosen = Parameters(cohort_folder=folder, imputations=2, **PARAMETERS[request.param])
    return analyse(read_cohort(folder), chosen)


@pytest.fixture(scope="module")
def values(analysis) -> dict:
    return compute(analysis)


def yes(values: pd.Series) -> pd.Series:
    return values.astype(object).map(lambda value: not pd.isna(value) and bool(value)).astype(bool)


def no(values: pd.Series) -> pd.Series:
    return values.astype(object).map(lambda value: not pd.isna(value) and not value).astype(bool)


def named(analysis: Analysis, part: str) -> pd.Series:
    """Tell who is in a population, or in a group of one, that a value names; other code than the registry's."""
    f = analysis.frame
    everyone = pd.Series(True, index=f.index)
    plain = {
        "all": lambda: everyone, "toxicity": lambda: yes(f["toxicity"]), "gc": lambda: yes(f["gc"]), "tcz": lambda: yes(f["tcz"]),
        "norux": lambda: no(f["rux"]), "crs": lambda: yes(f["crs"]), "icans": lambda: yes(f["icans"]), "nongc": lambda: no(f["gc"]),
        "evaluable": lambda: yes(f["toxicity"]) & f["day30_response"].isin(["CR", "CRi", "PR", "NR"]),
        "relapsed": lambda: (f["n_relapses"].fillna(0) >= 1) | f["disease_status"].eq("relapsed").fillna(False),
        "known_blasts": lambda: f["blast_prelymphodepletion_pct"].notna(), "not_high": lambda: f["gc_group"].astype(object) != "high",
        "alive": lambda: ~yes(f["os_event"]), "icans_g12": lambda: yes(f["icans"]) & f.index.isin(mild(analysis)),
    }  # fmt: skip
    if part in plain:
        return plain[part]()
    if at := re.fullmatch(r"at risk after day ([\d.]+)", part):
        time = timed(analysis)
        return time.isna() | (time > float(at[1]))
    if part == "no tocilizumab before the later sample":
        return everyone  # of pairs, not of patients: counted in a test of its own
    split, _, keys = part.partition(": ")
    return pd.concat([one_group(analysis, split, key) for key in keys.split(" / ")], axis=1).any(axis=1)


def one_group(analysis: Analysis, split: str, key: str) -> pd.Series:
    f = analysis.frame
    if split == "target":
        return f["car_target"].eq(TARGETS[key]).fillna(False).astype(bool)
    if split == "burden":
        known = f["blast_prelymphodepletion_pct"].astype(float)
        return known < 5 if key == "lt5" else known >= 5
    if split in ("gc", "tcz", "rux"):
        return no(f[split]) if key.startswith("no_") else yes(f[split])
    if up_to := re.fullmatch(r"up to ([\d.]+) mg/kg", key):
        dose = f["gc_dose_mg_per_kg"].astype(float)
        return yes(f["gc"]) & (dose > 0) & (dose <= float(up_to[1]) * (1 + 1e-9))  # the name has ten digits
    if split in SPLITS or split.startswith("dose"):
        return f[SPLITS.get(split, "gc_group")].astype(object).eq(key).fillna(False).astype(bool)
    name = analysis.parameters.exposure
    if name == "GC":
        return one_group(analysis, "gc", key)
    return f[name].map(id_part, na_action="ignore").eq(key).fillna(False).astype(bool)


def mild(analysis: Analysis) -> set:
    rows = analysis.cohort.tables["toxicity"]
    return set(rows["patient_id"][(rows["event"] == "ICANS") & (rows["grade"] <= 2)])


def timed(analysis: Analysis) -> pd.Series:
    """Time of the endpoint, missing where the exposure or its day is unknown too."""
    f, endpoint = analysis.frame, analysis.parameters.endpoint.lower()
    unknown = f["gc"].isna() | (yes(f["gc"]) & f["gc_first_day"].isna())
    return f[f"{endpoint}_days"].astype(float).mask(unknown)


def members(analysis: Analysis, population: str) -> pd.Series:
    return pd.concat([named(analysis, part.strip()) for part in population.split(" & ")], axis=1).all(axis=1)


def test_patients_and_missing_are_those_of_the_population_that_the_value_names(analysis, values):
    """A test or model uses some and leaves the rest out; a count is of all, those unknown counted among them."""
    wrong, tried = [], 0
    for id, value in values.items():
        if value.n is None or value.population == "screened" or "no tocilizumab" in value.population:
            continue
        size, counted = int(members(analysis, value.population).sum()), re.search(r"\.(n|pct|cr|nr)$", id)
        whole = counted and value.n == size and 0 <= value.missing <= size
        tried += 1
        if value.missing is None or not (value.n + value.missing == size or whole):
            wrong.append((id, value.population, value.n, value.missing, size))
    assert not wrong, "\n".join(map(str, wrong))
    assert tried > 1500


def test_no_patient_counts_stand_beside_what_is_stated_of_the_design_alone(values):
    without = {id for id, value in values.items() if value.n is None and value.value is not None}
    stated = ("table2.immuno.window", "table3.day", "table4.", "table5.cut.", "methods.", "results.patients.window")
    assert all(id.startswith(stated) for id in without), sorted(without)


UNKNOWN = {  # a count: of whom it is unknown, among the population
    "results.multivariable.low.n": "gc_group", "results.multivariable.nongc.n": "gc_group", "extra.survival.high.n": "gc_group",
    "results.efficacy.gc.n": "gc", "results.efficacy.nongc.n": "gc", "extra.flow.gc.n": "gc", "extra.flow.nongc.n": "gc",
    "table2.crs.any.n": "crs", "table2.icans.any.pct": "icans", "table2.gc.n": "gc", "table2.tcz.n": "tcz", "table2.rux.pct": "rux",
    "table2.crs.g3.n": "crs_grade", "table1.male.n": "sex", "table1.target.cd19.n": "car_target", "table1.origin.auto.pct": "car_origin",
    "table1.blast.ge50.n": "blast_prelymphodepletion_pct", "table1.mrd.lt1e4.n": "mrd_prelymphodepletion", "extra.table1.ward.a_plus.n": "ward",
    "extra.table1.twin.yes.pct": "twin", "extra.table2.crs_before_gc.g1.n": "crs_grade_before_gc", "table2.crs_resolution.pct": "crs_resolved",
    "results.efficacy.analysed.n": "toxicity", "results.efficacy.excluded.n": "toxicity", "extra.stable1.crs.cd19_22.any.n": "crs",
}  # fmt: skip


@pytest.mark.parametrize("id", UNKNOWN)
def test_a_count_says_of_how_many_it_is_unknown(analysis, values, id):
    value, frame = values[id], analysis.frame
    among = members(analysis, value.population)
    assert (value.n, value.missing) == (among.sum(), (among & frame[UNKNOWN[id]].isna()).sum())


def test_some_are_unknown_everywhere(analysis):
    """Else the test above could not fail."""
    gaps = analysis.frame.isna().any()
    if analysis.parameters.exposure == "GC":
        assert gaps[sorted(set(UNKNOWN.values()))].all(), gaps


def test_events_are_those_of_the_patients_used(analysis, values):
    """Of every curve, median, restricted mean, difference, log-rank test and model of one grouping."""
    frame, own, tried = analysis.frame, analysis.parameters.endpoint.lower(), 0
    for id, value in values.items():
        if value.events is None or not re.match(
            r"extra\.(survival|median|rmst|difference|lost|exposure\.crude|time)\.", id
        ):
            continue
        if ".event_free." in id or value.n == 0:
            continue
        endpoint = next((name for name in ("os", "pfs", "efs") if id.split(".")[2] == name), own)
        used = members(analysis, value.population) & frame[f"{endpoint}_days"].notna()
        if id.startswith("extra.time."):
            used &= timed(analysis).notna()
        for split in ("dose_tcz_no_rux", *SPLITS, "gc", "tcz", "rux", "exposure"):
            if id.startswith(f"extra.survival.{endpoint}.{split}.logrank") or (
                split == "exposure" and "exposure.crude" in id
            ):
                used &= has_a_group(analysis, split)
                break
        assert (value.n, value.events) == (used.sum(), yes(frame.loc[used, f"{endpoint}_event"]).sum()), (id, value)
        tried += 1
    assert tried > 200


def has_a_group(analysis: Analysis, split: str) -> pd.Series:
    frame = analysis.frame
    if split == "dose_tcz_no_rux":
        return frame["gc_group"].astype(object).isin(["low", "high"])
    column = SPLITS.get(split, analysis.parameters.exposure if split == "exposure" else split)
    return frame["gc" if column == "GC" else column].notna()


def test_samples_before_and_after_are_counted_by_patient(analysis, values):
    """Each number of a marker rests on the group that it is of."""
    frame, labs = analysis.frame, analysis.cohort.tables["labs"]
    for analyte, key in (("CRP", "crp"), ("IL-6", "il_6")):
        for day in (0, 7, 14):
            drawn = set(labs["patient_id"][(labs["analyte"] == analyte) & (labs["day"] == day)])
            inside = yes(frame["toxicity"]) & frame.index.isin(drawn)
            for measure, part in (
                ("median_gc", yes(frame["gc"])),
                ("median_nongc", no(frame["gc"])),
                ("p", frame["gc"].notna()),
            ):
                value = values[f"extra.sfigure3.{key}.day{day}.{measure}"]
                assert value.n == (inside & part).sum(), value
        for measure, group in (("median_low", "low"), ("median_high", "high")):
            assert values[f"extra.sfigure5.{key}.{measure}"].population == f"gc & dose: {group}"
        pairs = values[f"extra.figure2.{key}.day3.p"].n
        assert pairs <= yes(frame["gc"]).sum()
        saw_none = values[f"extra.figure2.{key}.day3.p_without_tcz"]
        assert (
            saw_none.n + saw_none.missing + values[f"extra.figure2.{key}.day3.n_after_tcz"].value
            == yes(frame["gc"]).sum()
        )


def test_response_within_groups_is_counted(analysis, values):
    frame = analysis.frame
    known = named(analysis, "evaluable")
    cr = known & frame["day30_response"].isin(["CR", "CRi"])
    for row, group in (
        ("gc", yes(frame["gc"])),
        ("nongc", no(frame["gc"])),
        ("tcz", yes(frame["tcz"])),
        ("nonrux", no(frame["rux"])),
    ):
        assert [values[f"table3.{row}.{m}"].value for m in ("cr", "nr")] == [
            (cr & group).sum(),
            (known & ~cr & group).sum(),
        ]
        assert {values[f"table3.{row}.{m}"].n for m in ("cr", "nr")} == {(known & group).sum()}
    assert values["table3.gc.p"].n == (known & frame["gc"].notna()).sum()
    assert values["table4.onset.p"].n == (known & yes(frame["gc"]) & frame["gc_onset"].notna()).sum()
    failed = values["extra.response.failures.tcz.p"]
    toxic = yes(frame["toxicity"])
    assert (failed.n, failed.missing) == ((toxic & frame["tcz"].notna()).sum(), (toxic & frame["tcz"].isna()).sum())


def test_those_lost_within_a_year_are_counted(analysis, values):
    frame, endpoint = analysis.frame, analysis.parameters.endpoint.lower()
    time, event = frame[f"{endpoint}_days"], yes(frame[f"{endpoint}_event"])
    cutoff = frame["cutoff_day"].astype(float).fillna(np.inf)
    gone = time.notna() & ~event & (time < DAYS_PER_YEAR) & (time < cutoff)
    for key, group in (
        ("all", frame["sex"].notna() | True),
        ("gc_low", yes(frame["toxicity"]) & (frame["gc_group"].astype(object) == "low")),
    ):
        value = values[f"extra.lost.{key}.n"]
        assert (value.value, value.n, value.missing) == (
            (gone & group).sum(),
            (group & time.notna()).sum(),
            (group & time.isna()).sum(),
        )
