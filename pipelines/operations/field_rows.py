"""Rows by field: even rows are the top field, odd rows the bottom field, on every plane.

Chroma that is subsampled vertically belongs to fields in the same way (ITU-R BT.601 footage in
4:2:0): its even rows go with the top field's.
"""

from __future__ import annotations

from pipelines.errors import UnsupportedError
from pipelines.graph.operation_fields import FirstField
from pipelines.media.picture import Block, FrameShape, Region


def row_of(field: FirstField) -> int:
    """The first row of a field."""
    return 0 if field is FirstField.TOP else 1


def other(field: FirstField) -> FirstField:
    """The field that lies between the rows of this one."""
    return FirstField.BOTTOM if field is FirstField.TOP else FirstField.TOP


def first_row(block: Block, plane: int) -> int:
    """The number of a block's first row on one of its planes."""
    return int(block.region.on_plane(plane, block.shape.layout)[0].start)


def with_whole_pairs(region: Region, source: FrameShape) -> Region:
    """The region with both rows of every pair that it touches, on every plane."""
    unit = 2 * source.layout.align_y
    top = region.top // unit * unit
    bottom = min(source.height, -(-region.bottom // unit) * unit)
    return Region(top, region.left, bottom - top, region.width)


def require_pairs(name: str, source: FrameShape) -> None:
    """Raise UnsupportedError where the two fields of a picture are not of one size."""
    unit = 2 * source.layout.align_y
    if source.height % unit:
        raise UnsupportedError(
            f"{name}: pictures of {source.height} rows hold fields of two sizes; whole pairs of "
            f"rows, of chroma too, need a multiple of {unit}",
            next_step="Use deinterlace, which keeps the size.",
        )
