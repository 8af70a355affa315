"""The audit fails both ways: a finding goes when its print is corrected, and comes when a consistent print is altered."""

import shutil

import pandas as pd
import pytest

from helpers.paths import PUBLISHED, write_csv
from helpers.problems import InputError
from helpers.published.audit import (
    COLUMNS,
    audit_print,
    findings_letter,
    findings_report,
    relations_amiss,
    tally_verdicts,
    with_repetitions,
)
from helpers.published.relations import CONSISTENT, HOLDS, REPEATED, UNDISCLOSED, VERDICTS, read_relations
from helpers.published.sensitivity import audit_sensitivity, noticed_shares
from helpers.published.values import published_values

FOUND = audit_print()
MADE_UP = PUBLISHED / "made_up"
T, V = "table5.univariate", "table5.multivariable"
SINGLE = {
    "female": ("1.09", "3.93"),
    "blast_ge5": ("0.92", "4.41"),
    "age_gt8": ("0.34", "1.23"),
    "gc_low": ("0.20", "0.93"),
}
E = "results.efficacy"

# What would have to be printed for each finding to go: number by id, another column as (column, text), or a row to add.
CORRECTIONS = {
    "abstract_hr": {f"abstract.multivariable.gc_low.{k}": v for k, v in (("hr", "0.37"), ("ci_low", "0.16"), ("ci_high", "0.84"))},
    "logrank_rux": {f"{E}.rux.pfs.p": "0.65"},
    # 31 of 92 and 4 of 9 events against 5 of 19, the reference that the labels name
    "reference_target": {f"{T}.target_cd19_22.{k}": v for k, v in (("hr", "1.52"), ("ci_low", "0.59"), ("ci_high", "3.90"))}
    | {f"{T}.target_cd19_22_20.{k}": v for k, v in (("hr", "1.56"), ("ci_low", "0.42"), ("ci_high", "5.81"))},
    "crs_reference": {f"{E}.analysed.n": "120"},
    "low_dose_n": {"results.gc_impact.low.n": "46"},
    "tcz_rux_swap": {f"{E}.tcz.p": "0.14", f"{E}.rux.p": "0.189"},
    "crs_resolution": {"results.patients.crs_response.pct": "95.45"},
    "crs_response_of_110": {"results.patients.crs_response.pct": "95.45"},
    "icans_resolution_of_31": {"table2.icans_resolution.pct": "93.55"},
    "parity_icans_duration": {"table2.icans_duration.median": "4.0"},
    "parity_icans_all": {"results.patients.icans_duration.median": "4.0"},
    "one_formula": {f"{E}.pfs_{k}y.half_width": v for k, v in ((1, "8.60"), (2, "9.51"), (3, "9.73"))},
    "km_loss_os": {f"{E}.os_1y.half_width": "7.1"},
    "km_loss_efs": {f"{E}.efs_1y.half_width": "8.2"},
    "km_loss_pfs": {f"{E}.pfs_1y.half_width": "7.64"},
    "followup": {f"{E}.followup.low": "12.10", f"{E}.followup.high": "88.90"},
    "high_dose_row": {"+": [f"{T}.gc_high.hr", f"{V}.gc_high.hr"]},
    "model_n": {"+": [f"{V}.n", f"{V}.events"]},
    "model_events": {f"{V}.{k}.{end}": v for k, ends in SINGLE.items() for end, v in zip(("ci_low", "ci_high"), ends, strict=True)},
    "three_group_p": {"+": ["results.gc_impact.three_groups.pfs.p", "results.gc_impact.low_vs_high.pfs.p"]},
    "gc_logrank": {"+": [f"{E}.gc.{end}.p" for end in ("os", "efs", "pfs")]},
    "tcz_logrank": {"+": [f"{E}.tcz.{end}.p" for end in ("os", "efs", "pfs")]},
    "comparisons": {"results.gc_impact.low_vs_nongc.pfs.p": "0.005"},
    "person_time": {"+": ["results.gc_impact.low.events", "results.gc_impact.nongc.events"]},
    "high_low_logrank": {"+": [f"results.gc_impact.low_vs_high.{end}.p" for end in ("os", "efs")]},
    "tcz_gc_logrank": {"+": ["results.gc_impact.tcz_gc.low_vs_high.pfs.p"]},
    "title_claim": {"+": ["results.gc_impact.low_vs_nongc.pfs.planned"]},
    "cr_of_whom": {"abstract.cr.pct": "77.50"},  # 93 of 120
    "unassessed": {f"{E}.gc.n": "61", f"{E}.nongc.n": "49", "table4.dose_low.cr": "45"},
    # no more events than deaths
    "pfs_definition": {f"{E}.pfs_{y}y.{k}": v for y, pair in ((1, ("80.7", "7.7")), (2, ("73.47", "8.94")), (3, ("71.81", "9.32"))) for k, v in zip(("rate", "half_width"), pair, strict=True)},
    "largest_cotransfer": {"discussion.n": "226"},
    "icans_clock": {"table2.icans_onset.median": "3"},
    "p_gc": {"table3.gc.p": "0.08"},
    "p_tcz": {"table3.tcz.p": "0.06"},
    "p_rux": {"table3.rux.p": "0.083"},
    "p_onset": {"table4.onset.p": "0.157"},
    "p_duration": {"table4.duration.p": "0.115"},
    "comparator": {"table2.immuno.any.n": "61"},
    "union_any_agent": {"table2.immuno.any.n": "108"},
    "largest": {"discussion.n": "195"},
    "duration_sign": {"results.gc_impact.duration.cut_long": ("value", ">2")},
    "partition_duration_text": {"results.gc_impact.duration.cut_long": ("value", ">2")},
    "response_of_gc_management": {"table2.crs_resolution.pct": "95.08"},  # 58 of 61
    "and_or": {f"{E}.excluded.n": ("what", "excluded: neither CRS nor ICANS")},
    "selection_text": {f"{T}.age_gt8.p": "0.287"},
    "icans_duration_of_whom": {"results.patients.icans_duration.median": ("population", "icans_g12")},
    "response_name": {"results.patients.crs_response.pct": ("what", "CRS resolution rate")},
    "gc_time_name": {"results.patients.gc_time.median": ("what", "time to GC initiation")},
    "mrd_time": {"results.patients.mrd_ge1e2.n": ("what", "MRD before lymphodepletion")},
    "pct_relapse_sites_bm_cns": {"table1.site.bm_cns.pct": "6.96"},
    "pct_blast_classes_25_50": {"table1.blast.25_50.pct": "14.17"},
    "rate_digits": {f"{E}.os_1y.rate": "80.70", f"{E}.os_1y.half_width": "7.70", f"{E}.efs_1y.half_width": "8.80",
                    f"{E}.efs_2y.half_width": "9.90"},
}  # fmt: skip
FINDING = {relation.name: relation.finding for relation in with_repetitions(read_relations(), published_values())}


