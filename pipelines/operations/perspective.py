"""`perspective`: a plane of the scene, given by four corners, drawn as from straight ahead.

The result's corner samples are drawn from the given corners, and what lies between follows the
projective map of the two (P. Heckbert, "Fundamentals of Texture Mapping and Image Warping",
1989, section 2.2.3, in closed form). It holds for things in that plane only; what stands out
of it is drawn out of shape. No length in the result is a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.errors import RequestError
from pipelines.graph.operation_place import PerspectiveParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.remap import Places, Remap, stretches

MOST_ENLARGED = 8.0
"""Result samples per source sample, along either axis, wherever the plane is nearest."""

Matrix = tuple[float, ...]


class Perspective:
    """The bound operation."""

    name = "perspective"
    before = 0
    after = 0

    def __init__(self, parameters: PerspectiveParameters, source: FrameShape) -> None:
        _check_corners(parameters, source)
        self.source = source
        self.result = FrameShape(parameters.height, parameters.width, source.layout)
        self.matrix = plane_to_picture(parameters)
        self._remap = Remap(source, self.result, self._way)
        enlarged = 1 / float(stretches(self._way, self.result).min())
        if enlarged > MOST_ENLARGED:
            raise RequestError(
                f"perspective: the result would show {enlarged:.1f} samples for one of the "
                f"picture, {MOST_ENLARGED:g} at most",
                next_step="Ask for a smaller width and height.",
            )

    def _way(self, x: Places, y: Places) -> tuple[Places, Places]:
        a, b, c, d, e, f, g, h = self.matrix
        depth = g * x + h * y + 1
        return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth

    def needs(self, out: Region) -> Region:
        """Name the part of the plane in the picture."""
        return self._remap.needs(out)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        return self._remap.draw(window[centre], out)


def plane_to_picture(parameters: PerspectiveParameters) -> Matrix:
    """Give a to h of x' = (a x + b y + c) / (g x + h y + 1), y' = (d x + e y + f) / (...).

    In Python floats, so that every machine finds the same bits.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = parameters.points
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    width, height = parameters.width - 1, parameters.height - 1
    return (
        (x1 - x0 + g * x1) / width,
        (x3 - x0 + h * x3) / height,
        x0,
        (y1 - y0 + g * y1) / width,
        (y3 - y0 + h * y3) / height,
        y0,
        g / width,
        h / height,
    )


def _check_corners(parameters: PerspectiveParameters, source: FrameShape) -> None:
    for x, y in parameters.points:
        if not (-0.5 <= x <= source.width - 0.5 and -0.5 <= y <= source.height - 0.5):
            raise RequestError(
                f"perspective: the corner {x:g}, {y:g} lies outside the picture of "
                f"{source.width} x {source.height}",
                next_step="Give corners inside the picture; nothing is known beyond it.",
            )
    for axis, side, align in (
        ("width", parameters.width, source.layout.align_x),
        ("height", parameters.height, source.layout.align_y),
    ):
        if side % align:
            raise RequestError(
                f"perspective: {axis} {side} does not go with chroma shared by {align} samples",
                next_step=f"Ask for a {axis} of {side // align * align + align}.",
            )


def build(
    parameters: PerspectiveParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `perspective` to a shape. Raises RequestError."""
    return Perspective(parameters, source)
