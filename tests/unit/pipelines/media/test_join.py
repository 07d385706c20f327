"""What joining must keep, looked at packet by packet with no help from the laws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.errors import ConservationError, UnsupportedError
from pipelines.media.conservation import require
from pipelines.media.delivery import choose_delivery
from pipelines.media.index import index_video
from pipelines.media.join import join
from pipelines.media.pool import DecodePool
from pipelines.media.video import VideoIndex
from tests.unit.pipelines.media.clip_kit import EVEN, UNEVEN, decoded, write_clip
from tests.unit.pipelines.media.rewrap_kit import laws_of, rewrap

SUBTITLES = "1\n00:00:00,100 --> 00:00:00,250\nhello\n\n2\n00:00:00,300 --> 00:00:00,450\nworld\n"
NAMES = [
    "-leading dash.mp4",
    "two\nlines.mp4",
    "c:o:lon.mp4",
    "pipe:1.mp4",
    "100%d.mp4",
    "ü '\".mp4",
]
MILLISECOND = Fraction(1, 1000)
MP4_ONLY = Fraction(1, 12_800)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    """Decode children for this module."""
    with DecodePool() as made:
        yield made


def with_subtitles(plain: Path, path: Path, codec: str) -> Path:
    """The clip with subtitles beside it, and titles for all."""
    text = path.with_suffix(".srt")
    text.write_text(SUBTITLES)
    with av.open(str(plain)) as source, av.open(str(text)) as words, av.open(str(path), "w") as out:
        out.metadata.update(
            {"title": "A title", "comment": "ü", "creation_time": "2020-02-03T04:05:06.000000Z"}
        )
        made: dict[int, Any] = {}
        for stream in source.streams:
            made[stream.index] = out.add_stream_from_template(stream)
            made[stream.index].metadata["handler_name"] = f"handler {stream.index}"
        subtitles: Any = (
            out.add_stream_from_template(words.streams[0])
            if codec == "subrip"
            else out.add_stream(codec)
        )
        subtitles.metadata["language"] = "fra"
        for packet in source.demux():
            if packet.size:
                packet.stream = made[packet.stream.index]
                out.mux(packet)
        for packet in words.demux():
            if packet.size:
                packet.stream = subtitles
                out.mux(packet)
    return path


def packets(path: Path) -> dict[int, list[tuple[Any, ...]]]:
    """Time, duration and payload of every packet, by stream."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                base = packet.time_base
                when = (packet.pts * base, (packet.duration or 0) * base)
                found.setdefault(packet.stream.index, []).append((*when, bytes(packet)))
    return found


def facts(path: Path) -> list[Any]:
    """What container and streams say about themselves."""
    ours = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "vendor_id"}
    with av.open(str(path)) as container:
        told = [container.metadata, *(stream.metadata for stream in container.streams)]
        tags = [{k: v for k, v in one.items() if k.lower() not in ours} for one in told]
        return [*tags, *(stream.disposition for stream in container.streams)]


def test_sound_and_subtitles_are_the_same_bytes_at_the_same_times(
    pool: DecodePool, tmp_path: Path
) -> None:
    """Payloads, times and durations of copied packets, and every title, are what they were."""
    plain = write_clip(
        tmp_path / "plain.mkv", base=MILLISECOND, times=range(0, 480, 40), audio="ac3",
        audio_rate=44_100, language="deu",
    )  # fmt: skip
    path = with_subtitles(plain, tmp_path / "clip.mkv", "subrip")
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(5,))
    require(laws_of(pool, path, index, delivery, out))
    was, now = packets(path), packets(out)
    assert sorted(was) == sorted(now) == [0, 1, 2]
    assert was[1] == now[1]
    assert was[2] == now[2]
    assert facts(out) == facts(path)


