"""The figures in the pages, in a headless Chromium: every state against the estimators and the registry, keys, addresses, marks."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from helpers.calibration.ensemble import load_ensemble
from helpers.cohort.derive import analyse
from helpers.estimate.cox import cox
from helpers.estimate.kaplan_meier import Estimate, independent_difference, restricted_mean_difference, survival_at
from helpers.estimate.logrank import logrank
from helpers.release.released import released
from helpers.release.rules import Rules
from helpers.results import figure2, registry, table5
from helpers.results.curves import endpoint_columns
from helpers.results.lost import lost_early
from helpers.results.populations import in_population, is_yes
from helpers.results.specification_curve import curve_summary

sys.path.insert(0, str(Path(__file__).parent))
from webdriver import NARROW, WIDE

GROUPS = ("none", "low", "high")
YEAR, MONTH = 365.25, 30.4375
SYNTHETIC = ("figure3", "forest", "specifications", "analytes")
PLOTS = {"figure3": "f3-plot", "forest": "fo-plot", "specifications": "sp-plot", "analytes": "an-plot"}


@pytest.fixture
def opened(browser, site):
    def open_figure(name, address=""):
        if address:
            browser.open("about:blank")  # or only the address would change, and the page would read it at its leisure
        browser.open((site / f"{name}.html").as_uri() + address)
        browser.until(f"return window.{name} && true")
        return browser

    return open_figure


@pytest.fixture
def figure(opened):
    return opened("figure3")


def close(first, second):
    return first == pytest.approx(second, rel=1e-8, abs=1e-8)


# ---------------------------------------------------------------------------------------------------------- Figure 3

SLIM = """return arguments[0].map(s => { const r = figure3.compute(s); return {logrank: r.logrank, cox: r.cox, difference: r.difference, rmst: r.rmst, n: r.n,
 groups: Object.fromEntries(Object.entries(r.groups).map(([g, o]) => [g, {n: o.n, events: o.events, lost: o.lost, two: o.two, steps: o.steps}]))}; })"""


def test_figure_3_is_what_the_registry_says(figure, analysis):
    (seen,) = figure.run(SLIM, [{}])
    wanted = registry.compute(analysis)
    for group in GROUPS:
        place = f"extra.survival.pfs.dose.{group}.2y"
        assert close(100 * seen["groups"][group]["two"]["s"], wanted[f"{place}.rate"].value)
        assert close(100 * seen["groups"][group]["two"]["lo"], wanted[f"{place}.ci_low"].value)
        assert close(100 * seen["groups"][group]["two"]["hi"], wanted[f"{place}.ci_high"].value)
        assert seen["groups"][group]["lost"] == wanted[f"extra.lost.gc_{group}.n"].value
    for group in ("low", "high"):
        for key, end in (("value", ""), ("lo", ".ci_low"), ("hi", ".ci_high")):
            assert close(seen["difference"][group][key], wanted[f"extra.difference.gc_{group}.2y{end}"].value)
            assert close(seen["rmst"][group][key], wanted[f"extra.rmst.gc_{group}.24m.difference{end}"].value)
        assert close(seen["logrank"][group], wanted[f"extra.survival.pfs.dose.none_vs_{group}.p"].value)
    assert close(seen["logrank"]["all"], wanted["extra.survival.pfs.dose.logrank.p"].value)
    (stayed,) = figure.run(SLIM, [{"lost": "free"}])
    for group, (key, end) in itertools.product(
        ("low", "high"), (("hr", "hr"), ("lo", "ci_low"), ("hi", "ci_high"), ("p", "p"))
    ):
        assert close(stayed["cox"][group][key], wanted[f"extra.lost.event_free.gc_{group}.{end}"].value)
    search = figure.run("return figure3.shuffled({})")
    assert close(search["least"], wanted["extra.cut.best.p"].value)
    assert close(search["at"], wanted["extra.cut.best.cut"].value)
    told = figure.run("return document.getElementById('f3-cut-told').textContent")
    assert f"the corrected p is {wanted['extra.cut.best.corrected_p'].value:.3f}" in told


def draws(seed):
    """Give the numbers of the page's generator (mulberry32), from 0 to 1."""
    whole = 2**32 - 1
    while True:
        seed = (seed + 0x6D2B79F5) & whole
        mixed = ((seed ^ seed >> 15) * (1 | seed)) & whole
        mixed = (mixed + (((mixed ^ mixed >> 7) * (61 | mixed)) & whole) & whole) ^ mixed
        yield (mixed ^ mixed >> 14) / 2**32


