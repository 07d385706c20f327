"""A planned clip whose segments are to be rendered, and where that may happen.

Promised by every place: a segment that it reports is rendered and verified, its file and all
that was found in its frames lie in the job's work folder under their names, and which place it
was makes no difference to any of these bytes. What a place cannot render it raises an error for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from pipelines.evidence.json_value import Json
from pipelines.graph.plan import Plan
from pipelines.graph.validate import CheckedGraph
from pipelines.media.pool import DecodePool
from pipelines.media.video import Delivery, VideoIndex
from pipelines.ports import Progress
from pipelines.run.marks import Mark
from pipelines.stages.enhance import Chain
from pipelines.stages.ingest import Received

Range = tuple[int, int]


@dataclass(frozen=True)
class ClipWork:
    """A clip, what decides its samples, and the folder `work` where what is made of it lies.

    `previews` are frames whose samples the report shows. `keeps_faces` says that the drift of
    tracked faces will be asked for; `tracks` is the file of what was found, if anybody looked.
    """

    job: str
    received: Received
    checked: CheckedGraph
    work: Path
    pool: DecodePool
    progress: Progress
    plan: Plan
    chain: Chain
    index: VideoIndex
    delivery: Delivery
    previews: tuple[int, ...]
    tracks: bytes | None = None
    keeps_faces: bool = False

    @property
    def ranges(self) -> tuple[Range, ...]:
        """First frame of every segment, and one past its last."""
        return () if self.plan.segments is None else self.plan.segments.ranges()

    @cached_property
    def timed(self) -> VideoIndex:
        """The index of the result's frames."""
        return self.chain.result_index(self.index)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A verified segment. `where` and `replans` are stated in its entry."""

    mark: Mark
    replans: tuple[str, ...] = ()
    where: Mapping[str, Json] = field(default_factory=dict)


class SegmentPlace(Protocol):
    """Somewhere else than this process where segments can be rendered."""

    def render(
        self, work: ClipWork, missing: Sequence[int], finished: Callable[[Rendered], None]
    ) -> None:
        """Render the segments with these numbers, and tell of each in any order.

        A segment that turns out to have been rendered twice is told of twice.

        `finished` and the job's progress are called from the caller's thread; what they raise
        ends the work there within a frame, and goes on. Raises what rendering raises, and
        ResourceError where the place cannot be had now.
        """
