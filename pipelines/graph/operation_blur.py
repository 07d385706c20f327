"""Parameters, reach and facts of the operations against blur.

A blur is stated by its point spread: what one point of light became. Lengths are in samples
of luma, angles in degrees from the picture's horizontal towards its top.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from models.spec import Task
from pipelines.graph.descriptors import (
    LEARNT,
    PLAIN,
    Ceiling,
    Consistency,
    Descriptor,
    FieldUse,
    ForwardModel,
    FrameUse,
    Nature,
    OperationClass,
    Parameters,
    ParameterSource,
    PlainForm,
    PlaneUse,
    Reach,
)
from pipelines.graph.network_parameters import NetworkName, NetworkParameters, network_sight
from pipelines.graph.operation_tone import GAUSSIAN_SIGMAS

MOST_KERNEL_SIDE = 63
"""The longest side of a point spread that is given sample by sample."""

LEAST_TILE, MOST_TILE = 256, 2048
"""Sides of the squares that are transformed at once, powers of two."""


class PointSpread(StrEnum):
    """What shape a point of light was given."""

    MOTION = "motion"
    """A straight line of even brightness: camera or thing moved while the shutter was open."""
    DEFOCUS = "defocus"
    """A disc of even brightness: an ideal lens out of focus."""
    GAUSSIAN = "gaussian"
    """A Gaussian, cut at three standard deviations: many small causes together."""
    KERNEL = "kernel"
    """Given sample by sample."""


class DeblurMethod(StrEnum):
    """How the point spread is taken back."""

    WIENER = "wiener"
    """The linear filter of the least mean square error at a stated ratio of noise to signal."""
    RICHARDSON_LUCY = "richardson-lucy"
    """The iteration towards the likeliest picture under counted light; never below black."""


_SHAPE_PARAMETERS = {
    PointSpread.MOTION: "length",
    PointSpread.DEFOCUS: "radius",
    PointSpread.GAUSSIAN: "sigma",
    PointSpread.KERNEL: "kernel",
}


class DeblurParameters(Parameters):
    """A stated point spread, and how it is taken back."""

    psf: PointSpread = Field(
        description="Shape of the point spread: motion, defocus, gaussian, or kernel."
    )
    length: float | None = Field(
        default=None, ge=1.0, le=60.0, description="Motion: length of the line, in pixels."
    )
    angle: float = Field(
        default=0.0,
        ge=-180.0,
        le=180.0,
        description="Motion: angle of the line in degrees, from the horizontal towards the top.",
    )
    radius: float | None = Field(
        default=None, ge=0.5, le=30.0, description="Defocus: radius of the disc, in pixels."
    )
    sigma: float | None = Field(
        default=None, ge=0.3, le=10.0, description="Gaussian: standard deviation, in pixels."
    )
    kernel: tuple[str, ...] | None = Field(
        default=None,
        max_length=MOST_KERNEL_SIDE,
        description="Kernel: its rows from the top, each a text of decimal numbers with spaces "
        "between; brought to a sum of 1.",
    )
    method: DeblurMethod = Field(
        default=DeblurMethod.WIENER,
        description="How it is taken back: wiener (linear) or richardson-lucy (iterated).",
    )
    noise: float = Field(
        default=0.01,
        ge=0.0001,
        le=1.0,
        description="Wiener: power of the noise over power of the picture; more is smoother.",
    )
    iterations: int = Field(
        default=10, ge=1, le=50, description="Richardson-Lucy: how often the picture is improved."
    )

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        wanted = _SHAPE_PARAMETERS[self.psf]
        given = [name for name in _SHAPE_PARAMETERS.values() if getattr(self, name) is not None]
        if given != [wanted]:
            raise ValueError(f"psf {self.psf.value} takes {wanted} and none of the other shapes")
        if self.kernel is not None:
            kernel_rows(self.kernel)
        return self


def kernel_rows(rows: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """Read the rows of a given kernel. Raises ValueError where they are no point spread."""
    read = tuple(tuple(float(number) for number in row.split()) for row in rows)
    widths = {len(row) for row in read}
    if len(widths) != 1 or not 1 <= max(widths) <= MOST_KERNEL_SIDE:
        raise ValueError(f"kernel rows are equally long, of 1 to {MOST_KERNEL_SIDE} numbers")
    if len(read) % 2 == 0 or max(widths) % 2 == 0:
        raise ValueError("a kernel has odd sides, so that it has a centre")
    numbers = [number for row in read for number in row]
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError("a kernel holds finite numbers of 0 or more")
    if sum(numbers) <= 0:
        raise ValueError("a kernel sums to more than 0")
    return read


def spread_radius(parameters: DeblurParameters) -> int:
    """Half the side of the square that holds the point spread, in samples."""
    if parameters.length is not None:
        return math.ceil(parameters.length / 2)
    if parameters.radius is not None:
        return math.ceil(parameters.radius)
    if parameters.sigma is not None:
        return math.ceil(GAUSSIAN_SIGMAS * parameters.sigma)
    rows = kernel_rows(parameters.kernel or ())
    return max(len(rows), len(rows[0])) // 2


def wiener_reach(radius: int) -> int:
    """Half the side of the Wiener filter's kernel, for a point spread of that radius."""
    return 6 * radius + 32


