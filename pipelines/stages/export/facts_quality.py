"""The facts about how a result was held against its input: maps, unrest of a clip, drift.

A map is measured, or it is not applicable and says why; one that was measured says against what,
beyond which noise, and on which scale its picture is drawn. None of these numbers says how much
of a picture is true, and there is no place here to state such a thing.

All differences are in 8-bit code values, 1/255 of full scale, whatever the bit depth.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from pipelines.stages.export.fact_types import Count, Decimal, Digest, Facts, Text, Texts


class MapKind(StrEnum):
    """What a map shows."""

    CONTRADICTION = "contradiction"
    SUPPLIED = "supplied"


class Standing(StrEnum):
    """Whether something was measured."""

    MEASURED = "measured"
    NOT_APPLICABLE = "not applicable"
    UNAVAILABLE = "unavailable"


class MapPictureFacts(Facts):
    """The picture of a map: a PNG beside the result, and what of it is drawn in the report.

    `full_scale` is the difference from which on the last colour is used. `drawn_sha256` is
    SHA-256 over the palette steps (one byte each, row by row) as the report draws them, every
    dot being the strongest of `samples_per_dot` x `samples_per_dot` samples.
    """

    file_name: Text
    sha256: Digest
    bytes: Count
    width: Count
    height: Count
    full_scale: Decimal
    samples_per_dot: Count
    drawn_sha256: Digest


class MapNumbers(Facts):
    """The differences of one map. `noise` and `allowed` are per colour plane of the input.

    99 of 100 samples differ by `percentile_99` or less. `beyond` of `samples` differ by more
    than `allowed`, which is three times the noise and one code for rounding.
    """

    noise: tuple[Decimal, ...]
    allowed: tuple[Decimal, ...]
    samples: Count
    beyond: Count
    largest: Decimal
    percentile_99: Decimal


class MapFacts(Facts):
    """One map of one picture. `frame` is None for a still picture, and where nothing applies.

    `against` says step by step what the result was held against. `picture` is None where only
    numbers were kept of a frame.
    """

    kind: MapKind
    standing: Standing
    frame: Count | None = None
    reason: Text = ""
    against: Texts = ()
    numbers: MapNumbers | None = None
    picture: MapPictureFacts | None = None

    @model_validator(mode="after")
    def _measured_has_numbers(self) -> Self:
        measured = self.standing is Standing.MEASURED
        if measured != (self.numbers is not None) or measured == bool(self.reason):
            raise ValueError("a map has numbers, or a reason why it has none")
        if self.picture is not None and not measured:
            raise ValueError("a map that was not measured has no picture")
        return self


class UnrestFacts(Facts):
    """The unrest of brightness of a clip, before and after (`pipelines.quality.unrest`).

    Means over `frames` frames, in 8-bit code values.
    """

    frames: Count
    before: Decimal
    after: Decimal


class TrackDriftFacts(Facts):
    """The drift of one face track; numbers are None where its faces are too small."""

    track: Count
    pictures: Count
    side: Count
    mean: Decimal | None
    largest: Decimal | None


class DriftFacts(Facts):
    """Embedding drift per face track. `embedding` names the network that looked.

    `least_side` is the shorter side below which it was not made for a face, in samples.
    """

    standing: Standing
    reason: Text = ""
    embedding: Text | None = None
    least_side: Count | None = None
    tracks: tuple[TrackDriftFacts, ...] = ()

    @model_validator(mode="after")
    def _measured_names_its_network(self) -> Self:
        measured = self.standing is Standing.MEASURED
        if measured == bool(self.reason) or measured != bool(self.tracks):
            raise ValueError("drift has tracks, or a reason why it has none")
        if (self.standing is Standing.UNAVAILABLE) != (self.embedding is None):
            raise ValueError("drift names its network unless there is none")
        return self


class QualityFacts(Facts):
    """How the result was held against its input. `asked` is False where the graph left it out.

    `choice` says which frames of a clip were looked at; empty for a photograph. `unrest` and
    `drift` are None where nothing was looked at; a photograph has no unrest.
    """

    asked: bool = False
    choice: Text = ""
    maps: tuple[MapFacts, ...] = ()
    unrest: UnrestFacts | None = None
    drift: DriftFacts | None = None

    def measured(self, kind: MapKind) -> bool:
        """Whether a map of this kind was measured."""
        return any(one.kind is kind and one.standing is Standing.MEASURED for one in self.maps)
