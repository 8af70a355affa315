"""Run notebooks in forks of this process, several at once: what it has imported, they need not import again.

:class:`ForkEngine` is a papermill engine (papermill's documented way to execute a notebook otherwise than by a kernel):
it runs the cells in the process that calls it, by IPython's shell, and stores what an ordinary kernel stores.
:func:`fork_each` gives each notebook a process of its own, so that none sees another's names, none can stop another, and
all end with the process that began them, however that ends.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import multiprocessing
import os
import platform
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

NAME = "fork"
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": platform.python_version(),
}  # what a kernel says of itself
TICK = 0.25  # seconds between two looks at the clock
RARELY = (20_000, 20, 100)  # when garbage is looked for: a notebook makes little that has to be looked for
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def fork_available() -> bool:
    """Say whether notebooks can run in forks here: on Linux; elsewhere system libraries do not survive a fork."""
    return sys.platform == "linux"


class ForkEngine(Engine):
    """Execute the cells in this very process, which should be a fork made for it."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        on_cell_execute: Callable[..., None] = lambda **_: None,
        on_cell_executed: Callable[..., None] = lambda **_: None,
        **_: Any,
    ) -> None:
        """Run each code cell until one fails, as a kernel would, and keep its outputs in the notebook."""
        nb_man.nb.metadata["language_info"] = LANGUAGE
        with _shell() as shell:
            for index, cell in enumerate(nb_man.nb.cells):
                if cell.cell_type != "code" or not cell.source.strip():
                    continue
                on_cell_execute(cell=cell, cell_index=index)
                succeeded = shell.run(cell)
                on_cell_executed(cell=cell, cell_index=index)
                if not succeeded:
                    nb_man.cell_exception(cell, cell_index=index)
                    break


class _Hook(DisplayHook):
    """Keep the value of a cell's last line."""

    def start_displayhook(self) -> None: ...

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        count = {"execution_count": self.prompt_count}
        self.shell.keep("execute_result", data=_plain(format_dict), metadata=md_dict or {}, **count)

    def finish_displayhook(self) -> None: ...


class _Publisher(DisplayPublisher):
    """Keep what a cell displays; a later display of the same id replaces the earlier one."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_: Any) -> None:
        content = {"data": _plain(data), "metadata": metadata or {}}
        name = (transient or {}).get("display_id")
        for shown in self.shell.named.get(name, []) if name and update else []:
            shown.update(content)
        if not update:
            shown = self.shell.keep("display_data", **content)
            self.shell.named.setdefault(name, []).append(shown)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear()


class _Stream(io.TextIOBase):
    """Keep what is printed, neighbouring pieces as one."""

    encoding = "UTF-8"

    def __init__(self, shell: NotebookShell, name: str):
        self.shell, self.name = shell, name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        last = self.shell.outputs[-1] if self.shell.outputs else {}
        if text and last.get("name") == self.name:
            last["text"] += text
        elif text:
            self.shell.keep("stream", name=self.name, text=text)
        return len(text)


class NotebookShell(InteractiveShell):
    """IPython's shell, its outputs kept as a notebook stores them.

    pandas asks a shell for its ``kernel`` to learn whether tables are shown on a page or in a terminal.
    """

    kernel = None

    def __init__(self, **kwargs: Any):
        self.outputs: list[NotebookNode] = []
        self.named: dict[str | None, list[NotebookNode]] = {}
        super().__init__(**kwargs, displayhook_class=_Hook, display_pub_class=_Publisher)

    def keep(self, kind: str, **content: Any) -> NotebookNode:
        """Add an output to the cell at work."""
        self.outputs.append(new_output(kind, **content))
        return self.outputs[-1]

    def run(self, cell: NotebookNode) -> bool:
        """Run one cell, filling in its outputs and run count; say whether it ended well."""
        cell.execution_count, self.outputs = self.execution_count, []
        done = self.run_cell(cell.source, store_history=True)
        cell.outputs = self.outputs
        return done.success or "raises-exception" in cell.metadata.get("tags", [])

    def enable_gui(self, gui: str | None = None) -> None:
        """There are no windows here."""

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.keep("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)


@contextlib.contextmanager
def _shell() -> Iterator[NotebookShell]:
    config = Config({"HistoryManager": {"enabled": False}})
    shell = NotebookShell.instance(config=config)
    streams, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), _Stream(shell, "stdout"), _Stream(shell, "stderr")
    try:
        if "pandas" in sys.modules:  # asked when it was imported, where there was no shell
            sys.modules["pandas"].set_option("display.max_columns", 20)
        shell.enable_matplotlib("inline")
        yield shell
    finally:
        sys.stdout, sys.stderr = streams


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """Write pictures as text, as a kernel's messages do."""
    return {key: base64.b64encode(v).decode() if isinstance(v, bytes) else v for key, v in data.items()}


def fork_each(
    function: Callable[[Any, Callable[[Any], None]], Any],
    items: Sequence[Any],
    jobs: int,
    hear: Callable[[Any, Any], None] = lambda item, said: None,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Any, Any]]:
    """Call ``function(item, tell)`` in a fork for each item, *jobs* at a time, in the order given.

    Parameters
    ----------
    function : callable
        What it hands to ``tell`` arrives at *hear*, with its item, while it runs.
    items : sequence
    jobs : int
    hear, tick : callable
        Called here: for each thing told, and every quarter of a second.

    Yields
    ------
    tuple
        Each item with what came back, as they end; :class:`Died` for a process that ended without an answer. When the
        iteration is left early, or this process is killed, the processes end too, with all that they began.
    """
    context, waiting, running = multiprocessing.get_context("fork"), list(items), {}
    life, hold = os.pipe()  # the read end tells the forks when this process is gone
    gc.collect()
    gc.freeze()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                item = waiting.pop(0)
                receive, send = context.Pipe(duplex=False)
                process = context.Process(target=_begin, args=(function, item, send, life, hold))
                with _signals_waiting():
                    with warnings.catch_warnings():  # Python counts threads of numpy's library, which survives a fork
                        warnings.simplefilter("ignore", DeprecationWarning)
                        process.start()
                    running[receive] = (item, process)
                send.close()
            for receive in wait(list(running), TICK):
                item, process = running[receive]
                kind, value = _received(receive, process)
                if kind == "told":
                    hear(item, value)
                    continue
                del running[receive]
                receive.close()
                yield item, value
            tick()
    finally:
        os.close(hold)
        for _, process in running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()
        os.close(life)
        gc.unfreeze()


@contextlib.contextmanager
def _signals_waiting() -> Iterator[None]:
    """Let signals wait while a process is forked: what one raises in a callback of the fork would be ignored, and the end missed."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Died(RuntimeError):
    """A process ended before it had answered."""


def _received(receive: Connection, process: Any) -> tuple[str, Any]:
    try:
        kind, value = receive.recv()
    except EOFError:
        process.join()
        how = process.exitcode
        return "done", Died(f"its process ended with {f'signal {-how}' if how < 0 else f'exit code {how}'}")
    if kind == "done":
        process.join()
    return kind, value


def _begin(function: Callable[..., Any], item: Any, send: Connection, life: int, hold: int) -> None:
    """Be one fork: of no terminal, with random numbers of its own, and gone when its parent is."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    os.close(hold)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    gc.set_threshold(*RARELY)
    random.seed()
    np.random.seed()  # noqa: NPY002  the old global state would else be the same in all
    send.send(("done", function(item, lambda said: send.send(("told", said)))))


def _end_with(life: int) -> None:
    os.read(life, 1)
    os.killpg(0, signal.SIGKILL)


papermill_engines.register(NAME, ForkEngine)
