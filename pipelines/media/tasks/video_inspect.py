"""The decode child's look at a clip for `inspect`: every packet, every frame, nothing refused.

What a job would refuse (pictures that change their size, a format that is not worked on) is told
here. Messages, all out: `{"container": …}` at once; `{"first": …}` with the first frame, where
one decodes; `{"frames": …}` and `{"packets": …}` in batches, rows of int64 as base64; `{"end": …}`;
or `{"damaged": 1}`, see `pipelines.media.tasks.video_walk`. Nothing is kept, so memory does not
grow with the clip.
"""

from __future__ import annotations

import base64
import gc
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from pipelines.errors import InputError, UnsupportedError
from pipelines.media.channel import Channel
from pipelines.media.frame_row import UNKNOWN_QP, FrameRow, PacketRow
from pipelines.media.tasks.container_facts import container_facts
from pipelines.media.tasks.field_meter import NOTHING, FieldMeter
from pipelines.media.tasks.packet_chain import NO_TIME
from pipelines.media.tasks.video_index import first_facts
from pipelines.media.tasks.video_source import frame_digest
from pipelines.media.tasks.video_walk import ClipWalk, Looked, walked

BATCH_ROWS = 256
_QP_CODECS = frozenset({"h264", "mpeg1video", "mpeg2video", "mpeg4", "vp9"})
_BLOCK_DELTA = 16
"""Where AVVideoBlockParams (libavutil/video_enc_params.h) holds a block's difference in QP."""


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Inspect one clip.

    `arguments`: "path", "name", "stream" (or None), "threads" of the decoder, "limits".
    """
    walked(arguments, channel, lambda container: _Inspector(arguments, container, channel).run())


class _Inspector:
    """One pass over one clip."""

    def __init__(
        self, arguments: Mapping[str, Any], container: InputContainer, channel: Channel
    ) -> None:
        self._limits = arguments["limits"]
        self._container = container
        self._channel = channel
        self._walk = ClipWalk(arguments, container, holds_all=True)
        self._meter = FieldMeter()
        self._rows: list[tuple[int, ...]] = []
        self._digests: list[bytes] = []
        self._packets: list[tuple[int, ...]] = []
        codec = self._walk.stream.codec_context.codec.canonical_name
        self._reads_qp = codec in _QP_CODECS

    def run(self) -> None:
        """Look at everything, in one pass."""
        walk = self._walk
        walk.require_few_streams()
        self._channel.send({"container": container_facts(self._container, walk.stream)})
        if self._reads_qp:
            walk.stream.codec_context.options = {"export_side_data": "+venc_params"}
        # Side data makes frames hold themselves; they are let go by the collector, called often,
        # so it must have little to look at.
        gc.collect()
        gc.freeze()
        reason = walk.take(self) if self._decodable() else ""
        self._send_frames()
        self._send_packets()
        self._channel.send(
            {
                "end": {
                    "packets": walk.packets(),
                    "defects": walk.defects(),
                    "concealments": walk.complaints.concealments,
                    "threads": walk.threads,
                    "reads_qp": self._reads_qp,
                    "reason": reason,
                }
            }
        )

    def met(self, packet: Packet[Any]) -> None:
        """Tell one packet's size and times."""
        row = PacketRow(packet.size, _time(packet.pts), _time(packet.dts), packet.is_keyframe)
        self._packets.append(row.numbers())
        if len(self._packets) == BATCH_ROWS:
            self._send_packets()

    def described(self, frame: VideoFrame, number: int) -> tuple[int, ...]:
        """Say what the frame states; of the first, what the container states as well."""
        if not number:
            self._say_first(frame)
        picture = PictureType(frame.pict_type).name
        return FrameRow(
            pts=_time(frame.pts),
            dts=_time(frame.dts),
            duration=int(frame.duration or 0),
            keyframe=bool(frame.key_frame),
            picture=picture if picture in ("I", "P", "B") else "?",
            corrupt=bool(frame.is_corrupt),
            interlaced=bool(frame.interlaced_frame),
            width=frame.width,
            height=frame.height,
            qp_hundredths=_qp(frame) if self._reads_qp else UNKNOWN_QP,
        ).numbers()

    def looked_at(self, frame: VideoFrame) -> Looked:
        """Hash a frame and measure its fields, in whatever format it is."""
        try:
            return frame_digest(frame), self._meter.measure(frame)
        except (InputError, ValueError):
            # A format whose planes are not known here: converted, it still tells repeated frames.
            plain = frame.to_ndarray(format="rgb24")
            return hashlib.sha256(plain.tobytes()).digest(), NOTHING

    def put(self, described: tuple[int, ...], looked: Looked) -> None:
        """Keep the frame's row until its batch is full."""
        digest, fields = looked
        self._rows.append((*described, *fields))
        self._digests.append(digest)
        if len(self._rows) == BATCH_ROWS:
            self._send_frames()

    def _decodable(self) -> bool:
        """Whether the claimed size may be decoded; what claims more is described only."""
        context = self._walk.stream.codec_context
        fits: bool = (
            context.width * context.height <= self._limits["pixels"]
            and max(context.width, context.height) <= self._limits["side"]
        )
        if not fits:
            claimed = f"{context.width} x {context.height}"
            self._walk.note(f"Frames of {claimed} are claimed: not decoded.")
        return fits

    def _say_first(self, frame: VideoFrame) -> None:
        try:
            facts = first_facts(self._container, self._walk.stream, frame)
        except UnsupportedError as error:
            self._channel.send({"first": None, "refusal": str(error)})
        else:
            self._channel.send({"first": facts, "refusal": ""})

    def _send_frames(self) -> None:
        if self._rows:
            digests = base64.b64encode(b"".join(self._digests)).decode()
            self._channel.send({"frames": _spelt(self._rows), "digests": digests})
        self._rows.clear()
        self._digests.clear()

    def _send_packets(self) -> None:
        if self._packets:
            self._channel.send({"packets": _spelt(self._packets)})
        self._packets.clear()


def _time(value: int | None) -> int:
    return NO_TIME if value is None else int(value)


def _spelt(rows: list[tuple[int, ...]]) -> dict[str, Any]:
    data = np.array(rows, "<i8")
    return {"rows": len(rows), "data": base64.b64encode(data.tobytes()).decode()}


def _qp(frame: VideoFrame) -> int:
    """The mean quantiser of a frame in hundredths, where the decoder exports it."""
    beside = cast("Iterable[Any]", frame.side_data)
    found = next((one for one in beside if one.type.name == "VIDEO_ENC_PARAMS"), None)
    if found is None:
        return UNKNOWN_QP
    base, blocks = 100 * int(found.qp), int(found.nb_blocks)
    if not blocks:
        return base
    raw = np.frombuffer(found, np.uint8)
    begin, size = int(found.blocks_offset), int(found.block_size)
    rows = raw[begin : begin + blocks * size].reshape(blocks, size)
    deltas = np.ascontiguousarray(rows[:, _BLOCK_DELTA : _BLOCK_DELTA + 4]).view("<i4")
    return base + round(100 * float(deltas.mean()))
