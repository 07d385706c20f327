"""Embedding drift: its formula, least sizes, and embeddings that have no direction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from pipelines.quality.drift import Face, FaceTrack, cosine_distances, drift_of_tracks


class Means:
    """An embedding that a test can redo: the mean of each colour, and one."""

    name = "means-of-colours 1"
    least_side = 20

    def embed(self, face: Face) -> np.ndarray:
        """(H, W, 3) uint8 to (4,) float32."""
        return np.array([*face.mean(axis=(0, 1)), 1.0], np.float32)


def face(seed: int, side: int = 24) -> Face:
    """Return a random picture."""
    return np.random.default_rng(seed).integers(0, 256, (side, side + 3, 3)).astype(np.uint8)


def test_distances_are_one_minus_the_cosine() -> None:
    """Distances are those of scipy, 0 for the same direction and 2 for the opposite."""
    random = np.random.default_rng(1)
    first, second = random.normal(size=(2, 7, 128)).astype(np.float32)
    expected = [cosine(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(cosine_distances(first, second), expected, rtol=1e-6)
    np.testing.assert_allclose(cosine_distances(first, 3 * first), 0, atol=1e-7)
    np.testing.assert_allclose(cosine_distances(first, -first), 2, atol=1e-7)


def test_each_track_has_its_own_drift() -> None:
    """Mean and largest are over the pairs of one track, before against after."""
    pairs = [(face(1), face(2)), (face(3), face(3))]
    (found,) = drift_of_tracks(Means(), [FaceTrack(5, pairs)])
    embed = Means().embed
    apart = [cosine(embed(before), embed(after)) for before, after in pairs]
    assert (found.number, found.pictures, found.side) == (5, 2, 24)
    assert found.mean == pytest.approx(np.mean(apart), abs=1e-7)
    assert found.largest == pytest.approx(max(apart), abs=1e-7)


def test_faces_below_the_least_size_are_not_measured() -> None:
    """A track with a face that is too small, or with none, has no numbers."""
    small = FaceTrack(1, [(face(1), face(2)), (face(3, side=19), face(4))])
    for found in drift_of_tracks(Means(), [small, FaceTrack(2, [])]):
        assert (found.mean, found.largest) == (None, None)
    assert small.side == 19


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_an_embedding_without_a_direction_is_refused(value: float) -> None:
    """A zero or unbounded embedding is an error, not a distance."""
    broken = np.full((1, 4), value, np.float32)
    with pytest.raises(ValueError, match="direction"):
        cosine_distances(np.ones((1, 4), np.float32), broken)
