"""What the fields of a clip's frames show, tallied in batches: memory does not grow with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.analysis.fields import Fields, FrameKind, Weave, frame_kinds, judge_counts
from pipelines.media.bins import Bins
from pipelines.media.video import FieldOrder

CYCLE_FRAMES = 20_000
"""A cycle of film is looked for in so many frames from the beginning."""

_WOVEN = (FrameKind.TOP_FIRST, FrameKind.BOTTOM_FIRST, FrameKind.MIXED)


@dataclass(slots=True)
class FieldTally:
    """Takes the measures of frames (`pipelines.media.tasks.field_meter`) in order.

    `lanes` counts woven and progressive frames along the clip.
    """

    kinds: dict[FrameKind, int] = field(default_factory=dict)
    lanes: Bins = field(default_factory=lambda: Bins(2))
    _begin: list[NDArray[np.int32]] = field(default_factory=list)
    _kept: int = 0

    def add(self, measured: NDArray[np.int32]) -> None:
        """Take (N, 5) more measures."""
        if self._kept < CYCLE_FRAMES:
            self._begin.append(measured)
            self._kept += len(measured)
        found = iter(frame_kinds(measured))
        lanes = np.zeros((len(measured), 2), np.int64)
        for place, one in enumerate(measured[:, 0].tolist()):
            if one < 0:
                continue
            kind = next(found)
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            lanes[place] = (kind in _WOVEN, kind is FrameKind.PROGRESSIVE)
        self.lanes.add(lanes)

    def judged(self, stated: FieldOrder, flagged: int, frames: int) -> Fields:
        """Say what the frames are, beside what the file states of them."""
        if not self.kinds:
            return Fields(stated, flagged, frames, Weave.NOT_MEASURED, {})
        counts = {kind: self.kinds[kind] for kind in FrameKind if kind in self.kinds}
        return judge_counts(stated, flagged, frames, counts, np.concatenate(self._begin))
