"""`inverse_telecine`: film that was spread over video 2:3 is put together again. MIXES frames.

Of five frames A A, B B, B C, C D, D D (first field, second field) the film frames A, B and D
are frames of video as they are, and C is the second field of the third frame with the first
field of the fourth. Rows are put beside each other; no sample is computed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.graph.operation_fields import FirstField, InverseTelecineParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.field_rows import first_row, row_of, with_whole_pairs


class WholeFrame:
    """A frame whose two fields belong together."""

    name = "inverse_telecine"
    before = 0
    after = 1

    def __init__(self, source: FrameShape) -> None:
        self.source = source
        self.result = source

    def needs(self, out: Region) -> Region:
        """Name the region with both rows of every pair."""
        return with_whole_pairs(out, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        return Block(window[centre].cut(out).planes, out, self.result)


class JoinedFields(WholeFrame):
    """This frame's second field with the first field of the next frame."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source)
        self._row = row_of(first)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; at the end of a clip, where no frame follows, this frame stays."""
        region = self.needs(out)
        own = window[centre].cut(region)
        following = window[min(centre + 1, len(window) - 1)].cut(region)
        planes = []
        for number, (now, then) in enumerate(zip(own.planes, following.planes, strict=True)):
            joined = now.copy()
            begin = (self._row - first_row(own, number)) % 2
            joined[begin::2] = then[begin::2]
            planes.append(joined)
        return Block(tuple(planes), region, self.result).cut(out)


class InverseTelecine(WholeFrame):
    """A whole frame, and `phases` for both ways in which film frames are had."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source)
        self.phases: tuple[Operation, ...] = (self, JoinedFields(source, first))


def build(
    parameters: InverseTelecineParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `inverse_telecine` to a shape."""
    return InverseTelecine(source, parameters.first_field)
