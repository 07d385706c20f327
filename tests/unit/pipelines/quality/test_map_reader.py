"""Maps are read back as they were written; everything else is refused, within bounds."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest

from pipelines.errors import EvidenceError
from pipelines.quality.indexed_png import IndexedPng
from pipelines.quality.indexed_png_reader import read_steps, thumbnail_of
from pipelines.quality.ramp import PALETTE
from pipelines.quality.thumbnail import Thumbnail


def written(steps: np.ndarray) -> bytes:
    """Return the file of a map."""
    out = io.BytesIO()
    height, width = steps.shape
    png = IndexedPng(out, width=width, height=height, palette=PALETTE, texts={"Title": "a map"})
    png.write(steps)
    png.finish()
    return out.getvalue()


def made(height: int, width: int) -> np.ndarray:
    """Return random steps."""
    return np.random.default_rng(height).integers(0, 256, (height, width)).astype(np.uint8)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 90), (700, 2100)])
def test_a_map_comes_back(height: int, width: int) -> None:
    """Steps come back as written, and the thumbnail is the one drawn at first."""
    steps = made(height, width)
    data = written(steps)
    back = list(read_steps(io.BytesIO(data), width=width, height=height))
    assert (np.concatenate(back) == steps).all()
    first = Thumbnail(height=height, width=width)
    first.add(steps)
    again = thumbnail_of(io.BytesIO(data), width=width, height=height)
    assert (again == first.dots()).all()


def test_no_changed_byte_passes_for_the_map() -> None:
    """A flipped byte is refused, or leaves every step as it was."""
    steps = made(20, 31)
    data = written(steps)
    dice = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        flipped = bytearray(data)
        flipped[int(dice.integers(len(data)))] ^= 1 << int(dice.integers(8))
        try:
            rows = list(read_steps(io.BytesIO(bytes(flipped)), width=31, height=20))
        except EvidenceError:
            refused += 1
        else:
            assert (np.concatenate(rows) == steps).all()
    assert refused > 390


@pytest.mark.parametrize("length", [0, 5, 8, 30, 200, -13])
def test_a_file_that_ends_early_is_refused(length: int) -> None:
    """Wherever a file is cut, it is no map any more."""
    with pytest.raises(EvidenceError):
        list(read_steps(io.BytesIO(written(made(20, 31))[:length]), width=31, height=20))


def test_another_size_is_refused_before_anything_is_inflated() -> None:
    """A file holds exactly the size that its facts state."""
    data = written(made(20, 31))
    for size in ({"width": 30, "height": 20}, {"width": 31, "height": 21}):
        with pytest.raises(EvidenceError, match="another size"):
            list(read_steps(io.BytesIO(data), **size))


def test_more_samples_than_stated_are_refused_in_flat_memory() -> None:
    """A file that would inflate without end is left as soon as it holds too much."""
    head = written(made(2, 3))
    head = head[: head.index(b"IDAT") - 4]
    bomb = chunk(b"IDAT", zlib.compress(bytes(200_000_000), 9)) + chunk(b"IEND", b"")
    with pytest.raises(EvidenceError, match="more samples"):
        list(read_steps(io.BytesIO(head + bomb), width=3, height=2))


def test_foreign_forms_are_refused() -> None:
    """Filtered rows, broken streams and huge chunks are not ours."""
    head = written(made(2, 3))
    head = head[: head.index(b"IDAT") - 4]
    end = chunk(b"IEND", b"")
    filtered = zlib.compress(b"\x01abc\x00abc")
    for data, reason in (
        (chunk(b"IDAT", filtered) + end, "a filter"),
        (chunk(b"IDAT", b"no zlib") + end, "do not inflate"),
        (struct.pack(">I", 1 << 30) + b"IDAT", "a chunk"),
        (end, "fewer samples"),
    ):
        with pytest.raises(EvidenceError, match=reason):
            list(read_steps(io.BytesIO(head + data), width=3, height=2))
