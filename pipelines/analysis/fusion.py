"""Fuses observations of one region into a picture on a finer grid. MIXES frames.

Every observed sample is the mean of the scene over its own square, at the place to which its
frame was registered: y = A x, A being separable. Sought is the x that explains
all of them best, with a weak wish for smoothness where they leave it open:

    sum over frames of w (A x - y)^2 + SMOOTHNESS n |second differences of x|^2

by conjugate gradients (M. Hestenes and E. Stiefel, 1952), twice: the second time samples that do
not fit (moved, hidden, changed) weigh less, by Tukey's biweight of their difference. Copies weigh
nothing. No detail comes from anywhere but the observations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.registration import Reals, Shift

SMOOTHNESS = 0.002
_ROUNDS = 25
_REWEIGHTED = 2
_TUKEY = 4.685
_LEAST_NOISE = 0.5


@dataclass(frozen=True, slots=True)
class Observation:
    """One frame's part: its samples (h, w) in 8-bit code values at the reference's brightness.

    `fresh` says where they are observations. `shift` is by how much the region lies further on
    in this frame than in the reference, within one sample.
    """

    samples: Reals
    fresh: NDArray[np.bool_]
    shift: Shift


@dataclass(frozen=True, slots=True)
class Fused:
    """The picture, (scale h, scale w), and the weight that each frame's samples had, 0 to 1."""

    picture: Reals
    weights: tuple[float, ...]


def fuse(observations: Sequence[Observation], *, scale: int) -> Fused:
    """Explain all observations by one picture; the first is the reference."""
    size = observations[0].samples.shape
    views = [
        _View(Averaging(size[0], scale, -one.shift[0]), Averaging(size[1], scale, -one.shift[1]))
        for one in observations
    ]
    weights = [one.fresh.astype(np.float64) for one in observations]
    picture: Reals = observations[0].samples.repeat(scale, axis=0).repeat(scale, axis=1)
    for turn in range(1 + _REWEIGHTED):
        picture = _solved(picture, observations, weights, views)
        if turn == _REWEIGHTED:
            break
        for number, one in enumerate(observations):
            error = views[number].seen(picture) - one.samples
            known = np.abs(error[one.fresh])
            noise = max(_LEAST_NOISE, 1.4826 * float(np.median(known)) if known.size else 1.0)
            far = np.clip(1 - (error / (_TUKEY * noise)) ** 2, 0, None) ** 2
            weights[number] = one.fresh * far
    shares = tuple(float(weight.mean()) for weight in weights)
    return Fused(picture, shares)


class Averaging:
    """Means over squares of `scale` fine samples along one axis, moved by `shift` coarse samples.

    A linear map and its transpose. Every coarse sample covers the same few fine ones with the
    same weights, so both are sums of strided slices. Beyond the picture its outermost samples go
    on. `shift` lies within one coarse sample on either side.
    """

    def __init__(self, count: int, scale: int, shift: float) -> None:
        self._count, self._scale = count, scale
        begin = scale * shift
        first = int(np.floor(begin))
        self._pad = scale + 1
        self._first = first + self._pad
        covered = [
            min(begin + scale, place + 1) - max(begin, place)
            for place in range(first, first + scale + 1)
        ]
        self._weights = [one / scale for one in covered]

    def apply(self, plane: Reals) -> Reals:
        """(scale n, m) to (n, m)."""
        padded = np.pad(plane, ((self._pad, self._pad + 1), (0, 0)), mode="edge")
        total = np.zeros((self._count, plane.shape[1]))
        for offset, weight in enumerate(self._weights):
            begin = self._first + offset
            total += weight * padded[begin : begin + self._scale * self._count : self._scale]
        return total

    def back(self, plane: Reals) -> Reals:
        """The transpose: (n, m) to (scale n, m)."""
        fine = self._scale * self._count
        padded = np.zeros((fine + 2 * self._pad + 1, plane.shape[1]))
        for offset, weight in enumerate(self._weights):
            begin = self._first + offset
            padded[begin : begin + fine : self._scale] += weight * plane
        found = padded[self._pad : self._pad + fine].copy()
        found[0] += padded[: self._pad].sum(axis=0)
        found[-1] += padded[self._pad + fine :].sum(axis=0)
        return found


@dataclass(frozen=True, slots=True)
class _View:
    """How one frame sees the picture: means along both axes."""

    down: Averaging
    across: Averaging

    def seen(self, picture: Reals) -> Reals:
        return self.across.apply(self.down.apply(picture).T).T

    def back(self, samples: Reals) -> Reals:
        return self.down.back(self.across.back(samples.T).T)


def _solved(
    start: Reals,
    observations: Sequence[Observation],
    weights: Sequence[Reals],
    views: Sequence[_View],
) -> Reals:
    """Conjugate gradients on the normal equations, from `start`."""
    smooth = SMOOTHNESS * sum(float(weight.mean()) for weight in weights)

    def applied(picture: Reals) -> Reals:
        total = smooth * _roughness(picture)
        for weight, view in zip(weights, views, strict=True):
            total += view.back(weight * view.seen(picture))
        return total

    right = np.zeros_like(start)
    for one, weight, view in zip(observations, weights, views, strict=True):
        right += view.back(weight * one.samples)
    picture = start.copy()
    residual = right - applied(picture)
    direction, power = residual.copy(), float((residual**2).sum())
    first = power
    for _ in range(_ROUNDS):
        if power <= 1e-10 * first:
            break
        ahead = applied(direction)
        step = power / float((direction * ahead).sum())
        picture += step * direction
        residual -= step * ahead
        power, before = float((residual**2).sum()), power
        direction = residual + power / before * direction
    return picture


def _roughness(picture: Reals) -> Reals:
    """The gradient of half the sum of squared second differences along both axes."""
    total = np.zeros_like(picture)
    for axis in (0, 1):
        plane = np.moveaxis(picture, axis, 0)
        bend = plane[2:] - 2 * plane[1:-1] + plane[:-2]
        found = np.zeros_like(plane)
        found[2:] += bend
        found[1:-1] -= 2 * bend
        found[:-2] += bend
        total += np.moveaxis(found, 0, axis)
    return total
