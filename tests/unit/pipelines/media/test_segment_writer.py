"""Segments are whole or absent, and what goes wrong with them is said in words."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.errors import DiskFullError, ResourceError
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.pool import DecodePool
from pipelines.media.segment_writer import SegmentWriter
from pipelines.media.video import Delivery, VideoIndex
from tests.unit.pipelines.media.clip_kit import write_clip


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> VideoIndex:
    """The index of a clip that states its colours and its sample aspect."""
    colour = {"color_range": 1, "color_primaries": 9, "color_trc": 16, "colorspace": 9}
    path = write_clip(tmp_path_factory.mktemp("plain") / "clip.mp4", colour=colour)
    with DecodePool() as pool:
        found = index_video(pool, path)
    return replace(found, video=replace(found.video, sample_aspect=Fraction(4, 3)))


def chosen(index: VideoIndex, *, lossless: bool = True) -> Delivery:
    """The ordinary delivery of a clip."""
    return choose_delivery(index, index.video.shape, lossless=lossless, untouched=False)


def noise(seed: int) -> tuple[Any, ...]:
    """Planes of a picture that no codec makes smaller."""
    random = np.random.default_rng(seed)
    return tuple(random.integers(0, 256, size, np.uint8) for size in ((48, 64), (24, 32), (24, 32)))


@contextmanager
def bounded(most_bytes: int) -> Iterator[None]:
    """Let no file of this process grow further, as on a disk that is full, while the block lasts.

    No longer than that: what the test runner prints may go to a file as well.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_is_said_and_leaves_nothing(index: VideoIndex, tmp_path: Path) -> None:
    """Where no space is left, that is the error, and no file stays under either name."""
    path = tmp_path / "part.nut"
    writer = SegmentWriter(path, index, index.video.shape, chosen(index), first=0)
    with bounded(20_000), writer, pytest.raises(DiskFullError, match=r"part\.nut") as caught:
        for number in range(200):
            writer.write(noise(number))
        writer.finish()
    assert "--resume" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_does_not_open_is_an_error_of_ours(
    index: VideoIndex, tmp_path: Path
) -> None:
    """Whatever an encoder has against its options or sizes, it is said in one line."""
    delivery = replace(chosen(index), codec="ffv1", options={"slices": "7777"})
    writer = SegmentWriter(tmp_path / "part.nut", index, index.video.shape, delivery, first=0)
    with writer, pytest.raises(ResourceError, match=r"part\.nut cannot be encoded"):
        writer.write(noise(0))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_said(index: VideoIndex, tmp_path: Path) -> None:
    """A segment that cannot be written is an error with its name and the reason."""
    path = tmp_path / "gone" / "part.nut"
    writer = SegmentWriter(path, index, index.video.shape, chosen(index), first=0)
    with writer, pytest.raises(ResourceError, match=r"part\.nut .*No such file"):
        writer.write(noise(0))
        writer.finish()


@pytest.mark.parametrize("lossless", [True, False])
def test_a_segment_begins_with_a_key_frame_and_reorders_nothing(
    index: VideoIndex, tmp_path: Path, *, lossless: bool
) -> None:
    """Packet n is frame n, the first one a key frame, so that segments join anywhere."""
    path = tmp_path / "part.nut"
    delivery = chosen(index, lossless=lossless)
    with SegmentWriter(path, index, index.video.shape, delivery, first=7) as writer:
        for number in range(9):
            writer.write(noise(number // 3))
        assert not path.exists()
        writer.finish()
    with av.open(str(path)) as found:
        packets = [packet for packet in found.demux(video=0) if packet.size]
        assert packets[0].is_keyframe
        assert [packet.pts for packet in packets] == sorted({packet.pts for packet in packets})
        assert len(packets) == 9
        context = found.streams.video[0].codec_context
        tags = (context.color_primaries, context.color_trc, context.colorspace)
        assert (context.color_range, *tags) == (1, 9, 16, 9)
        assert context.sample_aspect_ratio == Fraction(4, 3)


def test_what_the_source_does_not_state_the_segment_does_not(
    index: VideoIndex, tmp_path: Path
) -> None:
    """Unknown colours stay unspecified: no encoder's default takes their place."""
    unknown = replace(index.video.colour, full_range=None, primaries=2, transfer=2, matrix=2)
    index = replace(index, video=replace(index.video, colour=unknown))
    path = tmp_path / "part.nut"
    with SegmentWriter(path, index, index.video.shape, chosen(index), first=0) as writer:
        writer.write(noise(0))
        writer.finish()
    with av.open(str(path)) as found:
        frame = next(found.decode(video=0))
    assert (frame.color_primaries, frame.color_trc, frame.colorspace) == (2, 2, 2)


@pytest.mark.parametrize("lossless", [True, False])
def test_equal_samples_are_coded_to_equal_bytes(
    pool: DecodePool, tmp_path: Path, *, lossless: bool
) -> None:
    """However often a segment is coded, and whatever lay in memory before, it is the same file.

    Five blocks to a row, and a picture that moves: x264's `mbtree` codes this one way and another.
    """
    source = write_clip(tmp_path / "clip.mp4", size=(80, 64))
    index = index_video(pool, source)
    frames = [drifting(number) for number in range(8)]
    path, found = tmp_path / "part.nut", set()
    for size in range(40):
        leftovers = [np.full(4096 << (size % 9), value, np.uint8) for value in range(1, 60)]
        del leftovers  # what the next encoder finds in its memory
        with SegmentWriter(
            path, index, index.video.shape, chosen(index, lossless=lossless), first=0
        ) as writer:
            for planes in frames:
                writer.write(planes)
            writer.finish()
        found.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(found) == 1


def drifting(number: int) -> tuple[Any, ...]:
    """Planes of a picture of 80 x 64 that moves from frame to frame, with some noise."""
    random = np.random.default_rng(11)
    texture = random.integers(0, 256, (128, 160)).astype(float)
    for _ in range(2):
        texture = (texture + np.roll(texture, 1, 0) + np.roll(texture, 1, 1)) / 3
    shown = np.roll(texture, (2 * number, 3 * number), (0, 1))[:64, :80]
    noisy = shown + np.random.default_rng(number).normal(0, 4, shown.shape)
    grey = np.full((32, 40), 128, np.uint8)
    return np.clip(noisy, 0, 255).astype(np.uint8), grey, grey
