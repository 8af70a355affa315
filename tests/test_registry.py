"""The registry: every printed result has one family, every family depends on what it declares and on nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest
from stand_in import stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.schema import Cohort
from helpers.parameters import Parameters
from helpers.paths import ROOT
from helpers.published.values import alias_ids, published_values
from helpers.results import measures, registry
from helpers.results.registry import all_families, as_frame, as_json, assert_agreement, compute, declared_family, family
from helpers.results.value import Reading, Value

# one other value of each parameter; a family must not notice those that it does not declare
OTHER = {
    "window_days": 6,
    "gc_cutoff": None,
    "gc_cutoff_percentile": 40.0,
    "onset_cut_days": 7.0,
    "duration_cut_days": 1.0,
    "age_cut": 11.0,
    "weight_cut": 40.0,
    "blast_cut": 30.0,
    "exposure": "sex",
    "endpoint": "OS",
    "milestones": [0.5, 1.5],
    "landmarks": [5, 20],
    "screening_p": 0.9,
    "ties": "breslow",
    "alpha": 0.2,
    "chi_square": "fisher",
    "reading": "stated",
    "nonresponse_day": "day30",
    "censoring": "last_assessment",
    "icans_clock": "infusion",
    "gc_clock": "crs_onset",
    "premedication": True,
    "steroid_labels": "base",
    "imputations": 3,
    "seed": 7,
}
SAME_CODE = ("survival.OS_by", "survival.EFS_by")  # slow, and the code of survival.PFS_by, which stays in
FOLDERS = {"cohort_folder", "published_folder", "output_folder"}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return stand_in()


@pytest.fixture(scope="module")
def analysis(cohort) -> Analysis:
    return analyse(cohort, Parameters(imputations=2))


@pytest.fixture(scope="module")
def values(analysis) -> dict[str, Value]:
    return compute(analysis)


def test_the_registry_is_imported_without_compiling_anything():
    code = "import sys; from helpers.results import registry; registry.all_families(); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "False\n"


def test_every_printed_result_has_exactly_one_family():
    printed = published_values()
    canonical = set(printed["id"]) - set(alias_ids(printed))
    owners = {id: [one.name for one in all_families() if id in one.ids] for id in canonical}
    assert {id: names for id, names in owners.items() if len(names) != 1} == {}


def test_families_yield_only_printed_ids_or_extra_ones(values):
    known = set(published_values()["id"])
    assert [id for id in values if id not in known and not id.startswith("extra.")] == []


def test_no_value_is_nan_and_each_absence_has_a_reason(values):
    for id, value in values.items():
        assert value.id == id
        assert (value.value is None) == bool(value.reason), id
        assert value.population, id
        assert value.method, id


def test_the_population_declared_for_the_print_is_that_of_the_published_table():
    printed = published_values().set_index("id")
    differing = {
        id: (one.paper.population, printed.loc[id, "population"])
        for one in all_families()
        for id in one.ids
        if id in printed.index and printed.loc[id, "kind"] != "stated"
        if one.paper.population != printed.loc[id, "population"]
    }
    several = {"results.efficacy.analysed.n", "results.efficacy.excluded.n"}  # one family, a population per value
    assert set(differing) - several - {id for id in differing if id.startswith(("table5.cut", "methods."))} == set()


def test_a_family_depends_on_nothing_but_what_it_declares(cohort, analysis, values):
    assert set(OTHER) | FOLDERS == set(Parameters.model_fields)
    by_depends: dict[frozenset, list] = {}
    for one in all_families():
        if not one.name.startswith(SAME_CODE):
            by_depends.setdefault(frozenset(one.depends), []).append(one)
    for depends, group in by_depends.items():
        others = {name: value for name, value in OTHER.items() if name not in depends}
        perturbed = analyse(cohort, Parameters(**{"imputations": 2, **others}))
        for one in group:
            found = {id: value.value for id, value in one.values(perturbed).items()}
            expected = {id: values[id].value for id in found if id in values}
            assert found == expected, f"{one.name} depends on more than {sorted(depends)}"


@pytest.mark.parametrize(
    ("id", "parameter"),
    [
        ("table4.dose_low.cr", "gc_cutoff"),
        ("table4.onset_early.cr", "onset_cut_days"),
        ("table5.univariate.age_gt8.hr", "age_cut"),
        ("table5.univariate.female.hr", "endpoint"),
        ("table3.gc.p", "chi_square"),
        ("results.efficacy.pfs_1y.half_width", "reading"),
        ("table2.icans_onset.median", "icans_clock"),
    ],
)
def test_a_declared_dependence_is_real(cohort, values, id, parameter):
    assert parameter in declared_family(id).depends
    other = 4.0 if parameter == "gc_cutoff" else OTHER[parameter]
    changed = compute(analyse(cohort, Parameters(**{"imputations": 2, parameter: other})), [id])[id]
    assert changed.value != values[id].value


def test_the_seed_moves_the_imputed_model_only_through_the_imputations(cohort):
    def found(seed: int) -> dict[str, Value]:
        return compute(
            analyse(cohort, Parameters(imputations=2, screening_p=1.0, seed=seed)), ["extra.imputed.blast_ge5.hr"]
        )

    assert found(1) == found(1)
    assert found(1) != found(2)


@pytest.fixture
def one_patient() -> Analysis:
    return analyse(Cohort("one", "infusion", True, "", "", {"patients": pd.DataFrame({"patient_id": ["SYN-001"]})}))


@pytest.fixture
def invented(monkeypatch):
    """Let a test declare families that are gone after it."""
    all_families()  # loaded into the registry that stays
    monkeypatch.setattr(registry, "_FAMILIES", dict(registry._FAMILIES))


def test_an_id_is_of_the_family_that_declares_it_or_else_of_the_longest_beginning(invented):
    for name, ids, prefix in (
        ("long", (), "extra.invented.up."),
        ("short", (), "extra.invented."),
        ("own", ("extra.invented.up.n",), ""),
    ):
        family(*ids, population="all", method="count", prefix=prefix, name=name)(lambda analysis: {})
    names = ["extra.invented.x.n", "extra.invented.up.x", "extra.invented.up.n"]
    assert [declared_family(id).name for id in names] == ["short", "long", "own"]


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        (1, 1.0, ""),
        (Value("", 2.0, "told too early"), 2.0, ""),
        (None, None, "no patient to compute it from"),
        (float("nan"), None, "no patient to compute it from"),
        (float("inf"), None, "no patient to compute it from"),
        (Value("", float("-inf"), "no end"), None, "no end"),
        (Value("", None, "nobody"), None, "nobody"),
    ],
)
def test_a_value_is_a_finite_number_or_none_with_a_reason(invented, one_patient, given, value, reason):
    made = family("extra.invented.n", "extra.invented.absent", population="toxicity", method="count", name="made")
    made(lambda analysis: {"extra.invented.n": given})
    found = declared_family("extra.invented.n").values(one_patient)
    assert (found["extra.invented.n"].value, found["extra.invented.n"].reason) == (value, reason)
    absent = found["extra.invented.absent"]
    assert (absent.value, absent.reason) == (None, "not defined for this cohort")
    assert absent.population == "all", "nobody recorded a toxicity"


def test_a_value_s_own_population_and_method_go_before_those_of_its_family(invented, one_patient):
    own = Value("", 1.0, population="gc", method="by hand")
    made = family("extra.invented.a", "extra.invented.b", population="all", method="count", name="made")
    made(lambda analysis: {"extra.invented.a": own, "extra.invented.b": 1})
    found = declared_family("extra.invented.a").values(one_patient)
    assert [(one.population, one.method) for one in found.values()] == [("gc", "by hand"), ("all", "count")]


def test_what_is_remembered_is_nobody_else_s_however_deep_it_lies(one_patient):
    @measures.once_per_analysis
    def remembered(analysis: Analysis, times: int = 1) -> dict[str, list]:
        return {"rows": [pd.DataFrame({"x": [1.0 * times]})]}

    lent = remembered(one_patient)["rows"][0]
    lent.loc[0, "x"] = 5.0
    remembered(one_patient)["rows"].clear()
    assert remembered(one_patient, 1)["rows"][0].loc[0, "x"] == 1.0


def test_an_alias_gives_the_value_of_its_canonical_row(analysis, values):
    found = compute(analysis, ["abstract.crs.pct", "discussion.n"])
    assert [value.value for value in found.values()] == [values["table2.crs.any.pct"].value, 120]
    assert found["abstract.crs.pct"].id == "table2.crs.any.pct"


def test_an_unknown_id_is_refused_with_the_nearest(analysis):
    with pytest.raises(KeyError, match=r"did you mean .*table1\.male\.pct"):
        compute(analysis, ["table1.mal.pct"])
    with pytest.raises(KeyError, match="not among the values"):
        compute(analysis, ["extra.survival.os.all.all.77y.rate"])


def test_agree_returns_the_value_and_names_both_when_they_differ(analysis):
    assert assert_agreement(analysis, "table1.n", 120) == 120
    with pytest.raises(AssertionError, match=r"table1\.n: 119 here, 120\.0 in the registry"):
        assert_agreement(analysis, "table1.n", 119)


def test_values_lay_out_as_frame_and_as_json(values):
    frame = as_frame(values)
    assert list(frame["id"]) == list(values)
    text = json.dumps(as_json(values), allow_nan=False)
    assert json.loads(text)["table1.n"]["value"] == 120


def test_other_cohorts_are_read_as_the_methods_state(cohort):
    other = Cohort("elsewhere", cohort.origin, True, "", "", cohort.tables)
    found = compute(analyse(other), ["results.efficacy.pfs_1y.half_width", "results.efficacy.rux.os.p"])
    assert found["results.efficacy.pfs_1y.half_width"].method.startswith("Kaplan–Meier; ± is 1.96")
    assert found["results.efficacy.rux.os.p"].population == "toxicity"


@pytest.mark.parametrize("table", ["toxicity", "treatments", "response", "followup", "labs", "screening"])
def test_a_missing_table_switches_off_what_needs_it_in_one_plain_line(cohort, table):
    tables = {name: frame for name, frame in cohort.tables.items() if name != table}
    without = analyse(Cohort(cohort.name, cohort.origin, True, "", "", tables))
    quick = [one for one in all_families() if not one.name.startswith((*SAME_CODE, "robustness.imputed"))]
    found = {id: value for one in quick for id, value in one.values(without).items()}
    lost = {value.reason for value in found.values() if value.value is None}
    assert found["table1.male.n"].value is not None
    assert f"cohort {cohort.name} has no table {table}" in lost
    assert all("\n" not in reason for reason in lost)


def test_patients_alone_give_table_1():
    patients = pd.DataFrame({"patient_id": ["SYN-001", "SYN-002", "SYN-003"], "sex": ["male", "female", None]})
    found = compute(analyse(Cohort("three", "infusion", True, "", "", {"patients": patients})))
    assert found["table1.female.pct"].value == pytest.approx(100 / 3)
    assert found["table1.female.pct"].missing == 1
    assert found["table5.univariate.female.hr"].reason == "cohort three has no table followup"


def test_an_id_declared_twice_and_an_unknown_parameter_are_refused():
    with pytest.raises(ValueError, match="declared twice"):
        family("table1.n", population="all", method="count", name="again")(lambda analysis: {})
    with pytest.raises(ValueError, match=r"unknown parameters \['gc_cut'\]"):
        family("extra.test.n", population="all", method="count", depends=["gc_cut"])


def test_a_stated_reading_makes_the_family_depend_on_the_reading():
    both = [one for one in all_families() if one.stated != one.paper]
    assert both
    assert all("reading" in one.depends for one in both)
    assert all(isinstance(one.paper, Reading) and one.paper.method for one in all_families())


def test_an_analysis_is_remembered_only_while_it_lives(cohort):
    calls = []

    @measures.once_per_analysis
    def counted(analysis: Analysis) -> int:
        calls.append(1)
        return len(analysis.frame)

    first = analyse(cohort)
    assert (counted(first), counted(first), len(calls)) == (120, 120, 1)
    del first
    assert (counted(analyse(cohort)), len(calls)) == (120, 2)


@pytest.mark.parametrize(
    ("changes", "id", "answer"),
    [
        ({"gc_cutoff_percentile": 50.0}, "table4.dose_low.cr", True),
        ({"gc_cutoff_percentile": 50.0}, "methods.gc_threshold.dose", "gc_cutoff_percentile is not the default"),
        (
            {"gc_cutoff": None, "gc_cutoff_percentile": 50.0},
            "table4.dose_low.cr",
            "gc_cutoff, gc_cutoff_percentile are not the default",
        ),
        ({"nonresponse_day": "day30"}, "table5.univariate.female.hr", True),
        ({"nonresponse_day": "day30"}, "results.efficacy.efs_1y.rate", "nonresponse_day is not the default"),
        (
            {"endpoint": "EFS", "nonresponse_day": "day30"},
            "table5.univariate.female.hr",
            "endpoint, nonresponse_day are not the default",
        ),
        ({"seed": 3, "cohort_folder": "elsewhere"}, "table1.n", True),
    ],
)
def test_what_stays_comparable_with_the_print(changes, id, answer):
    assert registry.comparable_ids(Parameters(**changes))[id] == answer
