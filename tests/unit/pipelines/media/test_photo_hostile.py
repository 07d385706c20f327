"""Files that lie, break off or attack: a one-line reason of ours, whatever the bytes."""

from __future__ import annotations

import os
import random
import struct
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import (
    DamagedError,
    EvidentError,
    InputError,
    NotMediaError,
    TooLargeError,
    UnreadableError,
    UnsupportedError,
)
from pipelines.media.identify import Kind
from pipelines.media.photo import (
    PhotoHeader,
    PhotoLimits,
    PhotoMetadata,
    header,
    read_photo,
    write_photo,
)
from pipelines.media.photo_facts import Resolution
from pipelines.media.photo_header import read_header
from pipelines.media.photo_tiff import require_intact_deflate
from pipelines.media.picture import FrameShape
from tests.unit.pipelines.media.photo_kit import (
    ThreadPool,
    exif_block,
    gradient,
    layout,
    noise,
    number_field,
    pillow_bytes,
    png_bytes,
    png_chunk,
    read_bytes,
    tiff_bytes,
    xmp_packet,
)

KINDS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
T = TypeVar("T")


def rich(kind: str) -> bytes:
    """Make a small file with every block that the kind can carry."""
    samples = gradient(24, 32)
    exif = exif_block(orientation=6)
    options: dict[str, dict[str, Any]] = {
        "PNG": {"exif": exif, "icc_profile": bytes(200), "dpi": (72, 72)},
        "JPEG": {"exif": b"Exif\0\0" + exif, "icc_profile": bytes(200), "xmp": xmp_packet(6)},
        "WEBP": {"exif": exif, "icc_profile": bytes(200), "xmp": xmp_packet(6)},
        "TIFF": {"compression": "tiff_adobe_deflate"},
        "BMP": {},
    }
    return pillow_bytes(samples, kind, **options[kind])


def refused_or(made: Callable[[], T]) -> T | EvidentError:
    """Give what was made, or the refusal, which must be one line of ours."""
    try:
        return made()
    except EvidentError as refusal:
        error = refusal
    assert str(error)
    assert "\n" not in str(error)
    return error


SEEDS = {kind: rich(kind) for kind in KINDS}


@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_a_header_is_read_or_refused(
    kind: str, changes: list[tuple[float, int]], kept: float
) -> None:
    """Any change to a file, anywhere, ends in a header or in one line of ours."""
    data = bytearray(SEEDS[kind][: max(1, int(len(SEEDS[kind]) * kept))])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    head = refused_or(lambda: read_header(bytes(data), PhotoLimits()))
    if isinstance(head, PhotoHeader):
        assert head.shape.height >= 1
        assert 1 <= head.metadata.orientation <= 8


@given(data=st.binary(max_size=200), kind=st.sampled_from(KINDS))
def test_a_signature_with_anything_after_it(data: bytes, kind: str) -> None:
    """The right first bytes promise nothing: what follows is read or refused."""
    lengths = {"PNG": 8, "JPEG": 3, "WEBP": 12, "TIFF": 4, "BMP": 2}
    with_signature = SEEDS[kind][: lengths[kind]] + data
    head = refused_or(lambda: read_header(with_signature, PhotoLimits()))
    assert isinstance(head, PhotoHeader | InputError | UnsupportedError)


@pytest.mark.parametrize("kind", KINDS)
def test_broken_files_are_decoded_or_refused(tmp_path: Path, kind: str) -> None:
    """Decoders meet changed bytes too: samples, or one line of ours, and nothing foreign."""
    chance = random.Random(7)  # noqa: S311  (a seed for a test)
    outcomes = set()
    for _ in range(60):
        data = bytearray(SEEDS[kind])
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        limits = PhotoLimits(pixels=1_000_000)
        made = refused_or(partial(read_bytes, bytes(data), tmp_path, limits=limits))
        outcomes.add(type(made))
    assert len(outcomes) > 1


