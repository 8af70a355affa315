"""The 137 transplanted patients: read, derived and analysed as a run does it, against R's survival 3.5-3 (tests/oracle/bmt.R)."""

import filecmp

import numpy as np
import pandas as pd
import pytest
from oracles import oracle

from helpers import paths
from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort, write_cohort
from helpers.cohort.real import COHORTS, DECLARED, NAME
from helpers.estimate.cox import cox
from helpers.estimate.kaplan_meier import median_survival, reverse_kaplan_meier, survival_at
from helpers.estimate.logrank import logrank, pairwise_logrank
from helpers.estimate.proportional_hazards import proportional_hazards_test
from helpers.parameters import Parameters
from helpers.results.exposure import exposure_groups
from helpers.results.registry import compute

CLOSE = 1e-9
MODELS = {
    "group": ["disease_group"],
    "group_age": ["disease_group", "age_years"],
    "adjusted": ["disease_group", "age_years", "sex", "fab_4_5", "methotrexate", "waiting_days"],
    "acute_gvhd": ["acute_gvhd"],
    "over_8": ["age_over_cut"],
}
ENDPOINTS = ("PFS", "OS")


@pytest.fixture(scope="module")
def printed() -> pd.DataFrame:
    return pd.read_csv(paths.REAL / "bmt.csv")


@pytest.fixture(scope="module")
def cohort():
    return read_cohort(paths.REAL / NAME)


@pytest.fixture(scope="module")
def patients(cohort) -> pd.DataFrame:
    """One row per patient, with the naive "ever had acute GVHD", and the cut at 8 years that these adults do not get of themselves."""
    frame = analyse(cohort).frame.copy()
    frame["age_over_cut"] = frame["age_years"] > 8
    exposed = cohort.tables["exposures"].query("exposure == 'acute GVHD'")["patient_id"]
    frame["acute_gvhd"] = np.where(frame.index.isin(exposed), "yes", "no")
    frame["everyone"] = "all"
    order = {
        "disease_group": DECLARED["disease_group"].allowed,
        "sex": ("male", "female"),
        "acute_gvhd": ("no", "yes"),
    }
    return frame.assign(**{name: pd.Categorical(frame[name], levels) for name, levels in order.items()})


def outcome(frame: pd.DataFrame, endpoint: str) -> tuple[pd.Series, pd.Series]:
    return frame[f"{endpoint.lower()}_days"], frame[f"{endpoint.lower()}_event"]