def shuffled(size, numbers):
    """Shuffle places as Fisher and Yates, from the end."""
    places = list(range(size))
    for i in range(size - 1, 0, -1):
        j = int(next(numbers) * (i + 1))
        places[i], places[j] = places[j], places[i]
    return places


FATES = {"paper": None, "free": (), "failed": GROUPS, "none": ("none",), "low": ("low",), "half": "half"}


def expected(analysis, endpoint, cut, fate, landmark, deal=0):
    """Lay out a state with the helpers that notebooks use."""
    frame = analysis.frame[in_population(analysis, "toxicity")]
    time, event = (frame[name] for name in endpoint_columns(endpoint))
    dose = frame["gc_dose_mg_per_kg"].astype(float).to_numpy()
    group = np.where(dose == 0, "none", np.where(dose <= cut + 1e-9, "low", "high"))
    gone = lost_early(analysis, endpoint)[frame.index]
    data = pd.DataFrame(
        {"time": time.astype(float), "event": is_yes(event), "gone": gone, "cutoff": frame["cutoff_day"].astype(float)}
    )
    if deal:
        data = data.iloc[shuffled(len(data), draws(deal))]
    data = data.assign(group=group, dose=dose)
    if FATES[fate] is not None:
        every_second = (data["gone"].cumsum() % 2 == 1).to_numpy()
        fails = data["gone"] & (every_second if fate == "half" else data["group"].isin(FATES[fate]))
        data["event"] |= fails
        data["time"] = data["time"].mask(data["gone"] & ~fails, data["cutoff"])
    data = data[data["time"] > landmark].assign(time=lambda d: d["time"] - landmark)
    levels = [g for g in GROUPS if (data["group"] == g).any()]
    return data.assign(group=pd.Categorical(data["group"], levels)), levels


STATE = ("endpoint", "cut", "lost", "landmark", "deal")


def states(analysis):
    doses = np.unique(analysis.frame["gc_dose_mg_per_kg"].dropna())
    median = float(np.median(doses[doses > 0]))
    found = [("PFS", float(cut), "paper", 0, 0) for cut in (8.0, *doses[doses > 0])]
    found += [(*state, 0) for state in itertools.product(("OS", "PFS", "EFS"), (8.0,), FATES, (0, 11, 30, 60))]
    found += [(*state, 0) for state in itertools.product(("OS", "PFS", "EFS"), (median,), FATES, (0,))]
    found += itertools.product(("OS", "PFS", "EFS"), (8.0,), ("paper", "half"), (0, 30), (1, 2, 77))
    return found


def test_every_state_of_figure_3_agrees_with_the_estimators(figure, analysis):
    wanted = states(analysis)
    seen = figure.run(SLIM, [dict(zip(STATE, state, strict=True)) for state in wanted])
    fitted = compared = 0
    for state, page in zip(wanted, seen, strict=True):
        data, levels = expected(analysis, *state)
        assert page["n"] == len(data), state
        assert set(page["groups"]) == set(levels), state
        own = {group: data[data["group"] == group] for group in levels}
        two = {group: curve_agrees(page["groups"][group], own[group], state) for group in levels}
        assert close(page["logrank"]["all"], logrank(data["time"], data["event"], data["group"]).p), state
        for group in levels[1:]:
            pair = data[data["group"].isin([levels[0], group])]
            assert close(page["logrank"][group], logrank(pair["time"], pair["event"], pair["group"].astype(str)).p), (
                state
            )
            compared += difference_agrees(page, two, group, state) + means_agree(page, own, group, state)
        table = cox(data, ["group"], "time", "event").table.set_index("level")
        for group in levels[1:]:
            assert (group in page["cox"]) == np.isfinite(table.loc[group, "hr"]), (state, group)
            if group in page["cox"]:
                fitted += 1
                for key, column in (("hr", "hr"), ("lo", "ci_low"), ("hi", "ci_high"), ("p", "p")):
                    assert close(page["cox"][group][key], table.loc[group, column]), (state, group)
    assert fitted > 1.5 * len(wanted)
    assert compared > 2.5 * len(wanted)


