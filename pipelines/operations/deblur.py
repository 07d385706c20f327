"""`deblur`: a stated blur is taken back on luma, by the Wiener filter or by Richardson-Lucy.

Wiener: the filter conj(H) / (|H|**2 + noise), H the transform of the point spread, is made
into a kernel of finite size: its impulse response is left as it is over half its reach and
faded out by a squared cosine, then scaled so that an even area keeps its brightness. Beyond
the picture's edge the outermost samples are repeated, and then twice replaced by what the
result, blurred again, has there: so light from beyond the edge has somewhere to come from,
and the edge rings no more than the inside does.

Richardson-Lucy (Richardson 1972, Lucy 1974), with the edges of Bertero and Boccacci (A&A 437,
2005): x <- x / (H' m) * H' (m y / (H x)), m being 1 where the picture was recorded and 0
beyond its edge. The picture is estimated beyond its edge as well, as far as light from there
was recorded, and so no edge has to be made up. Light counts from nominal black; codes below
it are handed through.

Both amplify noise and draw echoes beside edges where the stated point spread is not the true
one. Colour differences are left alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.graph.operation_blur import (
    DeblurMethod,
    DeblurParameters,
    deblur_margin,
    deblur_tile,
    wiener_reach,
)
from pipelines.media.picture import Block, FrameShape, Plane, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.fixed_tiles import FixedTiles, Square
from pipelines.operations.luma import luma_of, nominal_luma, with_luma_change
from pipelines.operations.point_spread import Kernel, point_spread
from pipelines.operations.single import LumaOperation, SingleFrame

DARKEST = np.float32(1e-6)
"""No estimate goes below: a sample of 0 would stay 0 for ever."""

EDGE_ROUNDS = 2
"""How often the Wiener filter's samples beyond the picture's edge are made anew."""

LEAST_SEEN = np.float32(1e-3)
"""Samples beyond the edge of which less than this share of the light was recorded stay."""

Transform = NDArray[np.complex64]


class Deblur(SingleFrame):
    """The bound operation."""

    def __init__(self, parameters: DeblurParameters, source: FrameShape) -> None:
        super().__init__("deblur", source, pixels=0)
        margin = deblur_margin(parameters)
        self._side = deblur_tile(margin)
        self._margin = margin
        self._tiles = FixedTiles(source, core=self._side - 2 * margin, margin=margin)
        kernel = point_spread(parameters)
        self._forward = _transform(kernel, self._side)
        self._iterations = 0
        if parameters.method is DeblurMethod.WIENER:
            inverse = wiener_kernel(kernel, parameters.noise, wiener_reach(kernel.shape[0] // 2))
            self._inverse = _transform(inverse, self._side)
        else:
            self._iterations = parameters.iterations
        self._black = np.float32(nominal_luma(source.layout).black)

    def needs(self, out: Region) -> Region:
        """Name the samples under the squares that hold the region, with their margins."""
        return self._tiles.covering(out)

    def compute(self, block: Block, out: Region) -> Block:
        """Filter luma square by square."""
        luma = luma_of(block)
        work = self._richardson_lucy if self._iterations else self._wiener
        after = self._tiles.filtered(luma, block.region, out, work)
        top, left = out.top - block.region.top, out.left - block.region.left
        before = luma[top : top + out.height, left : left + out.width]
        return with_luma_change(block.cut(out), before, after)

    def _wiener(self, square: Square) -> Plane:
        """Convolve with the finite kernel; what wraps around falls into the margin."""
        picture = np.pad(square.samples, square.missing, mode="edge")
        found = _convolved(picture, self._inverse)
        if np.any(square.missing):
            beyond = np.pad(
                np.zeros(square.samples.shape, bool), square.missing, constant_values=True
            )
            for _ in range(EDGE_ROUNDS):
                picture[beyond] = _convolved(found, self._forward)[beyond]
                found = _convolved(picture, self._inverse)
        return self._core(found)

    def _richardson_lucy(self, square: Square) -> Plane:
        """Run the iteration on one square; its margin keeps its edges out of the core."""
        light = square.samples - self._black
        below = np.minimum(light, 0)
        seen = np.pad(np.ones_like(light), square.missing)
        picture = np.pad(np.maximum(light, 0), square.missing, mode="edge")
        recorded = picture * seen
        back = np.conj(self._forward)
        weight = _convolved(seen, back)
        step = np.where(weight > LEAST_SEEN, 1 / np.maximum(weight, LEAST_SEEN), 0)
        keep = weight <= LEAST_SEEN
        estimate = np.maximum(picture, DARKEST)
        for _ in range(self._iterations):
            ratio = recorded / np.maximum(_convolved(estimate, self._forward), DARKEST)
            factor = _convolved(ratio, back) * step
            factor[keep] = 1
            estimate = np.maximum(estimate * factor, DARKEST)
        found = self._core(estimate) + self._black
        return found + self._core(np.pad(below, square.missing))

    def _core(self, plane: Plane) -> Plane:
        inner = slice(self._margin, self._side - self._margin)
        return plane[inner, inner].astype(np.float32, copy=False)


class Blur(LumaOperation):
    """The stated point spread on luma: `deblur` read backwards, by plain sums.

    Beyond the picture's edge its outermost samples are repeated.
    """

    def __init__(self, parameters: DeblurParameters, source: FrameShape) -> None:
        kernel = point_spread(parameters)
        self._kernel = kernel.astype(np.float32)
        self._radius = kernel.shape[0] // 2
        super().__init__("deblur", source, pixels=self._radius)

    def change(self, luma: Plane) -> Plane:
        """Add up shifted copies in one order."""
        height, width = luma.shape
        padded = np.pad(luma, self._radius, mode="edge")
        total = np.zeros_like(luma)
        for row, column in zip(*np.nonzero(self._kernel), strict=True):
            # A convolution: the part of light that went up comes from below.
            top, left = 2 * self._radius - row, 2 * self._radius - column
            total += padded[top : top + height, left : left + width] * self._kernel[row, column]
        return total


def wiener_kernel(kernel: Kernel, noise: float, reach: int) -> Kernel:
    """Make the inverse filter as a kernel of 2 * reach + 1 samples a side that sums to 1."""
    side = 8 * reach
    forward = np.fft.rfft2(_centred(kernel, side))
    inverse = np.conj(forward) / (np.abs(forward) ** 2 + noise)
    response = np.fft.fftshift(np.fft.irfft2(inverse, (side, side)))
    middle = slice(side // 2 - reach, side // 2 + reach + 1)
    distance = np.abs(np.arange(-reach, reach + 1)) / (reach + 1)
    fade = np.cos(np.pi * np.maximum(distance - 0.5, 0)) ** 2
    finite = response[middle, middle] * np.outer(fade, fade)
    return np.asarray(finite / finite.sum())


def _centred(kernel: Kernel, side: int) -> NDArray[np.float64]:
    """Lay a kernel into a square with its centre at the first sample, wrapping around."""
    laid = np.zeros((side, side))
    laid[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.roll(laid, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), axis=(0, 1))


def _transform(kernel: Kernel, side: int) -> Transform:
    """Transform a kernel for `_convolved`, which divides by the samples of a square twice."""
    return (np.fft.rfft2(_centred(kernel, side)) * side**2).astype(np.complex64)


def _convolved(plane: Plane, transform: Transform) -> Plane:
    """Convolve a square with a kernel that is given by its transform, wrapping around.

    Both ways are scaled: numpy then stays with float32. Unscaled ones are made in float64 and
    cast, which takes five times as long.
    """
    spectrum = np.fft.rfft2(np.asarray(plane, dtype=np.float32), norm="forward")
    spectrum *= transform
    return np.fft.irfft2(spectrum, plane.shape).astype(np.float32, copy=False)


def build(parameters: DeblurParameters, source: FrameShape, _networks: NetworkSource) -> Operation:
    """Bind `deblur` to a shape."""
    return Deblur(parameters, source)


def backwards(parameters: DeblurParameters, operation: Operation) -> Operation:
    """Blur the result again as stated."""
    return Blur(parameters, operation.result)
