"""JupyterLab once in a real browser: notebook 05 is opened, the cut is changed, all cells are run."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.paths import NOTEBOOKS, ROOT

sys.path.insert(0, str(Path(__file__).parent))
from webdriver import WIDE

NAME = "05_kaplan_meier.ipynb"
CODE = "const cells = [...jupyterapp.shell.currentWidget.content.widgets].filter(c => c.model.type === 'code');"


@pytest.fixture
def lab(browser, tmp_path):
    """The address of a JupyterLab that serves a copy of the notebook, with a token and folders of its own."""
    if not importlib.util.find_spec("jupyterlab"):
        pytest.skip("JupyterLab is not installed here (make lab installs it): no notebook was opened in it.")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOKS / NAME, tmp_path / "notebooks")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    environment = {
        **os.environ,
        **folders,
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": str(ROOT),
        "JUPYTER_TOKEN": token,
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--expose-app-in-browser",
    ]
    options = [f"--ServerApp.root_dir={tmp_path / 'notebooks'}", "--LabApp.news_url=", "--allow-root"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen([*command, *options], env=environment, stdout=log, stderr=log)
        yield f"http://127.0.0.1:{port}/lab/tree/{NAME}?token={token}"
        browser.open("about:blank")  # or the page would go on asking for a server that is gone
        browser.complaints()
        server.terminate()
        server.wait(20)


def test_notebook_05_runs_in_jupyterlab_with_another_cut(browser, lab):
    browser.size(*WIDE)
    browser.open_when_there(lab)
    browser.until(
        f"if (!window.jupyterapp || !jupyterapp.shell.currentWidget?.sessionContext?.isReady) return false; {CODE} return cells.length > 5",
        seconds=120,
    )
    before = browser.run(f"{CODE} return JSON.stringify(cells.map(c => c.model.outputs.toJSON()))")
    assert "cut at 8 mg/kg" in before
    place = browser.until(
        """const lines = [...document.querySelectorAll('.jp-CodeCell')].find(c => c.textContent.includes('gc_cutoff: float'));
        if (!lines) return false; lines.scrollIntoView(); lines.querySelector('.cm-content').id = 'the-parameters'; return true;"""
    )
    assert place
    browser.click("#the-parameters")
    browser.keys("#the-parameters", "control", "end", "release", "\n", "gc_cutoff = 5.0")
    assert "gc_cutoff = 5.0" in browser.run(f"{CODE} return cells[1].model.sharedModel.getSource()")
    browser.run("jupyterapp.commands.execute('notebook:run-all-cells')")
    browser.until("return jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'", seconds=30)
    waiting = "cells.some(c => !c.model.executionCount || c.model.executionState === 'running')"
    browser.until(
        f"{CODE} return jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle' && !({waiting})",
        seconds=240,
    )
    outputs = browser.run(f"{CODE} return cells.flatMap(c => c.model.outputs.toJSON())")
    assert [one["ename"] for one in outputs if one["output_type"] == "error"] == []
    text = browser.run(f"{CODE} return JSON.stringify(cells.map(c => c.model.outputs.toJSON()))")
    assert "cut at 5 mg/kg" in text
    assert "cut at 8 mg/kg" not in text
