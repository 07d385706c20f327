"""`stabilise`: each frame is moved onto a smoothed path of the camera.

The motion from every frame of the window to the next is estimated as a shift, a turn and a
scale of the whole (`pipelines.operations.motion`), over the frame or over the region to hold
still. Where a place of this frame lies in the other frames is averaged with the weights of a
Gaussian, half the radius wide; that is where it is drawn. The window ends at a cut, so the
frames of another scene have no say. The samples are this frame's own.

With `crop`, a margin is cut off and a correction that would reach beyond the picture is made
smaller until it does not: nothing is ever made up at the rims.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.errors import RequestError
from pipelines.graph.operation_place import Border, StabiliseParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.luma import luma_of
from pipelines.operations.motion import Motion, Remembered, Sketch, motion_between, sketch
from pipelines.operations.remap import Places, Remap


class Stabilise:
    """The bound operation.

    What it remembers of frames is a function of their samples, so results do not depend on it.
    """

    name = "stabilise"

    def __init__(self, parameters: StabiliseParameters, source: FrameShape) -> None:
        self.source = source
        self.before = parameters.radius
        self.after = parameters.radius
        self._region = _region(parameters, source)
        self._top, self._left = _cut(parameters, source)
        self.result = FrameShape(
            source.height - 2 * self._top, source.width - 2 * self._left, source.layout
        )
        self._inside = parameters.border is Border.CROP
        self._sketches: Remembered[Sketch] = Remembered()
        self._motions: Remembered[Motion] = Remembered()

    def needs(self, out: Region) -> Region:  # noqa: ARG002 - motion is measured on whole frames
        """Name the whole frame."""
        return self.source.whole

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        back = self.correction(window, centre).undone()
        share = self._share(back) if self._inside else 1.0
        middle = complex((self.source.width - 1) / 2, (self.source.height - 1) / 2)
        turn, shift = 1 + share * (back.a - 1), share * back.b

        def way(x: Places, y: Places) -> tuple[Places, Places]:
            across = x + (self._left - middle.real)
            down = y + (self._top - middle.imag)
            return (
                turn.real * across - turn.imag * down + (shift.real + middle.real),
                turn.imag * across + turn.real * down + (shift.imag + middle.imag),
            )

        return Remap(self.source, self.result, way).draw(window[centre], out)

    def correction(self, window: Sequence[Block], centre: int) -> Motion:
        """Where the places of a frame belong on the smoothed path."""
        total, turn, shift = 1.0, 1 + 0j, 0j
        for step in (1, -1):
            there = Motion()
            for distance in range(1, self.before + 1):
                position = centre + step * distance
                if not 0 <= position < len(window):
                    break
                first, second = min(position, position - step), max(position, position - step)
                moved = self._motion(window[first], window[second])
                if not moved.same_scene:
                    break
                there = there.then(moved if step > 0 else moved.undone())
                weight = math.exp(-0.5 * (2 * distance / self.before) ** 2)
                total += weight
                turn += weight * there.a
                shift += weight * there.b
        return Motion(turn / total, shift / total)

    def _motion(self, before: Block, after: Block) -> Motion:
        key = before.planes[0], after.planes[0]
        known = self._motions.get(key)
        if known is not None:
            return known
        found = motion_between(self._sketch(before), self._sketch(after))
        return self._motions.keep(key, self._about_middle(found))

    def _sketch(self, block: Block) -> Sketch:
        key = (block.planes[0],)
        known = self._sketches.get(key)
        if known is not None:
            return known
        region = self._region
        luma = luma_of(block)[region.top : region.bottom, region.left : region.right]
        return self._sketches.keep(key, sketch(luma))

    def _about_middle(self, found: Motion) -> Motion:
        """The same motion, told from the picture's middle and not from the region's."""
        region = self._region
        offset = complex(
            region.left + (region.width - self.source.width) / 2,
            region.top + (region.height - self.source.height) / 2,
        )
        return Motion(found.a, found.b + offset - found.a * offset, found.same_scene)

    def _share(self, back: Motion) -> float:
        """The largest share of a correction that keeps the result inside the picture."""
        half_width, half_height = self.result.width / 2, self.result.height / 2
        share = 1.0
        for across in (-half_width, half_width):
            for down in (-half_height, half_height):
                corner = complex(across, down)
                moved = back.a * corner + back.b - corner
                for place, change, limit in (
                    (across, moved.real, self.source.width / 2),
                    (down, moved.imag, self.source.height / 2),
                ):
                    if abs(place + change) > limit:
                        share = min(share, (limit - abs(place)) / abs(change))
        return max(0.0, share)


def _cut(parameters: StabiliseParameters, source: FrameShape) -> tuple[int, int]:
    """Rows and columns that are cut off on either end, whole chroma samples."""
    if parameters.border is Border.BLACK:
        return 0, 0
    ax, ay = source.layout.align_x, source.layout.align_y
    return (
        round(parameters.margin * source.height / ay) * ay,
        round(parameters.margin * source.width / ax) * ax,
    )


def _region(parameters: StabiliseParameters, source: FrameShape) -> Region:
    """The part of the picture that is held still. Raises RequestError."""
    right = source.width if parameters.width is None else parameters.x + parameters.width
    bottom = source.height if parameters.height is None else parameters.y + parameters.height
    if not (parameters.x < right <= source.width and parameters.y < bottom <= source.height):
        raise RequestError(
            f"stabilise: the region reaches beyond the picture of {source.width} x {source.height}",
            next_step="Give a region inside the picture.",
        )
    return Region(parameters.y, parameters.x, bottom - parameters.y, right - parameters.x)


def build(
    parameters: StabiliseParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `stabilise` to a shape. Raises RequestError."""
    return Stabilise(parameters, source)
