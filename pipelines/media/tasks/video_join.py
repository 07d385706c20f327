"""The child that joins: coded segments and the source's other streams into one file.

Packets are never coded again. The enhanced stream's times come from the index, exactly; the
others keep their packets, times, order, language, disposition and metadata. Messages, all out:
`{"packets": n}` now and then, so that long work is heard; `{"end": {…}}`.
"""

from __future__ import annotations

import base64
import errno
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from pipelines.errors import ConservationError, DiskFullError, UnsupportedError
from pipelines.media.channel import Channel
from pipelines.media.tasks.video_source import is_attached, opened, own_streams

_MOST_TIMESCALE = 2**31 - 1
_SAID_PACKETS = 5000
_Made = tuple[Fraction, "Packet[Any]"]
"""A packet of ours, ready to be written, and its moment in seconds."""

_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder"}


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Join.

    `arguments`: "source", "segments", "out" (paths), "format", "stream" (the enhanced one),
    "dropped", "time_base", "pts" and "duration" (int64, base64), "moved" (seconds by which the
    others are moved as well), "display_matrix", "picture" (of colours and pixels what the coding
    does not say, by FFmpeg's names), "faststart", "bare", "sounds" (by stream: "path", "rate",
    "start" and "samples" of sound that was coded anew for it).
    """
    try:
        with ExitStack() as stack:
            source = stack.enter_context(opened(Path(arguments["source"])))
            joiner = _Joiner(arguments, source, channel)
            joiner.run()
        channel.send({"end": {"packets": joiner.packets}})
    except (OSError, av.error.FFmpegError) as error:
        if error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                "No space is left to write the result.",
                next_step="Free some space there and run again with --resume.",
            ) from error
        raise UnsupportedError(
            f"The result cannot be wrapped as {arguments['format']}: {error.strerror}.",
            next_step="Leave a stream that this container may not carry out with --drop-stream N.",
        ) from error


class _Joiner:
    """One output file being written."""

    def __init__(
        self, arguments: Mapping[str, Any], source: InputContainer, channel: Channel
    ) -> None:
        self._arguments = arguments
        self._source = source
        self._channel = channel
        self._base = Fraction(arguments["time_base"])
        self._pts = _numbers(arguments["pts"])
        self._duration = _numbers(arguments["duration"])
        self._moved = Fraction(arguments["moved"])
        self._held: dict[int, Packet[Any]] = {}
        self._usual: dict[int, int] = {}
        self.packets = 0
        self._extradata: bytes | None = None

    def run(self) -> None:
        with av.open(
            self._arguments["out"],
            "w",
            format=self._arguments["format"],
            options=self._options(),
        ) as out:
            self._write(out)

    def _write(self, out: OutputContainer) -> None:
        if not self._arguments["bare"]:
            tags = {k: v for k, v in self._source.metadata.items() if k.lower() not in _OWN_TAGS}
            out.metadata.update(tags)
            out.set_chapters(self._source.chapters())
        with av.open(self._arguments["segments"][0], format="nut") as first:
            targets = self._streams(out, first)
        own = targets[self._arguments["stream"]]
        anew = {int(number): one for number, one in self._arguments["sounds"].items()}
        made = merge(
            self._frames(own),
            *(self._new_sound(targets[number], one) for number, one in anew.items()),
            key=itemgetter(0),
        )
        waiting = next(made, None)
        kept = {
            index: one for index, one in targets.items() if one is not own and index not in anew
        }
        for packet in self._source.demux():
            target = kept.get(packet.stream.index)
            if target is None or not packet.size:
                continue
            moment = packet.dts if packet.dts is not None else packet.pts
            # What is earlier goes first, so that no player has to look far ahead.
            while waiting is not None and (
                moment is None or waiting[0] <= moment * packet.time_base + self._moved
            ):
                self._mux_made(out, waiting[1])
                waiting = next(made, None)
            self._mux_kept(out, target, packet)
        while waiting is not None:
            self._mux_made(out, waiting[1])
            waiting = next(made, None)
        for packet in self._held.values():
            packet.duration = packet.duration or self._usual.get(packet.stream.index, 0)
            out.mux(packet)

    def _mux_kept(self, out: OutputContainer, target: Any, packet: Packet[Any]) -> None:
        """Write a packet of another stream as it is.

        MP4 would take the last packet of a sound without durations for one of no length, and its
        own edit list would then cut it off: so a packet without a duration waits for the next.
        """
        ticks = int(self._moved / packet.time_base) if self._moved else 0
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        packet.stream = target
        before = self._held.pop(target.index, None)
        if before is not None:
            before.duration = self._usual[target.index] = (packet.dts or 0) - (before.dts or 0)
            out.mux(before)
        if target.type == "audio" and not packet.duration:
            self._held[target.index] = packet
        else:
            out.mux(packet)
        self._said()

    def _streams(self, out: OutputContainer, first: InputContainer) -> dict[int, Any]:
        """Make the output's streams, in the source's order."""
        targets: dict[int, Any] = {}
        for stream in own_streams(self._source):
            if stream.index in self._arguments["dropped"]:
                continue
            is_own = stream.index == self._arguments["stream"]
            anew = self._arguments["sounds"].get(str(stream.index))
            template: Any = first.streams.video[0] if is_own else stream
            try:
                made: Any = (
                    _like_file(out, anew["path"])
                    if anew is not None
                    else out.add_stream_from_template(template)
                )
            except ValueError as error:
                raise UnsupportedError(
                    f"The result cannot be wrapped with stream {stream.index}: {error}.",
                    next_step=f"Leave it out with --drop-stream {stream.index}.",
                ) from error
            if not self._arguments["bare"]:
                made.metadata.update(stream.metadata)
            made.metadata.pop("encoder", None)
            made.disposition = stream.disposition
            if is_own:
                made.time_base = self._base
                for name, value in self._arguments["picture"].items():
                    stated = Fraction(value) if isinstance(value, str) else value
                    setattr(made.codec_context, name, stated)
                if self._arguments["display_matrix"] is not None:
                    made.set_display_matrix(tuple(self._arguments["display_matrix"]))
            else:
                made.time_base = stream.time_base if anew is None else Fraction(1, anew["rate"])
            targets[stream.index] = made
        return targets

    def _frames(self, own: Any) -> Iterator[_Made]:
        """Yield the enhanced stream's packets in order, each with its moment."""
        number = 0
        for path in self._arguments["segments"]:
            with av.open(path, format="nut") as segment:
                stream = segment.streams.video[0]
                self._require_same_parameters(stream.codec_context.extradata, path)
                for packet in segment.demux(stream):
                    if packet.size:
                        self._time_own(own, packet, number)
                        yield self._moment(number), packet
                        number += 1
        if number != len(self._pts):
            raise ConservationError(
                f"The segments hold {number} packets for {len(self._pts)} frames."
            )

    def _new_sound(self, target: Any, facts: Mapping[str, Any]) -> Iterator[_Made]:
        """Yield the packets of sound that was coded anew, each with its moment."""
        base = Fraction(1, facts["rate"])
        start = int(facts["start"]) + int(self._moved / base)
        with av.open(facts["path"], format="nut") as file:
            packets = (one for one in file.demux(file.streams.audio[0]) if one.size)
            for number, packet in enumerate(packets):
                packet.stream = target
                packet.time_base = base
                packet.pts = packet.dts = start + number * int(facts["samples"])
                packet.duration = int(facts["samples"])
                yield packet.pts * base, packet

    def _require_same_parameters(self, extradata: bytes | None, path: str) -> None:
        """Segments join without coding again only where their parameter sets are identical."""
        if self._extradata is None:
            self._extradata = extradata or b""
        if self._extradata != (extradata or b""):
            raise ConservationError(
                f"{Path(path).name} was coded with other parameter sets than the first segment."
            )

    def _time_own(self, own: Any, packet: Packet[Any], number: int) -> None:
        if number >= len(self._pts):
            raise ConservationError(f"The segments hold more packets than {len(self._pts)} frames.")
        packet.stream = own
        packet.time_base = self._base
        packet.pts = packet.dts = int(self._pts[number])
        packet.duration = int(self._duration[number])

    def _mux_made(self, out: OutputContainer, packet: Packet[Any]) -> None:
        out.mux(packet)
        self._said()

    def _said(self) -> None:
        self.packets += 1
        if self.packets % _SAID_PACKETS == 0:
            self._channel.send({"packets": self.packets})

    def _moment(self, number: int) -> Fraction:
        return int(self._pts[number]) * self._base

    def _options(self) -> dict[str, str]:
        """Times in the muxer's own units must be whole, and nothing of ours is written in."""
        options = {"fflags": "+bitexact"}
        if self._arguments["format"] not in ("mp4", "mov"):
            return options
        scale = self._base.denominator
        common = scale
        rates = [getattr(one.codec_context, "sample_rate", None) for one in self._source.streams]
        for rate in (*rates, *(one["rate"] for one in self._arguments["sounds"].values())):
            if rate:
                common = math.lcm(common, int(rate))
        movie = common if common <= _MOST_TIMESCALE else scale
        # Cover art and free-form tags exclude each other in this muxer; the picture is worth more.
        has_cover = any(is_attached(one) for one in self._source.streams)
        flags = "" if has_cover else "+use_metadata_tags"
        if any(name.startswith("color") for name in self._arguments["picture"]):
            flags += "+write_colr"
        if self._arguments["faststart"]:
            flags += "+faststart"
        if flags:
            options["movflags"] = flags
        return {
            **options,
            "write_tmcd": "0",
            "video_track_timescale": str(scale),
            "movie_timescale": str(movie),
        }


def _like_file(out: OutputContainer, path: str) -> Any:
    """A stream as in a file of ours, which holds one."""
    with av.open(path, format="nut") as file:
        return out.add_stream_from_template(file.streams.audio[0])


def _numbers(text: str) -> NDArray[np.int64]:
    return np.frombuffer(base64.b64decode(text), "<i8")
