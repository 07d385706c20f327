"""A pool that runs the photo task in a thread, and pictures to try it on."""

from __future__ import annotations

import mmap
import os
import queue
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.media.photo import Photo, read_photo
from pipelines.media.photo_exif import Field, append_directory, pack_block
from pipelines.media.photo_tags import TagFile
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples
from pipelines.media.tasks import photo as photo_task

LAYOUTS = tuple(
    f"{colours}/{depth}"
    for colours in ("gray", "gray+alpha", "rgb", "rgb+alpha")
    for depth in (8, 16)
)


class _Line:
    """Both ends of a session between two threads."""

    def __init__(self) -> None:
        self.out: queue.Queue[dict[str, Any] | BaseException] = queue.Queue()
        self.memory: queue.Queue[tuple[int, int] | None] = queue.Queue()

    def send(self, message: dict[str, Any]) -> None:
        self.out.put(message)

    def receive_memory(self) -> mmap.mmap:
        given = self.memory.get(timeout=30)
        if given is None:
            raise EOFError
        fd, size = given
        try:
            return mmap.mmap(fd, size)
        finally:
            os.close(fd)

    def receive(self) -> dict[str, Any]:
        message = self.out.get(timeout=60)
        if isinstance(message, BaseException):
            raise message
        return message

    def share(self, fd: int, size: int) -> None:
        self.memory.put((os.dup(fd), size))


class ThreadPool:
    """The decode pool's contract without the child: for tests of photos alone."""

    @contextmanager
    def session(self, task: str, arguments: dict[str, Any]) -> Iterator[_Line]:
        """Run the task in a thread."""
        assert task == "photo"
        line = _Line()

        def work() -> None:
            try:
                photo_task.run(arguments, line)
            except BaseException as error:  # noqa: BLE001  (handed to the other thread whole)
                line.out.put(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield line
        finally:
            line.memory.put(None)
            thread.join(timeout=60)


def layout(name: str) -> PixelLayout:
    """gray, gray+alpha, rgb or rgb+alpha, then the depth: 'rgb+alpha/16'."""
    colours, _, depth = name.partition("/")
    family, _, alpha = colours.partition("+")
    return PixelLayout(Family(family), depth=int(depth), alpha=bool(alpha))


def noise(shape: FrameShape, seed: int = 0) -> tuple[Samples, ...]:
    """Every code value is as likely as any other."""
    random = np.random.default_rng(seed)
    size, kind = (shape.height, shape.width), shape.layout.sample_type
    return tuple(
        random.integers(0, shape.layout.peak, size, kind, endpoint=True)
        for _ in range(shape.layout.plane_count)
    )


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) uint8, smooth, different in every corner and every channel."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = (255 * x / width, 255 * y / height, 255 * (x + y) / (height + width))
    return np.stack(planes, axis=-1).astype(np.uint8)


def read_bytes(data: bytes, folder: Path, *, orientation: str = "apply", **more: Any) -> Photo:
    """Read a photo from bytes, under a name that says nothing."""
    path = folder / "received"
    path.write_bytes(data)
    return read_photo(ThreadPool(), path, scratch=folder, orientation=orientation, **more)


def stacked(photo: Photo) -> np.ndarray:
    """(H, W, channels), or (H, W) where there is one channel, as Pillow shows a picture."""
    samples = np.stack(photo.planes, axis=-1)
    return samples[..., 0] if samples.shape[-1] == 1 else samples


def pillow_bytes(samples: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    """Code the picture with Pillow."""
    image = samples if isinstance(samples, Image.Image) else Image.fromarray(samples)
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    """Frame a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_bytes(
    rows: list[bytes],
    width: int,
    *,
    depth: int,
    colour: int,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """Make a PNG file of packed rows, unfiltered, with any chunks before and after the samples."""
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = (png_chunk(b"IHDR", head), before, png_chunk(b"IDAT", data), after)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND", b"")


def packed_rows(indices: np.ndarray, depth: int) -> list[bytes]:
    """(H, W) uint8 values below 2**depth as rows of `depth` bits each, first in the high bits."""
    bits = np.unpackbits(indices[..., None], axis=-1)[..., 8 - depth :]
    return [np.packbits(row).tobytes() for row in bits.reshape(len(indices), -1)]


def number_field(order: str, *values: int, long: bool = False) -> Field:
    """Pack a SHORT or LONG field."""
    code = "I" if long else "H"
    return Field(4 if long else 3, len(values), struct.pack(f"{order}{len(values)}{code}", *values))


def exif_block(
    order: str = "<", *, orientation: int = 6, width: int = 64, height: int = 48
) -> bytes:
    """Make an EXIF block with a maker, an orientation and the recorded pixel size."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tags = TagFile(mark + struct.pack(order + "I", 8) + bytes(8))
    main = {0x010F: Field(2, 5, b"Acme\0"), 0x0112: number_field(order, orientation)}
    maker_note = Field(7, 8, b"MAKER\0\1\2")
    size = {
        0xA002: number_field(order, width, long=True),
        0xA003: number_field(order, height, long=True),
        0x927C: maker_note,
    }
    return pack_block(tags, main, {0x8769: size})


def xmp_packet(orientation: int) -> bytes:
    """Make a packet that holds the orientation as an attribute."""
    return (
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Make="Acme" tiff:Orientation="%d"/>'
        b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>' % orientation
    )


def tiff_bytes(samples: bytes, fields: dict[int, Field], *, order: str = "<") -> bytes:
    """Make a TIFF file of one uncompressed strip and the given fields."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    block = bytearray(mark + bytes(4) + samples + b"\0" * (len(samples) % 2))
    block[4:8] = struct.pack(order + "I", len(block))
    strip = {273: number_field(order, 8, long=True)}
    strip[279] = number_field(order, len(samples), long=True)
    append_directory(block, order, fields | strip)
    return bytes(block)
