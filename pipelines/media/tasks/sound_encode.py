"""The child that codes one stream of sound anew as AAC, for copies that have to play anywhere.

Sound that was received at a time is played at that time: pauses are filled with silence, and the
first sample's moment is told. Nothing is made louder or cleaner. Messages, all out:
`{"packets": n}` now and then; `{"end": {…}}`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter

from pipelines.errors import DiskFullError, UnsupportedError
from pipelines.media.channel import Channel
from pipelines.media.tasks.coded_packets import CodedPackets
from pipelines.media.tasks.video_source import opened

RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Samples a second that every player of AAC takes; any other rate becomes the last of these."""

BIT_RATE = 96_000
"""Of each channel."""

_SAID_PACKETS = 5000


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Code. `arguments`: "path", "stream" (a number), "out"."""
    number = int(arguments["stream"])
    try:
        with opened(Path(str(arguments["path"]))) as container:
            channel.send({"end": _Sound(container, number, channel).write(str(arguments["out"]))})
    except (OSError, av.error.FFmpegError) as error:
        if error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                "No space is left to write the sound of the copy.",
                next_step="Free some space there.",
            ) from error
        raise _unreadable(number, str(error.strerror)) from error


class _Sound:
    """One stream on its way from what was received to AAC."""

    def __init__(self, container: Any, number: int, channel: Channel) -> None:
        self._container = container
        self._stream = container.streams[number]
        self._number = number
        self._channel = channel
        self._first: Fraction | None = None
        self._end = Fraction(0)
        self._unread = 0

    def write(self, out: str) -> dict[str, Any]:
        """Code all of it; returns what was found and made."""
        if self._stream.type != "audio":
            raise _unreadable(self._number, "it is no sound")
        frames = self._received()
        first = next(frames, None)
        if first is None or self._first is None:
            raise _unreadable(self._number, "it holds no sound")
        rate = first.sample_rate if first.sample_rate in RATES else RATES[-1]
        layout = "mono" if first.layout.nb_channels == 1 else "stereo"
        graph = _graph(first, rate, layout)
        with av.open(out, "w", format="nut", options={"fflags": "+bitexact"}) as file:
            made: Any = file.add_stream("aac", rate=rate, layout=layout)
            made.bit_rate = BIT_RATE * (1 if layout == "mono" else 2)
            made.codec_context.flags |= av.codec.context.Flags.bitexact
            coded: CodedPackets | None = None
            packets = 0
            for packet in self._coded(graph, made, first, frames):
                coded = coded or CodedPackets(made)
                coded.add(packet)
                # Encoders begin before the sound, and this container not before zero.
                packet.pts = packet.dts = packets * made.codec_context.frame_size
                file.mux(packet)
                packets += 1
                if packets % _SAID_PACKETS == 0:
                    self._channel.send({"packets": packets})
            priming = made.codec_context.frame_size
        if coded is None:
            raise _unreadable(self._number, "nothing of it could be coded")
        return {
            "packets": packets,
            "payloads": coded.part(),
            "rate": rate,
            "channels": 1 if layout == "mono" else 2,
            "was_rate": first.sample_rate,
            "was_channels": first.layout.nb_channels,
            "first": str(self._first),
            "end": str(self._end),
            "priming": priming,
            "unread": self._unread,
        }

    def _coded(self, graph: Any, made: Any, first: Any, rest: Iterator[Any]) -> Iterator[Any]:
        for frame in _evened(graph, first, rest):
            frame.pts = None
            yield from made.encode(frame)
        yield from made.encode(None)

    def _received(self) -> Iterator[Any]:
        """Frames of one kind; packets that do not decode are counted."""
        kind = None
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self._unread += 1
                continue
            for frame in frames:
                own = (frame.format.name, frame.layout.name, frame.sample_rate)
                kind = kind or own
                if own != kind:
                    raise _unreadable(self._number, "it changes its rate or channels on the way")
                self._heard(frame)
                yield frame

    def _heard(self, frame: Any) -> None:
        length = Fraction(frame.samples, frame.sample_rate)
        begin = self._end if frame.pts is None else frame.pts * Fraction(frame.time_base)
        if self._first is None:
            self._first = begin
        self._end = max(self._end, begin + length)


def _graph(first: Any, rate: int, layout: str) -> Any:
    """From what was received to the copy's rate and channels, pauses filled."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=first.sample_rate,
        format=first.format.name,
        layout=first.layout.name,
        time_base=Fraction(first.time_base),
    )
    steps = [
        graph.add("aresample", f"{rate}:async=1"),
        graph.add("aformat", f"sample_fmts=fltp:sample_rates={rate}:channel_layouts={layout}"),
        graph.add("abuffersink"),
    ]
    last = source
    for step in steps:
        last.link_to(step)
        last = step
    graph.configure()
    return graph


def _evened(graph: Any, first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    graph.push(first)
    yield from _pulled(graph)
    for frame in rest:
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _unreadable(number: int, why: str) -> UnsupportedError:
    return UnsupportedError(
        f"The sound of stream {number} cannot be coded anew: {why}.",
        next_step="It stays as it is in the file as received.",
    )
