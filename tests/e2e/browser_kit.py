"""A real browser, told what to do over a pipe (the DevTools protocol of Chromium)."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.missing import missing

WAIT_SECONDS = 90.0


class Page:
    """One page of a browser."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._sending, self._receiving = sending, receiving
        self._held, self._number, self._session = b"", 0, ""
        self.faults: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Go to an address."""
        self._ask("Page.navigate", url=address)

    def size(self, width: int, height: int) -> None:
        """Be a screen of so many pixels."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def offline(self, *, is_so: bool) -> None:
        """Reach no server, or reach them again."""
        self._ask("Network.enable")
        self._ask(
            "Network.emulateNetworkConditions",
            offline=is_so, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip

    def run(self, script: str) -> Any:
        """Evaluate a script in the page; return its value."""
        found = self._ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until a condition of the page is true."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {condition}\n{self.text()}")
            time.sleep(0.1)

    def text(self) -> str:
        """What a reader sees."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def type(self, selector: str, text: str) -> None:
        """Put text into a field, as a person does."""
        self.run(
            f"(() => {{ const it = document.querySelector({json.dumps(selector)}); it.focus();"
            f" it.value = {json.dumps(text)};"
            " it.dispatchEvent(new Event('input', {bubbles: true}));"
            " it.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    def click(self, selector: str) -> None:
        """Click on something that is there."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files in a field for files."""
        root = self._ask("DOM.getDocument")["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=[str(one) for one in files])

    def picture(self, path: Path) -> None:
        """Keep what it looks like."""
        shot = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        asked: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._sending, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told["error"]
                return told["result"]
            self._hear(told)

    def _hear(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(told["params"]["exceptionDetails"]))
        if told.get("method") == "Log.entryAdded":
            entry = told["params"]["entry"]
            # An answer that refuses is logged by the browser as well; pages show those themselves.
            if entry["level"] == "error" and entry["source"] != "network":
                self.faults.append(json.dumps(entry))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._receiving], [], [], WAIT_SECONDS)
            assert ready, "the browser does not answer"
            piece = os.read(self._receiving, 1 << 16)
            assert piece, "the browser is gone"
            self._held += piece
        message, _, self._held = self._held.partition(b"\0")
        return dict(json.loads(message))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Start a browser with a profile of its own; it ends with the block."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("Chromium", "Debian's chromium")
    to_read, to_send = os.pipe()
    to_receive, to_write = os.pipe()
    script = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    arguments = [
        program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={folder / 'profile'}",
        "--window-size=1280,900",
    ]  # fmt: skip
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(to_read), str(to_write), *arguments],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    os.close(to_read)
    os.close(to_write)
    try:
        yield Page(to_send, to_receive)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(to_send)
        os.close(to_receive)
