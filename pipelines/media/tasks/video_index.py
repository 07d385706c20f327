"""The decode child's first pass over a clip: every packet hashed, every displayed frame listed.

Messages, all out: `{"facts": …}` when the first frame is there; `{"batch": …}` for up to
`BATCH_FRAMES` frames, arrays as base64; `{"end": …}` with the packet digests and the defects; or
`{"damaged": 1}`, see `pipelines.media.tasks.video_walk`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from pipelines.errors import TooLargeError
from pipelines.media.channel import Channel
from pipelines.media.tasks.coded_packets import CodedPackets
from pipelines.media.tasks.field_meter import NOTHING, FieldMeter
from pipelines.media.tasks.packet_chain import NO_TIME
from pipelines.media.tasks.video_source import (
    frame_digest,
    is_attached,
    own_streams,
    planar_format,
    require_size,
    undecodable,
)
from pipelines.media.tasks.video_walk import ClipWalk, Looked, walked

BATCH_FRAMES = 32
_HDR = {
    "MASTERING_DISPLAY_METADATA": "mastering display",
    "CONTENT_LIGHT_LEVEL": "content light level",
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DOVI_RPU_BUFFER": "Dolby Vision",
}


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Index one clip.

    `arguments`: "path", "name", "stream" (or None), "limits", "threads" of the decoder, and
    "coded": whether to hash the coded pictures of the chosen stream apart. That is asked for
    files of our own, whose fields are then not measured.
    """
    walked(arguments, channel, lambda container: _Indexer(arguments, container, channel).run())


class _Indexer:
    """One pass. Frames leave in order, in batches."""

    def __init__(
        self, arguments: Mapping[str, Any], container: InputContainer, channel: Channel
    ) -> None:
        self._limits = arguments["limits"]
        self._container = container
        self._channel = channel
        self._walk = ClipWalk(arguments, container, holds_all=False)
        self._coded = CodedPackets(self._walk.stream) if arguments["coded"] else None
        self._meter = None if arguments["coded"] else FieldMeter()
        self._form: tuple[int, int, str] | None = None
        self._batch: list[tuple[tuple[int, ...], bytes]] = []
        self._last_duration = 0

    def run(self) -> None:
        walk = self._walk
        self._check_claims()
        reason = walk.take(self)
        if not walk.frames:
            raise undecodable(walk.name, reason)
        self._send_batch()
        self._channel.send(
            {
                "end": {
                    "packets": walk.packets(),
                    "defects": walk.defects(),
                    "last_duration": self._last_duration,
                    "threads": walk.threads,
                    "coded": self._coded.part() if self._coded is not None else None,
                }
            }
        )

    def met(self, packet: Packet[Any]) -> None:
        """Hash the coded picture, where that is asked for."""
        if self._coded is not None:
            self._coded.add(packet)

    def described(self, frame: VideoFrame, number: int) -> tuple[int, ...]:
        """Say what the frame states; the first one's facts leave at once."""
        if self._form is None:
            self._form = (frame.width, frame.height, frame.format.name)
            facts = first_facts(self._container, self._walk.stream, frame)
            self._channel.send({"facts": facts})
        require_size(frame, *self._form, number)
        self._last_duration = int(frame.duration or 0)
        pts = NO_TIME if frame.pts is None else int(frame.pts)
        picture = PictureType(frame.pict_type).name
        return (
            pts,
            int(frame.key_frame),
            ord(picture) if picture in ("I", "P", "B") else ord("?"),
            int(frame.is_corrupt),
            int(frame.interlaced_frame),
            NO_TIME if frame.dts is None else int(frame.dts),
        )

    def looked_at(self, frame: VideoFrame) -> Looked:
        """Measure the fields of a frame, and hash it."""
        fields = NOTHING if self._meter is None else self._meter.measure(frame)
        return frame_digest(frame), fields

    def put(self, described: tuple[int, ...], looked: Looked) -> None:
        """Keep the frame until its batch is full."""
        digest, fields = looked
        self._batch.append(((*described, *fields), digest))
        if len(self._batch) == BATCH_FRAMES:
            self._send_batch()

    def _check_claims(self) -> None:
        context = self._walk.stream.codec_context
        width, height = context.width, context.height
        if width * height > self._limits["pixels"] or max(width, height) > self._limits["side"]:
            raise TooLargeError(
                f"{self._walk.name} claims frames of {width} x {height}.",
                next_step=f"Frames of up to {self._limits['side']} samples a side are worked on.",
            )
        self._walk.require_few_streams()

    def _send_batch(self) -> None:
        if not self._batch:
            return
        numbers = np.array([one for one, _ in self._batch], "<i8")
        digests = b"".join(digest for _, digest in self._batch)
        self._channel.send(
            {
                "batch": {
                    "frames": len(self._batch),
                    "numbers": base64.b64encode(numbers.tobytes()).decode(),
                    "digests": base64.b64encode(digests).decode(),
                }
            }
        )
        self._batch.clear()


def first_facts(
    container: InputContainer, stream: VideoStream, frame: VideoFrame
) -> dict[str, Any]:
    """What the container, its streams and the first frame state about themselves."""
    form = planar_format(frame)
    rate = stream.guessed_rate or stream.average_rate or stream.base_rate
    beside = cast("Iterable[Any]", frame.side_data)
    found = {one.type.name: one for one in beside}
    matrix = [bytes(found["DISPLAYMATRIX"])] if "DISPLAYMATRIX" in found else []
    return {
        "format": container.format.name,
        "metadata": dict(container.metadata),
        "streams": [stream_facts(one) for one in own_streams(container)],
        "stream": stream.index,
        "width": frame.width,
        "height": frame.height,
        "pixel_format": frame.format.name,
        "planar_format": form.name,
        "colour": [
            int(frame.color_range),
            int(frame.color_primaries),
            int(frame.color_trc),
            int(frame.colorspace),
        ],
        "sample_aspect": spelt(stream.sample_aspect_ratio),
        "field_order": int(stream.codec_context.field_order),
        "rotation": int(frame.rotation),
        "display_matrix": list(struct.unpack("<9i", matrix[0][:36])) if matrix else None,
        "rate": spelt(rate),
        "hdr": [words for name, words in _HDR.items() if name in found],
    }


def stream_facts(stream: Any) -> dict[str, Any]:
    """What one stream states about itself."""
    context = stream.codec_context
    flags = [one.name or "" for one in av.stream.Disposition if one & stream.disposition]
    return {
        "index": stream.index,
        "kind": stream.type or "data",
        "codec": context.codec.canonical_name if context is not None else "unknown",
        "time_base": spelt(stream.time_base) or "1/1000000",
        "language": stream.language or "",
        "disposition": [one for one in flags if one],
        "metadata": {str(key): str(value) for key, value in stream.metadata.items()},
        "attached": is_attached(stream),
        "sample_rate": getattr(context, "sample_rate", None) or None,
    }


def spelt(value: Fraction | None) -> str | None:
    """Spell a ratio; None where there is none or it says nothing."""
    if value is None or value <= 0:
        return None
    return f"{value.numerator}/{value.denominator}"
