"""The parent's side of decode children: started ahead, one task each, never waited for blindly.

A child that crashes, runs away or falls silent is an error message here. Children are killed
when their session ends, and end by themselves when this process does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipelines import errors
from pipelines.errors import DecodeChildError, EvidentError, ResourceError
from pipelines.media.channel import Channel, ChannelClosedError, ChannelSilentError
from pipelines.media.limits import DecodeLimits

_ROOT = Path(__file__).parents[2]
_BOOT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pipelines.media.child import main
from pipelines.media.limits import DecodeLimits
limits, ready = json.loads(sys.argv[4])
main(int(sys.argv[2]), int(sys.argv[3]), DecodeLimits(**limits), ready)
"""
_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
_STEADY = {
    # glibc (mallopt(3), "M_PERTURB"): memory begins with the same bytes wherever it comes from.
    # Its cache of small pieces would go around that.
    "GLIBC_TUNABLES": "glibc.malloc.perturb=90:glibc.malloc.tcache_count=0",
}
_END_SECONDS = 5.0
_DEFAULT = DecodeLimits()
_NEXT = "The file may be damaged or made to harm; obtain it again from its source."


class ChildSession:
    """One child doing one task. Leaving the context ends it."""

    def __init__(
        self, process: subprocess.Popen[bytes], channel: Channel, lifeline: int, task: str
    ) -> None:
        self._process = process
        self._channel = channel
        self._lifeline = lifeline
        self._task = task

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process."""
        return self._process.pid

    def send(self, message: Mapping[str, object]) -> None:
        """Say something to the child. Raises DecodeChildError where it is gone."""
        try:
            self._channel.send(message)
        except (ChannelClosedError, ChannelSilentError) as error:
            self._raise_what_it_said(error)

    def order(self, task: str, arguments: Mapping[str, object]) -> None:
        """Give the same child one more task. Only for files of our own making."""
        self._task = task
        self.send({"task": task, "arguments": dict(arguments)})

    def receive(self) -> dict[str, Any]:
        """Wait for its next message.

        Raises what the child raised (an error of ours, by its class), DecodeChildError where it
        crashed or said nothing for too long.
        """
        try:
            message = self._channel.receive()
        except (ChannelClosedError, ChannelSilentError) as error:
            raise self._lost(error) from error
        if "error" in message:
            raise _error_from(message)
        return message

    def share(self, fd: int, size: int) -> None:
        """Give the child `size` bytes of memory behind `fd` to write to."""
        try:
            self._channel.share(fd, size)
        except (ChannelClosedError, ChannelSilentError) as error:
            self._raise_what_it_said(error)

    def close(self) -> None:
        """Kill the child and forget it."""
        self._channel.close()
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        with suppress(OSError):
            os.close(self._lifeline)
        self._lifeline = -1

    def _raise_what_it_said(self, error: Exception) -> None:
        """A child that ended may have said why before; that is worth more than the broken pipe."""
        while True:
            try:
                message = self._channel.receive()
            except (ChannelClosedError, ChannelSilentError):
                raise self._lost(error) from error
            if "error" in message:
                raise _error_from(message) from error

    def _lost(self, error: Exception) -> DecodeChildError:
        if isinstance(error, ChannelSilentError):
            return DecodeChildError(
                f"The decoder ({self._task}) stopped answering and was ended.", next_step=_NEXT
            )
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0
        return DecodeChildError(f"The decoder ({self._task}) {_ending(code)}.", next_step=_NEXT)


class DecodePool:
    """Hands out decode children; `spare` of them wait, started and warm.

    Those that wait have imported what the tasks in `ready` need, which is most of a short task.
    Several threads may ask. Raises ResourceError where no process can be started.
    """

    def __init__(
        self, *, limits: DecodeLimits = _DEFAULT, spare: int = 1, ready: Collection[str] = ()
    ) -> None:
        self._limits = limits
        self._ready = list(ready)
        self._spare = spare
        self._lock = threading.Lock()
        self._waiting: list[tuple[subprocess.Popen[bytes], Channel, int]] = []
        self._closed = False
        self._refill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def session(
        self,
        task: str,
        arguments: Mapping[str, object],
        *,
        limits: DecodeLimits | None = None,
        steady: bool = False,
    ) -> ChildSession:
        """Begin `task` in a child of its own, under `limits` of its own where they are given.

        In a `steady` child memory that a decoder forgets to fill holds the same bytes every time.
        """
        started = None
        if limits is None and not steady:
            with self._lock:
                started = self._waiting.pop(0) if self._waiting else None
        process, channel, lifeline = started or self._start(limits or self._limits, steady=steady)
        session = ChildSession(process, channel, lifeline, task)
        try:
            session.order(task, arguments)
            self._refill()
        except BaseException:
            session.close()
            raise
        return session

    def close(self) -> None:
        """End the children that wait."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        for process, channel, lifeline in waiting:
            ChildSession(process, channel, lifeline, "waiting").close()

    def _refill(self) -> None:
        with self._lock:
            while not self._closed and len(self._waiting) < self._spare:
                self._waiting.append(self._start(self._limits))

    def _start(
        self, limits: DecodeLimits, *, steady: bool = False
    ) -> tuple[subprocess.Popen[bytes], Channel, int]:
        """Start a child that inherits two descriptors, none of our environment and no streams."""
        ours, theirs = socket.socketpair()
        read_end, lifeline = os.pipe()
        command = [
            sys.executable,
            "-I",
            "-c",
            _BOOT,
            str(_ROOT),
            str(theirs.fileno()),
            str(read_end),
            json.dumps([asdict(limits), self._ready]),
        ]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), read_end),
                env={**_ENVIRONMENT, **_STEADY} if steady else _ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            os.close(lifeline)
            raise ResourceError(
                f"A decoder process cannot be started: {error.strerror or error}.",
                next_step="Free some memory or processes, then run again.",
            ) from error
        finally:
            theirs.close()
            os.close(read_end)
        channel = Channel(ours, silence_seconds=limits.silence_seconds)
        return process, channel, lifeline


def _error_from(message: Mapping[str, Any]) -> EvidentError:
    """Build the error that a child spelt; an unknown class stays an EvidentError."""
    kind = getattr(errors, str(message.get("error")), EvidentError)
    if not (isinstance(kind, type) and issubclass(kind, EvidentError)):
        kind = EvidentError
    return kind(str(message.get("reason", "")), next_step=str(message.get("next_step", "")))


def _ending(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"crashed ({name})"
    return "ended without an answer"
