"""Photos through real decode children: the same samples, and a fault there is a message here."""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import (
    DamagedError,
    DecodeChildError,
    EvidentError,
    NotMediaError,
    TooLargeError,
    UnreadableError,
    UnsupportedError,
)
from pipelines.media import photo_planes
from pipelines.media.identify import Kind
from pipelines.media.limits import DecodeLimits
from pipelines.media.photo import (
    PhotoLimits,
    PhotoMetadata,
    header,
    new_planes,
    planes_digest,
    read_photo,
    write_photo,
)
from pipelines.media.photo_message import header_from
from pipelines.media.photo_planes import allocate_planes
from pipelines.media.picture import FrameShape
from pipelines.media.pool import DecodePool
from tests.unit.pipelines.media.photo_kit import (
    LAYOUTS,
    ThreadPool,
    exif_block,
    gradient,
    layout,
    noise,
    pillow_bytes,
    png_chunk,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are bounded by Linux")
KINDS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for the whole file: a child is used once, so tests do not meet."""
    with DecodePool() as made:
        yield made


def stored(folder: Path, content: bytes) -> Path:
    """Put a file as it was received."""
    path = folder / "received"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", ["apply", "keep"])
def test_a_child_gives_what_the_task_gives(
    pool: DecodePool, tmp_path: Path, kind: str, turn: str
) -> None:
    """Samples, facts, remarks and digest do not depend on the process that decoded."""
    prefix = b"Exif\0\0" if kind == "JPEG" else b""
    options = {} if kind in ("BMP", "TIFF") else {"exif": prefix + exif_block(orientation=6)}
    path = stored(tmp_path, pillow_bytes(gradient(), kind, **options))
    there = read_photo(pool, path, scratch=tmp_path, orientation=turn)
    here = read_photo(ThreadPool(), path, scratch=tmp_path, orientation=turn)
    assert (there.shape, there.metadata, there.digest, there.assumptions) == (
        here.shape,
        here.metadata,
        here.digest,
        here.assumptions,
    )
    assert all(np.array_equal(a, b) for a, b in zip(there.planes, here.planes, strict=True))
    assert header(pool, path) == header(ThreadPool(), path)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_crosses_the_border(
    pool: DecodePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A child writes to a scratch file as to memory, though it may grow no file."""
    monkeypatch.setattr(photo_planes, "IN_MEMORY_BYTES", 1024)
    shape = FrameShape(61, 47, layout(name))
    planes = noise(shape)
    path = tmp_path / "received"
    write_photo(path, planes, shape, PhotoMetadata(Kind.PNG))
    assert read_photo(pool, path, scratch=tmp_path, orientation="apply").digest == planes_digest(
        planes
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableError),
        (b"not a picture", NotMediaError),
        (b"GIF89a" + bytes(90), UnsupportedError),
        (pillow_bytes(gradient(), "JPEG")[:400], DamagedError),
    ],
)
def test_a_refusal_keeps_its_class_reason_and_next_step(
    pool: DecodePool, tmp_path: Path, content: bytes, error: type[EvidentError]
) -> None:
    """What the task raises in the child is raised here as the same error."""
    path = stored(tmp_path, content)
    with pytest.raises(error) as there:
        read_photo(pool, path, scratch=tmp_path, orientation="apply")
    with pytest.raises(error) as here:
        read_photo(ThreadPool(), path, scratch=tmp_path, orientation="apply")
    assert (str(there.value), there.value.next_step) == (str(here.value), here.value.next_step)
    assert there.value.next_step


def test_limits_reach_the_child(pool: DecodePool, tmp_path: Path) -> None:
    """The caller's limits are the ones that refuse."""
    path = stored(tmp_path, pillow_bytes(gradient(), "PNG"))
    with pytest.raises(TooLargeError, match="64x48"):
        header(pool, path, limits=PhotoLimits(pixels=100))


def test_a_killed_child_is_a_message(pool: DecodePool, tmp_path: Path) -> None:
    """A decoder that dies between its header and its samples is one line, not the end."""
    path = stored(tmp_path, pillow_bytes(gradient(), "PNG"))
    arguments = {
        "path": str(path),
        "limits": {},
        "want": "planes",
        "orientation": "apply",
    }
    with pool.session("photo", arguments) as session:
        head = header_from(session.receive())
        os.kill(session.pid, signal.SIGKILL)
        memory = allocate_planes(head.shape, scratch=tmp_path)
        with pytest.raises(DecodeChildError, match="crashed"):
            _ = session.share(memory.fd, memory.size), session.receive()
        memory.close_descriptor()
    assert read_photo(pool, path, scratch=tmp_path, orientation="apply").shape.width == 64


def interlaced_claim(side: int) -> bytes:
    """Make an interlaced PNG of zeros, `side` on a side: small packed, whole when decoded."""
    packer = zlib.compressobj(9)
    passes = ((8, 8), (8, 8), (8, 4), (4, 4), (4, 2), (2, 2), (2, 1))
    data = b""
    for down, across in passes:
        row = bytes(1 + 3 * (side // across))
        data += b"".join(packer.compress(row) for _ in range(side // down))
    data += packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 1)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def test_a_decoder_that_wants_too_much_memory_is_stopped(tmp_path: Path) -> None:
    """A small file that needs a whole-picture buffer meets the child's limit, not the machine's."""
    path = stored(tmp_path, interlaced_claim(8000))
    assert path.stat().st_size < 1 << 20
    tight = DecodeLimits(memory_bytes=600 << 20)
    started = time.monotonic()
    with DecodePool(limits=tight, spare=0) as small, pytest.raises(EvidentError) as caught:
        read_photo(small, path, scratch=tmp_path, orientation="apply")
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
    assert time.monotonic() - started < 60


def test_the_header_refuses_what_decoding_would_need(pool: DecodePool, tmp_path: Path) -> None:
    """The decoder's own need is known from the header and refused before any decoding."""
    path = stored(tmp_path, interlaced_claim(800))
    assert header(pool, path).decoder_bytes == 3 * 800 * 800
    with pytest.raises(TooLargeError, match="beside the picture"):
        header(pool, path, limits=PhotoLimits(decoder_bytes=1_000_000))


def test_a_child_cannot_write_past_what_it_was_given(pool: DecodePool, tmp_path: Path) -> None:
    """Memory that is too small for the picture is an error, and its neighbour stays untouched."""
    path = stored(tmp_path, pillow_bytes(gradient(), "PNG"))
    small = FrameShape(8, 8, layout("gray/8"))
    arguments = {"path": str(path), "limits": {}, "want": "planes", "orientation": "apply"}
    memory = allocate_planes(small, scratch=tmp_path)
    neighbour = new_planes(small, scratch=tmp_path)
    with pool.session("photo", arguments) as session:
        session.receive()
        session.share(memory.fd, memory.size)
        with pytest.raises(EvidentError):
            session.receive()
    memory.close_descriptor()
    assert not neighbour[0].any()
