"""A file is told from every side: what it states, what its frames are, what is assumed."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import UnreadableError, UnsupportedError
from pipelines.media.pool import DecodePool
from pipelines.ports import SilentProgress
from pipelines.stages.inspect.document import document
from pipelines.stages.inspect.inspected import Inspected, inspect_file
from pipelines.stages.inspect.text import text
from pipelines.stages.inspect.timeline import draw_timeline
from tests.unit.pipelines.media.clip_kit import framehash, write_clip
from tests.unit.pipelines.media.damage_kit import damaged, intact
from tests.unit.pipelines.media.field_kit import interlaced, write_luma

MILLISECOND = Fraction(1, 1000)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool(spare=2) as made:
        yield made


def inspect(pool: DecodePool, path: Path, **how: Any) -> tuple[Inspected, dict[str, Any]]:
    """What is found of a file, and its document as JSON carries it."""
    found = inspect_file(path, pool, SilentProgress(), **how)
    told = json.loads(json.dumps(document(found)))
    assert text(told)
    return found, told


def test_frames_are_those_that_ffmpeg_decodes(pool: DecodePool, tmp_path: Path) -> None:
    """Number, types and the digest over all frames are the decoder's own."""
    path = write_clip(tmp_path / "a.mp4", options={"bf": "2", "g": "6"})
    _, told = inspect(pool, path)
    frames = told["clip"]["frames"]
    with av.open(str(path)) as container:
        types = [frame.pict_type for frame in container.decode(video=0)]
    assert frames["count"] == len(types) == 12
    assert frames["types"]["I"] == sum(one == 1 for one in types)
    assert frames["types"]["B"] == sum(one == 3 for one in types)
    raw = b"".join(bytes.fromhex(one) for one in framehash(path, 0))
    assert frames["frames_sha256"] == hashlib.sha256(raw).hexdigest()


