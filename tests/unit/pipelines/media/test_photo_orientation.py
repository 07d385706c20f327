"""Orientation: applied once or kept, never both and never neither, whatever the kind of file."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from pipelines.errors import UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo import Photo, write_photo
from pipelines.media.photo_exif import exif_facts
from pipelines.media.photo_planes import stored_view
from pipelines.media.photo_xmp import xmp_orientation, xmp_upright
from tests.unit.pipelines.media.photo_kit import (
    exif_block,
    gradient,
    pillow_bytes,
    png_chunk,
    read_bytes,
    stacked,
    xmp_packet,
)

STORED = gradient(40, 56)
ALL = range(1, 9)


def oriented(kind: str, orientation: int) -> bytes:
    """Make a file whose tag says `orientation`."""
    if kind == "TIFF":
        exif = Image.Exif()
        exif[0x0112] = orientation
        return pillow_bytes(STORED, kind, tiffinfo=exif)
    more = {"lossless": True} if kind == "WEBP" else {}
    prefix = b"Exif\0\0" if kind == "JPEG" else b""
    return pillow_bytes(STORED, kind, exif=prefix + exif_block(orientation=orientation), **more)


def shown(data: bytes) -> np.ndarray:
    """Turn a file as every viewer does."""
    return np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(data))))


def written(photo: Photo, folder: Path, kind: Kind) -> bytes:
    """Write what was read, and give the file back."""
    path = folder / "result"
    write_photo(path, photo.planes, photo.shape, photo.metadata, kind=kind)
    return path.read_bytes()


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_applying_gives_what_viewers_show(tmp_path: Path, kind: str, orientation: int) -> None:
    """Applied, the samples are what viewers show, without loss, and every tag says 1."""
    data = oriented(kind, orientation)
    photo = read_bytes(data, tmp_path, orientation="apply")
    assert np.array_equal(stacked(photo), shown(data))
    assert photo.metadata.orientation == 1
    assert exif_facts(photo.metadata.exif).orientation in (None, 1)
    said = any("was applied" in remark for remark in photo.metadata.remarks)
    assert said == (orientation != 1)


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_keeping_touches_nothing(tmp_path: Path, kind: str, orientation: int) -> None:
    """Kept, the samples are as stored and the tag still asks viewers to turn them."""
    data = oriented(kind, orientation)
    photo = read_bytes(data, tmp_path, orientation="keep")
    assert np.array_equal(stacked(photo), shown(oriented(kind, 1)))
    assert photo.metadata.orientation == orientation
    assert not any("applied" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("result", [Kind.PNG, Kind.WEBP, Kind.TIFF])
@pytest.mark.parametrize("turn", ["apply", "keep"])
@pytest.mark.parametrize("orientation", ALL)
def test_viewers_show_the_result_as_they_show_the_source(
    tmp_path: Path, orientation: int, turn: str, result: Kind
) -> None:
    """Applied or kept, the finished file looks like the received one in every lossless kind."""
    data = oriented("PNG", orientation)
    made = written(read_bytes(data, tmp_path, orientation=turn), tmp_path, result)
    assert np.array_equal(shown(made), shown(data))


@pytest.mark.parametrize("turn", ["apply", "keep"])
@pytest.mark.parametrize("orientation", ALL)
def test_an_orientation_in_xmp_alone_counts(tmp_path: Path, orientation: int, turn: str) -> None:
    """Where only the XMP packet holds an orientation it is the one, and it is reset in place."""
    data = pillow_bytes(STORED, "PNG")
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(orientation)
    data = data[:33] + png_chunk(b"iTXt", text) + data[33:]
    photo = read_bytes(data, tmp_path, orientation=turn)
    wanted = shown(oriented("PNG", orientation)) if turn == "apply" else STORED
    assert np.array_equal(stacked(photo), wanted)
    left = 1 if turn == "apply" else orientation
    assert photo.metadata.orientation == left
    assert xmp_orientation(photo.metadata.xmp) == left


def test_exif_and_xmp_are_both_reset(tmp_path: Path) -> None:
    """Applied, no tag is left anywhere that would turn the picture a second time."""
    data = pillow_bytes(STORED, "PNG", exif=exif_block(orientation=6))
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(6)
    data = data[:33] + png_chunk(b"iTXt", text) + data[33:]
    made = written(read_bytes(data, tmp_path), tmp_path, Kind.PNG)
    image = Image.open(BytesIO(made))
    assert image.getexif()[0x0112] == 1
    assert xmp_orientation(image.info["xmp"]) == 1


def test_a_disagreement_is_said(tmp_path: Path) -> None:
    """Where EXIF and XMP disagree EXIF counts, and the remark names both values."""
    data = pillow_bytes(STORED, "PNG", exif=exif_block(orientation=6))
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(3)
    data = data[:33] + png_chunk(b"iTXt", text) + data[33:]
    photo = read_bytes(data, tmp_path)
    assert np.array_equal(stacked(photo), shown(oriented("PNG", 6)))
    assert any("orientation 6, XMP says 3" in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("orientation", ALL)
def test_print_resolution_turns_with_the_picture(tmp_path: Path, orientation: int) -> None:
    """A quarter turn swaps the horizontal and the vertical resolution, other turns do not."""
    block = b"Exif\0\0" + exif_block(orientation=orientation)
    data = pillow_bytes(STORED, "JPEG", dpi=(300, 150), exif=block)
    density = read_bytes(data, tmp_path).metadata.resolution
    wanted = (300, 150) if orientation < 5 else (150, 300)
    assert density is not None
    assert (density.x, density.y) == tuple(map(Fraction, wanted))


@pytest.mark.parametrize("order", ["<", ">"])
def test_everything_else_in_the_block_stays(tmp_path: Path, order: str) -> None:
    """Resetting the tag changes two bytes of the block: the maker note's offsets stay valid."""
    block = exif_block(order, orientation=6, width=56, height=40)
    photo = read_bytes(pillow_bytes(STORED, "PNG", exif=block), tmp_path)
    assert photo.metadata.exif is not None
    assert len(photo.metadata.exif) == len(block)
    differing = [at for at, byte in enumerate(block) if photo.metadata.exif[at] != byte]
    assert len(differing) == 1
    assert b"MAKER\0\1\2" in photo.metadata.exif


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_beyond_the_table_is_none(tmp_path: Path, value: int) -> None:
    """A tag outside 1 to 8 turns nothing."""
    data = pillow_bytes(STORED, "PNG", exif=exif_block(orientation=value))
    assert np.array_equal(stacked(read_bytes(data, tmp_path)), STORED)


