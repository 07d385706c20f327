"""A real Redis of one test: on loopback, in a folder of its own, gone at the end."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from tests.servers.missing import free_port, missing

_START_SECONDS = 20.0


class TemporaryRedis:
    """A Redis that can be killed, started again and emptied."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._command = [
            program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder),
            "--save", "", "--appendonly", "no",
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            with suppress(redis.RedisError), redis.Redis(port=self.port) as client:
                client.ping()
                return
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("Redis did not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a crash does; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        """Throw away all that it holds."""
        with redis.Redis(port=self.port) as client:
            client.flushall()


@contextmanager
def running_redis() -> Iterator[TemporaryRedis]:
    """Hand out a running server; skip or fail where Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        missing("Redis", "Debian's redis-server")
    folder = Path(tempfile.mkdtemp(prefix="evident-redis-"))
    server = TemporaryRedis(program, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
