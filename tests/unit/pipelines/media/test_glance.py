"""Small pictures of files: as they are seen, bounded in size, and of media alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.media.glance import glance
from pipelines.media.pool import DecodePool
from pipelines.media.probe import PROBE_LIMITS
from tests.e2e.command_kit import make_clip


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Children with a probe's limits."""
    with DecodePool(limits=PROBE_LIMITS) as opened:
        yield opened


def seen(data: bytes) -> np.ndarray:
    """The samples of a small picture."""
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "WEBP"
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_photograph_is_reduced_by_whole_squares(pool: DecodePool, tmp_path: Path) -> None:
    """The longest side is at most the one that is asked for; colours stay where they are."""
    samples = np.zeros((60, 100, 3), np.uint8)
    samples[:, :50] = (200, 20, 20)
    samples[:, 50:] = (20, 20, 200)
    Image.fromarray(samples).save(tmp_path / "a.png")
    found = seen(glance(pool, tmp_path / "a.png", side=40))
    assert found.shape == (20, 33, 3)
    assert np.abs(found[10, 3] - (200, 20, 20)).max() < 25
    assert np.abs(found[10, 30] - (20, 20, 200)).max() < 25


def test_grey_of_sixteen_bits_is_seen(pool: DecodePool, tmp_path: Path) -> None:
    """A deep grey photograph is shown by its upper bits."""
    Image.fromarray(np.full((8, 8), 0x8000, np.uint16)).save(tmp_path / "a.png")
    found = seen(glance(pool, tmp_path / "a.png", side=64))
    assert found.shape == (8, 8, 3)
    assert np.abs(found - 128).max() < 6


def test_a_turned_photograph_is_seen_upright(pool: DecodePool, tmp_path: Path) -> None:
    """Orientation counts: what lies is stood up."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20), (90, 90, 90)).save(tmp_path / "a.jpg", exif=exif)
    assert seen(glance(pool, tmp_path / "a.jpg", side=64)).shape == (40, 20, 3)


def test_a_clip_is_seen_by_a_frame(pool: DecodePool, tmp_path: Path) -> None:
    """One decoded frame stands for a clip."""
    found = seen(glance(pool, make_clip(tmp_path / "a.mp4", frames=6), side=48))
    assert found.shape == (32, 48, 3)
    assert found.std() > 5


def test_what_is_no_picture_is_refused(pool: DecodePool, tmp_path: Path) -> None:
    """A stranger's file is an error with a reason."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(InputError):
        glance(pool, tmp_path / "a.png", side=64)
