"""Opening a clip inside the decode child, and taking its frames apart without changing a sample.

The file is opened by its descriptor, so a name that looks like an address or an option means
nothing, and what was checked is what is read. Only the `file` protocol and containers that hold
their own data are let in: no playlist, no pattern, no reference to anything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipelines.errors import (
    DamagedError,
    NotMediaError,
    UnknownFormatError,
    UnsupportedError,
)
from pipelines.media.picture import Samples
from pipelines.media.pixel_formats import REARRANGED, PixelFormat, planar
from pipelines.media.tasks.regular_file import descriptor_of

CONTAINERS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "asf", "flv", "ogg", "mxf",
    "nut", "h264", "hevc", "m4v", "ivf", "dv", "wtv", "gxf", "rm", "yuv4mpegpipe", "obu", "av1",
    "3gp", "dirac", "vc1", "dhav", "hxvs",
)  # fmt: skip
"""FFmpeg's names of the containers that are read."""

_NOT_MEDIA_STEP = "Name a photograph (PNG, JPEG, WebP, TIFF, BMP) or a video file."


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Open a clip. Raises UnreadableError, UnknownFormatError."""
    with descriptor_of(path) as descriptor:
        try:
            container = av.open(
                f"/proc/self/fd/{descriptor}",
                options={"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)},
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, ValueError, OSError) as error:
            raise UnknownFormatError(
                f"{path.name} is no picture and no video that can be read.",
                next_step=_NOT_MEDIA_STEP,
            ) from error
        with container:
            yield container


def chosen_stream(container: InputContainer, wanted: int | None, name: str) -> VideoStream:
    """The video stream to work on: the wanted one, else FFmpeg's choice among real videos.

    That is the one flagged as default, then the largest, then the first; cover art never counts.
    """
    candidates = [one for one in container.streams.video if not is_attached(one)]
    if wanted is not None:
        for one in candidates:
            if one.index == wanted:
                return one
        choice = ", ".join(str(one.index) for one in candidates) or "none"
        raise UnsupportedError(
            f"{name} has no video stream {wanted}.", next_step=f"Its video streams are: {choice}."
        )
    if not candidates:
        held = ", ".join(sorted({one.type for one in container.streams})) or "nothing"
        raise NotMediaError(f"{name} holds no video ({held} only).", next_step=_NOT_MEDIA_STEP)
    return max(
        candidates,
        key=lambda one: (
            bool(one.disposition & av.stream.Disposition.default),
            one.codec_context.width * one.codec_context.height,
            -one.index,
        ),
    )


def use_threads(stream: VideoStream, threads: int) -> None:
    """Decode with so many threads, frames side by side where the codec allows it."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads


def is_attached(stream: Any) -> bool:
    """Whether a stream is cover art or a thumbnail, not footage."""
    attached = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return bool(stream.disposition & attached)


def own_streams(container: InputContainer) -> list[Any]:
    """The container's streams without the text track that holds its chapters.

    FFmpeg hands chapters out as such and marks their track to be discarded (mov.c).
    """
    return [one for one in container.streams if one.discard != Discard.all]


def planar_format(frame: VideoFrame) -> PixelFormat:
    """The planar format that holds the frame's samples. Raises UnsupportedError."""
    found = planar(frame.format.name)
    if found is None:
        raise UnsupportedError(
            f"Pictures in the pixel format {frame.format.name} are not worked on.",
            next_step="Convert it to a planar format first; the conversion is then on record.",
        )
    return found


def stored_planes(frame: VideoFrame) -> list[NDArray[np.uint8]]:
    """The decoder's planes as (rows, bytes) arrays over its own memory, padding cut off."""
    planes: list[NDArray[np.uint8]] = []
    for plane in frame.planes:
        stored: NDArray[np.uint8] = np.frombuffer(cast("Any", plane), np.uint8)
        rows = stored.reshape(-1, plane.line_size)[: plane.height]
        planes.append(rows[:, : _row_bytes(frame, plane.width, len(planes))])
    return planes


def _row_bytes(frame: VideoFrame, width: int, plane: int) -> int:
    """Bytes of one row of a plane, without padding."""
    return width * _sample_bytes(frame.format.name, plane)


_PACKED_BYTES: Mapping[str, int] = {
    "rgb24": 3, "bgr24": 3, "rgba": 4, "bgra": 4, "argb": 4, "abgr": 4, "rgb0": 4, "bgr0": 4,
    "0rgb": 4, "0bgr": 4, "rgb48le": 6, "rgb48be": 6, "rgba64le": 8, "yuyv422": 2, "uyvy422": 2,
}  # fmt: skip


def _sample_bytes(name: str, plane: int) -> int:
    """Bytes per column of a plane of a format."""
    if name in _PACKED_BYTES:
        return _PACKED_BYTES[name]
    if name.startswith("nv"):
        return 1 if plane == 0 else 2
    if name.startswith(("p010", "p012", "p210")):
        return 2 if plane == 0 else 4
    found = planar(name)
    return 1 if found is None or found.depth <= 8 else 2


def frame_digest(frame: VideoFrame) -> bytes:
    """SHA-256 over the decoder's planes in order, rows without padding (FFmpeg's framehash)."""
    digest = hashlib.sha256()
    for plane in stored_planes(frame):
        digest.update(np.ascontiguousarray(plane).data)
    return digest.digest()


_IN_HIGH_BITS: Mapping[str, int] = {"p010le": 6, "p012le": 4, "p210le": 6}
"""Formats of 16-bit words whose samples begin so many bits up, Cb and Cr side by side.

They are taken apart here: swscale, asked for the planar format, gives other samples now and then.
"""


def copy_planes(frame: VideoFrame, targets: tuple[Samples, ...]) -> None:
    """Copy a frame's samples to `targets`: Y, Cb, Cr or R, G, B or Y, then opacity."""
    form = planar_format(frame)
    if frame.format.name in _IN_HIGH_BITS:
        bits = _IN_HIGH_BITS[frame.format.name]
        luma, chroma = (one.view("<u2") for one in stored_planes(frame))
        parts = (luma, chroma[:, 0::2], chroma[:, 1::2])
        for target, part in zip(targets, parts, strict=True):
            np.right_shift(part, bits, out=target)
        return
    if frame.format.name in REARRANGED:
        frame = frame.reformat(format=form.name)
    stored = stored_planes(frame)
    for target, place in zip(targets, form.order, strict=True):
        target[:] = stored[place].view(target.dtype)


def require_size(frame: VideoFrame, width: int, height: int, form: str, index: int) -> None:
    """Refuse a clip whose pictures change their size or format on the way."""
    if (frame.width, frame.height, frame.format.name) != (width, height, form):
        raise UnsupportedError(
            f"Frame {index} is {frame.width} x {frame.height} {frame.format.name}; the frames "
            f"before it are {width} x {height} {form}.",
            next_step="Split the clip where its size or format changes.",
        )


def undecodable(name: str, reason: str) -> DamagedError:
    """The error for a clip without a single frame."""
    return DamagedError(
        f"{name}: no frame decodes{f' ({reason})' if reason else ''}.",
        next_step="Obtain an intact copy of the file.",
    )
