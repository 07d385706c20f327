"""An index on disk, so that a run that is taken up again need not decode the clip once more.

One file: a line of JSON with the facts, then the arrays in numpy's own format, without pickles.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import EvidenceError
from pipelines.media.picture import Family, FrameShape, Matrix, PixelLayout, Siting
from pipelines.media.video import (
    ColourTags,
    FieldOrder,
    PacketDigests,
    StreamFacts,
    StreamKind,
    TimingSource,
    VideoFacts,
    VideoIndex,
)

_FORMAT = "evident-index/5"
_ARRAYS = (
    *("pts", "duration", "digest", "keyframe", "picture_type", "corrupt", "interlaced"),
    "fields",
)
_MOST_HEADER_BYTES = 16 << 20
_NOT_AN_INDEX = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError),
    *(SyntaxError, TokenError, MemoryError),  # numpy parses headers as Python's tokens
)


def save_index(index: VideoIndex, path: Path) -> None:
    """Write the index; it is there whole or not at all. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(json.dumps(_header(index)).encode() + b"\n")
        for name in _ARRAYS:
            np.save(file, _stored(index, name), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load_index(path: Path) -> VideoIndex:
    """Read what `save_index` made. Raises OSError, EvidenceError for anything else."""
    data = io.BytesIO(path.read_bytes())
    try:
        header = json.loads(data.readline(_MOST_HEADER_BYTES))
        if header["format"] != _FORMAT:
            raise EvidenceError(f"{path.name} is an index of another version.")
        arrays = {name: _array(data) for name in _ARRAYS}
        return _index(header, arrays)
    except _NOT_AN_INDEX as error:
        raise EvidenceError(f"{path.name} is not an index.") from error


def _stored(index: VideoIndex, name: str) -> NDArray[Any]:
    """One array of an index; fields that were not measured are an array of no columns."""
    found: NDArray[Any] | None = getattr(index, name)
    return np.zeros((index.frames, 0), np.int32) if found is None else found


def _array(data: BinaryIO) -> NDArray[Any]:
    found: NDArray[Any] = np.load(data, allow_pickle=False)
    return found


def _header(index: VideoIndex) -> dict[str, Any]:
    video, layout = index.video, index.video.shape.layout
    return {
        "format": _FORMAT,
        "format_name": index.format_name,
        "metadata": dict(index.container_metadata),
        "defects": list(index.defects),
        "decoder_threads": index.decoder_threads,
        "trim": [index.first_frame, index.whole_frames],
        "streams": [_stream_record(one) for one in index.streams],
        "packets": [[p.stream, p.packets, p.payload_bytes, p.chain.hex()] for p in index.packets],
        "stream": video.stream.index,
        "size": [video.shape.height, video.shape.width],
        "layout": [
            layout.family.value,
            layout.depth,
            layout.chroma_x,
            layout.chroma_y,
            layout.full_range,
            layout.matrix.value,
            layout.siting.value,
            layout.alpha,
        ],
        "pixel_format": video.pixel_format,
        "colour": [
            video.colour.full_range,
            video.colour.primaries,
            video.colour.transfer,
            video.colour.matrix,
            video.colour.siting,
        ],
        "sample_aspect": _text(video.sample_aspect),
        "rotation": video.rotation,
        "display_matrix": video.display_matrix,
        "nominal_rate": _text(video.nominal_rate),
        "timing": video.timing.value,
        "assumptions": list(video.assumptions),
        "hdr_metadata": list(video.hdr_metadata),
        "field_order": video.field_order.value,
    }


def _index(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> VideoIndex:
    streams = tuple(_stream(one) for one in header["streams"])
    family, depth, x, y, full_range, matrix, siting, alpha = header["layout"]
    height, width = header["size"]
    turn = header["display_matrix"]
    video = VideoFacts(
        stream={one.index: one for one in streams}[header["stream"]],
        shape=FrameShape(
            height,
            width,
            PixelLayout(
                family=Family(family),
                depth=depth,
                chroma_x=x,
                chroma_y=y,
                full_range=full_range,
                matrix=Matrix(matrix),
                siting=Siting(siting),
                alpha=alpha,
            ),
        ),
        pixel_format=header["pixel_format"],
        colour=ColourTags(*header["colour"]),
        sample_aspect=_ratio(header["sample_aspect"]),
        rotation=header["rotation"],
        display_matrix=None if turn is None else tuple(turn),
        nominal_rate=_ratio(header["nominal_rate"]),
        timing=TimingSource(header["timing"]),
        assumptions=tuple(header["assumptions"]),
        hdr_metadata=tuple(header["hdr_metadata"]),
        field_order=FieldOrder(header["field_order"]),
    )
    return VideoIndex(
        video=video,
        streams=streams,
        format_name=header["format_name"],
        pts=arrays["pts"],
        duration=arrays["duration"],
        digest=arrays["digest"],
        keyframe=arrays["keyframe"],
        picture_type=arrays["picture_type"],
        corrupt=arrays["corrupt"],
        interlaced=arrays["interlaced"],
        packets=tuple(
            PacketDigests(stream, packets, size, bytes.fromhex(chain))
            for stream, packets, size, chain in header["packets"]
        ),
        decoder_threads=header["decoder_threads"],
        container_metadata=header["metadata"],
        defects=tuple(header["defects"]),
        first_frame=header["trim"][0],
        whole_frames=header["trim"][1],
        fields=arrays["fields"] if arrays["fields"].shape[1] else None,
    )


def _stream_record(stream: StreamFacts) -> dict[str, Any]:
    return {
        "index": stream.index,
        "kind": stream.kind.value,
        "codec": stream.codec,
        "time_base": _text(stream.time_base),
        "language": stream.language,
        "disposition": list(stream.disposition),
        "metadata": dict(stream.metadata),
        "attached": stream.attached_picture,
        "sample_rate": stream.sample_rate,
    }


def _stream(record: Mapping[str, Any]) -> StreamFacts:
    return StreamFacts(
        index=record["index"],
        kind=StreamKind(record["kind"]),
        codec=record["codec"],
        time_base=Fraction(record["time_base"]),
        language=record["language"],
        disposition=tuple(record["disposition"]),
        metadata=record["metadata"],
        attached_picture=record["attached"],
        sample_rate=record["sample_rate"],
    )


def _text(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"


def _ratio(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
