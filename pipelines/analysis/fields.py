"""Whether frames are woven of two fields: what the file states and what its samples show.

Judged from the measures of `pipelines.media.tasks.field_meter`, never from a flag. Of three
pairings of fields the best fitting one was taken at one moment. Where that is the frame's own
pair, the frame is *progressive*. Where the own pair fits no better than one pairing across two
frames, and the other pairing fits far worse, the frame is *woven*, and which pairing that is
gives the order of its fields. Where a pairing across two frames fits best of all, the frame is
*mixed* of two pictures, as film that was spread over video is.

A frame in which nothing moves between its fields shows nothing, and nothing is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.media.video import FieldOrder, VideoIndex

LEAST_MOTION = 60
"""Thousandths of an 8-bit code value by which the pairings must differ for a frame to count."""

LEAST_MOTION_SHARE = 0.03
"""The same, as a share of what the best pairing leaves: detail and noise differ by chance."""

NEAR, FAR = 0.4, 0.7
"""Where a pairing counts as fitting and as not fitting, from the best pairing, 0, to the worst."""

WOVEN_SHARE = 0.1
"""From this share of the frames that show anything, a clip is not progressive."""

ONE_KIND_SHARE = 0.8
"""From this share of woven frames, their order is that of the clip."""

CYCLE = 5
"""Frames of video that hold four frames of film (SMPTE RP 197: 2:3 pulldown)."""

_REPEATED = 0.35
_LEAST_CYCLES = 2


_ORDERS = (FieldOrder.TOP_FIRST, FieldOrder.BOTTOM_FIRST)
_STATED = {
    FieldOrder.UNSTATED: "nothing about fields",
    FieldOrder.PROGRESSIVE: "progressive frames",
    FieldOrder.TOP_FIRST: "the top field first",
    FieldOrder.BOTTOM_FIRST: "the bottom field first",
}


class FrameKind(StrEnum):
    """What one frame shows."""

    STILL = "still"
    PROGRESSIVE = "progressive"
    TOP_FIRST = "top-first"
    BOTTOM_FIRST = "bottom-first"
    MIXED = "mixed"
    UNCLEAR = "unclear"


class Weave(StrEnum):
    """What a clip's frames are."""

    NOT_MEASURED = "not-measured"
    STILL = "still"
    PROGRESSIVE = "progressive"
    TOP_FIRST = "interlaced-top-first"
    BOTTOM_FIRST = "interlaced-bottom-first"
    UNCLEAR_ORDER = "interlaced-order-unclear"
    TELECINED = "telecined"
    PARTLY = "partly-interlaced"

    @property
    def is_woven(self) -> bool:
        """Whether frames hold two moments, so that neighbouring rows do not belong together."""
        return self not in (Weave.NOT_MEASURED, Weave.STILL, Weave.PROGRESSIVE)


_SHOWN = {
    Weave.PROGRESSIVE: "progressive frames",
    Weave.TOP_FIRST: "interlaced frames with the top field first",
    Weave.BOTTOM_FIRST: "interlaced frames with the bottom field first",
    Weave.UNCLEAR_ORDER: "interlaced frames",
    Weave.TELECINED: "film spread over video",
    Weave.PARTLY: "frames that are interlaced in part",
}


@dataclass(frozen=True, slots=True)
class Fields:
    """What is known about the fields of a clip.

    `stated` is the stream's own word, `flagged` counts the frames that are flagged as
    interlaced. `weave` is the finding; `kinds` counts frames by what they show. `cycle_start` is
    the number of the first whole film frame of a cycle, from 0 to 4, for telecined clips alone.
    """

    stated: FieldOrder
    flagged: int
    frames: int
    weave: Weave
    kinds: dict[FrameKind, int]
    cycle_start: int | None = None

    @property
    def contradicts(self) -> bool:
        """Whether samples show something else than what the file states."""
        says_woven = self.stated in _ORDERS or 2 * self.flagged > self.frames
        if self.weave in (Weave.NOT_MEASURED, Weave.STILL):
            return False
        if self.weave.is_woven != says_woven:
            return self.weave.is_woven or says_woven
        orders = {
            Weave.TOP_FIRST: FieldOrder.BOTTOM_FIRST,
            Weave.BOTTOM_FIRST: FieldOrder.TOP_FIRST,
        }
        return orders.get(self.weave) is self.stated

    @property
    def contradiction(self) -> str:
        """A sentence for the report where samples show something else; empty where not."""
        if not self.contradicts:
            return ""
        stated = _STATED[self.stated]
        if 2 * self.flagged > self.frames and self.stated not in _ORDERS:
            stated = "interlaced frames"
        return f"The file states {stated}, and its samples show {_SHOWN[self.weave]}."


