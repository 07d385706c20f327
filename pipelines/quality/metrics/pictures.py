"""Pictures as metrics take them, and the colour conventions that they are compared in.

A picture is (H, W) or (H, W, 3) RGB, float64, in code values 0 to 255 whatever its bit depth
was; deeper pictures are scaled, so that 255 is white. Metrics that follow papers made on 8-bit
files round first (`rounded`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError

Picture = NDArray[np.float64]
PEAK = 255.0

_BT601 = np.array([65.481, 128.553, 24.966]) / 255.0
_JFIF = np.array([0.299, 0.587, 0.114])


def _studio(picture: Picture) -> Picture:
    return np.asarray(np.rint(picture @ _BT601 + 16.0))


def _full(picture: Picture) -> Picture:
    return np.asarray(picture @ _JFIF)


class Colour(Enum):
    """What is compared: a caption for fingerprints and how it is computed from RGB."""

    Y_STUDIO = ("Y of BT.601, studio range 16..235, rounded to 8 bit", _studio)
    """MATLAB's rgb2ycbcr, which the super-resolution papers score on."""
    Y_FULL = ("Y of BT.601, full range 0..255", _full)
    RGB = ("RGB, all three channels", None)

    def __init__(self, caption: str, convert: Callable[[Picture], Picture] | None) -> None:
        self.caption = caption
        self._convert = convert

    def of(self, picture: Picture) -> Picture:
        """Return what is compared of `picture`; a single plane is taken as it is."""
        if picture.ndim == 2 or self._convert is None:
            return picture
        return self._convert(picture)


def picture(samples: NDArray[np.generic], *, depth: int = 8) -> Picture:
    """Bring (H, W) or (H, W, 3) integer samples of `depth` bits to code values 0..255.

    Raises RequestError for another shape.
    """
    if samples.ndim not in {2, 3} or (samples.ndim == 3 and samples.shape[2] != 3):
        raise RequestError(f"A metric takes (H, W) or (H, W, 3) samples, not {samples.shape}.")
    return samples.astype(np.float64) * (PEAK / ((1 << depth) - 1))


def pair(result: Picture, reference: Picture, *, colour: Colour, crop: int) -> tuple[Picture, ...]:
    """Return both pictures in `colour` without `crop` samples of border.

    Raises RequestError where their shapes differ or nothing is left of them.
    """
    if result.shape != reference.shape:
        raise RequestError(
            f"A result of {result.shape} cannot be scored against a reference of {reference.shape}."
        )
    if min(result.shape[:2]) <= 2 * crop:
        raise RequestError(f"Nothing is left of {result.shape} without {crop} samples of border.")
    inner = np.s_[crop : result.shape[0] - crop, crop : result.shape[1] - crop]
    return tuple(colour.of(np.clip(np.rint(one), 0, PEAK))[inner] for one in (result, reference))
