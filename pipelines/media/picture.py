"""What a picture in memory is: its layout, its planes, and regions of it.

Two forms. *Native planes* are the decoder's own samples (uint8 or uint16, never converted).
A *block* is a region of a picture as float32 planes, the working form of every operation:
sample = code / (2**depth - 1), so full scale is 1.0 whatever the depth, studio-range luma
keeps its footroom and headroom, and values outside 0..1 are legal between operations.
An empty graph never makes a block: native planes go through untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float32]


class Family(StrEnum):
    """What the planes of a picture are."""

    GRAY = "gray"
    RGB = "rgb"
    YCBCR = "ycbcr"


class Matrix(StrEnum):
    """The luma coefficients behind YCbCr planes (ITU-T H.273, table 4)."""

    BT601 = "bt601"
    BT709 = "bt709"
    BT2020 = "bt2020-ncl"
    SMPTE240M = "smpte240m"
    FCC = "fcc"


class Siting(StrEnum):
    """Where subsampled chroma samples lie (ITU-T H.273, chroma sample location)."""

    LEFT = "left"
    CENTER = "center"
    TOP_LEFT = "top-left"


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How samples are to be read.

    `depth` is the number of significant bits, 8 to 16 (above 8 the samples are uint16 in the
    low bits). `chroma_x`, `chroma_y` are base-2 logarithms of the chroma subsampling. `alpha`
    says that the last plane is straight (unassociated) opacity at full resolution.
    """

    family: Family
    depth: int = 8
    chroma_x: int = 0
    chroma_y: int = 0
    full_range: bool = True
    matrix: Matrix = Matrix.BT601
    siting: Siting = Siting.CENTER
    alpha: bool = False

    @property
    def colour_planes(self) -> int:
        """Planes without the opacity plane."""
        return 1 if self.family is Family.GRAY else 3

    @property
    def plane_count(self) -> int:
        """All planes, opacity included."""
        return self.colour_planes + int(self.alpha)

    @property
    def peak(self) -> int:
        """The largest code value."""
        return (1 << self.depth) - 1

    @property
    def sample_bytes(self) -> int:
        """Bytes of one stored sample."""
        return 1 if self.depth <= 8 else 2

    @property
    def sample_type(self) -> type[np.uint8 | np.uint16]:
        """The dtype of native planes."""
        return np.uint8 if self.depth <= 8 else np.uint16

    def is_chroma(self, plane: int) -> bool:
        """Whether `plane` is Cb or Cr."""
        return self.family is Family.YCBCR and plane in (1, 2)

    @property
    def align_x(self) -> int:
        """Columns of plane 0 that share one chroma sample."""
        return 1 << self.chroma_x

    @property
    def align_y(self) -> int:
        """Rows of plane 0 that share one chroma sample."""
        return 1 << self.chroma_y


@dataclass(frozen=True, slots=True)
class FrameShape:
    """The size and layout of a picture. `height` and `width` count plane-0 samples."""

    height: int
    width: int
    layout: PixelLayout

    def plane_size(self, plane: int) -> tuple[int, int]:
        """(rows, columns) of one plane; chroma sizes round up."""
        if not self.layout.is_chroma(plane):
            return self.height, self.width
        rows = -(-self.height // self.layout.align_y)
        columns = -(-self.width // self.layout.align_x)
        return rows, columns

    @property
    def whole(self) -> Region:
        """The region that covers the picture."""
        return Region(0, 0, self.height, self.width)

    @property
    def frame_bytes(self) -> int:
        """Bytes of all native planes together, without padding."""
        sizes = (self.plane_size(plane) for plane in range(self.layout.plane_count))
        return sum(rows * columns for rows, columns in sizes) * self.layout.sample_bytes


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in plane-0 samples.

    With subsampled chroma, `top` and `left` are aligned to the subsampling, and `height` and
    `width` are too unless the region ends at the frame's edge.
    """

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """One past the last row."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """One past the last column."""
        return self.left + self.width

    def grown(self, pixels: int, shape: FrameShape) -> Region:
        """Larger by at least `pixels` on each side, aligned to the chroma, clipped to `shape`."""
        ax, ay = shape.layout.align_x, shape.layout.align_y
        top = max(0, (self.top - pixels) // ay * ay)
        left = max(0, (self.left - pixels) // ax * ax)
        bottom = min(shape.height, -(-(self.bottom + pixels) // ay) * ay)
        right = min(shape.width, -(-(self.right + pixels) // ax) * ax)
        return Region(top, left, bottom - top, right - left)

    def on_plane(self, plane: int, layout: PixelLayout) -> tuple[slice, slice]:
        """Row and column slices of this region on one plane of the whole picture."""
        if not layout.is_chroma(plane):
            return slice(self.top, self.bottom), slice(self.left, self.right)
        ax, ay = layout.align_x, layout.align_y
        return (
            slice(self.top // ay, -(-self.bottom // ay)),
            slice(self.left // ax, -(-self.right // ax)),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A region of a picture as float32 planes (see the module docstring for the scale).

    `planes[k]` has the shape of `region` on plane k; planes are Y, Cb, Cr or R, G, B or Y,
    then opacity when `shape.layout.alpha`. Treat planes as read-only: blocks share memory.
    """

    planes: tuple[Plane, ...]
    region: Region
    shape: FrameShape

    def cut(self, region: Region) -> Block:
        """Return the part of this block inside `region`, as views."""
        if region == self.region:
            return self
        layout = self.shape.layout
        planes = []
        for index, plane in enumerate(self.planes):
            rows, columns = region.on_plane(index, layout)
            own_rows, own_columns = self.region.on_plane(index, layout)
            y, x = rows.start - own_rows.start, columns.start - own_columns.start
            planes.append(
                plane[y : y + rows.stop - rows.start, x : x + columns.stop - columns.start]
            )
        return Block(tuple(planes), region, self.shape)


def block_from_native(planes: tuple[Samples, ...], shape: FrameShape, region: Region) -> Block:
    """Cut `region` out of native planes of the whole picture, as a float32 block."""
    scale = np.float32(1.0 / shape.layout.peak)
    cut = []
    for index, plane in enumerate(planes):
        rows, columns = region.on_plane(index, shape.layout)
        cut.append(np.multiply(plane[rows, columns], scale, dtype=np.float32))
    return Block(tuple(cut), region, shape)


def native_from_block(block: Block) -> tuple[Samples, ...]:
    """Round a block to its layout's code values: nearest (ties to even), clipped to the codes."""
    layout = block.shape.layout
    native: list[Samples] = []
    for plane in block.planes:
        scaled = np.multiply(plane, np.float32(layout.peak))
        np.rint(scaled, out=scaled)
        np.clip(scaled, 0, layout.peak, out=scaled)
        wide = layout.sample_type is np.uint16
        native.append(scaled.astype(np.uint16) if wide else scaled.astype(np.uint8))
    return tuple(native)