def test_bmp_cannot_keep_an_orientation(tmp_path: Path) -> None:
    """BMP has no such tag, so writing a picture that is still to be turned is refused."""
    photo = read_bytes(oriented("PNG", 6), tmp_path, orientation="keep")
    with pytest.raises(UnsupportedError, match="orientation 6") as caught:
        write_photo(tmp_path / "out.bmp", photo.planes, photo.shape, photo.metadata, kind=Kind.BMP)
    assert "Apply" in caught.value.next_step


def test_every_xmp_spelling_is_read_and_reset() -> None:
    """Attribute and element, single and double quotes and foreign prefixes are all understood."""
    space = b'xmlns:%s="http://ns.adobe.com/tiff/1.0/"'
    for packet in (
        b"<x " + space % b"tiff" + b" tiff:Orientation='8'/>",
        b"<x " + space % b"tiff" + b"><tiff:Orientation>8</tiff:Orientation></x>",
        b"<x " + space % b"t" + b' t:Orientation = "8"/>',
    ):
        assert xmp_orientation(packet) == 8
        assert xmp_orientation(xmp_upright(packet)) == 1
        assert len(xmp_upright(packet)) == len(packet)
    assert xmp_orientation(b'<x other:Orientation="8"/>') is None


@pytest.mark.parametrize("orientation", ALL)
def test_a_stored_view_never_copies(orientation: int) -> None:
    """Writing through the view lands in the upright plane itself."""
    upright = np.zeros((3, 5), np.uint8)
    view = stored_view(upright, orientation)
    view[0, 0] = 7
    assert np.shares_memory(view, upright)
    corner = {
        1: (0, 0),
        2: (0, 4),
        3: (2, 4),
        4: (2, 0),
        5: (0, 0),
        6: (0, 4),
        7: (2, 4),
        8: (2, 0),
    }
    assert upright[corner[orientation]] == 7
