"""How a result is coded and wrapped: a decision from facts alone, with its reasons.

Codec. Lossless results take H.264 at qp 0 where it holds the samples (8 and 10 bit, even sizes
where chroma is shared), else FFV1. Lossy ones take H.264, for 12 bit H.265, else FFV1 after all.
Segments begin with a key frame and hold no B-frames, so packet n is frame n. Equal samples are
coded to equal bytes.

The container is chosen in `containers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from pipelines.errors import UnsupportedError
from pipelines.media.containers import choose_container
from pipelines.media.picture import FrameShape
from pipelines.media.pixel_formats import FORMATS
from pipelines.media.video import Delivery, StreamFacts, StreamKind, VideoIndex

THREADS = 4
"""Encoder threads are part of the plan, because coded bytes depend on them."""

X264_CRF = "15"
X265_CRF = "14"
X264_REPEATS = "open-gop=0:sync-lookahead=0:mbtree=0"
"""What makes x264 code equal samples to equal bytes.

Its `mbtree` for processors with AVX-512 takes eight blocks at a time and does not stop at the end
of a row, so where a row is no multiple of eight blocks it adds up what happened to lie in memory
(docs/coded-bytes.md). Nothing else depends on frames that are yet to come, so no lookahead is
stated.
"""

_LEAST_HEVC_SIDE = 64
_MOST_SLICE_BITS = 8 << 24
_SMALL = (352, 288)

_H264 = {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"}
# Gray goes to FFV1: a decoder of H.264 gives it back as 4:2:0, and H.265 would state a range.
_HEVC = {"yuv420p12le", "yuv422p12le", "yuv444p12le"}
_FFV1_PACKED = {"gbrp": "bgr0", "gbrap": "bgra"}
_FFV1 = {name for name in FORMATS if not name.startswith("yuvj")}


def choose_delivery(
    index: VideoIndex,
    result: FrameShape,
    *,
    lossless: bool,
    drop_streams: frozenset[int] = frozenset(),
    untouched: bool,
) -> Delivery:
    """Decide codec, options, container and what becomes of the other streams.

    `untouched` says that no operation runs. Raises UnsupportedError where no codec holds the
    samples, no container the streams, or `drop_streams` names what cannot be dropped.
    """
    empty = _empty_sound(index) - drop_streams
    drop_streams |= empty
    kept = _kept(index, drop_streams)
    _require_order(index)
    remarks = [
        f"Stream {one} is announced as sound and holds nothing; it was left out."
        for one in sorted(empty)
    ]
    codec, pixel_format, is_lossless = _codec(result, remarks, lossless=lossless)
    container = choose_container(index, kept, codec, remarks)
    moved = _moved(index, kept)
    if moved:
        remarks.append(
            f"The clip begins {float(moved):.6f} s before zero, which no container here shows; all "
            "times were moved by that."
        )
    if untouched:
        remarks.append("No operation ran; the samples were coded as they were decoded.")
    remarks.extend(_others(index, kept))
    if index.video.hdr_metadata:
        left = " and ".join(index.video.hdr_metadata)
        remarks.append(f"The result does not carry the source's metadata for HDR displays: {left}.")
    return Delivery(
        codec=codec,
        pixel_format=pixel_format,
        container=container.name,
        suffix=container.suffix,
        lossless=is_lossless,
        options=_options(codec, result, lossless=is_lossless),
        threads=THREADS,
        kept_as_is=tuple(stream.index for stream in kept),
        dropped=tuple(sorted(drop_streams)),
        remarks=tuple(remarks),
        moved=moved,
    )


def _moved(index: VideoIndex, kept: tuple[StreamFacts, ...]) -> Fraction:
    """By how many seconds times are moved so that the first frame is not before zero.

    Raises UnsupportedError where a kept stream cannot be moved by as much, to the tick.
    """
    first = int(index.pts.min())
    if first >= 0:
        return Fraction(0)
    moved = -first * index.video.stream.time_base
    for stream in kept:
        if (moved / stream.time_base).denominator != 1:
            raise UnsupportedError(
                f"The clip begins before zero, and the times of stream {stream.index} cannot be "
                "moved by exactly as much.",
                next_step=f"Leave it out with --drop-stream {stream.index}; that is on record.",
            )
    return moved


def planar_name(shape: FrameShape) -> str:
    """FFmpeg's planar pixel format for a layout. Raises UnsupportedError."""
    layout = shape.layout
    for form in FORMATS.values():
        same = (form.family, form.depth, form.chroma_x, form.chroma_y, form.alpha) == (
            layout.family,
            layout.depth,
            layout.chroma_x,
            layout.chroma_y,
            layout.alpha,
        )
        if same and not form.states_full_range:
            return form.name
    raise UnsupportedError(f"No pixel format holds {layout.depth}-bit {layout.family.value}.")


def _empty_sound(index: VideoIndex) -> frozenset[int]:
    """Streams of sound without a packet: cameras announce them, and muxers leave them away."""
    empty = {one.stream for one in index.packets if not one.packets}
    own = index.video.stream.index
    return frozenset(
        one.index
        for one in index.streams
        if one.kind is StreamKind.AUDIO and one.index in empty and one.index != own
    )


