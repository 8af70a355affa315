"""The site in a headless Chromium: run by ``make browser``, not by ``make test``.

    python -m tests.browser.pages          builds the site into a temporary folder and runs these tests on it

``SUPPLEMENT_SITE`` names a site that is built already; ``SUPPLEMENT_PICTURES`` a folder for screenshots.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.estimate.cox import cox
from helpers.estimate.kaplan_meier import survival_at
from helpers.estimate.logrank import logrank
from helpers.results import registry
from helpers.results.curves import columns
from helpers.results.lost import lost
from helpers.results.populations import population, yes

sys.path.insert(0, str(Path(__file__).parent))
from webdriver import Browser, found

AXE = Path(__file__).parent / "axe-core" / "axe.min.js"
PAGE, FRONT = 2_000_000, 500_000  # bytes, with all that is loaded for this page alone
WIDE, NARROW = (1280, 900), (390, 844)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site."""
    if os.environ.get("SUPPLEMENT_SITE"):
        return Path(os.environ["SUPPLEMENT_SITE"])
    from helpers.run.series import numbered
    from helpers.site.whole import whole_site

    return whole_site(numbered(), tmp_path_factory.mktemp("built") / "site").parent


@pytest.fixture(scope="session")
def browser():
    with Browser(*found()) as opened:
        opened.size(*WIDE)
        opened.open("about:blank")
        opened.requested()  # the browser's own first page
        yield opened


@pytest.fixture(scope="session")
def names(site):
    return sorted(path.name for path in site.glob("*.html"))


def test_every_page_opens_from_the_file_system_without_a_complaint_or_an_outside_request(browser, site, names):
    wrong = []
    for name in names:
        browser.open((site / name).as_uri())
        wrong += [f"{name}: {line}" for line in browser.complaints()]
        outside = [one for one in browser.requested() if not one.startswith(("file:", "data:", "blob:", "about:"))]
        wrong += [f"{name}: {one}" for one in outside]
    assert not wrong, "\n".join(wrong)


def test_every_link_and_anchor_resolves(browser, site, names):
    ids, links = {}, set()
    for name in names:
        browser.open((site / name).as_uri())
        ids[name] = set(browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)"))
        hrefs = browser.run("return [...document.querySelectorAll('a[href]')].map(e => e.href)")
        links |= {(name, href) for href in hrefs if href.startswith("file:")}
    wrong = []
    for name, href in sorted(links):
        address, _, anchor = href.partition("#")
        target = Path(unquote(address.removeprefix("file://").partition("?")[0]))
        if not target.exists():
            wrong.append(f"{name}: {target.name}")
        elif anchor and target.name in ids and unquote(anchor) not in ids[target.name] and "=" not in anchor:
            wrong.append(f"{name}: {target.name}#{anchor}")
    assert not wrong, "\n".join(wrong)


def test_pages_are_small(browser, site, names):
    wrong = []
    for name in names:
        text = (site / name).stat().st_size
        browser.open((site / name).as_uri())
        pictures = set(browser.run("return [...document.images].map(e => e.src)"))
        text += sum(
            Path(unquote(one.removeprefix("file://"))).stat().st_size for one in pictures if one.startswith("file:")
        )
        if text > (FRONT if name == "index.html" else PAGE):
            wrong.append(f"{name}: {text}")
    assert not wrong, "\n".join(wrong)


def test_nothing_scrolls_sideways_on_a_telephone(browser, site, names):
    browser.size(*NARROW)
    wrong = []
    for name in names:
        browser.open((site / name).as_uri())
        wide = browser.run("return document.scrollingElement.scrollWidth")
        if wide > NARROW[0]:
            wrong.append(f"{name}: {wide}")
    browser.size(*WIDE)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, site, names, theme):
    wrong = []
    for name in names:
        browser.open((site / name).as_uri())
        browser.run(
            "document.documentElement.dataset.theme = arguments[0]; document.documentElement.dataset.mode = arguments[0];",
            theme,
        )
        browser.run(
            "const s = document.createElement('style'); s.textContent = '* { transition: none !important }'; document.head.append(s);"
        )
        browser.run(AXE.read_text(encoding="utf-8"))
        found_ = browser.wait_for(
            "const end = arguments[0]; axe.run({resultTypes: ['violations'], preload: false}).then(r => end(r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].target.join(' ')])));"
        )
        wrong += [f"{name}: {one}" for one in found_ if one[0] in ("serious", "critical")]
    assert not wrong, "\n".join(wrong)


