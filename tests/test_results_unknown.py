"""Tables and flow of cohorts in which something is unknown, unusual or not recorded: counted by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in import stand_in

from helpers.cohort.derive import Analysis, analyse
from helpers.cohort.schema import TABLES, Cohort, Column
from helpers.problems import NotAvailable
from helpers.results import flow, normality, supplementary, table1, table2, table3, table4, table5
from helpers.results.registry import compute


def cohort_of(declared: dict | None = None, recorded: dict | None = None, **tables: dict) -> Analysis:
    frames = {}
    for name, columns in tables.items():
        kinds = {c: TABLES[name][c].dtype for c in columns if c in TABLES[name]}
        own = {c: d.dtype for c, d in (declared or {}).items()} if name == "patients" else {}
        frames[name] = pd.DataFrame(columns).astype(kinds | own)
    more = {"declared": {"patients": declared}} if declared else {}
    return analyse(Cohort("by hand", "infusion", True, "made up", "CC0", frames, recorded=recorded or {}, **more))


def ids(n: int) -> list[str]:
    return [f"SYN-{number:03d}" for number in range(1, n + 1)]


def value(analysis: Analysis, id: str):
    return compute(analysis, [id])[id]


# ------------------------------------------------------------------------------------------------------------ Table 1


def test_sex_known_of_nobody_is_no_count_of_boys():
    nobody = cohort_of(patients={"patient_id": ids(3), "sex": [None] * 3})
    found = value(nobody, "table1.male.n")
    assert (found.value, found.n, found.missing, found.reason) == (None, 3, 3, "known of nobody")
    row = table1.table1_frame(nobody).set_index("level").loc["Male"]
    assert np.isnan(row["n"])
    assert row["missing"] == 3


@st.composite
def patients(draw) -> dict:
    n = draw(st.integers(1, 12))
    flag, several = (
        st.sampled_from([True, False, None]),
        lambda *what: st.lists(st.sampled_from(what), min_size=n, max_size=n),
    )
    rows = {
        "patient_id": ids(n),
        "sex": draw(several("male", "female", None)),
        "prior_transplant": draw(several(True, False, None)),
        "car_target": draw(several(*TABLES["patients"]["car_target"].allowed, None)),
        "car_origin": draw(several("autologous", "allogeneic", None)),
        "disease_status": draw(several(*TABLES["patients"]["disease_status"].allowed, None)),
        "n_relapses": draw(several(0, 1, 2, 3, None)),
        "blast_prelymphodepletion_pct": draw(several(0.0, 5.0, 25.0, 49.9, 50.0, 100.0, None)),
        "mrd_prelymphodepletion": draw(several(0.0, 1e-4, 1e-3, 1e-2, 1.0, None)),
        "ward": draw(several("A+", "A-", "<10%", "≥10%", None)),
        "twin": draw(several(True, False, None)),
    }
    return rows | {
        site: [draw(flag) for _ in range(n)] for site in ("site_bm", "site_cns", "site_testis", "site_other")
    }


@given(patients())
@settings(max_examples=60, deadline=None)
def test_rows_and_missing_of_each_section_add_up(rows):
    declared = {
        "ward": Column("category", "ward", allowed=("A+", "A-", "<10%", "≥10%")),
        "twin": Column("boolean", "twin"),
    }
    analysis = cohort_of(declared, patients=rows)
    table = table1.table1_frame(analysis)
    for section, part in table[table["n"].notna()].groupby("characteristic"):
        among = len(analysis.frame)
        if section.startswith("Relapse location"):
            among = int(
                ((analysis.frame["n_relapses"] >= 1) | (analysis.frame["disease_status"] == "relapsed"))
                .fillna(False)
                .sum()
            )
        assert part["n"].sum() + part["missing"].iloc[0] == among, section
        assert (part["missing"] == part["missing"].iloc[0]).all()
    for section, part in table[table["reason"] == "known of nobody"].groupby("characteristic"):
        assert (part["missing"] == part["missing"].iloc[0]).all(), section


def test_every_combination_of_sites_has_a_row():
    flags = list(product([True, False], repeat=4))
    columns = dict(zip(["site_bm", "site_cns", "site_testis", "site_other"], zip(*flags, strict=True), strict=True))
    analysis = cohort_of(
        patients={"patient_id": ids(16), "n_relapses": [1] * 16, **{k: list(v) for k, v in columns.items()}}
    )
    part = table1.table1_frame(analysis).query("characteristic == 'Relapse location, of the relapsed'")
    assert (part["n"] == 1).all()
    assert len(part) == 16
    assert {"BM+CNS", "BM+Others", "CNS+Testicle", "None of the four"} <= set(part["level"])


def test_targets_of_the_dictionary_beyond_the_print_are_counted_and_shown():
    analysis = cohort_of(patients={"patient_id": ids(4), "car_target": ["CD22", "CD22", "other", "CD19"]})
    assert value(analysis, "extra.table1.target.cd22.n").value == 2
    part = table1.table1_frame(analysis).query("characteristic == 'CAR-T target'").set_index("level")["n"]
    assert part.to_dict() == {"CD19": 1, "CD19+CD22": 0, "CD19+CD22+CD20": 0, "CD22": 2, "other": 1}


def test_levels_of_the_dictionary_beyond_the_print_are_no_unknowns_of_table_5():
    many = 40
    rng = np.random.default_rng(4)
    patients = {"patient_id": ids(many), "car_target": ["CD19", "CD22", "other", "CD19+CD22", None] * 8,
                "n_relapses": [0, 1, 2, 0] * 10, "disease_status": ["remission", "relapsed", "relapsed", "primary refractory"] * 10}  # fmt: skip
    last = rng.integers(200, 900, many).astype(float)
    followup = {"patient_id": ids(many), "last_contact_day": last, "relapse_day": np.where(rng.random(many) < 0.6, last - 50, np.nan),
                "death_day": [None] * many}  # fmt: skip
    analysis = cohort_of(patients=patients, followup=followup)
    part = table1.table1_frame(analysis).query("characteristic == 'Disease status before treatment'")
    assert part["n"].sum() == many
    for name, key, label, known in (
        ("target", "target_cd22", "CD22", 32),
        ("status", "status_remission", "In remission, never relapsed", 40),
    ):
        table = table5.univariable_model(analysis, name).set_index("key")
        assert table["n"].sum() == known
        assert (table["missing"] == many - known).all()
        assert table.loc[key, "level"] == label
        found = value(analysis, f"extra.table5.univariate.{key}.hr")
        assert found.value == pytest.approx(table.loc[key, "hr"])
        assert (found.n, found.missing) == (known, many - known)
    assert value(analysis, "extra.table5.univariate.target_ref_triple.cd19_22.hr").n == 32


def test_own_columns_are_in_table_1():
    declared = {"cmv": Column("category", "CMV", allowed=("CMV+", "CMV-")), "ferritin": Column("number", "ferritin", "µg/L"),
                "twin": Column("boolean", "twin")}  # fmt: skip
    analysis = cohort_of(declared, patients={"patient_id": ids(4), "cmv": ["CMV+", "CMV-", "CMV-", None],
                                             "ferritin": [1.0, 5.0, None, 3.0], "twin": [True, False, False, None]})  # fmt: skip
    found = compute(analysis)
    assert [found[f"extra.table1.cmv.{level}.n"].value for level in ("cmv_plus", "cmv_minus")] == [1, 2]
    assert found["extra.table1.cmv.cmv_plus.pct"].value == 25
    assert found["extra.table1.cmv.cmv_plus.n"].missing == 1
    assert [found[f"extra.table1.ferritin.{m}"].value for m in ("median", "low", "high")] == [3, 1, 5]
    assert [found[f"extra.table1.twin.{m}.n"].value for m in ("yes", "no")] == [1, 2]
    assert "ferritin, µg/L" in set(table1.table1_frame(analysis)["characteristic"])


def test_titles_name_day_0_of_the_cohort():
    other = Cohort(
        "other",
        "randomisation",
        True,
        "",
        "",
        {"patients": pd.DataFrame({"patient_id": ids(2), "age_years": [1.0, 3.0]})},
    )
    titles = set(table1.table1_frame(analyse(other))["characteristic"])
    assert "Age at day 0 (randomisation), years" in titles


# ---------------------------------------------------------------------------------------------- not recorded is not none


def toxic(**changes: dict) -> dict:
    """Four patients with CRS, the fourth without a row; GC to the first, tocilizumab to the second."""
    tables = {
        "patients": {"patient_id": ids(4), "weight_kg": [10.0] * 4, "car_target": ["CD19", "CD19", "CD22", "CD22"]},
        "toxicity": {"patient_id": ids(3), "event": ["CRS"] * 3, "day_from": [1.0, 2.0, 3.0], "grade": [1, 2, 3]},
        "treatments": {"patient_id": ["SYN-001", "SYN-002"], "agent": ["methylprednisolone", "tocilizumab"], "day": [2.0, 3.0],
                       "dose_mg": [20.0, 80.0]},
        "response": {"patient_id": ids(4), "day30_response": ["CR", "CR", "NR", "CR"]},
    }  # fmt: skip
    return tables | changes


def test_what_was_not_recorded_is_not_counted_as_none():
    analysis = cohort_of(**toxic())
    assert value(analysis, "table2.crs.any.n").value == 3
    for id in ("table2.icans.any.n", "table2.rux.n", "table2.immuno.any.n"):
        assert value(analysis, id).value in (None, 2)
    assert value(analysis, "table2.icans.any.n").value is None
    assert "ICANS" in value(analysis, "table2.icans.any.n").reason
    assert value(analysis, "table2.rux.pct").value is None
    rows = table2.table2_frame(analysis).set_index(["characteristic", "level"])
    assert np.isnan(rows.loc[("ICANS", "Any grade"), "n"])
    assert rows.loc[("CRS", "Any grade"), "n"] == 3
    said = cohort_of(
        recorded={"toxicity": ("CRS", "ICANS"), "treatments": ("glucocorticoids", "tocilizumab", "ruxolitinib")},
        **toxic(),
    )
    assert value(said, "table2.icans.any.n").value == 0
    assert value(said, "table2.rux.n").value == 0


def test_an_unknown_exposure_is_in_neither_group():
    status = {"patient_id": ["SYN-003"], "gc": ["unknown"]}
    recorded = {"toxicity": ("CRS", "ICANS"), "treatments": ("glucocorticoids", "tocilizumab", "ruxolitinib")}
    analysis = cohort_of(recorded=recorded, status=status, **toxic())
    found = compute(
        analysis,
        ["table2.gc.n", "table3.gc.cr", "table3.nongc.cr", "table3.nongc.nr", "table3.gc.p", "extra.flow.nongc.n"],
    )
    assert [one.value for one in found.values()][:4] == [1, 1, 1, 0]
    assert (found["table2.gc.n"].n, found["table2.gc.n"].missing) == (4, 1)
    assert (found["table3.gc.p"].n, found["table3.gc.p"].missing) == (2, 1)
    assert (found["extra.flow.nongc.n"].value, found["extra.flow.nongc.n"].missing) == (1, 1)
    boxes = flow.flow_counts(analysis).set_index("box")["n"]
    assert (boxes["gc"], boxes["nongc"], boxes["gc_unknown"]) == (1, 1, 1)


def test_unknown_toxicity_is_neither_excluded_nor_analysed():
    status = {"patient_id": ["SYN-004"], "crs": ["unknown"], "icans": ["unknown"]}
    analysis = cohort_of(recorded={"toxicity": ("CRS", "ICANS")}, status=status, **toxic())
    found = compute(analysis, ["results.efficacy.excluded.n", "results.efficacy.analysed.n"])
    assert [one.value for one in found.values()] == [0, 3]
    assert {one.missing for one in found.values()} == {1}
    assert flow.flow_counts(analysis).set_index("box")["n"]["toxicity_unknown"] == 1


def test_a_peak_grade_without_days_gives_grades_and_nothing_else():
    analysis = cohort_of(
        patients={"patient_id": ids(4)},
        status={"patient_id": ids(4), "crs": ["yes", None, "yes", None], "crs_grade_max": [3, 1, None, 0]},
    )
    found = compute(analysis, [f"table2.crs.{level}.n" for level in ("any", "g1", "g2", "g3")])
    assert [one.value for one in found.values()] == [3, 1, 0, 1]
    assert found["table2.crs.any.n"].missing == 0
    assert found["table2.crs.g1.n"].missing == 1  # the third had CRS of a grade that nobody wrote down
    assert value(analysis, "table2.crs_onset.median").value is None


def test_table_2_stands_without_the_last_days():
    analysis = cohort_of(recorded={"toxicity": ("CRS", "ICANS")}, **toxic())
    rows = table2.table2_frame(analysis).set_index("characteristic")
    assert rows.loc["CRS onset, days", "median"] == 2
    assert np.isnan(rows.loc["CRS duration, days", "median"])
    assert "day_to" in rows.loc["CRS duration, days", "reason"] or rows.loc["CRS duration, days", "reason"]


def test_tables_3_and_4_show_what_was_recorded_and_say_what_was_not():
    analysis = cohort_of(**toxic())
    assert list(table3.table3_frame(analysis)["comparison"].unique()) == ["GC", "TCZ"]
    tables = toxic()
    without = cohort_of(**{name: tables[name] for name in ("patients", "response")})
    for frame in (table3.table3_frame, table4.table4_frame):
        with pytest.raises(NotAvailable, match="no table treatments"):
            frame(without)
    untold = cohort_of(**{name: tables[name] for name in ("patients", "treatments")})
    with pytest.raises(NotAvailable, match="no table response"):
        table4.table4_frame(untold)


def test_supplementary_table_1_holds_other_targets_and_recorded_syndromes():
    frame = supplementary.target_toxicity_table(cohort_of(**toxic()))
    assert set(frame["event"]) == {"CRS"}
    assert frame.loc[0, "CD22 n"] == 1
    assert list(supplementary.target_tests(cohort_of(**toxic()))["event"]) == ["CRS"]


def test_complete_response_without_residual_disease_by_hand():
    tables = toxic(
        patients={"patient_id": ids(6), "weight_kg": [10.0] * 6},
        toxicity={"patient_id": ids(6), "event": ["CRS"] * 6, "day_from": [1.0] * 6, "grade": [1] * 6},
        response={"patient_id": ids(6), "day30_response": ["CR", "CRi", "NR", "CR", "CR", "not done"],
                  "mrd_day30": [0.0, 1e-4, 1e-5, 9e-5, None, None]},
    )  # fmt: skip
    found = compute(cohort_of(**tables))
    place = "extra.table3.mrd_negative_cr"
    # GC: patient 1 (negative). No GC: 2 (at the limit, not negative), 3 (no CR), 4 (negative), 5 (not measured)
    assert (found[f"{place}.gc.n"].value, found[f"{place}.gc.n"].n) == (1, 1)
    assert (found[f"{place}.nongc.n"].value, found[f"{place}.nongc.n"].n, found[f"{place}.nongc.n"].missing) == (
        1,
        3,
        1,
    )
    assert found[f"{place}.nongc.pct"].value == pytest.approx(100 / 3)
    assert (found[f"{place}.gc.p"].n, found[f"{place}.gc.p"].missing) == (4, 1)
    assert found[f"{place}.rux.n"].value is None
    frame = table3.mrd_frame(cohort_of(**tables)).set_index("group")
    assert frame.loc["no GC", ["MRD-negative CR", "other", "unknown"]].tolist() == [1, 2, 1]


def test_residual_disease_told_in_a_word_counts_where_no_number_is_told():
    tables = toxic(
        patients={"patient_id": ids(6), "weight_kg": [10.0] * 6},
        toxicity={"patient_id": ids(6), "event": ["CRS"] * 6, "day_from": [1.0] * 6, "grade": [1] * 6},
        response={"patient_id": ids(6), "day30_response": ["CR", "CRi", "CR", "CR", "CR", "CR"],
                  "mrd_day30": [None, None, 0.02, 0.0, None, None],
                  "mrd_day30_result": ["negative", "positive", "negative", "positive", None, "negative"]},
    )  # fmt: skip
    negative = table3.mrd_negative(cohort_of(**tables))
    assert negative.astype(object).fillna("unknown").tolist() == [True, False, False, True, "unknown", True]
    del tables["response"]["mrd_day30"]
    negative = table3.mrd_negative(cohort_of(**tables))
    assert negative.astype(object).fillna("unknown").tolist() == [True, False, True, False, "unknown", True]


# --------------------------------------------------------------------------------------------------- sizes beside values


def test_the_balance_counts_those_tested():
    analysis = analyse(stand_in())
    toxicity, gc = analysis.frame["toxicity"], analysis.frame["gc"]
    for key in normality.COMPARED:
        found = value(analysis, f"extra.balance.{key}.p")
        column = analysis.frame[normality.NUMBERS[key][0]]
        assert found.n == int((toxicity & gc.notna() & column.notna()).sum()), key
        assert found.n + found.missing == int(toxicity.sum())
