"""English words about tracks."""

from __future__ import annotations

from pipelines.analysis.things import THINGS
from pipelines.stages.export.words.parts_tracks import TrackWords

TRACKS = TrackWords(
    heading="Tracks: what was found and followed",
    meaning="A track says that detections in neighbouring frames are taken for one thing. It does "
    "not say whose face it is, two tracks may be of one person, and one track may pass from one "
    "person to another. Where nothing is marked, nothing was found; that does not show that "
    "nothing is there. A score is the detector's own and no probability.",
    looked_for="Looked for",
    targets={
        "face": "faces",
        "object": "things of any kind",
        **{name: name.replace("-", " ") for name in THINGS},
    },
    detector="Detector",
    digest="Its weights or table, SHA-256",
    licence="Licence",
    warning="Known failures",
    looked_at="Looked at",
    looked_at_value="{looked} of {frames} pictures, each reduced to {side} samples at most",
    least_score="Score that begins a track",
    file="Every place",
    file_value="{file}, beside the result and in the bundle",
    file_digest="Its SHA-256",
    caption="The picture in which most was found, reduced and upright; boxes are drawn over it.",
    none="No track was found.",
    table="Tracks",
    columns=("Track", "Of", "Frames", "Places", "Best score", "Shorter side, samples", "Made by"),
    by_detector="detector",
    corrected="and corrected",
    drawn="drawn",
    edits="Corrections by a person, in order",
    edit_columns=("What was done", "By", "Because"),
)
