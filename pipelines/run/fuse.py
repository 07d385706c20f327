"""Multi-frame super-resolution of one region: one still from what several frames really observed.

Class conventional, mixes frames, parameters estimated: the presets from `balanced` on admit it.
Frames around the chosen one are registered outward from it; a frame that does not fit is left
out, and so is every block that is a copy. Where nothing independent is left it **declines** and
says why. The list of frames, with time, type, shift, residual and share, travels with the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.fusion import Observation, fuse
from pipelines.analysis.observations import observed
from pipelines.analysis.registration import Reals, Registered, register, window
from pipelines.errors import RequestError, UnsupportedError
from pipelines.media.picture import Family, FrameShape, Region, Samples
from pipelines.media.video import VideoIndex

LEAST_SIDE, MOST_SIDE = 16, 256
MOST_RADIUS = 15
SCALES = (2, 3)
LEAST_INDEPENDENT = 2.0
"""Below this many frames' worth of independent samples, beside the frame itself, it declines."""

MOST_RESIDUAL = 12.0
"""8-bit code values; a frame that is left with more was another picture."""

ODD_RESIDUAL = 2.5
"""How many times the usual residual a frame may have."""

UNUSED = "fits, and nothing was fused"
"""Of a frame that would have been used, had it not been declined."""

STILL_SHIFT = 0.1
"""Where no frame lies further than this between samples, nothing finer was observed."""


@dataclass(frozen=True, slots=True)
class FusionWish:
    """Which frame, which region of it (samples of luma), how far around, how much finer."""

    frame: int
    region: Region
    radius: int = 7
    scale: int = 2


