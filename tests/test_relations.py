"""The kinds of check: declared as documented, and their arithmetic held to R and to published examples."""

import math
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers.paths import PUBLISHED, ROOT, write_csv
from helpers.problems import InputError
from helpers.published import audit as auditing
from helpers.published.audit import check
from helpers.published.curves import FORMULAS, effective, events_range, fitting, greenwood
from helpers.published.effects import SLACK, e_value, errors, region, score_to_wald, wald
from helpers.published.relations import KINDS, VERDICTS, Relation, relations
from helpers.published.values import Printed, printed_values, published

ORACLE = ROOT / "tests" / "oracle"
CURVES = pd.read_csv(ORACLE / "published_curves.csv", comment="#")
FACTORS = pd.read_csv(ORACLE / "published_factor.csv", comment="#")
SCORES = pd.read_csv(ORACLE / "published_score.csv", comment="#")
R_NAMES = {"plain": "1.96 standard errors (plain)", "log": "log", "log-log": "log-log", "logit": "logit",
           "arcsin": "arcsine"}  # fmt: skip


def printed(number, decimals, kind="count", what="", id="x", value=None):
    text = f"{number:.{decimals}f}"
    return Printed(id, Decimal(text), decimals, "here", what, value or text, kind)


def verdict(kind, *groups, options=None):
    """Check one relation on values given as (number, decimals, kind) in groups."""
    values, ids = {}, []
    for g, group in enumerate(groups):
        ids.append(tuple(f"g{g}.r{i}.v" for i in range(len(group))))
        for id, spec in zip(ids[-1], group, strict=True):
            values[id] = printed(*spec, id=id) if isinstance(spec, tuple) else spec
    return check(Relation("x", "x", kind, tuple(ids), options or {}), values).verdict


# ------------------------------------------------------------------ the file


def test_no_verdict_is_written_in_the_file():
    frame = pd.read_csv(PUBLISHED / "relations.csv", dtype=str, keep_default_na=False)
    cells = frame.drop(columns="innocent").to_numpy().ravel()
    assert not [cell for cell in cells if any(word in cell for word in VERDICTS)]


def test_every_kind_is_used_and_documented():
    declared = relations()
    assert {relation.kind for relation in declared} == set(KINDS)
    text = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    assert not [kind for kind in KINDS if f"| `{kind}` |" not in text]


def test_findings_have_names_of_their_own():
    frame = auditing.complete(relations(), published())
    assert len({relation.finding for relation in frame}) == len(frame)


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [("kind", "guess", "guess"), ("ids", "table1.n | no.such.row", "no.such.row"), ("rank", "first", "first"),
     ("options", "alpha", "alpha"), ("relation", "tcz_rux_swap", "tcz_rux_swap")],
)  # fmt: skip
def test_a_relation_that_cannot_be_checked_is_refused(tmp_path, column, value, found):
    frame = pd.read_csv(PUBLISHED / "relations.csv", dtype=str, keep_default_na=False)
    frame.loc[0, column] = value
    write_csv(tmp_path / "relations.csv", frame)
    shutil.copy(PUBLISHED / "published_values.csv", tmp_path)
    with pytest.raises(InputError) as error:
        auditing.audit(tmp_path)
    assert found in {problem.found for problem in error.value.problems}


# ------------------------------------------------------------------ survival curves, against R


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize(
    "row", list(CURVES.itertuples(index=False)), ids=lambda r: f"{r.case}-{r.formula}-{r.milestone}"
)
def test_greenwood_is_recovered_from_rs_limits(row, side):
    name = R_NAMES[row.formula]
    if name in ("log", "log-log", "logit", "arcsine"):
        name += f", distance to the {side} limit"
    width = row.surv - row.lower if side == "lower" else row.upper - row.surv
    rate, half = printed(100 * row.surv, 12), printed(100 * width, 12)
    assert np.mean(greenwood(rate, half, name)) == pytest.approx(row.greenwood, rel=1e-6)


@pytest.mark.parametrize(("case", "formula"), list(CURVES.groupby(["case", "formula"]).groups))
def test_the_formula_that_r_used_is_among_those_that_fit(case, formula):
    rows = CURVES[(CURVES["case"] == case) & (CURVES["formula"] == formula)].sort_values("milestone")
    rates = [printed(100 * s, 2) for s in rows["surv"]]
    half_widths = [printed(100 * (s - low), 2) for s, low in zip(rows["surv"], rows["lower"], strict=True)]
    fits = fitting(rates, half_widths, int(rows["n"].iloc[0]))
    assert any(name.startswith(R_NAMES[formula]) for name in fits)


