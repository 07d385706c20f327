"""How one frame moved against another as a whole: shift, turn and scale, by least squares.

The picture is reduced to at most `SMALL_SIDE` samples a side. From no motion, and from the shift
that the phases of both pictures give, it is improved from coarse to fine by Gauss-Newton steps
of the inverse compositional kind (S. Baker and I. Matthews, IJCV 56, 2004), each sample weighted
down the worse it fits, so that what moves by itself has little say. Results are rounded to
fractions that two processors agree on.

A motion is z' = a z + b with complex numbers: z is a place from the picture's middle in
samples, x + iy. Frames of which one cannot be the other moved are told by their correlation.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Block, Plane
from pipelines.operations.luma import luma_of
from pipelines.operations.remap import cubic

SMALL_SIDE = 256
COARSEST_SIDE = 24
STEPS = 16
FLAT = 2e-4
"""Variance of a picture, in squares of full scale, below which there is nothing to hold on to."""

LEAST_SIDE = 16
"""Reduced pictures with a shorter side say nothing about motion."""

SAME_SCENE = 0.5
"""Correlation of two aligned frames from which they count as one scene."""

_TURN_STEP, _SHIFT_STEP = 2.0**-18, 2.0**-8
_SMALLEST_STEP = 1e-3

Level = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """z' = a z + b. `same_scene` is False across a cut, where the motion is none."""

    a: complex = 1 + 0j
    b: complex = 0j
    same_scene: bool = True

    def then(self, later: Motion) -> Motion:
        """This motion, followed by a later one."""
        return Motion(later.a * self.a, later.a * self.b + later.b, self.same_scene)

    def undone(self) -> Motion:
        """The motion back."""
        return Motion(1 / self.a, -self.b / self.a, self.same_scene)


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A frame made small, from fine to coarse; `step` samples of it make one of the finest."""

    levels: tuple[Level, ...]
    step: int


def sketch(luma: Plane) -> Sketch:
    """Reduce luma (H, W) float32 by whole means, and again by twos."""
    step = max(1, -(-max(luma.shape) // SMALL_SIDE))
    finest = _means(luma.astype(np.float64), step)
    levels = [finest]
    if min(finest.shape) >= 2 * COARSEST_SIDE:
        levels.append(_means(finest, 2))
    return Sketch(tuple(levels), step)


def motion_between(before: Sketch, after: Sketch) -> Motion:
    """Find where the places of one frame are in another."""
    if min(before.levels[0].shape) < LEAST_SIDE:
        return Motion()
    if before.levels[0].var() < FLAT or after.levels[0].var() < FLAT:
        alike = abs(before.levels[0].mean() - after.levels[0].mean()) < 0.1
        return Motion(same_scene=bool(alike))
    first = min(1, len(before.levels) - 1)
    coarse = before.levels[first], after.levels[first]
    starts = (np.zeros(4), _shifted(*coarse))
    found = min(
        (_refined(*coarse, start) for start in starts), key=lambda one: _misfit(*coarse, one)
    )
    if first:
        found = _refined(before.levels[0], after.levels[0], found * np.array([1, 1, 2, 2]))
    moved = _drawn(after.levels[0], found)
    inner = tuple(slice(side // 8, side - side // 8) for side in moved.shape)
    if np.corrcoef(moved[inner].ravel(), before.levels[0][inner].ravel())[0, 1] < SAME_SCENE:
        return Motion(same_scene=False)
    return _rounded(found, before.step)


def _shifted(before: Level, after: Level) -> NDArray[np.float64]:
    """Find the whole-sample shift by the phases of both (Kuglin and Hines, 1975)."""
    window = np.outer(*(np.hanning(side + 2)[1:-1] for side in before.shape))
    here, there = (np.fft.rfft2((one - one.mean()) * window) for one in (before, after))
    cross = np.conj(here) * there
    # A little of the strength is kept: phases of frequencies that hold noise alone say nothing.
    peak = np.fft.irfft2(cross / (np.abs(cross) ** 0.7 + 1e-9), before.shape)
    top, left = np.unravel_index(int(np.argmax(peak)), peak.shape)
    rows, columns = before.shape
    down = top - rows if top > rows // 2 else top
    across = left - columns if left > columns // 2 else left
    return np.array([0.0, 0.0, float(across), float(down)])


def _rounded(found: NDArray[np.float64], step: int) -> Motion:
    turn = np.rint(found[:2] / _TURN_STEP) * _TURN_STEP
    shift = np.rint(found[2:] * step / _SHIFT_STEP) * _SHIFT_STEP
    return Motion(complex(1 + turn[0], turn[1]), complex(shift[0], shift[1]))


def _means(plane: Level, step: int) -> Level:
    if step == 1:
        return plane
    rows, columns = plane.shape[0] // step, plane.shape[1] // step
    cut = plane[: rows * step, : columns * step]
    return np.asarray(cut.reshape(rows, step, columns, step).mean(axis=(1, 3)))


def _refined(before: Level, after: Level, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Improve a motion on one level: (a_r - 1, a_i, b_x, b_y)."""
    y, x = _places(before.shape)
    down, across = np.gradient(before)
    slopes = np.stack([across * x + down * y, down * x - across * y, across, down])
    found = start
    for _ in range(STEPS):
        error = _drawn(after, found) - before
        size = np.abs(error)
        width = 4 * float(np.median(size)) + 1e-4
        weight = 1 / (1 + (size / width) ** 2) ** 2
        weighted = slopes * weight
        matrix = np.array([[(one * other).sum() for other in slopes] for one in weighted])
        matrix[np.diag_indices(4)] *= 1 + 1e-9
        right = np.array([(one * error).sum() for one in weighted])
        try:
            step = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return found
        found = _composed(found, step)
        if np.abs(step[2:]).max() < _SMALLEST_STEP:
            break
    return found


