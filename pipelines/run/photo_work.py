"""A planned photograph whose samples are to be computed, and where that may happen.

Promised by every place: the samples are those that this process would have computed by the same
plan, bit for bit, and have the digest that their place stated. What cannot be computed there is
an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan
from pipelines.graph.validate import CheckedGraph
from pipelines.media.picture import FrameShape, Samples
from pipelines.media.scratch_pages import GivingBack
from pipelines.ports import Progress
from pipelines.stages.ingest import Received


@dataclass(frozen=True, slots=True)
class PhotoWork:
    """A photograph and what decides its samples; `work` is the job's folder.

    `source` is the digest of its samples as they were decoded, `result` the shape of what is to
    be made; `tracks` is the file of what was found in it, if anybody looked.
    """

    job: str
    received: Received
    checked: CheckedGraph
    work: Path
    progress: Progress
    plan: Plan
    source: bytes
    result: FrameShape
    tracks: bytes | None = None


@dataclass(frozen=True, slots=True)
class RenderedPhoto:
    """A photograph's samples. `where` and `replans` are stated in its entry.

    `repeats` tell of each time that they were computed once more, and by whom; samples of an
    earlier job are not new.
    """

    planes: tuple[Samples, ...]
    replans: tuple[str, ...] = ()
    where: Mapping[str, Json] = field(default_factory=dict)
    repeats: tuple[Mapping[str, Json], ...] = ()
    is_new: bool = True


class PhotoPlace(Protocol):
    """Somewhere else than this process where photographs can be computed."""

    def render_photo(self, work: PhotoWork, pages: GivingBack) -> RenderedPhoto:
        """Compute the samples; `pages` watches planes that lie in a file.

        The job's progress is called from the caller's thread; what it raises ends the work there
        within a region, and goes on. Raises what rendering raises, and ResourceError where the
        place cannot be had now.
        """