def idat_bomb(side: int) -> bytes:
    """Make a PNG of zeros: `side` squared RGB samples in as few bytes as Deflate allows."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def test_a_bomb_is_refused_by_what_it_would_become(tmp_path: Path) -> None:
    """Half a megabyte that would unpack to 400 megapixels is refused before any of it is."""
    data = idat_bomb(8000)
    claim = struct.pack(">II", 20_000, 20_000)
    head = data[12:16] + claim + data[24:29]
    data = data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
    assert len(data) < 1 << 20
    started = time.monotonic()
    with pytest.raises((TooLargeError, DamagedError)):
        read_bytes(data, tmp_path)
    assert time.monotonic() - started < 1


def test_the_limit_of_pixels_is_exact(tmp_path: Path) -> None:
    """A picture of exactly the limit is read; one pixel less of limit refuses it by numbers."""
    data = pillow_bytes(gradient(20, 30), "PNG")
    assert read_bytes(data, tmp_path, limits=PhotoLimits(pixels=600)).shape.width == 30
    with pytest.raises(TooLargeError, match="30x20"):
        read_bytes(data, tmp_path, limits=PhotoLimits(pixels=599))
    with pytest.raises(TooLargeError, match="30x20"):
        read_bytes(data, tmp_path, limits=PhotoLimits(side=29))


@pytest.mark.parametrize(
    ("kind", "place", "code"),
    [("BMP", 18, "<i"), ("BMP", 22, "<i"), ("PNG", 16, ">I"), ("PNG", 20, ">I")],
)
def test_absurd_sides_are_refused(kind: str, place: int, code: str) -> None:
    """Two thousand million pixels on a side are refused at the header."""
    data = bytearray(SEEDS[kind])
    struct.pack_into(code, data, place, 0x7FFF_FFF0)
    if kind == "PNG":
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    with pytest.raises((TooLargeError, DamagedError)):
        read_header(bytes(data), PhotoLimits())


def test_a_jpeg_of_absurd_size_is_refused() -> None:
    """A frame header may claim 65535 squared; the limit of pixels holds there too."""
    data = bytearray(SEEDS["JPEG"])
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, 65_535, 65_535)
    with pytest.raises(TooLargeError, match="65535x65535"):
        read_header(bytes(data), PhotoLimits())


def test_a_tiff_that_names_one_strip_many_times_is_bounded() -> None:
    """Strips that unpack to far more than the picture are refused, not unpacked to the end."""
    strip = zlib.compress(bytes(64 << 20), 9)
    places = [8] * 4000
    fields = {
        256: number_field("<", 16, long=True),
        257: number_field("<", 16, long=True),
        258: number_field("<", 8),
        259: number_field("<", 8),
        262: number_field("<", 1),
    }
    data = tiff_bytes(strip, fields)
    tags = bytearray(data)
    block = struct.pack("<I", len(tags))
    tags += struct.pack("<4000I", *places) + struct.pack("<4000I", *[len(strip)] * 4000)
    first = struct.unpack_from("<I", tags, 4)[0]
    count = struct.unpack_from("<H", tags, first)[0]
    for entry in range(first + 2, first + 2 + 12 * count, 12):
        tag = struct.unpack_from("<H", tags, entry)[0]
        if tag in (273, 279):
            where = struct.unpack("<I", block)[0] + (0 if tag == 273 else 16_000)
            struct.pack_into("<HHII", tags, entry, tag, 4, 4000, where)
    started = time.monotonic()
    with pytest.raises(DamagedError, match="more than the picture"):
        require_intact_deflate(bytes(tags))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("cut", [1, 4, 40])
def test_a_deflate_strip_without_its_end_is_damage(cut: int) -> None:
    """A strip whose stream stops before its checksum is damage, even if its rows are there."""
    out = BytesIO()
    options = {"photometric": "rgb", "compression": "zlib", "rowsperstrip": 24}
    tifffile.imwrite(out, gradient(24, 32), **options)
    data = bytearray(out.getvalue())
    page = tifffile.TiffFile(BytesIO(data)).pages[0]
    size = page.databytecounts[0]
    field = page.tags["StripByteCounts"]
    code = "<H" if field.dtype == 3 else "<I"
    require_intact_deflate(bytes(data))
    struct.pack_into(code, data, field.valueoffset, size - cut)
    with pytest.raises(DamagedError, match="ends early"):
        require_intact_deflate(bytes(data))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableError),
        (b"\0", NotMediaError),
        (b"plain text, and no picture at all\n" * 10, NotMediaError),
        (b"%PDF-1.7\n" + bytes(100), NotMediaError),
        (b"GIF89a" + bytes(100), UnsupportedError),
        (b"\0\0\0\x18ftypheic" + bytes(100), DamagedError),
        (b"\0\0\0\x18ftypavif" + bytes(100), DamagedError),
        (b"\0\0\0\x18ftypisom" + bytes(100), NotMediaError),
        (b"\x89PNG\r\n\x1a\n", DamagedError),
        (b"\xff\xd8\xff", DamagedError),
        (b"II*\0", DamagedError),
        (b"RIFF\x04\0\0\0WEBP", DamagedError),
    ],
)
def test_what_is_no_picture_says_so(
    tmp_path: Path, content: bytes, error: type[EvidentError]
) -> None:
    """Each kind of nothing has its own error, one line, and a next step."""
    with pytest.raises(error) as caught:
        read_bytes(content, tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_lies_changes_nothing(tmp_path: Path, kind: str) -> None:
    """The content decides: a wrong suffix is read as what the file is."""
    path = tmp_path / "picture.mp4"
    path.write_bytes(SEEDS[kind])
    assert header(ThreadPool(), path).kind is Kind(kind.lower())


@pytest.mark.parametrize(
    "name",
    [
        "a[page=1].png",
        "-",
        "-o.png",
        "http:--x.png",
        "a b\nc.png",
        "null.png[n=-1]",
        "fd:0",
        "ü.png",
    ],
)
def test_a_name_is_never_an_option(tmp_path: Path, name: str) -> None:
    """Names that loaders would take for options, streams or addresses are only names."""
    path = tmp_path / name
    path.write_bytes(SEEDS["PNG"])
    photo = read_photo(ThreadPool(), path, scratch=tmp_path, orientation="keep")
    assert (photo.shape.height, photo.shape.width) == (24, 32)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A folder, a pipe without a writer and a missing path end at once in a plain reason."""
    os.mkfifo(tmp_path / "pipe")
    started = time.monotonic()
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent"):
        with pytest.raises(UnreadableError):
            header(ThreadPool(), path)
    assert time.monotonic() - started < 5


