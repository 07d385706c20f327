"""Before and after, side by side: the same part of a picture as it came in and as it went out.

Samples are never resampled for a preview. Each is drawn as a square of whole dots, so that both
sides come out equally large; where the enlargement is no whole number, the two sides differ by
the rest and the captions say what each shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.media.picture import Family, FrameShape, Region, Samples
from pipelines.stages.export.display import Rgb8, conversion_words, display_rgb
from pipelines.stages.export.document import PreviewFacts, Rectangle

WIDTH = 240
HEIGHT = 180
"""The size of a preview in source samples, where the picture is large enough."""

_MOST_DOTS = 480
_CELL = 16
_STRIP_CELLS = 16


@dataclass(frozen=True, slots=True)
class Pictured:
    """Native planes of one whole picture and what they are."""

    planes: tuple[Samples, ...]
    shape: FrameShape


@dataclass(frozen=True, slots=True)
class FrameStamp:
    """Which frame of a clip: its index in display order, its pts and its time base."""

    index: int
    pts: int
    time_base: Fraction

    @property
    def seconds(self) -> str:
        """The presentation time in seconds, rounded to milliseconds."""
        milliseconds = round(self.pts * self.time_base * 1000)
        sign = "-" if milliseconds < 0 else ""
        whole, rest = divmod(abs(milliseconds), 1000)
        return f"{sign}{whole}.{rest:03d}"


@dataclass(frozen=True, slots=True)
class Preview:
    """One pair, ready to draw: (H, W, 3) uint8 R, G, B of the source and of the result."""

    facts: PreviewFacts
    before: Rgb8
    after: Rgb8


def choose_region(picture: Pictured, *, scale: Fraction = Fraction(1)) -> Region:
    """Return the most detailed part of a picture, about 240 x 180 samples.

    Detail is the sum of absolute differences between neighbouring samples of luma (of green for
    R, G, B), each limited to an eighth of full scale so that one hard edge does not outweigh
    fine structure. Of equally detailed parts the one nearest to the centre is taken, then the
    upper left one, so the choice depends on the samples alone. `scale` is the enlargement that
    follows; above 2 the part is smaller. Reads the picture in strips.
    """
    shape = picture.shape
    reduce = max(Fraction(1), scale / 2)
    height = min(shape.height, max(1, int(HEIGHT / reduce)))
    width = min(shape.width, max(1, int(WIDTH / reduce)))
    plane = picture.planes[1 if shape.layout.family is Family.RGB else 0]
    top, left = _busiest(_detail(plane, shape.layout.peak), (height, width), shape)
    return _aligned(Region(top, left, height, width), shape)


def make_preview(
    before: Pictured,
    after: Pictured,
    *,
    frame: FrameStamp | None = None,
    region: Region | None = None,
    placement: Region | None = None,
    turn: int = 0,
) -> Preview:
    """Return the pair for `region` of `before`; None takes the most detailed part.

    `placement` is the part of the source that the result covers (None: all of it; after a crop,
    the part that was kept), in plane-0 samples. `turn` (0, 90, 180, 270 degrees counter-clockwise)
    turns both sides upright. `frame` is None for a still picture. Raises RequestError where
    `region` lies outside the placement or `turn` is no quarter turn.
    """
    kept = placement or before.shape.whole
    scale = Fraction(after.shape.width, kept.width)
    if turn not in {0, 90, 180, 270}:
        raise RequestError(f"A preview cannot be turned by {turn} degrees.")
    if region is None:
        region = _choose_inside(before, kept, scale)
    if not _inside(region, kept):
        raise RequestError("The preview's region lies outside the part that was kept.")
    shown = _counterpart(region, kept, after.shape)
    dots_before, dots_after = _dots(region, shown)
    left = _drawn(before, region, dots_before, turn)
    right = _drawn(after, shown, dots_after, turn)
    facts = PreviewFacts(
        frame=None if frame is None else frame.index,
        pts=None if frame is None else frame.pts,
        seconds=None if frame is None else frame.seconds,
        before=_rectangle(region),
        after=_rectangle(shown),
        before_scale=dots_before,
        after_scale=dots_after,
        turn=turn,
        conversion=conversion_words(before.shape.layout),
        before_sha256=hashlib.sha256(left.tobytes()).hexdigest(),
        after_sha256=hashlib.sha256(right.tobytes()).hexdigest(),
    )
    return Preview(facts, left, right)


def _detail(plane: Samples, peak: int) -> NDArray[np.int64]:
    """Return sums of limited differences over 16 x 16 samples, (rows, columns) int64."""
    rows, columns = (-(-size // _CELL) for size in plane.shape)
    sums = np.zeros((rows, columns), np.int64)
    strip = _CELL * _STRIP_CELLS
    most = max(1, peak // 8)
    for start in range(0, plane.shape[0], strip):
        # One row more than the strip, for the differences that reach across its lower edge.
        part = np.asarray(plane[start : start + strip + 1], dtype=np.int32)
        height = min(strip, part.shape[0])
        found = np.zeros((-(-height // _CELL) * _CELL, columns * _CELL), np.int32)
        across = np.abs(np.diff(part[:height], axis=1))
        found[:height, : across.shape[1]] = np.minimum(across, most)
        down = np.abs(np.diff(part, axis=0))[:height]
        found[: down.shape[0], : down.shape[1]] += np.minimum(down, most)
        cells = found.reshape(found.shape[0] // _CELL, _CELL, columns, _CELL)
        first = start // _CELL
        sums[first : first + cells.shape[0]] = cells.sum(axis=(1, 3), dtype=np.int64)
    return sums


def _busiest(
    detail: NDArray[np.int64], size: tuple[int, int], shape: FrameShape
) -> tuple[int, int]:
    """(top, left) of the window of `size` samples with the most detail, in steps of a cell."""
    rows, columns = (min(max(1, n // _CELL), m) for n, m in zip(size, detail.shape, strict=True))
    total = np.zeros((detail.shape[0] + 1, detail.shape[1] + 1), np.int64)
    total[1:, 1:] = detail.cumsum(axis=0).cumsum(axis=1)
    window = (total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns]) + total[
        :-rows, :-columns
    ]
    best = np.argwhere(window == window.max())
    middle = (np.array(window.shape) - 1) / 2
    nearest = int(np.argmin(((best - middle) ** 2).sum(axis=1)))
    top, left = (int(cell) * _CELL for cell in best[nearest])
    return min(top, shape.height - size[0]), min(left, shape.width - size[1])


def _choose_inside(picture: Pictured, kept: Region, scale: Fraction) -> Region:
    """Return the most detailed part of `kept`, in the whole picture's coordinates."""
    layout = picture.shape.layout
    planes = tuple(
        plane[kept.on_plane(index, layout)] for index, plane in enumerate(picture.planes)
    )
    part = Pictured(planes, FrameShape(kept.height, kept.width, layout))
    found = choose_region(part, scale=scale)
    return Region(found.top + kept.top, found.left + kept.left, found.height, found.width)