def test_search_finds_the_log_rank_test(browser, site):
    browser.open((site / "search.html").as_uri() + "?q=log-rank")
    links = browser.until(
        "const a = [...document.querySelectorAll('#search-results li a')]; return a.length && a.map(e => e.href);"
    )
    assert any("05_kaplan_meier.html" in one for one in links)
    assert not browser.complaints()


def test_one_switch_shows_the_code_but_not_the_setting_up(browser, site):
    browser.open((site / "05_kaplan_meier.html").as_uri())
    count = "return [...document.querySelectorAll(arguments[0])].filter(e => e.open).length"
    code, setup = "div.cell:not(.tag_setup) details.hide", "div.cell.tag_setup details.hide"
    assert browser.run(count, code) == 0
    browser.click("#show-code")
    assert browser.run(count, code) == browser.run(count.replace(".filter(e => e.open)", ""), code) > 0
    assert browser.run(count, setup) == 0
    browser.click("#show-code")
    assert browser.run(count, code) == 0


def test_published_numbers_are_searched_and_sorted(browser, site):
    browser.open((site / "published.html").as_uri())
    shown = "return [...document.querySelectorAll('#numbers tbody tr')].filter(e => !e.hidden).length"
    everything = browser.run(shown)
    browser.keys(".numbers-tools input", "Table 5 RUX")
    assert 0 < browser.run(shown) < everything / 10
    browser.run("document.querySelectorAll('#numbers th button')[2].click()")
    values = browser.run(
        "return [...document.querySelectorAll('#numbers tbody tr')].map(e => parseFloat(e.cells[2].dataset.sort))"
    )
    assert values == sorted(values)


def test_a_word_is_explained_where_it_is_first_used(browser, site):
    browser.open((site / "05_kaplan_meier.html").as_uri())
    words = browser.run("return [...document.querySelectorAll('a.term')].map(e => [e.textContent, e.title])")
    assert len(words) > 5
    assert all(len(title) > 20 for _, title in words)


# ---------------------------------------------------------------------------------------------------------- Figure 3


@pytest.fixture
def figure(browser, site):
    browser.open((site / "figure3.html").as_uri())
    browser.until("return window.figure3 && true")
    return browser


@pytest.fixture(scope="session")
def analysis():
    return analyse(read_cohort())


SLIM = """return arguments[0].map(s => { const r = figure3.compute(s); return {logrank: r.logrank, cox: r.cox, difference: r.difference, rmst: r.rmst, n: r.n,
 groups: Object.fromEntries(Object.entries(r.groups).map(([g, o]) => [g, {n: o.n, events: o.events, lost: o.lost, two: o.two, steps: o.steps}]))}; })"""


def close(first, second):
    return first == pytest.approx(second, rel=1e-8, abs=1e-8)


def test_the_figure_is_what_the_registry_says(figure, analysis):
    (seen,) = figure.run(SLIM, [{}])
    wanted = registry.compute(analysis)
    for group in ("none", "low", "high"):
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


FATES = {"paper": None, "free": (), "failed": ("none", "low", "high"), "none": ("none",), "low": ("low",)}


def expected(analysis, endpoint, cut, fate, landmark):
    """Compute a state by the estimators that notebooks use."""
    frame = analysis.frame[population(analysis, "toxicity")]
    time, event = (frame[name] for name in columns(endpoint))
    dose, gone = frame["gc_dose_mg_per_kg"].astype(float), lost(analysis, endpoint)[frame.index]
    group = pd.Series(np.where(dose == 0, "none", np.where(dose <= cut + 1e-9, "low", "high")), frame.index)
    data = pd.DataFrame({"time": time.astype(float), "event": yes(event), "group": group})
    if FATES[fate] is not None:
        fails = gone & group.isin(FATES[fate])
        data["event"] |= fails
        data["time"] = data["time"].mask(gone & ~fails, frame["cutoff_day"].astype(float))
    data = data[data["time"] > landmark].assign(time=lambda d: d["time"] - landmark)
    levels = [g for g in ("none", "low", "high") if (data["group"] == g).any()]
    return data.assign(group=pd.Categorical(data["group"], levels)), levels


