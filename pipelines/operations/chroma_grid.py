"""Between the grid of luma samples and that of subsampled chroma, with the layout's siting.

Chroma is interpolated linearly at the place of each luma sample; what goes the other way is
averaged with a tent over one chroma spacing. Both give the same bits whatever region is asked
for.
"""

from __future__ import annotations

from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.axis import Kernel, Taps, chroma_to_luma, luma_to_chroma, taps_of
from pipelines.operations.resample import resample

SPACINGS = 1
"""How far `raised` and `lowered` look beyond a region, in chroma spacings on each side."""


class ChromaGrid:
    """The two grids of pictures of one shape, whose chroma is subsampled."""

    def __init__(self, shape: FrameShape) -> None:
        self._layout = shape.layout
        self._up = tuple(
            taps_of(chroma_to_luma(shape, vertical=vertical), Kernel.TENT)
            for vertical in (True, False)
        )
        self._down = tuple(
            taps_of(luma_to_chroma(shape, vertical=vertical), Kernel.TENT)
            for vertical in (True, False)
        )

    def raised(self, block: Block, plane: int, out: Region) -> Plane:
        """Interpolate a chroma plane of `block` at the luma samples of `out`."""
        own = block.region.on_plane(plane, self._layout)
        return _moved(block.planes[plane], self._up, own, out.on_plane(0, self._layout))

    def lowered(self, plane: Plane, region: Region, out: Region) -> Plane:
        """Average a plane that covers `region` at every luma sample, at the chroma of `out`."""
        own = region.on_plane(0, self._layout)
        return _moved(plane, self._down, own, out.on_plane(1, self._layout))


def _moved(
    plane: Plane,
    taps: tuple[Taps | None, ...],
    own: tuple[slice, slice],
    out: tuple[slice, slice],
) -> Plane:
    rows, columns = taps
    origin = own[0].start, own[1].start
    return resample(plane, rows=rows, columns=columns, origin=origin, out=out)
