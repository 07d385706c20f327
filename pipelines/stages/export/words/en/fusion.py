"""English words about fused frames."""

from __future__ import annotations

from pipelines.stages.export.facts_fusion import FusionRole
from pipelines.stages.export.words.parts_fusion import FusionWords

FUSION = FusionWords(
    title="Fusion of frames",
    heading="Fusion of frames: region around frame {frame}",
    content="Conventional processing with estimated parameters that mixes frames. No network took "
    "part, and no detail comes from anywhere but the listed frames.",
    chosen="Chosen frame",
    chosen_value="{frame}, counted from 0 as displayed",
    region="Region",
    region_value="{width} x {height} samples, from column {left} and row {top}",
    looked_at="Looked at",
    looked_at_value="{radius} frames on each side; a grid {scale} times as fine",
    independent="Independent",
    independent_value="{frames} frames' worth, beside the chosen one",
    outcome="Outcome",
    files={
        FusionRole.FUSED: "The fused region",
        FusionRole.PLAIN: "For comparison",
        FusionRole.LIST: "The list",
    },
    file_value="{file}, beside the result and in the bundle; SHA-256 {sha256}",
    pictures="The region",
    captions={
        FusionRole.FUSED: "Fused",
        FusionRole.PLAIN: "The chosen frame alone, enlarged by cubic interpolation",
    },
    frames="Frames that were looked at",
    columns=(
        "Frame", "Time", "Type", "Shift, rows", "Shift, columns", "Residual", "Independent",
        "Weight", "Used",
    ),
    used="yes",
    reading="Time is in units of the stream's time base. Shift is in samples of the chosen frame. "
    "The residual is what is left between a frame and the chosen one after registration, in 8-bit "
    "code values. Independent is the part of the region that the codec did not copy from another "
    "frame. Weight is the frame's share in the result; a frame without one was looked at and left "
    "out.",
    sources={"source": "source", "received": "the file as received", "bundle": "bundle"},
)  # fmt: skip
