"""What an operation is at run time: one step on pixels, bound to a size and a layout.

The contract that lets tiles equal the whole and many segments equal one: `apply` computes
the samples of a region of the result, and gives the same samples whatever region is asked
for. So an operation keeps no state between calls, reads only the region that `needs` names
and the frames of its window, and never looks at where a tile or a segment begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipelines.media.picture import Block, FrameShape, Plane, Region


class Network(Protocol):
    """A network that is ready to run. `models.engines` provides it."""

    @property
    def scale(self) -> int:
        """Output samples per input sample along each axis."""

    @property
    def planes(self) -> int:
        """Planes that go in together: 1 for luma, 3 for red, green and blue."""

    @property
    def reach(self) -> int:
        """Input samples on each side that one output sample depends on."""

    def run(self, plane: Plane) -> Plane:
        """(H, W) float32 in 0..1 to (scale*H, scale*W) float32; tiled inside when large.

        A network of three planes takes (3, H, W) and gives (3, scale*H, scale*W).
        """


class NetworkSource(Protocol):
    """Hands out warm networks by catalog name."""

    def network(self, model: str) -> Network:
        """The network called `model`, loaded once and kept."""


class Retiming(Protocol):
    """An operation whose result has another number of frames, or frames of other moments.

    A frame of the result shows a frame of the source in one of several ways; `phases` holds a
    bound operation for each, by the number that `pipelines.media.frame_map` gives it.
    """

    phases: tuple[Operation, ...]


class Operation(Protocol):
    """One step, bound to the shape of its input frames."""

    @property
    def name(self) -> str:
        """The operation's name in graphs."""

    @property
    def source(self) -> FrameShape:
        """What it takes."""

    @property
    def result(self) -> FrameShape:
        """What it gives."""

    @property
    def before(self) -> int:
        """Earlier frames in its window."""

    @property
    def after(self) -> int:
        """Later frames in its window."""

    def needs(self, out: Region) -> Region:
        """The region of every source frame that `apply` reads for region `out` of the result."""

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out` of the result.

        `window` holds the blocks of `needs(out)` for the frames from `before` earlier to
        `after` later, shorter at the two ends of the clip; `window[centre]` is the frame
        itself. Returns a block whose `region` is `out` and whose `shape` is `result`.
        """
