"""PNG, JPEG and WebP coding of planes, with the metadata put into the coder's stream by us.

The coder (libvips) gets bare samples through zero-copy views and writes no metadata of its own;
the blocks go in as received. No time of day enters, so the same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.errors import UnsupportedError
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_jpeg import jpeg_segments
from pipelines.media.photo_png import SIGNATURE, png_chunks
from pipelines.media.photo_webp import webp_container
from pipelines.media.picture import Family, FrameShape, Samples

if TYPE_CHECKING:
    import pyvips

LOSSY_QUALITY = 95
_PNG_LEVEL = 4


def write_png(
    out: BinaryIO, planes: tuple[Samples, ...], shape: FrameShape, metadata: PhotoMetadata
) -> tuple[str, ...]:
    """Write 8- or 16-bit planes losslessly. Returns no remarks."""
    inserted = b"".join(png_chunks(metadata))

    def splice(head: bytes) -> bytes | None:
        at = len(SIGNATURE)
        while at + 8 <= len(head):
            if head[at + 4 : at + 8] == b"IDAT":
                return head[:33] + inserted + head[at:]
            at += 12 + int.from_bytes(head[at : at + 4], "big")
        return None

    target = _Target(out, splice)
    options = {"compression": _PNG_LEVEL, "filter": "paeth", "keep": "none"}
    target.run("pngsave_target", _image(planes, shape), options)
    return ()


def write_jpeg(
    out: BinaryIO,
    planes: tuple[Samples, ...],
    shape: FrameShape,
    metadata: PhotoMetadata,
    *,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write 8-bit gray or RGB planes at `quality` (95), 4:4:4. Returns remarks on metadata."""
    inserted, remarks = jpeg_segments(metadata)

    def splice(head: bytes) -> bytes | None:
        at = 2
        while at + 4 <= len(head):
            if not 0xE0 <= head[at + 1] <= 0xEF:
                return head[:2] + inserted + head[at:]
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
        return None

    target = _Target(out, splice)
    options = {"Q": quality or LOSSY_QUALITY, "subsample_mode": "off", "keep": "none"}
    target.run("jpegsave_target", _image(planes, shape), options)
    return remarks


def write_webp(
    out: BinaryIO,
    planes: tuple[Samples, ...],
    shape: FrameShape,
    metadata: PhotoMetadata,
    *,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write 8-bit planes, losslessly unless a `quality` is given. Returns remarks."""
    buffer = BytesIO()
    options: dict[str, Any] = {"keep": "none", "effort": 4}
    options |= {"lossless": True, "exact": True} if quality is None else {"Q": quality}
    _Target(buffer, lambda head: head).run("webpsave_target", _image(planes, shape), options)
    out.write(webp_container(buffer.getvalue(), shape, metadata))
    remarks = []
    if shape.layout.family is Family.GRAY:
        remarks.append("WebP has no gray: written as equal R, G, B.")
    if metadata.resolution is not None and not metadata.exif:
        remarks.append("WebP carries no print resolution.")
    return tuple(remarks)


def _image(planes: tuple[Samples, ...], shape: FrameShape) -> pyvips.Image:
    """View the planes as one picture, without a copy."""
    import pyvips  # noqa: PLC0415  (only a run that writes pays for libvips)

    pyvips.cache_set_max(0)
    wide = shape.layout.depth > 8
    gray = shape.layout.family is Family.GRAY
    bands = [
        pyvips.Image.new_from_memory(
            plane.data.cast("B") if plane.flags.c_contiguous else plane.tobytes(),
            shape.width,
            shape.height,
            1,
            "ushort" if wide else "uchar",
        )
        for plane in planes
    ]
    spaces = ("grey16" if gray else "rgb16") if wide else ("b-w" if gray else "srgb")
    joined = bands[0] if len(bands) == 1 else bands[0].bandjoin(bands[1:])
    return joined.copy(interpretation=spaces)


class _Target:
    """Takes a coder's stream, lets `splice` change its head, and passes the rest on."""

    def __init__(self, out: BinaryIO, splice: Callable[[bytes], bytes | None]) -> None:
        """`splice` gets the head so far and returns what to write, or None to see more."""
        self._out, self._splice = out, splice
        self._head: bytes | None = b""
        self._failure: OSError | None = None

    def run(self, operation: str, image: pyvips.Image, options: dict[str, Any]) -> None:
        """Save `image`. Raises the `OSError` that writing met, or `UnsupportedError`."""
        import pyvips  # noqa: PLC0415  (only a run that writes pays for libvips)

        target = pyvips.TargetCustom()
        target.on_write(self._write)
        try:
            getattr(image, operation)(target, **options)
        except pyvips.Error as error:
            if self._failure is not None:
                raise self._failure from error
            raise UnsupportedError(f"The picture cannot be coded: {error}.") from error
        if self._failure is not None:
            raise self._failure

    def _write(self, piece: bytes) -> int:
        """Accept one piece; -1 tells the coder to stop."""
        try:
            if self._head is None:
                self._out.write(piece)
            else:
                self._head += bytes(piece)
                changed = self._splice(self._head)
                if changed is not None:
                    self._out.write(changed)
                    self._head = None
        except OSError as error:
            self._failure = error
            return -1
        return len(piece)
