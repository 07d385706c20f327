"""ByteTrack: detections of one frame after another, joined into tracks.

Y. Zhang and others, "ByteTrack: multi-object tracking by associating every detection box", ECCV
2022, written here. Per frame:

1. every track is moved on to where its motion says it is;
2. detections of a high score are paired with tracks by overlap, lost tracks among them;
3. detections of a low score are paired with the tracks that are left and were seen a frame ago:
   a face behind a branch scores low, and is still where it was expected;
4. detections of a high score that are left are paired with tracks that were seen once only;
   those of a higher score still begin tracks, and tracks that were seen once only are dropped;
5. a track that was not seen for `keep_lost` frames ends.

The same detections give the same tracks with the same numbers; a track gets its number when it
counts, so numbers have no gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from pipelines.analysis.assignment import Pairs, cheapest_pairs
from pipelines.analysis.found import Detection
from pipelines.analysis.motion import Motion
from pipelines.analysis.tracks import Place, Track
from pipelines.errors import TooLargeError

MOST_PLACES = 400_000
"""What a clip may hold of places in tracks; about 250 MB of memory."""


@dataclass(frozen=True, slots=True)
class TrackRules:
    """When detections are joined. Scores are the detector's, overlaps intersection over union.

    `high` and `low` part the scores; `new` begins a track; `overlap` is needed by a detection of
    a high score, `overlap_low` by one of a low score, `overlap_new` by a track seen once.
    `keep_lost` counts the frames looked at; `least_places` is what a track needs to count.
    """

    high: float = 0.5
    low: float = 0.1
    new: float = 0.6
    overlap: float = 0.2
    overlap_low: float = 0.5
    overlap_new: float = 0.3
    keep_lost: int = 30
    least_places: int = 2


class State(StrEnum):
    """Where a track stands."""

    NEW = "seen once"
    SEEN = "seen a frame ago"
    LOST = "not seen lately"


@dataclass(slots=True)
class _Follower:
    """A track while it is being followed."""

    target: str
    motion: Motion
    state: State
    looked: int
    number: int = 0
    places: list[Place] = field(default_factory=list)


class ByteTracker:
    """Follows things through frames that are shown to it in rising order."""

    def __init__(self, rules: TrackRules | None = None) -> None:
        self._rules = rules or TrackRules()
        self._following: list[_Follower] = []
        self._ended: list[_Follower] = []
        self._looked = 0
        self._numbers = 0
        self._places = 0

    def look(self, frame: int, detections: Sequence[Detection]) -> None:
        """Take what was found in `frame`. Raises TooLargeError above `MOST_PLACES`."""
        rules = self._rules
        self._looked += 1
        for one in self._following:
            moving = one.motion if one.state is State.SEEN else one.motion.of_constant_size()
            one.motion = moving.later()
        high = [one for one in detections if one.score >= rules.high]
        low = [one for one in detections if rules.low <= one.score < rules.high]
        known = [one for one in self._following if one.state is not State.NEW]
        left, high = self._join(frame, known, high, rules.overlap)
        seen = [one for one in left if one.state is State.SEEN]
        unseen, _ = self._join(frame, seen, low, rules.overlap_low)
        for one in unseen:
            one.state = State.LOST
        once = [one for one in self._following if one.state is State.NEW]
        dropped, high = self._join(frame, once, high, rules.overlap_new)
        self._forget(dropped)
        for found in high:
            if found.score >= rules.new:
                self._begin(frame, found)
        if self._places > MOST_PLACES:
            raise TooLargeError(
                f"More than {MOST_PLACES} places of tracks were found.",
                next_step="Look at fewer frames (`every`), or raise `least_score`.",
            )

    def tracks(self) -> tuple[Track, ...]:
        """The tracks that count, by rising number."""
        counted = [
            one
            for one in (*self._ended, *self._following)
            if one.number and len(one.places) >= self._rules.least_places
        ]
        counted.sort(key=lambda one: one.number)
        return tuple(
            Track(number, one.target, tuple(one.places))
            for number, one in enumerate(counted, start=1)
        )

    def _join(
        self,
        frame: int,
        followers: Sequence[_Follower],
        found: Sequence[Detection],
        least_overlap: float,
    ) -> tuple[list[_Follower], list[Detection]]:
        """Pair followers with detections; returns those of both that are left."""
        pairs = _pairs(followers, found, least_overlap)
        for one, other in pairs:
            self._see(followers[one], frame, found[other])
        joined = {one for one, _ in pairs}, {other for _, other in pairs}
        return (
            [one for place, one in enumerate(followers) if place not in joined[0]],
            [one for place, one in enumerate(found) if place not in joined[1]],
        )

    def _begin(self, frame: int, found: Detection) -> None:
        # In the first frame nothing could have been seen before, so everything counts at once.
        first = self._looked == 1
        state = State.SEEN if first else State.NEW
        one = _Follower(found.target, Motion.starting(found.box), state, self._looked)
        self._following.append(one)
        self._add(one, frame, found)
        if first:
            self._count(one)

    def _see(self, one: _Follower, frame: int, found: Detection) -> None:
        one.motion = one.motion.seen(found.box)
        one.state = State.SEEN
        one.looked = self._looked
        self._add(one, frame, found)
        if not one.number:
            self._count(one)

    def _add(self, one: _Follower, frame: int, found: Detection) -> None:
        one.places.append(Place(frame, found.box, found.score, found.landmarks))
        self._places += 1

    def _count(self, one: _Follower) -> None:
        self._numbers += 1
        one.number = self._numbers

    def _forget(self, dropped: Sequence[_Follower]) -> None:
        """Let go of what was seen once only, and end what has not been seen for long."""
        gone = {id(one) for one in dropped}
        kept = []
        for one in self._following:
            if id(one) in gone:
                self._places -= len(one.places)
            elif self._looked - one.looked > self._rules.keep_lost:
                self._ended.append(one)
            else:
                kept.append(one)
        self._following = kept


def _pairs(
    followers: Sequence[_Follower], found: Sequence[Detection], least_overlap: float
) -> Pairs:
    """Pair by overlap; what is of different targets is never paired."""
    if not followers or not found:
        return ()
    cost = np.array(
        [
            [
                1.0 - one.motion.box.overlap(other.box) if one.target == other.target else 2.0
                for other in found
            ]
            for one in followers
        ]
    )
    return cheapest_pairs(cost, most=1.0 - least_overlap)
