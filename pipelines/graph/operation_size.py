"""Parameters and facts of the operations that change a picture's size."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from models import catalog
from models.blend_name import blend_name, parse_blend_name
from models.errors import ModelError
from models.spec import Task
from pipelines.graph.descriptors import (
    LEARNT,
    PLAIN,
    POINTWISE,
    Ceiling,
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    Parameters,
    PlainForm,
    PlaneUse,
    Reach,
)
from pipelines.graph.network_parameters import NetworkName, network_reach, require_network

LEAST_SCALE = 1 / 16
MOST_SCALE = 8.0
MOST_SIDE = 65_535

CUBIC_RADIUS = 2
LANCZOS_RADIUS = 3


class ResizeFilter(StrEnum):
    """How new samples are made from old ones; all are linear and look at a few samples."""

    LANCZOS = "lanczos"
    """Windowed sinc, three lobes: the sharpest, may ring beside hard edges."""
    BICUBIC = "bicubic"
    """Keys' cubic convolution, a = -0.5: softer, rings less."""
    AREA = "area"
    """The mean over the area that a sample covers: never rings; enlarging repeats samples."""


class ResizeParameters(Parameters):
    """Either `scale`, or `width`, `height` or both."""

    scale: float | None = Field(
        default=None,
        ge=LEAST_SCALE,
        le=MOST_SCALE,
        description="New size over old size, the same along both axes.",
    )
    width: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SIDE,
        description="New width in pixels; without a height the aspect is kept.",
    )
    height: int | None = Field(
        default=None,
        ge=1,
        le=MOST_SIDE,
        description="New height in pixels; without a width the aspect is kept.",
    )
    filter: ResizeFilter = Field(
        default=ResizeFilter.LANCZOS,
        description="Interpolation: lanczos (sharpest), bicubic (softer), area (plain mean).",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        sized = self.width is not None or self.height is not None
        if sized == (self.scale is not None):
            raise ValueError("give either scale, or width, height or both")
        return self


class CropParameters(Parameters):
    """A rectangle in pixels of the picture as it comes in."""

    x: int = Field(default=0, ge=0, le=MOST_SIDE, description="Columns cut off on the left.")
    y: int = Field(default=0, ge=0, le=MOST_SIDE, description="Rows cut off at the top.")
    width: int = Field(ge=1, le=MOST_SIDE, description="Columns kept.")
    height: int = Field(ge=1, le=MOST_SIDE, description="Rows kept.")


class SuperResolveParameters(Parameters):
    """Enlargement by a trained network."""

    scale: Literal[2, 4] = Field(default=2, description="New size over old size: 2 or 4.")
    model: NetworkName = Field(
        default_factory=lambda data: f"evident-sr-x{data['scale']}",
        description="Catalog name of the network; evident-sr-x2 or -x4 unless named, and "
        "-real after it for compressed or noisy footage.",
    )
    denoise: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="For a network with a twin that takes out less noise: 1 is the network "
        "itself, 0 its twin, and between them their weights are mixed, in hundredths.",
    )

    @model_validator(mode="before")
    @classmethod
    def _blended(cls, values: Any) -> Any:
        """Put the blend's name in the place of its base's, which is the network that runs."""
        if not isinstance(values, dict) or values.get("denoise") is None:
            return values
        return {**values, "model": _blend_of(values.get("model"), values["denoise"])}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        require_network(self.model, task=Task.SUPER_RESOLVE, scale=self.scale)
        return self


def _blend_of(model: object, strength: object) -> str:
    """Name the blend of `model` with its twin. Raises ValueError where it has none."""
    try:
        share = float(str(strength))
    except ValueError as error:
        raise ValueError("denoise must be a number from 0 to 1") from error
    if not 0.0 <= share <= 1.0:
        raise ValueError("denoise must be a number from 0 to 1")
    parts = parse_blend_name(str(model))
    base = str(model) if parts is None else parts[0]
    if parts is not None and parts[1] != f"{share:.2f}":
        raise ValueError(f"{model} has a strength of its own, and denoise says {share:.2f}")
    try:
        card = catalog.card(base)
    except ModelError as error:
        raise ValueError(f"denoise needs a network with a twin: {error}") from error
    if card.blend is None:
        raise ValueError(f"{base} has no twin to mix its weights with; leave denoise out")
    return blend_name(base, share)


def resize_reach(parameters: ResizeParameters) -> Reach:
    """Look over the filter's radius, stretched when shrinking; for sizes, by the most allowed."""
    stretch = max(1.0, 1.0 / (parameters.scale or LEAST_SCALE))
    if parameters.filter is ResizeFilter.AREA:
        return Reach(pixels=math.ceil((stretch + 1) / 2) + 1)
    radius = LANCZOS_RADIUS if parameters.filter is ResizeFilter.LANCZOS else CUBIC_RADIUS
    return Reach(pixels=math.ceil(radius * stretch) + 1)


def super_resolve_reach(parameters: SuperResolveParameters) -> Reach:
    """Look as far as the network for luma, as the cubic filter for chroma and opacity."""
    return Reach(pixels=max(network_reach(parameters.model), CUBIC_RADIUS + 1))


RESIZE = Descriptor(
    name="resize",
    summary="Interpolates the picture to another size.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=ResizeParameters,
    reach=resize_reach,
    consistency=Consistency(ForwardModel.AREA, PlainForm.ITSELF),
    # Beyond 4 times, 15 of 16 samples are interpolated; below a quarter, text is lost.
    ceilings={"scale": Ceiling(0.25, 4.0)},
    changes_size=True,
)

CROP = Descriptor(
    name="crop",
    summary="Keeps a rectangle of the picture, sample for sample.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=CropParameters,
    reach=POINTWISE,
    consistency=Consistency(ForwardModel.PLACED, PlainForm.ITSELF),
    changes_size=True,
)

SUPER_RESOLVE = Descriptor(
    name="super_resolve",
    summary="Enlarges luma with a trained network; colour and opacity are interpolated.",
    nature=LEARNT,
    plane_use=PlaneUse.ALL,
    parameters=SuperResolveParameters,
    reach=super_resolve_reach,
    # The networks were trained to undo this reduction; those for real footage expect blur,
    # noise and compression before it as well, which are not stated and so not applied.
    consistency=Consistency(ForwardModel.CUBIC, PlainForm.INTERPOLATED),
    changes_size=True,
    network="model",
    fields=FieldUse.REFUSES,
)
