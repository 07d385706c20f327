"""What FFmpeg's decoder says while a clip is decoded: its complaints, heard without a callback.

A Python callback for FFmpeg's log would be called from decoder threads, need the interpreter's
lock there, and could wait for ever. FFmpeg's own callback writes lines to standard error
instead, and this child's standard error is a pipe that nobody waits at: what does not fit is
lost, and the first complaints always fit. Only errors that the clip's own decoder speaks of
count; what a demuxer or another decoder says is no statement about these frames.
"""

from __future__ import annotations

import os
import re
from types import TracebackType
from typing import Self

import av

_STANDARD_ERROR = 2
_READ_BYTES = 1 << 16
_MOST_BYTES = 1 << 20
_LONGEST = 160
_MOST_KINDS = 5
_NUMBERS = re.compile(r"\d+")
_CONCEALED = re.compile(r"concealing (\d+) DC, (\d+) AC, (\d+) MV errors")
_MOST_CONCEALED = 100
_LINE = re.compile(rb"\[(?P<name>[^\]@]{1,60}) @ 0x[0-9a-f]+\] (?P<said>.*)")


class DecoderWords:
    """Hears the decoder called `codec` while the context lasts."""

    def __init__(self, codec: str) -> None:
        self._codec = codec.encode()
        self._begun = b""
        self._bytes = 0

    def __enter__(self) -> Self:
        self._silent = os.dup(_STANDARD_ERROR)
        self._ear, mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.dup2(mouth, _STANDARD_ERROR, inheritable=False)
        os.close(mouth)
        av.logging.restore_default_callback()
        av.logging.set_libav_level(av.logging.ERROR)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        av.logging.set_level(None)
        os.dup2(self._silent, _STANDARD_ERROR, inheritable=False)
        os.close(self._silent)
        os.close(self._ear)

    def heard(self) -> list[str]:
        """What the decoder complained of since the last call, as printable lines."""
        said = self._begun
        while self._bytes < _MOST_BYTES:
            try:
                more = os.read(self._ear, _READ_BYTES)
            except BlockingIOError:
                break
            said += more
            self._bytes += len(more)
        *lines, self._begun = said.split(b"\n")
        found = (_LINE.match(line) for line in lines)
        return [_printable(one["said"]) for one in found if one and one["name"] == self._codec]


class Complaints:
    """What a decoder complained of in the course of a clip, told in few sentences.

    `concealments` are pairs of a frame's number and of how many blocks near it were concealed.
    """

    def __init__(self) -> None:
        self._number = 0
        self._first: dict[str, tuple[str, int]] = {}
        self.concealments: list[list[int]] = []

    def add(self, said: str, frame: int) -> None:
        """Take one complaint near a frame. Those that differ by numbers alone are of one kind."""
        self._number += 1
        concealed = _CONCEALED.search(said)
        if concealed and len(self.concealments) < _MOST_CONCEALED:
            self.concealments.append([frame, max(map(int, concealed.groups()))])
        kind = _NUMBERS.sub("", said)
        if len(self._first) < _MOST_KINDS:
            self._first.setdefault(kind, (said, frame))

    def sentences(self) -> list[str]:
        """How many there were, and the first of each kind."""
        if not self._number:
            return []
        first = "; ".join(f"near frame {frame}: {said}" for said, frame in self._first.values())
        return [f"The decoder complained {self._number} times. First of each kind, {first}."]


def _printable(said: bytes) -> str:
    """The words as ASCII, whatever a file made the decoder say, without a full stop."""
    text = said.decode("ascii", "replace")
    text = "".join(one if " " <= one <= "~" else "?" for one in text)
    return text.strip().rstrip(".")[:_LONGEST]