def test_without_censoring_the_effective_number_is_the_number_of_patients():
    s, n = 0.75, 120
    half = 1.959964 * math.sqrt(s * (1 - s) / n)
    low, high = effective(printed(100 * s, 6), printed(100 * half, 6), "1.96 standard errors (plain)")
    assert (low + high) / 2 == pytest.approx(n, rel=1e-4)


@pytest.mark.parametrize("case", ["lung", "veteran"])
def test_the_number_of_events_lies_in_its_range(case):
    rows = CURVES[(CURVES["case"] == case) & (CURVES["formula"] == "plain")].sort_values("milestone")
    rates = [printed(100 * s, 2) for s in rows["surv"]]
    half = [printed(100 * (s - low), 2) for s, low in zip(rows["surv"], rows["lower"], strict=True)]
    least, most = events_range(rates, half, int(rows["n"].iloc[0]))
    assert least <= rows["events"].sum() <= most


def test_limits_that_do_not_exist_fit_nothing():
    assert greenwood(printed(98, 0), printed(5, 0), "log-log, distance to the upper limit") is None
    assert set(FORMULAS) > {"standard error"}


# ------------------------------------------------------------------ hazard ratios, against R


@pytest.mark.parametrize("row", list(SCORES.itertuples(index=False)), ids=lambda r: r.case)
def test_rs_score_test_lies_within_the_bounds_of_its_wald_test(row):
    low, high = score_to_wald(row.beta)
    assert low <= row.score / row.wald <= high


@pytest.mark.parametrize("row", list(SCORES.itertuples(index=False)), ids=lambda r: r.case)
def test_rs_variance_lies_between_the_bound_and_its_slack(row):
    least = 1 / row.d1 + 1 / row.d0
    assert least <= row.variance * (1 + 1e-6) <= least * (1 + SLACK)


@pytest.mark.parametrize("row", list(FACTORS.itertuples(index=False)), ids=lambda r: r.case)
def test_rs_variance_in_a_factor_of_three_levels_does_too(row):
    least = 1 / row.d_row + 1 / row.d_reference
    assert least <= row.variance * (1 + 1e-6) <= least * (1 + SLACK)


@pytest.mark.parametrize("row", list(SCORES.itertuples(index=False)), ids=lambda r: r.case)
def test_the_range_over_rounding_holds_the_unrounded_p_and_error(row):
    se = math.sqrt(row.variance)
    triple = [printed(math.exp(row.beta + k * se), 2) for k in (0, -1.959964, 1.959964)]
    corners = region(*triple)
    low, high = errors(corners)
    assert low <= se <= high
    _, p = wald(corners)
    assert p[0] <= 2 * norm.sf(abs(row.beta) / se) <= p[1]


def test_e_values_of_the_authors_of_the_e_value():
    """VanderWeele & Ding 2017: risk ratio 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0."""
    assert e_value(3.9, common=False) == pytest.approx(7.26, abs=0.005)
    assert e_value(1.8, common=False) == pytest.approx(3.0, abs=0.005)
    assert e_value(1 / 3.9, common=False) == pytest.approx(e_value(3.9, common=False))


# ------------------------------------------------------------------ kinds on small examples, both ways


