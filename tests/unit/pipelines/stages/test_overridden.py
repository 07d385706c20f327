"""Overrides change what counts and nothing else, and say what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import UnsupportedError
from pipelines.graph.overrides import Overrides
from pipelines.graph.spec import parse_strict
from pipelines.media.index import index_video
from pipelines.media.index_store import load_index, save_index
from pipelines.media.picture import Matrix
from pipelines.media.pool import DecodePool
from pipelines.media.reader import FrameReader
from pipelines.media.video import VideoIndex
from pipelines.stages.overridden import effects, overridden
from tests.unit.pipelines.media.clip_kit import write_clip


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip with several key frames and B-frames."""
    folder = tmp_path_factory.mktemp("clip")
    return write_clip(folder / "a.mp4", options={"bf": "2", "g": "4"})


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream without times."""
    folder = tmp_path_factory.mktemp("raw")
    return write_clip(
        folder / "a.h264", container="h264", base=Fraction(1, 25), times=range(12),
        options={"bf": "2"},
    )  # fmt: skip


def given(**values: object) -> Overrides:
    """Overrides for one reason."""
    document = {name: {"value": value, "because": "seen"} for name, value in values.items()}
    return parse_strict(Overrides, document, field="overrides")


def test_range_and_matrix_count_and_are_no_assumption_any_more(
    pool: DecodePool, clip: Path
) -> None:
    """What was assumed is overridden, so nothing is assumed; the result states it."""
    index = index_video(pool, clip)
    assert len(index.video.assumptions) == 2
    video = overridden(index, given(range="full", matrix="bt709")).video
    assert video.shape.layout.full_range
    assert video.shape.layout.matrix is Matrix.BT709
    assert (video.colour.full_range, video.colour.matrix) == (True, 1)
    assert video.assumptions == ()


def test_the_aspect_is_exact_and_both_sizes_are_said(pool: DecodePool, clip: Path) -> None:
    """64 x 48 shown at 16:9 has pixels of 4:3, and the sentence holds both widths."""
    wish = given(display_aspect="16:9")
    index = overridden(index_video(pool, clip), wish)
    assert index.video.sample_aspect == Fraction(4, 3)
    (said,) = effects(index, wish)
    assert "displayed 85 x 48" in said
    assert "64 x 48" in said


def test_a_rate_times_what_has_no_times(pool: DecodePool, raw: Path, clip: Path) -> None:
    """A stream without times takes the rate, exactly; one with times refuses it."""
    index = overridden(index_video(pool, raw), given(frame_rate="12.5"))
    assert index.video.stream.time_base == Fraction(2, 25)
    assert any("12.5 fps assumed" in one for one in index.video.assumptions)
    assert not any("25 fps" in one.replace("12.5", "") for one in index.video.assumptions)
    with pytest.raises(UnsupportedError, match="states the times"):
        overridden(index_video(pool, clip), given(frame_rate="12.5"))


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 11), (3, 9), (5, 5), (11, 11)])
@pytest.mark.parametrize("timed", [True, False])
def test_a_trimmed_clip_is_exactly_those_frames(
    pool: DecodePool, clip: Path, raw: Path, first: int, last: int, *, timed: bool, tmp_path: Path
) -> None:
    """Digests and times are those of the frames named, wherever key frames are."""
    path = clip if timed else raw
    whole = index_video(pool, path)
    index = overridden(whole, given(trim={"first": first, "last": last}))
    part = slice(first, last + 1)
    assert (index.digest == whole.digest[part]).all()
    if timed:
        assert (index.pts == whole.pts[part]).all()
    else:
        assert index.pts.tolist() == list(range(last - first + 1))
    assert read(pool, path, index) == whole.digest[part].tolist()
    save_index(index, tmp_path / "index")
    again = load_index(tmp_path / "index")
    assert (again.first_frame, again.whole_frames) == (first, 12)
    middle = index.frames // 2
    assert read(pool, path, again, first=middle) == whole.digest[part].tolist()[middle:]


def read(pool: DecodePool, path: Path, index: VideoIndex, *, first: int = 0) -> list[list[int]]:
    """Digests of the frames that the reader hands out."""
    found = []
    with FrameReader(pool, path, index, first=first) as reader:
        for frame in reader:
            found.append(np.frombuffer(frame.digest, np.uint8).tolist())
            reader.release(frame)
    return found


def test_a_trim_beyond_the_end_is_refused(pool: DecodePool, clip: Path) -> None:
    """There is no frame 12 of twelve."""
    with pytest.raises(UnsupportedError, match="no frame 12"):
        overridden(index_video(pool, clip), given(trim={"first": 0, "last": 12}))


def test_three_clocks_are_three_things(pool: DecodePool, clip: Path) -> None:
    """Container, picture and true time stand side by side, with the difference of the last two."""
    clock = {"frame": 2, "burned_in": "2026-03-01T12:00:05", "true": "2026-03-01T11:57:02"}
    wish = given(clock=clock)
    index = overridden(index_video(pool, clip), wish)
    (said,) = effects(index, wish)
    assert "the container says 0.080000 s" in said
    assert "183 s ahead" in said


@pytest.mark.parametrize("shown", ["about noon", "2026-03-01T12:00:05+01:00"])
def test_clocks_that_cannot_be_compared_are_not(pool: DecodePool, clip: Path, shown: str) -> None:
    """A time in words, or one of another kind, is printed and no difference invented."""
    wish = given(clock={"frame": 0, "burned_in": shown, "true": "2026-03-01T11:57:02"})
    (said,) = effects(overridden(index_video(pool, clip), wish), wish)
    assert shown in said
    assert "ahead" not in said


def test_a_region_lies_inside_the_picture(pool: DecodePool, clip: Path) -> None:
    """One that reaches beyond it is refused with the size."""
    region = {"name": "plate", "left": 60, "top": 0, "width": 5, "height": 5}
    wish = parse_strict(
        Overrides, {"regions": [{"value": region, "because": "seen"}]}, field="overrides"
    )
    with pytest.raises(UnsupportedError, match="64 x 48"):
        overridden(index_video(pool, clip), wish)
