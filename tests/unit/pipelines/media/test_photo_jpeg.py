"""JPEG files as they come."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import DamagedError
from pipelines.media.photo import PhotoLimits
from pipelines.media.photo_header import read_header
from pipelines.media.picture import Family
from tests.unit.pipelines.media.photo_kit import gradient, pillow_bytes, read_bytes, stacked


@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 2},
        {"subsampling": 1},
        {"subsampling": 0},
        {"progressive": True},
        {"restart_marker_blocks": 3},
        {"keep_rgb": True},
    ],
    ids="-".join,
)
def test_samples_are_those_of_the_reference_decoder(tmp_path: Path, options: dict) -> None:
    """Every coding gives the samples that Pillow's libjpeg-turbo gives."""
    data = pillow_bytes(gradient(), "JPEG", quality=85, **options)
    photo = read_bytes(data, tmp_path)
    assert np.array_equal(stacked(photo), np.asarray(Image.open(BytesIO(data))))


def test_gray_stays_gray(tmp_path: Path) -> None:
    """A JPEG file with one component has one plane."""
    data = pillow_bytes(gradient()[..., 0].copy(), "JPEG")
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.family is Family.GRAY
    assert np.array_equal(stacked(photo), np.asarray(Image.open(BytesIO(data))))


def test_the_lossy_decoding_is_remarked(tmp_path: Path) -> None:
    """The remarks name the decoder, the conversion and the chroma sampling."""
    photo = read_bytes(pillow_bytes(gradient(), "JPEG", subsampling=2), tmp_path)
    assert any(
        "libjpeg-turbo" in remark and "sampling 2x2 1x1 1x1" in remark and "BT.601" in remark
        for remark in photo.metadata.remarks
    )


def whole() -> bytes:
    """Make an intact file."""
    return pillow_bytes(gradient(200, 300), "JPEG", quality=90)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_truncation_is_found(tmp_path: Path, kept: float, *, progressive: bool) -> None:
    """A file that ends early is damaged, wherever it was cut."""
    data = pillow_bytes(gradient(200, 300), "JPEG", quality=90, progressive=progressive)
    with pytest.raises(DamagedError):
        read_bytes(data[: int(len(data) * kept)], tmp_path)


def test_a_missing_end_mark_is_found(tmp_path: Path) -> None:
    """Even the two bytes of the end mark are missed."""
    with pytest.raises(DamagedError):
        read_bytes(whole()[:-2], tmp_path)


def test_invalid_codes_are_found(tmp_path: Path) -> None:
    """Sixty bytes of ones in the middle of the data are no valid Huffman codes."""
    data = bytearray(whole())
    middle = len(data) * 3 // 4
    data[middle : middle + 60] = b"\xfe" * 60
    with pytest.raises(DamagedError, match="corrupt"):
        read_bytes(bytes(data), tmp_path)


def test_a_real_file_with_bad_codes_is_refused(tmp_path: Path, shared: Path) -> None:
    """A real file whose data does not fit its Huffman tables is damaged, not a picture."""
    data = (shared / "media" / "tc_bad_huffman.jpg").read_bytes()
    with pytest.raises(DamagedError, match="Huffman"):
        read_bytes(data, tmp_path)


@pytest.mark.parametrize("tail", [b"\0" * 64, b"trailing words", b"\xff\xd8\xff\xe0 more"])
def test_what_follows_the_end_does_not_disturb(tmp_path: Path, tail: bytes) -> None:
    """Phones append data after the picture: the samples are the same with it and without."""
    plain = read_bytes(whole(), tmp_path)
    assert read_bytes(whole() + tail, tmp_path).digest == plain.digest


@pytest.mark.parametrize("cut", [3, 10, 100, 400])
def test_a_header_alone_is_damaged(cut: int) -> None:
    """A file that ends before its first scan is damaged, without any decoder."""
    with pytest.raises(DamagedError):
        read_header(memoryview(whole()[:cut]), PhotoLimits())


def test_profiles_are_joined_from_their_parts_in_number_order(tmp_path: Path) -> None:
    """A profile in several segments is one profile; with one part missing there is none."""
    profile = bytes(range(256)) * 600
    data = pillow_bytes(gradient(), "JPEG", icc_profile=profile)
    assert read_bytes(data, tmp_path).metadata.icc == profile
    start = data.index(b"ICC_PROFILE\0\x02")
    broken = data[:start] + b"ICC_PROFILX\0\x02" + data[start + 13 :]
    photo = read_bytes(broken, tmp_path)
    assert photo.metadata.icc is None
    assert any("incomplete" in remark for remark in photo.metadata.remarks)
