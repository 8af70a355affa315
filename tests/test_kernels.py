"""Forked kernels: the same outputs as ordinary ones, no state between them, and no harm from a crash."""

import asyncio
import os
import subprocess
import sys
import time

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook

from helpers.run import kernels
from helpers.run.kernels import SOCKET, forked_kernels

pytestmark = pytest.mark.skipif(not kernels.available(), reason="kernels are forked on Linux only")
LIGHT = ("ipykernel.kernelapp", "numpy", "pandas", "matplotlib.pyplot")
QUIET = ["--IPKernelApp.log_level=40"]
PARENT = "import os; print(os.getppid())"


@pytest.fixture(scope="module", autouse=True)
def server():
    with forked_kernels(LIGHT):
        yield


def notebook(*sources):
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=[new_code_cell(source) for source in sources], metadata={"kernelspec": kernelspec})


def outputs(*sources, **kwargs):
    """Run cells in a fresh kernel and return each one's text, or the kinds of what it showed."""
    done = NotebookClient(notebook(*sources), kernel_name="python3", extra_arguments=QUIET, **kwargs).execute()
    return [_text(cell.outputs) for cell in done.cells]


def _text(shown):
    texts = [out.get("text") or out["data"].get("text/plain", "") for out in shown]
    return "".join(texts).strip()


def ordinary(monkeypatch, *sources):
    with monkeypatch.context() as context:
        context.delenv(SOCKET)
        return outputs(*sources)


def test_kernels_are_forks_of_one_process():
    assert outputs(PARENT) == outputs(PARENT) != [str(os.getpid())]


def test_without_a_server_a_kernel_starts_as_ever(monkeypatch):
    assert ordinary(monkeypatch, PARENT) == [str(os.getpid())]


def test_a_server_that_is_gone_is_done_without(monkeypatch, tmp_path):
    monkeypatch.setenv(SOCKET, str(tmp_path / "nobody"))
    assert outputs(PARENT) == [str(os.getpid())]


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "OMP_NUM_THREADS", "MPLBACKEND", "NUMBA_DISABLE_JIT"])
def test_another_start_up_environment_gets_an_ordinary_kernel(monkeypatch, name):
    monkeypatch.setenv(name, "agg" if name == "MPLBACKEND" else "1")
    assert outputs(PARENT, f"import os; os.environ['{name}'] in ('1', 'agg')") == [str(os.getpid()), "True"]


def test_what_a_package_sets_while_it_is_imported_hinders_no_fork(monkeypatch):
    before = outputs(PARENT)
    monkeypatch.setenv(kernels.SET_BY_PACKAGES, "FALSE")
    assert outputs(PARENT) == before != [str(os.getpid())]


def test_another_interpreter_gets_an_ordinary_kernel():
    here = sys.executable
    assert kernels._same_interpreter(here)
    assert kernels._same_interpreter(os.path.join(os.path.dirname(here), "python3"))
    assert not kernels._same_interpreter(os.path.realpath(here))
    assert kernels._ask([here, "-W", "error", "-m", "ipykernel_launcher"], {}) is None


def test_no_state_passes_from_one_notebook_to_another():
    first = outputs(
        "import sys, os, numpy, pandas, matplotlib as mpl, builtins",
        "numpy.leak = builtins.leak = sys.leak = x = 1; os.environ['LEAK'] = '1'; sys.path.append('leak')",
        "pandas.options.display.max_rows = 7; mpl.rcParams['figure.dpi'] = 33; os.chdir('/')",
    )
    assert first == ["", "", ""]
    second = outputs(
        "import sys, os, numpy, pandas, matplotlib as mpl, builtins",
        "[hasattr(each, 'leak') for each in (numpy, builtins, sys)] + ['x' in globals(), 'LEAK' in os.environ]",
        "'leak' in sys.path, pandas.options.display.max_rows == 7, mpl.rcParams['figure.dpi'] == 33, os.getcwd() == '/'",
        "'helpers' in sys.modules",
    )
    assert second == ["", "[False, False, False, False, False]", "(False, False, False, False)", "False"]


def test_random_numbers_are_not_shared():
    draw = "import random, numpy; random.random(), numpy.random.rand(), numpy.random.default_rng().random()"
    assert outputs(draw) != outputs(draw)


def test_outputs_are_those_of_an_ordinary_kernel(monkeypatch):
    sources = [
        "import numpy as np, pandas as pd, matplotlib.pyplot as plt",
        "pd.DataFrame(np.arange(60).reshape(2, 30))",  # as wide as a notebook shows, not a terminal
        "fig, ax = plt.subplots()\n_ = ax.plot([1, 2])",
        "import sys; sys.path, sys.argv[0], sys.flags, __name__, sorted(name for name in dir() if name[0] != '_')",
        "import matplotlib; matplotlib.get_backend(), matplotlib.rcParams['figure.dpi']",
        "import os, signal; os.getcwd(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD)",
        "print(1); import sys; print(2, file=sys.stderr)",
    ]
    assert outputs(*sources) == ordinary(monkeypatch, *sources)


