"""PNG files as they come."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import DamagedError, TooLargeError
from pipelines.media.photo import PhotoLimits
from pipelines.media.picture import Family
from tests.unit.pipelines.media.photo_kit import (
    gradient,
    packed_rows,
    pillow_bytes,
    png_bytes,
    png_chunk,
    read_bytes,
    stacked,
)

WIDTH = 13


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_narrow_gray_is_scaled_to_eight_bits(tmp_path: Path, depth: int) -> None:
    """Gray of 1, 2 or 4 bits fills 0..255 exactly, stays gray, and the remark says so."""
    values = (np.arange(WIDTH * 9).reshape(9, WIDTH) % (1 << depth)).astype(np.uint8)
    data = png_bytes(packed_rows(values, depth), WIDTH, depth=depth, colour=0)
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.family is Family.GRAY
    assert photo.metadata.original_depth == depth
    assert np.array_equal(stacked(photo), values * (255 // ((1 << depth) - 1)))
    assert any(f"{depth}-bit gray" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes_become_their_colours(tmp_path: Path, depth: int, *, transparent: bool) -> None:
    """Indices are replaced by their palette entries, with opacity where the file states some."""
    random = np.random.default_rng(depth)
    palette = random.integers(0, 256, (1 << depth, 3), np.uint8)
    opacity = random.integers(0, 256, 1 << depth, np.uint8)
    indices = random.integers(0, 1 << depth, (9, WIDTH), np.uint8)
    before = png_chunk(b"PLTE", palette.tobytes())
    expected = palette[indices]
    if transparent:
        before += png_chunk(b"tRNS", opacity.tobytes())
        expected = np.dstack([expected, opacity[indices]])
    rows = packed_rows(indices, depth)
    data = png_bytes(rows, WIDTH, depth=depth, colour=3, before=before)
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.palette
    assert photo.shape.layout.alpha == transparent
    assert np.array_equal(stacked(photo), expected)


def test_a_palette_of_grays_is_still_colour(tmp_path: Path) -> None:
    """The layout follows from the file's kind of pixel, not from what its colours happen to be."""
    indices = np.arange(WIDTH, dtype=np.uint8)[None] % 4
    before = png_chunk(b"PLTE", bytes((0, 0, 0, 80, 80, 80, 160, 160, 160, 240, 240, 240)))
    data = png_bytes(packed_rows(indices, 2), WIDTH, depth=2, colour=3, before=before)
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.family is Family.RGB
    assert all(np.array_equal(plane, indices * 80) for plane in photo.planes)


def test_a_transparent_colour_becomes_opacity(tmp_path: Path) -> None:
    """The one colour that is marked transparent gets opacity 0, every other full, 16 bits too."""
    values = np.array([[0, 77, 65535, 256]], np.uint16)
    rows = [row.astype(">u2").tobytes() for row in values]
    mark = png_chunk(b"tRNS", struct.pack(">H", 256))
    photo = read_bytes(png_bytes(rows, 4, depth=16, colour=0, before=mark), tmp_path)
    assert photo.shape.layout.depth == 16
    assert np.array_equal(photo.planes[0], values)
    assert photo.planes[1].tolist() == [[65535, 65535, 65535, 0]]


def test_sixteen_bit_samples_are_not_swapped_or_scaled(tmp_path: Path) -> None:
    """A 16-bit sample is the big-endian number in the file."""
    values = np.array([[1, 255, 256, 0x1234, 65535]], np.uint16)
    rows = [row.astype(">u2").tobytes() for row in values]
    photo = read_bytes(png_bytes(rows, 5, depth=16, colour=0), tmp_path)
    assert np.array_equal(photo.planes[0], values)


def test_the_default_picture_of_an_animation_is_taken(tmp_path: Path) -> None:
    """Of an animated PNG the default picture is read, and the frames left are counted."""
    from PIL import Image

    frames = [Image.fromarray(gradient()), Image.fromarray(255 - gradient())]
    data = pillow_bytes(frames[0], "PNG", save_all=True, append_images=frames[1:])
    photo = read_bytes(data, tmp_path)
    assert np.array_equal(stacked(photo), gradient())
    assert photo.metadata.pages == 2
    assert any("1 frames were not" in remark for remark in photo.metadata.remarks)


def whole() -> bytes:
    """Make an intact file."""
    return pillow_bytes(gradient(), "PNG")


def claiming(width: int, height: int) -> bytes:
    """Make a whole file whose header claims another size, checksum included."""
    data = whole()
    head = data[12:16] + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]


@pytest.mark.parametrize(
    "data",
    [
        whole()[:33],
        whole()[:8],
        whole()[:-12],
        whole()[: len(whole()) // 2],
        whole()[:60] + b"\xff" + whole()[61:],
        claiming(0, 5),
        claiming(64, 49),
        claiming(12_000, 12_000),
        b"\x89PNG\r\n\x1a\n" + bytes(60),
    ],
    ids=["header", "signature", "no-end", "half", "flip", "zero", "one-row-more", "bomb", "zeros"],
)
def test_damage_is_found(tmp_path: Path, data: bytes) -> None:
    """A cut, changed or lying PNG file is damaged, with a next step."""
    with pytest.raises(DamagedError) as caught:
        read_bytes(data, tmp_path)
    assert caught.value.next_step


def test_absurd_sides_are_refused_before_decoding(tmp_path: Path) -> None:
    """A side beyond the limit, or pixels beyond the limit, is too large whatever follows."""
    rows = [bytes(8750)]
    wide = png_bytes(rows, 70_000, depth=1, colour=0)
    with pytest.raises(TooLargeError):
        read_bytes(wide, tmp_path)
    with pytest.raises(TooLargeError):
        read_bytes(whole(), tmp_path, limits=PhotoLimits(pixels=64 * 48 - 1))
    assert read_bytes(whole(), tmp_path, limits=PhotoLimits(pixels=64 * 48)).planes


def test_a_packed_profile_cannot_grow_without_bound(tmp_path: Path) -> None:
    """A profile that unpacks beyond the limit is left out and remarked; the picture is read."""
    bomb = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(40_000_000), 9))
    rows = [bytes(WIDTH)]
    data = png_bytes(rows, WIDTH, depth=8, colour=0, before=bomb)
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.icc is None
    assert any("iCCP" in remark for remark in photo.metadata.remarks)


def test_bytes_after_the_end_are_remarked(tmp_path: Path) -> None:
    """Bytes that follow the end of the picture do not disturb it and are mentioned."""
    photo = read_bytes(whole() + b"more", tmp_path)
    assert np.array_equal(stacked(photo), gradient())
    assert any("4 bytes follow" in remark for remark in photo.metadata.remarks)