def judge_fields(index: VideoIndex) -> Fields:
    """Say what an indexed clip's frames are."""
    stated, flagged = index.video.field_order, int(index.interlaced.sum())
    measured = index.fields
    if measured is None or (measured < 0).all():
        return Fields(stated, flagged, index.frames, Weave.NOT_MEASURED, {})
    kinds = frame_kinds(measured)
    counts = {kind: n for kind in FrameKind if (n := kinds.count(kind))}
    return judge_counts(stated, flagged, index.frames, counts, measured)


def judge_counts(
    stated: FieldOrder,
    flagged: int,
    frames: int,
    counts: dict[FrameKind, int],
    measured: NDArray[np.int32],
) -> Fields:
    """Say what a clip's frames are from how many show what.

    `measured` is as much of the clip, from its beginning, as is looked at for a cycle of film.
    """
    start = _cycle_start(measured)
    weave = _weave(counts, telecined=start is not None)
    return Fields(
        stated,
        flagged,
        frames,
        weave,
        counts,
        start if weave is Weave.TELECINED else None,
    )


def frame_kinds(measured: NDArray[np.int32]) -> list[FrameKind]:
    """What each frame of (N, 5) measures shows; frames that were not measured are left out."""
    return [_kind(row) for row in measured[:, :3].tolist() if row[0] >= 0]


def _kind(pairings: list[int]) -> FrameKind:
    own, earlier, later = pairings
    best, worst = min(pairings), max(pairings)
    spread = worst - best
    if spread < max(LEAST_MOTION, LEAST_MOTION_SHARE * best):
        return FrameKind.STILL
    near, far = best + NEAR * spread, best + FAR * spread
    if own <= near and min(earlier, later) >= far:
        return FrameKind.PROGRESSIVE
    if own <= near and earlier <= near and later >= far:
        return FrameKind.TOP_FIRST
    if own <= near and later <= near and earlier >= far:
        return FrameKind.BOTTOM_FIRST
    if own >= far and min(earlier, later) <= near:
        return FrameKind.MIXED
    return FrameKind.UNCLEAR


def _weave(counts: dict[FrameKind, int], *, telecined: bool) -> Weave:
    top, bottom = counts.get(FrameKind.TOP_FIRST, 0), counts.get(FrameKind.BOTTOM_FIRST, 0)
    mixed = counts.get(FrameKind.MIXED, 0)
    woven = top + bottom + mixed
    shown = woven + counts.get(FrameKind.PROGRESSIVE, 0)
    if not shown:
        weave = Weave.STILL
    elif telecined and mixed:
        weave = Weave.TELECINED
    elif woven < WOVEN_SHARE * shown or woven < 2:
        weave = Weave.PROGRESSIVE
    elif woven < ONE_KIND_SHARE * shown:
        weave = Weave.PARTLY
    elif top > mixed and top >= ONE_KIND_SHARE * (top + bottom):
        weave = Weave.TOP_FIRST
    elif bottom > mixed and bottom >= ONE_KIND_SHARE * (top + bottom):
        weave = Weave.BOTTOM_FIRST
    else:
        weave = Weave.UNCLEAR_ORDER
    return weave


def _cycle_start(measured: NDArray[np.int32]) -> int | None:
    """Where cycles of five begin in which one field is repeated, and two frames on the other."""
    top, bottom = measured[:, 3].astype(np.int64), measured[:, 4].astype(np.int64)
    moving = np.maximum(top, bottom) >= LEAST_MOTION
    repeats_top = moving & (top >= 0) & (top < _REPEATED * bottom)
    repeats_bottom = moving & (bottom >= 0) & (bottom < _REPEATED * top)
    either = repeats_top | repeats_bottom
    if int(either.sum()) < 2 * _LEAST_CYCLES:
        return None
    place = np.arange(len(measured)) % CYCLE
    for start in range(CYCLE):
        third, fifth = (start + 2) % CYCLE, (start + 4) % CYCLE
        for first, second in ((repeats_top, repeats_bottom), (repeats_bottom, repeats_top)):
            fits = int((first & (place == third)).sum() + (second & (place == fifth)).sum())
            due = int((moving & ((place == third) | (place == fifth))).sum())
            if fits >= ONE_KIND_SHARE * int(either.sum()) and fits >= ONE_KIND_SHARE * due:
                return start
    return None
