"""The facts about what was done: operations with every parameter, and the networks behind them."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from pipelines.graph.descriptors import FrameUse, OperationClass, ParameterSource, PlaneUse
from pipelines.graph.region import Space
from pipelines.stages.export.fact_types import (
    Chosen,
    Count,
    Decimal,
    Digest,
    Facts,
    Text,
    Texts,
    Value,
)


class ParameterFacts(Facts):
    """One parameter. `default` is None where a person must give a value."""

    name: Text
    value: Value
    default: Value = None
    chosen: Chosen
    meaning: Text = ""


class ReachFacts(Facts):
    """How far one result sample looks: source samples on each side, frames before and after."""

    pixels: Count = 0
    before: Count = 0
    after: Count = 0


class RegionFacts(Facts):
    """The region that an operation was held to. Outside of it no sample was changed by it.

    `points` are x and y of the corners in `space`, as a person drew them; `samples` are the same
    corners on the samples that the operation got. `frames` are the first and the last, as the
    file counts them; None means all.
    """

    name: Text | None = None
    space: Space
    points: tuple[tuple[Decimal, Decimal], ...]
    samples: tuple[tuple[Decimal, Decimal], ...]
    feather: Count = 0
    frames: tuple[Count, Count] | None = None
    because: Text


class StepFacts(Facts):
    """One operation as it was applied; `region` is None where it worked on the whole picture.

    `operation_class` is the effective one: the network's own where a network ran.
    `registration_residual` is how well mixed frames were aligned, None where no registration
    was made. Sizes count samples.
    """

    name: Text
    summary: Text
    operation_class: OperationClass
    frame_use: FrameUse
    parameter_source: ParameterSource
    plane_use: PlaneUse
    reach: ReachFacts = ReachFacts()
    parameters: tuple[ParameterFacts, ...] = ()
    network: Text | None = None
    source_size: tuple[Count, Count] | None = None
    result_size: tuple[Count, Count] | None = None
    registration_residual: Text | None = None
    region: RegionFacts | None = None

    @model_validator(mode="after")
    def _classes_name_their_network(self) -> Self:
        if (self.network is not None) != (self.operation_class is not OperationClass.CONVENTIONAL):
            raise ValueError("an operation names a network exactly when it is not conventional")
        return self

    @property
    def mixes_frames(self) -> bool:
        """Whether a result frame holds samples of several frames."""
        return self.frame_use is FrameUse.MIXES


class ScoreFacts(Facts):
    """How a network did on pictures that it never saw; `psnr_db`, `gain_db` in decibels.

    `gain_db` is measured against `reference`, a conventional method on the same input.
    """

    judged_set: Text
    pictures: Count
    psnr_db: Decimal
    gain_db: Decimal
    reference: Text


class NetworkFacts(Facts):
    """One network: the facts on its card, and which file of weights ran.

    `gate_set` and `gate_pictures` name what its gate judged it on, None where no gate has.
    `weights_in_bundle` says whether the weights travel with the result.
    """

    name: Text
    version: Text
    title: Text
    network_class: OperationClass
    licence: Text
    origin: Text
    weights_file: Text
    weights_sha256: Digest
    weights_count: Count
    training_data: Text
    degradation: Text
    known_failures: Texts
    tiling: Text
    gate: Text
    gate_set: Text | None = None
    gate_pictures: Count | None = None
    weights_in_bundle: bool = True
    scores: tuple[ScoreFacts, ...] = ()
