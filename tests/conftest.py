"""What all tests share: no screen, the same examples every time, and what is compiled is compiled in one process only."""

import os

import matplotlib as mpl
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

mpl.use("Agg")
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

COMPILED = {  # files that need the kernels of the search, which two processes would compile at the same time
    f"tests/test_{name}.py"
    for name in ("calibrate", "calibrate_other_paper", "efs_and_days", "ensemble", "least_loss", "polish", "walk")
}


class Together(LoadFileScheduling):
    """Give each file to one process, and all files that need the same compiled kernels to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "compiled" if file in COMPILED else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None