def verdicts(found):
    return found.set_index("compared")["verdict"]


def corrected(folder, edits, source=PUBLISHED):
    """Copy the published values with edits; rows to add are copies of the last row under another id."""
    frame = pd.read_csv(source / "published_values.csv", dtype=str, keep_default_na=False).set_index("id", drop=False)
    for id, edit in edits.items():
        if id == "+":
            extra = frame.iloc[[-1] * len(edit)].assign(id=edit)
            frame = pd.concat([frame, extra])
        elif isinstance(edit, tuple):
            frame.loc[id, edit[0]] = edit[1]
        else:
            decimals = str(len(edit.partition(".")[2]))
            frame.loc[id, ["number", "value", "decimals"]] = [edit, edit, decimals]
    write_csv(folder / "published_values.csv", frame)
    shutil.copy(source / "relations.csv", folder)
    return folder


# ------------------------------------------------------------------ what it says


def test_the_frame_has_the_promised_columns_and_verdicts():
    assert list(FOUND.columns) == COLUMNS
    assert set(FOUND["verdict"]) <= set(VERDICTS)
    assert (FOUND[COLUMNS[:-2]] != "").all(axis=None)
    assert FOUND["compared"].is_unique


def test_the_most_consequential_come_first():
    gravest = FOUND.groupby("finding", sort=False)["verdict"].first()
    assert gravest.map(VERDICTS.index).is_monotonic_increasing
    runs = (FOUND["finding"] != FOUND["finding"].shift()).sum()
    assert runs == FOUND["finding"].nunique()  # the relations of one finding stand together


