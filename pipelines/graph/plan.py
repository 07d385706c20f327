"""The plan: a graph with everything resolved, so that it can be hashed, logged and run again.

A plan holds no clock, no path and no name of a machine: the same file, graph, engine build,
device class and threads give the same plan and the same digest. Nothing here touches pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, cast

from pydantic import Field, ValidationError

from pipelines.errors import EvidenceError
from pipelines.evidence.canonical import canonical_bytes, parse_object
from pipelines.evidence.json_value import Json
from pipelines.graph.descriptors import (
    FrameRate,
    FrameUse,
    OperationClass,
    ParameterSource,
    PlaneUse,
)
from pipelines.graph.region import Corner, DrawnRegion
from pipelines.graph.spec import Preset, Strict, without_floats

SEGMENT_SECONDS = Fraction(2)


class PlannedPicture(Strict):
    """Size and layout of a picture. Sizes count samples of the first plane."""

    width: int
    height: int
    family: str
    depth: int
    chroma: tuple[int, int] = Field(description="Luma samples per chroma sample, x and y.")
    full_range: bool
    matrix: str
    siting: str
    alpha: bool


class PlannedSource(Strict):
    """The file as received, and what of it is worked on.

    `stream`, `frames`, `time_base` are those of a clip; `decoder_threads` decode it, one where it
    is damaged; `first_frame` is where a person had it begin. `overrides` are what a person decided
    otherwise than the file states, by name. `orientation` says what a photo's orientation tag
    leads to.
    """

    sha256: str
    bytes: int
    kind: Literal["photo", "video"]
    picture: PlannedPicture
    stream: int | None = None
    frames: int = 1
    time_base: str | None = None
    index_sha256: str | None = None
    decoder_threads: int | None = None
    orientation: Literal["apply", "keep"] | None = None
    first_frame: int = 0
    overrides: dict[str, Any] = Field(default_factory=dict)


class PlannedRegion(Strict):
    """The region that an operation is held to: as it was drawn, and on the operation's samples."""

    drawn: DrawnRegion
    samples: tuple[Corner, ...]


class PlannedStep(Strict):
    """One operation with every parameter and its facts; `region` is None where it has none."""

    op: str
    operation_class: OperationClass
    frame_use: FrameUse
    parameter_source: ParameterSource
    plane_use: PlaneUse
    parameters: dict[str, Any]
    pixels: int
    before: int
    after: int
    result: PlannedPicture
    network: str | None = None
    region: PlannedRegion | None = None


class PlannedTiming(Strict):
    """How the frames of a result are counted, where that is not how the source counts them.

    `change` is what an operation declared; `time_base` is the unit of the result's times.
    """

    change: FrameRate
    cycle_start: int
    frames: int
    time_base: str


class PlannedTracking(Strict):
    """What looked for things, how thoroughly, and what it found: the digest of `tracks.json`.

    `tracks` and `tracks_sha256` are None in a plan that was made without looking.
    """

    targets: tuple[str, ...]
    detector: str
    detector_version: str
    detector_sha256: str
    engine: str
    longest_side: int
    every: int
    least_score: float
    tracks: int | None = None
    tracks_sha256: str | None = None


class PlannedFusion(Strict):
    """A region whose frames are fused beside the result, and what was made: its list by digest.

    `declined` and `list_sha256` are None in a plan that was made without fusing.
    """

    frame: int
    box: tuple[int, int, int, int]
    radius: int
    scale: int
    operation_class: OperationClass
    frame_use: FrameUse
    parameter_source: ParameterSource
    declined: bool | None = None
    list_sha256: str | None = None


class PlannedSegments(Strict):
    """Fixed ranges of the frames of the result.

    `starts` are first frames; a range ends where the next begins, the last one at `frames`.
    """

    seconds: str
    frames: int
    starts: tuple[int, ...]

    def ranges(self) -> tuple[tuple[int, int], ...]:
        """(first, one past the last) of every segment."""
        stops = (*self.starts[1:], self.frames)
        return tuple(zip(self.starts, stops, strict=True))


class PlannedDelivery(Strict):
    """How the result is coded and wrapped."""

    container: str
    codec: str
    pixel_format: str
    lossless: bool
    options: dict[str, str] = Field(default_factory=dict)
    threads: int = 1
    copied: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()


class PlannedCeilings(Strict):
    """The most the job can need, in bytes; checked against the machine before it runs."""

    memory_bytes: int
    scratch_bytes: int
    disk_bytes: int


class Plan(Strict):
    """Everything that decides the samples of the result.

    `networks` are the facts of `models.engines.residency.WarmNetworks.facts`; `tile_pixels` is
    the side of a photo's work region in samples of the result.
    """

    version: Literal[1] = 1
    graph_sha256: str
    preset: Preset
    source: PlannedSource
    steps: tuple[PlannedStep, ...]
    networks: tuple[dict[str, str | int], ...] = ()
    threads: int
    frames_at_once: int = 1
    tile_pixels: int | None = None
    segments: PlannedSegments | None = None
    timing: PlannedTiming | None = None
    tracking: PlannedTracking | None = None
    fusions: tuple[PlannedFusion, ...] = ()
    delivery: PlannedDelivery
    ceilings: PlannedCeilings

    @property
    def result_frames(self) -> int:
        """How many frames the result has."""
        return self.source.frames if self.timing is None else self.timing.frames

    def canonical(self) -> bytes:
        """The plan's only spelling, as evidence JSON (reals are decimal strings).

        A timing that is the source's, overrides and regions where there are none, and tracks or
        fusions that nobody asked for are not spelt, so plans without them read as they always did.
        """
        document = self.model_dump(mode="json")
        for name in ("timing", "tracking"):
            if document[name] is None:
                del document[name]
        if not self.fusions:
            del document["fusions"]
        for step in document["steps"]:
            if step["region"] is None:
                del step["region"]
        if not self.source.overrides:
            del document["source"]["overrides"], document["source"]["first_frame"]
        value = without_floats(document)
        return canonical_bytes(cast("Mapping[str, Json]", value))

    def digest(self) -> str:
        """SHA-256 of the canonical form, lower-case hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @property
    def samples_sha256(self) -> str:
        """SHA-256 of the canonical form without the graph's digest, the ceilings and the fusions.

        It covers what decides the result's samples and nothing else: the same work under another
        case, on a machine with another bound, or with stills fused beside it, has the same.
        """
        document = parse_object(self.canonical())
        for name in ("graph_sha256", "ceilings", "fusions"):
            document.pop(name, None)
        return hashlib.sha256(canonical_bytes(document)).hexdigest()


def read_plan(data: bytes) -> Plan:
    """Take a plan's canonical form apart again. Raises EvidenceError."""
    try:
        return Plan.model_validate(parse_object(data))
    except ValidationError as error:
        raise EvidenceError("The plan's fields are not those of version 1.") from error


def segment_starts(
    pts: Sequence[int], time_base: Fraction, *, seconds: Fraction = SEGMENT_SECONDS
) -> tuple[int, ...]:
    """First frames of the segments of a clip with presentation times `pts` in `time_base` units.

    A segment ends before the first frame that is `seconds` or more after its own first frame, so
    the ranges depend on the times alone and never on key frames or workers.
    """
    starts = [0]
    step = seconds / time_base
    for frame, moment in enumerate(pts):
        if moment - pts[starts[-1]] >= step:
            starts.append(frame)
    return tuple(starts)
