"""Ctrl-C and SIGTERM: stop in order within a moment, and at once after that.

The first signal raises `KeyboardInterrupt` in the main thread, which leaves every file in a
state that can be resumed. Where a library keeps the main thread busy, a second thread ends
the process after `GRACE_SECONDS`; nothing is lost by that, for what counts is durable before it
is named.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

GRACE_SECONDS = 1.6


def stop_on_signals(last_words: str, *, leaving: Callable[[], None] | None = None) -> None:
    """Install both; `last_words` is printed where the process has to be ended.

    `leaving` is called before it ends then; it must not wait for anything.
    """
    heard, wake = socket.socketpair()
    heard.setblocking(True)
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _raise)
    signal.signal(signal.SIGTERM, _raise)

    # The thread holds both ends, so the pair lives as long as the process.
    threading.Thread(target=_watch, args=(heard, wake, last_words, leaving), daemon=True).start()


def _watch(
    heard: socket.socket,
    _wake: socket.socket,
    last_words: str,
    leaving: Callable[[], None] | None,
) -> None:
    heard.recv(1)
    end = threading.Timer(GRACE_SECONDS, _end, (last_words, leaving))
    end.daemon = True
    end.start()


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(last_words: str, leaving: Callable[[], None] | None) -> None:
    if leaving is not None:
        leaving()
    sys.stderr.write(f"\n{last_words}\n")
    sys.stderr.flush()
    os._exit(1)
