"""Notebook kernels without start-up cost: each is forked from one process that has the heavy packages imported.

A Jupyter kernel spends most of a short notebook's time on starting Python and importing pandas, matplotlib and their
like. Here one *fork server* imports them once; a kernel is then a fork of it, fresh and clean, within a few
hundredths of a second. :class:`ForkedProvisioner` is what jupyter_client calls in place of its own launcher; the
``python3`` kernelspec, the notebooks, papermill and nbval stay as they are.

    with forked_kernels():                 # in one process
        papermill.execute_notebook(...)

    python -m helpers.run.kernels pytest --nbval notebooks      # for any command and its children

Whenever a forked kernel might differ from an ordinary one (no server, another interpreter, interpreter options,
other start-up variables, not Linux), an ordinary kernel starts instead. What still differs: warnings that a package
raises while it is imported are not seen, a submodule that the server imported is there without its import, the
kernels of one server share one string hash seed, and garbage is looked for less often. Only third-party packages are
imported beforehand, never `helpers`.
"""

from __future__ import annotations

import asyncio
import atexit
import builtins
import contextlib
import gc
import importlib.util
import json
import math
import os
import queue
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "forked"
SOCKET = "SUPPLEMENT_KERNELS"
SERVER = "__fork_server__"
PRELOAD = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
    "IPython.core.completer",
    "IPython.core.pylabtools",
    "numpy",
    "pandas",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.csvs",
    "pandas.io.formats.string",
    "scipy.stats",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "lifelines",
    "lifelines.statistics",
    "statsmodels.duration.hazard_regression",
    "statsmodels.stats._lilliefors_critical_values",
    "statsmodels.stats.contingency_tables",
    "statsmodels.stats.diagnostic",
    "statsmodels.stats.multitest",
    "statsmodels.stats.proportion",
    "pydantic.fields",
    "pydantic.json_schema",
    "pydantic.main",
    "pydantic.plugin._loader",
    "pydantic.types",
    "numba",
    "joblib",
    "openpyxl",
)
BACKEND = "module://matplotlib_inline.backend_inline"
# Variables that Python or a compiled library reads once, at its start: they must be as the server had them.
STARTUP = ("PYTHON", "LD_", "LC_", "LANG", "TZ", "MPL", "MATPLOTLIB", "NUMBA_", "OMP_", "OPENBLAS_", "MKL_", "KMP_")
SET_BY_PACKAGES = "KMP_INIT_AT_FORK"  # by joblib, when it is imported: no sign of another start
LAUNCHER = ["-m", "ipykernel_launcher"]
RARELY = (20_000, 20, 100)  # when garbage is looked for: a notebook makes little that has to be looked for
PATIENCE = 120  # seconds that a client waits for the server


def available() -> bool:
    """Say whether kernels can be forked here: on Linux; elsewhere system libraries do not survive a fork."""
    return sys.platform == "linux" and hasattr(os, "fork")


# The client: what jupyter_client calls, and who keeps the server.


class ForkedProvisioner(LocalProvisioner):
    """Launch kernels by asking the fork server; ask for an ordinary start whenever it cannot."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        process = _ask(cmd, kwargs)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait for the kernel's end, usually near, of which the manager would only learn a tenth of a second later."""
        for _ in range(40):
            if self.process is None or self.process.poll() is not None:
                break
            await asyncio.sleep(0.005)


class PromptClient(AsyncKernelClient):
    """A client that takes a kernel's answer for ready: the original one waits until it has said nothing for 0.2 s."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until the kernel answers, and is heard on the channel of its outputs too.

        Raises
        ------
        RuntimeError
            If the kernel died, or did not answer within *timeout* seconds.
        """
        latest = time.monotonic() + (math.inf if timeout is None else timeout)
        while time.monotonic() < latest:
            self.kernel_info()
            with contextlib.suppress(queue.Empty):
                await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.2)
                return
            if not await self.parent.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")


class PromptManager(AsyncKernelManager):
    """A manager of kernels, forked or not, whose clients start as soon as the kernel answers."""

    client_factory = PromptClient


