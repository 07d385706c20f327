"""The graph that outsiders write: version 1, as JSON.

Unknown fields are refused everywhere, so a misspelt parameter is an error and never a
default. Real numbers may be written as JSON numbers or as decimal strings; the canonical
form, which is what is stored and hashed, holds decimal strings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from models.spec import Precision
from pipelines.errors import GraphError
from pipelines.evidence.canonical import canonical_bytes
from pipelines.evidence.json_value import Json, decimal_string
from pipelines.graph.expected import ExpectedDigest
from pipelines.graph.matter import Matter, agreed
from pipelines.graph.overrides import Overrides

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
ArtifactDigest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]

Pixel = Annotated[int, Field(ge=0, le=1 << 20)]

T = TypeVar("T", bound=BaseModel)

MAX_STAGES = 64
MAX_INPUTS = 64
MAX_FUSIONS = 8


class Preset(StrEnum):
    """Which policy governs the graph."""

    FORENSIC_SAFE = "forensic-safe"
    BALANCED = "balanced"
    PRESENTATION = "presentation"


class StageKind(StrEnum):
    """What a stage does."""

    INGEST = "ingest"
    DETECT_TRACK = "detect_track"
    ENHANCE = "enhance"
    QA = "qa"
    EXPORT = "export"


class Strict(BaseModel):
    """Base of every part of a graph."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GraphInput(Strict):
    """One input: an artifact by digest."""

    artifact: ArtifactDigest


class Stage(Strict):
    """One node: its parameters are checked against the stage kind later."""

    name: Name
    kind: StageKind
    needs: tuple[Name, ...] = Field(min_length=1, max_length=MAX_STAGES)
    params: dict[str, Any] = Field(default_factory=dict)


class Graph(Strict):
    """A job's graph. `matter` says what the work is about, and changes no sample."""

    version: Literal[1]
    preset: Preset = Preset.FORENSIC_SAFE
    inputs: dict[Name, GraphInput] = Field(min_length=1, max_length=MAX_INPUTS)
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=MAX_STAGES)
    matter: Matter | None = None

    def document(self) -> dict[str, Any]:
        """The graph as JSON; of the matter only what was said."""
        document = self.model_dump(mode="json", exclude={"matter"})
        return document if self.matter is None else {**document, "matter": self.matter.said}

    def about(self, given: Matter | None, *, beside: str) -> Self:
        """The graph with what was said `beside` it. Raises GraphError where they contradict."""
        return self.model_copy(update={"matter": agreed(self.matter, given, beside=beside)})

    def canonical(self) -> Mapping[str, Json]:
        """The graph as evidence JSON: reals are decimal strings."""
        return cast("Mapping[str, Json]", without_floats(self.document()))

    def digest(self) -> str:
        """SHA-256 of the canonical form, lower-case hexadecimal."""
        return hashlib.sha256(canonical_bytes(self.canonical())).hexdigest()


class IngestParams(Strict):
    """What ingest may be told.

    `video_stream` is the container's stream index; None lets the product choose. `orientation`
    None applies a photograph's orientation once, and keeps it when nothing else is done.
    `overrides` are an analyst's, each with its reason; `expected` are digests that the file must
    have by its supplier's list.
    """

    video_stream: int | None = Field(default=None, ge=0, le=1023)
    orientation: Literal["apply", "keep"] | None = None
    overrides: Overrides = Overrides()
    expected: tuple[ExpectedDigest, ...] = Field(default=(), max_length=16)

    @model_validator(mode="after")
    def _one_stream_is_chosen(self) -> Self:
        if self.video_stream is not None and self.overrides.stream is not None:
            raise ValueError("the stream is chosen twice, by video_stream and by an override")
        return self

    @property
    def chosen_stream(self) -> int | None:
        """The video stream to work on; None lets the product choose."""
        chosen = self.overrides.stream
        return self.video_stream if chosen is None else chosen.value


class FusionParams(Strict):
    """A region of a clip of which several frames are fused into one finer still.

    `frame` counts displayed frames from 0; `box` is (left, top, width, height) in samples of luma
    of the picture as decoded; `radius` frames on each side are looked at; `scale` is how many
    times as fine the grid is.
    """

    frame: int = Field(ge=0, le=1 << 40)
    box: tuple[Pixel, Pixel, Pixel, Pixel]
    radius: int = Field(default=7, ge=1, le=15)
    scale: int = Field(default=2, ge=2, le=3)


class EnhanceParams(Strict):
    """The operations, in order. Each is `{"op": name, ...parameters}`.

    `fusions` are stills that are made beside the result, of frames as received.

    `allow_ungated` says why networks may run that no gate has passed; `despite_fields` says why
    frames may be worked on otherwise than their fields were measured; `allow_licence` says why a
    network may be used whose licence is not open to every use. All are on record. `precision` is
    what the networks compute in; left out, the fastest that gates admit here.
    """

    operations: tuple[dict[str, Any], ...] = Field(default=(), max_length=64)
    fusions: tuple[FusionParams, ...] = Field(default=(), max_length=MAX_FUSIONS)
    allow_ungated: str | None = Field(default=None, min_length=3, max_length=500)
    despite_fields: str | None = Field(default=None, min_length=3, max_length=500)
    allow_licence: str | None = Field(default=None, min_length=3, max_length=500)
    precision: Precision | None = None


class QaParams(Strict):
    """The conservation laws are always checked. `maps` says whether maps are made as well."""

    maps: bool = True


class ExportParams(Strict):
    """What is delivered. `image_kind` is the file kind of an enhanced photograph.

    `previews` and `pyramid` ask for copies of it to look at. `credentials` "c2pa" puts
    content credentials into the result, or beside it.
    """

    formats: tuple[Literal["report-pdf", "bundle"], ...] = ("report-pdf", "bundle")
    image_kind: Literal["png", "source"] = "png"
    drop_streams: tuple[Annotated[int, Field(ge=0, le=1023)], ...] = ()
    credentials: Literal["c2pa", "none"] = "c2pa"
    previews: tuple[Literal["webp", "avif"], ...] = Field(default=(), max_length=2)
    pyramid: bool = False


STAGE_PARAMS: Mapping[StageKind, type[Strict]] = {
    StageKind.INGEST: IngestParams,
    StageKind.ENHANCE: EnhanceParams,
    StageKind.QA: QaParams,
    StageKind.EXPORT: ExportParams,
}


def parse_graph(document: object) -> Graph:
    """Check the form of a decoded JSON document. Raises GraphError naming the first bad field."""
    return parse_strict(Graph, document, field="")


def parse_strict(kind: type[T], document: object, *, field: str) -> T:
    """Validate `document` as `kind`; a failure names the field below the path `field`."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in (field, *first["loc"]) if part != "")
        raise GraphError(f"{path or 'graph'}: {first['msg']}", field=path) from error


def without_floats(value: object) -> Json:
    """JSON with every real number as a decimal string."""
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return value
    if isinstance(value, float):
        return decimal_string(value)
    if isinstance(value, Mapping):
        return {str(key): without_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_floats(item) for item in value]
    raise GraphError(f"{type(value).__name__} is no JSON value")
