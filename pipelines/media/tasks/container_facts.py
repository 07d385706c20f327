"""What a container states about itself and its streams, before anything is decoded."""

from __future__ import annotations

import hashlib
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.media.tasks.video_index import spelt, stream_facts
from pipelines.media.tasks.video_source import own_streams

_MOST_TAGS = 200
_MOST_CHAPTERS = 200
_LONGEST_TAG = 1000


def container_facts(container: InputContainer, chosen: VideoStream) -> dict[str, Any]:
    """The container and every stream; `chosen` is the one that is decoded."""
    return {
        "format": container.format.name,
        "format_words": container.format.long_name or "",
        "metadata": _tags(container.metadata),
        "start": _seconds(container.start_time),
        "duration": _seconds(container.duration),
        "bit_rate": int(container.bit_rate or 0),
        "chapters": len(container.chapters()[:_MOST_CHAPTERS]),
        "stream": chosen.index,
        "streams": [_stream(one) for one in own_streams(container)],
    }


def _stream(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    facts = stream_facts(stream)
    facts["metadata"] = _tags(stream.metadata)
    facts["start"] = None if stream.start_time is None else int(stream.start_time)
    facts["duration"] = None if stream.duration is None else int(stream.duration)
    facts["stated_frames"] = int(stream.frames or 0)
    if context is not None:
        extradata = context.extradata or b""
        facts["profile"] = context.profile or ""
        facts["tag"] = context.codec_tag if isinstance(context.codec_tag, str) else ""
        facts["bit_rate"] = int(context.bit_rate or 0)
        facts["header_bytes"] = len(extradata)
        facts["header_sha256"] = hashlib.sha256(extradata).hexdigest() if extradata else None
    if stream.type == "video" and context is not None:
        facts["picture"] = _picture(stream, context)
    if stream.type == "audio" and context is not None:
        facts["channels"] = int(context.channels)
    return facts


def _picture(stream: Any, context: Any) -> dict[str, Any]:
    """Sizes, aspect and rates as they are stated."""
    return {
        "width": context.width,
        "height": context.height,
        "coded_width": context.coded_width,
        "coded_height": context.coded_height,
        "pixel_format": context.pix_fmt or "",
        "sample_aspect": spelt(stream.sample_aspect_ratio),
        "coded_aspect": spelt(context.sample_aspect_ratio),
        "field_order": int(context.field_order),
        "average_rate": spelt(stream.average_rate),
        "guessed_rate": spelt(stream.guessed_rate),
    }


def _tags(metadata: Any) -> dict[str, str]:
    """Tags as text, so many and so long at the most; a tag that was cut says so."""
    kept = {}
    for name, value in list(metadata.items())[:_MOST_TAGS]:
        text = str(value)
        cut = f" [… {len(text) - _LONGEST_TAG} characters]" if len(text) > _LONGEST_TAG else ""
        kept[str(name)[:_LONGEST_TAG]] = text[:_LONGEST_TAG] + cut
    return kept


def _seconds(value: int | None) -> str | None:
    """A time of the container in seconds, as an exact fraction."""
    return None if value is None else f"{value}/{av.time_base}"
