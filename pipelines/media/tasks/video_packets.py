"""The decode child's look at the packets of a file: what they are and when, without decoding.

Only the first frame of the chosen stream is decoded, for what it states about itself. Messages,
all out: `{"facts": …, "first": …}` with the first frame's digest, `{"batch": …}` with times of
the chosen stream's packets, `{"end": …}`.
"""

from __future__ import annotations

import base64
from array import array
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipelines.media.channel import Channel
from pipelines.media.tasks.coded_packets import CodedPackets
from pipelines.media.tasks.packet_chain import NO_TIME
from pipelines.media.tasks.video_index import first_facts
from pipelines.media.tasks.video_source import (
    chosen_stream,
    frame_digest,
    opened,
    own_streams,
    undecodable,
)

BATCH_PACKETS = 1000


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Look. `arguments`: "path", "name", "stream", "parts".

    "parts" are numbers of packets: the digests of so many coded pictures at a time are told.
    """
    name = str(arguments["name"])
    with opened(Path(str(arguments["path"]))) as container:
        stream = chosen_stream(container, arguments["stream"], name)
        others = [one for one in own_streams(container) if one.index != stream.index]
        seen = {one.index: _Seen(one) for one in others}
        coded = _Coded(stream, arguments["parts"])
        batch: list[tuple[int, int]] = []
        has_facts = False
        for packet in container.demux():
            if packet.stream.index == stream.index and not has_facts:
                frames = packet.decode()
                if frames:
                    first = cast("VideoFrame", frames[0])
                    facts = first_facts(container, stream, first)
                    channel.send({"facts": facts, "first": frame_digest(first).hex()})
                    has_facts = True
            if not packet.size:
                continue
            if packet.stream.index != stream.index:
                seen[packet.stream.index].add(packet)
            else:
                coded.add(packet)
                pts = NO_TIME if packet.pts is None else packet.pts
                batch.append((pts, packet.duration or 0))
                if len(batch) == BATCH_PACKETS:
                    _send(channel, batch)
        if not has_facts:
            raise undecodable(name, "")
        _send(channel, batch)
        channel.send(
            {
                "end": {
                    "streams": [one.summary() for one in seen.values()],
                    "chapters": _chapters(container),
                    "coded": coded.digests,
                }
            }
        )


class _Coded:
    """Digests of the chosen stream's coded pictures, one per part; what comes after is one more."""

    def __init__(self, stream: VideoStream, parts: Sequence[int]) -> None:
        self._coded = CodedPackets(stream)
        self._ends = list(accumulate(parts))
        self._open = False
        self._digests: list[str] = []

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet."""
        if not self._ends:
            return
        self._coded.add(packet)
        self._open = True
        if self._coded.packets in self._ends:
            self._close()

    @property
    def digests(self) -> list[str]:
        """Those of all parts."""
        if self._open:
            self._close()
        return self._digests

    def _close(self) -> None:
        self._digests.append(self._coded.part())
        self._open = False


class _Seen:
    """What one stream's packets are: a digest over payloads without framing, and all times."""

    def __init__(self, stream: Any) -> None:
        self._stream = int(stream.index)
        self._base = stream.time_base or Fraction(1, av.time_base)
        self._number = 0
        self._payloads = CodedPackets(stream)
        self._times = array("q")

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet."""
        self._number += 1
        self._payloads.add_any(packet)
        self._times.append(NO_TIME if packet.pts is None else packet.pts)

    def summary(self) -> dict[str, Any]:
        """Spell it as a message."""
        return {
            "stream": self._stream,
            "packets": self._number,
            "payloads": self._payloads.part(),
            "time_base": str(self._base),
            "times": base64.b64encode(self._times.tobytes()).decode(),
        }


def _send(channel: Channel, batch: list[tuple[int, int]]) -> None:
    numbers = np.array(batch, "<i8").reshape(-1, 2)
    channel.send({"batch": base64.b64encode(numbers.tobytes()).decode()})
    batch.clear()


def _chapters(container: Any) -> list[list[str]]:
    """Start, end and title of every chapter, in seconds as exact fractions."""
    return [
        [
            str(chapter["start"] * chapter["time_base"]),
            str(chapter["end"] * chapter["time_base"]),
            str(chapter["metadata"].get("title", "")),
        ]
        for chapter in container.chapters()
    ]
