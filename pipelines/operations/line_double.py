"""`line_double`: one field is kept, and the rows of the other are copies of the row beside them.

A row of the bottom field is the row above it, a row of the top field the row below it. No sample
is computed, so detail that only the other field had is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.graph.operation_fields import FirstField, LineDoubleParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.field_rows import first_row, other, row_of, with_whole_pairs


class DoubledField:
    """One field at the height of the frame."""

    name = "line_double"
    before = 0
    after = 0

    def __init__(self, source: FrameShape, field: FirstField) -> None:
        self.source = source
        self.result = source
        self._row = row_of(field)

    def needs(self, out: Region) -> Region:
        """Name the region with both rows of every pair."""
        return with_whole_pairs(out, self.source)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre].cut(self.needs(out))
        planes = []
        for number, plane in enumerate(block.planes):
            rows = np.arange(len(plane)) // 2 * 2 + self._row
            # The last row of an odd number has no partner and stays.
            assert first_row(block, number) % 2 == 0  # noqa: S101 - `needs` names whole pairs
            planes.append(plane[np.minimum(rows, len(plane) - 1)])
        return Block(tuple(planes), block.region, self.result).cut(out)


class LineDouble(DoubledField):
    """The field that was taken first, and `phases` for both."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source, first)
        self.phases: tuple[Operation, ...] = (self, DoubledField(source, other(first)))


def build(
    parameters: LineDoubleParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `line_double` to a shape."""
    return LineDouble(source, parameters.first_field)
