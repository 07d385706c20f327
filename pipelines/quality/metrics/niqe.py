"""NIQE: how far a picture's statistics are from those of undistorted photographs. Lower is better.

Mittal, Soundararajan and Bovik, "Making a completely blind image quality analyzer", IEEE SPL
20(3), 2013: luma in 0..255 is cut into blocks of 96 x 96, at full size and half size 18
features per block are fitted, and the distance between the two multivariate Gaussians is
sqrt((m1 - m2)^T ((C1 + C2)/2)^-1 (m1 - m2)). The pristine model is a parameter file (`mu` of
36, `cov` of 36 x 36) that must be supplied; nothing stands in for it.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from pipelines.errors import InputError, RequestError
from pipelines.quality.metrics.filters import halved_antialiased
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score
from pipelines.quality.metrics.natural_scene import NEIGHBOURS, Reals, fit, normalised
from pipelines.quality.metrics.pictures import Colour, Picture

_BLOCK = 96
_FEATURES = 36
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Niqe:
    """The metric with its pristine model; `parameters_sha256` names the file it came from."""

    mean: Reals
    covariance: Reals
    parameters_sha256: str
    crop: int = 0

    @classmethod
    def read(cls, data: bytes, *, sha256: str, crop: int = 0) -> Niqe:
        """Read an `.npz` with `mu_pris_param` and `cov_pris_param`; raises InputError."""
        try:
            with np.load(io.BytesIO(data[:_MOST_BYTES]), allow_pickle=False) as stored:
                mean = np.asarray(stored["mu_pris_param"], np.float64).ravel()
                covariance = np.asarray(stored["cov_pris_param"], np.float64)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(f"The file is not a NIQE model: {error}") from error
        if mean.shape != (_FEATURES,) or covariance.shape != (_FEATURES, _FEATURES):
            raise InputError("The NIQE model does not have 36 features.")
        return cls(mean, covariance, sha256, crop)

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        parameters = (
            ("model_sha256", self.parameters_sha256),
            ("block", str(_BLOCK)),
            ("half", "cubic, antialiased"),
        )
        return Fingerprint("niqe", "evident 1", parameters, Colour.Y_STUDIO.caption, self.crop)

    def score(self, picture: Picture) -> Score:
        """Score one picture; RequestError where it is smaller than one block."""
        height, width = (side - 2 * self.crop for side in picture.shape[:2])
        inner = picture[self.crop : self.crop + height, self.crop : self.crop + width]
        luma = Colour.Y_STUDIO.of(np.clip(np.rint(inner), 0, 255))
        rows, columns = height // _BLOCK, width // _BLOCK
        if rows < 1 or columns < 1 or rows * columns < 2:
            raise RequestError(
                f"NIQE needs two blocks of {_BLOCK} x {_BLOCK}; there are {width} x {height}.",
                next_step="Score a larger picture, or leave this metric out.",
            )
        luma = luma[: rows * _BLOCK, : columns * _BLOCK]
        scales = [_features(luma, _BLOCK), _features(halved_antialiased(luma), _BLOCK // 2)]
        features = np.concatenate(scales, axis=1)
        features = features[~np.isnan(features).any(axis=1)]
        if len(features) < 2:
            raise RequestError("NIQE finds no two blocks with structure in the picture.")
        away = self.mean - features.mean(axis=0)
        shared = (self.covariance + np.cov(features, rowvar=False)) / 2
        value = float(np.sqrt(away @ np.linalg.pinv(shared) @ away))
        return Score(value, "", Better.LOWER, self.fingerprint)


def _features(luma: Picture, block: int) -> Reals:
    """Fit (blocks, 18) features, blocks column by column as the reference does."""
    plane = normalised(luma, constant=1.0)
    rows, columns = plane.shape[0] // block, plane.shape[1] // block
    parts = [
        plane[row * block : (row + 1) * block, column * block : (column + 1) * block]
        for column in range(columns)
        for row in range(rows)
    ]
    return np.array([_block_features(part) for part in parts])


def _block_features(part: Picture) -> list[float]:
    whole = fit(part)
    found = [whole.shape, (whole.left + whole.right) * whole.scale / 2]
    for offset in NEIGHBOURS:
        # Within a block neighbours wrap around, as in the reference.
        one = fit(part * np.roll(part, offset, axis=(0, 1)))
        left, right = one.left * one.scale, one.right * one.scale
        found += [one.shape, (right - left) * one.mean, left, right]
    return found