def test_one_slip_is_one_finding():
    counted = relations_amiss(FOUND).groupby("finding")["verdict"].agg(["size", "nunique"])
    assert counted.loc["30-day response: the chi-square test is the one with continuity correction", "size"] == 5
    assert counted.loc["children lost within one year", "size"] == 3
    assert tally_verdicts(FOUND)["findings"].sum() == FOUND["finding"].nunique()
    assert tally_verdicts(FOUND)["relations"].sum() == len(FOUND)
    assert findings_letter(FOUND, "rounding").count("(*rounding*)") == tally_verdicts(FOUND).loc["rounding", "findings"]


def test_a_cause_stands_under_the_comparison_that_it_is_of():
    said = findings_letter(FOUND, UNDISCLOSED)
    claims = said[said.index("**Claims whose p is not printed**") :].split("\n\n")[0]
    title = claims[claims.index('- the title: "improves') :].split("\n    - ")[0]
    curves = claims[claims.index("- log-rank p of TCZ") :].split("\n    - ")[0]
    assert "How it may have come about" not in title
    assert "How it may have come about: Perhaps it stands in Figure 3" in curves
    shared = said[said.index("**Children lost within one year**") :].split("\n\n")[0]
    assert shared.count("How it may have come about") == 1


def test_each_finding_stands_as_arithmetic_or_asks():
    """What is not certain by arithmetic or words of the paper is put as a question."""
    for title, rows in relations_amiss(FOUND).groupby("finding"):
        certain = rows["sureness"].str.startswith("certain: arithmetic of the pub") | rows["sureness"].str.startswith(
            "certain: words"
        )
        assert certain.all() or rows["question"].str.endswith("?").any() or (rows["question"] != "").any(), title


def test_house_words_stay_in_the_house():
    told = FOUND.drop(columns=["ids", "verdict"]).to_numpy().ravel()
    assert not [text for text in told if any(word in f" {text} " for word in (" print ", " the print", " family "))]


def test_everything_that_was_checked_is_told():
    assert len(FOUND) == len(with_repetitions(read_relations(), published_values()))
    assert tally_verdicts(FOUND).loc[CONSISTENT, "relations"] > 180
    assert tally_verdicts(FOUND).loc[REPEATED, "relations"] > 90


def test_the_findings_are_those_whose_corrections_are_known():
    """A new finding needs a correction here, so that it is shown to depend on the print."""
    wrong = relations_amiss(FOUND)["compared"]
    assert set(wrong) == {FINDING[name] for name in CORRECTIONS}


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("abstract_hr", "cannot both hold as printed"), ("tcz_rux_swap", "cannot both hold as printed"),
        ("reference_target", "cannot both hold as printed"), ("logrank_rux", "convention not disclosed"),
        ("crs_reference", "convention not disclosed"), ("parity_icans_duration", "convention not disclosed"),
        ("parity_icans_all", "convention not disclosed"), ("crs_response_of_110", "cannot both hold as printed"),
        ("icans_resolution_of_31", "rounding"), ("one_formula", "convention not disclosed"),
        ("p_rux", "convention not disclosed"), ("partition_duration_text", "wording"),
        ("comparator", "wording"), ("union_any_agent", "convention not disclosed"), ("rate_digits", "rounding"), ("p_dose", "consistent"),
        ("selection", "consistent"), ("quantile_46", "consistent"), ("logrank_gc_low", "consistent"),
    ],
)  # fmt: skip
def test_known_verdicts(name, verdict):
    assert verdicts(FOUND)[FINDING[name]] == verdict


def test_the_reckoning_stands_beside_the_verdict():
    arithmetic = FOUND.set_index("compared")["arithmetic"]
    assert "Yates gives both" in arithmetic[FINDING["tcz_rux_swap"]]
    assert "29/31 = 93.55%" in arithmetic[FINDING["icans_resolution_of_31"]]
    assert "reference CAR-T target CD19+CD22+CD20" in arithmetic[FINDING["reference_target"]].split("fits with ")[1]