def _aligned(region: Region, shape: FrameShape) -> Region:
    """Return the region moved to whole chroma samples, its size a multiple of them."""
    across, down = shape.layout.align_x, shape.layout.align_y
    top, left = region.top // down * down, region.left // across * across
    height, width = region.height, region.width
    if top + height < shape.height:
        height = max(down, height // down * down)
    if left + width < shape.width:
        width = max(across, width // across * across)
    return Region(top, left, min(height, shape.height - top), min(width, shape.width - left))


def _inside(region: Region, kept: Region) -> bool:
    return (
        region.height > 0
        and region.width > 0
        and kept.top <= region.top
        and kept.left <= region.left
        and region.bottom <= kept.bottom
        and region.right <= kept.right
    )


def _counterpart(region: Region, kept: Region, shape: FrameShape) -> Region:
    """Return the part of the result that shows `region`, grown to whole samples of all planes."""
    across, down = Fraction(shape.width, kept.width), Fraction(shape.height, kept.height)
    step_x, step_y = shape.layout.align_x, shape.layout.align_y
    top = floor((region.top - kept.top) * down / step_y) * step_y
    left = floor((region.left - kept.left) * across / step_x) * step_x
    bottom = min(shape.height, ceil((region.bottom - kept.top) * down / step_y) * step_y)
    right = min(shape.width, ceil((region.right - kept.left) * across / step_x) * step_x)
    return Region(top, left, max(1, bottom - top), max(1, right - left))


def _dots(before: Region, after: Region) -> tuple[int, int]:
    """How many dots wide one sample is drawn on each side."""
    ratio = Fraction(after.width, before.width)
    source, result = max(1, round(ratio)), max(1, round(1 / ratio))
    widest = max(before.width * source, after.width * result)
    more = max(1, _MOST_DOTS // widest)
    return source * more, result * more


def _drawn(picture: Pictured, region: Region, dots: int, turn: int) -> Rgb8:
    rgb = display_rgb(picture.planes, picture.shape.layout, region)
    turned = np.rot90(rgb, turn // 90)
    return np.ascontiguousarray(turned.repeat(dots, axis=0).repeat(dots, axis=1))


def _rectangle(region: Region) -> Rectangle:
    return Rectangle(left=region.left, top=region.top, width=region.width, height=region.height)
