"""A real pool of Ray on loopback for the tests: a head and a second node, ended at the end."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.compute.ray_settings import own_token
from tests.servers.missing import free_port, missing

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 240.0


class TemporaryRay:
    """A pool of two nodes with one processor each; both can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = own_token(folder / "token")
        self.address = ""
        self.head: subprocess.Popen[bytes] | None = None
        self.node: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the pool is told."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "EVIDENT_HOME": str(self.folder / "home"),
            "EVIDENT_COMPUTE_TOKEN": str(self.token),
            "RAY_TMPDIR": str(self.folder),
        }

    def start_head(self) -> None:
        """Start a head, on a port of its own, and wait until it answers."""
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.head = self._start("head", "--port", str(port), "--processors", "1")
        self._until(1)

    def start_node(self) -> None:
        """Start the second node and wait until it is there."""
        self.node = self._start("join", self.address, "--processors", "1")
        self._until(2)

    def kill_head(self) -> None:
        """End the head and all its processes as a crash does."""
        self.head = _killed(self.head)

    def kill_node(self) -> None:
        """End the second node and all its processes as a crash does."""
        self.node = _killed(self.node)

    def alive(self) -> int:
        """How many nodes the pool says it has."""
        said = self.evident("compute", "status", self.address)
        return said.stdout.count("alive ")

    def evident(self, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """Call the command line."""
        return subprocess.run(
            [sys.executable, "-m", "services.cli.main", *words],
            env={**self.environment, **changed},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def _until(self, nodes: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.alive() < nodes:
            if time.monotonic() > deadline:
                log = (self.folder / "nodes.log").read_text(errors="replace")
                raise TimeoutError(f"Ray did not start: {log[-2000:]}")

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "nodes.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", "compute", *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def running_ray() -> Iterator[TemporaryRay]:
    """Hand out a running pool; skip or fail where Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        missing("Ray", "the extra `cluster`")
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    pool = TemporaryRay(folder)
    try:
        pool.start_head()
        pool.start_node()
        yield pool
    finally:
        pool.kill_node()
        pool.kill_head()
        shutil.rmtree(folder, ignore_errors=True)


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = status.read_text().rpartition(")")[2].split()
            parents.setdefault(int(words[1]), []).append(int(status.parent.name))
    found = [process]
    for one in found:
        found.extend(parents.get(one, ()))
    return found


def _killed(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    for one in reversed(family(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait()
