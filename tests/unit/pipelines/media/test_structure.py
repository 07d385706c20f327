"""How files are built, and what lies after their end or in places that players skip."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipelines.media.pool import DecodePool
from pipelines.media.structure import Structure, read_structure
from tests.unit.pipelines.media.clip_kit import write_clip

SECRET = b"not for everybody"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


def look(pool: DecodePool, folder: Path, data: bytes) -> Structure:
    """The structure of a file of these bytes."""
    path = folder / "file.bin"
    path.write_bytes(data)
    return read_structure(pool, path)


def picture(kind: str) -> bytes:
    """A small picture of a kind."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(out, kind)
    return out.getvalue()


def clip(folder: Path, suffix: str) -> bytes:
    """A small clip in a container."""
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    return write_clip(folder / f"clip{suffix}", codec=codec, times=range(0, 480, 40)).read_bytes()


def whole(folder: Path, kind: str) -> bytes:
    """A file of a kind, with nothing hidden."""
    return clip(folder, kind) if kind.startswith(".") else picture(kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", ".mp4", ".mov", ".mkv", ".avi"])
def test_bytes_after_the_end_are_found_with_their_digest(
    pool: DecodePool, tmp_path: Path, kind: str
) -> None:
    """Whatever is put behind a file is found at its place; without it there is nothing."""
    plain = whole(tmp_path, kind)
    assert not [one for one in look(pool, tmp_path, plain).hidden if "after" in one.where]
    hidden = look(pool, tmp_path, plain + SECRET).hidden
    (found,) = [one for one in hidden if "after" in one.where]
    assert (found.at, found.size) == (len(plain), len(SECRET))
    assert found.sha256 == hashlib.sha256(SECRET).hexdigest()
    assert found.begins == SECRET


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_free_boxes_with_content_are_found_in_any_depth(
    pool: DecodePool, tmp_path: Path, depth: int
) -> None:
    """A free box of zeros is padding; one that holds something is told."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + name + content

    def file(content: bytes) -> bytes:
        free = box(b"free", content)
        for name in (b"udta", b"moov")[:depth]:
            free = box(name, free)
        return box(b"ftyp", b"isom\0\0\2\0isom") + free

    assert not look(pool, tmp_path, file(bytes(30))).hidden
    (found,) = look(pool, tmp_path, file(SECRET)).hidden
    assert found.begins == SECRET
    assert "free" in found.where


def test_a_private_chunk_of_a_png_is_found(pool: DecodePool, tmp_path: Path) -> None:
    """A chunk that only its writer knows holds what no viewer shows."""
    plain = picture("PNG")
    body = b"prVt" + SECRET
    chunk = struct.pack(">I", len(SECRET)) + body + struct.pack(">I", zlib.crc32(body))
    (found,) = look(pool, tmp_path, plain[:33] + chunk + plain[33:]).hidden
    assert found.where == "a private chunk (prVt)"


def test_a_second_jpeg_behind_the_first_is_trailing(pool: DecodePool, tmp_path: Path) -> None:
    """The end is that of the first picture, not the last two bytes of the file."""
    plain = picture("JPEG")
    (found,) = look(pool, tmp_path, plain + plain).hidden
    assert (found.at, found.size) == (len(plain), len(plain))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", ".mp4", ".mkv", ".avi"])
def test_no_cut_hides_itself_or_crashes(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """A file that is cut anywhere is looked at to its end, and a cut in its parts is told."""
    plain = whole(tmp_path, kind)
    for part in range(1, 8):
        cut = plain[: len(plain) * part // 8]
        found = look(pool, tmp_path, cut)
        assert found.wrong or found.hidden or found.part_count, part


def test_a_format_without_an_end_says_so(pool: DecodePool, tmp_path: Path) -> None:
    """Nothing found never reads as nothing there."""
    found = look(pool, tmp_path, b"\0\0\0\1\x67" + bytes(500))
    assert "marks no end" in found.unsought[0]


def test_boxes_that_name_impossible_sizes_end_the_search(pool: DecodePool, tmp_path: Path) -> None:
    """Sizes of nothing, or beyond everything, lead nowhere and take no time."""
    for size in (0, 1, 7, 2**31, 2**32 - 1):
        data = b"\0\0\0\x10ftypisom\0\0\2\0" + struct.pack(">I", size) + b"moov" + bytes(64)
        assert look(pool, tmp_path, data).part_count >= 1
