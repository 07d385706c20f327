"""How two pictures of one shape differ, in code values: how much, where, and a picture of it.

Nothing is judged here and nothing is averaged: samples are equal or they are not, and of those
that are not, the largest difference, its place and the rectangle around all of them are said.
Planes are walked in strips, so planes that lie in files are never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples

_STRIP_ROWS = 256
_WHITE = 255


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in samples of one plane."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PlaneDifference:
    """What differs in one plane.

    `largest` is in code values, found first at column `x`, row `y`; `samples` counts those that
    differ, all of which lie inside `box`.
    """

    plane: str
    largest: int
    x: int
    y: int
    samples: int
    box: Box


def plane_names(layout: PixelLayout) -> tuple[str, ...]:
    """What the planes of a layout are called, in their order."""
    names = {
        Family.GRAY: ("Y",),
        Family.RGB: ("R", "G", "B"),
        Family.YCBCR: ("Y", "Cb", "Cr"),
    }[layout.family]
    return (*names, "A") if layout.alpha else names


def are_alike(first: tuple[Samples, ...], second: tuple[Samples, ...]) -> bool:
    """Whether two pictures have planes of the same sizes and types."""
    return [(p.shape, p.dtype) for p in first] == [(p.shape, p.dtype) for p in second]


def differences(
    first: tuple[Samples, ...], second: tuple[Samples, ...], layout: PixelLayout
) -> tuple[PlaneDifference, ...]:
    """The planes in which two pictures differ; empty where every sample is equal.

    `first` and `second` are (H, W) uint8 or uint16 planes as `layout` says. Raises ValueError
    where they are not of one shape.
    """
    _require_alike(first, second)
    found = []
    for name, one, other in zip(plane_names(layout), first, second, strict=True):
        difference = _plane(name, one, other)
        if difference is not None:
            found.append(difference)
    return tuple(found)


def amplification(largest: int) -> Fraction:
    """The factor that shows a difference of `largest` code values as nearly white as may be.

    A whole number, or one over a whole number where the difference is more than 255.
    """
    return Fraction(_WHITE // largest) if largest <= _WHITE else Fraction(1, -(-largest // _WHITE))


def draw(
    first: tuple[Samples, ...],
    second: tuple[Samples, ...],
    shape: FrameShape,
    *,
    factor: Fraction,
    out: NDArray[np.uint8],
) -> None:
    """Draw into `out` (H, W), one pixel per luma sample: the largest difference of any plane.

    Equal samples are black; a difference d is drawn as d * factor, at least 1, at most 255.
    Chroma samples cover the luma samples that share them.
    """
    _require_alike(first, second)
    layout = shape.layout
    rows_at_once = _STRIP_ROWS * layout.align_y
    for top in range(0, shape.height, rows_at_once):
        bottom = min(shape.height, top + rows_at_once)
        worst = np.zeros((bottom - top, shape.width), np.uint32)
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            down, across = (layout.align_y, layout.align_x) if layout.is_chroma(index) else (1, 1)
            rows = slice(top // down, -(-bottom // down))
            apart = _apart(one[rows], other[rows])
            spread = apart.repeat(down, axis=0).repeat(across, axis=1)
            np.maximum(worst, spread[: bottom - top, : shape.width], out=worst)
        drawn = worst * factor.numerator // factor.denominator
        out[top:bottom] = np.minimum(np.maximum(drawn, worst > 0), _WHITE)


def _require_alike(first: tuple[Samples, ...], second: tuple[Samples, ...]) -> None:
    if not are_alike(first, second):
        raise ValueError("only pictures of one shape can be compared sample by sample")


def _plane(name: str, one: Samples, other: Samples) -> PlaneDifference | None:
    largest, x, y, samples = 0, 0, 0, 0
    edges: list[tuple[int, int, int, int]] = []
    for top, apart in _strips(one, other):
        places = np.nonzero(apart)
        if not len(places[0]):
            continue
        samples += len(places[0])
        edges.append(
            (
                int(places[1].min()),
                top + int(places[0].min()),
                int(places[1].max()),
                top + int(places[0].max()),
            )
        )
        most = int(apart.max())
        if most > largest:
            row, column = np.unravel_index(int(apart.argmax()), apart.shape)
            largest, x, y = most, int(column), top + int(row)
    if not edges:
        return None
    left, high = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    right, low = max(edge[2] for edge in edges), max(edge[3] for edge in edges)
    box = Box(left, high, right - left + 1, low - high + 1)
    return PlaneDifference(name, largest, x, y, samples, box)


def _strips(one: Samples, other: Samples) -> Iterator[tuple[int, NDArray[np.uint32]]]:
    for top in range(0, one.shape[0], _STRIP_ROWS):
        yield top, _apart(one[top : top + _STRIP_ROWS], other[top : top + _STRIP_ROWS])


def _apart(one: Samples, other: Samples) -> NDArray[np.uint32]:
    """How far samples lie apart."""
    return np.abs(one.astype(np.int32) - other.astype(np.int32)).astype(np.uint32)
