"""Encodes one segment of a clip: samples in, one file whose packet n is frame n.

Nothing converts a sample on the way: rows are copied into the encoder's own frame. Times are
counted in frames here and set exactly when segments are joined. A segment appears under its
name complete or not at all.
"""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import av
import numpy as np
from av.codec.context import Flags
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipelines.errors import ConservationError, DiskFullError, ResourceError
from pipelines.media.encoder_samples import (
    PACKED_COLUMNS,
    encoder_digest,
    packed,
    stored_order,
)
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.video import UNSPECIFIED, Delivery, VideoIndex

SEGMENT_FORMAT = "nut"
_FALLBACK_RATE = Fraction(25)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SegmentWriter:
    """Writes frames `first`, `first + 1`, … of a result to `path`, in order.

    Leaving the context without `finish` leaves nothing behind.
    """

    def __init__(
        self,
        path: Path,
        index: VideoIndex,
        result: FrameShape,
        delivery: Delivery,
        *,
        first: int,
        sample_aspect: Fraction | None = None,
    ) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._first = first
        self._result = result
        self._form = delivery.pixel_format
        self._frames = 0
        self._packets = 0
        try:
            self._out = av.open(str(self._part), "w", format=SEGMENT_FORMAT)
        except (OSError, av.error.FFmpegError) as error:
            raise _refusal(path, error) from error
        rate = index.video.nominal_rate or _FALLBACK_RATE
        options = dict(delivery.options)
        self._stream = cast("Any", self._out.add_stream(delivery.codec, rate=rate, options=options))
        context = self._stream.codec_context
        context.width, context.height = result.width, result.height
        context.pix_fmt = delivery.pixel_format
        context.time_base = 1 / rate
        context.thread_count = delivery.threads
        context.flags |= Flags.global_header
        self._colour(index)
        aspect = sample_aspect or index.video.sample_aspect
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        self._context = context

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abandon()

    def write(self, planes: tuple[Samples, ...]) -> bytes:
        """Encode the next frame.

        Returns its `encoder_digest`. Raises DiskFullError, ResourceError.
        """
        frame = VideoFrame(self._result.width, self._result.height, self._form)
        self._fill(frame, planes)
        frame.pts = self._frames
        frame.time_base = self._context.time_base
        frame.color_range = self._context.color_range
        self._frames += 1
        self._mux(frame)
        return encoder_digest(planes, pixel_format=self._form, codec=self._context.name)

    def finish(self) -> None:
        """Write what the encoder still holds, and give the file its name.

        Raises ConservationError where the encoder did not make one packet per frame.
        """
        self._mux(None)
        try:
            self._out.close()
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
        except (OSError, av.error.FFmpegError) as error:
            raise _refusal(self._path, error) from error
        if self._packets != self._frames:
            raise ConservationError(
                f"The encoder made {self._packets} packets of {self._frames} frames."
            )
        self._part.replace(self._path)

    def abandon(self) -> None:
        """Forget what is not finished."""
        self._part.unlink(missing_ok=True)

    def _colour(self, index: VideoIndex) -> None:
        """State what the source states; what it does not state stays unspecified."""
        colour = index.video.colour
        context = self._stream.codec_context
        if colour.full_range is not None:
            context.color_range = 2 if colour.full_range else 1
        context.color_primaries = colour.primaries or UNSPECIFIED
        context.color_trc = colour.transfer or UNSPECIFIED
        if self._form not in PACKED_COLUMNS and not self._form.startswith("gbr"):
            context.colorspace = colour.matrix or UNSPECIFIED

    def _fill(self, frame: VideoFrame, planes: tuple[Samples, ...]) -> None:
        """Copy planes (Y, Cb, Cr, A or R, G, B, A) into the frame."""
        if self._form in PACKED_COLUMNS:
            stored: tuple[NDArray[Any], ...] = (packed(planes, self._form),)
        else:
            stored = stored_order(planes, self._form)
        for target, samples in zip(frame.planes, stored, strict=True):
            rows: NDArray[np.uint8] = np.frombuffer(cast("Any", target), np.uint8)
            whole = np.ascontiguousarray(samples)
            bytes_ = whole.view(np.uint8).reshape(whole.shape[0], -1)
            rows.reshape(-1, target.line_size)[: bytes_.shape[0], : bytes_.shape[1]] = bytes_

    def _mux(self, frame: VideoFrame | None) -> None:
        try:
            for packet in self._context.encode(frame):
                packet.stream = self._stream
                self._packets += 1
                self._out.mux(packet)
        except (OSError, av.error.FFmpegError) as error:
            raise _refusal(self._path, error) from error


def _refusal(path: Path, error: OSError | av.error.FFmpegError) -> ResourceError:
    """Explain why a segment cannot be written."""
    if error.errno in _FULL:
        return DiskFullError(
            f"No space is left to write {path.name}.",
            next_step="Free some space there and run again with --resume.",
        )
    return ResourceError(f"{path.name} cannot be encoded or written: {error}.")