def curve_agrees(page, own, state):
    """Hold counts and curve of a group; give the curve's row at two years after the infusion."""
    assert (page["n"], page["events"], page["lost"]) == (len(own), own["event"].sum(), own["gone"].sum()), state
    read = survival_at(
        own["time"], own["event"], np.array([*(step["t"] for step in page["steps"]), 2 * YEAR - state[3]])
    )
    curve = read.iloc[:-1]
    for key, column in (("s", "survival"), ("lo", "low"), ("hi", "high")):
        wanted = curve[column].to_numpy()
        got = np.array([np.nan if step[key] is None else step[key] for step in page["steps"]])
        known = np.isfinite(wanted) & (curve["survival"].to_numpy() > 0)
        assert np.allclose(got[known], wanted[known], rtol=1e-8, atol=1e-8), state
    return read.iloc[-1]


def difference_agrees(page, two, group, state):
    """Hold the difference at two years; say how many there are, one or none."""
    read = [two["none"], two[group]]
    if not all(np.isfinite(one["se"]) and one["survival"] > 0 for one in read):
        return 0
    wanted, _ = independent_difference(*(Estimate(one["survival"], np.nan, np.nan, one["se"]) for one in read))
    got = page["difference"][group]
    assert close([got["value"], got["lo"], got["hi"]], [100 * wanted.value, 100 * wanted.low, 100 * wanted.high]), state
    return 1


def means_agree(page, own, group, state):
    """Hold the difference of the restricted means; say how many there are, one or none."""
    pair = [(one["time"], one["event"]) for one in (own["none"], own[group])]
    try:
        wanted, _ = restricted_mean_difference(*pair, 24 * MONTH - state[3])
    except ValueError:
        assert group not in page["rmst"], state
        return 0
    got = page["rmst"][group]
    assert close([got["value"], got["lo"], got["hi"]], [x / MONTH for x in (wanted.value, wanted.low, wanted.high)]), (
        state
    )
    return 1


def searched(data):
    """Search for the best cut, observed and with the doses of the treated shuffled: a second way, with the page's generator."""
    treated, none = data[data["dose"] > 0].sort_values("dose", kind="stable"), data[data["dose"] == 0]
    given = treated["dose"].to_numpy()
    cuts = np.unique(given)
    sizes = np.searchsorted(given, cuts, side="right")
    cuts, sizes = cuts[sizes >= 10], sizes[sizes >= 10]
    moments = np.unique(data.loc[data["event"], "time"])
    numbers = draws(20250829)
    orders = [list(range(len(given))), *(shuffled(len(given), numbers) for _ in range(1000))]

    def table(part):
        risk = (part["time"].to_numpy()[:, None] >= moments).astype(float)
        return risk, ((part["time"].to_numpy()[:, None] == moments) & part["event"].to_numpy()[:, None]).astype(float)

    (risk, died), (risk_0, died_0) = table(treated), (one.sum(axis=0) for one in table(none))
    p = []
    for order in orders:
        low, events = (np.cumsum(one[order], axis=0)[sizes - 1] for one in (risk, died))
        n, d = low + risk_0, events + died_0
        share, more = low / np.maximum(n, 1), np.maximum(n - 1, 1)
        score, variance = (events - d * share).sum(axis=1), (d * share * (1 - share) * (n - d) / more).sum(axis=1)
        p.append(chi2.sf(score**2 / variance, 1))
    return cuts, sizes, np.array(p)


