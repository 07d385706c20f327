"""What was found of a file as one JSON object: what `evident inspect --json` prints.

Times are exact fractions of seconds as text, aspects likewise; a fact that is not stated is null.
Lists are bounded, and the count beside each is of everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pipelines.media.inspection import Inspection
from pipelines.media.photo_facts import PhotoHeader
from pipelines.media.picked import Picked
from pipelines.media.structure import Structure
from pipelines.media.timing import timing_of
from pipelines.media.video import UNSPECIFIED, VideoFacts
from pipelines.stages.inspect.aspect import Aspect
from pipelines.stages.inspect.inspected import Inspected

QP_WORDS = {
    "h264": "H.264 quantiser, 0 to 51",
    "vp9": "VP9 quantiser index, 0 to 255",
}
"""What the numbers of a quantiser mean, by codec."""


def document(found: Inspected) -> dict[str, Any]:
    """Everything that was found."""
    clip, photo = found.clip, found.photo
    kind = "photo" if photo is not None else "video" if clip is not None else "unknown"
    return {
        "file": found.name,
        "bytes": found.digests.size,
        "digests": dict(found.digests.hex),
        "kind": kind if found.kind.value == "unknown" else found.kind.value,
        "read": found.is_read,
        "reason": found.reason or None,
        "next_step": found.next_step or None,
        "clip": None if clip is None else _clip(found, clip),
        "photo": None if photo is None else _photo(photo) | {"tags": dict(found.structure.tags)},
        "structure": _structure(found.structure),
    }


def items(clip: Inspection) -> list[int]:
    """The video streams of a file: each is an item of its own. Cover art is none."""
    return [
        int(one["index"])
        for one in clip.container["streams"]
        if one["kind"] == "video" and not one["attached"]
    ]


def aspect_of(clip: Inspection) -> Aspect | None:
    """Sizes of the inspected stream, None where no frame decodes."""
    if not clip.frames.sizes:
        return None
    _, width, height = clip.frames.sizes[0]
    stated = clip.stated(clip.stream)["picture"]["sample_aspect"]
    rotation = 0 if clip.video is None else clip.video.rotation
    return Aspect(width, height, None if stated is None else Fraction(stated), rotation)


def _clip(found: Inspected, clip: Inspection) -> dict[str, Any]:
    container = dict(clip.container)
    streams = container.pop("streams")
    packets = {one.stream: one for one in clip.digests}
    return {
        "container": container,
        "streams": [_stream(one, packets) for one in streams],
        "items": items(clip),
        "timing": timing_of(str(container["format"])).value,
        "picture": _picture(clip),
        "colour": None if clip.video is None else _colour(clip.video),
        "frames": _frames(clip),
        "times": _times(clip),
        "packets": _packets(clip),
        "quantiser": _quantiser(clip),
        "fields": _fields(found),
        "assumptions": [] if clip.video is None else list(clip.video.assumptions),
        "defects": list(clip.defects),
        "refusal": clip.refusal or None,
        "decoder_threads": clip.decoder_threads,
    }


def _stream(stated: Mapping[str, Any], packets: Mapping[int, Any]) -> dict[str, Any]:
    counted = packets.get(int(stated["index"]))
    return {
        **stated,
        "packets": None if counted is None else counted.packets,
        "payload_bytes": None if counted is None else counted.payload_bytes,
        "packets_sha256": None if counted is None else counted.chain.hex(),
    }


def _picture(clip: Inspection) -> dict[str, Any] | None:
    aspect = aspect_of(clip)
    if aspect is None:
        return None
    stated = clip.stated(clip.stream)["picture"]
    return {
        "width": aspect.width,
        "height": aspect.height,
        "stated_sample_aspect": stated["sample_aspect"],
        "coded_sample_aspect": stated["coded_aspect"],
        "display_aspect": str(aspect.display),
        "displayed_width": aspect.shown[0],
        "displayed_height": aspect.shown[1],
        "rotation": aspect.rotation,
        "remark": aspect.remark or None,
        "size_changes": clip.frames.size_changes,
        "sizes": [list(one) for one in clip.frames.sizes],
    }


def _colour(video: VideoFacts) -> dict[str, Any]:
    tags, layout = video.colour, video.shape.layout
    return {
        "pixel_format": video.pixel_format,
        "depth": layout.depth,
        "range": "full" if layout.full_range else "studio",
        "range_is": "assumed" if tags.full_range is None else "stated",
        "matrix": layout.matrix.value,
        "matrix_is": "assumed" if tags.matrix == UNSPECIFIED else "stated",
        "primaries": None if tags.primaries == UNSPECIFIED else tags.primaries,
        "transfer": None if tags.transfer == UNSPECIFIED else tags.transfer,
        "hdr": list(video.hdr_metadata),
    }


def _frames(clip: Inspection) -> dict[str, Any]:
    frames = clip.frames
    return {
        "count": frames.frames,
        "stated_count": clip.stated(clip.stream)["stated_frames"] or None,
        "types": dict(frames.types),
        "keyframes": frames.keyframes,
        "longest_key_distance": frames.longest_key_distance or None,
        "frames_sha256": frames.frames_sha256 if frames.frames else None,
        "repeated": _picked(frames.repeats),
        "longest_repeat": frames.longest_repeat,
        "damaged": _picked(frames.corrupt),
        "concealed": [list(one) for one in clip.concealments],
    }


def _times(clip: Inspection) -> dict[str, Any]:
    times = clip.frames.times
    base = Fraction(clip.stated(clip.stream)["time_base"])
    length = None
    if times.lowest is not None and times.highest is not None:
        last = clip.frames.last_duration or times.usual or 0
        length = str((times.highest - times.lowest + last) * base)
    return {
        "time_base": str(base),
        "first": None if times.first is None else str(times.first * base),
        "length": length,
        "usual_step": None if times.usual is None else str(times.usual * base),
        "variable": times.is_variable,
        "missing": _picked(times.missing),
        "shared": _picked(times.shared),
        "gaps": {
            "count": times.gap_count,
            "widest": [{"frame": one.frame, "step": str(one.units * base)} for one in times.gaps],
        },
        "backwards": {
            "count": times.backward_count,
            "wraps": times.wraps,
            "first": [
                {"frame": one.frame, "step": str(one.units * base)} for one in times.backwards
            ],
        },
    }


def _packets(clip: Inspection) -> dict[str, Any]:
    size = clip.packets.size
    return {
        "count": clip.packets.packets,
        "keys": clip.packets.keys,
        "smallest": size.least,
        "mean": size.mean,
        "largest": size.most,
    }


def _quantiser(clip: Inspection) -> dict[str, Any]:
    spreads = {
        name: {"least": _hundredths(one.least), "mean": _hundredths(one.mean)}
        | {"most": _hundredths(one.most), "frames": one.count}
        for name, one in clip.frames.qp.items()
    }
    codec = str(clip.stated(clip.stream)["codec"])
    if spreads:
        said = QP_WORDS.get(codec, "MPEG quantiser scale as FFmpeg counts it")
    else:
        said = f"The decoder of {codec} does not tell its quantiser."
    return {"known": bool(spreads), "scale": said, "by_type": spreads}


def _fields(found: Inspected) -> dict[str, Any] | None:
    fields = found.fields
    if fields is None:
        return None
    return {
        "stated": fields.stated.value,
        "flagged_frames": fields.flagged,
        "measured": fields.weave.value,
        "kinds": {kind.value: count for kind, count in fields.kinds.items()},
        "contradiction": fields.contradiction or None,
    }


def _photo(header: PhotoHeader) -> dict[str, Any]:
    layout, metadata = header.shape.layout, header.metadata
    return {
        "width": header.shape.width,
        "height": header.shape.height,
        "family": layout.family.value,
        "depth": metadata.original_depth,
        "alpha": layout.alpha,
        "orientation": metadata.orientation,
        "upright": [header.upright.width, header.upright.height],
        "pages": metadata.pages,
        "palette": metadata.palette,
        "icc_bytes": len(metadata.icc or b""),
        "exif_bytes": len(metadata.exif or b""),
        "xmp_bytes": len(metadata.xmp or b""),
        "resolution": None
        if metadata.resolution is None
        else [str(metadata.resolution.x), str(metadata.resolution.y)],
        "remarks": list(metadata.remarks),
        "assumptions": list(header.assumptions),
    }


def _structure(structure: Structure) -> dict[str, Any]:
    return {
        "parts": [{"name": one.name, "at": one.at, "bytes": one.size} for one in structure.parts],
        "part_count": structure.part_count,
        "hidden": [
            {
                "where": one.where,
                "at": one.at,
                "bytes": one.size,
                "sha256": one.sha256,
                "begins": one.begins.hex(),
                "zero": one.zero,
            }
            for one in structure.hidden
        ],
        "hidden_count": structure.hidden_count,
        "wrong": list(structure.wrong),
        "not_looked_for": list(structure.unsought),
    }


def _picked(picked: Picked) -> dict[str, Any]:
    return {"count": picked.count, "first": list(picked.first)}


def _hundredths(value: int | None) -> float | None:
    return None if value is None else value / 100
