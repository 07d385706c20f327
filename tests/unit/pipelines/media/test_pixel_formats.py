"""Every pixel format is what FFmpeg says it is, and comes through a segment sample for sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.media.delivery import choose_delivery
from pipelines.media.index import SegmentIndexer, index_video
from pipelines.media.picture import FrameShape, Matrix, Samples
from pipelines.media.pixel_formats import FORMATS, REARRANGED
from pipelines.media.pool import DecodePool
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.tasks.video_source import copy_planes, frame_digest, stored_planes
from pipelines.media.video import VideoIndex
from tests.unit.pipelines.media.clip_kit import write_clip

STORED = sorted(name for name in FORMATS if not name.startswith("yuvj"))


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def indexer(pool: DecodePool) -> Iterator[SegmentIndexer]:
    """One child that reads every segment of this module."""
    made = SegmentIndexer(pool)
    yield made
    made.close()


@pytest.fixture(scope="module")
def plain(pool: DecodePool, tmp_path_factory: pytest.TempPathFactory) -> VideoIndex:
    """The index of an ordinary clip, whose picture a test replaces."""
    path = tmp_path_factory.mktemp("plain") / "clip.mkv"
    return index_video(pool, write_clip(path, base=Fraction(1, 1000), times=(0, 40)))


def shape_of(name: str, height: int, width: int) -> FrameShape:
    """A picture of this size in a planar format."""
    return FrameShape(height, width, FORMATS[name].layout(full_range=False, matrix=Matrix.BT709))


def noise(shape: FrameShape, seed: int = 0) -> tuple[Samples, ...]:
    """Every code value is as likely as any other, in planes of their own sizes."""
    random = np.random.default_rng(seed)
    kind, peak = shape.layout.sample_type, shape.layout.peak
    return tuple(
        random.integers(0, peak, shape.plane_size(plane), kind, endpoint=True)
        for plane in range(shape.layout.plane_count)
    )


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_format_is_what_ffmpeg_says_it_is(name: str) -> None:
    """Depth, chroma and planes agree with FFmpeg's own description of the format."""
    form, theirs = FORMATS[name], av.VideoFormat(name, 64, 64)
    assert {one.bits for one in theirs.components} == {form.depth}
    assert len(theirs.components) == len(form.order)
    chroma = theirs.components[1] if len(theirs.components) > 1 else theirs.components[0]
    assert (chroma.width, chroma.height) == (64 >> form.chroma_x, 64 >> form.chroma_y)


def high_bits(planes: tuple[Samples, ...], *, up: int) -> list[np.ndarray]:
    """Y, and beside each other Cb and Cr, as words whose samples begin `up` bits up."""
    luma, blue, red = (one.astype("<u2") << up for one in planes)
    return [luma, np.stack([blue, red], axis=-1)]


def two_to_four(planes: tuple[Samples, ...], *, luma_at: int) -> list[np.ndarray]:
    """Y at every second byte from `luma_at`, Cb and Cr in turn at the others."""
    luma, blue, red = planes
    made = np.zeros((luma.shape[0], 2 * luma.shape[1]), np.uint8)
    made[:, luma_at::2] = luma
    made[:, 1 - luma_at :: 4], made[:, 3 - luma_at :: 4] = blue, red
    return [made]


# Not put together by FFmpeg's scaler, which does not give the same every time for these.
PACKED_HERE = {
    "p010le": partial(high_bits, up=6),
    "p012le": partial(high_bits, up=4),
    "p210le": partial(high_bits, up=6),
    "yuyv422": partial(two_to_four, luma_at=0),
    "uyvy422": partial(two_to_four, luma_at=1),
}


@pytest.mark.parametrize("name", sorted(REARRANGED))
def test_taking_a_packed_picture_apart_loses_nothing(name: str) -> None:
    """The planes of a packed picture, put together again, are the bytes that it had."""
    frame = av.VideoFrame(36, 20, name)
    random = np.random.default_rng(5)
    depth = FORMATS[REARRANGED[name]].depth
    for plane in frame.planes:
        held = random.integers(0, 256, plane.buffer_size, np.uint8)
        if depth > 8:
            words = held.view(">u2" if name.endswith("be") else "<u2")
            words >>= 0 if name.startswith("p") else 16 - depth
            words &= (0xFFFF << 16 - depth) & 0xFFFF if name.startswith("p") else 0xFFFF
        plane.update(held)
    if name in ("rgb0", "bgr0", "0rgb", "0bgr"):
        held = np.frombuffer(bytes(frame.planes[0]), np.uint8).copy().reshape(-1, 4)
        held[:, 0 if name[0] == "0" else 3] = 255
        frame.planes[0].update(held)
    shape = shape_of(REARRANGED[name], 20, 36)
    planes = tuple(np.zeros_like(one) for one in noise(shape))
    copy_planes(frame, planes)
    if name in PACKED_HERE:
        found = [one.tobytes() for one in stored_planes(frame)]
        assert [one.tobytes() for one in PACKED_HERE[name](planes)] == found
        return
    again = av.VideoFrame(36, 20, REARRANGED[name])
    order = FORMATS[REARRANGED[name]].order
    for place, samples in zip(order, planes, strict=True):
        plane = again.planes[place]
        rows = np.zeros((plane.height, plane.line_size), np.uint8)
        data = samples.view(np.uint8).reshape(samples.shape[0], -1)
        rows[:, : data.shape[1]] = data
        plane.update(rows)
    assert frame_digest(again.reformat(format=name)) == frame_digest(frame)


@pytest.mark.parametrize("name", STORED)
def test_a_segment_holds_every_sample(
    indexer: SegmentIndexer, plain: VideoIndex, tmp_path: Path, name: str
) -> None:
    """Noise in any format that is delivered without loss decodes to the digests of what went in."""
    shape = shape_of(name, 20, 36)
    index = replace(plain, video=replace(plain.video, shape=shape))
    delivery = choose_delivery(index, shape, lossless=True, untouched=True)
    path = tmp_path / "part.nut"
    with SegmentWriter(path, index, shape, delivery, first=0) as writer:
        digests = [writer.write(noise(shape, seed)) for seed in range(2)]
        writer.finish()
    found, _ = indexer.index(path)
    assert delivery.lossless
    assert [bytes(one) for one in found.digest] == digests
    assert found.keyframe[0]
