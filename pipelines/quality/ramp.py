"""The colours of a map: a fixed scale from black over blue to yellow, the same in every report.

Step i of 0 to 255 stands for i/8 of an 8-bit code value; step 255 for 31.875 or more. Step 0 is
black, and the smallest step above it is already visibly blue, so what is drawn at all is seen.
From step to step the colours grow lighter, for readers of every colour vision and in a copy
without colour: they differ in blue against yellow and never in red against green alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.media.picture import Plane

STEPS_PER_CODE = 8
LAST = 255
FULL_SCALE = LAST / STEPS_PER_CODE
"""The difference, in 8-bit code values, from which on the last colour is used."""

_ANCHORS = (
    (1, (14, 20, 58)),
    (40, (36, 64, 138)),
    (96, (92, 112, 150)),
    (160, (160, 150, 120)),
    (216, (232, 196, 76)),
    (255, (255, 248, 184)),
)


def _made() -> NDArray[np.uint8]:
    places = np.array([place for place, _ in _ANCHORS])
    colours = np.array([colour for _, colour in _ANCHORS])
    steps = np.arange(256)
    mixed = np.stack([np.interp(steps, places, colours[:, k]) for k in range(3)], axis=1)
    mixed[0] = 0
    return np.asarray(np.rint(mixed), dtype=np.uint8)


PALETTE: NDArray[np.uint8] = _made()
"""(256, 3) uint8: R, G, B of every step."""


def steps_of(size: Plane) -> NDArray[np.uint8]:
    """Give the steps (H, W) uint8 of magnitudes (H, W) float32 in 8-bit code values.

    To the nearest, but nothing that differs at all becomes black.
    """
    scaled = np.rint(size * np.float32(STEPS_PER_CODE))
    np.clip(scaled, 0, LAST, out=scaled)
    steps: NDArray[np.uint8] = np.asarray(scaled, dtype=np.uint8)
    steps[(steps == 0) & (size > 0)] = 1
    return steps
