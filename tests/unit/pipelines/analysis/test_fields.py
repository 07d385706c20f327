"""What frames are is measured: the flag of a file changes nothing about the finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.analysis.fields import FrameKind, Weave, judge_fields
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.video import FieldOrder
from tests.unit.pipelines.media.field_kit import (
    interlaced,
    progressive,
    scene,
    telecined,
    write_luma,
)

TOP_FLAG = {"x264-params": "tff=1"}
BOTTOM_FLAG = {"x264-params": "bff=1"}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """One pool for all."""
    with DecodePool() as made:
        yield made


@pytest.mark.parametrize("crf", ["0", "20", "32"])
@pytest.mark.parametrize("flag", [{}, TOP_FLAG, BOTTOM_FLAG])
@pytest.mark.parametrize(
    ("pictures", "weave"),
    [
        (progressive(12), Weave.PROGRESSIVE),
        (interlaced(12, top_first=True), Weave.TOP_FIRST),
        (interlaced(12, top_first=False), Weave.BOTTOM_FIRST),
    ],
    ids=["progressive", "top-first", "bottom-first"],
)
def test_the_samples_decide_whatever_the_flag_says(pictures, weave, flag, crf, pool, tmp_path):
    """Every kind of frames is found under every flag, after strong compression too."""
    path = write_luma(tmp_path / "clip.mp4", pictures, options={**flag, "crf": crf})
    assert judge_fields(index_video(pool, path)).weave is weave


@pytest.mark.parametrize(
    ("pictures", "flag", "contradicts"),
    [
        (progressive(8), {}, False),
        (progressive(8), TOP_FLAG, True),
        (interlaced(8, top_first=True), {}, True),
        (interlaced(8, top_first=True), TOP_FLAG, False),
        (interlaced(8, top_first=True), BOTTOM_FLAG, True),
    ],
)
def test_what_is_stated_stands_beside_what_is_measured(pictures, flag, contradicts, pool, tmp_path):
    """The stated order and the flagged frames are kept, and a contradiction is named as one."""
    path = write_luma(tmp_path / "clip.mp4", pictures, options=flag)
    found = judge_fields(index_video(pool, path))
    assert (found.flagged > 0) == bool(flag)
    assert (found.stated in (FieldOrder.TOP_FIRST, FieldOrder.BOTTOM_FIRST)) == bool(flag)
    assert found.contradicts is contradicts


@pytest.mark.parametrize("start", range(5))
def test_film_that_was_spread_over_video_is_found_with_its_phase(start, pool, tmp_path):
    """The cycle of five frames is named by its first whole film frame."""
    path = write_luma(tmp_path / "clip.mp4", telecined(25, start=start), options={"crf": "18"})
    found = judge_fields(index_video(pool, path))
    assert (found.weave, found.cycle_start) == (Weave.TELECINED, start)


def test_what_does_not_move_shows_nothing(pool: DecodePool, tmp_path: Path) -> None:
    """A still scene is neither progressive nor woven, and it contradicts no flag."""
    path = write_luma(tmp_path / "clip.mp4", [scene(0)] * 8, options=TOP_FLAG)
    found = judge_fields(index_video(pool, path))
    assert found.weave is Weave.STILL
    assert set(found.kinds) == {FrameKind.STILL}
    assert not found.contradicts
    assert not found.weave.is_woven


def test_a_clip_that_is_woven_in_part_is_said_to_be(pool: DecodePool, tmp_path: Path) -> None:
    """Progressive and woven passages in one clip are neither the one nor the other."""
    pictures = [*progressive(10), *interlaced(20, top_first=True)[10:]]
    found = judge_fields(index_video(pool, write_luma(tmp_path / "clip.mp4", pictures)))
    assert found.weave is Weave.PARTLY
    assert found.weave.is_woven


def test_noise_is_no_motion(pool: DecodePool, tmp_path: Path) -> None:
    """Independent noise on a still scene is not taken for fields, at any strength."""
    random = np.random.default_rng(5)
    for strength in (2, 12):
        pictures = [
            np.clip(scene(0) + random.normal(0, strength, scene(0).shape), 0, 255).astype(np.uint8)
            for _ in range(10)
        ]
        path = write_luma(tmp_path / f"{strength}.mkv", pictures, codec="ffv1")
        assert judge_fields(index_video(pool, path)).weave is Weave.STILL


def test_a_small_thing_that_moves_is_enough(pool: DecodePool, tmp_path: Path) -> None:
    """One object on a still ground gives a woven clip away."""
    pictures = []
    for number in range(8):
        picture = scene(0).copy()
        for field in (0, 1):
            left = 20 + 8 * number + 4 * field
            picture[30 + field : 60 : 2, left : left + 24] = 230
        pictures.append(picture)
    found = judge_fields(index_video(pool, write_luma(tmp_path / "clip.mp4", pictures)))
    assert found.weave is Weave.TOP_FIRST


@pytest.mark.parametrize("form", ["yuv422p10le", "gray", "bgr0", "yuv444p12le"])
def test_every_kind_of_samples_is_measured(form, pool, tmp_path):
    """Depth and layout of samples make no difference to the finding."""
    path = write_luma(
        tmp_path / "clip.mkv", interlaced(8, top_first=False), codec="ffv1", form=form
    )
    assert judge_fields(index_video(pool, path)).weave is Weave.BOTTOM_FIRST


def test_an_index_without_measures_is_not_measured(pool: DecodePool, tmp_path: Path) -> None:
    """Nothing is concluded where nothing was measured."""
    index = index_video(pool, write_luma(tmp_path / "clip.mp4", progressive(4)))
    assert judge_fields(replace(index, fields=None)).weave is Weave.NOT_MEASURED
    single = index_video(pool, write_luma(tmp_path / "one.mp4", progressive(1)))
    assert judge_fields(single).weave is Weave.NOT_MEASURED


def test_several_threads_and_one_measure_the_same(pool: DecodePool, tmp_path: Path) -> None:
    """The numbers do not depend on who decodes, or in how many threads."""
    path = write_luma(tmp_path / "clip.mp4", interlaced(12, top_first=True))
    one, four = (index_video(pool, path, threads=threads).fields for threads in (1, 4))
    assert one is not None
    assert four is not None
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, four)
