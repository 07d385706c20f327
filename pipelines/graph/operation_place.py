"""Parameters and facts of the operations that move samples to other places.

Places are counted in samples of luma, the centre of the picture's first sample at 0, 0.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from pipelines.graph.descriptors import (
    PLAIN,
    Ceiling,
    Consistency,
    Descriptor,
    ForwardModel,
    FrameUse,
    Nature,
    OperationClass,
    Parameters,
    ParameterSource,
    PlainForm,
    PlaneUse,
    Reach,
    always,
)
from pipelines.graph.operation_size import CUBIC_RADIUS, MOST_SIDE

CORNERS = 4

TAPS = always(Reach(pixels=CUBIC_RADIUS + 1))
"""Of what looks at the cubic filter's taps around the place that a sample is drawn from."""

MOVED = Consistency(
    ForwardModel.NONE,
    PlainForm.ITSELF,
    "it moves samples to places between samples, and the way back would show its own interpolation",
)


class PerspectiveParameters(Parameters):
    """Four corners of a plane in the picture, and the size of the rectangle that it becomes."""

    corners: tuple[float, ...] = Field(
        min_length=2 * CORNERS,
        max_length=2 * CORNERS,
        description="x and y of the four corners in the picture: top left, top right, bottom "
        "right, bottom left of the plane.",
    )
    width: int = Field(ge=2, le=MOST_SIDE, description="Width of the result in pixels.")
    height: int = Field(ge=2, le=MOST_SIDE, description="Height of the result in pixels.")

    @model_validator(mode="after")
    def _convex(self) -> Self:
        points = self.points
        edges = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise((*points, points[0], points[1]))]
        turns = [a[0] * b[1] - a[1] * b[0] for a, b in pairwise(edges)]
        if not all(turn > 1 for turn in turns):
            raise ValueError(
                "the corners go clockwise from the top left one around an area without dents"
            )
        return self

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The four corners as (x, y)."""
        return tuple(zip(self.corners[::2], self.corners[1::2], strict=True))


class Lens(StrEnum):
    """How a lens is described."""

    BROWN_CONRADY = "brown-conrady"
    """Radial k1, k2, k3 and tangential p1, p2 over the tangent of the angle."""
    FISHEYE = "fisheye"
    """Radial k1 to k4 over the angle itself (Kannala and Brandt)."""


class UndistortParameters(Parameters):
    """A lens as it was calibrated; its distortion is taken out, the picture keeps its size."""

    lens: Lens = Field(
        default=Lens.BROWN_CONRADY, description="Description of the lens: brown-conrady or fisheye."
    )
    fx: float = Field(
        ge=1.0, le=1e6, description="Focal length over the width of a pixel, in pixels."
    )
    fy: float = Field(
        default_factory=lambda data: data.get("fx", 0.0),
        ge=1.0,
        le=1e6,
        description="Focal length over the height of a pixel; as fx unless given.",
    )
    cx: float | None = Field(
        default=None,
        ge=-MOST_SIDE,
        le=MOST_SIDE,
        description="Column of the optical axis; the middle of the picture unless given.",
    )
    cy: float | None = Field(
        default=None,
        ge=-MOST_SIDE,
        le=MOST_SIDE,
        description="Row of the optical axis; the middle of the picture unless given.",
    )
    k1: float = Field(default=0.0, ge=-10, le=10, description="Radial coefficient of order 2.")
    k2: float = Field(default=0.0, ge=-10, le=10, description="Radial coefficient of order 4.")
    k3: float = Field(default=0.0, ge=-10, le=10, description="Radial coefficient of order 6.")
    k4: float = Field(
        default=0.0, ge=-10, le=10, description="Radial coefficient of order 8; fisheye only."
    )
    p1: float = Field(
        default=0.0, ge=-1, le=1, description="First tangential coefficient; brown-conrady only."
    )
    p2: float = Field(
        default=0.0, ge=-1, le=1, description="Second tangential coefficient; brown-conrady only."
    )
    zoom: float = Field(
        default=1.0,
        ge=0.25,
        le=4.0,
        description="Focal length of the result over that of the picture; below 1 shows more.",
    )

    @model_validator(mode="after")
    def _of_its_lens(self) -> Self:
        if self.lens is Lens.FISHEYE and (self.p1 or self.p2):
            raise ValueError("a fisheye takes k1 to k4, and no p1 or p2")
        if self.lens is Lens.BROWN_CONRADY and self.k4:
            raise ValueError("brown-conrady takes k1 to k3, p1 and p2, and no k4")
        return self


class Border(StrEnum):
    """What becomes of the rims that a steadied frame does not reach."""

    CROP = "crop"
    """A margin is cut off on all sides, and frames move no further than it allows."""
    BLACK = "black"
    """The frame keeps its size, and its rims are black where nothing was recorded."""


class StabiliseParameters(Parameters):
    """How far a path is smoothed, and what it is measured on."""

    radius: int = Field(
        default=12,
        ge=1,
        le=25,
        description="Frames before, and as many after, over which the camera's path is smoothed.",
    )
    border: Border = Field(
        default=Border.CROP,
        description="Rims: crop cuts a margin off and moves no further; black keeps the size.",
    )
    margin: float = Field(
        default=0.08,
        ge=0.01,
        le=0.25,
        description="Share of each side that crop cuts off, on either end.",
    )
    x: int = Field(
        default=0, ge=0, le=MOST_SIDE, description="First column of the region to hold still."
    )
    y: int = Field(
        default=0, ge=0, le=MOST_SIDE, description="First row of the region to hold still."
    )
    width: int | None = Field(
        default=None,
        ge=32,
        le=MOST_SIDE,
        description="Columns of the region to hold still; to the right edge unless given.",
    )
    height: int | None = Field(
        default=None,
        ge=32,
        le=MOST_SIDE,
        description="Rows of the region to hold still; to the bottom edge unless given.",
    )


def stabilise_reach(parameters: StabiliseParameters) -> Reach:
    """Draw from one frame; where it belongs follows from the whole of those of the window."""
    return Reach(pixels=CUBIC_RADIUS + 1, before=parameters.radius, after=parameters.radius)


PERSPECTIVE = Descriptor(
    name="perspective",
    summary="Draws a plane, given by its four corners, as it looks from straight ahead.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=PerspectiveParameters,
    reach=TAPS,
    consistency=MOVED,
    # No ceiling bounds corners; how far the result may be enlarged is checked on the picture.
    changes_size=True,
)

UNDISTORT = Descriptor(
    name="undistort",
    summary="Takes the distortion of a lens out, by given coefficients.",
    nature=PLAIN,
    plane_use=PlaneUse.ALL,
    parameters=UndistortParameters,
    reach=TAPS,
    consistency=MOVED,
    # Outside, corners are drawn out to several times their size.
    ceilings={"zoom": Ceiling(0.5, 2.0)},
)

STABILISE = Descriptor(
    name="stabilise",
    summary="Moves each frame onto a smoothed path, estimated from the frames around it; no "
    "sample of another frame enters.",
    nature=Nature(OperationClass.CONVENTIONAL, FrameUse.MIXES, ParameterSource.ESTIMATED),
    plane_use=PlaneUse.ALL,
    parameters=StabiliseParameters,
    reach=stabilise_reach,
    consistency=Consistency(
        ForwardModel.NONE,
        PlainForm.NONE,
        "where a frame belongs follows from the frames around it, and maps see one frame",
    ),
    # Beyond, more than a third of the picture is gone.
    ceilings={"margin": Ceiling(0.01, 0.1)},
    changes_size=True,
)

PLACE_OPERATIONS = (PERSPECTIVE, UNDISTORT, STABILISE)
