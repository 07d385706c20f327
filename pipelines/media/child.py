"""The decode child: the only process in which bytes from outside meet a decoder.

It begins with no environment, no standard streams and no descriptors but two, bounds itself,
does the task that it is given and ends with its session. It ends at once when its parent does:
the second descriptor is a pipe that the parent holds open.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Collection
from contextlib import suppress
from importlib import import_module
from typing import Any

from pipelines.errors import DamagedError, EvidentError, TooLargeError
from pipelines.media.channel import Channel, ChannelClosedError
from pipelines.media.limits import DecodeLimits

TASKS = {
    "credentials": "pipelines.media.tasks.credentials",
    "photo": "pipelines.media.tasks.photo",
    "glance": "pipelines.media.tasks.glance",
    "probe": "pipelines.media.tasks.probe",
    "video_index": "pipelines.media.tasks.video_index",
    "video_frames": "pipelines.media.tasks.video_frames",
    "structure": "pipelines.media.tasks.structure",
    "video_inspect": "pipelines.media.tasks.video_inspect",
    "sound_encode": "pipelines.media.tasks.sound_encode",
    "video_join": "pipelines.media.tasks.video_join",
    "video_packets": "pipelines.media.tasks.video_packets",
    "video_rewrap": "pipelines.media.tasks.video_rewrap",
}
"""Every task that a child does, and the module that does it."""

_PR_SET_NO_NEW_PRIVS = 38
_LONGEST_REASON = 300


def main(
    channel_descriptor: int, lifeline: int, limits: DecodeLimits, ready: Collection[str] = ()
) -> None:
    """Wait for a task, do it, say what went wrong if anything did; then wait for the next one.

    What the tasks in `ready` need is imported while it waits.

    A session that looks at files of strangers gives one task only; files of our own making may
    follow one another.
    """
    _bound(limits)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    channel = Channel(socket.socket(fileno=channel_descriptor))
    _warm(ready)
    with suppress(ChannelClosedError):
        # What was said must be heard: a socket that closes on unread bytes takes back its own,
        # so the parent closes first.
        while True:
            order = channel.receive()
            if "task" in order:
                _do(order, channel)
    # Libraries' own threads and exit handlers have nothing to say any more.
    os._exit(0)


def _do(order: dict[str, Any], channel: Channel) -> None:
    try:
        module = import_module(TASKS[order["task"]])
        module.run(order["arguments"], channel)
    except ChannelClosedError:
        raise
    except Exception as error:  # noqa: BLE001 - the border: nothing else leaves this process
        channel.send(_spelt(error))


def _bound(limits: DecodeLimits) -> None:
    """Bound memory, time and files; ignore Ctrl-C, which is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _end_with_parent(lifeline: int) -> None:
    """End the process when the parent's end of the pipe closes, whatever the decoder does."""
    with suppress(OSError):
        os.read(lifeline, 1)
    os._exit(1)


def _warm(ready: Collection[str]) -> None:
    """Import what tasks need while there is nothing to do yet."""
    for name in ("numpy", *(TASKS[task] for task in ready)):
        with suppress(ImportError):
            import_module(name)


def _spelt(error: Exception) -> dict[str, Any]:
    """Spell an error as a message; what is not ours becomes one line about the file."""
    if isinstance(error, MemoryError):
        error = TooLargeError(
            "Decoding it takes more memory than a decoder may have.",
            next_step="Run it on a larger machine, or reduce the file first.",
        )
    if not isinstance(error, EvidentError):
        reason = f"It does not decode: {type(error).__name__}: {error}"[:_LONGEST_REASON]
        error = DamagedError(reason, next_step="Obtain an intact copy of the file.")
    return {
        "error": type(error).__name__,
        "reason": str(error),
        "next_step": error.next_step,
    }
