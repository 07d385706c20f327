"""Embedding drift as a fact: measured, not applicable with its reason, or unavailable."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.quality.drift import FaceEmbedding, FaceTrack, TrackDrift, drift_of_tracks
from pipelines.stages.export.facts_quality import DriftFacts, Standing, TrackDriftFacts

NONE_INSTALLED = "No embedding network is installed."
NO_TRACKS = "No face was tracked."
NOT_LOOKED = "The graph looked for no faces."


def drift_facts(
    embedding: FaceEmbedding | None, tracks: Sequence[FaceTrack] = (), *, looked: bool = True
) -> DriftFacts:
    """State the drift of every track, or why there is none to state.

    `looked` is False where the graph did not look for faces at all.
    """
    if embedding is None:
        return DriftFacts(standing=Standing.UNAVAILABLE, reason=NONE_INSTALLED)
    found = drift_of_tracks(embedding, tracks)
    least = embedding.least_side
    if not any(one.mean is not None for one in found):
        reason = NO_TRACKS if looked else NOT_LOOKED
        if found:
            reason = f"Every tracked face is smaller than {least} samples on its shorter side."
        return DriftFacts(
            standing=Standing.NOT_APPLICABLE,
            reason=reason,
            embedding=embedding.name,
            least_side=least,
        )
    return DriftFacts(
        standing=Standing.MEASURED,
        embedding=embedding.name,
        least_side=least,
        tracks=tuple(_facts(one) for one in found),
    )


def _facts(one: TrackDrift) -> TrackDriftFacts:
    return TrackDriftFacts.model_validate(
        {
            "track": one.number,
            "pictures": one.pictures,
            "side": one.side,
            "mean": None if one.mean is None else round(one.mean, 6),
            "largest": None if one.largest is None else round(one.largest, 6),
        }
    )
