"""A clip goes into another container packet for packet, and the copy is verified or not kept."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.errors import ConservationError, UnsupportedError
from pipelines.media import rewrap as rewrap_module
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.rewrap import rewrap_clip
from pipelines.media.video import TimingSource, VideoIndex
from pipelines.ports import SilentProgress
from tests.unit.pipelines.media.clip_kit import decoded, write_clip
from tests.unit.ugly import clips


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


def source(folder: Path, suffix: str) -> Path:
    """A clip that players do not open, or not well."""
    if suffix == ".dav":
        data = clips.dahua(frames=clips.h264_frames(), times=[40 * n for n in range(12)])
    elif suffix in (".hx", ".hx-silent"):
        data = clips.hisilicon(
            frames=clips.h264_frames(),
            times=[40 * n for n in range(12)],
            sound=suffix == ".hx",
        )
    else:
        data = clips.plain(suffix)
    path = folder / f"camera{suffix}"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "suffix",
    [".dav", ".hx", ".hx-silent", ".h264", ".h265", ".m2v", ".m4v", ".mpg", ".ts"],
)
def test_samples_order_and_times_are_those_of_the_source(
    pool: DecodePool, tmp_path: Path, suffix: str
) -> None:
    """The copy decodes to the same pictures, B-frames or not, at the times stated or assumed."""
    path = source(tmp_path, suffix)
    index = index_video(pool, path)
    copy = rewrap_clip(pool, path, index, tmp_path / "copy.mp4", SilentProgress())
    assert copy.container in ("mp4", "mov")
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]
    found = decoded(copy.path)
    assert [one for _, one in found] == pictures
    if index.video.timing is TimingSource.ASSUMED:
        assert [moment for moment, _ in found] == [Fraction(n, 25) for n in range(12)]


def test_sound_is_copied_as_well(pool: DecodePool, tmp_path: Path) -> None:
    """Every stream of sound that the container carries comes along."""
    path = write_clip(tmp_path / "a.mkv", audio="pcm_s16le", base=clips.MILLISECOND,
                      times=range(0, 480, 40))  # fmt: skip
    index = index_video(pool, path)
    copy = rewrap_clip(pool, path, index, tmp_path / "copy.mp4", SilentProgress())
    assert copy.left_out or copy.copied == (0, 1)


def test_what_cannot_be_copied_is_refused_and_leaves_nothing(
    pool: DecodePool, tmp_path: Path
) -> None:
    """A codec whose packets this build cannot copy is named."""
    path = source(tmp_path, ".obu")
    index = index_video(pool, path)
    with pytest.raises(UnsupportedError, match="cannot copy"):
        rewrap_clip(pool, path, index, tmp_path / "copy.mp4", SilentProgress())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["camera.obu"]


def test_a_copy_that_decodes_otherwise_is_not_kept(
    pool: DecodePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sample that differs, and there is no copy."""
    path = source(tmp_path, ".h264")
    index = index_video(pool, path)

    def other(*places: object, **named: object) -> VideoIndex:
        found = index_video(*places, **named)  # type: ignore[arg-type]
        changed = found.digest.copy()
        changed[5] ^= 1
        object.__setattr__(found, "digest", changed)
        return found

    monkeypatch.setattr(rewrap_module, "index_video", other)
    with pytest.raises(ConservationError, match="samples"):
        rewrap_clip(pool, path, index, tmp_path / "copy.mp4", SilentProgress())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["camera.h264"]