def test_every_state_agrees_with_the_estimators(figure, analysis):
    doses = np.unique(analysis.frame["gc_dose_mg_per_kg"].dropna())
    cuts = [8.0, *doses[doses > 0]]
    states = [("PFS", cut, "paper", 0) for cut in cuts]
    states += list(
        itertools.product(("OS", "PFS", "EFS"), (8.0, float(np.median(doses[doses > 0]))), FATES, (0, 11, 30, 60))
    )
    seen = figure.run(
        SLIM, [dict(zip(("endpoint", "cut", "lost", "landmark"), state, strict=True)) for state in states]
    )
    fitted = 0
    for state, page in zip(states, seen, strict=True):
        data, levels = expected(analysis, *state)
        assert page["n"] == len(data), state
        for group in levels:
            own = data[data["group"] == group]
            assert (page["groups"][group]["n"], page["groups"][group]["events"]) == (len(own), own["event"].sum()), (
                state
            )
            steps = page["groups"][group]["steps"]
            curve = survival_at(own["time"], own["event"], np.array([step["t"] for step in steps]))
            for key, column in (("s", "survival"), ("lo", "low"), ("hi", "high")):
                wanted, got = curve[column].to_numpy(), np.array([np.nan if s[key] is None else s[key] for s in steps])
                known = np.isfinite(wanted) & (curve["survival"].to_numpy() > 0)
                assert np.allclose(got[known], wanted[known], rtol=1e-8, atol=1e-8), (state, group)
        assert close(page["logrank"]["all"], logrank(data["time"], data["event"], data["group"]).p), state
        for group in levels[1:]:
            pair = data[data["group"].isin([levels[0], group])]
            assert close(page["logrank"][group], logrank(pair["time"], pair["event"], pair["group"].astype(str)).p), (
                state
            )
        table = cox(data, ["group"], "time", "event").table.set_index("level")
        for group in levels[1:]:
            if group in page["cox"] and np.isfinite(table.loc[group, "hr"]):
                fitted += 1
                for key, column in (("hr", "hr"), ("lo", "ci_low"), ("hi", "ci_high"), ("p", "p")):
                    assert close(page["cox"][group][key], table.loc[group, column]), (state, group)
            else:
                assert group not in page["cox"] or not np.isfinite(table.loc[group, "hr"]), state
    assert fitted > 1.5 * len(states)


def test_the_state_is_in_the_address_and_comes_back(figure, site):
    figure.run("figure3.set({endpoint: 'OS', lost: 'half', cut: 5})")
    address = figure.run("return location.href")
    assert "endpoint=OS" in address
    figure.open((site / "index.html").as_uri())
    figure.open(address)
    state = figure.until("return window.figure3 && figure3.state()")
    assert (state["endpoint"], state["lost"], state["cut"]) == ("OS", "half", 5)


def test_nonsense_in_the_address_gives_the_paper_s_state(figure, site):
    figure.open(
        (site / "figure3.html").as_uri() + "#endpoint=%3Cb%3E&cut=x&lost=__proto__&cohort=99&landmark=7&groups=&deal=-3"
    )
    state = figure.until("return window.figure3 && figure3.state()")
    assert (state["endpoint"], state["cut"], state["landmark"], state["deal"]) == ("PFS", 8, 0, 0)
    assert not figure.complaints()


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
    assert "Changed side: SYN-" in figure.run("return document.getElementById('f3-cut-told').textContent") or cut == 8


def test_groups_and_deals_and_the_reset(figure):
    figure.click("#f3-show-high")
    assert figure.run("return figure3.state().groups") == "none,low"
    before = figure.run("return figure3.compute({}).logrank.low")
    figure.click("#f3-deal")
    assert figure.run("return figure3.compute(figure3.state()).logrank.low") != before
    assert "of 1 deals" in figure.run("return document.getElementById('f3-results').textContent")
    figure.click("#f3-reset")
    assert figure.run("return location.hash") == ""


def test_the_mark_is_part_of_the_picture(figure):
    text = figure.run("return document.getElementById('f3-plot').outerHTML")
    assert "Synthetic cohort: no real patients" in text
    assert ">synthetic<" in text


def test_the_page_of_the_figure_is_small(site):
    assert (site / "figure3.html").stat().st_size + (site / "_static" / "figure3.js").stat().st_size < 300_000


def test_pictures_for_whoever_looks(browser, site):
    folder = os.environ.get("SUPPLEMENT_PICTURES")
    if not folder:
        return
    for name, (width, height), theme in itertools.product(
        ("index", "05_kaplan_meier", "figure3", "published", "paper_to_code"),
        ((1280, 1900), (390, 1900)),
        ("light", "dark"),
    ):
        browser.size(width, height)
        browser.open((site / f"{name}.html").as_uri())
        browser.run("document.documentElement.dataset.theme = arguments[0]", theme)
        browser.picture(Path(folder) / f"{name}_{width}_{theme}.png")
    browser.size(*WIDE)


if __name__ == "__main__":
    if not found():
        print("No Chromium with chromedriver is on this machine: the pages were not tried in a browser.")
        raise SystemExit(0)
    raise SystemExit(pytest.main(["-o", "addopts=", "-q", "-p", "no:cacheprovider", __file__, *sys.argv[1:]]))