def _kept(index: VideoIndex, drop: frozenset[int]) -> tuple[StreamFacts, ...]:
    own = index.video.stream.index
    known = {stream.index for stream in index.streams}
    for stream in sorted(drop):
        if stream not in known:
            raise UnsupportedError(
                f"There is no stream {stream} to drop.",
                next_step=f"The file's streams are {', '.join(map(str, sorted(known)))}.",
            )
        if stream == own:
            raise UnsupportedError(
                f"Stream {stream} is the video that is enhanced; it cannot be dropped.",
                next_step="Choose another one with --video-stream first.",
            )
    return tuple(one for one in index.streams if one.index != own and one.index not in drop)


def _require_order(index: VideoIndex) -> None:
    """Refuse frames that are earlier than the one before: nothing is reordered here."""
    early = np.flatnonzero(np.diff(index.pts) < 0)
    if len(early):
        raise UnsupportedError(
            f"Frame {early[0] + 1} is earlier than the frame before it; no container here keeps "
            "such times.",
            next_step="Rewrap the clip so that its times rise, and keep a record of that.",
        )


def _codec(result: FrameShape, remarks: list[str], *, lossless: bool) -> tuple[str, str, bool]:
    """(encoder, its pixel format, whether it keeps every sample)."""
    layout = result.layout
    name = planar_name(result)
    whole_chroma = result.width % layout.align_x == 0 and result.height % layout.align_y == 0
    if name in _H264 and whole_chroma:
        return "libx264", name, lossless
    if name == "gbrp":
        return "libx264rgb", "bgr0", lossless
    hevc = name in _HEVC and whole_chroma
    if not lossless and hevc and min(result.width, result.height) >= _LEAST_HEVC_SIDE:
        return "libx265", name, False
    if name not in _FFV1:
        raise UnsupportedError(
            f"No codec here delivers {name} pictures.",
            next_step="Convert the clip to 8, 10 or 12 bits first; the conversion is on record.",
        )
    if not lossless:
        why = "size" if name in _H264 or name in _HEVC else "samples"
        remarks.append(
            f"Delivered without loss as FFV1: neither H.264 nor H.265 holds its {why} "
            f"({result.width} x {result.height}, {name})."
        )
    return "ffv1", _FFV1_PACKED.get(name, name), True


def _options(codec: str, result: FrameShape, *, lossless: bool) -> Mapping[str, str]:
    if codec == "ffv1":
        return {
            "level": "3",
            "coder": "1",
            "context": "1",
            "slicecrc": "1",
            "slices": _slices(result),
            "g": "1",
        }
    if codec == "libx265":
        settings = "bframes=0:open-gop=0:log-level=none:frame-threads=1:info=0"
        return {"preset": "fast", "crf": X265_CRF, "x265-params": settings}
    quality = {"qp": "0"} if lossless else {"crf": X264_CRF}
    return {
        **quality,
        "preset": "veryfast" if lossless else "fast",
        "bf": "0",
        "x264-params": X264_REPEATS,
    }


def _slices(result: FrameShape) -> str:
    """The least number of slices, 2 x 2 or more, into which FFV1 cuts such a picture.

    FFmpeg (ffv1enc.c) asks that each holds chroma, that chroma is not cut in the middle of a
    sample and that no slice is large; one slice alone is for small pictures.
    """
    layout = result.layout
    weight = (layout.depth + 1) * layout.plane_count
    for rows in range(2, 17):
        for columns in range(rows, 2 * rows + 1):
            area = -(-result.width // columns) * -(-result.height // rows)
            if (
                _cuts(result.width, columns, layout.align_x)
                and _cuts(result.height, rows, layout.align_y)
                and area * weight <= _MOST_SLICE_BITS
            ):
                return str(rows * columns)
    if result.width > _SMALL[0] or result.height > _SMALL[1]:
        raise UnsupportedError(
            f"FFV1 does not hold pictures of {result.width} x {result.height}.",
            next_step="Crop or resize the clip to another size.",
        )
    return "1"


def _cuts(side: int, parts: int, unit: int) -> bool:
    """Whether a side falls into so many parts that end where a chroma sample ends."""
    return -(-side // unit) >= parts and not (side % unit and -(-side // parts) % unit == 0)


def _others(index: VideoIndex, kept: tuple[StreamFacts, ...]) -> list[str]:
    """Say what became of other video streams and of cover art."""
    said = []
    for stream in kept:
        if stream.kind is StreamKind.VIDEO:
            what = "Cover art" if stream.attached_picture else "Another video"
            said.append(f"{what}, stream {stream.index} ({stream.codec}), is copied as it is.")
    chosen = index.video.stream.index
    if any(one.kind is StreamKind.VIDEO and not one.attached_picture for one in kept):
        said.insert(0, f"Of several video streams, stream {chosen} was enhanced.")
    return said