def _misfit(before: Level, after: Level, found: NDArray[np.float64]) -> float:
    """Half of all samples fit better than this."""
    return float(np.median(np.abs(_drawn(after, found) - before)))


def _composed(found: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """The motion after the inverse of a step: z' = a ((z - d) / c) + b."""
    a, b = complex(1 + found[0], found[1]), complex(found[2], found[3])
    c, d = complex(1 + step[0], step[1]), complex(step[2], step[3])
    a, b = a / c, b - a * d / c
    return np.array([a.real - 1, a.imag, b.real, b.imag])


def _places(shape: tuple[int, ...]) -> tuple[Level, Level]:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    return y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2


def _drawn(plane: Level, found: NDArray[np.float64]) -> Level:
    y, x = _places(plane.shape)
    across = x + found[0] * x - found[1] * y + found[2] + (plane.shape[1] - 1) / 2
    down = y + found[1] * x + found[0] * y + found[3] + (plane.shape[0] - 1) / 2
    return cubic(plane.astype(np.float32), across, down, (0, 0)).astype(np.float64)


V = TypeVar("V")


class Remembered(Generic[V]):
    """Values computed from arrays, kept as long as the very array lives.

    The same array gives the same value, so what is remembered never changes a result.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[tuple[weakref.ref[Plane], ...], V]] = {}

    def get(self, arrays: tuple[Plane, ...]) -> V | None:
        """The value that was kept for these arrays, if they are the same objects."""
        found = self._known.get(tuple(id(one) for one in arrays))
        if found is None:
            return None
        refs, value = found
        same = all(ref() is one for ref, one in zip(refs, arrays, strict=True))
        return value if same else None

    def keep(self, arrays: tuple[Plane, ...], value: V) -> V:
        """Keep a value, and forget those whose arrays are gone."""
        for key in [k for k, (refs, _) in self._known.items() if any(r() is None for r in refs)]:
            self._known.pop(key, None)
        refs = tuple(weakref.ref(one) for one in arrays)
        self._known[tuple(id(one) for one in arrays)] = (refs, value)
        return value


class Scenes:
    """Tells which frames of a window are of one scene."""

    def __init__(self) -> None:
        self._sketches: Remembered[Sketch] = Remembered()
        self._same: Remembered[bool] = Remembered()

    def window(self, frames: Sequence[Block], centre: int) -> tuple[int, int]:
        """First and one past the last frame between the cuts around frame `centre`."""
        first, last = centre, centre
        while first > 0 and self._alike(frames[first - 1], frames[first]):
            first -= 1
        while last + 1 < len(frames) and self._alike(frames[last], frames[last + 1]):
            last += 1
        return first, last + 1

    def _alike(self, before: Block, after: Block) -> bool:
        key = before.planes[0], after.planes[0]
        known = self._same.get(key)
        if known is not None:
            return known
        found = motion_between(self._sketch(before), self._sketch(after))
        return self._same.keep(key, found.same_scene)

    def _sketch(self, block: Block) -> Sketch:
        key = (block.planes[0],)
        known = self._sketches.get(key)
        return self._sketches.keep(key, sketch(luma_of(block))) if known is None else known