@pytest.mark.parametrize(
    "state",
    [("PFS", 8.0, "paper", 0, 0), ("OS", 8.0, "free", 0, 0), ("EFS", 8.0, "half", 30, 0), ("PFS", 8.0, "paper", 11, 3)],
)
def test_the_shuffled_band_and_the_corrected_p_are_those_of_a_second_reckoning(figure, analysis, state):
    page = figure.run("return figure3.shuffled(arguments[0])", dict(zip(STATE, state, strict=True)))
    data, _ = expected(analysis, *state)
    cuts, sizes, p = searched(data)
    assert close(page["cuts"], cuts.tolist())
    assert close(page["p"], p[0].tolist())
    for cut, size, own in zip(cuts, sizes, p[0], strict=True):
        part = data[data["dose"] <= cut]
        assert (part["dose"] > 0).sum() == size
        assert close(own, logrank(part["time"], part["event"], np.where(part["dose"] > 0, "low", "none")).p)
    ranked = np.sort(p[1:], axis=0)
    assert close(page["low"], ranked[49].tolist())  # 50th of 1000
    assert close(page["median"], ranked[499].tolist())
    reached = (p[1:].min(axis=1) <= p[0].min() * (1 + 1e-9)).sum()
    assert close(page["corrected"], (1 + reached) / 1001)


