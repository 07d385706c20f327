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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pipelines.analysis.found import Box, DetectorFacts
from pipelines.analysis.track_file import read_tracks
from pipelines.analysis.tracks import Track
from pipelines.errors import RequestError
from pipelines.media.picture import FrameShape, Region

MOST_REGIONS = 10_000
MOST_BYTES = 64 << 20
TRACK_MARGIN = 0.25
TRACK_FRAMES = 8
"""How far a track's cover goes beyond what was found: of its size, and in frames."""

_WRONG = 'Write {"regions": [{"box": [x, y, width, height], "frames": [first, last]}]}.'
_OUT_OF_FORM = (ValueError, KeyError, TypeError, RecursionError, AttributeError)


def look_first(found_by: DetectorFacts) -> str:
    """What is said to whoever hides along tracks, whatever found them."""
    return (
        f"The tracks are what {found_by.name} found. {found_by.warning} Look at the copy before it "
        "leaves: what was not found stays visible, and what was found by mistake is hidden."
    )


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


def tracked_regions(
    data: bytes, shape: FrameShape, numbers: frozenset[int] | None = None
) -> tuple[Hidden, ...]:
    """Lay out what covers the tracks of a `tracks.json`; `numbers` chooses some, None takes all.

    Raises EvidenceError for another file, RequestError where it is about a picture of another
    size or no track is left.
    """
    found = read_tracks(data)
    even = (found.height + found.height % 2, found.width + found.width % 2)
    if even != (shape.height, shape.width):
        raise RequestError(
            f"The tracks are about a picture of {found.width} x {found.height}; this one has "
            f"{shape.width} x {shape.height}.",
            next_step="Name the tracks of this clip.",
        )
    hidden = [
        one
        for track in found.tracks
        if numbers is None or track.number in numbers
        for one in _track(track, shape, every=found.every)
    ]
    if not hidden:
        raise RequestError("There is no track to redact.", next_step="Name others with --track.")
    return tuple(hidden)


def _track(track: Track, shape: FrameShape, *, every: int) -> Iterator[Hidden]:
    beyond = max(TRACK_FRAMES, every)
    for one, two in pairwise(track.places):
        yield _covered(_around(one.box, two.box), shape, one.frame, two.frame)
    first, last = track.places[0], track.places[-1]
    yield _covered(first.box, shape, first.frame - beyond, first.frame)
    yield _covered(last.box, shape, last.frame, last.frame + beyond)


def _covered(box: Box, shape: FrameShape, first: int, last: int) -> Hidden:
    place = Place(box.left, box.top, box.width, box.height)
    return Hidden(hidden_region(place, shape, margin=TRACK_MARGIN), max(0, first), last)


def _around(one: Box, other: Box) -> Box:
    left, top = min(one.left, other.left), min(one.top, other.top)
    right, bottom = max(one.right, other.right), max(one.bottom, other.bottom)
    return Box(left, top, right - left, bottom - top)
