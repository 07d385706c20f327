"""Runs a network of red, green and blue on pictures of every layout.

The network sees R'G'B' in 0..1, full range, whatever the picture is coded in: YCbCr goes through
the layout's own matrix and range (`pipelines.media.colour`), with chroma interpolated linearly at
every luma sample; gray goes in as three equal planes. What comes out goes the same way back:
chroma is averaged with a tent over one chroma spacing, gray is the luma (BT.601) of what came out.
Nothing is clipped on the way. Opacity never enters.
"""

from __future__ import annotations

import numpy as np

from pipelines.media.colour import rgb_from_ycbcr, ycbcr_from_rgb
from pipelines.media.picture import Block, Family, FrameShape, Plane, Region
from pipelines.operations.base import Network
from pipelines.operations.chroma_grid import SPACINGS, ChromaGrid
from pipelines.operations.luma import nominal_luma, rgb_luma


class RgbNetwork:
    """A network of three planes, bound to the shapes of what comes in and what goes out.

    `result` is as many times larger than `source` as the network enlarges. `answer` is what the
    network gave for the whole of the one picture that this is for; None has it asked each time.
    """

    def __init__(
        self,
        network: Network,
        source: FrameShape,
        result: FrameShape,
        *,
        answer: Plane | None = None,
    ) -> None:
        layout = source.layout
        self._network = network
        self._answer = answer
        self._source, self._result = source, result
        subsampled = layout.chroma_x > 0 or layout.chroma_y > 0
        self._grids = (ChromaGrid(source), ChromaGrid(result)) if subsampled else None
        self._margin = SPACINGS * max(layout.align_x, layout.align_y) if subsampled else 0

    def seen(self, block: Block) -> RgbNetwork:
        """The same for one picture alone, asked once; `block` is the whole of what comes in."""
        answer = self._network.run(self.to_rgb(block, self._source.whole))
        return RgbNetwork(self._network, self._source, self._result, answer=answer)

    def needs(self, out: Region) -> Region:
        """Name the source samples that the colours of result region `out` depend on."""
        return self._read(out).grown(self._margin, self._source)

    def colour(self, block: Block, out: Region) -> tuple[Plane, ...]:
        """Compute the colour planes of result region `out`; `block` covers `needs(out)`."""
        scale, read, wide = self._network.scale, self._read(out), self.wide(out)
        made = self._answer
        if made is None:
            made = self._network.run(self.to_rgb(block, read))
        top, left = wide.top - read.top * scale, wide.left - read.left * scale
        return self.from_rgb(made[:, top : top + wide.height, left : left + wide.width], wide, out)

    def wide(self, out: Region) -> Region:
        """The part of the result whose colours at full resolution region `out` is made of."""
        return out.grown(self._margin, self._result)

    def _read(self, out: Region) -> Region:
        """The part of the source that the network has to see."""
        wide, scale = self.wide(out), self._network.scale
        top, left = wide.top // scale, wide.left // scale
        bottom, right = -(-wide.bottom // scale), -(-wide.right // scale)
        core = Region(top, left, bottom - top, right - left)
        return core.grown(self._network.reach, self._source)

    def to_rgb(self, block: Block, read: Region) -> Plane:
        """(3, H, W) of what the network has to see."""
        layout = self._source.layout
        inner = block.cut(read)
        if layout.family is Family.YCBCR:
            luma, cb, cr = inner.planes[:3]
            if self._grids is not None:
                cb, cr = (self._grids[0].raised(block, plane, read) for plane in (1, 2))
            return np.stack(rgb_from_ycbcr((luma, cb, cr), layout))
        nominal = nominal_luma(layout)
        colour = inner.planes[:3] if layout.family is Family.RGB else inner.planes[:1] * 3
        made: Plane = np.stack(colour)
        if not layout.full_range:
            made -= np.float32(nominal.black)
            made *= np.float32(1 / nominal.span)
        return made

    def from_rgb(self, made: Plane, wide: Region, out: Region) -> tuple[Plane, ...]:
        """Code R, G, B (3, H, W) of `wide` as the result does, and cut out `out`."""
        layout = self._result.layout
        red, green, blue = made
        if layout.family is not Family.YCBCR:
            gray = layout.family is Family.GRAY
            planes = (rgb_luma(red, green, blue),) if gray else (red, green, blue)
            return planes if layout.full_range else tuple(self._coded(plane) for plane in planes)
        luma, cb, cr = ycbcr_from_rgb((red, green, blue), layout)
        if self._grids is None:
            return luma, cb, cr
        top, left = out.top - wide.top, out.left - wide.left
        chroma = (self._grids[1].lowered(plane, wide, out) for plane in (cb, cr))
        return luma[top : top + out.height, left : left + out.width], *chroma

    def _coded(self, plane: Plane) -> Plane:
        """Put nominal 0..1 into the codes of a studio range."""
        nominal = nominal_luma(self._result.layout)
        made: Plane = plane * np.float32(nominal.span)
        made += np.float32(nominal.black)
        return made