def deblur_margin(parameters: DeblurParameters) -> int:
    """How far a square is read around, in samples.

    What lies further is felt by less than a fiftieth of a code (measured in the tests). Twice
    the Wiener filter's reach: at the picture's edge it is applied to its own result.
    """
    radius = spread_radius(parameters)
    if parameters.method is DeblurMethod.WIENER:
        return 2 * (wiener_reach(radius) + radius)
    return radius * (2 + math.ceil(math.sqrt(2 * parameters.iterations))) + 8


def deblur_tile(margin: int) -> int:
    """Side of the squares that are transformed at once, their margins included."""
    side = LEAST_TILE
    while side < 4 * margin and side < MOST_TILE:
        side *= 2
    return side


def deblur_reach(parameters: DeblurParameters) -> Reach:
    """Look at the squares of a fixed grid that hold the sample, and as far around them."""
    margin = deblur_margin(parameters)
    return Reach(pixels=deblur_tile(margin))


DEBLUR = Descriptor(
    name="deblur",
    summary="Takes a stated blur back on luma.",
    nature=PLAIN,
    plane_use=PlaneUse.LUMA,
    parameters=DeblurParameters,
    reach=deblur_reach,
    consistency=Consistency(ForwardModel.BLUR, PlainForm.LEFT_OUT),
    ceilings={
        # Beyond, echoes of edges stand as far away as things of the scene do.
        "length": Ceiling(1.0, 20.0),
        "radius": Ceiling(0.5, 8.0),
        "sigma": Ceiling(0.3, 4.0),
        # With less, noise is raised more than 16 times at the frequencies that the blur took.
        "noise": Ceiling(0.001, 1.0),
        # More rounds turn noise into points of light.
        "iterations": Ceiling(1, 20),
    },
)


class EstimatedSpread(StrEnum):
    """Which shape of a blur is estimated; a person says which, for nothing in a picture does."""

    GAUSSIAN = "gaussian"
    """Its standard deviation, from the steepness of edges."""
    MOTION = "motion"
    """Length and angle of an even motion along a line, from the zeros of the spectrum."""


class DeblurEstimatedParameters(Parameters):
    """What is estimated of a blur, and how strongly it is taken back."""

    psf: EstimatedSpread = Field(
        default=EstimatedSpread.GAUSSIAN,
        description="Shape of the blur that is estimated: gaussian (its width) or motion (length "
        "and angle).",
    )
    noise: float = Field(
        default=0.02,
        ge=0.001,
        le=1.0,
        description="Power of the noise over power of the picture; more is smoother and rings "
        "less.",
    )


def deblur_estimated_reach(_parameters: DeblurEstimatedParameters) -> Reach:
    """Look as far as the widest filter does; how wide it is follows from the whole picture."""
    widest = wiener_reach(math.ceil(GAUSSIAN_SIGMAS * MOST_ESTIMATED))
    return Reach(pixels=deblur_tile(2 * widest))


MOST_ESTIMATED = 5.0
"""The widest blur that is taken back on an estimate, as the sigma of a Gaussian in samples."""

DEBLUR_ESTIMATED = Descriptor(
    name="deblur_estimated",
    summary="Estimates the blur of luma as a Gaussian or as a motion along a line, and takes it "
    "back; where the estimate is wrong, edges ring: light and dark lines beside them are not of "
    "the scene.",
    nature=Nature(OperationClass.CONVENTIONAL, FrameUse.SINGLE, ParameterSource.ESTIMATED),
    plane_use=PlaneUse.LUMA,
    parameters=DeblurEstimatedParameters,
    reach=deblur_estimated_reach,
    consistency=Consistency(
        ForwardModel.NONE,
        PlainForm.LEFT_OUT,
        "the blur is estimated anew for every picture, and none is stated that would undo it",
    ),
    ceilings={"noise": Ceiling(0.01, 1.0)},
    fields=FieldUse.REFUSES,
)


class DeblurTrainedParameters(NetworkParameters):
    """Blur of one picture, by a trained network."""

    task = Task.DEBLUR

    model: NetworkName = Field(
        description="Catalog name of a network whose task is deblur; none ships.",
    )


DEBLUR_TRAINED = Descriptor(
    name="deblur_trained",
    summary="Takes blur back with a trained network; no blur is stated to it.",
    nature=LEARNT,
    plane_use=PlaneUse.LUMA,
    parameters=DeblurTrainedParameters,
    reach=network_sight,
    consistency=Consistency(
        ForwardModel.NONE,
        PlainForm.LEFT_OUT,
        "a network takes the blur back, and none is stated that would undo it",
    ),
    network="model",
    fields=FieldUse.REFUSES,
)

BLUR_OPERATIONS = (DEBLUR, DEBLUR_ESTIMATED, DEBLUR_TRAINED)