@pytest.mark.parametrize("name", COHORTS)
def test_the_committed_cohort_is_what_the_script_makes(name, tmp_path):
    made = COHORTS[name]()
    write_cohort(made, tmp_path)
    names = ["cohort.json", *(f"{table}.csv" for table in made.tables)]
    assert sorted(path.name for path in (paths.REAL / name).iterdir()) == sorted(names)
    assert filecmp.cmpfiles(tmp_path, paths.REAL / name, names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("name", COHORTS)
def test_a_public_cohort_passes_its_own_check_and_says_whether_it_is_real(name):
    cohort = read_cohort(paths.REAL / name)
    assert cohort.synthetic == (name == "myeloid")
    assert "R's" in cohort.source
    written = pd.read_csv(paths.REAL / name / "patients.csv")
    assert (written["synthetic"] == cohort.synthetic).all()
    assert written["patient_id"].str.startswith("SYN-").all() == cohort.synthetic


# patients, deaths, progressions or relapses as R's manual and the sources count them
COUNTS = {
    "hearts": (103, 75, None),
    "mgus2": (1384, 963, 115),
    "rotterdam": (2982, 1272, 1518),
    "myeloid": (646, 320, 226),
}


@pytest.mark.parametrize("name", COUNTS)
def test_endpoints_are_those_of_the_table(name):
    raw = pd.read_csv(paths.REAL / f"{'jasa' if name == 'hearts' else name}.csv")
    frame, (n, deaths, progressions) = analyse(read_cohort(paths.REAL / name)).frame, COUNTS[name]
    time, event = ("dtime", "death") if name == "rotterdam" else ("futime", "fustat" if name == "hearts" else "death")
    unit = 30.4375 if name == "mgus2" else 1
    assert (len(frame), int(frame["os_event"].sum())) == (n, deaths)
    assert frame["os_days"].tolist() == (raw[time] * unit).tolist()
    assert frame["os_event"].tolist() == (raw[event] == 1).tolist()
    if progressions is None:
        assert "pfs_days" not in frame
        return
    first, was = {"mgus2": ("ptime", "pstat"), "rotterdam": ("rtime", "recur"), "myeloid": ("rltime", None)}[name]
    progressed = raw[first].notna() if was is None else raw[was] == 1
    assert progressed.sum() == progressions
    assert frame["pfs_days"].tolist() == (raw[first].where(progressed, raw[time]) * unit).tolist()
    assert frame["pfs_event"].tolist() == (progressed | (raw[event] == 1)).tolist()


def test_hearts_begin_on_their_day_but_for_the_one_who_died_on_it():
    raw = pd.read_csv(paths.REAL / "jasa.csv")
    days = read_cohort(paths.REAL / "hearts").tables["exposures"].set_index("patient_id")["day"]
    expected = raw["wait.time"].dropna()
    assert days.index.tolist() == [f"HEART-{row + 1:03d}" for row in expected.index]
    differ = (days.to_numpy() != expected.to_numpy()).nonzero()[0]
    assert [(days.index[row], days.iloc[row], expected.iloc[row]) for row in differ] == [("HEART-038", 3.5, 4.0)]


def test_it_says_that_it_is_real_and_where_it_comes_from(cohort):
    assert cohort.synthetic is False
    assert cohort.origin == "allogeneic bone-marrow transplantation"
    assert "Copelan" in cohort.source
    for table in cohort.tables:
        flags = pd.read_csv(paths.REAL / NAME / f"{table}.csv")["synthetic"]
        assert not flags.any()


def test_endpoints_are_the_printed_ones_for_all_137(patients, printed):
    assert patients.index.tolist() == [f"BMT-{row:03d}" for row in range(1, 138)]
    for endpoint, (time, event) in {"PFS": ("t2", "d3"), "OS": ("t1", "d1")}.items():
        days, seen = outcome(patients, endpoint)
        assert days.tolist() == printed[time].tolist()
        assert seen.tolist() == (printed[event] == 1).tolist()


def test_covariates_are_the_printed_ones(patients, printed):
    codes = {"disease_group": "group", "age_years": "z1", "donor_age_years": "z2", "waiting_days": "z7"}
    assert (patients["disease_group"].cat.codes + 1).tolist() == printed["group"].tolist()
    for name in list(codes)[1:]:
        assert patients[name].tolist() == printed[codes[name]].tolist()
    booleans = {"cmv": "z5", "donor_cmv": "z6", "fab_4_5": "z8", "methotrexate": "z10"}
    for name, column in booleans.items():
        assert patients[name].tolist() == (printed[column] == 1).tolist()
    for name, column in {"sex": "z3", "donor_sex": "z4"}.items():
        assert (patients[name] == "male").tolist() == (printed[column] == 1).tolist()
    assert patients["hospital"].value_counts().to_dict() == {
        "Ohio State": 76,
        "Alfred": 17,
        "St Vincent": 23,
        "Hahnemann": 21,
    }


def test_adults_are_cut_at_their_own_median_unless_somebody_chose(cohort, printed):
    for parameters, cut in ((Parameters(), np.median(printed["z1"])), (Parameters(age_cut=20), 20)):
        assert analyse(cohort, parameters).frame["age_over_cut"].tolist() == (printed["z1"] > cut).tolist()


@pytest.mark.parametrize(
    ("exposure", "day", "occurred"),
    [("acute GVHD", "ta", "da"), ("chronic GVHD", "tc", "dc"), ("platelet recovery", "tp", "dp")],
)
def test_exposures_begin_on_the_printed_day(cohort, printed, exposure, day, occurred):
    rows = cohort.tables["exposures"].query("exposure == @exposure").sort_values("patient_id")
    exposed = printed[printed[occurred] == 1]
    assert rows["patient_id"].tolist() == [f"BMT-{row + 1:03d}" for row in exposed.index]
    assert rows["day"].tolist() == exposed[day].tolist()


@pytest.mark.parametrize(
    "row", list(oracle("bmt_rates").itertuples()), ids=lambda r: f"{r.endpoint}-{r.level}-{r.time:g}"
)
def test_survival_rates_agree_with_survfit(patients, row):
    found = survival_at(*outcome(patients[patients[row.column] == row.level], row.endpoint), row.time).iloc[0]
    expected = [row.at_risk, row.survival, row.se, row.low, row.high]
    np.testing.assert_allclose(found[["at_risk", "survival", "se", "low", "high"]], expected, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("row", list(oracle("bmt_medians").itertuples()), ids=lambda r: f"{r.endpoint}-{r.level}")
def test_median_survival_agrees_with_survfit(patients, row):
    inside = patients[patients[row.column] == row.level]
    assert (len(inside), outcome(inside, row.endpoint)[1].sum()) == (row.n, row.events)
    found = median_survival(*outcome(inside, row.endpoint))
    np.testing.assert_allclose(found[:3], [row.value, row.low, row.high], rtol=0, atol=CLOSE)


def test_follow_up_agrees_with_reverse_survfit(patients):
    found, expected = reverse_kaplan_meier(*outcome(patients, "OS")), oracle("bmt_follow_up").iloc[0]
    assert list(found[:3]) == expected[["value", "low", "high"]].tolist()


@pytest.mark.parametrize("row", list(oracle("bmt_logrank").itertuples()), ids=lambda r: f"{r.endpoint}-{r.column}")
def test_logrank_agrees_with_survdiff(patients, row):
    found = logrank(*outcome(patients, row.endpoint), patients[row.column])
    np.testing.assert_allclose([found.statistic, found.df, found.p], [row.statistic, row.df, row.p], rtol=0, atol=CLOSE)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_pairs_agree_with_survdiff_and_holm(patients, endpoint):
    found, expected = (
        pairwise_logrank(*outcome(patients, endpoint), patients["disease_group"]),
        oracle("bmt_pairs").query("endpoint == @endpoint"),
    )
    assert found[["first", "second"]].to_numpy().tolist() == expected[["first", "second"]].to_numpy().tolist()
    np.testing.assert_allclose(found[["p", "p_holm"]], expected[["p", "p_holm"]], rtol=0, atol=CLOSE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_cox_table_agrees_with_coxph_and_cox_zph(patients, endpoint, model, ties):
    time, event = (series.name for series in outcome(patients, endpoint))
    found = cox(patients, MODELS[model], time, event, ties=ties)
    expected = oracle("bmt_cox").query("endpoint == @endpoint and model == @model and ties == @ties")
    assert list(found.table["covariate"] + found.table["level"]) == list(expected["term"])
    columns = ["coef", "se", "hr", "ci_low", "ci_high", "p"]
    np.testing.assert_allclose(found.table[columns], expected[columns], rtol=0, atol=CLOSE)
    whole = expected.iloc[0]
    assert (found.n, found.events, found.missing) == (whole["n"], whole["events"], 0)
    np.testing.assert_allclose(
        [found.loglik, found.concordance], whole[["loglik", "concordance"]].astype(float), atol=CLOSE
    )
    zph = oracle("bmt_cox_zph").query("endpoint == @endpoint and model == @model and ties == @ties")
    if len(zph):
        tested = proportional_hazards_test(found).set_index("covariate").loc[zph["covariate"]]
        np.testing.assert_allclose(
            tested[["statistic", "df", "p"]], zph[["statistic", "df", "p"]], rtol=1e-7, atol=CLOSE
        )


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("column", ["disease_group", "acute_gvhd"])
def test_a_run_by_exposure_compares_the_same_groups(cohort, patients, endpoint, column):
    name = {"acute_gvhd": "acute GVHD"}.get(column, column)
    analysis = analyse(cohort, Parameters(exposure=name, window_days=100, endpoint=endpoint))
    groups = exposure_groups(analysis)
    assert [len(part) for _, part in groups.groupby(groups, observed=True)] == [
        len(part) for _, part in patients.groupby(column, observed=True)
    ]
    found = logrank(*outcome(analysis.frame, endpoint), groups)
    expected = oracle("bmt_logrank").query("endpoint == @endpoint and column == @column").iloc[0]
    assert found.p == pytest.approx(expected["p"], abs=CLOSE)


SLUGS = {"ALL": "level_all", "AML low risk": "aml_low_risk", "AML high risk": "aml_high_risk"}


@pytest.fixture(scope="module")
def results(cohort):
    return compute(analyse(cohort, Parameters(exposure="disease_group")))


@pytest.mark.parametrize(
    "row",
    list(oracle("bmt_rates").query("column == 'disease_group'").itertuples()),
    ids=lambda r: f"{r.endpoint}-{r.level}-{r.time:g}",
)
def test_rates_in_results_json_are_those_of_r(results, row):
    start = f"extra.survival.{row.endpoint.lower()}.exposure.{SLUGS[row.level]}.{row.time / 365.25:g}y"
    found = [results[f"{start}.{name}"].value for name in ("at_risk", "rate", "ci_low", "ci_high")]
    np.testing.assert_allclose(
        found, [row.at_risk, 100 * row.survival, 100 * row.low, 100 * row.high], rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_logrank_and_pairs_in_results_json_are_those_of_r(results, endpoint):
    expected = oracle("bmt_logrank").query("endpoint == @endpoint and column == 'disease_group'").iloc[0]
    found = results[f"extra.survival.{endpoint.lower()}.exposure.logrank.p"].value
    assert found == pytest.approx(expected["p"], abs=CLOSE)
    for row in oracle("bmt_pairs").query("endpoint == @endpoint").itertuples():
        start = f"extra.survival.{endpoint.lower()}.exposure.{SLUGS[row.first]}_vs_{SLUGS[row.second]}"
        assert results[f"{start}.p"].value == pytest.approx(row.p, abs=CLOSE)
        assert results[f"{start}.p_holm"].value == pytest.approx(row.p_holm, abs=CLOSE)


def test_cox_table_in_results_json_is_that_of_r(results):
    expected = oracle("bmt_cox").query("endpoint == 'PFS' and model == 'group' and ties == 'efron'")
    for row in expected.itertuples():
        start = f"extra.exposure.crude.{SLUGS[row.term.removeprefix('disease_group')]}"
        for name in ("hr", "ci_low", "ci_high", "p"):
            assert results[f"{start}.{name}"].value == pytest.approx(getattr(row, name), abs=CLOSE)
