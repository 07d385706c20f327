"""What the report says about a clip, as received and as delivered."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from pipelines.analysis.fields import judge_fields
from pipelines.evidence.json_value import decimal_string
from pipelines.media.picture import FrameShape
from pipelines.media.video import UNSPECIFIED, ColourTags, Delivery, TimingSource, VideoIndex
from pipelines.run.job import Job
from pipelines.run.marks import file_sha256
from pipelines.stages.export.fact_types import MediaKind
from pipelines.stages.export.facts_media import (
    ClipFacts,
    CredentialFacts,
    FieldFacts,
    FileFacts,
    StatedColour,
    StreamFate,
    StreamLine,
    TimingOrigin,
)
from pipelines.stages.export.gathered import layout_words, stream_lines

_MEDIA_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/matroska"}


def media_type(path: Path) -> str:
    """The IANA media type of a container by its suffix."""
    return _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")


def received_facts(job: Job, index: VideoIndex) -> FileFacts:
    """Say what the clip is that came in."""
    video = index.video
    return FileFacts(
        file_name=job.received.name,
        bytes=job.received.size,
        sha256=job.received.sha256,
        media_type=received_type(index),
        kind=MediaKind.VIDEO,
        width=video.shape.width,
        height=video.shape.height,
        depth=video.shape.layout.depth,
        layout=layout_words(video.shape),
        alpha=video.shape.layout.alpha,
        clip=_clip_facts(index, codec=video.stream.codec, container=index.format_name).model_copy(
            update={"fields": _field_facts(index)}
        ),
        remarks=job.received.agreed,
    )


def delivered_facts(
    index: VideoIndex,
    delivery: Delivery,
    shape: FrameShape,
    result: Path,
    credentials: CredentialFacts,
) -> FileFacts:
    """Say what the clip is that goes out."""
    options = tuple(f"{name}={value}" for name, value in sorted(delivery.options.items()))
    clip = _clip_facts(index, codec=delivery.codec, container=delivery.container)
    return FileFacts(
        file_name=result.name,
        bytes=result.stat().st_size,
        sha256=file_sha256(result),
        media_type=media_type(result),
        kind=MediaKind.VIDEO,
        width=shape.width,
        height=shape.height,
        depth=shape.layout.depth,
        layout=layout_words(shape),
        alpha=shape.layout.alpha,
        lossless=delivery.lossless,
        clip=clip.model_copy(
            update={"pixel_format": delivery.pixel_format, "encoder_options": options}
        ),
        credentials=credentials,
        remarks=delivery.remarks,
    )


def stream_fates(index: VideoIndex, delivery: Delivery) -> tuple[StreamLine, ...]:
    """Say what became of every stream."""
    fates = dict.fromkeys(delivery.dropped, StreamFate.DROPPED)
    fates[index.video.stream.index] = StreamFate.ENHANCED
    return stream_lines(index.streams, fates)


def _clip_facts(index: VideoIndex, *, codec: str, container: str) -> ClipFacts:
    video = index.video
    base = video.stream.time_base
    assumed = video.timing is TimingSource.ASSUMED
    rate = video.nominal_rate
    first, last = int(index.pts[0]), int(index.pts[-1] + index.duration[-1])
    return ClipFacts(
        container=container,
        codec=codec,
        pixel_format=video.pixel_format,
        frames=index.frames,
        time_base=f"{base.numerator}/{base.denominator}",
        timing=TimingOrigin(video.timing.value),
        assumed_rate=decimal_string(float(rate)) if assumed and rate is not None else None,
        nominal_rate=None if rate is None else _ratio(rate),
        duration_seconds=decimal_string(round(float((last - first) * base), 6)),
        variable_rate=len(set(index.duration[:-1].tolist())) > 1,
        rotation=video.rotation,
        sample_aspect=None if video.sample_aspect is None else _ratio(video.sample_aspect),
        colour=_stated(video.colour),
    )


def _field_facts(index: VideoIndex) -> FieldFacts:
    found = judge_fields(index)
    return FieldFacts(
        stated=found.stated.value,
        flagged=found.flagged,
        measured=found.weave.value,
        kinds={kind.value: number for kind, number in found.kinds.items()},
    )


def _stated(colour: ColourTags) -> StatedColour:
    spread = None
    if colour.full_range is not None:
        spread = "full" if colour.full_range else "studio"
    return StatedColour(
        primaries=_code(colour.primaries),
        transfer=_code(colour.transfer),
        matrix=_code(colour.matrix),
        range=spread,
        siting=None if colour.siting == "unspecified" else colour.siting,
    )


def _code(code: int) -> str | None:
    return None if code == UNSPECIFIED else f"H.273 code {code}"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def received_type(index: VideoIndex) -> str:
    """The IANA media type of the clip that came in."""
    names = index.format_name.split(",")
    if "mp4" in names or "mov" in names:
        return "video/mp4"
    return "video/matroska" if "matroska" in names else "application/octet-stream"
