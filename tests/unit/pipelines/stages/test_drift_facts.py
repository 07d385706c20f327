"""Drift as a fact: unavailable, not applicable or measured, and printed as no comparison."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.quality.drift import Face, FaceTrack
from pipelines.stages.drift import NO_TRACKS, NONE_INSTALLED, drift_facts
from pipelines.stages.export.facts_quality import DriftFacts, Standing


class Means:
    """An embedding that a test can redo."""

    name = "means-of-colours 1"
    least_side = 20

    def embed(self, face: Face) -> np.ndarray:
        """(H, W, 3) uint8 to (3,) float32."""
        return np.asarray(face.mean(axis=(0, 1)), np.float32) + 1


def track(number: int, side: int) -> FaceTrack:
    """Return a track of two random faces."""
    random = np.random.default_rng(number)
    faces = random.integers(0, 256, (4, side, side, 3)).astype(np.uint8)
    return FaceTrack(number, [(faces[0], faces[1]), (faces[2], faces[3])])


def test_without_an_embedding_drift_is_unavailable() -> None:
    """Where no network is installed the drift is unavailable, tracks or not."""
    for tracks in ((), (track(1, 40),)):
        facts = drift_facts(None, tracks)
        assert (facts.standing, facts.reason) == (Standing.UNAVAILABLE, NONE_INSTALLED)
        assert facts.tracks == ()


def test_without_a_face_that_is_large_enough_it_does_not_apply() -> None:
    """No track, and tracks of small faces only, are not applicable and say which."""
    assert drift_facts(Means()).reason == NO_TRACKS
    small = drift_facts(Means(), (track(1, 12), track(2, 19)))
    assert small.standing is Standing.NOT_APPLICABLE
    assert "smaller than 20 samples" in small.reason
    assert small.embedding == "means-of-colours 1"


def test_measured_drift_names_its_embedding() -> None:
    """Tracks are stated one by one; one that is too small stands there without numbers."""
    facts = drift_facts(Means(), (track(1, 40), track(2, 12)))
    assert (facts.standing, facts.embedding) == (Standing.MEASURED, "means-of-colours 1")
    large, small = facts.tracks
    assert large.mean is not None
    assert large.largest is not None
    assert 0 < float(large.mean) <= float(large.largest)
    assert (small.mean, small.largest, small.side) == (None, None, 12)


def test_drift_cannot_be_stated_without_its_network() -> None:
    """A measurement names its network and its tracks, or it is refused."""
    tracks = drift_facts(Means(), (track(1, 40),)).tracks
    for values in (
        {"standing": Standing.MEASURED, "tracks": tracks},
        {"standing": Standing.MEASURED, "embedding": "e"},
        {"standing": Standing.UNAVAILABLE},
    ):
        with pytest.raises(ValidationError):
            DriftFacts(**values)
