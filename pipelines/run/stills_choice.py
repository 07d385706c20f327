"""Which frames of a clip become stills: those that were named, key frames, or proposed ones.

A proposal is a list with reasons and no judgement of content. Frames that a decoder marked as
damaged and frames that repeat the one before are left out; the rest are ranked by sharpness less
what is clipped, and neighbours of a chosen frame are passed over, so that the list shows
different moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.errors import RequestError
from pipelines.media.video import VideoIndex
from pipelines.quality.sharpness import Looks

MOST_STILLS = 2000
APART_SECONDS = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class StillsWish:
    """What is asked for. `frames` are display indexes; `best` is how many are to be proposed."""

    frames: tuple[int, ...] = ()
    key_frames: bool = False
    best: int = 0
    sheet: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """One frame and why it was chosen."""

    index: int
    reason: str


def parse_frames(text: str) -> tuple[int, ...]:
    """Read `3,10-12,40`. Raises RequestError for anything else, or for too many."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isascii() or not first.isdigit() or (dash and not last.isdigit()):
            raise RequestError(
                f"{part.strip()[:40]!r} names no frames.", next_step="Write --frames 3,10-12."
            )
        begin, end = int(first), int(last) if dash else int(first)
        if end < begin or end - begin >= MOST_STILLS:
            raise RequestError(
                f"{part.strip()[:40]} is no range of up to {MOST_STILLS} frames.",
                next_step="Write --frames 3,10-12.",
            )
        found.extend(range(begin, end + 1))
    return tuple(sorted(set(found)))


def chosen_frames(index: VideoIndex, wish: StillsWish) -> list[Chosen]:
    """The frames that were named, and key frames where they are asked for; in order.

    Raises RequestError for a frame that the clip does not have, and for too many.
    """
    for frame in wish.frames:
        if frame >= index.frames:
            raise RequestError(
                f"The clip has frames 0 to {index.frames - 1}; there is no frame {frame}.",
                next_step="Ask for others with --frames.",
            )
    reasons = dict.fromkeys(wish.frames, "named")
    if wish.key_frames:
        types = index.picture_type
        for frame in np.flatnonzero(types == ord("I")).tolist():
            reasons.setdefault(frame, "coded without other frames (I)")
    if len(reasons) > MOST_STILLS:
        raise RequestError(
            f"That would be {len(reasons)} stills; {MOST_STILLS} are made at a time.",
            next_step="Name ranges with --frames.",
        )
    return [Chosen(frame, reasons[frame]) for frame in sorted(reasons)]


def left_out(index: VideoIndex) -> np.ndarray:
    """Which frames no proposal holds: damaged ones, and copies of the frame before."""
    bad = index.corrupt.copy()
    bad[1:] |= (index.digest[1:] == index.digest[:-1]).all(axis=1)
    return bad


def proposed(index: VideoIndex, looks: Sequence[Looks], count: int) -> list[Chosen]:
    """The best frames by what was measured of each, with their reasons; best first."""
    scores = np.array([one.sharpness * (1 - one.clipped) for one in looks])
    scores[left_out(index)] = -1
    base = index.video.stream.time_base
    apart = APART_SECONDS / base
    found: list[Chosen] = []
    for frame in np.argsort(-scores, kind="stable").tolist():
        if len(found) == count or scores[frame] < 0:
            break
        near = any(abs(int(index.pts[frame] - index.pts[one.index])) < apart for one in found)
        if near:
            continue
        found.append(Chosen(frame, _reason(index, looks, scores, frame)))
    return found


def _reason(index: VideoIndex, looks: Sequence[Looks], scores: np.ndarray, frame: int) -> str:
    look, usual = looks[frame], float(np.median([one.sharpness for one in looks]))
    place = int((scores > scores[frame]).sum()) + 1
    kind = chr(int(index.picture_type[frame]))
    return (
        f"{place}. of {len(looks)} by sharpness {look.sharpness:.2f} (half of the frames have "
        f"less than {usual:.2f}), {100 * look.clipped:.1f} % clipped, noise {look.noise:.2f}, "
        f"coded as {kind}; not damaged, no repeat of the frame before"
    )
