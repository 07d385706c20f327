"""The decode child's look at a clip for `inspect`: every packet, every frame, nothing refused.

What a job would refuse (pictures that change their size, a format that is not worked on) is told
here. Messages, all out: `{"container": …}` at once; `{"first": …}` with the first frame, where
one decodes; `{"frames": …}` and `{"packets": …}` in batches, rows of int64 as base64; `{"end": …}`.
Nothing is kept, so memory does not grow with the clip.

Where several threads decode and damage is noticed the pass ends with `{"damaged": 1}`: see
`pipelines.media.tasks.video_index`.
"""

from __future__ import annotations

import base64
import gc
import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from pipelines.errors import InputError, TooLargeError, UnsupportedError
from pipelines.media.channel import Channel
from pipelines.media.frame_row import UNKNOWN_QP, FrameRow, PacketRow
from pipelines.media.tasks.container_facts import container_facts
from pipelines.media.tasks.decoder_words import Complaints, DecoderWords
from pipelines.media.tasks.field_meter import NOTHING, FieldMeter
from pipelines.media.tasks.packet_chain import NO_TIME, PacketChain
from pipelines.media.tasks.video_index import error_words, first_facts
from pipelines.media.tasks.video_source import (
    chosen_stream,
    frame_digest,
    opened,
    own_streams,
    use_threads,
)

BATCH_ROWS = 256
_WAITING = 4
_MOST_DEFECTS = 100
_QP_CODECS = frozenset({"h264", "mpeg1video", "mpeg2video", "mpeg4", "vp9"})
_BLOCK_DELTA = 16
"""Where AVVideoBlockParams (libavutil/video_enc_params.h) holds a block's difference in QP."""

