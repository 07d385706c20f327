"""Which frame is shown when, after frames were made anew: exact moments, none lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipelines.errors import UnsupportedError
from pipelines.graph.descriptors import FrameChange, FrameRate
from pipelines.media.frame_map import map_frames, retimed
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from tests.unit.pipelines.media.clip_kit import UNEVEN, write_clip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoIndex]:
    """The index of a clip of twelve frames with uneven times."""
    folder = tmp_path_factory.mktemp("map")
    with DecodePool() as pool:
        yield index_video(pool, write_clip(folder / "clip.mp4", times=UNEVEN))


def moments(index: VideoIndex) -> list[Fraction]:
    """When each frame is shown, in seconds."""
    return [int(pts) * index.video.stream.time_base for pts in index.pts]


def test_frames_that_stay_need_no_map(index: VideoIndex) -> None:
    """Without a declared change an index is the source's own."""
    assert map_frames(index, FrameChange()) is None
    assert retimed(index, None, aspect=Fraction(1)) == index


def test_doubled_frames_lie_in_the_middle(index: VideoIndex) -> None:
    """Every first frame keeps its exact moment, every second one halves the time to the next."""
    frames = map_frames(index, FrameChange(FrameRate.DOUBLED))
    assert frames is not None
    made = retimed(index, frames, aspect=Fraction(1, 2))
    before, after = moments(index), moments(made)
    assert made.frames == 2 * index.frames
    assert after[0::2] == before
    ends = [*before[1:], before[-1] + int(index.duration[-1]) * index.video.stream.time_base]
    assert after[1::2] == [(a + b) / 2 for a, b in zip(before, ends, strict=True)]
    assert (np.diff(made.pts) == made.duration[:-1]).all()
    assert made.video.sample_aspect == Fraction(1, 2)
    assert made.video.nominal_rate == 2 * (index.video.nominal_rate or 0)
    assert made.video.stream in made.streams
    np.testing.assert_array_equal(made.digest[0::2], index.digest)


@pytest.mark.parametrize("start", range(5))
def test_four_of_five_fill_the_same_time(start: int, index: VideoIndex) -> None:
    """Film frames rise evenly inside every cycle, and the clip ends when it ended."""
    frames = map_frames(index, FrameChange(FrameRate.FOUR_OF_FIVE, start))
    assert frames is not None
    made = retimed(index, frames, aspect=Fraction(1))
    assert (np.diff(made.pts) > 0).all()
    assert (made.duration > 0).all()
    before, after = moments(index), moments(made)
    assert after[0] >= before[0]
    ends = [
        one[-1] + int(of.duration[-1]) * of.video.stream.time_base
        for one, of in ((before, index), (after, made))
    ]
    assert ends[0] == ends[1]
    whole = [n for n in range(made.frames) if frames.shows(n) == (start, 0)]
    assert after[whole[0]] == before[start]
    assert all(
        first + phase < index.frames for first, phase in map(frames.shows, range(made.frames))
    )
    assert not {(start + 3) % 5} & {first % 5 for first, _ in map(frames.shows, range(made.frames))}


def test_a_clip_too_short_for_film_is_refused(index: VideoIndex) -> None:
    """Where no film frame is whole nothing is made up."""
    short = replace(
        index, **{name: getattr(index, name)[:1] for name in ("pts", "duration", "digest")}
    )
    with pytest.raises(UnsupportedError, match="too short"):
        map_frames(short, FrameChange(FrameRate.FOUR_OF_FIVE, 3))


def test_nothing_is_claimed_about_the_fields_of_a_result(index: VideoIndex) -> None:
    """An index of a result says nothing about fields, for they were not measured."""
    made = retimed(index, map_frames(index, FrameChange(FrameRate.DOUBLED)), aspect=Fraction(1))
    assert made.fields is None
    assert not made.interlaced.any()