def test_a_figure_is_shown():
    done = NotebookClient(
        notebook("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()"), extra_arguments=QUIET
    ).execute()
    assert [out.output_type for out in done.cells[0].outputs] == ["display_data"]


def test_a_crash_harms_no_other():
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=QUIET)
    try:
        client.execute_interactive("kept = 5", timeout=30)
        with pytest.raises(DeadKernelError):
            outputs("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        reply = client.execute_interactive("assert kept == 5", timeout=30)
        assert reply["content"]["status"] == "ok"
        assert outputs("1 + 1") == ["2"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_kernel_can_be_interrupted_and_restarted():
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=QUIET)
    try:
        message = client.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != message:
            pass
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        before = manager.provisioner.pid
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert manager.provisioner.pid != before
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_kernels_end_with_their_owner_and_with_the_server():
    """A process that starts two kernels and dies without a word leaves none behind."""
    script = (
        "import os, sys\n"
        "from jupyter_client.manager import start_new_kernel\n"
        "for _ in range(2):\n"
        "    manager, client = start_new_kernel(kernel_name='python3', extra_arguments=['--IPKernelApp.log_level=40'])\n"
        "    print(manager.provisioner.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    pids = list(map(int, done.stdout.split()))
    assert len(pids) == 2
    deadline = time.monotonic() + 20
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, pids))


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_can_share_its_imports_with_its_kernels(tmp_path):
    """The server is then a fork of it: still no `helpers` in a kernel, no state, and nothing of its own is undone."""
    script = (
        "import os, sys, tempfile\n"
        "from nbclient import NotebookClient\n"
        "from nbformat.v4 import new_code_cell, new_notebook\n"
        "from helpers.run.kernels import forked_kernels\n"
        "kept = tempfile.TemporaryDirectory()\n"
        "sources = [\"import os, sys; print('helpers' in sys.modules, 'pandas' in sys.modules, os.getppid())\",\n"
        "           'import matplotlib.pyplot as plt; fig, ax = plt.subplots()',\n"
        "           \"'leak' in globals()\", 'leak = 1']\n"
        "kernelspec = {'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}\n"
        "with forked_kernels(('ipykernel.kernelapp', 'numpy', 'pandas', 'matplotlib.pyplot'), shared=True):\n"
        "    for _ in range(2):\n"
        "        book = new_notebook(cells=[new_code_cell(source) for source in sources], metadata={'kernelspec': kernelspec})\n"
        "        cells = NotebookClient(book, extra_arguments=['--IPKernelApp.log_level=40']).execute().cells\n"
        "        print(cells[0].outputs[0].text.strip(), cells[1].outputs[0].output_type, cells[2].outputs[0].data['text/plain'])\n"
        "print('pandas' in sys.modules, 'helpers' in sys.modules, os.path.isdir(kept.name), os.getpid())\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != SOCKET}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second, after = done.stdout.splitlines()
    assert first == second
    loaded, imported, server, kind, *shown = first.split(maxsplit=4)
    assert (loaded, imported, kind, shown) == ("False", "True", "display_data", ["False"])
    *flags, process = after.split()
    assert flags == ["True"] * 3
    assert server != process


def test_any_command_can_be_given_forked_kernels(tmp_path):
    path = tmp_path / "one.ipynb"
    nbformat.write(notebook(PARENT, "import sys; 'pandas' in sys.modules"), path)
    papermill = [
        sys.executable,
        "-m",
        "papermill",
        str(path),
        "-k",
        "python3",
        "--no-progress-bar",
        "--log-level=ERROR",
    ]
    environment = {
        key: value for key, value in os.environ.items() if key not in (SOCKET, "JUPYTER_DEFAULT_PROVISIONER_NAME")
    }
    for prefix, preloaded in [([], "False"), ([sys.executable, "-m", "helpers.run.kernels"], "True")]:
        target = tmp_path / f"{preloaded}.ipynb"
        command = [*prefix, *papermill[:4], str(target), *papermill[4:]]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        assert _text(nbformat.read(target, 4).cells[1].outputs) == preloaded


def test_a_prompt_manager_gives_the_same_outputs_forked_or_not_without_the_fixed_waits(monkeypatch):
    sources = ["print('a')\n1 + 1", "print('b')"]
    began = time.monotonic()
    usual, took = outputs(*sources), time.monotonic() - began
    began = time.monotonic()
    assert outputs(*sources, kernel_manager_class=kernels.PromptManager) == usual == ["a\n2", "b"]
    assert time.monotonic() - began < took
    monkeypatch.delenv(SOCKET)
    assert outputs(*sources, kernel_manager_class=kernels.PromptManager) == usual


def test_a_kernel_that_dies_while_it_starts_is_told(monkeypatch, tmp_path):
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def start():
        manager = kernels.PromptManager(kernel_name="python3")
        await manager.start_kernel()
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=30)
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)

    with pytest.raises(RuntimeError, match="died"):
        asyncio.run(start())
