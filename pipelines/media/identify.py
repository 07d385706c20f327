"""What kind of picture a file is, by its first bytes and never by its name. Bytes in, value out.

A kind that is recognised but not worked on says why, so that the refusal can be printed.
`UNKNOWN` means "no picture that we know": the file may still be a video.

Sources of the signatures: PNG (W3C, 5.2), JPEG (ITU-T T.81, B.1.1.3), TIFF 6.0 and BigTIFF,
WebP (RFC 9649), BMP (MS-WMF bitmap headers), GIF89a, ISO/IEC 23008-12 (HEIF brands),
ISO/IEC 18181-2 (JPEG XL), ISO/IEC 15444-1 (JPEG 2000), Adobe Photoshop file format.
"""

from __future__ import annotations

from enum import StrEnum

HEAD_BYTES = 64
"""How many first bytes `identify` wants to see; fewer only make `UNKNOWN` likelier."""


class Kind(StrEnum):
    """The kinds of picture files that are told apart."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    TIFF = "tiff"
    BMP = "bmp"
    GIF = "gif"
    HEIC = "heic"
    AVIF = "avif"
    JPEG_XL = "jpeg-xl"
    JPEG_2000 = "jpeg-2000"
    PSD = "psd"
    UNKNOWN = "unknown"

    @property
    def suffix(self) -> str:
        """The usual file name suffix, with its dot; empty for `UNKNOWN`."""
        return _SUFFIXES.get(self, "")

    @property
    def media_type(self) -> str:
        """The IANA media type."""
        return _MEDIA_TYPES.get(self, "application/octet-stream")

    @property
    def is_photo(self) -> bool:
        """Whether files of this kind are read."""
        return self.is_written or self in (Kind.AVIF, Kind.HEIC)

    @property
    def is_written(self) -> bool:
        """Whether files of this kind are written as well."""
        return self in (Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.TIFF, Kind.BMP)

    @property
    def refusal(self) -> str:
        """Why files of this kind are not read; empty where they are, and for `UNKNOWN`."""
        return _REFUSALS.get(self, "")


_SUFFIXES = {
    Kind.PNG: ".png",
    Kind.JPEG: ".jpg",
    Kind.WEBP: ".webp",
    Kind.TIFF: ".tif",
    Kind.BMP: ".bmp",
    Kind.GIF: ".gif",
    Kind.HEIC: ".heic",
    Kind.AVIF: ".avif",
    Kind.JPEG_XL: ".jxl",
    Kind.JPEG_2000: ".jp2",
    Kind.PSD: ".psd",
}

_MEDIA_TYPES = {
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.WEBP: "image/webp",
    Kind.TIFF: "image/tiff",
    Kind.BMP: "image/bmp",
    Kind.GIF: "image/gif",
    Kind.HEIC: "image/heic",
    Kind.AVIF: "image/avif",
    Kind.JPEG_XL: "image/jxl",
    Kind.JPEG_2000: "image/jp2",
    Kind.PSD: "image/vnd.adobe.photoshop",
}

_REFUSALS = {
    Kind.GIF: "GIF pictures are animations or 256-colour drawings and are not worked on",
    Kind.JPEG_XL: "JPEG XL pictures need a decoder that this build does not carry",
    Kind.JPEG_2000: "JPEG 2000 pictures need a decoder that this build does not carry",
    Kind.PSD: "Photoshop documents are layered work files, not pictures",
}

_PREFIXES = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"II*\0", Kind.TIFF),
    (b"MM\0*", Kind.TIFF),
    (b"II+\0", Kind.TIFF),
    (b"MM\0+", Kind.TIFF),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"\xff\x0a", Kind.JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Kind.JPEG_XL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Kind.JPEG_2000),
    (b"\xff\x4f\xff\x51", Kind.JPEG_2000),
    (b"8BPS\0", Kind.PSD),
)
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def identify(head: bytes) -> Kind:
    """Tell the kind of a file from its first bytes (`HEAD_BYTES` of them, or all there are)."""
    for prefix, kind in _PREFIXES:
        if head.startswith(prefix):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return Kind.BMP
    if head[4:8] == b"ftyp":
        return _still_brand(head)
    return Kind.UNKNOWN


def _still_brand(head: bytes) -> Kind:
    """HEIC or AVIF by the brands of an ISO base media file; other brands are no still picture."""
    size = int.from_bytes(head[:4], "big")
    box = head[:size] if size >= 16 else head
    compatible = {box[at : at + 4] for at in range(16, len(box) - 3, 4)}
    major = box[8:12]
    if major in _AVIF_BRANDS:
        return Kind.AVIF
    if major in _HEIC_BRANDS:
        return Kind.AVIF if compatible & _AVIF_BRANDS else Kind.HEIC
    return Kind.UNKNOWN
