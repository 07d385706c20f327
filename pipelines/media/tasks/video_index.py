"""The decode child's first pass over a clip: every packet hashed, every displayed frame listed.

Messages, all out: `{"facts": …}` when the first frame is there; `{"batch": …}` for up to
`BATCH_FRAMES` frames, arrays as base64; `{"end": …}` with the packet digests and the defects.

A damaged clip that is decoded with several threads shows other samples every time, for what is
concealed depends on which thread came first. So the first sign of damage ends such a pass with
`{"damaged": …}`, and another child has to begin anew with one thread.
"""

from __future__ import annotations

import base64
import gc
import struct
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
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
from pipelines.media.tasks.decoder_words import Complaints, DecoderWords
from pipelines.media.tasks.field_meter import NOTHING, FieldMeter
from pipelines.media.tasks.packet_chain import NO_TIME, PacketChain
from pipelines.media.tasks.video_source import (
    chosen_stream,
    frame_digest,
    is_attached,
    opened,
    own_streams,
    planar_format,
    require_size,
    undecodable,
    use_threads,
)

BATCH_FRAMES = 32
_HASHES_WAITING = 4
_Looked = tuple[bytes, tuple[int, ...]]
_MOST_DEFECTS = 100
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
    try:
        with opened(Path(str(arguments["path"]))) as container:
            _Indexer(arguments, container, channel).run()
    except _DamageNoticedError:
        channel.send({"damaged": 1})


class _DamageNoticedError(Exception):
    """The clip is damaged, and several threads decode it."""


class _Indexer:
    """One pass. Frames leave in order; with several threads hashing runs beside decoding."""

    def __init__(
        self, arguments: Mapping[str, Any], container: InputContainer, channel: Channel
    ) -> None:
        self._arguments = arguments
        self._name = str(arguments["name"])
        self._limits = arguments["limits"]
        self._container = container
        self._channel = channel
        self._threads = int(arguments["threads"])
        self._stream = chosen_stream(container, arguments["stream"], self._name)
        self._packets = {one.index: PacketChain(one.index) for one in own_streams(container)}
        self._coded = CodedPackets(self._stream) if arguments["coded"] else None
        self._meter = None if arguments["coded"] else FieldMeter()
        self._defects: list[str] = []
        self._complaints = Complaints()
        self._frames = 0
        self._holds_first = self._threads == 1
        self._form: tuple[int, int, str] | None = None
        self._batch: list[tuple[list[int], bytes]] = []
        self._last_duration = 0

    def run(self) -> None:
        self._check_claims()
        use_threads(self._stream, self._threads)
        with DecoderWords(self._stream.codec_context.codec.name) as words:
            reason = self._read(words)
        if not self._frames:
            raise undecodable(self._name, reason)
        self._send_batch()
        defects = [*self._defects, *self._complaints.sentences()]
        self._channel.send(
            {
                "end": {
                    "packets": [one.summary() for one in self._packets.values()],
                    "defects": defects,
                    "last_duration": self._last_duration,
                    "threads": self._threads,
                    "coded": self._coded.part() if self._coded is not None else None,
                }
            }
        )

    def _read(self, words: DecoderWords) -> str:
        """Read to the end; returns why it came too early, if it did."""
        waiting: deque[tuple[list[int], Future[_Looked]]] = deque()
        reason = ""
        with ThreadPoolExecutor(1) as hasher:
            try:
                for packet in self._container.demux():
                    self._count(packet)
                    for frame in self._decoded(packet):
                        waiting.append((self._described(frame), self._hashed(hasher, frame)))
                        while len(waiting) > _HASHES_WAITING:
                            self._put(*waiting.popleft())
                    self._hear(words)
            except MemoryError:
                raise
            except av.error.FFmpegError as error:
                reason = error_words(error)
                self._note(f"Reading stopped before the end: {reason}.")
            self._hear(words)
            while waiting:
                self._put(*waiting.popleft())
        return reason

    def _hashed(self, hasher: ThreadPoolExecutor, frame: VideoFrame) -> Future[_Looked]:
        """The digest and the measures of fields to come.

        One thread decodes into places of memory in the order in which they became free, and where
        damage left a gap their earlier contents show: so a frame is let go at once there, here
        as in the reader.
        """
        if self._threads > 1:
            return hasher.submit(self._looked_at, frame)
        done: Future[_Looked] = Future()
        done.set_result(self._looked_at(frame))
        return done

    def _looked_at(self, frame: VideoFrame) -> _Looked:
        """Everything that takes all samples of a frame; called in the order of display."""
        fields = NOTHING if self._meter is None else self._meter.measure(frame)
        return frame_digest(frame), fields

    def _hear(self, words: DecoderWords) -> None:
        for said in words.heard():
            self._damaged()
            self._complaints.add(said, self._frames)

    def _damaged(self) -> None:
        """Damage was noticed."""
        if self._threads > 1:
            raise _DamageNoticedError

    def _check_claims(self) -> None:
        context = self._stream.codec_context
        width, height = context.width, context.height
        if width * height > self._limits["pixels"] or max(width, height) > self._limits["side"]:
            raise TooLargeError(
                f"{self._name} claims frames of {width} x {height}.",
                next_step=f"Frames of up to {self._limits['side']} samples a side are worked on.",
            )
        if len(self._container.streams) > self._limits["streams"]:
            raise TooLargeError(f"{self._name} holds {len(self._container.streams)} streams.")

    def _count(self, packet: Packet[Any]) -> None:
        if packet.size:
            self._packets[packet.stream.index].add(packet)
            if self._coded is not None and packet.stream.index == self._stream.index:
                self._coded.add(packet)

    def _decoded(self, packet: Packet[Any]) -> list[VideoFrame]:
        if packet.stream.index != self._stream.index:
            return []
        if self._frames > 1 and self._holds_first:
            # Asked for its side data, the first frame holds itself; it must go when it is due.
            gc.collect()
            self._holds_first = False
        try:
            return packet.decode()
        except MemoryError:
            # That is this process, not the clip: frames would be missed for no fault of its own.
            raise
        except av.error.FFmpegError as error:
            self._damaged()
            self._note(f"A packet near frame {self._frames} does not decode: {error_words(error)}.")
            return []

    def _described(self, frame: VideoFrame) -> list[int]:
        if self._form is None:
            self._form = (frame.width, frame.height, frame.format.name)
            self._channel.send({"facts": first_facts(self._container, self._stream, frame)})
        if frame.is_corrupt:
            self._damaged()
        require_size(frame, *self._form, self._frames)
        self._frames += 1
        if self._frames > self._limits["frames"]:
            raise TooLargeError(f"{self._name} has more than {self._limits['frames']} frames.")
        self._last_duration = int(frame.duration or 0)
        pts = NO_TIME if frame.pts is None else int(frame.pts)
        picture = PictureType(frame.pict_type).name
        return [
            pts,
            int(frame.key_frame),
            ord(picture) if picture in ("I", "P", "B") else ord("?"),
            int(frame.is_corrupt),
            int(frame.interlaced_frame),
            NO_TIME if frame.dts is None else int(frame.dts),
        ]

    def _put(self, described: list[int], looked: Future[_Looked]) -> None:
        digest, fields = looked.result()
        self._batch.append(([*described, *fields], digest))
        if len(self._batch) == BATCH_FRAMES:
            self._send_batch()

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

    def _note(self, defect: str) -> None:
        if len(self._defects) < _MOST_DEFECTS:
            self._defects.append(defect)


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


def error_words(error: Exception) -> str:
    """FFmpeg's words for an error, on one line."""
    return " ".join(str(getattr(error, "strerror", "") or error).split())
