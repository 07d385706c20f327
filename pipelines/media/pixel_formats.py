"""FFmpeg's names of pixel formats, and how each lies in memory. No decoder is imported here.

A format that is not in `FORMATS` is refused by name: no sample is ever converted to something
near. Formats in `REARRANGED` hold the same samples in another order and are taken apart without
changing one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipelines.media.picture import Family, Matrix, PixelLayout, Siting

MATRICES: Mapping[int, Matrix] = MappingProxyType(
    {
        1: Matrix.BT709,
        4: Matrix.FCC,
        5: Matrix.BT601,
        6: Matrix.BT601,
        7: Matrix.SMPTE240M,
        9: Matrix.BT2020,
    }
)
"""ITU-T H.273, table 4: code points of matrices that operations know."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """A planar format. `order` names, for planes Y Cb Cr A or R G B A, the stored plane."""

    name: str
    family: Family
    depth: int
    chroma_x: int = 0
    chroma_y: int = 0
    alpha: bool = False
    order: tuple[int, ...] = (0, 1, 2)
    states_full_range: bool = False

    def layout(self, *, full_range: bool, matrix: Matrix) -> PixelLayout:
        """The layout of pictures in this format."""
        subsampled = self.chroma_x + self.chroma_y > 0
        return PixelLayout(
            family=self.family,
            depth=self.depth,
            chroma_x=self.chroma_x,
            chroma_y=self.chroma_y,
            full_range=full_range,
            matrix=matrix,
            siting=Siting.LEFT if subsampled else Siting.CENTER,
            alpha=self.alpha,
        )


_CHROMA = {
    "420": (1, 1),
    "422": (1, 0),
    "444": (0, 0),
    "440": (0, 1),
    "411": (2, 0),
    "410": (2, 2),
}


def _depths(depths: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    for depth in depths:
        yield depth, "" if depth == 8 else f"{depth}le"


def _ycbcr() -> Iterator[PixelFormat]:
    deep = (8, 9, 10, 12, 14, 16)
    for code, (x, y) in _CHROMA.items():
        depths = {"440": (8, 10, 12), "411": (8,), "410": (8,)}.get(code, deep)
        for depth, suffix in _depths(depths):
            yield PixelFormat(f"yuv{code}p{suffix}", Family.YCBCR, depth, x, y)
        if code != "410":
            name = f"yuvj{code}p"
            yield PixelFormat(name, Family.YCBCR, 8, x, y, states_full_range=True)
    for code in ("420", "422", "444"):
        x, y = _CHROMA[code]
        # FFmpeg has no name for 4:2:0 with opacity in 12 bits.
        depths = (8, 9, 10, 16) if code == "420" else (8, 9, 10, 12, 16)
        for depth, suffix in _depths(depths):
            name = f"yuva{code}p{suffix}"
            yield PixelFormat(name, Family.YCBCR, depth, x, y, alpha=True, order=(0, 1, 2, 3))


def _others() -> Iterator[PixelFormat]:
    for depth, suffix in _depths((8, 9, 10, 12, 14, 16)):
        yield PixelFormat(f"gray{suffix}", Family.GRAY, depth, order=(0,))
        yield PixelFormat(f"gbrp{suffix}", Family.RGB, depth, order=(2, 0, 1))
    for depth, suffix in _depths((8, 10, 12, 14, 16)):
        yield PixelFormat(f"gbrap{suffix}", Family.RGB, depth, alpha=True, order=(2, 0, 1, 3))


FORMATS: Mapping[str, PixelFormat] = MappingProxyType(
    {each.name: each for each in (*_ycbcr(), *_others())}
)
"""Every planar format whose samples are handed out, by FFmpeg's name."""

REARRANGED: Mapping[str, str] = MappingProxyType(
    {
        "nv12": "yuv420p",
        "nv21": "yuv420p",
        "nv16": "yuv422p",
        "nv24": "yuv444p",
        "yuyv422": "yuv422p",
        "uyvy422": "yuv422p",
        "p010le": "yuv420p10le",
        "p012le": "yuv420p12le",
        "p210le": "yuv422p10le",
        "rgb24": "gbrp",
        "bgr24": "gbrp",
        "rgba": "gbrap",
        "bgra": "gbrap",
        "argb": "gbrap",
        "abgr": "gbrap",
        "rgb0": "gbrp",
        "bgr0": "gbrp",
        "0rgb": "gbrp",
        "0bgr": "gbrp",
        "rgb48le": "gbrp16le",
        "rgba64le": "gbrap16le",
        **{
            f"{name[:-2]}be": name
            for name in FORMATS
            if name.endswith("le") and not name.startswith(("yuva", "gbrap"))
        },
    }
)
"""Packed, semi-planar and big-endian formats, and the planar one that holds the same samples."""


def planar(name: str) -> PixelFormat | None:
    """The planar format that holds a decoder's samples; None for a format that is refused."""
    return FORMATS.get(REARRANGED.get(name, name))