def test_titles_of_a_phone_clip_come_through(pool: DecodePool, tmp_path: Path) -> None:
    """Tags of container and streams in MP4 are what they were, made-up names included."""
    plain = write_clip(tmp_path / "plain.mp4", audio="aac", language="deu")
    path = tmp_path / "clip.mp4"
    with (
        av.open(str(plain)) as source,
        av.open(str(path), "w", options={"movflags": "+use_metadata_tags"}) as out,
    ):
        out.metadata.update({"title": "A title", "com.maker.model": "X 1",
                             "creation_time": "2020-02-03T04:05:06.000000Z"})  # fmt: skip
        made = [out.add_stream_from_template(one) for one in source.streams]
        made[1].metadata["language"] = "deu"
        for packet in source.demux():
            if packet.size:
                packet.stream = made[packet.stream.index]
                out.mux(packet)
    _, delivery, result, _ = rewrap(pool, path, tmp_path)
    assert delivery.container == "mp4"
    assert facts(result) == facts(path)
    assert facts(result)[0]["com.maker.model"] == "X 1"


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", "mkv"), ("ffv1", "mp4")])
def test_sample_aspect_is_kept_wherever_it_is_stated(
    pool: DecodePool, tmp_path: Path, codec: str, suffix: str
) -> None:
    """Pixels that are not square stay so, also where the container alone says it."""
    path = tmp_path / f"clip.{suffix}"
    form = "gray" if codec == "ffv1" else "yuv420p"
    write_clip(
        path, codec=codec, form=form, colour={"sample_aspect_ratio": Fraction(4, 3)}, times=EVEN[:3]
    )
    index, delivery, result, _ = rewrap(pool, path, tmp_path)
    assert (index.video.sample_aspect, delivery.codec) == (Fraction(4, 3), codec)
    require(laws_of(pool, path, index, delivery, result))
    with av.open(str(result)) as found:
        assert found.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


ALL = ("color_range", "color_primaries", "color_trc", "colorspace")


def stated(form: str, names: Sequence[str]) -> dict[str, int]:
    """Colours of BT.2100 under FFmpeg's names; R, G, B has no matrix."""
    every = {"color_range": 1, "color_primaries": 9, "color_trc": 16, "colorspace": 9}
    if form.startswith("gbr"):
        every["colorspace"], every["color_range"] = 0, 2
    return {name: every[name] for name in names}


COLOURS = [
    ("yuv420p12le", (), MP4_ONLY),
    ("yuv420p12le", ALL[:1], MP4_ONLY),
    ("yuv420p12le", ALL[1:3], MP4_ONLY),
    ("yuv420p12le", ALL[1:3], MILLISECOND),
    ("yuv420p", ALL[:2], MP4_ONLY),
    ("yuv420p", ALL, MILLISECOND),
    ("gray", (), MP4_ONLY),
    ("gray", ALL[:1], MP4_ONLY),
    ("gray", ALL[1:3], MILLISECOND),
    ("gbrp12le", (), MP4_ONLY),
    ("gbrp12le", ALL[1:3], MP4_ONLY),
    ("gbrp12le", ALL, MP4_ONLY),
]


@pytest.mark.parametrize(("form", "names", "base"), COLOURS)
def test_ffv1_keeps_what_is_stated_of_colours(
    pool: DecodePool, tmp_path: Path, form: str, names: tuple[str, ...], base: Fraction
) -> None:
    """Colours that the coding has no words for are stated by the container, and only those."""
    path = write_clip(
        tmp_path / "clip.mkv", codec="ffv1", form=form, base=MILLISECOND, times=(0, 40, 80),
        colour=stated(form, names), size=(65, 47),
    )  # fmt: skip
    index = with_base(index_video(pool, path), base)
    index, delivery, out, _ = rewrap(pool, path, tmp_path, index=index)
    assert delivery.codec == "ffv1"
    assert delivery.container == "mp4" or base == MILLISECOND
    laws = laws_of(pool, path, index, delivery, out)
    require(laws)
    was, now = index.video.colour, index_video(pool, out).video.colour
    assert (was.primaries, was.transfer, was.matrix) == (now.primaries, now.transfer, now.matrix)
    if was.full_range != now.full_range and not form.startswith("gbr"):
        assert any("with any colours" in law.declared for law in laws)
        assert any("stated as studio" in remark for remark in delivery.remarks)


def test_gray_is_given_no_range_that_nobody_stated(pool: DecodePool, tmp_path: Path) -> None:
    """Gray with colours and no range is refused where the container would state a range."""
    path = write_clip(
        tmp_path / "clip.mkv", codec="ffv1", form="gray", base=MILLISECOND, times=(0, 40, 80),
        colour=stated("gray", ALL[1:3]),
    )  # fmt: skip
    index = with_base(index_video(pool, path), MP4_ONLY)
    with pytest.raises(UnsupportedError, match="with a range only"):
        choose_delivery(index, index.video.shape, lossless=True, untouched=True)


