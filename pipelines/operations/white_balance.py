"""`white_balance`: red, green and blue times given factors.

The factors act on the samples as they are coded, above nominal black, and not on light; they
mean the same in every layout. YCbCr needs no trip through RGB: y, cb, cr (0..1, and -1/2..1/2
about 0) are a linear function A of R, G, B (ITU-T H.273, MatrixCoefficients), so the whole
step is the one linear map A * diag(red, green, blue) * A^-1, and nothing is clipped on the way.

With subsampled chroma, luma takes chroma interpolated linearly at its own place, and chroma
takes luma averaged with a tent over one chroma spacing, both with the siting of the layout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.graph.operation_tone import WhiteBalanceParameters
from pipelines.media.picture import Block, Family, FrameShape, Matrix, PixelLayout, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.chroma_grid import ChromaGrid
from pipelines.operations.luma import nominal_luma
from pipelines.operations.single import SingleFrame

RED_BLUE_WEIGHTS = {
    Matrix.BT601: (0.299, 0.114),
    Matrix.BT709: (0.2126, 0.0722),
    Matrix.BT2020: (0.2627, 0.0593),
    Matrix.SMPTE240M: (0.212, 0.087),
    Matrix.FCC: (0.30, 0.11),
}
"""KR and KB of each matrix (ITU-T H.273, table 4)."""


def balance_matrix(layout: PixelLayout, gains: tuple[float, float, float]) -> NDArray[np.float64]:
    """Give the (3, 4) map of (Y, Cb, Cr, 1), in samples of a block, that applies `gains`.

    Studio chroma is 224 codes wide where luma has 219; the zero of chroma is 2**(depth - 1).
    """
    red, blue = RED_BLUE_WEIGHTS[layout.matrix]
    green = 1 - red - blue
    luma = np.array([red, green, blue])
    forward = np.stack(
        [
            luma,
            (np.array([0, 0, 1]) - luma) / (2 * (1 - blue)),
            (np.array([1, 0, 0]) - luma) / (2 * (1 - red)),
        ]
    )
    balance = forward @ np.diag(gains) @ np.linalg.inv(forward)
    nominal = nominal_luma(layout)
    chroma_span = 1.0 if layout.full_range else nominal.span * 224 / 219
    chroma_zero = float(1 << (layout.depth - 1)) / layout.peak
    span = np.array([nominal.span, chroma_span, chroma_span])
    zero = np.array([nominal.black, chroma_zero, chroma_zero])
    linear = span[:, None] * balance / span[None, :]
    return np.concatenate([linear, (zero - linear @ zero)[:, None]], axis=1)


class WhiteBalance(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: WhiteBalanceParameters, source: FrameShape) -> None:
        layout = source.layout
        if layout.family is Family.GRAY:
            raise RequestError(
                "white_balance: a gray picture has no colour to balance",
                next_step="Leave white_balance out.",
            )
        subsampled = layout.chroma_x > 0 or layout.chroma_y > 0
        super().__init__("white_balance", source, pixels=int(subsampled))
        self._gains = (parameters.red, parameters.green, parameters.blue)
        self._matrix = balance_matrix(layout, self._gains).astype(np.float32)
        self._grid = ChromaGrid(source) if subsampled else None

    def compute(self, block: Block, out: Region) -> Block:
        """Multiply, or map the three planes together."""
        inner = block.cut(out)
        if self._gains == (1.0, 1.0, 1.0):
            return inner
        rest = inner.planes[3:]
        if self.source.layout.family is Family.RGB:
            pairs = zip(inner.planes[:3], self._gains, strict=True)
            colour = tuple(self._scaled(plane, gain) for plane, gain in pairs)
        else:
            colour = self._mapped(block, inner, out)
        return Block((*colour, *rest), out, self.result)

    def _scaled(self, plane: Plane, gain: float) -> Plane:
        """Multiply the distance from nominal black."""
        scaled: Plane = plane * np.float32(gain)
        scaled += np.float32(nominal_luma(self.source.layout).black * (1 - gain))
        return scaled

    def _mapped(self, block: Block, inner: Block, out: Region) -> tuple[Plane, ...]:
        luma, cb, cr = inner.planes[:3]
        if self._grid is None:
            return tuple(_combine(row, (luma, cb, cr)) for row in self._matrix)
        fine = (luma, self._grid.raised(block, 1, out), self._grid.raised(block, 2, out))
        coarse = (self._grid.lowered(block.planes[0], block.region, out), cb, cr)
        return (
            _combine(self._matrix[0], fine),
            _combine(self._matrix[1], coarse),
            _combine(self._matrix[2], coarse),
        )


def _combine(row: NDArray[np.float32], planes: tuple[Plane, Plane, Plane]) -> Plane:
    """Sum the planes with the first three numbers of `row` and add the fourth."""
    total: Plane = planes[0] * row[0]
    for plane, weight in zip(planes[1:], row[1:3], strict=True):
        total += plane * weight
    total += row[3]
    return total


def build(
    parameters: WhiteBalanceParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `white_balance` to a shape. Raises RequestError for gray pictures."""
    return WhiteBalance(parameters, source)


def backwards(parameters: WhiteBalanceParameters, operation: Operation) -> Operation | None:
    """Divide by the factors; None where chroma is subsampled.

    Luma then took chroma from between its samples, and no exact way leads back.
    """
    layout = operation.result.layout
    if layout.chroma_x or layout.chroma_y:
        return None
    gains = {name: 1 / float(gain) for name, gain in parameters.model_dump().items()}
    return WhiteBalance(WhiteBalanceParameters(**gains), operation.result)
