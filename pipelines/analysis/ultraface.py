"""Faces without landmarks by UltraFace RFB, on pictures of 640 x 480.

Linzaer, Ultra-Light-Fast-Generic-Face-Detector-1MB. The network gives, for each of its places,
the scores (none, face) and a box (left, top, right, bottom) as shares of the picture. A picture
is fitted into 640 x 480 without changing its aspect; what is left over at the right or the
bottom is gray.
"""

from __future__ import annotations

import numpy as np

from models.engines.finders import Finder, require_outputs
from models.spec import DetectorArchitecture, NetworkCard
from pipelines.analysis.found import FACE, Box, Detection, Rgb8, in_order, without_doubles
from pipelines.analysis.reduced import area_means
from pipelines.analysis.yunet import detector_facts
from pipelines.errors import UnsupportedError

FAMILY = "ultraface"
LEAST_SCORE = 0.1
MOST_OVERLAP = 0.3
_MIDDLE = 127.0
_SPREAD = 128.0


class UltraFaceDetector:
    """UltraFace, loaded. It takes R, G, B as (value - 127) / 128."""

    targets = (FACE,)
    usual_side = 640

    def __init__(self, card: NetworkCard, finder: Finder) -> None:
        if not isinstance(card.architecture, DetectorArchitecture):
            raise UnsupportedError(f"{card.name} is no network that finds things.")
        self._size = card.architecture.height, card.architecture.width
        self._finder = finder
        self.facts = detector_facts(card, finder)

    def detect(self, rgb: Rgb8) -> tuple[Detection, ...]:
        """Find faces, best first; those of a score below 0.1 are left out."""
        high, wide = self._size
        share = min(1.0, high / rgb.shape[0], wide / rgb.shape[1])
        height, width = (max(1, round(side * share)) for side in rgb.shape[:2])
        batch = np.zeros((1, 3, high, wide), np.float32)
        for channel in range(3):
            fitted = area_means(rgb[..., channel], height, width)
            batch[0, channel, :height, :width] = (fitted - _MIDDLE) / _SPREAD
        found = self._finder.run(batch)
        require_outputs(found, ("scores", "boxes"), self._finder.name)
        scores = found["scores"].reshape(-1, 2)[:, 1].astype(np.float64)
        across, down = rgb.shape[1] / width, rgb.shape[0] / height
        edges = found["boxes"].reshape(-1, 4).astype(np.float64)
        edges *= (wide * across, high * down, wide * across, high * down)
        chosen = np.flatnonzero((scores >= LEAST_SCORE) & (edges[:, 2:] > edges[:, :2]).all(axis=1))
        faces = []
        for place in chosen:
            left, top, right, bottom = (float(one) for one in edges[place])
            box = Box(left, top, right - left, bottom - top)
            faces.append(Detection(FACE, box, float(scores[place])))
        return without_doubles(in_order(faces), most_overlap=MOST_OVERLAP)