class ForkedProcess:
    """What :class:`LocalProvisioner` needs of a :class:`subprocess.Popen`, for a process that is the server's child.

    The connection to the server is the life line: the server sends the exit code down it, and ends the kernel when it
    closes.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int):
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection

    def poll(self) -> int | None:
        """Return the exit code, or None while the kernel runs."""
        return self._receive(timeout=0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code."""
        code = self._receive(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    def _receive(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = (_read(self._connection) or {"code": -signal.SIGKILL})["code"]
                self._connection.close()
            except (BlockingIOError, TimeoutError):
                return None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@contextlib.contextmanager
def forked_kernels(preload: Sequence[str] = PRELOAD, *, shared: bool = False) -> Iterator[bool]:
    """Keep a fork server while the block runs; kernels started meanwhile, here or by child processes, use it.

    Parameters
    ----------
    preload : sequence of str
        Packages to import beforehand.
    shared : bool
        Import them in this process and fork the server from it, so that both pay for them once: for a process that
        needs them itself and has done little else yet. With other threads running the server starts on its own.

    Yields
    ------
    bool
        False where fork is not to be had: kernels then start as they always do.
    """
    if not available():
        yield False
        return
    with tempfile.TemporaryDirectory(prefix="kernels-") as folder, contextlib.ExitStack() as stack:
        address = os.path.join(folder, "s")
        boot = f"import runpy, sys; del sys.path[0]; runpy.run_path(sys.argv[1], run_name={SERVER!r})"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(address)
            listener.listen(64)  # kernels may be asked for at once; they wait while the server imports
            number = listener.fileno()
            command = [sys.executable, "-c", boot, os.path.abspath(__file__), str(number), *preload]
            if shared and threading.active_count() == 1:
                server = _Sharing(number, preload)
            else:
                server = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, pass_fds=[number])
        stack.callback(server.wait)
        stack.callback(server.stdin.close)  # the server ends when its input does
        stack.enter_context(
            _environment({SOCKET: address, KernelProvisionerFactory.default_provisioner_name_env: NAME})
        )
        stack.enter_context(_default_provisioner())
        yield True


class _Sharing:
    """A server forked from this process: what :func:`forked_kernels` needs of a :class:`subprocess.Popen`."""

    def __init__(self, number: int, preload: Sequence[str]):
        startup = _startup(os.environ)
        _import(preload)
        read, write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(write)
            _serve_and_exit(number, read, startup)
        os.close(read)
        self.stdin = os.fdopen(write, "wb")

    def wait(self) -> None:
        os.waitpid(self._pid, 0)


def _serve_and_exit(number: int, stdin: int, startup: Mapping[str, str]) -> NoReturn:
    """Be the server, and in its forks a kernel, without ever going back into what this process was doing before."""

    def begin() -> None:
        os.setsid()
        os.dup2(stdin, 0)
        os.close(stdin)
        atexit._clear()  # what was to be done at the end is the first process's business
        del sys.path[0]
        for name in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
            del sys.modules[name]
        serve(number, startup)

    _and_exit(begin)


def _and_exit(function: Callable[[], None]) -> NoReturn:
    """Call a function and end the process without taking the interpreter down: a fork would copy every page for it."""
    code = 1
    try:
        function()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def _default_provisioner() -> Iterator[None]:
    """Have this process's own kernel managers use the forked provisioner too."""
    factory = KernelProvisionerFactory.instance()
    before, factory.default_provisioner_name = factory.default_provisioner_name, NAME
    try:
        yield
    finally:
        factory.default_provisioner_name = before if before != NAME else "local-provisioner"


def _ask(cmd: Sequence[str], kwargs: Mapping[str, Any]) -> ForkedProcess | None:
    """Ask the server for a kernel; None says that an ordinary one must be started."""
    address, env = os.environ.get(SOCKET), dict(kwargs.get("env") or os.environ)
    if not address or not available() or not _same_interpreter(cmd[0]) or list(cmd[1:3]) != LAUNCHER:
        return None
    request = {"argv": list(cmd[3:]), "cwd": os.fspath(kwargs.get("cwd") or os.getcwd()), "env": env}
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(address)
        with open(os.devnull) as nothing:
            streams = [nothing.fileno(), _stream(kwargs.get("stdout"), 1), _stream(kwargs.get("stderr"), 2)]
            socket.send_fds(connection, [b"k"], streams)
        _write(connection, request)
        answer = _read(connection)
    except (OSError, ValueError):
        answer = None
    if not answer or "pid" not in answer:
        connection.close()
        return None
    return ForkedProcess(connection, answer["pid"])


def _same_interpreter(executable: str) -> bool:
    """Compare folder and real file: python and python3 of one environment are the same, two environments are not."""
    here, there = Path(sys.executable), Path(executable)
    return here.parent.resolve() == there.parent.resolve() and here.resolve() == there.resolve()


def _stream(given: Any, own: int) -> int:
    if given is None:
        return own
    number = given if isinstance(given, int) else given.fileno()
    if number < 0:
        raise ValueError("pipes are left to the ordinary start")
    return number


# Both ends: one JSON object after its length.


def _write(connection: socket.socket, value: Mapping[str, Any]) -> None:
    payload = json.dumps(value).encode()
    connection.sendall(len(payload).to_bytes(4, "big") + payload)


def _read(connection: socket.socket) -> dict[str, Any] | None:
    """Read one object; None when the other end is gone."""
    try:
        size = connection.recv(4)
        if len(size) < 4:
            return None
        connection.settimeout(PATIENCE)
        payload = b""
        while len(payload) < int.from_bytes(size, "big"):
            piece = connection.recv(65536)
            if not piece:
                return None
            payload += piece
    except ConnectionError:
        return None
    return json.loads(payload)


# The server.


def serve(number: int, startup: Mapping[str, str]) -> None:
    """Fork a kernel for each request at the listening socket until standard input ends.

    The parent's call never returns (it exits); in each child it returns once the kernel has ended.
    """
    request = _Server(socket.socket(fileno=number), startup).loop()
    if request is None:
        raise SystemExit(0)
    _become_kernel(request)


def _startup(env: Mapping[str, str]) -> dict[str, str]:
    """Pick the variables that only count at start-up; the notebooks' own matplotlib backend counts as none."""
    kept = {name: value for name, value in env.items() if name.startswith(STARTUP) and name != SET_BY_PACKAGES}
    return {name: value for name, value in kept.items() if (name, value) != ("MPLBACKEND", BACKEND)}


def _import(names: Sequence[str]) -> None:
    """Import as a notebook kernel would.

    pandas asks at import whether it is in a kernel, matplotlib reads its backend at import, the debugger warns of
    Python's own frozen modules, and matplotlib_inline must be imported in the kernel itself, or figures are lost.
    """
    with _environment({"MPLBACKEND": BACKEND, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}):
        builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
        for name in names:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        del builtins.get_ipython
        if "numba" in sys.modules:
            _ready_numba()
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib_inline"]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def _ready_numba() -> None:
    """Have numba learn its own functions, as it does before the first compiled one runs (a quarter of a second)."""
    from numba.core.registry import cpu_target

    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


class _Server:
    """One thread: requests, deaths of kernels and of their owners, and the end of standard input."""

    def __init__(self, listener: socket.socket, startup: Mapping[str, str]):
        self.listener, self.startup = listener, startup
        self.kernels: dict[int, socket.socket] = {}  # process id -> life line to its owner
        self.wake, self.wakeup = socket.socketpair()
        self.wakeup.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wakeup.fileno(), warn_on_full_buffer=False)
        self.selector = selectors.DefaultSelector()
        for source, event in [(listener, self._accept), (self.wake, self._reap), (0, self._end)]:
            self.selector.register(source, selectors.EVENT_READ, event)

    def loop(self) -> dict[str, Any] | None:
        """Serve; return the request in a fresh child, None in the parent at its end."""
        self.ended = False
        while not self.ended:
            for key, _ in self.selector.select():
                request = key.data(key.fileobj)
                if request:
                    return request
        for pid in self.kernels:
            _kill(pid)
        return None

    def _accept(self, listener: socket.socket) -> dict[str, Any] | None:
        connection, _ = listener.accept()
        connection.settimeout(PATIENCE)
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        request = _read(connection)
        child = None
        if request is None or len(streams) != 3 or _startup(request["env"]) != self.startup:
            connection.close()
        else:
            child = self._fork(connection, request, streams)
        if child is None:
            for stream in streams:
                os.close(stream)
        return child

    def _fork(self, connection: socket.socket, request: dict[str, Any], streams: list[int]) -> dict[str, Any] | None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._forget(connection)
            return {**request, "streams": streams}
        self.kernels[pid] = connection
        with contextlib.suppress(OSError):
            _write(connection, {"pid": pid})
        self.selector.register(connection, selectors.EVENT_READ, self._orphan)
        return None

    def _forget(self, connection: socket.socket) -> None:
        """Drop, in the child, everything that is the server's."""
        signal.set_wakeup_fd(-1)
        for number, handler in [(signal.SIGCHLD, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)]:
            signal.signal(number, handler)
        self.selector.close()
        for each in [self.listener, self.wake, self.wakeup, connection, *self.kernels.values()]:
            each.close()
        self.kernels.clear()

    def _reap(self, wake: socket.socket) -> None:
        wake.recv(4096)
        for pid in list(self.kernels):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                connection = self.kernels.pop(pid)
                with contextlib.suppress(OSError):
                    _write(connection, {"code": os.waitstatus_to_exitcode(status)})
                with contextlib.suppress(KeyError):
                    self.selector.unregister(connection)
                connection.close()

    def _orphan(self, connection: socket.socket) -> None:
        """End a kernel whose owner is gone; its death is noticed as any other."""
        if connection.fileno() >= 0:
            self.selector.unregister(connection)
            for pid in [pid for pid, its in self.kernels.items() if its is connection]:
                _kill(pid)

    def _end(self, _: int) -> None:
        self.ended = not os.read(0, 4096)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _become_kernel(request: Mapping[str, Any]) -> None:
    """Turn a fresh fork into what ``python -m ipykernel_launcher`` would be, and run it to its end."""
    os.setsid()
    for target, stream in enumerate(request["streams"]):
        os.dup2(stream, target)
        os.close(stream)
    parent = os.getppid()
    os.environ.clear()
    os.environ.update(request["env"], JPY_PARENT_PID=str(parent))
    os.chdir(request["cwd"])
    gc.set_threshold(*RARELY)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    argv = [*request["argv"], f"--IPKernelApp.parent_handle={parent}"]
    sys.argv = [importlib.util.find_spec("ipykernel_launcher").origin, *argv]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance(argv)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command whose kernels are forked; return its exit code."""
    command = list(sys.argv[1:] if arguments is None else arguments)
    if not command:
        print("usage: python -m helpers.run.kernels COMMAND [ARGUMENTS]", file=sys.stderr)
        return 2
    with forked_kernels():
        return subprocess.call(command)


if __name__ == SERVER:
    environment = _startup(os.environ)
    _import(sys.argv[3:])
    _and_exit(lambda: serve(int(sys.argv[2]), environment))
elif __name__ == "__main__":
    sys.exit(main())
