"""What came of one fusion that a graph asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.stages.export.facts_fusion import FusionFacts, FusionRole


@dataclass(frozen=True, slots=True)
class FusedStill:
    """The facts of a fusion, and its files in the folder that it was made in, in their order."""

    facts: FusionFacts
    paths: tuple[Path, ...]

    @property
    def list_sha256(self) -> str:
        """The digest of its list."""
        files = self.facts.files
        return next(one.sha256 for one in files if one.role is FusionRole.LIST)
