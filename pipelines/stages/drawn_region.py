"""From a region as a person drew it to the samples of the operation that it is for.

A drawing in displayed pixels goes back through the rotation and the shape of the pixels to the
picture that is worked on, one in stored samples through the orientation that was applied; from
there the sizes and cuts of the operations before lead to the samples at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pipelines.errors import RequestError
from pipelines.graph.region import Corner, DrawnRegion, Space
from pipelines.media.photo_facts import PhotoHeader
from pipelines.media.picture import FrameShape, Region
from pipelines.media.video import VideoIndex
from pipelines.operations.drawn import Drawn
from pipelines.stages.inspect.aspect import Aspect

_UPRIGHT, _SWAPPED = 1, 5
_BACK = {6: 8, 8: 6}
"""Orientations (Exif 2.32, tag 0x0112) that are undone by another than themselves."""
_ORIENTATIONS = {0: 1, 90: 8, 180: 3, 270: 6}
"""By the counter-clockwise turn, in degrees, that makes a clip upright."""


@dataclass(frozen=True, slots=True)
class View:
    """How the picture that is worked on is stored and shown.

    `stored` and `shown` are (width, height), in stored samples and in displayed pixels; `applied`
    is the orientation that led from the stored picture to this one, `left` the one that leads from
    this one to the shown. `left` is None where no quarter turn does. `first_frame` is where a
    person had a clip begin, `frames` how many are worked on; 0 for a photograph.
    """

    stored: tuple[int, int]
    shown: tuple[int, int]
    applied: int = _UPRIGHT
    left: int | None = _UPRIGHT
    first_frame: int = 0
    frames: int = 0

    @classmethod
    def plain(cls, shape: FrameShape, *, frames: int = 1) -> Self:
        """A picture that is shown as it is stored."""
        size = shape.width, shape.height
        return cls(size, size, frames=frames)

    @classmethod
    def of_photo(cls, head: PhotoHeader, *, applied: bool) -> Self:
        """A photograph whose orientation was applied to its samples, or kept as a tag."""
        stored = head.shape.width, head.shape.height
        shown = head.upright.width, head.upright.height
        tag = head.metadata.orientation
        return cls(stored, shown, tag if applied else _UPRIGHT, _UPRIGHT if applied else tag)

    @classmethod
    def of_clip(cls, index: VideoIndex) -> Self:
        """A clip, which is worked on as it is stored."""
        video = index.video
        size = video.shape.width, video.shape.height
        left = _ORIENTATIONS.get(video.rotation % 360)
        shown = Aspect(*size, video.sample_aspect, video.rotation % 360).shown
        return cls(size, shown, left=left, first_frame=index.first_frame, frames=index.frames)


def laid_out(region: DrawnRegion, view: View, shown: Region, shape: FrameShape) -> Drawn:
    """Lay a region out on an operation's samples.

    `shown` is the part of the picture that is worked on of which the operation gets pictures of
    `shape`. Raises RequestError where the region lies outside, and where no sample is in it.
    """
    across, down = shape.width / shown.width, shape.height / shown.height
    points = [
        ((x - shown.left) * across, (y - shown.top) * down) for x, y in _worked_on(region, view)
    ]
    drawn = Drawn(points, shape, feather=region.feather, frames=_frames(region, view))
    if drawn.box is None:
        raise RequestError(
            f"{_named(region)} holds no sample of the picture of {shape.width} x {shape.height} "
            "that the operation gets.",
            next_step="Draw it larger, or put the operation before what cuts it off.",
        )
    return drawn


def _worked_on(region: DrawnRegion, view: View) -> list[Corner]:
    """The corners on the picture that is worked on."""
    width, height = view.shown if region.space is Space.DISPLAYED else view.stored
    beyond = [(x, y) for x, y in region.points if not (0 <= x <= width and 0 <= y <= height)]
    if beyond:
        x, y = beyond[0]
        raise RequestError(
            f"{_named(region)} reaches beyond the picture of {width} x {height}: there is no "
            f"{x:g}, {y:g} in {region.space}.",
            next_step=f"Draw it inside the picture, in {region.space}.",
        )
    if region.space is Space.STORED:
        return [turned(point, view.applied, view.stored) for point in region.points]
    if view.left is None:
        raise RequestError(
            f"{_named(region)} is drawn in displayed pixels, and this clip is shown turned by no "
            "quarter of a circle.",
            next_step="Draw it with --override region=..., which counts stored samples.",
        )
    back = _BACK.get(view.left, view.left)
    samples = view.stored if view.applied < _SWAPPED else view.stored[::-1]
    square = view.shown if view.left < _SWAPPED else view.shown[::-1]
    upright = [turned(point, back, view.shown) for point in region.points]
    return [(x * samples[0] / square[0], y * samples[1] / square[1]) for x, y in upright]


def turned(point: Corner, orientation: int, size: tuple[int, int]) -> Corner:
    """Where a place of a picture of (width, height) lies once an orientation is applied."""
    (x, y), (width, height) = point, size
    return {
        1: (x, y),
        2: (width - x, y),
        3: (width - x, height - y),
        4: (x, height - y),
        5: (y, x),
        6: (height - y, x),
        7: (height - y, width - x),
        8: (y, width - x),
    }[orientation]


def _frames(region: DrawnRegion, view: View) -> tuple[int, int] | None:
    """The frames that a region is meant for, as those that are worked on are counted."""
    if region.frames is None:
        return None
    if not view.frames:
        raise RequestError(
            f"{_named(region)} is meant for certain frames, and this is a photograph.",
            next_step="Leave the frames out.",
        )
    first, last = (frame - view.first_frame for frame in region.frames)
    if last < 0 or first >= view.frames:
        begin, end = view.first_frame, view.first_frame + view.frames - 1
        raise RequestError(
            f"{_named(region)} is meant for frames {region.frames[0]} to {region.frames[1]}, and "
            f"frames {begin} to {end} are worked on.",
            next_step="Name frames of the file, counted from 0.",
        )
    return first, last


def _named(region: DrawnRegion) -> str:
    return "The region" if region.name is None else f"The region {region.name}"
