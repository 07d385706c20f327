"""The facts about a photo that reading, planning and writing share. No decoder is imported here.

A *stored* shape is what the file holds before any turn; the tag that asks viewers to turn the
picture is `PhotoMetadata.orientation` (1 to 8, Exif 2.32 tag 0x0112), 1 where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from pipelines.media.identify import Kind
from pipelines.media.picture import FrameShape, Samples


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What a photo may claim before anything of it is decoded.

    `metadata_bytes` bounds each of ICC, EXIF and XMP after unpacking; `pages` bounds how many
    directories of a TIFF are walked; `decoder_bytes` bounds what the decoder needs beside the
    planes (whole-picture buffers of interlaced, progressive, WebP, BMP and one-strip files).
    """

    pixels: int = 250_000_000
    side: int = 65_535
    metadata_bytes: int = 32 << 20
    pages: int = 10_000
    decoder_bytes: int = 3 << 30


@dataclass(frozen=True, slots=True)
class Resolution:
    """Print resolution in dots per inch along x and y, exact."""

    x: Fraction
    y: Fraction

    @property
    def transposed(self) -> Resolution:
        """The resolution after a quarter turn."""
        return Resolution(self.y, self.x)


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What a photo file says beside its samples.

    `exif` is the TIFF structure without any container prefix, `xmp` the packet, `icc` the
    profile: bytes as received, except an orientation that was applied and therefore reset.
    `pages` counts pages or animation frames, of which the first is worked on. `palette` says
    that the stored samples were indices. `original_depth` is bits per stored sample or palette
    entry. `colour_chunks` are PNG's own colour chunks (gAMA, cHRM, sRGB, cICP, mDCV, cLLI).
    `remarks` are facts for the report, one line each.
    """

    kind: Kind
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    orientation: int = 1
    resolution: Resolution | None = None
    pages: int = 1
    palette: bool = False
    original_depth: int = 8
    remarks: tuple[str, ...] = ()
    colour_chunks: tuple[tuple[str, bytes], ...] = ()

    def remarked(self, *remarks: str) -> PhotoMetadata:
        """Add more remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))


@dataclass(frozen=True, slots=True)
class PhotoHeader:
    """What is known without decoding. `shape` is the stored picture as it will be decoded.

    `decoder_bytes` is what decoding needs beside the planes; `file_bytes` the file's size.
    """

    shape: FrameShape
    metadata: PhotoMetadata
    decoder_bytes: int
    file_bytes: int
    assumptions: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """The kind of file."""
        return self.metadata.kind

    @property
    def pages(self) -> int:
        """Pages or animation frames in the file."""
        return self.metadata.pages

    @property
    def upright(self) -> FrameShape:
        """The shape after the orientation is applied (5 to 8 swap height and width)."""
        if self.metadata.orientation < 5:
            return self.shape
        return replace(self.shape, height=self.shape.width, width=self.shape.height)


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: native planes, read-only, one (H, W) array each, uint8 or uint16.

    Planes are gray or R, G, B, then straight opacity where `shape.layout.alpha`. `digest` is
    SHA-256 over the planes in order, rows without padding, samples little-endian.
    """

    shape: FrameShape
    planes: tuple[Samples, ...]
    metadata: PhotoMetadata
    digest: bytes
    assumptions: tuple[str, ...] = ()
