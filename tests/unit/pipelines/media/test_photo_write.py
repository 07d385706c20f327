"""Writing a photo: whole under its name or not at all, and refusals before the first byte."""

from __future__ import annotations

import errno
import os
import resource
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import DiskFullError, UnreadableError, UnsupportedError
from pipelines.media.identify import Kind
from pipelines.media.photo import PhotoMetadata, require_writable, write_photo
from pipelines.media.picture import Family, FrameShape, PixelLayout, Samples
from tests.unit.pipelines.media.photo_kit import layout, noise, read_bytes

PHOTOS = tuple(kind for kind in Kind if kind.is_written)
SHAPE = FrameShape(120, 100, layout("rgb/8"))
PLAIN = PhotoMetadata(Kind.PNG)


def names(folder: Path) -> set[str]:
    """Name everything in a folder."""
    return {path.name for path in folder.iterdir()}


@contextmanager
def most_file_bytes(most: int) -> Iterator[None]:
    """Let no file grow beyond `most` bytes, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(sys.platform != "linux", reason="limits file sizes as Linux does")
@pytest.mark.parametrize("kind", PHOTOS)
def test_a_full_disk_leaves_nothing_new(tmp_path: Path, kind: Kind) -> None:
    """When space runs out midway the old file stays as it was and no part is left behind."""
    path = tmp_path / "out"
    path.write_bytes(b"earlier")
    with most_file_bytes(4096), pytest.raises(DiskFullError) as caught:
        write_photo(path, noise(SHAPE), SHAPE, PLAIN, kind=kind)
    assert caught.value.next_step
    assert path.read_bytes() == b"earlier"
    assert names(tmp_path) == {"out"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failure_of_the_last_step_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A disk that fails when the bytes are made durable has not received a result."""

    def fail(_fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    wanted = UnreadableError if number == errno.EIO else DiskFullError
    with pytest.raises(wanted):
        write_photo(tmp_path / "out", noise(SHAPE), SHAPE, PLAIN)
    assert not names(tmp_path)


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between coding and renaming leaves no part behind."""

    def interrupt(_fd: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_photo(tmp_path / "out", noise(SHAPE), SHAPE, PLAIN)
    assert not names(tmp_path)


def test_a_missing_folder_is_a_plain_reason(tmp_path: Path) -> None:
    """A path that cannot be written is one line, not a traceback of the library's."""
    with pytest.raises(UnreadableError, match="cannot be written") as caught:
        write_photo(tmp_path / "absent" / "out.png", noise(SHAPE), SHAPE, PLAIN)
    assert "\n" not in str(caught.value)


def test_a_result_replaces_what_was_there(tmp_path: Path) -> None:
    """The new file takes the name whole, readable like any file of the user's."""
    path = tmp_path / "out"
    path.write_bytes(b"earlier")
    write_photo(path, noise(SHAPE), SHAPE, PLAIN)
    assert read_bytes(path.read_bytes(), tmp_path).shape == SHAPE
    assert names(tmp_path) == {"out", "received"}
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (FrameShape(2, 16_384, layout("rgb/8")), Kind.WEBP),
        (FrameShape(65_501, 1, layout("gray/8")), Kind.JPEG),
        (FrameShape(2, 2, layout("rgb/16")), Kind.BMP),
        (FrameShape(2, 2, layout("gray/16")), Kind.JPEG),
        (FrameShape(2, 2, layout("rgb+alpha/8")), Kind.JPEG),
        (FrameShape(2, 2, PixelLayout(Family.YCBCR)), Kind.PNG),
        (FrameShape(2, 2, PixelLayout(Family.GRAY, depth=10)), Kind.PNG),
        (FrameShape(2, 2, layout("rgb/8")), Kind.GIF),
        (FrameShape(2, 2, layout("rgb/8")), Kind.UNKNOWN),
    ],
)
def test_what_a_kind_cannot_hold_is_refused_beforehand(shape: FrameShape, kind: Kind) -> None:
    """Size, depth, opacity or colour space beyond a kind is refused from the shape alone."""
    with pytest.raises(UnsupportedError):
        require_writable(shape, kind)


@pytest.mark.parametrize(
    "planes",
    [
        noise(SHAPE)[:2],
        noise(FrameShape(100, 120, layout("rgb/8"))),
        noise(FrameShape(120, 100, layout("rgb/16"))),
    ],
    ids=["too few", "turned", "too deep"],
)
def test_planes_that_do_not_fit_the_shape_are_refused(
    tmp_path: Path, planes: tuple[Samples, ...]
) -> None:
    """Nothing is written from planes of another count, size or type."""
    with pytest.raises(UnsupportedError, match="do not fit"):
        write_photo(tmp_path / "out", planes, SHAPE, PLAIN)
    assert not names(tmp_path)


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.TIFF, Kind.BMP, Kind.WEBP])
def test_planes_need_not_be_contiguous(tmp_path: Path, kind: Kind) -> None:
    """Views that turn or skip are written as what they show."""
    turned = tuple(plane.T[::-1] for plane in noise(FrameShape(100, 120, layout("rgb/8"))))
    write_photo(tmp_path / "out", turned, SHAPE, PLAIN, kind=kind)
    photo = read_bytes((tmp_path / "out").read_bytes(), tmp_path)
    assert all(np.array_equal(a, b) for a, b in zip(photo.planes, turned, strict=True))


def test_quality_is_what_asks_for_loss(tmp_path: Path) -> None:
    """WebP is lossless unless a quality is named, and then it is smaller."""
    planes = noise(SHAPE)
    write_photo(tmp_path / "exact", planes, SHAPE, PLAIN, kind=Kind.WEBP)
    write_photo(tmp_path / "lossy", planes, SHAPE, PLAIN, kind=Kind.WEBP, quality=50)
    lossy = read_bytes((tmp_path / "lossy").read_bytes(), tmp_path)
    assert (tmp_path / "lossy").stat().st_size < (tmp_path / "exact").stat().st_size
    assert not np.array_equal(lossy.planes[0], planes[0])
    assert any("lossy" in remark for remark in lossy.metadata.remarks)
