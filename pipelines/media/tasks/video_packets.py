"""The decode child's look at the packets of a file: what they are and when, without decoding.

Only the first frame of the chosen stream is decoded, for what it states about itself. Messages,
all out: `{"facts": …}`, `{"batch": …}` with times of the chosen stream's packets, `{"end": …}`.
"""

from __future__ import annotations

import base64
import hashlib
from array import array
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from pipelines.media.channel import Channel
from pipelines.media.tasks.video_index import NO_TIME, first_facts
from pipelines.media.tasks.video_source import chosen_stream, opened, own_streams, undecodable

BATCH_PACKETS = 1000


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Look. `arguments`: "path", "name", "stream"."""
    name = str(arguments["name"])
    with opened(Path(str(arguments["path"]))) as container:
        stream = chosen_stream(container, arguments["stream"], name)
        seen = {one.index: _Seen(one.index, one.time_base) for one in own_streams(container)}
        batch: list[tuple[int, int]] = []
        has_facts = False
        for packet in container.demux():
            if packet.stream.index == stream.index and not has_facts:
                frames = packet.decode()
                if frames:
                    channel.send(
                        {"facts": first_facts(container, stream, cast("VideoFrame", frames[0]))}
                    )
                    has_facts = True
            if not packet.size:
                continue
            seen[packet.stream.index].add(packet)
            if packet.stream.index == stream.index:
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
                }
            }
        )


class _Seen:
    """What one stream's packets are: a digest over payloads, and all times."""

    def __init__(self, stream: int, time_base: Fraction | None) -> None:
        self._stream = stream
        self._base = time_base or Fraction(1, av.time_base)
        self._number = 0
        self._payloads = hashlib.sha256()
        self._times = array("q")

    def add(self, packet: Packet[Any]) -> None:
        """Take one packet."""
        self._number += 1
        self._payloads.update(hashlib.sha256(bytes(packet)).digest())
        self._times.append(NO_TIME if packet.pts is None else packet.pts)

    def summary(self) -> dict[str, Any]:
        """Spell it as a message."""
        return {
            "stream": self._stream,
            "packets": self._number,
            "payloads": self._payloads.hexdigest(),
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
