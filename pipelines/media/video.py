"""The facts about a clip that reading, rendering and writing share. No decoder is imported here.

A *displayed frame* is a frame that a decoder hands out in presentation order. Everything
about frames is held in flat arrays, so that an hour of video costs a few megabytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import FrameShape, Samples

UNSPECIFIED = 2
"""ITU-T H.273: the code point for "unspecified" primaries, transfer and matrix."""


class TimingSource(StrEnum):
    """Where presentation times come from."""

    CONTAINER = "container"
    PROPRIETARY = "proprietary"
    ASSUMED = "assumed"


class FieldOrder(StrEnum):
    """What a file states about the fields of its frames, by which is displayed first."""

    UNSTATED = "unstated"
    PROGRESSIVE = "progressive"
    TOP_FIRST = "top-first"
    BOTTOM_FIRST = "bottom-first"


class StreamKind(StrEnum):
    """What a stream of a container carries."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    DATA = "data"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class ColourTags:
    """Colour signalling as stated by the file, in H.273 code points; unknown stays unknown.

    `full_range` is None where the file does not state a range.
    """

    full_range: bool | None = None
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    siting: str = "unspecified"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of the container, of any kind. `sample_rate` in hertz, None but for audio."""

    index: int
    kind: StreamKind
    codec: str
    time_base: Fraction
    language: str = ""
    disposition: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    attached_picture: bool = False
    sample_rate: int | None = None


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The video stream that is worked on.

    `shape` is the decoded picture before rotation. `pixel_format` is FFmpeg's name of the
    decoder's output. `rotation` is the display matrix's counter-clockwise turn in degrees
    (0, 90, 180, 270 after normalisation); `display_matrix` its nine 32-bit values, or None.
    `sample_aspect` is None where the file states none. `nominal_rate` is only a hint for
    encoders and viewers; times come from the index. `hdr_metadata` names what the first frame
    carries of it.
    """

    stream: StreamFacts
    shape: FrameShape
    pixel_format: str
    colour: ColourTags
    sample_aspect: Fraction | None
    rotation: int
    display_matrix: tuple[int, ...] | None
    nominal_rate: Fraction | None
    timing: TimingSource
    assumptions: tuple[str, ...] = ()
    hdr_metadata: tuple[str, ...] = ()
    field_order: FieldOrder = FieldOrder.UNSTATED


@dataclass(frozen=True, slots=True)
class PacketDigests:
    """What one stream's coded packets are: number, bytes, and one digest over all of them.

    `chain` is SHA-256 over the concatenated SHA-256 digests of the packet payloads in file
    order, each followed by pts and dts as signed 64-bit big-endian numbers (the smallest
    64-bit number where a packet has none).
    """

    stream: int
    packets: int
    payload_bytes: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """Every displayed frame of the chosen stream, in presentation order.

    pts, duration: (N,) int64 in `video.stream.time_base` units; duration is the distance to
        the next frame, for the last one what the container says (else the previous one's).
    digest: (N, 32) uint8, SHA-256 of the decoder's planes, rows without padding, planes in
        order, samples little-endian: what FFmpeg's framehash prints for rawvideo.
    keyframe: (N,) bool. picture_type: (N,) uint8 of ASCII I, P, B or ?.
    corrupt: (N,) bool, frames that the decoder itself marked as damaged.
    interlaced: (N,) bool, frames that the decoder was told are made of two fields.
    fields: (N, 5) int32, how the fields of each frame fit together, as
        `pipelines.media.tasks.field_meter` measures it, -1 where it cannot; None where it was
        not measured.
    first_frame, whole_frames: where a person trimmed the clip, the number of its first frame
        here as the decoder counts them, and how many there are; 0 and None elsewhere.
    decoder_threads: how many threads decoded it, and decode it whenever it is read; 1 for a clip
        that is damaged, because only then it gives the same samples every time.
    """

    video: VideoFacts
    streams: tuple[StreamFacts, ...]
    format_name: str
    pts: NDArray[np.int64]
    duration: NDArray[np.int64]
    digest: NDArray[np.uint8]
    keyframe: NDArray[np.bool_]
    picture_type: NDArray[np.uint8]
    corrupt: NDArray[np.bool_]
    interlaced: NDArray[np.bool_]
    packets: tuple[PacketDigests, ...]
    decoder_threads: int
    container_metadata: Mapping[str, str] = field(default_factory=dict)
    defects: tuple[str, ...] = ()
    fields: NDArray[np.int32] | None = None
    first_frame: int = 0
    whole_frames: int | None = None

    @property
    def frames(self) -> int:
        """The number of displayed frames."""
        return len(self.pts)


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame in a slot of shared memory. `planes` are valid until `release` is called."""

    index: int
    pts: int
    planes: tuple[Samples, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the result is coded and wrapped, and why.

    `options` are the encoder's private options; `threads` is fixed because encoded bytes
    depend on it. `dropped` are source streams left out by request. `kept_as_is` are the
    source streams copied packet for packet. `moved` is by how many seconds all times are later
    than in the source, where that begins before zero.
    """

    codec: str
    pixel_format: str
    container: str
    suffix: str
    lossless: bool
    options: Mapping[str, str]
    threads: int
    kept_as_is: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    moved: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class CodedSegment:
    """What a coded segment is made of, so that it is known again in the joined file.

    `coded` is SHA-256 over the SHA-256 digests of its packets, where a packet of H.264 or H.265
    is taken as its NAL units, each after its length as a 32-bit big-endian number, because
    containers part them differently. `first_frame` is the digest of its first frame, decoded.
    """

    frames: int
    coded: bytes
    first_frame: bytes


@dataclass(frozen=True, slots=True)
class Law:
    """One conservation law and whether the result keeps it. `source`, `result`: printable."""

    name: str
    source: str
    result: str
    holds: bool
    declared: str = ""
