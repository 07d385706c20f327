"""How far enhancement moves a face in the eyes of an embedding network, track by track.

The drift of one picture is 1 - cos(a, b) between the embeddings a of the face as it came in and
b of the face as it went out: 0 where they point the same way, 2 where they are opposed. It says
that an algorithm would see another face than before, and nothing about whose face it is: this is
not a facial comparison, and no embedding leaves this module.

No embedding network ships with this version. Where none is installed the drift is unavailable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Face = NDArray[np.uint8]
Embedding = NDArray[np.float32]


class FaceEmbedding(Protocol):
    """An embedding network that is ready to run."""

    @property
    def name(self) -> str:
        """Its name and version, as it is printed."""

    @property
    def least_side(self) -> int:
        """The shorter side below which it was not made for a face, in samples."""

    def embed(self, face: Face) -> Embedding:
        """(H, W, 3) uint8 R, G, B, one upright face, to (n,) float32."""


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face followed through a clip: pairs of it as it came in and as it went out."""

    number: int
    pairs: Sequence[tuple[Face, Face]]

    @property
    def side(self) -> int:
        """The shorter side of the smallest face as it came in, in samples."""
        return min((min(before.shape[:2]) for before, _ in self.pairs), default=0)


@dataclass(frozen=True, slots=True)
class TrackDrift:
    """The drift over the pictures of one track; None where its faces are below the least size."""

    number: int
    pictures: int
    side: int
    mean: float | None
    largest: float | None


def drift_of_tracks(
    embedding: FaceEmbedding, tracks: Sequence[FaceTrack]
) -> tuple[TrackDrift, ...]:
    """Measure every track whose faces are large enough for the network."""
    return tuple(_drift(embedding, track) for track in tracks)


def _drift(embedding: FaceEmbedding, track: FaceTrack) -> TrackDrift:
    if not track.pairs or track.side < embedding.least_side:
        return TrackDrift(track.number, len(track.pairs), track.side, None, None)
    before = np.stack([embedding.embed(face) for face, _ in track.pairs])
    after = np.stack([embedding.embed(face) for _, face in track.pairs])
    apart = cosine_distances(before, after)
    return TrackDrift(
        track.number, len(track.pairs), track.side, float(apart.mean()), float(apart.max())
    )


def cosine_distances(first: Embedding, second: Embedding) -> NDArray[np.float64]:
    """1 - cos of the angle between rows of (k, n) arrays, (k,) float64 in 0..2.

    Raises ValueError for an embedding of no length or that is not finite, which has no direction.
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise ValueError("an embedding without a direction cannot be compared")
    return np.asarray(np.clip(1 - (a * b).sum(axis=1) / lengths, 0.0, 2.0))
