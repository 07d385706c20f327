"""How sharp a picture is, and how much of it is clipped: numbers to choose stills by.

Sharpness is the mean absolute second difference of luma along both axes, in 8-bit code values,
less what noise alone would give; it compares frames of one clip and nothing else. Noise is
estimated from the picture's flattest parts (`quality.noise`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.media.picture import Family, FrameShape, Samples
from pipelines.quality.noise import noise_of_planes

_DARK, _LIGHT = 2, 253
_NOISE_GAIN = 6**0.5 * (2 / np.pi) ** 0.5
"""The mean absolute second difference of independent Gaussian noise of unit strength."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What was measured of one frame. `sharpness` and `noise` in 8-bit code values."""

    sharpness: float
    noise: float
    clipped: float


def looks_of(planes: tuple[Samples, ...], shape: FrameShape) -> Looks:
    """Measure a picture: of Y'CbCr and gray the luma, of R, G, B the green."""
    layout = shape.layout
    plane = planes[1 if layout.family is Family.RGB else 0]
    unit = layout.peak / 255
    values = np.asarray(plane, np.float32) / np.float32(unit)
    found = [
        float(np.abs(np.diff(values, n=2, axis=axis)).mean())
        for axis in (0, 1)
        if values.shape[axis] > 2
    ]
    noise = noise_of_planes(planes[: layout.colour_planes], shape)[0]
    sharp = sum(found) / len(found) if found else 0.0
    clipped = float(((values <= _DARK) | (values >= _LIGHT)).mean())
    return Looks(max(0.0, sharp - _NOISE_GAIN * noise), noise, clipped)