def test_cuts_say_what_a_state_at_that_cut_says(figure):
    scan = figure.run("return figure3.cuts({endpoint: 'OS'})")
    for one in scan[:: len(scan) // 6]:
        (state,) = figure.run(SLIM, [{"endpoint": "OS", "cut": one["cut"]}])
        assert close(one["p"], state["logrank"]["low"])
        assert one["hr"] is None or close(one["hr"], state["cox"]["low"]["hr"])


def test_other_cohorts_are_computed_by_the_same_rules(figure, analysis):
    offered = figure.run("return [...document.querySelectorAll('#f3-cohort option')].map(o => o.textContent)")
    number = int(offered[1].partition(":")[0])
    (seen,) = figure.run(SLIM, [{"cohort": 1}])
    other = analyse(next(load_ensemble(only=[number])), analysis.parameters)
    data, levels = expected(other, "PFS", 8.0, "paper", 0)
    for group in levels:
        curve_agrees(seen["groups"][group], data[data["group"] == group], ("PFS", 8.0, "paper", 0, 0))
    assert close(seen["logrank"]["all"], logrank(data["time"], data["event"], data["group"]).p)


def test_the_state_is_in_the_address_and_comes_back(figure, site):
    figure.run("figure3.set({endpoint: 'OS', lost: 'half', cut: 5})")
    address = figure.run("return location.href")
    assert "endpoint=OS" in address
    figure.open((site / "index.html").as_uri())
    figure.open(address)
    state = figure.until("return window.figure3 && figure3.state()")
    assert (state["endpoint"], state["lost"], state["cut"]) == ("OS", "half", 5)


@pytest.mark.parametrize("fate", ["__proto__", "constructor", "x"])
def test_nonsense_in_the_address_gives_the_paper_s_state(opened, fate):
    browser = opened("figure3", f"#endpoint=%3Cb%3E&cut=x&lost={fate}&cohort=99&landmark=7&groups=&deal=-3")
    state = browser.run("return figure3.state()")
    assert (state["endpoint"], state["cut"], state["landmark"], state["deal"], state["lost"]) == (
        "PFS",
        8,
        0,
        0,
        "paper",
    )
    assert not browser.complaints()


def test_keys_move_the_time_and_the_cut(figure):
    figure.run("figure3.set({month: 24})")
    figure.keys("#f3-plot", "right", "right")
    assert figure.run("return figure3.state().month") == 26
    assert figure.run("return document.getElementById('f3-told').textContent").startswith("26 months")
    figure.keys("#f3-plot", "home")
    assert figure.run("return figure3.state().month") == 0
    cut = figure.run("return figure3.state().cut")
    figure.keys("#f3-cut", "left")
    assert figure.run("return figure3.state().cut") < cut
    told = figure.run("return document.getElementById('f3-cut-told').textContent")
    assert "Changed side: SYN-" in told or cut == 8


def test_the_cut_follows_the_pointer(figure):
    figure.run(
        """const plot = document.getElementById('f3-cuts'), box = plot.getBoundingClientRect();
        const at = share => ({clientX: box.left + share * box.width, clientY: box.top + 50, bubbles: true});
        plot.dispatchEvent(new PointerEvent('pointerdown', at(0.5))); window.seen = figure3.state().cut;
        plot.dispatchEvent(new PointerEvent('pointermove', at(0.3))); window.then = figure3.state().cut;
        plot.dispatchEvent(new PointerEvent('pointerup', at(0.3))); plot.dispatchEvent(new PointerEvent('pointermove', at(0.9)));"""
    )
    seen, then, last = figure.run("return [seen, then, figure3.state().cut]")
    assert then < seen
    assert last == then


def test_groups_and_deals_and_the_reset(figure):
    figure.click("#f3-show-high")
    assert figure.run("return figure3.state().groups") == "none,low"
    before = figure.run("return figure3.compute({}).logrank.low")
    figure.click("#f3-deal")
    assert figure.run("return figure3.compute(figure3.state()).logrank.low") != before
    assert "of 1 shuffles" in figure.run("return document.getElementById('f3-results').textContent")
    figure.click("#f3-reset")
    assert figure.run("return location.hash") == ""


def test_icons_of_100_children_count_those_without_the_event(figure):
    (seen,) = figure.run(SLIM, [{}])
    counted = figure.run(
        "return [...document.querySelectorAll('#f3-icons svg')].map(s => [...s.querySelectorAll('circle')].map(c => c.getAttribute('fill') !== 'none'))"
    )
    assert [len(one) for one in counted] == [100] * 3
    assert [sum(one) for one in counted] == [round(100 * seen["groups"][g]["two"]["s"]) for g in GROUPS]


# ------------------------------------------------------------------------------------------------------ all of them


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_figure_is_small_and_marked_also_in_what_is_saved(opened, site, name):
    scripts = [site / "_static" / file for file in ("figure_parts.js", f"{name}.js")]
    assert sum(file.stat().st_size for file in (site / f"{name}.html", *scripts)) < 300_000
    browser = opened(name)
    browser.run(
        "URL.createObjectURL = blob => { window.saved = blob; return 'about:blank#'; }; HTMLAnchorElement.prototype.click = () => 0;"
    )
    save = {"figure3": "f3-save", "forest": "fo-save", "specifications": "sp-save", "analytes": "an-save"}[name]
    browser.run("document.getElementById(arguments[0]).click()", save)
    picture = browser.wait_for("window.saved.text().then(arguments[0])")
    assert "Synthetic cohort: no real patients" in picture
    assert ">synthetic<" in picture
    assert 'stroke-dasharray="10 5"' in picture
    assert not browser.complaints()


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_letters_are_large_enough_and_nothing_leaves_the_picture(opened, browser, name, size):
    browser.size(*size)
    opened(name)
    small, out = browser.run(
        """const plot = document.getElementById(arguments[0]), box = plot.getBoundingClientRect(), texts = [...plot.querySelectorAll('text')].filter(t => t.textContent !== 'synthetic');
        const scale = box.width / plot.viewBox.baseVal.width;
        return [texts.filter(t => parseFloat(t.getAttribute('font-size')) * scale < 9).map(t => t.textContent),
                texts.filter(t => { const b = t.getBoundingClientRect(); return b.left < box.left - 1 || b.right > box.right + 1 || b.bottom > box.bottom + 1; }).map(t => t.textContent)];""",
        PLOTS[name],
    )
    browser.size(*WIDE)
    assert not small
    assert not out


@pytest.mark.parametrize(
    ("name", "address", "state"),
    [
        ("forest", "#model=%3Cb%3E&without=99.x&row=-4", {"model": "univariable", "without": "", "row": 0}),
        (
            "specifications",
            "#endpoint=9&patients=x&adjusted=zz&model=1e9",
            {"endpoint": "any", "patients": "any", "adjusted": ""},
        ),
        ("analytes", "#analyte=99&day=4&view=x&tcz=y&pair=-1", {"day": 3, "view": "pairs", "tcz": "all", "pair": 0}),
    ],
)
def test_nonsense_in_other_addresses_gives_a_state_that_exists(opened, name, address, state):
    browser = opened(name, address)
    seen = browser.run(f"return {name}.state()")
    assert {key: seen[key] for key in state} == state
    assert not browser.complaints()


# ---------------------------------------------------------------------------------------------------------- forest


@pytest.mark.parametrize("kind", ["univariable", "multivariable"])
def test_the_forest_has_the_numbers_of_the_registry(opened, analysis, kind):
    rows = opened("forest").run("return forest.rows({model: arguments[0]})", kind)
    table = table5.forest_rows(analysis, kind)
    assert len(rows) == len(table)
    for row, wanted in zip(rows, table.itertuples(), strict=True):
        assert (row["variable"], row["level"], row["n"], row["events"]) == wanted[1:5]
        for key, number in (("hr", wanted.hr), ("lo", wanted.ci_low), ("hi", wanted.ci_high), ("p", wanted.p)):
            assert (row[key] is None and not np.isfinite(number)) or close(row[key], number)
    low = next(row for row in rows if row["level"] == "≤8 mg/kg")
    place = "table5.univariate.gc_low" if kind == "univariable" else "table5.multivariable.gc_low"
    values = registry.compute(analysis, [f"{place}.{end}" for end in ("hr", "ci_low", "ci_high", "p")])
    assert close([low[key] for key in ("hr", "lo", "hi", "p")], [value.value for value in values.values()])


def test_rows_of_the_forest_are_chosen_by_keys_and_left_out_by_boxes(opened):
    browser = opened("forest")
    browser.keys("#fo-plot", "down", "down", "down")
    told = browser.run("return document.getElementById('fo-told').textContent")
    row = browser.run("return forest.rows({})")[3]
    assert told.startswith(f"{row['variable']}, {row['level']}: hazard ratio")
    assert f"n {row['n']}, events {row['events']}" in told
    assert browser.run("return location.hash") == "#row=3"
    before = browser.run("return forest.rows(forest.state()).length")
    browser.run("document.getElementById('fo-show-1').click()")
    after = browser.run("return forest.rows(forest.state())")
    assert len(after) < before
    assert "Sex" not in {row["variable"] for row in after}
    browser.run("document.getElementById('fo-reset').click()")
    assert browser.run("return location.hash") == ""


# -------------------------------------------------------------------------------------------------- specifications


def test_models_are_filtered_and_summed_as_the_table_of_notebook_08(opened, analysis, curve):
    browser = opened("specifications")
    whole, told = browser.run("return specifications.summed({})"), curve_summary(curve, analysis.parameters.alpha)
    assert whole["models"] == told["models"]
    for key, name in (("median", "median_hr"), ("low", "low_hr"), ("high", "high_hr")):
        assert close(whole[key], told[name])
    assert close([100 * whole["favour"], 100 * whole["significant"]], [told["in_favour"], told["significant"]])
    models = curve.models
    signs = {"x": lambda s, name: s.str.contains(name), "o": lambda s, name: ~s.str.contains(name)}
    for endpoint, contrast, sign in itertools.product(models["endpoint"].unique(), models["contrast"].unique(), "xo"):
        state = {
            "endpoint": list(models["endpoint"].unique()).index(endpoint),
            "contrast": list(models["contrast"].unique()).index(contrast),
            "adjusted": f"-{sign}",
        }
        part = models[
            (models["endpoint"] == endpoint)
            & (models["contrast"] == contrast)
            & signs[sign](models["covariates"], "female")
        ]
        page = browser.run("return specifications.summed(arguments[0])", state)
        assert page["models"] == len(part) > 0
        assert close(page["median"], np.exp(part["log_hr"].median()))
        assert close(page["significant"], ((part["log_hr"] < 0) & (part["p"] < 0.05)).mean())
    low, high = np.exp(curve.null["median_log_hr"].quantile([0.025, 0.975]))
    said = browser.run("return document.getElementById('sp-sums').textContent")
    assert f"({low:.2f} to {high:.2f})" in said


def test_a_model_says_what_it_chose(opened, curve):
    browser = opened("specifications")
    browser.keys("#sp-plot", "right", "right")
    told = browser.run("return document.getElementById('sp-told').textContent")
    row = curve.models.sort_values("log_hr", kind="stable").iloc[2]
    assert told.startswith(f"Model 3 of {len(curve.models)}: hazard ratio {np.exp(row['log_hr']):.2f}")
    assert f"{row['endpoint']}, {row['patients']} (n {row['n']}, events {row['events']}), {row['contrast']}" in told
    assert browser.run("return location.hash") == "#model=2"


# -------------------------------------------------------------------------------------------------------- analytes


def test_medians_before_and_after_are_those_of_the_registry(opened, analysis):
    browser = opened("analytes")
    names = analysis_names = figure2.analytes_measured(analysis)
    wanted = registry.compute(analysis)
    for place, day in itertools.product(range(len(names)), (1, 3, 7)):
        page = browser.run("return analytes.summed({analyte: arguments[0], day: arguments[1]})", place, day)
        id = f"extra.figure2.{figure2.short_analyte(analysis_names[place])}.day{day}"
        assert page["n"] == wanted[f"{id}.median_before"].n
        assert close(
            [page["before"], page["after"]], [wanted[f"{id}.median_{when}"].value for when in ("before", "after")]
        )
    without = browser.run("return analytes.pairs({analyte: 0, day: 3, tcz: 'without'}).length")
    assert without == figure2.paired_tests(analysis).query("analyte == @names[0] and day == 3")["n_without_tcz"].iloc[0]


def test_tests_of_analytes_are_shown_as_the_notebook_has_them(opened, analysis):
    browser = opened("analytes", "#analyte=4")
    row = (
        figure2.paired_tests(analysis).query("analyte == @figure2.analytes_measured(@analysis)[4] and day == 3").iloc[0]
    )
    said = browser.run("return document.getElementById('an-sums').textContent")
    assert f"n {row['n']}," in said
    assert f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})" in said
    assert row["test"] in said
    browser.keys("#an-plot", "right")
    assert browser.run("return document.getElementById('an-told').textContent").startswith("Child 2 of ")
    browser.run("analytes.set({view: 'medians'})")
    browser.keys("#an-plot", "home")
    course = figure2.analyte_trajectories(analysis, "course")
    first = course[course["analyte"] == figure2.analytes_measured(analysis)[4]].iloc[0]
    said = browser.run("return document.getElementById('an-told').textContent")
    assert said.startswith(f"Day {first['day']:g} since GC began: n {first['n']:g}, median ")
    low = course[course["median_censored"]].iloc[0]  # a median that lies below detection is said to be a bound
    place = figure2.analytes_measured(analysis).index(low["analyte"])
    of_it = course[course["analyte"] == low["analyte"]]
    browser.run("analytes.set({analyte: arguments[0], pair: arguments[1]})", place, of_it.index.get_loc(low.name))
    said = browser.run("return document.getElementById('an-told').textContent")
    assert f"median at most {low['median_most']:.3g}, quartiles" in said
    assert "open: only a bound" in browser.run("return document.getElementById('an-plot').textContent")
    assert not browser.complaints()


