"""The decode child's small picture of a file: a photograph as it is seen, a frame of a clip.

For looking only: samples are means of whole squares at 8 bit, WebP and lossy, without metadata.
Nothing is judged by it, and nothing of it enters a report. Message, out: `{"glance": {"webp"}}`,
the bytes in base64.
"""

from __future__ import annotations

import base64
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import DamagedError, NotMediaError, TooLargeError
from pipelines.media.channel import Channel
from pipelines.media.identify import HEAD_BYTES, identify
from pipelines.media.limits import VideoLimits
from pipelines.media.photo_facts import PhotoLimits
from pipelines.media.photo_header import read_header
from pipelines.media.photo_planes import plane_views, stored_view
from pipelines.media.picture import Samples
from pipelines.media.tasks.photo import opened as mapped
from pipelines.media.tasks.regular_file import descriptor_of
from pipelines.media.tasks.video_source import chosen_stream, opened
from pipelines.media.view_encode import view_bytes

MOST_PIXELS = 100_000_000
_MOST_PACKETS = 2_000
_QUARTERS = 90


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Look at one file. `arguments`: "path", and "side", the longest that is wanted."""
    path, side = Path(str(arguments["path"])), int(arguments["side"])
    with descriptor_of(path), path.open("rb") as file:
        kind = identify(file.read(HEAD_BYTES))
    if kind.refusal:
        raise NotMediaError(f"{kind.refusal}.", next_step="There is nothing to be seen of it.")
    seen = _photo(path) if kind.is_photo else _frame(path)
    webp = view_bytes(_smaller(seen, side), "webp")
    channel.send({"glance": {"webp": base64.b64encode(webp).decode("ascii")}})


def _photo(path: Path) -> NDArray[np.uint8]:
    """Decode a photograph, turned as it is seen, as (H, W, 3) uint8."""
    from pipelines.media.photo_decode import decode  # noqa: PLC0415 - libvips, only here

    with mapped(path) as data:
        header = read_header(data, PhotoLimits())
        shape = header.upright
        if shape.height * shape.width > MOST_PIXELS:
            raise TooLargeError("The photograph is too large for a small picture of it.")
        planes = plane_views(mmap.mmap(-1, max(1, shape.frame_bytes)), shape)
        turn = header.metadata.orientation
        decode(data, header, tuple(stored_view(plane, turn) for plane in planes))
    colours = [_eight_bit(one, shape.layout.depth) for one in planes[: shape.layout.colour_planes]]
    return np.stack(colours * (3 // len(colours)), axis=-1)


def _frame(path: Path) -> NDArray[np.uint8]:
    """Decode a frame of the middle of a clip, turned as it is seen, as (H, W, 3) uint8."""
    limits = VideoLimits()
    with opened(path) as container:
        stream = chosen_stream(container, None, "The file")
        context = stream.codec_context
        if max(context.width, context.height) > limits.side:
            raise TooLargeError(f"Its pictures claim {context.width} x {context.height} pixels.")
        if stream.duration:
            middle = (stream.start_time or 0) + stream.duration // 2
            container.seek(middle, stream=stream)
        for number, packet in enumerate(container.demux(stream)):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                frames = []
            for frame in frames:
                seen = cast(NDArray[np.uint8], frame.to_ndarray(format="rgb24"))
                return np.rot90(seen, int(frame.rotation) // _QUARTERS % 4)
            if number >= _MOST_PACKETS:
                break
    raise DamagedError("No frame of the clip can be decoded.", next_step="Look at the file itself.")


def _eight_bit(plane: Samples, depth: int) -> NDArray[np.uint8]:
    return cast(NDArray[np.uint8], (plane >> (depth - 8)).astype(np.uint8))


def _smaller(seen: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Reduce to at most `side` by means of whole squares; the rest at two edges is left out."""
    step = min(-(-max(seen.shape[:2]) // side), *seen.shape[:2])
    height, width = (size // step * step for size in seen.shape[:2])
    rows = np.zeros((height // step, width // step, 3), np.uint32)
    for down in range(step):
        for across in range(step):
            rows += seen[down:height:step, across:width:step]
    return cast(NDArray[np.uint8], (rows // (step * step)).astype(np.uint8))
