"""The decode child's first look at a stranger's file: is it a picture or a clip that is worked on.

Headers alone are read; of a clip one frame is decoded, so that a file which only claims to be one
is told from one that is. Message, out: `{"probe": {"media", "media_type", "width", "height"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av

from pipelines.errors import DamagedError, NotMediaError, TooLargeError
from pipelines.media.channel import Channel
from pipelines.media.identify import HEAD_BYTES, identify
from pipelines.media.limits import VideoLimits
from pipelines.media.photo_facts import PhotoLimits
from pipelines.media.photo_header import read_header
from pipelines.media.tasks.photo import opened as mapped
from pipelines.media.tasks.regular_file import descriptor_of
from pipelines.media.tasks.video_source import chosen_stream, opened

_MOST_PACKETS = 2_000
_MEDIA_TYPES = {
    "mov": "video/mp4",
    "matroska": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "asf": "video/x-ms-asf",
    "flv": "video/x-flv",
    "ogg": "video/ogg",
    "mxf": "application/mxf",
}
"""By FFmpeg's first name of the container."""


def run(arguments: Mapping[str, Any], channel: Channel) -> None:
    """Look at one file. `arguments`: "path"."""
    path = Path(str(arguments["path"]))
    with descriptor_of(path), path.open("rb") as file:
        kind = identify(file.read(HEAD_BYTES))
    if kind.refusal:
        raise NotMediaError(
            f"{kind.refusal}.", next_step="Convert it first; the conversion is then on record."
        )
    if kind.is_photo:
        with mapped(path) as data:
            shape = read_header(data, PhotoLimits()).shape
        found = _told("photo", kind.media_type, shape.width, shape.height)
    else:
        found = _clip(path)
    channel.send({"probe": found})


def _clip(path: Path) -> dict[str, Any]:
    limits = VideoLimits()
    with opened(path) as container:
        if len(container.streams) > limits.streams:
            raise TooLargeError(f"The clip holds {len(container.streams)} streams.")
        stream = chosen_stream(container, None, "The file")
        context = stream.codec_context
        if max(context.width, context.height) > limits.side:
            raise TooLargeError(f"Its pictures claim {context.width} x {context.height} pixels.")
        for number, packet in enumerate(container.demux(stream)):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                frames = []
            if frames:
                name = container.format.name.partition(",")[0]
                media_type = _MEDIA_TYPES.get(name, "application/octet-stream")
                return _told("video", media_type, frames[0].width, frames[0].height)
            if number >= _MOST_PACKETS:
                break
    raise DamagedError(
        "No frame of the clip can be decoded.", next_step="Obtain it again from its source."
    )


def _told(media: str, media_type: str, width: int, height: int) -> dict[str, Any]:
    return {"media": media, "media_type": media_type, "width": width, "height": height}
