"""The shape of the words about fused frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.stages.export.facts_fusion import FusionRole


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionWords:
    """What was combined of several frames, for a report and for a document of its own."""

    title: str
    heading: str
    content: str
    chosen: str
    chosen_value: str
    region: str
    region_value: str
    looked_at: str
    looked_at_value: str
    independent: str
    independent_value: str
    outcome: str
    files: Mapping[FusionRole, str]
    file_value: str
    pictures: str
    captions: Mapping[FusionRole, str]
    frames: str
    columns: tuple[str, str, str, str, str, str, str, str, str]
    used: str
    reading: str
    sources: Mapping[str, str]
