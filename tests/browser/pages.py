"""The site in a headless Chromium: run by ``make browser``, not by ``make test``.

    python tests/browser/pages.py          builds the site into a temporary folder and runs all tests in the browser on it

``SUPPLEMENT_SITE`` names a site that is built already; ``SUPPLEMENT_PICTURES`` a folder for screenshots.
"""

from __future__ import annotations

import functools
import http.server
import itertools
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

from helpers.paths import ROOT

sys.path.insert(0, str(Path(__file__).parent))
from accessibility import serious_violations
from webdriver import NARROW, WIDE, found

HERE = Path(__file__).parent
PAGE, FRONT = 2_000_000, 500_000  # bytes, with all that is loaded for this page alone


@pytest.fixture(scope="session")
def visited(browser, site, names):
    """Each page opened once from the file system: complaints, addresses asked for, ids, links, pictures, what axe finds."""
    pages = {}
    for name in names:
        browser.open((site / name).as_uri())
        ids, links, pictures = browser.run(
            "return [[...document.querySelectorAll('[id]')].map(e => e.id), [...document.querySelectorAll('a[href]')].map(e => e.href), [...document.images].map(e => e.src)]"
        )
        asked, said = browser.requested(), browser.complaints()
        pages[name] = {"complaints": said, "asked": asked, "ids": set(ids), "links": links, "pictures": set(pictures)}
        pages[name]["violations"] = serious_violations(browser)
    return pages


@pytest.fixture(scope="session")
def on_a_telephone(browser, served, names):
    """Each page opened once from a local server on a narrow screen: complaints, addresses asked for, width, whether the head crowds."""
    pages = {}
    browser.size(*NARROW)
    for name in names:
        browser.open(served + name)
        wide, crowded = browser.run(
            """const seen = [...document.querySelectorAll('.header-article-items__start .header-article-item, .header-article-items__end .header-article-item')]
              .map(e => e.getBoundingClientRect()).filter(r => r.width);
            const middle = r => (r.top + r.bottom) / 2;
            return [document.scrollingElement.scrollWidth, seen.some((r, i) => i && (seen[i - 1].right > r.left + 1 || Math.abs(middle(seen[i - 1]) - middle(r)) > 6))];"""
        )
        asked, said = browser.requested(), browser.complaints()
        pages[name] = {"complaints": said, "asked": asked, "wide": wide, "crowded": crowded}
    browser.size(*WIDE)
    return pages


