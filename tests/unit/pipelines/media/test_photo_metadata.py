"""What a photo says beside its samples: carried as received, or its loss is remarked."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.errors import UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo import PhotoMetadata, Resolution, write_photo
from pipelines.media.photo_exif import exif_facts, for_size
from pipelines.media.picture import FrameShape
from tests.unit.pipelines.media.photo_kit import (
    exif_block,
    gradient,
    layout,
    noise,
    pillow_bytes,
    png_chunk,
    read_bytes,
    xmp_packet,
)

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SHAPE = FrameShape(48, 64, layout("rgb/8"))
FULL = PhotoMetadata(
    Kind.PNG,
    icc=PROFILE,
    exif=exif_block(orientation=1),
    xmp=xmp_packet(1),
    resolution=Resolution(Fraction(300), Fraction(150)),
)
EXIF_KINDS = (Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.TIFF)


def made(folder: Path, kind: Kind, metadata: PhotoMetadata = FULL) -> tuple[bytes, tuple[str, ...]]:
    """Write a picture with `metadata` as `kind`; the file and the remarks."""
    path = folder / "made"
    remarks = write_photo(path, noise(SHAPE), SHAPE, metadata, kind=kind)
    return path.read_bytes(), remarks


@pytest.mark.parametrize("kind", EXIF_KINDS)
def test_blocks_come_back_as_they_went_in(tmp_path: Path, kind: Kind) -> None:
    """ICC and XMP survive byte for byte, EXIF field for field, resolution to the number."""
    data, remarks = made(tmp_path, kind)
    metadata = read_bytes(data, tmp_path).metadata
    assert (metadata.icc, metadata.xmp) == (FULL.icc, FULL.xmp)
    assert metadata.exif is not None
    assert b"MAKER\0\1\2" in metadata.exif
    if kind is not Kind.TIFF:
        assert metadata.exif == FULL.exif
    if kind is not Kind.WEBP:
        assert metadata.resolution is not None
        assert float(metadata.resolution.x) == pytest.approx(300, abs=0.02)
        assert float(metadata.resolution.y) == pytest.approx(150, abs=0.02)
    assert remarks == ()


@pytest.mark.parametrize("kind", EXIF_KINDS)
def test_another_library_finds_the_blocks(tmp_path: Path, kind: Kind) -> None:
    """Pillow reads the same profile, maker and orientation from what we write."""
    image = Image.open(BytesIO(made(tmp_path, kind)[0]))
    assert image.info["icc_profile"] == PROFILE
    exif = image.getexif()
    assert exif[0x010F].rstrip("\0") == "Acme"
    assert exif.get(0x0112, 1) == 1
    assert exif.get_ifd(0x8769)[0xA002] == 64


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("kind", EXIF_KINDS)
def test_exiftool_finds_no_fault(tmp_path: Path, kind: Kind) -> None:
    """The strictest reader of metadata validates the file and names the maker."""
    path = tmp_path / f"made{kind.suffix}"
    path.write_bytes(made(tmp_path, kind)[0])
    options = ["-json", "-G1", "-warning", "-error", "-Make", "-ImageWidth", "-ProfileDescription"]
    told = subprocess.run(
        ["exiftool", *options, str(path)], capture_output=True, check=True, text=True
    )
    (facts,) = json.loads(told.stdout)
    faults = {value for key, value in facts.items() if "Warning" in key or "Error" in key}
    assert faults <= {"[minor] Unrecognized MakerNotes"}  # the note of the test is made up
    assert facts["IFD0:Make"] == "Acme"
    assert any(key.endswith(":ImageWidth") and value == 64 for key, value in facts.items())
    assert "ICC_Profile:ProfileDescription" in facts


def test_bmp_says_what_it_drops(tmp_path: Path) -> None:
    """BMP carries the profile and the resolution; the loss of EXIF and XMP is remarked."""
    data, remarks = made(tmp_path, Kind.BMP)
    metadata = read_bytes(data, tmp_path).metadata
    assert metadata.icc == PROFILE
    assert metadata.resolution is not None
    assert float(metadata.resolution.x) == pytest.approx(300, abs=0.02)
    assert remarks == ("BMP carries no EXIF block.", "BMP carries no XMP packet.")


def test_the_recorded_size_follows_the_result(tmp_path: Path) -> None:
    """A result of another size gets its own pixel size into the block, with a remark."""
    metadata = replace(FULL, exif=exif_block(orientation=1, width=32, height=24))
    data, remarks = made(tmp_path, Kind.PNG, metadata)
    details = Image.open(BytesIO(data)).getexif().get_ifd(0x8769)
    assert (details[0xA002], details[0xA003]) == (64, 48)
    assert any("recorded pixel size" in remark for remark in remarks)


def test_a_thumbnail_of_another_picture_is_unlinked() -> None:
    """Where the size changes, the thumbnail would show the source: its directory is cut off."""
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    exif.get_ifd(0x8769)[0xA002] = 32
    exif.get_ifd(0x8769)[0xA003] = 24
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    order = "little" if block[:2] == b"II" else "big"
    first = int.from_bytes(block[4:8], order)
    count = int.from_bytes(block[first : first + 2], order)
    link = first + 2 + 12 * count
    block[link : link + 4] = len(block).to_bytes(4, order)
    block += (0).to_bytes(6, order)
    same, none = for_size(bytes(block), height=24, width=32)
    changed, remarks = for_size(bytes(block), height=48, width=64)
    assert (same, none) == (bytes(block), ())
    assert changed[link : link + 4] == bytes(4)
    assert "thumbnail" in remarks[0]


@pytest.mark.parametrize("damage", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"no block at all"])
def test_a_damaged_block_is_carried_unread(tmp_path: Path, damage: bytes) -> None:
    """EXIF that does not parse turns nothing, is carried as it is, and is remarked."""
    assert exif_facts(damage).orientation is None
    assert exif_facts(damage).remarks
    if damage:
        data = pillow_bytes(gradient(), "PNG", exif=damage)
        metadata = read_bytes(data, tmp_path).metadata
        assert metadata.exif == damage
        assert any("damaged" in remark for remark in metadata.remarks)
        assert read_bytes(made(tmp_path, Kind.PNG, metadata)[0], tmp_path).metadata.exif == damage


@pytest.mark.parametrize(("name", "space"), [("gray/8", b"RGB "), ("rgb/8", b"GRAY")])
def test_a_profile_of_another_space_is_left_out(tmp_path: Path, name: str, space: bytes) -> None:
    """A colour profile in a gray file, or the reverse, would be invalid; leaving it is said."""
    shape = FrameShape(5, 7, layout(name))
    profile = PROFILE[:16] + space + PROFILE[20:]
    metadata = PhotoMetadata(Kind.PNG, icc=profile)
    remarks = write_photo(tmp_path / "made", noise(shape), shape, metadata, kind=Kind.PNG)
    assert any("another colour space" in remark for remark in remarks)
    assert read_bytes((tmp_path / "made").read_bytes(), tmp_path).metadata.icc is None


def test_png_colour_chunks_survive_in_png_and_only_there(tmp_path: Path) -> None:
    """Chunks gAMA and cHRM survive in PNG; other kinds say by name that they have no place."""
    chunks = (("cHRM", bytes(range(32))), ("gAMA", b"\0\0\xb1\x8f"))
    metadata = replace(FULL, icc=None, colour_chunks=chunks)
    data, remarks = made(tmp_path, Kind.PNG, metadata)
    assert sorted(read_bytes(data, tmp_path).metadata.colour_chunks) == list(chunks)
    assert remarks == ()
    assert "cHRM, gAMA" in made(tmp_path, Kind.TIFF, metadata)[1][0]


def test_what_has_no_room_in_jpeg_is_said(tmp_path: Path) -> None:
    """A packet longer than one JPEG segment is left out with its size in the remark."""
    data, remarks = made(tmp_path, Kind.JPEG, replace(FULL, xmp=xmp_packet(1) + b" " * 70_000))
    assert read_bytes(data, tmp_path).metadata.xmp is None
    assert any("XMP packet of 70" in remark for remark in remarks)


def test_an_orientation_that_has_no_room_is_refused(tmp_path: Path) -> None:
    """Dropping a block that says how to turn the picture is a refusal, not a remark."""
    exif = exif_block(orientation=6) + bytes(70_000)
    with pytest.raises(UnsupportedError, match="orientation"):
        made(tmp_path, Kind.JPEG, replace(FULL, exif=exif, orientation=6))


def test_a_long_profile_is_cut_into_segments(tmp_path: Path) -> None:
    """A profile longer than one JPEG segment comes back whole."""
    profile = PROFILE[:128] + np.random.default_rng(0).bytes(200_000)
    data, remarks = made(tmp_path, Kind.JPEG, replace(FULL, icc=profile))
    assert read_bytes(data, tmp_path).metadata.icc == profile
    assert Image.open(BytesIO(data)).info["icc_profile"] == profile
    assert remarks == ()


@pytest.mark.parametrize("space", ["sRGB", "XYZ"])
def test_a_profile_is_never_applied(tmp_path: Path, space: str) -> None:
    """The samples are the same with a profile as without: it is carried, not used."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()
    with_it = read_bytes(pillow_bytes(gradient(), "PNG", icc_profile=icc), tmp_path)
    without = read_bytes(pillow_bytes(gradient(), "PNG"), tmp_path)
    assert with_it.metadata.icc == icc
    assert with_it.digest == without.digest


def test_resolution_without_a_unit_is_unknown(tmp_path: Path) -> None:
    """A PNG that states only the pixels' aspect has no print resolution: unknown stays unknown."""
    data = pillow_bytes(gradient(), "PNG")
    aspect = png_chunk(b"pHYs", b"\0\0\0\2\0\0\0\1\0")
    assert read_bytes(data[:33] + aspect + data[33:], tmp_path).metadata.resolution is None


def test_metric_resolution_is_exact(tmp_path: Path) -> None:
    """11811 dots per metre are 11811 * 0.0254 dots per inch, without rounding."""
    data = pillow_bytes(gradient(), "PNG")
    metres = png_chunk(b"pHYs", (11_811).to_bytes(4, "big") * 2 + b"\1")
    density = read_bytes(data[:33] + metres + data[33:], tmp_path).metadata.resolution
    assert density == Resolution(Fraction(11_811 * 254, 10_000), Fraction(11_811 * 254, 10_000))
