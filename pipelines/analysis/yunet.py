"""Faces with five landmarks by YuNet: its outputs decoded here, level by level.

Wu, Peng, Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research,
2023. The network looks at the picture on grids of 8, 16 and 32 samples. At column c and row r of
a grid of s samples it gives an offset (x, y), the logarithm of a size (w, h), five offsets of
points, and two scores; then

    centre = ((c + x) s, (r + y) s),  size = (s exp w, s exp h),  point = ((c + px) s, (r + py) s),
    score = sqrt(class score * object score), each limited to 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.finders import Finder, require_outputs
from models.spec import NetworkCard
from pipelines.analysis.found import (
    FACE,
    Box,
    Detection,
    DetectorFacts,
    Rgb8,
    in_order,
    without_doubles,
)

FAMILY = "yunet"
LEAST_SCORE = 0.1
MOST_OVERLAP = 0.3
_GRIDS = (8, 16, 32)
_OUTPUTS = tuple(f"{kind}_{grid}" for kind in ("cls", "obj", "bbox", "kps") for grid in _GRIDS)
_WHOLE = 32
_MOST_LOG = 12.0

Floats = NDArray[np.float32]


class YuNetDetector:
    """YuNet, loaded. It takes pictures of any size, B, G, R of 0 to 255."""

    targets = (FACE,)
    usual_side = 960

    def __init__(self, card: NetworkCard, finder: Finder) -> None:
        self._finder = finder
        self.facts = detector_facts(card, finder)

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find faces and their landmarks, best first; those of a score below 0.1 are left out."""
        height, width = rgb.shape[:2]
        padded = np.zeros((-(-height // _WHOLE) * _WHOLE, -(-width // _WHOLE) * _WHOLE, 3))
        padded[:height, :width] = rgb[..., ::-1]
        batch = padded.transpose(2, 0, 1)[None].astype(np.float32)
        found = self._finder.run(batch)
        require_outputs(found, _OUTPUTS, self._finder.name)
        faces = [
            one
            for grid in _GRIDS
            for one in decoded(found, grid=grid, columns=padded.shape[1] // grid)
        ]
        return without_doubles(in_order(faces), most_overlap=MOST_OVERLAP)


def decoded(found: Mapping[str, Floats], *, grid: int, columns: int) -> list[Detection]:
    """Read one level of the network's outputs; `columns` is the width of its grid."""
    classes, objects = (
        np.clip(found[f"{kind}_{grid}"].reshape(-1), 0, 1).astype(np.float64)
        for kind in ("cls", "obj")
    )
    scores = np.sqrt(classes * objects)
    chosen = np.flatnonzero(scores >= LEAST_SCORE)
    boxes = found[f"bbox_{grid}"].reshape(-1, 4)[chosen].astype(np.float64)
    points = found[f"kps_{grid}"].reshape(-1, 5, 2)[chosen].astype(np.float64)
    at = np.stack([chosen % columns, chosen // columns], axis=1)
    centres = (at + boxes[:, :2]) * grid
    sizes = np.exp(np.clip(boxes[:, 2:], -_MOST_LOG, _MOST_LOG)) * grid
    corners = centres - sizes / 2
    places = (at[:, None] + points) * grid
    return [
        Detection(
            FACE,
            Box(*_pair(corners[number]), *_pair(sizes[number])),
            float(scores[place]),
            tuple(_pair(point) for point in places[number]),
        )
        for number, place in enumerate(chosen)
    ]


def detector_facts(card: NetworkCard, finder: Finder) -> DetectorFacts:
    """State which network looks, from its card and what was loaded."""
    return DetectorFacts(
        name=finder.name,
        version=finder.version,
        sha256=finder.sha256,
        engine=finder.engine,
        licence=card.licence,
        warning=" ".join((*card.training.known_failures[:2], "No gate has judged it.")),
    )


def _pair(values: Any) -> tuple[float, float]:
    return float(values[0]), float(values[1])
