"""Pages of scratch files go back to the system and lose nothing."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from pipelines.media.photo_planes import new_planes
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.scratch_pages import GivingBack

LARGE = FrameShape(9000, 9000, PixelLayout(Family.GRAY))


def resident_file_kib() -> int:
    """Resident memory of this process that is backed by files."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssFile:")[2].split()[0])


def test_pages_are_given_back_and_samples_stay(tmp_path: Path) -> None:
    """What was written to a large plane is still there when its pages are not resident any more."""
    (plane,) = new_planes(LARGE, scratch=tmp_path)
    plane[:] = 7
    plane[4000, 5000] = 9
    touched = resident_file_kib()
    with GivingBack() as pages:
        pages.watch((plane,))
        deadline = time.monotonic() + 10
        while resident_file_kib() > touched - 60_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert resident_file_kib() <= touched - 60_000
    assert plane[4000, 5000] == 9
    assert int((plane == 7).sum()) == plane.size - 1


def test_plain_memory_is_left_alone(tmp_path: Path) -> None:
    """Arrays in plain memory, and planes that are small, are never touched."""
    plain = np.full((64, 64), 3, np.uint8)
    small = FrameShape(64, 64, PixelLayout(Family.GRAY))
    with GivingBack() as pages:
        assert pages.watch((plain, *new_planes(small, scratch=tmp_path)))[0] is plain
        time.sleep(0.2)
    assert (plain == 3).all()