# ------------------------------------------------------------------ it can fail one way: corrected, a finding goes


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_corrected_print_loses_its_finding(tmp_path, name):
    assert verdicts(FOUND)[FINDING[name]] not in HOLDS
    assert verdicts(audit_print(corrected(tmp_path, CORRECTIONS[name])))[FINDING[name]] in HOLDS


# ------------------------------------------------------------------ and the other: altered, a finding comes

# Shares noticed (percent) when last measured, by kind of value, for 1 and for 10 units of the last printed digit.
NOTICED = {
    "ci_high": (37.5, 93.8),
    "ci_low": (95.8, 100.0),
    "count": (100.0, 100.0),
    "dose": (100.0, 100.0),
    "half_width": (
        33.3,
        94.4,
    ),  # 1 unit: 38.9 until the censoring of EFS became a finding, which cannot be noticed anew
    "hr": (93.5, 100.0),
    "median": (95.8, 100.0),
    "p": (50.0, 83.7),  # 10 units: 82.6 until the bound of score against Wald was exact
    "percent": (99.4, 99.4),
    "range_high": (41.2, 61.3),
    "range_low": (58.1, 87.0),
    "rate": (33.3, 66.7),
    "stated": (83.3, 84.9),
    "all": (81.2, 93.1),
}


def test_the_shares_noticed_do_not_fall():
    table = noticed_shares(audit_sensitivity())
    now = {kind: (row["1 unit, %"], row["10 units, %"]) for kind, row in table.iterrows()}
    assert set(now) == set(NOTICED)
    fallen = {
        k: (now[k], NOTICED[k]) for k in now if any(n < o - 0.05 for n, o in zip(now[k], NOTICED[k], strict=True))
    }
    assert not fallen


# ------------------------------------------------------------------ a second paper, made up

MADE_UP_TRUE = {"a.drip.hr": "0.57", "t2.p": "0.050", "t3.cherry.low": "0.97", "r.drip.logrank": "0.007"}


def test_a_second_paper_is_audited_from_its_own_files():
    found = audit_print(MADE_UP)
    assert set(relations_amiss(found)["ids"].str.split().str[0]) == {
        "t3.drip.hr", "t2.drip.yes", "t3.cherry.hr", "r.drip.logrank",
    }  # fmt: skip


def test_the_second_paper_is_consistent_before_its_slips(tmp_path):
    found = audit_print(corrected(tmp_path, MADE_UP_TRUE, MADE_UP))
    assert relations_amiss(found).empty


@pytest.mark.parametrize("id", MADE_UP_TRUE)
def test_each_slip_of_the_second_paper_is_found_alone(tmp_path, id):
    """All but one slip corrected: one finding is left, and it is about that value."""
    edits = {other: value for other, value in MADE_UP_TRUE.items() if other != id}
    found = audit_print(corrected(tmp_path, edits, MADE_UP))
    left = relations_amiss(found)
    assert len(left) == 1
    assert id in left["ids"].iloc[0].split()


# ------------------------------------------------------------------ in and out


def test_a_folder_without_the_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        audit_print(tmp_path)


def test_the_report_counts_and_tells_what_is_not_consistent():
    text = findings_report(FOUND)
    assert text.startswith(f"{len(FOUND)} relations checked")
    assert all(title in text for title in relations_amiss(FOUND)[["finding", "compared"]].to_numpy().ravel())


def test_the_committed_figure_is_the_audit_of_the_committed_values():
    from helpers.paths import FIGURES

    read = pd.read_csv(FIGURES / "audit.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(read, FOUND)


def test_what_another_report_says_does_not_stand_under_a_place_of_the_paper():
    for row in FOUND[FOUND["arithmetic"].str.contains("against .*(?:Yang|Wang)")].itertuples():
        assert row.where_a == "Discussion"
        assert row.where_b == "Another report"
    assert "Discussion: 194 patients" not in findings_letter(FOUND, *VERDICTS)