@dataclass(frozen=True, slots=True)
class FusedFrame:
    """What became of one frame. `share` is the part of the region that it was used for."""

    index: int
    pts: int
    picture_type: str
    shift: tuple[float, float]
    residual: float
    fresh: float
    share: float
    used: bool
    reason: str

    def facts(self) -> dict[str, Any]:
        """The line of the list."""
        return {
            "index": self.index,
            "pts": self.pts,
            "type": self.picture_type,
            "shift": [f"{one:z.3f}" for one in self.shift],
            "residual": f"{self.residual:.3f}",
            "independent": f"{self.fresh:.3f}",
            "share": f"{self.share:.3f}",
            "used": self.used,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Fusion:
    """The fused luma and its plain counterpart, in 8-bit code values, or why there is none."""

    frames: tuple[FusedFrame, ...]
    independent: float
    declined: str = ""
    picture: Reals | None = None
    residual: float = 0.0
    sentence: str = ""
    remark: str = ""


def require_wish(wish: FusionWish, index: VideoIndex) -> None:
    """Raise RequestError for what this clip does not have, or beyond the stated bounds."""
    shape, region = index.video.shape, wish.region
    if not 0 <= wish.frame < index.frames:
        raise RequestError(
            f"The clip has frames 0 to {index.frames - 1}.", next_step="Choose one of them."
        )
    inside = region.top >= 0 and region.left >= 0
    if not inside or region.bottom > shape.height or region.right > shape.width:
        raise RequestError(
            f"The region lies outside the picture of {shape.width} x {shape.height}.",
            next_step="Give --box X,Y,W,H inside it.",
        )
    sides = (region.height, region.width)
    if min(sides) < LEAST_SIDE or max(sides) > MOST_SIDE:
        raise RequestError(
            f"A region to fuse is {LEAST_SIDE} to {MOST_SIDE} samples a side.",
            next_step="Choose a region around what matters.",
        )
    if wish.scale not in SCALES or not 1 <= wish.radius <= MOST_RADIUS:
        raise RequestError(
            f"Scales are 2 and 3; up to {MOST_RADIUS} frames on each side are looked at.",
            next_step="Change --scale or --radius.",
        )


def require_luma(shape: FrameShape) -> None:
    """Raise UnsupportedError for R, G, B, which has none."""
    if shape.layout.family is Family.RGB:
        raise UnsupportedError(
            "Fusion works on luma, and this clip is coded as R, G, B.",
            next_step="Convert it to Y'CbCr first; the conversion is on record.",
        )


def luma_of(planes: tuple[Samples, ...], shape: FrameShape) -> Reals:
    """Luma in 8-bit code values. Raises UnsupportedError where there is none."""
    require_luma(shape)
    return planes[0].astype(np.float64) * (255 / shape.layout.peak)


def fused(wish: FusionWish, lumas: Mapping[int, Reals], index: VideoIndex) -> Fusion:
    """Fuse the wished region. `lumas` holds whole frames around the chosen one, by index.

    The frame before the first of them may be there as well, to tell copies by.
    """
    place = (wish.region.top, wish.region.left)
    size = (wish.region.height, wish.region.width)
    found = _registered(wish, lumas, place, size)
    usual = float(np.median([one.residual for k, one in found.items() if k != wish.frame] or [0.0]))
    frames: list[FusedFrame] = []
    observations: list[tuple[int, Observation]] = []
    for number in sorted(found, key=lambda k: (k != wish.frame, abs(k - wish.frame), k)):
        one = found[number]
        fresh = _fresh(number, wish, found, lumas, place, size, index)
        reason = _objection(number, wish, one, fresh, usual)
        frames.append(_line(number, index, one, fresh, reason))
        if not reason:
            observations.append((number, _observation(lumas[number], one, fresh, place, size)))
    independent = sum(one.fresh for one in frames if one.used and one.index != wish.frame)
    if independent < LEAST_INDEPENDENT:
        unused = [one if one.reason else replace(one, used=False, reason=UNUSED) for one in frames]
        return Fusion(_in_order(unused), independent, declined=_declined(frames, independent))
    made = fuse([one for _, one in observations], scale=wish.scale)
    shares = {number: share for (number, _), share in zip(observations, made.weights, strict=True)}
    listed = _in_order([replace(one, share=shares.get(one.index, 0.0)) for one in frames])
    used = [one for one in listed if one.used]
    worst = max((one.residual for one in used), default=0.0)
    numbers = ", ".join(str(one.index) for one in used)
    return Fusion(
        listed,
        independent,
        picture=made.picture,
        residual=worst,
        sentence=f"Combines frames {numbers}; registration residual {worst:.2f}; improvement is "
        "not guaranteed.",
        remark=_remark(used),
    )


def _registered(
    wish: FusionWish, lumas: Mapping[int, Reals], place: tuple[int, int], size: tuple[int, int]
) -> dict[int, Registered]:
    """Follow the region outward from the chosen frame, expecting it to go on as it went."""
    reference = window(lumas[wish.frame], *place, size)
    found = {wish.frame: Registered((0.0, 0.0), 0.0, 0.0)}
    for side in (1, -1):
        for away in range(1, wish.radius + 1):
            number = wish.frame + side * away
            if number not in lumas:
                break
            near = found[number - side].shift
            far = found.get(number - 2 * side, found[number - side]).shift
            expected = (2 * near[0] - far[0], 2 * near[1] - far[1])
            found[number] = register(reference, lumas[number], place, expected)
    return found


def _fresh(
    number: int,
    wish: FusionWish,
    found: Mapping[int, Registered],
    lumas: Mapping[int, Reals],
    place: tuple[int, int],
    size: tuple[int, int],
    index: VideoIndex,
) -> NDArray[np.bool_]:
    """Where a frame's region holds observations; the chosen frame's always does."""
    if number == wish.frame or index.picture_type[number] == ord("I") or number == 0:
        whole = number == wish.frame or not _repeats(index, number)
        return np.full(size, whole, np.bool_)
    if number - 1 not in lumas:
        return np.zeros(size, np.bool_)
    here = found[number].shift
    before = found.get(number - 1, found[number]).shift
    moved = (here[0] - before[0], here[1] - before[1])
    at = (place[0] + round(here[0]), place[1] + round(here[1]))
    return observed(lumas[number], lumas[number - 1], at, size, moved)


def _repeats(index: VideoIndex, number: int) -> bool:
    same = index.digest[number] == index.digest[number - 1] if number else np.zeros(1, np.bool_)
    return bool(same.all())


def _objection(
    number: int, wish: FusionWish, one: Registered, fresh: NDArray[np.bool_], usual: float
) -> str:
    """Why a frame is not used; empty where it is."""
    if number == wish.frame:
        return ""
    if one.residual > MOST_RESIDUAL or one.residual > ODD_RESIDUAL * usual + 1:
        return "does not fit: another picture, or moved in another way than by a shift"
    if not fresh.any():
        return "a copy of an earlier frame in every block"
    return ""


def _observation(
    luma: Reals,
    one: Registered,
    fresh: NDArray[np.bool_],
    place: tuple[int, int],
    size: tuple[int, int],
) -> Observation:
    whole = (round(one.shift[0]), round(one.shift[1]))
    samples = window(luma, place[0] + whole[0], place[1] + whole[1], size) + one.offset
    return Observation(samples, fresh, (one.shift[0] - whole[0], one.shift[1] - whole[1]))


def _line(
    number: int, index: VideoIndex, one: Registered, fresh: NDArray[np.bool_], reason: str
) -> FusedFrame:
    kind = chr(int(index.picture_type[number]))
    part = float(fresh.mean())
    pts = int(index.pts[number])
    return FusedFrame(number, pts, kind, one.shift, one.residual, part, 0.0, not reason, reason)


def _in_order(frames: Sequence[FusedFrame]) -> tuple[FusedFrame, ...]:
    return tuple(sorted(frames, key=lambda one: one.index))


def _declined(frames: Sequence[FusedFrame], independent: float) -> str:
    copies = sum("copy" in one.reason for one in frames)
    odd = sum("fit" in one.reason for one in frames)
    return (
        f"Declined: of {len(frames) - 1} frames around, {copies} are copies of earlier ones and "
        f"{odd} do not fit; what is left amounts to {independent:.2f} frames of independent "
        f"samples, and {LEAST_INDEPENDENT:g} are needed. Nothing would be added by fusing them."
    )


def _remark(used: Sequence[FusedFrame]) -> str:
    between = max(max(abs(part - round(part)) for part in one.shift) for one in used)
    if between >= STILL_SHIFT:
        return ""
    return (
        "No frame lies between the samples of another: noise is averaged, and no finer detail "
        "was observed."
    )
