"""What is written is what is read."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import UnsupportedError
from pipelines.media.identify import Kind, identify
from pipelines.media.photo import PhotoMetadata, header, read_photo, write_photo
from pipelines.media.picture import FrameShape
from tests.unit.pipelines.media.photo_kit import LAYOUTS, ThreadPool, layout, noise

SIDES = st.integers(1, 40) | st.sampled_from([1, 2, 255, 257, 300])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(LAYOUTS),
    height=SIDES,
    width=SIDES,
    kind=st.sampled_from([Kind.PNG, Kind.TIFF]),
    seed=st.integers(0, 1000),
)
def test_every_layout_survives(name: str, height: int, width: int, kind: Kind, seed: int) -> None:
    """PNG and TIFF hand back the same samples, layout and digest, at any size and depth."""
    shape = FrameShape(height, width, layout(name))
    planes = noise(shape, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        assert write_photo(path, planes, shape, PhotoMetadata(kind), kind=kind) == ()
        photo = read_photo(ThreadPool(), path, scratch=Path(folder), orientation="apply")
        assert header(ThreadPool(), path).shape == shape
    assert photo.shape == shape
    assert photo.metadata.kind is kind
    assert all(np.array_equal(a, b) for a, b in zip(planes, photo.planes, strict=True))
    little = (plane.astype(plane.dtype.newbyteorder("<")).tobytes() for plane in planes)
    assert photo.digest == hashlib.sha256(b"".join(little)).digest()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 53), (70, 1), (1, 70)])
@pytest.mark.parametrize("kind", [Kind.WEBP, Kind.BMP])
@pytest.mark.parametrize("name", ["rgb/8", "rgb+alpha/8"])
def test_eight_bit_colour_survives(
    tmp_path: Path, name: str, kind: Kind, height: int, width: int
) -> None:
    """WebP without a quality and BMP are lossless for 8-bit colour, fully transparent included."""
    shape = FrameShape(height, width, layout(name))
    planes = noise(shape)
    if shape.layout.alpha:
        planes[-1][0] = 0
    write_photo(tmp_path / "a", planes, shape, PhotoMetadata(kind), kind=kind)
    photo = read_photo(ThreadPool(), tmp_path / "a", scratch=tmp_path, orientation="keep")
    assert photo.shape == shape
    assert all(np.array_equal(a, b) for a, b in zip(planes, photo.planes, strict=True))


def test_gray_bmp_stays_gray(tmp_path: Path) -> None:
    """BMP carries gray through a palette of grays, and it is gray again when read."""
    shape = FrameShape(11, 7, layout("gray/8"))
    planes = noise(shape)
    write_photo(tmp_path / "a", planes, shape, PhotoMetadata(Kind.BMP), kind=Kind.BMP)
    photo = read_photo(ThreadPool(), tmp_path / "a", scratch=tmp_path, orientation="keep")
    assert photo.shape == shape
    assert np.array_equal(photo.planes[0], planes[0])


@pytest.mark.parametrize("kind", [Kind.WEBP, Kind.BMP])
def test_gray_with_alpha_becomes_equal_colours_with_a_remark(tmp_path: Path, kind: Kind) -> None:
    """A kind without gray and opacity holds equal R, G, B, and the remark says so."""
    shape = FrameShape(11, 7, layout("gray+alpha/8"))
    gray, alpha = noise(shape)
    remarks = write_photo(tmp_path / "a", (gray, alpha), shape, PhotoMetadata(kind), kind=kind)
    assert any("equal R, G, B" in remark for remark in remarks)
    photo = read_photo(ThreadPool(), tmp_path / "a", scratch=tmp_path, orientation="keep")
    assert all(np.array_equal(plane, gray) for plane in photo.planes[:3])
    assert np.array_equal(photo.planes[3], alpha)


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.TIFF, Kind.WEBP, Kind.BMP])
@pytest.mark.parametrize("name", ["gray/8", "rgb/8", "rgb+alpha/8"])
def test_another_reader_sees_the_same_samples(tmp_path: Path, name: str, kind: Kind) -> None:
    """What we write, Pillow reads sample for sample."""
    shape = FrameShape(29, 31, layout(name))
    planes = noise(shape)
    write_photo(tmp_path / "a", planes, shape, PhotoMetadata(kind), kind=kind)
    assert identify((tmp_path / "a").read_bytes()) is kind
    mode = {"gray/8": "L", "rgb/8": "RGB", "rgb+alpha/8": "RGBA"}[name]
    with Image.open(tmp_path / "a") as image:
        seen = np.asarray(image.convert(mode))
    assert np.array_equal(seen.reshape(29, 31, -1), np.stack(planes, axis=-1))


@pytest.mark.parametrize("name", ["gray/8", "rgb/8"])
def test_jpeg_is_close_and_full_resolution_in_colour(tmp_path: Path, name: str) -> None:
    """JPEG results keep smooth content within a few codes and never subsample chroma."""
    shape = FrameShape(48, 64, layout(name))
    y, x = np.mgrid[0:48, 0:64]
    planes = tuple((2 * x + y + 20 * k).astype(np.uint8) for k in range(shape.layout.plane_count))
    write_photo(tmp_path / "a", planes, shape, PhotoMetadata(Kind.JPEG), kind=Kind.JPEG)
    photo = read_photo(ThreadPool(), tmp_path / "a", scratch=tmp_path, orientation="keep")
    assert photo.shape == shape
    for before, after in zip(planes, photo.planes, strict=True):
        assert np.abs(before.astype(int) - after.astype(int)).max() <= 4
    sampling = "sampling 1x1 1x1 1x1" if name == "rgb/8" else "decoding of gray"
    assert any(sampling in remark for remark in photo.metadata.remarks)


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.TIFF, Kind.BMP])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, kind: Kind) -> None:
    """Files are deterministic: writing twice gives equal bytes."""
    shape = FrameShape(67, 45, layout("rgb/8"))
    for name in ("a", "b"):
        write_photo(tmp_path / name, noise(shape), shape, PhotoMetadata(kind), kind=kind)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rgb/16", Kind.JPEG),
        ("rgb/16", Kind.WEBP),
        ("gray/16", Kind.BMP),
        ("rgb+alpha/8", Kind.JPEG),
        ("gray+alpha/8", Kind.JPEG),
        ("rgb/8", Kind.GIF),
        ("rgb/8", Kind.UNKNOWN),
    ],
)
def test_what_a_kind_cannot_hold_is_refused(tmp_path: Path, name: str, kind: Kind) -> None:
    """Depth or opacity that a kind cannot hold is refused with a next step, and no file appears."""
    shape = FrameShape(4, 4, layout(name))
    with pytest.raises(UnsupportedError) as caught:
        write_photo(tmp_path / "a", noise(shape), shape, PhotoMetadata(kind), kind=kind)
    assert "PNG" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []
