"""A pool of Ray's workers, as a job's process holds it: a child that speaks with Ray.

Promised: whatever becomes of the cluster, this process goes on. An order whose child is gone or
silent has ended as lost, at once, and the next order starts another child.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TextIO

from pipelines.evidence.json_value import Json
from services.compute.errors import PoolLostError
from services.compute.order import Ended, Need, Order
from services.compute.ray_settings import RaySettings

START_SECONDS = 120.0
SILENT_SECONDS = 30.0
END_SECONDS = 20.0
_GONE = Ended(lost=True, pool_lost=True, reason="the pool is gone")


class _Task:
    """An order that the child holds."""

    def __init__(self, child: _Child, number: int) -> None:
        self._child = child
        self._number = number
        self.frames = 0
        self._ended: Ended | None = None

    @property
    def ended(self) -> Ended | None:
        """How it ended; lost with its child."""
        if self._ended is None and self._child.is_gone:
            self._ended = _GONE
        return self._ended

    def end(self, ended: Ended) -> None:
        """Note how it ended."""
        self._ended = self._ended or ended

    def stop(self) -> None:
        """Ask for its end."""
        if self._ended is None:
            with suppress(PoolLostError):
                self._child.tell({"do": "stop", "number": self._number})


class RayPool:
    """A `WorkerPool`. The child starts with the first order; its noise goes to `folder`."""

    def __init__(self, settings: RaySettings) -> None:
        self._settings = settings
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def width(self, need: Need) -> int:
        """How many orders may be under way: one per worker that there may be."""
        child = self._living()
        if not child.is_ready:
            return 0
        return self._settings.actors or max(1, child.processors // need.threads)

    def submit(self, order: Order) -> _Task:
        """Hand an order to the child."""
        return self._living().submit(order)

    def workers(self) -> tuple[Mapping[str, Json], ...]:
        """The workers there are now; none where nothing was asked of the pool yet."""
        child = self._child
        return () if child is None or child.is_gone else child.workers

    def close(self) -> None:
        """End the child, which ends its workers."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()

    def _living(self) -> _Child:
        """The child; one that is gone is told of once, and the next call starts another."""
        with self._lock:
            if self._child is None:
                self._child = _Child(self._settings)
            child = self._child
            if not child.is_gone:
                return child
            self._child = None
        child.close()
        raise PoolLostError(
            "The pool of workers cannot be reached.",
            next_step=f"Look into {child.log}, and at `evident compute status`.",
        )


class _Child:
    """One life of the process that speaks with Ray."""

    def __init__(self, settings: RaySettings) -> None:
        settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._numbers = itertools.count(1)
        self._tasks: dict[int, _Task] = {}
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._over = threading.Event()
        self.processors = 1
        self.workers: tuple[Mapping[str, Json], ...] = ()
        self._heard = time.monotonic() + START_SECONDS
        # Sockets lie in it, whose names must be short; a pool of this machine alone owns it.
        self._sockets = tempfile.mkdtemp(prefix="ray-") if settings.address is None else None
        read, write = os.pipe()
        self.log = settings.folder / "ray.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.compute.ray_child", str(write)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(write,),
                start_new_session=True,
                env=_environment(settings, self._sockets),
                text=True,
            )
        os.close(write)
        source = os.fdopen(read)
        threading.Thread(target=self._read, args=(source,), name="ray child", daemon=True).start()
        self._write(settings.dump())

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, or has been silent for so long that it was ended."""
        if not self._over.is_set() and time.monotonic() - self._heard > SILENT_SECONDS:
            self._kill()
            self._over.set()
        return self._over.is_set()

    @property
    def is_ready(self) -> bool:
        """Whether the pool has answered."""
        return self._ready.is_set()

    def submit(self, order: Order) -> _Task:
        """Take an order."""
        number = next(self._numbers)
        task = _Task(self, number)
        with self._lock:
            self._tasks[number] = task
        self.tell({"do": "submit", "number": number, "order": order.dump()})
        return task

    def tell(self, line: dict[str, Any]) -> None:
        """Send a command. Raises PoolLostError."""
        self._write(json.dumps(line))

    def close(self) -> None:
        """End it in order, and not in order where that takes too long."""
        with suppress(OSError):
            _stdin(self._process).close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS if self.is_ready and not self._over.is_set() else 0)
        self._kill()
        self._over.set()

    def _write(self, line: str) -> None:
        source = _stdin(self._process)
        try:
            with self._lock:
                source.write(line + "\n")
                source.flush()
        except (OSError, ValueError) as error:
            raise PoolLostError("The pool of workers is gone.") from error

    def _read(self, source: TextIO) -> None:
        try:
            with source, suppress(ValueError, KeyError, TypeError, OSError):
                for line in source:
                    self._hear(json.loads(line))
        finally:  # a child that ends, or says what nobody understands, is none
            self._over.set()
            self._kill()

    def _hear(self, told: dict[str, Any]) -> None:
        self._heard = time.monotonic()
        if told["say"] == "beat":
            self.processors, self.workers = int(told["processors"]), tuple(told["workers"])
            self._ready.set()
            return
        with self._lock:
            task = self._tasks.get(told["number"])
            if told["say"] == "ended":
                self._tasks.pop(told["number"], None)
        if task is not None and told["say"] == "ended":
            task.end(Ended.load(told["ended"]))
        elif task is not None:
            task.frames = int(told["frames"])

    def _kill(self) -> None:
        """End it and all that it started; a cluster of this machine alone goes with it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        with suppress(OSError):
            _stdin(self._process).close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)


def _environment(settings: RaySettings, sockets: str | None) -> dict[str, str]:
    """This process's environment, with this tree on the path of the child and its workers.

    Workers of a pool of this machine alone have this process's home.
    """
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    told = {**os.environ, "PYTHONPATH": root if not path else f"{root}{os.pathsep}{path}"}
    if sockets is None:
        return told
    return {**told, "RAY_TMPDIR": sockets, "EVIDENT_HOME": str(settings.home)}


def _stdin(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin is not None  # noqa: S101 - it was asked for
    return process.stdin