@pytest.mark.parametrize(
    ("kind", "groups", "options", "expected"),
    [
        ("sum", [[(3, 0), (4, 0)], [(7, 0)]], {}, "consistent"),
        ("sum", [[(3, 0), (4, 0)], [(8, 0)]], {}, "cannot both hold as printed"),
        ("sum", [[(33.3, 1, "percent"), (66.6, 1, "percent")], [(100.0, 1, "percent")]], {}, "consistent"),
        ("percent", [[(1, 0)], [(3, 0)], [(33.33, 2)]], {}, "consistent"),
        ("percent", [[(2, 0)], [(3, 0)], [(66.66, 2)]], {}, "rounding"),
        ("percent", [[(2, 0)], [(3, 0)], [(66.0, 1)]], {}, "cannot both hold as printed"),
        ("percent", [[(4, 0)], [(3, 0)], [(133.33, 2)]], {}, "cannot both hold as printed"),
        ("attainable", [[(31, 0)], [(93.55, 2)]], {}, "consistent"),
        ("attainable", [[(31, 0)], [(93.0, 1)]], {}, "cannot both hold as printed"),
        ("at_most", [[(4, 0)], [(9, 0)], [(5, 0)]], {}, "consistent"),
        ("at_most", [[(5, 0)], [(9, 0)], [(5, 0)]], {}, "cannot both hold as printed"),
        ("median_parity", [[(30, 0)], [(4.5, 1)]], {}, "consistent"),
        ("median_parity", [[(31, 0)], [(4.5, 1)]], {}, "cannot both hold as printed"),
        ("median_parity", [[(30, 0)], [(4.3, 1)]], {}, "cannot both hold as printed"),
        ("quantile_count", [[(61, 0)], [(75, 0)], [(46, 0)]], {}, "consistent"),
        ("quantile_count", [[(61, 0)], [(75, 0)], [(44, 0)]], {}, "cannot both hold as printed"),
        ("order", [[(3, 0), (2, 0), (2, 0)]], {}, "consistent"),
        ("order", [[(3, 0), (4, 0)]], {}, "cannot both hold as printed"),
        ("month_days", [[(1, 0)], [(30, 0)]], {}, "consistent"),
        ("month_days", [[(1, 0)], [(28, 0)]], {}, "cannot both hold as printed"),
        ("hr_triple", [[(2.0, 2), (1.0, 2), (4.0, 2)]], {}, "consistent"),
        ("hr_triple", [[(2.5, 2), (1.0, 2), (4.0, 2)]], {}, "cannot both hold as printed"),
        ("hr_triple", [[(2.0, 2), (1.0, 2), (4.0, 2), (0.05, 2)]], {}, "consistent"),
        ("hr_triple", [[(2.0, 2), (1.0, 2), (4.0, 2), (0.5, 2)]], {}, "cannot both hold as printed"),
        ("multiplicity", [[(0.01, 2), (0.5, 1)], [(0.05, 2)]], {}, "consistent"),
        ("multiplicity", [[(0.03, 2), (0.5, 1)], [(0.05, 2)]], {}, "convention not disclosed"),
        ("larger_elsewhere", [[(120, 0)]], {"number": "119"}, "consistent"),
        ("larger_elsewhere", [[(120, 0)]], {"number": "121"}, "wording"),
        ("counts_p", [[(20, 0), (5, 0), (10, 0), (15, 0)], [(0.0039, 4)]], {}, "consistent"),
        ("counts_p", [[(20, 0), (5, 0), (10, 0), (15, 0)], [(0.0094, 4)]], {}, "convention not disclosed"),
        ("counts_p", [[(20, 0), (5, 0), (10, 0), (15, 0)], [(0.05, 2)]], {}, "cannot both hold as printed"),
        ("counts_p", [[(0, 0), (0, 0), (10, 0), (15, 0)], [(0.05, 2)]], {}, "cannot both hold as printed"),
    ],
)  # fmt: skip
def test_a_kind_says_yes_and_no(kind, groups, options, expected):
    assert verdict(kind, *groups, options=options) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [("≤2", ">2", "consistent"), ("≤2", "≥2", "wording"), ("<2", ">2", "wording"), ("<5", "≥5", "consistent")],
)
def test_two_groups_by_a_cut_must_meet(low, high, expected):
    number = float(low[1:])
    groups = [[printed(number, 0, value=text, id=f"g{g}.r0.v")] for g, text in enumerate((low, high))]
    assert verdict("partition", *groups) == expected


def test_the_paper_own_values_give_the_known_reckonings():
    """Worked by hand: 8/115, the median of 27, ln(.84/.16)."""
    values = printed_values(published())
    by_name = {relation.name: relation for relation in relations()}
    text = {
        name: check(by_name[name], values).arithmetic for name in ("pct_relapse_sites_bm_cns", "parity_icans_duration")
    }
    assert text["pct_relapse_sites_bm_cns"] == "8/115 = 6.9565%; printed 6.95%"
    assert "n = 27 is odd" in text["parity_icans_duration"]
    low, high = errors(region(*[values[f"table5.multivariable.gc_low.{k}"] for k in ("hr", "ci_low", "ci_high")]))
    assert low <= math.log(0.84 / 0.16) / 3.919928 <= high
