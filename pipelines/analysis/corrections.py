"""Corrections of tracks by a person, applied in order; what does not fit is refused, with why.

A corrected box has no score, for no detector gave it. Numbers are never given twice: a part that
is split off gets a number above all that ever were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.analysis.found import Box
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import GraphError
from pipelines.graph.tracking import CorrectBox, Edit, MergeTracks, SplitTrack

Tracks = dict[int, Track]


def corrected(
    tracks: Sequence[Track], edits: Sequence[Edit], *, frames: int, height: int, width: int
) -> tuple[Track, ...]:
    """Apply every correction; `frames`, `height` and `width` are those of the clip.

    Raises GraphError that names the correction by its place, from 0.
    """
    left = {one.number: one for one in tracks}
    highest = max(left, default=0)
    for place, edit in enumerate(edits):
        field = f"edits.{place}"
        if isinstance(edit, MergeTracks):
            _merge(left, edit, field)
        elif isinstance(edit, SplitTrack):
            highest += 1
            _split(left, edit, highest, field)
        elif isinstance(edit, CorrectBox):
            _draw(left, edit, field, frames=frames, height=height, width=width)
        else:
            del left[_known(left, edit.track, field).number]
    return tuple(left[number] for number in sorted(left))


def _merge(left: Tracks, edit: MergeTracks, field: str) -> None:
    merged = [_known(left, number, field) for number in edit.tracks]
    first, others = merged[0], merged[1:]
    places = {one.frame: one for one in first.places}
    for other in others:
        if other.target != first.target:
            raise _refused(
                field, f"track {first.number} is of a {first.target}, {other.number} is not"
            )
        for place in other.places:
            if place.frame in places:
                raise _refused(
                    field,
                    f"tracks {first.number} and {other.number} are both found in frame "
                    f"{place.frame}, so they are not of one thing",
                )
            places[place.frame] = place
        del left[other.number]
    left[first.number] = replace(first, places=tuple(places[frame] for frame in sorted(places)))


def _split(left: Tracks, edit: SplitTrack, number: int, field: str) -> None:
    track = _known(left, edit.track, field)
    before = tuple(one for one in track.places if one.frame < edit.frame)
    after = tuple(one for one in track.places if one.frame >= edit.frame)
    if not before or not after:
        raise _refused(
            field,
            f"track {track.number} is found in frames {track.first} to {track.last}; "
            f"frame {edit.frame} leaves nothing on one side",
        )
    left[track.number] = replace(track, places=before)
    left[number] = Track(number, track.target, after)


def _draw(
    left: Tracks, edit: CorrectBox, field: str, *, frames: int, height: int, width: int
) -> None:
    track = _known(left, edit.track, field)
    if edit.frame >= frames:
        raise _refused(field, f"there is no frame {edit.frame}; the last one is {frames - 1}")
    box = Box(*edit.box)
    if box.left < 0 or box.top < 0 or box.right > width or box.bottom > height:
        raise _refused(field, f"the box lies outside the picture of {width} x {height} samples")
    places = {one.frame: one for one in track.places}
    places[edit.frame] = Place(edit.frame, box, None)
    left[track.number] = replace(track, places=tuple(places[one] for one in sorted(places)))


def _known(left: Tracks, number: int, field: str) -> Track:
    if number not in left:
        there = ", ".join(str(one) for one in sorted(left)) or "none"
        raise _refused(field, f"there is no track {number}; there is {there}")
    return left[number]


def _refused(field: str, why: str) -> GraphError:
    return GraphError(
        f"{field}: {why}",
        field=field,
        next_step="Look at tracks.json of a run without corrections; they are applied in order.",
    )
