"""The part of the W3C WebDriver protocol that the tests need, spoken to chromedriver with the standard library only."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

WIDE, NARROW = (1280, 900), (390, 844)
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars")  # fmt: skip
KEYS = {"left": "\ue012", "right": "\ue014", "up": "\ue013", "down": "\ue015", "control": "\ue009", "release": "\ue000", "home": "\ue011", "end": "\ue010", "tab": "\ue004", "space": " "}  # fmt: skip


def found() -> tuple[str, str] | None:
    """Give the browser and its driver, if both are there."""
    browser, driver = next(filter(None, map(shutil.which, NAMES)), None), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """A headless Chromium with a profile of its own, closed at the end of the ``with`` block."""

    def __init__(self, browser: str, driver: str) -> None:
        self.paths = browser, driver

    def __enter__(self) -> Browser:
        browser, driver = self.paths
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.profile = tempfile.mkdtemp(prefix="browser-")
        self.process = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.root = f"http://127.0.0.1:{port}"
        options = {"binary": browser, "args": [*FLAGS, f"--user-data-dir={self.profile}"]}
        logs = {"browser": "ALL", "performance": "ALL"}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": logs}}}
        for _ in range(100):
            try:
                self.session = f"/session/{self.call('POST', '/session', wanted)['sessionId']}"
                return self
            except (ConnectionError, urllib.error.URLError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    self.__exit__()
                    raise RuntimeError(error.read().decode()) from None
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the driver does not answer")

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "session"):
            self.call("DELETE", self.session)
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method: str, path: str, body: dict | None = None) -> Any:
        """Send one command and give its value."""
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def size(self, width: int, height: int) -> None:
        """Lay pages out in a window of this size, as a telephone does for a narrow one."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call(
            "POST", f"{self.session}/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics}
        )

    def media(self, kind: str) -> None:
        """Show pages as on paper ("print"), or as usual ("")."""
        command = {"cmd": "Emulation.setEmulatedMedia", "params": {"media": kind}}
        self.call("POST", f"{self.session}/goog/cdp/execute", command)

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self.call("POST", f"{self.session}/url", {"url": address})

    def open_when_there(self, address: str, seconds: float = 60) -> None:
        """Go to an address as soon as its server answers."""
        parts = urllib.parse.urlsplit(address)
        for _ in range(int(5 * seconds)):
            with socket.socket() as tried:
                if tried.connect_ex((parts.hostname, parts.port)) == 0:
                    return self.open(address)
            time.sleep(0.2)
        raise AssertionError("the server does not answer")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page and give what it returns."""
        return self.call("POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script: str, *arguments: Any) -> Any:
        """Run a script of a promise: its last argument is the function that ends it."""
        return self.call("POST", f"{self.session}/execute/async", {"script": script, "args": list(arguments)})

    def until(self, script: str, *arguments: Any, seconds: float = 10) -> Any:
        """Run a script until it returns something true."""
        for _ in range(int(5 * seconds)):
            if value := self.run(script, *arguments):
                return value
            time.sleep(0.2)
        raise AssertionError(f"never true: {script}")

    def keys(self, selector: str, *names: str) -> None:
        """Press keys in an element."""
        element = self.call("POST", f"{self.session}/element", {"using": "css selector", "value": selector})
        key = next(iter(element.values()))
        self.call("POST", f"{self.session}/element/{key}/value", {"text": "".join(KEYS.get(n, n) for n in names)})

    def click(self, selector: str) -> None:
        """Click an element."""
        element = self.call("POST", f"{self.session}/element", {"using": "css selector", "value": selector})
        self.call("POST", f"{self.session}/element/{next(iter(element.values()))}/click")

    def complaints(self) -> list[str]:
        """Give what the console said since the last call, at the level of warnings and above."""
        lines = self.call("POST", f"{self.session}/se/log", {"type": "browser"})
        return [line["message"] for line in lines if line["level"] in ("SEVERE", "WARNING")]

    def requested(self) -> list[str]:
        """Give every address that was asked for since the last call."""
        lines = self.call("POST", f"{self.session}/se/log", {"type": "performance"})
        events = [json.loads(line["message"])["message"] for line in lines]
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]

    def picture(self, path: Path) -> Path:
        """Save what is seen."""
        path.write_bytes(base64.b64decode(self.call("GET", f"{self.session}/screenshot")))
        return path