_Looked = tuple[bytes, tuple[int, ...]]


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Inspect one clip.

    `arguments`: "path", "name", "stream" (or None), "threads" of the decoder, "limits".
    """
    try:
        with opened(Path(str(arguments["path"]))) as container:
            _Inspector(arguments, container, channel).run()
    except _DamageNoticedError:
        channel.send({"damaged": 1})


class _DamageNoticedError(Exception):
    """The clip is damaged, and several threads decode it."""


class _Inspector:
    """One pass over one clip."""

    def __init__(
        self, arguments: Mapping[str, Any], container: InputContainer, channel: Channel
    ) -> None:
        self._limits = arguments["limits"]
        self._name = str(arguments["name"])
        self._threads = int(arguments["threads"])
        self._container = container
        self._channel = channel
        self._stream = chosen_stream(container, arguments["stream"], self._name)
        self._chains = {one.index: PacketChain(one.index) for one in own_streams(container)}
        self._meter = FieldMeter()
        self._rows: list[tuple[int, ...]] = []
        self._digests: list[bytes] = []
        self._packets: list[tuple[int, ...]] = []
        self._frames = 0
        self._defects: list[str] = []
        self._complaints = Complaints()
        codec = self._stream.codec_context.codec.canonical_name
        self._reads_qp = codec in _QP_CODECS

    def run(self) -> None:
        """Look at everything, in one pass."""
        if len(self._container.streams) > self._limits["streams"]:
            raise TooLargeError(f"{self._name} holds {len(self._container.streams)} streams.")
        self._channel.send({"container": container_facts(self._container, self._stream)})
        use_threads(self._stream, self._threads)
        if self._reads_qp:
            self._stream.codec_context.options = {"export_side_data": "+venc_params"}
        # Side data makes frames hold themselves; they are let go by the collector, called often,
        # so it must have little to look at.
        gc.collect()
        gc.freeze()
        reason = ""
        if self._decodable():
            with DecoderWords(self._stream.codec_context.codec.name) as words:
                reason = self._read(words)
        self._send_frames()
        self._send_packets()
        self._channel.send(
            {
                "end": {
                    "packets": [one.summary() for one in self._chains.values()],
                    "defects": [*self._defects, *self._complaints.sentences()],
                    "concealments": self._complaints.concealments,
                    "threads": self._threads,
                    "reads_qp": self._reads_qp,
                    "reason": reason,
                }
            }
        )

    def _decodable(self) -> bool:
        """Whether the claimed size may be decoded; what claims more is described only."""
        context = self._stream.codec_context
        fits: bool = (
            context.width * context.height <= self._limits["pixels"]
            and max(context.width, context.height) <= self._limits["side"]
        )
        if not fits:
            self._note(f"Frames of {context.width} x {context.height} are claimed: not decoded.")
        return fits

    def _read(self, words: DecoderWords) -> str:
        """Read to the end; returns why it came too early, if it did."""
        waiting: deque[tuple[tuple[int, ...], Future[_Looked]]] = deque()
        reason = ""
        with ThreadPoolExecutor(1) as hasher:
            try:
                for packet in self._container.demux():
                    self._count(packet)
                    for frame in self._decoded(packet):
                        waiting.append((self._described(frame), self._look(hasher, frame)))
                        del frame
                        while len(waiting) > (0 if self._threads == 1 else _WAITING):
                            self._put(*waiting.popleft())
                        gc.collect()
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

    def _count(self, packet: Packet[Any]) -> None:
        if not packet.size:
            return
        index = packet.stream.index
        if index in self._chains:
            self._chains[index].add(packet)
        if index == self._stream.index:
            row = PacketRow(packet.size, _time(packet.pts), _time(packet.dts), packet.is_keyframe)
            self._packets.append(row.numbers())
            if len(self._packets) == BATCH_ROWS:
                self._send_packets()

    def _decoded(self, packet: Packet[Any]) -> list[VideoFrame]:
        if packet.stream.index != self._stream.index:
            return []
        try:
            return packet.decode()
        except MemoryError:
            raise
        except av.error.FFmpegError as error:
            self._damaged()
            self._note(f"A packet near frame {self._frames} does not decode: {error_words(error)}.")
            return []

    def _described(self, frame: VideoFrame) -> tuple[int, ...]:
        if not self._frames:
            self._say_first(frame)
        if frame.is_corrupt:
            self._damaged()
        self._frames += 1
        if self._frames > self._limits["frames"]:
            raise TooLargeError(f"{self._name} has more than {self._limits['frames']} frames.")
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

    def _say_first(self, frame: VideoFrame) -> None:
        try:
            facts = first_facts(self._container, self._stream, frame)
        except UnsupportedError as error:
            self._channel.send({"first": None, "refusal": str(error)})
        else:
            self._channel.send({"first": facts, "refusal": ""})

    def _look(self, hasher: ThreadPoolExecutor, frame: VideoFrame) -> Future[_Looked]:
        """Digest and fields to come; at once where one thread decodes, so that frames go soon."""
        if self._threads > 1:
            return hasher.submit(self._looked_at, frame)
        done: Future[_Looked] = Future()
        done.set_result(self._looked_at(frame))
        return done

    def _looked_at(self, frame: VideoFrame) -> _Looked:
        try:
            return frame_digest(frame), self._meter.measure(frame)
        except (InputError, ValueError):
            # A format whose planes are not known here: converted, it still tells repeated frames.
            plain = frame.to_ndarray(format="rgb24")
            return hashlib.sha256(plain.tobytes()).digest(), NOTHING

    def _hear(self, words: DecoderWords) -> None:
        for said in words.heard():
            self._damaged()
            self._complaints.add(said, self._frames)

    def _damaged(self) -> None:
        if self._threads > 1:
            raise _DamageNoticedError

    def _put(self, described: tuple[int, ...], looked: Future[_Looked]) -> None:
        digest, fields = looked.result()
        self._rows.append((*described, *fields))
        self._digests.append(digest)
        if len(self._rows) == BATCH_ROWS:
            self._send_frames()

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

    def _note(self, defect: str) -> None:
        if len(self._defects) < _MOST_DEFECTS:
            self._defects.append(defect)


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
