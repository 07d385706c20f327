"""BRISQUE: a picture's distortion as people judged it, learnt from a database. Lower is better.

Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain", IEEE
TIP 21(12), 2012: 18 features at full size and half size, scaled to -1..1 by given ranges, and a
support vector regression with a radial kernel. Model and ranges are two parameter files (as
OpenCV's `quality` module stores them) that must be supplied; nothing stands in for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from pipelines.errors import InputError, RequestError
from pipelines.quality.metrics.filters import halved_cubic
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score
from pipelines.quality.metrics.natural_scene import NEIGHBOURS, Reals, fit, normalised
from pipelines.quality.metrics.pictures import PEAK, Colour, Picture

_FEATURES = 36
_MOST_BYTES = 4 << 20
_SMALLEST = 16
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True, slots=True, eq=False)
class Brisque:
    """The metric with its regression.

    `vectors` are (N, 36) support vectors, `weights` N, `low` and `high` the features' ranges.
    """

    vectors: Reals
    weights: Reals
    bias: float
    gamma: float
    low: Reals
    high: Reals
    parameters_sha256: tuple[str, str]
    crop: int = 0

    @classmethod
    def read(cls, model: bytes, ranges: bytes, *, sha256: tuple[str, str]) -> Brisque:
        """Read OpenCV's two YAML files (model and range); raises InputError."""
        if max(len(model), len(ranges)) > _MOST_BYTES:
            raise InputError("A BRISQUE parameter file is too large.")
        text, spread = model.decode("ascii", "replace"), ranges.decode("ascii", "replace")
        vectors = [_numbers(row) for row in re.findall(r"- \[([^\]]*)\]", _after(text, "vectors:"))]
        weights = _numbers(_listed(text, "alpha"))
        limits = _numbers(_listed(spread, "data"))
        kernel = re.search(rf"gamma: ({_NUMBER})", text)
        bias = re.search(rf"rho: ({_NUMBER})", text)
        fits = kernel and bias and "type: RBF" in text and "svmType: EPS_SVR" in text
        table = np.array([row for row in vectors if len(row) == _FEATURES])
        if not fits or len(table) != len(weights) or not weights or len(limits) != 2 * _FEATURES:
            raise InputError("The files are not a BRISQUE model and its ranges.")
        assert kernel is not None and bias is not None  # noqa: S101, PT018 - `fits` says so
        low, high = np.array(limits[:_FEATURES]), np.array(limits[_FEATURES:])
        return cls(table, np.array(weights), float(bias[1]), float(kernel[1]), low, high, sha256)

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        model, ranges = self.parameters_sha256
        parameters = (("model_sha256", model), ("range_sha256", ranges), ("half", "cubic"))
        return Fingerprint("brisque", "evident 1", parameters, Colour.Y_FULL.caption, self.crop)

    def score(self, picture: Picture) -> Score:
        """Score one picture, 0 (undistorted) to 100; RequestError where it is too small."""
        height, width = (side - 2 * self.crop for side in picture.shape[:2])
        if min(height, width) < _SMALLEST:
            raise RequestError(f"BRISQUE needs {_SMALLEST} x {_SMALLEST} samples.")
        inner = picture[self.crop : self.crop + height, self.crop : self.crop + width]
        luma = np.rint(Colour.Y_FULL.of(np.clip(np.rint(inner), 0, PEAK))) / PEAK
        features = np.array(_features(luma) + _features(halved_cubic(luma)))
        scaled = 2 * (features - self.low) / (self.high - self.low) - 1
        kernel = np.exp(-self.gamma * ((self.vectors - scaled) ** 2).sum(axis=1))
        value = float(self.weights @ kernel) - self.bias
        return Score(min(max(value, 0.0), 100.0), "", Better.LOWER, self.fingerprint)


def _features(luma: Picture) -> list[float]:
    plane = normalised(luma, constant=1 / PEAK)
    whole = fit(plane)
    found = [whole.shape, (whole.left**2 + whole.right**2) / 2]
    for rows, columns in NEIGHBOURS:
        one = fit(plane * _neighbour(plane, rows, columns))
        mean = (one.right - one.left) * one.mean * one.scale
        found += [one.shape, mean, one.left**2, one.right**2]
    return found


def _neighbour(plane: Picture, rows: int, columns: int) -> Picture:
    """Return the plane's neighbours at an offset; zero beyond the border, as in the reference."""
    moved = np.zeros_like(plane)
    height, width = plane.shape
    to_columns = slice(max(0, -columns), width - max(0, columns))
    from_columns = slice(max(0, columns), width - max(0, -columns))
    moved[: height - rows, to_columns] = plane[rows:, from_columns]
    return moved


def _after(text: str, word: str) -> str:
    return text.partition(word)[2].partition("decision_functions")[0]


def _listed(text: str, name: str) -> str:
    found = re.search(rf"{name}: \[([^\]]*)\]", text)
    return "" if found is None else found[1]


def _numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(_NUMBER, text)]
