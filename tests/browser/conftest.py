"""What the tests in a browser share: one Chromium, the site and two books of runs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.run.series import numbered_notebooks
from helpers.run.site import book_of_run
from helpers.site.whole import whole_site

sys.path.insert(0, str(Path(__file__).parent))
from webdriver import WIDE, Browser, found


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site."""
    if os.environ.get("SUPPLEMENT_SITE"):
        return Path(os.environ["SUPPLEMENT_SITE"])
    return whole_site(numbered_notebooks(), tmp_path_factory.mktemp("built") / "site").parent


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


@pytest.fixture(scope="session")
def analysis():
    return analyse(read_cohort())


@pytest.fixture(scope="session")
def books(analysis, tmp_path_factory):
    """Books of two runs without notebooks: of the default cohort, and of the same as if its patients were real."""
    folder, made = tmp_path_factory.mktemp("books"), {}
    real = replace(analysis, cohort=replace(analysis.cohort, name="theirs", synthetic=False, stands_for=""))
    for name, one in (("default", analysis), ("theirs", real)):
        failures = []
        book_of_run(one, [], {}, folder / name, folder / name, failures)
        assert not failures
        made[name] = folder / name / "book"
    return made
