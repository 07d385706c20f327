"""Resampling of planes: separable, exact for any region, in float32.

Every output sample is a sum of products in one fixed order, made by elementwise numpy, which
neither fuses nor reorders: the samples are the same bits whatever region is asked for,
however many threads run and whatever the processor.
Rows come first, then columns, in strips that stay in the processor's cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.axis import Kernel, Taps, resizing, taps_of

STRIP_ROWS = 64
"""Rows that are worked on together; measured to be the fastest."""


def resample(
    plane: Plane,
    *,
    rows: Taps | None,
    columns: Taps | None,
    origin: tuple[int, int],
    out: tuple[slice, slice],
) -> Plane:
    """Compute samples `out` (row and column slices) of a resampled plane, (H, W) float32.

    `plane` is a part of the source plane whose first sample has the coordinates `origin`; it
    must hold the `span` of `out` along both axes. An axis without taps stays as it is.
    """
    out_rows, out_columns = out
    height, width = out_rows.stop - out_rows.start, out_columns.stop - out_columns.start
    result = np.empty((height, width), dtype=np.float32)
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        part = slice(out_rows.start + top, out_rows.start + bottom)
        strip = _along_rows(plane, rows, origin[0], part)
        turned = _along_rows(np.ascontiguousarray(strip.T), columns, origin[1], out_columns)
        result[top:bottom] = turned.T
    return result


def _along_rows(plane: Plane, taps: Taps | None, origin: int, out: slice) -> Plane:
    """Rows `out` of `plane` resampled along its first axis; `origin` is its first row."""
    if taps is None:
        return plane[out.start - origin : out.stop - origin]
    weights: NDArray[np.float32] = taps.weights[out]
    first = taps.first[out] - origin
    index = np.clip(first, 0, plane.shape[0] - 1)
    total: Plane = np.take(plane, index, axis=0)
    total *= weights[:, 0:1]
    product = np.empty_like(total)
    for tap in range(1, weights.shape[1]):
        np.clip(first + tap, 0, plane.shape[0] - 1, out=index)
        np.take(plane, index, axis=0, out=product, mode="clip")
        product *= weights[:, tap : tap + 1]
        total += product
    return total


class Scaler:
    """Resizes planes of pictures of one shape to another shape, each on its own grid."""

    def __init__(self, source: FrameShape, result: FrameShape, kernel: Kernel) -> None:
        self.source = source
        self.result = result
        luma = self._taps(0, kernel)
        chroma = self._taps(1, kernel) if source.layout.is_chroma(1) else luma
        self._of_plane = tuple(
            chroma if source.layout.is_chroma(plane) else luma
            for plane in range(source.layout.plane_count)
        )

    def _taps(self, plane: int, kernel: Kernel) -> tuple[Taps | None, Taps | None]:
        return (
            taps_of(resizing(self.source, self.result, plane, vertical=True), kernel),
            taps_of(resizing(self.source, self.result, plane, vertical=False), kernel),
        )

    def needs(self, out: Region) -> Region:
        """Name the source region that all planes of result region `out` are made of."""
        layout = self.source.layout
        tops, lefts, bottoms, rights = [], [], [], []
        for plane, (rows, columns) in enumerate(self._of_plane):
            out_rows, out_columns = out.on_plane(plane, layout)
            ay, ax = (layout.align_y, layout.align_x) if layout.is_chroma(plane) else (1, 1)
            top, bottom = rows.span(out_rows) if rows else (out_rows.start, out_rows.stop)
            left, right = (
                columns.span(out_columns) if columns else (out_columns.start, out_columns.stop)
            )
            tops.append(top * ay)
            bottoms.append(min(bottom * ay, self.source.height))
            lefts.append(left * ax)
            rights.append(min(right * ax, self.source.width))
        covered = Region(min(tops), min(lefts), max(bottoms) - min(tops), max(rights) - min(lefts))
        return covered.grown(0, self.source)

    def plane(self, block: Block, plane: int, out: Region) -> Plane:
        """Region `out` of one plane of the result. `block` must cover `needs(out)`."""
        layout = self.source.layout
        rows, columns = self._of_plane[plane]
        own_rows, own_columns = block.region.on_plane(plane, layout)
        return resample(
            block.planes[plane],
            rows=rows,
            columns=columns,
            origin=(own_rows.start, own_columns.start),
            out=out.on_plane(plane, layout),
        )
