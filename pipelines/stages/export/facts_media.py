"""The facts about a file: what was received and what was delivered.

What a file does not state is None and printed as "not stated"; nothing is guessed here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.stages.export.fact_types import (
    Count,
    Decimal,
    Digest,
    Facts,
    MediaKind,
    Text,
    Texts,
    Whole,
)


class StreamFate(StrEnum):
    """What became of a stream of the file as received."""

    ENHANCED = "enhanced"
    COPIED = "copied"
    DROPPED = "dropped"


class TimingOrigin(StrEnum):
    """Where the times of a clip's frames come from."""

    CONTAINER = "container"
    PROPRIETARY = "proprietary"
    ASSUMED = "assumed"


class StatedColour(Facts):
    """Colour signalling as the file states it (ITU-T H.273); None where it states nothing."""

    primaries: Text | None = None
    transfer: Text | None = None
    matrix: Text | None = None
    range: Text | None = None
    siting: Text | None = None


class PhotoFacts(Facts):
    """What only a photograph has.

    `orientation` is the EXIF value, 1 to 8 (None: the file has none). `icc_bytes` counts the
    colour profile. `pages` counts the pictures in the file; one of them is worked on.
    """

    file_kind: Text
    orientation: Annotated[int, Field(ge=1, le=8)] | None = None
    icc_bytes: Count | None = None
    icc_sha256: Digest | None = None
    exif: bool = False
    xmp: bool = False
    resolution: Text | None = None
    palette: bool = False
    pages: Count = 1


class FieldFacts(Facts):
    """The fields of a clip's frames: what the file states, and what its samples show.

    `stated` is the stream's word, `flagged` counts frames that are flagged as interlaced,
    `measured` is the finding and `kinds` counts frames by what they show.
    """

    stated: Text
    flagged: Count
    measured: Text
    kinds: dict[str, Count]


class ClipFacts(Facts):
    """What only a clip has.

    `time_base` is seconds per unit of a pts, as a fraction. `assumed_rate` is in frames per
    second and given exactly when the timing was assumed. `rotation` is the counter-clockwise
    turn in degrees that a player applies.
    """

    container: Text
    codec: Text
    pixel_format: Text
    frames: Count
    time_base: Text
    timing: TimingOrigin = TimingOrigin.CONTAINER
    assumed_rate: Decimal | None = None
    nominal_rate: Text | None = None
    duration_seconds: Decimal | None = None
    variable_rate: bool | None = None
    rotation: Whole = 0
    sample_aspect: Text | None = None
    colour: StatedColour = StatedColour()
    fields: FieldFacts | None = None
    encoder_options: Texts = ()

    @model_validator(mode="after")
    def _assumed_timing_has_a_rate(self) -> Self:
        if (self.timing is TimingOrigin.ASSUMED) != (self.assumed_rate is not None):
            raise ValueError("assumed_rate is given exactly when the timing was assumed")
        return self


class CredentialForm(StrEnum):
    """Where a result's content credentials are."""

    EMBEDDED = "embedded"
    SIDECAR = "sidecar"
    NONE = "none"


class CredentialFacts(Facts):
    """The content credentials (C2PA) of the result.

    `state` is what the C2PA library said when they were read back: `Valid` means unbroken, and
    that no issuer known to it vouches for the signer. `reason` is given exactly where there are
    none, `file_name` exactly where they lie beside the result.
    """

    form: CredentialForm
    reason: Text = ""
    state: Text | None = None
    library: Text | None = None
    manifest_sha256: Digest | None = None
    certificate_sha256: Digest | None = None
    file_name: Text | None = None

    @model_validator(mode="after")
    def _form_has_its_facts(self) -> Self:
        made = self.form is not CredentialForm.NONE
        stated = (self.state, self.library, self.manifest_sha256, self.certificate_sha256)
        if any((one is not None) != made for one in stated) or bool(self.reason) == made:
            raise ValueError("credentials have all their facts, or a reason why there are none")
        if (self.file_name is not None) != (self.form is CredentialForm.SIDECAR):
            raise ValueError("a sidecar has a file name, and only a sidecar")
        return self


class FileFacts(Facts):
    """One file. `width` and `height` count samples of the picture before any rotation.

    `depth` is in bits per sample; `layout` says how samples are arranged, for a person.
    `lossless` says whether the coding keeps every sample, None where that is not known.
    `frames_sha256` is one digest over all samples of the picture or clip, where it was made.
    """

    file_name: Text
    bytes: Count
    sha256: Digest
    media_type: Text
    kind: MediaKind
    width: Count
    height: Count
    depth: Count
    layout: Text
    alpha: bool = False
    lossless: bool | None = None
    frames_sha256: Digest | None = None
    photo: PhotoFacts | None = None
    clip: ClipFacts | None = None
    credentials: CredentialFacts | None = None
    remarks: Texts = ()

    @model_validator(mode="after")
    def _kind_has_its_facts(self) -> Self:
        if (self.photo is not None) != (self.kind is MediaKind.PHOTO):
            raise ValueError("a photo has photo facts, and only a photo")
        if (self.clip is not None) != (self.kind is MediaKind.VIDEO):
            raise ValueError("a video has clip facts, and only a video")
        return self


class StreamLine(Facts):
    """One stream of the file as received and what became of it."""

    index: Count
    kind: Text
    codec: Text
    language: Text = ""
    fate: StreamFate
    remark: Text = ""
