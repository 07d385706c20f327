"""TIFF files as they come."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipelines.errors import DamagedError, TooLargeError, UnsupportedError
from pipelines.media.photo import PhotoLimits
from pipelines.media.photo_exif import Field
from tests.unit.pipelines.media.photo_kit import (
    gradient,
    number_field,
    packed_rows,
    pillow_bytes,
    read_bytes,
    stacked,
    tiff_bytes,
)

COLOUR = gradient()
DEEP = COLOUR.astype(np.uint16) * 257 + 3
GRAY = DEEP[..., 2].copy()


def coded(samples: np.ndarray, **options: object) -> bytes:
    """Code samples with tifffile."""
    out = BytesIO()
    tifffile.imwrite(out, samples, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("samples", "options"),
    [
        (COLOUR, {}),
        (DEEP, {}),
        (DEEP, {"byteorder": ">"}),
        (DEEP, {"bigtiff": True}),
        (COLOUR, {"tile": (16, 32)}),
        (DEEP, {"compression": "zlib", "predictor": True, "rowsperstrip": 7}),
    ],
    ids=["8", "16", "big-endian", "bigtiff", "tiles", "deflate"],
)
def test_arrangements_give_the_same_samples(
    tmp_path: Path, samples: np.ndarray, options: dict
) -> None:
    """Depth, byte order, BigTIFF, tiles and compression do not change a sample."""
    photo = read_bytes(coded(samples, photometric="rgb", **options), tmp_path)
    assert np.array_equal(stacked(photo), samples)
    assert photo.shape.layout.depth == 8 * samples.itemsize


@pytest.mark.parametrize("samples", [COLOUR, DEEP], ids=["8", "16"])
def test_separate_planes_are_joined(tmp_path: Path, samples: np.ndarray) -> None:
    """Planes stored one after the other are the same picture."""
    planes = np.moveaxis(samples, -1, 0).copy()
    data = coded(planes, photometric="rgb", planarconfig="separate")
    assert np.array_equal(stacked(read_bytes(data, tmp_path)), samples)


@pytest.mark.parametrize("samples", [COLOUR[..., 0].copy(), GRAY], ids=["8", "16"])
def test_white_is_zero_is_inverted(tmp_path: Path, samples: np.ndarray) -> None:
    """Gray that is stored as white-is-zero is turned so that 0 is black, with a remark."""
    photo = read_bytes(coded(samples, photometric="miniswhite"), tmp_path)
    assert np.array_equal(stacked(photo), np.iinfo(samples.dtype).max - samples)
    assert any("white as 0" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_narrow_gray_is_scaled(tmp_path: Path, depth: int, *, inverted: bool) -> None:
    """Gray of 1, 2 or 4 bits fills 0..255 exactly, in either polarity."""
    values = (np.arange(13 * 5).reshape(5, 13) % (1 << depth)).astype(np.uint8)
    fields = {
        256: number_field("<", 13),
        257: number_field("<", 5),
        258: number_field("<", depth),
        259: number_field("<", 1),
        262: number_field("<", 0 if inverted else 1),
        277: number_field("<", 1),
        278: number_field("<", 5),
    }
    photo = read_bytes(tiff_bytes(b"".join(packed_rows(values, depth)), fields), tmp_path)
    scaled = values * (255 // ((1 << depth) - 1))
    assert np.array_equal(stacked(photo), 255 - scaled if inverted else scaled)
    assert photo.metadata.original_depth == depth


def test_palette_colours_are_looked_up(tmp_path: Path) -> None:
    """Palette indices become 8-bit colours."""
    image = Image.fromarray(COLOUR).quantize(32)
    photo = read_bytes(pillow_bytes(image, "TIFF"), tmp_path)
    assert photo.metadata.palette
    assert np.array_equal(stacked(photo), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
def test_usual_compressions_are_read(tmp_path: Path, compression: str) -> None:
    """The samples are those that Pillow reads, whatever the compression."""
    data = pillow_bytes(COLOUR, "TIFF", compression=compression)
    photo = read_bytes(data, tmp_path)
    assert np.array_equal(stacked(photo), np.asarray(Image.open(BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("samples", [COLOUR, DEEP], ids=["8", "16"])
def test_straight_opacity_is_carried_untouched(tmp_path: Path, samples: np.ndarray) -> None:
    """Colour under zero opacity keeps its samples: nothing is premultiplied."""
    alpha = np.where(samples[..., :1] > samples.mean(), 0, 77).astype(samples.dtype)
    joined = np.dstack([samples, alpha])
    data = coded(joined, photometric="rgb", extrasamples=["unassalpha"])
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.alpha
    assert photo.assumptions == ()
    assert np.array_equal(stacked(photo), joined)


def test_an_unexplained_sample_is_an_assumption(tmp_path: Path) -> None:
    """A fourth sample of unspecified meaning is taken as opacity, and that is said."""
    joined = np.dstack([COLOUR, COLOUR[..., :1]])
    data = coded(joined, photometric="rgb", extrasamples=["unspecified"])
    photo = read_bytes(data, tmp_path)
    assert photo.shape.layout.alpha
    assert any("opacity assumed" in line for line in photo.assumptions)


def test_the_first_of_many_pages_is_taken(tmp_path: Path) -> None:
    """Of three pages the first is read, and the remark says that two were not."""
    pages = [Image.fromarray(picture) for picture in (COLOUR, 255 - COLOUR, COLOUR // 2)]
    data = pillow_bytes(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    photo = read_bytes(data, tmp_path)
    assert photo.metadata.pages == 3
    assert np.array_equal(stacked(photo), COLOUR)
    assert any("2 pages were not" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (coded(COLOUR.astype(np.float32), photometric="rgb"), "floating point"),
        (coded(GRAY.astype(np.int16), photometric="minisblack"), "signed"),
        (coded(GRAY.astype(np.uint32), photometric="minisblack"), "32 bits"),
        (
            coded(
                np.dstack([COLOUR, COLOUR[..., :1]]),
                photometric="separated",
                extratags=[(332, "H", 1, 2, True)],
            ),
            "other inks",
        ),
        (
            coded(
                np.dstack([COLOUR, COLOUR[..., :1]]),
                photometric="separated",
                extratags=[(336, "H", 2, (16, 235), True)],
            ),
            "other inks",
        ),
        (
            coded(
                np.dstack([COLOUR, COLOUR[..., :2]]),
                photometric="separated",
                extrasamples=["unassalpha"],
            ),
            "without opacity",
        ),
        (pillow_bytes(Image.fromarray(COLOUR).convert("LAB"), "TIFF"), "Lab"),
        (pillow_bytes(Image.fromarray(COLOUR).convert("YCbCr"), "TIFF"), "YCbCr"),
        (
            coded(
                np.dstack([COLOUR, COLOUR[..., :1]]),
                photometric="rgb",
                extrasamples=["assocalpha"],
            ),
            "premultiplied",
        ),
        (
            coded(
                np.dstack([COLOUR, COLOUR[..., :2]]),
                photometric="rgb",
                planarconfig="contig",
                extrasamples=["unspecified", "unspecified"],
            ),
            "2 samples",
        ),
    ],
    ids=[
        "float",
        "signed",
        "32",
        "spot inks",
        "inks in a part of the range",
        "inks and opacity",
        "lab",
        "ycbcr",
        "premultiplied",
        "two-extra",
    ],
)
def test_what_is_not_read_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    """Sample forms and colour spaces that are not worked on are refused by name."""
    with pytest.raises(UnsupportedError, match=reason) as caught:
        read_bytes(data, tmp_path)
    assert caught.value.next_step


@pytest.mark.parametrize("byte", [b"\0", b"\xff"])
def test_corrupt_strips_are_found(tmp_path: Path, byte: bytes) -> None:
    """A strip whose checksum does not hold is damage."""
    data = coded(COLOUR, photometric="rgb", compression="zlib", rowsperstrip=8)
    middle = len(data) * 2 // 3
    with pytest.raises(DamagedError):
        read_bytes(data[:middle] + byte * 20 + data[middle + 20 :], tmp_path)


@pytest.mark.parametrize("missing", [1, 100, 5000])
def test_missing_samples_are_found(tmp_path: Path, missing: int) -> None:
    """A single missing byte of the samples is damage."""
    with pytest.raises(DamagedError):
        read_bytes(coded(COLOUR, photometric="rgb")[:-missing], tmp_path)


def test_a_loop_of_pages_ends(tmp_path: Path) -> None:
    """A directory that names itself as the next one is one page."""
    data = bytearray(coded(COLOUR, photometric="rgb"))
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    following = start + 2 + 12 * entries
    data[following : following + 4] = start.to_bytes(4, "little")
    assert read_bytes(bytes(data), tmp_path).metadata.pages == 1


def test_one_giant_strip_is_within_the_decoder_limit(tmp_path: Path) -> None:
    """What the decoder needs beside the planes is computed from the header, and bounded."""
    data = coded(COLOUR, photometric="rgb", rowsperstrip=48)
    with pytest.raises(TooLargeError, match="Decoding needs"):
        read_bytes(data, tmp_path, limits=PhotoLimits(decoder_bytes=10_000))


def test_descriptive_tags_become_an_exif_block(tmp_path: Path) -> None:
    """What the first directory tells about the picture travels as EXIF to other kinds."""
    fields = {
        256: number_field("<", 2),
        257: number_field("<", 1),
        258: number_field("<", 8),
        262: number_field("<", 1),
        271: Field(2, 5, b"Acme\0"),
        306: Field(2, 20, b"2020:01:02 03:04:05\0"),
        278: number_field("<", 1),
    }
    photo = read_bytes(tiff_bytes(b"\1\2", fields), tmp_path)
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + (photo.metadata.exif or b""))
    assert exif[271] == "Acme"
    assert exif[306] == "2020:01:02 03:04:05"
    assert 256 not in exif
