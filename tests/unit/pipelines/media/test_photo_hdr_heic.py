"""HEIC photographs for HDR displays: codes kept, curve named, colours those of the main picture."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest

from pipelines.media.identify import Kind
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_item_colour import code_points
from pipelines.media.photo_write import write_photo
from tests.unit.pipelines.media.photo_kit import read_bytes, stacked

BT709, BT2020 = 1, 9
SRGB, PQ, HLG = 13, 16, 18
CURVES = [(PQ, "PQ (SMPTE ST 2084)"), (HLG, "HLG (ARIB STD-B67)")]
SIDE = 64


def ramp(*, falling: bool = False) -> np.ndarray:
    """Levels of 10 bits from left to right, as 16 bits, the same in R, G and B."""
    levels = np.linspace(200, 800, SIDE).astype(np.uint16) << 6
    return np.repeat(np.tile(levels[::-1] if falling else levels, (SIDE, 1))[..., None], 3, axis=2)


def heic(*stated: tuple[int, int], primary: int = 0, **options: object) -> bytes:
    """Pictures of 10 bits, each with its primaries and transfer, by the library's own encoder."""
    file = pillow_heif.HeifFile()
    for number, (primaries, transfer) in enumerate(stated):
        samples = ramp(falling=bool(number))
        added = file.add_frombytes("RGB;16", (SIDE, SIDE), samples.tobytes())
        added.info["nclx_profile"] = {
            "color_primaries": primaries, "transfer_characteristics": transfer,
            "matrix_coefficients": 9, "full_range_flag": 1,
        }  # fmt: skip
    out = BytesIO()
    file.save(out, format="HEIF", quality=-1, chroma=444, primary_index=primary, **options)
    return out.getvalue()


@pytest.mark.parametrize(("transfer", "curve"), CURVES)
def test_a_heic_for_hdr_displays_keeps_its_codes_and_names_its_curve(
    transfer: int, curve: str, tmp_path: Path
) -> None:
    """Ten bits come in as coded, without any tone curve, and the remarks name the one they have."""
    photo = read_bytes(heic((BT2020, transfer)), tmp_path)
    assert photo.metadata.original_depth == 10
    said = f"Coded for HDR displays with {curve}; no tone curve was applied."
    assert said in photo.metadata.remarks
    # Codes through Y'CbCr and back: within three of 1023, over the whole ramp.
    assert np.abs(stacked(photo).astype(int) - ramp()).max() <= 3 << 6


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_png_of_it_states_the_same_code_points(transfer: int, tmp_path: Path) -> None:
    """The result as PNG says cICP with those primaries and that transfer, and reads back so."""
    photo = read_bytes(heic((BT2020, transfer)), tmp_path)
    stated = (("cICP", bytes((BT2020, transfer, 0, 1))),)
    assert photo.metadata.colour_chunks == stated
    path = tmp_path / "out.png"
    kept = PhotoMetadata(Kind.PNG, colour_chunks=photo.metadata.colour_chunks)
    write_photo(path, photo.planes, photo.shape, kept)
    assert b"cICP" + stated[0][1] in path.read_bytes()
    assert read_bytes(path.read_bytes(), tmp_path).metadata.colour_chunks == stated


@pytest.mark.parametrize("primary", [0, 1])
def test_colours_are_those_of_the_main_picture(primary: int, tmp_path: Path) -> None:
    """Beside a picture for other displays, whichever stands first, the main one's curve counts."""
    data = heic((BT709, SRGB), (BT2020, PQ), primary=primary)
    photo = read_bytes(data, tmp_path)
    expected = [(BT709, SRGB), (BT2020, PQ)][primary]
    assert photo.metadata.colour_chunks == (("cICP", bytes((*expected, 0, 1))),)
    assert any("HDR" in one for one in photo.metadata.remarks) == bool(primary)
    assert np.abs(stacked(photo).astype(int) - ramp(falling=bool(primary))).max() <= 3 << 6


def test_a_heic_that_states_no_colours_gets_none(tmp_path: Path) -> None:
    """Unknown stays unknown: no code points are made up, and no curve is named."""
    samples = ramp()
    image = pillow_heif.from_bytes("RGB;16", (SIDE, SIDE), samples.tobytes())
    out = BytesIO()
    image.save(out, quality=90, chroma=444, color_primaries=2, transfer_characteristics=2)
    photo = read_bytes(out.getvalue(), tmp_path)
    assert photo.metadata.colour_chunks == ()
    assert not any("HDR" in one for one in photo.metadata.remarks)


def test_a_curve_is_named_where_the_primaries_are_not_stated(tmp_path: Path) -> None:
    """Half a statement is kept as half: the curve is said, and no primaries are made up."""
    photo = read_bytes(heic((2, PQ)), tmp_path)
    assert any("PQ" in one for one in photo.metadata.remarks)
    assert photo.metadata.colour_chunks == ()


def box(kind: bytes, *content: bytes) -> bytes:
    """One box."""
    inside = b"".join(content)
    return struct.pack(">I", 8 + len(inside)) + kind + inside


def tiled(*, wide: bool, own_colours: bool) -> bytes:
    """What is said of a picture that is put together of tiles; its colours may be theirs alone."""
    number = ">I" if wide else ">H"
    version = bytes((int(wide), 0, 0, 0))
    colours = [box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 9, 0x80))
               for primaries, transfer in ((BT2020, HLG), (BT709, SRGB))]  # fmt: skip
    first = struct.pack(number, 7) + (b"\x01\x82" if own_colours else b"\x00")
    tile = struct.pack(number, 3) + b"\x01\x81"
    return b"".join((
        box(b"ftyp", b"heic", bytes(4)),
        box(b"meta", bytes(4),
            box(b"pitm", version, struct.pack(number, 7)),
            box(b"iref", version, box(b"dimg", struct.pack(number, 7), struct.pack(">H", 2),
                                      struct.pack(number, 3), struct.pack(number, 4))),
            box(b"iprp", box(b"ipco", *colours),
                box(b"ipma", version, struct.pack(">I", 2), tile, first))),
    ))  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("own_colours", [False, True])
def test_a_picture_of_tiles_has_its_own_colours_or_theirs(*, wide: bool, own_colours: bool) -> None:
    """Where the whole states nothing its first tile speaks for it; else the whole does."""
    expected = (BT709, SRGB) if own_colours else (BT2020, HLG)
    assert code_points(tiled(wide=wide, own_colours=own_colours)) == expected


def test_boxes_that_make_no_sense_state_nothing() -> None:
    """Cut or scratched anywhere, it is these code points or none, and never an exception."""
    data = tiled(wide=False, own_colours=True)
    for place in range(len(data)):
        assert code_points(data[:place]) == (None, None)
        for other in (0x00, 0xFF, data[place] ^ 1):
            code_points(data[:place] + bytes((other,)) + data[place + 1 :])