def test_a_file_without_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is a plain reason with a next step."""
    path = tmp_path / "closed.png"
    path.write_bytes(SEEDS["PNG"])

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # Permissions do not hold back everybody who runs tests; the system's answer does.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UnreadableError, match="cannot be read") as caught:
        header(ThreadPool(), path)
    assert caught.value.next_step


def test_a_tiff_within_a_tiff_is_not_followed(tmp_path: Path) -> None:
    """Sub-directories are not pages: a file with one page and sub-pictures has one page."""
    path = tmp_path / "out"
    shape = FrameShape(8, 8, layout("rgb/8"))
    with_sub = PhotoMetadata(Kind.TIFF, exif=exif_block(orientation=1), resolution=None)
    write_photo(path, noise(shape), shape, with_sub, kind=Kind.TIFF)
    assert header(ThreadPool(), path).pages == 1


def test_resolution_cannot_overflow(tmp_path: Path) -> None:
    """Absurd resolutions are clipped to what the field holds, in every kind."""
    shape = FrameShape(8, 8, layout("rgb/8"))
    absurd = Resolution(Fraction(10**12), Fraction(10**12))
    for kind in (Kind.PNG, Kind.JPEG, Kind.TIFF, Kind.BMP):
        metadata = PhotoMetadata(Kind.PNG, resolution=absurd)
        write_photo(tmp_path / "out", noise(shape), shape, metadata, kind=kind)
        back = read_bytes((tmp_path / "out").read_bytes(), tmp_path).metadata.resolution
        assert back is not None
        assert back.x > 1000


def test_the_smallest_pictures_are_pictures(tmp_path: Path) -> None:
    """A picture of one pixel, one row or one column is read like any other."""
    for samples in (gradient(1, 1), gradient(1, 300), gradient(300, 1)):
        photo = read_bytes(pillow_bytes(samples, "PNG"), tmp_path)
        assert np.array_equal(np.stack(photo.planes, axis=-1), samples)
    rows = [bytes([value]) for value in range(4)]
    assert read_bytes(png_bytes(rows, 1, depth=8, colour=0), tmp_path).shape.height == 4
    assert Image.open(BytesIO(png_bytes(rows, 1, depth=8, colour=0))).size == (1, 4)
