"""Faces with five landmarks by RetinaFace: its answers on its own grids of boxes, decoded here.

Deng et al., "RetinaFace: Single-shot Multi-level Face Localisation in the Wild", CVPR 2020, in the
layout of its best known PyTorch version. Squares of two sizes stand at every place of grids of 8,
16 and 32 samples; for each the network gives four numbers of a box, two scores (none, face) and ten
numbers of points, in three outputs that are told apart by how many numbers a square has:

    centre = square centre + 0.1 square side (x, y),  size = square side exp(0.2 (w, h)),
    point  = square centre + 0.1 square side (px, py).

It takes pictures of any size, B, G, R of 0 to 255 less (104, 117, 123).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.finders import Finder
from models.errors import EngineError
from models.spec import NetworkCard
from pipelines.analysis.found import (
    FACE,
    Box,
    Detection,
    Rgb8,
    in_order,
    without_doubles,
)
from pipelines.analysis.yunet import detector_facts

FAMILY = "retinaface"
LEAST_SCORE = 0.1
MOST_OVERLAP = 0.4
_SQUARES = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
"""Sides of the squares, by the samples of their grid."""
_MEAN = np.array([104, 117, 123], np.float32)
_WHOLE = 32
_PLACE, _SIZE = 0.1, 0.2
_MOST_LOG = 12.0
_NUMBERS = {"box": 4, "score": 2, "points": 10}

Floats = NDArray[Any]


class RetinaFaceDetector:
    """RetinaFace, loaded."""

    targets = (FACE,)
    usual_side = 960

    def __init__(self, card: NetworkCard, finder: Finder) -> None:
        self._finder = finder
        self.facts = detector_facts(card, finder)

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find faces and their landmarks, best first; those of a score below 0.1 are left out.

        Raises EngineError where the outputs are not of this layout.
        """
        height, width = (-(-side // _WHOLE) * _WHOLE for side in rgb.shape[:2])
        batch = np.zeros((1, 3, height, width), np.float32)
        batch[0, :, : rgb.shape[0], : rgb.shape[1]] = (rgb[..., ::-1] - _MEAN).transpose(2, 0, 1)
        found = self._finder.run(batch)
        faces = decoded(found, squares(height, width), network=self._finder.name)
        return without_doubles(in_order(faces), most_overlap=MOST_OVERLAP)


def squares(height: int, width: int) -> Floats:
    """All squares of a picture as (N, 3): the centre's x and y, and the side, in samples."""
    made = []
    for grid, sides in _SQUARES.items():
        down, across = np.mgrid[: -(-height // grid), : -(-width // grid)]
        for_each = np.stack([(across + 0.5) * grid, (down + 0.5) * grid], axis=-1)
        places = np.repeat(for_each.reshape(-1, 1, 2), len(sides), axis=1)
        side = np.broadcast_to(np.array(sides, np.float64)[None, :, None], (*places.shape[:2], 1))
        made.append(np.concatenate([places, side], axis=2).reshape(-1, 3))
    return np.concatenate(made)


def decoded(found: Mapping[str, Floats], priors: Floats, *, network: str) -> list[Detection]:
    """Read the three outputs over the squares `priors`. Raises EngineError for another layout."""
    outputs = _told_apart(found, len(priors), network)
    scores = outputs["score"][:, 1].astype(np.float64)
    chosen = np.flatnonzero(scores >= LEAST_SCORE)
    centres, sides = priors[chosen, :2], priors[chosen, 2:]
    boxes = outputs["box"][chosen].astype(np.float64)
    points = outputs["points"][chosen].astype(np.float64).reshape(-1, 5, 2)
    middles = centres + _PLACE * sides * boxes[:, :2]
    sizes = sides * np.exp(np.clip(_SIZE * boxes[:, 2:], -_MOST_LOG, _MOST_LOG))
    places = centres[:, None] + _PLACE * sides[:, None] * points
    corners = middles - sizes / 2
    return [
        Detection(
            FACE,
            Box(*map(float, corners[number]), *map(float, sizes[number])),
            float(scores[square]),
            tuple((float(x), float(y)) for x, y in places[number]),
        )
        for number, square in enumerate(chosen)
    ]


def _told_apart(found: Mapping[str, Floats], count: int, network: str) -> dict[str, Floats]:
    by_numbers = {one.shape[-1]: one.reshape(-1, one.shape[-1]) for one in found.values()}
    if len(found) != len(_NUMBERS) or by_numbers.keys() != set(_NUMBERS.values()):
        raise EngineError(f"{network} gave no boxes, scores and points; it is another network")
    wrong = [one.shape for one in by_numbers.values() if len(one) != count]
    if wrong:
        raise EngineError(f"{network} gave {wrong[0][0]} places, and {count} squares are here")
    return {name: by_numbers[numbers] for name, numbers in _NUMBERS.items()}
