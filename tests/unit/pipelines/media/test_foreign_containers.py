"""Clips of other makers' containers and codecs keep their laws in what is delivered."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.media.conservation import require
from pipelines.media.pool import DecodePool
from tests.unit.pipelines.media.clip_kit import fill, write_clip
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap

KINDS: dict[str, dict[str, Any]] = {
    "webm": {"codec": "libvpx-vp9", "audio": "libopus", "base": Fraction(1, 1000),
             "times": range(0, 480, 40)},
    "avi": {"codec": "mpeg4", "audio": "libmp3lame", "base": Fraction(1, 25), "times": range(12)},
    "ts": {"audio": "aac", "container": "mpegts"},
    "mpg": {"codec": "mpeg2video", "container": "mpeg", "base": Fraction(1, 25),
            "times": range(12)},
    "mov": {"audio": "pcm_s16le"},
}  # fmt: skip


@pytest.fixture(scope="module")
def pool() -> Any:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


@pytest.mark.parametrize("suffix", list(KINDS))
def test_other_containers_come_through(pool: DecodePool, tmp_path: Path, suffix: str) -> None:
    """Whatever a clip came in, its times and its sound are in what goes out."""
    path = write_clip(tmp_path / f"clip.{suffix}", **KINDS[suffix])
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    assert ("audio" in KINDS[suffix]) == any("payloads" in law.name for law in laws)


def test_sound_that_no_container_keeps_exactly_is_said(pool: DecodePool, tmp_path: Path) -> None:
    """Times of a transport stream's sound are rounded to whole samples, by less than one, aloud."""
    path = write_clip(tmp_path / "clip.ts", audio="aac", container="mpegts", audio_rate=44_100)
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    laws = {law.name: law for law in laws_of(pool, path, index, delivery, out)}
    times = next(law for name, law in laws.items() if "aac): times" in name)
    assert times.holds
    assert "rounded to whole samples" in times.declared
    assert any("rounded to whole samples" in remark for remark in delivery.remarks)


def test_cover_art_is_kept_and_never_enhanced(pool: DecodePool, tmp_path: Path) -> None:
    """An attached picture is no video: it is copied as it is."""
    plain = write_clip(tmp_path / "plain.mp4")
    path = tmp_path / "clip.mp4"
    with av.open(str(plain)) as source, av.open(str(path), "w") as out:
        video: Any = out.add_stream_from_template(source.streams.video[0])
        cover: Any = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 128, 96, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame(128, 96, "yuvj420p")
        fill(frame, 0)
        frame.pts, frame.time_base = 0, Fraction(1, 1)
        for packet in (*cover.encode(frame), *cover.encode(None)):
            out.mux(packet)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
    index, delivery, result, _ = rewrap(pool, path, tmp_path)
    assert index.video.shape.width == 64
    assert any(stream.attached_picture for stream in index.streams)
    require(laws_of(pool, path, index, delivery, result))
