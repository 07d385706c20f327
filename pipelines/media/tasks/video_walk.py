"""One walk over a clip in the decode child: packets counted, frames decoded and looked at.

The index of a job and `inspect` take this walk, each with a visitor of its own, so that both meet
the same frames and the same defects. Frames come in the order of display; with several threads
digests are made beside the decoding.

A damaged clip that is decoded with several threads shows other samples every time, for what is
concealed depends on which thread came first. So the first sign of damage ends such a walk with
the message `{"damaged": 1}`, and another child has to begin anew with one thread. One thread
decodes into places of memory in the order in which they became free, and where damage left a gap
their earlier contents show: so frames are let go there at the same moments whoever walks.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipelines.errors import TooLargeError
from pipelines.media.channel import Channel
from pipelines.media.tasks.decoder_words import Complaints, DecoderWords
from pipelines.media.tasks.packet_chain import PacketChain
from pipelines.media.tasks.video_source import chosen_stream, opened, own_streams, use_threads

Looked = tuple[bytes, tuple[int, ...]]
"""The digest of a frame, and the measures of its fields."""

_HASHES_WAITING = 4
_MOST_DEFECTS = 100


class Visitor(Protocol):
    """What is done with the packets and frames of a walk."""

    def met(self, packet: Packet[Any]) -> None:
        """Take note of a packet of the stream that is decoded, in the order of the file."""

    def described(self, frame: VideoFrame, number: int) -> tuple[int, ...]:
        """Say what a frame states about itself; may raise what ends the walk."""

    def looked_at(self, frame: VideoFrame) -> Looked:
        """Do all that takes every sample; called in the order of display, beside the decoding."""

    def put(self, described: tuple[int, ...], looked: Looked) -> None:
        """Take what was found of a frame, in the order of display."""


class DamageNoticedError(Exception):
    """The clip is damaged, and several threads decode it."""


class ClipWalk:
    """The walk over one stream of one container, and what it met.

    `most_frames` bounds it (TooLargeError). Where a visitor asks every frame for its side data,
    `frames_hold_themselves`: such a frame is let go by the collector of garbage alone.
    """

    def __init__(
        self, arguments: Mapping[str, Any], container: InputContainer, *, holds_all: bool
    ) -> None:
        self.name = str(arguments["name"])
        self.stream: VideoStream = chosen_stream(container, arguments["stream"], self.name)
        self.threads = int(arguments["threads"])
        self.frames = 0
        self.complaints = Complaints()
        self._container = container
        self._chains = {one.index: PacketChain(one.index) for one in own_streams(container)}
        self._most_frames = int(arguments["limits"]["frames"])
        self._most_streams = int(arguments["limits"]["streams"])
        self._holds_all = holds_all
        self._held = False
        self._defects: list[str] = []

    def require_few_streams(self) -> None:
        """Raise TooLargeError where the container has more streams than are looked at."""
        count = len(self._container.streams)
        if count > self._most_streams:
            raise TooLargeError(f"{self.name} holds {count} streams.")

    def take(self, visitor: Visitor) -> str:
        """Walk to the end; returns why it came too early, if it did."""
        use_threads(self.stream, self.threads)
        with DecoderWords(self.stream.codec_context.codec.name) as words:
            return self._read(visitor, words)

    def packets(self) -> list[Any]:
        """What was counted of every stream."""
        return [one.summary() for one in self._chains.values()]

    def defects(self) -> list[str]:
        """What was noted, then what the decoder complained of."""
        return [*self._defects, *self.complaints.sentences()]

    def note(self, defect: str) -> None:
        """Keep one sentence about the clip, up to a bound."""
        if len(self._defects) < _MOST_DEFECTS:
            self._defects.append(defect)

    def _read(self, visitor: Visitor, words: DecoderWords) -> str:
        waiting: deque[tuple[tuple[int, ...], Future[Looked]]] = deque()
        reason = ""
        with ThreadPoolExecutor(1) as hasher:
            try:
                for packet in self._container.demux():
                    self._count(packet, visitor)
                    for frame in self._decoded(packet):
                        described = self._described(frame, visitor)
                        waiting.append((described, self._looked(hasher, frame, visitor)))
                        while len(waiting) > _HASHES_WAITING:
                            _put(visitor, *waiting.popleft())
                    self._hear(words)
            except MemoryError:
                raise
            except av.error.FFmpegError as error:
                reason = error_words(error)
                self.note(f"Reading stopped before the end: {reason}.")
            self._hear(words)
            while waiting:
                _put(visitor, *waiting.popleft())
        return reason

    def _count(self, packet: Packet[Any], visitor: Visitor) -> None:
        if not packet.size:
            return
        index = packet.stream.index
        if index in self._chains:
            self._chains[index].add(packet)
        if index == self.stream.index:
            visitor.met(packet)

    def _decoded(self, packet: Packet[Any]) -> list[VideoFrame]:
        if packet.stream.index != self.stream.index:
            return []
        self._let_go()
        try:
            return packet.decode()
        except MemoryError:
            # That is this process, not the clip: frames would be missed for no fault of its own.
            raise
        except av.error.FFmpegError as error:
            self._damaged()
            self.note(f"A packet near frame {self.frames} does not decode: {error_words(error)}.")
            return []

    def _let_go(self) -> None:
        """Free frames that hold themselves: the first, or all, for their side data was asked for.

        The newest frame is still in the reader's hand, here as in every other loop over frames.
        """
        if self._held and self.frames > 1:
            gc.collect()
            self._held = False

    def _described(self, frame: VideoFrame, visitor: Visitor) -> tuple[int, ...]:
        if frame.is_corrupt:
            self._damaged()
        if self.frames >= self._most_frames:
            raise TooLargeError(f"{self.name} has more than {self._most_frames} frames.")
        described = visitor.described(frame, self.frames)
        self._held = self._held or self._holds_all or not self.frames
        self.frames += 1
        return described

    def _looked(
        self, hasher: ThreadPoolExecutor, frame: VideoFrame, visitor: Visitor
    ) -> Future[Looked]:
        """Have a frame looked at; at once where one thread decodes, so that it can be let go."""
        if self.threads > 1:
            return hasher.submit(visitor.looked_at, frame)
        done: Future[Looked] = Future()
        done.set_result(visitor.looked_at(frame))
        return done

    def _hear(self, words: DecoderWords) -> None:
        for said in words.heard():
            self._damaged()
            self.complaints.add(said, self.frames)

    def _damaged(self) -> None:
        """Damage was noticed."""
        if self.threads > 1:
            raise DamageNoticedError


def walked(
    arguments: Mapping[str, Any], channel: Channel, begin: Callable[[InputContainer], None]
) -> None:
    """Open the clip of `arguments` and begin; say `damaged` where the walk ended for that."""
    try:
        with opened(Path(str(arguments["path"]))) as container:
            begin(container)
    except DamageNoticedError:
        channel.send({"damaged": 1})


def error_words(error: Exception) -> str:
    """FFmpeg's words for an error, on one line."""
    return " ".join(str(getattr(error, "strerror", "") or error).split())


def _put(visitor: Visitor, described: tuple[int, ...], looked: Future[Looked]) -> None:
    visitor.put(described, looked.result())
