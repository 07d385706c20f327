"""Which parts of which frames are to be hidden: rectangles that a person gave, or tracks.

A track names a box where its thing was found and nothing between. Between two places the box
that holds both is covered, before the first and after the last one a few frames more, and every
box is grown by a margin: what is hidden too much can be seen, what is hidden too little cannot be
taken back. A track is a list of places where something was found; what was never found stays
visible, so whoever hands the copy out looks at it first.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipelines.errors import RequestError
from pipelines.media.picture import FrameShape, Region

MOST_REGIONS = 10_000
MOST_BYTES = 64 << 20
TRACK_MARGIN = 0.25
TRACK_FRAMES = 8
"""How far a track's cover goes beyond what was found: of its size, and in frames."""

_WRONG = 'Write {"regions": [{"box": [x, y, width, height], "frames": [first, last]}]}.'
_TRACKS = 'Name a tracks.json: {"tracks": [{"number": 1, "places": [{"frame", "box"}]}]}.'
_OUT_OF_FORM = (ValueError, KeyError, TypeError, RecursionError, AttributeError)


@dataclass(frozen=True, slots=True)
class Hidden:
    """One region and the frames, both ends included, in which it is covered."""

    region: Region
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in plane-0 samples as it was given; real numbers, as tracks have them."""

    left: float
    top: float
    width: float
    height: float


def hidden_region(place: Place, shape: FrameShape, *, margin: float = 0.0) -> Region:
    """The region of whole chroma samples that covers a place, and `margin` of its size around.

    Raises RequestError where nothing of it lies in the picture.
    """
    values = (place.left, place.top, place.width, place.height)
    if not all(math.isfinite(one) for one in values) or min(place.width, place.height) <= 0:
        raise RequestError("A region to redact has no area.", next_step=_WRONG)
    more_x, more_y = margin * place.width, margin * place.height
    left, top = math.floor(place.left - more_x), math.floor(place.top - more_y)
    right = math.ceil(place.left + place.width + more_x)
    bottom = math.ceil(place.top + place.height + more_y)
    inside = Region(max(0, top), max(0, left), 0, 0)
    height, width = min(shape.height, bottom) - inside.top, min(shape.width, right) - inside.left
    if height <= 0 or width <= 0:
        raise RequestError(
            f"A region to redact lies outside the picture of {shape.width} x {shape.height}.",
            next_step="Give x, y, width and height in samples of the clip as it is coded.",
        )
    return Region(inside.top, inside.left, height, width).grown(0, shape)


def read_regions(data: bytes, shape: FrameShape, *, frames: int) -> tuple[Hidden, ...]:
    """Read a file of regions. Raises RequestError for anything that is out of form."""
    try:
        document: Any = json.loads(data)
        listed = document["regions"]
        if not isinstance(listed, list) or not 0 < len(listed) <= MOST_REGIONS:
            raise RequestError(
                f"A file of regions holds 1 to {MOST_REGIONS} of them.", next_step=_WRONG
            )
        return tuple(_read(one, shape, frames) for one in listed)
    except _OUT_OF_FORM as error:
        raise RequestError("The file of regions is out of form.", next_step=_WRONG) from error


def _read(one: Mapping[str, Any], shape: FrameShape, frames: int) -> Hidden:
    left, top, width, height = (float(value) for value in one["box"])
    first, last = one.get("frames", (0, frames - 1))
    if not 0 <= int(first) <= int(last):
        raise RequestError("A region's frames run backwards.", next_step=_WRONG)
    region = hidden_region(Place(left, top, width, height), shape)
    return Hidden(region, int(first), int(last))


def read_tracks(
    data: bytes, shape: FrameShape, numbers: frozenset[int] | None = None
) -> tuple[Hidden, ...]:
    """Read tracks and lay out what covers them; `numbers` chooses some, None takes all.

    Raises RequestError for anything that is out of form, and where no track is left.
    """
    try:
        found: list[Hidden] = []
        for track in json.loads(data)["tracks"]:
            if numbers is None or int(track["number"]) in numbers:
                found.extend(_track(track["places"], shape))
    except _OUT_OF_FORM as error:
        raise RequestError("The file of tracks is out of form.", next_step=_TRACKS) from error
    if not 0 < len(found) <= 100 * MOST_REGIONS:
        raise RequestError("There is no track to redact.", next_step="Name others with --track.")
    return tuple(found)


def _track(places: Sequence[Mapping[str, Any]], shape: FrameShape) -> list[Hidden]:
    listed = sorted((int(one["frame"]), _box(one["box"])) for one in places)
    covered: list[Hidden] = []
    for (one, here), (two, there) in pairwise(listed):
        covered.append(_covered(_around(here, there), shape, one, two))
    (first, begin), (last, end) = listed[0], listed[-1]
    covered.append(_covered(begin, shape, first - TRACK_FRAMES, first))
    covered.append(_covered(end, shape, last, last + TRACK_FRAMES))
    return covered


def _covered(box: tuple[float, ...], shape: FrameShape, first: int, last: int) -> Hidden:
    region = hidden_region(Place(*box), shape, margin=TRACK_MARGIN)
    return Hidden(region, max(0, first), last)


def _box(value: Any) -> tuple[float, ...]:
    """A box as [left, top, width, height], or as an object with these names."""
    if isinstance(value, Mapping):
        value = [value[name] for name in ("left", "top", "width", "height")]
    left, top, width, height = (float(one) for one in value)
    return left, top, width, height


def _around(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top
