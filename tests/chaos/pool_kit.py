"""A pool of Ray under chaos: a head, a second node, and who of their processes renders just now.

Nodes are processes of the deployment like any other: each is killed with all that it started, as
by the loss of its machine, and started again. A node whose head was lost ends by itself after a
while; its supervisor, the kit, starts it again.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from services.compute.ray_settings import own_token
from tests.servers.missing import free_port
from tests.servers.temporary_ray import ROOT, family

POOL = frozenset({"head", "node"})
"""Duties of the processes that a pool is made of."""


class Pool:
    """Where the pool of a deployment with this home is, and what its processes are told.

    Each node has one processor, and each orchestrator may have one worker.
    """

    def __init__(self, home: Path) -> None:
        self._compute = home / "compute"
        self._folder = Path(tempfile.mkdtemp(prefix="ray-"))  # names of sockets must be short
        self._token = own_token(self._compute / "token")
        self._port = str(free_port())

    @property
    def address(self) -> str:
        """Where the head is."""
        return f"127.0.0.1:{self._port}"

    @property
    def told(self) -> Mapping[str, str]:
        """What every process is told, so that the clips of all go through the pool."""
        return {
            "EVIDENT_COMPUTE": f"ray://{self.address}",
            "EVIDENT_COMPUTE_TOKEN": str(self._token),
            "EVIDENT_COMPUTE_ACTORS": "1",
            "RAY_TMPDIR": str(self._folder),
        }

    def words(self, duty: str) -> tuple[str, ...]:
        """What makes a process the head, or a node."""
        where = ("head", "--port", self._port) if duty == "head" else ("join", self.address)
        return ("compute", *where, "--processors", "1")

    def nodes(self, environment: Mapping[str, str]) -> int:
        """How many nodes the pool says it has."""
        said = subprocess.run(
            [sys.executable, "-m", "services.cli.main", "compute", "status", self.address],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return said.stdout.count("alive ")

    def at_work(self) -> Iterator[int]:
        """Every process that has an order now; it keeps the order's files under its own id."""
        with suppress(OSError):  # folders go while they are looked at
            for order in self._compute.glob("worker-*/order-*"):
                process = order.parent.name.split("-")[1]
                if Path("/proc", process).exists():
                    yield int(process)

    def left(self) -> list[str]:
        """What lies beside the token and the log: files of workers."""
        return sorted(one.name for one in self._compute.glob("worker-*"))

    def forget(self) -> None:
        """Remove the pool's own folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def killed(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started as a crash of their machine does."""
    for one in reversed(family(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.wait()


def living(home: Path) -> dict[int, str]:
    """Every process that was told to work in this home, and what it was called with."""
    told = f"EVIDENT_HOME={home}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if told in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(process.name)] = words.decode(errors="replace")[:200]
    return found
