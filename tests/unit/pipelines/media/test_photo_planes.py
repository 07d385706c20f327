"""Memory for planes: in memory when small, in a nameless scratch file when large."""

from __future__ import annotations

import hashlib
import resource
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import DiskFullError, UnreadableError
from pipelines.media import photo_planes
from pipelines.media.identify import Kind
from pipelines.media.photo import new_planes, planes_digest, write_photo
from pipelines.media.photo_facts import PhotoMetadata
from pipelines.media.photo_planes import allocate_planes, plane_views
from pipelines.media.picture import Family, FrameShape, PixelLayout
from tests.unit.pipelines.media.photo_kit import LAYOUTS, layout, noise, read_bytes

SHAPE = FrameShape(33, 47, layout("rgb+alpha/16"))


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every picture of more than a kilobyte a large one."""
    monkeypatch.setattr(photo_planes, "IN_MEMORY_BYTES", 1024)


def open_descriptors() -> int:
    """Count what this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def backing(shape: FrameShape, folder: Path) -> str:
    """Tell what the descriptor of the planes points to."""
    memory = allocate_planes(shape, scratch=folder)
    try:
        return str(Path(f"/proc/self/fd/{memory.fd}").readlink())
    finally:
        memory.close_descriptor()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel what a descriptor is")
def test_size_decides_where_planes_lie(tmp_path: Path, small_memory: None) -> None:
    """Up to the limit planes are memory; beyond it they lie in the scratch folder, nameless."""
    assert backing(FrameShape(32, 32, layout("gray/8")), tmp_path).startswith("/memfd:")
    assert backing(FrameShape(32, 33, layout("gray/8")), tmp_path).startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_new_planes_are_zero_writable_and_apart(
    tmp_path: Path, small_memory: None, name: str
) -> None:
    """File-backed planes behave as arrays: right shapes, zero, and none overlaps another."""
    shape = FrameShape(33, 47, layout(name))
    planes = new_planes(shape, scratch=tmp_path)
    assert len(planes) == shape.layout.plane_count
    for number, plane in enumerate(planes):
        assert plane.shape == (33, 47)
        assert not plane.any()
        plane[...] = number + 1
    assert [int(plane.min()) for plane in planes] == [*range(1, len(planes) + 1)]


def test_chroma_planes_have_their_own_size(tmp_path: Path) -> None:
    """Subsampled planes of odd pictures round up, as the layout says."""
    shape = FrameShape(5, 7, PixelLayout(Family.YCBCR, chroma_x=1, chroma_y=1))
    assert [plane.shape for plane in new_planes(shape, scratch=tmp_path)] == [
        (5, 7),
        (3, 4),
        (3, 4),
    ]


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.TIFF, Kind.BMP, Kind.WEBP])
@pytest.mark.parametrize("turn", ["apply", "keep"])
def test_large_pictures_go_the_same_way(
    tmp_path: Path, small_memory: None, kind: Kind, turn: str
) -> None:
    """A picture in a scratch file is written and read to the same samples and digest."""
    shape = FrameShape(33, 47, layout("rgb/8"))
    planes = new_planes(shape, scratch=tmp_path)
    for plane, samples in zip(planes, noise(shape), strict=True):
        plane[...] = samples
    write_photo(tmp_path / "out", planes, shape, PhotoMetadata(kind), kind=kind)
    photo = read_bytes((tmp_path / "out").read_bytes(), tmp_path, orientation=turn)
    assert photo.digest == planes_digest(noise(shape))
    assert not any(plane.flags.writeable for plane in photo.planes)


@given(
    height=st.integers(1, 600),
    width=st.integers(1, 9),
    name=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 9),
)
def test_the_digest_is_the_documented_one(height: int, width: int, name: str, seed: int) -> None:
    """Anyone can recompute it: SHA-256 over planes in order, tight rows, little-endian."""
    shape = FrameShape(height, width, layout(name))
    planes = noise(shape, seed)
    code = "<u2" if shape.layout.depth > 8 else "u1"
    spelled = b"".join(plane.astype(code).tobytes() for plane in planes)
    assert planes_digest(planes) == hashlib.sha256(spelled).digest()
    turned = tuple(np.asfortranarray(plane) for plane in planes)
    assert planes_digest(turned) == planes_digest(planes)


def test_the_map_holds_what_the_digest_covers(tmp_path: Path) -> None:
    """The shared map's bytes, from first to last, are what the digest is taken over."""
    memory = allocate_planes(SHAPE, scratch=tmp_path)
    memory.close_descriptor()
    views = plane_views(memory.mapping, SHAPE)
    for view, samples in zip(views, noise(SHAPE), strict=True):
        view[...] = samples
    assert hashlib.sha256(bytes(memory.mapping)).digest() == planes_digest(noise(SHAPE))


@pytest.mark.skipif(sys.platform != "linux", reason="limits file sizes as Linux does")
def test_a_full_scratch_folder_is_said_before_decoding(tmp_path: Path, small_memory: None) -> None:
    """Room is taken at once: a scratch folder that is too small fails with its name."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DiskFullError, match="scratch") as caught:
            new_planes(FrameShape(100, 100, layout("gray/8")), scratch=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_that_is_not_there_is_said(tmp_path: Path, small_memory: None) -> None:
    """A missing scratch folder is a plain reason that names it."""
    with pytest.raises(UnreadableError, match="scratch file"):
        new_planes(SHAPE, scratch=tmp_path / "absent")


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them")
def test_no_descriptor_is_left_open(tmp_path: Path, small_memory: None) -> None:
    """Reading many large pictures keeps no descriptor."""
    data = tmp_path / "out"
    shape = FrameShape(33, 47, layout("rgb/8"))
    write_photo(data, noise(shape), shape, PhotoMetadata(Kind.PNG))
    content = data.read_bytes()
    read_bytes(content, tmp_path)
    before = open_descriptors()
    kept = [read_bytes(content, tmp_path) for _ in range(5)]
    # Each map keeps one descriptor of its own (mmap duplicates it); nothing else may stay.
    assert open_descriptors() - before <= len(kept)