def test_repeats_gaps_and_jumps_are_told(pool: DecodePool, tmp_path: Path) -> None:
    """Frames that repeat the one before, and steps that are no steps, stand with their numbers."""
    path = tmp_path / "gaps.mkv"
    times = [0, 40, 80, 120, 600, 640, 680, 720]
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream("ffv1", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.time_base = MILLISECOND
        for number, moment in enumerate(times):
            shown = 2 if number in (3, 4) else number
            rows = np.full((72, 64), 20 * shown, np.uint8)
            frame = av.VideoFrame.from_ndarray(rows, "yuv420p")
            frame.pts, frame.time_base = moment, MILLISECOND
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    _, told = inspect(pool, path)
    assert told["clip"]["frames"]["repeated"] == {"count": 2, "first": [3, 4]}
    assert told["clip"]["times"]["gaps"]["widest"] == [{"frame": 4, "step": "12/25"}]
    assert told["clip"]["timing"] == "container"


@pytest.mark.parametrize(
    ("codec", "known"), [("libx264", True), ("mpeg2video", True), ("libx265", False)]
)
def test_the_quantiser_is_told_or_it_is_said_that_it_is_not(
    pool: DecodePool, tmp_path: Path, codec: str, *, known: bool
) -> None:
    """A decoder that does not tell is named; no number is made up."""
    options = {"qp": "30", "x264-params": "aq-mode=0"} if codec == "libx264" else {}
    path = write_clip(
        tmp_path / "q.mkv", codec=codec, options=options, base=Fraction(1, 25), times=range(12)
    )
    quantiser = inspect(pool, path)[1]["clip"]["quantiser"]
    assert quantiser["known"] is known
    if codec == "libx264":
        assert quantiser["by_type"]["P"]["mean"] == 30
    if not known:
        assert "hevc" in quantiser["scale"]


def test_stated_and_displayed_size_stand_side_by_side(pool: DecodePool, tmp_path: Path) -> None:
    """A recorder's size with square pixels is told with what is usual; nothing is corrected."""
    path = write_clip(tmp_path / "960h.mp4", size=(960, 576), times=(0, 512))
    picture = inspect(pool, path)[1]["clip"]["picture"]
    assert (picture["width"], picture["displayed_width"]) == (960, 960)
    assert "4:3" in picture["remark"]


def test_fields_are_told_as_stated_and_as_measured(pool: DecodePool, tmp_path: Path) -> None:
    """Woven frames under a progressive flag are a contradiction."""
    path = write_luma(tmp_path / "woven.mkv", interlaced(12, top_first=True))
    fields = inspect(pool, path)[1]["clip"]["fields"]
    assert fields["measured"] == "interlaced-top-first"
    assert fields["contradiction"]


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_damage_is_told_and_stops_nothing(pool: DecodePool, tmp_path: Path, seed: int) -> None:
    """A damaged clip is decoded by one thread, and what its decoder complained of is there."""
    path = damaged(intact(tmp_path, "h264"), seed)
    found, told = inspect(pool, path)
    clip = told["clip"]
    assert found.is_read
    assert clip["decoder_threads"] == 1
    assert clip["defects"] or clip["frames"]["damaged"]["count"]


def test_a_picture_size_that_changes_is_told(pool: DecodePool, tmp_path: Path) -> None:
    """What a job refuses is described here."""
    parts = [tmp_path / "one.ts", tmp_path / "two.ts"]
    write_clip(parts[0], size=(64, 48))
    write_clip(parts[1], size=(96, 64))
    path = tmp_path / "both.ts"
    path.write_bytes(parts[0].read_bytes() + parts[1].read_bytes())
    picture = inspect(pool, path)[1]["clip"]["picture"]
    assert picture["size_changes"] == 1
    assert picture["sizes"][1][1:] == [96, 64]


@pytest.mark.parametrize("suffix", [".h264", ".m2v", ".m4v", ".obu"])
def test_a_stream_without_a_container_has_assumed_times(
    pool: DecodePool, tmp_path: Path, suffix: str
) -> None:
    """Times that a demuxer counted are no times of the file."""
    codec, form = {
        ".h264": ("libx264", "h264"), ".m2v": ("mpeg2video", "mpeg2video"),
        ".m4v": ("mpeg4", "m4v"), ".obu": ("libsvtav1", "obu"),
    }[suffix]  # fmt: skip
    base, times = Fraction(1, 25), range(12)
    path = write_clip(tmp_path / f"raw{suffix}", codec=codec, container=form, base=base,
                      times=times)  # fmt: skip
    clip = inspect(pool, path)[1]["clip"]
    assert clip["timing"] == "assumed"
    assert any("Derive no duration" in one for one in clip["assumptions"])


def test_a_photograph_is_described(pool: DecodePool, tmp_path: Path) -> None:
    """Kind, size, depth and what is behind its end."""
    path = tmp_path / "p.jpg"
    exif = Image.Exif()
    exif[0x010F] = "Maker\x1b[31m"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:01 12:00:05"
    Image.new("RGB", (40, 30), (200, 10, 10)).save(path, exif=exif)
    path.write_bytes(path.read_bytes() + b"tail")
    _, told = inspect(pool, path)
    assert (told["kind"], told["photo"]["width"]) == ("jpeg", 40)
    assert told["structure"]["hidden"][0]["bytes"] == 4
    assert told["photo"]["tags"]["DateTimeOriginal"] == "2026:03:01 12:00:05"
    assert "\x1b" not in text(told)


def test_what_nothing_reads_needs_its_own_player(pool: DecodePool, tmp_path: Path) -> None:
    """An unknown format says so with what was seen, and its digests stand all the same."""
    path = tmp_path / "export.mp4"
    path.write_bytes(bytes(range(256)) * 8)
    found, told = inspect(pool, path)
    assert not found.is_read
    assert "native player required" in told["reason"]
    assert "00 01 02 03" in told["reason"]
    assert len(told["digests"]["sha256"]) == 64


def test_a_known_format_that_does_not_open_is_damaged(pool: DecodePool, tmp_path: Path) -> None:
    """An MP4 without its index is cut off, not proprietary."""
    whole = write_clip(tmp_path / "a.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[:200])
    told = inspect(pool, path)[1]
    assert "cut off or damaged" in told["reason"]
    assert "native player" not in told["reason"]


def test_another_stream_is_inspected_on_request(pool: DecodePool, tmp_path: Path) -> None:
    """Several video streams are items; the asked one is decoded, one that is not there refused."""
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        made: list[Any] = [out.add_stream("ffv1", rate=25) for _ in range(2)]
        for number, video in enumerate(made):
            video.width, video.height, video.pix_fmt = 64 + 32 * number, 48, "yuv420p"
            video.codec_context.time_base = MILLISECOND
        for moment in range(0, 400, 40):
            for video in made:
                frame = av.VideoFrame(video.width, video.height, "yuv420p")
                frame.pts, frame.time_base = moment, MILLISECOND
                out.mux(video.encode(frame))
        for video in made:
            out.mux(video.encode(None))
    clip = inspect(pool, path, stream=0)[1]["clip"]
    assert clip["items"] == [0, 1]
    assert clip["picture"]["width"] == 64
    with pytest.raises(UnsupportedError):
        inspect(pool, path, stream=7)


def test_an_empty_file_is_refused(pool: DecodePool, tmp_path: Path) -> None:
    """There is nothing to say of no bytes."""
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")
    with pytest.raises(UnreadableError):
        inspect_file(path, pool, SilentProgress())


def test_the_timeline_is_a_picture_that_names_its_file(pool: DecodePool, tmp_path: Path) -> None:
    """It is a PNG whose chunks are whole, with the file's digest in it."""
    path = write_clip(tmp_path / "a.mp4")
    found, told = inspect(pool, path)
    data = draw_timeline(found)
    at, names = 8, []
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + size]
        assert zlib.crc32(body) == struct.unpack_from(">I", data, at + 8 + size)[0]
        names.append(body[:4])
        at += 12 + size
    assert names[-1] == b"IEND"
    assert told["digests"]["sha256"].encode() in data