def with_base(index: VideoIndex, base: Fraction) -> VideoIndex:
    """The index with uneven times in another unit; what Matroska cannot keep, MP4 must."""
    stream = replace(index.video.stream, time_base=base)
    return replace(index, video=replace(index.video, stream=stream))


@pytest.mark.parametrize("kind", ["ffv1", "libx264", "lossy"])
def test_cut_anywhere_it_is_the_same_clip(pool: DecodePool, tmp_path: Path, kind: str) -> None:
    """A lossless clip of many segments is frame for frame that of one; a lossy one in its times."""
    codec = "ffv1" if kind == "ffv1" else "libx264"
    path = write_clip(
        tmp_path / "clip.nut", container="nut", codec=codec, form="yuv420p12le" if kind
        == "ffv1" else "yuv420p", times=UNEVEN,
    )  # fmt: skip
    results = []
    for cuts in ((), tuple(range(1, 12))):
        folder = tmp_path / str(len(cuts))
        folder.mkdir()
        _, _, out, _ = rewrap(pool, path, folder, cuts=cuts, lossless=kind != "lossy")
        results.append(index_video(pool, out))
    one, many = results
    assert one.frames == many.frames == 12
    assert one.pts.tolist() == many.pts.tolist()
    assert kind == "lossy" or (one.digest == many.digest).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(pool: DecodePool, tmp_path: Path, name: str) -> None:
    """A file is read and a result is written whatever they are called."""
    plain = write_clip(tmp_path / "plain.mp4", times=EVEN[:3])
    path = plain.rename(tmp_path / name)
    index, delivery, _, _ = rewrap(pool, path, tmp_path)
    out = tmp_path / f"{name}: result.mp4"
    join(pool, [tmp_path / "part-0.nut"], source=path, index=index, delivery=delivery, out=out)
    assert index_video(pool, out).pts.tolist() == index.pts.tolist()


@pytest.mark.parametrize("options", [{}, {"bf": "3"}])
def test_a_raw_stream_gets_the_times_that_were_assumed(
    pool: DecodePool, tmp_path: Path, options: dict[str, str]
) -> None:
    """Frames that had no time come out one nominal frame apart."""
    path = write_clip(tmp_path / "clip.h264", container="h264", options=options)
    index, delivery, out, _ = rewrap(pool, path, tmp_path, cuts=(4,))
    require(laws_of(pool, path, index, delivery, out))
    times = [time for time, _ in decoded(out)]
    assert times == [number / Fraction(25) for number in range(12)]


def test_reordered_frames_in_avi_get_times_that_rise(pool: DecodePool, tmp_path: Path) -> None:
    """AVI knows no times of presentation; what is derived from it rises, and that is said."""
    path = write_clip(
        tmp_path / "clip.avi", base=Fraction(1, 25), times=range(24), options={"bf": "2"}
    )
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    require(laws_of(pool, path, index, delivery, out))
    steps = {int(step) for step in index.pts[1:] - index.pts[:-1]}
    assert steps == {1}
    assert any("run backwards" in defect for defect in index.defects)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turn_survives_matroska(pool: DecodePool, tmp_path: Path, turn: int) -> None:
    """The display matrix is exact in Matroska too."""
    path = write_clip(
        tmp_path / "clip.mkv", base=MILLISECOND, times=(0, 40, 80), rotation=turn, audio="ac3",
        audio_rate=44_100,
    )  # fmt: skip
    index, delivery, out, _ = rewrap(pool, path, tmp_path)
    assert delivery.container == "matroska"
    assert index.video.rotation == turn
    assert index_video(pool, out).video.display_matrix == index.video.display_matrix


def test_segments_of_other_settings_do_not_join(pool: DecodePool, tmp_path: Path) -> None:
    """Parts whose parameter sets differ are refused by name, and nothing stays."""
    path = write_clip(tmp_path / "clip.mp4", times=EVEN[:4])
    index, delivery, _, _ = rewrap(pool, path, tmp_path, cuts=(2,))
    (tmp_path / "other").mkdir()
    rewrap(pool, path, tmp_path / "other", cuts=(2,), lossless=False)
    with pytest.raises(ConservationError, match=r"part-2\.nut"):
        join(
            pool, [tmp_path / "part-0.nut", tmp_path / "other" / "part-2.nut"], source=path,
            index=index, delivery=delivery, out=tmp_path / "mixed.mp4",
        )  # fmt: skip
    assert not [one for one in tmp_path.iterdir() if "mixed" in one.name]
