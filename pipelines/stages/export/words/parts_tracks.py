"""The shape of the words about tracks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackWords:
    """What was found in pictures and followed through a clip."""

    heading: str
    meaning: str
    looked_for: str
    targets: Mapping[str, str]
    detector: str
    digest: str
    licence: str
    warning: str
    looked_at: str
    looked_at_value: str
    least_score: str
    file: str
    file_value: str
    file_digest: str
    caption: str
    none: str
    table: str
    columns: tuple[str, str, str, str, str, str, str]
    by_detector: str
    corrected: str
    drawn: str
    edits: str
    edit_columns: tuple[str, str, str]
