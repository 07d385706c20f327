"""`steady`: flicker of work that was done frame by frame is lowered. MIXES frames.

Networks look at one frame at a time and decide a little differently every time. Each frame of
the window is laid onto this one along its motion (`pipelines.operations.block_motion`, on
luma; chroma follows), and mixed in with the weights of `denoise_temporal`: nearly whole where
only flicker of the stated size differs, nearly nothing where something does not fit, as beside
an edge that moved otherwise. The window ends at a cut. What is left cannot leave a trail above the
strength: no sample moves further than that.

The window is finite, so segments equal the clip; the frames that are mixed are those of the
window, and no others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.graph.operation_noise import DenoiseTemporalParameters
from pipelines.graph.operation_steady import SteadyParameters
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.block_motion import OwnBlocks, Shifts, block_shifts, grid_over, spread
from pipelines.operations.denoise_temporal import DenoiseTemporal
from pipelines.operations.luma import CODE_STEP, luma_of
from pipelines.operations.motion import Scenes


class Steady:
    """The bound operation."""

    name = "steady"

    def __init__(self, parameters: SteadyParameters, source: FrameShape) -> None:
        self.source = source
        self.result = source
        self.before = parameters.radius
        self.after = parameters.radius
        self._search = parameters.search
        self._scenes = Scenes()
        self._limit = np.float32(parameters.strength * CODE_STEP)
        self._mixing = DenoiseTemporal(
            DenoiseTemporalParameters(strength=parameters.strength, radius=parameters.radius),
            source,
        )

    def needs(self, out: Region) -> Region:  # noqa: ARG002 - cuts show in the whole only
        """Name the whole frame."""
        return self.source.whole

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        first, last = self._scenes.window(window, centre)
        centre -= first
        blocks = window[first:last]
        target = self._mixing.needs(out)
        grid = grid_over(target, self.source)
        own = OwnBlocks(luma_of(blocks[centre]), blocks[centre].region, grid, self.source)
        laid = [
            block.cut(target)
            if position == centre
            else self._laid(block, own, target, self._search * abs(position - centre))
            for position, block in enumerate(blocks)
        ]
        mixed = self._mixing.apply(laid, centre, out)
        kept = blocks[centre].cut(out)
        colour = self.source.layout.colour_planes
        planes = [
            before + np.clip(after - before, -self._limit, self._limit)
            for before, after in zip(kept.planes[:colour], mixed.planes[:colour], strict=True)
        ]
        return Block((*planes, *kept.planes[colour:]), out, self.result)

    def _laid(self, other: Block, own: OwnBlocks, target: Region, search: int) -> Block:
        """Lay another frame onto this one, block by block."""
        shifts = block_shifts(own, luma_of(other), other.region, search=search)
        down, across = spread(shifts, own.blocks, target)
        planes = [
            self._moved(other, index, target, down, across) for index in range(len(other.planes))
        ]
        return Block(tuple(planes), target, self.source)

    def _moved(
        self, other: Block, index: int, target: Region, down: Shifts, across: Shifts
    ) -> Plane:
        """Take one plane from where its blocks are; chroma moves by the nearest of its samples."""
        layout = self.source.layout
        ay, ax = (layout.align_y, layout.align_x) if layout.is_chroma(index) else (1, 1)
        rows, columns = target.on_plane(index, layout)
        own_rows, own_columns = other.region.on_plane(index, layout)
        sides = self.source.plane_size(index)
        shape = rows.stop - rows.start, columns.stop - columns.start
        if layout.is_chroma(index):
            down = np.rint(down[::ay, ::ax][: shape[0], : shape[1]] / ay)
            across = np.rint(across[::ay, ::ax][: shape[0], : shape[1]] / ax)
        plane = np.ascontiguousarray(other.planes[index])
        place = np.arange(rows.start, rows.stop)[:, None] + down.astype(np.intp)
        np.clip(place, 0, sides[0] - 1, out=place)
        place -= own_rows.start
        place *= plane.shape[1]
        x = np.arange(columns.start, columns.stop)[None, :] + across.astype(np.intp)
        place += np.clip(x, 0, sides[1] - 1, out=x)
        place -= own_columns.start
        moved: Plane = np.take(plane.reshape(-1), place)
        return moved


def build(parameters: SteadyParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `steady` to a shape."""
    return Steady(parameters, source)
