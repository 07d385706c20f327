"""The ceiling of a photo job: the stated formula, and no job beyond it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import MemoryCeilingError
from pipelines.media.identify import Kind
from pipelines.media.photo_ceiling import PhotoCeiling, photo_ceiling
from pipelines.media.photo_planes import IN_MEMORY_BYTES
from pipelines.media.picture import FrameShape
from tests.unit.pipelines.media.photo_kit import LAYOUTS, layout

ROOT = Path(__file__).resolve().parents[4]
MIB = 1 << 20
LARGE = FrameShape(10_000, 10_000, layout("rgb/8"))


def doubled(shape: FrameShape) -> FrameShape:
    """Give the shape of twice the size."""
    return FrameShape(2 * shape.height, 2 * shape.width, shape.layout)


def test_a_hundred_megapixels_by_hand() -> None:
    """100 megapixels enlarged twice: 256 + 64 MiB plus tiles in memory, 1.5 GB in scratch."""
    ceiling = photo_ceiling(LARGE, doubled(LARGE), tile=1024)
    tiles = 4 * 4 * 6 * 1024 * 1024
    assert ceiling.memory_bytes == 256 * MIB + max(96 * MIB, tiles, 64 * MIB)
    assert ceiling.scratch_bytes == 300_000_000 + 1_200_000_000
    assert ceiling.disk_bytes == 1_200_000_000 + 16 * MIB


def test_a_small_picture_by_hand() -> None:
    """A small picture is held in memory on both sides and takes no scratch."""
    small = FrameShape(100, 200, layout("rgb+alpha/16"))
    ceiling = photo_ceiling(small, small, tile=64)
    assert ceiling.memory_bytes == 256 * MIB + 2 * 160_000 + 96 * MIB
    assert ceiling.scratch_bytes == 0


@given(
    name=st.sampled_from(LAYOUTS),
    height=st.integers(1, 20_000),
    width=st.integers(1, 20_000),
    tile=st.integers(64, 2048),
)
def test_memory_does_not_grow_with_large_pictures(
    name: str, height: int, width: int, tile: int
) -> None:
    """Whatever the size, planes take at most twice the in-memory limit."""
    shape = FrameShape(height, width, layout(name))
    ceiling = photo_ceiling(shape, shape, tile=tile)
    tiles = 4 * 4 * 2 * shape.layout.plane_count * tile * tile
    assert ceiling.memory_bytes <= 256 * MIB + 2 * IN_MEMORY_BYTES + max(96 * MIB, tiles)
    assert ceiling.scratch_bytes in (0, 2 * shape.frame_bytes)


def test_what_the_header_asks_for_counts() -> None:
    """An interlaced picture's whole-picture buffer and WebP's coder are in the ceiling."""
    plain = photo_ceiling(LARGE, LARGE, tile=512)
    interlaced = photo_ceiling(LARGE, LARGE, tile=512, decoder_bytes=LARGE.frame_bytes)
    webp = photo_ceiling(LARGE, LARGE, tile=512, kind=Kind.WEBP)
    assert interlaced.memory_bytes == 256 * MIB + 96 * MIB + 300_000_000
    assert webp.memory_bytes == 256 * MIB + 48 * 100_000_000
    assert plain.memory_bytes < interlaced.memory_bytes


def test_a_job_beyond_what_is_there_is_refused_with_both_numbers() -> None:
    """The refusal names need and supply in MiB; just enough is enough."""
    ceiling = PhotoCeiling(memory_bytes=300 * MIB, scratch_bytes=0, disk_bytes=0)
    ceiling.require(300 * MIB)
    with pytest.raises(MemoryCeilingError, match=r"300 MiB .* 299 MiB"):
        ceiling.require(299 * MIB)


LARGE_JOB = """
import resource, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1]]
from pipelines.media.identify import Kind
from pipelines.media.photo import PhotoMetadata, header, new_planes, read_photo, write_photo
from pipelines.media.photo_ceiling import photo_ceiling
from pipelines.media.picture import FrameShape
from tests.unit.pipelines.media.photo_kit import ThreadPool, layout, noise
folder, kind = Path(sys.argv[2]), Kind(sys.argv[3])
shape = FrameShape(4000, 6000, layout("rgb/8"))
made = new_planes(shape, scratch=folder)
row = noise(FrameShape(1, 6000, shape.layout))
for plane, one in zip(made, row, strict=True):
    plane[...] = one[0]
write_photo(folder / "in", made, shape, PhotoMetadata(kind), kind=kind)
del made, plane
head = header(ThreadPool(), folder / "in")
twice = FrameShape(8000, 12000, shape.layout)
need = photo_ceiling(head.shape, twice, tile=512, decoder_bytes=head.decoder_bytes, kind=kind)
resource.setrlimit(resource.RLIMIT_DATA, (need.memory_bytes,) * 2)
photo = read_photo(ThreadPool(), folder / "in", scratch=folder, orientation="apply")
result = new_planes(twice, scratch=folder)
for source, target in zip(photo.planes, result, strict=True):
    for top in range(0, 4000, 250):
        strip = source[top : top + 250].repeat(2, axis=0).repeat(2, axis=1)
        target[2 * top : 2 * top + 500] = strip
write_photo(folder / "out", result, twice, photo.metadata, kind=kind)
assert (folder / "out").stat().st_size > 1000
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("kind", ["png", "tiff", "bmp"])
def test_a_job_stays_below_its_ceiling(tmp_path: Path, kind: str) -> None:
    """24 megapixels in and 96 out succeed with no more memory of their own than was computed."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_JOB, str(ROOT), str(tmp_path), kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
