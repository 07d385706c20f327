"""WebP and BMP files as they come."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import DamagedError, UnreadableError, UnsupportedError
from pipelines.media.picture import Family
from tests.unit.pipelines.media.photo_kit import gradient, pillow_bytes, read_bytes, stacked

COLOUR = gradient()
WITH_ALPHA = np.dstack([COLOUR, COLOUR[..., :1]])


@pytest.mark.parametrize("samples", [COLOUR, WITH_ALPHA], ids=["rgb", "rgba"])
@pytest.mark.parametrize("lossless", [True, False])
def test_webp_samples_are_those_of_the_reference_decoder(
    tmp_path: Path, samples: np.ndarray, *, lossless: bool
) -> None:
    """Lossy and lossless WebP give Pillow's samples; only the lossy one is remarked as such."""
    data = pillow_bytes(samples, "WEBP", lossless=lossless, exact=True)
    photo = read_bytes(data, tmp_path)
    assert np.array_equal(stacked(photo), np.asarray(Image.open(BytesIO(data))))
    assert any("lossy" in remark for remark in photo.metadata.remarks) != lossless


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    """Of an animated WebP the first frame is read, and the frames left are counted."""
    frames = [Image.fromarray(COLOUR), Image.fromarray(255 - COLOUR)]
    data = pillow_bytes(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.pages == 2
    assert np.array_equal(stacked(photo), COLOUR)
    assert any("1 were not" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("kept", [11, 20, 60, -1])
def test_a_cut_webp_is_damaged(tmp_path: Path, kept: int) -> None:
    """A WebP file that is shorter than it says is damaged."""
    data = pillow_bytes(COLOUR, "WEBP", lossless=True)
    with pytest.raises((DamagedError, UnreadableError)):
        read_bytes(data[:kept], tmp_path) if kept > 12 else read_bytes(data[:12], tmp_path)


@pytest.mark.parametrize("colours", [2, 16, 200])
def test_bmp_palettes_are_looked_up(tmp_path: Path, colours: int) -> None:
    """Palette indices become their colours."""
    image = Image.fromarray(COLOUR).quantize(colours)
    photo = read_bytes(pillow_bytes(image, "BMP"), tmp_path)
    assert photo.metadata.palette
    assert np.array_equal(stacked(photo), np.asarray(image.convert("RGB")))


def test_bmp_of_one_bit_is_black_and_white_gray(tmp_path: Path) -> None:
    """A black and white bitmap is gray with the two codes 0 and 255."""
    mask = COLOUR[..., 0] > 99
    photo = read_bytes(pillow_bytes(mask, "BMP"), tmp_path)
    assert photo.shape.layout.family is Family.GRAY
    assert np.array_equal(stacked(photo), np.where(mask, 255, 0))


def bitmap(body: bytes, *, width: int, height: int, bits: int, coding: int = 0) -> bytes:
    """Make a BMP file with a plain 40-byte header and no palette (or a gray one for 8 bits)."""
    palette = bytes(value for level in range(256) for value in (level,) * 3 + (0,))
    palette = palette if bits == 8 else b""
    start = 54 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, coding, len(body), 0, 0, 0, 0)
    return head + info + palette + body


def test_bmp_rows_run_upwards_unless_the_height_is_negative(tmp_path: Path) -> None:
    """The first stored row is the lowest one; with a negative height it is the highest."""
    body = bytes((1, 2, 3, 0, 4, 5, 6, 0))
    upward = read_bytes(bitmap(body, width=1, height=2, bits=24), tmp_path)
    downward = read_bytes(bitmap(body, width=1, height=-2, bits=24), tmp_path)
    assert stacked(upward).tolist() == [[[6, 5, 4]], [[3, 2, 1]]]
    assert stacked(downward).tolist() == [[[3, 2, 1]], [[6, 5, 4]]]


def test_bmp_fourth_bytes_without_a_mask_are_not_opacity(tmp_path: Path) -> None:
    """The unused byte of a 32-bit bitmap is left out, with a remark."""
    photo = read_bytes(bitmap(bytes((1, 2, 3, 200)), width=1, height=1, bits=32), tmp_path)
    assert stacked(photo).tolist() == [[[3, 2, 1]]]
    assert any("fourth bytes" in remark for remark in photo.metadata.remarks)


def test_bmp_run_lengths_are_expanded(tmp_path: Path) -> None:
    """Run-length coded gray is read, and stays gray."""
    data = bitmap(bytes((3, 7, 1, 9, 0, 1)), width=4, height=1, bits=8, coding=1)
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.family is Family.GRAY
    assert stacked(photo).tolist() == [[7, 7, 7, 9]]


@pytest.mark.parametrize(
    "data",
    [
        bitmap(b"\1\2\3", width=1, height=1, bits=24),
        bitmap(bytes(12), width=60_000, height=4_000, bits=24),
        bitmap(bytes(4), width=0, height=1, bits=24),
        bitmap(bytes(4), width=-3, height=1, bits=24),
        bitmap(bytes(4), width=1, height=1, bits=5),
        bitmap(bytes(4), width=1, height=1, bits=24)[:20],
    ],
    ids=["short", "bomb", "no-width", "negative", "five-bits", "header"],
)
def test_a_lying_bmp_is_damaged(tmp_path: Path, data: bytes) -> None:
    """Sizes that the file cannot hold, and headers that make no sense, are damage."""
    with pytest.raises(DamagedError):
        read_bytes(data, tmp_path)


def test_embedded_jpeg_in_bmp_is_refused(tmp_path: Path) -> None:
    """Compressions meant for printers are refused by number."""
    with pytest.raises(UnsupportedError, match="compression 4"):
        read_bytes(bitmap(bytes(8), width=1, height=1, bits=24, coding=4), tmp_path)
