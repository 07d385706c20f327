"""From samples to a finished clip: codecs hold every sample, joining keeps everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
from pipelines.media.picture import Family, FrameShape, PixelLayout
from pipelines.media.pool import DecodePool
from pipelines.media.segment_writer import SegmentWriter
from tests.unit.pipelines.media.clip_kit import UNEVEN, decoded, write_clip
from tests.unit.pipelines.media.rewrap_kit import frames_of, laws_of, rewrap


@pytest.fixture(scope="module")
def pool() -> Any:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


KINDS: list[dict[str, Any]] = [
    {"form": "yuv420p"},
    {"form": "yuv422p"},
    {"form": "yuv444p", "size": (33, 21)},
    {"form": "yuv420p", "size": (34, 22)},
    {"form": "yuv420p10le"},
    {"form": "yuv422p10le"},
    {"form": "gray", "codec": "ffv1"},
    {"form": "gray10le", "codec": "ffv1"},
    {"form": "yuvj420p", "colour": {"color_range": 2}},
    {"form": "yuv420p", "size": (33, 21), "codec": "ffv1"},
    {"form": "yuv420p12le", "codec": "ffv1"},
    {"form": "yuv444p16le", "codec": "ffv1"},
    {"form": "yuv440p", "codec": "ffv1"},
    {"form": "yuv411p", "codec": "ffv1"},
    {"form": "yuva420p", "codec": "ffv1"},
    {"form": "gray12le", "codec": "ffv1"},
    {"form": "gbrp12le", "codec": "ffv1"},
    {"form": "bgr0", "codec": "ffv1"},
    {"form": "bgra", "codec": "ffv1"},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind['form']}-{kind.get('size', '')}")
def test_every_layout_survives_a_lossless_delivery(
    pool: DecodePool, tmp_path: Path, kind: dict[str, Any]
) -> None:
    """What is delivered without loss decodes to the samples that went in, and keeps every law."""
    path = write_clip(
        tmp_path / "clip.mkv", base=Fraction(1, 1000), times=range(0, 400, 40), **kind
    )
    index, delivery, out, digests = rewrap(pool, path, tmp_path)
    again = index_video(pool, out)
    assert delivery.lossless
    assert [bytes(one) for one in again.digest] == digests
    before, after = frames_of(pool, path, index), frames_of(pool, out, again)
    for old, new in zip(before, after, strict=True):
        assert all((a == b).all() for a, b in zip(old, new, strict=True))
    require(laws_of(pool, path, index, delivery, out))


@pytest.mark.parametrize("form", ["yuv420p", "yuv422p10le", "yuv420p12le"])
def test_a_lossy_delivery_is_close_and_keeps_the_layout(
    pool: DecodePool, tmp_path: Path, form: str
) -> None:
    """Without the wish for lossless the layout stays and the samples stay near."""
    path = write_clip(
        tmp_path / "clip.mkv", codec="ffv1", form=form, size=(128, 96), base=Fraction(1, 1000),
        times=range(0, 200, 40),
    )  # fmt: skip
    index, delivery, out, _ = rewrap(pool, path, tmp_path, lossless=False)
    assert not delivery.lossless
    again = index_video(pool, out)
    peak = index.video.shape.layout.peak
    for old, new in zip(frames_of(pool, path, index), frames_of(pool, out, again), strict=True):
        if index.video.shape.layout.depth == 8:
            assert np.abs(old[0].astype(float) - new[0]).mean() < peak * 0.02
    require(laws_of(pool, path, index, delivery, out))


@pytest.mark.parametrize("cuts", [(4,), (1, 2, 3), (3, 7, 11)])
def test_many_segments_equal_one(pool: DecodePool, tmp_path: Path, cuts: Sequence[int]) -> None:
    """Wherever a lossless clip is cut, its frames and times are those of the uncut one."""
    path = write_clip(tmp_path / "clip.mp4", times=UNEVEN, options={"g": "99"})
    for name in ("one", "many"):
        (tmp_path / name).mkdir()
    _, _, one, _ = rewrap(pool, path, tmp_path / "one")
    _, _, many, _ = rewrap(pool, path, tmp_path / "many", cuts=cuts)
    assert decoded(one) == decoded(many)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("start", [0, 1000])
def test_times_rotation_colour_and_sound_come_through(
    pool: DecodePool, tmp_path: Path, rotation: int, start: int
) -> None:
    """Uneven times that begin anywhere, rotation, colour tags, language and packets are kept."""
    colour = {"color_range": 1, "color_primaries": 9, "color_trc": 16, "colorspace": 9}
    path = write_clip(
        tmp_path / "clip.mp4",
        times=[start + moment for moment in UNEVEN],
        rotation=rotation,
        colour=colour,
        audio="aac",
        language="deu",
    )
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(5,))
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    names = {law.name for law in laws}
    assert {"presentation times", "rotation", "primaries", "transfer", "matrix", "range"} <= names
    assert any("payloads" in name for name in names)
    assert decoded(out) == decoded(path)


@pytest.mark.parametrize(
    "base", [Fraction(1, 90_000), Fraction(1001, 30_000), Fraction(1, 1000), Fraction(1, 1_000_000)]
)
def test_any_time_base_is_exact(pool: DecodePool, tmp_path: Path, base: Fraction) -> None:
    """Times in any unit that a container may state come out exactly."""
    step = max(1, round(Fraction(1, 25) / base))
    times = [number * step + number % 3 for number in range(8)]
    if base.numerator > 1:
        times = list(range(8))
    path = write_clip(tmp_path / "clip.nut", container="nut", base=base, times=times)
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    require(laws_of(pool, path, index, delivery, out))


def test_sound_whose_times_are_not_whole_samples_stays_in_matroska(
    pool: DecodePool, tmp_path: Path
) -> None:
    """A container that would move the sound is not chosen, and that is said."""
    path = write_clip(
        tmp_path / "clip.mkv", base=Fraction(1, 1000), times=range(0, 480, 40), audio="ac3",
        audio_rate=44_100,
    )  # fmt: skip
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    assert delivery.container == "matroska"
    assert any("cannot keep the times" in remark for remark in delivery.remarks)
    require(laws_of(pool, path, index, delivery, out))


def test_real_clips_keep_every_law(pool: DecodePool, shared: Path, tmp_path: Path) -> None:
    """Two videos, two sounds and two subtitles come out packet for packet."""
    path = shared / "media" / "tc_nasa_13013.mp4"
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(50, 200), lossless=False)
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    assert len(delivery.kept_as_is) == 5
    assert sum("payloads" in law.name for law in laws) == 5


def test_a_dropped_stream_is_declared(pool: DecodePool, tmp_path: Path) -> None:
    """A stream that was left out on request is a declared change, and it is gone."""
    path = write_clip(tmp_path / "clip.mp4", audio="aac")
    index, delivery, out, _ = rewrap(pool, path, tmp_path, drop=frozenset({1}))
    laws = {law.name: law for law in laws_of(pool, path, index, delivery, out)}
    assert laws["streams"].holds
    assert "left out on request" in laws["streams"].declared
    assert len(index_video(pool, out).streams) == 1


def test_a_stream_that_nothing_carries_is_refused(pool: DecodePool, tmp_path: Path) -> None:
    """The refusal names the stream and the option that leaves it out."""
    index = index_video(pool, write_clip(tmp_path / "clip.mp4", audio="aac"))
    strange = replace(index.streams[1], codec="strange_codec")
    index = replace(index, streams=(index.streams[0], strange))
    with pytest.raises(UnsupportedError) as caught:
        choose_delivery(index, index.video.shape, lossless=True, untouched=False)
    assert "strange_codec" in str(caught.value)
    assert "--drop-stream 1" in caught.value.next_step


@pytest.mark.parametrize("stream", [0, 7])
def test_what_cannot_be_dropped_is_refused(pool: DecodePool, tmp_path: Path, stream: int) -> None:
    """Neither the enhanced stream nor one that is not there can be dropped."""
    index = index_video(pool, write_clip(tmp_path / "clip.mp4"))
    with pytest.raises(UnsupportedError):
        choose_delivery(
            index,
            index.video.shape,
            lossless=True,
            drop_streams=frozenset({stream}),
            untouched=False,
        )


def test_a_layout_that_no_codec_holds_is_refused(pool: DecodePool, tmp_path: Path) -> None:
    """Nothing is converted to something near."""
    index = index_video(pool, write_clip(tmp_path / "clip.mp4"))
    odd = FrameShape(48, 64, PixelLayout(Family.YCBCR, depth=11))
    with pytest.raises(UnsupportedError):
        choose_delivery(index, odd, lossless=True, untouched=False)


def test_a_segment_is_whole_or_absent(pool: DecodePool, tmp_path: Path) -> None:
    """A writer that is left without finishing leaves no file."""
    path = write_clip(tmp_path / "clip.mp4")
    index = index_video(pool, path)
    shape = index.video.shape
    delivery = choose_delivery(index, shape, lossless=True, untouched=True)
    with SegmentWriter(tmp_path / "part.nut", index, shape, delivery, first=0) as writer:
        writer.write(frames_of(pool, path, index)[0])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["clip.mp4"]


def test_coding_is_repeatable(pool: DecodePool, tmp_path: Path) -> None:
    """The same samples give the same coded bytes."""
    path = write_clip(tmp_path / "clip.mp4", times=UNEVEN)
    digests = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _, _, out, _ = rewrap(pool, path, tmp_path / name, lossless=False)
        digests.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_chapters_come_through(pool: DecodePool, tmp_path: Path) -> None:
    """Chapters keep their times and titles."""
    plain = write_clip(tmp_path / "plain.mp4")
    path = tmp_path / "clip.mp4"
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        stream: Any = out.add_stream_from_template(source.streams.video[0])
        out.set_chapters([
            {"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000),
             "metadata": {"title": "one"}},
            {"id": 2, "start": 200, "end": 480, "time_base": Fraction(1, 1000),
             "metadata": {"title": "two"}},
        ])  # fmt: skip
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    index, delivery, out_path, _ = rewrap(pool, path, tmp_path)
    laws = {law.name: law for law in laws_of(pool, path, index, delivery, out_path)}
    assert "two" in laws["chapters"].source
    assert laws["chapters"].holds
