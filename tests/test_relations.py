"""The kinds of check: declared as documented, and their arithmetic held to R and to published examples."""

import math
import shutil
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers.estimate.logrank import logrank
from helpers.estimate.partial_likelihood import maximise
from helpers.paths import PUBLISHED, ROOT, write_csv
from helpers.problems import InputError
from helpers.published import audit as auditing
from helpers.published.audit import check_relation
from helpers.published.curves import (
    FORMULAS,
    Z,
    effective_patients,
    events_range,
    fitting_formulas,
    greenwood_range,
    possible_falls,
    possible_steps,
)
from helpers.published.effects import SLACK, limit_corners, score_to_wald, standard_error_range, wald_range
from helpers.published.relations import KINDS, VERDICTS, Relation, read_relations
from helpers.published.values import Printed, printed_values, published_values

ORACLE = ROOT / "tests" / "oracle"
CURVES = pd.read_csv(ORACLE / "published_curves.csv", comment="#")
FACTORS = pd.read_csv(ORACLE / "published_factor.csv", comment="#")
SCORES = pd.read_csv(ORACLE / "published_score.csv", comment="#")
R_NAMES = {"plain": "plain (1.96 standard errors)", "log": "log", "log-log": "log-log", "logit": "logit",
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
    return check_relation(Relation("x", "x", kind, tuple(ids), options or {}), values).verdict


# ------------------------------------------------------------------ the file


def test_no_verdict_is_written_in_the_file():
    frame = pd.read_csv(PUBLISHED / "relations.csv", dtype=str, keep_default_na=False)
    cells = frame.drop(columns=["innocent", "question"]).to_numpy().ravel()
    assert not [cell for cell in cells if any(word in cell for word in VERDICTS)]


def test_every_kind_is_used_and_documented():
    declared = read_relations()
    assert {relation.kind for relation in declared} == set(KINDS)
    text = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    assert not [kind for kind in KINDS if f"| `{kind}` |" not in text]


def test_findings_have_names_of_their_own():
    frame = auditing.with_repetitions(read_relations(), published_values())
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
        auditing.audit_print(tmp_path)
    assert found in {problem.found for problem in error.value.problems}


# ------------------------------------------------------------------ survival curves, against R


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize(
    "row", list(CURVES.itertuples(index=False)), ids=lambda r: f"{r.case}-{r.formula}-{r.milestone}"
)
def test_greenwood_is_recovered_from_rs_limits(row, side):
    name = R_NAMES[row.formula]
    if name in ("log", "log-log", "logit", "arcsine"):
        name += f" (distance to the {side} limit)"
    width = row.surv - row.lower if side == "lower" else row.upper - row.surv
    rate, half = printed(100 * row.surv, 12), printed(100 * width, 12)
    assert np.mean(greenwood_range(rate, half, name)) == pytest.approx(row.greenwood, rel=1e-6)


@pytest.mark.parametrize(("case", "formula"), list(CURVES.groupby(["case", "formula"]).groups))
def test_the_formula_that_r_used_is_among_those_that_fit(case, formula):
    rows = CURVES[(CURVES["case"] == case) & (CURVES["formula"] == formula)].sort_values("milestone")
    rates = [printed(100 * s, 2) for s in rows["surv"]]
    half_widths = [printed(100 * (s - low), 2) for s, low in zip(rows["surv"], rows["lower"], strict=True)]
    fits = fitting_formulas(rates, half_widths, int(rows["n"].iloc[0]))
    assert any(name.startswith(R_NAMES[formula]) for name in fits)


def test_without_censoring_the_effective_number_is_the_number_of_patients():
    s, n = 0.75, 120
    half = 1.959964 * math.sqrt(s * (1 - s) / n)
    low, high = effective_patients(printed(100 * s, 6), printed(100 * half, 6), "plain (1.96 standard errors)")
    assert (low + high) / 2 == pytest.approx(n, rel=1e-4)


@pytest.mark.parametrize("case", ["lung", "veteran"])
def test_the_number_of_events_lies_in_its_range(case):
    rows = CURVES[(CURVES["case"] == case) & (CURVES["formula"] == "plain")].sort_values("milestone")
    rates = [printed(100 * s, 2) for s in rows["surv"]]
    half = [printed(100 * (s - low), 2) for s, low in zip(rows["surv"], rows["lower"], strict=True)]
    least, most = events_range(rates, half, int(rows["n"].iloc[0]))
    assert least <= rows["events"].sum() <= most


# ---- never a false alarm: real patients, drawn and censored at random, printed with few digits


def _samples():
    bmt = pd.read_csv(ROOT / "data" / "real" / "bmt.csv", comment="#")
    frames = [pd.read_csv(ORACLE / f"estimate_data_{name}.csv", comment="#") for name in ("lung", "veteran")]
    pairs = [(f["time"], f["event"]) for f in frames] + [(bmt["t1"], bmt["d1"]), (bmt["t2"], bmt["d3"])]
    return [(time.to_numpy(float), event.to_numpy(bool)) for time, event in pairs]


def _draw(rng, time, event):
    """Draw patients; leave them, censor them early, lose some of them, or round their times to heavy ties."""
    n = int(rng.integers(15, len(time) + 1))
    chosen = rng.choice(len(time), n, replace=bool(rng.integers(2)))
    time, event = time[chosen], event[chosen]
    limit = [
        np.full(n, np.inf), rng.uniform(0, 1.5 * np.quantile(time, 0.95), n),
        np.where(rng.random(n) < 0.3, rng.uniform(0, time.max(), n), np.inf), np.full(n, np.inf),
    ]  # fmt: skip
    mode = int(rng.integers(4))
    event, time = event & (time <= limit[mode]), np.minimum(time, limit[mode])
    return (np.ceil(time / 30) if mode == 3 else time), event


def _half_width(name, s, v):
    """The plus-minus that a program would print; limits cut at 0 and 1."""
    g, side = Z * np.sqrt(v), -1 if "lower" in name else 1
    arcsine = np.clip(np.arcsin(np.sqrt(s)) + side * g / 2 * np.sqrt(s / (1 - s)), 0, np.pi / 2)
    symmetric = {
        "standard error": s * g / Z,
        "plain (1.96 standard errors)": s * g,
        "log (half the length)": s * np.sinh(g),
    }
    limit = {
        "log": s * np.exp(side * g), "log-log": s ** np.exp(-side * g / -np.log(s)),
        "logit": 1 / (1 + np.exp(-np.log(s / (1 - s)) - side * g / (1 - s))), "arcsine": np.sin(arcsine) ** 2,
    }  # fmt: skip
    return symmetric[name] if name in symmetric else np.abs(np.clip(limit[name.split(" (")[0]], 0, 1) - s)


def _milestones(rng, time, event):
    """Choose one to four milestones; half of the time the last span is short of events, or has none."""
    at_event = np.unique(time[event])
    at = np.sort(rng.choice(np.linspace(at_event[0], 1.02 * at_event[-1], 200), int(rng.integers(1, 5)), replace=False))
    if len(at) > 1 and rng.integers(2):
        last = min(len(at_event) - 1, np.searchsorted(at_event, at[-2]) + int(rng.integers(3)))
        at[-1] = max(at_event[last] + 0.5, at[-2])
    return at


def _kaplan_meier(time, event, at):
    times = np.unique(time[event])
    risk = np.array([(time >= t).sum() for t in times])
    died = np.array([(event & (time == t)).sum() for t in times])
    past = [times <= t for t in at]
    with np.errstate(divide="ignore"):
        grown = died / (risk * (risk - died))
    rows = [
        (np.prod(1 - died[k] / risk[k]), grown[k].sum(), died[k].sum(), (time > t).sum())
        for k, t in zip(past, at, strict=True)
    ]
    return map(np.array, zip(*rows, strict=True))


def _holds(spans, events, at_risk):
    return all(
        d in span.events and span.at_risk[0] <= y <= span.at_risk[1]
        for span, d, y in zip(spans, events, at_risk, strict=True)
    )


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_is_true_of_real_patients_is_never_refused(seed):
    """Whatever the formula, the digits, ties and censoring: the true events and patients at risk are among the possible ones."""
    rng, samples, refused, tried = np.random.default_rng(seed), _samples(), [], 0
    while tried < 250:
        time, event = _draw(rng, *samples[int(rng.integers(4))])
        if event.sum() < 5:
            continue
        at = _milestones(rng, time, event)
        s, v, died, later = _kaplan_meier(time, event, at)
        if s[0] == 1 or s[-1] < 0.02:
            continue
        tried += 1
        name, decimals = list(FORMULAS)[int(rng.integers(len(FORMULAS)))], rng.integers(0, 4, size=2)
        rates = [printed(100 * rate, int(decimals[0])) for rate in s]
        half_widths = [printed(100 * h, int(decimals[1])) for h in _half_width(name, s, v)]
        truth = np.diff(died, prepend=0), np.append(len(time), later[:-1])
        found = possible_steps(rates, half_widths, name, len(time))
        if not (found and _holds(found, *truth) and _holds(possible_falls(rates, len(time)), *truth)):
            refused.append((name, decimals, s, v, truth))
    assert not refused


@pytest.mark.parametrize("decimals", [2, 3])
def test_a_small_fall_must_be_one_patient_among_a_whole_number(decimals):
    """From 73.47% with at most 88 of 120 at risk two events leave 71.80% at most; above, only 1 of 44, 45, ... is possible."""
    before = printed(73.47, 2)
    tried = np.round(np.arange(71.82, 72.0, 10.0**-decimals), decimals)
    possible = [x for x in tried if possible_falls([before, printed(x, decimals)], 120)[-1].events]
    exact = [73.47 * (1 - 1 / r) for r in range(44, 60)]
    assert 0 < len(possible) < len(tried)
    assert all(min(abs(x - e) for e in exact) < 0.011 for x in possible)


def test_limits_that_do_not_exist_fit_nothing():
    assert greenwood_range(printed(98, 0), printed(5, 0), "log-log (distance to the upper limit)") is None
    assert set(FORMULAS) > {"standard error"}


# ------------------------------------------------------------------ hazard ratios, against R


@pytest.mark.parametrize("row", list(SCORES.itertuples(index=False)), ids=lambda r: r.case)
def test_rs_score_test_lies_within_the_bounds_of_its_wald_test(row):
    low, high = score_to_wald(row.beta)
    assert low <= row.score / row.wald <= high


def test_score_against_wald_reaches_its_bounds_and_never_passes_them():
    """By plain sums over shares at risk: any mixture of odds stays inside, one odds for all events reaches the upper bound."""
    rng, h = np.random.default_rng(5), 0.44
    low, high = score_to_wald(math.log(h))

    def ratio(odds):
        q, p = odds / (1 + odds), odds * h / (1 + odds * h)
        score, zero, there = (q - p).sum(), (q * (1 - q)).sum(), (p * (1 - p)).sum()
        return score**2 / zero / (math.log(h) ** 2 * there)

    drawn = [ratio(np.exp(rng.normal(0, rng.uniform(0, 6), size=rng.integers(2, 40)))) for _ in range(2000)]
    assert low < min(drawn)
    assert max(drawn) < high * (1 + 1e-12)
    assert ratio(np.full(9, 1.3)) == pytest.approx(high, rel=1e-12)
    apart = np.r_[np.full(1000, 1e-7), np.full(round(1000 * h), 1e7)]  # half of the score from either end
    assert ratio(apart) == pytest.approx(low, rel=2e-3)


def test_simulated_patients_keep_to_the_bounds_of_score_against_wald():
    rng = np.random.default_rng(6)
    for _ in range(150):
        group = rng.random(40) < rng.uniform(0.2, 0.8)
        time = rng.exponential(size=40) ** rng.uniform(0.3, 3) / np.where(group, rng.uniform(0.2, 4), 1)
        event = rng.random(40) < 0.7
        fit = maximise(group[:, None].astype(float), time, event)
        if not fit.converged:
            continue
        beta, se = float(fit.beta[0]), math.sqrt(fit.covariance[0, 0])
        low, high = score_to_wald(beta)
        ratio = logrank(time, event, group.astype(int)).statistic / (beta / se) ** 2
        assert low * (1 - 1e-6) <= ratio <= high * (1 + 1e-6)


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
    corners = limit_corners(*triple)
    low, high = standard_error_range(corners)
    assert low <= se <= high
    _, p = wald_range(corners)
    assert p[0] <= 2 * norm.sf(abs(row.beta) / se) <= p[1]


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
        ("attainable", [[(31, 0)], [(93.56, 2)]], {}, "rounding"),
        ("attainable", [[(31, 0)], [(93.57, 2)]], {}, "cannot both hold as printed"),
        ("attainable", [[(31, 0)], [(93.0, 1)]], {}, "cannot both hold as printed"),
        ("at_most", [[(4, 0)], [(9, 0)], [(5, 0)]], {}, "consistent"),
        ("at_most", [[(5, 0)], [(9, 0)], [(5, 0)]], {}, "cannot both hold as printed"),
        ("median_parity", [[(30, 0)], [(4.5, 1)]], {}, "consistent"),
        ("median_parity", [[(31, 0)], [(4.5, 1)]], {}, "cannot both hold as printed"),
        ("median_parity", [[(30, 0)], [(4.3, 1)]], {}, "cannot both hold as printed"),
        ("median_parity", [[(31, 0)], [(4.5, 1)]], {"counted": "open"}, "convention not disclosed"),
        ("median_parity", [[(31, 0)], [(4, 0)]], {"counted": "open"}, "consistent"),
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
        ("km_fall", [[(73.47, 2, "rate"), (71.81, 2, "rate")], [(120, 0)]], {}, "consistent"),
        ("km_fall", [[(73.47, 2, "rate"), (71.82, 2, "rate")], [(120, 0)]], {}, "cannot both hold as printed"),
        ("km_fall", [[(73.47, 2, "rate"), (73.47, 2, "rate")], [(120, 0)]], {}, "consistent"),
        ("km_fall", [[(73.47, 2, "rate"), (73.60, 2, "rate")], [(120, 0)]], {}, "cannot both hold as printed"),
        ("union", [[(9, 0)], [(12, 0)], [(10, 0)], [(5, 0)], [(3, 0), (1, 0)]], {}, "consistent"),
        ("union", [[(10, 0)], [(12, 0)], [(10, 0)], [(5, 0)], [(3, 0), (1, 0)]], {}, "convention not disclosed"),
        ("union", [[(12, 0)], [(12, 0)], [(10, 0)], [(5, 0)], [(3, 0), (1, 0)]], {}, "cannot both hold as printed"),
        ("comparator", [[(7, 0)], [(12, 0)], [(10, 0)], [(5, 0)], [(5, 0)], [(5, 0)], [(3, 0), (1, 0)]], {}, "consistent"),
        ("comparator", [[(8, 0)], [(12, 0)], [(10, 0)], [(5, 0)], [(5, 0)], [(5, 0)], [(3, 0), (1, 0)]], {}, "wording"),
        ("comparisons", [[(0.01, 2)], [(0.05, 2)]], {"count": "4"}, "consistent"),
        ("comparisons", [[(0.01, 2)], [(0.05, 2)]], {"count": "6"}, "convention not disclosed"),
        ("comparisons", [[(0.10, 2)], [(0.05, 2)]], {"count": "6"}, "consistent"),
        ("unassessed", [[(9, 0)], [(9, 0)]], {}, "consistent"),
        ("unassessed", [[(9, 0)], [(9, 0)], [(8, 0)], [(7, 0)]], {}, "convention not disclosed"),
        ("unassessed", [[(9, 0)], [(10, 0)]], {}, "cannot both hold as printed"),
        ("denominator", [[(92.08, 2)], [(120, 0)], [(101, 0)], [(93, 0)]], {}, "wording"),
        ("denominator", [[(77.50, 2)], [(120, 0)], [(101, 0)], [(93, 0)]], {}, "consistent"),
        ("both_levels", [[(110, 0)], [(110, 0)], [(0.9, 1)]], {}, "convention not disclosed"),
        ("same", [[(7, 0)], [(7, 0)]], {}, "printed again, alike"),
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


def test_bounds_on_the_comparators_of_gc():
    """By hand: 8 without response less 2, 4 and 0 leave 2 untreated of 49; 110 less 10 and 61 leave 39 treated."""
    values, by_name = printed_values(published_values()), {relation.name: relation for relation in read_relations()}
    assert (
        "39 to 47 of the 49 had another agent and 2 to 10 had none"
        in check_relation(by_name["comparator"], values).arithmetic
    )
    assert "at most 108 of the 110 analysed had one" in check_relation(by_name["union_any_agent"], values).arithmetic


def test_the_paper_own_values_give_the_known_reckonings():
    """Worked by hand: 8/115, the median of 27, ln(.84/.16)."""
    values = printed_values(published_values())
    by_name = {relation.name: relation for relation in read_relations()}
    text = {
        name: check_relation(by_name[name], values).arithmetic
        for name in ("pct_relapse_sites_bm_cns", "parity_icans_duration")
    }
    assert text["pct_relapse_sites_bm_cns"] == "8/115 = 6.9565%; printed 6.95%"
    assert "n = 27 is odd" in text["parity_icans_duration"]
    low, high = standard_error_range(
        limit_corners(*[values[f"table5.multivariable.gc_low.{k}"] for k in ("hr", "ci_low", "ci_high")])
    )
    assert low <= math.log(0.84 / 0.16) / 3.919928 <= high
