"""What is delivered, and in what, is decided from facts; what cannot be is refused beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.errors import UnsupportedError
from pipelines.media.conservation import require
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.picture import FrameShape, Matrix
from pipelines.media.pixel_formats import FORMATS
from pipelines.media.pool import DecodePool
from pipelines.media.video import Delivery, StreamFacts, StreamKind, VideoIndex
from tests.unit.pipelines.media.clip_kit import write_clip
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap

MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.fixture(scope="module")
def plain(pool: DecodePool, tmp_path_factory: pytest.TempPathFactory) -> VideoIndex:
    """The index of an ordinary clip, whose facts a test replaces."""
    return index_video(pool, write_clip(tmp_path_factory.mktemp("plain") / "clip.mp4"))


def pictured(index: VideoIndex, name: str, width: int, height: int) -> VideoIndex:
    """The index with another picture."""
    layout = FORMATS[name].layout(full_range=False, matrix=Matrix.BT709)
    return replace(index, video=replace(index.video, shape=FrameShape(height, width, layout)))


def timed(index: VideoIndex, pts: list[int], base: Fraction) -> VideoIndex:
    """The index with other times."""
    times = np.array(pts, np.int64)
    stream = replace(index.video.stream, time_base=base)
    return replace(index, pts=times, video=replace(index.video, stream=stream))


def beside(index: VideoIndex, codec: str, rate: int | None, base: Fraction) -> VideoIndex:
    """The index with one more stream."""
    kind = StreamKind.AUDIO if rate else StreamKind.SUBTITLE
    other = StreamFacts(1, kind, codec, base, sample_rate=rate)
    return replace(index, streams=(*index.streams, other))


def chosen(index: VideoIndex, **more: Any) -> Delivery:
    """The decision about a result that looks like the source."""
    wishes = {"lossless": True, "untouched": False, **more}
    return choose_delivery(index, index.video.shape, **wishes)


def opens(index: VideoIndex) -> bool:
    """Open the encoder that is chosen, where that is FFV1, as a segment does."""
    delivery = chosen(index)
    if delivery.codec != "ffv1":
        return False
    context: Any = av.CodecContext.create(delivery.codec, "w")
    context.width, context.height = index.video.shape.width, index.video.shape.height
    context.pix_fmt, context.time_base = delivery.pixel_format, Fraction(1, 25)
    context.options = dict(delivery.options)
    context.open()
    return True


@pytest.mark.parametrize(
    "name", ["yuv420p12le", "yuv422p12le", "yuv440p", "yuv411p", "yuv410p", "gray", "gbrap"]
)
def test_ffv1_opens_for_every_size(plain: VideoIndex, name: str) -> None:
    """However small, large or odd a picture is, FFV1 takes it with the options that were chosen."""
    sizes = [(w, h) for w in range(1, 25, 2) for h in range(1, 25)]
    sizes += [(353, 289), (641, 479), (1919, 1079), (1921, 1081), (3839, 2159), (5999, 4001)]
    assert sum(opens(pictured(plain, name, *size)) for size in sizes) > 100


def test_ffv1_opens_for_large_pictures(plain: VideoIndex) -> None:
    """What one coder may hold is bounded; a large picture is cut into more slices."""
    assert opens(pictured(plain, "yuv444p16le", 7680, 4320))
    assert opens(pictured(plain, "gbrap16le", 8191, 8191))


def test_a_picture_that_ffv1_never_cuts_is_refused(plain: VideoIndex) -> None:
    """A line of one sample's width is refused by its size before anything is rendered."""
    with pytest.raises(UnsupportedError, match="1 x 500"):
        chosen(pictured(plain, "gray", 1, 500))


