"""How a decode child and its parent talk: length-prefixed JSON over a Unix socket pair.

A message is four bytes of length (big-endian) and that many bytes of JSON, an object. Memory is
handed over as a file descriptor beside a message (SCM_RIGHTS, unix(7)). Nothing is ever
unpickled, and no message is longer than `MOST_MESSAGE_BYTES`.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

MOST_MESSAGE_BYTES = 256 << 20

_LENGTH = struct.Struct(">I")
_SHARED = "shared_bytes"


class ChannelClosedError(Exception):
    """The other end is gone."""


class ChannelSilentError(Exception):
    """The other end said nothing for too long."""


class Channel:
    """One end of the pair. The parent gives `silence_seconds`; a child waits for ever."""

    def __init__(self, end: socket.socket, *, silence_seconds: float | None = None) -> None:
        self._end = end
        self._silence_seconds = silence_seconds
        self._descriptors: list[int] = []

    def send(self, message: Mapping[str, object]) -> None:
        """Send one message. Raises ChannelClosedError, ChannelSilentError."""
        self._send(message, descriptors=())

    def share(self, descriptor: int, size: int) -> None:
        """Hand over memory: `size` bytes behind `descriptor`, which stays open here."""
        self._send({_SHARED: size}, descriptors=(descriptor,))

    def receive(self) -> dict[str, Any]:
        """Wait for the next message. Raises ChannelClosedError, ChannelSilentError."""
        deadline = None
        if self._silence_seconds is not None:
            deadline = time.monotonic() + self._silence_seconds
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > MOST_MESSAGE_BYTES:
            raise ChannelClosedError(f"a message of {length} bytes was announced")
        try:
            message = json.loads(self._exactly(length, deadline))
        except ValueError as error:
            raise ChannelClosedError("a message was not JSON") from error
        if not isinstance(message, dict):
            raise ChannelClosedError("a message was not an object")
        return message

    def receive_memory(self) -> mmap.mmap:
        """Wait for memory that the other end shares; mapped writable."""
        size = self.receive()[_SHARED]
        if not self._descriptors:
            raise ChannelClosedError("no memory came with the message")
        descriptor = self._descriptors.pop(0)
        try:
            return mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close this end; the other end hears of it."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._end.close()

    def _send(self, message: Mapping[str, object], *, descriptors: tuple[int, ...]) -> None:
        body = json.dumps(message).encode()
        data = memoryview(_LENGTH.pack(len(body)) + body)
        self._end.settimeout(self._silence_seconds)
        try:
            if descriptors:
                data = data[socket.send_fds(self._end, [data], list(descriptors)) :]
            self._end.sendall(data)
        except TimeoutError as error:
            raise ChannelSilentError from error
        except OSError as error:
            raise ChannelClosedError(str(error)) from error

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ChannelSilentError
                self._end.settimeout(left)
            try:
                piece, descriptors, _, _ = socket.recv_fds(
                    self._end, min(size - len(pieces), 1 << 20), 4
                )
            except TimeoutError as error:
                raise ChannelSilentError from error
            except OSError as error:
                raise ChannelClosedError(str(error)) from error
            self._descriptors.extend(descriptors)
            if not piece:
                raise ChannelClosedError("the other end closed")
            pieces += piece
        return bytes(pieces)
