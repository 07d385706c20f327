"""A real RabbitMQ of one test: on loopback, in a folder of its own, gone at the end.

Its scripts are called where the package keeps them: the ones on the path insist on the system's
own user. Erlang's port mapper, which every node asks for its own port, is one of this test as
well; a node that found none would start one and leave it behind.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.missing import free_port, missing

_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 180.0


class TemporaryRabbitMQ:
    """A RabbitMQ that can be killed and started again; what it held for good stays."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, mapper = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"
        self._environment = {
            **os.environ,
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_NODENAME": f"evident-{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"
            ),
        }
        self._mapper = self._started("epmd", "-address", "127.0.0.1", "-port", str(mapper))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = self._started(str(_PROGRAM))
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                said = (self._folder / "said.log").read_text(errors="replace")
                raise TimeoutError(f"RabbitMQ did not start: {said[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            # The script has become the node: one process, and children of its own group.
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._mapper.kill()
        self._mapper.wait()

    def _answers(self) -> bool:
        """Whether it greets: it says nothing before it can be used."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=2) as line:
                line.sendall(b"AMQP\x00\x00\x09\x01")
                return bool(line.recv(1))
        except OSError:
            return False

    def _started(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / "said.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def running_rabbitmq() -> Iterator[TemporaryRabbitMQ]:
    """Hand out a running server; skip or fail where RabbitMQ is not installed."""
    if not _PROGRAM.exists() or shutil.which("epmd") is None:
        missing("RabbitMQ", "Debian's rabbitmq-server")
    folder = Path(tempfile.mkdtemp(prefix="evident-rabbitmq-"))
    server = TemporaryRabbitMQ(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
