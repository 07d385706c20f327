"""Things, or faces with five landmarks, by networks whose one output is laid out as YOLOv8's is.

The program that reads the output is ours; the networks are under the AGPL, ship nowhere and are
never looked for: a graph names one that somebody installed, and says why its licence allows that.

A picture is fitted into the network's square without changing its aspect, in the middle, with gray
(114) around it, as R, G, B of 0 to 1. The output is (1, numbers, places): for each place the middle
and the size of a box in samples of that square, then

- of things: one score for each of 80 kinds (84 numbers);
- of faces: one score, and five points of x, y and how certain they are (20 numbers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.finders import Finder
from models.errors import EngineError
from models.spec import DetectorArchitecture, NetworkCard
from pipelines.analysis.found import (
    FACE,
    OBJECT,
    Box,
    Detection,
    Rgb8,
    in_order,
    without_doubles,
)
from pipelines.analysis.reduced import area_means
from pipelines.analysis.things import THINGS
from pipelines.analysis.yunet import detector_facts
from pipelines.errors import UnsupportedError

THINGS_FAMILY = "yolov8"
FACE_FAMILY = "yolov8-face"
LEAST_SCORE = 0.1
MOST_OVERLAP = 0.5
_GRAY = 114 / 255
_BOX = 4
_POINTS = 5

Floats = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture in the network's square: (1, 3, H, W), and how its samples became those there."""

    batch: NDArray[np.float32]
    left: int
    top: int
    across: float
    down: float

    def box(self, middle_x: float, middle_y: float, width: float, height: float) -> Box:
        """A box of the square as one of the picture."""
        left, top = self.point(middle_x - width / 2, middle_y - height / 2)
        return Box(left, top, width * self.across, height * self.down)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place of the square as one of the picture."""
        return (x - self.left) * self.across, (y - self.top) * self.down


class YoloDetector:
    """A network of either family, loaded."""

    usual_side = 960

    def __init__(self, card: NetworkCard, finder: Finder) -> None:
        family = card.architecture
        if not isinstance(family, DetectorArchitecture) or not family.height * family.width:
            raise UnsupportedError(f"{card.name} states no size of the pictures that it takes.")
        self._size = family.height, family.width
        self._kinds = (FACE,) if family.family == FACE_FAMILY else THINGS
        self._points = _POINTS if family.family == FACE_FAMILY else 0
        self._finder = finder
        self.targets = self._kinds if self._points else (OBJECT, *THINGS)
        self.facts = detector_facts(card, finder)

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find things, best first; those of a score below 0.1 are left out.

        Raises EngineError where the output is not of this layout.
        """
        square = fitted(rgb, *self._size)
        places = self._places(self._finder.run(square.batch))
        scores = places[:, _BOX : _BOX + len(self._kinds)]
        kinds = scores.argmax(axis=1)
        best = scores[np.arange(len(scores)), kinds]
        sound = (best >= LEAST_SCORE) & (places[:, 2] > 0) & (places[:, 3] > 0)
        found = []
        for place in np.flatnonzero(sound):
            numbers = [float(one) for one in places[place]]
            points = np.reshape(numbers[_BOX + len(self._kinds) :], (self._points, 3))
            found.append(
                Detection(
                    self._kinds[kinds[place]],
                    square.box(*numbers[:_BOX]),
                    float(best[place]),
                    tuple(square.point(float(x), float(y)) for x, y, *_ in points),
                )
            )
        return without_doubles(in_order(found), most_overlap=MOST_OVERLAP)

    def _places(self, found: Mapping[str, Floats]) -> Floats:
        """The one output as (places, numbers), in float64."""
        wanted = _BOX + len(self._kinds) + 3 * self._points
        outputs = list(found.values())
        if len(outputs) != 1 or outputs[0].ndim != 3 or outputs[0].shape[:2] != (1, wanted):
            shapes = [one.shape for one in outputs]
            raise EngineError(
                f"{self._finder.name} gave {shapes}; one output (1, {wanted}, places) is read",
                next_step="Export the network again in that layout.",
            )
        return np.asarray(outputs[0][0].T, np.float64)


def fitted(rgb: Rgb8, height: int, width: int) -> Fitted:
    """Put a picture into a square of the network's size; it is never enlarged."""
    share = min(1.0, height / rgb.shape[0], width / rgb.shape[1])
    down, across = (max(1, round(side * share)) for side in rgb.shape[:2])
    top, left = (height - down) // 2, (width - across) // 2
    batch = np.full((1, 3, height, width), _GRAY, np.float32)
    for channel in range(3):
        small = area_means(rgb[..., channel], down, across)
        batch[0, channel, top : top + down, left : left + across] = small / 255
    return Fitted(batch, left, top, rgb.shape[1] / across, rgb.shape[0] / down)
