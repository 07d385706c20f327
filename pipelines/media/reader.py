"""Frames of an indexed clip, in order, through shared memory; every one checked by its digest.

Reading may begin anywhere: it seeks to the key frame before, and where what comes back is not
what the index lists, it starts again from the beginning of the file. So an index and a range
always give the same samples, and a file that decodes differently the second time is an error.
As many threads decode as did for the index; where that is one, memory is steady too.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from pipelines.errors import DecodeChildError, UnsteadyError
from pipelines.media.photo_planes import plane_views
from pipelines.media.picture import Samples
from pipelines.media.pool import ChildSession, DecodePool
from pipelines.media.video import DecodedFrame, TimingSource, VideoIndex

SLOTS = 6


class FrameReader:
    """Iterates over frames `first` to `stop` (exclusive) of `index`.

    A frame's planes lie in one of `slots` places and are valid until `release`; at most that
    many frames are decoded ahead. Leaving the context ends the decoder.
    """

    def __init__(
        self,
        pool: DecodePool,
        path: Path,
        index: VideoIndex,
        *,
        first: int = 0,
        stop: int | None = None,
        slots: int = SLOTS,
    ) -> None:
        self._pool = pool
        self._path = path
        self._index = index
        self._first = first
        self._stop = index.frames if stop is None else stop
        self._slots = slots
        self._session: ChildSession | None = None
        self._planes: list[tuple[Samples, ...]] = []
        self._memory: mmap.mmap | None = None
        self._slot_of: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yield the frames. Raises UnsteadyError where one does not decode as it was indexed."""
        seek = self._seek()
        wanted = self._first
        while wanted < self._stop:
            self._begin(wanted, seek)
            for frame in self._received():
                if not self._matches(frame, wanted, timed=seek is not None):
                    break
                yield frame
                wanted += 1
            if wanted < self._stop:
                if seek is None:
                    raise UnsteadyError(
                        f"Frame {wanted} does not decode as it did when the clip was indexed.",
                        next_step="Check that nothing changes the file, then run again.",
                    )
                seek = None
        self._end()

    def release(self, frame: DecodedFrame) -> None:
        """Give a frame's place back; its planes may change from now on."""
        slot = self._slot_of.pop(frame.index, None)
        if slot is not None and self._session is not None:
            try:
                self._session.send({"release": slot})
            except DecodeChildError:
                # It ended after its last frame, or crashed: the next `receive` knows which.
                return

    def _seek(self) -> list[int] | None:
        """[pts of the key frame before, pts of the first frame], None to decode from the start."""
        index, first = self._index, self._first
        if first + index.first_frame == 0 or index.video.timing is not TimingSource.CONTAINER:
            return None
        keys = np.flatnonzero(index.keyframe[: first + 1])
        target = int(index.pts[first])
        if len(keys) == 0 or keys[-1] == 0 or int((index.pts == target).sum()) != 1:
            return None
        return [int(index.pts[keys[-1]]), target]

    def _begin(self, wanted: int, seek: list[int] | None) -> None:
        self._end()
        size = max(1, self._index.video.shape.frame_bytes)
        total = size * self._slots
        session = self._pool.session(
            "video_frames",
            {
                "path": str(self._path),
                "name": self._path.name,
                "stream": self._index.video.stream.index,
                "slots": self._slots,
                "first": wanted + self._index.first_frame,
                "stop": self._stop + self._index.first_frame,
                "seek": seek,
                "threads": self._index.decoder_threads,
            },
            steady=self._index.decoder_threads == 1,
        )
        self._session = session
        descriptor = os.memfd_create("frames", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, total)
            memory = mmap.mmap(descriptor, total)
            session.share(descriptor, total)
        finally:
            os.close(descriptor)
        self._memory = memory
        shape = self._index.video.shape
        self._planes = [
            plane_views(memory, shape, offset=size * slot) for slot in range(self._slots)
        ]

    def _received(self) -> Iterator[DecodedFrame]:
        session = self._session
        while session is not None:
            message: dict[str, Any] = session.receive()
            if "frame" not in message:
                return
            slot = int(message["slot"])
            frame = DecodedFrame(
                index=int(message["frame"]) - self._index.first_frame,
                pts=int(message["pts"]) if message["pts"] is not None else 0,
                planes=self._planes[slot],
                digest=bytes.fromhex(message["digest"]),
            )
            self._slot_of[frame.index] = slot
            yield frame

    def _matches(self, frame: DecodedFrame, wanted: int, *, timed: bool) -> bool:
        index = self._index
        same = frame.index == wanted and frame.digest == bytes(index.digest[wanted])
        return same and (not timed or frame.pts == int(index.pts[wanted]))

    def _end(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._slot_of.clear()
        self._planes = []
        self._memory = None
