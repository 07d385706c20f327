"""What operations on one frame at a time have in common.

`needs` grows the wanted region by the operation's reach; the work is done on all of it and
the margin is cut off. At a true edge of the picture there is no margin, and the operation
continues the picture in its own stated way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.luma import luma_of, with_luma_change


class SingleFrame(ABC):
    """One step on one frame, bound to a shape that it keeps.

    `pixels` is the reach in samples of any plane.
    """

    before = 0
    after = 0

    def __init__(self, name: str, source: FrameShape, *, pixels: int) -> None:
        self.name = name
        self.source = source
        self.result = source
        self._margin = pixels * max(source.layout.align_x, source.layout.align_y)

    def needs(self, out: Region) -> Region:
        """Name the region and its surroundings within reach."""
        return out.grown(self._margin, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        return self.compute(window[centre].cut(self.needs(out)), out)

    @abstractmethod
    def compute(self, block: Block, out: Region) -> Block:
        """Region `out` of the result, from a block that covers `needs(out)`."""


class LumaOperation(SingleFrame):
    """One step that changes luma only."""

    def compute(self, block: Block, out: Region) -> Block:
        """Change luma on the whole block, then cut."""
        before = luma_of(block)
        after = self.change(before)
        inner = block.cut(out)
        if after is before:
            return inner
        top, left = out.top - block.region.top, out.left - block.region.left
        own = slice(top, top + out.height), slice(left, left + out.width)
        return with_luma_change(inner, before[own], after[own])

    @abstractmethod
    def change(self, luma: Plane) -> Plane:
        """Make new luma (H, W) float32; give the same object where nothing changes."""
