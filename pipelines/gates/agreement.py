"""How near a network in a reduced precision stays to itself in fp32, on the same engine and input.

What is compared is the network's own output, clipped to what a picture can hold and not rounded
to whole samples: rounding would hide differences below half a step, and make others whole ones.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.gates.results import Agreement
from pipelines.operations.base import Network
from pipelines.quality.metrics.pictures import PEAK, Colour, Picture

MOST_DECIBELS = 200.0
"""What equal outputs count as: about what the last bit of float32 is worth."""


def agreement(case: str, reduced: Network, exact: Network, source: Picture) -> Agreement:
    """Run both on `source`, (H, W, 3) in 0..255: on its luma, or on all three colours."""
    planes = Colour.Y_FULL.of(source) if exact.planes == 1 else np.moveaxis(source, -1, 0)
    asked = np.ascontiguousarray(planes / PEAK, np.float32)
    one, other = (np.clip(network.run(asked), 0, 1) for network in (reduced, exact))
    away = one.astype(np.float64) - other
    mean_square = float(np.mean(away**2))
    decibels = MOST_DECIBELS if mean_square == 0 else -10 * math.log10(mean_square)
    return Agreement(case, min(decibels, MOST_DECIBELS), PEAK * float(np.max(np.abs(away))))