# ------------------------------------------------------------------------------------------------------ books of runs


def test_the_book_of_a_run_has_its_own_figures(browser, books, analysis):
    for name in SYNTHETIC:
        browser.open((books["default"] / f"{name}.html").as_uri())
        browser.until(f"return window.{name} && true")
        assert not browser.complaints()
    links = (books["default"] / "index.html").read_text()
    assert all(f'href="{name}.html"' in links for name in SYNTHETIC)


def test_the_book_of_real_patients_has_released_aggregates_and_nothing_else(browser, books, analysis):
    pages = {path.stem for path in books["theirs"].glob("*.html")}
    assert "released" in pages
    assert not pages & set(SYNTHETIC)
    text = (books["theirs"] / "released.html").read_text()
    assert not any(id in text for id in analysis.frame.index)
    browser.open((books["theirs"] / "released.html").as_uri())
    browser.until("return window.released && true")
    real = replace(analysis, cohort=replace(analysis.cohort, name="theirs", synthetic=False, stands_for=""))
    numbers = released(real, Rules()).numbers
    for endpoint, by in itertools.product(("OS", "PFS", "EFS"), ("groups", "all")):
        page = browser.run("return released.curves({endpoint: arguments[0], by: arguments[1]})", endpoint, by)
        wanted = [
            one for one in numbers["curves"] if one["endpoint"] == endpoint and (one["group"] == "all") == (by == "all")
        ]
        assert page == wanted
    browser.keys("#re-plot", "home", "right")
    assert browser.run("return document.getElementById('re-told').textContent").startswith("1 months: ")
    assert not browser.complaints()