def test_every_page_opens_from_the_file_system_without_a_complaint_or_an_outside_request(visited):
    wrong = []
    for name, page in visited.items():
        wrong += [f"{name}: {line}" for line in page["complaints"]]
        own = ("file:", "data:", "blob:", "about:")
        wrong += [f"{name}: {one}" for one in page["asked"] if not one.startswith(own)]
    assert not wrong, "\n".join(wrong)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The server of ``python -m http.server``, without its log."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(site):
    """The address of the site on a local server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_every_page_opens_from_a_local_server_without_a_complaint_or_an_outside_request(on_a_telephone, served):
    wrong = []
    for name, page in on_a_telephone.items():
        wrong += [f"{name}: {line}" for line in page["complaints"] if "favicon.ico" not in line]
        wrong += [f"{name}: {one}" for one in page["asked"] if not one.startswith((served, "data:", "blob:"))]
    assert not wrong, "\n".join(wrong)


def test_axe_finds_nothing_serious_in_the_light_or_in_the_dark(visited):
    wrong = [f"{name}: {one}" for name, page in visited.items() for one in page["violations"]]
    assert not wrong, "\n".join(wrong)


def test_every_link_and_anchor_resolves(visited):
    links = {(name, href) for name, page in visited.items() for href in page["links"] if href.startswith("file:")}
    wrong = []
    for name, href in sorted(links):
        address, _, anchor = href.partition("#")
        target = Path(unquote(address.removeprefix("file://").partition("?")[0]))
        if not target.exists():
            wrong.append(f"{name}: {target.name}")
        elif (
            anchor
            and target.name in visited
            and unquote(anchor) not in visited[target.name]["ids"]
            and "=" not in anchor
        ):
            wrong.append(f"{name}: {target.name}#{anchor}")
    assert not wrong, "\n".join(wrong)


def test_no_page_names_a_place_or_a_user_of_this_machine(site):
    places = re.compile(rf"{re.escape(str(ROOT))}|/(?:home|Users|root)/\w|[A-Z]:\\\\?Users")
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".js", ".ipynb", ".json", ".md", ".txt")]
    assert [path.name for path in files if places.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_pages_are_small(visited, site):
    wrong = []
    for name, page in visited.items():
        files = [Path(unquote(one.removeprefix("file://"))) for one in page["pictures"] if one.startswith("file:")]
        size = (site / name).stat().st_size + sum(file.stat().st_size for file in files)
        if size > (FRONT if name == "index.html" else PAGE):
            wrong.append(f"{name}: {size}")
    assert not wrong, "\n".join(wrong)


def test_nothing_scrolls_sideways_or_crowds_on_a_telephone(on_a_telephone):
    wrong = [f"{name}: {page['wide']} wide" for name, page in on_a_telephone.items() if page["wide"] > NARROW[0]]
    wrong += [f"{name}: the way back and the buttons crowd" for name, page in on_a_telephone.items() if page["crowded"]]
    assert not wrong, "\n".join(wrong)


def test_paper_holds_what_the_page_says_and_no_buttons(browser, site, names):
    browser.size(794, 1123)  # A4 at 96 per inch
    browser.media("print")
    wrong = []
    for name in (
        "index.html",
        "05_kaplan_meier.html",
        "audit.html",
        "published.html",
        "paper_to_code.html",
        "parameters.html",
        *(one for one in names if one.startswith("figure3")),
    ):
        browser.open((site / name).as_uri())
        wide, title, shown = browser.run(
            """const seen = [...document.querySelectorAll('#jb-print-docs-body h1, article h1')].filter(e => e.offsetHeight);
            const tools = [...document.querySelectorAll('.bd-header-article, .bd-sidebar-primary, .code-switch, details.hide > summary, .f3-frame button')];
            return [document.scrollingElement.scrollWidth, seen.length, tools.filter(e => e.offsetHeight).length];"""
        )
        wrong += (
            []
            if (wide <= 794, title, shown) == (True, 1, 0)
            else [f"{name}: {wide} wide, {title} titles, {shown} tools"]
        )
    browser.media("")
    browser.size(*WIDE)
    assert not wrong, "\n".join(wrong)


def test_what_is_longer_than_a_sheet_is_broken_between_rows(browser, site, names):
    browser.size(794, 1123)
    browser.media("print")
    wrong = []
    for name in names:
        browser.open((site / name).as_uri())
        whole = browser.run(
            """return [...document.querySelectorAll('article *')].filter(e => {
              const s = getComputedStyle(e);
              return e.offsetHeight > 900 && (/auto|scroll|hidden/.test(s.overflowX + s.overflowY) || /avoid/.test(s.breakInside));
            }).map(e => e.tagName + '.' + e.className)"""
        )
        wrong += [f"{name}: {one} would be moved to the next sheet, and cut there" for one in whole]
    browser.media("")
    browser.size(*WIDE)
    assert not wrong, "\n".join(wrong)


def test_the_front_pages_figure_can_be_read_on_a_telephone(browser, site):
    """About one panel a screen, at the size that it was drawn for; the page itself does not scroll sideways."""
    look = """const p = document.querySelector('img[src$="figure3.png"]'), hint = document.querySelector('.on-phones');
    return [p.getBoundingClientRect().width / p.naturalWidth, hint.getBoundingClientRect().height, document.documentElement.scrollWidth - innerWidth];"""
    try:
        browser.size(*NARROW)
        browser.open((site / "index.html").as_uri())
        scale, hint, beyond = browser.run(look)
        assert scale > 0.95
        assert hint > 0
        assert beyond <= 0
    finally:
        browser.size(*WIDE)
    browser.open((site / "index.html").as_uri())
    scale, hint, _ = browser.run(look)
    assert scale < 1.01
    assert hint == 0


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


def test_pictures_for_whoever_looks(browser, site):
    folder = os.environ.get("SUPPLEMENT_PICTURES")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, (width, height), theme in itertools.product(
        ("index", "05_kaplan_meier", "08_confounding_and_choices", "figure3", "forest", "specifications", "analytes", "published",
         "audit", "paper_to_code", "glossary", "exercises"),
        ((1200, 1900), (390, 1900)),
        ("light", "dark", "print"),
    ):  # fmt: skip
        browser.size(width, height)
        browser.media("print" if theme == "print" else "")
        browser.open((site / f"{name}.html").as_uri())
        browser.run("document.documentElement.dataset.theme = arguments[0]", "dark" if theme == "dark" else "light")
        browser.picture(Path(folder) / f"{name}_{width}_{theme}.png")
    browser.media("")
    browser.size(*WIDE)


def main() -> int:
    """Try the site in two browsers at a time; JupyterLab comes first, while the other builds the site."""
    if not found():
        print("No Chromium with chromedriver is on this machine: the pages were not tried in a browser.")
        return 0
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        files = [str(HERE / name) for name in ("lab.py", "pages.py", "figures.py")]
        options = ["-o", "addopts=", "-q", "-rs", "-p", "no:cacheprovider", f"--basetemp={folder}/tests"]
        workers = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
        return subprocess.call([sys.executable, "-m", "pytest", *options, *workers, *files, *sys.argv[1:]])


if __name__ == "__main__":
    raise SystemExit(main())
