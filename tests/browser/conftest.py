"""What the tests in a browser share: one Chromium, the site and two books of runs."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.cohort.derive import analyse
from helpers.cohort.read import read_cohort
from helpers.results.specification_curve import specification_curve
from helpers.run.series import numbered_notebooks
from helpers.run.site import book_of_run
from helpers.site import figure3, more_figures
from helpers.site.alternatives import Alternatives
from helpers.site.whole import whole_site

sys.path.insert(0, str(Path(__file__).parent))
from webdriver import WIDE, Browser, found


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site: the worker that needs it first builds it, the other waits."""
    if os.environ.get("SUPPLEMENT_SITE"):
        return Path(os.environ["SUPPLEMENT_SITE"])
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    try:
        (shared / "site").mkdir()
    except FileExistsError:
        for _ in range(6000):
            if (shared / "site" / "ended").exists():
                break
            time.sleep(0.1)
    else:
        try:
            whole_site(numbered_notebooks(), shared / "site" / "whole")
        finally:
            (shared / "site" / "ended").touch()
    assert (shared / "site" / "whole").exists(), "the site was not built"
    return shared / "site" / "whole"


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
def curve(analysis):
    return specification_curve(analysis)


@pytest.fixture(scope="session")
def books(analysis, curve, tmp_path_factory):
    """Books of two runs without notebooks: of the default cohort, and of the same as if its patients were real.

    What the site's tests have made already is not made again: the other cohorts of Figure 3, the specification curve.
    """
    folder, made = tmp_path_factory.mktemp("books"), {}
    real = replace(analysis, cohort=replace(analysis.cohort, name="theirs", synthetic=False, stands_for=""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure3, "alternatives", lambda *_: Alternatives([], 0, {}))
        patch.setattr(more_figures, "specification_curve", lambda _: curve)
        for name, one in (("default", analysis), ("theirs", real)):
            failures = []
            book_of_run(one, [], {}, folder / name, folder / name, failures)
            assert not failures
            made[name] = folder / name / "book"
    return made