@pytest.mark.parametrize(
    ("name", "width", "height", "lossless", "codec"),
    [
        ("yuv420p", 64, 48, True, "libx264"),
        ("yuv420p", 65, 48, True, "ffv1"),
        ("yuv420p", 65, 48, False, "ffv1"),
        ("yuv444p", 65, 47, False, "libx264"),
        ("yuv420p10le", 64, 48, False, "libx264"),
        ("yuv420p12le", 64, 64, True, "ffv1"),
        ("yuv420p12le", 64, 64, False, "libx265"),
        ("yuv420p12le", 64, 48, False, "ffv1"),
        ("gray", 64, 48, False, "ffv1"),
        ("gbrp", 64, 48, True, "libx264rgb"),
        ("gbrap", 64, 48, True, "ffv1"),
        ("yuv444p16le", 64, 48, False, "ffv1"),
    ],
)
def test_the_codec_follows_from_the_picture(
    plain: VideoIndex, name: str, width: int, height: int, *, lossless: bool, codec: str
) -> None:
    """A codec is taken where it holds every sample; FFV1 otherwise, aloud if unasked."""
    delivery = chosen(pictured(plain, name, width, height), lossless=lossless)
    assert delivery.codec == codec
    assert delivery.lossless == (lossless or codec == "ffv1")
    aloud = any("without loss as FFV1" in remark for remark in delivery.remarks)
    assert aloud == (codec == "ffv1" and not lossless)


@pytest.mark.parametrize(
    ("codec", "rate", "base", "container"),
    [
        ("aac", 48_000, Fraction(1, 48_000), "mp4"),
        ("ac3", 44_100, MILLISECOND, "matroska"),
        ("pcm_s16le", 48_000, Fraction(1, 48_000), "mov"),
        ("pcm_s16le", 48_000, MILLISECOND, "matroska"),
        ("mov_text", None, MILLISECOND, "mp4"),
        ("subrip", None, MILLISECOND, "matroska"),
        ("vorbis", 48_000, MILLISECOND, "matroska"),
    ],
)
def test_the_container_follows_from_the_other_streams(
    plain: VideoIndex, codec: str, rate: int | None, base: Fraction, container: str
) -> None:
    """The first container that keeps every packet and every time is taken."""
    index = beside(timed(plain, [0, 40, 80], MILLISECOND), codec, rate, base)
    assert chosen(index).container == container


def test_rounded_sound_in_samples_keeps_its_times(pool: DecodePool, tmp_path: Path) -> None:
    """PCM whose times are whole milliseconds is not put where its samples are counted."""
    path = write_clip(
        tmp_path / "clip.mkv", base=MILLISECOND, times=range(0, 480, 40), audio="pcm_s16le"
    )
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    assert delivery.container == "matroska"
    assert not any(law.declared for law in laws if law.name.endswith(": times"))


def test_frames_that_share_a_time_come_through(pool: DecodePool, tmp_path: Path) -> None:
    """Two frames at one time stay two frames at that time."""
    path = write_clip(
        tmp_path / "clip.mkv", codec="ffv1", base=MILLISECOND, times=[0, 40, 40, 80, 120]
    )
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    require(laws_of(pool, path, index, delivery, out))
    assert index_video(pool, out).pts.tolist() == [0, 40, 40, 80, 120]


@pytest.mark.parametrize(
    ("pts", "words"),
    [([0, 3003, 3003, 6006], "share a time"), ([0, 6006, 3003, 9009], "Frame 2 is earlier")],
)
def test_times_that_nothing_keeps_are_refused_in_words(
    plain: VideoIndex, pts: list[int], words: str
) -> None:
    """Times that no container holds are refused before anything is rendered, by what they are."""
    with pytest.raises(UnsupportedError, match=words) as caught:
        chosen(timed(plain, pts, Fraction(1, 90_000)))
    assert "times" in caught.value.next_step
    assert "drop" not in caught.value.next_step


def test_a_stream_that_nothing_carries_goes_when_it_is_dropped(plain: VideoIndex) -> None:
    """The option that the refusal names is the one that makes it work."""
    index = beside(plain, "strange", None, MILLISECOND)
    with pytest.raises(UnsupportedError, match="stream 1") as caught:
        chosen(index)
    assert "--drop-stream 1" in caught.value.next_step
    delivery = chosen(index, drop_streams=frozenset({1}))
    assert (delivery.dropped, delivery.kept_as_is) == ((1,), ())
