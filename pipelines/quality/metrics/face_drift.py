"""Embedding drift as a metric: how far a face moved in the eyes of an embedding network.

1 - cos between the embeddings of the face as it went in and as it came out; lower is better. It
says that an algorithm would see another face than before, and nothing about whose it is. Which
network judged is part of the fingerprint, by digest, so drifts of two networks are never compared.
No embedding network ships: where an operator named none, the drift is unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.quality.drift import Face, FaceEmbedding, cosine_distances
from pipelines.quality.metrics.fingerprint import Better, Fingerprint, Score, Unavailable
from pipelines.quality.metrics.pictures import PEAK, Picture

METRIC = "drift"


@dataclass(frozen=True, slots=True)
class FaceDrift:
    """The metric with the network that judges; `boxes` names by digest where the faces are."""

    embedding: FaceEmbedding
    boxes: str = ""

    @property
    def fingerprint(self) -> Fingerprint:
        """How the number is made."""
        parameters = (
            ("distance", "1 - cosine"),
            ("network", self.embedding.name),
            ("least side", str(self.embedding.least_side)),
            ("crop", f"boxes of faces, SHA-256 {self.boxes}"),
        )
        return Fingerprint(METRIC, "evident 1", parameters, "RGB, rounded to 8 bit", 0)

    def sees(self, face: Picture) -> bool:
        """Whether a face is large enough for the network."""
        return bool(min(face.shape[:2]) >= self.embedding.least_side)

    def score(self, result: Picture, source: Picture) -> Score:
        """Score a face (H, W, 3) as it came out against the same face as it went in."""
        before, after = (self.embedding.embed(_codes(one))[None] for one in (source, result))
        value = float(cosine_distances(before, after)[0])
        return Score(value, "", Better.LOWER, self.fingerprint)


def face_drift(embedding: FaceEmbedding | None, *, boxes: str) -> FaceDrift | Unavailable:
    """The metric where an operator named a network, else why there is none."""
    if embedding is None:
        return Unavailable(METRIC, "no embedding network is named (EVIDENT_FACE_EMBEDDING)")
    if not boxes:
        return Unavailable(METRIC, "the golden set does not say where its faces are")
    return FaceDrift(embedding, boxes)


def _codes(face: Picture) -> Face:
    return np.asarray(np.clip(np.rint(face), 0, PEAK), np.uint8)
