"""`separate_fields`: every field becomes a frame of half the height, sample for sample.

Two bound operations, one per moment. What leaves are rows that were recorded, and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.graph.operation_fields import FirstField, SeparateFieldsParameters
from pipelines.media.picture import Block, FrameShape, Region
from pipelines.operations.base import NetworkSource, Operation
from pipelines.operations.field_rows import other, require_pairs, row_of


class OneField:
    """One field of a frame."""

    name = "separate_fields"
    before = 0
    after = 0

    def __init__(self, source: FrameShape, field: FirstField) -> None:
        self.source = source
        self.result = replace(source, height=source.height // 2)
        self._row = row_of(field)

    def needs(self, out: Region) -> Region:
        """Name the rows of both fields at the same place."""
        return Region(2 * out.top, out.left, 2 * out.height, out.width)

    def apply(self, window: Sequence[Block], centre: int, out: Region) -> Block:
        """Compute region `out`; see `pipelines.operations.base.Operation`."""
        block = window[centre].cut(self.needs(out))
        planes = tuple(plane[self._row :: 2] for plane in block.planes)
        return Block(planes, out, self.result)


class SeparateFields(OneField):
    """The field that was taken first, and `phases` for both."""

    def __init__(self, source: FrameShape, first: FirstField) -> None:
        super().__init__(source, first)
        self.phases: tuple[Operation, ...] = (self, OneField(source, other(first)))


def build(
    parameters: SeparateFieldsParameters, source: FrameShape, _networks: NetworkSource
) -> Operation:
    """Bind `separate_fields` to a shape. Raises UnsupportedError for fields of two sizes."""
    require_pairs("separate_fields", source)
    return SeparateFields(source, parameters.first_field)
